"""The memory explorer draws what a recurrent layer computes, and the gradient that the tape finds."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.widgets.memory import STEPS, MemoryExplorer


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
