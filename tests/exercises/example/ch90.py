"""One exercise of each kind, for the tests of `check` and for authors to look at."""

import numpy as np

from nnlearn.exercises import Explain, Function, Predict, Value, edit


def inputs_of_a_unit(rng):
    w, b = rng.normal(size=3), 0.5
    yield "one input", rng.normal(size=3), w, b
    yield "a batch of five", rng.normal(size=(5, 3)), w, b
    yield "inputs on both sides of the threshold", [[-3.0], [-1.0], [1.0], [2.0], [3.0]], [1.0], -2.0
    yield "an empty batch", np.zeros((0, 3)), w, b


def fires(x, w, b):
    return (x @ w + b >= 0).astype(float)


FIRES = Function(1, fires, inputs_of_a_unit, mistakes=[
    ("forgets the bias", edit(" + b", ""), "The bias `b` is missing: it moves the threshold away from zero."),
    ("subtracts the bias", edit("+ b", "- b"),
     "Look at the bias: it is added to the weighted sum, and you subtract it."),
    ("silent at the threshold", edit(">=", ">"),
     "What does a unit do exactly at its threshold? Compare `>` with `>=`."),
], after="The comparison works on a whole batch at once: no loop needed.")


def corners(rng):
    yield "the four corners", [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]


def truth_table(answer, x):
    w, b = answer
    return (x @ w + b >= 0).astype(float)


AND = Value(2, (np.array([1.0, 1.0]), -1.5), corners, run=truth_table, mistakes=[
    ("gives OR", (np.ones(2), -0.5), "That is OR: one input alone must not reach the threshold."),
    ("gives NAND", (-np.ones(2), 1.5), "That is NAND: every output is the opposite."),
    ("always fires", (np.ones(2), 0.0), "It always fires: the bias has to hold it back."),
])

DOUBLED = Predict(3, "as often", mistakes=[
    ("more often", "The bias is doubled too: what happens to the threshold?"),
    ("less often", "The weights are doubled too: what happens to the sum?"),
], after="2(w·x + b) has the sign of w·x + b: the boundary stays where it is.")

NORM = Value(4, 5.0, mistakes=[
    ("no root", 25.0, "That is the squared norm: one step is left."),
    ("sum of the parts", 7.0, "Square the parts before you add them."),
    ("largest part", 4.0, "Every part counts, not the largest alone."),
])

EXPLAIN = Explain(5, rubric=[
    "without it the boundary passes through the origin",
    "an example that this makes impossible, such as NOT",
])
