"""Every function in the corners: any type of number, NaN in one row, constants, nothing at all."""

import numpy as np
import pytest
from hypothesis import strategies as st

import nnlearn as nn
from nnlearn.engine.primitive import COMPUTED
from tests.functions.parity import TABLE, as_tuple
from tests.support.corners import in_every_corner, with_one
from tests.support.reference import torch

WHOLE = [np.dtype(code) for code in "bBhHiIqQ"]
FOREIGN = [np.dtype(code) for code in ("e", "g", "F", "O") if np.dtype(code) not in COMPUTED]
ARRANGE = {"expand_dims", "squeeze", "patches"}  # the array's own reshape: nothing is computed


def inputs(name: str, dtype: type = np.float32) -> list[np.ndarray]:
    case, rng = TABLE[name][0], np.random.default_rng(0)
    return [np.asarray(case.draw(rng, shape)).astype(dtype) for shape in case.shapes[0]]


@pytest.mark.parametrize("name", sorted(TABLE.keys() - ARRANGE))
@pytest.mark.parametrize("dtype", FOREIGN, ids=str)
def test_what_is_not_computed_with_is_refused_by_name(name: str, dtype: np.dtype) -> None:
    first, *rest = inputs(name)
    expected = f"must be numbers in float32 or float64, or whole ones, but came as {dtype}"
    with pytest.raises(TypeError, match=expected):
        TABLE[name][0].f(first.astype(dtype), *rest)
    with pytest.raises(TypeError, match=f"Tensor: data {expected}"):
        nn.Tensor(first.astype(dtype))


@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_other_byte_order_is_the_same_number(name: str, dtype: type) -> None:
    f, arrays = TABLE[name][0].f, inputs(name, dtype)
    swapped = [a.astype(a.dtype.newbyteorder("S")) for a in arrays]
    for a, b, t in zip(
        as_tuple(f(*arrays)), as_tuple(f(*swapped)), as_tuple(f(*map(nn.Tensor, swapped))), strict=True
    ):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a, t.data)
        assert t.dtype.isnative


# Whole numbers stay whole where NumPy's do; everywhere else they are numbers like any others.
STAY_WHOLE = {"add", "subtract", "multiply", "power", "negative", "absolute", "square", "where", "matmul"}
STAY_WHOLE |= {"linear", "embedding", "divide", "sum"}


