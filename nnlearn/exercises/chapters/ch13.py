"""LSTM and GRU."""

import numpy as np

import nnlearn as nn
from nnlearn.exercises import Explain, Function, Misconception, Predict, Value

LASTS = Predict(
    id="13.1",
    title="How long a memory lasts",
    choices=("equally long", "about three times as long", "more than ten times as long"),
    reference="more than ten times as long",
    misconceptions=[
        Misconception(
            "thinks the bias does not matter",
            "equally long",
            "Compute σ(0) and σ(3). What is left of the cell after five steps of each?",
        ),
        Misconception(
            "takes the bias for the factor",
            "about three times as long",
            "The gate is σ(bias), and it multiplies at every step. How often can you multiply with σ(3) "
            "until a half is left?",
        ),
    ],
    after="At σ(0) = 0.5 half is left after one step, at σ(3) = 0.95 after fourteen.",
)

BIAS = Value(
    id="13.2",
    title="A bias for a hundred steps",
    points=2,
    reference=-np.log(2 ** (1 / 100) - 1),
    rtol=5e-3,
    misconceptions=[
        Misconception(
            "the gate, not its bias",
            0.5 ** (1 / 100),
            "That is where the gate must stand. Which bias brings a sigmoid there?",
        ),
        Misconception(
            "the rule of thumb",
            np.log(100),
            "Close: that bias leaves about 1/e = 37 % after 100 steps, and a half is asked for.",
        ),
        Misconception(
            "the other sign", np.log(2 ** (1 / 100) - 1), "With this sign the gate is nearly shut."
        ),
        Misconception(
            "one step",
            0.0,
            "At σ(0) = 0.5, half is left after one step. After a hundred steps, f¹⁰⁰ is left.",
        ),
    ],
    after="f¹⁰⁰ = 1/2 and f = σ(b): b = −ln(2^(1/100) − 1) = 4.97.",
)


def step_cases(gates, cell):
    def cases(rng):
        def case(B, n, m, size=1.0):
            inputs = {"x": rng.normal(size=(B, n)), "h": np.tanh(rng.normal(size=(B, m)))}
            if cell:
                inputs["c"] = 2 * rng.normal(size=(B, m))
            weights = {"W_x": rng.normal(size=(n, gates * m)), "W_h": rng.normal(size=(m, gates * m))}
            return inputs | {k: size * W for k, W in weights.items()} | {"b": rng.normal(size=gates * m)}

        return {
            "one sequence, two units": case(1, 3, 2),
            "a batch of four": case(4, 2, 3),
            "one unit": case(2, 1, 1, 2.0),
            "no weights, only biases": case(2, 3, 2, 0.0),
        }

    return cases


def _lstm(order="ifgo", write=np.tanh, gate=nn.sigmoid, show=np.tanh, bias=1.0, stale=False, swapped=False):
    """One step, right or with one thing wrong."""

    def step(x, h, c, W_x, W_h, b):
        parts = dict(zip(order, np.split(x @ W_x + h @ W_h + bias * b, 4, axis=-1), strict=True))
        i, f, o = (gate(parts[k]) for k in "ifo")
        after = f * c + i * write(parts["g"])
        shown = o * show(c if stale else after)
        return (after, shown) if swapped else (shown, after)

    return step


LSTM_STEP = Function(
    id="13.3",
    title="One step of the LSTM",
    points=4,
    signature="lstm_step(x, h, c, W_x, W_h, b)",
    allows=("sigmoid",),
    cases=step_cases(4, cell=True),
    reference=_lstm(),
    misconceptions=[
        Misconception(
            "input and forget gate exchanged",
            _lstm("figo"),
            "Your input gate keeps and your forget gate writes. The first block is i: it multiplies the "
            "candidate.",
        ),
        Misconception(
            "another library's order",
            _lstm("ifog"),
            "The third block is the candidate g, the fourth the output gate o: i, f, g, o.",
        ),
        Misconception(
            "a sigmoid for the candidate",
            _lstm(write=nn.sigmoid),
            "Your candidate is a sigmoid: this cell can only go up. A content needs both signs.",
        ),
        Misconception(
            "no tanh for the candidate",
            _lstm(write=lambda g: g),
            "Your candidate is what comes out of the matrices. It passes a tanh before it is written.",
        ),
        Misconception(
            "no sigmoid for the gates",
            _lstm(gate=lambda s: s),
            "Your gates are what comes out of the matrices, of any size and sign. Pass i, f and o through σ.",
        ),
        Misconception(
            "cell first",
            _lstm(swapped=True),
            "Right numbers, in the other order: the new h first, then the new c.",
        ),
        Misconception(
            "tanh for the gates",
            _lstm(gate=np.tanh),
            "Your gates can be negative. A gate is a share between 0 and 1.",
        ),
        Misconception(
            "shows the cell as it is",
            _lstm(show=lambda c: c),
            "The cell can be large: it passes a tanh before the output gate shows it.",
        ),
        Misconception(
            "shows the old cell",
            _lstm(stale=True),
            "You show the cell as it was before this step. h comes from the new one.",
        ),
        Misconception(
            "forgets the bias", _lstm(bias=0.0), "The bias `b` is missing, and with it the open gate."
        ),
    ],
    equivalent={
        "i, f, g, o = np.split(x @ W_x + h @ W_h + b, 4, axis=+1)": "of two axes, 1 is the last",
        "i, f, g, o = np.split(x @ W_x + h @ W_h + b, 4, axis=1)": "of two axes, 1 is the last",
    },
    after="Four gates, one matrix product: this is all of it.",
)


