"""Recurrent networks over whole sequences (chapters 12 and 13): one product for the inputs of all steps, and a loop of
few operations in place. Time comes first in memory, so that each step reads and writes one contiguous block.
"""

from __future__ import annotations

import numpy as np

from nnlearn.tensor import Array, Rule, fused

__all__ = ["gru", "lstm", "rnn"]


def rnn(x: Array, h0: Array | None, W_x: Array, W_h: Array, b: Array) -> Array:
    """h_t = tanh(x_t W_x + h_{t−1} W_h + b).  x: (B, T, n), h0: (B, m) or None for zeros -> all h: (B, T, m)

    W_x: (n, m), W_h: (m, m), b: (m,). Raises ValueError when shapes do not fit.
    """
    return _rnn(x, _start("rnn", "h0", x, h0, W_x, W_h, b, 1), W_x, W_h, b)


def lstm(
    x: Array, h0: Array | None, c0: Array | None, W_x: Array, W_h: Array, b: Array
) -> tuple[Array, Array]:
    """c_t = f c_{t−1} + i g,  h_t = o tanh(c_t).  x: (B, T, n), h0, c0: (B, m) or None -> all h: (B, T, m), last c: (B, m)

    The gates i, f, o (σ) and g (tanh) come from x_t W_x + h_{t−1} W_h + b, side by side as i, f, g, o: W_x is (n, 4m),
    W_h (m, 4m), b (4m,). Raises ValueError when shapes do not fit. Source: Hochreiter & Schmidhuber (1997).
    """
    h0 = _start("lstm", "h0", x, h0, W_x, W_h, b, 4)
    c0 = _start("lstm", "c0", x, c0, W_x, W_h, b, 4)
    y = _lstm(x, h0, c0, W_x, W_h, b)
    return y[:, :-1], y[:, -1]


def gru(x: Array, h0: Array | None, W_x: Array, W_h: Array, b: Array) -> Array:
    """h_t = (1 − z) n + z h_{t−1}.  x: (B, T, n), h0: (B, m) or None for zeros -> all h: (B, T, m)

    r, z = σ(x_t W_x + h_{t−1} W_h + b), n = tanh(x_t W_x + b + r (h_{t−1} W_h)), side by side as r, z, n: W_x is
    (n, 3m), W_h (m, 3m), b (3m,). Raises ValueError when shapes do not fit. Source: Cho et al. (2014).
    """
    return _gru(x, _start("gru", "h0", x, h0, W_x, W_h, b, 3), W_x, W_h, b)


def _start(
    name: str, what: str, x: Array, state: Array | None, W_x: Array, W_h: Array, b: Array, gates: int
) -> Array:
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


