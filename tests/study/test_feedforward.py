"""Networks as lists of (W, b): values against loops, pieces against slower ways of counting."""

import itertools

import numpy as np
import pytest

import nnlearn as nn


def random_network(sizes, seed):
    rng = np.random.default_rng(seed)
    return [
        (rng.normal(size=(a, b)) * np.sqrt(2 / a), rng.normal(size=b) * 0.5)
        for a, b in itertools.pairwise(sizes)
    ]


def slow_forward(x, layers, activation):
    """One input, one unit, one product at a time."""
    for k, (W, b) in enumerate(layers):
        z = [
            sum(x[i] * W[i, j] for i in range(len(x))) + (0 if b is None else b[j]) for j in range(W.shape[1])
        ]
        x = z if k == len(layers) - 1 else [float(activation(np.array(value))) for value in z]
    return x


@pytest.mark.parametrize("sizes", [(2, 1), (3, 4, 2), (1, 5, 5, 5, 1), (2, 1, 1, 3)])
@pytest.mark.parametrize("activation", [nn.relu, nn.step, np.tanh], ids=["relu", "step", "tanh"])
def test_forward_is_the_loop_over_units(sizes, activation):
    layers = random_network(sizes, seed=1)
    layers[0] = (layers[0][0], None)
    x = np.random.default_rng(2).normal(size=(6, sizes[0]))
    slow = [slow_forward(row, layers, activation) for row in x]
    np.testing.assert_allclose(nn.forward(x, layers, activation), slow, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(nn.forward(x[0], layers, activation), slow[0], rtol=1e-12, atol=1e-12)
    assert nn.forward(x[:0], layers, activation).shape == (0, sizes[-1])


def test_forward_is_recorded_with_tensors():
    layers = [(nn.Tensor(W), nn.Tensor(b)) for W, b in random_network((2, 3, 1), seed=0)]
    assert isinstance(nn.forward(nn.Tensor(np.ones((4, 2))), layers), nn.Tensor)
    assert nn.count_parameters(layers) == 13


def test_linear_layers_without_an_activation_are_one():
    (W1, b1), (W2, b2) = layers = random_network((3, 5, 2), seed=3)
    x = np.random.default_rng(4).normal(size=(7, 3))
    one = x @ (W1 @ W2) + (b1 @ W2 + b2)
    np.testing.assert_allclose(nn.forward(x, layers, lambda z: z), one, rtol=1e-12)


@pytest.mark.parametrize(
    "layers, count",
    [
        (random_network((2, 1), 0), 3),
        (random_network((64, 32, 10), 0), 2410),
        ([(np.ones((4, 3)), None)], 12),
    ],
)
def test_count_parameters(layers, count):
    assert nn.count_parameters(layers) == count


@pytest.mark.parametrize("depth", [1, 2, 5, 12])
def test_tent_has_two_to_the_depth_pieces_of_known_place_and_slope(depth):
    breaks, slopes = nn.linear_pieces(nn.tent_network(depth), 0, 1)
    np.testing.assert_allclose(breaks, np.arange(1, 2**depth) / 2**depth, atol=1e-14)
    np.testing.assert_allclose(slopes, 2.0**depth * (-1.0) ** np.arange(2**depth))
    x = np.random.default_rng(0).uniform(size=100)
    by_hand = x
    for _ in range(depth):
        by_hand = np.minimum(2 * by_hand, 2 - 2 * by_hand)
    np.testing.assert_allclose(nn.forward(x[:, None], nn.tent_network(depth))[:, 0], by_hand, atol=1e-9)


@pytest.mark.parametrize("sizes", [(1, 7, 1), (1, 6, 6, 1), (1, 4, 5, 3, 1), (1, 3, 3, 3, 3, 3, 1)])
@pytest.mark.parametrize("seed", range(5))
def test_pieces_are_straight_and_bend_at_their_ends(sizes, seed):
    layers = random_network(sizes, seed)
    breaks, slopes = nn.linear_pieces(layers)
    assert len(slopes) == len(breaks) + 1 <= np.prod(np.array(sizes[1:-1]) + 1)
    edges = np.concatenate([[breaks.min(initial=0) - 1], breaks, [breaks.max(initial=0) + 1]])
    for left, right, slope in zip(edges[:-1], edges[1:], slopes, strict=True):
        x = np.linspace(left, right, 9)
        y = nn.forward(x[:, None], layers)[:, 0]
        np.testing.assert_allclose(y, y[0] + slope * (x - left), atol=1e-9)
    assert np.all(np.abs(np.diff(slopes)) > 1e-9 * np.abs(slopes).max())


def bends_on_a_grid(layers, low, high, n=200_001):
    """Pieces counted the slow way: where the second difference of the output on a fine grid is not zero."""
    y = nn.forward(np.linspace(low, high, n)[:, None], layers)[:, 0]
    bent = np.abs(np.diff(y, 2)) > 1e-10
    return 1 + int(bent[0]) + int(np.sum(bent[1:] & ~bent[:-1]))


@pytest.mark.parametrize("seed", range(4))
def test_counts_what_a_fine_grid_counts(seed):
    layers = random_network((1, 5, 4, 1), seed)
    assert len(nn.linear_pieces(layers, -3, 3)[1]) == bends_on_a_grid(layers, -3, 3)


RELU = np.array([[1.0]]), np.array([0.0])
DEGENERATE = {
    "no hidden layer": ([(np.array([[3.0]]), np.array([1.0]))], 1),
    "a unit that is always off": ([(np.array([[0.0]]), np.array([-1.0])), RELU], 1),
    "two units that cancel": ([(np.ones((1, 2)), np.zeros(2)), (np.array([[1.0], [-1.0]]), np.zeros(1))], 1),
    "two units that bend at one place": ([(np.ones((1, 2)), np.zeros(2)), (np.ones((2, 1)), np.zeros(1))], 2),
    "relu(x) − relu(−x) is x": (
        [(np.array([[1.0, -1.0]]), np.zeros(2)), (np.array([[1.0], [-1.0]]), np.zeros(1))],
        1,
    ),
    "a bend that only rounding sees": (
        [(np.array([[0.1, 0.2, -0.3]]), None), (np.ones((3, 1)), np.array([0.0])), RELU],
        2,
    ),
    "0.1 x + 0.2 x − 0.3 x bends nowhere": (
        [
            (np.array([[1.0, -1.0]]), None),
            (np.array([[0.1, 0.2, -0.3], [-0.1, -0.2, 0.3]]), None),
            (np.ones((3, 1)), None),
        ],
        2,
    ),
    "one unit beyond the others": (
        [(np.ones((1, 2)), np.array([0.0, -1e6])), (np.ones((2, 1)), np.zeros(1))],
        3,
    ),
}


@pytest.mark.parametrize("layers, count", DEGENERATE.values(), ids=DEGENERATE.keys())
def test_pieces_of_degenerate_networks(layers, count):
    assert len(nn.linear_pieces(layers)[1]) == count


def test_pieces_outside_the_interval_do_not_count():
    layers = nn.tent_network(3)
    assert len(nn.linear_pieces(layers, 0, 0.5)[1]) == 4
    assert len(nn.linear_pieces(layers, 0.01, 0.05)[1]) == 1
    assert len(nn.linear_pieces(layers, -np.inf, 0.25)[1]) == 3


W23, W41, W11 = np.ones((2, 3)), np.ones((4, 1)), np.ones((1, 1))
BAD = {
    "no layers": (lambda: nn.forward(np.ones(2), []), r"forward: layers is empty"),
    "shapes that do not chain": (
        lambda: nn.forward(np.ones(2), [(W23, None), (W41, None)]),
        r"layer 1 gives 3 numbers but layer 2 expects 4 \(W of layer 1 is \(2, 3\), of layer 2 \(4, 1\)\)",
    ),
    "an array for a pair": (
        lambda: nn.forward(np.ones(2), [W23]),
        r"layer 1 must be a pair \(W, b\), got ndarray",
    ),
    "a row for a matrix": (
        lambda: nn.forward(np.ones(2), [(np.ones(2), None)]),
        r"W of layer 1 must be \(n_in, n",
    ),
    "x that does not fit": (lambda: nn.forward(np.ones(3), [(W23, None)]), r"linear: x has 3 features"),
    "two inputs": (
        lambda: nn.linear_pieces([(W23, None), (np.ones((3, 1)), None)]),
        r"must take 1 number and give 1, this one takes 2 and gives 1",
    ),
    "an empty interval": (
        lambda: nn.linear_pieces([(W11, None)], 1, 1),
        r"low must be below high, got low=1",
    ),
    "no tent": (lambda: nn.tent_network(0), r"depth must be 1 or more, got 0"),
}


@pytest.mark.parametrize("call, message", BAD.values(), ids=BAD.keys())
def test_bad_input_is_told_what_was_expected(call, message):
    with pytest.raises(ValueError, match=message):
        call()
