"""Automatic differentiation."""

import numpy as np

from nnlearn.exercises import Explain, Function, Misconception, Predict, Value

REUSED = Predict(
    id="07.1",
    title="A node that is used three times",
    reference=7.0,
    rtol=1e-6,
    misconceptions=[
        Misconception(
            "overwrites in the product", 4.0, "In x · x, x is used twice: it gets 3 from each use."
        ),
        Misconception(
            "forgets the sum", 6.0, "That is the product's share. The x that is added sends one too."
        ),
        Misconception("the last share only", 1.0, "That is the share of one use. What arrives is added up."),
        Misconception("the value", 12.0, "12 is the value of the expression at 3. What is its slope?"),
        Misconception("multiplies the shares", 9.0, "Shares of several paths are added: 3 + 3 + 1."),
    ],
    after="Three uses, three shares: 3 and 3 from the product, 1 from the sum.",
)

PRICE = Predict(
    id="07.2",
    title="A million derivatives",
    choices=("about twice", "about a thousand times", "about a million times"),
    reference="about twice",
    misconceptions=[
        Misconception(
            "square root",
            "about a thousand times",
            "Count products: a matrix product forward is how many of the same size backward?",
        ),
        Misconception(
            "one run for each weight",
            "about a million times",
            "That is what differences cost: one or two runs for each weight. Backward, each node sends once "
            "and serves all weights.",
        ),
    ],
    after="Each product forward is two products backward, however many weights there are.",
)


def divide_cases(rng):
    def positive(*shape):
        return rng.uniform(0.5, 2.0, shape)

    return {
        "one number each": {"a": np.array(3.0), "b": np.array(2.0), "g": np.array(5.0)},
        "arrays": {"a": rng.normal(size=(2, 3)), "b": positive(2, 3), "g": rng.normal(size=(2, 3))},
        "negative denominators": {
            "a": rng.normal(size=4),
            "b": -positive(4),
            "g": rng.normal(size=4),
        },
    }


DIVIDE = Function(
    id="07.3",
    title="The shares of a quotient",
    points=2,
    signature="divide_shares(a, b, g)",
    cases=divide_cases,
    reference=lambda a, b, g: (g / b, -g * a / b**2),
    misconceptions=[
        Misconception(
            "forgets the minus",
            lambda a, b, g: (g / b, g * a / b**2),
            "If b grows, a / b shrinks: what sign does b's share have?",
        ),
        Misconception(
            "forgets the gradient from above",
            lambda a, b, g: (1 / b, -a / b**2),
            "Those are the slopes. A share is the slope times the gradient `g` that arrived.",
        ),
        Misconception(
            "the shares of a product",
            lambda a, b, g: (g * b, g * a),
            "Those are the shares of a · b. Write a / b as a · (1/b): what is the slope of 1/b?",
        ),
        Misconception(
            "swapped",
            lambda a, b, g: (-g * a / b**2, g / b),
            "The two shares stand in the wrong order: a's comes first.",
        ),
        Misconception(
            "denominator not squared",
            lambda a, b, g: (g / b, -g * a / b),
            "The slope of 1/b is −1/b², not −1/b.",
        ),
    ],
    after="g / b, and minus that times the quotient itself.",
)


def both_ways(answer, x):
    """The rule's value, and its vjp of some gradient that is not the same everywhere."""
    value, vjp = answer(x)
    return value, vjp(2 + np.sin(5 * x))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


