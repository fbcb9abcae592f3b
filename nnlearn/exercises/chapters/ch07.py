import numpy as np

import nnlearn as nn
from nnlearn.exercises import Explain, Function, Predict, Value, edit

WHITE_PIXEL = Predict(1, "have not moved", mistakes=[
    ("useless means zero", "have shrunk to zero",
     "Nothing tells these weights to shrink. What is x times dZ when x is 0?"),
    ("all weights learn", "have moved like the others",
     "A weight's gradient is what came in times the unit's gradient. What came in here?"),
], after="Their gradient is x · dZ, summed over images, and x is 0 in all of them: "
         "they stay where chance put them.")

CHAIN = Value(2, (-4.0, 4.0, 8.0), mistakes=[
    ("forgets the 2 of the square", (-2.0, 2.0, 4.0),
     "The slope of a square is twice what is squared: dL/da = 2 (a − y)."),
    ("x and w the wrong way round", (8.0, 4.0, -4.0),
     "z = x w + b: moving w moves z by x, and moving x moves z by w. You have them the other way round."),
    ("target minus output", (4.0, -4.0, -8.0),
     "All your signs are turned: L = (a − y)², so dL/da = 2 (a − y), and a is too large here."),
    ("no local slope", (4.0, 4.0, 4.0),
     "That is dL/dz for all three. Each still needs its local slope: how much does z move when it moves?"),
    ("sign of dx", (-4.0, 4.0, -8.0),
     "dw and db are right. dx is w · dL/dz, and w is positive here."),
    ("sign of dw", (4.0, 4.0, 8.0),
     "db and dx are right. dw is x · dL/dz, and x is −1 here."),
    ("local slopes alone", (-1.0, 1.0, 2.0),
     "Those are the local slopes of z. Multiply each by what arrives from the right, dL/dz."),
    ("a for a − y", (-6.0, 6.0, 12.0), "dL/da is 2 (a − y), and not 2 a: the truth is part of it."),
    ("a closed unit", (0.0, 0.0, 0.0),
     "Nothing comes through in yours. Go forward once more: z = −1 · 2 + 5, so is the ReLU open?"),
    ("dx as it arrives", (-4.0, 4.0, 4.0), "dw and db are right. dx is w · dL/dz, and w is 2 here."),
    ("the slope of b alone", (-4.0, 1.0, 8.0),
     "dw and dx are right. 1 is the slope of z with respect to b: multiply it by what arrives, dL/dz."),
])


TWO_WAYS = Value(3, (4.0, 5.0), mistakes=[
    ("only through w", (4.0, 3.0),
     "dw is right. x reaches the loss a second way as well, past the ReLU: add what comes along it."),
    ("only past it", (4.0, 2.0),
     "dw is right. x also reaches the loss through z: add what comes along that way."),
    ("multiplied", (4.0, 6.0),
     "dw is right. Where two paths meet, their gradients are added, not multiplied."),
    ("forgets the 2 of the square", (2.0, 2.5), "The slope of a square is twice what is squared: 2 (ŷ − y)."),
    ("target minus output", (-4.0, -5.0),
     "All your signs are turned: dL/dŷ = 2 (ŷ − y), and ŷ = a + x is 5, too large here. (Or did you leave x "
     "out on the way forward?)"),
    ("no x on either way", (-4.0, -3.0),
     "x is missing past the ReLU, forward and backward: ŷ = a + x is 5, and x reaches the loss a second "
     "way."),
    ("nothing arrives past it", (4.0, 4.0),
     "dw is right. Along the second way x has the slope 1, times what arrives there: dL/dŷ."),
    ("local slopes alone", (4.0, 2.5),
     "dw is right. 1.5 + 1 are the slopes of ŷ along the two ways: multiply them by dL/dŷ."),
    ("dw as it arrives", (2.0, 5.0), "dx is right. dw is x · dL/dz, and x is 2 here."),
    ("the other order", (5.0, 4.0), "Your two numbers are right, in the other order: dw, then dx."),
], after="Such a way past a layer is called a skip connection. Chapter 12 builds networks of them.")


def around_a_relu(rng):
    yield "one row", rng.normal(size=(1, 5)), [[-2.0, -0.1, 0.3, 1.0, 4.0]]
    yield "a batch", rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    yield "exactly at the corner, where we say 0", [[2.0, -3.0, 1.0]], [[0.0, 1e-3, -1e-3]]


def relu_backward(dA, Z):
    return dA * (Z > 0)


