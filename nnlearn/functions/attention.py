"""Attention over whole sequences, and positions (chapters 15 and 16)."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import ArrayLike

from nnlearn.engine.primitive import Array, Fused, Result, Rule, floating, primitive
from nnlearn.functions.numerics import common_top, total


@primitive
def scaled_dot_product_attention(
    q: Array, k: Array, v: Array, mask: np.ndarray | None = None, causal: bool = False
) -> Rule:
    """softmax(q kᵀ / √D) v.  q: (…, T, D), k: (…, S, D), v: (…, S, E) -> (…, T, E)

    `mask` (…, T, S) is True where a query may look; with `causal`, query t sees keys 0 … t only. A query that
    may look nowhere gets zeros. Of heads, the axis before T, q may have a multiple of k's and v's: then
    neighbouring heads of q share one of theirs. Raises ValueError when shapes do not fit.
    Source: Vaswani et al. (2017); Ainslie et al. (2023) for shared keys.
    """
    if min(q.ndim, k.ndim, v.ndim) < 2 or q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ValueError(
            f"scaled_dot_product_attention: q {q.shape}, k {k.shape} and v {v.shape} must be "
            f"(…, T, D), (…, S, D) and (…, S, E)"
        )
    q, k, v = floating(q), floating(k), floating(v)
    visible = _visible(mask, (*_batch(q, k, v), q.shape[-2], k.shape[-2]), q.dtype)
    y, backward = _attend(q, k, v, visible, causal, _groups(q, k, v))
    return y, Fused(lambda g, needs: backward(g, None, None, None))


@primitive
def multi_head_attention(
    qkv: Array,
    heads: int,
    mask: np.ndarray | None = None,
    causal: bool = False,
    kv_heads: int | None = None,
    rotary: bool = False,
) -> Rule:
    """Attention of each head on its own part.  qkv: (B, T, 3 C) -> (B, T, C)

    Queries, keys and values lie side by side; head h has columns h·C/heads to (h+1)·C/heads of each. `mask`
    (B, heads, T, T), or what broadcasts to it, is True where a query may look. With fewer `kv_heads`, each
    head of keys and values serves heads / kv_heads neighbouring ones of queries, and qkv is
    (B, T, C + 2 C · kv_heads / heads). With `rotary`, queries and keys are turned by their places as
    `rotary(…, halves=True)` turns them. Raises ValueError when the width does not divide.
    """
    kv_heads = heads if kv_heads is None else kv_heads
    if heads < 1 or kv_heads < 1 or heads % kv_heads:
        raise ValueError(
            f"multi_head_attention: heads must be 1 or more, and a multiple of kv_heads; got {heads} and "
            f"{kv_heads}"
        )
    if qkv.ndim != 3 or qkv.shape[-1] % (heads + 2 * kv_heads):
        raise ValueError(_misfit(qkv, heads, kv_heads))
    qkv = floating(qkv)
    B, T, width = qkv.shape
    D, n = width // (heads + 2 * kv_heads), heads + kv_heads  # n heads of queries and keys
    if rotary and D % 2:
        raise ValueError(f"multi_head_attention: a head is {D} wide; with rotary=True it must be even")
    visible = _visible(mask, (B, heads, T, T), qkv.dtype)
    out = np.empty((B, T, heads * D), qkv.dtype)
    qk, v = qkv[..., : n * D], _heads(qkv[..., n * D :], D)
    if rotary:
        cos, sin = (np.tile(a, n) for a in _angles(0, T, D, 10000.0, True, qkv.dtype))
        qk = _turn_heads(qk, D, cos, sin)
    q, k = _heads(qk[..., : heads * D], D), _heads(qk[..., heads * D :], D)
    _, backward = _attend(q, k, v, visible, causal, heads // kv_heads, _heads(out, D))

    def merged(g: np.ndarray, needs: list[bool]) -> tuple:
        d = np.empty((*g.shape[:-1], width), g.dtype)
        each = _heads(d, D)
        backward(_heads(g, D), each[:, :heads], each[:, heads:n], each[:, n:])
        if rotary:
            d[..., : n * D] = _turn_heads(d[..., : n * D], D, cos, -sin)
        return (d,)

    return out, Fused(merged)


def _misfit(qkv: Array, heads: int, kv_heads: int) -> str:
    if kv_heads == heads:
        return f"multi_head_attention: qkv {qkv.shape} must be (B, T, 3 C), C a multiple of heads = {heads}"
    return (
        f"multi_head_attention: qkv {qkv.shape} must be (B, T, C + 2 C · kv_heads / heads), C a multiple of "
        f"heads = {heads}, kv_heads = {kv_heads}"
    )


def _heads(x: Array, D: int) -> np.ndarray:
    """(B, T, n · D) -> (B, n, T, D), the same memory"""
    B, T, width = x.shape
    return x.reshape(B, T, width // D, D).transpose(0, 2, 1, 3)


def _groups(q: Array, k: Array, v: Array) -> int:
    """How many heads of q share one of k and v; 1 where each has its own, or the axis is broadcast."""
    if min(q.ndim, k.ndim, v.ndim) < 3:
        return 1
    H, K = q.shape[-3], k.shape[-3]
    return H // K if K == v.shape[-3] and 1 < K < H and H % K == 0 else 1


def _batch(q: Array, k: Array, v: Array) -> tuple[int, ...]:
    """The axes before the last two of the output.  Raises ValueError when they do not fit."""
    ends = -3 if _groups(q, k, v) > 1 else -2
    try:
        return *np.broadcast_shapes(q.shape[:ends], k.shape[:ends], v.shape[:ends]), *q.shape[ends:-2]
    except ValueError:
        raise ValueError(
            f"scaled_dot_product_attention: the first axes of q {q.shape}, k {k.shape} and v {v.shape} do "
            f"not fit: each must be equal or 1, and of heads q may have a multiple of k's and v's"
        ) from None


def _attend(
    q: Array,
    k: Array,
    v: Array,
    visible: np.ndarray | None,
    causal: bool,
    G: int,
    out: np.ndarray | None = None,
) -> tuple[np.ndarray, Callable]:
    """The output, and its backward function, which writes where it is told.

    G heads of q share one of k and v: heads 0, G, 2G, … meet all of theirs in order, and so do 1, G + 1, …
    """
    if G == 1:
        return _look_up(q, k, v, visible, causal, out)
    y = out
    if y is None:
        y = np.empty((*_batch(q, k, v), q.shape[-2], v.shape[-1]), np.result_type(q, k, v))
    every = [(..., slice(first, None, G), slice(None), slice(None)) for first in range(G)]
    by_head = visible is not None and visible.shape[-3:-2] > (1,)
    masks = [visible[h] if visible is not None and by_head else visible for h in every]
    backs = [_look_up(q[h], k, v, m, causal, y[h])[1] for h, m in zip(every, masks, strict=True)]

    def backward(g: np.ndarray, dq: np.ndarray | None, dk: np.ndarray | None, dv: np.ndarray | None) -> tuple:
        dq = np.empty((*g.shape[:-1], q.shape[-1]), q.dtype) if dq is None else dq
        _, dk, dv = backs[0](g[every[0]], dq[every[0]], dk, dv)
        for h, back in zip(every[1:], backs[1:], strict=True):
            _, more_k, more_v = back(g[h], dq[h], None, None)
            dk += more_k
            dv += more_v
        return dq, dk, dv

    return y, backward


def _look_up(
    q: Array, k: Array, v: Array, visible: np.ndarray | None, causal: bool, out: np.ndarray | None = None
) -> tuple[np.ndarray, Callable]:
    """`_attend`, each head of q with its own of k and v.

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


