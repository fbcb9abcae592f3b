import warnings

import numpy as np

from nnlearn.exercises import Explain, Function, Predict, Value, edit

RING = Predict(1, "about the same", mistakes=[
    ("ten times", "The gradient is cut into as many chunks as there are machines. How large is one chunk?"),
    ("a hundred times", "There are a hundred times as many messages, and each is a hundredth as large."),
], after="2 (K − 1) / K of the gradient: 1.8 gradients with ten machines, 1.998 with a thousand.")

LEAK = Value(2, (0.5, -1, 0.5, 1), mistakes=[
    ("by rows", (-0.2, 0.3, 0.4, 0.6), "Those are the gradients themselves. Divide each column by its db."),
    ("the gradients", (-0.2, 0.4, 0.3, 0.6),
     "Those are the columns of dW. Each is an input times its unit's db: divide by it."),
    ("sign", (-0.5, 1, 0.5, 1), "A negative db counts with its sign: −0.2 / −0.4 is 0.5."),
    ("the other way", (2, -1, 2, 1), "You divide db by dW. It is dW / db that gives the input."),
    ("multiplied", (0.08, -0.16, 0.18, 0.36), "dW is x times db: to get x, *divide* by db."),
    ("mixed", (0.5, 0.5, -1, 1), "Four right numbers in another order: first both inputs of unit 1."),
])


def on_machines(rng):
    yield "four machines", rng.normal(size=(4, 3)), 2
    yield "half way", rng.normal(size=(8, 2)), 2
    yield "eight", rng.normal(size=(8, 5)), 3
    yield "one round", rng.normal(size=(4, 1)), 1
    yield "one machine", rng.normal(size=(1, 4)), 0
    yield "no round yet", rng.normal(size=(2, 4)), 0
    yield "single precision", rng.normal(size=(16, 3)).astype(np.float32), 4


def doubling(a, rounds):
    have = a.copy()
    for r in range(rounds):
        have = have + have[np.arange(len(a)) ^ (1 << r)]
    return have, rounds * a[0].nbytes


DOUBLING = Function(3, doubling, on_machines, outputs="have sent", mistakes=[
    ("four bytes each", edit("a[0].nbytes", "a[0].size * 4"),
     "You count 4 bytes a number. How many there are says the array: `a.itemsize`, 8 for a float64."),
    ("more each round", edit("rounds * a[0].nbytes", "(2**rounds - 1) * a[0].nbytes"),
     "You let each round send twice as much. What is sent is a sum, and no longer than one row of `a`."),
    ("the highest bit first", edit("1 << r", "len(a) >> (r + 1)"),
     "You begin with the highest bit. In round 0 the partners are neighbours, 0–1 and 2–3: bit r is 2^r."),
    ("the neighbour", edit("np.arange(len(a)) ^ (1 << r)", "(np.arange(len(a)) + 1) % len(a)"),
     "Your partner is always the next machine. It should differ from k in bit r alone."),
    ("the bit's number", edit("1 << r", "r"), "Bit r is worth 2^r: in round 2 the partners differ by 4."),
    ("the next, twice as far", edit("np.arange(len(a)) ^ (1 << r)",
     "(np.arange(len(a)) + (1 << r)) % len(a)"),
     "You add 2^r to the number. The bit is turned over: machine 1's partner in round 0 is 0, not 2."),
    ("one after the other", lambda a, rounds: (lambda have: ([have.__setitem__(k,
     have[k] + have[k ^ (1 << r)])
     for r in range(rounds) for k in range(len(a))], (have, rounds * a[0].nbytes))[1])(a.copy()),
     "Both partners send what they had *before* the round. Yours already contains the sum."),
    ("only exchanged", edit("have + have[", "have["),
     "They exchange *and add*: what a machine has, it keeps."),
    ("averaged", edit("return have,", "return have / 2**rounds,"), "Sums are asked for, not means."),
    ("both ways counted", edit("rounds * a[0].nbytes", "2 * rounds * a[0].nbytes"),
     "What a machine receives it has not sent: one gradient a round."),
    ("as in a ring", edit("rounds * a[0].nbytes", "2 * (len(a) - 1) * a[0].nbytes // len(a)"),
     "That is the ring's count. Here each round sends everything that the machine has."),
    ("eight bytes each", edit("a[0].nbytes", "a[0].size * 8"),
     "Not all numbers have 8 bytes: ask the array, `a[0].nbytes`."),
    ("everything at once", lambda a, rounds: (np.tile(a.sum(axis=0), (len(a), 1)), rounds * a[0].nbytes),
     "You give the whole sum at once. After half the rounds each machine has only a part of it."),
    ("only one of two", lambda a, rounds: (doubling(a, rounds)[0] * (np.arange(len(a)) % 2 == 0)[:, None]
     + a * (np.arange(len(a)) % 2 == 1)[:, None], rounds * a[0].nbytes),
     "Both partners add: the machines with odd numbers have to get the sum too."),
    ("all that was sent", edit("rounds * a[0].nbytes", "rounds * a.nbytes"),
     "You count what all machines together have sent. Asked is each of them."),
    ("numbers", edit("a[0].nbytes", "a[0].size"), "Asked are bytes: a float64 has 8 of them, a float32 4."),
])


