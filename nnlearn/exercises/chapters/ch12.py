"""Recurrent networks."""

import numpy as np

from nnlearn.exercises import Explain, Function, Misconception, Predict, Value

CUT = Predict(
    id="12.1",
    title="What lies behind the cut",
    choices=("use it and learn to keep it", "use it but not learn to keep it", "neither"),
    reference="use it but not learn to keep it",
    misconceptions=[
        Misconception(
            "thinks the gradient goes on",
            "use it and learn to keep it",
            "To learn to keep it, the gradient would have to travel 50 steps back. Where does it stop?",
        ),
        Misconception(
            "thinks the state is cut too",
            "neither",
            "The gradient stops at the border of a chunk. Does the state stop there as well?",
        ),
    ],
    after="The state crosses the border, the gradient does not.",
)

TRAVEL = Value(
    id="12.2",
    title="Ninety-nine steps back",
    reference=1.1**99,
    rtol=0.01,
    misconceptions=[
        Misconception(
            "adds up",
            1 + 99 * 0.1,
            "You added a tenth for every step. Each step multiplies what the one before has left.",
        ),
        Misconception(
            "one step too many",
            1.1**100,
            "Count the steps between the states: from 100 back to 1 there are fewer than 100.",
        ),
        Misconception(
            "forwards from the loss",
            1.1**-99,
            "That would be so for a weight of 1/1.1. Going back, the gradient is multiplied by the "
            "weight, not divided.",
        ),
        Misconception(
            "does not change",
            1.0,
            "Only a weight of exactly 1 leaves the gradient as it is, and this is 1.1.",
        ),
    ],
    after="Some 12,500: what a weight only a tenth above 1 does within a hundred steps.",
)


def count_up(answer, x):
    """The states of the unit with these weights."""
    w_x, w_h, b = answer
    h, states = 0.0, []
    for x_t in x:
        h = max(0.0, w_x * x_t + w_h * h + b)
        states.append(h)
    return np.array(states)


COUNTER = Value(
    id="12.3",
    title="A unit that counts",
    points=3,
    run=count_up,
    cases=lambda rng: {
        "ones, a zero, ones again": {"x": np.array([1.0, 1, 1, 0, 1, 1])},
        "nineteen ones, then a zero": {"x": np.array([1.0] * 19 + [0])},
        "zeros first": {"x": np.array([0.0, 0, 1, 0, 0, 1, 1])},
        "coin tosses": {"x": rng.integers(0, 2, 20) * 1.0},
    },
    reference=(101.0, 1.0, -100.0),
    misconceptions=[
        Misconception(
            "never starts again",
            (1.0, 1.0, 0.0),
            "It counts all ones since the beginning. What could a zero do that a one makes up for? "
            "You have not used the bias.",
        ),
        Misconception(
            "has no memory",
            (1.0, 0.0, 0.0),
            "It only repeats its input. Which weight carries the count from one step to the next?",
        ),
        Misconception(
            "counts down at a zero",
            (2.0, 1.0, -1.0),
            "Right on ones. But a zero takes away one only: it must wipe out any count, of any length.",
        ),
        Misconception(
            "does not make up for the bias",
            (1.0, 1.0, -100.0),
            "The bias wipes out every count, even where the input is one. Let the input make up for it, "
            "and add its one.",
        ),
    ],
    after="One weight remembers; the bias forgets, unless the input forbids it. In chapter 13: a gate.",
)


def matrix_cases(rng):
    turn = np.array([[0.0, -2.0], [2.0, 0.0]])
    return {
        "a random matrix": {"W": rng.normal(size=(5, 5)), "rho": 0.9},
        "a turn: its eigenvalues are imaginary": {"W": turn, "rho": 1.0},
        "lopsided": {"W": np.array([[0.5, 8.0], [0.0, -0.25]]), "rho": 0.5},
        "its largest eigenvalue is negative": {"W": np.diag([-3.0, 1.0, 2.0]), "rho": 1.5},
    }


def _scaled(W, rho):
    return W * (rho / np.abs(np.linalg.eigvals(W)).max())


def _positive(value):
    return value if value > 1e-9 else 1.0


