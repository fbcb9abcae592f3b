"""Labels are 0 or 1, the step is 0 at zero. In margin and bound the bias has an input that is always 1."""

import numpy as np

import nnlearn as nn
from nnlearn.exercises import Explain, Function, Predict, Value, edit

DOUBLE_RATE = Predict(1, "as many", mistakes=[
    ("larger steps arrive sooner", "half as many",
     "Larger steps would arrive sooner if there were a fixed distance to go. But compare the weights after "
     "one mistake, at both rates. Which examples do they get wrong?"),
    ("larger steps overshoot", "twice as many",
     "What would be overshot? The neuron looks at the sign of w·x + b only. "
     "What happens to a sign when everything is doubled?"),
], after="From zero, every weight is η times what it would be at η = 1, so every sign, every mistake and "
         "every boundary is the same.")

ONE_CORRECTION = Value(2, ([0.7, -2.1], 0.4), mistakes=[
    ("adds", ([1.3, -1.9], 0.6),
     "You turned w towards x. But the neuron fired and should not have: y − a is −1."),
    ("forgets the learning rate", ([-2.0, -3.0], -0.5), "That is the correction with η = 1. Here it is 0.1."),
    ("forgets the bias", ([0.7, -2.1], 0.5),
     "The weights are right. The bias is corrected as well, as if its input were 1."),
    ("takes the label for −1", ([0.4, -2.2], 0.3),
     "You corrected by −2: was the label −1 for you? With labels 0 and 1, y − a is −1 here."),
    ("no correction", ([1.0, -2.0], 0.5), "Nothing changed. Compute z = w·x + b once more: is it above 0?"),
    ("corrects by the sum", ([0.55, -2.15], 0.35),
     "You corrected by y − z. The error is y − a, where a is the step of z."),
])


def examples_and_weights(rng):
    w, x = np.array([1.0, -2.0]), np.array([2.0, 0.5])
    yield "missed: it should fire", -x, 1, w, 0.5, 1.0
    yield "missed: it should not fire", x, 0, w, 0.5, 1.0
    yield "right: it fires", x, 1, w, 0.5, 1.0
    yield "right: it does not fire", -x, 0, w, 0.5, 1.0
    yield "a learning rate of 0.1", rng.normal(size=4), 0, np.zeros(4), 1.5, 0.1
    yield "only the bias makes it fire", x, 0, -w, 3.0, 2.0
    yield "just above zero", [1.0, 0.0], 0, [0.25, 3.0], 0.25, 1.0
    yield "exactly zero, and it should fire", np.ones(3), 1, np.zeros(3), 0.0, 1.0
    yield "exactly zero, and it should not", np.ones(3), 0, np.zeros(3), 0.0, 1.0


def update(x, y, w, b, lr):
    a = float(w @ x + b > 0)
    error = y - a
    return w + lr * error * x, b + lr * error


UPDATE = Function(3, update, examples_and_weights, outputs="w b", mistakes=[
    ("fires at zero", edit("> 0", ">= 0"),
     "At exactly zero our step is 0: the neuron is silent unless z is *above* 0."),
    ("the error upside down", edit("y - a", "a - y"),
     "Your weights turn the wrong way: each mistake is made worse. The error is y − a, not a − y."),
    ("no step", edit(" > 0", ""),
     "You use z where the rule says a, the step of z. (With z it is another rule, of Widrow and Hoff, 1960; "
     "it also changes weights that are right.)"),
    ("corrects what is right", edit("y - a", "2 * y - 1"),
     "You also change the weights when the answer was right. Then y − a is 0, and nothing moves."),
    ("learns from one class only", edit("y - a", "y * (y - a)"),
     "You correct it when it should have fired. And when it fired and should not have?"),
    ("forgets the bias", edit("b + lr * error", "b"),
     "The weights are right. The bias learns too: add lr · (y − a) to it."),
    ("forgets the learning rate", edit("lr * ", ""),
     "Right when lr is 1. The learning rate multiplies each correction."),
    ("the bias at full rate", edit("b + lr * error", "b + error"),
     "The weights are right. The bias learns at the same rate: lr · (y − a)."),
    ("without the bias", edit("w @ x + b", "w @ x"),
     "You decide by w·x alone. The neuron fires where w·x + b is above 0."),
    ("forgets the input", edit(" * x", ""),
     "All your weights move by the same amount. Each moves by its own input: lr · (y − a) · x."),
    ("labels of −1", edit("y - a", "2 * (y - a)"),
     "Your corrections are twice too large: was the error 2 for you, from −1 to 1? With 0 and 1 it is 1."),
    ("learns from the other class only", edit("y - a", "(1 - y) * (y - a)"),
     "You correct it when it fired and should not have. And when it should have fired?"),
    ("always towards the input", edit("y - a", "abs(y - a)"),
     "After a mistake you always add. Where it fired and should not have, y − a is −1: take away."),
    ("−1 for silence", edit("float(w @ x + b > 0)", "1.0 if w @ x + b > 0 else -1.0"),
     "Your neuron says −1 when it is silent. With labels 0 and 1 it says 0: `w @ x + b > 0`."),
])


