"""What chapter 11 loads: that it is complete, and that a part of it comes out again."""

import numpy as np
import pytest

from nnlearn.study import regularisers


def test_stored_study_is_complete():
    stored = regularisers.load()
    assert list(stored) == list(regularisers.EXAMS)
    for kind in regularisers.EXAMS[:2]:
        assert list(stored[kind]) == [*regularisers.TRIES, *regularisers.RIVALS]
    assert list(stored["MNIST, moved"]) == ["nothing", "shifts"]
    for contenders in stored.values():
        for name, values in contenders.items():
            assert values.shape == (len(regularisers.SEEDS), 3 if name in regularisers.TRIES else 1, 2)


@pytest.mark.parametrize("name", regularisers.RIVALS)
def test_a_simple_rival_comes_out_again(name):
    again = regularisers.rival(regularisers.exam("digits", 0), 0, name)
    np.testing.assert_allclose(again, regularisers.load()["digits"][name][0, 0], atol=0.005)


def test_a_network_comes_out_again():
    again = regularisers.judged(regularisers.exam("digits", 1), 1, regularisers.TRIES["nothing"])
    np.testing.assert_allclose(again, regularisers.load()["digits"]["nothing"][1], atol=0.08)


def test_exams_share_no_picture():
    parts = [regularisers.exam("digits", k) for k in (0, 1)]
    pictures = [part[0] for part in parts[0]] + [parts[1][0][0]]
    seen = {row.tobytes() for rows in pictures for row in rows}
    assert len(seen) >= sum(len(rows) for rows in pictures) - 1  # the small digits hold no twins


def test_twenty_labels_are_wrong():
    order = np.arange(1400)
    X, labels = np.zeros((1400, 64)), np.arange(1400) % 10
    (_, y), _, _ = regularisers.noisy_exam(X, labels, order, 2)
    assert (y != labels[200:300]).sum() == 20


def test_pooled_moves_the_picture():
    X = np.zeros((1, 1, 28, 28), np.float32)
    X[0, 0, 14, 14] = 9
    assert np.argwhere(regularisers.pooled(X).reshape(8, 8)).tolist() == [[4, 4]]
    assert np.argwhere(regularisers.pooled(X, np.array([[-3, 3]])).reshape(8, 8)).tolist() == [[5, 3]]
