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
    ("the curvature itself", 4.0, "4 is the steepest curvature. How does the limit follow from it?"),
], after="The eigenvalues are 2 and 4, and 2/4 is the limit.")

FIRST = Value(4, np.sqrt(10), rtol=0.013, mistakes=[  # 3.2 will do
    ("forgets the root", 10.0, "s is a tenth of g². The step divides by its root."),
    ("turned over", np.sqrt(0.1), "√s is smaller than |g|. Does dividing by it lengthen or shorten?"),
    ("no bias", 1.0, "That would be so if s were g² at once. But s starts from zero."),
    ("the other share", 1 / np.sqrt(0.9),
     "The old s, which is 0, keeps 0.9. What share does the new g² get?"),
    ("the share itself", 0.1, "0.1 is the share of g² in s. The step is lr · g divided by the root of s."),
], after="s = 0.1 g², so the step is lr · g / (√0.1 |g|): more than three times lr.")


def weights_that_have_moved(rng):
    yield "rolling", rng.normal(size=4), rng.normal(size=4), rng.normal(size=4), 0.1, 0.9
    g = rng.normal(size=3)
    yield "a step from rest", rng.normal(size=3), g, g, 0.5, 0.9
    yield "no gradient", rng.normal(size=(2, 3)), rng.normal(size=(2, 3)), np.zeros((2, 3)), 2.0, 0.5


def step_back(w, v, g, lr, mu):
    return w + lr * v, (v - g) / mu


