"""The perceptron: a neuron with a step that learns from its mistakes, and the bound on how many it makes.

Labels y are 0 or 1, as the step gives them; t = 2y − 1 is the same label as −1 or +1. In the margin and in
the bound the bias is the weight of one more input that is always 1: x̃ = (x, 1), w̃ = (w, b).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from nnlearn.study.neuron import neuron, step


def perceptron_update(
    x: ArrayLike, y: float, w: ArrayLike, b: float, lr: float = 1.0
) -> tuple[np.ndarray, float]:
    """w + lr (y − a) x,  b + lr (y − a)  with a = step(w·x + b).  x, w: (n,) -> (n,), a number

    A right answer (y = a) changes nothing. Raises ValueError where shapes do not fit or y is not 0 or 1.
    Source: F. Rosenblatt (1958, 1962).
    """
    x, w = np.asarray(x), np.asarray(w)
    if x.ndim != 1:
        raise ValueError(f"perceptron_update: x must be one example, of shape (n,), but it is {x.shape}")
    _signs("perceptron_update", y)
    error = y - float(neuron(x, w, b))
    return w + lr * error * x, b + lr * error


@dataclass(frozen=True)
class PerceptronFit:
    """What the rule did: the weights it ended with, and every step on the way."""

    w: np.ndarray  # (n,), at the end
    b: float
    mistakes: np.ndarray  # (epochs,) how many in each epoch
    missed: np.ndarray  # (updates,) the row of X that caused each update
    W: np.ndarray  # (updates + 1, n): the weights at the start and after each update
    B: np.ndarray  # (updates + 1,)

    @property
    def converged(self) -> bool:
        """True when the last epoch had no mistake: nothing would ever change again."""
        return bool(self.mistakes[-1] == 0)


def perceptron_fit(
    X: ArrayLike,
    y: ArrayLike,
    w: ArrayLike | None = None,
    b: float = 0.0,
    lr: float = 1.0,
    epochs: int = 1000,
) -> PerceptronFit:
    """Apply the rule to every row of X in turn, again and again, until an epoch has no mistake.

    X: (N, n), y: (N,) of 0 and 1; w: (n,) and b to start from (zeros). It stops after `epochs` at the latest.
    Raises ValueError where shapes do not fit or y holds anything else than 0 and 1.
    """
    X, y = _examples("perceptron_fit", X, y)
    w = np.zeros(X.shape[1]) if w is None else np.asarray(w, dtype=float)
    if w.shape != X.shape[1:]:
        raise ValueError(f"perceptron_fit: X has {X.shape[1]} features but w is {w.shape}")
    if not lr > 0:
        raise ValueError(f"perceptron_fit: lr must be more than 0, got {lr}")
    if epochs < 1:
        raise ValueError(f"perceptron_fit: epochs must be 1 or more, got {epochs}")
    W, B = [w], [float(b)]
    missed: list[int] = []
    mistakes: list[int] = []
    for _ in range(epochs):
        before, i = len(missed), 0
        # Up to the next mistake nothing changes, so all examples that are left are tried at once.
        while len(wrong := np.flatnonzero(step(X[i:] @ W[-1] + B[-1]) != y[i:])):
            i += wrong[0]
            change = lr if y[i] == 1 else -lr
            W.append(W[-1] + change * X[i])
            B.append(B[-1] + change)
            missed.append(i)
            i += 1
        mistakes.append(len(missed) - before)
        if mistakes[-1] == 0:
            break
    return PerceptronFit(
        W[-1], B[-1], np.array(mistakes), np.array(missed, dtype=int), np.array(W), np.array(B)
    )


def margin(X: ArrayLike, y: ArrayLike, w: ArrayLike, b: float) -> float:
    """γ = min over i of t_i (w·x_i + b) / √(|w|² + b²), with t = 2y − 1.  X: (N, n), y: (N,), w: (n,)

    Above 0 where the weights put every example on its side; in the units of X. Raises ValueError where shapes
    do not fit, a label is not 0 or 1, or all weights are zero.
    """
    X, y = _examples("margin", X, y)
    w = np.asarray(w, dtype=float)
    if w.shape != X.shape[1:]:
        raise ValueError(f"margin: X has {X.shape[1]} features but w is {w.shape}")
    length = np.hypot(np.linalg.norm(w), b)
    if length == 0:
        raise ValueError("margin: w and b are all zero, and zero weights have no direction")
    return float(((2 * y - 1) * (X @ w + b)).min() / length)


def max_margin(X: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, float]:
    """The weights with the largest margin, w̃ of length 1.  X: (N, n), y: (N,) -> (n,), a number

    They point from the origin to the nearest point of the convex hull of the t_i x̃_i; that point is found by
    non-negative least squares (C. Lawson and R. Hanson, 1974). Raises ValueError where no weights separate.
    """
    from scipy.optimize import nnls

    X, y = _examples("max_margin", X, y)
    extended = np.column_stack([X, np.ones(len(X))])
    signed = (2 * y - 1)[:, None] * extended / np.linalg.norm(extended, axis=1).max()  # (N, n + 1)
    weights, _ = nnls(np.vstack([signed.T, np.ones(len(X))]), np.append(np.zeros(X.shape[1] + 1), 1.0))
    nearest = weights @ signed
    # No direction has a margin above 0 unless the classes can be separated: the test is exact.
    if not (signed @ nearest).min() > 0:
        raise ValueError("max_margin: no weights separate these two classes without a mistake")
    nearest /= np.linalg.norm(nearest)
    return nearest[:-1], float(nearest[-1])


def perceptron_bound(X: ArrayLike, y: ArrayLike, w: ArrayLike, b: float) -> float:
    """(R/γ)² with R = max over i of √(|x_i|² + 1), γ the margin of w, b.  X: (N, n), y: (N,), w: (n,)

    From zero weights the rule makes no more mistakes than this, in any order of the examples and at any
    learning rate. Any separating weights give a bound; those of the largest margin give the least. Raises
    ValueError where w, b do not separate. Source: A. Novikoff (1962).
    """
    gamma = margin(X, y, w, b)
    if gamma <= 0:
        raise ValueError(f"perceptron_bound: w, b must separate the classes, but their margin is {gamma:.3g}")
    return float(((np.asarray(X, dtype=float) ** 2).sum(axis=1) + 1).max() / gamma**2)


def _examples(name: str, X: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """X and y in float64, in which thousands of corrections still add up exactly enough."""
    X, y = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
    if X.ndim != 2 or len(X) == 0:
        raise ValueError(f"{name}: X must hold one example a row, (N, n), but it is {X.shape}")
    if y.shape != X.shape[:1]:
        raise ValueError(f"{name}: X has {len(X)} examples, so y must be ({len(X)},), but it is {y.shape}")
    if not np.isfinite(X).all():
        raise ValueError(f"{name}: X holds NaN or infinity")
    _signs(name, y)
    return X, y


def _signs(name: str, y: ArrayLike) -> None:
    odd = np.setdiff1d(y, [0, 1])
    if len(odd):
        hint = ": (t + 1) / 2 turns −1 and +1 into 0 and 1" if set(odd) == {-1} else ""
        raise ValueError(f"{name}: labels y must be 0 or 1, got {odd[0]:g}{hint}")
