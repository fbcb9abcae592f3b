"""Shapes: what they say of bad input; values and gradients are in tests/functions/test_against_pytorch.py."""

import numpy as np
import pytest

import nnlearn as nn


def test_an_axis_that_cannot_be_squeezed_is_named() -> None:
    with pytest.raises(ValueError, match="3 long, not 1"):
        nn.squeeze(np.ones((2, 3)), 1)