def _gru(order="rzn", keep=True, reset="after"):
    def step(x, h, W_x, W_h, b):
        m = h.shape[1]
        inside, past = np.split(x @ W_x + b, 3, axis=-1), np.split(h @ W_h, 3, axis=-1)
        at = {k: order.index(k) for k in "rzn"}
        r, z = (nn.sigmoid(inside[at[k]] + past[at[k]]) for k in "rz")
        W_n = np.split(W_h, [at["n"] * m, at["n"] * m + m], axis=1)[1]
        back = {"after": r * past[at["n"]], "before": (r * h) @ W_n, "none": past[at["n"]]}[reset]
        n = np.tanh(inside[at["n"]] + back)
        return (1 - z) * n + z * h if keep else z * n + (1 - z) * h

    return step


GRU_STEP = Function(
    id="13.4",
    title="One step of the GRU",
    points=4,
    signature="gru_step(x, h, W_x, W_h, b)",
    allows=("sigmoid",),
    cases=step_cases(3, cell=False),
    reference=_gru(),
    misconceptions=[
        Misconception(
            "keeps where it should write",
            _gru(keep=False),
            "Your z = 1 writes. Here, as in PyTorch, z = 1 keeps: h = (1 − z) n + z h.",
        ),
        Misconception(
            "reset and update exchanged",
            _gru("zrn"),
            "The first block is the reset gate r, the second the update gate z.",
        ),
        Misconception(
            "resets before the product",
            _gru(reset="before"),
            "You reset the state before it meets W_h, as in the paper of 2014. Here r multiplies h W_h.",
        ),
        Misconception(
            "never resets",
            _gru(reset="none"),
            "The candidate sees the whole past. The reset gate r multiplies h W_h in it.",
        ),
    ],
    equivalent={
        line.format(axis): "of two axes, 1 is the last"
        for line in (
            "r, z, n = np.split(x @ W_x + b, 3, axis={})",
            "past_r, past_z, past_n = np.split(h @ W_h, 3, axis={})",
        )
        for axis in ("1", "+1")
    },
)


def forget_cases(rng):
    return {
        "one unit, four steps": {"f": np.array([0.9, 0.5, 0.8, 0.25]).reshape(1, 4, 1)},
        "a batch": {"f": rng.uniform(0.3, 1, size=(2, 5, 3))},
        "erased in the middle": {"f": np.array([0.9, 0.8, 0.0, 0.7, 0.6]).reshape(1, 5, 1)},
        "one step": {"f": np.array([[[0.4, 0.6]]])},
    }


def _road(f):
    road = np.ones_like(f)
    for t in range(f.shape[1] - 2, -1, -1):
        road[:, t] = road[:, t + 1] * f[:, t + 1]
    return road


ROAD = Function(
    id="13.5",
    title="The road back along the cell",
    points=3,
    signature="road_back(f)",
    cases=forget_cases,
    reference=_road,
    misconceptions=[
        Misconception(
            "its own gate too",
            lambda f: np.cumprod(f[:, ::-1], axis=1)[:, ::-1],
            "One factor too many: from c_T back to c_t you pass the gates t + 1 … T, not that of t. At the "
            "last step the derivative is 1.",
        ),
        Misconception(
            "from the front",
            lambda f: np.cumprod(f, axis=1),
            "You multiplied from the first step on. The gradient comes from the last.",
        ),
        Misconception(
            "one gate only",
            lambda f: np.concatenate([f[:, 1:], np.ones_like(f[:, :1])], axis=1),
            "That is one step back. The gates of all later steps multiply.",
        ),
        Misconception(
            "divides",
            lambda f: np.prod(f, axis=1, keepdims=True) / np.cumprod(np.maximum(f, 1e-300), axis=1),
            "Dividing the whole product by its beginning fails where a gate is 0. Multiply from the end.",
        ),
    ],
)


