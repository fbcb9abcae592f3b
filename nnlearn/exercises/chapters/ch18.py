import numpy as np

from nnlearn.exercises import Explain, Function, Predict, Value, edit

COIN = Predict(1, "it cannot tell", mistakes=[
    ("low is zero", "it has won",
     "A discriminator that is sure and right has a loss near 0. What does ln 4 say about σ?"),
    ("thinks wrong is ln 4", "it is always wrong",
     "Sure and wrong costs far more: −ln of something near 0. Halve ln 4: which probability is that?"),
], after="ln 4 is twice ln 2: probability one half for both batches. Why, the loss does not say.")


def softplus(s):
    return np.logaddexp(0, s)


PULL = Value(2, float(np.exp(5.0)), rtol=0.003, mistakes=[
    ("turned over", float(np.exp(-5.0)), "You divided the other way round. Which one is tiny?"),
    ("one over sigma", float(1 + np.exp(5.0)),
     "You took the non-saturating pull for exactly 1. It is 1 − σ(s)."),
    ("the logits", 5.0, "The ratio of the slopes is not the logit. What is (1 − σ)/σ?"),
    ("the losses", float(softplus(5.0) / softplus(-5.0)),
     "You compared the losses. The question is about their slopes."),
    ("the larger slope alone", float(1 / (1 + np.exp(-5.0))),
     "That is the slope of the non-saturating loss. How many times as large is it as the other one, σ(−5)?"),
    ("the smaller slope alone", float(1 / (1 + np.exp(5.0))),
     "That is the slope of the saturating loss. How many times does it fit into the other one, 1 − σ(−5)?"),
], after="(1 − σ(s)) / σ(s) = e^(−s): here more than a hundred times.")


def densities(rng):
    yield "ordinary densities, two in three real", rng.uniform(0.1, 2, 5), rng.uniform(0.1, 2, 5), 2 / 3
    yield "as many of both", rng.uniform(0.1, 2, 4), rng.uniform(0.1, 2, 4), 0.5
    yield "a table of places, one in ten real", rng.uniform(0.1, 2, (2, 3)), rng.uniform(0.1, 2, (2, 3)), 0.1
    yield "only one of them", [0.7, 0.0], [0.0, 0.3], 0.8


def best_discriminator(p, q, share):
    return share * p / (share * p + (1 - share) * q)


BEST = Function(3, best_discriminator, densities, mistakes=[
    ("forgets the share", edit("share * p / (share * p + (1 - share) * q)", "p / (p + q)"),
     "That is the chapter's, for as many real samples as generated ones. Write the two parts of its loss, "
     "each as often as it occurs, and set the slope to 0 again."),
    ("the share of the others", edit("share * p / (share * p + (1 - share) * q)",
                                     "(1 - share) * p / ((1 - share) * p + share * q)"),
     "Your shares are exchanged: `share` belongs to the real ones, p."),
    ("the share at the end", edit("share * p / (share * p + (1 - share) * q)", "share * p / (p + q)"),
     "You multiply the answer by the share. Where q is 0 the sample is real, however few of them there are."),
    ("probability of fake", edit("share * p / (share", "(1 - share) * q / (share"),
     "That is the probability of “generated”."),
    ("a verdict", lambda p, q, share: (share * p > (1 - share) * q) * 1.0,
     "A verdict, 0 or 1, is as sure as can be. Be honest."),
    ("only one of them weighed", edit("(1 - share) * q", "q"),
     "You weigh p by its share. Generated samples have a share too, 1 − `share`."),
    ("p not weighed below", edit("(share * p + (1", "(p + (1"),
     "Above you weigh p by its share, below you do not. The denominator is the sum of *both* weighed parts."),
    ("a little added below", edit("(1 - share) * q)", "(1 - share) * q + 1e-3)"),
     "What you add below to escape 0/0 makes every answer a little too small. p and q are never both 0."),
    ("weighed below alone", edit("share * p / (", "p / ("),
     "The denominator is right. What stands above is one of its two parts."),
    ("odds", edit("(share * p + (1 - share) * q)", "((1 - share) * q)"),
     "Those are the odds, real to generated. Divide by both parts together."),
    ("a logit", edit("share * p / (share * p + (1 - share) * q)", "np.log(share * p / ((1 - share) * q))"),
     "That is the best *logit*. Its sigmoid is asked for."),
    ("adds up to one over the places",
     lambda p, q, share: best_discriminator(p / p.sum(), q / q.sum(), share),
     "p and q are densities already: do not divide them by the sum over the places that happen to be asked."),
], after="So a coin's 1/2 is not the best guess when more is real than not, and ln 4 is not its loss.")


