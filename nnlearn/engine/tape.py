"""The tape run in reverse: gradients, second derivatives, sums over reuse (chapter 08)."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from nnlearn.engine.primitive import Fused, Node, Variable


def grad(
    output: Variable,
    inputs: Sequence[Variable],
    grad: Any = None,
    create_graph: bool = False,
    retain_graph: bool = False,
) -> list[Any]:
    """[d(output)/d(x) · grad for x in inputs]; no `.grad` changes.

    The inputs may be intermediate results. `grad` (output's shape) may be left out for a single number; with
    `create_graph` the results are tensors on the tape. Raises ValueError for an input that output does not
    depend on or a `grad` that does not fit, RuntimeError when there is no graph or it has been freed.
    """
    wanted = [x._node or x for x in inputs]
    found = gradients(output, grad, wanted, create_graph, retain_graph)
    for i, w in enumerate(wanted):
        if w not in found:
            raise ValueError(f"grad: output does not depend on inputs[{i}] (shape {inputs[i].shape})")
    return [found[w] for w in wanted]


def gradients(
    output: Variable, upstream: Any, wanted: list | None, create_graph: bool, retain_graph: bool
) -> dict:
    """The gradients at the leaves, or at `wanted`: {leaf or node: gradient}.

    A walk over the graph from the youngest node to the oldest. Raises RuntimeError when there is no graph,
    it has been freed, or an input was changed since; NotImplementedError when a fused step would have to be
    differentiated twice.
    """
    root: Any = output._node or output
    grads: dict[Any, Any] = {root: _upstream(output, upstream)}
    order = [] if root is output else history(root)
    useful = None if wanted is None else _useful(order, wanted)
    kept = set(wanted or ())
    vjps = _replay(output, order, useful) if create_graph else None
    owned: set[Any] = set()  # gradients that nobody else holds: they may be added to in place
    while order:
        node = order.pop()
        g = grads.get(node) if node in kept else grads.pop(node, None)
        if g is None:
            continue
        needs = _needs(node, useful)
        rule = vjps[node] if vjps else node.vjps
        if rule and type(rule[0]) is Fused:
            pulled: Sequence = rule[0].backward(g, needs)
        else:
            pulled = [vjp(g) if need else None for vjp, need in zip(rule, needs, strict=False)]
        for x, need, gx in zip(node.args, needs, pulled, strict=False):
            if need and gx is not None:
                _accumulate(grads, owned, x, gx, g)
        if not (retain_graph or create_graph):
            node.free()
    if create_graph:  # a constant gradient too is a tensor
        return {x: g if isinstance(g, Variable) else output._make(g.copy(), None) for x, g in grads.items()}
    return {x: g if x in owned else g.copy() for x, g in grads.items()}


def _upstream(output: Variable, upstream: Any) -> Any:
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
    g = upstream if isinstance(upstream, Variable) else np.array(upstream, dtype=output.dtype)
    if g.shape != output.shape:
        raise ValueError(f"backward: grad has shape {g.shape} but the output has shape {output.shape}")
    return g


def history(root: Node) -> list[Node]:
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
        if any(a in useful for a in node.args if isinstance(a, Node | Variable)):
            useful.add(node)
    return useful


def _needs(node: Node, useful: set | None) -> list[bool]:
    """Which inputs of a node want a gradient. Raises RuntimeError if one was changed since it was used."""
    needs, version = [], 0
    for a in node.args:
        if isinstance(a, Variable):
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
    if isinstance(gx, Variable) or isinstance(old, Variable):
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
        grads[x] = np.asarray(old + gx)  # of arrays without axes, NumPy's sum is a number: no place to add to
        fresh = True
    if fresh:
        owned.add(x)


def _unbroadcast(g: Any, shape: tuple[int, ...]) -> Any:
    """Sum g over the axes along which an input of this shape was repeated."""
    extra = g.ndim - len(shape)
    repeated = [extra + i for i, n in enumerate(shape) if n == 1 and g.shape[extra + i] != 1]
    return g.sum(axis=(*range(extra), *repeated)).reshape(shape)


def _replay(output: Variable, order: list[Node], useful: set | None) -> dict[Node, list]:
    """Run the recorded operations again on tensors, so that what their vjps compute is recorded too."""
    values: dict[Node, np.ndarray] = {}
    vjps = {}
    for node in order:
        if node.vjps and type(node.vjps[0]) is Fused:
            if useful is None or node in useful:
                raise NotImplementedError(
                    f"create_graph: {node.body.__name__} is fused and can be differentiated once only; "
                    f"for second derivatives compose it from simpler functions"
                )
            args = [
                values[a] if type(a) is Node else a._data if isinstance(a, Variable) else a for a in node.args
            ]
        else:
            args = [output._make(values[a], a) if type(a) is Node else a for a in node.args]
        value, *vjps[node] = node.body(*args)
        values[node] = value._data if isinstance(value, Variable) else np.asarray(value)
    return vjps
