import numpy as np

from nnlearn.exercises import Explain, Function, Predict, Value, edit

PULL = Predict(1, "squared", mistakes=[
    ("absolute",
     "The absolute value's slope is 1 everywhere: a record that is off by 100 pulls no harder "
     "than one off by 1."),
    ("huber", "Beyond δ the Huber loss is a straight line. Its slope no longer grows."),
], after="The slope of r² is 2r: it grows with the error, without bound.")


def surprise(right=(0.8, 0.8, 0.1)):
    return float(-np.log(right).mean())


SURPRISE = Value(2, surprise(), rtol=1e-3, mistakes=[
    ("the sum", 3 * surprise(), "That is the sum over the three days. The loss of a batch is the mean."),
    ("sign", -surprise(),
     "Logarithms of probabilities are negative; a surprise is not. Put a minus in front."),
    ("always rain", surprise((0.8, 0.8, 0.9)),
     "On the third day it did not rain. Which probability did the forecast give to that?"),
    ("mean first", float(-np.log((0.8 + 0.8 + 0.1) / 3)),
     "Take the logarithm of each probability first, and then the mean."),
    ("base ten", surprise() / np.log(10),
     "That is with logarithms to the base 10. Here ln, the natural one, is meant: `np.log`."),
])


def errors(rng):
    yield "small errors only", rng.normal(size=8) * 0.3, np.zeros(8), 1.0
    yield "large errors only", 5 + rng.normal(size=5), np.zeros(5), 1.0
    yield "errors to both sides", rng.normal(size=9), 4 * rng.normal(size=9), 1.0
    yield "another delta", rng.normal(size=9), 6 * rng.normal(size=9), 2.5
    yield "an error of exactly delta", [3.0], [1.0], 2.0


def huber(prediction, target, delta):
    r = np.abs(prediction - target)
    return np.mean(np.where(r <= delta, r**2 / 2, delta * (r - delta / 2)))


HUBER = Function(3, huber, errors, mistakes=[
    ("forgets the half", edit("r**2 / 2", "r**2"),
     "Inside, it is half of the square. Without the half the two pieces do not meet at δ."),
    ("forgets the shift", edit("(r - delta / 2)", "r"),
     "The straight piece is δ(|r| − δ/2). Without the δ/2 the loss jumps at δ."),
    ("slope one outside", edit("delta * (r", "1 * (r"),
     "Outside, the line goes on with the slope that the parabola had reached: δ, not 1."),
    ("forgets the absolute value", edit("np.abs(prediction - target)", "prediction - target"),
     "Errors below zero can be large too. Compare |r| with δ."),
    ("the sum", edit("np.mean", "np.sum"), "This looks like the sum over the batch instead of its mean."),
])


def logits_and_labels(rng):
    yield "a small batch", rng.normal(size=(4, 3)), [0, 2, 1, 2]
    yield "one example", rng.normal(size=(1, 5)), [3]
    yield "knowing nothing", np.zeros((6, 10)), np.arange(6)
    yield "logits in the thousands", [[1000.0, 0.0, -1000.0], [-2000.0, -2001.0, -4000.0]], [1, 0]


def cross_entropy(logits, labels):
    z = logits - logits.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -np.mean(log_p[np.arange(len(labels)), labels])


CROSS_ENTROPY = Function(4, cross_entropy, logits_and_labels, mistakes=[
    ("overflows", edit(" - logits.max(axis=1, keepdims=True)", ""),
     "The exponential overflows. Take each row's largest logit out of it first."),
    ("logarithm of the softmax",
     edit("z - np.log(np.exp(z).sum(", "np.log(np.exp(z) / np.exp(z).sum("),
     "A softmax that has been rounded to 0 has an infinite logarithm. Compute log-sum-exp minus "
     "the right logit."),
    ("all columns", edit("np.arange(len(labels))", ":"),
     "`z[:, labels]` takes all those columns of every row. One number a row: `z[np.arange(B), labels]`."),
    ("the sum", edit("np.mean", "np.sum"), "This looks like the sum over the batch instead of its mean."),
    ("wrong sign", edit("-np.mean", "np.mean"),
     "A surprise is never negative: the sign is the wrong way round."),
    ("averages over the classes", edit("labels])", "labels]) / z.shape[1]"),
     "You divide by examples times classes. Sum over the classes of an example, then take the "
     "mean over examples."),
])


def slope_cases(rng):
    yield "one example", rng.normal(size=(1, 3)), [1]
    yield "a batch of five", rng.normal(size=(5, 3)), [0, 2, 1, 1, 0]
    yield "more classes than examples", 3 * rng.normal(size=(2, 7)), [6, 0]


def slope(logits, labels):
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return (p - np.eye(logits.shape[1])[labels]) / len(labels)


SLOPE = Function(5, slope, slope_cases, allows=("softmax",), mistakes=[
    ("forgets the mean", edit(" / len(labels)", ""),
     "This is the slope of the sum. The loss is the mean over the batch: divide by B."),
    ("truth minus prediction", edit("return (", "return -("),
     "The sign is the wrong way round: p − y, what was said minus what was true."),
    ("only the softmax", edit("- np.eye(logits.shape[1])[labels]", ""),
     "The truth is missing: take 1 away from the probability of each right class."),
    ("divides by everything", edit("len(labels)", "logits.size"),
     "You divide by examples times classes. The mean is over examples only."),
    ("with the softmax's own slope", edit("return ", "return p * (1 - p) * "),
     "The softmax's slope has already cancelled against the logarithm's. Nothing more is to be multiplied."),
])


