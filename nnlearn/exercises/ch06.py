"""Backpropagation."""

import numpy as np

import nnlearn as nn
from nnlearn.exercises import Explain, Function, Misconception, Predict, Value

SWING = Predict(
    id="06.1",
    title="A step that is too long",
    choices=("arrives", "swings for ever", "blows up"),
    reference="swings for ever",
    misconceptions=[
        Misconception(
            "arrives",
            "arrives",
            "Work out two steps by hand: from w = 0 the slope is -8. Where does the first step end, and "
            "the second?",
        ),
        Misconception(
            "blows up",
            "blows up",
            "By which factor is w - 4 multiplied in each step? It would have to be larger than 1.",
        ),
    ],
    after="Each step multiplies w - 4 by 1 - 2η = -1: the same distance, on the other side.",
)

_x, _w, _b, _y = 3.0, -0.5, 1.0, 0.5
_a = np.tanh(_w * _x + _b)

CHAIN = Value(
    id="06.2",
    title="The chain, by hand",
    points=2,
    reference=float(2 * (_a - _y) * (1 - _a**2) * _x),
    rtol=1e-3,
    misconceptions=[
        Misconception(
            "without x",
            float(2 * (_a - _y) * (1 - _a**2)),
            "That is dL/db, or dL/dz. One factor is left: by how much does z change when w does?",
        ),
        Misconception(
            "without the slope of tanh",
            float(2 * (_a - _y) * _x),
            "The slope of tanh is missing on the way from a back to z.",
        ),
        Misconception(
            "slope of tanh at a",
            float(2 * (_a - _y) * (1 - np.tanh(_a) ** 2) * _x),
            "The slope of tanh is 1 - a², with a = tanh(z). You took the tanh twice.",
        ),
        Misconception(
            "without the two",
            float((_a - _y) * (1 - _a**2) * _x),
            "The slope of (a - y)² has a factor 2.",
        ),
        Misconception(
            "wrong sign",
            float(2 * (_y - _a) * (1 - _a**2) * _x),
            "The sign is the wrong way round: it is a - y.",
        ),
    ],
)


def linear_cases(rng):
    return {
        "five examples, three inputs, two outputs": {
            "x": rng.normal(size=(5, 3)),
            "W": rng.normal(size=(3, 2)),
            "dy": rng.normal(size=(5, 2)),
        },
        "one example": {
            "x": rng.normal(size=(1, 4)),
            "W": rng.normal(size=(4, 6)),
            "dy": rng.normal(size=(1, 6)),
        },
        "all sizes equal": {
            "x": rng.normal(size=(3, 3)),
            "W": rng.normal(size=(3, 3)),
            "dy": rng.normal(size=(3, 3)),
        },
    }


LINEAR = Function(
    id="06.3",
    title="The backward pass of a linear layer",
    points=3,
    signature="linear_backward(x, W, dy)",
    cases=linear_cases,
    reference=lambda x, W, dy: (dy @ W.T, x.T @ dy, dy.sum(axis=0)),
    misconceptions=[
        Misconception(
            "W not transposed",
            lambda x, W, dy: (dy @ W, x.T @ dy, dy.sum(axis=0)),
            "Look at the shapes of dx: dy is (B, n_out) and W is (n_in, n_out). Only W.T fits, unless "
            "sizes are equal.",
        ),
        Misconception(
            "mean over the batch",
            lambda x, W, dy: (dy @ W.T, x.T @ dy / len(x), dy.mean(axis=0)),
            "The mean over the batch is already in dy, from the loss. Here paths add: sum, do not average.",
        ),
        Misconception(
            "bias not summed",
            lambda x, W, dy: (dy @ W.T, x.T @ dy, dy),
            "b has the shape (n_out,), so its gradient has too: sum dy over the batch.",
        ),
        Misconception(
            "bias summed over the wrong axis",
            lambda x, W, dy: (dy @ W.T, x.T @ dy, dy.sum(axis=1)),
            "The bias is shared by the examples, not by the outputs: sum over axis 0.",
        ),
        Misconception(
            "dW transposed",
            lambda x, W, dy: (dy @ W.T, dy.T @ x, dy.sum(axis=0)),
            "dW must have the shape of W, (n_in, n_out): x.T @ dy.",
        ),
        Misconception(
            "another order",
            lambda x, W, dy: (x.T @ dy, dy @ W.T, dy.sum(axis=0)),
            "The order is dx, dW, db.",
        ),
    ],
)


def relu_cases(rng):
    return {
        "a batch": {"z": rng.normal(size=(4, 5)), "da": rng.normal(size=(4, 5))},
        "exactly at the corner": {"z": np.array([[-1.0, 0.0, 2.0]]), "da": np.array([[3.0, 4.0, -5.0]])},
        "all dead": {"z": -np.ones((2, 3)), "da": np.ones((2, 3))},
    }


RELU = Function(
    id="06.4",
    title="Back through a ReLU",
    points=1,
    signature="relu_backward(z, da)",
    cases=relu_cases,
    reference=lambda z, da: da * (z > 0),
    misconceptions=[
        Misconception(
            "cuts the gradient",
            lambda z, da: np.maximum(da, 0),
            "It is z that decides what passes, not the sign of da: gradients may well be negative.",
        ),
        Misconception(
            "multiplies by the value",
            lambda z, da: da * np.maximum(z, 0),
            "The slope of a ReLU is 1 or 0; you multiply by its value.",
        ),
        Misconception(
            "slope one at the corner",
            lambda z, da: da * (z >= 0),
            "At z = 0 the slope is taken as 0: use z > 0.",
        ),
        Misconception(
            "passes everything",
            lambda z, da: da + 0 * z,
            "Where z is below zero the ReLU is flat: nothing comes back through it.",
        ),
    ],
)


