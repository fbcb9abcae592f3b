"""Few labels on a graph: who is known, what the neighbours say, and a map of it (chapter 20).

`python -m nnlearn.study.graph_study` lays out the package graph and writes what `package_map` gives, in half
a minute. The layout sees the links alone; it is only drawn, never learned from.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from nnlearn.data.graphs import package_graph
from nnlearn.engine.random import RNG, generator
from nnlearn.functions.graph import message_edges, normalized_adjacency, spmm

MAP = Path(__file__).with_name("weights") / "package_map.npz"


def few_labels(
    y: np.ndarray, per_class: int, validation: int, rng: RNG = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nodes to train on, as many of each class, to choose with likewise, and all others.  (n,) -> three

    Raises ValueError when no node of some class would be left for the test.
    """
    rng, classes = generator(rng), np.unique(y)
    if len(y) == 0 or np.bincount(np.searchsorted(classes, y)).min() <= per_class + validation:
        raise ValueError(
            f"few_labels: some class has at most {per_class} + {validation} nodes: none is left to test on"
        )
    drawn = [rng.permutation(np.flatnonzero(y == c)) for c in classes]
    train = np.concatenate([nodes[:per_class] for nodes in drawn])
    choose = np.concatenate([nodes[per_class : per_class + validation] for nodes in drawn])
    return train, choose, np.setdiff1d(np.arange(len(y)), np.concatenate([train, choose]))


def label_propagation(
    S: Any, known: ArrayLike, labels: ArrayLike, classes: int, alpha: float = 0.9, rounds: int = 50
) -> np.ndarray:
    """Z ← α S Z + (1 − α) Y, from Z = Y: labels spread, and come back to their sources.  -> (n, classes)

    Y has a 1 in row known[k] and column labels[k], else zeros; S as of `normalized_adjacency`. A node that no
    label has reached has a row of zeros. Raises ValueError for labels outside 0 … classes − 1, another number
    of them than of known nodes, or alpha outside 0 to 1.
    Source: D. Zhou and others (2004).
    """
    known, labels = np.asarray(known), np.asarray(labels)
    if known.shape != labels.shape or known.ndim != 1:
        raise ValueError(f"label_propagation: known {known.shape} and labels {labels.shape} differ")
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        raise ValueError(
            f"label_propagation: labels go from {labels.min()} to {labels.max()}, expected 0 to {classes - 1}"
        )
    if not 0 <= alpha <= 1:
        raise ValueError(f"label_propagation: alpha is {alpha}, expected a number from 0 to 1")
    Y = np.zeros((S.shape[0], classes))
    Y[known, labels] = 1
    Z = Y
    for _ in range(rounds):
        Z = alpha * spmm(S, Z) + (1 - alpha) * Y
    return Z


def lookup_task(keys: int, graphs: int, rng: RNG = None) -> tuple[np.ndarray, ...]:
    """So many little graphs side by side: `keys` nodes that ask, and as many that hold a key and a value.

    Every asking node hears every holder of its own graph. Returns X (n, 2 keys + 1), one-hot, source and
    target of the messages, the nodes that ask, and the value each should find.
    Source: S. Brody and others (2022).
    """
    rng, one, K = generator(rng), np.eye(keys + 1, dtype=np.float32), keys
    values = np.stack([rng.permutation(K) for _ in range(graphs)])
    key = np.tile(np.arange(K), (graphs, 2))
    value = np.concatenate([np.full((graphs, K), K), values], axis=1)  # K: has none
    X = np.concatenate([one[key][..., :K], one[value]], axis=2).reshape(graphs * 2 * K, 2 * K + 1)
    first = 2 * K * np.arange(graphs)[:, None, None]
    target, source = np.broadcast_arrays(first + np.arange(K)[:, None], first + K + np.arange(K))
    ask = (first[..., 0] + np.arange(K)).ravel()
    return X, source.ravel(), target.ravel(), ask, values.ravel()


def spread(h: np.ndarray) -> float:
    """‖h − mean over nodes‖ / ‖h‖: 0 when all nodes are alike.  (n, d); 0 too where h is 0"""
    size = float(np.linalg.norm(h))
    return float(np.linalg.norm(h - h.mean(axis=0))) / size if size else 0.0


def package_map() -> np.ndarray:
    """A place in the plane for every node of `package_graph`, from 0 to 1.  (4329, 2)"""
    with np.load(MAP) as stored:
        return stored["places"] / np.float32(255)


def _lay_out() -> np.ndarray:
    """Slow directions of S, as a random walk sees them, in a plane where neighbours stay neighbours."""
    from scipy.sparse.linalg import eigsh
    from sklearn.manifold import TSNE

    _, edges, y, *_ = package_graph()
    S = normalized_adjacency(edges, len(y)).astype(np.float64)
    degree = np.bincount(message_edges(edges, len(y))[1])
    values, vectors = eigsh(S, k=40, which="LA", v0=np.ones(len(y)))
    place = vectors[:, :-1] / np.sqrt(degree)[:, None] * values[:-1] ** 4  # the last is the same for all
    place /= np.linalg.norm(place, axis=1, keepdims=True)
    flat = TSNE(init=0.01 * place[:, -2:], random_state=0).fit_transform(place.astype(np.float32))
    return (flat - flat.min(axis=0)) / np.ptp(flat, axis=0)


if __name__ == "__main__":
    np.savez_compressed(MAP, places=np.round(255 * _lay_out()).astype(np.uint8))
