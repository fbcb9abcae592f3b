import numpy as np

from nnlearn.exercises import Explain, Function, Predict, Value, edit
from nnlearn.exercises.budget import NoLoss, within_budget

SHIFTED = Predict(1, "it stays the same", mistakes=[
    ("grows", "it grows",
     "The batch's mean grows by 5 as well. What is left of the 5 after it has been subtracted?"),
    ("noisier", "it becomes noisier",
     "That is what happens without a baseline. Here the mean of the batch is subtracted first."),
], after="Advantages are differences: what all rewards have in common is gone before the gradient is taken.")

BY_HAND = Value(2, (2.5, 1.75), rtol=0.001, mistakes=[
    ("never terminated", (2.5, 2.5),
     "Where the episode has terminated nothing comes next: the target is the reward alone."),
    ("replaced at the end", (2.5, 1),
     "Where the episode ends the value moves only a quarter of the way, too: towards the reward."),
    ("not moved at the end", (2.5, 2),
     "Where the episode ends the value still moves, towards the reward alone."),
    ("replaced", (4, 1), "Those are the targets. The value moves only a quarter of the way towards them."),
    ("added", (3, 2.25), "You added a quarter of the target. Add a quarter of target *less* old value."),
    ("not discounted", (3.25, 1.75), "What comes next counts only half: multiply the 6 by γ."),
    ("nothing at the end", (2.5, 1.5),
     "When the episode has terminated nothing comes *next*; the reward is paid all the same."),
    ("the reward discounted", (2.375, 1.625),
     "The reward is paid now and counts in full; γ discounts only what comes next."),
    ("exchanged", (1.75, 2.5), "You exchanged the two: first the step after which the walk goes on."),
])


def groups(rng):
    yield "four questions, five answers each", rng.normal(size=(4, 5))
    yield "two answers", np.array([[1.0, 3.0], [0.0, -2.0]])
    yield "one question", rng.normal(size=(1, 3))
    yield "nobody else", np.array([[2.0], [-1.0]])


def others(rewards):
    K = rewards.shape[1]
    if K == 1:
        return rewards.copy()
    total = rewards.sum(axis=1, keepdims=True)
    return rewards - (total - rewards) / (K - 1)


OTHERS = Function(3, others, groups, mistakes=[
    ("others of all questions", lambda rewards: rewards - (
        (rewards.sum() - rewards) / (rewards.size - 1) if rewards.shape[1] > 1 else 0),
     "Your others are those of all questions. Only answers to the *same* question are compared, one row."),
    ("a middle of the others", lambda rewards: rewards - np.array([
        [np.median(np.delete(row, j)) if len(row) > 1 else 0 for j in range(len(row))] for row in rewards]),
     "You take the median of the others. Asked is their mean."),
    ("the earlier ones", lambda rewards: rewards - np.array([
        [row[:j].mean() if j else 0 for j in range(len(row))] for row in rewards]),
     "You compare with the earlier answers alone. The later ones are others, too."),
    ("of the group", lambda rewards: (
        (rewards - rewards.mean(axis=1, keepdims=True)) / (rewards.std(axis=1, keepdims=True) + 1e-8)),
     "That is GRPO's: less the mean of *all*, divided by their spread. Asked is less the mean of the others, "
     "no more."),
    ("the best of the others", lambda rewards: rewards - np.array([
        [np.delete(row, j).max(initial=-np.inf if len(row) > 1 else 0) for j in range(len(row))]
        for row in rewards]),
     "You compare with the best of the others. The baseline is their mean."),
    ("the mean of all", edit("(total - rewards) / (K - 1)", "total / K"),
     "Your baseline contains the answer's own reward. Take the mean of the *others*."),
    ("all questions together", edit("rewards.sum(axis=1, keepdims=True)", "rewards.sum()"),
     "Answers to other questions are no comparison: one row, one question."),
    ("divided by all", edit("(K - 1)", "K"), "There are K − 1 others."),
    ("nobody to compare with", edit("if K == 1:", "if K == 0:"),
     "With one answer there are no others, and the baseline is 0: no NaN."),
    ("alone, and worth nothing", edit("return rewards.copy()", "return 0 * rewards"),
     "With one answer the *baseline* is 0, so that the advantage is the reward."),
    ("down the columns", edit("axis=1", "axis=0", "rewards.shape[1]", "len(rewards)"),
     "A row is one question: the others stand in the same *row*."),
    ("its own reward among them", edit("(total - rewards)", "total"),
     "Your sum still contains the answer's own reward: take it away before you divide by K − 1."),
    ("standardised", edit("return rewards - (total - rewards) / (K - 1)",
     "return (rewards - (total - rewards) / (K - 1)) / (rewards.std(axis=1, keepdims=True) + 1e-8)"),
     "Reward less baseline, no more: nothing is divided by a standard deviation here."),
    ("turned round", edit("return rewards - (total - rewards) / (K - 1)",
     "return (total - rewards) / (K - 1) - rewards"),
     "The sign is turned round: better than the others is positive."),
    ("the baseline alone", edit("return rewards - (total", "return (total"),
     "That is the baseline. The advantage is the reward less the baseline."),
])


