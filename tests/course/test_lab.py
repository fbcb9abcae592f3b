"""`nnlearn lab`: a learner's copy that never loses work, a server that starts, explains itself, and stops."""

import errno
import json
import os
import pty
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nnlearn.course.cli import app
from nnlearn.course.copy import MANIFEST, Changes, course_to_open, update_copy
from tests.support import ROOT
from tests.support.jupyterlab import NNLEARN, environment, free_port, serve

ONE, TWO = "chapters/01_neuron.ipynb", "exercises/01_neuron.ipynb"


def notebook(text: str, **metadata: object) -> str:
    return json.dumps({"cells": [{"cell_type": "markdown", "source": text}], "metadata": metadata})


@pytest.fixture
def course(tmp_path: Path) -> Path:
    return release(tmp_path / "course", "v1")


def release(course: Path, version: str, *names: str) -> Path:
    """Write a version of the course's files, all of them or those named."""
    for name in names or (ONE, TWO, "chapters/img/cell.svg", "chapters/.ipynb_checkpoints/01_neuron.ipynb"):
        path = course / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(notebook(version) if name.endswith("ipynb") else version)
    return course


def said(path: Path) -> str:
    return json.loads(path.read_text())["cells"][0]["source"]


def test_first_copy_holds_every_visible_file(course: Path, tmp_path: Path):
    changes = update_copy(course, tmp_path / "new" / "copy")
    assert changes == Changes(added=[ONE, "chapters/img/cell.svg", TWO])
    files = {str(path.relative_to(tmp_path / "new/copy")) for path in (tmp_path / "new/copy").rglob("*.*")}
    assert files == {MANIFEST, ONE, TWO, "chapters/img/cell.svg"}
    assert update_copy(course, tmp_path / "new" / "copy") == Changes()


def test_untouched_is_refreshed_and_touched_is_kept(course: Path, tmp_path: Path):
    copy = tmp_path / "copy"
    update_copy(course, copy)
    (copy / ONE).write_text(notebook("mine"))
    assert update_copy(course, copy) == Changes(), "a change of mine alone calls for nothing"
    release(course, "v2")
    changes = update_copy(course, copy)
    assert changes.refreshed == ["chapters/img/cell.svg", TWO]
    assert changes.beside == {ONE: "chapters/01_neuron.new.ipynb"}
    assert said(copy / ONE) == "mine"
    assert said(copy / "chapters/01_neuron.new.ipynb") == said(copy / TWO) == "v2"
    assert update_copy(course, copy) == Changes(), "it is laid beside once"


def test_newer_file_beside_is_kept_too_once_touched(course: Path, tmp_path: Path):
    copy, beside = tmp_path / "copy", tmp_path / "copy/chapters/01_neuron.new.ipynb"
    update_copy(course, copy)
    (copy / ONE).write_text(notebook("mine"))
    update_copy(release(course, "v2"), copy)
    update_copy(release(course, "v3"), copy)
    assert said(beside) == "v3", "nobody touched v2"
    beside.write_text(notebook("mine as well"))
    assert update_copy(release(course, "v4"), copy).beside == {ONE: "chapters/01_neuron.new-2.ipynb"}
    assert [said(path) for path in sorted((copy / "chapters").glob("01*"))] == ["mine", "v4", "mine as well"]
    beside.unlink()
    assert update_copy(course, copy) == Changes(), "a newer file that was thrown away stays away"


def test_learner_who_takes_the_new_version_is_up_to_date_again(course: Path, tmp_path: Path):
    copy = tmp_path / "copy"
    update_copy(course, copy)
    (copy / ONE).write_text(notebook("mine"))
    update_copy(release(course, "v2"), copy)
    (copy / "chapters/01_neuron.new.ipynb").replace(copy / ONE)
    assert update_copy(release(course, "v3"), copy).refreshed[0] == ONE


def test_deleted_file_comes_back_fresh(course: Path, tmp_path: Path):
    copy = tmp_path / "copy"
    update_copy(course, copy)
    (copy / ONE).write_text(notebook("a mess"))
    (copy / ONE).unlink()
    assert update_copy(course, copy).added == [ONE]
    assert said(copy / ONE) == "v1"


def test_metadata_jupyterlab_writes_is_no_touch(course: Path, tmp_path: Path):
    copy = tmp_path / "copy"
    update_copy(course, copy)
    (copy / ONE).write_text(notebook("v1", language_info={"version": "3.11.7"}))
    assert ONE in update_copy(release(course, "v2"), copy).refreshed


