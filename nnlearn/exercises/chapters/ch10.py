import numpy as np

from nnlearn.exercises import Explain, Function, Predict, Value, edit

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
    train = rng.normal(size=(8, 2)) * [1.0, 500.0] + [3.0, -40.0]
    test = rng.normal(size=(5, 2)) * [1.0, 500.0] + [3.5, 60.0]
    yield "two features of very different size", train, test
    yield "a single patient to test", rng.normal(size=(7, 4)) * 3 + 1, rng.normal(size=(1, 4))
    yield "a feature that never changes in training", constant, rng.normal(size=(4, 3)) + 7


def standardize(train, test):
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    scale = np.where(deviation > 0, deviation, 1)
    return (train - mean) / scale, (test - mean) / scale


STANDARDIZE = Function(3, standardize, tables, mistakes=[
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
])


def noises(rng):
    yield "many inputs, few outputs", rng.normal(size=(50, 3))
    yield "few inputs, many outputs", rng.normal(size=(2, 6))
    yield "one input", rng.normal(size=(1, 4))


def he(noise):
    return noise * np.sqrt(2 / len(noise))


HE = Function(4, he, noises, mistakes=[
    ("forgets the root", edit("np.sqrt", ""),
     "2 / n_in is the *variance* that is wanted. By what must a number of variance 1 be multiplied?"),
    ("counts the outputs", edit("len(noise)", "noise.shape[1]"),
     "W is (n_in, n_out): you have used its second axis. A neuron adds up n_in products."),
    ("without the 2", edit("2", "1"),
     "This is right without an activation. A ReLU lets half of E[z²] through: put it back."),
    ("Xavier", edit("len(noise)", "sum(noise.shape)"),
     "That is Xavier's compromise between forward and backward. He counts the inputs alone."),
])


def curves(rng):
    yield "falls, then rises", [5.0, 3.0, 2.0, 2.5, 2.6, 2.7, 1.0], 3
    yield "a small rise on the way down", [5.0, 3.0, 3.5, 2.0, 2.4, 2.2], 2
    yield "the lowest value twice", [4.0, 2.0, 3.0, 2.0, 3.0, 3.0, 3.0], 3
    yield "never rises", [4.0, 3.0, 2.0, 1.5], 1
    yield "only rises", [1.0, 2.0, 3.0, 4.0], 1
    yield "one epoch", [0.7], 2
    yield "slowly down, with bumps", [9.0, 8.5, 8.8, 8.0, 8.2, 8.1, 7.0, 7.5, 7.2, 7.1, 7.3, 6.0], 4
    drawn = np.round(4 * 0.8 ** np.arange(14) + 1.5 * rng.random(14), 2)
    yield "a curve drawn for you", drawn.tolist(), int(rng.integers(2, 5))


def stop_at(losses, patience):
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        if epoch - best >= patience:
            break
    return epoch + 1, best + 1


STOP = Function(5, stop_at, curves, mistakes=[
    ("stops at the first rise", edit(">= patience", ">= 1"),
     "This stops at the first rise, whatever the patience. Validation losses are noisy: wait."),
    ("never stops", edit("break", "pass"),
     "You look at the whole curve. In practice you stand in the middle of it: what comes later is not "
     "known."),
    ("keeps the last weights", edit("best + 1", "epoch + 1"),
     "The second number should be the epoch whose weights come back: the one with the lowest loss."),
    ("counts from zero", edit("epoch + 1, best + 1", "epoch, best"),
     "Epochs are counted from 1: after the first, one is done."),
    ("waits one too long", edit(">=", ">"),
     "You wait one epoch too long: after `patience` epochs without a lower loss it is time to stop."),
    ("compares with the last epoch",
     edit("epoch - best >= patience", "sum(np.diff(losses)[:epoch][-patience:] > 0) == patience"),
     "A rise against the epoch before is not the point: count the epochs since the *lowest* loss so far."),
])


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


METRICS = Function(6, recall_precision, answers, mistakes=[
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
])

LEAK = Predict(7, "step 3", mistakes=[
    ("the patients", "step 1",
     "One image a patient: whoever splits the images splits the patients. With three images each it would "
     "leak."),
    ("scaling before the split", "step 2",
     "Careful: each image is scaled by its *own* mean. Nothing about one image tells anything about "
     "another."),
    ("choosing among ten", "step 4",
     "Choosing is what the validation set is for. It is worn out afterwards, and they do not report it."),
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


INTERVAL = Function(8, interval, samples, mistakes=[
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
])

STUCK = Explain(9, rubric=[
    "0.693 is ln 2: the network says one half for everything, as if it saw no input.",
    "Dead or saturated units from unscaled inputs or too large a learning rate: look at the activations.",
    "Weights that start at zero, or all equal: look at the first layer's gradients and at the units' spread.",
    "Each suspicion comes with a measurement that would confirm it, the cheapest first.",
])
