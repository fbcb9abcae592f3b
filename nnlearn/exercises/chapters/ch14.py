"""Attention."""

import numpy as np

import nnlearn as nn
from nnlearn.exercises import Explain, Function, Misconception, Predict, Value

SHARPER = Predict(
    id="14.1",
    title="A longer query",
    choices=("more even", "sharper", "unchanged"),
    reference="sharper",
    misconceptions=[
        Misconception(
            "takes length for temperature",
            "more even",
            "A *shorter* query makes scores alike. What does doubling q do to the differences of scores?",
        ),
        Misconception(
            "thinks softmax forgets size",
            "unchanged",
            "Softmax forgets what is *added* to all scores. Here they are multiplied.",
        ),
    ],
    after="All scores double, their differences too: the temperature is halved.",
)

ORDER = Predict(
    id="14.2",
    title="Two dogs",
    choices=("equal", "different"),
    reference="equal",
    misconceptions=[
        Misconception(
            "expects order to count",
            "different",
            "What does the first *dog* know that the second does not? Same query, same keys, no mask.",
        ),
    ],
    after="Same query, same keys, same values: the same output. Only positions or a mask tell them apart.",
)

ANSWER = Value(
    id="14.3",
    title="A look-up on paper",
    points=2,
    reference=4.0,
    atol=1e-3,
    misconceptions=[
        Misconception(
            "takes the best alone",
            0.0,
            "That is the value of the best key alone. The other one answers too, a little.",
        ),
        Misconception(
            "weights without exponential",
            16.0,
            "Score 0 still has e⁰ = 1. Take the exponential before you divide by the sum.",
        ),
        Misconception(
            "forgets the division",
            16 / 10,
            "The scores must be divided by √d first, and d is 4.",
        ),
        Misconception("a plain mean", 8.0, "That is the plain mean: both keys would have to fit alike."),
        Misconception(
            "turned over", 12.0, "The key that fits has value 0: which of both weights is the larger?"
        ),
    ],
    after="Scores 2 ln 3 and 0, divided by 2: ln 3 and 0. Weights 3/4 and 1/4, and 1/4 of 16 is 4.",
)


def attention_cases(rng):
    def some(T, S, d, e, *batch):
        return {
            "q": rng.normal(size=(*batch, T, d)),
            "k": rng.normal(size=(*batch, S, d)),
            "v": rng.normal(size=(*batch, S, e)),
        }

    return {
        "three queries, five keys": {**some(3, 5, 4, 2), "visible": np.ones((3, 5), bool)},
        "a padding mask": {**some(3, 4, 9, 4), "visible": np.array([[False, True, True, True]])},
        "two texts, three heads, causal": {**some(4, 4, 6, 5, 2, 3), "visible": np.tri(4, dtype=bool)},
        "one key": {**some(2, 1, 3, 2), "visible": np.ones((2, 1), bool)},
        "huge scores": {
            "q": 40 * rng.normal(size=(2, 16)), "k": 40 * rng.normal(size=(3, 16)),
            "v": rng.normal(size=(3, 2)), "visible": np.ones((2, 3), bool),
        },
    }  # fmt: skip


def _attention(q, k, v, visible, kind=""):
    scores = q @ np.swapaxes(k, -1, -2)
    if kind != "no scale":
        width = k.shape[-2] if kind == "by keys" else q.shape[-1]
        scores = scores / (width if kind == "by d" else np.sqrt(width))
    hidden = np.broadcast_to(visible, scores.shape)
    if kind == "inverted":
        hidden = ~hidden
    if kind == "zero score":
        scores = np.where(hidden, scores, 0.0)
    elif kind not in ("no mask", "late"):
        scores = np.where(hidden, scores, -1e9)
    axis = {"axis": -2, "all at once": None}.get(kind, -1)
    with np.errstate(over="ignore", invalid="ignore"):
        e = np.exp(scores - (0 if kind == "overflow" else scores.max(axis=axis, keepdims=True)))
        w = e / e.sum(axis=axis, keepdims=True)
    if kind == "late":
        w = w * hidden
    return w @ v


def _bug(kind):
    return lambda q, k, v, visible: _attention(q, k, v, visible, kind)


