"""The tape: a tensor remembers how it was made, and `backward` runs that history in reverse (chapter 07).

A *primitive* is one function. It returns its value and, for each input, a vector–Jacobian product (vjp): the
function that turns the gradient at the output into the gradient at that input. The product rule reads

    @primitive
    def multiply(a, b):
        return a * b, lambda g: g * b, lambda g: g * a

Nothing is registered anywhere else. On plain arrays a primitive returns a plain array; with a `Tensor` that
requires gradients among its inputs the call becomes a `Node`, the graph's only building block. A vjp may
return its argument, a view of it, or an array that nobody else holds; broadcasting, dtypes and sums over
reuse are settled in `_backward`.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import operator
from collections.abc import Callable, Iterable, Sequence
from contextlib import ContextDecorator
from contextvars import ContextVar, Token
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = Any
"""A NumPy array or a `Tensor`; what comes in decides what comes out."""
Rule: TypeAlias = tuple[Any, ...]
"""What the body of a primitive returns: its value, then one vector–Jacobian product for each input."""

_recording: ContextVar[bool] = ContextVar("recording", default=True)
_clock = itertools.count()


class no_grad(ContextDecorator):
    """Record nothing inside: `with no_grad():`, or as a decorator, `@no_grad()`."""

    _tokens: list[Token[bool]]

    def __new__(cls, function: Callable | None = None) -> Any:
        self = super().__new__(cls)
        self._tokens = []
        return self if function is None else self(function)

    def __enter__(self) -> None:
        self._tokens.append(_recording.set(False))

    def __exit__(self, *_: object) -> None:
        _recording.reset(self._tokens.pop())


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
        """Let go of what was saved for backward."""
        self.args, self.vjps = [], None


class Tensor:
    """An array that remembers how it was made.  `Tensor([[1.0, 2.0]], requires_grad=True)`

    Numbers and lists become float32 (whole numbers stay whole); arrays keep their dtype and are not copied.
    Gradients arrive in `.grad` as plain arrays. Values computed on the tape are read-only: what a vjp has
    saved must not change. Raises TypeError when gradients are asked for whole numbers.
    """

    __slots__ = ("__weakref__", "_data", "_node", "_version", "grad", "requires_grad")
    __array_priority__ = 1000
    __hash__ = object.__hash__

    def __init__(self, data: Any, requires_grad: bool = False) -> None:
        self._data = _as_array(data)
        self._node: Node | None = None
        self._version = 0
        self.grad: Any = None
        if requires_grad and self._data.dtype.kind != "f":
            raise TypeError(
                f"Tensor: only floating-point tensors can require gradients, but data is {self._data.dtype}; "
                f"convert it first, for example with data.astype(np.float32)"
            )
        self.requires_grad = requires_grad

    def _set_data(self, value: Any) -> None:
        value = _as_array(value)
        if self._node is not None:
            raise RuntimeError(
                "this tensor is the result of a recorded operation: its data cannot be changed; "
                "compute a new tensor"
            )
        self._data = value
        self._version += 1

    data = property(operator.attrgetter("_data"), _set_data, doc="The values, as a NumPy array.")

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

    def item(self) -> float:
        """The only value, as a Python number."""
        return self._data.item()

    def detach(self) -> Tensor:
        """The same values, cut off from the tape."""
        return _make(self._data, None)

    def numpy(self) -> np.ndarray:
        """The values as a NumPy array that may be changed: a copy if they are on the tape."""
        return self._data if self._node is None else self._data.copy()

    def backward(self, grad: Any = None, create_graph: bool = False, retain_graph: bool = False) -> None:
        """Add d(self)/d(leaf) · grad to `.grad` of every leaf this tensor was computed from.

        `grad` may be left out for a single value. The graph is freed on the way unless `retain_graph` is set;
        with `create_graph` the gradients are themselves tensors on the tape (second derivatives).
        """
        grads = _backward(self, grad, None, create_graph, retain_graph)
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
                "this tensor is on the tape, and NumPy would take it off without a word: "
                "use x.numpy() for its values, or a function of nnlearn to stay on the tape"
            )
        return np.array(self._data, dtype=dtype, copy=copy)

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterable[Tensor]:
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

    def __setitem__(self, index: Any, value: Any) -> None:
        if self._node is not None or (self.requires_grad and _recording.get()):
            raise RuntimeError(
                "x[...] = value would change a tensor that the tape relies on: "
                "use where(condition, value, x), or `with no_grad():` to change a parameter"
            )
        self._data[index] = value._data if isinstance(value, Tensor) else value
        self._version += 1

    # Arithmetic, indexing and the methods below are the functions of the same name in `ops`, attached there.
    T: Tensor
    __add__: Callable[..., Tensor]
    __radd__: Callable[..., Tensor]
    __sub__: Callable[..., Tensor]
    __rsub__: Callable[..., Tensor]
    __mul__: Callable[..., Tensor]
    __rmul__: Callable[..., Tensor]
    __truediv__: Callable[..., Tensor]
    __rtruediv__: Callable[..., Tensor]
    __pow__: Callable[..., Tensor]
    __rpow__: Callable[..., Tensor]
    __matmul__: Callable[..., Tensor]
    __rmatmul__: Callable[..., Tensor]
    __neg__: Callable[..., Tensor]
    __abs__: Callable[..., Tensor]
    __getitem__: Callable[..., Tensor]
    __lt__: Callable[..., np.ndarray]
    __le__: Callable[..., np.ndarray]
    __gt__: Callable[..., np.ndarray]
    __ge__: Callable[..., np.ndarray]
    sum: Callable[..., Tensor]
    mean: Callable[..., Tensor]
    var: Callable[..., Tensor]
    std: Callable[..., Tensor]
    max: Callable[..., Tensor]
    min: Callable[..., Tensor]
    argmax: Callable[..., np.ndarray]
    reshape: Callable[..., Tensor]
    transpose: Callable[..., Tensor]
    swapaxes: Callable[..., Tensor]
    squeeze: Callable[..., Tensor]
    astype: Callable[..., Tensor]


class Parameter(Tensor):
    """A tensor that a model learns: a leaf of the graph that always requires gradients."""

    __slots__ = ()

    def __init__(self, data: Any) -> None:
        super().__init__(data, requires_grad=True)


def plain(x: Any) -> Any:
    """The array of a tensor; anything else as it is."""
    return x._data if isinstance(x, Tensor) else x


def _as_array(data: Any) -> np.ndarray:
    if isinstance(data, np.ndarray):
        return data
    if isinstance(data, Tensor):
        return data._data
    array = np.asarray(data)
    if array.dtype == np.float64 and not isinstance(data, np.generic):
        array = array.astype(np.float32)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"Tensor: data must be numbers, but came as {type(data).__name__} ({array.dtype})")
    return array


def _make(value: np.ndarray, node: Node | None) -> Tensor:
    """A tensor without the constructor's checks."""
    t = Tensor.__new__(Tensor)
    t._data, t._node, t._version, t.grad = value, node, 0, None
    t.requires_grad = node is not None
    return t