RELU = Function(4, relu_backward, around_a_relu, mistakes=[
    ("the ReLU of the gradient", edit("dA * (Z > 0)", "np.maximum(dA, 0)"),
     "You cut off negative gradients. What opens or closes the gate is Z, not the gradient."),
    ("everything passes", edit(" * (Z > 0)", ""),
     "Nothing is held back. Where Z was negative, the unit was closed and its slope is 0."),
    ("the value for the slope", edit("(Z > 0)", "np.maximum(Z, 0)"),
     "You multiply by the ReLU's value. The chain rule wants its slope: 1 where it is open."),
    ("the slope alone", edit("dA * (Z > 0)", "1.0 * (Z > 0)"),
     "That is the local slope. Multiply it by what arrives from the right, dA."),
    ("open at zero", edit(">", ">="),
     "Right but for z = 0 exactly. There the course says 0, as PyTorch does."),
    ("the closed ones", edit("(Z > 0)", "(Z < 0)"),
     "Your gate is the wrong way round: it is open where Z is above 0."),
    ("times the sign", edit("(Z > 0)", "np.sign(Z)"),
     "Where Z is below zero your gradient goes on with the other sign. There the slope is 0."),
    ("times Z", edit("(Z > 0)", "Z"), "You multiply by Z. The ReLU's slope is 1 where Z > 0, else 0."),
    ("leaky", edit("(Z > 0)", "np.where(Z > 0, 1, 0.01)"),
     "That is the leaky ReLU's slope. The plain one lets nothing through where Z is below 0."),
    ("the ReLU of the product", edit("dA * (Z > 0)", "np.maximum(dA * Z, 0)"),
     "You take the ReLU once more. Backward there is none: dA goes on where Z > 0, whatever its sign."),
    ("the way forward", edit("dA * (Z > 0)", "np.maximum(Z, 0)"),
     "That is the ReLU itself, the way forward. Backward dA comes in, and goes on where Z > 0."),
])


def around_a_layer(rng):
    def dZ_X_W(B, n, m):
        return rng.normal(size=(B, m)), rng.normal(size=(B, n)), rng.normal(size=(n, m))

    yield "five examples, three inputs, two units", *dZ_X_W(5, 3, 2)
    yield "a square layer", *dZ_X_W(4, 3, 3)
    yield "everything square", *dZ_X_W(3, 3, 3)
    yield "one example", *dZ_X_W(1, 4, 2)


def linear_backward(dZ, X, W):
    return dZ @ W.T, X.T @ dZ, dZ.sum(axis=0)


LINEAR = Function(5, linear_backward, around_a_layer, outputs="dX dW db", mistakes=[
    ("W not transposed", edit("W.T", "W"),
     "dX: dZ is (B, m) and W is (n, m), so the product that gives (B, n) is with W.T. A square W hides it."),
    ("the product the other way round", edit("X.T @ dZ", "dZ.T @ X"),
     "Your dW is transposed: it must have the shape of W, (n, m)."),
    ("bias summed over the units", edit("axis=0", "axis=1"),
     "db sums over the examples, not over the units: there is one bias for each unit."),
    ("mean for the bias", edit("sum", "mean"),
     "db is a sum over the examples. The 1/B of the mean is already in dZ, from the loss."),
    ("divides by B once more", edit("X.T @ dZ", "X.T @ dZ / len(X)", "sum", "mean"),
     "You divide by the batch size, but the loss has done so: it is in dZ already."),
    ("in the order of the formula", edit("dZ @ W.T, X.T @ dZ, dZ.sum(axis=0)",
     "X.T @ dZ, dZ.sum(axis=0), dZ @ W.T"),
     "Your three results are right, in another order: dX, dW, db."),
    ("one bias", edit("dZ.sum(axis=0)", "dZ.sum()"),
     "You added everything up for db. There is a bias for each unit: sum over the examples, `axis=0`."),
    ("X twice", edit("X.T @ dZ", "X.T @ X"),
     "dW: X meets what has arrived, dZ. X.T @ X knows nothing of the loss."),
    ("everything divided by B", edit("dZ @ W.T", "dZ @ W.T / len(X)", "X.T @ dZ", "X.T @ dZ / len(X)", "sum",
     "mean"),
     "You divide all three by the batch size, but the loss has done so: it is in dZ already."),
    ("the weights divided by B", edit("X.T @ dZ", "X.T @ dZ / len(X)"),
     "dW is a sum over the examples. The 1/B of the mean is already in dZ, from the loss."),
    ("times X", edit("dZ @ W.T", "dZ @ W.T * X"),
     "dX: X does not come in. In X W + b the slope with respect to X is W."),
    ("the slope of b alone", edit("dZ.sum(axis=0)", "np.ones(W.shape[1])"),
     "1 is the slope of Z with respect to b. It is multiplied by what has arrived, dZ, and added up over the "
     "examples."),
    ("the first example's bias", edit("dZ.sum(axis=0)", "dZ[0]"),
     "db: you take the first example alone. The same b was added to each: sum over them, `axis=0`."),
    ("the examples added up", edit("dZ @ W.T", "dZ.sum(axis=0) @ W.T"),
     "dX: each example has its own row. Only for W and b, which all of them share, is anything added up."),
], after="Three products that run in every linear layer of every network.")


def functions_and_points(rng):
    yield "three numbers", "product of exponentials", rng.normal(size=3), 0.1
    yield "a matrix", "sum of cubes", rng.normal(size=(2, 3)), 0.2
    yield "one number", "sum of cubes", [2.0], 0.5
    yield "four factors", "product", rng.normal(size=4), 1e-3
    yield "the first row times the last", "rows multiplied", rng.normal(size=(2, 3)), 0.1


