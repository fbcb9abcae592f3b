"""The few-shot explorer: its distances are those of the functions; a page computes the same."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import nnlearn as nn
from nnlearn.study.few_shot import prototype_logits
from nnlearn.widgets import FewShotExplorer
from nnlearn.widgets.few_shot import (
    COPIES,
    DRAWS,
    EMBEDDINGS,
    OWN,
    SCRIPTS,
    SHOTS,
    WAYS,
    drawn,
    episode,
)
from nnlearn.widgets.living import GREYS
from tests.support.figures import Standing, functions

CROSS, HOOK = "M4 4L16 16M4 16L16 4", "M6 3L6 14L13 14"


def test_the_distances_are_those_to_the_means():
    state = FewShotExplorer(embedding="pixels", way=4, shot=3).state
    means = state.support.mean(axis=1)
    expected = ((means - state.query) ** 2).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(state.distance, expected, rtol=1e-12)
    assert state.support.shape == (4, 3, 1, 20, 20) and state.reach >= state.distance.max()


@nn.no_grad()
def test_they_are_the_chapters_but_for_weights_in_eight_bits():
    net = nn.few_shot.load()
    for asked in range(8):
        state = FewShotExplorer(asked=asked).state
        z = np.asarray(net(np.concatenate([*state.support, state.query[None]]).astype(np.float32)))
        logits = prototype_logits(z[:-1].reshape(8, 3, -1), z[-1:])
        np.testing.assert_allclose(state.distance, -np.asarray(logits)[0], rtol=0.03)


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_letters_named_are_those_that_are_shown(script):
    state = FewShotExplorer(script=script, way=WAYS, shot=5).state
    pictures = nn.data.glyphs(script, COPIES, 23)
    for letter, examples in zip(state.letters, state.support, strict=True):
        own = pictures[nn.data.letters(script).index(letter)]
        for x in examples:
            assert (np.abs(own - x).max(axis=(1, 2, 3)) <= 0.5 / GREYS + 1e-6).any()
    assert len(set(state.letters)) == WAYS


def test_more_examples_and_letters_keep_the_earlier_ones_and_the_question():
    one, five = FewShotExplorer(shot=1).state, FewShotExplorer(shot=5, way=10).state
    np.testing.assert_array_equal(one.support[:, 0], five.support[:8, 0])
    np.testing.assert_array_equal(one.query, five.query)
    assert five.letters.startswith(one.letters)


def test_nobody_is_asked_what_was_shown():
    for draw in range(DRAWS):
        _, pictures = episode("armenian", WAYS, draw)
        assert not (pictures[:, :SHOTS] == pictures[:, SHOTS:]).all(axis=(2, 3, 4)).any()


def test_the_trained_embedding_is_right_more_often_than_pixels():
    right = dict.fromkeys(EMBEDDINGS, 0)
    for embedding in EMBEDDINGS:
        explorer = FewShotExplorer(embedding=embedding, way=WAYS)
        for asked in range(WAYS):
            explorer.set(asked=asked)
            state = explorer.state
            assert state.truth == asked
            right[embedding] += int(state.answer == asked)
    assert right["trained on letters"] > right["pixels"]


def test_the_sentence_says_whether_the_right_one_is_nearest():
    explorer = FewShotExplorer()
    for asked in range(8):
        explorer.set(asked=asked)
        nearest = explorer.state.answer == explorer.state.truth
        assert ("the right one is nearest" in explorer.sentence) == nearest


@pytest.mark.parametrize(
    ("letter", "path"), [("х", CROSS), ("г", "M5 17L5 3L14 3"), ("т", "M3 4L17 4M10 4L10 17")]
)
def test_a_letter_that_is_drawn_is_among_the_nearest(letter: str, path: str):
    """Of all Cyrillic letters, with the pictures there are: a line as the pointer draws it."""
    net, X = nn.few_shot.load(), nn.data.glyphs("cyrillic", COPIES, 23)
    with nn.no_grad():
        z = np.asarray(net(np.concatenate([X.reshape(-1, 1, 20, 20), drawn(path)[None]]).astype(np.float32)))
    distance = -np.asarray(prototype_logits(z[:-1].reshape(*X.shape[:2], -1), z[-1:]))[0]
    near = [nn.data.letters("cyrillic")[k] for k in distance.argsort()[:6]]
    assert letter in near or letter.upper() in near


def test_a_sign_of_ones_own_is_known_by_its_examples():
    state = FewShotExplorer(drawing=CROSS, taught=f"{CROSS};{HOOK};nonsense;;{CROSS}").state
    assert state.letters.endswith(OWN) and len(state.taught) == 3 and state.truth is None
    alike = FewShotExplorer(drawing=CROSS, taught=CROSS)
    assert alike.state.distance[-1] == 0 and f"is, by squared distance, {OWN} with 0;" in alike.sentence
    assert len(FewShotExplorer(taught=";".join([HOOK] * 9)).state.taught) == SHOTS


def test_what_draws_nothing_asks_about_the_letter():
    plain = FewShotExplorer()
    for path in ("", "nonsense", "M 3"):
        assert drawn(path) is None
        assert FewShotExplorer(drawing=path, taught=path).sentence == plain.sentence


def test_what_a_page_carries_is_small():
    assert len(FewShotExplorer().as_html("")) < 700_000


# -- in a browser --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def modules(browser: Browser) -> Page:
    page = functions(browser, "few_shot", "FewShots", "told", "episode")
    page.evaluate("(page) => { window.few = new nn.FewShots(page); }", FewShotExplorer().page())
    return page


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_pages_episodes_are_numpys(script: str, modules: Page):
    count = len(nn.data.letters(script))
    found = modules.evaluate(
        """([count, copies, way, draws]) =>
            Array.from({ length: draws }, (_, draw) => nn.episode(count, copies, way, draw))""",
        [count, COPIES, WAYS, DRAWS],
    )
    for draw, letters in enumerate(found):
        assert [one["letter"] for one in letters] == episode(script, WAYS, draw)[0].tolist()
        assert all(len(set(one["pictures"])) == SHOTS + 1 for one in letters)


STATES: list[dict] = [
    {},
    {"way": 2, "shot": 1, "draw": 40, "asked": 9},
    {"way": 10, "shot": 5, "script": "cyrillic", "asked": 9},
    {"drawing": CROSS},
    {"drawing": "M5 5L5 5", "way": 10, "script": "armenian", "draw": 3},
    {"drawing": "M-5 10L400 10", "taught": f"{CROSS};{HOOK};no path;M3 3"},
    {"drawing": "nonsense", "taught": ";".join([HOOK, CROSS] * 4), "shot": 1, "way": 10},
]


@pytest.mark.parametrize("values", STATES, ids=str)
@pytest.mark.parametrize("embedding", EMBEDDINGS)
def test_what_the_page_computes_is_numpys(embedding: str, values: dict, modules: Page):
    explorer = FewShotExplorer(**values, embedding=embedding)
    found, sentence = modules.evaluate(
        """(v) => {
            const found = few.compute(v), { support, taught, query, ...rest } = found;
            const pictures = { support: [...support], taught: [...taught], query: [...query] };
            return [{ ...pictures, ...rest }, nn.told(found, v.way)];
        }""",
        explorer.values,
    )
    state = explorer.state
    np.testing.assert_allclose(found["distance"], state.distance, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(found["reach"], state.reach, rtol=1e-9)
    np.testing.assert_allclose(found["query"], state.query.ravel(), atol=1e-9)
    np.testing.assert_allclose(found["support"], state.support.ravel(), atol=1e-7)
    np.testing.assert_allclose(found["taught"], np.array(state.taught).ravel(), atol=1e-7)
    assert (found["letters"], found["truth"]) == (state.letters, state.truth)
    assert sentence == explorer.sentence


def test_a_reader_draws_keeps_a_sign_and_asks(browser: Browser, tmp_path: Path):
    stored = FewShotExplorer()
    reader = Standing(stored, browser, tmp_path)
    page, status = reader.page, reader.status
    expect(status).to_have_text(stored.sentence)
    expect(page.get_by_alt_text("as it was stored")).to_have_count(0)
    expect(page.get_by_role("button", name="Keep as my sign")).to_be_disabled()
    pad, columns = page.get_by_label("the pad"), page.get_by_label("a column for each letter")
    box = pad.bounding_box()

    def cross(shift: int) -> None:
        for down in (20, 160):
            reader.drag((box["x"] + 20 + shift, box["y"] + down), (box["x"] + 160, box["y"] + 180 - down))

    cross(0)
    reader.says("Your drawing: of 8 letters with 3 examples each, the nearest is")
    expect(page.get_by_text("your drawing", exact=True)).to_be_visible()
    reader.press("Undo")
    reader.press("Clear")
    expect(status).to_have_text(stored.sentence)
    cross(0)
    reader.press("Keep as my sign")
    reader.says("A new ", f"and your own sign {OWN} with 1")
    cross(10)
    reader.says(f"the nearest is, by squared distance, {OWN} with")
    reader.press("Keep as my sign")
    reader.says(f"and your own sign {OWN} with 2")
    assert "taught=M" in page.url
    reader.press("Forget it")
    expect(status).to_have_text(stored.sentence)
    wide = columns.bounding_box()
    page.mouse.click(wide["x"] + 4.5 * wide["width"] / 8, wide["y"] + 100)
    expect(status).to_have_text(FewShotExplorer(asked=4).sentence)
    columns.press("ArrowRight")
    expect(status).to_have_text(FewShotExplorer(asked=5).sentence)
    cross(0)
    page.get_by_role("slider", name="ask about").press("ArrowRight")  # from a drawing back to the letters
    expect(status).to_have_text(FewShotExplorer(asked=6).sentence)
    page.get_by_role("combobox").nth(1).select_option("pixels")
    page.get_by_role("slider", name="letters").press("End")
    expect(status).to_have_text(FewShotExplorer(asked=6, embedding="pixels", way=10).sentence)
    assert not reader.complaints


def test_the_kernel_answers_what_the_reader_draws():
    explorer = FewShotExplorer()
    explorer.view.values = explorer.values | {"drawing": CROSS, "taught": CROSS}
    assert (
        explorer.sentence == explorer.view.sentence == FewShotExplorer(drawing=CROSS, taught=CROSS).sentence
    )
    assert len(explorer.view.scene["query"]) == len(explorer.view.scene["taught"]) == 4 * 400


def test_nonsense_in_the_address_leaves_the_defaults(browser: Browser, tmp_path: Path):
    address = "#few_shot?way=12&shot=0&draw=1.5&script=runic&embedding=&drawing=nonsense&taught=;;x"
    reader = Standing(FewShotExplorer(), browser, tmp_path, address)
    reader.says(FewShotExplorer().sentence, "way=12, shot=0, draw=1.5, script=runic", "which there is not")
    narrow = Standing(FewShotExplorer(way=10, shot=5, taught=CROSS), browser, tmp_path, width=390)
    assert narrow.sideways() <= 0
    assert not reader.complaints and not narrow.complaints
