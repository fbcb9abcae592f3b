"""The gate explorer draws what the package's LSTM computes, and the gradient the tape finds."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.widgets.gates import CUE, ERASE, PULSE, STEPS

SETTINGS = [
    {},
    {"forget": 4.0, "input": 1.0, "output": 0.0, "noise": 1.0},
    {"forget": 8.0, "noise": 0.0, "erase": True},
]


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_the_cell_is_the_packages_lstm(setting):
    explorer = nn.widgets.GateExplorer(**setting)
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
    state = nn.widgets.GateExplorer(**setting).state
    later = state.x[None, PULSE + 1 :, None]
    w, one, cell = np.full((1, 1), state.keeps), np.ones((1, 1)), nn.Tensor(state.c[[PULSE], None], True)
    h = nn.Tensor(state.plain[[PULSE], None], requires_grad=True)
    nn.rnn(later, h, one, w, np.zeros(1))[:, -1].backward(one)
    np.testing.assert_allclose(state.plain_back[PULSE], h.grad[0, 0])
    for f in state.gates[0, PULSE + 1 :]:
        cell = cell * f
    np.testing.assert_allclose(cell.data[0, 0], state.c[PULSE] * state.back[PULSE])
    assert state.back[-1] == state.plain_back[-1] == 1
