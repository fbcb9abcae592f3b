"""The writer: a page's model, tokenizer and sampling are NumPy's, and a reader writes with it."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import nnlearn as nn
from nnlearn.widgets import Writer, explorer, living
from nnlearn.widgets.writer import WEIGHTS
from tests.support.browser import new_context
from tests.support.figures import as_the_page_has_it


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with a writer in it, from the disk, and its weights beside it."""
    folder = tmp_path_factory.mktemp("writer")
    assert tuple(Writer.assets()) == Writer.files
    for name, content in Writer.assets().items():
        (folder / name).write_text(content)
    figure = Writer(length=20).as_html('<img alt="as it was stored">')
    (folder / "page.html").write_text(
        f"<!doctype html><meta charset=utf-8>{figure}<script>{living.script('writer')}</script>"
    )
    return folder


@pytest.fixture(scope="module")
def modules(browser: Browser, folder: Path) -> Page:
    """A page that has the modules' functions, the model and the tokenizer as its own."""
    page = new_context(browser).new_page()
    page.goto((folder / "page.html").as_uri())
    page.add_script_tag(path=folder / WEIGHTS)
    page.add_script_tag(
        content=f"(() => {{ {explorer.bundle('writer')}\nwindow.gpt = new GPT(nnWeights);"
        "window.tokenizer = new Tokenizer(nnWeights); window.chosen = nextTokenProbabilities; })()"
    )
    return page


def rounded_writer() -> nn.GPT:
    return as_the_page_has_it(nn.austen.load()[0])


@nn.no_grad()
def test_the_pages_logits_are_numpys_at_every_place(modules: Page):
    gpt, _, held_out, _ = nn.austen.load()
    ids = held_out[100:140].tolist()
    found = modules.evaluate(
        "(ids) => { const cache = gpt.newCache(); return ids.map((id) => [...gpt.read(id, cache)]); }", ids
    )
    mine = rounded_writer()(np.array([ids])).data[0]
    np.testing.assert_allclose(found, mine, atol=2e-4)
    exact = gpt(np.array([ids])).data[0]
    assert np.abs(np.array(found) - exact).max() > 2e-3, "rounding to 8 bits is to be seen"


@nn.no_grad()
def test_eight_bits_cost_a_hundredth_of_a_bit():
    gpt, _, held_out, _ = nn.austen.load()
    windows = held_out[: 12 * 257].reshape(12, 257)
    losses = [
        nn.cross_entropy(model(windows[:, :-1]), windows[:, 1:]).item() for model in (gpt, rounded_writer())
    ]
    assert abs(losses[1] - losses[0]) < 0.01 * losses[0]


@pytest.mark.parametrize(
    "text",
    [
        "Emma", "", "\n", "  two  spaces\n\nand lines ", "It's we'll they've I'd don't", "12,345 a-year;",
        "naïve café — “quoted” … £5", "日本語 и по-русски", "😀🇬🇧 e\u0301", "a\tb\r\nc",
    ],
)  # fmt: skip
def test_the_pages_tokens_are_the_tokenizers(text: str, modules: Page):
    _, tokenizer, _, _ = nn.austen.load()
    ids = tokenizer.encode(text).tolist()
    assert modules.evaluate("(text) => tokenizer.encode(text)", text) == ids
    assert modules.evaluate("(ids) => tokenizer.decode(ids)", ids) == text


def test_the_pages_tokens_are_the_tokenizers_over_a_text(modules: Page):
    _, tokenizer, held_out, _ = nn.austen.load()
    text = tokenizer.decode(held_out[:6000])
    found = modules.evaluate("(text) => tokenizer.encode(text)", text)
    assert found == tokenizer.encode(text).tolist()


@pytest.mark.parametrize("temperature", [0.0, 0.3, 1.0, 2.0])
@pytest.mark.parametrize("top_p", [0.05, 0.5, 0.95, 1.0])
@pytest.mark.parametrize("top_k", [1, 7, 300])
def test_what_is_drawn_from_is_numpys(temperature: float, top_p: float, top_k: int, modules: Page):
    logits = np.random.default_rng(0).normal(size=300) * 4
    found = modules.evaluate(
        "([logits, ...how]) => [...chosen(Float64Array.from(logits), ...how)]",
        [logits.tolist(), temperature, top_p, top_k],
    )
    mine = nn.text.next_token_probabilities(logits, temperature, top_k, top_p)
    np.testing.assert_allclose(found, mine, rtol=1e-9, atol=1e-15)


# -- a page without a kernel -----------------------------------------------------------------------------


