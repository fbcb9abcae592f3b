"""`nnlearn book`: its EPUB and its PDF, read again by other programs."""

import re
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest
from pypdf import PdfReader
from typer.testing import CliRunner

from nnlearn.course import book, glossary
from nnlearn.course.cli import app
from nnlearn.exercises.notebooks import notebooks
from tests.support.browser import chromium_or_skip

PATHS = notebooks("chapters", "01", "06")
XHTML = "{http://www.w3.org/1999/xhtml}"


def write(out: Path, *arguments: str) -> str:
    done = CliRunner().invoke(app, ["book", str(out), *arguments])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ElementTree.Element]:
    """The pages of an EPUB of two chapters, by their file's name."""
    out = tmp_path_factory.mktemp("book") / "two.epub"
    assert "2 chapters" in write(out, "01", "06")
    with zipfile.ZipFile(out) as packed:
        assert packed.namelist()[0] == "mimetype" and packed.read("mimetype") == b"application/epub+zip"
        names = [name for name in packed.namelist() if name.endswith(".xhtml")]
        return {Path(name).name: ElementTree.fromstring(packed.read(name)) for name in names}


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> PdfReader:
    chromium_or_skip()
    out = tmp_path_factory.mktemp("book") / "two.pdf"
    write(out, "01", "06")
    return PdfReader(out)


def test_every_link_of_an_epub_leads_somewhere(pages):
    ids = {f"{name}#{e.get('id')}" for name, page in pages.items() for e in page.iter() if e.get("id")}
    there = ids | {*pages} | {f"{name}#" for name in pages}
    links = [
        (Path(to).name or name) + mark + anchor
        for name, page in pages.items()
        for link in page.iter(f"{XHTML}a")
        for to, mark, anchor in [link.get("href", "").partition("#")]
        if not to.startswith("http")
    ]
    assert len(links) > 50 and [link for link in links if link not in there] == []


def test_formulas_pictures_and_answers_are_in_an_epub(pages):
    every = [e for page in pages.values() for e in page.iter()]
    assert sum(e.tag.endswith("}math") for e in every) > 100
    cells = [cell for path in PATHS for cell in nbformat.read(path, as_version=4).cells]
    drawn = [o for cell in cells for o in cell.get("outputs", []) if "image/png" in o.get("data", {})]
    pictures = [e.get("alt") for e in every if e.tag == f"{XHTML}img" and "media" in e.get("src", "")]
    assert len([alt for alt in pictures if alt and len(alt) > 30]) >= len(drawn) >= 10
    named = {e.get("id") for e in every}
    asked = sum(cell.source.count("<details>") for cell in cells)
    for kind in ("question", "answer"):
        found = [name for name in named if name and re.fullmatch(rf"{kind}-\d\d-\d+", name)]
        assert len(found) == asked, kind
    text = " ".join(" ".join(page.itertext()) for page in pages.values())
    assert "$" not in re.sub(r"\$\d", "", text) and "<details>" not in text


def test_the_code_that_draws_is_left_out_and_no_other(pages):
    shown = "".join("".join(page.itertext()) for page in pages.values())
    cells = [cell for path in PATHS for cell in nbformat.read(path, as_version=4).cells]
    code = [cell for cell in cells if cell.cell_type == "code"]
    open_ = [cell for cell in code if "hide-input" not in cell.metadata.get("tags", [])]
    lines = [max(cell.source.splitlines(), key=len) for cell in open_]
    assert 40 < len(lines) < len(code) and [line for line in lines if line not in shown] == []


def test_contents_and_index_of_a_pdf_name_the_right_pages(paper):
    text = [page.extract_text() for page in paper.pages]
    flat = [re.sub(r"\s+", " ", page.replace("’", "'")) for page in text]
    contents = "\n".join(text[1:3])
    for heading in ("The membrane is a leaky capacitor", "One question behind them all", "Glossary"):
        page = int(re.search(rf"{heading}\s+(\d+)", contents)[1])
        assert heading in flat[page - 1], (heading, page)
    index = re.sub(r"\s+", " ", " ".join(flat[-2:]).rpartition("Index")[2])
    terms = [term.name for path in PATHS for term in glossary.terms_of(path)]
    for name in terms:
        page = int(re.search(rf"(?<!\w){re.escape(name)} (\d+)", index)[1])
        word = name.partition(" (")[0]
        assert word.casefold() in flat[page - 1].casefold() or "You need" in flat[page - 1], (name, page)
    assert len(paper.outline) >= 4 and str(len(paper.pages)) in flat[-1]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["book.docx"], "expected a name in .epub, for a reader, or in .pdf, for paper"),
        (["book.epub", "99"], "no chapter '99'"),
    ],
)
def test_what_cannot_be_written_is_said(arguments, told, tmp_path):
    done = CliRunner().invoke(app, ["book", str(tmp_path / arguments[0]), *arguments[1:]])
    assert done.exit_code == 1 and told in done.output and not [*tmp_path.iterdir()]


def test_a_machine_without_a_browser_or_pandoc_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("NNLEARN_CHROMIUM", str(tmp_path / "none"))
    done = CliRunner().invoke(app, ["book", str(tmp_path / "book.pdf"), "01"])
    assert done.exit_code == 1 and "no Chromium found" in done.output
    monkeypatch.setitem(sys.modules, "pypandoc", None)
    done = CliRunner().invoke(app, ["book", str(tmp_path / "book.epub"), "01"])
    assert done.exit_code == 1 and 'pip install "nnlearn[book]"' in done.output and not [*tmp_path.iterdir()]


def test_what_markdown_would_take_for_its_own_stays_text(tmp_path):
    code = nbformat.v4.new_code_cell("print('```')")
    code.outputs = [nbformat.v4.new_output("stream", text="````\n# no heading, $5\n")]
    cell = nbformat.v4.new_markdown_cell("# 1 · A title\n\nsee [2](02_x.ipynb), **a bias**, **Bias**")
    text, answers = book._chapter(nbformat.v4.new_notebook(cells=[cell, code]), "01_x", tmp_path)
    assert not answers and "# 1 · A title {#chapter-01}" in text and "see 2," in text
    assert (
        "````` {.output}\n````\n# no heading, $5\n`````" in text and "```` python\nprint('```')\n````" in text
    )
    marked, place = book._first_use(text, "bias", "term-01-bias")
    assert place == "term-01-bias" and marked.count("[**Bias**]{#term-01-bias}") == 1
    assert book._first_use(text, "weight", "term-01-weight") == (text, "")
