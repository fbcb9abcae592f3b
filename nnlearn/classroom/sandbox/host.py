"""From the grader's side: processes that answer questions, and the wall around strangers' code.

`Box` is a process and its limits, started once; `Sandbox` the box with a wall around it. Inside that is
Python with the packages of the course, this one among them, and nothing that is made for grading: no
reference, no test.
"""

import contextlib
import functools
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import nnlearn
from nnlearn.classroom.sandbox import walls, wire
from nnlearn.classroom.sandbox.walls import NoSandbox
from nnlearn.classroom.sandbox.worker import BEGUN
from nnlearn.exercises.limit import SECONDS

MOST = 64 * 2**20  # bytes that one question may send
GRACE = 10  # seconds for the guard inside to keep its word
_KEPT_OUT = ("exercises", "classroom", "course", "_content", "__pycache__")  # what is made for grading


@dataclass(frozen=True)
class Reply:
    """What was sent for one question, not read yet, and how the process ended if that was not well."""

    data: bytes
    ended: str = ""


def messages(reply: Reply) -> Iterator[list[Any]]:
    """What came, message by message, up to the first that is none; last, ("ended", how) where it is known."""
    data, at, ended = memoryview(reply.data), 0, reply.ended
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if len(data) < at + 4 + size:
            ended = ended or "broke off in the middle of what it sent"
            break
        try:
            message = wire.unpack(bytes(data[at + 4 : at + 4 + size]))
        except ValueError:
            ended = ended or "sent something that is not an answer (bad protocol)"
            break
        if isinstance(message, list) and message and isinstance(message[0], str):
            yield message
        at += 4 + size
    if ended:
        yield ["ended", ended]


class Box:
    """A process that answers questions within limits; started when the first comes, and again when it breaks.

    `cpu` and `wall` are seconds, of processor and of clock, `memory` bytes beside what is loaded.
    """

    def __init__(self, cpu: int, wall: int, memory: int) -> None:
        self.cpu, self.wall, self.memory = cpu, wall, memory
        self._process: subprocess.Popen | None = None
        self._ours = contextlib.ExitStack()  # what is closed when it ends

    def command(self) -> list[str]:
        """The program that serves."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """What the program finds in its environment."""
        return dict(os.environ)

    def ask(self, question: dict[str, Any], file: bytes = b"") -> Reply:
        """Have one question answered.  Raises NoSandbox where no process can be had, after a second try."""
        if sys.platform != "linux":
            raise NoSandbox("grading needs Linux: a machine, a container, or WSL on Windows")
        for last in (False, True):
            try:
                return self._ask(wire.pack(question), file)
            except (OSError, EOFError) as error:
                said = self.close()
                if last:
                    raise NoSandbox(
                        f"the sandbox does not start: {said or error or type(error).__name__}"
                    ) from error
        raise AssertionError

    def _ask(self, question: bytes, file: bytes) -> Reply:
        if self._process is None:
            self._start()
        ours, theirs = socket.socketpair()
        end, report = os.pipe()
        with ours, open(end, "rb") as ending, tempfile.TemporaryFile() as with_it:
            with_it.write(file)
            with_it.seek(0)
            try:
                socket.send_fds(self._control, [b"?"], [theirs.fileno(), report, with_it.fileno()])
            finally:
                theirs.close()
                os.close(report)
            data, ended = self._listen(ours, question)
            how = b"" if ended else ending.read(1000)
        if not data.startswith(BEGUN):  # it has not come to what was asked: no fault of the file's
            raise EOFError
        data = data[len(BEGUN) :]
        if ended:
            self.close()
        elif self._control.recv(1) != b".":
            raise EOFError
        return Reply(data, ended or self._in_words(how))

    def _listen(self, stream: socket.socket, question: bytes) -> tuple[bytes, str]:
        """All that one question sends, and why no more was listened to, if so."""
        data, deadline = bytearray(), time.monotonic() + self.wall + GRACE
        stream.settimeout(self.wall + GRACE)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it ended before it read
            stream.sendall(len(question).to_bytes(4, "big") + question)
            while part := stream.recv(1 << 20):
                data += part
                if len(data) > MOST:
                    return bytes(data), f"sent more than {MOST // 2**20} MiB"
                left = deadline - time.monotonic()
                if left <= 0:
                    return bytes(data), "ran too long"
                stream.settimeout(left)
        return bytes(data), ""

    def _in_words(self, report: bytes) -> str:
        """How the process ended, from the guard's report; "" for well."""
        try:
            end = json.loads(report)
            late, code = end["late"], int(end["code"])
        except (ValueError, KeyError, TypeError):
            return "crashed"
        if late:
            return f"did not end within {self.wall} seconds: look for a loop that never stops"
        named = {
            0: "",
            -signal.SIGXCPU: f"used more than {self.cpu} seconds of processor time",
            -signal.SIGKILL: "was stopped at a limit",
        }
        how = f"signal {-code}" if code < 0 else f"ended its process with {code}"
        return named.get(code, f"crashed ({how})")

    def _start(self) -> None:
        command = self.command()
        self._control, theirs = socket.socketpair()
        self._ours.enter_context(self._control)
        self._said = self._ours.enter_context(tempfile.TemporaryFile())
        self._control.settimeout(120)
        with theirs:
            self._process = subprocess.Popen(
                command,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=self._said,
                env=self.environment(),
            )
        if self._control.recv(1) != b".":
            raise EOFError

    def close(self) -> str:
        """End it and all that runs in it; what it said last, if anything."""
        said = ""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._said.seek(0)
            said = self._said.read().decode(errors="replace").strip().rpartition("\n")[2]
        self._ours.close()
        self._process = None
        return said


