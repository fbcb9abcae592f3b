"""What may go into an answer and come out: arrays, numbers, text; tuples, lists and dictionaries of them."""

import inspect
from typing import Any

import numpy as np

NUMBER = bool | int | float | complex | np.generic | np.ndarray


class Unfit(Exception):
    """This value cannot be compared; the message says what it is."""


def plain(value: Any) -> Any:
    """The value as plain data: a number or a list of numbers is an array, a tuple is several values.

    Copied, so that nothing changes it later. Raises Unfit for anything but data.
    """
    if value is None or type(value) is str:
        return value
    if isinstance(value, tuple):
        return tuple(map(plain, value))
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if not isinstance(value, NUMBER | list) and not hasattr(value, "__array__"):
        raise Unfit(_what(value))
    try:
        array = np.array(value, subok=False)
    except Exception as error:
        if isinstance(value, list):  # rows of unequal length
            return list(map(plain, value))
        if type(value).__name__ in ("Tensor", "Parameter"):
            raise Unfit("a tensor instead of its numbers: give its `.data`") from None
        raise Unfit(f"something that does not become an array ({type(error).__name__})") from None
    if array.dtype.kind in "biufc":
        return array
    if isinstance(value, list):
        return list(map(plain, value))
    if array.dtype.kind == "U":
        return array.tolist()
    raise Unfit(f"an array of type {array.dtype} instead of numbers")


def _what(value: Any) -> str:
    if inspect.isgenerator(value) or isinstance(value, map | filter | zip | range):
        return f"a {type(value).__name__} instead of the numbers: collect them with `np.array([...])`"
    if callable(value):
        return "a function instead of its result: call it, with parentheses"
    return f"an object of type `{type(value).__name__}` instead of a number or an array"


def describe(value: Any, tell: bool = True) -> str:
    """What it is, in words: "an array of shape (2,)"; with `tell`, a single number or a short text too."""
    try:
        value = plain(value)
    except Unfit as error:
        return str(error).split(" instead of ")[0]
    except Exception:
        return f"an object of type `{type(value).__name__}`"
    if value is None:
        return "`None`"
    if isinstance(value, str):
        return f"the text {value!r}" if tell and len(value) <= 100 else "a text"
    if isinstance(value, dict):
        names = [name[:40] for name in list(value)[:9]] + ["…"] * (len(value) > 9)
        return f"a dictionary with {', '.join(names) or 'nothing'}"
    if isinstance(value, list | tuple):
        parts = [describe(part, tell=False) for part in value[:4]] + ["…"] * (len(value) > 4)
        return f"{len(value)} values ({', '.join(parts)})"
    if value.ndim:
        return f"an array of shape {value.shape}"
    return f"the number {value:.6g}" if tell else "a number"


def unchanged(before: Any, after: Any) -> bool:
    """True when the run has left an input unchanged."""
    if type(before) is not type(after):
        return False
    if isinstance(before, np.ndarray):
        nan = before.dtype.kind in "fc"
        return before.shape == after.shape and np.array_equal(before, after, equal_nan=nan)
    if isinstance(before, list | tuple):
        return len(before) == len(after) and all(map(unchanged, before, after))
    if isinstance(before, dict):
        return before.keys() == after.keys() and all(unchanged(before[k], after[k]) for k in before)
    return bool(before == after or before != before)
