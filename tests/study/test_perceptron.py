import numpy as np
import pytest
from sklearn.svm import SVC

import nnlearn as nn

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
SETS = {
    "setosa": (lambda X, y: (X[:100], y[:100])),
    "petals": (lambda X, y: (X[:100, 2:], y[:100])),
    "sepals": (lambda X, y: (X[:100, :2], y[:100])),
}


def separable(name):
    return SETS[name](*nn.data.iris())


@pytest.mark.parametrize(
    ("x", "y", "w", "b", "lr", "expected"),
    [
        ([2, 1], 1, [0, 0], 0, 1, ([2, 1], 1)),  # silent at 0: a positive example is missed
        ([2, 1], 0, [0, 0], 0, 1, ([0, 0], 0)),
        ([2, 1], 0, [1, 0], -1, 1, ([-1, -1], -2)),
        ([2, 1], 1, [-1, 1], 0.5, 0.1, ([-0.8, 1.1], 0.6)),
        ([2, 1], 1, [1, 1], 0, 5, ([1, 1], 0)),
    ],
)
def test_update(x, y, w, b, lr, expected):
    new_w, new_b = nn.perceptron_update(x, y, w, b, lr)
    np.testing.assert_allclose(new_w, expected[0])
    assert new_b == pytest.approx(expected[1])


def test_update_leaves_the_weights_it_was_given():
    w = np.array([1.0, 0.0])
    nn.perceptron_update(np.ones(2), 0, w, 0.0)
    np.testing.assert_array_equal(w, [1, 0])


@pytest.mark.parametrize("start", [None, [3.0, -2.0]])
@pytest.mark.parametrize("lr", [0.5, 1.0])
def test_fit_is_the_update_on_one_example_after_another(start, lr):
    X, y = nn.data.separable(30, margin=0.05, label_noise=0.1, rng=1)
    fit = nn.perceptron_fit(X, y, start, 1.0, lr, epochs=4)
    w, b, W = np.zeros(2) if start is None else np.array(start), 1.0, []
    for _ in range(4):
        for i in range(30):
            new_w, new_b = nn.perceptron_update(X[i].astype(float), y[i], w, b, lr)
            if new_b != b:
                W.append((i, *new_w, new_b))
            w, b = new_w, new_b
    np.testing.assert_allclose(np.column_stack([fit.missed, fit.W[1:], fit.B[1:]]), W)
    np.testing.assert_allclose([*fit.w, fit.b], [*w, b])
    assert fit.mistakes.sum() == len(fit.missed) and len(fit.mistakes) == 4 and not fit.converged


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("seed", range(3))
def test_converges_within_the_bound(name, seed):
    X, y = separable(name)
    order = np.random.default_rng(seed).permutation(len(X))
    fit = nn.perceptron_fit(X[order], y[order])
    assert fit.converged and fit.mistakes[-1] == 0
    np.testing.assert_array_equal(nn.neuron(X, fit.w, fit.b), y)
    assert 0 < len(fit.missed) <= nn.perceptron_bound(X, y, *nn.max_margin(X, y))
    assert nn.perceptron_bound(X, y, *nn.max_margin(X, y)) <= nn.perceptron_bound(X, y, fit.w, fit.b)


@pytest.mark.parametrize("name", SETS)
def test_max_margin_is_a_support_vector_machine_without_a_free_bias(name):
    X, y = separable(name)
    extended, t = np.column_stack([X, np.ones(len(X))]).astype(float), 2 * y - 1
    mirrored = np.concatenate([extended, -extended])  # the mirror images force the boundary through 0
    svm = SVC(kernel="linear", C=1e8, tol=1e-6).fit(mirrored, np.concatenate([t, -t]))
    w, b = nn.max_margin(X, y)
    assert np.hypot(np.linalg.norm(w), b) == pytest.approx(1)
    assert nn.margin(X, y, w, b) == pytest.approx(1 / np.linalg.norm(svm.coef_), rel=1e-3)


def test_max_margin_by_hand():
    w, b = nn.max_margin([[1.0], [3.0]], [0, 1])
    # −w − b = 3w + b, so b = −2w: the boundary lies half-way, at 2
    np.testing.assert_allclose([*w, b], np.array([1, -2]) / np.sqrt(5))
    assert nn.perceptron_bound([[1.0], [3.0]], [0, 1], w, b) == pytest.approx(10 * 5)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_max_margin_finds_the_planted_boundary_or_a_better_one(scale):
    for seed in range(20):
        X, y = nn.data.separable(50, margin=0.01, rng=seed)
        w, b = nn.max_margin(scale * X.astype(float), y)
        assert nn.margin(scale * X.astype(float), y, w, b) > 0


@pytest.mark.parametrize(
    ("X", "y"),
    [
        (CORNERS, [0, 1, 1, 0]),
        ([[1.0], [1.0]], [0, 1]),
        ([[0.0], [1.0], [2.0]], [0, 1, 0]),
    ],
)
def test_inseparable(X, y):
    with pytest.raises(ValueError, match="no weights separate"):
        nn.max_margin(X, y)
    assert not nn.perceptron_fit(X, y, epochs=50).converged


def test_learning_rate_only_scales_weights_that_start_at_zero():
    X, y = separable("sepals")
    one = nn.perceptron_fit(X, y)
    for lr in (2.0**-10, 0.3, 1000.0):
        fit = nn.perceptron_fit(X, y, lr=lr)
        np.testing.assert_array_equal(fit.missed, one.missed)
        np.testing.assert_allclose(fit.W, lr * one.W, rtol=1e-9, atol=1e-9 * lr)


OK = {"X": np.ones((3, 2)), "y": [0, 1, 1]}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: nn.perceptron_update(np.ones((3, 2)), 1, [0, 0], 0),
            r"one example, .*\(3, 2\)",
        ),
        (lambda: nn.perceptron_update([1.0, 2.0], -1, [0, 0], 0), "0 or 1, got -1: .* turns"),
        (lambda: nn.perceptron_update([1.0, 2.0], 1, [0, 0, 0], 0), "2 inputs .* 3 weights"),
        (lambda: nn.perceptron_fit([1.0, 2.0], [0, 1]), r"one example a row, \(N, n\), but it is \(2,\)"),
        (lambda: nn.perceptron_fit(np.zeros((0, 2)), []), r"it is \(0, 2\)"),
        (lambda: nn.perceptron_fit(np.ones((3, 2)), [0, 1]), r"X has 3 examples.*it is \(2,\)"),
        (lambda: nn.perceptron_fit(np.ones((3, 2)), [0, 1, 2]), "0 or 1, got 2$"),
        (lambda: nn.perceptron_fit([[np.nan]], [0]), "NaN"),
        (lambda: nn.perceptron_fit(**OK, w=[1.0]), r"2 features but w is \(1,\)"),
        (lambda: nn.perceptron_fit(**OK, lr=0), "lr must be more than 0, got 0"),
        (lambda: nn.perceptron_fit(**OK, epochs=0), "epochs must be 1 or more"),
        (lambda: nn.margin(**OK, w=[0, 0], b=0), "no direction"),
        (lambda: nn.margin(**OK, w=[0, 0, 1], b=0), r"2 features but w is \(3,\)"),
        (
            lambda: nn.perceptron_bound(**OK, w=[1, 1], b=0),
            "must separate .* their margin is -",
        ),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
