import numpy as np

from nnlearn.exercises import Explain, Function, Predict, Value, edit

LOUDER = Predict(1, "the same", mistakes=[
    ("thinks of SGD", "a thousand times longer",
     "That is SGD. What does Adam divide the mean gradient by, and how does that grow?"),
    ("divides once too often", "a thousand times shorter",
     "The root of the mean square grows a thousandfold. But so does what it divides."),
], after="Mean and root of the mean square both grow a thousandfold: their quotient stays.")

DECAY = Predict(2, "slower", mistakes=[
    ("loud moves more", "faster",
     "In Adam all of a weight's gradient is divided by √ŝ, decay included. For which weight is √ŝ large?"),
    ("thinks of AdamW", "equally fast",
     "That is AdamW, where decay stays outside the gradient. Here it goes through the division."),
], after="Its decay is divided by its own large √ŝ. AdamW takes the decay out of the gradient for this "
         "reason.")

STABLE = Value(3, 0.5, rtol=0.01, mistakes=[
    ("reads the diagonal", 2 / 3,
     "3 is the curvature along the axes. The bowl lies askew: look along its own axes, the eigenvectors."),
    ("smallest curvature", 1.0, "You took the flattest direction. The steepest one sets the limit."),
    ("one over the curvature", 0.25,
     "At 1/c a step lands exactly at the bottom. How far beyond may it go before it climbs?"),
    ("adds the curvatures", 2 / 6,
     "Directions do not add up: each goes its own way. Which single one diverges first?"),
], after="The eigenvalues are 2 and 4, and 2/4 is the limit.")

FIRST = Value(4, np.sqrt(10), rtol=0.01, mistakes=[
    ("forgets the root", 10.0, "s is a tenth of g². The step divides by its root."),
    ("turned over", np.sqrt(0.1), "√s is smaller than |g|. Does dividing by it lengthen or shorten?"),
    ("no bias", 1.0, "That would be so if s were g² at once. But s starts from zero."),
    ("the other share", 1 / np.sqrt(0.9),
     "The old s, which is 0, keeps 0.9. What share does the new g² get?"),
], after="s = 0.1 g², so the step is lr · g / (√0.1 |g|): more than three times lr.")


def weights_in_motion(rng):
    yield "already rolling", rng.normal(size=4), rng.normal(size=4), rng.normal(size=4), 0.1, 0.9
    yield "from rest", rng.normal(size=3), np.zeros(3), rng.normal(size=3), 0.5, 0.9
    yield "no gradient any more", rng.normal(size=(2, 3)), rng.normal(size=(2, 3)), np.zeros((2, 3)), 2.0, 0.5


def momentum_step(w, v, g, lr, mu):
    v = mu * v + g
    return w - lr * v, v


MOMENTUM = Function(5, momentum_step, weights_in_motion, mistakes=[
    ("moves with the old velocity", lambda w, v, g, lr, mu: (w - lr * v, mu * v + g),
     "You move with the old velocity. Take in the gradient first, then move."),
    ("a mean instead of a sum", edit("+ g", "+ (1 - mu) * g"),
     "With the factor (1 − μ) on the gradient, v is a running mean, as Adam's m. Here the gradient comes in "
     "whole."),
    ("learning rate inside", edit("+ g", "+ lr * g", "lr * v", "v"),
     "The learning rate has got into the velocity. Let v = μ v + g, and multiply by lr when w moves."),
    ("uphill", edit("w - lr", "w + lr"), "You go uphill: the step is subtracted."),
    ("Nesterov", edit("lr * v", "lr * (g + mu * v)"),
     "That looks ahead as Nesterov does. Plain momentum moves by lr · v."),
    ("forgets the velocity", edit("lr * v", "lr * g"), "The velocity is kept, but w does not move with it."),
])


def gradients_of_layers(rng):
    yield "two layers, far too long", [rng.normal(size=(3, 2)) * 10, rng.normal(size=2) * 10], 1.0
    yield "short enough", [np.array([0.3, 0.0]), np.array([[0.4]])], 2.0
    yield "one long, one short", [np.array([30.0, -40.0]), np.array([0.5, 0.1, -0.2])], 5.0
    yield "short apart, long together", [np.array([3.0]), np.array([4.0])], 4.5
    yield "short, though its square is longer", [np.array([1.2, 1.2])], 2.0
    yield "all zero", [np.zeros(3), np.zeros((2, 2))], 1.0


def clip(grads, max_norm):
    norm = np.sqrt(sum((g**2).sum() for g in grads))
    return [g * max_norm / max(norm, max_norm) for g in grads]


CLIP = Function(6, clip, gradients_of_layers, mistakes=[
    ("each element", lambda grads, max_norm: [np.clip(g, -max_norm, max_norm) for g in grads],
     "You clip element by element. That turns the gradient; shorten all of it by one factor instead."),
    ("each layer", lambda grads, max_norm: [clip([g], max_norm)[0] for g in grads],
     "Each layer is clipped by itself. All gradients together are one vector with one norm."),
    ("always", edit("max(norm, max_norm)", "(norm or 1)"),
     "A gradient that is short enough must stay as it is. Yours is stretched to the norm."),
    ("forgets the root", edit("np.sqrt", ""),
     "That divides by the squared norm. The norm is the root of the sum of squares."),
    ("adds norms", edit("np.sqrt(sum((g**2).sum()", "(sum(np.sqrt((g**2).sum())"),
     "Norms of parts do not add up: sum the squares of all elements, then take one root."),
])


