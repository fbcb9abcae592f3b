"""The training loop: shuffled batches, validation, early stopping, checkpoints, and a watch for NaN."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nnlearn.engine.primitive import Array, Result, no_grad, plain
from nnlearn.engine.random import RNG, generator
from nnlearn.engine.shards import data_parallel
from nnlearn.functions.losses import cross_entropy
from nnlearn.layers.module import Module, in_use, watch
from nnlearn.training.optim import Optimizer, Schedule, clip_grad_norm
from nnlearn.training.saving import load_with_notes, save

Set = tuple[Any, Any]  # X and y: whatever has a length and can be indexed by an array
History = dict[str, list[float]]


class NotFiniteError(ArithmeticError):
    """Training met NaN or infinity; the message says where first."""


def accuracy(output: Array, labels: np.ndarray) -> float:
    """The share of rows whose largest output is at the label.  (..., C), (...) -> a number in [0, 1]

    Raises ValueError when labels are not whole numbers of that shape, or there are none.
    """
    guesses, labels = np.asarray(plain(output)).argmax(-1), np.asarray(plain(labels))
    if labels.shape != guesses.shape or labels.dtype.kind not in "iu" or labels.size == 0:
        raise ValueError(
            f"accuracy: output {np.shape(output)} needs labels {guesses.shape} of whole numbers, "
            f"at least one, but labels are {labels.shape} {labels.dtype}"
        )
    return float((guesses == labels).mean())


def batches(n: int, size: int, seed: int, start: int = 0) -> Iterator[np.ndarray]:
    """Batches of indices below n without end, each epoch in a new order, from batch number `start` on.

    The order in an epoch follows from the seed and the epoch's number alone: training can be taken up
    anywhere.
    """
    a_epoch = math.ceil(n / size)
    for epoch in itertools.count(start // a_epoch):
        order = np.random.default_rng([seed, epoch]).permutation(n)
        for i in range(start % a_epoch, a_epoch):
            yield order[i * size : (i + 1) * size]
        start = 0


class Trainer:
    """Trains a model: `Trainer(model, optimizer, loss).fit((X, y), epochs=10)`.

    `loss(model(x), y)` is what goes down; `metrics` are further functions of (output, y), for validation
    only; `schedule(step)` gives the learning rate; `clip` is the longest gradient allowed. With `shards` each
    batch is cut into so many parts that are computed side by side: see `nn.data_parallel`.
    """

    def __init__(
        self,
        model: Module,
        optimizer: Optimizer,
        loss: Callable[[Array, Any], Result] = cross_entropy,
        metrics: Mapping[str, Callable[[Array, Any], float]] | None = None,
        schedule: Schedule | None = None,
        clip: float | None = None,
        shards: int = 1,
    ) -> None:
        self.model, self.optimizer, self.loss, self.shards = model, optimizer, loss, shards
        self.metrics, self.schedule, self.clip = dict(metrics or {}), schedule, clip
        self.steps_done, self.started, self.seed = 0, 0, 0
        self.history: History = {}
        self.best_at, self.best_loss, self.best_state = 0, math.inf, model.state_dict()

    def step(self, x: Any, y: Any) -> float:
        """One update from one batch: forward, backward, clip, move. Returns the loss before it.

        Raises NotFiniteError, and leaves the weights as they are, when the loss or a gradient is NaN or
        infinite.
        """
        if self.schedule:
            self.optimizer.lr = self.schedule(self.steps_done)
        self.optimizer.zero_grad()
        value = self._backward(x, y)
        norm = clip_grad_norm(self.optimizer.params, math.inf if self.clip is None else self.clip)
        if not math.isfinite(norm):
            raise NotFiniteError(self._explain(f"the loss is {value:.4g}, but its gradient is {norm}", x))
        self.optimizer.step()
        self.steps_done += 1
        return value

    def _backward(self, x: Any, y: Any) -> float:
        """The loss of a batch, its gradients in place. Raises NotFiniteError when the loss is not finite."""
        if self.shards == 1:
            loss = self.loss(self.model(x), y)
            value = loss.item()
            if math.isfinite(value):
                loss.backward()
        else:
            value = data_parallel(lambda x, y: self.loss(self.model(x), y), x, y, shards=self.shards)
        if not math.isfinite(value):
            self.optimizer.zero_grad()
            raise NotFiniteError(self._explain(f"the loss is {value}", x))
        return value

    def evaluate(self, data: Set, batch_size: int = 256) -> dict[str, float]:
        """The loss and the metrics, averaged over all examples, with dropout and batch norm as in use.

        Afterwards each part of the model is in training or in use as before. Raises ValueError unless there
        are as many labels as examples, and at least one.
        """
        _check_pair("evaluate: data", data)
        X, y = data
        totals = dict.fromkeys(["loss", *self.metrics], 0.0)
        with no_grad(), in_use(self.model):
            for i in range(0, len(X), batch_size):
                x, target = X[i : i + batch_size], y[i : i + batch_size]
                output = self.model(x)
                totals["loss"] += len(x) * float(self.loss(output, target))
                for name, metric in self.metrics.items():
                    totals[name] += len(x) * float(metric(output, target))
        return {name: total / len(X) for name, total in totals.items()}

    def fit(
        self,
        data: Set,
        epochs: int | None = None,
        steps: int | None = None,
        batch_size: int = 32,
        validation: Set | None = None,
        every: int | None = None,
        patience: int | None = None,
        checkpoint: str | Path | None = None,
        resume: bool = False,
        rng: RNG = None,
        progress: bool = True,
    ) -> History:
        """Train for so many epochs (passes over the data) or steps (batches); returns the history.

        Every `every` steps (an epoch if left out) the mean training loss since is noted, the validation set
        evaluated, the checkpoint written. With `patience`, training stops after so many evaluations without
        a better validation loss, and the best weights come back. `resume` goes on from the checkpoint, if
        there is one, to the same weights as without the interruption. A model in use is put in training; of
        one in training, the parts that you have put in use (`model.encoder.eval()`) stay so. Raises
        ValueError for settings or data that do not fit, NotFiniteError as `step` does.
        """
        n = _check_fit(data, epochs, steps, batch_size, validation, patience, checkpoint, resume)
        settings = {"batch_size": batch_size, "examples": n}
        self._begin(rng)
        if resume and checkpoint is not None and Path(checkpoint).exists():
            self._load(checkpoint, settings)
        a_epoch = math.ceil(n / batch_size)
        total = epochs * a_epoch if epochs is not None else steps
        losses: list[float] = []
        for chosen in self._with_bar(batches(n, batch_size, self.seed, self._done()), total, progress):
            if patience is not None and len(self.history.get("step", [])) - self.best_at >= patience:
                break
            losses.append(self.step(data[0][chosen], data[1][chosen]))
            if self._done() % (every or a_epoch) == 0 or self._done() == total:
                self._note(losses, a_epoch, validation)
                if checkpoint is not None:
                    self._save(checkpoint, settings)
        if patience is not None:
            self.model.load_state_dict(self.best_state)
        return self.history

    def _begin(self, rng: RNG) -> None:
        """A new order of batches, and a new search for the best weights."""
        if not self.model.training:  # else parts put in eval() on purpose stay so
            self.model.train()
        self.started, self.seed = self.steps_done, int(generator(rng).integers(2**62))
        self.best_at, self.best_loss = len(self.history.get("step", [])), math.inf
        self.best_state = self.model.state_dict()

    def _done(self) -> int:
        """Steps since `fit` was called, interruptions not counted."""
        return self.steps_done - self.started

    def _with_bar(self, source: Iterator[np.ndarray], total: Any, progress: bool) -> Iterator[np.ndarray]:
        """The batches still to do, with a bar that shows the latest numbers."""
        from tqdm.auto import tqdm

        done = min(self._done(), total)
        with tqdm(total=total, initial=done, unit="step", disable=not progress) as bar:
            for chosen in itertools.islice(source, total - done):
                yield chosen
                bar.update()
                if self.history and self.history["step"][-1] == self.steps_done:
                    bar.set_postfix({name: f"{values[-1]:.4g}" for name, values in self.history.items()})

    def _note(self, losses: list[float], a_epoch: int, validation: Set | None) -> None:
        row = {"step": self.steps_done, "epoch": self.steps_done / a_epoch, "loss": sum(losses) / len(losses)}
        row["lr"] = float(self.optimizer.lr)
        losses.clear()
        if validation is not None:
            row |= {f"val_{name}": value for name, value in self.evaluate(validation).items()}
        for name, value in row.items():
            self.history.setdefault(name, []).append(value)
        if validation is not None and row["val_loss"] < self.best_loss:
            self.best_at, self.best_loss = len(self.history["step"]), row["val_loss"]
            self.best_state = self.model.state_dict()

    def _generators(self) -> list[np.random.Generator]:
        """Every source of randomness that training draws from."""
        inside = [v for _, module in self.model.named_modules() for v in vars(module).values()]
        found = [generator(), *(v for v in inside if isinstance(v, np.random.Generator))]
        return list({id(g): g for g in found}.values())

    def _save(self, path: str | Path, settings: dict[str, int]) -> None:
        groups = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "best": self.best_state,
        }
        arrays = {
            f"{group}/{name}": array for group, state in groups.items() for name, array in state.items()
        }
        notes = {
            "settings": settings,
            "steps": [self.steps_done, self.started],
            "seed": self.seed,
            "history": self.history,
            "best": [self.best_at, self.best_loss],
            "generators": [g.bit_generator.state for g in self._generators()],
        }
        save(arrays, path, notes)

    def _load(self, path: str | Path, settings: dict[str, int]) -> None:
        arrays, notes = load_with_notes(path)
        if not isinstance(notes, dict) or "steps" not in notes:
            raise ValueError(f"fit: {path} is a file of weights, not a checkpoint; read it with nn.load")
        for name, value in settings.items():
            if notes["settings"][name] != value:
                raise ValueError(
                    f"fit: {path} was written with {name} {notes['settings'][name]}, but now it is {value}; "
                    "go on with the same, or start again with resume=False"
                )
        groups: dict[str, dict[str, np.ndarray]] = {"model": {}, "optimizer": {}, "best": {}}
        for name, array in arrays.items():
            group, _, rest = name.partition("/")
            groups[group][rest] = array
        self.model.load_state_dict(groups["model"])
        self.optimizer.load_state_dict(groups["optimizer"])
        (self.steps_done, self.started), self.seed = notes["steps"], notes["seed"]
        self.history = notes["history"]
        (self.best_at, self.best_loss), self.best_state = notes["best"], groups["best"]
        for g, state in zip(self._generators(), notes["generators"], strict=True):
            g.bit_generator.state = state

    def _explain(self, what: str, x: Any) -> str:
        """Where NaN or infinity came from: the input, a parameter, a layer's output or a gradient."""
        where = None
        for name, p in reversed(list(self.model.named_parameters())):  # backward meets the last ones first
            if where is None and p.grad is not None and not np.isfinite(p.grad).all():
                where = f"the gradient of {name}"
        found: list[str] = []

        def note(name: str, module: Module, output: Any) -> None:
            output = output[0] if isinstance(output, tuple) else output
            if not np.isfinite(getattr(output, "data", output)).all():
                found.append(f"the output of {name or 'the model'} ({type(module).__name__})")

        if where is None:
            with no_grad(), np.errstate(all="ignore"), watch(self.model, note):
                self.model(x)
            where = next(iter(found), "the loss itself")
        for name, p in self.model.named_parameters():
            if not np.isfinite(p.data).all():
                where = f"the parameter {name}, which held it before this step"
                break
        if not np.isfinite(x).all():
            where = "the input x of the batch: clean the data"
        return (
            f"training stopped in step {self.steps_done + 1}: {what}. It first appears in {where}. "
            f"Try a smaller learning rate (lr is {float(self.optimizer.lr):.3g}), clip=1.0, or scaled inputs"
        )


