"""Dropout: units left out by chance while a network trains (chapter 11)."""

from __future__ import annotations

import numpy as np

from nnlearn.engine.primitive import Array, Result, Rule, primitive
from nnlearn.engine.random import RNG, generator


def dropout(x: Array, p: float, rng: RNG = None) -> Result:
    """0 with probability p, else x / (1 − p): the mean stays.  Source: Srivastava et al. (2014).

    Raises ValueError unless 0 ≤ p < 1.
    """
    if not 0 <= p < 1:
        raise ValueError(f"dropout: p is {p} but must lie in 0 ≤ p < 1")
    if p == 0:
        return x
    keep = (generator(rng).random(x.shape, dtype=np.float32) >= p) * (1 / (1 - p))
    keep = keep.astype(np.result_type(x.dtype, np.float32))
    return _thin(x, keep)


@primitive
def _thin(x: Array, keep: np.ndarray) -> Rule:
    return x * keep, lambda g: g * keep
