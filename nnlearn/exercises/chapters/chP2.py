import numpy as np

from nnlearn.data.mnist_subset import mnist
from nnlearn.exercises import Explain, Function, edit
from nnlearn.exercises.budget import NoLoss, asked_again, leaks, no_classes


def small_pictures(rng):
    def pictures(N, H, W):
        return rng.random((N, H, W)) + 0.1

    yield "one up, one left", pictures(2, 4, 5), np.array([-1, 0]), np.array([0, -1])
    yield "wider than high, both ways", pictures(3, 3, 6), np.array([1, -2, 0]), np.array([2, -1, 0])
    yield "one picture", pictures(1, 5, 4), np.array([2]), np.array([-3])
    yield "out of the picture", pictures(4, 3, 4), np.array([3, -7, 0, 4]), np.array([0, 0, 9, 0])
    yield "drawn for you", pictures(6, 5, 5), rng.integers(-3, 4, 6), rng.integers(-3, 4, 6)


def moved(X, down, right):
    N, H, W = X.shape
    i = np.arange(H)[:, None] - down[:, None, None]
    j = np.arange(W) - right[:, None, None]
    inside = (i >= 0) & (i < H) & (j >= 0) & (j < W)
    found = X[np.arange(N)[:, None, None], i.clip(0, H - 1), j.clip(0, W - 1)]
    return np.where(inside, found, 0)


def sliced(x, i, j):
    """The usual slices, right as long as a picture stays in sight."""
    out, (H, W) = np.zeros(x.shape), x.shape
    there = out[max(i, 0) : H + min(i, 0), max(j, 0) : W + min(j, 0)]
    there[:] = x[max(-i, 0) : H - max(i, 0), max(-j, 0) : W - max(j, 0)]
    return out


def blanked(x, i, j):
    out = np.roll(x, (i, j), axis=(0, 1))
    out[: max(i, 0)], out[:, : max(j, 0)] = 0, 0
    return out


MOVED = Function(1, moved, small_pictures, mistakes=[
    ("rolled", lambda X, down, right: np.stack(
        [np.roll(x, (i, j), axis=(0, 1)) for x, i, j in zip(X, down, right, strict=True)]),
     "What leaves on one side comes in on the other: so does `np.roll`. It is lost, and paper comes in."),
    ("the other way", edit("- down", "+ down", "- right", "+ right"),
     "You move up for down, and left for right. The new pixel at row i comes from row i − down."),
    ("exchanged", edit("- down", "- right", "W) - right", "W) - down"),
     "Rows and columns are exchanged: `down` moves along the rows, axis 1 of `X`."),
    ("the edge repeated", edit("np.where(inside, found, 0)", "found"),
     "The edge is repeated where paper should come in: set to 0 what comes from outside."),
    ("all as the first", edit("- down[:, None, None]", "- down[:1, None, None]",
     "- right[:, None, None]", "- right[:1, None, None]"),
     "You move all pictures as the first one. Each has its own way."),
    ("down only", edit("- right[:, None, None]", "- 0 * right[:, None, None]"),
     "Nothing moves to the right or left. Both happen at once."),
    ("from below alone", edit("(i >= 0) & (i < H) & (j >= 0) & (j < W)", "(i >= 0) & (j >= 0)"),
     "Paper comes in at the top and at the left, but a picture moved up or to the left repeats its edge."),
    ("a slice that begins again", lambda X, down, right: np.stack([sliced(*one) for one in zip(
        X, down, right, strict=True)]),
     "A picture that is moved by more than its height: a slice that should be empty counts from the end, or "
     "has another size. Ask of each new pixel where it came from."),
    ("up for down",
     edit("- down", "+ down"), "You move up for down. The new pixel at row i comes from i − down."),
    ("never back", edit("- down", "- abs(down)", "W) - right", "W) - abs(right)"),
     "You lose the sign: −1 down is one up."),
    ("stays for less than 0", edit("- down", "- np.maximum(down, 0)",
                                   "W) - right", "W) - np.maximum(right, 0)"),
     "Pictures that should move up or to the left stay where they are. −1 down is one up: which rows are "
     "then left over, and at which end?"),
    ("white paper", edit("np.where(inside, found, 0)", "np.where(inside, found, 1)"), "Paper is 0."),
    ("as light as the darkest", edit("np.where(inside, found, 0)", "np.where(inside, found, X.min())"),
     "Paper is 0, not the smallest pixel."),
    ("whole numbers", edit("np.where(inside, found, 0)", "np.where(inside, found, 0).astype(int)"),
     "You lose what stands behind the point: make an array of floats, `np.zeros(X.shape)`."),
    ("the first row lost",
     edit("(i >= 0)", "(i > 0)"), "The first row of each picture is lost: it has index 0."),
    ("as wide as high", edit("j < W", "j < H"), "Pictures need not be square: columns go up to W."),
    ("at the top and at the left alone", lambda X, down, right: np.stack([
        blanked(*one) for one in zip(X, down, right, strict=True)]),
     "You wipe what was rolled in at the top and at the left. A picture moved up or to the left is rolled in "
     "at the other side."),
    ("turned", edit("np.where(inside, found, 0)", "np.where(inside, found, 0).swapaxes(1, 2)"),
     "Rows and columns of the result are exchanged."),
], after="A shift that a convolution would not mind, but a linear layer after it does.")


