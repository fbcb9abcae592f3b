"""Linear recurrences: as a loop, as a convolution, and what they say of inputs that do not fit."""

import numpy as np
import pytest

import nnlearn as nn

R = np.random.default_rng(0)


def test_a_constant_recurrence_is_a_convolution_in_values_and_gradients():
    a, x = R.uniform(0, 1, 3), R.normal(size=(2, 40, 3))
    u = R.normal(size=x.shape)
    one, two = nn.Tensor(x, requires_grad=True), nn.Tensor(x, requires_grad=True)
    h = nn.linear_scan(np.broadcast_to(a, x.shape), one)
    y = nn.causal_convolution(two, a ** np.arange(40)[:, None])
    np.testing.assert_allclose(h.data, y.data, atol=1e-12)
    (h * u).sum().backward()
    (y * u).sum().backward()
    np.testing.assert_allclose(one.grad, two.grad, atol=1e-12)


def test_no_step_looks_ahead():
    x, k = R.normal(size=(1, 20, 2)), R.normal(size=(20, 2))
    other = x.copy()
    other[:, 12:] += 1
    a = np.full(x.shape, 0.9)
    for run in (lambda x: nn.causal_convolution(x, k), lambda x: nn.linear_scan(a, x)):
        np.testing.assert_allclose(run(x)[:, :12], run(other)[:, :12], atol=1e-12)
        assert abs(run(x)[:, 12] - run(other)[:, 12]).min() > 1e-3


def test_a_zero_wipes_the_memory_and_a_one_keeps_it():
    h = nn.linear_scan(np.array([[1.0, 1, 0, 1]]), np.array([[5.0, 0, 3, 0]]))
    np.testing.assert_array_equal(h, [[5, 5, 3, 3]])


def test_no_steps_and_whole_numbers():
    assert nn.linear_scan(np.ones((2, 0, 3)), np.ones((2, 0, 3))).shape == (2, 0, 3)
    np.testing.assert_array_equal(nn.linear_scan(np.full((1, 4), 2), np.ones((1, 4), int)), [[1, 3, 7, 15]])
    ones = np.ones((1, 3, 1), int)
    np.testing.assert_allclose(nn.causal_convolution(ones, np.ones((3, 1), int))[0, :, 0], [1, 2, 3])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: nn.linear_scan(np.ones((2, 3)), np.ones((2, 4))), r"a is \(2, 3\) and b \(2, 4\)"),
        (lambda: nn.linear_scan(np.ones(3), np.ones(3)), r"expected one shape \(B, T, ...\)"),
        (lambda: nn.causal_convolution(np.ones((2, 3, 4)), np.ones((3, 5))), r"k \(3, 5\)"),
        (lambda: nn.causal_convolution(np.ones((3, 4)), np.ones((3, 4))), r"x \(3, 4\) must be \(B, T, D\)"),
        (lambda: nn.causal_convolution(np.ones((1, 0, 4)), np.ones((3, 4))), r"x \(1, 0, 4\)"),
    ],
)
def test_says_what_was_wrong(call, words):
    with pytest.raises(ValueError, match=words):
        call()
