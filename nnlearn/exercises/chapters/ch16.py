import numpy as np

from nnlearn.exercises import Explain, Function, Predict, Value, edit
from nnlearn.exercises.budget import NoLoss

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
    ("no norms in the blocks", TOKENS + PLACES + MATRICES + 4 * 9 * 64 + LAST_NORM,
     "Each block has two norms, and each norm a γ and a β."),
    ("no norms at all", TOKENS + PLACES + MATRICES + 4 * 9 * 64,
     "The norms have parameters too, a γ and a β each: two norms in a block, and one after the last."),
    ("no biases", TOKENS + PLACES + MATRICES + 4 * 4 * 64 + LAST_NORM,
     "Every matrix of a block has a bias, as long as what comes out of it."),
    ("a bias at the exit", TOKENS + 1000 + PLACES + MATRICES + BIASES_AND_NORMS + LAST_NORM,
     "Only matrices of a block have a bias. At the exit there is the table alone."),
    ("blocks alone", MATRICES + BIASES_AND_NORMS,
     "Those are the blocks. What stands before them, and after?"),
], after="Seven in ten are in the blocks. The smallest GPT-2: two in three.")

BITS = Value(3, 3.0 / np.log(2) / 3.6, rtol=0.01, mistakes=[
    ("nats for bits", 3.0 / 3.6, "The loss is in nats, from the natural logarithm. A bit is ln 2 nats."),
    ("the other model", 0.95 / np.log(2), "That is the model of characters. Bring the other one to bits per "
     "character as well: fewer is better."),
    ("per token", 3.0 / np.log(2), "Those are bits per token. A token stands for 3.6 characters."),
    ("multiplies", 3.0 / np.log(2) * 3.6,
     "The bits of a token are shared by its characters: do you divide or multiply?"),
    ("the wrong way to bits", 3.0 * np.log(2) / 3.6, "Nats to bits: divide by ln 2 = 0.69."),
    ("nats, of the other model", 0.95,
     "That is the loss of the model of characters, in nats. Is it the better one? Bring both to bits per "
     "character."),
], after="1.20 against 1.37 bits per character. It counts only because both were judged on the same text: "
         "another text may be easier to guess.")


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


PAIRS = Function(4, pairs, ids_and_lengths, outputs="inputs targets", mistakes=[
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
    ("no answer to the last", edit("(len(ids) - 1) // length", "len(ids) // length"),
     "Where the windows use up all ids, the last place has no answer: one id must be left over."),
    ("an answer made up", edit("(len(ids) - 1) // length", "len(ids) // length", "ids[1 : n * length + 1]",
     "np.append(ids, 0)[1 : n * length + 1]"),
     "Where the windows use up all ids, the last place has no answer, and you make one up. One id must be "
     "left over."),
    ("an answer from the front", edit("(len(ids) - 1) // length", "len(ids) // length",
     "ids[1 : n * length + 1]", "np.roll(ids, -1)[: n * length]"),
     "Where the windows use up all ids, the last place has no answer: `np.roll` gives it the first id of "
     "all. One id must be left over."),
    ("the first ids left out", edit("ids[: n * length]", "ids[(len(ids) - 1) % length :][: n * length]",
     "ids[1 : n * length + 1]", "ids[(len(ids) - 1) % length + 1 :]"),
     "What does not fill a window you leave out at the front. Begin with the first id; what is left over is "
     "at the end."),
    ("shifts all ids by a window", edit("ids[1 : n * length + 1]", "np.roll(ids, -length)[: n * length]"),
     "The target is the next token, not the one a window later."),
    ("one window too few", edit("(len(ids) - 1) // length", "(len(ids) - 1) // length - 1"),
     "The last window that has all its answers is missing."),
    ("too few by rounding", edit("(len(ids) - 1) // length", "len(ids) // length - 1"),
     "You always leave a window out. It is only where nothing is left over that the last one has no answer: "
     "how many windows fit into one id less?"),
    ("a gap between windows", edit(
        "(len(ids) - 1) // length", "len(ids) // (length + 1)",
        "ids[: n * length].reshape(n, length)", "ids[: n * (length + 1)].reshape(n, length + 1)[:, :-1]",
        "ids[1 : n * length + 1].reshape(n, length)", "ids[: n * (length + 1)].reshape(n, length + 1)[:, "
        "1:]"),
     "You cut windows of length + 1, so every (length + 1)-th id is never read. The next window begins "
     "where the last one ends."),
    ("one window a place", lambda ids, length: tuple(
        np.lib.stride_tricks.sliding_window_view(part, length) for part in (ids[:-1], ids[1:])),
     "Your windows overlap: the next one begins one place later. It should begin `length` places later."),
    ("one answer a window", edit("inputs, targets", "inputs, targets[:, -1]"),
     "You ask for one token a window. Every place has a next token: the targets have the shape of the "
     "inputs."),
    ("down the columns", edit(".reshape(n, length)", ".reshape(length, n).T"),
     "You fill column by column. A window is a row of neighbours: `reshape(n, length)`, as it comes."),
    ("two too far", edit("ids[1 : n * length + 1]", "np.roll(ids, -2)[: n * length]"),
     "Your targets come one place too late: the target of a token is the very next one."),
    ("back by one", edit("ids[1 : n * length + 1]", "np.roll(ids, 1)[: n * length]"),
     "`np.roll(ids, 1)` moves to the right: your targets are the tokens *before*."),
    ("the last comes from the front", edit("ids[1 : n * length + 1]", "np.roll(ids[: n * length], -1)"),
     "The very last target is the first id of all, brought round by the roll. Cut after the shift."),
], after="One window teaches as many guesses as it has places.")


