"""The loss explorer's losses and slopes against the package's; its lowest point against a direct search."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.widgets import LossExplorer
from nnlearn.widgets.loss import LOSSES, WEIGHTS, X

PACKAGE = {
    "squared error": (nn.mse_loss, 0.0),
    "absolute error": (nn.l1_loss, 0.0),
    "Huber": (lambda z, y: nn.huber_loss(z, y, 0.7), 0.0),
    "cross-entropy": (nn.binary_cross_entropy, 1.0),
    "squared error of p": (lambda z, y: nn.mse_loss(nn.sigmoid(z), y), 1.0),
    "hinge": (nn.hinge_loss, 1.0),
}


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("prediction", [-2.3, -0.4, 0.6, 3.1])
def test_loss_and_slope_are_the_packages(name, prediction):
    loss, truth = PACKAGE[name]
    z = nn.Tensor(np.array([prediction]), requires_grad=True)
    value = loss(z, np.array([truth]))
    value.backward()
    state = LossExplorer(loss=name, prediction=prediction, delta=0.7).state
    assert state.loss == pytest.approx(value.item(), abs=1e-9)
    assert state.slope == pytest.approx(z.grad[0], abs=1e-5)


def test_the_best_line_by_squares_is_least_squares():
    state = LossExplorer(loss="squared error", outlier=4.0).state
    w, b = np.polyfit(state.x, state.y, 1)
    assert state.best == pytest.approx((w, b), abs=WEIGHTS[1] - WEIGHTS[0])


def test_an_outlier_moves_squares_further_than_absolute_values():
    def shift(name):
        lines = [LossExplorer(loss=name, outlier=o).state.best for o in (0.0, 8.0)]
        return np.abs(np.subtract(*lines)).max()

    assert shift("squared error") > 0.5 > shift("absolute error")


def test_the_outlier_of_a_question_stands_far_among_the_no():
    state = LossExplorer(loss="cross-entropy", outlier=8.0).state
    moved = state.x != X
    assert moved.sum() == 1 and state.y[moved] == 1 and state.x[moved] < -2
