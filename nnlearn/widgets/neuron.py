"""The nerve cell and the unit, side by side and fed with the same sum."""

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from nnlearn.figures import plot
from nnlearn.study.neuron import LIF, neuron, step
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, choice, line, slider, text, texts, write

ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "step": step,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
    "identity": lambda z: z,
}
CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
GATES = {
    "0000": "always 0", "0001": "AND", "0010": "x₁ and not x₂", "0011": "x₁",
    "0100": "x₂ and not x₁", "0101": "x₂", "0111": "OR", "1000": "NOR", "1010": "not x₂",
    "1011": "x₁ or not x₂", "1100": "not x₁", "1101": "x₂ or not x₁", "1110": "NAND", "1111": "always 1",
}  # fmt: skip
FILL = plot.matplotlib.colors.LinearSegmentedColormap.from_list(
    "output", [plot.COLOURS[0], "white", plot.COLOURS[1]]
)  # an output of 0 is drawn as class 0, of 1 as class 1
DT, DURATION = 0.2, 160.0  # ms
Z = np.linspace(-6, 6, 601)
A_MIN, A_MAX = -1.2, 2.5  # what is shown of the unit's output; 1 stands beside 100 Hz
SIDE = (-0.35, 1.35)  # what is shown of the plane of inputs, in both directions


