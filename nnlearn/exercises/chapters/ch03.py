"""Squared errors are means of (ŷ − y)²; in 03.4 the labels are −1 and +1, and there is no bias."""

import numpy as np

from nnlearn.exercises import Explain, Function, Predict, Value, edit

HALF_THE_RATE = Predict(1, "about twice as many", mistakes=[
    ("smaller steps are surer", "about half as many",
     "Every step is half as long, and none of the old ones overshot. Where should a shorter way come "
     "from?"),
    ("the rate does not matter", "as many",
     "That was the perceptron from zero weights. There only signs mattered; here the length of each "
     "step is η times the slope."),
    ("squared", "about four times as many",
     "The loss is a square, but what shrinks by 1 − 2ηλ at each step is the gap. What is ln(1 − 2ηλ), "
     "nearly, for a small η?"),
], after=
"For a small η, ln(1 − 2ηλ) is nearly −2ηλ: halve η and each step does half as much, in every "
"direction.")

ONE_STEP = Value(2, ([1.4, 0.4], 1.3), mistakes=[
    ("uphill", ([0.6, -0.4], 0.7),
     "You went up the slope. Against the gradient: w − η · gradient."),
    ("forgets the two", ([1.2, 0.2], 1.15),
     "The slope of (error)² is 2 · error · input. One 2 is missing."),
    ("forgets the mean", ([1.8, 0.8], 1.6),
     "You added the two examples' slopes. The loss is their mean: divide by 2."),
    ("forgets the learning rate", ([5.0, 4.0], 4.0), "That is a step with η = 1. Here it is 0.1."),
    ("forgets the bias", ([1.4, 0.4], 1.0),
     "The weights are right. The bias moves too, as if its input were 1."),
    ("one example after another", ([1.32, 0.8], 1.36),
     "You took a step after each example. Both errors belong to the weights of the start."),
    ("the gradient", ([-4.0, -4.0], -3.0),
     "That is the gradient. The step takes η times it off the weights of the start."),
])


def numbers(rng):
    yield "two examples by hand", [[1.0, 2.0], [3.0, 0.0]], [2.0, 1.0], [1.0, 0.0], 1.0
    yield "whole numbers", [[1, 2], [3, 0], [0, 5]], [2, 1, 4], [1, -2], 1
    yield "twenty examples", rng.normal(size=(20, 3)), 5 * rng.normal(size=20), rng.normal(size=3), -2.0
    yield "as many examples as features", rng.normal(size=(3, 3)), rng.normal(size=3), rng.normal(size=3), 0.5
    yield "every answer right", [[1.0], [2.0]], [3.0, 5.0], [2.0], 1.0


def squared_error_gradient(X, y, w, b):
    error = X @ w + b - y
    return 2 * X.T @ error / len(X), 2 * error.mean()


GRADIENT = Function(3, squared_error_gradient, numbers, outputs="dw db", mistakes=[
    ("truth minus answer", edit("X @ w + b - y", "y - X @ w - b"),
     "The sign is turned round: a step against your gradient goes uphill. The error is ŷ − y."),
    ("forgets the two", edit("2 * ", ""), "The square's slope brings a 2 along: 2 · error · input."),
    ("forgets the mean", edit(" / len(X)", "", "error.mean()", "error.sum()"),
     "That is the slope of the sum. The loss is the mean over the examples: divide by N."),
    ("the mean for the weights alone", edit("error.mean()", "error.sum()"),
     "The weights' part is right. The bias's slope is a mean over the examples, too."),
    ("divides by the features", edit(" / len(X)", " / X.shape[1]", "error.mean()",
     "error.sum() / X.shape[1]"),
     "You divided by the number of features. The mean is over examples."),
    ("forgets the bias in the answer", edit(" + b", ""),
     "ŷ = X w + b: the bias belongs to the answer, and so to the error."),
    ("the error alone", edit("2 * X.T @ error / len(X)", "2 * error.mean() * np.ones(len(w))"),
     "You gave every weight the same slope. Each error is multiplied by the input of that weight."),
    ("the sign of the error", edit("error = X @ w + b - y", "error = np.sign(X @ w + b - y) / 2"),
     "That is the slope of the *absolute* error. The square's grows with the error: 2 · error · input."),
    ("the square times the input", edit("X @ w + b - y", "(X @ w + b - y) ** 2"),
     "You left the square standing. The slope of error² is 2 · error."),
    ("means multiplied", edit("X.T @ error / len(X)", "X.mean(axis=0) * error.mean()"),
     "You multiplied two means. Multiply for each example, error by input, and take the mean then."),
    ("the first example", edit("X.T @ error / len(X)", "X[0] * error[0]", "error.mean()", "error[0]"),
     "That is the slope of the first example's error. All of them count."),
    ("divides by all numbers", edit("X.T @ error / len(X)", "X.T @ error / X.size"),
     "The bias's slope is right. For the weights you divide by examples times features: the mean is over the "
     "examples alone."),
    ("a table of errors", edit("X.T @ error / len(X)",
     "(X.T @ ((X @ w + b)[:, None] - y)).mean(axis=1)"),
     "A column of answers minus a row of truths is a table, each answer against every truth. Keep both of "
     "shape (N,)."),
    ("the slopes for the answers", edit("2 * X.T @ error / len(X)", "2 * error / len(X)"),
     "Those are the slopes for the answers ŷ. A weight moves an answer by its input: multiply, and add up."),
    ("no truth", edit(" - y", ""), "The truth is missing: the error is ŷ − y."),
    ("over the features", edit("X.T @ error", "X @ error"),
     "`X @ error` adds up over the features of an example. A weight's slope adds up over the examples: "
     "`X.T @ error`."),
])


