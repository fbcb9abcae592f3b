"""Linear recurrences: step by step, and as one convolution (chapter 21)."""

from __future__ import annotations

import numpy as np

from nnlearn.engine.primitive import Array, Fused, Rule, floating, plain, primitive


@primitive
def linear_scan(a: Array, b: Array) -> Rule:
    """h_t = a_t h_{t−1} + b_t, h before the first step being 0.  a, b: (B, T, ...) -> all h (B, T, ...)

    The gradient is a scan from the end: G_t = g_t + a_{t+1} G_{t+1}; db_t = G_t, da_t = G_t h_{t−1}.
    Raises ValueError when a and b differ in shape or have no axis of steps.
    """
    if a.shape != b.shape or a.ndim < 2:
        raise ValueError(f"linear_scan: a is {a.shape} and b {b.shape}, expected one shape (B, T, ...)")
    a, b = floating(a), floating(b)
    h = _run(plain(a), plain(b))

    def backward(g: np.ndarray, needs: list[bool]) -> tuple:
        later = np.concatenate([a[:, 1:], np.zeros_like(a[:, :1])], axis=1)
        G = _run(later[:, ::-1], np.asarray(g)[:, ::-1])[:, ::-1]
        before = np.concatenate([np.zeros_like(h[:, :1]), h[:, :-1]], axis=1)
        return G * before, G

    return h, Fused(backward)


def _run(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    h = np.empty(b.shape, np.result_type(a, b))
    last = np.zeros_like(h[:, 0]) if h.shape[1] else None
    for t in range(h.shape[1]):
        last = h[:, t] = a[:, t] * last + b[:, t]
    return h


@primitive
def causal_convolution(x: Array, k: Array) -> Rule:
    """y_t = Σ_s k_s x_{t−s}, s from 0 to t, each channel with a kernel of its own.  (B, T, D), (S, D) -> x's

    By the fast Fourier transform: T log T operations a channel instead of T². Raises ValueError when the
    shapes do not fit.
    """
    if x.ndim != 3 or k.ndim != 2 or k.shape[1] != x.shape[2] or not x.shape[1] or not k.shape[0]:
        raise ValueError(f"causal_convolution: x {x.shape} must be (B, T, D) and k {k.shape} (S, D)")
    x, k = floating(x), floating(k)
    T, S = x.shape[1], k.shape[0]
    n = 1 << (T + S - 2).bit_length()  # long enough that the end does not run into the beginning
    fx, fk = np.fft.rfft(plain(x), n, axis=1), np.fft.rfft(plain(k), n, axis=0)

    def backward(g: np.ndarray, needs: list[bool]) -> tuple:
        fg = np.fft.rfft(np.asarray(g), n, axis=1)
        dx = np.fft.irfft(fg * fk.conj(), n, axis=1)[:, :T].astype(x.dtype) if needs[0] else None
        dk = np.fft.irfft((fg * fx.conj()).sum(axis=0), n, axis=0)[:S].astype(k.dtype) if needs[1] else None
        return dx, dk

    y = np.fft.irfft(fx * fk, n, axis=1)[:, :T]
    return y.astype(np.result_type(plain(x), plain(k))), Fused(backward)
