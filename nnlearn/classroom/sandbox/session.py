"""Inside the sandbox: a notebook run as its author ran it, by IPython, cell after cell.

Where it calls `check`, the answer it gives is asked the grader's cases, there and then. What goes out is data
about what the answers did; the reference and what is compared are not here: there is nothing to forge.
"""

import base64
import builtins
import contextlib
import importlib
import io
import marshal
import os
import signal
import sys
import types
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.text import SList
from traitlets.config import Config

from nnlearn.classroom.sandbox import worker
from nnlearn.classroom.sandbox.notebook import Cell, Rejected, needed, read_cells
from nnlearn.exercises.renumbering import renumbered
from nnlearn.exercises.runner import NotStarted, learners_line, message, prepare, run_case
from nnlearn.exercises.values import Unfit

LONGEST = 20_000  # letters of an answer that are kept
MOST_CHECKS = 50  # calls of `check` for one exercise that are answered at once
MOST_STOPS = 20  # cells that stopped, of which it is told
Send = Callable[..., None]


def shell() -> InteractiveShell:
    """IPython, without a terminal, a history, or programs to start."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    made = InteractiveShell.instance(config=config)
    made.system = made.system_raw = made.system_piped = lambda *_: None  # type: ignore[method-assign]
    made.getoutput = lambda *_, **__: SList()  # type: ignore[method-assign]
    made.enable_matplotlib = lambda gui=None: (None, "agg")  # type: ignore[assignment]
    made.showtraceback = made.showsyntaxerror = lambda *_, **__: None  # type: ignore[assignment]
    made.set_hook("show_in_pager", lambda *_, **__: None)
    for magic in ("bash", "sh", "script", "system", "sx"):
        made.magics_manager.register_function(_nothing, "cell", magic)  # type: ignore[union-attr]
    return made


def _nothing(line: str, cell: str) -> None:
    """A program that a cell wants to start."""


class _TimeUp(KeyboardInterrupt):
    """A cell has had its time."""


@contextlib.contextmanager
def _at_most(cpu: float, wall: float) -> Iterator[None]:
    """Raise _TimeUp in what takes longer, and again where it is caught.

    Where the signals are blocked nothing is raised: there the limits of the process hold.
    """

    def stop(*_: Any) -> None:
        raise _TimeUp

    for name in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(name, stop)
    signal.setitimer(signal.ITIMER_PROF, cpu, 1)
    signal.setitimer(signal.ITIMER_REAL, wall, 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)


class _Nowhere(io.TextIOBase):
    """What is printed between the cases is nobody's to read."""

    def write(self, text: str) -> int:
        return len(text)

    def close(self) -> None:
        """A notebook goes on printing."""


_NOWHERE = _Nowhere()  # one for all: a finaliser that ran in an answer would count as what that uses


class _Noted:
    """What `check` gives here: the verdict is spoken elsewhere."""

    exercise = None
    status, message, hint, misconception, details, score, brief = "noted", "", "", "", (), 0.0, ""

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return "noted"


def answer(shell: InteractiveShell, question: Mapping[str, Any], data: bytes, send: Send) -> None:
    """Run a notebook and send what came of each exercise; with `wanted` of that one, from its own cells."""
    try:
        cells = read_cells(data, renumbered if question["former"] else str)
    except Rejected as error:
        return send("rejected", str(error))
    if "wanted" in question:
        return _Session(shell, question, send).extract(cells, question["wanted"])
    for name, asked in question["questions"].items():
        own = [cell for cell in cells if cell.grade_id == asked["grade_id"]]
        send("source", name, own[0].source[:LONGEST] if own else "", [cell.number for cell in own])
    return _Session(shell, question, send).run(cells)


