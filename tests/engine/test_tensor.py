"""Tensors: types, NumPy's functions, edits in place, and what they say when misused."""

import operator

import numpy as np
import pytest

import nnlearn as nn
from nnlearn import Parameter, Tensor
from nnlearn.engine.primitive import COMPUTED, as_array


def leaf(*shape: int, seed: int = 0, dtype: type = np.float64) -> Tensor:
    return Tensor(np.random.default_rng(seed).standard_normal(shape).astype(dtype), requires_grad=True)


@pytest.mark.parametrize("op", [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne])
def test_comparisons_are_plain_arrays(op) -> None:
    x = Tensor(np.arange(3.0), requires_grad=True)
    for got, expected in (
        (op(x, 1), op(x.data, 1)),
        (op(1, x), op(1, x.data)),
        (op(x, x), op(x.data, x.data)),
    ):
        assert type(got) is np.ndarray
        np.testing.assert_array_equal(got, expected)


def test_no_grad_in_every_form() -> None:
    x = leaf(3)

    @nn.no_grad()
    def with_brackets():
        return x * 2

    @nn.no_grad
    def without():
        return x * 2

    with nn.no_grad():
        inside = x * 2
        with nn.no_grad():
            pass
        still = x * 2
    assert not any(t.requires_grad for t in (with_brackets(), without(), inside, still))
    assert (x * 2).requires_grad
    with pytest.raises(ZeroDivisionError, match="on purpose"), nn.no_grad():
        raise ZeroDivisionError("on purpose")
    assert (x * 2).requires_grad


def test_dtypes() -> None:
    assert Tensor([1.0, 2.0]).dtype == Tensor(1.5).dtype == np.float32
    assert Tensor(np.zeros(2)).dtype == np.float64
    assert Tensor([1, 2]).dtype.kind == "i"
    x = leaf(3, dtype=np.float32)
    assert (x * 2.5 + 1).dtype == nn.tanh(x).dtype == nn.softmax(x).dtype == nn.gelu(x).dtype == np.float32
    (x * np.ones(3)).sum().backward()
    assert x.grad.dtype == np.float32  # the gradient has the type of its tensor


def test_numpy_functions_on_tensors() -> None:
    x = leaf(2, 3)
    for f in (np.exp, np.tanh, np.sum, np.mean, np.transpose, np.square, np.max):
        y = f(x)
        assert isinstance(y, Tensor) and y.requires_grad
        np.testing.assert_array_equal(y.data, f(x.data))
    for y in (np.add(x, x), np.multiply(2, x), np.where(x > 0, x, 0), np.concatenate([x, x]), np.ones(3) * x):
        assert isinstance(y, Tensor) and y.requires_grad
    for f in (np.isnan, np.sign, np.argmax, np.shape):
        np.testing.assert_array_equal(f(x), f(x.data))
    with pytest.raises(TypeError, match=r"np.arctan has no derivative"):
        np.arctan(x)
    with pytest.raises(TypeError, match=r"np.add.reduce"):
        np.add.reduce(x)
    with pytest.raises(TypeError, match=r"np.cov has no derivative"):
        np.cov(x)
    with pytest.raises(TypeError, match=r"x.numpy\(\)"):
        np.asarray(x)
    np.testing.assert_array_equal(np.asarray(x.detach()), x.data)


def test_in_place_edits() -> None:
    W, x = leaf(3, 3), leaf(2, 3)
    y = nn.linear(x, W)
    with pytest.raises(RuntimeError, match="tape relies on"):
        y[0] = 1
    with pytest.raises(RuntimeError, match="no_grad"):
        W[0] = 1
    with pytest.raises(RuntimeError, match="cannot be changed"):
        y.data = np.zeros((2, 3))
    with pytest.raises(ValueError, match="read-only"):
        y.data[0] = 1
    y.numpy()[0] = 1  # a copy
    W.data -= 0.1
    with pytest.raises(RuntimeError, match="an input of linear was changed in place"):
        y.sum().backward()
    with nn.no_grad():
        W[0] = 1
    nn.linear(x, W).sum().backward()
    np.testing.assert_array_equal(W.data[0], 1)