def signed(rng):
    X = rng.normal(size=(12, 3))
    yield "one example of each class", [[1.0, 2.0], [3.0, -1.0]], [1, -1], [0.5, -0.5]
    yield "zero weights", X, np.where(rng.random(12) < 0.5, -1, 1), np.zeros(3)
    yield "twelve examples", X, np.where(X[:, 0] > 0, 1, -1), rng.normal(size=3)
    yield "all of the class −1", X, -np.ones(12), rng.normal(size=3)
    yield "as many examples as features", X[:3], [1, -1, -1], rng.normal(size=3)


def signed_gradient(X, t, w):
    right = 1 / (1 + np.exp(-t * (X @ w)))
    return -X.T @ (t * (1 - right)) / len(X)


SIGNED = Function(4, signed_gradient, signed, mistakes=[
    ("with the chapter's labels", lambda X, t, w: X.T @ (1 / (1 + np.exp(-X @ w)) - t) / len(X),
     "p − y belongs to labels 0 and 1. With −1 in the place of 0 it is not the slope of this loss: "
     "differentiate ln(1 + e^(−tz)), or turn t into y first."),
    ("loses the label of the slope", edit("(t * (1 - right))", "(1 - right)"),
     "The inner slope of −t z is −t: it stays as a factor, and turns the pull round for the class −1."),
    ("uphill", edit("-X.T", "X.T"),
     "The sign is turned round. Where t = 1 and z is low, a larger z lowers the loss: the slope for z "
     "is below zero."),
    ("the surer the stronger", edit("(1 - right)", "right"),
     "You pull hardest at what is already right. The slope of ln(1 + e^(−tz)) is −t · σ(−tz), and "
     "σ(−tz) = 1 − σ(tz)."),
    ("forgets the mean", edit(" / len(X)", ""),
     "That is the slope of the sum. The loss is the mean: divide by N."),
    ("the sigmoid's own slope", edit("(1 - right)", "right * (1 - right)"),
     "The sigmoid's slope σ(1 − σ) has already cancelled against the logarithm's 1/σ. Only 1 − σ is left."),
    ("not divided", edit("(1 - right)", "np.exp(-t * (X @ w))"),
     "The outer slope is missing: that of ln u is 1/u, with u = 1 + e^(−tz)."),
    ("without the input", edit("-X.T @ (t * (1 - right)) / len(X)",
     "-(t * (1 - right)).mean() * np.ones(len(w))"),
     "You gave every weight the same slope. The inner slope of w·x for a weight is its own input."),
    ("the wrong ones alone", edit("(1 - right)", "(t * (X @ w) <= 0)"),
     "Only wrong answers pull in yours, and all equally hard: that is the perceptron. Here every example "
     "pulls, by 1 − σ(tz)."),
    ("means multiplied", edit("-X.T @ (t * (1 - right)) / len(X)",
     "-X.mean(axis=0) * (t * (1 - right)).mean()"),
     "You multiply two means. Multiply for each example, and take the mean then."),
    ("the outer slope alone", edit("-X.T @ (t * (1 - right))", "X.T @ right"),
     "That is 1/u, the slope of ln u. By the chain rule it is multiplied by that of u = 1 + e^(−tz), which "
     "is −t · e^(−tz)."),
    ("no brackets around the sum", edit("-t * (X @ w)", "-t * X @ w"),
     "`-t * X @ w` multiplies t and X first, column by column. Put brackets around the sum: `-t * (X @ w)`."),
    ("no brackets below the line", edit("(t * (1 - right))",
     "(t * np.exp(-t * (X @ w)) / 1 + np.exp(-t * (X @ w)))"),
     "Division comes before addition: put brackets around 1 + e^(−tz)."),
])


