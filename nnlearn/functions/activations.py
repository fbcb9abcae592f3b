"""Activation functions, each with its derivative (chapter 05; the gated one, chapter 16)."""

from __future__ import annotations

import math

import numpy as np

from nnlearn.engine.arithmetic import erf, where
from nnlearn.engine.arithmetic import tanh as tanh
from nnlearn.engine.primitive import Array, Fused, Result, Rule, floating, primitive
from nnlearn.functions.numerics import top, total


@primitive
def relu(x: Array) -> Rule:
    """max(0, x)."""
    y = np.maximum(x, 0)
    return y, lambda g: g * (y != 0)  # y is never below 0


@primitive
def leaky_relu(x: Array, slope: float = 0.01) -> Rule:
    """x where x > 0, slope · x elsewhere."""
    up = x > 0
    return where(up, x, slope * x), lambda g: where(up, g, slope * g)


@primitive
def elu(x: Array, alpha: float = 1.0) -> Rule:
    """x where x > 0, α (eˣ − 1) elsewhere (Clevert et al., 2016)."""
    up = x > 0
    below = alpha * np.expm1(np.minimum(floating(x), 0))
    return where(up, x, below), lambda g: where(up, g, g * (below + alpha))


@primitive
def sigmoid(x: Array) -> Rule:
    """σ(x) = 1 / (1 + e⁻ˣ), in (0, 1)."""
    least = -87.0 if x.dtype == np.float32 else -700.0  # e⁻ˣ overflows below; σ is 0 to the last digit
    y = 1 / (1 + np.exp(-np.maximum(x, least)))
    return y, lambda g: g * (y * (1 - y))


@primitive
def silu(x: Array) -> Rule:
    """x σ(x), also called swish (Elfwing et al., 2018; Ramachandran et al., 2017)."""
    s = sigmoid(x)
    y = np.maximum(x, -1e4) * s  # far below, s is not 0 but the smallest number: −10³⁸ of it would count
    return y, lambda g: g * (s + y * (1 - s))


@primitive
def swiglu(x: Array) -> Rule:
    """silu(a) · b, where a and b are the two halves of the last axis.  (…, 2 n) -> (…, n)

    Raises ValueError when the last axis cannot be halved. Source: Shazeer (2020).
    """
    if x.ndim == 0 or x.shape[-1] % 2:
        raise ValueError(f"swiglu: the last axis of x {x.shape} must be even: its halves are multiplied")
    x = floating(x)
    shape, n = x.shape, x.shape[-1] // 2
    a, b = x[..., :n], x[..., n:]
    s = sigmoid(a)
    opened = np.maximum(a, -1e4) * s  # as in silu

    def backward(g: np.ndarray, needs: list[bool]) -> tuple:
        dx = np.empty(shape, g.dtype)
        da, db = dx[..., :n], dx[..., n:]
        np.subtract(1, s, out=da)
        da *= opened
        da += s
        da *= b
        da *= g
        np.multiply(g, opened, out=db)
        return (dx,)

    return opened * b, Fused(backward)


def gelu(x: Array, approximate: str = "none") -> Result:
    """x Φ(x), Φ the normal distribution function (Hendrycks & Gimpel, 2016); GPT-2 uses approximate="tanh".

    Raises ValueError for any approximate but "none" and "tanh".
    """
    if approximate not in ("none", "tanh"):
        raise ValueError(f'gelu: approximate must be "none" or "tanh" but is {approximate!r}')
    return _gelu(x) if approximate == "none" else _gelu_tanh(x)


@primitive
def _gelu(x: Array) -> Rule:
    p = 0.5 * (1 + erf(x * math.sqrt(0.5)))
    density = 1 / math.sqrt(2 * math.pi)
    return x * p, lambda g: g * (p + density * x * np.exp(-0.5 * x * x))


@primitive
def _gelu_tanh(x: Array) -> Rule:
    """x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2."""
    c, k = math.sqrt(2 / math.pi), 0.044715
    x = floating(x)
    square = x * x
    p = square * (k * c)
    p += c
    p *= x
    p = np.tanh(p)
    p += 1
    p *= 0.5
    # Of x, p and the slope, the slope alone is kept for backward: 2 p (1 − p) x (c + 3 k c x²) + p
    slope = square
    slope *= 6 * k * c
    slope += 2 * c
    slope *= x
    slope *= 1 - p
    slope += 1
    slope *= p
    p *= x
    return p, lambda g: g * slope


@primitive
def softplus(x: Array) -> Rule:
    """log(1 + eˣ): a smooth relu, whose slope is σ(x)."""
    x = floating(x)
    return np.maximum(x, 0) + np.log1p(np.exp(-np.absolute(x))), lambda g: g * sigmoid(x)


@primitive
def softmax(x: Array, axis: int = -1) -> Rule:
    """eˣ / Σ eˣ along an axis: positive, summing to one. A large x is subtracted first: no overflow."""
    x = floating(x)
    e = np.exp(x - top(x, axis))
    y = e / total(e, axis)
    return y, lambda g: y * (g - total(g * y, axis))


@primitive
def log_softmax(x: Array, axis: int = -1) -> Rule:
    """x − log Σ eˣ along an axis: the logarithm of softmax without its rounding."""
    x = floating(x)
    z = x - top(x, axis)
    y = z - np.log(total(np.exp(z), axis))
    return y, lambda g: g - np.exp(y) * total(g, axis)
