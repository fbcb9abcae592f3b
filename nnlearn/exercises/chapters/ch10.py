from functools import cache

import numpy as np

from nnlearn.exercises import Explain, Function, Predict, Value, edit
from nnlearn.exercises.budget import Loss, NoLoss, no_classes

WINNER = Predict(1, "higher", mistakes=[
    ("new data is a fresh start", "lower",
     "It was chosen because its validation accuracy was the highest of all. Can luck have had no part?"),
    ("both are unseen", "the same",
     "Training has seen neither set, true. But who decided which of the 200 is the winner?"),
], after="The best of many is partly the luckiest of many. On new data the luck is gone.")

SPREAD = Value(2, 0.1, rtol=1e-3, atol=0.0, mistakes=[
    ("the variance", 0.01, "That is the variance. The standard deviation is its root."),
    ("Xavier", np.sqrt(2 / 250),
     "That is Xavier's start, for tanh: it counts inputs and outputs. What does He count?"),
    ("no ReLU", np.sqrt(1 / 200),
     "This keeps the signal's size without a ReLU. A ReLU lets half of E[z²] through."),
    ("counts the outputs", 0.2,
     "Each z adds up one product for every *input* of the layer. How many are there?"),
])


def tables(rng):
    constant = rng.normal(size=(6, 3)) * 4 + 2
    constant[:, 1] = 7.0
    train = rng.normal(size=(8, 2)) * [0.05, 500.0] + [3.0, -40.0]
    test = rng.normal(size=(5, 2)) * [0.05, 500.0] + [3.1, 60.0]
    yield "two features of very different size", train, test
    yield "a single patient to test", rng.normal(size=(7, 4)) * 3 + 1, rng.normal(size=(1, 4))
    yield "a feature that never changes in training", constant, rng.normal(size=(4, 3)) + 7


def standardize(train, test):
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    scale = np.where(deviation > 0, deviation, 1)
    return (train - mean) / scale, (test - mean) / scale


STANDARDIZE = Function(3, standardize, tables, outputs="train test", mistakes=[
    ("the test set's numbers", edit("train.mean(axis=0), train.std", "test.mean(axis=0), test.std"),
     "Mean and deviation come from the test set. They are learned from the training set, and used on both."),
    ("the mean alone", edit("scale = np.where(deviation > 0, deviation, 1)", "scale = 1"),
     "You take the mean away and leave the size: divide by the deviation as well."),
    ("the deviation alone", edit("mean, deviation = train.mean(axis=0)", "mean, deviation = 0"),
     "You divide by the deviation and leave the mean: take it away first."),
    ("each set by its own numbers",
     lambda train, test: (standardize(train, train)[0], standardize(test, test)[0]),
     "The test set has been moved by its own mean. Mean and deviation are learned from the training set, and "
     "used on both."),
    ("leaks the test set", edit("train.", "np.concatenate([train, test])."),
     "Mean and deviation were taken over training and test examples together: the test set has leaked in."),
    ("divides by the variance", edit("std", "var"),
     "This divides by the variance. The standard deviation has the unit of the feature, the variance its "
     "square."),
    ("zero over zero", edit("np.where(deviation > 0, deviation, 1)", "deviation"),
     "A feature that never changes has deviation 0, and 0/0 is no number. Divide such a feature by 1."),
    ("one number for all features", edit("axis=0", ""),
     "You used one mean and one deviation for the whole table. Each feature needs its own: axis=0."),
    ("small ones too", edit("np.where(deviation > 0, deviation, 1)", "np.maximum(deviation, 1)"),
     "Features with a deviation below 1 are not scaled. Only one that *never changes* is divided by 1."),
    ("a little added", edit("np.where(deviation > 0, deviation, 1)", "deviation + 1e-8"),
     "A feature that never changes is divided by a tiny number, and becomes huge in the test set. Divide "
     "it by 1."),
    ("no feature scaled", edit("np.where(deviation > 0, deviation, 1)",
     "deviation if deviation.all() else 1"),
     "One feature that never changes, and you scale none. Decide for each feature."),
    ("what never changes is not moved", edit("np.where(deviation > 0, deviation, 1)",
     "np.where(deviation > 0, deviation, 1)\n    mean = np.where(deviation > 0, mean, 0)"),
     "A feature that never changes is divided by 1, but its mean is taken away like any other's."),
    ("what never changes becomes zero", edit("(test - mean) / scale",
     "np.where(deviation > 0, (test - mean) / scale, 0)"),
     "A feature that never changed in training may differ in the test set: less its mean, divided by 1, "
     "as it stands."),
    ("the sample's deviation", edit("train.std(axis=0)", "train.std(axis=0, ddof=1)"),
     "You divide by n − 1. Scaling wants the deviation of these rows, as `np.std` gives it, not an "
     "estimate for others."),
    ("the test set is not moved", edit("(test - mean)", "test"),
     "Training rows are right. The test rows are divided, but the mean has not been taken away."),
    ("the test set as it was", lambda train, test: (standardize(train, train)[0], test),
     "Training rows are right. The test rows must go through the same scaling, with the same numbers."),
    ("between 0 and 1", edit("train.mean(axis=0), train.std(axis=0)",
     "train.min(axis=0), np.ptp(train, axis=0)"),
     "You have scaled each feature to lie between 0 and 1. Here it is less the mean, over the deviation."),
    ("divides the mean alone", edit("(train - mean)", "train - (mean)", "(test - mean)", "test - (mean)"),
     "`a - b / c` divides b alone: put the difference in parentheses."),
    ("each row", edit("axis=0)", "axis=1, keepdims=True)"),
     "Your means run along each row. A feature is a column: axis 0."),
])


