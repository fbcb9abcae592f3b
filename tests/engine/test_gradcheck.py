"""The gradient checker finds mistakes."""

import numpy as np
import pytest

import nnlearn as nn


def test_gradcheck_finds_mistakes() -> None:
    @nn.primitive
    def wrong(x):
        return x * x, lambda g: g * x

    @nn.primitive
    def hidden_by_a_sum(x):  # the slope of softmax is 0 for a uniform upstream gradient, and for no other
        y = nn.softmax(x)
        return y, lambda g: 0 * g

    for f in (wrong, hidden_by_a_sum):
        with pytest.raises(AssertionError, match=r"input 0 at \("):
            nn.gradcheck(f, np.random.default_rng(0).standard_normal((2, 3)))
    X, y = np.random.default_rng(1).standard_normal((5, 2)), np.ones(5)
    error = lambda w: ((X @ w - y) ** 2).mean()  # noqa: E731
    w = np.array([0.3, -0.2])
    assert nn.gradcheck(error, w, gradients=2 / 5 * X.T @ (X @ w - y)) < 1e-8
    with pytest.raises(AssertionError, match="differences say"):
        nn.gradcheck(error, w, gradients=X.T @ (X @ w - y))
    with pytest.raises(AssertionError, match=r"has shape \(1, 2\)"):
        nn.gradcheck(error, w, gradients=[np.ones((1, 2))])
    assert nn.gradcheck(np.tanh, w, gradients=lambda g: g * (1 - np.tanh(w) ** 2)) < 1e-8
    with pytest.raises(ValueError, match="one number"):
        nn.gradcheck(np.tanh, w, gradients=[w])
