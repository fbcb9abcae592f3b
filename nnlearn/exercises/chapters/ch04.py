"""Batches are rows, units are columns: y = x W + b with W (n_in, n_out). The step is 0 at exactly 0."""

import itertools

import numpy as np

import nnlearn as nn
from nnlearn.exercises import Explain, Function, Predict, Value, edit

SHAPES = Value(1, [[100, 20], [32, 20], [32, 10]], mistakes=[
    ("weights the other way round", [[20, 100], [32, 20], [32, 10]],
     "W₂ stands on the right of h: `h @ W2`. Its rows match what comes in, its columns what goes out."),
    ("the batch in the weights", [[32, 20], [32, 20], [32, 10]],
     "The weights do not know how many examples come: 32 is not in their shape."),
    ("z₂ is what comes in", [[100, 20], [32, 100], [32, 10]],
     "(32, 100) is what the second layer receives. What is the shape after its matrix product?"),
    ("examples as columns", [[100, 20], [20, 32], [10, 32]],
     "Here rows are examples: the 32 stays in front from the first layer to the last."),
    ("one layer too far", [[20, 10], [32, 10], [32, 10]],
     "That is the third layer. The second leads from the 100 hidden units to the 20."),
    ("z₂ without the batch", [[100, 20], [100, 20], [32, 10]],
     "Sums have a row for each example: (32, 100) @ (100, 20). Which sizes are left?"),
    ("one layer too early", [[64, 100], [32, 100], [32, 10]],
     "That is the first layer, from the 64 numbers to 100 units. The second leads from there to the 20."),
    ("everything the other way round", [[20, 100], [20, 32], [10, 32]],
     "Here rows are examples and columns are units: the 32 stays in front, and W₂ stands on the right of h."),
    ("one example", [[100, 20], [1, 20], [1, 10]],
     "Those are the sums of one example. The batch has 32, a row for each."),
    ("W₂ to the output", [[100, 10], [32, 20], [32, 10]],
     "W₂ does not reach the output: it leads into the second hidden layer, which has 20 units."),
], after="Inner sizes meet and vanish: (32, 100) @ (100, 20) is (32, 20).")


def widths_of_networks(rng):
    yield "two inputs, three hidden units, one output", [2, 3, 1]
    yield "no hidden layer", [64, 10]
    yield "three hidden layers", rng.integers(2, 30, size=5).tolist()
    yield "an output layer wider than the input", [1, 4, 9]


def parameters(sizes):
    return sum(n * m + m for n, m in itertools.pairwise(sizes))


PARAMETERS = Function(2, parameters, widths_of_networks, lists=True, mistakes=[
    ("forgets the biases", edit(" + m", ""),
     "Those are the weights. Every unit of a layer has a bias as well."),
    ("a bias for each input", edit("+ m", "+ n"),
     "A bias belongs to a unit, and a layer's units are its outputs. The input has no biases."),
    ("one bias a layer", edit("+ m", "+ 1"),
     "You count one bias a layer, but b has one number for each of the layer's units."),
    ("biases for the input too", edit(" + m", "", "(sizes))", "(sizes)) + sum(sizes)"),
     "You count a bias for every number of the input, too. The input is not computed: it has none."),
    ("counts the units", lambda sizes: sum(sizes[1:]),
     "That is the number of units. Each has a weight for every unit before it, and a bias."),
    ("biases of the hidden layers alone", edit("(sizes))", "(sizes)) - sizes[-1]"),
     "The output layer's units have biases as well."),
    ("the output layer forgotten", edit("pairwise(sizes)", "pairwise(sizes[:-1])"),
     "The weights into the last layer are missing: three sizes are two layers, [2, 3] and [3, 1]."),
    ("all multiplied", lambda sizes: int(np.prod(sizes)) + sum(sizes[1:]),
     "You multiplied all the sizes. Weights lie between neighbours: products of two, added up."),
    ("counts the units and the inputs", lambda sizes: sum(sizes),
     "You count the units, the inputs among them. Parameters are the weights between them and the biases."),
])


def inputs_and_a_layer(rng):
    W = rng.normal(size=(3, 4))
    yield "a batch of five", rng.normal(size=(5, 3)), W, rng.normal(size=4)
    yield "one input", rng.normal(size=3), W, rng.normal(size=4)
    yield "as many units as inputs", rng.normal(size=(4, 2)), [[1.0, -2.0], [0.5, 1.5]], [0.3, -0.2]
    yield "biases that decide", 0.1 * rng.normal(size=(3, 3)), W, [5.0, -5.0, 4.0, -4.0]
    yield "three inputs, three units, a batch of three", *rng.normal(size=(2, 3, 3)), rng.normal(size=3)
    yield "one number, one unit", [-0.5], [[-2.0]], [0.5]
    yield "an empty batch", np.zeros((0, 3)), W, np.ones(4)


