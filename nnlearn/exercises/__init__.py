"""Exercises that tell at once what is right, what is not, and why.

from nnlearn.exercises import check
check("01.2", neuron)
"""

import os
from pathlib import PurePath
from typing import Any

from nnlearn.exercises.judge import grade
from nnlearn.exercises.records import record
from nnlearn.exercises.renumbering import refusal
from nnlearn.exercises.result import Result
from nnlearn.exercises.spec import Exercise, Explain, Function, Predict, Value, edit, find_exercise

__all__ = ["Exercise", "Explain", "Function", "Predict", "Result", "Value", "check", "edit", "grade"]


def check(exercise_id: str, answer: Any = ...) -> Result:
    """Check an answer, as in check("01.2", neuron): what is right, what is not, and a hint if there is one.

    Works offline, takes no longer than your answer does, gives the same result every time, and never raises.
    """
    if said := refusal(PurePath(os.environ.get("JPY_SESSION_NAME", "")).stem):  # the notebook, in JupyterLab
        return Result(None, "unknown", said)
    try:
        exercise = find_exercise(exercise_id)
    except LookupError as error:
        return Result(None, "unknown", str(error.args[0]))
    result = grade(exercise, answer)
    if result.status != "not started":
        record(exercise.id, bool(result))
    return result
