"""The optimiser race: six rules start from one point of a landscape and run side by side."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from nnlearn.figures import plot
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, choice, line, log_slider, slider, text

Field = Callable[[np.ndarray, np.ndarray], Any]


@dataclass(frozen=True)
class Landscape:
    """A loss of two weights that is 0 where it is lowest, and its gradient."""

    loss: Field  # (x, y) -> loss
    gradient: Field  # (x, y) -> (∂/∂x, ∂/∂y)


LANDSCAPES = {
    "ravine": Landscape(lambda x, y: (x**2 + 30 * y**2) / 2, lambda x, y: (x, 30 * y)),
    "ravine, askew": Landscape(
        lambda x, y: (15.5 * x**2 + 29 * x * y + 15.5 * y**2) / 2,
        lambda x, y: (15.5 * x + 14.5 * y, 14.5 * x + 15.5 * y),
    ),
    "saddle": Landscape(lambda x, y: (10 * x**2 - 2 * y**2 + y**4 + 1) / 4, lambda x, y: (5 * x, y**3 - y)),
    "Rosenbrock": Landscape(
        lambda x, y: (1 - x) ** 2 + 100 * (y + 1 - x**2) ** 2,
        lambda x, y: (2 * (x - 1) - 400 * x * (y + 1 - x**2), 200 * (y + 1 - x**2)),
    ),
    "several minima": Landscape(
        lambda x, y: 2 - np.cos(3 * x) - np.cos(3 * y) + (x**2 + y**2) / 4,
        lambda x, y: (3 * np.sin(3 * x) + x / 2, 3 * np.sin(3 * y) + y / 2),
    ),
}
RULES = ("SGD", "momentum", "Nesterov", "Adagrad", "RMSProp", "Adam")
STYLES = ("-", "-", "--", "-", "-", "--")
SAME, OWN = "the same for all", "each its own best"
STEPS, FAR, LOWEST = 150, 100.0, 1e-6
SIDE = 2.2  # the picture shows this far in every direction
RATES = 10 ** np.linspace(-4, 1, 26)  # what is tried to find each rule's own best


@dataclass(frozen=True)
class State:
    """What is drawn, up to `step`."""

    paths: np.ndarray  # (rules, steps + 1, 2)
    losses: np.ndarray  # (rules, steps + 1); NaN after a rule has left
    left: np.ndarray  # (rules,) the step at which it left, STEPS + 1 if it did not
    rates: np.ndarray  # (rules,)
    step: int


def run(
    landscape: Landscape, start: tuple[float, float], rates: np.ndarray, momentum: float, noise: float
) -> tuple[np.ndarray, np.ndarray]:
    """All rules at once; rates (6, R) -> paths (6, R, steps + 1, 2) and the step at which each left (6, R).

    m ← b m + c g,  s ← a s + d g²,  w ← w − lr m̂ / (√ŝ + ε): six rows of constants are six rules.
    """

    def column(*values: float) -> np.ndarray:
        return np.array(values)[:, None, None]

    mu, eps = momentum, column(0, 0, 0, 1e-10, 1e-8, 1e-8)
    b, c = column(0, mu, mu, 0, 0, mu), column(1, 1, 1, 1, 1, 1 - mu)
    a, d = column(1, 1, 1, 1, 0.99, 0.999), column(0, 0, 0, 1, 0.01, 0.001)
    adam, look = column(0, 0, 0, 0, 0, 1), column(0, 0, 1, 0, 0, 0)
    kicks = noise * np.random.default_rng(0).normal(size=(STEPS, 2))  # the same for all
    w = np.broadcast_to(np.array(start), (*rates.shape, 2))
    m, s = np.zeros_like(w), np.ones_like(w) * column(1, 1, 1, 0, 0, 0)
    paths, left = np.empty((*rates.shape, STEPS + 1, 2)), np.full(rates.shape, STEPS + 1)
    paths[:, :, 0] = w
    for t in range(1, STEPS + 1):
        g = np.stack(landscape.gradient(w[..., 0], w[..., 1]), axis=-1) + kicks[t - 1]
        m, s = b * m + c * g, a * s + d * g**2
        m_hat = (m + look * (g + mu * m - m)) / (1 - adam * mu**t)
        w = w - rates[..., None] * m_hat / (np.sqrt(s / (1 - adam * 0.999**t)) + eps)
        out = ~(np.abs(w) <= FAR).all(axis=-1)
        left[out & (left > STEPS)] = t
        w = np.clip(np.nan_to_num(w, nan=FAR), -FAR, FAR)  # so that nothing overflows
        paths[:, :, t] = w
    return paths, left


def heights(landscape: Landscape, paths: np.ndarray, left: np.ndarray) -> np.ndarray:
    """The loss along each path; NaN once it has left."""
    losses = landscape.loss(paths[..., 0], paths[..., 1])
    return np.where(np.arange(STEPS + 1) >= left[..., None], np.nan, losses)


def own_best(landscape: Landscape, start: tuple[float, float], momentum: float, noise: float) -> np.ndarray:
    """For each rule the rate whose loss is lowest on the way: by the mean of its logarithm.  (6,)"""
    paths, left = run(landscape, start, np.tile(RATES, (len(RULES), 1)), momentum, noise)
    losses = np.nan_to_num(heights(landscape, paths, left), nan=1e6)
    return RATES[np.argmin(np.log(np.maximum(losses, LOWEST)).mean(axis=-1), axis=1)]


def _said(loss: float) -> str:
    return f"{loss:.2g}" if loss >= LOWEST else "below 1e-6"


class OptimiserRace(Explorer):
    """Paths of six optimisers over a landscape, from where the reader puts them, and their losses."""

    size = (8.6, 3.9)
    module = "optimisers"

    def __init__(self, **values: Any) -> None:
        self.settings: dict[str, Any] = {}  # of the run that is kept
        super().__init__(**values)

    def make_controls(self) -> Controls:
        return {
            "landscape": choice("landscape", LANDSCAPES),
            "rates": choice("learning rates", (SAME, OWN)),
            "lr": log_slider("learning rate", 10**-1.4, -4, 1, 0.1, readout_format=".2g"),
            "momentum": slider("momentum μ, β₁", 0.9, 0, 0.99, 0.01),
            "x": slider("start x", -1.9, -2, 2, 0.1),
            "y": slider("start y", 1.1, -2, 2, 0.1),
            "noise": slider("gradient noise", 0.0, 0, 5, 0.25),
            "step": slider("step", 50, 0, STEPS),
        }

    def make_figure(self, figure: Figure) -> None:
        self.map, self.graph = figure.subplots(1, 2)
        figure.subplots_adjust(left=0.09, right=0.81, bottom=0.13, top=0.91, wspace=0.26)
        self.map.set(xlim=(-SIDE, SIDE), ylim=(-SIDE, SIDE), xlabel="x", ylabel="y")
        self.map.grid(False)
        self.graph.set(xlim=(0, STEPS), ylim=(LOWEST / 2, 3e3), yscale="log", xlabel="step", title="loss")
        self.now = self.graph.axvline(0, color=plot.GREY, linewidth=1)
        self.map_title = self.map.set_title("")
        looks = list(zip(plot.COLOURS, STYLES, strict=False))
        self.lines, self.curves = (
            [line(ax, style, color=colour, linewidth=1.8) for colour, style in looks]
            for ax in (self.map, self.graph)
        )
        rim: dict[str, Any] = {"markeredgecolor": "white", "markersize": 9, "zorder": 5}
        self.dots = [line(self.map, "o", color=colour, **rim) for colour, _ in looks]
        cross: dict[str, Any] = {"markersize": 10, "clip_on": False, "zorder": 5}
        self.ends = [line(self.graph, "X", color=colour, **cross) for colour, _ in looks]
        word = {"fontsize": 9, "ha": "left", "va": "top", "transform": self.graph.transAxes}
        self.words = [text(self.graph, 1.04, 0.97 - 0.165 * k, color=colour, **word)
                      for k, (colour, _) in enumerate(looks)]  # fmt: skip
        self.start = line(self.map, "+", color=plot.BLACK, markersize=13, zorder=6)

    def compute(self, **values: Any) -> State:
        step, settings = values.pop("step"), values
        if settings != self.settings:  # `step` alone only shows more or less of the same run
            landscape, start = LANDSCAPES[settings["landscape"]], (settings["x"], settings["y"])
            forces = settings["momentum"], settings["noise"]
            own = settings["rates"] == OWN
            rates = own_best(landscape, start, *forces) if own else np.full(len(RULES), settings["lr"])
            paths, left = run(landscape, start, rates[:, None], *forces)
            self.run = rates, paths[:, 0], left[:, 0], heights(landscape, paths, left)[:, 0]
            self.settings = settings
        self.controls["lr"].disabled = settings["rates"] == OWN
        rates, path, gone, losses = self.run
        return State(path, losses, gone, rates, step)

    def _draw_landscape(self, name: str) -> None:
        """Bands of equal loss."""
        x, y = np.meshgrid(*2 * [np.linspace(-SIDE, SIDE, 160)])
        height = np.log(LANDSCAPES[name].loss(x, y) + 0.1)
        self.map.contourf(x, y, height, 11, cmap="Greys", alpha=0.4, zorder=0)

    def draw(self, state: State) -> None:
        landscape = self.values["landscape"]
        self._draw_landscape(landscape)
        t = state.step
        for k, name in enumerate(RULES):
            path, losses, gone = state.paths[k, : t + 1], state.losses[k, : t + 1], state.left[k] <= t
            self.lines[k].set_data(*path.T)
            self.dots[k].set_data(*path[-1:].T)
            self.curves[k].set_data(np.arange(t + 1), np.clip(losses, LOWEST, 1e4))
            self.ends[k].set_data([state.left[k]] if gone else [], [2e3] if gone else [])
            result = f"left at step {state.left[k]}" if gone else f"loss {_said(losses[-1])}"
            self.words[k].set_text(f"{name}\nlr {state.rates[k]:.2g}\n{result}")
        self.start.set_data(*state.paths[0, :1].T)
        self.now.set_xdata([t, t])
        self.map_title.set_text(f"{landscape}, step {t}")

    def describe(self, state: State) -> str:
        t, landscape = state.step, self.values["landscape"]
        name = landscape[0].upper() + landscape[1:]
        if t == 0:
            return f"{name}: six optimisers stand at the start, at a loss of {state.losses[0, 0]:.3g}."
        gone = [rule for rule, left in zip(RULES, state.left, strict=True) if left <= t]
        if len(gone) == len(RULES):
            return f"{name}, after {t} steps: all six have left the picture. Try a smaller learning rate."
        order = sorted((loss, k) for k, loss in enumerate(state.losses[:, t]) if state.left[k] > t)
        told = ", ".join(f"{RULES[k]} {_said(loss)}" for loss, k in order)
        flown = f" Diverged, the learning rate is too large for: {', '.join(gone)}." if gone else ""
        return f"{name}, losses after {t} steps from lowest to highest: {told}.{flown}"

    def scene(self) -> dict[str, Any]:
        rates, paths, left, losses = self.run
        known = [[None if np.isnan(v) else float(v) for v in row] for row in losses]
        return {
            "paths": paths.tolist(),
            "left": left.tolist(),
            "losses": known,
            "rates": rates.tolist(),
            "colours": list(plot.COLOURS[: len(RULES)]),
        }

    def page(self) -> dict[str, Any]:
        kicks = np.random.default_rng(0).normal(size=(STEPS, 2)).tolist()
        return {"kicks": kicks, "rates": RATES.tolist(), "own": OWN, "colours": self.scene()["colours"]}
