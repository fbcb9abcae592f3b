"""What weights start from. Each function takes a shape and returns a float32 array of it.

A layer passes signals on at the same size only if its weights have the right spread. That depends on how
many inputs each unit adds up, `fan_in`, and on how many units read each input, `fan_out`.
"""

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from nnlearn.engine.random import RNG, generator


class Init(Protocol):
    """An initialisation: a function of the shape and the randomness."""

    def __call__(self, shape: Sequence[int], rng: RNG = None) -> np.ndarray: ...


def fans(shape: Sequence[int]) -> tuple[int, int]:
    """(fan_in, fan_out) of W: (n_in, n_out), or (C_out, C_in, kh, kw) of a convolution.

    Raises ValueError for any other shape.
    """
    if len(shape) == 2:
        return shape[0], shape[1]
    if len(shape) == 4:
        patch = shape[2] * shape[3]
        return shape[1] * patch, shape[0] * patch
    raise ValueError(f"fans: shape is {tuple(shape)}, expected (n_in, n_out) or (C_out, C_in, kh, kw)")


def zeros(shape: Sequence[int], rng: RNG = None) -> np.ndarray:
    """0 everywhere: right for biases; as weights it makes all units of a layer learn the same."""
    return np.zeros(shape, np.float32)


def ones(shape: Sequence[int], rng: RNG = None) -> np.ndarray:
    """1 everywhere: what normalisation layers scale by at first."""
    return np.ones(shape, np.float32)


def normal(shape: Sequence[int], rng: RNG = None, std: float = 0.02) -> np.ndarray:
    """N(0, std²); 0.02 is what GPT-2 and BERT start from."""
    return generator(rng).standard_normal(shape, np.float32) * np.float32(std)


def uniform(shape: Sequence[int], rng: RNG = None, limit: float = 0.1) -> np.ndarray:
    """U(−limit, limit)."""
    return (generator(rng).random(shape, np.float32) * 2 - 1) * np.float32(limit)


def xavier_normal(shape: Sequence[int], rng: RNG = None) -> np.ndarray:
    """N(0, 2 / (fan_in + fan_out)), for tanh and sigmoid.  Source: X. Glorot and Y. Bengio (2010)."""
    return normal(shape, rng, math.sqrt(2 / sum(fans(shape))))


def xavier_uniform(shape: Sequence[int], rng: RNG = None) -> np.ndarray:
    """U(±√(6 / (fan_in + fan_out))), for tanh and sigmoid.  Source: X. Glorot and Y. Bengio (2010)."""
    return uniform(shape, rng, math.sqrt(6 / sum(fans(shape))))


def he_normal(shape: Sequence[int], rng: RNG = None) -> np.ndarray:
    """N(0, 2 / fan_in), for ReLU, which drops half of the signal.  Source: K. He et al. (2015)."""
    return normal(shape, rng, math.sqrt(2 / fans(shape)[0]))


def he_uniform(shape: Sequence[int], rng: RNG = None) -> np.ndarray:
    """U(±√(6 / fan_in)), for ReLU, which drops half of the signal.  Source: K. He et al. (2015)."""
    return uniform(shape, rng, math.sqrt(6 / fans(shape)[0]))


def lecun_normal(shape: Sequence[int], rng: RNG = None) -> np.ndarray:
    """N(0, 1 / fan_in): a linear layer keeps the variance.  Source: Y. LeCun et al. (1998)."""
    return normal(shape, rng, math.sqrt(1 / fans(shape)[0]))


def lecun_uniform(shape: Sequence[int], rng: RNG = None) -> np.ndarray:
    """U(±√(3 / fan_in)): a linear layer keeps the variance.  Source: Y. LeCun et al. (1998)."""
    return uniform(shape, rng, math.sqrt(3 / fans(shape)[0]))


def orthogonal(shape: Sequence[int], rng: RNG = None) -> np.ndarray:
    """A matrix Q with Qᵀ Q = I, or Q Qᵀ = I where it is wide: lengths are kept.

    Raises ValueError for any other shape than a matrix's. Source: A. Saxe et al. (2014).
    """
    if len(shape) != 2:
        raise ValueError(f"orthogonal: shape is {tuple(shape)}, expected a matrix's (n_in, n_out)")
    tall, wide = max(shape), min(shape)
    Q, R = np.linalg.qr(generator(rng).standard_normal((tall, wide)))
    Q *= np.sign(np.diag(R))  # else Q would not be uniform over all rotations
    return np.ascontiguousarray(Q if shape[0] >= shape[1] else Q.T, dtype=np.float32)