MOMENTUM = Function(5, step_back, weights_that_have_moved, outputs="w v", mistakes=[
    ("a step forward", lambda w, v, g, lr, mu: (w - lr * (mu * v + g), mu * v + g),
     "That is one more step forward. Write down the two lines of a step, then solve each for what stood "
     "there before."),
    ("all signs turned round", lambda w, v, g, lr, mu: (w + lr * (mu * v - g), mu * v - g),
     "To turn the signs round is not enough: v was *multiplied* by μ. What undoes that?"),
    ("moves with the old velocity", edit("lr * v", "lr * (v - g) / mu"),
     "The velocity is right. But by which velocity were the weights moved, the one before the step or the "
     "one after it?"),
    ("in the same order", edit("(v - g) / mu", "v / mu - g"),
     "The weights are right. The step first multiplied by μ, then added g. What came last is undone first."),
    ("forgets the friction", edit(" / mu", ""),
     "The weights are right. Of the velocity you have taken g away; what else had the step done to it?"),
    ("forgets the gradient", edit("(v - g)", "v"),
     "The weights are right. The step had also added something to the velocity: take it away first."),
    ("moves on", edit("w + lr", "w - lr"), "The velocity is right. The weights move on instead of back."),
    ("by the gradient", edit("lr * v", "lr * g"),
     "The velocity is right. The weights were moved by all of the velocity, not by the gradient alone."),
    ("a mean for a sum", edit("(v - g)", "(v - (1 - mu) * g)"),
     "The weights are right. Of g you take 1 − μ away, as from a running mean; this velocity adds all of it: "
     "v ← μ v + g."),
    ("the rate in the velocity", edit("w + lr * v", "w + v", "(v - g)", "(v - lr * g)"),
     "In yours the rate is part of the velocity. Here v ← μ v + g knows no rate; it stands in w ← w − η v."),
    ("no brackets", edit("(v - g) / mu", "v - g / mu"),
     "The weights are right. v − g / μ divides g alone: put brackets around v − g."),
    ("multiplied by the friction", edit("(v - g) / mu", "(v - g) * mu"),
     "The weights are right. The step multiplied the velocity by μ: to go back, divide."),
    ("the sign of the gradient alone", edit("(v - g) / mu", "mu * v - g"),
     "The weights are right. The sign of g is turned, and v is multiplied by μ once more. What undoes that?"),
    ("adds the gradient", edit("v - g", "v + g"),
     "The weights are right. The step added g to the velocity: to go back, take it away."),
    ("a share of the velocity", edit("lr * v", "lr * mu * v"),
     "The velocity is right. The weights were moved by η v, all of it: no μ there."),
], after="So a long run can be retraced from its end, with nothing stored but the last state. (In exact "
         "numbers: dividing by μ makes rounding errors grow.)")


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
    ("the longest layer", edit("np.sqrt(sum((g**2).sum() for g in grads))",
     "max(np.sqrt((g**2).sum()) for g in grads)"),
     "That is the norm of the longest layer. All elements together are one longer vector: add their "
     "squares up."),
    ("the largest element", edit("np.sqrt(sum((g**2).sum() for g in grads))",
     "max(abs(g).max() for g in grads)"),
     "You measure the largest element. The norm is the root of the sum of all squares."),
    ("the root of the mean", edit("np.sqrt(sum((g**2).sum() for g in grads))",
     "np.sqrt(sum((g**2).sum() for g in grads) / sum(g.size for g in grads))"),
     "That is the root of the *mean* square. A norm adds the squares up and divides by nothing."),
    ("means of layers", edit("(g**2).sum()", "(g**2).mean()"),
     "You take each layer's mean square. A long vector is one with many elements too: sum the squares."),
    ("to length one", edit("g * max_norm / max(norm, max_norm)", "g / norm if norm > max_norm else g"),
     "What is too long comes back with norm 1. It is to have the norm `max_norm`."),
    ("longer still", edit("max_norm / max(norm, max_norm)", "max(norm, max_norm) / max_norm"),
     "Your factor is turned over: long gradients become longer. It must be at most 1."),
    ("leaves short layers", edit("max(norm, max_norm)",
     "(max(norm, max_norm) if (g**2).sum() > max_norm**2 else max_norm)"),
     "Layers that are short by themselves stay as they are: that turns the vector. One factor is for "
     "all."),
    ("stretches the short, leaves the long", edit("max(norm, max_norm)", "(min(norm, max_norm) or 1)"),
     "The wrong branch: the short are stretched, and the long left. Which of the two is to be clipped?"),
    ("the norm of a matrix", lambda grads, max_norm: (lambda norm: [
        g * max_norm / max(norm, max_norm) for g in grads])(
        np.sqrt(sum(np.linalg.norm(g, 2) ** 2 for g in grads))),
     "`np.linalg.norm(g, 2)` of a matrix is its largest singular value. Without the 2 it is the root of the "
     "sum of all squares."),
    ("one long vector", lambda grads, max_norm: np.concatenate([g.ravel() for g in clip(grads, max_norm)]),
     "You return the one long vector. A list is asked for, each layer's gradient in its own shape."),
    ("by the square of the factor", edit(
        "max_norm / max(norm, max_norm)", "(max_norm / max(norm, max_norm)) ** 2"),
     "You multiply by the factor twice, and what is too long comes back too short."),
    ("absolute values", edit("np.sqrt(sum((g**2).sum()", "(sum(abs(g).sum()"),
     "You add absolute values up. The norm is the root of the sum of squares."),
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
    ("one step of warm-up too many", edit("step < warm_up", "step <= warm_up"),
     "Step `warm_up` is the cosine's first: counted from 0, the warm-up ends a step before it."),
    ("a whole wave", edit("np.pi", "2 * np.pi"),
     "Your rate is down halfway and up again at the end: that is a whole wave, through 2π."),
    ("a quarter of a wave", edit("(1 + np.cos(np.pi * part)) / 2", "np.cos(np.pi * part / 2)"),
     "You come down along a quarter of a wave, steepest at the end. Half a wave is flat at both ends: "
     "from 1 to −1, then shifted up and halved."),
    ("not halved", edit(" / 2", ""),
     "The cosine begins at twice `lr`: 1 + cos goes from 2 to 0, so halve it."),
    ("below zero", edit("(1 + np.cos(np.pi * part)) / 2", "np.cos(np.pi * part)"),
     "The cosine itself goes from 1 to −1, and a negative rate climbs. Shift it up and halve it."),
    ("upwards", edit("1 + np.cos", "1 - np.cos"),
     "After the warm-up your rate starts at 0 and rises: look at the sign of the cosine."),
    ("a sine", edit("np.cos", "np.sin"),
     "A sine is in the middle at the beginning and at the end. Which wave begins at its top?"),
    ("a straight line", edit("(1 + np.cos(np.pi * part)) / 2", "(1 - part)"),
     "You come down in a straight line. Bend it: half a cosine wave."),
    ("a step ahead", edit("(step - warm_up) /", "(step + 1 - warm_up) /"),
     "The cosine is one step ahead: at step `warm_up` it stands at its beginning, and the rate is `lr`."),
    ("begins within the warm-up", edit("(step - warm_up) / (steps - warm_up)",
     "(step + 1 - warm_up) / (steps + 1 - warm_up)"),
     "Your cosine begins at the warm-up's last step. It begins at step `warm_up`, one later."),
    ("as long as the run", edit("/ (steps - warm_up)", "/ steps"),
     "The cosine begins in the right place and does not reach 0: it has only `steps` − `warm_up` steps "
     "for it."),
    ("arrives a step early", edit("/ (steps - warm_up)", "/ (steps - 1 - warm_up)"),
     "Your cosine is down one step early. From step `warm_up` to step `steps` it is `steps` − `warm_up`."),
    ("in degrees", edit("np.pi", "180"),
     "NumPy's cosine wants radians: half a wave is π."),
    ("whole parts", edit("(step - warm_up) /", "(step - warm_up) //"),
     "`//` cuts the fraction off: your rate stays at `lr` until the last step."),
    ("both at once", edit("(step + 1) / warm_up", "(step + 1) / warm_up * (1 + np.cos(np.pi * step / "
     "steps)) / 2"),
     "In the warm-up the cosine is not at work yet: there the rate is a straight line."),
    ("a longer warm-up", edit("step < warm_up", "step <= warm_up", "(step + 1) / warm_up",
     "(step + 1) / (warm_up + 1)"),
     "Your warm-up has one step too many: with `warm_up` steps from 0 on, the last is warm_up − 1."),
    ("an exponential", edit("(1 + np.cos(np.pi * part)) / 2", "np.exp(-3 * part) * (part < 1)"),
     "You come down along an exponential. Half a cosine wave is asked for."),
    ("warm-up from nothing", edit("(step + 1) / warm_up", "step / (warm_up - 1)"),
     "Your warm-up begins with 0. It rises from `lr / warm_up` at step 0: (step + 1) / warm_up."),
    ("lr again", lambda step, lr, warm_up, steps: lr if step >= steps else rate(step, lr, warm_up, steps),
     "After the last step your rate is `lr` again. It stays 0."),
    ("no brackets in the warm-up", edit("(step + 1)", "step + 1"),
     "Python divides first: step + 1 / warm_up. Put brackets around step + 1."),
    ("no brackets in the cosine", edit("(step - warm_up) / (steps - warm_up)",
     "step - warm_up / steps - warm_up"),
     "Python divides first, warm_up / steps. Put brackets around both differences."),
    ("arrives a step late", edit("/ (steps - warm_up)", "/ (steps - warm_up + 1)"),
     "Your cosine arrives one step too late. From step `warm_up` to step `steps` it is `steps` − `warm_up`."),
])


