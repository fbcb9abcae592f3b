import numpy as np

import nnlearn as nn
from nnlearn.exercises import Explain, Function, Predict, edit
from nnlearn.exercises.budget import Loss, losses_within_budget, no_classes

GAP = Predict(1, "80 %", mistakes=[
    ("training is always easy", "100 %",
     "100 % means: answered all as labelled, the 20 wrong labels included. Would someone who understands "
     "digits do that?"),
    ("counts the wrong labels", "20 %",
     "20 of the labels are wrong. How often does the right answer agree with the label?"),
], after="So in training the perfect student is beaten by the one who learned by heart.")


def weights_and_gradients(rng):
    yield "three weights", rng.normal(size=3), rng.normal(size=3), 0.1, 0.5
    yield "a matrix", rng.normal(size=(4, 2)), rng.normal(size=(4, 2)), 0.3, 2.0
    yield "no decay", rng.normal(size=5), rng.normal(size=5), 0.05, 0.0
    yield "no gradient", [2.0, -3.0, 0.5], [0.0, 0.0, 0.0], 0.2, 0.3


def decayed(w, g, lr, decay):
    return w - lr * (g + decay * w)


DECAY = Function(2, decayed, weights_and_gradients, mistakes=[
    ("λ alone", edit("decay * w", "decay"),
     "You add λ to every gradient. The slope of λ/2 · w² is λ w: the larger a weight, the harder the pull."),
    ("uphill", edit("w - lr", "w + lr"), "You climb: the step goes against the gradient."),
    ("the step alone", edit("w - lr", "-lr"), "That is the step. Return the weights after it."),
    ("the decay of the gradient", edit("(g + decay * w)", "(1 - decay) * g"),
     "You shrink the gradient. It is the weights that decay."),
    ("the decay alone", edit("(g + decay * w)", "(decay * w)"),
     "The weights shrink, and the step against `g` is missing."),
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
    ("shrinks after the step", edit("w - lr * (g + decay * w)", "(w - lr * g) * (1 - lr * decay)"),
     "You shrink what the step has already moved. The gradient λ w is taken where the step begins: at "
     "the old w."),
    ("the penalty as a number", edit("decay * w", "decay / 2 * (w**2).sum()"),
     "You add the penalty itself, one number, to every slope. What is wanted is its derivative for each "
     "weight: λ w."),
    ("squares the weight", edit("decay * w", "decay * w**2"),
     "Your pull is λ w², which has one sign for all weights. The derivative of w²/2 is w."),
    ("the direction alone", edit("decay * w", "decay * w / max(np.sqrt((w**2).sum()), 1e-12)"),
     "That is the slope of λ‖w‖. The penalty has the *square* of the norm, and the slope λ w."),
    ("the gradient", edit("w - lr * (g + decay * w)", "g + decay * w"),
     "That is the gradient, and it is right. Now take the step: w less `lr` times it."),
    ("half the pull", edit("decay * w", "decay / 2 * w"),
     "You pull half as hard: the square's derivative, 2 w, and the ½ make λ w."),
    ("all weights alike", edit("decay * w", "decay * np.sqrt((w**2).sum())"),
     "Every weight is pulled by the same number, the norm. Each is pulled in proportion to itself: λ w."),
    ("the mean of the penalty", edit("decay * w", "decay * w / w.size"),
     "You divide the pull by the number of weights. The penalty adds the squares up, it takes no mean."),
])


def masks(rng):
    yield "two examples", rng.normal(size=(2, 5)), rng.random((2, 5)) > 0.25, 0.25
    yield "most switched off", rng.normal(size=(3, 4)), rng.random((3, 4)) > 0.8, 0.8
    yield "nothing switched off", rng.normal(size=6), np.ones(6, bool), 0.0
    yield "half", [1.0, -2.0, 3.0], [True, False, True], 0.5


def dropped(x, keep, p):
    return x * keep / (1 - p)


