"""Graphs: one drawn with `rng=`, a seed or a NumPy Generator, and two that people made."""

from importlib.resources import files
from typing import NamedTuple

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


# -- Zachary's karate club -------------------------------------------------------------------------

_FRIENDS = (  # of each member, those with a higher number
    (1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 17, 19, 21, 31), (2, 3, 7, 13, 17, 19, 21, 30),
    (3, 7, 8, 9, 13, 27, 28, 32), (7, 12, 13), (6, 10), (6, 10, 16), (16,), (), (30, 32, 33), (33,), (), (),
    (), (33,), (32, 33), (32, 33), (), (), (32, 33), (33,), (32, 33), (), (32, 33), (25, 27, 29, 32, 33),
    (25, 27, 31), (31,), (29, 33), (33,), (31, 33), (32, 33), (32, 33), (32, 33), (33,), (),
)  # fmt: skip
_OFFICERS = (9, 14, 15, 18, 20, *range(22, 34))


def karate_club() -> tuple[np.ndarray, np.ndarray]:
    """A club of 34 that split in two: pairs who met outside it, and each one's later side.  (78, 2), (34,)

    Side 0 followed the teacher, member 0; side 1 the club's officer, member 33.
    Source: W. Zachary (1977), whose members count from 1.
    """
    edges = [(i, j) for i, friends in enumerate(_FRIENDS) for j in friends]
    return np.array(edges), np.isin(np.arange(34), _OFFICERS).astype(np.int64)


# -- Debian's packages -----------------------------------------------------------------------------


class PackageGraph(NamedTuple):
    """What `package_graph` returns."""

    X: np.ndarray  # (4329, 591) float32: 1 where the one-line description has the word
    edges: np.ndarray  # (19064, 2)
    y: np.ndarray  # (4329,) the section, 0 to 7
    sections: list[str]  # the names of the sections
    words: list[str]  # of the columns of X
    names: list[str]  # of the packages


def package_graph() -> PackageGraph:
    """4,329 packages of Debian 12, 19,064 links, the words of their descriptions, and their sections.

    Two packages are linked when one depends on the other, or both on a third that at most twelve use. All
    hang together. Made by `python -m nnlearn.data.package_index` from facts of Debian's package index; no
    description is contained.
    """
    with (files("nnlearn.data") / "debian_graph.npz").open("rb") as file, np.load(file) as stored:
        starts, ids = stored["word_starts"], stored["word_ids"]
        X = np.zeros((len(starts) - 1, len(stored["words"])), np.float32)
        X[np.repeat(np.arange(len(X)), np.diff(starts)), ids] = 1
        edges, y = stored["edges"].astype(np.int64), stored["section"].astype(np.int64)
        names = (stored[key].tolist() for key in ("sections", "words", "names"))
        return PackageGraph(X, edges, y, *names)
