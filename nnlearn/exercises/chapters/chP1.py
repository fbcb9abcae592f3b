import numpy as np

from nnlearn.exercises import Explain, Function, edit
from nnlearn.exercises.budget import NoLoss, asked_again, leaks, no_classes


def visits(rng):
    few, many = 1000 + 7 * rng.permutation(20), rng.permutation(30)
    yield "1 to 4 visits each, in any order", rng.permutation(np.repeat(few, rng.integers(1, 5, 20))), 3
    yield "one visit each", rng.permutation(many) - 5, 11
    yield "one patient with most of the rows", rng.permutation(np.append(many, np.repeat(many[0], 90))), 8
    yield "a seed drawn for you", rng.permutation(np.repeat(np.arange(25), 3)), int(rng.integers(1, 10**6))


def parted(answer, patient, seed):
    """The parts with a seed, with the same once more, and with another."""
    found = [answer(patient, s) for s in (seed, seed, seed + 1)]
    return None if found[0] is None else tuple(tuple(np.array(part) for part in parts) for parts in found)


def torn(found, patient, seed):
    """What is wrong with a split; "right" where nothing is: many splits are."""
    if len(found[0]) != 3:
        return f"{len(found[0])} parts"
    if any(part.ndim == 2 and len(part) == 1 for part in found[0]):
        return "tuples of numbers"
    if all(part.dtype == bool and part.shape == patient.shape for part in found[0]):
        return "True and False, not numbers of rows"
    rows = [[np.sort(part).tolist() for part in parts] for parts in found]
    given, wanted = [row for part in rows[0] for row in part], set(range(len(patient)))
    if not set(given) <= wanted:
        return "numbers that no row has"
    if len(set(given)) < len(given):
        return "a row twice"
    if set(given) != wanted:
        return "rows left out"
    people = [set(patient[part].tolist()) for part in rows[0]]
    if sum(map(len, people)) > len(set(patient.tolist())):
        return "a patient in two parts"
    if rows[0] != rows[1]:
        return "the same seed, another split"
    if rows[0] == rows[2]:
        return "another seed, the same split"
    shares = np.array([len(part) for part in people]) - np.array([0.6, 0.2, 0.2]) * len(set(patient.tolist()))
    return "parts of other sizes" if abs(shares).max() > 1 else "right"


def split(patient, seed):
    people = np.random.default_rng(seed).permutation(np.unique(patient))
    cuts = [round(0.6 * len(people)), round(0.8 * len(people))]
    return tuple(np.flatnonzero(np.isin(patient, part)) for part in np.split(people, cuts))


def by_rows(patient, seed):
    rows = np.random.default_rng(seed).permutation(len(patient))
    return np.split(rows, [round(0.6 * len(rows)), round(0.8 * len(rows))])


def shares_of_rows(patient, seed):
    people, rows = np.unique(patient, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(people))
    before = (np.cumsum(rows[order]) - rows[order] / 2) / len(patient)
    parts = [people[order][(before >= a) & (before < b)] for a, b in ((0, 0.6), (0.6, 0.8), (0.8, 2))]
    return tuple(np.flatnonzero(np.isin(patient, part)) for part in parts)


