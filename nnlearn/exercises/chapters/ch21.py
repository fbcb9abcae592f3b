from math import comb

import numpy as np

from nnlearn.exercises import Explain, Function, Predict, Value, edit
from nnlearn.exercises.budget import NoLoss, no_classes, within_budget

TOKENS = Predict(1, 50, mistakes=[
    ("without the class token", 49, "The patches are right. Which token is asked for the class?"),
    ("patches in a row", 8, "That is one row of patches, and one more. There are seven rows."),
    ("the chapter's patches", 17,
     "So many there are with the chapter's patches of 7×7. (And a patch of 4×4 has 16 pixels.) "
     "How many patches of 4×4 has the picture?"),
    ("one for each pixel", 785, "A token is a patch of 4×4 pixels, not a pixel."),
    ("the pixels", 784,
     "Those are the pixels. A token is a patch of them, and one more is asked for the class."),
    ("patches of four pixels", 197, "784 / 4 is 196, but a patch of 4×4 has 16 pixels, not 4."),
    ("patches of four pixels, alone", 196,
     "You divide 784 pixels by 4. A patch of 4×4 has 16; and one more token is asked for the class."),
    ("the pixels of a patch", 16, "A patch of 4×4 has 16 pixels. How many such patches has the picture?"),
    ("overlapping patches", 626,
     "A 3×3 kernel's windows overlap. Patches lie side by side: each pixel is in one of them."),
], after="7 · 7 patches and the class token. Attention then looks at 50 · 50 pairs.")

PRICE = Value(2, 240, mistakes=[
    ("everything from the start", 384,
     "You train the survivors from the start each time. They keep what they have: only new epochs count."),
    ("all to the end", 768, "That is what random search would pay for 96 networks."),
    ("no survivors", 96, "That is the first round alone. Three more follow."),
    ("one epoch a round", 180,
     "You count each network once a round. From 2 epochs to 4 it pays for two, from 4 to 8 for four."),
    ("one round too few", 192, "The twelve that are left are trained too, from 4 epochs to 8."),
    ("one round too many", 288,
     "There is no fifth round: after 8 epochs the twelve are compared, and that is all."),
    ("one epoch was had", 252,
     "You take off one epoch in each round. A survivor keeps all it has: 2 of its 4, and 4 of its 8."),
], after="96 + 48 + 24 · 2 + 12 · 4: every round but the first costs the same.")


def rows_of_patches(rng):
    def tokens(B, n, d):
        return rng.normal(size=(B, n, d))

    yield "two pictures of four patches", tokens(2, 4, 4), 2, 1, 4, 4
    yield "wider than high", tokens(1, 6, 4), 2, 1, 4, 6
    yield "higher than wide, three colours", tokens(2, 6, 12), 2, 3, 6, 4
    yield "patches of one pixel", tokens(1, 12, 2), 1, 2, 3, 4
    yield "one patch is the picture", tokens(3, 1, 18), 3, 2, 3, 3


