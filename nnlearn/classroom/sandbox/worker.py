"""The processes that answer questions: one waits, and forks for each question another that has limits.

In the sandbox, `serve` is given `session`, which runs strangers' code. The waiting process loads IPython and
NumPy once; for each notebook it forks into fresh namespaces: a guard, which is process 1 there and watches
the clock, and the process that reads the question and runs the code. That one has no privileges left, no
system call to get any, and sees none of the others. Beside the sandbox, `serve` is given `judging`: trusted
code, with strangers' data, under the same limits.
"""

import asyncio
import contextlib
import ctypes
import ctypes.util
import errno
import json
import os
import select
import signal
import socket
import struct
import sys
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from nnlearn.classroom.sandbox.wire import pack, unpack

if sys.platform == "linux":  # elsewhere this file is read, but never run
    import resource

    _LIBC = ctypes.CDLL(None, use_errno=True)

LARGEST = 100 * 2**20  # bytes of a file that comes with a question
LOADED = 2**29  # bytes of addresses that Python has with NumPy, SciPy and IPython, most of them libraries'
DISK = 16 * 2**20  # bytes in /tmp, the one place that can be written
THREADS = 1000  # of a user who is not root
_PROC = "/proc"  # there in a container, and not behind bubblewrap
BEGUN = b"."  # sent before anything else, when all walls stand
NAMESPACES = 0x00020000 | 0x08000000 | 0x20000000  # mounts, System V objects, process ids
Answer = Callable[[Mapping[str, Any], bytes, Callable[..., None]], None]
"""answer(question, file, send): what is done with a question; `send(kind, …)` sends plain data."""


@cache
def _seccomp() -> Any:
    """libseccomp, found by its name: it is looked for by running programs that are not here."""
    ctypes.util.find_library = {"seccomp": "libseccomp.so.2"}.get  # type: ignore[assignment]
    import pyseccomp

    return pyseccomp


def serve(answer: Answer, isolated: bool, cpu: int, wall: int, memory: int) -> None:
    """Answer what comes in by the socket that is file 0, or in a container file 3.

    That is three files: a question's stream, where to report its end, and what comes with it. Each may take
    `cpu` seconds of processor, `wall` seconds, and `memory` bytes beside what is loaded.
    """
    control = socket.socket(fileno=3 if isolated and os.path.exists(_PROC) else 0)
    if isolated:
        _seccomp()  # while its files can be read
    control.send(b".")
    while True:
        data, files, *_ = socket.recv_fds(control, 1, 3)
        if not data or len(files) != 3:
            return
        pid = os.fork()
        if pid == 0:
            control.close()
            try:
                _isolate(answer, files, isolated, (cpu, wall, memory))
            except BaseException as error:
                os.write(2, f"{type(error).__name__}: {error}\n".encode())
            finally:
                os._exit(1)
        for file in files:
            os.close(file)
        os.waitpid(pid, 0)
        control.send(b".")  # ready for the next


def _isolate(answer: Answer, files: list[int], isolated: bool, limits: tuple[int, int, int]) -> None:
    stream, end, file = files
    if isolated:
        _call("unshare", NAMESPACES)
    guard = os.fork()
    if guard:
        os.waitpid(guard, 0)
        os._exit(0)
    if isolated:
        _seal()
    pid = os.fork()
    if pid == 0:
        os.close(end)
        try:
            _answer(answer, socket.socket(fileno=stream), file, isolated, limits)
        except BaseException as error:
            os.write(2, f"{type(error).__name__}: {error}\n".encode())  # nowhere, once confined
            os._exit(1)
        os._exit(0)
    os.close(stream)
    _report(pid, end, limits[1])
    os._exit(0)  # and with process 1 all that the stranger's code started


def _seal() -> None:
    """Nothing can be written but a /tmp of one's own, and nobody is seen in what a container has beside."""
    if os.path.exists(_PROC):
        read_only = struct.pack("4Q", 1, 0, 0, 0)
        _call("syscall", 442, -100, b"/", 0x8000, read_only, len(read_only))  # mount_setattr, and all below
        for folder in filter(os.path.exists, (_PROC, "/sys", "/dev/pts", "/dev/shm", "/dev/mqueue")):
            _call("mount", b"tmpfs", folder.encode(), b"tmpfs", 1 | 2 | 4, b"size=4k")
    _call("mount", b"tmpfs", b"/tmp", b"tmpfs", 2 | 4, f"size={DISK},mode=700".encode())


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