def _check_pair(name: str, pair: Set) -> None:
    if not (len(pair) == 2 and len(pair[0]) == len(pair[1]) > 0):
        sizes = " and ".join(str(len(part)) for part in pair)
        raise ValueError(f"{name} must be (X, y) with as many labels as examples, got lengths {sizes}")


def _check_fit(
    data: Set,
    epochs: int | None,
    steps: int | None,
    batch_size: int,
    validation: Set | None,
    patience: int | None,
    checkpoint: str | Path | None,
    resume: bool,
) -> int:
    """The number of examples, if what `fit` was given makes sense."""
    if (epochs is None) == (steps is None):
        raise ValueError("fit: give either epochs= (passes over the data) or steps= (batches)")
    counts = {"epochs": epochs, "steps": steps, "batch_size": batch_size, "patience": patience}
    for name, value in counts.items():
        if value is not None and (value < 1 or value != int(value)):
            raise ValueError(f"fit: {name} is {value}, expected a whole number from 1 on")
    for name, pair in (("data", data), ("validation", validation)):
        if pair is not None:
            _check_pair(f"fit: {name}", pair)
    if patience is not None and validation is None:
        raise ValueError("fit: patience= watches the validation loss; give validation=(X, y) too")
    if resume and checkpoint is None:
        raise ValueError("fit: resume=True goes on from a checkpoint; give its file as checkpoint=")
    return len(data[0])