def told(rng):
    def labels(n, classes):
        return rng.integers(0, classes, n)

    yield ("many of one class, few of another",
           np.repeat([0, 1, 2], [90, 20, 5]), np.repeat([1, 0, 2, 1, 2], [12, 78, 3, 19, 3]), 3)
    yield "all right", np.array([0, 1, 1, 2]), np.array([0, 1, 1, 2]), 3
    yield "a class without a picture", np.array([1, 1, 2, 2, 2]), np.array([2, 1, 1, 0, 2]), 4
    yield "two are equal", np.array([3, 3, 0, 0, 2]), np.array([2, 3, 3, 0, 2]), 4
    yield "one picture of a class", np.array([0, 0, 0, 1]), np.array([0, 0, 1, 0]), 2
    yield "nothing is right", np.array([0, 0, 1]), np.array([1, 1, 0]), 2
    yield "drawn for you", labels(60, 5), labels(60, 5), 5


def worst_pair(truth, said, classes):
    counts = np.zeros((classes, classes))
    np.add.at(counts, (truth, said), 1)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    np.fill_diagonal(shares, -1)
    a, b = np.unravel_index(shares.argmax(), shares.shape)
    return a, b, shares[a, b]


WORST = Function(2, worst_pair, told, outputs="a b share", mistakes=[
    ("numbers of pictures", edit("counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)", "counts.copy()",
     "shares[a, b]", "counts[a, b] / max(counts[a].sum(), 1)"),
     "You take the pair with the most pictures: that is often the largest class. Divide by the number of "
     "pictures of class a first."),
    ("the diagonal too", edit("np.fill_diagonal(shares, -1)", "pass"),
     "You found a class that is taken for itself. That is right, and no mistake: leave the diagonal out."),
    ("the diagonal is 0", edit("np.fill_diagonal(shares, -1)", "np.fill_diagonal(shares, 0)"),
     "Where nothing is wrong all your shares are equal, and you return a class taken for itself. a and b "
     "differ: what on the diagonal can never be the largest?"),
    ("turned round", edit("(truth, said)", "(said, truth)"),
     "You ask which of the pictures *taken for* a are b. Asked is which pictures *of* a are taken for b."),
    ("shares of what was said", edit("axis=1, keepdims=True", "axis=0, keepdims=True"),
     "You divide by how often b was said. Divide by how many pictures of class a there are."),
    ("shares of all", edit("np.maximum(counts.sum(axis=1, keepdims=True), 1)", "counts.sum()"),
     "You divide by the number of all pictures. Divide by how many there are of class a."),
    ("no pictures, no number", edit("np.maximum(counts.sum(axis=1, keepdims=True), 1)",
     "np.where(counts.sum(axis=1, keepdims=True) > 0, counts.sum(axis=1, keepdims=True), np.nan)"),
     "A class without pictures gives 0/0, which is `nan`, and `nan` wins every `argmax`. Its shares are 0."),
    ("the last of equals", edit("a, b = np.unravel_index(shares.argmax(), shares.shape)",
     "a, b = np.argwhere(shares == shares.max())[-1]"),
     "There are several as large as that. Take the one with the smallest a, then the smallest b."),
    ("of those that are wrong",
     edit("    shares = counts", "    np.fill_diagonal(counts, 0)\n    shares = counts"),
     "You divide by the pictures that are *wrong*. The share is one of all pictures of class a."),
    ("one a pair", edit("np.add.at(counts, (truth, said), 1)", "counts[truth, said] += 1"),
     "`counts[truth, said] += 1` counts a pair once, however often it comes. `np.add.at` counts each."),
    ("b first", edit("return a, b, shares[a, b]", "return b, a, shares[a, b]"), "Return a first, then b."),
    ("the number",
     edit("shares[a, b]", "counts[a, b]"), "The pair is right. Return its *share*, not its number."),
    ("percent", edit("return a, b, shares[a, b]", "return a, b, 100 * shares[a, b]"),
     "The pair is right. A share lies between 0 and 1."),
    ("both ways together", edit("counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)",
        "(counts + counts.T) / np.maximum((counts + counts.T).sum(axis=1, keepdims=True), 1)"),
     "You add “a taken for b” and “b taken for a”. They are two mistakes."),
    ("the smallest b first", edit("a, b = np.unravel_index(shares.argmax(), shares.shape)",
                                  "b, a = np.unravel_index(shares.T.argmax(), shares.shape)"),
     "There are several as large as that. The smallest *a* decides, and b only after it."),
    ("one more", edit("np.maximum(counts.sum(axis=1, keepdims=True), 1)",
                      "(counts.sum(axis=1, keepdims=True) + 1)"),
     "You divide by one picture too many. Only where there is none is a 1 needed: `np.maximum`."),
    ("the rarest mistake", edit("shares.argmax()", "shares.argmin()"), "You took the smallest."),
])


