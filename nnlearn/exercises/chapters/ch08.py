import numpy as np

from nnlearn.exercises import Explain, Function, Predict, Value, edit
from nnlearn.exercises.budget import Loss, losses_within_budget, no_classes

REUSED = Predict(1, 7.0, rtol=1e-6, mistakes=[
    ("overwrites in the product", 4.0, "In x · x, x is used twice: it gets 3 from each use."),
    ("forgets the sum", 6.0, "That is the product's share. The x that is added sends one too."),
    ("the last share only", 1.0, "That is the share of one use. What arrives is added up."),
    ("one share of the product", 3.0, "3 is what one of the two factors gets. Two more shares arrive."),
    ("the value", 12.0, "12 is the value of the expression at 3. What is its slope?"),
    ("multiplies the shares", 9.0, "Shares of several paths are added: 3 + 3 + 1."),
], after="Three uses, three shares: 3 and 3 from the product, 1 from the sum.")

PRICE = Predict(2, "about twice", mistakes=[
    ("square root", "about a thousand times",
     "Count products: a matrix product forward is how many of the same size backward?"),
    ("one run for each weight", "about a million times",
     "That is what differences cost: one or two runs for each weight. Backward, each node sends once and "
     "serves all weights."),
], after="Each product forward is two products backward, however many weights there are.")


def quotients(rng):
    yield "one number each", np.array(3.0), np.array(2.0), np.array(5.0)
    yield "arrays", rng.normal(size=(2, 3)), rng.uniform(0.5, 2.0, (2, 3)), rng.normal(size=(2, 3))
    yield "negative denominators", rng.normal(size=4), -rng.uniform(0.5, 2.0, 4), rng.normal(size=4)


def divide_shares(a, b, g):
    return g / b, -g * a / b**2


DIVIDE = Function(3, divide_shares, quotients, outputs="a b", mistakes=[
    ("forgets the minus", edit("-g", "g"), "If b grows, a / b shrinks: what sign does b's share have?"),
    ("forgets the gradient from above", edit("g / b, -g * a", "1 / b, -a"),
     "Those are the slopes. A share is the slope times the gradient `g` that arrived."),
    ("the shares of a product", edit("g / b, -g * a / b**2", "g * b, g * a"),
     "Those are the shares of a · b. Write a / b as a · (1/b): what is the slope of 1/b?"),
    ("swapped", edit("g / b, -g * a / b**2", "-g * a / b**2, g / b"),
     "The two shares stand in the wrong order: a's comes first."),
    ("denominator not squared", edit("b**2", "b"), "The slope of 1/b is −1/b², not −1/b."),
    ("g for b forgotten", edit("-g * a", "-a"),
     "a's share is right. b's is a slope times `g`, too."),
    ("a forgotten", edit("-g * a", "-g"),
     "a's share is right. The slope for b is that of a · (1/b): its a stays as a factor."),
    ("times b", edit("g / b,", "g * b,"), "The slope of a / b for a is 1/b: divide by b."),
    ("the quotient rule", lambda a, b, g: g * (b - a) / b**2,
     "The quotient rule is for one variable in both places. Here a and b have a share each: two values."),
    ("no brackets", edit("/ b**2", "/ b * b"),
     "x / b * b divides by b and multiplies by it again: brackets, or `b**2`."),
    ("b three times", edit("b**2", "b**3"), "b stands once too often below b's share: −a / b², times g."),
], after="g / b, and minus that times the quotient itself.")


def numbers(rng):
    yield "some numbers", rng.normal(size=5) * 2
    yield "a batch", rng.normal(size=(2, 3))
    yield "zero", np.zeros(1)


def both_ways(answer, x):
    """The rule's value, and its vjp of some gradient that is not the same everywhere."""
    value, vjp = answer(x)
    return value, vjp(2 + np.sin(5 * x))


def softplus(x):
    return np.log(1 + np.exp(x)), lambda g: g / (1 + np.exp(-x))


