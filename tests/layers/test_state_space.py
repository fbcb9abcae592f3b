"""The state-space layer: recurrence and convolution agree; memories fade; it learns a delay's sum."""

import numpy as np
import pytest

import nnlearn as nn

X = np.random.default_rng(0).normal(size=(2, 50, 3))


def test_both_ways_give_the_same_values_and_gradients():
    layer = nn.StateSpace(3, 5, rng=0).astype(np.float64)
    upstream = np.random.default_rng(1).normal(size=X.shape)
    grads = []
    for recurrent in (False, True):
        x = nn.Tensor(X, requires_grad=True)
        y = layer(x, recurrent=recurrent)
        grads.append([y.data, *nn.grad((y * upstream).sum(), [x, layer.rate, layer.c, layer.d])])
    for a, b in zip(*grads, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)


def test_the_kernel_is_the_answer_to_a_single_one():
    layer = nn.StateSpace(3, 5, rng=0).astype(np.float64)
    layer.d.data[:] = 0
    one = np.zeros((1, 50, 3))
    one[:, 0] = 1
    np.testing.assert_allclose(layer(one).data[0], layer.kernel(50).data, atol=1e-12)


def test_a_constant_input_fills_every_memory_to_that_constant():
    layer = nn.StateSpace(1, 4, rng=0)
    layer.rate.data[:] = np.log([3.0, 1.0, 0.3, 0.1])
    y = layer(np.full((1, 400, 1), 2, np.float32)).data[0, -1, 0]
    assert y == pytest.approx(2 * layer.c.data.sum() + 2, rel=1e-4)


def test_says_what_was_wrong():
    with pytest.raises(ValueError, match="states"):
        nn.StateSpace(3, 0)
    with pytest.raises(ValueError, match=r"causal_convolution: x \(2, 50, 2\)"):
        nn.StateSpace(3)(X[..., :2])
