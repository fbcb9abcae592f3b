"""Transformers and GPT."""

import numpy as np

from nnlearn.exercises import Explain, Function, Misconception, Predict, Value

NORMS = Predict(
    id="15.1",
    title="Norms move onto the stream",
    choices=("about a seventh", "about a half", "less than a millionth"),
    reference="less than a millionth",
    misconceptions=[
        Misconception(
            "thinks of pre-norm",
            "about a seventh",
            "1/√49 is right where norms stand in the branches and nothing divides on the way. "
            "Here each of the 48 norms divides.",
        ),
        Misconception(
            "one block only",
            "about a half",
            "That is left after one block, with its two branches. The next block halves it again.",
        ),
    ],
    after="(1/√2) to the power 48 is below a ten-millionth. In the branches: 1/√49, a seventh.",
)

SIZE = Value(
    id="15.2",
    title="How many parameters?",
    points=2,
    reference=1000 * 64 + 256 * 64 + 4 * (12 * 64**2 + 13 * 64) + 2 * 64,
    misconceptions=[
        Misconception(
            "two tables",
            2 * 1000 * 64 + 256 * 64 + 4 * (12 * 64**2 + 13 * 64) + 2 * 64,
            "You counted the table of tokens twice. At the exit the same E is used again.",
        ),
        Misconception(
            "no places",
            1000 * 64 + 4 * (12 * 64**2 + 13 * 64) + 2 * 64,
            "The places have a vector each, too: context × width.",
        ),
        Misconception(
            "matrices only",
            1000 * 64 + 256 * 64 + 4 * 12 * 64**2,
            "That is all matrices. Biases and the norms' γ and β are parameters as well.",
        ),
        Misconception(
            "no last norm",
            1000 * 64 + 256 * 64 + 4 * (12 * 64**2 + 13 * 64),
            "There is one more norm, after the last block.",
        ),
    ],
    after="Seven in ten are in the blocks. The smallest GPT-2: two in three.",
)

BITS = Value(
    id="15.3",
    title="Which one is better?",
    points=2,
    reference=3.0 / np.log(2) / 3.6,
    rtol=0.01,
    misconceptions=[
        Misconception(
            "nats for bits", 3.0 / 3.6, "The loss is in nats, from the natural logarithm. A bit is ln 2 nats."
        ),
        Misconception(
            "per token", 3.0 / np.log(2), "Those are bits per token. A token stands for 3.6 characters."
        ),
        Misconception(
            "multiplies",
            3.0 / np.log(2) * 3.6,
            "The bits of a token are shared by its characters: do you divide or multiply?",
        ),
        Misconception("the wrong way to bits", 3.0 * np.log(2) / 3.6, "Nats to bits: divide by ln 2 = 0.69."),
    ],
    after="About 1.2 bits per character: better than our model, whatever its tokens look like.",
)


def pair_cases(rng):
    return {
        "ten ids, windows of three": {"ids": rng.integers(0, 50, 10), "length": 3},
        "an exact fit": {"ids": rng.integers(0, 50, 9), "length": 4},
        "one id too few for another window": {"ids": rng.integers(0, 50, 12), "length": 4},
        "windows of one": {"ids": rng.integers(0, 50, 4), "length": 1},
    }


def _pairs(ids, length):
    n = (len(ids) - 1) // length
    return ids[: n * length].reshape(n, length), ids[1 : n * length + 1].reshape(n, length)


PAIRS = Function(
    id="15.4",
    title="What is asked, what is answered",
    points=2,
    signature="pairs(ids, length)",
    cases=pair_cases,
    reference=_pairs,
    misconceptions=[
        Misconception(
            "no shift",
            lambda ids, length: (_pairs(ids, length)[0], _pairs(ids, length)[0]),
            "Inputs and targets are the same. A model learns to repeat what it reads: the loss goes "
            "to zero. Shift by one.",
        ),
        Misconception(
            "shifted into the past",
            lambda ids, length: _pairs(ids, length)[::-1],
            "Your model is asked for the token that came before. The target stands "
            "one place later than the input.",
        ),
        Misconception(
            "shifts by a window",
            lambda ids, length: (_pairs(ids, length)[0], np.roll(_pairs(ids, length)[0], -1, axis=0)),
            "The target is the next token, not the next window.",
        ),
        Misconception(
            "rolls within the window",
            lambda ids, length: (_pairs(ids, length)[0], np.roll(_pairs(ids, length)[0], -1, axis=1)),
            "The last target of each window is its own first token. It should be the token that "
            "follows the window.",
        ),
    ],
    after="One window teaches as many guesses as it has places.",
)


