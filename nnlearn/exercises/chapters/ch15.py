import numpy as np

import nnlearn as nn
from nnlearn.exercises import Explain, Function, Predict, Value, edit
from nnlearn.exercises.budget import NoLoss

SHARPER = Predict(1, "sharper", mistakes=[
    ("takes length for temperature", "more even",
     "A *shorter* query makes scores alike. What does doubling q do to the differences of scores?"),
    ("thinks softmax forgets size", "unchanged",
     "Softmax forgets what is *added* to all scores. Here they are multiplied."),
], after="All scores double, their differences too: the temperature is halved.")

ORDER = Predict(2, "equal", mistakes=[
    ("expects order to count", "different",
     "What does the first *dog* know that the second does not? Same query, same keys, no mask."),
], after="Same query, same keys, same values: the same output. Only positions or a mask tell them apart.")

ANSWER = Value(3, 4.0, atol=1e-3, mistakes=[
    ("takes the best alone", 0.0,
     "That is the value of the best key alone. The other one answers too, a little."),
    ("weights without exponential", 16.0,
     "Score 0 still has e⁰ = 1. Take the exponential before you divide by the sum."),
    ("forgets the division", 16 / 10, "The scores must be divided by √d first, and d is 4."),
    ("divides by d", 16 / (1 + np.sqrt(3)), "You divide by d, which is 4. It is √d."),
    ("a plain mean", 8.0, "That is the plain mean: both keys would have to fit alike."),
    ("turned over", 12.0, "The key that fits has value 0: which of both weights is the larger?"),
], after="Scores 2 ln 3 and 0, divided by 2: ln 3 and 0. Weights 3/4 and 1/4, and 1/4 of 16 is 4.")


def queries_keys_and_values(rng):
    def some(T, S, d, e, *batch):
        return [rng.normal(size=(*batch, *shape)) for shape in [(T, d), (S, d), (S, e)]]

    yield "three queries, five keys", *some(3, 5, 4, 2), np.ones((3, 5), bool)
    yield "a padding mask", *some(3, 4, 9, 4), [[False, True, True, True]]
    yield "two heads, causal", *some(3, 3, 6, 5, 1, 2), np.tri(3, dtype=bool)
    yield "one key", *some(2, 1, 3, 2), np.ones((2, 1), bool)
    q, k, v = some(2, 3, 16, 2)
    yield "huge scores", 200 * q, 200 * k, v, np.ones((2, 3), bool)
    k[0] = 4e3 * q[0]
    yield "a hidden key that fits best by far", q[:1], k, v, [[False, True, True]]
    yield "low scores", [[100.0]], [[-1000.0], [-1000.005], [3.0]], rng.normal(size=(3, 2)), [[True, True,
        False]]
    yield "a query that may look nowhere", *some(3, 2, 3, 2), [[True, True], [False, False], [False, True]]


def attention(q, k, v, visible):
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    scores = np.where(visible, scores, -1e9)
    w = np.exp(scores - scores.max(axis=-1, keepdims=True))
    w = np.where(visible, w, 0)
    w = w / np.maximum(w.sum(axis=-1, keepdims=True), 1e-9)
    return w @ v


PLAIN = ("    w = np.where(visible, w, 0)\n", "")

