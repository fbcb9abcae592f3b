"""Attacks against PyTorch's slopes and their own bounds; the stored pair against the chapter's words."""

import numpy as np
import pytest

import nnlearn as nn

rng = np.random.default_rng(0)
X, Y = rng.random((6, 8)).astype(np.float32), np.arange(6) % 3
NET = nn.MLP([8, 7, 3], rng=1)


def test_the_slope_of_the_loss_is_pytorchs():
    torch = pytest.importorskip("torch")
    x = torch.tensor(X, requires_grad=True)
    (W1, b1, W2, b2) = (torch.tensor(p.data) for p in NET.parameters())
    torch.nn.functional.cross_entropy(torch.relu(x @ W1 + b1) @ W2 + b2, torch.tensor(Y)).backward()
    np.testing.assert_allclose(nn.adversarial.loss_gradient(NET, X, Y), x.grad.numpy(), atol=1e-6)


def test_one_step_moves_each_number_by_eps_and_raises_a_linear_loss_as_far_as_it_goes():
    W = rng.normal(size=(8, 2)).astype(np.float32)
    x, y = np.full((3, 8), 0.5, np.float32), np.array([0, 1, 0])
    moved = nn.adversarial.fgsm(lambda z: z @ W, x, y, 0.1)
    np.testing.assert_allclose(np.abs(moved - x), 0.1, atol=1e-6)
    gap = W[:, 1] - W[:, 0]
    expected = 0.1 * np.abs(gap).sum()
    np.testing.assert_allclose(((moved - x) @ gap) * np.array([1, -1, 1]), expected, rtol=1e-4)


def test_no_attack_is_the_identity():
    np.testing.assert_array_equal(nn.adversarial.fgsm(NET, X, Y, 0.0), X)
    np.testing.assert_array_equal(nn.adversarial.pgd(NET, X, Y, 0.0, rng=0), X)


@pytest.mark.parametrize("eps", [0.05, 0.4])
def test_an_attack_stays_within_eps_and_within_paper_and_ink(eps):
    for z in (nn.adversarial.fgsm(NET, X, Y, eps), nn.adversarial.pgd(NET, X, Y, eps, 7, rng=0)):
        assert z.dtype == X.dtype and np.abs(z - X).max() <= eps + 1e-6
        assert z.min() >= 0 and z.max() <= 1
    one = nn.adversarial.pgd(NET, X[:1], Y[:1], eps, 7, rng=0)
    assert one.shape == (1, 8)


def test_many_steps_raise_the_loss_more_than_random_signs():
    def loss(x):
        return nn.cross_entropy(NET(x), Y).item()

    signs = rng.choice([-1, 1], X.shape).astype(np.float32)
    assert loss(nn.adversarial.pgd(NET, X, Y, 0.2, rng=0)) > loss(np.clip(X + 0.2 * signs, 0, 1)) > 0


def test_the_stored_pair_reads_digits_and_only_one_withstands():
    (_, _), (x, y) = nn.data.mnist()
    x, y = x[-200:], y[-200:]
    plain, hardened = nn.adversarial.load_pair()
    for net in (plain, hardened):
        assert nn.adversarial.read(net, x, y) > 0.93
    broken, held = (nn.adversarial.pgd(net, x, y, 0.15, 10, rng=5) for net in (plain, hardened))
    assert nn.adversarial.read(plain, broken, y) < 0.2 and nn.adversarial.read(hardened, held, y) > 0.7


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: nn.adversarial.fgsm(NET, X, Y, -0.1), "eps is -0.1, expected 0 or more"),
        (lambda: nn.adversarial.pgd(NET, X, Y, 0.1, steps=0), "steps 0, expected 0 or more and at least 1"),
        (lambda: nn.adversarial.pgd(NET, X, Y, -1), "eps is -1"),
    ],
)
def test_errors_name_argument_got_and_expected(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()