_TILE = 1 << 17  # scores that stay in the cache, and enough of them that shards seldom wait for Python
_STAIRS = 4  # tiles for the queries of a causal mask: three eighths of the scores need not be computed


def _tiles(batch: tuple[int, ...], T: int, S: int, causal: bool) -> Iterator[tuple[tuple, tuple]]:
    """(index of the queries in a tile, index of the keys they may see), cut along the first axis and T."""
    each = max(math.prod(batch[1:]) * S, 1)  # scores of one query, over all axes but the first
    rows = max(min(T // _STAIRS if causal else T, _TILE // each), 32)
    examples = max(1, _TILE // (each * rows))
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


def rotary(x: Array, positions: int | ArrayLike = 0, base: float = 10000.0, halves: bool = False) -> Result:
    """Turn pair i of the vector at place t by the angle t / base^(2i / D).  (…, T, D), same out

    A pair is (x[2i], x[2i+1]); with `halves` (x[i], x[i + D/2]), as in Llama. Products of turned queries and
    keys depend on their distance alone. `positions` is the place of the first vector, or of each: (…, T).
    Raises ValueError when D is odd, or `positions` does not fit. Source: Su et al. (2021).
    """
    if x.ndim < 2 or x.shape[-1] % 2:
        raise ValueError(f"rotary: x {x.shape} must be (…, T, D) with D even: its values are turned in pairs")
    T, D = x.shape[-2:]
    places = np.asarray(positions)
    try:
        np.broadcast_to(places, x.shape[:-1])
    except ValueError:
        raise ValueError(
            f"rotary: positions {places.shape} do not fit x {x.shape}: one for each vector"
        ) from None
    x = floating(x)
    return _turn(x, *_angles(places, T, D, base, halves, x.dtype), halves)


def _angles(
    positions: ArrayLike, T: int, D: int, base: float, halves: bool, dtype: np.dtype
) -> tuple[np.ndarray, np.ndarray]:
    """The cosine of each value's angle, and what its partner is multiplied with: ± the sine.  (…, T, D)"""
    places = np.asarray(positions)
    places = places if places.ndim else places + np.arange(T)
    angle = places[..., None] / base ** (np.arange(0, D, 2) / D)
    cos, sin, axis = np.cos(angle).astype(dtype), np.sin(angle).astype(dtype), -2 if halves else -1
    shape = (*angle.shape[:-1], D)
    return np.stack([cos, cos], axis).reshape(shape), np.stack([-sin, sin], axis).reshape(shape)


def _turn_heads(x: np.ndarray, D: int, cos: np.ndarray, sin: np.ndarray) -> np.ndarray:
    """`_turn` by halves for heads that lie side by side: long runs of memory.  (B, T, n · D), same out"""
    pairs = x.reshape(*x.shape[:-1], x.shape[-1] // D, 2, D // 2)
    partner = pairs[..., ::-1, :].copy().reshape(x.shape)
    partner *= sin
    y = x * cos
    y += partner
    return y


@primitive
def _turn(x: Array, cos: np.ndarray, sin: np.ndarray, halves: bool) -> Rule:
    *lead, D = x.shape
    if halves:
        partner = x.reshape(*lead, 2, D // 2)[..., ::-1, :].reshape(x.shape)
    else:
        partner = x.reshape(*lead, D // 2, 2)[..., ::-1].reshape(x.shape)
    return x * cos + partner * sin, lambda g: _turn(g, cos, -sin, halves)