def merge_cases(rng):
    return {
        "twice, apart": {"ids": np.array([5, 1, 2, 7, 1, 2, 9]), "pair": np.array([1, 2]), "new": 100},
        "at both ends": {"ids": np.array([3, 4, 8, 3, 3, 4]), "pair": np.array([3, 4]), "new": 11},
        "three equal ids in a row": {"ids": np.array([6, 6, 6, 2]), "pair": np.array([6, 6]), "new": 50},
        "the pair turned round": {"ids": np.array([2, 1, 2, 2, 1]), "pair": np.array([1, 2]), "new": 30},
        "no such pair": {"ids": np.array([4, 4, 5, 6]), "pair": np.array([5, 4]), "new": 12},
        "a random text": {"ids": rng.integers(0, 3, 40), "pair": np.array([0, 1]), "new": 3},
        "one id": {"ids": np.array([7]), "pair": np.array([7, 7]), "new": 8},
    }


def _merge(ids, pair, new):
    out, i = [], 0
    while i < len(ids):
        if i + 1 < len(ids) and ids[i] == pair[0] and ids[i + 1] == pair[1]:
            out.append(new)
            i += 2
        else:
            out.append(ids[i])
            i += 1
    return np.array(out)


def _merge_first(ids, pair, new):
    for i in range(len(ids) - 1):
        if ids[i] == pair[0] and ids[i + 1] == pair[1]:
            return np.concatenate([ids[:i], [new], ids[i + 2 :]])
    return np.array(ids)


def _merge_keeping(ids, pair, new):
    out = []
    for i in range(len(ids)):
        hit = i + 1 < len(ids) and ids[i] == pair[0] and ids[i + 1] == pair[1]
        out.append(new if hit else ids[i])
    return np.array(out)


def _merge_any_order(ids, pair, new):
    out, i = [], 0
    while i < len(ids):
        if i + 1 < len(ids) and sorted(ids[i : i + 2]) == sorted(pair):
            out.append(new)
            i += 2
        else:
            out.append(ids[i])
            i += 1
    return np.array(out)


MERGE = Function(
    id="15.5",
    title="One merge",
    points=3,
    signature="merge(ids, pair, new)",
    cases=merge_cases,
    reference=_merge,
    misconceptions=[
        Misconception(
            "only the first", _merge_first, "You joined the first occurrence and stopped. Join them all."
        ),
        Misconception(
            "keeps the second",
            _merge_keeping,
            "The second half of the pair is still there after the new id. Two ids become one: "
            "move on by two.",
        ),
        Misconception(
            "either order",
            _merge_any_order,
            "You join the pair turned round as well. “th” and “ht” are two different pairs.",
        ),
    ],
    after="Applied for each learned pair in order, this is the whole encoder.",
)


def top_k_cases(rng):
    return {
        "three of six": {"z": rng.normal(size=6) * 2, "k": 3, "temperature": 1.0},
        "hot": {"z": rng.normal(size=6), "k": 2, "temperature": 2.0},
        "cold": {"z": rng.normal(size=5), "k": 4, "temperature": 0.5},
        "large logits": {"z": np.array([5000.0, 3000.0, 4999.0]), "k": 3, "temperature": 1.5},
        "all of them": {"z": rng.normal(size=4), "k": 4, "temperature": 0.7},
        "one": {"z": rng.normal(size=5), "k": 1, "temperature": 3.0},
    }


def _softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()


def _top_k(z, k, temperature):
    kept = z >= np.sort(z)[-k]
    e = np.exp((z - z.max()) / temperature) * kept
    return e / e.sum()


