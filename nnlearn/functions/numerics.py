"""How sums and softmax are computed fast and without overflow: what several functions share."""

from __future__ import annotations

import numpy as np

from nnlearn.engine.primitive import Array, Result, plain

# A sum along one axis is a product with ones: the matrix library does it several times faster than `sum`.


def sum_rows(x: Array) -> Result:
    """All rows added up: x.sum(axis=-2).  (…, n, m) -> (…, m)"""
    return np.ones(x.shape[-2], x.dtype) @ x


def total(x: Array, axis: int) -> Result:
    """x.sum(axis, keepdims=True)."""
    if x.ndim and (axis == -1 or axis == x.ndim - 1):
        return x @ np.ones((x.shape[-1], 1), x.dtype)
    return x.sum(axis=axis, keepdims=True)


def top(x: Array, axis: int) -> np.ndarray:
    """What softmax subtracts from x: the largest along the axis, or of all x where they lie close together.

    Any number would do but for overflow. Within 20 the logarithm of the sum loses no digit that counts.
    """
    values = plain(x)
    common = common_top(values, within=20)
    return values.max(axis=axis, keepdims=True) if common is None else common


def common_top(x: np.ndarray, within: float) -> np.ndarray | None:
    """The largest x of all, if none lies further below it, else None.

    One number for all is found many times faster than one for each row.
    """
    if x.size == 0:
        return np.zeros((), x.dtype)
    largest = x.max()
    return largest if largest - x.min() < within else None
