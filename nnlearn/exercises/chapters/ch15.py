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
    yield "low scores", [[40.0]], [[-40.0], [-41.0], [3.0]], rng.normal(size=(3, 2)), [[True, True, False]]
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
    ("mask after the softmax",
     edit("np.where(visible, scores, -1e9)", "scores", *PLAIN, "w @ v", "(w * visible) @ v"),
     "Weights set to 0 after the softmax leave the rest short of 1. Hide the scores before it."),
    ("hidden scores are 0", edit("-1e9", "0", *PLAIN),
     "A hidden score of 0 still gets e⁰ = 1. It must be very negative."),
    ("overflow", edit(" - scores.max(axis=-1, keepdims=True)", "", *PLAIN),
     "Large scores overflow. Subtract each row's largest before np.exp. (And mind the query that may look "
     "nowhere.)"),
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
    ("transposed", edit("[:, None] - np.arange(T)", " - np.arange(T)[:, None]"),
     "Rows are queries, columns keys. Yours is transposed, so each query sees the *future*."),
    ("no window", edit(" & (back < window)", ""), "That is causal, but it never forgets."),
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
    ("mirrors", edit("np.sin(angle) +", "np.sin(angle) -"),
     "That is a mirror, not a turn: both terms of the second component have a plus sign."),
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


BACKWARD = Function(8, look_up_backward, weights_values_and_slopes, outputs="dw dv", mistakes=[
    ("stops at the weights", edit("w * (dw - mean)", "dw"),
     "Your second result is ∂L/∂w. Go on through the softmax to the scores."),
    ("forgets that weights sum to 1", edit("(dw - mean)", "dw"),
     "When one score rises, all other weights fall: subtract the weighted mean of ∂L/∂w first."),
    ("the diagonal alone", edit(".sum(axis=-1, keepdims=True)", ""),
     "w (1 − w) is how a weight moves with its *own* score. Each score moves all weights of its row."),
    ("subtracts the plain mean", edit("(w * dw).sum", "dw.mean"), "The mean to subtract is weighted by w."),
    ("wrong axis", edit("axis=-1", "axis=-2"),
     "The softmax ran over the keys, the last axis; so does the sum in its derivative."),
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
    yield "no blanks", rng.integers(1, 9, (2, 6))
    x = rng.integers(1, 20, (5, 9))
    yield "five texts", np.where(np.arange(9) < rng.integers(0, 8, (5, 1)), 0, x)


def from_the_end(x):
    S, t = x.shape[1], np.arange(x.shape[1])
    blanks = (x == 0).sum(axis=1)[:, None]
    order = np.where(t < blanks, t, blanks + S - 1 - t)
    return np.take_along_axis(x, order, axis=1)


FROM_THE_END = Function(10, from_the_end, padded_texts, mistakes=[
    ("turns the blanks too", lambda x: x[:, ::-1],
     "Now the blanks come last: the state that has read the letters is overwritten while they are read. "
     "Blanks stay on the left."),
    ("as it was", lambda x: x, "The letters still come in their old order."),
    ("blanks removed to the right", lambda x: np.array([[*row[row > 0], *row[row == 0]] for row in x]),
     "You moved the blanks to the right. They stay on the left, and the letters behind them turn."),
    ("one count for all", edit(".sum(axis=1)[:, None]", ".sum(axis=1).max()"),
     "Each row has a number of blanks of its own."),
])

COST = Value(11, 128, mistakes=[
    ("one product", 256, "There are two products with T²: the scores q kᵀ and the weighted mean w v."),
    ("two projections", 64, "There are four projections: to q, to k, to v, and the one at the end."),
    ("turned over", 32, "Set 2 T² d = 4 T d² and divide both sides by 2 T d."),
], after="2 T² d = 4 T d² at T = 2 d. There attention takes 8 T d², four times a plain recurrent layer.")


def tables(rng):
    def some(T, V):
        return nn.log_softmax(2 * rng.normal(size=V)), nn.log_softmax(2 * rng.normal(size=(T, V, V)))

    sure, unsure = [0.95, 0.05], [0.5, 0.5]
    yield "the likeliest start leads nowhere", np.log([0.6, 0.4]), np.log([[unsure, sure]]), 2
    yield "the same, one beam", np.log([0.6, 0.4]), np.log([[[0.55, 0.45], sure]]), 1
    for beams in (1, 2, 3):
        yield f"four signs, four steps, beams {beams}", *some(4, 4), beams
    yield "more beams than signs", *some(3, 3), 7
    for k in range(8):
        yield f"five signs, two beams, number {k}", *some(3, 5), 2


def beam_search(first, then, beams):
    V = len(first)
    paths = [(first[i], [i]) for i in range(V)]
    for table in then:
        paths = sorted(paths, key=lambda path: -path[0])[:beams]
        paths = [(score + table[path[-1], j], [*path, j]) for score, path in paths for j in range(V)]
    return np.array(max(paths)[1])


BEAMS = Function(12, beam_search, tables, mistakes=[
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
    ("a sum for a mean", edit(" / np.arange(1, T + 1)[:, None]", ""),
     "No leak any more. But the gist is a mean: divide the sum up to each place by the number of places in "
     "it."),
    ("the gist left out", edit(" + np.cumsum(x, axis=1) / np.arange(1, T + 1)[:, None]", ""),
     "No leak, and no gist either. The idea is good; only, it must be the gist of the text *so far*."),
    ("not even oneself", edit("np.tri(T, dtype=bool)", "np.tri(T, k=-1, dtype=bool)"),
     "No leak any more. But a place may look at itself; the first one has nothing else."),
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
        made.append(loss)
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
     "place further. From which place's sign could the key of a *value* be made, so that the name finds it?"),
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