SOFTPLUS = Function(4, softplus, numbers, run=both_ways, outputs="value slope", mistakes=[
    ("forgets g", edit("lambda g: g", "lambda g: 1"),
     "Your vjp returns the slope alone: multiply it by the gradient `g` that arrives."),
    ("slope of the logarithm only", edit("np.exp(-x)", "np.exp(x)"),
     "The logarithm's slope is there. The chain rule also wants the slope of what is inside, eˣ."),
    ("slope at g", edit("g / (1 + np.exp(-x))", "1 / (1 + np.exp(-g))"),
     "The slope is to be taken at `x`, and then multiplied by `g`."),
    ("slope of the sigmoid", edit("np.exp(-x))", "np.exp(-x)) / (1 + np.exp(x))"),
     "That is the slope of the sigmoid. Softplus is one step before: its slope *is* the sigmoid."),
    ("returns the slope", edit("lambda g: g", "1"),
     "The second thing to return is a function, `lambda g: …`: called when the gradient comes."),
    ("returns the value alone", edit(", lambda g: g / (1 + np.exp(-x))", ""),
     "A rule returns two things: the value, and a function of `g`."),
    ("the slope of the ReLU", edit("g / (1 + np.exp(-x))", "g * (x > 0)"),
     "That is the ReLU's slope. Softplus is a ReLU with a round corner: its slope rises smoothly."),
    ("slope at the value", edit("np.exp(-x)", "np.exp(-np.log(1 + np.exp(x)))"),
     "You take the sigmoid of the *value*. It is to be taken at `x`, the input."),
    ("g added", edit("g / (1", "g + 1 / (1"), "The slope is multiplied by `g`, not added to it."),
    ("base 2", edit("np.log(1 + np.exp(x))", "np.log2(1 + np.exp(x))"),
     "ln is the natural logarithm: `np.log`."),
    ("slope of the exponential only", edit("g / (1 + np.exp(-x))", "g * np.exp(x)"),
     "The slope of what is inside, eˣ, is there. The logarithm around it has a slope, too: 1 over 1 + eˣ."),
    ("the sigmoid at g", edit("np.exp(-x)", "np.exp(-g)"),
     "You take the sigmoid of `g`. It is to be taken at `x`, and multiplied by `g`."),
    ("a function of two", edit("lambda g:", "lambda g, x:"),
     "Your second function wants `x` again. It is called with `g` alone, and remembers x by itself."),
    ("a tuple of one", edit("lambda g: g / (1 + np.exp(-x))", "(lambda g: g / (1 + np.exp(-x)),)"),
     "You return the function within a tuple. A rule with one input returns the function itself."),
], after="Its slope is the sigmoid: softplus is the ReLU, and the sigmoid the step, with rounded corners.")


def larger_gradients(rng):
    yield "a bias under a batch", rng.normal(size=(4, 3)), (3,)
    yield "one column", rng.normal(size=(4, 3)), (4, 1)
    yield "one row", rng.normal(size=(4, 3)), (1, 3)
    yield "as many rows as columns, one column", rng.normal(size=(3, 3)), (3, 1)
    yield "nothing repeated", rng.normal(size=(4, 3)), (4, 3)
    yield "one number", rng.normal(size=(2, 5)), (1,)
    yield "two axes in front", rng.normal(size=(2, 4, 3)), (3,)
    yield "an empty batch", np.zeros((0, 3)), (0, 3)
    yield "an axis in front and one inside", rng.normal(size=(2, 4, 3)), (4, 1)
    yield "two axes of length one", rng.normal(size=(2, 4, 3)), (1, 4, 1)
    yield "a single number", rng.normal(size=(2, 3)), ()


def unbroadcast(g, shape):
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    ones = tuple(axis for axis, n in enumerate(shape) if n == 1)
    return g.sum(axis=ones, keepdims=True)


def lined_up_in_front(g, shape):
    while g.ndim > len(shape):
        g = g.sum(axis=-1)
    ones = tuple(axis for axis, n in enumerate(shape) if n == 1)
    return g.sum(axis=ones, keepdims=True)


def not_lined_up(g, shape):
    g = g.sum(axis=tuple(k for k, n in enumerate(shape) if n != g.shape[k]), keepdims=True)
    return g.reshape(shape) if g.size == np.prod(shape) else g


def one_axis_in_front(g, shape):
    g = g.sum(axis=0) if g.ndim > len(shape) else g
    ones = tuple(axis for axis, n in enumerate(shape) if n == 1)
    return g.sum(axis=ones, keepdims=True)


