"""Functions rebuilt from units: the right values, the promised rates, messages for bad input."""

import numpy as np
import pytest

import nnlearn as nn

X = np.linspace(0, 1, 20_001)[:, None]


def sine(x):
    return np.sin(2 * np.pi * x)


def error(f, layers, activation):
    return np.abs(nn.forward(X, layers, activation) - f(X)).max()


def steps(f, n, knots=None):
    return error(f, nn.step_network(f, np.linspace(0, 1, n + 2) if knots is None else knots), nn.step)


def relus(f, n, knots=None):
    return error(f, nn.relu_network(f, np.linspace(0, 1, n + 1) if knots is None else knots), nn.relu)


def test_step_network_takes_the_value_halfway_between_knots():
    knots = np.array([0.0, 0.2, 0.5, 1.0])
    layers = nn.step_network(sine, knots)
    middles = (knots[:-1] + knots[1:]) / 2
    assert layers[0][0].shape == (1, 2) and layers[1][0].shape == (2, 1)
    for shift in (-0.05, 0.0, 0.05):
        y = nn.forward((middles + shift)[:, None], layers, nn.step)[:, 0]
        np.testing.assert_allclose(y, sine(middles), atol=1e-14)
    np.testing.assert_allclose(nn.forward(np.array([[-9.0]]), layers, nn.step), sine(0.1))


def test_relu_network_is_the_polygon_through_the_knots():
    knots = np.array([0.0, 0.1, 0.35, 0.7, 1.0])
    layers = nn.relu_network(sine, knots)
    assert layers[0][0].shape == (1, 4)
    np.testing.assert_allclose(
        nn.forward(X, layers)[:, 0], np.interp(X[:, 0], knots, sine(knots)), atol=1e-14
    )
    np.testing.assert_allclose(nn.forward(np.array([[-9.0]]), layers), [[0.0]], atol=1e-14)


@pytest.mark.parametrize("network, slope", [(steps, -1), (relus, -2)])
def test_errors_fall_at_the_rate_theory_gives(network, slope):
    n = np.array([16, 32, 64, 128])
    errors = [network(sine, k) for k in n]
    fitted = np.polyfit(np.log(n), np.log(errors), 1)[0]
    assert abs(fitted - slope) < 0.08


def test_relu_error_keeps_its_bound():
    for n in (5, 20, 60):
        assert relus(sine, n) <= (1 / n) ** 2 / 8 * (2 * np.pi) ** 2 * (1 + 1e-9)


@pytest.mark.parametrize(
    "order, network, f, gain",
    [(1, steps, lambda x: np.tanh(20 * (x - 0.5)), 3), (2, relus, np.sqrt, 8)],
    ids=["steps on a steep slope", "ReLUs on a root"],
)
def test_adapted_knots_beat_even_ones(order, network, f, gain):
    n = 32
    knots = nn.adapted_knots(f, n + (order == 1), 0, 1, order)
    assert knots[0] == 0 and knots[-1] == 1 and np.all(np.diff(knots) > 0)
    assert gain * network(f, n, knots) < network(f, n)


@pytest.mark.parametrize("order", [1, 2])
def test_adapted_knots_are_even_where_nothing_changes(order):
    knots = nn.adapted_knots(lambda x: np.ones_like(x), 8, -2, 2, order)
    np.testing.assert_allclose(knots, np.linspace(-2, 2, 9), atol=1e-12)


def test_fit_output_is_the_least_squares_minimum():
    rng = np.random.default_rng(0)
    x, W, b = rng.uniform(size=(50, 2)), rng.normal(size=(2, 6)), rng.normal(size=6)
    y = rng.normal(size=(50, 3))
    layers = nn.fit_output(x, y, W, b, np.tanh)
    assert layers[0][0] is W and layers[1][0].shape == (6, 3) and layers[1][1].shape == (3,)
    residual = nn.forward(x, layers, np.tanh) - y
    np.testing.assert_allclose(np.tanh(x @ W + b).T @ residual, 0, atol=1e-10)
    np.testing.assert_allclose(residual.sum(axis=0), 0, atol=1e-10)


BAD = {
    "knots that fall": (
        lambda: nn.relu_network(sine, [0, 0.5, 0.4]),
        r"relu_network: knots must increase, but 0.5 is followed by 0.4",
    ),
    "a knot twice": (lambda: nn.step_network(sine, [0, 0.5, 0.5, 1]), r"but 0.5 is followed by 0.5"),
    "too few knots": (
        lambda: nn.step_network(sine, [0, 1]),
        r"knots must be 3 or more positions, \(K,\), got .*2",
    ),
    "a column of knots": (lambda: nn.relu_network(sine, X), r"got shape \(20001, 1\)"),
    "a constant": (lambda: nn.relu_network(lambda x: 1.0, [0, 1]), r"\(2,\) went in, \(\) came out"),
    "a pole": (
        lambda: nn.relu_network(lambda x: np.where(x == 0, np.inf, x), [0, 1]),
        r"f\(0\) is not a finite",
    ),
    "no interval": (lambda: nn.adapted_knots(sine, 4, 1, 0, 1), r"low below high .* low=1, high=0"),
    "y without its second axis": (
        lambda: nn.fit_output(X, X[:, 0], np.ones((1, 2)), np.zeros(2), nn.relu),
        r"y \(20001,\); y\[:, None\] makes a column of y",
    ),
}


@pytest.mark.parametrize("call, message", BAD.values(), ids=BAD.keys())
def test_bad_input_is_told_what_was_expected(call, message):
    with pytest.raises(ValueError, match=message):
        call()
