"""Losses on answers and preferences against PyTorch and by hand; advantages, masks, retrieval."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

import nnlearn as nn
from nnlearn.study import alignment, assistants, requests
from nnlearn.study.alignment import dpo_loss, leave_one_out, retrieve, tf_idf
from tests.support.reference import torch

RNG = np.random.default_rng(0)
ROWS = requests.encode_pairs(
    ["add 2 and 3.", "shout bear.", "toad is blue. toad?"], ["5", "it is BEAR", "blue"]
)


@pytest.fixture(scope="module")
def gpt():
    return assistants.new_gpt(3).eval()


def test_the_loss_on_answers_is_pytorchs_with_the_rest_ignored(gpt):
    ids, mask = ROWS
    labels = np.where(mask, ids, -100)[:, 1:]
    with nn.no_grad():
        ours, logits = alignment.answer_loss(gpt, ids, mask), np.asarray(gpt(ids[:, :-1]))
    flat = torch.tensor(logits.reshape(-1, logits.shape[-1]))
    theirs = torch.nn.functional.cross_entropy(flat, torch.tensor(labels.reshape(-1)))
    np.testing.assert_allclose(float(ours), float(theirs), rtol=1e-5)
    np.testing.assert_allclose(alignment.bits(gpt, ids, mask), float(theirs) / np.log(2), rtol=1e-5)


def test_the_log_probability_of_an_answer_is_the_sum_of_its_tokens(gpt):
    ids, mask = ROWS
    with nn.no_grad():
        whole = np.asarray(alignment.answer_log_prob(gpt, ids, mask))
        tokens = np.asarray(alignment.token_log_probs(gpt, ids))
    for k in range(3):
        np.testing.assert_allclose(whole[k], tokens[k][mask[k, 1:]].sum(), rtol=1e-5)
    assert tokens.shape == (3, requests.WIDTH - 1) and (tokens < 0).all()


def test_masks_that_do_not_fit_are_refused(gpt):
    ids, mask = ROWS
    with pytest.raises(ValueError, match=r"mask is \(3, 30\), expected ids' \(3, 31\)"):
        alignment.answer_log_prob(gpt, ids, mask[:, 1:])
    with pytest.raises(ValueError, match="mask is True nowhere"):
        alignment.answer_loss(gpt, ids, np.zeros_like(mask))


@pytest.mark.parametrize("beta", [0.1, 1.0, 7.0])
def test_the_preference_loss_and_its_gradients_are_those_of_pytorch(beta):
    four = RNG.normal(-5, 3, (4, 6))
    ours = [nn.Tensor(a, requires_grad=True) for a in four]
    theirs = [torch.tensor(a, requires_grad=True) for a in four]
    loss = dpo_loss(*ours, beta)
    loss.backward()
    c, r, rc, rr = theirs
    other = -torch.nn.functional.logsigmoid(beta * ((c - rc) - (r - rr))).mean()
    other.backward()
    np.testing.assert_allclose(loss.item(), other.item(), rtol=1e-12)
    for mine, its in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine.grad, its.grad, rtol=1e-10, atol=1e-12)


def test_the_preference_loss_begins_at_ln_2_and_survives_extremes():
    a = np.array([-3.0, -8.0])
    np.testing.assert_allclose(dpo_loss(a, a - 2, a, a - 2, 0.3), np.log(2))
    assert dpo_loss(np.array([0.0]), np.array([-9e4]), np.zeros(1), np.zeros(1), 1.0) == 0
    assert dpo_loss(np.array([-9e4]), np.array([0.0]), np.zeros(1), np.zeros(1), 1.0) == 9e4


def test_pairs_that_do_not_fit_are_refused():
    a = np.zeros(3)
    with pytest.raises(ValueError, match="expected one shape with at least one pair"):
        dpo_loss(a, a, a, np.zeros((3, 1)))
    with pytest.raises(ValueError, match="at least one pair"):
        dpo_loss(*np.zeros((4, 0)))
    with pytest.raises(ValueError, match="beta is 0, expected a number above 0"):
        dpo_loss(a, a, a, a, 0)


def test_each_reward_is_compared_with_the_others():
    r = RNG.normal(size=(4, 5))
    for b in range(4):
        for k in range(5):
            np.testing.assert_allclose(leave_one_out(r)[b, k], r[b, k] - np.delete(r[b], k).mean())
    np.testing.assert_allclose(leave_one_out(np.full((2, 3), 7.0)), 0, atol=1e-12)
    for wrong in (np.zeros(4), np.zeros((4, 1))):
        with pytest.raises(ValueError, match="with K of at least 2"):
            leave_one_out(wrong)


def test_the_mask_of_what_was_written_ends_with_the_first_line_end():
    ids, mask = ROWS
    end = assistants.LINE_END
    written = ids.copy()
    written[0, -3:] = 5  # what comes after the line end does not count
    np.testing.assert_array_equal(alignment.answer_mask(written, end), mask)
    written[1, requests.ASKED :] = 5  # no line end: all of it was written
    assert alignment.answer_mask(written, end)[1].sum() == requests.ROOM


def test_tf_idf_is_scikit_learns():
    corpus = ["toad is blue.", "a calm toad helps the newt.", "newt is red.", "two toads"]
    theirs = TfidfVectorizer(token_pattern=r"[a-z]+").fit(corpus)
    questions = ["toad?", "is newt blue?", "nobody knows"]
    ours = tf_idf(questions, corpus)
    np.testing.assert_allclose(ours, theirs.transform(questions).toarray(), rtol=1e-12)
    assert retrieve(["toad?", "newt?"], corpus) == ["toad is blue.", "newt is red."]
    with pytest.raises(ValueError, match="corpus is empty"):
        tf_idf(questions, [])


def test_right_is_right_in_either_style():
    r = requests.Request("add 2 and 3.", "5", "add")
    assert alignment.is_right(r, "5") and alignment.is_right(r, "it is 5")
    assert not any(alignment.is_right(r, said) for said in ("", "55", "it is", "5 ", "it is 6"))


def test_tuning_goes_down(gpt):
    model = assistants.copy(gpt)
    losses = alignment.tune(model.parameters(), lambda k: alignment.answer_loss(model, *ROWS), 25, 1e-2)
    assert len(losses) == 25 and losses[-1] < losses[0] / 3
