"""The next-token explorer: its numbers are those of one reading; a page goes on as the notebook does."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

import nnlearn as nn
from nnlearn.widgets import NextTokenExplorer
from tests.support.figures import Standing, as_the_page_has_it, functions


@pytest.fixture(scope="module")
def explorer():
    return NextTokenExplorer()


def test_surprise_and_guess_are_those_of_one_reading(explorer):
    explorer.set(length=20, temperature=0.8, top_p=1.0)
    state = explorer.state
    ids = explorer.tokenizer.encode("".join(state.tokens))
    with nn.no_grad():
        p = nn.softmax(explorer.gpt(np.array([ids])).data[0].astype(float))
    np.testing.assert_allclose(state.model, p[-1], rtol=1e-3, atol=1e-6)
    bits = -np.log2(p[np.arange(len(ids) - 1), ids[1:]])
    np.testing.assert_allclose(state.bits, np.append(0, bits), rtol=1e-3, atol=1e-3)


def test_temperature_top_k_and_top_p_cut_as_they_say(explorer):
    explorer.set(length=5, temperature=0.5, top_k=4, top_p=1.0)
    state = explorer.state
    best = np.argsort(-state.model)[:4]
    kept = state.model[best] ** 2  # softmax(2 z)
    np.testing.assert_allclose(state.drawn[best], kept / kept.sum(), rtol=1e-4)
    assert (state.drawn > 0).sum() == 4
    explorer.set(temperature=1.0, top_k=len(state.model), top_p=0.6)
    state = explorer.state
    sums = np.cumsum(np.sort(state.model)[::-1])
    assert (state.drawn > 0).sum() == np.searchsorted(sums, 0.6) + 1


def test_without_temperature_the_likeliest_character_is_appended(explorer):
    explorer.set(length=1, temperature=0.0)
    before = explorer.state
    explorer.set(length=0)
    assert explorer.state.model.argmax() == explorer.tokenizer.ids[before.tokens[-1]]


def test_a_longer_text_begins_with_the_shorter_one(explorer):
    explorer.set(length=40, temperature=1.0, top_p=1.0, seed=5)
    long = explorer.state.tokens
    explorer.set(length=12)
    assert explorer.state.tokens == long[:-28]


def test_what_it_cannot_read_is_left_out(explorer):
    explorer.set(prompt="日本 a list 😀", length=0)
    assert "".join(explorer.state.tokens) == " a list "
    explorer.set(prompt="日本")
    assert explorer.state.tokens == ["\n"] and explorer.state.given == 1


# -- in a browser --------------------------------------------------------------------------------------------


@nn.no_grad()
def test_the_pages_model_is_numpys_at_the_same_rounded_weights(explorer, browser: Browser):
    page, text = functions(browser, "next_token", "modelOf"), "def __init__(self, “x”):\n"
    found = page.evaluate(
        """([packed, text]) => {
            const [gpt, tokenizer] = nn.modelOf(packed), cache = gpt.newCache(), ids = tokenizer.encode(text);
            return [ids, tokenizer.decode(ids), ids.map((id) => [...gpt.read(id, cache)])];
        }""",
        [explorer.page()["model"], text],
    )
    gpt, tokenizer, _ = nn.manual_gpt.load()
    assert found[:2] == [tokenizer.encode(text).tolist(), text]
    np.testing.assert_allclose(found[2], as_the_page_has_it(gpt)(np.array([found[0]])).data[0], atol=2e-4)


def test_a_page_writes_on_as_the_notebook_does(browser: Browser, tmp_path: Path):
    stored = NextTokenExplorer(length=10, temperature=0.0)  # where eight bits a weight change no letter
    reader = Standing(stored, browser, tmp_path)
    text = reader.page.locator(".nn-page")
    expect(reader.status).to_have_text(stored.sentence)
    for _ in range(5):
        reader.press("One character")
    expect(text).to_contain_text("".join(NextTokenExplorer(length=15, temperature=0.0).state.tokens).strip())
    reader.page.get_by_label("top-k").press("Home")
    reader.says("top-k 1 and top-p 1.00 leave 1 of 103 characters")
    reader.page.locator(".bar").nth(3).click()
    reader.says("The 16 written took")
    begin = reader.page.get_by_label("begin with")
    begin.fill("日本 a list")
    begin.press("Enter")
    expect(text).to_contain_text(" a list")
    assert not reader.complaints


def test_a_seed_draws_on_the_page_what_it_draws_in_the_notebook(browser: Browser, tmp_path: Path):
    wanted = NextTokenExplorer(length=12, temperature=0.5, seed=3)
    reader = Standing(NextTokenExplorer(length=11, temperature=0.5, seed=3), browser, tmp_path)
    reader.press("One character")
    expect(reader.page.locator(".nn-page")).to_contain_text("".join(wanted.state.tokens).rstrip())
