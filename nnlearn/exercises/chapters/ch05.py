import numpy as np

from nnlearn.exercises import Explain, Function, Predict, Value, edit

HOTTER = Predict(1, "closer together", mistakes=[
    ("heat as strength", "further apart",
     "The scores are divided by the temperature: what does a large T do to their differences?"),
    ("only the order counts", "the same",
     "The order of the probabilities stays. Do their differences? Try scores 2 and 0 with T = 1 and T = 10."),
], after="Divided by a large T, all scores are nearly equal, and so are their exponentials.")

STEEPEST = Value(2, 0.25**10, rtol=1e-3, atol=0.0, mistakes=[
    ("one sigmoid", 0.25, "That is one sigmoid. The slopes of ten in a row multiply."),
    ("adds the slopes", 2.5, "Each neuron passes on a share of what it gets: shares multiply."),
    ("slope one half", 0.5**10, "One half is the sigmoid's value at 0. What is its slope there?"),
    ("twenty of them", 0.25**20, "That is twenty. Here ten stand in a row."),
])


def numbers_far_and_near(rng):
    yield "ordinary numbers", rng.normal(size=7) * 2
    yield "a batch", rng.normal(size=(4, 3)) * 3
    yield "zero", [0.0]
    yield "whole numbers", [-2, 0, 3]
    yield "numbers in the thousands", [-3000.0, -800.0, 800.0, 3000.0]


def sigmoid(z):
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


SIGMOID = Function(3, sigmoid, numbers_far_and_near, atol=1e-300, mistakes=[
    ("other fraction everywhere", lambda z: np.exp(z) / (1 + np.exp(z)),
     "For large positive z this is infinity over infinity. Use this form for negative z only."),
    ("sign of the exponent", lambda z: 1 / (1 + np.exp(z)),
     "Your function falls where the sigmoid rises: look at the sign in the exponent."),
    ("tanh instead", lambda z: np.tanh(z),
     "Those values run from -1 to 1: that is tanh. The sigmoid runs from 0 to 1."),
    ("symmetric by mistake", edit("np.where(z >= 0, 1, e)", "1"),
     "Negative z must give values below one half. "
     "With |z| in the exponent both sides get the same fraction."),
    ("clips", lambda z: 1 / (1 + np.exp(-np.clip(z, -10, 10))),
     "Clipping z hides the overflow and changes the values: at z = -800 the sigmoid is not that of -10."),
], after="Every exponential in it is at most 1: nothing can overflow.")


def scores(rng):
    yield "one row of scores", rng.normal(size=5), -1, 1.0
    yield "a batch, over its last axis", rng.normal(size=(3, 4)), -1, 1.0
    yield "a batch, over its first axis", rng.normal(size=(3, 4)), 0, 1.0
    yield "three axes, over the middle one", rng.normal(size=(2, 3, 4)), 1, 0.5
    yield "a high temperature", rng.normal(size=(2, 3)), 1, 20.0
    yield "scores in the thousands", [[1000.0, 998.0, -4000.0], [-5000.0, -5001.0, -5001.0]], -1, 2.0


def softmax(z, axis, T):
    z = z / T
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


SOFTMAX = Function(4, softmax, scores, mistakes=[
    ("overflows", edit(" - z.max(axis=axis, keepdims=True)", ""),
     "It overflows for large scores. Take the largest score along the axis away from all of them first."),
    ("always the last axis", edit("axis=axis", "axis=-1"),
     "You always use the last axis. Pass `axis` on to `max` and `sum`."),
    ("forgets keepdims", edit("sum(axis=axis, keepdims=True)", "sum(axis=axis)"),
     "After the sum, the axis is gone and the shapes no longer match: "
     "`keepdims=True` keeps it with length 1."),
    ("multiplies by the temperature", edit("z / T", "z * T"),
     "The scores are divided by T: a hot softmax is an undecided one."),
    ("ignores the temperature", edit("z / T", "z"),
     "T changes nothing in your function. Divide the scores by it before you exponentiate."),
    ("normalises over everything", edit("axis=axis", "axis=None"),
     "Each row has to sum to 1 along `axis`; yours sum to 1 over the whole array."),
])


def numbers(rng):
    yield "ordinary numbers", rng.normal(size=6) * 2
    yield "a batch", rng.normal(size=(3, 5)) * 3
    yield "zero", [0.0]


def dsilu(z):
    s = 1 / (1 + np.exp(-z))
    return s + z * s * (1 - s)


DSILU = Function(5, dsilu, numbers, allows=("sigmoid",), rtol=1e-6, mistakes=[
    ("the value", edit("s + z * s * (1 - s)", "z * s"), "That is the SiLU itself. Its slope is asked for."),
    ("product of the slopes", edit("s + z * s", "s"),
     "The slope of a product is not the product of the slopes: use the product rule on z · sigmoid(z)."),
    ("half of the product rule", edit(" + z * s * (1 - s)", ""),
     "One half of the product rule is there: the slope of z times the sigmoid. "
     "Add z times the slope of the sigmoid."),
    ("forgets z", edit("z * s", "s"), "In the second part of the product rule, the factor z is missing."),
], after="Where z is large the slope is 1, as the ReLU's; it even exceeds 1 for a while.")


def inputs_of_relus(rng):
    z = rng.normal(size=(6, 5))
    z[:, [1, 3]] = -np.abs(z[:, [1, 3]]) - 0.1
    yield "six inputs and five neurons", z
    yield "a neuron that is exactly at zero", [[-1.0, 0.0, -2.0], [-3.0, 0.0, 1.0]]
    yield "all alive", np.abs(rng.normal(size=(3, 4))) + 0.1
    yield "all dead", -np.ones((7, 2))
    yield "one input", [[-1.0, 2.0, -3.0, -4.0]]


def dead_share(z):
    return (z <= 0).all(axis=0).mean()


DEAD = Function(6, dead_share, inputs_of_relus, mistakes=[
    ("share of zeros", edit(".all(axis=0)", ""),
     "That is the share of zeros. A neuron is dead when it is zero for every input: "
     "`all` along the batch first."),
    ("along the wrong axis", edit("axis=0", "axis=1"),
     "You count inputs for which all neurons are silent. A neuron is a column: go along axis 0."),
    ("any instead of all", edit("all", "any"),
     "Silent for some input is how a ReLU works. Dead is silent for all of them."),
    ("counts instead of a share", edit("mean", "sum"),
     "That is how many. The share is that number divided by the number of neurons."),
    ("the living", edit("<= 0).all", "> 0).any"), "That is the share of neurons that live."),
    ("zero counts as firing", edit("<=", "<"),
     "A ReLU at z = 0 passes nothing on and its slope is taken as 0: count `z <= 0`."),
])

WHICH = Explain(7, rubric=[
    "hidden layers: not sigmoids, because slopes of at most 1/4 multiply to next to nothing",
    "a named choice with its risk: ReLU units can die; GELU's slope fades far to the left; tanh saturates",
    "output: softmax, because the four classes compete and the answers have to be probabilities",
])
