import numpy as np

from nnlearn.exercises import Explain, Function, Predict, Value, edit

CUT = Predict(1, "rightly", mistakes=[
    ("thinks the cut forbids it", "by guessing",
     "True, no gradient credits a symbol of 60 steps ago. But the network is asked at every age, and its "
     "state is handed on. What does a question at age 9 teach, of which five steps can be credited?"),
    ("thinks the chunk must be longer", "rightly only with chunks of 60",
     "What would chunks of 60 teach that questions at every age do not? With the state handed on, each of "
     "them teaches to keep for a few steps more what is still there."),
], after="The state crosses the border, the gradient does not. Questions at young ages teach to take a "
         "symbol in, those at older ages to keep what the state still shows, and the weights are shared over "
         "time. With old symbols alone nothing would have taught it; the chapter runs that control.")

TRAVEL = Value(2, 1.1**99, rtol=0.01, mistakes=[
    ("adds up", 1 + 99 * 0.1,
     "You added a tenth for every step. Each step multiplies what the one before has left."),
    ("one step too many", 1.1**100,
     "Count the steps between the states: from 100 back to 1 there are fewer than 100."),
    ("forwards from the loss", 1.1**-99,
     "That would be so for a weight of 1/1.1. Going back, the gradient is multiplied by the weight, "
     "not divided."),
    ("does not change", 1.0, "Only a weight of exactly 1 leaves the gradient as it is, and this is 1.1."),
], after="Some 12,500: what a weight only a tenth above 1 does within a hundred steps.")


def ones_and_zeros(rng):
    yield "ones, a zero, ones again", [1.0, 1, 1, 0, 1, 1]
    yield "nineteen ones, then a zero", [1.0] * 19 + [0]
    yield "zeros first", [0.0, 0, 1, 0, 0, 1, 1]
    yield "coin tosses", rng.integers(0, 2, 20) * 1.0


def count_up(answer, x):
    """The states of the unit with these weights."""
    w_x, w_h, b = answer
    h, states = 0.0, []
    for x_t in x:
        h = max(0.0, w_x * x_t + w_h * h + b)
        states.append(h)
    return np.array(states)


COUNTER = Value(3, (101.0, 1.0, -100.0), ones_and_zeros, run=count_up, mistakes=[
    ("never starts again", (1.0, 1.0, 0.0),
     "It counts all ones since the beginning. What could a zero do that a one makes up for? "
     "You have not used the bias."),
    ("has no memory", (1.0, 0.0, 0.0),
     "It only repeats its input. Which weight carries the count from one step to the next?"),
    ("counts down at a zero", (2.0, 1.0, -1.0),
     "Right on ones. But a zero takes away one only: it must wipe out any count, of any length."),
    ("does not make up for the bias", (1.0, 1.0, -100.0),
     "The bias wipes out every count, even where the input is one. Let the input make up for it, and add "
     "its one."),
], after="One weight remembers; the bias forgets, unless the input forbids it. In chapter 14: a gate.")


def matrices(rng):
    yield "a random matrix", rng.normal(size=(5, 5)), 0.9
    yield "a turn: its eigenvalues are imaginary", [[0.0, -2.0], [2.0, 0.0]], 1.0
    yield "lopsided", [[0.5, 8.0], [0.0, -0.25]], 0.5
    yield "its largest eigenvalue is negative", np.diag([-3.0, 1.0, 2.0]), 1.5


def with_radius(W, rho):
    return W * (rho / np.abs(np.linalg.eigvals(W)).max())


SCALED = Function(4, with_radius, matrices, mistakes=[
    ("the largest singular value", edit("np.abs(np.linalg.eigvals(W)).max()", "np.linalg.norm(W, 2)"),
     "You scaled by the largest singular value: how much *one* step can stretch. The long run is decided by "
     "the eigenvalues."),
    ("the largest real part",
     edit("np.abs(np.linalg.eigvals(W)).max()", "(np.linalg.eigvals(W).real.max() or 1)"),
     "Eigenvalues may be negative or complex. What counts is their distance from zero, the modulus."),
    ("does not divide", edit("(rho / np.abs(np.linalg.eigvals(W)).max())", "rho"),
     "That multiplies the radius by rho. Divide by what the radius was, first."),
    ("the largest element", edit("np.linalg.eigvals(W)", "W"),
     "You scaled by the largest number in the matrix. The spectral radius is about its eigenvalues."),
])


