"""Run an answer on inputs. This half meets the learner's code; it knows neither the reference nor the tests.

In go an answer and the inputs, out come `Outcome`s: arrays, JSON values and text.
"""

import contextlib
import copy
import dis
import inspect
import io
import linecache
import sysconfig
import textwrap
import traceback
import types
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

STUB = "# YOUR CODE HERE\npass"  # what stands in the student's notebook for the solution
_NOT_LEARNER = tuple(
    str(path)
    for path in (Path(__file__).parents[1], *map(sysconfig.get_path, ("stdlib", "purelib", "platlib")))
)

_NOTHING = {
    "RESUME",
    "NOP",
    "LOAD_CONST",
    "RETURN_VALUE",
    "RETURN_CONST",
}  # a body of a docstring, `...` or `pass`


class NotStarted(Exception):
    """The answer is still the stub."""


class Unfit(Exception):
    """The answer is not of the kind that can be compared; the message is a sentence for the learner."""


@dataclass(frozen=True)
class Outcome:
    """What an answer did with one input."""

    value: Any = None  # an array, text, or tuples, lists and dictionaries of them
    problem: str = (
        ""  # why there is no value, in a sentence; starts with the exception's type if there was one
    )
    line: str = ""  # the learner's line in which it happened
    changed: tuple[str, ...] = ()  # the inputs that were overwritten
    printed: str = ""
    warned: str = ""


def plain(value: Any) -> Any:
    """The same as arrays, text, None, tuples, lists and dictionaries alone: a list of numbers is an array,
    a tuple is several values. Raises Unfit, with the name of what it is, for anything else.
    """
    if value is None or type(value) is str:
        return value
    if isinstance(value, tuple):
        return tuple(plain(v) for v in value)
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    numbers = bool | int | float | complex | np.generic | np.ndarray
    if not isinstance(value, numbers | list) and not hasattr(value, "__array__"):
        raise Unfit(_named(value))
    try:
        array = np.array(value, subok=False)
    except Exception as error:
        if isinstance(value, list):  # rows of unequal length
            return [plain(v) for v in value]
        raise Unfit(f"something that does not become an array ({_first_line(error)})") from None
    if array.dtype.kind in "biufc":
        return array
    if isinstance(value, list):
        return [plain(v) for v in value]
    if array.dtype.kind == "U":
        return array.tolist()
    raise Unfit(f"an array of type {array.dtype} instead of numbers")


def _named(value: Any) -> str:
    if inspect.isgenerator(value) or isinstance(value, map | filter | zip | range):
        return f"a {type(value).__name__} instead of the numbers: collect them with `np.array([...])`"
    if callable(value):
        return "a function instead of its result: call it, with parentheses"
    return f"an object of type `{type(value).__name__}` instead of a number or an array"