def ones_first(g, shape):
    for axis, n in enumerate(shape):
        if n == 1:
            g = g.sum(axis=axis, keepdims=True)
    while g.ndim > len(shape):
        g = g.sum(axis=0)
    return g


def all_at_once(g, shape):
    axes = tuple(k for k, n in enumerate(g.shape) if k >= len(shape) or shape[k] != n)
    return g.sum(axis=axes).reshape(shape)


def axes_not_moved(g, shape):
    axes = (*range(g.ndim - len(shape)), *(axis for axis, n in enumerate(shape) if n == 1))
    return g.sum(axis=axes, keepdims=True).reshape(shape)


UNBROADCAST = Function(5, unbroadcast, larger_gradients, mistakes=[
    ("the axes in front only", edit(".sum(axis=ones, keepdims=True)", ""),
     "The axes in front are summed. An axis of length 1 in `shape` was repeated too."),
    ("always the first axis", lambda g, shape: g.sum(axis=0),
     "That is right for one bias under a batch. Which axes were repeated depends on `shape`."),
    ("mean instead of sum", edit("sum", "mean"),
     "Each use sends its share, and shares are added: sum, not mean."),
    ("takes the first", lambda g, shape: g[(0,) * (g.ndim - len(shape))][tuple(slice(0, n) for n in shape)],
     "The shape is right, but the shares of the other uses are thrown away. Add them up."),
    ("loses the axes of length one", edit(", keepdims=True", ""),
     "Where the shape says 1, the axis has to stay, with length 1: `keepdims=True`."),
    ("reshapes", np.resize, "Reshaping moves numbers about. What was repeated has to be summed."),
    ("never sums", lambda g, shape: g,
     "That is the gradient at the output. Sum it over what was repeated, to the input's shape."),
    ("one axis of length one", lambda g, shape: (
        lambda s: s.sum(axis=shape.index(1), keepdims=True) if 1 in shape else s)(
        g.sum(axis=tuple(range(g.ndim - len(shape))))),
     "You sum along the first axis of length 1 and stop. There may be several."),
    ("the largest", edit("sum", "max"), "You keep the largest share. Each use sends one: add them."),
    ("everything", lambda g, shape: np.full(shape, g.sum()),
     "You added up everything. Where `shape` is longer than 1, the entries stay apart."),
    ("the axes of length one only", edit("    g = g.sum(axis=tuple(range(g.ndim - len(shape))))\n", ""),
     "The axes of length 1 are summed. The axes in front, which `shape` does not have, were repeated, too."),
    ("lined up in front", lined_up_in_front,
     "You take the axes that are too many from the end. Shapes are lined up at their ends: they stand in "
     "front."),
    ("not lined up", not_lined_up,
     "You compare axis k with axis k. Shapes are lined up at their ends: first sum the axes in front."),
    ("one axis in front", one_axis_in_front,
     "You sum one axis in front. There may be several: `while g.ndim > len(shape)`."),
    ("axes of length one too early", ones_first,
     "You look for the axes of length 1 while those in front are still there: then axis k of `shape` is not "
     "axis k of `g`. First sum the axes in front."),
    ("lined up in front, all at once", all_at_once,
     "You compare axis k with axis k. Shapes are lined up at their ends: count the axes of `shape` from the "
     "last one, or first sum those in front."),
    ("axes counted twice", axes_not_moved,
     "You list the axes in front and, by their numbers in `shape`, those of length 1. In `g` these stand "
     "further back, by as many as there are in front."),
    ("broadcasts", lambda g, shape: np.broadcast_to(g, shape),
     "Broadcasting repeats: that is what the forward pass has done. Going back, what was repeated is "
     "summed."),
], after="Broadcasting forward is summing backward, and the other way round.")