def _answer(
    answer: Answer, stream: socket.socket, file: int, isolated: bool, limits: tuple[int, int, int]
) -> None:
    """Read the question, give everything up, answer."""
    question = unpack(_receive(stream))
    if isolated:
        _loop()
    _confine(isolated, limits)
    with open(file, "rb") as handed_in:
        data = handed_in.read(LARGEST + 1)

    def send(kind: str, *rest: Any) -> None:
        try:
            message = pack([kind, *rest])
        except ValueError:  # what it gave is too much, or nothing that can be sent
            message = pack([kind, *rest[:-1], {"problem": "gives more data than can be compared."}])
        stream.sendall(len(message).to_bytes(4, "big") + message)

    stream.sendall(BEGUN)
    answer(question, data, send)


def _loop() -> None:
    """For `await` in a cell; later no socket can be made, and a loop has one."""
    from IPython.core.async_helpers import get_asyncio_loop

    asyncio.set_event_loop(get_asyncio_loop())


def _receive(stream: socket.socket) -> bytes:
    size = int.from_bytes(_exactly(stream, 4), "big")
    return _exactly(stream, size)


def _exactly(stream: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = stream.recv(min(size - len(parts), 1 << 20))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


def _confine(isolated: bool, limits: tuple[int, int, int]) -> None:
    """No way back: limits, no privileges, no system calls that reach beyond this process."""
    cpu, _, memory = limits
    os.chdir("/tmp")
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
    most = memory + LOADED
    for what, limit in (("AS", most), ("FSIZE", DISK), ("NOFILE", 64), ("CORE", 0)):
        resource.setrlimit(getattr(resource, f"RLIMIT_{what}"), (limit, limit))
    if isolated:
        resource.setrlimit(resource.RLIMIT_NPROC, (THREADS, THREADS))
        header, nothing = struct.pack("Ii", 0x20080522, 0), bytes(24)
        _call("capset", header, nothing)
        _call("prctl", 38, 1, 0, 0, 0)  # no new privileges
        _filter_system_calls()
    null = os.open("/dev/null", os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)


# What Python, NumPy and threads need, and nothing that reaches another process, a network or the kernel's
# insides. Everything else is refused.
_ALLOWED = """
read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 open openat close close_range stat
fstat lstat newfstatat statx access faccessat faccessat2 readlink readlinkat getdents getdents64 lseek
_llseek mmap mmap2 munmap mprotect mremap madvise mincore msync brk mlock munlock rt_sigaction
rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigsuspend rt_sigqueueinfo sigaltstack
sigreturn ioctl fcntl fcntl64 flock fsync fdatasync ftruncate truncate fallocate fadvise64 dup dup2 dup3
pipe pipe2 poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait
epoll_pwait2 eventfd eventfd2 timerfd_create timerfd_settime timerfd_gettime nanosleep clock_nanosleep
clock_gettime clock_getres gettimeofday time times getpid gettid getppid getuid geteuid getgid getegid
getgroups getpgrp getpgid getsid getresuid getresgid getrlimit ugetrlimit prlimit64 getrusage sysinfo uname
sched_yield sched_getaffinity sched_setaffinity sched_getparam sched_getscheduler sched_get_priority_max
sched_get_priority_min getpriority setitimer getitimer alarm pause futex futex_waitv set_robust_list
get_robust_list set_tid_address rseq arch_prctl prctl membarrier exit exit_group kill tkill tgkill
restart_syscall chdir fchdir getcwd mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 link
linkat symlink symlinkat chmod fchmod fchmodat utimensat utime utimes umask statfs fstatfs statfs64
fstatfs64 sendfile copy_file_range getrandom wait4 waitid sendto recvfrom sendmsg recvmsg shutdown
getsockname getpeername getsockopt setsockopt getcpu capget get_mempolicy
""".split()
_THREAD = 0x00010000  # clone's flag for a thread, as opposed to a process


def _filter_system_calls() -> None:
    seccomp = _seccomp()
    rules = seccomp.SyscallFilter(seccomp.ERRNO(errno.EPERM))
    for name in _ALLOWED:
        with contextlib.suppress(OSError, RuntimeError):  # not every kernel or processor has each
            rules.add_rule(seccomp.ALLOW, name)
    # The flags of clone3 cannot be looked at; where there is none, libc uses clone.
    rules.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")
    rules.add_rule(seccomp.ALLOW, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, _THREAD, _THREAD))
    rules.load()


def _call(name: str, *arguments: Any) -> None:
    if getattr(_LIBC, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