def layer(x, W, b):
    return np.maximum(0, x @ W + b)


LAYER = Function(3, layer, inputs_and_a_layer, mistakes=[
    ("forgets the bias", edit(" + b", ""), "The biases b are missing from the sums."),
    ("the bias after the ReLU", edit(" + b)", ") + b"),
     "The bias belongs inside: first the whole sum z = x W + b, then max(0, z)."),
    ("no activation", edit("np.maximum(0, x @ W + b)", "x @ W + b"),
     "That is z. The layer passes on max(0, z): no number below 0."),
    ("a step for a ReLU", edit("np.maximum(0, x @ W + b)", "(x @ W + b > 0).astype(float)"),
     "That is the step: it says whether z > 0. A ReLU says how much, too."),
    ("the absolute value", edit("np.maximum(0, x @ W + b)", "np.abs(x @ W + b)"),
     "A ReLU does not turn negative sums into positive ones; it is silent for them."),
    ("W transposed", edit("x @ W", "x @ W.T"),
     "`x @ W.T` treats W's rows as units. Here the columns are the units: W is (n_in, n_out)."),
    ("W on the left", edit("x @ W", "W @ x"),
     "`W @ x` is for examples as columns. Here they are rows, and x stands on the left: `x @ W`."),
    ("Python's max", edit("np.maximum", "max"),
     "`max(0, z)` wants one number, and z is an array. `np.maximum` compares element by element."),
    ("the bias subtracted", edit("+ b", "- b"), "The bias is added to the sum."),
    ("the input rectified", edit("np.maximum(0, x @ W + b)", "np.maximum(0, x) @ W + b"),
     "You rectify what comes in. The ReLU comes last, on the sums."),
    ("the smaller of the two", edit("np.maximum", "np.minimum"),
     "That keeps what is below zero. The larger of 0 and z is asked for."),
    ("capped at 1", edit("np.maximum(0, x @ W + b)", "np.clip(x @ W + b, 0, 1)"),
     "A ReLU has no ceiling: above zero it passes on z, however large."),
    ("leaky", edit("np.maximum(0, x @ W + b)", "np.where(x @ W + b > 0, x @ W + b, 0.01 * (x @ W + b))"),
     "That is the *leaky* ReLU. The plain one gives 0 below zero."),
    ("the largest of all", edit("np.maximum(0, x @ W + b)", "np.max(x @ W + b, initial=0)"),
     "`np.max` finds the one largest number. `np.maximum(0, z)` compares each element with 0."),
    ("a column of biases", edit("+ b", "+ b[:, None]"),
     "`b[:, None]` is a column, a bias for each *example*. `x @ W + b` gives each unit its own."),
    ("np.max for np.maximum", edit("np.maximum", "np.max"),
     "The second argument of `np.max` is an axis. `np.maximum(0, z)` compares each element with 0."),
])


def positions_and_edges(rng):
    yield "a row of positions", np.linspace(0, 1, 11), 0.25, 0.65, 2.0
    yield "a bump that points down", rng.uniform(-1, 1, 12), -0.5, 0.5, -1.5
    yield "exactly at the edges", [1.0, 2.0, 3.0, 4.0], 2.0, 3.0, 1.0
    yield "whole numbers, and a height that is none", [0, 1, 2, 3, 4], 1.0, 3.0, 1.5
    yield "a column", [[-3.0], [0.5], [9.0]], -1.0, 1.0, 0.5


def bump(x, start, end, height):
    return height * (nn.step(x - start) - nn.step(x - end))


