"""The cells of chapter 01: times in ms, potentials in mV, resistances in MΩ, currents in nA, rates in Hz."""

import itertools

import numpy as np

from nnlearn.exercises import Explain, Function, Predict, Value, edit


def grid(values, n):
    """All rows of n such values: (len(values)**n, n)."""
    return np.array(list(itertools.product(values, repeat=n)))


def corners(n):
    return grid([0.0, 1.0], n)


HALF_R = Predict(1, "not at all", mistakes=[
    ("only the current counts", "as fast as before",
     "The current is the same, but what lifts the membrane is R · I. How many mV is that now?"),
    ("the rate is proportional to R", "half as fast",
     "The rate is not proportional to R · I: there is a threshold. How far is it from rest, in mV?"),
    ("the rate always answers a little", "slower, but more than half as fast",
     "Compute R · I, the height at which V comes to rest, and compare it with the 15 mV to the threshold."),
], after="R · I is now 10 mV, and the threshold is 15 mV above rest: the cell stays silent. "
         "The rheobase doubled.")


def four_inputs(rng):
    yield "the four inputs 00, 01, 10, 11", corners(2)


def truth_table(answer, x):
    w, b = answer
    return (x @ w + b > 0).astype(float)


IF_THEN = Value(2, ([-1, 1], 0.5), four_inputs, run=truth_table, mistakes=[
    ("the inputs swapped", ([1, -1], 0.5),
     "That is “if x₂ then x₁”. Which input speaks against firing, and which for it?"),
    ("the opposite", ([1, -1], -0.5),
     "Every output is the opposite of what is asked for: turn all three signs round."),
    ("no bias", ([-1, 1], 0.0),
     "For the input 00 the weights have no say. What alone can make the unit fire there?"),
    ("always fires", ([-1, 1], 1.5),
     "It fires for 10, too: there the first weight has to outweigh the bias."),
    ("both at once", ([1, 1], -1.5),
     "That is AND. The promise is kept as well where nothing was promised: where x₁ is 0."),
    ("silent where both are 1", ([-2, 1], 1),
     "It is silent for 11, too. There both weights and the bias together have to be above 0."),
], after="The same gate is called “x₂ or not x₁” in the chapter.")

CEILING = Predict(3, 250.0, rtol=1e-4, mistakes=[
    ("spikes a millisecond", 0.25, "That is in spikes a millisecond. How many is that a second?"),
    ("the time constant", 100.0,
     "That is 1/τ. With an enormous current the climb takes no time at all. What is left of the interval?"),
    ("one climb of τ each time", 1000 / 14,
     "The climb does not take τ: the larger the current, the shorter it is. What is left in the limit?"),
    ("the chapter's rest", 500.0,
     "That is the ceiling for the chapter's rest of 2 ms. This cell rests for 4 ms."),
], after="The climb takes no time, the rest still takes 4 ms: "
         "the rate comes as close as you like to 1/t_ref.")


def batches_for_a_neuron(rng):
    w = rng.normal(size=3)
    yield "one input of three numbers", rng.normal(size=3), w, 0.4
    yield "a batch of five", rng.normal(size=(5, 3)), w, -0.3
    yield "a batch of three inputs of three numbers", rng.normal(size=(3, 3)), w, 0.1
    yield "a bias that decides", rng.normal(size=(6, 2)), [0.1, -0.1], 2.0
    yield "exactly at the threshold", [[1.0], [2.0], [3.0]], np.ones(1), -2.0
    yield "two batches of four", rng.normal(size=(2, 4, 3)), w, 0.2


def neuron(x, w, b):
    return (x @ w + b > 0).astype(float)


def one_input(x, w, b):
    return 1.0 if sum(w[i] * x[i] for i in range(len(w))) + b > 0 else 0.0


