"""Convolution, its transpose, pooling, upsampling: against composed twins; what they say of bad input."""

import numpy as np
import pytest

import nnlearn as nn
from tests.support.composed import assert_fused_equals_composed

R = np.random.default_rng(0)


def draw(*shape: int) -> np.ndarray:
    return R.standard_normal(shape)


def conv2d(x, W, b, stride=1, padding=0, dilation=1):
    """Every output pixel as a sum of products."""
    (B, C, H, width), (_, _, kh, kw) = x.shape, W.shape
    z = np.zeros((B, C, padding, width))
    x = nn.concatenate([z, x, z], axis=2)
    z = np.zeros((B, C, H + 2 * padding, padding))
    x = nn.concatenate([z, x, z], axis=3)
    rows = range(0, x.shape[2] - dilation * (kh - 1), stride)
    columns = range(0, x.shape[3] - dilation * (kw - 1), stride)

    def pixel(i, j):
        patch = x[:, None, :, i : i + dilation * kh : dilation, j : j + dilation * kw : dilation]
        return (patch * W).sum(axis=(2, 3, 4)) + b

    return nn.stack([nn.stack([pixel(i, j) for j in columns], axis=2) for i in rows], axis=2)


def conv_transpose2d(x, W, b, stride=1, padding=0, output_padding=0):
    """Each pixel's kernel on a canvas of its own, and their sum."""
    (B, _, H, width), (_, O, kh, kw) = x.shape, W.shape
    high, wide = ((n - 1) * stride + k + output_padding for n, k in ((H, kh), (width, kw)))
    total = np.zeros((B, O, high, wide))
    for i in range(H):
        for j in range(width):
            laid = (x[:, :, None, i : i + 1, j : j + 1] * W).sum(axis=1)
            above, left = np.zeros((B, O, i * stride, kw)), np.zeros((B, O, high, j * stride))
            below = np.zeros((B, O, high - i * stride - kh, kw))
            right = np.zeros((B, O, high, wide - j * stride - kw))
            total = total + nn.concatenate([left, nn.concatenate([above, laid, below], 2), right], 3)
    inside = total[:, :, padding : high - padding, padding : wide - padding]
    return inside + b[:, None, None]


def pool(reduce):
    def pooled(x, size, stride=None):
        stride = stride or size
        rows, columns = (range(0, n - size + 1, stride) for n in x.shape[2:])
        windows = [[reduce(x[:, :, i : i + size, j : j + size], (2, 3)) for j in columns] for i in rows]
        return nn.stack([nn.stack(row, axis=2) for row in windows], axis=2)

    return pooled


TWINS = {
    "conv2d": (nn.conv2d, conv2d, [draw(2, 3, 6, 5), draw(4, 3, 3, 2), draw(4)], {}),
    "conv2d strided": (
        nn.conv2d,
        conv2d,
        [draw(2, 3, 7, 6), draw(4, 3, 3, 3), draw(4)],
        dict(stride=2, padding=1),
    ),
    "conv2d dilated": (
        nn.conv2d,
        conv2d,
        [draw(1, 2, 8, 9), draw(2, 2, 3, 3), draw(2)],
        dict(padding=2, dilation=2),
    ),
    "conv_transpose2d": (
        nn.conv_transpose2d,
        conv_transpose2d,
        [draw(2, 3, 4, 5), draw(3, 4, 3, 2), draw(4)],
        {},
    ),
    "conv_transpose2d strided": (
        nn.conv_transpose2d,
        conv_transpose2d,
        [draw(2, 3, 4, 3), draw(3, 2, 4, 4), draw(2)],
        dict(stride=2, padding=1),
    ),
    "conv_transpose2d, a gap to fill": (
        nn.conv_transpose2d,
        conv_transpose2d,
        [draw(1, 2, 3, 3), draw(2, 2, 3, 3), draw(2)],
        dict(stride=3, padding=2, output_padding=2),
    ),
    "max_pool2d": (nn.max_pool2d, pool(nn.max), [draw(2, 3, 5, 6)], dict(size=2)),
    "max_pool2d overlapping": (nn.max_pool2d, pool(nn.max), [draw(2, 3, 5, 6)], dict(size=3, stride=2)),
    "avg_pool2d": (nn.avg_pool2d, pool(nn.mean), [draw(2, 3, 5, 6)], dict(size=3, stride=1)),
}


