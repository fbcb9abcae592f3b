import numpy as np

from nnlearn.exercises import Explain, Function, Predict, Value, edit
from nnlearn.exercises.budget import NoLoss, within_budget

BOTH_ZERO = Predict(1, "it stays at zero", mistakes=[
    ("learns", "it learns as usual",
     "The slope of each factor contains the other factor. What is it when both are zero?"),
    ("slowly", "it learns, but slowly",
     "Not even slowly: write down ∂L/∂A and ∂L/∂B, and put in A = 0 and B = 0."),
], after="Each factor's slope is a product with the other one. One of them has to begin elsewhere.")

BY_HAND = Value(2, (0.731, 0.313), rtol=0.01, mistakes=[
    ("no reference", (0.818, 0.201),
     "You compared the two answers themselves, and without β. What counts is β times how much each has "
     "*changed* from the reference."),
    ("no reference, beta", (0.679, 0.387),
     "You compared the two answers themselves. What counts is how much each has *changed* from the "
     "reference."),
    ("no beta", (0.881, 0.127), "The changes differ by 2. Multiply that by β before you take σ."),
    ("sign", (0.269, 1.313),
     "The chosen answer has become likelier and the rejected one less likely: σ is above 1/2."),
    ("bits", (0.731, 0.452), "The loss is a natural logarithm."),
    ("base 10", (0.731, 0.136), "That is a logarithm to the base 10. The loss is a natural one."),
    ("the other one's reference", (0.622, 0.474),
     "Each answer is compared with its own probability under the reference."),
    ("changes added", (0.438, 0.826),
     "The change of the rejected answer is *subtracted*: 0.75 less −1.25."),
    ("the chosen one alone", (0.593, 0.523), "The rejected answer has changed as well: −6 after −4.75."),
    ("no minus", (0.731, -0.313), "That is ln σ, which is negative. The loss is −ln σ."),
    ("exchanged", (0.313, 0.731), "First the probability, then the loss."),
])


def sets_of_adapters(rng):
    def adapter(n_out, n_in, r, alpha):
        return rng.normal(size=(r, n_in)), rng.normal(size=(n_out, r)), alpha

    yield "two adapters of different rank", rng.normal(size=(5, 4)), [
        adapter(5, 4, 2, 4.0), adapter(5, 4, 1, 3.0)], np.array([1.0, 0.3])
    yield "one adapter", rng.normal(size=(3, 6)), [adapter(3, 6, 3, 1.0)], np.array([1.0])
    yield "none", rng.normal(size=(2, 3)), [], np.zeros(0)
    yield "one taken away", rng.normal(size=(4, 4)), [
        adapter(4, 4, 2, 2.0), adapter(4, 4, 2, 5.0)], np.array([-1.0, 2.0])


def added(W, adapters, shares):
    W = W.copy()
    for (A, B, alpha), share in zip(adapters, shares, strict=True):
        W += share * alpha / len(A) * (B @ A)
    return W