SCALED = Function(
    id="12.4",
    title="A matrix of a given spectral radius",
    points=2,
    signature="with_radius(W, rho)",
    cases=matrix_cases,
    reference=_scaled,
    misconceptions=[
        Misconception(
            "the largest singular value",
            lambda W, rho: W * (rho / np.linalg.norm(W, 2)),
            "You scaled by the largest singular value: how much *one* step can stretch. The long run is "
            "decided by the eigenvalues.",
        ),
        Misconception(
            "the largest real part",
            lambda W, rho: W * (rho / _positive(np.linalg.eigvals(W).real.max())),
            "Eigenvalues may be negative or complex. What counts is their distance from zero, the modulus.",
        ),
        Misconception(
            "does not divide",
            lambda W, rho: W * rho,
            "That multiplies the radius by rho. Divide by what the radius was, first.",
        ),
        Misconception(
            "the largest element",
            lambda W, rho: W * (rho / np.abs(W).max()),
            "You scaled by the largest number in the matrix. The spectral radius is about its eigenvalues.",
        ),
    ],
)


def logit_cases(rng):
    return {
        "five characters of seven": {"logits": rng.normal(size=(5, 7)), "ids": rng.integers(0, 7, 5)},
        "knowing nothing of eight": {"logits": np.zeros((4, 8)), "ids": np.arange(4)},
        "a batch": {"logits": 2 * rng.normal(size=(2, 3, 4)), "ids": rng.integers(0, 4, (2, 3))},
        "large logits": {"logits": np.array([[1000.0, 999.0], [-1000.0, -998.0]]), "ids": np.array([0, 1])},
        "large and far apart": {"logits": np.array([[1000.0, 0.0], [0.0, 900.0]]), "ids": np.array([1, 1])},
    }


def _log_p(logits, ids):
    z = logits - logits.max(axis=-1, keepdims=True)
    z = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    return np.take_along_axis(z, ids[..., None], axis=-1)[..., 0]


def _log_q(logits, ids):
    """Probabilities normalised over the positions, not over the characters."""
    z = logits - logits.max(axis=-2, keepdims=True)
    z = z - np.log(np.exp(z).sum(axis=-2, keepdims=True))
    return np.take_along_axis(z, ids[..., None], axis=-1)[..., 0]


BITS = Function(
    id="12.5",
    title="Bits per character",
    points=2,
    signature="bits_per_character(logits, ids)",
    cases=logit_cases,
    reference=lambda logits, ids: -_log_p(logits, ids).mean() / np.log(2),
    misconceptions=[
        Misconception(
            "nats",
            lambda logits, ids: -_log_p(logits, ids).mean(),
            "That is in nats: the natural logarithm. How many nats are one bit?",
        ),
        Misconception(
            "multiplies by ln 2",
            lambda logits, ids: -_log_p(logits, ids).mean() * np.log(2),
            "The right factor on the wrong side: log₂ p = ln p / ln 2.",
        ),
        Misconception(
            "the sum",
            lambda logits, ids: -_log_p(logits, ids).sum() / np.log(2),
            "These are the bits of the whole text. Per character, please.",
        ),
        Misconception(
            "log of the mean",
            lambda logits, ids: -np.log2(np.exp(_log_p(logits, ids)).mean()),
            "You averaged the probabilities and then took the logarithm. Each character's bits count.",
        ),
        Misconception(
            "softmax over the wrong axis",
            lambda logits, ids: -_log_q(logits, ids).mean() / np.log(2),
            "Your probabilities sum to 1 over the positions. They must do so over the characters.",
        ),
    ],
)


def count_cases(rng):
    return {
        "four characters": {"counts": rng.integers(0, 9, (4, 4)) * 1.0, "k": 2.0},
        "a character after which nothing was seen": {
            "counts": np.array([[3.0, 1, 0], [0, 0, 0], [2, 5, 1]]), "k": 1.0,
        },
        "counts alone would do": {"counts": 1000.0 * rng.integers(1, 9, (3, 3)), "k": 0.5},
    }  # fmt: skip


def _backed_off(counts, k):
    single = counts.sum(axis=0) / counts.sum()
    return (counts + k * single) / (counts.sum(axis=1, keepdims=True) + k)


@np.errstate(invalid="ignore")
def _counts_alone(counts, k):
    return counts / counts.sum(axis=1, keepdims=True)