def test_file_no_longer_in_the_course_stays_and_is_named_once(course: Path, tmp_path: Path):
    copy = tmp_path / "copy"
    update_copy(course, copy)
    (course / ONE).unlink()
    assert update_copy(course, copy).retired == [ONE]
    assert update_copy(course, copy) == Changes()
    assert said(copy / ONE) == "v1"


@pytest.mark.parametrize("manifest", [None, "", "[]", '{"given": 3, "beside": {}}', '{"given"', "\0\1"])
def test_without_a_readable_manifest_everything_is_the_learners(manifest, course: Path, tmp_path: Path):
    copy = tmp_path / "copy"
    update_copy(course, copy)
    if manifest is None:
        (copy / MANIFEST).unlink()
    else:
        (copy / MANIFEST).write_text(manifest)
    changes = update_copy(release(course, "v2"), copy)
    assert not changes.refreshed and len(changes.beside) == 3
    assert said(copy / ONE) == said(copy / TWO) == "v1"
    assert update_copy(release(course, "v3"), copy).beside == changes.beside, "v2 beside is known again"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left on device")])
@pytest.mark.parametrize("when", ["writing", "renaming"])
@pytest.mark.parametrize("after", range(5))
def test_interrupted_anywhere_loses_nothing_and_goes_on(
    error, when, after, course: Path, tmp_path: Path, monkeypatch
):
    """The copy has a file of each kind: touched, untouched, absent. It fails after 0, 1, … steps."""
    copy = tmp_path / "copy"
    update_copy(course, copy)
    (copy / ONE).write_text(notebook("mine"))
    (copy / TWO).unlink()
    release(course, "v2")
    steps = 0
    rename = os.replace

    def fail(kind: str) -> None:
        nonlocal steps
        steps += kind == when
        if steps > after:
            raise error

    def half_a_write(file: int) -> None:
        try:
            fail("writing")
        finally:
            if steps > after:
                os.ftruncate(file, os.fstat(file).st_size // 2)

    def late_rename(*paths: Path) -> None:
        fail("renaming")
        rename(*paths)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", half_a_write)
        patch.setattr(os, "replace", late_rename)
        if after < 4:  # two files, one beside, the manifest
            with pytest.raises(type(error)):
                update_copy(course, copy)
        else:
            update_copy(course, copy)
    assert said(copy / ONE) == "mine"
    update_copy(course, copy)
    assert said(copy / ONE) == "mine"
    assert said(copy / TWO) == said(copy / "chapters/01_neuron.new.ipynb") == "v2"
    assert (copy / "chapters/img/cell.svg").read_text() == "v2"
    assert len([path for path in copy.rglob("*") if path.is_file()]) == 5, "nothing half-written is left"
    assert update_copy(course, copy) == Changes()


def test_killed_in_the_middle_of_a_file(course: Path, tmp_path: Path):
    """What a kill leaves behind is written over by the next call."""
    copy = tmp_path / "copy"
    (copy / "chapters").mkdir(parents=True)
    (copy / "chapters/.01_neuron.ipynb.part").write_text('{"cells": [')
    update_copy(course, copy)
    assert said(copy / ONE) == "v1"
    assert not list(copy.rglob("*.part"))


def test_link_in_a_files_place_is_the_learners(course: Path, tmp_path: Path):
    copy, elsewhere = tmp_path / "copy", tmp_path / "elsewhere.ipynb"
    update_copy(course, copy)
    elsewhere.write_text((copy / ONE).read_text())
    (copy / ONE).unlink()
    (copy / ONE).symlink_to(elsewhere)
    assert update_copy(release(course, "v2"), copy).beside == {ONE: "chapters/01_neuron.new.ipynb"}
    assert (copy / ONE).is_symlink() and said(elsewhere) == "v1"


def a_file(tmp_path: Path) -> Path:
    (tmp_path / "notes.txt").write_text("mine")
    return tmp_path / "notes.txt"


def below_a_file(tmp_path: Path) -> Path:
    return a_file(tmp_path) / "course"


def a_dead_link(tmp_path: Path) -> Path:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    return tmp_path / "link"


def linked_chapters(tmp_path: Path) -> Path:
    (tmp_path / "copy").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "copy/chapters").symlink_to(tmp_path / "other")
    return tmp_path / "copy"


def a_clone(tmp_path: Path) -> Path:
    return ROOT / "tests" / "my-course"