def _inputs(x: np.ndarray, W_x: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """x with time first, as rows, and x W_x + b for all steps at once: (T, B, gates · m)"""
    B, T, n = x.shape
    rows = x.transpose(1, 0, 2).reshape(T * B, n)
    z = rows @ W_x
    z += b
    return rows, z.reshape(T, B, -1)


def _gradients(
    x_shape: tuple,
    rows: np.ndarray,
    h: np.ndarray,
    W_x: np.ndarray,
    dz: np.ndarray,
    dzh: np.ndarray,
    needs: list,
) -> tuple:
    """The gradients of x, W_x, W_h and b from those of the sums before the gates, each one product for all steps."""
    B, T, n = x_shape
    flat = dz.reshape(T * B, -1)
    dx = (flat @ W_x.T).reshape(T, B, n).transpose(1, 0, 2) if needs[0] else None
    dW_h = h.reshape(T * B, -1).T @ dzh.reshape(T * B, -1)
    return dx, rows.T @ flat, dW_h, np.ones(T * B, flat.dtype) @ flat


@fused
def _rnn(x: Array, h0: Array, W_x: Array, W_h: Array, b: Array) -> Rule:
    rows, z = _inputs(x, W_x, b)
    T, B, m = z.shape
    h = np.empty((T + 1, B, m), z.dtype)
    h[0] = h0
    for t in range(T):
        np.matmul(h[t], W_h, out=h[t + 1])
        h[t + 1] += z[t]
        np.tanh(h[t + 1], out=h[t + 1])

    def backward(g: np.ndarray, needs: list[bool]) -> tuple:
        g = g.transpose(1, 0, 2)
        dz = 1 - h[1:] * h[1:]
        dh, back = np.zeros((B, m), z.dtype), np.ascontiguousarray(W_h.T)
        for t in reversed(range(T)):
            dh += g[t]
            dz[t] *= dh
            np.matmul(dz[t], back, out=dh)
        dx, dW_x, dW_h, db = _gradients(x_shape, rows, h[:-1], W_x, dz, dz, needs)
        return dx, dh, dW_x, dW_h, db

    x_shape = x.shape
    return h[1:].transpose(1, 0, 2), backward


@fused
def _lstm(x: Array, h0: Array, c0: Array, W_x: Array, W_h: Array, b: Array) -> Rule:
    """All h, and after them the last c: (B, T + 1, m)"""
    rows, a = _inputs(x, W_x, b)
    T, B, m = len(a), len(h0), h0.shape[1]
    y, c, bent = (np.empty((T + k, B, m), a.dtype) for k in (2, 1, 0))  # y: h0, h1 … hT, cT
    y[0], c[0] = h0, c0
    # σ(s) = tanh(s / 2) / 2 + 1/2, so one tanh serves all four gates; the halves go into copies of the weights
    half = np.repeat(np.array([0.5, 0.5, 1, 0.5], a.dtype), m)
    a *= half
    rest, W, product = 1 - half, W_h * half, np.empty_like(a[0])
    for t in range(T):
        s = a[t]
        s += np.matmul(y[t], W, out=product)
        np.tanh(s, out=s)
        s *= half
        s += rest
        i, f, g, o = s[:, :m], s[:, m : 2 * m], s[:, 2 * m : 3 * m], s[:, 3 * m :]
        np.multiply(i, g, out=c[t + 1])
        c[t + 1] += np.multiply(f, c[t], out=bent[t])
        np.tanh(c[t + 1], out=bent[t])
        np.multiply(o, bent[t], out=y[t + 1])
    y[-1] = c[-1]

    def backward(g: np.ndarray, needs: list[bool]) -> tuple:
        return _lstm_backward(g.transpose(1, 0, 2), x_shape, rows, a, y, c, bent, W_x, W_h, needs)

    x_shape = x.shape
    return y[1:].transpose(1, 0, 2), backward


def _lstm_backward(dy, x_shape, rows, a, y, c, bent, W_x, W_h, needs) -> tuple:  # type: ignore[no-untyped-def]
    T, B, m = bent.shape
    gates = a.reshape(T, B, 4, m)
    i, f, g, o = (gates[:, :, k] for k in range(4))
    # What d(loss)/dc multiplies for i, f, g and d(loss)/dh for o, for all steps at once; then the loop is short.
    dz = gates * (1 - gates)
    dz[:, :, 2] = i * (1 - g * g)
    dz[:, :, 0] *= g
    dz[:, :, 1] *= c[:-1]
    dz[:, :, 3] *= bent
    into_c = o * (1 - bent * bent)
    flat = dz.reshape(T, B, 4 * m)
    dh, dc, back, part = (
        np.zeros((B, m), a.dtype),
        dy[T].copy(),
        np.ascontiguousarray(W_h.T),
        np.empty((B, m), a.dtype),
    )
    for t in reversed(range(T)):
        dh += dy[t]
        dc += np.multiply(dh, into_c[t], out=part)
        dz[t, :, :3] *= dc[:, None]
        dz[t, :, 3] *= dh
        np.matmul(flat[t], back, out=dh)
        dc *= f[t]
    dx, dW_x, dW_h, db = _gradients(x_shape, rows, y[:T], W_x, flat, flat, needs)
    return dx, dh, dc, dW_x, dW_h, db


@fused
def _gru(x: Array, h0: Array, W_x: Array, W_h: Array, b: Array) -> Rule:
    rows, a = _inputs(x, W_x, b)
    T, B, m = len(a), len(h0), h0.shape[1]
    h, s = np.empty((T + 1, B, m), a.dtype), np.empty_like(a)  # s: the share of h_{t−1} in each gate
    h[0] = h0
    for t in range(T):
        np.matmul(h[t], W_h, out=s[t])
        rz, n = a[t, :, : 2 * m], a[t, :, 2 * m :]
        rz += s[t, :, : 2 * m]
        rz *= 0.5
        np.tanh(rz, out=rz)
        rz *= 0.5
        rz += 0.5
        n += rz[:, :m] * s[t, :, 2 * m :]
        np.tanh(n, out=n)
        np.subtract(h[t], n, out=h[t + 1])
        h[t + 1] *= rz[:, m:]
        h[t + 1] += n

    def backward(g: np.ndarray, needs: list[bool]) -> tuple:
        g = g.transpose(1, 0, 2)
        r, z, n = a[..., :m], a[..., m : 2 * m], a[..., 2 * m :]
        to_n, to_z = (1 - z) * (1 - n * n), (h[:-1] - n) * (z * (1 - z))
        to_r = s[..., 2 * m :] * (r * (1 - r))
        dz, dzh = np.empty_like(a), np.empty_like(a)
        dh, back = np.zeros((B, m), a.dtype), np.ascontiguousarray(W_h.T)
        for t in reversed(range(T)):
            dh += g[t]
            dn = np.multiply(dh, to_n[t], out=dz[t, :, 2 * m :])
            np.multiply(dn, to_r[t], out=dzh[t, :, :m])
            np.multiply(dh, to_z[t], out=dzh[t, :, m : 2 * m])
            np.multiply(dn, r[t], out=dzh[t, :, 2 * m :])
            dh *= z[t]
            dh += dzh[t] @ back
        dz[..., : 2 * m] = dzh[..., : 2 * m]
        dx, dW_x, dW_h, db = _gradients(x_shape, rows, h[:-1], W_x, dz, dzh, needs)
        return dx, dh, dW_x, dW_h, db

    x_shape = x.shape
    return h[1:].transpose(1, 0, 2), backward