NEURON = Function(4, neuron, batches_for_a_neuron, mistakes=[
    ("forgets the bias", edit(" + b", ""),
     "The bias `b` is missing: without it the threshold stays at zero."),
    ("subtracts the bias", edit("+ b", "- b"),
     "The bias is added to the weighted sum. A threshold of θ is a bias of −θ."),
    ("fires at the threshold", edit("> 0", ">= 0"),
     "At exactly zero our step is 0, as a cell is silent at exactly its rheobase: `>`, not `>=`."),
    ("no step", edit("(x @ w + b > 0).astype(float)", "x @ w + b"),
     "That is z, the weighted sum. The unit's output is the step of it: 0 or 1."),
    ("weights on the left", edit("x @ w", "w @ x"),
     "`w @ x` sums over the batch's rows. The axis to sum over is the last one of x: `x @ w`."),
    ("written for one input", one_input,
     "Right for one input, but in a batch `x[i]` is a whole row, and an `if` cannot decide for many inputs "
     "at once. `z > 0` can: it compares every element."),
    ("a loop over rows", lambda x, w, b: np.array([one_input(row, w, b) for row in x]),
     "Your loop takes x to be a batch of rows, but x may be one input or have more axes. `x @ w` fits all."),
    ("−1 for silence", edit("(x @ w + b > 0).astype(float)", "np.sign(x @ w + b)"),
     "`np.sign` is −1 below zero. The silent unit gives 0: compare, `z > 0`."),
    ("a bias for each input", edit("x @ w + b", "(x * w + b).sum(axis=-1)"),
     "You add the bias once for every input. It belongs to the unit: first the sum, then the bias, once."),
    ("half at the threshold", edit("(x @ w + b > 0).astype(float)", "np.heaviside(x @ w + b, 0.5)"),
     "You give one half at exactly zero. Our step is 0 there: the second argument of `np.heaviside`."),
    ("rounds", edit("(x @ w + b > 0).astype(float)", "np.clip(np.round(x @ w + b), 0, 1)"),
     "Rounding puts the threshold at one half: 0.3 becomes 0. Our step is 1 for all z above zero."),
    ("a sigmoid", edit("(x @ w + b > 0).astype(float)", "1 / (1 + np.exp(-(x @ w + b)))"),
     "That is a sigmoid, a smooth step. Here the unit says 0 or 1: `z > 0`."),
    ("the bias after the step", edit("(x @ w + b > 0).astype(float)", "(x @ w > 0) + b"),
     "You add the bias to the output. It belongs to the sum, before the step."),
    ("a ReLU", edit("(x @ w + b > 0).astype(float)", "np.maximum(x @ w + b, 0)"),
     "You pass on the sum where it is above zero. The step says only whether it is: 1 or 0."),
    ("sums over the batch", edit("x @ w", "(x * w).sum(axis=0)"),
     "You add up over the batch, `axis=0`. The axis to sum over is the last one of x: `axis=-1`, or "
     "`x @ w`."),
    ("one sum for all", edit("x @ w", "(x * w).sum()"),
     "You add up the whole batch to one number. Each input has a sum of its own: `axis=-1`, or `x @ w`."),
])


def currents_into_a_membrane(rng):
    cell = 10.0, 10.0, -65.0
    yield "five steps from rest", -65.0, 1.2, 5, 0.5, *cell
    yield "no step", -60.0, 1.0, 0, 0.1, *cell
    yield "one step", -58.0, 0.7, 1, 2.0, *cell
    yield "no current: the leak alone", -52.0, 0.0, 30, 0.3, *cell
    yield "another cell", -70.0, float(rng.uniform(0.1, 0.4)), 12, 0.25, 20.0, 40.0, -72.0


def euler(V, I, steps, dt, tau, R, E_L):
    for _ in range(steps):
        V = V + dt / tau * (-(V - E_L) + R * I)
    return V


