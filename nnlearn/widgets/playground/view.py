"""The playground's picture: units with their surfaces, weights, output, losses, statistics of the layers.

What stays is drawn once for a network; each frame restores that background and draws only what moves.
"""

import io
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection, PolyCollection
from matplotlib.figure import Figure
from PIL import Image

from nnlearn import plot

from . import colours
from .layout import BOTTOM, GRID, HEIGHT, LARGEST, LEFT, MIDDLE, RIGHT, TOP, WIDTH, Layout
from .problems import EDGE, features, inputs
from .run import Layer, Run

SQUARE = (762, 52, 316, 316)  # x, y, width, height of the output
LOSSES = (762, 442, 316, 112)
OUTPUTS_TOP, OUTPUTS_HEIGHT = 436, 46  # the histograms
GRADIENT_TOP, GRADIENT_HEIGHT = 520, 60
DECADES = (-6, 1)  # of the gradient's axis
BAR = 60  # width of a histogram
BINS = 20


@dataclass(frozen=True)
class Look:
    """What the reader has chosen to see."""

    discrete: bool = False
    show_test: bool = False
    enlarged: tuple[int, int] | None = None  # (column, unit); None: the output
    marked: tuple[int, int, int] | None = None  # the connection in hand: (layer, from or −1, to)


class Pixels(Artist):
    """An image on the board, stretched to `size` if it is given; faster than an axes' own image."""

    def __init__(
        self, pixels: np.ndarray, corner: tuple[int, int], size: tuple[int, int] | None = None
    ) -> None:
        super().__init__()
        self.pixels, self.corner = pixels, corner
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