class Reader:
    def __init__(self, browser: Browser, folder: Path, address: str = "") -> None:
        self.complaints: list[str] = []
        self.page = new_context(browser, viewport={"width": 1000, "height": 800}).new_page()
        self.page.on("console", lambda m: m.type in ("error", "warning") and self.complaints.append(m.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto((folder / "page.html").as_uri() + address)
        self.figure = self.page.locator(".nn-living")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def has(self, tokens: int) -> None:
        expect(self.figure).to_have_attribute("data-tokens", str(tokens))

    @property
    def text(self) -> str:
        return self.page.locator(".nn-page").inner_text()


def test_it_stands_as_it_was_stored_and_writes_on(browser: Browser, folder: Path):
    reader, stored = Reader(browser, folder), Writer(length=20)
    assert reader.text.rstrip("▏").split() == "".join(stored.state.tokens).split()
    expect(reader.page.get_by_role("status")).to_have_text(stored.sentence)
    given = stored.state.given
    reader.press("Back")
    reader.has(given + 19)
    reader.press("▶ Write")
    reader.page.wait_for_function("document.querySelector('.nn-living').dataset.tokens > 60")
    reader.press("❚❚ Pause")
    assert len(re.findall(r"[a-z]{2,}", reader.text)) > 20, "words, not noise"
    reader.press("Start again")
    reader.has(given)
    for _ in range(2):
        reader.press("One token")
    reader.has(given + 2)
    assert not reader.complaints


def test_the_reader_chooses_a_word_and_begins_otherwise(browser: Browser, folder: Path):
    reader = Reader(browser, folder, "#writer?length=0&temperature=0")

    def one_token() -> str:
        reader.press("One token")
        reader.has(2)
        return reader.text

    first = one_token()
    reader.press("Back")
    reader.has(1)
    reader.page.locator(".bar").nth(4).click()
    reader.has(2)
    chosen = reader.text
    assert chosen != first
    reader.press("Back")
    reader.has(1)
    assert one_token() == chosen, "a word that was chosen stays"
    reader.press("Start again")
    reader.has(1)
    assert one_token() == first
    begin = reader.page.get_by_label("begin with")
    begin.fill("It is a truth")
    begin.press("Enter")
    expect(reader.page.locator(".nn-page")).to_contain_text("It is a truth")
    assert not reader.complaints


def test_the_same_seed_writes_the_same_page_and_cold_has_no_chance(browser: Browser, folder: Path):
    def page(address: str) -> str:
        reader = Reader(browser, folder, address)
        reader.press("One token")
        reader.page.wait_for_function("'nnWeights' in window")
        reader.has(1 + 31)
        return reader.text

    assert (
        page("#writer?length=30&seed=3")
        == page("#writer?length=30&seed=3")
        != page("#writer?length=30&seed=4")
    )
    assert page("#writer?length=30&seed=3&temperature=0") == page("#writer?length=30&seed=4&temperature=0")


def test_without_its_weights_the_text_stays_and_it_says_so(browser: Browser, folder: Path, tmp_path: Path):
    (tmp_path / "page.html").write_text((folder / "page.html").read_text())
    reader = Reader(browser, tmp_path)
    text = reader.text
    reader.press("One token")
    expect(reader.page.get_by_role("status")).to_contain_text("cannot be read")
    assert reader.text == text


# -- with a kernel ---------------------------------------------------------------------------------------


def test_what_it_writes_is_what_the_model_generates():
    gpt, tokenizer, _, _ = nn.austen.load()
    writer = Writer(prompt="It was", length=25, temperature=0.7, top_p=0.9, seed=5)
    ids = gpt.generate(
        tokenizer.encode("It was"), 25, temperature=0.7, top_p=0.9, rng=np.random.default_rng(5)
    )
    assert "".join(writer.state.tokens) == tokenizer.decode(ids)
    assert writer.state.given == len(tokenizer.encode("It was"))


def test_a_chosen_token_stays_until_all_are_forgotten():
    writer = Writer(length=5)
    before, at = writer.state, writer.state.given + 2
    other = writer.tokenizer.encode(" never")[0]
    writer.receive({"type": "pick", "at": at, "id": int(other)})
    writer.set(length=6)
    assert writer.state.tokens[at] == " never" and writer.state.tokens[:at] == before.tokens[:at]
    writer.receive({"type": "pick", "at": at, "id": 99999})
    writer.receive({"type": "forget"})
    writer.set(length=5)
    assert writer.state.tokens == before.tokens
    writer.receive({"type": "pick", "at": at, "id": int(other)})
    writer.set(prompt="It is", length=5)
    assert writer.state.tokens == Writer(prompt="It is", length=5).state.tokens, "it was of another text"


@pytest.mark.parametrize(
    "values", [{"prompt": ""}, {"prompt": "x" * 900}, {"prompt": "😀\n" * 50, "length": 180}]
)
def test_any_beginning_can_be_gone_on_with(values: dict[str, Any]):
    writer = Writer(**values)
    assert writer.state.given >= 1 and "expects" in writer.sentence
    assert np.isfinite(writer.state.bits).all()
