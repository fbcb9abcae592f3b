import numpy as np
import pytest

import nnlearn as nn


@pytest.mark.parametrize("shape", [(), (3,), (4, 2)])
def test_descends_a_bowl_by_a_known_factor(shape):
    goal = np.random.default_rng(0).normal(size=shape)
    path = nn.gradient_descent(lambda w: 2 * (w - goal), np.zeros(shape), 0.1, 7)
    assert path.shape == (8, *shape)
    for k in range(8):
        np.testing.assert_allclose(path[k], goal * (1 - 0.8**k))


def test_keeps_the_start_and_nobody_else_writes_into_the_path():
    start = np.array([1, 2])  # whole numbers: the path holds fractions

    def careless(w):
        w *= 0
        return w + 1

    path = nn.gradient_descent(careless, start, 0.25, 2)
    np.testing.assert_allclose(path, [[1, 2], [0.75, 1.75], [0.5, 1.5]])
    np.testing.assert_array_equal(start, [1, 2])


def test_no_steps_is_the_start():
    np.testing.assert_array_equal(nn.gradient_descent(lambda w: w, [3.0], 1, 0), [[3.0]])


def test_reaches_least_squares():
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(50, 3)), rng.normal(size=50)
    path = nn.gradient_descent(lambda w: 2 * X.T @ (X @ w - y) / 50, np.zeros(3), 0.3, 500)
    np.testing.assert_allclose(path[-1], np.linalg.lstsq(X, y, rcond=None)[0], rtol=1e-9)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((lambda w: w, [1.0], 0, 1), "lr must be more than 0, got 0"),
        ((lambda w: w, [1.0], float("nan"), 1), "lr must be more than 0, got nan"),
        ((lambda w: w, [1.0], 1, -1), "steps must be 0 or more, got -1"),
        ((lambda w: w[:1], [1.0, 2.0], 1, 1), r"w is \(2,\), but its gradient is \(1,\)"),
    ],
)
def test_descent_says_what_is_wrong(arguments, says):
    with pytest.raises(ValueError, match=says):
        nn.gradient_descent(*arguments)


def test_condition_number_is_the_ratio_of_eigenvalues():
    X = np.random.default_rng(2).normal(size=(30, 4)) * [1, 10, 0.1, 3]
    eigenvalues = np.linalg.eigvalsh(X.T @ X / 30)
    assert nn.condition_number(X) == pytest.approx(eigenvalues[-1] / eigenvalues[0])
    assert nn.condition_number(7 * X) == pytest.approx(nn.condition_number(X))


@pytest.mark.parametrize("r", [0.0, 0.5, -0.9])
def test_condition_number_of_two_standardised_features_follows_from_their_correlation(r):
    a, b = nn.data.standardize(np.random.default_rng(3).normal(size=(40, 2))).T
    b = nn.data.standardize((b - a * (a @ b) / (a @ a))[:, None])[:, 0]
    X = np.column_stack([a, r * a + np.sqrt(1 - r**2) * b])
    assert nn.condition_number(X) == pytest.approx((1 + abs(r)) / (1 - abs(r)))


def test_condition_number_of_dependent_columns_is_infinite():
    column = np.random.default_rng(4).normal(size=(9, 1))
    assert nn.condition_number(np.hstack([column, 3 * column])) == float("inf")
    assert nn.condition_number(np.zeros((3, 2))) == float("inf")


@pytest.mark.parametrize(
    ("X", "says"),
    [
        (np.ones(3), r"it is \(3,\)"),
        (np.ones((2, 3)), r"it is \(2, 3\)"),
        (np.ones((3, 0)), r"it is \(3, 0\)"),
        (np.full((3, 1), np.nan), "NaN or infinity"),
    ],
)
def test_condition_number_says_what_is_wrong(X, says):
    with pytest.raises(ValueError, match=says):
        nn.condition_number(X)
