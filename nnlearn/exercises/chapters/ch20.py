from itertools import pairwise

import numpy as np

from nnlearn.exercises import Explain, Function, Predict, Value, edit
from nnlearn.exercises.budget import NoLoss, no_classes, within_budget

REACH = Predict(1, 4, mistakes=[
    ("the neighbours too few", 3,
     "Three layers carry a message over three links. But which node hears of the change without any link?"),
    ("one layer", 2, "That is after one layer: node 5 itself, and node 4. There are two more."),
    ("all of them", 6, "A message crosses one link a layer. How many links is node 0 away?"),
    ("itself alone", 1, "Without links it would be so. Which nodes hear node 5, and which hear those?"),
], after="Nodes 5, 4, 3 and 2. Where the answer lies farther away than there are layers, no training helps.")

WEIGHT = Value(2, 0.25, rtol=1e-3, mistakes=[
    ("without self loops", 1 / np.sqrt(7),
     "You counted the links alone. A + I has a self loop at every node: each d is one more."),
    ("by the receiver", 1 / 8, "That is the mean: divided by the receiver's d alone. Half of each is asked."),
    ("by the sender", 1 / 2, "That is divided by the sender's d alone. Half of each is asked."),
    ("without the root", 1 / 16, "Each side gives d to the power −½: take the root of the product."),
    ("one root only", 1 / np.sqrt(8), "That is the middle's half. The tip gives a half as well."),
    ("a self loop at the tip alone", 1 / np.sqrt(14),
     "You counted the tip's self loop, and forgot the one in the middle."),
    ("a sum of links", 1 / np.sqrt(9),
     "What are the two d? The tip hears node 0 and itself: two. The middle hears seven and itself."),
    ("by the receiver, without self loops", 1 / 7,
     "That is a mean over the links alone. Half of each is asked, and A + I has self loops."),
    ("turned over", 4.0, "The power is −½: one over the root."),
    ("half of each, added", (1 / 8 + 1 / 2) / 2, "Half of each in the sense of a product, not of a mean."),
], after="d is 8 in the middle and 2 at the tips: 1/√16.")


def heard(rng):
    yield "a small graph", rng.normal(size=(4, 2)), [0, 1, 2, 3, 2], [1, 0, 1, 2, 0]
    yield "a node that hears nothing", rng.normal(size=(3, 3)), [0, 2, 1], [1, 1, 0]
    yield "a message sent twice", [[2.0], [4.0], [10.0]], [0, 0, 1], [2, 2, 2]
    yield "self loops", rng.normal(size=(3, 2)), [0, 1, 2, 0], [0, 1, 2, 1]
    yield "one way only", rng.normal(size=(5, 1)), [0, 1, 2, 3], [4, 4, 4, 4]
    yield "no message at all", rng.normal(size=(2, 2)), np.zeros(0, int), np.zeros(0, int)


def mean_heard(X, source, target):
    total, count = np.zeros(X.shape), np.zeros((len(X), 1))
    np.add.at(total, target, X[source])
    np.add.at(count, target, 1)
    return total / np.maximum(count, 1)


def with_themselves(X, source, target):
    own = np.arange(len(X))
    return mean_heard(X, np.concatenate([source, own]), np.concatenate([target, own]))


def counted(X, source, target, count):
    """The sum of what is heard, divided by a count that is a learner's idea."""
    return mean_heard(X, source, target) * np.bincount(target, minlength=len(X))[:, None] / count


def senders(X, source, target):
    return counted(X, source, target, np.maximum(np.bincount(source, minlength=len(X)), 1)[:, None])


def each_pair_once(X, source, target):
    pairs = np.unique(np.stack([source, target]), axis=1)
    return mean_heard(X, *pairs)


def both_directions(X, source, target):
    return mean_heard(X, np.concatenate([source, target]), np.concatenate([target, source]))


def silent_keep_theirs(X, source, target):
    return np.where(np.isin(np.arange(len(X)), target)[:, None], mean_heard(X, source, target), X)


def added_to_themselves(X, source, target):
    return mean_heard(X, source, target) + X / np.maximum(np.bincount(target, minlength=len(X)), 1)[:, None]


def largest_heard(X, source, target):
    y = np.full(X.shape, -np.inf)
    np.maximum.at(y, target, X[source])
    return np.where(np.isinf(y), 0, y)


def halved(rows, nothing):
    mean = rows[0] if len(rows) else nothing
    for row in rows[1:]:
        mean = (mean + row) / 2
    return mean