ADDED = Function(3, added, sets_of_adapters, lists=True, mistakes=[
    ("shares squared", edit("share * alpha", "share**2 * alpha"),
     "The share comes in twice, with A and with B. It counts once."),
    ("the last one alone", edit("    W = W.copy()\n", "    first = W\n", "W += share", "W = first + share"),
     "You begin with W again for each adapter, so that the last one alone is left. Add them one to another."),
    ("no α", edit("share * alpha / len(A)", "share / len(A)"), "α is missing: the scale is α / r."),
    ("the first rank for all", edit("/ len(A)", "/ len(adapters[0][0])"),
     "You divide by the rank of the first adapter. Each has its own: `len(A)`."),
    ("the inputs for the rank", edit("/ len(A)", "/ A.shape[1]"),
     "You divide by the number of inputs. The rank is the number of A's rows: A is (r, n_in)."),
    ("the root of the rank", edit("/ len(A)", "/ len(A) ** 0.5"),
     "You divide by the root of the rank. The scale is α / r."),
    ("no scale", edit("share * alpha / len(A)", "share"),
     "The update is scaled by α / r, and r is the number of rows of A."),
    ("alpha alone", edit(" / len(A)", ""), "The scale is α / r: divide by the rank."),
    ("wrong rank", edit("len(A)", "len(B)"),
     "The rank is the size that A and B share: A has r rows, B has r columns."),
    ("no shares", edit("share * alpha", "alpha"), "Each adapter counts with its share."),
    ("the other way round", edit("(B @ A)", "(A.T @ B.T)"),
     "In this library y = W x: the update is B A, (n_out, n_in) like W."),
    ("a share of W, too", edit("W += share * alpha / len(A) * (B @ A)",
     "W = share * (W + alpha / len(A) * (B @ A))"),
     "The share belongs to the update. W stays whole."),
    ("a weighted mean", edit("share * alpha", "share / sum(shares) * alpha"),
     "Shares are taken as they are: they need not add up to 1."),
    ("a mean over adapters", edit("share * alpha", "share / len(adapters) * alpha"),
     "Updates are added, not averaged over the adapters."),
    ("in place", edit("W = W.copy()", "pass"), "The matrix you were given has changed. Return a new one."),
    ("the update alone", edit("W = W.copy()", "W = 0 * W"),
     "The updates are right. They are to be added to W."),
])


def conversations(rng):
    ids = rng.integers(1, 50, (3, 8))
    speaker = rng.integers(0, 2, (3, 8))
    ids[1, 5:] = 0
    yield "three conversations, one shorter", ids, speaker, 0
    yield "two turns", np.array([[5, 6, 7, 8, 9, 3]]), np.array([[0, 0, 1, 1, 0, 1]]), 0
    yield "the assistant begins", np.array([[5, 6, 7]]), np.array([[1, 1, 0]]), 0
    yield "padding has another number", np.array([[2, 0, 4, 9, 9]]), np.array([[0, 1, 1, 1, 1]]), 9
    yield "nothing to learn", np.array([[1, 2, 3]]), np.array([[0, 0, 0]]), 0


def targets(ids, speaker, pad):
    learn = (speaker[:, 1:] == 1) & (ids[:, 1:] != pad)
    return np.where(learn, ids[:, 1:], -100)


TARGETS = Function(4, targets, conversations, mistakes=[
    ("NaN for nothing", edit("-100", "np.nan"), "What is left out is marked by −100, not by NaN."),
    ("what is read", lambda ids, speaker, pad: np.where((speaker == 1) & (ids != pad), ids, -100)[:, :-1],
     "Your target is the token that is read. It is the *next* one: `ids[:, 1:]`, and its speaker."),
    ("another sign for nothing", edit("-100", "-1"),
     "What is left out is marked by −100: −1 would not be recognised by PyTorch's loss."),
    ("the first answer alone", lambda ids, speaker, pad: (
        lambda learn: np.where(learn & ~(np.cumsum(~learn & (np.cumsum(learn, axis=1) > 0), axis=1) > 0),
                               ids[:, 1:], -100)
     )((speaker[:, 1:] == 1) & (ids[:, 1:] != pad)),
     "You stop after the assistant's first turn. Every turn of the assistant is learned."),
    ("all of the mask by what is read", edit("(speaker[:, 1:] == 1) & (ids[:, 1:] != pad)",
     "(speaker[:, :-1] == 1) & (ids[:, :-1] != pad)"),
     "Your mask looks at the token that is read. Ask of the one that is *predicted*, both who speaks it and "
     "whether it is padding."),
    ("mask not moved", edit("speaker[:, 1:] == 1", "speaker[:, :-1] == 1"),
     "Ask who speaks the token that is *predicted*, not the token that is read. Your mask is one place too "
     "late."),
    ("targets not moved", edit("np.where(learn, ids[:, 1:], -100)", "np.where(learn, ids[:, :-1], -100)"),
     "At each place the target is the *next* token."),
    ("padding learned", edit(" & (ids[:, 1:] != pad)", ""), "Padding is nobody's answer: it gets −100, too."),
    ("the user learned", edit("speaker[:, 1:] == 1", "speaker[:, 1:] == 0"),
     "You kept what the user says. The assistant is speaker 1."),
    ("zero for nothing", edit("-100)", "0)"),
     "0 is a token. Where nothing is learned stands −100, as PyTorch's loss expects."),
    ("padding by what is read", edit("ids[:, 1:] != pad", "ids[:, :-1] != pad"),
     "It is the token *predicted* that must not be padding: the first pad follows a word that was said."),
    ("the first word is left out", edit("(speaker[:, 1:] == 1)",
     "(speaker[:, 1:] == 1) & (speaker[:, :-1] == 1)"),
     "The assistant's first token is learned as well, though the user spoke before it."),
    ("padding for nothing", edit("-100)", "pad)"), "Where nothing is learned stands −100, not the padding."),
    ("pad is zero", edit("ids[:, 1:] != pad", "ids[:, 1:] != 0"),
     "The number of padding is given: it need not be 0."),
])