def reports(rng):
    w, changes = rng.normal(size=3), rng.normal(size=(4, 3))
    yield "all answer", w, changes, np.array([10, 200, 30, 5])
    late = changes.copy()
    late[[1, 3]] = np.nan
    yield "two are late", w, late, np.array([10, 200, 30, 5])
    yield "nobody", w, np.full((2, 3), np.nan), np.array([10, 20])
    yield "one client", w[:1], changes[:1, :1], np.array([7])
    yield "no examples", w, changes, np.array([0, 0, 0, 0])
    yield "as many each", w, changes, np.array([3, 3, 3, 3])
    yield "the late one had all", w, late, np.array([0, 50, 0, 5])


def server_step(w, changes, sizes):
    answered = ~np.isnan(changes).all(axis=1)
    n = sizes[answered].sum()
    if n == 0:
        return w
    return w + sizes[answered] @ changes[answered] / n


def broken(w, changes, sizes):
    answered = ~np.isnan(changes).all(axis=1)
    return changes[answered].sum(axis=0) / len(sizes)


STEP = Function(4, server_step, reports, mistakes=[
    ("a sum", edit(" / n", ""),
     "You add up examples times changes. Divide by the examples of those who answered."),
    ("by the mean size", lambda w, changes, sizes: w.copy() if np.isnan(changes).all() or sizes.sum() == 0
     else w + np.nanmean(changes * sizes[:, None], axis=0) / np.mean(sizes),
     "Your mean of the sizes includes those who have not answered. They count in no respect."),
    ("as it was", broken, "All three faults are still there: where are the sizes, who is counted below the "
     "fraction, and to what is the average added?"),
    ("the plain average", lambda w, changes, sizes: (lambda answered: changes[answered].sum(axis=0)
     / max(1, answered.sum()))(~np.isnan(changes).all(axis=1)),
     "Two faults are left: a client with 200 examples counts as much as one with 5, and the average is not "
     "added to the weights."),
    ("all sizes below", edit("n = sizes[answered].sum()", "n = sizes.sum()"),
     "One fault is left: you divide by the examples of those, too, who have not answered."),
    ("not weighted", edit("sizes[answered] @ changes[answered] / n", "changes[answered].mean(axis=0)"),
     "One fault is left: a client with 200 examples counts as much as one with 5."),
    ("not added", edit("return w + sizes", "return sizes"),
     "One fault is left: that is the average change. Asked are the new weights."),
    ("taken away", edit("return w + sizes", "return w - sizes"),
     "These are changes, not gradients: they are *added*."),
    ("divided by clients", edit("@ changes[answered] / n", "@ changes[answered] / answered.sum()"),
     "A weighted mean is divided by the sum of the weights, the examples, not by the number of clients."),
    ("divided by all clients", edit("@ changes[answered] / n", "@ changes[answered] / len(sizes)"),
     "Divide by the examples of those who answered, not by the number of all clients."),
    ("only the silent looked at", edit("if n == 0:", "if not answered.any():"),
     "Clients may answer and have no examples: then, too, nothing is to be divided by 0."),
    ("nothing is left", edit("        return w\n", "        return 0 * w\n"),
     "Where nobody counts the weights *stay*; they do not become 0."),
    ("nobody answers", edit("if n == 0:\n        return w", "pass"),
     "Where nobody counts you divide by 0. The weights stay as they are then."),
    ("NaN spreads", edit("sizes[answered] @ changes[answered]", "sizes @ changes"),
     "0 times NaN is NaN: leave the clients that did not answer out of the sum."),
])


