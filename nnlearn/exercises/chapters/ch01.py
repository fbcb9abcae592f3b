"""The neuron.

Cells are those of chapter 01: times in ms, potentials in mV, resistances in MΩ, currents in nA, rates in Hz.
"""

import itertools

import numpy as np

import nnlearn as nn
from nnlearn.exercises import Explain, Function, Misconception, Predict, Value


def corners(n):
    """All inputs of n zeros and ones: (2**n, n)."""
    return np.array(list(itertools.product([0.0, 1.0], repeat=n)))


HALF_R = Predict(
    id="01.1",
    title="Half the resistance",
    choices=("as fast as before", "half as fast", "slower, but not half as slow", "not at all"),
    reference="not at all",
    misconceptions=[
        Misconception(
            "only the current counts",
            "as fast as before",
            "The current is the same, but what lifts the membrane is R · I. How many mV is that now?",
        ),
        Misconception(
            "the rate is proportional to R",
            "half as fast",
            "The rate is not proportional to R · I: there is a threshold. How far is it from rest, in mV?",
        ),
        Misconception(
            "the rate always answers a little",
            "slower, but not half as slow",
            "Compute R · I, the height at which V comes to rest, and compare it with the 15 mV to "
            "the threshold.",
        ),
    ],
    after="R · I is now 10 mV, and the threshold is 15 mV above rest: the cell stays silent. The "
    "rheobase doubled.",
)


def truth_table(answer, x):
    w, b = answer
    return (x @ w + b > 0).astype(float)


IF_THEN = Value(
    id="01.2",
    title="Weights for “if x₁ then x₂”",
    points=2,
    cases=lambda rng: {"the four inputs 00, 01, 10, 11": {"x": corners(2)}},
    run=truth_table,
    reference=(np.array([-1.0, 1.0]), 0.5),
    misconceptions=[
        Misconception(
            "the inputs swapped",
            (np.array([1.0, -1.0]), 0.5),
            "That is “if x₂ then x₁”. Which input speaks against firing, and which for it?",
        ),
        Misconception(
            "the opposite",
            (np.array([1.0, -1.0]), -0.5),
            "Every output is the opposite of what is asked for: turn all three signs round.",
        ),
        Misconception(
            "no bias",
            (np.array([-1.0, 1.0]), 0.0),
            "For the input 00 the weights have no say. What alone can make the unit fire there?",
        ),
        Misconception(
            "always fires",
            (np.array([-1.0, 1.0]), 1.5),
            "It fires for 10, too: there the first weight has to outweigh the bias.",
        ),
        Misconception(
            "both at once",
            (np.array([1.0, 1.0]), -1.5),
            "That is AND. The promise is kept as well where nothing was promised: where x₁ is 0.",
        ),
    ],
    after="The same gate is called “x₂ or not x₁” in the chapter.",
)

CEILING = Predict(
    id="01.3",
    title="The ceiling",
    reference=250.0,
    rtol=1e-4,
    misconceptions=[
        Misconception(
            "spikes a millisecond", 0.25, "That is in spikes a millisecond. How many is that a second?"
        ),
        Misconception(
            "the time constant",
            100.0,
            "That is 1/τ. With an enormous current the climb takes no time at all. What is left of "
            "the interval?",
        ),
        Misconception(
            "one climb of τ each time",
            1000 / 14,
            "The climb does not take τ: the larger the current, the shorter it is. What is left in "
            "the limit?",
        ),
    ],
    after="The climb takes no time, the rest still takes 4 ms: the rate comes as close as you "
    "like to 1/t_ref.",
)


def neuron_cases(rng):
    w = rng.normal(size=3)
    return {
        "one input of three numbers": {"x": rng.normal(size=3), "w": w, "b": 0.4},
        "a batch of five": {"x": rng.normal(size=(5, 3)), "w": w, "b": -0.3},
        "a batch of three inputs of three numbers": {"x": rng.normal(size=(3, 3)), "w": w, "b": 0.1},
        "a bias that decides": {"x": rng.normal(size=(6, 2)), "w": np.array([0.1, -0.1]), "b": 2.0},
        "exactly at the threshold": {"x": np.array([[1.0], [2.0], [3.0]]), "w": np.ones(1), "b": -2.0},
        "two batches of four": {"x": rng.normal(size=(2, 4, 3)), "w": w, "b": 0.2},
    }


def one_by_one(x, w, b):
    return np.array([1.0 if sum(w[i] * row[i] for i in range(len(w))) + b > 0 else 0.0 for row in x])


def one_input_only(x, w, b):
    return 1.0 if sum(w[i] * x[i] for i in range(len(w))) + b > 0 else 0.0