def bias_cases(rng):
    return {
        "two units": {"b": np.zeros(6), "lag": 20.0},
        "biases already trained": {"b": rng.normal(size=9), "lag": 50.0},
        "one unit": {"b": np.array([0.5, -0.5, 1.0]), "lag": 3.0},
    }


def _opened(b, lag, block=1, value=np.log, add=False):
    b, m = b.copy(), len(b) // 3
    b[block * m : (block + 1) * m] = value(lag) + (b[block * m : (block + 1) * m] if add else 0)
    return b


OPEN = Function(
    id="13.6",
    title="A GRU that starts open",
    points=2,
    signature="opened(b, lag)",
    cases=bias_cases,
    reference=_opened,
    misconceptions=[
        Misconception(
            "the reset gate",
            lambda b, lag: _opened(b, lag, block=0),
            "The first block is the reset gate. It is the update gate z that keeps.",
        ),
        Misconception(
            "the candidate",
            lambda b, lag: _opened(b, lag, block=2),
            "The last block is no gate: it is the candidate.",
        ),
        Misconception(
            "all blocks",
            lambda b, lag: np.full(b.shape, np.log(lag)),
            "You set all blocks. The reset gate and the candidate keep their biases.",
        ),
        Misconception(
            "the lag itself",
            lambda b, lag: _opened(b, lag, value=float),
            "A bias of `lag` keeps for e^lag steps. Which bias keeps for about `lag` steps?",
        ),
        Misconception(
            "shuts it",
            lambda b, lag: _opened(b, lag, value=lambda lag: -np.log(lag)),
            "With a negative bias z is near 0, which here means: write anew at each step.",
        ),
        Misconception(
            "adds to what was there",
            lambda b, lag: _opened(b, lag, add=True),
            "Set the biases to ln(lag), whatever they were.",
        ),
    ],
)


def budget_cases(rng):
    return {
        "a plain layer": {"budget": 620, "n": 10, "gates": 1},
        "one weight too few": {"budget": 619, "n": 10, "gates": 1},
        "room for more than half of another": {"budget": 597, "n": 10, "gates": 1},
        "an LSTM": {"budget": 10_000, "n": 16, "gates": 4},
        "a GRU that just fits": {"budget": 3 * (5 * 12 + 12 * 12 + 12), "n": 5, "gates": 3},
        "room for one unit": {"budget": 12, "n": 1, "gates": 4},
        "room for none": {"budget": 11, "n": 1, "gates": 4},
    }


def _units(budget, n, gates, bias=1, extra=0):
    m = 0
    while gates * (n * (m + 1) + (m + 1) ** 2 + bias * (m + 1)) <= budget:
        m += 1
    return m + extra


UNITS = Function(
    id="13.7",
    title="As many weights as the other",
    points=3,
    signature="units(budget, n, gates)",
    cases=budget_cases,
    reference=_units,
    misconceptions=[
        Misconception(
            "counts one block",
            lambda budget, n, gates: _units(budget, n, 1),
            "You counted one block of weights. There are `gates` of them.",
        ),
        Misconception(
            "no biases",
            lambda budget, n, gates: _units(budget, n, gates, bias=0),
            "Each block has m biases too.",
        ),
        Misconception(
            "biases of one block",
            lambda budget, n, gates: _units(budget, n, gates, bias=1 / gates),
            "You counted m biases in all. Each block has m of its own.",
        ),
        Misconception(
            "rounds up",
            lambda budget, n, gates: round(((n + 1) ** 2 / 4 + budget / gates) ** 0.5 - (n + 1) / 2),
            "You rounded to the nearest whole number: a unit that fits only in part does not fit.",
        ),
        Misconception(
            "one too many",
            lambda budget, n, gates: _units(budget, n, gates, extra=1),
            "This is the first m that does not fit any more. The last that fits is asked for.",
        ),
        Misconception(
            "divides the plain layer's units",
            lambda budget, n, gates: _units(budget, n, 1) // gates,
            "Four times the blocks is not a quarter of the units: m enters squared.",
        ),
    ],
)

WHY = Explain(
    id="13.8",
    title="Why one task and not the other",
    points=3,
    rubric=(
        "at σ(0) = 0.5 a gradient along the direct road is halved at every step: nothing is left after 40",
        "in copying, only what lies 40 steps back helps, so nothing ever opens the gate",
        "in adding, the second value often lies near the end: it can be learned at once, at short range",
        "learning that opens the gates, and longer ranges come into reach; a larger bias does so at once",
    ),
)
