"""The bars that every chapter holds: one test a bar, driven by what is in the folder."""

import ast
import base64
import re
import statistics
from pathlib import Path

import nbformat
import pytest

import nnlearn as nn
from tests.support import ROOT

CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))
HEADINGS = (
    "## Predict first", "## Play", "## Measure", "## What breaks", "## Exercises",
    "## Summary", "### Added to nnlearn", "### Check yourself", "### Sources",
)  # fmt: skip
# The course's own furniture: in every chapter from the first.
ALWAYS = {"plot", "drawings", "data", "widgets", "exercises", "seed"}
every_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)


def cells(path: Path, kind: str) -> list[tuple[str, nbformat.NotebookNode]]:
    """(name for messages, cell) of each cell of a kind."""
    notebook = nbformat.read(path, as_version=4)
    return [
        (f"{path.name}, cell {k} ({cell.source.strip()[:40]!r})", cell)
        for k, cell in enumerate(notebook.cells)
        if cell.cell_type == kind
    ]


def text(path: Path) -> str:
    return "\n\n".join(cell.source for _, cell in cells(path, "markdown"))


def pictures(path: Path) -> list[tuple[str, dict]]:
    return [
        (name, output)
        for name, cell in cells(path, "code")
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]


def test_chapters_have_numbers_of_their_own_from_one_on():
    """There may be gaps, where a chapter is still to come."""
    numbers = [int(path.name[:2]) for path in CHAPTERS]
    assert numbers[0] == 1 and numbers == sorted(set(numbers))
    names, projects = {path.name for path in CHAPTERS}, {p.name for p in SOLUTIONS if p.name[0] == "P"}
    assert names == {path.name for path in SOLUTIONS} - projects, "every chapter has its solutions"
    given = {path.name for path in (ROOT / "exercises").glob("*.ipynb")}
    assert names | projects == given, "and its exercises"


@every_chapter
def test_is_a_valid_notebook_of_moderate_size(path):
    nbformat.validate(nbformat.read(path, as_version=4))
    assert path.stat().st_size <= 1_500_000, f"{path.name} has {path.stat().st_size / 1e6:.2f} MB"


@every_chapter
def test_opens_with_what_a_reader_wants_to_know(path):
    number, first = int(path.name[:2]), cells(path, "markdown")[0][1].source
    assert first.startswith(f"# {number} · "), f"{path.name} opens with {first.splitlines()[0]!r}"
    opening = "\n".join(cell.source for _, cell in cells(path, "markdown")[:4])
    for needed in ("**Time**", "**You need**", "you can", "| "):
        assert needed in opening, f"{path.name}: {needed!r} is missing from its opening"


@every_chapter
def test_follows_the_arc(path):
    lines = [line.strip() for line in text(path).splitlines()]
    missing = [heading for heading in HEADINGS if heading not in lines]
    assert not missing, f"{path.name} has no heading {missing}"
    places = [lines.index(heading) for heading in HEADINGS]
    assert places == sorted(places), f"{path.name}: these headings stand in another order than {HEADINGS}"
    assert len(re.findall(r"<details>\s*<summary>", text(path))) >= 5, (
        f"{path.name} has fewer than 5 folded answers"
    )
    assert f"../exercises/{path.name}" in text(path), f"{path.name} does not link its exercises"


@every_chapter
def test_prose_is_long_enough_and_no_longer(path):
    words = sum(len(cell.source.split()) for _, cell in cells(path, "markdown"))
    assert 1800 <= words <= 4500, f"{path.name} has {words} words"


@every_chapter
def test_code_comes_in_short_cells(path):
    lengths = {name: len(cell.source.splitlines()) for name, cell in cells(path, "code")}
    assert 20 <= len(lengths) <= 60, f"{path.name} has {len(lengths)} code cells"
    name = max(lengths, key=lengths.__getitem__)
    assert lengths[name] <= 25, f"{name} has {lengths[name]} lines"
    assert statistics.median(lengths.values()) <= 5, (
        f"{path.name}: half of the code cells are longer than 5 lines"
    )


@every_chapter
def test_hides_no_magic(path):
    for name, cell in cells(path, "code"):
        for forbidden in ("%", "!"):
            assert not re.search(rf"^\s*{forbidden}\w", cell.source, re.M), f"{name} has a magic"
        for forbidden in ("sys.path", "filterwarnings", "simplefilter", "time.time", "perf_counter"):
            assert forbidden not in cell.source, f"{name} uses {forbidden}"


@every_chapter
def test_figures_say_what_they_show(path):
    found = pictures(path)
    assert len(found) >= 5, f"{path.name} has {len(found)} figures"
    for name, output in found:
        alt = output.metadata.get("image/png", {}).get("alt", "")
        assert len(alt.split()) >= 8, f"{name}: its picture's alt text is {alt!r}"
        assert base64.b64decode(output.data["image/png"]).startswith(b"\x89PNG"), f"{name}: not a PNG picture"