def half_of_each(X, source, target):
    heard, sent = (np.maximum(np.bincount(side, minlength=len(X)), 1) for side in (target, source))
    total = np.zeros(X.shape)
    np.add.at(total, target, X[source] / np.sqrt(heard[target] * sent[source])[:, None])
    return total


MEAN = Function(3, mean_heard, heard, mistakes=[
    ("half with each", lambda X, source, target: np.array([
        halved(X[source[target == i]], 0 * X[0]) for i in range(len(X))]),
     "You take half of what was there for each new message: the last counts most. Add all up, then divide."),
    ("half of each side", half_of_each,
     "You divide by the roots of what is heard and sent, as in S. The mean divides by what is heard."),
    ("the average count", edit("np.maximum(count, 1)", "max(count.mean(), 1)"),
     "You divide by how many messages a node hears on average. Each has its own number."),
    ("counts cut short", lambda X, source, target: (
        mean_heard(X, source, target) * np.maximum(np.bincount(target, minlength=len(X)), 1)[:, None]
        / np.maximum(np.bincount(target), 1)[:, None]),
     "`np.bincount` ends at the largest node that hears anything. Ask for all: `minlength=len(X)`."),
    ("one message a node", edit("np.add.at(total, target, X[source])", "total[target] += X[source]",
                                "np.add.at(count, target, 1)", "count[target] += 1"),
     "Where a node hears several, only one arrives: `a[i] += b` with a repeated index adds once. "
     "`np.add.at` adds each."),
    ("one message in the sum", edit("np.add.at(total, target, X[source])", "total[target] += X[source]"),
     "Your counts are right, your sums are not: with a repeated index, `a[i] += b` keeps one message."),
    ("the sum", edit(" / np.maximum(count, 1)", ""), "That is the sum of what is heard. Asked is its mean."),
    ("backwards", edit("total, target, X[source]", "total, source, X[target]",
                       "count, target", "count, source"),
     "Your messages run from target to source."),
    ("with themselves", with_themselves,
     "Your nodes hear themselves as well. Here there is a self loop only where one is listed."),
    ("nothing over nothing", edit("np.maximum(count, 1)", "np.where(count > 0, count, np.nan)"),
     "A node that hears nothing gets 0/0 from you. Asked are zeros: divide by at least 1."),
    ("divides by all", edit("np.maximum(count, 1)", "len(X)"),
     "You divide by the number of nodes. Each node has its own number of messages."),
    ("divides by all messages",
     lambda X, source, target: counted(X, source, target, max(len(source), 1)),
     "You divide by the number of all messages. Each node has its own number of them."),
    ("one too many", lambda X, source, target: counted(
        X, source, target, 1 + np.bincount(target, minlength=len(X))[:, None]),
     "You divide by one more than the messages heard. Only where there are none is a 1 needed: "
     "`np.maximum`."),
    ("counts the senders", senders,
     "You count how often a node *sends*. Divide by how often it hears: count in `target`."),
    ("each pair once", each_pair_once,
     "You hear a message only once that is sent twice. In an adjacency matrix, add; and counts, not ones."),
    ("both ways", both_directions, "You let every message go both ways. Here it goes from source to target."),
    ("the silent keep their own", silent_keep_theirs,
     "Right where something is heard. A node that hears nothing gets zeros here, not its own row."),
    ("begins with X", added_to_themselves,
     "You add what is heard to the node's own row: begin with zeros, and leave X as it was."),
    ("the receiver's row", edit("X[source]", "X[target]"),
     "You add up the receiver's own row. What is heard is the sender's: `X[source]`."),
    ("the largest", largest_heard, "That is the largest of what is heard. Asked is the mean."),
])


def rounds_with_weights(rng):
    def graph(n, d, source, target):
        return rng.normal(size=(n, d)), rng.normal(size=(n, d)), rng.normal(size=len(source)), source, target

    yield "a small graph", *graph(4, 2, np.array([0, 1, 2, 3, 2]), np.array([1, 0, 1, 2, 0]))
    yield "one sends to all", *graph(4, 3, np.array([0, 0, 0]), np.array([1, 2, 3]))
    yield "all send to one", *graph(4, 1, np.array([1, 2, 3]), np.array([0, 0, 0]))
    yield "self loops", *graph(3, 2, np.array([0, 1, 2]), np.array([0, 1, 2]))
    yield "the same way twice", *graph(3, 2, np.array([0, 0, 1]), np.array([2, 2, 0]))
    yield "no message", *graph(2, 2, np.zeros(0, int), np.zeros(0, int))


