"""x"""

import numpy as np

import nnlearn as nn
from nnlearn import Tensor


def test_argmax_gives_whole_numbers() -> None:
    x = Tensor([[1.0, 3.0], [5.0, 2.0]], requires_grad=True)
    np.testing.assert_array_equal(nn.argmax(x, axis=1), [1, 0])
    np.testing.assert_array_equal(x.argmax(axis=0), [1, 0])
    assert nn.argmax(x) == 2
