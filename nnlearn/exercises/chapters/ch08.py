"""Optimisers."""

import numpy as np

from nnlearn.exercises import Explain, Function, Misconception, Predict, Value

LOUDER = Predict(
    id="08.1",
    title="A loss a thousand times as large",
    choices=("the same", "a thousand times longer", "a thousand times shorter"),
    reference="the same",
    misconceptions=[
        Misconception(
            "thinks of SGD",
            "a thousand times longer",
            "That is SGD. What does Adam divide the mean gradient by, and how does that grow?",
        ),
        Misconception(
            "divides once too often",
            "a thousand times shorter",
            "The root of the mean square grows a thousandfold. But so does what it divides.",
        ),
    ],
    after="Mean and root of the mean square both grow a thousandfold: their quotient stays.",
)

DECAY = Predict(
    id="08.2",
    title="Decay inside the gradient",
    choices=("slower", "faster", "equally fast"),
    reference="slower",
    misconceptions=[
        Misconception(
            "loud moves more",
            "faster",
            "In Adam all of a weight's gradient is divided by √v̂, decay included. For which "
            "weight is √v̂ large?",
        ),
        Misconception(
            "thinks of AdamW",
            "equally fast",
            "That is AdamW, where decay stays outside the gradient. Here it goes through the division.",
        ),
    ],
    after=(
        "Its decay is divided by its own large √v̂. AdamW takes the decay out of the gradient for this reason."
    ),
)

STABLE = Value(
    id="08.3",
    title="The largest stable learning rate",
    points=2,
    reference=0.5,
    rtol=0.01,
    misconceptions=[
        Misconception(
            "reads the diagonal",
            2 / 3,
            "3 is the curvature along the axes. The bowl lies askew: look along its own axes, "
            "the eigenvectors.",
        ),
        Misconception(
            "smallest curvature",
            1.0,
            "You took the flattest direction. The steepest one sets the limit.",
        ),
        Misconception(
            "one over the curvature",
            0.25,
            "At 1/c a step lands exactly at the bottom. How far beyond may it go before it climbs?",
        ),
        Misconception(
            "adds the curvatures",
            2 / 6,
            "Directions do not add up: each goes its own way. Which single one diverges first?",
        ),
    ],
    after="The eigenvalues are 2 and 4, and 2/4 is the limit.",
)

FIRST = Value(
    id="08.4",
    title="RMSProp's first step",
    points=2,
    reference=np.sqrt(10),
    rtol=0.01,
    misconceptions=[
        Misconception("forgets the root", 10.0, "s is a tenth of g². The step divides by its root."),
        Misconception(
            "turned over", np.sqrt(0.1), "√s is smaller than |g|. Does dividing by it lengthen or shorten?"
        ),
        Misconception("no bias", 1.0, "That would be so if s were g² at once. But s starts from zero."),
        Misconception(
            "the other share",
            1 / np.sqrt(0.9),
            "The old s, which is 0, keeps 0.9. What share does the new g² get?",
        ),
    ],
    after="s = 0.1 g², so the step is lr · g / (√0.1 |g|): more than three times lr.",
)


def momentum_cases(rng):
    return {
        "already rolling": {
            "w": rng.normal(size=4), "v": rng.normal(size=4), "g": rng.normal(size=4), "lr": 0.1, "mu": 0.9,
        },
        "from rest": {
            "w": rng.normal(size=3), "v": np.zeros(3), "g": rng.normal(size=3), "lr": 0.5, "mu": 0.9,
        },
        "no gradient any more": {
            "w": rng.normal(size=(2, 3)), "v": rng.normal(size=(2, 3)), "g": np.zeros((2, 3)),
            "lr": 2.0, "mu": 0.5,
        },
    }  # fmt: skip


def _momentum(w, v, g, lr, mu):
    v = mu * v + g
    return w - lr * v, v


MOMENTUM = Function(
    id="08.5",
    title="One step of momentum",
    points=2,
    signature="momentum_step(w, v, g, lr, mu)",
    cases=momentum_cases,
    reference=_momentum,
    misconceptions=[
        Misconception(
            "moves with the old velocity",
            lambda w, v, g, lr, mu: (w - lr * v, mu * v + g),
            "You move with the old velocity. Take in the gradient first, then move.",
        ),
        Misconception(
            "a mean instead of a sum",
            lambda w, v, g, lr, mu: (w - lr * (mu * v + (1 - mu) * g), mu * v + (1 - mu) * g),
            "With the factor (1 − μ) on the gradient, v is a running mean, as Adam's m. Here "
            "the gradient comes in whole.",
        ),
        Misconception(
            "learning rate inside",
            lambda w, v, g, lr, mu: (w - (mu * v + lr * g), mu * v + lr * g),
            "The learning rate has got into the velocity. Let v = μ v + g, and multiply by lr when w moves.",
        ),
        Misconception(
            "uphill",
            lambda w, v, g, lr, mu: (w + lr * (mu * v + g), mu * v + g),
            "You go uphill: the step is subtracted.",
        ),
        Misconception(
            "Nesterov",
            lambda w, v, g, lr, mu: (w - lr * (g + mu * (mu * v + g)), mu * v + g),
            "That looks ahead as Nesterov does. Plain momentum moves by lr · v.",
        ),
        Misconception(
            "forgets the velocity",
            lambda w, v, g, lr, mu: (w - lr * g, mu * v + g),
            "The velocity is kept, but w does not move with it.",
        ),
    ],
)


