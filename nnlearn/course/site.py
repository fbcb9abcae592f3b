"""The course as a website that needs no kernel and asks no other host for anything.

The pages are the notebooks with their stored outputs, the package's reference, and a page each for lecturers
and instructors; Sphinx, MyST-NB and the Sphinx Book Theme build them. Nothing is run.
"""

import base64
import io
import json
import os
import re
import shutil
import tempfile
import tomllib
from html import escape
from pathlib import Path

import nbformat
from nbformat import NotebookNode, v4
from tqdm import tqdm

from nnlearn.course import chapter_map, glossary, reference, topics
from nnlearn.course.decks import alt_text, arrange, build, imprint, mathjax
from nnlearn.course.lite import build_lite
from nnlearn.course.notebooks import read, require_outputs, with_bar
from nnlearn.exercises.notebooks import gallery_pages, notebooks
from nnlearn.training.saving import write
from nnlearn.widgets import living
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.playground import Playground

_TEMPLATES = Path(__file__).parent / "templates" / "site"
_MADE = ".nnlearn-site.json"  # in the site: what this command has written there


def publish(out: Path, force: bool = False, lite: bool = False, pyodide: Path | None = None) -> int:
    """Build the site into `out`; how many files it has.  `force` writes into a folder that is not empty.

    Raises ValueError for a folder that cannot be written into, and what `build_site` raises.
    """
    if out.exists() and not out.is_dir():
        raise ValueError(f"{out} is a file, and the site needs a folder")
    if out.is_dir() and any(out.iterdir()) and not force:
        raise ValueError(f"{out} is not empty: choose another folder with --out, or --force to write into it")
    if pyodide and not lite:
        raise ValueError("--pyodide is what --lite runs on: give both, or neither")
    with tempfile.TemporaryDirectory(prefix="nnlearn-site-") as work:
        return replace(build_site(Path(work), lite, pyodide), out)


def replace(html: Path, out: Path) -> int:
    """Put the built files into `out`, and take away what an earlier build made there and this one did not."""
    record = out / _MADE
    earlier = set(json.loads(record.read_text("utf-8"))) if record.is_file() else set()
    files = sorted(path.relative_to(html).as_posix() for path in html.rglob("*") if path.is_file())
    write(record, json.dumps(sorted(earlier.union(files))).encode())  # first, so that a killed copy is known
    for name in files:
        write(out / name, (html / name).read_bytes())
    for name in earlier.difference(files):
        (out / name).unlink(missing_ok=True)
    write(record, json.dumps(files).encode())
    return len(files)


def build_site(work: Path, lite: bool = False, pyodide: Path | None = None) -> Path:
    """Build the site in the empty folder `work` and return the folder of its pages.

    Raises ValueError where a chapter was not run, failed or was edited since, or Sphinx warns of anything;
    ModuleNotFoundError where a package that builds sites is not installed.
    """
    source, html = work / "source", work / "html"
    write_sources(source, lite, pyodide is not None)
    said = _sphinx(source, html, work / "doctrees")
    if said:
        raise ValueError(f"Sphinx is not content:\n{said}")
    for template in (html / "_static").glob("*.html"):  # the theme's own, which are no pages
        template.unlink()
    if lite:
        build_lite(work / "lite", html / "lite", pyodide)
    return html


def _sphinx(source: Path, html: Path, doctrees: Path) -> str:
    """Build the pages; what Sphinx warned of."""
    import myst_nb  # noqa: F401
    import sphinx_book_theme  # noqa: F401
    import sphinx_design  # noqa: F401
    from sphinx.application import Sphinx
    from sphinx.errors import SphinxError
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    config = tomllib.loads((_TEMPLATES / "sphinx.toml").read_text(encoding="utf-8"))
    config["html_theme_options"]["extra_footer"] = f"<p>{imprint()}</p>"
    said, jobs = io.StringIO(), os.cpu_count() or 1
    with patch_docutils(), docutils_namespace(), _Pages() as pages:
        try:
            Sphinx(source, None, html, doctrees, "html", config, pages, said, parallel=jobs).build()
        except SphinxError as error:
            return f"{said.getvalue()}{error}"
    return said.getvalue()


