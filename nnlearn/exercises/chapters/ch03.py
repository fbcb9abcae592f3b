"""Layers.

Batches are rows, units are columns: y = x W + b with W (n_in, n_out). The step is 0 at exactly 0.
"""

import itertools

import numpy as np

import nnlearn as nn
from nnlearn.exercises import Explain, Function, Misconception, Predict, Value

SHAPES = Value(
    id="03.1",
    title="The shapes of a network",
    reference=np.array([[100, 20], [32, 20], [32, 10]]),
    misconceptions=[
        Misconception(
            "weights the other way round",
            np.array([[20, 100], [32, 20], [32, 10]]),
            "W₂ stands on the right of h: `h @ W2`. Its rows match what comes in, its columns what goes out.",
        ),
        Misconception(
            "the batch in the weights",
            np.array([[32, 20], [32, 20], [32, 10]]),
            "The weights do not know how many examples come: 32 is not in their shape.",
        ),
        Misconception(
            "z₂ is what comes in",
            np.array([[100, 20], [32, 100], [32, 10]]),
            "(32, 100) is what the second layer receives. What is the shape after its matrix product?",
        ),
        Misconception(
            "examples as columns",
            np.array([[100, 20], [20, 32], [10, 32]]),
            "Here rows are examples: the 32 stays in front from the first layer to the last.",
        ),
        Misconception(
            "one layer too far",
            np.array([[20, 10], [32, 10], [32, 10]]),
            "That is the third layer. The second leads from the 100 hidden units to the 20.",
        ),
    ],
    after="Inner sizes meet and vanish: (32, 100) @ (100, 20) is (32, 20).",
)


def sizes_cases(rng):
    return {
        "two inputs, three hidden units, one output": {"sizes": [2, 3, 1]},
        "no hidden layer": {"sizes": [64, 10]},
        "three hidden layers": {"sizes": [int(n) for n in rng.integers(2, 30, size=5)]},
        "an output layer wider than the input": {"sizes": [1, 4, 9]},
    }


def pairs(sizes):
    return itertools.pairwise(sizes)


PARAMETERS = Function(
    id="03.2",
    title="How many parameters?",
    points=2,
    signature="parameters(sizes)",
    cases=sizes_cases,
    reference=lambda sizes: sum(n * m + m for n, m in pairs(sizes)),
    misconceptions=[
        Misconception(
            "forgets the biases",
            lambda sizes: sum(n * m for n, m in pairs(sizes)),
            "Those are the weights. Every unit of a layer has a bias as well.",
        ),
        Misconception(
            "a bias for each input",
            lambda sizes: sum(n * m + n for n, m in pairs(sizes)),
            "A bias belongs to a unit, and a layer's units are its outputs. The input has no biases.",
        ),
        Misconception(
            "one bias a layer",
            lambda sizes: sum(n * m + 1 for n, m in pairs(sizes)),
            "You count one bias a layer, but b has one number for each of the layer's units.",
        ),
        Misconception(
            "biases for the input too",
            lambda sizes: sum(n * m for n, m in pairs(sizes)) + sum(sizes),
            "You count a bias for every number of the input, too. The input is not computed: it has none.",
        ),
        Misconception(
            "counts the units",
            lambda sizes: sum(sizes[1:]),
            "That is the number of units. Each has a weight for every unit before it, and a bias.",
        ),
    ],
)


def layer_cases(rng):
    W = rng.normal(size=(3, 4))
    return {
        "a batch of five": {"x": rng.normal(size=(5, 3)), "W": W, "b": rng.normal(size=4)},
        "one input": {"x": rng.normal(size=3), "W": W, "b": rng.normal(size=4)},
        "as many units as inputs": {
            "x": rng.normal(size=(4, 2)),
            "W": np.array([[1.0, -2.0], [0.5, 1.5]]),
            "b": np.array([0.3, -0.2]),
        },
        "biases that decide": {
            "x": 0.1 * rng.normal(size=(3, 3)),
            "W": W,
            "b": np.array([5.0, -5.0, 4.0, -4.0]),
        },
        "three inputs, three units, a batch of three": {
            "x": rng.normal(size=(3, 3)),
            "W": rng.normal(size=(3, 3)),
            "b": rng.normal(size=3),
        },
        "one number, one unit": {"x": np.array([-0.5]), "W": np.array([[-2.0]]), "b": np.array([0.5])},
        "an empty batch": {"x": np.zeros((0, 3)), "W": W, "b": np.ones(4)},
    }


