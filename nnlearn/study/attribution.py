"""Which part of the input moved the score? Maps of one network's answer (chapter 22).

A `model` is any function of a batch, x (B, …) -> scores (B, classes); `target` (B,) says whose score is
explained: one class for each row, or one for all.
"""

from collections.abc import Callable
from itertools import product

import numpy as np

from nnlearn.engine.arithmetic import where
from nnlearn.engine.primitive import Array, Result, Rule, no_grad, plain, primitive
from nnlearn.engine.tape import grad
from nnlearn.engine.tensor import Tensor

Model = Callable[[Array], Result]


def target_score(model: Model, x: Array, target: np.ndarray | int) -> Result:
    """Each row's score of its target.  x (B, …), target (B,) -> (B,)

    Raises ValueError for targets that are not one for each row, or that are no class.
    """
    out, n = model(x), len(x)
    target = np.asarray(target)
    if target.shape not in ((), (n,)) or target.dtype.kind not in "iu":
        raise ValueError(
            f"target_score: target is {target.shape} of {target.dtype}, "
            f"expected one whole number, or {n} of them"
        )
    if target.size and not (0 <= target.min() and target.max() < out.shape[-1]):
        raise ValueError(f"target_score: target is {target}, expected classes from 0 to {out.shape[-1] - 1}")
    return out[np.arange(n), np.broadcast_to(target, n)]


def input_gradient(model: Model, x: Array, target: np.ndarray | int) -> np.ndarray:
    """∂ score / ∂ x: by how much the target's score rises with each number of the input.  (B, …), same out

    Raises ValueError as `target_score` does.
    """
    x = Tensor(plain(x), requires_grad=True)
    return grad(target_score(model, x, target).sum(), [x])[0]


def saliency(model: Model, x: Array, target: np.ndarray | int) -> np.ndarray:
    """|∂ score / ∂ x|.  (B, …), same out.  Source: K. Simonyan, A. Vedaldi and A. Zisserman (2014)."""
    return np.abs(input_gradient(model, x, target))


def integrated_gradients(
    model: Model, x: Array, target: np.ndarray | int, baseline: Array | float = 0.0, steps: int = 64
) -> np.ndarray:
    """(x − x₀) · mean of ∂ score / ∂ x on the line from x₀, the baseline, to x.  (B, …), same out

    The mean is taken at the middles of `steps` equal parts. Each row's sum tends to score(x) − score(x₀).
    Raises ValueError for less than one step, and for a baseline that does not fit x.

    Source: M. Sundararajan, A. Taly and Q. Yan (2017).
    """
    x, start = plain(x), np.asarray(plain(baseline))
    if steps < 1:
        raise ValueError(f"integrated_gradients: steps is {steps}, expected at least 1")
    try:
        np.broadcast_to(start, x.shape)
    except ValueError:
        raise ValueError(f"integrated_gradients: baseline is {start.shape}, expected x's {x.shape}") from None
    total = np.zeros_like(x)
    for part in (np.arange(steps) + 0.5) / steps:
        total += input_gradient(model, (start + part * (x - start)).astype(x.dtype), target)
    return (x - start) * total / steps


@no_grad()
def occlusion(
    model: Model, x: Array, target: np.ndarray | int, window: int = 5, stride: int = 1, fill: float = 0.0
) -> np.ndarray:
    """How far the target's score falls when a window of the picture is filled.  (B, C, H, W) -> (B, H, W)

    Each pixel gets the mean over the windows that cover it; the last ones reach the edge whatever the stride.
    Raises ValueError for x without four axes, a window that does not fit, or a stride below 1 or above it.

    Source: M. Zeiler and R. Fergus (2014).
    """
    x = np.asarray(plain(x))
    if x.ndim != 4 or not 1 <= window <= min(x.shape[2:]):
        raise ValueError(f"occlusion: a window of {window} does not fit x {x.shape}, expected (B, C, H, W)")
    if not 1 <= stride <= window:
        raise ValueError(f"occlusion: stride is {stride}, expected 1 to the window's {window}")
    whole = plain(target_score(model, x, target))
    fall, count = np.zeros((len(x), *x.shape[2:]), whole.dtype), np.zeros(x.shape[2:], whole.dtype)
    for i, j in product(*(sorted({*range(0, n - window, stride), n - window}) for n in x.shape[2:])):
        here, hidden = np.s_[..., i : i + window, j : j + window], x.copy()
        hidden[here] = fill
        fall[here] += (whole - plain(target_score(model, hidden, target)))[:, None, None]
        count[here] += 1
    return fall / count


def grad_cam(features: Model, head: Model, x: Array, target: np.ndarray | int) -> np.ndarray:
    """relu(Σ_c w_c A_c), w_c the mean slope of the score on map A_c.  x (B, …) -> (B, h, w)

    The network is cut in two: `features(x)` are maps A (B, c, h, w), `head(A)` are scores. Raises ValueError
    for features of another kind. Source: R. Selvaraju and others (2017).
    """
    with no_grad():
        maps = plain(features(x))
    if maps.ndim != 4:
        raise ValueError(f"grad_cam: features gives {maps.shape}, expected maps (B, c, h, w)")
    weights = input_gradient(head, maps, target).mean(axis=(2, 3), keepdims=True)
    return np.maximum((weights * maps).sum(axis=1), 0)


@primitive
def guided_relu(x: Array) -> Rule:
    """max(0, x), whose backward step lets only rising slopes through: not the derivative of anything.

    Source: J. T. Springenberg and others (2015).
    """
    on = x > 0
    return where(on, x, 0.0), lambda g: where(on, where(g > 0, g, 0.0), 0.0)