def points_and_a_margin(rng):
    yield "two points", [[3.0, 4.0], [0.0, 1.0]], 0.5
    yield "ten points in three dimensions", rng.normal(size=(10, 3)), 0.2
    yield "the same, a thousand times larger", 1000 * rng.normal(size=(10, 3)), 0.2
    yield "one number a point", [[0.5], [-2.0], [1.0]], 1.5
    yield "a square table", rng.normal(size=(3, 3)), 0.7


def bound(X, gamma):
    R = np.sqrt(((X**2).sum(axis=1) + 1).max())
    return R**2 / gamma**2


BOUND = Function(4, bound, points_and_a_margin, mistakes=[
    ("forgets the bias's input", edit(" + 1", ""),
     "R is the length of the longest x̃ = (x, 1). The 1, the input of the bias, belongs to it."),
    ("forgets the square", edit("R**2 / gamma**2", "R / gamma"), "That is R/γ. The bound is its square."),
    ("squares R alone", edit("gamma**2", "gamma"), "R is squared, and so is γ."),
    ("length of the whole table", edit("axis=1", ""),
     "You added up all the points. R is the length of one of them, the longest: "
     "sum along each row, then take the maximum."),
    ("the largest number", edit("sum(axis=1)", "max()"),
     "The length of a point is the root of the sum of its squares, not its largest number."),
    ("the mean length", edit("max", "mean"),
     "The theorem needs the *largest* length: it must hold for each example that may be missed."),
    ("columns", edit("axis=1) + 1", "axis=0) + len(X)"),
     "You measured columns. A point is a row: sum its squares along `axis=1`."),
    ("squares γ alone", edit("R**2", "R"), "γ is squared, and so is R."),
    ("the shortest", edit(".max()", ".min()"),
     "That is the shortest. The bound has to hold when the *longest* example is missed."),
    ("the 1 added to the length", edit(" + 1).max()", ").max()", "R**2", "(R + 1)**2"),
     "The bias's input is one more axis: its 1² stands with the squares, under the root."),
    ("the mean of the lengths", edit("((X**2).sum(axis=1) + 1).max())", "(X**2).sum(axis=1) + 1).mean()"),
     "That is the mean length. The theorem needs the *largest*: it must hold for each example that may be "
     "missed."),
    ("from the middle of the points", edit("X**2", "(X - X.mean(axis=0)) ** 2"),
     "You measure from the middle of the points. R is measured from the origin, whatever lies there."),
    ("times the number of points", edit("R**2 / gamma", "len(X) * R**2 / gamma"),
     "The number of points does not occur in the bound: (R/γ)² holds for any number of them."),
    ("no radius", edit("R**2 / gamma", "1 / gamma"),
     "That is for points of length 1. R is the longest here."),
    ("length of the whole table, with its ones", edit("((X**2).sum(axis=1) + 1).max()",
     "(X**2).sum() + len(X)"),
     "You measured the whole table at once. R is the length of one point, the longest: a norm for each row, "
     "`axis=1`, then the maximum."),
    ("length of the whole table, without ones", edit("((X**2).sum(axis=1) + 1).max()", "(X**2).sum()"),
     "You measured the whole table at once. R is the length of one x̃ = (x, 1), the longest: a norm for each "
     "row, `axis=1`, then the maximum."),
    ("the largest number, without ones", edit("(X**2).sum(axis=1) + 1", "X**2"),
     "You took the largest number of the table. The length of x̃ = (x, 1) is the root of the sum of its "
     "squares, the 1 among them."),
    ("a whole number", edit("return R**2 / gamma**2", "return np.floor(R**2 / gamma**2 + 1e-9)"),
     "A number of mistakes is whole, that is true. But (R/γ)² is asked for as it is: do not round."),
])


