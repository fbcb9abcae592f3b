"""Fewer bits, fewer weights, a smaller network: quantisation, pruning and distillation (chapter 26)."""

import numpy as np
from numpy.typing import ArrayLike

from nnlearn.engine.primitive import Array, Result
from nnlearn.functions.activations import log_softmax, softmax

Axis = int | tuple[int, ...] | None


def quantize(
    w: ArrayLike, bits: int = 8, axis: Axis = None, clip: float | np.ndarray = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """q = round(w / s), s = clip · max|w| / m, m = 2^(bits − 1) − 1.  (…) -> q (…) of int8, s of float32

    `axis` is what shares a scale: None all, 0 each column of a matrix; s keeps its axes with length 1, so
    that s · q has the shape of w. What is larger than m s becomes ± m. Where all weights are 0, s is 1.
    Raises ValueError for bits other than 2 to 8, a clip that is not above 0, and weights that are not finite.
    Source: B. Jacob and others (2018), symmetric case.
    """
    w = np.asarray(w, np.float32)
    if bits not in range(2, 9):
        raise ValueError(f"quantize: bits is {bits}, expected a whole number from 2 to 8")
    if not np.all(np.asarray(clip) > 0):
        raise ValueError(f"quantize: clip is {clip}, expected more than 0")
    if not np.isfinite(w).all():
        raise ValueError("quantize: w has numbers that are not finite, expected finite weights")
    m = 2 ** (bits - 1) - 1
    s = (np.asarray(clip) * np.abs(w).max(axis, keepdims=True, initial=0) / m).astype(np.float32)
    s[s == 0] = 1
    return np.clip(np.rint(w / s), -m, m).astype(np.int8), s


def dequantize(q: np.ndarray, s: np.ndarray) -> np.ndarray:
    """s q, the weights that whole numbers stand for.  (…), broadcastable -> (…) of float32"""
    return q * np.asarray(s, np.float32)


def best_clip(w: ArrayLike, bits: int = 8, axis: Axis = None) -> np.ndarray:
    """The clip of 0.2, 0.3, …, 1 with the least squared error, for each scale.  (…) -> as `quantize`'s s

    Raises ValueError as `quantize` does.
    """
    w = np.asarray(w, np.float32)
    tried = np.linspace(0.2, 1, 9)
    errors = [((dequantize(*quantize(w, bits, axis, c)) - w) ** 2).sum(axis, keepdims=True) for c in tried]
    return tried[np.argmin(errors, axis=0)]


def pack_int4(q: np.ndarray) -> np.ndarray:
    """Two whole numbers a byte, the first in the high half.  (…) -> (⌈n / 2⌉,) of uint8

    Raises ValueError for numbers outside −8 to 7.
    """
    flat = np.asarray(q).ravel()
    if flat.size and (flat.min() < -8 or flat.max() > 7):
        raise ValueError(f"pack_int4: q reaches from {flat.min()} to {flat.max()}, expected -8 to 7")
    halves = (np.append(flat, [0] * (flat.size % 2)).astype(np.int8) & 15).astype(np.uint8)
    return halves[::2] << 4 | halves[1::2]


def unpack_int4(packed: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """What `pack_int4` packed.  (⌈n / 2⌉,) of uint8 -> shape, of int8. Raises ValueError for other sizes."""
    n = int(np.prod(shape))
    if packed.shape != ((n + 1) // 2,):
        raise ValueError(f"unpack_int4: {packed.shape} bytes for shape {shape}, expected {((n + 1) // 2,)}")
    halves = np.stack([packed >> 4, packed & 15], axis=1).ravel()[:n].astype(np.int8)
    return (halves - 16 * (halves > 7)).astype(np.int8).reshape(shape)


def magnitude_mask(w: ArrayLike, sparsity: float) -> np.ndarray:
    """True at the largest |w|, False at round(sparsity · n) others; of equals the first go.  (…) -> (…)

    Raises ValueError for a sparsity outside 0 to 1. Source: S. Han and others (2015).
    """
    w = np.asarray(w)
    if not 0 <= sparsity <= 1:
        raise ValueError(f"magnitude_mask: sparsity is {sparsity}, expected 0 to 1")
    mask = np.ones(w.size, bool)
    mask[np.argsort(np.abs(w), axis=None, kind="stable")[: round(sparsity * w.size)]] = False
    return mask.reshape(w.shape)


def distillation_loss(logits: Array, teacher: ArrayLike, temperature: float = 1.0) -> Result:
    """−T² mean Σ softmax(teacher / T) log softmax(logits / T).  (B, classes), (B, classes) -> a number

    T² keeps the size of its gradient as T grows. Raises ValueError when the shapes differ or T is not above
    0. Source: G. Hinton, O. Vinyals and J. Dean (2015).
    """
    teacher = np.asarray(teacher)
    if logits.shape != teacher.shape:
        raise ValueError(f"distillation_loss: logits are {logits.shape}, teacher {teacher.shape}: one shape")
    if temperature <= 0:
        raise ValueError(f"distillation_loss: temperature is {temperature}, expected more than 0")
    p = softmax(teacher / temperature)
    return -(log_softmax(logits / temperature) * p).sum(axis=-1).mean() * temperature**2


def output_axes(name: str, w: np.ndarray) -> Axis:
    """The axes over which one output of a layer adds up: its weights may share a scale.

    A kernel (C_out, C_in, H, W) has its first axis for outputs, a matrix (n_in, n_out) its last; a table of
    tokens or positions has a row for each. `name` is the parameter's, as in `state_dict()`.
    """
    if w.ndim == 4:
        return (1, 2, 3)
    return 1 if name.startswith(("tokens.", "positions.")) else 0
