"""How fast the playground plays and answers in a real browser: frames a second, and from key to picture.

    python -m tests.benchmarks.playground_speed [--seconds S] [--presses N]

Frames are counted in the page, as pictures that have arrived and been decoded, while networks of several
sizes train. Keys are pressed on three sliders while it rests; the clock is the page's own.
"""

import argparse
import statistics
import tempfile
from itertools import pairwise
from pathlib import Path

from playwright.sync_api import Locator

from tests.support.browser import launch_chromium
from tests.support.jupyterlab import Page, serve
from tests.widgets.test_playground_live import focus, run_cell, write_notebook

NETWORKS = {
    "2-4-2-1, as it opens": "playground.set(data='circles')",
    "2-8-8-1 on two spirals": "playground.set(data='two spirals', width1=8, width2=8)",
    "7-8-8-8-8-8-8-3 on three spirals": "playground.set(data='three spirals', depth=6, "
    "**{name: 8 for name in playground.controls if name.startswith('width')}, "
    "**{name: True for name in playground.controls if name.startswith('use ')})",
}
COUNT = """image => { window.frames = []; window.pressed = 0;
    document.addEventListener('keydown', event => { window.pressed = event.timeStamp; }, true);
    image.addEventListener('load', async () => { await image.decode().catch(() => {});
        requestAnimationFrame(() => requestAnimationFrame(now => window.frames.push(now))); }); }"""
SLIDERS = ("noise", "units in layer 1", "hidden layers")


def frames_a_second(page: Page, cell: Locator, seconds: float) -> tuple[float, float]:
    """Frames a second, and the longest wait between two, in milliseconds."""
    cell.get_by_role("button", name="Play").press("Enter")
    page.page.wait_for_timeout(1000)
    page.page.evaluate("window.frames = []")
    page.page.wait_for_timeout(1000 * seconds)
    at = page.page.evaluate("window.frames")
    cell.get_by_role("button", name="Pause").press("Enter")
    page.page.wait_for_timeout(300)
    gaps = [b - a for a, b in pairwise(at)]
    return 1000 * len(gaps) / sum(gaps), max(gaps)


def key_to_picture(page: Page, cell: Locator, label: str, presses: int) -> list[float]:
    """Milliseconds from each key press to the next picture that was asked for after it."""
    handle, waits = focus(page, cell, label), []
    for k in range(presses + 1):
        page.page.evaluate("window.frames = []")
        handle.press(("ArrowRight", "ArrowLeft")[k % 2])
        page.page.wait_for_function("window.frames.length > 0", polling=10)
        waits.append(page.page.evaluate("window.frames[0] - window.pressed"))
        page.page.wait_for_timeout(120)
    return sorted(waits[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--presses", type=int, default=20)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as home,
        serve(Path(home, "course"), Path(home)) as server,
        launch_chromium() as browser,
        Page(browser, server) as page,
    ):
        page.page.set_viewport_size({"width": 1280, "height": 1300})
        page.open(write_notebook(server))
        page.run_all()
        page.show(1).locator("img.widget-image").first.evaluate(COUNT)
        print(f"{'key to picture':32} {'median':>8} {'p90':>8} {'max':>8}   ms, {options.presses} presses")
        for label in SLIDERS:
            waits = key_to_picture(page, page.show(1), label, options.presses)
            figures = statistics.median(waits), waits[int(0.9 * (len(waits) - 1))], waits[-1]
            print(f"{label:32}", *(f"{figure:8.0f}" for figure in figures), flush=True)
        print(f"\n{'frames while it plays':32} {'a second':>8} {'longest':>8}   ms, {options.seconds:g} s")
        for name, code in NETWORKS.items():
            page.page.evaluate(
                "code => { const notebook = window.jupyterapp.shell.currentWidget.content;"
                "notebook.widgets[2].model.sharedModel.setSource(code); }",
                code,
            )
            run_cell(page, 2)
            figures = frames_a_second(page, page.show(1), options.seconds)
            print(f"{name:32}", *(f"{figure:8.1f}" for figure in figures), flush=True)


if __name__ == "__main__":
    main()
