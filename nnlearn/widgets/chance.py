"""Draws that a page without a kernel repeats: a figure's own, and those of the package."""

import numpy as np


def uniform(seed: int, count: int) -> np.ndarray:
    """The first numbers in [0, 1) of mulberry32, which adds to its state and mixes it.  (count,)

    For what a figure draws itself: `chance(seed).uniform` of js/network.mjs.
    """
    state = np.uint32(seed) + np.arange(1, count + 1, dtype=np.uint32) * np.uint32(0x6D2B79F5)
    t = (state ^ (state >> 15)) * (state | 1)
    t ^= t + (t ^ (t >> 7)) * (t | 61)
    return (t ^ (t >> 14)) / 2**32


def normal(seed: int, count: int) -> np.ndarray:
    """√(−2 ln(1 − u)) cos 2πv for u, v in turn: standard normal numbers (Box and Muller, 1958).  (count,)"""
    u, v = uniform(seed, 2 * count).reshape(-1, 2).T
    return np.sqrt(-2 * np.log1p(-u)) * np.cos(2 * np.pi * v)


def numpys(seed: int) -> list[str]:
    """The start of NumPy's generator, for what the package draws: `Pcg64` of js/pcg64.mjs goes on from it."""
    state = np.random.PCG64(seed).state["state"]
    return [f"{state[part]:x}" for part in ("state", "inc")]