def graphs(rng):
    yield "a chain", {"x": [], "a": ["x"], "y": ["a"]}, "y"
    yield "a product", {"w": [], "x": [], "y": ["w", "x"]}, "y"
    yield "a diamond", {"x": [], "a": ["x"], "c": ["a"], "y": ["a", "c"]}, "y"
    yield "a diamond, the long arm first", {"x": [], "a": ["x"], "c": ["a"], "y": ["c", "a"]}, "y"
    graph = {"y": ["c", "b"], "b": ["a"], "c": ["d", "x"], "x": [], "d": ["b"], "a": ["x"]}
    yield "listed in no order", graph, "y"
    yield "a square", {"x": [], "y": ["x", "x"]}, "y"
    yield "used twice by one, once by another", {"x": [], "a": ["x"], "y": ["a", "x", "x"]}, "y"
    graph = {"x": [], "a": ["x"], "y": ["a"], "z": ["y", "x"], "u": []}
    yield "nodes that the output does not use", graph, "y"
    yield "a single node", {"x": []}, "x"
    names = list("abcdefgh")  # each uses two of those before it
    graph = {name: [names[k] for k in rng.integers(0, i, 2 * (i > 0))] for i, name in enumerate(names)}
    yield "a graph drawn for you", {name: graph[name] for name in rng.permutation(names).tolist()}, "h"


def along_every_path(graph, output):
    return [output, *(node for source in graph[output] for node in along_every_path(graph, source))]


def faults(order, graph, output):
    """What is wrong with an order, counted: many orders are right."""
    order = [str(node) for node in order]
    needed = set(along_every_path(graph, output))
    place = {node: k for k, node in reversed(list(enumerate(order)))}
    pairs = [(place.get(source, 0), place.get(user, 0)) for user in needed for source in graph[user]]
    return {
        "nodes that the output does not depend on": len(set(order) - needed),
        "nodes missing": len(needed - set(order)),
        "nodes listed again": len(order) - len(set(order)),
        "nodes listed before one that uses them": sum(source < user for source, user in pairs),
    }


def backward_order(graph, output):
    order = []

    def visit(node):
        if node not in order:
            for source in graph[node]:
                visit(source)
            order.append(node)

    visit(output)
    return order[::-1]


def nearest_first(graph, output):
    order = [output]
    for node in order:
        order += [source for source in dict.fromkeys(graph[node]) if source not in order]
    return order


def last_user_of_all(graph, output):
    """The mistake of waiting for nodes that never send."""
    waits = {node: sum(sources.count(node) for sources in graph.values()) for node in graph}
    order, ready = [], [output]
    while ready:
        order.append(ready.pop())
        for source in graph[order[-1]]:
            waits[source] -= 1
            ready += [source] * (waits[source] == 0)
    return order


def from_every_node(graph, output):
    order = []
    for node in graph:
        for each in reversed(backward_order(graph, node)):
            order += [each] * (each not in order)
    return order[::-1]


def twice(graph, output):
    return [*(node for source in graph[output] for node in twice(graph, source)), output]


def from_a_stack(graph, output):
    order, stack = [], [output]
    while stack:
        node = stack.pop()
        if node not in order:
            order.append(node)
            stack += graph[node]
    return order


def by_the_shortest_way(graph, output):
    def far(node):
        return min((1 + far(source) for source in graph[node]), default=0)

    return sorted(set(along_every_path(graph, output)), key=far, reverse=True)