def samples_and_centres(rng):
    centres = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 5.0]])
    two_modes = np.repeat([[0.0, 0.0], [4.0, 0.0]], (20, 15), axis=0)
    yield "two of three", two_modes + 0.1 * rng.normal(size=(35, 2)), centres, 1.0, 0.1
    near = np.array([[0.0, 0.0], [0.6, 0.0], [5.0, 0.0]])
    yield "one cloud, two centres near it", 0.05 * rng.normal(size=(30, 2)), near, 1.0, 0.1
    yield "a small radius", [[0.0, 0.4], [4.0, 0.0], [0.0, 5.3]], centres, 0.25, 0.1
    one_mode = 0.1 * rng.normal(size=(49, 2))
    yield "a straggler does not count", np.concatenate([one_mode, [[4.0, 0.0]]]), centres, 1.0, 0.05
    yield "exactly the share", [[0.0, 0.0], [4.0, 0.5], [9.0, 9.0], [9.0, -9.0]], centres, 1.0, 0.25
    edge = [[1.0, 0.0], [4.8, 0.8], [0.6, 5.6]]
    yield "just outside, along a diagonal", [[4.8, 0.8], [0.8, 0.8]], centres, 1.0, 0.1
    few = np.concatenate([0.1 * rng.normal(size=(3, 2)), np.full((37, 2), 9.0)])
    yield "most of them far from every centre", few, centres, 1.0, 0.2
    yield "exactly on the edge, and along a diagonal", edge, centres, 1.0, 0.1
    too_few = np.repeat([[0.0, 0.0], [4.0, 0.0], [9.0, 9.0]], (5, 1, 24), axis=0)
    yield "less than the share", too_few, centres, 1.0, 0.3
    beside = np.repeat([[0.0, 0.0], [-9.0, -9.0], [4.0, 0.0]], (1, 11, 8), axis=0)
    yield "one near, eleven beside", beside, centres, 1.0, 0.2
    nearly_all = np.repeat([[0.0, 0.0], [4.0, 0.0]], (149, 1), axis=0)
    yield "nearly all of them where all are needed", nearly_all, centres, 1.0, 1.0
    yield "one dimension", rng.normal(size=(30, 1)), [[0.0], [50.0]], 3.0, 0.5


def covered(samples, centres, radius, share):
    distance = np.linalg.norm(samples[:, None] - centres, axis=-1)
    mine = distance.argmin(axis=1)[:, None] == np.arange(len(centres))
    return ((mine & (distance < radius)).mean(axis=0) >= share).sum()


COVERED = Function(4, covered, samples_and_centres, mistakes=[
    ("counts for every centre that is near", edit("mine & (distance < radius)", "distance < radius"),
     "Where two centres are near each other, one cloud covers both for you. A sample belongs to one centre "
     "alone: which?"),
    ("the nearest, however far", edit("mine & (distance < radius)", "mine"),
     "Each sample has a nearest centre, but it counts there only if it is closer than `radius`."),
    ("one sample is enough", edit("mean(axis=0) >= share", "any(axis=0)"),
     "One stray sample covers a mode for you. Which share of the samples must be near?"),
    ("the share divided among the centres", edit(">= share)", ">= share / len(centres))"),
     "You divide `share` by the number of centres. It holds for each of them as it is."),
    ("a share of those that are near", edit("mean(axis=0) >= share", "sum(axis=0) >= share * "
                                            "max((mine & (distance < radius)).sum(), 1)"),
     "Your share is of the samples near some centre. Asked is the share of *all* samples."),
    ("a share of its own", edit("mean(axis=0) >= share", "sum(axis=0) >= share * "
                                "np.maximum(mine.sum(axis=0), 1)"),
     "You take the share of those samples whose nearest centre it is. Asked is the share of *all* samples."),
    ("both limits", edit("distance < radius", "distance <= radius", ">= share", "> share"),
     "Both limits are exchanged: on the edge, exactly `radius` away, a sample does not count, and exactly "
     "`share` of the samples is enough."),
    ("percent", edit("(mine", "(100 * (mine", ".mean(axis=0) >= share", ").mean(axis=0) >= share"),
     "You hold percentages against `share`, and it is no percentage: from 0 to 1."),
    ("counts samples", edit("mean(axis=0) >= share", "any(axis=1)"),
     "You counted samples near some centre. Count centres."),
    ("squared distance", edit("distance < radius", "distance**2 < radius"),
     "You compared the squared distance with the radius."),
    ("city blocks",
     edit("np.linalg.norm(samples[:, None] - centres, axis=-1)",
          "abs(samples[:, None] - centres).sum(axis=-1)"),
     "You added the coordinates' distances. Take the straight line, √(Δx² + Δy²)."),
    ("the edge counts", edit("distance < radius", "distance <= radius"),
     "*Closer* than `radius`: a sample exactly on the edge does not count."),
    ("more than the share", edit(">= share", "> share"), "*At least* `share`: equality is enough."),
    ("the share of centres", edit(">= share).sum()", ">= share).mean()"),
     "That is the share of centres that are covered. Asked is how many."),
    ("the centres not covered", edit(">= share", "< share"), "You count the centres that are *not* covered."),
    ("which ones", edit(">= share).sum()", ">= share)"), "Those are the centres, True or False. Count them."),
    ("their numbers", edit("return ((mine & (distance < radius)).mean(axis=0) >= share).sum()",
     "return np.flatnonzero((mine & (distance < radius)).mean(axis=0) >= share)"),
     "Those are the numbers of the centres. Asked is how many there are."),
    ("rounded down", edit("mean(axis=0) >= share", "sum(axis=0) >= int(share * len(samples))"),
     "You round the number of samples that is needed down: less than the share is then enough."),
    ("the longer side", edit("np.linalg.norm(samples[:, None] - centres, axis=-1)",
                             "abs(samples[:, None] - centres).max(axis=-1)"),
     "You take the larger of the coordinates' distances. Take the straight line, √(Δx² + Δy²)."),
    ("near some sample", edit("((mine & (distance < radius)).mean(axis=0) >= share)",
                              "(distance.min(axis=0) < radius)"),
     "One sample nearby covers a centre for you. Count those that have it as their nearest, and hold their "
     "share against `share`."),
    ("the share of samples near", edit("((mine & (distance < radius)).mean(axis=0) >= share).sum()",
                                       "(mine & (distance < radius)).any(axis=1).mean()"),
     "That is the share of samples near a centre. Count centres."),
])


