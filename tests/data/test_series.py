"""Series follow their equations."""

import numpy as np

from nnlearn import data


def test_series():
    x, y = data.sine(1000, noise=0, rng=0)
    np.testing.assert_allclose(y, np.sin(2 * np.pi * x), atol=1e-5)
    x = data.mackey_glass(3000, rng=0)
    assert x.shape == (3000,) and 0.2 < x.min() < 0.5 and 1.2 < x.max() < 1.5  # the known attractor
    assert np.ptp(data.mackey_glass(300, delay=1, rng=0)) < 1e-3  # short delays settle
    path = data.lorenz(5000, rng=0)
    assert path.shape == (5000, 3) and 45 < path[:, 2].max() < 50 and abs(path[:, 0]).max() < 21
    again = data.lorenz(50, dt=0.01, rng=0)
    slope = (again[2:] - again[:-2]) / 0.02  # the equations hold along the path
    X, Y, Z = again[1:-1].T
    expected = np.stack([10 * (Y - X), X * (28 - Z) - Y, X * Y - 8 / 3 * Z], axis=1)
    np.testing.assert_allclose(slope, expected, atol=0.02 * np.abs(expected).max())
