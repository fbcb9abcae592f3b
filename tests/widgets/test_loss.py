"""The loss explorer's losses and slopes are the package's, in NumPy and on a page; and its lowest point."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import nnlearn as nn
from nnlearn.widgets import LossExplorer
from nnlearn.widgets.loss import LOSSES, WEIGHTS, X, study
from tests.support.figures import Standing, functions

PACKAGE = {
    "squared error": (nn.mse_loss, 0.0),
    "absolute error": (nn.l1_loss, 0.0),
    "Huber": (lambda z, y: nn.huber_loss(z, y, 0.7), 0.0),
    "cross-entropy": (nn.binary_cross_entropy, 1.0),
    "squared error of p": (lambda z, y: nn.mse_loss(nn.sigmoid(z), y), 1.0),
    "hinge": (nn.hinge_loss, 1.0),
}


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("prediction", [-2.3, -0.4, 0.6, 3.1])
def test_loss_and_slope_are_the_packages(name, prediction):
    loss, truth = PACKAGE[name]
    z = nn.Tensor(np.array([prediction]), requires_grad=True)
    value = loss(z, np.array([truth]))
    value.backward()
    explorer = LossExplorer(loss=name, prediction=prediction, delta=0.7)
    height, slope = explorer.at(explorer.state)
    assert height == pytest.approx(value.item(), abs=1e-9)
    assert slope == pytest.approx(z.grad[0], abs=1e-5)


def test_the_best_line_by_squares_is_least_squares():
    state = LossExplorer(loss="squared error", outlier=4.0).state
    w, b = np.polyfit(state.x, state.y, 1)
    assert state.best == pytest.approx((w, b), abs=WEIGHTS[1] - WEIGHTS[0])


def test_an_outlier_moves_squares_further_than_absolute_values():
    def shift(name):
        lines = [LossExplorer(loss=name, outlier=o).state.best for o in (0.0, 8.0)]
        return np.abs(np.subtract(*lines)).max()

    assert shift("squared error") > 0.5 > shift("absolute error")


def test_the_outlier_of_a_question_stands_far_among_the_no():
    state = LossExplorer(loss="cross-entropy", outlier=8.0).state
    moved = state.x != X
    assert moved.sum() == 1 and state.y[moved] == 1 and state.x[moved] < -2


def test_a_prediction_that_moves_sends_no_surface():
    explorer, sent = LossExplorer(), []
    explorer.view.observe(lambda change: sent.append(change["name"]), "scene")
    explorer.view.values = {**explorer.values, "prediction": -3.0}
    assert "at -3.0 the loss is 2.5 and its slope -1." in explorer.sentence and not sent
    explorer.view.values = {**explorer.values, "outlier": 4.0}
    assert sent == ["scene"]


# -- in a browser --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def modules(browser: Browser) -> Page:
    return functions(browser, "loss", "study")


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize(("delta", "outlier"), [(1.0, 0.0), (0.3, 5.0), (3.0, 8.0)], ids=str)
def test_the_pages_curve_and_surface_are_numpys(name: str, delta: float, outlier: float, modules: Page):
    found = modules.evaluate(
        "(a) => { const found = nn.study(...a); return { ...found, surface: [...found.surface] }; }",
        [name, delta, outlier, LossExplorer().page()],
    )
    state = study(name, delta, outlier)
    for part in ("curve", "slopes", "x", "y"):
        np.testing.assert_allclose(found[part], getattr(state, part), rtol=1e-9, atol=1e-9, err_msg=part)
    np.testing.assert_allclose(found["surface"], state.surface.ravel(), rtol=1e-9, atol=1e-9)
    assert tuple(found["best"]) == state.best


def test_a_reader_moves_the_prediction_and_the_outlier(browser: Browser, tmp_path: Path):
    widget = LossExplorer(loss="squared error")
    reader = Standing(widget, browser, tmp_path)
    page, now = reader.page, {"loss": "squared error"}
    expect(reader.status).to_have_text(widget.sentence)

    def pixel(box: dict, across: float, up: float) -> tuple[float, float]:
        """Where shares of the way across and up the axes are in the window."""
        return box["x"] + 44 + (box["width"] - 54) * across, box["y"] + 28 + 236 * (1 - up)

    curve, data = page.get_by_label("drag the prediction"), page.get_by_label("drag the outlier")
    box = curve.bounding_box()
    reader.drag(pixel(box, 0.5, 0.5), pixel(box, 10.5 / 12, 0.5))
    expect(reader.status).to_have_text(LossExplorer(**now, prediction=4.5).sentence)
    curve.press("ArrowDown")
    now["prediction"] = 4.4
    expect(reader.status).to_have_text(LossExplorer(**now).sentence)

    box, value = data.bounding_box(), widget.state.y[-2]
    reader.drag(pixel(box, 0.9, 0.2), pixel(box, 0.9, (value + 6 + 2.5) / 11.5))
    expect(reader.status).to_have_text(LossExplorer(**now, outlier=6.0).sentence)
    data.press("ArrowUp")
    expect(reader.status).to_have_text(LossExplorer(**now, outlier=6.2).sentence)
    page.locator("select").select_option("hinge")
    now["loss"] = "hinge"
    expect(reader.status).to_have_text(LossExplorer(**now, outlier=6.2).sentence)
    reader.drag(pixel(box, 0.5, 0.5), pixel(box, (X[-2] - 0.8 + 2.7) / 3.9, 0.5))
    expect(reader.status).to_have_text(LossExplorer(**now, outlier=2.0).sentence)
    data.press("ArrowLeft")
    expect(reader.status).to_have_text(LossExplorer(**now, outlier=2.2).sentence)
    assert not reader.complaints and "outlier=2.2" in page.url