def noises(rng):
    yield "many inputs, few outputs", rng.normal(size=(50, 3)), 0.2
    yield "few inputs, many outputs", rng.normal(size=(2, 6)), 0.5
    yield "a plain ReLU", rng.normal(size=(4, 5)), 0.0
    yield "no bend at all", rng.normal(size=(1, 4)), 1.0
    yield "a slope that turns back", rng.normal(size=(6, 2)), -0.5


def he(noise, slope):
    return noise * np.sqrt(2 / (1 + slope**2) / len(noise))


HE = Function(4, he, noises, mistakes=[
    ("the share for its inverse", edit("2 / (1 + slope**2)", "(1 + slope**2) / 2"),
     "(1 + slope²) / 2 is the share that comes through. What comes through is multiplied by the weights' "
     "variance: divide by the share."),
    ("the deviation alone", lambda noise, slope: np.sqrt(2 / (1 + slope**2) / len(noise)),
     "You return the deviation that the weights should have. The weights are `noise` times it."),
    ("the ReLU's", edit(" / (1 + slope**2)", ""),
     "That is right for a ReLU. A leaky one lets more through: also a share of what is below zero."),
    ("the slope as a share", edit("slope**2", "slope"),
     "What is below zero comes through times the slope. But E[a²] is what counts: what becomes of a square?"),
    ("adds the two", edit("2 / (1 + slope**2)", "(2 + slope**2)"),
     "The more comes through, the *smaller* the weights have to be."),
    ("half of all and the rest", edit("(1 + slope**2)", "(1 + slope**2) ** 2"),
     "How much of E[z²] comes through? A half of it as it is, and a half times the slope squared: count that "
     "once."),
    ("forgets the root", edit("np.sqrt", ""),
     "That is the *variance* that is wanted. By what must a number of variance 1 be multiplied?"),
    ("counts the outputs", edit("len(noise)", "noise.shape[1]"),
     "W is (n_in, n_out): you have used its second axis. A neuron adds up n_in products."),
    ("without the 2", edit("2 / (1", "1 / (1"),
     "Try a slope of 1: there is no bend, and 1 / n_in is right. A ReLU, of slope 0, needs twice as much."),
    ("Xavier", edit("len(noise)", "sum(noise.shape)"),
     "That is Xavier's compromise between forward and backward. He counts the inputs alone."),
    ("one part from the other", edit("1 + slope**2", "1 - slope**2"),
     "Both parts come through, so their shares add up: with a slope of 1 nothing is lost."),
    ("the mean of both widths", edit("len(noise)", "(sum(noise.shape) / 2)"),
     "You take the mean of both widths. A neuron adds up n_in products: the first axis of `noise` alone."),
    ("counts all weights", edit("len(noise)", "noise.size"),
     "You divide by the number of *all* weights. A neuron adds up n_in products, the first axis of `noise`."),
    ("more for more", edit("2 / (1 + slope**2)", "2 * (1 + slope**2)"),
     "The share that comes through is on the wrong side: the more comes through, the *smaller* the weights."),
    ("noise scaled again", edit("return noise *", "return noise / noise.std() *"),
     "Take `noise` as it is. That a few numbers do not have variance 1 is chance, not an error to be "
     "mended."),
])


