"""The smallest program that a backward pass gets wrong (chapter 08)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, product
from typing import Any

import numpy as np

_NAMES = "xwbacdefhk"  # inputs, then what is computed of them
_NUMBERS = (3, 5, 7)  # sums and products of these are told apart


@dataclass(frozen=True)
class Counterexample:
    """A program of sums and products, its derivatives, and what a backward pass says they are.

    `numbers` are its inputs; each of `steps`, ("+" or "·", i, j), joins two of the nodes before it, counted
    from the first input; the last is the output. `wrong` holds None where a gradient is missing, and is the
    error itself where one was raised.
    """

    numbers: tuple[int, ...]
    steps: tuple[tuple[str, int, int], ...]
    right: tuple[int, ...]
    wrong: tuple[Any, ...] | Exception

    @property
    def inputs(self) -> dict[str, list[str]]:
        """{node: the nodes it is computed from}, in the order of the program."""
        names = _names(len(self.numbers), len(self.steps))
        made = {names[len(self.numbers) + k]: [names[i], names[j]] for k, (_, i, j) in enumerate(self.steps)}
        return {name: [] for name in names[: len(self.numbers)]} | made

    @property
    def formulas(self) -> dict[str, str]:
        """{node: how it is written}: "x = 3", "y = x · x"."""
        names = list(self.inputs)
        written = [f"{name} = {number}" for name, number in zip(names, self.numbers, strict=False)]
        for name, (sign, i, j) in zip(names[len(self.numbers) :], self.steps, strict=True):
            written.append(f"{name} = {names[i]} {sign} {names[j]}")
        return dict(zip(names, written, strict=True))

    def __str__(self) -> str:
        names = list(self.inputs)
        if isinstance(self.wrong, Exception):
            said = [f"it raises {type(self.wrong).__name__}: {self.wrong}"]
        else:
            said = [
                f"d{names[-1]}/d{name} is {right}, it says {'nothing' if wrong is None else f'{wrong:g}'}"
                for name, right, wrong in zip(names, self.right, self.wrong, strict=False)
                if wrong != right
            ]
        return "\n".join([", ".join(self.formulas.values()), *said])


def counterexample(
    backward: Callable[[Any], Any],
    leaf: Callable[[float], Any],
    add: Callable[[Any, Any], Any],
    multiply: Callable[[Any, Any], Any],
    most: int = 5,
) -> Counterexample | None:
    """The smallest program of sums and products that `backward` gets wrong, or None if there is none.

    Every program of at most `most` nodes is tried, the smallest first: *bounded exhaustive testing*
    (D. Marinov and S. Khurshid, TestEra, 2001). leaf(number) makes an input, add(a, b) and multiply(a, b) the
    next node, and backward(node) must leave each input's derivative in its `.grad`. What is right is computed
    forward, in whole numbers: (uv)' = u'v + uv'.

    Raises TypeError for what cannot be called, ValueError for `most` below 2 or above 6, where there are too
    many programs to try.
    """
    for name, value in {"backward": backward, "leaf": leaf, "add": add, "multiply": multiply}.items():
        if not callable(value):
            raise TypeError(f"counterexample: {name} must be a function, got {type(value).__name__}")
    if not 2 <= most <= 6:
        raise ValueError(f"counterexample: most must be from 2 to 6 nodes, got {most}")
    for numbers, steps in _programs(most):
        leaves = [leaf(float(number)) for number in numbers]
        right = _derivatives(numbers, steps)
        try:
            nodes = [*leaves]
            for sign, i, j in steps:
                nodes.append((add if sign == "+" else multiply)(nodes[i], nodes[j]))
            backward(nodes[-1])
        except Exception as error:  # whatever a rival raises
            return Counterexample(numbers, steps, right, error)
        wrong = tuple(None if leaf.grad is None else float(leaf.grad) for leaf in leaves)
        if any((got or 0) != expected for got, expected in zip(wrong, right, strict=True)):
            return Counterexample(numbers, steps, right, wrong)
    return None


def _names(inputs: int, steps: int) -> list[str]:
    """x for the first input, y for the output, a, c, … on the way."""
    return [*_NAMES[:inputs], *_NAMES[3 : 2 + steps], "y"]


def _programs(most: int) -> Iterator[tuple[tuple[int, ...], tuple[tuple[str, int, int], ...]]]:
    """All programs of sums and products, fewer steps first, then fewer inputs."""
    for nodes, n in sorted(product(range(2, most + 1), range(1, len(_NUMBERS) + 1))):
        if n < nodes:
            pairs = (combinations_with_replacement(range(k), 2) for k in range(n, nodes))
            choices = ([(sign, i, j) for i, j in of for sign in "+·"] for of in pairs)
            for steps in product(*choices):
                yield _NUMBERS[:n], steps


def _derivatives(numbers: Sequence[int], steps: Sequence[tuple[str, int, int]]) -> tuple[int, ...]:
    """The output's derivative for each input, carried forward beside the values."""
    values = [*numbers]
    slopes = [*np.eye(len(numbers), dtype=object)]
    for sign, i, j in steps:
        u, v = values[i], values[j]
        values.append(u + v if sign == "+" else u * v)
        slopes.append(slopes[i] + slopes[j] if sign == "+" else slopes[i] * v + u * slopes[j])
    return tuple(int(slope) for slope in slopes[-1])
