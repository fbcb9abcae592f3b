"""Weights applied: y = x W + b, and rows of a table looked up."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from nnlearn.engine.primitive import Array, Result, Rule, plain, primitive
from nnlearn.engine.shapes import getitem
from nnlearn.functions.numerics import sum_rows


@primitive
def linear(x: Array, W: Array, b: Array | None = None) -> Rule:
    """y = x W + b.  x: (…, n_in), W: (n_in, n_out), b: (n_out,) -> (…, n_out)

    Raises ValueError when the last axis of x is not n_in, or b does not fit W.
    """
    if W.ndim != 2 or x.ndim == 0 or x.shape[-1] != W.shape[0] or (b is not None and b.shape != W.shape[1:]):
        raise ValueError(_misfit(x, W, b))
    shape, n_out = x.shape, W.shape[1]
    rows = x if x.ndim == 2 else x.reshape(math.prod(shape[:-1]), shape[-1])
    y = rows @ W
    if b is not None and y.dtype.kind == "f":
        y += b
    elif b is not None:  # a product of whole numbers, which holds no fractions
        y = y + b
    if len(shape) == 2:
        return y, lambda g: g @ W.T, lambda g: rows.T @ g, sum_rows
    flat = y.shape
    return (
        y.reshape(*shape[:-1], n_out),
        lambda g: (g.reshape(flat) @ W.T).reshape(shape),
        lambda g: rows.T @ g.reshape(flat),
        lambda g: sum_rows(g.reshape(flat)),
    )


def _misfit(x: Array, W: Array, b: Array | None) -> str:
    if W.ndim != 2:
        return f"linear: W must have two axes, (n_in, n_out), but is {W.shape}"
    if x.ndim == 0:
        return f"linear: x is a single number but W expects {W.shape[0]} features (W is {W.shape})"
    if x.shape[-1] != W.shape[0]:
        got, expected = x.shape[-1], W.shape[0]
        return f"linear: x has {got} features in its last axis but W expects {expected} (W is {W.shape})"
    b_shape = None if b is None else b.shape
    return f"linear: b is {b_shape} but W {W.shape} gives {W.shape[1]} outputs: b must be {W.shape[1:]}"


def embedding(ids: Array | ArrayLike, W: Array) -> Result:
    """Row ids[i] of W for each id.  ids: whole numbers (…), W: (n, width) -> (…, width)

    Raises TypeError for ids that are not whole numbers, ValueError for those outside 0 … n − 1.
    """
    ids = np.asarray(plain(ids))
    if ids.dtype.kind not in "iu":
        raise TypeError(f"embedding: ids must be whole numbers but are {ids.dtype}")
    if ids.size and (ids.min() < 0 or ids.max() >= W.shape[0]):
        bad = ids[(ids < 0) | (ids >= W.shape[0])].flat[0]
        raise ValueError(f"embedding: id {bad} is out of range: W {W.shape} has rows 0 to {W.shape[0] - 1}")
    return getitem(W, ids)