def network_cases(rng):
    def case(B, n, h, k):
        return {
            "X": rng.normal(size=(B, n)),
            "labels": rng.integers(0, k, B),
            "W1": rng.normal(size=(n, h)),
            "b1": rng.normal(size=h),
            "W2": rng.normal(size=(h, k)),
            "b2": rng.normal(size=k),
        }

    return {
        "six examples, all sizes different": case(6, 5, 4, 3),
        "one example": case(1, 3, 2, 4),
        "all sizes equal": case(4, 4, 4, 4),
    }


def network(X, labels, W1, b1, W2, b2, *, divide=True, slope=None, transpose=True, mask=True):
    A1 = np.tanh(X @ W1 + b1)
    dZ2 = nn.softmax(A1 @ W2 + b2)
    dZ2[np.arange(len(X)), labels] -= 1
    dZ2 = dZ2 / (len(X) if divide else 1)
    dA1 = dZ2 @ (W2.T if transpose else W2)
    dZ1 = dA1 * (slope(X @ W1 + b1, A1) if slope else 1 - A1**2) if mask else dA1
    return X.T @ dZ1, dZ1.sum(axis=0), A1.T @ dZ2, dZ2.sum(axis=0)


NETWORK = Function(
    id="06.5",
    title="All gradients of a two-layer network with tanh",
    points=4,
    signature="gradients(X, labels, W1, b1, W2, b2)",
    cases=network_cases,
    reference=network,
    misconceptions=[
        Misconception(
            "forgets the mean",
            lambda *args: network(*args, divide=False),
            "The loss is a mean over the batch, so the gradients are divided by B. This is the gradient "
            "of the sum.",
        ),
        Misconception(
            "slope of tanh at the value",
            lambda *args: network(*args, slope=lambda z, a: 1 - np.tanh(a) ** 2),
            "The slope of tanh is 1 - A1²: you took the tanh of A1 once more.",
        ),
        Misconception(
            "slope from z",
            lambda *args: network(*args, slope=lambda z, a: 1 - z**2),
            "1 - a² holds for a = tanh(z), the value after the activation. You put in Z1.",
        ),
        Misconception(
            "ReLU's slope",
            lambda *args: network(*args, slope=lambda z, a: (z > 0) * 1.0),
            "That is the ReLU's slope. Here the activation is tanh.",
        ),
        Misconception(
            "forgets the activation",
            lambda *args: network(*args, mask=False),
            "On the way back from A1 to Z1, multiply with the slope of tanh.",
        ),
        Misconception(
            "W2 not transposed",
            lambda *args: network(*args, transpose=False),
            "dA1 is dZ2 @ W2.T. With W2 itself the shapes fit only if hidden units and classes are "
            "equally many.",
        ),
    ],
    after="Eleven lines that train a network. Chapter 7 lets the machine write them.",
)


def nudge_cases(rng):
    return {
        "a vector": {"f": "a cubic", "w": rng.normal(size=4)},
        "a matrix": {"f": "a cubic", "w": rng.normal(size=(2, 3))},
        "one number": {"f": "a cubic", "w": np.array([1.5])},
    }


def on_a_cubic(answer, f, w):
    scale = np.arange(1.0, w.size + 1).reshape(w.shape)
    return answer(lambda v: float(np.sum(scale * v**3) + np.sum(v) ** 2), w)


def differences(f, w, above=1.0, below=-1.0, width=2.0, restore=True, h=1e-5):
    w, g = w.copy(), np.zeros_like(w)
    for i in np.ndindex(w.shape):
        kept = w[i]
        w[i] = kept + above * h
        up = f(w)
        w[i] = kept + below * h
        g[i] = (up - f(w)) / (width * h)
        if restore:
            w[i] = kept
    return g


NUMERIC = Function(
    id="06.6",
    title="A numeric gradient",
    points=3,
    signature="numeric_gradient(f, w)",
    cases=nudge_cases,
    run=on_a_cubic,
    reference=differences,
    rtol=1e-6,
    atol=1e-6,
    misconceptions=[
        Misconception(
            "to one side",
            lambda f, w: differences(f, w, below=0.0, width=1.0),
            "To one side only, the error shrinks with h, and you can see it here. To both sides it "
            "shrinks with h².",
        ),
        Misconception(
            "divides by h",
            lambda f, w: differences(f, w, width=1.0),
            "From w - h to w + h it is 2h.",
        ),
        Misconception(
            "does not put back",
            lambda f, w: differences(f, w, restore=False),
            "Put each number back before you nudge the next one.",
        ),
        Misconception(
            "all at once",
            lambda f, w: np.full_like(w, (f(w + 1e-5) - f(w - 1e-5)) / 2e-5),
            "You nudge all numbers together and get one slope for all. Nudge them one at a time.",
        ),
        Misconception(
            "the other way round",
            lambda f, w: -differences(f, w),
            "The sign is the wrong way round: f above minus f below.",
        ),
    ],
)

WHY = Explain(
    id="06.7",
    title="Why backwards?",
    points=2,
    rubric=(
        "there is one loss and there are many weights",
        "each intermediate slope is computed once and shared by everything that comes before it",
        "forwards, or by nudging, it would take a pass for each weight",
        "the cost is about that of two or three forward passes, however many weights there are",
    ),
)
