"""From an exercise and an answer to a result: run the answer, compare it, look for misconceptions."""

import copy
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from nnlearn.exercises.comparison import behaves_like, difference
from nnlearn.exercises.result import Result
from nnlearn.exercises.runner import NotStarted, Outcome, message, prepare, run_case
from nnlearn.exercises.spec import Cases, Exercise, Explain, Function, Misconception, Predict
from nnlearn.exercises.values import Unfit, describe, plain


def grade(exercise: Exercise, answer: Any, seed: int = 0) -> Result:
    """Run the answer on the seed's inputs and judge what it did. Returns a result whatever it does."""
    if isinstance(exercise, Explain):
        said = "When your answer is written, compare it with what a good answer says."
        return Result(exercise, "to read", said, details=tuple(exercise.rubric))
    cases = exercise.make_cases(seed)
    try:
        return judge(exercise, answer, cases, run_answer(exercise, answer, cases, exercise.allows))
    except NotStarted:
        said = "Write your answer where it says YOUR CODE HERE, run that cell, then this one again."
        return Result(exercise, "not started", said)
    except Unfit as problem:
        return Result(exercise, "not yet", str(problem))
    except KeyboardInterrupt:
        said = "It was interrupted before its end. If it ran for long, look for a loop that never stops."
        return Result(exercise, "not yet", said)


def run_answer(
    exercise: Exercise, answer: Any, cases: Cases, allows: Sequence[str] | None = None
) -> dict[str, Outcome]:
    """{case: what the answer did with it}. The learner's, the reference and the misconceptions all run here.

    A learner's may use of `nn` what it `allows`. Raises NotStarted for a stub, Unfit for what cannot be run,
    KeyboardInterrupt; nothing else.
    """
    answer = prepare(answer, getattr(exercise, "signature", ""))
    outcomes = {name: run_case(exercise.beside, answer, inputs, allows) for name, inputs in cases.items()}
    return measured(exercise, cases, outcomes)


def measured(exercise: Exercise, cases: Cases, outcomes: Mapping[str, Outcome]) -> dict[str, Outcome]:
    """The outcomes with what is compared in the place of what the answer gave."""
    return {name: _measured(exercise, inputs, outcomes[name]) for name, inputs in cases.items()}


def _measured(exercise: Exercise, inputs: Mapping[str, Any], outcome: Outcome) -> Outcome:
    if outcome.problem:
        return outcome
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
            value = plain(exercise.after_run(outcome.value, **copy.deepcopy(dict(inputs))))
    except Exception as error:  # what was given is not of the kind that is wanted
        return replace(outcome, value=None, problem=f"gives something that does not fit ({message(error)}).")
    return replace(outcome, value=value)


def judge(exercise: Exercise, answer: Any, cases: Cases, outcomes: Mapping[str, Outcome]) -> Result:
    """Compare the outcomes with the reference's. The learner's code is not run here."""
    expected = run_answer(exercise, exercise.reference, cases)
    told = {name: _wrong(exercise, answer, expected[name], outcomes[name]) for name in cases}
    right, wrong = [name for name in cases if not told[name]], [name for name in cases if told[name]]
    notes = _notes(outcomes[(wrong or right)[0]])
    if not wrong:
        return Result(exercise, "passed", exercise.after, details=tuple(notes), score=exercise.points)
    inputs, text = cases[wrong[0]], told[wrong[0]]
    brief = _wrong(exercise, answer, expected[wrong[0]], outcomes[wrong[0]], reveal=False)
    summary = [f"Works for: {', '.join(right)}."] if right else []
    summary += [f"Not yet for: {', '.join(wrong)}."] if len(cases) > 1 else []
    found = find_misconception(exercise, cases, outcomes)
    return Result(
        exercise,
        "not yet",
        _with(wrong[0], inputs, text),
        brief=_with(wrong[0], inputs, brief),
        hint=found.hint if found else "",
        misconception=found.name if found else "",
        details=(*summary, *notes),
        score=exercise.points * sum(exercise.weights.get(name, 0.0) for name in right),
    )


def find_misconception(
    exercise: Exercise, cases: Cases, outcomes: Mapping[str, Outcome]
) -> Misconception | None:
    """The first misconception that does on every case what the answer did: at the first that differs, on."""

    def alike(wrong: Misconception, name: str) -> bool:
        theirs = run_answer(exercise, wrong.answer, {name: cases[name]})
        return behaves_like(theirs[name], outcomes[name], exercise.rtol, exercise.atol)

    known = (w for w in exercise.misconceptions if all(alike(w, name) for name in cases))
    return next(known, None)


def _with(case: str, inputs: Mapping[str, Any], text: str) -> str:
    return f"With {case}{_shown(inputs)}: {text}" if inputs else text[:1].upper() + text[1:]


def _wrong(
    exercise: Exercise, answer: Any, expected: Outcome, got: Outcome, reveal: bool | None = None
) -> str:
    """What is wrong with one outcome, as the end of a sentence; "" when nothing is.

    What was expected is told where the exercise `reveals` it, or as `reveal` says.
    """
    if got.problem:
        return _failed(exercise, answer, got)
    if got.changed:
        names = ", ".join(f"`{name}`" for name in got.changed)
        return f"your function changes its input {names}. Work on a copy: `{got.changed[0]}.copy()`."
    choices = exercise.choices if isinstance(exercise, Predict) else []
    if choices and not (isinstance(got.value, str) and got.value in choices):
        return f"choose one of {', '.join(map(repr, choices))}; you gave {describe(answer)}."
    tell = exercise.reveals if reveal is None else reveal
    text = difference(expected.value, got.value, exercise.rtol, exercise.atol, tell)
    return text + "." if text else ""


def _failed(exercise: Exercise, answer: Any, got: Outcome) -> str:
    if not isinstance(exercise, Function):
        wanted = describe(exercise.reference, tell=False)
        given = describe(answer, tell=False)
        return f"expected {wanted}, got {given}." if wanted != given else f"it {got.problem}"
    if got.problem.startswith("gives"):
        return f"your function {got.problem}"
    if got.problem.startswith("uses"):
        return f"your function {got.problem}.{f' Look at {got.line}' if got.line else ''}"
    return f"your function stops at {got.line}\n{got.problem}" if got.line else f"it stops with {got.problem}"


def _notes(outcome: Outcome) -> list[str]:
    printed = [f"It printed:\n{outcome.printed}"] if outcome.printed else []
    return printed + ([f"Python warned: {outcome.warned}"] if outcome.warned else [])


def _shown(inputs: Mapping[str, Any]) -> str:
    return f" ({', '.join(f'{name} = {_short(value)}' for name, value in inputs.items())})"


def _short(value: Any) -> str:
    if isinstance(value, np.ndarray):
        text = np.array2string(value, separator=", ", formatter={"float_kind": "{:.4g}".format})
        return " ".join(text.split()) if value.size <= 8 else describe(value)
    text = f"{value:.4g}" if isinstance(value, float) else repr(value)
    return text if len(text) < 60 else describe(value)