BUMP = Function(4, bump, positions_and_edges, allows=("step",), mistakes=[
    ("never switches off", edit(" - nn.step(x - end)", ""),
     "It goes up at `start` and never comes down. A second unit has to take the height away at `end`."),
    ("two stairs", edit("- nn", "+ nn"),
     "That is a stair of two steps: at `end` the second unit must be subtracted."),
    ("the height once", edit("* (nn", "* nn", "end))", "end)"),
     "You go up by `height` but down by 1: both units need the same height."),
    ("always one high", edit("height * ", ""), "The place is right, but this bump is always 1 high."),
    ("closed at the start", edit("nn.step(x - start) - nn.step(x - end)", "(x >= start) & (x < end)"),
     "Between the edges it is right. At the edges our steps decide: step(0) is 0."),
    ("open at both ends", edit("nn.step(x - start) - nn.step(x - end)",
     "nn.step(x - start) * nn.step(end - x)"),
     "One edge is left: at exactly `end` the bump still stands, start < x <= end. Which step is 0 there?"),
    ("closed at both ends", edit("nn.step(x - start) - nn.step(x - end)", "(x >= start) & (x <= end)"),
     "One edge is left: at exactly `start` there is no bump yet, start < x <= end."),
    ("upside down", edit("height * ", "-height * "),
     "It points the wrong way: the unit that switches on at `start` counts with +height."),
    ("divided by the width", edit("return height", "return 1 / (end - start) * height"),
     "You divide by the width. That keeps the area; here the height is given."),
    ("ends too late", edit("x - end", "x - start - end"),
     "Your second unit switches on at start + end. It belongs at `end`."),
    ("where both are on", edit("- nn.step(x - end)", "* nn.step(x - end)"),
     "The product is 1 where *both* units have switched on, beyond `end`. Take the second away instead."),
    ("the height in the step", edit("height * (nn.step(x - start) - nn.step(x - end))",
     "nn.step(height * (x - start)) - nn.step(height * (x - end))"),
     "You multiply inside the step, which looks at the sign alone. The height multiplies what comes out."),
    ("looks left", edit("x - start", "start - x", "x - end", "end - x"),
     "`step(start - x)` is on *before* `start`. A unit that switches on at `start` is `step(x - start)`."),
    ("edges with the wrong sign", edit("x - start", "x + start", "x - end", "x + end"),
     "`step(x + start)` switches on at −start. Where is x − start above zero?"),
])

ZIGZAG = Predict(5, 27, mistakes=[
    ("one zigzag too few", 9,
     "9 is 3 · 3, two zigzags (or 3 + 3 + 3?). What does the third do to each of the nine pieces?"),
    ("the tent", 8, "That is the tent, which folds in two: 2 · 2 · 2. The zigzag has three pieces, not two."),
    ("one layer's bound", 10,
     "At most n + 1 pieces holds for n units in *one* layer. Here they stand in three layers."),
    ("one too few", 26, "26 is the number of bends. There is one more piece than there are bends."),
], after="Every piece runs from 0 to 1 or back, so the next zigzag is drawn in full on each: 3 · 3 · 3.")


def networks(rng):
    def layers(*sizes):
        return [[rng.normal(size=(n, m)), rng.normal(size=m)] for n, m in itertools.pairwise(sizes)]

    one = np.ones((1, 1))
    yield "one hidden layer, a batch of four", rng.normal(size=(4, 2)), layers(2, 5, 3)
    yield "two hidden layers", rng.normal(size=(6, 3)), layers(3, 4, 4, 2)
    yield "no hidden layer", rng.normal(size=(5, 2)), layers(2, 2)
    yield "an output below zero", [[1.0], [-2.0]], [[one, np.ones(1)], [-one, np.zeros(1)]]
    yield "one input", rng.normal(size=2), layers(2, 3, 1)


def forward(x, layers):
    for W, b in layers[:-1]:
        x = np.maximum(0, x @ W + b)
    W, b = layers[-1]
    return x @ W + b


def relus_after(how_many):
    def shortened(x, layers):
        for k, (W, b) in enumerate(layers):
            x = x @ W + b
            x = np.maximum(0, x) if k < how_many(len(layers)) else x
        return x

    return shortened


