"""The attention explorer's weights and outputs, against the formula and against the translator itself."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import nnlearn as nn
from nnlearn.widgets import AttentionExplorer
from nnlearn.widgets.attention import BACK, SAME, WORD, WRITTEN, look, translator
from tests.support.figures import Standing, functions

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
    weights = explorer.state.weights[3]
    for name, share in explorer.likeliest():
        expected = sum(w for w, sign in zip(weights, "abracadabra", strict=True) if sign == name)
        assert share == pytest.approx(expected)
    assert explorer.likeliest()[0][0] == "a"


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


def test_pointing_at_another_query_computes_nothing_new():
    explorer, sent = AttentionExplorer(), []
    explorer.view.observe(lambda change: sent.append(change["name"]), "scene")
    explorer.view.values = {**explorer.values, "query": 2}
    assert explorer.at == 2 and "Query 2, writing" in explorer.sentence and not sent
    explorer.view.values = {**explorer.values, "text": "1 May 1999"}
    assert sent == ["scene"]


def test_the_query_stays_within_the_text():
    explorer = AttentionExplorer(head=SAME, text="abc", query=9)
    assert explorer.values["query"] == 2 and explorer.at == 2
    assert AttentionExplorer(head=SAME, text="").state.keys == " "


# -- in a browser --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def modules(browser: Browser) -> Page:
    return functions(browser, "attention", "alone")


SHOWN = """([page, values]) => {
    const state = { page, values, controls: [] };
    nn.alone({ get: (name) => state[name], set: (name, value) => { state[name] = value; }, on() {} });
    const { scene, sentence } = state;
    return { ...scene, weights: [...scene.weights], shares: [...scene.shares], sentence };
}"""
TEXTS = ("the third of March 1998", "5 may 2001", "Überall ²3 ½ £", "x", "")


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("head", [*HEADS, "date to ISO (trained)"])
def test_the_page_looks_as_numpy_does(head: str, text: str, modules: Page):
    for temperature, causal, positions in ((1.0, False, True), (0.1, True, True), (10**1.5, True, False)):
        settings = {"head": head, "text": text, "temperature": temperature}
        settings |= {"causal": causal, "positions": positions}
        explorer = AttentionExplorer(**settings, query=1)
        found = modules.evaluate(SHOWN, [explorer.page(), explorer.values])
        state = look(**settings)
        assert found["keys"] == state.keys and found["queries"] == state.queries
        assert "".join(found["names"]) == "".join(state.names)
        np.testing.assert_allclose(found["weights"], state.weights.ravel(), atol=2e-5)
        np.testing.assert_allclose(found["shares"], state.shares.ravel(), atol=2e-4)


def test_a_reader_points_at_signs_and_types(browser: Browser, tmp_path: Path):
    widget = AttentionExplorer()
    reader = Standing(widget, browser, tmp_path)
    page, status = reader.page, reader.status
    expect(status).to_have_text(widget.sentence)
    row = page.get_by_label("a query and its looks")
    box = row.bounding_box()
    page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 37)  # the third of ten signs
    reader.says("Query 2, writing “9”")
    row.press("ArrowRight")
    reader.says("Query 3, writing “8”")
    everything = page.get_by_label("all weights").bounding_box()
    page.mouse.move(everything["x"] + 50, everything["y"] + 0.99 * everything["height"])
    reader.says("Query 9, writing")
    words = page.get_by_role("textbox")
    words.fill("31 December 2020")
    words.press("Enter")
    expect(status).to_have_text(AttentionExplorer(text="31 December 2020", query=9).sentence)
    page.get_by_label("head").select_option(SAME)
    page.get_by_label("causal mask").check()
    page.get_by_label("temperature").press("Home")
    moved = {"head": SAME, "causal": True, "temperature": 0.1, "text": "31 December 2020", "query": 9}
    expect(status).to_have_text(AttentionExplorer(**moved).sentence)
    words.fill("ab")
    words.press("Enter")
    reader.says("Query 1, asking for “b”")
    assert not reader.complaints
