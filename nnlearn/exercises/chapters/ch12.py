import numpy as np

from nnlearn.exercises import Explain, Function, Predict, Value, edit
from nnlearn.exercises.budget import Loss, losses_within_budget, no_classes

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
    ("the second reads three channels", (224, 5 * 5 * 3 * 16 + 16),
     "The first is right. The second layer reads what the first gives: as many channels as it has kernels."),
    ("the second reads one channel", (224, 5 * 5 * 16 + 16),
     "The first is right. Each kernel of the second looks at all 8 channels that come in."),
    ("the first reads one channel", (3 * 3 * 8 + 8, 3216),
     "The second is right. A colour picture has three channels, and each kernel of the first looks at all."),
    ("3×3 for both", (224, 3 * 3 * 8 * 16 + 16), "The first is right. The second layer's kernels are 5×5."),
    ("no bias in the second", (224, 3200), "The first is right. The second has biases as well."),
    ("one bias for the layer", (217, 3201), "A layer has a bias for each of its kernels, not one for all."),
    ("times pixels", (224 * 32 * 32, 3216 * 32 * 32),
     "The same kernels are used at every place: how large the picture is does not come in."),
    ("a bias for each channel of a kernel", (8 * 3 * (9 + 1), 16 * 8 * (25 + 1)),
     "A kernel looks at all channels and adds them up to one number: it has one bias, not one for each "
     "channel."),
    ("the other order", (3216, 224), "Your two numbers are right, in the other order."),
])


def rows_of_pixels(rng):
    yield "stride 1", 28, 5, 1, 1
    yield "an even kernel", 28, 4, 1, 1
    yield "stride 2, an even row", 10, 3, 2, 1
    yield "stride 2, an odd row", 11, 3, 2, 1
    yield "a dilated kernel", 20, 3, 1, 4
    yield "all of them", 33, 5, 3, 2
    yield "a kernel smaller than the stride", 10, 1, 4, 1
    yield "as large as the row", 5, 5, 2, 1
    yield "numbers drawn for you", *(int(n) for n in rng.integers((25, 2, 1, 1), (65, 7, 5, 4)))


