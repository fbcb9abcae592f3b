"""From an exercise and an answer to a result: run the answer, compare it, look for misconceptions."""

import contextlib
import copy
import functools
import inspect
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from nnlearn.exercises.comparison import behaves_like, difference, finite, telling
from nnlearn.exercises.relation import relation
from nnlearn.exercises.result import Case, Result
from nnlearn.exercises.runner import NotStarted, Outcome, message, prepare, run_case
from nnlearn.exercises.spec import Cases, Exercise, Explain, Function, Predict
from nnlearn.exercises.values import Unfit, describe, plain

_FEW = 8  # numbers of an array that a message can show
_FEWEST_WORDS = 5


class Key:
    """What the reference and the known mistakes do with some inputs: each runs once, when it is asked for."""

    def __init__(self, exercise: Exercise, cases: Cases) -> None:
        self.exercise, self.cases = exercise, cases
        self.mistaken = functools.cache(self._mistaken)

    @functools.cached_property
    def expected(self) -> dict[str, Outcome]:
        return run_answer(self.exercise, self.exercise.reference, self.cases)

    def _mistaken(self, k: int, name: str) -> Outcome:
        """What the k-th known mistake does with one of the inputs."""
        wrong = self.exercise.misconceptions[k].answer
        return run_answer(self.exercise, wrong, {name: self.cases[name]})[name]


@functools.lru_cache(maxsize=8)  # an answer is mended and checked again
def _key(exercise: Exercise, seed: int) -> Key:
    return Key(exercise, exercise.make_cases(seed))


def grade(exercise: Exercise, answer: Any, seed: int = 0) -> Result:
    """Run the answer on the seed's inputs and judge what it did. Returns a result whatever it does."""
    if isinstance(exercise, Explain):
        return _beside(exercise, answer)
    key = _key(exercise, seed)
    try:
        return judge(key, answer, run_answer(exercise, answer, key.cases, exercise.allows))
    except NotStarted:
        said = "Write your answer where it says YOUR CODE HERE, run that cell, then this one again."
        return Result(exercise, "not started", said)
    except Unfit as problem:
        return Result(exercise, "not yet", str(problem))
    except KeyboardInterrupt:
        said = "It was interrupted before its end. If it ran for long, look for a loop that never stops."
        return Result(exercise, "not yet", said)


def _beside(exercise: Explain, answer: Any) -> Result:
    """The points of a good answer beside the learner's words; nothing before there are some."""
    if not isinstance(answer, str) or len(answer.split()) < _FEWEST_WORDS:
        said = (
            "Write your answer in the cell above, save the notebook (Ctrl+S), then run this cell again: "
            "what a good answer says comes when yours stands there. Or give the words themselves: "
            f'`check("{exercise.id}", "…")`.'
        )
        return Result(exercise, "to read", said)
    said = f"You wrote:\n{answer}\n\nA good answer says this. Which of it do your words say?"
    return Result(exercise, "to read", said, details=tuple(f"☐ {point}" for point in exercise.rubric))


def as_text(answer: Any) -> str:
    """What a learner handed in, to be read again: the source of a function, else its value."""
    with contextlib.suppress(Exception):  # it is no function, or an odd object
        return inspect.getsource(answer)
    with contextlib.suppress(Exception):
        return str(answer) if isinstance(answer, str) else re.sub(" at 0x[0-9a-f]+", "", repr(answer)[:2000])
    return ""


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


