"""The perceptron.

Labels are 0 or 1, and the step is 0 at zero. In margin and bound the bias has an input that is always 1.
"""

import numpy as np

import nnlearn as nn
from nnlearn.exercises import Explain, Function, Misconception, Predict, Value

DOUBLE_RATE = Predict(
    id="02.1",
    title="Twice the learning rate",
    choices=("half as many", "as many", "twice as many"),
    reference="as many",
    misconceptions=[
        Misconception(
            "larger steps arrive sooner",
            "half as many",
            "Larger steps would arrive sooner if there were a fixed distance to go. But compare the weights "
            "after one mistake, at both rates. Which examples do they get wrong?",
        ),
        Misconception(
            "larger steps overshoot",
            "twice as many",
            "What would be overshot? The neuron looks at the sign of w·x + b only. What happens to a sign "
            "when everything is doubled?",
        ),
    ],
    after="From zero, every weight is η times what it would be at η = 1, so every sign, every mistake and "
    "every boundary is the same.",
)

ONE_CORRECTION = Value(
    id="02.2",
    title="One correction by hand",
    points=2,
    reference=(np.array([0.7, -2.1]), 0.4),
    misconceptions=[
        Misconception(
            "adds",
            (np.array([1.3, -1.9]), 0.6),
            "You turned w towards x. But the neuron fired and should not have: y − a is −1.",
        ),
        Misconception(
            "forgets the learning rate",
            (np.array([-2.0, -3.0]), -0.5),
            "That is the correction with η = 1. Here it is 0.1.",
        ),
        Misconception(
            "forgets the bias",
            (np.array([0.7, -2.1]), 0.5),
            "The weights are right. The bias is corrected as well, as if its input were 1.",
        ),
        Misconception(
            "takes the label for −1",
            (np.array([0.4, -2.2]), 0.3),
            "You corrected by −2: was the label −1 for you? With labels 0 and 1, y − a is −1 here.",
        ),
        Misconception(
            "no correction",
            (np.array([1.0, -2.0]), 0.5),
            "Nothing changed. Compute z = w·x + b once more: is it above 0?",
        ),
        Misconception(
            "corrects by the sum",
            (np.array([0.55, -2.15]), 0.35),
            "You corrected by y − z. The error is y − a, where a is the step of z.",
        ),
    ],
)


def update_cases(rng):
    w, x = np.array([1.0, -2.0]), np.array([2.0, 0.5])
    return {
        "missed: it should fire": {"x": -x, "y": 1, "w": w, "b": 0.5, "lr": 1.0},
        "missed: it should not fire": {"x": x, "y": 0, "w": w, "b": 0.5, "lr": 1.0},
        "right: it fires": {"x": x, "y": 1, "w": w, "b": 0.5, "lr": 1.0},
        "right: it does not fire": {"x": -x, "y": 0, "w": w, "b": 0.5, "lr": 1.0},
        "a learning rate of 0.1": {"x": rng.normal(size=4), "y": 0, "w": np.zeros(4), "b": 1.5, "lr": 0.1},
        "only the bias makes it fire": {"x": x, "y": 0, "w": -w, "b": 3.0, "lr": 2.0},
        "just above zero": {
            "x": np.array([1.0, 0.0]),
            "y": 0,
            "w": np.array([0.25, 3.0]),
            "b": 0.25,
            "lr": 1.0,
        },
        "exactly zero, and it should fire": {"x": np.ones(3), "y": 1, "w": np.zeros(3), "b": 0.0, "lr": 1.0},
        "exactly zero, and it should not": {"x": np.ones(3), "y": 0, "w": np.zeros(3), "b": 0.0, "lr": 1.0},
    }


def corrected_by(error):
    """A wrong rule: w + lr · error(y, z) · x, and the same for the bias."""

    def update(x, y, w, b, lr):
        e = error(y, w @ x + b)
        return w + lr * e * x, b + lr * e

    return update


