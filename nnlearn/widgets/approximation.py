"""Universal approximation to try: a curve, a kind of unit, how many, and how their weights are set."""

import re
from functools import lru_cache
from typing import Any

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from nnlearn.figures import plot
from nnlearn.functions.activations import relu, sigmoid, softplus
from nnlearn.functions.linear import linear
from nnlearn.study.approximation import Function, adapted_knots, fit_output, relu_network, step_network
from nnlearn.study.feedforward import Layer, count_parameters, forward, tent_network
from nnlearn.study.neuron import step
from nnlearn.widgets.chance import numpys
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, choice, line, segments, slider, text

TEETH = tent_network(5)
ZIGZAG = np.random.default_rng(4).uniform(-1, 1, size=14)
TARGETS = {
    "sine": lambda x: np.sin(2 * np.pi * x),
    "bump": lambda x: 1.6 * np.exp(-(((x - 0.4) / 0.1) ** 2)) - 0.8,
    "jump": lambda x: np.where(x > 0.37, 0.8, -0.8),
    "corner |x|": lambda x: 3 * np.abs(x - 0.45) - 0.8,
    "chirp": lambda x: np.sin(2 * np.pi * (0.5 * x + 4.5 * x**3)),
    "jagged": lambda x: np.interp(x, np.linspace(0, 1, 14) ** 1.3, ZIGZAG),
    "teeth (5 tents)": lambda x: 1.6 * forward(np.ravel(x)[:, None], TEETH).reshape(np.shape(x)) - 0.8,
}
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
OWN, HIGHEST, MOST = "your own", 1.4, 101  # a curve that is drawn: how high, and of how many numbers
UNITS = {"step (softened: sigmoid)": "step", "ReLU (softened: softplus)": "ReLU"}
WEIGHTS = {
    "constructed, even knots": "even",
    "constructed, adapted knots": "adapted",
    "random, output fitted: draw 1": 1,
    "random, output fitted: draw 2": 2,
    "random, output fitted: draw 3": 3,
}
COUNTS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
X = np.linspace(0, 1, 1001)[:, None]
FLOOR, TOP = 1e-4, 4.0  # of the errors shown


def activation(unit: str, softness: float, n: int) -> Any:
    """Step or ReLU; with softness s the sigmoid or softplus whose transition is s intervals of 1/n wide."""
    width = softness / n
    if softness == 0:
        return step if unit == "step" else relu
    return (lambda z: sigmoid(z / width)) if unit == "step" else (lambda z: width * softplus(z / width))


def curve(target: str, drawn: str) -> Function:
    """One of TARGETS, or the polygon through the numbers that `drawn` names, evenly spread over 0 ≤ x ≤ 1."""
    if target != OWN:
        return TARGETS[target]
    heights = [float(word) for word in drawn.split()[:MOST] if _NUMBER.fullmatch(word)]
    heights = heights if len(heights) > 1 else [0.0, 0.0]
    return lambda x: np.interp(x, np.linspace(0, 1, len(heights)), np.clip(heights, -HIGHEST, HIGHEST))


def build(f: Function, unit: str, softness: float, weights: Any, n: int) -> list[Layer]:
    """One hidden layer of n units for f on 0 ≤ x ≤ 1."""
    network, intervals, order = (step_network, n + 1, 1) if unit == "step" else (relu_network, n, 2)
    if weights == "even":
        return network(f, np.linspace(0, 1, intervals + 1))
    if weights == "adapted":
        return network(f, adapted_knots(f, intervals, 0, 1, order))
    rng = np.random.default_rng(weights)
    knots, W = rng.uniform(0, 1, size=n), rng.choice([-1.0, 1.0], size=(1, n))
    sample = X[::5]
    return fit_output(sample, f(sample), W, -W[0] * knots, activation(unit, softness, n))


@lru_cache(maxsize=4096)
def error(target: str, drawn: str, unit: str, softness: float, weights: Any, n: int) -> float:
    """The largest error on a fine grid."""
    f = curve(target, drawn)
    layers = build(f, unit, softness, weights, n)
    return float(np.abs(forward(X, layers, activation(unit, softness, n)) - f(X)).max())


def _short(value: float) -> str:
    """Two digits that matter, written out."""
    if value >= 100:
        return f"{value:,.0f}"
    return np.format_float_positional(max(value, 0.0), precision=2, fractional=False, trim="-")


def _units(state: dict[str, Any]) -> str:
    kinds = {"step": ("step unit", "sigmoid"), "ReLU": ("ReLU", "softplus unit")}[state["unit"]]
    return f"{state['n']} {kinds[state['softness'] > 0]}{'s' if state['n'] > 1 else ''}"


