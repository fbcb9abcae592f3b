"""The graders of every chapter: specification and notebook agree, right passes, wrong is told why.

Driven by the folders: each solutions/NN_name.ipynb with its nnlearn/exercises/chapters/chNN.py.
"""

import contextlib
import functools
import io
import linecache
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest

from nnlearn.course.notebooks import student_version
from nnlearn.exercises import Exercise, Function, Predict, grade
from nnlearn.exercises.ids import CHAPTER
from nnlearn.exercises.judge import fault, run_answer
from nnlearn.exercises.runner import NotStarted, Outcome
from nnlearn.exercises.spec import Cases, chapter_exercises, chapter_modules
from nnlearn.exercises.values import Unfit, plain
from tests.exercises.equivalents import EQUIVALENT
from tests.support import ROOT
from tests.support.mutations import mutants

SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))
SEEDS = range(5)
NO_PROGRAM = ("TypeError", "UFuncTypeError", "NameError", "UnboundLocalError")
SHARE = 0.995  # of a chapter's mutants, to be rejected at least
# What runs a training within a budget. Asked is a bar: a mutant that trains its way to it is right.
TRAININGS = {
    "within_budget",
    "losses_within_budget",
    "asked_again",
    "with_fifty_steps",
    "without_the_seed",
    "against_a_critic",
}


@dataclass(frozen=True)
class Answer:
    """A graded answer of a notebook: what its cell says, and what the cells before it have defined."""

    exercise: Exercise
    points: float
    source: str
    expression: str  # of check("01.2", expression)
    before: dict[str, Any]

    def value(self, source: str | None = None) -> Any:
        """The answer as its cell gives it, or as the cell would with another source."""
        scope = dict(self.before)
        _execute(source or self.source, scope, f"<answer {self.exercise.id}>")
        return eval(self.expression, scope)


def _execute(source: str, scope: dict[str, Any], name: str) -> None:
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    exec(compile(source, name, "exec"), scope)


@functools.cache
def answers(path: Path) -> dict[str, Answer]:
    """{id: answer} of every graded code cell of a notebook, which is run up to the last of them."""
    notebook = nbformat.read(path, as_version=4)
    checks = [
        k
        for k, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade")
    ]
    del notebook.cells[checks[-1] + 1 :]  # reports; they run with the notebook itself
    return read_answers(notebook, chapter_exercises(path.name[:2]))


@functools.cache
def untouched(path: Path) -> dict[str, Answer]:
    """The same of the student's notebook, in which nothing is answered yet: it runs from top to bottom."""
    student = nbformat.reads(student_version(path), as_version=4)
    return read_answers(student, chapter_exercises(path.name[:2]))


def read_answers(notebook: nbformat.NotebookNode, exercises: dict[str, Exercise]) -> dict[str, Answer]:
    scope: dict[str, Any] = {"__name__": "notebook"}
    cells: dict[str, tuple[str, dict[str, Any]]] = {}
    found: dict[str, Answer] = {}
    for k, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        data = cell.metadata.get("nbgrader", {})
        if not data.get("grade"):
            if data.get("solution"):
                cells[data["grade_id"]] = cell.source, dict(scope)
            with contextlib.redirect_stdout(io.StringIO()):
                _execute(cell.source, scope, f"<cell {k}>")
            continue
        match = re.fullmatch(rf'check\("({CHAPTER}\.\d+)", (.+)\)', cell.source.strip())
        assert match, f'cell {k}: a graded cell is one line, check("NN.k", answer); this is {cell.source!r}'
        exercise_id, expression = match.groups()
        assert exercise_id in exercises, f"cell {k}: exercise {exercise_id} has no specification"
        exercise = exercises[exercise_id]
        assert data["grade_id"] == exercise.grade_id + "-check", f"cell {k}: grade_id is {data['grade_id']}"
        assert exercise.grade_id in cells, f"cell {k}: no cell {exercise.grade_id} with the solution above"
        source, before = cells[exercise.grade_id]
        found[exercise_id] = Answer(exercise, data["points"], source, expression, before)
    return found


