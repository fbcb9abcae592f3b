"""Backpropagation."""

import numpy as np

import nnlearn as nn
from nnlearn.exercises import Explain, Function, Misconception, Predict, Value

WHITE_PIXEL = Predict(
    id="06.1",
    title="A pixel that is always white",
    choices=("have not moved", "have shrunk to zero", "have moved like the others"),
    reference="have not moved",
    misconceptions=[
        Misconception(
            "useless means zero",
            "have shrunk to zero",
            "Nothing tells these weights to shrink. What is x times dZ when x is 0?",
        ),
        Misconception(
            "all weights learn",
            "have moved like the others",
            "A weight's share is what came in times the unit's gradient. What came in here?",
        ),
    ],
    after="Their gradient is x · dZ, summed over images, and x is 0 in all of them: "
    "they stay where chance put them.",
)

CHAIN = Value(
    id="06.2",
    title="A chain by hand",
    points=2,
    reference=(-4.0, 4.0, 8.0),
    misconceptions=[
        Misconception(
            "forgets the 2 of the square",
            (-2.0, 2.0, 4.0),
            "The slope of a square is twice what is squared: dL/da = 2 (a − y).",
        ),
        Misconception(
            "x and w the wrong way round",
            (8.0, 4.0, -4.0),
            "z = x w + b: moving w moves z by x, and moving x moves z by w. "
            "You have them the other way round.",
        ),
        Misconception(
            "target minus output",
            (4.0, -4.0, -8.0),
            "All your signs are turned: L = (a − y)², so dL/da = 2 (a − y), and a is too large here.",
        ),
        Misconception(
            "no local slope",
            (4.0, 4.0, 4.0),
            "That is dL/dz for all three. "
            "Each still needs its local slope: how much does z move when it moves?",
        ),
        Misconception(
            "local slopes alone",
            (-1.0, 1.0, 2.0),
            "Those are the local slopes of z. Multiply each by what arrives from the right, dL/dz.",
        ),
    ],
)


def descend(w, c, m, lr, steps, *, sign=1, two=2, curvature=True):
    for _ in range(steps):
        w = w - sign * lr * two * (c if curvature else 1) * (w - m)
    return w


def parabolas(rng):
    return {
        "three steps from 0": {"w": 0.0, "c": 1.5, "m": 3.0, "lr": 0.1, "steps": 3},
        "one step": {"w": -2.0, "c": 0.5, "m": 1.0, "lr": 0.3, "steps": 1},
        "ten steps in a steep valley": {"w": rng.normal(), "c": 4.0, "m": -1.0, "lr": 0.2, "steps": 10},
        "no step": {"w": 5.0, "c": 1.0, "m": 0.0, "lr": 0.1, "steps": 0},
    }


DESCENT = Function(
    id="06.3",
    title="Steps down a parabola",
    points=2,
    signature="descend(w, c, m, lr, steps)",
    cases=parabolas,
    reference=descend,
    misconceptions=[
        Misconception(
            "uphill",
            lambda *a: descend(*a, sign=-1),
            "You climb: the slope points uphill, so subtract it.",
        ),
        Misconception(
            "slope without the 2", lambda *a: descend(*a, two=1), "The slope of c (w − m)² is 2 c (w − m)."
        ),
        Misconception(
            "slope without c",
            lambda *a: descend(*a, curvature=False),
            "The factor c belongs to the slope as well: 2 c (w − m).",
        ),
        Misconception(
            "the first slope for all steps",
            lambda w, c, m, lr, steps: w - steps * lr * 2 * c * (w - m),
            "You use the slope at the start for every step. "
            "It changes as w moves: compute it anew each time.",
        ),
        Misconception(
            "steps along the loss",
            lambda w, c, m, lr, steps: _by_loss(w, c, m, lr, steps),
            "You subtract the loss. What tells the direction is its slope.",
        ),
    ],
    after="Each step multiplies the distance to m by 1 − 2 c lr: "
    "that is why a steep valley needs a small lr.",
)


def _by_loss(w, c, m, lr, steps):
    for _ in range(steps):
        w = w - lr * c * (min(max(w, -1e6), 1e6) - m) ** 2
    return w


def before_the_relu(rng):
    return {
        "one row": {"dA": rng.normal(size=(1, 5)), "Z": np.array([[-2.0, -0.1, 0.3, 1.0, 4.0]])},
        "a batch": {"dA": rng.normal(size=(4, 3)), "Z": rng.normal(size=(4, 3))},
        "exactly at the corner, where we say 0": {
            "dA": np.array([[2.0, -3.0, 1.0]]),
            "Z": np.array([[0.0, 1e-3, -1e-3]]),
        },
    }


