"""Arithmetic, products and reductions, each with its derivative.

Names and arguments are NumPy's. NumPy's own functions called on a tensor come here: `np.exp(x)` is
`nn.exp(x)`.
"""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from nnlearn.engine.primitive import Array, Operand, Result, Rule, floating, plain, primitive
from nnlearn.engine.shapes import Axis, broadcast_to, expand_dims, squeeze

# --- arithmetic ---


@primitive
def add(a: Operand, b: Operand) -> Rule:
    """a + b."""
    return a + b, lambda g: g, lambda g: g


@primitive
def subtract(a: Operand, b: Operand) -> Rule:
    """a − b."""
    return a - b, lambda g: g, lambda g: -g


@primitive
def multiply(a: Operand, b: Operand) -> Rule:
    """a · b, elementwise."""
    return a * b, lambda g: g * b, lambda g: g * a


@primitive
def divide(a: Operand, b: Operand) -> Rule:
    """a / b, elementwise."""
    y = a / b
    return y, lambda g: g / b, lambda g: -g * (y / b)


@primitive
def power(a: Operand, b: Operand) -> Rule:
    """a ** b, elementwise. As a function of b it is differentiable where a > 0."""
    y = a**b
    # d/da = b a^(b − 1), except that b = 0 keeps its exponent: 0 · 0⁻¹ would be NaN. d/db = y log a.
    return y, lambda g: g * (b * a ** (b - (b != 0))), lambda g: g * y * np.log(where(a == 0, 1, a))


@primitive
def negative(x: Array) -> Rule:
    """−x."""
    return -x, lambda g: -g


@primitive
def absolute(x: Array) -> Rule:
    """|x|; its derivative at 0 is 0."""
    return np.absolute(x), lambda g: g * np.sign(x)


@primitive
def exp(x: Array) -> Rule:
    """eˣ."""
    y = np.exp(floating(x))
    return y, lambda g: g * y


@primitive
def expm1(x: Array) -> Rule:
    """eˣ − 1, exact for small x."""
    y = np.expm1(floating(x))
    return y, lambda g: g * (y + 1)


@primitive
def log(x: Array) -> Rule:
    """The natural logarithm."""
    return np.log(floating(x)), lambda g: g / x


@primitive
def log1p(x: Array) -> Rule:
    """log(1 + x), exact for small x."""
    return np.log1p(floating(x)), lambda g: g / (1 + x)


@primitive
def sqrt(x: Array) -> Rule:
    """√x."""
    y = np.sqrt(floating(x))
    return y, lambda g: g / (2 * y)


@primitive
def square(x: Array) -> Rule:
    """x²."""
    return np.square(x), lambda g: 2 * g * x


@primitive
def sin(x: Array) -> Rule:
    """sin x, x in radians."""
    return np.sin(floating(x)), lambda g: g * np.cos(x)


@primitive
def cos(x: Array) -> Rule:
    """cos x, x in radians."""
    return np.cos(floating(x)), lambda g: -g * np.sin(x)


@primitive
def tanh(x: Array) -> Rule:
    """tanh x = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ), in (−1, 1)."""
    y = np.tanh(floating(x))
    return y, lambda g: g * (1 - y * y)


@primitive
def erf(x: Array) -> Rule:
    """2/√π ∫₀ˣ e^(−t²) dt: the chance that a normal variable of variance 1/2 lies within ±x."""
    from scipy import special  # here, so that `import nnlearn` does without SciPy

    y = special.erf(plain(floating(x)))
    return y, lambda g: g * (2 / math.sqrt(math.pi) * np.exp(-(x * x)))


@primitive
def maximum(a: Operand, b: Operand) -> Rule:
    """The larger of a and b, elementwise; where they are equal each takes half the gradient.

    Where either is NaN the result is, and both take the whole gradient, as in PyTorch.
    """
    return np.maximum(a, b), lambda g: _share(g, a < b, a == b), lambda g: _share(g, b < a, a == b)


@primitive
def minimum(a: Operand, b: Operand) -> Rule:
    """The smaller of a and b, elementwise; where they are equal each takes half the gradient.

    Where either is NaN the result is, and both take the whole gradient, as in PyTorch.
    """
    return np.minimum(a, b), lambda g: _share(g, a > b, a == b), lambda g: _share(g, b > a, a == b)


def _share(g: Array, loses: Any, ties: Any) -> Result:
    return where(loses, 0, where(ties, 0.5 * g, g))