SOFTPLUS = Function(
    id="07.4",
    title="A rule for softplus",
    points=2,
    signature="softplus(x)",
    cases=lambda rng: {
        "some numbers": {"x": rng.normal(size=5) * 2},
        "a batch": {"x": rng.normal(size=(2, 3))},
        "zero": {"x": np.zeros(1)},
    },
    run=both_ways,
    reference=lambda x: (np.log(1 + np.exp(x)), lambda g: g * sigmoid(x)),
    misconceptions=[
        Misconception(
            "forgets g",
            lambda x: (np.log(1 + np.exp(x)), lambda g: sigmoid(x)),
            "Your vjp returns the slope alone: multiply it by the gradient `g` that arrives.",
        ),
        Misconception(
            "slope of the logarithm only",
            lambda x: (np.log(1 + np.exp(x)), lambda g: g / (1 + np.exp(x))),
            "The logarithm's slope is there. The chain rule also wants the slope of what is inside, eˣ.",
        ),
        Misconception(
            "slope at g",
            lambda x: (np.log(1 + np.exp(x)), lambda g: sigmoid(g)),
            "The slope is to be taken at `x`, and then multiplied by `g`.",
        ),
        Misconception(
            "slope of the sigmoid",
            lambda x: (np.log(1 + np.exp(x)), lambda g: g * sigmoid(x) * (1 - sigmoid(x))),
            "That is the slope of the sigmoid. Softplus is one step before: its slope *is* the sigmoid.",
        ),
        Misconception(
            "returns the slope",
            lambda x: (np.log(1 + np.exp(x)), sigmoid(x)),
            "The second thing to return is a function, `lambda g: …`: called when the gradient comes.",
        ),
        Misconception(
            "returns the value alone",
            lambda x: np.log(1 + np.exp(x)),
            "A rule returns two things: the value, and a function of `g`.",
        ),
    ],
    after="Its slope is the sigmoid: softplus is the ReLU, and the sigmoid the step, with rounded corners.",
)


def shapes(rng):
    return {
        "a bias under a batch": {"g": rng.normal(size=(4, 3)), "shape": np.array([3])},
        "one column": {"g": rng.normal(size=(4, 3)), "shape": np.array([4, 1])},
        "one row": {"g": rng.normal(size=(4, 3)), "shape": np.array([1, 3])},
        "as many rows as columns, one column": {"g": rng.normal(size=(3, 3)), "shape": np.array([3, 1])},
        "nothing repeated": {"g": rng.normal(size=(4, 3)), "shape": np.array([4, 3])},
        "one number": {"g": rng.normal(size=(2, 5)), "shape": np.array([1])},
        "two axes in front": {"g": rng.normal(size=(2, 4, 3)), "shape": np.array([3])},
        "an empty batch": {"g": np.zeros((0, 3)), "shape": np.array([0, 3])},
        "an axis in front and one inside": {"g": rng.normal(size=(2, 4, 3)), "shape": np.array([4, 1])},
    }


def tupled(answer, g, shape):
    return answer(g, tuple(int(n) for n in shape))


def _sum_front(g, shape):
    while g.ndim > len(shape):
        g = g.sum(axis=0)
    return g


def unbroadcast(g, shape):
    g = _sum_front(g, shape)
    ones = tuple(axis for axis, n in enumerate(shape) if n == 1)
    return g.sum(axis=ones, keepdims=True)


UNBROADCAST = Function(
    id="07.5",
    title="Back to the shape",
    points=3,
    signature="unbroadcast(g, shape)",
    cases=shapes,
    run=tupled,
    reference=unbroadcast,
    misconceptions=[
        Misconception(
            "the axes in front only",
            _sum_front,
            "The axes in front are summed. An axis of length 1 in `shape` was repeated too.",
        ),
        Misconception(
            "always the first axis",
            lambda g, shape: g.sum(axis=0),
            "That is right for one bias under a batch. Which axes were repeated depends on `shape`.",
        ),
        Misconception(
            "mean instead of sum",
            lambda g, shape: unbroadcast(g, shape) * np.prod(shape) / g.size,
            "Each use sends its share, and shares are added: sum, not mean.",
        ),
        Misconception(
            "takes the first",
            lambda g, shape: g[(0,) * (g.ndim - len(shape))][tuple(slice(0, n) for n in shape)],
            "The shape is right, but the shares of the other uses are thrown away. Add them up.",
        ),
        Misconception(
            "loses the axes of length one",
            lambda g, shape: _sum_front(g, shape).sum(axis=tuple(k for k, n in enumerate(shape) if n == 1)),
            "Where the shape says 1, the axis has to stay, with length 1: `keepdims=True`.",
        ),
        Misconception(
            "reshapes",
            lambda g, shape: g.ravel()[: int(np.prod(shape))].reshape(shape),
            "Reshaping moves numbers about. What was repeated has to be summed.",
        ),
        Misconception(
            "never sums",
            lambda g, shape: g,
            "That is the gradient at the output. Sum it over what was repeated, to the input's shape.",
        ),
    ],
    equivalent={
        "while g.ndim != len(shape):": "g never has fewer axes than the shape",
        "while g.ndim is not len(shape):": "g never has fewer axes than the shape",
    },
    after="Broadcasting forward is summing backward, and the other way round.",
)


