import numpy as np

import nnlearn as nn
from nnlearn.exercises import Explain, Function, Predict, edit

GAP = Predict(1, "80 %", mistakes=[
    ("training is always easy", "100 %",
     "100 % means: answered all as labelled, the 20 wrong labels included. Would someone who understands "
     "digits do that?"),
    ("counts the wrong labels", "20 %",
     "20 of the labels are wrong. How often does the right answer agree with the label?"),
], after="So in training the perfect student is beaten by the one who learned by heart.")


def weights(rng):
    yield "three weights", rng.normal(size=3), rng.normal(size=3), 0.1, 0.5
    yield "a matrix", rng.normal(size=(4, 2)), rng.normal(size=(4, 2)), 0.3, 2.0
    yield "no decay", rng.normal(size=5), rng.normal(size=5), 0.05, 0.0
    yield "no gradient", [2.0, -3.0], [0.0, 0.0], 0.2, 0.3


def decayed(w, g, lr, decay):
    return w - lr * (g + decay * w)


DECAY = Function(2, decayed, weights, mistakes=[
    ("forgets the decay", edit(" + decay * w", ""),
     "This is plain SGD. Where is the pull towards zero, λ w?"),
    ("without the learning rate", edit("lr * (g + decay * w)", "lr * g - decay * w"),
     "The decay is part of the gradient, so the learning rate multiplies it too: 1 − ηλ."),
    ("pushes away", edit("g + decay", "g - decay"),
     "These weights grow. The step goes *against* the gradient λ w."),
    ("the penalty's 2", edit("decay * w", "2 * decay * w"),
     "The penalty is λ/2 · ‖w‖²: its derivative is λ w, the 2 has gone."),
    ("adds the penalty itself", edit("decay * w", "decay / 2 * w**2"),
     "You step along the penalty itself. The step goes against its gradient, which is λ w."),
    ("pulls by the sign", edit("decay * w", "decay * np.sign(w)"),
     "That is the slope of λ|w|, the L1 penalty. L2 pulls in proportion to the weight."),
])


def masks(rng):
    yield "two examples", rng.normal(size=(2, 5)), rng.random((2, 5)) > 0.25, 0.25
    yield "most switched off", rng.normal(size=(3, 4)), rng.random((3, 4)) > 0.8, 0.8
    yield "nothing switched off", rng.normal(size=6), np.ones(6, bool), 0.0
    yield "half", [1.0, -2.0, 3.0], [True, False, True], 0.5


def dropped(x, keep, p):
    return x * keep / (1 - p)


DROPOUT = Function(3, dropped, masks, mistakes=[
    ("does not scale", edit(" / (1 - p)", ""),
     "On average this lets only a share 1 − p through. In use the next layer would see more than it learned "
     "with."),
    ("scales down", edit("/ (1 - p)", "* (1 - p)"),
     "This makes what is left even smaller. To keep the mean, divide by 1 − p."),
    ("divides by p", edit("(1 - p)", "p"),
     "p is the share that is switched off. What share is left to carry the mean?"),
    ("the mask turned round", edit("* keep", "* (1 - keep)"),
     "You kept the units that should be switched off: `keep` is True for those that stay."),
    ("scales by what happened", edit("(1 - p)", "np.mean(keep)"),
     "You divide by the share that happened to be kept. Divide by the share to be expected, 1 − p."),
])


def thresholds(rng):
    yield "both signs", [-1.0, -0.2, 0.1, 0.7, 0.0], 0.25
    yield "a matrix", rng.normal(size=(3, 4)), 0.5
    yield "exactly at the threshold", [0.5, -0.5, 0.51, -3.0], 0.5
    yield "nothing taken", rng.normal(size=4), 0.0


def soft_threshold(w, amount):
    return np.sign(w) * np.maximum(np.abs(w) - amount, 0)


SOFT = Function(4, soft_threshold, thresholds, mistakes=[
    ("steps across zero", edit("np.maximum(np.abs(w) - amount, 0)", "(np.abs(w) - amount)"),
     "A weight smaller than the amount has crossed zero. It should stop there."),
    ("loses the sign", edit("np.sign(w) * ", ""),
     "Negative weights have come out positive: give back the sign."),
    ("cuts negative weights", edit("np.sign(w) * ", "", "np.abs(w)", "w"),
     "This is a shifted ReLU. Negative weights move up towards zero."),
    ("hard threshold", lambda w, amount: np.where(np.abs(w) > amount, w, 0),
     "Small weights are zero, good; but the large ones should move towards zero as well."),
])


def batches(rng):
    x, gamma, beta = rng.normal(2, 3, size=(6, 3)), rng.normal(size=3), rng.normal(size=3)
    yield "six examples, three channels", x, gamma, beta, 1e-5
    yield "two examples", rng.normal(size=(2, 4)), rng.normal(size=4), rng.normal(size=4), 0.1
    yield "a channel that never changes", [[1.0, 5.0], [2.0, 5.0], [4.0, 5.0]], [2.0, -1.0], [0.5, 0.3], 1e-3


