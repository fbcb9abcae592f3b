"""`nnlearn slides`: each chapter as a deck, one HTML file that needs a browser and nothing else.

A deck is the chapter's own cells and stored outputs, arranged by the standard `slideshow` metadata. Nothing
is run. reveal.js, MathJax and the pictures are inside the file; opening it sends no request to anybody.
"""

from __future__ import annotations

import base64
import gzip
import importlib.util
import os
import re
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urljoin

import typer

from nnlearn.course.run import edited
from nnlearn.exercises.notebooks import chapters

if TYPE_CHECKING:
    from nbformat import NotebookNode

_TEMPLATES = Path(__file__).with_name("templates")
_SERVER = "http://localhost:8888/lab/tree/chapters/"  # where `nnlearn lab` serves the chapters
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((#[^)\s]*|[^:)\s]+\.ipynb[^)\s]*)\)")
_PICTURES = ("image/png", "image/jpeg", "image/svg+xml")
_PRIORITY = [*_PICTURES, "text/html", "text/markdown", "text/latex", "text/plain"]


@dataclass
class Slide:
    """One screen: a heading, steps that appear one after the other, and what the speaker says."""

    kind: Literal["title", "break", "section", "content"] = "content"
    heading: str = ""  # Markdown, with its #
    section: str = ""  # the ## heading above it
    latest: str = ""  # the heading of any level above it
    eyebrow: str = ""  # Markdown: the one of the two that is shown
    steps: list[list[NotebookNode]] = field(default_factory=lambda: [[]])
    notes: list[NotebookNode] = field(default_factory=list)
    place: int = 0
    minute: int = 0  # of the lecture, at which it comes up

    @property
    def seconds(self) -> int:
        """How long it takes: its words and the notes' at 130 a minute, and a look at each code or picture."""
        cells = [cell for step in self.steps for cell in step]
        said = [
            self.heading,
            *(cell.source for cell in [*cells, *self.notes] if cell.cell_type == "markdown"),
        ]
        words = sum(len(text.split()) for text in said)
        looks = sum(cell.cell_type == "code" for cell in cells)
        return 15 + round(words / 130 * 60) + 20 * looks

    @property
    def label(self) -> str:
        """The slide's name for screen readers: its heading, or the one it continues, as plain text."""
        return re.sub(r"[#*`$\\{}]", "", self.heading or self.eyebrow).strip()

    @property
    def cell(self) -> str:
        """The id of the cell to open in the live notebook: the widget's, or the first with code, or text."""
        cells = [cell for step in self.steps for cell in step]
        live = [cell for cell in cells if cell.metadata["deck"]["live"]]
        code = [cell for cell in cells if cell.cell_type == "code"]
        return (live or code or cells)[0].get("id", "")


@dataclass
class Deck:
    """A chapter's slides: stacks of a slide and its subslides."""

    file: str
    number: str
    title: str
    stacks: list[list[Slide]]

    @property
    def slides(self) -> list[Slide]:
        return [slide for stack in self.stacks for slide in stack]

    @property
    def count(self) -> int:
        return len(self.slides)

    @property
    def minutes(self) -> int:
        return round(sum(slide.seconds for slide in self.slides) / 60)


def slides(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CHAPTER]...", help="Numbers, names or files; without any, all chapters."),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the decks go.")] = Path("decks"),
) -> None:
    """Build each chapter's deck, one HTML file that opens without a network."""
    try:
        decks = {path.stem: build(path) for path in chosen(names or [])}
    except (ValueError, ModuleNotFoundError) as error:
        typer.echo(f"nnlearn slides: {error}", err=True)
        raise typer.Exit(1) from None
    out.mkdir(parents=True, exist_ok=True)
    for stem, html in decks.items():
        target = out / f"{stem}.html"
        unfinished = target.with_suffix(".part")
        unfinished.write_text(html, encoding="utf-8")
        os.replace(unfinished, target)
        typer.echo(f"{target}  {len(html.encode()) / 1e6:.1f} MB")