def logits_of_both(rng):
    yield "ordinary logits", rng.normal(size=(5, 1)), rng.normal(size=(5, 1))
    yield "batches of two sizes", rng.normal(size=(3, 1)), rng.normal(size=(7, 1))
    yield "logits of a thousand", [[1000.0], [-1000.0]], [[-1000.0], [1000.0]]
    yield "D is sure", [[40.0], [38.0]], [[-38.0], [-45.0]]


def gan_losses(real, fake):
    d = softplus(-real).mean() + softplus(fake).mean()
    g = softplus(-fake).mean()
    return d, g


LOSSES = Function(5, gan_losses, logits_of_both, outputs="discriminator generator", mistakes=[
    ("logarithm of zero", edit("np.logaddexp(0, s)", "-np.log(1 / (1 + np.exp(s)))", of=softplus),
     "Right for ordinary logits. For a logit of a thousand, what is σ, and what is ln(1 − σ)? The chapter "
     "writes −ln σ(s) without a σ."),
    ("saturating", edit("g = softplus(-fake)", "g = -softplus(fake)"),
     "That is the saturating loss of G: it is flat where D is sure. Which one is not?"),
    ("labels swapped", edit("softplus(-real)", "softplus(real)", "softplus(fake)", "softplus(-fake)"),
     "Your D is rewarded for calling real samples generated. Check the signs of its logits."),
    ("all signs turned", lambda real, fake: gan_losses(-real, -fake),
     "Every logit has the wrong sign in yours: −ln σ(s) is softplus(−s), −ln(1 − σ(s)) is softplus(s)."),
    ("sums", edit("mean", "sum"), "You summed over the batch: take means."),
    ("one mean for both",
     edit("softplus(-real).mean() + softplus(fake).mean()", "softplus(np.concatenate([-real, fake])).mean()"),
     "D's loss is the sum of two means, one a batch. Yours would be ln 2, not ln 4, for a coin."),
    ("twice one mean",
     edit("softplus(-real).mean() + softplus(fake).mean()",
          "2 * softplus(np.concatenate([-real, fake])).mean()"),
     "You take one mean over both batches: the larger one counts more. D's loss is the sum of two means."),
    ("G at the real ones too", edit("g = softplus(-fake).mean()",
                                    "g = softplus(-fake).mean() + softplus(real).mean()"),
     "D's loss is right. In G's the real samples have no place: it has no influence on them."),
    ("a critic's losses", lambda real, fake: (fake.mean() - real.mean(), -fake.mean()),
     "Those are the losses of a Wasserstein critic. Here the logits pass a cross-entropy: −ln σ for real, "
     "−ln(1 − σ) for generated."),
    ("D's sign at the generated ones", edit("softplus(fake)", "softplus(-fake)"),
     "Your D is rewarded for taking generated samples for real. Which sign has its logit there?"),
    ("the value of the game", edit("return d", "return -d"),
     "That is V, which D wants large. Its loss is −V."),
    ("half of both", edit("d = softplus(-real).mean() + softplus(fake).mean()",
                          "d = (softplus(-real).mean() + softplus(fake).mean()) / 2"),
     "D's loss is the sum of the two means, not half of it: ln 4 for a coin."),
    ("saturating, and its sign", edit("g = softplus(-fake)", "g = softplus(fake)"),
     "Your G is rewarded for being found out. It wants its samples called real: −ln σ of their logits."),
    ("judged at the real ones", edit("g = softplus(-fake)", "g = softplus(-real)"),
     "G's loss is judged at its own samples, `fake`. On real ones it has no influence."),
    ("G's sign",
     edit("g = softplus(-fake)", "g = -softplus(-fake)"), "D's loss is right. G's has the wrong sign."),
    ("the generated ones alone", edit("softplus(-real).mean() + ", ""),
     "D is judged at both: real samples are missing."),
    ("the real ones alone", edit(" + softplus(fake).mean()", ""),
     "D is judged at both: generated samples are missing."),
    ("a difference", edit("+ softplus(fake)", "- softplus(fake)"), "The two parts of D's loss add up."),
    ("one number a sample", edit("softplus(-real).mean() + softplus(fake).mean()",
                                 "(softplus(-real) + softplus(fake)).mean()"),
     "You add the two batches sample by sample. They may be of two sizes: take each one's mean first."),
    ("a small number added", edit(
        "np.logaddexp(0, s)", "-np.log(1 / (1 + np.exp(np.clip(s, -700, 700))) + 1e-8)", of=softplus),
     "A small number inside the logarithm caps the loss at 18. A logit of a thousand costs a thousand: "
     "−ln σ(s) is ln(1 + e^(−s)), and `np.logaddexp(0, -s)` computes it."),
    ("a smaller number added", edit(
        "np.logaddexp(0, s)", "-np.log(1 / (1 + np.exp(np.clip(s, -700, 700))) + 1e-12)", of=softplus),
     "A small number inside the logarithm caps the loss at 28. A logit of a thousand costs a thousand: "
     "−ln σ(s) is ln(1 + e^(−s)), and `np.logaddexp(0, -s)` computes it."),
    ("cut off", edit("np.logaddexp(0, s)",
                     "-np.log(np.clip(1 / (1 + np.exp(np.clip(s, -700, 700))), 1e-7, 1))", of=softplus),
     "You cut the probabilities off, and with them the loss. A logit of a thousand costs a thousand: "
     "`np.logaddexp(0, -s)` needs no cut."),
    ("squares", lambda real, fake: (((real - 1) ** 2).mean() + (fake**2).mean(), ((fake - 1) ** 2).mean()),
     "Those are squared errors of logits. Take the cross-entropy: −ln σ for real, −ln(1 − σ) for generated."),
    ("logits as probabilities", lambda real, fake: (
        -np.log(real).mean() - np.log(1 - fake).mean(), -np.log(fake).mean()),
     "You take the logits for probabilities. The sigmoid is missing."),
    ("the game's value for G", edit("g = softplus(-fake).mean()", "g = -d"),
     "That is the minimax loss, minus D's. The non-saturating one is −ln σ at the generated samples."),
])


