import numpy as np

from nnlearn.exercises import Explain, Function, Predict, Value, edit
from nnlearn.exercises.budget import no_classes

MASKS = Value(1, 60.0, rtol=1e-3, atol=0.0, mistakes=[
    ("all that are chosen", 75.0, "75 tokens are chosen. Do all of them become `[MASK]`?"),
    ("all tokens", 400.0, "80 % of the *chosen* tokens become `[MASK]`. How many are chosen?"),
    ("all that change", 67.5, "This counts the random tokens too. Asked is for the marks alone."),
    ("what stays or is random", 15.0, "These are the chosen tokens that do *not* become `[MASK]`."),
])

SOURCE = Predict(2, "all letters", mistakes=[
    ("the larger pictures", "cats and dogs",
     "Fur and ears need other features than strokes. Which source needs what telling digits needs?"),
    ("a handful of classes", "vowels",
     "Near, but five letters ask for less than 26. Remember 0 to 4: that source helped nobody with 5 to 9."),
], after="Near the target, and it asks for more. A guess all the same: test it, also against raw pixels.")

LEFT = Predict(3, "the last", mistakes=[
    ("the first", "Before the first word there is nothing: who reads only the left side sees nothing."),
    ("the middle",
     "In the middle BERT sees as much again on the right. Where is there nothing on the right?"),
], after="Behind the last word there is nothing to see: both models have the same to go by.")


def texts_and_draws(rng):
    ids = rng.integers(5, 40, (3, 12))
    ids[:, 0], ids[:, -1] = 2, 3
    ids[2, 8:] = 0
    draw, kind = rng.random((3, 12)) ** 2, rng.random((3, 12))
    yield "three texts, one of them padded", ids, draw, kind, rng.integers(5, 40, (3, 12))
    yield (
        "every ordinary token chosen",
        [[2, 9, 8, 7, 6, 5, 11, 3]],
        [[0.0] * 8],
        [[0.0, 0.1, 0.79, 0.81, 0.89, 0.91, 0.99, 0.5]],
        [[20, 21, 22, 23, 24, 25, 26, 27]],
    )
    yield (
        "exactly at the limits",
        [[2, 9, 8, 7, 5, 5, 4, 3, 30]],
        [[0.0, 0.15, 0.149, 0.15, 0.0, 0.1, 0.0, 0.1, 0.14]],
        [[0.5, 0.5, 0.8, 0.9, 0.8, 0.9, 0.1, 0.95, 0.85]],
        [[20, 21, 22, 23, 24, 25, 26, 27, 28]],
    )
    yield "nothing chosen", [[2, 9, 8, 3]], [[0.7] * 4], [[0.1] * 4], [[20] * 4]


def mask_tokens(ids, draw, kind, other):
    chosen = (draw < 0.15) & (ids >= 5)
    read = np.where(chosen & (kind < 0.8), 4, ids)
    return np.where(chosen & (kind >= 0.9), other, read), chosen


def all_at_once(ids, draw, kind, other):
    read, chosen = ids.copy(), (draw < 0.15) & (ids >= 5)
    read[chosen & (kind < 0.8)] = 4
    read[chosen & (kind >= 0.9)] = other
    return read, chosen


