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


PULL = Value(2, float(np.exp(5.0)), rtol=0.001, mistakes=[
    ("turned over", float(np.exp(-5.0)), "You divided the other way round. Which one is tiny?"),
    ("one over sigma", float(1 + np.exp(5.0)),
     "You took the non-saturating pull for exactly 1. It is 1 − σ(s)."),
    ("the logits", 5.0, "The ratio of the slopes is not the logit. What is (1 − σ)/σ?"),
    ("the losses", float(softplus(5.0) / softplus(-5.0)),
     "You compared the losses. The question is about their slopes."),
], after="(1 − σ(s)) / σ(s) = e^(−s): here more than a hundred times.")


def densities(rng):
    yield "ordinary densities", rng.uniform(0.1, 2, 5), rng.uniform(0.1, 2, 5)
    yield "a table of places", rng.uniform(0.1, 2, (2, 3)), rng.uniform(0.1, 2, (2, 3))
    yield "only one of them", [0.7, 0.0], [0.0, 0.3]


def best_discriminator(p, q):
    return p / (p + q)


BEST = Function(3, best_discriminator, densities, mistakes=[
    ("probability of fake", edit("p / ", "q / "), "That is the probability of “generated”."),
    ("a verdict", lambda p, q: (p > q) * 1.0, "A verdict, 0 or 1, is as sure as can be. Be honest."),
    ("squares", edit("p / (p + q)", "p**2 / (p**2 + q**2)"), "Set p/D equal to q/(1 − D) and solve again."),
])


def samples_and_centres(rng):
    centres = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 5.0]])
    two_modes = np.repeat([[0.0, 0.0], [4.0, 0.0]], (20, 15), axis=0)
    yield "two of three", two_modes + 0.1 * rng.normal(size=(35, 2)), centres, 1.0, 0.1
    yield "a small radius", [[0.0, 0.4], [4.0, 0.0], [0.0, 5.3]], centres, 0.25, 0.1
    one_mode = 0.1 * rng.normal(size=(49, 2))
    yield "a straggler does not count", np.concatenate([one_mode, [[4.0, 0.0]]]), centres, 1.0, 0.05
    yield "exactly the share", [[0.0, 0.0], [4.0, 0.5], [9.0, 9.0], [9.0, -9.0]], centres, 1.0, 0.25
    edge = [[1.0, 0.0], [4.8, 0.8], [0.6, 5.6]]
    yield "exactly on the edge, and along a diagonal", edge, centres, 1.0, 0.1
    yield "one dimension", rng.normal(size=(30, 1)), [[0.0], [50.0]], 3.0, 0.5


def covered(samples, centres, radius, share):
    distance = np.linalg.norm(samples[:, None] - centres, axis=-1)
    return ((distance < radius).mean(axis=0) >= share).sum()


COVERED = Function(4, covered, samples_and_centres, mistakes=[
    ("one sample is enough", edit("mean(axis=0) >= share", "any(axis=0)"),
     "One stray sample covers a mode for you. Which share of the samples must be near?"),
    ("counts samples", edit("mean(axis=0) >= share", "any(axis=1)"),
     "You counted samples near some centre. Count centres."),
    ("squared distance", edit("distance < radius", "distance**2 < radius"),
     "You compared the squared distance with the radius."),
    ("city blocks",
     edit("np.linalg.norm(samples[:, None] - centres, axis=-1)",
          "abs(samples[:, None] - centres).sum(axis=-1)"),
     "You added the coordinates' distances. Take the straight line, √(Δx² + Δy²)."),
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


LOSSES = Function(5, gan_losses, logits_of_both, mistakes=[
    ("logarithm of zero", edit("np.logaddexp(0, s)", "-np.log(1 / (1 + np.exp(s)))", of=softplus),
     "For logits of a thousand, σ is exactly 0 or 1. Use softplus, np.logaddexp(0, s)."),
    ("saturating", edit("g = softplus(-fake)", "g = -softplus(fake)"),
     "That is the saturating loss of G: it is flat where D is sure. Which one is not?"),
    ("labels swapped", edit("softplus(-real)", "softplus(real)", "softplus(fake)", "softplus(-fake)"),
     "Your D is rewarded for calling real samples generated. Check the signs of its logits."),
    ("sums", edit("mean", "sum"), "You summed over the batch: take means."),
    ("one mean for both",
     edit("softplus(-real).mean() + softplus(fake).mean()", "softplus(np.concatenate([-real, fake])).mean()"),
     "D's loss is the sum of two means, one a batch. Yours would be ln 2, not ln 4, for a coin."),
    ("D's sign at the generated ones", edit("softplus(fake)", "softplus(-fake)"),
     "Your D is rewarded for taking generated samples for real. Which sign has its logit there?"),
    ("the value of the game", edit("return d", "return -d"),
     "That is V, which D wants large. Its loss is −V."),
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


DIRAC = Function(6, dirac_step, games, mistakes=[
    ("one after the other", one_after_the_other,
     "Both move at once: compute both slopes before moving anybody."),
    ("forgets the penalty", edit(" + gamma * psi", ""), "The penalty γ ψ²/2 has a slope in ψ. Where is it?"),
    ("penalty drives", edit("+ gamma", "- gamma"),
     "Your penalty has the wrong sign: it pushes ψ away from 0."),
    ("on the generator", edit(" + gamma * psi", "", "lr * D * psi", "lr * (D * psi - gamma * theta)"),
     "You put the friction on the generator. The penalty belongs to D."),
    ("twice", edit("gamma * psi", "2 * gamma * psi"), "The slope of γ ψ²/2 is γ ψ: the 2 cancels."),
    ("generator uphill", edit("theta + lr", "theta - lr"),
     "Your θ moves the wrong way. G's loss has a minus in front, and descent takes another one."),
    ("non-saturating", edit("lr * D * psi", "lr * (1 - D) * psi"),
     "That is the step of the non-saturating loss. Here G's loss is −softplus(ψθ)."),
    ("order of the answers", lambda *inputs: dirac_step(*inputs)[::-1],
     "Both numbers are right, in the wrong order: θ first, then ψ."),
], after="With γ = 0 the distance grows by √(1 + lr² σ²) each step. Try some γ, and plot.")

JUDGE = Explain(7, rubric=[
    "a judge can be sure of nonsense: judge noise as well, as a baseline",
    "confidence alone rewards collapse: count the classes too",
    "copies of training digits score perfectly: look at nearest neighbours",
    "variety inside a class is not measured at all",
])