@pytest.mark.parametrize("name", sorted(TABLE.keys() - STAY_WHOLE))
@pytest.mark.parametrize("dtype", [*WHOLE, np.dtype(bool)], ids=str)
def test_whole_numbers_are_numbers(name: str, dtype: np.dtype) -> None:
    rng = np.random.default_rng(1)
    arrays = [rng.integers(0, 3, shape).astype(dtype) for shape in TABLE[name][0].shapes[0]]
    f = TABLE[name][0].f
    with np.errstate(divide="ignore"):
        results, expected = as_tuple(f(*arrays)), as_tuple(f(*(a.astype(np.float64) for a in arrays)))
    for got, right in zip(results, expected, strict=True):
        np.testing.assert_allclose(got, right, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("dtype", WHOLE, ids=str)
def test_ids_and_labels_of_every_whole_type(dtype: np.dtype) -> None:
    ids = np.array([[0, 100, 100], [127, 3, 0]], dtype)  # more rows than int8 counts
    W = nn.Tensor(np.random.default_rng(0).standard_normal((300, 4)), requires_grad=True)
    nn.cross_entropy(nn.embedding(ids, W), ids % 4).backward()
    again = nn.Tensor(W.data, requires_grad=True)
    nn.cross_entropy(nn.embedding(ids.astype(int), again), ids.astype(int) % 4).backward()
    np.testing.assert_array_equal(W.grad, again.grad)
    np.testing.assert_array_equal(nn.getitem(W, ids).data, W.data[ids])


# Rows of these outputs, or their gradients, depend on all rows of the input.
MIX = {"sum", "mean", "var", "std", "max", "min", "batch_norm", "reshape", "transpose", "swapaxes"}
MIX |= {"getitem", "broadcast_to", "embedding", "concatenate", "spmm", "segment_sum", "segment_softmax"}


@pytest.mark.parametrize("name", sorted(TABLE.keys() - MIX))
@in_every_corner(examples=6)
def test_what_is_not_finite_stays_in_its_row(name: str, data) -> None:
    cases = TABLE[name][: 1 if "softmax" in name else None]  # the second is along the rows
    suited = [(c, s) for c in cases for s in c.shapes if len(s[0]) > 1 and s[0][0] > 1 and 0 not in s[0]]
    case, shapes = data.draw(st.sampled_from(suited))
    rng = np.random.default_rng(0)
    clean = [np.asarray(case.draw(rng, s)) for s in shapes]
    row = data.draw(with_one([np.nan, np.inf, -np.inf], [clean[0][0]]))[0]
    spoilt = [np.concatenate([row[None], clean[0][1:]]), *clean[1:]]
    results = []
    for arrays in (clean, spoilt):
        leaf = nn.Tensor(arrays[0], requires_grad=True)
        with np.errstate(all="ignore"):
            y = as_tuple(case.f(leaf, *arrays[1:]))[0]
            y.backward(np.ones(y.shape) + np.arange(y.size).reshape(y.shape) % 3)
        results.append([y.data[1:] if y.shape[:1] == leaf.shape[:1] else 0, leaf.grad[1:]])
    for got, expected in zip(results[1], results[0], strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize("name", ["max", "min"])
def test_nan_takes_the_gradient_of_max_and_min(name: str, axis: int | None) -> None:
    values = np.array([[1.0, np.nan, 3.0], [4.0, 2.0, 4.0]])
    x, t = nn.Tensor(values, requires_grad=True), torch.tensor(values, requires_grad=True)
    y = getattr(nn, name)(x, axis)
    expected = getattr(torch, name)(t) if axis is None else getattr(torch, name)(t, axis)[0]
    y.backward(np.ones(y.shape))
    expected.sum().backward()
    np.testing.assert_array_equal(y.data, expected.detach())
    np.testing.assert_array_equal(np.isnan(values) * x.grad, np.isnan(values) * t.grad.numpy())
    np.testing.assert_allclose(x.grad.sum(axis), t.grad.numpy().sum(axis))


@pytest.mark.parametrize("stride", [1, 2])
def test_nan_takes_the_gradient_of_max_pooling(stride: int) -> None:
    values = np.random.default_rng(0).standard_normal((2, 1, 4, 4))
    values[0, 0, 1, 2] = np.nan
    x, t = nn.Tensor(values, requires_grad=True), torch.tensor(values, requires_grad=True)
    y, expected = nn.max_pool2d(x, 2, stride), torch.nn.functional.max_pool2d(t, 2, stride)
    y.backward(np.ones(y.shape))
    expected.sum().backward()
    np.testing.assert_array_equal(y.data, expected.detach())
    np.testing.assert_array_equal(x.grad, t.grad)


CONSTANTS = [0.0, 0.1, 3.0, 1e5, -1e5, 1e-40]


@pytest.mark.parametrize("dtype, tolerance", [(np.float32, 1e-3), (np.float64, 1e-9)])
@pytest.mark.parametrize("value", CONSTANTS)
def test_constant_inputs(value: float, dtype: type, tolerance: float) -> None:
    for shape in ((2, 7), (300, 7), (4, 1000)):
        x = nn.Tensor(np.full(shape, value, dtype), requires_grad=True)
        ones, zeros = np.ones(shape[1], dtype), np.zeros(shape[1], dtype)
        grouped = nn.group_norm(x, 1, ones, zeros)
        for y in (nn.layer_norm(x, ones, zeros), nn.batch_norm(x, ones, zeros), grouped):
            np.testing.assert_allclose(y.data, 0, atol=tolerance)
            assert np.isfinite(nn.grad(y, [x], np.ones(shape, dtype))[0]).all()
        y = nn.rms_norm(x, ones)
        np.testing.assert_allclose(y.data, value / np.sqrt(value**2 + 1e-6), rtol=1e-5)
        assert np.isfinite(nn.grad(y, [x], np.ones(shape, dtype))[0]).all()
    x = nn.Tensor(np.full((3, 4), value, dtype), requires_grad=True)
    for axis in (None, 0, 1):
        y = nn.std(x, axis)  # of 0.1 rounding may leave 1e-17
        (slope,) = nn.grad(y, [x], np.ones(y.shape, dtype))
        assert np.isfinite(slope).all() and not (slope * (y.data == 0).all()).any()


@pytest.mark.parametrize("far", [1, 30, 1e4])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_query_that_sees_nothing_gives_and_takes_nothing(far: float, dtype: type) -> None:
    rng = np.random.default_rng(0)
    mask = rng.random((2, 1, 5, 5)) > 0.5
    mask[:, :, [1, 4]] = False
    q, k, v = (nn.Tensor((far * rng.standard_normal((2, 3, 5, 4))).astype(dtype), True) for _ in range(3))
    qkv = nn.Tensor((far * rng.standard_normal((2, 5, 24))).astype(dtype), requires_grad=True)
    y, z = nn.scaled_dot_product_attention(q, k, v, mask), nn.multi_head_attention(qkv, 2, mask)
    y.backward(np.full(y.shape, 1e3, dtype))
    z.backward(np.full(z.shape, 1e3, dtype))
    for row in (y.data[:, :, [1, 4]], z.data[:, [1, 4]], q.grad[:, :, [1, 4]], qkv.grad[:, [1, 4], :8]):
        np.testing.assert_array_equal(row, 0)
    assert all(np.isfinite(t.grad).all() for t in (q, k, v, qkv))


@pytest.mark.parametrize("B, T", [(0, 3), (2, 0), (0, 0)])
def test_empty_batches_and_sequences(B: int, T: int) -> None:
    x, weights = np.ones((B, T, 4)), [np.ones((4, 24)), np.ones((8, 24)), np.ones(24)]
    h0 = np.ones((B, 8))
    W_rnn = np.ones((4, 8)), np.ones((8, 8)), np.ones(8)
    W_lstm = np.ones((4, 32)), np.ones((8, 32)), np.ones(32)
    calls = {
        "rnn": lambda x, h: nn.rnn(x, h, *W_rnn),
        "gru": lambda x, h: nn.gru(x, h, *weights),
        "lstm": lambda x, h: nn.concatenate([(y := nn.lstm(x, h, h, *W_lstm))[0], y[1][:, None]], 1),
        "attention": lambda x, h: nn.scaled_dot_product_attention(x, x, x) * 1,
        "heads": lambda x, h: nn.multi_head_attention(nn.concatenate([x, x, x], -1), 2),
        "linear": lambda x, h: nn.linear(x, np.ones((4, 2)), np.ones(2)),
        "layer_norm": lambda x, h: nn.layer_norm(x, np.ones(4), np.zeros(4)),
        "rotary": lambda x, h: nn.rotary(x),
        "rms_norm": lambda x, h: nn.rms_norm(x, np.ones(4)),
        "swiglu": lambda x, h: nn.swiglu(x),
        "shared heads": lambda x, h: nn.multi_head_attention(
            x[..., [0, 1, 2, 3] * 2], 2, None, True, 1, True
        ),
        "matmul": lambda x, h: nn.matmul(x, np.ones((4, 2))),
        "softmax": lambda x, h: nn.softmax(x, -2),
    }
    for f in calls.values():
        leaf, state = nn.Tensor(x, requires_grad=True), nn.Tensor(h0, requires_grad=True)
        y = f(leaf, state)
        y.backward(np.ones(y.shape))
        assert y.shape[0] == B and leaf.grad.shape == x.shape
    for loss in (nn.mse_loss, nn.l1_loss, nn.huber_loss, nn.hinge_loss, nn.binary_cross_entropy):
        with pytest.raises(ValueError, match=f"{loss.__name__}: the batch is empty"):
            loss(x, x)
    for labels in (x, np.ones((B, T), int)):
        with pytest.raises(ValueError, match="cross_entropy: the batch is empty"):
            nn.cross_entropy(x, labels)
    none = np.ones((0, 4))
    np.testing.assert_array_equal(nn.scaled_dot_product_attention(np.ones((2, 4)), none, none), 0)


# Where a public name comes from: where it is compared, or why with nothing.
COMPARED = {
    "nnlearn.engine.arithmetic": "TABLE; argmax apart, which gives whole numbers",
    "nnlearn.engine.shapes": "TABLE",
    "nnlearn.functions.": "TABLE; sinusoidal_positions apart, which PyTorch has not",
    "nnlearn.layers.": "tests/layers/test_against_pytorch.py; Module and Sequential compute nothing",
    "nnlearn.training.optim": "tests/training/test_optim.py",
    "nnlearn.models.": "tests/models/test_against_pytorch.py; or composed of layers that are compared",
    "nnlearn.engine.": "the tape itself, by the gradients of all functions; what it is checked with",
    "nnlearn.training.trainer": "the course's own loop; PyTorch has none",
    "nnlearn.training.saving": "files, compared with safetensors'",
    "nnlearn.study.": "constructions of one chapter; PyTorch has none",
}


def test_every_public_name_is_compared_or_says_why_not() -> None:
    names = {name: value for name, value in vars(nn).items() if name in nn.__all__}
    homes = {name: value.__module__ for name, value in names.items() if callable(value)}
    assert {name: home for name, home in homes.items() if not home.startswith(tuple(COMPARED))} == {}
