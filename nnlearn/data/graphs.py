"""Graphs, drawn with `rng=`, a seed or a NumPy Generator."""

import numpy as np

from nnlearn.data.examples import even_labels
from nnlearn.engine.random import RNG, generator


def communities(
    n: int = 200,
    classes: int = 4,
    inside: float = 0.1,
    between: float = 0.005,
    features: int = 16,
    signal: float = 0.5,
    rng: RNG = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A graph whose nodes know their own kind: features X, adjacency A, class y.  (n, features), (n, n), (n,)

    Nodes of one class are joined with probability `inside`, others with `between` (stochastic block model,
    P. Holland et al., 1983). Features are noise plus `signal` times the class's direction: weak alone,
    clear among neighbours.
    """
    rng, y = generator(rng), even_labels(n, classes)
    chance = np.where(y[:, None] == y[None, :], inside, between)
    upper = np.triu(rng.random((n, n)) < chance, k=1)
    X = rng.standard_normal((n, features)) + signal * rng.standard_normal((classes, features))[y]
    return X.astype(np.float32), (upper | upper.T).astype(np.float32), y.astype(np.int64)