def tables(rng):
    yield "one feature", [[1.0], [2.0]]
    yield "two features on one scale", rng.normal(size=(30, 2))
    yield "one a hundred times larger", rng.normal(size=(30, 2)) * [1, 100]
    yield "far from zero", rng.normal(size=(25, 3)) + 4
    yield "a single example", [[3.0, 4.0]]


def largest_rate(X):
    inputs = np.column_stack([X, np.ones(len(X))])
    eigenvalues = np.linalg.eigvalsh(inputs.T @ inputs / len(X))
    return 1 / eigenvalues.max()


RATE = Function(5, largest_rate, tables, rtol=1e-6, mistakes=[
    ("the smallest eigenvalue", edit(".max()", "[eigenvalues > 1e-9].min()"),
     "Along the smallest eigenvalue the rate could be that large. The steepest direction gives way first."),
    ("forgets the two", edit("1 / eig", "2 / eig"),
     "You took the curvature for λ. For squared errors the gap is multiplied by 1 − 2ηλ: when is that −1?"),
    ("forgets the bias", edit("np.column_stack([X, np.ones(len(X))])", "X"),
     "Right for a model without a bias. The bias is a weight, too: its input is always 1."),
    ("forgets the mean", edit(" / len(X)", ""), "You took XᵀX. The loss is a mean: divide by N."),
    ("the best rate", edit("eigenvalues.max()", "(eigenvalues.max() + max(eigenvalues.min(), 0))"),
     "That is the best rate, not the limit: at 1/(λ_max + λ_min) it still converges."),
    ("the trace", edit("eigenvalues.max()", "eigenvalues.sum()"),
     "You added the eigenvalues up. That is safe, but too careful: only the largest one sets the limit."),
    ("half of the limit", edit("1 / eig", "0.5 / eig"),
     "That is half of the limit: at 1/(2λ) the gap along the steepest direction is closed in one step. It "
     "may be overshot, as long as 1 − 2ηλ stays above −1."),
    ("a singular value", edit("1 / eigenvalues.max()", "len(X) / np.linalg.norm(inputs, 2)"),
     "That is a singular value of the table, the *root* of an eigenvalue of XᵀX. Square it."),
    ("the covariance", edit("inputs.T @ inputs / len(X)", "np.atleast_2d(np.cov(X.T, bias=True))"),
     "You took the covariance, which takes the means out and knows no bias. The loss is curved by XᵀX/N of "
     "the features as they are, beside a column of ones."),
    ("the longest example", edit("eigenvalues.max()", "(inputs**2).sum(axis=1).max()"),
     "You measure the longest example. That is safe, but too careful: the limit is set by the largest "
     "eigenvalue of XᵀX/N."),
    ("divides by the features", edit(" / len(X)", " / X.shape[1]"),
     "You divided by the number of features. The loss is a mean over the examples: divide by N."),
])


def weights_in_new_units(rng):
    X = rng.normal(size=(30, 3)) * [1.0, 50.0, 0.1] + [5.0, -20.0, 0.3]
    yield "three features", X, rng.normal(size=3), 2.0
    yield "one feature", X[:, 1:2], [3.0], -1.0
    yield "no weight but the bias", X, np.zeros(3), 4.0
    yield "as many examples as features", X[:3], rng.normal(size=3), 0.0
    yield "whole numbers", [[1, 10], [3, 30], [8, 20]], [2, -1], 1


