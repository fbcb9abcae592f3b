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

THREE = Value(2, (2 * np.sqrt(0.512), 1 - 0.512), rtol=0.005, mistakes=[
    ("no root", (2 * 0.512, 1 - 0.512),
     "The variance is scaled by 0.8 in each step. By what is the value itself?"),
    ("one step", (2 * np.sqrt(0.8), 0.2), "That is x after one step. There are three."),
    ("three times the noise", (2 * np.sqrt(0.512), 0.6),
     "The noise of the first step is scaled down by the second and the third."),
    ("the standard deviation", (2 * np.sqrt(0.512), np.sqrt(0.488)), "Asked is the variance, not its root."),
    ("the signal's share", (2 * np.sqrt(0.512), 0.512),
     "That is the share of the signal that is left. The variance of x_3 is what the noise has filled up."),
    ("no root, three times the noise", (2 * 0.512, 0.6),
     "Two things: by what is the *value* scaled when its variance is scaled by 0.8? And the noise of the "
     "first step is scaled down by the second and the third."),
    ("the mean stays", (2, 0.488), "The variance is right. Each step scales the signal down, too."),
    ("a product of noises", (2 * np.sqrt(0.512), 0.2**3),
     "Noises do not multiply. Go step by step: scale the variance you have by 0.8, then add 0.2."),
    ("one step, no root", (2 * 0.8, 0.2),
     "That is one step, and there are three. And by what is the *value* scaled when its variance is?"),
    ("what three noises leave", (2 * np.sqrt(0.512), 0.4),
     "1 − 3 · 0.2 would be left if each step took 0.2 of what was there at first. Each takes it of what is "
     "left; and asked is the noise."),
    ("the last noise alone", (2 * np.sqrt(0.512), 0.2),
     "0.2 is what the last step brings in. What is left of the noise of the two before it?"),
    ("exchanged", (0.488, 2 * np.sqrt(0.512)), "Both are right, in the wrong order: first the mean."),
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
    ("a column", edit("price.sum(axis=1)", "price.sum(axis=1, keepdims=True)"),
     "The prices are right, one below the other. Asked is one axis, (B,): without `keepdims`."),
    ("a half too many", edit("np.log(s_0 / s) +", "np.log(s_0 / s) / 2 +"),
     "The logarithm counts half. ln of a ratio of standard deviations has the factor 1; ½ belongs to one of "
     "variances."),
    ("the standard one", lambda m, s, m_0, s_0: kl(m, s, 0.0, 1.0),
     "That is the chapter's, to N(0, 1). Here the second bell curve has a mean and a width of its own."),
    ("the other way round",
     lambda m, s, m_0, s_0: (np.log(s / s_0) + (s_0**2 + (m - m_0) ** 2) / (2 * s**2) - 0.5).sum(axis=1),
     "You exchanged the two. The mean is taken under the first, N(m, s²)."),
    ("a mean over the batch", edit("price.sum(axis=1)", "price.sum(axis=1).mean()"),
     "That is the mean price. Return one for each code of the batch."),
    ("a mean over the code", edit("sum(axis=1)", "mean(axis=1)"),
     "The numbers of a code are independent: their prices add up."),
    ("sum over everything", edit("sum(axis=1)", "sum()"), "Return one number for each picture of the batch."),
    ("not zero for equals", edit(" - 0.5", ""), "For two equal bell curves the divergence must be 0."),
    ("widths not squared", edit("(2 * s_0**2)", "(2 * s_0)"),
     "A squared distance is measured in units of a variance, s_0²."),
    ("variances", lambda m, s, m_0, s_0: kl(m, np.sqrt(s), m_0, np.sqrt(s_0)),
     "You read `s` and `s_0` as variances. They are standard deviations: square them, in both places."),
    ("the logarithm turned round", edit("np.log(s_0 / s)", "np.log(s / s_0)"),
     "Look at the logarithm's sign: to be narrower than the second curve costs, it does not pay."),
    ("the logarithm twice", edit("np.log(s_0 / s)", "np.log(s_0**2 / s**2)"),
     "The logarithm counts twice: ln of a ratio of variances needs a factor of one half."),
    ("twice", edit("price.sum", "2 * price.sum"), "All of it is twice too large: where is the one half?"),
    ("squares twice", edit("(2 * s_0**2) - 0.5", "s_0**2 - 1"),
     "Your squares count twice, and the logarithm once. All three terms have the same one half, if the "
     "logarithm is one of variances."),
    ("one width in the logarithm", edit("np.log(s_0 / s)", "-np.log(s)"),
     "In the logarithm stands how much narrower the first curve is than the *second*: s_0 belongs there."),
    ("widths not compared", edit("(s**2 + (m - m_0) ** 2) / (2 * s_0**2) - 0.5",
                                 "(s**2 + (m - m_0) ** 2 - s_0**2) / 2"),
     "You take the difference of the variances. What counts is their ratio, s² / s_0², less 1."),
    ("the means' distance not measured", edit("(s**2 + (m - m_0) ** 2) / (2 * s_0**2)",
                                              "s**2 / (2 * s_0**2) + (m - m_0) ** 2 / 2"),
     "The widths are compared rightly. The squared distance of the means is measured in units of s_0², too."),
    ("a difference of prices", lambda m, s, m_0, s_0: kl(m, s, 0, 1) - kl(0 * m + m_0, 0 * s + s_0, 0, 1),
     "A divergence is no difference of two prices to N(0, 1). Take the mean of ln q − ln p under q, as the "
     "chapter does, with this p."),
    ("one mean only", edit("(m - m_0) ** 2", "m**2"),
     "How far apart are the two means? You measure the first from 0."),
    ("one width only", lambda m, s, m_0, s_0: kl(m - m_0, s, 0, 1),
     "The means are right. The second curve has a width of its own as well, s_0."),
    ("its own spread not measured", edit("(s**2 + (m - m_0) ** 2) / (2 * s_0**2)",
                                         "s**2 / 2 + (m - m_0) ** 2 / (2 * s_0**2)"),
     "Both squares are measured in units of s_0², s² as well."),
    ("distance not squared", edit("(m - m_0) ** 2", "(m - m_0)"),
     "The distance of the means is squared: it must not matter which is larger."),
    ("one half for all", lambda m, s, m_0, s_0: kl(m, s, m_0, s_0) + (m.shape[1] - 1) / 2,
     "You take off one half once. Every number of the code has its own."),
    ("s not squared", edit("(s**2 +", "(s +"), "`s` is a standard deviation: its square stands there."),
    ("minus one",
     edit("- 0.5", "- 1"), "For two equal bell curves the divergence must be 0: how much goes off?"),
    ("the squares twice", edit("(2 * s_0**2)", "(s_0**2)"),
     "Your squares count twice: (s² + (m − m_0)²) / (2 s_0²)."),
    ("s as a logarithm", lambda m, s, m_0, s_0: kl(m, np.exp(s), m_0, s_0),
     "You read `s` as a logarithm, as a network gives it. Here it is the standard deviation itself."),
    ("s as a log-variance", lambda m, s, m_0, s_0: kl(m, np.exp(s / 2), m_0, s_0),
     "You read `s` as the logarithm of a variance. Here it is the standard deviation itself."),
    ("means left out", edit("(m - m_0) ** 2", "0 * m"), "The distance of the means costs, too."),
    ("means added", edit("m - m_0", "m + m_0"), "How far *apart* are the two means?"),
    ("the distance itself", edit("(m - m_0) ** 2", "abs(m - m_0)"), "The distance of the means is squared."),
    ("no logarithm", edit("np.log(s_0 / s) + ", ""),
     "The logarithm of the two widths' ratio is missing: to be narrow costs."),
    ("bits", edit("np.log(s_0", "np.log2(s_0"), "The natural logarithm, `np.log`: nats."),
    ("along the batch", edit("sum(axis=1)", "sum(axis=0)"),
     "You add up over the batch. Add up over the code, axis 1."),
    ("one number a code's number", edit("price.sum(axis=1)", "price"),
     "Those are the prices of each number. Add up those of one code."),
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
    ("both added", edit("- w * untold", "+ w * untold"),
     "You add the untold guess. Guidance goes *away* from it: (1 + w) · told − w · untold."),
    ("from the untold one, no root above",
     edit("(1 + w) * told - w * untold", "(1 - w) * untold + w * told", "np.sqrt(1 - a)", "(1 - a)"),
     "Two things: the chapter's guess is (1 + w) · told − w · untold, and it is the *root* of 1 − `a` that "
     "scales the noise."),
    ("no guidance", edit("(1 + w) * told - w * untold", "told"), "The class makes a difference: go further."),
    ("between the two", edit("(1 + w) * told - w * untold", "(1 - w) * told + w * untold"),
     "You go from the told guess back to the untold one. Guidance goes the other way, beyond it."),
    ("from the untold one", edit("(1 + w) * told - w * untold", "untold + w * (told - untold)"),
     "Your w = 0 gives the guess without the class. In the chapter w = 0 is the guess with it."),
    ("no roots", edit("np.sqrt(1 - a)", "(1 - a)", "np.sqrt(a)", "a"),
     "`a` and 1 − `a` are shares of variance. What scales the values?"),
    ("adds them", edit("(1 + w) * told - w * untold", "told + w * untold"),
     "You add the two guesses. What counts is their *difference*: with equal guesses w must not matter."),
    ("takes off the whole", edit("(1 + w) * told - w * untold", "(1 + w) * told - untold"),
     "With equal guesses w must not matter, but yours changes: how much of `untold` goes off?"),
    ("all the noise", edit("np.sqrt(1 - a) * noise", "noise"),
     "How much of the noise is in x_t? Not all of it: a share of 1 − a of the variance."),
    ("not scaled up", edit(" / np.sqrt(a)", ""),
     "You take the noise off. What is left is the picture scaled down: by what?"),
    ("adds the noise", edit("x_t - np", "x_t + np"), "The noise was added on the way there: take it off."),
    ("shares exchanged", edit("np.sqrt(1 - a) * noise", "np.sqrt(a) * noise", "/ np.sqrt(a)",
                              "/ np.sqrt(1 - a)"),
     "`a` is the share of the signal, 1 − a that of the noise: you have them the other way round."),
    ("no root below", edit("/ np.sqrt(a)", "/ a"), "The noise is right. `a` is a variance's share: its root "
     "scales the picture."),
    ("no root above", edit("np.sqrt(1 - a) * noise", "(1 - a) * noise"),
     "The division is right. 1 − `a` is a variance's share: its root scales the noise."),
    ("cut off too early", edit("np.clip(x, -1, 1)", "np.clip(x * np.sqrt(a), -1, 1) / np.sqrt(a)"),
     "You cut off before you divide. Cut off the finished picture."),
    ("takes it all off", edit("(x_t - np.sqrt(1 - a) * noise) / np.sqrt(a)", "x_t - noise"),
     "x_t is no plain sum of picture and noise: both are scaled there, by roots of their shares."),
    ("pictures guided",
     lambda x_t, told, untold, w, a: (1 + w) * clean(x_t, told, 0, 0, a) - w * clean(x_t, untold, 0, 0, a),
     "You guide two pictures that are already cut off, and come out of the bounds again. First the guidance, "
     "then the cut."),
    ("the noise itself", lambda x_t, told, untold, w, a: (1 + w) * told - w * untold,
     "That is the guided guess of the noise, and it is right. Which picture does it imply?"),
    ("not cut off", edit("np.clip(x, -1, 1)", "x"), "Pixels lie between −1 and 1: cut off what does not."),
    ("zero to one", edit("-1, 1)", "0, 1)"), "Black is 1, and white is −1 here, not 0."),
    ("squeezed", edit("np.clip(x, -1, 1)", "np.tanh(x)"),
     "You squeeze the picture. Cut off what is outside, and leave the rest as it is."),
    ("the guess cut off", edit("(1 + w) * told - w * untold", "np.clip((1 + w) * told - w * untold, -1, 1)"),
     "You cut the guessed *noise*. Noise may be larger than 1; the picture may not."),
    ("pictures guided, and cut", lambda x_t, told, untold, w, a: np.clip(
        (1 + w) * clean(x_t, told, 0, 0, a) - w * clean(x_t, untold, 0, 0, a), -1, 1),
     "You cut two pictures off before you guide them. Guide first, and cut once, at the end."),
    ("only the noise divided", edit("(x_t - np.sqrt(1 - a) * noise) / np.sqrt(a)",
                                    "x_t - np.sqrt(1 - a) * noise / np.sqrt(a)"),
     "You divide the noise alone. First take it off, then divide what is left: mind the brackets."),
    ("classes exchanged", edit("(1 + w) * told - w * untold", "(1 + w) * untold - w * told"),
     "The two guesses are exchanged: go from the untold one to the told one, and beyond."),
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


def step_by_step(x_s, s, t, noise, kept):
    for k in range(s, t):
        x_s = jump(x_s, k, k + 1, noise, kept)
    return x_s


JUMP = Function(5, jump, halfway, mistakes=[
    ("turned over", lambda x_s, s, t, noise, kept: (
        np.sqrt(kept[s] / kept[t]) * x_s + np.sqrt(np.maximum(1 - kept[s] / kept[t], 0)) * noise),
     "Your quotient is turned over: going forward leaves *less*, kept[t] / kept[s]."),
    ("one step alone", edit("kept[t] / kept[s]", "kept[min(s + 1, len(kept) - 1)] / kept[s]"),
     "You go one step, to s + 1. The way leads to t."),
    ("from x_0", edit("kept[t] / kept[s]", "kept[t]"),
     "That is the jump from x_0. Part of the way has been gone: what share of x_s is left at t?"),
    ("a difference", edit("kept[t] / kept[s]", "1 - kept[s] + kept[t]"),
     "Shares multiply from step to step. What undoes a product?"),
    ("turned over", edit("kept[t] / kept[s]", "np.minimum(1, kept[s])"),
     "The later share does not enter your jump at all."),
    ("no roots", edit("np.sqrt(a)", "a", "np.sqrt(1 - a)", "(1 - a)"),
     "Those are the shares of variance. The values are scaled by their roots."),
    ("the signal's root missing", edit("np.sqrt(a) * x_s", "a * x_s"),
     "The noise is right. x_s is scaled by the root of its share."),
    ("the noise's root missing", edit("np.sqrt(1 - a)", "(1 - a)"),
     "The signal is right. The noise is scaled by the root of its share."),
    ("the wrong way", edit("kept[t] / kept[s]", "kept[s] / kept[t]"),
     "A share of more than 1? The later list entry is the smaller one: what is left at t, of what was there "
     "at s?"),
    ("as many steps from the start", edit("kept[t] / kept[s]", "kept[t - s]"),
     "You take the share of the first t − s steps. These are other steps, and keep another share."),
    ("the same noise", lambda x_s, s, t, noise, kept: (
        np.sqrt(kept[t] / kept[s]) * (x_s - np.sqrt(1 - kept[s]) * noise) + np.sqrt(1 - kept[t]) * noise),
     "You go back to x_0 by taking `noise` off x_s. But that is another noise: this one is fresh."),
    ("a difference of noises", edit("np.sqrt(1 - a)", "np.sqrt(kept[s] - kept[t])"),
     "The signal is right. The noise in x_s is scaled down, too, and so more than the difference fits in."),
    ("a difference of widths", edit("np.sqrt(1 - a)", "(np.sqrt(1 - kept[t]) - np.sqrt(1 - kept[s]))"),
     "The signal is right. Widths of noises do not add up, their variances do; and the old noise is scaled "
     "down."),
    ("no noise", edit(" + np.sqrt(1 - a) * noise", ""), "The signal is right. Fill up with fresh noise."),
    ("noise as from the start", edit("np.sqrt(1 - a)", "np.sqrt(1 - kept[t])"),
     "x_s has noise in it already: less is needed to fill up to variance 1."),
    ("the last step alone", edit("kept[t] / kept[s]", "kept[t] / kept[max(t - 1, 0)]"),
     "That is the share of the last step. How many lie between s and t?"),
    ("exchanged",
     edit("np.sqrt(a) * x_s + np.sqrt(1 - a) * noise", "np.sqrt(1 - a) * x_s + np.sqrt(a) * noise"),
     "The two shares are exchanged: what is left belongs to x_s."),
    ("takes noise off", edit("+ np.sqrt(1 - a)", "- np.sqrt(1 - a)"), "Going forward, noise is added."),
    ("all of the noise", edit("np.sqrt(1 - a) * noise", "noise"),
     "All of the noise is too much: fill up to a variance of 1."),
    ("the same noise at every step", lambda x_s, s, t, noise, kept: x_s if s == t else jump(
        step_by_step(x_s, s, t - 1, noise, kept), t - 1, t, noise, kept),
     "You add the same noise at every step: it adds up in step. Fresh noises add their *variances*; in one "
     "go, `noise` once."),
    ("a product of both", edit("kept[t] / kept[s]", "kept[t] * kept[s]"),
     "Both shares count from x_0, and the first s steps are in both: your product takes them twice. What "
     "undoes a product?"),
    ("the signal as from x_0", edit("np.sqrt(a) * x_s", "np.sqrt(kept[t]) * x_s"),
     "The noise is right. x_s has been scaled down on its way to s already: what is left at t, of what was "
     "there at s?"),
    ("products of shares", edit("kept[t] / kept[s]", "kept[s + 1 : t + 1].prod()"),
     "`kept` holds products already: to multiply them counts the first steps again and again."),
])

COPIES = Explain(6, rubric=[
    "the yardstick: how near do new real pictures lie to the training set?",
    "a test that has caught a planted copy, moved or brightened, before it acquits",
    "plain pictures have near neighbours without being copied",
    "one bad average hides a few copies: look at the smallest distances too",
])


def leaps(rng):
    kept = np.array([1, 0.9, 0.7, 0.4, 0.1])
    for name, t, then, shape in [
        ("one step", 4, 3, (3, 2)), ("two steps", 4, 2, (2, 4)), ("a batch of one", 3, 1, (1, 1)),
        ("to the end, from afar", 4, 0, (2, 3)), ("to the end, from step 1", 1, 0, (2, 2)),
    ]:
        yield name, rng.normal(size=shape), t, then, rng.normal(size=shape), kept


def leap(x_t, t, s, guess, kept):
    now, then = kept[t], kept[s]
    x_0 = (x_t - np.sqrt(1 - now) * guess) / np.sqrt(now)
    return np.sqrt(then) * x_0 + np.sqrt(1 - then) * guess


ONE_STEP, WRONG_X = ("kept[s]", "kept[t - 1]"), ("np.sqrt(1 - now) * guess", "(1 - now) * guess")
OLD_NOISE = ("np.sqrt(1 - then) * guess", "np.sqrt(1 - now) * guess")

REPAIR = Function(7, leap, leaps, mistakes=[
    ("not divided", edit("(x_t - np.sqrt(1 - now) * guess) / np.sqrt(now)", "x_t - np.sqrt(1 - now) * guess"),
     "x_0 was scaled by the root of its share on the way to x_t: divide by it."),
    ("as it was", edit(*WRONG_X, *OLD_NOISE, *ONE_STEP),
     "All three faults are still there. Begin with x_0: how does x_t come of it, with which roots? Solve "
     "that for x_0."),
    ("one step", edit(*ONE_STEP),
     "One fault is left: yours goes back one step, whatever `s` is. Which entry of `kept` belongs to it?"),
    ("x_0", edit(*WRONG_X),
     "One fault is left, in the guess of x_0. Of the *variance* of x_t a share of 1 − kept[t] is noise: by "
     "what is the noise itself scaled?"),
    ("the old noise", edit(*OLD_NOISE),
     "One fault is left: you put as much noise into x_s as there was in x_t. A share of 1 − kept[t] of the "
     "variance was noise there; which share is it at step s, and at step 0?"),
    ("x_0 alone is right", edit(*ONE_STEP, *OLD_NOISE),
     "x_0 is right now. Two faults are left: how far it goes, and how much noise belongs there."),
    ("one step and x_0", edit(*ONE_STEP, *WRONG_X),
     "The noise is right now, for one step back. Two faults are left: x_0, and how far it goes."),
    ("the old noise and x_0", edit(*WRONG_X, *OLD_NOISE),
     "It goes to `s` now. Two faults are left: x_0, and how much noise belongs into x_s."),
    ("no noise", edit(" + np.sqrt(1 - then) * guess", ""),
     "x_0 is right, and scaled right. Now add the noise again, as much as belongs into x_s."),
    ("no roots", edit("np.sqrt(then) * x_0 + np.sqrt(1 - then)", "then * x_0 + (1 - then)"),
     "x_0 is right. Going forward again, values are scaled by roots of shares."),
    ("the average step", lambda x_t, t, s, guess, kept: (
        np.sqrt(kept[s]) * (1 - kept[t] / kept[s]) * (x_t - np.sqrt(1 - kept[t]) * guess) / np.sqrt(kept[t])
        + np.sqrt(kept[t] / kept[s]) * (1 - kept[s]) * x_t) / (1 - kept[t]),
     "That is the mean of the chapter's step, without its noise. Here you go forward from x_0, with the "
     "guess as the noise."),
    ("the whole step, with the guess as fresh noise", lambda x_t, t, s, guess, kept: (
        np.sqrt(kept[s]) * (1 - kept[t] / kept[s]) * (x_t - np.sqrt(1 - kept[t]) * guess) / np.sqrt(kept[t])
        + np.sqrt(kept[t] / kept[s]) * (1 - kept[s]) * x_t
    ) / (1 - kept[t]) + np.sqrt((1 - kept[s]) * (1 - kept[t] / kept[s]) / (1 - kept[t])) * guess,
     "That is the chapter's step, with the guess in the place of fresh noise. Here you go forward from x_0, "
     "as far as step s, and the guess is all the noise there is."),
    ("the noise of one step back", edit("np.sqrt(1 - then) * guess", "np.sqrt(1 - kept[t - 1]) * guess"),
     "x_0 is right, and scaled for step s. The noise is still scaled for step t − 1."),
    ("no root for the noise", edit("np.sqrt(1 - then) * guess", "(1 - then) * guess"),
     "x_0 is right. The noise is scaled by the root of its share."),
    ("no root for x_0", edit("np.sqrt(then) * x_0", "then * x_0"),
     "x_0 is right. Going forward it is scaled by the root of its share."),
    ("no root below",
     edit("/ np.sqrt(now)", "/ now"), "To find x_0, divide by the *root* of the signal's share."),
    ("x_0 itself", edit("return np.sqrt(then) * x_0 + np.sqrt(1 - then) * guess", "return x_0"),
     "That is x_0, and it is right. Go forward from there, to step s."),
    ("from x_t", edit("np.sqrt(then) * x_0", "np.sqrt(then) * x_t"), "Go forward from x_0, not from x_t."),
    ("noise taken off", edit("x_0 + np.sqrt", "x_0 - np.sqrt"), "Going forward from x_0, noise is added."),
    ("cut off", edit("return np.sqrt(then) * x_0", "return np.sqrt(then) * np.clip(x_0, -1, 1)"),
     "You cut x_0 off. Nothing says here that it lies between −1 and 1."),
    ("the noise of a jump", edit("np.sqrt(1 - then)", "np.sqrt(1 - now / then)"),
     "That is the noise between s and t. From x_0 to step s, how much is there?"),
    ("times exchanged", edit("now, then = kept[t], kept[s]", "now, then = kept[s], kept[t]"),
     "You have s and t the wrong way round: x_t is what you have."),
    ("t − s", edit("kept[s]", "kept[t - s]"), "You go to step t − s. Go to step s."),
    ("noise at the end alone is right",
     edit("np.sqrt(1 - then) * guess", "np.sqrt(1 - now) * guess * (s > 0)"),
     "At s = 0 it is right now, but between there is too much noise: as much as belongs to step s."),
], after="Nothing is drawn on the way, so the first noise alone decides what comes out, and a hundred steps "
         "may be ten.")


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
    others = {
        "the data below the noise": (x_t - np.sqrt(1 - a) * best) / np.sqrt(a),
        "the noise as it was scaled": np.sqrt(1 - a) * best,
        "the noise with its sign turned": -best,
    }
    for name, other in others.items():
        if np.mean((guess - other) ** 2) < min(far / 4, 0.06):
            return name
    if far > 0.9 * np.mean(best**2):
        return "no better than 0 everywhere"
    line = np.stack([np.ones(len(a)), x_t, a, np.sqrt(a), np.sqrt(1 - a)], axis=1)
    if np.var(guess - line @ np.linalg.lstsq(line, guess, rcond=None)[0]) < 0.01 * np.var(guess):
        return "a straight line"
    near = np.diff(guess[np.argsort(x_t)])  # where x_t says it all, neighbours get nearly the same
    return "the same at every share" if np.mean(near**2) < 0.003 * np.var(guess) else "farther than 0.05"


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


ANSWER = "return (x_t - np.sqrt(a) * mean) / np.sqrt(1 - a)"

TRAIN = Function(8, best_guess, points, run=within_budget, measure=off,
    allows=("Sequential", "Linear", "tanh", "relu", "silu", "Adam", "mse_loss"), mistakes=[
    ("guesses nothing", edit(ANSWER, "return 0 * x_t"),
     "It has learned nothing yet. Is fresh noise drawn in every step, is *that* noise the target, and are "
     "the gradients set to zero before each `backward`?"),
    ("gives back x_0", edit(ANSWER, "return mean"),
     "Your guesses are those of x_0. Asked is the noise: what is the target of your training?"),
    ("scaled noise", edit(ANSWER, "return x_t - np.sqrt(a) * mean"),
     "You guess the noise as it stands in x_t, scaled by √(1 − a). The target is the noise as it was drawn."),
    ("turned round", edit(ANSWER, "return -(x_t - np.sqrt(a) * mean) / np.sqrt(1 - a)"),
     "Right but for the sign: is the target noise, or what takes it away?"),
    ("a line", edit(ANSWER, "return 0.5 * x_t"),
     "Your guesses lie on a straight line, and the best ones bend. Does anything stand between two layers, "
     "`nn.tanh` for instance? If so: are the steps long enough for it to learn more than a line?"),
    ("does not know the share", edit(ANSWER, "return 0.6 * np.tanh(x_t)"),
     "Where x_t is the same your guess is the same, however much noise there is. Give the network `a`, or "
     "its roots, beside x_t: two inputs, or three."),
    ("not near enough", edit(ANSWER, f"{ANSWER} + 0.4"),
     "It has learned something. Is the noise drawn anew in *every* step, and the share as well, over the "
     "whole range? Do you mix with the roots √a and √(1 − a), as x_t is? Is the hidden layer wide enough? "
     "And are the steps long enough, and shorter at the end?"),
    ("over budget", one_too_many, "Each call of `backward` counts, and there are 400 of them."),
    ("a column", edit(ANSWER, "return x_t[:, None]"),
     "Return one number for each point: the network's output is a column, (N, 1)."),
], after="The best guess bends like a tanh: a line could not do it.")