def texts_and_pairs(rng):
    yield "twice, apart", [5, 1, 2, 7, 1, 2, 9], [1, 2], 100
    yield "at both ends", [3, 4, 8, 3, 3, 4], [3, 4], 11
    yield "three equal ids in a row", [6, 6, 6, 2], [6, 6], 50
    yield "the pair turned round", [2, 1, 2, 2, 1], [1, 2], 30
    yield "no such pair", [4, 4, 5, 6], [5, 4], 12
    yield "a random text", rng.integers(0, 3, 40), [0, 1], 3
    yield "one id", [7], [7, 7], 8
    yield "ids of two digits", [11, 2, 1, 21, 1, 2], [1, 2], 9
    yield "the new id stands in the pair", [4, 4, 4, 4, 5, 4], [4, 4], 4


def merge(ids, pair, new):
    merged, i = [], 0
    while i < len(ids):
        found = list(ids[i : i + 2]) == list(pair)
        merged.append(new if found else ids[i])
        i += 2 if found else 1
    return np.array(merged)


def starts(ids, pair):
    """True where the pair begins, overlaps and all."""
    return np.append((ids[:-1] == pair[0]) & (ids[1:] == pair[1]), False)


MERGE = Function(5, merge, texts_and_pairs, mistakes=[
    ("only the first", edit("list(pair)", "list(pair) and new not in merged"),
     "You joined the first occurrence and stopped. Join them all."),
    ("keeps the second", edit("2 if found else 1", "1"),
     "The second half of the pair is still there after the new id. Two ids become one: move on by two."),
    ("either order", edit("list(", "sorted("),
     "You join the pair turned round as well. “th” and “ht” are two different pairs."),
    ("joins again", edit("i += 2 if found else 1",
                         "i += 2 if found else 1\n        while list(merged[-2:]) == list(pair):\n"
                         "            merged[-2:] = [new]"),
     "A new id is joined once more. One pass joins only what stood in `ids`, and never what it has just "
     "made."),
    ("as a text", lambda ids, pair, new: np.array([
        int(i) for i in ",".join(map(str, ids)).replace(",".join(map(str, pair)), str(new)).split(",")]),
     "You look for digits in a text: in “11,2” there is a “1,2”. Compare ids."),
    ("every pair for itself", lambda ids, pair, new: np.delete(
        np.where(starts(ids, pair), new, ids), 1 + np.flatnonzero(starts(ids, pair))),
     "You look for all pairs at once, so that in 6 6 6 the middle one belongs to two. From left to right: "
     "what is joined is used up."),
    ("from right to left", edit("merged, i = [], 0", "ids, pair, merged, i = ids[::-1], pair[::-1], [], 0",
                                "np.array(merged)", "np.array(merged[::-1])"),
     "You join from right to left. Of three equal ids in a row, the *first* two are joined."),
    ("the first of the pair alone", edit("list(ids[i : i + 2]) == list(pair)",
                                         "ids[i] == pair[0] and i + 1 < len(ids)"),
     "You look at the first id alone. The second must be `pair[1]`."),
    ("the last id lost", edit("while i < len(ids)", "while i < len(ids) - 1"),
     "The last id is lost where it belongs to no pair."),
    ("not at the end", edit("list(ids[i : i + 2]) == list(pair)",
                            "list(ids[i : i + 2]) == list(pair) and i + 2 < len(ids)"),
     "A pair at the very end is not joined: how far may `i` go?"),
    ("looks beyond the end", edit("list(ids[i : i + 2]) == list(pair)",
                                  "ids[i] == pair[0] and ids[i + 1] == pair[1]"),
     "The last id has no neighbour: there is no `ids[i + 1]`. Look at two ids only where two are left."),
    ("backwards", edit("== list(pair)", "== list(pair[::-1])"),
     "You join the pair turned round: `pair[0]` comes first."),
    ("both replaced", edit("merged.append(new if found else ids[i])",
                           "merged += [new, new] if found else [ids[i]]"),
     "You put the new id in the place of each of the two. Two ids become *one*."),
], after="Applied to each word, for each learned pair in order, this is the whole encoder.")


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
    ("keeps one too few", edit("z >= np.sort", "z > np.sort"),
     "One token too few is left: the k-th largest itself is kept."),
    ("not a softmax", edit("p / p.sum()", "p"),
     "The exponentials do not add up to 1: divide what is kept by its sum."),
    ("in another order", edit("p / p.sum()", "np.sort(p / p.sum())[::-1]"),
     "The right probabilities, but sorted: each belongs at its token's place."),
    ("only what is kept", edit("p / p.sum()", "(p / p.sum())[kept]"),
     "You return the k kept ones. Return V numbers: the others are 0."),
    ("only what is kept, sorted", edit("p / p.sum()", "np.sort((p / p.sum())[kept])[::-1]"),
     "You return the k kept ones, sorted. Return V numbers, each at its token's place: the others are 0."),
    ("divided at the end", edit(" / temperature", "", "p / p.sum()", "p / p.sum() / temperature"),
     "You divide probabilities by the temperature: they no longer add up to 1. Divide the logits."),
    ("by the root",
     edit("/ temperature", "/ temperature**0.5"), "Divide by the temperature, not by its root."),
    ("all alike", edit("np.exp((z - z.max()) / temperature) * kept", "kept * 1.0"),
     "The k kept are as likely as each other in yours. They keep the ratio that the model gave them."),
    ("the largest in size", edit("z >= np.sort(z)[-k]", "abs(z) >= np.sort(abs(z))[-k]"),
     "You keep the logits that are largest without their sign. −4 is an unlikely token."),
])