ATTENTION = Function(4, attention, queries_keys_and_values, mistakes=[
    ("a mean where nothing is visible", edit(*PLAIN),
     "Right wherever a query may look somewhere. A query that may look nowhere gets the mean of what it must "
     "not see: all its scores are equally low. What should be left of its weights?"),
    ("not a number where nothing is visible", edit("-1e9", "-np.inf", "np.maximum(w.sum(axis=-1, "
        "keepdims=True), 1e-9)", "w.sum(axis=-1, keepdims=True)"),
     "Right wherever a query may look somewhere. Where it may not, you take −∞ from −∞, or divide 0 by 0."),
    ("the top taken before the mask", edit("    scores = np.where(visible, scores, -1e9)\n", ""),
     "Where a *hidden* key fits best by far, everything visible underflows to 0. Take away the largest of "
     "the visible scores."),
    ("all axes turned round", edit("np.swapaxes(k, -1, -2)", "k.T"),
     "`.T` turns *all* axes round, heads and texts too. Exchange the last two alone: `k.swapaxes(-1, -2)`."),
    ("all axes turned round, and a mean where nothing is visible",
     edit("np.swapaxes(k, -1, -2)", "k.T", *PLAIN),
     "`.T` turns *all* axes round, heads and texts too. Exchange the last two alone: `k.swapaxes(-1, "
     "-2)`. And there is something else, where a query may look nowhere."),
    ("no scale", edit(" / np.sqrt(q.shape[-1])", ""),
     "Your scores are not divided by √d, d the width of q."),
    ("no scale, and a mean where nothing is visible", edit(" / np.sqrt(q.shape[-1])", "", *PLAIN),
     "Your scores are not divided by √d, d the width of q; and there is something else, where a query may "
     "look nowhere."),
    ("divides by d", edit("np.sqrt(q.shape[-1])", "q.shape[-1]"),
     "You divide by d. It is the spread √d, not the variance."),
    ("divides by the number of keys", edit("q.shape[-1]", "k.shape[-2]"),
     "You divide by the root of the number of keys. d is the *width*, the last axis of q and k."),
    ("one softmax for all", edit("axis=-1", "axis=None"),
     "Your weights sum to 1 over everything. Each query has a 1 of its own: name the axis."),
    ("wrong axis", edit("axis=-1", "axis=-2"),
     "Your softmax runs over the queries. Each query shares 1 among the *keys*."),
    ("no mask", edit("np.where(visible, scores, -1e9)", "scores", *PLAIN),
     "Hidden keys still answer: use `visible`."),
    ("mask upside down", edit("np.where(visible", "np.where(~visible"),
     "`visible` is True where a query *may* look. Yours hides those."),
    ("mask upside down, and a mean where nothing is visible",
     edit("np.where(visible, scores", "np.where(~visible, scores", *PLAIN),
     "`visible` is True where a query *may* look. Yours hides those; and there is something else, where a "
     "query may look nowhere."),
    ("mask after the softmax",
     edit("np.where(visible, scores, -1e9)", "scores", *PLAIN, "w @ v", "(w * visible) @ v"),
     "Weights set to 0 after the softmax leave the rest short of 1. Hide the scores before it."),
    ("hidden scores are 0", edit("-1e9", "0", *PLAIN),
     "A hidden score of 0 still gets e⁰ = 1. It must be very negative."),
    ("overflow", edit(" - scores.max(axis=-1, keepdims=True)", "", *PLAIN),
     "Large scores overflow. Subtract each row's largest before np.exp. (And mind the query that may look "
     "nowhere.)"),
    ("overflow, divided by the sum as it is", edit(" - scores.max(axis=-1, keepdims=True)", "", *PLAIN,
     "np.maximum(w.sum(axis=-1, keepdims=True), 1e-9)", "w.sum(axis=-1, keepdims=True)"),
     "Large scores overflow, and low ones all become 0. Subtract each row's largest before np.exp. (And mind "
     "the query that may look nowhere.)"),
    ("not low enough", edit(*PLAIN, "-1e9", "-1e5", "return w @ v", "return np.where(visible, w, 0) @ v"),
     "Visible scores may be as low as −100,000: then a hidden score of −1e5 is not the lower one. −1e9, "
     "or −np.inf, is."),
    ("not low enough, and a mean where nothing is visible", edit(*PLAIN, "-1e9", "-1e4"),
     "A visible score may be lower than −10,000, and then what is hidden wins: −1e9, or −np.inf. And a query "
     "that may look nowhere gets a mean of what it must not see."),
    ("a little added below", edit("np.maximum(w.sum(axis=-1, keepdims=True), 1e-9)",
     "(w.sum(axis=-1, keepdims=True) + 1e-3)"),
     "What you add below to escape 0/0 takes from every other query: their weights no longer sum to 1."),
    ("the weights", edit("return w @ v", "return w"),
     "These are the weights. Now take the values' mean with them."),
    ("causal besides", edit("np.where(visible, scores, -1e9)",
     "np.where(visible & np.tri(*scores.shape[-2:], dtype=bool), scores, -1e9)",
     "np.where(visible, w, 0)", "np.where(visible & np.tri(*scores.shape[-2:], dtype=bool), w, 0)"),
     "You hide the future as well. Only `visible` says what may be seen here."),
], after="In a batch with padding there are such queries: whatever they answer is multiplied into the next "
         "layer.")


def windows(rng):
    yield "six places, window 3", 6, 3
    yield "window 1: only oneself", 4, 1
    yield "a window longer than the text", 3, 8
    yield "one place", 1, 2
    yield "seven places, window 2", 7, 2
    yield "numbers drawn for you", *(int(n) for n in rng.integers((8, 2), (13, 7)))


def window_mask(T, window):
    back = np.arange(T)[:, None] - np.arange(T)
    return (back >= 0) & (back < window)


WINDOW = Function(5, window_mask, windows, mistakes=[
    ("looks ahead", edit("(back >= 0) & (back", "(abs(back)"), "Your mask looks ahead as well."),
    ("one too many", edit("back < window", "back <= window"),
     "Your window is one place too long: oneself counts, so window 1 sees only the diagonal."),
    ("not oneself", edit("back >= 0", "back > 0"),
     "A place may look at itself: the diagonal belongs to the window."),
    ("before oneself", edit("(back >= 0) & (back < window)", "(back > 0) & (back <= window)"),
     "Your places begin with the one before. A place sees itself and the `window` − 1 before it."),
    ("transposed", edit("[:, None] - np.arange(T)", " - np.arange(T)[:, None]"),
     "Rows are queries, columns keys. Yours is transposed, so each query sees the *future*."),
    ("no window", edit(" & (back < window)", ""), "That is causal, but it never forgets."),
    ("one too few", edit("back < window", "back < window - 1"),
     "Your window is one place too short: `window` places in all, oneself among them."),
    ("the farthest alone", edit("back < window", "back == window - 1"),
     "Only the farthest place of each window is seen. All between it and oneself are."),
    ("either", edit(") & (", ") | ("),
     "Both must hold: not ahead, *and* not too far back. Yours takes either."),
    ("in blocks", lambda T, window: (np.arange(T)[:, None] // window == np.arange(T) // window) & np.tri(T,
     dtype=bool),
     "Your text is cut into blocks, and each place sees its own. The window moves along: the first "
     "places of a block look back too."),
    ("half to each side", edit("(back >= 0) & (back < window)", "abs(back) <= window // 2"),
     "Your window lies around the place. It lies behind it: nothing ahead is seen."),
    ("what is added to scores", edit("return (back >= 0) & (back < window)",
     "return np.where((back >= 0) & (back < window), 0, -np.inf)"),
     "That is what is added to scores. Asked for is True or False."),
    ("slices from the end", lambda T,
     window: np.array([[s in range(T)[t - window + 1 : t + 1] for s in range(T)] for t in range(T)]),
     "The first rows are empty: a slice that begins below 0 counts from the end. Begin at max(0, t − "
     "window + 1)."),
])


def vectors_and_heads(rng):
    yield "two texts of five places", rng.normal(size=(2, 5, 12)), 3
    yield "one head", rng.normal(size=(3, 2, 4)), 1
    yield "a head for each component", rng.normal(size=(1, 3, 4)), 4
    yield "as many heads as places", rng.normal(size=(2, 4, 8)), 4


