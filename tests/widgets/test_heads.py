"""The head explorer: what it shows is the GPT's, a cut is undone, and a page finds what NumPy finds."""

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import nnlearn as nn
from nnlearn.widgets import HeadExplorer, Writer, explorer
from nnlearn.widgets.heads import CUTS, LONGEST, START
from nnlearn.widgets.writer import WEIGHTS
from tests.support.browser import new_context
from tests.support.figures import Standing, as_the_page_has_it


def test_it_shows_the_pattern_and_the_lens_of_the_shipped_gpt():
    explorer = HeadExplorer(block=3, head=2, place=4)
    model, tokenizer, _, _ = nn.austen.load()
    ids = np.array([tokenizer.encode(explorer.values["text"])[:LONGEST]])
    expected = nn.circuits.attention_patterns(model, ids)[2, 0, 1]
    np.testing.assert_allclose(explorer.pattern, expected, atol=1e-5)
    chance = nn.softmax(model(ids).data)[0, 4]
    word, p = explorer.state.guesses[-1][4]
    assert word == tokenizer.decode([int(chance.argmax())]) and abs(p - chance.max()) < 1e-4
    assert explorer.state.bits == explorer.state.without


def test_a_cut_is_felt_and_undone():
    explorer = HeadExplorer()
    whole = explorer.state.bits
    explorer.set(cut=CUTS[2])
    assert explorer.state.without != whole and explorer.state.bits == whole
    explorer.set(cut=CUTS[0])
    assert explorer.state.without == whole


def test_no_text_and_a_long_text_do_no_harm():
    explorer = HeadExplorer(text="")
    assert explorer.pattern.shape == (1, 1) and explorer.state.bits == 0
    explorer.set(text="word " * 100, place=LONGEST - 1)
    assert explorer.pattern.shape == (LONGEST, LONGEST)


def test_another_head_or_token_computes_nothing_new():
    explorer, sent = HeadExplorer(), []
    explorer.view.observe(lambda change: sent.append(change["name"]), "scene")
    explorer.view.values = {**explorer.values, "block": 2, "head": 6, "place": 3}
    assert explorer.at == 3 and not sent
    explorer.view.values = {**explorer.values, "cut": CUTS[1]}
    assert sent == ["scene"]


# -- in a browser --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The weights that a page finds beside itself."""
    folder = tmp_path_factory.mktemp("heads")
    for name, content in HeadExplorer.assets().items():
        (folder / name).write_text(content)
    return folder


def test_the_site_ships_the_gpt_once():
    assert HeadExplorer.files == Writer.files == (WEIGHTS,)


@pytest.fixture(scope="module")
def modules(browser: Browser, folder: Path) -> Page:
    page = new_context(browser).new_page()
    page.goto("about:blank")
    page.add_script_tag(path=folder / WEIGHTS)
    page.add_script_tag(
        content=f"(() => {{ {explorer.bundle('heads')}\nwindow.inside = inside;"
        "window.gpt = new GPT(nnWeights); window.tokenizer = new Tokenizer(nnWeights); })()"
    )
    return page


INSIDE = """([ids, cut]) => {
    const found = inside(gpt, tokenizer, ids, cut);
    return { ...found, patterns: [...found.patterns] };
}"""
NONE: list[tuple[int, int]] = []