def pairs(rng):
    yield "a batch", *rng.normal(-5, 2, (4, 6)), 0.5
    yield "one pair", *rng.normal(-3, 1, (4, 1)), 0.1
    yield "nothing has moved", *np.tile(np.array([-2.0, -7.0]), (4, 1)), 1.0
    same = np.array([-4.0, -4.0, -4.0])
    yield "the rejected have fallen", same, same - 3, same, same, 0.25
    high, low, zero = np.array([0.0, -900.0]), np.array([-900.0, 0.0]), np.zeros(2)
    yield "very sure, and very wrong", high, low, zero, zero, 1.0


def mended(chosen, rejected, ref_chosen, ref_rejected, beta):
    margin = beta * ((chosen - ref_chosen) - (rejected - ref_rejected))
    return np.logaddexp(0, -margin).mean()


REPAIR = Function(5, mended, pairs, mistakes=[
    ("ratios", edit("(chosen - ref_chosen) - (rejected - ref_rejected)",
                    "chosen / ref_chosen - rejected / ref_rejected"),
     "You divide logarithms. The logarithm of a ratio is their *difference*."),
    ("a bracket missing", edit("beta * ((chosen - ref_chosen) - (rejected - ref_rejected))",
                               "beta * (chosen - ref_chosen) - (rejected - ref_rejected)"),
     "β multiplies both changes: a bracket is missing."),
    ("a hinge", edit("np.logaddexp(0, -margin)", "np.maximum(0, -margin)"),
     "That is a hinge, 0 for every margin above 0. DPO's loss is −ln σ(margin)."),
    ("a probability", edit("np.logaddexp(0, -margin)", "np.exp(-np.logaddexp(0, -margin))"),
     "That is σ(margin), a probability. The loss is −ln of it."),
    ("overflows", edit("np.logaddexp(0, -margin)", "np.log(1 + np.exp(-margin))"),
     "Where the model is very wrong, e to a large number overflows. `np.logaddexp(0, -margin)` is the same "
     "logarithm, and survives."),
    ("cut off at 30", edit("np.logaddexp(0, -margin)", "np.log1p(np.exp(-np.clip(margin, -30, 30)))"),
     "You cut the margin off, and with it the loss of pairs that are very wrong. `np.logaddexp(0, -margin)` "
     "needs no limit."),
    ("as it was", edit("(chosen - ref_chosen) - (rejected - ref_rejected)",
     "(rejected - ref_chosen) - (chosen - ref_rejected)",
     "np.logaddexp(0, -margin).mean()", "np.logaddexp(0, -margin).sum()"),
     "All three faults are still there. Which answer is to gain? On what? And over how many pairs is the "
     "loss a mean?"),
    ("sign and sum", edit("np.logaddexp(0, -margin).mean()", "np.logaddexp(0, margin).sum()"),
     "Two faults are left: which answer is to gain, and over how many pairs is the loss a mean?"),
    ("reference and sum", edit("(chosen - ref_chosen) - (rejected - ref_rejected)",
     "(chosen - ref_rejected) - (rejected - ref_chosen)", ".mean()", ".sum()"),
     "Two faults are left: with whose reference is each answer compared, and what does the loss do with the "
     "pairs?"),
    ("the sign", edit("np.logaddexp(0, -margin)", "np.logaddexp(0, margin)"),
     "One fault is left: your loss falls when the *rejected* answer gains."),
    ("the wrong reference", edit("(chosen - ref_chosen) - (rejected - ref_rejected)",
     "(chosen - ref_rejected) - (rejected - ref_chosen)"),
     "One fault is left: each answer is compared with *its own* probability under the reference."),
    ("a sum", edit(".mean()", ".sum()"),
     "One fault is left: the loss is the mean over pairs. Yours grows with the batch."),
    ("no reference", edit("(chosen - ref_chosen) - (rejected - ref_rejected)", "chosen - rejected"),
     "The reference is gone. Without it an answer that was always likely counts as one that was learned."),
    ("beta forgotten", edit("beta * (", "(", ),
     "β is missing: it says how dear it is to leave the reference."),
    ("a bracket missing", edit("- (rejected - ref_rejected)", "- rejected - ref_rejected"),
     "A bracket is missing: what is subtracted is the rejected answer's *change*, −(a − b) = −a + b."),
    ("divided by beta", edit("beta * ((chosen - ref_chosen) - (rejected - ref_rejected))",
     "((chosen - ref_chosen) - (rejected - ref_rejected)) / beta"),
     "The implicit reward is β *times* the change of the logarithm."),
    ("beta outside", edit("beta * ((", "((", "np.logaddexp(0, -margin)", "beta * np.logaddexp(0, -margin)"),
     "β stands inside σ, with the margin; it is no factor of the loss."),
    ("a log-likelihood", edit("np.logaddexp(0, -margin)", "-np.logaddexp(0, -margin)"),
     "That is ln σ. The loss is *minus* ln σ, and never negative."),
    ("one loss a pair", edit(".mean()", ""), "The mean over pairs is asked for: one number."),
    ("the mean margin", edit("np.logaddexp(0, -margin).mean()", "np.logaddexp(0, -margin.mean())"),
     "Take −ln σ of each pair first, and the mean of the losses afterwards."),
    ("overflow", edit("np.logaddexp(0, -margin)", "-np.log(np.exp(margin) / (1 + np.exp(margin)))"),
     "Very sure pairs give infinities: use `np.logaddexp`."),
])