def together(tokens, size, C, H, W):
    parts = tokens.reshape(len(tokens), H // size, W // size, C, size, size)
    return parts.transpose(0, 3, 1, 4, 2, 5).reshape(len(tokens), C, H, W)


UNPATCH = Function(3, together, rows_of_patches, mistakes=[
    ("channels at the end", lambda *inputs: together(*inputs).transpose(0, 2, 3, 1),
     "Your channels come last. A picture here is (C, H, W): they come first."),
    ("within before among", edit("(0, 3, 1, 4, 2, 5)", "(0, 3, 4, 1, 5, 2)"),
     "You put the places within a patch outside, and the patches inside. A row of the picture goes through a "
     "patch first, then to the next."),
    ("size for number", edit("H // size, W // size, C, size, size", "size, size, C, H // size, W // size"),
     "You take `size` for the number of patches in a row. It is the side of one patch."),
    ("only reshaped", lambda tokens, size, C, H, W: tokens.reshape(len(tokens), C, H, W),
     "A reshape alone reads the patches as if each were a stretch of the picture's rows. Split the axes, "
     "bring a row of patches and the row within them side by side, then join."),
    ("patches one behind the other", edit("(0, 3, 1, 4, 2, 5)", "(0, 3, 1, 2, 4, 5)"),
     "The colours are in front now, and each patch still lies in one piece. A row of the picture runs "
     "through a row of *every* patch beside it: which two axes have to be neighbours before you join?"),
    ("height and width exchanged", edit("H // size, W // size, C", "W // size, H // size, C"),
     "You count W / size rows of patches. They lie along H. Try a picture that is not square."),
    ("turned patches", edit("(0, 3, 1, 4, 2, 5)", "(0, 3, 1, 5, 2, 4)"),
     "Each patch comes out mirrored along its diagonal: its rows and columns are exchanged."),
    ("patches by columns", edit("(0, 3, 1, 4, 2, 5)", "(0, 3, 2, 4, 1, 5)"),
     "The patches are in each other's places: they are numbered row by row, not column by column."),
    ("channels last", edit("C, size, size)", "size, size, C)", "(0, 3, 1, 4, 2, 5)", "(0, 5, 1, 3, 2, 4)"),
     "Within a patch, the channel is the slowest: all pixels of the first colour, then the next."),
    ("one picture only", edit("reshape(len(tokens), C, H, W)", "reshape(len(tokens), C, H, W)[0]"),
     "Keep the axis of the batch, also for a batch of one."),
])


def scored(rng):
    yield "room for all", rng.normal(size=(6, 3)), 6
    yield "room for two each", rng.normal(size=(9, 3)), 2
    yield "all want the same", [[0.0, 2, 1], [1, 3, 0], [0, 1, 0], [2, 5, 2]], 2
    yield "one full, the other free", [[2.0, 1], [3, 0], [0, 5], [4, 1]], 1
    yield "no room", rng.normal(size=(4, 2)), 0
    yield "one expert", rng.normal(size=(5, 1)), 3
    yield "one token", rng.normal(size=(1, 4)), 1


def assigned(scores, capacity):
    wanted = scores.argmax(axis=1)
    earlier = (wanted[:, None] == np.arange(scores.shape[1])).cumsum(axis=0)
    turn = earlier[np.arange(len(wanted)), wanted]
    return np.where(turn <= capacity, wanted, -1)


def second_choice(scores, capacity):
    room, given = [capacity] * scores.shape[1], []
    for row in scores:
        free = [int(e) for e in np.argsort(-row) if room[e] > 0]
        given.append(free[0] if free else -1)
        if free:
            room[free[0]] -= 1
    return np.array(given)


def best_first(scores, capacity):
    wanted, given = scores.argmax(axis=1), np.full(len(scores), -1)
    for e in range(scores.shape[1]):
        rows = np.flatnonzero(wanted == e)
        rows = rows[np.argsort(-scores[rows, e], kind="stable")][:capacity]
        given[rows] = e
    return given


def experts_choose(scores, capacity):
    given = np.full(len(scores), -1)
    for e in range(scores.shape[1]):
        given[np.argsort(-scores[:, e], kind="stable")[:capacity]] = e
    return given


def last_come(scores, capacity):
    wanted, given = scores.argmax(axis=1), np.full(len(scores), -1)
    for e in range(scores.shape[1]):
        given[np.flatnonzero(wanted == e)[-capacity:]] = e
    return given


def by_columns(scores, capacity):
    given, taken = np.full(len(scores), -1), np.zeros(len(scores), int)
    for i, wanted in enumerate(scores.argmax(axis=0)):
        taken[wanted] += 1
        if i < len(given) and taken[wanted] <= capacity:
            given[i] = wanted
    return given


CAPACITY = Function(4, assigned, scored, mistakes=[
    ("closed for all", edit("return np.where(turn <= capacity, wanted, -1)",
                            "return np.where(np.cumsum(turn > capacity) == 0, wanted, -1)"),
     "After the first token that finds no room you turn everybody away. Other experts may still have some."),
    ("room for all together", edit("turn <= capacity", "np.arange(len(wanted)) < capacity * scores.shape[1]"),
     "You count the room of all experts together. Each has its own limit."),
    ("in turns", lambda scores, capacity: np.array([
        i % scores.shape[1] if i // scores.shape[1] < capacity else -1 for i in range(len(scores))]),
     "You deal the tokens out in turns. Each wants the expert of its largest score."),
    ("yes or no", edit("np.where(turn <= capacity, wanted, -1)", "turn <= capacity"),
     "You say whether there was room. Asked is *which* expert, or −1."),
    ("the last by a negative slice", last_come,
     "The last that come are served in yours, and `[-capacity:]` with no room at all takes everybody. Take "
     "the first: `[:capacity]`."),
    ("by columns", by_columns,
     "You ask each expert for its best token. Each *token* asks for its best expert: a row, `axis=1`."),
    ("no limit", edit("np.where(turn <= capacity, wanted, -1)", "wanted"),
     "Nobody is left out in yours. Each expert takes only `capacity` tokens."),
    ("one less", edit("turn <= capacity", "turn < capacity"),
     "Your experts stop one too early: with a capacity of 2 they take two."),
    ("one more", edit("turn <= capacity", "turn <= capacity + 1"), "Your experts take one too many."),
    ("the last ones", edit(".cumsum(axis=0)", "[::-1].cumsum(axis=0)[::-1]"),
     "You keep the tokens that come last. First come, first served."),
    ("the lowest score", edit("argmax(axis=1)", "argmin(axis=1)"),
     "You send each token to the expert with the smallest score."),
    ("the highest first", best_first,
     "You serve first whose score is highest. Here the order of the rows decides."),
    ("second choice", second_choice,
     "You send whoever finds a full expert to the next best. Here such a token is left out: −1."),
    ("one queue",
     lambda scores, capacity: np.where(np.arange(len(scores)) < capacity, scores.argmax(axis=1), -1),
     "You let in the first `capacity` tokens, whomever they want. The limit is one of each expert."),
    ("the experts choose", experts_choose,
     "Your experts choose their best tokens. Here each token chooses, and only then is counted."),
    ("drops to expert 0", edit("wanted, -1)", "wanted, 0)"),
     "A token that finds no room gets −1; expert 0 is somebody."),
], after="Real mixtures do this so that every expert's batch has a fixed size. A dropped token keeps what "
         "the shortcut around the layer brings it.")


def two_stretches(rng):
    yield "numbers", 0.5, 2.0, 0.25, 3.0
    yield "several channels", *rng.normal(size=(4, 3))
    yield "a batch of several", *rng.normal(size=(4, 2, 5))
    yield "the second wipes the memory", 0.7, 5.0, 0.0, 1.0
    yield "the first keeps all", 1.0, 0.0, 0.3, -2.0
    yield "the second does nothing", rng.normal(), rng.normal(), 1.0, 0.0


def combine(a_1, b_1, a_2, b_2):
    return a_2 * a_1, a_2 * b_1 + b_2


STRETCH = Function(5, combine, two_stretches, outputs="a b", mistakes=[
    ("a mean of the a", edit("a_2 * a_1,", "(a_1 + a_2) / 2,"),
     "You take the mean of both. What is left after two stretches is a share of a share."),
    ("the first a, for both", edit("a_2 * b_1 + b_2", "a_1 * (b_1 + b_2)"),
     "You fade both b by the first a. The first b fades in the *second* stretch, b₂ not at all."),
    ("a product of the b", edit("a_2 * b_1 + b_2", "b_1 * b_2"),
     "You multiply both b. What was brought in is added; the first fades in the second stretch."),
    ("a product of matrices", lambda a_1, b_1, a_2, b_2: (np.dot(a_2, a_1), np.dot(a_2, b_1) + b_2),
     "You multiply as vectors or matrices are. A stretch acts on each number by itself: `*`."),
    ("the other order", edit("a_2 * b_1 + b_2", "a_1 * b_2 + b_1"),
     "You go through the second stretch first. The first one's b is what the second one then fades."),
    ("adds up", edit("a_2 * b_1 + b_2", "b_1 + b_2"),
     "What the first stretch brought in fades in the second one."),
    ("a sum of the a", edit("a_2 * a_1,", "a_2 + a_1,"),
     "What is left after two stretches: a share of a share."),
    ("only the last", edit("a_2 * b_1 + b_2", "b_2"), "What the first stretch brought in is gone in yours."),
    ("fades both", edit("a_2 * b_1 + b_2", "a_2 * (b_1 + b_2)"),
     "b of the second stretch comes in after its fading; it is not faded itself."),
    ("its own fading", edit("a_2 * b_1 + b_2", "a_1 * b_1 + b_2"),
     "b of the first stretch has come in after the first one's fading. It fades by the second one's a."),
    ("fades twice", edit("a_2 * b_1 + b_2", "a_1 * a_2 * b_1 + b_2"),
     "Only h fades in both stretches. What the first brought in fades in the second alone."),
    ("the last a", edit("a_2 * a_1,", "a_2,"),
     "Your a is the second stretch's. How much of h is left after both?"),
    ("exchanged", lambda *inputs: combine(*inputs)[::-1], "Both are right, in the wrong order: a, then b."),
], after="Because it does not matter which neighbours are combined first, T steps take log₂ T rounds.")


def little_tables(rng):
    for name, N, n in [("eight networks, three tried", 8, 3), ("one tried", 6, 1), ("all tried", 5, 5),
                       ("a hundred networks, forty tried", 100, 40), ("only one network", 1, 1)]:
        truth = rng.uniform(0.7, 0.95, N)
        yield name, rng.permutation(N) / N + 0.001 * truth, truth, n


def expected(validation, truth, n):
    ranked = truth[np.argsort(-validation)]
    left = np.arange(len(truth) - 1, -1, -1)  # how many are worse
    chance = np.full(len(truth), n / len(truth))
    for r in range(1, len(truth)):
        chance[r] = chance[r - 1] * (left[r] - n + 2) / (left[r] + 1) if left[r] - n + 2 > 0 else 0
    return float(ranked @ chance)


def with_replacement(validation, truth, n):
    ranked, N = truth[np.argsort(-validation)], len(truth)
    above = np.arange(N, -1, -1) / N
    return float(ranked @ (above[:-1] ** n - above[1:] ** n))


def each_with_a_chance(validation, truth, n):
    ranked, p = truth[np.argsort(-validation)], n / len(truth)
    return float(ranked @ ((1 - p) ** np.arange(len(truth)) * p))


def off_by_one(validation, truth, n):
    ranked, N = truth[np.argsort(-validation)], len(truth)
    return float(sum(comb(N - 1 - r, n - 1) / comb(N, n) * ranked[r - 1] for r in range(1, N)))


def none_above(validation, truth, n):
    ranked, N = truth[np.argsort(-validation)], len(truth)
    return float(sum(comb(N - r, n) / comb(N, n) * ranked[r] for r in range(N)))


def from_below(validation, truth, n):
    ranked, N = truth[np.argsort(-validation)], len(truth)
    return float(sum(comb(N - 1 - r, n) / comb(N, n) * ranked[r] for r in range(N)))


def one_more_below(validation, truth, n):
    ranked, N = truth[np.argsort(-validation)], len(truth)
    return float(sum(comb(N - r, n - 1) / comb(N, n) * ranked[r] for r in range(N)))


def looks_at_the_truth(validation, truth, n):
    return expected(truth, truth, n)


EXACT = Function(6, expected, little_tables, mistakes=[
    ("sets not counted", lambda validation, truth, n: expected(validation, truth, n) * comb(len(truth), n),
     "You count subsets. Divide by how many there are in all, N over n."),
    ("shares of those below", lambda validation, truth, n: (
        lambda p: p @ truth[np.argsort(-validation)] / p.sum()
     )((1 - np.arange(len(truth)) / len(truth)) ** n),
     "(1 − r/N)ⁿ is how likely *none above* r is drawn, with repetition. r itself has to be drawn as well, "
     "and each at most once."),
    ("itself not among them", from_below,
     "You draw all n from those below place r. Place r itself is one of the n: n − 1 are left to be drawn."),
    ("one more below", one_more_below,
     "You count one network too many below: at place r, from 0, there are N − 1 − r."),
    ("draws again", with_replacement,
     "You let the same network be drawn twice. Here each is tried at most once: count subsets."),
    ("one by one", each_with_a_chance,
     "You let each network be drawn with chance n / N, whatever became of the others. Exactly n are drawn."),
    ("chooses by the truth", looks_at_the_truth,
     "You choose by the truth, which the search cannot see. It chooses by validation, and gets the truth."),
    ("reports the validation", lambda validation, truth, n: expected(validation, validation, n),
     "You return the validation score of what is found. Asked is how good it is: its truth."),
    ("the worst of them", lambda validation, truth, n: expected(-validation, truth, n),
     "Yours keeps the worst of those tried. Mind the direction in which you sort."),
    ("the mean", lambda validation, truth, n: float(truth.mean()),
     "That is what one blind draw gives. The search keeps the best of n on validation."),
    ("off by one", off_by_one,
     "Your chances do not add up to 1. Below the best lie N − 1 others, below the next N − 2: "
     "is yours one off?"),
    ("none above", none_above,
     "Your chances add up to more than 1: that none of those above is drawn is not enough. "
     "The network itself must be drawn."),
    ("the n best", lambda validation, truth, n: float(truth[np.argsort(-validation)[:n]].mean()),
     "You average the n best of all. The search draws n blindly, and keeps one."),
    ("always the best", lambda validation, truth, n: float(truth[validation.argmax()]),
     "You find the best of all, whatever n is. With few tries it is seldom among those drawn."),
], after="A formula in place of 200 repeats. It holds for random search: every subset is equally likely.")


def curves(rng):
    def marks(n):
        return np.sort(rng.permutation(1000)[: 4 * n].reshape(n, 4) / 1000, axis=1), rng.uniform(0.6, 0.9, n)

    yield "eight networks", *marks(8)
    yield "sixteen", *marks(16)
    last = marks(16)[0]
    yield "a test that disagrees", last, 1 - last[:, -1]
    overtaken = np.sort(rng.uniform(0.1, 0.8, 16))[:, None] + [0.0, 0.01, 0.02, 0.03]
    overtaken[14, 3] = 0.9
    yield "overtaken at the end", overtaken, rng.uniform(0.6, 0.9, 16)
    yield "an odd number", *marks(7)
    yield "two", *marks(2)
    yield "one", *marks(1)
    yield "late bloomers", [[0.1, 0.2, 0.3, 0.9], [0.2, 0.3, 0.4, 0.5], [0.3, 0.4, 0.5, 0.6],
                            [0.4, 0.5, 0.55, 0.7]], [0.91, 0.5, 0.6, 0.7]


def halve(marks, test):
    rows, spent, before = np.arange(len(marks)), 0, 0
    for column, epochs in enumerate((1, 2, 4, 8)):
        spent += len(rows) * (epochs - before)
        before = epochs
        rows = rows[np.argsort(-marks[rows, column], kind="stable")]
        if epochs < 8:
            rows = rows[: max(len(rows) // 2, 1)]
    return int(rows[0]), float(test[rows[0]]), spent


def survivors(marks):
    """Who is left in the last round."""
    rows = np.arange(len(marks))
    for column in range(3):
        rows = rows[np.argsort(-marks[rows, column], kind="stable")][: max(len(rows) // 2, 1)]
    return rows


WRONG_HALF = ("np.argsort(-marks[rows, column], kind=\"stable\")", "np.argsort(marks[rows, column])")
WRONG_MARK = ("marks[rows, column]", "marks[rows, 3]")
WRONG_TEST = ("float(test[rows[0]])", "float(test[rows].max())")
WRONG_PLACE = ("int(rows[0])", "0")
WRONG_PRICE = ("(epochs - before)", "epochs")

REPAIR = Function(7, halve, curves, outputs="row accuracy spent", mistakes=[
    ("places of the last round", edit("rows = rows[np.argsort(-marks[rows, column], kind=\"stable\")]",
                                      "rows = np.argsort(-marks[rows, column], kind=\"stable\")"),
     "argsort gives places among those left. Look up whose they are: `rows[np.argsort(…)]`."),
    ("somebody is left, no more", edit(WRONG_HALF[0], "np.argsort(marks[rows, 3])", *WRONG_PRICE,
                                       "float(test[rows[0]])", "float(test.max())"),
     "Somebody is left now. Three faults are still there: which half stays, and by which marks; what is paid "
     "for; and whose accuracy you report."),
    ("pays for the kept alone", lambda marks, test: (
        *halve(marks, test)[:2],
        sum(max(len(marks) >> min(k, 3), 1) * e for k, e in ((1, 1), (2, 1), (3, 2), (3, 4)))),
     "You pay after the half has gone. They have been trained as well: pay first, then halve."),
    ("one network's epochs", lambda marks, test: (*halve(marks, test)[:2], 15),
     "You add up the epochs of one network. All that are left in a round are trained."),
    ("the test decides at the end", lambda marks, test: (
        lambda left, spent: (int(left[test[left].argmax()]), float(test[left].max()), spent)
     )(np.array(survivors(marks)), halve(marks, test)[2]),
     "Among those left you choose by the test. Choose by the marks after 8 epochs, and report the test."),
    ("the last marks not looked at", edit(
        "        rows = rows[np.argsort(", "        if epochs < 8:\n            rows = rows[np.argsort("),
     "After 8 epochs nobody is dropped, but the best is still to be found: sort by these marks, too."),
    ("nobody is left", edit("max(len(rows) // 2, 1)", "len(rows) // 2"),
     "Of one network half is none. At least one stays: `max(len(rows) // 2, 1)`."),
    ("keeps the worse half", edit(*WRONG_HALF),
     "argsort goes from small to large: the worse half stays in your race."),
    ("looks ahead", edit(*WRONG_MARK),
     "The best after 8 epochs wins in yours, also where it has dropped out before. Do you sort by marks that "
     "the search has not paid for yet? Or all networks in every round, those that are out among them?"),
    ("pays twice", edit(*WRONG_PRICE),
     "You pay for every epoch from the start in each round. Survivors keep what they have learned."),
    ("picks on the test", lambda marks, test: (int(test.argmax()), float(test.max()), halve(marks, test)[2]),
     "You pick by the test. Pick by the last marks, then look at the test once."),
    ("reports the best test", edit("float(test[rows[0]])", "float(test.max())"),
     "The row is right, the accuracy is another's: that of the best of all on the test."),
    ("the better of the last two", edit(*WRONG_TEST),
     "You report the best test among those left. That, too, is choosing by the test."),
    ("the place among those left", edit(*WRONG_PLACE),
     "Return the row of `marks` that is best, not its place among those that are left: keep their numbers."),
    ("counts networks", edit(WRONG_PRICE[0], "1", "before = epochs", "before = 0"),
     "You count the networks of each round. Paid are epochs: new ones, times networks."),
    ("halves once too often", edit("if epochs < 8:", "if True:", "len(rows) // 2", "len(rows) // 3"),
     "You keep a third. The better half stays."),
    ("halves to nothing", edit("max(len(rows) // 2, 1)", "len(rows) // 2 + len(rows) % 2"),
     "Of an odd number you keep the larger half: seven leave three, and one leaves one."),
    ("reports the validation", edit("float(test[rows[0]])", "float(marks[rows[0], 3])"),
     "You report the mark by which it was chosen. The test says how good it is."),
], after="It ran, it gave a network and a number near 0.9. That is what makes such faults expensive.")

ADVICE = Explain(8, rubric=[
    "the number is that of the best of 400 on pictures it was chosen by: too high (winner's curse)",
    "the network need not be worse; the number is wrong",
    "fresh pictures, looked at once; or validation for choosing and the test for one look",
    "a rival with the same number of tries (the old network's rate and length searched too, random search)",
])


def sequences(seed, n=1060, T=200):
    """Sequences, and their classes: what a fading memory holds at the end, above 0 or below."""
    rng = np.random.default_rng(seed)
    keep, x = rng.uniform(0.95, 0.98), rng.normal(size=(n, T))
    return x.astype(np.float32), (x @ keep ** np.arange(T)[::-1] > 0).astype(int)


def drawn(rng):
    for name in ("sequences drawn for you", "others"):
        seed = int(rng.integers(10**6))
        x, y = sequences(seed)
        yield name, x, y[:60], 60, {"seed": seed}


def told(classes, x, labels, steps, backward):
    """Has the bar been reached? Several ways lead there."""
    if wrong := no_classes(classes, len(x)):
        return wrong
    right = (classes == sequences(backward["seed"])[1])[60:].mean()
    if right >= 0.8:
        return "80 of 100 right"
    others = {"the signs of the plain sums": plain_sum, "a memory that runs backwards": from_the_front}
    for name, other in others.items():
        if (classes == other(x, labels, steps, backward))[60:].mean() > 0.85:
            return name
    return "fewer than a guess" if right < 0.4 else "fewer than 80 of 100 right"


def plain_sum(x, labels, steps, backward):
    return (x.sum(axis=1) > 0) * 1


def from_the_front(x, labels, steps, backward):
    return (x @ 0.965 ** np.arange(x.shape[1]) > 0) * 1


def fading(x, labels, steps, backward):
    """No network: the bar is compared, and least squares on six memories reaches it."""
    for _ in range(steps):
        backward(NoLoss())
    keep = np.array([0.5, 0.8, 0.9, 0.95, 0.97, 0.99])
    h = np.zeros((len(x), 6))
    for x_t in x.T:
        h = keep * h + x_t[:, None]
    seen = h / h.std(axis=0)
    A = seen[: len(labels)]
    w = np.linalg.solve(A.T @ A + 3 * np.eye(A.shape[1]), A.T @ (2 * labels - 1))
    return (seen @ w > 0).astype(int)


TRAIN = Function(9, fading, drawn, run=within_budget, measure=told,
    allows=("Linear", "AdamW", "cross_entropy", "linear_scan", "StateSpace"), mistakes=[
    ("a plain sum", plain_sum,
     "Your classes are those of the plain sum, or mean. In a fading memory the late numbers count more than "
     "the early ones: weigh them, as `nn.linear_scan` does."),
    ("backwards", from_the_front,
     "Your memory runs backwards: the first numbers count most in it. At the end it holds the *last* ones "
     "best."),
    ("the thousand alone", lambda x, labels, steps, backward: plain_sum(x, labels, steps, backward)[60:],
     "You return the classes of the thousand. Return those of all 1,060, the known among them."),
    ("two hundred weights", edit("seen = h / h.std(axis=0)", "seen = x"),
     "Better than a guess, and not enough. A weight for each of the 200 steps is too many for 60 examples. "
     "Which few numbers hold what a fading memory holds? Take the last states of some `nn.linear_scan`s that "
     "fade at different speeds, each brought to one size, and put one layer on them. (A `nn.StateSpace` is a "
     "row of such memories, too. Read its last step, and let it learn fast: with a rate of 0.05, or more.)"),
    ("returns the scores", edit("(seen @ w > 0).astype(int)", "np.stack([-seen @ w, seen @ w], axis=1)"),
     "You return two numbers for each sequence. The class is the place of the larger."),
    ("says the other", edit("seen @ w > 0", "seen @ w < 0"),
     "Fewer right than by guessing: so it knows, and says the other class."),
    ("over budget", edit("range(steps)", "range(steps + 1)"),
     "Every call of `backward` counts, and there are 60."),
], after="Six numbers in place of two hundred: an architecture that believes in fading memories, for data "
         "that has one. Where the belief is wrong, it loses.")


