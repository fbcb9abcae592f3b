"""Attention layers: a cache, and what they say of bad input."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.layers.transformer import MultiHeadAttention


@pytest.mark.parametrize("options", [{}, {"kv_heads": 2}, {"kv_heads": 1, "rotary": True, "bias": False}])
def test_attention_with_a_cache_sees_what_it_sees_without(options):
    layer = MultiHeadAttention(8, 4, causal=True, rng=0, **options).astype(np.float64)
    x = np.random.default_rng(0).standard_normal((3, 5, 8))
    with nn.no_grad():
        whole, cache = layer(x).data, layer.new_cache(3, 5)
        parts = [layer(x[:, a:b], cache=cache).data for a, b in ((0, 2), (2, 4), (4, 5))]
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, rtol=1e-10)
    assert cache.keys.shape == cache.values.shape == (3, options.get("kv_heads", 4), 5, 2)


X = np.ones((1, 2, 8), np.float32)
BAD = [
    (lambda: MultiHeadAttention(10, 3), "width is 10, which 3 heads cannot share evenly"),
    (lambda: MultiHeadAttention(8, 4, kv_heads=3), "kv_heads is 3, expected a divisor of heads = 4"),
    (lambda: MultiHeadAttention(8, 4, kv_heads=0), "kv_heads is 0, expected a whole number from 1 on"),
    (lambda: MultiHeadAttention(6, 2, rotary=True), "a head is 3 wide; with rotary it must be even"),
    (lambda: MultiHeadAttention(8, 2, rotary=True, rng=0)(X, context=X), "leave out one of both"),
    (lambda: nn.TransformerBlock(8, 2, norm="batch"), 'norm is \'batch\', expected "layer" or "rms"'),
    (lambda: nn.TransformerBlock(8, 2, feed_forward="glu"), "feed_forward is 'glu', expected"),
    (lambda: nn.SwiGLU(8, 0), "SwiGLU: hidden is 0"),
]


@pytest.mark.parametrize("call, message", BAD, ids=[message for _, message in BAD])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
