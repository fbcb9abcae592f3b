"""Run an answer on inputs. This half meets the learner's code; it knows neither the reference nor the tests.

In go an answer and the inputs, out come `Outcome`s: plain data and text.
"""

import contextlib
import copy
import dis
import inspect
import io
import sysconfig
import traceback
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nnlearn.exercises.values import Unfit, describe, plain, unchanged

STUB = "# YOUR CODE HERE\npass"  # what stands in the student's notebook for the solution
# What a function does whose body is a docstring, `...` or `pass`.
_NOTHING = {"RESUME", "NOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST"}
_NUMPY = Path(np.__file__).parent
_LIBRARIES = (Path(__file__).parents[1], _NUMPY, *map(sysconfig.get_path, ("stdlib", "purelib", "platlib")))


class NotStarted(Exception):
    """The answer is still the stub."""


@dataclass(frozen=True)
class Outcome:
    """What an answer did with one input."""

    value: Any = None
    problem: str = ""  # why there is no value: "gives …", or an exception's type and message
    line: str = ""  # the learner's line in which the exception came
    changed: tuple[str, ...] = ()  # the inputs that were overwritten
    printed: str = ""
    warned: str = ""


def prepare(answer: Any, signature: str) -> Any:
    """The answer as it is run: where a signature is wanted the function, else the value as plain data.

    Raises NotStarted for a stub, Unfit with a sentence for the wrong kind of thing or the wrong arguments.
    """
    parts = answer if isinstance(answer, tuple | list) else [answer]
    parts = list(answer.values()) if isinstance(answer, dict) else parts
    if any(part is ... or part is None for part in parts):
        raise NotStarted
    if signature:
        _fits(answer, signature)
        return answer
    try:
        return plain(answer)
    except Unfit as error:
        raise Unfit(f"Your answer is {error}.") from None
    except Exception:
        raise Unfit(f"Your answer is {describe(answer)}.") from None


def _fits(answer: Any, signature: str) -> None:
    """Raise Unfit unless the answer is a function that takes these arguments."""
    name, arguments = signature.rstrip(")").split("(", 1)
    if not callable(answer):
        wanted = f"Give the function itself, its name without parentheses: `{name}`."
        raise Unfit(f"{wanted} This is {describe(answer)}.")
    try:
        theirs = inspect.signature(answer)
    except Exception:  # some functions written in C have none to look at
        return
    try:
        theirs.bind(*arguments.split(","))
    except TypeError:
        takes = ", ".join(theirs.parameters) or "none"
        called = f"Your function is called as `{signature}`"
        raise Unfit(f"{called}, but the arguments it takes are: {takes}.") from None


def run_case(run: Callable[..., Any], answer: Any, inputs: Mapping[str, Any]) -> Outcome:
    """What the answer does with one input. Raises NotStarted, KeyboardInterrupt and nothing else."""
    given = copy.deepcopy(dict(inputs))
    printed = io.StringIO()
    value, problem, line = None, "", ""
    with (
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
        warnings.catch_warnings(record=True) as caught,
        np.errstate(all="warn", under="ignore"),
    ):
        warnings.simplefilter("always")
        try:
            value = plain(run(answer, **given))
            problem = "gives `None`. Did you forget `return`?" if value is None else ""
        except KeyboardInterrupt:
            raise
        except Unfit as error:
            problem = f"gives {error}."
        except NotImplementedError:
            raise NotStarted from None
        except BaseException as error:  # SystemExit too: an answer must not end the learner's session
            problem, line = message(error), learners_line(error)
    if problem and is_stub(answer):
        raise NotStarted
    changed = tuple(name for name in inputs if not unchanged(inputs[name], given[name]))
    warned = "; ".join(dict.fromkeys(str(warning.message) for warning in caught))
    return Outcome(value, problem, line, changed, _short(printed.getvalue().rstrip()), _short(warned))


def is_stub(answer: Any) -> bool:
    """True while the function still has the stub's two lines, or does nothing at all."""
    code = getattr(answer, "__code__", None)
    if not inspect.iscode(code):
        return False
    with contextlib.suppress(OSError):  # its source is not known
        if STUB in "\n".join(line.strip() for line in inspect.getsource(code).splitlines()):
            return True
    return {instruction.opname for instruction in dis.get_instructions(code)} <= _NOTHING


def message(error: BaseException) -> str:
    """ "ValueError: the first line of what it says"."""
    try:
        text = str(error).strip().partition("\n")[0]
    except Exception:
        text = ""
    return _short(f"{type(error).__name__}: {text}" if text else type(error).__name__)


def learners_line(error: BaseException) -> str:
    """ "line 3: return x @ w": the deepest line of the traceback that the learner wrote."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if not frame.filename.startswith(tuple(map(str, _LIBRARIES))):
            return f"line {frame.lineno}: {frame.line}" if frame.line else f"line {frame.lineno}"
    return ""


def _short(text: str, length: int = 500) -> str:
    return text if len(text) <= length else text[:length] + " …"
