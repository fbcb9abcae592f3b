from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from nnlearn import data
from nnlearn.widgets import PerceptronPlayground
from nnlearn.widgets.perceptron import SEEDS
from tests.support.figures import Standing, functions


@pytest.mark.parametrize(
    "values", [{}, {"lr": 0.1, "start": 3}, {"noise": 0.1, "margin": 0.01}, {"scale": 100.0}]
)
@pytest.mark.parametrize("k", [1, 2, 5])
def test_shows_the_correction_it_speaks_of(values, k):
    explorer = PerceptronPlayground(**values, update=k)
    explorer.picture()
    run, lr = explorer.state.run, explorer.controls["lr"].value
    assert explorer.state.update == k <= len(run.missed)
    point, t = np.array(explorer.missed.xy), np.sign(run.B[k] - run.B[k - 1])
    np.testing.assert_allclose(np.ravel(explorer.ring.get_data()), point)
    np.testing.assert_allclose(run.W[k] - run.W[k - 1], lr * t * point)
    assert t * (run.W[k - 1] @ point + run.B[k - 1]) <= 0  # it was missed
    before, after, change = explorer.arrows
    np.testing.assert_allclose([before.xy, after.xy], run.W[k - 1 : k + 1])
    np.testing.assert_allclose([change.get_position(), change.xy], run.W[k - 1 : k + 1])
    assert f"Correction {k}:" in explorer.sentence and ("added to" in explorer.sentence) == (t > 0)


@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_boundaries_are_where_the_sum_is_zero(scale):
    explorer = PerceptronPlayground(scale=scale, update=4)
    explorer.picture()
    run = explorer.state.run
    for line, k in ((explorer.before, 3), (explorer.after, 4)):
        ends = np.transpose(line.get_data())
        size = np.abs(ends) @ np.abs(run.W[k])
        np.testing.assert_allclose((ends @ run.W[k] + run.B[k]) / size, 0, atol=1e-12)


def test_steps_past_the_end_stay_at_the_end():
    explorer = PerceptronPlayground(update=100)
    assert explorer.state.run.converged and explorer.state.update == len(explorer.state.run.missed) < 100


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({}, "; the bound is "),
        ({"start": 5}, "the bound holds for starts at zero"),
        ({"noise": 0.3}, "no boundary separates"),
        ({"update": 0}, "Before the first correction"),
    ],
)
def test_says_what_holds(values, says):
    assert says in PerceptronPlayground(**values).sentence


def test_learning_rate_changes_no_mistake_from_zero_weights():
    missed = [PerceptronPlayground(lr=lr).state.run.missed.tolist() for lr in (0.01, 1, 100)]
    assert missed[0] == missed[1] == missed[2]


# -- in a browser --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page(browser: Browser) -> Page:
    return functions(browser, "perceptron", "separable", "fit", "bound", "boundary", "Pcg64")


