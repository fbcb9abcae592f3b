"""Where randomness comes from.

`rng=` takes a seed or a NumPy Generator; without it, the default generator is used.
"""

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
    """The generator itself, one made from a seed, or the default one."""
    global _default
    if rng is not None:
        return np.random.default_rng(rng)
    if _default is None:
        _default = np.random.default_rng()
    return _default