DROPOUT = Function(3, dropped, masks, mistakes=[
    ("what stays alone", lambda x, keep, p: x[keep == 1] / (1 - p),
     "`x[keep]` gives the units that stay, in a row. The others stay in their places, as zeros."),
    ("nobody switched off", edit("x * keep", "x"), "The mask has no say in yours: who does not stay is 0."),
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
    ("another mask", edit("* keep", "* (np.random.default_rng(0).random(x.shape) >= p)"),
     "You drew a mask of your own. `keep` says who stays."),
    ("adds p", edit("(1 - p)", "(1 + p)"),
     "You divide by more than 1. A share 1 − p is left, and has to make up for the rest."),
    ("times 1 + p", edit("/ (1 - p)", "* (1 + p)"),
     "1 + p is near 1 / (1 − p) for small p only. At p = 0.5 what is left has to count twice."),
    ("the root of the share", edit("(1 - p)", "np.sqrt(1 - p)"),
     "The root keeps the mean *square*. Asked for is the mean: divide by 1 − p."),
    ("scales who is out", edit("x * keep / (1 - p)", "np.where(keep, x, x / (1 - p))"),
     "Nobody is switched off here. Units that do not stay become 0, the others are divided by 1 − p."),
    ("keeps the sum", edit("/ (1 - p)", "* x.sum() / (x * keep).sum()"),
     "You make this mask's sum right. Divide by what is to be *expected*, 1 − p: only the mean over all "
     "masks must be x."),
    ("each row by what happened", edit("(1 - p)", "np.maximum(np.mean(keep, axis=-1, keepdims=True), 1e-9)"),
     "You divide each example by the share that happened to stay. Divide by the share to be expected, 1 "
     "− p."),
])


def matrices(rng):
    yield "five units", rng.normal(size=(5, 3)) * [[0.1], [0.3], [1], [2], [4]], 1.0
    yield "as many units as weights of each", rng.normal(size=(3, 3)), 0.8
    yield "exactly as long as the amount", [[3.0, -4.0], [-0.6, 0.8], [6.0, 8.0]], 5.0
    yield "a unit that is out already", [[0.0, 0.0], [1.0, -2.0]], 0.5
    yield "nothing taken", [[0.0, 0.0], [0.3, 0.4]], 0.0
    yield "one weight each", rng.normal(size=(4, 1)), 0.5


def shrunk(W, amount):
    length = np.sqrt((W**2).sum(axis=1, keepdims=True))
    return W * np.maximum(length - amount, 0) / np.where(length > 0, length, 1)


