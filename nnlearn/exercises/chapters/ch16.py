import numpy as np

from nnlearn.exercises import Explain, Function, Predict, Value, edit

NORMS = Predict(1, "less than a millionth", mistakes=[
    ("thinks of pre-norm", "about a seventh",
     "1/√49 is right where norms stand in the branches and nothing divides on the way. "
     "Here each of the 48 norms divides."),
    ("one block only", "about a half",
     "That is left after one block, with its two branches. The next block halves it again."),
], after="(1/√2) to the power 48 is below a ten-millionth. In the branches: 1/√49, a seventh.")

TOKENS, PLACES, LAST_NORM = 1000 * 64, 256 * 64, 2 * 64
MATRICES, BIASES_AND_NORMS = 4 * 12 * 64**2, 4 * 13 * 64  # in the four blocks

SIZE = Value(2, TOKENS + PLACES + MATRICES + BIASES_AND_NORMS + LAST_NORM, mistakes=[
    ("two tables", 2 * TOKENS + PLACES + MATRICES + BIASES_AND_NORMS + LAST_NORM,
     "You counted the table of tokens twice. At the exit the same E is used again."),
    ("no places", TOKENS + MATRICES + BIASES_AND_NORMS + LAST_NORM,
     "The places have a vector each, too: context × width."),
    ("matrices only", TOKENS + PLACES + MATRICES,
     "That is all matrices. Biases and the norms' γ and β are parameters as well."),
    ("no last norm", TOKENS + PLACES + MATRICES + BIASES_AND_NORMS,
     "There is one more norm, after the last block."),
], after="Seven in ten are in the blocks. The smallest GPT-2: two in three.")

BITS = Value(3, 3.0 / np.log(2) / 3.6, rtol=0.01, mistakes=[
    ("nats for bits", 3.0 / 3.6, "The loss is in nats, from the natural logarithm. A bit is ln 2 nats."),
    ("per token", 3.0 / np.log(2), "Those are bits per token. A token stands for 3.6 characters."),
    ("multiplies", 3.0 / np.log(2) * 3.6,
     "The bits of a token are shared by its characters: do you divide or multiply?"),
    ("the wrong way to bits", 3.0 * np.log(2) / 3.6, "Nats to bits: divide by ln 2 = 0.69."),
], after="About 1.2 bits per character: better than our model, whatever its tokens look like.")


def ids_and_lengths(rng):
    yield "ten ids, windows of three", rng.integers(0, 50, 10), 3
    yield "an exact fit", rng.integers(0, 50, 9), 4
    yield "one id too few for another window", rng.integers(0, 50, 12), 4
    yield "windows of one", rng.integers(0, 50, 4), 1


def pairs(ids, length):
    n = (len(ids) - 1) // length
    inputs = ids[: n * length].reshape(n, length)
    targets = ids[1 : n * length + 1].reshape(n, length)
    return inputs, targets


PAIRS = Function(4, pairs, ids_and_lengths, mistakes=[
    ("no shift", edit("inputs, targets", "inputs, inputs"),
     "Inputs and targets are the same. A model learns to repeat what it reads: the loss goes to zero. "
     "Shift by one."),
    ("shifted into the past", edit("inputs, targets", "targets, inputs"),
     "Your model is asked for the token that came before. The target stands one place later than the input."),
    ("shifts by a window", edit("inputs, targets", "inputs, np.roll(inputs, -1, axis=0)"),
     "The target is the next token, not the next window."),
    ("rolls within the window", edit("inputs, targets", "inputs, np.roll(inputs, -1, axis=1)"),
     "The last target of each window is its own first token. It should be the token that follows "
     "the window."),
], after="One window teaches as many guesses as it has places.")


def texts_and_pairs(rng):
    yield "twice, apart", [5, 1, 2, 7, 1, 2, 9], [1, 2], 100
    yield "at both ends", [3, 4, 8, 3, 3, 4], [3, 4], 11
    yield "three equal ids in a row", [6, 6, 6, 2], [6, 6], 50
    yield "the pair turned round", [2, 1, 2, 2, 1], [1, 2], 30
    yield "no such pair", [4, 4, 5, 6], [5, 4], 12
    yield "a random text", rng.integers(0, 3, 40), [0, 1], 3
    yield "one id", [7], [7, 7], 8


def merge(ids, pair, new):
    merged, i = [], 0
    while i < len(ids):
        found = list(ids[i : i + 2]) == list(pair)
        merged.append(new if found else ids[i])
        i += 2 if found else 1
    return np.array(merged)


MERGE = Function(5, merge, texts_and_pairs, mistakes=[
    ("only the first", edit("list(pair)", "list(pair) and new not in merged"),
     "You joined the first occurrence and stopped. Join them all."),
    ("keeps the second", edit("2 if found else 1", "1"),
     "The second half of the pair is still there after the new id. Two ids become one: move on by two."),
    ("either order", edit("list(", "sorted("),
     "You join the pair turned round as well. “th” and “ht” are two different pairs."),
], after="Applied for each learned pair in order, this is the whole encoder.")


def logits(rng):
    yield "three of six", rng.normal(size=6) * 2, 3, 1.0
    yield "hot", rng.normal(size=6), 2, 2.0
    yield "cold", rng.normal(size=5), 4, 0.5
    yield "large logits", [5000.0, 3000.0, 4999.0], 3, 1.5
    yield "all of them", rng.normal(size=4), 4, 0.7
    yield "one", rng.normal(size=5), 1, 3.0