def split_heads(x, heads):
    return x.reshape(*x.shape[:2], heads, -1).transpose(0, 2, 1, 3)


SPLIT = Function(6, split_heads, vectors_and_heads, mistakes=[
    ("reshapes at once", lambda x, heads: x.reshape(x.shape[0], heads, x.shape[1], -1),
     "The shape is right, the content is not: reshape alone mixes places with heads. First cut the last "
     "axis, then exchange axes."),
    ("forgets to exchange", edit(".transpose(0, 2, 1, 3)", ""),
     "Cut well. Now exchange places and heads: each head needs a (T, C/heads) matrix of its own."),
    ("every other component", edit("heads, -1", "-1, heads", "(0, 2, 1, 3)", "(0, 3, 1, 2)"),
     "Head 0 should get the *first* C/heads components; yours gets every heads-th one."),
    ("heads before texts", edit("transpose(0, 2, 1, 3)", "transpose(2, 0, 1, 3)"),
     "Heads come before texts in yours: (B, heads, T, C / heads)."),
    ("turned within heads", edit("transpose(0, 2, 1, 3)", "transpose(0, 2, 3, 1)"),
     "Each head is (C / heads, T) in yours: places come before components."),
    ("as many heads as components", lambda x, heads: x.reshape(*x.shape[:2], -1, heads).transpose(0, 2, 1, 3),
     "Number and width of the heads are exchanged: cut the last axis into (heads, C / heads)."),
    ("all of it for each", lambda x, heads: np.stack([x] * heads, axis=1),
     "Every head gets all C components. It is to get its own C / heads."),
    ("head 0 alone", lambda x, heads: split_heads(x, heads)[:, :1],
     "Only head 0 comes back."),
    ("components for places", edit("transpose(0, 2, 1, 3)", "swapaxes(1, 3)"),
     "You exchange places with components. Exchange them with the heads, axes 1 and 2."),
    ("texts and places mixed", lambda x, heads: split_heads(x.swapaxes(0, 1).reshape(x.shape), heads),
     "Texts and places are mixed: leave the first two axes as they are, and cut the last."),
])


def vectors_and_places(rng):
    yield "at the beginning", rng.normal(size=(5, 4)), np.arange(5)
    yield "one place, far away", rng.normal(size=(1, 6)), [37]
    yield "two texts", rng.normal(size=(2, 3, 8)), [4, 5, 6]
    yield "out of order", rng.normal(size=(3, 2)), [2, 0, 9]


def turn(x, places):
    d = x.shape[-1]
    angle = places[:, None] / 10000 ** (np.arange(0, d, 2) / d)
    a, b = x[..., 0::2], x[..., 1::2]
    pairs = a * np.cos(angle) - b * np.sin(angle), a * np.sin(angle) + b * np.cos(angle)
    return np.stack(pairs, axis=-1).reshape(x.shape)


TURN = Function(7, turn, vectors_and_places, mistakes=[
    ("backwards", edit("= places", "= -places"),
     "You turn clockwise: check the sign of the sine in the first component."),
    ("one speed", edit(" / 10000 ** (np.arange(0, d, 2) / d)", ""),
     "All pairs turn equally fast. Pair i turns by place / 10000^(2i/d)."),
    ("exponent doubled", edit("np.arange(0, d, 2)", "2 * np.arange(0, d, 2)"),
     "The exponents should be 0/d, 2/d, 4/d, …: yours grow twice as fast."),
    ("pairs halves",
     edit("x[..., 0::2], x[..., 1::2]", "np.split(x, 2, axis=-1)",
          "np.stack(pairs, axis=-1).reshape(x.shape)", "np.concatenate(pairs, axis=-1)"),
     "You pair the first half with the second. Here neighbours are pairs: 0 and 1, 2 and 3, …"),
    ("left in two halves", edit("np.stack(pairs, axis=-1).reshape(x.shape)",
     "np.concatenate(pairs, axis=-1)"),
     "All is turned rightly, and stands in the wrong place: the first components of all pairs, then the "
     "second ones. Put each pair's two side by side again."),
    ("another base", edit("10000", "1000"), "The base is 10,000: four zeros."),
    ("mirrors", edit("np.sin(angle) +", "np.sin(angle) -"),
     "That is a mirror, not a turn: both terms of the second component have a plus sign."),
    ("rows for places", edit("places[:, None]", "np.arange(len(places))[:, None]"),
     "You turn row r by r. Its place is places[r]: the first row need not stand at 0."),
    ("half the exponent", edit("np.arange(0, d, 2) / d", "np.arange(0, d, 2) / (2 * d)"),
     "The exponents should be 0/d, 2/d, 4/d, …: yours grow half as fast."),
    ("the new for the old", edit("    pairs = ",
     "    a = a * np.cos(angle) - b * np.sin(angle)\n    pairs = ",
     "pairs = a * np.cos(angle) - b * np.sin(angle),", "pairs = a,"),
     "You have overwritten the first component before the second was computed: both need the old ones."),
    ("faster and faster", edit("/ 10000", "* 10000"),
     "Later pairs turn *slower*: divide by 10000^(2i/d)."),
    ("adds the waves", edit("a * np.cos(angle) - b * np.sin(angle), a * np.sin(angle) + b * np.cos(angle)",
     "a + np.sin(angle), b + np.cos(angle)"),
     "You add sine and cosine, as sinusoidal positions do. Here pairs are *turned* by the angle."),
    ("sine and cosine exchanged", edit("np.cos", "np.c_", "np.sin", "np.cos", "np.c_", "np.sin"),
     "Sine and cosine are exchanged: at place 0 nothing turns."),
    ("places from one", edit("places[:, None]", "(places[:, None] + 1)"),
     "At place 0 the angle is 0: you count from 1."),
    ("in degrees", edit("places[:, None]", "np.deg2rad(places[:, None])"),
     "The angle is in radians already: nothing to convert."),
])