def not_writable(tmp_path: Path) -> Path:
    return Path("/proc/course")  # also for the superuser, whom no permission stops


@pytest.mark.parametrize(
    "folder, says",
    [
        (a_file, "is a file, and the course needs a folder"),
        (below_a_file, "the course cannot be copied to"),
        (a_dead_link, "is a link to"),
        (linked_chapters, "the course does not write through it"),
        (a_clone, "a clone of the course: choose a folder outside it"),
        (not_writable, "the course cannot be copied to /proc/course"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_unfit_folder_is_refused_in_one_sentence(folder, says, course, tmp_path, monkeypatch):
    monkeypatch.setattr("nnlearn.files.course_folder", lambda: course)
    place = folder(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    result = CliRunner().invoke(app, ["lab", str(place), "--no-browser"])
    assert result.exit_code == 1
    assert says in result.stderr and result.stderr.startswith("nnlearn lab: ")
    assert result.stderr.count("\n") == 1 and not result.stdout
    assert sorted(tmp_path.rglob("*")) == before, "nothing was written"


def test_taken_port_is_named_before_anything_is_written(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = CliRunner().invoke(app, ["lab", str(tmp_path / "copy"), "--port", str(port)])
    assert result.exit_code == 1
    assert result.stderr == f"nnlearn lab: port {port} is taken; choose another --port, or none\n"
    assert not (tmp_path / "copy").exists()


def test_copy_is_found_from_inside_and_reported(course: Path, tmp_path: Path, monkeypatch, capsys):
    """Without a folder, an installed course uses the copy you are in, or makes ./nnlearn-course."""
    monkeypatch.setattr("nnlearn.files.course_folder", lambda: course)
    monkeypatch.setattr("nnlearn.files.in_checkout", lambda: False)
    monkeypatch.chdir(tmp_path)
    copy = tmp_path / "nnlearn-course"
    assert course_to_open() == copy
    assert capsys.readouterr().out == f"Your copy of the course is in {copy}; its files: 3 added.\n"
    monkeypatch.chdir(copy / "chapters")
    (copy / ONE).write_text(notebook("mine"))
    (release(course, "v2") / TWO).unlink()
    assert course_to_open() == copy
    assert capsys.readouterr().out == (
        f"Your copy of the course is in {copy}; its files: 1 refreshed.\n"
        f"  {ONE}: yours is kept; the new one is chapters/01_neuron.new.ipynb\n"
        f"  {TWO}: no longer part of the course; it stays\n"
    )


def test_clone_is_served_as_it_is(tmp_path: Path):
    before = {path: path.stat().st_mtime_ns for path in ROOT.glob("chapters/*")}
    with serve(None, tmp_path) as server:
        names = {entry["name"] for entry in server.call("api/contents")["content"]}
        settings = server.call("lab/api/settings/@jupyterlab/apputils-extension:notification")
        with urllib.request.urlopen(f"{server.url}?token={server.token}") as answer:
            opens = answer.url
    assert {"chapters", "exercises", "solutions", "README.md"} <= names
    assert settings["schema"]["properties"]["fetchNews"]["default"] == "false", "no pop-up asks about news"
    first = min(ROOT.glob("chapters/*.ipynb"), default=None)
    assert opens.partition("?")[0] == server.url + (f"lab/tree/chapters/{first.name}" if first else "lab")
    assert {path: path.stat().st_mtime_ns for path in ROOT.glob("chapters/*")} == before


def test_control_c_stops_the_server_without_a_traceback(tmp_path: Path):
    """As in a terminal: the server asks nothing, ends with 0, and its port is free again."""
    terminal, keyboard = pty.openpty()
    port = free_port()
    process = subprocess.Popen(
        [NNLEARN, "lab", str(tmp_path / "copy"), "--no-browser", "--port", str(port)],
        env=environment(tmp_path),
        stdin=keyboard,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "token=" in line:
            break
    time.sleep(0.3)  # the address is printed just before the server listens to the keyboard
    process.send_signal(signal.SIGINT)
    rest = process.communicate(timeout=20)[0]
    os.close(terminal)
    os.close(keyboard)
    assert process.returncode == 0, "".join(lines) + rest
    assert "Traceback" not in rest and "y/[n]" not in rest
    assert f"The course is at http://localhost:{port}/; Ctrl-C stops it.\n" in lines
    socket.create_server(("127.0.0.1", port)).close()
