import numpy as np

from nnlearn.exercises import Explain, Function, Predict, Value, edit

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


MASKING = Function(4, mask_tokens, texts_and_draws, mistakes=[
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
])


def vectors_and_ids(rng):
    yield "two texts of different length", rng.normal(size=(2, 4, 3)), [[2, 7, 8, 3], [2, 9, 3, 0]]
    yield "no padding", rng.normal(size=(3, 2, 5)), rng.integers(1, 9, (3, 2))
    yield "one word", rng.normal(size=(1, 5, 2)) + 3, [[7, 0, 0, 0, 0]]
    yield "large values in the padding", [[[1.0, -2.0], [3.0, 4.0], [1e6, -1e6]]], [[5, 6, 0]]


def mean_of_tokens(h, ids):
    real = (ids != 0)[:, :, None]
    return np.where(real, h, 0.0).sum(axis=1) / real.sum(axis=1)


POOL = Function(7, mean_of_tokens, vectors_and_ids, mistakes=[
    ("padding counts", lambda h, ids: h.mean(axis=1),
     "Padding is averaged in: a short text would look like padding. Leave out places with id 0."),
    ("divided by T", edit("real.sum(axis=1)", "h.shape[1]"),
     "The padding adds nothing now, but you still divide by T. Divide by the number of real tokens."),
    ("the sum", edit(" / real.sum(axis=1)", ""),
     "This is the sum: long texts get long vectors. Divide by the number of real tokens."),
    ("over the texts", edit("/ real.sum(axis=1)", "/ np.maximum(real.sum(axis=0), 1)", "axis=1", "axis=0"),
     "You averaged over the texts of the batch. Each text's own tokens are axis 1."),
])

FORGETTING = Explain(8, rubric=[
    "names forgetting: large steps on the new task overwrite what pre-training had learned",
    "says why nobody noticed: only the new task was measured",
    "proposes a measurement: the old task's loss before and after fine-tuning",
    "proposes a repair: rehearsal, a frozen body, a copy of the old weights; a smaller rate alone is none",
])