ORDER = Function(6, backward_order, graphs, measure=faults, mistakes=[
    ("forward order", edit("[::-1]", ""),
     "That is the order of the forward pass. Going back, the output sends first."),
    ("nearest first", nearest_first,
     "Nearest first fails on the diamond: a node one step away may also be used two steps away. Let it wait "
     "for both."),
    ("put down on arrival", lambda graph, output: list(dict.fromkeys(along_every_path(graph, output))),
     "You put a node down when you first meet it. Put it down after everything it uses, and read the list "
     "backwards."),
    ("along every path", along_every_path,
     "A node that is used twice is in your list twice, and would send twice. Note what you have seen."),
    ("as listed", lambda graph, output: list(graph),
     "You return the nodes as they are listed. What has to come first, and which nodes do not belong?"),
    ("as listed, backwards", lambda graph, output: list(graph)[::-1],
     "The graph's own order need not be the order of computation, and not every node belongs to the output."),
    ("put down on arrival, and turned round", lambda graph, output: list(
        dict.fromkeys(along_every_path(graph, output)))[::-1],
     "You put a node down before what it is computed from, so that turned round the output comes last. Put "
     "it down after everything it uses, then turn the list round."),
    ("from every node", from_every_node,
     "You visit all nodes of the graph. Begin at `output`: what it does not depend on has no gradient."),
    ("the output left out", lambda graph, output: backward_order(graph, output)[1:],
     "The output itself is missing: it sends first."),
    ("by name", lambda graph, output: sorted(backward_order(graph, output), reverse=True),
     "You sort by name, and a name says nothing about what was computed from what."),
    ("the direct inputs", lambda graph, output: list(dict.fromkeys([output, *graph[output]])),
     "You list the output and its own inputs. What those are computed from belongs there, too."),
    ("a node for each visit", lambda graph, output: twice(graph, output)[::-1],
     "A node is put down at each visit, so what is used twice stands there twice. Note what you have seen."),
    ("waits in vain", last_user_of_all,
     "You wait for all users in the graph. Those that the output does not depend on never send: count the "
     "needed ones alone."),
    ("as listed, backwards, of the needed", lambda graph, output: [
        node for node in reversed(list(graph)) if node in along_every_path(graph, output)],
     "The right nodes, in the order of the listing, backwards. They may be listed in any order: follow who "
     "is computed from whom."),
    ("no leaves", lambda graph, output: [
        node for node in backward_order(graph, output) if graph[node] or node == output],
     "The leaves are missing. They send nothing on, but they are what the gradient is for."),
    ("from a stack", from_a_stack,
     "You put a node down when you take it from the stack, and another of its users may still lie there. Put "
     "it down after everything it uses, and read the list backwards."),
    ("by the shortest way", by_the_shortest_way,
     "You sort by the shortest way to a leaf. What has to come first is told by the *longest*: every user, "
     "however far round, goes before."),
    ("no leaves at all", lambda graph, output: [
        node for node in backward_order(graph, output) if graph[node]],
     "All nodes without inputs are missing, even where the output is one. They send nothing on, but they are "
     "what the gradient is for."),
], after="With numbers given as the nodes are made, sorting is all that is left of this.")


def tapes(rng):
    def entry(*pairs):
        return {"inputs": [i for i, _ in pairs], "slopes": [float(s) for _, s in pairs]}

    a, b, c = rng.uniform(1.0, 3.0, 3)
    yield "w x + b", [entry(), entry(), entry(), entry((0, a), (1, b)), entry((3, 1), (2, 1))]
    yield "x · x", [entry(), entry((0, 3), (0, 3))]
    yield "a diamond", [entry(), entry((0, a)), entry((1, b)), entry((1, 1), (2, c))]
    yield "a chain", [entry(), entry((0, a)), entry((1, b)), entry((2, c))]
    yield "a line that is not used", [entry(), entry((0, 2)), entry((0, c)), entry((2, b), (0, a))]
    yield "a single leaf", [entry()]


def gradients(tape):
    grads = [0.0] * (len(tape) - 1) + [1.0]
    for k in reversed(range(len(tape))):
        for i, slope in zip(tape[k]["inputs"], tape[k]["slopes"], strict=True):
            grads[i] += slope * grads[k]
    return grads


TAPE = Function(7, gradients, tapes, mistakes=[
    ("overwrites", edit("+=", "="),
     "Look at x · x: the second share has overwritten the first. Add what arrives."),
    ("forward order", edit("reversed", "iter"),
     "In yours the last entry sends, and no other. Do you begin at the front, where nothing has arrived yet, "
     "or look at the last one alone? Go through all of them, backwards."),
    ("no gradient to start from", edit("[1.0]", "[0.0]"),
     "All zero: the output's own gradient, 1, has to be there before anything can flow."),
    ("local slopes only", edit(" * grads[k]", ""),
     "A share is the slope times the gradient of the node that sends it."),
    ("all start at one", edit("[0.0] * (len(tape) - 1)", "[1.0] * (len(tape) - 1)"),
     "All your entries start at 1. Only the output does: nothing has arrived at the others yet."),
    ("without the last entry", edit("range(len(tape))", "range(len(tape) - 1)"),
     "Nothing arrives anywhere. The last entry sends first: is it left out of the loop, or do you add to the "
     "entry itself, and not to its inputs?"),
    ("added, not multiplied", edit("slope * grads[k]", "slope + grads[k]"),
     "Along a path slopes are multiplied: slope *times* what arrived. Paths are added."),
    ("stops too early", edit("reversed(range(len(tape)))", "range(len(tape) - 1, 1, -1)"),
     "`range(n, 1, -1)` stops before 1, so that entry 1 never sends. Down to 0 it is `range(n, -1, -1)`."),
], after="Six lines, and they would train a network. All the rest is comfort.")

