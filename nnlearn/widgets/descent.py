"""The descent explorer: data with the curve learned so far, and the same descent on the loss surface."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from nnlearn.figures import plot
from nnlearn.functions.activations import sigmoid
from nnlearn.study.slopes import condition_number
from nnlearn.widgets import chance
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, choice, ladder, line, log_slider, raster, slider

N = 40
GRID = 81
FAR = 1e4  # a path that has come so far is not followed any further
WINDOW = {"numbers": ((-3.0, 5.0), (-8.0, 5.0)), "yes or no": ((-4.0, 12.0), (-12.0, 8.0))}


@dataclass(frozen=True)
class State:
    """The data, the path of (w, b) so far, the losses on it, and the surface."""

    x: np.ndarray
    y: np.ndarray
    path: np.ndarray  # (steps + 1, 2)
    losses: np.ndarray
    surface: np.ndarray  # (biases, weights)
    kappa: float
    left: bool  # the path ran away


@lru_cache(1)
def _drawn() -> tuple[np.ndarray, np.ndarray]:
    """Forty x of mean 0 and standard deviation 1, and their noise at size 1.  (N,), (N,)"""
    rng = np.random.default_rng(3)
    x = rng.normal(size=N)
    return (x - x.mean()) / x.std(), rng.normal(size=N)


def examples(task: str, mean: float, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Forty x of standard deviation 1 around `mean`, with a number or with 0 and 1.  (N,), (N,)"""
    x, e = _drawn()
    y = 1.2 * x + 0.5 + noise * e
    return x + mean, y if task == "numbers" else (y > 0.5) * 1.0


