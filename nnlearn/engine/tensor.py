"""`Tensor`, an array that records what is done with it: operators, methods, NumPy's functions."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from nnlearn.engine import arithmetic, shapes
from nnlearn.engine.primitive import Node, Variable, as_array, plain, recording
from nnlearn.engine.tape import gradients

# NumPy functions whose derivative is zero or does not exist: on a tensor they work on its values.
_FLAT = frozenset(
    "less less_equal greater greater_equal equal not_equal logical_and logical_or logical_not isnan isinf "
    "isfinite sign floor ceil rint trunc argmax argmin allclose array_equal result_type shape".split()
)


def _reflected(f: Callable) -> Callable[[Tensor, Any], Any]:
    return lambda self, other: f(other, self)


def _comparison(ufunc: np.ufunc) -> Callable[[Tensor, Any], Any]:
    return lambda self, other: ufunc(self._data, plain(other))


def _in_place(f: Callable) -> Callable[[Tensor, Any], Tensor]:
    """x += y and the like: see `Tensor`."""

    def method(self: Tensor, other: Any) -> Tensor:
        if self._node is not None or not self.requires_grad:
            return f(self, other)
        if recording.get():
            raise RuntimeError(
                "x += value, or -= and the like, would change a tensor that the tape relies on: "
                "use x = x + value for a new one, or `with no_grad():` to change a parameter"
            )
        self[...] = f(self.detach(), plain(other))
        return self

    return method


def _shape_method(f: Callable) -> Callable[..., Any]:
    """x.reshape(2, 3) and x.reshape((2, 3)) alike."""

    @functools.wraps(f)
    def method(self: Tensor, *shape: Any) -> Any:
        return f(self, shape[0] if len(shape) == 1 else shape or None)

    return method


class Tensor(Variable):
    """An array that remembers how it was made.  `Tensor([[1.0, 2.0]], requires_grad=True)`

    Numbers and lists become float32 (whole numbers stay whole); arrays keep their dtype and are not copied.
    Gradients arrive in `.grad` as plain arrays. Values computed on the tape are read-only: what a vjp has
    saved must not change. Raises TypeError for data that nnlearn does not compute with
    (`nnlearn.engine.primitive.computable` says which), or when gradients are asked for whole numbers.

    `p -= lr * p.grad` changes a leaf that requires gradients in place within `no_grad()`, and raises
    RuntimeError elsewhere; `x += y` of any other tensor makes a new one, `x = x + y`. A leaf changed between
    the forward pass and `backward()`, by this, `p.data = …`, an optimiser or `load_state_dict`, makes
    `backward` raise RuntimeError. It cannot see what is written into the array `p.data` itself.
    """

    __slots__ = ()
    __array_priority__ = 1000

    def __init__(self, data: Any, requires_grad: bool = False) -> None:
        self._data, self._node, self._version, self.grad = as_array(data), None, 0, None
        self.requires_grad = requires_grad
        self._check_type(self._data)

    def _check_type(self, data: np.ndarray) -> None:
        if self.requires_grad and data.dtype.kind != "f":
            raise TypeError(
                f"Tensor: only floating-point tensors can require gradients, but data is {data.dtype}; "
                f"convert it first, for example with data.astype(np.float32)"
            )

    @staticmethod
    def _make(value: np.ndarray, node: Node | None) -> Tensor:
        """A tensor without the constructor's checks."""
        t = Tensor.__new__(Tensor)
        t._data, t._node, t._version, t.grad = value, node, 0, None
        t.requires_grad = node is not None
        return t

    def _set_data(self, value: Any) -> None:
        value = as_array(value)
        if self._node is not None:
            raise RuntimeError(
                "this tensor is the result of a recorded operation: its data cannot be changed; "
                "compute a new tensor"
            )
        self._check_type(value)
        self._data = value
        self._version += 1

    data = property(operator.attrgetter("_data"), _set_data, doc="The values, as a NumPy array.")

    def item(self) -> float:
        """The only value, as a Python number."""
        return self._data.item()

    def detach(self) -> Tensor:
        """The same values, cut off from the tape."""
        return self._make(self._data, None)

    def numpy(self) -> np.ndarray:
        """The values as a NumPy array that may be changed: a copy if they are on the tape."""
        return self._data if self._node is None else self._data.copy()

    def backward(self, grad: Any = None, create_graph: bool = False, retain_graph: bool = False) -> None:
        """Add d(self)/d(leaf) · grad to `.grad` of every leaf this tensor was computed from.

        `grad` may be left out for a single value. The graph is freed on the way unless `retain_graph` is set;
        with `create_graph` the gradients are themselves tensors on the tape (second derivatives). Raises
        ValueError when `grad` is missing or does not fit, RuntimeError when there is no graph or it has been
        freed.
        """
        grads = gradients(self, grad, None, create_graph, retain_graph)
        for leaf, g in grads.items():
            if leaf.grad is None:
                leaf.grad = g
            elif isinstance(g, Tensor) or isinstance(leaf.grad, Tensor):
                leaf.grad = leaf.grad + g
            else:
                leaf.grad += g

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if self.requires_grad:
            raise TypeError(
                "this tensor is on the tape, and NumPy would silently drop its history: "
                "use x.numpy() for its values, or a function of nnlearn to stay on the tape"
            )
        return np.array(self._data, dtype=dtype, copy=copy)

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self._data)))

    def __bool__(self) -> bool:
        return bool(self._data)

    def __float__(self) -> float:
        return float(self._data)

    def __int__(self) -> int:
        return int(self._data)

    def __repr__(self) -> str:
        values = np.array2string(self._data, separator=", ", prefix="Tensor(")
        return f"Tensor({values}{', requires_grad=True' if self.requires_grad else ''})"

    def __format__(self, spec: str) -> str:
        """f"{loss:.3f}" of a single number; without a format, and of more numbers, as print shows it.

        Raises TypeError when more than one number is to be formatted.
        """
        if not spec:
            return repr(self)
        if self.size != 1:
            raise TypeError(f"format {spec!r} is for a single number, but the tensor has shape {self.shape}")
        return format(self.item(), spec)

    def __setitem__(self, index: Any, value: Any) -> None:
        if self._node is not None or (self.requires_grad and recording.get()):
            raise RuntimeError(
                "x[...] = value would change a tensor that the tape relies on: "
                "use where(condition, value, x), or `with no_grad():` to change a parameter"
            )
        self._data[index] = value._data if isinstance(value, Tensor) else value
        self._version += 1

    def __getitem__(self, index: Any) -> Any:
        return shapes.getitem(self, tuple(map(plain, index)) if isinstance(index, tuple) else plain(index))

    # The operators and methods are functions of `arithmetic` and `shapes`.
    __add__, __radd__ = arithmetic.add, _reflected(arithmetic.add)
    __sub__, __rsub__ = arithmetic.subtract, _reflected(arithmetic.subtract)
    __mul__, __rmul__ = arithmetic.multiply, _reflected(arithmetic.multiply)
    __truediv__, __rtruediv__ = arithmetic.divide, _reflected(arithmetic.divide)
    __pow__, __rpow__ = arithmetic.power, _reflected(arithmetic.power)
    __matmul__, __rmatmul__ = arithmetic.matmul, _reflected(arithmetic.matmul)
    __iadd__, __isub__ = _in_place(arithmetic.add), _in_place(arithmetic.subtract)
    __imul__, __itruediv__ = _in_place(arithmetic.multiply), _in_place(arithmetic.divide)
    __ipow__ = _in_place(arithmetic.power)
    __neg__, __abs__ = arithmetic.negative, arithmetic.absolute
    __lt__, __gt__ = _comparison(np.less), _comparison(np.greater)
    __le__, __ge__ = _comparison(np.less_equal), _comparison(np.greater_equal)
    __eq__, __ne__ = _comparison(np.equal), _comparison(np.not_equal)
    __hash__ = object.__hash__
    sum, mean, var, std = arithmetic.sum, arithmetic.mean, arithmetic.var, arithmetic.std
    max, min, argmax = arithmetic.max, arithmetic.min, arithmetic.argmax
    squeeze, swapaxes, astype = shapes.squeeze, shapes.swapaxes, shapes.astype
    reshape, transpose = _shape_method(shapes.reshape), _shape_method(shapes.transpose)
    T = property(shapes.transpose)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **named: Any) -> Any:
        if method != "__call__" or named:
            what = f"np.{ufunc.__name__}" + ("" if method == "__call__" else f".{method}")
            raise TypeError(f"{what} on a tensor: call it plainly, without {', '.join(named) or 'a method'}")
        return _numpy_call(ufunc, inputs, named)

    def __array_function__(self, function: Callable, types: Any, args: Sequence, named: dict) -> Any:
        return _numpy_call(function, args, named)


def _numpy_call(function: Callable, args: Sequence, named: dict[str, Any]) -> Any:
    """A function of NumPy's called on a tensor: the function of the same name in `arithmetic` or `shapes`."""
    name = function.__name__
    if name in _FLAT:
        return function(*map(plain, args), **named)
    ours = getattr(arithmetic, name, None) or getattr(shapes, name, None)
    if ours is None:
        raise TypeError(
            f"np.{name} has no derivative here: use x.numpy() for the values, or functions of nnlearn"
        )
    return ours(*args, **named)


class Parameter(Tensor):
    """A tensor that a model learns: a leaf of the graph that always requires gradients."""

    __slots__ = ()

    def __init__(self, data: Any) -> None:
        super().__init__(data, requires_grad=True)