EULER = Function(5, euler, currents_into_a_membrane, mistakes=[
    ("leaks to zero", edit("-(V - E_L)", "-V"),
     "Without current your cell settles at 0 mV. The leak pulls towards E_L."),
    ("the leak runs away", edit("-(V - E_L)", "(V - E_L)"),
     "Your leak drives V away from rest. Which sign brings it back?"),
    ("no step size", edit("dt / tau", "1 / tau"),
     "Your step is 1 ms long, whatever `dt` says: the slope has to be multiplied by `dt`."),
    ("no time constant", edit("dt / tau", "dt"),
     "The time constant is missing: dV/dt is the right-hand side divided by `tau`."),
    ("one step", edit("range(steps)", "range(1)", "dt / tau", "steps * dt / tau"),
     "That is one long step. The leak has to be computed again after every `dt`."),
    ("one step too many", edit("range(steps)", "range(steps + 1)"),
     "That is one step too many: after 0 steps the cell is still where it was."),
    ("the exact solution", edit("range(steps)", "range(1)", "dt / tau", "(1 - np.exp(-steps * dt / tau))"),
     "That is the exact solution of the equation: well done, but here Euler's approximation is asked for."),
    ("one step too few", edit("range(steps)", "range(max(steps - 1, 0))"),
     "That is one step too few: `range(n)` runs through n numbers, the 0 among them."),
    ("the change in the place of V", edit("V = V + dt", "V = dt"),
     "You return the last change. Each step adds its change to V: `V = V + …`."),
    ("starts at rest", edit("    for _", "    V = E_L\n    for _"),
     "You start at rest. The cell stands at the `V` that is handed in, wherever that is."),
    ("current for voltage", edit("R * I", "I"),
     "A current is no voltage: what lifts the membrane is R · I."),
    ("τ for the leak alone", edit("/ tau * (-(V - E_L) + R * I)", "* (-(V - E_L) / tau + R * I)"),
     "You divide the leak alone by τ. Solve the equation for dV/dt: the whole right-hand side is divided."),
    ("backward Euler", edit("V + dt / tau * (-(V - E_L) + R * I)",
     "(V + dt / tau * (E_L + R * I)) / (1 + dt / tau)"),
     "You take the slope at the end of each step: that is the *backward* Euler method. Euler's own takes the "
     "slope where the step begins."),
    ("dt in seconds", edit("dt / tau", "dt / 1000 / tau"),
     "You turn `dt` into seconds, but τ is in ms. Both are in ms already: leave them as they are."),
    ("a return in the loop", edit("range(steps)", "range(min(steps, 1))"),
     "You take one step, however many are asked for. Does your `return` stand inside the loop?"),
    ("E_L added", edit("V - E_L", "V + E_L"),
     "The leak is −(V − E_L): at rest, where V = E_L, nothing leaks."),
    ("divided by the resistance", edit("R * I", "I / R"),
     "Ohm's law: a current I through R makes a voltage R · I."),
    ("no leak", edit("-(V - E_L) + R * I", "R * I"),
     "The leak is missing: −(V − E_L) pulls the membrane back to rest."),
    ("as many steps as go into the time", edit("range(steps)", "range(round(steps / dt))"),
     "`steps` is the number of steps already. Do not divide it by `dt`."),
    ("all potentials", lambda V, I, steps, dt, tau, R, E_L: np.array(
        [euler(V, I, k, dt, tau, R, E_L) for k in range(steps + 1)]),
     "You return the potential after each step. Asked is that after the last one."),
])


def currents_and_a_cell(rng):
    cell = 10.0, 10.0, -65.0, -50.0
    yield "three currents that make it fire", [2.0, 3.0, 5.0], *cell, 2.0
    yield "currents around the rheobase", [0.0, 1.4, 1.6, -1.0], *cell, 2.0
    yield "exactly the rheobase", [1.5, 4.0], *cell, 2.0
    yield "currents that hold it down", [-10.0, -3.0, 2.5], *cell, 2.0
    yield "whole numbers of nA", np.array([0, 1, 2, 5]), *cell, 2.0
    yield "strong currents", [8.0, 12.0], *cell, 2.0
    yield "no refractory period", rng.uniform(1.6, 6, size=4), *cell, 0.0
    yield "another cell, a table of currents", rng.uniform(0, 1.5, size=(2, 3)), 20.0, 40.0, -70.0, -54.0, 3.0


def firing_rate(I, tau, R, E_L, V_th, t_ref):
    climb, drive = V_th - E_L, R * I
    fires = drive > climb
    drive = np.where(fires, drive, 2 * climb)  # any number above the climb will do for the silent ones
    return np.where(fires, 1000 / (t_ref + tau * np.log(drive / (drive - climb))), 0.0)


def _rates_of_the_currents_kind(I, tau, R, E_L, V_th, t_ref):
    rate = np.zeros_like(I)
    fires = R * I > V_th - E_L
    rate[fires] = firing_rate(I[fires], tau, R, E_L, V_th, t_ref)
    return rate


