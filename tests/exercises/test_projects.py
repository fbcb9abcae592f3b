"""The projects: examples at three levels, handed in as a class hands in, and graded in the sandbox.

solutions/PN_name.ipynb is the excellent one; solutions/levels/good and …/poor hold the others, laid out as a
folder of submissions.
"""

from pathlib import Path

import nbformat
import pytest

from nnlearn.classroom.submissions import collect
from nnlearn.exercises.spec import chapter_exercises, find_exercise
from tests.support import ROOT
from tests.support.classroom import graded

LEVELS = ROOT / "solutions" / "levels"
PROJECTS = sorted((ROOT / "solutions").glob("P[0-9]_*.ipynb"))
every_project = pytest.mark.parametrize("path", PROJECTS, ids=lambda path: path.stem)

# What the lower levels are told where they do not pass: {exercise: (misconception, share of the points)}.
TOLD = {
    "P1_table": {
        "good": {"P1.4": ("each measurement for itself", 0.4)},
        "poor": {
            "P1.1": ("rows are shuffled", 0),
            "P1.3": ("rates along a ruler", 0),
            "P1.4": ("scaled by those who wait", 0),
            "P1.5": ("every row for itself", 0),
        },
    },
    "P2_pictures": {
        "good": {"P2.4": ("reads what lies in the middle", 0.4)},
        "poor": {
            "P2.1": ("rolled", 0),
            "P2.2": ("numbers of pictures", 0),
            "P2.3": ("differences", 0),
            "P2.4": ("scaled by those that wait", 0),
            "P2.5": ("stops at the first", 0),
        },
    },
    "P3_texts": {
        "good": {"P3.4": ("counts the words", 0.4)},
        "poor": {
            "P3.1": ("blanks for words not known", 0),
            "P3.2": ("counts, not shares", 0),
            "P3.3": ("blanks are words", 0),
            "P3.4": ("a threshold from those that wait", 0),
            "P3.5": ("accuracy", 0),
        },
    },
}


def levels(path: Path) -> dict[str, Path]:
    return {"excellent": path} | {level: LEVELS / level / path.name for level in ("good", "poor")}


def cells(path: Path) -> dict[str, str]:
    """{the place or the name of a cell: its source}, without what a learner writes."""
    found = {}
    for k, cell in enumerate(nbformat.read(path, as_version=4).cells):
        data = cell.metadata.get("nbgrader", {})
        found[data.get("grade_id", str(k))] = "" if data.get("solution") else cell.source
    return found


@every_project
def test_levels_are_answers_to_the_same_questions(path):
    assert {p.name for folder in LEVELS.iterdir() for p in folder.iterdir()} == {p.name for p in PROJECTS}
    for level, file in levels(path).items():
        assert cells(file) == cells(path), level


@every_project
def test_levels_are_graded_in_their_order_and_told_why(path):
    exercises = {e.id: e for e in chapter_exercises(path.name[:2]).values() if e.graded}
    points = {}
    for level, file in levels(path).items():
        told = TOLD[path.stem].get(level, {})
        grades = {grade.exercise: grade for grade in graded(file, *exercises)}
        for name, exercise in exercises.items():
            misconception, share = told.get(name, ("", 1))
            got = grades[name].misconception, grades[name].score
            assert got == (misconception, pytest.approx(share * exercise.points)), f"{level}, {name}: {got}"
        earned, most = (sum(x.score for x in grades.values()), sum(e.points for e in exercises.values()))
        points[level] = earned / most
    assert points["excellent"] == 1 and 0.5 <= points["good"] <= 0.85 and points["poor"] <= 0.35, points


def test_the_levels_are_a_folder_of_submissions():
    found = collect(LEVELS)
    assert {(a.student, a.chapter, a.exact) for a in found.attempts} == {
        (level, path.name[:2], True) for level in ("good", "poor") for path in PROJECTS
    }
    assert not found.left_out


def test_a_project_is_found_by_its_number():
    assert find_exercise("P1.2").grade_id == "P1-2"
    with pytest.raises(LookupError, match=r"There is no exercise 'P1\.99'\. P1 has P1\.1, P1\.2"):
        find_exercise("P1.99")
