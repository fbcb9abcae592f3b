"""The message-passing explorer: its numbers are those of the matrix, and depth does what the chapter says."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.widgets import MessagePassingExplorer
from nnlearn.widgets.messages import GRAPHS, ROUNDS, SCALES


def test_a_round_is_a_product_with_s():
    state = MessagePassingExplorer(round=5).state
    S = nn.normalized_adjacency(nn.data.karate_club()[0], 34)
    np.testing.assert_allclose(state.history[5], S @ state.history[4], rtol=1e-5, atol=1e-7)
    assert state.history[0][[0, 33]].tolist() == [-1, 1] and not state.history[0][1:33].any()


def test_two_labels_conquer_the_club_and_lose_it_again_unless_they_come_back():
    explorer = MessagePassingExplorer(round=3)
    assert explorer.state.right[3] > 0.9
    assert explorer.state.right[ROUNDS] == 0.5
    explorer.set(back=0.1)
    assert explorer.state.right[ROUNDS] > 0.9


def test_the_limit_is_the_root_of_the_degree():
    state = MessagePassingExplorer(round=ROUNDS).state
    d = np.bincount(nn.data.karate_club()[0].ravel()) + 1
    ratio = state.history[-1] / np.sqrt(d)
    assert np.ptp(ratio) < 0.05 * abs(ratio.mean())


def test_a_mean_makes_all_alike():
    explorer = MessagePassingExplorer(scale=SCALES[1], round=ROUNDS)
    last = explorer.state.history[-1]
    assert np.ptp(last) < 0.05 * np.abs(last).max() or np.abs(last).max() < 1e-3


@pytest.mark.parametrize("graph", GRAPHS)
def test_the_known_are_the_best_linked_of_each_side(graph):
    state = MessagePassingExplorer(graph=graph, known=2).state
    assert sorted(state.y[state.known]) == [0, 0, 1, 1]
