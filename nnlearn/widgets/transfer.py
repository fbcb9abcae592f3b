"""The transfer explorer: features learnt on one task, put to use on another; as decision surfaces."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from nnlearn import data
from nnlearn.engine.primitive import no_grad, plain
from nnlearn.figures import plot
from nnlearn.functions.losses import cross_entropy
from nnlearn.models.mlp import MLP
from nnlearn.training.optim import Adam
from nnlearn.widgets.chance import numpys
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, choice, ladder, line, move, raster, slider
from nnlearn.widgets.living import text_of

SIZES = [2, 32, 32, 16]
STEPS, EVERY, GRID, SEEDS = 80, 10, 50, 10
SIDE = 1.15
EDGE = np.linspace(-SIDE, SIDE, GRID)
PLANE = np.stack(np.meshgrid(EDGE, EDGE), axis=-1).reshape(-1, 2)
SOURCE_SEED, NEW_SEED, SHOWN = 100, 1000, 300  # of the arms, of the new points; arms shown
TASKS = ("same arms, new question", "another picture")
TRAINED = ("the new head", "head and last layer", "everything")
LAYERS = dict(zip(TRAINED, (3, 2, 0), strict=True))  # the first layer that is trained


@dataclass(frozen=True)
class Run:
    """One training on the new task, seen every few steps: the class of each point of the plane, accuracy."""

    surfaces: np.ndarray  # (moments, GRID²)
    accuracy: np.ndarray  # (moments,)


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


def arms(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Points of the task learned before, and the arm of each.  (n, 2), (n,)"""
    return data.spirals(n, classes=4, noise=0.03, turns=0.75, rng=SOURCE_SEED)