UPDATE = Function(
    id="02.3",
    title="The learning rule",
    points=3,
    signature="update(x, y, w, b, lr)",
    cases=update_cases,
    reference=nn.perceptron_update,
    equivalent={"a = float((x @ w) + b > 0)": "w · x = x · w for two vectors"},
    misconceptions=[
        Misconception(
            "fires at zero",
            corrected_by(lambda y, z: y - (z >= 0)),
            "At exactly zero our step is 0: the neuron is silent unless z is *above* 0.",
        ),
        Misconception(
            "the error upside down",
            corrected_by(lambda y, z: (z > 0) - y),
            "Your weights turn the wrong way: each mistake is made worse. The error is y − a, not a − y.",
        ),
        Misconception(
            "no step",
            corrected_by(lambda y, z: y - z),
            "You use z where the rule says a, the step of z. (With z it is another rule, of Widrow and Hoff, "
            "1960; it also changes weights that are right.)",
        ),
        Misconception(
            "corrects what is right",
            corrected_by(lambda y, z: 2 * y - 1),
            "You also change the weights when the answer was right. Then y − a is 0, and nothing moves.",
        ),
        Misconception(
            "learns from one class only",
            corrected_by(lambda y, z: y * (y - (z > 0))),
            "You correct it when it should have fired. And when it fired and should not have?",
        ),
        Misconception(
            "forgets the bias",
            lambda x, y, w, b, lr: (nn.perceptron_update(x, y, w, b, lr)[0], b),
            "The weights are right. The bias learns too: add lr · (y − a) to it.",
        ),
        Misconception(
            "forgets the learning rate",
            lambda x, y, w, b, lr: nn.perceptron_update(x, y, w, b, 1.0),
            "Right when lr is 1. The learning rate multiplies each correction.",
        ),
    ],
)


def bound_cases(rng):
    return {
        "two points": {"X": np.array([[3.0, 4.0], [0.0, 1.0]]), "gamma": 0.5},
        "ten points in three dimensions": {"X": rng.normal(size=(10, 3)), "gamma": 0.2},
        "the same, a thousand times larger": {"X": 1000 * rng.normal(size=(10, 3)), "gamma": 0.2},
        "one number a point": {"X": np.array([[0.5], [-2.0], [1.0]]), "gamma": 1.5},
        "a square table": {"X": rng.normal(size=(3, 3)), "gamma": 0.7},
    }


BOUND = Function(
    id="02.4",
    title="The bound",
    points=2,
    signature="bound(X, gamma)",
    cases=bound_cases,
    reference=lambda X, gamma: ((X**2).sum(axis=1) + 1).max() / gamma**2,
    misconceptions=[
        Misconception(
            "forgets the bias's input",
            lambda X, gamma: (X**2).sum(axis=1).max() / gamma**2,
            "R is the length of the longest x̃ = (x, 1). The 1, the input of the bias, belongs to it.",
        ),
        Misconception(
            "forgets the square",
            lambda X, gamma: np.sqrt((X**2).sum(axis=1).max() + 1) / gamma,
            "That is R/γ. The bound is its square.",
        ),
        Misconception(
            "squares R alone",
            lambda X, gamma: ((X**2).sum(axis=1).max() + 1) / gamma,
            "R is squared, and so is γ.",
        ),
        Misconception(
            "length of the whole table",
            lambda X, gamma: ((X**2).sum() + 1) / gamma**2,
            "You added up all the points. R is the length of one of them, the longest: sum along each row, "
            "then take the maximum.",
        ),
        Misconception(
            "the largest number",
            lambda X, gamma: (np.abs(X).max() ** 2 + 1) / gamma**2,
            "The length of a point is the root of the sum of its squares, not its largest number.",
        ),
        Misconception(
            "the mean length",
            lambda X, gamma: ((X**2).sum(axis=1).mean() + 1) / gamma**2,
            "The theorem needs the *largest* length: it must hold for each example that may be missed.",
        ),
    ],
)


def standardize_cases(rng):
    train = rng.normal(size=(30, 3)) * [1.0, 50.0, 0.1] + [5.0, -20.0, 0.0]
    return {
        "new flowers": {"train": train, "new": 1.5 * train[:7] + 1},
        "the training set itself": {"train": train, "new": train},
        "one new flower": {"train": train, "new": train[:1] + 0.3},
        "a square table": {"train": rng.normal(2, 3, size=(4, 4)), "new": rng.normal(size=(4, 4))},
    }


