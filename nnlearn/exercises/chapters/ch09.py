"""Training in practice."""

import numpy as np

import nnlearn as nn
from nnlearn.exercises import Explain, Function, Misconception, Predict, Value

WINNER = Predict(
    id="09.1",
    title="The best of 200",
    choices=("higher", "lower", "the same"),
    reference="higher",
    misconceptions=[
        Misconception(
            "new data is a fresh start",
            "lower",
            "It was chosen because its validation accuracy was the highest of all. Can luck have had "
            "no part?",
        ),
        Misconception(
            "both are unseen",
            "the same",
            "Training has seen neither set, true. But who decided which of the 200 is the winner?",
        ),
    ],
    after="The best of many is partly the luckiest of many. On new data the luck is gone.",
)

SPREAD = Value(
    id="09.2",
    title="He's start for one layer",
    points=1,
    reference=0.1,
    rtol=1e-3,
    atol=0.0,
    misconceptions=[
        Misconception("the variance", 0.01, "That is the variance. The standard deviation is its root."),
        Misconception(
            "Xavier",
            float(np.sqrt(2 / 250)),
            "That is Xavier's start, for tanh: it counts inputs and outputs. What does He count?",
        ),
        Misconception(
            "no ReLU",
            float(np.sqrt(1 / 200)),
            "This keeps the signal's size without a ReLU. A ReLU lets half of E[z²] through.",
        ),
        Misconception(
            "counts the outputs",
            0.2,
            "Each z adds up one product for every *input* of the layer. How many are there?",
        ),
    ],
)


def tables(rng):
    constant = rng.normal(size=(6, 3)) * 4 + 2
    constant[:, 1] = 7.0
    return {
        "two features of very different size": {
            "train": rng.normal(size=(8, 2)) * [1.0, 500.0] + [3.0, -40.0],
            "test": rng.normal(size=(5, 2)) * [1.0, 500.0] + [3.5, 60.0],
        },
        "a single patient to test": {
            "train": rng.normal(size=(7, 4)) * 3 + 1,
            "test": rng.normal(size=(1, 4)),
        },
        "a feature that never changes in training": {
            "train": constant,
            "test": rng.normal(size=(4, 3)) + 7,
        },
    }


def _scale(x, mean, deviation):
    with np.errstate(all="ignore"):
        return (x - mean) / deviation


def _own_numbers(train, test):
    return nn.data.standardize(train), nn.data.standardize(test)


def _all_together(train, test):
    everything = nn.data.standardize(np.concatenate([train, test]))
    return everything[: len(train)], everything[len(train) :]


def _by_variance(train, test):
    variance = np.where(train.var(axis=0) > 0, train.var(axis=0), 1)
    return tuple((x - train.mean(axis=0)) / variance for x in (train, test))


STANDARDIZE = Function(
    id="09.3",
    title="One scale, from the training set",
    points=3,
    signature="standardize(train, test)",
    cases=tables,
    reference=lambda train, test: nn.data.standardize(train, test),
    misconceptions=[
        Misconception(
            "each set by its own numbers",
            _own_numbers,
            "The test set has been moved by its own mean. Mean and deviation are learned from the "
            "training set, and "
            "used on both.",
        ),
        Misconception(
            "leaks the test set",
            _all_together,
            "Mean and deviation were taken over training and test examples together: the test set has "
            "leaked in.",
        ),
        Misconception(
            "divides by the variance",
            _by_variance,
            "This divides by the variance. The standard deviation has the unit of the feature, the "
            "variance its square.",
        ),
        Misconception(
            "zero over zero",
            lambda train, test: tuple(
                _scale(x, train.mean(axis=0), train.std(axis=0)) for x in (train, test)
            ),
            "A feature that never changes has deviation 0, and 0/0 is no number. Divide such a feature by 1.",
        ),
        Misconception(
            "one number for all features",
            lambda train, test: tuple(_scale(x, train.mean(), train.std()) for x in (train, test)),
            "You used one mean and one deviation for the whole table. Each feature needs its own: axis=0.",
        ),
    ],
)


def noises(rng):
    return {
        "many inputs, few outputs": {"noise": rng.normal(size=(50, 3))},
        "few inputs, many outputs": {"noise": rng.normal(size=(2, 6))},
        "one input": {"noise": rng.normal(size=(1, 4))},
    }


