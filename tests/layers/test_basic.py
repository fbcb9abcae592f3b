"""Layers: states carried over, dropout in training alone, and what they say of bad input."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.engine.primitive import plain


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_recurrent_layers_go_on_where_they_stopped(kind):
    layer = getattr(nn, kind)(8, 6, rng=0)
    x = np.random.default_rng(0).standard_normal((3, 5, 8), np.float32)
    whole, last = layer(x)
    start, state = layer(x[:, :2])
    rest, again = layer(x[:, 2:], state)
    np.testing.assert_allclose(whole.data, np.concatenate([start.data, rest.data], axis=1), atol=1e-6)
    for a, b in zip(*((s if isinstance(s, tuple) else (s,)) for s in (last, again)), strict=True):
        np.testing.assert_allclose(a.data, b.data, atol=1e-6)
        assert a.shape == (3, 6)


@pytest.mark.parametrize("B, T", [(0, 4), (2, 0)])
def test_empty_batches_and_sequences(B, T):
    x = np.ones((B, T, 8), np.float32)
    for layer in (nn.RNN(8, 6, rng=0), nn.GRU(8, 6, rng=0), nn.LSTM(8, 6, rng=0)):
        y, last = layer(x)
        y.sum().backward()
        state = np.full((B, 6), 2, np.float32)
        pair = isinstance(layer, nn.LSTM)
        _, again = layer(x, (state, state) if pair else state)
        assert y.shape == (B, T, 6) and layer.W_x.grad.shape == layer.W_x.shape
        # After no step, the state is the one it began with
        for first, second in zip(*((s if pair else (s,)) for s in (last, again)), strict=True):
            assert first.shape == (B, 6)
            np.testing.assert_array_equal(plain(second), state)
    modern = dict(norm="rms", feed_forward="swiglu", kv_heads=1, rotary=True, bias=False)
    blocks = [nn.TransformerBlock(8, 2, causal=True, rng=0, **options) for options in ({}, modern)]
    for layer in (nn.Linear(8, 2, rng=0), nn.LayerNorm(8), nn.RMSNorm(8), nn.SwiGLU(8, 4, rng=0), *blocks):
        y = layer(x)
        y.sum().backward()
        assert y.shape[:2] == (B, T) and all(p.grad.shape == p.shape for p in layer.parameters())
    assert nn.Flatten()(x).shape == (B, T * 8)


def test_dropout_drops_in_training_alone():
    layer, x = nn.Dropout(0.25, rng=0), np.ones((100, 100), np.float32)
    y = layer(x)
    assert set(np.unique(y)) == {0, np.float32(4 / 3)} and (y == 0).mean() == pytest.approx(0.25, abs=0.02)
    assert not np.array_equal(layer(x), y)
    assert layer.eval()(x) is x
    nn.seed(3)
    a = nn.Dropout(0.5)(x)
    nn.seed(3)
    np.testing.assert_array_equal(nn.Dropout(0.5)(x), a)


@pytest.mark.parametrize("size, stride, padding", [(4, 2, 1), (3, 1, 1), (6, 3, 0)])
def test_a_transposed_convolution_keeps_the_size_of_its_signal(size, stride, padding):
    layer = nn.ConvTranspose2d(16, 8, size, stride, padding, rng=0)
    x = np.random.default_rng(0).standard_normal((8, 16, 20, 20), np.float32)
    inner = layer(x).data[:, :, size:-size, size:-size]
    assert layer.W.dtype == np.float32 and inner.var() == pytest.approx(1, rel=0.1)
    given = nn.ConvTranspose2d(16, 8, size, stride, init=nn.init.he_normal, rng=0)
    np.testing.assert_array_equal(given.W.data.swapaxes(0, 1), nn.init.he_normal((8, 16, size, size), rng=0))


BAD = [
    (lambda: nn.Linear(0, 3), "Linear: n_in is 0"),
    (lambda: nn.Linear(3, 2.5), "n_out is 2.5"),
    (lambda: nn.Conv2d(1, 0, 3), "Conv2d: c_out is 0"),
    (lambda: nn.Embedding(5, -1), "Embedding: width is -1"),
    (lambda: nn.ConvTranspose2d(1, 1, 3, 0), "ConvTranspose2d: stride is 0"),
    (lambda: nn.GroupNorm(3, 8), "GroupNorm: channels is 8, which 3 groups cannot share evenly"),
    (lambda: nn.RMSNorm(0), "RMSNorm: width is 0"),
    (lambda: nn.LSTM(5, 0), "LSTM: n_hidden is 0"),
    (lambda: nn.Dropout(1.0), "Dropout: p is 1.0"),
]


@pytest.mark.parametrize("call, message", BAD, ids=[message for _, message in BAD])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