def policies(rng):
    p = rng.uniform(0.1, 1, (3, 4))
    p /= p.sum(axis=1, keepdims=True)
    yield "three requests, four answers", p, rng.normal(size=(3, 4)), 0.5
    yield "a high price", p[:1], rng.normal(size=(1, 4)), 50.0
    yield "an answer that is never said", np.array([[0.5, 0.5, 0.0]]), np.array([[0.0, 1.0, 9.0]]), 1.0
    yield "a price near nothing", np.array([[0.2, 0.8]]), np.array([[3.0, -2.0]]), 0.001
    large = np.array([[1000.0, 1001.0], [-1000.0, -999.0]])
    yield "large rewards", np.array([[0.9, 0.1], [0.5, 0.5]]), large, 1.0
    fortune = np.array([[-3000.0, -3001.0, 5000.0]])
    yield "never said, and worth a fortune", np.array([[0.5, 0.5, 0.0]]), fortune, 1.0


def best_policy(p, rewards, beta):
    score = rewards / beta
    weight = p * np.exp(score - score.max(axis=1, keepdims=True, where=p > 0, initial=-np.inf))
    weight = np.where(p > 0, weight, 0)
    return weight / weight.sum(axis=1, keepdims=True)


def _policy(line):
    def wrong(p, rewards, beta):
        score = line(p, rewards, beta)
        with np.errstate(all="ignore"):
            score = np.where(p > 0, score, -np.inf)
            weight = np.exp(score - score.max(axis=1, keepdims=True))
            return weight / weight.sum(axis=1, keepdims=True)
    return wrong