HE = Function(
    id="09.4",
    title="He's start",
    points=2,
    signature="he(noise)",
    cases=noises,
    reference=lambda noise: noise * np.sqrt(2 / len(noise)),
    misconceptions=[
        Misconception(
            "forgets the root",
            lambda noise: noise * 2 / len(noise),
            "2 / n_in is the *variance* that is wanted. By what must a number of variance 1 be multiplied?",
        ),
        Misconception(
            "counts the outputs",
            lambda noise: noise * np.sqrt(2 / noise.shape[1]),
            "W is (n_in, n_out): you have used its second axis. A neuron adds up n_in products.",
        ),
        Misconception(
            "without the 2",
            lambda noise: noise * np.sqrt(1 / len(noise)),
            "This is right without an activation. A ReLU lets half of E[z²] through: put it back.",
        ),
        Misconception(
            "Xavier",
            lambda noise: noise * np.sqrt(2 / sum(noise.shape)),
            "That is Xavier's compromise between forward and backward. He counts the inputs alone.",
        ),
    ],
)


def curves(rng):
    return {
        "falls, then rises": {"losses": np.array([5.0, 3.0, 2.0, 2.5, 2.6, 2.7, 1.0]), "patience": 3},
        "a small rise on the way down": {"losses": np.array([5.0, 3.0, 3.5, 2.0, 2.4, 2.2]), "patience": 2},
        "the lowest value twice": {"losses": np.array([4.0, 2.0, 3.0, 2.0, 3.0, 3.0, 3.0]), "patience": 3},
        "never rises": {"losses": np.array([4.0, 3.0, 2.0, 1.5]), "patience": 1},
        "only rises": {"losses": np.array([1.0, 2.0, 3.0, 4.0]), "patience": 1},
        "one epoch": {"losses": np.array([0.7]), "patience": 2},
        "slowly down, with bumps": {
            "losses": np.array([9.0, 8.5, 8.8, 8.0, 8.2, 8.1, 7.0, 7.5, 7.2, 7.1, 7.3, 6.0]),
            "patience": 4,
        },
    }


def stop_at(losses, patience):
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        if epoch - best >= patience:
            break
    return epoch + 1, best + 1


def _first_rise(losses, patience):
    return stop_at(losses, 1)


def _never_stops(losses, patience):
    return len(losses), int(np.argmin(losses)) + 1


def _last_weights(losses, patience):
    trained, _ = stop_at(losses, patience)
    return trained, trained


def _from_zero(losses, patience):
    trained, best = stop_at(losses, patience)
    return trained - 1, best - 1


def _one_too_many(losses, patience):
    return stop_at(losses, patience + 1)


def _compares_with_the_last(losses, patience):
    rises = 0
    for epoch in range(len(losses)):
        rises = rises + 1 if epoch and losses[epoch] > losses[epoch - 1] else 0
        if rises >= patience:
            break
    return epoch + 1, int(np.argmin(losses[: epoch + 1])) + 1


STOP = Function(
    id="09.5",
    title="Early stopping",
    points=4,
    signature="stop_at(losses, patience)",
    cases=curves,
    reference=stop_at,
    misconceptions=[
        Misconception(
            "stops at the first rise",
            _first_rise,
            "This stops at the first rise, whatever the patience. Validation losses are noisy: wait.",
        ),
        Misconception(
            "never stops",
            _never_stops,
            "You look at the whole curve. In practice you stand in the middle of it: what comes later "
            "is not known.",
        ),
        Misconception(
            "keeps the last weights",
            _last_weights,
            "The second number should be the epoch whose weights come back: the one with the lowest loss.",
        ),
        Misconception(
            "counts from zero", _from_zero, "Epochs are counted from 1: after the first, one is done."
        ),
        Misconception(
            "waits one too long",
            _one_too_many,
            "You wait one epoch too long: after `patience` epochs without a lower loss it is time to stop.",
        ),
        Misconception(
            "compares with the last epoch",
            _compares_with_the_last,
            "A rise against the epoch before is not the point: count the epochs since the *lowest* "
            "loss so far.",
        ),
    ],
)


def answers(rng):
    truth = rng.integers(0, 2, 30)
    return {
        "an ordinary set": {"truth": truth, "guess": np.where(rng.random(30) < 0.7, truth, 1 - truth)},
        "few ill, many alarms": {
            "truth": np.array([1, 0, 0, 0, 0, 0, 0, 1]),
            "guess": np.array([1, 1, 1, 0, 1, 0, 0, 1]),
        },
        "many ill, few alarms": {
            "truth": np.array([1, 1, 1, 1, 0, 1, 0]),
            "guess": np.array([0, 1, 0, 0, 0, 1, 1]),
        },
        "a single alarm": {"truth": np.array([0, 1, 1]), "guess": np.array([0, 1, 0])},
        "no alarm at all": {"truth": np.array([0, 1, 1, 0]), "guess": np.zeros(4, int)},
    }


def recall_precision(truth, guess):
    found = ((truth == 1) & (guess == 1)).sum()
    return found / (truth == 1).sum(), found / max((guess == 1).sum(), 1)


def _without_care(truth, guess):
    found = float((truth * guess).sum())
    with np.errstate(all="ignore"):
        return found / truth.sum(), np.float64(found) / guess.sum()


