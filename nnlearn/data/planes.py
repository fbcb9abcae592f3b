"""Points in the plane, drawn with `rng=`, a seed or a NumPy Generator."""

import numpy as np

from nnlearn.data.examples import Set, even_labels
from nnlearn.engine.random import RNG, generator


def _plane(x: np.ndarray, y: np.ndarray, y_label: np.ndarray, noise: float, rng: np.random.Generator) -> Set:
    points = np.stack([x, y], axis=1) + noise * rng.standard_normal((len(x), 2))
    return points.astype(np.float32), y_label.astype(np.int64)


def spirals(n: int = 300, classes: int = 3, noise: float = 0.05, turns: float = 0.75, rng: RNG = None) -> Set:
    """Arms that wind around each other, out to radius 1.  (n, 2), (n,)"""
    rng, label = generator(rng), even_labels(n, classes)
    r = np.sqrt(rng.uniform(0.01, 1, n))
    angle = 2 * np.pi * (label / classes + turns * r)
    return _plane(r * np.cos(angle), r * np.sin(angle), label, noise, rng)


def moons(n: int = 200, noise: float = 0.1, rng: RNG = None) -> Set:
    """Two half circles that reach into each other.  (n, 2), (n,)"""
    rng, label = generator(rng), even_labels(n, 2)
    angle = np.pi * rng.random(n) + np.pi * label
    return _plane(np.cos(angle) + label - 0.5, np.sin(angle) + 0.5 * label - 0.25, label, noise, rng)


def circles(n: int = 200, noise: float = 0.05, factor: float = 0.5, rng: RNG = None) -> Set:
    """A circle of radius 1 (class 0) around one of radius `factor` (class 1).  (n, 2), (n,)"""
    rng, label = generator(rng), even_labels(n, 2)
    angle, r = 2 * np.pi * rng.random(n), np.where(label == 1, factor, 1.0)
    return _plane(r * np.cos(angle), r * np.sin(angle), label, noise, rng)


def xor(n: int = 200, noise: float = 0.0, rng: RNG = None) -> Set:
    """The square [−1, 1]²: class 1 where exactly one coordinate is positive.  (n, 2), (n,)"""
    rng = generator(rng)
    x, y = rng.uniform(-1, 1, (2, n))
    return _plane(x, y, (x > 0) != (y > 0), noise, rng)


def mixture(n: int = 1000, modes: int = 8, radius: float = 2.0, spread: float = 0.05, rng: RNG = None) -> Set:
    """Gaussian blobs on a ring, and the blob of each point.  (n, 2), (n,)"""
    rng, label = generator(rng), even_labels(n, modes)
    angle = 2 * np.pi * label / modes
    return _plane(radius * np.cos(angle), radius * np.sin(angle), label, spread, rng)


def plane(n: int = 200, noise: float = 0.0, rng: RNG = None) -> Set:
    """A tilted plane over [−1, 1]²: the target is (x + y) / 2 + noise.  (n, 2), (n, 1)"""
    rng = generator(rng)
    X = rng.uniform(-1, 1, (n, 2))
    y = X.mean(axis=1, keepdims=True) + noise * rng.standard_normal((n, 1))
    return X.astype(np.float32), y.astype(np.float32)


def hills(n: int = 200, noise: float = 0.0, rng: RNG = None) -> Set:
    """Two hills and two hollows over [−1, 1]²: the target is sin(πx) sin(πy) + noise.  (n, 2), (n, 1)"""
    rng = generator(rng)
    X = rng.uniform(-1, 1, (n, 2))
    y = np.sin(np.pi * X).prod(axis=1, keepdims=True) + noise * rng.standard_normal((n, 1))
    return X.astype(np.float32), y.astype(np.float32)


def separable(n: int = 100, margin: float = 0.2, label_noise: float = 0.0, rng: RNG = None) -> Set:
    """Two classes on the two sides of a random line, none nearer to it than `margin`.  (n, 2), (n,)

    Then a share `label_noise` of all labels is turned round. A seed's points only move apart as the margin
    grows, and only more labels turn as the noise grows. Raises ValueError for a negative margin or a noise
    outside 0 … 1.
    """
    if not margin >= 0:
        raise ValueError(f"separable: margin is {margin}, expected 0 or more")
    if not 0 <= label_noise <= 1:
        raise ValueError(f"separable: label_noise is {label_noise}, expected a share from 0 to 1")
    rng = generator(rng)
    label = rng.permutation(even_labels(n, 2))
    angle, offset = rng.uniform(0, 2 * np.pi), rng.uniform(-0.3, 0.3)
    across = offset + (2 * label - 1) * (margin + rng.random(n))
    along = rng.uniform(-1, 1, n)
    x = across * np.cos(angle) - along * np.sin(angle)
    y = across * np.sin(angle) + along * np.cos(angle)
    turned = rng.permutation(n)[: round(label_noise * n)]
    label[turned] = 1 - label[turned]
    return _plane(x, y, label, 0.0, rng)
