import numpy as np

from nnlearn.exercises import Explain, Function, Predict, Value, edit
from nnlearn.exercises.budget import NoLoss, no_classes, within_budget

SHUFFLED = Predict(1, "the set network", mistakes=[
    ("convolution", "the convolutional network",
     "Its windows show neighbours. After the shuffle other places are neighbours: it loses most."),
    ("recurrent", "the recurrent network",
     "It reads one place after the other. In another order its state goes through other values."),
    ("all", "all of them",
     "Nothing is lost, that is true. But which networks were told before that neighbours belong together?"),
], after="It adds up over the places, and a sum has no order. A dense network would *learn* as well as "
         "before, but its output is another one: its weights meet other columns.")

BY_HAND = Value(2, (1.5, 3), mistakes=[
    ("without φ", (0.5, 3), "You took the mean of the differences. φ cuts what is below zero first."),
    ("padded", (1.6, 3), "The window does not reach over the end: five places have four windows of two."),
    ("exchanged", (3, 1.5), "First the mean, then the maximum."),
    ("over what is left", (3, 3), "The windows in which φ is 0 count in the mean as well."),
    ("sizes", (2.5, 3), "φ makes negative differences 0; it does not turn their sign."),
    ("over the places", (1.2, 3), "You divide by the five places. There are four windows."),
    ("a sum", (6, 3), "That is the sum over the windows: divide by their number, 4."),
    ("second minus first", (1, 2), "φ(a, b) takes the *second* number away from the first."),
])


def crowds(rng):
    yield "people with several recordings", np.array([1, 1, 2, 2, 2, 3, 4]), 3
    yield "out of order", np.array([4, 7, 4, 2, 7, 7]), 2
    yield "exactly enough", np.array([1, 1, 2, 2]), 2
    yield "nobody is needed", np.array([5, 6]), 0
    yield "more than there are", np.array([8, 5, 8]), 9
    yield "drawn", rng.integers(0, 5, 20), 7
    yield "nobody at all", np.array([], dtype=int), 2


def hold_out(groups, n):
    held = np.zeros(len(groups), dtype=bool)
    for i in range(len(groups)):
        if held.sum() >= n:
            break
        if not held[i]:
            held |= groups == groups[i]
    return held


def hold_runs(groups, n):
    held = np.zeros(len(groups), dtype=bool)
    for i in range(len(groups)):
        if held.sum() >= n and groups[i] != groups[i - 1]:
            break
        held[i] = n > 0
    return held


def hold_in_order(groups, n, order):
    held = np.zeros(len(groups), dtype=bool)
    for group in order(list(dict.fromkeys(groups.tolist())), groups):
        if held.sum() < n:
            held |= groups == group
    return held


def hold_smallest(groups, n):
    return hold_in_order(groups, n, lambda names, of: sorted(names, key=lambda name: (of == name).sum()))


def hold_last(groups, n):
    return hold_in_order(groups, n, lambda names, of: names[::-1])


HOLD = Function(3, hold_out, crowds, mistakes=[
    ("from the end", hold_last,
     "You begin with the group that appears last. Begin with the one that appears first."),
    ("the smallest first", hold_smallest,
     "You begin with the smallest groups. Groups are taken in the order in which they first appear."),
    ("runs", hold_runs,
     "You stop where the next group begins, and leave out what the group has farther down. Its examples may "
     "stand anywhere."),
    ("the first n", lambda groups, n: np.arange(len(groups)) < n,
     "You cut through a group: some of its examples are in the test, some in training."),
    ("sorted", lambda groups, n: hold_sorted(groups, n),
     "Groups are taken in the order in which they first appear, not in the order of their names."),
    ("one too many", edit("held.sum() >= n", "held.sum() > n"),
     "As soon as n examples are held back, stop. You go on with one group more."),
    ("too few", lambda groups, n: hold_less(groups, n),
     "At least n examples are to be held back. You stop before the group that would reach it."),
    ("one at least", lambda groups, n: hold_out(groups, max(n, 1)),
     "With n = 0 nothing is held back: ask whether there are enough *before* you take a group."),
    ("the groups of the first n", lambda groups, n: np.isin(groups, groups[:n]),
     "The groups of the first n examples may be more than are needed: count what is held back."),
    ("the largest first", lambda groups, n: hold_largest(groups, n),
     "Groups are taken in the order in which they first appear, not by their size."),
    ("counts groups", lambda groups, n: np.isin(groups, list(dict.fromkeys(groups.tolist()))[:n]),
     "n counts examples, not groups."),
    ("what is left", lambda groups, n: ~hold_out(groups, n),
     "True is what is held back. You return what stays in training."),
])


