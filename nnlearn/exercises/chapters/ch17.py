"""Generative adversarial networks."""

import numpy as np

from nnlearn.exercises import Explain, Function, Misconception, Predict, Value


def _softplus(s):
    return np.logaddexp(0, s)


def _sigmoid(s):
    return 0.5 * (1 + np.tanh(s / 2))


COIN = Predict(
    id="17.1",
    title="A discriminator's loss",
    choices=("it has won", "it cannot tell", "it is always wrong"),
    reference="it cannot tell",
    misconceptions=[
        Misconception(
            "low is zero",
            "it has won",
            "A discriminator that is sure and right has a loss near 0. What does ln 4 say about σ?",
        ),
        Misconception(
            "thinks wrong is ln 4",
            "it is always wrong",
            "Sure and wrong costs far more: −ln of something near 0. Halve ln 4: which probability is that?",
        ),
    ],
    after="ln 4 is twice ln 2: probability one half for both batches. Why, the loss does not say.",
)

PULL = Value(
    id="17.2",
    title="How many times as strong a pull",
    points=2,
    reference=float(np.exp(5.0)),
    rtol=0.001,
    misconceptions=[
        Misconception(
            "turned over", float(np.exp(-5.0)), "You divided the other way round. Which one is tiny?"
        ),
        Misconception(
            "one over sigma",
            float(1 + np.exp(5.0)),
            "You took the non-saturating pull for exactly 1. It is 1 − σ(s).",
        ),
        Misconception("the logits", 5.0, "The ratio of the slopes is not the logit. What is (1 − σ)/σ?"),
        Misconception(
            "the losses",
            float(_softplus(5.0) / _softplus(-5.0)),
            "You compared the losses. The question is about their slopes.",
        ),
    ],
    after="(1 − σ(s)) / σ(s) = e^(−s): here more than a hundred times.",
)


def best_cases(rng):
    return {
        "ordinary densities": {"p": rng.uniform(0.1, 2, 5), "q": rng.uniform(0.1, 2, 5)},
        "a table of places": {"p": rng.uniform(0.1, 2, (2, 3)), "q": rng.uniform(0.1, 2, (2, 3))},
        "only one of them": {"p": np.array([0.7, 0.0]), "q": np.array([0.0, 0.3])},
    }


BEST = Function(
    id="17.3",
    title="The best discriminator",
    points=1,
    signature="best_discriminator(p, q)",
    cases=best_cases,
    reference=lambda p, q: p / (p + q),
    misconceptions=[
        Misconception(
            "probability of fake", lambda p, q: q / (p + q), "That is the probability of “generated”."
        ),
        Misconception(
            "a verdict", lambda p, q: (p > q) * 1.0, "A verdict, 0 or 1, is as sure as can be. Be honest."
        ),
        Misconception(
            "squares", lambda p, q: p**2 / (p**2 + q**2), "Set p/D equal to q/(1 − D) and solve again."
        ),
    ],
)


def covered_cases(rng):
    centres = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 5.0]])
    return {
        "two of three": {
            "samples": np.repeat([[0.0, 0.0], [4.0, 0.0]], (20, 15), axis=0) + 0.1 * rng.normal(size=(35, 2)),
            "centres": centres, "radius": 1.0, "share": 0.1,
        },
        "a small radius": {
            "samples": np.array([[0.0, 0.4], [4.0, 0.0], [0.0, 5.3]]),
            "centres": centres, "radius": 0.25, "share": 0.1,
        },
        "a straggler does not count": {
            "samples": np.concatenate([0.1 * rng.normal(size=(49, 2)), [[4.0, 0.0]]]),
            "centres": centres, "radius": 1.0, "share": 0.05,
        },
        "exactly the share": {
            "samples": np.array([[0.0, 0.0], [4.0, 0.5], [9.0, 9.0], [9.0, -9.0]]),
            "centres": centres, "radius": 1.0, "share": 0.25,
        },
        "exactly on the edge, and along a diagonal": {
            "samples": np.array([[1.0, 0.0], [4.8, 0.8], [0.6, 5.6]]),
            "centres": centres, "radius": 1.0, "share": 0.1,
        },
        "one dimension": {
            "samples": rng.normal(size=(30, 1)),
            "centres": np.array([[0.0], [50.0]]), "radius": 3.0, "share": 0.5,
        },
    }  # fmt: skip


