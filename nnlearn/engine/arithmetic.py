"""Arithmetic, products and reductions, each with its derivative; and the operators of `Tensor`.

Names and arguments are NumPy's. NumPy's own functions called on a tensor come here: `np.exp(x)` is
`nn.exp(x)`.
"""

from __future__ import annotations

import builtins
import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nnlearn.engine import shapes
from nnlearn.engine.shapes import (
    Axis,
    astype,
    broadcast_to,
    expand_dims,
    getitem,
    reshape,
    squeeze,
    swapaxes,
    transpose,
)
from nnlearn.engine.tensor import Array, Rule, Tensor, plain, primitive

# --- arithmetic ---


@primitive
def add(a: Array, b: Array) -> Rule:
    """a + b."""
    return a + b, lambda g: g, lambda g: g


@primitive
def subtract(a: Array, b: Array) -> Rule:
    """a − b."""
    return a - b, lambda g: g, lambda g: -g


@primitive
def multiply(a: Array, b: Array) -> Rule:
    """a · b, elementwise."""
    return a * b, lambda g: g * b, lambda g: g * a


@primitive
def divide(a: Array, b: Array) -> Rule:
    """a / b, elementwise."""
    return a / b, lambda g: g / b, lambda g: -g * a / (b * b)


@primitive
def power(a: Array, b: Array) -> Rule:
    """a ** b, elementwise. As a function of b it is differentiable where a > 0."""
    y = a**b
    return y, lambda g: g * (b * a ** (b - (b != 0))), lambda g: g * y * np.log(where(a > 0, a, 1))


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
    y = np.exp(x)
    return y, lambda g: g * y


@primitive
def expm1(x: Array) -> Rule:
    """eˣ − 1, exact for small x."""
    y = np.expm1(x)
    return y, lambda g: g * (y + 1)


@primitive
def log(x: Array) -> Rule:
    """The natural logarithm."""
    return np.log(x), lambda g: g / x


@primitive
def log1p(x: Array) -> Rule:
    """log(1 + x), exact for small x."""
    return np.log1p(x), lambda g: g / (1 + x)


@primitive
def sqrt(x: Array) -> Rule:
    """√x."""
    y = np.sqrt(x)
    return y, lambda g: g / (2 * y)


@primitive
def square(x: Array) -> Rule:
    """x²."""
    return np.square(x), lambda g: 2 * g * x


@primitive
def sin(x: Array) -> Rule:
    """sin x, x in radians."""
    return np.sin(x), lambda g: g * np.cos(x)


@primitive
def cos(x: Array) -> Rule:
    """cos x, x in radians."""
    return np.cos(x), lambda g: -g * np.sin(x)


@primitive
def tanh(x: Array) -> Rule:
    """tanh x = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ), in (−1, 1)."""
    y = np.tanh(x)
    return y, lambda g: g * (1 - y * y)


@primitive
def erf(x: Array) -> Rule:
    """2/√π ∫₀ˣ e^(−t²) dt: the chance that a normal variable of variance 1/2 lies within ±x."""
    return _erf(plain(x)), lambda g: g * (2 / math.sqrt(math.pi) * np.exp(-(x * x)))


def _erf(x: np.ndarray) -> np.ndarray:
    """Midpoint rule for erfc(x) = 2x/π e^(−x²) ∫₀^∞ e^(−t²) / (x² + t²) dt, with the pole's share added.

    Its error falls as e^(−π²/h²): seven points give single precision, fourteen double (Hunter & Regan, 1972).
    """
    x = np.asarray(x) if isinstance(x, np.ndarray | np.generic) else np.asarray(x, dtype=np.float64)
    h, points = (0.47, 14) if x.dtype == np.float64 else (0.7, 7)
    z = np.minimum(np.absolute(x), 6)
    square = z * z
    total = np.zeros_like(z)
    for k in range(points):
        t = (k + 0.5) * h
        total += math.exp(-t * t) / (square + t * t)
    total *= 2 * h / math.pi * z * np.exp(-square)
    total += 2 / (1 + np.exp(2 * math.pi / h * z))
    return np.copysign(1 - total, x)


@primitive
def maximum(a: Array, b: Array) -> Rule:
    """The larger of a and b, elementwise; where they are equal each takes half the gradient."""
    return np.maximum(a, b), lambda g: _share(g, a > b, a == b), lambda g: _share(g, b > a, a == b)


@primitive
def minimum(a: Array, b: Array) -> Rule:
    """The smaller of a and b, elementwise; where they are equal each takes half the gradient."""
    return np.minimum(a, b), lambda g: _share(g, a < b, a == b), lambda g: _share(g, b < a, a == b)


def _share(g: Array, wins: np.ndarray, ties: np.ndarray) -> Array:
    return where(wins, g, where(ties, 0.5 * g, 0))


@primitive
def where(condition: Array, a: Array, b: Array) -> Rule:
    """a where condition holds, b elsewhere."""
    return np.where(condition, a, b), None, lambda g: where(condition, g, 0), lambda g: where(condition, 0, g)


def clip(x: Array, low: float | None = None, high: float | None = None) -> Array:
    """x limited to low ≤ x ≤ high; no gradient outside."""
    x = x if low is None else where(x < low, low, x)
    return x if high is None else where(x > high, high, x)


# --- products ---


