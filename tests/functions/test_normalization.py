"""Batch, group, layer and RMS norm: against their composed twins, running averages, bad input."""

import numpy as np
import pytest

import nnlearn as nn
from tests.support.composed import assert_fused_equals_composed

R = np.random.default_rng(0)


def draw(*shape: int) -> np.ndarray:
    return R.standard_normal(shape)


def layer_norm(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / nn.sqrt((centred**2).mean(axis=-1, keepdims=True) + eps) * gamma + beta


def rms_norm(x, gamma, eps=1e-6):
    return x / nn.sqrt((x**2).mean(axis=-1, keepdims=True) + eps) * gamma


def group_norm(x, gamma, beta, groups, eps=1e-5):
    rows = nn.reshape(x, (x.shape[0], groups, -1))
    normal = layer_norm(rows, np.ones(rows.shape[-1]), np.zeros(rows.shape[-1]), eps).reshape(x.shape)
    return normal * gamma.reshape((1, -1, 1, 1)) + beta.reshape((1, -1, 1, 1))


def batch_norm(x, gamma, beta, eps=1e-5):
    axes = (0,) if x.ndim == 2 else (0, 2, 3)
    shape = (1, -1) if x.ndim == 2 else (1, -1, 1, 1)
    centred = x - x.mean(axis=axes, keepdims=True)
    normal = centred / nn.sqrt((centred**2).mean(axis=axes, keepdims=True) + eps)
    return normal * gamma.reshape(shape) + beta.reshape(shape)


TWINS = {
    "layer_norm": (nn.layer_norm, layer_norm, [draw(2, 3, 6), draw(6), draw(6)], {}),
    "rms_norm": (nn.rms_norm, rms_norm, [draw(2, 3, 6), draw(6)], dict(eps=0.1)),
    "group_norm": (
        lambda x, gamma, beta, groups: nn.group_norm(x, groups, gamma, beta),
        group_norm,
        [draw(4, 6, 2, 5), draw(6), draw(6)],
        dict(groups=3),
    ),
    "batch_norm of rows": (nn.batch_norm, batch_norm, [draw(5, 3), draw(3), draw(3)], {}),
    "batch_norm of images": (nn.batch_norm, batch_norm, [draw(4, 3, 2, 5), draw(3), draw(3)], {}),
}


@pytest.mark.parametrize("name", TWINS)
def test_fused_equals_composed(name: str) -> None:
    assert_fused_equals_composed(*TWINS[name])


def test_batch_norm_keeps_running_averages() -> None:
    x, mean, var = draw(50, 3) * 4 + 2, np.zeros(3), np.ones(3)
    nn.batch_norm(x, np.ones(3), np.zeros(3), mean, var, momentum=0.25)
    np.testing.assert_allclose(mean, 0.25 * x.mean(0))
    np.testing.assert_allclose(var, 0.75 + 0.25 * x.var(0, ddof=1))
    for _ in range(100):
        nn.batch_norm(x, np.ones(3), np.zeros(3), mean, var)
    y = nn.batch_norm(x, np.ones(3), np.zeros(3), mean, var, training=False)
    np.testing.assert_allclose(y.mean(0), 0, atol=1e-4)


ONES = np.ones((2, 64))

MISUSES = {
    "layer_norm: x \\(2, 64\\) needs gamma and beta \\(64,\\)": lambda: nn.layer_norm(
        ONES, np.ones(2), np.ones(2)
    ),
    "rms_norm: x \\(2, 64\\) needs gamma \\(64,\\): got \\(2,\\)": lambda: nn.rms_norm(ONES, np.ones(2)),
    "group_norm: x \\(2, 64\\) must be": lambda: nn.group_norm(ONES, 2, np.ones(2), np.ones(2)),
    "group_norm: groups = 3 must divide the 64 channels": lambda: nn.group_norm(
        ONES, 3, np.ones(64), np.ones(64)
    ),
    "batch_norm: x \\(1, 64\\) has 1 value in each channel": lambda: nn.batch_norm(
        ONES[:1], np.ones(64), np.ones(64)
    ),
    "batch_norm: x \\(2, 64\\) must be": lambda: nn.batch_norm(ONES, np.ones(2), np.ones(2)),
    "batch_norm: with training=False": lambda: nn.batch_norm(ONES, np.ones(64), np.ones(64), training=False),
}


@pytest.mark.parametrize("message", MISUSES)
def test_bad_input_is_explained(message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        MISUSES[message]()
