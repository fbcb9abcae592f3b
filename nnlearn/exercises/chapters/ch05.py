import numpy as np

from nnlearn.exercises import Explain, Function, Predict, Value, edit

HOTTER = Predict(1, "closer together", mistakes=[
    ("heat as strength", "further apart",
     "The scores are divided by the temperature: what does a large T do to their differences?"),
    ("only the order counts", "the same",
     "The order of the probabilities stays. Do their differences? Try scores 2 and 0 with T = 1 and T = 10."),
], after="Divided by a large T, all scores are nearly equal, and so are their exponentials.")

STEEPEST = Value(2, 0.25**10, rtol=1e-3, atol=0.0, mistakes=[
    ("one sigmoid", 0.25, "That is one sigmoid. The slopes of ten in a row multiply."),
    ("adds the slopes", 2.5, "Each neuron passes on a share of what it gets: shares multiply."),
    ("slope one half", 0.5**10, "One half is the sigmoid's value at 0. What is its slope there?"),
    ("twenty of them", 0.25**20, "That is twenty. Here ten stand in a row."),
])


def numbers_far_and_near(rng):
    yield "ordinary numbers", rng.normal(size=7) * 2
    yield "a batch", rng.normal(size=(4, 3)) * 3
    yield "zero", [0.0]
    yield "whole numbers", [-2, 0, 3]
    yield "numbers in the thousands", [-3000.0, -800.0, 800.0, 3000.0]
    yield "numbers around forty", [-40.0, 30.0, 36.0, 40.0, 50.0]


def log_sigmoid(z):
    return np.minimum(z, 0) - np.log1p(np.exp(-np.abs(z)))