FORWARD = Function(6, forward, networks, mistakes=[
    ("a ReLU at the end, too", edit("return x @ W + b", "return np.maximum(0, x @ W + b)"),
     "The last layer has no activation: the output may be any number, below zero, too."),
    ("no ReLU at all", edit("np.maximum(0, x @ W + b)", "x @ W + b"),
     "There is no activation between the layers: together, they are one linear layer."),
    ("a ReLU only at the end", edit("np.maximum(0, x @ W + b)", "x @ W + b", "return x @ W + b",
     "return np.maximum(0, x @ W + b)"),
     "The activation stands the wrong way round: after every layer but the last."),
    ("a ReLU on the input", edit("x @ W", "np.maximum(0, x) @ W"),
     "The input goes in as it is: the first ReLU comes after the first layer."),
    ("forgets the biases", edit(" + b", ""), "The biases are missing: each layer is x W + b."),
    ("stops before the last layer", edit("return x @ W + b", "return x"),
     "The last layer is missing. It is linear, but it has to be there."),
    ("the bias after the ReLU", edit("np.maximum(0, x @ W + b)", "np.maximum(0, x @ W) + b"),
     "The bias belongs inside: first the whole sum x W + b, then the ReLU."),
    ("steps", edit("np.maximum(0, x @ W + b)", "(x @ W + b > 0) * 1.0"),
     "Your hidden layers give 0 or 1: those are steps. A ReLU passes on how much, too."),
    ("always from the input", lambda x, layers: forward(x, layers[:1] + layers[-1:]) if len(layers) > 2
     else forward(x, layers),
     "With three layers one in the middle is skipped. Each takes what the one before it gave."),
    ("a ReLU after the first alone", relus_after(lambda n: 1),
     "Yours has a ReLU after the first layer, and there alone. Every layer has one but the last, also where "
     "the last is the only one."),
    ("one ReLU too few", relus_after(lambda n: n - 2),
     "One ReLU is missing, that of the last hidden layer. Only the output has none."),
    ("the last bias forgotten", edit("return x @ W + b", "return x @ W"),
     "The output layer has biases, too: x W + b."),
    ("from the last layer", lambda x, layers: forward(x, layers[::-1]),
     "You begin with the last layer. The list begins with the one that takes the input."),
    ("tanh", edit("np.maximum(0, x @ W + b)", "np.tanh(x @ W + b)"),
     "That is a tanh. ReLUs are asked for: max(0, z)."),
])


def four_corners(rng):
    yield "the four corners 00, 01, 10, 11", [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]


def truth_table(answer, x):
    W1, b1, W2, b2 = answer
    return (np.maximum(0, x @ W1 + b1) @ W2 + b2 > 0.5).astype(float)


SUM, BOTH = [[1, 1], [1, 1]], [0, -1]  # x₁ + x₂, and what of it exceeds 1

XOR = Value(7, (SUM, BOTH, [[1], [-2]], [0]), four_corners, run=truth_table, mistakes=[
    ("OR: takes too little away", (SUM, BOTH, [[1], [-1]], [0]),
     "That is OR: for 11 too much is left. h₁ is 2 there: how much must h₂ take away?"),
    ("AND", (SUM, BOTH, [[0], [1]], [0]),
     "That is AND: only 11 comes through. It is to be the one that is taken away."),
    ("XNOR", (SUM, BOTH, [[-1], [2]], [1]),
     "Every output is the opposite: turn the signs of the output layer round, its bias included."),
    ("nothing comes through", (SUM, [-2, -2], [[1], [-2]], [0]),
     "The output is at or below one half for all four. Follow 01 by hand: what is h, what is y?"),
    ("the same unit twice", (SUM, [0, 0], [[1], [-2]], [1]),
     "This fires for 00 alone. Are your two hidden units different? Equal ones are only one unit."),
    ("a row for W₂", (SUM, BOTH, [1, -2], [0]),
     "W₂ is a column, a row for each hidden unit: `[[…], […]]`, shape (2, 1)."),
], after="h₁ = x₁ + x₂ and h₂ = max(0, x₁ + x₂ − 1): the points go to (0, 0), (1, 0) twice and (2, 1).")


def two_layers(rng):
    def layers(n, m, k):
        return rng.normal(size=(n, m)), rng.normal(size=m), rng.normal(size=(m, k)), rng.normal(size=k)

    yield "3 inputs, 4 hidden, 2 outputs", *layers(3, 4, 2)
    yield "all of one size", *layers(2, 2, 2)
    yield "one hidden unit", *layers(5, 1, 3)
    yield "one output", *layers(2, 3, 1)


def collapse(W1, b1, W2, b2):
    return W1 @ W2, b1 @ W2 + b2


