"""What differs between systems, imitated here: no home, no Unix, another encoding, files held open."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nnlearn.course.cli import app
from nnlearn.exercises import records
from nnlearn.training.saving import write
from tests.support import ROOT
from tests.support.jupyterlab import NNLEARN

# Run on its own: every module, as Windows has it. Only what nnlearn imports is changed, not what others do.
ON_WINDOWS = """
import builtins, importlib, pkgutil, types

GONE = {"fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty"}
UNIX = {
    "os": "chown fork geteuid getuid killpg mkfifo pidfd_open pread sched_getaffinity setsid statvfs uname",
    "signal": "SIGALRM SIGHUP SIGKILL SIGUSR1 SIGXCPU alarm pthread_sigmask setitimer",
    "socket": "AF_UNIX recv_fds send_fds",
    "select": "poll",
}
usual = builtins.__import__

def lesser(name):
    copy, gone = types.ModuleType(name), UNIX.get(name, "").split()
    vars(copy).update({key: value for key, value in vars(usual(name)).items() if key not in gone})
    return copy

LESS = {name: lesser(name) for name in [*UNIX, "sys", "ctypes"]}
LESS["sys"].platform, LESS["os"].name = "win32", "nt"

def no_library(name, *arguments, **options):
    raise (TypeError if name is None else OSError)(name)

LESS["ctypes"].CDLL = no_library

def imported(name, globals=None, locals=None, fromlist=(), level=0):
    if globals and str(globals.get("__name__")).startswith("nnlearn"):
        if name in GONE:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        if name in LESS:
            return LESS[name]
    return usual(name, globals, locals, fromlist, level)

builtins.__import__ = imported
import nnlearn
for module in pkgutil.walk_packages(nnlearn.__path__, "nnlearn."):
    importlib.import_module(module.name)
print(nnlearn.keep_freed_memory())
from nnlearn.classroom.sandbox.host import NoSandbox, Sandbox
try:
    Sandbox().ask({})
except NoSandbox as error:
    print(error)
"""


def test_every_module_loads_without_what_only_unix_has_and_grading_says_so():
    done = subprocess.run([sys.executable, "-c", ON_WINDOWS], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "False",
        "grading needs Linux: a machine, a container, or WSL on Windows",
    ]


@pytest.mark.parametrize("home", ["/proc/home", None], ids=["not writable", "none"])
def test_temporary_home_stands_in_and_is_gone_afterwards(home, tmp_path: Path, monkeypatch):
    """Not even the superuser can write in /proc; of user 54321 nobody knows a home."""
    monkeypatch.setenv("HOME", home) if home else monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")  # whatever the tests before this one have recorded
    said = CliRunner().invoke(app, ["progress"])
    why = f"your home folder {home} cannot be written" if home else "you have no home folder"
    assert said.exit_code == 0 and "01 The neuron" in said.stdout
    assert said.stderr.startswith(f"nnlearn: {why}, ") and said.stderr.count("\n") == 1
    assert os.environ["HOME"].startswith(str(tmp_path)) and not list(tmp_path.iterdir())


def test_check_does_without_a_home(monkeypatch):
    def no_home(*_: object, **__: object) -> str:
        raise RuntimeError("could not determine the home directory")

    monkeypatch.delenv("NNLEARN_HOME", raising=False)
    monkeypatch.setattr("platformdirs.user_data_dir", no_home)
    records.record("01.1", passed=True)
    assert records.recorded() == {}


def test_matplotlib_is_silent_where_it_cannot_write():
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MPL", "XDG_"))}
    command = [sys.executable, "-c", "import nnlearn.figures, matplotlib; matplotlib.get_cachedir()"]
    done = subprocess.run(command, env=environment | {"HOME": "/proc/home"}, capture_output=True, check=True)
    assert done.stderr == b""


def test_path_that_the_locale_cannot_read_is_said_as_it_is_written(tmp_path: Path):
    path = tmp_path / "Übung März's 课程"
    environment = os.environ | {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    command = [NNLEARN, "report", "--store", str(path)]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True)
    assert done.returncode == 1
    assert done.stderr.startswith(f"nnlearn report: there is no store {path}: ".encode())


def test_clone_under_any_path_lets_python_start(tmp_path: Path):
    """Python before 3.12.4 reads path files in the locale's encoding, whatever is in them."""
    clone, site = tmp_path / "Übung März's 课程", tmp_path / "site-packages"
    (clone / "nnlearn").mkdir(parents=True)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        (clone / name).write_bytes((ROOT / name).read_bytes())
    (clone / "nnlearn/__init__.py").touch()
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel:editable", "-d", str(tmp_path)]
    subprocess.run(build, cwd=clone, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    (path_file,) = site.glob("*.pth")
    assert path_file.read_bytes().isascii()
    (editables,) = importlib.util.find_spec("editables").submodule_search_locations
    shutil.copytree(editables, site / "editables")
    script = f"import site; site.addsitedir({str(site)!r}); import nnlearn; print(ascii(nnlearn.__path__))"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ascii([str(clone / "nnlearn")])


def test_file_that_a_reader_holds_open_is_replaced_when_he_lets_go(tmp_path: Path, monkeypatch):
    """Windows refuses to rename over an open file."""
    file, held, rename = tmp_path / "notes", [True, True], os.replace

    def replace(part: Path, path: Path) -> None:
        if held:
            held.pop()
            raise PermissionError(13, "Access is denied")
        rename(part, path)

    write(file, b"old")
    held[:] = [True, True]
    monkeypatch.setattr(os, "replace", replace)
    write(file, b"new")
    assert file.read_bytes() == b"new"
    held[:] = [True] * 9
    with pytest.raises(PermissionError):
        write(file, b"newer")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"new"]