@pytest.mark.parametrize("text", [START, "Emma", "naïve, naïve\nMr. Knightley", "the cat the cat the cat"])
@pytest.mark.parametrize("cut", [NONE, [(4, 0)], [(2, h) for h in range(6)]], ids=["none", "one", "block"])
def test_the_page_looks_inside_as_numpy_does(text: str, cut: list[tuple[int, int]], modules: Page):
    """At the same weights of eight bits, in double precision."""
    model, tokenizer = as_the_page_has_it(nn.austen.load()[0]).astype(np.float64), nn.austen.load()[1]
    ids = tokenizer.encode(text)[:LONGEST]
    found = modules.evaluate(INSIDE, [ids.tolist(), cut])
    with nn.circuits.cut_heads(model, cut):
        patterns = nn.circuits.attention_patterns(model, ids[None])[:, 0]
        lens = nn.softmax(nn.circuits.logit_lens(model, ids[None])[:, 0])
        bits = nn.circuits.surprise(model, ids[None]).mean() if len(ids) > 1 else 0
    assert found["words"] == [tokenizer.decode([i]) for i in ids] and found["heads"] == [6, 6]
    np.testing.assert_allclose(np.reshape(found["patterns"], patterns.shape), patterns, atol=1e-6)
    guesses = np.array([[p for _, p in layer] for layer in found["guesses"]])
    np.testing.assert_allclose(guesses, lens.max(axis=2), atol=1e-6)
    names = [[tokenizer.decode([i]) for i in layer] for layer in lens.argmax(axis=2)]
    assert [[word for word, _ in layer] for layer in found["guesses"]] == names
    assert found["bits"] == pytest.approx(bits, abs=1e-6)


def test_a_reader_points_at_heads_and_tokens(browser: Browser, tmp_path: Path):
    """All of which needs no weights: none lie beside this page."""
    widget = HeadExplorer()
    reader = Standing(widget, browser, tmp_path)
    page = reader.page
    expect(reader.status).to_have_text(widget.sentence)
    heads = page.get_by_label("the maps of all heads")
    box = heads.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 24 + 48, box["y"] + 20 + 2 * 35)  # the second of the third block
    expect(reader.status).to_have_text(HeadExplorer(block=3, head=2).sentence)
    heads.press("ArrowDown")
    heads.press("ArrowLeft")
    heads.press("ArrowLeft")
    expect(reader.status).to_have_text(HeadExplorer(block=4, head=1).sentence)
    looks = page.get_by_label("who looks at whom")
    box = looks.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 0.9 * box["width"], box["y"] + box["height"] - 6)
    last = len(widget.state.words) - 1
    expect(reader.status).to_have_text(HeadExplorer(block=4, head=1, place=last).sentence)
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + box["height"] - 6)
    hint = page.locator(".hint")
    expect(hint).to_contain_text("In block 4, head 1, “␣man” looks at “")
    seen = re.search(r"looks at “(.+)” with ([\d.]+)\.", hint.inner_text())
    assert seen is not None
    weights = HeadExplorer(block=4, head=1).pattern[last]
    words = [word.replace(" ", "␣") for word in widget.state.words]
    assert f"{weights[words.index(seen[1])]:.2f}" == seen[2]
    looks.press("ArrowUp")
    expect(reader.status).to_have_text(HeadExplorer(block=4, head=1, place=last - 1).sentence)
    assert not reader.complaints


def test_a_reader_writes_and_cuts(browser: Browser, folder: Path):
    reader = Standing(HeadExplorer(), browser, folder)
    words = reader.page.get_by_role("textbox")
    words.fill("She had a very great deal to say of Mr. Knightley")
    words.press("Enter")
    reader.says("bits per token")
    expect(reader.page.locator(".nn-heads strong").first).to_contain_text("what comes after")
    reader.page.get_by_label("cut").select_option(CUTS[2])
    moved = {"text": "She had a very great deal to say of Mr. Knightley", "cut": CUTS[2]}
    told, mine = reader.status.inner_text(), HeadExplorer(**moved).state
    bits = [float(number) for number in re.findall(r"(\d\.\d\d)(?: bits|\.$)", told)]
    np.testing.assert_allclose(bits, [mine.bits, mine.without], atol=0.1)  # eight bits cost a little
    assert not reader.complaints


def test_without_its_weights_the_figure_stays_and_it_says_so(browser: Browser, tmp_path: Path):
    reader = Standing(HeadExplorer(), browser, tmp_path)
    reader.page.get_by_label("cut").select_option(CUTS[1])
    reader.says("cannot be read")
    reader.page.get_by_label("cut").select_option(CUTS[0])
    expect(reader.status).to_have_text(HeadExplorer().sentence)


def test_it_fits_a_phone(browser: Browser, tmp_path: Path):
    reader = Standing(HeadExplorer(), browser, tmp_path, width=390)
    expect(reader.figure).to_be_visible()
    assert reader.sideways() == 0 and not reader.complaints
