"""The federation explorer: what it shows is what `federate` gives, and inequality and noise cost."""

import numpy as np
import pytest

from nnlearn.study import federated
from nnlearn.widgets import FederationExplorer
from nnlearn.widgets.federation import RATES


def test_the_curve_is_federate_s():
    state = FederationExplorer(clients=4, steps=5, skew=0.5).state
    train, _, new = federated.data(0)
    parts = federated.shares(train[1], 4, 0.5, 0)
    np.testing.assert_array_equal(
        state.curve, federated.federate(train, parts, new, federated.ROUNDS, 5, RATES[5])
    )


def test_shares_are_those_of_the_clients():
    state = FederationExplorer(clients=10, skew=1.0).state
    np.testing.assert_array_equal(state.shares, np.eye(10))


def test_two_clients_with_a_digit_each_know_two_digits():
    explorer = FederationExplorer(clients=2, skew=1.0)
    assert explorer.state.digits == 2 and "8 digits are with nobody" in explorer.sentence
    assert explorer.state.curve[-1] < 0.25


@pytest.mark.parametrize("worse", [{"skew": 1.0}, {"noise": 1.0}])
def test_inequality_and_noise_cost(worse):
    explorer = FederationExplorer()
    before = explorer.state.curve[-1]
    explorer.set(**worse)
    assert explorer.state.curve[-1] < before - 0.03


def test_one_step_without_noise_is_the_line_of_comparison():
    state = FederationExplorer(steps=1).state
    np.testing.assert_array_equal(state.curve, state.one_step)