def curves(rng):
    yield "falls, then rises", [5.0, 3.0, 2.0, 2.5, 2.6, 2.7]
    yield "a rise on the way down", [5.0, 3.0, 3.5, 3.4, 2.0, 2.4, 2.2]
    yield "the lowest value twice", [4.0, 2.0, 3.0, 2.0, 3.0, 3.0, 3.0]
    yield "an equal value on the way down", [4.0, 3.0, 3.5, 3.0, 3.2, 1.0, 2.0]
    yield "never rises", [4.0, 3.0, 2.0, 1.5]
    yield "only rises", [1.0, 2.0, 3.0, 4.0]
    yield "one epoch", [0.7]
    yield "the longest wait comes first", [9.0, 9.5, 9.8, 9.1, 8.0, 8.2, 7.0, 6.0, 6.5, 7.2]
    yield "slowly down, with bumps", [9.0, 8.5, 8.8, 8.0, 8.2, 8.1, 8.3, 7.0, 7.5, 6.9, 7.1, 7.3, 7.2]
    drawn = np.round(4 * 0.8 ** np.arange(14) + 1.5 * rng.random(14), 2)
    yield "a curve drawn for you", drawn.tolist()


def patience_needed(losses):
    best, needed = 0, 1
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            needed = max(needed, epoch - best)
            best = epoch
    return needed


STOP = Function(5, patience_needed, curves, mistakes=[
    ("after the best", lambda losses: len(losses) - int(np.argmin(losses)),
     "You count what comes after the best epoch of all. Nobody need wait for that: count the waits before "
     "it."),
    ("the longest rise",
     lambda losses: max([1, *map(len, "".join("01"[int(d > 0)] for d in np.diff(losses)).split("0"))]),
     "You look for rises from one epoch to the next. Early stopping counts the epochs since the "
     "*lowest* loss so far, and a loss may fall and still be above it."),
    ("one too few", edit("epoch - best)", "epoch - best - 1)"),
     "Just too impatient. Let the lowest loss come at epoch 3 and the next lower one at epoch 5, and go "
     "through it with a patience of 1: does it get there?"),
    ("one too many", edit("epoch - best)", "epoch - best + 1)"),
     "It would be enough, but one less is enough too. When a lower loss comes, the count begins again "
     "*before* anybody asks whether to stop."),
    ("up to the end", edit("    return needed", "    return max(needed, len(losses) - 1 - best)"),
     "What comes after the best epoch of all need not be waited for: it may stop there."),
    ("the last wait", edit("max(needed, epoch - best)", "epoch - best"),
     "You count the wait before the best epoch of all. On the way there it waited before: the longest wait "
     "decides."),
    ("equal is lower", edit("loss < losses[best]", "loss <= losses[best]"),
     "Of two equally low losses the first counts: an equal one does not end the wait."),
    ("the best epoch", lambda losses: int(np.argmin(losses)) + 1,
     "That is the number of the best epoch, or all waits added up. With each lower loss the count begins "
     "again: how long had to be waited at a time?"),
    ("where the best is", lambda losses: max(1, int(np.argmin(losses))),
     "You count all epochs before the best. With each lower loss the wait begins again: the longest "
     "single wait decides."),
    ("zero where none is needed", edit("best, needed = 0, 1", "best, needed = 0, 0"),
     "Where nothing has to be waited for you return 0. A patience is at least 1."),
    ("all bad epochs together", edit("needed = max(needed, epoch - best)", "needed += epoch - best - 1"),
     "You add the waits up. With each lower loss the count begins again: take the longest."),
    ("each wait one too short, and the last one with them",
     edit("epoch - best)", "epoch - best - 1)", "return needed",
          "return max(needed, len(losses) - 1 - best)"),
     "You count the epochs after the best of all too: nobody need wait for what comes then. And where a "
     "lower loss does come, count up to its own epoch."),
    ("the longest rise, and one", lambda losses: max([1, *(len(run) + 1 for run in "".join("01"[int(d >= 0)]
        for d in np.diff(losses)[: np.argmin(losses)]).split("0") if run)]),
     "You count steps upwards in a row. A loss may fall and still be above the lowest so far: count the "
     "epochs since that."),
    ("equal is lower, up to the first best", edit("loss < losses[best]",
     "loss <= losses[best] and epoch <= np.argmin(losses)"),
     "An equally low loss on the way down does not end the wait: only a lower one does."),
], after="In the middle of a run nobody knows this number. Over several seeds it says what patience to have.")


def answers(rng):
    truth = rng.integers(0, 2, 30)
    yield "an ordinary set", truth, np.where(rng.random(30) < 0.7, truth, 1 - truth)
    yield "few ill, many alarms", [1, 0, 0, 0, 0, 0, 0, 1], [1, 1, 1, 0, 1, 0, 0, 1]
    yield "many ill, few alarms", [1, 1, 1, 1, 0, 1, 0], [0, 1, 0, 0, 0, 1, 1]
    yield "a single alarm", [0, 1, 1], [0, 1, 0]
    yield "no alarm at all", [0, 1, 1, 0], [0, 0, 0, 0]


