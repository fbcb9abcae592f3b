"""Regularisation."""

import numpy as np

import nnlearn as nn
from nnlearn.exercises import Explain, Function, Misconception, Predict

GAP = Predict(
    id="10.1",
    title="A perfect student",
    choices=("100 %", "80 %", "20 %"),
    reference="80 %",
    misconceptions=[
        Misconception(
            "training is always easy",
            "100 %",
            "100 % means: answered all as labelled, the 20 wrong labels included. Would someone who "
            "understands digits do that?",
        ),
        Misconception(
            "counts the wrong labels",
            "20 %",
            "20 of the labels are wrong. How often does the right answer agree with the label?",
        ),
    ],
    after="So in training the perfect student is beaten by the one who learned by heart.",
)


def weights(rng):
    return {
        "three weights": {"w": rng.normal(size=3), "g": rng.normal(size=3), "lr": 0.1, "decay": 0.5},
        "a matrix": {"w": rng.normal(size=(4, 2)), "g": rng.normal(size=(4, 2)), "lr": 0.3, "decay": 2.0},
        "no decay": {"w": rng.normal(size=5), "g": rng.normal(size=5), "lr": 0.05, "decay": 0.0},
        "no gradient": {"w": np.array([2.0, -3.0]), "g": np.zeros(2), "lr": 0.2, "decay": 0.3},
    }


def decayed(w, g, lr, decay):
    return (1 - lr * decay) * w - lr * g


DECAY = Function(
    id="10.2",
    title="A step with weight decay",
    points=2,
    signature="decayed(w, g, lr, decay)",
    cases=weights,
    reference=decayed,
    misconceptions=[
        Misconception(
            "forgets the decay",
            lambda w, g, lr, decay: w - lr * g,
            "This is plain SGD. Where is the pull towards zero, λ w?",
        ),
        Misconception(
            "without the learning rate",
            lambda w, g, lr, decay: (1 - decay) * w - lr * g,
            "The decay is part of the gradient, so the learning rate multiplies it too: 1 − ηλ.",
        ),
        Misconception(
            "pushes away",
            lambda w, g, lr, decay: (1 + lr * decay) * w - lr * g,
            "These weights grow. The step goes *against* the gradient λ w.",
        ),
        Misconception(
            "the penalty's 2",
            lambda w, g, lr, decay: (1 - 2 * lr * decay) * w - lr * g,
            "The penalty is λ/2 · ‖w‖²: its derivative is λ w, the 2 has gone.",
        ),
        Misconception(
            "adds the penalty itself",
            lambda w, g, lr, decay: w - lr * (g + decay / 2 * w**2),
            "You step along the penalty itself. The step goes against its gradient, which is λ w.",
        ),
        Misconception(
            "pulls by the sign",
            lambda w, g, lr, decay: w - lr * (g + decay * np.sign(w)),
            "That is the slope of λ|w|, the L1 penalty. L2 pulls in proportion to the weight.",
        ),
    ],
)


def masks(rng):
    return {
        "two examples": {"x": rng.normal(size=(2, 5)), "keep": rng.random((2, 5)) > 0.25, "p": 0.25},
        "most switched off": {"x": rng.normal(size=(3, 4)), "keep": rng.random((3, 4)) > 0.8, "p": 0.8},
        "nothing switched off": {"x": rng.normal(size=6), "keep": np.ones(6, bool), "p": 0.0},
        "half": {"x": np.array([1.0, -2.0, 3.0]), "keep": np.array([True, False, True]), "p": 0.5},
    }


def _over_p(x, keep, p):
    with np.errstate(all="ignore"):
        return x * keep / np.float64(p)


DROPOUT = Function(
    id="10.3",
    title="Inverted dropout",
    points=2,
    signature="dropped(x, keep, p)",
    cases=masks,
    reference=lambda x, keep, p: x * keep / (1 - p),
    misconceptions=[
        Misconception(
            "does not scale",
            lambda x, keep, p: x * keep,
            "On average this lets only a share 1 − p through. In use the next layer would see more than it "
            "learned with.",
        ),
        Misconception(
            "scales down",
            lambda x, keep, p: x * keep * (1 - p),
            "This makes what is left even smaller. To keep the mean, divide by 1 − p.",
        ),
        Misconception(
            "divides by p",
            _over_p,
            "p is the share that is switched off. What share is left to carry the mean?",
        ),
        Misconception(
            "the mask turned round",
            lambda x, keep, p: x * (1 - keep) / (1 - p),
            "You kept the units that should be switched off: `keep` is True for those that stay.",
        ),
        Misconception(
            "scales by what happened",
            lambda x, keep, p: x * keep / np.mean(keep),
            "You divide by the share that happened to be kept. Divide by the share to be expected, 1 − p.",
        ),
    ],
)