def hold_sorted(groups, n):
    held = np.zeros(len(groups), dtype=bool)
    for group in np.unique(groups):
        if held.sum() < n:
            held |= groups == group
    return held


def hold_largest(groups, n):
    held = np.zeros(len(groups), dtype=bool)
    for group in sorted(dict.fromkeys(groups.tolist()), key=lambda g: -(groups == g).sum()):
        if held.sum() < n:
            held |= groups == group
    return held


def hold_less(groups, n):
    held = np.zeros(len(groups), dtype=bool)
    for group in dict.fromkeys(groups.tolist()):
        if (held | (groups == group)).sum() > n:
            break
        held |= groups == group
    return held


def pairs(rng):
    def some(n):
        low = rng.uniform(0, 5, (n, 2))
        return np.concatenate([low, low + rng.uniform(0.5, 4, (n, 2))], axis=1)

    yield "a batch", some(4), some(4)
    yield "the same box", [[0.0, 0.0, 2.0, 3.0]], [[0.0, 0.0, 2.0, 3.0]]
    yield "apart, side by side", [[0.0, 0.0, 1.0, 1.0]], [[3.0, 0.0, 4.0, 1.0]]
    yield "apart, across", [[0.0, 0.0, 1.0, 2.0]], [[2.0, 5.0, 4.0, 6.0]]
    yield "one in the other", [[0.0, 0.0, 4.0, 4.0]], [[1.0, 1.0, 2.0, 3.0]]
    yield "they touch", [[0.0, 0.0, 2.0, 2.0]], [[2.0, 0.0, 3.0, 2.0]]
    yield "below zero", [[-3.0, -2.0, -1.0, 1.0]], [[-2.0, -1.0, 1.0, 2.0]]
    yield "none", np.zeros((0, 4)), np.zeros((0, 4))


def giou(a, b):
    low, high = np.maximum(a[:, :2], b[:, :2]), np.minimum(a[:, 2:], b[:, 2:])
    shared = np.maximum(high - low, 0).prod(axis=1)
    union = (a[:, 2:] - a[:, :2]).prod(axis=1) + (b[:, 2:] - b[:, :2]).prod(axis=1) - shared
    hull = (np.maximum(a[:, 2:], b[:, 2:]) - np.minimum(a[:, :2], b[:, :2])).prod(axis=1)
    return shared / union - (hull - union) / hull