def _log(p):
    return np.log(np.where(p > 0, p, 1))


def _unstable(p, rewards, beta):
    with np.errstate(all="ignore"):
        weight = p * np.exp(rewards / beta)
        return weight / weight.sum(axis=1, keepdims=True)


def _over_all(p, rewards, beta):
    weight = np.exp(rewards / beta - (rewards / beta).max()) * p
    with np.errstate(all="ignore"):
        return weight / weight.sum()


BEST = Function(6, best_policy, policies, mistakes=[
    ("a straight line", lambda p, rewards, beta: (
        lambda weight: weight / weight.sum(axis=1, keepdims=True))(p * (1 + rewards / beta)),
     "You take 1 + r/β for e^(r/β). That holds only where r/β is near 0, and turns negative."),
    ("a little of everything", lambda p, rewards, beta: (
        lambda e: e / e.sum(axis=1, keepdims=True)
     )((lambda s: np.exp(s - s.max(axis=1, keepdims=True)))(np.log(p + 1e-12) + rewards / beta)),
     "You add a little to p before the logarithm, and a great reward makes all of it. What the reference "
     "never says must stay exactly 0."),
    ("all on the best", lambda p, rewards, beta: np.eye(p.shape[1])[
        np.where(p > 0, rewards, -np.inf).argmax(axis=1)],
     "You put all on the best answer. At a price above 0 the others keep their share, π₀ e^(r/β)."),
    ("no reference", _policy(lambda p, rewards, beta: rewards / beta),
     "That is a softmax of the rewards. Multiply by the reference's probabilities."),
    ("times beta", _policy(lambda p, rewards, beta: _log(p) + rewards * beta),
     "The dearer it is to leave, the *less* the rewards should count: divide by β."),
    ("reference divided", _policy(lambda p, rewards, beta: (_log(p) + rewards) / beta),
     "Only the reward is divided by β; the reference counts in full."),
    ("overflow", _unstable,
     "Large r / β overflow. Subtract the largest of the row first, of the answers that can be said."),
    ("over all requests", _over_all, "Each row is a request of its own: its probabilities add up to 1."),
    ("not normalised", edit("weight / weight.sum(axis=1, keepdims=True)", "weight"),
     "π* is *proportional* to this: divide each row by its sum."),
    ("down the columns", edit("weight / weight.sum(axis=1, keepdims=True)", "weight / weight.sum(axis=0)"),
     "The answers to one request stand in a *row*: `axis=1`."),
    ("the largest of all answers", edit(", where=p > 0, initial=-np.inf", ""),
     "You subtract a reward that the reference never earns, and all others underflow to 0. Take the largest "
     "of the answers that can be said."),
    ("the largest of all requests", edit("score.max(axis=1, keepdims=True, where=p > 0, initial=-np.inf)",
     "score.max(where=p > 0, initial=-np.inf)"),
     "Subtract each row's *own* largest, or a request with low rewards underflows to 0 / 0."),
    ("added", edit("weight = p * np.exp", "weight = p + np.exp"), "A product: π₀ *times* e to the r / β."),
    ("minus", _policy(lambda p, rewards, beta: _log(p) - rewards / beta),
     "You favour the answers with *low* reward."),
])


def candidates(rng):
    p = rng.uniform(0.1, 1, 5)
    yield "five answers, four draws", p / p.sum(), rng.normal(size=5), 4
    yield "one draw", np.array([0.5, 0.3, 0.2]), np.array([1.0, 0.0, -1.0]), 1
    yield "two answers earn the same", np.array([0.25, 0.25, 0.5]), np.array([1.0, 1.0, 0.0]), 2
    yield "never said", np.array([0.0, 0.7, 0.3]), np.array([5.0, 2.0, -3.0]), 3
    yield "many draws", np.array([0.99, 0.01]), np.array([0.0, 1.0]), 500
    yield "one answer", np.array([1.0]), np.array([-2.0]), 7