def recall_precision(truth, guess):
    found = (truth * guess).sum()
    return found / truth.sum(), found / max(guess.sum(), 1)


METRICS = Function(6, recall_precision, answers, outputs="recall precision", mistakes=[
    ("recall twice", edit("max(guess.sum(), 1)", "truth.sum()"),
     "Recall is right, and stands there twice. Precision divides by the alarms."),
    ("the two exchanged", lambda truth, guess: recall_precision(truth, guess)[::-1],
     "These are precision and recall: exchange them. Recall asks about the ill, precision about the alarms."),
    ("accuracy", edit("found / truth.sum()", "(truth == guess).mean()"),
     "Your recall is the accuracy: it counts the healthy too. Recall looks at the ill only."),
    ("the healthy", lambda truth, guess: recall_precision(1 - truth, 1 - guess),
     "You have counted class 0 as the ill. Here 1 means ill."),
    ("share of all", edit("truth.sum()", "len(truth)", "max(guess.sum(), 1)", "len(guess)"),
     "You divide by all examples. Divide the tumours found by the tumours there are, and by the alarms."),
    ("no alarm, no number", edit("max(guess.sum(), 1)", "guess.sum()"),
     "Without a single alarm, precision is 0/0. Say 0 here: divide by at least 1."),
    ("one for none", edit("found / max(guess.sum(), 1)", "found / guess.sum() if guess.any() else 1.0"),
     "Without an alarm you say a precision of 1. Here it is to be 0."),
    ("recall as a share of all", edit("found / truth.sum()", "found / len(truth)"),
     "Precision is right. You divide the found by everybody; recall asks about the ill alone."),
    ("specificity", edit("found / truth.sum()", "((truth + guess) == 0).sum() / (truth == 0).sum()"),
     "Precision is right. In the place of recall stands the share of the *healthy* left alone: "
     "specificity."),
    ("twice the precision", edit("found / truth.sum()", "found / max(guess.sum(), 1)"),
     "Precision is right, and stands there twice. Recall divides by the ill."),
    ("counts either", edit("(truth * guess).sum()", "np.maximum(truth, guess).sum()"),
     "You count whoever is ill *or* has an alarm. Found is who is both."),
    ("counts agreement", edit("(truth * guess).sum()", "(truth == guess).sum()"),
     "You count agreement, and the healthy left alone with it. Found is who is ill *and* has an alarm."),
    ("never zero below", edit("found / max(guess.sum(), 1)", "(found + 1e-3) / (guess.sum() + 1e-3)"),
     "What you add to escape 0/0 shifts every other precision. Treat the one case by itself."),
    ("precision as a share of all", edit("found / max(guess.sum(), 1)", "found / len(guess)"),
     "Recall is right. For the precision you divide by everybody; it asks about the alarms alone."),
    ("specificity for precision", edit("found / max(guess.sum(), 1)",
     "((truth + guess) == 0).sum() / max((truth == 0).sum(), 1)"),
     "Recall is right. In the place of precision stands the share of the *healthy* left alone: "
     "specificity."),
    ("a little added below both", edit("truth.sum()", "(truth.sum() + 1e-3)", "max(guess.sum(), 1)",
     "(guess.sum() + 1e-3)"),
     "What you add below to escape 0/0 shifts every other number. Treat the one case by itself."),
    ("cut to whole numbers", edit("/ truth.sum()", "// truth.sum()"),
     "`//` cuts the fraction off: use `/`."),
])

LEAK = Predict(7, "step 3", mistakes=[
    ("the patients", "step 1",
     "One image a patient: whoever splits the images splits the patients. With three images each it would "
     "leak."),
    ("scaling before the split", "step 2",
     "Careful: each image is scaled by its *own* mean. Nothing about one image tells anything about "
     "another."),
    ("choosing among ten", "step 4",
     "They split at random, and choosing is what the validation set is for. Look at *what* they split."),
    ("the test itself", "step 5",
     "The test set is opened once, at the end, for one number. Look at what is *in* it."),
], after="Mirror images made before the split end up on both sides: the test asks what was trained on.")


def samples(rng):
    yield "five seeds", [0.95, 0.98, 0.96, 0.93, 0.97], 2.776
    yield "three seeds", rng.normal(size=3) + 4, 4.303
    yield "ten seeds", rng.normal(size=10) * 3 - 1, 2.262
    yield "no spread", [0.5, 0.5, 0.5, 0.5], 3.182


