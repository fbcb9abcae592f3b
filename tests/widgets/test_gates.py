"""The gate explorer draws what the package's LSTM computes, and the tape's gradients; a page does too."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import nnlearn as nn
from nnlearn.widgets import GateExplorer
from nnlearn.widgets.gates import CUE, ERASE, PULSE, STEPS
from tests.support.figures import Standing, functions

SETTINGS = [
    {},
    {"forget": 4.0, "input": 1.0, "output": 0.0, "noise": 1.0},
    {"forget": 8.0, "noise": 0.0, "erase": True},
]


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_the_cell_is_the_packages_lstm(setting):
    explorer = GateExplorer(**setting)
    state, values = explorer.state, explorer.values
    x = np.zeros((1, STEPS, 3))  # what is heard, the cue, the order to erase
    x[0, :, 0], x[0, PULSE, 1], x[0, ERASE, 2] = state.x, 1, values["erase"]
    W_x = np.array([[0, 0, 1.0, 0], [CUE, 0, 0, 0], [0, -12.0, 0, 0]])
    b = np.array([values["input"], values["forget"], 0, values["output"]])
    h, c = nn.lstm(x, None, None, W_x, np.zeros((1, 4)), b)
    np.testing.assert_allclose(state.h, h[0, :, 0], atol=1e-12)
    np.testing.assert_allclose(state.c[-1], c[0, 0], atol=1e-12)


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_the_gradients_are_the_tapes(setting):
    state = GateExplorer(**setting).state
    later = state.x[None, PULSE + 1 :, None]
    w, one, cell = np.full((1, 1), state.keeps), np.ones((1, 1)), nn.Tensor(state.c[[PULSE], None], True)
    h = nn.Tensor(state.plain[[PULSE], None], requires_grad=True)
    nn.rnn(later, h, one, w, np.zeros(1))[:, -1].backward(one)
    np.testing.assert_allclose(state.plain_back[PULSE], h.grad[0, 0])
    for f in state.gates[0, PULSE + 1 :]:
        cell = cell * f
    np.testing.assert_allclose(cell.data[0, 0], state.c[PULSE] * state.back[PULSE])
    assert state.back[-1] == state.plain_back[-1] == 1


def test_nothing_left_is_not_less_than_nothing():
    said = GateExplorer(forget=-2.0, noise=0.1).sentence
    assert "holds 0.00 at the end" in said


# -- in a browser --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def modules(browser: Browser) -> Page:
    return functions(browser, "gates", "run")


@pytest.mark.parametrize(
    "setting",
    [
        *SETTINGS,
        {"forget": -2.0, "input": -8.0, "output": -6.0},
        {"forget": 8.0, "input": 4.0, "output": 6.0, "noise": 1.0},
        {"forget": 2.25, "input": 0.5, "noise": 0.7, "erase": True},
    ],
    ids=str,
)
def test_the_pages_unit_is_numpys(setting: dict, modules: Page):
    explorer = GateExplorer(**setting)
    found = modules.evaluate("([v, drawn]) => nn.run(v, drawn)", [explorer.values, explorer.page()["noise"]])
    assert found.keys() == explorer.scene().keys()
    for name, value in vars(explorer.state).items():
        np.testing.assert_allclose(found[name], value, rtol=1e-9, atol=1e-15, err_msg=name)


def test_a_reader_drags_the_gates_and_reads_a_step(browser: Browser, tmp_path: Path):
    widget = GateExplorer()
    reader = Standing(widget, browser, tmp_path)
    page, hint, now = reader.page, reader.page.locator(".hint"), {}
    expect(reader.status).to_have_text(widget.sentence)
    gates, cells = page.get_by_label("the gates: drag one"), page.get_by_label("the cell, the unit's output")
    box = gates.bounding_box()

    def at(step: float, gate: float) -> tuple[float, float]:
        across, up = step / (STEPS - 1), (gate + 0.1) / 1.2
        high = box["height"] - 64
        return box["x"] + 44 + across * (box["width"] - 54), box["y"] + 28 + high * (1 - up)

    reader.drag(at(20, widget.state.keeps), at(20, 0.5))
    now["forget"] = 0.0
    expect(reader.status).to_have_text(GateExplorer(**now).sentence)
    gates.press("ArrowUp")
    now["forget"] = 0.25
    expect(reader.status).to_have_text(GateExplorer(**now).sentence)
    reader.drag(at(36, 0.0), at(60, 1.1))
    now["input"] = 4.0
    expect(reader.status).to_have_text(GateExplorer(**now).sentence)
    gates.press("ArrowRight")
    gates.press("ArrowDown")
    now["output"] = 3.75
    page.get_by_label("erase at step").check()
    now["erase"] = True
    last = GateExplorer(**now)
    expect(reader.status).to_have_text(last.sentence)

    box = cells.bounding_box()
    cells.hover(position={"x": 44 + (box["width"] - 54) * ERASE / (STEPS - 1), "y": 90})
    expect(hint).to_contain_text(f"Step {ERASE}: ")
    expect(hint).to_contain_text("forget 0.000, input 0.982, output 0.977")
    cells.press("ArrowRight")
    expect(hint).to_contain_text(f"Step {ERASE + 1}: ")
    expect(hint).to_contain_text(f"Gradient {last.state.back[ERASE + 1]:.2g}, without gates")
    page.mouse.move(2, 2)
    expect(hint).to_contain_text("Drag a gate by its dot")
    assert not reader.complaints and "output=3.75" in page.url
