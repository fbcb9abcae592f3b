"""The activation explorer: the slope it draws, and what its layers do to a signal and a nudge."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.widgets.activation import FUNCTIONS, ActivationExplorer


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_slope_is_the_tapes(name):
    explorer = ActivationExplorer(activation=name)
    z = nn.Tensor(explorer.x, requires_grad=True)
    value = getattr(nn, name)(z)
    value.sum().backward()
    np.testing.assert_allclose(explorer.state.value, value.data)
    smooth = abs(explorer.x) > 0.1  # not at the corner of a rectifier
    np.testing.assert_allclose(explorer.state.slope[smooth], z.grad[smooth], atol=2e-3)


@pytest.mark.parametrize("name", ["tanh", "gelu"])
def test_the_nudge_is_what_a_small_change_becomes(name):
    explorer = ActivationExplorer(activation=name, depth=6, gain=1.4, bias=0.3)
    a, d = explorer.inputs
    f, change = getattr(nn, name), 1e-6 * d
    moved = a + change
    for k, W in enumerate(1.4 * explorer.weights[:6], 1):
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