def steps_taken(rng):
    on, three = np.array([False]), np.array([[1.0, 4.0, 2.0]])
    yield "a batch", rng.normal(size=3), rng.normal(size=(3, 4)), np.array([False, True, False]), 0.9, 0.2
    yield "a batch of one, two actions", np.array([1.0]), np.array([[-1.0, -3.0]]), on, 0.5, 0.4
    yield "ties", np.zeros(2), np.array([[2.0, 2.0, 0.0], [1.0, 1.0, 1.0]]), np.array([False] * 2), 1.0, 0.3
    yield "greedy", np.array([0.5]), three, on, 0.9, 0.0
    yield "at random", np.array([0.5]), three, on, 0.9, 1.0


def target(r, Q_next, terminated, gamma, epsilon):
    later = (1 - epsilon) * Q_next.max(axis=1) + epsilon * Q_next.mean(axis=1)
    return r + gamma * np.where(terminated, 0, later)


TARGET = Function(4, target, steps_taken, mistakes=[
    ("the place of the best", edit("Q_next.max(axis=1)", "Q_next.argmax(axis=1)"),
     "`argmax` is the place of the best action. Its value is asked for: `max`."),
    ("without the chance", edit(" + epsilon * Q_next.mean(axis=1)", ""),
     "You leave out what comes with probability ε: any action, the mean of all."),
    ("the best for sure", edit("(1 - epsilon) * Q_next.max", "Q_next.max"),
     "The best action is taken with probability 1 − ε only. Your probabilities add up to 1 + ε."),
    ("Q-learning", edit("(1 - epsilon) * Q_next.max(axis=1) + epsilon * Q_next.mean(axis=1)",
     "Q_next.max(axis=1)"),
     "That is Q-learning's target: the best action. This agent takes it only most of the time."),
    ("bootstraps after the end", edit("np.where(terminated, 0, later)", "later"),
     "Where the episode has terminated nothing comes next."),
    ("the best is never drawn by chance", edit("epsilon * Q_next.mean(axis=1)",
     "epsilon * (Q_next.sum(axis=1) - Q_next.max(axis=1)) / (Q_next.shape[1] - 1)"),
     "With probability ε *any* action is drawn, the best one among them."),
    ("exchanged", edit("(1 - epsilon) * Q_next.max(axis=1) + epsilon * Q_next.mean(axis=1)",
     "epsilon * Q_next.max(axis=1) + (1 - epsilon) * Q_next.mean(axis=1)"),
     "You exchanged the two: ε is the probability of the chance action."),
    ("the best has no share of chance", edit("epsilon * Q_next.mean(axis=1)",
     "epsilon * (Q_next.sum(axis=1) - Q_next.max(axis=1)) / Q_next.shape[1]"),
     "Your probabilities do not add up to 1: the best action has 1 − ε and its share ε/A besides."),
    ("the wrong branch", edit("np.where(terminated, 0, later)", "np.where(terminated, later, 0)"),
     "It is the other way round: nothing comes after a step that terminated."),
    ("no reward at the end", edit("r + gamma * np.where(terminated, 0, later)",
     "np.where(terminated, 0, r + gamma * later)"),
     "The last step is paid as well: where the episode has terminated the target is the reward."),
    ("not discounted", edit("gamma * np.where", "np.where"), "What comes next is discounted by γ."),
    ("a sum over actions", edit("Q_next.mean(axis=1)", "Q_next.sum(axis=1)"),
     "By chance each action has the probability ε/A: take the mean over actions, not the sum."),
    ("each of the best", lambda r, Q_next, terminated, gamma, epsilon: r + gamma * np.where(terminated, 0, (
        (epsilon / Q_next.shape[1] + (1 - epsilon) * (Q_next == Q_next.max(axis=1, keepdims=True))) * Q_next
     ).sum(axis=1)),
     "Of equally good actions one is taken: they share the 1 − ε."),
    ("mean of the batch", edit("Q_next.mean(axis=1)", "Q_next.mean()"),
     "Each row is a state of its own: take the mean over its actions alone."),
    ("the largest of the batch", edit("Q_next.max(axis=1)", "Q_next.max()"),
     "You take the largest value of the whole batch. Each row is a state of its own: `max(axis=1)`."),
    ("all states as one", edit("Q_next.max(axis=1)", "Q_next.max()", "Q_next.mean(axis=1)", "Q_next.mean()"),
     "You take maximum and mean over all of `Q_next`. Each row is a state of its own: both with `axis=1`."),
    ("chance alone", edit("(1 - epsilon) * Q_next.max(axis=1) + epsilon * Q_next.mean(axis=1)",
     "Q_next.mean(axis=1)"),
     "You take the mean, as if every action came by chance. With probability 1 − ε it is a best one."),
    ("chance counts twice for the best", edit("epsilon * Q_next.mean(axis=1)",
     "epsilon * (Q_next.max(axis=1) / Q_next.shape[1] "
     "+ (Q_next.sum(axis=1) - Q_next.max(axis=1)) / (Q_next.shape[1] - 1))"),
     "Your probabilities add up to more than 1. By chance each of the A actions has ε/A, the best one too."),
    ("a bracket missing", edit("(1 - epsilon) * Q_next.max", "gamma * (1 - epsilon) * Q_next.max",
     "gamma * np.where", "np.where"),
     "γ is a factor of all that comes next, of what comes by chance as well: a bracket is missing."),
    ("the reward discounted", edit("return r + gamma * np.where(terminated, 0, later)",
     "return gamma * (r + np.where(terminated, 0, later))"),
     "The reward is paid now. Only what comes next is discounted."),
])