RATE = Function(6, firing_rate, currents_and_a_cell, mistakes=[
    ("no silence", edit("drive > climb", "True"),
     "Up to the rheobase the formula means nothing (the logarithm of a negative number, or a division by "
     "zero): there the rate is 0. `np.where` helps."),
    ("only what is not a number is silenced", lambda I, tau, R, E_L, V_th, t_ref: np.nan_to_num(
        1000 / (t_ref + tau * np.log(R * I / (R * I - (V_th - E_L)))), nan=0.0),
     "Between 0 and the rheobase you are right. Below 0 both numbers in the logarithm are negative, so it "
     "has a value again, and a cell that is held down seems to fire. Ask whether R · I exceeds the climb."),
    ("negative rates are cut off", lambda I, tau, R, E_L, V_th, t_ref: np.maximum(0.0, np.nan_to_num(
        1000 / (t_ref + tau * np.log(R * I / (R * I - (V_th - E_L)))), nan=0.0)),
     "Try −10 nA: you get 1660 Hz. Both numbers in the logarithm are negative there, so it has a value, "
     "and the rate comes out positive. Do not mend the result: ask whether R · I exceeds the climb."),
    ("as whole as the currents", _rates_of_the_currents_kind,
     "Your rates are whole numbers where the currents are: `np.zeros_like(I)` takes over the kind of I and "
     "cuts off what comes after the point. `np.zeros(I.shape)` holds any number."),
    ("an if for many currents", edit("drive > climb", "1 if drive > climb else 0"),
     "An `if` decides once, but I holds many currents. Compute for all of them and choose with `np.where`, "
     "or with a mask: `rate[fires] = …`."),
    ("spikes a millisecond", edit("1000", "1"),
     "That is in spikes a millisecond: a second has 1000 of them."),
    ("no rest", edit("t_ref + ", ""),
     "The interval between two spikes is the climb *and* the refractory period."),
    ("the ratio upside down", edit("drive / (drive - climb)", "(drive - climb) / drive"),
     "Your logarithm is negative, so the climb would take negative time: turn the ratio over."),
    ("silent cells at the ceiling", edit("0.0)", "1000 / np.float64(t_ref))"),
     "A cell below its rheobase gets the rate 1/t_ref from you. It never fires: its rate is 0."),
    ("the logarithm to base 10", edit("np.log(", "np.log10("),
     "The climb is an exponential of e: it takes the natural logarithm, `np.log`, not `np.log10`."),
    ("the interval", edit("1000 / (t_ref + tau * np.log(drive / (drive - climb)))",
     "t_ref + tau * np.log(drive / (drive - climb))"),
     "That is the time from spike to spike, in ms. How many such intervals has a second?"),
    ("the current against the climb", edit("fires = drive > climb", "fires = climb < I"),
     "You compare a current with a voltage. Which of the two, in mV, has to exceed the climb: I or R · I?"),
    ("climb and rest both times τ", edit("t_ref + tau * np.log(drive / (drive - climb))",
     "tau * (t_ref + np.log(drive / (drive - climb)))"),
     "τ multiplies the logarithm alone. The refractory period is a time already."),
    ("minus for plus", edit("drive / (drive - climb)", "drive / (drive + climb)"),
     "Below the line stands what is left of the drive at the threshold: R · I *less* the climb."),
    ("the rest off the rate", edit("1000 / (t_ref + tau * np.log(drive / (drive - climb)))",
     "1000 / (tau * np.log(drive / (drive - climb))) - t_ref"),
     "The refractory period is a time: add it to the climb, and turn the sum into a rate afterwards."),
    ("the threshold for the climb", edit("V_th - E_L", "-V_th"),
     "You compare with the threshold itself. The climb begins at rest: it is V_th − E_L high."),
    ("the rest taken off the climb", edit("t_ref + tau * np.log(drive / (drive - climb))",
     "tau * np.log(drive / (drive - climb)) - t_ref"),
     "The refractory period makes the interval between two spikes longer: add it."),
    ("rates added", edit("1000 / (t_ref + tau * np.log(drive / (drive - climb)))",
     "1000 / (tau * np.log(drive / (drive - climb))) + 1000 / np.float64(t_ref)"),
     "You add two rates. What adds up are the times, climb and refractory period; the rate is 1 over their "
     "sum."),
    ("a straight climb", edit("np.log(drive / (drive - climb))", "climb / drive"),
     "You let the membrane climb in a straight line. The leak grows on the way and slows it down: that is "
     "the logarithm."),
    ("one silent current silences all", edit("drive > climb", "(drive > climb) & np.all(drive > climb)"),
     "One current that is too weak makes all your rates 0. Decide for each by itself: `np.where` or a mask."),
    ("no time constant", edit("tau * np.log", "np.log"),
     "The logarithm alone is no time. The climb takes τ times that."),
    ("the rest twice", edit("t_ref + tau", "2 * t_ref + tau"),
     "There is one refractory period between two spikes. You have two."),
    ("the climb above the line", edit("drive / (drive - climb)", "climb / (drive - climb)"),
     "Above the line of the logarithm stands the whole drive, R · I, and not the climb."),
    ("E_L in the drive", edit("drive / (drive - climb)", "drive / (drive + E_L - climb)"),
     "In the logarithm you mix potentials and differences of them. Counted from rest, what is left of the "
     "drive at the threshold is R · I − (V_th − E_L)."),
    ("the threshold for the climb, with its sign", edit("V_th - E_L", "V_th"),
     "You take the threshold itself. The climb begins at rest: it is V_th − E_L high."),
    ("a rheobase without rest", edit("fires = drive > climb", "fires = V_th / R < I"),
     "Your rheobase is V_th / R. A current lifts the cell by R · I from rest: that has to exceed "
     "V_th − E_L."),
    ("no brackets around the climb", edit("drive - climb", "drive - V_th - E_L"),
     "`R * I - V_th - E_L` takes E_L away as well. Put the climb in brackets: `R * I - (V_th - E_L)`."),
])


