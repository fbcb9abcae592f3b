"""Loss functions."""

import numpy as np

import nnlearn as nn
from nnlearn.exercises import Explain, Function, Misconception, Predict, Value

PULL = Predict(
    id="05.1",
    title="Who pulls hardest?",
    choices=("squared", "absolute", "huber"),
    reference="squared",
    misconceptions=[
        Misconception(
            "absolute",
            "absolute",
            "The absolute value's slope is 1 everywhere: a record that is off by 100 pulls no harder "
            "than one off by 1.",
        ),
        Misconception(
            "huber",
            "huber",
            "Beyond δ the Huber loss is a straight line. Its slope no longer grows.",
        ),
    ],
    after="The slope of r² is 2r: it grows with the error, without bound.",
)

SURPRISE = Value(
    id="05.2",
    title="The surprise of a forecast",
    points=1,
    reference=-(np.log(0.8) + np.log(0.8) + np.log(0.1)) / 3,
    rtol=1e-3,
    misconceptions=[
        Misconception(
            "the sum",
            -(np.log(0.8) + np.log(0.8) + np.log(0.1)),
            "That is the sum over the three days. The loss of a batch is the mean.",
        ),
        Misconception(
            "sign",
            (np.log(0.8) + np.log(0.8) + np.log(0.1)) / 3,
            "Logarithms of probabilities are negative; a surprise is not. Put a minus in front.",
        ),
        Misconception(
            "always rain",
            -(np.log(0.8) + np.log(0.8) + np.log(0.9)) / 3,
            "On the third day it did not rain. Which probability did the forecast give to that?",
        ),
        Misconception(
            "mean first",
            float(-np.log((0.8 + 0.8 + 0.1) / 3)),
            "Take the logarithm of each probability first, and then the mean.",
        ),
        Misconception(
            "base ten",
            -(np.log10(0.8) + np.log10(0.8) + np.log10(0.1)) / 3,
            "That is with logarithms to the base 10. Here ln, the natural one, is meant: `np.log`.",
        ),
    ],
)


def huber_cases(rng):
    return {
        "small errors only": {"prediction": rng.normal(size=8) * 0.3, "target": np.zeros(8), "delta": 1.0},
        "large errors only": {"prediction": 5 + rng.normal(size=5), "target": np.zeros(5), "delta": 1.0},
        "errors to both sides": {
            "prediction": rng.normal(size=9),
            "target": 4 * rng.normal(size=9),
            "delta": 1.0,
        },
        "another delta": {"prediction": rng.normal(size=9), "target": 6 * rng.normal(size=9), "delta": 2.5},
        "an error of exactly delta": {"prediction": np.array([3.0]), "target": np.array([1.0]), "delta": 2.0},
    }


def huber(prediction, target, delta, inside=0.5, offset=0.5, slope=None, reduce=np.mean):
    r = np.abs(prediction - target)
    slope = delta if slope is None else slope
    return reduce(np.where(r <= delta, inside * r**2, slope * (r - offset * delta)))


HUBER = Function(
    id="05.3",
    title="Huber, with its corner in the right place",
    points=2,
    signature="huber(prediction, target, delta)",
    cases=huber_cases,
    reference=nn.huber_loss,
    misconceptions=[
        Misconception(
            "forgets the half",
            lambda p, t, d: huber(p, t, d, inside=1.0),
            "Inside, it is half of the square. Without the half the two pieces do not meet at δ.",
        ),
        Misconception(
            "forgets the shift",
            lambda p, t, d: huber(p, t, d, offset=0.0),
            "The straight piece is δ(|r| − δ/2). Without the δ/2 the loss jumps at δ.",
        ),
        Misconception(
            "slope one outside",
            lambda p, t, d: huber(p, t, d, slope=1.0),
            "Outside, the line goes on with the slope that the parabola had reached: δ, not 1.",
        ),
        Misconception(
            "forgets the absolute value",
            lambda p, t, d: np.mean(np.where(p - t <= d, (p - t) ** 2 / 2, d * (p - t - d / 2))),
            "Errors below zero can be large too. Compare |r| with δ.",
        ),
        Misconception(
            "the sum",
            lambda p, t, d: huber(p, t, d, reduce=np.sum),
            "This looks like the sum over the batch instead of its mean.",
        ),
    ],
    equivalent={
        "return np.mean(np.where(r < delta, r**2 / 2, delta * (r - delta / 2)))": "at r = δ they agree",
        "r = np.abs((target - prediction))": "the absolute value forgets the order",
    },
)


def logits_cases(rng):
    return {
        "a small batch": {"logits": rng.normal(size=(4, 3)), "labels": np.array([0, 2, 1, 2])},
        "one example": {"logits": rng.normal(size=(1, 5)), "labels": np.array([3])},
        "knowing nothing": {"logits": np.zeros((6, 10)), "labels": np.arange(6)},
        "logits in the thousands": {
            "logits": np.array([[1000.0, 0.0, -1000.0], [-2000.0, -2001.0, -4000.0]]),
            "labels": np.array([1, 0]),
        },
    }


def log_softmax(z, axis=1):
    z = z - z.max(axis=axis, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=axis, keepdims=True))