COLLAPSE = Function(8, collapse, two_layers, outputs="W b", mistakes=[
    ("the matrices the other way round", edit("W1 @ W2", "W2 @ W1"),
     "Read (x W₁) W₂ from the left: x meets W₁ first, so W₁ stands first."),
    ("b₁ is not passed on", edit("b1 @ W2 + b2", "b2"),
     "What the first layer's biases add has vanished. They go through the second layer, too."),
    ("the biases added", edit("b1 @ W2", "b1"),
     "b₁ and b₂ do not even have the same size. What does the second layer do with all it gets?"),
    ("b₂ forgotten", edit(" + b2", ""), "The second layer's own biases are missing."),
    ("the matrices multiplied element by element", edit("W1 @ W2", "W1 * W2"),
     "`*` multiplies element by element. A layer after a layer is a matrix product: `@`."),
    ("b₂ subtracted", edit("+ b2", "- b2"), "b₂ is added: (x W₁ + b₁) W₂ + b₂."),
    ("b₂ multiplied", edit("+ b2", "* b2"), "b₂ is added to what comes from b₁, not multiplied."),
    ("b₂ twice", edit("+ b2", "+ 2 * b2"), "b₂ is in it twice."),
    ("a ReLU between", edit("W1 @", "np.maximum(W1, 0) @", "b1 @", "np.maximum(b1, 0) @"),
     "You cut off what is below zero. There is no activation here: with one, the two layers would not be "
     "one."),
    ("b₁ added up", edit("b1 @ W2", "b1.sum()"),
     "You add b₁ up. Each of its numbers goes through the second layer with a weight of its own: b₁ W₂."),
    ("b₁ through the first layer", edit("b1 @ W2", "W1 @ b1"),
     "b₁ is added after W₁ and does not meet it. What it meets next is W₂, on its right."),
    ("both biases through the second", edit("b1 @ W2 + b2", "(b1 + b2) @ W2"),
     "b₂ is added when W₂ has been passed. It is b₁ alone that goes through it."),
    ("b₁ through both", edit("b1 @ W2", "b1 @ (W1 @ W2)"),
     "b₁ is added after W₁: it goes through W₂ alone, and not through the product of both."),
    ("b₁ without what is below zero", edit("b1 @", "np.maximum(b1, 0) @"),
     "You cut off what is below zero in b₁. There is no activation here."),
    ("columns for rows", edit("W1 @ W2, b1 @ W2", "W2 @ W1, W2 @ b1"),
     "That is for examples as columns. Here they are rows, and x meets W₁ first: W₁ W₂, and b₁ W₂."),
    ("b₁ on the other side of W₂", edit("b1 @ W2", "(b1[:, None] * W2).sum(axis=1)"),
     "You add up along the rows of W₂. Each of its *columns* is an output: b₁ W₂ has k numbers."),
])


def hidden_units(rng):
    places = rng.choice(np.arange(-8, 9), size=5, replace=False).astype(float)
    w = np.array([1.0, -1.0, 2.0, -2.0, 4.0])
    yield "five units that bend at five places", w, -w * places, rng.uniform(1, 2, size=5)
    yield "one unit", [2.0], [-1.0], [3.0]
    yield "two units that bend at one place", [1.0, 2.0, 1.0], [-1.0, -2.0, 3.0], [1.0, 1.0, 1.0]
    yield "a unit without a say", [1.0, 1.0, -1.0], [0.0, 1.0, 5.0], [1.0, 0.0, -2.0]
    yield "a unit that does not look at x", [1.0, 0.0, 2.0], [1.0, 1.0, 4.0], [1.0, 5.0, 1.0]
    yield "two units that undo one another", [1.0, 2.0, -1.0], [-1.0, -2.0, 7.0], [2.0, -1.0, 1.0]
    yield "looking left and right from one place", [1.0, -1.0], [-2.0, 2.0], [1.0, 1.0]
    yield "three that undo one another", [1.0, 2.0, -1.0, 2.0], [-1.0, -2.0, 1.0, 4.0], [1.0, 1.0, -3.0, 1.0]
    yield "a strong one against a weak one", [1.0, 2.0, -1.0], [-1.0, -2.0, 5.0], [1.0, -1.0, 1.0]
    yield "up, then level again", [4.0, 4.0], [-1.0, -2.0], [1.0, -1.0]
    yield "far away, and close together", [1.0, 1.0, 2.0], [-512.0, -512.0009765625, 3.0], [1.0, 2.0, 1.5]
    yield "relu(x) − relu(−x) is x", [1.0, -1.0], [0.0, 0.0], [1.0, -1.0]


def pieces(w, b, v):
    bends = w != 0
    places = -b[bends] / w[bends]
    change = np.abs(w[bends]) * v[bends]  # of the slope, from left to right
    return 1 + sum(abs(change[places == place].sum()) > 1e-12 for place in np.unique(places))


def only_pairs(w, b, v):
    bends = w != 0
    places, change = -b[bends] / w[bends], np.abs(w[bends]) * v[bends]
    sets = [change[places == place] for place in np.unique(places)]
    return 1 + sum(not (len(each) < 3 and abs(each.sum()) < 1e-12) for each in sets)