class ApproximationExplorer(Explorer):
    """A curve rebuilt by one hidden layer: its sum, what each unit adds, the error against their number."""

    size = (8.6, 5.0)
    module = "approximation"

    def make_controls(self) -> Controls:
        return {
            "target": choice("curve", [*TARGETS, OWN]),
            "unit": choice("unit", UNITS.items()),
            "n": slider("hidden units", 8, 1, 64),
            "weights": choice("weights", WEIGHTS.items()),
            "softness": slider("softness (intervals)", 0, 0, 2, 0.1, readout_format=".1f"),
            "drawn": ipywidgets.Text("", description="heights of your own curve", disabled=True),
        }

    def make_figure(self, figure: Figure) -> None:
        grid = figure.add_gridspec(2, 2, width_ratios=(1.7, 1), height_ratios=(2.3, 1))
        figure.subplots_adjust(left=0.075, right=0.975, bottom=0.11, top=0.93, hspace=0.4, wspace=0.27)
        self._make_curve(figure.add_subplot(grid[0, 0]))
        self._make_parts(figure.add_subplot(grid[1, 0]))
        self._make_errors(figure.add_subplot(grid[:, 1]))

    def _make_curve(self, ax: Any) -> None:
        ax.set(xlim=(0, 1), ylim=(-1.4, 1.4), yticks=[-1, 0, 1], ylabel="y")
        self.target = line(ax, color=plot.ORANGE, linewidth=4.5, alpha=0.6)
        self.sum = line(ax, color=plot.BLUE)
        self.knots = line(ax, "|", color=plot.BLACK, markersize=8)
        self.curve_title = ax.set_title("")

    def _make_parts(self, ax: Any) -> None:
        ax.set(xlim=(0, 1), ylim=(-1.15, 1.15), yticks=[0], xlabel="x")
        self.parts = segments(ax, colors=plot.BLUE, linewidths=1.0, alpha=0.5)
        self.parts_title = ax.set_title("", fontsize=11, fontweight="normal")

    def _make_errors(self, ax: Any) -> None:
        ax.set(xscale="log", yscale="log", xlim=(0.85, 80), ylim=(FLOOR / 1.5, TOP), xlabel="hidden units n")
        ax.set_xticks([1, 2, 4, 8, 16, 32, 64], [1, 2, 4, 8, 16, 32, 64])
        ax.minorticks_off()
        ax.set_title("largest error")
        self.even = line(ax, "--", color=plot.GREY, linewidth=1.5)
        self.errors = line(ax, ".-", color=plot.BLUE)
        self.here = line(ax, "o", color=plot.VERMILION, markersize=11, zorder=5)
        corner: dict[str, Any] = {"transform": ax.transAxes, "ha": "left", "va": "baseline"}
        self.note = text(ax, 0.04, 0.03, color=plot.GREY, fontsize=10, **corner)

    def compute(self, **values: Any) -> dict[str, Any]:
        n, unit, softness = values["n"], values["unit"], round(values["softness"], 2)
        own = values["target"] == OWN
        self.controls["drawn"].disabled = not own
        key = values["target"], values["drawn"] if own else "", unit, softness
        target, act = curve(*key[:2]), activation(unit, softness, n)
        layers = build(target, unit, softness, values["weights"], n)
        (W, b), (W2, _) = layers
        twice = 2 * n if n <= 32 else n // 2
        return {
            **values,
            "f": target(X[:, 0]), "y": forward(X, layers, act), "knots": -b / W[0],
            "parts": act(linear(X[::5], W, b)) * W2[:, 0],
            "errors": [error(*key, values["weights"], k) for k in COUNTS],
            "even": [error(*key, "even", k) for k in COUNTS],
            "error": error(*key, values["weights"], n), "error_even": error(*key, "even", n),
            "error_twice": error(*key, "even", twice), "parameters": count_parameters(layers),
        }  # fmt: skip

    def draw(self, state: dict[str, Any]) -> None:
        n, weights = state["n"], state["weights"]
        self.target.set_data(X[:, 0], state["f"])
        self.sum.set_data(X[:, 0], state["y"][:, 0])
        self.knots.set_data(state["knots"], np.full(n, -1.28))
        self.curve_title.set_text(f"{_units(state)}: error {_short(state['error'])}")
        biggest = float(np.abs(state["parts"]).max())
        scaled = state["parts"].T / max(biggest, 1e-12)  # (n, P)
        self.parts.set_segments(np.stack([np.broadcast_to(X[::5, 0], scaled.shape), scaled], axis=-1))
        self.parts_title.set_text(f"what each unit adds; the largest: {_short(biggest)}")
        self.even.set_data(COUNTS, np.clip(state["even"], FLOOR, TOP))
        self.errors.set_data(COUNTS, np.clip(state["errors"], FLOOR, TOP))
        self.here.set_data([n], [np.clip(state["error"], FLOOR, TOP)])
        self.note.set_text("" if weights == "even" else "dashed: constructed, even knots")

    def describe(self, state: dict[str, Any]) -> str:
        return f"{self._reading(state, _units(state))} {self._comparison(state)}"

    def scene(self) -> dict[str, Any]:
        state = self.state
        pictures = {name: np.float32(state[name]).tobytes() for name in ("f", "y", "parts")}
        numbers = {name: np.float64(state[name]).tolist() for name in ("knots", "errors", "even", "error")}
        return pictures | numbers

    def page(self) -> dict[str, Any]:
        return {"zigzag": ZIGZAG.tolist(), "draws": [numpys(draw) for draw in (1, 2, 3)]}

    def _reading(self, state: dict[str, Any], units: str) -> str:
        how = {"even": "on even knots", "adapted": "on adapted knots"}.get(
            state["weights"], "placed at random, their output weights fitted,"
        )
        verb = "follows" if state["n"] == 1 else "follow"
        return (
            f"{units} {how} ({state['parameters']} parameters) {verb} the curve “{state['target']}” "
            f"to within {_short(state['error'])}."
        )

    def _comparison(self, state: dict[str, Any]) -> str:
        if state["target"].startswith("teeth") and state["unit"] == "ReLU":
            return "Ten ReLUs in five layers of two draw its 32 pieces exactly."
        if state["weights"] != "even":
            return f"On even knots, constructed, the error is {_short(state['error_even'])}."
        if state["n"] <= 32:
            return f"Twice as many would come to within {_short(state['error_twice'])}."
        return f"Half as many come to within {_short(state['error_twice'])}."
