"""Layer, RMS, group and batch normalisation (from chapter 11 on), each as one fused step."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from nnlearn.engine.primitive import Array, Fused, Result, Rule, computable, floating, plain, primitive
from nnlearn.engine.shards import needs_whole_batch
from nnlearn.functions.numerics import sum_rows


@primitive
def layer_norm(x: Array, gamma: Array, beta: Array, eps: float = 1e-5) -> Rule:
    """γ (x − mean) / √(var + ε) + β over the last axis.  x: (…, C), gamma, beta: (C,) -> (…, C)

    Raises ValueError when gamma or beta is not (C,). Source: Ba et al. (2016).
    """
    C = x.shape[-1] if x.ndim else 0
    if gamma.shape != (C,) or beta.shape != (C,):
        raise ValueError(
            f"layer_norm: x {x.shape} needs gamma and beta ({C},): got {gamma.shape}, {beta.shape}"
        )
    x = floating(x)
    shape = x.shape
    normal, back = _standardise(x.reshape(math.prod(shape[:-1]), C), eps, np.result_type(x, gamma))
    y = normal * gamma
    y += beta

    def backward(g: np.ndarray, needs: list[bool]) -> tuple:
        g = g.reshape(normal.shape)
        dx = back(g * gamma).reshape(shape) if needs[0] else None
        return dx, sum_rows(g * normal) if needs[1] else None, sum_rows(g) if needs[2] else None

    return y.reshape(shape), Fused(backward)


@primitive
def group_norm(x: Array, groups: int, gamma: Array, beta: Array, eps: float = 1e-5) -> Rule:
    """γ (x − mean) / √(var + ε) + β over each group of channels of an example.  x: (B, C, …), same out

    A group is C / groups neighbouring channels at all their places; gamma and beta, (C,), are of each
    channel. Raises ValueError when groups does not divide C, or shapes do not fit. Source: Wu & He (2018).
    """
    if x.ndim < 2 or gamma.shape != (x.shape[1],) or beta.shape != gamma.shape:
        raise ValueError(
            f"group_norm: x {x.shape} must be (B, C, …), gamma {gamma.shape} and beta {beta.shape} (C,)"
        )
    if groups < 1 or x.shape[1] % groups:
        raise ValueError(
            f"group_norm: groups = {groups} must divide the {x.shape[1]} channels of x {x.shape}"
        )
    x = floating(x)
    shape, C, places = x.shape, x.shape[1], math.prod(x.shape[2:])
    rows, by_channel = (shape[0] * groups, C // groups * places), (shape[0], C, places)
    normal, back = _standardise(x.reshape(rows), eps, np.result_type(x, gamma))
    y = normal.reshape(by_channel) * gamma[:, None]
    y += beta[:, None]

    def backward(g: np.ndarray, needs: list[bool]) -> tuple:
        g, dx = g.reshape(by_channel), None
        if needs[0]:
            dx = back((g * gamma[:, None]).reshape(rows)).reshape(shape)
        d_gamma = np.einsum("bcp,bcp->c", g, normal.reshape(by_channel))
        return dx, None, d_gamma, np.einsum("bcp->c", g)

    return y.reshape(shape), Fused(backward)


def _standardise(rows: np.ndarray, eps: float, dtype: np.dtype) -> tuple[np.ndarray, Callable]:
    """(row − mean) / √(var + ε) of each row, and its backward function, which may write in place."""
    n = max(rows.shape[1], 1)
    average = np.full(rows.shape[1], 1 / n, dtype)
    mean = (rows @ average)[:, None]
    normal = rows - mean
    scale = _scale(normal, eps)
    if (np.absolute(mean) * scale > _FAR).any():
        normal -= (normal @ average)[:, None]
        scale = _scale(normal, eps)
    normal *= scale

    def back(g: np.ndarray) -> np.ndarray:
        """What is left of g without its mean and its part along the normalised rows, scaled."""
        along = np.vecdot(g, normal)[:, None] / n
        g -= (g @ average)[:, None]
        g -= normal * along
        g *= scale
        return g

    return normal, back


@primitive
def rms_norm(x: Array, gamma: Array, eps: float = 1e-6) -> Rule:
    """γ x / √(mean(x²) + ε) over the last axis.  x: (…, C), gamma: (C,) -> (…, C)

    Layer norm without its mean and its shift. Raises ValueError when gamma is not (C,).
    Source: Zhang & Sennrich (2019).
    """
    shape, C = x.shape, x.shape[-1] if x.ndim else 0
    if gamma.shape != (C,):
        raise ValueError(f"rms_norm: x {shape} needs gamma ({C},): got {gamma.shape}")
    rows = floating(x).reshape(math.prod(shape[:-1]), C)
    scale = _scale(rows, eps)
    normal = rows * scale
    y = normal * gamma

    def backward(g: np.ndarray, needs: list[bool]) -> tuple:
        g = g.reshape(normal.shape)
        dx = None
        if needs[0]:  # what is left of γ g without its part along x
            dx = g * gamma
            dx -= normal * (np.vecdot(dx, normal)[:, None] / max(C, 1))
            dx *= scale
            dx = dx.reshape(shape)
        return dx, sum_rows(g * normal) if needs[1] else None

    return y.reshape(shape), Fused(backward)


_FAR = 100
"""How many standard deviations a mean lies from 0 before its rounding shows: then it is subtracted twice."""


def _scale(normal: np.ndarray, eps: float) -> np.ndarray:
    """1 / √(mean square + ε) of each row.  (n, C) -> (n, 1)"""
    return 1 / np.sqrt(np.vecdot(normal, normal) / max(normal.shape[1], 1) + eps)[:, None]


def batch_norm(
    x: Array,
    gamma: Array,
    beta: Array,
    mean: np.ndarray | None = None,
    var: np.ndarray | None = None,
    training: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Result:
    """γ (x − mean) / √(var + ε) + β for each channel.  x: (B, C) or (B, C, H, W), same out

    In training, mean and var are the batch's, and the running averages `mean` and `var`, if given, are moved
    towards them in place: running ← (1 − momentum) running + momentum · batch. Otherwise the running ones are
    used. Raises ValueError when shapes do not fit, or a channel has a single value in training: its variance
    is 0. Source: Ioffe & Szegedy (2015).
    """
    if x.ndim not in (2, 4) or gamma.shape != (x.shape[1],) or beta.shape != gamma.shape:
        raise ValueError(
            f"batch_norm: x {x.shape} must be (B, C) or (B, C, H, W), "
            f"gamma {gamma.shape} and beta {beta.shape} (C,)"
        )
    for name, running in (("mean", mean), ("var", var)):
        if running is not None and running.shape != gamma.shape:
            raise ValueError(f"batch_norm: {name} is {running.shape} but x {x.shape} needs {gamma.shape}")
    n = x.size // max(x.shape[1], 1)
    if not training:
        if mean is None or var is None:
            raise ValueError("batch_norm: with training=False the running mean and var must be given")
        return _batch_norm(x, gamma, beta, mean, var, eps, False)
    if n < 2:
        raise ValueError(f"batch_norm: x {x.shape} has {n} value in each channel; training needs two or more")
    needs_whole_batch("batch_norm", "in training its mean and variance are those of the whole batch")
    rows = _channels_last(floating(computable(plain(x), "batch_norm: x")))
    average = np.full(n, 1 / n, np.result_type(rows, gamma))
    centre = average @ rows
    spread = np.einsum("ij,ij->j", rows - centre, rows - centre) / n
    if (np.absolute(centre) > _FAR * np.sqrt(spread + eps)).any():
        centre = centre + average @ (rows - centre)
        spread = np.einsum("ij,ij->j", rows - centre, rows - centre) / n
    y = _batch_norm(x, gamma, beta, centre, spread, eps, True)
    if mean is not None:
        mean += momentum * (centre - mean)
    if var is not None:
        var += momentum * (spread * (n / (n - 1)) - var)
    return y


def _channels_last(x: Array) -> Result:
    """(B, C, H, W) or (B, C) -> (B·H·W, C)"""
    return x if x.ndim == 2 else x.transpose(0, 2, 3, 1).reshape(-1, x.shape[1])


@primitive
def _batch_norm(
    x: Array, gamma: Array, beta: Array, mean: np.ndarray, var: np.ndarray, eps: float, of_batch: bool
) -> Rule:
    def restore(rows: np.ndarray) -> np.ndarray:
        return rows if len(shape) == 2 else rows.reshape(shape[0], *shape[2:], shape[1]).transpose(0, 3, 1, 2)

    x = floating(x)
    shape, dtype = x.shape, np.result_type(x, gamma)
    scale = (1 / np.sqrt(var + eps)).astype(dtype, copy=False)
    normal = _channels_last(x) - mean.astype(dtype, copy=False)
    normal *= scale
    y = normal * gamma
    y += beta

    def backward(g: np.ndarray, needs: list[bool]) -> tuple:
        g = _channels_last(g)
        d_gamma = np.einsum("ij,ij->j", g, normal)
        d_beta = sum_rows(g)
        dx = None
        if needs[0]:
            dx = g
            if of_batch:
                dx = normal * (d_gamma / -len(g))
                dx += g
                dx -= d_beta / len(g)
            dx = restore(dx * (gamma * scale))
        return dx, d_gamma, d_beta

    return restore(y), Fused(backward)