def _distance(samples, centres):
    return np.linalg.norm(samples[:, None] - centres, axis=-1)


def _covered(samples, centres, radius, share):
    return ((_distance(samples, centres) < radius).mean(axis=0) >= share).sum()


COVERED = Function(
    id="17.4",
    title="How many modes are covered",
    points=2,
    signature="covered(samples, centres, radius, share)",
    cases=covered_cases,
    reference=_covered,
    misconceptions=[
        Misconception(
            "one sample is enough",
            lambda samples, centres, radius, share: (_distance(samples, centres) < radius).any(axis=0).sum(),
            "One stray sample covers a mode for you. Which share of the samples must be near?",
        ),
        Misconception(
            "counts samples",
            lambda samples, centres, radius, share: (_distance(samples, centres) < radius).any(axis=1).sum(),
            "You counted samples near some centre. Count centres.",
        ),
        Misconception(
            "squared distance",
            lambda samples, centres, radius, share: (
                (_distance(samples, centres) ** 2 < radius).mean(axis=0) >= share
            ).sum(),
            "You compared the squared distance with the radius.",
        ),
        Misconception(
            "city blocks",
            lambda samples, centres, radius, share: (
                (np.abs(samples[:, None] - centres).sum(axis=-1) < radius).mean(axis=0) >= share
            ).sum(),
            "You added the coordinates' distances. Take the straight line, √(Δx² + Δy²).",
        ),
    ],
)


def losses_cases(rng):
    return {
        "ordinary logits": {"real": rng.normal(size=(5, 1)), "fake": rng.normal(size=(5, 1))},
        "batches of two sizes": {"real": rng.normal(size=(3, 1)), "fake": rng.normal(size=(7, 1))},
        "logits of a thousand": {
            "real": np.array([[1000.0], [-1000.0]]),
            "fake": np.array([[-1000.0], [1000.0]]),
        },
        "D is sure": {"real": np.array([[40.0], [38.0]]), "fake": np.array([[-38.0], [-45.0]])},
    }


def _losses(real, fake):
    return _softplus(-real).mean() + _softplus(fake).mean(), _softplus(-fake).mean()


def _naive(real, fake):
    with np.errstate(all="ignore"):
        real, fake = 1 / (1 + np.exp(-real)), 1 / (1 + np.exp(-fake))
        return -np.log(real).mean() - np.log(1 - fake).mean(), -np.log(fake).mean()


LOSSES = Function(
    id="17.5",
    title="Both losses from logits",
    points=3,
    signature="gan_losses(real, fake)",
    cases=losses_cases,
    reference=_losses,
    misconceptions=[
        Misconception(
            "logarithm of zero",
            _naive,
            "For logits of a thousand, σ is exactly 0 or 1. Use softplus, np.logaddexp(0, s).",
        ),
        Misconception(
            "saturating",
            lambda real, fake: (_losses(real, fake)[0], -_softplus(fake).mean()),
            "That is the saturating loss of G: it is flat where D is sure. Which one is not?",
        ),
        Misconception(
            "labels swapped",
            lambda real, fake: (_softplus(real).mean() + _softplus(-fake).mean(), _softplus(-fake).mean()),
            "Your D is rewarded for calling real samples generated. Check the signs of its logits.",
        ),
        Misconception(
            "sums",
            lambda real, fake: (_softplus(-real).sum() + _softplus(fake).sum(), _softplus(-fake).sum()),
            "You summed over the batch: take means.",
        ),
        Misconception(
            "one mean for both",
            lambda real, fake: (
                np.concatenate([_softplus(-real), _softplus(fake)]).mean(),
                _softplus(-fake).mean(),
            ),
            "D's loss is the sum of two means, one a batch. Yours would be ln 2, not ln 4, for a coin.",
        ),
        Misconception(
            "D's sign at the generated ones",
            lambda real, fake: (_softplus(-real).mean() + _softplus(-fake).mean(), _softplus(-fake).mean()),
            "Your D is rewarded for taking generated samples for real. Which sign has its logit there?",
        ),
        Misconception(
            "the value of the game",
            lambda real, fake: (-_losses(real, fake)[0], _losses(real, fake)[1]),
            "That is V, which D wants large. Its loss is −V.",
        ),
    ],
)