LOG_SIGMOID = Function(3, log_sigmoid, numbers_far_and_near, atol=1e-300, mistakes=[
    ("the logarithm of the sigmoid", lambda z: np.log(1 / (1 + np.exp(-z))),
     "Right where z is moderate. At −800 the sigmoid is rounded to 0, and its logarithm is −∞; it should be "
     "about −800. Do the logarithm on paper before you compute anything."),
    ("no log1p", edit("np.log1p(", "np.log(1 + "),
     "Right but for z around 40 and more: 1 + e⁻⁴⁰ is rounded to 1, and its logarithm to 0. NumPy has a "
     "function that computes ln(1 + x) without writing 1 + x down."),
    ("softplus", edit("np.minimum(z, 0) -", "np.maximum(z, 0) +"),
     "That is the softplus, ln(1 + e^z). How are ln σ(z) and ln(1 + e^(−z)) related?"),
    ("of the mirrored number", edit("np.minimum(z, 0) -", "np.minimum(-z, 0) -"),
     "That is ln σ(−z): yours falls where the sigmoid rises."),
    ("one side for both", edit("np.minimum(z, 0)", "0"),
     "Right for positive z. For negative z e^(−z) is the large part: what is left when it is taken out?"),
    ("clips", lambda z: -np.log1p(np.exp(-np.clip(z, -10, 10))),
     "Clipping z hides the overflow and changes the values: at z = −800 the result is not that of −10."),
    ("another base", edit("np.log1p(np.exp(-np.abs(z)))", "np.log10(1 + np.exp(-np.abs(z)))"),
     "ln is the natural logarithm, `np.log`; `np.log10` is that to base 10."),
    ("another base throughout", lambda z: log_sigmoid(z) / np.log(10),
     "That is the logarithm to base 10. ln is the natural one, `np.log`."),
    ("the larger of the two", edit("np.minimum", "np.maximum"),
     "For numbers far below zero the result is about z, far above about 0: `np.minimum(z, 0)`."),
    ("the two ends alone", edit(" - np.log1p(np.exp(-np.abs(z)))", ""),
     "Those are the two straight ends. Near zero a part is missing: ln(1 + e^(−|z|))."),
    ("a part added", edit("0) - ", "0) + "),
     "A logarithm of a probability is below zero: the part with the exponential is taken off."),
    ("a little added inside", lambda z: np.log(1 / (1 + np.exp(-np.clip(z, -700, 700))) + 1e-12),
     "A small number inside the logarithm hides the infinity: ln(10⁻¹²) is −28, however far z is below."),
    ("cut off at 500", lambda z: -np.log1p(np.exp(-np.clip(z, -500, 500))),
     "You clip z, so everything beyond ±500 gets the same answer. Far below zero it is z itself."),
    ("overflows at the other end", lambda z: z - np.log1p(np.exp(z)),
     "Right below zero. Above, e^z overflows: let the exponential see −|z| alone."),
    ("overflows far below", lambda z: -np.log1p(np.exp(-z)),
     "Right but far below zero, where e^(−z) overflows. Take it out of the logarithm there: ln(1 + e^(−z)) "
     "is −z + ln(1 + e^z)."),
    ("the slope", lambda z: 0.5 * (1 - np.tanh(z / 2)),
     "That is the slope of ln σ, 1 − σ(z). The logarithm itself is asked for."),
    ("nothing beyond thirty", lambda z: np.where(z > 30, 0.0, log_sigmoid(z)),
     "You put 0 where z is large. There it is small and not 0: about −e^(−z)."),
    ("one end alone", lambda z: np.where(z < 0, z, log_sigmoid(z)),
     "Below zero you give z alone. A part is missing there that counts near zero: −ln(1 + e^z)."),
    ("one minus", edit("np.log1p(np.exp(", "np.log1p(-np.exp("),
     "Inside the logarithm a sign is turned: it is 1 + e^(−|z|)."),
    ("twice the logarithm", edit("- np.log1p", "- 2 * np.log1p"),
     "The part with the logarithm is twice too large: at z = 0 it is ln 2."),
    ("the sign of z", lambda z: np.where(z > 0, 0.0, -z) - np.log1p(np.exp(-np.abs(z))),
     "Below zero the sign of z is turned: far below, ln σ(z) is about z, and negative."),
    ("no size", edit("-np.abs(z)", "-z"),
     "Right above zero. Below, where z is taken out already, what is left is ln(1 + e^z): in one line, "
     "e^(−|z|)."),
    ("the size, not minus it", edit("-np.abs(z)", "np.abs(z)"),
     "The exponent must never be above 0: −|z|."),
    ("two ways mixed", lambda z: z - np.logaddexp(0, -z),
     "ln σ(z) is −ln(1 + e^(−z)), and it is z − ln(1 + e^z). You have mixed the two."),
], after="Chapter 6 needs it: it is minus the surprise of a yes.")


def scores(rng):
    yield "one row of scores", rng.normal(size=5), -1, 1.0
    yield "a batch, over its last axis", rng.normal(size=(3, 4)), -1, 1.0
    yield "a batch, over its first axis", rng.normal(size=(3, 4)), 0, 1.0
    yield "three axes, over the middle one", rng.normal(size=(2, 3, 4)), 1, 0.5
    yield "a high temperature", rng.normal(size=(2, 3)), 1, 20.0
    yield "scores in the thousands", [[1400.0, 1398.0, 1395.0]], -1, 1.9
    yield "large scores, a low temperature", [[900.0, 899.5, 899.0]], -1, 0.5
    yield "scores far apart", [[1000.0, 998.0, -4000.0], [-5000.0, -5001.0, -5001.0]], -1, 2.0


def softmax(z, axis, T):
    z = z / T
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