NEURON = Function(
    id="01.4",
    title="A batch through one neuron",
    points=3,
    signature="neuron(x, w, b)",
    cases=neuron_cases,
    reference=nn.neuron,
    misconceptions=[
        Misconception(
            "forgets the bias",
            lambda x, w, b: nn.step(x @ w),
            "The bias `b` is missing: without it the threshold stays at zero.",
        ),
        Misconception(
            "subtracts the bias",
            lambda x, w, b: nn.step(x @ w - b),
            "The bias is added to the weighted sum. A threshold of θ is a bias of −θ.",
        ),
        Misconception(
            "fires at the threshold",
            lambda x, w, b: (x @ w + b >= 0).astype(float),
            "At exactly zero our step is 0, as a cell is silent at exactly its rheobase: `>`, not `>=`.",
        ),
        Misconception(
            "no step",
            lambda x, w, b: x @ w + b,
            "That is z, the weighted sum. The unit's output is the step of it: 0 or 1.",
        ),
        Misconception(
            "weights on the left",
            lambda x, w, b: nn.step(w @ x + b),
            "`w @ x` sums over the batch's rows. The axis to sum over is the last one of x: `x @ w`.",
        ),
        Misconception(
            "written for one input",
            one_input_only,
            "Right for one input, but in a batch `x[i]` is a whole row, and an `if` cannot decide for many "
            "inputs at once. `z > 0` can: it compares every element.",
        ),
        Misconception(
            "a loop over rows",
            one_by_one,
            "Your loop takes x to be a batch of rows, but x may be one input or have more axes. `x "
            "@ w` fits all.",
        ),
    ],
)


def euler_cases(rng):
    cell = {"tau": 10.0, "R": 10.0, "E_L": -65.0}
    return {
        "five steps from rest": {"V": -65.0, "I": 1.2, "steps": 5, "dt": 0.5, **cell},
        "no step": {"V": -60.0, "I": 1.0, "steps": 0, "dt": 0.1, **cell},
        "one step": {"V": -58.0, "I": 0.7, "steps": 1, "dt": 2.0, **cell},
        "no current: the leak alone": {"V": -52.0, "I": 0.0, "steps": 30, "dt": 0.3, **cell},
        "another cell": {
            "V": -70.0, "I": float(rng.uniform(0.1, 0.4)), "steps": 12, "dt": 0.25,
            "tau": 20.0, "R": 40.0, "E_L": -72.0,
        },
    }  # fmt: skip


def euler(V, I, steps, dt, tau, R, E_L):
    for _ in range(steps):
        V = V + dt / tau * (-(V - E_L) + R * I)
    return V


def euler_leaking_to_zero(V, I, steps, dt, tau, R, E_L):
    for _ in range(steps):
        V = V + dt / tau * (-V + R * I)
    return V


def euler_running_away(V, I, steps, dt, tau, R, E_L):
    for _ in range(steps):
        V = V + dt / tau * ((V - E_L) + R * I)
    return V


EULER = Function(
    id="01.5",
    title="Steps of the membrane",
    points=3,
    signature="euler(V, I, steps, dt, tau, R, E_L)",
    cases=euler_cases,
    reference=euler,
    misconceptions=[
        Misconception(
            "leaks to zero",
            euler_leaking_to_zero,
            "Without current your cell settles at 0 mV. The leak pulls towards E_L.",
        ),
        Misconception(
            "the leak runs away",
            euler_running_away,
            "Your leak drives V away from rest. Which sign brings it back?",
        ),
        Misconception(
            "no step size",
            lambda V, I, steps, dt, tau, R, E_L: euler(V, I, steps, 1.0, tau, R, E_L),
            "Your step is 1 ms long, whatever `dt` says: the slope has to be multiplied by `dt`.",
        ),
        Misconception(
            "no time constant",
            lambda V, I, steps, dt, tau, R, E_L: euler(V, I, steps, dt, 1.0, R, E_L),
            "The time constant is missing: dV/dt is the right-hand side divided by `tau`.",
        ),
        Misconception(
            "one step",
            lambda V, I, steps, dt, tau, R, E_L: euler(V, I, 1, dt * steps, tau, R, E_L),
            "That is one long step. The leak has to be computed anew after every `dt`.",
        ),
        Misconception(
            "one step too many",
            lambda V, I, steps, dt, tau, R, E_L: euler(V, I, steps + 1, dt, tau, R, E_L),
            "That is one step too many: after 0 steps the cell is still where it was.",
        ),
        Misconception(
            "the exact solution",
            lambda V, I, steps, dt, tau, R, E_L: E_L + R * I + (V - E_L - R * I) * np.exp(-steps * dt / tau),
            "That is the exact solution of the equation: well done, but here Euler's approximation "
            "is asked for.",
        ),
    ],
)