def paths(rng):
    for name, path, v in [
        ("three moves down", [[0, 1], [2, 0], [3, 2]], 0.7), ("one move", [[0, 2]], -1.0),
        ("two moves", [[0, 0], [1, 1]], 1.0), ("a draw", [[0, 1], [2, 2], [4, 0], [1, 0]], 0.0),
    ]:
        yield name, rng.integers(0, 5, (5, 3)).astype(float), rng.normal(size=(5, 3)), np.array(path), v
    yield "at the root itself", np.zeros((2, 3)), np.zeros((2, 3)), np.zeros((0, 2), int), 0.4


def backup(N, W, path, v):
    N, W = N.copy(), W.copy()
    for node, action in path[::-1]:
        v = -v
        N[node, action] += 1
        W[node, action] += v
    return N, W


BACKUP = Function(5, backup, paths, outputs="N W", mistakes=[
    ("action and node", edit("for node, action in", "for action, node in"),
     "A row of the path is (node, action), in this order."),
    ("the last one alone is paid", lambda N, W, path, v: (
        backup(N, W, path, v)[0], backup(N, W, path[-1:], v)[1]),
     "The last action of the path alone gets the result. It grows every total on the path, in turn with both "
     "signs."),
    ("the whole node is paid", edit("W[node, action] += v", "W[node] += v"),
     "Only the action that was taken gets the result, not every action of its node."),
    ("a running mean", edit("W[node, action] += v",
                            "W[node, action] += (v - W[node, action]) / N[node, action]"),
     "You move W towards v, as if it were a mean. It is a total: add v."),
    ("the last one alone is visited", lambda N, W, path, v: (
        lambda added: (N + [[(len(path) > 0 and (i, j) == tuple(path[-1])) * 1.0 for j in range(N.shape[1])]
                            for i in range(len(N))], added))(backup(N, W, path, v)[1]),
     "The last action of the path alone gets a visit in yours. Every action on the path gets one."),
    ("never turned", edit("v = -v", "pass"),
     "What is good for the player to move at the end is bad for the one who moved there: turn the sign at "
     "each level."),
    ("turned too late", edit("        v = -v\n        N[node, action] += 1\n        W[node, action] += v",
     "        N[node, action] += 1\n        W[node, action] += v\n        v = -v"),
     "v is seen by the player to move at the end of the path. The last move was made by the other one."),
    ("from the top", edit("path[::-1]", "path"),
     "Begin at the end of the path: there v is known, and on the way up it changes its sign."),
    ("turned once", edit("    for node, action in path[::-1]:\n        v = -v",
     "    v = -v\n    for node, action in path[::-1]:"),
     "The sign changes at each level, not only once: the players move in turn."),
    ("the last result alone", edit("W[node, action] += v", "W[node, action] = v"),
     "W is a total: add to it."),
    ("a share of the visits", edit("W[node, action] += v", "W[node, action] += v / N[node, action]"),
     "W is a total, not a mean: whoever reads it divides by N."),
    ("as the root sees it", edit("path[::-1]", "path",
     "        v = -v\n        N[node, action] += 1\n        W[node, action] += v",
     "        N[node, action] += 1\n        W[node, action] += v\n        v = -v"),
     "You take v as seen at the root. It is seen at the end: walk back from there, and turn the sign first."),
    ("in place", edit("N, W = N.copy(), W.copy()", "pass"),
     "The arrays you were given have changed. Return new ones."),
    ("every action of the node", edit("N[node, action] += 1", "N[node] += 1"),
     "Only the action that was taken gets a visit."),
    ("visits by value", edit("N[node, action] += 1", "N[node, action] += v"),
     "A visit counts 1, whatever came of it."),
])


