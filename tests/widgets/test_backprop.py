"""The backprop stepper: every number it shows is right, and the rule it shows for it gives that number."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import nnlearn as nn
from nnlearn.widgets import BackpropStepper
from nnlearn.widgets.backprop import ACTIVATIONS, BACKWARD, NODES, PLAN, START, STEPS, UPDATES, graph
from tests.support.figures import Standing, functions

INPUTS = {"x1": 1.3, "x2": -0.7, "y": 0.4}


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_agree_with_differences(activation):
    names = [name[1:] for name, _, _ in BACKWARD if name[1] in "wvx"]
    assert len(names) == 8
    given = INPUTS | START

    def loss(*values):
        moved = given | {name: float(value) for name, value in zip(names, values, strict=True)}
        weights = {name: moved[name] for name in START}
        return graph(moved["x1"], moved["x2"], moved["y"], weights, activation)["L"]

    numbers = graph(**INPUTS, weights=START, activation=activation)
    gradients = [np.array(numbers["d" + name]) for name in names]
    assert nn.gradcheck(loss, *(np.array(given[name]) for name in names), gradients=gradients) < 1e-7


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("name, rule, template", STEPS, ids=[name for name, _, _ in STEPS])
def test_the_rule_shown_gives_the_number_shown(name, rule, template, activation):
    numbers = graph(**INPUTS, weights=START, activation=activation)
    arithmetic = template.replace("·", "*").replace("−", "-").replace("²", "**2")
    arithmetic = arithmetic.format(**{key: f"({value!r})" for key, value in numbers.items()})
    shown = eval(arithmetic, {"f": ACTIVATIONS[activation][0]})
    assert shown == pytest.approx(numbers[name])
    assert rule.partition(" = ")[0].startswith("∂L/∂" if name.startswith("d") else rule[0])


def test_an_update_goes_against_the_gradient():
    explorer = BackpropStepper(lr=0.1)
    before = explorer.state.numbers
    explorer.set(update=1)
    for name in START:
        assert explorer.state.numbers[name] == pytest.approx(before[name] - 0.1 * before["d" + name])
    assert explorer.state.numbers["L"] == explorer.state.losses[1] < before["L"]


def test_too_large_a_learning_rate_is_named():
    explorer = BackpropStepper(lr=1.0, x1=2.0, x2=2.0, y=-2.0, activation="tanh", update=UPDATES)
    assert explorer.state.update < UPDATES and np.isnan(explorer.state.losses[explorer.state.update + 1])
    assert "try a smaller learning rate" in explorer.sentence


# -- in a browser --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def modules(browser: Browser) -> Page:
    return functions(browser, "backprop", "learn", "explain")


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(
    "values",
    [
        {},
        INPUTS | {"update": 30},
        {"x1": 2.0, "x2": 2.0, "y": -2.0, "lr": 1.0, "update": 9},
        {"x2": 0.0, "lr": 0.3},
    ],
    ids=str,
)
def test_the_page_computes_and_learns_as_numpy_does(activation: str, values: dict, modules: Page):
    explorer = BackpropStepper(activation=activation, **values)
    found = modules.evaluate("(a) => nn.learn(...a)", [explorer.values, explorer.page()])
    state = explorer.state
    assert found["update"] == state.update
    assert found["numbers"] == pytest.approx(state.numbers, rel=1e-9, abs=1e-12)
    losses = [np.nan if loss is None else loss for loss in found["losses"]]
    np.testing.assert_allclose(losses, state.losses, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("step", range(len(STEPS) + 1))
def test_the_page_explains_each_step_in_the_same_words(step: int, modules: Page):
    explorer = BackpropStepper(**INPUTS, step=step, update=2)
    found = modules.evaluate("(a) => nn.explain(...a)", [step, explorer.state.numbers, PLAN])
    scene = explorer.scene()
    assert found == {name: scene[name] for name in ("phase", "rule", "worked")}


def test_a_reader_steps_presses_and_lets_it_learn(browser: Browser, tmp_path: Path):
    reader = Standing(BackpropStepper(), browser, tmp_path)
    page, status, steps = reader.page, reader.status, [name for name, _, _ in STEPS]
    expect(status).to_have_text(BackpropStepper().sentence)
    reader.press("Step")
    network = page.get_by_label("the network")
    network.press("ArrowRight")
    expect(status).to_have_text(BackpropStepper(step=2).sentence)
    box = network.bounding_box()
    x, y = np.array(NODES["h2"])
    h2 = box["x"] + box["width"] * (x + 0.75) / 11, box["y"] + box["height"] * (2.4 - y) / 4.6
    page.mouse.click(*h2)
    expect(status).to_have_text(BackpropStepper(step=steps.index("h2") + 1).sentence)
    page.mouse.click(*h2)
    now = {"step": steps.index("dh2") + 1}
    expect(status).to_have_text(BackpropStepper(**now).sentence)
    box = page.get_by_label("the loss at each update").bounding_box()
    twelve = box["x"] + 44 + (box["width"] - 54) * 13 / 32
    page.mouse.click(twelve, box["y"] + 100)
    page.get_by_label("learning rate").press("End")
    now |= {"update": 12, "lr": 1.0}
    expect(status).to_have_text(BackpropStepper(**now).sentence)
    page.get_by_label("activation f").select_option("relu")
    page.get_by_role("slider", name="step", exact=True).press("End")
    page.get_by_role("slider", name="step", exact=True).press("ArrowLeft")
    reader.press("▶ Play")
    now |= {"step": len(STEPS), "activation": "relu"}
    expect(status).to_have_text(BackpropStepper(**now).sentence)
    expect(page.get_by_role("button", name="▶ Play")).to_be_visible()
    assert not reader.complaints
