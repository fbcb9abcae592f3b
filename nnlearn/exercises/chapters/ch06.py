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
    ("base two", surprise() / np.log(2),
     "That is in bits, with logarithms to the base 2. Here ln, the natural one, is meant: `np.log`."),
])


def errors(rng):
    yield "small errors only", rng.normal(size=8) * 0.3, np.zeros(8), 1.0, 2.0
    yield "predictions far too large", 5 + rng.normal(size=5), np.zeros(5), 1.0, 2.0
    yield "predictions far too small", -5 + rng.normal(size=5), np.zeros(5), 1.0, 2.0
    yield "errors to both sides", rng.normal(size=9), 6 * rng.normal(size=9), 2.5, 0.5
    yield "errors exactly at the corners", [3.0, 1.0], [1.0, 4.0], 3.0, 2.0
    yield "whole numbers", [4, 0, 7], [1, 5, 6], 2, 1


def huber(prediction, target, low, high):
    r = prediction - target
    outside = np.where(r < -low, low * (-r - low / 2), high * (r - high / 2))
    return np.mean(np.where((r < -low) | (r > high), outside, r**2 / 2))


HUBER = Function(3, huber, errors, mistakes=[
    ("the corners exchanged", edit("r = prediction - target", "r = target - prediction"),
     "Your corners are exchanged: `high` is for predictions that are too high."),
    ("one corner for both", lambda prediction, target, low, high:
     huber(np.abs(prediction - target), 0, low, high),
     "You use `high` for both sides. What is too low has its corner at `low`."),
    ("forgets the half", edit("r**2 / 2", "r**2"),
     "Inside, it is half of the square. Without the half the pieces do not meet at the corners."),
    ("forgets the shift", edit("(-r - low / 2)", "-r", "(r - high / 2)", "r"),
     "The loss jumps at the corners. There the parabola has reached half of the corner's square: what must "
     "the line be at that place?"),
    ("slope one outside", edit("low * (-r", "(-r", "high * (r", "(r"),
     "Outside, each line goes on with the slope that the parabola had reached at its corner, not with 1."),
    ("a line to one side alone", edit("np.where((r < -low) | (r > high)", "np.where(r > high"),
     "What is too low is still squared in yours, however far off. Compare with −`low`."),
    ("the sum", edit("np.mean", "np.sum"), "This looks like the sum over the batch instead of its mean."),
    ("flat beyond the corners", edit("np.where((r < -low) | (r > high), outside, r**2 / 2)",
     "np.clip(r, -low, high) ** 2 / 2"),
     "Beyond its corners your loss is level. It goes on as a straight line, with the slope of the corner."),
    ("the low line falls", edit("low * (-r - low / 2)", "low * (r - low / 2)"),
     "Far below it becomes negative. There r is below zero: the line rises with −r."),
    ("half a corner too high", edit("low / 2)", "low)", "high / 2)", "high)"),
     "The line does not begin where the parabola ends: at r = high that is high²/2."),
    ("slope 1", edit("low * (-r - low / 2)", "-r - low + low**2 / 2", "high * (r - high / 2)",
     "r - high + high**2 / 2"),
     "Your lines have slope 1. At its corner the parabola r²/2 has the slope r, which is `high` or `low`."),
    ("low for −low", edit("r < -low", "r < low"),
     "The lower corner lies at −`low`: compare r with that."),
    ("the mean of the residuals", lambda prediction, target, low, high: huber(
        np.array([np.mean(prediction - target)]), np.zeros(1), low, high),
     "You average the residuals first: too high and too low cancel. First the loss of each, then the mean."),
    ("the lower corner for both", lambda prediction, target, low, high:
     huber(np.abs(prediction - target), 0, low, low),
     "You use `low` for both sides. What is too high has its corner at `high`."),
    ("the low line too high", edit("low * (-r - low / 2)", "low * (-r + low / 2)"),
     "The line below does not begin where the parabola ends: at r = −low that is low²/2. Which sign has "
     "low / 2 there?"),
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
    ("the right logit as it was", lambda logits, labels: np.mean(
        np.log(np.exp(logits - logits.max(axis=1, keepdims=True)).sum(axis=1))
        - logits[np.arange(len(labels)), labels]),
     "You took the largest logit out of the sum, and not out of the right one. Take it out of both, or add "
     "it to the logarithm again."),
    ("cut off at 500", lambda logits, labels: cross_entropy(np.clip(logits, -500, 500), labels),
     "You clip the logits, so that 600 and 1,000 are one and the same. Only differences count: take each "
     "row's largest away."),
    ("the mean inside the logarithm", lambda logits, labels: -np.log(np.mean(
        np.exp(logits - np.logaddexp.reduce(logits, axis=1)[:, None])[np.arange(len(labels)), labels])),
     "You averaged the probabilities and took the logarithm then. Take the logarithm of each first."),
    *((f"{tiny:g} added inside", lambda logits, labels, tiny=tiny: -np.mean(np.log(np.exp(
        logits - np.logaddexp.reduce(logits, axis=1)[:, None])[np.arange(len(labels)), labels] + tiny)),
     f"A small number inside the logarithm hides the infinity: −ln({tiny:g}) is {-np.log(tiny):.0f}, however "
     "sure the mistake was. Compute log-sum-exp minus the right logit.")
     for tiny in (1e-15, 1e-12, 1e-10, 1e-9, 1e-8, 1e-7)),
    ("over the batch", edit("axis=1", "axis=0"),
     "Your softmax runs over the batch. The classes of one example share one probability: `axis=1`."),
    ("the largest of all", lambda logits, labels: np.mean(
        logits.max() + np.log(np.exp(logits - logits.max()).sum(axis=1))
        - logits[np.arange(len(labels)), labels]),
     "One largest logit for the whole batch: in a row that lies far below it every e^z is 0. Take each row's "
     "own, `axis=1`."),
    ("the label for its logit", lambda logits, labels: np.mean(
        np.logaddexp.reduce(logits, axis=1) - labels),
     "You take the label itself away. It is the place of a logit in its row: `z[np.arange(B), labels]`."),
    ("rows for columns", lambda logits, labels: np.mean(
        np.logaddexp.reduce(logits, axis=1)[:, None] - logits[labels % len(logits)]),
     "`z[labels]` takes rows. One number of each row is asked for: `z[np.arange(B), labels]`."),
    ("one sum for the batch", lambda logits, labels: np.mean(
        np.logaddexp.reduce(logits, axis=None) - logits[np.arange(len(labels)), labels]),
     "You sum over the whole batch. Each example has a log-sum-exp of its own: `axis=1`."),
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
    ("divides by the classes", edit("len(labels)", "logits.shape[1]"),
     "You divide by the number of classes. The mean is over the examples: divide by B."),
    ("the slope for p", edit("(p - np.eye(logits.shape[1])[labels])", "-np.eye(logits.shape[1])[labels] / p"),
     "That is the slope for the probabilities, −1/p. For the logits the softmax's slope comes in as well, "
     "and p − y is left."),
    ("without the softmax", edit("(p - np", "(logits - np"),
     "You take the truth away from the logits. What was said is a probability: p = softmax(logits)."),
    ("the right class alone", edit("(p - np.eye(logits.shape[1])[labels])",
     "(p - 1) * np.eye(logits.shape[1])[labels]"),
     "Only the right class gets a slope from you. The other logits stand in the sum as well: theirs is p."),
    ("all columns", edit("return (p - np.eye(logits.shape[1])[labels])", "p[:, labels] -= 1\n    return p"),
     "`p[:, labels]` takes those columns of every row. One number a row: `p[np.arange(B), labels] -= 1`."),
    ("over the batch", edit("axis=1", "axis=0"),
     "Your softmax runs over the batch. The probabilities of one row sum to 1: `axis=1`."),
    ("the rows averaged", edit("(p - np.eye(logits.shape[1])[labels]) / len(labels)",
     "(p - np.eye(logits.shape[1])[labels]).mean(axis=0)"),
     "You average over the rows, and they are gone. Each example's logits have slopes of their own: keep the "
     "rows, and divide by B."),
    ("the absolute logit", edit("np.eye(logits.shape[1])[labels]", "np.eye(logits.shape[1])[labels] * p"),
     "The truth is 1 for the right class, not its probability: p − y."),
    ("a share of the truth", lambda logits, labels: (
        slope(logits, labels) * len(labels) + np.eye(logits.shape[1])[labels] * (1 - 1 / len(labels))),
     "You divide the truth alone by B. The whole difference p − y is divided."),
    ("the loss", lambda logits, labels: -np.log(
        slope(logits, labels) * len(labels) + np.eye(logits.shape[1])[labels])
        * np.eye(logits.shape[1])[labels] / len(labels),
     "Those are the surprises themselves. Their slope is asked for: p − y."),
    ("the class's number", edit("np.eye(logits.shape[1])[labels]", "labels[:, None]"),
     "You take the class's *number* away. The truth is 1 for the right class and 0 for the others: one-hot."),
    ("the class that is said", edit("[labels]", "[p.argmax(axis=1)]"),
     "You take 1 away from the likeliest class. It belongs to the right one, `labels`."),
    ("the softmax's own slope", edit("(p - np.eye(logits.shape[1])[labels])", "p * (1 - p)"),
     "p (1 − p) is the slope of a probability. With the logarithm's slope, p − y is left of it."),
    ("as many classes as examples", edit("np.eye(logits.shape[1])", "np.eye(len(labels))"),
     "`np.eye` wants the number of *classes*, `logits.shape[1]`. You give it that of the examples."),
    ("the softmax alone divided", edit("(p - np.eye(logits.shape[1])[labels]) / len(labels)",
     "p / len(labels) - np.eye(logits.shape[1])[labels]"),
     "You divide p alone by B. The whole difference p − y is divided: take the 1 away first."),
    ("the loss, one number", lambda logits, labels: np.mean(
        np.logaddexp.reduce(logits, axis=1) - logits[np.arange(len(labels)), labels]),
     "That is the loss, one number. Asked is its slope for each logit: p − y, divided by B."),
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
    ("the middle of the group", edit("p[group].mean()", "(low + high) / 2"),
     "You take the middle of the group for what was said. It is the mean of the forecasts in it."),
    ("true among all", edit("y[group]", "y"),
     "You compare with the share that came true among *all* forecasts. Take the group's."),
    ("weighted by the group's share", edit("return p[group].mean() - y[group].mean()",
     "return (p * group).mean() - (y * group).mean()"),
     "You divide by all forecasts. A mean over the group divides by the group's own number: `p[group]`."),
    ("sums", edit("mean", "sum"), "Those are sums. Means are asked for: divide by the group's number."),
    ("the sizes of the errors", edit("p[group].mean() - y[group].mean()", "np.abs(p - y)[group].mean()"),
     "You average sizes, |p − y|. Too high and too low are to cancel here: take both means, then their "
     "difference."),
    ("a ratio", edit("mean() - y", "mean() / y", "y[group].mean()", "y[group].mean() - 1"),
     "You divide the two means. *By how much* is their difference."),
    ("the other edge", edit("(p >= low) & (p < high)", "(p > low) & (p <= high)"),
     "The edges are exchanged: `low` belongs to the group, `high` does not."),
    ("right for true", edit("y[group]", "((p >= 0.5) == y)[group]"),
     "You compare with the share of *right* answers. Take the share that came true: the mean of y."),
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


COUNTS = Function(8, count_loss, counts, outputs="loss slope", mistakes=[
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
    ("z for λ in the slope", edit("(np.exp(z) - y) /", "(z - y) /"),
     "The loss is right. Its slope has λ = e^z where you have z: the slope of e^z is e^z."),
    ("the counts forgotten in the slope", edit("(np.exp(z) - y) /", "np.exp(z) /"),
     "The loss is right. In its slope the part of −y·z is missing: −y."),
    ("squares", lambda z, y: (np.mean((np.exp(z) - y) ** 2), 2 * (np.exp(z) - y) / len(z)),
     "That is the squared error. Follow the recipe: the negative logarithm of p(y)."),
    ("the mean for its logarithm", lambda z, y: (np.mean(z - y * np.log(z)), (1 - y / z) / len(z)),
     "You take z for λ. The network gives z = ln λ: write e^z for λ, and z for ln λ."),
    ("one slope for all", edit("(np.exp(z) - y) / len(z)", "np.mean(np.exp(z) - y)"),
     "The loss is right. Its slopes are as many as there are z: divide each by B, and do not add them up."),
    ("the mean forgotten in the loss", edit("np.mean(np.exp(z) - y * z)", "np.mean(-y * z)"),
     "The slope is right. In the loss λ itself is missing: −ln p(y) is λ − y ln λ and a constant."),
    ("squares, with the chain rule", lambda z, y: (
        np.mean((np.exp(z) - y) ** 2), 2 * (np.exp(z) - y) * np.exp(z) / len(z)),
     "That is the squared error, rightly differentiated. But follow the recipe: the negative logarithm "
     "of p(y)."),
    ("plus for minus", edit("np.exp(z) - y", "np.exp(z) + y"),
     "Your loss and slope have + y. In p(y) stands λ^y, so −ln p(y) is λ *minus* y ln λ."),
    ("λ forgotten", edit("np.exp(z) - y", "-y"),
     "λ itself is missing, in loss and slope: p(y) has e^(−λ) in it, and −ln of that is λ = e^z."),
    ("y times λ", edit("y * z", "y * np.exp(z)", "np.exp(z) - y)", "np.exp(z) - y * np.exp(z))"),
     "The logarithm of λ^y is y ln λ = y z. You have y λ."),
    ("a logarithm too many", edit("y * z", "y * np.log(z)", "np.exp(z) - y)", "np.exp(z) - y / z)"),
     "z is the logarithm of λ already: ln λ = z. You take it once more."),
    ("λ and its logarithm exchanged", edit("np.exp(z) - y * z", "z - y * np.exp(z)"),
     "The slope is right. In the loss λ and ln λ have changed places: λ − y ln λ, and λ = e^z."),
    ("no brackets in the slope", edit("(np.exp(z) - y) / len(z)", "np.exp(z) - y / len(z)"),
     "The loss is right. In its slope y alone is divided by B: put brackets around e^z − y."),
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
    ("the smaller cost", lambda prediction, demand, q: np.mean(
        np.minimum(q * (demand - prediction), (q - 1) * (demand - prediction))),
     "Your cost is below zero: of the two lines it is the upper, `np.maximum`, that is a cost."),
    ("both sides alike", lambda prediction, demand, q: np.mean(np.abs(demand - prediction)),
     "You charge both sides alike. Too few costs q a roll, too many 1 − q."),
    ("days, not rolls", edit("q * short, (q - 1) * short", "q, 1 - q"),
     "You charge once a day, however many rolls it is about. Each of them costs."),
    ("the days averaged first", lambda prediction, demand, q: baker_loss(
        np.array([prediction.mean()]), np.array([demand.mean()]), q),
     "You average the days first: then rolls left on one make up for those missing on another. First the "
     "cost of each day, then the mean."),
    ("negative costs for what is missing", edit("q * short, (q", "-q * short, (q"),
     "Rolls that are missing cost something too, and a cost is never negative: turn the sign there."),
    ("two means", lambda prediction, demand, q: q * (demand - prediction)[demand > prediction].mean()
     + (1 - q) * (prediction - demand)[prediction > demand].mean(),
     "You take a mean over the days with too few and one over those with too many; there may be none of "
     "either. One mean, over all days."),
], after="Its best single prediction is the q-quantile of the demand: for 0.9, more than she expects to "
         "sell. It is called the quantile or pinball loss (R. Koenker and G. Bassett, 1978).")


def weighted_batches(rng):
    yield "one example", rng.normal(size=(1, 3)), [1], [1.0, 4.0, 2.0], 0.1
    yield "a batch of five", rng.normal(size=(5, 3)), [0, 2, 1, 1, 0], [1.0, 10.0, 0.5], 0.2
    yield "rare ones alone", rng.normal(size=(3, 2)), [1, 1, 1], [1.0, 10.0], 0.1
    yield "sure and wrong", [[1000.0, 0.0, -1000.0], [0.0, 2.0, 3.0]], [2, 1], [1.0, 2.0, 3.0], 0.1
    yield "nothing smoothed, all alike", rng.normal(size=(4, 4)), [3, 0, 1, 1], np.ones(4), 0.0


def weighted(logits, labels, weight, smooth):
    z = logits - logits.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    y = (1 - smooth) * np.eye(len(weight))[labels] + smooth / len(weight)
    w = weight[labels] / weight[labels].sum()
    return (w * -(y * log_p).sum(axis=1)).sum(), w[:, None] * (np.exp(log_p) - y)


ROUNDED = ("(y * log_p)", "(y * np.log(np.exp(log_p)))")
HARD = ("(np.exp(log_p) - y)", "(np.exp(log_p) - np.eye(len(weight))[labels])")
MEAN = ("(w * -", "np.mean(weight[labels] * -", ".sum(axis=1)).sum(),", ".sum(axis=1)),")
OVERFLOWS = ("z = logits - logits.max(axis=1, keepdims=True)", "z = logits",
             "z - np.log(np.exp(z).sum(axis=1, keepdims=True))",
             "np.log(np.exp(z) / np.exp(z).sum(axis=1, keepdims=True))")


def classes_weighed(logits, labels, weight, smooth):
    """The mistake of weighing the classes within the smoothed truth, not the examples."""
    z = logits - logits.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    y = (1 - smooth) * np.eye(len(weight))[labels] + smooth / len(weight)
    w = (weight * y).sum(axis=1, keepdims=True) / weight[labels].sum()
    return -(weight * y * log_p).sum() / weight[labels].sum(), w * (np.exp(log_p) - y)


REPAIR = Function(10, weighted, weighted_batches, outputs="loss slope", mistakes=[
    ("as it was", edit(*ROUNDED, *HARD, *MEAN),
     "All three faults are still there. Begin with one ordinary example, of weight 1: measure the slope of "
     "your loss with two evaluations, for one logit, and compare."),
    ("the logarithm and the mean", edit(*ROUNDED, *MEAN),
     "The slope is right now. The loss is not: what happens to it when all weights are doubled, and what "
     "should?"),
    ("the logarithm and the labels", edit(*ROUNDED, *HARD),
     "The mean is a weighted one now. But loss and slope do not belong together: which truth stands in the "
     "one, and which in the other?"),
    ("the labels and the mean", edit(*HARD, *MEAN),
     "Logits of a thousand are safe now. Two faults are left: which truth stands in the loss and which in "
     "the slope, and what is each divided by?"),
    ("the logarithm of what was rounded", edit(*ROUNDED),
     "One fault is left. A probability that was rounded to 0 has the logarithm −∞: take log-sum-exp from the "
     "logit instead."),
    ("the slope of hard labels", edit(*HARD),
     "One fault is left, in the slope: it goes down another loss, the one without smoothing. Where is the "
     "truth in p − y?"),
    ("a plain mean", edit(*MEAN),
     "One fault is left: the loss is divided by the number of examples, the slope by the sum of their "
     "weights. A weighted mean has the weights below the line."),
    ("the slope divided by the number too",
     edit(*MEAN, "w[:, None] *", "weight[labels][:, None] / len(labels) *"),
     "Loss and slope belong together now, but both are divided by the number of examples: a weighted mean is "
     "divided by the sum of the weights."),
    ("smoothed by all others alone", edit("smooth / len(weight)",
     "smooth / max(len(weight) - 1, 1) * (1 - np.eye(len(weight))[labels])"),
     "You share `smooth` among the wrong classes. Here all of them get the same, the right one too."),
    *((f"{tiny:g} added inside", edit("(y * log_p)", f"(y * np.log(np.exp(log_p) + {tiny}))"),
     f"One fault is left, and hidden: −ln({tiny:g}) is {-np.log(tiny):.0f}, however sure the mistake was. "
     "Take log-sum-exp from the logit, and nothing has to be added.")
     for tiny in (1e-15, 1e-12, 1e-10, 1e-9, 1e-8, 1e-7)),
    ("the weights of the classes below", edit("weight[labels].sum()", "weight.sum()"),
     "Below the line you have the weights of the classes, each once. There belong those of the examples in "
     "the batch: `weight[labels].sum()`."),
    ("classes weighed", classes_weighed,
     "You weigh each class within the truth. A weight belongs to an example, by its label: it multiplies the "
     "whole cross-entropy of that example."),
    ("hard labels in the loss", edit("(y * log_p)", "(np.eye(len(weight))[labels] * log_p)"),
     "The slope is right. The loss has the hard labels: there, too, the truth is the smoothed one."),
    ("the slope unweighted", edit("w[:, None] *", "1 / len(labels) *"),
     "The loss is right. Its slope is that of a plain mean: each row carries its example's weight, divided "
     "by their sum."),
    ("the slope of the sum", edit("w[:, None] *", "weight[labels][:, None] *"),
     "The loss is right. Its slope is not yet divided by the sum of the weights."),
    ("the weight of the class that is said", edit("weight[labels] / weight[labels].sum()",
     "weight[logits.argmax(axis=1)] / weight[logits.argmax(axis=1)].sum()"),
     "You take the weight of the class that is predicted. It belongs to the true one: `weight[labels]`."),
    ("divided by the weights", edit("weight[labels] / weight[labels].sum()",
     "(1 / weight[labels]) / (1 / weight[labels]).sum()"),
     "You divide by the weights. The rare class is to count for more: its weight multiplies."),
    ("smoothed over the batch", edit("smooth / len(weight)", "smooth / len(logits)"),
     "You share `smooth` among the examples. It is shared among the K classes."),
    ("not smoothed", edit("(1 - smooth) * np.eye(len(weight))[labels] + smooth / len(weight)",
     "np.eye(len(weight))[labels] + 0 * smooth"),
     "Loss and slope belong together, but the labels are hard in both: `smooth` has no say."),
    ("smoothed the other way round", edit("(1 - smooth) * np.eye(len(weight))[labels] + smooth / len",
     "smooth * np.eye(len(weight))[labels] + (1 - smooth) / len"),
     "`smooth` and 1 − `smooth` have changed places: the right class keeps the larger part."),
    ("divided by both", edit("(w * -(y * log_p).sum(axis=1)).sum()", "(w * -(y * log_p).sum(axis=1)).mean()"),
     "One fault is left: the loss is divided by the sum of the weights and by the number of examples too. "
     "Add up, and divide by the weights alone."),
    ("the slope divided by the number", edit("w[:, None] *", "weight[labels][:, None] / len(labels) *"),
     "The loss is right. The slope is divided by the number of examples, and not by the sum of their "
     "weights."),
    ("classes weighed in loss and slope", edit("(w * -(y * log_p).sum(axis=1)).sum()",
     "-(weight * y * log_p).sum() / weight[labels].sum()", "w[:, None] *", "weight / weight[labels].sum() *"),
     "You weigh the columns, each by its own class. A weight belongs to an example, by its label: it "
     "multiplies the whole row."),
    ("the largest out of the sum alone", edit("log_p = z - np.log", "log_p = logits - np.log",
     "(np.exp(log_p) - y)", "(np.exp(z) / np.exp(z).sum(axis=1, keepdims=True) - y)"),
     "You took the largest logit out of the sum, and not out of the logits themselves: both have to be z."),
    ("smoothing as a factor", edit("(np.exp(log_p) - y)",
     "(1 - smooth) * (np.exp(log_p) - np.eye(len(weight))[labels])"),
     "The loss is right. In the slope smoothing is no factor: it is p − y, with the smoothed y."),
    ("the mean, and a softmax that overflows", edit(*MEAN, *OVERFLOWS),
     "Two faults are left. In a weighted mean the weights stand below the line, too; and e to a thousand "
     "overflows: take log-sum-exp from the logit."),
    ("the labels, and a softmax that overflows", edit(*HARD, *OVERFLOWS),
     "The mean is a weighted one now. But loss and slope do not have the same truth; and e to a thousand "
     "overflows: take log-sum-exp from the logit."),
    ("as it was, with a softmax that overflows", edit(*HARD, *MEAN, *OVERFLOWS),
     "All three faults are still there. Begin with one ordinary example: measure the slope of your loss with "
     "two evaluations, for one logit, and compare. And a softmax of your own overflows at a thousand."),
], after="A loss and its slope are written down twice, and can part. Two evaluations tell, before training.")


def slipped(seed):
    """Three tables: 300 examples, one in seven slipped; 300 new ones, the true line there, the noise."""
    rng = np.random.default_rng(seed)
    tables = []
    for size in (0.2, 2.0, 60.0):
        noise = size * rng.uniform(0.7, 1.4)
        w, b = noise * rng.uniform(1, 3, 3) * rng.choice([-1, 1], 3), noise * rng.uniform(8, 15)
        X = rng.normal(size=(600, 3))
        y = X @ w + b + noise * rng.normal(size=600)
        y[rng.random(600) < 0.15] *= 10
        tables.append((X[:300], y[:300], X[300:], X[300:] @ w + b, noise))
    return tables


def three_tables(rng):
    seed = int(rng.integers(10**6))
    names = ("small numbers", "ordinary numbers", "large numbers")
    seen = {name: {"X": X, "y": y} for name, (X, y, *_) in zip(names, slipped(seed), strict=True)}
    yield "three tables drawn for you", {"seed": seed, **seen}


def descents(answer, r):
    """The lines to which 200 steps of descent lead with the pull that `answer` is, one for each table."""
    lines = []
    for name, table in r.items():
        if name == "seed":
            continue
        A, y, theta = np.column_stack([table["X"], np.ones(len(table["y"]))]), table["y"], np.zeros(4)
        for _ in range(200):
            pull = answer(A @ theta - y)
            if pull is None:
                return None
            if np.shape(pull) != y.shape:
                raise TypeError(f"pull gets {y.shape} residuals and returns shape {np.shape(pull)}")
            theta = theta - 0.3 * A.T @ np.array(pull, dtype=float) / len(y)
        lines.append(theta)
    return np.array(lines)


def off(lines, r):
    """Are all three lines near the true ones, compared with the noise? What is wrong with the worst?"""
    found = []
    for theta, (_, _, X, line, noise) in zip(lines, slipped(r["seed"]), strict=True):
        error = (X @ theta[:3] + theta[3] - line) / noise
        found.append((np.sqrt(np.mean(error**2)), error.mean()))
    if not np.isfinite(found).all() or max(found)[0] > 1e3:
        return "a line that runs away"
    far, side = max(found)
    if far <= 0.75:
        return "within 0.75 of the noise, all three"
    if far < 2.5:
        return "near, but more than 0.75 of the noise off"
    return "a line far too high" if side > 0 else "a line that has not arrived"


def by_the_median(r):
    usual = np.median(np.abs(r))
    return np.clip(r, -usual, usual)


TRAIN = Function(11, by_the_median, three_tables, run=descents, measure=off, mistakes=[
    ("squares", edit("np.clip(r, -usual, usual)", "r"),
     "Records that are ten times too large pull ten times as hard, and the line follows them. How hard may a "
     "record pull at most? (Not by a mean or a deviation: those they raise themselves.)"),
    ("the same limit for every table", edit("np.clip(r, -usual, usual)", "np.clip(r, -1, 1)"),
     "The pull is bounded, and where the numbers are large, 200 steps of that size do not lead there. "
     "Is an error of 1 large or small? Nobody can say it for all three tables; but you have 300 errors to "
     "compare it with."),
    ("uphill", edit("np.clip(r, -usual, usual)", "-r"),
     "The line runs away. A slope has the sign of `r`, prediction minus truth: is it turned, or do you "
     "return the loss itself, which has none? Or is your pull many times as large as r?"),
    ("near", edit("np.clip(r, -usual, usual)", "np.clip(r, -usual, usual) - 0.3 * usual"),
     "It is near. All slipped records lie on the same side and pull together, each as hard as you let it. "
     "Where should the limit be, if half of all errors are smaller than the middle one? Or need a record "
     "pull at all that cannot be right?"),
    ("one number", edit("np.clip(r, -usual, usual)", "np.clip(r, -usual, usual).mean()"),
     "`pull` returns a slope for each residual: the mean over the examples is taken for you."),
], after="A limit that measures itself. One that lets go of what is far off, like J. Tukey's, does better "
         "still here, and may let go of what was true.")