def interval(values, t):
    half = t * np.std(values, ddof=1) / np.sqrt(len(values))
    return np.mean(values) - half, np.mean(values) + half


INTERVAL = Function(8, interval, samples, outputs="low high", mistakes=[
    ("the spread of one run", edit(" / np.sqrt(len(values))", ""),
     "This is where *one* more run would fall. The mean of n runs is more certain than one: divide by √n."),
    ("divides by n", edit("np.sqrt(len(values))", "len(values)"),
     "You divide by n. Uncertainties of a mean shrink with the root of n."),
    ("forgets that the mean was estimated", edit(", ddof=1", ""),
     "NumPy's std divides by n; the sample's deviation divides by n − 1, because the mean was estimated from "
     "the same values: ddof=1."),
    ("without t", edit("t * ", ""),
     "This is one standard error to each side, about 68 %. The factor t makes it 95 %."),
    ("mean and half", edit("np.mean(values) - half, np.mean(values) + half", "np.mean(values), half"),
     "You return the mean and half the width. Return the two ends."),
    ("n − 1 twice", edit("np.sqrt(len(values))", "np.sqrt(len(values) - 1)"),
     "The n − 1 is in s already. The mean of n values is √n times as certain: divide by √n."),
    ("the variance", edit("np.std", "np.var"),
     "`np.var` is the square of s. Take the deviation."),
    ("the variance over n", edit("np.std(values, ddof=1) / np.sqrt(len(values))",
     "np.var(values, ddof=1) / len(values)"),
     "s²/n is the variance of the mean. Its root, s/√n, has the unit of the values."),
    ("the median", edit("np.mean(values) -", "np.median(values) -", "np.mean(values) +",
     "np.median(values) +"),
     "The width is right. The interval stands around the mean, not the median."),
    ("always 1.96", edit("t *", "1.96 *"),
     "1.96 is for very many runs. With few, t is larger: use the one you are given."),
    ("the extremes", edit("np.mean(values) - half, np.mean(values) + half", "np.min(values), np.max(values)"),
     "These are the lowest and the highest run. Asked for is where the *mean* of many would lie."),
    ("half as wide", edit("t *", "t / 2 *"),
     "Your interval is half as wide as it should be: t s/√n goes to *each* side."),
    ("around zero", edit("np.mean(values) - half, np.mean(values) + half", "-half, half"),
     "The width is right, but the interval lies around 0. Put it around the mean."),
])

STUCK = Explain(9, rubric=[
    "0.693 is ln 2: the network says one half for everything, as if it saw no input.",
    "Dead or saturated units from unscaled inputs or too large a learning rate: look at the activations.",
    "Weights that start at zero, or all equal: look at the first layer's gradients and at the units' spread.",
    "Each suspicion comes with a measurement that would confirm it, the cheapest first.",
])


def coin_flips(rng):
    """Two studies: in one the number of columns and of steps shows in the classes, in one what equals do."""
    for name, columns, sizes, changes in [
        ("coin flips", 200, (60, 40, 50), (ONE_NUMBER, MORE_STEPS)),
        ("fewer of them", 120, (50, 30, 20), (LAST_OF_EQUALS, CHOSEN_BY_TRAINING)),
    ]:
        while not shows(study := a_study(rng, columns, sizes), changes):
            pass
        yield name, *study


def a_study(rng, columns, sizes):
    X = rng.normal(size=(sum(sizes), columns)) * 10 ** rng.uniform(-1, 2, columns)
    rows = np.split(rng.permutation(sum(sizes)), np.cumsum(sizes)[:2])
    return X + 50 * rng.normal(size=columns), rng.integers(0, 2, sum(sizes)), *rows


def shows(study, changes):
    """Does each of these changes give classes of its own?"""
    return len({run(*study).tobytes() for run in (mended, *map(changed, changes))}) == 3


@cache
def changed(change):
    return change.applied_to(mended)


def probed(answer, X, y, train, valid, test):
    """The classes that `answer` gives, and what becomes of them when that changes which it must not use."""
    rng = np.random.default_rng(0)
    found = answer(X, y, train, valid, test)
    if found is None:
        return None
    different = {np.array(found).tobytes()}
    for labels in rng.integers(0, 2, (5, len(test))):
        other = y.copy()
        other[test] = labels
        different.add(np.array(answer(X, other, train, valid, test)).tobytes())
    giant = X.copy()
    giant[test[0]] *= 1000
    changed = np.array(answer(giant, y, train, valid, test)) != np.array(found)
    return [np.array(found), len(different), int(changed[1:].sum() if changed.ndim else 0)]