def primitive(body: Callable[..., Rule]) -> Callable[..., Any]:
    """Turn `body(*inputs) -> value, vjp_0, vjp_1, …` into a differentiable function.

    The body must change neither its inputs nor anything else. Second derivatives (`create_graph=True`) run it
    once more, on tensors; so it is written in operations that tensors share with arrays.
    """
    names = body.__code__.co_varnames[: body.__code__.co_argcount]
    defaults = dict(zip(reversed(names), reversed(body.__defaults__ or ()), strict=False))

    @functools.wraps(body)
    def apply(*args: Any, **named: Any) -> Any:
        if named:
            args = _positional(body.__name__, names, defaults, args, named)
        values: list[Any] = []
        inputs: list[Any] = []
        version, on_tape, any_tensor = 0, False, False
        for a in args:
            if isinstance(a, Tensor):
                any_tensor, on_tape = True, on_tape or a.requires_grad
                version += a._version
                values.append(a._data)
                inputs.append(a._node or a)
            else:
                if type(a) is list:
                    a = _as_array(a)
                values.append(a)
                inputs.append(a)
        if not any_tensor:
            return body(*(args if type(args[0]) is np.ndarray else _plain_arrays(args)))[0]
        value, *vjps = body(*values)
        if type(value) is not np.ndarray:
            value = np.asarray(value)
        if not (on_tape and _recording.get()):
            return _make(value, None)
        value.setflags(write=False)
        return _make(value, Node(body, inputs, vjps, value, version))

    apply.__dict__["__signature__"] = inspect.signature(body).replace(return_annotation="Array")
    return apply


