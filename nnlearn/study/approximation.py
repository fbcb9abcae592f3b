"""Functions of one variable rebuilt from units: one hidden layer, its weights constructed and not learned."""

from collections.abc import Callable

import numpy as np

from nnlearn.functions.linear import linear
from nnlearn.study.feedforward import Layer

Function = Callable[[np.ndarray], np.ndarray]


def step_network(f: Function, knots: np.ndarray) -> list[Layer]:
    """y = c₀ + Σₖ (cₖ − cₖ₋₁) step(x − tₖ), cₖ = f halfway from tₖ to tₖ₊₁: n + 2 knots make n step units.

    A staircase; first and last knot are the ends. With step for activation: `nn.forward(x, layers, nn.step)`.
    The largest error falls as 1/n where f is smooth. Raises ValueError for knots that do not increase.
    """
    t = _knots("step_network", knots, least=3)
    levels = _values("step_network", f, (t[:-1] + t[1:]) / 2)
    return _one_hidden_layer(t[1:-1], np.diff(levels), levels[0])


def relu_network(f: Function, knots: np.ndarray) -> list[Layer]:
    """y = f(t₀) + Σₖ (sₖ − sₖ₋₁) relu(x − tₖ), sₖ = slope from f(tₖ) to f(tₖ₊₁): n + 1 knots make n ReLUs.

    The polygon through f at the knots; constant left of the first. The largest error falls as 1/n² where f is
    smooth: at most h²/8 · max|f''| for knots h apart. Raises ValueError for knots that do not increase.
    """
    t = _knots("relu_network", knots, least=2)
    y = _values("relu_network", f, t)
    return _one_hidden_layer(t[:-1], np.diff(np.diff(y) / np.diff(t), prepend=0.0), y[0])


def adapted_knots(f: Function, n: int, low: float, high: float, order: int) -> np.ndarray:
    """n + 1 knots from low to high, the same ∫ |f⁽ᵖ⁾|^(1/p) dx in each interval, p = order.

    Dense where f needs it: order 1 (steps) shares out how much f climbs and falls, order 2 (ReLUs) how much
    it bends. A tenth of the knots stay evenly spread. Raises ValueError for n below 1, low not below high,
    any other order, or an f that is not one finite number for each x. Source: C. de Boor (1973).
    """
    if n < 1 or not low < high or order not in (1, 2):
        raise ValueError(
            "adapted_knots: n must be 1 or more, low below high and order 1 or 2, "
            f"got {n=}, {low=}, {high=}, {order=}"
        )
    x = np.linspace(low, high, 2001)
    need = np.abs(np.diff(_values("adapted_knots", f, x), n=order)) ** (1 / order)
    need = np.append(need, np.zeros(order - 1))
    total = need.sum()
    need = np.full(2000, 1 / 2000) if total < 1e-12 else 0.9 * need / total + 0.1 / 2000
    share = np.concatenate([[0.0], np.cumsum(need)])
    knots = np.interp(np.linspace(0, share[-1], n + 1), share, x)
    knots[[0, -1]] = low, high
    return knots


def fit_output(
    x: np.ndarray, y: np.ndarray, W: np.ndarray, b: np.ndarray, activation: Callable[[np.ndarray], np.ndarray]
) -> list[Layer]:
    """[(W, b), (W₂, b₂)] with the W₂, b₂ of least Σ (a(x W + b) W₂ + b₂ − y)².  x: (B, n_in), y: (B, n_out)

    The hidden layer stays as it is; only the output layer is fitted, by least squares: one linear system.
    Raises ValueError when x and y do not fit.
    """
    if np.ndim(y) != 2 or np.ndim(x) != 2 or len(x) != len(y):
        raise ValueError(
            f"fit_output: x must be (B, n_in) and y (B, n_out), got x {np.shape(x)} and y {np.shape(y)}"
            + ("; y[:, None] makes a column of y" if np.ndim(y) == 1 else "")
        )
    hidden = activation(linear(x, W, b))
    solution = np.linalg.lstsq(np.column_stack([hidden, np.ones(len(x))]), y, rcond=None)[0]
    return [(W, b), (solution[:-1], solution[-1])]


def _one_hidden_layer(t: np.ndarray, weights: np.ndarray, bias: float) -> list[Layer]:
    """Units that switch on at t (n,), and how much each adds to the output."""
    return [(np.ones((1, len(t))), -t), (weights[:, None], np.array([bias]))]


def _knots(name: str, knots: np.ndarray, least: int) -> np.ndarray:
    t = np.asarray(knots, dtype=np.float64)
    if t.ndim != 1 or len(t) < least:
        raise ValueError(f"{name}: knots must be {least} or more positions, (K,), got shape {t.shape}")
    if not np.all(np.diff(t) > 0):
        k = int(np.argmin(np.diff(t) > 0))
        raise ValueError(f"{name}: knots must increase, but {t[k]:g} is followed by {t[k + 1]:g}")
    return t


def _values(name: str, f: Function, x: np.ndarray) -> np.ndarray:
    y = np.asarray(f(x), dtype=np.float64)
    if y.shape != x.shape:
        raise ValueError(
            f"{name}: f must give one number for each input: {x.shape} went in, {y.shape} came out"
        )
    if not np.all(np.isfinite(y)):
        raise ValueError(f"{name}: f({x[~np.isfinite(y)][0]:g}) is not a finite number")
    return y
