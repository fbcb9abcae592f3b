"""The transfer explorer: features learnt on one task, put to use on another; as decision surfaces."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from nnlearn import data
from nnlearn.engine.primitive import no_grad
from nnlearn.figures import plot
from nnlearn.functions.losses import cross_entropy
from nnlearn.models.mlp import MLP
from nnlearn.training.optim import Adam
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, choice, ladder, line, move, raster, slider

SIZES = [2, 32, 32, 16]
STEPS, EVERY, GRID = 80, 10, 50
SIDE = 1.15
TASKS = ("same arms, new question", "another picture")
TRAINED = ("the new head", "head and last layer", "everything")
LAYERS = dict(zip(TRAINED, (3, 2, 0), strict=True))  # the first layer that is trained


@dataclass(frozen=True)
class Run:
    """One training on the new task: the class of each point of the grid, and accuracy over steps."""

    surface: np.ndarray  # (GRID, GRID)
    accuracy: np.ndarray


@dataclass(frozen=True)
class State:
    """What is drawn: the labelled points, and the two trainings on them."""

    points: np.ndarray
    labels: np.ndarray
    reused: Run
    scratch: Run


def world(task: str, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Points and labels: four arms that make two classes in turn, or a ring around a disc.  (n, 2), (n,)"""
    if task == TASKS[1]:
        return data.circles(n, noise=0.08, rng=seed)
    X, arm = data.spirals(n, classes=4, noise=0.03, turns=0.75, rng=seed)
    return X, arm % 2


def through(model: MLP, x: Any, start: int, stop: int = len(SIZES)) -> Any:
    """x through the layers from `start` to before `stop`."""
    for layer in model.layers[start:stop]:
        x = layer(x) if layer is model.layers[-1] else model.activation(layer(x))
    return x


class TransferExplorer(Explorer):
    """A network taught four arms with 1,000 labels, then a new task with a handful.

    Beside it learns a network that starts from scratch.
    """

    size = (10.8, 3.3)

    def make_controls(self) -> Controls:
        return {
            "labels": slider("labels per class", 10, 1, 40),
            "trained": choice("trained", TRAINED),
            "lr": ladder("learning rate", (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1), 0.01),
            "task": choice("new task", TASKS),
            "seed": slider("other points", 7, 0, 9),
        }

    @cached_property
    def source(self) -> MLP:
        """The network that knows which of the four arms a point is on."""
        X, arm = data.spirals(1000, classes=4, noise=0.03, turns=0.75, rng=100)
        model = MLP([*SIZES, 4], "tanh", rng=0)
        optimizer, rng = Adam(model.parameters(), lr=0.01), np.random.default_rng(0)
        for step in range(800):
            chosen = rng.integers(0, len(X), 64)
            optimizer.lr = 0.01 * (1 - step / 800)
            optimizer.zero_grad()
            cross_entropy(model(X[chosen]), arm[chosen]).backward()
            optimizer.step()
        return model

    def make_figure(self, figure: Figure) -> None:
        side = np.linspace(-SIDE, SIDE, GRID, dtype=np.float32)
        self.grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
        self.run = lru_cache(maxsize=256)(self._run)
        first, *fields, curve = figure.subplots(1, 4, width_ratios=(1, 1, 1, 1.15))
        figure.subplots_adjust(left=0.015, right=0.95, bottom=0.17, top=0.88, wspace=0.1)
        X, arm = data.spirals(300, classes=4, noise=0.03, turns=0.75, rng=100)
        arms = self.source(self.grid).data.argmax(axis=-1).reshape(GRID, GRID)
        first.imshow(arms, **_shades(4))
        first.grid(False)
        plot.points(first, X, arm, s=9, linewidth=0.2)
        first.set_title("learned before", fontsize=12)
        self.images = [raster(ax, **_shades(2)) for ax in fields]
        look: dict[str, Any] = {"markeredgecolor": "white", "markersize": 8}
        self.dots = [
            [line(ax, plot.MARKERS[k], color=plot.COLOURS[k], **look) for k in (0, 1)] for ax in fields
        ]
        for ax, title in zip(fields, ("reused", "from scratch"), strict=True):
            ax.set_title(title, fontsize=12)
        for ax in (first, *fields):
            ax.set(xlim=(-SIDE, SIDE), ylim=(-SIDE, SIDE), xticks=[], yticks=[], aspect="equal")
        reused = line(curve, "o-", color=plot.BLUE, label="reused")
        self.curves = [reused, line(curve, "s--", color=plot.VERMILION, label="scratch")]
        curve.set(xlim=(0, STEPS), ylim=(0.35, 1.03), xlabel="steps")
        curve.set_title("right on new points", fontsize=12)
        curve.yaxis.tick_right()
        curve.legend(loc="lower right")

    def _run(self, labels: int, trained: str, lr: float, task: str, seed: int, reuse: bool) -> Run:
        """Train on the labelled points, all in every step. What is not trained is computed once."""
        X, y = self.labelled(labels, task, seed)
        new, answers = world(task, 400, 1000)
        model = MLP([*SIZES, 2], "tanh", rng=seed)
        frozen = LAYERS[trained] if reuse else 0
        if reuse:
            for mine, theirs in zip(model.layers[:-1], self.source.layers[:-1], strict=True):
                mine.load_state_dict(theirs.state_dict())
        with no_grad():
            X, new = (through(model, x, 0, frozen) for x in (X, new))
        params = [p for layer in model.layers[frozen:] for p in layer.parameters()]
        optimizer, accuracy = Adam(params, lr=lr), []
        for step in range(STEPS + 1):
            if step % EVERY == 0:
                with no_grad():
                    accuracy.append((through(model, new, frozen).argmax(-1) == answers).mean())
            if step < STEPS:
                optimizer.zero_grad()
                cross_entropy(through(model, X, frozen), y).backward()
                optimizer.step()
        with no_grad():
            surface = model(self.grid).data.argmax(-1).reshape(GRID, GRID)
        return Run(surface, np.array(accuracy))

    def labelled(self, labels: int, task: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """The few points whose class is known: more labels keep those that were there."""
        X, y = world(task, 400, seed)
        chosen = np.concatenate([np.flatnonzero(y == k)[:labels] for k in range(2)])
        return X[chosen], y[chosen]

    def compute(self, labels: int, trained: str, lr: float, task: str, seed: int) -> State:
        runs = [self.run(labels, trained if reuse else TRAINED[2], lr, task, seed, reuse) for reuse in (1, 0)]
        return State(*self.labelled(labels, task, seed), *runs)

    def draw(self, state: State) -> str:
        runs = state.reused, state.scratch
        for image, dots, run in zip(self.images, self.dots, runs, strict=True):
            image.set_data(run.surface)
            for k, markers in enumerate(dots):
                markers.set_data(*state.points[state.labels == k].T)
        move(self.curves, np.arange(0, STEPS + 1, EVERY), (run.accuracy for run in runs))
        reused, scratch = (f"{run.accuracy[-1]:.0%}" for run in runs)
        return (
            f"New task: {self.values['task']}, with {len(state.points) // 2} labels per class. After "
            f"{STEPS} steps the reused network is right on {reused} of new points, the one from scratch "
            f"on {scratch}."
        )


def _shades(classes: int) -> dict[str, Any]:
    """How a picture of classes looks, one pale colour each."""
    look = {"vmin": 0, "vmax": classes - 1, "alpha": 0.25, "interpolation": "nearest", "origin": "lower"}
    return look | {"cmap": ListedColormap(plot.COLOURS[:classes]), "extent": (-SIDE, SIDE) * 2}
