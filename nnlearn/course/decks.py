"""Each chapter as a deck, one HTML file that needs a browser and nothing else.

A deck is the chapter's own cells and stored outputs, arranged by the standard `slideshow` metadata. Nothing
is run. reveal.js, MathJax and the pictures are inside the file; opening it sends no request to anybody.
"""

import ast
import base64
import functools
import gzip
import importlib.util
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from typing import Literal
from urllib.parse import urljoin

from fontTools import subset
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from PIL import Image, UnidentifiedImageError
from traitlets.config import Config

from nnlearn.course.notebooks import read, require_outputs, with_bar
from nnlearn.exercises.notebooks import notebooks
from nnlearn.training.saving import require_writable, write
from nnlearn.widgets import living
from nnlearn.widgets.explorer import Explorer

_TEMPLATES = Path(__file__).with_name("templates")
_SERVER = "http://localhost:8888/lab/tree/chapters/"  # where `nnlearn lab` serves the chapters
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((#[^)\s]*|[^:)\s]+\.ipynb[^)\s]*)\)")
# Latin letters, punctuation, raised and lowered figures, arrows, mathematical signs.
_LETTERS = [*range(0x20, 0x180), *range(0x2010, 0x20A0), *range(0x2190, 0x2300)]
_EVERYWHERE = ("", "Predict first", "Play", "Measure", "What breaks", "Exercises", "Summary")
_PICTURES = ("image/png", "image/jpeg", "image/svg+xml")
_PRIORITY = [*_PICTURES, "text/html", "text/markdown", "text/latex", "text/plain"]
_LINES, _PARTS = 3, 4  # of code: so many lines, on average, come at a time, and no more parts than that
_WIDE = 85  # characters of code that fit beside each other in letters of 20 pixels


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
    def cells(self) -> list[NotebookNode]:
        return [cell for step in self.steps for cell in step]

    @property
    def seconds(self) -> int:
        """How long it takes: its words and the notes' at 130 a minute, and a look at each code or picture."""
        said = [cell.source for cell in [*self.cells, *self.notes] if cell.cell_type == "markdown"]
        words = sum(len(text.split()) for text in [self.heading, *said])
        looks = sum(cell.cell_type == "code" for cell in self.cells)
        return 15 + round(words / 130 * 60) + 20 * looks

    @property
    def within(self) -> str:
        """The section it belongs to: its own ## heading, or the last one above it."""
        return self.heading.removeprefix("## ") if self.heading.startswith("## ") else self.section

    @property
    def label(self) -> str:
        """The slide's name for screen readers: its heading, or the one it continues, as plain text."""
        return re.sub(r"[#*`$\\{}]", "", self.heading or self.eyebrow).strip()

    @property
    def cell(self) -> str:
        """The id of the cell to open in the live notebook: the widget's, or the first with code, or text."""
        live = [cell for cell in self.cells if cell.metadata["deck"]["live"]]
        code = [cell for cell in self.cells if cell.cell_type == "code"]
        return (live or code or self.cells)[0].get("id", "")


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

    def left_out(self, minutes: float) -> list[str]:
        """The sections to leave out so that the rest takes so many spoken minutes.

        First what measures, then the chapter's own sections from the last to the second, then what breaks;
        the opening, the prediction, the play and the summary stay.
        """
        seconds: dict[str, int] = {}
        for slide in self.slides:
            seconds[slide.within] = seconds.get(slide.within, 0) + slide.seconds
        own = [name for name in seconds if name not in _EVERYWHERE]
        gone: list[str] = []
        for name in ["Measure", *own[:0:-1], "What breaks", "Exercises", *own[:1]]:
            if sum(seconds.values()) <= 60 * minutes:
                break
            if seconds.pop(name, None):
                gone.append(name)
        return gone


def write_decks(names: list[str], out: Path) -> Iterator[tuple[Path, int]]:
    """Write the decks of the named chapters into `out`, all or none; each file and its size in bytes.

    Raises what `build` raises.
    """
    require_writable(out)
    decks = {out / f"{path.stem}.html": build(path).encode() for path in with_bar(chosen(names), "decks")}
    for path, html in decks.items():
        write(path, html)
        yield path, len(html)


def chosen(names: list[str]) -> list[Path]:
    """The notebooks of the named chapters, all of them without a name; or the files that are named."""
    files = [Path(name) for name in names]
    if names and all(file.suffix == ".ipynb" and file.is_file() for file in files):
        return files
    return notebooks("chapters", *names)


def build(path: Path, presented: bool = False) -> str:
    """The deck of the notebook at `path` as the text of an HTML file; `presented`, beside a live JupyterLab.

    Raises ValueError where a cell was not run, failed, or was edited since, and ModuleNotFoundError where a
    package that ships a part of the deck is not installed.
    """
    notebook = read(path)
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
        "imprint": imprint(),
        "picture": picture,
        "presented": presented,
        "alt_text": alt_text,
        "alive": _alive,
        "notebooks": "../lab/tree/chapters/" if presented else _SERVER,
        "in_steps": in_steps,
        "pauses": pauses,
        "scripts": [living.script(name) for name in _kinds(notebook)],
    }
    html, _ = exporter.from_notebook_node(notebook, resources)
    return html


def imprint() -> str:
    """What a deck and a page of the site are: version and licence, which travel with them."""
    return f"nnlearn {metadata.version('nnlearn')}, MIT License"


# from cells to slides ------------------------------------------------------------------------------------


def arrange(notebook: NotebookNode, path: Path) -> Deck:
    """The slides of a notebook, by the `slide_type` of its cells."""
    stacks: list[list[Slide]] = []
    section = latest = ""  # headings count wherever they stand, on slides or in the notes between
    for original in notebook.cells:
        cell = _for_deck(original, path.name)
        kind = cell.metadata.get("slideshow", {}).get("slide_type", "-")
        skipped = kind == "skip" or "remove-cell" in cell.metadata.get("tags", [])
        if kind == "notes" and stacks:
            stacks[-1][-1].notes.append(cell)
        elif not skipped and kind != "notes":
            if kind == "slide" or not stacks:
                stacks.append([Slide(section=section, latest=latest)])
            elif kind == "subslide":
                stacks[-1].append(Slide(section=section, latest=latest))
            elif kind == "fragment" or any(map(pauses, _code(stacks[-1][-1].steps[-1]))):
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


def _code(cells: list[NotebookNode]) -> list[str]:
    return [cell.source for cell in cells if cell.cell_type == "code"]


def _headings(cell: NotebookNode) -> list[tuple[int, str]]:
    """(level, text) of each heading in a Markdown cell."""
    if cell.cell_type != "markdown":
        return []
    source = re.sub(r"^```.*?^```", "", cell.source, flags=re.M | re.S)
    found = re.findall(r"^(#{1,6}) +(.+)$", source, flags=re.M)
    return [(len(marks), re.sub(r"^\d+ *[·.:–-] *", "", text)) for marks, text in found]


def _for_deck(cell: NotebookNode, file: str) -> NotebookNode:
    """A cell's copy as the deck shows it: pictures without the code that drew them."""
    cell = deepcopy(cell)
    tags = set(cell.metadata.get("tags", []))
    cell.metadata["deck"] = {"live": ""}
    if cell.cell_type != "code":
        cell.source = _LINK.sub(_lead_out, cell.source)
        return cell
    if re.search(r"\bwidgets\.\w+\(", cell.source):
        cell.metadata["deck"]["live"] = f"{_SERVER}{file}#cell-id={cell.get('id', '')}"
    drawn = any(kind in output.get("data", {}) for output in cell.outputs for kind in _PICTURES)
    if tags & {"remove-input", "hide-input"} or (drawn and "show-input" not in tags):
        cell.source = ""
    if tags & {"remove-output", "hide-output"}:
        cell.outputs = []
    return cell


def _lead_out(link: re.Match[str]) -> str:
    """A notebook's link as a deck can follow it: to the notebooks served by `nnlearn lab`, or not at all."""
    text, target = link.groups()
    return text if target.startswith("#") else f"[{text}]({urljoin(_SERVER, target)})"


def _head(slide: Slide) -> None:
    """Take the heading off the slide's first cell, or say what the slide continues; tell its kind by it."""
    cells = slide.cells
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


def pauses(source: str) -> list[int]:
    """The lines, from 0, before which a long piece of code waits: where a statement begins.

    The statements are those of the cell, or of the one function or class that it defines; chosen are those
    that part the lines most evenly, none for a line alone.
    """
    last = source.count("\n") + 1
    parts = min(last // _LINES, _PARTS)
    try:
        body = ast.parse(source).body if parts > 1 else []
    except SyntaxError:  # IPython's own
        body = []
    while len(body) == 1 and isinstance(body[0], ast.FunctionDef | ast.ClassDef | ast.For | ast.With):
        body = body[0].body
    ends = [statement.end_lineno or 0 for statement in body[:-1]]  # a comment goes with what follows it
    chosen: list[int] = []
    for k in range(1, parts):
        room = [end for end in ends if max(chosen, default=0) + 2 <= end <= last - 2]
        chosen += [min(room, key=lambda end: abs(end - last * k / parts))] if room else []
    return chosen


def in_steps(html: str, source: str) -> str:
    """Highlighted code whose later parts appear one after the other, and whose long lines may be broken."""
    match = re.fullmatch(r"(.*?<pre>(?:<span></span>)?)(.*?)\n?(</pre>.*)", html, re.S)
    if not match:
        return html
    before, code, after = match.groups()
    lines = [_breakable(*both) for both in zip(code.split("\n"), source.split("\n"), strict=False)]
    first, *later = ("".join(lines[i:j]) for i, j in pairwise([0, *pauses(source), len(lines)]))
    return before + first + "".join(f'<span class="fragment">{part}</span>' for part in later) + after


def _breakable(line: str, source: str) -> str:
    """A highlighted line, marked where it is longer than a slide is wide at the smallest size for code."""
    if len(source) <= _WIDE:
        return f"{line}\n"
    indent = len(source) - len(source.lstrip())
    return f'<span class="long" style="--hang: {indent + 4}ch">{line}\n</span>'


def alt_text(output: NotebookNode, kind: str) -> str:
    """What a picture shows, as it was stored with it."""
    return output.metadata.get(kind, {}).get("alt") or output.data.get("text/plain", "")


def _kinds(notebook: NotebookNode) -> list[str]:
    """The modules of the living figures that a notebook has stored."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return sorted({figure.module for output in outputs if (figure := _alive(output))})


def _alive(output: NotebookNode) -> Explorer | None:
    """The living figure of an output, unless it needs files beside the page: a deck is one file."""
    return living.stored(output, files=False)


# what a deck carries --------------------------------------------------------------------------------------


def picture(output: NotebookNode, kind: str) -> str:
    """A picture as a data URL: a PNG as WebP without loss, which takes less than half of the room."""
    data = output.data[kind].replace("\n", "")
    if kind == "image/png":
        with suppress(UnidentifiedImageError):  # what is none stays for the browser to say so
            kind, data = "image/webp", _webp(data)
    return f"data:{kind};base64,{data}"


@functools.lru_cache(maxsize=64)
def _webp(png: str) -> str:
    packed = io.BytesIO()
    with Image.open(io.BytesIO(base64.b64decode(png))) as image:
        image.save(packed, "WEBP", lossless=True, exact=True, quality=50, method=2)
    return base64.b64encode(packed.getvalue()).decode()


def _assets() -> dict[str, str]:
    """The texts of reveal.js, MathJax and our own style and script, safe inside <style> and <script>."""
    reveal, ours = _reveal(), _TEMPLATES / "deck"
    files = [reveal / "dist" / "reveal.css", reveal / "dist" / "reveal.js", reveal / "plugin/notes/notes.js"]
    files += [ours / f"{name}.{kind}" for name in ("deck", "present") for kind in ("css", "js")]
    texts = {file.name: file.read_text(encoding="utf-8").replace("</script", "<\\/script") for file in files}
    texts["fonts.css"] = letters()
    # 2.3 MB as it is, 1 MB so; the browser unpacks it.
    packed = gzip.compress(mathjax().read_bytes(), mtime=0)
    return texts | {"mathjax.gz": base64.b64encode(packed).decode()}


@functools.cache
def letters() -> str:
    """The font "Deck" as CSS: what brings its letters is laid out alike whatever fonts a machine has."""
    folder, faces = _reveal() / "dist" / "theme" / "fonts" / "source-sans-pro", []
    for name, style, weight in [
        ("regular", "normal", "400"),
        ("italic", "italic", "400"),
        ("semibold", "normal", "600 700"),
        ("semibolditalic", "italic", "600 700"),
    ]:
        # A part of a font may not bear the name reserved for the whole; its notices stay.
        options = subset.Options(flavor="woff", name_IDs=[0, 13, 14], hinting=False)
        options.drop_tables += ["FFTM", "webf"]  # of the programs that made the file
        chosen = subset.Subsetter(options)
        chosen.populate(unicodes=_LETTERS)
        packed = io.BytesIO()
        with subset.load_font(str(folder / f"source-sans-pro-{name}.woff"), options) as font:
            chosen.subset(font)
            font.save(packed)
        faces.append(
            f'@font-face {{ font-family: "Deck"; font-style: {style}; font-weight: {weight}; '
            f"src: url(data:font/woff;base64,{base64.b64encode(packed.getvalue()).decode()}); }}"
        )
    return "\n".join(faces)


def _reveal() -> Path:
    return _package("sphinx_revealjs") / "_static" / "revealjs"


def mathjax() -> Path:
    """MathJax in one file."""
    return _package("sphinx-mathjax-offline") / "static" / "mathjax" / "tex-svg-full.js"


def _package(name: str) -> Path:
    """The folder of an installed package whose name need not be an identifier."""
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    return Path(next(iter(found.submodule_search_locations)))
