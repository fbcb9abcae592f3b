"""The wall between strangers' code and the grader: bubblewrap, started once, then question after question.

Inside is Python with NumPy and its like, `worker.py`, and nothing of this course that could be an answer.
"""

import contextlib
import importlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from nnlearn.classroom.sandbox import wire, worker
from nnlearn.exercises.notebooks import course_folder
from nnlearn.training.saving import write

# What an answer may import beside the standard library, and what the worker needs; each with what it needs.
LIBRARIES = ("numpy", "scipy", "matplotlib", "scikit-learn", "safetensors", "pyseccomp")
MOST = 64 * 2**20  # bytes that one question may send
GRACE = 10  # seconds for the guard inside to keep its word


class NoSandbox(Exception):
    """There is no sandbox here, or it does not start; the message says why."""


@dataclass(frozen=True)
class Reply:
    """What came out for one question: messages, and in words how the process ended if that was not well."""

    messages: list[Any]
    ended: str = ""


class Sandbox:
    """A sandbox that waits for questions; started when the first comes, and again when it breaks."""

    def __init__(self, isolated: bool = True, cpu: int = worker.CPU, wall: int = worker.WALL) -> None:
        self.isolated, self.cpu, self.wall = isolated, cpu, wall
        self._process: subprocess.Popen | None = None
        self._ours = contextlib.ExitStack()  # what is closed when it ends

    def ask(self, question: dict[str, Any]) -> Reply:
        """Run one question's code.  Raises NoSandbox where none can be had, after a second try."""
        if sys.platform != "linux":
            raise NoSandbox("grading needs Linux: a machine, a container, or WSL on Windows")
        for last in (False, True):
            try:
                return self._ask(wire.pack(question))
            except (OSError, EOFError) as error:
                said = self.close()
                if last:
                    raise NoSandbox(
                        f"the sandbox does not start: {said or error or type(error).__name__}"
                    ) from error
        raise AssertionError

    def _ask(self, question: bytes) -> Reply:
        if self._process is None:
            self._start()
        ours, theirs = socket.socketpair()
        end, report = os.pipe()
        with ours, open(end, "rb") as ending:
            try:
                socket.send_fds(self._control, [b"?"], [theirs.fileno(), report])
            finally:
                theirs.close()
                os.close(report)
            data, ended = self._listen(ours, question)
            how = b"" if ended else ending.read(1000)
        if ended:
            self.close()
        elif self._control.recv(1) != b".":
            raise EOFError
        return Reply(*_read(data, ended or self._in_words(how)))

    def _listen(self, stream: socket.socket, question: bytes) -> tuple[bytes, str]:
        """All that one question sends, and why no more was listened to, if so."""
        data, deadline = bytearray(), time.monotonic() + self.wall + GRACE
        stream.settimeout(self.wall + GRACE)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it ended before it read
            stream.sendall(len(question).to_bytes(4, "big") + question)
            while part := stream.recv(1 << 20):
                data += part
                if len(data) > MOST:
                    return b"", f"sent more than {MOST // 2**20} MiB"
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
        command = [*self._command(), str(self.cpu), str(self.wall)]
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
                env=_environment(),
            )
        if self._control.recv(1) != b".":
            raise EOFError

    def _command(self) -> list[str]:
        if not self.isolated:
            folder = self._ours.enter_context(tempfile.TemporaryDirectory(prefix="nnlearn-"))
            for name, path in _ours().items():
                write(Path(folder, name), path.read_bytes())
            paths = [folder, *map(sysconfig.get_path, ("purelib", "platlib"))]
            return [sys.executable, "-I", "-S", "-c", _program(paths), "open"]
        bubblewrap = shutil.which("bwrap")
        if not bubblewrap:
            how = "`apt-get install bubblewrap`, or your system's way to get it"
            raise NoSandbox(f"bubblewrap is not installed: {how}")
        if not find_spec("pyseccomp"):
            raise NoSandbox('pyseccomp is not installed: pip install "nnlearn[teach]"')
        return [bubblewrap, *_walls(), _python(), "-I", "-S", "-c", _program(["/packages"]), "isolated"]

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


