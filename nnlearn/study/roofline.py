"""What a machine can do at best: additions and multiplications, and bytes fetched, in a second (chapter 26).

`attainable` is the roofline of S. Williams, A. Waterman and D. Patterson (2009). Times depend on the machine
and on what else it does; nothing of the course is decided by them.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np


def seconds(work: Callable[[], Any], repeats: int = 5) -> float:
    """The shortest of several times that some work took, by the clock. Raises ValueError for none."""
    if repeats < 1:
        raise ValueError(f"seconds: repeats is {repeats}, expected at least 1")
    found = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return max(min(found), 1e-9)


def product_cost(rows: int, n_in: int, n_out: int, weight_bytes: float = 4) -> tuple[int, float]:
    """(operations, bytes) of x W.  x (rows, n_in), W (n_in, n_out)

    Each weight is multiplied and added once a row. Fetched are all weights and inputs, written the outputs,
    each once; inputs and outputs have 4 bytes. Raises ValueError for sizes below 1.
    """
    if min(rows, n_in, n_out) < 1:
        raise ValueError(f"product_cost: sizes are {rows}, {n_in}, {n_out}, expected at least 1 each")
    return 2 * rows * n_in * n_out, weight_bytes * n_in * n_out + 4 * rows * (n_in + n_out)


def attainable(intensity: float | np.ndarray, peak: float, bandwidth: float) -> Any:
    """min(peak, bandwidth · intensity): operations a second at so many operations a byte fetched.

    Raises ValueError for a peak or a bandwidth that is not above 0.
    """
    if peak <= 0 or bandwidth <= 0:
        raise ValueError(f"attainable: peak is {peak} and bandwidth {bandwidth}, expected more than 0")
    return np.minimum(peak, bandwidth * np.asarray(intensity))


def measure(size: int = 768, megabytes: int = 64) -> tuple[float, float]:
    """(operations, bytes) a second of this machine: of a product of matrices, and of a sum over an array.

    The array should be too large for the caches.
    """
    A = np.ones((size, size), np.float32)
    long = np.ones(megabytes * 2**18, np.float32)
    return 2 * size**3 / seconds(lambda: A @ A), long.nbytes / seconds(lambda: long @ long)
