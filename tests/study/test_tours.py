"""Tours: every city once, the best of all for a few, and turns that never lengthen."""

from itertools import permutations

import numpy as np
import pytest

from nnlearn.study import tours

SQUARE = np.array([[0.0, 0], [0, 1], [1, 1], [1, 0]])


def test_a_way_round_the_square_is_four_and_a_crossed_one_is_longer():
    assert tours.tour_length(SQUARE, np.arange(4)) == pytest.approx(4)
    assert tours.tour_length(SQUARE, np.array([0, 2, 1, 3])) == pytest.approx(2 + 2 * 2**0.5)
    np.testing.assert_allclose(tours.tour_length(SQUARE, tours.two_opt(SQUARE, [0, 2, 1, 3])), 4)


@pytest.mark.parametrize("order", [[0, 1, 2], [0, 1, 2, 2], [1, 2, 3, 4]])
def test_what_is_no_tour_is_named(order):
    with pytest.raises(ValueError, match="does not name each of the 4 cities once"):
        tours.tour_length(SQUARE, np.array(order))


@pytest.mark.parametrize("seed", range(4))
def test_seven_cities_are_solved_by_turning_nearly_as_well_as_by_trying_all(seed):
    points = tours.cities(7, seed)
    best = min(tours.tour_length(points, np.array([0, *rest])) for rest in permutations(range(1, 7)))
    for found in (tours.two_opt(points, np.arange(7)), tours.ring(points, steps=1500, rng=0)[0]):
        assert best - 1e-9 <= tours.tour_length(points, found) <= 1.15 * best


def test_a_turn_never_lengthens_and_ends_where_no_turn_helps():
    points = tours.cities(40, 1)
    lengths = [tours.tour_length(points, tours.two_opt(points, np.arange(40), most)) for most in range(12)]
    assert (np.diff(lengths) < 0).all()
    done = tours.two_opt(points, np.arange(40))
    for i in range(39):
        for j in range(i + 2, 40):
            turned = np.concatenate([done[: i + 1], done[i + 1 : j + 1][::-1], done[j + 1 :]])
            assert tours.tour_length(points, turned) > tours.tour_length(points, done) - 1e-9


def test_the_nearest_comes_next():
    points = tours.cities(30, 2)
    order = tours.nearest_neighbour(points, start=5)
    assert order[0] == 5 and sorted(order) == list(range(30))
    away = np.linalg.norm(points[order[1:]] - points[5], axis=1)
    assert away.argmin() == 0


def test_a_ring_gives_a_tour_and_its_pictures():
    points = tours.cities(20, 3)
    order, pictures = tours.ring(points, steps=800, rng=0, keep=4)
    assert sorted(order) == list(range(20)) and [p.shape for p in pictures] == [(60, 2)] * 4
    assert np.ptp(pictures[0]) < np.ptp(pictures[-1])
    np.testing.assert_array_equal(order, tours.ring(points, steps=800, rng=0)[0])


def test_without_reach_the_nearest_neuron_moves_alone():
    points = tours.cities(12, 4)
    _, (start, end) = tours.ring(points, steps=2, lr=0.5, rng=0, keep=2, reach=0)
    assert (start != end).any(axis=1).sum() == 1
    with pytest.raises(ValueError, match="reach is -1"):
        tours.ring(points, reach=-1)
