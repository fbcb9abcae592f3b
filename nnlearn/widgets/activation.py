"""The activation explorer: a function, its slope, and what layers of it do to a signal and a change."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import nnlearn as nn
from nnlearn.figures import plot
from nnlearn.widgets import chance
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, choice, line, move, segments, slider

FUNCTIONS = ("sigmoid", "tanh", "relu", "leaky_relu", "elu", "softplus", "silu", "gelu")
WIDTH, BATCH, DEEPEST = 100, 50, 40
FLOOR, CEILING = 1e-16, 1e12  # of what the logarithmic axis shows
REACH, BINS = 5, 40
X = np.linspace(-REACH, REACH, 301)


@dataclass(frozen=True)
class Signal:
    """An activation, and what random layers with it make of a signal and of a change: one value a layer."""

    value: np.ndarray
    slope: np.ndarray
    spread: np.ndarray  # root mean square of a layer's outputs
    nudge: np.ndarray  # size of a small change after each layer, as a share of what it was
    bars: np.ndarray  # share of the last layer's z in each of BINS intervals from -REACH to REACH
    silent: float  # share of neurons of the last layer that are zero for the whole batch


@lru_cache
def inputs() -> np.ndarray:
    """A signal, and a small change of it.  (2, BATCH, WIDTH)"""
    return chance.normal(0, 2 * BATCH * WIDTH).reshape(2, BATCH, WIDTH)


@lru_cache
def weights() -> np.ndarray:
    """A matrix for each layer that keeps the size of what it multiplies.  (DEEPEST, WIDTH, WIDTH)"""
    return chance.normal(1, DEEPEST * WIDTH**2).reshape(DEEPEST, WIDTH, WIDTH) / np.sqrt(WIDTH)


def sloped(activation: str, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """f(z) and f'(z)."""
    x = nn.Tensor(z, requires_grad=True)
    y = getattr(nn, activation)(x)
    y.sum().backward()
    return y.data, np.asarray(x.grad)


@lru_cache(8)
def signal(activation: str, gain: float, bias: float, depth: int) -> Signal:
    """What `depth` layers f(gain · a W + bias) make of the signal and of the change."""
    a, d = inputs()
    start, spread, nudge, z = np.linalg.norm(d), [1.0], [1.0], a
    for W in gain * weights()[:depth]:
        z = a @ W + bias
        a, slope = sloped(activation, z)
        d = slope * (d @ W)
        spread.append(float(np.sqrt(np.mean(a**2))))
        nudge.append(float(np.linalg.norm(d) / start))
    bars = np.histogram(z, BINS, (-REACH, REACH))[0] / z.size
    silent = float((a <= 0).all(axis=0).mean()) if activation == "relu" else 0.0
    return Signal(*sloped(activation, X), np.array(spread), np.array(nudge), bars, silent)


class ActivationExplorer(Explorer):
    """An activation with its slope; a signal and a small change of it on their way through random layers."""

    module = "activation"

    def make_controls(self) -> Controls:
        return {
            "activation": choice("activation", FUNCTIONS),
            "gain": slider("gain s", 1.0, 0.5, 3.0, 0.1),
            "bias": slider("bias", 0.0, -3.0, 3.0, 0.1),
            "depth": slider("layers", 20, 1, DEEPEST),
            "z": slider("z", 1.0, -REACH, REACH, 0.1),
        }

    def make_figure(self, figure: Figure) -> None:
        left, right = figure.subplots(1, 2)
        figure.subplots_adjust(left=0.07, right=0.985, bottom=0.14, top=0.9, wspace=0.22)
        self.bars = segments(left, colors=plot.GREY, alpha=0.35, linewidths=5)
        self.curves = [line(left, label="f(z)"), line(left, "--", label="slope")]
        self.tangent = line(left, color=plot.BLACK, linewidth=1.2)
        self.points = [line(left, "o", color=plot.BLUE, markersize=9), line(left, "o", color=plot.VERMILION)]
        label = "z; bars: where the last layer's z lie"
        left.set(xlim=(-REACH, REACH), ylim=(-1.4, 3.2), xlabel=label, title="the function")
        left.legend(loc="upper left", handles=self.curves)
        right.axhspan(1e-2, 1e2, color=plot.GREY, alpha=0.15, linewidth=0)
        self.sizes = [line(right, style, markersize=3, label=label)
                      for style, label in (("o-", "size of the signal"), ("s--", "change left"))]  # fmt: skip
        right.set(yscale="log", ylim=(FLOOR, CEILING), xlim=(-1, DEEPEST + 1), xlabel="layer")
        right.set_title("through the layers")
        right.legend(loc="upper right")

    def compute(self, activation: str, gain: float, bias: float, depth: int, z: float) -> Signal:
        return signal(activation, gain, bias, depth)  # z only looks at another place of the same curve

    def _at(self, state: Signal) -> tuple[float, float, float]:
        """The z that the reader holds, its value and its slope."""
        k = round((self.values["z"] + REACH) * 30)
        return float(X[k]), float(state.value[k]), float(state.slope[k])

    def draw(self, state: Signal) -> None:
        z, value, slope = self._at(state)
        move(self.curves, X, (state.value, state.slope))
        self.tangent.set_data([z - 1.2, z + 1.2], [value - 1.2 * slope, value + 1.2 * slope])
        for point, y in zip(self.points, (value, slope), strict=True):
            point.set_data([z], [y])
        places = np.linspace(-REACH, REACH, BINS, endpoint=False) + REACH / BINS
        heights = state.bars / max(state.bars.max(), 1e-9) - 1.4
        self.bars.set_segments([[(x, -1.4), (x, y)] for x, y in zip(places, heights, strict=True)])
        sizes = np.clip((state.spread, state.nudge), FLOOR, CEILING)
        move(self.sizes, np.arange(len(state.nudge)), sizes)

    def describe(self, state: Signal) -> str:
        depth, left, (z, value, slope) = len(state.nudge) - 1, state.nudge[-1], self._at(state)
        fate = "it vanishes" if left < 1e-2 else "it explodes" if left > 1e2 else "it survives"
        said = (
            f"{self.values['activation']}: at z = {z:.1f} its value is {value:.3g}, its slope {slope:.3g}. "
            f"After {depth} layer{'' if depth == 1 else 's'} the signal's size is {state.spread[-1]:.2g}, "
            f"and {left:.2g} of a small change is left: {fate}."
        )
        return said + (f" {state.silent:.0%} of the last layer's neurons never fire." if state.silent else "")

    def scene(self) -> dict[str, Any]:
        shown = {name: getattr(self.state, name).tolist() for name in ("value", "slope", "spread", "nudge")}
        return shown | {"bars": self.state.bars.tolist()}

    def page(self) -> dict[str, Any]:
        return {}  # it draws the same weights itself