def weighted_backward(g, X, w, source, target):
    arrived = g[target]
    dX = np.zeros(X.shape)
    np.add.at(dX, source, w[:, None] * arrived)
    return dX, (arrived * X[source]).sum(axis=1)


def by_matrix(g, X, w, source, target):
    A = np.zeros((len(X), len(X)))
    A[target, source] = w
    return A.T @ g, weighted_backward(g, X, w, source, target)[1]


BACKWARD = Function(4, weighted_backward, rounds_with_weights, outputs="dX dw", mistakes=[
    ("one weight a pair", by_matrix,
     "dw is right. Where two messages go the same way, your matrix keeps the weight of one: add them, "
     "`np.add.at(A, (target, source), w)`."),
    ("dw of sizes", edit("(arrived * X[source]).sum", "abs(arrived * X[source]).sum"),
     "dX is right. In dw you add up sizes. A product may be negative: keep its sign."),
    ("dX turned round", lambda g, X, w, source, target: (
        weighted_backward(g, X, w, target, source)[0], weighted_backward(g, X, w, source, target)[1]),
     "dw is right. In dX both ends are turned round: take the gradient where the message arrived, "
     "`g[target]`, and add it to who sent it."),
    ("dX begins as X", edit("np.zeros(X.shape)", "X * 1.0"),
     "Your dX begins as X and still holds it. Begin with zeros: what comes back is all there is."),
    ("dX begins as g", edit("np.zeros(X.shape)", "g * 1.0"),
     "Your dX begins as g and still holds it. Begin with zeros: what comes back is all there is."),
    ("dX message by message", edit("return dX, (arrived", "return w[:, None] * arrived, (arrived"),
     "Your dX has a row for each message. It has one for each node: add up what belongs to one sender."),
    ("weights squared", edit("w[:, None] * arrived", "w[:, None] ** 2 * arrived"),
     "The weight comes in twice. What was sent with weight w comes back with weight w, once."),
    ("dw of all messages", edit("(arrived * X[source]).sum(axis=1)", "(arrived * X[source]).sum()"),
     "dX is right. In dw you add up over all messages: each has a number of its own, `axis=1`."),
    ("dw along the messages", edit("(arrived * X[source]).sum(axis=1)", "(arrived * X[source]).sum(axis=0)"),
     "dX is right. In dw you add up over the messages. Add up the d numbers of each: `axis=1`."),
    ("forward again", edit("arrived = g[target]", "arrived = g[source]", "np.add.at(dX, source",
                           "np.add.at(dX, target"),
     "You sent the gradient the way the messages went. It goes back: who pays, and who is paid?"),
    ("the gradient of the sender", edit("arrived = g[target]", "arrived = g[source]"),
     "You take the gradient at the sender's own place. A message is judged where it arrived."),
    ("both turned round", lambda g, X, w, source, target: weighted_backward(g, X, w, target, source),
     "`source` and `target` are exchanged in both. A message carried the sender's row, X[source], and is "
     "judged where it arrived, g[target]."),
    ("dX to the receiver", edit("np.add.at(dX, source", "np.add.at(dX, target"),
     "dw is right. What came back along a message belongs to its sender: where do you add it?"),
    ("dX from the sender", lambda g, X, w, source, target: (
        weighted_backward(g[source], X, w, source, np.arange(len(w)))[0],
        weighted_backward(g, X, w, source, target)[1]),
     "dw is right. In dX you take the gradient at the sender's own place: it comes from where the message "
     "arrived."),
    ("dw from the sender", edit("(arrived * X[source])", "(g[source] * X[source])"),
     "dX is right. In dw you take the gradient at the sender's own place: it comes from where the message "
     "arrived."),
    ("dw turned round", edit("(arrived * X[source])", "(g[source] * X[target])"),
     "dX is right. In dw both are turned round: the gradient where the message arrived, the row of who sent "
     "it."),
    ("dw not summed", edit("(arrived * X[source]).sum(axis=1)", "arrived * X[source]"),
     "dX is right. w has one number a message: add up in dw what belongs to one message."),
    ("dw without X", edit("(arrived * X[source])", "arrived"),
     "dX is right. The slope of y at w_m is what the message brought, the sender's row."),
    ("dw without g", edit("(arrived * X[source])", "X[source]"),
     "dX is right. dw is the slope of the *loss*: weigh what was brought by the gradient where it arrived."),
    ("a mean for each sender", lambda g, X, w, source, target: (
        weighted_backward(g, X, w, source, target)[0]
        / np.maximum(np.bincount(source, minlength=len(X)), 1)[:, None],
        weighted_backward(g, X, w, source, target)[1]),
     "dw is right. In dX what comes back is added, not averaged."),
    ("divides by the weights", edit("w[:, None] * arrived", "arrived / w[:, None]"),
     "You divide by the weights. Going back is not undoing: slopes are multiplied."),
    ("X in dX", edit("w[:, None] * arrived", "w[:, None] * X[source] * arrived"),
     "y is linear in X: X itself does not stand in its own slope."),
    ("forgets the weights", edit("w[:, None] * arrived", "arrived"),
     "What was sent with weight w comes back with weight w."),
    ("one gradient a node", edit("np.add.at(dX, source, w[:, None] * arrived)",
                                 "dX[source] += w[:, None] * arrived"),
     "A node that sends to several gets back only one gradient from you. Add them all, with `np.add.at`."),
    ("weights in dw", edit("(arrived * X[source]).sum", "(w[:, None] * arrived * X[source]).sum"),
     "y is linear in w: w itself does not stand in its own slope."),
    ("the receiver's features", edit("X[source]).sum", "X[target]).sum"),
     "In dw: what did the message carry? The sender's row."),
    ("a mean", edit("X[source]).sum(axis=1)", "X[source]).mean(axis=1)"),
     "In dw: the message's d numbers count together. Add them up."),
    ("exchanged", lambda *inputs: weighted_backward(*inputs)[::-1], "Both are right, in the wrong order."),
], after="The gradient is message passing too, along the same links, the other way.")


