"""The assistant explorer: its answers are the models', and marked as the rule marks them; a page's too."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import nnlearn as nn
from nnlearn.study import alignment, assistants
from nnlearn.study.requests import ROOM, decode_answers, encode_requests, tokenizer
from nnlearn.widgets import AssistantExplorer
from nnlearn.widgets.assistant import ASKED, DRAWN, MODELS
from nnlearn.widgets.next_token import packed
from tests.support.figures import Standing, as_the_page_has_it, functions


def test_without_temperature_all_six_answers_are_the_likeliest():
    explorer = AssistantExplorer(temperature=0.0, model="tuned on answers")
    for k, asked in enumerate(ASKED):
        explorer.set(request=k)
        ids = alignment.sample_answers(assistants.load("tuned"), [asked.text])
        assert explorer.state.after == decode_answers(ids) * DRAWN
        assert explorer.state.right[1] == [
            alignment.is_right(asked, answer) for answer in explorer.state.after
        ]


def test_the_model_that_has_only_read_is_the_same_whatever_stands_beside_it():
    explorer = AssistantExplorer(seed=3)
    before = [explorer.state.before for model in MODELS for _ in [explorer.set(model=model)]]
    assert all(answers == before[0] for answers in before)


def test_numbers_are_those_of_the_models():
    state = AssistantExplorer(model="LoRA, old pages mixed in").state
    for name, bits in zip(("base", "lora"), state.bits, strict=True):
        np.testing.assert_allclose(bits, assistants.judged(assistants.load(name), 1, 5)["stories"], rtol=1e-3)


def test_the_sentence_counts_right_answers():
    explorer = AssistantExplorer(request=0, temperature=0.0)
    assert "after 6 of 6" in explorer.sentence and "before, 0 of 6" in explorer.sentence
    explorer.set(model="tuned, then a lazy rule")
    assert "after 0 of 6" in explorer.sentence


# -- in a browser --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def modules(browser: Browser) -> Page:
    return functions(browser, "assistant", "answers", "modelOf")


@nn.no_grad()
@pytest.mark.parametrize("name", ["base", *MODELS.values()])
def test_the_pages_model_is_numpys_at_the_same_rounded_weights(name: str, modules: Page):
    ids = encode_requests(["shout puma."])[0]
    found = modules.evaluate(
        """([packed, ids]) => {
            const [gpt] = nn.modelOf(packed), cache = gpt.newCache();
            return ids.map((id) => [...gpt.read(id, cache)]);
        }""",
        [packed(assistants.load(name), tokenizer), ids.tolist()],
    )
    np.testing.assert_allclose(found, as_the_page_has_it(assistants.load(name))(ids[None]).data[0], atol=2e-4)


@pytest.mark.parametrize("temperature", [0.0, 0.7, 1.5])
def test_the_pages_answers_are_those_of_the_same_draws(temperature: float, modules: Page):
    for name in ("base", "tuned"):
        draws = np.random.default_rng(5).random(ROOM * DRAWN)
        found = modules.evaluate(
            "([packed, ...rest]) => nn.answers(nn.modelOf(packed), ...rest)",
            [packed(assistants.load(name), tokenizer), ASKED[0].text, temperature, draws.tolist(),
             AssistantExplorer().page()["room"]],
        )  # fmt: skip
        ids = alignment.sample_answers(
            as_the_page_has_it(assistants.load(name)),
            [ASKED[0].text] * DRAWN,
            temperature,
            np.random.default_rng(5),
        )
        assert found == decode_answers(ids)


def test_eight_bits_cost_little():
    for name in ("base", *MODELS.values()):
        asked = nn.requests.draw_requests(100, 7)
        exact, page = (
            alignment.score(model, asked)
            for model in (assistants.load(name), as_the_page_has_it(assistants.load(name)))
        )
        assert abs(exact - page) < 0.05


def test_a_reader_asks_and_compares(browser: Browser, tmp_path: Path):
    stored = AssistantExplorer(temperature=0.0)
    reader = Standing(stored, browser, tmp_path)
    expect(reader.status).to_have_text(stored.sentence)
    reader.page.get_by_label("request").select_option(ASKED[1].text)
    expect(reader.status).to_have_text(AssistantExplorer(temperature=0.0, request=1).sentence)
    reader.page.get_by_label("after").select_option("tuned, then a lazy rule")
    wanted = AssistantExplorer(temperature=0.0, request=1, model="tuned, then a lazy rule")
    expect(reader.status).to_have_text(wanted.sentence)
    expect(reader.figure.locator("li.wrong")).to_have_count(2 * DRAWN - sum(map(sum, wanted.state.right)))
    assert not reader.complaints
