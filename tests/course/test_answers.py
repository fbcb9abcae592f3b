"""`nnlearn solution` and `nnlearn review`: ours beside yours when it is time, and again some days later."""

import os
import time
from pathlib import Path

import nbformat
import pytest
from typer.testing import CliRunner

from nnlearn.course.answers import DAYS, due, ours
from nnlearn.course.cli import app
from nnlearn.exercises import check, records
from nnlearn.exercises.review import review
from nnlearn.exercises.spec import find_exercise

DAY = 86400


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("NNLEARN_HOME", str(tmp_path / "home"))


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "160"})
    return done.exit_code, done.output


def wrong(k: int):
    return lambda *inputs: float(k)


def test_ours_is_shown_after_three_different_answers():
    for answer in (([9, 9], 9.0), ([9, 9], 9.0), ([9, 9], -99.0), "no weights", 7):
        check("01.2", answer)
    code, said = run("solution", "01.2")
    assert code == 1 and "2 of 3 different answers so far" in said
    check("01.2", ([-9, -9], 0.0))
    code, said = run("solution", "01.2")
    assert code == 0 and "[-9, -9]" in said
    assert all(line in said for line in ours(find_exercise("01.2")).splitlines())


def test_ours_is_shown_beside_yours_after_a_pass_and_a_later_mistake_does_not_hide_it():
    exercise = find_exercise("02.6")
    assert check("02.6", exercise.reference)
    check("02.6", 0)
    code, said = run("solution", "02.6")
    assert code == 0 and exercise.title in said and "yours" in said
    assert records.last_answer("02.6").strip().startswith("def ")


def test_an_essay_is_set_beside_its_points_once_it_is_written():
    assert "write your answer first" in run("solution", "02.9")[1]
    check("02.9", "These are five honest words.")
    code, said = run("solution", "02.9")
    assert code == 0 and "five honest words" in said and "•" in said


def test_words_are_shown_as_they_are():
    check("02.9", "It holds [/b] for x[i] and [bold]all of it.")
    assert "It holds [/b] for x[i] and [bold]all of it." in run("solution", "02.9")[1]


def test_a_folder_that_cannot_be_read_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("NNLEARN_HOME", str(tmp_path / ("long" * 100)))
    code, said = run("progress")
    assert code == 0 and "Progress cannot be kept" in said


@pytest.mark.parametrize("name", ["99.1", "", "x"])
def test_an_unknown_exercise_is_told(name):
    code, said = run("solution", name)
    assert code == 1 and "There is no exercise" in said


def passed_days_ago(exercise_id: str, days: float) -> None:
    then = time.time() - days * DAY
    os.utime(records.folder() / f"{exercise_id}.passed", (then, then))


def test_what_was_solved_comes_back_at_growing_distances(tmp_path: Path):
    exercise = find_exercise("02.6")
    assert check("02.6", exercise.reference) and check("02.1", find_exercise("02.1").reference)
    code, said = run("review", "--out", tmp_path / "review.ipynb")
    assert code == 1 and "nothing is due: 2 exercises are solved" in said
    for times, days in enumerate(DAYS):
        passed_days_ago("02.6", days - 0.1)
        assert due(time.time()) == []
        passed_days_ago("02.6", days + 0.1)
        assert [e.id for e in due(time.time())] == ["02.6"]
        assert not review("02.6", wrong(1), seed=times) and records.reviews("02.6") == times
        for _ in range(3):
            assert review("02.6", exercise.reference, seed=times) and records.reviews("02.6") == times + 1
    assert "nnlearn review" not in run("progress")[1]
    passed_days_ago("02.6", DAYS[-1] + 1)
    assert "To solve once more, so that it stays: 1 (nnlearn review)" in run("progress")[1]


def test_a_review_is_a_notebook_with_new_inputs_and_no_solution(tmp_path: Path):
    out = tmp_path / "review.ipynb"
    check("02.6", find_exercise("02.6").reference)
    passed_days_ago("02.6", 2)
    assert run("review", "--out", out) == (0, f"{out}: 02.6\n")
    cells = nbformat.read(out, as_version=4).cells
    text = "\n".join(cell.source for cell in cells)
    assert "YOUR CODE HERE" in text and "SOLUTION" not in text and "## 02.6 " in text
    for cell in cells:
        if cell.cell_type == "code":
            compile(cell.source, "cell", "exec")
    assert "review(" in cells[-1].source and "seed=" in cells[-1].source
    out.write_text("mine")
    code, said = run("review", "--out", out)
    assert code == 1 and "is there already" in said and out.read_text() == "mine"