def old_and_new_flowers(rng):
    train = rng.normal(size=(30, 3)) * [1.0, 50.0, 0.1] + [5.0, -20.0, 0.0]
    yield "new flowers", train, 1.5 * train[:7] + 1
    yield "the training set itself", train, train
    yield "one new flower", train, train[:1] + 0.3
    yield "a square table", rng.normal(2, 3, size=(4, 4)), rng.normal(size=(4, 4))


def standardize(train, new):
    return (new - train.mean(axis=0)) / train.std(axis=0)


STANDARDIZE = Function(5, standardize, old_and_new_flowers, mistakes=[
    ("measures the new data", edit("train.", "new."),
     "You used mean and deviation of `new`. The neuron has learned in the units of `train`: the same flower "
     "must become the same numbers, whoever stands beside it."),
    ("one mean for all features", edit("axis=0", ""),
     "You took one mean over the whole table. Each feature has its own: `axis=0`."),
    ("divides by the variance", edit("std", "var"),
     "You divided by the variance. Its root, the standard deviation, has the unit of the feature."),
    ("only centres", edit(" / train.std(axis=0)", ""),
     "Centred, but still in the old units. Divide by the standard deviation of each feature."),
    ("only scales", edit(" - train.mean(axis=0)", ""),
     "Scaled, but not centred. Subtract the mean of each feature first."),
    ("to the range from 0 to 1", edit("mean", "min", "train.std(axis=0)", "np.ptp(train, axis=0)"),
     "That maps the training set to the range from 0 to 1: "
     "also a way, but here mean 0 and deviation 1 are asked for."),
    ("mean of everything together", edit("train.", "np.vstack([train, new])."),
     "You measured `train` and `new` together. The new data must not take part."),
    ("N − 1", edit("std(axis=0", "std(axis=0, ddof=1"),
     "You divided by N − 1 in the deviation. Here N is asked for, as `std` does without `ddof`."),
    ("division first", edit("(new - train.mean(axis=0))", "new - train.mean(axis=0)"),
     "Division comes before subtraction: put brackets around `new - mean`."),
    ("the new deviation", edit("train.std", "new.std"),
     "The mean is that of `train`, the deviation that of `new`. Both belong to the training set."),
    ("multiplies", edit(" / ", " * "),
     "You multiplied by the deviation. To measure *in* deviations, divide."),
    ("the median", edit("train.mean(axis=0)", "np.median(train, axis=0)"),
     "You subtracted the median. The mean is asked for."),
    ("along the rows", lambda train, new: (new - new.mean(axis=1, keepdims=True))
     / new.std(axis=1, keepdims=True),
     "You measure each flower by itself, over its features. A feature is a column: `axis=0`, of `train`."),
    ("the training set back", edit("new -", "train -"),
     "You return the training set in new units. `new` is to be in them."),
])


def examples_for_an_epoch(rng):
    X, y = nn.data.separable(20, margin=0.0, label_noise=0.2, rng=rng)
    X = X.astype(float)
    two = [[2.0, 1.0], [1.0, 3.0]], [1, 0]
    yield "the chapter's two examples, from zero", *two, np.zeros(2), 0.0, 1.0
    yield "their second epoch", *two, [1.0, -2.0], 0.0, 1.0
    yield "nothing to learn", *two, [4.0, -3.0], 1.0, 1.0
    yield "twenty points", X, y, [0.3, -0.2], 0.1, 1.0
    yield "a learning rate of 0.1", X, y, [0.3, -0.2], 0.1, 0.1
    yield "three features, all examples of class 0", rng.normal(size=(6, 3)), [0] * 6, np.ones(3), 2.0, 0.5


def epoch(X, y, w, b, lr):
    mistakes = 0
    for x, label in zip(X, y, strict=True):
        error = label - float(w @ x + b > 0)
        mistakes += abs(error)
        w, b = w + lr * error * x, b + lr * error
    return w, b, mistakes