def weights_values_and_slopes(rng):
    def some(T, S, e, *batch):
        w = nn.softmax(rng.normal(size=(*batch, T, S)))
        return w, rng.normal(size=(*batch, S, e)), rng.normal(size=(*batch, T, e))

    yield "three queries, five keys", *some(3, 5, 2)
    yield "two texts", *some(4, 3, 6, 2)
    yield "one query", *some(1, 4, 3)
    yield "a query sure of itself", [[1.0, 0.0], [0.3, 0.7]], rng.normal(size=(2, 2)), rng.normal(size=(2, 2))


def look_up_backward(w, v, g):
    dw = g @ np.swapaxes(v, -1, -2)
    dv = np.swapaxes(w, -1, -2) @ g
    mean = (w * dw).sum(axis=-1, keepdims=True)
    return dv, w * (dw - mean)


BACKWARD = Function(8, look_up_backward, weights_values_and_slopes, outputs="dv dz", mistakes=[
    ("stops at the weights", edit("w * (dw - mean)", "dw"),
     "Your second result is ∂L/∂w. Go on through the softmax to the scores."),
    ("all axes turned round", edit("np.swapaxes(w, -1, -2)", "w.T"),
     "`.T` turns *all* axes round, that of the texts too. Exchange the last two alone: `w.swapaxes(-1, "
     "-2)`."),
    ("forgets that weights sum to 1", edit("(dw - mean)", "dw"),
     "When one score rises, all other weights fall: subtract the weighted mean of ∂L/∂w first."),
    ("the diagonal alone", edit(".sum(axis=-1, keepdims=True)", ""),
     "w (1 − w) is how a weight moves with its *own* score. Each score moves all weights of its row."),
    ("subtracts the plain mean", edit("(w * dw).sum", "dw.mean"), "The mean to subtract is weighted by w."),
    ("wrong axis", edit("axis=-1", "axis=-2"),
     "The softmax ran over the keys, the last axis; so does the sum in its derivative."),
    ("the sum for the mean", edit("(w * dw).sum", "dw.sum"),
     "You subtract the sum of ∂L/∂w. It is to be weighted by w."),
    ("a mean of the products", edit("(w * dw).sum", "(w * dw).mean"),
     "w sums to 1 by itself: the weighted mean is the *sum* of w · ∂L/∂w, not divided again."),
    ("not weighted", edit("w * (dw - mean)", "dw - mean"),
     "The weighted mean is taken away, but each score's slope is multiplied by its own w besides."),
    ("adds the mean", edit("dw - mean", "dw + mean"),
     "If all ∂L/∂w are equal, nothing changes: the mean is taken away."),
    ("as if a cross-entropy came next", edit("w * (dw - mean)", "w - dw"),
     "w − y is the slope of a softmax *with its cross-entropy*. Here something else comes after."),
    ("the scale of the scores", edit("w * (dw - mean)", "w * (dw - mean) / np.sqrt(v.shape[-1])"),
     "There is no √d here: z are the scores as they went into the softmax."),
    ("its own complement", edit("w * (dw - mean)", "dw * (1 - w)"),
     "1 − w is no slope of the softmax: from w (1 − w), and every other weight falls."),
    ("a mean over queries", edit("np.swapaxes(w, -1, -2) @ g", "np.swapaxes(w, -1, -2) @ g / w.shape[-2]"),
     "A value is used by all queries: what they send back adds up, it is not averaged."),
    ("one sum for the batch", edit("return dv,", "return dv.sum(axis=tuple(range(dv.ndim - 2))),"),
     "You add up over the batch. Each text has values of its own."),
])

LEAK = Explain(9, rubric=[
    "the suspicion: the model sees what it must guess: a causal mask missing, transposed or off by one "
    "(or inputs and targets not shifted)",
    "why validation does not warn: it is computed in the same way and leaks in the same way",
    "a test that decides: change sign t of an input; no output before t may change; or compute the loss "
    "from prefixes alone",
    "what generation shows and why: there is no future to copy",
])


def padded_texts(rng):
    yield "two texts, two blanks and none", [[0, 0, 7, 8, 9], [4, 3, 2, 5, 6]]
    yield "one letter", [[0, 0, 0, 5]]
    yield "four texts", [[0, 1, 2, 3], [0, 0, 1, 2], [4, 3, 2, 1], [0, 0, 0, 9]]
    yield "no blanks", np.array([[3, 8, 8, 1, 2, 5], rng.integers(1, 9, 6)])
    x = rng.integers(1, 20, (5, 9))
    yield "five texts", np.where(np.arange(9) < rng.integers(0, 8, (5, 1)), 0, x)


def from_the_end(x):
    S, t = x.shape[1], np.arange(x.shape[1])
    blanks = (x == 0).sum(axis=1)[:, None]
    order = np.where(t < blanks, t, blanks + S - 1 - t)
    return np.take_along_axis(x, order, axis=1)


def all_in_one_go(x):
    turned = x.copy()
    turned[x > 0] = x[x > 0][::-1]
    return turned


