"""Recurrent networks over whole sequences (chapters 13 and 14).

One product for the inputs of all steps, and a loop of few operations in place. Time comes first in memory, so
that each step reads and writes one contiguous block.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nnlearn.engine.primitive import Array, Fused, Result, Rule, floating, primitive
from nnlearn.functions.numerics import sum_rows


def rnn(x: Array, h0: Array | None, W_x: Array, W_h: Array, b: Array) -> Result:
    """h_t = tanh(x_t W_x + h_{t−1} W_h + b).  x: (B, T, n), h0: (B, m) or None for zeros -> all h: (B, T, m)

    W_x: (n, m), W_h: (m, m), b: (m,). Raises ValueError when shapes do not fit.
    """
    x, W_x, W_h, b = map(floating, (x, W_x, W_h, b))
    return _rnn(x, _start("rnn", "h0", x, h0, W_x, W_h, b, 1), W_x, W_h, b)


def lstm(
    x: Array, h0: Array | None, c0: Array | None, W_x: Array, W_h: Array, b: Array
) -> tuple[Result, Result]:
    """c_t = f c_{t−1} + i g,  h_t = o tanh(c_t).  x: (B, T, n) -> all h: (B, T, m), last c: (B, m)

    h0, c0: (B, m) or None for zeros. The gates i, f, o (σ) and g (tanh) come from x_t W_x + h_{t−1} W_h + b,
    side by side as i, f, g, o: W_x is (n, 4m), W_h (m, 4m), b (4m,). Raises ValueError when shapes do not
    fit. Source: Hochreiter & Schmidhuber (1997).
    """
    x, W_x, W_h, b = map(floating, (x, W_x, W_h, b))
    h0 = _start("lstm", "h0", x, h0, W_x, W_h, b, 4)
    c0 = _start("lstm", "c0", x, c0, W_x, W_h, b, 4)
    y = _lstm(x, h0, c0, W_x, W_h, b)
    return y[:, :-1], y[:, -1]


def gru(x: Array, h0: Array | None, W_x: Array, W_h: Array, b: Array) -> Result:
    """h_t = (1 − z) n + z h_{t−1}.  x: (B, T, n), h0: (B, m) or None for zeros -> all h: (B, T, m)

    r, z = σ(x_t W_x + h_{t−1} W_h + b), n = tanh(x_t W_x + b + r (h_{t−1} W_h)), side by side as r, z, n: W_x
    is (n, 3m), W_h (m, 3m), b (3m,). Raises ValueError when shapes do not fit. Source: Cho et al. (2014).
    """
    x, W_x, W_h, b = map(floating, (x, W_x, W_h, b))
    return _gru(x, _start("gru", "h0", x, h0, W_x, W_h, b, 3), W_x, W_h, b)


def _start(
    name: str, what: str, x: Array, state: Array | None, W_x: Array, W_h: Array, b: Array, gates: int
) -> Result:
    """The first state, zeros if none is given, once all shapes are seen to fit."""
    m = W_h.shape[0]
    if W_h.shape != (m, gates * m) or W_x.ndim != 2 or W_x.shape[1] != gates * m or b.shape != (gates * m,):
        raise ValueError(
            f"{name}: for m units W_x is (n, {gates}m), W_h (m, {gates}m) and b ({gates}m,); "
            f"got {W_x.shape}, {W_h.shape} and {b.shape}"
        )
    if x.ndim != 3 or x.shape[2] != W_x.shape[0]:
        raise ValueError(f"{name}: x must be (B, T, {W_x.shape[0]}) for W_x {W_x.shape} but is {x.shape}")
    if state is None:
        return np.zeros((x.shape[0], m), x.dtype)
    if state.shape != (x.shape[0], m):
        raise ValueError(f"{name}: {what} must be {(x.shape[0], m)}, batch and units, but is {state.shape}")
    return state


def _by_gate(W: Array, gates: int, order: Sequence[int] | None = None) -> np.ndarray:
    """(k, gates · m) -> (gates, k, m): a block of memory for each gate, so that a step reads long runs."""
    blocks = W.reshape(*W.shape[:-1], gates, -1)
    return np.moveaxis(blocks, -2, 0)[list(order or range(gates))]  # a copy


def _side_by_side(blocks: np.ndarray, order: Sequence[int] | None = None) -> np.ndarray:
    """(gates, k, m) -> (k, gates · m), undoing the order of `_by_gate`."""
    back = np.argsort(order) if order else slice(None)
    return np.moveaxis(blocks[back], 0, -2).reshape(*blocks.shape[1:-1], -1)


def _inputs(x: Array, W_x: Array, b: Array) -> tuple[np.ndarray, np.ndarray]:
    """x with time first, as rows; and x W_x + b for all steps at once: (gates, T, B, m)"""
    B, T, n = x.shape
    rows = x.transpose(1, 0, 2).reshape(T * B, n)
    z = rows @ W_x
    z += b[:, None]
    return rows, z.reshape(len(W_x), T, B, W_x.shape[-1])


def _for_one_step(z: np.ndarray) -> np.ndarray:
    """Room for what all gates compute in one step.  (gates, T, B, m) -> (gates, B, m)"""
    return np.empty((z.shape[0], *z.shape[2:]), z.dtype)


def _gradients(
    rows: np.ndarray, h: np.ndarray, W_x: np.ndarray, dz: np.ndarray, dzh: np.ndarray, dx: bool
) -> tuple[np.ndarray | None, np.ndarray, np.ndarray, np.ndarray]:
    """The gradients of x, W_x, W_h and b, gate by gate, from dz at the sums before them, dzh at h W_h."""
    gates, T, B, m = dz.shape
    flat, past = dz.reshape(gates, T * B, m), h.reshape(T * B, m)
    d_rows = None
    if dx:
        d_rows = flat[0] @ W_x[0].T
        for k in range(1, gates):
            d_rows += flat[k] @ W_x[k].T
        d_rows = d_rows.reshape(T, B, W_x.shape[1]).transpose(1, 0, 2)
    return d_rows, rows.T @ flat, past.T @ dzh.reshape(gates, T * B, m), sum_rows(flat)


@primitive
def _rnn(x: Array, h0: Array, W_x: Array, W_h: Array, b: Array) -> Rule:
    W = W_x[None]
    rows, z = _inputs(x, W, b[None])
    _, T, B, m = z.shape
    h = np.empty((T + 1, B, m), z.dtype)
    h[0] = h0
    for t in range(T):
        np.matmul(h[t], W_h, out=h[t + 1])
        h[t + 1] += z[0, t]
        np.tanh(h[t + 1], out=h[t + 1])

    def backward(g: np.ndarray, needs: list[bool]) -> tuple:
        g = g.transpose(1, 0, 2)
        dz = 1 - h[1:] * h[1:]
        dh, back = np.zeros((B, m), dz.dtype), np.ascontiguousarray(W_h.T)
        for t in reversed(range(T)):
            dh += g[t]
            dz[t] *= dh
            np.matmul(dz[t], back, out=dh)
        dx, dW_x, dW_h, db = _gradients(rows, h[:-1], W, dz[None], dz[None], needs[0])
        return dx, dh, dW_x[0], dW_h[0], db[0]

    return h[1:].transpose(1, 0, 2), Fused(backward)


_OIFG = (3, 0, 1, 2)  # the order of the gates in memory: those with σ side by side, those that lead to c too


@primitive
def _lstm(x: Array, h0: Array, c0: Array, W_x: Array, W_h: Array, b: Array) -> Rule:
    """All h, and after them the last c: (B, T + 1, m)"""
    Wx, Wh, bias = (_by_gate(W, 4, _OIFG) for W in (W_x, W_h, b))
    # σ(s) = tanh(s / 2) / 2 + 1/2: with the halves in the weights, one tanh serves all four gates
    half = np.array([0.5, 0.5, 0.5, 1], Wx.dtype)[:, None]
    rows, z = _inputs(x, Wx * half[..., None], bias * half)
    _, T, B, m = z.shape
    y, c, bent = (np.empty((T + k, B, m), z.dtype) for k in (2, 1, 0))  # y: h0, h1 … hT, cT
    y[0], c[0] = h0, c0
    W, product = Wh * half[..., None], _for_one_step(z)
    for t in range(T):
        s, o, i, f, g = z[:, t], *z[:, t]
        s += np.matmul(y[t], W, out=product)
        np.tanh(s, out=s)
        s[:3] *= 0.5
        s[:3] += 0.5
        np.multiply(i, g, out=c[t + 1])
        c[t + 1] += np.multiply(f, c[t], out=bent[t])
        np.tanh(c[t + 1], out=bent[t])
        np.multiply(o, bent[t], out=y[t + 1])
    y[-1] = c[-1]

    def backward(g: np.ndarray, needs: list[bool]) -> tuple:
        dz, dh, dc = _lstm_back(g.transpose(1, 0, 2), z, c, bent, Wh)
        dx, *weights = _gradients(rows, y[:T], Wx, dz, dz, needs[0])
        return dx, dh, dc, *(_side_by_side(d, _OIFG) for d in weights)

    return y[1:].transpose(1, 0, 2), Fused(backward)


def _lstm_back(
    dy: np.ndarray, z: np.ndarray, c: np.ndarray, bent: np.ndarray, Wh: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The gradients of the sums before the gates, of h0 and of c0, from those of all h and the last c."""
    T = len(bent)
    o, i, f, g = z
    # What d(loss)/dh is multiplied with for o, and d(loss)/dc for i, f and g, for all steps at once
    dz = np.empty_like(z)
    np.subtract(1, z[:3], out=dz[:3])
    dz[:3] *= z[:3]
    dz[0] *= bent
    dz[1] *= g
    dz[2] *= c[:-1]
    np.multiply(i, 1 - g * g, out=dz[3])
    into_c = o * (1 - bent * bent)
    back, parts = np.ascontiguousarray(Wh.swapaxes(1, 2)), _for_one_step(z)
    dh, dc, part = np.zeros_like(c[0]), dy[T].astype(z.dtype), np.empty_like(c[0])
    for t in reversed(range(T)):
        dh += dy[t]
        dc += np.multiply(dh, into_c[t], out=part)
        dz[0, t] *= dh
        dz[1:, t] *= dc
        np.matmul(dz[:, t], back, out=parts)
        np.add.reduce(parts, axis=0, out=dh)
        dc *= f[t]
    return dz, dh, dc