def loss(task: str, z: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Mean squared error, or mean cross-entropy, over the last axis."""
    each = (z - y) ** 2 if task == "numbers" else np.logaddexp(0, z) - y * z
    return np.asarray(each.mean(axis=-1))


@lru_cache(8)
def terrain(task: str, mean: float, noise: float) -> tuple[np.ndarray, float]:
    """The loss surface over the window, (biases, weights), and the condition number."""
    x, y = examples(task, mean, noise)
    w, b = np.meshgrid(*(np.linspace(*ends, GRID) for ends in WINDOW[task]))
    surface = loss(task, w[..., None] * x + b[..., None], y)
    return surface, condition_number(np.column_stack([x, np.ones(N)]))


def descend(
    task: str,
    x: np.ndarray,
    y: np.ndarray,
    start: tuple[float, float],
    lr: float,
    batch: int,
    steps: int,
    seed: int,
) -> np.ndarray:
    """The path of (w, b) from `start`; it ends early where it has run away.  (steps + 1, 2)"""
    inputs = np.column_stack([x, np.ones(N)])
    batches = np.floor(N * chance.uniform(seed, steps * batch)).astype(int).reshape(steps, batch)
    path = [np.array(start)]
    for drawn in batches:
        rows = np.arange(N) if batch == N else drawn
        z = inputs[rows] @ path[-1]
        error = 2 * (z - y[rows]) if task == "numbers" else sigmoid(z) - y[rows]
        path.append(path[-1] - lr * inputs[rows].T @ error / batch)
        if np.abs(path[-1]).max() > FAR:
            break
    return np.array(path)


class DescentExplorer(Explorer):
    """A neuron with one input learns by slopes: its curve among the data, its path on the loss surface."""

    size = (9.6, 3.9)
    module = "descent"

    def make_controls(self) -> Controls:
        return {
            "steps": slider("steps", 30, 0, 200),
            "task": choice("learn", WINDOW),
            "lr": log_slider("learning rate η", 0.1, -3, 1, 0.125, readout_format=".3g"),
            "batch": ladder("batch", (1, 4, 16, N), N),
            "mean": slider("mean of x", 1.0, 0.0, 4.0, 0.25),
            "noise": slider("noise", 0.6, 0.0, 2.0, 0.1),
            "seed": slider("seed of the batches", 0, 0, 20),
            "w0": slider("start at w", 0.0, -4.0, 12.0, 0.1),
            "b0": slider("start at b", 0.0, -12.0, 8.0, 0.1),
        }

    def make_figure(self, figure: Figure) -> None:
        data, surface, curve = figure.subplots(1, 3, width_ratios=(1, 1.25, 0.8))
        figure.subplots_adjust(left=0.075, right=0.985, bottom=0.15, top=0.9, wspace=0.36)
        self.dots = [
            line(data, plot.MARKERS[k], color=plot.COLOURS[k], markeredgecolor="white") for k in (0, 1)
        ]
        self.fit = line(data, color=plot.BLACK)
        data.set(xlabel="x", title="data")
        self.image = raster(surface, origin="lower", aspect="auto", cmap="Greys_r", alpha=0.75)
        self.way = line(surface, ".-", color=plot.VERMILION, linewidth=1.4, markersize=4)
        self.here = line(surface, "o", color=plot.VERMILION, markeredgecolor="white", markersize=10)
        self.lowest = line(surface, "*", color="white", markeredgecolor=plot.BLACK, markersize=15)
        surface.set(xlabel="weight w", ylabel="bias b", title="loss surface")
        self.fall = line(curve, color=plot.VERMILION)
        curve.set(xlabel="step", yscale="log", xlim=(-4, 204), title="loss")
        self.data, self.surface, self.curve = data, surface, curve

    def compute(self, task: str, mean: float, noise: float, w0: float, b0: float, **walk: Any) -> State:
        self.controls["seed"].disabled = walk["batch"] == N
        x, y = examples(task, mean, noise)
        path = descend(task, x, y, (w0, b0), **walk)
        losses = loss(task, path[:, :1] * x + path[:, 1:], y)
        surface, kappa = terrain(task, mean, noise)
        return State(x, y, path, losses, surface, kappa, bool(np.abs(path[-1]).max() > FAR))

    def draw(self, state: State) -> None:
        task, path = self.values["task"], state.path
        yes = state.y > 0.5 if task == "yes or no" else np.zeros(N, dtype=bool)
        for k, markers in enumerate(self.dots):
            markers.set_data(state.x[yes == bool(k)], state.y[yes == bool(k)])
        ends = -3.0, 7.0
        low, high = (-7.0, 10.0) if task == "numbers" else (-0.1, 1.1)
        self.data.set(xlim=ends, ylim=(low, high), ylabel="y" if task == "numbers" else "p")
        grid = np.linspace(*ends, 100)
        z = path[-1, 0] * grid + path[-1, 1]
        self.fit.set_data(grid, z if task == "numbers" else sigmoid(z))
        self._draw_surface(state, task)
        self.fall.set_data(np.arange(len(path)), np.clip(state.losses, 1e-3, 1e3))
        self.curve.set(ylim=(0.1, 50) if task == "numbers" else (1e-3, 5))

    def _draw_surface(self, state: State, task: str) -> None:
        wide, tall = WINDOW[task]
        self.image.set_data(np.log(state.surface + 1e-2))
        self.image.set_extent((*wide, *tall))
        self.image.autoscale()
        self.surface.set(xlim=wide, ylim=tall)
        self.way.set_data(*state.path.T)
        self.here.set_data(*state.path[-1:].T)
        self.lowest.set_visible(task == "numbers")
        self.lowest.set_data(*np.reshape(self._best(state), (2, 1)))

    def _best(self, state: State) -> np.ndarray:
        """w, b of the line by least squares.  (2,)"""
        return np.polyfit(state.x, state.y, 1)

    def describe(self, state: State) -> str:
        (w, b), (w0, b0) = state.path[-1], state.path[0]
        k = len(state.path) - 1
        steps = f"{k} step{'' if k == 1 else 's'}" + (f" from ({w0:.3g}, {b0:.3g})" if w0 or b0 else "")
        where = f"condition number {state.kappa:.3g}"
        if state.left:
            return f"After {steps} the weights have run away: this learning rate is too large ({where})."
        name = "mean squared error" if self.values["task"] == "numbers" else "mean cross-entropy"
        return f"After {steps}: w = {w:.3g}, b = {b:.3g}, {name} {state.losses[-1]:.3g} ({where})."

    def scene(self) -> dict[str, Any]:
        state, task = self.state, self.values["task"]
        lists = {name: getattr(state, name).tolist() for name in ("x", "y", "losses")}
        path, surface = (values.astype(np.float32).tobytes() for values in (state.path, state.surface))
        best = self._best(state).tolist() if task == "numbers" else None
        walk = {"path": path, "surface": surface, "best": best, "kappa": state.kappa, "left": state.left}
        return lists | walk | {"task": task}

    def page(self) -> dict[str, Any]:
        x, noise = _drawn()
        return {"x": x.tolist(), "noise": noise.tolist()}