STANDARDIZE = Function(
    id="02.5",
    title="The old statistics for new data",
    points=2,
    signature="standardize(train, new)",
    cases=standardize_cases,
    reference=lambda train, new: nn.data.standardize(train, new)[1],
    misconceptions=[
        Misconception(
            "measures the new data",
            lambda train, new: (new - new.mean(axis=0)) / new.std(axis=0),
            "You used mean and deviation of `new`. The neuron has learned in the units of `train`: the same "
            "flower must become the same numbers, whoever stands beside it.",
        ),
        Misconception(
            "one mean for all features",
            lambda train, new: (new - train.mean()) / train.std(),
            "You took one mean over the whole table. Each feature has its own: `axis=0`.",
        ),
        Misconception(
            "divides by the variance",
            lambda train, new: (new - train.mean(axis=0)) / train.var(axis=0),
            "You divided by the variance. Its root, the standard deviation, has the unit of the feature.",
        ),
        Misconception(
            "only centres",
            lambda train, new: new - train.mean(axis=0),
            "Centred, but still in the old units. Divide by the standard deviation of each feature.",
        ),
        Misconception(
            "only scales",
            lambda train, new: new / train.std(axis=0),
            "Scaled, but not centred. Subtract the mean of each feature first.",
        ),
        Misconception(
            "to the range from 0 to 1",
            lambda train, new: (new - train.min(axis=0)) / np.ptp(train, axis=0),
            "That maps the training set to the range from 0 to 1: also a way, but here mean 0 and "
            "deviation 1 are asked for.",
        ),
        Misconception(
            "mean of everything together",
            lambda train, new: (
                (new - np.vstack([train, new]).mean(axis=0)) / np.vstack([train, new]).std(axis=0)
            ),
            "You measured `train` and `new` together. The new data must not take part.",
        ),
        Misconception(
            "N − 1",
            lambda train, new: (new - train.mean(axis=0)) / train.std(axis=0, ddof=1),
            "You divided by N − 1 in the deviation. Here N is asked for, as `std` does without `ddof`.",
        ),
    ],
)


def epoch_cases(rng):
    X, y = nn.data.separable(20, margin=0.0, label_noise=0.2, rng=rng)
    X = X.astype(float)
    two = {"X": np.array([[2.0, 1.0], [1.0, 3.0]]), "y": np.array([1, 0])}
    return {
        "the chapter's two examples, from zero": {**two, "w": np.zeros(2), "b": 0.0, "lr": 1.0},
        "their second epoch": {**two, "w": np.array([1.0, -2.0]), "b": 0.0, "lr": 1.0},
        "nothing to learn": {**two, "w": np.array([4.0, -3.0]), "b": 1.0, "lr": 1.0},
        "twenty points": {"X": X, "y": y, "w": np.array([0.3, -0.2]), "b": 0.1, "lr": 1.0},
        "a learning rate of 0.1": {"X": X, "y": y, "w": np.array([0.3, -0.2]), "b": 0.1, "lr": 0.1},
        "three features, all examples of class 0": {
            "X": rng.normal(size=(6, 3)), "y": np.zeros(6, dtype=int), "w": np.ones(3), "b": 2.0, "lr": 0.5,
        },
    }  # fmt: skip


def epoch(X, y, w, b, lr):
    mistakes = 0
    for x, label in zip(X, y, strict=True):
        mistakes += int(nn.neuron(x, w, b) != label)
        w, b = nn.perceptron_update(x, label, w, b, lr)
    return w, b, mistakes


def epoch_all_at_once(X, y, w, b, lr):
    error = y - nn.neuron(X, w, b)
    return w + lr * error @ X, b + lr * error.sum(), int(np.abs(error).sum())


def epoch_counting_with(start):
    """A wrong count: with the weights of the epoch's start or of its end."""

    def run(X, y, w, b, lr):
        new_w, new_b, _ = epoch(X, y, w, b, lr)
        judge = (w, b) if start else (new_w, new_b)
        return new_w, new_b, int((nn.neuron(X, *judge) != y).sum())

    return run


def epoch_until_the_first_mistake(X, y, w, b, lr):
    for x, label in zip(X, y, strict=True):
        if nn.neuron(x, w, b) != label:
            return *nn.perceptron_update(x, label, w, b, lr), 1
    return w, b, 0


def epoch_signed_count(X, y, w, b, lr):
    mistakes = 0.0
    for x, label in zip(X, y, strict=True):
        mistakes += label - nn.neuron(x, w, b)
        w, b = nn.perceptron_update(x, label, w, b, lr)
    return w, b, mistakes


def epoch_without_bias(X, y, w, b, lr):
    mistakes = 0
    for x, label in zip(X, y, strict=True):
        mistakes += int(nn.neuron(x, w, b) != label)
        w, _ = nn.perceptron_update(x, label, w, b, lr)
    return w, b, mistakes