def nodes(rng):
    def rows(n, A):
        P = rng.uniform(0.1, 1, (n, A))
        N = rng.integers(0, 6, (n, A)).astype(float)
        return P / P.sum(axis=1, keepdims=True), N, rng.uniform(-1, 1, (n, A)) * N

    legal = rng.random((4, 5)) < 0.7
    legal[:, 2] = True
    yield "a batch", *rows(4, 5), legal, 1.5
    yield "all legal", *rows(3, 4), np.ones((3, 4), bool), 0.5
    yield "one legal action", *rows(1, 3), np.array([[False, False, True]]), 1.5
    P = np.array([[0.2, 0.5, 0.3]])
    yield "before the first visit", P, np.zeros((1, 3)), np.zeros((1, 3)), np.ones((1, 3), bool), 1.0
    N, W = np.array([[4.0, 0.0, 2.0]]), np.array([[-3.0, 0.0, -1.0]])
    yield "a bad node with something untried", P, N, W, np.ones((1, 3), bool), 0.1
    N, W = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 3.0]]), np.array([[-0.9, 0.0, 0.0], [0.0, 0.0, 1.2]])
    yield "one visit, and three", np.full((2, 3), 1 / 3), N, W, np.ones((2, 3), bool), 1.0


def scores(P, N, W, legal, c):
    P = np.where(legal, P, 0)
    P = P / P.sum(axis=1, keepdims=True)
    total = N.sum(axis=1, keepdims=True)
    untried = W.sum(axis=1, keepdims=True) / np.maximum(total, 1) - 0.2
    Q = np.where(N > 0, W / np.maximum(N, 1), untried)
    return np.where(legal, Q + c * P * np.sqrt(1 + total) / (1 + N), -np.inf)