@pytest.mark.parametrize("name", TWINS)
def test_fused_equals_composed(name: str) -> None:
    assert_fused_equals_composed(*TWINS[name])


@pytest.mark.parametrize("stride, padding, size", [(1, 0, 7), (1, 1, 7), (2, 1, 8), (3, 2, 8)])
def test_the_transpose_is_the_gradient_of_the_convolution(stride: int, padding: int, size: int) -> None:
    """⟨conv2d(x), g⟩ = ⟨x, conv_transpose2d(g)⟩ for one and the same W, where the sizes come out even."""
    x, W = nn.Tensor(draw(2, 3, size, size), requires_grad=True), draw(4, 3, 3, 3)
    y = nn.conv2d(x, W, stride=stride, padding=padding)
    g = draw(*y.shape)
    y.backward(g)
    left_out = (size + 2 * padding - 3) % stride
    back = nn.conv_transpose2d(g, W, None, stride, padding, left_out)
    np.testing.assert_allclose(back, x.grad, rtol=1e-10, atol=1e-12)


ONES = np.ones((2, 64))

MISUSES = {
    "conv2d: x \\(2, 64\\) must be \\(B, C_in, H, W\\)": lambda: nn.conv2d(ONES, np.ones((1, 1, 3, 3))),
    "conv2d: a kernel \\(3, 3\\) with dilation 2 is larger": lambda: nn.conv2d(
        np.ones((1, 1, 4, 4)), np.ones((1, 1, 3, 3)), dilation=2
    ),
    "conv2d: b is \\(3,\\)": lambda: nn.conv2d(np.ones((1, 1, 4, 4)), np.ones((2, 1, 3, 3)), np.ones(3)),
    "conv2d: stride and dilation must be 1 or more": lambda: nn.conv2d(
        np.ones((1, 1, 4, 4)), np.ones((1, 1, 2, 2)), stride=0
    ),
    "conv_transpose2d: x \\(2, 64\\) must be \\(B, C_in, H, W\\)": lambda: nn.conv_transpose2d(
        ONES, np.ones((1, 1, 3, 3))
    ),
    "and W \\(2, 1, 3, 3\\) \\(C_in, C_out, kh, kw\\)": lambda: nn.conv_transpose2d(
        np.ones((1, 1, 4, 4)), np.ones((2, 1, 3, 3))
    ),
    "conv_transpose2d: b is \\(3,\\)": lambda: nn.conv_transpose2d(
        np.ones((1, 1, 4, 4)), np.ones((1, 2, 3, 3)), np.ones(3)
    ),
    "output_padding from 0 to below the stride; got 2, 0 and 2": lambda: nn.conv_transpose2d(
        np.ones((1, 1, 4, 4)), np.ones((1, 1, 3, 3)), None, 2, 0, 2
    ),
    "nothing is left with padding 2 and stride 1": lambda: nn.conv_transpose2d(
        np.ones((1, 1, 2, 2)), np.ones((1, 1, 3, 3)), padding=2
    ),
    "upsample: x \\(2, 64\\) must be \\(B, C, H, W\\)": lambda: nn.upsample(ONES, 2),
    "factor a whole number from 1 on, got 1.5": lambda: nn.upsample(np.ones((1, 1, 4, 4)), 1.5),
    "max_pool2d: x \\(1, 1, 4, 4\\) must be": lambda: nn.max_pool2d(np.ones((1, 1, 4, 4)), 5),
    "avg_pool2d: size and stride must be": lambda: nn.avg_pool2d(np.ones((1, 1, 4, 4)), 2, 0),
}


@pytest.mark.parametrize("message", MISUSES)
def test_bad_input_is_explained(message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        MISUSES[message]()
