import numpy as np

from nnlearn.exercises import Explain, Function, Predict, Value, edit

SHIFTED = Predict(1, "moves along", mistakes=[
    ("confuses equivariance with invariance", "stays the same",
     "That would be invariance. The same kernel meets the same patch, but at another place: so where does "
     "its answer appear?"),
    ("thinks of an MLP", "changes everywhere",
     "So it would be in an MLP, whose weights belong to places. Here the same nine numbers are used at all "
     "of them."),
], after="Equivariance: shift, then convolve, or convolve, then shift. They differ only near the border.")

WEIGHTS = Value(2, (3 * 3 * 3 * 8 + 8, 5 * 5 * 8 * 16 + 16), mistakes=[
    ("forgets the biases", (216, 3200),
     "These are the kernels' numbers. Each kernel has a bias as well: one for each channel that comes out."),
    ("forgets the input channels", (3 * 3 * 8 + 8, 5 * 5 * 16 + 16),
     "Each kernel looks at all channels of a patch: kh · kw · C_in numbers, not kh · kw."),
    ("one bias for each place", (216 + 8 * 32 * 32, 3200 + 16 * 32 * 32),
     "The bias is shared over places as the kernel is: one for each channel that comes out."),
])


def rows_of_pixels(rng):
    yield "a plain kernel", 28, 5, 1, 0, 1
    yield "padding that keeps the size", 8, 3, 1, 1, 1
    yield "a stride that does not fit", 10, 3, 2, 0, 1
    yield "a stride of 3 that fits", 13, 4, 3, 0, 1
    yield "a dilated kernel", 20, 3, 1, 0, 4
    yield "all of them", 33, 5, 3, 2, 2
    yield "one place only", 5, 5, 2, 0, 1
    yield "numbers drawn for you", *(int(n) for n in rng.integers((25, 2, 1, 0, 1), (65, 7, 5, 4, 4)))


def output_size(n, k, stride, padding, dilation):
    return (n + 2 * padding - dilation * (k - 1) - 1) // stride + 1


SIZE = Function(3, output_size, rows_of_pixels, mistakes=[
    ("pads one side", edit("2 * padding", "padding"),
     "Zeros come on both sides: the picture grows by 2 · padding."),
    ("forgets the first place", edit("stride + 1", "stride"),
     "You count the steps. Before the first step the kernel already stands somewhere: one place more."),
    ("dilates the whole kernel", edit("dilation * (k - 1) - 1", "dilation * k"),
     "A dilated kernel has k pixels and k − 1 gaps: it spans d · (k − 1) + 1, not d · k."),
    ("rounds up", edit("return (", "return -(-(", "// stride", "// stride)"),
     "A last step that does not fit is left out: round down."),
    ("ignores dilation", edit("dilation * ", ""),
     "The dilation is missing: with gaps the kernel spans more pixels."),
])


def pictures(rng):
    yield "a plain kernel", rng.normal(size=(5, 7)), rng.normal(size=(3, 2)), 1, 0
    yield "padding", rng.normal(size=(4, 3)), rng.normal(size=(3, 3)), 1, 2
    yield "stride 2", rng.normal(size=(7, 6)), rng.normal(size=(2, 3)), 2, 0
    yield "both", rng.normal(size=(8, 5)), rng.normal(size=(3, 2)), 3, 1
    yield "as large as the picture", rng.normal(size=(3, 4)), rng.normal(size=(3, 4)), 1, 0


def conv(x, w, stride, padding):
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, padding), w.shape)
    return (windows[::stride, ::stride] * w).sum(axis=(2, 3))


CONV = Function(4, conv, pictures, mistakes=[
    ("turns the kernel around", edit("* w)", "* w[::-1, ::-1])"),
     "This is the mathematicians' convolution, with the kernel turned around. Networks leave it as it is."),
    ("ignores the stride", edit("[::stride, ::stride]", ""),
     "You move the window by one pixel each time. It should move by `stride`."),
    ("ignores the padding", edit("np.pad(x, padding)", "x"),
     "The zeros around the picture are missing: np.pad(x, padding) first."),
    ("pads with the border's values", edit("np.pad(x, padding)", "np.pad(x, padding, mode='edge')"),
     "You repeat the border's pixels. Here the padding is zeros."),
    ("takes the mean", edit("sum", "mean"), "You take the mean of the products. A convolution adds them up."),
])