def different_slopes(w, b, v):
    places = np.unique(-b[w != 0] / w[w != 0])
    middles = np.concatenate([places[:1] - 1, (places[1:] + places[:-1]) / 2, places[-1:] + 1])
    slopes = [round(float((v * w)[w * middle + b > 0].sum()), 9) for middle in middles]
    return max(1, len(set(slopes)))


PIECES = Function(9, pieces, hidden_units, mistakes=[
    ("as many as there could be", lambda w, b, v: len(w) + 1,
     "n + 1 is the most there can be. Which units bend nothing, or bend where another does?"),
    ("counts the bends", edit("1 + ", ""), "Those are the bends. A line with no bend is already one piece."),
    ("every unit bends at a place of its own", lambda w, b, v: 1 + np.sum((w != 0) & (v != 0)),
     "Two units can bend the curve at the same place: that is one bend, not two."),
    ("every place counts", edit("> 1e-12", ">= 0"),
     "At some of these places nothing bends: a weight v may be 0, or two units may undo one another."),
    ("only v = 0 is silent", edit("w != 0", "(w != 0) & (v != 0)", "> 1e-12", ">= 0"),
     "Almost. Units at one place can undo one another: add up how each changes the slope there."),
    ("only pairs cancel", only_pairs,
     "You find two units that undo one another. Three can do so together: add up all at a place."),
    ("forgets that w may be negative", edit("np.abs(w[bends])", "w[bends]"),
     "Walk past a unit's place from left to right: if w > 0 its slope w·v begins, if w < 0 it ends. "
     "What is the change in each case?"),
    ("seen on a grid", lambda w, b, v: 1 + np.sum(np.abs(np.diff(
        np.maximum(0, np.linspace(-10, 10, 2001)[:, None] * w + b) @ v, 2)) > 1e-9),
     "You look at a piece of the line, at steps of a certain width. Bends may lie outside, or two within a "
     "step. Where each unit bends can be computed: w x + b = 0."),
    ("the bend at b = 0", edit("w != 0", "(w != 0) & (b != 0)"),
     "A unit with b = 0 bends as well, at x = 0. Only w = 0 makes a unit that never bends."),
    ("v alone", edit("np.abs(w[bends]) * ", ""),
     "You add up v alone. A unit changes the slope by v times the size of its w."),
    ("to the right of zero", edit("w != 0", "(w != 0) & (w * b < 0)"),
     "You count bends at positive x alone. The line goes on to the left, through 0 and below."),
    ("only where it grows", edit("abs(change[places == place].sum()) > 1e-12",
     "change[places == place].sum() > 1e-12"),
     "You count the places where the slope grows. Where it falls the curve bends as well."),
    ("different slopes", different_slopes,
     "You count different slopes. A slope may come again on a later piece: count where it *changes*."),
    ("signs alone", edit("np.abs(w[bends]) * v[bends]", "np.sign(v[bends])"),
     "You add up signs. A unit changes the slope by |w| · v, so a strong one is not undone by a weak one."),
    ("places rounded", edit("-b[bends] / w[bends]", "np.round(-b[bends] / w[bends])"),
     "You round the places, and those that lie close together become one. Here equal places are exactly "
     "equal: nothing has to be rounded."),
    ("units that look at x", lambda w, b, v: 1 + np.count_nonzero(w),
     "You count the units with w ≠ 0. Two can bend at the same place, and some bend nothing: look at the "
     "places, and at what happens there."),
    ("every place counts, as a bend", lambda w, b, v: len(np.unique(-b[w != 0] / w[w != 0])),
     "You count the places. A line with no bend is already one piece, and at some places nothing bends: v "
     "may be 0, or two units may undo one another."),
    ("a place at infinity", lambda w, b, v: 1 + len(np.unique(-b / np.where(w == 0, 1e-300, w))),
     "You count places. At some nothing bends: v may be 0, two units may undo one another, and a unit with "
     "w = 0 has no place at all."),
], after="At each place the slope changes by the sum of |w|·v. Where that is zero, nothing is to be seen.")

PROMISE = Explain(10, rubric=[
    "what it does say: one hidden layer can come as close as wanted to a continuous f, on a bounded set",
    "existence only: not how many units, and not that learning finds their weights",
    "nothing about inputs outside the set or between the examples: fitting the data is not enough",
    "an example of one's own, in which one of these matters",
])