def moments_of_a_run(rng):
    usual = 0.2, 10, 110
    yield "the first step", 0, *usual
    yield "in the warm-up", 4, *usual
    yield "the warm-up's last step", 9, *usual
    yield "just after the warm-up", 10, *usual
    yield "a quarter of the way down", 35, *usual
    yield "near the end", 100, *usual
    yield "the end", 110, *usual
    yield "long after the end", 150, *usual
    yield "another run", 7, 3.0, 4, 13
    warm_up, down = (int(n) for n in rng.integers((4, 20), (20, 90)))
    run = float(rng.uniform(0.05, 1)), warm_up, warm_up + down
    yield "the warm-up of a run drawn for you", int(rng.integers(1, warm_up)), *run
    yield "that run, further on", warm_up + int(rng.integers(1, down)), *run


def rate(step, lr, warm_up, steps):
    if step < warm_up:
        return lr * (step + 1) / warm_up
    part = min((step - warm_up) / (steps - warm_up), 1)
    return lr * (1 + np.cos(np.pi * part)) / 2


RATE = Function(7, rate, moments_of_a_run, mistakes=[
    ("starts from nothing", edit("(step + 1)", "step"),
     "Your first step has the learning rate 0: nothing is learned. Steps count from 0, so use step + 1."),
    ("cosine over the whole run", edit("(step - warm_up) / (steps - warm_up)", "step / steps"),
     "Your cosine starts at step 0, so the rate jumps where the warm-up ends. Let it start there."),
    ("rises again", edit("min(", "(", ", 1)", ")"),
     "After the last step the cosine rises again. Hold it at its end."),
    ("half of the way down", edit("np.pi", "np.pi / 2"),
     "Your rate ends at one half: the cosine must go from 1 to −1, through an angle of π."),
    ("no warm-up", edit(" * (step + 1) / warm_up", ""),
     "The warm-up is missing: before it ends, the rate rises evenly from lr / warm_up to lr."),
])


def states_of_adam(rng):
    yield "the first step", rng.normal(size=4), rng.normal(size=4), np.zeros(4), np.zeros(4), 1, 0.1
    yield "the third step", rng.normal(size=4), rng.normal(size=4), rng.normal(size=4), rng.random(4), 3, 0.1
    w, g, m = rng.normal(size=(3, 2, 3))
    yield "a hundred steps on", w, g, m, rng.random((2, 3)), 100, 2.0
    yield "no gradient", np.ones(2), np.zeros(2), np.zeros(2), np.zeros(2), 1, 0.1
    yield "a tiny gradient", np.ones(2), [1e-8, -3e-8], np.zeros(2), np.zeros(2), 1, 1.0


def adam_step(w, g, m, s, t, lr):
    m = 0.9 * m + 0.1 * g
    s = 0.999 * s + 0.001 * g**2
    m_hat = m / (1 - 0.9**t)
    s_hat = s / (1 - 0.999**t)
    return w - lr * m_hat / (np.sqrt(s_hat) + 1e-8), m, s


ADAM = Function(8, adam_step, states_of_adam, atol=1e-12, mistakes=[
    ("no bias correction", edit(" / (1 - 0.9**t)", "", " / (1 - 0.999**t)", ""),
     "The bias correction is missing: m and s start from zero, so divide them by 1 − 0.9ᵗ and 1 − 0.999ᵗ."),
    ("corrects the mean only", edit(" / (1 - 0.999**t)", ""),
     "You correct m but not s. At the first step s is a thousandth of g²."),
    ("forgets the power", edit("**t", ""),
     "You divide by 1 − β at every step. The correction must fade: 1 − β to the power t."),
    ("square root before the mean", edit("g**2", "np.abs(g)", "np.sqrt(s_hat)", "s_hat"),
     "You average |g|, the root of each square. Average the squares first and take the root of the mean."),
    ("epsilon inside the root", edit("np.sqrt(s_hat) + 1e-8", "np.sqrt(s_hat + 1e-8)"),
     "Your ε stands under the root, where a tiny gradient feels it far more. Add it after taking the root."),
    ("no root", edit("np.sqrt(s_hat)", "s_hat"),
     "You divide by ŝ itself. It is a mean of squares: take its root."),
    ("no momentum", edit("lr * m_hat", "lr * g"),
     "The step uses g. Use its corrected running mean m̂: that is the momentum."),
    ("keeps the corrected means", edit("1e-8), m, s", "1e-8), m_hat, s_hat"),
     "You return m̂ and ŝ. The memory must stay uncorrected, or the next step corrects it twice."),
    ("no epsilon", edit(" + 1e-8", ""), "Without ε a weight that gets no gradient divides zero by zero."),
])

COMPARE = Explain(9, rubric=[
    "Adam's rate was not tuned and the new one's was: with unequal budgets the comparison says nothing",
    "one run each: chance (initial weights, order of batches) may explain the difference; several seeds, "
    "with their spread",
    "one task, and training loss only: other tasks, held-out data, and time as well as steps",
    "a fair design: the same search and number of trials for each, fresh seeds for the comparison, the "
    "tuning curves shown",
])