def chosen(names: list[str]) -> list[Path]:
    """The notebooks of the named chapters, all of them without a name; or the files that are named."""
    files = [Path(name) for name in names]
    if names and all(file.suffix == ".ipynb" and file.is_file() for file in files):
        return files
    return chapters(*names)


def build(path: Path, presented: bool = False) -> str:
    """The deck of the notebook at `path` as the text of an HTML file; `presented`, beside a live JupyterLab.

    Raises ValueError where a cell was not run, failed, or was edited since, and ModuleNotFoundError where a
    package that ships a part of the deck is not installed.
    """
    import nbformat
    from nbconvert import HTMLExporter
    from traitlets.config import Config

    notebook = nbformat.read(path, as_version=4)
    require_outputs(notebook, path.name)
    exporter = HTMLExporter(
        template_name="deck",
        extra_template_basedirs=[str(_TEMPLATES)],
        embed_images=True,
        exclude_anchor_links=True,
        config=Config({"NbConvertBase": {"display_data_priority": _PRIORITY}}),
    )
    resources = {
        "metadata": {"name": path.stem, "path": str(path.parent)},
        "deck": arrange(notebook, path),
        "assets": _assets(),
        "presented": presented,
        "alt_text": _alt_text,
    }
    html, _ = exporter.from_notebook_node(notebook, resources)
    return html


def require_outputs(notebook: NotebookNode, name: str) -> None:
    """Raise ValueError, naming the cell, where one was not run, failed, or was edited since."""
    runs = 0
    for k, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        runs += 1
        where = f"{name}, cell {k} ({cell.source.strip().splitlines()[0][:50]!r})"
        if any(output.output_type == "error" for output in cell.outputs):
            raise ValueError(f"{where} ended in an error: mend it, then `nnlearn run` the notebook")
        if cell.execution_count is None:
            raise ValueError(f"{where} has not been run: `nnlearn run` the notebook first")
        if edited(notebook, cell):
            raise ValueError(f"{where} was edited since it was run: `nnlearn run` the notebook again")
        if cell.execution_count != runs:
            raise ValueError(
                f"{where} was run as number {cell.execution_count}, out of order: `nnlearn run` the notebook"
            )


# from cells to slides ------------------------------------------------------------------------------------


def arrange(notebook: NotebookNode, path: Path) -> Deck:
    """The slides of a notebook, by the `slide_type` of its cells."""
    stacks: list[list[Slide]] = []
    section = latest = ""  # headings count wherever they stand, on slides or in the notes between
    for cell in map(_for_deck(path), notebook.cells):
        kind = cell.metadata.get("slideshow", {}).get("slide_type", "-")
        skipped = kind == "skip" or "remove-cell" in cell.metadata.get("tags", [])
        if kind == "notes" and stacks:
            stacks[-1][-1].notes.append(cell)
        elif not skipped and kind != "notes":
            if kind == "slide" or not stacks:
                stacks.append([Slide(section=section, latest=latest)])
            elif kind == "subslide":
                stacks[-1].append(Slide(section=section, latest=latest))
            elif kind == "fragment":
                stacks[-1][-1].steps.append([])
            stacks[-1][-1].steps[-1].append(cell)
        for level, text in _headings(cell):
            section, latest = (text if level <= 2 else section), text
    if not stacks:
        raise ValueError(f"{path.name} has no slides: its cells carry no `slideshow` metadata")
    number, _, name = path.stem.partition("_")
    deck = Deck(path.name, number.lstrip("0"), name.replace("_", " ").capitalize(), stacks)
    seconds = 0
    for place, slide in enumerate(deck.slides, start=1):
        slide.place, slide.minute = place, seconds // 60
        seconds += slide.seconds
        _head(slide)
    title = deck.slides[0]
    title.kind = "title"
    title.heading = re.sub(r"^#+ *(\d+ *[·.:–-] *)?", "# ", title.heading) or f"# {deck.title}"
    deck.title = title.label
    return deck


def _headings(cell: NotebookNode) -> list[tuple[int, str]]:
    """(level, text) of each heading in a Markdown cell."""
    if cell.cell_type != "markdown":
        return []
    source = re.sub(r"^```.*?^```", "", cell.source, flags=re.M | re.S)
    found = re.findall(r"^(#{1,6}) +(.+)$", source, flags=re.M)
    return [(len(marks), re.sub(r"^\d+ *[·.:–-] *", "", text)) for marks, text in found]


