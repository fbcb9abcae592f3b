from functools import partial

import numpy as np

from nnlearn.exercises import Explain, Function, Predict, Value, edit
from nnlearn.exercises.budget import NoLoss, within_budget

CUT = Predict(1, "others may stand in for it", mistakes=[
    ("idle", "the head is idle",
     "Each of the 36 heads of the chapter's GPT could be cut at little cost, but not all of them together. "
     "What does that say of one?"),
    ("the place before", "the token before is useless",
     "The other heads can still look there. Is it the token that was removed, or one reader of it?"),
], after="A cut measures what is missed, given everything that is left.")

SHARES = Value(2, (8, 4), rtol=0.001, mistakes=[
    ("slope times input", (24, 12),
     "Those add up to 36, but F rises from 0 to 12. Take the slope's mean on the whole way, not at its end."),
    ("the slopes", (12, 4),
     "Those are the slopes at (2, 3). How long is the way, and what is their mean on it?"),
    ("half each", (6, 6), "They add up, but nothing says that both get the same. Integrate each slope."),
    ("mean slopes", (4, 4 / 3),
     "Those are the mean slopes. Each is multiplied by the way its input has gone."),
    ("first one, then the other", (0, 12),
     "You go along x₁ first and then along x₂. On the straight line both move at once."),
    ("first the other", (12, 0),
     "You go along x₂ first and then along x₁: another order, other shares. "
     "On the straight line both move at once."),
    ("mean of the ends", (12, 6),
     "You take the mean of the slopes at both ends. On the way they grow as α², not as α: integrate."),
    ("exchanged", (4, 8), "You exchanged the two: first x₁, which stands squared."),
])


def pictures(rng):
    for name, n, shape, b in [
        ("a batch", 3, (4, 5), 1.5), ("a batch of one, tall", 1, (6, 2), 2.0), ("one column", 2, (3, 1), 0.5),
    ]:
        yield name, rng.normal(size=(n, *shape)), rng.normal(size=shape), b, rng.normal(size=shape)
    yield "a score at its floor", -np.ones((2, 3, 4)), np.ones((3, 4)), 5.0, rng.uniform(0, 1, (3, 4))


def columns(x, w, b, mean):
    whole = np.maximum((x * w).sum(axis=(1, 2)) + b, 0)
    fall = np.zeros((len(x), x.shape[2]))
    for j in range(x.shape[2]):
        hidden = x.copy()
        hidden[:, :, j] = mean[:, j]
        fall[:, j] = whole - np.maximum((hidden * w).sum(axis=(1, 2)) + b, 0)
    return fall


