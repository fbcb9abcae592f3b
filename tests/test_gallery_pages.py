"""The bars of the gallery's pages: one test a bar, driven by what is in the folder of their chapter."""

import re
import statistics

import nbformat
import pytest

from tests.support import ROOT
from tests.test_chapters import ALWAYS, CHAPTERS, cells, introduced, pictures, text, used

PAGES = sorted((ROOT / "chapters").glob("*/[a-z]*.ipynb"))
every_page = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)


def of(path):
    """The chapter in whose gallery the page hangs."""
    return path.parent.with_suffix(".ipynb")


def test_there_are_pages_and_their_folders_are_chapters_names():
    assert PAGES and {of(path) for path in PAGES} <= set(CHAPTERS)
    folders = [path for path in (ROOT / "chapters").iterdir() if path.is_dir() and path.name[0] != "."]
    assert all(any(folder.glob("[a-z]*.ipynb")) for folder in folders)


@every_page
def test_is_a_valid_notebook_of_small_size(path):
    nbformat.validate(nbformat.read(path, as_version=4))
    assert path.stat().st_size <= 800_000, f"{path.name} has {path.stat().st_size / 1e6:.2f} MB"


@every_page
def test_opens_with_its_task_its_way_back_and_a_table(path):
    opening = cells(path, "markdown")[0][1].source
    assert re.match(r"# [^·\n]+\n\n\*\*\*[^*]+\?\*\*\*\n", opening), opening[:80]
    assert f"(../{of(path).name})" in opening and "**You need** chapter" in opening
    rows = re.findall(r"^\| ([a-z, ]+) \| (.+) \|$", opening, re.M)
    assert [name for name, _ in rows] == ["comes in, goes out", "data", "network", "rival", "kept apart"]
    assert "licen" in dict(rows)["data"].lower(), f"{path.name} names no licence of its data"


@every_page
def test_needs_only_chapters_up_to_its_own_s(path):
    needed = re.search(r"\*\*You need\*\* chapters? ([\d, and]+)", text(path))
    assert needed and all(int(k) < int(path.parent.name[:2]) for k in re.findall(r"\d+", needed[1]))
    named = {int(k) for found in re.findall(r"\bchapters? [\d, andto]*\d", text(path), re.I)
             for k in re.findall(r"\d+", found)}  # fmt: skip
    assert named <= {int(chapter.name[:2]) for chapter in CHAPTERS}


@every_page
def test_is_a_few_pages_long(path):
    words = sum(len(cell.source.split()) for _, cell in cells(path, "markdown"))
    assert 300 <= words <= 900, f"{path.name} has {words} words"
    lengths = [len(cell.source.splitlines()) for _, cell in cells(path, "code")]
    assert max(lengths) <= 25 and statistics.median(lengths) <= 8


@every_page
def test_has_its_result_with_intervals_against_a_rival(path):
    headings = set(re.findall(r"^## (.+)$", text(path), re.M))
    assert {"The data", "Result"} <= headings and any("rival" in heading for heading in headings)
    heading, code, printed = "", "", ""
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown" and cell.source.count("## "):
            heading = re.findall(r"^## (.+)$", cell.source, re.M)[-1]
        if cell.cell_type == "code" and heading == "Result":
            code += cell.source + "\n"
            printed += "".join(output.get("text", "") for output in cell.outputs)
    assert re.search(r"^\s*assert ", code, re.M), f"{path.name} asserts nothing of its result"
    assert "gallery.interval" in code and "±" in printed, f"{path.name} shows no interval"


@every_page
def test_shows_a_picture_or_plays_a_sound(path):
    found = pictures(path)
    assert found, f"{path.name} has no figure for its card"
    for name, output in found:
        alt = output.metadata.get("image/png", {}).get("alt", "")
        assert len(alt.split()) >= 8, f"{name}: its picture's alt text is {alt!r}"


@every_page
def test_is_no_deck_and_was_run_in_one_go(path):
    notebook = nbformat.read(path, as_version=4)
    assert not any("slideshow" in cell.metadata for cell in notebook.cells), "a page has no slides"
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    assert not [out for out in outputs if out.output_type == "error"]


@every_page
def test_hides_no_magic(path):
    for name, cell in cells(path, "code"):
        for forbidden in ("sys.path", "filterwarnings", "simplefilter", "time.time", "perf_counter"):
            assert forbidden not in cell.source, f"{name} uses {forbidden}"
        assert not re.search(r"^\s*[%!]\w", cell.source, re.M), f"{name} has a magic"


@every_page
def test_uses_only_what_has_been_introduced(path):
    known = ALWAYS.union(*(introduced(chapter) for chapter in CHAPTERS if chapter.name <= of(path).name))
    assert set(used(path)) <= known, f"{path.name} uses {set(used(path)) - known}"


@every_page
def test_links_lead_somewhere_and_its_chapter_links_it(path):
    whole = text(path)
    assert not re.search(r"!\[[^\]]*\]\(https?:|<img[^>]+src=.https?:", whole)
    for target in re.findall(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)", whole):
        assert target.startswith("https:") or (path.parent / target).exists(), target
    assert f"({path.parent.name}/{path.name})" in text(of(path))
