"""The corners: special values, one at a time, among ordinary ones; drawn the same in every run."""

from collections.abc import Callable, Sequence

import numpy as np
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

TAME = (0.0, -0.0, 1e-40, -1e-40)  # the last two denormal in float32
WILD = (np.nan, np.inf, -np.inf, 1e30, 1e38, -1e38)

PHASES = (Phase.explicit, Phase.generate, Phase.shrink)


def in_every_corner(examples: int) -> Callable[[Callable], Callable]:
    """A decorator: run the test on so many draws of `data`, always the same ones."""

    def decorate(test: Callable) -> Callable:
        options = settings(
            max_examples=examples, derandomize=True, deadline=None, database=None, phases=PHASES
        )
        return options(given(data=st.data())(test))

    return decorate


@st.composite
def with_one(
    draw: st.DrawFn, specials: Sequence[float], arrays: Sequence[np.ndarray], which: int | None = None
) -> list[np.ndarray]:
    """The arrays, with one special value somewhere in one of them, or in that one."""
    arrays = [np.array(a) for a in arrays]
    chosen = arrays[draw(st.integers(0, len(arrays) - 1)) if which is None else which]
    if chosen.size:
        chosen.flat[draw(st.integers(0, chosen.size - 1))] = draw(st.sampled_from(specials))
    return arrays
