"""The README's moving picture: the playground of the site while it trains, in a real browser.

python -m tests.support.moving_picture .github/playground.gif
"""

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image

from tests.support.browser import launch_chromium
from tests.widgets.test_living import Reader

FRAMES, EVERY, WIDTH = 36, 25, 760  # pictures, steps of training from one to the next, pixels


def main() -> None:
    values = {"data": "two spirals", "depth": 2, "width1": 8, "width2": 8, "noise": 0.05}
    with tempfile.TemporaryDirectory() as folder, launch_chromium() as browser:
        reader = Reader(browser, Path(folder), width=WIDTH + 40, **values)
        reader.page.add_style_tag(content=".second, .hint { display: none !important }")
        reader.page.get_by_label("steps a frame").evaluate(f"e => e.append(new Option('{EVERY}', '{EVERY}'))")
        reader.page.get_by_label("steps a frame").evaluate(f"e => {{ e.value = '{EVERY}'; }}")
        shots = []
        for k in range(FRAMES):
            reader.says(f"Step {k * EVERY:,} of")
            shots.append(Image.open(io.BytesIO(reader.figure.screenshot())).convert("RGB"))
            reader.press("Step")
    palette = shots[-1].quantize(96)
    first, *others = (shot.quantize(palette=palette, dither=Image.Dither.NONE) for shot in shots)
    times = [120] * (FRAMES - 1) + [2500]
    first.save(sys.argv[1], save_all=True, append_images=others, duration=times, loop=0, optimize=True)


if __name__ == "__main__":
    main()