SOFTMAX = Function(4, softmax, scores, mistakes=[
    ("overflows", edit(" - z.max(axis=axis, keepdims=True)", ""),
     "Scores of any size are allowed, and e to a large one overflows (and to one far below zero is 0, for "
     "all of them). Take the largest score along the axis away from all of them first."),
    ("always the last axis", edit("axis=axis", "axis=-1"),
     "You always use the last axis. Pass `axis` on to `max` and `sum`."),
    ("forgets keepdims", edit("sum(axis=axis, keepdims=True)", "sum(axis=axis)"),
     "After the sum, the axis is gone and the shapes no longer match: "
     "`keepdims=True` keeps it with length 1."),
    ("multiplies by the temperature", edit("z / T", "z * T"),
     "The scores are divided by T: a hot softmax is an undecided one."),
    ("ignores the temperature", edit("z / T", "z"),
     "T changes nothing in your function. Divide the scores by it before you exponentiate."),
    ("normalises over everything", edit("axis=axis", "axis=None"),
     "Each row has to sum to 1 along `axis`; yours sum to 1 over the whole array."),
    ("the sum cooler than the rest", lambda z, axis, T: (
        np.exp((z - z.max(axis=axis, keepdims=True)) / T)
        / np.exp(z - z.max(axis=axis, keepdims=True)).sum(axis=axis, keepdims=True)),
     "T stands above the line, and not below it. Divide z by T first, once for both."),
    ("the smallest taken away", edit("z.max", "z.min"),
     "What you take away is the smallest score, or the mean: others lie far above it and overflow. Take the "
     "largest."),
    ("the length for the sum", edit("e.sum(axis=axis, keepdims=True)",
     "np.sqrt((e**2).sum(axis=axis, keepdims=True))"),
     "The squares of yours sum to 1. Divide by the sum, not by the length."),
    ("the largest of everything", edit("z.max(axis=axis, keepdims=True)", "z.max()"),
     "You take the largest score of the whole array away. Where all scores lie far below it, each e^z is 0, "
     "and 0 / 0 is no number. Take the largest along `axis`."),
    ("one sum over everything", edit("e.sum(axis=axis, keepdims=True)", "e.sum()"),
     "You divide by the sum over the whole array. The probabilities are to sum to 1 along `axis`."),
    ("the largest before it was divided", lambda z, axis, T: (
        lambda e: e / e.sum(axis=axis, keepdims=True))(np.exp(z / T - z.max(axis=axis, keepdims=True))),
     "You divide z by T, but take the largest of the undivided z away: divide first, and then take the "
     "largest of z / T."),
    ("the largest along another axis", edit("z.max(axis=axis, keepdims=True)", "z.max(axis=0)"),
     "What you take away is not the same within a sum, so it does not cancel. Take the largest along `axis`, "
     "with `keepdims=True`."),
    ("divides the probabilities", lambda z, axis, T: softmax(z, axis, 1.0) / T,
     "You divide the probabilities by T: they no longer sum to 1. Divide the scores."),
    ("cut off at 700", lambda z, axis, T: softmax(np.clip(z / T, -700, 700), axis, 1.0),
     "You clip the scores, so beyond the limit all are equal. Only their differences count: take the largest "
     "away."),
    ("no exponential", edit("np.exp(z - z.max(axis=axis, keepdims=True))", "z"),
     "You divide the scores by their sum. It is their exponentials that a softmax divides."),
    ("powers of the probabilities", lambda z, axis, T: softmax(z, axis, 1.0) ** (1 / T),
     "The powers are right, but they do not sum to 1 any more: divide by their sum, or divide the scores by "
     "T to begin with."),
    ("powers of two", edit("np.exp(", "np.exp2("),
     "Those are powers of 2. A softmax has powers of e."),
])


def numbers(rng):
    yield "ordinary numbers", rng.normal(size=6) * 2
    yield "a batch", rng.normal(size=(3, 5)) * 3
    yield "zero", [0.0]


def dsilu(z):
    s = 1 / (1 + np.exp(-z))
    return s + z * s * (1 - s)


