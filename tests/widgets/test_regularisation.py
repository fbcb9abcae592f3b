"""The regularisation explorer: its fits against those of other solvers, a page's against its own."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from sklearn.linear_model import ElasticNet

from nnlearn.widgets import RegularisationExplorer
from nnlearn.widgets.regularisation import WIDTHS, features, ridge, sparse
from tests.support.figures import Standing, functions


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    x = np.linspace(-1, 1, 12)
    return features(x, rng.uniform(-1, 1, 20)) / np.sqrt(20), np.sin(5 * x) + 0.2 * rng.standard_normal(12)


def test_ridge_is_least_squares_with_rows_for_the_penalty(problem):
    phi, y = problem
    penalty = np.linspace(0.01, 0.5, 20)
    rows = np.vstack([phi, np.diag(np.sqrt(len(y) * penalty))])
    expected = np.linalg.lstsq(rows, np.concatenate([y, np.zeros(20)]), rcond=None)[0]
    np.testing.assert_allclose(ridge(phi, y, penalty), expected, atol=1e-10)


def test_dropout_is_the_average_over_its_masks(problem):
    """The penalty in `compute`: p / (1 − p) w² mean φ², against many drawn masks."""
    phi, y = problem
    w, p = np.linspace(-1, 1, 20), 0.4
    masks = np.random.default_rng(1).random((20_000, 1, 20)) >= p
    averaged = ((y - (phi * masks / (1 - p)) @ w) ** 2).mean()
    closed = ((y - phi @ w) ** 2).mean() + p / (1 - p) * ((phi**2).mean(axis=0) * w**2).sum()
    assert averaged == pytest.approx(closed, rel=0.02)


@pytest.mark.parametrize("l1", [0.01, 0.1])
def test_sparse_solves_the_elastic_net(problem, l1):
    phi, y = problem
    l2 = 0.02
    net = ElasticNet(
        alpha=l1 / 2 + l2, l1_ratio=l1 / 2 / (l1 / 2 + l2), fit_intercept=False, tol=1e-10, max_iter=100_000
    )
    expected = net.fit(phi, y).coef_
    got = sparse(phi * np.sqrt(20), y, np.full((20, 1), l2), l1)[:, 0]
    np.testing.assert_allclose(got, expected, atol=1e-3)
    assert ((got == 0) == (expected == 0)).mean() > 0.8 and (got == 0).any()


def test_worst_where_there_are_as_many_units_as_points_unless_penalised():
    explorer = RegularisationExplorer()
    at = list(explorer.state.true)
    assert at[6] > 5 * at[-1]
    explorer.set(l2=1e-3)
    assert explorer.state.true[6] < at[6] / 5


# -- in a browser --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def modules(browser: Browser) -> Page:
    return functions(browser, "regularisation", "fitted")


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"points": 5, "width": 1, "noise": 0.0},
        {"points": 40, "noise": 1.0, "width": 200, "draw": 20},
        {"l2": 1.0, "width": 30, "draw": 7},
        {"dropout": 0.9, "points": 40, "width": 200, "draw": 11},
        {"l1": 1e-5, "width": 200},
        {"l1": 0.1, "l2": 1e-3, "dropout": 0.5, "points": 40, "width": 50},
    ],
    ids=str,
)
def test_the_pages_fit_is_numpys(values: dict, modules: Page):
    explorer = RegularisationExplorer(**values)
    start = explorer.page()["draws"][explorer.values["draw"] - 1]
    found = modules.evaluate("([v, start]) => nn.fitted(v, start)", [explorer.values, start])
    wanted = explorer.scene()
    assert found.keys() == wanted.keys()
    assert found.pop("zeros") == wanted.pop("zeros")
    for name, numbers in wanted.items():
        np.testing.assert_allclose(
            found[name], numbers, rtol=1e-6, atol=1e-7 * np.abs(numbers).max(), err_msg=name
        )


def test_a_reader_picks_the_width_on_the_errors(browser: Browser, tmp_path: Path):
    widget = RegularisationExplorer()
    reader = Standing(widget, browser, tmp_path)
    expect(reader.status).to_have_text(widget.sentence)
    errors = reader.page.get_by_label("the mean squared error for each number")
    box = errors.bounding_box()

    def at(width: float) -> tuple[float, float]:
        share = np.log(width / 0.9) / np.log(230 / 0.9)
        return box["x"] + 44 + (box["width"] - 54) * share, box["y"] + 120

    reader.drag(at(15), at(90))
    expect(reader.status).to_have_text(RegularisationExplorer(width=100).sentence)
    errors.press("ArrowRight")
    errors.press("ArrowRight")  # there are none wider
    expect(reader.status).to_have_text(RegularisationExplorer(width=WIDTHS[-1]).sentence)
    errors.press("ArrowLeft")
    reader.page.get_by_label("L1: λ").press("End")
    last = RegularisationExplorer(width=100, l1=0.1)
    expect(reader.status).to_have_text(last.sentence)
    assert "with weight zero" in last.sentence
    assert not reader.complaints and "width=100" in reader.page.url
