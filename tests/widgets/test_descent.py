"""The descent explorer's paths against `nn.gradient_descent` and the limit of its learning rate."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.widgets import DescentExplorer
from nnlearn.widgets.descent import N


def test_whole_batches_follow_the_slope_of_the_squared_error():
    state = DescentExplorer(mean=2.0, lr=0.05, steps=25).state
    X = np.column_stack([state.x, np.ones(N)])
    path = nn.gradient_descent(lambda w: 2 * X.T @ (X @ w - state.y) / N, np.zeros(2), 0.05, 25)
    np.testing.assert_allclose(state.path, path, rtol=1e-5)
    np.testing.assert_allclose(state.losses, ((path @ X.T - state.y) ** 2).mean(axis=1), rtol=1e-5)


def test_whole_batches_follow_the_slope_of_the_cross_entropy():
    state = DescentExplorer(task="yes or no", lr=1.0, steps=25).state
    X = np.column_stack([state.x, np.ones(N)])
    path = nn.gradient_descent(lambda w: X.T @ (1 / (1 + np.exp(-X @ w)) - state.y) / N, np.zeros(2), 1.0, 25)
    np.testing.assert_allclose(state.path, path)
    assert set(state.y) == {0, 1}


@pytest.mark.parametrize("mean", [0.0, 2.0, 4.0])
def test_it_runs_away_where_theory_says(mean):
    X = np.column_stack([DescentExplorer(mean=mean).state.x, np.ones(N)])
    limit = 1 / np.linalg.eigvalsh(X.T @ X / N)[-1]
    explorer = DescentExplorer(mean=mean, steps=200)
    rates = np.array([1e-3, 0.01, 0.1, 1.0, 10.0])
    assert rates[0] < 0.9 * limit and rates[-1] > 1.5 * limit
    for rate in rates[rates < 0.9 * limit]:
        explorer.set(lr=rate)
        assert explorer.state.losses[-1] < explorer.state.losses[0] and not explorer.state.left
    for rate in rates[rates > 1.5 * limit]:
        explorer.set(lr=rate)
        assert explorer.state.left and len(explorer.state.path) < 201 and "run away" in explorer.sentence


def test_small_batches_hover_and_whole_batches_settle():
    def wander(batch):
        path = DescentExplorer(batch=batch, steps=200, lr=0.1).state.path[-50:]
        return np.ptp(path, axis=0).max()

    assert wander(1) > 10 * wander(N)


def test_separable_classes_drive_the_weight_on():
    weights = [
        DescentExplorer(task="yes or no", noise=0.0, lr=1.0, steps=k).state.path[-1, 0]
        for k in (20, 100, 200)
    ]
    assert weights[0] < 0.8 * weights[1] and weights[1] < 0.95 * weights[2]


def test_the_seed_counts_only_where_batches_are_drawn():
    explorer = DescentExplorer()
    assert explorer.controls["seed"].disabled
    explorer.set(batch=4)
    assert not explorer.controls["seed"].disabled
    before = explorer.state.path
    explorer.set(seed=1)
    assert not np.allclose(before, explorer.state.path)