SPLIT = Function(1, split, visits, run=parted, measure=torn, mistakes=[
    ("rows are shuffled", by_rows,
     "Rows of one patient lie in two parts: the test would ask about people whom the model has met. Shuffle "
     "the patients, then take all rows of each."),
    ("nothing is shuffled", edit("np.random.default_rng(seed).permutation(np.unique(patient))",
     "np.unique(patient)"),
     "Another seed gives the same split. Patients are often numbered by date or by hospital: put them in an "
     "order by chance."),
    ("no seed", edit("default_rng(seed)", "default_rng()"),
     "The same seed gives another split each time, so nobody can repeat the study. Make the generator from "
     "`seed`."),
    ("shares of the rows", shares_of_rows,
     "You count rows. The shares are of the patients: one of them may have most of the rows."),
    ("other shares", edit("0.8 *", "0.9 *", "0.6 *", "0.8 *"),
     "The parts have other sizes: 60 % of the patients to train, 20 % to validate, 20 % to test."),
    ("patients, not rows", lambda patient, seed: tuple(np.split(
        np.random.default_rng(seed).permutation(np.unique(patient)), [12, 16])),
     "You return the patients' numbers. Return the numbers of their rows: `np.isin` finds them."),
    ("tuples", lambda patient, seed: tuple((part,) for part in split(patient, seed)),
     "`np.where(…)` gives a tuple in which the numbers stand. `np.flatnonzero(…)` gives the numbers alone."),
    ("masks", lambda patient, seed: tuple(np.isin(np.arange(len(patient)), part)
                                          for part in split(patient, seed)),
     "You return True and False for each row. Return the numbers of the rows: `np.flatnonzero`."),
    ("the first row of each", lambda patient, seed: tuple(
        part[[patient[row] not in patient[:row] for row in part]] for part in split(patient, seed)),
     "Of each patient you take one row. All rows of a patient go to the patient's part."),
    ("numbered from 0", edit("np.unique(patient)", "len(np.unique(patient))"),
     "You count on patients that are numbered from 0 on. `np.unique(patient)` gives the numbers they have."),
    ("numbered up to the largest", edit("np.unique(patient)", "max(patient.max() + 1, 0)"),
     "You share out all numbers from 0 to the largest. Many are nobody's, so the shares are not those of the "
     "patients: `np.unique(patient)`."),
    ("drawn row by row", edit("np.unique(patient)", "patient"),
     "You shuffle `patient` as it is, and who comes often stands there often, in several parts. Shuffle each "
     "patient once: `np.unique`."),
    ("the last two overlap", lambda patient, seed: tuple(np.concatenate([part, *more]) for part, more in zip(
        split(patient, seed), ([], [], [split(patient, seed)[1]]), strict=True)),
     "Rows of one part stand in another as well: where one part ends, the next begins."),
], after="Split by what new data will be new in: new patients, new days, new hospitals.")


def small_tables(rng):
    def table(n, share, column, turn):
        y = (np.arange(n) < share * n).astype(int)
        X = rng.normal(size=(n, 4))
        X[:, column] += 2 * turn * y
        X[:, 3] += 0.3 * y
        return X, y

    size, middle = np.array([1, 10, 0.1, 5000]), np.array([5, -30, 1, -20000])
    for name, n, share, column, turn, who, far in [
        ("a table drawn for you", 60, 0.5, 1, 1, 0, 0),
        ("few are ill, and one of them has a very high value", 80, 0.2, 0, 1, 0, 90),
        ("lower is ill, and one who is healthy has a very high value", 50, 0.4, 2, -1, -1, 90),
        ("one who is healthy has a very low value", 70, 0.4, 1, 1, -1, -90),
    ]:
        X, y = table(n, share, column, turn)
        X[who, 3] += far
        yield name, X * size + middle, y, table(30, 0.3, column, turn)[0] * size + middle
    one, new = np.array([0.0, 1, 2, 3, 4, 5]), np.array([[0.0, 9], [5, 41], [0, 31], [5, 0]])
    yield "two measurements, equally good", np.stack([one, 50 - 10 * one], axis=1), one > 2, new
    unsure, others = [3.0, 1, 2, 2.5, 0, 1], np.array([[0.0, 0], [45, 3], [10, 3], [40, 0]])
    yield "two measurements, lower in the ill", np.stack([50 - 10 * one, unsure], axis=1), one > 2, others
    balanced, right = [0.0] * 6 + [8, 8, 10, 10], [0.0] * 9 + [20]
    yield "ten, of whom two are ill", np.array([balanced, right]).T, np.arange(10) > 7, new


def stump(X, y, X_new):
    healthy, ill = X[y == 0].mean(axis=0), X[y == 1].mean(axis=0)
    sign, cut = np.sign(ill - healthy), (healthy + ill) / 2
    k = np.argmax(((sign * (X - cut) > 0) == y[:, None]).mean(axis=0))
    return np.where(sign[k] * (X_new[:, k] - cut[k]) > 0, 1, 0)