def _for_deck(path: Path) -> Any:
    """A function that copies a cell as the deck shows it: pictures without the code that drew them."""

    def copy(cell: NotebookNode) -> NotebookNode:
        cell = deepcopy(cell)
        tags = set(cell.metadata.get("tags", []))
        cell.metadata["deck"] = {"live": ""}
        if cell.cell_type != "code":
            cell.source = _LINK.sub(_lead_out, cell.source)
            return cell
        if re.search(r"\bwidgets\.\w+\(", cell.source):
            cell.metadata["deck"]["live"] = f"{_SERVER}{path.name}#cell-id={cell.get('id', '')}"
        drawn = any(kind in output.get("data", {}) for output in cell.outputs for kind in _PICTURES)
        if tags & {"remove-input", "hide-input"} or (drawn and "show-input" not in tags):
            cell.source = ""
        if tags & {"remove-output", "hide-output"}:
            cell.outputs = []
        return cell

    return copy


def _lead_out(link: re.Match[str]) -> str:
    """A notebook's link as a deck can follow it: to the notebooks served by `nnlearn lab`, or not at all."""
    text, target = link.groups()
    return text if target.startswith("#") else f"[{text}]({urljoin(_SERVER, target)})"


def _head(slide: Slide) -> None:
    """Take the heading off the slide's first cell, or say what the slide continues; tell its kind by it."""
    cells = [cell for step in slide.steps for cell in step]
    match = re.match(r"\s*(#{1,6}) [^\n]+\n*", cells[0].source) if cells[0].cell_type == "markdown" else None
    if not match:
        slide.eyebrow = slide.latest
        return
    slide.heading, body = match[0].strip(), cells[0].source[match.end() :].strip()
    cells[0].source = body
    if len(match[1]) > 2:
        slide.eyebrow = slide.section
        return
    words = re.sub(r"\$[^$]*\$", "formula", body).split()
    one_sentence = len(words) <= 35 and not re.search(r"\n\n|^([-*>|!]|\d+\.) |\$\$|^```", body, re.M)
    slide.kind = "break" if len(cells) == 1 and one_sentence else "section"


def _alt_text(output: NotebookNode, kind: str) -> str:
    """What a picture shows, as it was stored with it."""
    return output.metadata.get(kind, {}).get("alt") or output.data.get("text/plain", "")


# what a deck carries --------------------------------------------------------------------------------------


def _assets() -> dict[str, str]:
    """The texts of reveal.js, MathJax and our own style and script, safe inside <style> and <script>."""
    reveal = _package("sphinx_revealjs") / "_static" / "revealjs"
    files = {
        "reveal.css": reveal / "dist" / "reveal.css",
        "reveal.js": reveal / "dist" / "reveal.js",
        "notes.js": reveal / "plugin" / "notes" / "notes.js",
        "deck.css": _TEMPLATES / "deck" / "deck.css",
        "deck.js": _TEMPLATES / "deck" / "deck.js",
        "present.css": _TEMPLATES / "deck" / "present.css",
        "present.js": _TEMPLATES / "deck" / "present.js",
    }
    texts = {name: file.read_text(encoding="utf-8") for name, file in files.items()}
    texts = {name: text.replace("</script", "<\\/script") for name, text in texts.items()}
    # 2.3 MB as it is, 1 MB so; the browser unpacks it.
    packed = gzip.compress(mathjax().read_bytes(), mtime=0)
    return texts | {"mathjax.gz": base64.b64encode(packed).decode()}


def mathjax() -> Path:
    """MathJax in one file."""
    return _package("sphinx-mathjax-offline") / "static" / "mathjax" / "tex-svg-full.js"


def _package(name: str) -> Path:
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(
            f"decks need {name.replace('_', '-')}, which is not installed: pip install 'nnlearn[teach]'"
        )
    return Path(next(iter(found.submodule_search_locations)))
