"""`nnlearn lab`: a server that starts, explains itself, and stops."""

import os
import pty
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nnlearn.course.cli import app
from nnlearn.course.copy import course_to_open
from tests.support import ROOT, WAIT
from tests.support.jupyterlab import NNLEARN, environment, free_port, serve, wait_until_up
from tests.support.small_course import ONE, TWO, notebook, release


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
    monkeypatch.setattr("nnlearn.exercises.notebooks.course_folder", lambda: course)
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
    monkeypatch.setattr("nnlearn.exercises.notebooks.course_folder", lambda: course)
    monkeypatch.setattr("nnlearn.exercises.notebooks.in_checkout", lambda: False)
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
    assert opens.partition("?")[0] == f"{server.url}course"
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
    wait_until_up(f"http://localhost:{port}/")  # only then does it listen to the keyboard
    process.send_signal(signal.SIGINT)
    rest = process.communicate(timeout=WAIT)[0]
    os.close(terminal)
    os.close(keyboard)
    assert process.returncode == 0, "".join(lines) + rest
    assert "Traceback" not in rest and "y/[n]" not in rest
    assert any(re.fullmatch(rf" +http://localhost:{port}/course\?token=\w+\n", line) for line in lines)
    socket.create_server(("127.0.0.1", port)).close()


CUT_OFF = """
import asyncio
import anyio
from nnlearn.course import server

class Server:  # its loop ends while a task that asked for a thread still waits
    def start(self):
        loop = asyncio.new_event_loop()
        async def asks():
            await anyio.to_thread.run_sync(int)
            loop.stop()
            await asyncio.Event().wait()
        self.task = loop.create_task(asks())
        loop.run_forever()

server._serve(Server())
"""


def test_a_server_that_was_stopped_ends_though_a_task_was_cut_off():
    done = subprocess.run([sys.executable, "-c", CUT_OFF], capture_output=True, text=True, timeout=WAIT)
    assert done.returncode == 0, done.stderr