def games(rng):
    yield "no penalty", 1.2, -0.7, 0.3, 0.0
    yield "with penalty", -0.8, 1.5, 0.2, 0.4
    yield "several games at once", rng.normal(size=4), rng.normal(size=4), 0.5, 0.3
    yield "at the solution", 0.0, 0.0, 0.5, 1.0


def dirac_step(theta, psi, lr, gamma):
    D = 1 / (1 + np.exp(-psi * theta))
    return theta + lr * D * psi, psi - lr * (D * theta + gamma * psi)


def one_after_the_other(theta, psi, lr, gamma):
    _, psi = dirac_step(theta, psi, lr, gamma)
    theta, _ = dirac_step(theta, psi, lr, gamma)
    return theta, psi


DIRAC = Function(6, dirac_step, games, outputs="theta psi", mistakes=[
    ("one after the other", one_after_the_other,
     "Both move at once: compute both slopes before moving anybody."),
    ("forgets the penalty", edit(" + gamma * psi", ""), "The penalty γ ψ²/2 has a slope in ψ. Where is it?"),
    ("penalty drives", edit("+ gamma", "- gamma"),
     "Your penalty has the wrong sign: it pushes ψ away from 0."),
    ("on the generator", edit(" + gamma * psi", "", "lr * D * psi", "lr * (D * psi - gamma * theta)"),
     "You put the friction on the generator. The penalty belongs to D."),
    ("on both", edit("lr * D * psi", "lr * (D * psi - gamma * theta)"),
     "ψ is right. θ has a penalty as well in yours: γ ψ²/2 belongs to D alone."),
    ("twice", edit("gamma * psi", "2 * gamma * psi"), "The slope of γ ψ²/2 is γ ψ: the 2 cancels."),
    ("generator uphill", edit("theta + lr", "theta - lr"),
     "Your θ moves the wrong way. G's loss has a minus in front, and descent takes another one."),
    ("non-saturating", edit("lr * D * psi", "lr * (1 - D) * psi"),
     "That is the step of the non-saturating loss. Here G's loss is −softplus(ψθ)."),
    ("order of the answers", lambda *inputs: dirac_step(*inputs)[::-1],
     "Both numbers are right, in the wrong order: θ first, then ψ."),
    ("half of the penalty",
     edit("gamma * psi", "gamma / 2 * psi"), "The slope of γ ψ²/2 is γ ψ: you have half."),
    ("the penalty itself", edit("gamma * psi", "gamma / 2 * psi**2"),
     "You put in the penalty. Its *slope* in ψ belongs there."),
    ("the discriminator uphill", edit("psi - lr * (D * theta +", "psi + lr * (D * theta +"),
     "Your ψ climbs. D goes down its loss."),
    ("no inner slope", edit("lr * D * psi", "lr * D", "D * theta", "D"),
     "The chain rule: softplus(ψθ) has the slope σ(ψθ) times that of ψθ, which is ψ for θ and θ for ψ."),
    ("inner slopes exchanged", edit("lr * D * psi", "lr * D * theta", "D * theta +", "D * psi +"),
     "The slope of ψθ in θ is ψ, and in ψ it is θ: yours are exchanged."),
    ("the other sigmoid", edit("np.exp(-psi * theta)", "np.exp(psi * theta)"),
     "The slope of softplus(x) is σ(x). You have σ(−x)."),
    ("softplus for its slope", edit("1 / (1 + np.exp(-psi * theta))", "np.log(1 + np.exp(psi * theta))"),
     "You put in softplus itself. Its slope is the sigmoid."),
    ("the sigmoid's slope", edit("1 / (1 + np.exp(-psi * theta))",
                                 "1 / (2 + np.exp(-psi * theta) + np.exp(psi * theta))"),
     "One derivative too many: the slope of softplus is σ, not σ (1 − σ)."),
    ("no sigmoid", edit("1 / (1 + np.exp(-psi * theta))", "1"),
     "That is the step for the loss ψθ. The slope of softplus(ψθ) has a factor σ(ψθ)."),
    ("slopes alone", lambda theta, psi, lr, gamma: tuple(
        (old - new) / lr for old, new in zip((theta, psi), dirac_step(theta, psi, lr, gamma), strict=True)),
     "Those are the slopes. Take the step: old − lr · slope."),
    ("moves alone", lambda theta, psi, lr, gamma: tuple(
        new - old for old, new in zip((theta, psi), dirac_step(theta, psi, lr, gamma), strict=True)),
     "Those are the moves. Return where the two stand after them."),
    ("the penalty without a rate", edit("lr * (D * theta + gamma * psi)", "lr * D * theta - gamma * psi"),
     "The learning rate belongs to the whole slope, the penalty's as well."),
    ("the generator first", lambda theta, psi, lr, gamma: (
        dirac_step(theta, psi, lr, gamma)[0],
        dirac_step(dirac_step(theta, psi, lr, gamma)[0], psi, lr, gamma)[1]),
     "Your ψ answers the new θ. Both move at once, from the old place."),
    ("θ overwritten", edit("    return theta +", "    theta = theta + lr * D * psi\n    return theta +",
                           "theta + lr * D * psi, psi", "theta, psi"),
     "Your σ is the old one, but ψ's slope has the new θ in it: `theta` is overwritten too early. Compute "
     "both slopes first."),
    ("ψ overwritten", edit("    return theta +", "    psi = psi - lr * (D * theta + gamma * psi)\n"
                           "    return theta +", "psi, psi - lr * (D * theta + gamma * psi)\n", "psi, psi\n"),
     "Your σ is the old one, but θ's slope has the new ψ in it: `psi` is overwritten too early. Compute "
     "both slopes first."),
    ("both uphill", lambda theta, psi, lr, gamma: dirac_step(theta, psi, -lr, gamma),
     "Both climb in yours. Each goes *down* its own loss: minus `lr` times the slope."),
], after="With γ = 0 the distance grows by √(1 + lr² σ²) each step. Try some γ, and plot.")

