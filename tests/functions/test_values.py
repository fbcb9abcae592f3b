"""Fused functions equal their composed twins, and every function explains bad input."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn import Tensor

R = np.random.default_rng(0)


def draw(*shape: int) -> np.ndarray:
    return R.standard_normal(shape)


def layer_norm(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / nn.sqrt((centred**2).mean(axis=-1, keepdims=True) + eps) * gamma + beta


def batch_norm(x, gamma, beta, eps=1e-5):
    axes = (0,) if x.ndim == 2 else (0, 2, 3)
    shape = (1, -1) if x.ndim == 2 else (1, -1, 1, 1)
    centred = x - x.mean(axis=axes, keepdims=True)
    normal = centred / nn.sqrt((centred**2).mean(axis=axes, keepdims=True) + eps)
    return normal * gamma.reshape(shape) + beta.reshape(shape)


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


def pool(reduce):
    def pooled(x, size, stride=None):
        stride = stride or size
        rows, columns = (range(0, n - size + 1, stride) for n in x.shape[2:])
        windows = [[reduce(x[:, :, i : i + size, j : j + size], (2, 3)) for j in columns] for i in rows]
        return nn.stack([nn.stack(row, axis=2) for row in windows], axis=2)

    return pooled


def rnn(x, h, W_x, W_h, b):
    out = []
    for t in range(x.shape[1]):
        h = nn.tanh(x[:, t] @ W_x + h @ W_h + b)
        out.append(h)
    return nn.stack(out, axis=1)


def lstm(x, h, c, W_x, W_h, b):
    m, out = h.shape[1], []
    for t in range(x.shape[1]):
        z = x[:, t] @ W_x + h @ W_h + b
        i, f, g, o = (z[:, k * m : (k + 1) * m] for k in range(4))
        c = nn.sigmoid(f) * c + nn.sigmoid(i) * nn.tanh(g)
        h = nn.sigmoid(o) * nn.tanh(c)
        out.append(h)
    return nn.stack(out, axis=1), c


def gru(x, h, W_x, W_h, b):
    m, out = h.shape[1], []
    for t in range(x.shape[1]):
        a, s = x[:, t] @ W_x + b, h @ W_h
        r, z = nn.sigmoid(a[:, :m] + s[:, :m]), nn.sigmoid(a[:, m : 2 * m] + s[:, m : 2 * m])
        n = nn.tanh(a[:, 2 * m :] + r * s[:, 2 * m :])
        h = (1 - z) * n + z * h
        out.append(h)
    return nn.stack(out, axis=1)


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


def cross_entropy(logits, labels):
    return -nn.log(nn.softmax(logits))[np.arange(len(labels)), labels].mean()


MASK = R.random((2, 1, 4, 4)) > 0.4
MASK[..., 0] = True
STATES = {"rnn": (1, 1), "lstm": (4, 2), "gru": (3, 1)}


def recurrent(kind: str, T: int = 5) -> list[np.ndarray]:
    gates, states = STATES[kind]
    return [
        draw(3, T, 2),
        *(draw(3, 4) for _ in range(states)),
        draw(2, gates * 4),
        draw(4, gates * 4),
        draw(gates * 4),
    ]


TWINS = {
    "layer_norm": (nn.layer_norm, layer_norm, [draw(2, 3, 6), draw(6), draw(6)], {}),
    "batch_norm of rows": (nn.batch_norm, batch_norm, [draw(5, 3), draw(3), draw(3)], {}),
    "batch_norm of images": (nn.batch_norm, batch_norm, [draw(4, 3, 2, 5), draw(3), draw(3)], {}),
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
    "max_pool2d": (nn.max_pool2d, pool(nn.max), [draw(2, 3, 5, 6)], dict(size=2)),
    "max_pool2d overlapping": (nn.max_pool2d, pool(nn.max), [draw(2, 3, 5, 6)], dict(size=3, stride=2)),
    "avg_pool2d": (nn.avg_pool2d, pool(nn.mean), [draw(2, 3, 5, 6)], dict(size=3, stride=1)),
    "rnn": (nn.rnn, rnn, recurrent("rnn"), {}),
    "lstm": (nn.lstm, lstm, recurrent("lstm"), {}),
    "gru": (nn.gru, gru, recurrent("gru"), {}),
    "one step": (nn.lstm, lstm, recurrent("lstm", 1), {}),
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
    "cross_entropy": (
        lambda x: nn.cross_entropy(x, np.array([1, 0, 3])),
        lambda x: cross_entropy(x, np.array([1, 0, 3])),
        [draw(3, 4)],
        {},
    ),
}


@pytest.mark.parametrize("name", TWINS)
def test_fused_equals_composed(name: str) -> None:
    fused, composed, arrays, options = TWINS[name]
    results = []
    for f in (fused, composed):
        leaves = [Tensor(a, requires_grad=True) for a in arrays]
        y = f(*leaves, **options)
        outputs = y if isinstance(y, tuple) else (y,)
        rng = np.random.default_rng(1)
        total = Tensor(0.0)
        for o in outputs:
            total = total + (o * rng.standard_normal(o.shape)).sum()
        total.backward()
        results.append([o.data for o in outputs] + [t.grad for t in leaves])
    for got, expected in zip(*results, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-11)


def test_states_carry_a_sequence_over() -> None:
    """Two halves, the second starting where the first ended, equal the whole."""
    for kind, f in (("rnn", nn.rnn), ("gru", nn.gru)):
        x, h, *weights = recurrent(kind)
        first = f(x[:, :2], h, *weights)
        np.testing.assert_allclose(f(x[:, 2:], first[:, -1], *weights), f(x, h, *weights)[:, 2:])
    x, h, c, *weights = recurrent("lstm")
    whole, last = nn.lstm(x, h, c, *weights)
    first, middle = nn.lstm(x[:, :2], h, c, *weights)
    second, end = nn.lstm(x[:, 2:], first[:, -1], middle, *weights)
    np.testing.assert_allclose(second, whole[:, 2:])
    np.testing.assert_allclose(end, last)
    np.testing.assert_array_equal(nn.lstm(x, None, None, *weights)[0], nn.lstm(x, 0 * h, 0 * c, *weights)[0])


def test_a_query_that_sees_nothing_gets_zeros() -> None:
    q = Tensor(draw(2, 3, 4), requires_grad=True)
    for scale in (1.0, 1e3):
        y = nn.scaled_dot_product_attention(q * scale, q, q, mask=np.zeros((3, 3), bool))
        np.testing.assert_array_equal(y.data, 0)
        y.backward(np.ones(y.shape))
    np.testing.assert_array_equal(q.grad, 0)


def test_batch_norm_keeps_running_averages() -> None:
    x, mean, var = draw(50, 3) * 4 + 2, np.zeros(3), np.ones(3)
    nn.batch_norm(x, np.ones(3), np.zeros(3), mean, var, momentum=0.25)
    np.testing.assert_allclose(mean, 0.25 * x.mean(0))
    np.testing.assert_allclose(var, 0.75 + 0.25 * x.var(0, ddof=1))
    for _ in range(100):
        nn.batch_norm(x, np.ones(3), np.zeros(3), mean, var)
    y = nn.batch_norm(x, np.ones(3), np.zeros(3), mean, var, training=False)
    np.testing.assert_allclose(y.mean(0), 0, atol=1e-4)


def test_dropout_keeps_the_mean_and_repeats() -> None:
    x = np.ones((200, 200), np.float32)
    y = nn.dropout(x, 0.3, rng=1)
    assert set(np.unique(y)) == {np.float32(0), np.float32(1) / np.float32(0.7)}
    assert abs(y.mean() - 1) < 0.01  # its standard error is 0.003
    np.testing.assert_array_equal(y, nn.dropout(x, 0.3, rng=1))
    assert nn.dropout(x, 0.0) is x
    nn.seed(4)
    first = nn.dropout(x, 0.5)
    nn.seed(4)
    np.testing.assert_array_equal(first, nn.dropout(x, 0.5))


def test_positions() -> None:
    p = nn.sinusoidal_positions(50, 8)
    np.testing.assert_allclose(p[:, 0::2] ** 2 + p[:, 1::2] ** 2, 1, rtol=1e-6)
    np.testing.assert_allclose(p[7, :2], [np.sin(7), np.cos(7)], rtol=1e-6)
    assert nn.sinusoidal_positions(3, 5).shape == (3, 5)
    q, k = draw(1, 6), draw(1, 6)
    at = lambda v, t: nn.rotary(v, start=t)[0]  # noqa: E731
    np.testing.assert_allclose(at(q, 5) @ at(k, 2), at(q, 13) @ at(k, 10))  # only the distance counts
    np.testing.assert_allclose(nn.rotary(draw(5, 6), start=3).shape, (5, 6))


def test_argmax_gives_whole_numbers() -> None:
    x = Tensor([[1.0, 3.0], [5.0, 2.0]], requires_grad=True)
    np.testing.assert_array_equal(nn.argmax(x, axis=1), [1, 0])
    np.testing.assert_array_equal(x.argmax(axis=0), [1, 0])
    assert nn.argmax(x) == 2


def test_extreme_inputs_neither_overflow_nor_warn() -> None:
    for dtype in (np.float32, np.float64):
        x = np.array([[-1e4, 0, 1e4, 88, -88, 700, -700]], dtype)
        for f in (nn.sigmoid, nn.silu, nn.gelu, nn.softplus, nn.softmax, nn.log_softmax, nn.elu, nn.tanh):
            t = Tensor(x, requires_grad=True)
            f(t).sum().backward()
            assert np.isfinite(f(x)).all() and np.isfinite(t.grad).all()
        assert np.isfinite(nn.cross_entropy(x, [0])) and np.isfinite(
            nn.binary_cross_entropy(x, np.ones_like(x))
        )


def test_rows_far_apart_keep_their_precision() -> None:
    """Each row is as if it stood alone, however far the others are."""
    for dtype, rtol in ((np.float32, 1e-5), (np.float64, 1e-12)):
        low = np.array([[0.1, -0.7, 0.4]], dtype)
        for shift in (15.0, 30.0, 1000.0):
            x = np.concatenate([low, low + dtype(shift)])
            for f in (nn.softmax, nn.log_softmax):
                np.testing.assert_allclose(f(x)[:1], f(low), rtol=rtol * 20, atol=0)
            expected = (nn.cross_entropy(low, [1]) + nn.cross_entropy(x[1:], [1])) / 2
            np.testing.assert_allclose(nn.cross_entropy(x, [1, 1]), expected, rtol=rtol * 20)


ONES = np.ones((2, 64))
MISUSES = {
    "linear: x has 64 features in its last axis but W expects 32 \\(W is \\(32, 10\\)\\)": lambda: nn.linear(
        ONES, np.ones((32, 10))
    ),
    "linear: b is \\(3,\\) but": lambda: nn.linear(ONES, np.ones((64, 10)), np.ones(3)),
    "linear: W must have two axes": lambda: nn.linear(ONES, np.ones(64)),
    "linear: x is a single number": lambda: nn.linear(np.float32(1), np.ones((64, 2))),
    "cross_entropy: label 64 is out of range: .* 64 classes, so labels go from 0 to 63": lambda: (
        nn.cross_entropy(ONES, [3, 64])
    ),
    "cross_entropy: label -1 is out of range": lambda: nn.cross_entropy(ONES, [3, -1]),
    "cross_entropy: logits \\(2, 64\\) need labels \\(2,\\)": lambda: nn.cross_entropy(ONES, [1, 2, 3]),
    "of whole numbers .* float64": lambda: nn.cross_entropy(ONES, [1.0, 2.0]),
    "cross_entropy: the batch is empty": lambda: nn.cross_entropy(ONES[:0], np.zeros(0, int)),
    "mse_loss: prediction is \\(2, 1\\) but target is \\(2,\\)": lambda: nn.mse_loss(
        np.ones((2, 1)), np.ones(2)
    ),
    "huber_loss: the batch is empty": lambda: nn.huber_loss(ONES[:0], ONES[:0]),
    "binary_cross_entropy: prediction is": lambda: nn.binary_cross_entropy(ONES, np.ones(2)),
    'gelu: approximate must be "none" or "tanh"': lambda: nn.gelu(ONES, "exact"),
    "layer_norm: x \\(2, 64\\) needs gamma and beta \\(64,\\)": lambda: nn.layer_norm(
        ONES, np.ones(2), np.ones(2)
    ),
    "batch_norm: x \\(1, 64\\) has 1 value in each channel": lambda: nn.batch_norm(
        ONES[:1], np.ones(64), np.ones(64)
    ),
    "batch_norm: x \\(2, 64\\) must be": lambda: nn.batch_norm(ONES, np.ones(2), np.ones(2)),
    "batch_norm: with training=False": lambda: nn.batch_norm(ONES, np.ones(64), np.ones(64), training=False),
    "dropout: p is 1 but": lambda: nn.dropout(ONES, 1),
    "conv2d: x \\(2, 64\\) must be \\(B, C_in, H, W\\)": lambda: nn.conv2d(ONES, np.ones((1, 1, 3, 3))),
    "conv2d: a kernel \\(3, 3\\) with dilation 2 is larger": lambda: nn.conv2d(
        np.ones((1, 1, 4, 4)), np.ones((1, 1, 3, 3)), dilation=2
    ),
    "conv2d: b is \\(3,\\)": lambda: nn.conv2d(np.ones((1, 1, 4, 4)), np.ones((2, 1, 3, 3)), np.ones(3)),
    "conv2d: stride and dilation must be 1 or more": lambda: nn.conv2d(
        np.ones((1, 1, 4, 4)), np.ones((1, 1, 2, 2)), stride=0
    ),
    "max_pool2d: x \\(1, 1, 4, 4\\) must be": lambda: nn.max_pool2d(np.ones((1, 1, 4, 4)), 5),
    "avg_pool2d: size and stride must be": lambda: nn.avg_pool2d(np.ones((1, 1, 4, 4)), 2, 0),
    "embedding: id 7 is out of range: W \\(5, 2\\) has rows 0 to 4": lambda: nn.embedding(
        [1, 7], np.ones((5, 2))
    ),
    "embedding: ids must be whole numbers": lambda: nn.embedding([1.5], np.ones((5, 2))),
    "rnn: x must be \\(B, T, 3\\)": lambda: nn.rnn(ONES, None, np.ones((3, 2)), np.ones((2, 2)), np.ones(2)),
    "gru: for m units W_x is \\(n, 3m\\)": lambda: nn.gru(
        np.ones((1, 2, 3)), None, np.ones((3, 2)), np.ones((2, 2)), np.ones(2)
    ),
    "lstm: c0 must be \\(1, 2\\)": lambda: nn.lstm(
        np.ones((1, 2, 3)), None, np.ones((2, 2)), np.ones((3, 8)), np.ones((2, 8)), np.ones(8)
    ),
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
    "rotary: the last axis of x \\(2, 3\\) must be even": lambda: nn.rotary(np.ones((2, 3))),
}


@pytest.mark.parametrize("message", MISUSES)
def test_bad_input_is_explained(message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        MISUSES[message]()
