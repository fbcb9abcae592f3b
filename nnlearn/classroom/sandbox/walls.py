"""The wall around strangers' code: an empty, read-only world with Python and its libraries, and no network.

bubblewrap builds it. Where that is missing or does not start, as on systems where only programs that an
administrator has named may make namespaces, podman builds the same, for a user who is not root.
"""

import contextlib
import os
import re
import secrets
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path

from nnlearn.classroom.sandbox.worker import NAMESPACES
from nnlearn.exercises.notebooks import course_folder

# What a notebook may import beside the standard library and nnlearn, each with what it needs.
LIBRARIES = (
    *("numpy", "scipy", "matplotlib", "scikit-learn", "ipython", "ipywidgets", "tqdm"),
    *("babel", "hypothesis", "platformdirs", "pooch", "safetensors", "pyseccomp"),
)
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "HOME": "/tmp",
    "MPLBACKEND": "agg",
} | dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_WRITABLE = "/tmp"  # for what runs inside
# Tried behind a wall before anything else: what the worker does there for each question.
_TRY = f"""
import ctypes, os, sys
failed = ctypes.CDLL(None, use_errno=True).unshare({NAMESPACES})
sys.exit(failed and "unshare: " + os.strerror(ctypes.get_errno()))
"""
World = list[tuple[str, str, str]]
"""("link" | "read" | "empty", path inside, what is there): where a link leads, or a file or folder here"""


class NoSandbox(Exception):
    """There is no sandbox here, or it does not start; the message says why."""


def build(
    python: str, ours: Mapping[str, Path], packages: Sequence[str], until: contextlib.ExitStack
) -> tuple[list[str], dict[str, str]]:
    """(the start of a command line whose rest runs behind the wall, the environment that it wants).

    Its file 0 is that of what runs, and in a container file 3. Raises NoSandbox, with what was said, where no
    wall stands.
    """
    inside, said = world(python, ours, packages), []
    for name, wall in (("bubblewrap", _bubblewrap), ("podman", _podman)):
        try:
            command, environment = wall(inside, until)
            _try(name, [*command, python, "-I", "-S", "-c", _TRY], environment)
        except NoSandbox as error:
            said.append(str(error))
        else:
            return command, environment
    raise NoSandbox("; ".join(said))