FROM_THE_END = Function(10, from_the_end, padded_texts, mistakes=[
    ("turns the blanks too", lambda x: x[:, ::-1],
     "Now the blanks come last: the state that has read the letters is overwritten while they are read. "
     "Blanks stay on the left."),
    ("as it was", lambda x: x, "The letters still come in their old order."),
    ("blanks removed to the right", lambda x: np.array([[*row[row > 0], *row[row == 0]] for row in x]),
     "You moved the blanks to the right. They stay on the left, and the letters behind them turn."),
    ("one count for all", edit(".sum(axis=1)[:, None]", ".sum(axis=1).max()"),
     "Each row has a number of blanks of its own."),
    ("the first row's blanks", lambda x: np.concatenate([x[:, : (n := (x[0] == 0).sum())], x[:, n:][:, ::-1]],
     axis=1),
     "You count the blanks of the first row and turn all rows by them. Each has a number of its own."),
    ("the last letter stays", lambda x: np.array([[*row[row == 0], *row[row > 0][:-1][::-1],
     *row[row > 0][-1:]] for row in x]),
     "The last letter stays where it is. It comes first now: the part that turns goes on to the end."),
    ("as many as there are blanks", lambda x: np.array([[*row[: len(row) - (row == 0).sum()],
     *row[len(row) - (row == 0).sum() :][::-1]] for row in x]),
     "You turn as many signs as there are blanks. Turn as many as there are letters."),
    ("texts turned round", lambda x: x[::-1].copy(),
     "You turn the order of the texts. Turn the letters within each row."),
    ("sorted", lambda x: np.array([[*row[row == 0], *sorted(row[row > 0], reverse=True)] for row in x]),
     "You sort the letters. They come in reverse, whatever they are."),
    ("the first letter stays", lambda x: np.array([[*row[: (row == 0).sum() + 1],
     *row[(row == 0).sum() + 1 :][::-1]] for row in x]),
     "One letter stays where it is: the part that turns begins with the first letter, not after it."),
    ("the left part", lambda x: np.array([[*row[: (row > 0).sum()][::-1],
     *row[(row > 0).sum() :]] for row in x]),
     "You turn the left part of the row, with its blanks. The letters stand at its end."),
    ("one too far", lambda x: np.stack([np.roll(row[::-1], (row == 0).sum() - 1) for row in x]),
     "All is moved by one place: the blanks of a row are back on its left when it is rolled by their "
     "number."),
    ("from text to text", all_in_one_go,
     "Letters have gone from one text to another: you turned those of all rows in one go. Turn each row by "
     "itself."),
    ("every letter once", lambda x: np.array([[*[0] * (len(row) - len({*row[row > 0]})),
     *dict.fromkeys(row[row > 0][::-1])] for row in x]),
     "A letter that comes twice has been lost."),
    ("rows of unequal length", lambda x: [row[row > 0][::-1].tolist() for row in x],
     "The letters are right; the blanks are gone. Every row keeps its length."),
])

COST = Value(11, 128, mistakes=[
    ("one product", 256, "There are two products with T²: the scores q kᵀ and the weighted mean w v."),
    ("two projections", 64, "There are four projections: to q, to k, to v, and the one at the end."),
    ("turned over", 32, "Set 2 T² d = 4 T d² and divide both sides by 2 T d."),
], after="2 T² d = 4 T d² at T = 2 d. There attention takes 8 T d², four times a plain recurrent layer.")


def tables(rng):
    def some(T, V):
        return nn.log_softmax(2 * rng.normal(size=V)), nn.log_softmax(2 * rng.normal(size=(T, V, V)))

    sure, unsure = [0.95, 0.05], [0.48, 0.52]
    yield "the likeliest start leads nowhere", np.log([0.6, 0.4]), np.log([[unsure, sure]]), 2
    yield "the same, one beam", np.log([0.6, 0.4]), np.log([[[0.55, 0.45], sure]]), 1
    for beams in (1, 2, 3):
        yield f"four signs, four steps, beams {beams}", *some(4, 4), beams
    steady, once = [[0.9, 0.05, 0.05], [0.05, 0.6, 0.35], [0.3, 0.4, 0.3]], [[0.34, 0.33, 0.33], [0.2, 0.6,
        0.2]]
    yield "once sure, or twice likely", np.log([0.45, 0.44, 0.11]), np.log([steady, [*once, [0.3, 0.4,
        0.3]]]), 3
    yield "more beams than signs", *some(3, 3), 7
    for k in range(8):
        yield f"five signs, two beams, number {k}", *some(3, 5), 2
    slips = {
        "a likely beginning's children crowd out others": two_of_each,
        "two beginnings that end alike": one_for_each_sign,
        "what came early counts as much": HALVED.applied_to(beam_search),
    }
    for name, slip in slips.items():
        while np.array_equal(slip(*(case := (*some(4, 5), 2))), beam_search(*case)):
            pass
        yield name, *case


def beam_search(first, then, beams):
    V = len(first)
    paths = [(first[i], [i]) for i in range(V)]
    for table in then:
        paths = sorted(paths, key=lambda path: -path[0])[:beams]
        paths = [(score + table[path[-1], j], [*path, j]) for score, path in paths for j in range(V)]
    return np.array(max(paths)[1])


def two_of_each(first, then, beams):
    paths = sorted(((first[i], [i]) for i in range(len(first))), reverse=True)[:beams]
    for table in then:
        paths = [(score + table[path[-1], j], [*path, j]) for score, path in paths
                 for j in np.argsort(-table[path[-1]])[:beams]]
    return np.array(max(paths)[1])


def one_child_each(first, then, beams):
    paths = sorted(((first[i], [i]) for i in range(len(first))), reverse=True)[:beams]
    for table in then:
        paths = [(score + table[path[-1]].max(), [*path, table[path[-1]].argmax()]) for score, path in paths]
    return np.array(max(paths)[1])


def one_for_each_sign(first, then, beams):
    V = len(first)
    paths = [(first[i], [i]) for i in range(V)]
    for table in then:
        by_last = {path[-1]: (score, path) for score, path in sorted(paths)}
        paths = sorted(by_last.values(), reverse=True)[:beams]
        paths = [(score + table[path[-1], j], [*path, j]) for score, path in paths for j in range(V)]
    return np.array(max(paths)[1])


HALVED = edit("score + table[path[-1], j]", "(score + table[path[-1], j]) / 2")

