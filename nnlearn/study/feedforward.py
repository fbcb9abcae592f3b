"""Networks as plain lists of layers, [(W, b), (W, b), …]: what they compute, how many pieces they have."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nnlearn.engine.primitive import Array, Result
from nnlearn.functions.activations import relu
from nnlearn.functions.linear import linear

Layer = tuple[Array, Any]  # W (n_in, n_out) and b (n_out,), or None for no bias


def forward(x: Array, layers: Sequence[Layer], activation: Callable[[Array], Result] = relu) -> Result:
    """y = a(… a(x W₁ + b₁) …) W_L + b_L.  x: (..., n_in) -> (..., n_out)

    Every layer but the last is followed by `activation`. Raises ValueError, naming the layer, where the
    shapes do not chain.
    """
    _check_chain("forward", layers)
    for W, b in layers[:-1]:
        x = activation(linear(x, W, b))
    return linear(x, *layers[-1])


def count_parameters(layers: Sequence[Layer]) -> int:
    """Σ n_in·n_out + n_out: the weights and biases of all layers, counted."""
    return sum(math.prod(_shape(part)) for layer in layers for part in layer if part is not None)


def tent_network(depth: int) -> list[Layer]:
    """y = T(T(… T(x))), T(x) = 2 relu(x) − 4 relu(x − ½): 2^depth pieces on [0, 1] from 2·depth ReLUs.

    A hidden layer of two ReLUs for each tent; the output of one and the input of the next are one linear
    layer, multiplied out. Raises ValueError for a depth below 1. Source: M. Telgarsky (2016).
    """
    if depth < 1:
        raise ValueError(f"tent_network: depth must be 1 or more, got {depth}")
    W_in, b_in = np.array([[1.0, 1.0]]), np.array([0.0, -0.5])
    W_out, b_out = np.array([[2.0], [-4.0]]), np.zeros(1)
    return [(W_in, b_in), *[(W_out @ W_in, b_in)] * (depth - 1), (W_out, b_out)]


def linear_pieces(
    layers: Sequence[Layer], low: float = -np.inf, high: float = np.inf
) -> tuple[np.ndarray, np.ndarray]:
    """The straight pieces of a ReLU network y(x) between low and high: P − 1 breakpoints, P slopes.

    Exact up to rounding: on a piece every unit's input is a straight line z, so the unit bends y only where
    its z is zero. Layer by layer the pieces are cut there; in the end neighbours of equal slope are joined.
    Breakpoints closer than 1e-12 (relative to 1 or their size) count as one. Raises ValueError unless one
    number goes in and one comes out.
    """
    _check_chain("linear_pieces", layers)
    sizes = _shape(layers[0][0])[0], _shape(layers[-1][0])[1]
    if sizes != (1, 1):
        raise ValueError(
            "linear_pieces: the network must take 1 number and give 1, "
            f"this one takes {sizes[0]} and gives {sizes[1]}"
        )
    if not low < high:
        raise ValueError(f"linear_pieces: low must be below high, got low={low} and high={high}")
    breaks = np.empty(0)
    for depth in range(1, len(layers)):
        x = _one_in_each(breaks, low, high)
        z, dz = _values_and_slopes(x, layers[:depth])
        step = np.divide(-z, dz, out=np.full_like(z, np.inf), where=dz != 0)
        edges = np.concatenate([[low], breaks, [high]])
        root = x[:, None] + step
        root = root[(root > edges[:-1, None]) & (root < edges[1:, None])]
        breaks = _distinct(np.concatenate([breaks, root]), low, high)
    slopes = _values_and_slopes(_one_in_each(breaks, low, high), layers)[1][:, 0]
    bends = np.abs(np.diff(slopes)) > 1e-9 * np.abs(slopes).max()
    return breaks[bends], slopes[np.concatenate([[True], bends])]


def _values_and_slopes(x: np.ndarray, layers: Sequence[Layer]) -> tuple[np.ndarray, np.ndarray]:
    """z and dz/dx of the last of `layers`, before its activation, at the points x (P,): each (P, n_out)."""
    h, dh = x[:, None], np.ones((len(x), 1))
    for i, (W, b) in enumerate(layers):
        W = np.asarray(W, dtype=np.float64)
        z, dz = linear(h, W, None if b is None else np.asarray(b, dtype=np.float64)), dh @ W
        dz[np.abs(dz) <= 1e-12 * (np.abs(dh) @ np.abs(W))] = 0.0  # what cancels is zero, not rounding noise
        if i < len(layers) - 1:
            h, dh = z * (z > 0), dz * (z > 0)
    return z, dz


def _one_in_each(breaks: np.ndarray, low: float, high: float) -> np.ndarray:
    """A point inside each of the intervals that `breaks` makes of (low, high)."""
    edges = np.concatenate([[low], breaks, [high]])
    left, right = edges[:-1].copy(), edges[1:].copy()
    if len(breaks) == 0 and np.isinf(low) and np.isinf(high):
        return np.zeros(1)
    if np.isinf(low):
        left[0] = right[0] - 2 * max(1.0, abs(right[0]))
    if np.isinf(high):
        right[-1] = left[-1] + 2 * max(1.0, abs(left[-1]))
    return (left + right) / 2


def _distinct(points: np.ndarray, low: float, high: float) -> np.ndarray:
    """`points` in order, without those that rounding alone keeps apart from a neighbour or an end."""
    points = np.sort(points)
    tolerance = 1e-12 * np.maximum(1.0, np.abs(points))
    before = np.concatenate([[low], points[:-1]])
    return points[(points - before > tolerance) & (high - points > tolerance)]


def _shape(part: Any) -> tuple[int, ...]:
    """The shape of an array, a tensor or a list of numbers."""
    return tuple(part.shape) if hasattr(part, "shape") else np.shape(part)


def _check_chain(name: str, layers: Sequence[Layer]) -> None:
    """Raise ValueError unless `layers` are pairs (W, b) whose shapes fit one another."""
    if len(layers) == 0:
        raise ValueError(f"{name}: layers is empty; give at least one pair (W, b)")
    for k, layer in enumerate(layers, start=1):
        if not isinstance(layer, (tuple, list)) or len(layer) != 2:
            raise ValueError(f"{name}: layer {k} must be a pair (W, b), got {type(layer).__name__}")
        if len(_shape(layer[0])) != 2:
            raise ValueError(f"{name}: W of layer {k} must be (n_in, n_out), got {_shape(layer[0])}")
    for k in range(1, len(layers)):
        gives, expects = _shape(layers[k - 1][0]), _shape(layers[k][0])
        if gives[1] != expects[0]:
            raise ValueError(
                f"{name}: layer {k} gives {gives[1]} numbers but layer {k + 1} expects {expects[0]} "
                f"(W of layer {k} is {gives}, of layer {k + 1} {expects})"
            )