SOFT = Function(4, shrunk, matrices, mistakes=[
    ("to that length", edit("np.maximum(length - amount, 0)", "amount"),
     "You bring each row to the length `amount`. It is to become shorter *by* so much."),
    ("less for each weight", lambda W, amount: W - amount,
     "You take `amount` from each weight: that turns the row. Multiply all of it by one factor."),
    ("towards zero, each by itself", lambda W, amount: W - amount * np.sign(W),
     "You move each weight towards zero by itself, and beyond. A row keeps its direction: multiply all of it "
     "by one factor, new length over old."),
    ("not divided by the length", edit(" / np.where(length > 0, length, 1)", ""),
     "You multiply a row by its new length. Divide by the old one, too."),
    ("each weight by itself", lambda W, amount: np.sign(W) * np.maximum(np.abs(W) - amount, 0),
     "That is L1 for single weights: it makes zeros here and there. A unit can go only when all of its row "
     "is zero. So shorten the row as one vector."),
    ("the columns", edit("axis=1", "axis=0"),
     "You shorten columns. The weights that leave a unit stand in its row."),
    ("all together", edit("axis=1, keepdims=True", ""),
     "You shorten the whole matrix as one vector. Each unit has a length of its own."),
    ("beyond zero", edit("np.maximum(length - amount, 0)", "(length - amount)"),
     "A row shorter than the amount has been turned round. It should stop at zero."),
    ("the squared length", edit("np.sqrt", ""),
     "You take the amount from the *squared* length. The length is its root."),
    ("the amount as a share",
     lambda W, amount: W * (1 - amount) * (np.linalg.norm(W, axis=1) > amount)[:, None],
     "The long rows lose the same share, whatever their length. What factor makes a row of length 4 one of "
     "length 3?"),
    ("the long ones stay", edit("np.maximum(length - amount, 0) / np.where(length > 0, length, 1)",
     "(length > amount)"),
     "Short rows are zero, good. But the long ones should become shorter by the amount as well."),
    ("zero over zero", edit("np.where(length > 0, length, 1)", "length"),
     "A row that is zero already has no direction: 0/0. It stays as it is."),
    ("the sum of absolute values", edit("np.sqrt((W**2).sum(axis=1, keepdims=True))",
     "abs(W).sum(axis=1, keepdims=True)"),
     "You measure rows by the sum of absolute values. The length is the root of the sum of squares."),
    ("the mean square", edit("(W**2).sum", "(W**2).mean"),
     "You take the root of the *mean* square. The length is the root of their sum."),
    ("times the length", edit("np.maximum(length - amount, 0) / np.where(length > 0, length, 1)",
     "np.maximum(1 - amount * length, 0)"),
     "Long rows lose most of themselves here. A factor (length − amount) / length makes a row shorter by "
     "`amount`."),
    ("to that length", edit("np.maximum(length - amount, 0) / np.where(length > 0, length, 1)",
     "np.minimum(1, amount / np.where(length > 0, length, 1))"),
     "Rows come back with the length `amount` at most: that is clipping. Each is to become shorter *by* "
     "it."),
    ("grows again below zero", edit("np.maximum(length - amount, 0)", "abs(length - amount)"),
     "A row that is too short comes back with a length of its own. It is to be zero."),
    ("from each weight", edit("W * np.maximum(length - amount, 0) / np.where(length > 0, length, 1)",
     "np.where(length > amount, W - amount, 0)"),
     "You take the amount from every weight, negative ones too. The row keeps its direction: multiply it "
     "by one factor."),
    ("a share for all", edit("np.maximum(length - amount, 0) / np.where(length > 0, length, 1)",
     "(1 - amount)"),
     "Every row loses the same share, and none becomes zero. By which factor is a row of length 4 made "
     "one of length 3?"),
    ("a little added below", edit("np.where(length > 0, length, 1)", "(length + 1e-3)"),
     "What you add to the length to escape 0/0 makes every other row too short."),
], after="It is called group lasso. What is left of the network is smaller, not just full of zeros.")


def layers_with_norm(rng):
    def layer(n, m):
        mean, var = rng.normal(size=m), rng.uniform(0.2, 3, m)
        return rng.normal(size=(n, m)), rng.normal(size=m), mean, var, rng.normal(size=m), rng.normal(size=m)

    yield "four inputs, three channels", *layer(4, 3), 1e-5
    yield "as many channels as inputs", *layer(3, 3), 0.1
    yield "one input", *layer(1, 2), 1e-3
    W, b, mean, _, gamma, beta = layer(2, 4)
    yield "channels that never changed", W, b, mean, np.zeros(4), gamma, beta, 0.5


def folded(W, b, mean, var, gamma, beta, eps):
    scale = gamma / np.sqrt(var + eps)
    return W * scale, (b - mean) * scale + beta


