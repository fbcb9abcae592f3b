import numpy as np
import pytest

import nnlearn as nn

CELL = nn.LIF()


def on(current, duration, dt):
    """Constant currents (cells,) switched on for `duration` ms: (cells, T)."""
    return np.repeat(np.atleast_1d(current)[:, None], round(duration / dt), axis=1)


def rate(spikes, dt):
    """Spikes a second, from the mean interval of one spike train (T,)."""
    times = np.flatnonzero(spikes) * dt
    return 1000 / np.diff(times).mean() if len(times) > 1 else 0.0


@pytest.mark.parametrize(
    ("z", "expected"),
    [
        (-2.0, 0),
        (0.0, 0),
        (1e-300, 1),
        (3, 1),
        (-np.inf, 0),
        (np.inf, 1),
        ([[-1, 0], [1, 2]], [[0, 0], [1, 1]]),
    ],
)
def test_step(z, expected):
    np.testing.assert_array_equal(nn.step(z), expected)
    assert np.shape(nn.step(z)) == np.shape(z)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_step_keeps_the_kind_of_float(dtype):
    assert nn.step(np.array([-1, 1], dtype)).dtype == dtype


def test_step_does_not_hide_nan():
    assert np.isnan(nn.step(np.nan))


@pytest.mark.parametrize("shape", [(3,), (5, 3), (2, 4, 3), (0, 3)])
def test_neuron_is_one_weighted_sum_for_each_row(shape):
    rng = np.random.default_rng(0)
    x, w, b = rng.normal(size=shape), rng.normal(size=3), 0.3
    rows = [f(sum(w[i] * row[i] for i in range(3)) + b) for f in (np.tanh,) for row in x.reshape(-1, 3)]
    np.testing.assert_allclose(nn.neuron(x, w, b, np.tanh), np.reshape(rows, shape[:-1]), rtol=1e-12)
    np.testing.assert_array_equal(nn.neuron(x, w, b), nn.neuron(x, w, b, lambda z: z) > 0)


def test_neuron_keeps_float32():
    assert nn.neuron(np.ones((4, 2), "f4"), np.ones(2, "f4"), 0.5).dtype == np.float32


@pytest.mark.parametrize(
    ("x", "w", "b", "message"),
    [
        (np.ones((4, 3)), np.ones(2), 0, r"x has 3 inputs .* w has 2 weights \(x is \(4, 3\)\)"),
        (np.ones((4, 2)), np.ones((2, 1)), 0, r"w must be one row .* it is \(2, 1\)"),
        (np.ones((4, 2)), np.ones(2), np.zeros(4), r"b must be one number.*\(4,\)"),
        (1.0, np.ones(1), 0, "x must hold 1 inputs .* a single number"),
    ],
)
def test_neuron_says_what_does_not_fit(x, w, b, message):
    with pytest.raises(ValueError, match=message):
        nn.neuron(x, w, b)


def test_charging_curve_is_the_closed_form():
    dt, tau = 0.01, 10.0
    V, spikes = CELL.simulate(np.full(5000, 1.4), dt)
    t = dt * np.arange(5000)
    np.testing.assert_allclose(V, -65 + 14 * (1 - np.exp(-t / tau)), atol=0.01)
    assert V[0] == -65 and not spikes.any()


@pytest.mark.parametrize(
    "cell",
    [
        CELL,
        nn.LIF(t_ref=0),
        nn.LIF(tau=20, R=40, V_reset=-58, t_ref=5),
        nn.LIF(E_L=-70, V_th=-54, V_reset=-80, R=100),
    ],
)
def test_simulated_rate_is_the_closed_form(cell):
    dt, currents = 0.02, cell.rheobase * np.array([0.5, 0.99, 1.1, 1.5, 2, 4])
    _, spikes = cell.simulate(on(currents, 600, dt), dt)
    simulated = np.array([rate(train, dt) for train in spikes])
    assert (simulated[:2] == 0).all() and (cell.rate(currents[:2]) == 0).all()
    np.testing.assert_allclose(simulated[2:], cell.rate(currents[2:]), rtol=0.02)


def test_rate_by_hand():
    """Dayan and Abbott's cell at 3 nA: τ ln(30 / 15) and 2 ms of rest."""
    assert nn.LIF().rate(3.0) == pytest.approx(1000 / (2 + 10 * np.log(2)))
    assert nn.LIF().rate(np.zeros((2, 3))).shape == (2, 3)
    assert nn.LIF().rheobase == pytest.approx(1.5)
    assert nn.LIF().rate([-1, 1.5, np.nextafter(1.5, 1)]).tolist() == [0, 0, 0]
    assert nn.LIF(t_ref=4).rate(1e9) == pytest.approx(250, rel=1e-4)


def test_error_falls_with_the_step():
    """Euler's method is of first order: a tenth of the step, a tenth of the error."""
    errors = []
    for dt in (0.1, 0.01):
        V, _ = CELL.simulate(np.full(round(40 / dt), 1.4), dt)
        exact = -65 + 14 * (1 - np.exp(-dt * np.arange(len(V)) / 10))
        errors.append(np.abs(V - exact).max())
    assert errors[0] / errors[1] == pytest.approx(10, rel=0.02)


def test_cells_side_by_side_are_as_alone():
    rng = np.random.default_rng(0)
    currents = rng.uniform(0, 5, (2, 3, 400))
    V, spikes = CELL.simulate(currents, 0.25)
    assert V.shape == spikes.shape == (2, 3, 400) and spikes.any()
    for i, j in np.ndindex(2, 3):
        alone = CELL.simulate(currents[i, j], 0.25)
        np.testing.assert_array_equal(V[i, j], alone[0])
        np.testing.assert_array_equal(spikes[i, j], alone[1])


def test_rests_after_a_spike():
    cell, dt = nn.LIF(V_reset=-60, t_ref=3), 0.5
    V, spikes = cell.simulate(np.full(100, 5.0), dt)
    first = np.flatnonzero(spikes)[0]
    np.testing.assert_array_equal(V[first : first + 7], -60)  # the spike and 6 steps of rest
    assert V[first + 7] > -60 and V.max() < cell.V_th
    assert cell.simulate(np.empty(0))[0].shape == (0,)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.LIF(tau=0), "tau must be more than 0 ms, got 0"),
        (lambda: nn.LIF(R=-1), "R must be more than 0 MΩ, got -1"),
        (lambda: nn.LIF(t_ref=-0.1), "t_ref must be 0 ms or more, got -0.1"),
        (lambda: nn.LIF(V_reset=-50), "V_reset must be below V_th.*V_reset = -50 mV, V_th = -50.0 mV"),
        (lambda: CELL.simulate(2.0), r"time as its last axis, \(T,\).*np.full\(T, 2.0\)"),
        (lambda: CELL.simulate([1.0, np.nan]), "holds NaN or infinity"),
        (lambda: CELL.simulate([1.0], dt=0), "dt must be above 0 and below tau = 10.0 ms, got 0"),
        (lambda: CELL.simulate([1.0], dt=10), "dt must be above 0 and below tau = 10.0 ms, got 10"),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
