"""An example.

One exercise of each kind, for the tests of `check` and for authors to look at.
"""

import numpy as np

from nnlearn.exercises import Explain, Function, Misconception, Predict, Value


def fires_cases(rng):
    w, b = rng.normal(size=3), 0.5
    return {
        "one input": {"x": rng.normal(size=3), "w": w, "b": b},
        "a batch of five": {"x": rng.normal(size=(5, 3)), "w": w, "b": b},
        "inputs on both sides of the threshold": {
            "x": np.array([[-3.0], [-1.0], [1.0], [2.0], [3.0]]),
            "w": np.ones(1),
            "b": -2.0,
        },
        "an empty batch": {"x": np.zeros((0, 3)), "w": w, "b": b},
    }


FIRES = Function(
    id="90.1",
    title="A unit that fires",
    points=3,
    signature="fires(x, w, b)",
    cases=fires_cases,
    reference=lambda x, w, b: (x @ w + b >= 0).astype(float),
    misconceptions=[
        Misconception(
            "forgets the bias",
            lambda x, w, b: (x @ w >= 0).astype(float),
            "The bias `b` is missing: it moves the threshold away from zero.",
        ),
        Misconception(
            "subtracts the bias",
            lambda x, w, b: (x @ w - b >= 0).astype(float),
            "Look at the bias: it is added to the weighted sum, and you subtract it.",
        ),
        Misconception(
            "silent at the threshold",
            lambda x, w, b: (x @ w + b > 0).astype(float),
            "What does a unit do exactly at its threshold? Compare `>` with `>=`.",
        ),
    ],
    after="The comparison works on a whole batch at once: no loop needed.",
)

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def truth_table(answer, x):
    w, b = answer
    return (x @ w + b >= 0).astype(float)


AND = Value(
    id="90.2",
    title="Weights for AND",
    points=2,
    cases=lambda rng: {"the four corners": {"x": CORNERS}},
    run=truth_table,  # any weights that give the table are right
    reference=(np.array([1.0, 1.0]), -1.5),
    misconceptions=[
        Misconception(
            "gives OR", (np.ones(2), -0.5), "That is OR: one input alone must not reach the threshold."
        ),
        Misconception("gives NAND", (-np.ones(2), 1.5), "That is NAND: every output is the opposite."),
        Misconception("always fires", (np.ones(2), 0.0), "It always fires: the bias has to hold it back."),
    ],
)

PREDICT = Predict(
    id="90.3",
    title="Twice the weights",
    choices=("more often", "less often", "as often"),
    reference="as often",
    misconceptions=[
        Misconception(
            "only the weights", "more often", "The bias is doubled too: what happens to the threshold?"
        ),
        Misconception("only the bias", "less often", "The weights are doubled too: what happens to the sum?"),
    ],
    after="2(w·x + b) has the sign of w·x + b: the boundary stays where it is.",
)

NUMBER = Value(
    id="90.4",
    title="The norm of w",
    reference=5.0,
    misconceptions=[
        Misconception("no root", 25.0, "That is the squared norm: one step is left."),
        Misconception("sum of the parts", 7.0, "Square the parts before you add them."),
        Misconception("largest part", 4.0, "Every part counts, not the largest alone."),
    ],
)

EXPLAIN = Explain(
    id="90.5",
    title="Why a bias?",
    points=2,
    rubric=(
        "without it the boundary passes through the origin",
        "an example that this makes impossible, such as NOT",
    ),
)