def tables_of_words(rng):
    def table(V, D, *came):
        g = np.zeros((V, D))
        g[list(came)] = rng.normal(size=(len(came), D))
        return rng.normal(size=(V, D)), g

    def memory(V, D):
        return rng.normal(size=(V, D)), rng.random((V, D))

    w, g = table(4, 3, 0, 2)
    yield "the first batch", w, g, *np.zeros((2, 4, 3)), np.zeros(4, int), 0.1
    w, g = table(4, 2, 1, 3)
    g[1] = abs(g[1])
    yield "words that came before", w, g, *memory(4, 2), np.array([3, 0, 7, 999]), 0.1
    w, g = table(3, 3, 0, 1, 2)
    m, s = memory(3, 3)
    g[0, 0] = g[1, 2] = m[1, 2] = s[1, 2] = 0
    yield "single numbers that are zero", w, g, m, s, np.array([1, 0, 4]), 2.0
    w, g = table(3, 3, 0, 1)
    g[0], g[1] = [0.5, -0.75, 0.25], -abs(g[1])
    yield "a row that adds up to zero, and one below it", w, g, *memory(3, 3), np.array([2, 5, 1]), 0.1
    yield "no word that is known", *table(2, 2), *memory(2, 2), np.array([0, 5]), 0.1
    tiny = [[1e-8, -3e-8], [0.0, 0.0]]
    yield "a tiny gradient", np.ones((2, 2)), tiny, *np.zeros((2, 2, 2)), np.zeros(2, int), 1.0