ATTENTION = Function(
    id="14.4",
    title="Attention with a mask",
    points=3,
    signature="attention(q, k, v, visible)",
    cases=attention_cases,
    reference=lambda q, k, v, visible: _attention(q, k, v, visible),
    misconceptions=[
        Misconception("no scale", _bug("no scale"), "Your scores are not divided by √d, d the width of q."),
        Misconception(
            "divides by d", _bug("by d"), "You divide by d. It is the spread √d, not the variance."
        ),
        Misconception(
            "divides by the number of keys",
            _bug("by keys"),
            "You divide by the root of the number of keys. d is the *width*, the last axis of q and k.",
        ),
        Misconception(
            "one softmax for all",
            _bug("all at once"),
            "Your weights sum to 1 over everything. Each query has a 1 of its own: name the axis.",
        ),
        Misconception(
            "wrong axis",
            _bug("axis"),
            "Your softmax runs over the queries. Each query shares 1 among the *keys*.",
        ),
        Misconception("no mask", _bug("no mask"), "Hidden keys still answer: use `visible`."),
        Misconception(
            "mask upside down",
            _bug("inverted"),
            "`visible` is True where a query *may* look. Yours hides those.",
        ),
        Misconception(
            "mask after the softmax",
            _bug("late"),
            "Weights set to 0 after the softmax leave the rest short of 1. Hide the scores before it.",
        ),
        Misconception(
            "hidden scores are 0",
            _bug("zero score"),
            "A hidden score of 0 still gets e⁰ = 1. It must be very negative.",
        ),
        Misconception(
            "overflow", _bug("overflow"), "Large scores overflow. Subtract each row's largest before np.exp."
        ),
    ],
)


def window_cases(rng):
    return {
        "six places, window 3": {"T": 6, "window": 3},
        "window 1: only oneself": {"T": 4, "window": 1},
        "a window longer than the text": {"T": 3, "window": 8},
        "one place": {"T": 1, "window": 2},
        "seven places, window 2": {"T": 7, "window": 2},
    }


def _window(T, window, low=0, high=0, both=False):
    back = np.arange(T)[:, None] - np.arange(T)[None]
    return (np.abs(back) < window) if both else (back >= low) & (back < window + high)


WINDOW = Function(
    id="14.5",
    title="A causal window",
    points=2,
    signature="window_mask(T, window)",
    cases=window_cases,
    reference=lambda T, window: _window(T, window),
    misconceptions=[
        Misconception(
            "looks ahead", lambda T, window: _window(T, window, both=True), "Your mask looks ahead as well."
        ),
        Misconception(
            "one too many",
            lambda T, window: _window(T, window, high=1),
            "Your window is one place too long: oneself counts, so window 1 sees only the diagonal.",
        ),
        Misconception(
            "not oneself",
            lambda T, window: _window(T, window, low=1),
            "A place may look at itself: the diagonal belongs to the window.",
        ),
        Misconception(
            "transposed",
            lambda T, window: _window(T, window).T,
            "Rows are queries, columns keys. Yours is transposed, so each query sees the *future*.",
        ),
        Misconception(
            "no window", lambda T, window: np.tri(T, dtype=bool), "That is causal, but it never forgets."
        ),
    ],
)


def split_cases(rng):
    return {
        "two texts of five places": {"x": rng.normal(size=(2, 5, 12)), "heads": 3},
        "one head": {"x": rng.normal(size=(3, 2, 4)), "heads": 1},
        "a head for each component": {"x": rng.normal(size=(1, 3, 4)), "heads": 4},
        "as many heads as places": {"x": rng.normal(size=(2, 4, 8)), "heads": 4},
    }


SPLIT = Function(
    id="14.6",
    title="Cut into heads",
    points=2,
    signature="split_heads(x, heads)",
    cases=split_cases,
    reference=lambda x, heads: x.reshape(*x.shape[:2], heads, -1).transpose(0, 2, 1, 3),
    misconceptions=[
        Misconception(
            "reshapes at once",
            lambda x, heads: x.reshape(x.shape[0], heads, x.shape[1], -1),
            "The shape is right, the content is not: reshape alone mixes places with heads. First cut the "
            "last axis, then exchange axes.",
        ),
        Misconception(
            "forgets to exchange",
            lambda x, heads: x.reshape(*x.shape[:2], heads, -1),
            "Cut well. Now exchange places and heads: each head needs a (T, C/heads) matrix of its own.",
        ),
        Misconception(
            "every other component",
            lambda x, heads: x.reshape(*x.shape[:2], -1, heads).transpose(0, 3, 1, 2),
            "Head 0 should get the *first* C/heads components; yours gets every heads-th one.",
        ),
    ],
)


def turn_cases(rng):
    return {
        "at the beginning": {"x": rng.normal(size=(5, 4)), "places": np.arange(5)},
        "one place, far away": {"x": rng.normal(size=(1, 6)), "places": np.array([37])},
        "two texts": {"x": rng.normal(size=(2, 3, 8)), "places": np.array([4, 5, 6])},
        "out of order": {"x": rng.normal(size=(3, 2)), "places": np.array([2, 0, 9])},
    }