def _plain_arrays(args: tuple) -> list:
    """Lists as arrays, and a number in the first place too if no array is there to give it a type."""
    values = [np.asarray(a) if type(a) is list else a for a in args]
    if isinstance(values[0], float | int) and not any(isinstance(a, np.ndarray) for a in values):
        values[0] = np.asarray(values[0])
    return values


def fused(body: Callable[..., Rule]) -> Callable[..., Any]:
    """A primitive whose vjps share their work: `body(*inputs) -> value, backward`.

    `backward(g, needs)` returns the gradients of all inputs in order, None where `needs[i]` is False. The
    body works on arrays alone and may write in place, so it is differentiable once.
    """
    body._fused = True  # type: ignore[attr-defined]
    return primitive(body)


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


def grad(
    output: Tensor,
    inputs: Sequence[Tensor],
    grad: Any = None,
    create_graph: bool = False,
    retain_graph: bool = False,
) -> list[Any]:
    """[d(output)/d(x) · grad for x in inputs], leaving every `.grad` alone; inputs may be intermediate
    results.

    Raises ValueError for an input that output does not depend on.
    """
    wanted = [x._node or x for x in inputs]
    found = _backward(output, grad, wanted, create_graph, retain_graph)
    for i, w in enumerate(wanted):
        if w not in found:
            raise ValueError(f"grad: output does not depend on inputs[{i}] (shape {inputs[i].shape})")
    return [found[w] for w in wanted]


def _backward(
    output: Tensor, upstream: Any, wanted: list | None, create_graph: bool, retain_graph: bool
) -> dict:
    """The gradients at the leaves (or at `wanted`), by a walk over the graph from the youngest node to the
    oldest.
    """
    root: Any = output._node or output
    grads: dict[Any, Any] = {root: _upstream(output, upstream)}
    order = [] if root is output else _history(root)
    useful = None if wanted is None else _useful(order, wanted)
    kept = set(wanted or ())
    vjps = _replay(order, useful) if create_graph else None
    owned: set[Any] = set()  # gradients that nobody else holds: they may be added to in place
    while order:
        node = order.pop()
        g = grads.get(node) if node in kept else grads.pop(node, None)
        if g is None:
            continue
        needs = _needs(node, useful)
        rule = vjps[node] if vjps else node.vjps
        if len(rule) == 1 and hasattr(node.body, "_fused"):
            pulled = rule[0](g, needs)
        else:
            pulled = [vjp(g) if need else None for vjp, need in zip(rule, needs, strict=False)]
        for x, need, gx in zip(node.args, needs, pulled, strict=False):
            if need and gx is not None:
                _accumulate(grads, owned, x, gx, g)
        if not (retain_graph or create_graph):
            node.free()
    return {x: g if isinstance(g, Tensor) or x in owned else g.copy() for x, g in grads.items()}