RELU = Function(
    id="06.4",
    title="Back through a ReLU",
    points=1,
    signature="relu_backward(dA, Z)",
    cases=before_the_relu,
    reference=lambda dA, Z: dA * (Z > 0),
    misconceptions=[
        Misconception(
            "the ReLU of the gradient",
            lambda dA, Z: np.maximum(dA, 0),
            "You cut off negative gradients. What opens or closes the gate is Z, not the gradient.",
        ),
        Misconception(
            "everything passes",
            lambda dA, Z: dA,
            "Nothing is held back. Where Z was negative, the unit was closed and its slope is 0.",
        ),
        Misconception(
            "the value for the slope",
            lambda dA, Z: dA * np.maximum(Z, 0),
            "You multiply by the ReLU's value. The chain rule wants its slope: 1 where it is open.",
        ),
        Misconception(
            "the slope alone",
            lambda dA, Z: (Z > 0) * 1.0,
            "That is the local slope. Multiply it by what arrives from the right, dA.",
        ),
        Misconception(
            "open at zero",
            lambda dA, Z: dA * (Z >= 0),
            "Right but for z = 0 exactly. There the course says 0, as PyTorch does.",
        ),
    ],
)


def around_a_layer(rng):
    return {
        "five examples, three inputs, two units": {
            "dZ": rng.normal(size=(5, 2)), "X": rng.normal(size=(5, 3)), "W": rng.normal(size=(3, 2)),
        },
        "a square layer": {
            "dZ": rng.normal(size=(4, 3)), "X": rng.normal(size=(4, 3)), "W": rng.normal(size=(3, 3)),
        },
        "everything square": {
            "dZ": rng.normal(size=(3, 3)), "X": rng.normal(size=(3, 3)), "W": rng.normal(size=(3, 3)),
        },
        "one example": {
            "dZ": rng.normal(size=(1, 2)), "X": rng.normal(size=(1, 4)), "W": rng.normal(size=(4, 2)),
        },
    }  # fmt: skip


LINEAR = Function(
    id="06.5",
    title="Back through a linear layer",
    points=3,
    signature="linear_backward(dZ, X, W)",
    cases=around_a_layer,
    reference=lambda dZ, X, W: (dZ @ W.T, X.T @ dZ, dZ.sum(axis=0)),
    misconceptions=[
        Misconception(
            "W not transposed",
            lambda dZ, X, W: (dZ @ W, X.T @ dZ, dZ.sum(axis=0)),
            "dX: dZ is (B, m) and W is (n, m), so the product that gives (B, n) is with W.T. "
            "A square W hides it.",
        ),
        Misconception(
            "the product the other way round",
            lambda dZ, X, W: (dZ @ W.T, dZ.T @ X, dZ.sum(axis=0)),
            "Your dW is transposed: it must have the shape of W, (n, m).",
        ),
        Misconception(
            "bias summed over the units",
            lambda dZ, X, W: (dZ @ W.T, X.T @ dZ, dZ.sum(axis=1)),
            "db sums over the examples, not over the units: there is one bias for each unit.",
        ),
        Misconception(
            "mean for the bias",
            lambda dZ, X, W: (dZ @ W.T, X.T @ dZ, dZ.mean(axis=0)),
            "db is a sum over the examples. The 1/B of the mean is already in dZ, from the loss.",
        ),
        Misconception(
            "divides by B once more",
            lambda dZ, X, W: (dZ @ W.T, X.T @ dZ / len(X), dZ.sum(axis=0) / len(X)),
            "You divide by the batch size, but the loss has done so: it is in dZ already.",
        ),
        Misconception(
            "in the order of the formula",
            lambda dZ, X, W: (X.T @ dZ, dZ.sum(axis=0), dZ @ W.T),
            "Your three results are right, in another order: dX, dW, db.",
        ),
    ],
    after="Three lines that run in every neural network there is.",
)


def slopes_of(answer, f, x, h):
    """The slopes that `answer` finds for the function called `f`, and x as it leaves it."""
    functions = {
        "sum of cubes": lambda x: float(np.sum(x**3)),
        "product": lambda x: float(np.prod(x)),
        "product of exponentials": lambda x: float(np.exp(x.ravel() @ np.arange(1.0, x.size + 1) / x.size)),
    }
    x = x.copy()
    g = answer(functions[f], x, h)
    return None if g is None else (np.array(g, dtype=float), x)


def points(rng):
    return {
        "three numbers": {"f": "product of exponentials", "x": rng.normal(size=3), "h": 0.1},
        "a matrix": {"f": "sum of cubes", "x": rng.normal(size=(2, 3)), "h": 0.2},
        "one number": {"f": "sum of cubes", "x": np.array([2.0]), "h": 0.5},
        "four factors": {"f": "product", "x": rng.normal(size=4), "h": 1e-3},
    }


def numeric(f, x, h, *, both=True, width=2.0, restore=True):
    g = np.empty_like(x)
    for i in np.ndindex(x.shape):
        old = x[i]
        x[i] = old + h
        above = f(x)
        x[i] = old - h if both else old
        g[i] = (above - f(x)) / (width * h)
        if restore:
            x[i] = old
    return g


def all_at_once(f, x, h):
    return np.full(x.shape, (f(x + h) - f(x - h)) / (2 * h))


