import numpy as np

from nnlearn.exercises import Explain, Function, Predict, Value, edit
from nnlearn.exercises.budget import NoLoss, within_budget

CHEAP = Predict(1, "it carries nothing", mistakes=[
    ("short is efficient", "it is very efficient",
     "A price near 0 means that q(z|x) is almost N(0, 1), for every picture. Can a decoder tell two pictures "
     "apart by that?"),
    ("takes it for the error", "the pictures are nearly perfect",
     "That would be the other term, the squared error. This one is the price of the code."),
], after="Posterior collapse. Compare each picture with the average picture, and look at v.")

THREE = Value(2, (2 * np.sqrt(0.512), 1 - 0.512), rtol=0.001, mistakes=[
    ("no root", (2 * 0.512, 1 - 0.512),
     "The variance is scaled by 0.8 in each step. By what is the value itself?"),
    ("one step", (2 * np.sqrt(0.8), 0.2), "That is x after one step. There are three."),
    ("three times the noise", (2 * np.sqrt(0.512), 0.6),
     "The noise of the first step is scaled down by the second and the third."),
    ("the width", (2 * np.sqrt(0.512), np.sqrt(0.488)), "Asked is the variance, not its root."),
])


def two_bells(rng):
    yield "a batch of codes", rng.normal(size=(4, 3)), rng.uniform(0.3, 2, (4, 3)), 0.7, 1.6
    yield "a batch of one, one number long", rng.normal(size=(1, 1)), rng.uniform(0.3, 2, (1, 1)), -0.5, 0.6
    yield "the same bell curve", [[0.4, 0.4]], [[0.9, 0.9]], 0.4, 0.9
    yield "very narrow", rng.normal(size=(2, 2)), np.full((2, 2), 1e-4), 0.3, 2.0


def kl(m, s, m_0, s_0):
    price = np.log(s_0 / s) + (s**2 + (m - m_0) ** 2) / (2 * s_0**2) - 0.5
    return price.sum(axis=1)


KL = Function(3, kl, two_bells, mistakes=[
    ("the standard one", lambda m, s, m_0, s_0: kl(m, s, 0.0, 1.0),
     "That is the chapter's, to N(0, 1). Here the second bell curve has a mean and a width of its own."),
    ("the other way round",
     lambda m, s, m_0, s_0: (np.log(s / s_0) + (s_0**2 + (m - m_0) ** 2) / (2 * s**2) - 0.5).sum(axis=1),
     "You exchanged the two. The mean is taken under the first, N(m, s²)."),
    ("a mean over the code", edit("sum(axis=1)", "mean(axis=1)"),
     "The numbers of a code are independent: their prices add up."),
    ("sum over everything", edit("sum(axis=1)", "sum()"), "Return one number for each picture of the batch."),
    ("not zero for equals", edit(" - 0.5", ""), "For two equal bell curves the divergence must be 0."),
    ("widths not squared", edit("(2 * s_0**2)", "(2 * s_0)"),
     "A squared distance is measured in units of a variance, s_0²."),
])


def guesses(rng):
    for name, shape, w, a in [
        ("a batch", (3, 4), 1.5, 0.6), ("no guidance", (2, 3), 0.0, 0.3),
        ("a batch of one, nearly all noise", (1, 5), 3.0, 0.01), ("against the class", (2, 2), -2.0, 0.8),
    ]:
        yield name, *rng.normal(size=(3, *shape)), w, a


def clean(x_t, told, untold, w, a):
    noise = (1 + w) * told - w * untold
    x = (x_t - np.sqrt(1 - a) * noise) / np.sqrt(a)
    return np.clip(x, -1, 1)


CLEAN = Function(4, clean, guesses, mistakes=[
    ("no guidance", edit("(1 + w) * told - w * untold", "told"), "The class makes a difference: go further."),
    ("between the two", edit("(1 + w) * told - w * untold", "(1 - w) * told + w * untold"),
     "You go from the told guess back to the untold one. Guidance goes the other way, beyond it."),
    ("from the untold one", edit("(1 + w) * told - w * untold", "untold + w * (told - untold)"),
     "Your w = 0 gives the guess without the class. In the chapter w = 0 is the guess with it."),
    ("no roots", edit("np.sqrt(1 - a)", "(1 - a)", "np.sqrt(a)", "a"),
     "`a` and 1 − `a` are shares of variance. What scales the values?"),
    ("not cut off", edit("np.clip(x, -1, 1)", "x"), "Pixels lie between −1 and 1: cut off what does not."),
    ("zero to one", edit("-1, 1)", "0, 1)"), "Black is 1, and white is −1 here, not 0."),
])


def halfway(rng):
    kept = np.array([1, 0.9, 0.7, 0.4, 0.1])
    yield "from 1 to 3", rng.normal(size=(3, 2)), 1, 3, rng.normal(size=(3, 2)), kept
    yield "from the beginning", rng.normal(size=(2, 4)), 0, 2, rng.normal(size=(2, 4)), kept
    yield "nowhere", rng.normal(size=(1, 3)), 2, 2, rng.normal(size=(1, 3)), kept
    yield "to the end", rng.normal(size=(2, 1)), 3, 4, rng.normal(size=(2, 1)), kept


def jump(x_s, s, t, noise, kept):
    a = kept[t] / kept[s]
    return np.sqrt(a) * x_s + np.sqrt(1 - a) * noise