def adam_step(w, g, m, s, t, lr):
    came = (g != 0).any(axis=1)
    t = t + came
    n = np.maximum(t, 1)[:, None]
    rows = came[:, None]
    m = np.where(rows, 0.9 * m + 0.1 * g, m)
    s = np.where(rows, 0.999 * s + 0.001 * g**2, s)
    m_hat, s_hat = m / (1 - 0.9**n), s / (1 - 0.999**n)
    return np.where(rows, w - lr * m_hat / (np.sqrt(s_hat) + 1e-8), w), m, s, t


ADAM = Function(8, adam_step, tables_of_words, atol=1e-12, outputs="w m s t", mistakes=[
    ("nobody waits", edit("rows = came[:, None]", "rows = True", "t = t + came", "t = t + 1"),
     "That is Adam for every row. What is to happen to a row whose gradient is all zero?"),
    ("the memory does not wait", edit("np.where(rows, 0.9 * m + 0.1 * g, m)", "0.9 * m + 0.1 * g",
     "np.where(rows, 0.999 * s + 0.001 * g**2, s)", "0.999 * s + 0.001 * g**2"),
     "The weights of a row without a gradient wait, but its two running means fade. They should wait too."),
    ("the weights do not wait", edit("np.where(rows, w - lr * m_hat / (np.sqrt(s_hat) + 1e-8), w)",
     "w - lr * m_hat / (np.sqrt(s_hat) + 1e-8)"),
     "Rows without a gradient go on rolling: their mean m is not zero, and you move them by it."),
    ("each number by itself", edit("came[:, None]", "g != 0"),
     "You let single numbers wait. A word waits as a whole: when all of its row is zero."),
    ("one clock for all", edit("t = t + came", "t = t + 1"),
     "You count a step for rows that did not take part. Each row has its own count, and it waits too."),
    ("counts afterwards", edit("np.maximum(t, 1)", "np.maximum(t - came, 1)"),
     "The correction uses the count from before this step. t counts from 1: this step included."),
    ("no bias correction", edit(" / (1 - 0.9**n)", "", " / (1 - 0.999**n)", ""),
     "The bias correction is missing: m and s start from zero, so divide them by 1 − 0.9ᵗ and 1 − 0.999ᵗ."),
    ("corrects the mean only", edit(" / (1 - 0.999**n)", ""),
     "You correct m but not s. At the first step s is a thousandth of g²."),
    ("forgets the power", edit("**n", ""),
     "You divide by 1 − β at every step. The correction must fade: 1 − β to the power t."),
    ("square root before the mean", edit("g**2", "np.abs(g)", "np.sqrt(s_hat)", "s_hat"),
     "You average |g|, the root of each square. Average the squares first and take the root of the mean."),
    ("epsilon inside the root", edit("np.sqrt(s_hat) + 1e-8", "np.sqrt(s_hat + 1e-8)"),
     "Your ε stands under the root, where a tiny gradient feels it far more. Add it after taking the root."),
    ("no root", edit("np.sqrt(s_hat)", "s_hat"),
     "You divide by ŝ itself. It is a mean of squares: take its root."),
    ("no momentum", edit("lr * m_hat", "lr * g"),
     "The step uses g. Use its corrected running mean m̂: that is the momentum."),
    ("keeps the corrected means",
     edit("w), m, s, t", "w), np.where(rows, m_hat, m), np.where(rows, s_hat, s), t"),
     "You return m̂ and ŝ. The memory must stay uncorrected, or the next step corrects it twice."),
    ("no epsilon", edit(" + 1e-8", ""), "Without ε a weight that gets no gradient divides zero by zero."),
    ("a zero is enough to wait", edit(".any(axis=1)", ".all(axis=1)"),
     "You leave a row as soon as one of its numbers is zero. It waits only when *all* of them are."),
    ("sums to zero", edit("(g != 0).any(axis=1)", "g.sum(axis=1) != 0"),
     "You look at the sum of a row. Numbers of both signs can add up to zero: ask whether any of them is "
     "not."),
    ("only upwards", edit("(g != 0)", "(g > 0)"),
     "Rows of negative gradients wait for you. Not zero is something else than above zero."),
    ("the largest count", edit("np.maximum(t, 1)[:, None]", "np.maximum(t, 1).max()"),
     "You correct every row by the largest count. Each row has taken steps of its own: `t[:, None]` puts "
     "a count beside each row."),
    ("means of g twice", edit("g**2", "g"),
     "`s` is the running mean of the *squares*. Yours takes g itself, and a root of it may not exist."),
    ("betas exchanged", edit("0.9 * m + 0.1 * g", "0.999 * m + 0.001 * g",
     "0.999 * s + 0.001 * g", "0.9 * s + 0.1 * g", "m_hat, s_hat = m / (1 - 0.9**n), s / (1 - 0.999**n)",
     "m_hat, s_hat = m / (1 - 0.999**n), s / (1 - 0.9**n)"),
     "β₁ and β₂ are exchanged: 0.9 is for the mean of g, 0.999 for that of its squares."),
    ("uphill", edit("w - lr", "w + lr"),
     "Your step goes uphill: with the mean gradient instead of against it."),
    ("sums above zero", edit("(g != 0).any(axis=1)", "g.sum(axis=1) > 0"),
     "You let those rows move that add up to more than zero. Any number but 0, below it too, is a gradient."),
    ("sizes for squares", edit("g**2", "np.abs(g)"),
     "`s` is the running mean of the squares g², since its root is taken in the step. Yours is of |g|."),
    ("a short memory", edit("0.999 * s + 0.001", "0.99 * s + 0.01", "0.999**n", "0.99**n"),
     "You have 0.99 for β₂. Here it is 0.999."),
    ("sums for means", edit("0.1 * g", "g", "0.001 * g**2", "g**2"),
     "You add the whole g, and the whole of g². A running mean takes 1 − β of what is new."),
    ("one memory for both", edit("0.999", "0.9", "0.001 * g**2", "0.1 * g**2"),
     "You have 0.9 for both means. β₂, for the squares, is 0.999."),
    ("squares of the mean", edit("0.001 * g**2", "0.001 * m**2"),
     "`s` takes in the square of the *mean*. It is a running mean of g²."),
], after="Frameworks call it lazy or sparse Adam: of a hundred thousand words a batch touches a few hundred.")