def all_at_once(X, y, w, b, lr):
    error = y - (X @ w + b > 0)
    return w + lr * error @ X, b + lr * error.sum(), np.abs(error).sum()


def until_it_is_right(X, y, w, b, lr):
    mistakes = 0
    for x, label in zip(X, y, strict=True):
        for _ in range(1000):
            if not (error := label - float(w @ x + b > 0)):
                break
            w, b, mistakes = w + lr * error * x, b + lr * error, mistakes + 1
    return w, b, mistakes


def each_from_the_start(X, y, w, b, lr):
    error = y - (X @ w + b > 0)
    return w + lr * error[-1] * X[-1], b + lr * error[-1], np.abs(error).sum()


def looks_afterwards(X, y, w, b, lr):
    mistakes = 0
    for x, label in zip(X, y, strict=True):
        error = label - float(w @ x + b > 0)
        w, b = w + lr * error * x, b + lr * error
        mistakes += label != float(w @ x + b > 0)
    return w, b, mistakes


EPOCH = Function(6, epoch, examples_for_an_epoch, outputs="w b mistakes", mistakes=[
    ("all at once", all_at_once,
     "You judged all examples with the weights of the start and corrected once. In the perceptron each "
     "example meets the weights as the one before has left them."),
    ("counts with the last weights", edit("b, mistakes", "b, np.sum((X @ w + b > 0) != y)"),
     "The weights are right; the count is that of the final weights. Count each mistake when it is made."),
    ("counts with the first weights", edit("= 0", "= np.sum((X @ w + b > 0) != y)", "abs(error)", "0"),
     "The weights are right; the count is that of the weights at the start. "
     "Count each mistake when it is made."),
    ("stops at the first mistake", edit("    return", "        if mistakes:\n            break\n    return"),
     "You stop after the first correction. Is your `return` inside the loop? "
     "An epoch goes through all examples."),
    ("adds up the errors", edit("abs(error)", "error"),
     "You added up y − a: mistakes of the two kinds cancel. Count both: |y − a|."),
    ("loses the bias", edit("b + lr * error", "b"),
     "The bias stays as it was. Take both results of an update: `w, b = …`."),
    ("forgets the learning rate", edit("lr * ", ""), "Right when lr is 1. Hand `lr` on to each correction."),
    ("counts what is right", edit("b, mistakes", "b, len(X) - mistakes"),
     "The weights are right, but you counted the right answers. Mistakes are the others."),
    ("from zero", lambda X, y, w, b, lr: epoch(X, y, 0 * w, 0.0, lr),
     "You start from zero. An epoch goes on from the weights and the bias that it is handed."),
    ("a share", edit("b, mistakes", "b, mistakes / len(X)"),
     "That is the share of mistakes. Their number is asked for."),
    ("leaves out the last", edit("zip(X, y,", "zip(X[:-1], y[:-1],"),
     "The last example is never shown. `range(n)` stops before n by itself."),
    ("until it is right", until_it_is_right,
     "You show an example again and again until it is right. In an epoch each is shown once, and corrected "
     "at most once."),
    ("from the end", edit("zip(X, y,", "zip(X[::-1], y[::-1],"),
     "You begin with the last example. They come in the order in which they stand."),
    ("each from the start", each_from_the_start,
     "Each of your corrections begins with the weights of the start, so that only the last one is left. Go "
     "on from the weights that the example before has left."),
    ("looks after the correction", looks_afterwards,
     "The weights are right, but you look whether an example is wrong when it has been corrected already. "
     "Count before the correction."),
    ("the bias without the rate", edit("b + lr * error", "b + error"),
     "Right when lr is 1. The bias, too, moves by `lr` times the error."),
    ("the bias out of the answer", edit("w @ x + b > 0", "w @ x > 0"),
     "The neuron answers 1 where w · x + b > 0. Your decision leaves the bias out."),
    ("always adds", edit("lr * error", "lr * abs(error)"),
     "You add x at every mistake. Where the neuron fired and should not have, x is taken away: the error "
     "y − a has a sign."),
    ("the wrong way", edit("+ lr * error", "- lr * error"),
     "Your weights turn the wrong way: each mistake is made worse. The error is y − a, and it is added."),
    ("stops at the first that is right", edit("        mistakes += abs(error)\n",
     "        if not error:\n            break\n        mistakes += abs(error)\n"),
     "You stop at the first example that is right. An epoch goes through all: where nothing is wrong, "
     "nothing changes, and the next one comes."),
    ("zero for each example", edit("        error = label",
     "        w, b = 0 * w, 0.0\n        error = label"),
     "You begin again from zero at each example. Go on from the weights that the one before has left."),
    ("counts anew", edit("        error = label", "        mistakes = 0\n        error = label"),
     "Your count begins again at each example. Set it to 0 once, before the loop."),
])