def rate_cases(rng):
    cell = {"tau": 10.0, "R": 10.0, "E_L": -65.0, "V_th": -50.0, "t_ref": 2.0}
    return {
        "three currents that make it fire": {"I": np.array([2.0, 3.0, 5.0]), **cell},
        "currents around the rheobase": {"I": np.array([0.0, 1.4, 1.6, -1.0]), **cell},
        "exactly the rheobase": {"I": np.array([1.5, 4.0]), **cell},
        "no refractory time": {"I": rng.uniform(1.6, 6, size=4), **cell, "t_ref": 0.0},
        "another cell, a table of currents": {
            "I": rng.uniform(0, 1.5, size=(2, 3)), "tau": 20.0, "R": 40.0,
            "E_L": -70.0, "V_th": -54.0, "t_ref": 3.0,
        },
    }  # fmt: skip


def rate(I, tau, R, E_L, V_th, t_ref):
    return nn.LIF(tau=tau, R=R, E_L=E_L, V_th=V_th, V_reset=E_L, t_ref=t_ref).rate(I)


def rate_without_silence(I, tau, R, E_L, V_th, t_ref):
    with np.errstate(all="ignore"):
        return 1000 / (t_ref + tau * np.log(R * I / (R * I - (V_th - E_L))))


def rate_upside_down(I, tau, R, E_L, V_th, t_ref):
    fires = R * I > V_th - E_L
    drive = np.where(fires, R * I, 2 * (V_th - E_L))
    return np.where(fires, 1000 / (t_ref + tau * np.log((drive - (V_th - E_L)) / drive)), 0.0)


def rate_with_the_rest_everywhere(I, tau, R, E_L, V_th, t_ref):
    fires = R * I > V_th - E_L
    drive = np.where(fires, R * I, 2 * (V_th - E_L))
    with np.errstate(divide="ignore"):
        return np.where(
            fires, 1000 / (t_ref + tau * np.log(drive / (drive - (V_th - E_L)))), 1000 / np.float64(t_ref)
        )


RATE = Function(
    id="01.6",
    title="The firing rate",
    points=4,
    signature="firing_rate(I, tau, R, E_L, V_th, t_ref)",
    cases=rate_cases,
    reference=rate,
    equivalent={
        "fires = R * I >= climb": "at the rheobase the climb is infinite, and 1000 / inf is 0 as well"
    },
    misconceptions=[
        Misconception(
            "no silence",
            rate_without_silence,
            "Up to the rheobase the formula means nothing (the logarithm of a negative number, or a division "
            "by zero): there the rate is 0. `np.where` helps.",
        ),
        Misconception(
            "an if for many currents",
            lambda I, tau, R, E_L, V_th, t_ref: 0.0 if R * I <= V_th - E_L else 1 / t_ref,
            "An `if` decides once, but I holds many currents. Compute for all of them and choose with "
            "`np.where`, or with a mask: `rate[fires] = …`.",
        ),
        Misconception(
            "spikes a millisecond",
            lambda I, tau, R, E_L, V_th, t_ref: rate(I, tau, R, E_L, V_th, t_ref) / 1000,
            "That is in spikes a millisecond: a second has 1000 of them.",
        ),
        Misconception(
            "no rest",
            lambda I, tau, R, E_L, V_th, t_ref: rate(I, tau, R, E_L, V_th, 0.0),
            "The interval between two spikes is the climb *and* the refractory time.",
        ),
        Misconception(
            "the ratio upside down",
            rate_upside_down,
            "Your logarithm is negative, so the climb would take negative time: turn the ratio over.",
        ),
        Misconception(
            "silent cells at the ceiling",
            rate_with_the_rest_everywhere,
            "A cell below its rheobase gets the rate 1/t_ref from you. It never fires: its rate is 0.",
        ),
    ],
)


def votes(answer, n):
    w, b = answer
    x = np.arange(2**n)[:, None] >> np.arange(n) & 1  # all inputs of n zeros and ones
    return (x @ w + b > 0).astype(float)


