"""The backprop stepper: every number it shows is right, and the rule it shows for it gives that number."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.widgets import BackpropStepper
from nnlearn.widgets.backprop import ACTIVATIONS, BACKWARD, START, STEPS, UPDATES, graph

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
