"""The loss explorer: a prediction, its loss and its slope; and the loss surface of a two-weight model."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from nnlearn.figures import plot
from nnlearn.functions.activations import sigmoid
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, choice, line, raster, slider

Elementwise = Callable[[np.ndarray, np.ndarray, float], np.ndarray]


# One example's loss: (prediction, truth, δ) -> loss. Truth: a number, or 1 for yes, 0 for no.
NUMBERS: dict[str, Elementwise] = {
    "squared error": lambda z, y, delta: (z - y) ** 2,
    "absolute error": lambda z, y, delta: np.abs(z - y),
    "Huber": lambda z, y, delta: np.where(
        np.abs(z - y) <= delta, (z - y) ** 2 / 2, delta * (np.abs(z - y) - delta / 2)
    ),
}
ANSWERS: dict[str, Elementwise] = {
    "cross-entropy": lambda z, y, delta: np.logaddexp(0, z) - y * z,
    "squared error of p": lambda z, y, delta: (sigmoid(z) - y) ** 2,
    "hinge": lambda z, y, delta: np.maximum(0, 1 - (2 * y - 1) * z),
}
LOSSES = NUMBERS | ANSWERS
Z = np.linspace(-6, 6, 241)
WEIGHTS = np.linspace(-4, 4, 65)
X = np.linspace(-1, 1, 9)
NOISE = np.array([0.1, -0.2, 0.15, 0.05, -0.1, 0.2, -0.15, 0.1, -0.05])
H = 1e-5


@dataclass(frozen=True)
class State:
    """What is drawn: the curve of a loss with its slopes, data, and the surface over the weights."""

    curve: np.ndarray
    slopes: np.ndarray
    surface: np.ndarray  # (intercepts, slopes of the model)
    best: tuple[float, float]  # w, b where the surface is lowest
    x: np.ndarray
    y: np.ndarray


@lru_cache(8)
def study(loss: str, delta: float, outlier: float) -> State:
    """A loss over its predictions, and its mean over nine examples for every weight and bias."""
    f = LOSSES[loss]
    truth = np.asarray(0.0 if loss in NUMBERS else 1.0)
    slopes = (f(Z + H, truth, delta) - f(Z - H, truth, delta)) / (2 * H)
    x, y = X.copy(), X + NOISE if loss in NUMBERS else (X > 0) * 1.0
    if loss in NUMBERS:
        y[-2] += outlier
    else:
        x[-2] -= outlier * 0.4  # a "yes" far among the "no"
    w, b = np.meshgrid(WEIGHTS, WEIGHTS)
    surface = f(w[..., None] * x + b[..., None], y, delta).mean(axis=-1)
    lowest = surface <= surface.min() + 1e-9  # where a valley is flat, rounding must not choose
    row, column = np.unravel_index(np.argmax(lowest), surface.shape)
    best = float(WEIGHTS[column]), float(WEIGHTS[row])
    return State(f(Z, truth, delta), slopes, surface, best, x, y)


class LossExplorer(Explorer):
    """A loss with its slope at a prediction; data with an outlier, and the loss surface they make."""

    size = (9.6, 3.9)
    module = "loss"

    def make_controls(self) -> Controls:
        return {
            "loss": choice("loss", LOSSES, value="Huber"),
            "prediction": slider("prediction or logit", 1.0, -6.0, 6.0, 0.1),
            "delta": slider("Huber's δ", 1.0, 0.1, 3.0, 0.1),
            "outlier": slider("outlier", 0.0, 0.0, 8.0, 0.2),
        }

    def make_figure(self, figure: Figure) -> None:
        curve, data, surface = figure.subplots(1, 3)
        figure.subplots_adjust(left=0.06, right=0.985, bottom=0.15, top=0.9, wspace=0.28)
        self.curve_line = line(curve)
        self.tangent = line(curve, "--", color=plot.VERMILION)
        self.point = line(curve, "o", color=plot.VERMILION, markersize=9)
        curve.set(xlim=(-6, 6), ylim=(-0.5, 8), ylabel="loss")
        self.dots, self.fit = line(data, "o"), line(data, color=plot.VERMILION)
        data.set(xlim=(-2.7, 1.2), xlabel="x", title="data and best line")
        extent = (WEIGHTS[0], WEIGHTS[-1]) * 2
        self.image = raster(surface, extent=extent, origin="lower", aspect="auto", interpolation=None)
        self.lowest = line(surface, "*", color="white", markeredgecolor=plot.BLACK, markersize=16)
        surface.set(xlabel="weight w", ylabel="bias b", title="loss surface")
        self.curve, self.data = curve, data

    def compute(self, loss: str, prediction: float, delta: float, outlier: float) -> State:
        return study(loss, delta, outlier)  # the prediction only looks at another place of the same curve

    def at(self, state: State) -> tuple[float, float]:
        """The loss of the prediction, and its slope there."""
        k = round((self.values["prediction"] + 6) / 0.05)
        return float(state.curve[k]), float(state.slopes[k])

    def draw(self, state: State) -> None:
        loss, prediction, (height, slope) = self.values["loss"], self.values["prediction"], self.at(state)
        if loss in NUMBERS:
            self.curve.set(title=f"{loss}, truth: 0", xlabel="prediction")
            self.data.set(ylabel="y", ylim=(-2.5, 9))
        else:
            self.curve.set(title=f"{loss}, truth: yes", xlabel="logit z")
            self.data.set(ylabel="probability of yes", ylim=(-0.1, 1.1))
        self.curve_line.set_data(Z, state.curve)
        self.point.set_data([prediction], [height])
        reach = np.array([-1.5, 1.5])
        self.tangent.set_data(prediction + reach, height + slope * reach)
        self.dots.set_data(state.x, state.y)
        (w, b), x = state.best, np.linspace(-2.7, 1.2, 60)
        self.fit.set_data(x, w * x + b if loss in NUMBERS else sigmoid(w * x + b))
        self.image.set_data(np.log(state.surface + 1e-3))
        self.image.autoscale()
        self.lowest.set_data([w], [b])

    def describe(self, state: State) -> str:
        (loss, slope), (w, b) = self.at(state), state.best
        return (
            f"{self.values['loss']}: at {self.values['prediction']:.1f} the loss is {loss:.4g} and its slope "
            f"{slope:.4g}. The surface is lowest at w = {w:.3f}, b = {b:.3f}."
        )

    def scene(self) -> dict[str, Any]:
        lists = {name: getattr(self.state, name).tolist() for name in ("curve", "slopes", "x", "y")}
        surface = self.state.surface.astype(np.float32).tobytes()
        home = [float(X[-2]), float(X[-2] + NOISE[-2])]  # of the outlier
        shown = {"surface": surface, "best": list(self.state.best), "loss": self.values["loss"], "home": home}
        return lists | shown

    def page(self) -> dict[str, Any]:
        return {"x": X.tolist(), "y": (X + NOISE).tolist()}