def statistics(rng):
    def of(*batches):
        counts = np.array([len(b) for b in batches])
        means = np.array([b.mean(axis=0) if len(b) else np.zeros(b.shape[1]) for b in batches])
        variances = np.array([b.var(axis=0) if len(b) else np.zeros(b.shape[1]) for b in batches])
        return counts, means, variances

    yield "two machines", *of(rng.normal(size=(4, 3)), rng.normal(2, 3, (10, 3)))
    yield "equal shards", *of(rng.normal(size=(5, 2)), rng.normal(1, 1, (5, 2)), rng.normal(-3, 2, (5, 2)))
    yield "one has none", *of(rng.normal(1, 2, (6, 2)), np.zeros((0, 2)), rng.normal(size=(3, 2)))
    yield "one machine", *of(rng.normal(3, 2, (7, 1)))
    yield "one example here, five there", *of(rng.normal(4, 1, (1, 2)), rng.normal(size=(5, 2)))
    yield "one example each", *of(rng.normal(size=(1, 2)), rng.normal(size=(1, 2)), rng.normal(size=(1, 2)))


def combined(counts, means, variances):
    share = (counts / counts.sum())[:, None]
    mean = (share * means).sum(axis=0)
    return mean, (share * (variances + (means - mean) ** 2)).sum(axis=0)


COMBINED = Function(5, combined, statistics, outputs="mean variance", mistakes=[
    ("unweighted distances", lambda counts, means, variances: (
        combined(counts, means, variances)[0],
        (counts / counts.sum()) @ variances + means.var(axis=0)),
     "You take the plain variance of the machines' means. Each counts with its share of the examples, around "
     "the mean of all."),
    ("a mean of spreads", lambda counts, means, variances: (
        lambda mean, share: (mean, (share @ np.sqrt(variances)) ** 2 + share @ (means - mean) ** 2)
     )(combined(counts, means, variances)[0], counts / counts.sum()),
     "You average standard deviations and square the mean. Average the variances themselves."),
    ("one less each", lambda counts, means, variances: (
        lambda mean, n: (mean, (np.maximum(counts - 1, 0) @ variances + counts @ (means - mean) ** 2) / n)
     )(combined(counts, means, variances)[0], counts.sum()),
     "You weigh a machine's variance by one example less than it has. It was divided by n: weigh it by n."),
    ("a distance that is not squared", edit("(means - mean) ** 2", "abs(means - mean)"),
     "How far the machines' means lie apart counts *squared*, as a variance does."),
    ("squared shares", edit("(share * (variances + (means - mean) ** 2))", "(share**2 * variances)"),
     "You weigh the variances with squared shares, as if sums of numbers were meant, and leave out how far "
     "the means lie apart."),
    ("nothing weighted, nothing between", lambda counts, means, variances: (
        means.mean(axis=0), variances.mean(axis=0)),
     "You take plain means of both. A machine counts with its examples; and how far the machines' means lie "
     "apart belongs to the variance."),
    ("the mean alone weighted", edit("(share * (variances + (means - mean) ** 2)).sum(axis=0)",
                                     "(variances + (means - mean) ** 2).mean(axis=0)"),
     "The mean is right. In the variance each machine counts with its share of the examples, too."),
    ("within alone", edit("variances + (means - mean) ** 2", "variances"),
     "That is the mean of the variances. How far the machines' means lie apart is missing."),
    ("between alone", edit("variances + (means - mean) ** 2", "(means - mean) ** 2"),
     "How far each machine's examples lie from their own mean is missing."),
    ("not weighted", edit("counts / counts.sum()", "np.ones(len(counts)) / len(counts)"),
     "A machine with ten examples counts as much as one with four."),
    ("the mean of the means", edit("mean = (share * means).sum(axis=0)", "mean = means.mean(axis=0)"),
     "The common mean is weighted by the counts, too."),
    ("between, not weighted", edit("(share * (variances + (means - mean) ** 2)).sum(axis=0)",
     "(share * variances).sum(axis=0) + ((means - mean) ** 2).mean(axis=0)"),
     "The distances of the means count with the machines' shares as well."),
    ("taken away", edit("variances + (means", "variances - (means"),
     "Machines whose means lie apart make the whole spread *larger*."),
    ("a sum", edit("** 2)).sum(axis=0)", "** 2) * counts.sum()).sum(axis=0)"),
     "A variance is a mean: divide by the number of all examples."),
    ("a standard deviation", edit("(share * (variances + (means - mean) ** 2)).sum(axis=0)",
     "np.sqrt((share * (variances + (means - mean) ** 2)).sum(axis=0))"),
     "The variance is asked for: no root."),
    ("of a sample", edit("return mean, (share",
     "return mean, counts.sum() / max(1, counts.sum() - 1) * (share"),
     "You divide by n − 1. Batch norm divides by n, and so do the machines."),
    ("mean of squares", edit("variances + (means - mean) ** 2", "variances + means ** 2"),
     "The square of the common mean has to be taken away again."),
])


