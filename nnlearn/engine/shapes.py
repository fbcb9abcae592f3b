"""Shapes and indexing: the same values in another arrangement, and their derivatives.

Names and arguments are NumPy's.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from nnlearn.engine.primitive import Array, Result, Rule, Variable, Vjp, computable, plain, primitive

Axis = int | tuple[int, ...] | None


@primitive
def reshape(x: Array, shape: int | tuple[int, ...]) -> Rule:
    """The same values in another shape; one length may be −1: whatever is left."""
    old = x.shape
    return x.reshape(shape), lambda g: g.reshape(old)


@primitive
def transpose(x: Array, axes: Sequence[int] | None = None) -> Rule:
    """The axes in another order; reversed if none is given."""
    back = None if axes is None else tuple(np.argsort([a % x.ndim for a in axes]).tolist())
    return x.transpose(axes), lambda g: g.transpose(back)


@primitive
def swapaxes(x: Array, axis1: int, axis2: int) -> Rule:
    """Two axes exchanged."""
    return x.swapaxes(axis1, axis2), lambda g: g.swapaxes(axis1, axis2)


def expand_dims(x: Array, axis: int | tuple[int, ...]) -> Result:
    """New axes of length 1 at these positions of the result."""
    axes = axis if isinstance(axis, tuple) else (axis,)
    ndim = x.ndim + len(axes)
    new = {a % ndim for a in axes}
    lengths = iter(x.shape)
    return x.reshape(tuple(1 if i in new else next(lengths) for i in range(ndim)))


def squeeze(x: Array, axis: Axis = None) -> Result:
    """Without the axes of length 1, or without those named. Raises ValueError if one of them is longer."""
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    gone = {a % x.ndim for a in axes if axis is not None or x.shape[a] == 1}
    for a in gone:
        if x.shape[a] != 1:
            raise ValueError(f"squeeze: axis {a} of x {x.shape} is {x.shape[a]} long, not 1")
    return x.reshape(tuple(n for i, n in enumerate(x.shape) if i not in gone))


@primitive
def broadcast_to(x: Array, shape: tuple[int, ...]) -> Rule:
    """x repeated to this shape."""
    return np.broadcast_to(x, shape), lambda g: g


@primitive
def astype(x: Array, dtype: Any) -> Rule:
    """The same values as another type; the gradient comes back as the old one.

    Raises TypeError for a type that nnlearn does not compute with, float16 for example.
    """
    y = x.astype(dtype)
    return y if isinstance(y, Variable) else computable(y, "astype: the values"), lambda g: g


def concatenate(arrays: Sequence[Array], axis: int = 0) -> Result:
    """Arrays joined along an axis they share."""
    return _concatenate(axis, *arrays)


@primitive
def _concatenate(axis: int, *arrays: Array) -> Rule:
    y = np.concatenate(arrays, axis=axis)
    lead = (slice(None),) * (axis % y.ndim)
    ends = np.cumsum([a.shape[axis] for a in arrays]).tolist()
    parts = [(*lead, slice(end - a.shape[axis], end)) for a, end in zip(arrays, ends, strict=True)]
    vjps: list[Vjp | None] = [None, *(operator.itemgetter(part) for part in parts)]  # g ↦ g[part]
    return y, *vjps


def stack(arrays: Sequence[Array], axis: int = 0) -> Result:
    """Arrays of one shape joined along a new axis."""
    return concatenate([expand_dims(a, axis) for a in arrays], axis)


@primitive
def getitem(x: Array, index: Any) -> Rule:
    """x[index], with any of NumPy's indices."""
    shape = x.shape
    return x[index], lambda g: _put(g, index, shape)


@primitive
def _put(g: Array, index: Any, shape: tuple[int, ...]) -> Rule:
    """Zeros of this shape with g added at index: the transpose of x[index]."""
    x, values = np.zeros(shape, g.dtype), plain(g)
    parts = index if isinstance(index, tuple) else (index,)
    if all(p is None or p is Ellipsis or isinstance(p, int | np.integer | slice) for p in parts):
        x[index] = values
    elif isinstance(index, np.ndarray) and index.dtype.kind in "iu" and index.size:
        # rows may repeat: sort them, and add each run of equal ones at once
        rows = (index.astype(np.intp) % shape[0]).ravel()
        order = np.argsort(rows, kind="stable")
        rows = rows[order]
        starts = np.flatnonzero(np.diff(rows, prepend=-1))
        x[rows[starts]] = np.add.reduceat(values.reshape(len(rows), *shape[1:])[order], starts, axis=0)
    else:
        np.add.at(x, index, values)
    return x, lambda gg: gg[index]