STUMP = Function(2, stump, small_tables, mistakes=[
    ("higher is ill", edit("np.sign(ill - healthy)", "np.ones(len(ill))"),
     "In one of the tables the ill have the *lower* values, and you say the contrary. On which side of the "
     "cut is the mean of the ill?"),
    ("the cut at the mean of all", edit("(healthy + ill) / 2", "X.mean(axis=0)"),
     "Your cut is the mean of all rows. Where few are ill, that lies among the healthy: take the middle "
     "between the two means."),
    ("the widest gap", edit("((sign * (X - cut) > 0) == y[:, None]).mean(axis=0)", "abs(ill - healthy)"),
     "You take the measurement whose two means are furthest apart: the one with the largest unit. Take the "
     "one that gets most of the training rows right."),
    ("the training rows", edit("X_new[:", "X[:"),
     "You answer for the rows that you learned from. Asked are those of `X_new`."),
    ("exchanged", edit("> 0, 1, 0)", "> 0, 0, 1)"),
     "Your zeros and ones are exchanged: 1 is ill."),
    ("the last of equals", edit("k = np.argmax(((sign * (X - cut) > 0) == y[:, None]).mean(axis=0))",
        "hits = ((sign * (X - cut) > 0) == y[:, None]).mean(axis=0)\n    k = np.flatnonzero(hits == "
        "hits.max())[-1]"),
     "Two measurements are equally good. Of equals, take the first."),
    ("both classes alike", edit("((sign * (X - cut) > 0) == y[:, None]).mean(axis=0)",
        "sum(((sign * (X - cut) > 0) == y[:, None])[y == k].mean(axis=0) for k in (0, 1))"),
     "You weigh the ill as much as the healthy. Asked is how many *rows* are right."),
    ("the ill alone", edit("((sign * (X - cut) > 0) == y[:, None]).mean(axis=0)",
                           "(sign * (X - cut) > 0)[y == 1].mean(axis=0)"),
     "You count the ill that are found. The healthy count as well."),
    ("medians", edit("X[y == 0].mean(axis=0), X[y == 1].mean(axis=0)",
                     "np.median(X[y == 0], axis=0), np.median(X[y == 1], axis=0)"),
     "You take medians. The cut lies between the two *means*."),
    ("the median of all", edit("(healthy + ill) / 2", "np.median(X, axis=0)"),
     "Your cut is the median of all rows. It lies in the middle between the two means."),
    ("the side in choosing alone", edit("sign[k] * (X_new[:, k] - cut[k])", "(X_new[:, k] - cut[k])"),
     "You choose with the right side of the cut, and answer as if higher were always ill."),
    ("the worst", edit("np.argmax", "np.argmin"), "You take the measurement with the *fewest* rows right."),
    ("the side in answering alone", edit("(sign * (X - cut) > 0)", "(X - cut > 0)"),
     "You answer with the right side of the cut, and choose as if higher were always ill."),
    ("always the first", edit("k = np.argmax(((sign * (X - cut) > 0) == y[:, None]).mean(axis=0))", "k = 0"),
     "You always take the first measurement. Which one gets most of the training rows right?"),
    ("a vote", edit("sign[k] * (X_new[:, k] - cut[k]) > 0", "(sign * (X_new - cut) > 0).mean(axis=1) > 0.5"),
     "You let all measurements vote. *One* measurement, one cut."),
    ("every measurement", edit("sign[k] * (X_new[:, k] - cut[k]) > 0", "sign * (X_new - cut) > 0"),
     "You answer by every measurement. Choose one: an answer is one number a row."),
    ("its number", lambda X, y, X_new: np.argmax([
        np.mean(stump(X[:, [k]], y, X[:, [k]]) == y) for k in range(X.shape[1])]),
     "That is the number of the measurement. Answer with it: 0 or 1 for each row of `X_new`."),
    ("minus one for healthy", edit("> 0, 1, 0)", "> 0, 1, -1)"), "The healthy are 0, not −1."),
    ("a cut from the new rows", edit("(X_new[:, k] - cut[k])", "(X_new[:, k] - X_new[:, k].mean())"),
     "Your cut is made of the new rows. It is learned from `X` and `y` alone."),
    ("a row too low", edit("(healthy + ill) / 2", "healthy"),
     "Your cut lies at the mean of the healthy: half of them would be ill. Take the middle of the two "
     "means."),
], after="A rule that fits on a postcard. What cannot beat it need not be a network.")


def valleys(rng):
    for name, rate, width in [("a small rate is best", -3.2, 3), ("a large rate is best", -1.1, 5)]:
        yield name, [rate, width, 0.4], 200, 5
    seed = int(rng.integers(1, 10**6))
    yield "a valley drawn for you", [rng.uniform(-3, -1), rng.integers(2, 7), 0.2], 200, seed


