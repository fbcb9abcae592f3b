"""`nnlearn present` as a lecturer uses it: from a slide into its live cell, and back to the same slide."""

import os
import pty
import re
import shutil
import signal
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat import v4
from playwright.sync_api import Browser, FrameLocator, expect
from typer.testing import CliRunner

from nnlearn.course import decks
from nnlearn.course.cli import app
from tests.support import ROOT, WAIT
from tests.support.jupyterlab import NNLEARN, SLIDER, Page, Server, environment, press_and_see, serving

CHAPTER = ROOT / "chapters" / "02_perceptron.ipynb"
# The address says which slide and fragment is shown; reveal.js writes it there within a second.
PLACE = """() => {
  const { h, v, f } = Reveal.getIndices(), fragment = f >= 0;
  const place = `#/${h || v || fragment ? h : ''}${v || fragment ? '/' + v : ''}${fragment ? '/' + f : ''}`;
  return location.hash === place && place;
}"""


def surroundings(home: Path) -> dict[str, str]:
    """A user of Jupyter as the tests have, who has not exposed the application to the page."""
    env = environment(home)
    (home / "config" / "jupyter_lab_config.json").unlink()
    (home / "tmp").mkdir()
    return {**env, "TMPDIR": str(home / "tmp")}


@pytest.fixture(scope="module")
def server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("present")
    with serving([NNLEARN, "present", "2"], env=surroundings(home)) as server:
        (server.folder,) = (home / "tmp").glob("nnlearn-present-*")
        yield server


class Lecture(Page):
    """The deck in a browser's window, and the notebook over it."""

    def __init__(self, browser: Browser, server: Server) -> None:
        super().__init__(browser, server)
        self.page.set_viewport_size({"width": 1280, "height": 720})
        self.page.goto(f"{server.url}{server.start}?token={server.token}")
        self.page.wait_for_selector("body.ready")
        self.overlay = self.page.locator("#live")
        self.status = self.overlay.locator("[role=status]")

    @property
    def notebook(self) -> FrameLocator:
        return self.page.frame_locator("#live iframe")

    def place(self) -> str:
        return self.page.wait_for_function(PLACE).json_value()

    def turn_to(self, what: str) -> None:
        """Press the right arrow until the slide holds something."""
        for _ in range(100):
            if self.page.evaluate("what => Reveal.getCurrentSlide().querySelector(what) !== null", what):
                return
            self.page.keyboard.press("ArrowRight")
        raise AssertionError(f"no slide with {what}")

    def wait_until_live(self) -> None:
        expect(self.status).to_have_text(f"{CHAPTER.name}, live")

    def active_cell(self) -> str:
        return self.page.frames[1].evaluate("jupyterapp.shell.currentWidget.content.activeCell.model.id")

    def no_complaints(self) -> None:
        assert not self.complaints, "\n".join(self.complaints)