PARAMETERS = Value(8, 64 * 50 + 50 + 50 * 20 + 20 + 20 * 10 + 10, mistakes=[
    ("forgets the biases", 4400, "Those are the weights. Each `Linear` also has a bias."),
    ("biases of the inputs too", 4400 + 64 + 50 + 20,
     "A bias belongs to each output of a layer, not to each input."),
    ("one bias a layer", 4403, "A layer has one bias for each of its outputs, not one in all."),
    ("counts neurons", 80, "Those are the neurons. Each has a weight for every input."),
    ("counts arrays", 6, "Those are the arrays. How many numbers are in them?"),
], after="In code: sum(p.size for p in model.parameters()).")

REVERSE = Explain(9, rubric=[
    "A network has many weights and one loss: one output, many inputs.",
    "Going backward, each node carries the derivative of the one loss by itself, so a single pass serves "
    "every weight.",
    "Going forward, each value carries its derivative by one input: one pass for each weight.",
    "A node may send only when all that use it have sent, or part of its gradient is lost.",
])


def programs(rng):
    def leaf(*shape):
        return {"op": "leaf", "inputs": [], "value": rng.normal(size=shape).tolist()}

    def op(name, *inputs):
        return {"op": name, "inputs": [*inputs]}

    def layer(x, w):
        return op("matmul", x, w), op("tanh", w + 1)

    two, end = [leaf(4, 3), leaf(3, 3)], rng.normal(size=(4, 3))
    yield "two layers", [*two, *layer(0, 1), leaf(3, 2), op("matmul", 3, 4)], end[:, :2]
    yield "one number, x w + x", [leaf(), leaf(), op("multiply", 0, 1), op("add", 2, 0)], rng.normal()
    yield "a layer with a skip connection", [*two, *layer(0, 1), op("add", 3, 0)], end
    yield "the skip connection first", [*two, *layer(0, 1), op("add", 0, 3)], end
    yield "two in a row", [*two, *layer(0, 1), op("add", 3, 0), op("matmul", 4, 1), op("add", 5, 4)], end
    early = [leaf(3), leaf(3), op("tanh", 0), op("tanh", 1), op("add", 2, 3), op("multiply", 2, 3)]
    yield "a sum whose parts have a second use", [*early, op("add", 4, 5)], end[0]
    yield "a doubled sum", [leaf(3), leaf(3), op("add", 0, 1), op("add", 2, 2)], end[1]


def recorded(answer, tape, g):
    """What `answer` returns when it is handed the program as a tape with vjps, which no case can hold.

    `[()]` makes a number of an array without axes, and leaves others as they are.
    """

    def applied(op, a, b=None):
        if op == "add":
            return a + b, [lambda g: g, lambda g: g]
        if op == "multiply":
            return a * b, [lambda g: g * b, lambda g: g * a]
        if op == "matmul":
            return a @ b, [lambda g: g @ b.T, lambda g: a.T @ g]
        t = np.tanh(a)
        return t, [lambda g: g * (1 - t**2)]

    values: list = []
    entries: list = []
    for line in tape:
        parts = [values[i] for i in line["inputs"]]
        value, vjps = applied(line["op"], *parts) if parts else (np.array(line["value"])[()], [])
        values.append(value)
        entries.append({"inputs": list(line["inputs"]), "vjps": vjps})
    return answer(entries, np.array(g)[()])


def backward(tape, g):
    grads = [None] * len(tape)
    grads[-1] = g
    for k in reversed(range(len(tape))):
        for i, vjp in zip(tape[k]["inputs"], tape[k]["vjps"], strict=True):
            share = vjp(grads[k])
            if grads[i] is None:
                grads[i] = share
            else:
                grads[i] = grads[i] + share
    return grads


def zeros_in_place(tape, g):
    grads = [np.zeros_like(g) for _ in tape]
    grads[-1] = g
    for k in reversed(range(len(tape))):
        for i, vjp in zip(tape[k]["inputs"], tape[k]["vjps"], strict=True):
            grads[i] += vjp(grads[k])
    return grads