LAYER = Function(
    id="03.3",
    title="A layer of ReLUs",
    points=2,
    signature="layer(x, W, b)",
    cases=layer_cases,
    reference=lambda x, W, b: nn.relu(nn.linear(x, W, b)),
    misconceptions=[
        Misconception(
            "forgets the bias",
            lambda x, W, b: np.maximum(0, x @ W),
            "The biases b are missing from the sums.",
        ),
        Misconception(
            "the bias after the ReLU",
            lambda x, W, b: np.maximum(0, x @ W) + b,
            "The bias belongs inside: first the whole sum z = x W + b, then max(0, z).",
        ),
        Misconception(
            "no activation",
            lambda x, W, b: x @ W + b,
            "That is z. The layer passes on max(0, z): no number below 0.",
        ),
        Misconception(
            "a step for a ReLU",
            lambda x, W, b: (x @ W + b > 0).astype(float),
            "That is the step: it says whether z > 0. A ReLU says how much, too.",
        ),
        Misconception(
            "the absolute value",
            lambda x, W, b: np.abs(x @ W + b),
            "A ReLU does not turn negative sums into positive ones; it is silent for them.",
        ),
        Misconception(
            "W transposed",
            lambda x, W, b: np.maximum(0, x @ W.T + b),
            "`x @ W.T` treats W's rows as units. Here the columns are the units: W is (n_in, n_out).",
        ),
        Misconception(
            "W on the left",
            lambda x, W, b: np.maximum(0, W @ x + b),
            "`W @ x` is for examples as columns. Here they are rows, and x stands on the left: `x @ W`.",
        ),
        Misconception(
            "Python's max",
            lambda x, W, b: max(0, x @ W + b),
            "`max(0, z)` wants one number, and z is an array. `np.maximum` compares element by element.",
        ),
    ],
)


def bump_cases(rng):
    return {
        "a row of positions": {"x": np.linspace(0, 1, 11), "start": 0.25, "end": 0.65, "height": 2.0},
        "a bump that points down": {"x": rng.uniform(-1, 1, 12), "start": -0.5, "end": 0.5, "height": -1.5},
        "exactly at the edges": {
            "x": np.array([1.0, 2.0, 3.0, 4.0]),
            "start": 2.0,
            "end": 3.0,
            "height": 1.0,
        },
        "a column": {"x": np.array([[-3.0], [0.5], [9.0]]), "start": -1.0, "end": 1.0, "height": 0.5},
    }


BUMP = Function(
    id="03.4",
    title="A bump of any height",
    points=2,
    signature="bump(x, start, end, height)",
    allows=("step",),
    cases=bump_cases,
    reference=lambda x, start, end, height: height * (nn.step(x - start) - nn.step(x - end)),
    misconceptions=[
        Misconception(
            "never switches off",
            lambda x, start, end, height: height * nn.step(x - start),
            "It goes up at `start` and never comes down. A second unit has to take the height away at `end`.",
        ),
        Misconception(
            "two stairs",
            lambda x, start, end, height: height * (nn.step(x - start) + nn.step(x - end)),
            "That is a stair of two steps: at `end` the second unit must be subtracted.",
        ),
        Misconception(
            "the height once",
            lambda x, start, end, height: height * nn.step(x - start) - nn.step(x - end),
            "You go up by `height` but down by 1: both units need the same height.",
        ),
        Misconception(
            "always one high",
            lambda x, start, end, height: nn.step(x - start) - nn.step(x - end),
            "The place is right, but this bump is always 1 high.",
        ),
        Misconception(
            "closed at the start",
            lambda x, start, end, height: height * ((x >= start) & (x < end)),
            "Between the edges it is right. At the edges our steps decide: step(0) is 0.",
        ),
    ],
)

