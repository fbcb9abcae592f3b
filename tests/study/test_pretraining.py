"""The small BERT of Python's manual: its text, its masks, and the stored models."""

import numpy as np

from nnlearn.study import pretraining


def test_the_stored_models_are_as_good_as_their_notes_say():
    _, held = pretraining.paragraphs()
    tokenizer = pretraining.load_tokenizer()
    question = pretraining.held_out(pretraining.stream(held, tokenizer), 32, len(tokenizer))
    losses = (
        pretraining.evaluate(pretraining.load(), question),
        pretraining._evaluate_next(pretraining.load(causal=True), question),
    )
    for loss, causal in zip(losses, (False, True), strict=True):
        assert (
            abs(loss - pretraining.load_history(causal)["held_out"][-1]) < 0.3
        )  # another Python's manual differs


def test_the_gpt_does_not_look_ahead_and_bert_does():
    ids = np.arange(5, 25).reshape(1, 20)
    other = np.where(np.arange(20) < 12, ids, 7)
    for causal in (False, True):
        model = pretraining.load(causal)
        same = np.allclose(model(ids).data[:, :12], model(other).data[:, :12], atol=1e-5)
        assert same == causal


def test_pretraining_lowers_the_loss_it_is_asked_for():
    text = np.tile(np.arange(5, 15), 60)
    for causal in (False, True):
        model = pretraining.new(causal, rng=0)
        losses = pretraining.pretrain(model, text, 60, rng=0, causal=causal)
        assert np.mean(losses[-5:]) < losses[0] - 2


def test_sections_are_those_that_a_paragraph_stands_in_alone():
    tokenizer = pretraining.load_tokenizer()
    learn, _ = pretraining.paragraphs()
    ids, labels = pretraining.sections(learn, ["debugger", "types"], tokenizer, 16)
    assert ids.shape == (len(labels), 16) and (ids[:, 0] == pretraining.CLS).all() and len(labels) > 100
    of_types = [" ".join(tokenizer.tokens[i] for i in row) for row in ids[labels == 1]]
    assert sum("object" in text for text in of_types) > sum("breakpoint" in text for text in of_types)
    nothing, none = pretraining.sections(
        ["not a paragraph of the manual, by any means"], ["types"], tokenizer, 8
    )
    assert nothing.shape == (0, 8) and none.shape == (0,)


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