def both_ways(*pairs):
    one = np.array(pairs).reshape(-1, 2)
    return np.concatenate([one[:, 0], one[:, 1]]), np.concatenate([one[:, 1], one[:, 0]])


def colourings(rng):
    same = np.zeros(6, int)
    yield "a row of six, one colour", same, *both_ways((0, 1), (1, 2), (2, 3), (3, 4), (4, 5))
    yield "a row of three, colour 1", [1, 1, 1], *both_ways((0, 1), (1, 2))
    yield "a ring", same, *both_ways((0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 0))
    yield "two triangles", same, *both_ways((0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 3))
    yield "one neighbour, or two alike", [7, 7, 3, 3, 3], *both_ways((0, 2), (1, 3), (1, 4))
    yield "1 + 3 and 2 + 2", [0, 0, 1, 3, 2, 2], *both_ways((0, 2), (0, 3), (1, 4), (1, 5))
    yield "the same neighbours, another self", [5, 4, 0, 0], *both_ways((0, 2), (1, 3))
    yield "neighbours in another order", [0, 0, 8, 9, 9, 8], *both_ways((0, 2), (0, 3), (1, 4), (1, 5))
    yield "0 + 0 + 3 + 3 and 0 + 1 + 2 + 3", [4, 4, 0, 0, 3, 3, 0, 1, 2, 3], *both_ways(
        (0, 2), (0, 3), (0, 4), (0, 5), (1, 6), (1, 7), (1, 8), (1, 9))
    yield "colours of two digits", [1, 11, 11, 1], *both_ways((0, 2), (1, 3))
    yield "colours of any size", [0, 0, 4, 0, 1, 0, 13, 0, 3], *both_ways((0, 2), (1, 3), (1, 4), (5, 6),
        (7, 8))
    yield "nodes without neighbours", [2, 2, 1], np.zeros(0, int), np.zeros(0, int)
    yield "one way only", [0, 0, 0], [0, 1], [1, 2]
    row = rng.permutation(7)
    mixed = both_ways(*pairwise(row))
    yield "a row with its nodes mixed", [1, 0, 0, 1, 0, 0, 1], *mixed


def refine(colours, source, target):
    names: dict = {}
    new = []
    for i, own in enumerate(colours):
        heard = sorted(colours[source[target == i]].tolist())
        new.append(names.setdefault((int(own), tuple(heard)), len(names)))
    return np.array(new)


def by_size(colours, source, target):
    """Named in the order of the pairs, as np.unique and sorted do."""
    pairs = [(int(c), tuple(sorted(colours[source[target == i]].tolist()))) for i, c in enumerate(colours)]
    return np.array([sorted(set(pairs)).index(pair) for pair in pairs])