def clip_cases(rng):
    return {
        "two layers, far too long": {
            "grads": [rng.normal(size=(3, 2)) * 10, rng.normal(size=2) * 10], "max_norm": 1.0,
        },
        "short enough": {"grads": [np.array([0.3, 0.0]), np.array([[0.4]])], "max_norm": 2.0},
        "one long, one short": {
            "grads": [np.array([30.0, -40.0]), np.array([0.5, 0.1, -0.2])], "max_norm": 5.0,
        },
        "short apart, long together": {"grads": [np.array([3.0]), np.array([4.0])], "max_norm": 4.5},
        "all zero": {"grads": [np.zeros(3), np.zeros((2, 2))], "max_norm": 1.0},
    }  # fmt: skip


def _norm(grads):
    return np.sqrt(sum((g**2).sum() for g in grads))


def _clip(grads, max_norm):
    norm = _norm(grads)
    return [g * max_norm / norm for g in grads] if norm > max_norm else list(grads)


CLIP = Function(
    id="08.6",
    title="Clip all gradients as one vector",
    points=3,
    signature="clip(grads, max_norm)",
    cases=clip_cases,
    reference=_clip,
    misconceptions=[
        Misconception(
            "each element",
            lambda grads, max_norm: [np.clip(g, -max_norm, max_norm) for g in grads],
            "You clip element by element. That turns the gradient; shorten all of it by one factor instead.",
        ),
        Misconception(
            "each layer",
            lambda grads, max_norm: [_clip([g], max_norm)[0] for g in grads],
            "Each layer is clipped by itself. All gradients together are one vector with one norm.",
        ),
        Misconception(
            "always",
            lambda grads, max_norm: [g * max_norm / max(_norm(grads), 1e-300) for g in grads],
            "A gradient that is short enough must stay as it is. Yours is stretched to the norm.",
        ),
        Misconception(
            "forgets the root",
            lambda grads, max_norm: [g * min(1, max_norm / max(_norm(grads) ** 2, 1e-300)) for g in grads],
            "That divides by the squared norm. The norm is the root of the sum of squares.",
        ),
        Misconception(
            "adds norms",
            lambda grads, max_norm: [
                g * min(1, max_norm / max(sum(np.sqrt((h**2).sum()) for h in grads), 1e-300)) for g in grads
            ],
            "Norms of parts do not add up: sum the squares of all elements, then take one root.",
        ),
    ],
)


def rate_cases(rng):
    usual = {"lr": 0.2, "warm_up": 10, "steps": 110}
    return {
        "the first step": {"step": 0, **usual},
        "in the warm-up": {"step": 4, **usual},
        "the warm-up's last step": {"step": 9, **usual},
        "just after the warm-up": {"step": 10, **usual},
        "a quarter of the way down": {"step": 35, **usual},
        "near the end": {"step": 100, **usual},
        "the end": {"step": 110, **usual},
        "long after the end": {"step": 150, **usual},
        "another run": {"step": 7, "lr": 3.0, "warm_up": 4, "steps": 13},
    }


def _rate(step, lr, warm_up, steps, *, shift=1, whole=False, clamp=True, half=1.0):
    if step < warm_up:
        return lr * (step + shift) / warm_up
    part = step / steps if whole else (step - warm_up) / (steps - warm_up)
    return lr * (1 + np.cos(np.pi * half * (min(part, 1) if clamp else part))) / 2


RATE = Function(
    id="08.7",
    title="Warm up, then follow a cosine",
    points=3,
    signature="rate(step, lr, warm_up, steps)",
    cases=rate_cases,
    reference=lambda step, lr, warm_up, steps: _rate(step, lr, warm_up, steps),
    misconceptions=[
        Misconception(
            "starts from nothing",
            lambda *a: _rate(*a, shift=0),
            "Your first step has the learning rate 0: nothing is learned. Steps count from 0, "
            "so use step + 1.",
        ),
        Misconception(
            "cosine over the whole run",
            lambda *a: _rate(*a, whole=True),
            "Your cosine starts at step 0, so the rate jumps where the warm-up ends. Let it start there.",
        ),
        Misconception(
            "rises again",
            lambda *a: _rate(*a, clamp=False),
            "After the last step the cosine rises again. Hold it at its end.",
        ),
        Misconception(
            "half of the way down",
            lambda *a: _rate(*a, half=0.5),
            "Your rate ends at one half: the cosine must go from 1 to −1, through an angle of π.",
        ),
        Misconception(
            "no warm-up",
            lambda step, lr, warm_up, steps: _rate(max(step, warm_up), lr, warm_up, steps),
            "The warm-up is missing: before it ends, the rate rises evenly from lr / warm_up to lr.",
        ),
    ],
)