class _Pages(io.StringIO):
    """A terminal's bar, from what Sphinx says of its progress: it reads all pages, then writes them."""

    def __init__(self) -> None:
        super().__init__()
        form = "{desc}: {percentage:3.0f}%|{bar}| {remaining} left"
        self.bar = tqdm(total=200, desc="pages", bar_format=form, disable=None, leave=False)
        self.seen = 0  # percent, of both

    def write(self, text: str) -> int:
        for stage, percent in re.findall(r"(reading|writing)[^%]*?(\d+)%\]", text):
            now = int(percent) + 100 * (stage == "writing")
            self.bar.update(now - self.seen)
            self.seen = now
        return len(text)

    def close(self) -> None:
        self.bar.close()
        super().close()


# the sources, from the notebooks -------------------------------------------------------------------------


def write_sources(source: Path, lite: bool = False, kernel_inside: bool = False) -> None:
    """Everything Sphinx reads: pages, notebooks, pictures; and what it passes on as it is."""
    import jinja2

    extra = source / "_extra"
    for folder in (extra / "decks", extra / "chapters", extra / "exercises", source / "covers"):
        folder.mkdir(parents=True)
    shutil.copytree(_TEMPLATES / "_static", source / "_static")
    shutil.copy(mathjax(), source / "_static" / "mathjax.js")
    for name in living.modules():
        (source / "_static" / f"{name}.js").write_text(living.script(name), encoding="utf-8")
    for name, content in living.assets().items():
        (source / "_static" / name).write_text(content, encoding="utf-8")
    facts = {
        "cards": [_chapter(path, source, extra) for path in with_bar(notebooks("chapters"), "chapters")],
        "pages": [_page(path, source, extra) for path in gallery_pages()],
        "exercises": [_exercises(path, source, extra) for path in notebooks("exercises")],
        "glossary": glossary.terms(),
        "kernel_inside": kernel_inside,
        "lite": lite,
        "map": chapter_map.draw(notebooks("chapters"), "chapters"),
        "playground": _playground(),
        "reference": list(reference.pages()),
        "topics": topics.topics(),
    }
    reference.write(source / "reference")
    loader = jinja2.FileSystemLoader(_TEMPLATES)
    pages = jinja2.Environment(loader=loader, undefined=jinja2.StrictUndefined, trim_blocks=True)
    for name in ["index.md", "glossary.md", "topics.md", "lecturers.md", "instructors.md"] + [
        "browser.md"
    ] * lite:
        (source / name).write_text(pages.get_template(name).render(facts), encoding="utf-8")


def _chapter(path: Path, source: Path, extra: Path) -> dict[str, str]:
    """Write a chapter's page, deck and notebook; what the contents say of it."""
    notebook = read(path)
    (extra / "decks" / f"{path.stem}.html").write_text(build(path), encoding="utf-8")
    shutil.copy(path, extra / "chapters")
    deck = arrange(notebook, path)
    plans = {f"out_{m}": "; ".join(deck.left_out(m / 2)) for m in (45, 90)}  # half of the time is spoken
    title, question = _title(notebook, path)
    cover = _cover(notebook, source / "covers" / f"{path.stem}.png")
    links = [
        ("Exercises", f"../exercises/{path.stem}.html", ""),
        ("Slides", f"../decks/{path.stem}.html", ""),
        ("Notebook", path.name, " download"),
    ]
    notebook.cells.insert(1, _links(links))
    _write_page(notebook, source / "chapters" / path.name)
    time = re.search(r"\*\*Time\*\* about (\d+ minutes)", notebook.cells[0].source)
    facts = {"stem": path.stem, "title": title, "question": question, "cover": cover}
    facts |= plans | {"minutes": str(deck.minutes)}
    return facts | {"number": path.stem[:2].lstrip("0"), "reading": time[1] if time else ""}