def by_place(colours, source, target):
    new = refine(colours, source, target).tolist()
    return np.array([new.index(name) for name in new])


def at_once(colours, source, target):
    names: dict[tuple, int] = {}
    colours = colours.copy()
    for i in range(len(colours)):
        heard = tuple(sorted(colours[source[target == i]].tolist()))
        colours[i] = names.setdefault((int(colours[i]), heard), len(names))
    return colours


def two_rounds(colours, source, target):
    return refine(refine(colours, source, target), source, target)


def undirected(colours, source, target):
    return refine(colours, np.concatenate([source, target]), np.concatenate([target, source]))


HEARD = "sorted(colours[source[target == i]].tolist())"
SETS = ("sorted(colours[source[target == i]].tolist())", "sorted(set(colours[source[target == i]].tolist()))")

REFINE = Function(5, refine, colourings, mistakes=[
    ("other colours alone", edit(
        HEARD, "sorted(c for c in colours[source[target == i]].tolist() if c != own)"),
     "You leave out neighbours of the own colour. They are heard as all others are."),
    ("counts on", edit("len(names))", "len(names) + max(colours) + 1)"),
     "You go on counting after the old colours. The new names begin at 0."),
    ("a set", edit(*SETS),
     "Yours does not see how often a colour is heard. One neighbour and two alike are not the same."),
    ("a sum", edit("sorted(colours[source[target == i]].tolist())", "[colours[source[target == i]].sum()]"),
     "You add the colours up. 1 and 3, or 2 and 2: the sum cannot tell them apart."),
    ("a sum and a count", edit("sorted(colours[source[target == i]].tolist())",
                               "[colours[source[target == i]].sum(), (target == i).sum()]"),
     "You keep how many are heard, and their sum. 1 and 3, or 2 and 2: it cannot tell them apart."),
    ("forgets itself", edit("(int(own), tuple(heard))", "tuple(heard)"),
     "Nodes of different colours become one when they hear the same. The own colour is part of the pair."),
    ("in the order of the list", edit(*SETS[:1], "colours[source[target == i]].tolist()"),
     "You keep the order in which the messages are listed. It means nothing: a multiset has none. Sort."),
    ("backwards", edit("source[target == i]", "target[source == i]"),
     "Your nodes hear those to whom they send. Messages go from source to target."),
    ("counts alone", edit("sorted(colours[source[target == i]].tolist())", "[(target == i).sum()]"),
     "You count the neighbours and do not look at their colours."),
    ("names of the neighbours", edit(HEARD, "sorted(source[target == i].tolist())"),
     "You look at *who* the neighbours are. Names must not matter, only their colours."),
    ("itself among them", edit("(int(own), tuple(heard))", "tuple(sorted([int(own), *heard]))"),
     "You mix the own colour into those of the neighbours. It is a part of its own: 1 that hears 2 is not "
     "2 that hears 1."),
    ("the mean", edit(HEARD, "[float(np.mean(colours[source[target == i]]))] if i in target else []"),
     "You take a mean of colours. 1 and 3, or 2 and 2: the mean cannot tell them apart, nor one neighbour "
     "from two alike."),
    ("the largest", edit(HEARD, "colours[source[target == i]].tolist()",
                         "tuple(heard)", "max(heard, default=-1)"),
     "You keep the largest colour heard. All of them count, each as often as it is heard."),
    ("smallest, largest, how many", edit(
        HEARD, "colours[source[target == i]].tolist()",
        "tuple(heard)", "min(heard, default=-1), max(heard, default=-1), len(heard)"),
     "Smallest, largest and how many: 0, 0, 3, 3 and 0, 1, 2, 3 agree in all of it. Keep the whole "
     "multiset."),
    ("one text", edit("(int(own), tuple(heard))", "str(own) + ''.join(map(str, heard))"),
     "You write the colours one after another without a gap: 1 that hears 11 becomes the same as 11 that "
     "hears 1."),
    ("both ways", undirected, "You let every message go both ways. Here it goes from source to target."),
    ("two rounds", two_rounds, "That is two rounds. One is asked."),
    ("at once", at_once,
     "You repaint while you look: later nodes see new colours. All look first, at the old ones."),
    ("sorted names", by_size,
     "The classes are right, the names are not: count in the order in which they occur, from node 0 on."),
    ("places as names", by_place,
     "The classes are right. You name each by the node where it first occurs, and leave numbers out."),
    ("names from 1", edit("len(names))", "len(names) + 1)"), "Begin to count at 0."),
    ("keeps its number", edit("np.array(new)", "np.array(new) + colours.min()"),
     "The names begin at 0, whatever the old colours were."),
    ("a product", edit(HEARD, "[int(np.prod(colours[source[target == i]] + 2))]"),
     "You multiply what is heard: 4 alone, or 0 and 1, can give one product. Keep the colours themselves."),
    ("ten colours", edit(HEARD, "np.bincount(colours[source[target == i]] % 10, minlength=10).tolist()"),
     "You count in a table of ten colours. They may be of any size: 13 is not 3."),
    ("a sum and squares",
     edit(HEARD, "[colours[source[target == i]].sum(), (colours[source[target == i]] ** 2).sum()]"),
     "Sums and squares do not tell all multisets apart, and nothing from zeros. Keep the colours "
     "themselves."),
    ("how many there are", edit("return np.array(new)", "return len(names)"),
     "That is how many colours there are. Return one for each node."),
], after="The ring of six and the two triangles keep one colour for ever: every node has two neighbours that "
         "look like itself. No network of this kind can tell them apart.")