SCORES = Function(6, scores, nodes, mistakes=[
    ("equal priors", edit("np.where(legal, P, 0)", "legal * 1.0"),
     "You take all legal actions as equally likely. P says how likely each is."),
    ("less for everyone", edit("untried = W.sum(axis=1, keepdims=True) / np.maximum(total, 1) - 0.2",
                               "untried = W.sum(axis=1, keepdims=True) / np.maximum(total, 1)",
                               "untried)\n", "untried) - 0.2\n"),
     "You take 0.2 from every action. It is taken from the untried alone."),
    ("a mean of the tried ones' means", edit("W.sum(axis=1, keepdims=True) / np.maximum(total, 1)",
     "(W / np.maximum(N, 1)).sum(axis=1, keepdims=True) / np.maximum((N > 0).sum(axis=1, keepdims=True), 1)"),
     "You average the means of the tried actions. The node's own is Σ W / Σ N, in which each visit counts."),
    ("a bonus for the untried", edit(" - 0.2", " + 0.2"),
     "You add 0.2. An untried action counts 0.2 *less* than its node."),
    ("a softmax of priors", edit("np.where(legal, P, 0)", "np.where(legal, np.exp(P), 0)"),
     "You take a softmax. P are probabilities already: divide the legal ones by their sum."),
    ("untried counts 0", edit("np.where(N > 0, W / np.maximum(N, 1), untried)", "W / np.maximum(N, 1)"),
     "An action never tried counts here with the mean result of its node less 0.2, not with 0."),
    ("illegal prior", edit("P = np.where(legal, P, 0)", "P = P * 1.0"),
     "The priors of the *legal* actions are to add up to 1: set the others to 0, and divide by what is "
     "left."),
    ("illegal allowed", edit("np.where(legal, Q + c", "np.where(legal | True, Q + c"),
     "What is not legal has the score −inf."),
    ("the wrong root", edit("np.sqrt(1 + total)", "np.sqrt(total)"),
     "Under the root stands 1 + Σ N: before the first visit the prior decides."),
    ("no division by visits", edit(" / (1 + N)", ""), "The bonus shrinks with the visits: divide by 1 + N."),
    ("sum over the batch", edit("total = N.sum(axis=1, keepdims=True)", "total = N.sum()"),
     "Each row is a node of its own: sum its visits alone."),
    ("no penalty before the first visit", edit("/ np.maximum(total, 1) - 0.2",
     "/ np.maximum(total, 1) - 0.2 * (total > 0)"),
     "Before the first visit, too, 0.2 is taken away: all untried actions count −0.2."),
    ("a mean of means", edit("W.sum(axis=1, keepdims=True) / np.maximum(total, 1)",
     "(W / np.maximum(N, 1)).mean(axis=1, keepdims=True)"),
     "The node's mean is Σ W / Σ N, not the mean of its actions' means: many visits weigh more."),
    ("priors of all nodes", edit("P.sum(axis=1, keepdims=True)", "P.sum()"),
     "The priors of each *row* are to add up to 1."),
    ("totals for means", edit("np.where(N > 0, W / np.maximum(N, 1), untried)",
     "np.where(N > 0, W, untried)"),
     "W is the total of the results. The first part of a score is their mean, W / N."),
    ("its own visits under the root", edit("np.sqrt(1 + total)", "np.sqrt(1 + N)"),
     "Under the root stand the visits of the whole node; only below the line are the action's own."),
    ("0 for what is not legal", edit("-np.inf", "0.0"),
     "A score of 0 may be the highest. What is not legal must never be chosen: −inf."),
    ("no penalty", edit(" - 0.2", ""), "Untried: the mean result of the node, *less 0.2*."),
])


def walks(rng):
    n, ends = 6, rng.random(6) < 0.3
    s, a, after = rng.integers(0, 4, n), rng.integers(0, 3, n), rng.integers(0, 4, n)
    yield "some steps", rng.normal(size=(4, 3)), s, a, rng.normal(size=n), after, ends, 0.5, 0.9
    Q, on, end = np.array([[1.0, 2.0], [5.0, 7.0]]), np.array([False]), np.array([True])
    yield "one step, terminated", Q, [0], [1], [1.0], [1], end, 0.25, 0.9
    yield "one step, going on", Q, [0], [1], [1.0], [1], on, 0.25, 0.9
    Q, both, last = np.ones((3, 2)), np.array([False, False]), np.array([False, True])
    yield "the same cell twice", Q, [0, 0], [0, 0], [1.0, 0.0], [0, 1], both, 0.5, 0.5
    yield "the next episode", Q, [0, 1], [0, 1], [1.0, 2.0], [2, 2], np.array([True, False]), 0.5, 0.5
    yield "negative values", -Q, [0, 1], [1, 0], [-1.0, -2.0], [1, 2], last, 1.0, 0.5


def mended(Q, s, a, r, after, terminated, alpha, gamma):
    Q = Q.copy()
    for i in range(len(s)):
        later = 0.0 if terminated[i] else Q[after[i]].max()
        target = r[i] + gamma * later
        Q[s[i], a[i]] += alpha * (target - Q[s[i], a[i]])
    return Q


END = ("0.0 if terminated[i] else Q[after[i]].max()", "Q[after[i]].max()")
BEST = ("Q[after[i]].max()", "Q[after[i], a[i]]")
SURPRISE = ("(target - Q[s[i], a[i]])", "target")