NORM = Function(5, folded, layers_with_norm, outputs="W b", mistakes=[
    ("the mean from the weights", edit("W * scale, (b - mean)", "(W - mean) * scale, b"),
     "You take the mean from the weights, where it is multiplied by x. It belongs to z: take it from b."),
    ("multiplied by the deviation", edit("gamma / np.sqrt", "gamma * np.sqrt"),
     "Batch norm divides by √(var + ε). You multiply."),
    ("the weights alone", edit("(b - mean) * scale + beta", "b"),
     "W is right. But the mean that is taken away and the β that comes on top have to go somewhere: into b."),
    ("forgets the mean", edit("(b - mean)", "b"),
     "W is right. Batch norm also takes the mean away, before it scales."),
    ("does not scale the bias", edit("(b - mean) * scale + beta", "b - mean + beta"),
     "W is right. The layer's b goes through the scaling as well, and so does the mean."),
    ("the mean after the scaling", edit("(b - mean) * scale + beta", "b * scale - mean + beta"),
     "W is right. The mean is taken away *before* the scaling: it is scaled too."),
    ("scales the shift", edit("(b - mean) * scale + beta", "(b - mean + beta) * scale"),
     "W is right. β comes last: nothing scales it."),
    ("no γ", edit("gamma / np", "1 / np"), "Mean and variance are right. Each channel's γ is still missing."),
    ("divides by the variance", edit("np.sqrt(var + eps)", "(var + eps)"),
     "You divide by the variance; the deviation is its root."),
    ("ε outside the root", edit("np.sqrt(var + eps)", "(np.sqrt(var) + eps)"),
     "ε belongs under the root: √(var + ε)."),
    ("scales the rows", lambda W, b, mean, var, gamma, beta, eps: (
        W * (gamma / np.sqrt(var + eps))[: len(W), None], folded(W, b, mean, var, gamma, beta, eps)[1]),
     "Your b is right. W is (n_in, n_out), and a channel is a *column*: scale those."),
    ("the other way round", edit("W * scale", "W / scale"),
     "Your b is right. The outputs are multiplied by γ / √(var + ε), so the weights are too."),
    ("leaves b", edit("(b - mean) * scale", "b - mean * scale"),
     "W is right, and so is the mean's part. The layer's own b is scaled as well."),
    ("forgets b", edit("(b - mean)", "(-mean)"),
     "W is right. The layer had a bias of its own: it has gone."),
    ("forgets beta", edit(" + beta", ""),
     "W is right. The β that batch norm adds at the end is missing."),
    ("adds the mean", edit("b - mean", "b + mean"),
     "W is right. The mean is taken away, not added."),
    ("γ for the weights alone", edit("(b - mean) * scale", "(b - mean) / np.sqrt(var + eps)"),
     "W is right. What is left of b goes through γ too."),
    ("no ε", edit("var + eps", "np.maximum(var, 1e-300)"),
     "ε is missing under the root. Where a channel hardly changes it decides."),
    ("squares the variance", edit("np.sqrt(var + eps)", "(var**2 + eps)"),
     "The variance is the square already: its root is the deviation."),
    ("the same weights", edit("W * scale", "W"),
     "Your b is right. The weights have to be scaled too, channel by channel."),
], after="So in use batch norm costs nothing: networks are shipped with it folded away.")


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
    ("added", edit("(h - mean - normal * along)", "(h + mean + normal * along)"),
     "Both detours take something away: minus the mean of h, and minus the part along x̂."),
    ("γ once more", edit("(h - mean", "gamma * (h - mean"),
     "γ stands in h already. Do not multiply by it again."),
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
    ("times the deviation", edit("/ deviation", "* deviation"),
     "x̂ is x *divided* by the deviation: going back divides too."),
    ("the deviation twice", edit("/ deviation", "/ deviation**2"),
     "You divide by the deviation twice. `normal` is divided by it already: once is enough."),
    ("adds the third road", edit("- normal * along", "+ normal * along"),
     "Stretching an example must change nothing: what goes along `normal` is taken away, not added."),
    ("the same mean twice", edit("(h * normal).mean(axis=1, keepdims=True)", "h.mean(axis=1, keepdims=True)"),
     "Both means are the same in yours. The one for the variance is that of h times `normal`."),
    ("the third road, without direction", edit("normal * along", "along"),
     "What comes back through the variance goes to each channel in proportion to its `normal`."),
    ("divides by gamma", edit("gamma * g", "g / gamma"),
     "Forwards γ multiplies, and backwards too."),
    ("n − 1", edit("(h * normal).mean(axis=1, keepdims=True)",
     "(h * normal).sum(axis=1, keepdims=True) / (h.shape[1] - 1)"),
     "Layer norm's variance is a plain mean: divide by C here as well."),
    ("one mean for the whole batch", edit("axis=1, keepdims=True", ""),
     "Your means run over the whole batch. Each example has its own: axis 1."),
    ("a sum in the third road", edit("(h * normal).mean(axis=1, keepdims=True)",
     "(h * normal).sum(axis=1, keepdims=True)"),
     "The mean's road is right. The variance's has a sum where a mean belongs."),
    ("γ not in the mean", edit("mean = h.mean", "mean = g.mean"),
     "The mean that you take away is that of g. Take it of γ g."),
    ("γ not along normal", edit("(h * normal)", "(g * normal)"),
     "Along `normal` goes g in yours. γ g went through there."),
    ("γ in the means alone", edit("return (h -", "return (g -"),
     "The two means are right. The direct road is γ g as well."),
    ("the third road twice", edit("- normal * along", "- 2 * normal * along"),
     "The 2 of the square and the ½ of the root cancel: what goes along `normal` is taken away once."),
])