def _first_line(error: BaseException) -> str:
    try:
        text = str(error).strip().split("\n")[0]
    except Exception:
        text = ""
    text = text if len(text) <= 300 else text[:300] + " …"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _learners_line(error: BaseException) -> str:
    """ "line 3: return x @ w": the deepest line of the traceback that the learner wrote."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(_NOT_LEARNER)]
    if not frames:
        return ""
    line = (frames[-1].line or linecache.getline(frames[-1].filename, frames[-1].lineno or 0)).strip()
    return f"line {frames[-1].lineno}: {line}" if line else f"line {frames[-1].lineno}"


def prepare(answer: Any, signature: str) -> Any:
    """The answer as it is run: where a signature is wanted the function, else the value as plain data.

    Raises NotStarted for a stub, Unfit with a sentence for the wrong kind of thing or the wrong arguments.
    """
    if signature:
        _look_at_function(answer, signature)
        return answer
    parts = answer if isinstance(answer, tuple | list) else [answer]
    parts = [*answer.values()] if isinstance(answer, dict) else parts
    if any(part is ... or part is None for part in parts):
        raise NotStarted
    try:
        return plain(answer)
    except Unfit as error:
        raise Unfit(f"Your answer is {error}.") from None


def _look_at_function(answer: Any, signature: str) -> None:
    if answer is ... or answer is None:
        raise NotStarted
    name, arguments = signature.split("(", 1)
    if not callable(answer):
        raise Unfit(
            f"This exercise wants the function itself, and you gave {describe(answer)}. "
            f"Give its name without parentheses: `{name}`."
        )
    try:
        theirs = inspect.signature(answer)
    except (TypeError, ValueError):  # some functions written in C have none to look at
        return
    wanted = arguments.rstrip(")").split(",")
    try:
        theirs.bind(*wanted)
    except TypeError:
        takes = ", ".join(theirs.parameters) or "none"
        raise Unfit(
            f"Your function is called as `{signature}`, but the arguments it takes are: {takes}."
        ) from None


def is_stub(answer: Any) -> bool:
    """True while the function still has the stub's two lines, or does nothing at all."""
    code = getattr(inspect.unwrap(answer), "__code__", None) if callable(answer) else None
    if not isinstance(code, types.CodeType):
        return False
    with contextlib.suppress(OSError, TypeError):
        source = "\n".join(line.strip() for line in inspect.getsource(code).splitlines())
        if STUB in source:
            return True
    return {instruction.opname for instruction in dis.get_instructions(code)} <= _NOTHING


def run_case(run: Callable[..., Any], answer: Any, inputs: Mapping[str, Any]) -> Outcome:
    """What the answer does with one input. Raises NotStarted, KeyboardInterrupt and nothing else."""
    given = copy.deepcopy(dict(inputs))
    printed = io.StringIO()
    value, problem, line = None, "", ""
    with (
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
        warnings.catch_warnings(record=True) as caught,
        np.errstate(all="warn"),
    ):
        warnings.simplefilter("always")
        try:
            value = plain(run(answer, **given))
            if value is None:
                problem = "gives `None`. Did you forget `return`?"
        except KeyboardInterrupt:
            raise
        except Unfit as error:
            problem = f"gives {error}"
        except NotImplementedError:
            raise NotStarted from None
        except BaseException as error:  # SystemExit too: an answer must not end the learner's session
            problem, line = _first_line(error), _learners_line(error)
    if problem and is_stub(answer):
        raise NotStarted
    changed = tuple(name for name in inputs if not _same(inputs[name], given[name]))
    warned = "; ".join(dict.fromkeys(str(w.message) for w in caught))
    return Outcome(
        value, problem, line, changed, textwrap.shorten(printed.getvalue(), 500, placeholder=" …"), warned
    )


def _same(before: Any, after: Any) -> bool:
    if isinstance(before, np.ndarray):
        return before.shape == after.shape and np.array_equal(
            before, after, equal_nan=before.dtype.kind in "fc"
        )
    if isinstance(before, list | tuple):
        return len(before) == len(after) and all(map(_same, before, after))
    if isinstance(before, dict):
        return before.keys() == after.keys() and all(_same(before[k], after[k]) for k in before)
    return bool(before == after) or before != before


def describe(value: Any, tell: bool = True) -> str:
    """ "an array of shape (2,)", "2 values (…)": what it is in words; with `tell`, a short value too."""
    try:
        value = plain(value)
    except Unfit as error:
        return str(error).split(" instead of ")[0]
    if value is None:
        return "`None`"
    if isinstance(value, str):
        return f"the text {value!r}" if tell and len(value) <= 40 else "a text"
    if isinstance(value, dict):
        return f"a dictionary with {', '.join(value) or 'nothing'}"
    if isinstance(value, list | tuple):
        parts = [describe(part, tell=False) for part in value[:4]] + ["…"] * (len(value) > 4)
        return f"{len(value)} values ({', '.join(parts)})"
    if value.ndim:
        return f"an array of shape {value.shape}"
    return f"the number {value:.6g}" if tell else "a number"