def graded_ids() -> list[tuple[Path, str]]:
    return [
        (path, exercise.id)
        for path in SOLUTIONS
        if path.name[:2] in chapter_modules()
        for exercise in chapter_exercises(path.name[:2]).values()
        if exercise.graded
    ]


every_solution = pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
every_grader = pytest.mark.parametrize(
    ("path", "exercise_id"), graded_ids(), ids=lambda x: x.stem if isinstance(x, Path) else x
)


def test_every_chapter_of_exercises_has_its_notebook():
    assert chapter_modules() == [path.name[:2] for path in SOLUTIONS]


@every_solution
def test_specification_and_notebook_agree(path):
    exercises = chapter_exercises(path.name[:2])
    graded = {e.id: e.points for e in exercises.values() if e.graded}
    assert {i: a.points for i, a in answers(path).items()} == graded, (
        "nbgrader's points, and those of the headings"
    )
    read = {
        cell.metadata.nbgrader.grade_id: cell.metadata.nbgrader.points
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "markdown" and cell.metadata.get("nbgrader", {}).get("grade")
    }
    assert read == {e.grade_id: e.points for e in exercises.values() if not e.graded}, "cells a person reads"
    untold = [name for e in exercises.values() for name in e.allows if f"`nn.{name}" not in e.question]
    assert not untold, "what a task allows of nn, it names"
    assert len(exercises) >= 6, "at least six exercises"
    assert len(graded) >= 4, "at least four that the computer grades"
    assert [e.id for e in exercises.values()] == [f"{path.name[:2]}.{k + 1}" for k in range(len(exercises))]


@every_solution
def test_the_students_notebook_is_what_is_generated(path):
    committed = (ROOT / "exercises" / path.name).read_text(encoding="utf-8")
    assert committed == student_version(path), "run `nnlearn make-exercises`"
    assert "SOLUTION" not in committed


@every_grader
def test_grader(path, exercise_id, record_property):
    record_property("checked", f"grader {exercise_id}")
    answer = answers(path)[exercise_id]
    hold_to_account(answer)
    drawn = [repr(plain({**answer.exercise.make_cases(seed)})) for seed in (0, 1)]
    its_own = drawn[0] != drawn[1] or not isinstance(answer.exercise, Function)
    assert its_own, "an attempt's inputs are its own: draw some from rng"
    assert grade(answer.exercise, untouched(path)[exercise_id].value()).status == "not started"


def hold_to_account(answer: Answer) -> None:
    """All that is asked of one exercise's specification, given a right answer."""
    exercise = answer.exercise
    for seed in SEEDS:
        result = grade(exercise, answer.value(), seed)
        assert result and result.score == exercise.points, f"seed {seed}: the solution fails\n{result}"
    _inputs_are_data_and_come_from_the_seed(exercise)
    hints = [wrong.hint for wrong in exercise.misconceptions]
    assert len(set(hints)) == len(hints), "two misconceptions share a hint"
    if isinstance(exercise, Predict) and exercise.choices:
        assert len(exercise.choices) == 1 + len(hints) == len(set(exercise.choices))
    else:
        assert len(hints) >= 3, "at least three misconceptions"
    for wrong in exercise.misconceptions:
        for seed in SEEDS:
            result = grade(exercise, wrong.answer, seed)
            assert result.status == "not yet", f"{wrong.name!r}, seed {seed}: {result}"
            assert result.hint == wrong.hint, f"{wrong.name!r}, seed {seed}, gets another hint:\n{result}"
    assert not grade(exercise, None) and not grade(exercise, object())


def _inputs_are_data_and_come_from_the_seed(exercise: Exercise) -> None:
    cases = exercise.make_cases(0)
    np.testing.assert_equal(
        plain({**exercise.make_cases(0)}), plain({**cases})
    )  # raises if they are not data
    assert set(exercise.weights) <= set(cases), "weights for cases that there are"
    if isinstance(exercise, Function):
        assert exercise.signature, "the cell of the answer defines no function of the name that is checked"
    used = set(getattr(exercise.run, "__code__", exercise.run).co_names) & set(exercise.run.__globals__)
    assert used <= {"np"}, (
        f"run uses {used - {'np'}}: in a grader's sandbox there is NumPy and the answer alone"
    )


