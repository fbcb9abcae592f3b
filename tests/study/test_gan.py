import numpy as np
import pytest

import nnlearn as nn
from tests.support.reference import torch


def test_losses_and_their_gradients_are_those_of_torch():
    rng = np.random.default_rng(0)
    r, f = 5 * rng.normal(size=(4, 1)), 5 * rng.normal(size=(3, 1))
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    for ours, theirs in (
        (nn.discriminator_loss, lambda a, b: bce(a, torch.ones_like(a)) + bce(b, torch.zeros_like(b))),
        (lambda a, b: nn.generator_loss(b), lambda a, b: bce(b, torch.ones_like(b))),
        (lambda a, b: nn.generator_loss(b, saturating=True), lambda a, b: -bce(b, torch.zeros_like(b))),
    ):
        a, b = nn.Tensor(r, requires_grad=True), nn.Tensor(f, requires_grad=True)
        c, d = torch.tensor(r, requires_grad=True), torch.tensor(f, requires_grad=True)
        mine, its = ours(a, b), theirs(c, d)
        mine.backward()
        its.backward()
        np.testing.assert_allclose(mine.item(), its.item())
        np.testing.assert_allclose(b.grad, d.grad)


def test_penalty_and_its_gradient_are_those_of_torch():
    rng = np.random.default_rng(1)
    x, V, w = rng.normal(size=(5, 3)), rng.normal(size=(3, 4)), rng.normal(size=(4, 1))
    ours = nn.Tensor(V, requires_grad=True)
    value = nn.gradient_penalty(lambda x: nn.tanh(x @ ours) @ w, x)
    value.backward()
    X, W = torch.tensor(x, requires_grad=True), torch.tensor(V, requires_grad=True)
    (slope,) = torch.autograd.grad((torch.tanh(X @ W) @ torch.tensor(w)).sum(), X, create_graph=True)
    expected = (slope**2).sum(1).mean() / 2
    expected.backward()
    np.testing.assert_allclose(value.item(), expected.item())
    np.testing.assert_allclose(ours.grad, W.grad)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: nn.discriminator_loss(np.zeros((0, 1)), np.zeros((2, 1))), "real is empty"),
        (lambda: nn.generator_loss(np.zeros((0, 1))), "fake is empty"),
        (lambda: nn.gradient_penalty(lambda x: x, np.zeros(3)), "expected a batch"),
        (lambda: nn.gan_step(None, None, (None, None), None, None, penalty=-1), "penalty is -1"),
        (lambda: nn.modes_covered(np.zeros((3, 2)), np.zeros((8, 3)), 1.0), r"samples \(3, 2\)"),
    ],
)
def test_says_what_was_wrong(call, words):
    with pytest.raises(ValueError, match=words):
        call()
