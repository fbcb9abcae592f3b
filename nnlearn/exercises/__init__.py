"""Exercises that tell at once what is right, what is not, and why.

from nnlearn.exercises import check
check("01.2", neuron)
"""

import threading
from dataclasses import replace
from typing import Any

from nnlearn.exercises.essays import in_this_folder, open_notebook, words_of
from nnlearn.exercises.ids import chapter_of, place
from nnlearn.exercises.judge import as_text, grade
from nnlearn.exercises.limit import SECONDS, WAITING, time_limit
from nnlearn.exercises.records import HONEST, record, recorded, wrong_answers
from nnlearn.exercises.renumbering import refusal
from nnlearn.exercises.result import Result
from nnlearn.exercises.spec import (
    Exercise,
    Explain,
    Function,
    Predict,
    Value,
    chapter_exercises,
    edit,
    find_exercise,
)

__all__ = ["Exercise", "Explain", "Function", "Predict", "Result", "Value", "check", "edit", "grade"]


_one_at_a_time = threading.RLock()  # what is printed meanwhile is the answer's


def check(exercise_id: str, answer: Any = ...) -> Result:
    """Check an answer, as in check("01.2", neuron): what is right, what is not, and a hint if there is one.

    Works offline, gives the same result every time, and never raises. An answer that runs for more than 40
    seconds of the processor is stopped, unless it waits within one call of compiled code. Of what an answer
    fails on, `check(…).case` is the first input. To a question answered in words, it sets the points of a
    good answer beside yours, once there is one in its cell and the notebook is saved; or give the words
    themselves.
    """
    try:
        with _one_at_a_time:
            return _checked(exercise_id, answer)
    except BaseException as error:  # an object that fails when it is looked at, even with SystemExit
        kind = type(error).__name__
        return Result(None, "not yet", f"Your answer cannot be looked at: that ends with {kind}.")


def _checked(exercise_id: str, answer: Any) -> Result:
    notebook = open_notebook()
    if said := refusal(notebook.stem):
        return Result(None, "unknown", said)
    try:
        exercise = find_exercise(exercise_id)
    except LookupError as error:
        return Result(None, "unknown", str(error.args[0]))
    if isinstance(exercise, Explain) and answer is ...:
        saved = notebook if notebook.name else in_this_folder(chapter_of(exercise.id))
        answer = words_of(exercise.grade_id, saved)
    text = ""
    try:
        with time_limit() as limit:
            result = grade(exercise, answer)
            text = as_text(answer)
    except KeyboardInterrupt:  # it came when the answer had already ended
        result = Result(exercise, "not yet", "It was interrupted.")
    if limit.used_up:
        result = Result(exercise, "not yet", _TOO_LONG)
    unwritten = isinstance(exercise, Explain) and not result.details
    if result.status != "not started" and not unwritten:
        judged = result.case is not None and result.case.got is not None
        record(exercise.id, bool(result), text, judged)
    return replace(result, standing=_standing(exercise, result)) if notebook.name else result


def _standing(exercise: Exercise, result: Result) -> str:
    """Of what is passed, how many of the chapter are solved, and which comes next; else the way to ours."""
    if not result:
        tried = wrong_answers(exercise.id)
        way = f"{tried} different answers tried: `nnlearn solution {exercise.id}` shows ours beside yours"
        return way if result.status == "not yet" and tried >= HONEST else ""
    known, chapter = recorded(), chapter_exercises(chapter_of(exercise.id))
    graded = [one for one in chapter.values() if one.graded]
    open_ = [one for one in graded if known.get(one.id) != "passed"]
    later = [one for one in open_ if place(one.id) > place(exercise.id)] or open_
    following = f"next: {later[0].id} {later[0].title}" if later else "the chapter is done"
    return f"{len(graded) - len(open_)} of {len(graded)} · {following}"


_TOO_LONG = (
    f"It was stopped after {SECONDS} seconds of the processor, or {WAITING // 60} minutes of waiting. Look "
    "for a loop that never stops; a training has to be shorter: fewer steps, or a smaller network."
)
