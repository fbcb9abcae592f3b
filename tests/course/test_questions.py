"""The questions for Anki and Moodle: all of them, their formulas, and what is said to wrong answers."""

import csv
import re
import sys
from xml.etree import ElementTree

import nbformat
import pytest
from typer.testing import CliRunner

from nnlearn.course import questions
from nnlearn.course.cli import app
from nnlearn.exercises import Predict
from nnlearn.exercises.notebooks import notebooks
from nnlearn.exercises.spec import chapter_exercises, chapter_modules

CHAPTERS = notebooks("chapters")


def written(tmp_path, name: str, *chapters: str) -> str:
    done = CliRunner().invoke(app, ["questions", str(tmp_path / name), *chapters])
    assert done.exit_code == 0, done.output
    return (tmp_path / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_prediction_and_every_question_to_check_oneself_is_there(path):
    found = questions.questions_of(path)
    cells = nbformat.read(path, as_version=4).cells
    assert sum(q.predict is None for q in found) == sum(c.source.count("<details>") for c in cells) >= 5
    number = path.stem[:2]
    exercises = chapter_exercises(number).values() if number in chapter_modules() else []
    assert [q.predict for q in found if q.predict] == [e for e in exercises if isinstance(e, Predict)]
    for q in found:
        shown = questions.html(q.text) + questions.html(q.answer)
        outside = re.sub(r"<code>.*?</code>", "", shown, flags=re.S)
        assert q.text and q.answer and "$" not in outside and ".ipynb" not in shown, q.name


def test_anki_reads_one_card_a_line(tmp_path):
    lines = written(tmp_path, "cards.txt").splitlines()
    head = [line for line in lines if line.startswith("#")]
    cards = list(csv.reader(lines[len(head) :], delimiter="\t"))
    every = [q for path in CHAPTERS for q in questions.questions_of(path)]
    assert "#guid column:1" in head and "#html:true" in head and len(cards) == len(every)
    assert {len(card) for card in cards} == {4} and len({card[0] for card in cards}) == len(cards)
    assert not any(" " in card[3] for card in cards)  # Anki parts tags at spaces


def test_moodle_says_what_the_notebook_says_to_a_wrong_answer(tmp_path):
    bank = ElementTree.fromstring(written(tmp_path, "bank.xml", "6", "20", "07"))
    asked = bank.findall("question")
    categories = [q.findtext("category/text") for q in asked if q.get("type") == "category"]
    assert [c.rpartition("/")[2][:2] for c in categories] == ["06", "20", "07"]
    choice = next(q for q in asked if (q.findtext("name/text") or "").startswith("06.1"))
    answers = {
        a.findtext("text"): (a.get("fraction"), a.findtext("feedback/text")) for a in choice.findall("answer")
    }
    spec = chapter_exercises("06")["06.1"]
    assert choice.get("type") == "multichoice" and set(answers) == set(spec.choices)
    assert [word for word, (share, _) in answers.items() if share == "100"] == [spec.reference]
    for wrong in spec.misconceptions:
        assert answers[wrong.answer] == ("0", questions.html(wrong.hint))
    number = next(q for q in asked if (q.findtext("name/text") or "").startswith("20.1"))
    right = number.find("answer[@fraction='100']")
    assert number.get("type") == "numerical" and right.findtext("text") == "4"
    assert 0 < float(right.findtext("tolerance")) < 0.01
    essays = [q for q in asked if q.get("type") == "essay"]
    assert essays and all(q.findtext("graderinfo/text") for q in essays)


def test_formulas_tables_and_signs_survive():
    shown = questions.html(
        "If $a < b$:\n\n$$\\frac{a}{b}$$\n\n| x | y |\n|---|---|\n| 1 | `p & q` |\n\n[ch](../c.ipynb#x)"
    )
    assert r"\(a &lt; b\)" in shown and r"\[\frac{a}{b}\]" in shown and "<td>1</td>" in shown
    assert "p &amp; q" in shown and "<p>ch</p>" in shown


@pytest.mark.parametrize(
    "given, said",
    [
        (["cards.doc"], "expected a name in .txt, for Anki, or in .xml, for Moodle"),
        (["c.txt", "99"], "no chapter '99'"),
    ],
)
def test_a_wrong_file_or_chapter_is_told(tmp_path, monkeypatch, given, said):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["questions", *given])
    assert done.exit_code == 1 and said in done.output and not list(tmp_path.iterdir())


def test_a_missing_package_is_named_with_the_way_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "markdown_it", None)
    done = CliRunner().invoke(app, ["questions", str(tmp_path / "cards.txt"), "06"])
    assert done.exit_code == 1 and "this needs markdown-it" in done.output and "nnlearn[teach]" in done.output
