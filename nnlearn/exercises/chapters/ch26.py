import numpy as np

from nnlearn.exercises import Explain, Function, Predict, Value, edit
from nnlearn.exercises.budget import NoLoss, no_classes, within_budget

OUTLIER = Predict(1, "ten times", mistakes=[
    ("the same", "The grid is drawn to the largest weight. What happens to its step?"),
    ("a hundred times", "That is the *mean square*. Asked is the error itself, its root."),
], after="The step is ten times as wide, and the error goes with it: more than three bits are lost.")

BY_HAND = Value(2, (3, -1, 1, 0), mistakes=[
    ("cut off", (3, -1, 0, 0), "0.4 / s is 0.6: round to the *nearest* whole number, do not cut off."),
    ("down", (3, -2, 0, 0), "Round to the nearest whole number, not down."),
    ("not rounded", (3, -1.05, 0.6, 0.15), "Those are w / s. Round them: only whole numbers are stored."),
    ("a step too many", (4, -1, 1, 0),
     "With 3 bits m = 3: the scale is max|w| / 3, so no number is above 3."),
    ("the weights", (2, -2 / 3, 2 / 3, 0), "Those are the weights s q. Asked are the whole numbers q."),
    ("unsigned", (7, -2, 1, 0),
     "You divide by 7, as if all three bits were for the size. One is for the sign."),
])


def ranges(rng):
    yield "a batch", rng.normal(1, 2, (3, 5)), 8
    yield "all above zero, 4 bits", rng.uniform(2, 5, (4, 2)), 4
    yield "all below zero", -rng.uniform(1, 3, 7), 3
    yield "one number, 1 bit", [2.5], 1
    yield "all zero", np.zeros((2, 2)), 4
    yield "both sides, 2 bits", [-1.0, 0.2, 0.6, 1.9], 2
    yield "two roundings up", [-1.0, 1.0], 2


def affine(x, bits):
    low, high = min(x.min(), 0.0), max(x.max(), 0.0)
    s = (high - low) / (2**bits - 1) or 1.0
    zero = np.rint(-low / s)
    return np.clip(np.rint(x / s) + zero, 0, 2**bits - 1), s, zero


AFFINE = Function(3, affine, ranges, outputs="q s zero", mistakes=[
    ("zero with its sign turned", edit("- 1), s, zero", "- 1), s, -zero"),
     "The sign of `zero` is turned: 0 stands −low / s steps above the lower end, and low is not above 0."),
    ("up to high alone", edit("(high - low) / (2**bits - 1)", "high / (2**bits - 1)"),
     "Your steps divide the way from 0 to `high`. The whole stretch, from `low` on, is divided."),
    ("low itself", edit("np.rint(x / s) + zero", "np.rint((x - low) / s)", "2**bits - 1), s, zero",
                        "2**bits - 1), s, low"),
     "`zero` is a whole number: where 0 lands on the grid, −low / s rounded. You return `low`."),
    ("counted from high", edit("-low / s", "high / s"),
     "`zero` is the place of 0. It lies −low / s steps above the lower end: you count from the upper one."),
    ("clipped too early", edit("np.clip(np.rint(x / s) + zero, 0, 2**bits - 1)",
                               "np.clip(np.rint(x / s), 0, 2**bits - 1) + zero"),
     "You clip before `zero` is added, and lose what is below 0. Add it, then clip."),
    ("back to numbers", edit("return np.clip(np.rint(x / s) + zero, 0, 2**bits - 1)",
                             "return s * (np.clip(np.rint(x / s) + zero, 0, 2**bits - 1) - zero)"),
     "Your `q` holds the numbers that the grid stands for, s (q − zero). Asked are the whole numbers q."),
    ("signed bytes", edit("0, 2**bits - 1)", "0, 2**bits - 1).astype(np.int8)"),
     "In an int8 a whole number above 127 becomes negative. `uint8` holds 0 to 255."),
    ("cut off twice", edit("np.rint", "np.floor"),
     "Both roundings cut off in yours. Round to the nearest, `np.rint`, both times."),
    ("forgets zero", edit("min(x.min(), 0.0), max(x.max(), 0.0)", "x.min(), x.max()"),
     "The grid has to reach 0, even where no number does: padding and ReLU give exact zeros."),
    ("one step too many", edit("2**bits - 1) or", "2**bits) or"),
     "2^bits whole numbers have 2^bits − 1 steps between them."),
    ("symmetric", edit("-low / s", "0.0"), "Your zero is at 0: nothing below 0 has a place on the grid."),
    ("division by zero", edit("or 1.0", ""), "Where all numbers are 0 the step would be 0. Take s = 1 then."),
    ("cut off", edit("np.rint(x / s)", "np.floor(x / s)"), "Round to the nearest, do not cut off."),
    ("rounded together", edit("np.rint(x / s) + zero", "np.rint((x - low) / s)"),
     "Close: but 0 itself has to land exactly on `zero`. Round x / s, then add `zero`."),
    ("zero between two places", edit("np.rint(-low / s)", "-low / s"),
     "`zero` is one of the whole numbers, so that 0 is exact: round it."),
    ("zero taken away", edit("np.rint(x / s) + zero", "np.rint(x / s) - zero"),
     "From x ≈ s (q − zero) follows q ≈ x / s *plus* zero."),
    ("a bit for the sign", edit("2**bits - 1) or", "2**bits // 2 - 1 or 1) or"),
     "No bit is kept for the sign here: there are 2^bits − 1 steps."),
    ("the largest in size", edit("max(x.max(), 0.0)", "abs(x).max()"),
     "`high` is the largest number, or 0, not the largest in size: nothing need lie up there."),
    ("unclipped", lambda x, bits: ((s := affine(x, bits))[2] + np.rint(x / s[1]), *s[1:]),
     "Two roundings can lead one step out of the grid. Clip to 0 … 2^bits − 1."),
])


