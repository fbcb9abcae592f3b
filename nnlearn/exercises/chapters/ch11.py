"""Convolutional networks."""

import numpy as np

import nnlearn as nn
from nnlearn.exercises import Explain, Function, Misconception, Predict, Value

SHIFTED = Predict(
    id="11.1",
    title="The picture moves",
    choices=("moves along", "stays the same", "changes everywhere"),
    reference="moves along",
    misconceptions=[
        Misconception(
            "confuses equivariance with invariance",
            "stays the same",
            "That would be invariance. The same kernel meets the same patch, but at another place: so where "
            "does its answer appear?",
        ),
        Misconception(
            "thinks of an MLP",
            "changes everywhere",
            "So it would be in an MLP, whose weights belong to places. Here the same nine numbers are "
            "used at all of them.",
        ),
    ],
    after="Equivariance: shift, then convolve, or convolve, then shift. Only near the border they differ.",
)

WEIGHTS = Value(
    id="11.2",
    title="Count the weights",
    points=2,
    reference=(3 * 3 * 3 * 8 + 8, 5 * 5 * 8 * 16 + 16),
    misconceptions=[
        Misconception(
            "forgets the biases",
            (216, 3200),
            "These are the kernels' numbers. Each kernel has a bias as well: one for each channel that "
            "comes out.",
        ),
        Misconception(
            "forgets the input channels",
            (3 * 3 * 8 + 8, 5 * 5 * 16 + 16),
            "Each kernel looks at all channels of a patch: kh · kw · C_in numbers, not kh · kw.",
        ),
        Misconception(
            "one bias for each place",
            (216 + 8 * 32 * 32, 3200 + 16 * 32 * 32),
            "The bias is shared over places as the kernel is: one for each channel that comes out.",
        ),
    ],
)


def sizes(rng):
    return {
        "a plain kernel": {"n": 28, "k": 5, "stride": 1, "padding": 0, "dilation": 1},
        "padding that keeps the size": {"n": 8, "k": 3, "stride": 1, "padding": 1, "dilation": 1},
        "a stride that does not fit": {"n": 10, "k": 3, "stride": 2, "padding": 0, "dilation": 1},
        "a stride of 3 that fits": {"n": 13, "k": 4, "stride": 3, "padding": 0, "dilation": 1},
        "a dilated kernel": {"n": 20, "k": 3, "stride": 1, "padding": 0, "dilation": 4},
        "all of them": {"n": 33, "k": 5, "stride": 3, "padding": 2, "dilation": 2},
        "one place only": {"n": 5, "k": 5, "stride": 2, "padding": 0, "dilation": 1},
    }


def output_size(n, k, stride, padding, dilation):
    return (n + 2 * padding - dilation * (k - 1) - 1) // stride + 1


