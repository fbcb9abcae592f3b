"""Probabilities from counts."""

import numpy as np
import pytest

from nnlearn.text.counting import ngram_probabilities


def test_single_tokens_are_counted_with_k_spread_evenly():
    p = ngram_probabilities(np.array([0, 0, 0, 1]), np.array([0, 1, 2]), 1, vocab_size=4, k=2)
    np.testing.assert_allclose(p, [3.5 / 6, 1.5 / 6, 0.5 / 6])


def test_pairs_back_off_to_single_tokens():
    ids = np.array([0, 1, 0, 1, 0, 2])
    single = ngram_probabilities(ids, np.array([0, 1, 2]), 1, 3, k=1)
    pair = ngram_probabilities(ids, np.array([0, 1]), 2, 3, k=1)
    np.testing.assert_allclose(pair, (2 + single[1]) / (3 + 1))  # after 0: 1, 1, 2


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_sums_to_one_over_the_next_token(n):
    ids = np.random.default_rng(0).integers(0, 5, 200)
    before = np.array([1, 3, 2])[: n - 1]
    p = [ngram_probabilities(ids, np.append(before, c), n, 5)[0] for c in range(5)]
    assert sum(p) == pytest.approx(1)


def test_says_what_is_wrong():
    ids = np.arange(4)
    cases = [(0, 1, 5, "n is 0"), (2, 0, 5, "k is 0"), (9, 1, 5, "too short"), (3, 1, 2**22, "64-bit")]
    for n, k, size, words in cases:
        with pytest.raises(ValueError, match=words):
            ngram_probabilities(ids, ids, n, size, k)