JUDGE = Explain(7, rubric=[
    "a judge can be sure of nonsense: judge noise as well, as a baseline",
    "confidence alone rewards collapse: count the classes too",
    "copies of training digits score perfectly: look at nearest neighbours",
    "variety inside a class is not measured at all",
])


def rounds(rng):
    for name, n_real, n_fake, numbers in [
        ("a first round", 5, 5, [1.0, 0.0, 0.0, 0.0, 0.0]),
        ("in the middle of a game", 6, 6, rng.normal(size=5)),
        ("batches of two sizes", 4, 7, rng.normal(size=5)),
        ("narrow real points, far away", 5, 5, [1.0, -1.0, 0.3, -0.2, 0.1]),
    ]:
        width, centre = (0.2, 4.0) if name.startswith("narrow") else (rng.uniform(0.5, 2), rng.uniform(1, 3))
        yield name, numbers, centre + width * rng.normal(size=n_real), rng.normal(size=n_fake), 0.1


def one_round(numbers, real, z, lr):
    a, b, w, c, u = numbers
    fake = a * z + b
    r, f = (real - real.mean()) / real.std(), (fake - real.mean()) / real.std()
    miss_real = 1 / (1 + np.exp(-(w * r + c + u * r**2))) - 1
    miss_fake = 1 / (1 + np.exp(-(w * f + c + u * f**2)))
    pull = (miss_fake - 1) * (w + 2 * u * f) / real.std()
    w = w - lr * ((miss_real * r).mean() + (miss_fake * f).mean())
    c = c - lr * (miss_real.mean() + miss_fake.mean())
    u = u - lr * ((miss_real * r**2).mean() + (miss_fake * f**2).mean())
    return np.array([a - lr * (pull * z).mean(), b - lr * pull.mean(), w, c, u])


