"""Attention and positions: against composed twins, masks, and what they say of bad input."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn import Tensor
from tests.support.composed import assert_fused_equals_composed

R = np.random.default_rng(0)


def draw(*shape: int) -> np.ndarray:
    return R.standard_normal(shape)


def attention(q, k, v, mask=None, causal=False):
    scores = q @ nn.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    if causal:
        mask = np.tri(*scores.shape[-2:], dtype=bool) & (True if mask is None else mask)
    if mask is not None:
        scores = nn.where(mask, scores, -1e30)
    return nn.softmax(scores) @ v


def multi_head(qkv, heads, mask=None, causal=False):
    B, T, C = qkv.shape[0], qkv.shape[1], qkv.shape[2] // 3
    parts = nn.transpose(nn.reshape(qkv, (B, T, 3, heads, C // heads)), (2, 0, 3, 1, 4))
    y = attention(parts[0], parts[1], parts[2], mask, causal)
    return nn.reshape(nn.transpose(y, (0, 2, 1, 3)), (B, T, C))


def shared(q, k, v, mask=None, causal=False):
    """Each head of keys and values repeated for its neighbouring heads of queries."""
    own = np.arange(q.shape[-3]) * k.shape[-3] // q.shape[-3]
    return attention(q, nn.getitem(k, (..., own, slice(None), slice(None))), v[..., own, :, :], mask, causal)


MASK, BY_HEAD = R.random((2, 1, 4, 4)) > 0.4, R.random((2, 6, 4, 4)) > 0.4
MASK[..., 0] = BY_HEAD[..., 0] = True
TWINS = {
    "attention": (nn.scaled_dot_product_attention, attention, [draw(2, 3, 4, 5) for _ in range(3)], {}),
    "masked": (
        nn.scaled_dot_product_attention,
        attention,
        [draw(2, 3, 4, 5) for _ in range(3)],
        dict(mask=MASK),
    ),
    "masked, far apart": (
        nn.scaled_dot_product_attention,
        attention,
        [30 * draw(2, 3, 4, 5) for _ in range(3)],
        dict(mask=MASK, causal=True),
    ),
    "multi_head_attention": (
        nn.multi_head_attention,
        multi_head,
        [draw(2, 4, 12)],
        dict(heads=2, causal=True),
    ),
    "multi_head masked": (nn.multi_head_attention, multi_head, [draw(2, 4, 12)], dict(heads=2, mask=MASK)),
    "shared keys": (
        nn.scaled_dot_product_attention,
        shared,
        [draw(2, 6, 4, 5), draw(2, 2, 4, 5), draw(2, 2, 4, 3)],
        dict(mask=BY_HEAD, causal=True),
    ),
    "shared keys, one mask": (
        nn.scaled_dot_product_attention,
        shared,
        [draw(2, 6, 4, 5), draw(2, 3, 4, 5), draw(3, 4, 3)],
        dict(mask=MASK),
    ),
}


LONG = R.random((3, 1, 70, 50)) > 0.4
LONG[..., 0] = True
TILED = {
    "causal": dict(causal=True),
    "masked": dict(mask=LONG),
    "both": dict(mask=LONG, causal=True),
    "one mask for all": dict(mask=LONG[0, 0], causal=True),
    "keys alone": dict(mask=LONG[:, :, :1]),
}


@pytest.mark.parametrize("tile", [1, 2_000, 9_000, 1 << 16])
@pytest.mark.parametrize("name", TILED)
def test_cut_into_tiles_it_is_the_same(name: str, tile: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a tile of 32 queries of one example to one for everything."""
    monkeypatch.setattr("nnlearn.functions.attention._TILE", tile)
    inputs = [draw(3, 2, 70, 3), draw(3, 2, 50, 3), draw(3, 2, 50, 4)]
    assert_fused_equals_composed(nn.scaled_dot_product_attention, attention, inputs, TILED[name])