REPAIR = Function(7, mended, walks, mistakes=[
    ("the wrong branch", edit("0.0 if terminated[i] else Q[after[i]].max()",
                              "Q[after[i]].max() if terminated[i] else 0.0"),
     "It is the other way round: what comes next is left out where the episode has *terminated*."),
    ("wiped out", edit("        later = 0.0 if terminated[i] else Q[after[i]].max()",
                       "        Q[after[i]] = 0.0 if terminated[i] else Q[after[i]]\n"
                       "        later = Q[after[i]].max()"),
     "You set a whole row of the table to 0. Only this *target* does without what comes next."),
    ("the shares exchanged", edit("Q[s[i], a[i]] += alpha * (target - Q[s[i], a[i]])",
                                  "Q[s[i], a[i]] = alpha * Q[s[i], a[i]] + (1 - alpha) * target"),
     "The shares are exchanged: α belongs to the target, 1 − α to the old value."),
    ("not discounted", edit("gamma * later", "later"), "What comes next is discounted by γ."),
    ("the action taken next", edit("0.0 if terminated[i] else Q[after[i]].max()",
     "0.0 if terminated[i] or i + 1 == len(s) else Q[after[i], a[i + 1]]"),
     "You look up the action that the records took next. Q-learning takes the best: `Q[after[i]].max()`."),
    ("where it came from", edit("Q[after[i]].max()", "Q[s[i]].max()"),
     "You look for the best action where the step began. Look where it has led: `after[i]`."),
    ("all of the way", edit("Q[s[i], a[i]] += alpha * (target - Q[s[i], a[i]])", "Q[s[i], a[i]] = target"),
     "You put the target in the value's place. The value moves by a share α towards it."),
    ("as it was", edit("0.0 if terminated[i] else Q[after[i]].max()", "Q[after[i], a[i]]", *SURPRISE),
     "All three faults are still there. What is best next? What comes after the end? And towards what does a "
     "value move?"),
    ("the end", edit(*END), "One fault is left: after the end nothing comes."),
    ("the best", edit(*BEST),
     "One fault is left: you look up the *same* action in the next state. Which action is best there?"),
    ("the surprise", edit(*SURPRISE),
     "One fault is left: your values grow without end. A value moves by a share of the surprise, target less "
     "value."),
    ("end and best", edit("0.0 if terminated[i] else Q[after[i]].max()", "Q[after[i], a[i]]"),
     "The step towards the target is right now. Two faults are left, both in what comes next."),
    ("end and surprise", edit(*END, *SURPRISE),
     "The best next action is found now. Two faults are left: the end, and how far a value moves."),
    ("best and surprise", edit(*BEST, *SURPRISE),
     "The end is right now. Two faults are left: what is best next, and how far a value moves."),
    ("no reward at the end", edit("target = r[i] + gamma * later",
     "target = 0.0 if terminated[i] else r[i] + gamma * later"),
     "After the end nothing *comes*; the last step's own reward is paid."),
    ("the end is not learned", edit("        later =",
     "        if terminated[i]:\n            continue\n        later ="),
     "Where the episode ends the value is still moved, towards the reward alone."),
    ("the end at once", edit("target = r[i]", "step = 1.0 if terminated[i] else alpha\n        target = r[i]",
                             "+= alpha", "+= step"),
     "Where the episode ends you put the reward in the value's place. There, too, the value moves by a share "
     "α only."),
    ("stops at the first end", edit("(target - Q[s[i], a[i]])",
     "(target - Q[s[i], a[i]])\n        if terminated[i]:\n            break"),
     "The records hold many episodes: go on after an end."),
    ("a place for a value", edit("Q[after[i]].max()", "Q[after[i]].argmax()"),
     "argmax says *which* action is best. Asked for is what it is worth."),
    ("the reward discounted", edit("r[i] + gamma * later", "gamma * (r[i] + later)"),
     "The reward is paid now: γ is a factor of what comes next alone."),
    ("a bracket missing", edit("alpha * (target - Q[s[i], a[i]])", "alpha * target - Q[s[i], a[i]]"),
     "α is a factor of the whole surprise, target less value: a bracket is missing."),
    ("all at once", lambda Q, s, a, r, after, terminated, alpha, gamma: _at_once(
        Q, s, a, r, after, terminated, alpha, gamma),
     "Take the steps one after the other: a later one sees what an earlier one has changed."),
])


def _at_once(Q, s, a, r, after, terminated, alpha, gamma):
    found = Q.copy()
    target = r + gamma * np.where(terminated, 0, Q[after].max(axis=1))
    for i in range(len(s)):
        found[s[i], a[i]] = Q[s[i], a[i]] + alpha * (target[i] - Q[s[i], a[i]])
    return found


