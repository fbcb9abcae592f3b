"""`linear` and `embedding`: any leading axes, and what they say of bad input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nnlearn as nn


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=4), st.integers(1, 5), st.integers(1, 5))
def test_linear_takes_any_leading_axes(lead, n, m) -> None:
    x, W, b = np.ones((*lead, n)), np.random.default_rng(0).random((n, m)), np.ones(m)
    nn.gradcheck(nn.linear, x, W, b)
    np.testing.assert_allclose(nn.linear(x, W, b), x @ W + b)


ONES = np.ones((2, 64))

MISUSES = {
    "linear: x has 64 features in its last axis but W expects 32 \\(W is \\(32, 10\\)\\)": lambda: nn.linear(
        ONES, np.ones((32, 10))
    ),
    "linear: b is \\(3,\\) but": lambda: nn.linear(ONES, np.ones((64, 10)), np.ones(3)),
    "linear: W must have two axes": lambda: nn.linear(ONES, np.ones(64)),
    "linear: x is a single number": lambda: nn.linear(np.float32(1), np.ones((64, 2))),
    "embedding: id 7 is out of range: W \\(5, 2\\) has rows 0 to 4": lambda: nn.embedding(
        [1, 7], np.ones((5, 2))
    ),
    "embedding: ids must be whole numbers": lambda: nn.embedding([1.5], np.ones((5, 2))),
}


@pytest.mark.parametrize("message", MISUSES)
def test_bad_input_is_explained(message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        MISUSES[message]()