MASKING = Function(4, mask_tokens, texts_and_draws, outputs="read asked", mistakes=[
    ("special tokens too", edit(" & (ids >= 5)", ""),
     "A special token (id below 5) was chosen. Nobody needs to guess `[CLS]`, `[SEP]` or padding."),
    ("always a mark", edit(" & (kind < 0.8)", "", "np.where(chosen & (kind >= 0.9), other, read)", "read"),
     "Every chosen token became `[MASK]`. One in ten should be `other`, one in ten should stay."),
    ("nothing stays", edit("0.9", "0.8"), "No chosen token stays as it is. From 0.8 to below 0.9 it should."),
    ("chosen means changed", edit("read), chosen", "read), chosen & ((kind < 0.8) | (kind >= 0.9))"),
     "The tokens that stay are asked about too: `chosen` must be True there."),
    ("chosen the wrong way round", edit("draw < 0.15", "draw > 0.15"),
     "You chose where `draw` is large. A token is chosen where `draw` is *below* 0.15."),
    ("other and stay swapped", edit("(kind >= 0.9)", "(kind >= 0.8) & (kind < 0.9)"),
     "A chosen token stays from 0.8 to below 0.9, and becomes `other` from 0.9 on: you swapped them."),
    ("other where nothing is chosen", edit("chosen & (kind >= 0.9)", "kind >= 0.9"),
     "Tokens that were not chosen became `other`. `kind` counts only where a token is chosen."),
    ("5 is special", edit("ids >= 5", "ids > 5"), "Id 5 is an ordinary token: those are 5 *or more*."),
    ("a mark without being chosen", edit("chosen & (kind < 0.8)", "kind < 0.8"),
     "Tokens that were not chosen became `[MASK]`. `kind` counts only where a token is chosen."),
    ("never another token", edit("np.where(chosen & (kind >= 0.9), other, read)", "read"),
     "The marks are right. Where `kind` is 0.9 or more, a chosen token becomes the one in `other`."),
    ("asked wherever there is a mark", edit("read), chosen", "read), read == 4"),
     "You ask where you see a mark. Tokens that stay and those that became `other` are asked about as well."),
    ("all of other at once", all_at_once,
     "You put all of `other` into the few chosen places. Take from it what stands there, `other[…]` with "
     "the same condition, or use `np.where`."),
    ("asked at the marks alone", edit("read), chosen", "read), chosen & (kind < 0.8)"),
     "You ask at the marks alone. Tokens that stay and those that became `other` are asked about as well."),
    ("not asked where it stays", edit("read), chosen", "read), chosen & (kind < 0.9)"),
     "You do not ask where `kind` is 0.9 or more. Every chosen token is asked about."),
    ("special tokens asked", edit("read), chosen", "read), draw < 0.15"),
     "The text is right. Special tokens are not asked about, whatever the dice say."),
    ("everywhere asked", edit("read), chosen", "read), ids >= 5"),
     "The text is right. Asked is only at the chosen places."),
    ("a mark from 0.8 to 0.9", edit("kind < 0.8", "kind < 0.9"),
     "No chosen token stays as it is: `[MASK]` is for `kind` below 0.8, and up to 0.9 the token stays."),
    ("from 0.15 on, too", edit("draw < 0.15", "draw <= 0.15"), "*Below* 0.15: 0.15 itself is not chosen."),
    ("0.9 itself stays", edit("kind >= 0.9", "kind > 0.9"), "0.9 *or more* becomes `other`: 0.9 itself too."),
    ("0.8 itself is a mark",
     edit("kind < 0.8", "kind <= 0.8"), "*Below* 0.8: at 0.8 itself the token stays."),
    ("another mark", edit(", 4, ids)", ", 3, ids)"), "`[MASK]` is 4."),
    ("ids of the answers", edit("read), chosen", "read), np.where(chosen, ids, -100)"),
     "You return the tokens asked for, and −100 elsewhere. Return where is asked: True or False."),
    ("the text alone", edit("return np.where(chosen & (kind >= 0.9), other, read), chosen",
                            "return np.where(chosen & (kind >= 0.9), other, read)"),
     "The text is there. Return where is asked, too: `return read, chosen`."),
    ("the dice of the wrong row", edit("draw < 0.15", "draw < 0.8"),
     "You choose at another share: `draw` is held against 0.15, `kind` against 0.8 and 0.9."),
    ("looks at what it has changed", 
     lambda ids, draw, kind, other: (
        mask_tokens(ids, draw, kind, other)[0], (draw < 0.15) & (mask_tokens(ids, draw, kind,
             other)[0] >= 5)),
     "You look for ordinary tokens in the text that has marks already: a mark (4) counts as special there. "
     "Find `chosen` once, before anything is changed."),
])


def guesses_at_gaps(rng):
    yield (
        "two texts", rng.normal(size=(2, 4, 6)) * 2, rng.integers(0, 6, (2, 4)),
        [[False, True, False, True], [True, False, False, False]],
    )
    yield "one gap", rng.normal(size=(1, 3, 5)), [[4, 0, 2]], [[False, False, True]]
    yield "one far below the others", [[[-2000.0, 0.0, 1.0], [1.0, 2.0, -1000.0]]], [[2, 0]], [[True, True]]
    yield "sure and wrong", [[[50.0, 0.0, -50.0], [0.0, 1.0, 3.0]]], [[2, 1]], [[True, True]]
    large = [[[1000.0, 1001.0], [-1000.0, 1000.0], [3.0, 4.0]]]
    yield "very large logits", large, [[0, 0, 1]], [[True, False, True]]


