"""BERT and transfer."""

import numpy as np

from nnlearn.exercises import Explain, Function, Misconception, Predict, Value

MASKS = Value(
    id="16.1",
    title="How many marks?",
    points=1,
    reference=60.0,
    rtol=1e-3,
    atol=0.0,
    misconceptions=[
        Misconception("all that are chosen", 75.0, "75 tokens are chosen. Do all of them become `[MASK]`?"),
        Misconception(
            "all tokens", 400.0, "80 % of the *chosen* tokens become `[MASK]`. How many are chosen?"
        ),
        Misconception(
            "all that change", 67.5, "This counts the random tokens too. Asked is for the marks alone."
        ),
        Misconception(
            "what stays or is random", 15.0, "These are the chosen tokens that do *not* become `[MASK]`."
        ),
    ],
)

SOURCE = Predict(
    id="16.2",
    title="Which source?",
    choices=("cats and dogs", "all letters", "vowels"),
    reference="all letters",
    misconceptions=[
        Misconception(
            "the larger pictures",
            "cats and dogs",
            "Fur and ears need other features than strokes. Which source needs what telling digits needs?",
        ),
        Misconception(
            "a handful of classes",
            "vowels",
            "Near, but five classes need few features; the rest is let go. Remember 0 to 4.",
        ),
    ],
    after="Near the target, and with many classes: the source had to keep most of what strokes can tell.",
)

LEFT = Predict(
    id="16.3",
    title="Where one side is enough",
    choices=("the first", "the middle", "the last"),
    reference="the last",
    misconceptions=[
        Misconception(
            "the first", "the first", "Before the first word there is nothing: a causal model sees nothing."
        ),
        Misconception(
            "the middle",
            "the middle",
            "In the middle BERT sees as much again on the right. Where is there nothing on the right?",
        ),
    ],
    after="Behind the last word there is nothing to see: both models have the same to go by.",
)


def draws(rng):
    ids = rng.integers(5, 40, (3, 12))
    ids[:, 0], ids[:, -1] = 2, 3
    ids[2, 8:] = 0
    return {
        "three texts, one of them padded": {
            "ids": ids,
            "draw": rng.random((3, 12)) ** 2,
            "kind": rng.random((3, 12)),
            "other": rng.integers(5, 40, (3, 12)),
        },
        "every ordinary token chosen": {
            "ids": np.array([[2, 9, 8, 7, 6, 5, 11, 3]]),
            "draw": np.zeros((1, 8)),
            "kind": np.array([[0.0, 0.1, 0.79, 0.81, 0.89, 0.91, 0.99, 0.5]]),
            "other": np.array([[20, 21, 22, 23, 24, 25, 26, 27]]),
        },
        "exactly at the limits": {
            "ids": np.array([[2, 9, 8, 7, 5, 5, 4, 3, 30]]),
            "draw": np.array([[0.0, 0.15, 0.149, 0.15, 0.0, 0.1, 0.0, 0.1, 0.14]]),
            "kind": np.array([[0.5, 0.5, 0.8, 0.9, 0.8, 0.9, 0.1, 0.95, 0.85]]),
            "other": np.array([[20, 21, 22, 23, 24, 25, 26, 27, 28]]),
        },
        "nothing chosen": {
            "ids": np.array([[2, 9, 8, 3]]),
            "draw": np.full((1, 4), 0.7),
            "kind": np.full((1, 4), 0.1),
            "other": np.full((1, 4), 20),
        },
    }


def hide(ids, draw, kind, other, share=0.15, special=5, low=0.8, high=0.9):
    chosen = (draw < share) & (ids >= special)
    read = np.where(chosen & (kind < low), 4, ids)
    return np.where(chosen & (kind >= high), other, read), chosen