GIOU = Function(4, giou, pairs, mistakes=[
    ("counted in pixels", lambda a, b: giou(a + np.eye(4)[2:].sum(axis=0), b + np.eye(4)[2:].sum(axis=0)),
     "You add 1 to every side, as if pixels were counted. A side is x₁ − x₀."),
    ("x, x, y, y", lambda a, b: giou(a[:, [0, 2, 1, 3]], b[:, [0, 2, 1, 3]]),
     "You read the four numbers as x₀, x₁, y₀, y₁. They come corner by corner: x₀, y₀, x₁, y₁."),
    ("a hull of two areas", edit("    hull = (", "    hull = union + shared\n    _ = ("),
     "Your hull is the sum of the two areas. It is one box: the least and the largest coordinates of both."),
    ("the product cut off", edit("np.maximum(high - low, 0).prod(axis=1)",
                                 "np.maximum((high - low).prod(axis=1), 0)"),
     "You cut the product off at 0. Two negative sides have a positive product: cut off each side first."),
    ("width and height", lambda a, b: giou(*(np.hstack([c[:, :2], c[:, :2] + c[:, 2:]]) for c in (a, b))),
     "You read the last two numbers as width and height. They are the other corner, x₁ and y₁."),
    ("every pair", lambda a, b: giou(
        np.repeat(a, len(b), axis=0), np.tile(b, (len(a), 1))).reshape(len(a), len(b)),
     "You compare every box with every other. Row i of `a` belongs to row i of `b`: n numbers."),
    ("plain IoU", edit("shared / union - (hull - union) / hull", "shared / union"),
     "That is the plain intersection over union. Take away the share of the hull that neither box covers."),
    ("negative sides", edit("np.maximum(high - low, 0).prod(axis=1)", "(high - low).prod(axis=1)"),
     "Boxes apart share nothing. With two negative sides your shared area becomes positive."),
    ("counted twice", edit(" - shared\n", "\n"),
     "The shared part stands in both areas: take it away once for the union."),
    ("an area for a share", edit("(hull - union) / hull", "(hull - union)"),
     "You take an area away. Taken away is the empty part's *share* of the hull."),
    ("by the union", edit("(hull - union) / hull", "(hull - union) / union"),
     "The empty part is a share of the *hull*."),
    ("hull less shared", edit("(hull - union) / hull", "(hull - shared) / hull"),
     "Empty is what neither box covers: the hull less the *union*."),
    ("the covered part", edit("(hull - union) / hull", "union / hull"),
     "What is taken away is the *empty* share of the hull, (H − U) / H."),
    ("sides without a sign", edit("np.maximum(high - low, 0)", "abs(high - low)"),
     "Where `high` lies below `low` the boxes do not meet: that side is 0, not its size."),
    ("empty part added", edit("shared / union - (hull", "shared / union + (hull"),
     "The emptier the hull, the worse: take that share away."),
    ("the hull of the middle", edit("np.maximum(a[:, 2:], b[:, 2:]) - np.minimum(a[:, :2], b[:, :2])",
                                    "np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2])"),
     "The hull is the smallest box that holds both: least of the near edges, largest of the far."),
])


def races(rng):
    yield "five seeds", rng.uniform(0.6, 0.9, 5), rng.uniform(0.6, 0.9, 5), 2.776
    shared = rng.normal(0, 3, 8)
    yield "seeds that matter more than methods", shared + 0.2 + rng.normal(0, 0.02, 8), shared, 2.365
    yield "two seeds", [0.5, 0.7], [0.4, 0.8], 12.706
    yield "always the same difference", [1.0, 2.0, 3.0], [0.5, 1.5, 2.5], 4.303
    yield "the second is better", [0.1, 0.2, 0.1, 0.3], [0.6, 0.9, 0.7, 0.8], 3.182


def paired(a, b, t):
    d = a - b
    half = t * d.std(ddof=1) / len(d) ** 0.5
    return d.mean() - half, d.mean() + half


PAIRED = Function(5, paired, races, outputs="low high", mistakes=[
    ("the first method's spread", edit("d.std(ddof=1)", "a.std(ddof=1)"),
     "You take the spread of A alone. That of the *differences* is asked for."),
    ("no t", edit("t * d.std", "d.std"), "Student's `t` is missing: the half width is t · s / √n."),
    ("the normal curve's", edit("t * d", "1.96 * d"),
     "You take 1.96, the normal curve's. With few seeds Student's number is larger: `t` is given."),
    ("around the median", edit("d.mean()", "np.median(d)"),
     "Your interval lies around the median. Asked is the one for the *mean*."),
    ("sizes of differences", edit("d = a - b", "d = abs(a - b)"),
     "You take the differences without their signs. The sign says which of the two is better."),
    ("not paired", edit("d.std(ddof=1) / len(d) ** 0.5",
                        "(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b)) ** 0.5"),
     "Both methods had the same seeds: what a seed does to both cancels. Take the spread of differences."),
    ("of the values", edit(" / len(d) ** 0.5", ""),
     "That is the spread of single differences. The mean of n is surer, by √n."),
    ("divided by n", edit("len(d) ** 0.5", "len(d)"), "The mean of n is surer by √n, not by n."),
    ("ddof", edit("ddof=1", "ddof=0"), "The variance of a sample divides by n − 1."),
    ("the variance", edit("d.std(ddof=1)", "d.var(ddof=1)"),
     "s is the standard deviation, the root of the variance."),
    ("n − 1 twice", edit("len(d) ** 0.5", "(len(d) - 1) ** 0.5"),
     "n − 1 stands in the variance, and n under the root of the mean."),
    ("mean and half", edit("return d.mean() - half, d.mean() + half", "return d.mean(), half"),
     "The two *ends* are asked for: mean less half, and mean plus half."),
    ("the upper end first", edit("return d.mean() - half, d.mean() + half",
     "return d.mean() + half, d.mean() - half"),
     "First the lower end, then the upper."),
    ("turned round", edit("a - b", "b - a"), "Asked is the first less the second."),
    ("half the interval", edit("half = t", "half = t / 2"),
     "The interval reaches t · s / √n to *each* side."),
])