def gradients_of_a_bias(rng):
    def batch(counts, p):
        counts, p = np.array(counts), np.array(p)
        return p - counts / counts.sum(), p, int(counts.sum())

    yield "four examples", *batch([1, 0, 2, 1], [0.25] * 4)
    yield "one example", *batch([0, 0, 1], [1 / 3] * 3)
    yield "sure of itself", *batch([3, 0, 5], [0.7, 0.2, 0.1])
    db, p, B = batch([7, 1, 0, 0, 12], [0.2] * 5)
    yield "nearly the same probabilities", db + np.array([0.3, -0.3, 0.2, -0.2, 0.1]) / B, p, B
    yield "many", *batch(rng.integers(0, 40, 10), rng.dirichlet(np.ones(10)))
    yield "two classes", *batch([5, 4], [0.4, 0.6])


def labels_in(db, p, B):
    return np.rint(B * (p - db))


LABELS = Function(6, labels_in, gradients_of_a_bias, mistakes=[
    ("one B too many", edit("B * (p - db)", "B * (B * p - db)"),
     "One B too many: B times the difference p − db."),
    ("not rounded", lambda db, p, B: np.maximum(p - db, 0) / np.maximum(p - db, 0).sum() * B,
     "Counts are whole numbers: round them."),
    ("as they came", edit("np.rint(B * (p - db))", "B * (p - db)"),
     "These are the counts but for a little, as p is not quite every example's. Round them: `np.rint`."),
    ("shares", edit("np.rint(B * (p - db))", "np.rint(p - db)"),
     "p − db is each label's share of the batch. Times B it is how many."),
    ("a list of labels", lambda db, p, B: np.repeat(np.arange(len(p)), np.rint(B * (p - db)).astype(int)),
     "You list the labels of the batch. Asked is how often each occurs: one number a class."),
    ("whether at all", edit("np.rint(B * (p - db))", "np.rint(B * (p - db)) > 0"),
     "You say whether a label occurs. Asked is how often."),
    ("turned round", edit("p - db", "db - p"), "p − y is sent: where a label is, the slope is negative."),
    ("shares", edit("np.rint(B * (p - db))", "p - db"), "Those are shares of the batch. Asked is how many."),
    ("uniform", edit("p - db", "1 / len(p) - db"),
     "The network's probabilities are given, and need not be equal."),
    ("which are there", lambda db, p, B: (db < 0).astype(int),
     "A negative slope says that a label is there more often than expected. Asked is how often it is there."),
    ("cut off", edit("np.rint(B * (p - db))", "np.trunc(B * (p - db))"),
     "Round to the nearest, do not cut off."),
    ("B for one of the two", edit("B * (p - db)", "B * p - db"),
     "Both are means over the batch: B times the difference."),
    ("the sign of db", edit("p - db", "p + db"), "db is p − y, so that y is p *minus* db."),
    ("sizes of slopes", edit("B * (p - db)", "abs(B * db)"),
     "How large a slope is does not say how many: from it, p has to be taken, and its sign counts."),
    ("rounded up", edit("np.rint", "np.ceil"), "Round to the nearest, not up."),
    ("forgets p", edit("p - db", "-db"), "What the network expected has to be added again: y = p − slope."),
])