def _upstream(output: Tensor, upstream: Any) -> Any:
    if not output.requires_grad:
        raise RuntimeError(
            "backward: this tensor was not computed from anything that requires gradients; "
            "create the inputs with requires_grad=True, and compute outside no_grad()"
        )
    if upstream is None:
        if output.size != 1:
            raise ValueError(
                f"backward: the output has shape {output.shape}; a gradient starts from one number, "
                f"for example loss.mean(), or needs grad= of that shape"
            )
        return np.ones(output.shape, output.dtype)
    g = upstream if isinstance(upstream, Tensor) else np.array(upstream, dtype=output.dtype)
    if g.shape != output.shape:
        raise ValueError(f"backward: grad has shape {g.shape} but the output has shape {output.shape}")
    return g


def _history(root: Node) -> list[Node]:
    """Every node root was computed from, oldest first: an operation is always younger than its inputs."""
    seen, stack = {root}, [root]
    while stack:
        node = stack.pop()
        if node.vjps is None:
            raise RuntimeError(
                "backward: this graph has been used by an earlier backward() and freed; "
                "compute the output again, or pass retain_graph=True to the first call"
            )
        for a in node.args:
            if type(a) is Node and a not in seen:
                seen.add(a)
                stack.append(a)
    return sorted(seen, key=operator.attrgetter("index"))


def _useful(order: list[Node], wanted: list) -> set:
    """`wanted` and every node between it and the output."""
    useful = set(wanted)
    for node in order:
        if any(a in useful for a in node.args if isinstance(a, Node | Tensor)):
            useful.add(node)
    return useful


def _needs(node: Node, useful: set | None) -> list[bool]:
    """Which inputs of a node want a gradient. Raises RuntimeError if one was changed since it was used."""
    needs, version = [], 0
    for a in node.args:
        if isinstance(a, Tensor):
            version += a._version
            needs.append(a.requires_grad and (useful is None or a in useful))
        else:
            needs.append(type(a) is Node and (useful is None or a in useful))
    if version != node.version:
        raise RuntimeError(
            f"backward: an input of {node.body.__name__} was changed in place after it was used; "
            f"change parameters after backward(), not between the forward pass and it"
        )
    return needs


def _accumulate(grads: dict, owned: set, x: Any, gx: Any, g: Any) -> None:
    """grads[x] += gx: broadcasting undone, in x's dtype, and in place where nobody else holds the array."""
    if gx.shape != x.shape:
        gx = _unbroadcast(gx, x.shape)
    if gx.dtype != x.dtype:
        gx = gx.astype(x.dtype)
    old = grads.get(x)
    if isinstance(gx, Tensor) or isinstance(old, Tensor):
        grads[x] = gx if old is None else old + gx
        return
    if type(gx) is not np.ndarray:
        gx = np.array(gx)
    fresh = gx is not g and gx.base is None
    if old is None:
        grads[x] = gx
    elif x in owned:
        old += gx
    elif fresh:
        gx += old
        grads[x] = gx
    else:
        grads[x] = old + gx
        fresh = True
    if fresh:
        owned.add(x)


def _unbroadcast(g: Any, shape: tuple[int, ...]) -> Any:
    """Sum g over the axes along which an input of this shape was repeated."""
    extra = g.ndim - len(shape)
    repeated = [extra + i for i, n in enumerate(shape) if n == 1 and g.shape[extra + i] != 1]
    return g.sum(axis=(*range(extra), *repeated)).reshape(shape)


def _replay(order: list[Node], useful: set | None) -> dict[Node, list]:
    """Run the recorded operations again on tensors, so that what their vjps compute is recorded too."""
    values: dict[Node, np.ndarray] = {}
    vjps = {}
    for node in order:
        if hasattr(node.body, "_fused"):
            if useful is None or node in useful:
                raise NotImplementedError(
                    f"create_graph: {node.body.__name__} is fused and can be differentiated once only; "
                    f"for second derivatives compose it from simpler functions"
                )
            args = [
                values[a] if type(a) is Node else a._data if isinstance(a, Tensor) else a for a in node.args
            ]
        else:
            args = [_make(values[a], a) if type(a) is Node else a for a in node.args]
        value, *vjps[node] = node.body(*args)
        values[node] = value._data if isinstance(value, Tensor) else np.asarray(value)
    return vjps
