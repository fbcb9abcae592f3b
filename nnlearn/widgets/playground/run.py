"""A run of training: a function of its configuration and of what was changed on the way. No widgets here."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

import nnlearn as nn
from nnlearn.data.examples import Set
from nnlearn.models.mlp import RECTIFIERS
from nnlearn.training.trainer import NotFiniteError, batches
from nnlearn.widgets.playground.problems import PROBLEMS, inputs

ACTIVATIONS = ("tanh", "relu", "sigmoid", "leaky_relu", "elu", "gelu", "silu", "softplus", "linear")
OPTIMIZERS: dict[str, tuple[str, dict[str, Any]]] = {  # the class, and what it is given beside the rate
    "SGD": ("SGD", {}),
    "momentum": ("SGD", {"momentum": 0.9}),
    "Nesterov": ("SGD", {"momentum": 0.9, "nesterov": True}),
    **{name: (name, {}) for name in ("Adagrad", "RMSProp", "Adam")},
}
INITS: dict[str, Any] = {
    "suits the activation": None,
    "He": nn.init.he_normal,
    "Xavier": nn.init.xavier_normal,
    "LeCun": nn.init.lecun_normal,
    "orthogonal": nn.init.orthogonal,
    "tiny: N(0, 0.02²)": nn.init.normal,
    "zeros": nn.init.zeros,
}
LONGEST = 1500  # points of the loss curves; then every other one is dropped
NAMED = "the loss is no longer a number: try a smaller learning rate"


@dataclass(frozen=True)
class Config:
    """Everything that decides a run before its first step."""

    data: str = "circles"
    noise: float = 0.1
    test: float = 0.5
    seed: int = 0
    features: tuple[str, ...] = ("x", "y")
    widths: tuple[int, ...] = (4, 2)
    activation: str = "tanh"
    init: str = "suits the activation"
    optimizer: str = "Adam"
    lr: float = 0.03
    batch_size: int = 10
    l1: float = 0.0
    l2: float = 0.0
    points: tuple[tuple[float, float, float], ...] = ()  # the reader's own, to train on: x, y, label


@dataclass(frozen=True)
class Change:
    """After `step` steps, `name` (lr, l1, l2 or weight) became `value`; `where` is (layer, from, to)."""

    step: int
    name: str
    value: float
    where: tuple[int, int, int] = (0, 0, 0)


@dataclass(frozen=True)
class Layer:
    """How a layer is doing, over all training examples."""

    outputs: np.ndarray  # (N, units)
    idle: float  # share of units stuck: a rectifier at 0, a sigmoid or tanh flat, for (nearly) every example
    gradient: float  # root mean square of ∂L/∂W


@dataclass
class Run:
    """One training run: `step(n)`, `change`, and everything there is to see of it.

    The same configuration, steps and changes give the same numbers, to the last digit.
    """

    config: Config = field(default_factory=Config)

    def __post_init__(self) -> None:
        c = self.config
        self.problem = PROBLEMS[c.data]
        X, y = self.problem.make(c.noise, c.seed)
        train, _, test = nn.data.split(X, y, validation=0, test=c.test, rng=c.seed)
        if c.points:
            train = with_points(train, c.points)
        self.points = train, test
        self.train, self.test = ((inputs(X, c.features), y) for X, y in (train, test))
        self.sizes = (self.train[0].shape[1], *c.widths, self.problem.outputs)  # inputs, layers, outputs
        self.model = nn.MLP(self.sizes, c.activation, rng=c.seed, init=INITS[c.init])
        self.data_loss: Callable[[Any, Any], Any] = getattr(nn, self.problem.loss)
        kind, options = OPTIMIZERS[c.optimizer]
        optimizer = getattr(nn, kind)(self.model.parameters(), c.lr, **options)
        self.trainer = nn.Trainer(self.model, optimizer, self.loss)
        self.batches = batches(len(self.train[0]), c.batch_size, seed=c.seed)
        self.next_batch: np.ndarray | None = None
        self.lr, self.l1, self.l2 = c.lr, c.l1, c.l2
        self.changes: list[Change] = []
        self.trouble = ""
        self.curve: list[tuple[int, float, float]] = []
        self._note()

    @property
    def steps(self) -> int:
        return self.trainer.steps_done

    @property
    def epochs(self) -> float:
        return self.steps / math.ceil(len(self.train[0]) / self.config.batch_size)

    # -- training --------------------------------------------------------------------------------------

    def loss(self, output: Any, target: Any) -> Any:
        """The data's loss, and a price on large weights: l1 Σ|w| + l2/2 Σw²."""
        loss = self.data_loss(output, target)
        if self.l1 or self.l2:
            for layer in self.model.layers:
                loss = loss + self.l1 * abs(layer.W).sum() + self.l2 / 2 * (layer.W**2).sum()
        return loss

    def step(self, n: int = 1, until: Callable[[], bool] = lambda: False) -> None:
        """n updates, each from one batch, or fewer when `until` says so.

        Stops, and says why in `trouble`, when the loss is no longer a number; the weights are then those
        before it happened.
        """
        X, y = self.train
        with np.errstate(all="ignore"):
            for _ in range(0 if self.trouble else n):
                batch = next(self.batches) if self.next_batch is None else self.next_batch
                self.next_batch = batch  # it is used again when this step fails
                try:
                    self.trainer.step(X[batch], y[batch])
                except NotFiniteError:
                    self.trouble = NAMED
                    break
                self.next_batch = None
                if until():
                    break
        self._note()

    def change(self, name: str, value: float) -> None:
        """Set "lr", "l1" or "l2" for the steps to come."""
        if name not in ("lr", "l1", "l2"):
            raise ValueError(f"change: {name!r} cannot change during a run, only lr, l1 and l2 can")
        setattr(self, name, value)
        if name == "lr":
            self.trainer.optimizer.lr = value
        self._record(Change(self.steps, name, value))

    def set_weight(self, layer: int, source: int, unit: int, value: float) -> None:
        """Set the weight from `source` to `unit` of a layer, or with source −1 its bias."""
        if not math.isfinite(value):
            raise ValueError(f"set_weight: value is {value}, expected a number")
        if source < 0:
            self.bias(layer)[unit] = value
        else:
            self.model.layers[layer].W.data[source, unit] = value
        self._record(Change(self.steps, "weight", value, (layer, source, unit)))

    def weight(self, layer: int, source: int, unit: int) -> float:
        W = self.model.layers[layer].W.data
        return float(self.bias(layer)[unit] if source < 0 else W[source, unit])

    def weights(self) -> np.ndarray:
        """All weights in one row: of each layer W, row by row, then b."""
        parts = [(layer.W.data.ravel(), self.bias(k)) for k, layer in enumerate(self.model.layers)]
        return np.concatenate([part for pair in parts for part in pair])

    def bias(self, layer: int) -> np.ndarray:
        b = self.model.layers[layer].b
        assert b is not None  # every layer of the playground has one
        return b.data

    def _record(self, change: Change) -> None:
        """Later changes of the same thing at the same step replace earlier ones."""
        self.changes = [old for old in self.changes if replace(change, value=old.value) != old]
        self.changes.append(change)
        self.trouble = ""
        self._note()

    # -- what there is to see --------------------------------------------------------------------------

    def losses(self) -> tuple[float, float]:
        """The loss of the data alone, over all training and all test examples."""
        with nn.no_grad(), np.errstate(all="ignore"):
            train, test = (float(self.data_loss(self.model(x), y)) for x, y in (self.train, self.test))
        return train, test

    def accuracy(self) -> float | None:
        """The share of test examples that are right; None where a number is asked for."""
        if not self.problem.classes:
            return None
        x, y = self.test
        with nn.no_grad(), np.errstate(all="ignore"):
            output = self.model(x)
        return float(((output > 0) == (y > 0.5)).mean()) if output.shape[-1] == 1 else nn.accuracy(output, y)

    def _note(self) -> None:
        train, test = self.losses()
        if not math.isfinite(train + test):
            self.trouble = NAMED
            return
        if self.curve and self.curve[-1][0] == self.steps:
            self.curve.pop()
        self.curve.append((self.steps, train, test))
        if len(self.curve) > LONGEST:
            self.curve = [*self.curve[:-1:2], self.curve[-1]]

    def activations(self, x: np.ndarray) -> list[np.ndarray]:
        """What every layer puts out, the input's features first: [(N, features), (N, units), …]"""
        found = [x]
        with np.errstate(all="ignore"):
            for k, layer in enumerate(self.model.layers):
                z = nn.linear(found[-1], layer.W.data, self.bias(k))
                last = k == len(self.model.layers) - 1
                found.append(z if last else self.model.activation(z))
        return found

    def statistics(self) -> list[Layer]:
        """Each layer's activations and gradients at the weights of now, over all training examples."""
        x, y = self.train
        with np.errstate(all="ignore"):
            self.model.zero_grad()
            self.loss(self.model(x), y).backward()
            gradients = [float(np.sqrt(np.mean(layer.W.grad**2))) for layer in self.model.layers]
            self.model.zero_grad()
        outputs = self.activations(x)[1:]
        hidden = len(outputs) - 1
        idle = [idle_share(a, self.config.activation) if k < hidden else 0.0 for k, a in enumerate(outputs)]
        return [Layer(*row) for row in zip(outputs, idle, gradients, strict=True)]


def with_points(part: Set, points: tuple[tuple[float, float, float], ...]) -> Set:
    """The examples of a part and the given (x, y, label) after them."""
    X, y = part
    rows = np.array(points, X.dtype)
    return np.concatenate([X, rows[:, :2]]), np.concatenate(
        [y, rows[:, 2].astype(y.dtype).reshape(-1, *y.shape[1:])]
    )


def idle_share(a: np.ndarray, activation: str) -> float:
    """The share of units that answer (nearly) every example from a flat part of their activation."""
    if activation in ("tanh", "sigmoid"):
        middle, reach = (0.0, 1.0) if activation == "tanh" else (0.5, 0.5)
        stuck = np.abs(a - middle) > 0.99 * reach
    elif activation in RECTIFIERS:
        stuck = np.abs(a) < 1e-3
    else:
        return 0.0
    return float((stuck.mean(axis=0) > 0.99).mean())