def probabilities(rng):
    yield "a sure model", [0.02, 0.9, 0.05, 0.03], 0.6
    yield "doubt among many", [0.4, *np.linspace(0.045, 0.055, 12)], 0.53
    yield "random", rng.dirichlet(np.ones(7)), 0.8
    yield "a second likely one", [0.1, 0.6, 0.04, 0.2, 0.06], 0.5
    yield "one that cannot come", [0.1, 0.0, 0.5, 0.25, 0.15], 0.7
    yield "exactly as much as asked for", [0.5, 0.125, 0.375], 0.375
    yield "many unlikely ones", [0.15, 0.1, *np.linspace(0.02, 0.0425, 24)], 0.1
    yield "all", [0.2, 0.5, 0.3], 1.0


def typical(p, enough):
    bits = -np.log2(np.where(p > 0, p, 1e-300))
    order = np.argsort(np.abs(bits - (p * bits).sum()), kind="stable")
    before = np.cumsum(p[order]) - p[order]
    kept = np.where(before[np.argsort(order)] < enough, p, 0)
    return kept / kept.sum()


TYPICAL = Function(7, typical, probabilities, mistakes=[
    ("top-p", edit("np.abs(bits - (p * bits).sum())", "bits"),
     "That is top-p: it begins with the likeliest. Here a token comes the sooner, the nearer its surprise is "
     "to the expected one."),
    ("nearest to the mean of all surprises", edit("(p * bits).sum()", "bits[p > 0].mean()"),
     "The expected surprise is a mean weighted by the probabilities: a token that comes often counts often."),
    ("expected in nats", edit("(p * bits).sum()", "(p * bits).sum() * np.log(2)"),
     "Your H is in nats and your surprises are in bits. Take both to the same base."),
    ("nearest as a probability", edit("np.abs(bits - (p * bits).sum())", "np.abs(p - 2.0 ** -(p * "
     "bits).sum())"),
     "You compare probabilities. Nearest is meant in bits: the distance of the surprises from H."),
    ("one more than needed", edit("before[np.argsort(order)]", "np.append([-1.0], before[:-1])["
     "np.argsort(order)]"),
     "You keep one token more than needed: stop with the one that reaches `enough`."),
    ("farthest first", edit("np.abs(bits", "-np.abs(bits"),
     "You begin with the tokens whose surprise is farthest from the expected one."),
    ("stops before the line", edit("np.cumsum(p[order]) - p[order]", "np.cumsum(p[order])"),
     "What you keep may add up to less than `enough`. Take the token that reaches it, too."),
    ("does not add up", edit(" / kept.sum()", ""), "What is left does not add up to 1."),
    ("leaves them sorted", edit("before[np.argsort(order)]", "before"),
     "The right numbers in the wrong places: whether a token is kept must be decided for that token. "
     "`np.argsort(order)` undoes a sorting."),
    ("zero times infinity", edit("np.where(p > 0, p, 1e-300)", "p"),
     "0 · log 0 is not a number for NumPy, and it spoils the sum. What cannot come adds nothing to H."),
    ("more than enough", edit("before[np.argsort(order)] < enough", "before[np.argsort(order)] <= enough"),
     "You stop only beyond `enough`. Those who *reach* it are enough."),
    ("divided by enough", edit("kept / kept.sum()", "kept / enough"),
     "What is kept adds up to `enough` or more. Divide by what it does add up to."),
    ("in the order of surprise", edit("kept / kept.sum()", "(kept / kept.sum())[order]"),
     "The right numbers, in the order in which they were chosen. Put each back at its token's place."),
    ("only what is kept", edit("kept / kept.sum()", "kept[kept > 0] / kept.sum()"),
     "You return only what is kept. Return V numbers: the others are 0."),
    ("all alike", edit("np.where(before[np.argsort(order)] < enough, p, 0)",
                       "np.where(before[np.argsort(order)] < enough, 1, 0)"),
     "Those kept are as likely as each other in yours. They keep their ratio."),
], after="The likeliest token may go, where all the doubt is among the others. C. Meister and colleagues "
         "(2023) call it locally typical sampling.")


