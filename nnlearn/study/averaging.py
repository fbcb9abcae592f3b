"""One network from many machines: sums in a ring, averages, and what hides one example (chapter 27)."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from nnlearn.engine.random import RNG, generator

State = Mapping[str, np.ndarray]


def ring_all_reduce(arrays: Sequence[ArrayLike]) -> tuple[list[np.ndarray], int]:
    """Σₖ aₖ at every machine, and the bytes each has sent at most.  K arrays -> K of the same shape

    Each cuts its array into K chunks. K − 1 times every machine adds what its neighbour has sent to a chunk
    of its own; K − 1 times finished chunks go round. Together each sends about 2 (K − 1) / K of its array.
    Raises ValueError for no arrays, or arrays that differ in shape. Source: P. Patarasuk and X. Yuan (2009).
    """
    shapes = {np.shape(a) for a in arrays}
    if len(shapes) != 1:
        raise ValueError(f"ring_all_reduce: arrays have the shapes {sorted(shapes)}, expected one shape")
    K = len(arrays)
    chunks = [np.array_split(np.array(a).ravel(), K) for a in arrays]  # [machine][chunk]
    sent = [0] * K
    for step in range(2 * (K - 1)):
        adding = step < K - 1
        moved = [(k - step) % K for k in range(K)]  # the chunk that machine k sends
        parcels = [chunks[k][moved[k]].copy() for k in range(K)]  # all send at once
        for k, parcel in enumerate(parcels):
            sent[k] += parcel.nbytes
            mine = chunks[(k + 1) % K][moved[k]]
            mine[:] = mine + parcel if adding else parcel
    return [np.concatenate(own).reshape(np.shape(arrays[0])) for own in chunks], max(sent)


def _checked(name: str, clients: Mapping[str, State]) -> list[str]:
    """The names of the parameters; every client has all of them, of one shape, and no number is NaN or ∞."""
    if not clients:
        raise ValueError(f"{name}: no clients, expected at least one")
    first = next(iter(clients.values()))
    for client, state in clients.items():
        if state.keys() != first.keys():
            raise ValueError(f"{name}: client {client!r} sent {sorted(state)}, expected {sorted(first)}")
        for key, array in state.items():
            if np.shape(array) != np.shape(first[key]):
                shape = np.shape(first[key])
                raise ValueError(f"{name}: client {client!r} sent {key} {np.shape(array)}, expected {shape}")
            if not np.isfinite(array).all():
                raise ValueError(f"{name}: client {client!r} sent NaN or infinity in {key}")
    return list(first)


def federated_average(clients: Mapping[str, State], sizes: Mapping[str, int]) -> dict[str, np.ndarray]:
    """w = Σₖ nₖ wₖ / Σₖ nₖ, parameter by parameter.  {client: state}, {client: examples} -> a state

    Raises ValueError, with the client's name, where one sent NaN or infinity, other parameters than the first
    or other shapes, or has no number of examples that is at least 0; and where all have none.
    Source: H. B. McMahan and others (2017).
    """
    names = _checked("federated_average", clients)
    for client in clients:
        if not sizes.get(client, -1) >= 0:
            raise ValueError(
                f"federated_average: sizes has {sizes.get(client)} for client {client!r}, "
                "expected a number from 0 on"
            )
    n = np.array([sizes[client] for client in clients], np.float64)
    if n.sum() == 0:
        raise ValueError("federated_average: the clients have 0 examples together, expected at least one")
    return {
        name: np.tensordot(n / n.sum(), [state[name] for state in clients.values()], 1).astype(
            np.asarray(next(iter(clients.values()))[name]).dtype
        )
        for name in names
    }


def federated_median(clients: Mapping[str, State]) -> dict[str, np.ndarray]:
    """The median of the clients, number by number.  {client: state} -> a state

    Raises ValueError as `federated_average` does. Source: D. Yin and others (2018).
    """
    names = _checked("federated_median", clients)
    return {name: np.median([state[name] for state in clients.values()], axis=0) for name in names}


def leaked_inputs(dW: ArrayLike, db: ArrayLike) -> np.ndarray:
    """dW[:, j] / db[j]: the input of a layer x W + b, from its gradients.  (n_in, n), (n,) -> (active, n_in)

    A row for each unit j whose db[j] is not 0. For a batch of one every row is the input; of more, a mean of
    inputs, weighted by what flows back to unit j. Raises ValueError when the shapes do not fit.
    Source: L. Phong and others (2018).
    """
    dW, db = np.asarray(dW), np.asarray(db)
    if dW.ndim != 2 or db.shape != dW.shape[1:]:
        raise ValueError(f"leaked_inputs: dW is {dW.shape} and db {db.shape}, expected (n_in, n) and (n,)")
    return (dW[:, db != 0] / db[db != 0]).T


def private_mean(
    gradients: ArrayLike, max_grad_norm: float, noise_multiplier: float, rng: RNG = None
) -> np.ndarray:
    """(Σᵢ gᵢ min(1, C / ‖gᵢ‖) + σ C z) / n, z standard normal.  (n, d) -> (d,)

    One gradient a row; C is `max_grad_norm`, σ is `noise_multiplier`. Raises ValueError for gradients that
    are not a matrix with rows or not finite, C not above 0 and σ below 0.
    Source: M. Abadi and others (2016).
    """
    g = np.asarray(gradients)
    if g.ndim != 2 or len(g) == 0 or not np.isfinite(g).all():
        raise ValueError(f"private_mean: gradients are {g.shape}, expected (n, d) of finite numbers, n > 0")
    if not max_grad_norm > 0 or not noise_multiplier >= 0:
        raise ValueError(
            f"private_mean: max_grad_norm is {max_grad_norm} and noise_multiplier {noise_multiplier}, "
            "expected more than 0, and at least 0"
        )
    norms = np.linalg.norm(g, axis=1, keepdims=True)
    clipped = g * np.minimum(1, max_grad_norm / np.maximum(norms, np.finfo(np.float32).tiny))
    noise = noise_multiplier * max_grad_norm * generator(rng).standard_normal(g.shape[1])
    return (clipped.sum(axis=0) + noise) / len(g)


def gaussian_epsilon(noise_multiplier: float, steps: int, delta: float) -> float:
    """ε = ρ + 2 √(ρ ln(1/δ)), ρ = steps / (2 σ²): the privacy of `steps` noisy sums over all examples.

    Neighbours differ by one example, added or taken away; no gain from drawing batches is counted. Raises
    ValueError for σ not above 0, steps below 0 and δ outside 0 to 1.
    Source: M. Bun and T. Steinke (2016), propositions 1.3 and 1.6, and lemma 1.7.
    """
    if not noise_multiplier > 0 or steps < 0 or not 0 < delta < 1:
        raise ValueError(
            f"gaussian_epsilon: noise_multiplier is {noise_multiplier}, steps {steps} and delta {delta}, "
            "expected more than 0, at least 0, and between 0 and 1"
        )
    rho = steps / (2 * noise_multiplier**2)
    return float(rho + 2 * np.sqrt(rho * np.log(1 / delta)))