def graphs(rng):
    return {
        "a chain": {"graph": {"x": [], "a": ["x"], "y": ["a"]}, "output": "y"},
        "a product": {"graph": {"w": [], "x": [], "y": ["w", "x"]}, "output": "y"},
        "a diamond": {
            "graph": {"x": [], "a": ["x"], "c": ["a"], "y": ["a", "c"]},
            "output": "y",
        },
        "a diamond, the long arm first": {
            "graph": {"x": [], "a": ["x"], "c": ["a"], "y": ["c", "a"]},
            "output": "y",
        },
        "listed in no order": {
            "graph": {"y": ["c", "b"], "b": ["a"], "c": ["d", "x"], "x": [], "d": ["b"], "a": ["x"]},
            "output": "y",
        },
        "a square": {"graph": {"x": [], "y": ["x", "x"]}, "output": "y"},
        "nodes that the output does not use": {
            "graph": {"x": [], "a": ["x"], "y": ["a"], "z": ["y", "x"], "u": []},
            "output": "y",
        },
        "a single node": {"graph": {"x": []}, "output": "x"},
    }


def faults(order, graph, output):
    """What is wrong with an order, counted: many orders are right."""
    order = [str(node) for node in order]
    needed = {output}
    for _ in graph:
        needed |= {source for node in needed for source in graph[node]}
    place = {node: k for k, node in reversed(list(enumerate(order)))}
    pairs = [(place.get(source, 0), place.get(user, 0)) for user in needed for source in graph[user]]
    return {
        "nodes that the output does not depend on": len(set(order) - needed),
        "nodes missing": len(needed - set(order)),
        "nodes listed again": len(order) - len(set(order)),
        "nodes listed before one that uses them": sum(source < user for source, user in pairs),
    }


def depth_first(graph, output):
    order = []

    def visit(node):
        if node not in order:
            for source in graph[node]:
                visit(source)
            order.append(node)

    visit(output)
    return order


def nearest_first(graph, output):
    order = [output]
    for node in order:
        order += [source for source in dict.fromkeys(graph[node]) if source not in order]
    return order


def downhill(graph, output):
    """The node first, then its sources: the order in which a depth-first walk meets them."""
    order = [output]
    for source in graph[output]:
        order += [node for node in downhill(graph, source) if node not in order]
    return order


def every_path(graph, output):
    order = [output]
    for source in graph[output]:
        order += every_path(graph, source)
    return order


ORDER = Function(
    id="07.6",
    title="Who may send first?",
    points=3,
    signature="backward_order(graph, output)",
    cases=graphs,
    measure=faults,
    reference=lambda graph, output: depth_first(graph, output)[::-1],
    misconceptions=[
        Misconception(
            "forward order",
            depth_first,
            "That is the order of the forward pass. Going back, the output sends first.",
        ),
        Misconception(
            "nearest first",
            nearest_first,
            "Nearest first fails on the diamond: a node one step away may also be used two steps away. Let "
            "it wait for both.",
        ),
        Misconception(
            "put down on arrival",
            downhill,
            "You put a node down when you first meet it. Put it down after everything it uses, and read the "
            "list backwards.",
        ),
        Misconception(
            "along every path",
            every_path,
            "A node that is used twice is in your list twice, and would send twice. Note what you have seen.",
        ),
        Misconception(
            "as listed",
            lambda graph, output: list(graph),
            "You return the nodes as they are listed. What has to come first, and which nodes do not belong?",
        ),
        Misconception(
            "as listed, backwards",
            lambda graph, output: list(graph)[::-1],
            "The graph's own order need not be the order of computation, and not every node belongs to the "
            "output.",
        ),
    ],
    after="With numbers given as the nodes are made, sorting is all that is left of this.",
)