COMPARE = Explain(9, rubric=[
    "Adam's rate was not tuned and the new one's was: with unequal budgets the comparison says nothing",
    "one run each: chance (initial weights, order of batches) may explain the difference; several seeds, "
    "with their spread",
    "one task, and training loss only: other tasks, held-out data, and time as well as steps",
    "a fair design: the same search and number of trials for each, fresh seeds for the comparison, the "
    "tuning curves shown",
])


def bowls(rng):
    def bowl(*shapes):
        signs = [np.resize([1.0, -1.0], shape) for shape in shapes]
        goals = [sign * rng.uniform(0.5, 2, shape) for sign, shape in zip(signs, shapes, strict=True)]
        return {"goals": goals, "curvatures": [rng.uniform(0.5, 5, shape) for shape in shapes]}, [
            np.zeros(shape) for shape in shapes
        ]

    yield "one array", *bowl((4,)), 0.1, 20
    yield "a layer's W and b", *bowl((3, 2), (2,)), 0.1, 40
    yield "three arrays", *bowl((2,), (2, 2), (3,)), 0.05, 60
    flat, start = bowl((2,))
    yield "an almost flat bowl, and a long way", flat | {"curvatures": [np.full(2, 1e-8)]}, start, 0.01, 800


def with_slopes(answer, gradients, params, lr, steps):
    """Where `answer` ends when it is handed the gradients of bowls, which no case can hold.

    And where it is after its first step.
    """
    asked, places = [], []

    def slopes(params):
        asked.append(1)
        places.append(np.concatenate([np.ravel(p) for p in params]))
        if len(asked) > steps:
            raise RuntimeError(f"{steps} steps, and more gradients than that")
        parts = zip(gradients["curvatures"], params, gradients["goals"], strict=True)
        return [c * (p - goal) for c, p, goal in parts]

    found = answer(slopes, params, lr, steps)
    if found is None:
        return None
    places.append(np.concatenate([np.ravel(p) for p in found]))
    return places[-1], places[min(1, len(places) - 1)]


