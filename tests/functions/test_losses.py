"""Losses: against their composed twin, at extremes, and what they say of bad input."""

import numpy as np
import pytest

import nnlearn as nn
from tests.support.composed import assert_fused_equals_composed

R = np.random.default_rng(0)


def draw(*shape: int) -> np.ndarray:
    return R.standard_normal(shape)


def cross_entropy(logits, labels):
    return -nn.log(nn.softmax(logits))[np.arange(len(labels)), labels].mean()


TWINS = {
    "cross_entropy": (
        lambda x: nn.cross_entropy(x, np.array([1, 0, 3])),
        lambda x: cross_entropy(x, np.array([1, 0, 3])),
        [draw(3, 4)],
        {},
    ),
}


@pytest.mark.parametrize("name", TWINS)
def test_fused_equals_composed(name: str) -> None:
    assert_fused_equals_composed(*TWINS[name])


def test_losses_of_extreme_inputs_neither_overflow_nor_warn() -> None:
    for dtype in (np.float32, np.float64):
        x = np.array([[-1e4, 0, 1e4, 88, -88, 700, -700]], dtype)
        assert np.isfinite(nn.cross_entropy(x, [0]))
        assert np.isfinite(nn.binary_cross_entropy(x, np.ones_like(x)))


def test_losses_of_rows_far_apart_keep_their_precision() -> None:
    for dtype, rtol in ((np.float32, 1e-5), (np.float64, 1e-12)):
        low = np.array([[0.1, -0.7, 0.4]], dtype)
        for shift in (15.0, 30.0, 1000.0):
            x = np.concatenate([low, low + dtype(shift)])
            expected = (nn.cross_entropy(low, [1]) + nn.cross_entropy(x[1:], [1])) / 2
            np.testing.assert_allclose(nn.cross_entropy(x, [1, 1]), expected, rtol=rtol * 20)


ONES = np.ones((2, 64))

MISUSES = {
    "cross_entropy: label 64 is out of range: .* 64 classes, so labels go from 0 to 63": lambda: (
        nn.cross_entropy(ONES, [3, 64])
    ),
    "cross_entropy: label -1 is out of range": lambda: nn.cross_entropy(ONES, [3, -1]),
    "cross_entropy: logits \\(2, 64\\) need labels \\(2,\\)": lambda: nn.cross_entropy(ONES, [1, 2, 3]),
    "of whole numbers .* float64": lambda: nn.cross_entropy(ONES, [1.0, 2.0]),
    "cross_entropy: the batch is empty": lambda: nn.cross_entropy(ONES[:0], np.zeros(0, int)),
    "mse_loss: prediction is \\(2, 1\\) but target is \\(2,\\)": lambda: nn.mse_loss(
        np.ones((2, 1)), np.ones(2)
    ),
    "huber_loss: the batch is empty": lambda: nn.huber_loss(ONES[:0], ONES[:0]),
    "binary_cross_entropy: prediction is": lambda: nn.binary_cross_entropy(ONES, np.ones(2)),
}


@pytest.mark.parametrize("message", MISUSES)
def test_bad_input_is_explained(message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        MISUSES[message]()
