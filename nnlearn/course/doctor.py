"""What of a machine the course needs and whether it is there: each finding with its cause and its remedy."""

import importlib
import os
import platform
import shutil
import socket
import struct
import sys
import tempfile
import urllib.request
import webbrowser
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from nnlearn.exercises.records import can_be_kept, folder

GOOD, NOTE, BAD = "✓", "!", "✗"
ROOM = 500_000_000  # bytes that are to be free
WAIT = 120  # seconds for a kernel to answer


class Finding(NamedTuple):
    """How one thing stands: `sign` is GOOD, NOTE (the course runs, something does not) or BAD."""

    sign: str
    name: str
    what: str
    remedy: str = ""


def findings() -> Iterator[Finding]:
    """Everything that is looked at, the first things first; a look that fails is a finding too."""
    for look in (python, packages, numbers, kernel, connection, browser, folders, fonts, grading):
        try:
            yield from look()
        except Exception as error:
            yield Finding(BAD, look.__name__, f"{type(error).__name__}: {error}", "Send this report with it.")


def python() -> Iterator[Finding]:
    """The version, and whether it is a 64-bit one, for which there are ready-made packages."""
    wanted, have = metadata.metadata("nnlearn")["Requires-Python"], platform.python_version()
    if have not in SpecifierSet(wanted, prereleases=True):
        yield Finding(
            BAD, "Python", f"{have}; {wanted} is wanted", "Make the environment with a newer Python."
        )
    elif struct.calcsize("P") < 8:
        yield Finding(
            BAD, "Python", f"{have}, 32 bits", "Install the 64-bit Python; NumPy has no other wheels."
        )
    else:
        yield Finding(GOOD, "Python", f"{have}, {platform.system()} {platform.machine()}")


def packages() -> Iterator[Finding]:
    """The packages that nnlearn needs, in versions that it can use, and that they can be imported."""
    found = []
    for need in map(Requirement, metadata.requires("nnlearn") or []):
        if need.marker and not need.marker.evaluate({"extra": ""}):
            continue
        install = f'{_pip()} install "{need.name}{need.specifier}"'
        try:
            have = metadata.version(need.name)
        except metadata.PackageNotFoundError:
            yield Finding(BAD, need.name, "is not installed", install)
            continue
        found.append(f"{need.name} {have}")
        if not need.specifier.contains(have, prereleases=True):
            yield Finding(BAD, need.name, f"{have} is installed, {need.specifier} is wanted", install)
    yield Finding(GOOD, "packages", ", ".join(found))


def numbers() -> Iterator[Finding]:
    """NumPy computes, and with which library."""
    for name in ("numpy", "scipy", "sklearn", "matplotlib", "anywidget"):
        try:
            importlib.import_module(name)
        except Exception as error:
            again = f"{_pip()} install --force-reinstall {name.replace('sklearn', 'scikit-learn')}"
            yield Finding(BAD, name, f"cannot be imported: {error}", again)
            return
    from threadpoolctl import threadpool_info

    libraries = {f"{one['internal_api']} {one['version']}" for one in threadpool_info() if one["version"]}
    cores = os.cpu_count() or 1
    yield Finding(GOOD, "numbers", f"{', '.join(sorted(libraries)) or 'no BLAS known'}, {cores} cores")


def kernel() -> Iterator[Finding]:
    """The kernel that notebooks start runs, and has this nnlearn."""
    from jupyter_client.manager import start_new_kernel

    try:
        manager, client = start_new_kernel(kernel_name="python3", startup_timeout=WAIT)
    except Exception as error:
        again = f"{_pip()} install --force-reinstall ipykernel"
        yield Finding(BAD, "kernel", f"does not start: {str(error).splitlines()[0]}", again)
        return
    said: list[str] = []
    try:
        client.execute_interactive(
            "import sys; print(sys.executable); import nnlearn; print(nnlearn.__file__)",
            timeout=WAIT,
            output_hook=lambda message: said.append(message["content"].get("text", "")),
        )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    lines = "".join(said).splitlines()
    if len(lines) < 2:
        where = lines[0] if lines else "an unknown Python"
        remedy = f"`{sys.executable} -m ipykernel install --sys-prefix` puts this one in its place."
        yield Finding(BAD, "kernel", f"is {where}, which has no nnlearn", remedy)
    else:
        yield Finding(GOOD, "kernel", f"starts, with the nnlearn of {Path(lines[1]).parent}")