def labelled(labels: int, task: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The few points whose class is known: more labels keep those that were there."""
    X, y = world(task, 400, seed)
    chosen = np.concatenate([np.flatnonzero(y == k)[:labels] for k in range(2)])
    return X[chosen], y[chosen]


@lru_cache(maxsize=1)
def source() -> MLP:
    """The network that knows which of the four arms a point is on; of sixteen digits, but for its weights."""
    X, arm = arms(1000)
    model = MLP([*SIZES, 4], "tanh", rng=0).astype(np.float64)
    optimizer, rng = Adam(model.parameters(), lr=0.01), np.random.default_rng(0)
    for step in range(800):
        chosen = rng.integers(0, len(X), 64)
        optimizer.lr = 0.01 * (1 - step / 800)
        optimizer.zero_grad()
        cross_entropy(model(X[chosen].astype(np.float64)), arm[chosen]).backward()
        optimizer.step()
    return model.astype(np.float32).astype(np.float64)


@lru_cache(maxsize=256)
def run(labels: int, trained: str, lr: float, task: str, seed: int, reuse: bool) -> Run:
    """Train on the labelled points, all in every step. What is not trained is computed once."""
    X, y = labelled(labels, task, seed)
    new, answers = world(task, 400, NEW_SEED)
    model = MLP([*SIZES, 2], "tanh", rng=seed).astype(np.float64)
    frozen = LAYERS[trained] if reuse else 0
    if reuse:
        for mine, theirs in zip(model.layers[:-1], source().layers[:-1], strict=True):
            mine.load_state_dict(theirs.state_dict())
    with no_grad():
        X, new, plane = (through(model, x.astype(np.float64), 0, frozen) for x in (X, new, PLANE))
    params = [p for layer in model.layers[frozen:] for p in layer.parameters()]
    optimizer, surfaces, accuracy = Adam(params, lr=lr), [], []
    for step in range(STEPS + 1):
        if step % EVERY == 0:
            with no_grad():
                accuracy.append((through(model, new, frozen).argmax(-1) == answers).mean())
                surfaces.append(plain(through(model, plane, frozen)).argmax(-1).astype(np.uint8))
        if step < STEPS:
            optimizer.zero_grad()
            cross_entropy(through(model, X, frozen), y).backward()
            optimizer.step()
    return Run(np.array(surfaces), np.array(accuracy))


class TransferExplorer(Explorer):
    """A network taught four arms with 1,000 labels, then a new task with a handful.

    Beside it learns a network that starts from scratch.
    """

    size = (10.8, 3.3)
    module = "transfer"

    def make_controls(self) -> Controls:
        return {
            "step": slider("steps", STEPS, 0, STEPS, EVERY),
            "labels": slider("labels per class", 10, 1, 40),
            "trained": choice("trained", TRAINED),
            "lr": ladder("learning rate", (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1), 0.01),
            "task": choice("new task", TASKS),
            "seed": slider("other points", 7, 0, SEEDS - 1),
        }

    def make_figure(self, figure: Figure) -> None:
        first, *fields, curve = figure.subplots(1, 4, width_ratios=(1, 1, 1, 1.15))
        figure.subplots_adjust(left=0.015, right=0.95, bottom=0.17, top=0.88, wspace=0.1)
        X, arm = arms(SHOWN)
        first.imshow(source()(PLANE).data.argmax(axis=-1).reshape(GRID, GRID), **_shades(4))
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

    def compute(self, step: int, labels: int, trained: str, lr: float, task: str, seed: int) -> State:
        runs = (
            run(labels, trained if reuse else TRAINED[2], lr, task, seed, reuse) for reuse in (True, False)
        )
        return State(*labelled(labels, task, seed), *runs)

    @property
    def moment(self) -> int:
        """Which of the moments seen is the one shown."""
        return self.values["step"] // EVERY

    def draw(self, state: State) -> None:
        runs = state.reused, state.scratch
        for image, dots, one in zip(self.images, self.dots, runs, strict=True):
            image.set_data(one.surfaces[self.moment].reshape(GRID, GRID))
            for k, markers in enumerate(dots):
                markers.set_data(*state.points[state.labels == k].T)
        move(self.curves, np.arange(0, STEPS + 1, EVERY), (one.accuracy for one in runs))

    def describe(self, state: State) -> str:
        reused, scratch = (f"{one.accuracy[self.moment]:.0%}" for one in (state.reused, state.scratch))
        return (
            f"New task: {self.values['task']}, with {len(state.points) // 2} labels per class. After "
            f"{self.values['step']} steps the reused network is right on {reused} of new points, the one "
            f"from scratch on {scratch}."
        )

    def scene(self) -> dict[str, Any]:
        state, (X, arm) = self.state, arms(SHOWN)
        runs = state.reused, state.scratch
        surfaces = [source()(PLANE).data.argmax(axis=-1), *(one.surfaces[self.moment] for one in runs)]
        arrays = {"surfaces": np.concatenate(surfaces), "points": state.points, "examples": X}
        return {
            **{name: array.astype(np.float32).tobytes() for name, array in arrays.items()},
            "labels": state.labels.tolist(),
            "arms": arm.tolist(),
            "accuracy": [one.accuracy.tolist() for one in runs],
            "at": self.moment,
        }

    def page(self) -> dict[str, Any]:
        weights = [plain(p.data).ravel() for p in source().parameters()]
        return {
            "source": text_of(np.concatenate(weights).astype(np.float32)),
            "seeds": [numpys(seed) for seed in range(SEEDS)],
            "arms": numpys(SOURCE_SEED),
            "new": numpys(NEW_SEED),
            "tasks": TASKS,
            "trained": LAYERS,
        }


def _shades(classes: int) -> dict[str, Any]:
    """How a picture of classes looks, one pale colour each."""
    look = {"vmin": 0, "vmax": classes - 1, "alpha": 0.25, "interpolation": "nearest", "origin": "lower"}
    return look | {"cmap": ListedColormap(plot.COLOURS[:classes]), "extent": (-SIDE, SIDE) * 2}
