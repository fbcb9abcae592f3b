"""The search explorer: it finds what the strategy finds, and says where it looked."""

import numpy as np
import pytest

from nnlearn.study.architectures import STRATEGIES, Search, load
from nnlearn.widgets import SearchExplorer
from nnlearn.widgets.search import SEEN


@pytest.mark.parametrize("name", STRATEGIES)
def test_finds_what_the_strategy_finds(name):
    state = SearchExplorer(strategy=name, budget=320, seed=7).state
    assert state.found == STRATEGIES[name](Search(load(), 7), 320)


def test_a_search_on_the_test_believes_its_test_score():
    explorer = SearchExplorer(budget=1200, seed=3)
    honest = explorer.sentence
    explorer.set(seen=SEEN[1])
    search = explorer.state.search
    np.testing.assert_array_equal(search.validation, search.test)
    assert "on which it searched" in explorer.sentence and "on which it searched" not in honest


def test_the_path_ends_at_what_was_found():
    state = SearchExplorer(strategy="evolution", budget=640, seed=1).state
    spent, believed, fresh = state.path
    assert (np.diff(spent) >= 0).all() and (np.diff(believed) >= 0).all() and spent[-1] == state.search.spent
    assert believed[-1] == state.search.validation[state.found, -1]
    assert fresh[-1] == state.search.fresh[state.found, -1]
