"""The backprop stepper: numbers flow forward through a small network, then gradients flow back."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib.text import Text

from nnlearn.figures import plot
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, choice, line, slider, text

Function = Callable[[np.ndarray], np.ndarray]

ACTIVATIONS: dict[str, tuple[Function, Function]] = {
    "sigmoid": (lambda z: 0.5 * (1 + np.tanh(z / 2)), lambda z: 0.25 * (1 - np.tanh(z / 2) ** 2)),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
}
START = {"w11": 0.8, "w21": -0.5, "w12": -0.4, "w22": 0.9, "v1": 1.2, "v2": -0.7}
UPDATES = 30
SHOWN = (1e-8, 1e3)  # of the losses
_GREY = "#C4C4C4"
_LIGHT = {plot.BLUE: "#DCEBF5", plot.VERMILION: "#FBE3D3", _GREY: "white"}
TOO_LARGE = 1e6  # a loss beyond this is called diverged

# What is computed at each step: its name in the state, the rule, and the rule with numbers in it.
FORWARD = [
    ("z1", "z₁ = x₁ w₁₁ + x₂ w₂₁", "{x1}·{w11} + {x2}·{w21}"),
    ("z2", "z₂ = x₁ w₁₂ + x₂ w₂₂", "{x1}·{w12} + {x2}·{w22}"),
    ("h1", "h₁ = f(z₁)", "f({z1})"),
    ("h2", "h₂ = f(z₂)", "f({z2})"),
    ("p", "ŷ = h₁ v₁ + h₂ v₂", "{h1}·{v1} + {h2}·{v2}"),
    ("L", "L = (ŷ − y)²", "({p} − {y})²"),
]
BACKWARD = [
    ("dp", "∂L/∂ŷ = 2 (ŷ − y)", "2·({p} − {y})"),
    ("dv1", "∂L/∂v₁ = h₁ · ∂L/∂ŷ", "{h1}·{dp}"),
    ("dv2", "∂L/∂v₂ = h₂ · ∂L/∂ŷ", "{h2}·{dp}"),
    ("dh1", "∂L/∂h₁ = v₁ · ∂L/∂ŷ", "{v1}·{dp}"),
    ("dh2", "∂L/∂h₂ = v₂ · ∂L/∂ŷ", "{v2}·{dp}"),
    ("dz1", "∂L/∂z₁ = f′(z₁) · ∂L/∂h₁", "{f1}·{dh1}"),
    ("dz2", "∂L/∂z₂ = f′(z₂) · ∂L/∂h₂", "{f2}·{dh2}"),
    ("dw11", "∂L/∂w₁₁ = x₁ · ∂L/∂z₁", "{x1}·{dz1}"),
    ("dw21", "∂L/∂w₂₁ = x₂ · ∂L/∂z₁", "{x2}·{dz1}"),
    ("dw12", "∂L/∂w₁₂ = x₁ · ∂L/∂z₂", "{x1}·{dz2}"),
    ("dw22", "∂L/∂w₂₂ = x₂ · ∂L/∂z₂", "{x2}·{dz2}"),
    ("dx1", "∂L/∂x₁ = w₁₁ · ∂L/∂z₁ + w₁₂ · ∂L/∂z₂", "{w11}·{dz1} + {w12}·{dz2}"),
    ("dx2", "∂L/∂x₂ = w₂₁ · ∂L/∂z₁ + w₂₂ · ∂L/∂z₂", "{w21}·{dz1} + {w22}·{dz2}"),
]
STEPS = FORWARD + BACKWARD

NODES = {
    "x1": (0.0, 1.35), "x2": (0.0, -1.35), "z1": (3.3, 1.35), "z2": (3.3, -1.35),
    "h1": (5.1, 1.35), "h2": (5.1, -1.35), "p": (7.6, 0.0), "L": (9.4, 0.0),
}  # fmt: skip
EDGES = {  # the weight on it (none: "") and how far along its label stands
    ("x1", "z1"): ("w11", 0.5), ("x2", "z1"): ("w21", 0.3), ("x1", "z2"): ("w12", 0.3),
    ("x2", "z2"): ("w22", 0.5), ("z1", "h1"): ("", 0), ("z2", "h2"): ("", 0),
    ("h1", "p"): ("v1", 0.47), ("h2", "p"): ("v2", 0.47), ("p", "L"): ("", 0),
}  # fmt: skip
NAMES = {
    "x1": "x₁", "x2": "x₂", "z1": "z₁", "z2": "z₂", "h1": "h₁", "h2": "h₂", "p": "ŷ", "L": "loss L",
    "w11": "w₁₁", "w21": "w₂₁", "w12": "w₁₂", "w22": "w₂₂", "v1": "v₁", "v2": "v₂",
}  # fmt: skip
PLAN = {  # the same, for the page
    "steps": STEPS, "forward": len(FORWARD), "nodes": NODES, "names": NAMES,
    "edges": [[*edge, *label] for edge, label in EDGES.items()],
}  # fmt: skip


@dataclass(frozen=True)
class State:
    """Every number of the graph after some updates, which step is looked at, and the loss at every update."""

    step: int
    update: int
    numbers: dict[str, float]
    losses: np.ndarray  # (UPDATES + 1,); nan after it has diverged


def graph(x1: float, x2: float, y: float, weights: dict[str, float], activation: str) -> dict[str, float]:
    """All values and all gradients of L = (ŷ − y)², ŷ = f(x W) v, by name."""
    f, df = ACTIVATIONS[activation]
    x, v = np.array([x1, x2]), np.array([weights["v1"], weights["v2"]])
    W = np.array([[weights["w11"], weights["w12"]], [weights["w21"], weights["w22"]]])
    z = x @ W
    h, slope = f(z), df(z)
    p = h @ v
    dp = 2 * (p - y)
    dz = slope * v * dp
    dW, dx, dh, dv = np.outer(x, dz), W @ dz, v * dp, h * dp
    names = "x1 x2 z1 z2 h1 h2 f1 f2 dh1 dh2 dz1 dz2 dx1 dx2 dv1 dv2 dw11 dw12 dw21 dw22".split()
    numbers = np.concatenate([x, z, h, slope, dh, dz, dx, dv, dW.ravel()])
    found = dict(zip(names, numbers.tolist(), strict=True))
    return found | weights | {"y": y, "p": float(p), "L": float((p - y) ** 2), "dp": float(dp)}


class BackpropStepper(Explorer):
    """Step through forward and backward pass of a network with six weights, and let it learn."""

    size = (10.4, 4.7)
    module = "backprop"

    def make_controls(self) -> Controls:
        return {
            "step": slider("step", 0, 0, len(STEPS)),
            "update": slider("updates done", 0, 0, UPDATES),
            "lr": slider("learning rate η", 0.1, 0.02, 1.0, 0.02),
            "activation": choice("activation f", ACTIVATIONS, value="tanh"),
            "x1": slider("input x₁", 1.0, -2.0, 2.0, 0.1),
            "x2": slider("input x₂", 0.5, -2.0, 2.0, 0.1),
            "y": slider("target y", 1.5, -2.0, 2.0, 0.1),
        }

    def make_figure(self, figure: Figure) -> None:
        graph = figure.add_axes((0.005, 0.0, 0.755, 1.0), xlim=(-0.75, 10.25), ylim=(-3.75, 2.75))
        graph.set_axis_off()
        self.edges, self.weights = {}, {}
        for (start, end), (weight, along) in EDGES.items():
            (a, b) = np.array(NODES[start]), np.array(NODES[end])
            self.edges[start, end] = edge = line(graph, solid_capstyle="round", zorder=1)
            edge.set_data(*np.array([a, b]).T)
            if weight:
                x, y = a + along * (b - a)
                self.weights[weight] = _labels(graph, x, y, above=0.17, below=-0.19, box=True)
        self.circles, self.nodes = {}, {}
        for name, (x, y) in NODES.items():
            circle = Circle((x, y), 0.6, facecolor="white", zorder=4)
            self.circles[name] = graph.add_patch(circle)
            self.nodes[name] = _labels(graph, x, y, above=0.17, below=-0.21)
            graph.text(x, y + 0.78, NAMES[name], ha="center", va="center", fontsize=13, color=plot.GREY)
        self.target = text(graph, 9.2, -1.0, fontsize=13, color=plot.BLUE)
        self.phase = text(graph, -0.6, 2.68, ha="left", va="top", fontsize=13.5, weight="bold")
        self.rule, self.worked = (text(graph, 4.75, y, fontsize=16) for y in (-2.7, -3.35))
        self._make_losses(figure)

    def _make_losses(self, figure: Figure) -> None:
        self.panel = figure.add_axes((0.815, 0.15, 0.175, 0.7))
        self.panel.set(xlim=(-1, UPDATES + 1), xlabel="updates done", title="loss")
        self.panel.set(yscale="log", ylim=SHOWN)
        self.panel.set_yticks([1e-8, 1e-6, 1e-4, 0.01, 1, 100], ["1e−8", "1e−6", "1e−4", "0.01", "1", "100"])
        self.panel.minorticks_off()
        self.future = line(self.panel, color=plot.SKY, linewidth=1.6, zorder=2)
        self.past = line(self.panel, color=plot.BLUE, zorder=3)
        self.here = line(self.panel, "o", color=plot.ORANGE, markersize=9, zorder=4)

    def compute(
        self, step: int, update: int, lr: float, activation: str, x1: float, x2: float, y: float
    ) -> State:
        weights, losses = dict(START), np.full(UPDATES + 1, np.nan)
        for k in range(UPDATES + 1):
            numbers = graph(x1, x2, y, weights, activation)
            if numbers["L"] > TOO_LARGE:
                break
            losses[k] = numbers["L"]
            if k <= update:
                shown, reached = numbers, k
            weights = {name: w - lr * numbers["d" + name] for name, w in weights.items()}
        return State(step, reached, shown, losses)

    def draw(self, state: State) -> None:
        done = [name for name, _, _ in STEPS[: state.step]]
        now = done[-1] if done else ""
        known = {"x1", "x2", *done}
        for name, (value, gradient) in self.nodes.items():
            value.set_text(_number(state.numbers[name]) if name in known else "")
            gradient.set_text(_number(state.numbers["d" + name]) if "d" + name in done else "")
            here = now in (name, "d" + name)
            shade = _colour({name} & known, {"d" + name} & set(done))
            width, face = (4, _LIGHT[shade]) if here else (2, "white")
            self.circles[name].set(edgecolor=shade, linewidth=width, facecolor=face)
        for name, (value, gradient) in self.weights.items():
            value.set_text(f"{NAMES[name]} = {_number(state.numbers[name])}")
            gradient.set_text(_number(state.numbers["d" + name]) if "d" + name in done else "")
        went, came = _edges(done[: len(FORWARD)]), _edges(done[len(FORWARD) :])
        for edge, artist in self.edges.items():
            artist.set_color(_colour({edge} & went, {edge} & came))
            artist.set_linewidth(5 if edge in _edges([now]) else 1.8)
        self.target.set_text(f"target y = {_number(state.numbers['y'])}")
        k, done_with = np.arange(UPDATES + 1), state.update + 1
        self.future.set_data(k, state.losses)
        self.past.set_data(k[:done_with], state.losses[:done_with])
        self.here.set_data([state.update], [np.clip(state.losses[state.update], *SHOWN)])
        phase, rule, worked = _explain(state)
        self.phase.set(text=phase, color=plot.BLUE if state.step <= len(FORWARD) else plot.VERMILION)
        self.rule.set_text(rule)
        self.worked.set_text(worked)

    def describe(self, state: State) -> str:
        phase, rule, worked = _explain(state)
        said = f"{phase}. {rule} {worked}".rstrip()
        return f"Step {state.step} of {len(STEPS)}, {said}. {self._story(state)}"

    def _story(self, state: State) -> str:
        loss = f"After {state.update} updates the loss is {_number(state.numbers['L'])}"
        after = state.losses[min(state.update + 1, UPDATES)]
        if np.isnan(after):
            ahead = "; the next update makes it too large to follow: try a smaller learning rate."
        elif state.update < UPDATES:
            ahead = f"; the next, with η = {self.values['lr']:.2f}, makes it {_number(after)}."
        else:
            ahead = ", and here the stepper ends."
        return loss + ahead

    def scene(self) -> dict[str, Any]:
        state = self.state
        losses = [None if np.isnan(loss) else float(loss) for loss in state.losses]
        told = dict(zip(("phase", "rule", "worked"), _explain(state), strict=True))
        return told | {"numbers": state.numbers, "losses": losses, "update": state.update, "plan": PLAN}

    def page(self) -> dict[str, Any]:
        return {"plan": PLAN, "start": START, "updates": UPDATES, "tooLarge": TOO_LARGE}


def _explain(state: State) -> tuple[str, str, str]:
    """The phase, the rule of this step, and the rule with its numbers."""
    if state.step == 0:
        return "given: inputs, weights, target", "press play, or move the step", ""
    name, rule, template = STEPS[state.step - 1]
    inserted = {key: _inserted(value) for key, value in state.numbers.items()}
    worked = f"= {template.format(**inserted)} = {_number(state.numbers[name])}"
    return "forward: values" if state.step <= len(FORWARD) else "backward: gradients", rule, worked


def _edges(names: Sequence[str]) -> set[tuple[str, str]]:
    """The edges along which the steps that compute `names` go."""
    into = {edge for edge in EDGES if edge[1] in names}
    out_of = {edge for edge, (weight, _) in EDGES.items() if {"d" + weight, "d" + edge[0]} & set(names)}
    return into | out_of


def _colour(forward: Collection, backward: Collection) -> str:
    """Grey where nothing has been yet, blue where a value has, red where a gradient has come back."""
    return plot.VERMILION if backward else plot.BLUE if forward else _GREY


def _labels(ax: Axes, x: float, y: float, above: float, below: float, box: bool = False) -> tuple[Text, Text]:
    """A value in blue and, beneath it, its gradient in red."""
    back = {"facecolor": "white", "edgecolor": "none", "pad": 1.0} if box else None
    look: dict[str, Any] = {"fontsize": 12.5, "bbox": back, "zorder": 6}
    value = text(ax, x, y + above, color=plot.BLUE, **look)
    return value, text(ax, x, y + below, color=plot.VERMILION, weight="bold", **look)


def _number(value: float) -> str:
    return plot.number(value, ".3g" if abs(value) < 1e4 else ".1e")


def _inserted(value: float) -> str:
    return f"({_number(value)})" if value < 0 else _number(value)