def _uncut(z, k, temperature):
    return _softmax(z / temperature) * (z >= np.sort(z)[-k])


def _overflow(z, k, temperature):
    with np.errstate(over="ignore", invalid="ignore"):
        e = np.exp(z / temperature) * (z >= np.sort(z)[-k])
        return e / e.sum()


def _bottom_k(z, k, temperature):
    kept = z <= np.sort(z)[k - 1]
    e = np.exp((z - z[kept].max()) / temperature, where=kept, out=np.zeros_like(z))
    return e / e.sum()


TOP_K = Function(
    id="15.6",
    title="Temperature and top-k",
    points=3,
    signature="top_k(z, k, temperature)",
    cases=top_k_cases,
    reference=_top_k,
    misconceptions=[
        Misconception(
            "does not add up", _uncut, "What is left does not add up to 1. Divide by its sum after the cut."
        ),
        Misconception(
            "temperature upside down",
            lambda z, k, temperature: _top_k(z, k, 1 / temperature),
            "Your high temperature makes it surer. Logits are divided by the temperature, not multiplied.",
        ),
        Misconception(
            "temperature on probabilities",
            lambda z, k, temperature: _top_k(_softmax(z), k, temperature),
            "You divided probabilities by the temperature and took a softmax of them. Divide the logits.",
        ),
        Misconception(
            "temperature without effect",
            lambda z, k, temperature: _top_k(z, k, 1.0),
            "Your temperature has no effect: it must divide the logits, before the exponential.",
        ),
        Misconception(
            "cut logits are 0",
            lambda z, k, temperature: _softmax(np.where(z >= np.sort(z)[-k], z, 0) / temperature),
            "A logit of 0 still gets e⁰ = 1. What is cut must have a logit of −∞, or probability 0.",
        ),
        Misconception(
            "overflow", _overflow, "Large logits overflow. Subtract the largest before the exponential."
        ),
        Misconception(
            "keeps one too many",
            lambda z, k, temperature: _top_k(z, min(k + 1, len(z)), temperature),
            "One token too many is left: count from the end, the k-th largest is at index −k.",
        ),
        Misconception(
            "keeps the least likely",
            _bottom_k,
            "You keep the k least likely. np.sort puts the smallest first.",
        ),
    ],
)


def top_p_cases(rng):
    p = rng.dirichlet(np.ones(7))
    return {
        "four tokens": {"p": np.array([0.1, 0.5, 0.15, 0.25]), "enough": 0.7},
        "many tokens": {"p": p, "enough": 0.8},
        "the first is enough": {"p": np.array([0.05, 0.9, 0.05]), "enough": 0.6},
        "exactly enough": {"p": np.array([0.25, 0.125, 0.5, 0.125]), "enough": 0.75},
        "all": {"p": np.array([0.2, 0.5, 0.3]), "enough": 1.0},
    }


def _top_p(p, enough):
    order = np.argsort(-p)
    before = np.cumsum(p[order]) - p[order]
    kept = np.where(before[np.argsort(order)] < enough, p, 0)
    return kept / kept.sum()


def _top_p_short(p, enough, reaches=np.less_equal):
    order = np.argsort(-p)
    kept = np.where(reaches(np.cumsum(p[order]), enough)[np.argsort(order)], p, 0)
    with np.errstate(invalid="ignore"):
        return kept / kept.sum()


def _top_p_long(p, enough):
    order = np.argsort(-p)
    before = np.cumsum(p[order]) - p[order]
    kept = np.where(before[np.argsort(order)] <= enough, p, 0)
    return kept / kept.sum()


def _top_p_raw(p, enough):
    order = np.argsort(-p)
    before = np.cumsum(p[order]) - p[order]
    return np.where(before[np.argsort(order)] < enough, p, 0)


def _top_p_sorted(p, enough):
    p = -np.sort(-p)
    kept = np.where(np.cumsum(p) - p < enough, p, 0)
    return kept / kept.sum()


def _top_p_in_place(p, enough):
    kept = np.where(np.cumsum(p) - p < enough, p, 0)
    return kept / kept.sum()


