"""How long a reader waits: from a key press on a slider to the new picture on the screen, in a real browser.

    python -m tests.benchmarks.widget_latency [--presses N] [--chapter 01_neuron …]

For every widget of every chapter: the median, the ninth decile and the maximum in milliseconds. The clock is
the page's own: from the key event's time stamp to the frame after the one that shows the new picture.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from nnlearn.exercises.notebooks import notebooks
from tests.support.browser import launch_chromium
from tests.support.jupyterlab import AT_END, WIDGET, Page, serve

# An image's `load` fires for each picture sent; `decode` and two frames later it has been painted. A living
# figure is painted two frames after its sentence has changed.
WATCH = """shown => {
    window.pressed = window.painted = 0;
    document.addEventListener('keydown', event => { window.pressed = event.timeStamp; }, true);
    const paint = (then) => requestAnimationFrame(() => requestAnimationFrame(then));
    const later = () => paint((now) => { window.painted = now; });
    const decoded = () => shown.decode().catch(() => {}).then(later);
    if (shown.matches('img')) shown.addEventListener('load', decoded);
    else new MutationObserver(later).observe(shown.querySelector('[role=status]'), { childList: true });
}"""


def measure(page: Page, cell: int, presses: int) -> list[float]:
    """Milliseconds from each of `presses` key presses, there and back, to the picture."""
    widget = page.show(cell)
    slider = page.tab_to_slider()
    widget.locator("img.widget-image, .nn-living").first.evaluate(WATCH)
    keys = ["ArrowRight", "ArrowLeft"]
    if slider.evaluate(AT_END):
        keys.reverse()
    waits = []
    for k in range(presses + 1):
        page.page.evaluate("window.painted = 0")
        page.page.keyboard.press(keys[k % 2])
        page.page.wait_for_function("window.painted > 0", polling=20)
        waits.append(page.page.evaluate("window.painted - window.pressed"))
        page.page.wait_for_timeout(100)
    return waits[1:]  # the first press also warms the caches up


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--presses", type=int, default=30)
    parser.add_argument("--chapter", nargs="*", default=[])
    options = parser.parse_args()
    print(f"{'chapter':24} {'cell':>4} {'median':>8} {'p90':>8} {'max':>8}   ms, {options.presses} presses")
    with (
        tempfile.TemporaryDirectory() as home,
        serve(Path(home, "course"), Path(home)) as server,
        launch_chromium() as browser,
    ):
        for path in notebooks("chapters", *options.chapter):
            with Page(browser, server) as page:
                page.open(f"chapters/{path.name}")
                page.run_all()
                for cell in page.cells_with(WIDGET):
                    waits = sorted(measure(page, cell, options.presses))
                    figures = statistics.median(waits), waits[int(0.9 * (len(waits) - 1))], waits[-1]
                    print(f"{path.stem:24} {cell:4}", *(f"{wait:8.0f}" for wait in figures), flush=True)


if __name__ == "__main__":
    main()