def points_and_a_boundary(rng):
    X, y = nn.data.separable(12, margin=0.4, rng=rng)
    X = X.astype(float)
    w, b = nn.max_margin(X, y)
    line = [[1.0], [3.0], [4.0]], [0, 1, 1]
    yield "three points on a line", *line, [1.0], -2.0
    yield "the nearest point has the label 0", *line, [2.0], -3.0
    yield "twelve points", X, y, w, b
    yield "the same boundary, weights of another length", X, y, 7 * w, 7 * b
    yield "a boundary that does not separate", *line, [1.0], -3.5
    yield "everything on the wrong side", X, 1 - y, w, b
    yield "a point on the boundary", *line, [1.0], -3.0
    yield "a large bias", *line, [-0.1], 5.0


def margin(X, y, w, b):
    t = 2 * y - 1
    return (t * (X @ w + b)).min() / np.sqrt(w @ w + b**2)


MARGIN = Function(7, margin, points_and_a_boundary, mistakes=[
    ("leaves out the bias's part", edit(" + b**2", ""),
     "You divided by |w|: that is the distance in the plane of the points. In the theorem the bias is a "
     "weight too: divide by the length of (w, b)."),
    ("does not divide", edit(" / np.sqrt(w @ w + b**2)", ""),
     "Twice the weights are the same boundary but give you twice the margin. "
     "Divide by the length of (w, b)."),
    ("distance without a side", edit("t * (X @ w + b)", "np.abs(X @ w + b)"),
     "With |w·x + b| a point on the wrong side counts as well as one on the right. Multiply by t instead: "
     "the margin of a boundary that does not separate is negative."),
    ("labels without a sign", edit("2 * y - 1", "y"),
     "With y = 0 all examples of class 0 drop out. You need the sign: t = 2y − 1."),
    ("the mean", edit(".min", ".mean"),
     "The margin is that of the *nearest* example: the minimum, not the mean."),
    ("the farthest", edit(".min", ".max"),
     "That is the farthest example. How much room is there for the nearest?"),
    ("divides by the square", edit("np.sqrt", ""),
     "You divided by the squared length of (w, b). One root is missing."),
    ("lengths added", edit("np.sqrt(w @ w + b**2)", "(np.sqrt(w @ w) + abs(b))"),
     "The length of (w, b) is not |w| + |b|. Square, add, and then take the root."),
    ("no bias above the line", edit("X @ w + b)", "X @ w)"),
     "The bias is missing above the line: a point's sum is w·x + b."),
    ("|b| under the root", edit("b**2", "abs(b)"), "Under the root, b is squared as the weights are."),
    ("at least zero", edit("return ", "return max(0.0, ", "w + b**2)", "w + b**2))"),
     "You cut off below zero. The margin of a boundary that does not separate is negative, and says by how "
     "much."),
    ("one class alone", edit("(t * (X @ w + b))", "(X @ w + b)[y == 1]"),
     "You look at class 1 alone. The nearest example may belong to class 0: there t is −1."),
    ("the sign turned", edit("2 * y - 1", "1 - 2 * y"),
     "Your signs are turned: t is +1 for the label 1, and −1 for 0."),
    ("a length for each weight", edit("w @ w + b**2", "w**2 + b**2"),
     "`w**2` still has a number for each weight. Add them up before the root: `w @ w`."),
    ("one for each example", edit(".min()", ""),
     "You give the room of every example. The margin is the smallest of them."),
])


def examples_for_some_epochs(rng):
    X, y = nn.data.separable(15, margin=0.0, label_noise=0.2, rng=rng)
    two = [[2.0, 1.0], [1.0, 3.0]], [1, 0]
    yield "two examples, one epoch", *two, 1
    yield "the same, four epochs", *two, 4
    yield "fifteen points that cannot be separated", X.astype(float), y, 5
    yield "three features", rng.normal(size=(8, 3)), np.arange(8) % 2, 3
    yield "seven epochs, in the last of which nothing is wrong", *two, 7


