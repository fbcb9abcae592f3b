"""Messages on graphs: each link both ways and once, their weights, a word for each mistake."""

import numpy as np
import pytest

import nnlearn as nn

TRIANGLE_WITH_A_TAIL = np.array([[0, 1], [0, 2], [1, 2], [2, 3]])
A = np.array([[0, 1, 1, 0], [1, 0, 1, 0], [1, 1, 0, 1], [0, 0, 1, 0]])


def dense(edges, n: int, **options) -> np.ndarray:
    source, target = nn.message_edges(edges, n, **options)
    M = np.zeros((n, n))
    np.add.at(M, (target, source), 1)
    return M


@pytest.mark.parametrize("loops", [True, False])
@pytest.mark.parametrize("again", [[], [[1, 0]], [[0, 1], [2, 2]], [[3, 3], [3, 2]]])
def test_each_link_both_ways_and_once(loops, again):
    edges = np.concatenate([TRIANGLE_WITH_A_TAIL, np.array(again, int).reshape(-1, 2)])
    np.testing.assert_array_equal(dense(edges, 4, self_loops=loops), A + loops * np.eye(4))


def test_messages_come_sorted_by_target():
    _, target = nn.message_edges(TRIANGLE_WITH_A_TAIL[::-1], 4)
    assert (np.diff(target) >= 0).all()


def test_weights_are_one_over_the_root_of_both_degrees():
    S, d = nn.normalized_adjacency(TRIANGLE_WITH_A_TAIL, 4), np.array([3, 3, 4, 2])
    assert S.dtype == np.float32
    np.testing.assert_allclose(S.toarray(), (A + np.eye(4)) / np.sqrt(np.outer(d, d)), rtol=1e-6)
    np.testing.assert_allclose(S @ np.sqrt(d), np.sqrt(d), rtol=1e-6)


@pytest.mark.parametrize("nothing", [[], np.zeros((0, 2), int)])
def test_without_a_link_everybody_talks_to_themselves(nothing):
    np.testing.assert_array_equal(nn.normalized_adjacency(nothing, 3).toarray(), np.eye(3))
    np.testing.assert_array_equal(
        nn.normalized_adjacency(nothing, 3, self_loops=False).toarray(), np.zeros((3, 3))
    )
    assert nn.normalized_adjacency(nothing, 0).shape == (0, 0)


def test_an_isolated_node_keeps_its_own_or_has_zeros_and_never_nan():
    with_loops = nn.normalized_adjacency([[0, 1]], 3).toarray()
    without = nn.normalized_adjacency([[0, 1]], 3, self_loops=False).toarray()
    np.testing.assert_array_equal(with_loops[2], [0, 0, 1])
    np.testing.assert_array_equal(without, [[0, 1, 0], [1, 0, 0], [0, 0, 0]])


def test_a_segment_that_hears_nothing():
    np.testing.assert_array_equal(nn.segment_sum(np.ones((2, 1)), [2, 2], 4), [[0], [0], [2], [0]])
    np.testing.assert_array_equal(nn.segment_sum(np.zeros((0, 3)), [], 2), np.zeros((2, 3)))
    assert nn.segment_softmax(np.zeros(0), [], 2).shape == (0,)


def test_softmax_of_scores_that_would_overflow():
    p = nn.segment_softmax(np.array([1e4, 1e4, -1e4, 5.0]), [1, 1, 1, 0], 2)
    np.testing.assert_array_equal(p, [0.5, 0.5, 0, 1])


def test_a_dense_matrix_does_as_well():
    x = nn.Tensor(np.arange(8.0).reshape(4, 2), requires_grad=True)
    y = nn.spmm(A + np.eye(4), x)
    np.testing.assert_array_equal(y.data, (A + np.eye(4)) @ x.data)
    nn.gradcheck(lambda x: nn.spmm(A.astype(float), x) ** 2, x.data)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: nn.message_edges([[0, 4]], 4), ValueError, "node 4, but with n = 4"),
        (lambda: nn.message_edges([[0, -1]], 4), ValueError, "node -1"),
        (lambda: nn.message_edges([[0, 1, 2]], 4), ValueError, r"\(1, 3\), expected pairs"),
        (lambda: nn.message_edges([0, 1], 4), ValueError, r"\(2,\), expected pairs"),
        (lambda: nn.normalized_adjacency([[0.0, 1.0]], 4), TypeError, "whole numbers but are float64"),
        (lambda: nn.spmm(np.eye(3), np.ones((4, 2))), ValueError, r"S \(3, 3\) and x \(4, 2\)"),
        (lambda: nn.spmm(np.eye(3), np.ones((3, 2, 2))), ValueError, "do not fit"),
        (lambda: nn.segment_sum(np.ones(3), [0, 1], 2), ValueError, r"segment is \(2,\)"),
        (lambda: nn.segment_sum(np.ones(2), [0, 2], 2), ValueError, "segment 2 is outside 0 to 1"),
        (lambda: nn.segment_sum(np.ones(2), [0, -1], 2), ValueError, "segment -1"),
        (lambda: nn.segment_softmax(np.ones(2), [0.0, 1.0], 2), TypeError, "whole numbers but is float64"),
    ],
)
def test_says_what_was_wrong(call, error, words):
    with pytest.raises(error, match=words):
        call()