def zeros_of_one_shape(tape, g):
    grads = [np.zeros_like(g) for _ in tape]
    grads[-1] = g
    for k in reversed(range(len(tape))):
        for i, vjp in zip(tape[k]["inputs"], tape[k]["vjps"], strict=True):
            grads[i] = grads[i] + vjp(grads[k])
    return grads


REPAIR = Function(10, backward, programs, run=recorded, mistakes=[
    ("still in place", edit("grads[i] = grads[i] + share", "grads[i] += share"),
     "`+=` writes into an array that is there already. Whose is it? A sum hands one and the same array to "
     "both its inputs: what is added for the one arrives at the other, and at the sum."),
    ("one copy for an entry", edit(
        "        for i, vjp", "        g = grads[k].copy()\n        for i, vjp", "vjp(grads[k])", "vjp(g)",
        "grads[i] = grads[i] + share", "grads[i] += share"),
     "An entry now sends a copy. But the two inputs of a sum still get the same one, and the first that adds "
     "to it changes the other's."),
    ("overwrites", edit("grads[i] = grads[i] + share", "grads[i] = share"),
     "Nothing is written into a foreign array any more, but the shares that came before are lost. Add to "
     "them, into a new array."),
    ("the first share only", edit("grads[i] = grads[i] + share", "pass"),
     "Of the shares that arrive only the first is kept. They have to be added."),
    ("adds to what it sends", edit("grads[i] = grads[i] + share", "grads[i] = grads[i] + grads[k]"),
     "What arrives is the vjp's result, the share, and not the gradient of the node that sends it."),
    ("zeros of one shape", zeros_of_one_shape,
     "You begin with zeros of the shape of `g`, but each entry has a shape of its own. Begin with None, as "
     "it was."),
    ("zeros of one shape, in place", zeros_in_place,
     "Every entry now has an array of its own. But that has the shape of `g`, and each entry has a shape of "
     "its own. Begin with None, as it was."),
    ("the last gradient to all", edit("vjp(grads[k])", "vjp(g)"),
     "You hand `g` to every vjp. Each wants the gradient at its own entry, `grads[k]`."),
    ("from the front", edit("    for k in reversed(range(len(tape))):\n",
     "    for k in range(len(tape)):\n        if grads[k] is None:\n            continue\n"),
     "You go through the tape from the front, where nothing has arrived yet. The end sends first."),
    ("averages", edit("grads[i] + share", "(grads[i] + share) / 2"),
     "You average what arrives. Shares are added."),
    ("the leaves alone", lambda tape, g: [
        grad for grad, entry in zip(backward(tape, g), tape, strict=True) if not entry["inputs"]],
     "You return the gradients of the leaves alone. Return that of every entry, in the tape's order."),
], after="Never write into an array that you have not made yourself: others may hold it.")


def points(shape, n, seed):
    """n points and their classes, 300 new points and theirs."""
    rng = np.random.default_rng(seed)
    angle, radius = rng.uniform(0, 2 * np.pi), rng.uniform(1.1, 1.3)
    X, X_new = rng.normal(size=(n, 2)), rng.normal(size=(300, 2))
    if shape == "line":
        y, y_new = (each @ [np.cos(angle), np.sin(angle)] > 0 for each in (X, X_new))
    else:
        y, y_new = (np.hypot(*each.T) < radius for each in (X, X_new))
    return X, y.astype(int), X_new, y_new.astype(int)


def plane(rng):
    for name, steps, shape, n in [("a straight line", 20, "line", 100), ("a circle", 50, "circle", 300)]:
        drawn = {"shape": shape, "n": n, "seed": int(rng.integers(10**6))}
        yield name, *points(**drawn)[:3], steps, drawn