BEAMS = Function(12, beam_search, tables, mistakes=[
    ("all single signs continued", edit("[:beams]", "[: beams if len(paths[0][1]) > 1 else None]"),
     "You continue every single sign. They are beginnings as well: keep the `beams` likeliest of them."),
    ("the best of each beginning", two_of_each,
     "You keep the `beams` likeliest continuations of *each* beginning, and so ever more of them. Keep that "
     "many in all: sort all continuations together."),
    ("one child each", one_child_each,
     "Each beginning has one child in yours, its likeliest. Two of the likeliest texts may share a "
     "beginning: continue each with *every* sign, and sort them all together."),
    ("one for each last sign", one_for_each_sign,
     "Of beginnings that end in the same sign you keep one. Beam search keeps the likeliest, whatever they "
     "end in."),
    ("the least likely throughout", edit("-path[0]", "path[0]", "max(paths)", "min(paths)"),
     "You keep the least likely beginnings, and return the least likely text. A log probability nearer to 0 "
     "is the likelier."),
    ("the last of those kept",
     edit("max(paths)[1]", "sorted(paths, key=lambda path: -path[0])[:beams][-1][1]"),
     "You return the last of the texts kept, the least likely of them. Return the first."),
    ("forgets the score so far, the first of equals", edit("score + table", "table", "max(paths)[1]",
     "max(paths, key=lambda path: path[0])[1]"),
     "Only the last sign's log probability is left of your scores. Add it to that of the text so far."),
    ("divided at each step", HALVED,
     "You divide the score at each step, and what came early counts less. All texts are equally long: add "
     "log probabilities, and nothing else."),
    ("greedy", edit("[:beams]", "[:1]"),
     "That is greedy decoding: it keeps one beginning. Keep the `beams` likeliest."),
    ("keeps all", edit("[:beams]", ""),
     "You never drop a beginning: that finds the best of all, at a cost that explodes. Keep `beams`."),
    ("forgets the score so far", edit("score + table", "table"),
     "The score of a longer text is the sum: log probability so far plus that of the new sign."),
    ("keeps the worst", edit("-path[0]", "path[0]"), "You keep the least likely beginnings."),
    ("conditions on the first sign", edit("path[-1]", "path[0]"),
     "table[i, j] needs the *last* sign of the beginning as i."),
    ("turned over", edit("table[path[-1], j]", "table[j, path[-1]]"),
     "Rows of the table are the sign before, columns the sign to come."),
    ("multiplies logarithms", edit("score + table", "score * table"),
     "Probabilities multiply, so their logarithms *add*."),
    ("always the first table", edit("for table in then", "for table in [then[0]] * len(then)"),
     "Step t has a table of its own: then[t]."),
    ("forgets how it began", edit("(first[i], [i])", "(0.0, [i])"),
     "All beginnings count alike in yours: the first sign has a log probability too."),
    ("one step short", edit("for table in then", "for table in then[:-1]"),
     "The text is one sign short: T steps after the first."),
    ("the least likely at the end", edit("max(paths)", "min(paths)"),
     "Well kept, but at the end you take the *least* likely text."),
    ("logarithms of logarithms", edit("table[path[-1], j]", "np.exp(table[path[-1], j])"),
     "You add probabilities. The tables hold logarithms: add these as they are."),
    ("each place by itself", lambda first, then, beams: np.array([first.argmax(),
     *(table.sum(axis=0).argmax() for table in then)]),
     "You choose each sign by itself. What may follow depends on the sign before."),
    ("the first kept, not the best", edit("max(paths)[1]", "paths[0][1]"),
     "You return the first of the last texts, and they are not sorted. Take the likeliest."),
])


def blocks(rng):
    for name, B, T, C, heads, large in [
        ("two texts, two heads", 2, 4, 4, 2, 1), ("one head, six places", 1, 6, 3, 1, 1),
        ("one place", 2, 1, 4, 2, 1), ("large weights", 2, 4, 4, 2, 30),
    ]:
        W = large * rng.normal(size=(C, 3 * C))
        yield name, 2 * rng.normal(size=(B, T, C)), W, rng.normal(size=3 * C), heads


def block_and_its_leak(answer, x, W, b, heads):
    """What a block gives, and how far its first half moves when only the second half of x is changed."""
    y = answer(x, W, b, heads)
    if y is None:
        return None
    later, half = x.copy(), (x.shape[1] + 1) // 2
    later[:, half:] = 3 - 2 * later[:, half:]
    moved = np.abs(np.array(answer(later, W, b, heads)) - np.array(y))[:, :half].max()
    return {"how far places move when what follows is changed": float(np.round(moved, 6)), "output": y}