def watched(answer, evaluate, trials, seed):
    """What a search returns and asks, with the same seed again, and with another.

    `evaluate`, an array, says where the valley of the losses lies; a rate above 0.3 diverges, and so does
    the first training of all.
    """

    def once(seed):
        asked = []

        def loss(lr, width):
            asked.append((float(lr), float(width)))
            if len(asked) > trials:
                raise RuntimeError(f"the budget of {trials} trials is used up")
            if lr > 0.3 or len(asked) == 1:  # the very first training diverges
                return float("nan")
            rate, best, least = evaluate
            return float((np.log10(lr) - rate) ** 2 + 0.1 * abs(np.log2(width) - best) + least)

        return answer(loss, trials, seed), asked

    (best, asked), (_, again), (_, other) = [once(s) for s in (seed, seed, seed + 1)]
    return None if best is None else (np.array(best, float), *map(np.array, (asked, again, other)))


def honest(found, evaluate, trials, seed):
    """What is wrong with a search; "right" where nothing is."""
    best, asked, again, other = found
    if best.shape != (2,):
        return "not a rate and a width"
    if len(asked) < trials:
        return "trials left over"
    rates, widths = asked.T
    if len({tuple(setting) for setting in asked.tolist()}) == 1:
        return "one and the same setting again and again"
    if rates.min() < 1e-4 or rates.max() > 1 or set(widths) != {4, 8, 16, 32, 64}:
        return "rates or widths other than asked for"
    if not np.array_equal(asked, again):
        return "the same seed, other trials"
    if np.array_equal(np.sort(rates), np.sort(other[:, 0])):
        return "another seed, the same trials"
    if len(np.unique(rates)) < 0.9 * trials:
        return "the same few rates again and again"
    if np.histogram(np.log10(rates), [-4, -3, -2, -1, 0])[0].min() < trials / 10:
        return "a power of ten with hardly a rate" if np.mean(rates > 0.1) > 0.8 else "few powers of ten"
    losses = (np.log10(rates) - evaluate[0]) ** 2 + 0.1 * abs(np.log2(widths) - evaluate[1])
    losses[rates > 0.3] = losses[0] = np.nan
    place = np.flatnonzero((asked == best).all(axis=1))
    if not len(place):
        turned = (asked == best[::-1]).all(axis=1).any()
        return "the width first, then the rate" if turned else "a setting that was not tried"
    if np.isnan(losses[place[0]]):
        return "a training that diverged"
    return "right" if losses[place[0]] == np.nanmin(losses) else "not the best that was tried"


def search(evaluate, trials, seed):
    rng = np.random.default_rng(seed)
    tries = [(10 ** rng.uniform(-4, 0), rng.choice([4, 8, 16, 32, 64])) for _ in range(trials)]
    losses = [evaluate(lr, width) for lr, width in tries]
    return tries[np.nanargmin(losses)]


SEARCH = Function(3, search, valleys, run=watched, measure=honest, mistakes=[
    ("rates along a ruler", edit("10 ** rng.uniform(-4, 0)", "rng.uniform(1e-4, 1)"),
     "Nine of ten of your rates lie between 0.1 and 1. Draw the *exponent* evenly: each power of ten is as "
     "likely."),
    ("powers of e", edit("10 ** rng", "np.exp(1) ** rng"),
     "Some powers of ten have hardly a rate, and others many. Is the base 10, and the exponent between −4 "
     "and 0?"),
    ("the width first", edit("tries[np.nanargmin(losses)]", "tries[np.nanargmin(losses)][::-1]"),
     "The right pair, in the other order: first the rate, then the width."),
    ("a new generator each time", edit("    rng = np.random.default_rng(seed)\n", "", "(10 ** rng.uniform",
     "(10 ** (rng := np.random.default_rng(seed)).uniform"),
     "Every trial makes a new generator from `seed`, and so draws the same setting. Make one, before the "
     "loop."),
    ("a grid", edit("10 ** rng.uniform(-4, 0)", "10.0 ** rng.integers(-4, 1)"),
     "You try the same few rates again and again. Drawn freely, each trial tells of a rate that is new."),
    ("a training that diverged", edit("nanargmin", "argmin"),
     "A training that diverges has the loss `nan`, and that is neither smaller nor larger than a number. "
     "Leave those out: `np.nanargmin`."),
    ("the last", edit("np.nanargmin(losses)", "-1"),
     "You return a setting that was not the best that you tried. Keep all, and return the one with the "
     "lowest loss."),
    ("no seed", edit("default_rng(seed)", "default_rng()"),
     "The same seed tries other settings each time: a search that nobody can repeat."),
    ("one seed for all", edit("default_rng(seed)", "default_rng(1)"),
     "Another seed tries the same settings. Make the generator from `seed`."),
    ("over budget", edit("range(trials)", "range(trials + 1)"),
     "Each call of `evaluate` is a training, and counts. There are `trials` of them."),
    ("half of them", edit("range(trials)", "range(trials // 2)"),
     "There are trials left over. They are paid for: use them all."),
    ("the loss", edit("tries[np.nanargmin(losses)]", "np.nanmin(losses)"),
     "You return the lowest loss. Return the rate and the width that gave it."),
    ("other rates or widths", edit("rng.choice([4, 8, 16, 32, 64])", "rng.choice([8, 16, 32])"),
     "Print what you try: every rate lies between 0.0001 and 1, and the widths are 4, 8, 16, 32 and 64, each "
     "of them."),
])