OWN_UNITS = ("(fake - real.mean()) / real.std()", "(fake - fake.mean()) / fake.std()",
             "(w + 2 * u * f) / real.std()", "(w + 2 * u * f) / fake.std()")
CAUGHT, STRAIGHT = ("(miss_fake - 1) * (w", "miss_fake * (w"), ("(w + 2 * u * f)", "w")

REPAIR = Function(8, one_round, rounds, mistakes=[
    ("as it was", edit(*OWN_UNITS, *CAUGHT, *STRAIGHT),
     "All three faults are still there. The first: what is the mean of `r`, and what that of `f`, whatever "
     "the two centres are? A generator learns only what its discriminator can see."),
    ("its own units, and straight", edit(*OWN_UNITS, *STRAIGHT),
     "The generator wants the right thing now. But each batch is still brought to its own mean 0 and width "
     "1: what is left for the discriminator to see? And then look at the width."),
    ("its own units", edit(*OWN_UNITS),
     "One fault is left: each batch is brought to its own mean 0 and width 1, and both look alike. Whose "
     "mean and width would leave the difference standing, for both?"),
    ("wants to be caught, and straight", edit(*CAUGHT, *STRAIGHT),
     "The discriminator sees now. With which label does the generator's loss judge its samples, and with "
     "which label is your slope computed?"),
    ("wants to be caught", edit(*CAUGHT),
     "One fault is left, in the generator's slope: it is that of a sample which should be called generated. "
     "Its label is 1."),
    ("straight", edit(*STRAIGHT),
     "The centre comes home now, the width does not. How steep is w f + c + u f² at f? You have the slope of "
     "its straight part."),
    ("half of the parabola's slope", edit("2 * u * f", "u * f"),
     "The slope of u f² is 2 u f."),
    ("no slope of the units", edit("(w + 2 * u * f) / real.std()", "(w + 2 * u * f)"),
     "Your slope is that at f. From f to the sample there is one more factor: f = (fake − mean) / width."),
    ("the saturating loss", edit("(miss_fake - 1) * (w", "-miss_fake * (w"),
     "That is the saturating loss: a sample that is surely generated hardly moves. The slope of −ln σ(s) is "
     "σ(s) − 1."),
    ("no units", edit("(real - real.mean()) / real.std(), (fake - real.mean()) / real.std()", "real, fake",
                      "(w + 2 * u * f) / real.std()", "(w + 2 * u * f)"),
     "Your discriminator meets the points as they are. That is a game too, but here both batches come in the "
     "real batch's units: what does that make of `f`, and of its slope?"),
    ("no units, but their slope",
     edit("(real - real.mean()) / real.std(), (fake - real.mean()) / real.std()", "real, fake"),
     "Your discriminator meets the points as they are. Bring both batches into the real batch's units first: "
     "its mean becomes 0, its width 1."),
    ("units of the generated ones, for both", edit(
        "(real - real.mean()) / real.std(), (fake - real.mean()) / real.std()",
        "(real - fake.mean()) / fake.std(), (fake - fake.mean()) / fake.std()",
        "(w + 2 * u * f) / real.std()", "(w + 2 * u * f) / fake.std()"),
     "Your units are those of the generated batch. They are to be the real batch's, which stand still."),
    ("n − 1", edit("real.std()", "real.std(ddof=1)"),
     "You divide by n − 1 in the width. So that the batch's own width becomes 1, take `real.std()`."),
    ("the variance", edit("real.std()", "real.var()"),
     "You divide by the variance. The width is its root, `real.std()`."),
    ("units of both", edit("r, f = (real - real.mean()) / real.std(), (fake - real.mean()) / real.std()",
        "both = np.concatenate([real, fake])\n"
        "    r, f = (real - both.mean()) / both.std(), (fake - both.mean()) / both.std()",
        "u * f) / real.std()", "u * f) / both.std()"),
     "Your units are those of both batches together. They are to be the real batch's alone."),
    ("not centred", edit("(fake - real.mean())", "fake"),
     "The generated points are divided by the real width, and not yet moved by the real mean."),
    ("the units of the generated ones", edit("(w + 2 * u * f) / real.std()", "(w + 2 * u * f) / fake.std()"),
     "One factor is wrong: f = (fake − mean) / width, with the *real* width. So its slope is 1 over that."),
    ("multiplies by the width", edit("(w + 2 * u * f) / real.std()", "(w + 2 * u * f) * real.std()"),
     "One factor is turned over: f = (fake − mean) / width has the slope 1 / width."),
    ("f squared in the slope", edit("2 * u * f)", "2 * u * f**2)"),
     "Your f is squared still: the slope of u f² in f is 2 u f."),
    ("its own units, and the real one's slope", edit(*OWN_UNITS[:2]),
     "Generated points are still brought to mean 0 and width 1 by their own numbers: both batches look "
     "alike, and nothing is left to see. Use the *real* batch's mean and width for both."),
    ("the sample for f", edit("2 * u * f)", "2 * u * fake)"),
     "In the slope of u f² stands the sample itself. It is f, the sample in the real batch's units."),
    ("pulled by the real ones", edit("(miss_fake - 1) * (w", "miss_real.mean() * (w"),
     "The generator's slope is computed from what was missed at *real* samples. It is σ(s) − 1 at its own."),
    ("sums", edit("* f).mean()", "* f).sum()", "* r).mean()", "* r).sum()",
                  "_real.mean()", "_real.sum()", "_fake.mean()", "_fake.sum()", "**2).mean()", "**2).sum()",
                  "z).mean()", "z).sum()", "pull.mean()", "pull.sum()"),
     "You add up over the batch: all slopes are means over their own batch."),
    ("one mean for both", edit(
        "(miss_real * r).mean() + (miss_fake * f).mean()",
        "np.concatenate([miss_real * r, miss_fake * f]).mean()",
        "miss_real.mean() + miss_fake.mean()", "np.concatenate([miss_real, miss_fake]).mean()",
        "(miss_real * r**2).mean() + (miss_fake * f**2).mean()",
        "np.concatenate([miss_real * r**2, miss_fake * f**2]).mean()"),
     "You take one mean over both batches. Each has its own, and the two add up."),
    ("a's slope without z", edit("(pull * z).mean()", "pull.mean()"),
     "The slope of a z + b in a is z: it is missing."),
    ("a's slope with f", edit("(pull * z).mean()", "(pull * f).mean()"),
     "The slope of a z + b in a is z, not the sample."),
    ("the discriminator uphill", edit("w - lr", "w + lr", "c - lr", "c + lr", "u - lr", "u + lr"),
     "The generator moves right, the discriminator climbs its loss."),
    ("a real sample's label", edit("r**2))) - 1", "r**2)))"),
     "At real samples the label is 1: their slope is σ(s) − 1."),
    ("u stands still", edit("u = u - lr * ((miss_real * r**2).mean() + (miss_fake * f**2).mean())", "u = u"),
     "u never moves. Its slope is the mean of what was missed, times x²."),
    ("u's slope", edit("(miss_real * r**2).mean() + (miss_fake * f**2).mean()",
                       "(miss_real * 2 * r).mean() + (miss_fake * 2 * f).mean()"),
     "The slope of u x² in *u* is x². You have the one in x."),
    ("the generator stands still", edit("a - lr * (pull * z).mean(), b - lr * pull.mean()", "a, b"),
     "The generator never moves."),
    ("the generator uphill", edit("(miss_fake - 1) * (w", "(1 - miss_fake) * (w"),
     "The generator moves the wrong way, up its loss: the slope of −ln σ(s) is σ(s) − 1."),
    ("the generator answers the new discriminator", edit(
        "    pull = (miss_fake - 1) * (w + 2 * u * f) / real.std()\n", "",
        "    return np", "    pull = (miss_fake - 1) * (w + 2 * u * f) / real.std()\n    return np"),
     "Your generator's slope uses numbers of the discriminator that have moved already. Here both move from "
     "the same position."),
    ("the generator is judged anew", edit(
        "    pull = (miss_fake - 1) * (w + 2 * u * f) / real.std()\n", "",
        "    return np", "    miss_fake = 1 / (1 + np.exp(-(w * f + c + u * f**2)))\n"
        "    pull = (miss_fake - 1) * (w + 2 * u * f) / real.std()\n    return np"),
     "Your generator is judged by the discriminator that has just moved. Here both move from the same "
     "position."),
], after="Batch norm in a discriminator does the same, where real and generated samples come in batches of "
         "their own.")