def causal_block(x, W, b, heads):
    B, T, C = x.shape
    x = x + np.cumsum(x, axis=1) / np.arange(1, T + 1)[:, None]
    x = (x - x.mean(axis=2, keepdims=True)) / x.std(axis=2, keepdims=True)
    q, k, v = (x @ W + b).reshape(B, T, 3, heads, C // heads).transpose(2, 0, 3, 1, 4)
    scores = q @ k.swapaxes(2, 3) / np.sqrt(C // heads)
    scores = np.where(np.tri(T, dtype=bool), scores, -1e9)
    w = np.exp(scores - scores.max(axis=3, keepdims=True))
    w = w / w.sum(axis=3, keepdims=True)
    return x + (w @ v).swapaxes(1, 2).reshape(B, T, C)


WHOLE = ("np.cumsum(x, axis=1) / np.arange(1, T + 1)[:, None]", "x.mean(axis=1, keepdims=True)")
OVER_TIME = ("axis=2, keepdims=True", "axis=(1, 2), keepdims=True")
TOO_LATE = ("    scores = np.where(np.tri(T, dtype=bool), scores, -1e9)\n", "",
            "w.sum(axis=3, keepdims=True)", "w.sum(axis=3, keepdims=True) * np.tri(T)")

REPAIR = Function(13, causal_block, blocks, run=block_and_its_leak, mistakes=[
    ("as it was", edit(*WHOLE, *OVER_TIME, *TOO_LATE),
     "All three leaks are still there, and as long as one is, earlier places move. So test line by line: "
     "change the last place of `x`, and look which of the intermediate results moves first."),
    ("gist and scale", edit(*WHOLE, *OVER_TIME),
     "The mask is right now. Two leaks are left, in the lines before the attention: which of them looks "
     "along the places?"),
    ("gist and mask", edit(*WHOLE, *TOO_LATE),
     "The scale is right now. Two leaks are left: what is added to `x` at the first place, and what do the "
     "weights of the first place add up to?"),
    ("scale and mask", edit(*OVER_TIME, *TOO_LATE),
     "The gist is right now. Two leaks are left. Print the mean and the spread that you take away: for the "
     "first place, do they know of the last? And what do the weights of the first place add up to?"),
    ("the gist of the whole text", edit(*WHOLE),
     "One leak is left, the first: the gist is a mean over the whole text, and each place gets it. At place "
     "t it may be a mean over places 0 … t."),
    ("one scale for the whole text", edit(*OVER_TIME),
     "One leak is left: mean and spread are taken over all places. A number from the future is in both, and "
     "so in every place. Over which axis may a place be standardised?"),
    ("mask after the softmax", edit(*TOO_LATE),
     "One leak is left, and it is not in the weights that you see but in what they were divided by: the sum "
     "runs over the future too. Hide the scores before."),
    ("the gist without oneself", edit("np.cumsum(x, axis=1)", "(np.cumsum(x, axis=1) - x)"),
     "No leak any more. But the gist goes up to and with the place itself: for the first place it is that "
     "place."),
    ("a mean of those before", edit("np.cumsum(x, axis=1) / np.arange(1, T + 1)[:, None]",
     "(np.cumsum(x, axis=1) - x) / np.maximum(np.arange(T), 1)[:, None]"),
     "No leak any more. But your gist ends before the place itself: the mean goes up to and with it."),
    ("a sum for a mean", edit(" / np.arange(1, T + 1)[:, None]", ""),
     "No leak any more. But the gist is a mean: divide the sum up to each place by the number of places in "
     "it."),
    ("the gist left out", edit(" + np.cumsum(x, axis=1) / np.arange(1, T + 1)[:, None]", ""),
     "No leak, and no gist either. The idea is good; only, it must be the gist of the text *so far*."),
    ("the gist in place of the text", edit("x + np.cumsum", "np.cumsum"),
     "No leak any more. But the gist takes the place of `x` in yours: it comes *besides*."),
    ("not brought to mean 0 and spread 1", edit("    x = (x - x.mean(axis=2, keepdims=True)) / x.std(axis=2, "
     "keepdims=True)\n", ""),
     "No leak any more. But the line that brings each place to mean 0 and spread 1 is gone: it was only "
     "to run over another axis."),
    ("not even oneself", edit("np.tri(T, dtype=bool)", "np.tri(T, k=-1, dtype=bool)"),
     "No leak any more. But a place may look at itself; the first one has nothing else."),
    ("not oneself, but for the first", edit("np.tri(T, dtype=bool)",
     "np.tri(T, k=-1, dtype=bool) | (np.add.outer(*[np.arange(T)] * 2) == 0)"),
     "No leak any more. But a place may look at itself as well: the diagonal belongs to the mask."),
    ("heads left apart", edit("(w @ v).swapaxes(1, 2).reshape", "(w @ v).reshape"),
     "The heads are not put together again: after the attention heads come before places, and `reshape` "
     "keeps that order. Exchange the two axes first."),
    ("added to what was not standardised", edit("    x = (x - x.mean", "    raw = x\n    x = (x - x.mean",
     "return x +", "return raw +"),
     "You add to `x` as it was before it was standardised. `leaking` adds to what has been standardised."),
    ("hidden after the fact, and shared anew", edit("    scores = np.where(np.tri(T, dtype=bool), "
     "scores, -1e9)\n", "",
     "    w = w / w", "    w = w * np.tri(T)\n    w = w / w"),
     "Right as long as scores are moderate. Where a *hidden* score is the largest by far, all that is "
     "visible underflows to 0: hide before you take the largest away."),
    ("looks ahead", edit("np.tri(T, dtype=bool)", "np.tri(T, dtype=bool).T"),
     "The mask is transposed: each place sees itself and what comes *after*."),
    ("the gist shared by all places", edit("np.arange(1, T + 1)[:, None]", "T"),
     "No leak any more. But the sum up to place t is divided by T: it is a mean of t + 1 places."),
    ("over the batch", edit("axis=2, keepdims=True", "axis=0, keepdims=True"),
     "You standardise over the texts of the batch. Every place of every text by itself: over its "
     "components, axis 2."),
    ("along the text", edit("axis=2, keepdims=True", "axis=1, keepdims=True"),
     "You standardise along the text: the future is in every mean. Over its components, axis 2."),
    ("the gist over components", edit("np.cumsum(x, axis=1) / np.arange(1, T + 1)[:, None]",
     "np.cumsum(x, axis=2) / np.arange(1, C + 1)"),
     "Your gist runs over the components. Places are axis 1."),
    ("a hidden score of 0", edit("-1e9", "0"),
     "Hidden scores of 0 still get e⁰ = 1: they must be very low."),
    ("not low enough", edit("-1e9", "-5"),
     "Hidden scores must be lower than any visible one may be: −1e9, or −np.inf."),
    ("the attention alone", edit("return x + (w", "return (w"),
     "Attention is *added* to `x`. You return it alone."),
    ("added to what came in", edit("    x = x + np", "    came, x = x, x + np", "return x +",
     "return came +"),
     "You add to `x` as it came in. `leaking` adds to what has been standardised."),
    ("a spread of the whole text", edit("x.std(axis=2, keepdims=True)", "x.std(axis=(1, 2), keepdims=True)"),
     "The mean is each place's own now. The spread is still that of all places."),
    ("a mean of the whole text", edit("x.mean(axis=2, keepdims=True)", "x.mean(axis=(1, 2), keepdims=True)"),
     "The spread is each place's own now. The mean is still that of all places."),
    ("scaled by the whole width", edit("np.sqrt(C // heads)", "np.sqrt(C)"),
     "The scores of a head are divided by the root of *its* width, C // heads."),
    ("standardised by all so far", edit("    x = (x - x.mean(axis=2, keepdims=True)) / x.std(axis=2, "
     "keepdims=True)\n",
     "    x = np.stack([(x[:, t] - x[:, : t + 1].mean(axis=(1, 2))[:, None]) / x[:, : t + "
     "1].std(axis=(1, 2))[:, None]\n"
     "                  for t in range(T)], axis=1)\n"),
     "No leak: you standardise by all places so far. But every place is to have mean 0 and spread 1 by "
     "itself."),
], after="Whatever runs along the places can leak: a mean, a scale, a sum below a fraction line. Look at "
         "what comes out, never at the mask alone.")


def look_ups(seed):
    """400 texts of five pairs and a name, and what to say; 300 new ones, and what to say there."""
    rng = np.random.default_rng(seed)
    names, values = np.argsort(rng.random((700, 8)), axis=1)[:, :5] + 8, rng.integers(8, size=(700, 5))
    asked, code, rows = rng.integers(5, size=700), rng.permutation(8), np.arange(700)
    ids = np.column_stack([np.stack([names, values], axis=2).reshape(700, 10), names[rows, asked]])
    y = code[values[rows, asked]]
    return ids[:400], y[:400], ids[400:], y[400:]


def pairs_and_a_name(rng):
    seed = int(rng.integers(10**6))
    X, y, X_new, _ = look_ups(seed)
    yield "texts drawn for you", X, y, 40, {"X": X_new, "seed": seed}


def within_budget(answer, X, y, steps, backward):
    """What the model that `answer` returns says of new texts, when its steps back are counted.

    The last input holds the place of `backward`, and the new texts; what is to be said there, `found` draws.
    """
    made = []

    def counted(loss):
        made.append(0)  # not the loss: it would hold all that led to it
        if len(made) > steps:
            raise RuntimeError(f"the budget of {steps} backward passes is used up")
        loss.backward()

    model = answer(X, y, steps, counted)
    if model is None:
        return None
    if not callable(model):
        raise TypeError("train returns no model that can be called with texts (B, 11)")
    z = model(backward["X"])
    return np.array(z if isinstance(z, np.ndarray) else z.data)


def found(z, X, y, steps, backward):
    """Has the bar been reached on new texts? Many models do."""
    truth = look_ups(backward["seed"])[3]
    if z.shape != (len(truth), 8):
        return f"logits of shape {z.shape}"
    right = np.mean(z.argmax(axis=1) == truth)
    if right >= 0.9:
        return "90 of 100 found"
    if right < 0.22:
        return "no better than guessing one of eight"
    return "about one in three right" if right < 0.45 else "fewer than 90 of 100 found"


def counted(X, y, steps, backward):
    """No network: what stands behind the name is looked up, and the code is read off by counting."""
    for _ in range(steps):
        backward(NoLoss())

    def behind(ids):
        place = (ids[:, :-1:2] == ids[:, -1:]).argmax(axis=1)
        return ids[np.arange(len(ids)), 2 * place + 1]

    table = np.zeros((8, 8))
    np.add.at(table, (behind(X), y), 1)
    return lambda ids: table[behind(ids)]


def any_of_them(X, y, steps, backward):
    """It says, in the code, one of the values that occur, and does not know which was asked for."""
    table = counted(X, y, 0, backward)
    return lambda ids: sum(table(np.column_stack([ids[:, k : k + 2], ids[:, k]])) for k in (0, 2, 4, 6, 8))


TRAIN = Function(14, counted, pairs_and_a_name, run=within_budget, measure=found,
    allows=("Module", "Embedding", "Linear", "scaled_dot_product_attention", "MultiHeadAttention",
            "sinusoidal_positions", "relu", "Adam", "cross_entropy"), mistakes=[
    ("one of the values", any_of_them,
     "It says one of the values that occur, and does not find the one that was asked for. Follow one "
     "look-up: the query is a name, and it fits the key of that name's place. But what is wanted stands one "
     "place further. From which place's sign could the key of a *value* be made, so that the name finds it? "
     "(And if yours are made of that: does the loss still fall when the steps are used up?)"),
    ("has not learned", edit("table[behind(ids)]", "np.tile(table[0], (len(ids), 1))"),
     "No better than a guess. Print the loss. If it hardly moves, the rate is too small: three times as "
     "much, and again; if it jumps, it is too large. Is `zero_grad` called before each step?"),
    ("not yet enough", edit("table[behind(ids)]", "table[np.where(ids[:, 0] % 2, behind(ids), ids[:, 1])]"),
     "It finds many. Does the loss still fall when the steps are used up? Then a larger rate, more texts a "
     "step or a simpler way from the name to its value goes further. One at a time."),
    ("says something at every place", edit("table[behind(ids)]", "table[ids % 8]"),
     "One answer is wanted for a text: what the query at the last place finds, (B, 8)."),
    ("over budget", edit("range(steps)", "range(steps + 1)"),
     "Every call of `backward` counts. If fewer steps do not suffice, they have to be longer."),
    ("no model", lambda X, y, steps, backward: y,
     "Return the trained model itself, not what it says: the check asks it about texts that are new."),
], after="Keys from one place, values from the next: so a head finds what followed a word last time. In "
         "large language models two layers do it together: an induction head (C. Olsson and others, 2022).")
