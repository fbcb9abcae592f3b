"""Where randomness comes from.

`rng=` takes a seed or a NumPy Generator; without it, the default generator is used.
"""

from typing import TypeAlias

import numpy as np

RNG: TypeAlias = np.random.Generator | int | None

_default = np.random.default_rng()


def seed(n: int) -> None:
    """Start the default generator from the seed n, so that what follows can be repeated."""
    global _default
    _default = np.random.default_rng(n)


def generator(rng: RNG = None) -> np.random.Generator:
    """The generator itself, one made from a seed, or the default one."""
    return _default if rng is None else np.random.default_rng(rng)
