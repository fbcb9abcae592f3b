"""Curves and series in time, drawn with `rng=`, a seed or a NumPy Generator."""

import numpy as np

from nnlearn.data.examples import Set
from nnlearn.engine.random import RNG, generator


def sine(n: int = 100, noise: float = 0.1, rng: RNG = None) -> Set:
    """y = sin(2π x) + noise, x in [−1, 1].  (n, 1), (n, 1)"""
    rng = generator(rng)
    x = np.sort(rng.uniform(-1, 1, (n, 1)), axis=0)
    y = np.sin(2 * np.pi * x) + noise * rng.standard_normal((n, 1))
    return x.astype(np.float32), y.astype(np.float32)


def mackey_glass(n: int = 2000, delay: int = 17, rng: RNG = None) -> np.ndarray:
    """dx/dt = 0.2 x(t − τ) / (1 + x(t − τ)¹⁰) − 0.1 x, one value a unit of time.  (n,)

    τ is `delay`; from about 17 on the series is chaotic. Ten Euler steps a unit, after a start of 1,000
    units.  Source: M. Mackey and L. Glass (1977).
    """
    steps, warm_up = 10, 1000
    lag = delay * steps
    x = np.empty(lag + (warm_up + n) * steps)
    x[: lag + 1] = 1.2 + 0.1 * generator(rng).uniform(-1, 1)
    for t in range(lag, len(x) - 1):
        past = x[t - lag]
        x[t + 1] = x[t] + (0.2 * past / (1 + past**10) - 0.1 * x[t]) / steps
    return x[lag + warm_up * steps :: steps].astype(np.float32)


def lorenz(n: int = 2000, dt: float = 0.02, rng: RNG = None) -> np.ndarray:
    """dx/dt = 10 (y − x), dy/dt = x (28 − z) − y, dz/dt = x y − 8/3 z, every `dt`.  (n, 3)

    Fourth-order Runge–Kutta, after a start of 1,000 steps.  Source: E. Lorenz (1963).
    """

    def slope(p: np.ndarray) -> np.ndarray:
        x, y, z = p
        return np.array([10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z])

    p = np.array([0.0, 0.0, 25.0]) + generator(rng).uniform(-1, 1, 3)
    path = []
    for _ in range(1000 + n):
        a = slope(p)
        b = slope(p + dt / 2 * a)
        c = slope(p + dt / 2 * b)
        d = slope(p + dt * c)
        p = p + dt / 6 * (a + 2 * b + 2 * c + d)
        path.append(p)
    return np.array(path[1000:], dtype=np.float32)
