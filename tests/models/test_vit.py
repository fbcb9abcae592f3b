"""The vision transformer: it knows the arrangement of its patches by their positions alone, and it learns."""

import numpy as np
import pytest

import nnlearn as nn

X = np.random.default_rng(0).normal(size=(3, 1, 8, 12)).astype(np.float32)
ORDER = np.random.default_rng(1).permutation(6)


def shuffled(x):
    return nn.shapes_study.shuffle_patches(x, 4, ORDER)


def test_shuffled_patches_with_shuffled_positions_are_the_same_picture():
    net = nn.ViT((1, 8, 12), 5, 4, 16, 2, 4, rng=0)
    straight, other = net(X).data, net(shuffled(X)).data
    assert abs(straight - other).max() > 1e-3
    net.positions.data[1:] = net.positions.data[1:][ORDER]
    np.testing.assert_allclose(net(shuffled(X)).data, straight, atol=1e-5)


def test_without_positions_a_picture_is_a_bag_of_patches():
    net = nn.ViT((1, 8, 12), 5, 4, 16, 2, 4, position_std=0.0, rng=0)
    np.testing.assert_allclose(net(shuffled(X)).data, net(X).data, atol=1e-5)


def test_learns_where_a_patch_is():
    """The same two patches in all pictures: only their places tell the classes apart."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 64)
    x = 0.3 * rng.normal(size=(64, 1, 4, 8)).astype(np.float32)
    x[y == 0, :, :, :4] += 1
    x[y == 1, :, :, 4:] += 1
    net = nn.ViT((1, 4, 8), 2, 4, 16, 1, 2, position_std=1.0, rng=0)
    optimizer = nn.AdamW(net.parameters(), 0.01)
    for _ in range(60):
        optimizer.zero_grad()
        nn.cross_entropy(net(x), y).backward()
        optimizer.step()
    assert nn.accuracy(net(x), y) == 1


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: nn.ViT((1, 8, 9), 5, 4), r"H and W multiples of size, 4"),
        (lambda: nn.ViT((1, 8, 8), 5, 4, width=10, heads=4), "width is 10, which 4 heads"),
        (lambda: nn.patches(np.zeros((8, 8)), 4), r"x \(8, 8\) must be \(B, C, H, W\)"),
        (lambda: nn.patches(np.zeros((1, 1, 8, 8)), 0), "size, 0"),
    ],
)
def test_says_what_was_wrong(make, words):
    with pytest.raises(ValueError, match=words):
        make()