DSILU = Function(5, dsilu, numbers, allows=("sigmoid",), rtol=1e-6, mistakes=[
    ("the value", edit("s + z * s * (1 - s)", "z * s"), "That is the SiLU itself. Its slope is asked for."),
    ("product of the slopes", edit("s + z * s", "s"),
     "The slope of a product is not the product of the slopes: use the product rule on z · sigmoid(z)."),
    ("half of the product rule", edit(" + z * s * (1 - s)", ""),
     "One half of the product rule is there: the slope of z times the sigmoid. "
     "Add z times the slope of the sigmoid."),
    ("forgets z", edit("z * s", "s"), "In the second part of the product rule, the factor z is missing."),
    ("half of it: the second", edit("s + z * s * (1 - s)", "z * s * (1 - s)"),
     "That is z times the sigmoid's slope. The product rule has a first part: z's slope, 1, times σ."),
    ("minus", edit("s + z", "s - z"), "Both parts of the product rule are added."),
    ("a factor lost", edit("z * s * (1 - s)", "z * (1 - s)"),
     "The slope of σ is σ (1 − σ): one factor is missing."),
    ("the tanh's slope", edit("s * (1 - s)", "(1 - s**2)"),
     "1 − f² is the slope of the tanh. The sigmoid's is σ (1 − σ)."),
    ("one for the first part", edit("s + z", "1 + z"),
     "The first part is z's slope *times σ*: 1 · σ(z)."),
    ("another factor lost", edit("z * s * (1 - s)", "z * s"),
     "The sigmoid's slope is σ (1 − σ): in the second part 1 − σ is missing."),
    ("the SiLU for the sigmoid", edit("s = 1 /", "s = z /"),
     "You use z σ(z) where the product rule has σ(z) alone."),
    ("plus in the sigmoid's slope", edit("(1 - s)", "(1 + s)"),
     "The sigmoid's slope is σ (1 − σ), with a minus."),
    ("a bracket lost", edit("s + z * s * (1 - s)", "s * (1 + z - s)"),
     "Taken out of both parts, σ leaves 1 + z (1 − σ): the z multiplies the bracket."),
], after="Where z is large the slope is 1, as the ReLU's; it even exceeds 1 for a while.")


def inputs_of_relus(rng):
    z = rng.normal(size=(6, 5))
    z[:, [1, 3]] = -np.abs(z[:, [1, 3]]) - 0.1
    yield "six inputs and five neurons", z
    yield "a neuron that is exactly at zero", [[-1.0, 0.0, -2.0], [-3.0, 0.0, 1.0]]
    yield "all alive", np.abs(rng.normal(size=(3, 4))) + 0.1
    yield "all dead", -np.ones((7, 2))
    yield "one input", [[-1.0, 2.0, -3.0, -4.0]]
    yield "one that fires late", [[-1.0, -1.0, 2.0], [-2.0, -1.0, -1.0], [-1.0, 5.0, 1.0]]
    yield "a neuron that seldom fires", [[-5.0, -1.0, 3.0], [-4.0, -2.0, 1.0], [2.0, -3.0, -1.0]]


def dead_share(z):
    return (z <= 0).all(axis=0).mean()


DEAD = Function(6, dead_share, inputs_of_relus, mistakes=[
    ("share of zeros", edit(".all(axis=0)", ""),
     "That is the share of zeros. A neuron is dead when it is zero for every input: "
     "`all` along the batch first."),
    ("along the wrong axis", edit("axis=0", "axis=1"),
     "You count inputs for which all neurons are silent. A neuron is a column: go along axis 0."),
    ("any instead of all", edit("all", "any"),
     "Silent for some input is how a ReLU works. Dead is silent for all of them."),
    ("counts instead of a share", edit("mean", "sum"),
     "That is how many. The share is that number divided by the number of neurons."),
    ("the living", edit("<= 0).all", "> 0).any"), "That is the share of neurons that live."),
    ("zero counts as firing", edit("<=", "<"),
     "A ReLU at z = 0 passes nothing on and its slope is taken as 0: count `z <= 0`."),
    ("exactly zero", edit("z <= 0", "z == 0"),
     "`z` is what comes *before* the ReLU. It gives 0 wherever z is 0 or below."),
    ("a share of the inputs", edit(".all(axis=0).mean()", ".all(axis=0).sum() / len(z)"),
     "You divided by the number of inputs. It is a share of the neurons, the columns."),
    ("the mean below zero", edit("(z <= 0).all(axis=0)", "(z.mean(axis=0) <= 0)"),
     "You look at a neuron's mean, or sum. It may be below zero and the neuron still fire for some input: "
     "dead is `z <= 0` for all."),
    ("the first input alone", edit("(z <= 0).all(axis=0)", "(z[0] <= 0)"),
     "You look at the first input alone. Dead is silent for every input of the batch."),
    ("everything or nothing", edit(".all(axis=0).mean()", ".all().mean()"),
     "One `all` over the whole table asks whether *every* neuron is dead. Ask it of each column, `axis=0`."),
])

