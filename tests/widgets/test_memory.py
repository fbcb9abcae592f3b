"""The memory explorer draws what a recurrent layer computes and the gradient of the tape; a page does too."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import nnlearn as nn
from nnlearn.widgets.memory import STEPS, MemoryExplorer
from tests.support.figures import Standing, functions


@pytest.mark.parametrize("rotation", [0, 35])
def test_states_and_gradient_are_those_of_a_recurrent_layer(rotation):
    widget = MemoryExplorer(radius=1.2, rotation=rotation, pulse=-0.7)
    angle = np.deg2rad(rotation)
    W = 1.2 * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    x = np.zeros((1, STEPS, 2))
    x[0, 0, 0] = -0.7
    first = nn.rnn(x[:, :1], None, np.eye(2), W, np.zeros(2))[:, 0]
    start = nn.Tensor(first, requires_grad=True)
    rest = nn.rnn(x[:, 1:], start, np.eye(2), W, np.zeros(2))
    np.testing.assert_allclose(widget.state.h[1], first[0])
    np.testing.assert_allclose(widget.state.h[2:], rest.data[0])
    rest[0, -1, 0].backward()
    assert widget.state.gradient[0] == pytest.approx(np.linalg.norm(start.grad))


def test_a_linear_gradient_is_the_radius_to_the_lag():
    widget = MemoryExplorer(radius=0.8, rotation=50, unit="linear", noise=0.4)
    np.testing.assert_allclose(widget.state.gradient, 0.8 ** np.arange(STEPS - 1, -1, -1))
    assert "has vanished" in widget.sentence
    widget.set(radius=1.6)
    assert "has exploded" in widget.sentence
    widget.set(radius=1.0)
    assert "gets through" in widget.sentence


# -- in a browser --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def modules(browser: Browser) -> Page:
    return functions(browser, "memory", "run")


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"radius": 0.0, "rotation": 90, "noise": 0.4},
        {"radius": 1.5, "rotation": 0, "noise": 0.2},
        {"radius": 1.6, "rotation": 65, "pulse": -2.0, "noise": 0.4},
        {"radius": 1.6, "rotation": 20, "pulse": 2.0, "unit": "linear"},
        {"radius": 0.8, "rotation": 50, "pulse": 0.0, "noise": 0.3, "unit": "linear"},
    ],
    ids=str,
)
def test_the_pages_units_are_numpys(values: dict, modules: Page):
    explorer = MemoryExplorer(**values)
    found = modules.evaluate("([v, drawn]) => nn.run(v, drawn)", [explorer.values, explorer.page()["noise"]])
    assert found.keys() == explorer.scene().keys()
    size = np.abs(
        explorer.state.h
    ).max()  # a linear unit that passes through zero keeps the rounding of its peaks
    np.testing.assert_allclose(found["h"], explorer.state.h, rtol=1e-9, atol=1e-13 * size)
    np.testing.assert_allclose(found["gradient"], explorer.state.gradient, rtol=1e-9, atol=1e-300)


def test_a_reader_drags_the_pulse_and_the_eigenvalue_and_reads_a_step(browser: Browser, tmp_path: Path):
    widget = MemoryExplorer()
    reader = Standing(widget, browser, tmp_path)
    page, hint, now = reader.page, reader.page.locator(".hint"), {}
    expect(reader.status).to_have_text(widget.sentence)
    plane, circle = page.get_by_label("drag the pulse"), page.get_by_label("an eigenvalue of the matrix")

    def at(box: dict, up: float, across: float, low: float, high: float) -> tuple[float, float]:
        """Where values are in the window: both axes have one scale, `across` starts in the middle."""
        wide, tall = box["width"] - 54, box["height"] - 64
        scale = tall / (high - low)
        return box["x"] + 44 + wide / 2 + across * scale, box["y"] + 28 + tall - (up - low) * scale

    box, first = plane.bounding_box(), widget.state.h[1, 0]
    reader.drag(at(box, 0, first, -1.2, 1.2), at(box, 0, np.tanh(-0.5), -1.2, 1.2))
    now["pulse"] = -0.5
    expect(reader.status).to_have_text(MemoryExplorer(**now).sentence)
    plane.press("ArrowUp")
    now["pulse"] = -0.4

    box = circle.bounding_box()
    turned = np.deg2rad([20, 60])
    held, wanted = 0.95 * np.exp(1j * turned[0]), 1.3 * np.exp(1j * turned[1])
    reader.drag(*(at(box, z.imag, z.real - 0.5, -0.3, 1.75) for z in (held, wanted)))
    now |= {"radius": 1.3, "rotation": 60}
    expect(reader.status).to_have_text(MemoryExplorer(**now).sentence)
    circle.press("ArrowLeft")
    circle.press("ArrowUp")
    now |= {"radius": 1.25, "rotation": 65}
    page.get_by_role("combobox").select_option("linear")
    now["unit"] = "linear"
    expect(reader.status).to_have_text(MemoryExplorer(**now).sentence)
    box = plane.bounding_box()
    reader.drag(at(box, 0.5, -0.4, -1.2, 1.2), at(box, 0.5, 0.2, -1.2, 1.2))  # whatever the scale has become
    now["pulse"] = 0.2
    last = MemoryExplorer(**now)
    expect(reader.status).to_have_text(last.sentence)

    back = page.get_by_label("the gradient backwards")
    box = back.bounding_box()
    back.hover(position={"x": 44 + (box["width"] - 54) * 0.5, "y": 60})
    expect(hint).to_contain_text("Time 30: ")
    back.press("ArrowLeft")
    arrives = f"{last.state.gradient[28]:.2g}"
    expect(hint).to_contain_text(f"of the gradient {arrives} arrives, ρ to the lag 31 is {arrives}.")
    page.mouse.move(2, 2)
    expect(hint).to_contain_text("Drag the pulse or the eigenvalue")
    assert not reader.complaints and "radius=1.25" in page.url