def raw_weights(X, w, b):
    mean, deviation = X.mean(axis=0), X.std(axis=0)
    raw = w / deviation
    return raw, b - mean @ raw


RAW = Function(6, raw_weights, weights_in_new_units, outputs="w b", mistakes=[
    ("the bias stays", edit("b - mean @ raw", "b"),
     "The weights are right. But w · (x − μ)/σ has a part that does not depend on x: it belongs to the "
     "bias."),
    ("multiplies", edit("w / deviation", "w * deviation"),
     "Multiplied where it should be divided: a feature with large numbers needs a small weight."),
    ("adds the means", edit("b - mean", "b + mean"),
     "The sign of the bias's part: w · (x − μ)/σ = (w/σ) · x − (w/σ) · μ."),
    ("the old weights in the bias", edit("mean @ raw", "mean @ w"),
     "In the bias, too, each weight is divided by its feature's deviation."),
    ("one mean for all", edit("X.mean(axis=0)", "X.mean() * np.ones(len(w))"),
     "Each feature has its own mean: `axis=0`."),
    ("N − 1", edit("X.std(axis=0)", "X.std(axis=0, ddof=1)"),
     "You divided by N − 1 in the deviation. Here N is asked for, as `std` does without `ddof`."),
    ("the old bias forgotten", edit("b - mean", "-mean"),
     "The neuron's own bias is missing: what comes from the means is taken off b."),
    ("the variance", edit("X.std(axis=0)", "X.var(axis=0)"),
     "You divided by the variance. The features were divided by its root, the standard deviation."),
    ("the weights stay", edit("return raw", "return w"),
     "The bias is right. Each weight, too, is divided by its feature's deviation."),
    ("a bias for each feature", edit("mean @ raw", "mean * raw"),
     "The bias is one number: add up what the features take off, `mean @ raw`."),
    ("multiplies, and the old weights in the bias", edit("w / deviation", "w * deviation", "mean @ raw",
     "mean @ w"),
     "Multiplied where it should be divided: a feature with large numbers needs a small weight. And the bias "
     "takes those new weights: w · (x − μ)/σ = (w/σ) · x − (w/σ) · μ."),
    ("one mean and one deviation", edit("X.mean(axis=0), X.std(axis=0)",
     "X.mean() * np.ones(len(w)), X.std()"),
     "You took one mean and one deviation over the whole table. Each feature has its own: `axis=0`."),
    ("along the rows", edit("axis=0", "axis=1"),
     "You measure each example over its features. A feature is a column: `axis=0`."),
    ("divided twice", edit("mean @ raw", "mean @ (raw / deviation)"),
     "The weights are right. In the bias you divide by the deviation twice: the new weights have been "
     "divided already."),
    ("the weights centred", edit("w / deviation", "(w - mean) / deviation", "b - mean @ raw", "b"),
     "It is x that is centred, not w: w · (x − μ)/σ = (w/σ) · x − (w/σ) · μ."),
    ("the old bias divided", edit("b - mean @ raw", "((b - w * mean) / deviation).sum()"),
     "The weights are right. You divide the old bias, too, once for each feature. Only what comes from the "
     "means is divided."),
    ("the means without the weights", edit("mean @ raw", "(mean / deviation).sum()"),
     "The weights are right. In the bias each μ/σ is multiplied by its feature's weight."),
    ("the means alone", edit("mean @ raw", "mean.sum()"),
     "The weights are right. In the bias each mean is multiplied by its feature's new weight."),
])


def three_classes(rng):
    X = rng.normal(size=(12, 2))
    labels = np.arange(12) % 3
    yield "no step: zero weights", X, labels, 3, 0.5, 0
    yield "one step", X, labels, 3, 0.5, 1
    yield "twenty steps", X + np.eye(3)[labels][:, :2], labels, 3, 0.5, 20
    yield "two classes, one feature", [[1.0], [2.0], [-1.0]], [0, 1, 0], 2, 0.1, 5
    yield "a class that never occurs", X, labels % 2, 4, 1.0, 3


def softmax_regression(X, labels, classes, lr, steps):
    W = np.zeros((X.shape[1], classes))
    Y = np.eye(classes)[labels]
    for _ in range(steps):
        e = np.exp(X @ W)
        P = e / e.sum(axis=1, keepdims=True)
        W = W - lr * X.T @ (P - Y) / len(X)
    return W


