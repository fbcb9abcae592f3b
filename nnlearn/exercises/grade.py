"""From an exercise and an answer to a result: run the answer, compare it, look for misconceptions."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .compare import behaves_like, difference
from .result import Result
from .run import NotStarted, Outcome, Unfit, describe, look_at, run_case
from .spec import Cases, Exercise, Explain, Function, Predict, Value


def grade(exercise: Exercise, answer: Any, seed: int = 0) -> Result:
    """Run the answer on the seed's inputs and judge what it did. Returns a result whatever it does."""
    if isinstance(exercise, Explain):
        said = "Read by a person. When yours is written, compare it: a good answer says"
        return Result(exercise, "to read", said, details=tuple(exercise.rubric))
    signature = exercise.signature if isinstance(exercise, Function) else ""
    cases = exercise.make_cases(seed)
    try:
        look_at(answer, exercise.kind, signature)
        outcomes = {name: run_case(exercise.run, answer, inputs) for name, inputs in cases.items()}
    except NotStarted:
        where = "your code in place of `...`" if signature else "your answer in place of `...`"
        return Result(exercise, "not started", f"Write {where}, run that cell, then run this one again.")
    except Unfit as problem:
        return Result(exercise, "not yet", str(problem))
    except KeyboardInterrupt:
        said = "It was interrupted before its end. If it ran for long, look for a loop that never stops."
        return Result(exercise, "not yet", said)
    return judge(exercise, answer, cases, outcomes)


def judge(exercise: Exercise, answer: Any, cases: Cases, outcomes: Mapping[str, Outcome]) -> Result:
    """Compare the outcomes with the reference's. The learner's code is not run here."""
    wrong = {}
    for name, inputs in cases.items():
        expected = run_case(exercise.run, exercise.reference, inputs)
        if expected.problem:
            raise ValueError(f"exercise {exercise.id}, {name}: the reference {expected.problem}")
        if text := _wrong(exercise, answer, expected, outcomes[name]):
            wrong[name] = text
    notes = tuple(dict.fromkeys(note for outcome in outcomes.values() for note in _notes(outcome)))
    if not wrong:
        return Result(exercise, "passed", exercise.after, details=notes, score=exercise.points)
    first = next(iter(wrong))
    told = [f"Works for: {', '.join(name for name in cases if name not in wrong)}."] * (
        0 < len(wrong) < len(cases)
    )
    told += [f"Not yet for: {', '.join(wrong)}."] * (len(cases) > 1)
    hint = find_misconception(exercise, cases, outcomes)
    weights = {name: exercise.weights.get(name, 0.0) for name in cases}
    share = sum(weights[name] for name in cases if name not in wrong) / (sum(weights.values()) or 1.0)
    return Result(
        exercise,
        "not yet",
        f"With {first}{_shown(cases[first])}: {wrong[first]}" if cases[first] else wrong[first],
        hint=hint.hint if hint else "",
        misconception=hint.name if hint else "",
        details=(*told, *notes),
        score=round(exercise.points * share, 4),
    )


def find_misconception(exercise: Exercise, cases: Cases, outcomes: Mapping[str, Outcome]) -> Any:
    """The first misconception that does on every case what the answer did, or None."""
    for wrong in exercise.misconceptions:
        for name, inputs in cases.items():
            theirs = run_case(exercise.run, wrong.answer, inputs)
            if not behaves_like(theirs, outcomes[name], exercise.rtol, exercise.atol):
                break
        else:
            return wrong
    return None


def _wrong(exercise: Exercise, answer: Any, expected: Outcome, got: Outcome) -> str:
    """What is wrong with one outcome, as a sentence, or ""."""
    function = isinstance(exercise, Function)
    if got.problem and got.line:
        return f"it stops at {got.line}\n{got.problem}"
    if got.problem and function:
        return (
            f"your function {got.problem}" if got.problem.startswith("gives") else f"it stops: {got.problem}"
        )
    if got.problem:
        wanted, given = describe(exercise.reference), describe(answer)
        return f"your answer does not fit: expected {wanted}, got {given}. ({got.problem})"
    if got.changed:
        names = ", ".join(f"`{name}`" for name in got.changed)
        return f"your function changes its input {names}. Work on a copy: `{got.changed[0]}.copy()`."
    if isinstance(exercise, Predict):
        if exercise.choices and got.value not in exercise.choices:
            return f"choose one of {', '.join(map(repr, exercise.choices))}; you gave {describe(answer)}."
        right = not difference(expected.value, got.value, exercise.rtol, exercise.atol)
        return "" if right else "that is not what happens. Think again before you run it."
    reveal = function or not isinstance(exercise, Value) or bool(_uses_inputs(exercise))
    text = difference(expected.value, got.value, exercise.rtol, exercise.atol, reveal)
    return text + "." if text else ""


def _uses_inputs(exercise: Exercise) -> bool:
    return any(exercise.make_cases().values())


def _notes(outcome: Outcome) -> list[str]:
    printed = [f"It printed: {outcome.printed}"] * bool(outcome.printed)
    return printed + [f"A warning came: {outcome.warned}"] * bool(outcome.warned)


def _shown(inputs: Mapping[str, Any]) -> str:
    return f" ({', '.join(f'{name} = {_short(value)}' for name, value in inputs.items())})"


def _short(value: Any) -> str:
    if isinstance(value, np.ndarray):
        if value.size > 8:
            return f"an array of shape {value.shape}"
        return np.array2string(value, precision=4, separator=", ", max_line_width=10_000).replace("\n", "")
    return (
        f"{value:.4g}"
        if isinstance(value, float)
        else repr(value)
        if len(repr(value)) < 60
        else describe(value)
    )
