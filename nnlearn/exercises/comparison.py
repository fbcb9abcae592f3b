"""Compare what an answer did with what the reference does. This half never runs the learner's code.

A difference is told in sentences: which shape was expected, which element is worst, how far it is off.
"""

import contextlib
import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from nnlearn.exercises.runner import Outcome
from nnlearn.exercises.values import Unfit, describe, plain


def difference(expected: Any, got: Any, rtol: float, atol: float, reveal: bool = True) -> str:
    """ "" when got equals expected within |got - expected| ≤ atol + rtol |expected|, else what is different.

    Shape first, then finiteness, then the values. Without `reveal` the expected values are not told.
    """
    if isinstance(expected, np.ndarray):
        return _array_difference(expected, got, rtol, atol, reveal)
    if isinstance(expected, list | tuple) and isinstance(got, np.ndarray) and got.ndim:
        alike = all(getattr(part, "shape", None) == got.shape[1:] for part in expected)
        if alike and len(expected) == len(got):  # values of one shape came as one array
            got = [np.asarray(part) for part in got]
    if isinstance(expected, dict) and isinstance(got, dict):
        pairs = {f"`{key}`": (expected[key], got.get(key)) for key in expected}
        same_size = expected.keys() == got.keys()
    elif isinstance(expected, list | tuple) and isinstance(got, list | tuple):
        size, same_size = len(expected), len(expected) == len(got)
        pairs = {f"value {i + 1} of {size}": (expected[i], got[i]) for i in range(min(size, len(got)))}
    elif type(expected) is type(got) and expected == got:
        return ""
    elif type(expected) is type(got) and not reveal:
        return "that is not the right answer"
    else:
        return f"expected {describe(expected, reveal)}, got {describe(got)}"
    if not same_size:
        return f"expected {describe(expected, tell=False)}, got {describe(got)}"
    for where, (want, have) in pairs.items():
        if text := difference(want, have, rtol, atol, reveal):
            return f"{where}: {text}"
    return ""


def _array_difference(expected: np.ndarray, got: Any, rtol: float, atol: float, reveal: bool) -> str:
    if isinstance(got, tuple):
        with contextlib.suppress(Unfit):
            got = plain(list(got))
    if isinstance(got, np.ndarray) and got.shape == (0,) and expected.ndim > 1 and len(expected) == 0:
        got = got.reshape(expected.shape)  # an empty list of rows, whose length it cannot tell
    if not isinstance(got, np.ndarray):
        return f"expected {_kind(expected)}, got {describe(got)}"
    if expected.shape != got.shape:
        return f"expected {_kind(expected)}, got {_kind(got)}"
    if got.dtype.kind == "c" and expected.dtype.kind != "c":
        return "expected real numbers, got complex ones"
    want, have = _floating(expected), _floating(got)
    wrong = wrong_elements(expected, got, rtol, atol)
    if not wrong.any():
        return ""
    error = _error(want, have)
    broken = wrong & ~(np.isfinite(have) & np.isfinite(want))
    if broken.any():
        where = tuple(int(i) for i in np.argwhere(broken)[0])
        return f"{_element(where)}is {_number(have[where])}{f', expected {_number(want[where])}' * reveal}"
    n = int(wrong.sum())
    count = f"{n} of {want.size} elements {'is' if n == 1 else 'are'} wrong" if want.ndim else ""
    if not reveal:
        if count:
            return f"the shape is right, {count}"
        rounded = want.dtype.kind == "f" and _rounded(want.item(), have.item())
        return "nearly: give more digits" if rounded else "that is not the right value"
    error = np.where(wrong, error, 0.0)
    where = tuple(int(i) for i in np.unravel_index(np.argmax(error), error.shape))
    worst = f"{_element(where)}should be {_number(want[where])} and is {_number(have[where])}"
    relative = np.max(error[wrong & (want != 0)] / np.abs(want[wrong & (want != 0)]), initial=0.0)
    sizes = f"largest absolute error {np.max(error):.3g}" + (f", relative {relative:.3g}" if relative else "")
    return f"{count + '; the worst, ' if count else ''}{worst} ({sizes})"


def wrong_elements(expected: np.ndarray, got: np.ndarray, rtol: float, atol: float) -> np.ndarray:
    """Where |got - expected| > atol + rtol |expected|, or only one of them is no number.  Same shape, bool"""
    want, have = _floating(expected), _floating(got)
    with np.errstate(all="ignore"):
        return ~(_error(want, have) <= atol + rtol * np.where(np.isfinite(want), np.abs(want), 0.0))


def _floating(array: np.ndarray) -> np.ndarray:
    return array.astype(complex if array.dtype.kind == "c" else float)


def _error(want: np.ndarray, have: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.where((want == have) | (np.isnan(want) & np.isnan(have)), 0.0, np.abs(have - want))


def _rounded(want: float, have: float) -> bool:
    """True when `have` is `want` rounded to two digits or more."""
    return any(math.isclose(have, float(f"{want:.{digits}g}"), rel_tol=1e-9) for digits in range(2, 7))


def _kind(array: np.ndarray) -> str:
    return f"an array of shape {array.shape}" if array.ndim else "a single number"


def _element(where: tuple[int, ...]) -> str:
    return f"element [{', '.join(map(str, where))}] " if where else "the value "


def _number(x: Any) -> str:
    return f"{x:.6g}"


def finite(outcome: Outcome) -> bool:
    """True when an answer came to its end, and all its numbers are finite."""
    return not outcome.problem and all(np.isfinite(a).all() for a in _arrays(outcome.value))


def telling(outcome: Outcome) -> bool:
    """True when an answer gave finite numbers, and not only such as 2 or 0.5, in which many answers agree."""
    return finite(outcome) and any((a.real * 64 % 1 != 0).any() for a in _arrays(outcome.value))


def _arrays(value: Any) -> Iterator[np.ndarray]:
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, list | tuple | dict):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _arrays(part)


def behaves_like(one: Outcome, other: Outcome, rtol: float, atol: float) -> bool:
    """True when two answers behave alike on an input: equal values, or the same failure, numbers aside."""
    if one.problem or other.problem:
        return re.sub(r"\d+", "0", one.problem) == re.sub(r"\d+", "0", other.problem)
    return one.changed == other.changed and not difference(one.value, other.value, rtol, atol)