NUMERIC = Function(
    id="06.6",
    title="The witness: a numeric gradient",
    points=3,
    signature="numeric_gradient(f, x, h)",
    cases=points,
    run=slopes_of,
    equivalent={"g = (np.ones(x.shape))": "every entry is written over"},
    reference=numeric,
    misconceptions=[
        Misconception(
            "to one side",
            lambda f, x, h: numeric(f, x, h, both=False, width=1.0),
            "You move to one side only. To both sides, f(x + h) − f(x − h), the error shrinks with h².",
        ),
        Misconception(
            "divides by h",
            lambda f, x, h: numeric(f, x, h, width=1.0),
            "Your slopes are twice too large: from x − h to x + h it is 2 h.",
        ),
        Misconception(
            "does not move it back",
            lambda f, x, h: numeric(f, x, h, restore=False),
            "You leave the entry moved when you go on to the next, and whoever gave you x finds it changed. "
            "Put the old value back.",
        ),
        Misconception(
            "moves all entries together",
            all_at_once,
            "You move all entries at once and find one slope for them all. Move one, measure, move it back.",
        ),
    ],
)


def small_networks(rng):
    def one(B, n, H, C):
        return {
            "X": rng.normal(size=(B, n)), "labels": rng.integers(0, C, B),
            "W1": rng.normal(size=(n, H)), "b1": rng.normal(size=H),
            "W2": rng.normal(size=(H, C)), "b2": rng.normal(size=C),
        }  # fmt: skip

    return {
        "six examples, sizes 4, 3, 2": one(6, 4, 3, 2),
        "as many hidden units as classes": one(5, 2, 3, 3),
        "one example": one(1, 3, 2, 4),
    }


def network_gradients(X, labels, W1, b1, W2, b2, *, mean=True, at=None, T=True, eager=False, bias=0):
    A1 = np.tanh(X @ W1 + b1)
    dZ2 = (nn.softmax(A1 @ W2 + b2) - np.eye(len(b2))[labels]) / (len(X) if mean else 1)
    dW2, db2 = A1.T @ dZ2, dZ2.sum(axis=bias)
    if eager:
        W2 = W2 - dW2
    slope = 1 - A1**2 if at is None else at(A1, X @ W1 + b1)
    dZ1 = (dZ2 @ (W2.T if T else W2)) * slope
    return X.T @ dZ1, dZ1.sum(axis=bias), dW2, db2


NETWORK = Function(
    id="06.7",
    title="A whole network",
    points=5,
    signature="gradients(X, labels, W1, b1, W2, b2)",
    allows=("softmax",),
    cases=small_networks,
    reference=network_gradients,
    misconceptions=[
        Misconception(
            "no mean",
            lambda *a: network_gradients(*a, mean=False),
            "Your gradients are B times too large: the loss is a mean, so dZ2 = (P − Y) / B.",
        ),
        Misconception(
            "slope taken at a",
            lambda *a: network_gradients(*a, at=lambda A, Z: 1 - np.tanh(A) ** 2),
            "You take the tanh's slope at A1. It belongs where the tanh was entered, at Z1: "
            "1 − tanh(Z1)², which is 1 − A1².",
        ),
        Misconception(
            "z for a",
            lambda *a: network_gradients(*a, at=lambda A, Z: 1 - Z**2),
            "The slope is 1 − tanh(Z1)², not 1 − Z1².",
        ),
        Misconception(
            "no activation slope",
            lambda *a: network_gradients(*a, at=lambda A, Z: 1.0),
            "Between dA1 and dZ1 the slope of tanh is missing.",
        ),
        Misconception(
            "the slope of a ReLU",
            lambda *a: network_gradients(*a, at=lambda A, Z: Z > 0),
            "That is the slope of a ReLU. This network has tanh.",
        ),
        Misconception(
            "W2 not transposed",
            lambda *a: network_gradients(*a, T=False),
            "dA1 = dZ2 W2.T. "
            "Without the transpose it runs only where there are as many hidden units as classes.",
        ),
        Misconception(
            "overwritten too early",
            lambda *a: network_gradients(*a, eager=True),
            "The first layer's gradients use a W2 that has already been changed. "
            "All gradients belong to the weights of the forward pass.",
        ),
        Misconception(
            "biases summed over units",
            lambda *a: network_gradients(*a, bias=1),
            "The biases' gradients are sums over the examples: axis 0.",
        ),
    ],
    after="With this and one line, W -= lr * dW, you can train on the digits.",
)

STILL_LEARNS = Explain(
    id="06.8",
    title="It learns, so it is right?",
    points=2,
    rubric=(
        "The output layer's gradient does not pass through the mistake, so that layer learns to use whatever "
        "features the hidden layer offers.",
        "The hidden layer's gradient is wrong in direction, so it learns more slowly and ends a little "
        "worse; with nothing to compare with, nobody notices.",
        "A numeric check of every gradient finds it, on a small network whose sizes all differ, before any "
        "training.",
    ),
)