def clinic(seed, together):
    """(X, y, patient) of 400 people with 1 to 3 visits each, and (X, y) of 1,500 others, one visit each."""
    rng = np.random.default_rng(seed)
    size, middle, order = 10.0 ** rng.uniform(-2, 2, 10), rng.uniform(-3, 3, 10), rng.permutation(10)
    a, (i, j) = np.zeros(10), order[3:5]
    a[order[:3]] = 1.0, -1.0, 0.5

    def people(n, most):
        z = rng.normal(size=(n, 10))
        score = 1.5 * z @ a + 6 * z[:, i] * z[:, j] if together else 2.5 * z @ a
        ill = (rng.random(n) < 1 / (1 + np.exp(-score))).astype(int)
        who = rng.permutation(np.repeat(np.arange(n), rng.integers(1, most + 1, n)))
        return size * (middle + z[who] + 0.3 * rng.normal(size=(len(who), 10))), ill[who], who

    return *people(400, 3), *people(1500, 1)[:2]


STRAIGHT, TOGETHER = "a clinic where each measurement speaks for itself", "a clinic where two speak together"


def clinics(rng):
    for name in (STRAIGHT, TOGETHER):
        seed = int(rng.integers(10**6))
        yield name, *clinic(seed, name == TOGETHER)[:4], 400, {"seed": seed, "together": name == TOGETHER}


def against_the_rival(found, X, y, patient, X_new, steps, backward):
    """Has the bar been reached, on people whom nobody has seen? Many models do."""
    classes = found[0]
    if wrong := no_classes(classes, len(X_new)) or leaks(found):
        return wrong
    truth = clinic(**backward)[4]
    ours, theirs = np.mean(classes == truth), np.mean(rival(X, y, X_new) == truth)
    if ours < 0.56:
        return "no better than a coin"
    if ours - theirs >= (0.06 if backward["together"] else -0.04):
        return "as good as asked for"
    return "no better than the rival" if backward["together"] else "worse than the rival"


def rival(X, y, X_new):
    mean, deviation = X.mean(axis=0), X.std(axis=0)
    A, B = (np.c_[(x - mean) / deviation, np.ones(len(x))] for x in (X, X_new))
    w = np.zeros(A.shape[1])
    for _ in range(10):
        p = 1 / (1 + np.exp(-A @ w))
        curvature = A.T @ (A * (p * (1 - p))[:, None]) + 0.1 * np.eye(len(w))
        w = w - np.linalg.solve(curvature, A.T @ (p - y))
    return (B @ w > 0).astype(int)


def with_a_product(X, y, patient, X_new, steps, backward):
    """No network: the bar is compared, and the rival reaches it once it is given the best product."""
    for _ in range(steps):
        backward(NoLoss())
    mean, deviation = X.mean(axis=0), X.std(axis=0)
    seen, new = (X - mean) / deviation, (X_new - mean) / deviation
    pairs = [(i, j) for i in range(X.shape[1]) for j in range(i)]
    i, j = max(pairs, key=lambda p: abs(np.corrcoef(seen[:, p[0]] * seen[:, p[1]], y)[0, 1]))
    return rival(np.c_[seen, seen[:, i] * seen[:, j]], y, np.c_[new, new[:, i] * new[:, j]])


def nearest(X, y, patient, X_new, steps, backward):
    size = X.std(axis=0)
    apart = ((X_new / size) ** 2).sum(axis=1)[:, None] - 2 * (X_new / size) @ (X / size).T
    return y[np.argmin(apart + ((X / size) ** 2).sum(axis=1), axis=1)]