def numbers_of_voters(rng):
    for said, n in {"three": 3, "one": 1, "four": 4, "five": 5, "eight": 8}.items():
        yield f"{said} voter{'s' * (n > 1)}", n
    yield "a number drawn for you", int(rng.integers(6, 11))


def majority(n):
    return np.ones(n), -n / 2


def votes(answer, n):
    x = np.arange(2**n)[:, None] >> np.arange(n) & 1  # all inputs of n zeros and ones
    return truth_table(answer, x)


MAJORITY = Function(7, majority, numbers_of_voters, measure=votes, mistakes=[
    ("one is enough", edit("-n / 2", "-0.5"),
     "One active input makes your unit fire: that is OR. How many are more than half?"),
    ("all must agree", edit("-n / 2", "0.5 - n"),
     "Your unit fires only if all inputs are active: that is AND. The bias is too low."),
    ("a tie is enough", edit("-n / 2", "0.5 - n / 2"),
     "With an even number of voters, your unit fires at a tie. More than half is asked for."),
    ("the bias with the wrong sign", edit("-n / 2", "n / 2"),
     "It always fires. The bias is *added*: to hold the unit back it has to be negative."),
    ("made for three", edit("-n / 2", "-1.5"),
     "That is right for three voters. How does the bias depend on n?"),
    ("the half rounded", edit("-n / 2", "-n // 2"),
     "With an odd number of voters a majority of one is too few: your bias lies below −n/2. (`-n // 2` "
     "rounds downwards, −7 // 2 is −4.)"),
    ("one vote too many", edit("-n / 2", "-(n / 2 + 1)"),
     "You ask for one vote more than needed. With 4 of 7 there is a majority: is the sum above zero then?"),
    ("a mean against a count", edit("np.ones(n)", "np.ones(n) / n"),
     "Weights of 1/n add up to a share, at most 1. The bias counts votes. Put both in the same unit."),
    ("never fires", edit("-n / 2", "-float(n)"),
     "Your unit never fires, not even if all agree. Weights and bias go together: with weights of 1 the bias "
     "is −n/2, with smaller weights it shrinks along."),
    ("half a vote too few", edit("-n / 2", "0.5 - n // 2"),
     "With 3 voters one is enough for your unit: n // 2 rounds down. More than half is more than n / 2."),
    ("a bias for each input", edit("-n / 2", "-np.ones(n) / 2"),
     "The bias is one number for the whole unit, not one for each input."),
    ("one weight", edit("np.ones(n)", "1.0"),
     "The first of the two has to be an array of n weights, `np.ones(n)`; the bias comes second."),
], after="Majority is what a single unit does best: many weak votes, one decision.")