def sets(rng):
    yield "three sets", rng.normal(size=(3, 4, 2)), [[1, 1, 0, 1], [1, 0, 0, 0], [1, 1, 1, 1]]
    yield "all below zero", -rng.uniform(1, 2, (2, 3, 2)), [[1, 0, 1], [0, 1, 1]]
    yield "an empty set", rng.normal(size=(2, 3, 2)), [[0, 0, 0], [1, 1, 0]]
    yield "a set of one", [[[7.0, -2.0]]], [[1]]
    yield "an empty set below zero", -np.ones((1, 2, 3)), [[0, 0]]
    yield "far below zero", -rng.uniform(5e3, 6e3, (2, 3, 2)), [[1, 1, 0], [0, 1, 0]]


def pool(h, mask):
    inside = mask[:, :, None] > 0
    n = inside.sum(axis=1)
    mean = np.where(inside, h, 0).sum(axis=1) / np.maximum(n, 1)
    most = np.where(inside, h, -np.inf).max(axis=1)
    return np.concatenate([mean, np.where(n > 0, most, 0)], axis=1)


POOL = Function(6, pool, sets, mistakes=[
    ("the smallest", edit("np.where(inside, h, -np.inf).max(", "np.where(inside, h, np.inf).min("),
     "You take the smallest of the elements. Asked is the largest."),
    ("the others", edit("> 0\n", "== 0\n"),
     "You pool over the empty places. The elements are where the mask is 1."),
    ("below each other", edit("np.where(n > 0, most, 0)], axis=1)", "np.where(n > 0, most, 0)], axis=0)"),
     "You put the maxima below the means. They stand side by side, one row for each set: `axis=1`."),
    ("one maximum for all", edit("np.where(n > 0, most, 0)",
                                 "np.where(n > 0, most, 0).max(axis=1, keepdims=True) + 0 * mean"),
     "You take one maximum over all features. Each feature has its own: go along the places alone."),
    ("the largest size", edit("np.where(inside, h, -np.inf)", "np.where(inside, abs(h), 0)"),
     "You take the largest *size*. A maximum heeds the sign: −1 is larger than −2."),
    ("added up", edit(" / np.maximum(n, 1)", ""),
     "You add the elements up. Divide by how many there are: the mean is asked for."),
    ("a thousand below", edit("np.where(inside, h, -np.inf)", "np.where(inside, h, -1e3)"),
     "What you put into the empty places may be larger than the elements. −∞ never is."),
    ("blanks count", edit("np.maximum(n, 1)", "h.shape[1]"),
     "You divide by the number of places. What is masked is not there: divide by the number that is."),
    ("zeros in the maximum", edit("np.where(inside, h, -np.inf)", "np.where(inside, h, 0)"),
     "A masked place is no 0: where all values are below zero it would win the maximum."),
    ("an empty set divides by zero", edit("np.maximum(n, 1)", "n"),
     "An empty set has a mean of 0 here: no division by zero."),
    ("an empty set is very small", edit("-np.inf", "-1e9", "np.where(n > 0, most, 0)", "most"),
     "An empty set gets the small number that you put where nothing is. Its maximum is 0 here."),
    ("an empty set is minus infinity", edit("np.where(n > 0, most, 0)", "most"),
     "An empty set has a maximum of 0 here, not −∞."),
    ("no mask", lambda h, mask: np.concatenate([h.mean(axis=1), h.max(axis=1)], axis=1),
     "You have not used the mask: what is 0 in it belongs to no set."),
    ("the first places", lambda h, mask: pool(h, np.arange(h.shape[1]) < (mask > 0).sum(axis=1,
     keepdims=True)),
     "You take as many places from the front as there are elements. The mask may be 0 before them."),
    ("in turns", lambda h, mask: pool(h, mask).reshape(len(h), 2, -1).swapaxes(1, 2).reshape(len(h), -1),
     "First all the means, then all the maxima, not in turns."),
    ("exchanged", lambda h, mask: np.roll(pool(h, mask), h.shape[2], axis=1),
     "First the means, then the maxima."),
])


