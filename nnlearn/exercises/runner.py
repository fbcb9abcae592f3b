"""Run an answer on inputs. This half meets the learner's code; it knows neither the reference nor the tests.

In go an answer and the inputs, out come `Outcome`s: plain data and text.
"""

import contextlib
import copy
import dis
import inspect
import io
import linecache
import sys
import sysconfig
import traceback
import types
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nnlearn.exercises.values import Unfit, describe, plain, unchanged

STUB = "# YOUR CODE HERE\npass"  # what stands in the student's notebook for the solution
# What a function does whose body is a docstring, `...` or `pass`.
_NOTHING = {"RESUME", "NOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST"}
_READY_MADE = ("nnlearn", "scipy", "sklearn", "torch")  # where answers could be had
_NUMPY = Path(np.__file__).parent
_LIBRARIES = (
    *(Path(__file__).parents[1], _NUMPY, "/packages", "<frozen"),  # the second: where a sandbox has them
    *map(sysconfig.get_path, ("stdlib", "purelib", "platlib")),
)


class NotStarted(Exception):
    """The answer is still the stub."""


@dataclass(frozen=True)
class Outcome:
    """What an answer did with one input."""

    value: Any = None
    problem: str = ""  # why there is no value: "gives …", "uses …", or an exception's type and message
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


def run_case(
    run: Callable[..., Any], answer: Any, inputs: Mapping[str, Any], allows: Sequence[str] | None = None
) -> Outcome:
    """What the answer does with one input. Raises NotStarted, KeyboardInterrupt and nothing else.

    With `allows` it may use those names of `nn`, and nothing else that is ready-made.
    """
    given = copy.deepcopy(dict(inputs))
    used: dict[str, str] = {}
    watch = contextlib.nullcontext() if allows is None else _watched(allows, used)
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
            with watch:
                returned = run(answer, **given)
            value = plain(returned)
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
    if used:
        name, line = next(iter(used.items()))
        value, problem = None, f"uses `{name}`: here {_in_words(allows or ())} is meant"
    changed = tuple(name for name in inputs if not unchanged(inputs[name], given[name]))
    warned = "; ".join(dict.fromkeys(str(warning.message) for warning in caught))
    return Outcome(value, problem, line, changed, _short(printed.getvalue().rstrip()), _short(warned))


@contextlib.contextmanager
def _watched(allows: Sequence[str], used: dict[str, str]) -> Iterator[None]:
    """Note in `used` what an answer calls that is ready-made and not allowed, with the learner's line.

    Whatever name it goes by: `nn.relu`, an `f = nn.relu` from another cell, `scipy.special.expit`.
    """
    seen: set[types.CodeType] = set()

    def watch(frame: types.FrameType, event: str, _: Any) -> None:
        if event != "call":
            return
        back = frame.f_back
        if _root(frame.f_globals.get("__name__")):
            if back is not None and not _root(back.f_globals.get("__name__")):
                if (name := _called(frame)) and name.removeprefix("nn.") not in allows:
                    used.setdefault(name, _line(back))
        elif frame.f_code not in seen:
            seen.add(frame.f_code)
            for name in frame.f_code.co_names:  # what SciPy has in C is no call that Python tells of
                if found := _from_scipy(frame.f_globals.get(name)):
                    used.setdefault(found, _line(frame))

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        yield
    finally:
        sys.setprofile(before)


def _root(module: Any) -> str:
    """ "scipy" of "scipy.special"; "" for what is not ready-made, and for what runs the exercises."""
    root = str(module).partition(".")[0]
    return root if root in _READY_MADE and not str(module).startswith("nnlearn.exercises") else ""


def _called(frame: types.FrameType) -> str:
    """ "nn.relu" for the call of a function or a class; "" for a method: there has been an object."""
    name = frame.f_code.co_qualname
    if name.startswith("primitive."):  # all primitives of the engine go through one function
        name = frame.f_locals.get("name", name)
    if "." in name and not name.endswith(("__init__", "__new__")):
        return ""
    root = _root(frame.f_globals.get("__name__"))
    return f"{'nn' if root == 'nnlearn' else root}.{name.partition('.')[0]}"


def _from_scipy(value: Any) -> str:
    special: Any = sys.modules.get("scipy.special")
    if isinstance(value, types.ModuleType):
        return value.__name__ if _root(value.__name__) in ("scipy", "sklearn") else ""
    if special and isinstance(value, np.ufunc) and vars(special).get(value.__name__) is value:
        return "" if vars(np).get(value.__name__) is value else f"scipy.special.{value.__name__}"
    return ""


def _line(frame: types.FrameType) -> str:
    name, number = frame.f_code.co_filename, frame.f_lineno
    return _where(name, number, linecache.getline(name, number))


def _where(name: str, number: int | None, text: str | None) -> str:
    cell = f"{name}, " if name.startswith("cell ") else ""
    return f"{cell}line {number}: {(text or '').strip()}".rstrip(": ")


def _in_words(allows: Sequence[str]) -> str:
    return f"{', '.join(f'`nn.{name}`' for name in allows)} with NumPy" if allows else "NumPy alone"


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
    """ "line 3: return x @ w": the deepest line of the traceback that the learner wrote.

    In a grader's sandbox the cell comes first: "cell 7, line 3: return x @ w".
    """
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if not frame.filename.startswith(tuple(map(str, _LIBRARIES))):
            return _where(frame.filename, frame.lineno, frame.line)
    return ""


def _short(text: str, length: int = 500) -> str:
    return text if len(text) <= length else text[:length] + " …"
