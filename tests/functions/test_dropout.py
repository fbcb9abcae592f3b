"""Dropout keeps the mean, repeats with its seed and explains bad input."""

import numpy as np
import pytest

import nnlearn as nn


def test_dropout_keeps_the_mean_and_repeats() -> None:
    x = np.ones((200, 200), np.float32)
    y = nn.dropout(x, 0.3, rng=1)
    assert set(np.unique(y)) == {np.float32(0), np.float32(1) / np.float32(0.7)}
    assert abs(y.mean() - 1) < 0.01  # its standard error is 0.003
    np.testing.assert_array_equal(y, nn.dropout(x, 0.3, rng=1))
    assert nn.dropout(x, 0.0) is x
    nn.seed(4)
    first = nn.dropout(x, 0.5)
    nn.seed(4)
    np.testing.assert_array_equal(first, nn.dropout(x, 0.5))


ONES = np.ones((2, 64))

MISUSES = {
    "dropout: p is 1 but": lambda: nn.dropout(ONES, 1),
}


@pytest.mark.parametrize("message", MISUSES)
def test_bad_input_is_explained(message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        MISUSES[message]()
