"""`rnn`, `lstm`, `gru`: against their composed twins, states carried over, bad input."""

import numpy as np
import pytest

import nnlearn as nn
from tests.support.composed import assert_fused_equals_composed

R = np.random.default_rng(0)


def draw(*shape: int) -> np.ndarray:
    return R.standard_normal(shape)


def rnn(x, h, W_x, W_h, b):
    out = []
    for t in range(x.shape[1]):
        h = nn.tanh(x[:, t] @ W_x + h @ W_h + b)
        out.append(h)
    return nn.stack(out, axis=1)


def lstm(x, h, c, W_x, W_h, b):
    m, out = h.shape[1], []
    for t in range(x.shape[1]):
        z = x[:, t] @ W_x + h @ W_h + b
        i, f, g, o = (z[:, k * m : (k + 1) * m] for k in range(4))
        c = nn.sigmoid(f) * c + nn.sigmoid(i) * nn.tanh(g)
        h = nn.sigmoid(o) * nn.tanh(c)
        out.append(h)
    return nn.stack(out, axis=1), c


def gru(x, h, W_x, W_h, b):
    m, out = h.shape[1], []
    for t in range(x.shape[1]):
        a, s = x[:, t] @ W_x + b, h @ W_h
        r, z = nn.sigmoid(a[:, :m] + s[:, :m]), nn.sigmoid(a[:, m : 2 * m] + s[:, m : 2 * m])
        n = nn.tanh(a[:, 2 * m :] + r * s[:, 2 * m :])
        h = (1 - z) * n + z * h
        out.append(h)
    return nn.stack(out, axis=1)


STATES = {"rnn": (1, 1), "lstm": (4, 2), "gru": (3, 1)}


def recurrent_inputs(kind: str, T: int = 5) -> list[np.ndarray]:
    gates, states = STATES[kind]
    return [
        draw(3, T, 2),
        *(draw(3, 4) for _ in range(states)),
        draw(2, gates * 4),
        draw(4, gates * 4),
        draw(gates * 4),
    ]


TWINS = {
    "rnn": (nn.rnn, rnn, recurrent_inputs("rnn"), {}),
    "lstm": (nn.lstm, lstm, recurrent_inputs("lstm"), {}),
    "gru": (nn.gru, gru, recurrent_inputs("gru"), {}),
    "one step": (nn.lstm, lstm, recurrent_inputs("lstm", 1), {}),
}


@pytest.mark.parametrize("name", TWINS)
def test_fused_equals_composed(name: str) -> None:
    assert_fused_equals_composed(*TWINS[name])


def test_states_carry_a_sequence_over() -> None:
    """Two halves, the second starting where the first ended, equal the whole."""
    for kind, f in (("rnn", nn.rnn), ("gru", nn.gru)):
        x, h, *weights = recurrent_inputs(kind)
        first = f(x[:, :2], h, *weights)
        np.testing.assert_allclose(f(x[:, 2:], first[:, -1], *weights), f(x, h, *weights)[:, 2:])
    x, h, c, *weights = recurrent_inputs("lstm")
    whole, last = nn.lstm(x, h, c, *weights)
    first, middle = nn.lstm(x[:, :2], h, c, *weights)
    second, end = nn.lstm(x[:, 2:], first[:, -1], middle, *weights)
    np.testing.assert_allclose(second, whole[:, 2:])
    np.testing.assert_allclose(end, last)
    np.testing.assert_array_equal(nn.lstm(x, None, None, *weights)[0], nn.lstm(x, 0 * h, 0 * c, *weights)[0])


ONES = np.ones((2, 64))

MISUSES = {
    "rnn: x must be \\(B, T, 3\\)": lambda: nn.rnn(ONES, None, np.ones((3, 2)), np.ones((2, 2)), np.ones(2)),
    "gru: for m units W_x is \\(n, 3m\\)": lambda: nn.gru(
        np.ones((1, 2, 3)), None, np.ones((3, 2)), np.ones((2, 2)), np.ones(2)
    ),
    "lstm: c0 must be \\(1, 2\\)": lambda: nn.lstm(
        np.ones((1, 2, 3)), None, np.ones((2, 2)), np.ones((3, 8)), np.ones((2, 8)), np.ones(8)
    ),
}


@pytest.mark.parametrize("message", MISUSES)
def test_bad_input_is_explained(message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        MISUSES[message]()