COLUMNS = Function(3, columns, pictures, mistakes=[
    ("from the mean picture", lambda x, w, b, mean: np.maximum(
        0, (mean * w).sum() + b + ((x - mean) * w).sum(axis=1)) - max(0, (mean * w).sum() + b),
     "You show one column in the mean picture. Hide one column of *this* picture."),
    ("a share", lambda x, w, b, mean: columns(x, w, b, mean) / np.maximum(
        np.maximum(0, (x * w).sum(axis=(1, 2)) + b), 1e-9)[:, None],
     "You divide by the score. Asked is how far it falls, not which share of it."),
    ("a floor for each column", lambda x, w, b, mean: (
        np.maximum(0, (x * w).sum(axis=1) + b) - np.maximum(0, (mean * w).sum(axis=0) + b)),
     "You give each column a score of its own. The floor at 0 is that of the whole picture's score."),
    ("one grey", edit("mean[:, j]", "mean.mean()"),
     "You hide a column behind one grey. Each place has its own mean: `mean[:, j]`."),
    ("one grey a column", edit("mean[:, j]", "mean[:, j].mean()"),
     "You hide a column behind its mean's mean, one number. Each place has its own: `mean[:, j]`."),
    ("blank paper", edit("mean[:, j]", "0"),
     "You hide a column behind 0. Here it is hidden by the mean picture's."),
    ("a rise", edit("fall[:, j] = whole - np.maximum((hidden * w).sum(axis=(1, 2)) + b, 0)",
                    "fall[:, j] = np.maximum((hidden * w).sum(axis=(1, 2)) + b, 0) - whole"),
     "The sign is turned round: a column that spoke for the score has a positive fall."),
    ("hidden for ever", edit("hidden = x.copy()", "hidden = x.copy() if j == 0 else hidden"),
     "Your earlier columns stay hidden. Begin each time from the whole picture."),
    ("the floor forgotten", lambda x, w, b, mean: ((x - mean) * w).sum(axis=1),
     "A linear score would fall like this. Yours has a floor at 0: run it."),
    ("rows", lambda x, w, b, mean: columns(x.swapaxes(1, 2), w.T, b, mean.T),
     "You hide rows. A column is `x[:, :, j]`: the last axis."),
    ("the batch's mean", edit("mean[:, j]", "x.mean(axis=0)[:, j]"),
     "You take the mean of the batch at hand. The mean picture is given: `mean`."),
    ("all the others", edit("hidden = x.copy()", "hidden = np.repeat(mean[None], len(x), axis=0)",
                            "hidden[:, :, j] = mean[:, j]", "hidden[:, :, j] = x[:, :, j]"),
     "You hide all columns but one. Hide that one, and no other."),
    ("no bias", edit(") + b, 0)", "), 0)"), "The score has a b, and its floor at 0 comes after it."),
    ("the score without it", edit("whole - np.maximum(", "np.maximum("),
     "That is the score with the column hidden. Asked is how far it falls: the whole picture's score less "
     "this one."),
    ("a floor for the fall", lambda x, w, b, mean: np.maximum(0, ((x - mean) * w).sum(axis=1)),
     "You cut off the fall. The floor at 0 is that of the *score*: compute it with the column and without, "
     "each with its floor, and take the difference."),
    ("never below 0", edit("return fall", "return np.maximum(fall, 0)"),
     "You cut the falls off at 0. The floor is the score's: where hiding helps, the fall is negative."),
    ("absolute", edit("return fall", "return abs(fall)"),
     "A column that spoke against the score has a negative fall."),
])


def scored(rng):
    yield "a batch", rng.normal(size=(4, 3)), rng.normal(size=3), 0.5
    yield "a batch of one, negative", -np.ones((1, 2)), np.array([1.0, 3.0]), -1.0
    yield "a weight of zero", rng.normal(size=(2, 3)), np.array([2.0, 0.0, -1.0]), 0.3
    yield "on the boundary", np.array([[1.0, 1.0]]), np.array([1.0, -1.0]), 0.0


def flip(x, w, b):
    s = x @ w + b
    eps = s / abs(w).sum()
    return x - eps[:, None] * np.sign(w)


def one_number(x, w, b):
    moved, i = x.copy(), abs(w).argmax()
    moved[:, i] -= (x @ w + b) / w[i]
    return moved


def equal_shares(x, w, b):
    share = (x @ w + b)[:, None] / (w != 0).sum()
    return x - share * np.where(w != 0, 1 / np.where(w != 0, w, 1), 0)


FLIP = Function(4, flip, scored, mistakes=[
    ("one step", edit("x - eps[:, None] * np.sign(w)", "x - np.sign(s)[:, None] * np.sign(w)"),
     "You move by 1, however far the boundary is. The score s says how far: s / Σ|w|."),
    ("by the largest weight", edit("abs(w).sum()", "abs(w).max()"),
     "You divide by the largest weight. All numbers move: together they change the score by Σ|w|."),
    ("by the mean weight", edit("abs(w).sum()", "abs(w).mean()"),
     "You divide by the *mean* size of a weight. All numbers move, and the score changes by the sum."),
    ("the weight in place of its sign", edit("np.sign(w)", "w"),
     "Each number moves by the same amount, whatever its weight: only the weight's *sign* is needed."),
    ("by how many there are", edit("abs(w).sum()", "len(w)"),
     "You divide the score among the numbers, as if each had a weight of 1. A move of eps along the signs "
     "changes the score by eps · Σ|w|."),
    ("a weight of 0 moves", edit("np.sign(w)", "np.where(w >= 0, 1, -1)"),
     "A number with weight 0 moves in yours. `np.sign(0)` is 0: it stays."),
    ("all one way", edit("np.sign(w)", "1"),
     "All numbers move the same way in yours. Where the weight is negative a number has to move the other "
     "way: `np.sign(w)`."),
    ("along the weights", lambda x, w, b: x - ((x @ w + b) / (w @ w))[:, None] * w,
     "That is the shortest way in a straight line. Here no number may change more than needed: use signs."),
    ("always down", edit("s / abs(w)", "abs(s) / abs(w)"),
     "A negative score has to rise to 0: the direction depends on its sign."),
    ("away", edit("x - eps", "x + eps"), "Your score moves away from 0."),
    ("forgets the bias", edit("x @ w + b", "x @ w"),
     "Your moved inputs give x · w = 0. The score has a b, too."),
    ("one number", one_number,
     "You move one number alone, the one that counts most: few changes, and one large. "
     "Share it out among all."),
    ("equal shares", equal_shares,
     "Each of your numbers takes the same share of the *score*, so one with a small weight moves far. "
     "Let all move by the same amount."),
    ("by the length", edit("abs(w).sum()", "np.sqrt((w**2).sum())"),
     "Moves of eps along the signs change the score by eps times the sum of |w|, "
     "not by eps times its length."),
    ("to the other side", edit("x - eps[:, None]", "x - 2 * eps[:, None]"),
     "You go twice as far: your score is turned round. It is to become 0."),
    ("the move alone", edit("return x - eps", "return -eps"), "That is the move. Return the moved inputs."),
    ("signed sum", edit("abs(w).sum()", "w.sum()"),
     "Moves along the signs change the score by the sum of *absolute* weights."),
    ("for everyone the same", edit("eps[:, None]", "abs(eps).max()"), "Each row has a distance of its own."),
])


