"""How far apart rows lie, and how far pairs are from finding each other (chapter 23)."""

from __future__ import annotations

import numpy as np

from nnlearn.engine.arithmetic import sqrt
from nnlearn.engine.primitive import Array, Result, Rule, floating, primitive
from nnlearn.functions.losses import cross_entropy


@primitive
def squared_distances(a: Array, b: Array) -> Rule:
    """d_ij = ‖a_i − b_j‖², never below 0.  a: (n, d), b: (m, d) -> (n, m)

    Raises ValueError when the two are not tables with rows of the same length.
    """
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise ValueError(f"squared_distances: a {a.shape} and b {b.shape} need rows of the same length")
    a, b = floating(a), floating(b)
    near = (a * a).sum(axis=1, keepdims=True) - 2 * (a @ b.T) + (b * b).sum(axis=1)
    return (
        np.maximum(near, 0),
        lambda g: 2 * (a * g.sum(axis=1, keepdims=True) - g @ b),
        lambda g: 2 * (b * g.sum(axis=0).reshape((len(b), 1)) - g.T @ a),
    )


def normalize(x: Array, eps: float = 1e-12) -> Result:
    """Each row divided by its length; a row of zeros stays.  (…, d) -> (…, d)"""
    return x / sqrt((x * x).sum(axis=-1, keepdims=True) + eps)


def contrastive_loss(a: Array, b: Array, temperature: float = 0.1) -> Result:
    """Mean of two cross-entropies of the cosines a_i · b_j / temperature: each row i is to find its own i.

    a, b: (n, d), row i of one belongs to row i of the other -> one number. Symmetric InfoNCE, the loss of
    CLIP. Raises ValueError for tables of different shapes, or a temperature that is not above 0.
    Source: A. Radford and others (2021).
    """
    if a.ndim != 2 or a.shape != b.shape:
        raise ValueError(f"contrastive_loss: a {a.shape} and b {b.shape} must be tables of the same shape")
    if not temperature > 0:
        raise ValueError(f"contrastive_loss: temperature is {temperature}, expected above 0")
    logits, own = normalize(a) @ normalize(b).T / temperature, np.arange(a.shape[0])
    return (cross_entropy(logits, own) + cross_entropy(logits.T, own)) / 2