def albums_twice(rng):
    def scenes(n, H=6, W=5):
        return rng.random((n, H, W))

    train, other = scenes(8), scenes(5)
    again = 0.4 * train[[5, 2]] + 0.3 + 0.001 * rng.normal(size=(2, 6, 5))
    yield "two of them, darker", train, np.concatenate([other[:2], again, other[2:]]), 0.99
    yield "none", train, other, 0.95
    yield "trained on twice", np.concatenate([train, train[:1]]), np.concatenate([other, 2 * train[:1]]), 0.95
    yield "a negative is no copy", train, np.concatenate([1 - train[:2], other]), 0.9
    yield "one grey", np.concatenate([train, np.full((1, 6, 5), 0.3)]), np.concatenate(
        [np.zeros((1, 6, 5)), np.full((1, 6, 5), 0.3), 3 * train[:1]]), 0.9
    yield "one picture each", train[:1], 2 * train[:1] + 1, 0.999
    yield "twice in the test alone", train, np.concatenate([other, other]), 0.95
    line, other = np.arange(6.0).reshape(1, 2, 3), np.array([[[0, 1.0, 0], [1, 0, 1]]])
    one, alike = np.array([[[4.0, 0, 0], [0, 0, 0]]]), np.array([[[5.0, 0.1, 1], [1, 1, 1]]])
    yield "light where it is light, and not a copy", one, np.concatenate([alike, one]), 0.99
    yield "exactly as much as asked for", line, np.concatenate([line, other]), 1 - 1e-9


def taken_twice(train, test, least):
    def directions(pictures):
        flat = pictures.reshape(len(pictures), -1)
        flat = flat - flat.mean(axis=1, keepdims=True)
        length = np.linalg.norm(flat, axis=1, keepdims=True)
        grey = length < 1e-9
        return np.where(grey, 0, flat / np.where(grey, 1, length))

    alike = directions(test) @ directions(train).T
    return np.flatnonzero((alike >= least).any(axis=1))


def greatest(test, train):
    with np.errstate(all="ignore"):
        both = np.corrcoef(test.reshape(len(test), -1), train.reshape(len(train), -1))
    return both[: len(test), len(test) :].max(axis=1)


