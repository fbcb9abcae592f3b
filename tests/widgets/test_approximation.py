"""The approximation explorer: its networks and errors, against curves computed without one; a page's too."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from nnlearn.widgets.approximation import COUNTS, OWN, TARGETS, ApproximationExplorer, X, curve
from tests.support.figures import Standing, functions


def test_even_relus_draw_the_straight_lines_between_knots():
    explorer = ApproximationExplorer(target="chirp", unit="ReLU", weights="even", n=12)
    knots = np.linspace(0, 1, 13)
    lines = np.interp(X[:, 0], knots, TARGETS["chirp"](knots))
    np.testing.assert_allclose(explorer.state["y"][:, 0], lines, atol=1e-9)
    worst = np.abs(lines - TARGETS["chirp"](X[:, 0])).max()
    assert explorer.state["error"] == explorer.state["errors"][COUNTS.index(12)] == pytest.approx(worst)


def test_even_steps_are_constant_between_knots():
    explorer = ApproximationExplorer(target="chirp", unit="step", weights="even", n=7)
    assert len(np.unique(explorer.state["y"].round(9))) <= 8
    jumps = np.flatnonzero(np.abs(np.diff(explorer.state["y"][:, 0])) > 1e-9)
    np.testing.assert_allclose(X[jumps, 0], np.arange(1, 8) / 8, atol=2e-3)


@pytest.mark.parametrize("unit", ["step", "ReLU"])
@pytest.mark.parametrize("softness", [0.0, 0.5])
@pytest.mark.parametrize("weights", ["even", "adapted", 2])
def test_the_curve_is_the_sum_of_its_parts(unit, softness, weights):
    state = ApproximationExplorer(unit=unit, softness=softness, weights=weights, n=5).state
    rest = state["y"][::5, 0] - state["parts"].sum(axis=1)  # the output's bias
    np.testing.assert_allclose(rest, rest[0], atol=1e-6)


def test_the_random_output_is_a_least_squares_fit():
    state = ApproximationExplorer(weights=1, n=6, unit="ReLU", target="bump").state
    columns = np.column_stack([state["parts"], np.ones(len(state["parts"]))])
    f = TARGETS["bump"](X[::5, 0])
    best = columns @ np.linalg.lstsq(columns, f, rcond=None)[0]
    np.testing.assert_allclose(state["y"][::5, 0], best, atol=1e-4)


def test_a_jump_needs_one_step_where_it_is():
    even, adapted = (ApproximationExplorer(target="jump", weights=w, n=4).state for w in ("even", "adapted"))
    assert adapted["error"] < even["error"]


@pytest.mark.parametrize("drawn", ["", "x", "0.5", "nan inf 1e9", "  "])
def test_what_draws_no_curve_is_level(drawn):
    np.testing.assert_array_equal(curve(OWN, drawn)(X), 0)


def test_a_curve_of_ones_own_is_a_polygon_within_the_picture():
    np.testing.assert_allclose(curve(OWN, "0 1 -9")(np.array([0, 0.25, 0.5, 1])), [0, 0.5, 1, -1.4])
    explorer = ApproximationExplorer(target=OWN, drawn="0 1 0", unit="ReLU", n=2)
    assert explorer.state["error"] < 1e-12 and not explorer.controls["drawn"].disabled


# -- in a browser --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def modules(browser: Browser) -> Page:
    return functions(browser, "approximation", "rebuilt", "leastSquares")


@pytest.mark.parametrize(
    "values",
    [{"target": target} for target in TARGETS]
    + [
        {"unit": "ReLU", "n": 64, "target": "chirp"},
        {"unit": "ReLU", "weights": "adapted", "target": "bump", "n": 20},
        {"weights": "adapted", "target": "jump", "n": 1},
        {"weights": 1, "n": 33},
        {"weights": 2, "unit": "ReLU", "n": 64, "target": "jagged"},
        {"weights": 3, "unit": "ReLU", "softness": 2.0, "n": 16},
        {"weights": 2, "softness": 1.3, "n": 24, "target": "teeth (5 tents)"},
        {"softness": 0.7, "unit": "ReLU", "weights": "adapted", "n": 48},
        {"target": OWN, "drawn": "0 0.5 -1 1.3 9 x 0.2", "unit": "ReLU", "n": 12},
    ],
    ids=str,
)
def test_the_pages_networks_are_numpys(values: dict[str, Any], modules: Page):
    explorer = ApproximationExplorer(**values)
    found = modules.evaluate("([v, page]) => nn.rebuilt(v, page)", [explorer.values, explorer.page()])
    state = explorer.state
    for name in ("f", "y", "knots", "parts"):
        wanted = np.ravel(state[name])
        np.testing.assert_allclose(
            found[name], wanted, atol=1e-6 * max(1, np.abs(wanted).max()), err_msg=name
        )
    for name in ("errors", "even"):
        np.testing.assert_allclose(found[name], state[name], rtol=1e-3, atol=1e-6, err_msg=name)
    assert found["errorTwice"] == pytest.approx(state["error_twice"], rel=1e-6, abs=1e-9)


def test_of_many_least_squares_the_page_takes_the_shortest(modules: Page):
    rng = np.random.default_rng(0)
    A = rng.normal(size=(30, 5))
    A = np.column_stack([A, A[:, 0], A[:, 1] + A[:, 2], np.zeros(30)])
    y = rng.normal(size=30)
    found = modules.evaluate("([A, y]) => [...nn.leastSquares(A, y)]", [A.T.tolist(), y.tolist()])
    np.testing.assert_allclose(found, np.linalg.lstsq(A, y, rcond=None)[0], atol=1e-10)


def test_a_reader_draws_a_curve_and_picks_the_number_of_units(browser: Browser, tmp_path: Path):
    widget = ApproximationExplorer(unit="ReLU")
    reader = Standing(widget, browser, tmp_path)
    page = reader.page
    expect(reader.status).to_have_text(widget.sentence)
    errors = page.get_by_label("the largest error against the number of units")
    errors.press("ArrowRight")
    expect(reader.status).to_have_text(ApproximationExplorer(unit="ReLU", n=9).sentence)
    sum_ = page.get_by_label("the curve and what the units make of it")
    box = sum_.bounding_box()
    middle = box["y"] + 28 + (box["height"] - 64) / 2
    reader.drag((box["x"] + 46, middle), (box["x"] + box["width"] - 12, middle))
    drawn = " ".join(["0"] * 41)
    expect(reader.status).to_have_text(
        ApproximationExplorer(unit="ReLU", n=9, target=OWN, drawn=drawn).sentence
    )
    sum_.press("ArrowRight")
    sum_.press("ArrowUp")
    drawn = " ".join(["0"] * 21 + ["0.1"] + ["0"] * 19)
    expect(reader.status).to_have_text(
        ApproximationExplorer(unit="ReLU", n=9, target=OWN, drawn=drawn).sentence
    )
    assert not reader.complaints
