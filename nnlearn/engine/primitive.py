"""Primitives, and how the tape records what they do (chapter 08).

A *primitive* is one function. It returns its value and, for each input, a vector–Jacobian product (vjp): the
function that turns the gradient at the output into the gradient at that input. The product rule reads

    @primitive
    def multiply(a, b):
        return a * b, lambda g: g * b, lambda g: g * a

Nothing is registered anywhere else. On plain arrays a primitive returns a plain array; with a `Tensor` that
requires gradients among its inputs the call becomes a `Node`, the graph's only building block. A vjp may
return its argument, a view of it, or an array that nobody else holds; broadcasting, dtypes and sums over
reuse are settled by `nnlearn.engine.tape`.
"""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable
from contextlib import ContextDecorator
from contextvars import ContextVar, Token
from typing import Any, NamedTuple, ParamSpec, Protocol, TypeAlias

import numpy as np


class Array(Protocol):
    """What a NumPy array and a `Tensor` have in common; what comes in decides what comes out."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def ndim(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def dtype(self) -> np.dtype: ...
    @property
    def T(self) -> Any: ...
    def reshape(self, *args: Any, **options: Any) -> Any: ...
    def transpose(self, *args: Any, **options: Any) -> Any: ...
    def swapaxes(self, axis1: int, axis2: int, /) -> Any: ...
    def astype(self, dtype: Any, /) -> Any: ...
    def sum(self, *args: Any, **options: Any) -> Any: ...
    def mean(self, *args: Any, **options: Any) -> Any: ...
    def max(self, *args: Any, **options: Any) -> Any: ...
    def min(self, *args: Any, **options: Any) -> Any: ...
    def __len__(self) -> int: ...
    def __getitem__(self, index: Any, /) -> Any: ...
    def __array__(self) -> np.ndarray: ...
    def __neg__(self) -> Any: ...
    def __add__(self, other: Any, /) -> Any: ...
    def __radd__(self, other: Any, /) -> Any: ...
    def __sub__(self, other: Any, /) -> Any: ...
    def __rsub__(self, other: Any, /) -> Any: ...
    def __mul__(self, other: Any, /) -> Any: ...
    def __rmul__(self, other: Any, /) -> Any: ...
    def __truediv__(self, other: Any, /) -> Any: ...
    def __rtruediv__(self, other: Any, /) -> Any: ...
    def __pow__(self, other: Any, /) -> Any: ...
    def __rpow__(self, other: Any, /) -> Any: ...
    def __matmul__(self, other: Any, /) -> Any: ...
    def __rmatmul__(self, other: Any, /) -> Any: ...
    def __eq__(self, other: Any, /) -> Any: ...
    def __lt__(self, other: Any, /) -> Any: ...
    def __le__(self, other: Any, /) -> Any: ...
    def __gt__(self, other: Any, /) -> Any: ...
    def __ge__(self, other: Any, /) -> Any: ...


Operand: TypeAlias = Array | float
Result: TypeAlias = Any
"""What a function of arrays returns: an array, or a `Tensor` if one came in. Only its caller knows which."""


class Fused(NamedTuple):
    """All vjps of a primitive in one function, which share their work: its body returns `value, Fused(f)`.

    `f(g, needs)` returns the gradients of all inputs in order; None may stand where `needs[i]` is False. Such
    a body works on arrays alone and may write in place, so it can be differentiated only once.
    """

    backward: Callable[[np.ndarray, list[bool]], tuple]


Vjp: TypeAlias = Callable[[Array], Any]
Rule: TypeAlias = tuple[Any, *tuple[Vjp | Fused | None, ...]]
"""What a primitive's body returns: its value, then a vjp for each input (None: no gradient), or `Fused`."""

P = ParamSpec("P")
ARRAYS = (np.ndarray, np.generic)

recording: ContextVar[bool] = ContextVar("recording", default=True)
_clock = itertools.count()


def now() -> int:
    """A moment between two recorded operations: the `index` of later nodes is higher."""
    return next(_clock)


class no_grad(ContextDecorator):
    """Record nothing inside: `with no_grad():`, or as a decorator, `@no_grad()`."""

    _tokens: list[Token[bool]]

    def __new__(cls, function: Callable | None = None) -> Any:
        self = super().__new__(cls)
        self._tokens = []
        return self if function is None else self(function)

    def _recreate_cm(self) -> no_grad:
        """Of a decorated function every call has a switch of its own, in whatever thread it runs."""
        return no_grad()

    def __enter__(self) -> None:
        self._tokens.append(recording.set(False))

    def __exit__(self, *_: object) -> None:
        recording.reset(self._tokens.pop())


class Node:
    """One recorded operation: what it was given, its vjps, and the shape and dtype of its value.

    `args` holds the node of each input that was itself computed, and every other argument as it came. It
    never holds a computed value: those live only as long as a vjp or the reader's own variables need them.
    """

    __slots__ = ("args", "body", "dtype", "index", "shape", "version", "vjps")
    requires_grad = True

    def __init__(self, body: Callable, args: list, vjps: Any, value: np.ndarray, version: int) -> None:
        self.body, self.args, self.vjps, self.version = body, args, vjps, version
        self.shape, self.dtype, self.index = value.shape, value.dtype, next(_clock)

    def free(self) -> None:
        """Free what was saved for backward."""
        self.args, self.vjps = [], None