def token_and_cache(rng):
    for name, n, D, E in [("four kept", 4, 3, 2), ("one kept", 1, 6, 6), ("the very first token", 0, 4, 3)]:
        yield name, *(rng.normal(size=shape) for shape in [D, D, E, (n, D), (n, E)])
    far = np.array([[60.0, 1.0], [-60.0, 2.0]])
    v, values = rng.normal(size=3), rng.normal(size=(2, 3))
    yield "scores far apart", np.array([60.0, 0.0]), far[0] / 2, v, far, values


def step(q, k, v, keys, values):
    all_keys, all_values = np.vstack([keys, k]), np.vstack([values, v])
    s = all_keys @ q / np.sqrt(len(q))
    w = np.exp(s - s.max())
    return w / w.sum() @ all_values, all_keys, all_values


CACHE = Function(8, step, token_and_cache, outputs="output keys values", mistakes=[
    ("does not look at itself", edit("= all_keys", "= keys", "@ all_values", "@ values"),
     "The new token does not see itself. A causal mask lets place t look at 0 … t: append first, "
     "then attend."),
    ("forgets", edit(", all_keys, all_values", ", keys, values"),
     "The output is right, but you hand back the old keys and values. The next token would not "
     "find this one."),
    ("never appends", edit("np.vstack([keys, k]), np.vstack([values, v])", "keys, values"),
     "The new key and value are not used at all: append them, attend, and hand both back."),
    ("not in rows", edit("np.vstack([keys, k]), np.vstack([values, v])",
                         "np.concatenate([keys, k]), np.concatenate([values, v])"),
     "`keys` has two axes, `k` has one: make a row of it, `k[None]`, or let `np.vstack` do so."),
    ("all in one row", edit(", all_keys, all_values", ", np.append(keys, k), np.append(values, v)"),
     "`np.append` without an axis makes one long row of everything. Each key is a row: (n + 1, D)."),
    ("no scale", edit(" / np.sqrt(len(q))", ""), "The scores are not divided by √D."),
    ("in front", edit("[keys, k]", "[k, keys]", "[values, v]", "[v, values]"),
     "The new key belongs at the end, in the order of the text."),
    ("divided by D", edit("np.sqrt(len(q))", "len(q)"), "The scores are divided by √D, the root."),
    ("the root of E", edit("np.sqrt(len(q))", "np.sqrt(len(v))"),
     "The scale is that of a product of query and key: √D, their length, not that of a value."),
    ("the root of how many", edit("np.sqrt(len(q))", "np.sqrt(len(all_keys))"),
     "The scale is √D, the root of a query's length. How many tokens there are must not matter to a score."),
    ("times the root", edit("/ np.sqrt(len(q))", "* np.sqrt(len(q))"), "Divide by √D; you multiply."),
    ("no shares", edit("w / w.sum() @", "w @"), "The weights do not add up to 1: divide by their sum."),
    ("all alike", edit("w / w.sum() @ all_values", "all_values.mean(axis=0)"),
     "You take the mean of all values. The query decides who counts how much."),
    ("a sum of values", edit("w / w.sum() @ all_values", "all_values.sum(axis=0)"),
     "You add up all values. They are weighed by the softmax of the scores."),
    ("the best alone", edit("w / w.sum() @ all_values", "all_values[s.argmax()]"),
     "You take the value of the highest score alone. A softmax is softer: all count, by their weights."),
    ("keeps the new alone", edit(", all_keys, all_values", ", all_keys[-1:], all_values[-1:]"),
     "You hand back the new key and value alone. The next token needs all of them."),
    ("drops the oldest", edit(", all_keys, all_values", ", all_keys[1:], all_values[1:]"),
     "You drop the oldest token. The cache grows by one: (n + 1, D)."),
    ("keeps the query", edit("[keys, k]", "[keys, q]"),
     "You keep the query. Later tokens ask, with queries of their own; what they meet is this token's key."),
    ("asks with the key",
     edit("all_keys @ q", "all_keys @ k"), "You ask with the key. Scores are keys · query."),
    ("keys in front", edit("[keys, k]", "[k, keys]"),
     "The new key stands in front, the new value at the end: they no longer belong to one token."),
    ("a residual", edit("@ all_values, all_keys", "@ all_values + v, all_keys"),
     "You add the token's own value once more. A head gives the weighted sum alone."),
    ("the weights", edit("w / w.sum() @ all_values", "w / w.sum()"),
     "Those are the weights. The head's output is the values, weighed by them."),
    ("the output alone", edit("w / w.sum() @ all_values, all_keys, all_values", "w / w.sum() @ all_values"),
     "The output is right. Hand back the keys and the values too, for the next token."),
    ("one long row", edit("np.vstack([keys, k]), np.vstack([values, v])",
                          "np.append(keys, k), np.append(values, v)"),
     "`np.append` makes one long row of all. Add a row: `np.vstack([keys, k])`."),
    ("overflow", edit("s - s.max()", "s"), "Large scores overflow. Subtract the largest first."),
], after="A GPT with a cache computes this for each token it writes, in each head of each block.")

