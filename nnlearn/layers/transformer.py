"""The transformer's layers: attention with several heads, its cache, and the block."""

from collections.abc import Callable

import numpy as np
from numpy.typing import DTypeLike

from nnlearn.engine.primitive import Array, Result, plain
from nnlearn.engine.random import RNG, generator
from nnlearn.functions.activations import gelu
from nnlearn.functions.attention import multi_head_attention, scaled_dot_product_attention
from nnlearn.functions.linear import linear
from nnlearn.layers.basic import Dropout, LayerNorm, Linear
from nnlearn.layers.init import Init, lecun_uniform, normal
from nnlearn.layers.module import Module, require_positive


class Cache:
    """Keys and values of the tokens read so far, so that none is computed twice.

    Each is (B, heads, length, width / heads); there is room for `capacity` tokens.
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
    `mask` (…, T, S) is False where a query must not look; with `causal` none looks ahead. Raises
    ValueError when `heads` does not divide `width`. Source: A. Vaswani et al. (2017).
    """

    def __init__(
        self, width: int, heads: int, causal: bool = False, init: Init = lecun_uniform, rng: RNG = None
    ) -> None:
        require_positive("MultiHeadAttention", width=width, heads=heads)
        if width % heads:
            raise ValueError(f"MultiHeadAttention: width is {width}, which {heads} heads cannot share evenly")
        rng, self.heads, self.causal = generator(rng), heads, causal
        self.qkv = Linear(width, 3 * width, init=init, rng=rng)
        self.out = Linear(width, width, init=init, rng=rng)

    def forward(
        self,
        x: Array,
        mask: np.ndarray | None = None,
        cache: Cache | None = None,
        context: Array | None = None,
    ) -> Result:
        if context is None and cache is None:
            return self.out(multi_head_attention(self.qkv(x), self.heads, mask, self.causal))
        q, k, v = self._queries_keys_values(x, context)
        causal = self.causal
        if cache is not None:
            if causal and cache.length:  # the cached tokens all lie behind; of the new ones, none looks ahead
                T, S = x.shape[1], cache.length + x.shape[1]
                mask, causal = np.tri(T, S, S - T, dtype=bool), False
            k, v = cache.extend(k, v)
        y = scaled_dot_product_attention(q, k, v, mask, causal)  # (B, heads, T, width / heads)
        return self.out(y.transpose((0, 2, 1, 3)).reshape(x.shape))

    def weights(self, x: Array, mask: np.ndarray | None = None, context: Array | None = None) -> Result:
        """How much each place of x looks at each of `context`, or of x.  -> (B, heads, T, S)"""
        q, k, _ = self._queries_keys_values(x, context)
        every_place = np.eye(k.shape[2], dtype=k.dtype)[None, None]  # the identity as values
        return scaled_dot_product_attention(q, k, every_place, mask, self.causal)

    def _queries_keys_values(self, x: Array, context: Array | None) -> tuple[Result, ...]:
        """Each (B, heads, …, width / heads)"""
        if context is None:
            return self._split(self.qkv(x), 3)
        C = x.shape[-1]
        W, b = self.qkv.W, self.qkv.b
        assert b is not None
        (q,) = self._split(linear(x, W[:, :C], b[:C]), 1)
        k, v = self._split(linear(context, W[:, C:], b[C:]), 2)
        return q, k, v

    def _split(self, y: Array, parts: int) -> tuple[Result, ...]:
        """(B, T, parts · width) -> parts × (B, heads, T, width / heads)"""
        B, T, n = y.shape
        y = y.reshape((B, T, parts, self.heads, n // (parts * self.heads))).transpose((2, 0, 3, 1, 4))
        return tuple(y[i] for i in range(parts))

    def new_cache(self, batch: int, capacity: int) -> Cache:
        """An empty cache for so many tokens."""
        W = self.out.W
        return Cache(batch, self.heads, capacity, W.shape[0] // self.heads, W.dtype)


class TransformerBlock(Module):
    """x + attention(norm(x)), then x + mlp(norm(x)).  (B, T, width), same out

    The mlp is `hidden` wide, 4 · width if left out. With norm_first=False the sums are normalised instead, as
    in the first transformer and in BERT.
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
        rng: RNG = None,
    ) -> None:
        rng, hidden = generator(rng), hidden or 4 * width
        self.norm1, self.norm2 = LayerNorm(width), LayerNorm(width)
        self.attention = MultiHeadAttention(width, heads, causal, init=normal, rng=rng)
        self.expand = Linear(width, hidden, init=normal, rng=rng)
        self.contract = Linear(hidden, width, init=normal, rng=rng)
        self.dropout, self.activation, self.norm_first = Dropout(dropout, rng), activation, norm_first

    def forward(self, x: Array, mask: np.ndarray | None = None, cache: Cache | None = None) -> Result:
        if self.norm_first:
            x = x + self.dropout(self.attention(self.norm1(x), mask, cache))
            return x + self.dropout(self.mlp(self.norm2(x)))
        x = self.norm1(x + self.dropout(self.attention(x, mask, cache)))
        return self.norm2(x + self.dropout(self.mlp(x)))

    def mlp(self, x: Array) -> Result:
        """Each token on its own, through `hidden` units.  (B, T, width), same out"""
        return self.contract(self.activation(self.expand(x)))
