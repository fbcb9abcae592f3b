"""The perceptron playground: data with a margin and with noise, and every correction of the learning rule."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from nnlearn import data
from nnlearn.figures import plot
from nnlearn.study.perceptron import PerceptronFit, max_margin, perceptron_bound, perceptron_fit
from nnlearn.widgets import chance
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, line, log_slider, slider

_BEFORE, _CHANGE, _AFTER = plot.GREY, plot.ORANGE, plot.BLACK
SEEDS = 21
_NOWHERE = np.full((2, 2), np.nan)


@dataclass(frozen=True)
class State:
    """Data, the whole run of the rule, and which correction is looked at."""

    X: np.ndarray
    y: np.ndarray
    run: PerceptronFit
    bound: float | None  # where the classes can be separated and the start is zero
    separable: bool
    update: int = 0  # 0: before the first


def _start(seed: int) -> np.ndarray:
    """The starting weights w₁, w₂, b at size 1.  (3,)"""
    return np.random.default_rng(seed).normal(size=3)


@lru_cache(maxsize=8)
def _learn(
    margin: float, noise: float, points: int, seed: int, scale: float, lr: float, start: float
) -> State:
    """Everything but the correction looked at: stepping through a run costs no learning."""
    X, y = data.separable(points, margin, noise, rng=seed)
    X = X.astype(float) * [scale, 1]
    w = start * _start(seed)
    run = perceptron_fit(X, y, w[:2], w[2], lr, epochs=40 if noise else 200)
    try:
        bound, separable = perceptron_bound(X, y, *max_margin(X, y)), True
    except ValueError:
        bound, separable = None, False
    return State(X, y, run, None if start else bound, separable)


class PerceptronPlayground(Explorer):
    """Step through the corrections of a perceptron, and count them against the bound."""

    size = (8.6, 4.8)
    module = "perceptron"

    def make_controls(self) -> Controls:
        return {
            "update": slider("update", 3, 0, 100),
            "margin": slider("margin", 0.1, 0.01, 0.6, 0.01),
            "noise": slider("label noise", 0, 0, 0.3, 0.025, readout_format=".1%"),
            "points": slider("points", 40, 10, 150, 10),
            "lr": log_slider("learning rate η", 1, -2, 2, 0.5),
            "start": slider("size of starting weights", 0, 0, 10),
            "scale": log_slider("x₁ multiplied by", 1, 0, 3, 0.5),
            "seed": slider("seed", 11, 0, SEEDS - 1),
        }

    def make_figure(self, figure: Figure) -> None:
        figure.subplots_adjust(left=0.07, right=0.98, top=0.91, bottom=0.11, wspace=0.24, hspace=0.62)
        grid = figure.add_gridspec(2, 2, width_ratios=(1.5, 1), height_ratios=(1.3, 1))
        self.plane = figure.add_subplot(grid[:, 0], xlabel="x₁", ylabel="x₂")
        self.weights = figure.add_subplot(grid[0, 1], xlabel="w₁", ylabel="w₂")
        self.epochs = figure.add_subplot(grid[1, 1], xlabel="epoch", ylabel="mistakes")
        for ax in (self.plane, self.weights, self.epochs):
            ax.locator_params(nbins=4, integer=ax is self.epochs)  # few labels: text is slow to draw
        _legend(self.plane, {"before": _BEFORE, "after": _AFTER, "missed point x": _CHANGE}, "boundary")
        _legend(self.weights, {"before": _BEFORE, "after": _AFTER, "± η x": _CHANGE}, "weights")
        self.classes = [
            line(self.plane, plot.MARKERS[k], color=plot.COLOURS[k], markeredgecolor="white") for k in (0, 1)
        ]
        self.before = line(self.plane, "--", color=_BEFORE)
        self.after = line(self.plane, color=_AFTER, linewidth=2.6)
        self.ring = line(self.plane, "o", color=_CHANGE, markersize=14, fillstyle="none", mew=2.6)
        self.missed = _arrow(self.plane, _CHANGE)
        self.arrows = [_arrow(self.weights, colour) for colour in (_BEFORE, _AFTER, _CHANGE)]
        self.mistakes = line(self.epochs, ".-", color=plot.BLUE, linewidth=1.5)
        self.here = line(self.epochs, "o", color=_CHANGE, markersize=9)
        self.total = self.epochs.set_title("", fontsize=11)

    def compute(self, **values: Any) -> State:
        update = values.pop("update")
        learned = _learn(**values)
        return replace(learned, update=min(update, len(learned.run.missed)))

    def draw(self, state: State) -> None:
        X, y, run, k = state.X, state.y, state.run, state.update
        for label, markers in enumerate(self.classes):
            markers.set_data(*X[y == label].T)
        # As many centimetres for one unit of each axis while x₁ is not stretched: right angles look right.
        scale = np.array([self.values["scale"], 1])
        reach = 1.08 * np.abs(X / scale).max() * scale
        self.plane.set(xlim=(-reach[0], reach[0]), ylim=(-reach[1], reach[1]))
        self.after.set_data(*_line(run.W[k], run.B[k], reach).T)
        self._draw_correction(state, reach)
        self._draw_epochs(state)

    def _draw_correction(self, state: State, reach: np.ndarray) -> None:
        run, k = state.run, state.update
        for artist in (self.before, self.ring, self.missed, self.arrows[0], self.arrows[2]):
            artist.set_visible(k > 0)
        old, new = run.W[max(k - 1, 0)], run.W[k]
        if k > 0:
            point = state.X[run.missed[k - 1]]
            self.before.set_data(*_line(old, run.B[k - 1], reach).T)
            self.ring.set_data(*point[:, None])
            self.missed.xy = point
        for arrow, tail, tip in zip(self.arrows, ((0, 0), (0, 0), old), (old, new, new), strict=True):
            arrow.set_position(tail)
            arrow.xy = tip
        corners = np.array([[0, 0], old, new])
        centre = (corners.min(axis=0) + corners.max(axis=0)) / 2
        side = 0.65 * max(np.ptp(corners[:, 0]) / 1.4, np.ptp(corners[:, 1])) or 1.0
        ends = side * np.array([-1, 1])
        self.weights.set(xlim=centre[0] + 1.4 * ends, ylim=centre[1] + ends)

    def _draw_epochs(self, state: State) -> None:
        run, k = state.run, state.update
        number = np.arange(1, len(run.mistakes) + 1)
        self.mistakes.set_data(number, run.mistakes)
        epoch = int(np.searchsorted(np.cumsum(run.mistakes), k))  # the one correction k belongs to
        self.here.set_data([epoch + 1], [run.mistakes[epoch]])
        top = 1.25 * max(run.mistakes.max(), 2)
        self.epochs.set(xlim=(0.4, max(len(number), 4) + 0.6), ylim=(0, top))
        bound = "" if state.bound is None else f", bound {state.bound:,.0f}"
        self.total.set_text(f"{_mistakes(run)}{bound}")

    def describe(self, state: State) -> str:
        run, k = state.run, state.update
        if k == 0:
            now = "Before the first correction."
        else:
            point, rose = state.X[run.missed[k - 1]], run.B[k] > run.B[k - 1]
            now = (
                f"Correction {k}: x = ({point[0]:.3g}, {point[1]:.3g}) should {'' if rose else 'not '}fire, "
                f"so η x is {'added to' if rose else 'subtracted from'} w."
            )
        if run.converged:
            end = f"After {_mistakes(run)} every point is on its side"
        else:
            end = f"{_mistakes(run)} in {len(run.mistakes)} epochs, and it has not settled"
        if state.bound is not None:
            return f"{now} {end}; the bound is {state.bound:,.0f}."
        why = (
            "the bound holds for starts at zero" if state.separable else "no boundary separates these labels"
        )
        return f"{now} {end}; {why}."

    def scene(self) -> dict[str, Any]:
        state, run = self.state, self.state.run
        X, W, B = (values.astype(np.float32).tobytes() for values in (state.X, run.W, run.B))
        return {
            "X": X, "y": state.y.tolist(), "W": W, "B": B, "missed": run.missed.tolist(),
            "mistakes": run.mistakes.tolist(), "bound": state.bound, "separable": state.separable,
        }  # fmt: skip

    def page(self) -> dict[str, Any]:
        seeds = range(SEEDS)
        return {
            "states": [chance.numpys(seed) for seed in seeds],
            "starts": [_start(seed).tolist() for seed in seeds],
        }


def _mistakes(run: PerceptronFit) -> str:
    return f"{len(run.missed):,} mistake{'' if len(run.missed) == 1 else 's'}"


def _legend(ax: Axes, entries: dict[str, str], title: str) -> None:
    """The names of the colours, above the axes: a legend's box is slow to draw."""
    ax.text(0, 1.04, title, transform=ax.transAxes, fontsize=11, weight="bold")
    for place, (name, colour) in zip((0.29, 0.5, 0.68), entries.items(), strict=True):
        ax.text(place, 1.04, name, color=colour, transform=ax.transAxes, fontsize=11)


def _arrow(ax: Axes, colour: str) -> Annotation:
    look = {"arrowstyle": "-|>", "color": colour, "linewidth": 2.4}
    return ax.annotate("", (1, 1), (0, 0), arrowprops=look)


def _line(w: np.ndarray, b: float, reach: np.ndarray) -> np.ndarray:
    """Two ends of the line w·x + b = 0, far outside the picture (2, 2); nowhere where w is zero."""
    w = w * reach  # in units of the picture, where every direction is as long
    if not np.any(w):
        return _NOWHERE
    along = np.array([-w[1], w[0]]) / np.linalg.norm(w)
    foot = -b * w / (w @ w)
    return (foot + np.array([[-4.0], [4.0]]) * along) * reach