BACK_OFF = Function(
    id="12.6",
    title="A pair model that backs off",
    points=3,
    signature="pair_model(counts, k)",
    cases=count_cases,
    reference=_backed_off,
    misconceptions=[
        Misconception(
            "adds the same to all",
            lambda counts, k: (counts + k / len(counts)) / (counts.sum(axis=1, keepdims=True) + k),
            "You spread the k observations evenly. An e is likelier than a z after any letter: spread them "
            "as the single characters are.",
        ),
        Misconception(
            "adds k to each",
            lambda counts, k: (counts + k) / (counts.sum(axis=1, keepdims=True) + k * len(counts)),
            "You added k to every count. Here it is k observations *in all*, shared out as the single "
            "characters are.",
        ),
        Misconception(
            "imagines nothing",
            _counts_alone,
            "These are the counts alone: the `k` imagined observations are missing.",
        ),
        Misconception(
            "not a share",
            lambda counts, k: (counts + k * counts.sum(axis=0)) / (counts.sum(axis=1, keepdims=True) + k),
            "You imagined far more than `k` observations: how often each character came must first become a "
            "share, so that all shares sum to 1.",
        ),
        Misconception(
            "forgets keepdims",
            lambda counts, k: (counts + k * counts.sum(axis=0) / counts.sum()) / (counts.sum(axis=1) + k),
            "The sum of row i has divided *column* i: keep the axis, with `keepdims=True`.",
        ),
        Misconception(
            "forgets them below the line",
            lambda counts, k: (
                (counts + k * counts.sum(axis=0) / counts.sum())
                / np.maximum(counts.sum(axis=1, keepdims=True), 1e-300)
            ),
            "Does each row sum to 1? You imagined k more observations: count them in the denominator too.",
        ),
        Misconception(
            "what comes before",
            lambda counts, k: (
                (counts + k * counts.sum(axis=1) / counts.sum()) / (counts.sum(axis=1, keepdims=True) + k)
            ),
            "You counted how often a character comes *first* in a pair. The guess is about the second one.",
        ),
        Misconception(
            "divides by the columns",
            lambda counts, k: (counts + k * counts.sum(axis=0) / counts.sum()) / (counts.sum(axis=0) + k),
            "Each *row* is a distribution: given the first character, over all second ones.",
        ),
    ],
)


def length_cases(rng):
    def weights(n, m):
        return {"W_x": rng.normal(size=(n, m)), "W_h": rng.normal(size=(m, m)) / 2, "b": rng.normal(size=m)}

    return {
        "three sequences": {"x": rng.normal(size=(3, 6, 2)), "lengths": np.array([6, 2, 4]), **weights(2, 3)},
        "of one step": {"x": rng.normal(size=(2, 4, 1)), "lengths": np.array([1, 3]), **weights(1, 4)},
        "all of full length": {
            "x": rng.normal(size=(2, 3, 2)), "lengths": np.array([3, 3]), **weights(2, 2),
        },
    }  # fmt: skip


def _states(x, W_x, W_h, b):
    h, states = np.zeros((len(x), len(b))), []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ W_x + h @ W_h + b)
        states.append(h)
    return np.stack(states, axis=1)


def _pick(states, at):
    return states[np.arange(len(states)), at]


LENGTHS = Function(
    id="12.7",
    title="Sequences of different lengths",
    points=3,
    signature="last_states(x, lengths, W_x, W_h, b)",
    cases=length_cases,
    reference=lambda x, lengths, W_x, W_h, b: _pick(_states(x, W_x, W_h, b), lengths - 1),
    misconceptions=[
        Misconception(
            "reads the padding",
            lambda x, lengths, W_x, W_h, b: _states(x, W_x, W_h, b)[:, -1],
            "You took the state after the last step of the array. A short sequence had ended before, and "
            "the padding has been mixed into its memory.",
        ),
        Misconception(
            "one step too late",
            lambda x, lengths, W_x, W_h, b: _pick(
                _states(x, W_x, W_h, b), np.minimum(lengths, x.shape[1] - 1)
            ),
            "One step too late: a sequence of length 4 ends at t = 3.",
        ),
        Misconception(
            "no memory",
            lambda x, lengths, W_x, W_h, b: np.tanh(_pick(x, lengths - 1) @ W_x + b),
            "Only the last input counts for you. The state before must come in, through W_h.",
        ),
        Misconception(
            "zeroes the padding only",
            lambda x, lengths, W_x, W_h, b: _states(
                x * (np.arange(x.shape[1]) < lengths[:, None])[..., None], W_x, W_h, b
            )[:, -1],
            "Setting the padding to zero does not stop the clock: the state goes on through W_h and b.",
        ),
        Misconception(
            "transposes W_h",
            lambda x, lengths, W_x, W_h, b: _pick(_states(x, W_x, W_h.T, b), lengths - 1),
            "W_h is transposed on the way back only. Forwards it is h @ W_h.",
        ),
    ],
)