WHICH = Explain(7, rubric=[
    "hidden layers: not sigmoids, because slopes of at most 1/4 multiply to next to nothing",
    "a named choice with its risk: ReLU units can die; GELU's slope fades far to the left; tanh saturates",
    "output: softmax, because the four classes compete and the answers have to be probabilities",
])


def mishs(rng):
    yield "ordinary numbers", rng.normal(size=(3, 4)) * 2
    yield "numbers in the thousands", [800.0, 3000.0]
    yield "thousands below zero", [-3000.0, -800.0, -5.0]
    yield "far to the left", [-20.0, -35.0, -40.0, -60.0]
    yield "float32", rng.normal(size=4).astype(np.float32) * np.float32(90)
    yield "whole numbers", [-2, 0, 3]


def mish(z):
    e = np.exp(-np.abs(z))
    t = np.tanh(np.maximum(z, 0) + np.log1p(e))
    return z * t, t + z * (1 - t**2) * np.where(z >= 0, 1, e) / (1 + e)


NAIVE_PLUS = ("np.maximum(z, 0) + np.log1p(e)", "np.log(1 + np.exp(z))")
NAIVE_RISE = ("np.where(z >= 0, 1, e) / (1 + e)", "np.exp(z) / (1 + np.exp(z))")
NO_SQUARE, ROUNDED = ("1 - t**2", "1 - t"), ("np.log1p(e)", "np.log(1 + e)")

