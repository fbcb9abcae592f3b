"""Programs drawn at random: their values, their first and their second derivatives are PyTorch's."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import nnlearn as nn
from tests.support.reference import torch

SHAPES = [(), (1,), (3,), (2, 3), (2, 1), (1, 3), (2, 2, 3), (0, 3), (3, 0), (3, 3)]
ONE: dict[str, Callable[[Any, Any], Any]] = {
    "-x": lambda m, x: -x,
    "exp": lambda m, x: m.exp(0.3 * x),
    "tanh": lambda m, x: m.tanh(x),
    "sin": lambda m, x: m.sin(x),
    "x · x": lambda m, x: x * x,
    "|x|": lambda m, x: abs(x),
    "relu": lambda m, x: m.relu(x),
    "sigmoid": lambda m, x: m.sigmoid(x),
    "root": lambda m, x: m.sqrt(x * x + 1.0),
    "power": lambda m, x: (x * x + 1.0) ** 1.5,
    "1 / x": lambda m, x: 1.0 / (x * x + 1.0),
    "softmax": lambda m, x: m.softmax(x, -1),
    "log_softmax": lambda m, x: m.log_softmax(x, -1),
    "sum": lambda m, x: x.sum(),
    "sum over the last": lambda m, x: x.sum(-1),
    "largest": lambda m, x: x.max(0) if m is nn else x.amax(0),
    "swapped": lambda m, x: m.swapaxes(x, -1, -2),
    "row 0 twice": lambda m, x: x[[0, 0]],
    "row 0": lambda m, x: x[0],
    "flat": lambda m, x: x.reshape(-1),
    "new axis": lambda m, x: x[None],
    "joined": lambda m, x: m.concatenate([x, x], 0),
    "stacked": lambda m, x: m.stack([x, 2.0 * x], 0),
}
TWO: dict[str, Callable[[Any, Any, Any], Any]] = {
    "+": lambda m, a, b: a + b,
    "−": lambda m, a, b: a - b,
    "·": lambda m, a, b: a * b,
    "/": lambda m, a, b: a / (b * b + 1.0),
    "@": lambda m, a, b: a @ b,
    "larger": lambda m, a, b: m.maximum(a, b),
    "where": lambda m, a, b: m.where(a > b, a, 2.0 * b),
}
Program = list[tuple[str, list[int]]]


def drawn(rng: np.random.Generator) -> tuple[list[np.ndarray], Program]:
    """Up to three arrays, and up to six steps, each on any of what is there already."""
    leaves = [rng.normal(size=SHAPES[rng.integers(len(SHAPES))]) for _ in range(rng.integers(1, 4))]
    names = [*ONE, *TWO]
    steps = []
    for k in range(rng.integers(1, 7)):
        name = names[rng.integers(len(names))]
        there = len(leaves) + k
        steps.append((name, rng.integers(there, size=1 + (name in TWO)).tolist()))
    return leaves, steps


def run(m: Any, leaves: Sequence[Any], program: Program) -> Any:
    nodes = [*leaves]
    for name, of in program:
        nodes.append((ONE | TWO)[name](m, *[nodes[i] for i in of]))
    return nodes[-1]


def theirs(leaves: list[np.ndarray], program: Program, weights: Callable) -> list[np.ndarray]:
    """PyTorch's value, gradients, and the gradients of the sum of those squared."""
    xs = [torch.tensor(leaf, requires_grad=True) for leaf in leaves]
    y = run(torch, xs, program)
    output = (y * torch.tensor(weights(tuple(y.shape)))).sum()
    first = torch.autograd.grad(output, xs, create_graph=True, materialize_grads=True)
    norm = sum((g * g).sum() for g in first)
    second = [torch.zeros_like(x) for x in xs]  # where the gradients are constant
    if norm.requires_grad:
        second = torch.autograd.grad(norm, xs, materialize_grads=True)
    return [a.detach().numpy(force=True) for a in (y, *first, *second)]


def ours(leaves: list[np.ndarray], program: Program, weights: Callable) -> list[np.ndarray]:
    xs = [nn.Parameter(leaf.copy()) for leaf in leaves]
    y = run(nn, xs, program)
    output = (y * weights(y.shape)).sum()
    output.backward(retain_graph=True)
    used = [x for x in xs if x.grad is not None]
    first = [np.zeros_like(x.data) if x.grad is None else x.grad for x in xs]
    norm = sum((g * g).sum() for g in nn.grad(output, used, create_graph=True))
    for x in xs:
        x.grad = None
    if norm.requires_grad:
        norm.backward()
    second = [np.zeros_like(x.data) if x.grad is None else x.grad for x in xs]
    return [y.data, *first, *second]


@np.errstate(divide="ignore", invalid="ignore")  # the log_softmax of an empty row
@pytest.mark.parametrize("seed", range(4))
def test_programs_drawn_at_random_have_pytorchs_derivatives(seed) -> None:
    rng, checked = np.random.default_rng(seed), 0
    while checked < 250:
        leaves, program = drawn(rng)
        told = f"{program} on {[leaf.shape for leaf in leaves]}"

        def weights(shape, seed=checked):
            return np.random.default_rng(seed).normal(size=shape)

        try:
            expected = theirs(leaves, program, weights)
        except (RuntimeError, IndexError):  # shapes that do not fit
            continue
        checked += 1
        for a, b in zip(ours(leaves, program, weights), expected, strict=True):
            assert a.shape == b.shape, told
            np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-8, err_msg=told)
        single = [leaf.astype(np.float32) for leaf in leaves]
        found = ours(single, program, lambda shape: np.ones(shape, np.float32))
        assert {a.dtype for a in found} == {np.dtype(np.float32)}, told
