"""The search explorer: it finds what the strategy finds, in NumPy and on a page, and says where it looked."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from nnlearn.study.architectures import STRATEGIES, Search, load, neighbours, recipes
from nnlearn.widgets import SearchExplorer
from nnlearn.widgets.chance import numpys
from nnlearn.widgets.search import BUDGETS, SEEN, _work
from tests.support.figures import Standing, functions


@pytest.mark.parametrize("name", STRATEGIES)
def test_finds_what_the_strategy_finds(name):
    state = SearchExplorer(strategy=name, budget=320, seed=7).state
    assert state.found == STRATEGIES[name](Search(load(), 7), 320)


def test_a_search_on_the_test_believes_its_test_score():
    explorer = SearchExplorer(budget=1200, seed=3)
    honest = explorer.sentence
    explorer.set(seen=SEEN[1])
    search = explorer.state.search
    np.testing.assert_array_equal(search.validation, search.test)
    assert "on which it searched" in explorer.sentence and "on which it searched" not in honest


def test_the_path_ends_at_what_was_found():
    state = SearchExplorer(strategy="evolution", budget=640, seed=1).state
    spent, believed, fresh = state.path
    assert (np.diff(spent) >= 0).all() and (np.diff(believed) >= 0).all() and spent[-1] == state.search.spent
    assert believed[-1] == state.search.validation[state.found, -1]
    assert fresh[-1] == state.search.fresh[state.found, -1]


# -- in a browser --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def modules(browser: Browser) -> Page:
    page = functions(browser, "search", "recipes", "neighbours", "wordsOf", "percent", "Pcg64", "alone")
    page.evaluate("(page) => { nn.page = page; }", SearchExplorer().page())
    return page


def test_the_page_has_the_same_networks_in_the_same_order(modules: Page):
    names, near = modules.evaluate(
        "[nn.recipes.map((_, k) => nn.wordsOf(k)), nn.recipes.map((_, k) => nn.neighbours(k))]"
    )
    assert names == [str(recipe) for recipe in recipes()]
    assert near == [list(neighbours(i)) for i in range(len(names))]


@pytest.mark.parametrize("seed", [0, 1, 29, 12345])
def test_the_page_draws_whole_numbers_as_numpy_does(seed: int, modules: Page):
    rng = np.random.default_rng(seed)
    ours = [rng.integers(2, size=9).tolist()]
    ours += [[int(rng.integers(n)) for n in (1, 3, 480, 3_000_000_000)]]
    ours += [rng.choice(n, k, replace=False).tolist() for n, k in ((10, 5), (33, 8), (6, 6), (40, 1))]
    theirs = modules.evaluate(
        """(state) => {
            const rng = new nn.Pcg64(state), two = Array.from({ length: 9 }, () => rng.below(2));
            const some = [1, 3, 480, 3000000000].map((n) => rng.below(n));
            return [two, some, ...[[10, 5], [33, 8], [6, 6], [40, 1]].map(([n, k]) => rng.choose(n, k))];
        }""",
        numpys(seed),
    )
    assert theirs == ours


SEARCHED = """(all) => all.map((values) => {
    const state = { page: nn.page, values };
    nn.alone({ get: (name) => state[name], set: (name, value) => { state[name] = value; }, on() {} });
    return { ...state.scene, work: [...state.scene.work], sentence: state.sentence };
})"""


@pytest.mark.parametrize("seen", SEEN)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_page_searches_as_numpy_does(strategy: str, seen: str, modules: Page):
    asked = [
        {"strategy": strategy, "budget": budget, "seen": seen, "seed": seed}
        for seed, budget in [(29, 160), (0, 8), (99, 1200), *zip(range(1, 9), BUDGETS, strict=True)]
    ]
    explorer = SearchExplorer()
    for values, found in zip(asked, modules.evaluate(SEARCHED, asked), strict=True):
        explorer.set(**values)
        state = explorer.state
        assert found["sentence"] == explorer.sentence and found["found"] == state.found
        assert found["trained"] == state.search.trained.tolist() and found["spent"] == state.search.spent
        for part in ("validation", "test"):
            assert found[part] == getattr(state.search, part)[state.found, -1]
        np.testing.assert_allclose(found["path"], np.stack(state.path), atol=1e-12)
        np.testing.assert_allclose(found["fresh"], state.fresh, atol=1e-12)
        np.testing.assert_allclose(found["work"], _work(), rtol=1e-6)
        assert found["best"] == state.fresh.max()


def test_shares_are_rounded_as_python_rounds_them(modules: Page):
    shares = [k / n for n in (200, 1600) for k in range(n + 1)]
    assert modules.evaluate("(all) => all.map(nn.percent)", shares) == [f"{share:.1%}" for share in shares]


def test_a_reader_spends_points_and_changes_the_strategy(browser: Browser, tmp_path: Path):
    widget = SearchExplorer()
    reader = Standing(widget, browser, tmp_path)
    page, status, hint = reader.page, reader.status, reader.page.locator(".hint")
    expect(status).to_have_text(widget.sentence)
    course, cloud = page.get_by_label("the best so far"), page.get_by_label("480 networks")

    def pixel(box: dict, across: float, up: float) -> tuple[float, float]:
        """Where shares of the way across and up the axes are in the window."""
        return box["x"] + 44 + (box["width"] - 54) * across, box["y"] + 28 + 266 * (1 - up)

    box = course.bounding_box()
    at = np.log(700 / 7) / np.log(1400 / 7)  # 640 is the nearest budget
    reader.drag(pixel(box, 0.5, 0.5), pixel(box, at, 0.5))
    expect(status).to_have_text(SearchExplorer(budget=640).sentence)
    course.press("ArrowRight")
    expect(status).to_have_text(SearchExplorer(budget=1200).sentence)
    page.get_by_label("strategy").select_option("evolution")
    page.get_by_label("search on").select_option(SEEN[1])
    page.get_by_label("seed").press("End")
    now = {"strategy": "evolution", "budget": 1200, "seen": SEEN[1], "seed": 99}
    shown = SearchExplorer(**now)
    expect(status).to_have_text(shown.sentence)

    i = shown.state.found
    across = np.log(_work()[i] / 60) / np.log(4e6 / 60)
    page.mouse.move(*pixel(cloud.bounding_box(), across, (shown.state.fresh[i] - 0.05) / 0.95))
    expect(hint).to_contain_text("trained it for 8 epochs")
    expect(hint).to_contain_text(str(recipes()[i]))
    page.mouse.move(1, 1)
    expect(hint).to_contain_text("Point at a network")
    cloud.press("ArrowRight")
    order = np.argsort(_work())
    after = order[order.tolist().index(i) + 1]
    expect(hint).to_contain_text(f"{recipes()[after]}: reads {shown.state.fresh[after]:.1%} of fresh")
    assert not reader.complaints and "budget=1200" in page.url