def masked_loss(logits, ids, chosen):
    z, x = logits[chosen], ids[chosen]
    z = z - z.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    return -log_p[np.arange(len(x)), x].mean()


LOSS = Function(5, masked_loss, guesses_at_gaps, mistakes=[
    ("all places", edit("[chosen]", "[chosen | True]"),
     "This counts the tokens in plain view too. Only the places where `chosen` is True are asked."),
    ("divided by all places", edit(".mean()", ".sum() / chosen.size"),
     "The sum is right, but you divided by the number of all places. Divide by the number of gaps."),
    ("the sum", edit("mean", "sum"),
     "This is the sum over the gaps. The loss is their mean, or long texts would weigh more."),
    ("the other places", edit("[chosen]", "[~chosen]", ".mean()", ".sum() / max(len(x), 1)"),
     "You asked about exactly the wrong places: those that are *not* chosen."),
    ("overflow",
     edit("z - z.max(axis=-1, keepdims=True)", "np.exp(z)",
          "z - np.log(np.exp(z).sum(axis=-1, keepdims=True))", "np.log(z / z.sum(axis=-1, keepdims=True))"),
     "Right for small logits, but exp(1000) overflows. Take the largest logit off first (chapter 5)."),
    ("no softmax", lambda logits, ids, chosen: -logits[chosen][np.arange(chosen.sum()), ids[chosen]].mean(),
     "That is −z of the right token. The log of the sum over all tokens is missing."),
    ("one mean a text", lambda logits, ids, chosen: np.mean([
        masked_loss(z, x, c) for z, x, c in zip(logits, ids, chosen, strict=True) if c.any()]),
     "You take the mean of each text's mean. Over all gaps together: each gap counts the same."),
    ("by texts", edit(".mean()", ".sum() / len(ids)"),
     "The sum is right, but you divided by the number of texts. Divide by the number of gaps."),
    ("one maximum for all", edit("z.max(axis=-1, keepdims=True)", "z.max()"),
     "You take off one maximum for all. Where a row lies far below it, all its exponentials are 0: each "
     "place has its own."),
    ("a softmax over the gaps", edit("axis=-1", "axis=0"),
     "Your softmax runs over the places. It belongs to the tokens, the last axis."),
    ("a softmax over the places", lambda logits, ids, chosen: (lambda z: -np.take_along_axis(
        z - np.log(np.exp(z).sum(axis=1, keepdims=True)), ids[..., None], axis=-1)[..., 0][chosen].mean())(
        logits - logits.max(axis=1, keepdims=True)),
     "Your softmax runs over the places of a text. It belongs to the tokens, the last axis."),
    ("p, not its logarithm", edit("return -log_p[", "return -np.exp(log_p)["),
     "That is the mean probability of the right token. The loss takes its logarithm."),
    ("of the likeliest", edit("log_p[np.arange(len(x)), x]", "log_p.max(axis=-1)"),
     "You ask how sure it is of its own guess. Take the probability of the token that stood there, `ids`."),
    ("every gap's token at every gap", edit("log_p[np.arange(len(x)), x]", "log_p[:, x]"),
     "`[:, x]` takes the tokens of *all* gaps at each gap. Beside `x` an index for the gap is needed: "
     "`np.arange(len(x))`."),
    ("all tokens alike", edit("log_p[np.arange(len(x)), x]", "log_p"),
     "You average over all tokens of the vocabulary. Only the one that stood there counts."),
    ("a small number added", edit("return -log_p[np.arange(len(x)), x]",
                                  "return -np.log(np.exp(log_p[np.arange(len(x)), x]) + 1e-9)"),
     "A small number added inside the logarithm caps the loss: sure and wrong should cost 50 and costs 21. "
     "Stay with logarithms: z − log Σ exp z."),
    ("no sum", edit("z - np.log(np.exp(z).sum(axis=-1, keepdims=True))", "z"),
     "The largest logit is off, but the logarithm of the sum of the exponentials is not."),
])


def real_tokens(rng):
    two = [[True, True, True, True], [True, True, False, False]]
    yield "two texts of different length", two, False
    yield "the same, causal", two, True
    yield "padding in front", [[False, True, True]], True
    yield "one text of five", [[True] * 4 + [False]], False
    yield "three short texts", rng.random((3, 2)) < 0.6, True


def visible(real, causal):
    T = real.shape[1]
    order = np.tri(T, dtype=bool) if causal else np.ones((T, T), dtype=bool)
    return real[:, None, :] & order


