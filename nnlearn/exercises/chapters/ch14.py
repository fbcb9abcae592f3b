from functools import partial

import numpy as np

import nnlearn as nn
from nnlearn.exercises import Explain, Function, Predict, Value, edit

LASTS = Predict(1, "more than ten times as long", mistakes=[
    ("thinks the bias does not matter", "equally long",
     "Compute σ(0) and σ(3). What is left of the cell after five steps of each?"),
    ("takes the bias for the factor", "about three times as long",
     "The gate is σ(bias), and it multiplies at every step. How often can you multiply with σ(3) until a "
     "half is left?"),
], after="At σ(0) = 0.5 half is left after one step, at σ(3) = 0.95 after fourteen.")

BIAS = Value(2, -np.log(2 ** (1 / 100) - 1), rtol=5e-3, mistakes=[
    ("the gate, not its bias", 0.5 ** (1 / 100),
     "That is where the gate must stand. Which bias brings a sigmoid there?"),
    ("the rule of thumb", np.log(100),
     "Close: that bias leaves about 1/e = 37 % after 100 steps, and a half is asked for."),
    ("the other sign", np.log(2 ** (1 / 100) - 1), "With this sign the gate is nearly shut."),
    ("one step", 0.0, "At σ(0) = 0.5, half is left after one step. After a hundred steps, f¹⁰⁰ is left."),
], after="f¹⁰⁰ = 1/2 and f = σ(b): b = −ln(2^(1/100) − 1) = 4.97.")


def states_and_weights(gates, rng):
    for name, B, n, m, size in [
        ("one sequence, two units", 1, 3, 2, 1.0),
        ("a batch of four", 4, 2, 3, 1.0),
        ("one unit", 2, 1, 1, 2.0),
        ("no weights, only biases", 2, 3, 2, 0.0),
    ]:
        states = [rng.normal(size=(B, n)), np.tanh(rng.normal(size=(B, m)))]
        if gates == 4:  # an LSTM has a cell too
            states.append(2 * rng.normal(size=(B, m)))
        weights = size * rng.normal(size=(n, gates * m)), size * rng.normal(size=(m, gates * m))
        yield name, *states, *weights, rng.normal(size=gates * m)


def lstm_step(x, h, c, W_x, W_h, b):
    i, f, g, o = np.split(x @ W_x + h @ W_h + b, 4, axis=-1)
    new = nn.sigmoid(f) * c + nn.sigmoid(i) * np.tanh(g)
    return nn.sigmoid(o) * np.tanh(new), new


LSTM_STEP = Function(3, lstm_step, partial(states_and_weights, 4), allows=("sigmoid",), mistakes=[
    ("input and forget gate exchanged", edit("i, f, g, o =", "f, i, g, o ="),
     "Your input gate keeps and your forget gate writes. The first block is i: it multiplies the candidate."),
    ("another library's order", edit("i, f, g, o =", "i, f, o, g ="),
     "The third block is the candidate g, the fourth the output gate o: i, f, g, o."),
    ("a sigmoid for the candidate", edit("np.tanh(g)", "nn.sigmoid(g)"),
     "Your candidate is a sigmoid: this cell can only go up. A content needs both signs."),
    ("no tanh for the candidate", edit("np.tanh(g)", "g"),
     "Your candidate is what comes out of the matrices. It passes a tanh before it is written."),
    ("no sigmoid for the gates", edit("nn.sigmoid", ""),
     "Your gates are what comes out of the matrices, of any size and sign. Pass i, f and o through σ."),
    ("cell first", lambda *inputs: lstm_step(*inputs)[::-1],
     "Right numbers, in the other order: the new h first, then the new c."),
    ("tanh for the gates", edit("nn.sigmoid", "np.tanh"),
     "Your gates can be negative. A gate is a share between 0 and 1."),
    ("shows the cell as it is", edit("np.tanh(new)", "new"),
     "The cell can be large: it passes a tanh before the output gate shows it."),
    ("shows the old cell", edit("np.tanh(new)", "np.tanh(c)"),
     "You show the cell as it was before this step. h comes from the new one."),
    ("forgets the bias", edit(" + b", ""), "The bias `b` is missing, and with it the open gate."),
], after="Four gates, one matrix product: this is all of it.")


def gru_step(x, h, W_x, W_h, b):
    r, z, n = np.split(x @ W_x + b, 3, axis=-1)
    past_r, past_z, past_n = np.split(h @ W_h, 3, axis=-1)
    r, z = nn.sigmoid(r + past_r), nn.sigmoid(z + past_z)
    n = np.tanh(n + r * past_n)
    return (1 - z) * n + z * h