@primitive
def where(condition: Any, a: Operand, b: Operand) -> Rule:
    """a where condition holds, b elsewhere."""
    return np.where(condition, a, b), None, lambda g: where(condition, g, 0), lambda g: where(condition, 0, g)


def clip(x: Array, low: float | None = None, high: float | None = None) -> Result:
    """x limited to low ≤ x ≤ high; no gradient outside."""
    x = x if low is None else where(x < low, low, x)
    return x if high is None else where(x > high, high, x)


# --- products ---


def matmul(a: Array, b: Array) -> Result:
    """a @ b over the last two axes, the others broadcast.  (…, n, k), (…, k, m) -> (…, n, m)

    A vector (k,) is a row as a, a column as b. Raises ValueError when the inner axes differ.
    """
    if not (a.ndim and b.ndim) or a.shape[-1] != b.shape[-2 if b.ndim > 1 else 0]:
        raise ValueError(f"matmul: the inner axes differ: a is {a.shape}, b is {b.shape}")
    if a.ndim == 1:
        return squeeze(matmul(a[None, :], b), 0 if b.ndim == 1 else -2)
    if b.ndim == 1:
        return squeeze(matmul(a, b[:, None]), -1)
    if a.ndim > 2 and b.ndim == 2:  # one large product is faster than many small ones
        lead = a.shape[:-1]
        return matmul(a.reshape(math.prod(lead), a.shape[-1]), b).reshape(*lead, b.shape[-1])
    return _matmul(a, b)


@primitive
def _matmul(a: Array, b: Array) -> Rule:
    return a @ b, lambda g: g @ b.swapaxes(-1, -2), lambda g: a.swapaxes(-1, -2) @ g


# --- reductions ---


def _spread(g: Array, shape: tuple[int, ...], axis: Axis, keepdims: bool) -> Result:
    """Repeat g along the axes that a reduction removed."""
    if shape and axis is not None and not keepdims:  # of a single number NumPy takes axis 0
        g = expand_dims(g, axis)
    return broadcast_to(g, shape)


@primitive
def sum(x: Array, axis: Axis = None, keepdims: bool = False) -> Rule:
    """The sum over an axis, some axes, or all."""
    shape = x.shape
    return x.sum(axis=axis, keepdims=keepdims), lambda g: _spread(g, shape, axis, keepdims)


@primitive
def mean(x: Array, axis: Axis = None, keepdims: bool = False) -> Rule:
    """The mean over an axis, some axes, or all."""
    shape = x.shape
    y = x.mean(axis=axis, keepdims=keepdims)
    share = y.size / builtins.max(x.size, 1)
    return y, lambda g: _spread(g * share, shape, axis, keepdims)


def var(x: Array, axis: Axis = None, keepdims: bool = False) -> Result:
    """The variance: the mean of (x − mean(x))²."""
    return mean(square(x - mean(x, axis, True)), axis, keepdims)


def std(x: Array, axis: Axis = None, keepdims: bool = False) -> Result:
    """The standard deviation: √var(x). Where all values are equal, its gradient is 0, as in PyTorch."""
    v = var(x, axis, keepdims)
    flat = v == 0
    return where(flat, 0.0, sqrt(where(flat, 1.0, v)))


@primitive
def max(x: Array, axis: Axis = None, keepdims: bool = False) -> Rule:
    """The largest value, NaN if there is one; equal ones share the gradient, or the NaN take it."""
    y = x.max(axis=axis, keepdims=keepdims)
    return y, lambda g: _to_extremes(g, x, y, axis, keepdims)


@primitive
def min(x: Array, axis: Axis = None, keepdims: bool = False) -> Rule:
    """The smallest value, NaN if there is one; equal ones share the gradient, or the NaN take it."""
    y = x.min(axis=axis, keepdims=keepdims)
    return y, lambda g: _to_extremes(g, x, y, axis, keepdims)


def _to_extremes(g: Array, x: Array, y: Array, axis: Axis, keepdims: bool) -> Result:
    hit = (x == _spread(y, x.shape, axis, keepdims)) | (x != x)
    count = hit.sum(axis=axis, keepdims=True).astype(x.dtype)
    return where(hit, _spread(g, x.shape, axis, keepdims) / count, 0)


def argmax(x: Array, axis: int | None = None) -> Any:
    """The position of the largest value: whole numbers, without a gradient."""
    return np.argmax(plain(x), axis=axis)
