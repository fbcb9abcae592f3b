"""The transformer's layers: attention with several heads, its cache, the gated mlp, and the block."""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import DTypeLike

from nnlearn.engine.primitive import Array, Result, plain
from nnlearn.engine.random import RNG, generator
from nnlearn.functions.activations import gelu, swiglu
from nnlearn.functions.attention import multi_head_attention, rotary, scaled_dot_product_attention
from nnlearn.functions.linear import linear
from nnlearn.layers.basic import Dropout, LayerNorm, Linear, RMSNorm
from nnlearn.layers.init import Init, lecun_uniform, normal
from nnlearn.layers.module import Module, require_positive


class Cache:
    """Keys and values of the tokens read so far, so that none is computed twice.

    Each is (B, heads, length, width), one head's width; there is room for `capacity` tokens.
    """

    def __init__(self, batch: int, heads: int, capacity: int, width: int, dtype: DTypeLike) -> None:
        self.keys, self.values = (np.empty((batch, heads, capacity, width), dtype) for _ in range(2))
        self.length = 0

    def extend(self, k: Array, v: Array) -> tuple[np.ndarray, np.ndarray]:
        """Append, and return all so far."""
        end = self.length + k.shape[2]
        self.keys[:, :, self.length : end] = plain(k)
        self.values[:, :, self.length : end] = plain(v)
        self.length = end
        return self.keys[:, :, :end], self.values[:, :, :end]