def sent(rng):
    changes = rng.normal(size=(7, 3))
    yield "seven clients", changes, 2
    yield "nothing cut", changes[:4], 0
    yield "as a median", changes, 3
    wild = changes.copy()
    wild[2], wild[4, 1] = np.nan, np.inf
    yield "NaN and infinity", wild, 2
    yield "minus infinity", np.array([[-np.inf, 1.0], [2.0, -np.inf], [3.0, 4.0], [5.0, 9.0]]), 1
    yield "one client", changes[:1], 0
    yield "one number", changes[:, :1], 1
    yield "four clients", changes[:4], 1
    worse = changes.copy()
    worse[[0, 3, 5], 0] = np.nan
    yield "more NaN than are cut", worse, 2


def a_number_or_none(found, changes, cut):
    """NaN counts as the largest of all: a mean with it is ∞ or NaN, as one likes."""
    return np.where(np.isnan(found), np.inf, found)


def trimmed_mean(changes, cut):
    in_order = np.sort(changes, axis=0)
    return in_order[cut : len(changes) - cut].mean(axis=0)


def of_the_finite(changes, cut):
    """Cut after what is not finite has been left out."""
    columns = [np.sort(column[np.isfinite(column)]) for column in changes.T]
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
        return np.array([column[cut : len(column) - cut].mean() for column in columns])