ZIGZAG = Predict(
    id="03.5",
    title="A zigzag, three times",
    reference=27,
    misconceptions=[
        Misconception(
            "adds up",
            9,
            "You add 3 for each application. But each of the old pieces is cut into three new ones.",
        ),
        Misconception(
            "the tent",
            8,
            "That is the tent, which folds in two: 2 · 2 · 2. The zigzag has three pieces, not two.",
        ),
        Misconception(
            "one layer's bound",
            10,
            "At most n + 1 pieces holds for n units in *one* layer. Here they stand in three layers.",
        ),
        Misconception(
            "one too few", 26, "26 is the number of bends. There is one more piece than there are bends."
        ),
    ],
    after="Every piece runs from 0 to 1 or back, so the next zigzag is drawn in full on each: 3 · 3 · 3.",
)


def networks(rng):
    def make(*sizes):
        return [[rng.normal(size=(n, m)), rng.normal(size=m)] for n, m in pairs(sizes)]

    one = np.array([[1.0]])
    return {
        "one hidden layer, a batch of four": {"x": rng.normal(size=(4, 2)), "layers": make(2, 5, 3)},
        "two hidden layers": {"x": rng.normal(size=(6, 3)), "layers": make(3, 4, 4, 2)},
        "no hidden layer": {"x": rng.normal(size=(5, 2)), "layers": make(2, 2)},
        "an output below zero": {
            "x": np.array([[1.0], [-2.0]]),
            "layers": [[one, np.ones(1)], [-one, np.zeros(1)]],
        },
        "one input": {"x": rng.normal(size=2), "layers": make(2, 3, 1)},
    }


def run_layers(x, layers, hidden, last):
    for W, b in layers[:-1]:
        x = hidden(x @ W + b)
    W, b = layers[-1]
    return last(x @ W + b)


def same(z):
    return z


FORWARD = Function(
    id="03.6",
    title="Forward through all layers",
    points=3,
    signature="forward(x, layers)",
    cases=networks,
    reference=lambda x, layers: nn.forward(x, layers, nn.relu),
    misconceptions=[
        Misconception(
            "a ReLU at the end, too",
            lambda x, layers: run_layers(x, layers, nn.relu, nn.relu),
            "The last layer has no activation: the output may be any number, below zero, too.",
        ),
        Misconception(
            "no ReLU at all",
            lambda x, layers: run_layers(x, layers, same, same),
            "There is no activation between the layers: together, they are one linear layer.",
        ),
        Misconception(
            "a ReLU only at the end",
            lambda x, layers: run_layers(x, layers, same, nn.relu),
            "The activation stands the wrong way round: after every layer but the last.",
        ),
        Misconception(
            "a ReLU on the input",
            lambda x, layers: run_layers(nn.relu(x), layers, nn.relu, same),
            "The input goes in as it is: the first ReLU comes after the first layer.",
        ),
        Misconception(
            "forgets the biases",
            lambda x, layers: run_layers(x, [(W, 0 * b) for W, b in layers], nn.relu, same),
            "The biases are missing: each layer is x W + b.",
        ),
        Misconception(
            "stops before the last layer",
            lambda x, layers: run_layers(x, [*layers[:-1], (np.eye(len(layers[-1][0])), 0)], nn.relu, same),
            "The last layer is missing. It is linear, but it has to be there.",
        ),
    ],
)

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def truth_table(answer, x):
    W1, b1, W2, b2 = answer
    return (np.maximum(0, x @ W1 + b1) @ W2 + b2 > 0.5).astype(float)


ONES, BOTH = np.ones((2, 2)), np.array([0.0, -1.0])  # x₁ + x₂, and what of it exceeds 1