def batch_norm(x, gamma, beta, eps):
    mean, variance = x.mean(axis=0), x.var(axis=0)
    return gamma * (x - mean) / np.sqrt(variance + eps) + beta


NORM = Function(5, batch_norm, batches, mistakes=[
    ("layer norm", edit("axis=0", "axis=1, keepdims=True"),
     "You normalised each example over its channels: that is layer norm. Batch norm looks down the batch, "
     "axis 0."),
    ("divides by the variance", edit("np.sqrt", ""),
     "You divide by the variance; the deviation is its root."),
    ("ε outside the root", edit("np.sqrt(variance + eps)", "(np.sqrt(variance) + eps)"),
     "ε belongs under the root: √(var + ε)."),
    ("the sample's variance", edit("var(axis=0", "var(axis=0, ddof=1"),
     "In training the batch's own variance is used, divided by B, not B − 1."),
    ("neither scale nor shift", edit("gamma * ", "", " + beta", ""),
     "Mean 0 and variance 1 are right. Each channel's scale γ and shift β are still missing."),
    ("scales the shift",
     edit("(x - mean) / np.sqrt(variance + eps) + beta", "((x - mean) / np.sqrt(variance + eps) + beta)"),
     "You multiply β by γ as well: the shift comes last."),
    ("one mean for all channels", edit("axis=0", ""),
     "You took one mean over the whole batch. Each channel has its own: axis=0."),
])


def normalised_examples(rng):
    sizes = {"four examples, six channels": (4, 6), "more examples": (7, 3), "one example": (1, 5)}
    for name, (B, C) in sizes.items():
        x, gamma = rng.normal(1, 3, size=(B, C)), rng.normal(size=C)
        deviation = x.std(axis=1, keepdims=True)
        normal = (x - x.mean(axis=1, keepdims=True)) / deviation
        yield name, rng.normal(size=(B, C)), gamma, normal, deviation


def layer_norm_backward(g, gamma, normal, deviation):
    h = gamma * g
    mean = h.mean(axis=1, keepdims=True)
    along = (h * normal).mean(axis=1, keepdims=True)
    return (h - mean - normal * along) / deviation


BACKWARD = Function(6, layer_norm_backward, normalised_examples, mistakes=[
    ("only the direct road", edit(" - mean - normal * along", ""),
     "x also reaches the output through the mean and the variance. You followed the direct road only."),
    ("not through the mean", edit(" - mean", ""),
     "Adding a constant to an example changes nothing, so the gradient's mean over its channels must be "
     "zero. Yours is not."),
    ("not through the variance", edit(" - normal * along", ""),
     "Stretching an example changes nothing, so nothing may come through along `normal`."),
    ("batch norm's", edit("axis=1", "axis=0"),
     "These means are taken over the batch. Layer norm normalises each example: axis 1."),
    ("forgets gamma", edit("gamma * g", "g"), "On its way back the gradient passes γ first: start from γ g."),
    ("gamma last", edit("gamma * g", "g", "return (h", "return gamma * (h"),
     "You multiply by γ at the end. Going back it comes first: take both means of γ g."),
    ("sums for means", edit(".mean(", ".sum("),
     "You take sums over the channels. What comes through the mean and the variance is shared by all C of "
     "them: means."),
    ("forgets the deviation", edit(" / deviation", ""),
     "x was divided by the deviation, so its gradient is too."),
])


def members(rng):
    yield "three networks", rng.normal(size=(3, 5, 4)) * 3
    yield "one very sure network", [[[9.0, 0.0, 0.0]], [[0.0, 0.5, 0.0]], [[0.0, 0.5, 0.0]]]
    yield "one network", rng.normal(size=(1, 4, 3))
    yield "large logits", rng.normal(size=(2, 3, 6)) * 20


def ensemble(logits):
    return nn.softmax(logits, axis=-1).mean(axis=0)


ENSEMBLE = Function(7, ensemble, members, allows=("softmax",), mistakes=[
    ("averages the logits", lambda logits: nn.softmax(logits.mean(axis=0), axis=-1),
     "You averaged before the softmax: one network with huge logits then outvotes all others. Average "
     "probabilities."),
    ("adds up", edit("mean", "sum"),
     "These are sums: the probabilities of an example add up to the number of networks."),
    ("over the examples", edit("axis=0", "axis=1"),
     "You averaged over the examples. The networks are along axis 0."),
    ("softmax over the networks", edit("axis=-1", "axis=0"),
     "This softmax runs over the networks. Each network's probabilities add up to 1 over the classes."),
])

CLAIM = Explain(8, rubric=[
    "Batch norm's gap is smaller, but the gap alone is no aim: what is its accuracy on new data?",
    "λ was chosen on the test set, so the test accuracy flatters it.",
    "One seed each: the difference may be luck; ask for several seeds, the same ones, and an interval.",
    "The runs had different numbers of steps or learning rates: not the same conditions.",
])