def best_for(x, seed):
    """Which of three directions, at equal angles in some plane, a patient lies nearest to."""
    plane, _ = np.linalg.qr(np.random.default_rng([seed, 7]).normal(size=(4, 2)))
    angle = 2 * np.pi * np.arange(3) / 3
    return (x[:, :4] @ plane @ np.stack([np.cos(angle), np.sin(angle)])).argmax(axis=1)


def records(seed, n):
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.normal(size=(n, 4)), np.ones(n)])
    best = best_for(x, seed)
    chance = np.full((n, 3), 0.15)
    chance[np.arange(n), (best + 1) % 3] = 0.7  # the habit of the hospital, and a bad one
    a = (chance.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)
    r = (rng.random(n) < np.where(a == best, 0.8, 0.2)) * 1.0
    return x, a, chance[np.arange(n), a], r


def archive(rng):
    seed = int(rng.integers(10**6))
    yield "records drawn for you", *records(seed, 3000), 300, {"seed": seed}


def cures(W, x, a, p, r, steps, backward):
    """Has the bar been reached, on new patients?"""
    W = np.asarray(W, float)
    if W.shape != (x.shape[1], 3):
        return f"an array of shape {W.shape}"
    if not np.isfinite(W).all():
        return "numbers that are not finite"
    seed = backward["seed"]
    X = np.column_stack([np.random.default_rng(seed + 1).normal(size=(4000, 4)), np.ones(4000)])
    away = ((X @ W).argmax(axis=1) - best_for(X, seed)) % 3
    right, habit, seldom = ((away == k).mean() for k in range(3))  # the last: wrong, and no habit of theirs
    cured = 0.2 + 0.6 * right
    if cured >= 0.65:
        return "at least 65 % cured"
    if cured < 0.35 and seldom > 0.2:
        return "worse than guessing"
    return "the hospital's habit" if habit > max(0.35, 3 * seldom) else "not enough cured"


def weighted(x, a, p, r, steps, backward):
    for _ in range(steps):
        backward(NoLoss())
    paid = np.zeros((len(x), 3))
    paid[np.arange(len(x)), a] = r / p
    return np.linalg.lstsq(x, paid, rcond=None)[0]


def one_too_many(x, a, p, r, steps, backward):
    for _ in range(steps + 1):
        backward(NoLoss())
    return weighted(x, a, p, r, 0, backward)


def imitation(x, a, p, r, steps, backward):
    return np.linalg.lstsq(x, np.eye(3)[a] * r[:, None], rcond=None)[0]


TRAIN = Function(8, weighted, archive, run=within_budget, measure=cures,
    allows=("Linear", "Tensor", "softmax", "log_softmax", "SGD", "Adam", "AdamW"),
    mistakes=[
    ("imitates the hospital", imitation,
     "Your policy does what the hospital did: its habit stands in most of the records, and some of those "
     "were cured all the same. How much should a record count that the hospital would seldom have written?"),
    ("a seldom one counts too little", lambda x, a, p, r, steps, backward: imitation(
        x, a, p, r - 0.5, steps, backward),
     "The habit is not what you have learned, but too few are cured. Does a record count by its reward "
     "*and* by 1 / p? A baseline takes the habit away, and does not do that. If it does: is the rate so "
     "small that the loss still falls at the end, or is a step made of too few records?"),
    ("makes the reward small", lambda x, a, p, r, steps, backward: -weighted(x, a, p, r, 0, backward),
     "Fewer are cured than by guessing: your steps make the reward small. A loss is the reward's negative."),
    ("over budget", one_too_many, "Each call of `backward` counts, and there are 300 of them."),
    ("turned round", lambda x, a, p, r, steps, backward: weighted(x, a, p, r, 0, backward).T,
     "Return x's columns by actions, (5, 3): x @ W is to have a logit for each action."),
    ("has learned nothing", lambda x, a, p, r, steps, backward: np.full((x.shape[1], 3), np.nan),
     "Your weights are not finite. Is some weight of a record, or the learning rate, too large?"),
], after="r / p lets a record speak for those not treated so as well. On average that is right, however "
         "seldom a treatment was given; but the more seldom, the noisier.")

GAMED = Explain(9, rubric=[
    "names a way to earn the reward as written without what was meant",
    "says what was meant, and a measurement of it that the reward does not contain",
    "a repair: pay for the state in the end, or take back as much as was paid, or several measures",
    "expects the repaired reward to be gamed too, and says how one would notice",
])