@pytest.mark.parametrize(
    "path", [p for p in SOLUTIONS if p.name[:2] in chapter_modules()], ids=lambda p: p.stem
)
def test_small_mutations_of_the_solutions_are_rejected(path, record_property):
    survivors, total = [], 0
    for answer in answers(path).values():
        if answer.exercise.run.__name__ in TRAININGS:
            continue
        alive, count = mutate(answer)
        total += count
        survivors += [f"{answer.exercise.id}: {line}" for line in alive]
    share = 1 - len(survivors) / max(total, 1)
    said = f"mutants of solutions/{path.name} rejected: {total - len(survivors)} of {total} ({share:.1%})"
    said = "\n  survived: ".join([said, *survivors])
    record_property("measured", said)
    assert share >= SHARE, said


def mutate(answer: Answer) -> tuple[list[str], int]:
    """(the lines that are wrong and pass, how many were tried), those that crash everywhere left out."""
    began = time.process_time()
    assert grade(answer.exercise, answer.value())
    limit = 0.25 + 10 * (time.process_time() - began)
    alive, count = [], 0
    every = mutants(answer.source)
    equivalent = EQUIVALENT.get(answer.exercise.id, {})
    cases = answer.exercise.make_cases()
    expected = run_answer(answer.exercise, answer.exercise.reference, cases)
    unknown = set(equivalent) - set(every)
    assert not unknown, f"{answer.exercise.id}: no mutation gives the equivalent line {unknown}"
    for line, source in every.items():
        if line in equivalent:
            continue
        verdict = judge_mutant(answer, source, cases, expected, limit)
        count += verdict != "broken"
        alive += [line] if verdict == "passed" else []
    return alive, count


def judge_mutant(
    answer: Answer, source: str, cases: Cases, expected: dict[str, Outcome], limit: float
) -> str:
    """ "passed", "rejected", or "broken" if it is no program that a learner would leave as it is."""
    try:
        with time_limit(limit), np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
            value, crashes = answer.value(source), 0
            for name in cases:  # the first that tells is enough
                got = run_answer(answer.exercise, value, {name: cases[name]})[name]
                if got.problem.startswith(NO_PROGRAM):
                    crashes += 1
                elif fault(answer.exercise, value, expected[name], got):
                    return "rejected"
        return "broken" if crashes == len(cases) else "rejected" if crashes else "passed"
    except (TimeoutError, NotStarted, Unfit):
        return "rejected"
    except Exception:
        return "broken"


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Of the processor: on a busy machine a mutant has as many steps as on a quiet one.

    A signal that strikes in a finaliser or in a callback of the collector is lost there, and only reported:
    the timer strikes again, and that report is left out.
    """

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    def report(unraisable: Any) -> None:
        if unraisable.exc_type is not KeyboardInterrupt:
            reported(unraisable)

    before, reported = signal.signal(signal.SIGPROF, stop), sys.unraisablehook
    sys.unraisablehook = report
    signal.setitimer(signal.ITIMER_PROF, seconds, 0.25)
    try:
        yield
    except KeyboardInterrupt:
        raise TimeoutError from None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        sys.unraisablehook = reported


def test_a_time_limit_that_strikes_in_a_finaliser_strikes_again() -> None:
    class Slow:
        def __del__(self) -> None:
            spin(lambda: struck == [])

    def spin(go_on: Callable[[], bool]) -> None:
        try:
            while go_on():
                pass
        except KeyboardInterrupt:
            struck.append(True)
            raise

    struck: list[bool] = []
    with pytest.raises(TimeoutError), time_limit(0.05):
        slow = Slow()
        del slow
        spin(lambda: True)
    assert struck == [True, True]