TOO_GOOD = Explain(9, rubric=[
    "says that so low a loss is below what people reach (about one bit) and so must be a mistake",
    "names two causes that fit: no causal mask, targets not shifted, softmax over queries, "
    "or held-out text in the training text",
    "gives a test that tells them apart: change a later token and watch earlier outputs; compare inputs "
    "with targets; generate and read; search for held-out paragraphs in the training text",
])


def heads_and_drafts(rng):
    length, V, D = 28, 12, 8
    for name, wrong in [("a draft that is always right", 0.0), ("right two times in three", 0.33),
                        ("a draft that is always wrong", 1.0)]:
        shapes = {"E": (V, D), "P": (length + 8, D), "QK": (D, D), "U": (D, V)}
        model = {name: rng.normal(size=shape) for name, shape in shapes.items()}
        text = rng.integers(V, size=6)
        written = alone(model, text, length + 6)
        slips = np.arange(len(written)) % 3 == 1 if wrong == 0.33 else np.full(len(written), wrong == 1)
        yield name, model, np.where(slips, (written + 1) % V, written), text, 4, length


def with_a_draft(answer, model, draft, text, n, length):
    """What `answer` writes with a head of attention and a draft, in how many passes, and what they read."""
    passes = []

    def head(tokens, cache):
        passes.append(len(tokens))
        if len(passes) > 4 * length:
            raise RuntimeError(f"{4 * length} passes, and not done")
        rows = []
        for token in tokens:
            cache.append(model["E"][token] + model["P"][len(cache) % len(model["P"])])
            seen = np.array(cache)
            scores = seen @ model["QK"] @ seen[-1]
            weights = np.exp(scores - scores.max())
            rows.append((weights / weights.sum() @ seen + seen[-1]) @ model["U"])
        return np.array(rows)

    def drafted(text, n):
        return [int(token) for token in draft[len(text) : len(text) + n]]

    given = [int(token) for token in text]
    written = answer(head, drafted, given, n, length)
    if written is None:
        return None
    return [np.array(written), len(passes), sum(passes), given == [int(token) for token in text]]