def test_into_the_widget_and_back_to_the_slide(browser: Browser, server: Server):
    chapters = {path: path.read_bytes() for path in ROOT.glob("chapters/**/*.ipynb")}
    with Lecture(browser, server) as lecture:
        page, keyboard = lecture.page, lecture.page.keyboard
        assert "token" not in page.url, "a room need not read the token"

        keyboard.press("l")  # too early: it says so, and lets the lecturer back
        expect(lecture.overlay).to_be_visible()
        expect(lecture.status).to_have_text(re.compile("JupyterLab is starting|Running"))
        keyboard.press("F8")
        expect(lecture.overlay).to_be_hidden()

        lecture.turn_to("figcaption")
        place = lecture.place()
        slide = page.evaluate("Reveal.getSlidePastCount() + 1")
        keyboard.press("l")
        expect(lecture.overlay.get_by_role("button")).to_have_text(f"Back to slide {slide}F8")
        lecture.wait_until_live()
        slider = lecture.notebook.locator(f":is({SLIDER}):focus")
        slider.wait_for()
        cell = lecture.notebook.locator(".jp-Cell.jp-mod-active")
        assert lecture.active_cell() == page.evaluate("Reveal.getCurrentSlide().dataset.cell")
        picture = cell.locator("img.widget-image, .nn-living canvas").last.bounding_box()
        assert 0 < cell.bounding_box()["y"] < 80, "the cell begins below the bar"
        assert picture["y"] + picture["height"] <= 720, "and its picture ends on the screen"
        press_and_see(lecture, slider, cell)
        page.frames[1].evaluate("jupyterapp.commands.execute('docmanager:save')")

        keyboard.press("F8")
        expect(lecture.overlay).to_be_hidden()
        assert lecture.place() == place
        keyboard.press("ArrowRight")
        assert lecture.place() != place, "the deck has the keyboard again"
        keyboard.press("ArrowLeft")
        assert lecture.place() == place
        lecture.no_complaints()
    copy = server.folder / "course" / "chapters" / CHAPTER.name
    assert copy.read_bytes() != chapters[CHAPTER], "it is the copy that was saved"
    assert {path: path.read_bytes() for path in ROOT.glob("chapters/**/*.ipynb")} == chapters


def test_every_slide_has_a_way_in_and_every_fragment_a_way_back(browser: Browser, server: Server):
    with Lecture(browser, server) as lecture:
        page = lecture.page
        footers = page.locator(".page footer a")
        assert footers.count() == page.evaluate("Reveal.getTotalSlides()")
        lecture.turn_to(".fragment.visible")
        place = lecture.place()
        wanted = page.evaluate("Reveal.getCurrentSlide().dataset.cell")
        link = page.locator(".present footer a", has_text="Live (L)").locator("visible=true")
        link.click()
        lecture.wait_until_live()
        page.wait_for_function(
            "id => frames[0].jupyterapp.shell.currentWidget.content.activeCell.model.id === id", arg=wanted
        )
        page.wait_for_function("() => document.activeElement === document.querySelector('iframe')")
        page.keyboard.press("Space")  # the notebook's, not the deck's
        lecture.overlay.get_by_role("button").click()
        expect(lecture.overlay).to_be_hidden()
        assert lecture.place() == place
        expect(link).to_be_focused()
        lecture.no_complaints()


def test_a_jupyterlab_that_starts_leaves_the_keyboard_to_the_slides(browser: Browser, server: Server):
    with Lecture(browser, server) as lecture:
        lecture.page.locator("#live.bare").wait_for(state="attached")
        lecture.page.wait_for_function("() => document.activeElement !== document.querySelector('iframe')")
        lecture.page.keyboard.press("ArrowRight")
        lecture.page.wait_for_function("() => Reveal.getSlidePastCount() === 1")
        lecture.page.evaluate(  # a key that comes before the slides have taken the keyboard back
            "() => frames[0].document.body.dispatchEvent(new frames[0].KeyboardEvent('keydown',"
            " { keyCode: 39, key: 'ArrowRight', bubbles: true, cancelable: true, view: frames[0] }))"
        )
        lecture.page.wait_for_function("() => Reveal.getSlidePastCount() === 2")
        lecture.no_complaints()


def test_the_speakers_window_starts_no_jupyterlab(browser: Browser, server: Server):
    with Lecture(browser, server) as lecture:
        with lecture.page.expect_popup() as popup:
            lecture.page.keyboard.press("s")
        speaker = popup.value
        speaker.wait_for_load_state()
        for frame in ("#current-slide", "#upcoming-slide"):
            expect(speaker.frame_locator(f"{frame} iframe").locator("body.ready")).to_be_attached()
            assert not speaker.frame_locator(f"{frame} iframe").locator("#live").count()
        speaker.close()
        lecture.no_complaints()


