"""How fast the playground plays and answers in a real browser: frames a second, and from key to picture.

    python -m tests.benchmarks.playground_speed [--seconds S] [--presses N]

In JupyterLab, where the kernel trains, and on a page that does it alone. Frames are counted as the page
draws them, while networks of several sizes train. Keys are pressed on three controls while it rests, until
the page has drawn what they change; the clock is the page's own.
"""

import argparse
import statistics
import tempfile
from itertools import pairwise
from pathlib import Path

from playwright.sync_api import Locator, Page

from nnlearn.widgets.playground.problems import FEATURES
from tests.support.browser import launch_chromium
from tests.support.jupyterlab import Page as Lab
from tests.support.jupyterlab import serve
from tests.widgets.test_living import Reader
from tests.widgets.test_playground_live import focus, write_notebook

WIDE = {f"width{k}": 8 for k in range(1, 7)} | {f"use {name}": True for name in FEATURES}
NETWORKS = {
    "2-4-2-1, as it opens": {"data": "circles"},
    "2-8-8-8-1 on two spirals": {"data": "two spirals", "depth": 3, "width1": 8, "width2": 8, "width3": 8},
    "7-8-8-8-8-8-8-3 on three spirals": {"data": "three spirals", "depth": 6} | WIDE,
}
# Every frame is noted as the browser draws it; a key, when it was pressed.
COUNT = """() => { window.drawn = []; window.pressed = 0;
    const el = document.querySelector('.nn-living'), canvas = el.querySelector('canvas');
    const pen = canvas.getContext('2d'), clear = pen.clearRect.bind(pen);
    pen.clearRect = (...area) => { clear(...area); window.drawn.push(performance.now()); };
    document.addEventListener('keydown', (event) => { window.pressed = event.timeStamp; }, true); }"""
CONTROLS = {"hidden layers": ("ArrowRight", "ArrowLeft"), "layer 1": ("ArrowUp", "ArrowDown")}


def frames_a_second(page: Page, place: Locator, seconds: float) -> tuple[float, float, float]:
    """Frames a second, the longest wait between two in milliseconds, and states of the network a second."""
    figure = place.locator(".nn-living")
    place.get_by_role("button", name="Play").press("Enter")
    page.wait_for_timeout(1000)
    states = int(figure.get_attribute("data-states") or 0)
    page.evaluate("window.drawn = []")
    page.wait_for_timeout(1000 * seconds)
    at, after = page.evaluate("window.drawn"), int(figure.get_attribute("data-states") or 0)
    place.get_by_role("button", name="Pause").press("Enter")
    page.wait_for_timeout(300)
    gaps = [b - a for a, b in pairwise(at)]
    return 1000 * len(gaps) / sum(gaps), max(gaps), (after - states) / seconds


def key_to_picture(page: Page, place: Locator, label: str, presses: int) -> list[float]:
    """Milliseconds from each key press to the picture drawn after it."""
    control, waits = focus(place, label), []
    for k in range(presses + 1):
        page.evaluate("window.drawn = []")
        control.press(CONTROLS[label][k % 2])
        page.wait_for_function("window.drawn.length > 0", polling=10)
        waits.append(page.evaluate("window.drawn.at(-1) - window.pressed"))
        page.wait_for_timeout(150)
    return sorted(waits[1:])


def measure(page: Page, place: Locator, options: argparse.Namespace, name: str) -> None:
    page.evaluate(COUNT)
    for label in CONTROLS if name.startswith("2-4") else ():
        waits = key_to_picture(page, place, label, options.presses)
        median = statistics.median(waits)
        print(f"  key to picture, {label:16} median {median:5.0f} ms, worst {waits[-1]:5.0f} ms")
    rate, longest, states = frames_a_second(page, place, options.seconds)
    print(f"  {name:34} {rate:5.1f} frames a second, longest wait {longest:4.0f} ms, {states:5.1f} states")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--presses", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, launch_chromium() as browser:
        print("in JupyterLab:")
        with serve(Path(folder, "course"), Path(folder)) as server, Lab(browser, server) as lab:
            lab.page.set_viewport_size({"width": 1366, "height": 768})
            for name, values in NETWORKS.items():
                lab.open(write_notebook(server, values))
                lab.run_all()
                measure(lab.page, lab.show(1), options, name)
        print("on a page:")
        for name, values in NETWORKS.items():
            reader = Reader(browser, Path(folder), **values)
            measure(reader.page, reader.page.locator("body"), options, name)


if __name__ == "__main__":
    main()