TRIMMED = Function(7, trimmed_mean, sent, measure=a_number_or_none, mistakes=[
    ("pulled in", lambda changes, cut: (lambda c: np.clip(c, c[cut], c[len(c) - 1 - cut]).mean(axis=0))(
        np.sort(np.where(np.isnan(changes), np.inf, changes), axis=0)),
     "You pull the extremes in, and average all. They are left *out*: K − 2 cut values remain."),
    ("NaN at the bottom", edit("np.sort(changes, axis=0)",
                               "np.sort(np.where(np.isnan(changes), -np.inf, changes), axis=0)"),
     "You count NaN among the smallest. It counts as the largest of all."),
    ("the finite alone", of_the_finite,
     "You leave out what is not finite, and then cut as many again. It is among those that are cut: as the "
     "largest, or as the smallest."),
    ("minus infinity on top", edit("np.sort(changes, axis=0)",
                                   "np.sort(np.where(np.isfinite(changes), changes, np.inf), axis=0)"),
     "−∞ is the smallest of all. You count it among the largest."),
    ("by size", lambda changes, cut: np.take_along_axis(
        c := np.where(np.isnan(changes), np.inf, changes), np.argsort(abs(c), axis=0), axis=0
     )[cut : len(changes) - cut].mean(axis=0),
     "You sort by size, whatever the sign. −3 is smaller than 0.1: sort the values themselves."),
    ("no cut is everything", edit("len(changes) - cut", "-cut"),
     "With cut = 0 the slice [0:-0] is empty. Count from the front: up to K − cut."),
    ("in all", edit("cut : len(changes) - cut", "cut // 2 : len(changes) - (cut - cut // 2)"),
     "You cut as many in all. Asked is: so many of the smallest, and so many of the largest."),
    ("unsorted", edit("np.sort(changes, axis=0)", "changes"),
     "The first clients need not be the smallest: sort."),
    ("along the client", edit("np.sort(changes, axis=0)", "np.sort(changes, axis=1)"),
     "You sort the numbers of each client. Sort the clients, for each number by itself."),
    ("whole clients", edit("np.sort(changes, axis=0)", "changes[np.argsort(changes.sum(axis=1))]"),
     "You leave whole clients out. Asked is for each number by itself."),
    ("whole clients, by length", edit(
        "np.sort(changes, axis=0)", "changes[np.argsort(np.linalg.norm(changes, axis=1))]"),
     "You leave out whole clients, the shortest and the longest changes. Each number is sorted by itself."),
    ("one side", edit("cut : len(changes) - cut", ": len(changes) - cut"), "The smallest have to go, too."),
    ("0 for NaN", edit("np.sort(changes, axis=0)", "np.sort(np.nan_to_num(changes), axis=0)"),
     "What is not finite stands at an end, as the largest or the smallest. You make a number of it."),
    ("silenced first", edit("np.sort(changes, axis=0)",
     "np.sort(changes[np.isfinite(changes).all(axis=1)], axis=0)",
     "len(changes) - cut", "np.isfinite(changes).all(axis=1).sum() - cut"),
     "Nobody is left out beforehand: what is not finite is one of the extremes that are cut."),
    ("NaN passed over",
     lambda changes, cut: np.nanmean(np.sort(changes, axis=0)[cut : len(changes) - cut], axis=0),
     "`nanmean` passes over a NaN that is left after the cut. More have failed than are cut: the mean must "
     "show it."),
    ("divided by all", edit(".mean(axis=0)", ".sum(axis=0) / len(changes)"),
     "Divide by the number of values that are left, K − 2 cut."),
    ("the other side", edit("cut : len(changes) - cut", "cut:"), "The largest have to go, too."),
    ("large in size", lambda changes, cut: np.take_along_axis(changes, np.argsort(abs(changes), axis=0,
     kind="stable"), axis=0)[
        : len(changes) - 2 * cut].mean(axis=0),
     "You cut what is large in size. Cut the smallest and the largest *values*."),
    ("the median", lambda changes, cut: np.median(changes, axis=0),
     "That is the median. Only `cut` values at each end are left out."),
])


def examples(rng):
    g = rng.normal(size=(5, 3)) * np.array([0.1, 1, 3, 5, 0.3])[:, None]
    yield "a batch", g, 1.0, 2.0, rng.standard_normal(3)
    yield "a longer C", g, 2.5, 0.5, rng.standard_normal(3)
    yield "opposite examples", np.array([[3.0, 4.0], [-6.0, -8.0]]), 1.0, 1.0, rng.standard_normal(2)
    yield "one example", g[3:4], 0.5, 1.0, rng.standard_normal(3)
    yield "no noise", g, 0.7, 0.0, rng.standard_normal(3)
    yield "all short", 0.01 * g, 1.0, 3.0, rng.standard_normal(3)
    yield "zeros", np.zeros((3, 2)), 0.5, 1.0, rng.standard_normal(2)
    yield "exactly C", np.array([[3.0, 4.0]]), 5.0, 0.0, np.zeros(2)


def private(g, C, sigma, z):
    lengths = np.linalg.norm(g, axis=1, keepdims=True)
    clipped = g * (C / np.maximum(lengths, C))
    return (clipped.sum(axis=0) + sigma * C * z) / len(g)


def void(g, C, sigma, z):
    mean = g.mean(axis=0)
    return mean * min(1, C / max(np.linalg.norm(mean), 1e-12)) + sigma * z


