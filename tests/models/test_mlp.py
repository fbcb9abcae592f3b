"""The MLP: no bends, given starts, bad input."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.models.mlp import MLP

BAD = [
    (lambda: MLP([5]), "sizes is .5., expected at least"),
    (lambda: MLP([5, 3], "swish9"), "activation is 'swish9', expected one of relu, leaky_relu"),
]


@pytest.mark.parametrize("call, message", BAD, ids=[message for _, message in BAD])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_mlp_without_bends_is_one_line_and_starts_from_what_is_given():
    model = MLP([3, 5, 2], "linear", rng=0)
    first, last = model.layers
    x = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    np.testing.assert_allclose(model(x).data, x @ first.W.data @ last.W.data, rtol=1e-5, atol=1e-6)
    assert not any(p.data.any() for p in MLP([3, 5, 2], init=nn.init.zeros).parameters())