def places(rng):
    yield "out of the ball", *rng.normal(size=(3, 3, 4)), 0.5, 1.0
    yield "stays within", rng.normal(size=(2, 3)), rng.normal(size=(2, 3)), rng.normal(size=(2, 3)), 20.0, 0.3
    x = rng.normal(size=(2, 3))
    yield "a flat place", x, x + 0.1, np.array([[0.0, 0.0, 0.0], [3.0, 0.0, 4.0]]), 1.0, 0.5
    yield "a batch of one", *rng.normal(size=(3, 1, 2)), 0.2, 0.1
    yield "a small ball", x, x + 0.1, rng.normal(size=(2, 3)), 0.1, 0.3
    yield "no way at all", x, x, np.zeros((2, 3)), 0.0, 0.5


def step(x, z, g, eps, size):
    length = np.sqrt((g**2).sum(axis=1, keepdims=True))
    way = z + size * g / np.maximum(length, 1e-12) - x
    far = np.sqrt((way**2).sum(axis=1, keepdims=True))
    return x + way * np.minimum(1, eps / np.maximum(far, 1e-12))


STEP = Function(5, step, places, mistakes=[
    ("back before the step", lambda x, z, g, eps, size: step(
        0 * x, step(x, z, 0 * g, eps, size), g, np.inf, size),
     "You go back to the ball before the step. The step may lead out: first the step, then back."),
    ("no step that leads out", lambda x, z, g, eps, size: (
        lambda new: np.where(np.sqrt(((new - x) ** 2).sum(axis=1, keepdims=True)) > eps, z, new)
     )(step(x, z, g, np.inf, size)),
     "Where the step leads out you take none. Take it, and go back to the nearest point of the ball."),
    ("by the squared length", edit("length = np.sqrt((g**2).sum(axis=1, keepdims=True))",
                                   "length = (g**2).sum(axis=1, keepdims=True)"),
     "You divide the slope by its squared length. Take the root."),
    ("along the batch", edit("axis=1", "axis=0"),
     "You take lengths along the batch. Each row has its own: `axis=1`."),
    ("back to the start", lambda x, z, g, eps, size: np.where(
        (g**2).sum(axis=1, keepdims=True) > 0, step(x, z, g, eps, size), x),
     "Where the slope is 0 you go back to x. Without a step the row stays at z."),
    ("signs", edit("g / np.maximum(length, 1e-12)", "np.sign(g)"),
     "Signs are the steepest way when each number is limited. With a limit on the length it is "
     "the slope itself."),
    ("the chapter's attack", lambda x, z, g, eps, size: np.clip(z + size * np.sign(g), x - eps, x + eps),
     "That is the chapter's attack: signs, and a limit for each number. Here the *length* is limited: step "
     "along the slope itself, and go back into a ball."),
    ("back along the slope", lambda x, z, g, eps, size: (
        lambda new: np.where(np.sqrt(((new - x) ** 2).sum(axis=1, keepdims=True)) > eps,
                             step(x, x, g, np.inf, eps), new)
     )(step(x, z, g, np.inf, size)),
     "Where the step leads out you start again from x, along the slope. The nearest point of the ball lies "
     "between x and where you are."),
    ("the change alone", edit("return x + way", "return way"),
     "That is the way from x. Return where it leads: x and the way."),
    ("back by one length for all", edit("far = np.sqrt((way**2).sum(axis=1, keepdims=True))",
                                        "far = np.sqrt((way**2).sum())"),
     "The step is right. On the way back, too, each row of the batch has its own length."),
    ("one length for all", edit("length = np.sqrt((g**2).sum(axis=1, keepdims=True))",
     "length = np.sqrt((g**2).sum())"),
     "Each row of the batch has its own length."),
    ("a box", edit("way * np.minimum(1, eps / np.maximum(far, 1e-12))", "np.clip(way, -eps, eps)"),
     "That is a box. The ball limits the length of the whole change."),
    ("always to the edge", edit("np.minimum(1, eps / np.maximum(far, 1e-12))",
     "eps / np.maximum(far, 1e-12)"),
     "What lies within the ball stays where it is."),
    ("division by zero", edit("np.maximum(length, 1e-12)", "length"),
     "A slope of 0 has no direction: the row stays where it is, and is no NaN."),
    ("as long as the slope", edit("size * g / np.maximum(length, 1e-12)", "size * g"),
     "Your step is `size` times as long as the slope. Its length is to be `size`: divide by the slope's."),
    ("no ball", edit(" * np.minimum(1, eps / np.maximum(far, 1e-12))", ""),
     "Your step is right, but nothing keeps it within eps of x."),
    ("downhill", edit("z + size", "z - size"), "You go down the loss. An attacker goes up."),
    ("from x", edit("z + size", "x + size"), "The step begins at z, where the last one ended."),
    ("a ball around z", lambda x, z, g, eps, size: step(z, z, g, eps, size),
     "Your ball is around z, so that it moves along. It stays around x."),
    ("a ball around 0", lambda x, z, g, eps, size: step(0 * x, z, g, eps, size),
     "The ball is around x, not around 0."),
])


