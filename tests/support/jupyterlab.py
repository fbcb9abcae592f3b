"""The course as a reader has it: `nnlearn lab` serving a copy, a browser that meets only the server."""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Route

from tests.support import WAIT
from tests.support.browser import new_context

NNLEARN = str(Path(sys.executable).with_name("nnlearn"))
PANEL = "const panel = window.jupyterapp.shell.currentWidget;"
SLIDER = "[role=slider], input[type=range]"
AT_END = "e => e.value ? e.value === e.max : e.ariaValueNow === e.ariaValueMax"
WIDGET = "application/vnd.jupyter.widget-view+json"


@dataclass
class Server:
    url: str
    token: str
    folder: Path | None
    said: str  # what the command printed before it served
    start: str  # where its address leads, without the token
    process: subprocess.Popen
    log: Path  # all that it prints

    def call(self, path: str, method: str = "GET") -> Any:
        """The server's answer, from JSON."""
        request = urllib.request.Request(
            self.url + path, method=method, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read() or b"null")

    def stop_kernels(self) -> None:
        for session in self.call("api/sessions"):
            self.call(f"api/sessions/{session['id']}", "DELETE")


def wait_until_up(url: str) -> None:
    """A Jupyter server's address is printed a moment before it listens there, and to the keyboard."""
    start = time.monotonic()
    while True:
        try:
            return urllib.request.urlopen(url + "api").close()
        except urllib.error.URLError:
            if time.monotonic() - start > WAIT:
                raise
            time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(home: Path) -> dict[str, str]:
    """A user of Jupyter who has never used it before, and who lets the tests reach into its page."""
    config = home / "config"
    config.mkdir(parents=True, exist_ok=True)
    (config / "jupyter_lab_config.json").write_text('{"LabApp": {"expose_app_in_browser": true}}')
    return {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(config),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "XDG_STATE_HOME": str(home / "state"),
    }


@contextmanager
def serve(
    folder: Path | None, home: Path, nnlearn: Sequence[str] = (NNLEARN,), **options: Any
) -> Iterator[Server]:
    """`nnlearn lab [folder] --no-browser --port N`, until the block ends."""
    command = [*nnlearn, "lab", *([str(folder)] if folder else [])]
    with serving(command, **{"env": environment(home)} | options) as server:
        server.folder = folder
        yield server
        server.stop_kernels()


@contextmanager
def serving(command: Sequence[str], **options: Any) -> Iterator[Server]:
    """A command that starts a Jupyter server, until the block ends."""
    command = [*command, "--no-browser", "--port", str(free_port())]
    # To a file: a pipe that nobody reads is full after forty kernels' warnings, and the next kernel waits.
    with tempfile.NamedTemporaryFile("w+") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, text=True, **options)
        try:
            server = _wait_for_address(process, Path(output.name))
            wait_until_up(server.url)
            yield server
        finally:
            process.terminate()
            process.wait(timeout=WAIT)


def _wait_for_address(process: subprocess.Popen, log: Path) -> "Server":
    start = time.monotonic()
    while time.monotonic() - start < WAIT:
        ended = process.poll()
        said = log.read_text()
        if found := re.search(r"(http://localhost:\d+/)(\S*)[?&]token=(\w+).*\n", said):
            return Server(found[1], found[3], None, said, found[2], process, log)
        if ended is not None:
            raise AssertionError(f"the server ended with {ended}:\n{said}")
        time.sleep(0.05)
    raise AssertionError(f"no address within {WAIT} seconds:\n{log.read_text()}")