@pytest.mark.parametrize("seed", range(0, SEEDS, 4))
@pytest.mark.parametrize(
    ("n", "margin", "noise"), [(10, 0.01, 0.0), (40, 0.1, 0.025), (60, 0.6, 0.025), (150, 0.2, 0.3)]
)
def test_the_page_draws_numpys_points(n: int, margin: float, noise: float, seed: int, page: Page):
    states = PerceptronPlayground().page()["states"]
    found = page.evaluate("(a) => nn.separable(...a)", [n, margin, noise, states[seed]])
    X, y = data.separable(n, margin, noise, rng=seed)
    assert found["y"] == y.tolist()
    np.testing.assert_allclose(found["X"], X, atol=1e-6)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"lr": 0.1, "start": 3, "seed": 4},
        {"noise": 0.1, "margin": 0.01, "points": 150},
        {"scale": 1000.0, "margin": 0.3},
        {"margin": 0.6, "points": 10, "seed": 20},
        {"margin": 0.02, "points": 100, "lr": 100.0, "seed": 3},
    ],
)
def test_the_page_learns_as_numpy_does(values: dict, page: Page):
    explorer = PerceptronPlayground(**values)
    state, now = explorer.state, explorer.values
    w = now["start"] * np.random.default_rng(now["seed"]).normal(size=3)
    epochs = 40 if now["noise"] else 200
    data_, start = [state.X.tolist(), state.y.tolist()], [w[:2].tolist(), w[2], now["lr"], epochs]
    run = page.evaluate("(a) => nn.fit(...a)", data_ + start)
    assert run["missed"] == state.run.missed.tolist() and run["mistakes"] == state.run.mistakes.tolist()
    np.testing.assert_allclose(run["W"], state.run.W, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(run["B"], state.run.B, rtol=1e-6, atol=1e-9)
    limit = page.evaluate("(a) => nn.bound(...a)", data_)
    assert (limit is not None) == state.separable
    assert now["start"] or limit == (state.bound and pytest.approx(state.bound, rel=1e-6))


@pytest.mark.parametrize("seed", range(0, SEEDS, 4))
def test_the_page_finds_the_bound(seed: int, page: Page):
    wanted = [
        PerceptronPlayground(seed=seed, margin=0.01, points=n, scale=s).state
        for n in (10, 150)
        for s in (1, 1000)
    ]
    bounds = np.array([state.bound for state in wanted])
    found = [page.evaluate("(a) => nn.bound(...a)", [s.X.tolist(), s.y.tolist()]) for s in wanted]
    lost = 1e-15 * bounds  # the nearest point comes as near to zero as the bound is large
    np.testing.assert_array_less(np.abs(found / bounds - 1), 1e-9 + lost)


@pytest.mark.parametrize("k", [0, 1, 4])
def test_the_pages_boundary_is_where_the_sum_is_zero(k: int, page: Page):
    run = PerceptronPlayground(scale=100.0).state.run
    ends = np.reshape(
        page.evaluate("(a) => nn.boundary(...a)", [run.W[k].tolist(), run.B[k], [120.0, 1.2]]), (-1, 2)
    )
    assert len(ends) == (2 if k else 0)
    np.testing.assert_array_less(np.abs(ends @ run.W[k] + run.B[k]), 1e-9 * np.abs(ends) @ np.abs(run.W[k]))


def test_a_reader_steps_plays_and_presses(browser: Browser, tmp_path: Path):
    reader = Standing(PerceptronPlayground(), browser, tmp_path)
    page, status = reader.page, reader.status
    expect(status).to_have_text(PerceptronPlayground().sentence)
    reader.press("Step")
    expect(status).to_have_text(PerceptronPlayground(update=4).sentence)
    reader.press("Back")
    plane, epochs = page.get_by_label("the points"), page.get_by_label("in each epoch")
    plane.press("ArrowLeft")
    expect(status).to_have_text(PerceptronPlayground(update=2).sentence)
    run = PerceptronPlayground().state.run
    box, many = epochs.bounding_box(), max(len(run.mistakes), 4)
    page.mouse.click(box["x"] + 44 + (box["width"] - 54) * 1.6 / (many + 0.2), box["y"] + 60)  # the second
    expect(status).to_have_text(PerceptronPlayground(update=int(run.mistakes[0]) + 1).sentence)
    page.get_by_label("label noise").press("End")
    page.get_by_label("seed").press("Home")
    page.get_by_label("size of starting weights").press("ArrowRight")
    now = {"update": int(run.mistakes[0]) + 1, "noise": 0.3, "seed": 0, "start": 1}
    expect(status).to_have_text(PerceptronPlayground(**now).sentence)
    page.get_by_label("label noise").press("Home")
    page.get_by_label("seed").press("End")
    page.get_by_label("size of starting weights").press("Home")
    many = min(100, len(PerceptronPlayground(seed=20).state.run.missed))
    page.get_by_label("update").evaluate(
        f"e => {{ e.value = {many - 2}; e.dispatchEvent(new Event('input')); }}"
    )
    reader.press("▶ Play")
    expect(status).to_have_text(PerceptronPlayground(seed=20, update=many).sentence)
    expect(page.get_by_role("button", name="▶ Play")).to_be_visible()
    assert not reader.complaints


def test_a_point_that_is_pressed_shows_its_correction(browser: Browser, tmp_path: Path):
    explorer = PerceptronPlayground(update=0)
    reader = Standing(explorer, browser, tmp_path)
    reader.says("Before the first correction")
    X, first = explorer.state.X, explorer.state.run.missed[0]
    box = reader.page.get_by_label("the points").bounding_box()
    wide, high = box["width"] - 54, box["height"] - 64
    unit = min(wide, high) / (2 * 1.08 * np.abs(X).max())  # as many pixels to the right as up
    x, y = X[first] * [unit, -unit] + [44 + wide / 2, 28 + high / 2]
    reader.page.mouse.click(box["x"] + x, box["y"] + y)
    expect(reader.status).to_have_text(PerceptronPlayground(update=1).sentence)