def members(rng):
    yield "three networks", rng.normal(size=(3, 5, 4)) * 3
    yield "one very sure network", [[[9.0, 0.0, 0.0]], [[0.0, 0.5, 0.0]], [[0.0, 0.5, 0.0]]]
    yield "one network", rng.normal(size=(1, 4, 3))
    yield "large logits", rng.normal(size=(2, 3, 6)) * 20
    yield "very large logits", [[[1000.0, 999.0]], [[-1000.0, -998.0]]]
    yield "very low logits", [[[-1000.0, -1001.0]], [[-999.0, -1002.0]]]


def ensemble(logits):
    return nn.softmax(logits, axis=-1).mean(axis=0)


def by_one_largest(logits):
    e = np.exp(logits - logits.max())
    return (e / e.sum(axis=-1, keepdims=True)).mean(axis=0)


ENSEMBLE = Function(7, ensemble, members, allows=("softmax",), mistakes=[
    ("the classes", lambda logits: ensemble(logits).argmax(axis=-1),
     "You return the class. Asked for are the ensemble's probabilities."),
    ("multiplied", edit("mean", "prod"),
     "You multiply the probabilities: their product does not add up to 1, and one doubt outvotes all. Take "
     "the average."),
    ("one of them", lambda logits: nn.softmax(logits[0], axis=-1),
     "You ask the first network alone. Average over all of them."),
    ("averages the logits", lambda logits: nn.softmax(logits.mean(axis=0), axis=-1),
     "You averaged before the softmax: one network with huge logits then outvotes all others. Average "
     "probabilities."),
    ("adds up", edit("mean", "sum"),
     "These are sums: the probabilities of an example add up to the number of networks."),
    ("over the examples", edit("axis=0", "axis=1"),
     "You averaged over the examples. The networks are along axis 0."),
    ("softmax over the networks", edit("axis=-1", "axis=0"),
     "This softmax runs over the networks. Each network's probabilities add up to 1 over the classes."),
    ("over the batch", edit("nn.softmax(logits, axis=-1)", "nn.softmax(logits, axis=1)"),
     "Your softmax runs over the examples. Each example's probabilities add up to 1 over the classes, "
     "the last axis."),
    ("a vote", edit("nn.softmax(logits, axis=-1)", "np.eye(logits.shape[-1])[logits.argmax(axis=-1)]"),
     "You let each network vote. How sure it is counts as well: average the probabilities."),
    ("no softmax", edit("nn.softmax(logits, axis=-1)", "logits"),
     "These are averaged logits, not probabilities."),
    ("softmax twice", lambda logits: nn.softmax(nn.softmax(logits, axis=-1).mean(axis=0), axis=-1),
     "The averages are probabilities already: a second softmax only evens them out."),
    ("the surest network", edit(".mean(axis=0)", ".max(axis=0)"),
     "You take the largest probability of any network. They do not add up to 1 any more."),
    ("the median", lambda logits: np.median(nn.softmax(logits, axis=-1), axis=0),
     "You take the median of the networks. Asked for is the average."),
    ("one largest for all", by_one_largest,
     "You take the largest of *all* logits away: where a network's own are far below, nothing is left but 0. "
     "Each example of each network has its own largest."),
    ("cut off", lambda logits: nn.softmax(np.clip(logits, -50, 50), axis=-1).mean(axis=0),
     "You cut the logits off, and two of them become equal that were not. Take the largest away instead: "
     "differences stay."),
    ("overflow", lambda logits: (np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)).mean(axis=0),
     "e¹⁰⁰⁰ is no number any more. `nn.softmax` takes the largest logit away first; so must you."),
])

CLAIM = Explain(8, rubric=[
    "Batch norm's gap is smaller, but the gap alone is no aim: what is its accuracy on new data?",
    "λ was chosen on the test set, so the test accuracy flatters it.",
    "One seed each: the difference may be luck; ask for several seeds, the same ones, and an interval.",
    "The runs had different numbers of steps or learning rates: not the same conditions.",
])