def averaged(X, y, epochs):
    w, b = np.zeros(X.shape[1]), 0.0
    seen = []
    for _ in range(epochs):
        for x, label in zip(X, y, strict=True):
            error = label - float(w @ x + b > 0)
            w, b = w + error * x, b + error
            seen.append(np.append(w, b))
    mean = np.mean(seen, axis=0)
    return mean[:-1], mean[-1]


AVERAGED = Function(8, averaged, examples_for_some_epochs, outputs="w b", mistakes=[
    ("the last weights", edit("np.mean(seen, axis=0)", "seen[-1]"),
     "Those are the weights of the end. Add them up after every example, and divide at last."),
    ("mean over corrections", edit("seen.append", "if error:\n                seen.append"),
     "You added the weights only when they changed. Weights that stand for a long time must count for as "
     "long: add them after *every* example, right or wrong."),
    ("mean over epochs", edit("            seen.append", "        seen.append"),
     "You took one set of weights an epoch. Add them up after every example: "
     "move the sum into the inner loop."),
    ("the weights before", edit("[]", "[np.append(w, b)]", "mean(seen", "mean(seen[:-1]"),
     "You added the weights *before* each correction. Correct first, then add."),
    ("a sum", edit("np.mean", "np.sum"),
     "That is the sum. It has the same boundary as the mean (why?), but the mean is asked for."),
    ("divides by the epochs", edit("np.mean(seen, axis=0)", "np.sum(seen, axis=0) / epochs"),
     "You divided by the number of epochs. How many weights did you add up?"),
    ("starts again in each epoch", edit("range(epochs)", "range(1)"),
     "Your second epoch repeats the first. Set the weights to zero once, before both loops."),
    ("averages w, not b", edit("mean[-1]", "b"),
     "The weights are right, the bias is that of the end: average it in the same way."),
    ("stops after a clean epoch", edit("seen.append(np.append(w, b))", """seen.append(np.append(w, b))
        if len(seen) > len(X) and (np.ptp(seen[-len(X) - 1 :], axis=0) == 0).all():
            break"""),
     "You stop after an epoch without a mistake. The weights then stand still, and have to be counted on."),
    ("one array for all", edit("mean[:-1]", "w"),
     "The bias is right, but your w is that of the end. Do you change one array in place, `w += …`, and put "
     "it down again and again? Then all entries are that one: write `w = w + …`, or append `w.copy()`."),
    ("decides with the mean", edit("float(w @ x + b > 0)",
     "float((np.mean(seen, axis=0) if seen else np.append(w, b)) @ np.append(x, 1) > 0)"),
     "You decide with the mean. The perceptron learns with its weights of the moment; the mean is only what "
     "it returns."),
    ("with the zeros of the start", edit("seen = []", "seen = [np.append(w, b)]"),
     "The zeros of the start count in your mean. They are the weights *before* the first example."),
    ("divides by the examples", edit("np.mean(seen, axis=0)", "np.sum(seen, axis=0) / len(X)"),
     "You divided by the number of examples. They were shown `epochs` times."),
    ("one mean for all features", edit("return mean[:-1]", "return mean[:-1].mean()"),
     "You took one mean over all weights. Each feature keeps its own: `axis=0`."),
    ("a return in the loop", edit("range(epochs)", "range(1)", "zip(X, y,", "zip(X[:1], y[:1],"),
     "You return after the first example. Does your `return` stand inside the loop?"),
    ("fires at zero", edit("> 0)", ">= 0)"),
     "At exactly zero our step is 0: the neuron is silent unless z is *above* 0."),
    ("the bias out of the answer", edit("w @ x + b > 0", "w @ x > 0"),
     "The neuron answers 1 where w · x + b > 0. Your decision leaves the bias out."),
])

PATIENCE = Explain(9, rubric=[
    "the theorem promises an end only where separating weights exist, and says nothing otherwise",
    "for XOR none exist, with the reason: the four inequalities contradict each other",
    "the weights return to values they have had; since the rule has no chance in it, everything repeats from "
    "there, so more epochs cannot help",
    "a larger or smaller learning rate changes nothing either: from zero it only scales the weights",
])