def zeros_needed(n, k, stride, dilation):
    places = -(-n // stride)
    zeros = max((places - 1) * stride + dilation * (k - 1) + 1 - n, 0)
    return zeros // 2, zeros - zeros // 2


SIZE = Function(3, zeros_needed, rows_of_pixels, outputs="before after", mistakes=[
    ("both sides alike", lambda n, k, stride, dilation: (dilation * (k - 1) // 2, dilation * (k - 1) // 2),
     "(k − 1) / 2 on each side is right for stride 1 and an odd kernel. Count how far the last place "
     "reaches: the first one begins at 0, and there are ⌈n / stride⌉ of them."),
    ("as for stride 1", edit("(places - 1) * stride", "(n - 1)"),
     "With a stride the last place need not begin at the last pixel. Where does it begin?"),
    ("rounds down", edit("-(-n // stride)", "n // stride"),
     "n / stride is rounded *up* here: a last place that is not quite full counts."),
    ("fewer than none", edit("max((places", "((places", " - n, 0)", " - n)"),
     "Where the kernel is smaller than the stride you add a negative number of zeros. None are needed then."),
    ("the odd one to the left", edit("zeros // 2, zeros - zeros // 2", "zeros - zeros // 2, zeros // 2"),
     "As many as it takes. Where their number is odd, the extra one goes to the right."),
    ("all on each side", edit("zeros // 2, zeros - zeros // 2", "zeros, zeros"),
     "That many are needed in all: share them between the two sides."),
    ("ignores dilation", edit("dilation * ", ""),
     "The dilation is missing: with gaps the kernel spans d (k − 1) + 1 pixels."),
    ("dilates the whole kernel", edit("dilation * (k - 1) + 1", "dilation * k"),
     "A dilated kernel has k pixels and k − 1 gaps: it spans d (k − 1) + 1, not d k."),
    ("one too few", edit("dilation * (k - 1) + 1 - n", "dilation * (k - 1) - n"),
     "One too few: a kernel that begins at pixel a and spans m pixels ends at a + m − 1."),
    ("rounded up on both sides", edit("zeros // 2, zeros - zeros // 2", "(zeros + 1) // 2, (zeros + 1) // 2"),
     "Where an odd number is needed, you add one too many: the extra one goes to the right alone."),
    ("all on the right", edit("zeros // 2, zeros - zeros // 2", "0, zeros"),
     "As many as it takes, but all on the right. Share them: half to each side."),
    ("the odd one forgotten", edit("zeros // 2, zeros - zeros // 2", "zeros // 2, zeros // 2"),
     "Where an odd number is needed, one is missing: the right end gets what the left does not."),
    ("halves of a zero", edit("zeros // 2, zeros - zeros // 2", "zeros / 2, zeros / 2"),
     "Half a zero cannot be added. If their number is odd, the extra one goes to the right."),
    ("one stride too far", edit("(places - 1)", "places"),
     "Between the first place and the last lie one stride less than there are places."),
    ("one place more", edit("-(-n // stride)", "(n // stride + 1)"),
     "n / stride rounded up is not n // stride + 1: where it goes in evenly, that is one too many."),
    ("the size without its sign", edit("max((places", "abs((places", " - n, 0)", " - n)"),
     "Where the kernel ends before the row does, none are needed: a negative number becomes 0, not "
     "positive."),
    ("adds the dilation", edit("dilation * (k - 1) + 1", "k + dilation - 1"),
     "The dilation counts in each of the k − 1 gaps: it multiplies them."),
    ("as many as at stride 1", edit("(places - 1) * stride", "(n - 1) * stride"),
     "The map has ⌈n / stride⌉ places here, not n."),
], after='Frameworks call it "same" padding.')


def pictures(rng):
    yield "a plain kernel", rng.normal(size=(5, 7)), rng.normal(size=(3, 2)), 1, 0
    yield "padding", rng.normal(size=(4, 3)), rng.normal(size=(3, 3)), 1, 2
    yield "stride 2", rng.normal(size=(7, 6)), rng.normal(size=(2, 3)), 2, 0
    yield "both", rng.normal(size=(8, 5)), rng.normal(size=(3, 2)), 3, 1
    yield "as large as the picture", rng.normal(size=(3, 4)), rng.normal(size=(3, 4)), 1, 0
    yield "pixels in whole numbers", rng.integers(0, 9, (4, 5)), rng.normal(size=(2, 2)), 1, 0


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
    ("pads the upper left alone", edit("np.pad(x, padding)", "np.pad(x, ((padding, 0), (padding, 0)))"),
     "The zeros go to all four sides. Yours stand above and on the left only."),
    ("pads the lower right alone", edit("np.pad(x, padding)", "np.pad(x, ((0, padding), (0, padding)))"),
     "The zeros go to all four sides. Yours stand below and on the right only."),
    ("pads rows alone", edit("np.pad(x, padding)", "np.pad(x, ((padding, padding), (0, 0)))"),
     "You pad above and below, but not on the left and the right."),
    ("places one pixel apart", edit("[::stride, ::stride]", "[: (x.shape[0] + 2 * padding - w.shape[0]) "
     "// stride + 1,\n                   "
     ": (x.shape[1] + 2 * padding - w.shape[1]) // stride + 1]"),
     "The map has the right size, but its windows lie one pixel apart: window (i, j) begins at (i · "
     "stride, j · stride)."),
    ("strides in one direction", edit("[::stride, ::stride]",
     "[::stride, : (x.shape[1] + 2 * padding - w.shape[1]) // stride + 1]"),
     "The rows are `stride` apart, the columns are not: j · stride as well."),
    ("the last window is missing", edit("[::stride, ::stride]", "[: -1 : stride, : -1 : stride]"),
     "The last window is missing: there are (H + 2p − kh) // stride + 1 in a column."),
    ("the kernel transposed", lambda x, w, stride, padding: conv(x.T, w, stride,
     padding).T if w.shape[0] == w.shape[1] else conv(x, w.T, stride, padding),
     "You lay the kernel on its side: w[u, v] meets the pixel u rows down and v columns across."),
    ("cut to whole numbers", lambda x, w, stride, padding: conv(x, w, stride, padding).astype(int),
     "Your map holds whole numbers: an array made of integers cuts the rest off."),
    ("whole where the pixels are", lambda x, w, stride, padding: conv(x, w, stride, padding).astype(x.dtype),
     "Where the pixels are whole numbers, your map holds whole numbers too, and cuts the rest off: let it be "
     "an array of floats."),
    ("windows beyond the end", lambda x, w, stride, padding: conv(np.pad(x, ((0, -(x.shape[0] + 2 * padding
     - w.shape[0]) % stride), (0, -(x.shape[1] + 2 * padding - w.shape[1]) % stride))), w, stride, padding),
     "Your last windows reach beyond the picture. Only whole ones count: the number of places is rounded "
     "down."),
    ("the largest product", edit(".sum(", ".max("),
     "You take the largest product of a window. A convolution adds them up."),
    ("one place too few", edit("[::stride, ::stride]", "[::stride, ::stride][:-1, :-1]"),
     "The last row and the last column of the map are missing: there are (H + 2p − kh) // stride + 1 windows "
     "in a column."),
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


BACKWARD = Function(5, backward, upstream, outputs="dx dw", mistakes=[
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
    ("overwrites dw", edit("dw +=", "dw[:] ="),
     "dx is right. The kernel is used at every place: what the places send to it adds up (+=)."),
    ("turns dw", edit("return dx, dw", "return dx, dw[::-1, ::-1]"),
     "dx is right. dw comes out turned around: weight (u, v) gets what pixel (i + u, j + v) has to say."),
    ("forgets dy for dx", edit("+= dy[i, j] * w", "+= w"),
     "dw is right. For dx each place sends w *times* its `dy[i, j]`."),
    ("forgets dy for dw", edit("dw += dy[i, j] * ", "dw += "),
     "dx is right. For dw each place sends its patch *times* its `dy[i, j]`."),
    ("pixels for weights", edit("+= dy[i, j] * w", "+= dy[i, j] * x[i : i + kh, j : j + kw]"),
     "dw is right. In y = Σ w x the slope with respect to a pixel is the *weight* that it met."),
    ("dw from a map turned", edit("dw += dy[i, j]", "dw += dy[::-1, ::-1][i, j]"),
     "dx is right. For dw the map is laid on as it is: only one of the two is turned, in dx."),
    ("overwrites both", edit("kw] +=", "kw] =", "dw +=", "dw[:] ="),
     "Pixels lie in several windows, and every place uses the kernel: both are added up (+=), not "
     "overwritten."),
    ("forgets dy", edit("+= dy[i, j] * w", "+= w", "dw += dy[i, j] * ", "dw += "),
     "`dy` has no say in yours. Each place sends w, and its patch, *times* its `dy[i, j]`."),
    ("the two exchanged", edit("dw += dy[i, j] * x[i : i + kh, j : j + kw]", "dw += w * dy[i, j]",
     "dy[i, j] * w\n", "dy[i, j] * x[i : i + kh, j : j + kw]\n"),
     "In y = Σ w x the slope for a weight is the *pixel* that it met, and for a pixel the *weight*."),
    ("one pixel for a window", edit("dx[i : i + kh, j : j + kw] += dy[i, j] * w",
     "dx[i, j] += dy[i, j] * w.sum()"),
     "dw is right. In dx each place reaches all pixels of its window, each by the weight that it met."),
    ("a row is missing", edit("np.ndindex(dy.shape)", "np.ndindex(dy.shape[0] - 1, dy.shape[1])"),
     "The last row of `dy` has no say. Go through all places: range(n) ends at n − 1 by itself."),
    ("square maps alone", edit("np.ndindex(dy.shape)", "np.ndindex(dy.shape[0], min(dy.shape))"),
     "You go through as many columns as rows. Maps need not be square."),
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
    ("places counted within the window", edit("dx[window] += dy[i, j] * (x[window] == x[window].max())",
     "dx[np.unravel_index(x[window].argmax(), (size, size))] = dy[i, j]"),
     "The winner's place is counted from the corner of its window, and you use it as a place in the picture: "
     "add (i · size, j · size)."),
    ("tiled", lambda x, size, dy: np.tile(dy, (size, size)) * (pool_backward(x, size, np.ones(dy.shape)) > 0),
     "The winners are right, but `np.tile` lays whole maps side by side. Each number of `dy` belongs to one "
     "window: `repeat` along both axes."),
    ("windows that overlap",
     edit("i * size : (i + 1) * size, j * size : (j + 1) * size", "i : i + size, j : j + size"),
     "Your windows overlap. They stand side by side: window (i, j) begins at (i · size, j · size)."),
    ("all winners get 1", edit("dy[i, j] * ", ""),
     "The winners are right, but each gets 1. It should get its window's number in `dy`."),
    ("multiplies by the value", edit("dy[i, j]", "dy[i, j] * x[window]"),
     "The winner's gradient is multiplied by its value. The slope of max is 1 for the winner, whatever it "
     "is."),
    ("row and column exchanged", lambda x, size, dy: np.block([[pool_backward(x[i * size : (i + 1) * size,
     j * size : (j + 1) * size].T, size,
        dy[i : i + 1, j : j + 1]) for j in range(dy.shape[1])] for i in range(dy.shape[0])]),
     "Within its window the winner's row and column are exchanged."),
    ("always the first", edit("(x[window] == x[window].max())", "np.pad([[1.0]], (0, size - 1))"),
     "The upper left pixel of each window gets it, whoever won. Look for the largest: `argmax`."),
    ("the smallest", edit(".max()", ".min()"),
     "You send it to the smallest value of each window."),
    ("only where it is above zero", edit("dy[i, j] *", "dy[i, j] * (x[window].max() > 0) *"),
     "Windows whose largest value is negative get nothing in yours. That is a ReLU: pooling has no such "
     "bend."),
    ("starts from x", edit("np.zeros_like(x)", "x.copy()"),
     "Who did not win has a gradient of 0. You begin with the values of `x` themselves."),
    ("the values of the winners", edit("dy[i, j] *", "x[window] *"),
     "You return the winners' values. Asked for is their gradient, from `dy`."),
    ("winners of the whole picture", edit("x[window].max()", "x.max()"),
     "Only the largest pixel of all gets something. Each window has a winner of its own."),
    ("windows of two", lambda x, size, dy: pool_backward(x[: 2 * dy.shape[0], : 2 * dy.shape[1]], 2, dy)
     if size > 2 else pool_backward(x, size, dy),
     "Your windows are 2 × 2, whatever `size` says."),
    ("winners of each row", edit("x[window].max()", "x[window].max(axis=1, keepdims=True)"),
     "Each row of a window has a winner in yours. A window has one."),
    ("whole numbers", lambda x, size, dy: pool_backward(x, size, np.trunc(dy)),
     "Your array holds whole numbers, and cuts the gradients off."),
    ("square maps alone", edit("np.ndindex(dy.shape)", "np.ndindex(dy.shape[0], min(dy.shape))"),
     "You go through as many columns of windows as rows. Maps need not be square."),
])


def stacks(rng):
    yield "one layer", 4, [5], [1], [0]
    yield "three of 3×3, padded", 6, [3, 3, 3], [1, 1, 1], [1, 1, 1]
    yield "at the border", 0, [3, 3], [1, 1], [1, 1]
    yield "a stride first", 2, [3, 3], [2, 1], [0, 1]
    yield "a stride last", 5, [5, 2], [1, 2], [2, 0]
    yield "convolution and pooling, twice", 3, [3, 2, 3, 2], [1, 2, 1, 2], [1, 0, 1, 0]
    yield "everything", 7, [7, 3, 4, 5], [2, 3, 1, 2], [3, 0, 2, 1]
    yield "no layer", 8, [], [], []
    drawn = (rng.integers(low, high, 5).tolist() for low, high in ((1, 8), (1, 4), (0, 3)))
    yield "a stack drawn for you", int(rng.integers(10)), *drawn


def sees(i, sizes, strides, paddings):
    first = last = i
    for k, s, p in reversed(list(zip(sizes, strides, paddings, strict=True))):
        first = first * s - p
        last = last * s - p + k - 1
    return first, last


FIELD = Function(7, sees, stacks, lists=True, outputs="first last", mistakes=[
    ("from the first layer on", edit("reversed(list(zip(sizes, strides, paddings, strict=True)))",
     "zip(sizes, strides, paddings, strict=True)"),
     "You walk from the first layer to the last. You know a place in the *last* one: walk back from there."),
    ("ignores strides", edit(" * s", ""),
     "The strides are missing: output i of a layer with stride 2 begins to look at 2 i."),
    ("ignores padding", edit(" - p", ""),
     "The padding is missing: with it a layer begins to look before the first pixel."),
    ("pads the other way", edit(" - p", " + p"),
     "Zeros on the left push the picture to the right: what was place 0 of the padded row is pixel −p."),
    ("one pixel too far", edit("+ k - 1", "+ k"),
     "The first pixel is right. A kernel of k that begins at a ends at a + k − 1."),
    ("the width from the first", edit("return first, last", "return first, first + sum(sizes) - len(sizes)"),
     "The first pixel is right. What the later layers add is spread by the strides before them: follow the "
     "last pixel back in the same way as the first."),
    ("one beyond the last", edit("return first, last", "return first, last + 1"),
     "The first pixel is right. Asked for is the last that it sees, not where a slice would end."),
    ("the padding on the right", edit("last * s - p", "last * s + p"),
     "The first pixel is right. Where a layer looks depends on the zeros on the left alone, for its last "
     "pixel, too: less p."),
    ("how many", edit("return first, last", "return first, last - first + 1"),
     "That is how many pixels it sees, the receptive field. Asked for is the last of them."),
    ("around the middle", lambda i, sizes, strides, paddings: (
        i - (sum(sizes) - len(sizes)) // 2, i + (sum(sizes) - len(sizes)) // 2),
     "That is so without strides, and with padding that keeps the size. Here each layer has its own: walk "
     "back through them."),
    ("stops at the border", edit("return first, last", "return max(first, 0), last"),
     "Pixels of the padding count here: the first may have a negative number."),
    ("the padding of the first layer alone", edit("first * s - p", "first * s", "last * s - p", "last * s",
     "return first, last",
     "return first - sum(paddings[:1]), last - sum(paddings[:1])"),
     "Only the first layer's padding is counted. Each layer has its own, spread by the strides before "
     "it."),
    ("the padding before the stride", edit("first * s - p", "(first - p) * s", "last * s - p",
     "(last - p) * s"),
     "Padding is counted in pixels of the layer's *input*: first times s, then less p."),
    ("the kernel times the stride", edit("+ k - 1", "+ (k - 1) * s"),
     "The first pixel is right. A kernel's pixels lie side by side, whatever the stride: add k − 1."),
    ("the padding twice", edit(" - p", " - 2 * p"),
     "You take the padding away twice. Where a layer begins to look depends on the zeros on the left "
     "alone."),
    ("the last without padding", edit("last * s - p", "last * s"),
     "The first pixel is right. The last one is moved by the padding as well."),
    ("half the kernel", edit("+ k - 1", "+ (k - 1) // 2"),
     "The first pixel is right. The last lies k − 1 further, not half of that: the kernel begins at the "
     "first."),
    ("the last without strides", edit("last * s", "last"),
     "The first pixel is right. The last one is spread by the strides as well: follow it back in the same "
     "way."),
    ("one output too early", edit("first = last = i", "first = last = i - 1"),
     "That is what the output before sees. They are counted from 0: output `i` begins to look at i · "
     "stride."),
    ("counts from one", edit("first = last = i", "first = last = i + 1"),
     "Outputs are counted from 0: output `i` begins to look at i · stride."),
    ("the last layer alone", edit("reversed(list(zip(sizes, strides, paddings, strict=True)))",
     "[*zip(sizes, strides, paddings, strict=True)][-1:]"),
     "You walk back through the last layer and stop. Go on to the picture."),
    ("the first layer's width", edit("return first, last", "return first, first + sum(sizes[:1]) - "
     "bool(sizes)"),
     "The first pixel is right. The last is what the *last* pixel of each layer sees: follow both ends "
     "back."),
    ("around each centre", edit("first * s - p", "first * s - k // 2", "last * s - p + k - 1",
     "last * s + k // 2"),
     "You assume that every kernel looks as far to the left as to the right. How far is what the padding "
     "says."),
], after="Pixels below 0 or beyond the picture's end are zeros of the padding: outputs at the border see "
         "less.")


def scenes(rng):
    square = np.zeros((9, 9))
    square[3:7, 3:7] = 1
    band = np.zeros((8, 12))
    band[2:6, 4:] = 0.5
    yield "a bright square", square
    yield "a band that goes on", band


def finds(kernel, scene):
    """Whether a smooth area gives zero, and if so where in the scene the kernel's answer is largest."""
    kernel = np.asarray(kernel, dtype=float)
    y = (np.lib.stride_tricks.sliding_window_view(scene, (3, 3)) * kernel).sum(axis=(2, 3))
    smooth = round(abs(kernel.sum()), 6) == 0
    return float(not smooth), (smooth & (y >= y.max() - 1e-9)).astype(float)


CORNER = Value(8, [[-1, -1, -1], [-1, 2, 1], [-1, 1, 1]], scenes, run=finds, mistakes=[
    ("an edge detector", [[-1, -1, -1], [0, 0, 0], [1, 1, 1]],
     "This answers as loudly all along the upper edge. What is different at the corner: the *left* is dark "
     "too."),
    ("the numbers do not cancel", [[-1, -1, -1], [-1, 1, 1], [-1, 1, 1]],
     "On a smooth area the sum should be 0: your nine numbers must add up to 0."),
    ("the edge on the left", [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]],
     "This answers as loudly all along the left edge. What is different at the corner: it is dark *above* "
     "too."),
    ("the upper right corner", [[-1, -1, -1], [1, 2, -1], [1, 1, -1]],
     "This answers to the upper right corner. There it is dark on the right; here, on the left."),
    ("the lower left corner", [[-1, 1, 1], [-1, 2, 1], [-1, -1, -1]],
     "This answers to the lower left corner. There it is dark below; here, above."),
    ("the opposite corner", [[1, 1, -1], [1, 2, -1], [-1, -1, -1]],
     "This answers to the lower right corner. The kernel is laid on as it is, not turned around."),
    ("nothing at all", np.zeros((3, 3)).tolist(),
     "This is 0 wherever it is even, and everywhere else. At the corner the sum is to be the largest."),
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


def coloured_pictures(rng):
    def stored(B, H, W, C):
        return rng.integers(0, 256, (B, H, W, C))

    yield "two channels", stored(4, 5, 6, 2), [1, 0, -2, 3], [0, 2, 1, -1]
    yield "grey, not moved", stored(3, 4, 5, 1), [0, 0, 0], [0, 0, 0]
    dark = stored(2, 6, 4, 3)
    dark[:, 0], dark[..., 2] = 0, 7
    yield "a dark row, and a channel that never changes", dark, [2, -1], [-1, 3]


def mended(pictures, down, across):
    x = pictures.transpose(0, 3, 1, 2) / 255
    x = (x - x.mean(axis=(0, 2, 3), keepdims=True)) / (x.std(axis=(0, 2, 3), keepdims=True) + 1e-3)
    B, C, H, W = x.shape
    moved = np.zeros((B, C, H, W))
    for k, (i, j) in enumerate(zip(down, across, strict=True)):
        seen = x[k, :, max(-i, 0) : H - max(i, 0), max(-j, 0) : W - max(j, 0)]
        moved[k, :, max(i, 0) : H + min(i, 0), max(j, 0) : W + min(j, 0)] = seen
    return moved


CUT_UP = "pictures.transpose(0, 3, 1, 2) / 255", (
    "pictures.reshape(len(pictures), pictures.shape[3], *pictures.shape[1:3]) / 255")
BY_PLACE = "axis=(0, 2, 3)", "axis=0"
ROUND = (
    "        seen = x[k, :, max(-i, 0) : H - max(i, 0), max(-j, 0) : W - max(j, 0)]\n"
    "        moved[k, :, max(i, 0) : H + min(i, 0), max(j, 0) : W + min(j, 0)] = seen\n",
    "        moved[k] = np.roll(x[k], (i, j), axis=(1, 2))\n",
)

REPAIR = Function(10, mended, coloured_pictures, atol=1e-6, mistakes=[
    ("cut up", edit(*CUT_UP, *BY_PLACE, *ROUND),
     "With one channel nothing is cut up; with two the numbers are in the wrong places. Take a picture of 2 "
     "× 2 pixels, red, green, blue, white, and print what becomes of its red channel. `reshape` keeps the "
     "order in memory."),
    ("each place by itself", edit(*BY_PLACE, *ROUND),
     "Neighbours are neighbours again. Put the same patch at two places of a picture: do the same numbers "
     "come out? Over which axes are mean and deviation taken, and what does that do to a kernel that is "
     "shared?"),
    ("round the corner", edit(*ROUND),
     "Unmoved pictures are right. In a moved one, look at the border at which something comes in: where has "
     "it come from?"),
    ("cut up, the rest mended", edit(*CUT_UP),
     "Scaling and moving are right, and with one channel everything is. With two, print the red channel of "
     "one small picture: `reshape` keeps the order in memory, and there a pixel's colours lie side by side."),
    ("each place by itself, moved rightly", edit(*BY_PLACE),
     "What comes in is zero, as it should be. But the same patch at two places gives different numbers: over "
     "which axes are mean and deviation taken?"),
    ("not scaled", edit("    x = (x - x.mean(axis=(0, 2, 3), keepdims=True)) / (x.std(axis=(0, 2, 3), "
     "keepdims=True) + 1e-3)\n", ""),
     "Nothing is scaled any more. Scaling was right; the axes over which it goes were not."),
    ("rows and columns exchanged, moved as they lie", edit("transpose(0, 3, 1, 2)", "transpose(0, 3, 2, 1)"),
     "Width stands before height in yours. The result is (B, C, H, W): `transpose(0, 3, 1, 2)`."),
    ("over pictures and channels", edit("axis=(0, 2, 3)", "axis=(0, 1)"),
     "Each place still has its own mean, and the channels share it. It is the other way round: each channel "
     "its own, over pictures and places."),
    ("over the channels of a picture", edit("axis=(0, 2, 3)", "axis=(1, 2, 3)"),
     "Each picture has its own mean over all its channels. Each *channel* is to have its own, over all "
     "pictures."),
    ("all channels by one number", edit("axis=(0, 2, 3), ", ""),
     "One mean and one deviation for all channels. Each channel has its own, over all pictures and places."),
    ("each picture by itself", edit("axis=(0, 2, 3)", "axis=(2, 3)"),
     "Each picture has its own mean: then a dark one and a bright one look alike. Take it over all "
     "pictures."),
    ("black comes in", edit("np.zeros((B, C, H, W))", "np.zeros((B, C, H, W)) + x.min(axis=(0, 2, 3), "
     "keepdims=True)"),
     "What comes in from outside should be 0 *after* scaling, the mean, and not what black became."),
    ("up and left", edit("zip(down, across", "zip(-np.array(down), -np.array(across)"),
     "You move the pictures the other way. `down` means to rows of higher number."),
    ("rows and columns exchanged", lambda pictures, down, across: mended(pictures.transpose(0, 2, 1, 3),
     across, down),
     "Rows and columns are exchanged: the result is (B, C, H, W), and H comes before W."),
    ("axes exchanged, then cut up", edit("pictures.transpose(0, 3, 1, 2) / 255",
     "pictures.swapaxes(1, 3).reshape(len(pictures), pictures.shape[3], *pictures.shape[1:3]) / 255"),
     "After `swapaxes` the order is (B, C, W, H), and `reshape` does not turn it: it cuts it up. "
     "`transpose(0, 3, 1, 2)` puts all axes in order."),
    ("cleared above and on the left alone", edit(ROUND[0], "        moved[k] = np.roll(x[k], (i, j), "
     "axis=(1, 2))\n        moved[k, :, : max(i, 0)], moved[k, :, :, : max(j, 0)] = 0, 0\n"),
     "What comes in from above and from the left is 0. But numbers may be negative: then a picture moves up "
     "or to the left, and something comes in from below or from the right."),
    ("cleared on one side, whatever the sign", edit(ROUND[0], "        moved[k] = np.roll(x[k], (i, j), "
     "axis=(1, 2))\n        moved[k, :, : abs(i)], moved[k, :, :, : abs(j)] = 0, 0\n"),
     "A picture that moves up or to the left gets its zeros at the wrong end: they come in from below or "
     "from the right."),
    ("not divided by 255", edit(" / 255", " / 1"),
     "Without the 255 the 0.001 is another: it is added to a deviation between 0 and 1."),
    ("nothing added", edit(" + 1e-3", " + 1e-12"),
     "The 0.001 is missing. A channel that never changes shows what it is for."),
    ("scaled after the move", edit("    x = (x - x.mean(axis=(0, 2, 3), keepdims=True)) / "
     "(x.std(axis=(0, 2, 3), keepdims=True) + 1e-3)\n",
     "", "    return moved", "    x = moved\n    return (x - x.mean(axis=(0, 2, 3), keepdims=True)) / "
     "(\n        "
     "x.std(axis=(0, 2, 3), keepdims=True) + 1e-3)"),
     "You scale after moving: the zeros that came in have a say in the mean. Scale first."),
    ("down and across exchanged", edit("zip(down, across", "zip(across, down"),
     "`down` and `across` are exchanged: down moves along the rows, axis 2."),
    ("one move for all", edit("zip(down, across", "zip([down[0]] * B, [across[0]] * B"),
     "All pictures move like the first. Each has its own `down[k]` and `across[k]`."),
    ("down and right alone", edit("zip(down, across", "zip(np.maximum(down, 0), np.maximum(across, 0)"),
     "Negative numbers move up and left. Yours stay."),
    ("the border goes on", edit("        seen = x[k, :, max(-i, 0) : H - max(i, 0), max(-j, 0) : W - "
     "max(j, 0)]\n", "",
     "        moved[k, :, max(i, 0) : H + min(i, 0), max(j, 0) : W + min(j, 0)] = seen\n",
     "        wide = np.pad(x[k], ((0, 0), (H, H), (W, W)), mode='edge')\n"
     "        moved[k] = wide[:, H - i : 2 * H - i, W - j : 2 * W - j]\n"),
     "What comes in repeats the border. It is to be 0."),
    ("what stood there stays", edit("np.zeros((B, C, H, W))", "x.copy()"),
     "Where nothing comes in, the old pixels still stand. Begin with zeros."),
    ("the sample's deviation", edit("keepdims=True) + 1e-3", "keepdims=True, ddof=1) + 1e-3"),
     "You divide by n − 1: the deviation is to be 1 over these very pictures."),
    ("not centred", edit("x - x.mean(axis=(0, 2, 3), keepdims=True)", "x"),
     "The mean has not been taken away."),
    ("rows cleared, columns not", edit("        seen = x[k, :, max(-i, 0) : H - max(i, 0), max(-j, 0) : "
     "W - max(j, 0)]\n", "",
     "moved[k, :, max(i, 0) : H + min(i, 0), max(j, 0) : W + min(j, 0)] = seen",
     "moved[k, :, max(i, 0) : H + min(i, 0)] = np.roll(x[k], (i, j), axis=(1, 2))[:, max(i, 0) : H + "
     "min(i, 0)]"),
     "What comes in from above and below is 0. What comes in from the sides still comes round the "
     "corner."),
    ("cleared where nothing moves", edit(ROUND[0], "        moved[k] = np.roll(x[k], (i, j), axis=(1, 2))\n"
     "        moved[k, :, slice(i) if i > 0 else slice(i, None)] = 0\n"
     "        moved[k, :, :, slice(j) if j > 0 else slice(j, None)] = 0\n"),
     "Where `down` or `across` is 0, `[0:]` is everything, and you clear it all. Nothing comes in there."),
    ("cleared up to a negative number", edit(ROUND[0], "        moved[k] = np.roll(x[k], (i, j), "
     "axis=(1, 2))\n        moved[k, :, :i], moved[k, :, :, :j] = 0, 0\n"),
     "Where `down` or `across` is negative, `[: down[k]]` counts from the end and clears nearly everything. "
     "There the zeros come in from below or from the right."),
    ("rows and columns exchanged, and round the corner", edit(
     "pictures.transpose(0, 3, 1, 2)", "pictures.transpose(0, 3, 2, 1)", ROUND[0],
     "        moved[k] = np.roll(x[k], (i, j), axis=(1, 2))\n", "(B, C, H, W)", "x.shape"),
     "Rows and columns are exchanged: the result is (B, C, H, W), and H comes before W. And what comes in "
     "still comes round the corner."),
], after="A network that learns from cut-up pictures learns all the same, only less. Look at what goes in, "
         "as a picture, after the last step before the network.")


def marks(seed, n, first):
    """n noisy pictures (n, 1, 12, 12) with a stroke that begins at `first` … `first + 3`, and classes."""
    rng = np.random.default_rng(seed)
    y, X = rng.integers(0, 2, n), 0.3 * rng.normal(size=(n, 1, 12, 12))
    rows, columns = rng.integers(0, 10, n), first + rng.integers(0, 4, n)
    for k, (i, j) in enumerate(zip(rows, columns, strict=True)):
        X[k, 0, i : i + 3, j : j + 3] += np.eye(3)[:: 1 - 2 * y[k]]
    return X, y


def strokes(rng):
    seed = int(rng.integers(10**6))
    yield "strokes drawn for you", *marks(seed, 300, 0), marks(seed + 10**6, 400, 6)[0], 40, {"seed": seed}


def reached(found, X, y, X_new, steps, backward):
    """Has the bar been reached? Many networks do."""
    classes, losses = np.asarray(found[0]), found[1]
    if wrong := no_classes(classes, len(X_new)):
        return wrong
    right = np.mean(classes == marks(backward["seed"] + 10**6, 400, 6)[1])
    if right >= 0.85:
        return "85 of 100 right"
    if right < 0.1:
        return "nearly all wrong"
    if len(losses) and losses[-1] < 0.35:
        return "fewer than 85 of 100 right, and its own are read"
    falls = len(losses) > 8 and losses[-1] < 0.99 * losses[-9]
    return f"fewer than 85 of 100 right, and the loss {'still falls' if falls else 'moves no more'}"


def laid_on(X, y, X_new, steps, backward):
    """No network: the bar is compared, and who lays both strokes on everywhere reaches it."""
    for k in range(steps):
        backward(Loss(0.8**k))
    windows = np.lib.stride_tricks.sliding_window_view(X_new[:, 0], (3, 3), axis=(1, 2))
    falling, rising = ((windows * stroke).sum(axis=(3, 4)) for stroke in (np.eye(3), np.eye(3)[::-1]))
    return np.where(rising.max(axis=(1, 2)) > falling.max(axis=(1, 2)), 1, 0)


TRAIN = Function(11, laid_on, strokes, run=losses_within_budget, measure=reached,
    allows=("Sequential", "Conv2d", "MaxPool2d", "Flatten", "Linear", "relu", "Adam", "cross_entropy"),
    mistakes=[
    ("only where it was taught", edit("X_new[:, 0]", "X_new[:, 0, :, :6]"),
     "It reads its own 300 pictures, the loss says so. What it has learned belongs to the left half: which "
     "weights have never seen a stroke on the right? (If each map is boiled down to one number already, they "
     "are too many, and have learned the noise.)"),
    ("steps too short", edit("X_new[:, 0]", "X_new[:, 0, :, :6]", "0.8**k", "0.99**k"),
     "It does not read its own 300 pictures yet, and the loss still falls at the end: take longer steps. A "
     "stroke is easily drowned, too: in the mean of a map, where the largest value would tell, or in a "
     "pooling before the first kernels."),
    ("nothing learned", edit("X_new[:, 0]", "X_new[:, 0, :, :6]", "0.8**k", "0.7"),
     "It guesses at its own 300 pictures as well, and the loss moves no more. Is a step taken, and are old "
     "gradients forgotten before the next? Does a kernel see a stroke as a whole, 3 pixels each way? And is "
     "there a map for each of the two strokes?"),
    ("returns the logits", edit("np.where(rising.max(axis=(1, 2)) > falling.max(axis=(1, 2)), 1, 0)",
     "np.stack([falling.max(axis=(1, 2)), rising.max(axis=(1, 2))], axis=1)"),
     "You return two numbers for each picture. Its class is the place of the larger one."),
    ("turned round", edit(", 1, 0)", ", 0, 1)"),
     "Nearly all wrong: so it sees the strokes, and says the opposite."),
    ("over budget", edit("range(steps)", "range(steps + 1)"),
     "Every call of `backward` counts. If fewer steps do not suffice, they have to be longer."),
], after="Nobody has shown it a stroke on the right. That it knows one there is in the architecture, not in "
         "the data.")