def slopes_of(answer, f, x, h):
    """The slopes that `answer` finds for the function called `f`, and x as it leaves it."""
    functions = {
        "sum of cubes": lambda x: float(np.sum(x**3)),
        "product": lambda x: float(np.prod(x)),
        "rows multiplied": lambda x: float(np.sum(x[0] * x[-1])),
        "product of exponentials": lambda x: float(np.exp(x.ravel() @ np.arange(1.0, x.size + 1) / x.size)),
    }
    x = x.copy()
    g = answer(functions[f], x, h)
    return None if g is None else (np.array(g, dtype=float), x)


def numeric_gradient(f, x, h):
    g = np.empty_like(x)
    for i in np.ndindex(x.shape):
        old = x[i]
        x[i] = old + h
        above = f(x)
        x[i] = old - h
        g[i] = (above - f(x)) / (2 * h)
        x[i] = old
    return g


def no_copies(f, x, h):
    g = np.empty_like(x)
    for i in np.ndindex(x.shape):
        above, below = x, x
        above[i] += h
        below[i] -= h
        g[i] = (f(above) - f(below)) / (2 * h)
    return g


def whole_rows(f, x, h):
    g = np.empty_like(x)
    for i in range(len(x)):
        e = np.zeros_like(x)
        e[i] = h
        g[i] = (f(x + e) - f(x - e)) / (2 * h)
    return g


def moved_back_too_early(f, x, h):
    g = np.empty_like(x)
    for i in np.ndindex(x.shape):
        x[i] += h
        above = f(x)
        x[i] -= h
        g[i] = (above - f(x)) / (2 * h)
    return g


def second_slope(f, x, h):
    g = np.empty_like(x)
    for i in np.ndindex(x.shape):
        e = np.zeros_like(x)
        e[i] = h
        g[i] = (f(x + e) - 2 * f(x) + f(x - e)) / h**2
    return g


NUMERIC = Function(6, numeric_gradient, functions_and_points, run=slopes_of, outputs="slopes x", mistakes=[
    ("to one side", edit("old - h", "old", "2 * h", "h"),
     "You move to one side only. To both sides, f(x + h) − f(x − h), the error shrinks with h²."),
    ("forgets the brackets", edit("/ (2 * h)", "/ 2 * h"),
     "Python reads / 2 * h from the left: divided by 2, and then *times* h. Put brackets around 2 * h."),
    ("divides by h", edit("2 * h", "h"), "Your slopes are twice too large: from x − h to x + h it is 2 h."),
    ("does not move it back", edit("x[i] = old\n", "pass\n"),
     "You leave the entry moved when you go on to the next, and whoever gave you x finds it changed. "
     "Put the old value back."),
    ("moves all entries together", lambda f, x, h: np.full(x.shape, (f(x + h) - f(x - h)) / (2 * h)),
     "You move all entries at once and find one slope for them all. Move one, measure, move it back."),
    ("flattened", lambda f, x, h: numeric_gradient(lambda flat: f(flat), x.ravel(), h).reshape(x.shape),
     "You hand `f` a flat copy. It takes an array of the shape of `x`: reshape before you call it."),
    ("no copies", no_copies,
     "`above = x` makes no copy: both names are the one array, moved there and back, and f gives the same "
     "twice. Take `x.copy()`."),
    ("whole rows", whole_rows,
     "You move a whole row at once. Walk through the single entries: `np.ndindex(x.shape)`."),
    ("a step of its own", lambda f, x, h: numeric_gradient(f, x, 1e-5),
     "You take a step of your own. Take the `h` that is handed in, also where it is coarse."),
    ("a list of slopes", lambda f, x, h: numeric_gradient(f, x, h).ravel(),
     "The slopes are right, in a row. They are to stand where their entries stand, in the shape of `x`."),
    ("backwards", lambda f, x, h: -numeric_gradient(f, x, h),
     "The sign is turned: f(x + h) stands first, f(x − h) is taken away."),
    ("the second slope", second_slope,
     "That is the second derivative, how the slope changes. The first is (f(x + h) − f(x − h)) / 2h."),
    ("back where it was", moved_back_too_early,
     "Your second value is that at x itself: up by h and down by h is where it was. Go down by 2 h."),
    ("one slope", lambda f, x, h: (f(x + h) - f(x - h)) / (2 * h),
     "x + h moves all entries at once, and one number comes of it. Each entry has a slope: move one, "
     "measure, move it back."),
    ("a row for an entry", edit("np.ndindex(x.shape)", "range(len(x))"),
     "`range(len(x))` walks through rows, and of a matrix x[i] is a whole row, no copy of it: "
     "`np.ndindex(x.shape)` walks through the single entries."),
])