def rows_of_four(rng):
    yield "a matrix", rng.normal(size=(3, 8))
    yield "one group", [[0.1, -3.0, 0.2, -0.1]]
    yield "equal sizes", [[1.0, -1.0, 1.0, 1.0, 2.0, 2.0, -2.0, 5.0]]
    yield "all zero", np.zeros((2, 4))
    yield "all below zero, tall", -rng.uniform(1, 2, (5, 4))
    yield "four rows", rng.normal(size=(4, 8))
    yield "nothing", np.zeros((0, 8))


def two_of_four(w):
    groups = w.reshape(-1, 4)
    order = np.argsort(-abs(groups), axis=1, kind="stable")
    kept = np.zeros_like(groups)
    for k in range(2):
        rows = np.arange(len(groups)), order[:, k]
        kept[rows] = groups[rows]
    return kept.reshape(w.shape)


TWO = Function(4, two_of_four, rows_of_four, mistakes=[
    ("packed", lambda w: (lambda g: np.take_along_axis(
        g, np.sort(np.argsort(-abs(g), axis=1, kind="stable")[:, :2], axis=1), axis=1
     ).reshape(len(w), w.shape[1] // 2))(w.reshape(-1, 4)),
     "You leave the zeros out. The matrix keeps its shape, with zeros where a weight is cut."),
    ("far apart", lambda w: (
        lambda g: two_of_four(g.reshape(-1, 4)).reshape(g.shape).swapaxes(1, 2).reshape(w.shape)
     )(np.ascontiguousarray(w.reshape(len(w), 4, w.shape[1] // 4).swapaxes(1, 2))),
     "Your four stand far apart in the row. A group is four *neighbours*: `reshape(-1, 4)`."),
    ("by value", edit("-abs(groups)", "-groups"), "Large means far from 0: −3 is larger than 0.2 here."),
    ("the smallest stay", edit("-abs(groups)", "abs(groups)"), "You keep the two smallest."),
    ("half of all", lambda w: w * (abs(w) >= np.median(abs(w)) if w.size else 1),
     "You cut half of the whole matrix. In *every* four, two have to stay, or the hardware gains nothing."),
    ("columns", lambda w: two_of_four(w.T.reshape(w.shape)).reshape(w.shape[::-1]).T if w.size else w,
     "Your fours run down the columns. They are neighbours in a row."),
    ("half of each row", lambda w: np.where(
        np.argsort(np.argsort(-abs(w), axis=1, kind="stable"), axis=1) < w.shape[1] // 2, w, 0.0),
     "You keep half of each row. In every four *neighbours* two have to stay."),
    ("all that are equal", lambda w: np.where(
        (g := abs(w.reshape(-1, 4))) >= np.sort(g, axis=1)[:, 2:3], w.reshape(-1, 4), 0.0).reshape(w.shape),
     "Where sizes are equal more than two of four stay. Exactly two may: the earlier ones."),
    ("none of equal ones", lambda w: np.where(
        (g := abs(w.reshape(-1, 4))) > np.sort(g, axis=1)[:, 1:2], w.reshape(-1, 4), 0.0).reshape(w.shape),
     "Where sizes are equal fewer than two of four stay: no threshold parts equal ones. Sort the places, "
     "stably, and keep the first two."),
    ("the mask", edit("kept[rows] = groups[rows]", "kept[rows] = 1"),
     "That is the mask. Asked for is the pruned matrix: the weights themselves, and zeros."),
    ("without their signs", edit("kept[rows] = groups[rows]", "kept[rows] = abs(groups[rows])"),
     "The weights that stay keep their signs."),
    ("one of four", edit("range(2)", "range(1)"), "Two of four stay; you keep one."),
    ("not stable", edit("np.argsort(-abs(groups), axis=1, kind=\"stable\")",
                        "3 - np.argsort(-abs(groups[:, ::-1]), axis=1, kind=\"stable\")"),
     "Of equal sizes the earlier stay."),
])


def to_hold(rng):
    yield "a matrix", rng.normal(size=(40, 3)), 0.02
    yield "coarse is enough", rng.normal(size=(30, 2)), 0.4
    yield "seven are too few", rng.uniform(-1, 1, (50, 2)), 0.006
    yield "nine would do", rng.uniform(-1, 1, (50, 2)), 0.003
    yield "too fine", rng.normal(size=(50, 2)), 1e-5
    heavy = rng.normal(size=(60, 3))
    heavy[0, 1] = 40.0
    yield "one large weight", heavy, 0.05
    yield "an output of zeros", np.column_stack([rng.normal(size=20), np.zeros(20)]), 0.05
    yield "one weight each", [[2.0, -3.0, 0.5]], 0.01


def fewest(w, most):
    bits = np.full(w.shape[1], 32)
    size = np.sqrt((w**2).sum(axis=0))
    for b in range(8, 1, -1):
        m = 2 ** (b - 1) - 1
        s = abs(w).max(axis=0) / m
        s = np.where(s == 0, 1, s)
        error = np.sqrt(((s * np.rint(w / s) - w) ** 2).sum(axis=0))
        bits[error <= most * size] = b
    return bits


FEWEST = Function(5, fewest, to_hold, mistakes=[
    ("cut off", edit("np.rint(w / s)", "np.trunc(w / s)"),
     "You cut off. Round to the nearest: `np.rint`."),
    ("one step too many", edit("m = 2 ** (b - 1) - 1", "m = 2 ** (b - 1)"),
     "The largest whole number of b bits is 2^(b − 1) − 1: you count on one more."),
    ("from smallest to largest", lambda w, most: np.array([
        next((b for b in range(2, 9) if (lambda s: np.linalg.norm(
            s * np.rint((c - c.min()) / s) + c.min() - c) <= most * np.linalg.norm(c)
        )((c.max() - c.min()) / (2**b - 1) or 1.0)), 32) for c in w.T]),
     "Your grid reaches from the smallest number to the largest. The chapter's has its middle at 0, and "
     "reaches as far as the largest size, on both sides."),
    ("the most", edit("range(8, 1, -1)", "range(2, 9)"),
     "You give the most bits that will do. Asked are the fewest."),
    ("one scale", edit("abs(w).max(axis=0)", "abs(w).max()"), "Each output has a scale of its own."),
    ("absolute", edit("most * size", "most"), "The limit is a share of the length of the output's weights."),
    ("one for all", lambda w, most: np.full(w.shape[1], fewest(w, most).max()),
     "Each output has bits of its own; you give all of them the largest."),
    ("a mean for a sum", edit("- w) ** 2).sum(axis=0))", "- w) ** 2).mean(axis=0))"),
     "A length is the root of a *sum* of squares, on both sides of the comparison."),
    ("the largest error", edit("np.sqrt(((s * np.rint(w / s) - w) ** 2).sum(axis=0))",
     "abs(s * np.rint(w / s) - w).max(axis=0)",
     "np.sqrt((w**2).sum(axis=0))", "abs(w).max(axis=0)"),
     "You compare the largest error with the largest weight. Compare the lengths."),
    ("squares", edit("np.sqrt(((s * np.rint(w / s) - w) ** 2).sum(axis=0))",
     "((s * np.rint(w / s) - w) ** 2).sum(axis=0)",
     "np.sqrt((w**2).sum(axis=0))", "(w**2).sum(axis=0)"),
     "You compare squared lengths; `most` is a limit for the lengths."),
    ("seven at most", edit("range(8, 1, -1)", "range(7, 1, -1)"),
     "8 bits may be tried as well: `range` ends before its end."),
    ("eight at worst", edit("np.full(w.shape[1], 32)", "np.full(w.shape[1], 8)"),
     "Where 8 bits are not enough the answer is 32."),
    ("no bit for the sign", edit("2 ** (b - 1) - 1", "2**b - 1"),
     "With b bits m = 2^(b−1) − 1: one is for the sign."),
    ("by the formula", edit("np.sqrt(((s * np.rint(w / s) - w) ** 2).sum(axis=0))",
     "s * np.sqrt(len(w) / 12)"),
     "s / √12 is an estimate. Here the error itself is asked: round, and measure."),
    ("zeros", edit("s = np.where(s == 0, 1, s)", ""),
     "An output of zeros has no error at all, so 2 bits will do. Do you divide 0 by 0, or ask for an error "
     "*below* the limit? At the limit it is allowed."),
])


def hidden(rng):
    def layers(d, h, c):
        return rng.normal(size=(d, h)), rng.normal(size=h), rng.normal(size=(h, c))

    yield "three of six", *layers(4, 6, 3), 3
    yield "one of five", *layers(2, 5, 1), 1
    yield "all stay", *layers(3, 4, 2), 4
    W, b, V = layers(3, 4, 2)
    W[:, 1] = 0
    yield "one that gets nothing", W, b, V, 3
    yield "all below zero", *(-abs(a) for a in layers(5, 7, 2)), 4
    W, b, V = layers(3, 4, 2)
    V[2] = 1e-3
    yield "one that nobody hears", W * [1, 1, 9, 1], b, V, 2
    W = np.array([[3.0, 2, 0.1, 1], [0, 2, 0.1, 0]])
    yield "long, and large all over", W, np.zeros(4), np.ones((4, 1)), 1
    yield "equal", np.ones((2, 40)), np.arange(40.0) * 7 % 40, np.ones((40, 2)), 12


def narrower(W, b, V, k):
    worth = np.sqrt((W**2).sum(axis=0)) * np.sqrt((V**2).sum(axis=1))
    kept = np.sort(np.argsort(-worth, kind="stable")[:k])
    return W[:, kept], b[kept], V[kept]


NARROWER = Function(6, narrower, hidden, outputs="W b V", mistakes=[
    ("all of b", edit("b[kept], V", "b, V"), "b has lost no unit: it needs `b[kept]`."),
    ("the first k", edit("np.sort(np.argsort(-worth, kind=\"stable\")[:k])", "np.arange(k)"),
     "You keep the first k units. Keep the k that are worth most."),
    ("k of them go", edit("[:k]", "[: len(worth) - k]"),
     "You take k units out. `k` says how many *stay*."),
    ("all of the same worth", edit("np.sort(np.argsort(-worth, kind=\"stable\")[:k])",
                                   "np.flatnonzero(worth >= np.sort(worth)[-k])"),
     "Where units are worth the same, more than k pass your limit. Sort stably and take the first k."),
    ("zeros instead", lambda W, b, V, k: (W * (m := np.isin(np.arange(len(b)), np.argsort(-np.sqrt((W**2).sum(
        axis=0) * (V**2).sum(axis=1)), kind="stable")[:k])), b * m, V * m[:, None]),
     "Your matrices are as large as before, with zeros. Take columns and rows *out*."),
    ("only what comes in", edit(" * np.sqrt((V**2).sum(axis=1))", ""),
     "A unit that nobody listens to is worth nothing, however large its own weights."),
    ("only what goes out", edit("np.sqrt((W**2).sum(axis=0)) * ", ""),
     "A unit that hears nothing says nothing. What comes in counts as well."),
    ("added lengths", edit(" * np.sqrt((V**2)", " + np.sqrt((V**2)"),
     "The two lengths are *multiplied*: a unit without one of the two is worth nothing."),
    ("sums for lengths", edit("np.sqrt((W**2).sum(axis=0))", "abs(W).sum(axis=0)",
     "np.sqrt((V**2).sum(axis=1))",
     "abs(V).sum(axis=1)"), "A length is the root of the sum of squares, not the sum of sizes."),
    ("the bias counted", edit("np.sqrt((W**2).sum(axis=0))", "np.sqrt((W**2).sum(axis=0) + b**2)"),
     "The bias does not count in a unit's worth here."),
    ("the later of equal ones", edit("np.argsort(-worth, kind=\"stable\")[:k]",
     "np.argsort(worth, kind=\"stable\")[-k:]"),
     "Of units worth the same the *earlier* stay: sort by −worth, stably, and take the first k."),
    ("reordered", edit("np.sort(np.argsort(-worth, kind=\"stable\")[:k])",
                       "np.argsort(-worth, kind=\"stable\")[:k]"),
     "The right units, sorted by worth. Keep them in their old order."),
    ("the least", edit("-worth", "worth"), "You keep the units worth least."),
    ("forgets the bias", edit("b[kept]", "b[:k]"), "Each unit keeps its own bias."),
])


def layers(rng):
    yield "one row", 1, 512, 256, 32, 1e8, 1e7
    yield "many rows", 512, 512, 256, 32, 1e8, 1e7
    yield "one row, 4 bits", 1, int(rng.integers(300, 900)), 100, 4, 1e8, 1e7
    yield "a narrow layer", 64, 8, 8, 8, 1e8, 1e7
    yield "an odd number of weights", 1, 3, 3, 4, 100.0, 10.0
    yield "a slow processor", 1, 100, 100, 32, 1e6, 1e12
    yield "exactly at the bend", 1, 2, 2, 16, 8.0, 24.0


def takes(rows, n_in, n_out, bits, peak, bandwidth):
    computing = 2 * rows * n_in * n_out / peak
    fetching = (n_in * n_out * bits / 8 + 4 * rows * (n_in + n_out)) / bandwidth
    return max(computing, fetching), fetching > computing


TAKES = Function(7, takes, layers, outputs="seconds memory_bound", mistakes=[
    ("no inputs", edit("(n_in + n_out)", "n_out"),
     "The inputs are fetched as well."),
    ("whole bytes", edit("n_in * n_out * bits / 8", "n_in * n_out * (bits // 8)"),
     "`//` makes 0 bytes of 4 bits. A weight may have half a byte: divide by 8 with `/`."),
    ("adds them", edit("max(computing, fetching)", "computing + fetching"),
     "A roof lets the two run at the same time: the longer decides."),
    ("one operation", edit("2 * rows", "rows"), "A weight is multiplied *and* added: two operations."),
    ("bits for bytes", edit("bits / 8", "bits"),
     "The bandwidth counts bytes, and a weight has bits / 8 of them."),
    ("fetched again", edit("n_in * n_out * bits", "rows * n_in * n_out * bits"),
     "A weight is fetched once, for all rows."),
    ("weights alone", edit(" + 4 * rows * (n_in + n_out)", ""),
     "Inputs are fetched and outputs written as well, with 4 bytes each."),
    ("the shorter", edit("max(computing, fetching)", "min(computing, fetching)"),
     "The *longer* of the two decides: a roof is the lower of two speeds, and so the longer time."),
    ("inputs alone", edit("(n_in + n_out))", "n_in)"), "The outputs are written as well."),
    ("one row of inputs", edit("4 * rows * (n_in + n_out)", "4 * (n_in + n_out)"),
     "Each of the `rows` rows has its own inputs and outputs."),
    ("inputs with the weights' bits", edit("4 * rows * (n_in + n_out)", "rows * (n_in + n_out) * bits / 8"),
     "Inputs and outputs have 4 bytes each, whatever the weights have."),
    ("one row of operations", edit("2 * rows * n_in", "2 * n_in"), "Every row is multiplied by all weights."),
    ("at the bend, too", edit("fetching > computing", "fetching >= computing"),
     "Where both take the same time nobody waits *longer* for bytes."),
    ("turned round", edit("fetching > computing", "computing > fetching"),
     "Memory-bound is who waits for bytes."),
])


def doubts(rng):
    yield "a batch", rng.normal(size=(4, 5)), 3 * rng.normal(size=(4, 5)), 4.0
    yield "a batch of one", rng.normal(size=(1, 3)), rng.normal(size=(1, 3)), 2.5
    yield "a cold one", rng.normal(size=(3, 2)), rng.normal(size=(3, 2)), 0.5
    yield "large logits", [[900.0, -900.0, 0.0], [-1000.0, -1001.0, -999.0]], [[0.0, 800.0, 810.0]] * 2, 1.0
    z = rng.normal(size=(2, 4))
    yield "they agree", z, z + 3.0, 3.0


def softened(a, T):
    e = np.exp((a - a.max(axis=1, keepdims=True)) / T)
    return e / e.sum(axis=1, keepdims=True)


def gradient(z, v, T):
    def soft(a):
        e = np.exp((a - a.max(axis=1, keepdims=True)) / T)
        return e / e.sum(axis=1, keepdims=True)

    return T * (soft(z) - soft(v)) / len(z)


def broken(z, v, T):
    return (softened(z, T) - softened(v, 1)) / z.size


REPAIR = Function(8, gradient, doubts, mistakes=[
    ("the student at 1", edit("soft(z) - soft(v)", "soft(z * T) - soft(v)"),
     "The student is read at T = 1, the teacher at T. Both are softened alike."),
    ("a quotient", edit("T * (soft(z) - soft(v))", "-T * soft(v) / soft(z)"),
     "That is the slope in the student's *probabilities*. In its logits it is a difference of softmaxes."),
    ("hotter for colder", edit("/ T)", "* T)"), "A temperature divides the logits; you multiply by it."),
    ("one class for sure", edit("soft(v)", "np.eye(v.shape[1])[v.argmax(axis=1)]"),
     "Your teacher names one class, for sure. The lesson is in its *probabilities*, the softmax of v / T."),
    ("down the batch", edit("a.max(axis=1, keepdims=True)", "a.max(axis=0, keepdims=True)",
                            "e.sum(axis=1, keepdims=True)", "e.sum(axis=0, keepdims=True)"),
     "Your softmax runs down the batch. The classes of one example stand in a row: `axis=1`."),
    ("without end hot", lambda z, v, T: (
        z - z.mean(axis=1, keepdims=True) - v + v.mean(axis=1, keepdims=True)) / z.size,
     "That is where the gradient tends as T grows: differences of logits. At a given T it is one of "
     "softmaxes."),
    ("as it was", broken,
     "All three faults are still there. At which temperature is the teacher read, what does T² leave after "
     "the inner slope 1 / T, and what is the mean over?"),
    ("a cold teacher", lambda z, v, T: T * (softened(z, T) - softened(v, 1)) / len(z),
     "One fault is left: the teacher is read at T = 1, the student at T. They never meet."),
    ("no T", edit("T * (soft", "(soft"),
     "One fault is left: the loss has T² in front, and the slope of z / T is 1 / T. T remains."),
    ("over all entries", edit("/ len(z)", "/ z.size"),
     "One fault is left: the mean is over the examples, not over all entries."),
    ("cold, and no T", lambda z, v, T: (softened(z, T) - softened(v, 1)) / len(z),
     "The mean is right now. Two faults are left, both about temperatures."),
    ("cold, over all entries", lambda z, v, T: T * (softened(z, T) - softened(v, 1)) / z.size,
     "The factor T is right now. Two faults are left: the teacher's temperature, and the mean."),
    ("no T, over all entries", edit("T * (soft", "(soft", "/ len(z)", "/ z.size"),
     "The teacher is read at T now. Two faults are left: a factor, and the mean."),
    ("both cold", lambda z, v, T: T * (softened(z, 1) - softened(v, 1)) / len(z),
     "Both are read at T = 1. The loss reads both at T."),
    ("divided by T", edit("T * (soft", "1 / T * (soft"),
     "T² in front times the inner slope 1 / T leaves T, not 1 / T."),
    ("no mean", edit(" / len(z)", ""), "The loss is a mean over B examples: divide by B."),
    ("T squared", edit("T * (soft", "T**2 * (soft"),
     "You forget the inner slope: z / T has the slope 1 / T."),
    ("overflow", edit("a - a.max(axis=1, keepdims=True)", "a"),
     "Large logits overflow: take the row's maximum away first."),
    ("turned round", edit("soft(z) - soft(v)", "soft(v) - soft(z)"),
     "That is the way down, the negative gradient."),
])


def lesson(seed, n=400, d=12):
    """Points of three kinds, and a sure teacher's logits of them; the last 200 are new."""
    rng = np.random.default_rng(seed)
    centres = np.linalg.qr(rng.normal(size=(d, 3)))[0].T * 2.2
    y = rng.integers(0, 3, n)
    x = centres[y] + 0.55 * rng.normal(size=(n, d))
    return x.astype(np.float32), (12 * (x @ centres.T) + rng.normal(size=(n, 3))).astype(np.float32), y


def given(rng):
    for name in ("points drawn for you", "others"):
        seed = int(rng.integers(10**6))
        x, v, y = lesson(seed)
        old = np.arange(len(y)) < 200
        seen = old & (y != 2)
        yield name, x[seen], v[seen], x[~old], 100, {"seed": seed}


def knows(classes, x, teacher, new, steps, backward):
    """Has the bar been reached, for the class that was never shown?"""
    if wrong := no_classes(classes, len(new), 3):
        return wrong
    y = lesson(backward["seed"])[2][200:]
    unseen, others = (classes == y)[y == 2].mean(), (classes == y)[y != 2].mean()
    if unseen >= 0.8 and others >= 0.8:
        return "at least 80 % of both"
    if others < 0.8:
        return "the unseen class alone" if unseen >= 0.8 else "neither"
    return "not the unseen class"


def by_least_squares(x, teacher, new, steps, backward):
    """No network: a temperature without end is least squares on the logits."""
    for _ in range(steps):
        backward(NoLoss())
    A, B = (np.c_[part, np.ones(len(part))] for part in (x, new))
    w = np.linalg.solve(A.T @ A + 0.1 * np.eye(A.shape[1]), A.T @ teacher)
    return (B @ w).argmax(axis=1)


STUDENT = Function(9, by_least_squares, given, run=within_budget, measure=knows,
    allows=("Linear", "Adam", "AdamW", "SGD", "distillation_loss", "cross_entropy", "mse_loss", "softmax"),
    mistakes=[
    ("labels only", edit("A.T @ teacher", "A.T @ np.eye(3)[teacher.argmax(axis=1)]"),
     "The unseen class is not known. The teacher's first answer alone says nothing of it. How hot do you "
     "have to read a teacher whose logits are tens apart? If you read it hot: the student's logits have a "
     "long way to go as well. Does its loss still fall after 100 steps? Take a larger rate."),
    ("neither", lambda x, teacher, new, steps, backward: np.zeros(len(new), int),
     "Neither the unseen class is known nor the others. Is the rate large enough that anything is learned, "
     "and do the classes belong to the rows of `new`?"),
    ("of the points shown", lambda x, teacher, new, steps, backward: teacher.argmax(axis=1),
     "You return classes of the points in `x`. Asked are those of the `new` ones."),
    ("only the unseen", lambda x, teacher, new, steps, backward: np.full(len(new), 2),
     "The unseen class is known, and the others are lost."),
    ("the scores", lambda x, teacher, new, steps, backward: np.zeros((len(new), 3)),
     "You return three scores for each point. The class is the place of the largest."),
    ("over budget", edit("range(steps)", "range(steps + 1)"),
     "Every call of `backward` counts, and there are 100."),
], after="Without a single example of its kind: what the teacher says of the others told where it lies.")

CLAIM = Explain(10, rubric=[
    "accurate on which data, with how many seeds and which interval; and on the rare classes?",
    "rivals: a small dense network with as many weights or bytes, trained as long; quantisation alone",
    "faster on which machine, with which program, at which batch: zeros are multiplied as well",
    "what is counted as 90 %: weights, or bytes with the places of what is left?",
])
