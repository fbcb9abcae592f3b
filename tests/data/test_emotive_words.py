"""Words of feeling: every word once, every family together, both kinds there."""

import numpy as np

import nnlearn as nn


def test_words_are_there_once_and_families_are_whole():
    words, good, family = nn.data.feelings()
    assert len(words) == len(set(words)) == len(good) == len(family) == 862
    assert all(word.isalpha() and word.islower() for word in words)
    assert (np.diff(family) >= 0).all() and family[-1] + 1 == len(set(family)) == 205
    assert 0.4 < good.mean() < 0.5
    mixed = [k for k in range(205) if len(set(good[family == k])) == 2]
    assert 50 <= len(mixed) <= 75
