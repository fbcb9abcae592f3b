"""Activation functions."""

import numpy as np

import nnlearn as nn
from nnlearn.exercises import Explain, Function, Misconception, Predict, Value

HOTTER = Predict(
    id="04.1",
    title="A hotter softmax",
    choices=("closer together", "further apart", "the same"),
    reference="closer together",
    misconceptions=[
        Misconception(
            "heat as strength",
            "further apart",
            "The scores are divided by the temperature: what does a large T do to their differences?",
        ),
        Misconception(
            "only the order counts",
            "the same",
            "The order of the probabilities stays. Do their differences? Try scores 2 and 0 with T = 1 "
            "and T = 10.",
        ),
    ],
    after="Divided by a large T, all scores are nearly equal, and so are their exponentials.",
)

STEEPEST = Value(
    id="04.2",
    title="Ten sigmoids in a row",
    points=1,
    reference=0.25**10,
    rtol=1e-3,
    atol=0.0,
    misconceptions=[
        Misconception("one sigmoid", 0.25, "That is one sigmoid. The slopes of ten in a row multiply."),
        Misconception(
            "adds the slopes", 2.5, "Each neuron passes on a share of what it gets: shares multiply."
        ),
        Misconception(
            "slope one half", 0.5**10, "One half is the sigmoid's value at 0. What is its slope there?"
        ),
        Misconception("twenty of them", 0.25**20, "That is twenty. Here ten stand in a row."),
    ],
)


def far_and_near(rng):
    return {
        "ordinary numbers": {"z": rng.normal(size=7) * 2},
        "a batch": {"z": rng.normal(size=(4, 3)) * 3},
        "zero": {"z": np.array([0.0])},
        "numbers in the thousands": {"z": np.array([-3000.0, -800.0, 800.0, 3000.0])},
    }


SIGMOID = Function(
    id="04.3",
    title="The sigmoid that never overflows",
    points=2,
    signature="sigmoid(z)",
    cases=far_and_near,
    reference=nn.sigmoid,
    atol=1e-300,
    misconceptions=[
        Misconception(
            "other fraction everywhere",
            lambda z: np.exp(z) / (1 + np.exp(z)),
            "For large positive z this is infinity over infinity. Use this form for negative z only.",
        ),
        Misconception(
            "sign of the exponent",
            lambda z: 1 / (1 + np.exp(z)),
            "Your function falls where the sigmoid rises: look at the sign in the exponent.",
        ),
        Misconception(
            "tanh instead",
            lambda z: np.tanh(z),
            "Those values run from -1 to 1: that is tanh. The sigmoid runs from 0 to 1.",
        ),
        Misconception(
            "symmetric by mistake",
            lambda z: 1 / (1 + np.exp(-np.abs(z))),
            "Negative z must give values below one half. With |z| in the exponent both sides get the "
            "same fraction.",
        ),
        Misconception(
            "clips",
            lambda z: 1 / (1 + np.exp(-np.clip(z, -10, 10))),
            "Clipping z hides the overflow and changes the values: at z = -800 the sigmoid is not that "
            "of -10.",
        ),
    ],
    after="Every exponential in it is at most 1: nothing can overflow.",
    equivalent={"return np.where(z > 0, 1, e) / (1 + e)": "at z = 0 both fractions are 1/2"},
)


def softmax_cases(rng):
    return {
        "one row of scores": {"z": rng.normal(size=5), "axis": -1, "T": 1.0},
        "a batch, over its last axis": {"z": rng.normal(size=(3, 4)), "axis": -1, "T": 1.0},
        "a batch, over its first axis": {"z": rng.normal(size=(3, 4)), "axis": 0, "T": 1.0},
        "three axes, over the middle one": {"z": rng.normal(size=(2, 3, 4)), "axis": 1, "T": 0.5},
        "a high temperature": {"z": rng.normal(size=(2, 3)), "axis": 1, "T": 20.0},
        "scores in the thousands": {
            "z": np.array([[1000.0, 998.0, -4000.0], [-5000.0, -5001.0, -5001.0]]),
            "axis": -1,
            "T": 2.0,
        },
    }


def soft(z, axis, T, shift=True, keep=True, sum_axis=None):
    z = z / T
    e = np.exp(z - z.max(axis=axis, keepdims=True) if shift else z)
    return e / e.sum(axis=axis if sum_axis is None else sum_axis, keepdims=keep)