GONE = Explain(6, rubric=[
    "all the hops and one layer, the common part removed: if it classifies, the information is there",
    "as many layers, few hops: if these fail too, the depth is to blame, if they learn, the messages are",
    "or: remove the common part in every layer and change nothing else",
    "enough steps for each, before a failure counts",
])


def labelled(rng):
    def friends(n, links):
        A = np.triu(rng.random((n, n)) < links, 1) * 1.0
        A[0, 1] = 1
        return A + A.T

    some = np.where(np.arange(12) < 5, np.arange(12) % 3, -1)
    yield "a row of three", [[0.0, 1, 0], [1, 0, 1], [0, 1, 0]], [0, -1, 1], 2, 1
    yield "twelve, five rounds", friends(12, 0.3), some, 3, 5
    yield "a class that nobody has", friends(6, 0.5), [0, -1, -1, 1, -1, -1], 4, 3
    alone = friends(7, 0.6)
    alone[5:], alone[:, 5:] = 0, 0
    yield "a tip with one neighbour", [[0.0, 1, 0], [1, 0, 1], [0, 1, 0]], [0, -1, -1], 2, 2
    yield "two without a neighbour", alone, [0, -1, -1, 1, -1, 2, -1], 3, 4
    yield "no round at all", friends(5, 0.5), [-1, 2, -1, 0, -1], 3, 0
    yield "as many classes as nodes", friends(4, 0.7), [3, -1, 1, -1], 4, 2


def spread_labels(A, labels, classes, rounds):
    known = (labels >= 0)[:, None]
    Y = (labels[:, None] == np.arange(classes)) * 1.0
    degree = np.maximum(A.sum(axis=1, keepdims=True), 1)
    Z = Y
    for _ in range(rounds):
        Z = np.where(known, Y, A @ Z / degree)
    return Z


WRAPS = ("(labels[:, None] == np.arange(classes)) * 1.0", "np.eye(classes)[labels]")
FORGETS = ("np.where(known, Y, A @ Z / degree)", "A @ Z / degree")

def forgetful(A, labels, classes, rounds):
    Z = (labels[:, None] == np.arange(classes)) * 1.0
    for _ in range(rounds):
        Z = A @ Z / np.maximum(A.sum(axis=1, keepdims=True), 1)
    return Z


def one_after_another(A, labels, classes, rounds):
    Z = (labels[:, None] == np.arange(classes)) * 1.0
    for _ in range(rounds):
        for i in np.flatnonzero((labels < 0) & (A.sum(axis=1) > 0)):
            Z[i] = A[i] @ Z / A[i].sum()
    return Z


