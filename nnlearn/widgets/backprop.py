"""The backpropagation stepper: numbers flow forward through a small network, then blame flows back."""

from dataclasses import dataclass
from typing import Any

import ipywidgets
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from nnlearn import plot
from nnlearn.widgets.explorer import Explorer

# Two inputs, two hidden units, one output, a loss: where each stands, and how its label is written.
PLACES = {"x1": (0, 1), "x2": (0, -1), "h1": (1.5, 1), "h2": (1.5, -1), "a": (3, 0), "L": (4.3, 0)}
LABELS = {"x1": "$x_1$", "x2": "$x_2$", "h1": "$h_1$", "h2": "$h_2$", "a": "$a$", "L": "$L$"}
W1 = np.array([[0.8, -0.6], [0.4, 0.9]])  # W1[i, j]: from input i to hidden unit j
W2 = np.array([1.2, -0.7])
FIRST = {("x1", "h1"): (0, 0), ("x1", "h2"): (0, 1), ("x2", "h1"): (1, 0), ("x2", "h2"): (1, 1)}
SECOND = {("h1", "a"): 0, ("h2", "a"): 1}
ORDER = ("h1", "h2", "a", "L", "dL", "da", "dh1", "dh2", "step")  # what each position of the slider does
FUNCTIONS = {
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "sigmoid": (
        lambda z: (1 + np.tanh(z / 2)) / 2,
        lambda z: 1 / (4 * np.cosh(np.clip(z / 2, -300, 300)) ** 2),
    ),
    "relu": (lambda z: np.maximum(z, 0.0), lambda z: (z > 0) * 1.0),
}


@dataclass(frozen=True)
class State:
    """Every number of the pass, how far it has come, and the rule that was applied last."""

    at: int
    values: dict[str, float]
    slopes: dict[str, float]
    weights: dict[tuple[str, str], float]
    weight_slopes: dict[tuple[str, str], float]
    rule: str
    lr: float
    after: float  # the loss after one step of gradient descent