def course(losses):
    """How losses went from step to step, in a few words."""
    end = losses[-(len(losses) // 5 + 1) :]
    if not len(losses) or abs(end[-1] / end[0] - 1) < 2e-3:
        return "the loss moves no more"
    if np.mean(np.diff(losses) > 0) > 0.9:
        return "the loss rises"
    return "the loss jumps" if losses.max() > 2 * losses[0] else "the loss still falls"


def reached(found, X, y, X_new, steps, backward):
    """Has the bar been reached? Many networks do."""
    classes, losses = np.asarray(found[0]), found[1]
    if wrong := no_classes(classes, len(X_new)):
        return wrong
    right = np.mean(classes == points(**backward)[3])
    if right >= 0.87:
        return "87 of 100 new points right"
    if right < 0.1 and losses[-1] < losses[0]:
        return "nearly all new points wrong"
    return "fewer than 87 of 100 right" + f", and {course(losses)}" * (backward["shape"] == "circle")


def fitted(X, y, X_new, steps, backward):
    """No network: the bar is compared, and a logistic regression that is told the radius reaches it."""

    def terms(X):
        return np.column_stack([np.ones(len(X)), X, np.hypot(*X.T)])

    for k in range(steps):
        backward(Loss(0.99**k))
    seen = terms(X)
    w = np.zeros(seen.shape[1])
    for _ in range(150):
        w += 2 * seen.T @ (y - 1 / (1 + np.exp(-seen @ w))) / len(X)
    return np.where(terms(X_new) @ w > 0, 1, 0)


TRAIN = Function(11, fitted, plane, run=losses_within_budget, measure=reached,
    allows=("Sequential", "Linear", "tanh", "cross_entropy"), mistakes=[
    ("returns the logits", edit("np.where(terms(X_new) @ w > 0, 1, 0)", "terms(X_new)[:, :2]"),
     "You return two numbers for each new point. Its class is the place of the larger one."),
    ("over budget", edit("range(steps)", "range(steps + 1)"),
     "Every call of `backward` counts. If fewer steps do not suffice, they have to be longer."),
    ("uphill", edit("0.99**k", "1.01**k", "(terms(X_new) @ w > 0, 1, 0)", "(terms(X_new) @ w > 99, 1, 0)"),
     "You climb: print the loss, and see it rise. The step goes against the gradient."),
    ("steps too short", edit(", np.hypot(*X.T)", ""),
     "It can do the line and not the circle, whose loss still falls at the end: the budget is over before it "
     "is down. Take longer steps, three times the rate, and again. (And two or three units are too few to "
     "close a circle.)"),
    ("no activation", edit("0.99**k", "1.0", ", np.hypot(*X.T)", ""),
     "It can do the line and not the circle, whose loss moves no more: without an activation between the "
     "layers the network is a straight line, whatever its width."),
    ("steps too long", edit("0.99**k", "1.0 + k % 7", ", np.hypot(*X.T)", ""),
     "It can do the line and not the circle, whose loss jumps: print it. The steps are too long: a third of "
     "the rate, and again. (The wider the network, the shorter its steps.)"),
    ("the points seen before", edit("np.where(terms(X_new)", "np.where(terms(X)"),
     "You return the classes of `X`, on which you have trained. Those of `X_new` are asked for."),
    ("the largest along the points", edit("np.where(terms(X_new) @ w > 0, 1, 0)",
     "terms(X_new)[:, :2].argmax(axis=0)"),
     "You look for the largest along the points. Each point has a class: `argmax(axis=1)`."),
    ("nothing moves", edit("0.99**k", "1.0", "(terms(X_new) @ w > 0, 1, 0)", "(terms(X_new) @ w > 99, 1, 0)"),
     "Not even the line is learned, and the loss does not move. Is a step taken? `backward` finds the slopes "
     "and moves nothing. Does it reach the model? `p = p - …` gives the name p a new tensor, and the model "
     "keeps its own: change `p.data`. And weights that all start equal stay equal."),
    ("much too short", edit("(terms(X_new) @ w > 0, 1, 0)", "(terms(X_new) @ w > 99, 1, 0)"),
     "Not even the line is learned, though the loss falls to the end: the steps are far too short."),
    ("much too long", edit("0.99**k", "1.0 + k % 7", "(terms(X_new) @ w > 0, 1, 0)",
     "(terms(X_new) @ w > 99, 1, 0)"),
     "Not even the line is learned, and the loss jumps: the steps are far too long."),
    ("probabilities", edit("np.where(terms(X_new) @ w > 0, 1, 0)", "1 / (1 + np.exp(-terms(X_new) @ w))"),
     "You return probabilities. A class is 0 or 1: which of the two is the more probable?"),
    ("the smaller one", edit("> 0, 1, 0)", "< 0, 1, 0)"),
     "Nearly all points of both sets are on the wrong side: you have learned, and return the other class. "
     "The class is the place of the *larger* number."),
], after="Try it without `zero_grad`. Is the bar still reached, and would you have noticed?")
