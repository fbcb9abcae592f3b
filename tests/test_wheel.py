"""The wheel: built from the source archive as an index would have it, unpacked as pip does, and used."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support import ROOT
from tests.support.jupyterlab import environment, serve

NNLEARN = (sys.executable, "-c", "from nnlearn.course.cli import app; app()")


def build(source: Path, target: str, folder: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (made,) = folder.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    shutil.unpack_archive(build(ROOT, "sdist", folder / "sdist"), folder)
    (source,) = folder.glob("nnlearn-*")
    return build(source, "wheel", folder / "wheel")


def visible(folder: Path, *below: str) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for name in below
        for path in (folder / name).rglob("*")
        if path.is_file() and not re.search(r"/\.|__pycache__", path.relative_to(folder).as_posix())
    }


def test_holds_the_package_and_the_course_and_nothing_else(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        script = next(name for name in archive.namelist() if name.endswith("entry_points.txt"))
        assert "nnlearn = nnlearn.course.cli:app" in archive.read(script).decode()
    content = {f"nnlearn/_content/{name}" for name in visible(ROOT, "chapters", "exercises")}
    assert content, "there are no chapters"
    assert names == content | visible(ROOT, "nnlearn").keys()
    assert "nnlearn/py.typed" in names


def test_installed_it_makes_a_copy_and_keeps_what_was_changed(wheel: Path, tmp_path: Path):
    site, home, copy = tmp_path / "site-packages", tmp_path / "home", tmp_path / "nnlearn-course"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    here = {"cwd": tmp_path, "env": environment(home) | {"PYTHONPATH": str(site)}}
    where = subprocess.run(
        [sys.executable, "-c", "import nnlearn; print(nnlearn.__file__)"],
        check=True,
        capture_output=True,
        **here,
    )
    assert str(site) in where.stdout.decode(), "this is not the wheel"

    course = visible(ROOT, "chapters", "exercises")
    with serve(None, home, NNLEARN, **here) as server:
        folders = {entry["name"] for entry in server.call("api/contents")["content"]}
    assert folders == {path.partition("/")[0] for path in course}
    assert visible(copy, "chapters", "exercises") == course
    assert f"Your copy of the course is in {copy}; its files: {len(course)} added.\n" in server.said

    changed = min(path for path in course if path.startswith("chapters/"))
    (copy / changed).write_text("mine")
    for path in (site / "nnlearn" / "_content").rglob("*.ipynb"):  # the next version
        path.write_bytes(path.read_bytes().replace(b'"cells": [', b'"cells": [{"cell_type": "raw"},', 1))
    with serve(copy, home, NNLEARN, **here) as server:
        pass
    new = changed.replace(".ipynb", ".new.ipynb")
    assert f"  {changed}: yours is kept; the new one is {new}\n" in server.said
    assert (copy / changed).read_text() == "mine"
    assert b'{"cell_type": "raw"}' in (copy / new).read_bytes()