def noisy_fits(rng):
    for name, steps, every in [("eight looks", 40, 5), ("a look at every step", 12, 1), ("a rest", 33, 5)]:
        X, true, seed = rng.normal(size=(40, 10)), rng.normal(size=10), int(rng.integers(10**6))
        yield name, {"X": X, "y": X @ true, "seed": seed}, "its step", "its loss", steps, every


def watched(answer, model, step, loss, steps, every):
    """What `answer` makes of a linear regression with dropout on its inputs, and how it got there.

    The dictionary has its data; its step and its loss are made here, for no case can hold them.
    """
    X, y = model["X"], model["y"]
    log: list[tuple] = []
    rng = np.random.default_rng(model["seed"])

    class Noisy:
        def __init__(self):
            self.weights, self.training = np.zeros(X.shape[1]), True

        def train(self):
            self.training = True

        def eval(self):
            self.training = False

        def __call__(self, x):
            return (x * (rng.random(x.shape) < 0.7) / 0.7 if self.training else x) @ self.weights

    def step_of(noisy):
        log.append(("step", noisy.training))
        kept = X * (rng.random(X.shape) < 0.7) / 0.7 if noisy.training else X
        noisy.weights -= 0.1 * kept.T @ (kept @ noisy.weights - y) / len(y)

    def loss_of(noisy):
        value = np.mean((noisy(X) - y / 2) ** 2)  # so that the best weights lie on the way
        log.append(("look", noisy.training, value, noisy.weights.copy()))
        return value

    noisy = Noisy()
    found = answer(noisy, step_of, loss_of, steps, every)
    if found is None:
        return None
    taken, looks = ([row for row in log if row[0] == kind] for kind in ("step", "look"))
    return {
        "found": np.array(found),
        "left": noisy.weights.copy(),
        "counts": [len(taken), len(looks)],
        "modes": [bool(taken and taken[0][1]), all(row[1] for row in taken), any(row[1] for row in looks)],
        "losses": [row[2] for row in looks],
        "weights": [row[3] for row in looks],
    }


def symptom(seen, model, step, loss, steps, every):
    """What is still wrong with a training, or that nothing is."""
    first_awake, always_awake, looked_awake = seen["modes"]
    if seen["counts"][0] != steps or seen["counts"][1] != steps // every:
        return "{} steps and {} looks".format(*seen["counts"])
    if looked_awake:
        return "units are switched off while the loss is looked at"
    if not always_awake:
        return f"steps without dropout, from the first {'look' if first_awake else 'step'} on"
    if np.array_equal(seen["weights"][int(np.argmin(seen["losses"]))], seen["found"]):
        return "the best weights"
    return "the last weights" if np.array_equal(seen["left"], seen["found"]) else "other weights"


def mended(model, step, loss, steps, every):
    best, lowest = model.weights, np.inf
    for k in range(1, steps + 1):
        model.train()
        step(model)
        if k % every == 0:
            model.eval()
            value = loss(model)
            if value < lowest:
                best, lowest = model.weights.copy(), value
    return best


STAYS_AWAKE = "            model.eval()\n", ""
STAYS_ASLEEP = "        model.train()\n", ""
NO_COPY = ".copy()", ""

REPAIR = Function(9, mended, noisy_fits, run=watched, measure=symptom, mistakes=[
    ("looks with dropout on", edit(*STAYS_AWAKE, *STAYS_ASLEEP, *NO_COPY),
     "The validation loss is still a matter of chance. While you look, no unit should be switched off: which "
     "line sees to that?"),
    ("asleep after the first look", edit(*STAYS_ASLEEP, *NO_COPY),
     "The looks are right now. And after them? Print `model.training` at each step: it is off from the first "
     "look on."),
    ("no copy", edit(*NO_COPY),
     "Dropout is on in training and off in the looks. What comes back are the last weights all the same: "
     "you noted *where* the best weights were, and later steps have written over them. (A copy at the end "
     "comes too late.)"),
    ("asleep from the start", edit("    best, lowest", "    model.eval()\n    best, lowest", *STAYS_ASLEEP),
     "You switch to evaluation before the training: not one step has dropout. Switch for each look, and "
     "back."),
    ("the first look", edit("if value < lowest", "if lowest == np.inf"),
     "Modes and copies are right, but these are the weights of another look. Compare each loss with the "
     "lowest so far."),
    ("looks at every step", edit("if k % every == 0", "if True"),
     "You look more often than every `every` steps: each look costs a pass over the validation data."),
    ("counts from zero", edit("range(1, steps + 1)", "range(steps)"),
     "Your looks are not those after every `every` steps: count the steps from 1, and look when `every` "
     "goes into that, never besides."),
    ("two looks", edit("if value < lowest", "if loss(model) < lowest"),
     "You compute the loss twice at each look. A look is dear: keep its value."),
    ("a step too few", edit("range(1, steps + 1)", "range(1, steps)"),
     "The last step is missing."),
], after="None of the three stops the program or looks odd in a loss curve. Ask twice, print the mode, and "
         "compare what comes back with what was noted.")