def tapes(rng):
    def entry(*pairs):
        return {"inputs": [i for i, _ in pairs], "slopes": [float(s) for _, s in pairs]}

    a, b, c = rng.uniform(1.0, 3.0, 3)
    return {
        "w x + b": {"tape": [entry(), entry(), entry(), entry((0, a), (1, b)), entry((3, 1), (2, 1))]},
        "x · x": {"tape": [entry(), entry((0, 3), (0, 3))]},
        "a diamond": {"tape": [entry(), entry((0, a)), entry((1, b)), entry((1, 1), (2, c))]},
        "a chain": {"tape": [entry(), entry((0, a)), entry((1, b)), entry((2, c))]},
        "a line that is not used": {"tape": [entry(), entry((0, 2)), entry((0, c)), entry((2, b), (0, a))]},
        "a single leaf": {"tape": [entry()]},
    }


def pull_back(tape, order=reversed, overwrite=False, seed=1.0, chained=True):
    grads = [0.0] * len(tape)
    grads[-1] = seed
    for k in order(range(len(tape))):
        for i, slope in zip(tape[k]["inputs"], tape[k]["slopes"], strict=True):
            share = slope * (grads[k] if chained else 1.0)
            grads[i] = share if overwrite else grads[i] + share
    return grads


TAPE = Function(
    id="07.7",
    title="The whole backward pass",
    points=4,
    signature="gradients(tape)",
    cases=tapes,
    reference=pull_back,
    misconceptions=[
        Misconception(
            "overwrites",
            lambda tape: pull_back(tape, overwrite=True),
            "Look at x · x: the second share has overwritten the first. Add what arrives.",
        ),
        Misconception(
            "forward order",
            lambda tape: pull_back(tape, order=iter),
            "You go through the tape from the beginning. Nothing has arrived there yet: start at the end.",
        ),
        Misconception(
            "no gradient to start from",
            lambda tape: pull_back(tape, seed=0.0),
            "All zero: the output's own gradient, 1, has to be there before anything can flow.",
        ),
        Misconception(
            "local slopes only",
            lambda tape: pull_back(tape, chained=False),
            "A share is the slope times the gradient of the node that sends it.",
        ),
    ],
    equivalent={
        "for k in range(len(tape) - 1, not 1, -1):": "the first entry has no inputs to send to",
        "for k in range(len(tape) - 1, - 0, -1):": "the first entry has no inputs to send to",
    },
    after="Six lines, and they would train a network. All the rest is comfort.",
)

PARAMETERS = Value(
    id="07.8",
    title="Count the parameters",
    reference=64 * 50 + 50 + 50 * 20 + 20 + 20 * 10 + 10,
    misconceptions=[
        Misconception("forgets the biases", 4400, "Those are the weights. Each `Linear` also has a bias."),
        Misconception(
            "biases of the inputs too",
            4400 + 64 + 50 + 20,
            "A bias belongs to each output of a layer, not to each input.",
        ),
        Misconception(
            "one bias a layer", 4403, "A layer has one bias for each of its outputs, not one in all."
        ),
        Misconception("counts neurons", 80, "Those are the neurons. Each has a weight for every input."),
        Misconception("counts arrays", 6, "Those are the arrays. How many numbers are in them?"),
    ],
    after="In code: sum(p.size for p in model.parameters()).",
)

REVERSE = Explain(
    id="07.9",
    title="Why backwards?",
    points=2,
    rubric=(
        "A network has many weights and one loss: one output, many inputs.",
        "Going backward, each node carries the derivative of the one loss by itself, so a single pass serves "
        "every weight.",
        "Going forward, each value carries its derivative by one input: one pass for each weight.",
        "A node may send only when all that use it have sent, or part of its gradient is lost.",
    ),
)
