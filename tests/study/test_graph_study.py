import numpy as np
import pytest

import nnlearn as nn
from nnlearn.study import graph_study

ROW = nn.normalized_adjacency(np.column_stack([np.arange(4), np.arange(1, 5)]), 5)


def test_few_labels_share_out_all_nodes_and_no_node_twice():
    y = np.random.default_rng(0).integers(0, 3, 60)
    train, choose, test = graph_study.few_labels(y, 4, 2, 1)
    assert (np.bincount(y[train]) == 4).all() and (np.bincount(y[choose]) == 2).all()
    assert sorted([*train, *choose, *test]) == list(range(60))


def test_labels_reach_as_far_as_there_are_rounds():
    for rounds in range(5):
        Z = graph_study.label_propagation(ROW, [0], [1], 2, rounds=rounds)
        assert (Z[:, 1] > 0).tolist() == [k <= rounds for k in range(5)] and not Z[:, 0].any()


def test_many_rounds_reach_the_closed_form():
    Y = np.eye(5)[:, [0, 4]]
    Z = graph_study.label_propagation(ROW, [0, 4], [0, 1], 2, alpha=0.9, rounds=500)
    np.testing.assert_allclose(Z, 0.1 * np.linalg.solve(np.eye(5) - 0.9 * ROW.toarray(), Y), rtol=1e-5)


def test_a_dictionary_has_one_answer_for_each_key():
    X, source, target, ask, value = graph_study.lookup_task(4, 3, 0)
    assert X.shape == (24, 9) and (X.sum(axis=1) == 2).all() and len(source) == 3 * 16
    for who, found in zip(ask, value, strict=True):
        holders = source[target == who]
        match = holders[(X[holders, :4] == X[who, :4]).all(axis=1)]
        assert X[who, 8] == 1 and X[match, 4:8].argmax() == found and len(match) == 1
        assert holders.min() // 8 == holders.max() // 8 == who // 8


def test_spread_is_0_for_nodes_alike_and_1_without_a_common_part():
    assert graph_study.spread(np.ones((5, 3))) == 0 == graph_study.spread(np.zeros((5, 3)))
    assert graph_study.spread(np.array([[1.0], [-1.0]])) == pytest.approx(1)


def test_linked_packages_are_near_each_other_on_the_map():
    places, (X, edges, *_) = graph_study.package_map(), nn.data.package_graph()
    assert places.shape == (len(X), 2) and places.min() >= 0 and places.max() <= 1
    near = np.linalg.norm(places[edges[:, 0]] - places[edges[:, 1]], axis=1)
    anyone = np.linalg.norm(
        places[edges[:, 0]] - places[np.random.default_rng(0).permutation(edges[:, 1])], axis=1
    )
    assert np.median(near) < 0.1 * np.median(anyone)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: graph_study.few_labels(np.array([0, 0, 0, 1, 1]), 1, 1), "none is left"),
        (lambda: graph_study.label_propagation(ROW, [0], [2], 2), "from 2 to 2, expected 0 to 1"),
        (lambda: graph_study.label_propagation(ROW, [0], [-1], 2), "from -1"),
        (lambda: graph_study.label_propagation(ROW, [0, 1], [0], 2), r"known \(2,\) and labels \(1,\)"),
        (lambda: graph_study.label_propagation(ROW, [0], [0], 2, alpha=1.5), "alpha is 1.5"),
    ],
)
def test_says_what_was_wrong(call, words):
    with pytest.raises(ValueError, match=words):
        call()