MEND = Function(7, softmax_regression, three_classes, mistakes=[
    ("as it was", edit("e.sum(axis=1, keepdims=True)", "e.sum(axis=0)", "W - lr", "W + lr",
                       " / len(X)", ""),
     "This is the broken version still. Print a row of P: what should it add up to? And is the loss of "
     "a step smaller than that before?"),
    ("still sums over the examples", edit("e.sum(axis=1, keepdims=True)", "e.sum(axis=0)"),
     "Print P.sum(axis=1). Each *example's* probabilities must add up to 1; yours share one class among"
     " all examples."),
    ("still climbs", edit("W - lr", "W + lr"),
     "The probabilities are right now. Print the loss at each step: which way does it go?"),
    ("still the sum", edit(" / len(X)", ""),
     "It learns. But the steps grow with the number of examples: the loss is a mean."),
    ("divides by everything", edit("len(X)", "P.size"),
     "You divided by examples times classes. The mean is over examples."),
    ("two mended, one left: the axis and the sign", edit("W - lr", "W + lr", " / len(X)", ""),
     "The softmax is mended. Two slips are left, both in the line that changes W."),
    ("one sum for all", edit("e.sum(axis=1, keepdims=True)", "e.sum()"),
     "You divide by the sum over the whole batch. Each example's probabilities add up to 1 by themselves."),
    ("only downhill again", edit("e.sum(axis=1, keepdims=True)", "e.sum(axis=0)", " / len(X)", ""),
     "It goes downhill now. Two slips are left: print P.sum(axis=1), and ask what the loss is a mean of."),
    ("one step too few", edit("range(steps)", "range(steps - 1)"),
     "That is one step too few: `range(n)` runs through n numbers, the 0 among them."),
    ("sigmoids", edit("e / e.sum(axis=1, keepdims=True)", "e / (1 + e)"),
     "Those are sigmoids, each class by itself. In a softmax the classes of an example share one sum: divide "
     "by it."),
    ("one step too many", edit("range(steps)", "range(steps + 1)"),
     "That is one step too many: after 0 steps all weights are still zero."),
    ("decisions for probabilities", edit("e / e.sum(axis=1, keepdims=True)",
     "np.eye(classes)[e.argmax(axis=1)]"),
     "You take the decision, 0 or 1, for the probability. The softmax says how sure it is."),
    ("with the softmax's own slope", edit("(P - Y)", "((P - Y) * P * (1 - P))"),
     "The softmax's slope has already cancelled against the logarithm's: P − Y, and no more."),
    ("only the mean mended", edit("e.sum(axis=1, keepdims=True)", "e.sum(axis=0)", "W - lr", "W + lr"),
     "The mean is mended. Two slips are left: print P.sum(axis=1), and the loss at each step."),
    ("divides by the classes", edit("len(X)", "classes"),
     "You divided by the number of classes. The mean is over examples."),
    ("the two of the squares", edit("W - lr", "W - 2 * lr"),
     "Your steps are twice too long. The 2 comes from a square; cross-entropy has none."),
    ("one slope for all", edit("X.T @ (P - Y) / len(X)", "np.mean(X.T @ (P - Y))"),
     "`np.mean` makes one number of all slopes. Each weight has its own: divide by N, and keep the shape."),
])


def two_classes(rng):
    X = rng.normal(size=(10, 2))
    y = (X[:, 0] + 0.5 * rng.normal(size=10) > 0).astype(int)
    yield "whole batches", X, y, 0.5, 10, 3
    yield "batches of five", X, y, 0.5, 5, 4
    yield "batches of four, and a last one of two", X, y, 0.3, 4, 3
    yield "one at a time", X, y, 0.2, 1, 2
    yield "a batch larger than the data", X, y, 0.5, 16, 3
    yield "no epoch", X, y, 0.5, 5, 0


def train(X, y, lr, batch, epochs):
    w = np.zeros(X.shape[1])
    for _ in range(epochs):
        for start in range(0, len(X), batch):
            x, labels = X[start : start + batch], y[start : start + batch]
            p = 1 / (1 + np.exp(-x @ w))
            w = w - lr * x.T @ (p - labels) / len(x)
    return w