class View:
    """Draws a run: `show(run, look)` makes or updates the picture, `jpeg()` gives its bytes.

    Everything stands on one board, an Axes in pixels without axes of its own: making those takes longer than
    all the rest.
    """

    def __init__(self, figure: Figure) -> None:
        self.figure, self.canvas = figure, FigureCanvasAgg(figure)
        x, y = np.meshgrid(np.linspace(-EDGE, EDGE, GRID), np.linspace(EDGE, -EDGE, GRID))
        self.grid = np.column_stack([x.ravel(), y.ravel()]).astype(np.float32)
        self.board = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(HEIGHT, 0), autoscale_on=False)
        self.board.set_axis_off()
        self.drawn: tuple = ()
        self.artists: list[Artist] = []
        self.moving: list[Artist] = []

    def show(self, run: Run, look: Look) -> None:
        """Update what moves; draw all anew where the network, the data or the scales have changed."""
        need = (id(run), look.enlarged, look.show_test, loss_limits(run))
        fresh = need != self.drawn
        if fresh:
            self._lay_out(run, look)
            self.drawn = need
        self._move_surfaces(run, look)
        self._move_weights(run, look)
        self._move_statistics(run)
        self._move_losses(run)
        if fresh:
            self.canvas.draw()
            self.background = self.canvas.copy_from_bbox(self.figure.bbox)
        self.canvas.restore_region(self.background)
        for artist in self.moving:
            artist.draw(self.canvas.get_renderer())

    def jpeg(self) -> bytes:
        """The picture as it was last shown. Encoded ten times as fast as PNG, and half as large."""
        buffer = io.BytesIO()
        pixels = Image.fromarray(np.asarray(self.canvas.buffer_rgba())).convert("RGB")
        pixels.save(buffer, "jpeg", quality=93, subsampling=0)
        return buffer.getvalue()

    # -- what stays ------------------------------------------------------------------------------------

    def _lay_out(self, run: Run, look: Look) -> None:
        for artist in self.artists:
            artist.remove()
        self.artists, self.moving = [], []
        self.layout = Layout((run.train[0].shape[1], *run.config.widths, run.problem.outputs))
        self._make_network(run)
        self._make_statistics()
        self._make_square(run, look)
        self._make_losses(loss_limits(run))
        box = {"facecolor": "#B3261E", "edgecolor": "none", "boxstyle": "round,pad=0.7"}
        banner: dict[str, Any] = {
            "fontsize": 15,
            "weight": "bold",
            "color": "white",
            "bbox": box,
            "zorder": 9,
        }
        self.banner = self._moves(self._text((LEFT + RIGHT) / 2, MIDDLE, "", **banner))

    def _add(self, artist: Artist) -> Any:
        self.artists.append(artist)
        return artist

    def _moves(self, artist: Artist) -> Any:
        artist.set_animated(True)
        self.moving.append(artist)
        return artist

    def _text(self, x: float, y: float, text: str, ha: str = "center", **style: Any) -> Any:
        look = {"fontsize": 9.5, "color": plot.GREY, "va": "center"} | style
        return self._add(self.board.text(x, y, text, ha=ha, **look))

    def _line(self, x: Any, y: Any, style: str = "-", **look: Any) -> Any:
        return self._add(self.board.plot(x, y, style, **({"color": "#E2E2E2", "linewidth": 0.8} | look))[0])

    def _make_network(self, run: Run) -> None:
        c, layout = run.config, self.layout
        names = ["inputs", *(f"{n} {c.activation}" for n in c.widths), "output"]
        size = 10.5 if len(names) < 7 else 8.5
        for x, name in zip(layout.columns, names, strict=True):
            self._text(x, 26, name.replace("leaky_relu", "leaky"), fontsize=size)
        for y, name in zip(layout.rows(0), features(c.features), strict=True):
            at = layout.columns[0] - layout.tile / 2 - 8
            self._text(at, y, name, ha="right", fontsize=12, color=plot.BLACK)
        look = {"facecolors": "none", "transform": self.board.transData}
        self.mark = PathCollection([], edgecolors="#00000033", linewidths=11, **look)
        self.curves = PathCollection(layout.curves, capstyle="round", **look)
        self.tiles = np.zeros((BOTTOM - TOP + 16, RIGHT + LARGEST, 4), np.uint8)
        for artist in (self.mark, self.curves, Pixels(self.tiles, (0, TOP - 8))):
            self._moves(self._add(self.board.add_artist(artist)))
        at = np.rint(np.linspace(0, GRID - 1, layout.tile)).astype(int)
        self.sampled = (at[:, None] * GRID + at).ravel()  # the points of the grid that a tile shows

    def _make_statistics(self) -> None:
        columns = self.layout.columns[1:]
        for y, name in (
            (OUTPUTS_TOP + 26, "what they\nput out"),
            (GRADIENT_TOP + 30, "size of the\ngradient"),
        ):
            self._text(10, y, name, ha="left", linespacing=1.25)
        for power in range(DECADES[0], DECADES[1] + 1, 2):
            level = gradient_height(10.0**power)
            self._line([LEFT + 14, RIGHT + 32], [level, level])
            self._text(LEFT + 10, level, "1" if power == 0 else f"1e{power}", ha="right", fontsize=8)
        floor = OUTPUTS_TOP + OUTPUTS_HEIGHT
        for x in columns:
            self._line([x - BAR / 2, x + BAR / 2], [floor, floor], color=plot.GREY)
        self.histograms = PolyCollection([], facecolors="#8FA7B5", edgecolors="none")
        self._moves(self._add(self.board.add_collection(self.histograms, autolim=False)))
        self.ranges = [self._moves(self._text(x, floor + 11, "", fontsize=8.5)) for x in columns]
        look = {"color": plot.PURPLE, "markersize": 6, "linewidth": 1.5}
        self.gradient = self._moves(self._line(columns, columns, "o-", **look))

    def _make_square(self, run: Run, look: Look) -> None:
        x, y, width, height = SQUARE
        name = "output" if look.enlarged is None else unit_name(run, *look.enlarged)
        self._text(x, y - 14, name, ha="left", fontsize=13, color=plot.BLACK, weight="bold")
        self.surface = Pixels(np.zeros((GRID, GRID, 3), np.uint8), (x, y), (width, height))
        self._moves(self._add(self.board.add_artist(self.surface)))
        for tick in (-3, 0, 3):
            right, down = on_square(np.array([[tick, tick]]))[0]
            self._text(right, y + height + 9, f"{tick}".replace("-", "−"))
            self._text(x - 6, down, f"{tick}".replace("-", "−"), ha="right")
        looks = (
            {"marker": "o", "s": 22, "edgecolors": "white", "linewidths": 0.8},
            {"marker": "D", "s": 16, "edgecolors": plot.BLACK, "linewidths": 0.7},
        )
        for (X, target), style in list(zip(run.points, looks, strict=True))[: 1 + look.show_test]:
            inside = np.abs(X).max(axis=1) < EDGE
            colour = colours.of_targets(target, run.problem.classes)[inside]
            points = self.board.scatter(*on_square(X[inside]).T, color=colour, **style)
            self._moves(self._add(points))

    def _make_losses(self, limits: tuple[float, float, float]) -> None:
        x, y, width, height = LOSSES
        last, low, high = self.limits = limits
        decades = round(math.log10(high / low))
        for power in range(0, decades + 1, math.ceil(decades / 4)):
            level = y + height - height * power / decades
            self._line([x, x + width], [level, level])
            self._text(x - 6, level, f"{low * 10**power:g}", ha="right")
        for share in (0, 0.5, 1):
            self._text(x + share * width, y + height + 11, f"{share * last:,.0f}")
        self._text(x + width, y + height + 27, "step", ha="right", fontsize=10)
        self.now = self._moves(self._text(x, y - 40, "", ha="left", fontsize=11))
        self.lines, self.numbers = [], []
        for at, colour, style in ((x, plot.BLACK, "-"), (x + 172, plot.GREEN, "--")):
            self.lines.append(self._moves(self._line([], [], style, color=colour, linewidth=1.8)))
            number = self._text(at, y - 19, "", ha="left", fontsize=11, weight="bold", color=colour)
            self.numbers.append(self._moves(number))

    # -- what moves ------------------------------------------------------------------------------------

    def _move_surfaces(self, run: Run, look: Look) -> None:
        outputs = run.activations(inputs(self.grid, run.config.features))
        bounded = run.config.activation in ("tanh", "sigmoid")
        self.tiles[...] = 0
        for column, a in enumerate(outputs):
            thumbnails = unit_colours(run, column, a[self.sampled], bounded)
            for unit in range(a.shape[1]):
                self._paint_tile(run, look, column, unit, thumbnails[:, unit])
        if look.enlarged is None:
            colour = colours.output_surface(outputs[-1], run.problem.classes, look.discrete)
        else:
            column, unit = look.enlarged
            a = outputs[column][:, unit : unit + 1] if column < len(outputs) - 1 else outputs[column]
            colour = unit_colours(run, column, a, bounded)[:, unit if a.shape[1] > 1 else 0]
            if look.discrete:
                colour = np.where((a[:, :1] > a[:, :1].mean()), *colours.signed(np.array([0.75, -0.75])))
        self.surface.pixels = (colour * 255).astype(np.uint8).reshape(GRID, GRID, 3)

    def _paint_tile(self, run: Run, look: Look, column: int, unit: int, colour: np.ndarray) -> None:
        (row, left), size = self.layout.corner(column, unit), self.layout.tile
        row -= TOP - 8
        frame = 3 if look.enlarged == (column, unit) else 1
        outer = self.tiles[row - frame : row + size + frame, left - frame : left + size + frame]
        outer[...] = (26, 26, 26, 255) if frame > 1 else (120, 120, 120, 255)
        inner = self.tiles[row : row + size, left : left + size]
        inner[..., :3] = (colour * 255).astype(np.uint8).reshape(size, size, 3)
        if column:  # the bias: a small square in the lower left corner
            bias = run.model.layers[column - 1].b.data[unit]
            inner[-10:, :10, :3] = 255
            inner[-8:, 1:9, :3] = (colours.signed(np.tanh(np.asarray(bias))) * 255).astype(np.uint8)

    def _move_weights(self, run: Run, look: Look) -> None:
        weights = np.concatenate([layer.W.data.ravel() for layer in run.model.layers])
        size = np.nan_to_num(np.abs(weights), nan=0.0, posinf=9.0)
        self.curves.set_linewidths(np.minimum(0.35 + 1.7 * size, 8.0))
        colour = np.where(weights[:, None] > 0, *(colours.CLASSES[[1, 0]]))
        self.curves.set_edgecolors(np.column_stack([colour, np.clip(0.25 + 0.5 * size, 0.25, 0.85)]))
        marked = look.marked if look.marked is not None and look.marked[1] >= 0 else None
        self.mark.set_paths([self.layout.curve(*marked)] if marked else [])

    def _move_statistics(self, run: Run) -> None:
        layers = run.statistics()
        columns = self.layout.columns[1:]
        self.histograms.set_verts(
            [
                histogram(layer.outputs, x, run.config.activation)
                for layer, x in zip(layers, columns, strict=True)
            ]
        )
        for text, layer in zip(self.ranges, layers, strict=True):
            text.set_text(in_words(layer))
            text.set_color(plot.VERMILION if layer.idle else plot.GREY)
        self.gradient.set_ydata([gradient_height(layer.gradient) for layer in layers])

    def _on_losses(self, steps: np.ndarray, losses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x, y, width, height = LOSSES
        last, low, high = self.limits
        share = np.log10(np.clip(losses, low, high) / low) / math.log10(high / low)
        return x + width * steps / last, y + height * (1 - share)

    def _move_losses(self, run: Run) -> None:
        steps, *values = zip(*run.curve, strict=True) if run.curve else ((), (), ())
        for line, number, name, y in zip(
            self.lines, self.numbers, ("training loss", "test loss"), values, strict=True
        ):
            line.set_data(*self._on_losses(np.array(steps), np.array(y)))
            number.set_text(f"{name} {short(y[-1])}" if y else "")
        right = run.accuracy()
        epochs = f"step {run.steps:,} · epoch {run.epochs:.1f}"
        self.now.set_text(epochs if right is None else f"{epochs} · {right:.0%} of test right")
        self.banner.set_text(run.trouble.replace(": ", ":\n"))
        self.banner.set_visible(bool(run.trouble))


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


def unit_name(run: Run, column: int, unit: int) -> str:
    """A unit as it is called in the controls: "input x", "layer 2, unit 3", "output 1"."""
    if column == 0:
        return f"input {list(features(run.config.features))[unit]}"
    return f"layer {column}, unit {unit + 1}" if column <= len(run.config.widths) else f"output {unit + 1}"


def gradient_height(size: float) -> float:
    """Where on the board a gradient of this size stands; what is off the axis stands at its end."""
    low, high = DECADES
    power = math.log10(max(size, 1e-30)) if math.isfinite(size) else high
    share = (min(max(power, low), high) - low) / (high - low)
    return GRADIENT_TOP + GRADIENT_HEIGHT * (1 - share)


def histogram(outputs: np.ndarray, x: float, activation: str) -> np.ndarray:
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