class Page:
    """One notebook in JupyterLab, in a browser's fresh profile; what must not happen is in `complaints`."""

    def __init__(self, browser: Browser, server: Server) -> None:
        self.server, self.complaints = server, []
        self.context = new_context(browser, viewport={"width": 1280, "height": 900})
        self.context.route("**/*", self._only_here)
        self.page = self.context.new_page()
        self.page.on(
            "console", lambda m: self.complaints.append(f"console: {m.text}") if m.type == "error" else None
        )
        self.page.on("pageerror", lambda error: self.complaints.append(f"page: {error}"))
        self.page.on("websocket", lambda socket: self._note_elsewhere(socket.url))

    def _only_here(self, route: Route) -> None:
        if self._note_elsewhere(route.request.url):
            route.abort()
        else:
            route.continue_()

    def _note_elsewhere(self, url: str) -> bool:
        """True, and a complaint, for an address that is not the server's."""
        here = url.startswith((self.server.url, self.server.url.replace("http", "ws", 1), "data:", "blob:"))
        if not here:
            self.complaints.append(f"request: {url}")
        return not here

    def __enter__(self) -> "Page":
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()
        self.server.stop_kernels()

    def open(self, path: str, fragment: str = "") -> None:
        """Open a notebook, in place of the one that is open, and wait for its kernel."""
        if self.page.url.startswith(self.server.url):
            self.page.evaluate(
                f"async path => {{ {PANEL} await panel.sessionContext.shutdown(); panel.dispose();"
                "await window.jupyterapp.commands.execute('docmanager:open', { path }); }",
                path,
            )
        else:
            self.page.goto(f"{self.server.url}lab/tree/{path}?reset&token={self.server.token}#{fragment}")
        self.page.wait_for_selector(".jp-Notebook")
        self.page.evaluate(
            f"async () => {{ {PANEL} await panel.revealed; await panel.sessionContext.ready; }}"
        )

    def run_all(self) -> None:
        self.page.evaluate(
            """seconds => Promise.race([
                window.jupyterapp.commands.execute('notebook:run-all-cells'),
                new Promise((_, fail) => setTimeout(() => {
                    const { content, sessionContext } = window.jupyterapp.shell.currentWidget;
                    const runs = content.model.toJSON().cells.map((cell) => cell.execution_count);
                    fail(`still running: kernel ${sessionContext.kernelDisplayStatus}, cells ${runs}`);
                }, seconds * 1000)),
            ])""",
            WAIT,
        )

    def run(self, index: int) -> None:
        """Run one cell and wait until it has ended."""
        self.show(index)
        self.page.evaluate("window.jupyterapp.commands.execute('notebook:run-cell')")

    def save(self) -> None:
        self.page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")

    def wait_until(self, holds: Callable[[], bool], what: str) -> None:
        start = time.monotonic()
        while not holds():
            assert time.monotonic() - start < WAIT, f"not so after {WAIT} s: {what}"
            self.page.wait_for_timeout(50)

    def cells(self) -> list[dict]:
        return self.page.evaluate(f"() => {{ {PANEL} return panel.content.model.toJSON().cells; }}")

    def errors(self) -> list[str]:
        """What went wrong in the cells."""
        return [
            f"{output['ename']}: {output['evalue']} in\n{cell['source']}"
            for cell in self.cells()
            for output in cell.get("outputs", [])
            if output["output_type"] == "error"
        ]

    def cells_with(self, mime: str) -> list[int]:
        """The numbers of the cells that have an output of a type."""
        return [
            k
            for k, cell in enumerate(self.cells())
            if any(mime in output.get("data", {}) for output in cell.get("outputs", []))
        ]

    def show(self, index: int) -> Locator:
        """Bring a cell into view and make it the active one, as the arrow keys do."""
        self.page.evaluate(
            f"async k => {{ {PANEL} const notebook = panel.content; notebook.deselectAll();"
            "notebook.activeCellIndex = k; notebook.mode = 'command';"
            "await notebook.scrollToItem(k, 'start'); notebook.activate(); }",
            index,
        )
        return self.page.locator(".jp-Notebook .jp-Cell.jp-mod-active")

    def tab_to_slider(self, most: int = 12) -> Locator:
        """Press Tab until a slider has the focus."""
        visited = []
        for _ in range(most):
            self.page.keyboard.press("Tab")
            if self.page.evaluate(f"document.activeElement.matches('{SLIDER}')"):
                return self.page.locator(":focus")
            visited.append(self.page.evaluate("document.activeElement.outerHTML.slice(0, 120)"))
        raise AssertionError(f"no slider within {most} presses of Tab, but:\n" + "\n".join(visited))


def picture(widget: Locator) -> str:
    """A widget's picture as the page has it now: from the kernel, or what the page has drawn or written."""
    return widget.locator("img.widget-image, .nn-living").first.evaluate(
        "async (e) => e.matches('img')"
        " ? new TextDecoder('latin1').decode(await (await fetch(e.src)).arrayBuffer())"
        " : [...e.querySelectorAll('canvas')].map(c => c.toDataURL()).join() + e.textContent"
    )


def press_and_see(page: Page, slider: Locator, widget: Locator) -> None:
    """One press of an arrow key moves the slider and changes the picture."""
    before, value = picture(widget), slider.get_attribute("aria-valuetext")  # valuenow has one decimal only
    at_end = slider.evaluate(AT_END)
    page.page.keyboard.press("ArrowLeft" if at_end else "ArrowRight")
    page.wait_until(lambda: slider.get_attribute("aria-valuetext") != value, "the arrow key moves the slider")
    page.wait_until(lambda: picture(widget) != before, f"the slider left {value} and the picture changes")