class MultiHeadAttention(Module):
    """Each of `heads` parts of the width attends; then they are mixed.  (B, T, width), same out

    Queries come from x; keys and values from `context` (B, S, width) where it is given, else from x too.
    `mask` (…, T, S) is False where a query must not look; with `causal` none looks ahead. With fewer
    `kv_heads`, neighbouring heads share keys and values: with 1 all do. With `rotary`, queries and keys are
    turned by their places, see `rotary(…, halves=True)`. Raises ValueError when `heads` does not divide
    `width`, or `kv_heads` does not divide `heads`; with `rotary`, for a head of odd width and for a context.
    Source: A. Vaswani et al. (2017), J. Ainslie et al. (2023), J. Su et al. (2021).
    """

    def __init__(
        self,
        width: int,
        heads: int,
        causal: bool = False,
        kv_heads: int | None = None,
        rotary: bool = False,
        bias: bool = True,
        init: Init = lecun_uniform,
        rng: RNG = None,
    ) -> None:
        kv_heads = heads if kv_heads is None else kv_heads
        require_positive("MultiHeadAttention", width=width, heads=heads, kv_heads=kv_heads)
        if width % heads:
            raise ValueError(f"MultiHeadAttention: width is {width}, which {heads} heads cannot share evenly")
        if heads % kv_heads:
            raise ValueError(
                f"MultiHeadAttention: kv_heads is {kv_heads}, expected a divisor of heads = {heads}"
            )
        if rotary and width // heads % 2:
            raise ValueError(
                f"MultiHeadAttention: a head is {width // heads} wide; with rotary it must be even"
            )
        rng, self.heads, self.kv_heads = generator(rng), heads, kv_heads
        self.causal, self.rotary = causal, rotary
        self.qkv = Linear(width, width + 2 * kv_heads * (width // heads), bias, init, rng)
        self.out = Linear(width, width, bias, init, rng)

    def forward(
        self,
        x: Array,
        mask: np.ndarray | None = None,
        cache: Cache | None = None,
        context: Array | None = None,
    ) -> Result:
        if context is None and cache is None:
            y = multi_head_attention(self.qkv(x), self.heads, mask, self.causal, self.kv_heads, self.rotary)
            return self.out(y)
        q, k, v = self._queries_keys_values(x, context, 0 if cache is None else cache.length)
        causal = self.causal
        if cache is not None:
            if causal and cache.length:  # the cached tokens all lie behind; of the new ones, none looks ahead
                T, S = x.shape[1], cache.length + x.shape[1]
                mask, causal = np.tri(T, S, S - T, dtype=bool) if T > 1 else None, False
            k, v = cache.extend(k, v)
        y = scaled_dot_product_attention(q, k, v, mask, causal)  # (B, heads, T, width / heads)
        return self.out(y.transpose((0, 2, 1, 3)).reshape(x.shape))

    def weights(self, x: Array, mask: np.ndarray | None = None, context: Array | None = None) -> Result:
        """How much each place of x looks at each of `context`, or of x.  -> (B, heads, T, S)"""
        q, k, _ = self._queries_keys_values(x, context)
        S = k.shape[2]
        every_place = np.broadcast_to(np.eye(S, dtype=k.dtype), (1, self.kv_heads, S, S))  # as values
        return scaled_dot_product_attention(q, k, every_place, mask, self.causal)

    def _queries_keys_values(
        self, x: Array, context: Array | None = None, start: int = 0
    ) -> tuple[Result, ...]:
        """Each (B, heads, …, width / heads), of keys and values kv_heads; x[:, 0] is at place `start`"""
        W, b, C, H, K = self.qkv.W, self.qkv.b, x.shape[-1], self.heads, self.kv_heads
        if context is None:
            y = self._split(self.qkv(x))
            q, k, v = y[:, :H], y[:, H : H + K], y[:, H + K :]
            if self.rotary:
                q, k = rotary(q, start, halves=True), rotary(k, start, halves=True)
            return q, k, v
        if self.rotary:
            raise ValueError(
                "MultiHeadAttention: rotary places x and context in one text; leave out one of both"
            )
        kv = self._split(linear(context, W[:, C:], None if b is None else b[C:]))
        return self._split(linear(x, W[:, :C], None if b is None else b[:C])), kv[:, :K], kv[:, K:]

    def _split(self, y: Array) -> Result:
        """(B, T, n · width / heads) -> (B, n, T, width / heads)"""
        B, T, n = y.shape
        D = self.out.W.shape[0] // self.heads
        return y.reshape((B, T, n // D, D)).transpose((0, 2, 1, 3))

    def new_cache(self, batch: int, capacity: int) -> Cache:
        """An empty cache for so many tokens."""
        W = self.out.W
        return Cache(batch, self.kv_heads, capacity, W.shape[0] // self.heads, W.dtype)


class SwiGLU(Module):
    """(silu(x W) · x V) U: one half of the hidden units opens and shuts the other.  (..., width), same out

    W and V, each (width, hidden), lie side by side in `expand`, U is `contract`; there are no biases, as in
    Llama. Source: N. Shazeer (2020).
    """

    def __init__(self, width: int, hidden: int, init: Init = lecun_uniform, rng: RNG = None) -> None:
        require_positive("SwiGLU", width=width, hidden=hidden)
        rng = generator(rng)
        self.expand = Linear(width, 2 * hidden, False, init, rng)
        self.contract = Linear(hidden, width, False, init, rng)

    def forward(self, x: Array) -> Result:
        return self.contract(swiglu(self.expand(x)))


Norm = Literal["layer", "rms"]
FeedForward = Literal["mlp", "swiglu"]
NORMS: dict[Norm, type[LayerNorm] | type[RMSNorm]] = {"layer": LayerNorm, "rms": RMSNorm}


class TransformerBlock(Module):
    """x + attention(norm(x)), then x + mlp(norm(x)).  (B, T, width), same out

    The mlp is `hidden` wide, 4 · width if left out. With norm_first=False the sums are normalised instead, as
    in the first transformer and in BERT. The block of Llama has norm="rms", feed_forward="swiglu" (hidden is
    8/3 · width if left out: as many weights), rotary=True, bias=False and often fewer `kv_heads`. Raises
    ValueError for another norm or feed_forward, or sizes that `MultiHeadAttention` refuses.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        causal: bool = False,
        dropout: float = 0.0,
        activation: Callable[[Array], Result] = gelu,
        norm_first: bool = True,
        hidden: int | None = None,
        norm: Norm = "layer",
        feed_forward: FeedForward = "mlp",
        kv_heads: int | None = None,
        rotary: bool = False,
        bias: bool = True,
        rng: RNG = None,
    ) -> None:
        if norm not in NORMS:
            raise ValueError(f'TransformerBlock: norm is {norm!r}, expected "layer" or "rms"')
        if feed_forward not in ("mlp", "swiglu"):
            raise ValueError(
                f'TransformerBlock: feed_forward is {feed_forward!r}, expected "mlp" or "swiglu"'
            )
        rng, gated = generator(rng), feed_forward == "swiglu"
        hidden = hidden or (8 * width // 3 if gated else 4 * width)
        self.norm1, self.norm2 = NORMS[norm](width), NORMS[norm](width)
        self.attention = MultiHeadAttention(width, heads, causal, kv_heads, rotary, bias, normal, rng)
        self.expand = Linear(width, 2 * hidden if gated else hidden, bias and not gated, normal, rng)
        self.contract = Linear(hidden, width, bias and not gated, normal, rng)
        self.dropout, self.norm_first = Dropout(dropout, rng), norm_first
        self.activation = swiglu if gated else activation

    def forward(self, x: Array, mask: np.ndarray | None = None, cache: Cache | None = None) -> Result:
        if self.norm_first:
            x = x + self.dropout(self.attention(self.norm1(x), mask, cache))
            return x + self.dropout(self.mlp(self.norm2(x)))
        x = self.norm1(x + self.dropout(self.attention(x, mask, cache)))
        return self.norm2(x + self.dropout(self.mlp(x)))

    def mlp(self, x: Array) -> Result:
        """Each token on its own, through `hidden` units.  (B, T, width), same out"""
        return self.contract(self.activation(self.expand(x)))