def one_by_one(model, draft, text, n, length):
    cache: list = []
    while len(text) < length:
        text = [*text, int(model(text[len(cache) :], cache)[-1].argmax())]
    return text


def alone(model, text, length):
    """What the model writes without a draft."""
    return with_a_draft(one_by_one, model, text, text, 0, length)[0]


def decode(model, draft, text, n, length):
    cache: list = []
    text = list(text)
    while len(text) < length:
        drafted = draft(text, n)
        z = model(text[len(cache) :] + drafted, cache)
        best = z[-n - 1 :].argmax(axis=1)
        good = 0
        while good < n and drafted[good] == best[good]:
            good += 1
        text += [*drafted[:good], int(best[good])]
        del cache[len(text) - 1 :]
    return text[:length]


def symptom(found, model, draft, text, n, length):
    """What is wrong with a text that was written with a draft, or that nothing is."""
    written, passes, read, left_alone = found
    right, fewest, least, _ = with_a_draft(decode, model, draft, text, n, length)
    if written.shape != right.shape:
        return f"{written.size} tokens, where {length} are asked for"
    if (written != right).any():
        first = (written != right).argmax() == len(text)
        return "wrong from the first new token on" if first else "right at first, and wrong later"
    if passes > fewest:
        slow = passes >= length - len(text)
        return "right, but as slow as one by one" if slow else "right, but too many passes"
    if read > least:
        return f"right, but reads {'a token' if read <= least + passes else 'all'} again in each pass"
    return "right" if left_alone else "right, but the text that it was given is written over"