def candidates(rng):
    low = rng.uniform(0, 6, (7, 2))
    boxes = np.concatenate([low, low + rng.uniform(2, 5, (7, 2))], axis=1)
    yield "a crowd", boxes, rng.permutation(7) / 7, 0.2
    low = rng.uniform(0, 4, (9, 2))
    boxes = np.concatenate([low, low + rng.uniform(1, 6, (9, 2))], axis=1)
    yield "large and small", boxes, rng.permutation(9) / 9, 0.4
    yield "apart in both directions", [[0.0, 0, 3, 3], [5, 5, 9, 9]], [0.6, 0.9], 0.1
    yield "one within the other", [[0.0, 0, 4, 6], [1, 1, 3, 4], [1, 2, 4, 6]], [0.8, 0.7, 0.9], 0.45
    far = 3.0 * np.arange(40)[:, None] * np.ones(4) + np.array([0, 0, 1, 2])
    yield "equal scores", far, np.repeat([0.5, 0.7], 20), 0.5
    yield "a chain", [[0.0, 0, 4, 4], [2, 0, 6, 4], [4, 0, 8, 4]], [0.7, 0.9, 0.8], 0.3
    yield "a chain from one end", [[0.0, 0, 4, 4], [2, 0, 6, 4], [4, 0, 8, 4]], [0.9, 0.8, 0.7], 0.3
    yield "a chain, the middle is worst", [[0.0, 0, 4, 4], [2, 0, 6, 4], [4, 0, 8, 4]], [0.9, 0.7, 0.8], 0.3
    yield "the same box three times", [[0.0, 0, 2, 2]] * 3, [0.2, 0.6, 0.4], 0.5
    yield "exactly at the threshold", [[0.0, 0, 2, 1], [1, 0, 3, 1]], [0.5, 0.4], 1 / 3
    yield "one box", [[1.0, 1, 2, 2]], [0.1], 0.5
    yield "no box", np.zeros((0, 4)), np.zeros(0), 0.5
    yield "they all stay", [[0.0, 0, 1, 1], [5, 5, 6, 6], [9, 0, 10, 1]], [0.1, 0.3, 0.2], 0.0


def suppress(boxes, scores, threshold):
    kept: list[int] = []
    for i in np.argsort(-scores, kind="stable"):
        clear = True
        for j in kept:
            low, high = np.maximum(boxes[i, :2], boxes[j, :2]), np.minimum(boxes[i, 2:], boxes[j, 2:])
            shared = np.maximum(high - low, 0).prod()
            union = (boxes[i, 2:] - boxes[i, :2]).prod() + (boxes[j, 2:] - boxes[j, :2]).prod() - shared
            clear = clear and shared / union <= threshold + 1e-9
        if clear:
            kept.append(i)
    return np.array(kept, dtype=int)


ORDER = ("np.argsort(-scores, kind=\"stable\")", "np.argsort(scores, kind=\"stable\")")
EMPTY = ("np.maximum(high - low, 0).prod()", "(high - low).prod()")
EVERY = ("for j in kept:", "for j in range(i):")

