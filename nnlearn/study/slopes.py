"""Gradient descent as chapter 03 needs it, and the number that says how long it takes."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike


def gradient_descent(
    gradient: Callable[[np.ndarray], np.ndarray], w: ArrayLike, lr: float, steps: int
) -> np.ndarray:
    """w ← w − η ∇L(w), again and again: every w on the way.  w: any shape -> (steps + 1, *w.shape)

    `gradient(w)` is ∇L(w), of the shape of w; where it draws a batch at each call, this is stochastic
    gradient descent. Raises ValueError where lr is not above 0, steps is below 0 or the gradient has another
    shape than w. Sources: A. Cauchy (1847); H. Robbins and S. Monro (1951) for the stochastic one.
    """
    if not lr > 0:
        raise ValueError(f"gradient_descent: lr must be more than 0, got {lr}")
    if steps < 0:
        raise ValueError(f"gradient_descent: steps must be 0 or more, got {steps}")
    start = np.asarray(w, dtype=float)
    path = np.empty((steps + 1, *start.shape))
    path[0] = start
    for k in range(steps):
        slope = np.asarray(gradient(path[k].copy()))
        if slope.shape != start.shape:
            raise ValueError(f"gradient_descent: w is {start.shape}, but its gradient is {slope.shape}")
        path[k + 1] = path[k] - lr * slope
    return path


def condition_number(X: ArrayLike) -> float:
    """κ = λ_max / λ_min of the eigenvalues of XᵀX/N.  X: (N, n) -> a number

    The largest curvature of a squared error over its smallest. Computed from the singular
    values of X, whose squares are N λ; infinite where the columns are dependent. The steps that gradient
    descent needs grow like κ. Raises ValueError unless X is a table of finite numbers with at least as many
    rows as columns.
    """
    X = np.asarray(X, dtype=float)
    if X.ndim != 2 or not 0 < X.shape[1] <= X.shape[0]:
        raise ValueError(f"condition_number: X must be (N, n) with N ≥ n > 0, but it is {X.shape}")
    if not np.isfinite(X).all():
        raise ValueError("condition_number: X holds NaN or infinity")
    s = np.linalg.svd(X, compute_uv=False)
    dependent = s[-1] <= s[0] * max(X.shape) * np.finfo(float).eps
    return float("inf") if dependent else float((s[0] / s[-1]) ** 2)
