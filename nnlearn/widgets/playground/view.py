"""The playground's picture: units with their surfaces, weights, output, losses, statistics of the layers."""

import math
from typing import Any

import numpy as np
from matplotlib.collections import PathCollection, PolyCollection
from matplotlib.figure import Figure

from nnlearn.figures import plot
from nnlearn.widgets.playground import colours, layout, marks
from nnlearn.widgets.playground.problems import EDGE, features, inputs
from nnlearn.widgets.playground.run import Run

FAINT = {"color": "#E2E2E2", "linewidth": 0.8}
WORDS = {"fontsize": 9.5, "color": plot.GREY, "ha": "center", "va": "center"}


class View:
    """Draws a run on a figure: `show(run, discrete, show_test)`.

    Everything stands on one board, an Axes in pixels without axes of its own: making those takes longer than
    all the rest.
    """

    def __init__(self, figure: Figure) -> None:
        x, y = np.meshgrid(np.linspace(-EDGE, EDGE, layout.GRID), np.linspace(EDGE, -EDGE, layout.GRID))
        self.grid = np.column_stack([x.ravel(), y.ravel()]).astype(np.float32)
        limits: dict[str, Any] = {"xlim": (0, layout.WIDTH), "ylim": (layout.HEIGHT, 0)}
        self.board = figure.add_axes((0, 0, 1, 1), autoscale_on=False, **limits)
        self.board.set_axis_off()
        self._make_frame()
        self._make_words()

    def show(self, run: Run, discrete: bool, show_test: bool) -> None:
        self.limits = marks.loss_limits(run)
        self._make_network(run)
        self._make_square()
        self._make_losses()
        self._make_points(run, show_test)
        self._show_surfaces(run, discrete)
        self._show_weights(run)
        self._show_statistics(run)
        self._show_losses(run)

    # -- what there is ------------------------------------------------------------------------------------

    def _text(self, x: float, y: float, text: str, **look: Any) -> Any:
        return self.board.text(x, y, text, **(WORDS | look))

    def _line(self, x: Any, y: Any, style: str = "-", **look: Any) -> Any:
        return self.board.plot(x, y, style, **(FAINT | look))[0]

    def _make_network(self, run: Run) -> None:
        c = run.config
        places = self.layout = layout.Layout(run.sizes)
        names = ["inputs", *(f"{n} {c.activation}" for n in c.widths), "output"]
        size = 10.5 if len(names) < 7 else 8.5
        for x, name in zip(places.columns, names, strict=True):
            self._text(x, 26, name.replace("leaky_relu", "leaky"), fontsize=size)
        for y, name in zip(places.rows(0), features(c.features), strict=True):
            at = places.columns[0] - places.tile / 2 - 8
            self._text(at, y, name, ha="right", fontsize=12, color=plot.BLACK)
        look = {"facecolors": "none", "transform": self.board.transData}
        self.curves = PathCollection(places.curves, capstyle="round", **look)
        height, width = layout.BOTTOM - layout.TOP + 16, layout.RIGHT + layout.LARGEST
        self.tiles = np.zeros((height, width, 4), np.uint8)
        for artist in (self.curves, marks.Pixels(self.tiles, (0, layout.TOP - 8), zorder=2)):
            self.board.add_artist(artist)
        at = np.rint(np.linspace(0, layout.GRID - 1, places.tile)).astype(int)
        self.sampled = (at[:, None] * layout.GRID + at).ravel()  # the points of the grid that a tile shows
        self._make_statistics()

    def _make_frame(self) -> None:
        """What is there whatever the network: names, the scale of the gradients, the coordinates."""
        self._text(10, marks.OUTPUTS_TOP + 26, "what they\nput out", ha="left", linespacing=1.25)
        self._text(10, marks.GRADIENT_TOP + 30, "size of the\ngradient", ha="left", linespacing=1.25)
        for power in range(marks.DECADES[0], marks.DECADES[1] + 1, 2):
            level = marks.gradient_height(10.0**power)
            self._line([layout.LEFT + 14, layout.RIGHT + 32], [level, level])
            self._text(layout.LEFT + 10, level, "1" if power == 0 else f"1e{power}", ha="right", fontsize=8)
        x, y, _, height = marks.SQUARE
        for tick in (-3, 0, 3):
            ((right, down),) = marks.on_square(np.array([[tick, tick]]))
            self._text(right, y + height + 9, plot.number(tick))
            self._text(x - 6, down, plot.number(tick), ha="right")
        x, y, width, height = marks.LOSSES
        self._text(x + width, y + height + 27, "step", ha="right", fontsize=10)

    def _make_statistics(self) -> None:
        columns, floor = self.layout.columns[1:], marks.OUTPUTS_TOP + marks.OUTPUTS_HEIGHT
        for x in columns:
            self._line([x - marks.BAR / 2, x + marks.BAR / 2], [floor, floor], color=plot.GREY)
        bars = PolyCollection([], facecolors="#8FA7B5", edgecolors="none")
        self.histograms = self.board.add_collection(bars, autolim=False)
        self.ranges = [self._text(x, floor + 11, "", fontsize=8.5) for x in columns]
        look: dict[str, Any] = {"color": plot.PURPLE, "markersize": 6, "linewidth": 1.5}
        self.gradient = self._line(columns, columns, "o-", **look)

    def _make_square(self) -> None:
        x, y, width, height = marks.SQUARE
        self._text(x, y - 14, "output", ha="left", fontsize=13, color=plot.BLACK, weight="bold")
        pixels = np.zeros((layout.GRID, layout.GRID, 3), np.uint8)
        self.surface = marks.Pixels(pixels, (x, y), (width, height))
        self.board.add_artist(self.surface)

    def _make_points(self, run: Run, show_test: bool) -> None:
        looks = (
            {"marker": "o", "s": 22, "edgecolors": "white", "linewidths": 0.8},
            {"marker": "D", "s": 16, "edgecolors": plot.BLACK, "linewidths": 0.7},
        )
        for (X, target), style in list(zip(run.points, looks, strict=True))[: 1 + show_test]:
            inside = np.abs(X).max(axis=1) < EDGE
            colour = colours.of_targets(target, run.problem.classes)[inside]
            self.board.scatter(*marks.on_square(X[inside]).T, color=colour, **style)

    def _make_losses(self) -> None:
        x, y, width, height = marks.LOSSES
        last, low, high = self.limits
        decades = round(math.log10(high / low))
        for power in range(0, decades + 1, math.ceil(decades / 4)):
            level = y + height - height * power / decades
            self._line([x, x + width], [level, level])
            self._text(x - 6, level, f"{low * 10**power:g}", ha="right")
        for share in (0, 0.5, 1):
            self._text(x + share * width, y + height + 11, f"{share * last:,.0f}")

    def _make_words(self) -> None:
        x, y, _, _ = marks.LOSSES
        look: dict[str, Any] = {"ha": "left", "fontsize": 11}
        self.now = self._text(x, y - 40, "", **look)
        self.lines, self.numbers = [], []
        for at, colour, style in ((x, plot.BLACK, "-"), (x + 172, plot.GREEN, "--")):
            self.lines.append(self._line([], [], style, color=colour, linewidth=1.8))
            self.numbers.append(self._text(at, y - 19, "", weight="bold", color=colour, **look))
        box = {"facecolor": "#B3261E", "edgecolor": "none", "boxstyle": "round,pad=0.7"}
        look = {"fontsize": 15, "weight": "bold", "color": "white", "bbox": box, "zorder": 9}
        self.banner = self._text((layout.LEFT + layout.RIGHT) / 2, layout.MIDDLE, "", **look)

    # -- how it stands ------------------------------------------------------------------------------------

    def _show_surfaces(self, run: Run, discrete: bool) -> None:
        outputs = run.activations(inputs(self.grid, run.config.features))
        bounded = run.config.activation in ("tanh", "sigmoid")
        self.tiles[...] = 0
        for column, a in enumerate(outputs):
            thumbnails = marks.unit_colours(run, column, a[self.sampled], bounded)
            for unit in range(a.shape[1]):
                self._paint_tile(run, column, unit, thumbnails[:, unit])
        colour = colours.output_surface(outputs[-1], run.problem.classes, discrete)
        self.surface.pixels = (colour * 255).astype(np.uint8).reshape(layout.GRID, layout.GRID, 3)

    def _paint_tile(self, run: Run, column: int, unit: int, colour: np.ndarray) -> None:
        (row, left), size = self.layout.corner(column, unit), self.layout.tile
        row -= layout.TOP - 8
        outer = self.tiles[row - 1 : row + size + 1, left - 1 : left + size + 1]
        outer[...] = (120, 120, 120, 255)
        inner = self.tiles[row : row + size, left : left + size]
        inner[..., :3] = (colour * 255).astype(np.uint8).reshape(size, size, 3)
        if column:  # the bias: a small square in the lower left corner
            bias = run.bias(column - 1)[unit]
            inner[-10:, :10, :3] = 255
            inner[-8:, 1:9, :3] = (colours.signed(np.tanh(np.asarray(bias))) * 255).astype(np.uint8)

    def _show_weights(self, run: Run) -> None:
        weights = np.concatenate([layer.W.data.ravel() for layer in run.model.layers])
        size = np.nan_to_num(np.abs(weights), nan=0.0, posinf=9.0)
        self.curves.set_linewidths(np.minimum(0.35 + 1.7 * size, 8.0))
        colour = np.where(weights[:, None] > 0, *(colours.CLASSES[[1, 0]]))
        self.curves.set_edgecolors(np.column_stack([colour, np.clip(0.25 + 0.5 * size, 0.25, 0.85)]))

    def _show_statistics(self, run: Run) -> None:
        layers = run.statistics()
        places = zip(layers, self.layout.columns[1:], strict=True)
        self.histograms.set_verts([marks.histogram(layer.outputs, x) for layer, x in places])
        for text, layer in zip(self.ranges, layers, strict=True):
            text.set_text(marks.in_words(layer))
            text.set_color(plot.VERMILION if layer.idle else plot.GREY)
        self.gradient.set_ydata([marks.gradient_height(layer.gradient) for layer in layers])

    def _on_losses(self, steps: np.ndarray, losses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x, y, width, height = marks.LOSSES
        last, low, high = self.limits
        share = np.log10(np.clip(losses, low, high) / low) / math.log10(high / low)
        return x + width * steps / last, y + height * (1 - share)

    def _show_losses(self, run: Run) -> None:
        steps, *values = zip(*run.curve, strict=True) if run.curve else ((), (), ())
        curves = zip(self.lines, self.numbers, ("training loss", "test loss"), values, strict=True)
        for line, number, name, y in curves:
            line.set_data(*self._on_losses(np.array(steps), np.array(y)))
            number.set_text(f"{name} {marks.short(y[-1])}" if y else "")
        right = run.accuracy()
        epochs = f"step {run.steps:,} · epoch {run.epochs:.1f}"
        self.now.set_text(epochs if right is None else f"{epochs} · {right:.0%} of test right")
        self.banner.set_text(run.trouble.replace(": ", ":\n"))
        self.banner.set_visible(bool(run.trouble))