CROSS_ENTROPY = Function(
    id="05.4",
    title="Cross-entropy that survives logits of a thousand",
    points=3,
    signature="cross_entropy(logits, labels)",
    cases=logits_cases,
    reference=nn.cross_entropy,
    misconceptions=[
        Misconception(
            "overflows",
            lambda z, k: np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(k)), k]),
            "The exponential overflows. Take each row's largest logit out of it first.",
        ),
        Misconception(
            "logarithm of the softmax",
            lambda z, k: -np.mean(np.log(nn.softmax(z)[np.arange(len(k)), k])),
            "A softmax that has been rounded to 0 has an infinite logarithm. Compute log-sum-exp minus "
            "the right logit.",
        ),
        Misconception(
            "all columns",
            lambda z, k: -np.mean(log_softmax(z)[:, k]),
            "`z[:, labels]` takes all those columns of every row. One number a row: `z[np.arange(B), "
            "labels]`.",
        ),
        Misconception(
            "the sum",
            lambda z, k: -np.sum(log_softmax(z)[np.arange(len(k)), k]),
            "This looks like the sum over the batch instead of its mean.",
        ),
        Misconception(
            "wrong sign",
            lambda z, k: np.mean(log_softmax(z)[np.arange(len(k)), k]),
            "A surprise is never negative: the sign is the wrong way round.",
        ),
        Misconception(
            "averages over the classes",
            lambda z, k: -np.mean(np.eye(z.shape[1])[k] * log_softmax(z)),
            "You divide by examples times classes. Sum over the classes of an example, then take the "
            "mean over examples.",
        ),
    ],
)


def slope(z, k, divide=True, sign=1.0, subtract=1.0):
    g = nn.softmax(z)
    g[np.arange(len(k)), k] -= subtract
    return sign * g / (len(k) if divide else 1)


def slope_cases(rng):
    return {
        "one example": {"logits": rng.normal(size=(1, 3)), "labels": np.array([1])},
        "a batch of five": {"logits": rng.normal(size=(5, 3)), "labels": np.array([0, 2, 1, 1, 0])},
        "more classes than examples": {"logits": 3 * rng.normal(size=(2, 7)), "labels": np.array([6, 0])},
    }


SLOPE = Function(
    id="05.5",
    title="The slope of cross-entropy, for a batch",
    points=3,
    signature="cross_entropy_slope(logits, labels)",
    allows=("softmax",),
    cases=slope_cases,
    reference=slope,
    misconceptions=[
        Misconception(
            "forgets the mean",
            lambda z, k: slope(z, k, divide=False),
            "This is the slope of the sum. The loss is the mean over the batch: divide by B.",
        ),
        Misconception(
            "truth minus prediction",
            lambda z, k: slope(z, k, sign=-1.0),
            "The sign is the wrong way round: p − y, what was said minus what was true.",
        ),
        Misconception(
            "only the softmax",
            lambda z, k: slope(z, k, subtract=0.0),
            "The truth is missing: take 1 away from the probability of each right class.",
        ),
        Misconception(
            "divides by everything",
            lambda z, k: slope(z, k, divide=False) / z.size,
            "You divide by examples times classes. The mean is over examples only.",
        ),
        Misconception(
            "with the softmax's own slope",
            lambda z, k: slope(z, k) * nn.softmax(z) * (1 - nn.softmax(z)),
            "The softmax's slope has already cancelled against the logarithm's. Nothing more is to be "
            "multiplied.",
        ),
    ],
)


def calibration_cases(rng):
    p = rng.random(40)
    return {
        "forty forecasts, all of them": {
            "p": p,
            "y": (rng.random(40) < p).astype(float),
            "low": 0.0,
            "high": 1.0,
        },
        "forty forecasts, the undecided ones": {
            "p": p,
            "y": (rng.random(40) < p).astype(float),
            "low": 0.3,
            "high": 0.7,
        },
        "forecasts at the edges of the range": {
            "p": np.array([0.2, 0.5, 0.8, 0.8]),
            "y": np.array([1.0, 0.0, 1.0, 1.0]),
            "low": 0.2,
            "high": 0.8,
        },
    }


def gap(p, y, low, high, inside=None, absolute=False):
    group = (p >= low) & (p < high) if inside is None else inside(p, low, high)
    difference = p[group].mean() - y[group].mean()
    return abs(difference) if absolute else difference


GAP = Function(
    id="05.6",
    title="How overconfident?",
    points=2,
    signature="overconfidence(p, y, low, high)",
    cases=calibration_cases,
    reference=gap,
    misconceptions=[
        Misconception(
            "the other way round",
            lambda p, y, low, high: -gap(p, y, low, high),
            "Overconfident means that more was said than was true: said minus true.",
        ),
        Misconception(
            "takes the upper edge in",
            lambda p, y, low, high: gap(p, y, low, high, lambda p, a, b: (p >= a) & (p <= b)),
            "A forecast of exactly `high` belongs to the next group: use p < high.",
        ),
        Misconception(
            "leaves the lower edge out",
            lambda p, y, low, high: gap(p, y, low, high, lambda p, a, b: (p > a) & (p < b)),
            "A forecast of exactly `low` belongs to this group: use p >= low.",
        ),
        Misconception(
            "everything",
            lambda p, y, low, high: p.mean() - y.mean(),
            "Only the forecasts from `low` up to `high` count.",
        ),
        Misconception(
            "counts right answers",
            lambda p, y, low, high: float(np.mean(((p >= 0.5) == y)[(p >= low) & (p < high)])),
            "That is the share of right answers. Compare the mean probability said with the share that "
            "was true.",
        ),
    ],
)

CHOOSE = Explain(
    id="05.7",
    title="Which loss?",
    points=2,
    rubric=(
        "Huber or the absolute error for prices with typing errors, because their pull is bounded",
        "binary cross-entropy from the logit for the yes or no, with a sigmoid",
        "cross-entropy for one of ten, with a softmax",
        "not the squared error of a probability: it hardly pulls where the model is certain and wrong",
    ),
)
