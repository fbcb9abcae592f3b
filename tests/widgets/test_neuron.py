import numpy as np
import pytest

from nnlearn.widgets import NeuronExplorer
from nnlearn.widgets.neuron import half_plane


@pytest.mark.parametrize("b", [-2.0, -1.1, -1.0, -0.1, 0.0, 0.7])
def test_cell_fires_where_the_unit_does(b):
    """Also exactly at the threshold, where b outweighs the inputs to the last digit."""
    explorer = NeuronExplorer(b=b, x1=0.7, x2=0.3)
    fires = explorer.state["rate"] > 0
    assert fires == explorer.state["a"] == (b > -1)
    np.testing.assert_array_equal(explorer.state["corner_rates"] > 0, explorer.state["corner_a"] > 0)
    seldom = explorer.state["rate"] <= 20  # it may need longer than is shown
    assert seldom or len(explorer.state["spikes"]) > 1


@pytest.mark.parametrize(
    ("w1", "w2", "b", "gate"),
    [
        (1, 1, -1.5, "AND"),
        (1, 1, -0.5, "OR"),
        (-1, -1, 1.5, "NAND"),
        (0, -1, 0.5, "not x₂"),
        (0, 0, 0, "always 0"),
    ],
)
def test_names_the_gate(w1, w2, b, gate):
    assert NeuronExplorer(w1=w1, w2=w2, b=b).sentence.endswith(f"the gate {gate}.")


@pytest.mark.parametrize("seed", range(5))
def test_half_plane_is_where_the_sum_is_positive(seed):
    rng = np.random.default_rng(seed)
    w, b = rng.normal(size=2), 0.3 * rng.normal()
    x, y = half_plane(w, b, -1, 1).T
    area = abs(x @ np.roll(y, 1) - y @ np.roll(x, 1)) / 2
    points = rng.uniform(-1, 1, (20_000, 2))
    assert area / 4 == pytest.approx((points @ w + b > 0).mean(), abs=0.02)