TWO_FAULTS = ("        del cache[len(text) - 1 :]\n", "", "good < n and", "good < n - 1 and")

REPAIR = Function(10, decode, heads_and_drafts, run=with_a_draft, measure=symptom, mistakes=[
    ("compares with what follows", edit("z[-n - 1 :]", "z[-n:]", *TWO_FAULTS),
     "A row of logits says what comes *after* its token. So the row of the last token of `text` judges the "
     "first drafted one, and you need n + 1 rows: the last one judges nobody and is a free guess."),
    ("the rejected stay, and no free guess", edit(*TWO_FAULTS),
     "The cache still holds keys and values of drafted tokens that were rejected: the model goes on from a "
     "text that nobody wrote. How long may it be, when the last token of `text` has not been read yet?"),
    ("the rejected stay", edit(*TWO_FAULTS[:2]),
     "All tokens of a good draft are kept now, but after a rejected one the cache holds what was not kept. "
     "Cut it to the tokens that have been read and kept."),
    ("no free guess", edit("good < n and", "good < n - 1 and"),
     "The text is right. But where all n drafted tokens are right, the pass yields n, and it could yield "
     "n + 1: look at where the inner loop ends."),
    ("throws the cache away", edit("del cache[len(text) - 1 :]", "cache.clear()"),
     "The text is right, but each pass reads all of it again: forget only what was rejected."),
    ("cuts one too many", edit("[len(text) - 1 :]", "[len(text) - 2 :]"),
     "The text is right, but in each pass you read again a token that had been read and kept: the cache may "
     "hold all but the last token of `text`."),
    ("writes into the text", edit("    text = list(text)\n", ""),
     "The text that you are given is longer afterwards: `+=` and `append` write into the caller's list. "
     "Begin with a copy, `list(text)`."),
    ("one a pass", edit("while good < n and", "while False and"),
     "The text is right, but each pass yields one token: nothing of the draft is used. Count how many "
     "drafted tokens in a row are what the model would have written."),
    ("believes the draft", edit("while good < n and drafted[good] == best[good]", "while good < n"),
     "You keep drafted tokens without judging them. Keep them up to the first that the model would not have "
     "written."),
    ("goes on to the end", edit("return text[:length]", "return text"),
     "The last pass may go beyond `length`. Cut off what is too much."),
    ("the new ones alone", edit("return text[:length]", "return text[6:length]"),
     "You return the new tokens alone. What was given belongs to the text, and counts in `length`."),
    ("no token of its own", edit("[*drafted[:good], int(best[good])]", "drafted[:good] or [int(best[0])]"),
     "The text is right, but each pass gives away a token: the model has judged one place more than it has "
     "accepted, and its own guess there is right in any case."),
], after="A cache must hold the text that was kept, and nothing else. Compare every fast decoder with the "
         "slow one.")


def windows(seed):
    """400 windows to learn from, and 200 new ones."""
    rng = np.random.default_rng(seed)
    lag, ids = int(rng.integers(3, 6)), rng.integers(8, size=(600, 17))
    for t in range(lag, 17):
        ids[:, t] = np.where(rng.random(600) < 0.9, ids[:, t - lag], ids[:, t])
    return ids[:400], ids[400:]


def repeats(rng):
    seed = int(rng.integers(10**6))
    seen, new = windows(seed)
    yield "a text drawn for you", seen[:, :-1], seen[:, 1:], 60, {"X": new[:, :-1], "seed": seed}


