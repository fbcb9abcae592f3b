"""What was made before chapter 03 came in keeps its worth under the numbers of now."""

import json
import sqlite3

import pytest

from nnlearn.classroom.store import Store
from nnlearn.classroom.submissions import collect
from nnlearn.exercises import check, records
from nnlearn.exercises.renumbering import former_name, moved_notebooks, renumber, renumbered
from nnlearn.exercises.spec import chapter_exercises
from tests.support import ROOT
from tests.support.classroom import graded
from tests.support.small_course import before_renumbering

OF_VERSION_1 = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE grades (
    student TEXT, exercise TEXT, submission TEXT, spec TEXT,
    status TEXT NOT NULL, score REAL, points REAL NOT NULL,
    message TEXT, hint TEXT, misconception TEXT, details TEXT, isolated INTEGER,
    PRIMARY KEY (student, exercise, submission, spec)
) WITHOUT ROWID;
CREATE TABLE handed_in (
    student TEXT, chapter TEXT, submission TEXT, spec TEXT, PRIMARY KEY (student, chapter)
) WITHOUT ROWID;
"""


def test_ids():
    ids = ["01.2", "02.9", "03.1", "09-10", "17.3", "18.1", "04.2.passed", "", "here"]
    assert [renumbered(name) for name in ids] == [
        "01.2", "02.9", "04.1", "10-10", "18.3", "18.1", "05.2.passed", "", "here"
    ]  # fmt: skip


def test_names_of_notebooks():
    moved = moved_notebooks()
    assert moved["03_layers"] == "04_layers" and moved["17_gan"] == "18_gan" and len(moved) == 15
    assert former_name("03_layers (1)") == former_name("03_layers.new") == "03_layers"
    assert not any(map(former_name, ["04_layers", "03_layers_of_mine", "01_neuron", "03_slopes", "", "x"]))


@pytest.mark.parametrize("name", ["03_layers", "09_training", "17_gan"])
def test_a_notebook_gets_its_numbers_of_now(name):
    source = ROOT / "solutions" / f"{moved_notebooks()[name]}.ipynb"
    old = before_renumbering(source)
    assert old != source.read_text(encoding="utf-8")
    mended = json.loads(renumber(old.encode(), name))
    cells = json.loads(source.read_text(encoding="utf-8"))["cells"]
    assert [cell["source"] for cell in mended["cells"]] == ["".join(cell["source"]) for cell in cells]
    assert [cell["metadata"] for cell in mended["cells"]] == [cell["metadata"] for cell in cells]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"cells": 3}', b'{"cells": [{"source": 3}]}'])
def test_what_is_no_notebook_stays_as_it_is(content):
    assert renumber(content, "03_layers") == content


def test_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("NNLEARN_HOME", str(tmp_path))
    (tmp_path / "progress").mkdir()
    for name in ("02.1.passed", "03.1.passed", "04.1.tried", "17.2.passed"):
        (tmp_path / "progress" / name).touch()
    now = {"02.1": "passed", "04.1": "passed", "05.1": "tried", "18.2": "passed"}
    assert records.recorded() == now and records.recorded() == now
    records.record("03.1", passed=True)
    assert records.recorded() == {**now, "03.1": "passed"}
    assert len(list((tmp_path / "progress").iterdir())) == 4, "an older nnlearn finds what it left"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["progress", "progress-2"]


def test_a_store_of_grades(tmp_path):
    path = tmp_path / "grades.sqlite"
    secret = b"of the class"
    with sqlite3.connect(path) as db:
        db.executescript(OF_VERSION_1)
        db.executemany("INSERT INTO meta VALUES (?, ?)", [("version", 1), ("secret", secret)])
        for chapter in ("02", "03", "04", "17"):
            key = ("ada", f"{chapter}.1", f"hash {chapter}", "spec")
            told = ("passed", 1.0, 1.0, "", "", "", "[]", 1)
            db.execute("INSERT INTO grades VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", key + told)
            db.execute("INSERT INTO handed_in VALUES ('ada', ?, ?, 'spec')", (chapter, f"hash {chapter}"))
    db.close()
    for _ in range(2):  # the second time nothing is left to do
        store = Store(path)
        assert [(g.exercise, g.submission) for g in store.grades()] == [
            ("02.1", "hash 02"), ("04.1", "hash 03"), ("05.1", "hash 04"), ("18.1", "hash 17")
        ]  # fmt: skip
        assert store.secret == secret
        store.close()


def test_a_notebook_handed_in_under_its_former_number(tmp_path):
    for student, name in (("ada", "03_layers"), ("bob", "04_layers"), ("cem", "04_activations (1)")):
        (tmp_path / student).mkdir()
        stem = name.partition(" ")[0]
        source = ROOT / "solutions" / f"{moved_notebooks().get(stem, stem)}.ipynb"
        text = before_renumbering(source) if stem in moved_notebooks() else source.read_text(encoding="utf-8")
        (tmp_path / student / f"{name}.ipynb").write_text(text, encoding="utf-8")
    found = collect(tmp_path).attempts
    assert [(a.student, a.chapter, a.former) for a in found] == [
        ("ada", "04", True), ("bob", "04", False), ("cem", "05", True)
    ]  # fmt: skip
    for attempt in found:
        every = chapter_exercises(attempt.chapter)
        grades = graded(tmp_path / attempt.file, *every)
        assert {grade.status for grade in grades} == {"passed", "to read"}, grades


def test_the_same_chapter_under_both_numbers_is_two_attempts(tmp_path):
    (tmp_path / "ada").mkdir()
    for name in ("03_layers", "04_layers"):
        (tmp_path / "ada" / f"{name}.ipynb").write_text("{}")
    found = collect(tmp_path).attempts
    assert {(a.student, a.chapter, a.file) for a in found} == {
        ("ada", "04", "ada/03_layers.ipynb"), ("ada", "04", "ada/04_layers.ipynb")
    }  # fmt: skip


def test_check_refuses_a_notebook_with_its_former_number(monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "course/exercises/03_layers.ipynb")
    said = str(check("03.1", 1))
    assert "03_layers.ipynb is numbered as it was before" in said and "it is 04_layers now" in said
    monkeypatch.setenv("JPY_SESSION_NAME", "course/exercises/04_layers.ipynb")
    assert "numbered" not in str(check("01.1", "half"))