def adam_cases(rng):
    def some(*shape):
        return {"w": rng.normal(size=shape), "g": rng.normal(size=shape)}

    return {
        "the first step": {**some(4), "m": np.zeros(4), "v": np.zeros(4), "t": 1, "lr": 0.1},
        "the third step": {**some(4), "m": rng.normal(size=4), "v": rng.random(4), "t": 3, "lr": 0.1},
        "a hundred steps on": {
            **some(2, 3), "m": rng.normal(size=(2, 3)), "v": rng.random((2, 3)), "t": 100, "lr": 2.0,
        },
        "no gradient": {
            "w": np.ones(2), "g": np.zeros(2), "m": np.zeros(2), "v": np.zeros(2), "t": 1, "lr": 0.1,
        },
        "a tiny gradient": {
            "w": np.ones(2), "g": np.array([1e-8, -3e-8]), "m": np.zeros(2), "v": np.zeros(2),
            "t": 1, "lr": 1.0,
        },
    }  # fmt: skip


def _adam(w, g, m, v, t, lr, kind=""):
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * (np.abs(g) if kind == "root first" else g if kind == "no square" else g**2)
    m_hat = m / (1 if kind == "none" else 1 - 0.9**t)
    v_hat = v / (1 if kind in ("none", "mean only") else 1 - 0.999**t)
    if kind == "no power":
        m_hat, v_hat = m / (1 - 0.9), v / (1 - 0.999)
    with np.errstate(invalid="ignore", divide="ignore"):
        root = v_hat if kind == "root first" else np.sqrt(np.abs(v_hat) if kind == "no square" else v_hat)
        if kind == "no root":
            root = v_hat
        eps = 0.0 if kind == "no eps" else 1e-8
        w = w - lr * (g if kind == "no momentum" else m_hat) / (root + eps)
    return (w, m_hat, v_hat) if kind == "keeps corrected" else (w, m, v)


def _bug(kind):
    return lambda w, g, m, v, t, lr: _adam(w, g, m, v, t, lr, kind)


ADAM = Function(
    id="08.8",
    title="One step of Adam",
    points=4,
    signature="adam_step(w, g, m, v, t, lr)",
    cases=adam_cases,
    reference=lambda w, g, m, v, t, lr: _adam(w, g, m, v, t, lr),
    atol=1e-12,
    misconceptions=[
        Misconception(
            "no bias correction",
            _bug("none"),
            "The bias correction is missing: m and v start from zero, so divide them by 1 − "
            "0.9ᵗ and 1 − 0.999ᵗ.",
        ),
        Misconception(
            "corrects the mean only",
            _bug("mean only"),
            "You correct m but not v. At the first step v is a thousandth of g².",
        ),
        Misconception(
            "forgets the power",
            _bug("no power"),
            "You divide by 1 − β at every step. The correction must fade: 1 − β to the power t.",
        ),
        Misconception(
            "square root before the mean",
            _bug("root first"),
            "You average |g|, the root of each square. Average the squares first and take the "
            "root of the mean.",
        ),
        Misconception(
            "no root", _bug("no root"), "You divide by v̂ itself. It is a mean of squares: take its root."
        ),
        Misconception(
            "no momentum",
            _bug("no momentum"),
            "The step uses g. Use its corrected running mean m̂: that is the momentum."
        ),
        Misconception(
            "keeps the corrected means",
            _bug("keeps corrected"),
            "You return m̂ and v̂. The memory must stay uncorrected, or the next step corrects it twice.",
        ),
        Misconception(
            "no epsilon", _bug("no eps"), "Without ε a weight that gets no gradient divides zero by zero."
        ),
    ],
)  # fmt: skip

COMPARE = Explain(
    id="08.9",
    title="Better than Adam?",
    points=3,
    rubric=(
        "Adam's rate was not tuned and the new one's was: with unequal budgets the comparison says nothing",
        "one run each: chance (initial weights, order of batches) may explain the difference; "
        "several seeds, with their spread",
        "one task, and training loss only: other tasks, held-out data, and time as well as steps",
        "a fair design: the same search and number of trials for each, fresh seeds for the "
        "comparison, the tuning curves shown",
    ),
)