MAJORITY = Function(
    id="01.7",
    title="The majority",
    points=3,
    signature="majority(n)",
    cases=lambda rng: {f"n = {n}": {"n": n} for n in (3, 1, 4, 5, 8)},
    measure=votes,
    reference=lambda n: (np.ones(n), -n / 2),
    misconceptions=[
        Misconception(
            "one is enough",
            lambda n: (np.ones(n), -0.5),
            "One active input makes your unit fire: that is OR. How many are more than half?",
        ),
        Misconception(
            "all must agree",
            lambda n: (np.ones(n), 0.5 - n),
            "Your unit fires only if all inputs are active: that is AND. The bias is too low.",
        ),
        Misconception(
            "a tie is enough",
            lambda n: (np.ones(n), 0.5 - n / 2),
            "With an even number of voters, your unit fires at a tie. More than half is asked for.",
        ),
        Misconception(
            "the bias with the wrong sign",
            lambda n: (np.ones(n), n / 2),
            "It always fires. The bias is *added*: to hold the unit back it has to be negative.",
        ),
        Misconception(
            "made for three",
            lambda n: (np.ones(n), -1.5),
            "That is right for three voters. How does the bias depend on n?",
        ),
    ],
    after="Majority is what a single unit does best: many weak votes, one decision.",
)


def gate_cases(rng):
    grid = np.array(list(itertools.product(np.arange(-1.5, 1.6, 0.5), repeat=3)))
    three = np.array(list(itertools.product(np.arange(-1.5, 1.6, 0.5), repeat=4)))
    few = np.array(  # AND, AND, OR, NAND, x₁ and not x₂, and OR once more
        [[1, 1, -1.5], [2, 2, -3], [1, 1, -0.5], [-1, -1, 1.5], [1, -1, 0], [1, 1, -0.5]]
    )
    edge = np.array([[1.0, 1.0, -1.0], [1.0, 1.0, -1.5]])  # both are AND, the first only just
    some = rng.normal(size=(40, 3))
    return {
        "six units with two inputs": {"x": corners(2), "w": few[:, :2], "b": few[:, 2]},
        "a grid of units": {"x": corners(2), "w": grid[:, :2], "b": grid[:, 2]},
        "forty units at random": {"x": corners(2), "w": some[:, :2], "b": some[:, 2]},
        "a unit exactly at its threshold": {"x": corners(2), "w": edge[:, :2], "b": edge[:, 2]},
        "a grid of units with three inputs": {"x": corners(3), "w": three[:, :3], "b": three[:, 3]},
        "one unit": {"x": corners(2), "w": few[:1, :2], "b": few[:1, 2]},
    }


def count_gates(x, w, b):
    return np.unique(nn.step(x @ w.T + b), axis=1).shape[1]


GATES = Function(
    id="01.8",
    title="Counting gates",
    points=4,
    signature="count_gates(x, w, b)",
    cases=gate_cases,
    reference=count_gates,
    equivalent={"outputs = x @ w.T + b <= 0  # (M, N)": "every gate turned round: as many gates"},
    misconceptions=[
        Misconception(
            "counts the units",
            lambda x, w, b: len(w),
            "You count units. Two units with the same outputs for all inputs are the same gate.",
        ),
        Misconception(
            "counts how many ones",
            lambda x, w, b: len(np.unique(nn.step(x @ w.T + b).sum(axis=0))),
            "Gates with equally many ones need not be equal: x₁ and x₂ have two each. Compare whole columns.",
        ),
        Misconception(
            "distinct rows",
            lambda x, w, b: len(np.unique(nn.step(x @ w.T + b), axis=0)),
            "You count along the wrong axis: the outputs of one unit for all inputs are one gate.",
        ),
        Misconception(
            "distinct numbers",
            lambda x, w, b: len(np.unique(nn.step(x @ w.T + b))),
            "`np.unique` without an axis looks at single numbers, and there are only 0 and 1. "
            "Compare whole gates.",
        ),
        Misconception(
            "fires at the threshold",
            lambda x, w, b: np.unique(x @ w.T + b >= 0, axis=1).shape[1],
            "Units that stand exactly at their threshold come out differently: our step of 0 is 0.",
        ),
        Misconception(
            "distinct sums",
            lambda x, w, b: np.unique(x @ w.T + b, axis=1).shape[1],
            "You compare the sums z. Two units with different sums can have the same outputs: take "
            "the step first.",
        ),
    ],
    after="With two inputs at most 14 of 16, with three at most 104 of 256: the share falls fast.",
)

KEPT = Explain(
    id="01.9",
    title="What did we throw away?",
    points=2,
    rubric=(
        "what is kept: inputs weighed by synapses (weights), added up, compared with a "
        "threshold (bias, step)",
        "at least two things that are thrown away, of time, spikes, dendrites that compute, "
        "fixed signs, noise",
        "for one of them, a situation in which cell and unit behave differently, such as two "
        "pulses apart in time",
        "a judgement: for which purpose the loss does not matter, and for which it does",
    ),
)