XOR = Value(
    id="03.7",
    title="XOR with two ReLUs",
    points=3,
    cases=lambda rng: {"the four corners 00, 01, 10, 11": {"x": CORNERS}},
    run=truth_table,
    reference=(ONES, BOTH, np.array([[1.0], [-2.0]]), np.zeros(1)),
    misconceptions=[
        Misconception(
            "OR: takes too little away",
            (ONES, BOTH, np.array([[1.0], [-1.0]]), np.zeros(1)),
            "That is OR: for 11 too much is left. h₁ is 2 there: how much must h₂ take away?",
        ),
        Misconception(
            "AND",
            (ONES, BOTH, np.array([[0.0], [1.0]]), np.zeros(1)),
            "That is AND: only 11 comes through. It is to be the one that is taken away.",
        ),
        Misconception(
            "XNOR",
            (ONES, BOTH, np.array([[-1.0], [2.0]]), np.ones(1)),
            "Every output is the opposite: turn the signs of the output layer round, its bias included.",
        ),
        Misconception(
            "nothing comes through",
            (ONES, np.array([-2.0, -2.0]), np.array([[1.0], [-2.0]]), np.zeros(1)),
            "The output is at or below one half for all four. Follow 01 by hand: what is h, what is y?",
        ),
        Misconception(
            "the same unit twice",
            (ONES, np.zeros(2), np.array([[1.0], [-2.0]]), np.ones(1)),
            "This fires for 00 alone. Are your two hidden units different? Equal ones are only one unit.",
        ),
    ],
    equivalent={
        "W2, b2 = np.array([[1.0], [- 3.0]]), np.array([0.0])": "takes more away for 11 than it must"
    },
    after="h₁ = x₁ + x₂ and h₂ = max(0, x₁ + x₂ − 1): the points go to (0, 0), (1, 0) twice and (2, 1).",
)


def two_layers(rng):
    def make(n, m, k):
        return {
            "W1": rng.normal(size=(n, m)),
            "b1": rng.normal(size=m),
            "W2": rng.normal(size=(m, k)),
            "b2": rng.normal(size=k),
        }

    return {
        "3 inputs, 4 hidden, 2 outputs": make(3, 4, 2),
        "all of one size": make(2, 2, 2),
        "one hidden unit": make(5, 1, 3),
        "one output": make(2, 3, 1),
    }


COLLAPSE = Function(
    id="03.8",
    title="Two linear layers are one",
    points=3,
    signature="collapse(W1, b1, W2, b2)",
    cases=two_layers,
    reference=lambda W1, b1, W2, b2: (W1 @ W2, b1 @ W2 + b2),
    misconceptions=[
        Misconception(
            "the matrices the other way round",
            lambda W1, b1, W2, b2: (W2 @ W1, b1 @ W2 + b2),
            "Read (x W₁) W₂ from the left: x meets W₁ first, so W₁ stands first.",
        ),
        Misconception(
            "b₁ is not passed on",
            lambda W1, b1, W2, b2: (W1 @ W2, b2),
            "What the first layer's biases add has vanished. They go through the second layer, too.",
        ),
        Misconception(
            "the biases added",
            lambda W1, b1, W2, b2: (W1 @ W2, b1 + b2),
            "b₁ and b₂ do not even have the same size. What does the second layer do with all it gets?",
        ),
        Misconception(
            "b₂ forgotten",
            lambda W1, b1, W2, b2: (W1 @ W2, b1 @ W2),
            "The second layer's own biases are missing.",
        ),
        Misconception(
            "the matrices multiplied element by element",
            lambda W1, b1, W2, b2: (W1 * W2, b1 @ W2 + b2),
            "`*` multiplies element by element. A layer after a layer is a matrix product: `@`.",
        ),
    ],
)