VISIBLE = Function(6, visible, real_tokens, mistakes=[
    ("rows for columns", edit("[:, None, :]", "[:, :, None]"),
     "You have blinded the padding, but nobody may look *at* it. Row t looks, column s is looked at."),
    ("the past hidden", edit("np.tri(T, dtype=bool)", "np.tri(T, dtype=bool).T"),
     "Causal means that nobody looks *ahead*. Your triangle hides what lies behind."),
    ("not even itself", edit("np.tri(T,", "np.tri(T, k=-1,"),
     "A token may look at itself: the diagonal belongs to the triangle."),
    ("padding is seen", edit("real[:, None, :] & order", "np.ones_like(real)[:, None, :] & order"),
     "Padding is visible in yours. Where `real` is False there is no word to look at."),
    ("never causal", edit("if causal", "if False"), "With causal=True the future must be hidden as well."),
    ("padding sees itself", edit("& order", "& order | np.eye(T, dtype=bool)"),
     "Your padding looks at itself. Nobody may look at padding: its whole column is False."),
    ("padding sees nothing", edit("& order", "& order & real[:, :, None]"),
     "You have blinded the padding too. Nobody looks *at* it, but its own rows are like all others."),
    ("always causal", edit("if causal", "if True"), "Without `causal` everybody sees the future as well."),
    ("causal turned round", edit("if causal", "if not causal"),
     "You look at `causal` the wrong way round: when it is True, nobody looks ahead."),
    ("one place ahead", edit("np.tri(T,", "np.tri(T, k=1,"),
     "Everybody sees one place ahead: the answer that is asked for. The diagonal is the last that is seen."),
    ("padding or the past", edit("& order", "| order"),
     "You let in what is real *or* not ahead. Both must hold: `&`."),
    ("padding or the past, when causal", edit("return real[:, None, :] & order",
        "return real[:, None, :] | order if causal else real[:, None, :] & order"),
     "With `causal` you let in what is real *or* not ahead. Both must hold: `&`."),
    ("padding only at the end", edit("real[:, None, :] & order",
        "(np.arange(T) < real.sum(axis=1, keepdims=True))[:, None, :] & order"),
     "You count the real tokens and show that many from the left. Padding may stand anywhere: `real` says "
     "where."),
    ("no padding when causal", edit("return real[:, None, :] & order",
        "return np.broadcast_to(order, (len(real), T, T)) if causal else real[:, None, :] & order"),
     "Padding is hidden in one of the two. With `causal` it is still padding."),
    ("the first text for all",
     edit("real[:, None, :] & order", "real[:1, None, :] & order | (0 * real[:, :, None] > 0)"),
     "All tables are that of the first text. Each has its own padding."),
    ("one row alone", edit("return real[:, None, :] & order",
                           "return real[:, None, :] & order if causal else real[:, None, :]"),
     "Without `causal` there is one row for each text. The table has a row for each token: (B, T, T)."),
    ("numbers to add", edit("return real[:, None, :] & order",
                            "return np.where(real[:, None, :] & order, 0, -np.inf)"),
     "That is what is *added* to the scores. Return True and False."),
    ("the first text alone", edit("real[:, None, :] & order", "real[0, None, :] & order"),
     "That is one table. There is one for each text: (B, T, T)."),
])


def pieces_of_texts(rng):
    h, ids = rng.normal(size=(4, 3, 2)), [[2, 7, 8], [9, 3, 0], [2, 6, 3], [5, 0, 0]]
    yield "two texts, one in three pieces", h, ids, [0, 0, 1, 0]
    yield "pieces in any order", rng.normal(size=(5, 2, 3)), rng.integers(1, 9, (5, 2)), [2, 0, 1, 2, 0]
    ids = [[7, 0, 0, 0], [2, 7, 8, 3], [2, 9, 3, 0]]
    yield "one piece a text", rng.normal(size=(3, 4, 2)) + 3, ids, [2, 0, 1]
    yield "large values in the padding", [[[1.0, -2.0], [3.0, 4.0], [1e6, -1e6]]], [[5, 6, 0]], [0]
    yield "a piece of padding alone", rng.normal(size=(3, 2, 2)), [[4, 5], [0, 0], [6, 0]], [0, 0, 1]


def mean_of_tokens(h, ids, text):
    real = (ids != 0)[:, :, None]
    sums, counts = np.zeros((text.max() + 1, h.shape[2])), np.zeros((text.max() + 1, 1))
    np.add.at(sums, text, np.where(real, h, 0.0).sum(axis=1))
    np.add.at(counts, text, real.sum(axis=1))
    return sums / counts