REPAIR = Function(7, spread_labels, labelled, mistakes=[
    ("the neighbours' degrees", edit("A @ Z / degree", "(A / degree.T) @ Z"),
     "You divide by the neighbours' degrees. A mean is divided by how many *this* node has: its own row."),
    ("added to the old", edit("A @ Z / degree", "Z + A @ Z / degree"),
     "You add the mean to what was there. It takes its place."),
    ("two steps a round", edit("A @ Z / degree", "A @ (A @ Z / degree) / degree"),
     "A round of yours hears the neighbours' neighbours, too. One round is one step along the links."),
    ("listens to the start", edit("A @ Z / degree", "A @ Y / degree"),
     "Your rounds all read the labels of the start. Each has to read what the last one has left."),
    ("a place for each node", edit("np.arange(classes)", "np.arange(len(labels))"),
     "Your rows have a place for each node. They need one for each class: `classes`."),
    ("begins undecided, and stays so",
     edit(WRAPS[0], "np.where(known, labels[:, None] == np.arange(classes), 1 / classes)",
          "np.where(known, Y", "np.where(known | (A.sum(axis=1, keepdims=True) == 0), Y"),
     "Unknown nodes begin with zeros, not with equal shares, and one without a neighbour keeps them."),
    ("listens once", edit("np.where(known, Y, A @ Z / degree)",
                          "np.where(Z.sum(axis=1, keepdims=True) > 0, Z, A @ Z / degree)"),
     "Your nodes stop listening as soon as they have heard something. Only the known keep theirs."),
    ("divides by all", edit("np.maximum(A.sum(axis=1, keepdims=True), 1)", "len(A)"),
     "You divide by the number of nodes. Each has its own number of neighbours."),
    ("half old, half new", edit("A @ Z / degree", "(Z + A @ Z / degree) / 2"),
     "You take half of the old and half of the mean. Unknown nodes take the whole mean."),
    ("one class for each", edit("return Z", "return Z.argmax(axis=1)"),
     "You name one class for each node. Asked is all that it has heard, a number for each class."),
    ("a round too few", edit("range(rounds)", "range(rounds - 1)"), "That is one round too few."),
    ("the lonely lose theirs", edit("np.where(known, Y",
                                    "np.where(known & (A.sum(axis=1, keepdims=True) > 0), Y"),
     "A known node without a neighbour has lost its label. It keeps what it began with."),
    ("two faults left", edit(*WRAPS, *FORGETS),
     "The division is right now. What is row −1 of a matrix, in NumPy? And who may keep a label for ever?"),
    ("row minus one", edit(*WRAPS),
     "Your unknown nodes begin with the last class: −1 as an index is the last row. They begin with zeros."),
    ("forgets", edit(*FORGETS),
     "The known nodes forget what they know. Put their label back after each round."),
    ("nothing over nothing", edit("np.maximum(A.sum(axis=1, keepdims=True), 1)",
                                  "np.where((d := A.sum(axis=1, keepdims=True)) > 0, d, np.nan)"),
     "A node without a neighbour gets 0/0 from you. Divide by at least 1."),
    ("the sum", edit("A @ Z / degree", "A @ Z"),
     "Your nodes take the sum of their neighbours. Asked is the mean."),
    ("hears itself", edit("A @ Z / degree", "(A @ Z + Z) / (degree + 1)"),
     "Your nodes hear themselves too. Here there are no self loops."),
    ("shares that sum to one", edit("return Z", "return Z / np.maximum(Z.sum(axis=1, keepdims=True), 1e-9)"),
     "Your rows sum to 1. A neighbour that has heard nothing yet counts in the mean, with zeros."),
    ("class 0 is unknown", lambda A, labels, classes, rounds: spread_labels(
        A, np.where(labels == 0, -1, labels), classes, rounds),
     "Class 0 is a label, too: known is who has one from 0 on."),
    ("class 0 is not put back", edit("np.where(known, Y,", "np.where(known & (labels[:, None] > 0), Y,"),
     "Nodes of class 0 forget what they know. Known is who has a label from 0 on: `labels >= 0`."),
    ("keeps the ones alone", edit("np.where(known, Y, A @ Z / degree)", "np.where(Y > 0, Y, A @ Z / degree)"),
     "Known nodes keep their 1, and yet hear other classes. Put back the whole row."),
    ("adds the label", edit("np.where(known, Y, A @ Z / degree)", "A @ Z / degree + Y"),
     "You add the label to the mean, in each round again. Known nodes *keep* theirs."),
    ("the chapter's mixture", edit("np.where(known, Y, A @ Z / degree)", "0.9 * A @ Z / degree + 0.1 * Y"),
     "That is the chapter's α. Here known nodes keep all of their label, and the others take the whole "
     "mean."),
    ("put back at the end", lambda A, labels, classes, rounds: np.where(
        (labels >= 0)[:, None], spread_labels(A, labels, classes, 0),
        forgetful(A, labels, classes, rounds)),
     "You put the labels back after the last round only. The rounds between have heard forgetful nodes."),
    ("half of each", edit("A @ Z / degree", "(A / np.sqrt(degree * degree.T)) @ Z"),
     "That is half of each degree, as in the chapter's S. Here every node takes the mean."),
    ("divides by those who know", edit(
        "A @ Z / degree", "A @ Z / np.maximum(A @ (Z.sum(axis=1, keepdims=True) > 0), 1)"),
     "You leave out neighbours that have heard nothing yet. In the mean they count, with zeros."),
    ("everyone votes", edit("A @ Z / degree", "np.eye(classes)[(A @ Z).argmax(axis=1)]"),
     "You let each node decide for one class. It keeps the whole mean, ½ and ½ if need be."),
    ("begins undecided",
     edit(WRAPS[0], "np.where(known, labels[:, None] == np.arange(classes), 1 / classes)"),
     "Unknown nodes begin with zeros, not with equal shares."),
    ("as they come", one_after_another,
     "You write into the numbers that later nodes still read. All listen first: keep old and new apart."),
    ("a round too many", edit("range(rounds)", "range(rounds + 1)"), "That is one round too many."),
], after="The old one ran, and printed numbers between 0 and 1. Small cases, done in the head, tell.")