def small_networks(rng):
    def network(B, n, H, C):
        X, labels = rng.normal(size=(B, n)), rng.integers(0, C, B)
        W1, b1 = rng.normal(size=(n, H)), rng.normal(size=H)
        return X, labels, W1, b1, rng.normal(size=(H, C)), rng.normal(size=C)

    yield "six examples, sizes 4, 3, 2", *network(6, 4, 3, 2)
    yield "as many hidden units as classes", *network(5, 2, 3, 3)
    yield "one example", *network(1, 3, 2, 4)


def gradients(X, labels, W1, b1, W2, b2):
    Z1 = X @ W1 + b1
    A1 = np.tanh(Z1)
    dZ2 = (nn.softmax(A1 @ W2 + b2) - np.eye(len(b2))[labels]) / len(X)
    dW2, db2 = A1.T @ dZ2, dZ2.sum(axis=0)
    dZ1 = dZ2 @ W2.T * (1 - A1**2)
    return X.T @ dZ1, dZ1.sum(axis=0), dW2, db2


def wrong_way_forward(X, labels, W1, b1, W2, b2):
    """The mistake of a ReLU where this network has a tanh, forward and backward."""
    Z1 = X @ W1 + b1
    A1 = np.maximum(Z1, 0)
    dZ2 = (nn.softmax(A1 @ W2 + b2) - np.eye(len(b2))[labels]) / len(X)
    dZ1 = dZ2 @ W2.T * (Z1 > 0)
    return X.T @ dZ1, dZ1.sum(axis=0), A1.T @ dZ2, dZ2.sum(axis=0)


NETWORK = Function(7, gradients, small_networks, allows=("softmax",), outputs="dW1 db1 dW2 db2", mistakes=[
    ("no mean", edit(" / len(X)", ""),
     "Your gradients are B times too large: the loss is a mean, so dZ2 = (P − Y) / B."),
    ("slope taken at a", edit("A1**2", "np.tanh(A1) ** 2"),
     "You take the tanh's slope at A1. It belongs where the tanh was entered, at Z1: "
     "1 − tanh(Z1)², which is 1 − A1²."),
    ("z for a", edit("A1**2", "Z1**2"), "The slope is 1 − tanh(Z1)², not 1 − Z1²."),
    ("no activation slope", edit(" * (1 - A1**2)", ""), "Between dA1 and dZ1 the slope of tanh is missing."),
    ("the slope of a ReLU", edit("(1 - A1**2)", "(Z1 > 0)"),
     "That is the slope of a ReLU. This network has tanh."),
    ("W2 not transposed", edit("W2.T", "W2"),
     "dA1 = dZ2 W2.T. Without the transpose it runs only where there are as many hidden units as classes."),
    ("overwritten too early", edit("W2.T", "(W2 - dW2).T"),
     "The first layer's gradients use a W2 that has already been changed. All gradients belong to the "
     "weights of the forward pass."),
    ("biases summed over units", edit("axis=0", "axis=1"),
     "The biases' gradients are sums over the examples: axis 0."),
    ("uphill", edit("nn.softmax(A1 @ W2 + b2) - np.eye(len(b2))[labels]",
     "np.eye(len(b2))[labels] - nn.softmax(A1 @ W2 + b2)"),
     "All four have the wrong sign: dZ2 is P − Y, said minus true."),
    ("means for the biases", edit("sum(axis=0)", "mean(axis=0)"),
     "The weights are right. The 1/B is in dZ2 already: the biases' gradients are sums over the examples."),
    ("no b1 on the way", edit("X @ W1 + b1", "X @ W1"), "b1 is missing in your way forward."),
    ("no b2 on the way", edit("A1 @ W2 + b2", "A1 @ W2"), "b2 is missing in your way forward."),
    ("1 − A", edit("A1**2", "A1"), "The slope of tanh is 1 − A1², and not 1 − A1."),
    ("the slope of a sigmoid", edit("(1 - A1**2)", "(A1 * (1 - A1))"),
     "A (1 − A) is the slope of a sigmoid. That of tanh is 1 − A²."),
    ("z below the second layer", edit("A1.T @ dZ2", "Z1.T @ dZ2"),
     "dW2 alone is wrong: what entered the second layer is A1, not Z1."),
    ("the second layer first", edit("X.T @ dZ1, dZ1.sum(axis=0), dW2, db2",
     "dW2, db2, X.T @ dZ1, dZ1.sum(axis=0)"),
     "The gradients are right, in another order: dW1, db1, dW2, db2."),
    ("divided twice", edit("X.T @ dZ1, dZ1.sum(axis=0),", "X.T @ dZ1 / len(X), dZ1.sum(axis=0) / len(X),"),
     "The second layer is right. Its 1/B comes down to the first: do not divide there again."),
    ("with the softmax's own slope", edit("dZ2 = (",
     "P = nn.softmax(A1 @ W2 + b2)\n    dZ2 = P * (1 - P) * ("),
     "The softmax's slope has already cancelled against the logarithm's: dZ2 = (P − Y) / B, and no more."),
    ("a ReLU throughout", wrong_way_forward,
     "Your hidden layer is a ReLU, forward and backward. Here it is a tanh."),
    ("no truth", edit(" - np.eye(len(b2))[labels]", ""),
     "The truth is missing: dZ2 = (P − Y) / B."),
    ("b1 before the tanh", edit("dZ1.sum(axis=0)", "(dZ2 @ W2.T).sum(axis=0)"),
     "db1 alone is wrong: the slope of tanh stands between A1 and b1 as well. It is the sum of dZ1."),
    ("what entered the second layer", edit("X.T @ dZ1", "A1.T @ dZ1"),
     "dW1: what entered the first layer is X, not A1. Compare the shapes."),
    ("no tanh", edit("np.tanh(Z1)", "Z1", " * (1 - A1**2)", ""),
     "There is no tanh in yours, forward or backward."),
    ("the square of the difference", edit("(1 - A1**2)", "(1 - A1) ** 2"),
     "The slope of tanh is 1 − A1²: the square belongs to A1 alone."),
    ("labels not one-hot", edit("np.eye(len(b2))[labels]", "labels"),
     "You take the labels from P as they stand. They have to be one-hot first: a row for each, with a 1 at "
     "its class."),
    ("one-hot over the examples", edit("np.eye(len(b2))", "np.eye(len(X))"),
     "One-hot rows are as long as there are classes, C, not as there are examples: `np.eye(C)[labels]`."),
    ("no softmax", edit("nn.softmax(A1 @ W2 + b2)", "(A1 @ W2 + b2)"),
     "The softmax is missing: P is that of A1 W2 + b2."),
], after="With this and one line, W -= lr * dW, you can train on the digits.")