def leak(found, X, y, train, valid, test):
    """What leaks from the test rows into a study; the classes it gives them, if nothing does."""
    classes, different, others = found
    if classes.shape != test.shape:
        return classes
    if different > 4:  # more than there are to choose from
        return "other labels of test rows, and another answer each time"
    if different > 1:
        return "other labels of test rows, and now and then another answer"
    return "another test row, and another answer for the rest" if others else classes


def mended(X, y, train, valid, test):
    X = (X - X[train].mean(axis=0)) / X[train].std(axis=0)
    A, t, best = X[train], y[train], -1.0
    apart = abs(A[t == 1].mean(axis=0) - A[t == 0].mean(axis=0))
    for k in (1, 3, 8, 20):
        Z, w = X[:, np.argsort(-apart)[:k]], np.zeros(k)
        for _ in range(10):
            w = w - 0.5 * Z[train].T @ (1 / (1 + np.exp(-Z[train] @ w)) - y[train]) / len(train)
        right = np.mean((Z[valid] @ w > 0) == y[valid])
        if right > best:
            best, classes = right, Z[test] @ w > 0
    return np.where(classes, 1, 0)


BY_ALL = "X[train].mean(axis=0)) / X[train].std(axis=0)", "X.mean(axis=0)) / X.std(axis=0)"
ONE_NUMBER, MORE_STEPS = edit("(1, 3, 8, 20)", "(1,)"), edit("range(10)", "range(20)")
CHOSEN_BY_TRAINING = edit("Z[valid] @ w > 0) == y[valid]", "Z[train] @ w > 0) == y[train]")
LAST_OF_EQUALS = edit("right > best", "right >= best")
CHOSEN_BY_TEST = "np.mean((Z[valid] @ w > 0) == y[valid])", "np.mean((Z[test] @ w > 0) == y[test])"

REPAIR = Function(10, mended, coin_flips, run=probed, measure=leak, mistakes=[
    ("columns chosen by all rows",
     edit(*BY_ALL, *CHOSEN_BY_TEST, "A, t, best = X[train], y[train]", "A, t, best = X, y"),
     "Give the test rows other labels, and the answers are others each time. The logistic regression is "
     "trained on training rows alone, true. But what is it given to look at, and who chose that?"),
    ("chosen by the test rows", edit(*BY_ALL, *CHOSEN_BY_TEST),
     "Give the test rows other labels, and now and then the answers change. The order of the columns no "
     "longer depends on them. Which of the four trainings is kept, and who decides?"),
    ("scaled by test rows", edit(*BY_ALL),
     "No label of a test row has a say any more. But make one test row a giant, and others get another "
     "answer. Which numbers, learned from rows, have test rows in them?"),
    ("another order of columns", edit("np.argsort(-apart)", "np.argsort(apart)"),
     "There is no leak, but it is not the study any more: the columns are to be those in which the classes "
     "differ *most*."),
    ("all rows", edit("Z[test] @ w > 0\n", "Z @ w > 0\n"),
     "You return a class for every row of the table. Asked for are those of the test rows, in their order."),
    ("turned round", edit("np.where(classes, 1, 0)", "np.where(classes, 0, 1)"),
     "No leak, but your zeros and ones are exchanged: class 1 is where the sum is above 0."),
    ("chosen by training rows", CHOSEN_BY_TRAINING,
     "No leak. But what you return is nearly always the training with the most columns: on the rows that it "
     "was trained on it is the best. Which of the four is the best on the validation rows?"),
    ("scaled by validation rows too", edit("    X = (", "    seen = np.append(train, valid)\n    X = (",
     "X[train].mean(axis=0)) / X[train].std(axis=0)", "X[seen].mean(axis=0)) / X[seen].std(axis=0)"),
     "No test row leaks. But mean and deviation have validation rows in them, and these are to be new to "
     "the network."),
    ("columns chosen by validation rows too", edit("    A, t", "    seen = np.append(train, valid)\n    A, t",
     "= X[train], y[train]", "= X[seen], y[seen]"),
     "No test row leaks. But the columns are chosen with labels of validation rows: they will look "
     "better than they are."),
    ("scaled, and columns chosen, by validation rows too", edit("    X = (", "    seen = np.append(train, "
     "valid)\n    X = (", "X[train].mean(axis=0)) / X[train].std(axis=0)",
     "X[seen].mean(axis=0)) / X[seen].std(axis=0)", "= X[train], y[train]", "= X[seen], y[seen]"),
     "No test row leaks. But what is learned from rows, scales and the choice of columns, has validation "
     "rows in it: they will look better than they are."),
    ("columns chosen by validation rows", edit("A, t, best = X[train], y[train]",
     "A, t, best = X[valid], y[valid]"),
     "The columns are chosen by validation rows. To choose columns is to learn: that is for training "
     "rows."),
    ("trained on validation rows too", edit("np.zeros(k)\n",
     "np.zeros(k)\n        seen = np.append(train, valid)\n", "Z[train].T", "Z[seen].T",
     "-Z[train] @ w)) - y[train]) / len(train)", "-Z[seen] @ w)) - y[seen]) / len(seen)"),
     "You train on the validation rows as well. Then they cannot say any more which number of columns is "
     "best."),
    ("not scaled", edit("(X - X[train].mean(axis=0)) / X[train].std(axis=0)", "X"),
     "Nothing is scaled any more. Scaling was right; which rows it learned from was not."),
    ("not centred", edit("(X - X[train].mean(axis=0)) / X[train].std(axis=0)", "X / X[train].std(axis=0)"),
     "The columns are no longer brought to mean 0: take the training rows' mean away."),
    ("one number of columns", ONE_NUMBER,
     "You try one number of columns. Four are to be tried, and the validation rows choose."),
    ("more steps", MORE_STEPS,
     "No leak, but it is another training: ten steps each."),
    ("the last of equals", LAST_OF_EQUALS,
     "Of numbers of columns that are equally good you take the last. The study takes the first."),
], after="Two tests that every study can run on itself: labels that are coin flips, and one test row that is "
         "made a giant. What must not matter must not matter.")