def real_points(rng):
    def cloud():
        centre, width = rng.uniform(1, 2.5, 2) * rng.choice([-1, 1], 2), rng.uniform(0.6, 1.4, 2)
        tilt = rng.uniform(-0.5, 0.5)
        return centre + width * (rng.normal(size=(400, 2)) @ np.linalg.cholesky([[1, tilt], [tilt, 1]]).T)

    yield "two games", {"real points of one game": cloud(), "of the other": cloud()}, 150


def against_a_critic(answer, critic, rounds):
    """2,000 samples from each game, of the generator that `answer` returns: it has met the critic alone."""

    def terms(x):
        s, t = x.T
        return np.stack([np.ones(len(x)), s, t, s**2 - 1, s * t, t**2 - 1])

    def sigma(z):
        return 1 / (1 + np.exp(-np.clip(z, -30, 30)))

    def opponent(real):
        mean, width, w, met = real.mean(axis=0), real.std(axis=0), np.zeros(6), []
        seen = terms((real - mean) / width)

        def judge(x):
            met.append(1)
            if len(met) > rounds:
                raise RuntimeError(f"the budget of {rounds} rounds is used up")
            x = np.array(x if isinstance(x, np.ndarray) else x.data, dtype=float)
            if x.ndim != 2 or x.shape[1] != 2:
                raise TypeError(f"the critic judges points (B, 2), and met an array of shape {x.shape}")
            x = np.clip((x - mean) / width, -1e3, 1e3)
            made = terms(x)
            w[:] -= 0.3 * (seen @ (sigma(w @ seen) - 1) / len(real) + made @ sigma(w @ made) / len(x))
            slope = w[1:3] + x @ np.array([[2 * w[3], w[4]], [w[4], 2 * w[5]]])
            return (sigma(w @ made) - 1)[:, None] * slope / width / len(x)

        return judge

    samples = []
    for real in critic.values():
        generate = answer(opponent(real), rounds)
        if generate is None:
            return None
        if not callable(generate):
            raise TypeError("train returns no generator that can be called with noise (N, 2)")
        x = generate(np.random.default_rng(0).normal(size=(2000, 2)))
        samples.append(np.array(x if isinstance(x, np.ndarray) else x.data))
    return samples


