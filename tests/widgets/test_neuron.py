from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from nnlearn.widgets import NeuronExplorer
from nnlearn.widgets.neuron import ACTIVATIONS, GATES, half_plane
from tests.support.figures import Standing, functions


@pytest.mark.parametrize("b", [-2.0, -1.1, -1.0, -0.1, 0.0, 0.7])
def test_cell_fires_where_the_unit_does(b):
    """Also exactly at the threshold, where b outweighs the inputs to the last digit."""
    explorer = NeuronExplorer(b=b, x1=0.7, x2=0.3)
    fires = explorer.state["rate"] > 0
    assert fires == explorer.state["a"] == (b > -1)
    np.testing.assert_array_equal(explorer.state["corner_rates"] > 0, explorer.state["corner_a"] > 0)
    seldom = explorer.state["rate"] <= 20  # it may need longer than is shown
    assert seldom or len(explorer.state["spikes"]) > 1


@pytest.mark.parametrize(
    ("w1", "w2", "b", "gate"),
    [
        (1, 1, -1.5, "AND"),
        (1, 1, -0.5, "OR"),
        (-1, -1, 1.5, "NAND"),
        (0, -1, 0.5, "not x₂"),
        (0, 0, 0, "always 0"),
    ],
)
def test_names_the_gate(w1, w2, b, gate):
    assert NeuronExplorer(w1=w1, w2=w2, b=b).sentence.endswith(f"the gate {gate}.")


@pytest.mark.parametrize("seed", range(5))
def test_half_plane_is_where_the_sum_is_positive(seed):
    rng = np.random.default_rng(seed)
    w, b = rng.normal(size=2), 0.3 * rng.normal()
    x, y = half_plane(w, b, -1, 1).T
    area = abs(x @ np.roll(y, 1) - y @ np.roll(x, 1)) / 2
    points = rng.uniform(-1, 1, (20_000, 2))
    assert area / 4 == pytest.approx((points @ w + b > 0).mean(), abs=0.02)


# -- in a browser --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page(browser: Browser) -> Page:
    return functions(browser, "neuron", "both", "halfPlane")


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(
    "values",
    [
        {},
        {"x1": 0.7, "x2": 0.3, "b": -1.0},  # at the threshold
        {"w1": 2.0, "w2": 2.0, "b": 2.0, "t_ref": 0.5},  # two and a half steps
        {"w1": 0.3, "w2": -1.2, "b": 1.1, "t_ref": 2.5},
        {"w1": -2.0, "w2": -2.0, "b": -2.0, "t_ref": 10.0},
        {"w1": 0.9, "x2": 0.0, "b": -0.8, "t_ref": 0.0},
    ],
)
def test_the_page_finds_what_numpy_does(activation: str, values: dict, page: Page):
    explorer = NeuronExplorer(activation=activation, **values)
    state = explorer.state
    found = page.evaluate("([values, gates]) => nn.both(values, gates)", [explorer.values, GATES])
    for name, wanted in {
        "V": "V", "spikes": "spikes", "parts": "parts", "rate": "rate", "a": "a", "rates": "rate_curve",
        "outputs": "unit_curve", "cornerRates": "corner_rates", "cornerOutputs": "corner_a",
    }.items():  # fmt: skip
        np.testing.assert_allclose(found[name], state[wanted], rtol=1e-9, atol=1e-9, err_msg=name)
    assert found["gate"] == state["gate"] and found.keys() == explorer.scene().keys()


@pytest.mark.parametrize(
    ("w", "b"), [((1.0, 1.0), -0.5), ((-2.0, 0.3), 0.4), ((0.0, 0.0), 1.0), ((1.0, 0.0), -2.0)]
)
def test_the_page_shades_what_numpy_does(w: tuple, b: float, page: Page):
    found = page.evaluate("(a) => nn.halfPlane(...a)", [w, b, -0.35, 1.35])
    np.testing.assert_allclose(np.reshape(found, (-1, 2)), half_plane(np.array(w), b, -0.35, 1.35), atol=1e-9)


def test_a_reader_moves_the_input_and_the_bias_and_plays(browser: Browser, tmp_path: Path):
    reader = Standing(NeuronExplorer(), browser, tmp_path)
    page, status = reader.page, reader.status
    expect(status).to_have_text(NeuronExplorer().sentence)
    plane, curves = page.get_by_label("the plane of inputs"), page.get_by_label("over z")
    box = plane.bounding_box()
    side, centre = box["height"] - 44, box["x"] + box["width"] / 2  # from −0.35 to 1.35

    def at(x1: float, x2: float) -> tuple[float, float]:
        return centre + (x1 - 0.5) * side / 1.7, box["y"] + 22 + (1.35 - x2) * side / 1.7

    reader.drag(at(1, 1), at(0.3, -0.2))
    expect(status).to_have_text(NeuronExplorer(x1=0.3, x2=0.0).sentence)
    plane.press("ArrowRight")
    plane.press("ArrowUp")
    expect(status).to_have_text(NeuronExplorer(x1=0.4, x2=0.1).sentence)
    expect(page.get_by_label("input x₁")).to_have_value("0.4")
    box = curves.bounding_box()
    zero = box["x"] + 40 + (box["width"] - 104) / 2  # of z, which is 0.5 + b
    reader.drag((zero, box["y"] + 90), (zero + (box["width"] - 104) / 12, box["y"] + 90))
    expect(status).to_have_text(NeuronExplorer(x1=0.4, x2=0.1, b=0.5).sentence)
    curves.press("ArrowLeft")
    expect(status).to_have_text(NeuronExplorer(x1=0.4, x2=0.1, b=0.4).sentence)
    page.get_by_label("activation f").select_option("tanh")
    moved = NeuronExplorer(x1=0.4, x2=0.1, b=0.4, activation="tanh")
    expect(status).to_have_text(moved.sentence)

    trace = page.get_by_label("membrane potential")
    whole = trace.evaluate("canvas => canvas.toDataURL()")
    reader.press("▶ Play")
    page.wait_for_function(f"whole => {TRACE}.toDataURL() !== whole", arg=whole)
    reader.press("❚❚ Pause")
    reader.press("▶ Play")
    page.wait_for_function(f"whole => {TRACE}.toDataURL() === whole", arg=whole)
    expect(page.get_by_role("button", name="▶ Play")).to_be_visible()
    assert not reader.complaints


TRACE = "document.querySelector('canvas')"  # the first of four