def test_links_lead_to_the_same_server(browser: Browser, server: Server):
    with Lecture(browser, server) as lecture:
        links = lecture.page.evaluate("[...document.querySelectorAll('.slides a')].map((a) => a.href)")
        assert links and all(link.startswith(server.url + "lab/tree/") for link in links)


def test_without_the_token_there_is_no_deck(server: Server):
    with urllib.request.urlopen(server.url + server.start) as answer:
        assert "/login" in answer.url and b"Reveal" not in answer.read()


def test_a_notebook_of_ones_own_is_served_until_control_c_and_leaves_nothing(tmp_path: Path):
    terminal, keyboard = pty.openpty()
    own = Path(shutil.copy(CHAPTER, tmp_path / "02_my lecture.ipynb"))
    with serving([NNLEARN, "present", str(own)], env=surroundings(tmp_path), stdin=keyboard) as server:
        scratch = tmp_path / "tmp"
        (copied,) = scratch.glob("nnlearn-present-*/course/chapters/02_my*")
        assert copied.read_bytes() == own.read_bytes()
        with urllib.request.urlopen(f"{server.url}{server.start}?token={server.token}") as answer:
            assert b"Reveal" in answer.read()
        server.process.send_signal(signal.SIGINT)
        code, said = server.process.wait(timeout=WAIT), server.log.read_text()
        assert code == 0 and "Traceback" not in said, said
        assert not list(scratch.iterdir())
    os.close(terminal)
    os.close(keyboard)


def test_a_cell_that_fails_is_said_and_the_way_back_is_open(browser: Browser, tmp_path: Path):
    cells = [
        v4.new_markdown_cell("# 3 · A bad day", metadata={"slideshow": {"slide_type": "slide"}}),
        v4.new_code_cell("1 / 0", execution_count=1),
        v4.new_code_cell("'never'", execution_count=2, metadata={"slideshow": {"slide_type": "slide"}}),
    ]
    path = tmp_path / "03_bad.ipynb"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    with (
        serving([NNLEARN, "present", str(path)], env=surroundings(tmp_path)) as server,
        Lecture(browser, server) as lecture,
    ):
        lecture.page.keyboard.press("ArrowRight")
        place = lecture.place()
        lecture.page.keyboard.press("l")
        expect(lecture.status).to_contain_text("A cell above ended in an error")
        lecture.page.keyboard.press("F8")
        expect(lecture.overlay).to_be_hidden()
        assert lecture.place() == place
        lecture.no_complaints()


def test_plain_decks_know_nothing_of_it():
    deck = decks.build(CHAPTER)
    assert "doc/tree" not in deck and "#live" not in deck and "while <code>nnlearn lab</code> runs" in deck


# what is refused -------------------------------------------------------------------------------------------


def refused(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["present", "--no-browser", *arguments])
    assert result.exit_code == 1 and not result.stdout
    assert result.stderr.startswith("nnlearn present: ") and result.stderr.count("\n") == 1
    return result.stderr


def test_an_unknown_chapter_is_refused():
    assert "no chapter '99': there are 01_neuron, " in refused("99")


def test_a_taken_port_is_refused():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"port {port} is taken; choose another --port" in refused("2", "--port", str(port))


def not_run(notebook: nbformat.NotebookNode, code: nbformat.NotebookNode) -> None:
    code.execution_count, code.outputs = None, []


def edited(notebook: nbformat.NotebookNode, code: nbformat.NotebookNode) -> None:
    code.source += "\nprint('new')"


@pytest.mark.parametrize(
    ("spoil", "says"), [(not_run, "has not been run"), (edited, "was edited since it was run")]
)
def test_stale_outputs_are_refused(spoil, says, tmp_path: Path):
    path = Path(shutil.copy(CHAPTER, tmp_path))
    notebook = nbformat.read(path, as_version=4)
    spoil(notebook, next(cell for cell in notebook.cells if cell.cell_type == "code"))
    nbformat.write(notebook, path)
    assert says in refused(str(path))
