"""Attention layers: a cache, and what they say of bad input."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.layers.transformer import MultiHeadAttention


def test_attention_with_a_cache_sees_what_it_sees_without():
    layer = MultiHeadAttention(8, 2, causal=True, rng=0).astype(np.float64)
    x = np.random.default_rng(0).standard_normal((3, 5, 8))
    with nn.no_grad():
        whole, cache = layer(x).data, layer.new_cache(3, 5)
        parts = [layer(x[:, a:b], cache=cache).data for a, b in ((0, 2), (2, 4), (4, 5))]
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, rtol=1e-10)


def test_heads_that_cannot_share_the_width():
    with pytest.raises(ValueError, match="width is 10, which 3 heads cannot share evenly"):
        MultiHeadAttention(10, 3)