def patients(seed):
    """500 people and whether they are ill, and 1,000 of another hospital, where more are."""
    rng = np.random.default_rng(seed)
    axis, size = rng.normal(size=8), 10.0 ** rng.permutation(np.linspace(-3, 3, 8))
    axis, middle = axis / np.linalg.norm(axis), size * rng.uniform(-4, 4, 8)

    def people(n, moved):
        z = rng.normal(size=(n, 8)) + moved * axis
        return middle + size * z, (rng.random(n) < 1 / (1 + np.exp(5 - 5 * z @ axis))).astype(int)

    return *people(500, 0), *people(1000, 0.6)


def two_hospitals(rng):
    seed = int(rng.integers(10**6))
    yield "two hospitals", *patients(seed)[:3], 100, {"seed": seed}


def within_budget(answer, **inputs):
    """The alarms within the budget, those for people all of whom seem more ill, and the losses on the way."""
    X, y, X_new, steps, _ = inputs.values()

    def once(people):
        losses = []

        def counted(loss):
            losses.append(np.mean(getattr(loss, "data", np.nan)))
            if len(losses) > steps:
                raise RuntimeError(f"the budget of {steps} backward passes is used up")
            loss.backward()

        return answer(X, y, people, steps, counted), np.array(losses)

    alarms, losses = once(X_new)
    if alarms is None:
        return None
    return alarms, once(X_new + 2 * (X[y == 1].mean(axis=0) - X[y == 0].mean(axis=0)))[0], losses


def cost(found, X, y, X_new, steps, backward):
    """Has the bar been reached? Many models do."""
    alarms, moved, losses = (np.asarray(each) for each in found)
    if wrong := no_classes(alarms, len(X_new)):
        return wrong
    ill = patients(backward["seed"])[3]
    missed, false = 100 * np.mean((ill == 1) & (alarms == 0)), 100 * np.mean((ill == 0) & (alarms == 1))
    if 10 * missed + false <= 40:
        return "a cost of at most 40"
    if 0 < alarms.mean() < 1 and np.mean(alarms != moved) < 0.01:
        return "each hospital in units of its own"
    if len(losses) and losses[0] > 5:
        return "a loss that begins far above that of guessing"
    told = "too many ill are missed" if 10 * missed > false else "too many false alarms"
    if len(losses) and told == "too many ill are missed" and losses[-1] < 0.1:
        return "the 500 known by heart"
    if len(losses) > 20 and losses[-1] > 0.2 and losses[-1] < 0.97 * losses[-21]:
        return f"{told}, and the loss still falls"
    alike = {slip: np.corrcoef(alarms, rule(X, y, X_new))[0, 1] for slip, rule in alarms_of_slips().items()}
    nearest = max(alike, key=alike.__getitem__)  # no number where all alarms are equal
    return f"{told}, as {nearest}" if alike[nearest] > 0.7 else told


def called_back(X, y, X_new, steps, backward):
    """No network: the bar is compared, and a logistic regression reaches it."""
    for _ in range(steps):
        backward(Loss(0.5))
    mean, deviation = X.mean(axis=0), X.std(axis=0)
    seen, new = (np.column_stack([(x - mean) / deviation, np.ones(len(x))]) for x in (X, X_new))
    w = np.zeros(9)
    for _ in range(100):
        w = w - 3 * seen.T @ (1 / (1 + np.exp(-seen @ w)) - y) / len(y)
    return np.where(1 / (1 + np.exp(-new @ w)) > 1 / 11, 1, 0)