def logits_and_ids(rng):
    yield "five characters of seven", rng.normal(size=(5, 7)), rng.integers(0, 7, 5)
    yield "knowing nothing of eight", np.zeros((4, 8)), np.arange(4)
    yield "a batch", 2 * rng.normal(size=(2, 3, 4)), rng.integers(0, 4, (2, 3))
    yield "large logits", [[1000.0, 999.0], [-1000.0, -998.0]], [0, 1]
    yield "large and far apart", [[1000.0, 0.0], [0.0, 900.0]], [1, 1]


def bits_per_character(logits, ids):
    z = logits - logits.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    said = np.take_along_axis(log_p, ids[..., None], axis=-1)
    return -said.mean() / np.log(2)


BITS = Function(5, bits_per_character, logits_and_ids, mistakes=[
    ("nats", edit(" / np.log(2)", ""),
     "That is in nats: the natural logarithm. How many nats are one bit?"),
    ("multiplies by ln 2", edit("/ np.log(2)", "* np.log(2)"),
     "The right factor on the wrong side: log₂ p = ln p / ln 2."),
    ("the sum", edit("said.mean", "said.sum"),
     "These are the bits of the whole text. Per character, please."),
    ("log of the mean", edit("said.mean() / np.log(2)", "np.log2(np.exp(said).mean())"),
     "You averaged the probabilities and then took the logarithm. Each character's bits count."),
    ("softmax over the wrong axis", edit("axis=-1, keepdims", "axis=-2, keepdims"),
     "Your probabilities sum to 1 over the positions. They must do so over the characters."),
])


def pair_counts(rng):
    yield "four characters", rng.integers(0, 9, (4, 4)) * 1.0, 2.0
    yield "a character after which nothing was seen", [[3.0, 1, 0], [0, 0, 0], [2, 5, 1]], 1.0
    yield "counts alone would do", 1000.0 * rng.integers(1, 9, (3, 3)), 0.5


def pair_model(counts, k):
    share = counts.sum(axis=0) / counts.sum()
    return (counts + k * share) / (counts.sum(axis=1, keepdims=True) + k)


BACK_OFF = Function(6, pair_model, pair_counts, mistakes=[
    ("adds the same to all", edit("counts.sum(axis=0) / counts.sum()", "1 / len(counts)"),
     "You spread the k observations evenly. An e is likelier than a z after any letter: spread them as the "
     "single characters are."),
    ("adds k to each", edit("k * share", "k", "True) + k", "True) + k * len(counts)"),
     "You added k to every count. Here it is k observations *in all*, shared out as the single "
     "characters are."),
    ("imagines nothing", edit(" + k * share", "", " + k", ""),
     "These are the counts alone: the `k` imagined observations are missing."),
    ("not a share", edit(" / counts.sum()", ""),
     "You imagined far more than `k` observations: how often each character came must first become a share, "
     "so that all shares sum to 1."),
    ("forgets keepdims", edit(", keepdims=True", ""),
     "The sum of row i has divided *column* i: keep the axis, with `keepdims=True`."),
    ("forgets them below the line", edit("True) + k", "True) + 1e-300"),
     "Does each row sum to 1? You imagined k more observations: count them in the denominator too."),
    ("what comes before", edit("axis=0", "axis=1"),
     "You counted how often a character comes *first* in a pair. The guess is about the second one."),
    ("divides by the columns", edit("axis=1, keepdims=True", "axis=0"),
     "Each *row* is a distribution: given the first character, over all second ones."),
])


