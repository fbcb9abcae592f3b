"""Every generator of data repeats with a seed and differs without."""

import functools

import numpy as np
import pytest

from nnlearn import data

GENERATORS = {
    "spirals": dict(n=99, classes=3),
    "moons": dict(n=100),
    "circles": dict(n=100),
    "xor": dict(n=100, noise=0.1),
    "plane": dict(n=100, noise=0.1),
    "hills": dict(n=100, noise=0.1),
    "separable": dict(n=100, label_noise=0.1),
    "mixture": dict(n=100, modes=5),
    "sine": dict(n=100),
    "mackey_glass": dict(n=100),
    "lorenz": dict(n=100),
    "dates": dict(n=100),
    "melodies": dict(n=100),
    "communities": dict(n=100),
}


@pytest.mark.parametrize("name", GENERATORS)
def test_generators_repeat_with_a_seed_and_differ_without(name):
    make = functools.partial(getattr(data, name), **GENERATORS[name])
    first, same, other = make(rng=3), make(rng=np.random.default_rng(3)), make(rng=4)
    for a, b in zip(first, same, strict=True):
        np.testing.assert_array_equal(a, b)
    assert any(not np.array_equal(a, b) for a, b in zip(first, other, strict=True))
    assert len(first[0] if isinstance(first, tuple) else first) == GENERATORS[name]["n"]