def upstream(rng):
    yield "a small map", rng.normal(size=(3, 4)), rng.normal(size=(5, 5)), rng.normal(size=(3, 2))
    yield "a tall kernel", rng.normal(size=(2, 5)), rng.normal(size=(5, 5)), rng.normal(size=(4, 1))
    yield "one number", rng.normal(size=(1, 1)), rng.normal(size=(2, 3)), rng.normal(size=(2, 3))
    yield "a kernel of one", rng.normal(size=(2, 3)), rng.normal(size=(2, 3)), rng.normal(size=(1, 1))


def backward(dy, x, w):
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    kh, kw = w.shape
    for i, j in np.ndindex(dy.shape):
        dw += dy[i, j] * x[i : i + kh, j : j + kw]
        dx[i : i + kh, j : j + kw] += dy[i, j] * w
    return dx, dw


BACKWARD = Function(5, backward, upstream, mistakes=[
    ("does not turn the kernel", edit("dy[i, j] * w", "dy[i, j] * w[::-1, ::-1]"),
     "Your dx uses the kernel as it is. Going back it must be turned around by 180°."),
    ("turns it in one direction only", edit("dy[i, j] * w", "dy[i, j] * w[::-1]"),
     "Your dx turns the kernel around in one direction only. Reverse rows and columns."),
    ("overwrites", edit("kw] +=", "kw] ="),
     "Pixels lie in several windows: their gradients must be added (+=), not overwritten."),
    ("means over places", edit("return dx, dw", "return dx, dw / dy.size"),
     "Your dw is divided by the number of places. A shared weight *adds up* what comes from each."),
    ("in the wrong order", edit("return dx, dw", "return dw, dx"),
     "You return (dw, dx). Asked for is (dx, dw)."),
])


def maps(rng):
    yield "a small map", rng.normal(size=(4, 6)), 2, rng.normal(size=(2, 3))
    yield "all negative", -rng.random((6, 3)) - 1, 3, rng.normal(size=(2, 1))
    yield "one window", rng.normal(size=(4, 4)), 4, rng.normal(size=(1, 1))
    yield "windows of one", rng.normal(size=(2, 3)), 1, rng.normal(size=(2, 3))


def pool_backward(x, size, dy):
    dx = np.zeros_like(x)
    for i, j in np.ndindex(dy.shape):
        window = np.s_[i * size : (i + 1) * size, j * size : (j + 1) * size]
        dx[window] += dy[i, j] * (x[window] == x[window].max())
    return dx


POOL = Function(6, pool_backward, maps, mistakes=[
    ("all get it", edit(" * (x[window] == x[window].max())", ""),
     "Everyone in the window gets the gradient. Which of them can change the maximum?"),
    ("the mean's gradient", edit("* (x[window] == x[window].max())", "/ size**2"),
     "That is the gradient of average pooling. Of a maximum only the winner hears."),
    ("the largest magnitude", lambda x, size, dy: pool_backward(abs(x), size, dy),
     "You look for the largest absolute value. Max pooling takes the largest value, signs and all."),
    ("forgets where the window is", edit("dx[window]", "dx[:size, :size]"),
     "Every gradient lands in the upper left window. A winner's place counts from the corner of its own "
     "window."),
    ("windows that overlap",
     edit("i * size : (i + 1) * size, j * size : (j + 1) * size", "i : i + size, j : j + size"),
     "Your windows overlap. They stand side by side: window (i, j) begins at (i · size, j · size)."),
    ("all winners get 1", edit("dy[i, j] * ", ""),
     "The winners are right, but each gets 1. It should get its window's number in `dy`."),
    ("multiplies by the value", edit("dy[i, j]", "dy[i, j] * x[window]"),
     "The winner's gradient is multiplied by its value. The slope of max is 1 for the winner, whatever it "
     "is."),
])