def looks(rng):
    def weights(T):
        e = np.exp(rng.normal(size=(T, T))) * np.tri(T)
        return e / e.sum(axis=1, keepdims=True)

    yield "some repeats", weights(6), np.array([3, 1, 3, 2, 1, 3])
    four = np.array([[1, 0, 0, 0], [0.6, 0.4, 0, 0], [0.2, 0.5, 0.3, 0], [0.1, 0.5, 0.2, 0.2]])
    yield "four alike", four, np.array([1, 1, 1, 1])
    yield "no repeat", weights(4), np.array([0, 1, 2, 3])
    yield "one token only", weights(1), np.array([5])
    yield "all the same", weights(3), np.array([7, 7, 7])
    yield "a neighbour", weights(4), np.array([4, 4, 9, 9])


def same(pattern, ids):
    earlier = np.equal.outer(ids, ids) & np.tri(len(ids), k=-1, dtype=bool)
    known = earlier.any(axis=1)
    return (pattern * earlier).sum(axis=1)[known].mean() if known.any() else 0.0


def itself_too(pattern, ids):
    alike = np.equal.outer(ids, ids)
    known = np.tril(alike, -1).any(axis=1)
    return (pattern * np.tril(alike)).sum(axis=1)[known].mean() if known.any() else 0.0


def a_mean_of_pairs(pattern, ids):
    earlier = np.tril(np.equal.outer(ids, ids), -1)
    return pattern[earlier].mean() if earlier.any() else 0.0


def one_copy(pattern, ids, which):
    copies = [np.flatnonzero(ids[:t] == ids[t]) for t in range(len(ids))]
    return np.mean([pattern[t, k[which]] for t, k in enumerate(copies) if len(k)] or [0.0])