STILL_LEARNS = Explain(8, rubric=[
    "The output layer's gradient is right, but that is not enough: with the hidden layer frozen the network "
    "does much worse, so the wrong gradient does teach the hidden layer.",
    "The output weights come to agree with the wrong matrix, so that its errors point the hidden layer "
    "roughly downhill: feedback alignment. The control: freeze W2, and the wrong matrix teaches nothing.",
    "It is dangerous because nothing crashes, the loss falls, and the result is respectable; with nothing to "
    "compare with, nobody notices.",
    "A numeric check of every gradient finds it, on a small network whose sizes all differ, "
    "before any training.",
])


def tasks(rng):
    def task(n, lr, B, epochs):
        X, labels = rng.normal(size=(n, 3)), rng.integers(0, 2, n)
        W1, W2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
        return "those of 07.7", X, labels, W1, rng.normal(size=4), W2, rng.normal(size=2), lr, B, epochs

    yield "one batch, one epoch", *task(6, 0.5, 6, 1)
    yield "three batches, two epochs", *task(9, 0.3, 3, 2)
    yield "the last batch is smaller", *task(7, 0.4, 3, 2)
    yield "no epoch: the weights as they came", *task(4, 0.5, 2, 0)


def train_with(answer, **inputs):
    """What `answer` returns when it is handed the gradients of 07.7, which no case can hold."""

    def gradients(X, labels, W1, b1, W2, b2):
        A1 = np.tanh(X @ W1 + b1)
        p = np.exp(A1 @ W2 + b2)
        dZ2 = (p / p.sum(axis=1, keepdims=True) - np.eye(b2.size)[labels]) / X.shape[0]
        dZ1 = dZ2 @ W2.T * (1 - A1**2)
        return X.T @ dZ1, dZ1.sum(axis=0), A1.T @ dZ2, dZ2.sum(axis=0)

    return answer(gradients, *list(inputs.values())[1:])


def train(gradients, X, labels, W1, b1, W2, b2, lr, B, epochs):
    params = [W1, b1, W2, b2]
    for _ in range(epochs):
        for start in range(0, len(X), B):
            rows = slice(start, start + B)
            slopes = gradients(X[rows], labels[rows], *params)
            params = [p - lr * d for p, d in zip(params, slopes, strict=True)]
    return tuple(params)


def one_after_another(gradients, X, labels, W1, b1, W2, b2, lr, B, epochs):
    params = [W1, b1, W2, b2]
    for _ in range(epochs):
        for start in range(0, len(X), B):
            rows = slice(start, start + B)
            for k in range(4):
                params[k] = params[k] - lr * gradients(X[rows], labels[rows], *params)[k]
    return tuple(params)


def in_an_order_drawn(gradients, X, labels, W1, b1, W2, b2, lr, B, epochs):
    params, rng = [W1, b1, W2, b2], np.random.default_rng(0)
    for _ in range(epochs):
        order = rng.permutation(len(X))
        for start in range(0, len(X), B):
            rows = order[start : start + B]
            slopes = gradients(X[rows], labels[rows], *params)
            params = [p - lr * d for p, d in zip(params, slopes, strict=True)]
    return tuple(params)


def with_a_memory(gradients, X, labels, W1, b1, W2, b2, lr, B, epochs):
    """The mistake of adding up all gradients since the start."""
    past = []

    def summed(*inputs):
        past.append(gradients(*inputs))
        return [sum(each) for each in zip(*past, strict=True)]

    return train(summed, X, labels, W1, b1, W2, b2, lr, B, epochs)


