"""The descent explorer's paths against `nn.gradient_descent` and the limit of its learning rate."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import nnlearn as nn
from nnlearn.widgets import DescentExplorer
from nnlearn.widgets.descent import WINDOW, N
from tests.support.figures import Standing, functions


def test_whole_batches_follow_the_slope_of_the_squared_error():
    state = DescentExplorer(mean=2.0, lr=0.05, steps=25).state
    X = np.column_stack([state.x, np.ones(N)])
    path = nn.gradient_descent(lambda w: 2 * X.T @ (X @ w - state.y) / N, np.zeros(2), 0.05, 25)
    np.testing.assert_allclose(state.path, path, rtol=1e-5)
    np.testing.assert_allclose(state.losses, ((path @ X.T - state.y) ** 2).mean(axis=1), rtol=1e-5)


def test_whole_batches_follow_the_slope_of_the_cross_entropy():
    state = DescentExplorer(task="yes or no", lr=1.0, steps=25).state
    X = np.column_stack([state.x, np.ones(N)])
    path = nn.gradient_descent(lambda w: X.T @ (1 / (1 + np.exp(-X @ w)) - state.y) / N, np.zeros(2), 1.0, 25)
    np.testing.assert_allclose(state.path, path)
    assert set(state.y) == {0, 1}


@pytest.mark.parametrize("mean", [0.0, 2.0, 4.0])
def test_it_runs_away_where_theory_says(mean):
    X = np.column_stack([DescentExplorer(mean=mean).state.x, np.ones(N)])
    limit = 1 / np.linalg.eigvalsh(X.T @ X / N)[-1]
    explorer = DescentExplorer(mean=mean, steps=200)
    rates = np.array([1e-3, 0.01, 0.1, 1.0, 10.0])
    assert rates[0] < 0.9 * limit and rates[-1] > 1.5 * limit
    for rate in rates[rates < 0.9 * limit]:
        explorer.set(lr=rate)
        assert explorer.state.losses[-1] < explorer.state.losses[0] and not explorer.state.left
    for rate in rates[rates > 1.5 * limit]:
        explorer.set(lr=rate)
        assert explorer.state.left and len(explorer.state.path) < 201 and "run away" in explorer.sentence


def test_small_batches_hover_and_whole_batches_settle():
    def wander(batch):
        path = DescentExplorer(batch=batch, steps=200, lr=0.1).state.path[-50:]
        return np.ptp(path, axis=0).max()

    assert wander(1) > 10 * wander(N)


def test_separable_classes_drive_the_weight_on():
    weights = [
        DescentExplorer(task="yes or no", noise=0.0, lr=1.0, steps=k).state.path[-1, 0]
        for k in (20, 100, 200)
    ]
    assert weights[0] < 0.8 * weights[1] and weights[1] < 0.95 * weights[2]


@pytest.mark.parametrize("start", [(4.0, -6.5), (-2.1, 3.0)])
def test_the_walk_begins_where_it_is_put_and_ends_at_least_squares(start):
    state = DescentExplorer(w0=start[0], b0=start[1], steps=200, lr=0.1, mean=0.0).state
    np.testing.assert_array_equal(state.path[0], start)
    np.testing.assert_allclose(state.path[-1], np.polyfit(state.x, state.y, 1), atol=1e-9)


def test_the_seed_counts_only_where_batches_are_drawn():
    explorer = DescentExplorer()
    assert explorer.controls["seed"].disabled
    explorer.set(batch=4)
    assert not explorer.controls["seed"].disabled
    before = explorer.state.path
    explorer.set(seed=1)
    assert not np.allclose(before, explorer.state.path)


# -- in a browser --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def modules(browser: Browser) -> Page:
    return functions(browser, "descent", "examples", "terrain", "descend")


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"mean": 4.0, "noise": 2.0, "lr": 0.01, "w0": 4.0, "b0": -6.5, "steps": 200},
        {"batch": 1, "seed": 20, "w0": -2.9},
        {"batch": 16, "seed": 3, "lr": 10.0, "steps": 0},
        {"mean": 2.0, "lr": 1.0},  # it runs away
        {"task": "yes or no", "lr": 3.1622776601683795, "noise": 0.0, "steps": 200, "b0": 8.0},
        {"task": "yes or no", "batch": 4, "seed": 7, "lr": 10.0, "w0": 12.0, "mean": 3.0, "noise": 1.0},
    ],
    ids=str,
)
def test_the_page_walks_as_numpy_does(values: dict, modules: Page):
    explorer = DescentExplorer(**values)
    state, v = explorer.state, explorer.values
    found = modules.evaluate(
        """([v, page]) => { const given = nn.examples(v.task, v.mean, v.noise, page);
            return { ...given, ...nn.terrain(v.task, given), ...nn.descend(v, given), task: v.task }; }""",
        [v, explorer.page()],
    )
    for name in ("x", "y", "losses", "kappa"):
        np.testing.assert_allclose(found[name], getattr(state, name), rtol=1e-8, atol=1e-9, err_msg=name)
    np.testing.assert_allclose(np.reshape(found["path"], (-1, 2)), state.path, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(found["surface"], state.surface.ravel(), rtol=1e-8, atol=1e-9)
    assert found["left"] == state.left and found.keys() == explorer.scene().keys()
    assert found["best"] == (pytest.approx(explorer.scene()["best"]) if v["task"] == "numbers" else None)


def test_a_reader_puts_the_start_plays_and_changes_the_task(browser: Browser, tmp_path: Path):
    reader = Standing(DescentExplorer(steps=0), browser, tmp_path)
    page, status, now = reader.page, reader.status, {"steps": 0}
    expect(status).to_have_text(DescentExplorer(**now).sentence)
    surface = page.get_by_label("the loss surface and the walk")
    box = surface.bounding_box()
    ends = np.array(WINDOW["numbers"])

    def at(w: float, b: float) -> tuple[float, float]:
        across, up = (np.array([w, b]) - ends[:, 0]) / np.ptp(ends, axis=1)
        wide, high = box["width"] - 54, box["height"] - 64
        return box["x"] + 44 + across * wide, box["y"] + 28 + (1 - up) * high

    reader.drag(at(0, 0), at(3.5, -4.2))
    now |= {"w0": 3.5, "b0": -4.2}
    expect(status).to_have_text(DescentExplorer(**now).sentence)
    surface.press("ArrowRight")
    surface.press("ArrowDown")
    now |= {"w0": 3.7, "b0": -4.4}
    expect(status).to_have_text(DescentExplorer(**now).sentence)
    expect(page.get_by_label("seed of the batches")).to_be_disabled()
    page.get_by_role("slider", name="batch", exact=True).press("Home")
    expect(page.get_by_label("seed of the batches")).to_be_enabled()
    page.get_by_role("combobox").select_option("yes or no")
    now |= {"batch": 1, "task": "yes or no"}
    expect(status).to_have_text(DescentExplorer(**now).sentence)
    page.get_by_role("slider", name="steps").press("End")
    page.get_by_role("slider", name="steps").press("ArrowLeft")
    reader.press("▶ Play")
    now["steps"] = 200
    expect(status).to_have_text(DescentExplorer(**now).sentence)
    expect(page.get_by_role("button", name="▶ Play")).to_be_visible()
    reader.press("▶ Play")
    reader.says("After 1 step from")
    reader.press("❚❚ Pause")
    assert not reader.complaints