def thresholds(rng):
    return {
        "both signs": {"w": np.array([-1.0, -0.2, 0.1, 0.7, 0.0]), "amount": 0.25},
        "a matrix": {"w": rng.normal(size=(3, 4)), "amount": 0.5},
        "exactly at the threshold": {"w": np.array([0.5, -0.5, 0.51, -3.0]), "amount": 0.5},
        "nothing taken": {"w": rng.normal(size=4), "amount": 0.0},
    }


SOFT = Function(
    id="10.4",
    title="L1 to exact zero",
    points=3,
    signature="soft_threshold(w, amount)",
    cases=thresholds,
    reference=lambda w, amount: np.sign(w) * np.maximum(np.abs(w) - amount, 0),
    misconceptions=[
        Misconception(
            "steps across zero",
            lambda w, amount: w - amount * np.sign(w),
            "A weight smaller than the amount has crossed zero. It should stop there.",
        ),
        Misconception(
            "loses the sign",
            lambda w, amount: np.maximum(np.abs(w) - amount, 0),
            "Negative weights have come out positive: give back the sign.",
        ),
        Misconception(
            "cuts negative weights",
            lambda w, amount: np.maximum(w - amount, 0),
            "This is a shifted ReLU. Negative weights move up towards zero.",
        ),
        Misconception(
            "hard threshold",
            lambda w, amount: np.where(np.abs(w) > amount, w, 0.0),
            "Small weights are zero, good; but the large ones should move towards zero as well.",
        ),
    ],
)


def batches(rng):
    return {
        "six examples, three channels": {"x": rng.normal(2, 3, size=(6, 3)), "gamma": rng.normal(size=3),
                                         "beta": rng.normal(size=3), "eps": 1e-5},
        "two examples": {"x": rng.normal(size=(2, 4)), "gamma": rng.normal(size=4),
                         "beta": rng.normal(size=4), "eps": 0.1},
        "a channel that never changes": {"x": np.array([[1.0, 5.0], [2.0, 5.0], [4.0, 5.0]]),
                                         "gamma": np.array([2.0, -1.0]), "beta": np.array([0.5, 0.3]),
                                         "eps": 1e-3},
    }  # fmt: skip


def normed(x, gamma, beta, eps):
    return gamma * (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps) + beta


NORM = Function(
    id="10.5",
    title="Batch norm",
    points=3,
    signature="batch_norm(x, gamma, beta, eps)",
    cases=batches,
    reference=normed,
    misconceptions=[
        Misconception(
            "layer norm",
            lambda x, gamma, beta, eps: (
                gamma * (x - x.mean(axis=1, keepdims=True)) / np.sqrt(x.var(axis=1, keepdims=True) + eps)
                + beta
            ),
            "You normalised each example over its channels: that is layer norm. Batch norm looks down the "
            "batch, axis 0.",
        ),
        Misconception(
            "divides by the variance",
            lambda x, gamma, beta, eps: gamma * (x - x.mean(axis=0)) / (x.var(axis=0) + eps) + beta,
            "You divide by the variance; the deviation is its root.",
        ),
        Misconception(
            "ε outside the root",
            lambda x, gamma, beta, eps: gamma * (x - x.mean(axis=0)) / (x.std(axis=0) + eps) + beta,
            "ε belongs under the root: √(var + ε).",
        ),
        Misconception(
            "the sample's variance",
            lambda x, gamma, beta, eps: (
                gamma * (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0, ddof=1) + eps) + beta
            ),
            "In training the batch's own variance is used, divided by B, not B − 1.",
        ),
        Misconception(
            "neither scale nor shift",
            lambda x, gamma, beta, eps: normed(x, 1.0, 0.0, eps),
            "Mean 0 and variance 1 are right. Each channel's scale γ and shift β are still missing.",
        ),
        Misconception(
            "scales the shift",
            lambda x, gamma, beta, eps: gamma * (normed(x, 1.0, 0.0, eps) + beta),
            "You multiply β by γ as well: the shift comes last.",
        ),
        Misconception(
            "one mean for all channels",
            lambda x, gamma, beta, eps: gamma * (x - x.mean()) / np.sqrt(x.var() + eps) + beta,
            "You took one mean over the whole batch. Each channel has its own: axis=0.",
        ),
    ],
)


def gradients(rng):
    def case(B, C):
        x, gamma = rng.normal(1, 3, size=(B, C)), rng.normal(size=C)
        deviation = x.std(axis=1, keepdims=True)
        normal = (x - x.mean(axis=1, keepdims=True)) / deviation
        return {"g": rng.normal(size=(B, C)), "gamma": gamma, "normal": normal, "deviation": deviation}

    return {"four examples, six channels": case(4, 6), "more examples": case(7, 3), "one example": case(1, 5)}