def once_an_epoch(gradients, X, labels, W1, b1, W2, b2, lr, B, epochs):
    """The mistake of one step for an epoch, along the sum of its batches' gradients."""
    params = [W1, b1, W2, b2]
    for _ in range(epochs):
        parts = [gradients(X[k : k + B], labels[k : k + B], *params) for k in range(0, len(X), B)]
        params = [p - lr * sum(each) for p, each in zip(params, zip(*parts, strict=True), strict=True)]
    return tuple(params)


TRAIN = Function(9, train, tasks, run=train_with, outputs="W1 b1 W2 b2", mistakes=[
    ("uphill", edit("p - lr", "p + lr"), "You climb: the gradient points uphill, so subtract it."),
    ("all data at every step", edit("gradients(X[rows], labels[rows],", "gradients(X, labels,"),
     "Each step looks at its own batch only: rows start to start + B."),
    ("drops the rest", edit("range(0, len(X), B)", "range(0, len(X) - B + 1, B)"),
     "The examples that are left over at the end are a batch too, a smaller one."),
    ("one epoch", edit("range(epochs)", "range(min(1, epochs))"),
     "You go through the data once. Do it `epochs` times, and begin with the first rows each time."),
    ("divides by B again", edit("lr * d", "lr / B * d"),
     "The gradients are already means over their batch. Do not divide by B again."),
    ("the first batch only", edit("range(0, len(X), B)", "range(0, B, B)"),
     "You use the first batch only. Go on to the next rows, until the data are used up."),
    ("gradients at the start", edit("gradients(X[rows], labels[rows], *params)",
     "gradients(X[rows], labels[rows], W1, b1, W2, b2)"),
     "You compute every gradient at the weights you began with. Each belongs to the weights of its step."),
    ("the biases stand still", edit("p - lr * d for", "p - lr * d * (p.ndim > 1) for"),
     "The weights move and the biases stand still. All four are to move."),
    ("one after another", one_after_another,
     "You ask for the next gradient when the parameter before it has moved already. Ask once for each batch, "
     "then move all four."),
    ("in an order drawn", in_an_order_drawn,
     "You draw an order of your own. Here the examples come in the order in which they stand."),
    ("labels that stand still", edit("labels[rows]", "labels[: len(X[rows])]"),
     "The rows of X move on and the labels do not. Both need the same slice."),
    ("all in one step", edit("range(0, len(X), B)", "range(1)", "start + B", "start + len(X)"),
     "You take all examples in one step. A step for every B rows is asked for."),
    ("one epoch too many", edit("range(epochs)", "range(epochs + 1)"),
     "You go through the data once too often: with 0 epochs the weights stay as they came."),
    ("a short step for a short batch", edit("lr * d", "lr * len(X[rows]) / B * d"),
     "You shorten the step of the last, smaller batch. Its gradient is a mean as well: the same lr."),
    ("gradients added up", with_a_memory,
     "Your steps use the sum of all gradients so far. Each step is against the gradient of its own batch."),
    ("one step an epoch", once_an_epoch,
     "You add up the gradients of an epoch and take one step. Take one after each batch."),
    ("one by one", lambda gradients, X, labels, W1, b1, W2, b2, lr, B, epochs: train(
        gradients, X, labels, W1, b1, W2, b2, lr, 1, epochs),
     "You step after every single row. A batch has B of them."),
    ("no learning rate", edit("lr * d", "d"), "The learning rate is missing: p − lr · gradient."),
    ("a row too many", edit("start + B)", "start + B + 1)"),
     "Your batches overlap by a row: a slice stops before its end."),
    ("the second layer stands still", edit("for p, d in zip(params, slopes, strict=True)]",
     "for p, d in zip(params[:2], slopes[:2], strict=True)] + params[2:]"),
     "The second layer stands still. All four are to move."),
    ("one row apart", edit("range(0, len(X), B)", "range(len(X))"),
     "Your batches begin one row apart, and overlap. `range(0, len(X), B)` steps from batch to batch."),
    ("all labels", edit("labels[rows]", "labels"),
     "You hand over a batch of X and *all* labels. Both need the same slice."),
    ("returns in the loop", edit("strict=True)]\n    return", "strict=True)]\n            return"),
     "You return after the first step: `return` stands within the loop. It belongs below both loops."),
    ("new names for old arrays", lambda gradients, X, labels, W1, b1, W2, b2, lr, B, epochs: (W1, b1, W2, b2),
     "The parameters come back as they went in. `for p in …: p = p - …` gives the name p a new array and "
     "leaves W1 to b2 as they were: put what is new where the next step looks for it."),
], after="A loop of this shape trains every network in this course.")


def rings(seed, n=120):
    """n points: a disc (1) within a ring (0)."""
    rng = np.random.default_rng(seed)
    labels, angle = np.arange(n) % 2, rng.uniform(0, 2 * np.pi, n)
    radius = np.where(labels == 1, rng.uniform(0, 1, n), rng.uniform(1.5, 2, n))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), labels


