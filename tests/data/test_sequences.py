"""Dates are days there are, in words and figures; melodies repeat and end as promised."""

import numpy as np
import pytest

from nnlearn import data


def test_dates():
    pairs = data.dates(2000, rng=0)
    assert len({words.translate(str.maketrans("0123456789", "#" * 10)) for words, _ in pairs}) > 500
    for words, iso in pairs:
        day = np.datetime64(iso)  # raises for a day there is not
        assert str(day.astype("datetime64[Y]")) in words
        month = "jan feb mar apr may jun jul aug sep oct nov dec".split()[int(iso[5:7]) - 1]
        assert month in words.lower()
    written = [words for words, iso in pairs if iso.endswith("-23")]
    assert any("23rd of" in w for w in written) and any("the twenty-third of" in w for w in written)
    assert any("12th of" in w for w, iso in pairs if iso.endswith("-12"))


def test_melodies():
    tunes = data.melodies(50, rng=0)
    assert tunes.shape == (50, 32) and set(np.unique(tunes % 12)) <= {0, 2, 4, 5, 7, 9, 11}
    np.testing.assert_array_equal(tunes[:, :8], tunes[:, 16:24])
    assert (tunes[:, -1] == 60).all() and (tunes[:, 15] == 67).all()
    assert data.melodies(5, bars=3, rng=0).shape == (5, 12)


def test_bad_input():
    with pytest.raises(ValueError, match="bars is 1"):
        data.melodies(2, bars=1)
