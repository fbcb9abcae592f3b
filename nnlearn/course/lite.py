"""The site's JupyterLite: chapters and exercises in a JupyterLab that runs in the browser, its kernel too.

JupyterLite and its Pyodide kernel do the work; what is ours is what they are given: the notebooks, each with
a first cell that installs the package, and the package's wheel.
"""

import errno
import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import nbformat
from nbformat import v4

from nnlearn.course.notebooks import read
from nnlearn.exercises.notebooks import course_folder, gallery_pages, in_checkout, notebooks

# Pyodide brings compiled packages; those written in Python alone come from the package index.
_INSTALL = """%pip install -q --no-deps nnlearn
%pip install -q numpy matplotlib scipy scikit-learn safetensors platformdirs tqdm
%pip install -q pooch anywidget hypothesis"""
_EXTENSIONS = ("@jupyterlite/pyodide-kernel-extension", "@jupyter-widgets/jupyterlab-manager", "anywidget")


def build_lite(work: Path, out: Path, pyodide: Path | None) -> None:
    """Build it into `out`; with a `pyodide` distribution (a .tar.bz2) the kernel is part of the site.

    Raises ValueError outside a clone, where there is no wheel to be made, and with JupyterLite's words where
    it fails; ModuleNotFoundError where it is not installed.
    """
    if not in_checkout():
        raise ValueError("--lite makes the package's wheel, and so needs a clone of the course")
    import hatchling  # noqa: F401
    import jupyterlite_core  # noqa: F401
    import jupyterlite_pyodide_kernel  # noqa: F401

    work.mkdir()
    contents = work / "contents"
    for folder in ("chapters", "exercises"):
        _write_notebooks(notebooks(folder), contents / folder)
    for page in gallery_pages():
        _write_notebooks([page], contents / "chapters" / page.parent.name)
    run_module("hatchling", "build", "-t", "wheel", "-d", work / "wheels", cwd=course_folder())
    extensions = Path(sysconfig.get_path("data")) / "share" / "jupyter" / "labextensions"
    config = {
        "LiteBuildConfig": {
            "apps": ["lab"],
            "contents": [str(contents)],
            "federated_extensions": [str(extensions / name) for name in _EXTENSIONS],
            "ignore_sys_prefix": ["federated_extensions"],  # those of this machine that need a server
            "no_sourcemaps": True,
            "output_dir": str(out),
        },
        "PipliteAddon": {"piplite_urls": [str(wheel) for wheel in (work / "wheels").glob("*.whl")]},
        "PyodideAddon": {"pyodide_url": str(pyodide.resolve())} if pyodide else {},
    }
    (work / "jupyter_lite_config.json").write_text(json.dumps(config), "utf-8")
    run_module("jupyterlite_core", "build", cwd=work)


def _write_notebooks(paths: list[Path], target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for path in paths:
        notebook = read(path)
        first = next(k for k, cell in enumerate(notebook.cells) if cell.cell_type == "code")
        notebook.cells.insert(first, v4.new_code_cell(_INSTALL))
        notebook.metadata["kernelspec"] = {"display_name": "Python (Pyodide)", "name": "python"}
        nbformat.write(notebook, target / path.name)


def run_module(module: str, *arguments: object, cwd: Path) -> None:
    """Run `python -m module` in a folder.  Raises OSError where it finds the disk full, else ValueError."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, encoding="utf-8", errors="replace"
    )
    said = done.stdout + done.stderr
    if done.returncode and (full := os.strerror(errno.ENOSPC)) in said:
        raise OSError(errno.ENOSPC, full, str(cwd))
    if done.returncode:
        raise ValueError(f"{module} failed:\n{said[-2000:]}")