def finite(found, gradients, params, lr, steps):
    """Where it ended, if that is a place."""
    last, first = found
    if np.isfinite(last).all():
        return last
    return "no numbers from the first step on" if np.isnan(first).all() else "weights that are no numbers"


def mended(gradients, params, lr, steps):
    params, t = list(params), 0
    m, s = [0.0 for p in params], [0.0 for p in params]
    for step in range(steps):
        t += 1
        rate = lr * (1 + np.cos(np.pi * step / steps)) / 2
        for k, g in enumerate(gradients(params)):
            m[k] = 0.9 * m[k] + 0.1 * g
            s[k] = 0.999 * s[k] + 0.001 * g**2
            m_hat, s_hat = m[k] / (1 - 0.9**t), s[k] / (1 - 0.999**t)
            params[k] = params[k] - rate * m_hat / (np.sqrt(s_hat) + 1e-8)
    return params


ONE_LIST = "m, s = [0.0 for p in params], [0.0 for p in params]", "m = s = [0.0 for p in params]"
FALLS_TWICE = "rate = lr *", "rate = lr = lr *"
COUNTS_ARRAYS = "        t += 1\n", "", "            m[k] = 0.9", "            t += 1\n            m[k] = 0.9"

REPAIR = Function(10, mended, bowls, run=with_slopes, measure=finite, mistakes=[
    ("one list", edit(*ONE_LIST, *FALLS_TWICE, *COUNTS_ARRAYS),
     "No numbers. Read what NumPy warns of: a root of something negative. But s is a mean of squares, so "
     "what is in it is not what was put in. Who else writes there? Change s[0], and print m[0]."),
    ("counts from 0", edit("t += 1", "t = step"),
     "No number anywhere after the first step, and NumPy warns of a division by zero: t is 0 in the first "
     "correction. It counts this step as well."),
    ("the rate and the count", edit(*FALLS_TWICE, *COUNTS_ARRAYS),
     "No roots of negative numbers any more. Now it stands still too early: print the rate at each step, "
     "beside half a cosine. Which `lr` is multiplied the second time?"),
    ("the count", edit(*COUNTS_ARRAYS),
     "With one array it is right now; with two, the second is too slow in its first steps. Print t where "
     "each array is moved. What does t count, and what should it?"),
    ("the rate", edit(*FALLS_TWICE),
     "The memory and the count of steps are right. But it stands still too early: print the rate at each "
     "step. The cosine is to be taken of the rate you were given."),
    ("a memory for each step", edit("    for step in range(steps):\n", "    for step in range(steps):\n"
     "        m, s = [0.0 for p in params], [0.0 for p in params]\n"),
     "Two lists, but you make them at every step: nothing is remembered."),
    ("no schedule", edit(" * (1 + np.cos(np.pi * step / steps)) / 2", ""),
     "It stands still no more, because the rate no longer falls. The schedule is wanted: what is wrong is "
     "what it is multiplied with."),
    ("no correction", edit(" / (1 - 0.9**t)", "", " / (1 - 0.999**t)", ""),
     "The count was wrong, not the correction: without it the first steps are three times too long."),
    ("the count of arrays, divided", edit("t += 1", "t += len(params)"),
     "t is to count the steps, whatever the number of arrays: 1 at the first step, for each of them."),
    ("begins at 2", edit("params, t = list(params), 0", "params, t = list(params), 1"),
     "Your count is 2 at the first step. There 1 − 0.9ᵗ must be 0.1, so that m̂ is the gradient itself."),
    ("a step ahead of the cosine", edit("np.pi * step / steps", "np.pi * (step + 1) / steps"),
     "Your cosine is a step ahead, and the last step has length 0. `broken` has it right: the first step "
     "has the whole rate."),
    ("ends at zero", edit("np.pi * step / steps", "np.pi * step / max(steps - 1, 1)"),
     "You have stretched the schedule so that the last step is 0. It was right as it stood: only what it "
     "multiplies is wrong."),
    ("hides the minus", edit(*ONE_LIST, "np.sqrt(s_hat)", "np.sqrt(np.abs(s_hat))"),
     "The warning is gone, its cause is not: a mean of squares cannot be negative. Who else writes into "
     "`s`?"),
    ("not halved", edit(" / 2\n", "\n"),
     "1 + cos goes from 2 to 0: without the half, your steps are twice as long."),
    ("epsilon inside the root", edit("np.sqrt(s_hat) + 1e-8", "np.sqrt(s_hat + 1e-8)"),
     "The three causes are gone, but ε has moved under the root, where small gradients feel it."),
    ("a straight line", edit("(1 + np.cos(np.pi * step / steps)) / 2", "(1 - step / steps)"),
     "Your rate falls along a straight line. It was to be half a cosine; only what it multiplies was wrong."),
], after="None of the three makes an error, and two of them still learn. What finds them: one step by hand, "
         "and the length of each step beside the rate.")


