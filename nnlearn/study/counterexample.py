"""The smallest program that a backward pass gets wrong (chapter 08), or array that a function does (05)."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement, product
from random import Random
from typing import Any, overload

import numpy as np

from nnlearn.engine.tensor import Tensor

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


@dataclass(frozen=True, eq=False)
class ArraySearch:
    """The smallest array found on which a rival is wrong; false, with `x` None, where none of those tried is.

    `right` and `wrong` are the two results; `wrong` is the error itself where one was raised, `after` the
    array as the rival left it.
    """

    tried: int
    x: np.ndarray | None = None
    right: Any = None
    wrong: Any = None
    after: np.ndarray | None = None

    def __bool__(self) -> bool:
        return self.x is not None

    def __str__(self) -> str:
        if self.x is None:
            return f"no counterexample among {self.tried} arrays"
        said = [f"x = {self.x.tolist()} ({self.x.dtype}, {self.x.shape})", f"right: {self.right.tolist()}"]
        if isinstance(self.wrong, Exception):
            said.append(f"it raises {type(self.wrong).__name__}: {self.wrong}")
        elif self.after is not None and not np.array_equal(self.after, self.x):
            said.append(f"it leaves x as {self.after.tolist()}")
        else:
            said.append(f"it says {self.wrong.tolist()}")
        return "\n".join(said)


@overload
def counterexample(
    backward: Callable[[Any], Any],
    leaf: Callable[[float], Any],
    add: Callable[[Any, Any], Any],
    multiply: Callable[[Any, Any], Any],
    most: int = 5,
) -> Counterexample | None: ...


@overload
def counterexample(
    backward: Callable[[Any], Any],
    *,
    of: Callable[[Any], Any],
    shape: Sequence[int | None] = (None, None),
    dtype: Any = float,
    size: float = 1000.0,
    tolerance: float = 1e-6,
    tries: int = 1000,
) -> ArraySearch: ...


def counterexample(
    backward: Callable[[Any], Any],
    leaf: Any = None,
    add: Any = None,
    multiply: Any = None,
    most: int = 5,
    *,
    of: Callable[[Any], Any] | None = None,
    shape: Sequence[int | None] = (None, None),
    dtype: Any = float,
    size: float = 1000.0,
    tolerance: float = 1e-6,
    tries: int = 1000,
) -> Counterexample | ArraySearch | None:
    """The smallest program of sums and products that `backward` gets wrong, or None if there is none.

    Every program of at most `most` nodes is tried, the smallest first: *bounded exhaustive testing*
    (D. Marinov and S. Khurshid, TestEra, 2001). leaf(number) makes an input, add(a, b) and multiply(a, b) the
    next node, and backward(node) must leave each input's derivative in its `.grad`. What is right is computed
    forward, in whole numbers: (uv)' = u'v + uv'.

    With `of`, the first argument is its rival, a function of an array x: which x, of numbers in ±size, does
    it get wrong? Wrong is another shape, |rival(x) - of(x)| > tolerance (1 + |of(x)|) somewhere, an error, or
    a changed x; where of(x) itself is not finite, nothing is. `shape` has a number or, for any from 1 to 4,
    None for each axis. Of `tries` arrays, the same in each call, the first that fails is shrunk:
    *property-based testing* (K. Claessen and J. Hughes, QuickCheck, 2000), by the library Hypothesis
    (D. MacIver, 2019).

    Raises TypeError for what cannot be called, ValueError for `most` below 2 or above 6, where there are too
    many programs to try, and for a shape, size, tolerance or number of tries that is not positive;
    ImportError for `of` where Hypothesis is not installed.
    """
    if of is not None:
        return _search(backward, of, tuple(shape), dtype, size, tolerance, tries)
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


def _search(
    rival: Callable[[Any], Any],
    of: Callable[[Any], Any],
    shape: tuple[int | None, ...],
    dtype: Any,
    size: float,
    tolerance: float,
    tries: int,
) -> ArraySearch:
    for name, value in {"the rival": rival, "of": of}.items():
        if not callable(value):
            raise TypeError(f"counterexample: {name} must be a function, got {type(value).__name__}")
    sides = [side for side in shape if side is not None]
    for name, number in {
        "size": size,
        "tolerance": tolerance,
        "tries": tries,
        "shape": min(sides, default=1),
    }.items():
        if not number > 0:
            raise ValueError(
                f"counterexample: {name} must be positive, got {shape if name == 'shape' else number}"
            )
    import platformdirs

    if "hypothesis" not in sys.modules:  # what it reads of a program it would keep beside the notebook
        folder = platformdirs.user_cache_path("nnlearn", appauthor=False) / "hypothesis"
        os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(folder))
    try:
        from hypothesis import HealthCheck, Phase, find, settings
        from hypothesis import strategies as st
        from hypothesis.errors import NoSuchExample
        from hypothesis.extra.numpy import arrays
    except ImportError as missing:
        raise ImportError("counterexample: hypothesis is not installed: pip install hypothesis") from missing
    kind = np.dtype(dtype)
    bound = float(np.asarray(size, kind))
    numbers = st.floats(-bound, bound, width=8 * kind.itemsize, allow_subnormal=False)
    shapes = st.tuples(*(st.integers(1, 4) if side is None else st.just(side) for side in shape))
    tried, last = 0, ArraySearch(0)

    def fails(x: np.ndarray) -> bool:
        nonlocal tried, last
        tried += 1
        last = _tell(rival, of, x, tolerance)
        return bool(last)

    how = settings(
        max_examples=tries,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    free = arrays(
        kind, shapes, elements=numbers, fill=st.nothing()
    )  # each number by itself: these shrink best
    alike = arrays(kind, shapes, elements=numbers)  # many of the same
    try:
        smallest = find(free | alike, fails, settings=how, random=Random(0))
    except NoSuchExample:
        return ArraySearch(tried)
    fails(smallest)
    return replace(last, tried=tried)


def _tell(
    rival: Callable[[Any], Any], of: Callable[[Any], Any], x: np.ndarray, tolerance: float
) -> ArraySearch:
    """What the rival does to one array; false where it is right."""
    after, found = x.copy(), ArraySearch(1)
    with np.errstate(all="ignore"):
        right = _values(of(x.copy()))
        try:
            wrong: Any = _values(rival(after))
        except Exception as error:  # whatever a rival raises
            return ArraySearch(1, x, right, error, after)
        if not np.isfinite(right).all():
            return found
        same = right.shape == wrong.shape and bool(
            np.all(np.abs(wrong - right) <= tolerance * (1 + np.abs(right)))
        )
    return found if same and np.array_equal(after, x) else ArraySearch(1, x, right, wrong, after)


def _values(result: Any) -> np.ndarray:
    return np.array(result.data if isinstance(result, Tensor) else result)
