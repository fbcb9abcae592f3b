"""The approximation explorer: its networks and errors, against curves computed without a network."""

import numpy as np
import pytest

from nnlearn.widgets.approximation import COUNTS, TARGETS, ApproximationExplorer, X


def test_even_relus_draw_the_straight_lines_between_knots():
    explorer = ApproximationExplorer(target="chirp", unit="ReLU", weights="even", n=12)
    knots = np.linspace(0, 1, 13)
    lines = np.interp(X[:, 0], knots, TARGETS["chirp"](knots))
    np.testing.assert_allclose(explorer.state["y"][:, 0], lines, atol=1e-9)
    worst = np.abs(lines - TARGETS["chirp"](X[:, 0])).max()
    assert explorer.state["error"] == explorer.state["errors"][COUNTS.index(12)] == pytest.approx(worst)


def test_even_steps_are_constant_between_knots():
    explorer = ApproximationExplorer(target="chirp", unit="step", weights="even", n=7)
    assert len(np.unique(explorer.state["y"].round(9))) <= 8
    jumps = np.flatnonzero(np.abs(np.diff(explorer.state["y"][:, 0])) > 1e-9)
    np.testing.assert_allclose(X[jumps, 0], np.arange(1, 8) / 8, atol=2e-3)


@pytest.mark.parametrize("unit", ["step", "ReLU"])
@pytest.mark.parametrize("softness", [0.0, 0.5])
@pytest.mark.parametrize("weights", ["even", "adapted", 2])
def test_the_curve_is_the_sum_of_its_parts(unit, softness, weights):
    state = ApproximationExplorer(unit=unit, softness=softness, weights=weights, n=5).state
    rest = state["y"][::5, 0] - state["parts"].sum(axis=1)  # the output's bias
    np.testing.assert_allclose(rest, rest[0], atol=1e-6)


def test_the_random_output_is_a_least_squares_fit():
    state = ApproximationExplorer(weights=1, n=6, unit="ReLU", target="bump").state
    columns = np.column_stack([state["parts"], np.ones(len(state["parts"]))])
    f = TARGETS["bump"](X[::5, 0])
    best = columns @ np.linalg.lstsq(columns, f, rcond=None)[0]
    np.testing.assert_allclose(state["y"][::5, 0], best, atol=1e-4)


def test_a_jump_needs_one_step_where_it_is():
    even, adapted = (ApproximationExplorer(target="jump", weights=w, n=4).state for w in ("even", "adapted"))
    assert adapted["error"] < even["error"]
