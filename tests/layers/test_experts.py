"""A mixture of experts: sparse is dense with zeros; the router; the loss that balances."""

import numpy as np
import pytest

import nnlearn as nn
from tests.support.reference import torch

X = np.random.default_rng(0).normal(size=(2, 5, 6))


def reference(P, x, k):
    """Every expert computed for every token, weighed by a softmax over the k largest scores."""
    x = torch.tensor(x).reshape(-1, 6)
    scores = x @ P["router.W"]
    kept = torch.full_like(scores, -torch.inf).scatter(1, scores.topk(k).indices, 0.0)
    each = torch.relu(torch.einsum("nw,ewh->enh", x, P["W"])) @ P["V"]
    return torch.einsum("ne,enw->nw", torch.softmax(scores + kept, 1), each).reshape(2, 5, 6)


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_asking_few_is_asking_all_and_multiplying_by_zero(k):
    layer = nn.MixtureOfExperts(6, 7, 4, k, rng=0).astype(np.float64)
    P = {name: torch.tensor(p.data, requires_grad=True) for name, p in layer.named_parameters()}
    ours, theirs = layer(X), reference(P, X, k)
    upstream = np.random.default_rng(1).normal(size=X.shape)
    np.testing.assert_allclose(ours.data, theirs.detach(), atol=1e-12)
    ours.backward(upstream)
    theirs.backward(torch.tensor(upstream))
    for name, p in layer.named_parameters():
        np.testing.assert_allclose(p.grad, P[name].grad, atol=1e-11, err_msg=name)


def test_the_router_of_a_single_choice_has_no_gradient():
    for k, learns in ((1, False), (2, True)):
        layer = nn.MixtureOfExperts(6, 7, 4, k, rng=0)
        (layer(X.astype(np.float32)) ** 2).sum().backward()
        assert (abs(layer.router.W.grad).max() > 0) == learns


def test_an_expert_that_nobody_asks_and_a_single_token():
    layer = nn.MixtureOfExperts(6, 7, 4, 1, rng=0)
    layer.router.W.data[:] = 0
    layer.router.W.data[:, 2] = 100 * X[0, 0]
    y = layer(X[0, 0].astype(np.float32))
    assert y.shape == (6,) and layer.gates(X[0, :1].astype(np.float32))[1] == [[2]]
    y.sum().backward()
    assert not layer.W.grad[[0, 1, 3]].any() and layer.W.grad[2].any()


def test_the_balancing_loss_is_1_at_best_and_the_number_of_experts_at_worst():
    even, one = 50 * np.tile(np.eye(4), (3, 1)), np.tile([50.0, 0, 0, 0], (12, 1))
    assert nn.load_balancing_loss(even) == pytest.approx(1)
    assert nn.load_balancing_loss(one) == pytest.approx(4)
    scores = np.random.default_rng(0).normal(size=(9, 4))
    assert nn.gradcheck(nn.load_balancing_loss, scores) < 1e-6


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (dict(experts=4, top_k=5), "top_k is 5, expected at most experts = 4"),
        (dict(experts=4, top_k=0), "top_k"),
        (dict(experts=0, top_k=1), "experts"),
    ],
)
def test_says_what_was_wrong(options, words):
    with pytest.raises(ValueError, match=words):
        nn.MixtureOfExperts(6, 7, **options)