TWICE = Function(3, taken_twice, albums_twice, mistakes=[
    ("without the mean", edit("flat - flat.mean(axis=1, keepdims=True)", "flat"),
     "All your pictures are alike: pictures have no negative pixels, so their products are large. Subtract "
     "each picture's mean first."),
    ("differences", lambda train, test, least: np.flatnonzero(
        (abs(test[:, None] - train[None]).mean(axis=(2, 3)) <= 1 - least).any(axis=1)),
     "You compare pixel with pixel. A darker copy differs in every pixel, and is still the same scene: "
     "correlate."),
    ("the mean picture", edit("flat.mean(axis=1, keepdims=True)", "flat.mean(axis=0)"),
     "You subtract the mean *picture*. A correlation takes each picture's own mean, over its pixels."),
    ("negatives too", edit("(alike >= least)", "(abs(alike) >= least)"),
     "A correlation of −1 is a negative: dark where the other is light. That is no second photograph."),
    ("which were trained on", edit("any(axis=1)", "any(axis=0)"),
     "You return numbers of training pictures. Asked are those of the test, to be taken out."),
    ("grey is like grey", lambda train, test, least: np.flatnonzero([
        any(np.ptp(a) == np.ptp(b) == 0 or (np.ptp(a) * np.ptp(b) > 0 and np.corrcoef(
            a.ravel(), b.ravel())[0, 1] >= least) for a in train) for b in test]),
     "A picture of one grey has no pattern: its correlation is 0/0. It counts as like nothing."),
    ("one grey spoils a row", lambda train, test, least: np.flatnonzero(greatest(test, train) >= least),
     "For a picture of one grey `np.corrcoef` divides 0 by 0, or what rounding has left of them: out comes "
     "`nan`, or even 1. Where a picture's spread is as good as 0, its correlation counts as 0."),
    ("above, not from", edit(">= least", "> least + 1e-8"),
     "*At least* `least`: equality counts."),
    ("once for each copy",
     edit("np.flatnonzero((alike >= least).any(axis=1))", "np.nonzero(alike >= least)[0]"),
     "A test picture that is in `train` twice stands twice in your answer. Is there *some* picture like it?"),
    ("covariance",
     edit("np.where(grey, 0, flat / np.where(grey, 1, length))", "flat / np.sqrt(flat.shape[1])"),
     "That is the covariance. A darker copy has a smaller one: divide by both lengths."),
    ("one mean for all", edit("flat.mean(axis=1, keepdims=True)", "flat.mean()"),
     "You subtract one mean for all pictures. Each has its own."),
    ("by the widths", edit("np.linalg.norm(flat, axis=1, keepdims=True)", "flat.std(axis=1, keepdims=True)"),
     "Divided by standard deviations, the sum over the pixels must be a mean. Or divide by the length."),
    ("like all",
     edit(".any(axis=1)", ".all(axis=1)"), "One picture that is like it is enough: `any`, not `all`."),
    ("the likeliest alone", edit("np.flatnonzero((alike >= least).any(axis=1))",
                                 "np.array([alike.max(axis=1).argmax()])"),
     "You return the one that is most alike. Return all that reach `least`, or none."),
    ("the others", edit("np.flatnonzero((alike", "np.flatnonzero(~(alike"),
     "You return those that were *not* taken twice."),
    ("true or false", edit("np.flatnonzero((alike >= least).any(axis=1))", "(alike >= least).any(axis=1)"),
     "You return True and False. Return the numbers: `np.flatnonzero`."),
], after="Whoever tests on what was photographed twice, tests memory.")


def album(seed, anywhere):
    """(X, y) of 600 digits in the middle, and (X, y) of 1,000 others."""
    (pictures, digits), _ = mnist()
    pictures = pictures.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4))
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(pictures))[:1600]
    X, y = np.pad(pictures[chosen], ((0, 0), (2, 2), (2, 2))), digits[chosen]
    off = rng.integers(0, 5, (2, 1600)) if anywhere else np.full((2, 1600), 2)
    off[:, :600] = 2
    X = np.stack([x[i : i + 14, j : j + 14] for x, i, j in zip(X, *off, strict=True)])
    X = (X + 0.1 * rng.normal(size=X.shape)).astype(np.float32)
    return X[:600], y[:600], X[600:], y[600:]


MIDDLE, ANYWHERE = "an album with the digits in the middle", "an album with the digits anywhere"


def albums(rng):
    for name in (MIDDLE, ANYWHERE):
        seed = int(rng.integers(10**6))
        yield name, *album(seed, name == ANYWHERE)[:3], 200, {"seed": seed, "anywhere": name == ANYWHERE}


def rival(X, y, X_new):
    flat, new = X.reshape(len(X), -1), X_new.reshape(len(X_new), -1)
    return y[((flat**2).sum(axis=1) - 2 * new @ flat.T).argmin(axis=1)]


def against_the_rival(found, X, y, X_new, steps, backward):
    """Has the bar been reached, on pictures that nobody has seen? Many models do."""
    said = found[0]
    if wrong := no_classes(said, len(X_new), 10) or leaks(found):
        return wrong
    truth = album(**backward)[3]
    ours, theirs = np.mean(said == truth), np.mean(rival(X, y, X_new) == truth)
    if ours < 0.2:
        return "little better than chance"
    if ours - theirs >= (0.4 if backward["anywhere"] else -0.08):
        return "as good as asked for"
    return "not much better than the rival" if backward["anywhere"] else "worse than the rival"