def within_budget(answer, X, Y, steps, backward):
    """What the model that `answer` returns says of new windows, and how far it looks into their future.

    The last input holds the place of `backward`, and the new windows without their last tokens, which `bits`
    draws again.
    """
    made = []

    def counted(loss):
        made.append(0)  # not the loss: it would hold all that led to it
        if len(made) > steps:
            raise RuntimeError(f"the budget of {steps} backward passes is used up")
        loss.backward()

    model = answer(X, Y, steps, counted)
    if model is None:
        return None
    if not callable(model):
        raise TypeError("train returns no model that can be called with ids (B, T)")
    changed = backward["X"].copy()
    changed[:, -1] = (changed[:, -1] + 1) % 8
    z = [model(ids) for ids in (backward["X"], changed)]
    z = [np.asarray(each if isinstance(each, np.ndarray) else each.data) for each in z]
    return [z[0], float(np.abs(z[1] - z[0])[:, :-1].max())]


def bits(found, X, Y, steps, backward):
    """Has the bar been reached, on new windows and without their future? Many networks do."""
    z, moved = found
    Y_new = windows(backward["seed"])[1][:, 1:]
    if z.shape != (*Y_new.shape, 8):
        return f"logits of shape {z.shape}"
    if moved > 1e-3:
        return "earlier places move when the last token changes"
    z = z - z.max(axis=-1, keepdims=True)
    guess = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    cost = -np.take_along_axis(guess, Y_new[..., None], axis=-1)[:, 8:].mean() / np.log(2)
    if cost <= 1.1:
        return "at most 1.1 bits a token"
    if not cost < 3.3:
        return "worse than a die"
    return "no better than a die" if cost > 2.7 else "more than 1.1 bits"


def looked_back(X, Y, steps, backward):
    """No network: the bar is compared, and who finds the lag by counting reaches it."""
    for _ in range(steps):
        backward(NoLoss())
    T = X.shape[1]
    lag = max(range(1, 8), key=lambda k: np.mean(Y[:, k - 1 :] == X[:, : T + 1 - k]))

    def model(ids):
        z = np.zeros((*ids.shape, 8))
        z[:, lag - 1 :] = 4.3 * np.eye(8)[ids[:, : T + 1 - lag]]
        return z

    return model


TRAIN = Function(11, looked_back, repeats, run=within_budget, measure=bits,
    allows=("GPT", "AdamW", "cross_entropy"), mistakes=[
    ("no shift", edit("Y[:, k - 1 :] ==", "X[:, k - 1 :] =="),
     "Worse than a die on new text. Three suspects: the target at each place is Y, the token that comes "
     "next, not X; gradients of earlier steps pile up, for want of `zero_grad`; or the steps are so long "
     "that the loss jumps. Print it."),
    ("too short steps", edit("4.3 *", "0.2 *"),
     "After all its steps it is still no better than a die with eight sides. Is `zero_grad` called before "
     "each step? Then print the loss. If it hardly moves, the rate is too small: three times as much, and "
     "again. If it jumps, it is too large."),
    ("not yet enough", edit("4.3 *", "1.5 *"),
     "It has learned something. Is `zero_grad` called before each step? Does the loss still fall when the "
     "steps are used up? Then a larger rate, more windows a step or more heads go further. One at a time."),
    ("sees the future", edit("z[:, lag - 1 :] = 4.3 * np.eye(8)[ids[:, : T + 1 - lag]]",
     "z[:, :-1] = 4.3 * np.eye(8)[ids[:, 1:]]"),
     "Your model looks at the token it is asked for. A GPT has a causal mask: leave it on."),
    ("over budget", edit("range(steps)", "range(steps + 1)"),
     "Every call of `backward` counts. If fewer steps do not suffice, they have to be longer."),
    ("no model", edit("return model", "return model(X)"),
     "Return the trained model itself, not its logits: the check asks it about windows that are new."),
], after="Nine in ten can be known, so 0.7 bits is the floor. Counts of neighbours find nothing here.")
