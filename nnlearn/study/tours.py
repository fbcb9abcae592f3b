"""Shortest tours by a ring of neurons, and by those who use none: T. Kohonen's map against two old rules.

A tour is an order of the cities, one index each; after the last it goes back to the first.
"""

import numpy as np

from nnlearn.engine.random import RNG, generator


def cities(n: int, rng: RNG = None) -> np.ndarray:
    """`n` places at random in the unit square.  -> (n, 2)"""
    return generator(rng).random((n, 2))


def tour_length(points: np.ndarray, order: np.ndarray) -> float:
    """The way round: Σ ‖p[order[i + 1]] − p[order[i]]‖.  (n, 2), (n,) -> a number

    Raises ValueError for an order that does not name every city once.
    """
    if not np.array_equal(np.sort(order), np.arange(len(points))):
        raise ValueError(f"tour_length: order does not name each of the {len(points)} cities once")
    way = points[order] - points[np.roll(order, -1)]
    return float(np.sqrt((way**2).sum(axis=1)).sum())


def nearest_neighbour(points: np.ndarray, start: int = 0) -> np.ndarray:
    """Always on to the nearest city not yet seen.  (n, 2) -> (n,)"""
    order, left = [start], np.ones(len(points), bool)
    left[start] = False
    while left.any():
        away = np.where(left, ((points - points[order[-1]]) ** 2).sum(axis=1), np.inf)
        order.append(int(away.argmin()))
        left[order[-1]] = False
    return np.array(order)


def two_opt(points: np.ndarray, order: np.ndarray, most: int | None = None) -> np.ndarray:
    """Turn a part of the tour round as long as that makes it shorter: the best such turn, again and again.

    (n, 2), (n,) -> (n,); at most `most` turns. Source: G. Croes (1958).
    """
    order, n = np.array(order), len(order)
    away = np.sqrt(((points[:, None] - points) ** 2).sum(axis=2))
    turns = 0
    while n > 3 and (most is None or turns < most):
        after = np.roll(order, -1)
        now = away[order, after]
        gain = np.triu(now[:, None] + now - away[np.ix_(order, order)] - away[np.ix_(after, after)], 2)
        i, j = np.unravel_index(gain.argmax(), gain.shape)
        if gain[i, j] < 1e-12:
            break
        order[i + 1 : j + 1] = order[i + 1 : j + 1][::-1].copy()
        turns += 1
    return order


def ring(points: np.ndarray, neurons: int = 3, steps: int = 4000, lr: float = 0.8, rng: RNG = None,
         keep: int = 0, reach: float = 0.1) -> tuple[np.ndarray, list[np.ndarray]]:  # fmt: skip
    """A ring of neurons that is drawn to the cities; the tour follows it.  (n, 2) -> (n,), pictures

    Each step shows one city: the nearest neuron and its neighbours on the ring move towards it, by
    lr · exp(−d² / 2 r²) of the way, d counted along the ring. Radius r and rate shrink, r from `reach` times
    the ring; with a reach of 0 the nearest neuron moves alone. There are `neurons` for each city; `keep`
    pictures of the ring are kept. Raises ValueError for a negative reach.
    Source: T. Kohonen (1982); for tours B. Angéniol et al. (1988).
    """
    if not reach >= 0:
        raise ValueError(f"ring: reach is {reach}, expected at least 0")
    rng, n = generator(rng), neurons * len(points)
    angle = 2 * np.pi * np.arange(n) / n
    where = points.mean(axis=0) + 0.1 * np.column_stack([np.cos(angle), np.sin(angle)])
    kept, shown = [], set(np.linspace(0, steps - 1, keep).astype(int)) if keep else set()
    for step in range(steps):
        if step in shown:
            kept.append(where.copy())
        left = 1 - step / steps
        city = points[rng.integers(len(points))]
        winner = ((where - city) ** 2).sum(axis=1).argmin()
        along = np.abs(np.arange(n) - winner)
        along = np.minimum(along, n - along)
        radius = max(n * reach * left**2, 0.5)
        pull = np.exp(-(along**2) / (2 * radius**2)) if reach else along == 0
        where += lr * left * pull[:, None] * (city - where)
    nearest = ((points[:, None] - where) ** 2).sum(axis=2).argmin(axis=1)
    return np.argsort(nearest, kind="stable"), kept