class Variable:
    """What the tape knows of a tensor: its values, the node that computed them, its gradient.

    `_version` counts how often the values were changed in place.
    """

    __slots__ = ("__weakref__", "_data", "_node", "_version", "grad", "requires_grad")
    _data: np.ndarray
    _node: Node | None
    _version: int
    grad: Any
    requires_grad: bool
    _make: Callable[[np.ndarray, Node | None], Any]  # what is computed from a tensor is a `Tensor`

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis."""
        return self._data.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._data.ndim

    @property
    def size(self) -> int:
        """The number of values."""
        return self._data.size

    @property
    def dtype(self) -> np.dtype:
        """The type of each value."""
        return self._data.dtype


def plain(x: Any) -> Any:
    """The array of a tensor; anything else as it is."""
    return x._data if isinstance(x, Variable) else x


COMPUTED = frozenset(np.dtype(code) for code in "?bBhHiIlLqQfd")
"""The types that are computed with: bool, whole numbers, float32, float64, in the machine's byte order."""


def computable(x: Any, what: str) -> Any:
    """x, an array or a NumPy number, in a type that nnlearn computes with: one rule for all functions.

    - float32 and float64 are what networks compute in; where both meet, NumPy decides: float64.
    - Whole numbers and bool are ids, labels and masks; exp, softmax and the like take them as float64.
    - An array in the other byte order, as some files hold it, is copied into the machine's own.
    - float16 (whose sums overflow at 65504), longdouble (another on each machine), 8-bit floats, complex
      numbers and what is no number are refused with a TypeError: convert them first.
    """
    if x.dtype in COMPUTED:
        return x
    native = x.dtype.newbyteorder("=")
    if native in COMPUTED:
        return x.astype(native)
    raise TypeError(
        f"{what} must be numbers in float32 or float64, or whole ones, but came as {x.dtype}; "
        f"convert them first, for example with .astype(np.float32)"
    )


def floating(x: Any) -> Any:
    """x, an array or a tensor; whole numbers and bool as float64: NumPy's exp of uint8 would be float16."""
    return x.astype(np.float64) if x.dtype.kind in "iub" else x


def as_array(data: Any) -> np.ndarray:
    """The data as an array: lists and numbers become float32, whole ones stay whole; arrays are not copied.

    Raises TypeError for what `computable` refuses.
    """
    if isinstance(data, Variable):
        return data._data
    if not isinstance(data, ARRAYS):
        data = np.asarray(data)
        data = data.astype(np.float32) if data.dtype == np.float64 else data
    return computable(np.asarray(data), "Tensor: data")


def primitive(body: Callable[P, Rule]) -> Callable[P, Result]:
    """Turn `body(*inputs) -> value, vjp_0, vjp_1, …` into a differentiable function.

    The body must change neither its inputs nor anything else. Second derivatives (`create_graph=True`) run it
    once more, on tensors; so it is written in operations that tensors share with arrays. Where the vjps share
    their work it returns `value, Fused(backward)`. The function made raises TypeError for arguments that
    are missing, unknown or given twice.
    """
    run: Callable[..., Rule] = body  # its arguments come from a list
    name, code, last = body.__name__, body.__code__, body.__defaults__ or ()
    names = code.co_varnames[: code.co_argcount]
    defaults = dict(zip(names[len(names) - len(last) :], last, strict=True))

    @functools.wraps(body)
    def apply(*args: Any, **named: Any) -> Any:
        if named:
            args = _positional(name, names, defaults, args, named)
        values: list[Any] = []
        inputs: list[Any] = []
        version, on_tape, tensor = 0, False, None
        for a in args:
            if isinstance(a, Variable):
                tensor, on_tape = a, on_tape or a.requires_grad
                version += a._version
                values.append(a._data)
                inputs.append(a._node or a)
            else:
                if type(a) is list:
                    a = as_array(a)
                elif isinstance(a, ARRAYS) and a.dtype not in COMPUTED:
                    i = len(values)
                    a = computable(a, f"{name.lstrip('_')}: {names[i] if i < len(names) else 'arrays'}")
                    args = (*args[:i], a, *args[i + 1 :])
                values.append(a)
                inputs.append(a)
        if tensor is None:
            return run(*(args if type(args[0]) is np.ndarray else _plain_arrays(args)))[0]
        value, *vjps = run(*values)
        if type(value) is not np.ndarray:
            value = np.asarray(value)
        if not (on_tape and recording.get()):
            return tensor._make(value, None)
        value.setflags(write=False)
        return tensor._make(value, Node(run, inputs, vjps, value, version))

    apply.__dict__["__signature__"] = inspect.signature(body).replace(return_annotation="Result")
    return apply


def _plain_arrays(args: tuple) -> list:
    """Lists as arrays, and a number in the first place too if no array is there to give it a type."""
    values = [computable(np.asarray(a), "a list") if type(a) is list else a for a in args]
    if isinstance(values[0], float | int) and not any(isinstance(a, np.ndarray) for a in values):
        values[0] = np.asarray(values[0])
    return values


def _positional(name: str, names: tuple, defaults: dict, args: tuple, named: dict) -> tuple:
    """The arguments in the order of the signature, defaults filled in up to the last one named."""
    rest = names[len(args) :]
    for key in named:
        if key not in rest:
            problem = "given twice" if key in names else f"unknown; it takes {', '.join(names)}"
            raise TypeError(f"{name}: argument {key} is {problem}")
    try:
        return args + tuple(named[key] if key in named else defaults[key] for key in rest)
    except KeyError as missing:
        raise TypeError(f"{name}: argument {missing.args[0]} is missing") from None
