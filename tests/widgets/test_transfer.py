"""The transfer explorer: what is reused, what is trained, and whether it helps."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.widgets import TransferExplorer
from nnlearn.widgets.transfer import SIZES, TASKS, TRAINED, through, world


@pytest.fixture(scope="module")
def explorer():
    return TransferExplorer()


def test_the_source_knows_the_arms(explorer):
    X, arm = nn.data.spirals(400, classes=4, noise=0.03, turns=0.75, rng=5)
    assert (explorer.source(X).data.argmax(axis=-1) == arm).mean() > 0.95


def test_layers_one_after_the_other_are_the_network(explorer):
    X = np.random.default_rng(0).normal(size=(7, 2)).astype(np.float32)
    halfway = through(explorer.source, X, 0, 2)
    np.testing.assert_allclose(through(explorer.source, halfway, 2).data, explorer.source(X).data, rtol=1e-5)


def test_training_only_the_head_is_logistic_regression_on_fixed_features(explorer):
    """The same start and steps on the source's last hidden layer give the same share of right answers."""
    explorer.set(trained=TRAINED[0], task=TASKS[0], labels=10, lr=0.01, seed=7)
    X, y = explorer.labelled(10, TASKS[0], 7)
    new, answers = world(TASKS[0], 400, 1000)
    head = nn.MLP([*SIZES, 2], "tanh", rng=7).layers[-1]
    with nn.no_grad():
        X, new = (through(explorer.source, x, 0, len(SIZES) - 1) for x in (X, new))
    optimizer = nn.Adam(head.parameters(), lr=0.01)
    for _ in range(80):
        optimizer.zero_grad()
        nn.cross_entropy(head(X), y).backward()
        optimizer.step()
    right = (head(new).data.argmax(axis=-1) == answers).mean()
    assert explorer.state.reused.accuracy[-1] == pytest.approx(right, abs=0.01)


def test_more_labels_keep_those_that_were_there(explorer):
    few, many = (explorer.labelled(n, TASKS[1], 2) for n in (3, 30))
    assert {tuple(x) for x in few[0]} <= {tuple(x) for x in many[0]}
    assert np.bincount(few[1]).tolist() == [3, 3] and np.bincount(many[1]).tolist() == [30, 30]


def test_reuse_helps_most_where_the_tasks_share_their_arms(explorer):
    explorer.set(task=TASKS[0], labels=10, trained=TRAINED[0])
    state = explorer.state
    assert state.reused.accuracy[-1] > state.scratch.accuracy[-1] + 0.1
