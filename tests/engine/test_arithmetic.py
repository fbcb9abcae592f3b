"""Arithmetic: operators on both sides, broadcasting undone, and what they say of bad input."""

import itertools
import operator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

import nnlearn as nn
from nnlearn import Tensor

OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]
NUMBERS, MATRIX = [2.5, np.float64(2.5)], np.full((3, 3), 1.5)
PAIRS = [*itertools.product(OPERATORS, [*NUMBERS, MATRIX]), (operator.matmul, MATRIX)]


@pytest.mark.parametrize(("op", "other"), PAIRS)
def test_operators_on_both_sides(op, other) -> None:
    x = Tensor(np.random.default_rng(0).random((3, 3)) + 0.5, requires_grad=True)
    for y, expected in ((op(x, other), op(x.data, other)), (op(other, x), op(other, x.data))):
        assert isinstance(y, Tensor)
        np.testing.assert_array_equal(y.data, expected)
    nn.gradcheck(lambda x: op(x, other), x)
    nn.gradcheck(lambda x: op(other, x), x)


@settings(max_examples=60, deadline=None)
@given(mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=4), st.sampled_from(OPERATORS[:4]))
def test_broadcasting_is_undone(shapes, op) -> None:
    a, b = (np.random.default_rng(i).random(s) + 0.5 for i, s in enumerate(shapes.input_shapes))
    nn.gradcheck(op, a, b)


def test_matrices_that_do_not_fit_are_named() -> None:
    with pytest.raises(ValueError, match="inner axes differ"):
        nn.matmul(np.ones((2, 3)), np.ones((2, 3)))


def test_argmax_gives_whole_numbers() -> None:
    x = Tensor([[1.0, 3.0], [5.0, 2.0]], requires_grad=True)
    np.testing.assert_array_equal(nn.argmax(x, axis=1), [1, 0])
    np.testing.assert_array_equal(x.argmax(axis=0), [1, 0])
    assert nn.argmax(x) == 2
