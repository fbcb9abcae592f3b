"""The topics: each is met in a cell that speaks of it, and the site leads there."""

import nbformat
import pytest
from nbformat import v4

from nnlearn.course import topics
from nnlearn.exercises.notebooks import gallery_pages, notebooks

MARKED = {path.stem: path for path in [*notebooks("chapters"), *gallery_pages()]}


def test_every_topic_is_met_and_every_mark_is_one():
    found = topics.topics()
    assert {group: list(members) for group, members in found.items()} == topics.wanted()
    assert all(found[group][topic] for group in found for topic in found[group])


def test_a_topic_is_listed_once():
    listed = [topic for group in topics.wanted().values() for topic in group]
    assert len(listed) == len(set(listed)) > 100


@pytest.mark.parametrize("stem", MARKED)
def test_marks_stand_on_text(stem):
    """In a chapter's own text, not where it looks back."""
    cells = nbformat.read(MARKED[stem], as_version=4).cells
    ends = [k for k, cell in enumerate(cells) if cell.source.startswith("## Summary")]
    marked = [k for k, cell in enumerate(cells) if "topics" in cell.metadata]
    assert all(cells[k].cell_type == "markdown" for k in marked)
    assert all(k < end for k in marked for end in ends)


@pytest.fixture
def two_chapters(tmp_path, monkeypatch):
    """A course of two notebooks whose marks are given."""

    def write(*marks: list[str]) -> None:
        for k, mark in enumerate(marks):
            cells = [v4.new_markdown_cell(f"# {k} · Title"), v4.new_markdown_cell("## A section")]
            cells[1].metadata["topics"] = mark
            nbformat.write(v4.new_notebook(cells=cells), tmp_path / f"0{k}_name.ipynb")
        monkeypatch.setattr(topics, "notebooks", lambda folder: sorted(tmp_path.glob("*.ipynb")))
        monkeypatch.setattr(topics, "gallery_pages", list)
        monkeypatch.setattr(topics, "wanted", lambda: {"one": ["adam", "dropout"], "two": ["axon"]})

    return write


def test_places_have_title_and_section(two_chapters):
    two_chapters(["adam", "axon"], ["dropout", "axon"])
    found = topics.topics()
    assert [(place.title, place.section) for place in found["two"]["axon"]] == [
        ("0 · Title", "A section"),
        ("1 · Title", "A section"),
    ]
    assert found["one"]["adam"][0].label.startswith("cell-00-name-")


def test_what_is_missing_is_named(two_chapters):
    two_chapters(["adam"], ["axon"])
    with pytest.raises(ValueError, match="no cell is marked with dropout"):
        topics.topics()


def test_an_unknown_mark_is_named(two_chapters):
    two_chapters(["adam", "dropout"], ["axon", "dropuot"])
    with pytest.raises(ValueError, match="has no dropuot"):
        topics.topics()
