"""Gradients checked against differences (chapter 07)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nnlearn.engine.primitive import plain
from nnlearn.engine.random import RNG
from nnlearn.engine.tensor import Tensor


def gradcheck(
    f: Callable,
    *inputs: Any,
    gradients: Any = None,
    tolerance: float = 1e-6,
    step: float = 1e-6,
    rng: RNG = 0,
) -> float:
    """The largest error of f's gradients against central differences (f(x + h) − f(x − h)) / 2h, in float64.

    The error is relative to the largest gradient of each input. The output is weighted by a random upstream
    gradient: a plain sum would hide mistakes. Gradients computed by hand are checked with `gradients=`:
    arrays, one for each input (f then returns one number), or a function of the upstream gradient that
    returns them. Raises AssertionError above `tolerance`, ValueError when gradients are given as arrays and f
    returns more than one number.
    """
    arrays = [np.array(plain(x), dtype=np.float64) for x in inputs]
    value = np.asarray(plain(f(*arrays)), dtype=np.float64)
    by_hand = gradients is not None and not callable(gradients)
    if by_hand and value.size != 1:
        raise ValueError(
            f"gradcheck: f returned shape {value.shape}; with gradients given as arrays "
            f"it must return one number"
        )
    upstream = np.ones(value.shape) if by_hand else np.random.default_rng(rng).standard_normal(value.shape)
    worst = 0.0
    for i, (a, got) in enumerate(zip(arrays, _claimed(f, arrays, gradients, upstream), strict=True)):
        expected = _central_differences(lambda: np.vdot(upstream, plain(f(*arrays))), a, step)
        if np.shape(got) != a.shape:
            raise AssertionError(
                f"gradcheck: the gradient of input {i} has shape {np.shape(got)}, the input {a.shape}"
            )
        error = np.abs(got - expected) / max(1.0, np.abs(expected).max(initial=0.0))
        if not (error <= tolerance).all():
            at = tuple(int(k) for k in np.unravel_index(np.argmax(error), a.shape))
            raise AssertionError(
                f"gradcheck: input {i} at {at}: the gradient is {np.asarray(got)[at]:.8g}, "
                f"differences say {expected[at]:.8g}"
            )
        worst = max(worst, float(error.max(initial=0.0)))
    return worst


def _claimed(f: Callable, arrays: list[np.ndarray], gradients: Any, upstream: np.ndarray) -> list[Any]:
    """The gradients to be checked: those given, or those of the tape."""
    if gradients is None:
        leaves = [Tensor(a.copy(), requires_grad=True) for a in arrays]
        f(*leaves).backward(upstream)
        return [np.zeros(a.shape) if t.grad is None else t.grad for a, t in zip(arrays, leaves, strict=True)]
    given = gradients(upstream) if callable(gradients) else gradients
    return list(given) if isinstance(given, tuple | list) else [given]


def _central_differences(f: Callable[[], Any], x: np.ndarray, step: float) -> np.ndarray:
    """d f / d x by moving one entry of x at a time, in place."""
    slope = np.empty_like(x)
    for i in np.ndindex(x.shape):
        old = x[i]
        x[i] = old + step
        above = f()
        x[i] = old - step
        slope[i] = (above - f()) / (2 * step)
        x[i] = old
    return slope
