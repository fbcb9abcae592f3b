"""The GAN explorer: a game played twice is the same, however it is looked at; losses from their formulas."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.widgets import GANExplorer
from nnlearn.widgets.gan import CENTRES, NEAR, Game


def test_the_order_of_looking_changes_nothing():
    forth, back = GANExplorer(frame=4, seed=3), GANExplorer(frame=9, seed=3)
    back.set(frame=4)
    np.testing.assert_array_equal(forth.state.frame.samples, back.state.frame.samples)
    np.testing.assert_array_equal(forth.state.losses, back.state.losses)


def test_belief_and_samples_are_those_of_the_networks():
    game = Game("non-saturating", 1.0, 2, 0.5, 0)
    frame = game.until(3)
    with nn.no_grad():
        np.testing.assert_allclose(frame.samples, game.G(game.seen).data, rtol=1e-5, atol=1e-6)
        corner = game.D(np.array([[-3.0, -3.0]], np.float32)).data
    assert frame.belief[0, 0] == pytest.approx(1 / (1 + np.exp(-corner[0, 0])), rel=1e-4)


def test_a_mode_is_covered_with_two_samples_in_a_hundred_near_it():
    state = GANExplorer(frame=30).state
    near = [np.hypot(*(state.frame.samples - centre).T) < NEAR for centre in CENTRES]
    assert state.covered == sum(mode.mean() >= 0.02 for mode in near)


def test_the_generator_learns_the_ring():
    explorer = GANExplorer(frame=0)
    radius = [np.abs(np.linalg.norm(explorer.state.frame.samples, axis=1) - 2).mean()]
    explorer.set(frame=60)
    radius.append(np.abs(np.linalg.norm(explorer.state.frame.samples, axis=1) - 2).mean())
    assert radius[1] < 0.5 * radius[0]


def test_lines_of_noise_reach_from_end_to_end():
    for latent, lines in ((1, 1), (2, 14), (5, 14)):
        assert GANExplorer(frame=0, latent=latent).state.frame.mesh.shape == (lines, 25, 2)