class NeuronExplorer(Explorer):
    """A spiking cell and the unit f(w·x + b): z = w·x + b is the unit's sum and the cell's current.

    The cell receives z nA more than its rheobase, so that it fires where z > 0: where the step is 1.
    """

    size = (8.6, 5.4)
    module = "neuron"

    def make_controls(self) -> Controls:
        digits = {"readout_format": ".1f"}
        return {
            "x1": slider("input x₁", 1.0, 0, 1, 0.1, **digits),
            "x2": slider("input x₂", 1.0, 0, 1, 0.1, **digits),
            "w1": slider("weight w₁", 1.0, -2, 2, 0.1, **digits),
            "w2": slider("weight w₂", 1.0, -2, 2, 0.1, **digits),
            "b": slider("bias b", -0.5, -2, 2, 0.1, **digits),
            "activation": choice("activation f", ACTIVATIONS),
            "t_ref": slider("refractory period (ms)", 2.0, 0, 10, 0.5, **digits),
        }

    def make_figure(self, figure: Figure) -> None:
        grid = figure.add_gridspec(2, 2, width_ratios=(1.55, 1))
        figure.subplots_adjust(left=0.09, right=0.975, bottom=0.1, top=0.935, hspace=0.5, wspace=0.36)
        self._make_trace(figure.add_subplot(grid[0, 0]))
        self._make_curves(figure.add_subplot(grid[1, 0]))
        self._make_plane(figure.add_subplot(grid[0, 1]))
        self._make_sums(figure.add_subplot(grid[1, 1]))

    def _make_trace(self, ax: Any) -> None:
        ax.set(xlim=(0, DURATION), ylim=(-115, 5), xlabel="time (ms)", ylabel="V (mV)")
        ax.axhline(LIF.V_th, color=plot.GREY, linestyle="--", linewidth=1.2)
        ax.text(DURATION + 2, LIF.V_th, "threshold", va="center", color=plot.GREY, fontsize=9.5)
        self.trace = line(ax, color=plot.BLUE, linewidth=1.6)
        self.spikes = ax.vlines([], LIF.V_th, 0, color=plot.BLUE, linewidth=1.6)
        self.trace_title = ax.set_title("")

    def _make_curves(self, ax: Any) -> None:
        ax.set(
            xlim=(Z[0], Z[-1]), ylim=(100 * A_MIN, 100 * A_MAX), xlabel="z = w·x + b", yticks=[0, 100, 200]
        )
        ax.set_ylabel("cell: rate (Hz)", color=plot.BLUE)
        unit = ax.twinx()
        unit.set(ylim=(A_MIN, A_MAX))
        unit.set_ylabel("unit: output a", color=plot.VERMILION, labelpad=1)
        unit.grid(False)
        self.here = ax.axvline(0, color=plot.GREY, linewidth=1.2)
        self.rate_curve = line(ax, color=plot.BLUE)
        self.unit_curve = line(unit, color=plot.VERMILION, linestyle=(0, (5, 1.5)))
        self.rate_dot = line(ax, "o", color=plot.BLUE, markersize=9, zorder=5)
        self.unit_dot = line(unit, "D", color=plot.VERMILION, markersize=8, zorder=5)
        self.curves_title = ax.set_title("")

    def _make_plane(self, ax: Any) -> None:
        ax.set(xlim=SIDE, ylim=SIDE, xlabel="$x_1$", ylabel="$x_2$", xticks=[0, 1], yticks=[0, 1])
        ax.grid(False)
        self.side = ax.fill([], [], color=plot.VERMILION, alpha=0.15, linewidth=0)[0]
        look = {"edgecolor": plot.BLACK, "linewidth": 1.2, "zorder": 4}
        self.corners = ax.scatter(*CORNERS.T, s=110, **look)
        self.now = line(ax, "*", color=plot.ORANGE, markeredgecolor=plot.BLACK, markersize=15, zorder=6)
        look = {"va": "baseline", "fontsize": 9.5, "color": plot.BLUE, "zorder": 5}
        self.labels = []
        for x, y in CORNERS:
            column, ha = (1.08, "left") if x else (-0.08, "right")
            self.labels.append(text(ax, column, y + (0.12 if y else -0.2), ha=ha, **look))
        self.plane_title = ax.set_title("")

    def _make_sums(self, ax: Any) -> None:
        names, colours = ["$w_1x_1$", "$w_2x_2$", "$b$", "$z$"], [plot.GREY] * 3 + [plot.ORANGE]
        self.bars = ax.bar(names, [0, 0, 0, 0], color=colours, width=0.7)
        self.numbers = texts(ax, 4, va="baseline", fontsize=10)
        ax.axhline(0, color=plot.BLACK, linewidth=1.2)
        ax.set(ylim=(-8, 8), yticks=[-5, 0, 5], title="adding up (nA)")
        ax.grid(False, axis="x")

    def compute(self, **values: Any) -> dict[str, Any]:
        x, w = np.array([values["x1"], values["x2"]]), np.array([values["w1"], values["w2"]])
        b, f, cell = values["b"], ACTIVATIONS[values["activation"]], LIF(t_ref=values["t_ref"])
        # Sliders give tenths only nearly: the sums are rounded so that "exactly at the threshold" is exact.
        z, at_corners = (np.round(neuron(X, w, b, lambda z: z), 6) for X in (x, CORNERS))
        V, spikes = cell.simulate(np.full(round(DURATION / DT), cell.rheobase + z), DT)
        return {
            "parts": [*(w * x), b, float(z)], "x": x, "w": w, "b": b, "name": values["activation"],
            "V": V, "spikes": np.flatnonzero(spikes) * DT, "rate": float(cell.rate(cell.rheobase + z)),
            "a": float(f(z)), "rate_curve": cell.rate(cell.rheobase + Z), "unit_curve": f(Z),
            "corner_a": f(at_corners), "corner_rates": cell.rate(cell.rheobase + at_corners),
            "gate": GATES["".join(f"{one:.0f}" for one in step(at_corners))],
        }  # fmt: skip

    def draw(self, state: dict[str, Any]) -> None:
        z, a, rate = state["parts"][-1], state["a"], state["rate"]
        self.trace.set_data(np.arange(len(state["V"])) * DT, state["V"])
        self.spikes.set_segments([[(t, LIF.V_th), (t, 0)] for t in state["spikes"]])
        self.trace_title.set_text(f"the cell: {rate:.0f} spikes a second")
        self.rate_curve.set_data(Z, state["rate_curve"])
        self.unit_curve.set_data(Z, state["unit_curve"])
        self.rate_dot.set_data([z], [rate])
        self.unit_dot.set_data([z], [np.clip(a, A_MIN, A_MAX)])
        self.here.set_xdata([z, z])
        self.curves_title.set_text(f"the unit: a = {state['name']}({two_decimals(z)}) = {two_decimals(a)}")
        self._draw_plane(state)
        for bar, part in zip(self.bars, state["parts"], strict=True):
            bar.set_height(part)
        heights = [part + (0.4 if part >= 0 else -1.5) for part in state["parts"]]
        write(self.numbers, zip(range(4), heights, map(two_decimals, state["parts"]), strict=True))

    def describe(self, state: dict[str, Any]) -> str:
        z, a, rate = state["parts"][-1], state["a"], state["rate"]
        fires = f"the cell fires {rate:.0f} times a second" if rate else "the cell is silent"
        return (
            f"z = {two_decimals(z)}: {fires}, the unit ({state['name']}) gives {two_decimals(a)}. "
            f"At the four corners (1 where z > 0) both are the gate {state['gate']}."
        )

    def scene(self) -> dict[str, Any]:
        state, curves = self.state, ("V", "rate_curve", "unit_curve")
        V, rates, outputs = (state[name].astype(np.float32).tobytes() for name in curves)
        return {
            "V": V, "spikes": state["spikes"].tolist(), "rates": rates, "outputs": outputs,
            "cornerRates": state["corner_rates"].tolist(), "cornerOutputs": state["corner_a"].tolist(),
            "parts": [float(part) for part in state["parts"]],
            "rate": state["rate"], "a": state["a"], "gate": state["gate"],
        }  # fmt: skip

    def page(self) -> dict[str, Any]:
        return {"gates": GATES}

    def _draw_plane(self, state: dict[str, Any]) -> None:
        w, b = state["w"], state["b"]
        self.side.set_xy(half_plane(w, b, *SIDE))
        self.corners.set_facecolor(FILL(np.clip(state["corner_a"], 0, 1)))
        for label, rate in zip(self.labels, state["corner_rates"], strict=True):
            label.set_text(f"{rate:.0f} Hz")
        self.now.set_data(*state["x"][:, None])
        self.plane_title.set_text(f"z > 0: {state['gate']}")


def two_decimals(value: float) -> str:
    return plot.number(value, ".2f")


def half_plane(w: np.ndarray, b: float, low: float, high: float) -> np.ndarray:
    """The corners (k, 2) of that part of the square from `low` to `high` in which w·x + b > 0."""
    square = np.array([[low, low], [high, low], [high, high], [low, high]])
    polygon = []
    for p, q in zip(square, np.roll(square, -1, axis=0), strict=True):
        z_p, z_q = w @ p + b, w @ q + b
        if z_p > 0:
            polygon.append(p)
        if (z_p > 0) != (z_q > 0):
            polygon.append(p + (q - p) * z_p / (z_p - z_q))
    return np.array(polygon).reshape(-1, 2)