def units(rng):
    def inputs_and(units):
        return corners(units.shape[1] - 1), units[:, :-1], units[:, -1]

    numbers = np.arange(-1.5, 1.6, 0.5)
    few = np.array(  # AND, AND, OR, NAND, x₁ and not x₂, and OR once more
        [[1, 1, -1.5], [2, 2, -3], [1, 1, -0.5], [-1, -1, 1.5], [1, -1, 0], [1, 1, -0.5]]
    )
    edge = np.array([[1.0, 1.0, -1.0], [1.0, 1.0, -1.5]])  # both are AND, the first only just
    yield "six units with two inputs", *inputs_and(few)
    yield "a grid of units", *inputs_and(grid(numbers, 3))
    yield "forty units at random", *inputs_and(rng.normal(size=(40, 3)))
    yield "a unit exactly at its threshold", *inputs_and(edge)
    yield "a grid of units with three inputs", *inputs_and(grid(numbers, 4))
    yield "one unit", *inputs_and(few[:1])


def count_gates(x, w, b):
    outputs = x @ w.T + b > 0
    return np.unique(outputs, axis=1).shape[1]


GATES = Function(8, count_gates, units, mistakes=[
    ("counts the units", lambda x, w, b: len(w),
     "You count units. Two units with the same outputs for all inputs are the same gate."),
    ("counts how many ones", edit("outputs, axis=1).shape[1]", "outputs.sum(axis=0)).size"),
     "Gates with equally many ones need not be equal: x₁ and x₂ have two each. Compare whole columns."),
    ("distinct rows", edit("axis=1).shape[1]", "axis=0).shape[0]"),
     "You count along the wrong axis: the outputs of one unit for all inputs are one gate."),
    ("distinct numbers", edit(", axis=1).shape[1]", ").size"),
     "`np.unique` without an axis looks at single numbers, and there are only 0 and 1. Compare whole gates."),
    ("fires at the threshold", edit("> 0", ">= 0"),
     "Units that stand exactly at their threshold come out differently: our step of 0 is 0."),
    ("distinct sums", edit(" > 0", ""),
     "Units with different weights, and so different sums z, can be the same gate: take the step first, and "
     "compare the zeros and ones."),
    ("no bias", edit(" + b", ""), "The biases have no say in yours: each unit is x·w + b > 0."),
    ("the bias subtracted", edit("+ b", "- b"), "The bias is *added* to the weighted sum."),
    ("neighbours only", lambda x, w, b: 1 + sum(
        (one != other).any() for one, other in itertools.pairwise((x @ w.T + b > 0).T)),
     "You compare each unit with the one before it. The same gate may come again later, too."),
    ("a gate and its opposite", lambda x, w, b: np.unique(
        (x @ w.T + b > 0) ^ (x @ w.T + b > 0)[0], axis=1).shape[1],
     "You count a gate and its opposite as one. They differ on every input: those are two."),
    ("counts the inputs", edit(".shape[1]", ".shape[0]"),
     "You have the different gates, one a column, and count the rows, which are the inputs (as `len` does)."),
    ("counts all zeros and ones", edit(".shape[1]", ".size"),
     "You have the different gates, one a column, and count all their zeros and ones."),
    ("distinct weights", lambda x, w, b: len(np.unique(w, axis=0)),
     "You compare weights. Units with different weights can be the same gate, and with equal ones the bias "
     "decides: compare the outputs."),
], after="With two inputs at most 14 of 16, with three at most 104 of 256: the share falls fast.")

KEPT = Explain(9, rubric=[
    "what is kept: inputs weighed by synapses (weights), added up, compared with a threshold (bias, step)",
    "at least two things that are thrown away, of time, spikes, dendrites that compute, fixed signs, noise",
    "for one of them, a situation in which cell and unit behave differently, "
    "such as two pulses apart in time",
    "a judgement: for which purpose the loss does not matter, and for which it does",
])