JUMP = Function(5, jump, halfway, mistakes=[
    ("from x_0", edit("kept[t] / kept[s]", "kept[t]"),
     "That is the jump from x_0. Part of the way has been gone: what share of x_s is left at t?"),
    ("a difference", edit("kept[t] / kept[s]", "1 - kept[s] + kept[t]"),
     "Shares multiply from step to step. What undoes a product?"),
    ("turned over", edit("kept[t] / kept[s]", "np.minimum(1, kept[s])"),
     "The later share does not enter your jump at all."),
    ("no roots", edit("np.sqrt(a)", "a", "np.sqrt(1 - a)", "(1 - a)"),
     "Those are the shares of variance. The values are scaled by their roots."),
    ("noise as from the start", edit("np.sqrt(1 - a)", "np.sqrt(1 - kept[t])"),
     "x_s has noise in it already: less is needed to fill up to variance 1."),
])

COPIES = Explain(6, rubric=[
    "the yardstick: how near do new real pictures lie to the training set?",
    "a test that has caught a planted copy, moved or brightened, before it acquits",
    "plain pictures have near neighbours without being copied",
    "one bad average hides a few copies: look at the smallest distances too",
])


def steps(rng):
    kept = np.array([1, 0.8, 0.5, 0.2])
    for name, t, shape in [
        ("in the middle", 2, (3, 2)), ("the first step back", 3, (2, 4)), ("a batch of one", 2, (1, 1)),
        ("the last step", 1, (2, 3)),
    ]:
        yield name, rng.normal(size=shape), t, rng.normal(size=shape), rng.normal(size=shape), kept


def mended(x_t, t, guess, noise, kept):
    now, before = kept[t], kept[t - 1]
    a = now / before
    x_0 = (x_t - np.sqrt(1 - now) * guess) / np.sqrt(now)
    mean = (np.sqrt(before) * (1 - a) * x_0 + np.sqrt(a) * (1 - before) * x_t) / (1 - now)
    return mean + np.sqrt((1 - before) * (1 - a) / (1 - now)) * noise


WRONG_A, WRONG_X = ("a = now / before", "a = now"), ("np.sqrt(1 - now) * guess", "(1 - now) * guess")
WRONG_WIDTH = ("np.sqrt((1 - before) * (1 - a) / (1 - now))", "np.sqrt(1 - a)")

REPAIR = Function(7, mended, steps, mistakes=[
    ("as it was", edit(*WRONG_A, *WRONG_X, *WRONG_WIDTH),
     "All three faults are still there. Begin with x_0: for the true noise, does it come out?"),
    ("the share", edit(*WRONG_A),
     "One fault is left. `a` is the share that *one* step keeps, not all steps since the start."),
    ("x_0", edit(*WRONG_X), "One fault is left, in the guess of x_0: put in the true noise, and see."),
    ("the width", edit(*WRONG_WIDTH),
     "One fault is left: in the last step, t = 1, fresh noise still comes in. Which variance is 0 there?"),
    ("share and width", edit(*WRONG_A, *WRONG_WIDTH),
     "x_0 is right now. Two faults are left: what one step keeps, and how much fresh noise comes in."),
    ("a variance for a width", edit("np.sqrt((1 - before) * (1 - a) / (1 - now))",
                                    "((1 - before) * (1 - a) / (1 - now))"),
     "That is the variance of the fresh noise. What multiplies standard normal noise?"),
])


def noisy(seed, c, n):
    rng = np.random.default_rng(seed)
    a = rng.uniform(0.1, 0.9, n)
    x_0, noise = c * rng.choice([-1.0, 1.0], n), rng.normal(size=n)
    return np.sqrt(a) * x_0 + np.sqrt(1 - a) * noise, a


def points(rng):
    seed, c = int(rng.integers(10**6)), float(rng.uniform(0.9, 1.4))
    known = c * np.random.default_rng(seed).choice([-1.0, 1.0], 300)
    yield "points drawn for you", known, *noisy(seed + 1, c, 1000), 400, {"seed": seed}


def off(guess, x_0, x_t, a, steps, backward):
    """Has the bar been reached? The mean squared distance from the best guess there is."""
    if guess.shape != x_t.shape:
        return f"an array of shape {guess.shape}"
    if not np.isfinite(guess).all():
        return "no better than 0 everywhere"
    best = best_guess(x_0, x_t, a, 0, None)
    far = np.mean((guess - best) ** 2)
    if far <= 0.05:
        return "at most 0.05 from the best guess"
    return "no better than 0 everywhere" if far > 0.9 * np.mean(best**2) else "farther than 0.05"


def best_guess(x_0, x_t, a, steps, backward):
    for _ in range(steps):
        backward(NoLoss())
    c = abs(x_0).mean()
    mean = c * np.tanh(c * np.sqrt(a) * x_t / (1 - a))
    return (x_t - np.sqrt(a) * mean) / np.sqrt(1 - a)


def one_too_many(x_0, x_t, a, steps, backward):
    for _ in range(steps + 1):
        backward(NoLoss())
    return x_t


TRAIN = Function(8, best_guess, points, run=within_budget, measure=off,
    allows=("Sequential", "Linear", "tanh", "relu", "silu", "Adam", "mse_loss"), mistakes=[
    ("guesses nothing", edit("return (x_t - np.sqrt(a) * mean) / np.sqrt(1 - a)", "return 0 * x_t"),
     "It has learned nothing yet. Is fresh noise drawn in every step, and is *that* noise the target?"),
    ("does not know the share", edit("return (x_t - np.sqrt(a) * mean) / np.sqrt(1 - a)", "return 0.5 * x_t"),
     "It has learned something. Does the network know how much noise there is? Give it `a`, or its roots, "
     "beside x_t. If it does: are the steps long enough, and shorter at the end?"),
    ("over budget", one_too_many, "Each call of `backward` counts, and there are 400 of them."),
    ("a column", edit("return (x_t - np.sqrt(a) * mean) / np.sqrt(1 - a)", "return x_t[:, None]"),
     "Return one number for each point: the network's output is a column, (N, 1)."),
], after="The best guess bends like a tanh: a line could not do it.")