@np.errstate(all="ignore")  # what came may be of any size
def judge(key: Key, answer: Any, outcomes: Mapping[str, Outcome]) -> Result:
    """Compare the outcomes with the reference's. The learner's code is not run here."""
    exercise, cases, expected = key.exercise, key.cases, key.expected
    told = {
        name: fault(exercise, answer, expected[name], outcomes[name], inputs=inputs)
        for name, inputs in cases.items()
    }
    right, failed = [name for name in cases if not told[name]], [name for name in cases if told[name]]
    notes = _notes(outcomes[(failed or right)[0]])
    if not failed:
        return Result(exercise, "passed", exercise.after, details=tuple(notes), score=exercise.points)
    first = failed[0]
    inputs, text = cases[first], told[first]
    brief = fault(exercise, answer, expected[first], outcomes[first], reveal=False, inputs=inputs)
    summary = [f"Works for: {', '.join(right)}."] if right else []
    summary += [f"Not yet for: {', '.join(failed)}."] if len(cases) > 1 else []
    hint, misconception = _hint(key, failed, outcomes)
    return Result(
        exercise,
        "not yet",
        _with(first, inputs, text),
        brief=_with(first, inputs, brief),
        hint=hint,
        misconception=misconception,
        details=(*summary, *_where_to_look(exercise, inputs), *notes),
        score=exercise.points * sum(exercise.weights.get(name, 0.0) for name in right),
        case=_case(exercise, first, inputs, expected[first], outcomes[first]),
    )


def _relation(key: Key, failed: Sequence[str], outcomes: Mapping[str, Outcome]) -> str:
    """What the answer's numbers have to do with the right ones, where it is a function's."""
    exercise = key.exercise
    if not isinstance(exercise, Function):
        return ""
    got = [replace(outcomes[name], value=exercise.named(outcomes[name].value)) for name in failed]
    wanted = [exercise.named(key.expected[name].value) for name in failed]
    with warnings.catch_warnings(action="ignore"):  # of the mean of nothing
        return relation(wanted, got, [key.cases[name] for name in failed], exercise.rtol, exercise.atol)


def _case(exercise: Exercise, name: str, inputs: Mapping[str, Any], expected: Outcome, got: Outcome) -> Case:
    wanted, given, own = copy.deepcopy((exercise.named(expected.value), exercise.named(got.value), inputs))
    tell = wanted if exercise.reveals else None
    return Case(name, own, tell, given, exercise.beside, exercise.rtol, exercise.atol)


def _where_to_look(exercise: Exercise, inputs: Mapping[str, Any]) -> list[str]:
    """How to see inputs too large for the message."""
    name = exercise.signature.partition("(")[0]
    if not name or not any(isinstance(value, np.ndarray) and value.size > _FEW for value in inputs.values()):
        return []
    return [
        f'To see its values, and try again: `case = check("{exercise.id}", {name}).case`, `case.run({name})`'
    ]


def find_misconception(key: Key, outcomes: Mapping[str, Outcome]) -> tuple[int | None, bool]:
    """(the number of the mistake that the answer makes, or None; is it the only one).

    The first that does on every case what the answer did. If there is none, then of those that gave the same
    wrong numbers on some case the one that did so on most: first where both give numbers at all (one may fail
    on an empty batch, the other not), then, on half of them at least, with a second mistake beside it. Of
    two that did so equally often, the one that is like it on more cases, the right ones among them; if that
    is equal, too, the one that did so on the first case, which is the one shown; if both did: None. At last
    the only one that did what the answer did, some of it wrong, wherever that ended in finite numbers; and
    where a measure says in words what came out, the only one of which it said so on most of the wrong cases.
    """
    exercise, cases = key.exercise, key.cases
    known = range(len(exercise.misconceptions))

    def same(one: Outcome, other: Outcome) -> bool:
        return behaves_like(one, other, exercise.rtol, exercise.atol)

    def like(k: int, names: Iterable[str]) -> bool:
        return all(same(key.mistaken(k, name), outcomes[name]) for name in names)

    for k in known:
        if like(k, cases):
            return k, True
    wrong = [name for name in cases if not same(outcomes[name], key.expected[name])]
    wrong_on = [name for name in wrong if telling(outcomes[name])]
    if len(cases) == 1 or not wrong:
        return None, True
    shared: dict[bool, list[tuple[tuple[int, int, bool], int]]] = {True: [], False: []}
    for k in known if wrong_on else ():
        made = {name: outcome for name in cases if telling(outcome := key.mistaken(k, name))}
        count = sum(same(made[name], outcomes[name]) for name in made.keys() & set(wrong_on))
        alone = all(same(made[name], outcomes[name]) for name in made if telling(outcomes[name]))
        if count and (alone or 2 * count >= len(wrong_on)):  # one number may agree by chance
            all_in_all = sum(same(key.mistaken(k, name), outcomes[name]) for name in cases)
            shared[alone].append(((count, all_in_all, like(k, wrong[:1])), k))
    for alone, found in shared.items():
        most = max((count for count, _ in found), default=(0, 0, False))
        nearest = [k for count, k in found if count == most]
        if len(nearest) == 1:
            return nearest[0], alone
    sound = [name for name in cases if finite(outcomes[name])]
    alike = [k for k in known if set(sound) & set(wrong) and like(k, sound)]
    if len(alike) == 1:
        return alike[0], False
    said = [name for name in wrong if isinstance(outcomes[name].value, str)]
    heard = {k: (sum(like(k, [name]) for name in said), like(k, said[:1])) for k in known} if said else {}
    loudest = max(heard.values(), default=(0, False))
    nearest = [k for k, count in heard.items() if count == loudest]
    return (nearest[0], loudest[0] == len(wrong)) if loudest[0] and len(nearest) == 1 else (None, True)


