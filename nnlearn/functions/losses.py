"""Loss functions: one number, the mean over the batch, and its slope (chapter 06)."""

from __future__ import annotations

import numpy as np

from nnlearn.engine.arithmetic import where
from nnlearn.engine.primitive import Array, Result, Rule, floating, plain, primitive
from nnlearn.engine.tensor import Tensor
from nnlearn.functions.activations import log_softmax, sigmoid
from nnlearn.functions.numerics import top, total


def _error(name: str, prediction: Array, target: Array) -> Result:
    """prediction − target, of one shape: NumPy would silently broadcast (B, 1) with (B,) to (B, B)."""
    if prediction.shape != np.shape(target):
        raise ValueError(
            f"{name}: prediction is {prediction.shape} but target is {np.shape(target)}; "
            f"give both the same shape, for example with target.reshape(prediction.shape)"
        )
    if prediction.size == 0:
        raise ValueError(f"{name}: the batch is empty: prediction is {prediction.shape}")
    return floating(prediction) - target


@primitive
def mse_loss(prediction: Array, target: Array) -> Rule:
    """mean((prediction − target)²), over every entry. Raises ValueError when the shapes differ."""
    e = _error("mse_loss", prediction, target)
    n = e.size
    return (e * e).mean(), lambda g: (2 / n) * g * e, lambda g: (-2 / n) * g * e


@primitive
def l1_loss(prediction: Array, target: Array) -> Rule:
    """mean(|prediction − target|), over every entry. Raises ValueError when the shapes differ."""
    e = _error("l1_loss", prediction, target)
    n = e.size
    return np.absolute(e).mean(), lambda g: g / n * np.sign(e), lambda g: -g / n * np.sign(e)


@primitive
def huber_loss(prediction: Array, target: Array, delta: float = 1.0) -> Rule:
    """mean of e²/2 where |e| ≤ δ and δ (|e| − δ/2) elsewhere, e = prediction − target (Huber, 1964).

    Raises ValueError when the shapes differ.
    """
    e = _error("huber_loss", prediction, target)
    n = e.size
    size = np.absolute(e)
    value = where(size <= delta, 0.5 * e * e, delta * (size - 0.5 * delta)).mean()
    slope = np.minimum(np.maximum(e, -delta), delta)
    return value, lambda g: g / n * slope, lambda g: -g / n * slope


@primitive
def hinge_loss(score: Array, target: Array) -> Rule:
    """mean(max(0, 1 − target · score)), targets −1 or +1 (Cortes & Vapnik, 1995).

    Raises ValueError when the shapes differ.
    """
    _error("hinge_loss", score, target)
    score = floating(score)
    margin = 1 - target * score
    n, wrong = margin.size, margin > 0
    value = np.maximum(margin, 0).mean()
    return value, lambda g: -g / n * (target * wrong), lambda g: -g / n * (score * wrong)


@primitive
def binary_cross_entropy(logits: Array, target: Array) -> Rule:
    """−mean(t log σ(x) + (1 − t) log(1 − σ(x))), from logits x, stable for large ones.

    Its slope is (σ(x) − t) / n. Raises ValueError when the shapes differ.
    """
    _error("binary_cross_entropy", logits, target)
    logits = floating(logits)
    n = logits.size
    value = np.maximum(logits, 0) - logits * target + np.log1p(np.exp(-np.absolute(logits)))
    return value.mean(), lambda g: g / n * (sigmoid(logits) - target), lambda g: -g / n * logits


def cross_entropy(logits: Array, labels: Array) -> Result:
    """−mean(log softmax(logits)[label]).  logits: (…, C), labels: whole numbers (…) -> one number

    Labels may also be probabilities of the logits' shape. The slope is (softmax(logits) − one-hot) / n.
    Raises ValueError when labels do not fit the logits, lie outside 0 … C − 1, or the batch is empty.
    """
    y = np.asarray(plain(labels))
    soft = y.dtype.kind == "f" and y.shape == logits.shape and y.ndim > 0
    if not soft and (y.dtype.kind not in "iu" or logits.ndim == 0 or y.shape != logits.shape[:-1]):
        raise ValueError(
            f"cross_entropy: logits {logits.shape} need labels {logits.shape[:-1]} of whole numbers "
            f"(or probabilities {logits.shape}), but labels are {y.shape} {y.dtype}"
        )
    if logits.size == 0:
        raise ValueError(f"cross_entropy: the batch is empty (logits are {logits.shape})")
    if soft:
        return -(labels * log_softmax(logits)).sum() / (logits.size // logits.shape[-1])
    if y.min() < 0 or y.max() >= logits.shape[-1]:
        bad = y[(y < 0) | (y >= logits.shape[-1])][0]
        raise ValueError(
            f"cross_entropy: label {bad} is out of range: logits {logits.shape} have {logits.shape[-1]} "
            f"classes, so labels go from 0 to {logits.shape[-1] - 1}"
        )
    return _cross_entropy(logits, y)


@primitive
def _cross_entropy(logits: Array, labels: np.ndarray) -> Rule:
    shape, n = logits.shape, labels.size
    x = floating(logits).reshape(n, shape[-1])
    at = (np.arange(n), labels.reshape(n))
    largest = top(x, 1)
    e = np.exp(x - largest)
    all_e = total(e, 1)
    value = (np.log(all_e) + (largest - x[at].reshape(n, 1))).sum() / n

    def vjp(g: Array) -> Result:
        p = e * (g / n / all_e)
        if isinstance(p, Tensor):
            one_hot = np.zeros(p.shape, p.dtype)
            one_hot[at] = 1
            p = p - g / n * one_hot
        else:
            p[at] -= g / n
        return p.reshape(shape)

    return value, vjp
