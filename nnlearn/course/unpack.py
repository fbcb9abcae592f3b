"""`wheels/start.py` of a pack: install the course from the pack, with no network, and open it.

A start file calls it with the options of `nnlearn lab`. It needs Python's standard library alone.
"""

import contextlib
import errno
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
AGAIN = "Copy the whole folder again from where you have it; until then site/index.html opens in a browser."
_INSTALLED = "installed.txt"  # in the environment, written last: which wheels it was made of


class Stopped(Exception):
    """Why the course does not open, and what to do."""


def main() -> None:
    """Open the course that lies in this file's pack."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    for name in ("PYTHONPATH", "PYTHONHOME"):  # other packages than the pack's
        os.environ.pop(name, None)
    try:
        python, copy = prepare(Path(__file__).resolve().parents[1])
        start = "from nnlearn.course.cli import app; app()"
        _become([str(python), "-c", start, "lab", str(copy), *sys.argv[1:]])
    except KeyboardInterrupt:
        sys.exit("\nStopped. Start again when you like.")
    except Stopped as stopped:
        print(f"\n{stopped}", file=sys.stderr)
    _close(1)


def prepare(pack: Path) -> tuple[Path, Path]:
    """(the Python that has the course, the learner's copy), after installing where that is yet to be done.

    The environment lies in the pack or, where that cannot be written, in the user's folder.  Raises Stopped.
    """
    name = f"{system()}-{PYTHON}"
    wheels = _wheels(pack, name)
    made_of = "\n".join(wheels)
    places = [pack, Path(os.path.expanduser("~")) / "nnlearn-pack"]
    for place in places:
        python = _python(place / f"venv-{name}")
        if _read(place / f"venv-{name}" / _INSTALLED) == made_of and _runs(python):
            return python, place / "nnlearn-course"
    _check(pack, f"{name}.txt", wheels)
    failed = []
    for place in places:
        try:
            _install(pack / "wheels", wheels, place, place / f"venv-{name}")
            return _python(place / f"venv-{name}"), place / "nnlearn-course"
        except OSError as error:
            failed.append(f"  {place}: {error.strerror or error}")
            print(f"Not there: {error.strerror or error}", flush=True)
    raise Stopped(
        "The course could be installed in none of these places:\n" + "\n".join(failed) + "\nFree some room, "
        "or copy this folder to where you may write, and start it there."
    )


def system() -> str:
    """The name of this system, as in linux-x86_64."""
    if sys.platform == "win32":  # its Python may be another machine's
        return sysconfig.get_platform().replace("win-", "windows-")
    return f"{sys.platform.replace('darwin', 'macos')}-{platform.machine().lower()}"


def _wheels(pack: Path, name: str) -> list[str]:
    """The wheels of this system, pip's first."""
    found = _read(pack / "wheels" / f"{name}.txt").split()
    if found:
        return found
    have = sorted(path.stem for path in (pack / "wheels").glob("*-*-3.*.txt"))
    raise Stopped(
        f"This pack has nothing for {name}; it has {', '.join(have) or 'nothing'}. Start it with another "
        "Python, or make one with `nnlearn pack` and its options --platform and --python."
    )


def _check(pack: Path, list_of: str, wheels: list[str]) -> None:
    """Compare what is to be installed, and the rest, with the sums.  Raises Stopped for the first."""
    print("Checking the pack …", flush=True)
    lines = _read(pack / "SHA256SUMS").splitlines()
    sums = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    needed = [f"wheels/{name}" for name in (list_of, *wheels)]
    bad = [name for name in needed if _digest(pack / name) != sums.get(name)]
    if bad:
        what = "SHA256SUMS is missing" if not sums else f"such as {bad[0]}"
        raise Stopped(
            f"{len(bad)} of the {len(needed)} files to be installed are missing or damaged, {what}: "
            f"this pack was not written or copied to its end. {AGAIN}"
        )
    others = [name for name in sums if not name.startswith("wheels/")]
    bad = [name for name in others if _digest(pack / name) != sums[name]]
    if bad:
        print(
            f"{len(bad)} other files of the pack are missing or damaged, such as {bad[0]}: the course opens "
            "without."
        )


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:  # missing, or the stick cannot be read
        return ""


def _install(folder: Path, wheels: list[str], place: Path, target: Path) -> None:
    """Make the environment.  Raises OSError, and leaves nothing half done."""
    size = 0
    for name in wheels:
        with zipfile.ZipFile(folder / name) as wheel:
            size += sum(file.file_size for file in wheel.infolist())
    wanted = 1.4 * size  # Python compiles what it imports
    place.mkdir(parents=True, exist_ok=True)
    try:
        free = shutil.disk_usage(place).free
        if free < wanted:
            raise OSError(errno.ENOSPC, f"{free / 1e6:.0f} MB are free, {wanted / 1e6:.0f} MB are wanted")
        venv.create(target, clear=True, symlinks=os.name != "nt")
        print(f"Installing the course, once, into {target}: some minutes from a slow stick …", flush=True)
        pip = [str(_python(target)), str(folder / wheels[0] / "pip"), "--isolated", "install", "--quiet"]
        pip += ["--disable-pip-version-check", "--no-warn-script-location", "--no-index", "--find-links", "."]
        done = subprocess.run(
            [*pip, *wheels], cwd=folder, capture_output=True, text=True, encoding="utf-8", errors="replace"
        )
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise OSError(errno.EIO, said[-1] if said else f"pip ended with {done.returncode}")
        (target / _INSTALLED).write_text("\n".join(wheels), encoding="utf-8")
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        with contextlib.suppress(OSError):  # the pack itself, or it holds a learner's work
            place.rmdir()
        raise


def _python(environment: Path) -> Path:
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _runs(python: Path) -> bool:
    """False for an environment that was made on another machine."""
    try:
        return not subprocess.run([str(python), "-c", "import nnlearn"], capture_output=True).returncode
    except OSError:
        return False


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _become(command: list[str]) -> None:
    """Run a program in this one's place; in a window, beside it, so that its last words can be read."""
    if os.name != "nt" and not sys.stdin.isatty():
        os.execv(command[0], command)
    program = subprocess.Popen(command)
    while True:
        try:
            _close(program.wait())
        except KeyboardInterrupt:  # which the program has seen too
            continue


def _close(code: int) -> None:
    """End; after a failure in a window that was opened by a double-click, and would close, not at once."""
    if code and sys.stdin.isatty():
        input("Press Enter to close. ")
    sys.exit(code)


if __name__ == "__main__":
    main()