def matmul(a: Array, b: Array) -> Array:
    """a @ b over the last two axes, the others broadcast; a vector is a row as a, a column as b."""
    if not (a.ndim and b.ndim) or a.shape[-1] != b.shape[-2 if b.ndim > 1 else 0]:
        raise ValueError(f"matmul: the inner axes differ: a is {a.shape}, b is {b.shape}")
    if a.ndim == 1:
        return squeeze(matmul(a[None, :], b), 0 if b.ndim == 1 else -2)
    if b.ndim == 1:
        return squeeze(matmul(a, b[:, None]), -1)
    if a.ndim > 2 and b.ndim == 2:  # one large product is faster than many small ones
        return matmul(a.reshape(-1, a.shape[-1]), b).reshape(*a.shape[:-1], b.shape[-1])
    return _matmul(a, b)


@primitive
def _matmul(a: Array, b: Array) -> Rule:
    return a @ b, lambda g: g @ b.swapaxes(-1, -2), lambda g: a.swapaxes(-1, -2) @ g


# --- reductions ---


def _spread(g: Array, shape: tuple[int, ...], axis: Axis, keepdims: bool) -> Array:
    """Repeat g along the axes that a reduction removed."""
    if not keepdims and axis is not None:
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


def var(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """The variance: the mean of (x − mean(x))²."""
    return mean(square(x - mean(x, axis, True)), axis, keepdims)


def std(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """The standard deviation: √var(x)."""
    return sqrt(var(x, axis, keepdims))


@primitive
def max(x: Array, axis: Axis = None, keepdims: bool = False) -> Rule:
    """The largest value; equal ones share the gradient."""
    y = x.max(axis=axis, keepdims=keepdims)
    return y, lambda g: _to_extremes(g, x, y, axis, keepdims)


@primitive
def min(x: Array, axis: Axis = None, keepdims: bool = False) -> Rule:
    """The smallest value; equal ones share the gradient."""
    y = x.min(axis=axis, keepdims=keepdims)
    return y, lambda g: _to_extremes(g, x, y, axis, keepdims)


def _to_extremes(g: Array, x: Array, y: Array, axis: Axis, keepdims: bool) -> Array:
    hit = x == _spread(y, x.shape, axis, keepdims)
    count = hit.sum(axis=axis, keepdims=True).astype(x.dtype)
    return where(hit, _spread(g, x.shape, axis, keepdims) / count, 0)


def argmax(x: Array, axis: int | None = None) -> Any:
    """The position of the largest value: whole numbers, without a gradient."""
    return np.argmax(plain(x), axis=axis)


# --- the operators and methods of Tensor ---

# NumPy functions without a slope: on a tensor they work on its values.
_FLAT = frozenset(
    "less less_equal greater greater_equal equal not_equal logical_and logical_or logical_not isnan isinf "
    "isfinite sign floor ceil rint trunc argmax argmin allclose array_equal result_type shape".split()
)


def _numpy_call(function: Callable, args: Sequence[Any], named: dict[str, Any]) -> Any:
    """A function of NumPy's called on a tensor: the function of the same name here or in `shapes`."""
    name = function.__name__
    if name in _FLAT:
        return function(*map(plain, args), **named)
    ours = globals().get(name) or getattr(shapes, name, None)
    if ours is None:
        raise TypeError(
            f"np.{name} has no derivative here: use x.numpy() for the values, or functions of nnlearn"
        )
    return ours(*args, **named)


def _ufunc(self: Tensor, ufunc: np.ufunc, method: str, *inputs: Any, **named: Any) -> Any:
    if method != "__call__" or named:
        what = f"np.{ufunc.__name__}" + ("" if method == "__call__" else f".{method}")
        raise TypeError(f"{what} on a tensor: call it plainly, without {', '.join(named) or 'a method'}")
    return _numpy_call(ufunc, inputs, named)


def _function(self: Tensor, function: Callable, types: Any, args: tuple, named: dict[str, Any]) -> Any:
    return _numpy_call(function, args, named)


def _index(self: Tensor, index: Any) -> Tensor:
    return getitem(self, tuple(map(plain, index)) if isinstance(index, tuple) else plain(index))


def _comparison(ufunc: np.ufunc) -> Callable:
    return lambda self, other: ufunc(self._data, plain(other))


def _shape_method(f: Callable) -> Callable:
    """x.reshape(2, 3) and x.reshape((2, 3)) alike."""

    def method(self: Tensor, *shape: Any) -> Tensor:
        return f(self, shape[0] if len(shape) == 1 else shape or None)

    return functools.update_wrapper(method, f)


def _reflected(f: Callable) -> Callable:
    return lambda self, other: f(other, self)


def _attach() -> None:
    operators: dict[str, Callable] = dict(
        add=add, sub=subtract, mul=multiply, truediv=divide, pow=power, matmul=matmul
    )
    for name, f in operators.items():
        setattr(Tensor, f"__{name}__", f)
        setattr(Tensor, f"__r{name}__", _reflected(f))
    comparisons = dict(
        lt=np.less, le=np.less_equal, gt=np.greater, ge=np.greater_equal, eq=np.equal, ne=np.not_equal
    )
    for name, ufunc in comparisons.items():
        setattr(Tensor, f"__{name}__", _comparison(ufunc))
    others: dict[str, Callable] = dict(
        neg=negative, abs=absolute, getitem=_index, array_ufunc=_ufunc, array_function=_function
    )
    for name, f in others.items():
        setattr(Tensor, f"__{name}__", f)
    methods: dict[str, Any] = dict(
        sum=sum, mean=mean, var=var, std=std, max=max, min=min, argmax=argmax, astype=astype
    )
    methods |= dict(reshape=_shape_method(reshape), transpose=_shape_method(transpose), T=property(transpose))
    methods |= dict(swapaxes=swapaxes, squeeze=squeeze)
    for name, f in methods.items():
        setattr(Tensor, name, f)


_attach()
