"""The map of the course: what chapters say they need is read rightly, and drawn without knots."""

import re
from xml.etree import ElementTree

import pytest
from nbformat import v4, write

from nnlearn.course import chapter_map
from nnlearn.exercises.notebooks import course_folder, notebooks

CHAPTERS = notebooks("chapters")


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("Python, and 3 evenings.", set()),
        ("chapter 1.", {1}),
        ("chapters 01 and 02, the slopes of $x^2$.", {1, 2}),
        ("chapters 3 (gradient descent, 7 of them), 7 and 8, and what a second derivative is.", {3, 7, 8}),
        ("chapters 7 to 10: gradients.", {7, 8, 9, 10}),
        ("chapters 2, 5 to 7, and 9.", {2, 5, 6, 7, 9}),
        ("chapter 15 (attention), chapter 13 (bits), residuals from chapter 12.", {12, 13, 15}),
        ("chapters 13 and 14: networks; layer norm (chapters 11 and 12).", {11, 12, 13, 14}),
    ],
)
def test_needs_are_read_from_the_first_cell(said, found, tmp_path):
    path = tmp_path / "20_x.ipynb"
    text = f"# 20 · X\n\n**Time** 9 minutes. **You need** {said}\n\nChapter 19 is not meant."
    write(v4.new_notebook(cells=[v4.new_markdown_cell(text)]), path)
    assert chapter_map.needs(path) == found


def test_every_chapter_but_the_first_needs_an_earlier_one():
    number = {path: int(path.stem[:2]) for path in CHAPTERS}
    for path in CHAPTERS[1:]:
        assert chapter_map.needs(path), path.name
        assert max(chapter_map.needs(path)) < number[path]


def test_a_chapter_that_needs_a_later_one_is_refused():
    with pytest.raises(ValueError, match=r"chapter 2 needs \[1, 3\]"):
        chapter_map.direct({1: set(), 2: {1, 3}, 3: {1}})


def test_what_another_need_needs_is_not_drawn_again():
    assert chapter_map.direct({1: set(), 2: {1}, 3: {1, 2}, 4: {2, 3}}) == {1: set(), 2: {1}, 3: {2}, 4: {3}}


@pytest.mark.parametrize(
    "links",
    [
        {1: set()},
        {k: {k - 1} - {0} for k in range(1, 13)},
        {1: set(), **{k: {1} for k in range(2, 9)}, 9: {2, 8}, 10: {5}},
    ],
    ids=["one", "a line", "more branches than columns"],
)
def test_no_two_boxes_lie_on_each_other_and_lines_go_on(links):
    place = chapter_map.places(links)
    assert len(set(place.values())) == len(links) == len(place)
    assert all(place[need] < place[chapter] for chapter in links for need in links[chapter])


def test_the_picture_has_every_chapter_and_links_that_lead_there():
    svg = ElementTree.fromstring(chapter_map.draw(CHAPTERS, "chapters"))
    name = "{http://www.w3.org/2000/svg}"
    links = [a.get("href") for a in svg.iter(f"{name}a")]
    assert links == [f"chapters/{path.stem}.html" for path in CHAPTERS]
    words = re.sub(r"\s+", " ", " ".join(svg.itertext()))
    assert all(chapter_map.title(path) in words for path in CHAPTERS)


def test_the_readmes_map_is_up_to_date():
    """`python -m nnlearn.course.chapter_map` writes it."""
    kept = (course_folder() / ".github" / "map.svg").read_text(encoding="utf-8")
    assert kept == chapter_map.draw(CHAPTERS)
