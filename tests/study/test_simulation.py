"""A solver and its books, starts and films, and rules that learn to step them."""

import numpy as np
import pytest

import nnlearn as nn

S = nn.simulation
DATA = S.films(S.starts(3, 16, rng=0), 20)
CELLS = S.cells(DATA, 4000, rng=1)


def test_what_spreads_is_not_lost_and_rest_is_rest():
    x = S.starts(2, rng=0)
    rate = S.change(x, feed=0, kill=0)  # no flow: u + v stays
    np.testing.assert_allclose(rate.sum(axis=1).mean(axis=(1, 2)), 0, atol=1e-8)
    rest = np.stack([np.ones((8, 8)), np.zeros((8, 8))])
    np.testing.assert_array_equal(S.change(rest), 0)


def test_one_cell_changes_as_the_equation_says():
    x = np.stack([np.full((3, 3), 0.5), np.full((3, 3), 0.25)])
    x[1, 1, 1] += 0.1  # 0.35 among 0.25
    made = 0.5 * 0.35**2
    u = -made + 0.037 * 0.5
    v = 0.08 * 4 * (0.25 - 0.35) + made - (0.037 + 0.06) * 0.35
    np.testing.assert_allclose(S.change(x)[:, 1, 1], [u, v], rtol=1e-6)


def test_more_steps_of_the_solver_change_little_and_few_burst():
    x = DATA[:, 5]
    fine = S.solve(x, 160)
    errors = [np.abs(S.solve(x, steps) - fine).max() for steps in (10, 20, 40)]
    assert errors[0] > 1.7 * errors[1] > 3 * errors[2] and errors[1] < 0.01  # Euler's method: of order one
    rough = x + 0.01 * (-1.0) ** np.add.outer(np.arange(16), np.arange(16)).astype(np.float32)
    assert np.abs(S.solve(rough, 4) - S.solve(rough, 20)).max() > 0.05  # 0.16 · 8 · 10/4 > 2
    with pytest.raises(ValueError, match="steps is 0, expected at least 1"):
        S.solve(x, 0)


def test_starts_are_drawn_by_chance_or_by_hand():
    x = S.starts(4, 20, rng=3)
    assert x.shape == (4, 2, 20, 20) and x.dtype == np.float32
    assert ((x[:, 1] > 0) == (x[:, 0] < 1)).all() and 9 <= (x[0, 1] > 0).sum() <= 6 * 49
    np.testing.assert_array_equal(x, S.starts(4, 20, rng=3))
    one = S.drawn([" # ", "  #"])
    np.testing.assert_array_equal(one[0, 1] * 4, [[0, 1, 0], [0, 0, 1]])
    np.testing.assert_array_equal(one[0, 0], 1 - 2 * one[0, 1])
    with pytest.raises(ValueError, match=r"rows have \[1, 2\] letters"):
        S.drawn(["#", "##"])
    with pytest.raises(ValueError, match="size is 7, expected at least 8"):
        S.starts(1, 7)


def test_a_film_is_what_the_solver_makes_and_stays_within_bounds():
    x = S.starts(1, 16, rng=5)
    film = S.films(x, 3)
    state = x
    for _ in range(6):
        state = S.solve(state)
    assert film.shape == (1, 4, 2, 16, 16)
    np.testing.assert_allclose(film[:, 1], state, atol=1e-6)
    wild = S.roll_out(lambda state: state * 3 - 1, x, 4)
    assert wild.min() == 0 and wild.max() == 1


def test_wrong_is_nought_for_the_truth_and_one_for_its_mean():
    assert (S.wrong(DATA, DATA) == 0).all()
    middle = np.broadcast_to(DATA.mean(axis=(0, 1, 3, 4))[:, None, None], DATA.shape)
    assert np.sqrt((S.wrong(middle, DATA) ** 2).mean()) == pytest.approx(1, rel=1e-4)


def test_the_books_close_for_the_truth_and_show_what_was_added():
    assert np.abs(S.books(DATA)).max() < 0.002
    more = DATA.copy()
    more[:, -1, 0] += 0.1
    assert S.books(more)[:, -1] == pytest.approx(0.1, abs=0.03)


def test_around_looks_over_the_edge():
    x = np.arange(2 * 2 * 6 * 7, dtype=float).reshape(2, 2, 6, 7)
    seen = S.around(x)
    assert seen.shape == (2 * 6 * 7, 2, 25)
    np.testing.assert_array_equal(seen[:, :, 12].reshape(2, 6, 7, 2), x.transpose(0, 2, 3, 1))
    window = np.roll(x, (2, 2), (2, 3))[1, :, :5, :5]
    np.testing.assert_array_equal(seen[42].reshape(2, 5, 5), window)
    with pytest.raises(ValueError, match=r"x has shape \(2, 6, 7\)"):
        S.around(x[0])


def test_cells_are_what_is_around_and_what_comes():
    x, y = CELLS
    assert x.shape == (4000, 2, 25) and y.shape == (4000, 2)
    assert 0 < np.abs(y - x[:, :, 12]).mean() < 0.05  # a frame later: near, and not the same


@pytest.mark.parametrize("noise", [0.0, 0.003])
def test_a_cubic_stencil_finds_the_law_better_than_a_linear_one(noise):
    later = DATA[:, 10:13]
    linear, cubic = (S.wrong(S.roll_out(S.fitted(CELLS, d, noise, rng=0), later[:, 0], 1), later[:, :2])[1]
                     for d in (1, 3))  # fmt: skip
    still = S.wrong(later[:, :1].repeat(2, axis=1), later[:, :2])[1]
    assert cubic < linear / 2 < still / 2


def test_a_linear_stencil_finds_a_linear_law():
    rng = np.random.default_rng(0)
    x = rng.random((4000, 2, 25)).astype(np.float32)
    y = x[:, :, 12] + 0.1 * (x[:, :, 11] - x[:, ::-1, 12])
    step = S.fitted((x, y), 1, ridge=1e-6)
    state = rng.random((1, 2, 6, 6)).astype(np.float32)
    truth = state + 0.1 * (np.roll(state, 1, 3) - state[:, ::-1])
    np.testing.assert_allclose(step(state), truth, atol=1e-4)


def test_a_network_learns_to_step_and_runs_on_squares_of_any_size():
    step = S.learned(CELLS, 0.01, noise=0.003, steps=500, rng=0)
    later = DATA[:, 10:12]
    found = S.wrong(S.roll_out(step, later[:, 0], 1), later)[1]
    assert found < S.wrong(later[:, :1].repeat(2, axis=1), later)[1] / 1.5
    wide = np.tile(later[:1, 0], (1, 1, 1, 2))
    np.testing.assert_allclose(step(wide)[..., 16:], step(later[:1, 0]), atol=1e-5)