def nearest_moved(X, y, X_new, steps, backward):
    """No network: the bar is compared, and the rival reaches it with copies of what it has, each moved."""
    for _ in range(steps):
        backward(NoLoss())
    ways = [(i, j) for i in range(-2, 3) for j in range(-2, 3)]
    wide = np.pad(X, ((0, 0), (2, 2), (2, 2)))
    copies = np.concatenate([wide[:, 2 - i : 16 - i, 2 - j : 16 - j] for i, j in ways])
    return rival(copies, np.tile(y, len(ways)), X_new)


FIT = Function(4, nearest_moved, albums, run=asked_again, measure=against_the_rival,
    weights={MIDDLE: 0.4, ANYWHERE: 0.6},
    allows=("ConvNet", "Adam", "AdamW", "cross_entropy", "softmax"), mistakes=[
    ("reads what lies in the middle", lambda X, y, X_new, steps, backward: rival(X, y, X_new),
     "Digits in the middle are read, others not: your model never saw one elsewhere. Show it some. Move each "
     "picture of a batch by up to two pixels each way, anew at every step; P2.1 does it. If you do: is the "
     "rate too small, so that the loss still falls at the end, or too large to settle?"),
    ("scaled by those that wait", edit(", X_new)\n", ", X_new / X_new.std() * X.std())\n"),
     "When some of the new pictures are overexposed, others are read differently: `X_new` has had a say in "
     "how `X_new` is scaled. What is learned from pictures comes from those you train on."),
    ("another answer each time", lambda *inputs: np.where(
        np.random.default_rng().random(len(inputs[2])) < 0.1, 0, nearest_moved(*inputs)),
     "The same call gives another answer. Every draw, of batches, moves and weights, needs a seed of its "
     "own: `rng=0`, `np.random.default_rng(0)`."),
    ("too little learned", lambda X, y, X_new, steps, backward: np.where(
        np.arange(len(X_new)) % 3 == 0, 0, nearest_moved(X, y, X_new, steps, backward)),
     "In the middle you are worse than the rival, and elsewhere not much better. Does the loss still fall at "
     "the end? Take a larger rate, or more channels, and move pictures by two pixels, no more."),
    ("moved too far", lambda X, y, X_new, steps, backward: np.where(
        np.arange(len(X_new)) % 6 == 0, 0, nearest_moved(X, y, X_new, steps, backward)),
     "Digits anywhere are read, but in the middle you are worse than the rival. Two pixels of moving are all "
     "that is needed: who moves further has more to learn. Does the loss still fall at the end?"),
    ("everybody the same", lambda X, y, X_new, steps, backward: np.ones(len(X_new), int),
     "Little better than chance. Does the loss fall below 2.3? Have the pictures their axis of channels, "
     "`X[:, None]`, and do pictures and digits of a batch belong together?"),
    ("ten for each", lambda X, y, X_new, steps, backward: X_new[:, 0, :10],
     "You return ten numbers for each picture. The digit is the place of the largest: `.argmax(axis=1)`."),
    ("over budget", edit("range(steps)", "range(steps + 1)"),
     "Every call of `backward` counts."),
], after="What is the same wherever it lies can be shown at many places: a rival to any shape.")


def validated(rng):
    def answers(n):
        sure = rng.random(n).round(3)
        return sure, rng.random(n) < 0.3 + 0.7 * sure

    yield "a wrong one among the surest", np.array([0.99, 0.95, 0.9, 0.8, 0.7, 0.6]), np.array(
        [False, True, True, True, True, False]), 0.25
    yield "equally sure", np.array([0.9, 0.8, 0.8, 0.8, 0.5]), np.array([True, False, True, True, False]), 0.2
    yield "equally sure, and not all of them right", np.array([0.8, 0.9, 0.8, 0.8]), np.array(
        [True, True, False, False]), 0.3
    yield "exactly the share", np.array([0.5, 0.9, 0.8, 0.7]), np.array([False, True, True, True]), 0.25
    yield "no answer at all", np.array([0.9, 0.8]), np.array([False, False]), 0.4
    yield "all of them", np.array([0.3, 0.9, 0.8]), np.array([True, True, True]), 0.0
    yield "in any order, drawn for you", *answers(200), 0.1
    yield "one picture", np.array([0.4]), np.array([True]), 0.05