SIZE = Function(
    id="11.3",
    title="The size of the map",
    points=2,
    signature="output_size(n, k, stride, padding, dilation)",
    cases=sizes,
    reference=output_size,
    misconceptions=[
        Misconception(
            "pads one side",
            lambda n, k, s, p, d: (n + p - d * (k - 1) - 1) // s + 1,
            "Zeros come on both sides: the picture grows by 2 · padding.",
        ),
        Misconception(
            "forgets the first place",
            lambda n, k, s, p, d: (n + 2 * p - d * (k - 1) - 1) // s,
            "You count the steps. Before the first step the kernel already stands somewhere: one place more.",
        ),
        Misconception(
            "dilates the whole kernel",
            lambda n, k, s, p, d: (n + 2 * p - d * k) // s + 1,
            "A dilated kernel has k pixels and k − 1 gaps: it spans d · (k − 1) + 1, not d · k.",
        ),
        Misconception(
            "rounds up",
            lambda n, k, s, p, d: -(-(n + 2 * p - d * (k - 1) - 1) // s) + 1,
            "A last step that does not fit is left out: round down.",
        ),
        Misconception(
            "ignores dilation",
            lambda n, k, s, p, d: (n + 2 * p - k) // s + 1,
            "The dilation is missing: with gaps the kernel spans more pixels.",
        ),
    ],
)


def _windows(x, w, stride, padding):
    x = np.pad(x, padding)
    return np.lib.stride_tricks.sliding_window_view(x, w.shape)[::stride, ::stride]


def correlate(x, w, stride, padding):
    x = np.pad(x, padding)
    kh, kw = w.shape
    H, W = (x.shape[0] - kh) // stride + 1, (x.shape[1] - kw) // stride + 1
    y = np.zeros((H, W))
    for i in range(H):
        for j in range(W):
            y[i, j] = (x[i * stride : i * stride + kh, j * stride : j * stride + kw] * w).sum()
    return y


def pictures(rng):
    return {
        "a plain kernel": {
            "x": rng.normal(size=(5, 7)), "w": rng.normal(size=(3, 2)), "stride": 1, "padding": 0,
        },
        "padding": {"x": rng.normal(size=(4, 3)), "w": rng.normal(size=(3, 3)), "stride": 1, "padding": 2},
        "stride 2": {"x": rng.normal(size=(7, 6)), "w": rng.normal(size=(2, 3)), "stride": 2, "padding": 0},
        "both": {"x": rng.normal(size=(8, 5)), "w": rng.normal(size=(3, 2)), "stride": 3, "padding": 1},
        "as large as the picture": {
            "x": rng.normal(size=(3, 4)), "w": rng.normal(size=(3, 4)), "stride": 1, "padding": 0,
        },
    }  # fmt: skip


def _mean_of_products(x, w, stride, padding):
    return (_windows(x, w, stride, padding) * w).mean(axis=(2, 3))


CORRELATE = Function(
    id="11.4",
    title="Convolve with stride and padding",
    points=4,
    signature="conv(x, w, stride, padding)",
    cases=pictures,
    reference=correlate,
    misconceptions=[
        Misconception(
            "turns the kernel around",
            lambda x, w, stride, padding: correlate(x, w[::-1, ::-1], stride, padding),
            "This is the mathematicians' convolution, with the kernel turned around. Networks leave it "
            "as it is.",
        ),
        Misconception(
            "ignores the stride",
            lambda x, w, stride, padding: correlate(x, w, 1, padding),
            "You move the window by one pixel each time. It should move by `stride`.",
        ),
        Misconception(
            "ignores the padding",
            lambda x, w, stride, padding: correlate(x, w, stride, 0),
            "The zeros around the picture are missing: np.pad(x, padding) first.",
        ),
        Misconception(
            "pads with the border's values",
            lambda x, w, stride, padding: correlate(np.pad(x, padding, mode="edge"), w, stride, 0),
            "You repeat the border's pixels. Here the padding is zeros.",
        ),
        Misconception(
            "takes the mean",
            _mean_of_products,
            "You take the mean of the products. A convolution adds them up.",
        ),
    ],
)


def upstream(rng):
    return {
        "a small map": {
            "dy": rng.normal(size=(3, 4)),
            "x": rng.normal(size=(5, 5)),
            "w": rng.normal(size=(3, 2)),
        },
        "a tall kernel": {
            "dy": rng.normal(size=(2, 5)),
            "x": rng.normal(size=(5, 5)),
            "w": rng.normal(size=(4, 1)),
        },
        "one number": {
            "dy": rng.normal(size=(1, 1)),
            "x": rng.normal(size=(2, 3)),
            "w": rng.normal(size=(2, 3)),
        },
        "a kernel of one": {
            "dy": rng.normal(size=(2, 3)),
            "x": rng.normal(size=(2, 3)),
            "w": rng.normal(size=(1, 1)),
        },
    }


def _full(dy, w):
    kh, kw = w.shape
    return correlate(np.pad(dy, [(kh - 1, kh - 1), (kw - 1, kw - 1)]), w[::-1, ::-1], 1, 0)


def backward(dy, x, w):
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    kh, kw = w.shape
    for i, j in np.ndindex(dy.shape):
        dw += dy[i, j] * x[i : i + kh, j : j + kw]
        dx[i : i + kh, j : j + kw] += dy[i, j] * w
    return dx, dw


def _overwrites(dy, x, w):
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    kh, kw = w.shape
    for i, j in np.ndindex(dy.shape):
        dw += dy[i, j] * x[i : i + kh, j : j + kw]
        dx[i : i + kh, j : j + kw] = dy[i, j] * w
    return dx, dw


BACKWARD = Function(
    id="11.5",
    title="The backward pass",
    points=4,
    signature="backward(dy, x, w)",
    cases=upstream,
    reference=backward,
    misconceptions=[
        Misconception(
            "does not turn the kernel",
            lambda dy, x, w: (_full(dy, w[::-1, ::-1]), backward(dy, x, w)[1]),
            "Your dx uses the kernel as it is. Going back it must be turned around by 180°.",
        ),
        Misconception(
            "turns it in one direction only",
            lambda dy, x, w: (_full(dy, w[::-1]), backward(dy, x, w)[1]),
            "Your dx turns the kernel around in one direction only. Reverse rows and columns.",
        ),
        Misconception(
            "overwrites",
            _overwrites,
            "Pixels lie in several windows: their gradients must be added (+=), not overwritten.",
        ),
        Misconception(
            "means over places",
            lambda dy, x, w: (backward(dy, x, w)[0], backward(dy, x, w)[1] / dy.size),
            "Your dw is divided by the number of places. A shared weight *adds up* what comes from each.",
        ),
        Misconception(
            "in the wrong order",
            lambda dy, x, w: backward(dy, x, w)[::-1],
            "You return (dw, dx). Asked for is (dx, dw).",
        ),
    ],
)


def maps(rng):
    return {
        "a small map": {"x": rng.normal(size=(4, 6)), "size": 2, "dy": rng.normal(size=(2, 3))},
        "all negative": {"x": -rng.random((6, 3)) - 1, "size": 3, "dy": rng.normal(size=(2, 1))},
        "one window": {"x": rng.normal(size=(4, 4)), "size": 4, "dy": rng.normal(size=(1, 1))},
        "windows of one": {"x": rng.normal(size=(2, 3)), "size": 1, "dy": rng.normal(size=(2, 3))},
    }


def pool_backward(x, size, dy):
    x = nn.Tensor(x[None, None], requires_grad=True)
    nn.max_pool2d(x, size).backward(dy[None, None])
    return x.grad[0, 0]


def _spread(x, size, dy):
    return np.kron(dy, np.ones((size, size)))


def _upper_left(x, size, dy):
    """Each window's winner, but at its place in the picture's first window."""
    dx = np.zeros_like(x)
    for i, j in np.ndindex(dy.shape):
        window = x[i * size : (i + 1) * size, j * size : (j + 1) * size]
        dx[np.unravel_index(window.argmax(), window.shape)] += dy[i, j]
    return dx


def _overlapping(x, size, dy):
    dx = np.zeros_like(x)
    for i, j in np.ndindex(dy.shape):
        window = x[i : i + size, j : j + size]
        u, v = np.unravel_index(window.argmax(), window.shape)
        dx[i + u, j + v] += dy[i, j]
    return dx


POOL = Function(
    id="11.6",
    title="Back through max pooling",
    points=3,
    signature="pool_backward(x, size, dy)",
    cases=maps,
    reference=pool_backward,
    misconceptions=[
        Misconception(
            "all get it",
            _spread,
            "Everyone in the window gets the gradient. Which of them can change the maximum?",
        ),
        Misconception(
            "the mean's gradient",
            lambda x, size, dy: _spread(x, size, dy) / size**2,
            "That is the gradient of average pooling. Of a maximum only the winner hears.",
        ),
        Misconception(
            "the largest magnitude",
            lambda x, size, dy: pool_backward(abs(x), size, dy),
            "You look for the largest absolute value. Max pooling takes the largest value, signs and all.",
        ),
        Misconception(
            "forgets where the window is",
            _upper_left,
            "Every gradient lands in the upper left window. A winner's place counts from the corner of its "
            "own window.",
        ),
        Misconception(
            "windows that overlap",
            _overlapping,
            "Your windows overlap. They stand side by side: window (i, j) begins at (i · size, j · size).",
        ),
        Misconception(
            "all winners get 1",
            lambda x, size, dy: pool_backward(x, size, np.ones_like(dy)),
            "The winners are right, but each gets 1. It should get its window's number in `dy`.",
        ),
        Misconception(
            "multiplies by the value",
            lambda x, size, dy: pool_backward(x, size, dy) * x,
            "The winner's gradient is multiplied by its value. The slope of max is 1 for the winner, "
            "whatever it is.",
        ),
    ],
)


def stacks(rng):
    return {
        "one layer": {"sizes": [5], "strides": [1], "dilations": [1]},
        "three of 3×3": {"sizes": [3, 3, 3], "strides": [1, 1, 1], "dilations": [1, 1, 1]},
        "a stride first": {"sizes": [3, 3], "strides": [2, 1], "dilations": [1, 1]},
        "a stride last": {"sizes": [5, 2], "strides": [1, 2], "dilations": [1, 1]},
        "convolution and pooling, twice": {
            "sizes": [3, 2, 3, 2], "strides": [1, 2, 1, 2], "dilations": [1, 1, 1, 1],
        },
        "everything": {"sizes": [7, 3, 3, 5], "strides": [2, 3, 1, 2], "dilations": [1, 2, 4, 1]},
        "no layer": {"sizes": [], "strides": [], "dilations": []},
    }  # fmt: skip


def receptive_field(sizes, strides, dilations):
    r, step = 1, 1
    for k, s, d in zip(sizes, strides, dilations, strict=True):
        r += d * (k - 1) * step
        step *= s
    return r


def _own_stride_first(sizes, strides, dilations):
    r, step = 1, 1
    for k, s, d in zip(sizes, strides, dilations, strict=True):
        step *= s
        r += d * (k - 1) * step
    return r


def _adds_strides(sizes, strides, dilations):
    r, step = 1, 1
    for k, s, d in zip(sizes, strides, dilations, strict=True):
        r += d * (k - 1) * step
        step = s
    return r


FIELD = Function(
    id="11.7",
    title="How far does it see?",
    points=3,
    signature="receptive_field(sizes, strides, dilations)",
    cases=stacks,
    reference=receptive_field,
    misconceptions=[
        Misconception(
            "ignores strides",
            lambda sizes, strides, dilations: receptive_field(sizes, [1] * len(sizes), dilations),
            "The strides are missing: after a stride of 2, one step of the next layer is two pixels.",
        ),
        Misconception(
            "ignores dilation",
            lambda sizes, strides, dilations: receptive_field(sizes, strides, [1] * len(sizes)),
            "The dilations are missing: a dilated kernel spans d (k − 1) + 1.",
        ),
        Misconception(
            "counts its own stride",
            _own_stride_first,
            "A layer's own stride spaces its *outputs*. What widens its view are the strides before it.",
        ),
        Misconception(
            "only the last stride",
            _adds_strides,
            "Strides multiply: after 2 and 3, neighbours are six pixels apart.",
        ),
        Misconception(
            "multiplies kernels",
            lambda sizes, strides, dilations: int(np.prod(sizes)),
            "Kernels do not multiply: each further layer adds k − 1 pixels, not k times as many.",
        ),
    ],
)


def _finds(kernel, scene):
    """Where in the scene the kernel's answer is largest, and whether a smooth area gives zero."""
    kernel = np.asarray(kernel, dtype=float)
    windows = np.lib.stride_tricks.sliding_window_view(scene, (3, 3))
    y = (windows * kernel).sum(axis=(2, 3))
    smooth = float(round(abs(kernel.sum()), 6))
    strongest = y >= y.max() - 1e-9
    return smooth, strongest.astype(float)


def scenes(rng):
    square = np.zeros((9, 9))
    square[3:7, 3:7] = 1
    band = np.zeros((8, 12))
    band[2:6, 4:] = 0.5
    return {"a bright square": {"scene": square}, "a band that goes on": {"scene": band}}


CORNER = Value(
    id="11.8",
    title="A detector of corners",
    points=3,
    reference=np.array([[-1.0, -1, -1], [-1, 2, 1], [-1, 1, 1]]),
    cases=scenes,
    run=_finds,
    misconceptions=[
        Misconception(
            "an edge detector",
            np.array([[-1.0, -1, -1], [0, 0, 0], [1, 1, 1]]),
            "This answers as loudly all along the upper edge. What is different at the corner: the *left* is "
            "dark too.",
        ),
        Misconception(
            "the numbers do not cancel",
            np.array([[-1.0, -1, -1], [-1, 1, 1], [-1, 1, 1]]),
            "On a smooth area the sum should be 0: your nine numbers must add up to 0.",
        ),
        Misconception(
            "the opposite corner",
            np.array([[1.0, 1, -1], [1, 2, -1], [-1, -1, -1]]),
            "This answers to the lower right corner. The kernel is laid on as it is, not turned around.",
        ),
        Misconception(
            "a dark corner",
            np.array([[1.0, 1, 1], [1, -2, -1], [1, -1, -1]]),
            "At this corner your sum is the most negative one. Turn all signs round.",
        ),
        Misconception(
            "only a diagonal",
            np.array([[-1.0, 0, 0], [0, 0, 0], [0, 0, 1]]),
            "This compares along the diagonal only, and answers as loudly along two edges. Let more of the "
            "dark pixels count.",
        ),
        Misconception(
            "an outline",
            np.array([[-1.0, -1, -1], [-1, 8, -1], [-1, -1, -1]]),
            "This answers alike to all four corners. Use numbers that differ between the four sides.",
        ),
    ],
)

HORIZON = Explain(
    id="11.9",
    title="Where sharing is wrong",
    points=3,
    rubric=(
        "Sharing weights says that a patch means the same wherever it is.",
        "An example in which it does not: aligned faces, a spectrum over frequency, columns of a table.",
        "What to do: no sharing over that axis, coordinates as a further channel, or flattening at the end.",
        "A measurement that would decide: both at equal size, on shifted and unshifted data.",
    ),
)