METRICS = Function(
    id="09.6",
    title="Recall and precision",
    points=3,
    signature="recall_precision(truth, guess)",
    cases=answers,
    reference=recall_precision,
    misconceptions=[
        Misconception(
            "the two exchanged",
            lambda truth, guess: recall_precision(truth, guess)[::-1],
            "These are precision and recall: exchange them. Recall asks about the ill, precision "
            "about the alarms.",
        ),
        Misconception(
            "accuracy",
            lambda truth, guess: (
                float((truth == guess).mean()),
                recall_precision(truth, guess)[1],
            ),
            "Your recall is the accuracy: it counts the healthy too. Recall looks at the ill only.",
        ),
        Misconception(
            "the healthy",
            lambda truth, guess: recall_precision(1 - truth, 1 - guess),
            "You have counted class 0 as the ill. Here 1 means ill.",
        ),
        Misconception(
            "share of all",
            lambda truth, guess: (float((truth * guess).mean()), float((truth * guess).mean())),
            "You divide by all examples. Divide the tumours found by the tumours there are, and by "
            "the alarms.",
        ),
        Misconception(
            "no alarm, no number",
            _without_care,
            "Without a single alarm, precision is 0/0. Say 0 here: divide by at least 1.",
        ),
    ],
)

LEAK = Predict(
    id="09.7",
    title="Find the leak",
    points=2,
    choices=("step 1", "step 2", "step 3", "step 4", "step 5"),
    reference="step 3",
    misconceptions=[
        Misconception(
            "the patients",
            "step 1",
            "One image a patient: whoever splits the images splits the patients. With three images "
            "each it would leak.",
        ),
        Misconception(
            "scaling before the split",
            "step 2",
            "Careful: each image is scaled by its *own* mean. Nothing about one image tells anything "
            "about another.",
        ),
        Misconception(
            "choosing among ten",
            "step 4",
            "Choosing is what the validation set is for. It is worn out afterwards, and they do not "
            "report it.",
        ),
        Misconception(
            "the test itself",
            "step 5",
            "The test set is opened once, at the end, for one number. Look at what is *in* it.",
        ),
    ],
    after="Mirror images made before the split end up on both sides: the test asks what was trained on.",
)


def samples(rng):
    return {
        "five seeds": {"values": np.array([0.95, 0.98, 0.96, 0.93, 0.97]), "t": 2.776},
        "three seeds": {"values": rng.normal(size=3) + 4, "t": 4.303},
        "ten seeds": {"values": rng.normal(size=10) * 3 - 1, "t": 2.262},
        "no spread": {"values": np.array([0.5, 0.5, 0.5, 0.5]), "t": 3.182},
    }


def interval(values, t):
    half = t * np.std(values, ddof=1) / np.sqrt(len(values))
    return np.mean(values) - half, np.mean(values) + half


def _around(values, half):
    return np.mean(values) - half, np.mean(values) + half


INTERVAL = Function(
    id="09.8",
    title="An interval over seeds",
    points=3,
    signature="interval(values, t)",
    cases=samples,
    reference=interval,
    misconceptions=[
        Misconception(
            "the spread of one run",
            lambda values, t: _around(values, t * np.std(values, ddof=1)),
            "This is where *one* more run would fall. The mean of n runs is more certain than one: "
            "divide by √n.",
        ),
        Misconception(
            "divides by n",
            lambda values, t: _around(values, t * np.std(values, ddof=1) / len(values)),
            "You divide by n. Uncertainties of a mean shrink with the root of n.",
        ),
        Misconception(
            "forgets that the mean was estimated",
            lambda values, t: _around(values, t * np.std(values) / np.sqrt(len(values))),
            "NumPy's std divides by n; the sample's deviation divides by n − 1, because the mean was "
            "estimated from the "
            "same values: ddof=1.",
        ),
        Misconception(
            "without t",
            lambda values, t: _around(values, np.std(values, ddof=1) / np.sqrt(len(values))),
            "This is one standard error to each side, about 68 %. The factor t makes it 95 %.",
        ),
        Misconception(
            "mean and half",
            lambda values, t: (np.mean(values), interval(values, t)[1] - np.mean(values)),
            "You return the mean and half the width. Return the two ends.",
        ),
    ],
)

STUCK = Explain(
    id="09.9",
    title="A loss that does not move",
    points=3,
    rubric=(
        "0.693 is ln 2: the network says one half for everything, as if it saw no input.",
        "Dead or saturated units from unscaled inputs or too large a learning rate: look at the activations.",
        "Weights that start at zero, or all equal: look at the first layer's gradients and at the "
        "units' spread.",
        "Each suspicion comes with a measurement that would confirm it, the cheapest first.",
    ),
)