def least_sure(sure, right, wrong):
    best = np.inf
    for level in np.unique(sure)[::-1]:
        if np.mean(~right[sure >= level]) <= wrong:
            best = level
    return best


def first_fall(sure, right, wrong):
    best = np.inf
    for level in np.unique(sure)[::-1]:
        if np.mean(~right[sure >= level]) > wrong:
            break
        best = level
    return best


def one_by_one(sure, right, wrong):
    order = np.argsort(-sure, kind="stable")
    share = np.cumsum(~right[order]) / np.arange(1, len(sure) + 1)
    fits = np.flatnonzero(share <= wrong)
    return sure[order][fits[-1]] if len(fits) else np.inf


SURE = Function(5, least_sure, validated, mistakes=[
    ("stops at the first", first_fall,
     "You stop as soon as the share is too large. It can fall again: a mistake among the surest weighs less, "
     "the more right ones come after it. Try every level."),
    ("one by one", one_by_one,
     "You part pictures that are equally sure. Whoever answers from 0.8 on answers all of them."),
    ("of all pictures", edit("np.mean(~right[sure >= level])", "np.mean(~right & (sure >= level))"),
     "You divide by the number of all pictures. The share is of the answers that are given."),
    ("the share of right ones", edit("~right", "right"),
     "You hold the share of *right* answers down. `wrong` is the share of wrong ones."),
    ("less, not at most", edit("<= wrong", "< wrong"), "*At most* this share: equality is allowed."),
    ("above, not from", edit("sure >= level", "sure > level"),
     "From the level on: a picture exactly as sure as the level is answered."),
    ("the fewest answers", edit("np.unique(sure)[::-1]", "np.unique(sure)"),
     "You return the largest level that is allowed: the fewest answers. Asked is the one with the most."),
    ("zero for none", edit("np.inf", "0.0"),
     "Where no answer may be given, 0 would answer everything. Infinity answers nothing."),
    ("a number of mistakes", edit("np.mean(", "np.sum("),
     "You hold the *number* of wrong answers against a share. Divide by the number of answers given."),
    ("the surest for none", edit("np.inf", "sure.max()"),
     "Where no answer may be given, you answer the surest. Return infinity."),
    ("one for none",
     edit("np.inf", "1.0"), "Sureness need not end at 1. Return infinity where none is allowed."),
    ("nan for none", edit("np.inf", "np.nan"), "Return infinity where none is allowed: nothing reaches it."),
    ("its place", edit("best = level", "best = int(np.argmax(sure == level))"),
     "You return the picture's number. Return how sure the model was."),
    ("the share answered", edit("return best", "return (sure >= best).mean()"),
     "That is the share that is answered. Return the sureness from which on."),
    ("below it",
     edit("sure >= level", "sure <= level"), "You answer where it is *un*sure. From a sureness on: `>=`."),
    ("each level alone", edit("sure >= level", "sure == level"),
     "You look at the pictures of one level alone. All that are as sure *or surer* are answered."),
    ("a quantile", lambda sure, right, wrong: np.quantile(sure, wrong),
     "That leaves out a share of the pictures, whether they are right or not. Count the mistakes among the "
     "answers that are left."),
    ("hundredths", edit("np.unique(sure)[::-1]", "np.linspace(1, 0, 101)"),
     "You try hundredths from 0 to 1. Asked is the smallest sureness that is answered: try those that "
     "occur."),
], after="Where it may say nothing it can be trusted when it speaks: as far as new pictures are like these.")

REPORT = Explain(6, rubric=[
    "The question, where the pictures come from, and what a new picture will be new in.",
    "The split: by what, how large; and how pictures taken twice were looked for.",
    "Baselines with numbers: always the same answer, the nearest picture.",
    "What was chosen (rate, channels, moves), out of how many tries, by validation pictures alone.",
    "The numbers of several seeds, and the difference to the rival with its interval, by independent cases.",
    "One look at the test set, after everything was decided; its number and the mistake made most are told.",
    "A conclusion no stronger than the interval: \"no better than the nearest picture\" is a result.",
    "All can be repeated: the code is there, with its seeds.",
])

DOUBTS = Explain(7, rubric=[
    "What else in the pictures might betray the class (light, paper, place, camera), and a check of it.",
    "Whom or what the pictures leave out, and where the model would therefore be wrong.",
    "What was tried and did not work, or what was seen of the test set too early: told, not hidden.",
    "What one would do next, with the reason, and which number would change one's mind.",
])
