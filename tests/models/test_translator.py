"""The translator looks at no blank, says where it looks, and feeds back what it wrote."""

import numpy as np
import pytest

from nnlearn.models.translator import Translator


def test_translator_looks_at_no_blank_and_says_where_it_looks():
    model = Translator(13, 13, 8, rng=0)
    x = np.array([[0, 0, 0, 4, 5, 6], [1, 2, 3, 4, 5, 6]])
    y = np.zeros((2, 3), int)
    weights = model.alignment(x, y)
    assert weights.shape == (2, 3, 6)
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-6)
    assert (weights[0, :, :3] == 0).all() and (weights[1] > 0).all()
    assert model.translate(x, 5).shape == (2, 5)
    with pytest.raises(ValueError, match="attention=False"):
        Translator(13, 13, 8, attention=False, rng=0).alignment(x, y)


def test_translator_feeds_back_what_it_has_written():
    model = Translator(13, 13, 8, rng=0)
    x = np.array([[0, 3, 4, 5], [1, 2, 3, 4]])
    out = model.translate(x, 4)
    y = np.pad(out, ((0, 0), (1, 0)))[:, :-1]
    assert (model(x, y).data.argmax(-1) == out).all()