REPAIR = Function(7, suppress, candidates, mistakes=[
    ("neither of the two", lambda boxes, scores, threshold: np.array([
        i for i in np.argsort(-scores, kind="stable") if all(
            len(suppress(boxes[[i, j]], np.array([1, 0]), threshold)) == 2
            for j in range(len(boxes)) if j != i)
     ], dtype=int),
     "Of two boxes that overlap you keep neither. The surer one stays."),
    ("the boxes themselves", lambda boxes, scores, threshold: boxes[suppress(boxes, scores, threshold)],
     "You return the boxes. Asked are their places."),
    ("places among the sorted", lambda boxes, scores, threshold: np.flatnonzero(np.isin(
        np.argsort(-scores, kind="stable"), suppress(boxes, scores, threshold))),
     "Your places are those in the sorted list. Asked are the places in `boxes` as it was given."),
    ("a share of the smaller box", edit(
        "shared / union", "shared / min((boxes[k, 2:] - boxes[k, :2]).prod() for k in (i, j))"),
     "You divide by the smaller of the two boxes. The overlap is the share of their *union*."),
    ("the last kept alone", edit("for j in kept:", "for j in kept[-1:]:"),
     "You compare with the last box that was kept. Any that was kept may overlap: go through all of them."),
    ("as it was", edit(*ORDER, *EMPTY, *EVERY),
     "All three faults are still there. Which box is asked first? What do boxes share that are apart in "
     "both directions? And who may remove another box?"),
    ("the order", edit(*ORDER), "One fault is left: begin with the surest box."),
    ("apart", edit(*EMPTY),
     "One fault is left: boxes apart in both directions have two negative sides, whose product is positive."),
    ("by the removed", edit(*EVERY),
     "One fault is left: only boxes that were *kept* remove others. Yours are compared with those before "
     "them in the list."),
    ("order and apart", edit(*ORDER, *EMPTY),
     "Two faults are left: where you begin, and what boxes apart share."),
    ("order and removed", edit(*ORDER, *EVERY),
     "The shared area is right now. Two faults are left: where you begin, and who may remove another box."),
    ("apart and removed", edit(*EMPTY, *EVERY),
     "The order is right now. Two faults are left: what boxes apart share, and who may remove another box."),
    ("equal ones turned round", edit("np.argsort(-scores, kind=\"stable\")",
     "np.argsort(scores, kind=\"stable\")[::-1]"),
     "Turned round, the *last* of equal scores comes first. Sort by −scores, stably."),
    ("by all surer ones", lambda boxes, scores, threshold: by_all(boxes, scores, threshold),
     "A box that has been removed removes no other: compare with those that were kept."),
    ("in the list's order", edit("np.array(kept, dtype=int)", "np.array(sorted(kept), dtype=int)"),
     "The places are asked for with the surest first."),
    ("scores", edit("np.array(kept, dtype=int)", "scores[kept]"),
     "Asked for are the places, not the scores."),
    ("the threshold itself", edit("threshold + 1e-9", "threshold - 1e-9"),
     "A box that overlaps by exactly the threshold stays."),
    ("the union", edit("- shared\n", "\n"),
     "The union counts the shared part once."),
])


def by_all(boxes, scores, threshold):
    order = np.argsort(-scores, kind="stable")
    kept = [i for k, i in enumerate(order)
            if all(len(suppress(boxes[[j, i]], np.array([1, 0]), threshold)) == 2 for j in order[:k])]
    return np.array(kept, dtype=int)


def heaps(seed, n):
    """Rows of 16 readings in no order, of mean 0 and variance 1: in one heap, or in two."""
    rng = np.random.default_rng(seed)
    y, one = rng.integers(0, 2, n), rng.normal(size=(n, 16))
    two = 0.95 * rng.choice([-1, 1], (n, 16)) + np.sqrt(1 - 0.95**2) * one
    return np.where(y[:, None], two, one)[:, :, None].astype(np.float32), y