SOFTMAX = Function(
    id="04.4",
    title="A softmax over any axis, with a temperature",
    points=3,
    signature="softmax(z, axis, T)",
    cases=softmax_cases,
    reference=lambda z, axis, T: nn.softmax(z / T, axis),
    misconceptions=[
        Misconception(
            "overflows",
            lambda z, axis, T: soft(z, axis, T, shift=False),
            "It overflows for large scores. Take the largest score along the axis away from all of them "
            "first.",
        ),
        Misconception(
            "always the last axis",
            lambda z, axis, T: soft(z, -1, T),
            "You always use the last axis. Pass `axis` on to `max` and `sum`.",
        ),
        Misconception(
            "forgets keepdims",
            lambda z, axis, T: soft(z, axis, T, keep=False),
            "After the sum, the axis is gone and the shapes no longer match: `keepdims=True` keeps it "
            "with length 1.",
        ),
        Misconception(
            "multiplies by the temperature",
            lambda z, axis, T: soft(z * T, axis, 1.0),
            "The scores are divided by T: a hot softmax is an undecided one.",
        ),
        Misconception(
            "ignores the temperature",
            lambda z, axis, T: soft(z, axis, 1.0),
            "T changes nothing in your function. Divide the scores by it before you exponentiate.",
        ),
        Misconception(
            "normalises over everything",
            lambda z, axis, T: soft(z, tuple(range(z.ndim)), T),
            "Each row has to sum to 1 along `axis`; yours sum to 1 over the whole array.",
        ),
    ],
)


def silu_cases(rng):
    return {
        "ordinary numbers": {"z": rng.normal(size=6) * 2},
        "a batch": {"z": rng.normal(size=(3, 5)) * 3},
        "zero": {"z": np.array([0.0])},
    }


DSILU = Function(
    id="04.5",
    title="The slope of the SiLU",
    points=2,
    signature="dsilu(z)",
    allows=("sigmoid",),
    cases=silu_cases,
    reference=lambda z: nn.sigmoid(z) * (1 + z * (1 - nn.sigmoid(z))),
    rtol=1e-6,
    misconceptions=[
        Misconception("the value", nn.silu, "That is the SiLU itself. Its slope is asked for."),
        Misconception(
            "product of the slopes",
            lambda z: nn.sigmoid(z) * (1 - nn.sigmoid(z)),
            "The slope of a product is not the product of the slopes: use the product rule on z · "
            "sigmoid(z).",
        ),
        Misconception(
            "half of the product rule",
            nn.sigmoid,
            "One half of the product rule is there: the slope of z times the sigmoid. Add z times the "
            "slope of the sigmoid.",
        ),
        Misconception(
            "forgets z",
            lambda z: nn.sigmoid(z) + nn.sigmoid(z) * (1 - nn.sigmoid(z)),
            "In the second part of the product rule, the factor z is missing.",
        ),
    ],
    after="Where z is large the slope is 1, as the ReLU's; it even exceeds 1 for a while.",
)


def dead_cases(rng):
    z = rng.normal(size=(6, 5))
    z[:, 1] = -np.abs(z[:, 1]) - 0.1
    z[:, 3] = -np.abs(z[:, 3]) - 0.1
    mixed = np.array([[-1.0, 0.0, -2.0], [-3.0, 0.0, 1.0]])
    return {
        "six inputs and five neurons": {"z": z},
        "a neuron that is exactly at zero": {"z": mixed},
        "all alive": {"z": np.abs(rng.normal(size=(3, 4))) + 0.1},
        "all dead": {"z": -np.ones((7, 2))},
        "one input": {"z": np.array([[-1.0, 2.0, -3.0, -4.0]])},
    }


DEAD = Function(
    id="04.6",
    title="Count the dead",
    points=2,
    signature="dead_share(z)",
    cases=dead_cases,
    reference=lambda z: (z <= 0).all(axis=0).mean(),
    misconceptions=[
        Misconception(
            "share of zeros",
            lambda z: (z <= 0).mean(),
            "That is the share of zeros. A neuron is dead when it is zero for every input: `all` along "
            "the batch first.",
        ),
        Misconception(
            "along the wrong axis",
            lambda z: (z <= 0).all(axis=1).mean(),
            "You count inputs for which all neurons are silent. A neuron is a column: go along axis 0.",
        ),
        Misconception(
            "any instead of all",
            lambda z: (z <= 0).any(axis=0).mean(),
            "Silent for some input is how a ReLU works. Dead is silent for all of them.",
        ),
        Misconception(
            "counts instead of a share",
            lambda z: float((z <= 0).all(axis=0).sum()),
            "That is how many. The share is that number divided by the number of neurons.",
        ),
        Misconception(
            "the living",
            lambda z: (z > 0).any(axis=0).mean(),
            "That is the share of neurons that live.",
        ),
        Misconception(
            "zero counts as firing",
            lambda z: (z < 0).all(axis=0).mean(),
            "A ReLU at z = 0 passes nothing on and its slope is taken as 0: count `z <= 0`.",
        ),
    ],
)

WHICH = Explain(
    id="04.7",
    title="Which activation, and why?",
    points=2,
    rubric=(
        "hidden layers: not sigmoids, because slopes of at most 1/4 multiply to nothing through eight layers",
        "a named choice such as ReLU or GELU, with its risk (dead units, or none but a little more work)",
        "output: softmax, because the four classes compete and the answers have to be probabilities",
    ),
)
