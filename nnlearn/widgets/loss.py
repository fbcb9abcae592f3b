"""The loss explorer: a prediction, its loss and its slope; and the loss surface of a two-weight model."""

from collections.abc import Callable
from dataclasses import dataclass

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from nnlearn.figures import plot
from nnlearn.widgets.explorer import Explorer

Elementwise = Callable[[np.ndarray, np.ndarray, float], np.ndarray]


def _sigmoid(z: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(z / 2))


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
    "squared error of p": lambda z, y, delta: (_sigmoid(z) - y) ** 2,
    "hinge": lambda z, y, delta: np.maximum(0, 1 - (2 * y - 1) * z),
}
LOSSES = NUMBERS | ANSWERS
WEIGHTS = np.linspace(-4, 4, 65)
X = np.linspace(-1, 1, 9)
NOISE = np.array([0.1, -0.2, 0.15, 0.05, -0.1, 0.2, -0.15, 0.1, -0.05])
H = 1e-5


@dataclass(frozen=True)
class State:
    """What is drawn: the curve of a loss, the point on it, and the surface over the weights."""

    name: str
    curve: np.ndarray
    prediction: float
    loss: float
    slope: float
    surface: np.ndarray  # (intercepts, slopes of the model)
    best: tuple[float, float]  # w, b where the surface is lowest
    x: np.ndarray
    y: np.ndarray


class LossExplorer(Explorer):
    """A loss with its slope at a prediction; data with an outlier, and the loss surface they make."""

    size = (9.6, 3.9)

    def make_controls(self) -> dict[str, ipywidgets.ValueWidget]:
        return {
            "loss": ipywidgets.Dropdown(description="loss", options=list(LOSSES), value="Huber"),
            "prediction": ipywidgets.FloatSlider(
                description="prediction or logit", value=1.0, min=-6.0, max=6.0, step=0.1
            ),
            "delta": ipywidgets.FloatSlider(description="Huber's δ", value=1.0, min=0.1, max=3.0, step=0.1),
            "outlier": ipywidgets.FloatSlider(description="outlier", value=0.0, min=0.0, max=8.0, step=0.2),
        }

    def make_figure(self, figure: Figure) -> None:
        self.z = np.linspace(-6, 6, 241)
        curve, data, surface = figure.subplots(1, 3)
        figure.subplots_adjust(left=0.06, right=0.985, bottom=0.15, top=0.9, wspace=0.28)
        (self.curve_line,) = curve.plot(self.z, self.z, animated=True)
        (self.tangent,) = curve.plot([], [], "--", color=plot.VERMILION, animated=True)
        (self.point,) = curve.plot([], [], "o", color=plot.VERMILION, markersize=9, animated=True)
        curve.set(xlim=(-6, 6), ylim=(-0.5, 8), ylabel="loss")
        (self.dots,) = data.plot([], [], "o", animated=True)
        (self.fit,) = data.plot([], [], color=plot.VERMILION, animated=True)
        data.set(xlim=(-2.7, 1.2), ylim=(-2.5, 9), xlabel="x", title="data and best line")
        extent = (WEIGHTS[0], WEIGHTS[-1], WEIGHTS[0], WEIGHTS[-1])
        self.image = surface.imshow(
            np.zeros((2, 2)), extent=extent, origin="lower", aspect="auto", animated=True
        )
        (self.lowest,) = surface.plot(
            [], [], "*", color="white", markeredgecolor=plot.BLACK, markersize=16, animated=True
        )
        surface.set(xlabel="weight w", ylabel="bias b", title="loss surface")
        surface.grid(False)
        self.curve, self.data, self.named = curve, data, ""

    def compute(self, loss: str, prediction: float, delta: float, outlier: float) -> State:
        f = LOSSES[loss]
        truth = 0.0 if loss in NUMBERS else 1.0
        at = [float(f(np.asarray(prediction + h), np.asarray(truth), delta)) for h in (-H, 0.0, H)]
        x, y = X.copy(), X + NOISE if loss in NUMBERS else (X > 0) * 1.0
        if loss in NUMBERS:
            y[-2] += outlier
        else:
            x[-2] -= outlier * 0.4  # a "yes" far among the "no"
        w, b = np.meshgrid(WEIGHTS, WEIGHTS)
        surface = f(w[..., None] * x + b[..., None], y, delta).mean(axis=-1)
        row, column = np.unravel_index(np.argmin(surface), surface.shape)
        best = float(WEIGHTS[column]), float(WEIGHTS[row])
        curve = f(self.z, np.asarray(truth), delta)
        return State(loss, curve, prediction, at[1], (at[2] - at[0]) / (2 * H), surface, best, x, y)

    def _name(self, loss: str) -> None:
        """Titles and labels that go with a loss."""
        self.named, number = loss, loss in NUMBERS
        self.curve.set_title(f"{loss}, truth: {'0' if number else 'yes'}")
        self.curve.set_xlabel("prediction" if number else "logit z")
        self.data.set_ylabel("y" if number else "probability of yes")
        self.data.set_ylim((-2.5, 9) if number else (-0.1, 1.1))
        self.redraw_all()

    def draw(self, state: State) -> str:
        number = state.name in NUMBERS
        if state.name != self.named:
            self._name(state.name)
        self.curve_line.set_ydata(state.curve)
        self.point.set_data([state.prediction], [state.loss])
        reach = state.prediction + np.array([-1.5, 1.5])
        self.tangent.set_data(reach, state.loss + state.slope * (reach - state.prediction))
        self.dots.set_data(state.x, state.y)
        w, b = state.best
        line = np.linspace(-2.7, 1.2, 60)
        self.fit.set_data(line, w * line + b if number else _sigmoid(w * line + b))
        self.image.set_data(np.log(state.surface + 1e-3))
        self.image.autoscale()
        self.lowest.set_data([w], [b])
        return (
            f"{state.name}: at {state.prediction:.1f} the loss is {state.loss:.3g} and its slope "
            f"{state.slope:.3g}. The surface is lowest at w = {w:.2f}, b = {b:.2f}."
        )
