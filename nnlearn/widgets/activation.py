"""The activation explorer: a function, its slope, and what layers of it do to a signal and to a nudge."""

from dataclasses import dataclass

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

import nnlearn as nn
from nnlearn.figures import plot
from nnlearn.widgets.explorer import Explorer

FUNCTIONS = ("sigmoid", "tanh", "relu", "leaky_relu", "elu", "softplus", "silu", "gelu")
WIDTH, BATCH, DEEPEST = 100, 50, 40
FLOOR, CEILING = 1e-16, 1e12  # of what the logarithmic axis shows


@dataclass(frozen=True)
class Signal:
    """What an activation makes of its input, and a stack of random layers of theirs: one value a layer."""

    name: str
    value: np.ndarray
    slope: np.ndarray
    spread: np.ndarray  # root mean square of a layer's outputs
    nudge: np.ndarray  # size of a small change after each layer, as a share of what it was
    silent: float  # share of neurons of the last layer that are zero for the whole batch


class ActivationExplorer(Explorer):
    """An activation with its slope; a signal and a small change of it on their way through random layers."""

    def make_controls(self) -> dict[str, ipywidgets.ValueWidget]:
        return {
            "activation": ipywidgets.Dropdown(description="activation", options=FUNCTIONS, value="sigmoid"),
            "gain": ipywidgets.FloatSlider(description="gain s", value=1.0, min=0.5, max=3.0, step=0.1),
            "bias": ipywidgets.FloatSlider(description="bias", value=0.0, min=-3.0, max=3.0, step=0.1),
            "depth": ipywidgets.IntSlider(description="layers", value=20, min=1, max=DEEPEST),
        }

    def make_figure(self, figure: Figure) -> None:
        rng = np.random.default_rng(0)
        self.x = np.linspace(-5, 5, 301)
        self.inputs = rng.normal(size=(2, BATCH, WIDTH))  # a signal, and a nudge of it
        self.weights = rng.normal(size=(DEEPEST, WIDTH, WIDTH)) / np.sqrt(WIDTH)
        left, right = figure.subplots(1, 2)
        figure.subplots_adjust(left=0.07, right=0.985, bottom=0.14, top=0.9, wspace=0.22)
        (self.value_line,) = left.plot(self.x, self.x, label="f(z)", animated=True)
        (self.slope_line,) = left.plot(self.x, self.x, "--", label="slope", animated=True)
        left.set(xlim=(-5, 5), ylim=(-1.4, 3.2), xlabel="z", title="the function")
        left.legend(loc="upper left")
        right.axhspan(1e-2, 1e2, color=plot.GREY, alpha=0.15, linewidth=0)
        (self.spread_line,) = right.plot(
            [], [], "o-", markersize=3, label="size of the signal", animated=True
        )
        (self.nudge_line,) = right.plot([], [], "s-", markersize=3, label="nudge left", animated=True)
        right.set(
            yscale="log", ylim=(FLOOR, CEILING), xlim=(0, 1), xlabel="layer", title="through the layers"
        )
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
        return Signal(activation, value, slope, np.array(spread), np.array(nudge), silent)

    def draw(self, state: Signal) -> str:
        self.value_line.set_ydata(state.value)
        self.slope_line.set_ydata(state.slope)
        layers = np.arange(len(state.nudge))
        self.spread_line.set_data(layers, np.clip(state.spread, FLOOR, CEILING))
        self.nudge_line.set_data(layers, np.clip(state.nudge, FLOOR, CEILING))
        if self.right.get_xlim()[1] != max(1, len(layers) - 1):
            self.right.set_xlim(0, max(1, len(layers) - 1))
            self.redraw_all()
        left = state.nudge[-1]
        fate = "it vanishes" if left < 1e-2 else "it explodes" if left > 1e2 else "it survives"
        said = (
            f"{state.name}: after {len(layers) - 1} layers the signal's size is {state.spread[-1]:.2g}, "
            f"and of a nudge {left:.2g} is left: {fate}."
        )
        return said + (f" {state.silent:.0%} of the last layer's neurons never fire." if state.silent else "")
