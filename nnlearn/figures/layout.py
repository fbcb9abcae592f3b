"""Where the nodes of a graph stand, and how its edges run between them.

networkx has no such layout, and graphviz is a program that every reader would have to install.
"""

import itertools
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import numpy as np

from nnlearn.engine.random import RNG, generator

# A node, or the place (node, slot, column) where the edge into that node's slot passes a column.
Place = int | tuple[int, int, int]


def layout(
    inputs: Sequence[Sequence[int]], late: AbstractSet[int]
) -> tuple[np.ndarray, dict[tuple[int, int], list[np.ndarray]]]:
    """Places (n, 2) of the nodes, inputs left, output right; and {(node, slot): the bends of that edge}.

    `inputs[k]` are the nodes that k is computed from, all before k; `late` ones stand right before their use.
    An edge that skips columns gets an invisible place in each, so that it passes between nodes; columns are
    then ordered by the mean height of their neighbours.  Source: K. Sugiyama, S. Tagawa and M. Toda (1981).
    """
    column = [0] * len(inputs)
    for k, sources in enumerate(inputs):
        column[k] = 1 + max((column[i] for i in sources), default=-1)
    for k, sources in enumerate(inputs):
        for i in late & set(sources):
            column[i] = column[k] - 1
    chains: dict[tuple[int, int], list[Place]] = {
        (k, slot): [i, *((k, slot, c) for c in range(column[i] + 1, column[k])), k]
        for k, sources in enumerate(inputs)
        for slot, i in enumerate(sources)
    }
    neighbours: dict[Place, list[Place]] = {k: [] for k in range(len(inputs))}
    for chain in chains.values():
        for here, there in itertools.pairwise(chain):
            neighbours.setdefault(here, []).append(there)
            neighbours.setdefault(there, []).append(here)
    columns: list[list[Place]] = [[] for _ in range(max(column) + 1)]
    for p in neighbours:
        columns[column[p] if isinstance(p, int) else p[2]].append(p)
    height = _heights(columns, neighbours)
    at = {p: np.array([float(c), -height[p]]) for c, places in enumerate(columns) for p in places}
    bends = {edge: [at[p] for p in chain] for edge, chain in chains.items()}
    return np.array([at[k] for k in range(len(inputs))]), bends


def _heights(columns: list[list[Place]], neighbours: dict[Place, list[Place]]) -> dict[Place, float]:
    """Sweeps over the columns, each time ordering one by the mean height of its neighbours."""
    height = {p: float(row) for places in columns for row, p in enumerate(places)}
    for sweep in range(12):
        for places in columns[:: 1 if sweep % 2 else -1]:
            wish = {p: float(np.mean([height[q] for q in neighbours[p] or [p]])) for p in places}
            places.sort(key=wish.__getitem__)
            wishes, rows = np.array([wish[p] for p in places]), np.arange(len(places))
            apart = np.maximum.accumulate(wishes - rows) + rows
            height.update(zip(places, apart + wishes.mean() - apart.mean(), strict=True))
    return height


def spring(edges: np.ndarray, n: int, rng: RNG = 0, rounds: int = 300) -> np.ndarray:
    """Places (n, 2) of nodes that push each other apart and are pulled together by their links (E, 2).

    All lie between 0 and 1. Source: T. Fruchterman and E. Reingold (1991).
    """
    x, apart, A = generator(rng).random((n, 2)), 1 / np.sqrt(max(n, 1)), np.zeros((n, n))
    edges = np.asarray(edges, int).reshape(-1, 2)
    A[edges[:, 0], edges[:, 1]] = A[edges[:, 1], edges[:, 0]] = 1
    for longest in np.geomspace(0.1, 0.002, rounds):
        d = x[:, None] - x
        far = np.maximum(np.linalg.norm(d, axis=2), 0.01)
        force = (d * (apart**2 / far**2 - A * far / apart)[..., None]).sum(axis=1)
        force += 0.3 * (x.mean(axis=0) - x)  # or what is linked to nothing flies away
        size = np.maximum(np.linalg.norm(force, axis=1, keepdims=True), 1e-9)
        x = x + force / size * np.minimum(size, longest)
    low = x.min(axis=0, initial=np.inf)
    return (x - low) / np.maximum(x.max(axis=0, initial=-np.inf) - low, 1e-9) if n else x


def curve(path: Sequence[np.ndarray], bow: float = 0.0) -> np.ndarray:
    """Points (n, 2) of an edge: level at each place of `path`; bowed where two edges join the same nodes."""
    t = np.linspace(0, 1, 13)
    pieces = []
    for a, b in itertools.pairwise(path):
        x = a[0] + (b[0] - a[0]) * t
        y = a[1] + (b[1] - a[1]) * (3 * t**2 - 2 * t**3) + bow * np.sin(np.pi * t)
        pieces.append(np.column_stack([x, y]))
    return np.concatenate(pieces)