def _hint(key: Key, failed: Sequence[str], outcomes: Mapping[str, Outcome]) -> tuple[str, str]:
    """The hint, and the name of the mistake that it is for.

    It is about the case that is shown, the first that fails; where it is about another one, it says so.
    """
    k, alone = find_misconception(key, outcomes)
    if k is None:
        return _relation(key, failed, outcomes), ""
    exercise = key.exercise
    wrong = exercise.misconceptions[k]
    explained = [
        name
        for name in failed
        if behaves_like(key.mistaken(k, name), outcomes[name], exercise.rtol, exercise.atol)
    ]
    elsewhere = bool(explained) and failed[0] != explained[0]
    hint = f"With {explained[0]}: {wrong.hint}" if elsewhere else wrong.hint
    return (hint if alone and not elsewhere else f"{hint} And that may not be all."), wrong.name


def _with(case: str, inputs: Mapping[str, Any], text: str) -> str:
    return f"With {case}{_shown(inputs)}: {text}" if inputs else text[:1].upper() + text[1:]


def fault(
    exercise: Exercise,
    answer: Any,
    expected: Outcome,
    got: Outcome,
    reveal: bool | None = None,
    inputs: Mapping[str, Any] | None = None,
) -> str:
    """What is wrong with one outcome, as the end of a sentence; "" when nothing is.

    What was expected is told where the exercise `reveals` it, or as `reveal` says.
    """
    if got.problem:
        return _failed(exercise, answer, got)
    if got.changed:
        names = ", ".join(f"`{name}`" for name in got.changed)
        copied = _copy_of(got.changed[0], inputs or {})
        return f"your function changes its input {names}. Work on a copy: `{copied}`."
    choices = exercise.choices if isinstance(exercise, Predict) else []
    if choices and not (isinstance(got.value, str) and got.value in choices):
        return f"choose one of {', '.join(map(repr, choices))}; you gave {describe(answer)}."
    tell = exercise.reveals if reveal is None else reveal
    wanted, given = exercise.named(expected.value), exercise.named(got.value)
    if isinstance(wanted, dict) != isinstance(given, dict):
        wanted, given = expected.value, got.value
    text = difference(wanted, given, exercise.rtol, exercise.atol, tell)
    return text + "." if text else ""


def _copy_of(name: str, inputs: Mapping[str, Any]) -> str:
    """What makes a copy that can be written into: that of a list still holds the arrays themselves."""
    value = inputs.get(name)
    arrays = isinstance(value, list | tuple) and any(isinstance(part, np.ndarray) for part in value)
    return f"[part.copy() for part in {name}]" if arrays else f"{name}.copy()"


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
        return " ".join(text.split()) if value.size <= _FEW else describe(value)
    text = f"{value:.4g}" if isinstance(value, float) else repr(value)
    return text if len(text) < 60 else describe(value)
