"""Language models that count: the rival every network has to beat."""

import numpy as np


def _runs(n: int, ids: np.ndarray, vocab_size: int) -> np.ndarray:
    """Every run of n tokens written as one number.  (N,) -> (N − n + 1,)"""
    return np.lib.stride_tricks.sliding_window_view(ids, n) @ vocab_size ** np.arange(n, dtype=np.int64)[::-1]


def _count(seen: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """How often each number of `asked` occurs in `seen`."""
    values, counts = np.unique(seen, return_counts=True)
    at = np.searchsorted(values, asked).clip(max=len(values) - 1)
    return np.where(values[at] == asked, counts[at], 0)


def ngram_probabilities(
    ids: np.ndarray, judged: np.ndarray, n: int, vocab_size: int, k: float = 20.0
) -> np.ndarray:
    """p_n(c | context) = (count(context, c) + k p_{n−1}(c | shorter)) / (count(context) + k), p_0 = 1/V

    The probability of every token of `judged` from the n-th on, given the n − 1 before it, from counts in
    `ids`.  (N,), (M,) -> (M − n + 1,). Raises ValueError when n is below 1, k is not positive, a text is
    shorter than n, or a run of n tokens does not fit a 64-bit number.
    Source: D. MacKay and L. Bauman Peto (1995).
    """
    if n < 1 or k <= 0:
        raise ValueError(
            f"ngram_probabilities: n is {n} and k is {k}, expected n of at least 1 and k above 0"
        )
    if min(len(ids), len(judged)) < n:
        raise ValueError(
            f"ngram_probabilities: texts of {len(ids)} and {len(judged)} tokens are too short for n = {n}"
        )
    if vocab_size**n > 2**63:
        raise ValueError(f"ngram_probabilities: {vocab_size} ** {n} runs do not fit a 64-bit number")
    p = np.full(len(judged) + 1, 1 / vocab_size)
    for length in range(1, n + 1):
        seen, asked = _runs(length, ids, vocab_size), _runs(length, judged, vocab_size)
        known, context = _count(seen, asked), _count(seen // vocab_size, asked // vocab_size)
        p = (known + k * p[1:]) / (context + k)
    return p