def _ours() -> dict[str, Path]:
    """{path among the packages: file} of what the worker is made of, and of the packages it lies in, empty.

    That is how to run an answer, and not what a right one is.
    """
    files: dict[str, Path] = {}
    for module in needed(worker):
        path = Path(*module.__name__.split("."))
        files |= {str(folder / "__init__.py"): Path(os.devnull) for folder in path.parents if folder.name}
        files[f"{path}.py"] = Path(str(module.__file__))
    return files


def _program(paths: Sequence[str]) -> str:
    run = f"runpy.run_module({worker.__name__!r}, run_name='__main__')"
    return f"import sys, runpy; sys.path += {list(paths)!r}; {run}"


def _environment() -> dict[str, str]:
    one = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/tmp", **one}


def _python() -> str:
    """The interpreter itself, not the link to it in a virtual environment."""
    return os.path.realpath(sys.executable)


def _walls() -> list[str]:
    """bubblewrap's options: an empty, read-only world with Python and its libraries in it, and no network."""
    base = os.path.realpath(sys.base_prefix)
    walls = ["--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session"]
    walls += ["--uid", "1000", "--gid", "1000", "--hostname", "sandbox", "--cap-drop", "ALL"]
    walls += ["--cap-add", "CAP_SYS_ADMIN"]  # for the worker, to make each question's namespaces
    for folder in ("/usr/lib", "/usr/lib64", "/lib", "/lib64"):
        if os.path.islink(folder):
            walls += ["--symlink", os.readlink(folder), folder]
        elif os.path.isdir(folder):
            walls += ["--ro-bind", folder, folder]
    walls += ["--ro-bind", base, base] if base != "/usr" else ["--ro-bind", _python(), _python()]
    here = {"base": base, "platbase": base}
    hidden = [sysconfig.get_path(kind, vars=here) for kind in ("purelib", "platlib")]
    hidden += ["/usr/lib/python3", "/usr/local/lib", str(course_folder())]
    for folder in dict.fromkeys(hidden):
        if os.path.isdir(folder) and folder.startswith((base + "/", "/usr/lib")):
            walls += ["--tmpfs", folder]
    for name, path in [*_libraries(), *_ours().items()]:
        walls += ["--ro-bind", str(path), f"/packages/{name}"]
    for device in ("/dev/null", "/dev/zero", "/dev/urandom"):
        walls += ["--dev-bind", device, device]
    return [*walls, "--tmpfs", "/tmp", "--remount-ro", "/", "--chdir", "/tmp", "--"]


def _libraries() -> Iterator[tuple[str, Path]]:
    """(name, path) of all that the libraries and what they need have put side by side into site-packages."""
    waiting, seen = list(LIBRARIES), set()
    found: dict[str, Path] = {}
    while waiting:
        library = re.split(r"[^\w.-]", waiting.pop(), maxsplit=1)[0].lower().replace("_", "-")
        if library in seen:
            continue
        seen.add(library)
        try:
            distribution = metadata.distribution(library)
        except metadata.PackageNotFoundError:  # needed only elsewhere
            continue
        waiting += [need for need in distribution.requires or () if "extra ==" not in need]
        for file in distribution.files or ():
            top = file.parts[0]
            if top not in ("..", "bin", "__pycache__") and not top.endswith((".dist-info", ".pth")):
                found[top] = Path(str(distribution.locate_file(top)))
    yield from sorted(found.items())


def _read(data: bytes, ended: str) -> tuple[list[Any], str]:
    """The messages in what was sent, and how it ended; garbage is never more than that."""
    messages: list[Any] = []
    while data:
        length = int.from_bytes(data[:4], "big")
        if len(data) < 4 + length:
            return messages, ended or "broke off in the middle of what it sent"
        try:
            messages.append(wire.unpack(data[4 : 4 + length]))
        except ValueError:
            return messages, ended or "sent something that is not an answer (bad protocol)"
        data = data[4 + length :]
    return messages, ended