def best_of(p, rewards, n):
    order = np.argsort(rewards)
    up_to = np.cumsum(p[order])
    below = up_to - p[order]
    return ((up_to**n - below**n) * rewards[order]).sum()


BEST_OF = Function(7, best_of, candidates, rtol=1e-6, mistakes=[
    ("among the n", lambda p, rewards, n: (1 - (1 - p) ** n) @ rewards / (1 - (1 - p) ** n).sum(),
     "1 − (1 − p)ⁿ is how likely an answer is *among* the n. It is kept only if none of the others is "
     "better."),
    ("equals counted twice", lambda p, rewards, n: sum(
        r * (p[rewards <= r].sum() ** n - p[rewards < r].sum() ** n) for r in rewards),
     "Answers that earn the same are counted several times. Take each *reward* once: `np.unique(rewards)`."),
    ("as of a density", edit("(up_to**n - below**n)", "n * p[order] * up_to ** (n - 1)"),
     "n p Fⁿ⁻¹ holds for rewards of which no two are equal, a density. Here it is Fⁿ up to a reward, less Fⁿ "
     "below it."),
    ("the average", edit("(up_to**n - below**n)", "(up_to - below)"),
     "That is what one draw earns. The best of n is at most r if *all* n are."),
    ("the maximum", lambda p, rewards, n: float(rewards.max()),
     "The best answer there is need not be among the n."),
    ("not sorted", edit("order = np.argsort(rewards)", "order = np.arange(len(rewards))"),
     "“At most this reward” needs the answers in the order of their rewards."),
    ("from the top", edit("np.argsort(rewards)", "np.argsort(-rewards)"),
     "From the top you get the *worst* of n. Add up the probabilities from the lowest reward on."),
    ("at least once", lambda p, rewards, n: float(((1 - (1 - p) ** n) * rewards).sum()),
     "That is how likely each answer is to be among the n. It earns something only if no better one is "
     "there."),
    ("at most, not exactly", edit("(up_to**n - below**n)", "up_to**n"),
     "That is the probability of *at most* this reward. Take away that of at most the next lower one."),
    ("at most, and scaled", edit("(up_to**n - below**n)", "(up_to**n / (up_to**n).sum())"),
     "You scale Fⁿ until it adds up to 1. It is the probability of *at most* this reward: take away that "
     "of at most the next lower one, and the sum is 1."),
    ("the lowest earns nothing", edit("return (", "up_to[0] = below[0]\n    return ("),
     "The lowest reward is left out: n differences need a 0 in front. It is kept if all n draws are it."),
    ("all draws the same, unscaled", lambda p, rewards, n: float((p**n * rewards).sum()),
     "pⁿ is how likely it is that *all* n draws are this very answer. It is kept also where others, no "
     "better ones, are drawn beside it."),
    ("rewards not sorted", edit("rewards[order]).sum()", "rewards).sum()"),
     "Your Fⁿ are in the order of rising rewards, the rewards in the order given: sort them, too."),
    ("all draws the same", lambda p, rewards, n: float((p**n / (p**n).sum() * rewards).sum()),
     "pⁿ is how likely all n draws are this very answer. The others need only be no better."),
    ("the sum of n", lambda p, rewards, n: float(n * (p * rewards).sum()),
     "That is the mean *sum* of n rewards. Only the highest is kept."),
    ("probabilities not sorted", edit("np.cumsum(p[order])", "np.cumsum(p)", "below = up_to - p[order]",
     "below = up_to - p"),
     "Put the probabilities into the same order as the rewards."),
    ("one draw too many", edit("(up_to**n - below**n)", "(up_to**(n + 1) - below**(n + 1))"),
     "There are n draws: the power is n."),
])


