"""The pieces of the playground's picture: places on the board, shapes, and numbers in few letters."""

import math
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from PIL import Image

from nnlearn.widgets.playground import colours
from nnlearn.widgets.playground.layout import HEIGHT
from nnlearn.widgets.playground.problems import EDGE
from nnlearn.widgets.playground.run import Layer, Run

SQUARE = (762, 52, 316, 316)  # x, y, width, height of the output
LOSSES = (762, 442, 316, 112)
OUTPUTS_TOP, OUTPUTS_HEIGHT = 436, 46  # the histograms
GRADIENT_TOP, GRADIENT_HEIGHT = 520, 60
DECADES = (-6, 1)  # of the gradient's axis
BAR = 60  # width of a histogram
BINS = 20

Place = tuple[int, int]


class Pixels(Artist):
    """An image on the board, stretched to `size` if it is given; faster than an axes' own image."""

    def __init__(self, pixels: np.ndarray, corner: Place, size: Place | None = None, zorder: int = 0) -> None:
        super().__init__()
        self.pixels, self.corner, self.zorder = pixels, corner, zorder
        self.size = size or (pixels.shape[1], pixels.shape[0])

    def draw(self, renderer: Any) -> None:
        scale = renderer.height / HEIGHT
        size = round(self.size[0] * scale), round(self.size[1] * scale)
        image = Image.fromarray(self.pixels)
        if size != image.size:
            image = image.resize(size, Image.Resampling.BICUBIC)
        shown = np.asarray(image.convert("RGBA"))[::-1]
        corner = self.corner[0] * scale, renderer.height - self.corner[1] * scale - size[1]
        renderer.draw_image(renderer.new_gc(), *(round(v) for v in corner), shown)


def on_square(X: np.ndarray) -> np.ndarray:
    """Points of the plane as places on the board.  (N, 2), same out"""
    x, y, width, height = SQUARE
    share = (X + EDGE) / (2 * EDGE)
    return np.column_stack([x + share[:, 0] * width, y + (1 - share[:, 1]) * height])


def unit_colours(run: Run, column: int, a: np.ndarray, bounded: bool) -> np.ndarray:
    """The units of a column as colours.  (P, units) -> (P, units, 3)"""
    if 0 < column <= len(run.config.widths):
        return colours.unit_surfaces(a, bounded)
    if column == 0:
        return colours.unit_surfaces(a, bounded=False)
    if run.problem.classes > 2:
        return colours.class_surfaces(a)
    return colours.output_surface(a, run.problem.classes, discrete=False)[:, None]


def gradient_height(size: float) -> float:
    """Where on the board a gradient of this size stands; what is off the axis stands at its end."""
    low, high = DECADES
    power = math.log10(max(size, 1e-30)) if math.isfinite(size) else high
    share = (min(max(power, low), high) - low) / (high - low)
    return GRADIENT_TOP + GRADIENT_HEIGHT * (1 - share)


def histogram(outputs: np.ndarray, x: float) -> np.ndarray:
    """A layer's outputs over all training examples, as a shape of width BAR around x on the board."""
    a = np.clip(np.nan_to_num(outputs.ravel()), -1e6, 1e6)
    low, high = float(a.min()), float(a.max())
    if high - low < 1e-6:
        low, high = low - 0.5, high + 0.5
    counts, _ = np.histogram(a, BINS, (low, high))
    heights = np.sqrt(counts / counts.max())  # the root: small bars stay visible beside a tall one
    edges = np.repeat(np.linspace(x - BAR / 2, x + BAR / 2, BINS + 1), 2)
    tops = OUTPUTS_TOP + OUTPUTS_HEIGHT * (1 - np.concatenate([[0], np.repeat(heights, 2), [0]]))
    return np.column_stack([edges, tops])


def in_words(layer: Layer) -> str:
    if layer.idle:
        return f"{layer.idle:.0%} stuck"
    low, high = float(layer.outputs.min()), float(layer.outputs.max())
    return f"{low:.2g} … {high:.2g}" if math.isfinite(low + high) else "no number"


def short(loss: float) -> str:
    """A loss in few letters."""
    return f"{loss:.3f}" if 0.001 <= loss < 100 else f"{loss:.0e}"


def loss_limits(run: Run) -> tuple[float, float, float]:
    """(last step, lowest, highest loss) of the axes: round numbers, so that they seldom change."""
    last = 50.0
    while last < run.steps:
        last *= 2 if f"{last:.0e}"[0] in "15" else 2.5
    values = np.array([row[1:] for row in run.curve]).ravel() if run.curve else np.array([1.0])
    values = np.clip(values, 1e-8, 1e8)
    low = 10.0 ** math.floor(math.log10(values.min()))
    high = 10.0 ** math.ceil(math.log10(values.max()) + 1e-9)
    return last, min(low, 0.1), max(high, 1.0)
