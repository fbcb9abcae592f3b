"""The translator looks at no blank, says where it looks, and feeds back what it wrote."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.models.translator import EncoderDecoder, Transformer, Translator, backwards


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


def test_both_readers_meet_the_blanks_first():
    x = np.array([[0, 0, 7, 8, 9], [1, 2, 3, 4, 5], [0, 0, 0, 0, 6]])
    rows, order = np.arange(3)[:, None], backwards(x)
    assert x[rows, order].tolist() == [[0, 0, 9, 8, 7], [5, 4, 3, 2, 1], [0, 0, 0, 0, 6]]
    assert (x[rows, order][rows, order] == x).all()
    model = Translator(13, 13, 8, attention=False, rng=0)
    with nn.no_grad():
        h, _, _ = model.read(np.array([[0, 0, 7, 8, 9]]))
        back, _ = model.backwards(model.source(np.array([[0, 0, 9, 8, 7]])))
    np.testing.assert_allclose(h[0, 2:, 8:], back[0, :1:-1], rtol=1e-5)  # the state at 7 is the last one


@pytest.mark.parametrize("model", [Translator(13, 7, 8, rng=0), Transformer(13, 7, 8, 2, depth=2, rng=0)])
def test_beam_search_finds_the_best_of_all_when_it_keeps_all(model):
    x = np.array([[1, 2, 3, 4], [5, 6, 7, 8]])
    every = np.array(list(np.ndindex(7, 7)))
    with nn.no_grad():
        for row, found in zip(x, model.translate(x, 2, beams=49), strict=True):
            y = np.pad(every, ((0, 0), (1, 0)))
            logp = nn.log_softmax(model(np.repeat(row[None], 49, axis=0), y[:, :-1]).data)
            scores = np.take_along_axis(logp, y[:, 1:, None], axis=-1).sum(axis=(1, 2))
            assert (every[scores.argmax()] == found).all()
    with pytest.raises(ValueError, match="beams"):
        model.translate(x, 2, beams=0)


def test_transformer_sees_neither_blanks_nor_what_it_has_yet_to_write():
    model = Transformer(13, 13, 8, 2, depth=2, rng=0)
    x, y = np.array([[4, 5, 6, 0, 0]]), np.array([[0, 1, 2, 3]])
    with nn.no_grad():
        out, longer = model(x, y), model(np.pad(x, ((0, 0), (0, 3))), y)
        other = model(x, np.array([[0, 1, 9, 9]]))
    np.testing.assert_allclose(out, longer, atol=1e-5)
    np.testing.assert_allclose(out[:, :2], other[:, :2], atol=1e-5)
    assert abs(out - other)[:, 2:].max() > 0.01
    weights = model.alignment(x, y)
    assert weights.shape == (1, 2, 4, 5) and (weights[..., 3:] == 0).all()
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5)


def test_an_encoder_decoder_must_say_how_it_reads_and_writes():
    with pytest.raises(NotImplementedError, match="read"):
        EncoderDecoder()(np.ones((1, 2), int), np.ones((1, 2), int))
    with pytest.raises(NotImplementedError, match="write"):
        EncoderDecoder().write(np.ones((1, 2), int))
