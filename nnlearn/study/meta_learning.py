"""Weights from which a few steps go far: MAML and Reptile, many tasks at a time (chapter 23)."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nnlearn.engine.primitive import Array, Result, no_grad, plain
from nnlearn.engine.random import RNG, generator
from nnlearn.engine.tape import grad
from nnlearn.engine.tensor import Tensor
from nnlearn.functions.activations import relu
from nnlearn.functions.losses import cross_entropy
from nnlearn.study.few_shot import episode, labels_of
from nnlearn.training.optim import cosine

Loss = Callable[[list[Any]], Any]
INNER, STEPS, HIDDEN = 0.1, 5, 64  # the inner learning rate, inner steps, width of the hidden layer


def sgd_steps(
    loss: Loss, weights: Sequence[Any], lr: float, steps: int, second_order: bool = False
) -> list[Any]:
    """w ← w − lr ∂loss/∂w, so many times; the weights that were given stay as they are.

    With `second_order` the steps are on the tape, so that what is computed from their end has a gradient at
    their beginning; without it they are not. Raises ValueError for a negative number of steps.
    """
    if steps < 0:
        raise ValueError(f"sgd_steps: steps is {steps}, expected 0 or more")
    now = [w if second_order and isinstance(w, Tensor) else _leaf(w) for w in weights]
    for _ in range(steps):
        slopes = grad(loss(now), now, create_graph=second_order)
        now = [w - lr * g for w, g in zip(now, slopes, strict=True)]
        if not second_order:
            now = [_leaf(w) for w in now]
    return now


def _leaf(w: Any) -> Tensor:
    return Tensor(plain(w), requires_grad=True)


def maml_gradient(
    inner: Loss, outer: Loss, weights: Sequence[Any], lr: float, steps: int, second_order: bool = True
) -> list[np.ndarray]:
    """The slope of the outer loss after the inner steps, at the weights before them.

    Without `second_order`, the slope at the weights after them (first-order MAML).
    Source: C. Finn, P. Abbeel and S. Levine (2017).
    """
    start = [_leaf(w) for w in weights]
    end = sgd_steps(inner, start, lr, steps, second_order)
    return [plain(g) for g in grad(outer(end), start if second_order else end)]


def reptile_gradient(inner: Loss, weights: Sequence[Any], lr: float, steps: int) -> list[np.ndarray]:
    """(w − w after the inner steps) / lr: the sum of the slopes on the way.

    Source: A. Nichol, J. Achiam and J. Schulman (2018).
    """
    end = sgd_steps(inner, weights, lr, steps)
    return [(plain(w) - plain(v)) / lr for w, v in zip(weights, end, strict=True)]


def task_mlp(weights: Sequence[Any], x: Array) -> Result:
    """An MLP of one hidden layer, another one for each task.

    weights: W (tasks, d, h), b (tasks, 1, h), V (tasks, h, way), c (tasks, 1, way); x (tasks, n, d)
    -> (tasks, n, way)
    """
    W, b, V, c = weights
    return relu(x @ W + b) @ V + c


def first_weights(d: int, way: int, hidden: int = HIDDEN, rng: RNG = None) -> list[np.ndarray]:
    """The weights of a `task_mlp` before any training, for one task; the last layer begins at 0."""
    W = generator(rng).uniform(-1, 1, (1, d, hidden)) * np.sqrt(6 / d)
    shapes = ((1, 1, hidden), (1, hidden, way), (1, 1, way))
    return [W.astype(np.float32), *(np.zeros(shape, np.float32) for shape in shapes)]


def draw_tasks(
    X: np.ndarray, tasks: int, way: int, shot: int, queries: int, rng: RNG = None, fixed: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Episodes as rows of pixels and their labels: support (tasks, n, d), (tasks, n), query likewise.

    With `fixed`, class k of X always has the label k mod way.
    """
    rng, drawn = generator(rng), []
    for _ in range(tasks):
        if fixed:
            chosen = np.arange(way) + way * rng.integers(len(X) // way, size=way)
            order = np.argsort(rng.random((way, X.shape[1])), axis=1)[:, : shot + queries]
            both = X[chosen[:, None], order]
            drawn.append((both[:, :shot], both[:, shot:]))
        else:
            drawn.append(episode(X, way, shot, queries, rng))
    s, q = (np.stack(part) for part in zip(*drawn, strict=True))
    return (
        s.reshape(tasks, way * shot, -1), np.tile(labels_of(s[0]), (tasks, 1)),
        q.reshape(tasks, way * queries, -1), np.tile(labels_of(q[0]), (tasks, 1)),
    )  # fmt: skip


def summed(x: np.ndarray, y: np.ndarray) -> Loss:
    """The sum over tasks of each task's mean cross-entropy, as a function of the weights."""
    return lambda weights: cross_entropy(task_mlp(weights, x), y) * len(x)


def meta_train(
    X: np.ndarray, way: str, seed: int, rounds: int = 500, tasks: int = 16, lr: float = 3e-3,
    steps: int = STEPS, inner: float = INNER, fixed: bool = False,
) -> list[np.ndarray]:  # fmt: skip
    """Five-way, one-shot: first weights from which `steps` steps go far. `way`: maml, first-order or reptile.

    Each round averages over so many tasks and takes a step of Adam. Raises ValueError for another `way`.
    """
    if way not in ("maml", "first-order", "reptile"):
        raise ValueError(f"meta_train: way is {way!r}, expected 'maml', 'first-order' or 'reptile'")
    rng = np.random.default_rng(seed)
    weights = first_weights(X[0, 0].size, 5, rng=rng)
    m, v, rate = [0 * w for w in weights], [0 * w for w in weights], cosine(lr, rounds)
    for k in range(rounds):
        x, y, q, t = draw_tasks(X, tasks, 5, 1, 4, rng, fixed)
        many = [np.repeat(w, tasks, axis=0) for w in weights]
        if way == "reptile":  # it has one kind of data: all of the task
            both = summed(np.concatenate([x, q], axis=1), np.concatenate([y, t], axis=1))
            slopes = reptile_gradient(both, many, inner, steps)
        else:
            slopes = maml_gradient(summed(x, y), summed(q, t), many, inner, steps, way == "maml")
        for i, g in enumerate(slopes):
            g = g.mean(axis=0, keepdims=True)
            m[i], v[i] = 0.9 * m[i] + 0.1 * g, 0.999 * v[i] + 0.001 * g * g
            step = m[i] / (1 - 0.9 ** (k + 1)) / (np.sqrt(v[i] / (1 - 0.999 ** (k + 1))) + 1e-8)
            weights[i] = (weights[i] - rate(k) * step).astype(np.float32)
    return weights


def adapted_accuracy(
    weights: Sequence[np.ndarray], X: np.ndarray, lr: float, steps: int, shot: int = 1, tasks: int = 200,
    rng: RNG = None, fixed: bool = False,
) -> float:  # fmt: skip
    """The share of queries read right, five-way, after so many steps on the support."""
    x, y, q, t = draw_tasks(X, tasks, 5, shot, 3, rng, fixed)
    end = sgd_steps(summed(x, y), [np.repeat(w, tasks, axis=0) for w in weights], lr, steps)
    with no_grad():
        return float((plain(task_mlp(end, q)).argmax(axis=-1) == t).mean())
