"""The layout of graphs: columns, order within them, and edges that touch no other node."""

import itertools

import numpy as np
import pytest

from nnlearn.figures.layout import curve, layout

CHAIN = [[], [0], [1], [2]]
DIAMOND = [[], [0], [1], [1, 2]]
SKIPPING = [[], [], [0, 1], [2, 0], [3, 1], [4, 0]]
TWINS = [[], [0, 0], [1, 0]]


def some_graph(seed: int) -> list[list[int]]:
    rng = np.random.default_rng(seed)
    return [list(rng.integers(0, k, size=min(k, rng.integers(0, 3)))) for k in range(9)]


GRAPHS = [CHAIN, DIAMOND, SKIPPING, TWINS, *map(some_graph, range(12))]


@pytest.mark.parametrize("inputs", GRAPHS)
def test_every_node_stands_right_of_what_it_is_computed_from(inputs):
    places, bends = layout(inputs, set())
    for k, sources in enumerate(inputs):
        assert places[k, 0] == max([places[i, 0] + 1 for i in sources], default=0)
        for slot, i in enumerate(sources):
            path = np.array(bends[k, slot])
            assert np.array_equal(path[0], places[i]) and np.array_equal(path[-1], places[k])
            assert np.array_equal(path[:, 0], np.arange(places[i, 0], places[k, 0] + 1))
    assert len(bends) == sum(map(len, inputs))


@pytest.mark.parametrize("inputs", GRAPHS)
def test_nothing_in_a_column_is_nearer_than_one(inputs):
    places, bends = layout(inputs, set())
    standing = [*places, *(bend for path in bends.values() for bend in path[1:-1])]
    for a, b in itertools.combinations(standing, 2):
        assert a[0] != b[0] or abs(a[1] - b[1]) >= 1 - 1e-9


def test_a_late_node_stands_right_before_its_use():
    inputs = [[], [], [0], [2], [3, 1]]
    assert layout(inputs, set())[0][1, 0] == 0
    assert layout(inputs, {1})[0][1, 0] == 2


def test_edges_do_not_cross_where_they_need_not():
    places, _ = layout([[], [], [1], [0]], set())  # written down crosswise
    assert (places[0, 1] > places[1, 1]) == (places[3, 1] > places[2, 1])


def test_a_node_stands_at_the_mean_height_of_its_neighbours():
    places, _ = layout([[], [], [0, 1]], set())
    assert places[2, 1] == pytest.approx(places[:2, 1].mean())


def test_one_node_alone_has_a_place():
    places, bends = layout([[]], set())
    assert places.shape == (1, 2) and np.isfinite(places).all() and bends == {}


def test_a_curve_passes_every_place_level():
    path = [np.array([0.0, 0.0]), np.array([1.0, 2.0]), np.array([2.0, -1.0])]
    line = curve(path, bow=0.3)
    for place in path:
        assert np.isclose(line, place).all(axis=1).any()
    level = np.diff(curve(path), axis=0)
    slopes = level[:, 1] / np.where(level[:, 0], level[:, 0], np.inf)
    assert abs(slopes[0]) < 0.2 * abs(slopes).max() and abs(slopes[-1]) < 0.2 * abs(slopes).max()


def test_twins_bow_to_opposite_sides():
    path = [np.array([0.0, 0.0]), np.array([1.0, 0.0])]
    up, down = curve(path, 0.2), curve(path, -0.2)
    assert up[:, 1].max() == pytest.approx(0.2) and up[:, 1].min() == pytest.approx(0)
    assert np.allclose(up[:, 1], -down[:, 1])