def _turn(x, places, kind=""):
    d = x.shape[-1]
    pair = np.arange(0, d, 2) if kind != "twice" else 2 * np.arange(0, d, 2)
    angle = np.asarray(places)[:, None] / 10000 ** (pair / d)
    if kind == "one speed":
        angle = np.broadcast_to(np.asarray(places)[:, None] * 1.0, angle.shape)
    if kind == "backwards":
        angle = -angle
    if kind == "halves":
        a, b = x[..., : d // 2], x[..., d // 2 :]
    else:
        a, b = x[..., 0::2], x[..., 1::2]
    first, second = a * np.cos(angle) - b * np.sin(angle), a * np.sin(angle) + b * np.cos(angle)
    if kind == "stretch":
        second = a * np.sin(angle) - b * np.cos(angle)
    if kind == "halves":
        return np.concatenate([first, second], axis=-1)
    return np.stack([first, second], axis=-1).reshape(x.shape)


TURN = Function(
    id="14.7",
    title="Turn by the place",
    points=3,
    signature="turn(x, places)",
    cases=turn_cases,
    reference=lambda x, places: _turn(x, places),
    misconceptions=[
        Misconception(
            "backwards",
            lambda x, places: _turn(x, places, "backwards"),
            "You turn clockwise: check the sign of the sine in the first component.",
        ),
        Misconception(
            "one speed",
            lambda x, places: _turn(x, places, "one speed"),
            "All pairs turn equally fast. Pair i turns by place / 10000^(2i/d).",
        ),
        Misconception(
            "exponent doubled",
            lambda x, places: _turn(x, places, "twice"),
            "The exponents should be 0/d, 2/d, 4/d, …: yours grow twice as fast.",
        ),
        Misconception(
            "pairs halves",
            lambda x, places: _turn(x, places, "halves"),
            "You pair the first half with the second. Here neighbours are pairs: 0 and 1, 2 and 3, …",
        ),
        Misconception(
            "mirrors",
            lambda x, places: _turn(x, places, "stretch"),
            "That is a mirror, not a turn: both terms of the second component have a plus sign.",
        ),
    ],
)


def backward_cases(rng):
    def some(T, S, e, *batch):
        return {
            "w": nn.softmax(rng.normal(size=(*batch, T, S))),
            "v": rng.normal(size=(*batch, S, e)),
            "g": rng.normal(size=(*batch, T, e)),
        }

    return {
        "three queries, five keys": some(3, 5, 2),
        "two texts": some(4, 3, 6, 2),
        "one query": some(1, 4, 3),
        "a query sure of itself": {
            "w": np.array([[1.0, 0.0], [0.3, 0.7]]),
            "v": rng.normal(size=(2, 2)), "g": rng.normal(size=(2, 2)),
        },
    }  # fmt: skip


def _backward(w, v, g, kind=""):
    dw = g @ np.swapaxes(v, -1, -2)
    dv = np.swapaxes(w, -1, -2) @ g
    inner = (dw * w).sum(axis=-2 if kind == "axis" else -1, keepdims=True)
    if kind == "no mean":
        inner = 0
    if kind == "plain mean":
        inner = dw.mean(axis=-1, keepdims=True)
    if kind == "diagonal":
        inner = dw * w
    return dv, dw if kind == "no softmax" else w * (dw - inner)


BACKWARD = Function(
    id="14.8",
    title="Backwards through the look-up",
    points=4,
    signature="look_up_backward(w, v, g)",
    cases=backward_cases,
    reference=lambda w, v, g: _backward(w, v, g),
    misconceptions=[
        Misconception(
            "stops at the weights",
            lambda w, v, g: _backward(w, v, g, "no softmax"),
            "Your second result is ∂L/∂w. Go on through the softmax to the scores.",
        ),
        Misconception(
            "forgets that weights sum to 1",
            lambda w, v, g: _backward(w, v, g, "no mean"),
            "When one score rises, all other weights fall: subtract the weighted mean of ∂L/∂w first.",
        ),
        Misconception(
            "the diagonal alone",
            lambda w, v, g: _backward(w, v, g, "diagonal"),
            "w (1 − w) is how a weight moves with its *own* score. Each score moves all weights of its row.",
        ),
        Misconception(
            "subtracts the plain mean",
            lambda w, v, g: _backward(w, v, g, "plain mean"),
            "The mean to subtract is weighted by w.",
        ),
        Misconception(
            "wrong axis",
            lambda w, v, g: _backward(w, v, g, "axis"),
            "The softmax ran over the keys, the last axis; so does the sum in its derivative.",
        ),
    ],
)

LEAK = Explain(
    id="14.9",
    title="Too good to be true",
    points=3,
    rubric=(
        "the suspicion: the model sees what it must guess: a causal mask missing, transposed or off by one "
        "(or inputs and targets not shifted)",
        "why validation does not warn: it is computed in the same way and leaks in the same way",
        "a test that decides: change sign t of an input; no output before t may change; or compute the loss "
        "from prefixes alone",
        "what generation shows and why: there is no future to copy",
    ),
)
