"""One task after the other on split MNIST: forgetting, replay, elastic weight consolidation (chapter 23)."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nnlearn.data.mnist_subset import mnist
from nnlearn.engine.primitive import no_grad, plain
from nnlearn.engine.random import RNG, generator
from nnlearn.functions.losses import cross_entropy
from nnlearn.layers.module import Module
from nnlearn.models.mlp import MLP

Task = tuple[np.ndarray, np.ndarray]  # X (n, d) and y (n,)
TASKS = tuple((2 * k, 2 * k + 1) for k in range(5))
SIZES, STEPS, BATCH, RATE = (196, 100, 100, 10), 400, 32, 0.3


def halved(X: np.ndarray) -> np.ndarray:
    """The mean of every four pixels, as rows.  (n, 1, 28, 28) -> (n, 196)"""
    return X.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(len(X), -1)


def split_mnist(part: str = "test") -> tuple[list[Task], list[Task]]:
    """Digits 0 and 1, then 2 and 3, …: five tasks to train on, and pictures to ask about.

    Of the 12,000 pictures to train on the last 2,000 are kept for `part="validation"`. Raises ValueError for
    another part.
    """
    if part not in ("test", "validation"):
        raise ValueError(f"split_mnist: part is {part!r}, expected 'test' or 'validation'")
    (X, y), held = mnist()
    if part == "validation":
        held = (X[10_000:], y[10_000:])
    return tuple(
        [(halved(Z)[np.isin(z, pair)], z[np.isin(z, pair)]) for pair in TASKS]
        for Z, z in ((X[:10_000], y[:10_000]), held)
    )  # type: ignore[return-value]


def only(classes: Sequence[int] | None, of: int = 10) -> np.ndarray:
    """What is added to logits so that only these classes can be answered: 0 there, −10,000 elsewhere."""
    if classes is None:
        return np.zeros(of, np.float32)
    return np.where(np.isin(np.arange(of), classes), 0, -1e4).astype(np.float32)


def fisher(model: Module, X: np.ndarray, mask: np.ndarray | float = 0.0, rng: RNG = None) -> list[np.ndarray]:
    """F_i = mean over x of (∂ log p(y|x) / ∂w_i)², y drawn from the model's own answer: how much w_i matters.

    One array for each parameter. `mask` is added to the logits. Raises ValueError without an example.
    Source: J. Kirkpatrick and others (2017).
    """
    if len(X) == 0:
        raise ValueError("fisher: X has no example; it is a mean over examples")
    rng, parameters = generator(rng), list(model.parameters())
    total = [np.zeros_like(p.data) for p in parameters]
    for x in X:
        for p in parameters:
            p.grad = None
        logits = model(x[None]) + mask
        z = logits.data[0]
        y = int(np.argmax(z + rng.gumbel(size=len(z))))  # a draw from softmax(z)
        cross_entropy(logits, np.array([y])).backward()
        for F, p in zip(total, parameters, strict=True):
            F += p.grad**2 / len(X)
    return total


class Consolidation:
    """Elastic weight consolidation: λ/2 Σ_tasks Σ_i F_i (w_i − w*_i)², a spring on every weight.

    `remember` adds a task's springs. `pull` moves the weights as SGD on the springs would, by the implicit
    step w ← (w + ηλ Σ F w*) / (1 + ηλ Σ F), which is stable for springs of any strength.
    """

    def __init__(self, model: Module, strength: float) -> None:
        if strength < 0:
            raise ValueError(f"Consolidation: strength is {strength}, expected 0 or more")
        self.parameters, self.strength = list(model.parameters()), strength
        self.stiff = [np.zeros_like(p.data) for p in self.parameters]  # Σ F
        self.home = [np.zeros_like(p.data) for p in self.parameters]  # Σ F w*

    def remember(self, importance: Sequence[np.ndarray]) -> None:
        """From now on, keep the weights near where they are, each as strongly as it is important."""
        for stiff, home, F, p in zip(self.stiff, self.home, importance, self.parameters, strict=True):
            stiff += F
            home += F * p.data

    def pull(self, lr: float) -> None:
        """One implicit step on the springs."""
        k = lr * self.strength
        for p, stiff, home in zip(self.parameters, self.stiff, self.home, strict=True):
            p.data[...] = (p.data + k * home) / (1 + k * stiff)


def accuracies(model: Callable[[Any], Any], tasks: Sequence[Task], task_known: bool) -> list[float]:
    """The share read right of each task; with `task_known`, only its own classes can be answered."""
    with no_grad():
        logits = [
            plain(model(X)) + only(pair if task_known else None)
            for (X, _), pair in zip(tasks, TASKS, strict=False)
        ]
    return [float((z.argmax(axis=1) == y).mean()) for z, (_, y) in zip(logits, tasks, strict=True)]


def learn_in_turn(
    train: Sequence[Task], test: Sequence[Task], task_known: bool, seed: int,
    strength: float = 0.0, memory: int = 0, uniform: bool = False, lr: float = RATE, steps: int = STEPS,
) -> np.ndarray:  # fmt: skip
    """An MLP, given one task after the other.  -> (tasks, tasks): row t after task t, column k on task k

    `strength` is that of the springs, `memory` the number of pictures of each task that are kept and
    replayed, as many in every batch as there are new ones. With `uniform` all springs of an array are equally
    stiff, as stiff as those of elastic weight consolidation on average.
    """
    rng, net = np.random.default_rng(seed), MLP(SIZES, rng=seed)
    springs, rows = Consolidation(net, strength), []
    kept: list[tuple[np.ndarray, ...]] = []
    for (X, y), pair in zip(train, TASKS, strict=False):
        mask = only(pair if task_known else None)
        for _ in range(steps):
            i = rng.integers(len(X), size=BATCH)
            loss = cross_entropy(net(X[i]) + mask, y[i])
            if kept:
                old_X, old_y, old_mask = (np.concatenate(part) for part in zip(*kept, strict=True))
                j = rng.integers(len(old_X), size=BATCH)
                loss = loss + cross_entropy(net(old_X[j]) + old_mask[j], old_y[j])
            for p in net.parameters():
                p.grad = None
            loss.backward()
            for p in net.parameters():
                p.data[...] -= lr * p.grad
            springs.pull(lr)
        if strength:
            F = fisher(net, X[rng.permutation(len(X))[:200]], mask, rng)
            springs.remember([np.full_like(f, f.mean()) for f in F] if uniform else F)
        if memory:
            i = rng.permutation(len(X))[:memory]
            kept.append((X[i], y[i], np.tile(mask, (memory, 1))))
        rows.append(accuracies(net, test, task_known))
    return np.array(rows)


def forgetting(R: np.ndarray) -> float:
    """Mean over all tasks but the last of the best accuracy so far less the accuracy at the end.

    R (tasks, tasks) as of `learn_in_turn`. Raises ValueError for fewer than two tasks.
    Source: A. Chaudhry and others (2018).
    """
    if R.ndim != 2 or R.shape[0] != R.shape[1] or len(R) < 2:
        raise ValueError(f"forgetting: R is {R.shape}, expected a square table of two or more tasks")
    return float((R[:-1, :-1].max(axis=0) - R[-1, :-1]).mean())