@primitive
def _gru(x: Array, h0: Array, W_x: Array, W_h: Array, b: Array) -> Rule:
    Wx, Wh, bias = (_by_gate(W, 3) for W in (W_x, W_h, b))
    half = np.array([0.5, 0.5, 1], Wx.dtype)[:, None]  # σ by tanh, as in the LSTM
    rows, a = _inputs(x, Wx * half[..., None], bias * half)
    _, T, B, m = a.shape
    h, past = np.empty((T + 1, B, m), a.dtype), np.empty((T, B, m), a.dtype)  # past: h_{t−1} W_h for n
    h[0] = h0
    W, product = Wh * half[..., None], _for_one_step(a)
    for t in range(T):
        np.matmul(h[t], W, out=product)
        gates, (r, z, n) = a[:2, t], a[:, t]
        gates += product[:2]
        np.tanh(gates, out=gates)
        gates *= 0.5
        gates += 0.5
        past[t] = product[2]
        n += np.multiply(r, product[2], out=product[2])
        np.tanh(n, out=n)
        np.subtract(h[t], n, out=h[t + 1])
        h[t + 1] *= z
        h[t + 1] += n

    def backward(g: np.ndarray, needs: list[bool]) -> tuple:
        dz, dzh, dh = _gru_back(g.transpose(1, 0, 2), a, h, past, Wh)
        dx, *weights = _gradients(rows, h[:-1], Wx, dz, dzh, needs[0])
        return dx, dh, *(_side_by_side(d) for d in weights)

    return h[1:].transpose(1, 0, 2), Fused(backward)


def _gru_back(
    dy: np.ndarray, a: np.ndarray, h: np.ndarray, past: np.ndarray, Wh: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The gradients of the sums before the gates, of h_{t−1} W_h, and of h0, from those of all h."""
    r, z, n = a
    to_n, to_z, to_r = (1 - z) * (1 - n * n), (h[:-1] - n) * (z * (1 - z)), past * (r * (1 - r))
    dz, dzh = np.empty_like(a), np.empty_like(a)
    dh, back, parts = np.zeros_like(h[0]), np.ascontiguousarray(Wh.swapaxes(1, 2)), _for_one_step(a)
    for t in reversed(range(len(past))):
        dh += dy[t]
        dn = np.multiply(dh, to_n[t], out=dz[2, t])
        np.multiply(dn, to_r[t], out=dzh[0, t])
        np.multiply(dh, to_z[t], out=dzh[1, t])
        np.multiply(dn, r[t], out=dzh[2, t])
        dh *= z[t]
        np.matmul(dzh[:, t], back, out=parts)
        dh += np.add.reduce(parts, axis=0)
    dz[:2] = dzh[:2]
    return dz, dzh, dh
