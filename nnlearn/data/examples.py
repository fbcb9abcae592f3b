"""What sets of examples share: their type, and labels of which each class has the same number."""

import numpy as np

Set = tuple[np.ndarray, np.ndarray]


def even_labels(n: int, classes: int) -> np.ndarray:
    """0, 1, …, classes − 1, 0, 1, … -> (n,).  Raises ValueError when a class would go without."""
    if n < classes:
        raise ValueError(f"n is {n}, expected at least one point for each of the {classes} classes")
    return np.arange(n) % classes