def distance(x, real):
    """The Fréchet distance in units in which the real points are round, the centre's part, the width."""
    x = np.linalg.solve(np.linalg.cholesky(np.cov(real.T)), (x - real.mean(axis=0)).T)
    width = np.sqrt(np.maximum(np.linalg.eigvalsh(np.cov(x)), 0))
    off = (x.mean(axis=1) ** 2).sum()
    return off + ((width - 1) ** 2).sum(), off, width.min()


def arrived(samples, critic, rounds):
    """Has the bar been reached in both games? If not, where does the generator stand in the worse one?"""
    noise = np.random.default_rng(0).normal(size=(2000, 2))
    found = []
    for x, real in zip(samples, critic.values(), strict=True):
        if x.shape != (2000, 2):
            return f"an array of shape {x.shape} for noise of shape (2000, 2)"
        if not np.isfinite(x).all():
            return "farther away than plain noise"
        found.append((*distance(x, real), *distance(noise, real)[:2]))
    far, off, width, far_at_first, off_at_first = max(found)
    if far <= 0.1:
        return "at most 0.1 in both games"
    if far > 1.5 * far_at_first:
        return "farther away than plain noise"
    if off > 0.5 * off_at_first:
        return "hardly nearer than plain noise"
    return "near, but much too narrow" if width < 0.2 else "near, but more than 0.1"


def without_memory(critic, rounds):
    P, size, rng = np.eye(3, 2), 0, np.random.default_rng(0)
    for k in range(rounds):
        z = np.column_stack([rng.normal(size=(64, 2)), np.ones(64)])
        slope = z.T @ critic(z @ P)
        size = 0.9 * size + 0.1 * slope**2
        P = P - 0.2 * (1 - k / rounds) * slope / np.sqrt(size + 1e-12)
    return lambda z: z @ P[:2] + P[2]


def one_too_many(critic, rounds):
    for _ in range(rounds + 1):
        critic(np.zeros((1, 2)))
    return lambda z: z


TRAIN = Function(9, without_memory, real_points, run=against_a_critic, measure=arrived,
    allows=("Linear", "Sequential", "tanh", "SGD", "Adam"), mistakes=[
    ("too short steps", lambda critic, rounds: lambda z: z,
     "After all rounds it stands about where it began. Print the centre of the samples in each round. Does "
     "it creep? How far can 150 steps of that length lead? Or has it been there, and come back?"),
    ("runs away", lambda critic, rounds: lambda z: 50 * z,
     "It runs away. The critic gives the slope of the generator's loss: do you go against it? Or are the "
     "steps so long that they throw it out?"),
    ("over budget", one_too_many, "Each call of `critic` is a round, and there are 150 of them."),
    ("no generator", lambda critic, rounds: critic(np.zeros((4, 2))),
     "Return the generator itself: a function, or a layer, that makes samples of noise it has not seen."),
    ("in mid-swing", edit("lambda z: z @ P", "lambda z: 1.6 * z @ P"),
     "It is near, and not there. Print the centre in each round: does it creep, or swing past and come back? "
     "A step that remembers earlier slopes pushes where the opponent *was*. And what circles at full rate to "
     "the end is caught in mid-swing."),
    ("much too narrow", edit("lambda z: z @ P", "lambda z: 0 * z @ P"),
     "It is near, and the samples lie in one place, or on a line. Does the noise reach the samples, and do "
     "the slopes reach the weights that spread it? If they do: did it arrive like this, or does it swing?"),
], after="You have never seen a real point. All your generator knows of them came through the other's slope.")