def _page(path: Path, source: Path, extra: Path) -> dict[str, str]:
    """Write a page of the gallery and its notebook; what its card says."""
    notebook = read(path)
    require_outputs(notebook, path.name)
    match = re.match(r"# (.+)\n+\*\*\*(.+?)\*\*\*", notebook.cells[0].source)
    if not match:
        raise ValueError(f"{path.name} does not begin with `# Title` and its task between ***")
    folder = path.parent.name
    cover = _first_picture(notebook, source / "covers" / f"{folder}-{path.stem}.png")
    (extra / "chapters" / folder).mkdir(exist_ok=True)
    shutil.copy(path, extra / "chapters" / folder)
    notebook.cells.insert(1, _links([("Notebook", path.name, " download")]))
    _write_page(notebook, source / "chapters" / folder / path.name, "../../")
    return {"stem": f"{folder}/{path.stem}", "title": match[1], "task": match[2], "cover": cover}


def _exercises(path: Path, source: Path, extra: Path) -> str:
    """Write the page and the notebook of a chapter's exercises; its name."""
    notebook = read(path)
    shutil.copy(path, extra / "exercises")
    notebook.cells.insert(1, _links([("Notebook", path.name, " download")]))
    _write_page(notebook, source / "exercises" / path.name)
    return path.stem


def _playground() -> str:
    """The playground, for the first page."""
    widget = Playground(data="two spirals", depth=2, width1=8, width2=8, step=300)
    data, _ = widget._repr_mimebundle_()
    return _alive(widget, data["image/png"], widget.sentence, "")


def _alive(figure: Explorer, png: str, alt: str, root: str) -> str:
    """A living figure with its picture, and the script of its kind."""
    picture = f'<img src="data:image/png;base64,{png}" alt="{escape(alt)}">'
    return (
        figure.as_html(picture, f"{root}_static/")
        + f'<script src="{root}_static/{figure.module}.js" defer></script>'
    )


def _write_page(notebook: NotebookNode, target: Path, root: str = "../") -> None:
    """The notebook as MyST-NB reads it.

    Its figures are alive, pictures have their alt text in the metadata, and a cell with topics has a label.
    """
    for cell in notebook.cells:
        if "topics" in cell.metadata:
            cell.source = f"({topics.label(target.stem, cell.id)})=\n{cell.source}"
        for output in cell.get("outputs", []):
            figure = living.stored(output)
            if figure:
                alt = alt_text(output, "image/png")
                output.data = {"text/html": _alive(figure, output.data["image/png"].strip(), alt, root)}
            if "image/png" in output.get("data", {}):
                alt = " ".join(alt_text(output, "image/png").split())
                cell.metadata["mystnb"] = {"image": {"alt": alt}}
    target.parent.mkdir(exist_ok=True)
    nbformat.write(notebook, target)


def _links(links: list[tuple[str, str, str]]) -> NotebookNode:
    """A cell of links to files beside the page, which Sphinx has no page of."""
    anchors = " ".join(f'<a href="{to}"{attributes}>{text}</a>' for text, to, attributes in links)
    return v4.new_markdown_cell(f'<p class="files">{anchors}</p>')


def _title(notebook: NotebookNode, path: Path) -> tuple[str, str]:
    """A chapter's title without its number, and its question."""
    match = re.match(r"# \d+ · (.+)\n+\*\*\*(.+?)\*\*\*", notebook.cells[0].source)
    if not match:
        raise ValueError(f"{path.name} does not begin with `# 1 · Title` and its question between ***")
    return match[1], match[2]


def _first_picture(notebook: NotebookNode, target: Path) -> str:
    """Save a page's first figure; its name."""
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", []))
    shown = next((output for output in outputs if "image/png" in output.get("data", {})), None)
    if shown is None:
        raise ValueError(f"{target.stem} shows no figure that could stand for it in the gallery")
    target.write_bytes(base64.b64decode(shown.data["image/png"]))
    return f"covers/{target.name}"


def _cover(notebook: NotebookNode, target: Path) -> str:
    """Save the picture of the chapter's widget; its name."""
    shown = [
        output.data["image/png"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "execute_result" and "image/png" in output.data
    ]
    if not shown:
        raise ValueError(f"{target.stem} shows no widget whose picture could stand for it in the contents")
    target.write_bytes(base64.b64decode(shown[0]))
    return f"covers/{target.name}"