MASKING = Function(
    id="16.4",
    title="Masking",
    points=3,
    signature="mask_tokens(ids, draw, kind, other)",
    cases=draws,
    reference=hide,
    misconceptions=[
        Misconception(
            "special tokens too",
            lambda ids, draw, kind, other: hide(ids, draw, kind, other, special=0),
            "A special token (id below 5) was chosen. Nobody needs to guess `[CLS]`, `[SEP]` or padding.",
        ),
        Misconception(
            "always a mark",
            lambda ids, draw, kind, other: hide(ids, draw, kind, other, low=2.0, high=3.0),
            "Every chosen token became `[MASK]`. One in ten should be `other`, one in ten should stay.",
        ),
        Misconception(
            "nothing stays",
            lambda ids, draw, kind, other: hide(ids, draw, kind, other, high=0.8),
            "No chosen token stays as it is. From 0.8 to below 0.9 it should.",
        ),
        Misconception(
            "chosen means changed",
            lambda ids, draw, kind, other: (
                hide(ids, draw, kind, other)[0],
                hide(ids, draw, kind, other)[1] & ((kind < 0.8) | (kind >= 0.9)),
            ),
            "The tokens that stay are asked about too: `chosen` must be True there.",
        ),
        Misconception(
            "chosen the wrong way round",
            lambda ids, draw, kind, other: hide(ids, 1 - draw, kind, other, share=0.85),
            "You chose where `draw` is large. A token is chosen where `draw` is *below* 0.15.",
        ),
        Misconception(
            "other and stay swapped",
            lambda ids, draw, kind, other: (
                np.where(
                    hide(ids, draw, kind, other)[1] & (kind >= 0.8),
                    np.where(kind < 0.9, other, ids),
                    hide(ids, draw, kind, other)[0],
                ),
                hide(ids, draw, kind, other)[1],
            ),
            "A chosen token stays from 0.8 to below 0.9, and becomes `other` from 0.9 on: you swapped them.",
        ),
        Misconception(
            "other where nothing is chosen",
            lambda ids, draw, kind, other: (
                np.where(kind >= 0.9, other, hide(ids, draw, kind, other)[0]),
                hide(ids, draw, kind, other)[1],
            ),
            "Tokens that were not chosen became `other`. `kind` counts only where a token is chosen.",
        ),
    ],
)


def questions(rng):
    return {
        "two texts": {
            "logits": rng.normal(size=(2, 4, 6)) * 2,
            "ids": rng.integers(0, 6, (2, 4)),
            "chosen": np.array([[False, True, False, True], [True, False, False, False]]),
        },
        "one gap": {
            "logits": rng.normal(size=(1, 3, 5)),
            "ids": np.array([[4, 0, 2]]),
            "chosen": np.array([[False, False, True]]),
        },
        "one far below the others": {
            "logits": np.array([[[-2000.0, 0.0, 1.0], [1.0, 2.0, -1000.0]]]),
            "ids": np.array([[2, 0]]),
            "chosen": np.array([[True, True]]),
        },
        "sure and wrong": {
            "logits": np.array([[[50.0, 0.0, -50.0], [0.0, 1.0, 3.0]]]),
            "ids": np.array([[2, 1]]),
            "chosen": np.array([[True, True]]),
        },
        "very large logits": {
            "logits": np.array([[[1000.0, 1001.0], [-1000.0, 1000.0], [3.0, 4.0]]]),
            "ids": np.array([[0, 0, 1]]),
            "chosen": np.array([[True, False, True]]),
        },
    }


def surprise(logits):
    top = logits.max(-1, keepdims=True)
    return np.log(np.exp(logits - top).sum(-1, keepdims=True)) + top - logits


def gap_loss(logits, ids, chosen):
    z, x = logits[chosen], ids[chosen]
    return surprise(z)[np.arange(len(x)), x].mean()


def _overflow(logits, ids, chosen):
    with np.errstate(all="ignore"):
        e = np.exp(logits[chosen])
        return -np.log((e / e.sum(-1, keepdims=True))[np.arange(chosen.sum()), ids[chosen]]).mean()


LOSS = Function(
    id="16.5",
    title="The loss at the gaps",
    points=3,
    signature="masked_loss(logits, ids, chosen)",
    cases=questions,
    reference=gap_loss,
    misconceptions=[
        Misconception(
            "all places",
            lambda logits, ids, chosen: gap_loss(logits, ids, np.ones_like(chosen)),
            "This counts the tokens in plain view too. Only the places where `chosen` is True are asked.",
        ),
        Misconception(
            "divided by all places",
            lambda logits, ids, chosen: gap_loss(logits, ids, chosen) * chosen.mean(),
            "The sum is right, but you divided by the number of all places. Divide by the number of gaps.",
        ),
        Misconception(
            "the sum",
            lambda logits, ids, chosen: gap_loss(logits, ids, chosen) * chosen.sum(),
            "This is the sum over the gaps. The loss is their mean, or long texts would weigh more.",
        ),
        Misconception(
            "the other places",
            lambda logits, ids, chosen: gap_loss(logits, ids, ~chosen) if not chosen.all() else 0.0,
            "You asked about exactly the wrong places: those that are *not* chosen.",
        ),
        Misconception(
            "overflow",
            _overflow,
            "Right for small logits, but exp(1000) overflows. Take the largest logit off first (chapter 4).",
        ),
        Misconception(
            "no softmax",
            lambda logits, ids, chosen: -logits[chosen][np.arange(chosen.sum()), ids[chosen]].mean(),
            "That is −z of the right token. The log of the sum over all tokens is missing.",
        ),
    ],
)