class Sandbox(Box):
    """Where strangers' notebooks run, each cell for at most so many seconds of processor time.

    `packages` may be imported beside `LIBRARIES`. Not `isolated`, it has limits and no wall.
    """

    def __init__(self, isolated: bool = True, seconds: int = SECONDS, packages: Sequence[str] = ()) -> None:
        super().__init__(6 * seconds, 12 * seconds, 1536 * 2**20)
        self.isolated, self.packages = isolated, tuple(packages)
        self._environment: dict[str, str] = {}

    def environment(self) -> dict[str, str]:
        return self._environment

    def command(self) -> list[str]:
        limits = f"{self.isolated}, {self.cpu}, {self.wall}, {self.memory}"
        python = os.path.realpath(sys.executable)  # itself, not the link to it in a virtual environment
        if not self.isolated:
            self._environment = walls.ENVIRONMENT
            folder = self._ours.enter_context(tempfile.TemporaryDirectory(prefix="nnlearn-"))
            for name, path in _ours().items():
                Path(folder, name).parent.mkdir(parents=True, exist_ok=True)
                Path(folder, name).symlink_to(path)
            paths = [folder, *map(sysconfig.get_path, ("purelib", "platlib"))]
            return [sys.executable, "-I", "-S", "-c", _program(paths, limits)]
        if not find_spec("pyseccomp"):
            raise NoSandbox('pyseccomp is not installed: pip install "nnlearn[teach]"')
        wall, self._environment = walls.build(python, _ours(), self.packages, self._ours)
        return [*wall, python, "-I", "-S", "-c", _program(["/packages"], limits)]


def needed(*modules: ModuleType) -> list[ModuleType]:
    """The modules, and those of this package that hold what they use, and so on."""
    found: list[ModuleType] = []
    waiting = [*modules]
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.append(module)
            values = vars(module).values()
            owners = {str(getattr(v, "__module__", None) or getattr(v, "__name__", "")) for v in values}
            waiting += [importlib.import_module(name) for name in owners if name.startswith("nnlearn.")]
    return found


@functools.cache
def _ours() -> dict[str, Path]:
    """{path among the packages: file or folder}: this package.

    Of what is made for grading only what runs a notebook: how to run an answer, and not what a right one is.
    """
    from nnlearn.classroom.sandbox import session

    package = Path(nnlearn.__path__[0])
    files = {f"nnlearn/{path.name}": path for path in package.iterdir() if path.name not in _KEPT_OUT}
    for module in needed(session):
        path = Path(*module.__name__.split("."))
        if path.parts[1:2] and path.parts[1] in _KEPT_OUT:
            inner = [folder for folder in path.parents if len(folder.parts) > 1]
            files |= {str(folder / "__init__.py"): Path(os.devnull) for folder in inner}
            files[f"{path}.py"] = Path(str(module.__file__))
    return files


def _program(paths: Sequence[str], limits: str) -> str:
    run = f"from nnlearn.classroom.sandbox import session; session.main({limits})"
    return f"import sys; sys.path += {list(paths)!r}; {run}"