EPOCH = Function(
    id="02.6",
    title="One epoch",
    points=3,
    signature="epoch(X, y, w, b, lr)",
    cases=epoch_cases,
    reference=epoch,
    equivalent={"error = label - float((x @ w) + b > 0)": "w · x = x · w for two vectors"},
    misconceptions=[
        Misconception(
            "all at once",
            epoch_all_at_once,
            "You judged all examples with the weights of the start and corrected once. In the perceptron "
            "each example meets the weights as the one before has left them.",
        ),
        Misconception(
            "counts with the last weights",
            epoch_counting_with(start=False),
            "The weights are right; the count is that of the final weights. Count each mistake when it is "
            "made.",
        ),
        Misconception(
            "counts with the first weights",
            epoch_counting_with(start=True),
            "The weights are right; the count is that of the weights at the start. Count each mistake when "
            "it is made.",
        ),
        Misconception(
            "stops at the first mistake",
            epoch_until_the_first_mistake,
            "You stop after the first correction. Is your `return` inside the loop? An epoch goes through "
            "all examples.",
        ),
        Misconception(
            "adds up the errors",
            epoch_signed_count,
            "You added up y − a: mistakes of the two kinds cancel. Count both: |y − a|.",
        ),
        Misconception(
            "loses the bias",
            epoch_without_bias,
            "The bias stays as it was. Take both results of an update: `w, b = …`.",
        ),
        Misconception(
            "forgets the learning rate",
            lambda X, y, w, b, lr: epoch(X, y, w, b, 1.0),
            "Right when lr is 1. Hand `lr` on to each correction.",
        ),
        Misconception(
            "counts what is right",
            lambda X, y, w, b, lr: (*epoch(X, y, w, b, lr)[:2], len(X) - epoch(X, y, w, b, lr)[2]),
            "The weights are right, but you counted the right answers. Mistakes are the others.",
        ),
    ],
)


def margin_cases(rng):
    X, y = nn.data.separable(12, margin=0.4, rng=rng)
    X = X.astype(float)
    w, b = nn.max_margin(X, y)
    line = {"X": np.array([[1.0], [3.0], [4.0]]), "y": np.array([0, 1, 1])}
    return {
        "three points on a line": {**line, "w": np.array([1.0]), "b": -2.0},
        "the nearest point has the label 0": {**line, "w": np.array([2.0]), "b": -3.0},
        "twelve points": {"X": X, "y": y, "w": w, "b": b},
        "the same boundary, weights of another length": {"X": X, "y": y, "w": 7 * w, "b": 7 * b},
        "a boundary that does not separate": {**line, "w": np.array([1.0]), "b": -3.5},
        "everything on the wrong side": {"X": X, "y": 1 - y, "w": w, "b": b},
        "a point on the boundary": {**line, "w": np.array([1.0]), "b": -3.0},
        "a large bias": {**line, "w": np.array([-0.1]), "b": 5.0},
    }


def length(w, b):
    return np.sqrt(w @ w + b**2)


MARGIN = Function(
    id="02.7",
    title="The margin of a boundary",
    points=3,
    signature="margin(X, y, w, b)",
    cases=margin_cases,
    reference=nn.margin,
    equivalent={"t = 2 // y - 1": "NumPy makes 2 // 0 a 0 for whole numbers, and 2 // 1 is 2"},
    misconceptions=[
        Misconception(
            "leaves out the bias's part",
            lambda X, y, w, b: ((2 * y - 1) * (X @ w + b)).min() / np.sqrt(w @ w),
            "You divided by |w|: that is the distance in the plane of the points. In the theorem the bias is "
            "a weight too: divide by the length of (w, b).",
        ),
        Misconception(
            "does not divide",
            lambda X, y, w, b: ((2 * y - 1) * (X @ w + b)).min(),
            "Twice the weights are the same boundary but give you twice the margin. Divide by the length of "
            "(w, b).",
        ),
        Misconception(
            "distance without a side",
            lambda X, y, w, b: np.abs(X @ w + b).min() / length(w, b),
            "With |w·x + b| a point on the wrong side counts as well as one on the right. Multiply by t "
            "instead: the margin of a boundary that does not separate is negative.",
        ),
        Misconception(
            "labels without a sign",
            lambda X, y, w, b: (y * (X @ w + b)).min() / length(w, b),
            "With y = 0 all examples of class 0 drop out. You need the sign: t = 2y − 1.",
        ),
        Misconception(
            "the mean",
            lambda X, y, w, b: ((2 * y - 1) * (X @ w + b)).mean() / length(w, b),
            "The margin is that of the *nearest* example: the minimum, not the mean.",
        ),
        Misconception(
            "the farthest",
            lambda X, y, w, b: ((2 * y - 1) * (X @ w + b)).max() / length(w, b),
            "That is the farthest example. How much room is there for the nearest?",
        ),
        Misconception(
            "divides by the square",
            lambda X, y, w, b: ((2 * y - 1) * (X @ w + b)).min() / (w @ w + b**2),
            "You divided by the squared length of (w, b). One root is missing.",
        ),
        Misconception(
            "lengths added",
            lambda X, y, w, b: ((2 * y - 1) * (X @ w + b)).min() / (np.sqrt(w @ w) + abs(b)),
            "The length of (w, b) is not |w| + |b|. Square, add, and then take the root.",
        ),
    ],
)


