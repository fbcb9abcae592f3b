"""What chapter 07 loads: that it is complete, and that a part of it comes out again."""

import numpy as np
import pytest

from nnlearn.study import feedback


def test_stored_study_is_complete():
    stored = feedback.load()
    assert list(stored) == feedback.CASES
    assert all(right.shape == (2, len(feedback.RATES), len(feedback.SEEDS)) for right in stored.values())


@pytest.mark.parametrize(("kind", "layers"), [("bug", 1), ("random, W2 frozen", 1)])
def test_a_case_comes_out_again(kind, layers):
    again = feedback.train(kind, layers, seeds=[3], rates=[0.2])[:, 0, 0]
    stored = feedback.load()[kind, layers][:, feedback.RATES.index(0.2), 3]
    np.testing.assert_allclose(again, stored, atol=0.03)


def test_networks_side_by_side_are_trained_as_alone():
    together = feedback.train("right", 2, seeds=[0, 1], rates=[0.05, 0.1], steps=30)
    alone = feedback.train("right", 2, seeds=[1], rates=[0.1], steps=30)
    np.testing.assert_allclose(together[:, 1, 1], alone[:, 0, 0], atol=0.01)


def test_the_rate_is_chosen_on_the_validation_digits():
    right = np.zeros((2, len(feedback.RATES), 3))
    right[0, 2], right[1, 5], right[1, 2] = 1.0, 1.0, [0.1, 0.2, 0.3]
    rate, test = feedback.chosen(right)
    assert rate == feedback.RATES[2]
    assert test.tolist() == [0.1, 0.2, 0.3]
