"""What the commands say of a full or read-only disk: one sentence, with the file and a way on."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from nnlearn.course import book
from nnlearn.course.browser import launch_chromium
from nnlearn.training import saving
from tests.support import ROOT

# The commands themselves, but where they set to work there is nothing to be called.
IDLE = """
from nnlearn.course import book, cli, decks, handouts
book.compose = decks.build = handouts.launch_chromium = None
cli.app()
"""


def on_a_stick(stick: Path, walls: list[object], *command: object) -> subprocess.CompletedProcess[str]:
    """Run a command, and then list the stick, where `walls` put a file system of its own."""
    stick.mkdir()
    wall = ["bwrap", "--dev-bind", "/", "/", "--die-with-parent", *walls, stick]
    wall += ["--setenv", "PYTHONPATH", ROOT, "sh", "-c", '"$@"; code=$?; ls -A "$0"; exit $code', stick]
    return subprocess.run([str(word) for word in [*wall, *command]], capture_output=True, text=True)


@pytest.mark.parametrize(
    "command",
    [("book", "{}/b.epub"), ("slides", "--out", "{}/d"), ("slides", "--pdf", "--out", "{}/d")],
    ids=" ".join,
)
def test_what_cannot_be_written_is_told_before_the_work(command, tmp_path: Path):
    stick = tmp_path / "stick"
    words = [word.format(stick) for word in command]
    done = on_a_stick(stick, ["--ro-bind", "/etc"], sys.executable, "-c", IDLE, *words)
    said = f"nnlearn {command[0]}: Read-only file system: {stick}"
    assert done.returncode == 1 and done.stderr.startswith(said) and done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.endswith("; write to another place\n")


def test_a_full_disk_is_told_with_the_file_and_a_way_on_and_nothing_is_left(tmp_path: Path):
    stick = tmp_path / "stick"
    program = [sys.executable, "-c", "from nnlearn.course.cli import app; app()"]
    full = ["--size", 20_000, "--tmpfs"]
    done = on_a_stick(stick, full, *program, "questions", stick / "cards.txt")
    said = f"No space left on device: {stick}/cards.txt; free some room, or write to another place\n"
    assert (done.returncode, done.stderr, done.stdout) == (1, f"nnlearn questions: {said}", "")


def test_a_write_that_fails_names_the_file_that_was_asked_for(tmp_path: Path, monkeypatch):
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError) as caught:
        saving.write(tmp_path / "weights", b"1")
    assert caught.value.filename == str(tmp_path / "weights") and not list(tmp_path.iterdir())


def test_what_stops_pandoc_is_handed_on():
    with pytest.raises(ValueError, match="No space left on device"):
        book._pandoc("text", "html5", Path("/dev/full"))


def test_a_chromium_that_does_not_start_is_named(monkeypatch):
    monkeypatch.setenv("NNLEARN_CHROMIUM", "/bin/true")
    with pytest.raises(ValueError, match=r"^/bin/true failed \(.+\): it wants room in "), launch_chromium():
        pass


def test_a_playwright_that_does_not_start_is_named(monkeypatch):
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", "/bin/false")
    said = r"^Playwright does not start \(.+\): `.+ -m playwright --version` says why$"
    with pytest.raises(ValueError, match=said), launch_chromium():
        pass