@pytest.mark.parametrize("tile", [1, 1 << 16])
def test_examples_may_share_their_keys(tile: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nnlearn.functions.attention._TILE", tile)
    for shapes in ([(2, 40, 3), (40, 3), (40, 3)], [(40, 3), (2, 40, 3), (1, 40, 3)], [(40, 3)] * 3):
        inputs = [draw(*shape) for shape in shapes]
        assert_fused_equals_composed(nn.scaled_dot_product_attention, attention, inputs, dict(causal=True))


@pytest.mark.parametrize("name", TWINS)
def test_fused_equals_composed(name: str) -> None:
    assert_fused_equals_composed(*TWINS[name])


def test_a_query_that_sees_nothing_gets_zeros() -> None:
    q = Tensor(draw(2, 3, 4), requires_grad=True)
    for scale in (1.0, 1e3):
        y = nn.scaled_dot_product_attention(q * scale, q, q, mask=np.zeros((3, 3), bool))
        np.testing.assert_array_equal(y.data, 0)
        y.backward(np.full(y.shape, 1e3))  # large enough to show a division by almost nothing
    np.testing.assert_array_equal(q.grad, 0)


def test_positions() -> None:
    p = nn.sinusoidal_positions(50, 8)
    np.testing.assert_allclose(p[:, 0::2] ** 2 + p[:, 1::2] ** 2, 1, rtol=1e-6)
    np.testing.assert_allclose(p[7, :2], [np.sin(7), np.cos(7)], rtol=1e-6)
    assert nn.sinusoidal_positions(3, 5).shape == (3, 5)
    q, k = draw(1, 6), draw(1, 6)
    at = lambda v, t: nn.rotary(v, t)[0]  # noqa: E731
    np.testing.assert_allclose(at(q, 5) @ at(k, 2), at(q, 13) @ at(k, 10))  # only the distance counts
    x = draw(2, 5, 6)
    np.testing.assert_array_equal(nn.rotary(x, 3), nn.rotary(x, np.arange(3, 8)))
    order = [0, 2, 4, 1, 3, 5]  # halves are neighbours, sorted
    np.testing.assert_array_equal(nn.rotary(x, 3)[..., order], nn.rotary(x[..., order], 3, halves=True))


ONES = np.ones((2, 64))

MISUSES = {
    "must be \\(…, T, D\\)": lambda: nn.scaled_dot_product_attention(
        np.ones((2, 3)), np.ones((2, 4)), np.ones((2, 4))
    ),
    "mask must be of True and False": lambda: nn.scaled_dot_product_attention(
        ONES, ONES, ONES, np.ones((2, 2))
    ),
    "mask \\(3, 3\\) does not broadcast": lambda: nn.scaled_dot_product_attention(
        ONES, ONES, ONES, np.ones((3, 3), bool)
    ),
    "a multiple of heads = 3": lambda: nn.multi_head_attention(np.ones((1, 2, 12)), 3),
    "a multiple of kv_heads; got 4 and 0": lambda: nn.multi_head_attention(
        np.ones((1, 2, 40)), 4, kv_heads=0
    ),
    "a multiple of kv_heads; got 4 and 3": lambda: nn.multi_head_attention(
        np.ones((1, 2, 40)), 4, kv_heads=3
    ),
    "must be \\(B, T, C \\+ 2 C · kv_heads / heads\\)": lambda: nn.multi_head_attention(
        np.ones((1, 2, 12)), 4, kv_heads=2
    ),
    "a head is 3 wide; with rotary=True it must be even": lambda: nn.multi_head_attention(
        np.ones((1, 2, 9)), 1, rotary=True
    ),
    "the first axes of q \\(4, 2, 64\\), k \\(3, 2, 64\\)": lambda: nn.scaled_dot_product_attention(
        np.ones((4, 2, 64)), np.ones((3, 2, 64)), np.ones((3, 2, 64))
    ),
    "rotary: positions \\(3,\\) do not fit x \\(2, 64\\)": lambda: nn.rotary(ONES, [1, 2, 3]),
    "rotary: x \\(2, 3\\) must be \\(…, T, D\\) with D even": lambda: nn.rotary(np.ones((2, 3))),
    "rotary: x \\(4,\\) must be": lambda: nn.rotary(np.ones(4)),
}


@pytest.mark.parametrize("message", MISUSES)
def test_bad_input_is_explained(message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        MISUSES[message]()
