"""`nnlearn doctor` on a machine that is well, and on machines with faults made on purpose."""

import importlib
import json
import os
import shutil
import socket
import subprocess
import sys
import webbrowser
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

from nnlearn.classroom.sandbox import walls
from nnlearn.course import doctor
from nnlearn.course.doctor import BAD, GOOD, NOTE
from tests.support.jupyterlab import NNLEARN


def signs(look) -> dict[str, str]:
    return {found.name: found.sign for found in look()}


def only(look):
    (found,) = look()
    return found


def test_a_machine_that_is_well_is_ready_for_class(tmp_path):
    here = {**os.environ, "NNLEARN_HOME": str(tmp_path)}
    done = subprocess.run([NNLEARN, "doctor"], capture_output=True, text=True, env=here)
    assert done.returncode == 0, done.stdout
    for name in ("Python", "packages", "numbers", "kernel", "connection", "disk", "fonts"):
        assert f"\n{GOOD} {name} " in f"\n{done.stdout}"
    assert BAD not in done.stdout and "Ready for class." in done.stdout


def test_a_python_that_is_too_old_or_too_small(monkeypatch):
    assert only(doctor.python).sign == GOOD
    monkeypatch.setattr(doctor.struct, "calcsize", lambda kind: 4)
    assert "32 bits" in only(doctor.python).what
    monkeypatch.setattr(doctor.platform, "python_version", lambda: "3.10.2")
    found = only(doctor.python)
    assert found.sign == BAD and "3.10.2; >=3.11 is wanted" in found.what


def test_packages_that_are_missing_or_too_old(monkeypatch):
    def version(name: str) -> str:
        if name == "tqdm":
            raise metadata.PackageNotFoundError(name)
        return "1.26.4" if name == "numpy" else "99.0"

    monkeypatch.setattr(doctor.metadata, "version", version)
    monkeypatch.setattr(
        doctor.metadata,
        "requires",
        lambda name: ["numpy>=2.0", "tqdm>=4.66", "scipy>=1.13", 'sphinx>=8; extra == "teach"'],
    )
    numpy, tqdm, rest = doctor.packages()
    assert numpy.sign == tqdm.sign == BAD and rest.sign == GOOD
    assert "1.26.4 is installed, >=2.0 is wanted" in numpy.what
    assert numpy.remedy == f'{sys.executable} -m pip install "numpy>=2.0"'
    assert "sphinx" not in rest.what


def test_a_package_that_cannot_be_imported(monkeypatch):
    real = importlib.import_module

    def broken(name: str):
        if name == "sklearn":
            raise ImportError("DLL load failed")
        return real(name)

    monkeypatch.setattr(doctor.importlib, "import_module", broken)
    found = only(doctor.numbers)
    assert found.sign == BAD and "DLL load failed" in found.what and "scikit-learn" in found.remedy


def with_kernel(folder: Path, monkeypatch, *command: str) -> None:
    """A kernel of the user's own under the name that notebooks ask for."""
    place = folder / "kernels" / "python3"
    place.mkdir(parents=True)
    spec = {"argv": [*command, "{connection_file}"], "display_name": "Python 3", "language": "python"}
    (place / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(folder))
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")


def test_a_kernel_that_does_not_start(monkeypatch, tmp_path):
    with_kernel(tmp_path, monkeypatch, sys.executable, "-c", "raise SystemExit('no')")
    found = only(doctor.kernel)
    assert found.sign == BAD and "does not start" in found.what and "ipykernel" in found.remedy


def test_a_kernel_of_another_python(monkeypatch, tmp_path):
    hides = "import sys; sys.modules['nnlearn'] = None; from ipykernel import kernelapp; "
    start = "kernelapp.launch_new_instance(argv=['-f', sys.argv[1]])"
    with_kernel(tmp_path, monkeypatch, sys.executable, "-c", hides + start)
    found = only(doctor.kernel)
    assert found.sign == BAD and found.what == f"is {sys.executable}, which has no nnlearn"
    assert "ipykernel install --sys-prefix" in found.remedy


def test_a_proxy_and_a_firewall(monkeypatch):
    for name in ("no_proxy", "NO_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert only(doctor.connection).sign == GOOD
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    found = only(doctor.connection)
    assert found.sign == NOTE and "NO_PROXY=localhost,127.0.0.1" in found.remedy
    monkeypatch.setenv("no_proxy", "localhost,127.0.0.1")
    assert only(doctor.connection).what == "127.0.0.1 answers, past the proxy"

    def blocked(*_, **__):
        raise PermissionError("refused by the firewall")

    monkeypatch.setattr(socket, "create_connection", blocked)
    assert only(doctor.connection).sign == BAD


def test_a_machine_without_a_browser(monkeypatch):
    def none():
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr(webbrowser, "get", none)
    found = only(doctor.browser)
    assert found.sign == NOTE and "nnlearn lab" in found.remedy


def test_folders_that_cannot_be_written_and_a_disk_that_is_full(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")  # no folder can be made here, not even by root
    monkeypatch.setenv("NNLEARN_HOME", str(tmp_path / "file" / "progress"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "file" / "jupyter"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=3_000_000))
    found = signs(doctor.folders)
    assert found == {"progress": NOTE, "Jupyter's files": BAD, "disk": NOTE}


def test_a_font_cache_that_cannot_be_written(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("matplotlib.get_cachedir", lambda: str(tmp_path / "file" / "fonts"))
    assert only(doctor.fonts).sign == NOTE


def test_grading_without_a_sandbox_is_no_fault_of_a_learner(monkeypatch):
    monkeypatch.setattr(walls.shutil, "which", lambda name: None)
    found = only(doctor.grading)
    assert found.sign == NOTE and "bubblewrap is not installed" in found.what
    monkeypatch.setattr(doctor.sys, "platform", "darwin")
    assert "needs Linux" in only(doctor.grading).what


def test_a_look_that_fails_is_a_finding_and_hides_no_other(monkeypatch):
    def breaks():
        raise RuntimeError("odd")
        yield

    for name in ("packages", "numbers", "kernel", "connection", "browser", "folders", "fonts", "grading"):
        monkeypatch.setattr(doctor, name, breaks)
    monkeypatch.setattr(doctor, "fonts", lambda: iter([doctor.Finding(NOTE, "fonts", f"in {Path.home()}")]))
    said: list[str] = []
    assert not doctor.examine(said.append)
    text = "\n".join(said)
    assert text.count("RuntimeError: odd") == 7 and f"{NOTE} fonts             in ~" in text
    assert "7 to be mended before class. 1 to know of." in text