def forecasts(rng):
    p = rng.random(40)
    yield "forty forecasts, all of them", p, (rng.random(40) < p).astype(float), 0.0, 1.0
    yield "forty forecasts, the undecided ones", p, (rng.random(40) < p).astype(float), 0.3, 0.7
    yield "forecasts at the edges of the range", [0.2, 0.5, 0.8, 0.8], [1.0, 0.0, 1.0, 1.0], 0.2, 0.8


def overconfidence(p, y, low, high):
    group = (p >= low) & (p < high)
    return p[group].mean() - y[group].mean()


GAP = Function(6, overconfidence, forecasts, mistakes=[
    ("the other way round", edit("return p[group].mean() -", "return -p[group].mean() +"),
     "Overconfident means that more was said than was true: said minus true."),
    ("takes the upper edge in", edit("p < high", "p <= high"),
     "A forecast of exactly `high` belongs to the next group: use p < high."),
    ("leaves the lower edge out", edit("p >= low", "p > low"),
     "A forecast of exactly `low` belongs to this group: use p >= low."),
    ("everything", edit("(p >= low) & (p < high)", "slice(None)"),
     "Only the forecasts from `low` up to `high` count."),
    ("counts right answers", edit("p[group].mean() - y[group].mean()", "((p >= 0.5) == y)[group].mean()"),
     "That is the share of right answers. Compare the mean probability said with the share that was true."),
])

CHOOSE = Explain(7, rubric=[
    "Huber or the absolute error for prices with typing errors, because their pull is bounded",
    "binary cross-entropy from the logit for the yes or no, with a sigmoid",
    "cross-entropy for one of ten, with a softmax",
    "not the squared error of a probability: it hardly pulls where the model is certain and wrong",
])


def counts(rng):
    yield "a quiet night", np.log([0.5, 1.0, 0.2]), [0, 2, 0]
    yield "a busy day", 2 + rng.normal(size=6), rng.poisson(8, 6)
    yield "one hour", [1.5], [4]
    yield "predicted exactly", np.log([3.0, 7.0]), [3, 7]


def count_loss(z, y):
    return np.mean(np.exp(z) - y * z), (np.exp(z) - y) / len(z)


def with_the_factorial(z, y):
    constant = [np.log(np.arange(1, k + 1)).sum() for k in y.astype(int)]
    return np.mean(np.exp(z) - y * z + constant), (np.exp(z) - y) / len(z)


COUNTS = Function(8, count_loss, counts, mistakes=[
    ("z for the mean", edit("np.exp(z)", "z"),
     "The network gives the logarithm of the mean: λ = e^z. Put e^z where the formula has λ, and z where "
     "it has ln λ."),
    ("the slope of the sum", edit(" / len(z)", ""),
     "Your loss is a mean, your slope that of a sum: divide it by B."),
    ("the sum", edit("np.mean", "np.sum", " / len(z)", ""),
     "This looks like the sum over the batch instead of its mean, in loss and slope."),
    ("truth minus prediction", edit("(np.exp(z) - y) / len", "(y - np.exp(z)) / len"),
     "The sign of your slope is the wrong way round: predicting too much must make the loss rise with z."),
    ("likelihood for loss", edit("np.mean(np.exp(z) - y * z)", "np.mean(y * z - np.exp(z))"),
     "That is the log-likelihood. The loss is minus that."),
    ("keeps the constant", with_the_factorial,
     "Right, with ln y! in it. It does not depend on z: leave it out."),
    ("slope for the mean", edit("(np.exp(z) - y) / len", "(1 - y / np.exp(z)) / len"),
     "That is the slope for λ. The network's output is z = ln λ, so it is multiplied by λ."),
], after="e^z − y: what was said minus what was true, once more.")


def bakeries(rng):
    yield "sold out every day", [10.0, 20.0], [12, 25], 0.9
    yield "rolls left every day", [10.0, 20.0], [7, 18], 0.9
    yield "both", 50 + 10 * rng.normal(size=12), rng.poisson(50, 12), 0.8
    yield "as bad either way", 50 + 10 * rng.normal(size=8), rng.poisson(50, 8), 0.5
    yield "whole numbers", [3, 5, 4], [4, 4, 4], 0.25


def baker_loss(prediction, demand, q):
    short = demand - prediction
    return np.mean(np.where(short > 0, q * short, (q - 1) * short))


BAKER = Function(9, baker_loss, bakeries, mistakes=[
    ("q on the wrong side", edit("demand - prediction", "prediction - demand"),
     "You charge q for rolls that were left. Too few is demand above the prediction."),
    ("negative costs", edit("(q - 1) * short", "(1 - q) * short"),
     "Rolls that are left cost something too, and a cost is never negative: turn the sign there."),
    ("only what is missing", edit("(q - 1) * short", "0"),
     "Rolls that are left are free in your bakery. They cost 1 − q each."),
    ("the same for both", edit("(q - 1) * short", "-q * short"),
     "You charge q either way. Each roll too many costs 1 − q."),
    ("squares", edit("q * short, (q - 1) * short", "q * short**2, (1 - q) * short**2"),
     "The cost is for each roll, so it grows in a straight line, not with the square."),
    ("the sum", edit("np.mean", "np.sum"), "This looks like the sum over the days instead of their mean."),
], after="Its best single prediction is the q-quantile of the demand: for 0.9, more than she expects to "
         "sell. It is called the quantile or pinball loss (R. Koenker and G. Bassett, 1978).")