def padded(rng):
    return {
        "two texts of different length": {
            "real": np.array([[True, True, True, True], [True, True, False, False]]),
            "causal": False,
        },
        "the same, causal": {
            "real": np.array([[True, True, True, True], [True, True, False, False]]),
            "causal": True,
        },
        "padding in front": {"real": np.array([[False, True, True]]), "causal": True},
        "one text of five": {"real": np.array([[True] * 4 + [False]]), "causal": False},
        "three short texts": {"real": rng.random((3, 2)) < 0.6, "causal": True},
    }


def visible(real, causal):
    B, T = real.shape
    sees = np.broadcast_to(real[:, None, :], (B, T, T))
    return sees & np.tri(T, dtype=bool) if causal else sees.copy()


VISIBLE = Function(
    id="16.6",
    title="Who sees whom",
    points=3,
    signature="visible(real, causal)",
    cases=padded,
    reference=visible,
    misconceptions=[
        Misconception(
            "rows for columns",
            lambda real, causal: (
                np.swapaxes(visible(real, False), 1, 2)
                & (np.tri(real.shape[1], dtype=bool) if causal else True)
            ),
            "You have blinded the padding, but nobody may look *at* it. Row t looks, column s is looked at.",
        ),
        Misconception(
            "the past hidden",
            lambda real, causal: (
                visible(real, False) & (np.tri(real.shape[1], dtype=bool).T if causal else True)
            ),
            "Causal means that nobody looks *ahead*. Your triangle hides what lies behind.",
        ),
        Misconception(
            "not even itself",
            lambda real, causal: (
                visible(real, False) & (np.tri(real.shape[1], k=-1, dtype=bool) if causal else True)
            ),
            "A token may look at itself: the diagonal belongs to the triangle.",
        ),
        Misconception(
            "padding is seen",
            lambda real, causal: visible(np.ones_like(real), causal),
            "Padding is visible in yours. Where `real` is False there is no word to look at.",
        ),
        Misconception(
            "never causal",
            lambda real, causal: visible(real, False),
            "With causal=True the future must be hidden as well.",
        ),
        Misconception(
            "padding sees itself",
            lambda real, causal: visible(real, causal) | np.eye(real.shape[1], dtype=bool),
            "Your padding looks at itself. Nobody may look at padding: its whole column is False.",
        ),
        Misconception(
            "padding sees nothing",
            lambda real, causal: visible(real, causal) & real[:, :, None],
            "You have blinded the padding too. Nobody looks *at* it, but its own rows are like all others.",
        ),
    ],
)


def texts(rng):
    return {
        "two texts of different length": {
            "h": rng.normal(size=(2, 4, 3)),
            "ids": np.array([[2, 7, 8, 3], [2, 9, 3, 0]]),
        },
        "no padding": {"h": rng.normal(size=(3, 2, 5)), "ids": rng.integers(1, 9, (3, 2))},
        "one word": {"h": rng.normal(size=(1, 5, 2)) + 3, "ids": np.array([[7, 0, 0, 0, 0]])},
        "large values in the padding": {
            "h": np.array([[[1.0, -2.0], [3.0, 4.0], [1e6, -1e6]]]),
            "ids": np.array([[5, 6, 0]]),
        },
    }


def pool(h, ids):
    real = (ids != 0)[:, :, None]
    return np.where(real, h, 0.0).sum(1) / real.sum(1)


POOL = Function(
    id="16.7",
    title="One vector for a text",
    points=2,
    signature="mean_of_tokens(h, ids)",
    cases=texts,
    reference=pool,
    misconceptions=[
        Misconception(
            "padding counts",
            lambda h, ids: h.mean(1),
            "Padding is averaged in: a short text would look like padding. Leave out places with id 0.",
        ),
        Misconception(
            "divided by T",
            lambda h, ids: np.where((ids != 0)[:, :, None], h, 0.0).mean(1),
            "The padding adds nothing now, but you still divide by T. Divide by the number of real tokens.",
        ),
        Misconception(
            "the sum",
            lambda h, ids: np.where((ids != 0)[:, :, None], h, 0.0).sum(1),
            "This is the sum: long texts get long vectors. Divide by the number of real tokens.",
        ),
        Misconception(
            "over the texts",
            lambda h, ids: (
                np.where((ids != 0)[:, :, None], h, 0.0).sum(0) / np.maximum((ids != 0).sum(0), 1)[:, None]
            ),
            "You averaged over the texts of the batch. Each text's own tokens are axis 1.",
        ),
    ],
)

FORGETTING = Explain(
    id="16.8",
    title="A specialist by accident",
    points=2,
    rubric=(
        "names forgetting: large steps on the new task overwrite what pre-training had learned",
        "says why nobody noticed: only the new task was measured",
        "proposes a measurement: the old task's loss before and after fine-tuning",
        "proposes a repair: smaller rate, frozen layers or gradual unfreezing, or a copy of the old weights",
    ),
)