def hidden_cases(rng):
    places = rng.choice(np.arange(-8, 9), size=5, replace=False).astype(float)
    w = np.array([1.0, -1.0, 2.0, -2.0, 4.0])
    return {
        "five units that bend at five places": {"w": w, "b": -w * places, "v": rng.uniform(1, 2, size=5)},
        "one unit": {"w": np.array([2.0]), "b": np.array([-1.0]), "v": np.array([3.0])},
        "two units that bend at one place": {
            "w": np.array([1.0, 2.0, 1.0]),
            "b": np.array([-1.0, -2.0, 3.0]),
            "v": np.array([1.0, 1.0, 1.0]),
        },
        "a unit without a say": {
            "w": np.array([1.0, 1.0, -1.0]),
            "b": np.array([0.0, 1.0, 5.0]),
            "v": np.array([1.0, 0.0, -2.0]),
        },
        "a unit that does not look at x": {
            "w": np.array([1.0, 0.0, 2.0]),
            "b": np.array([1.0, 1.0, 4.0]),
            "v": np.array([1.0, 5.0, 1.0]),
        },
        "two units that undo one another": {
            "w": np.array([1.0, 2.0, -1.0]),
            "b": np.array([-1.0, -2.0, 7.0]),
            "v": np.array([2.0, -1.0, 1.0]),
        },
        "looking left and right from one place": {
            "w": np.array([1.0, -1.0]),
            "b": np.array([-2.0, 2.0]),
            "v": np.array([1.0, 1.0]),
        },
        "up, then level again": {
            "w": np.array([4.0, 4.0]),
            "b": np.array([-1.0, -2.0]),
            "v": np.array([1.0, -1.0]),
        },
        "relu(x) − relu(−x) is x": {"w": np.array([1.0, -1.0]), "b": np.zeros(2), "v": np.array([1.0, -1.0])},
    }


def places(w, b):
    return -b[w != 0] / w[w != 0]


def bends(w, b, v, change):
    """1 + the places at which the slope changes, if a unit's `change` is what it adds to the slope there."""
    t = places(w, b)
    return 1 + sum(abs(change(w, v)[w != 0][t == place].sum()) > 1e-12 for place in np.unique(t))


PIECES = Function(
    id="03.9",
    title="Count the pieces",
    points=4,
    signature="pieces(w, b, v)",
    cases=hidden_cases,
    reference=lambda w, b, v: len(nn.linear_pieces([(w[None, :], b), (v[:, None], np.zeros(1))])[1]),
    misconceptions=[
        Misconception(
            "as many as there could be",
            lambda w, b, v: len(w) + 1,
            "n + 1 is the most there can be. Which units bend nothing, or bend where another does?",
        ),
        Misconception(
            "counts the bends",
            lambda w, b, v: bends(w, b, v, lambda w, v: np.abs(w) * v) - 1,
            "Those are the bends. A line with no bend is already one piece.",
        ),
        Misconception(
            "every unit bends at a place of its own",
            lambda w, b, v: 1 + int(((w != 0) & (v != 0)).sum()),
            "Two units can bend the curve at the same place: that is one bend, not two.",
        ),
        Misconception(
            "every place counts",
            lambda w, b, v: 1 + len(np.unique(places(w, b))),
            "At some of these places nothing bends: a weight v may be 0, or two units may undo one another.",
        ),
        Misconception(
            "only v = 0 is silent",
            lambda w, b, v: 1 + len(np.unique(places(w[v != 0], b[v != 0]))),
            "Almost. Units at one place can undo one another: add up how each changes the slope there.",
        ),
        Misconception(
            "forgets that w may be negative",
            lambda w, b, v: bends(w, b, v, lambda w, v: w * v),
            "Walk past a unit's place from left to right: if w > 0 its slope w·v begins, if w < 0 it ends. "
            "What is the change in each case?",
        ),
    ],
    after="At each place the slope changes by the sum of |w|·v. Where that is zero, nothing is to be seen.",
    equivalent={
        "places = +b[bends] / w[bends]": "mirrored at zero: as many places, the same units at each",
        "places = b[bends] / w[bends]": "mirrored at zero: as many places, the same units at each",
        "return 1 + sum(abs(changes[places == t].sum()) >= 1e-9 for t in np.unique(places))": (
            "no change is exactly 1e-9"
        ),
        "return 1 + sum(abs((changes[places == t].mean())) > 1e-9 for t in np.unique(places))": (
            "a mean is zero where its sum is"
        ),
    },
)

PROMISE = Explain(
    id="03.10",
    title="What the theorem does not promise",
    points=3,
    rubric=(
        "what it does say: one hidden layer can come as close as wanted to a continuous f, on a bounded set",
        "existence only: not how many units, and not that learning finds their weights",
        "nothing about inputs outside the set or between the examples: fitting the data is not enough",
        "an example of one's own, in which one of these matters",
    ),
)
