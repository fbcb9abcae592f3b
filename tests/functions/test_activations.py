"""Activations: extreme inputs, rows far apart, and what they say of bad input."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn import Tensor


def test_extreme_inputs_neither_overflow_nor_warn() -> None:
    for dtype in (np.float32, np.float64):
        x = np.array([[-1e4, 0, 1e4, 88, -88, 700, -700]], dtype)
        for f in (nn.sigmoid, nn.silu, nn.gelu, nn.softplus, nn.softmax, nn.log_softmax, nn.elu, nn.tanh):
            t = Tensor(x, requires_grad=True)
            f(t).sum().backward()
            assert np.isfinite(f(x)).all() and np.isfinite(t.grad).all()


def test_rows_far_apart_keep_their_precision() -> None:
    """Each row is as if it stood alone, however far the others are."""
    for dtype, rtol in ((np.float32, 1e-5), (np.float64, 1e-12)):
        low = np.array([[0.1, -0.7, 0.4]], dtype)
        for shift in (15.0, 30.0, 1000.0):
            x = np.concatenate([low, low + dtype(shift)])
            for f in (nn.softmax, nn.log_softmax):
                np.testing.assert_allclose(f(x)[:1], f(low), rtol=rtol * 20, atol=0)


def test_a_single_number_is_sure_of_itself() -> None:
    x = nn.Parameter(np.array(3.0))
    for f, value in ((nn.softmax, 1.0), (nn.log_softmax, 0.0)):
        assert f(3.0) == value == f(x).item() and f(3.0).shape == ()
        (slope,) = nn.grad(f(x), [x])
        assert slope == 0


ONES = np.ones((2, 64))

MISUSES = {
    'gelu: approximate must be "none" or "tanh"': lambda: nn.gelu(ONES, "exact"),
}


@pytest.mark.parametrize("message", MISUSES)
def test_bad_input_is_explained(message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        MISUSES[message]()
