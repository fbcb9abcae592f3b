"""Attention over whole sequences, and positions (chapter 15)."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator

import numpy as np

from nnlearn.engine.primitive import Array, Fused, Result, Rule, floating, primitive
from nnlearn.functions.numerics import common_top, total


@primitive
def scaled_dot_product_attention(
    q: Array, k: Array, v: Array, mask: np.ndarray | None = None, causal: bool = False
) -> Rule:
    """softmax(q kᵀ / √D) v.  q: (…, T, D), k: (…, S, D), v: (…, S, E) -> (…, T, E)

    `mask` (…, T, S) is True where a query may look; with `causal`, query t sees keys 0 … t only. A query that
    may look nowhere gets zeros. Raises ValueError when shapes do not fit. Source: Vaswani et al. (2017).
    """
    if min(q.ndim, k.ndim, v.ndim) < 2 or q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ValueError(
            f"scaled_dot_product_attention: q {q.shape}, k {k.shape} and v {v.shape} must be "
            f"(…, T, D), (…, S, D) and (…, S, E)"
        )
    q, k, v = floating(q), floating(k), floating(v)
    batch = np.broadcast_shapes(q.shape[:-2], k.shape[:-2], v.shape[:-2])
    visible = _visible(mask, (*batch, q.shape[-2], k.shape[-2]), q.dtype)
    y, backward = _attend(q, k, v, visible, causal)
    return y, Fused(lambda g, needs: backward(g, None, None, None))


@primitive
def multi_head_attention(
    qkv: Array, heads: int, mask: np.ndarray | None = None, causal: bool = False
) -> Rule:
    """Attention of each head on its own part.  qkv: (B, T, 3 C) -> (B, T, C)

    Queries, keys and values lie side by side; head h has columns h·C/heads to (h+1)·C/heads of each. `mask`
    (B, heads, T, T), or what broadcasts to it, is True where a query may look. Raises ValueError when the
    width does not divide.
    """
    if qkv.ndim != 3 or qkv.shape[-1] % (3 * heads):
        raise ValueError(
            f"multi_head_attention: qkv {qkv.shape} must be (B, T, 3 C), C a multiple of heads = {heads}"
        )
    qkv = floating(qkv)
    B, T, width = qkv.shape
    visible = _visible(mask, (B, heads, T, T), qkv.dtype)
    out = np.empty((B, T, width // 3), qkv.dtype)
    q, k, v = _heads(qkv, heads, 3)
    _, backward = _attend(q, k, v, visible, causal, _heads(out, heads, 1)[0])

    def merged(g: np.ndarray, needs: list[bool]) -> tuple:
        d = np.empty((*g.shape[:-1], width), g.dtype)
        backward(_heads(g, heads, 1)[0], *_heads(d, heads, 3))
        return (d,)

    return out, Fused(merged)


def _heads(x: Array, heads: int, parts: int) -> np.ndarray:
    """(B, T, parts · C) -> (parts, B, heads, T, C / heads), the same memory"""
    B, T, width = x.shape
    return x.reshape(B, T, parts, heads, width // (parts * heads)).transpose(2, 0, 3, 1, 4)


def _attend(
    q: Array, k: Array, v: Array, visible: np.ndarray | None, causal: bool, out: np.ndarray | None = None
) -> tuple[np.ndarray, Callable]:
    """The output, and its backward function, which writes where it is told.

    Tile by tile, so that the scores stay in the cache, and of a causal mask's upper half little is computed.
    The weights are kept as e^score and divided by their sum after the product with v: fewer passes over them.
    """
    scale = 1 / math.sqrt(q.shape[-1])
    batch = np.broadcast_shapes(q.shape[:-2], k.shape[:-2], v.shape[:-2])
    if not q.shape[:-2] == k.shape[:-2] == v.shape[:-2]:
        q, k, v = (np.broadcast_to(x, (*batch, *x.shape[-2:])) for x in (q, k, v))
    T, S = q.shape[-2], k.shape[-2]
    y = np.empty((*batch, T, v.shape[-1]), np.result_type(q, k, v)) if out is None else out
    kept = []
    for rows, keys in _tiles(batch, T, S, causal):
        e = (q[rows] * scale) @ k[keys].swapaxes(-1, -2)
        _exp(e, _seen(visible, causal, rows, keys, e))
        sums = total(e, -1)
        sums += sums == 0  # a query that sees nothing: 0 / 1
        part = np.matmul(e, v[keys], out=y[rows])
        part /= sums
        kept.append((rows, keys, e, sums))

    def backward(g: np.ndarray, dq: np.ndarray | None, dk: np.ndarray | None, dv: np.ndarray | None) -> tuple:
        dq, dk, dv = (np.empty(x.shape, x.dtype) if d is None else d for x, d in ((q, dq), (k, dk), (v, dv)))
        dk[...] = dv[...] = 0
        for rows, keys, e, sums in kept:
            part = g[rows] / sums
            dv[keys] += e.swapaxes(-1, -2) @ part
            ds = part @ v[keys].swapaxes(-1, -2)
            ds -= np.vecdot(ds, e)[..., None] / sums
            ds *= e
            ds *= scale
            dk[keys] += ds.swapaxes(-1, -2) @ q[rows]
            np.matmul(ds, k[keys], out=dq[rows])
        return dq, dk, dv

    return y, backward


_TILE = 1 << 16  # scores that stay in the cache with their gradients


def _tiles(batch: tuple[int, ...], T: int, S: int, causal: bool) -> Iterator[tuple[tuple, tuple]]:
    """(index of the queries in a tile, index of the keys they may see), cut along the first axis and T."""
    each = max(math.prod(batch[1:]) * S, 1)  # scores of one query, over all axes but the first
    rows = max(min(T, _TILE // each), 32)
    examples = max(1, _TILE // (each * rows)) if rows >= T else 1
    for i in range(0, batch[0], examples) if batch else [0]:
        first = (slice(i, i + examples),) * bool(batch)
        for t in range(0, T, rows):
            keys = slice(min(t + rows, S) if causal else S)
            yield (*first, ..., slice(t, t + rows), slice(None)), (*first, ..., keys, slice(None))


def _seen(
    visible: np.ndarray | None, causal: bool, rows: tuple, keys: tuple, scores: np.ndarray
) -> np.ndarray | None:
    """1 where a query of a tile may look, 0 elsewhere, or None for everywhere."""
    triangle = _triangle(*scores.shape[-2:], rows[-2].start, scores.dtype) if causal else None
    if visible is None:
        return triangle
    index = [*rows[:-3], *[slice(None)] * (scores.ndim - 2 - len(rows[:-3])), rows[-2], keys[-2]]
    index = index[scores.ndim - visible.ndim :]  # an axis of 1 is broadcast
    part = visible[tuple(slice(None) if n == 1 else i for n, i in zip(visible.shape, index, strict=True))]
    return part if triangle is None else part * triangle


def _exp(scores: np.ndarray, visible: np.ndarray | None) -> None:
    """In place e^(score − top) where visible, 0 elsewhere, so that no row overflows or vanishes."""
    top = common_top(scores, within=60)
    if top is None:
        if visible is not None:
            np.copyto(scores, np.finfo(scores.dtype).min / 2, where=visible == 0)
        top = scores.max(axis=-1, keepdims=True)
    scores -= top
    np.exp(scores, out=scores)
    if visible is not None:
        scores *= visible


def _visible(mask: np.ndarray | None, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray | None:
    """1 where a query may look, 0 elsewhere, or None for everywhere."""
    if mask is None:
        return None
    mask = np.asarray(mask)
    if mask.dtype != bool:
        raise TypeError(f"attention: mask must be of True and False (True: may look), but is {mask.dtype}")
    if mask.shape != shape:
        try:
            np.broadcast_to(mask, shape)
        except ValueError:
            raise ValueError(
                f"attention: mask {mask.shape} does not broadcast to (…, T, S) = {shape}"
            ) from None
    return mask.astype(dtype)


@functools.lru_cache(maxsize=32)
def _triangle(T: int, S: int, start: int, dtype: np.dtype) -> np.ndarray:
    """1 where query start + t may look, with every key up to its own place."""
    return np.tri(T, S, start, dtype=dtype)


def sinusoidal_positions(length: int, width: int) -> np.ndarray:
    """p[t, 2i] = sin(t / 10000^(2i / width)), p[t, 2i + 1] = cos(…).  -> (length, width)

    Source: Vaswani et al. (2017).
    """
    angle = np.arange(length)[:, None] / 10000.0 ** (np.arange(0, width, 2) / width)
    p = np.empty((length, width), np.float32)
    p[:, 0::2] = np.sin(angle)
    p[:, 1::2] = np.cos(angle)[:, : width // 2]
    return p


def rotary(x: Array, start: int = 0, base: float = 10000.0) -> Result:
    """Turn (x[2i], x[2i+1]) of the vector at place t by the angle t / base^(2i / D).  (…, T, D), same out

    Products of turned queries and keys depend on their distance alone. `start` is the place of the first
    vector. Raises ValueError when D is odd. Source: Su et al. (2021).
    """
    T, D = x.shape[-2:]
    if D % 2:
        raise ValueError(f"rotary: the last axis of x {x.shape} must be even: its values are turned in pairs")
    x = floating(x)
    angle = np.arange(start, start + T)[:, None] / base ** (np.arange(0, D, 2) / D)
    cos, sin = np.repeat(np.cos(angle), 2, axis=1), np.repeat(np.sin(angle), 2, axis=1)
    sin[:, 0::2] *= -1
    return _turn(x, cos.astype(x.dtype), sin.astype(x.dtype))


@primitive
def _turn(x: Array, cos: np.ndarray, sin: np.ndarray) -> Rule:
    shape = x.shape
    partner = x.reshape(*shape[:-1], shape[-1] // 2, 2)[..., ::-1].reshape(shape)
    return x * cos + partner * sin, lambda g: _turn(g, cos, -sin)