def test_operators_in_place() -> None:
    """A leaf that is learnt changes in place, without the tape; anything else becomes a new tensor."""
    for op in (operator.iadd, operator.isub, operator.imul, operator.itruediv, operator.ipow):
        p = Parameter(np.array([2.0, 4.0]))
        array = p.data
        with pytest.raises(RuntimeError, match=r"-= and the like.*no_grad"):
            op(p, 2.0)
        with nn.no_grad():
            assert op(p, 2.0) is p
        assert p.data is array and array[0] == op(2.0, 2.0)
    p, x = leaf(3), np.ones(3)
    h = first = p * 1
    h += x
    assert h is not first and h.requires_grad
    with nn.no_grad():
        view = p.reshape((3, 1))
        view += 1  # a new one: p and x keep their values
    constant = Tensor(x)
    constant *= 2
    np.testing.assert_array_equal(x, 1)
    np.testing.assert_array_equal(first.data, p.data)


def test_gradient_descent_by_hand() -> None:
    p = Parameter(np.array([1.0, 2.0]))
    (p * p).sum().backward()
    with nn.no_grad():
        p -= 0.1 * p.grad
    np.testing.assert_allclose(p.data, [0.8, 1.6])
    y = (p * p).sum()
    with nn.no_grad():
        p -= 1
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()


def test_a_single_number_can_be_formatted() -> None:
    loss = (leaf(3) * 0 + 0.5).mean()
    assert f"{loss:.3f} {Tensor([2.0]):5.1f}|{Tensor(7):d}" == "0.500   2.0|7"
    assert f"{Tensor([1.0, 2.0])}" == "Tensor([1., 2.])"
    with pytest.raises(TypeError, match=r"'.3f' is for a single number, but the tensor has shape \(3,\)"):
        f"{leaf(3):.3f}"


def test_types_that_are_not_computed_with() -> None:
    for code in "egFO":
        dtype = np.dtype(code)
        for make in (
            lambda dtype=dtype: Tensor(np.ones(2).astype(dtype)),
            lambda dtype=dtype: leaf(2).astype(dtype),
            lambda dtype=dtype: nn.add(np.ones(2), np.ones(2).astype(dtype)),
            lambda dtype=dtype: leaf(2) * np.ones((), dtype),
        ):
            refused = dtype not in COMPUTED
            assert raises_type_error(make) == refused, dtype
    with pytest.raises(TypeError, match="multiply: b must be numbers in float32 or float64"):
        nn.multiply(np.ones(2), np.ones(2, np.float16))
    swapped = Tensor(np.arange(3, dtype=">f4"), requires_grad=True)
    (swapped * np.arange(3, dtype=">f8")).sum().backward()
    assert swapped.dtype.isnative and swapped.grad.tolist() == [0, 1, 2]
    assert as_array(x := np.ones(3)) is x


def raises_type_error(make) -> bool:
    try:
        make()
    except TypeError as error:
        assert "must be numbers" in str(error)
        return True
    return False


MISUSES = {
    "whole numbers": (lambda: Tensor([1, 2], requires_grad=True), TypeError, "astype"),
    "whole numbers put in": (
        lambda: setattr(leaf(2), "data", np.ones(2, np.int64)),
        TypeError,
        "data is int64",
    ),
    "words": (lambda: Tensor(["a"]), TypeError, "must be numbers"),
}


@pytest.mark.parametrize("name", MISUSES)
def test_misuse_is_explained(name: str) -> None:
    call, error, message = MISUSES[name]
    with pytest.raises(error, match=message):
        call()


def test_representation_and_small_methods() -> None:
    x = Tensor([[1.0, 2.0]], requires_grad=True)
    assert repr(x) == "Tensor([[1., 2.]], requires_grad=True)"
    assert (x.shape, x.ndim, x.size, len(x), x.T.shape) == ((1, 2), 2, 2, 1, (2, 1))
    assert [t.shape for t in x] == [(2,)]
    assert x.sum().item() == float(x.sum()) == int(x.sum()) == 3
    assert bool(x.sum() > 2)
    assert isinstance(nn.Parameter([1.0]), Tensor) and nn.Parameter([1.0]).requires_grad
    assert {x: 1}[x] == 1