def add(to, places, values):
    """What np.add.at does, but for places that occur twice."""
    to[places] += values


def mean_of_means(h, ids, text):
    each = mean_of_tokens(h, ids, np.arange(len(text)))
    return np.array([each[text == k].mean(axis=0) for k in range(text.max() + 1)])


POOL = Function(7, mean_of_tokens, pieces_of_texts, mistakes=[
    ("the mean of the pieces' means", mean_of_means,
     "You average the pieces' means. A piece of one token then weighs as much as a full one: how many tokens "
     "stand behind each mean?"),
    ("each piece alone", lambda h, ids, text: mean_of_tokens(h, ids, np.arange(len(text))),
     "You return a vector for each piece. Those of one text belong together: `text` says which."),
    ("the last piece alone", edit("np.add.at(sums, text, np", "add(sums, text, np",
                                  "np.add.at(counts", "add(counts"),
     "Of each text only its last piece is left. `sums[text] += …` reads, adds and writes back once for each "
     "text, not once for each piece: the pieces overwrite one another."),
    ("the last piece's sum by all counts", edit("np.add.at(sums", "add(sums"),
     "The counts are right. Of the sums only each text's last piece is left: `sums[text] += …` does not add "
     "twice to the same place."),
    ("padding counts", edit("(ids != 0)", "(ids >= 0)"),
     "Padding is averaged in: a short text would look like padding. Leave out places with id 0."),
    ("special tokens left out", edit("(ids != 0)", "(ids >= 5)"),
     "You leave ids 1 to 4 out, as the chapter does. Here only id 0 is padding, and every other token "
     "counts."),
    ("divided by all places", edit("text, real.sum(axis=1)", "text, np.full((len(text), 1), h.shape[1])"),
     "The padding adds nothing, but you still divide by all places. Divide by the number of real tokens."),
    ("divided by the number of pieces", edit("text, real.sum(axis=1)", "text, np.ones((len(text), 1))"),
     "You divide by the number of pieces. Divide by the number of real tokens in all of them."),
    ("the sum", edit(" / counts", ""),
     "This is the sum: long texts get long vectors. Divide by the number of real tokens."),
    ("the largest", lambda h, ids, text: np.array([h[text == k][ids[text == k] != 0].max(axis=0)
     for k in range(text.max() + 1)]),
     "You take the largest of each component. Asked for is the mean."),
    ("the first tokens", edit("np.where(real, h, 0.0).sum(axis=1)", "h[:, 0]",
     "text, real.sum(axis=1)", "text, np.ones((len(text), 1))"),
     "You average the first token of each piece. All real tokens count."),
    ("the sum over all counts", edit("/ counts", "/ counts.sum()"),
     "You divide by the tokens of all texts. Each text has its own number."),
    ("as the texts come", lambda h, ids, text: mean_of_tokens(
        h, ids, np.array([list(dict.fromkeys(text.tolist())).index(k) for k in text])),
     "Your rows stand in the order in which texts first occur. Row k belongs to text k."),
    ("sorted numbers", edit("sums, text,", "sums, np.sort(text),", "counts, text,", "counts, np.sort(text),"),
     "You sort `text`, and no longer know whose piece is whose: the pieces stay where they are."),
    ("the padding's vectors", edit("np.where(real, h, 0.0)", "h"),
     "You divide by the right number, but padding's vectors are in the sum."),
    ("as many rows as pieces", edit("text.max() + 1, h", "len(text), h", "text.max() + 1, 1", "len(text), 1"),
     "You make one row for each *piece*. There are as many as texts: `text.max() + 1`."),
], after="A mean of means is a mean only where all groups are equally large.")

FORGETTING = Explain(8, rubric=[
    "names forgetting: large steps on the new task overwrite what pre-training had learned",
    "says why nobody noticed: only the new task was measured",
    "proposes a measurement: the old task's loss before and after fine-tuning",
    "proposes a repair: rehearsal, a frozen body, a copy of the old weights; a smaller rate alone is none",
])


