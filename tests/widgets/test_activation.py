"""The activation explorer: the slope it draws, what its layers do, and a page that computes the same."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import nnlearn as nn
from nnlearn.widgets import chance
from nnlearn.widgets.activation import FUNCTIONS, ActivationExplorer, X, inputs, signal, weights
from tests.support.figures import Standing, functions


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_slope_is_that_of_the_curve(name):
    state = ActivationExplorer(activation=name).state
    np.testing.assert_allclose(state.value, getattr(nn, name)(X))
    smooth = abs(X) > 0.1  # not at the corner of a rectifier
    np.testing.assert_allclose(state.slope[smooth], np.gradient(state.value, X)[smooth], atol=2e-3)


def test_the_point_stands_where_it_is_put():
    for z in (-5.0, -0.3, 0.0, 2.7, 5.0):
        explorer = ActivationExplorer(activation="tanh", z=z)
        value, slope = np.tanh(z), 1 - np.tanh(z) ** 2
        assert f"at z = {z:.1f} its value is {value:.3g}, its slope {slope:.3g}." in explorer.sentence


def test_the_weights_keep_the_size_of_what_they_multiply():
    a = inputs()[0]
    assert a.mean() == pytest.approx(0, abs=0.05) and a.std() == pytest.approx(1, abs=0.05)
    assert weights().std() * 10 == pytest.approx(1, abs=0.01)
    assert abs(np.corrcoef(weights()[:8].reshape(8, -1)) - np.eye(8)).max() < 0.05


@pytest.mark.parametrize("name", ["tanh", "gelu"])
def test_the_nudge_is_what_a_small_change_becomes(name):
    explorer = ActivationExplorer(activation=name, depth=6, gain=1.4, bias=0.3)
    a, d = inputs()
    f, change = getattr(nn, name), 1e-6 * d
    moved = a + change
    for k, W in enumerate(1.4 * weights()[:6], 1):
        a, moved = f(a @ W + 0.3), f(moved @ W + 0.3)
        left = np.linalg.norm(moved - a) / np.linalg.norm(change)
        assert explorer.state.nudge[k] == pytest.approx(left, rel=1e-4)
        assert explorer.state.spread[k] == pytest.approx(np.sqrt((a**2).mean()))


@pytest.mark.parametrize(
    ("values", "fate"),
    [
        ({}, "vanishes"),
        ({"activation": "relu", "gain": 3.0}, "explodes"),
        ({"activation": "tanh"}, "survives"),
    ],
)
def test_says_what_becomes_of_the_nudge(values, fate):
    assert f"it {fate}" in ActivationExplorer(**values).sentence


def test_counts_neurons_that_never_fire():
    explorer = ActivationExplorer(activation="relu", bias=-3.0)
    assert explorer.state.silent == 1 and "100% of the last layer's neurons never fire" in explorer.sentence


def test_the_bars_are_where_the_last_layers_sums_lie():
    a, state = inputs()[0], signal("sigmoid", 1.0, 0.5, 2)
    for W in weights()[:2]:
        z = a @ W + 0.5
        a = 1 / (1 + np.exp(-z))
    inside = z[abs(z) < 5]
    assert state.bars.sum() == pytest.approx(inside.size / z.size)
    places = np.linspace(-5, 5, 40, endpoint=False) + 0.125
    assert state.bars @ places == pytest.approx(inside.sum() / z.size, abs=0.02)


def test_a_point_that_moves_sends_no_layers():
    explorer, sent = ActivationExplorer(), []
    explorer.view.observe(lambda change: sent.append(change["name"]), "scene")
    explorer.view.values = {**explorer.values, "z": -2.0}
    assert "at z = -2.0" in explorer.sentence and not sent
    explorer.view.values = {**explorer.values, "gain": 2.0}
    assert sent == ["scene"]


# -- in a browser --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def modules(browser: Browser) -> Page:
    return functions(browser, "activation", "ACTIVATIONS", "POINTS", "chance", "signal")


@pytest.mark.parametrize("seed", [0, 1, 20, 2**32 - 1])
def test_the_page_draws_the_same_numbers(seed: int, modules: Page):
    for name in ("uniform", "normal"):
        found = modules.evaluate(
            "([seed, name]) => { const c = nn.chance(seed); return Array.from({ length: 99 }, c[name]); }",
            [seed, name],
        )
        np.testing.assert_allclose(found, getattr(chance, name)(seed, 99), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize(("gain", "bias", "depth"), [(1.0, 0.0, 1), (0.5, -3.0, 40), (3.0, 0.7, 25)], ids=str)
def test_the_pages_layers_are_numpys(name: str, gain: float, bias: float, depth: int, modules: Page):
    found = modules.evaluate(
        """(a) => { const [f, slope] = nn.ACTIVATIONS[a[0]], value = nn.POINTS.map((z) => f(z));
            return { ...nn.signal(...a), value, slope: nn.POINTS.map((z, k) => slope(z, value[k])) }; }""",
        [name, gain, bias, depth],
    )
    state = signal(name, gain, bias, depth)
    for part in ("value", "slope", "spread", "nudge", "bars"):
        np.testing.assert_allclose(found[part], getattr(state, part), rtol=1e-6, atol=1e-12, err_msg=part)
    assert found["silent"] == state.silent


def test_a_reader_moves_the_point_and_the_layers(browser: Browser, tmp_path: Path):
    widget = ActivationExplorer()
    reader = Standing(widget, browser, tmp_path)
    page = reader.page
    expect(reader.status).to_have_text(widget.sentence)
    curve, layers = page.get_by_label("drag the point"), page.get_by_label("drag to set the number")
    box = curve.bounding_box()
    at = {z: (box["x"] + 44 + (box["width"] - 54) * (z + 5) / 10, box["y"] + 150) for z in (-4, 2)}
    reader.drag(at[-4], at[2])
    expect(reader.status).to_have_text(ActivationExplorer(z=2.0).sentence)
    curve.press("ArrowLeft")
    expect(reader.status).to_have_text(ActivationExplorer(z=1.9).sentence)
    box = layers.bounding_box()
    reader.drag((box["x"] + 200, box["y"] + 90), (box["x"] + box["width"] + 30, box["y"] + 90))
    expect(reader.status).to_have_text(ActivationExplorer(z=1.9, depth=40).sentence)
    layers.press("ArrowDown")
    page.locator("select").select_option("relu")
    page.get_by_label("bias").press("Home")
    last = ActivationExplorer(activation="relu", bias=-3.0, z=1.9, depth=39)
    expect(reader.status).to_have_text(last.sentence)
    reader.says("100% of the last layer's neurons never fire")
    assert not reader.complaints and "depth=39" in page.url