def layer_norm_backward(g, gamma, normal, deviation):
    h = gamma * g
    along = (h * normal).mean(axis=1, keepdims=True)
    return (h - h.mean(axis=1, keepdims=True) - normal * along) / deviation


def _without_mean(g, gamma, normal, deviation):
    h = gamma * g
    return (h - normal * (h * normal).mean(axis=1, keepdims=True)) / deviation


def _with_sums(g, gamma, normal, deviation):
    h = gamma * g
    along = (h * normal).sum(axis=1, keepdims=True)
    return (h - h.sum(axis=1, keepdims=True) - normal * along) / deviation


BACKWARD = Function(
    id="10.6",
    title="Layer norm, backwards",
    points=4,
    signature="layer_norm_backward(g, gamma, normal, deviation)",
    cases=gradients,
    reference=layer_norm_backward,
    misconceptions=[
        Misconception(
            "only the direct road",
            lambda g, gamma, normal, deviation: gamma * g / deviation,
            "x also reaches the output through the mean and the variance. You followed the direct road only.",
        ),
        Misconception(
            "not through the mean",
            _without_mean,
            "Adding a constant to an example changes nothing, so the gradient's mean over its channels must "
            "be zero. Yours is not.",
        ),
        Misconception(
            "not through the variance",
            lambda g, gamma, normal, deviation: (
                (gamma * g - (gamma * g).mean(axis=1, keepdims=True)) / deviation
            ),
            "Stretching an example changes nothing, so nothing may come through along `normal`.",
        ),
        Misconception(
            "batch norm's",
            lambda g, gamma, normal, deviation: (
                (gamma * g - (gamma * g).mean(axis=0) - normal * (gamma * g * normal).mean(axis=0))
                / deviation
            ),
            "These means are taken over the batch. Layer norm normalises each example: axis 1.",
        ),
        Misconception(
            "forgets gamma",
            lambda g, gamma, normal, deviation: layer_norm_backward(g, 1.0, normal, deviation),
            "On its way back the gradient passes γ first: start from γ g.",
        ),
        Misconception(
            "gamma last",
            lambda g, gamma, normal, deviation: gamma * layer_norm_backward(g, 1.0, normal, deviation),
            "You multiply by γ at the end. Going back it comes first: take both means of γ g.",
        ),
        Misconception(
            "sums for means",
            _with_sums,
            "You take sums over the channels. What comes through the mean and the variance is shared by all "
            "C of them: means.",
        ),
        Misconception(
            "forgets the deviation",
            lambda g, gamma, normal, deviation: layer_norm_backward(g, gamma, normal, 1.0),
            "x was divided by the deviation, so its gradient is too.",
        ),
    ],
)


def members(rng):
    return {
        "three networks": {"logits": rng.normal(size=(3, 5, 4)) * 3},
        "one very sure network": {"logits": np.array([[[9.0, 0.0, 0.0]], [[0.0, 0.5, 0.0]],
                                                      [[0.0, 0.5, 0.0]]])},
        "one network": {"logits": rng.normal(size=(1, 4, 3))},
        "large logits": {"logits": rng.normal(size=(2, 3, 6)) * 20},
    }  # fmt: skip


def ensemble(logits):
    return nn.softmax(logits, -1).mean(axis=0)


ENSEMBLE = Function(
    id="10.7",
    title="An ensemble",
    points=2,
    signature="ensemble(logits)",
    allows=("softmax",),
    cases=members,
    reference=ensemble,
    misconceptions=[
        Misconception(
            "averages the logits",
            lambda logits: nn.softmax(logits.mean(axis=0), -1),
            "You averaged before the softmax: one network with huge logits then outvotes all others. Average "
            "probabilities.",
        ),
        Misconception(
            "adds up",
            lambda logits: nn.softmax(logits, -1).sum(axis=0),
            "These are sums: the probabilities of an example add up to the number of networks.",
        ),
        Misconception(
            "over the examples",
            lambda logits: nn.softmax(logits, -1).mean(axis=1),
            "You averaged over the examples. The networks are along axis 0.",
        ),
        Misconception(
            "softmax over the networks",
            lambda logits: nn.softmax(logits, 0).mean(axis=0),
            "This softmax runs over the networks. Each network's probabilities add up to 1 over the classes.",
        ),
    ],
)

CLAIM = Explain(
    id="10.8",
    title="A claim to judge",
    points=3,
    rubric=(
        "Batch norm's gap is smaller, but the gap alone is no aim: what is its accuracy on new data?",
        "λ was chosen on the test set, so the test accuracy flatters it.",
        "One seed each: the difference may be luck; ask for several seeds, the same ones, and an interval.",
        "The runs had different numbers of steps or learning rates: not the same conditions.",
    ),
)