class _Session:
    """One notebook's run."""

    def __init__(self, shell: InteractiveShell, question: Mapping[str, Any], send: Send) -> None:
        self.shell, self.send = shell, send
        self.questions, self.given, self.former = (
            question["questions"], question["given"], question["former"],
        )  # fmt: skip
        self.seconds = question["seconds"]
        self.asked: dict[str, Any] = {}  # the last answer that `check` was given
        self.checks: Counter[str] = Counter()
        self.stops = 0
        self.cell = ""
        sys.path.insert(0, os.getcwd())  # where Jupyter finds a file beside the notebook
        shell.compile.get_code_name = lambda *_: self.cell  # type: ignore[method-assign]

    def run(self, cells: list[Cell]) -> None:
        sys.modules["nnlearn.exercises"].check = self.check  # type: ignore[attr-defined]
        for cell in cells:
            if cell.code:
                self.execute(cell)
        sys.modules["nnlearn.exercises"].check = lambda *_, **__: _Noted()  # type: ignore[attr-defined]
        for name, asked in self.questions.items():
            if asked["graded"]:
                self.cell = "the end"
                with _quiet(), contextlib.suppress(BaseException), self.limit():  # the next has its turn
                    self.at_the_end(name, asked["expression"])

    def at_the_end(self, name: str, expression: str) -> None:
        """What the notebook's own check would see after the last cell, where that is something else."""
        if self.checks[name] > MOST_CHECKS:
            self.ask(name, self.asked[name], "check")
        try:
            value = eval(expression, self.shell.user_ns)
        except BaseException as error:
            return self.send("failed", name, "end", _place(error), message(error))
        if name not in self.asked or not _same(self.asked[name], value):
            self.ask(name, value, "end")
        return None

    def extract(self, cells: list[Cell], name: str) -> None:
        """The answer's own cell after those that it needs, whatever else is in the notebook."""
        asked = self.questions[name]
        sys.modules["nnlearn.exercises"].check = lambda *_, **__: _Noted()  # type: ignore[attr-defined]
        own = [cell for cell in cells if cell.grade_id == asked["grade_id"]]
        if not own:
            return self.send("failed", name, "cells", "", f"The cell {asked['grade_id']!r} is missing.")
        given = [Cell(-k, "", source) for k, source in enumerate(self.given, 1)]
        for cell in (*given, *needed(own[0], cells, self.shell.transform_cell), own[0]):
            error = self.execute(cell, tell=False)
            if error is not None and cell is own[0]:
                return self.send("failed", name, "cells", _place(error), message(error))
        with _quiet(), self.limit():
            try:
                value = eval(asked["expression"], self.shell.user_ns)
            except BaseException as error:
                return self.send("failed", name, "cells", _place(error), message(error))
            return self.ask(name, value, "cells")

    def execute(self, cell: Cell, tell: bool = True) -> BaseException | None:
        """Run a cell as Jupyter does; what stopped it, if anything."""
        self.cell = cell.name
        importlib.invalidate_caches()  # a file that was just written is to be found
        with _quiet():
            try:
                with self.limit():
                    done = self.shell.run_cell(cell.source, store_history=False)
                error = done.error_before_exec or done.error_in_exec
            except BaseException as stopped:
                error = stopped
            if "matplotlib.pyplot" in sys.modules:
                with contextlib.suppress(BaseException):
                    sys.modules["matplotlib.pyplot"].close("all")  # as notebooks do after each cell
        if error is not None and tell and self.stops < MOST_STOPS:
            self.stops += 1
            self.send("stopped", cell.number, _place(error), self.in_words(error))
        return error

    def limit(self) -> contextlib.AbstractContextManager[None]:
        return _at_most(self.seconds, 2 * self.seconds)

    def in_words(self, error: BaseException) -> str:
        if isinstance(error, _TimeUp):
            return f"It did not end within {self.seconds} seconds: look for a loop that never stops."
        return message(error)

    def check(self, exercise_id: Any = "", answer: Any = ..., **_: Any) -> _Noted:
        """What the notebook calls: ask the grader's cases of this answer, as `check` asks its own."""
        chapter, _point, number = str(exercise_id).strip().partition(".")
        name = f"{chapter.zfill(2)}.{number}"
        name = renumbered(name) if self.former else name
        if name in self.questions and self.questions[name]["graded"]:
            self.asked[name] = answer
            self.checks[name] += 1
            if self.checks[name] <= MOST_CHECKS:
                self.ask(name, answer, "check")
        return _Noted()

    def ask(self, name: str, answer: Any, place: str) -> None:
        """Send what the answer does in each case."""
        asked = self.questions[name]
        self.send("asked", name, place)
        try:
            answer = prepare(answer, asked["signature"])
            known = {"np": np, "__builtins__": builtins}  # an inner function has those of its globals alone
            run = types.FunctionType(marshal.loads(base64.b64decode(asked["run"])), known)
            for case, inputs in asked["cases"].items():
                outcome = vars(run_case(run, answer, inputs, asked["allows"]))
                self.send("case", name, place, case, outcome)
        except NotStarted:
            self.send("not started", name, place)
        except Unfit as error:
            self.send("unfit", name, place, str(error))
        except KeyboardInterrupt as error:
            self.send("late", name, place, self.in_words(error))
            raise


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    before = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = _NOWHERE
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
        return all(map(_same, one, other))
    return one is other


def _place(error: BaseException) -> str:
    """ "cell 7, line 2: return x @ w" """
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}, line {error.lineno}: {(error.text or '').strip()}"
    return learners_line(error)


def main(isolated: bool, cpu: int, wall: int, memory: int) -> None:
    """Wait for notebooks, with all loaded that they are likely to use."""
    import matplotlib.pyplot  # noqa: F401

    import nnlearn

    dir(nnlearn)
    sys.modules["nnlearn.exercises"].check = lambda *_, **__: _Noted()  # type: ignore[attr-defined]
    made = shell()
    worker.serve(lambda *question: answer(made, *question), isolated, cpu, wall, memory)