def averaged_cases(rng):
    X, y = nn.data.separable(15, margin=0.0, label_noise=0.2, rng=rng)
    return {
        "two examples, one epoch": {
            "X": np.array([[2.0, 1.0], [1.0, 3.0]]), "y": np.array([1, 0]), "epochs": 1,
        },
        "the same, four epochs": {
            "X": np.array([[2.0, 1.0], [1.0, 3.0]]), "y": np.array([1, 0]), "epochs": 4,
        },
        "fifteen points that cannot be separated": {"X": X.astype(float), "y": y, "epochs": 5},
        "three features": {"X": rng.normal(size=(8, 3)), "y": np.arange(8) % 2, "epochs": 3},
    }  # fmt: skip


def weights_after_each_example(X, y, epochs):
    """(epochs · N + 1, n + 1): w and b at the start and after every example."""
    w, b = np.zeros(X.shape[1]), 0.0
    seen = [np.append(w, b)]
    for _ in range(epochs):
        for x, label in zip(X, y, strict=True):
            w, b = nn.perceptron_update(x, label, w, b)
            seen.append(np.append(w, b))
    return np.array(seen)


def parted(weights):
    return weights[:-1], weights[-1]


def mean_over_corrections(X, y, epochs):
    seen = weights_after_each_example(X, y, epochs)
    changed = (np.diff(seen, axis=0) != 0).any(axis=1)
    return parted(seen[1:][changed].mean(axis=0))


AVERAGED = Function(
    id="02.8",
    title="The averaged perceptron",
    points=4,
    signature="averaged(X, y, epochs)",
    equivalent={"error = label - float((x @ w) + b > 0)": "w · x = x · w for two vectors"},
    cases=averaged_cases,
    reference=lambda X, y, epochs: parted(weights_after_each_example(X, y, epochs)[1:].mean(axis=0)),
    misconceptions=[
        Misconception(
            "the last weights",
            lambda X, y, epochs: parted(weights_after_each_example(X, y, epochs)[-1]),
            "Those are the weights of the end. Add them up after every example, and divide at last.",
        ),
        Misconception(
            "mean over corrections",
            mean_over_corrections,
            "You added the weights only when they changed. Weights that stand for a long time must count for "
            "as long: add them after *every* example, right or wrong.",
        ),
        Misconception(
            "mean over epochs",
            lambda X, y, epochs: parted(
                weights_after_each_example(X, y, epochs)[len(X) :: len(X)].mean(axis=0)
            ),
            "You took one set of weights an epoch. Add them up after every example: move the sum into the "
            "inner loop.",
        ),
        Misconception(
            "the weights before",
            lambda X, y, epochs: parted(weights_after_each_example(X, y, epochs)[:-1].mean(axis=0)),
            "You added the weights *before* each correction. Correct first, then add.",
        ),
        Misconception(
            "a sum",
            lambda X, y, epochs: parted(weights_after_each_example(X, y, epochs)[1:].sum(axis=0)),
            "That is the sum. It has the same boundary as the mean (why?), but the mean is asked for.",
        ),
        Misconception(
            "divides by the epochs",
            lambda X, y, epochs: parted(weights_after_each_example(X, y, epochs)[1:].sum(axis=0) / epochs),
            "You divided by the number of epochs. How many weights did you add up?",
        ),
        Misconception(
            "starts anew in each epoch",
            lambda X, y, epochs: parted(weights_after_each_example(X, y, 1)[1:].mean(axis=0)),
            "Your second epoch repeats the first. Set the weights to zero once, before both loops.",
        ),
        Misconception(
            "averages w, not b",
            lambda X, y, epochs: (
                weights_after_each_example(X, y, epochs)[1:, :-1].mean(axis=0),
                weights_after_each_example(X, y, epochs)[-1, -1],
            ),
            "The weights are right, the bias is that of the end: average it in the same way.",
        ),
    ],
)

PATIENCE = Explain(
    id="02.9",
    title="Does XOR need more patience?",
    points=3,
    rubric=(
        "the theorem promises an end only where separating weights exist, and says nothing otherwise",
        "for XOR none exist, with the reason: the four inequalities contradict each other",
        "the weights return to values they have had; since the rule has no chance in it, everything repeats "
        "from there, so more epochs cannot help",
        "a larger or smaller learning rate changes nothing either: from zero it only scales the weights",
    ),
)