TOP_P = Function(
    id="15.7",
    title="Top-p",
    points=4,
    signature="top_p(p, enough)",
    cases=top_p_cases,
    reference=_top_p,
    misconceptions=[
        Misconception(
            "drops the one that crosses the line",
            _top_p_short,
            "What you keep does not reach `enough`. The token that crosses the line belongs to it, or "
            "a model that is very sure would have nothing left to say.",
        ),
        Misconception(
            "stops before the line",
            lambda p, enough: _top_p_short(p, enough, np.less),
            "What you keep adds up to less than `enough`. Take the token that reaches it, too.",
        ),
        Misconception(
            "one too many",
            _top_p_long,
            "Where the tokens before it reach `enough` exactly, a token is not needed: < instead of ≤.",
        ),
        Misconception("does not add up", _top_p_raw, "What is left does not add up to 1."),
        Misconception(
            "leaves them sorted",
            _top_p_sorted,
            "The right numbers in the wrong places: each probability must stay with its own token.",
        ),
        Misconception(
            "does not sort",
            _top_p_in_place,
            "You add up in the order of the vocabulary. Begin with the likeliest.",
        ),
    ],
    after="A floor under the nucleus: however sure the model, one token is always left.",
)


def cache_cases(rng):
    def case(n, D, E):
        return {
            "q": rng.normal(size=D), "k": rng.normal(size=D), "v": rng.normal(size=E),
            "keys": rng.normal(size=(n, D)), "values": rng.normal(size=(n, E)),
        }  # fmt: skip

    return {"four kept": case(4, 3, 2), "one kept": case(1, 6, 6), "the very first token": case(0, 4, 3)}


def _attend(q, keys, values, scale=True):
    s = keys @ q / (np.sqrt(len(q)) if scale else 1)
    e = np.exp(s - s.max())
    return e / e.sum() @ values


def _step(q, k, v, keys, values):
    keys, values = np.vstack([keys, k]), np.vstack([values, v])
    return _attend(q, keys, values), keys, values


def _blind(q, k, v, keys, values):
    return _attend(q, keys, values), np.vstack([keys, k]), np.vstack([values, v])


def _forgetful(q, k, v, keys, values):
    return _step(q, k, v, keys, values)[0], keys, values


def _unchanged(q, k, v, keys, values):
    return _attend(q, keys, values), keys, values


def _unscaled(q, k, v, keys, values):
    _, keys, values = _step(q, k, v, keys, values)
    return _attend(q, keys, values, scale=False), keys, values


def _in_front(q, k, v, keys, values):
    return _step(q, k, v, keys, values)[0], np.vstack([k, keys]), np.vstack([v, values])


CACHE = Function(
    id="15.8",
    title="One new token, and what was kept",
    points=4,
    signature="step(q, k, v, keys, values)",
    cases=cache_cases,
    reference=_step,
    misconceptions=[
        Misconception(
            "does not look at itself",
            _blind,
            "The new token does not see itself. A causal mask lets place t look at 0 … t: "
            "append first, then attend.",
        ),
        Misconception(
            "forgets",
            _forgetful,
            "The output is right, but you hand back the old keys and values. The next token "
            "would not find this one.",
        ),
        Misconception(
            "never appends",
            _unchanged,
            "The new key and value are not used at all: append them, attend, and hand both back.",
        ),
        Misconception("no scale", _unscaled, "The scores are not divided by √D."),
        Misconception("in front", _in_front, "The new key belongs at the end, in the order of the text."),
    ],
    after="This is what a chat program computes for each word it writes, in each head of each block.",
)

TOO_GOOD = Explain(
    id="15.9",
    title="Too good",
    points=3,
    rubric=(
        "says that so low a loss is below what people reach (about one bit) and so must be a mistake",
        "names two causes that fit: no causal mask, targets not shifted, softmax over queries, "
        "or held-out text in the training text",
        "gives a test that tells them apart: change a later token and watch earlier outputs; compare inputs "
        "with targets; generate and read; search for held-out paragraphs in the training text",
    ),
)