def backward_cases(rng):
    def case(B, T, m):
        return {
            "g": rng.normal(size=(B, T, m)),
            "h": np.tanh(rng.normal(size=(B, T, m))),
            "W_h": rng.normal(size=(m, m)),
        }

    late = case(2, 5, 3)
    late["g"][:, :-1] = 0
    return {
        "a loss at every step": case(2, 4, 3),
        "a loss at the last step alone": late,
        "one step": case(3, 1, 2),
    }


def _deltas(g, h, W_h, slope=lambda h, t: 1 - h[:, t] ** 2, future=1.0):
    dz, dh = np.zeros_like(g), np.zeros_like(g[:, 0])
    for t in reversed(range(g.shape[1])):
        dz[:, t] = (g[:, t] + future * dh) * slope(h, t)
        dh = dz[:, t] @ W_h.T
    return dz


def _slope_missing_on_the_road(g, h, W_h):
    dh, dz = np.zeros_like(g[:, 0]), np.zeros_like(g)
    for t in reversed(range(g.shape[1])):
        dh = g[:, t] + dh
        dz[:, t] = dh * (1 - h[:, t] ** 2)
        dh = dh @ W_h.T
    return dz


BACKWARD = Function(
    id="12.8",
    title="Back through time",
    points=4,
    signature="deltas(g, h, W_h)",
    cases=backward_cases,
    reference=_deltas,
    misconceptions=[
        Misconception(
            "nothing comes from the future",
            lambda g, h, W_h: _deltas(g, h, W_h, future=0.0),
            "Every step stands alone. h_t also feeds the next step: a gradient comes back from there.",
        ),
        Misconception(
            "does not transpose W_h",
            lambda g, h, W_h: _deltas(g, h, W_h.T),
            "The shapes fit, since W_h is square, but backwards it is W_h transposed.",
        ),
        Misconception(
            "forgets the slope",
            lambda g, h, W_h: _deltas(g, h, W_h, slope=lambda h, t: 1.0),
            "You stepped over the tanh. Its derivative, 1 − h², is missing.",
        ),
        Misconception(
            "differentiates tanh twice",
            lambda g, h, W_h: _deltas(g, h, W_h, slope=lambda h, t: 1 - np.tanh(h[:, t]) ** 2),
            "h is already tanh(z): the slope is 1 − h², not 1 − tanh(h)².",
        ),
        Misconception(
            "hands back what has not passed the tanh",
            _slope_missing_on_the_road,
            "What goes back through W_h must have passed this step's tanh: send δ_t back.",
        ),
        Misconception(
            "never reaches the first step",
            lambda g, h, W_h: np.where(np.arange(g.shape[1])[:, None] > 0, _deltas(g, h, W_h), 0),
            "Your first step's δ is 0. The walk back must reach t = 0 too.",
        ),
        Misconception(
            "in the order of the walk",
            lambda g, h, W_h: _deltas(g, h, W_h)[:, ::-1],
            "Right numbers, in the order in which you met them: turn time round before you return them.",
        ),
        Misconception(
            "walks forwards",
            lambda g, h, W_h: _deltas(g[:, ::-1], h[:, ::-1], W_h)[:, ::-1],
            "You walked from the first step to the last. The gradient comes from the future.",
        ),
    ],
    after="With these δ the gradient of W_h is one line: sum over t of h[t−1].T @ δ[t].",
)

LATCH = Explain(
    id="12.9",
    title="A safe memory cannot be taught",
    points=3,
    rubric=(
        "held safely, the state rests where small disturbances die out: each step shrinks differences",
        "the gradient travels back through the same steps: what shrinks a disturbance shrinks it too",
        "so after many steps it has vanished, and the weights that decide *what* is stored are not taught",
        "clipping does not help, since it only shortens; what is needed is another path for the memory",
    ),
)
