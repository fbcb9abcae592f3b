"""`nnlearn site`: the whole course as a website that needs no kernel and asks no other host for anything.

The pages are the notebooks with their stored outputs, the package's reference, and a page each for lecturers
and instructors; Sphinx, MyST-NB and the Sphinx Book Theme build them. Nothing is run.
"""

from __future__ import annotations

import base64
import io
import json
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nnlearn.course.lite import build_lite
from nnlearn.course.slides import arrange, build, mathjax, require_outputs
from nnlearn.exercises.notebooks import chapters, course_folder

if TYPE_CHECKING:
    from nbformat import NotebookNode

_TEMPLATES = Path(__file__).parent / "templates" / "site"
_MADE = ".nnlearn-site.json"  # in the site: what this command has written there
_STYLE, _SCRIPT, _MATHJAX = "site.css", "site.js", "mathjax.js"

_SPHINX: dict[str, Any] = {
    "project": "nnlearn",
    "language": "en",
    "extensions": ["myst_nb", "sphinx_design"],
    "nb_execution_mode": "off",
    "nb_ipywidgets_js": {},
    "nb_mime_priority_overrides": [("html", "image/png", 0)],
    "myst_enable_extensions": ["amsmath", "colon_fence", "dollarmath"],
    "myst_heading_anchors": 4,
    "html_theme": "sphinx_book_theme",
    "html_title": "nnlearn",
    "html_static_path": ["_static"],
    "html_extra_path": ["_extra"],
    "html_css_files": [_STYLE],
    "html_js_files": [_SCRIPT],
    "html_context": {"default_mode": "auto"},
    "mathjax_path": _MATHJAX,
    "mathjax3_config": {"options": {"enableMenu": False}},
    "html_copy_source": False,
    "html_show_copyright": False,
    "html_show_sphinx": False,
    "html_theme_options": {
        "home_page_in_toc": False,
        "logo": {"text": "nnlearn"},
        "navbar_persistent": [],
        "navigation_with_keys": True,
        "path_to_docs": "",
        "show_toc_level": 1,
        "use_download_button": False,
        "use_fullscreen_button": False,
        "use_source_button": False,
    },
}


def site(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the site goes.")] = Path("site"),
    force: Annotated[
        bool, typer.Option("--force", help="Write into a folder that is not empty; only its own files go.")
    ] = False,
    lite: Annotated[
        bool, typer.Option("--lite", help="Also a JupyterLab whose kernel runs in the reader's browser.")
    ] = False,
    pyodide: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="With --lite: a Pyodide distribution for the site; without it the browser fetches one.",
        ),
    ] = None,
) -> None:
    """Build the course as a website: read it in any browser, from a server or from the disk."""
    try:
        _require_room(out, force)
        if pyodide and not lite:
            raise ValueError("--pyodide is what --lite runs on: give both, or neither")
        with tempfile.TemporaryDirectory(prefix="nnlearn-site-") as work:
            html = build_site(Path(work), lite, pyodide)
            count = _publish(html, out)
    except (ValueError, ModuleNotFoundError, OSError) as error:
        typer.echo(f"nnlearn site: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{out / 'index.html'}  {count} files")


def _require_room(out: Path, force: bool) -> None:
    if out.exists() and not out.is_dir():
        raise ValueError(f"{out} is a file, and the site needs a folder")
    if out.is_dir() and any(out.iterdir()) and not force:
        raise ValueError(f"{out} is not empty: choose another folder with --out, or --force to write into it")


def _publish(html: Path, out: Path) -> int:
    """Put the built files into `out`, and take away what an earlier build made there and this one did not."""
    record = out / _MADE
    earlier = set(json.loads(record.read_text())) if record.is_file() else set()
    files = sorted(path.relative_to(html).as_posix() for path in html.rglob("*") if path.is_file())
    out.mkdir(parents=True, exist_ok=True)
    record.write_text(json.dumps(sorted(earlier.union(files))))  # first, so that a killed copy is known
    for name in files:
        target = out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(target.name + ".part")
        shutil.copyfile(html / name, part)
        os.replace(part, target)
    for name in earlier.difference(files):
        (out / name).unlink(missing_ok=True)
    record.write_text(json.dumps(files))
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
    try:
        import myst_nb  # noqa: F401
        import sphinx_book_theme  # noqa: F401
        import sphinx_design  # noqa: F401
        from sphinx.application import Sphinx
        from sphinx.errors import SphinxError
        from sphinx.util.docutils import docutils_namespace, patch_docutils
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"the site needs {error.name}, which is not installed: pip install 'nnlearn[teach]'"
        ) from None
    warnings = io.StringIO()
    with patch_docutils(), docutils_namespace():
        try:
            app = Sphinx(
                source, None, html, doctrees, "html", _SPHINX, None, warnings, parallel=os.cpu_count() or 1
            )
            app.build()
        except SphinxError as error:
            return f"{warnings.getvalue()}{error}"
    return warnings.getvalue()