def fine_tunings(rng):
    for name, frozen, lr, decay, steps in [
        ("best half-way", [], 0.2, 0.1, 9),
        ("a frozen body", ["body"], 0.2, 0.1, 9),
        ("each step better than the last", [], 0.1, 0.05, 3),
        ("steps so long that the source stays best", [], 2.5, 0.0, 4),
        ("the first step worse, the second better", [], 1.9, 0.0, 3),
        ("all frozen but a bias", ["body", "head"], 0.3, 0.2, 2),
    ]:
        source = {part: rng.normal(size=n) for part, n in [("body", 4), ("head", 3), ("bias", 1)]}
        goal = {part: w + rng.choice([-2.0, 2.0], w.size) for part, w in source.items()}
        dev = {part: (w + goal[part]) / 2 for part, w in source.items()}
        yield name, source, goal, dev, frozen, lr, decay, steps


def with_slopes(answer, source, gradients, loss, frozen, lr, decay, steps):
    """What `answer` finds, and what has become of the source; goal and dev stand for the two functions."""
    goal, dev = gradients, loss
    weights = {name: part.copy() for name, part in source.items()}

    def slopes(w):
        pull = 0.01 * sum((w[name] - goal[name]).sum() for name in w)  # no part is alone in the loss
        return {name: w[name] - goal[name] + pull for name in w}

    def on_dev(w):
        return float(sum(((w[name] - dev[name]) ** 2).sum() for name in w))

    best = answer(weights, slopes, on_dev, tuple(frozen), lr, decay, steps)
    if best is None:
        return None
    if missing := [name for name in source if name not in best]:
        raise ValueError(f"not all parts come back: {', '.join(missing)} missing")
    return [{name: np.array(best[name]) for name in source}, weights, best is weights]


def symptom(found, source, gradients, loss, frozen, lr, decay, steps):
    """What is still wrong with a fine-tuning, or that nothing is."""
    best, after, itself = found
    right, *_ = with_slopes(fine_tune, source, gradients, loss, frozen, lr, decay, steps)

    def same(one, other, names=source):
        pairs = [(one[name], other[name]) for name in names]
        return all(a.shape == b.shape and np.allclose(a, b) for a, b in pairs)

    if not same(after, source):
        return "the source's own weights have changed"
    if not same(best, source, frozen):
        return "a frozen part has moved"
    if same(best, right):
        return "the source itself, not a new dictionary" if itself else "right"
    if same(right, source):
        return "the source was best, and something else comes back"
    last = {**source}
    for _ in range(steps):
        pull = 0.01 * sum((w - gradients[name]).sum() for name, w in last.items())
        move = {
            name: w - gradients[name] + pull + decay * w for name, w in last.items() if name not in frozen
        }
        last = {name: w - lr * move.get(name, 0 * w) for name, w in last.items()}
    if same(best, last):
        return "the last weights, not the best"
    for slip, text in [(NO_DECAY, "weights that nothing decays"), (RATELESS, "weights that decay otherwise")]:
        met, *_ = with_slopes(
            edit(*slip).applied_to(fine_tune), source, gradients, loss, frozen, lr, decay, steps
        )
        if same(best, met):
            return text
    return "other weights than these steps lead to"


def fine_tune(source, gradients, loss, frozen, lr, decay, steps):
    weights = dict(source)
    best, lowest = dict(weights), loss(weights)
    for _ in range(steps):
        slopes = gradients(weights)
        for name in weights:
            if name not in frozen:
                weights[name] = weights[name] - lr * (slopes[name] + decay * weights[name])
        now = loss(weights)
        if now < lowest:
            best, lowest = dict(weights), now
    return best


ALIAS = ("best, lowest = dict(weights), now", "best, lowest = weights, now",
         "best, lowest = dict(weights), loss", "best, lowest = weights, loss")
IN_PLACE = ("weights[name] = weights[name] - lr *", "weights[name] -= lr *")
NO_DECAY = (" + decay * weights[name]", "")
RATELESS = ("lr * (slopes[name] + decay * weights[name])", "lr * slopes[name] - decay * weights[name]")
DECAYS = ("if name not in frozen:", "if True:", "slopes[name] +", "slopes[name] * (name not in frozen) +")