def _try(name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
    try:
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoSandbox(f"{name} does not start: {error}") from None
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise NoSandbox(f"{name} does not start: {last or f'it ends with {done.returncode}'}")


def _bubblewrap(inside: World, until: contextlib.ExitStack) -> tuple[list[str], dict[str, str]]:
    program = shutil.which("bwrap")
    if not program:
        how = "`apt-get install bubblewrap`, or your system's way to get it"
        raise NoSandbox(f"bubblewrap is not installed ({how})")
    wall = [program, "--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent"]
    wall += ["--new-session", "--uid", "1000", "--gid", "1000", "--hostname", "sandbox", "--cap-drop", "ALL"]
    wall += ["--cap-add", "CAP_SYS_ADMIN"]  # for the worker, to make each question's namespaces
    for kind, path, what in inside:
        if kind == "link":
            wall += ["--symlink", what, path]
        elif kind == "read":
            wall += ["--ro-bind", what, path]
        else:  # what could be written there would be the next one's to read
            wall += ["--tmpfs", path, "--remount-ro", path]
    for device in ("/dev/null", "/dev/zero", "/dev/urandom"):
        wall += ["--dev-bind", device, device]
    return [*wall, "--tmpfs", "/tmp", "--remount-ro", "/", "--chdir", "/tmp", "--"], ENVIRONMENT


def _podman(inside: World, until: contextlib.ExitStack) -> tuple[list[str], dict[str, str]]:
    """A container of no image: a folder with nothing in it but links, and where things are mounted.

    Beside /tmp the worker makes all of it read-only, and hides /proc and /sys, before it runs anything.
    """
    program = shutil.which("podman")
    if not program:
        raise NoSandbox("podman is not installed")
    asked = [program, "info", "--format", "{{.Host.Security.Rootless}}"]
    if os.geteuid() == 0 or subprocess.run(asked, capture_output=True, text=True).stdout.strip() != "true":
        raise NoSandbox("podman would run as root, which is no wall: grade as another user")
    folder = Path(until.enter_context(tempfile.TemporaryDirectory(prefix="nnlearn-")))
    root, empty = folder / "root", folder / "empty"
    (root / "tmp").mkdir(parents=True)
    empty.mkdir()
    name = f"nnlearn-{secrets.token_hex(8)}"
    remove = [program, "rm", "--force", "--ignore", "--time", "0", name]
    until.callback(subprocess.run, remove, capture_output=True)
    wall = ["--log-level", "error", "run", "--rm", "--name", name]
    wall += ["--preserve-fds", "1", "--log-driver", "none"]
    wall += ["--network", "none", "--no-hosts", "--http-proxy=false", "--hostname", "sandbox"]
    wall += ["--read-only", "--read-only-tmpfs=false", "--tmpfs", "/tmp", "--workdir", "/tmp"]
    wall += ["--cap-drop", "ALL", "--cap-add", "SYS_ADMIN", "--security-opt", "no-new-privileges"]
    wall += ["--security-opt", "label=disable"]  # SELinux would hide Python: it is not the container's
    for key, value in ENVIRONMENT.items():
        wall += ["--env", f"{key}={value}"]
    for kind, path, what in inside:
        if kind == "link":
            (root / path[1:]).symlink_to(what)
        else:
            wall += ["--mount", f"type=bind,source={what or empty},destination={path},ro=true"]
    # What a container has as file 0 is not ours but podman's; it hands on file 3.
    return ["/bin/sh", "-c", 'exec "$@" 3<&0', "sh", program, *wall, "--rootfs", str(root)], dict(os.environ)


def world(python: str, ours: Mapping[str, Path], packages: Sequence[str]) -> World:
    """Python as it is installed, without anything that was put into it, and beside it the packages.

    Raises NoSandbox for a Python in /tmp.
    """
    inside: World = []
    for folder in ("/usr/lib", "/usr/lib64", "/lib", "/lib64"):
        if os.path.islink(folder):
            inside.append(("link", folder, os.readlink(folder)))
        elif os.path.isdir(folder):
            inside.append(("read", folder, folder))
    base = os.path.realpath(sys.base_prefix)
    library = os.path.realpath(os.path.dirname(os.__file__))
    of_python = [python, library, *(f"{base}/{name}" for name in ("lib", "lib64"))]
    if python.startswith(f"{_WRITABLE}/"):
        raise NoSandbox(f"Python lies where notebooks write, in {python}: it has to be installed elsewhere")
    for path in sorted(map(os.path.realpath, filter(os.path.exists, of_python))):
        if not any(path.startswith(f"{seen}/") or path == seen for _, seen, _ in inside):
            inside.append(("read", path, path))
    here = {"base": base, "platbase": base}
    shown = [path for kind, path, _ in inside if kind == "read"]
    put_into = [sysconfig.get_path(kind, vars=here) for kind in ("purelib", "platlib")]
    put_into += [str(folder) for path in shown for folder in Path(path).glob("python*/*-packages")]
    empty: list[str] = []
    for folder in sorted(map(os.path.realpath, [*put_into, str(course_folder())])):
        within = [path for path in [*shown, *empty] if f"{folder}/".startswith(f"{path}/")]
        if os.path.isdir(folder) and within and not set(within) & set(empty):
            empty.append(folder)
    inside += [("empty", folder, "") for folder in empty]
    beside = [*_libraries(packages), *ours.items()]
    return inside + [("read", f"/packages/{name}", str(place)) for name, place in beside]


def _libraries(packages: Sequence[str]) -> Iterator[tuple[str, Path]]:
    """(name, path) of all that the libraries and what they need have put side by side into site-packages."""
    waiting, seen = [*LIBRARIES, *packages], set()
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
        lists = map(distribution.read_text, ("RECORD", "top_level.txt"))  # Debian's packages have the second
        lines = next(filter(None, lists), "").split("\n")
        for top in {re.split("[/,]", line, maxsplit=1)[0] for line in lines}:
            place = Path(str(distribution.locate_file(top)))
            if top not in ("", "..", "bin", "__pycache__") and place.suffix not in (".dist-info", ".pth"):
                found[top] = place
    yield from sorted(found.items())