PRIVATE = Function(8, private, examples, mistakes=[
    ("long ones dropped", edit("g * (C / np.maximum(lengths, C))", "g * (lengths <= C)"),
     "You drop the gradients that are longer than C. They are shortened to C, in their direction."),
    ("noise taken away", edit("+ sigma * C * z", "- sigma * C * z"),
     "The noise z is given: add it. You take it away."),
    ("a sum of sizes", edit("np.linalg.norm(g, axis=1, keepdims=True)", "abs(g).sum(axis=1, keepdims=True)"),
     "You add up the sizes of the numbers. A length is the root of the sum of their squares."),
    ("lengths of columns", edit("np.linalg.norm(g, axis=1", "np.linalg.norm(g, axis=0"),
     "You take the lengths of columns. Each *row* is one example's gradient: `axis=1`."),
    ("as it was", void, "All three faults are still there. What is clipped, how large is the noise beside "
     "what is clipped, and is it divided by n?"),
    ("the mean is clipped", lambda g, C, sigma, z: (lambda m: m * min(1, C / max(np.linalg.norm(m), 1e-12)))(
        g.mean(axis=0)) + sigma * C * z / len(g),
     "One fault is left, the worst: clip each example. One long gradient decides the direction of the mean."),
    ("noise without C", edit("sigma * C * z", "sigma * z"), "One fault is left: the noise is in units of C."),
    ("noise not divided", edit("(clipped.sum(axis=0) + sigma * C * z) / len(g)",
     "clipped.sum(axis=0) / len(g) + sigma * C * z"),
     "One fault is left: the noise is added to the sum, and divided with it."),
    ("the mean clipped, noise without C", lambda g, C, sigma, z: (lambda m: m * min(1,
     C / max(np.linalg.norm(m),
        1e-12)))(g.mean(axis=0)) + sigma * z / len(g),
     "The noise is divided now. Two faults are left: what is clipped, and the unit of the noise."),
    ("the mean clipped, noise not divided", lambda g, C, sigma, z: (lambda m: m * min(1,
     C / max(np.linalg.norm(m),
        1e-12)))(g.mean(axis=0)) + sigma * C * z,
     "The noise is in units of C now. Two faults are left: what is clipped, and the noise in the mean."),
    ("noise without C, not divided", edit("(clipped.sum(axis=0) + sigma * C * z) / len(g)",
     "clipped.sum(axis=0) / len(g) + sigma * z"),
     "Each example is clipped now. Two faults are left, both in the noise."),
    ("noise of a mean", edit("sigma * C * z) / len(g)", "sigma * C * z * np.sqrt(len(g))) / len(g)"),
     "The noise is drawn once, for the sum: it is divided by n, not by the root of n."),
    ("a sum", edit(" / len(g)", ""), "The mean is asked for: divide sum and noise by n."),
    ("not clipped", edit("g * (C / np.maximum(lengths, C))", "g"),
     "Nothing is clipped: one long gradient can do anything."),
    ("all as one", edit("np.linalg.norm(g, axis=1, keepdims=True)", "np.linalg.norm(g)"),
     "You measure the whole batch as one vector. Each example has a length of its own: `axis=1`."),
    ("squared lengths", edit("np.linalg.norm(g, axis=1, keepdims=True)", "(g**2).sum(axis=1, keepdims=True)"),
     "That is the squared length: take the root."),
    ("all to length C", edit("np.maximum(lengths, C)", "np.maximum(lengths, 1e-12)"),
     "You make short gradients longer. Only those that are longer than C are changed."),
    ("each number", edit("g * (C / np.maximum(lengths, C))", "np.clip(g, -C, C)"),
     "You clip each number by itself. It is the length of an example's gradient that must not exceed C."),
])

SCALES = np.array([[1.6, 0.4, 1], [0.4, 1.6, 1], [1, 1, 0.6], [1.4, 1.4, 0.5], [0.6, 1, 1.4], [1, 0.6, 1.2]])
POINTS = 20, 30, 200, 20, 40, 100