GRU_STEP = Function(4, gru_step, partial(states_and_weights, 3), allows=("sigmoid",), mistakes=[
    ("keeps where it should write", edit("(1 - z) * n + z * h", "z * n + (1 - z) * h"),
     "Your z = 1 writes. Here, as in PyTorch, z = 1 keeps: h = (1 − z) n + z h."),
    ("reset and update exchanged", edit("r, z = nn", "z, r = nn"),
     "The first block is the reset gate r, the second the update gate z."),
    ("resets before the product", edit("r * past_n", "np.split((r * h) @ W_h, 3, axis=-1)[2]"),
     "You reset the state before it meets W_h, as in the paper of 2014. Here r multiplies h W_h."),
    ("never resets", edit("r * past_n", "past_n"),
     "The candidate sees the whole past. The reset gate r multiplies h W_h in it."),
])


def forget_gates(rng):
    yield "one unit, four steps", [[[0.9], [0.5], [0.8], [0.25]]]
    yield "a batch", rng.uniform(0.3, 1, size=(2, 5, 3))
    yield "erased in the middle", [[[0.9], [0.8], [0.0], [0.7], [0.6]]]
    yield "one step", [[[0.4, 0.6]]]


def road_back(f):
    road = np.ones_like(f)
    for t in reversed(range(f.shape[1] - 1)):
        road[:, t] = road[:, t + 1] * f[:, t + 1]
    return road


ROAD = Function(5, road_back, forget_gates, mistakes=[
    ("its own gate too", edit("return road", "return road * f"),
     "One factor too many: from c_T back to c_t you pass the gates t + 1 … T, not that of t. At the last "
     "step the derivative is 1."),
    ("from the front", lambda f: np.cumprod(f, axis=1),
     "You multiplied from the first step on. The gradient comes from the last."),
    ("one gate only", edit("road[:, t + 1] * ", ""),
     "That is one step back. The gates of all later steps multiply."),
    ("divides", lambda f: np.prod(f, axis=1, keepdims=True) / np.cumprod(np.maximum(f, 1e-300), axis=1),
     "Dividing the whole product by its beginning fails where a gate is 0. Multiply from the end."),
])


def biases_and_lags(rng):
    yield "two units", np.zeros(6), 20.0
    yield "biases already trained", rng.normal(size=9), 50.0
    yield "one unit", [0.5, -0.5, 1.0], 3.0


def opened(b, lag):
    b, m = b.copy(), len(b) // 3
    b[m : 2 * m] = np.log(lag)
    return b


OPEN = Function(6, opened, biases_and_lags, mistakes=[
    ("the reset gate", edit("m : 2 * m", ":m"),
     "The first block is the reset gate. It is the update gate z that keeps."),
    ("the candidate", edit("m : 2 * m", "2 * m :"), "The last block is no gate: it is the candidate."),
    ("all blocks", edit("m : 2 * m", ":"),
     "You set all blocks. The reset gate and the candidate keep their biases."),
    ("the lag itself", edit("np.log(lag)", "lag"),
     "A bias of `lag` keeps for e^lag steps. Which bias keeps for about `lag` steps?"),
    ("shuts it", edit("np.log(lag)", "-np.log(lag)"),
     "With a negative bias z is near 0, which here means: write afresh at each step."),
    ("adds to what was there", edit("] =", "] +="), "Set the biases to ln(lag), whatever they were."),
])


def budgets(rng):
    yield "a plain layer", 620, 10, 1
    yield "one weight too few", 619, 10, 1
    yield "room for more than half of another", 597, 10, 1
    yield "an LSTM", 10_000, 16, 4
    yield "a GRU that just fits", 3 * (5 * 12 + 12 * 12 + 12), 5, 3
    yield "room for one unit", 12, 1, 4
    yield "room for none", 11, 1, 4
    budget, n = (int(number) for number in rng.integers((500, 3), (20_000, 40)))
    yield "numbers drawn for you", budget, n, int(rng.choice([1, 3, 4]))


def units(budget, n, gates):
    m = 1
    while gates * (n * m + m**2 + m) <= budget:
        m += 1
    return m - 1


UNITS = Function(7, units, budgets, mistakes=[
    ("counts one block", edit("gates * ", ""),
     "You counted one block of weights. There are `gates` of them."),
    ("no biases", edit(" + m)", ")"), "Each block has m biases too."),
    ("biases of one block", edit(" + m)", ") + m"),
     "You counted m biases in all. Each block has m of its own."),
    ("rounds up", lambda budget, n, gates: round(((n + 1) ** 2 / 4 + budget / gates) ** 0.5 - (n + 1) / 2),
     "You rounded to the nearest whole number: a unit that fits only in part does not fit."),
    ("one too many", edit("m - 1", "m"),
     "This is the first m that does not fit any more. The last that fits is asked for."),
    ("divides the plain layer's units", lambda budget, n, gates: units(budget, n, 1) // gates,
     "Four times the blocks is not a quarter of the units: m enters squared."),
])

WHY = Explain(8, rubric=[
    "at σ(0) = 0.5 a gradient on the direct road is halved at every step: next to nothing is left after 40",
    "in copying, only what lies 40 steps back helps, so hardly anything opens the gate",
    "in adding, the second value often lies near the end: it can be learned at once, at short range, and "
    "learning it can open the gates a little further",
    "with both marks early that help is gone, and adding fails as copying does; a larger bias opens the "
    "gates from the start",
])
