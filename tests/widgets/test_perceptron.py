import numpy as np
import pytest

from nnlearn.widgets import PerceptronPlayground


@pytest.mark.parametrize(
    "values", [{}, {"lr": 0.1, "start": 3}, {"noise": 0.1, "margin": 0.01}, {"scale": 100.0}]
)
@pytest.mark.parametrize("k", [1, 2, 5])
def test_shows_the_correction_it_speaks_of(values, k):
    explorer = PerceptronPlayground(**values, update=k)
    run, lr = explorer.state.run, explorer.controls["lr"].value
    assert explorer.state.update == k <= len(run.missed)
    point, t = np.array(explorer.missed.xy), np.sign(run.B[k] - run.B[k - 1])
    np.testing.assert_allclose(np.ravel(explorer.ring.get_data()), point)
    np.testing.assert_allclose(run.W[k] - run.W[k - 1], lr * t * point)
    assert t * (run.W[k - 1] @ point + run.B[k - 1]) <= 0  # it was missed
    before, after, change = explorer.arrows
    np.testing.assert_allclose([before.xy, after.xy], run.W[k - 1 : k + 1])
    np.testing.assert_allclose([change.get_position(), change.xy], run.W[k - 1 : k + 1])
    assert f"Correction {k}:" in explorer.sentence and ("added to" in explorer.sentence) == (t > 0)


@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_boundaries_are_where_the_sum_is_zero(scale):
    explorer = PerceptronPlayground(scale=scale, update=4)
    run = explorer.state.run
    for line, k in ((explorer.before, 3), (explorer.after, 4)):
        ends = np.transpose(line.get_data())
        size = np.abs(ends) @ np.abs(run.W[k])
        np.testing.assert_allclose((ends @ run.W[k] + run.B[k]) / size, 0, atol=1e-12)


def test_steps_past_the_end_stay_at_the_end():
    explorer = PerceptronPlayground(update=100)
    assert explorer.state.run.converged and explorer.state.update == len(explorer.state.run.missed) < 100


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({}, "; the bound is "),
        ({"start": 5}, "the bound holds for starts at zero"),
        ({"noise": 0.3}, "no boundary separates"),
        ({"update": 0}, "Before the first correction"),
    ],
)
def test_says_what_holds(values, says):
    assert says in PerceptronPlayground(**values).sentence


def test_learning_rate_changes_no_mistake_from_zero_weights():
    missed = [PerceptronPlayground(lr=lr).state.run.missed.tolist() for lr in (0.01, 1, 100)]
    assert missed[0] == missed[1] == missed[2]
