"""Inside a GPT: what is read leads to the output, a cut head is cut, and scores count what they say."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.study import circuits

rng = np.random.default_rng(0)
GPT = nn.GPT(11, 16, 12, 2, 3, rng=0)
IDS = rng.integers(0, 11, (4, 9))


@pytest.mark.parametrize("rotary", [False, True])
def test_the_lens_on_the_last_layer_is_the_model(rotary):
    model = nn.GPT(11, 16, 12, 2, 3, rng=0, rotary=rotary)
    lens = circuits.logit_lens(model, IDS)
    assert lens.shape == (3, 4, 9, 11)
    np.testing.assert_allclose(lens[-1], model(IDS).data, atol=1e-5)
    assert [h.shape for h in circuits.residual_stream(model, IDS)] == [(4, 9, 12)] * 3


def test_patterns_are_causal_and_their_rows_sum_to_one():
    patterns = circuits.attention_patterns(GPT, IDS)
    assert patterns.shape == (2, 4, 3, 9, 9)
    np.testing.assert_allclose(patterns.sum(axis=-1), 1, rtol=1e-5)
    assert not np.triu(patterns, 1).any()


def test_surprise_is_the_cross_entropy():
    loss = nn.cross_entropy(GPT(IDS[:, :-1]), IDS[:, 1:]).item()
    assert circuits.surprise(GPT, IDS).shape == (4, 8)
    assert circuits.surprise(GPT, IDS).mean() == pytest.approx(loss / np.log(2), rel=1e-5)


def heads_by_hand(model, ids, gone):
    """The model's logits, head outputs written out, those in `gone` left out."""
    x = model.tokens(ids).data + model.positions.W.data[: ids.shape[1]]
    for b, block in enumerate(model.blocks):
        normed = block.norm1(x)
        weights = block.attention.weights(normed).data
        values = block.attention.qkv(normed).data[..., 24:]
        W, bias = (p.data for p in block.attention.out.parameters())
        x = x + bias
        for h in range(3):
            if (b, h) not in gone:
                x = x + weights[:, h] @ values[..., 4 * h : 4 * h + 4] @ W[4 * h : 4 * h + 4]
        x = x + block.mlp(block.norm2(x)).data
    return (model.norm(x) @ model.tokens.W.T).data


@pytest.mark.parametrize(
    "gone", [[], [(0, 0)], [(1, 2), (0, 1)], [(b, h) for b in range(2) for h in range(3)]]
)
def test_a_cut_head_writes_nothing_and_is_back_afterwards(gone):
    before = GPT(IDS).data.copy()
    with circuits.cut_heads(GPT, gone):
        np.testing.assert_allclose(GPT(IDS).data, heads_by_hand(GPT, IDS, gone), atol=1e-5)
    np.testing.assert_array_equal(GPT(IDS).data, before)


def test_a_head_cut_to_its_mean_writes_the_mean_and_an_error_inside_restores_it():
    one = np.array([[3]])  # of a single token the mean is the output itself
    before, whole = GPT(one).data.copy(), GPT(IDS).data.copy()
    with pytest.raises(KeyError), circuits.cut_heads(GPT, [(0, 1), (1, 0)], one):
        np.testing.assert_allclose(GPT(one).data, before, atol=1e-5)
        assert np.abs(GPT(IDS).data - whole).max() > 1e-3
        raise KeyError
    np.testing.assert_array_equal(GPT(one).data, before)


def test_scores_of_heads_made_by_hand():
    ids = np.array([[5, 7, 5, 7, 5]])
    patterns = np.zeros((1, 1, 2, 5, 5))
    patterns[0, 0, 0, [1, 2, 3, 4], [0, 1, 2, 3]] = 0.9  # looks one place back
    patterns[0, 0, 1, [2, 3, 4], [1, 2, 1]] = 0.8  # looks after an earlier copy
    patterns[0, 0, 1, 4, 3] = 0.1
    np.testing.assert_allclose(circuits.previous_token_score(patterns)[0, 0], 0.9)
    expected = (0.8 + 0.8 + 0.9) / 3
    assert circuits.induction_score(patterns, ids)[0, 1] == pytest.approx(expected)
    after = circuits.follows_a_match(ids)[0]
    assert [list(np.flatnonzero(row)) for row in after] == [[], [], [1], [2], [1, 3]]


def test_a_secret_page_follows_its_rule_where_it_is_said_to_be_known():
    ids, known = circuits.secret_pages(50, rng=3)
    assert ids.shape == known.shape == (50, 48) and ids.min() >= 0 and ids.max() < 12
    for page, where in zip(ids, known, strict=True):
        for t in np.flatnonzero(where):
            earlier = [page[s] for s in range(1, t) if page[s - 1] == page[t - 1]]
            assert page[t] in earlier
    assert 0.4 < known.mean() < 0.75 and not known[:, :2].any()


def test_the_stored_model_and_study_say_what_the_chapter_says():
    model, (ids, known) = circuits.load(), circuits.secret_pages(64, rng=77)
    assert circuits.known_bits(model, ids, known) < 0.6
    scores = circuits.induction_score(circuits.attention_patterns(model, ids), ids)
    cost = circuits.cost_of_cutting(model, ids, known)
    assert scores.max() > 0.5 and cost[scores.argmax() // 2].max() > 5 * cost[2].max()
    rows = circuits.load_study()
    kinds = [(3, 64), (1, 64), (1, 192)]
    assert [(row["depth"], row["width"], row["seed"]) for row in rows] == [
        (*k, s) for k in kinds for s in range(5)
    ]
    assert all(row["bits"] > 2 for row in rows if row["depth"] == 1)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: circuits.cut_heads(GPT, [(2, 0)]).__enter__(), r"heads has \(2, 0\), expected a block"),
        (lambda: circuits.cut_heads(GPT, [(0, 3)]).__enter__(), "a head below 3"),
        (
            lambda: circuits.cut_heads(nn.GPT(5, 4, 4, 1, 1, bias=False, rng=0), [(0, 0)], IDS[:1, :2] % 5)
            .__enter__(),
            "the model has bias=False",
        ),
        (
            lambda: circuits.induction_score(np.ones((1, 1, 1, 3, 3)), np.array([[1, 2, 3]])),
            "no token of ids comes twice",
        ),
    ],
)  # fmt: skip
def test_errors_name_argument_got_and_expected(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()
