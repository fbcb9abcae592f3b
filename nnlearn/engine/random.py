"""Where randomness comes from.

`rng=` takes a seed or a NumPy Generator; without it, the default generator is used.
"""

import threading
from contextvars import ContextVar
from typing import TypeAlias

import numpy as np

# In quotes: NumPy loads np.random when it is first asked for, which takes a fifth of the import.
RNG: TypeAlias = "np.random.Generator | int | None"

_default: "np.random.Generator | None" = None


def seed(n: int) -> None:
    """Start the default generator from the seed n, so that what follows can be repeated."""
    global _default
    _default = np.random.default_rng(n)


def generator(rng: RNG = None) -> "np.random.Generator":
    """The generator itself, one made from a seed, or the default one; in a shard, its own branch of it."""
    global _default
    if rng is not None:
        chosen = np.random.default_rng(rng)
    elif _default is None:
        chosen = _default = np.random.default_rng()
    else:
        chosen = _default
    branch = branches.get()
    return chosen if branch is None else branch(chosen)


class Branches:
    """A generator for each shard of a batch, the same numbers in whatever order the shards draw.

    From every generator that is asked for, one number is drawn, whichever shard comes first.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._roots: dict[int, tuple[np.random.Generator, int]] = {}
        self._made: dict[tuple[int, int], np.random.Generator] = {}

    def of(self, shard: int, root: "np.random.Generator") -> "np.random.Generator":
        """The shard's own branch of a generator."""
        with self._lock:
            if id(root) not in self._roots:  # kept, so that no other generator gets its id
                self._roots[id(root)] = root, int(root.integers(2**62))
            key = shard, id(root)
            if key not in self._made:
                self._made[key] = np.random.default_rng([self._roots[id(root)][1], shard])
            return self._made[key]


branches: ContextVar = ContextVar("branches", default=None)
