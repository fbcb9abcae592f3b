"""The diffusion explorer: noise first, the digit asked for last, whatever the order of looking."""

import numpy as np

from nnlearn.widgets import DiffusionExplorer


def test_noise_first_and_a_digit_last():
    explorer = DiffusionExplorer(step=0, digit=0)
    assert explorer.state.left == 100 and 0.7 < explorer.state.picture.std() < 1.3
    explorer.set(step=100)
    assert explorer.state.left == 0 and explorer.state.read == 0
    np.testing.assert_array_equal(explorer.state.picture, explorer.state.belief)


def test_the_order_of_looking_changes_nothing():
    forth, back = DiffusionExplorer(step=40, seed=2), DiffusionExplorer(step=90, seed=2)
    back.set(step=40)
    np.testing.assert_array_equal(forth.state.picture, back.state.picture)