REPAIR = Function(8, mish, mishs, atol=1e-300, outputs="value slope", mistakes=[
    ("as it was", edit(*NAIVE_PLUS, *NAIVE_RISE, *NO_SQUARE),
     "All three faults are still there. Begin with the slope, at ordinary numbers: what is the slope of a "
     "tanh? Two evaluations of the value tell you whether you are right."),
    ("only the slope of the tanh", edit(*NAIVE_PLUS, *NAIVE_RISE),
     "The slope is right at ordinary numbers. Now the thousands: which exponential overflows, and where does "
     "that do harm? And then look at −40."),
    ("the slope of the tanh, and digits", edit(*NO_SQUARE, *ROUNDED),
     "Nothing overflows any more. But the slope does not fit the value: what is the slope of a tanh?"),
    ("the slope of the tanh", edit(*NO_SQUARE),
     "Your value is right everywhere. Its slope is not: the tanh's is 1 − tanh²."),
    ("the sigmoid still overflows", edit(*NAIVE_RISE),
     "Your value is right everywhere. In its slope e^z overflows: ∞/∞. That fraction has a name, and the "
     "chapter a safe way to write it."),
    ("zero too early", edit(*ROUNDED),
     "Nothing is infinite any more. But at −40 your value is exactly 0: 1 + e⁻⁴⁰ is rounded to 1. NumPy "
     "has a function for ln(1 + x)."),
    ("half of the product rule", edit("t + z * (1 - t**2) * np.where(z >= 0, 1, e) / (1 + e)", "t"),
     "The value is right. The slope of a product has two parts."),
    ("a link of the chain lost", edit(" * np.where(z >= 0, 1, e) / (1 + e)", ""),
     "The value is right. In the slope a link of the chain is missing: the tanh's slope is multiplied by "
     "that of softplus, σ(z)."),
    ("the factor z lost", edit("t + z * (1", "t + (1"),
     "The value is right. In the second part of the slope the factor z is missing."),
    ("the sigmoid of −z", edit("np.where(z >= 0, 1, e)", "np.where(z >= 0, e, 1)"),
     "The value is right. The slope of softplus is σ(z); yours is σ(−z)."),
    ("cut off", lambda z: mish(np.clip(z, -500, 20)),
     "You clip z, and the value with it: at 800 it is 800. Let the limit reach the exponential alone."),
    ("what went into the tanh", edit("t = np.tanh(np.maximum(z, 0) + np.log1p(e))",
     "s = np.maximum(z, 0) + np.log1p(e)\n    t = np.tanh(s)", "1 - t**2", "1 - s**2"),
     "The value is right. In its slope the tanh's is 1 − t², with its *value* t, not with what went in."),
    ("the parts subtracted", edit("t + z *", "t - z *"),
     "The value is right. In its slope both parts of the product rule are added."),
    ("e^z for the sigmoid", edit("np.where(z >= 0, 1, e) / (1 + e)", "np.where(z >= 0, 1 / (1 + e), e)"),
     "The value is right. Below zero σ(z) is e^z / (1 + e^z): e^z alone is near it only far to the left."),
    ("the slope of the sigmoid", edit("np.where(z >= 0, 1, e) / (1 + e)", "e / (1 + e) ** 2"),
     "The value is right. The slope of softplus is σ(z) itself, and not σ's own slope, σ (1 − σ)."),
    ("half of the product rule: the second", edit("t + z * (1", "z * (1"),
     "The value is right. The slope of a product has two parts: z's slope, 1, times the tanh is missing."),
    ("the square around it all", edit("(1 - t**2)", "(1 - t) ** 2"),
     "The value is right. The tanh's slope is 1 − t²: the square belongs to t alone."),
    ("a sigmoid without digits", edit("np.where(z >= 0, 1, e) / (1 + e)", "0.5 * (1 + np.tanh(z / 2))"),
     "Nearly. Far to the left your σ(z) has lost its digits: it is 1 and a number near −1. There it is "
     "e^z / (1 + e^z)."),
    ("the slope of the tanh, and a sigmoid without digits", edit(*NO_SQUARE,
     "np.where(z >= 0, 1, e) / (1 + e)", "0.5 * (1 + np.tanh(z / 2))"),
     "The value is right. Its slope is not: the tanh's is 1 − tanh². And far to the left your σ(z) has lost "
     "its digits."),
    *((f"cut off at {limit}", lambda z, limit=limit: mish(np.clip(z, -limit, limit)),
     f"You clip z, and the value with it: at 3,000 it is {limit}. Let the limit reach the exponential alone.")
     for limit in (30, 50, 100, 500, 700)),
    ("cut off at 30, above", lambda z: mish(np.minimum(z, 30)),
     "Above 30 you clip z, and the value with it: at 3,000 it is 30. Let the limit reach the exponential "
     "alone."),
], after="It is called Mish (D. Misra, 2019). A value that is right at 1 and wrong at 1,000 waits for "
         "the first long step.")


def layers_and_their_gains(rng):
    drawn = {
        "seed": int(rng.integers(10**6)),
        "leak": float(rng.uniform(0.0, 0.5)),
        "times": float(rng.uniform(0.3, 2.0)),
        "alpha": float(rng.uniform(0.8, 1.5)),
    }
    yield "three activations drawn for you", drawn, 8


def gains(answer, share_left, budget):
    """The gains that `answer` finds, the share left at each, how often it measured, and did it return one?"""
    draw, leak, times, alpha = share_left.values()
    activations = [
        (lambda z: times * np.where(z > 0, z, leak * z), lambda z: times * np.where(z > 0, 1, leak)),
        (lambda z: np.tanh(times * z), lambda z: times * (1 - np.tanh(times * z) ** 2)),
        (
            lambda z: np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0))),
            lambda z: np.where(z > 0, 1, alpha * np.exp(np.minimum(z, 0))),
        ),
    ]
    found = []
    for f, slope in activations:
        rng = np.random.default_rng(draw)
        start, W = rng.normal(size=(2, 10, 30)), rng.normal(size=(20, 30, 30)) / np.sqrt(30)

        def left(gain, f=f, slope=slope, start=start, W=W):
            x, d = start
            for weights in W:
                z = gain * (x @ weights)
                x, d = f(z), slope(z) * (gain * (d @ weights))
            return float(np.linalg.norm(d) / np.linalg.norm(start[1]))

        asked: list[float] = []  # the shares that it was told

        def counted(gain, left=left, asked=asked):
            if len(asked) == budget:
                raise RuntimeError(f"the budget of {budget} measurements is used up")
            asked.append(left(float(gain)))
            return asked[-1]

        gain = answer(counted, budget)
        if gain is None:
            return None
        share = left(float(gain)) if 0 < float(gain) < 1e3 else np.nan
        found.append([float(gain), share, len(asked), gain in asked])
    return np.array(found)