def spirals(seed, n=100):
    """n points on two spirals."""
    rng = np.random.default_rng(seed)
    labels, along = np.arange(n) % 2, rng.uniform(0.25, 1, n)
    angle = 7.5 * along + np.pi * labels
    X = 2 * along[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return X + 0.05 * rng.normal(size=(n, 2)), labels


def judged(params, X, labels):
    """The loss of a tanh network, the share it reads correctly, and whether its units are all alike."""
    W1, b1, W2, b2 = params
    (n, H), K = W1.shape, labels.max() + 1
    if not (n == X.shape[1] and b1.shape == (H,) and W2.shape == (H, K) and b2.shape == (K,)):
        shapes = ", ".join(str(p.shape) for p in params)
        raise ValueError(f"expected W1, b1, W2, b2; their shapes are {shapes}")
    Z = np.tanh(X @ W1 + b1) @ W2 + b2
    alike = np.ptp(W1, axis=1).max() < 1e-9 and np.ptp(b1) < 1e-9
    return nn.cross_entropy(Z, labels), np.mean(Z.argmax(axis=1) == labels), alike


def two_rings(rng):
    seed = int(rng.integers(10**6))
    yield "a disc within a ring", "those of 07.7", *rings(seed), 0.8, 30, 20, seed


def watched(answer, **inputs):
    """What `answer` returns, how many points it asked about under another's label, and its steps' lengths.

    The lengths are those along each gradient, in learning rates: 1 where it steps as gradient descent does.
    """
    _, X, labels, lr, *rest = inputs.values()
    true = {row.tobytes(): label for row, label in zip(X, labels, strict=True)}
    strangers, lengths = 0, []
    asked: list[list[list[np.ndarray]]] = []

    def gradients(X, labels, *params):
        nonlocal strangers
        W1, b1, W2, b2 = params
        if asked:
            moved = [(p - q, d) for p, q, d in zip(params, *asked.pop(), strict=True)]
            along, off = sum((m * d).sum() for m, d in moved), sum((d * d).sum() for _, d in moved)
            lengths.append(-along / (lr * max(off, 1e-300)))
        strangers += sum(true.get(row.tobytes(), k) != k for row, k in zip(X, labels, strict=True))
        A1 = np.tanh(X @ W1 + b1)
        p = np.exp(A1 @ W2 + b2)
        dZ2 = (p / p.sum(axis=1, keepdims=True) - np.eye(b2.size)[labels]) / X.shape[0]
        dZ1 = dZ2 @ W2.T * (1 - A1**2)
        slopes = X.T @ dZ1, dZ1.sum(axis=0), A1.T @ dZ2, dZ2.sum(axis=0)
        asked.append([[np.array(each) for each in some] for some in (params, slopes)])
        return slopes

    found = answer(gradients, X, labels, lr, *rest)
    return None if found is None else (found, strangers, np.array(lengths))


def symptom(found, gradients, X, labels, lr, B, epochs, seed):
    """What is still wrong with a training, or that it trains."""
    params, strangers, lengths = found
    _, share, alike = judged(params, *rings(seed + 10**6, 200))
    small = max(np.abs(p).max() for p in params) <= 20
    if small and share >= 0.85 and not alike:
        return "it trains"
    if alike:
        return "hidden units that are all alike"
    if strangers:
        return "points under the labels of others"
    if np.mean(lengths < 0) > 0.9:
        return "steps uphill"
    if np.ptp(lengths) > 1e-3:
        return "steps that are not against the batch's own gradient"
    return "fewer than 85 of 100 new points right" if small else "a weight beyond 20"


def mended(gradients, X, labels, lr, B, epochs, seed):
    rng = np.random.default_rng(seed)
    params = [rng.normal(size=(2, 16)), np.zeros(16), rng.normal(size=(16, 2)), np.zeros(2)]
    for _ in range(epochs):
        order = rng.permutation(len(X))
        for start in range(0, len(X), B):
            rows = order[start : start + B]
            slopes = gradients(X[rows], labels[rows], *params)
            params = [p - lr * d for p, d in zip(params, slopes, strict=True)]
    return tuple(params)


def added_up(gradients, X, labels, lr, B, epochs, seed):
    sums = []

    def summed(*inputs):
        sums.append(gradients(*inputs))
        return [sum(each) for each in zip(*sums, strict=True)]

    return mended(summed, X, labels, lr, B, epochs, seed)


REPAIR = Function(10, mended, two_rings, run=watched, measure=symptom, mistakes=[
    ("all units start alike", edit("rng.normal(size=(2, 16))", "np.full((2, 16), 0.5)",
     "rng.normal(size=(16, 2))", "np.full((16, 2), 0.5)"),
     "All hidden units start with equal weights, so they get equal gradients and stay one unit, sixteen "
     "times. Draw the start at random."),
    ("labels shuffled apart", edit("labels[rows]", "rng.permutation(labels)[rows]"),
     "The points and their labels are shuffled each in an order of its own, so no label belongs to its "
     "point. Draw one order and use it for both. No gradient check could have found that."),
    ("gradients added up", added_up,
     "Each step uses the sum of all gradients since the start, not that of its own batch: what was right "
     "long ago still pushes. Begin every step with fresh gradients."),
    ("a start near zero", edit("rng.normal(size", "0.01 * rng.normal(size"),
     "Points, labels and steps are right now, and too little is learned. Do your weights start near 0? There "
     "tanh is a straight line, and all units begin alike: draw them with a deviation of about 1. Else look "
     "at the length of your steps."),
    ("a start far out", edit("rng.normal(size", "15 * rng.normal(size"),
     "Points, labels and steps are right now. But your weights are large from the start: draw them with a "
     "deviation of about 1."),
    ("uphill", edit("p - lr", "p + lr"), "You climb: the gradient points uphill, so subtract it."),
], after="Right gradients are not enough: the start, the data and the loop can be wrong as well.")


def two_spirals(rng):
    seed = int(rng.integers(10**6))
    yield "two spirals", "those of 07.7, 50 times", *spirals(seed), seed


def with_fifty_steps(answer, **inputs):
    """What `answer` returns when it may ask for gradients 50 times; how often it asked, and climbed."""
    asked, climbed = [], []
    before: list[tuple[np.ndarray, np.ndarray]] = []

    def gradients(X, labels, W1, b1, W2, b2):
        asked.append(len(X))
        if len(asked) > 50:
            raise RuntimeError("the 50 steps are used up")
        if before:
            old, slope = before.pop()
            climbed.append(np.sum((W2 - old) * slope) > 0)
        A1 = np.tanh(X @ W1 + b1)
        Z = A1 @ W2 + b2
        p = np.exp(Z - Z.max(axis=1, keepdims=True))
        dZ2 = (p / p.sum(axis=1, keepdims=True) - np.eye(b2.size)[labels]) / X.shape[0]
        dZ1 = dZ2 @ W2.T * (1 - A1**2)
        before.append((np.array(W2), A1.T @ dZ2))
        return X.T @ dZ1, dZ1.sum(axis=0), A1.T @ dZ2, dZ2.sum(axis=0)

    found = answer(gradients, *list(inputs.values())[1:])
    return None if found is None else (found, len(asked), sum(climbed))


def reached(found, gradients, X, labels, seed):
    """What keeps a training from the bar, or that it is reached."""
    params, asked, climbed = found
    loss, _, alike = judged(params, X, labels)
    if not np.isfinite(loss):
        return "numbers that are not finite"
    new = judged(params, *spirals(seed + 10**6, 200))[1]
    if loss <= 0.15 and new >= 0.85:
        return "loss ≤ 0.15, and 85 of 100 new points"
    if alike:
        return "hidden units that are all alike"
    if asked < 25:
        return "fewer than half of the steps used"
    if loss > 0.69:
        return "a loss that was climbed" if climbed > 0.9 * (asked - 1) else "a loss no better than guessing"
    return "a loss above 0.15" if loss > 0.15 else "fewer than 85 of 100 new points right"


def fifty_steps(gradients, X, labels, seed):
    rng = np.random.default_rng(seed)
    params = [rng.normal(0, 3, (2, 32)), rng.normal(0, 3, 32), np.zeros((32, 2)), np.zeros(2)]
    for _ in range(50):
        slopes = gradients(X, labels, *params)
        params = [p - d for p, d in zip(params, slopes, strict=True)]
    return tuple(params)


FIFTY = Function(11, fifty_steps, two_spirals, run=with_fifty_steps, measure=reached, mistakes=[
    ("too little learned", edit("p - d", "p - 0.01 * d"),
     "Too little is learned in 50 steps. Find the learning rate by trying: each three times the one before, "
     "until the loss jumps. Then try wider starting weights, and biases that do not all start at 0: where do "
     "tanh units bend?"),
    ("all weights start at zero", edit("rng.normal(0, 3, (2, 32))", "np.zeros((2, 32))",
     "rng.normal(0, 3, 32)", "np.zeros(32)"),
     "Equal hidden units get equal gradients and stay equal. Draw W1 at random."),
    ("uphill", edit("p - d", "p + d"), "You climb: the gradient points uphill, so subtract it."),
    ("steps too long", edit("p - d", "p - 30 * d"),
     "The loss is larger than that of guessing, ln 2, though you step against the gradient: the steps are so "
     "long that it jumps. Print it after each, take a third of the rate, and again. (The wider the network "
     "and its starting weights, the shorter the steps.)"),
    ("stops early", edit("range(50)", "range(5)"),
     "You stop long before the 50 steps are used up. Spend them all."),
    ("asks too often", edit("range(50)", "range(60)"),
     "Every call of `gradients` is a step, and you make more than 50 of them. Look for the loop that is too "
     "long, or for a second call in it."),
], after="Rate and start decide how far few steps take you. Chapters 9 and 10 say how to choose them.")
