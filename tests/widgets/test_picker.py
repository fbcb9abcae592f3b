"""The picker: what it shows is what the table says, for every question, and its links lead to notebooks."""

from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from nnlearn.course.decks import build
from nnlearn.study.exhibits import EXHIBITS, INPUTS, OUTPUTS, pick
from nnlearn.widgets import Picker
from nnlearn.widgets.picker import MOST
from tests.support import ROOT
from tests.support.figures import Standing, functions

QUESTIONS = list(product(INPUTS, OUTPUTS))


def test_every_question_has_an_answer_of_the_table():
    picker = Picker()
    for comes_in, goes_out in QUESTIONS:
        picker.set(comes_in=comes_in, goes_out=goes_out)
        assert picker.state.fits == tuple(pick(comes_in, goes_out))
        shown = picker.state.shown
        assert shown.network in picker.sentence and shown.where in picker.sentence
        assert picker.state.exact != picker.sentence.startswith("Nothing here leads")


def test_the_slider_walks_through_those_that_fit_and_rests_where_one_fits():
    picker = Picker(comes_in="words", goes_out="boxes")
    assert len(picker.state.fits) == MOST == picker.controls["fit"].max
    shown = []
    for fit in range(1, MOST + 1):
        picker.set(fit=fit)
        shown.append(picker.state.shown)
    assert tuple(shown) == picker.state.fits and f"{MOST} fit equally well" in picker.sentence
    assert not picker.controls["fit"].disabled
    picker.set(comes_in="a picture", goes_out="boxes")
    assert (
        picker.controls["fit"].disabled
        and picker.values["fit"] == 1
        and "nothing else fits as well" in picker.sentence
    )


# -- in a browser --------------------------------------------------------------------------------------------

ANSWERS = """([page, questions]) => questions.map((values) => {
    const state = { page, values, controls: [{ name: "fit" }] };
    nn.alone({ get: (name) => state[name], set: (name, value) => { state[name] = value; }, on() {} });
    const [{ max, disabled }] = state.controls, { fits, shown } = state.scene;
    return { fits, shown, sentence: state.sentence, fit: state.values.fit, max, disabled };
})"""


@pytest.fixture(scope="module")
def modules(browser: Browser) -> Page:
    return functions(browser, "picker", "alone")


def test_the_page_answers_every_question_as_the_table_does(modules: Page):
    asked = [
        {"comes_in": comes_in, "goes_out": goes_out, "fit": fit}
        for (comes_in, goes_out), fit in product(QUESTIONS, range(1, MOST + 1))
    ]
    picker = Picker()
    for values, found in zip(asked, modules.evaluate(ANSWERS, [picker.page(), asked]), strict=True):
        picker.set(**values)
        scene, fit = picker.scene(), picker.controls["fit"]
        known = {"fits": scene["fits"], "shown": scene["shown"], "sentence": picker.sentence}
        assert found == known | {"fit": fit.value, "max": fit.max, "disabled": fit.disabled}


def test_a_reader_presses_words_and_walks_with_the_arrows(browser: Browser, tmp_path: Path):
    reader = Standing(Picker(), browser, tmp_path)
    page, status, now = reader.page, reader.status, {}
    expect(status).to_have_text(Picker().sentence)

    def column(name: str):
        return page.get_by_role("group", name=name)

    column("comes in").get_by_role("button", name="a picture").click()
    now |= {"comes_in": "a picture"}
    expect(status).to_have_text(Picker(**now).sentence)
    column("goes out").get_by_role("button", name="a class").press("ArrowDown")
    now |= {"goes_out": "a number"}
    expect(status).to_have_text(Picker(**now).sentence)
    expect(column("goes out").get_by_role("button", name="a number")).to_be_focused()
    page.get_by_label("which of those that fit").press("End")
    expect(status).to_have_text(Picker(**now, fit=MOST).sentence)

    network = column("network").get_by_role("button", name="a graph network")  # of another question
    network.click()
    now = {"comes_in": "a set or a graph", "goes_out": "a class", "fit": 1}
    expect(status).to_have_text(Picker(**now).sentence)
    expect(network).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_label("which of those that fit")).to_be_disabled()

    seen = set()
    for _ in range(3):  # one network that does three things
        column("network").get_by_role("button", name="a recurrent network").click()
        seen.add(status.inner_text().split(":")[0])
    assert seen == {"Forecasting", "Spoken words", "Music"}
    assert not reader.complaints and "comes_in=" in page.url


def test_paths_run_from_word_to_word_and_those_under_the_pointer_stand_out(browser: Browser, tmp_path: Path):
    reader = Standing(Picker(), browser, tmp_path)
    page = reader.page
    expect(page.locator("path")).to_have_count(len(EXHIBITS))
    expect(page.locator("path.shown")).to_have_count(1)
    expect(page.locator("path.fits")).to_have_count(2)
    ends = page.locator("path.shown").evaluate(
        "(p) => [p.getPointAtLength(0), p.getPointAtLength(p.getTotalLength())].map(({ x, y }) => [x, y])"
    )
    frame = page.locator(".nn-paths").bounding_box()
    for end, name, side in ((0, "words", 1), (1, "a dense network on pieces of words", 0)):
        box = page.get_by_role("button", name=name, exact=True).bounding_box()
        x, y = box["x"] - frame["x"] + side * box["width"], box["y"] - frame["y"] + box["height"] / 2
        assert ends[end] == pytest.approx([x, y], abs=1)
    page.get_by_role("button", name="a situation").hover()
    expect(page.locator("path.near")).to_have_count(1)
    page.mouse.move(1, 1)
    expect(page.locator("path.near")).to_have_count(0)


def test_on_the_site_its_links_are_pages(browser: Browser, tmp_path: Path):
    reader = Standing(Picker(), browser, tmp_path)
    for one in EXHIBITS:
        reader.page.get_by_role("button", name=one.network, exact=True).click()
        shown = reader.status.get_by_role("link")
        where = shown.inner_text()
        assert where in {f"chapters/{other.where}" for other in EXHIBITS if other.network == one.network}
        assert shown.get_attribute("href") == where.removeprefix("chapters/").replace(".ipynb", ".html")


@pytest.mark.parametrize(
    ("presented", "notebooks"),
    [(False, "http://localhost:8888/lab/tree/chapters/"), (True, "../lab/tree/chapters/")],
)
def test_in_a_deck_its_links_lead_to_the_served_notebooks(
    presented: bool, notebooks: str, browser: Browser, tmp_path: Path
):
    deck = build(ROOT / "chapters" / "28_gallery.ipynb", presented=presented)
    assert f'"notebooks":"{notebooks}"' in deck

    class InDeck(Picker):
        def as_html(self, picture: str, folder: str = "", _: str = "") -> str:
            return super().as_html(picture, folder, notebooks)

    link = Standing(InDeck(), browser, tmp_path).status.get_by_role("link")
    assert link.get_attribute("href") == f"{notebooks}28_gallery/sentiment.ipynb"
    assert link.get_attribute("target") == "_blank"
