"""The contrastive loss against PyTorch's, and pictures of two digits with their names."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.study import contrastive

rng, X = np.random.default_rng(0), np.ones((3, 3))


@pytest.mark.parametrize("shape", [(5, 3), (1, 4), (6, 2)])
def test_the_loss_and_its_slopes_are_pytorchs(shape):
    torch = pytest.importorskip("torch")
    F, arrays = torch.nn.functional, rng.normal(size=(2, *shape))
    ours = [nn.Tensor(z, requires_grad=True) for z in arrays]
    theirs = [torch.tensor(z, requires_grad=True) for z in arrays]
    loss = contrastive.contrastive_loss(*ours, 0.2)
    s = F.normalize(theirs[0]) @ F.normalize(theirs[1]).T / 0.2
    own = torch.arange(shape[0])
    expected = (F.cross_entropy(s, own) + F.cross_entropy(s.T, own)) / 2
    np.testing.assert_allclose(loss.item(), expected.item(), rtol=1e-8, atol=1e-12)
    loss.backward()
    expected.backward()
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one.grad, other.grad.numpy(), rtol=1e-6, atol=1e-9)


def test_lengths_do_not_count_and_zeros_are_survived():
    a, b = rng.normal(size=(2, 4, 3))
    scaled = contrastive.contrastive_loss(7 * a, 0.1 * b)
    np.testing.assert_allclose(contrastive.contrastive_loss(a, b), scaled, rtol=1e-6)
    assert np.isfinite(contrastive.contrastive_loss(np.zeros((3, 2)), np.ones((3, 2))))
    np.testing.assert_allclose(np.linalg.norm(contrastive.normalize(a), axis=1), 1)


def test_a_name_says_what_the_picture_shows():
    pairs = np.array([37, 5, 90])
    assert [contrastive.name_of(k) for k in pairs] == ["three seven", "zero five", "nine zero"]
    np.testing.assert_array_equal(contrastive.words_of(pairs), [[3, 17], [0, 15], [9, 10]])
    x = contrastive.two_digits(1, pairs, rng=0)
    assert x.shape == (3, 1, 14, 28) and 0 <= x.min() and x.max() <= 1
    assert contrastive.two_digits(0, np.zeros(0, int)).shape == (0, 1, 14, 28)


@pytest.mark.parametrize("seed", range(3))
def test_each_digit_is_kept_back_equally_often_in_each_place(seed):
    pairs, back = contrastive.held_out(seed)
    assert sorted([*pairs, *back]) == list(range(100)) and len(back) == 30
    np.testing.assert_array_equal(np.bincount(back // 10), 3)
    np.testing.assert_array_equal(np.bincount(back % 10), 3)


def test_training_finds_names_and_batches_hold_different_ones():
    pairs, _ = contrastive.held_out(0)
    net, ids = contrastive.TwoEncoders(seed=0), contrastive.words_of(np.arange(100))
    before = contrastive.found(net, pairs, ids, 3, rng=0)
    losses = contrastive.train_encoders(net, pairs, ids, steps=60)
    assert contrastive.found(net, pairs, ids, 3, rng=0) > before + 0.1
    assert np.mean(losses[-10:]) < np.mean(losses[:10]) - 0.5


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: contrastive.contrastive_loss(np.ones((2, 3)), X), r"a \(2, 3\) and b \(3, 3\)"),
        (lambda: contrastive.contrastive_loss(X, X, 0), "temperature is 0, expected above 0"),
        (lambda: contrastive.two_digits(0, np.array([3, 100])), "pairs go from 3 to 100, expected 0 to 99"),
    ],
)  # fmt: skip
def test_errors_name_argument_got_and_expected(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()
