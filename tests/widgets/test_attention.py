"""The attention explorer's weights and outputs, against the formula and against the translator itself."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.widgets import AttentionExplorer
from nnlearn.widgets.attention import BACK, SAME, WORD, WRITTEN, translator

HEADS = (SAME, BACK, WORD)


@pytest.mark.parametrize("head", HEADS)
def test_temperature_is_a_power_of_the_weights(head):
    """softmax(s / T) is softmax(s) to the power 1 / T, made to add up to 1."""
    one, two = (AttentionExplorer(head=head, temperature=t).state.weights for t in (1.0, 2.0))
    roots = np.sqrt(one)
    np.testing.assert_allclose(two, roots / roots.sum(axis=-1, keepdims=True), rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(one.sum(axis=-1), 1, rtol=1e-6)


@pytest.mark.parametrize("head", HEADS)
def test_the_causal_mask_leaves_the_past_as_it_was(head):
    free, causal = (AttentionExplorer(head=head, causal=c).state.weights for c in (False, True))
    assert not np.triu(causal, 1).any()
    past = np.tril(free)
    np.testing.assert_allclose(causal, past / past.sum(axis=-1, keepdims=True), rtol=1e-4, atol=1e-7)


def test_what_comes_out_is_the_weight_on_each_letter():
    explorer = AttentionExplorer(head=SAME, text="abracadabra", query=3)
    state = explorer.state
    for name, share in zip(state.names, state.shares, strict=True):
        expected = sum(w for w, sign in zip(state.weights[3], "abracadabra", strict=True) if sign == name)
        assert share == pytest.approx(expected)
    assert state.names[0] == "a"


def test_heads_look_where_they_say():
    back = AttentionExplorer(head=BACK, text="abcdefgh", temperature=0.1)
    assert back.state.weights[1:].argmax(axis=-1).tolist() == list(range(7))
    kind = AttentionExplorer(head=WORD, text="ab12ei", positions=False, query=0)
    np.testing.assert_allclose(kind.state.weights[0, [0, 4, 5]], 1 / 3, atol=0.02)


def test_without_positions_the_order_of_letters_does_not_matter():
    one, two = (AttentionExplorer(head=SAME, text=t, positions=False).state for t in ("abc", "cba"))
    np.testing.assert_allclose(one.weights, two.weights[::-1, ::-1], rtol=1e-5)


@pytest.mark.parametrize("text", ["the third of March 1998", "5 may 2001"])
def test_the_date_is_the_one_the_translator_writes(text):
    state = AttentionExplorer(text=text).state
    model, signs = translator()
    x = np.array([[max(signs.find(sign), 0) for sign in text.rjust(36, "_")]])
    with nn.no_grad():
        y = np.array([[WRITTEN.index(sign) for sign in "_" + state.queries[:-1]]])
        written = model(x, y).data[0].argmax(axis=-1)
    # The explorer looks at the letters alone, the translator also at the blanks before them.
    assert np.mean([WRITTEN[i] == sign for i, sign in zip(written, state.queries, strict=True)]) >= 0.8
    assert state.weights.shape == (10, len(text))