def rings(seed, n=200):
    """n points: a disc (1) within a ring (0)."""
    rng = np.random.default_rng(seed)
    y, angle = np.arange(n) % 2, rng.uniform(0, 2 * np.pi, n)
    radius = np.where(y == 1, rng.uniform(0, 1, n), rng.uniform(1.4, 2, n))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), y


def ravine(rng, n=100):
    """Axes and curvatures of a ravine that lies askew, and its lowest place."""
    axes = np.linalg.qr(rng.normal(size=(n, n)))[0]
    return {"axes": axes, "curvatures": np.geomspace(1, 100, n), "lowest": axes @ rng.choice([-1.0, 1.0], n)}


def two_tasks(rng):
    seed, up, down = int(rng.integers(10**6)), float(10 ** rng.uniform(0, 2)), float(10 ** rng.uniform(-2, 0))
    yield "a noisy ravine", {"seed": seed, "scale": up, **ravine(rng)}, np.zeros(100), 100
    X, y = rings(seed)
    start = np.concatenate([rng.normal(size=32), np.zeros(16), rng.normal(size=16) / 4, [0.0]])
    yield "a network", {"seed": seed, "scale": down, "X": X, "y": y}, start, 100


def within_budget(answer, gradient, w, steps):
    """Where `answer` ends when it may ask for `steps` noisy gradients, which no case can hold.

    And how often it asked, and stepped uphill.
    """
    rng = np.random.default_rng(gradient["seed"])
    asked: list[tuple[np.ndarray, np.ndarray]] = []
    climbed: list[bool] = []

    def noisy(w):
        if asked:
            climbed.append(np.sum((w - asked[-1][0]) * asked[-1][1]) > 0)
        if len(asked) == steps:
            raise RuntimeError(f"the {steps} gradients are used up")
        g = slope(w)
        asked.append((np.array(w), np.array(g)))
        return g

    def slope(w):
        if "axes" in gradient:
            Q, c = gradient["axes"], gradient["curvatures"]
            noise = np.sqrt(c) * rng.normal(size=c.size)
            return gradient["scale"] * (Q @ (c * (Q.T @ (w - gradient["lowest"])) + noise))
        rows = rng.integers(len(gradient["y"]), size=16)
        X, y = gradient["X"][rows], gradient["y"][rows]
        W1, W2 = w[:32].reshape(2, 16), w[48:64]
        A = np.tanh(X @ W1 + w[32:48])
        dz = (1 / (1 + np.exp(-(A @ W2 + w[64]))) - y) / 16
        dZ = dz[:, None] * W2 * (1 - A**2)
        return gradient["scale"] * np.concatenate([(X.T @ dZ).ravel(), dZ.sum(axis=0), A.T @ dz, [dz.sum()]])

    found = answer(noisy, w, steps)
    return None if found is None else (found, len(asked), sum(climbed))


def reached(found, gradient, w, steps):
    """Has the bar been reached? Many rules get there."""
    found, asked, climbed = found
    found = np.asarray(found)
    if found.shape != w.shape:
        return "not as many numbers as there are weights"
    if np.array_equal(found, w):
        return "the weights it began with"
    share, right = left_and_right(found, gradient)
    if share <= 1 / 220 or right >= 0.95:
        return "at most 1/220 of the loss" if "axes" in gradient else "95 of 100 new points right"
    if asked < 0.6 * steps:
        return "not there, and many steps left"
    if climbed > 0.8 * asked:
        return "not there, and steps uphill"
    if "axes" not in gradient:
        return "fewer than 95 of 100 right"
    if not share < 1:
        return "a loss higher than at the start, or no number"
    return "more than a tenth of the loss is left" if share > 0.1 else "more than 1/220 is left"