def owners(rng):
    """Six clients who do not agree: X and y, all below each other, and where each one's rows end."""
    parts = []
    for n, scale in zip(POINTS, SCALES, strict=True):
        X = scale * rng.normal(size=(n, 3))
        parts.append((X, X @ (np.array([1.0, -1, 2]) + rng.normal(size=3)) + 0.3 * rng.normal(size=n)))
    X, y = (np.concatenate(part) for part in zip(*parts, strict=True))
    return {"X": X, "y": y, "ends": np.cumsum(POINTS)}


def given(rng):
    yield "six clients", owners(rng), 12
    yield "six others", owners(rng), 12


def by_messages(answer, **inputs):
    """What the answer returns, when it may ask so many times."""
    owned, rounds = inputs.values()
    X, y, ends = owned["X"], owned["y"], owned["ends"]
    asked = []

    def ask(w, steps, lr):
        asked.append(steps)
        if len(asked) > rounds:
            raise RuntimeError(f"the budget of {rounds} messages is used up")
        theirs = []
        for A, b in zip(np.split(X, ends[:-1]), np.split(y, ends[:-1]), strict=True):
            v = np.array(w, float)
            for _ in range(int(steps)):
                v = v - lr * A.T @ (A @ v - b) / len(A)
            theirs.append(v)
        return np.array(theirs), np.diff(ends, prepend=0)

    found = answer(ask, rounds)
    return None if found is None else np.asarray(found, float)


def excess(w, ask, rounds):
    """Has the bar been reached?"""
    X, y = ask["X"], ask["y"]
    if w.shape != (3,):
        return f"an array of shape {w.shape}"
    best = np.linalg.lstsq(X, y, rcond=None)[0]
    over = ((X @ w - y) ** 2).mean() / ((X @ best - y) ** 2).mean() - 1
    if over <= 0.001:
        return "at most 0.1 % above the best"
    if not over < 10:
        return "weights that have run away"
    each = np.repeat(1 / np.diff(ask["ends"], prepend=0), np.diff(ask["ends"], prepend=0))
    alike = np.linalg.lstsq(X * np.sqrt(each)[:, None], y * np.sqrt(each), rcond=None)[0]
    if np.linalg.norm(w - alike) < 0.01 * np.linalg.norm(alike):
        return "the best weights if all clients counted alike"
    if w @ best < 0.9 * best @ best:
        return "weights that are still on their way"
    return "weights beside the best"


def twelve(ask, rounds):
    w = np.zeros(3)
    for _ in range(rounds):
        theirs, sizes = ask(w, 1, 0.9)
        w = sizes @ theirs / sizes.sum()
    return w


TWELVE = Function(9, twelve, given, run=by_messages, measure=excess, mistakes=[
    ("not weighted", edit("sizes @ theirs / sizes.sum()", "theirs.mean(axis=0)"),
     "The bar is missed. A client with 200 points has to count ten times as much as one with 20."),
    ("ten steps", edit("ask(w, 1, 0.9)", "ask(w, 10, 0.1)"),
     "The bar is missed. With several local steps each client runs to its own optimum. How many do not? "
     "If you take no more than that: does your rate arrive in twelve messages, without swinging?"),
    ("too careful", edit("0.9", "0.05"),
     "The bar is missed: the weights are still on their way. Is the rate too small, or does a message not "
     "start where the last one ended?"),
    ("too bold", edit("0.9", "3.0"), "The bar is missed: with so large a rate the weights run away."),
    ("over budget", edit("range(rounds)", "range(rounds + 1)"),
     "Every call of `ask` counts, and there are twelve."),
    ("everybody's", lambda ask, rounds: ask(np.zeros(3), 50, 0.1)[0],
     "You return the weights of all the clients. Asked are three numbers, which serve all of them."),
], after="One local step on everything is gradient descent, whoever owns the data; the rate does the rest.")

CLAIM = Explain(10, rubric=[
    "what leaves the phone: gradients or weights, after how many examples; they can contain the words",
    "clipping and noise: where they are applied, and who is trusted",
    "epsilon and delta: for one word or one person, over how many rounds",
    "sums that hide the single phone, and whether the trained model repeats rare sentences",
])