def in_an_order_drawn(X, y, lr, batch, epochs):
    w, rng = np.zeros(X.shape[1]), np.random.default_rng(0)
    for _ in range(epochs):
        order = rng.permutation(len(X))
        for start in range(0, len(X), batch):
            x, labels = X[order[start : start + batch]], y[order[start : start + batch]]
            w = w - lr * x.T @ (1 / (1 + np.exp(-x @ w)) - labels) / len(x)
    return w


TRAIN = Function(8, train, two_classes, mistakes=[
    ("drops the last batch", edit("range(0, len(X), batch)", "range(0, len(X) - batch + 1, batch)"),
     "The last, shorter batch is left out. Its examples want to be learned from as well."),
    ("the last batch divided by the batch size", edit("/ len(x)", "/ batch"),
     "The last batch is shorter, but you divided by the full batch size. The mean is over the examples "
     "that are there."),
    ("the mean over all", edit("/ len(x)", "/ len(X)"),
     "You divided by all N. The gradient of a batch is the mean over the batch."),
    ("one step an epoch", edit("range(0, len(X), batch)", "range(0, 1)"),
     "Only the first batch of each epoch is used. Go on until every example has had its turn."),
    ("old weights", edit("range(epochs):", "range(epochs):\n        old = w", "-x @ w", "-x @ old"),
     "Every batch is judged with the weights of the epoch's start. Each must meet the weights as the "
     "one before has left them."),
    ("starts again", edit("range(epochs)", "range(min(epochs, 1))"),
     "Your second epoch repeats the first, or there is none. Set w to zero once, before both loops."),
    ("uphill", edit("w - lr", "w + lr"), "Against the gradient: w − η · gradient."),
    ("the sum", edit(" / len(x)", ""),
     "That is the gradient of the sum over the batch. Here it is the mean."),
    ("one wider each time", edit("start + batch]", "start + batch + 1]"),
     "Your batches overlap: `X[a:b]` stops before b."),
    ("the whole table at once", lambda X, y, lr, batch, epochs: train(X, y, lr, max(len(X), 1), epochs),
     "You take all examples in one step. A step for every `batch` of them is asked for."),
    ("one by one", lambda X, y, lr, batch, epochs: train(X, y, lr, 1, epochs),
     "You step after every single example. A step for every `batch` of them is asked for."),
    ("no sigmoid", edit("1 / (1 + np.exp(-x @ w))", "x @ w"),
     "That is linear regression. The probability is the sigmoid of x·w."),
    ("the two of the squares", edit("w - lr", "w - 2 * lr"),
     "Your steps are twice too long. The 2 comes from a square; cross-entropy has none."),
    ("the slope of the sigmoid", edit("(p - labels)", "((p - labels) * p * (1 - p))"),
     "That is the gradient of the *squared* error. With cross-entropy p (1 − p) cancels: p − y is left."),
    ("windows", edit("len(X), batch)", "max(len(X) - batch, 0) + 1)"),
     "Your batches overlap: each begins where the last one ended, `range(0, N, batch)`."),
    ("in an order drawn", in_an_order_drawn,
     "You draw an order of your own. Here the examples come in the order in which they stand."),
    ("a batch at every example", edit("range(0, len(X), batch)", "range(len(X))"),
     "A batch begins at every example of yours, so they overlap. Each begins where the last one ended: "
     "`range(0, N, batch)`."),
    ("a step for a sigmoid", edit("1 / (1 + np.exp(-x @ w))", "(x @ w > 0)"),
     "With a step in the place of the sigmoid it is the perceptron. The probability is σ(x·w)."),
    ("ends where the first one does", edit("start : start + batch", "start:batch"),
     "`X[start:batch]` is empty from the second batch on. A batch ends at `start + batch`."),
])

CERTAIN = Explain(9, rubric=[
    "the classes can be separated: with any separating weights, larger ones in the same direction have "
    "a lower loss, so there is no lowest point",
    "so the weights grow for ever, slowly; the falling loss shows growing confidence, not better decisions",
    "the boundary (the direction of the weights) hardly changes any more; mistakes were zero long before",
    "a probability of 0.999999 for a flower like these is not supported by a hundred flowers; stop, or "
    "charge for large weights",
])
