"""Letters of many scripts: what is drawn, that it can be told apart, and what is refused."""

import numpy as np
import pytest

import nnlearn as nn


def test_letters_are_of_their_script_and_without_accents():
    assert nn.data.letters("latin")[:26] == "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    assert set("ΑΩαω") <= set(nn.data.letters("greek")) and "ά" not in nn.data.letters("greek")
    found = [set(nn.data.letters(s)) for s in ("latin", "greek", "cyrillic", "armenian", "georgian")]
    assert len(set.union(*found)) == sum(map(len, found)), "no letter is of two scripts"


def test_glyphs_are_pictures_between_paper_and_ink():
    X = nn.data.glyphs("georgian", copies=11, rng=0)
    assert X.shape == (len(nn.data.letters("georgian")), 11, 1, 20, 20) and X.dtype == np.float32
    assert X.min() == 0 and X.max() <= 1
    ink = X.mean(axis=(2, 3, 4))
    assert ink.min() > 0.02 and ink.max() < 0.7


def test_the_seed_decides_and_every_copy_differs():
    X = nn.data.glyphs("armenian", 10, rng=3)
    np.testing.assert_array_equal(X, nn.data.glyphs("armenian", 10, rng=np.random.default_rng(3)))
    assert np.abs(X - nn.data.glyphs("armenian", 10, rng=4)).max() > 0.5
    rows = X.reshape(len(X) * 10, -1)
    assert len(np.unique(rows, axis=0)) == len(rows)
    assert np.abs(X[:, 0] - X[:, 9]).mean() > 0.01, "the same face, drawn again"


def test_one_letter_is_more_like_itself_than_like_others():
    X = nn.data.glyphs("greek", 20, rng=0)[:24].reshape(24, 20, -1)
    means = X[:, :10].mean(axis=1)
    guess = ((X[:, 10:, None] - means) ** 2).sum(axis=-1).argmin(axis=-1)
    assert (guess == np.arange(24)[:, None]).mean() > 0.3


def test_a_script_without_letters_is_refused_with_a_word_on_what_there_is():
    with pytest.raises(ValueError, match="script is 'klingon', of which the faces have no letters"):
        nn.data.glyphs("klingon")
    with pytest.raises(ValueError, match="expected one of armenian, cyrillic, georgian, greek, latin"):
        nn.data.letters("")
    with pytest.raises(ValueError, match="copies is 0, expected 1 or more"):
        nn.data.glyphs("greek", 0)
