"""Inside the sandbox: run strangers' code on inputs and send out what it gave.

One trusted process loads NumPy once and waits. For each question it forks into fresh namespaces: a guard,
which is process 1 there and watches the clock, and the process that reads the question and runs the
stranger's code. That one has no privileges left, no system call to get any, and sees none of the others. What
it sends is data about what the answer did; it knows neither the reference nor the tests: nothing to forge.
"""

import base64
import builtins
import contextlib
import ctypes
import ctypes.util
import errno
import io
import json
import linecache
import marshal
import os
import select
import signal
import socket
import struct
import sys
import types
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import Any

import numpy as np

from nnlearn.classroom.sandbox.wire import pack, unpack
from nnlearn.exercises.runner import NotStarted, learners_line, message, prepare, run_case
from nnlearn.exercises.values import Unfit

if sys.platform == "linux":  # elsewhere this file is read, but never run
    import resource

    _LIBC = ctypes.CDLL(None, use_errno=True)

CPU, WALL = 10, 30  # seconds for one question
MEMORY = 1536 * 2**20  # bytes of address space
DISK = 16 * 2**20  # bytes in /tmp, the one place that can be written
_NAMESPACES = 0x00020000 | 0x08000000 | 0x20000000  # mounts, System V objects, process ids


@cache
def _seccomp() -> Any:
    """libseccomp, found by its name: it is looked for by running programs that are not here."""
    ctypes.util.find_library = {"seccomp": "libseccomp.so.2"}.get  # type: ignore[assignment]
    import pyseccomp

    return pyseccomp


def serve(control: socket.socket, isolated: bool, cpu: int, wall: int) -> None:
    """For each pair of files that comes in, a question's stream and where to report its end: answer it."""
    if isolated:
        _seccomp()  # while its files can be read
    control.send(b".")
    while True:
        data, files, *_ = socket.recv_fds(control, 1, 2)
        if not data or len(files) != 2:
            return
        pid = os.fork()
        if pid == 0:
            control.close()
            try:
                _isolate(files[0], files[1], isolated, cpu, wall)
            finally:
                os._exit(1)
        for file in files:
            os.close(file)
        os.waitpid(pid, 0)
        control.send(b".")  # ready for the next


def _isolate(stream: int, end: int, isolated: bool, cpu: int, wall: int) -> None:
    if isolated:
        _call("unshare", _NAMESPACES)
    guard = os.fork()
    if guard:
        os.waitpid(guard, 0)
        os._exit(0)
    if isolated:
        _call("mount", b"tmpfs", b"/tmp", b"tmpfs", 2 | 4, f"size={DISK},mode=700".encode())
    pid = os.fork()
    if pid == 0:
        os.close(end)
        try:
            _answer(socket.socket(fileno=stream), isolated, cpu)
        except BaseException as error:
            os.write(2, f"{type(error).__name__}: {error}\n".encode())  # nowhere, once confined
            os._exit(1)
        os._exit(0)
    os.close(stream)
    _report(pid, end, wall)
    os._exit(0)  # and with process 1 all that the stranger's code started


def _report(pid: int, end: int, wall: int) -> None:
    """Wait for a process, no longer than it may take, and write down how it ended."""
    watched = select.poll()
    watched.register(os.pidfd_open(pid), select.POLLIN)
    late = not watched.poll(wall * 1000)
    if late:
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    os.write(end, json.dumps({"late": late, "code": code}).encode())


def _answer(stream: socket.socket, isolated: bool, cpu: int) -> None:
    """Read the question, give everything up, run the answer."""
    question = unpack(_receive(stream))
    _confine(isolated, cpu)
    for kind, *rest in _run(question):
        try:
            data = pack([kind, *rest])
        except ValueError:  # what it gave is too much, or nothing that can be sent
            data = pack([kind, rest[0], {"problem": "gives more data than can be compared."}])
        stream.sendall(len(data).to_bytes(4, "big") + data)


def _receive(stream: socket.socket) -> bytes:
    data = b""
    while len(data) < 4 or len(data) < 4 + int.from_bytes(data[:4], "big"):
        part = stream.recv(1 << 20)
        if not part:
            raise EOFError
        data += part
    return data[4:]