def task(seed, n, noise=0.0):
    rng, changed = np.random.default_rng([seed, n]), np.random.default_rng([seed, 3])
    W, u, v = changed.normal(size=(16, 16)) / 2, changed.normal(size=(16, 1)), changed.normal(size=(1, 16))
    x, change = rng.normal(size=(n, 16)), 3 * u @ v / np.sqrt((u**2).sum() * (v**2).sum())
    return x, x @ (W + change) + noise * rng.normal(size=(n, 16)), W


def examples(rng):
    seed = int(rng.integers(10**6))
    x, y, W = task(seed, 24, 0.3)
    yield "a task drawn for you", x, y, W, 1, 150, {"seed": seed}


def adapts(found, x, y, W, rank, steps, backward):
    """Has the bar been reached, on new rows?"""
    try:
        A, B = (np.asarray(f, float) for f in found)
    except (TypeError, ValueError):
        return "no pair of arrays"
    if A.shape != (16, rank) or B.shape != (rank, 16):
        return f"arrays of shapes {A.shape} and {B.shape}"
    if not (np.isfinite(A).all() and np.isfinite(B).all()):
        return "numbers that are not finite"
    X, Y, _ = task(backward["seed"], 500)
    error, idle = (((Y - X @ V) ** 2).mean() for V in (W + A @ B, W))
    if error < 0.2 * idle:
        return "the error on new rows is below a fifth"
    if abs(error - idle) < 1e-6 * idle:
        return "the error is what it was without an adapter"
    return "the error is larger than without an adapter" if error > idle else "the error is not low enough"


def by_rank(x, y, W, rank, steps, backward):
    for _ in range(steps):
        backward(NoLoss())
    rest, rng = y - x @ W, np.random.default_rng(0)
    B = rng.normal(size=(rank, 16))
    for _ in range(30):  # one factor after the other, by least squares
        A = np.linalg.lstsq(x, rest @ np.linalg.pinv(B), rcond=None)[0]
        B = np.linalg.lstsq(x @ A, rest, rcond=None)[0]
    return A, B


def one_too_many(x, y, W, rank, steps, backward):
    for _ in range(steps + 1):
        backward(NoLoss())
    return by_rank(x, y, W, rank, 0, backward)


TRAIN = Function(8, by_rank, examples, run=within_budget, measure=adapts,
    allows=("Linear", "LoRALinear", "Tensor", "Parameter", "mse_loss", "SGD", "Adam", "AdamW"),
    mistakes=[
    ("both zero", lambda x, y, W, rank, steps, backward: (np.zeros((16, rank)), np.zeros((rank, 16))),
     "Your adapter changes nothing. Did both factors start at zero?"),
    ("forgets W", lambda x, y, W, rank, steps, backward: by_rank(x, y + x @ W, W, rank, 0, backward),
     "Your adapter does the whole work, or some other. W is already there: only what is *left* is to be "
     "learned."),
    ("too slow", lambda x, y, W, rank, steps, backward: (0.2 * by_rank(x, y, W, rank, 0, backward)[0],
     by_rank(x, y, W, rank, 0, backward)[1]),
     "The error has fallen, but not far enough. Is the rate too small, or the learning ended too early?"),
    ("over budget", one_too_many, "Each call of `backward` counts, and there are 150 of them."),
    ("merged", lambda x, y, W, rank, steps, backward: (W, W),
     "Return the two thin factors, (16, r) and (r, 16), not a whole matrix."),
    ("exchanged", lambda x, y, W, rank, steps, backward: by_rank(x, y, W, rank, 0, backward)[::-1],
     "A comes first, (16, r), then B, (r, 16)."),
], after="24 rows with noise say too little of 256 numbers, and enough of 32. A low rank is a guess about "
         "the task, too, and here it is right.")

WHAT_IS_WANTED = Explain(9, rubric=[
    "names at least one behaviour that raises the approval and was not wanted, with the way it earns it",
    "says what was wanted, and a check of it that approval does not contain",
    "a price for leaving the reference, or an early stop, and what it costs: less is learned",
    "says what stays unmeasured, or that the check itself will be gamed",
])