def dirac_cases(rng):
    return {
        "no penalty": {"theta": 1.2, "psi": -0.7, "lr": 0.3, "gamma": 0.0},
        "with penalty": {"theta": -0.8, "psi": 1.5, "lr": 0.2, "gamma": 0.4},
        "several games at once": {
            "theta": rng.normal(size=4), "psi": rng.normal(size=4), "lr": 0.5, "gamma": 0.3,
        },
        "at the solution": {"theta": 0.0, "psi": 0.0, "lr": 0.5, "gamma": 1.0},
    }  # fmt: skip


def _dirac(theta, psi, lr, gamma):
    D = _sigmoid(psi * theta)
    return theta + lr * D * psi, psi - lr * (D * theta + gamma * psi)


def _in_turn(theta, psi, lr, gamma):
    psi = psi - lr * (_sigmoid(psi * theta) * theta + gamma * psi)
    return theta + lr * _sigmoid(psi * theta) * psi, psi


DIRAC = Function(
    id="17.6",
    title="A step of the Dirac-GAN",
    points=3,
    signature="dirac_step(theta, psi, lr, gamma)",
    cases=dirac_cases,
    reference=_dirac,
    misconceptions=[
        Misconception(
            "one after the other", _in_turn, "Both move at once: compute both slopes before moving anybody."
        ),
        Misconception(
            "forgets the penalty",
            lambda theta, psi, lr, gamma: _dirac(theta, psi, lr, 0.0),
            "The penalty γ ψ²/2 has a slope in ψ. Where is it?",
        ),
        Misconception(
            "penalty drives",
            lambda theta, psi, lr, gamma: _dirac(theta, psi, lr, -gamma),
            "Your penalty has the wrong sign: it pushes ψ away from 0.",
        ),
        Misconception(
            "on the generator",
            lambda theta, psi, lr, gamma: (
                _dirac(theta, psi, lr, 0)[0] - lr * gamma * theta,
                _dirac(theta, psi, lr, 0)[1],
            ),
            "You put the friction on the generator. The penalty belongs to D.",
        ),
        Misconception(
            "twice",
            lambda theta, psi, lr, gamma: _dirac(theta, psi, lr, 2 * gamma),
            "The slope of γ ψ²/2 is γ ψ: the 2 cancels.",
        ),
        Misconception(
            "generator uphill",
            lambda theta, psi, lr, gamma: (
                theta - lr * _sigmoid(psi * theta) * psi,
                _dirac(theta, psi, lr, gamma)[1],
            ),
            "Your θ moves the wrong way. G's loss has a minus in front, and descent takes another one.",
        ),
        Misconception(
            "non-saturating",
            lambda theta, psi, lr, gamma: (
                theta + lr * _sigmoid(-psi * theta) * psi,
                _dirac(theta, psi, lr, gamma)[1],
            ),
            "That is the step of the non-saturating loss. Here G's loss is −softplus(ψθ).",
        ),
        Misconception(
            "order of the answers",
            lambda theta, psi, lr, gamma: _dirac(theta, psi, lr, gamma)[::-1],
            "Both numbers are right, in the wrong order: θ first, then ψ.",
        ),
    ],
    after="With γ = 0 the distance grows by √(1 + lr² σ²) each step. Try some γ, and plot.",
)

JUDGE = Explain(
    id="17.7",
    title="Can you trust the judge?",
    points=2,
    rubric=(
        "a judge can be sure of nonsense: judge noise as well, as a baseline",
        "confidence alone rewards collapse: count the classes too",
        "copies of training digits score perfectly: look at nearest neighbours",
        "variety inside a class is not measured at all",
    ),
)