def stacks(rng):
    yield "one layer", [5], [1], [1]
    yield "three of 3×3", [3, 3, 3], [1, 1, 1], [1, 1, 1]
    yield "a stride first", [3, 3], [2, 1], [1, 1]
    yield "a stride last", [5, 2], [1, 2], [1, 1]
    yield "convolution and pooling, twice", [3, 2, 3, 2], [1, 2, 1, 2], [1, 1, 1, 1]
    yield "everything", [7, 3, 3, 5], [2, 3, 1, 2], [1, 2, 4, 1]
    yield "no layer", [], [], []
    yield "a stack drawn for you", *(rng.integers(1, most, 5).tolist() for most in (8, 4, 4))


def receptive_field(sizes, strides, dilations):
    r, step = 1, 1
    for k, s, d in zip(sizes, strides, dilations, strict=True):
        r += d * (k - 1) * step
        step *= s
    return r


FIELD = Function(7, receptive_field, stacks, lists=True, mistakes=[
    ("ignores strides", edit(" * step", ""),
     "The strides are missing: after a stride of 2, one step of the next layer is two pixels."),
    ("ignores dilation", edit("d * ", ""),
     "The dilations are missing: a dilated kernel spans d (k − 1) + 1."),
    ("counts its own stride", edit("* step", "* step * s"),
     "A layer's own stride spaces its *outputs*. What widens its view are the strides before it."),
    ("only the last stride", edit("*= s", "= s"),
     "Strides multiply: after 2 and 3, neighbours are six pixels apart."),
    ("multiplies kernels", lambda sizes, strides, dilations: int(np.prod(sizes)),
     "Kernels do not multiply: each further layer adds k − 1 pixels, not k times as many."),
])


def scenes(rng):
    square = np.zeros((9, 9))
    square[3:7, 3:7] = 1
    band = np.zeros((8, 12))
    band[2:6, 4:] = 0.5
    yield "a bright square", square
    yield "a band that goes on", band


def finds(kernel, scene):
    """Whether a smooth area gives zero, and where in the scene the kernel's answer is largest."""
    kernel = np.asarray(kernel, dtype=float)
    y = (np.lib.stride_tricks.sliding_window_view(scene, (3, 3)) * kernel).sum(axis=(2, 3))
    return float(round(abs(kernel.sum()), 6)), (y >= y.max() - 1e-9).astype(float)


CORNER = Value(8, [[-1, -1, -1], [-1, 2, 1], [-1, 1, 1]], scenes, run=finds, mistakes=[
    ("an edge detector", [[-1, -1, -1], [0, 0, 0], [1, 1, 1]],
     "This answers as loudly all along the upper edge. What is different at the corner: the *left* is dark "
     "too."),
    ("the numbers do not cancel", [[-1, -1, -1], [-1, 1, 1], [-1, 1, 1]],
     "On a smooth area the sum should be 0: your nine numbers must add up to 0."),
    ("the opposite corner", [[1, 1, -1], [1, 2, -1], [-1, -1, -1]],
     "This answers to the lower right corner. The kernel is laid on as it is, not turned around."),
    ("a dark corner", [[1, 1, 1], [1, -2, -1], [1, -1, -1]],
     "At this corner your sum is the most negative one. Turn all signs round."),
    ("only a diagonal", [[-1, 0, 0], [0, 0, 0], [0, 0, 1]],
     "This compares along the diagonal only, and answers as loudly along two edges. Let more of the dark "
     "pixels count."),
    ("an outline", [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
     "This answers alike to all four corners. Use numbers that differ between the four sides."),
])

HORIZON = Explain(9, rubric=[
    "Sharing weights says that a patch means the same wherever it is.",
    "An example in which it does not: aligned faces, a spectrum over frequency, columns of a table.",
    "What to do: no sharing over that axis, coordinates as a further channel, or flattening at the end.",
    "A measurement that would decide: both at equal size, on shifted and unshifted data.",
])