@every_chapter
def test_links_lead_somewhere(path):
    whole = text(path)
    assert not re.search(r"!\[[^\]]*\]\(https?:|<img[^>]+src=.https?:", whole), (
        f"{path.name} has a remote image"
    )
    anchors = {re.sub(r"\s+", "-", heading.strip()) for heading in re.findall(r"^#+ (.+)$", whole, re.M)}
    targets = re.findall(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)", whole)
    for target in [target for target in targets if not target.startswith("https:")]:
        file, _, anchor = target.partition("#")
        assert not file or (path.parent / file).exists(), f"{path.name} links {target}, which is not there"
        assert file or anchor in anchors, f"{path.name} links {target}, but no heading is called that"


@every_chapter
def test_names_no_chapter_that_is_not_there(path):
    named = [
        int(k)
        for found in re.findall(r"\bchapters? [\d, andto]*\d", text(path), re.I)
        for k in re.findall(r"\d+", found)
    ]
    there = {int(chapter.name[:2]) for chapter in CHAPTERS}
    absent = sorted(set(named) - there)
    assert not absent, f"{path.name} names chapters {absent}, which are not there"
    ahead = re.findall(r"\bnext chapters?\b", text(path), re.I)
    assert path != CHAPTERS[-1] or not ahead, f"{path.name} is the last and speaks of a next chapter"


@every_chapter
def test_has_a_widget_with_a_picture_for_pages_without_a_kernel(path):
    shown = [
        (name, cell) for name, cell in cells(path, "code") if re.search(r"nn\.widgets\.\w+\(", cell.source)
    ]
    assert shown, f"{path.name} has no widget"
    assert any("image/png" in out.get("data", {}) for _, cell in shown for out in cell.outputs), (
        f"{path.name}: no widget left a picture"
    )


@every_chapter
def test_outputs_are_stored_from_one_run_from_top_to_bottom(path):
    counts = [(name, cell.execution_count) for name, cell in cells(path, "code")]
    assert [count for _, count in counts] == list(range(1, len(counts) + 1)), (
        f"{path.name} was not run in one go: " + next(n for k, (n, c) in enumerate(counts, 1) if c != k)
    )
    for name, cell in cells(path, "code"):
        errors = [out.ename for out in cell.outputs if out.output_type == "error"]
        expected = "raises-exception" in cell.metadata.get("tags", [])
        assert not errors or expected, f"{name} stored {errors}"
        assert "widgets" not in nbformat.read(path, as_version=4).metadata, f"{path.name} stores live widgets"


@every_chapter
def test_asserts_what_it_measures(path):
    heading, measures = "", ""
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown" and cell.source.lstrip().startswith("## "):
            heading = cell.source
        if cell.cell_type == "code" and "## Measure" in heading:
            measures += cell.source + "\n"
    assert re.search(r"^\s*(assert |np\.testing\.)", measures, re.M), (
        f"{path.name}: no assertion under '## Measure'"
    )


@every_chapter
def test_every_cell_has_its_place_in_the_deck(path):
    notebook = nbformat.read(path, as_version=4)
    types = [cell.metadata.get("slideshow", {}).get("slide_type") for cell in notebook.cells]
    for k, kind in enumerate(types):
        assert kind in {"slide", "subslide", "fragment", "-", "notes", "skip"}, (
            f"{path.name}, cell {k} ({notebook.cells[k].source[:40]!r}) has slide type {kind!r}"
        )
    slides = sum(kind in {"slide", "subslide"} for kind in types)
    assert 15 <= slides <= 30, f"{path.name} makes {slides} slides"


def introduced(path: Path) -> set[str]:
    """The names in the first column of the table under 'Added to nnlearn'."""
    table = text(path).partition("### Added to nnlearn")[2].partition("\n#")[0]
    return {
        name for row in re.findall(r"^\|([^|]*)\|", table, re.M) for name in re.findall(r"\bnn\.(\w+)", row)
    }


def used(path: Path) -> dict[str, str]:
    """Every `nn.name` in the code, and a cell it stands in."""
    found = {}
    for where, cell in cells(path, "code"):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "nn":
                found.setdefault(node.attr, where)
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("nnlearn"):
                assert node.module == "nnlearn.exercises", (
                    f"{where}: `import nnlearn as nn` is the only way in"
                )
    return found


@pytest.mark.parametrize("path", CHAPTERS + SOLUTIONS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_uses_only_what_has_been_introduced(path):
    known = ALWAYS.union(*(introduced(chapter) for chapter in CHAPTERS if chapter.name <= path.name))
    for name, where in used(path).items():
        assert name in known, f"{where} uses nn.{name}, which no chapter up to here has introduced"


@every_chapter
def test_what_it_adds_is_in_the_package(path):
    names = introduced(path)
    assert names, f"{path.name}: the table under 'Added to nnlearn' names nothing as `nn.name`"
    for name in names:
        assert getattr(nn, name).__doc__, f"{path.name} adds nn.{name}, which has no docstring"
    earlier = set().union(*(introduced(chapter) for chapter in CHAPTERS if chapter.name < path.name))
    assert not names & earlier, f"{path.name} introduces again {names & earlier}"
    assert names <= set(used(path)), f"{path.name} adds {names - set(used(path))} without using it"
