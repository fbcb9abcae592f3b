"""Capsules against their formulas; one iteration of routing is a mean."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.study import capsules

VOTES = np.random.default_rng(0).normal(size=(2, 5, 3, 4))


def test_squash_keeps_the_direction_and_makes_the_length_less_than_one():
    s = np.array([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]])
    np.testing.assert_allclose(capsules.squash(s), [[15 / 26, 20 / 26], [0.12, 0.16], [0, 0]], atol=1e-6)


def test_one_iteration_is_a_mean():
    v = capsules.dynamic_routing(VOTES, 1)
    np.testing.assert_allclose(v, capsules.squash(VOTES.sum(axis=1) / 3), atol=1e-9)


def test_routing_moves_towards_agreement():
    votes = np.random.default_rng(1).normal(size=(1, 8, 2, 4))
    votes[:, :, 0] = votes[:, :1, 0]  # all say the same of the first
    one, three = (np.linalg.norm(capsules.dynamic_routing(votes, k), axis=-1)[0] for k in (1, 3))
    assert three[0] > one[0] and three[1] < one[1]


@pytest.mark.parametrize("iterations", [1, 2, 3])
def test_gradients(iterations):
    assert nn.gradcheck(lambda v: capsules.dynamic_routing(v, iterations), VOTES) < 1e-6


def test_the_margin_loss():
    lengths = np.array([[0.95, 0.05, 0.3], [0.2, 0.5, 0.1]])
    expected = np.mean([0.5 * 0.2**2, 0.5 * 0.1**2 + 0.4**2])
    assert capsules.margin_loss(lengths, np.array([0, 1])) == pytest.approx(expected)


def test_the_network_learns_and_routing_changes_no_weight():
    X, y = nn.data.digits(images=True)
    net = capsules.CapsNet(10, 1, rng=0)
    trainer = nn.Trainer(net, nn.AdamW(net.parameters(), 0.003), capsules.margin_loss)
    trainer.fit((X[:500], y[:500]), steps=60, rng=0, progress=False)
    assert nn.accuracy(net(X[500:900]), y[500:900]) > 0.7
    shapes = [[p.shape for p in capsules.CapsNet(10, k, rng=0).parameters()] for k in (1, 3)]
    assert shapes[0] == shapes[1]


def test_says_what_was_wrong():
    with pytest.raises(ValueError, match="iterations is 0, expected at least 1"):
        capsules.dynamic_routing(VOTES, 0)
