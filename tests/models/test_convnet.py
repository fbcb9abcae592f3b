"""The convolutional network explains bad input."""

import pytest

from nnlearn.models.convnet import ConvNet


def test_pixels_that_cannot_be_halved():
    with pytest.raises(ValueError, match="8×3 pixels cannot be halved 2 times"):
        ConvNet((1, 8, 3), 10)