def _run(question: Mapping[str, Any]) -> Any:
    """Yield ("failed", where, why), ("not started",), ("unfit", why), or each ("case", name, outcome)."""
    scope: dict[str, Any] = {"__name__": "__main__"}
    sys.modules["__main__"].__dict__.clear()
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            _offer(question["modules"])
            for name, source in question["cells"]:
                _execute(source, scope, name)
            answer = eval(question["expression"], scope)
    except BaseException as error:
        yield "failed", _place(error), message(error)
        return
    try:
        answer = prepare(answer, question["signature"])
        known = {"np": np, "__builtins__": builtins}  # an inner function has those of its globals alone
        run = types.FunctionType(marshal.loads(base64.b64decode(question["run"])), known)
        for name, inputs in question["cases"].items():
            yield "case", name, vars(run_case(run, answer, inputs))
    except NotStarted:
        yield ("not started",)
    except Unfit as error:
        yield "unfit", str(error)


def _execute(source: str, scope: dict[str, Any], name: str) -> None:
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    exec(compile(source, name, "exec"), scope)


def _place(error: BaseException) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}, line {error.lineno}: {(error.text or '').strip()}"
    return learners_line(error)


class _Offered(MetaPathFinder, Loader):
    """The modules of `nnlearn` that an exercise may use, from their sources."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.sources = sources

    def find_spec(self, name: str, path: Sequence[str] | None, target: Any = None) -> ModuleSpec | None:
        if name not in self.sources:
            return None
        holds_others = any(other.startswith(f"{name}.") for other in self.sources)
        return ModuleSpec(name, self, is_package=holds_others)

    def exec_module(self, module: types.ModuleType) -> None:
        exec(compile(self.sources[module.__name__], f"<{module.__name__}>", "exec"), vars(module))


def _offer(sources: Mapping[str, str]) -> None:
    sys.meta_path.insert(0, _Offered(sources))
    for name in sources.keys() & sys.modules.keys():  # packages that the worker itself lies in
        exec(sources[name], vars(sys.modules[name]))


def _confine(isolated: bool, cpu: int) -> None:
    """No way back: limits, no privileges, no system calls that reach beyond this process."""
    os.chdir("/tmp")
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
    for what, most in (("AS", MEMORY), ("FSIZE", DISK), ("NOFILE", 64), ("CORE", 0)):
        resource.setrlimit(getattr(resource, f"RLIMIT_{what}"), (most, most))
    if isolated:
        header, nothing = struct.pack("Ii", 0x20080522, 0), bytes(24)
        _call("capset", header, nothing)
        _call("prctl", 38, 1, 0, 0, 0)  # no new privileges
        _filter_system_calls()
    null = os.open("/dev/null", os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)


# What no exercise needs: processes, sockets, namespaces, mounts, others' memory, the kernel's insides.
_REFUSED = (
    "fork vfork socket socketpair connect bind listen accept accept4 unshare setns mount umount2 "
    "pivot_root chroot move_mount open_tree fsopen fsmount ptrace process_vm_readv process_vm_writev "
    "pidfd_getfd kcmp keyctl add_key request_key bpf perf_event_open userfaultfd io_uring_setup "
    "io_uring_enter io_uring_register memfd_create memfd_secret execve execveat init_module "
    "finit_module delete_module kexec_load reboot swapon swapoff name_to_handle_at open_by_handle_at "
    "shmget msgget semget mq_open personality acct quotactl"
).split()
_THREAD = 0x00010000  # clone's flag for a thread, as opposed to a process


def _filter_system_calls() -> None:
    seccomp = _seccomp()
    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    refuse = seccomp.ERRNO(errno.EPERM)
    for name in _REFUSED:
        with contextlib.suppress(OSError, RuntimeError):  # not every kernel or processor has each
            rules.add_rule(refuse, name)
    # The flags of clone3 cannot be looked at; where there is none, libc uses clone.
    rules.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")
    rules.add_rule(refuse, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, _THREAD, 0))
    rules.load()


def _call(name: str, *arguments: Any) -> None:
    if getattr(_LIBC, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


if __name__ == "__main__":
    serve(socket.socket(fileno=0), sys.argv[1] == "isolated", int(sys.argv[2]), int(sys.argv[3]))