REPAIR = Function(9, fine_tune, fine_tunings, run=with_slopes, measure=symptom, mistakes=[
    ("the source changes", edit(*ALIAS, *IN_PLACE, *DECAYS),
     "You have trained the source itself. `dict(source)` is a new table of names, and behind the names stand "
     "the same arrays; which line writes into them?"),
    ("frozen parts decay", edit(*DECAYS, *ALIAS),
     "The source stays now. But a frozen part moves although its slope is not used: what else does your step "
     "take away from it?"),
    ("frozen parts decay, and nothing else", edit(*DECAYS),
     "A frozen part moves. Nothing may be taken from it: neither its slope nor the decay."),
    ("the best is the last", edit(*ALIAS),
     "The lowest loss is found, and other weights come back: the last. `best = weights` gives the same table "
     "a second name, and the next step changes it under both."),
    ("never the source", edit("best, lowest = dict(weights), loss(weights)",
                              "best, lowest = dict(weights), np.inf"),
     "Where no step makes it better, the source is the best that was met, and it should come back."),
    ("nothing decays", edit(*NO_DECAY),
     "Frozen parts stay, the source stays. But the others should decay, by lr · decay · w at each step."),
    ("the best of the slopes' steps", edit("now = loss(weights)", "now = -lowest"),
     "The last weights come back only where they are the best: compare each loss with the lowest so far, and "
     "keep that."),
    ("the best is the last, once one was better", edit(*ALIAS[:2]),
     "The lowest loss is found, and the last weights come back: later steps still change what `best` holds. "
     "Keep a copy of each array."),
    ("stops at the first that is worse", edit("best, lowest = dict(weights), now",
     "best, lowest = dict(weights), now\n        else:\n            break"),
     "You stop where the loss rises for the first time. It may fall again: make all `steps` steps, and "
     "keep the lowest of all."),
    ("the last never judged", lambda source, gradients, loss, frozen, lr, decay, steps: fine_tune(
     source, gradients, loss, frozen, lr, decay, steps - 1),
     "The weights after the last step are never judged: ask for their loss as well."),
    ("one step more", edit("range(steps)", "range(steps + 1)"),
     "You meet weights that `steps` steps do not reach: is there one step too many?"),
    ("slopes of the source", edit("    for _ in range(steps):\n        slopes = gradients(weights)\n",
                                  "    slopes = gradients(weights)\n    for _ in range(steps):\n"),
     "After the first step you still use its slopes. Each step asks for those of the weights of now."),
    ("a decay without the rate", edit(*RATELESS),
     "What decays in a step is lr · decay · w. In yours the rate is missing."),
    ("the source itself", edit("best, lowest = dict(weights), loss(weights)",
                               "best, lowest = source, loss(weights)"),
     "Where the source is the best, you hand back the source itself. Whoever trains that on trains the "
     "source: "
     "return a new dictionary."),
    ("slopes of half a step", edit("        for name in weights:\n",
                                   "        for name in weights:\n            slopes = gradients(weights)\n"),
     "You ask for new slopes when some parts have moved and others not. All parts of one step use the slopes "
     "at one place: ask once, before the loop over the names."),
], after="Three times the same question: who else holds this array, and who else changes this weight? Frozen "
         "means that *nothing* moves it: no slope, no decay, no momentum.")

TOPICS, WORDS, COMMON, LENGTH = 5, 40, 30, 12


def library(seed):
    """Texts without a label, ten with one, their topics, 300 new ones, and theirs."""
    rng = np.random.default_rng(seed)
    name = rng.permutation(COMMON + TOPICS * WORDS)
    often = 1 / np.arange(1, COMMON + 1)

    def texts(topics):
        shape = len(topics), LENGTH
        common = rng.choice(COMMON, size=shape, p=often / often.sum())
        own = COMMON + topics[:, None] * WORDS + rng.integers(WORDS, size=shape)
        return name[np.where(rng.random(shape) < 0.35, own, common)]

    unlabelled, topics = texts(rng.integers(TOPICS, size=600)), rng.integers(TOPICS, size=300)
    return unlabelled, texts(np.arange(10) % TOPICS), np.arange(10) % TOPICS, texts(topics), topics


def ten_labels(rng):
    seed = int(rng.integers(10**6))
    texts, labelled, y, new, _ = library(seed)
    yield "a language drawn for you", texts, labelled, y, {"texts": new, "seed": seed}


def without_the_seed(answer, texts, labelled, y, new):
    """What `answer` says of the new texts, and how often it says the same when no word keeps its company.

    For that, the words of `texts` are shuffled among them.
    """
    rest = labelled.copy(), y.copy(), new["texts"].copy()
    mixed = np.random.default_rng(0).permuted(texts.ravel()).reshape(texts.shape)
    topics = answer(texts, labelled, y, new["texts"])
    if topics is None:
        return None
    try:
        return [topics, float(np.mean(np.array(answer(mixed, *rest)) == np.array(topics)))]
    except Exception:  # whatever it is, it comes of the texts
        return [topics, 0.0]