def few(rng):
    for name in ("readings drawn for you", "others"):
        seed = int(rng.integers(10**6))
        x, y = heaps(seed, 120)
        new, _ = heaps(seed + 1, 600)
        yield name, x, y, new, 200, {"seed": seed}


def sorted_out(classes, x, y, new, steps, backward):
    """Has the bar been reached, on new rows?"""
    if wrong := no_classes(classes, len(new)):
        return wrong
    right = (classes == heaps(backward["seed"] + 1, 600)[1]).mean()
    if right >= 0.8:
        return "at least 80 % right"
    if right <= 0.4:
        return "worse than a coin"
    return "hardly better than a coin" if right < 0.6 else "better than a coin, but not enough"


def by_density(x, y, new, steps, backward):
    """No network: how likely is each reading in either class? What all of them say is added up."""
    for _ in range(steps):
        backward(NoLoss())
    edges = np.linspace(-2, 2, 17)
    share = [np.histogram(np.clip(x[y == k], -1.99, 1.99), edges)[0] + 5.0 for k in (0, 1)]
    says = np.log(share[1] / share[1].sum()) - np.log(share[0] / share[0].sum())
    return (says[np.digitize(np.clip(new[:, :, 0], -1.99, 1.99), edges) - 1].sum(axis=1) > 0) * 1


def by_place(x, y, new, steps, backward):
    """Least squares on the places: a dense thought."""
    for _ in range(steps):
        backward(NoLoss())
    A, B = (np.c_[part[:, :, 0], np.ones(len(part))] for part in (x, new))
    return (B @ np.linalg.lstsq(A, 2.0 * y - 1, rcond=None)[0] > 0) * 1


SETS = Function(8, by_density, few, run=within_budget, measure=sorted_out,
    allows=("Linear", "Adam", "AdamW", "SGD", "relu", "tanh", "gelu", "mean", "max", "concatenate",
            "cross_entropy"),
    mistakes=[
    ("by place", by_place,
     "Your answers are a coin's. Does your model treat the first reading otherwise than the seventh? They "
     "have no order: let one small network see each alone, then take the mean. If it does, does it bend? The "
     "mean of a line is the same in both classes."),
    ("too little learned", lambda x, y, new, steps, backward: np.where(
        np.arange(len(new)) % 2 == 0, 0, by_density(x, y, new, steps, backward)),
     "Better than a coin, but not enough. If each reading is seen alone, by one network: has it two layers "
     "of 16 units or so, that it can bend? Does the loss still fall after 200 steps? Take a larger rate."),
    ("turned round", edit("sum(axis=1) > 0", "sum(axis=1) < 0"),
     "Your answers are worse than a coin's: the classes are exchanged."),
    ("of the rows shown", lambda x, y, new, steps, backward: y,
     "You return classes of the rows in `x`. Asked are those of the `new` ones."),
    ("along the rows", lambda x, y, new, steps, backward: np.zeros(2, int),
     "You return one number for each class. The class of a row is the place of its larger score: `axis=1`."),
    ("the scores", lambda x, y, new, steps, backward: np.zeros((len(new), 2)),
     "You return two scores for each row. The class is the place of the larger."),
    ("over budget", edit("range(steps)", "range(steps + 1)"),
     "Every call of `backward` counts, and there are 200."),
], after="120 rows are enough for a network that knows that order does not matter.")


def wards(rng):
    yield "three classes", np.array([0, 0, 0, 0, 1, 1, 2]), np.array([0, 0, 0, 1, 1, 1, 2])
    yield "always the majority", np.repeat([0, 1], [49, 1]), np.zeros(50, dtype=int)
    yield "an answer that is no true class", np.array([0, 0, 2]), np.array([0, 1, 2])
    yield "one class", np.array([3, 3, 3, 3]), np.array([3, 3, 0, 3])
    yield "drawn", rng.integers(0, 4, 40), rng.integers(0, 4, 40)


def balanced(y, called):
    return np.mean([(called[y == k] == k).mean() for k in np.unique(y)])