def left_and_right(found, gradient):
    """The share of a ravine's loss that is left, or of new points that a network reads; nan for the other."""
    if "axes" in gradient:
        away, c = gradient["axes"].T @ (found - gradient["lowest"]), gradient["curvatures"]
        return (c * away**2).sum() / c.sum(), np.nan
    X, y = rings(gradient["seed"] + 10**6, 400)
    z = np.tanh(X @ found[:32].reshape(2, 16) + found[32:48]) @ found[48:64] + found[64]
    return np.nan, np.mean((z > 0) == y)


def fading_adam(gradient, w, steps):
    m, s = np.zeros_like(w), np.zeros_like(w)
    for t in range(1, steps + 1):
        g = gradient(w)
        m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2
        rate = 0.3 * (1 + np.cos(np.pi * (t - 1) / steps)) / 2
        w = w - rate * m / (1 - 0.9**t) / (np.sqrt(s / (1 - 0.999**t)) + 1e-8)
    return w


def one_rate(gradient, w, steps):
    for _ in range(steps):
        w = w - 0.1 * gradient(w)
    return w


TRAIN = Function(11, fading_adam, two_tasks, run=within_budget, measure=reached, mistakes=[
    ("plain descent at one rate", one_rate,
     "The ravine's loss is far above where it began, and the network has not learned: your rate is too long "
     "for the one and too short for the other. So is any other number you may put there, because nobody "
     "knows by what their losses are multiplied. Which rules do not care about that?"),
    ("the ravine alone", edit("0.3 *", "(0.3 if w.size == 100 else 0.001) *"),
     "The ravine is down, and the network has not learned. Steps as long as the gradient fit one of the two "
     "losses at most, for nobody knows their scales. Which rules do not care about them?"),
    ("the network alone", lambda gradient, w, steps: (one_rate if w.size == 100 else fading_adam)(
        gradient, w, steps),
     "The network learns, and the ravine's loss is far above where it began. Steps as long as the gradient "
     "fit one of the two at most, for nobody knows their scales. Which rules do not care about them?"),
    ("uphill", edit("w = w - rate", "w = w + rate"),
     "You climb: the gradient points uphill, so subtract it."),
    ("stops early", edit("range(1, steps + 1)", "range(1, 2)"),
     "You stop long before the steps are used up. Spend them all."),
    ("stops early in the ravine", edit("range(1, steps + 1)", "range(1, steps // (2 if w.size > 65 else 1))"),
     "The network has learned, and in the ravine the way is longer: you stop long before the steps are used "
     "up. Spend them all."),
    ("the first weights", edit("return w", "return w0", "m, s = np", "w0 = w\n    m, s = np"),
     "You return the weights that you were handed. Return the last ones."),
    ("steps too short", edit("0.3 *", "0.001 *"),
     "Neither has come far. Print how long a step is beside the way there is to go: the lowest place of the "
     "ravine lies a distance of 10 away, and you have 100 steps. Take three times the rate, and again."),
    ("a rate that does not fade", edit("0.3 * (1 + np.cos(np.pi * (t - 1) / steps)) / 2", "0.2"),
     "The network learns, and the ravine comes down and then stays above the bar. Gradients are noisy, and "
     "the noise does not let it come to rest. What is the noise floor proportional to? And if your rate "
     "fades already, it may begin too low: how far can it come in all its steps?"),
    ("over budget", edit("range(1, steps + 1)", "range(1, steps + 2)"),
     "Every call of `gradient` counts, and you make more than `steps` of them. Is there a second call in "
     "your loop, or one after it?"),
    ("the whole way", lambda gradient, w, steps: np.array([w] * (steps + 1)),
     "You return more numbers than there are weights. Return the last weights, not the path."),
    ("one part of the way", edit("0.3 *", "0.03 *"),
     "The ravine comes down a part of the way, and the network has not learned. If your steps are as long as "
     "the gradient, they fit one of the two losses at most, for nobody knows their scales. If they are not, "
     "begin with longer ones, and let them fade."),
], after="A rule that does not care about the loss's scale, and a rate that fades: that is how most networks "
         "are trained. With Adam a rate between 0.2 and 0.6 does it here.")