def classified(found, texts, labelled, y, new):
    """Has the bar been reached? Many ways do. If not, have the texts without a label a say?"""
    topics, same = found
    truth = library(new["seed"])[4]
    if wrong := no_classes(topics, len(truth), 5):
        return wrong
    right = np.mean(topics == truth)
    if right >= 0.85:
        return "85 of 100 new texts right"
    if right < 0.12:
        return "worse than guessing"
    if right < 0.45:
        text = "hardly better than guessing one of five"
        return f"{text}, and the same if the words of `texts` are shuffled" if same == 1 else text
    if right >= 0.78:
        return "nearly"
    text = "better than guessing, and far from the bar"
    return f"{text}, and much the same if the words of `texts` are shuffled" if same > 0.9 else text


def by_company(texts, labelled, y, new):
    width = COMMON + TOPICS * WORDS

    def occurs(part):
        return np.array([np.bincount(text, minlength=width) for text in part], dtype=float)

    N = occurs(texts).T @ occurs(texts)
    chance = np.outer(N.sum(axis=1), N.sum(axis=0)) / N.sum()
    P = np.log(np.maximum(N / np.maximum(chance, 1e-9), 1))
    known, asked = occurs(labelled) @ P, occurs(new) @ P
    known = np.array([known[y == k].sum(axis=0) for k in range(TOPICS)])
    known /= np.maximum(np.linalg.norm(known, axis=1, keepdims=True), 1e-9)
    return (asked @ known.T).argmax(axis=1)


def by_counts(texts, labelled, y, new):
    def occurs(part):
        return np.array([np.bincount(text, minlength=COMMON + TOPICS * WORDS) for text in part])

    known = np.array([occurs(labelled[y == k]).sum(axis=0) for k in range(TOPICS)])
    return (occurs(new) @ known.T).argmax(axis=1)


def by_shared_words(texts, labelled, y, new):
    def occurs(part):
        return np.array([np.bincount(text, minlength=COMMON + TOPICS * WORDS) > 0 for text in part])

    rare = np.log(len(texts) / (1 + occurs(texts).sum(axis=0)))
    known = np.array([(rare * occurs(labelled[y == k])).sum(axis=0) for k in range(TOPICS)])
    return (rare * occurs(new) @ known.T).argmax(axis=1)


TRAIN = Function(10, by_company, ten_labels, run=without_the_seed, measure=classified, mistakes=[
    ("common words drown the others", edit("np.log(np.maximum(N / np.maximum(chance, 1e-9), 1))", "N"),
     "Hardly better than a guess. Which words weigh most in your vectors? Print them: words that stand in "
     "every text are the many, and they tell nothing. What would their counts be by chance alone?"),
    ("the ten texts alone", by_counts,
     "Hardly better than a guess, and `texts` has no say: with its words shuffled you answer the same. Of "
     "the topics' words most stand there alone. Which of them stand together more often than by chance?"),
    ("shared words alone", by_shared_words,
     "It is better than a guess, and far from the bar. Ten texts hold a fourth of the topics' words: most "
     "of what a new text says was never labelled. Which words belong together, the 600 others could tell, "
     "and you do not ask: with their words shuffled you answer much the same."),
    ("far, though texts are asked", edit("(asked @ known.T).argmax(axis=1)",
                    "((asked @ known.T).argmax(axis=1) + (np.arange(300) % 3 == 0)) % 5"),
     "Better than a guess, and far from the bar, though `texts` have a say. Do you ask all 600, and the "
     "whole of each? Common words still drown the others, as long as counts are not held against chance."),
    ("the farthest", edit("argmax", "argmin"),
     "Worse than a guess: look at the sign. Is it the nearest topic that you take, or the farthest?"),
    ("nearly", edit("(asked @ known.T).argmax(axis=1)",
                    "((asked @ known.T).argmax(axis=1) + (np.arange(300) % 6 == 0)) % 5"),
     "Nearly. Do all texts without a label help, and the whole of each? Are long vectors allowed to "
     "outweigh short ones? A part of the vectors' directions may be noise."),
    ("likeness for classes", edit(".argmax(axis=1)", ""),
     "You return a number for each topic. Which topic is it: the place of the largest."),
], after="Counts, self-training, a masked language model: each takes the words' company from texts that "
         "nobody labelled. Ten labels then only name what is there.")
