"""The glossary holds the standard terms, each where its chapter first uses it."""

import re

import nbformat
import pytest
from typer.testing import CliRunner

from nnlearn.course import glossary
from nnlearn.course.cli import app
from nnlearn.exercises.notebooks import notebooks

CHAPTERS = notebooks("chapters")
NUMBERS = r"chapters? \d+(?:(?:,| and| to) \d+)*"


def prose(path) -> str:
    """A chapter's text cells as one line, without marks and capitals."""
    cells = nbformat.read(path, as_version=4).cells
    text = " ".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return " ".join(re.sub(r"[*`_]", "", text).casefold().split())


def misplaced(text: str, names: list[str], chapters: dict[int, str]) -> list[tuple[str, str]]:
    """(term, reference) where a term stands beside a chapter's number, as in "chapter 9's clipping" or
    "clipping (chapter 9)", and that chapter's prose does not hold it. The last word of a term will do."""
    beside = [
        (numbers, rf"(?:{re.escape(name)})s?\b", words, re.match)
        for numbers, words in re.findall(rf"({NUMBERS})'s ([^.;:,()]+)", text)
        for name in names
    ] + [
        (numbers, rf"\b{re.escape(name.split()[-1])}s?$", words, re.search)
        for words, numbers in re.findall(rf"([^.;:,()]+) \([^()]*?\b({NUMBERS})[^()]*\)", text)
        for name in names
    ]
    found = [(numbers, hit.group()) for numbers, what, words, look in beside if (hit := look(what, words))]
    return [
        (term, numbers)
        for numbers, term in found
        if not any(term.removesuffix("s") in chapters.get(int(k), "") for k in re.findall(r"\d+", numbers))
    ]


def said(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["glossary", *words])
    return done.exit_code, done.output


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_each_term_stands_in_bold_where_its_chapter_explains_it(path):
    cells = nbformat.read(path, as_version=4).cells
    text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    before = re.sub(r"`[^`]*`", "", text.partition("### Terms\n")[0])
    before = " ".join(before.split()).casefold()
    found = glossary.terms_of(path)
    assert 6 <= len(found) <= 24, f"{path.stem}: {len(found)} terms under ### Terms"
    bold = set(re.findall(r"\*\*(.+?)\*\*", before))
    absent = [term.name for term in found if not {term.name.casefold(), f"{term.name.casefold()}s"} & bold]
    assert not absent, f"{path.stem}: not in bold before the table: {absent}"


def test_no_term_is_introduced_twice():
    names = [term.name.casefold() for term in glossary.terms()]
    assert len(names) == len(set(names)), sorted({name for name in names if names.count(name) > 1})


def test_a_term_beside_a_chapters_number_stands_in_that_chapter():
    names = [term.name.casefold() for term in glossary.terms()]
    chapters = {int(path.stem[:2]): prose(path) for path in CHAPTERS}
    strange = [(k, *found) for k, text in chapters.items() for found in misplaced(text, names, chapters)]
    assert not strange, f"(in chapter, term, said to stand in): {strange}"


@pytest.mark.parametrize(
    "text",
    [
        "clipping (pascanu and others, 2013; chapter 2) shortens",
        "so we take chapter 2's finite difference: how",
    ],
)
def test_a_term_beside_the_number_of_another_chapter_is_found(text):
    names = ["gradient clipping", "finite difference"]
    assert misplaced(text, names, {1: "gradient clipping, a finite difference", 2: "momentum"})
    assert not misplaced(
        text.replace("chapter 2", "chapters 1 and 2"), names, {1: "clipping, a finite difference"}
    )


def test_the_command_tells_what_a_term_means():
    term = glossary.terms()[0]
    assert said(term.name.upper()) == (0, f"{term.name} (chapter {term.chapter[:2]}): {term.meaning}\n")
    status, text = said()
    assert status == 0 and len(text.splitlines()) == len(glossary.terms())


def test_a_part_of_a_term_finds_all_that_hold_it():
    status, text = said("descent")
    assert status == 0 and len(text.splitlines()) > 1
    assert all("descent" in line.partition(" (")[0].casefold() for line in text.splitlines())


@pytest.mark.parametrize("word", ["activaton", "zzz", " "])
def test_a_word_that_is_not_there(word):
    status, text = said(word)
    assert status == 1 and "the glossary has no" in text
    assert ("did you mean" in text) == (word == "activaton")