AT_HALF, ELEVENTHS = edit("> 1 / 11", "> 1 / 2"), edit("> 1 / 11", "> 10 / 11")
OTHER_COLUMN = edit("> 1 / 11", "< 10 / 11")


@cache
def alarms_of_slips():
    """The alarms that known slips raise, by what is said of them."""

    def rule(slip):
        made = slip.applied_to(called_back)
        return lambda X, y, X_new: made(X, y, X_new, 0, NoLoss)

    return {
        "where an alarm is raised from one half on": rule(AT_HALF),
        "where an alarm is raised from ten elevenths on": rule(ELEVENTHS),
        "where the healthy are called back": rule(OTHER_COLUMN),
    }


TRAIN = Function(11, called_back, two_hospitals, run=within_budget, measure=cost,
    allows=("MLP", "Adam", "cross_entropy", "softmax"), mistakes=[
    ("an alarm from one half on", AT_HALF,
     "Ill people are missed, and each costs as much as ten false alarms. From which probability on is an "
     "alarm the cheaper choice? It is not one half."),
    ("units of its own", edit("[(x - mean) / deviation,", "[(x - x.mean(axis=0)) / x.std(axis=0),"),
     "If all people of the second hospital were more ill, you would call back the same ones: they are scaled "
     "by their own mean and deviation. Take those of the 500, in which your network has learned."),
    ("by heart", edit("Loss(0.5)", "Loss(0.01)", "> 1 / 11", "> 1 / 2"),
     "Ill people are missed, and your network knows its 500 by heart: it is too sure of itself, and its "
     "probabilities mean little. Train it for a shorter time, or take a smaller one; what does one without a "
     "hidden layer reach?"),
    ("not on one scale", edit("Loss(0.5)", "Loss(100.0)", "> 1 / 11", "> 1"),
     "The loss begins far above that of guessing, ln 2: print it. One measurement goes in thousandths and "
     "another in thousands. Bring them to one scale first."),
    ("too short, false alarms", edit("Loss(0.5)", "Loss(0.6 * 0.995**_)", "> 1 / 11", "> 0"),
     "Too many alarms, and the loss still falls at the end: all probabilities are still near one half. Take "
     "longer steps."),
    ("too short, ill missed", edit("Loss(0.5)", "Loss(0.6 * 0.995**_)", "> 1 / 11", "> 1 / 2"),
     "Ill people are missed, and the loss still falls at the end: longer steps first. Then from which "
     "probability on is an alarm the cheaper choice?"),
    ("an alarm from ten elevenths on", ELEVENTHS,
     "You raise an alarm only where it is nearly sure. Compare the costs: to call back costs 1 − p on "
     "average, not to costs 10 p. From which p on is the first the smaller one?"),
    ("the other column", OTHER_COLUMN,
     "Your alarms go to the healthy. Which column of the softmax is the probability of being ill?"),
    ("nobody", edit("np.where(1 / (1 + np.exp(-new @ w)) > 1 / 11, 1, 0)", "np.zeros(len(new), int)"),
     "Ill people are missed. Look at the probabilities that your network says: are the inputs of *both* "
     "hospitals on one scale? And from which probability on is an alarm the cheaper choice?"),
    ("an alarm for everybody", edit("np.where(1 / (1 + np.exp(-new @ w)) > 1 / 11, 1, 0)",
     "np.ones(len(new), int)"),
     "Too many alarms, nearly as if everybody were called back. Look at the probabilities that your network "
     "says: is each measurement on a scale of its own, is a step taken, does it go downhill? And from which "
     "probability on is an alarm the cheaper choice?"),
    ("probabilities", edit("np.where(1 / (1 + np.exp(-new @ w)) > 1 / 11, 1, 0)",
     "1 / (1 + np.exp(-new @ w))"),
     "You return probabilities. Asked for is a decision: 1 for an alarm, 0 for none."),
    ("two for each", edit("np.where(1 / (1 + np.exp(-new @ w)) > 1 / 11, 1, 0)", "new[:, :2]"),
     "You return two numbers for each person. Asked for is one decision: 1 for an alarm, 0 for none."),
    ("over budget", edit("range(steps)", "range(steps + 1)"),
     "Every call of `backward` counts. If fewer steps do not suffice, they have to be longer."),
], after="The network says how likely; what a mistake costs says what to do. And the simple rival is hard "
         "to beat.")