SAME = Function(6, same, looks, mistakes=[
    ("later copies, too", lambda pattern, ids: (
        lambda others: (pattern * others).sum(axis=1)[others.any(axis=1)].mean() if others.any() else 0.0
     )(np.equal.outer(ids, ids) & ~np.eye(len(ids), dtype=bool)),
     "You count places whose copy comes later. Only tokens that have come *before* count."),
    ("where it looks most", lambda pattern, ids: np.mean([
        pattern[t].argmax() in np.flatnonzero(ids[:t] == ids[t]) for t in range(len(ids)) if ids[t] in ids[:t]
     ] or [False]),
     "You ask where the head looks most. Asked is how much *weight* lies on the copies."),
    ("neighbours alone", lambda pattern, ids: np.mean([
        pattern[t, t - 1] for t in range(1, len(ids)) if ids[t] == ids[t - 1]] or [0.0]),
     "You look at the token just before alone. An earlier copy may stand anywhere."),
    ("itself as well", itself_too,
     "You count the weight on the token itself, too. Only copies *before* it count."),
    ("a mean of all pairs", a_mean_of_pairs,
     "You take one mean over all pairs. Add up the weights of each place, then take the mean over places."),
    ("the latest copy", partial(one_copy, which=-1),
     "You look at the latest copy alone. Add up the weights on all earlier ones."),
    ("the first copy", partial(one_copy, which=0),
     "You look at the first copy alone. Add up the weights on all earlier ones."),
    ("itself", edit("k=-1, dtype=bool)", "dtype=bool)"),
     "Every token equals itself: only *earlier* places count."),
    ("an induction head", lambda pattern, ids: same(np.pad(pattern, ((0, 0), (0, 1)))[:, 1:], ids),
     "You look one place behind the earlier copy: that would be induction. Here it is the copy itself."),
    ("a mean over all", edit("[known].mean()", ".mean()"),
     "Leave out the places whose token has not come before."),
    ("nothing to say", edit("if known.any() else 0.0", ""), "Without any repeat the score is 0, not NaN."),
    ("the largest", edit("sum(axis=1)[known]", "max(axis=1)[known]"),
     "Several earlier copies: add up their weights."),
    ("a mean of the copies", edit("(pattern * earlier).sum(axis=1)[known]",
                                  "((pattern * earlier).sum(axis=1)[known] / earlier.sum(axis=1)[known])"),
     "You take the mean over the earlier copies of a place. Asked is the weight on all of them *together*."),
    ("a sum over the places", edit("[known].mean()", "[known].sum()"),
     "You add up over the places. The score is their mean."),
    ("turned round", edit("(pattern * earlier)", "(pattern.T * earlier)"),
     "Row t of the pattern says where token t looks. You read its columns."),
])


def ways(rng):
    for name, shape, steps in [
        ("a batch", (3, 4), 5), ("one step", (2, 3), 1), ("a batch of one, long", (1, 6), 8),
    ]:
        d, W = shape[1], rng.normal(size=(shape[1], 3))
        yield name, rng.normal(size=shape), rng.normal(size=d), W, rng.normal(size=3), steps
    x = rng.normal(size=(2, 2))
    yield "nowhere to go", x, x, rng.normal(size=(2, 2)), rng.normal(size=2), 3


def mended(x, baseline, W, v, steps):
    total = np.zeros_like(x)
    for k in range(steps):
        z = baseline + (k + 0.5) / steps * (x - baseline)
        total = total + ((1 - np.tanh(z @ W) ** 2) * v) @ W.T
    return (x - baseline) * total / steps


WAY = ("baseline + (k + 0.5) / steps * (x - baseline)", "(k + 0.5) / steps * x")
MIDDLE, GONE = ("k + 0.5", "k"), ("return (x - baseline)", "return x")