def top_k(z, k, temperature):
    kept = z >= np.sort(z)[-k]
    p = np.exp((z - z.max()) / temperature) * kept
    return p / p.sum()


TOP_K = Function(6, top_k, logits, mistakes=[
    ("does not add up", edit(" * kept", "", "p / p.sum()", "p / p.sum() * kept"),
     "What is left does not add up to 1. Divide by its sum after the cut."),
    ("temperature upside down", edit("/ temperature", "* temperature"),
     "Your high temperature makes it surer. Logits are divided by the temperature, not multiplied."),
    ("temperature on probabilities", lambda z, k, temperature: top_k(top_k(z, len(z), 1.0), k, temperature),
     "You divided probabilities by the temperature and took a softmax of them. Divide the logits."),
    ("temperature without effect", edit(" / temperature", ""),
     "Your temperature has no effect: it must divide the logits, before the exponential."),
    ("cut logits are 0",
     lambda z, k, temperature: top_k(np.where(z >= np.sort(z)[-k], z, 0), len(z), temperature),
     "A logit of 0 still gets e⁰ = 1. What is cut must have a logit of −∞, or probability 0."),
    ("overflow", edit("(z - z.max())", "z"),
     "Large logits overflow. Subtract the largest before the exponential."),
    ("keeps one too many", edit("[-k]", "[-min(k + 1, len(z))]"),
     "One token too many is left: count from the end, the k-th largest is at index −k."),
    ("keeps the least likely", edit("z >= np.sort(z)[-k]", "z <= np.sort(z)[k - 1]"),
     "You keep the k least likely. np.sort puts the smallest first."),
])


def probabilities(rng):
    yield "four tokens", [0.1, 0.5, 0.15, 0.25], 0.7
    yield "many tokens", rng.dirichlet(np.ones(7)), 0.8
    yield "the first is enough", [0.05, 0.9, 0.05], 0.6
    yield "exactly enough", [0.25, 0.125, 0.5, 0.125], 0.75
    yield "all", [0.2, 0.5, 0.3], 1.0


def top_p(p, enough):
    order = np.argsort(-p)
    before = np.cumsum(p[order]) - p[order]
    kept = np.where(before[np.argsort(order)] < enough, p, 0)
    return kept / kept.sum()


TOP_P = Function(7, top_p, probabilities, mistakes=[
    ("drops the one that crosses the line", edit(" - p[order]", "", "< enough", "<= enough"),
     "What you keep does not reach `enough`. The token that crosses the line belongs to it, or a model that "
     "is very sure would have nothing left to say."),
    ("stops before the line", edit(" - p[order]", ""),
     "What you keep adds up to less than `enough`. Take the token that reaches it, too."),
    ("one too many", edit("< enough", "<= enough"),
     "Where the tokens before it reach `enough` exactly, a token is not needed: < instead of ≤."),
    ("does not add up", edit(" / kept.sum()", ""), "What is left does not add up to 1."),
    ("leaves them sorted", lambda p, enough: top_p(-np.sort(-p), enough),
     "The right numbers in the wrong places: each probability must stay with its own token."),
    ("does not sort", edit("np.argsort(-p)", "np.arange(len(p))"),
     "You add up in the order of the vocabulary. Begin with the likeliest."),
], after="A floor under the nucleus: however sure the model, one token is always left.")


def token_and_cache(rng):
    for name, n, D, E in [("four kept", 4, 3, 2), ("one kept", 1, 6, 6), ("the very first token", 0, 4, 3)]:
        yield name, *(rng.normal(size=shape) for shape in [D, D, E, (n, D), (n, E)])


def step(q, k, v, keys, values):
    all_keys, all_values = np.vstack([keys, k]), np.vstack([values, v])
    s = all_keys @ q / np.sqrt(len(q))
    w = np.exp(s - s.max())
    return w / w.sum() @ all_values, all_keys, all_values


CACHE = Function(8, step, token_and_cache, mistakes=[
    ("does not look at itself", edit("= all_keys", "= keys", "@ all_values", "@ values"),
     "The new token does not see itself. A causal mask lets place t look at 0 … t: append first, "
     "then attend."),
    ("forgets", edit(", all_keys, all_values", ", keys, values"),
     "The output is right, but you hand back the old keys and values. The next token would not "
     "find this one."),
    ("never appends", edit("np.vstack([keys, k]), np.vstack([values, v])", "keys, values"),
     "The new key and value are not used at all: append them, attend, and hand both back."),
    ("no scale", edit(" / np.sqrt(len(q))", ""), "The scores are not divided by √D."),
    ("in front", edit("[keys, k]", "[k, keys]", "[values, v]", "[v, values]"),
     "The new key belongs at the end, in the order of the text."),
], after="This is what a chat program computes for each word it writes, in each head of each block.")

TOO_GOOD = Explain(9, rubric=[
    "says that so low a loss is below what people reach (about one bit) and so must be a mistake",
    "names two causes that fit: no causal mask, targets not shifted, softmax over queries, "
    "or held-out text in the training text",
    "gives a test that tells them apart: change a later token and watch earlier outputs; compare inputs "
    "with targets; generate and read; search for held-out paragraphs in the training text",
])