def measured(seed):
    """(X, y, X_new, y_new): 300 measurements of which three count; every tenth label of y is wrong."""
    rng = np.random.default_rng(seed)
    sign, which = rng.choice([-1, 1], 3), rng.permutation(300)[:3]
    X, X_new = rng.normal(size=(240, 300)), rng.normal(size=(600, 300))
    y, y_new = ((each[:, which] @ sign > 0).astype(int) for each in (X, X_new))
    wrong = rng.permutation(240)[:24]
    y[wrong] = 1 - y[wrong]
    return X, y, X_new, y_new


def many_measurements(rng):
    seed = int(rng.integers(10**6))
    yield "300 measurements", *measured(seed)[:3], 100, {"seed": seed}


def reached(found, X, y, X_new, steps, backward):
    """Has the bar been reached? Many regularisers get there."""
    classes, losses = np.asarray(found[0]), found[1]
    if wrong := no_classes(classes, len(X_new)):
        return wrong
    right = np.mean(classes == measured(backward["seed"])[3])
    if right >= 0.75:
        return "75 of 100 right"
    if right < 0.2:
        return "nearly all wrong"
    guesses = not len(losses) or not losses[-1] < 0.66
    return "fewer than 75 of 100 right" + ", and hardly more of its own" * guesses


def lasso(X, y, X_new, steps, backward):
    """No network: the bar is compared, and a logistic regression with an L1 penalty reaches it."""
    w = np.zeros(X.shape[1])
    for _ in range(steps):
        backward(Loss(0.1))
        w = w - X.T @ (1 / (1 + np.exp(-X @ w)) - y) / len(X)
        w = np.sign(w) * np.maximum(np.abs(w) - 0.06, 0)
    return np.where(X_new @ w > 0, 1, 0)


TRAIN = Function(10, lasso, many_measurements, run=losses_within_budget, measure=reached,
    allows=("Linear", "SGD", "cross_entropy"), mistakes=[
    ("learned by heart", edit("        w = np.sign(w) * np.maximum(np.abs(w) - 0.06, 0)\n", ""),
     "It knows its 240 answers by heart: 297 measurements say nothing, and their weights follow the noise. "
     "Which regulariser makes weights *exactly* zero? If you have it, print how many measurements still have "
     "weights that are not zero. Far more than three: take away more at each step. Fewer: take away less. "
     "Some rows kept apart tell which amount is best."),
    ("nothing learned", edit("X_new @ w > 0, 1, 0", "X_new @ w > 9, 1, 0", "0.1", "0.7"),
     "The loss ends where guessing is, ln 2, or above. Is a step taken, and downhill? If so, print how many "
     "measurements still have weights that are not zero: none? Then take away less at each step. (What a "
     "step takes away is the learning rate times λ.)"),
    ("returns the logits", edit("np.where(X_new @ w > 0, 1, 0)", "X_new[:, :2]"),
     "You return two numbers for each row. Its class is the place of the larger one."),
    ("turned round", edit("np.where(X_new @ w > 0, 1, 0)", "np.where(X_new @ w > 0, 0, 1)"),
     "Nearly all wrong: so it knows what counts, and says the opposite. Do you step against the gradient?"),
    ("over budget", edit("range(steps)", "range(steps + 1)"),
     "Every call of `backward` counts. If fewer steps do not suffice, they have to be longer."),
], after="A regulariser is a belief about the data. This one says: most of it does not matter. Where that is "
         "true, it is worth more than many new examples.")