def held(found, share_left, budget):
    """Is the change held within a factor of 1.4 by all three? If not, what becomes of it in the worst."""
    if np.all(found[:, 3]):
        return "the shares that were measured last"
    if np.isnan(found).any():
        return "no gain between 0 and 1,000"
    worst = np.log(found[np.abs(np.log(np.maximum(found[:, 1], 1e-300))).argmax(), 1] + 1e-300)
    if abs(worst) <= np.log(1.4):
        return "held by all three"
    if np.ptp(found[:, 0]) == 0:
        return "one and the same gain for all three"
    if abs(worst) > np.log(1000):
        return "the change dies in one of them" if worst < 0 else "the change explodes in one of them"
    spare = found[:, 2].max() < budget
    return "near, with measurements to spare" if spare else "near, but not held by all three"


def halving(share_left, budget):
    low, high = 0.2, 40.0
    for _ in range(budget):
        middle = np.sqrt(low * high)
        low, high = (middle, high) if share_left(middle) < 1 else (low, middle)
    return np.sqrt(low * high)


def without_the_root(share_left, budget):
    gain = 1.0
    for _ in range(budget):
        gain = gain / share_left(gain)
    return gain


TRAIN = Function(9, halving, layers_and_their_gains, run=gains, measure=held, mistakes=[
    ("one gain for all", lambda share_left, budget: 5 / 3,
     "All three get the same gain from you. Measure each, and let every measurement decide where the next "
     "one belongs: less than 1 is left where the gain is too small, more where it is too large."),
    ("too small", lambda share_left, budget: 0.25 + 1e-6 * share_left(1.0),
     "With at least one of the three the change dies: its gain has to grow. Does it where less than 1 is "
     "left, and in 8 steps far enough to reach any gain from 0.2 to 40?"),
    ("too large", lambda share_left, budget: 30.0 + 1e-6 * share_left(0.5),
     "With at least one of the three the change explodes: its gain has to shrink. Does it where more than 1 "
     "is left, and in 8 steps far enough to reach any gain from 40 to 0.2?"),
    ("without the root", without_the_root,
     "You divide the gain by the share that is left, and are thrown far past the goal: that share is a "
     "product over twenty layers. Its twentieth root belongs to one."),
    ("the share for the gain", lambda share_left, budget: [share_left(2.0**k) for k in range(budget)][-1],
     "You return a share that you have measured. Return the gain at which it is 1."),
    ("not looked at again", lambda share_left, budget: 1.06 * halving(share_left, budget - 1),
     "It is near, and not all measurements are used. Measure at the gain that you have found and mend it "
     "once more: a gain 1 % too large leaves a change 20 % too large."),
    ("not near enough", edit("return np.sqrt(low * high)", "return 1.06 * np.sqrt(low * high)"),
     "It is near, and the measurements are used up. Twenty layers turn a gain 1 % too large into a change "
     "20 % too large, so the gain's *ratio* counts, not its distance: where is the middle of 0.2 and 40, in "
     "ratios? And does each measurement decide where the next one belongs, as no fixed list can?"),
    ("the logarithm of a gain", edit("return np.sqrt(low * high)", "return -1.0"),
     "A gain is a positive number. Is it its logarithm that you return?"),
    ("over budget", edit("range(budget)", "range(budget + 1)"),
     "Each call of `share_left` counts, and there are 8 for each activation."),
], after="Eight halvings in ratios. Fewer do, if you draw a line through two measurements, in logarithms: "
         "the share grows almost like a power of the gain.")
