"""The activation explorer: a function, its slope, and what layers of it do to a signal and a change."""

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

import nnlearn as nn
from nnlearn.figures import plot
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, choice, line, move, slider

FUNCTIONS = ("sigmoid", "tanh", "relu", "leaky_relu", "elu", "softplus", "silu", "gelu")
WIDTH, BATCH, DEEPEST = 100, 50, 40
FLOOR, CEILING = 1e-16, 1e12  # of what the logarithmic axis shows


@dataclass(frozen=True)
class Signal:
    """An activation, and what random layers with it make of a signal and of a change: one value a layer."""

    value: np.ndarray
    slope: np.ndarray
    spread: np.ndarray  # root mean square of a layer's outputs
    nudge: np.ndarray  # size of a small change after each layer, as a share of what it was
    silent: float  # share of neurons of the last layer that are zero for the whole batch


class ActivationExplorer(Explorer):
    """An activation with its slope; a signal and a small change of it on their way through random layers."""

    def make_controls(self) -> Controls:
        return {
            "activation": choice("activation", FUNCTIONS),
            "gain": slider("gain s", 1.0, 0.5, 3.0, 0.1),
            "bias": slider("bias", 0.0, -3.0, 3.0, 0.1),
            "depth": slider("layers", 20, 1, DEEPEST),
        }

    def make_figure(self, figure: Figure) -> None:
        rng = np.random.default_rng(0)
        self.x = np.linspace(-5, 5, 301)
        self.inputs = rng.normal(size=(2, BATCH, WIDTH))  # a signal, and a small change of it
        self.weights = rng.normal(size=(DEEPEST, WIDTH, WIDTH)) / np.sqrt(WIDTH)
        left, right = figure.subplots(1, 2)
        figure.subplots_adjust(left=0.07, right=0.985, bottom=0.14, top=0.9, wspace=0.22)
        self.curves = [line(left, label="f(z)"), line(left, "--", label="slope")]
        left.set(xlim=(-5, 5), ylim=(-1.4, 3.2), xlabel="z", title="the function")
        left.legend(loc="upper left")
        right.axhspan(1e-2, 1e2, color=plot.GREY, alpha=0.15, linewidth=0)
        self.sizes = [line(right, style, markersize=3, label=label)
                      for style, label in (("o-", "size of the signal"), ("s-", "change left"))]  # fmt: skip
        right.set(yscale="log", ylim=(FLOOR, CEILING), xlabel="layer", title="through the layers")
        right.legend(loc="lower left")
        self.right = right

    def compute(self, activation: str, gain: float, bias: float, depth: int) -> Signal:
        f = getattr(nn, activation)
        value = f(self.x)
        a, d = self.inputs
        start, spread, nudge = np.linalg.norm(d), [1.0], [1.0]
        for W in gain * self.weights[:depth]:
            z = nn.Tensor(a @ W + bias, requires_grad=True)
            y = f(z)
            y.sum().backward()
            a, d = y.data, z.grad * (d @ W)
            spread.append(float(np.sqrt(np.mean(a**2))))
            nudge.append(float(np.linalg.norm(d) / start))
        slope = np.gradient(value, self.x)
        silent = float((a <= 0).all(axis=0).mean()) if activation == "relu" else 0.0
        return Signal(value, slope, np.array(spread), np.array(nudge), silent)

    def draw(self, state: Signal) -> str:
        depth, left = len(state.nudge) - 1, state.nudge[-1]
        move(self.curves, self.x, (state.value, state.slope))
        move(self.sizes, np.arange(depth + 1), np.clip((state.spread, state.nudge), FLOOR, CEILING))
        self.set_still(self.right, xlim=(0, depth))
        fate = "it vanishes" if left < 1e-2 else "it explodes" if left > 1e2 else "it survives"
        said = (
            f"{self.values['activation']}: after {depth} layers the signal's size is {state.spread[-1]:.2g}, "
            f"and {left:.2g} of a small change is left: {fate}."
        )
        return said + (f" {state.silent:.0%} of the last layer's neurons never fire." if state.silent else "")