FIT = Function(4, with_a_product, clinics, run=asked_again, measure=against_the_rival,
    weights={STRAIGHT: 0.4, TOGETHER: 0.6},
    allows=("MLP", "Adam", "AdamW", "cross_entropy", "softmax"), mistakes=[
    ("scaled by those who wait", edit("(X_new - mean) / deviation",
     "(X_new - X_new.mean(axis=0)) / X_new.std(axis=0)"),
     "When some of those who wait become giants, others get another answer: `X_new` has had a say in how "
     "`X_new` is scaled. Mean and deviation come from the people you learn from."),
    ("another answer each time", lambda *inputs: np.where(
        np.random.default_rng().random(len(inputs[3])) < 0.1, 0, with_a_product(*inputs)),
     "The same call gives another answer. Every draw, of rows and of weights, needs a seed of its own: "
     "`rng=0`, `np.random.default_rng(0)`."),
    ("each measurement for itself", lambda X, y, patient, X_new, steps, backward: rival(X, y, X_new),
     "You are as good as the rival, and no better: your model adds the measurements up, each for itself. A "
     "hidden layer can see two of them together. If yours has one: are the ten measurements on one scale? "
     "Does it learn its own people by heart? Hold some patients out, and look at when their loss begins to "
     "rise; then try `nn.AdamW` with a strong `weight_decay`."),
    ("by heart", nearest,
     "Worse than the rival where each measurement speaks for itself, and no better where two speak together. "
     "Are the ten measurements on one scale? If they are, your model knows its own people by heart. Hold "
     "some *patients* out (not rows), choose by them how long to train and whether a hidden layer helps, and "
     "let weights decay: `nn.AdamW` with a strong `weight_decay`."),
    ("by heart where one is enough", lambda *inputs: np.where(
        np.arange(len(inputs[3])) % 5 == 0, 0, with_a_product(*inputs)),
     "You see two measurements together. But where each speaks for itself, you are worse than the rival: a "
     "layer that can bend learns its own people by heart. Hold some *patients* out (not rows), and choose by "
     "them: a narrower layer, fewer steps that count (a smaller rate), or `nn.AdamW` with a strong "
     "`weight_decay`."),
    ("everybody the same", lambda X, y, patient, X_new, steps, backward: np.ones(len(X_new), int),
     "No better than a coin. Are the ten measurements on one scale? Does the loss fall below 0.69?"),
    ("probabilities", lambda X, y, patient, X_new, steps, backward: np.full(len(X_new), 0.3),
     "You return probabilities. Asked for are classes: 1 for ill, 0 for healthy."),
    ("two for each", lambda X, y, patient, X_new, steps, backward: X_new[:, :2],
     "You return two numbers for each person. The class is the place of the larger: `.argmax(axis=1)`."),
    ("over budget", edit("range(steps)", "range(steps + 1)"),
     "Every call of `backward` counts, those of the search too."),
], after="A model that may choose a hidden layer, and leaves it out where it is not needed, is hard to beat.")


def comparisons(rng):
    for name, people, most, t in [
        ("1 to 5 visits each", 12, 5, 2.201), ("two people", 2, 4, 12.706), ("few visits", 9, 1, 2.306)
    ]:
        who = rng.permutation(np.append(np.repeat(np.arange(people), rng.integers(1, most + 1, people)), 0))
        better = np.where(who % 3 > 0, rng.integers(-1, 2, len(who)), 1)
        yield name, np.append(better, [1, -1, 0, 1]), 40 + 3 * np.append(who, [1, 1, 1, 0]), t
    yield "the rival is better", np.array([-1, -1, 0, -1, 1, -1]), np.array([5, 5, 2, 2, 9, 1]), 3.182


def interval(difference, patient, t):
    means = np.array([difference[patient == p].mean() for p in np.unique(patient)])
    half = t * means.std(ddof=1) / np.sqrt(len(means))
    return means.mean() - half, means.mean() + half


