"""Forgetting, springs, replay: Fisher information against its exact value, springs against their minimum."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.study import continual

rng = np.random.default_rng(0)


def test_tasks_hold_two_digits_each_and_parts_share_no_picture():
    train, test = continual.split_mnist()
    _, held = continual.split_mnist("validation")
    for part in (train, test, held):
        assert [tuple(np.unique(y)) for _, y in part] == list(continual.TASKS)
    assert sum(len(y) for _, y in train) == 10_000 and sum(len(y) for _, y in held) == 2_000
    rows = np.concatenate([X for part in (train, test, held) for X, _ in part])
    assert rows.shape[1] == 196 and len(np.unique(rows, axis=0)) > len(rows) - 10


def test_halving_is_average_pooling():
    X = rng.random((3, 1, 28, 28)).astype(np.float32)
    np.testing.assert_allclose(continual.halved(X), nn.avg_pool2d(X, 2).reshape(3, -1), rtol=1e-6)


def test_fisher_is_the_variance_of_the_answers_times_the_squared_inputs():
    x, model = rng.normal(size=(5000, 3)).astype(np.float32), nn.Linear(3, 4, rng=0)
    W, b = continual.fisher(model, x, rng=0)
    p = nn.softmax(model(x).data)
    np.testing.assert_allclose(W, (x**2).T @ (p * (1 - p)) / len(x), atol=0.05)
    np.testing.assert_allclose(b, (p * (1 - p)).mean(axis=0), atol=0.02)
    told = continual.fisher(model, x[:200], continual.only((0, 2), 4), rng=0)[1]
    assert told[1] == told[3] == 0 and min(told[0], told[2]) > 0


@pytest.mark.parametrize("strength", [0.0, 0.5, 3.0, 1e6])
def test_springs_come_to_rest_where_they_should(strength):
    layer = nn.Linear(2, 1, bias=False, rng=0)
    layer.W.data[...] = [[0.0], [1.0]]
    springs, F = continual.Consolidation(layer, strength), np.array([[10.0], [0.1]], np.float32)
    springs.remember([F])
    for _ in range(4000):
        layer.W.data -= 0.01 * (layer.W.data - 2)  # the new task pulls to 2
        springs.pull(0.01)
    home = np.array([[0.0], [1.0]])
    expected = (2 + strength * F * home) / (1 + strength * F)
    np.testing.assert_allclose(layer.W.data, expected, atol=0.02 if strength < 1e5 else 0.03)


def test_without_springs_nothing_is_pulled():
    net = nn.MLP((3, 4, 2), rng=0)
    before = [p.data.copy() for p in net.parameters()]
    continual.Consolidation(net, 5.0).pull(0.1)
    for p, old in zip(net.parameters(), before, strict=True):
        np.testing.assert_array_equal(p.data, old)


def test_forgetting_by_hand():
    R = np.array([[0.9, 0.0, 0.0], [0.5, 0.8, 0.0], [0.6, 0.4, 0.7]])
    assert continual.forgetting(R) == pytest.approx((0.3 + 0.4) / 2)
    assert continual.forgetting(np.array([[0.5, 0.9], [0.7, 0.6]])) == pytest.approx(-0.2)


def test_only_the_told_classes_can_be_answered():
    np.testing.assert_array_equal(continual.only((1, 3), 4), [-1e4, 0, -1e4, 0])
    assert not continual.only(None).any()


@pytest.mark.parametrize("told", [True, False])
def test_replay_remembers_what_plain_training_forgets(told):
    train, test = (part[:3] for part in continual.split_mnist("validation"))
    plain, replayed = (continual.learn_in_turn(train, test, told, 0, memory=m, steps=150) for m in (0, 20))
    assert plain.shape == (3, 3) and min(plain.diagonal().min(), replayed.diagonal().min()) > 0.85
    assert replayed[-1].mean() > plain[-1].mean() + (-0.01 if told else 0.2)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: continual.split_mnist("train"), "part is 'train', expected 'test' or 'validation'"),
        (lambda: continual.fisher(nn.Linear(2, 2, rng=0), np.zeros((0, 2))), "X has no example"),
        (lambda: continual.Consolidation(nn.Linear(2, 2, rng=0), -1.0), "strength is -1.0, expected 0"),
        (lambda: continual.forgetting(np.ones((2, 3))), r"R is \(2, 3\), expected a square table"),
        (lambda: continual.forgetting(np.ones((1, 1))), r"R is \(1, 1\), expected a square table of two"),
    ],
)  # fmt: skip
def test_errors_name_argument_got_and_expected(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()