def connection() -> Iterator[Finding]:
    """A browser can talk to JupyterLab on this machine."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname(), timeout=10).close()
    except OSError as error:
        yield Finding(
            BAD, "connection", f"127.0.0.1 cannot be reached: {error}", "Let the firewall allow Python on it."
        )
        return
    proxies = urllib.request.getproxies()
    past = [name for name in ("localhost", "127.0.0.1") if not urllib.request.proxy_bypass(name)]
    if ("http" in proxies or "all" in proxies) and past:
        yield Finding(
            NOTE,
            "connection",
            f"a proxy is set, for {' and '.join(past)} too",
            "Set NO_PROXY=localhost,127.0.0.1, or the page stays empty.",
        )
    else:
        yield Finding(GOOD, "connection", "127.0.0.1 answers" + (", past the proxy" if proxies else ""))


def browser() -> Iterator[Finding]:
    """There is a browser that `nnlearn lab` can open."""
    try:
        name = getattr(webbrowser.get(), "name", "") or "the system's own"
        yield Finding(GOOD, "browser", str(name))
    except webbrowser.Error:
        open_it = "Open the address that `nnlearn lab` prints in a browser; elsewhere through `ssh -L`."
        yield Finding(NOTE, "browser", "none is known to Python", open_it)


def folders() -> Iterator[Finding]:
    """Progress, Jupyter's own files and temporary ones can be written, and there is room."""
    from jupyter_core.paths import jupyter_data_dir, jupyter_runtime_dir

    if can_be_kept():
        yield Finding(GOOD, "progress", f"is kept in {folder()}")
    else:
        yield Finding(
            NOTE,
            "progress",
            f"cannot be kept in {folder()}",
            "Set NNLEARN_HOME to a folder that can be written to.",
        )
    for name, path in (("Jupyter's files", jupyter_data_dir()), ("Jupyter's kernels", jupyter_runtime_dir())):
        if problem := _unwritable(Path(path)):
            yield Finding(
                BAD,
                name,
                f"cannot be written: {problem}",
                "Set HOME to a folder that can be written to.",
            )
    for name, path in (("here", os.getcwd()), ("temporary files", tempfile.gettempdir())):
        free = shutil.disk_usage(path).free
        if free < ROOM:
            yield Finding(
                NOTE, "disk", f"{free / 1e6:.0f} MB are free for {name}", f"Free {ROOM / 1e6:.0f} MB on it."
            )
            return
    yield Finding(GOOD, "disk", f"{free / 1e9:.1f} GB are free")


def fonts() -> Iterator[Finding]:
    """Figures have their letters, and Matplotlib remembers where they are."""
    import matplotlib
    from matplotlib import font_manager

    found = Path(font_manager.findfont("DejaVu Sans")).stem
    if problem := _unwritable(Path(matplotlib.get_cachedir())):
        yield Finding(
            NOTE,
            "fonts",
            f"Matplotlib looks for them anew each time: {problem}",
            "Set MPLCONFIGDIR to a folder that can be written to.",
        )
    else:
        yield Finding(GOOD, "fonts", found)


def grading() -> Iterator[Finding]:
    """What only graders need: a sandbox that starts."""
    from nnlearn.classroom.sandbox.host import NoSandbox, Sandbox

    if sys.platform != "linux":
        yield Finding(
            NOTE, "grading", "needs Linux; all else works here", "Grade on Linux, or in a container."
        )
        return
    box = Sandbox()
    try:
        program = Path(box.command()[0]).name
        yield Finding(GOOD, "grading", f"{program} starts")
    except NoSandbox as error:
        yield Finding(NOTE, "grading", str(error), "Only who grades others' work needs a sandbox.")
    finally:
        box.close()


def _pip() -> str:
    return f"{sys.executable} -m pip"


def _unwritable(path: Path) -> str:
    """Why nothing can be written to a folder, which is made where there is none; "" where it can."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path).close()
    except OSError as error:
        return str(error)
    return ""


def examine(say: Callable[[str], object]) -> bool:
    """Say each finding as it comes, homes as ~, and what is to be done; True where the course can run."""
    home, bad, notes = str(Path.home()), 0, 0
    say(f"nnlearn {metadata.version('nnlearn')}\n")
    for sign, name, what, remedy in findings():
        bad, notes = bad + (sign == BAD), notes + (sign == NOTE)
        say(f"{sign} {name:<18}{what}".replace(home, "~"))
        if remedy:
            say(f"  {'':<18}→ {remedy}".replace(home, "~"))
    ready = f"{bad} to be mended before class." if bad else "Ready for class."
    say(f"\n{ready}{f' {notes} to know of.' if notes else ''}")
    return not bad