def crowd(seed, n=240):
    """Features, friendships, the kinds, and who is known."""
    rng = np.random.default_rng(seed)
    kind = rng.permutation(np.arange(n) % 3)
    centre = 1.5 * np.linalg.qr(rng.normal(size=(30, 3)))[0].T  # three directions at right angles
    chance = np.where(kind[:, None] == kind, 0.01, 0.1)
    A = np.triu(rng.random((n, n)) < chance, 1)
    X = centre[kind] + rng.normal(size=(n, 30))
    known = np.concatenate([np.flatnonzero(kind == k)[:15] for k in range(3)])
    return X.astype(np.float32), (A | A.T).astype(np.float32), kind, known


def crowds(rng):
    for name in ("one crowd", "another"):
        seed = int(rng.integers(10**6))
        X, A, kind, known = crowd(seed)
        yield name, X, A, known, kind[known], 60, {"seed": seed}


def told(kinds, X, A, known, labels, steps, backward):
    """Has the bar been reached? Several ways lead there."""
    if wrong := no_classes(kinds, len(X), 3):
        return wrong
    kind = crowd(backward["seed"])[2]
    right = np.delete(kinds == kind, known).mean()
    if right >= 0.8:
        return "80 of 100 right"
    return "fewer than a guess" if right < 0.25 else "fewer than 80 of 100 right"


def friends_apart(X, A, known, labels, steps, backward):
    """No network: the bar is compared, and least squares with a penalty reaches it."""
    for _ in range(steps):
        backward(NoLoss())
    walk = A / np.maximum(A.sum(axis=1, keepdims=True), 1)
    parts = [X, walk @ X, walk @ (walk @ X)]
    seen = np.concatenate([(F - F.mean(axis=0)) / F.std(axis=0) for F in parts], axis=1)
    near = seen @ seen[known].T
    return (near @ np.linalg.solve(near[known] + 100 * np.eye(len(known)), np.eye(3)[labels])).argmax(axis=1)


TRAIN = Function(8, friends_apart, crowds, run=within_budget, measure=told,
    allows=("Linear", "AdamW", "relu", "cross_entropy", "concatenate"), mistakes=[
    ("too few", edit("parts = [X, walk @ X, walk @ (walk @ X)]", "parts = [X]"),
     "Better than a guess, and not enough. Look at some friends of known people: of which kind are they, and "
     "of which kind are *their* friends? One round brings you the first, two rounds the second. Give the "
     "layer both, side by side with a person's own features. It has them? Then look at their sizes: a mean "
     "of many is small beside one person's features. Bring all parts to one size."),
    ("returns the scores", edit(".argmax(axis=1)", ""),
     "You return three numbers for each person. The kind is the place of the largest."),
    ("the others alone", lambda X, A, known, labels, steps, backward: np.delete(
        friends_apart(X, A, known, labels, steps, backward), known),
     "You return the kinds of the others. Return those of all 240, the known among them."),
    ("says another", edit(".argmax(axis=1)", ".argmin(axis=1)"),
     "Fewer right than by guessing: so it knows, and says another kind. Smallest or largest? Or do the "
     "labels belong to other rows?"),
    ("over budget", edit("range(steps)", "range(steps + 1)"),
     "Every call of `backward` counts, and there are 60."),
], after="One round mixes those of other kinds into your row. Friends' friends are of your own kind more "
         "often than by chance, and so two rounds tell more than one; kept apart, a layer weighs each as it "
         "deserves.")