INTERVAL = Function(5, interval, comparisons, mistakes=[
    ("every row for itself", edit("np.array([difference[patient == p].mean() for p in np.unique(patient)])",
     "difference"),
     "You take each row as an independent case. A patient's visits agree with one another, so they count as "
     "one: first the mean of each patient, then the interval of those means."),
    ("sums", edit("difference[patient == p].mean()", "difference[patient == p].sum()"),
     "You add up a patient's rows: who comes often counts more. Take the mean of each patient."),
    ("the middle of the rows", edit("means.mean() - half, means.mean()",
     "difference.mean() - half, difference.mean()"),
     "The width is right. The middle is to be the mean of the patients' means, not of all rows."),
    ("divides by n", edit("ddof=1", ""),
     "NumPy's `std` divides by n; the mean was estimated from the same values: divide by n − 1, `ddof=1`."),
    ("without the root", edit("np.sqrt(len(means))", "len(means)"),
     "Uncertainties of a mean shrink with the root of n."),
    ("√ of the rows", edit("np.sqrt(len(means))", "np.sqrt(len(patient))"),
     "You divide by the root of the number of rows. How many patients are there?"),
    ("without t", edit("t * ", ""), "This is one standard error to each side. The factor t makes it 95 %."),
    ("mean and half", edit("means.mean() - half, means.mean() + half", "means.mean(), half"),
     "You return the mean and half the width. Return the two ends."),
    ("√ of n − 1", edit("np.sqrt(len(means))", "np.sqrt(len(means) - 1)"),
     "You take n − 1 twice: it stands in s already. Divide by √n."),
    ("no n", edit(" / np.sqrt(len(means))", ""),
     "That is the spread of the patients. The uncertainty of their *mean* is smaller, by √n."),
    ("1.96", edit("half = t *", "half = 1.96 *"), "1.96 is for very many cases. Use `t`, which is given."),
    ("upper end first",
     edit("means.mean() - half, means.mean() + half", "means.mean() + half, means.mean() - half"),
     "Both ends are right: the lower one first."),
    ("half of it", edit("half = t *", "half = t / 2 *"),
     "Your interval is half as wide: t s / √n to *each* side."),
    ("the variance",
     edit("means.std", "means.var"), "s is the standard deviation, the root of the variance."),
    ("s of the rows", edit("means.std", "difference.std"),
     "s is the spread of the patients' means, not of the rows."),
    ("the last row of each", edit("difference[patient == p].mean()", "difference[patient == p][-1]"),
     "You take each patient's last row. Take the mean of all of them."),
    ("numbered from 0", edit("np.unique(patient)", "range(len(np.unique(patient)))"),
     "You count on patients that are numbered from 0 on, and take means of nothing. `np.unique(patient)` "
     "gives the numbers they have."),
    ("one row each", edit("difference[patient == p].mean()", "difference[patient == p][0]"),
     "You take each patient's first row. Take the mean of all of them."),
    ("a median", edit("means.mean() - half, means.mean() + half",
                      "np.median(means) - half, np.median(means) + half"),
     "The middle is the mean of the means, not their median."),
    ("quantiles", edit("means.mean() - half, means.mean() + half", "*np.percentile(means, [2.5, 97.5]), "),
     "That is where the *patients* lie. The interval is one for their mean: t s / √n to each side."),
    ("cut off", edit("means.mean() - half, means.mean() + half",
                     "max(means.mean() - half, -1), min(means.mean() + half, 1)"),
     "You cut the interval off at −1 and 1. Return what the formula says."),
    ("without the sign", edit("means.mean() - half, means.mean() + half",
                              "abs(means.mean()) - half, abs(means.mean()) + half"),
     "Where the rival is better the middle is negative: leave its sign."),
], after="Three visits of one patient are not three patients: intervals that forget it are too narrow.")

REPORT = Explain(6, rubric=[
    "The question, where the table comes from, and what one row is; what a new case will be new in.",
    "The split: by what, how large, with which seed; and why no part knows anything of another.",
    "Baselines with numbers: always the same answer, one measurement, the rival.",
    "The search: what was varied, how many trials, chosen by validation rows alone.",
    "The numbers of several seeds, and the difference to the rival with its interval, by independent cases.",
    "One look at the test set, after everything was decided; its number is told, whatever it is.",
    "A conclusion no stronger than the interval: \"no better than the rival\" is a result.",
    "All can be repeated: the code is there, with its seeds.",
])

DOUBTS = Explain(7, rubric=[
    "Whom or what the table leaves out, and where the model would therefore be wrong.",
    "A measurement that might betray the answer, or rows that depend on one another; and a check of it.",
    "What was tried and did not work, or what was seen of the test set too early: told, not hidden.",
    "What one would do next, with the reason, and which number would change one's mind.",
])
