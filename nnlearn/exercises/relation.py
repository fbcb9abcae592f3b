"""What a wrong answer's numbers have to do with the right ones: turned round, scaled, in another order …

For slips that no misconception of the exercise knows. What is said is a fact about the numbers of every input
that the answer fails on, so it is true whatever the learner did.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from nnlearn.exercises.comparison import wrong_elements
from nnlearn.exercises.runner import Outcome

Pair = tuple[np.ndarray, np.ndarray]  # the right numbers, and the answer's
_NEAR = 0.01  # of the largest number
_CONSTANTS = {
    "2": 2.0,
    "1/2": 0.5,
    "ln 2": np.log(2),
    "1/ln 2": 1 / np.log(2),
    "1/ln 10": 1 / np.log(10),
    "100": 100.0,
}
_BROKEN = {  # what NumPy warned of -> what it means
    "overflow encountered in exp": "e to a large number overflows. Rewrite it with exponents that are at "
    "most 0: from a sum of exponentials, take the largest out first.",
    "divide by zero encountered in log": "The logarithm of 0 is −∞. Was an exponential rounded to 0? Then "
    "take the logarithm on paper. What may really be 0 needs a branch of its own.",
    "invalid value encountered in divide": "0 / 0 is no number. Say what is meant where the divisor is 0.",
}
_STOPPED = {  # what Python or NumPy said -> what to do
    "truth value of an array": "That line needs one yes or no (as `if`, `and` and Python's `max` do), but an "
    "array has one for each element. `np.where(condition, a, b)` and `np.maximum` choose for each.",
    "is out of bounds for array of dimension": "This input has fewer axes than that line counts on. From the "
    "end, `axis=-1` is the last however many there are.",
    "could not be broadcast": "Print the shapes of both sides in that line: they are matched from the last "
    "axis. After a sum or a mean, `keepdims=True` keeps the axis in its place.",
    "cannot reshape array": "A reshape keeps how many numbers there are. Print the shape before that line: "
    "which of the new lengths does this input not have?",
    "need labels": "There are not as many rows of scores as labels. Along which axis have the examples been "
    "averaged, or lost?",
    "division by zero": "That line divides by 0. Say what is meant there before you divide.",
    "not aligned": "Print the shapes of both factors in that line: the last axis of the first is as long "
    "as the last but one of the second. Is one to be transposed, or do they stand the wrong way round?",
    "only integer scalar arrays": "That line has an array where one whole number is wanted. The second "
    "argument of `np.max` is an axis (`np.maximum` compares element by element), and a list takes no array "
    "as its index.",
    "duplicate value in 'axis'": "That line sums over one axis twice. Print the axes: from which end is each "
    "of them counted?",
    "matmul: ": "Print the shapes of both factors in that line. In `A @ B` the last axis of A is as long as "
    "the last but one of B: is one to be transposed, or do they stand the wrong way round?",
}


def relation(
    wanted: Sequence[Any],
    given: Sequence[Outcome],
    inputs: Sequence[Mapping[str, Any]],
    rtol: float,
    atol: float,
) -> str:
    """One sentence that is true of every input on which the answer gives what is wrong, or "".

    Where it stopped on the first of them, what to do about the error that it stopped with.

    `wanted`, `given` and `inputs` belong to these inputs alone; several outputs come as dictionaries.
    """
    if any(outcome.changed for outcome in given):
        return ""
    if (first := given[0]).problem:
        known = first.line and not first.problem.startswith("uses")
        return next((hint for part, hint in _STOPPED.items() if known and part in first.problem), "")
    if any(outcome.problem for outcome in given):  # on a later one than is shown
        gave = [k for k, outcome in enumerate(given) if not outcome.problem]
        wanted, given, inputs = [wanted[k] for k in gave], [given[k] for k in gave], [inputs[k] for k in gave]

    if isinstance(given[0].value, str):
        return _of_text(given[0].value, inputs[0])

    def same(one: Any, other: Any) -> bool:
        one, other = np.asarray(one), np.asarray(other)
        return one.shape == other.shape and not wrong_elements(one, other, rtol, atol).any()

    outputs = [_by_name(want, outcome.value) for want, outcome in zip(wanted, given, strict=True)]
    if not all(outputs):
        return ""
    names = list(outputs[0])
    if len(names) > 1 and (said := _exchanged(outputs, names, same)):
        return said
    told: dict[str, str] = {}  # of each output that is wrong somewhere
    for name in names:
        pairs = [found[name] for found in outputs]
        if at := [k for k, pair in enumerate(pairs) if not same(*pair)]:
            pairs, warned = [pairs[k] for k in at], [given[k].warned for k in at]
            theirs = [inputs[k] for k in at]
            told[name] = _of_one(pairs, warned, theirs, same) or _other_axis(pairs, theirs)
    if not told:  # the numbers are right, and of a kind that is not
        return ""
    if not told[min(told)] or len(set(told.values())) > 1:  # where to look, at least
        right = [name for name in names if name not in told]
        several = right and len(told) > 1 and all(map(str.isidentifier, names))  # no measure
        return f"Right: {_listed(right)}. Wrong: {_listed(told)}." if several else ""
    return f"{_listed(told)}: {told[min(told)]}" if names[0] else told[min(told)]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _of_text(said: str, inputs: Mapping[str, Any]) -> str:
    """For how many rows there are answers, where a measure told their shape alone."""
    found = re.fullmatch(r"an array of shape \((\d+),(?: (\d+))?\)", said)
    new = next((name for name, value in inputs.items() if "new" in name and hasattr(value, "__len__")), "")
    if not found or not new:
        return ""
    rows, columns = int(found[1]), found[2]
    if rows == len(inputs[new]):
        return f"You return {columns} numbers for each row of `{new}`. Asked for is one."
    arrays = {name: value for name, value in inputs.items() if isinstance(value, np.ndarray) and value.ndim}
    other = next((name for name, value in arrays.items() if len(value) == rows), "")
    return f"You answer for each row of `{other}`. Asked for are those of `{new}`." if other else ""


def _by_name(want: Any, given: Any) -> dict[str, Pair]:
    if isinstance(want, np.ndarray) and isinstance(given, np.ndarray):
        return {"": (want, given)}
    if not (isinstance(want, dict) and isinstance(given, dict) and want.keys() == given.keys()):
        return {}
    pairs = {name: (want[name], given[name]) for name in want}
    return pairs if all(isinstance(x, np.ndarray) for pair in pairs.values() for x in pair) else {}


def _exchanged(outputs: list[dict[str, Pair]], names: list[str], same: Callable[..., bool]) -> str:
    for k, one in enumerate(names):
        for other in names[k + 1 :]:
            order = {name: name for name in names} | {one: other, other: one}
            if all(same(found[name][0], found[order[name]][1]) for found in outputs for name in names):
                return f"The values are right, their order is not: `{one}` and `{other}` have changed places."
    return ""


def _of_one(
    pairs: list[Pair], warned: list[str], inputs: list[Mapping[str, Any]], same: Callable[..., bool]
) -> str:
    if any(not np.isfinite(want).all() for want, _ in pairs):
        return ""
    if all(not np.isfinite(have).all() for _, have in pairs):
        told = [text for sign, text in _BROKEN.items() if all(sign in said for said in warned)]
        return told[0] if told else ""
    if any(not np.isfinite(have).all() or have.dtype.kind == "c" for _, have in pairs):
        return ""
    for text, (asked, came), places in _YES_OR_NO:
        if any(want.size for want, _ in pairs) and all(
            want.ndim == have.ndim == 1
            and want.dtype.kind in asked
            and have.dtype.kind in came
            and same(*places(want, have))
            for want, have in pairs
        ):
            return text
    pairs = [(want.astype(float), have.astype(float)) for want, have in pairs]
    if any(want.shape != have.shape for want, have in pairs):
        return _of_shape(pairs, same)
    for text, turned in _TURNED.items():
        with np.errstate(all="ignore"):
            if all(same(want, turned(have)) for want, have in pairs) and _varied(pairs):
                return text
    for name in inputs[0]:
        handed = [_numbers(given[name]) for given in inputs]
        several = len(pairs) > 1 and _varied([(have, want) for want, have in pairs])
        if several and all(
            x is not None and same(have, x) for (_, have), x in zip(pairs, handed, strict=True)
        ):
            return f"What you give is `{name}` as it came in."
    return _shifted_or_scaled(pairs, same)


def _numbers(value: Any) -> np.ndarray | None:
    """An input as an array, if it is one or can be: not a dictionary, nor matrices of several shapes."""
    try:
        array = np.asarray(value)
    except ValueError:
        return None
    return array if array.dtype.kind in "biufc" else None


def _varied(pairs: list[Pair]) -> bool:
    """True when there are numbers enough that no chance makes them agree."""
    return len({round(float(x), 9) for want, _ in pairs for x in want.ravel()}) > 1


_YES_OR_NO: list[tuple[str, tuple[str, str], Callable[[np.ndarray, np.ndarray], Pair]]] = [
    ("You give a yes or no for each. Asked are the places, as numbers.", ("iu", "b"),
     lambda want, have: (np.sort(want), np.flatnonzero(have))),
    ("You give the places. Asked is a yes or no for each: an array of booleans.", ("b", "iu"),
     lambda want, have: (np.flatnonzero(want), np.sort(have))),
]  # fmt: skip

# The right numbers from the answer's, where this is the slip.
_TURNED: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "Every number has the wrong sign.": lambda have: -have,
    "What is 1 (or True) should be 0 (or False), and the other way round.": lambda have: np.where(
        np.isin(have, (0, 1)), 1 - have, np.nan
    ),
    "Each number is 1 minus what it should be.": lambda have: 1 - have,
    "Each number is 1 divided by what it should be.": lambda have: 1 / have,
    "Each number is the square of what it should be.": lambda have: np.where(have >= 0, have, np.nan) ** 0.5,
    "Each number is the root of what it should be.": lambda have: np.where(have >= 0, have, np.nan) ** 2,
    "Each number is the exponential of what it should be.": lambda have: np.log(have),
    "Each number is the logarithm of what it should be.": lambda have: np.exp(have),
    "The rows are right, in the opposite order.": lambda have: have[::-1] if have.ndim else have,
    "Rows and columns have changed places.": lambda have: have.swapaxes(-1, -2) if have.ndim > 1 else have,
}


def _of_shape(pairs: list[Pair], same: Callable[..., bool]) -> str:
    def true(turned: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> bool:
        def holds(want: np.ndarray, have: np.ndarray) -> bool:
            return (want.shape == have.shape and same(want, have)) or same(want, turned(want, have))

        return _varied(pairs) and all(holds(want, have) for want, have in pairs)

    shapes = next((want.shape, have.shape) for want, have in pairs if want.shape != have.shape)
    if true(lambda want, have: have.T):
        return "Rows and columns have changed places."
    if true(lambda want, have: have.reshape(want.shape) if have.size == want.size else have):
        wanted = shapes[0] or "a single number"
        return f"The numbers are right, the shape is not: {shapes[1]} where {wanted} is wanted."
    for axis in range(max(have.ndim for _, have in pairs)):
        if true(partial(_along, np.sum, axis)):
            return f"Right, but for the last step: add up along axis {axis}."
        if true(partial(_along, np.mean, axis)):
            return f"Right, but for the last step: take the mean along axis {axis}."
    if true(lambda want, have: have.sum()):
        return "Right, but for the last step: add it all up."
    if true(lambda want, have: have.mean()):
        return "Right, but for the last step: take the mean of it all."
    if _varied(pairs):
        for text, longer, part in _PARTS:
            if all(_at_the_end(pair if longer else pair[::-1], part, same) for pair in pairs):
                return text
    return ""


def _other_axis(pairs: list[Pair], inputs: list[Mapping[str, Any]]) -> str:
    """Told where one number for each row of an input is given, and one for each column is wanted, or so."""
    both = zip(pairs, inputs, strict=True)
    apart = [(want.shape, have.shape, given) for (want, have), given in both if want.shape != have.shape]
    for name in inputs[0] if apart else ():
        for axis, (for_each, asked) in enumerate((("row", "column"), ("column", "row"))):
            if all(
                isinstance(given[name], np.ndarray)
                and given[name].ndim == 2
                and have == (given[name].shape[axis],)
                and want == (given[name].shape[1 - axis],)
                for want, have, given in apart
            ):
                return f"You give one number for each {for_each} of `{name}`. Asked is one for each {asked}."
    return ""


def _along(how: Callable[..., np.ndarray], axis: int, want: np.ndarray, have: np.ndarray) -> np.ndarray:
    return how(have, axis=axis) if have.ndim > axis else have


_PARTS = (
    ("One too many at the end; the others are right.", False, slice(None, -1)),
    ("One too many in front; the others are right.", False, slice(1, None)),
    ("The last one is missing; the others are right.", True, slice(None, -1)),
    ("The first one is missing; the others are right.", True, slice(1, None)),
)


def _at_the_end(pair: Pair, part: slice, same: Callable[..., bool]) -> bool:
    long, short = pair
    if long.ndim != short.ndim or not short.size:
        return False
    return any(same(short, np.moveaxis(np.moveaxis(long, k, 0)[part], 0, k)) for k in range(long.ndim))


def _shifted_or_scaled(pairs: list[Pair], same: Callable[..., bool]) -> str:
    if all(want.ndim and want.size > 2 for want, _ in pairs) and _varied(pairs):
        for axis in (0, -1):
            rows = [(np.moveaxis(want, axis, 0), np.moveaxis(have, axis, 0)) for want, have in pairs]
            if all(len(want) > 2 and same(want[:-1], have[1:]) for want, have in rows):
                return f"The numbers come one place too late (axis {axis % pairs[0][0].ndim})."
            if all(len(want) > 2 and same(want[1:], have[:-1]) for want, have in rows):
                return f"The numbers come one place too early (axis {axis % pairs[0][0].ndim})."
    if not _varied(pairs):
        return ""
    many = len(pairs) > 2 or min(want.size for want, _ in pairs) > 2
    off = [np.abs(have - want).max() / np.abs(want).max() if want.any() else 1.0 for want, have in pairs]
    close = many and all((np.abs(have - want) <= 0.03 * np.abs(want)).all() for want, have in pairs)
    nearly = ""
    if close or max(off) < _NEAR:
        nearly = "Nearly: is a constant rounded, a step too coarse, a small number added, or something drawn?"
    factors = [_factor(want, have, same) for want, have in pairs]
    if all(factors):
        if max(factors) - min(factors) > 1e-6 * abs(max(factors)):
            within = all(len(np.unique(want)) > 1 for want, _ in pairs)  # of one number, any is a multiple
            each = " of one input" * (len(factors) > 1)
            told = (
                f"All numbers{each} are wrong by one factor, on the first {factors[0]:.4g}: a mean or a sum?"
            )
            return told if within else nearly
        known = [name for name, value in _CONSTANTS.items() if abs(factors[0] / value - 1) < 1e-6]
        return f"Every number is {known[0] if known else f'{factors[0]:.4g}'} times what it should be."
    steps = [float((have - want).mean()) if want.size else np.nan for want, have in pairs]
    if many and all(same(want + steps[0], have) and same(want, have - steps[0]) for want, have in pairs):
        return f"Every number is too {'large' if steps[0] > 0 else 'small'} by {abs(steps[0]):.4g}."
    several = all(len(np.unique(want)) > 2 for want, _ in pairs)  # of yes and no, any two orders agree often
    if several and all(same(np.sort(want.ravel()), np.sort(have.ravel())) for want, have in pairs):
        return "The numbers are right, their order is not."
    return nearly


def _factor(want: np.ndarray, have: np.ndarray, same: Callable[..., bool]) -> float:
    """By which every number is multiplied, or 0."""
    if not want.size or not np.abs(want).max():
        return 0.0
    where = np.abs(want).argmax()
    factor = float(have.ravel()[where] / want.ravel()[where])
    there_and_back = factor and same(factor * want, have) and same(want, have / factor)
    return factor if there_and_back else 0.0
