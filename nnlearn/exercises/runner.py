"""Run an answer on inputs. This half meets the learner's code; it knows neither the reference nor the tests.

In go an answer and the inputs, out come `Outcome`s: plain data and text.
"""

import contextlib
import copy
import cProfile
import dis
import functools
import inspect
import io
import linecache
import sys
import sysconfig
import threading
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
_UNCOUNTED = "loss.backward"  # past the budget
_SETPROFILE = sys.setprofile
_NUMPY = Path(np.__file__).parent
_LIBRARIES = (
    *(str(Path(__file__).parents[1]), str(_NUMPY), "/packages", "<frozen"),  # the third: a sandbox's
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
    counts = getattr(run, "__globals__", None) if "backward" in inputs else None
    watch = contextlib.nullcontext() if allows is None else _watched(answer, allows, used, counts)
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
        meant = _in_words(allows or ()) if name != _UNCOUNTED else "the `backward` that is handed in"
        value, problem = None, f"uses `{name}`: here {meant} is meant"
    changed = tuple(name for name in inputs if not unchanged(inputs[name], given[name]))
    warned = "; ".join(dict.fromkeys(str(warning.message) for warning in caught))
    return Outcome(value, problem, line, changed, _short(printed.getvalue().rstrip()), _short(warned))


@contextlib.contextmanager
def _watched(
    answer: Any, allows: Sequence[str], used: dict[str, str], counts: dict[str, Any] | None = None
) -> Iterator[None]:
    """Note in `used` what an answer uses that is ready-made and not allowed, with the learner's line.

    Whatever name it goes by: `nn.relu`, an `f = nn.relu` from another cell, `scipy.special.expit`. Who is
    not to be watched is noted too. Where steps back are counted, `counts` are the globals of who does it, and
    a step back that nobody counts is noted.
    """
    seen: set[types.CodeType] = set()
    objects = any(name[0].isupper() for name in allows)  # of an allowed class: their methods may be called

    def watch(frame: types.FrameType, event: str, called: Any) -> None:
        if event == "c_call" and called is _SETPROFILE and frame.f_globals is not globals():
            used.setdefault("sys.setprofile", _line(frame))
        if event != "call":
            return
        if _root(frame):
            if frame.f_back is None or not _root(frame.f_back):
                name = _called(frame, objects)
                if counts is not None and frame.f_code.co_qualname == "Tensor.backward":
                    if frame.f_back is None or frame.f_back.f_globals is not counts:
                        used.setdefault(_UNCOUNTED, _line(frame))
                if name and name.removeprefix("nn.") not in allows:
                    used.setdefault(name, _line(frame))
        elif frame.f_code not in seen and not frame.f_code.co_filename.startswith(_LIBRARIES):
            seen.add(frame.f_code)
            with contextlib.suppress(Exception):  # of an odd object
                for value in _from_outside(frame):  # what SciPy has in C is no call that Python tells of
                    if found := _from_scipy(value):
                        used.setdefault(found, _line(frame))

    if found := _from_scipy(answer):
        used[found] = ""
    before = sys.getprofile(), threading.getprofile()
    threading.setprofile(watch)  # type: ignore[arg-type]
    sys.setprofile(watch)
    try:
        yield
        if sys.getprofile() is not watch or threading.getprofile() is not watch:
            used.setdefault("sys.setprofile", "")
    finally:
        sys.setprofile(before[0] if callable(before[0]) else None)
        if isinstance(before[0], cProfile.Profile):  # of `%prun`, which is no function
            before[0].enable()
        threading.setprofile(before[1])  # type: ignore[arg-type]


def _loading(frame: types.FrameType | None) -> bool:
    """Is a ready-made module being loaded? In Python 3.14 its classes' annotations are calls of their own."""
    while frame is not None and frame.f_code.co_filename.startswith(_LIBRARIES):
        if frame.f_code.co_name == "<module>" and _root(frame):
            return True
        frame = frame.f_back
    return False


def _root(frame: types.FrameType) -> str:
    """ "scipy" in a function of scipy; "" in one that is not ready-made, or runs the exercises."""
    name = frame.f_globals.get("__name__")
    return _ready_made(name) if frame.f_code.co_filename.startswith(_LIBRARIES) else ""


def _ready_made(module: Any) -> str:
    root = str(module).partition(".")[0]
    return root if root in _READY_MADE and not str(module).startswith("nnlearn.exercises") else ""


def _called(frame: types.FrameType, objects: bool) -> str:
    """ "nn.relu" for the call of a function, a class, an object; "" where `objects` may be there."""
    module, name = frame.f_globals["__name__"], frame.f_code.co_qualname
    if _ready_made(module) != "nnlearn":
        return _public(module, name)
    if module == "nnlearn.public" or _loading(frame):  # to look a name up, and load it, is no use of it
        return ""
    if name.startswith("primitive."):  # all primitives of the engine go through one function
        name = frame.f_locals.get("name", name)
    if objects and module.startswith("nnlearn.engine.") and name in _of_tensors():
        return ""
    if "." in name and not name.endswith(("__init__", "__new__")):
        return "" if objects else f"nn.{type(frame.f_locals.get('self')).__name__}"
    if name.startswith("_") and "self" in frame.f_locals:  # the `__init__` of RNN is that of `_Recurrent`
        return f"nn.{type(frame.f_locals['self']).__name__}"
    return f"nn.{name.partition('.')[0]}"


@functools.cache
def _of_tensors() -> set[str]:
    """Of the engine's functions a tensor's own operators and methods: "add" for x + y, "matmul", "mean"."""
    tensor: Any = sys.modules["nnlearn.engine.tensor"]
    return {getattr(part, "__name__", "") for part in vars(tensor.Tensor).values()}


def _public(module: str, name: str) -> str:
    """ "scipy.linalg.eigvals", without what is private on the way there."""
    parts = [*module.split("."), *name.partition(".<locals>")[0].split(".")]
    return ".".join(part for part in parts if part and not part.startswith(("_", "<")))


def _from_outside(frame: types.FrameType) -> Iterator[Any]:
    """What a function takes from elsewhere: its arguments and closure, the globals and modules it names."""
    yield from tuple(frame.f_locals.values())
    for step in dis.get_instructions(frame.f_code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield frame.f_globals.get(step.argval)
        elif step.opname == "IMPORT_NAME":
            yield types.ModuleType(step.argval)


def _from_scipy(value: Any, depth: int = 3) -> str:
    """ "scipy.special.expit" for that, and for what holds it; "" for what is not SciPy's or alike."""
    if isinstance(value, types.ModuleType):
        return value.__name__ if _ready_made(value.__name__) not in ("", "nnlearn") else ""
    if isinstance(value, np.ufunc):
        special: Any = sys.modules.get("scipy.special")
        theirs = special and vars(special).get(value.__name__) is value
        return (
            f"scipy.special.{value.__name__}" if theirs and vars(np).get(value.__name__) is not value else ""
        )
    if isinstance(value, functools.partial):
        return _from_scipy(value.func, depth)
    if callable(value):
        with contextlib.suppress(Exception):  # of an odd object
            for module in (value.__module__, type(value).__module__):
                if _ready_made(module) not in ("", "nnlearn"):
                    return _public(module, getattr(value, "__name__", ""))
    parts: list[Any] = []
    if isinstance(value, list | tuple | dict) and len(value) < 100:
        parts = list(value.values()) if isinstance(value, dict) else list(value)
    elif type(value).__module__ == "__main__":  # an object of the learner's own
        parts = [*getattr(value, "__dict__", {}).values(), *vars(type(value)).values()]
    return next(filter(None, (_from_scipy(part, depth - 1) for part in parts if depth)), "")


def _line(frame: types.FrameType | None) -> str:
    while frame is not None and frame.f_code.co_filename.startswith(_LIBRARIES):
        frame = frame.f_back
    if frame is None:
        return ""
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
    with contextlib.suppress(Exception):  # its source is not known, or unfinished by now
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
        if not frame.filename.startswith(_LIBRARIES):
            return _where(frame.filename, frame.lineno, frame.line)
    return ""


def _short(text: str, length: int = 500) -> str:
    return text if len(text) <= length else text[:length] + " …"
