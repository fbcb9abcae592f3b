"""What comes before training: parts that share no example, features on one scale, windows of a sequence."""

from typing import Any

import numpy as np

from nnlearn.data.examples import Set
from nnlearn.engine.primitive import computable, floating
from nnlearn.engine.random import RNG, generator


def split(
    X: np.ndarray, y: np.ndarray, validation: float = 0.2, test: float = 0.2, rng: RNG = None
) -> tuple[Set, Set, Set]:
    """Shuffle, and part into (X, y) for training, validation and test. No example is on two sides.

    Labels are stratified: each part has every class in the same proportion. Examples that are equal stay
    together, or the test would ask what was trained on. Raises ValueError when X and y differ in length, or
    validation and test leave nothing to train on.
    """
    X, y = np.asarray(X), np.asarray(y)
    if len(X) != len(y):
        raise ValueError(f"split: X has {len(X)} examples but y has {len(y)}")
    if validation < 0 or test < 0 or validation + test >= 1:
        raise ValueError(f"split: validation={validation} and test={test} leave nothing to train on")
    groups: dict[bytes, list[int]] = {}
    for i, row in enumerate(X):
        groups.setdefault(row.tobytes(), []).append(i)
    members = list(groups.values())
    first = np.array([group[0] for group in members])
    stratum = y[first] if y.dtype.kind in "iub" else np.zeros(len(first), int)
    parts: tuple[list[int], ...] = ([], [], [])
    rng = generator(rng)
    for label in np.unique(stratum):
        order = rng.permutation(np.flatnonzero(stratum == label))
        cuts = np.rint(np.array([1 - validation - test, 1 - test]) * len(order)).astype(int)
        for part, chosen in zip(parts, np.split(order, cuts), strict=True):
            part += [i for g in chosen for i in members[g]]
    train_part, validation_part, test_part = (rng.permutation(np.array(part, dtype=int)) for part in parts)
    return (
        (X[train_part], y[train_part]),
        (X[validation_part], y[validation_part]),
        (X[test_part], y[test_part]),
    )


def standardize(train: np.ndarray, *others: np.ndarray) -> Any:
    """(x − mean) / standard deviation of each feature, both measured on `train` alone; the others follow.

    A feature that varies in `train` by no more than rounding (four units in the last place) is only centred.
    Raises ValueError when `train` has no examples.
    """
    values = floating(computable(np.asarray(train), "standardize: train"))
    if len(values) == 0:
        raise ValueError(f"standardize: train {values.shape} has no examples to measure")
    mean = values.mean(0, dtype=np.float64).astype(values.dtype)
    varies = np.ptp(values, 0) > 4 * np.spacing(np.abs(values).max(0))
    deviation = np.where(varies, values.std(0, dtype=np.float64), 1).astype(values.dtype)
    scaled = tuple((x - mean) / deviation for x in (values, *others))
    return scaled if others else scaled[0]


def windows(ids: np.ndarray, length: int, stride: int = 1) -> Set:
    """Each stretch of `length` tokens, and the same stretch one token later.  (N,) -> (n, length) each

    Both are views into `ids`: no copy is made. Raises ValueError when `ids` is not longer than `length`.
    """
    if len(ids) <= length:
        raise ValueError(
            f"windows: {len(ids)} tokens are too few for a window of {length} and its next token"
        )
    both = np.lib.stride_tricks.sliding_window_view(ids, length + 1)[::stride]
    return both[:, :-1], both[:, 1:]