BALANCED = Function(9, balanced, wards, mistakes=[
    ("the middle class", edit("np.mean(", "np.median("),
     "You take the median of the classes. Asked is their mean."),
    ("F1", lambda y, called: np.mean([
        2 * ((y == k) & (called == k)).sum() / ((y == k).sum() + (called == k).sum()) for k in np.unique(y)]),
     "That is F1, in which wrong calls of k count as well. Look only at the examples that *are* k."),
    ("a geometric mean", lambda y, called: np.prod(
        [(called[y == k] == k).mean() for k in np.unique(y)]) ** (1 / len(np.unique(y))),
     "You multiply the classes' accuracies. Asked is their mean: add, and divide by how many there are."),
    ("two classes", lambda y, called: np.mean(
        [(called[y == k] == k).mean() if (y == k).any() else np.nan for k in (0, 1)]),
     "You count on the classes 0 and 1. There may be others, and more of them: `np.unique(y)`."),
    ("shares of all", edit("(called[y == k] == k).mean()", "((y == k) & (called == k)).mean()"),
     "You divide by all examples. A class's accuracy is the share of *its* examples."),
    ("accuracy", edit("np.mean([(called[y == k] == k).mean() for k in np.unique(y)])",
                    "(called == y).mean()"),
     "That is the accuracy: the large class decides it. Take each class's own, then their mean."),
    ("precision", lambda y, called: np.mean([(y[called == k] == k).mean() for k in np.unique(called)]),
     "You ask how many of those *called* k are k. Asked is how many that *are* k are called so."),
    ("precision, and 0/0", lambda y, called: np.mean(
        [(y[called == k] == k).mean() if (called == k).any() else np.nan for k in np.unique(y)]),
     "You ask how many of those *called* k are k, and of a class that is never called that is 0/0. Asked is "
     "how many that *are* k are called so."),
    ("precision of the true classes", lambda y, called: np.mean(
        [((y == k) & (called == k)).sum() / max((called == k).sum(), 1) for k in np.unique(y)]),
     "You divide by how many were *called* k: that is the precision. Divide by how many are k."),
    ("all numbers up to the largest", lambda y, called: np.mean(
        [(called[y == k] == k).mean() if (y == k).any() else np.nan
         for k in range(max(y.max(), called.max()) + 1)]),
     "You go through all numbers up to the largest, and of some there is no example: 0/0. `np.unique(y)` has "
     "the classes that occur."),
    ("classes that are not there", lambda y, called: np.sum(
        [(called[y == k] == k).mean() for k in np.unique(y)]) / (max(y.max(), called.max()) + 1),
     "A class without an example has no accuracy. Take the mean over those that are there."),
    ("one class against the others", edit("(called[y == k] == k)", "((called == k) == (y == k))"),
     "For class k you count the others that were not called k, too. Look only at the examples that are k."),
    ("0 for what is not there", edit("[(called[y == k] == k).mean() for k in np.unique(y)]",
     "[(called[y == k] == k).sum() / max((y == k).sum(), 1) for k in np.union1d(y, called)]"),
     "A class that was only called, and never is, has no accuracy, not one of 0."),
    ("always two classes", edit("np.mean([(called[y == k] == k).mean() for k in np.unique(y)])",
     "sum((called[y == k] == k).mean() for k in np.unique(y)) / 2"),
     "Divide by the number of classes, which need not be 2."),
    ("the error", edit("return np.mean(", "return 1 - np.mean("),
     "That is the share of errors. Asked is the accuracy."),
    ("the worst", edit("np.mean(", "np.min("), "That is the worst class. Asked is the mean of all."),
    ("sum", edit("np.mean(", "np.sum("), "Divide by the number of classes."),
])

CLAIM = Explain(10, rubric=[
    "the split: several pictures of one patient, of one camera, of one clinic; which of them are new in use?",
    "the measure: how many in a hundred are ill; sensitivity and specificity, or balanced accuracy",
    "rivals with the same budget: logistic regression on colour and size; a doctor; the majority",
    "seeds and intervals; rates chosen on which data; how often the test set was looked at",
])