REPAIR = Function(7, mended, ways, mistakes=[
    ("the slope at x", lambda x, baseline, W, v, steps: (
        (x - baseline) * (((1 - np.tanh(x @ W) ** 2) * v) @ W.T)),
     "That is the slope at x alone. Take its mean along the way from the baseline."),
    ("another slope", edit("1 - np.tanh(z @ W) ** 2", "1 - np.tanh(z @ W)"),
     "The slope of tanh is 1 − tanh²: the square is missing."),
    ("beyond x", edit("z = baseline +", "z = x +"),
     "Your way begins at x and leads away from the baseline. It leads from the baseline to x."),
    ("both ends", edit("(k + 0.5) / steps", "k / max(steps - 1, 1)"),
     "Your points run from the one end to the other, both among them, as `np.linspace` has it. Take the "
     "middles of the steps, (k + ½) / steps."),
    ("as it was", edit("baseline + (k + 0.5) / steps * (x - baseline)", "k / steps * x", *GONE),
     "All three faults are still there. Where does the way begin, where on it do you stand, and "
     "how long is it?"),
    ("the way", edit(*WAY), "One fault is left: your way still begins at 0. It begins at the baseline."),
    ("the middles", edit(*MIDDLE),
     "One fault is left: each step is represented by its beginning. Its middle is much nearer to its mean."),
    ("what was gone", edit(*GONE), "One fault is left: multiply by the way that was gone, not by the input."),
    ("way and middles", edit("baseline + (k + 0.5) / steps * (x - baseline)", "k / steps * x"),
     "The factor in front is right now. Two faults are left, both in z."),
    ("way and what was gone", edit(*WAY, *GONE),
     "You stand in the middles now. Two faults are left: the way begins at the baseline, and is as long as "
     "from there."),
    ("middles and what was gone", edit(*MIDDLE, *GONE),
     "Your way begins at the baseline now. Two faults are left: where on each step you stand, and the factor "
     "in front."),
    ("the ends", edit(*MIDDLE[:1], "k + 1"),
     "One fault is left: each step is represented by its end. Take its middle."),
    ("too far", edit("/ steps * (x - baseline)", "/ steps * x"),
     "Your way begins at the baseline, and ends at baseline + x. It is to end at x."),
    ("not divided", edit("total / steps", "total"), "A mean is a sum divided by how many."),
])


def patients(seed, n, hints=20):
    rng = np.random.default_rng(seed)
    y = rng.choice([-1.0, 1.0], n)
    sure = y * np.where(rng.random(n) < 0.86, 1.0, -1.0)
    return np.column_stack([sure, rng.normal(size=(n, hints)) + 0.35 * y[:, None]]), y


def clinic(rng):
    seed = int(rng.integers(10**6))
    yield "patients drawn for you", *patients(seed, 500), 0.5, 200, {"seed": seed}


def withstands(w, x, y, eps, steps, backward):
    """Has the bar been reached, on new data, whatever an attacker does within eps?"""
    w = np.asarray(w, float)
    if w.shape != x.shape[1:]:
        return f"an array of shape {w.shape}"
    if not np.isfinite(w).all():
        return "numbers that are not finite"
    X, Y = patients(backward["seed"] + 1, 4000)
    score = Y * (X @ w)
    if ((score - eps * abs(w).sum()) > 0).mean() >= 0.8:
        return "at least 80 % under attack"
    return "right only while nobody attacks" if (score > 0).mean() > 0.8 else "wrong even without an attack"


def trusting(x, y, eps, steps, backward):
    for _ in range(steps):
        backward(NoLoss())
    w = np.zeros(x.shape[1])
    w[0] = 1.0
    return w


def one_too_many(x, y, eps, steps, backward):
    for _ in range(steps + 1):
        backward(NoLoss())
    return trusting(x, y, eps, 0, backward)


TRAIN = Function(8, trusting, clinic, run=within_budget, measure=withstands,
    allows=("Linear", "Tensor", "softplus", "relu", "binary_cross_entropy", "SGD", "Adam", "AdamW"),
    mistakes=[
    ("nobody attacks", lambda x, y, eps, steps, backward: np.linalg.lstsq(x, y, rcond=None)[0],
     "Without an attack it is often right, under attack it is not. Is every batch attacked before its step, "
     "and not at random, where moves cancel? For a linear score the worst change is known: x − ε y sign(w)."),
    ("has learned nothing", lambda x, y, eps, steps, backward: np.zeros(x.shape[1]),
     "It is wrong even without an attack. Has it learned anything? Are its signs the right way round?"),
    ("over budget", one_too_many, "Each call of `backward` counts, and there are 200 of them."),
    ("a column", lambda x, y, eps, steps, backward: trusting(x, y, eps, 0, backward)[:, None],
     "Return one weight for each feature, (21,): a layer's W is a column, (21, 1)."),
], after="Look at the weights: what is left of the twenty weak hints, which together beat the sure one?")

HEAT = Explain(9, rubric=[
    "would a model with random weights, or trained on shuffled answers, give the same map?",
    "remove or change what the map points at: does the decision change, more than for a simple rival?",
    "compared with what: which baseline, and would another give another map?",
    "one map of one case is not a rule; several models of the same accuracy may disagree",
])