# the sources, from the notebooks -------------------------------------------------------------------------


def write_sources(source: Path, lite: bool = False, kernel_inside: bool = False) -> None:
    """Everything Sphinx reads: pages, notebooks, pictures; and what it passes on as it is."""
    import jinja2

    from nnlearn.course import reference

    static, extra = source / "_static", source / "_extra"
    for folder in (static, extra / "decks", extra / "chapters", extra / "exercises", source / "covers"):
        folder.mkdir(parents=True)
    cards = [_chapter(path, source, extra) for path in chapters()]
    exercises = sorted((course_folder() / "exercises").glob("[0-9][0-9]_*.ipynb"))
    for path in exercises:
        _exercises(path, source, extra)
    reference.write(source / "reference")
    pages = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    names = ["index.md", "lecturers.md", "instructors.md"] + ["browser.md"] * lite
    for name in names:
        text = pages.get_template(name).render(
            cards=cards,
            exercises=[path.stem for path in exercises],
            kernel_inside=kernel_inside,
            lite=lite,
            reference=list(reference.pages()),
        )
        (source / name).write_text(text, encoding="utf-8")
    for name in (_STYLE, _SCRIPT):
        shutil.copy(_TEMPLATES / name, static)
    shutil.copy(mathjax(), static / _MATHJAX)


def _chapter(path: Path, source: Path, extra: Path) -> dict[str, str]:
    """Write a chapter's page, deck and notebook; what the contents say of it."""
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    require_outputs(notebook, path.name)
    (extra / "decks" / f"{path.stem}.html").write_text(build(path), encoding="utf-8")
    shutil.copy(path, extra / "chapters")
    minutes = str(arrange(notebook, path).minutes)
    title, question = _title(notebook, path)
    cover = _cover(notebook, source / "covers" / f"{path.stem}.png")
    links = [
        ("Exercises", f"../exercises/{path.stem}.html", ""),
        ("Slides", f"../decks/{path.stem}.html", ""),
        ("Notebook", path.name, " download"),
    ]
    notebook.cells.insert(1, _links(links))
    _write_page(notebook, source / "chapters" / path.name)
    return {"stem": path.stem, "title": title, "question": question, "cover": cover, "minutes": minutes}


def _exercises(path: Path, source: Path, extra: Path) -> None:
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    shutil.copy(path, extra / "exercises")
    notebook.cells.insert(1, _links([("Notebook", path.name, " download")]))
    _write_page(notebook, source / "exercises" / path.name)


def _write_page(notebook: NotebookNode, target: Path) -> None:
    """The notebook as MyST-NB reads it: with each picture's alt text in the cell's metadata."""
    import nbformat

    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            alt = output.get("metadata", {}).get("image/png", {}).get("alt")
            alt = alt or output.get("data", {}).get("text/plain", "")
            if "image/png" in output.get("data", {}):
                cell.metadata["mystnb"] = {"image": {"alt": " ".join(alt.split())}}
    target.parent.mkdir(exist_ok=True)
    nbformat.write(notebook, target)


def _links(links: list[tuple[str, str, str]]) -> NotebookNode:
    """A cell of links to files beside the page, which Sphinx has no page of."""
    from nbformat import v4

    anchors = " ".join(f'<a href="{to}"{attributes}>{text}</a>' for text, to, attributes in links)
    return v4.new_markdown_cell(f'<p class="files">{anchors}</p>')


def _title(notebook: NotebookNode, path: Path) -> tuple[str, str]:
    """A chapter's title without its number, and its question."""
    match = re.match(r"# \d+ · (.+)\n+\*\*\*(.+?)\*\*\*", notebook.cells[0].source)
    if not match:
        raise ValueError(f"{path.name} does not begin with `# 1 · Title` and its question between ***")
    return match[1], match[2]


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