class BackpropStepper(Explorer):
    """A pass through a network with two hidden units, one node at a time, forward and back."""

    size = (9.2, 4.3)

    def make_controls(self) -> dict[str, ipywidgets.ValueWidget]:
        number = ipywidgets.FloatSlider
        return {
            "at": ipywidgets.IntSlider(description="step", value=len(ORDER) - 2, min=0, max=len(ORDER)),
            "x1": number(description="input x₁", value=1.0, min=-3.0, max=3.0, step=0.1),
            "x2": number(description="input x₂", value=-0.5, min=-3.0, max=3.0, step=0.1),
            "y": number(description="target y", value=0.0, min=-2.0, max=2.0, step=0.1),
            "lr": number(description="learning rate η", value=0.2, min=0.01, max=3.0, step=0.01),
            "activation": ipywidgets.Dropdown(description="activation", options=list(FUNCTIONS)),
        }

    def arrange(self) -> ipywidgets.Widget:
        at = self.controls["at"]
        play = ipywidgets.Play(min=at.min, max=at.max, value=at.min, interval=900)
        ipywidgets.jslink((play, "value"), (at, "value"))
        box = super().arrange()
        box.children[0].children = (play, *box.children[0].children)
        return box

    def make_figure(self, figure: Figure) -> None:
        ax = figure.add_axes((0.01, 0.02, 0.98, 0.96))
        ax.set(xlim=(-0.55, 4.9), ylim=(-1.75, 1.75), xticks=[], yticks=[])
        ax.set_axis_off()
        self.edges, self.edge_texts = {}, {}
        for start, end in [*FIRST, *SECOND, ("a", "L")]:
            (x0, y0), (x1, y1) = PLACES[start], PLACES[end]
            (self.edges[start, end],) = ax.plot(
                [x0, x1], [y0, y1], color=plot.GREY, linewidth=1.5, zorder=1, animated=True
            )
            if end != "L":
                place = 0.3 if start[0] == "x" else 0.45
                box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
                where = x0 + place * (x1 - x0), y0 + place * (y1 - y0)
                self.edge_texts[start, end] = ax.text(
                    *where, "", ha="center", va="center", fontsize=10, bbox=box, animated=True
                )
        self.circles, self.texts = {}, {}
        for name, (x, y) in PLACES.items():
            self.circles[name] = ax.add_patch(
                Circle((x, y), 0.3, edgecolor=plot.BLACK, zorder=2, animated=True)
            )
            self.texts[name] = ax.text(
                x, y, "", ha="center", va="center", fontsize=11, zorder=3, animated=True
            )
            ax.text(x, y + 0.36, LABELS[name], ha="center", va="bottom", fontsize=13)
        self.rule = ax.text(
            2.2, -1.68, "", ha="center", va="bottom", fontsize=13, color=plot.BLUE, animated=True
        )

    def compute(self, **values: Any) -> State:
        f, df = FUNCTIONS[values["activation"]]
        x, y, at = np.array([values["x1"], values["x2"]]), values["y"], values["at"]
        weights1, weights2 = W1.copy(), W2.copy()
        z, h, a, dw1, dw2 = self._passes(f, df, x, y, weights1, weights2)
        before, stepped1, stepped2 = (
            (a - y) ** 2,
            weights1 - values["lr"] * dw1,
            weights2 - values["lr"] * dw2,
        )
        after = self._passes(f, df, x, y, stepped1, stepped2)
        rule = self._rule(min(at, len(ORDER) - 1), values, z, h, a, df, weights2)
        if at == len(ORDER):  # the step has been taken: everything once more, with the new weights
            weights1, weights2, (z, h, a, dw1, dw2) = stepped1, stepped2, after
            rule = f"after the step the loss is {(a - y) ** 2:.3f}; before, it was {before:.3f}"
        numbers = {"x1": x[0], "x2": x[1], "h1": h[0], "h2": h[1], "a": a, "L": (a - y) ** 2}
        slopes = {
            "L": 1.0,
            "a": 2 * (a - y),
            "h1": 2 * (a - y) * weights2[0],
            "h2": 2 * (a - y) * weights2[1],
        }
        both = {e: float(weights1[k]) for e, k in FIRST.items()} | {e: weights2[k] for e, k in SECOND.items()}
        blame = {e: float(dw1[k]) for e, k in FIRST.items()} | {e: dw2[k] for e, k in SECOND.items()}
        return State(at, numbers, slopes, both, blame, rule, values["lr"], (after[2] - y) ** 2)

    @staticmethod
    def _passes(f: Any, df: Any, x: np.ndarray, y: float, W1: np.ndarray, W2: np.ndarray) -> tuple:
        z = x @ W1
        h = f(z)
        a = float(h @ W2)
        da = 2 * (a - y)
        dz = da * W2 * df(z)
        return z, h, a, np.outer(x, dz), da * h

    @staticmethod
    def _rule(at: int, values: dict, z: np.ndarray, h: np.ndarray, a: float, df: Any, W2: np.ndarray) -> str:
        name, da = values["activation"], 2 * (a - values["y"])
        return (
            "the inputs are given; step on",
            f"$h_1$ = {name}({z[0]:.2f}) = {h[0]:.2f}",
            f"$h_2$ = {name}({z[1]:.2f}) = {h[1]:.2f}",
            f"$a$ = {W2[0]:.1f} · {h[0]:.2f} − {-W2[1]:.1f} · {h[1]:.2f} = {a:.2f}",
            f"$L = (a - y)^2$ = {(a - values['y']) ** 2:.3f}",
            "now back: the slope of $L$ for itself is 1",
            f"$dL/da = 2 (a - y)$ = {da:.2f}",
            f"$dL/dh_1 = dL/da · {W2[0]:.1f}$ = {da * W2[0]:.2f};  slope of {name}: {df(z)[0]:.2f}",
            f"$dL/dh_2 = dL/da · ({W2[1]:.1f})$ = {da * W2[1]:.2f};  slope of {name}: {df(z)[1]:.2f}",
        )[at]

    def draw(self, state: State) -> str:
        reached = ORDER[: state.at]
        for name in PLACES:
            forward = name[0] == "x" or name in reached or state.at >= len(ORDER)
            back = f"d{name}" in reached
            lines = [f"{state.values[name]:.2f}"] * forward + [f"{state.slopes.get(name, 0):+.2f}"] * back
            self.texts[name].set_text("\n".join(lines))
            self.circles[name].set_facecolor("#FBE3D6" if back else "#DCEBF5" if forward else "white")
        for edge, line in self.edges.items():
            back = edge in self.edge_texts and ("da" if edge[1] == "a" else f"d{edge[1]}") in reached
            line.set_color(plot.VERMILION if back else plot.GREY)
            if edge in self.edge_texts:
                text = f"{state.weights[edge]:.2f}"
                self.edge_texts[edge].set_text(text + f"\n{state.weight_slopes[edge]:+.2f}" * back)
        self.rule.set_text(state.rule)
        done = f"step {state.at} of {len(ORDER)}" if state.at < len(ORDER) else "after the step"
        largest = max(state.weight_slopes, key=lambda edge: abs(state.weight_slopes[edge]))
        what = f"{done}: output {state.values['a']:.2f}, loss {state.values['L']:.3f}; "
        if state.at < len(ORDER):
            what += f"one step with η = {state.lr:.2f} would bring the loss to {state.after:.3g}; "
        slope = state.weight_slopes[largest]
        return what + f"the weight from {largest[0]} to {largest[1]} has the largest slope, {slope:+.2f}."
