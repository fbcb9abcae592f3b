"""The small BERT of Python's manual: its text, its masks, and the stored models."""

import numpy as np

from nnlearn.study import pretraining


def test_the_stored_model_knows_more_than_its_twin_that_sees_one_side():
    _, held = pretraining.paragraphs()
    tokenizer = pretraining.load_tokenizer()
    question = pretraining.held_out(pretraining.stream(held, tokenizer), 32, len(tokenizer))
    both, left = (pretraining.evaluate(pretraining.load(causal), question) for causal in (False, True))
    assert both < 3.3 and left > both + 0.4


def test_both_sides_share_no_paragraph():
    learn, held = pretraining.paragraphs()
    assert not set(learn) & set(held) and 0.15 < len(held) / (len(held) + len(learn)) < 0.25


def test_masks_as_devlin_does():
    ids = np.random.default_rng(0).integers(0, 50, (200, 100))
    read, chosen = pretraining.mask_tokens(ids, 50, rng=1)
    assert not chosen[ids < 5].any() and np.array_equal(read[~chosen], ids[~chosen])
    assert abs(chosen[ids >= 5].mean() - 0.15) < 0.01
    assert abs((read[chosen] == pretraining.MASK).mean() - 0.8) < 0.03


def test_fill_at_places_is_fill_there():
    model, ids = pretraining.load(), np.arange(20).reshape(2, 10)
    places = np.random.default_rng(0).random((2, 10)) < 0.4
    np.testing.assert_allclose(model.fill(ids, places=places).data, model.fill(ids).data[places], atol=1e-4)


def test_labels_are_the_words_in_quotation_marks():
    tokenizer = pretraining.vocabulary(['The name "x" is bound to "y" here.'], 40)
    ids, labels = pretraining.code_words(['The name "x" is bound to "y" here.'], tokenizer, 16)
    marked = [tokenizer.tokens[i] for i, label in zip(ids[0], labels[0], strict=True) if label == 1]
    assert ids.shape == (1, 16) and marked == ["x", "y"] and (labels[ids < 5] == -1).all()