def padded_sequences(rng):
    def weights(n, m):
        return rng.normal(size=(n, m)), rng.normal(size=(m, m)) / 2, rng.normal(size=m)

    yield "three sequences", rng.normal(size=(3, 6, 2)), [6, 2, 4], *weights(2, 3)
    yield "of one step", rng.normal(size=(2, 4, 1)), [1, 3], *weights(1, 4)
    yield "all of full length", rng.normal(size=(2, 3, 2)), [3, 3], *weights(2, 2)


def last_states(x, lengths, W_x, W_h, b):
    h, states = np.zeros((len(x), len(b))), []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ W_x + h @ W_h + b)
        states.append(h)
    return np.array(states)[lengths - 1, np.arange(len(x))]


LENGTHS = Function(7, last_states, padded_sequences, mistakes=[
    ("reads the padding", edit("lengths - 1", "-1"),
     "You took the state after the last step of the array. A short sequence had ended before, and the "
     "padding has been mixed into its memory."),
    ("one step too late", edit("lengths - 1", "np.minimum(lengths, len(states) - 1)"),
     "One step too late: a sequence of length 4 ends at t = 3."),
    ("no memory", edit(" + h @ W_h", ""),
     "Only the last input counts for you. The state before must come in, through W_h."),
    ("zeroes the padding only", edit("x[:, t]", "(x[:, t] * (t < lengths)[:, None])", "lengths - 1", "-1"),
     "Setting the padding to zero does not stop the clock: the state goes on through W_h and b."),
    ("transposes W_h", edit("h @ W_h", "h @ W_h.T"),
     "W_h is transposed on the way back only. Forwards it is h @ W_h."),
])


def slopes_and_states(rng):
    def some(B, T, m):
        return rng.normal(size=(B, T, m)), np.tanh(rng.normal(size=(B, T, m))), rng.normal(size=(m, m))

    late, *states = some(2, 5, 3)
    late[:, :-1] = 0
    yield "a loss at every step", *some(2, 4, 3)
    yield "a loss at the last step alone", late, *states
    yield "one step", *some(3, 1, 2)


def deltas(g, h, W_h):
    delta, future = np.zeros_like(g), 0
    for t in reversed(range(g.shape[1])):
        delta[:, t] = (g[:, t] + future) * (1 - h[:, t] ** 2)
        future = delta[:, t] @ W_h.T
    return delta


BACKWARD = Function(8, deltas, slopes_and_states, mistakes=[
    ("nothing comes from the future", edit(" + future", ""),
     "Every step stands alone. h_t also feeds the next step: a gradient comes back from there."),
    ("does not transpose W_h", edit(".T", ""),
     "The shapes fit, since W_h is square, but backwards it is W_h transposed."),
    ("forgets the slope", edit(" * (1 - h[:, t] ** 2)", ""),
     "You stepped over the tanh. Its derivative, 1 − h², is missing."),
    ("differentiates tanh twice", edit("h[:, t] ** 2", "np.tanh(h[:, t]) ** 2"),
     "h is already tanh(z): the slope is 1 − h², not 1 − tanh(h)²."),
    ("hands back what has not passed the tanh", edit("= delta[:, t]", "= (g[:, t] + future)"),
     "What goes back through W_h must have passed this step's tanh: send δ_t back."),
    ("never reaches the first step", edit("range(", "range(1, "),
     "Your first step's δ is 0. The walk back must reach t = 0 too."),
    ("in the order of the walk", edit("return delta", "return delta[:, ::-1]"),
     "Right numbers, in the order in which you met them: turn time round before you return them."),
    ("walks forwards", edit("reversed(range(g.shape[1]))", "range(g.shape[1])"),
     "You walked from the first step to the last. The gradient comes from the future."),
], after="With these δ the gradient of W_h is one line: sum over t of h[t−1].T @ δ[t].")

LATCH = Explain(9, rubric=[
    "held safely, the state rests where small disturbances die out: each step shrinks differences",
    "the gradient travels back through the same steps: what shrinks a disturbance shrinks it too",
    "so after many steps it has vanished: a loss that comes only then does not teach what to store",
    "clipping does not help, since it only shortens; what is needed is another path for the memory",
])
