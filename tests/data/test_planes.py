"""Points in the plane lie where their formulas say."""

import numpy as np
import pytest

from nnlearn import data


def test_points_in_the_plane():
    for name, classes in (("spirals", 3), ("moons", 2), ("circles", 2), ("mixture", 8)):
        X, y = getattr(data, name)(240, rng=0)
        assert X.shape == (240, 2) and X.dtype == np.float32 and y.dtype == np.int64
        assert np.bincount(y).tolist() == [240 // classes] * classes
    X, y = data.xor(1000, rng=0)
    np.testing.assert_array_equal(y, (X[:, 0] > 0) ^ (X[:, 1] > 0))
    X, y = data.plane(1000, rng=0)
    np.testing.assert_allclose(y[:, 0], X.sum(axis=1) / 2, atol=1e-6)
    X, y = data.hills(1000, rng=0)
    np.testing.assert_array_equal(y[:, 0] > 0, (X[:, 0] > 0) == (X[:, 1] > 0))
    assert 0.95 < y.max() <= 1 and -1 <= y.min() < -0.95
    X, y = data.circles(1000, noise=0, factor=0.3, rng=0)
    np.testing.assert_allclose(np.hypot(*X.T), np.where(y == 1, 0.3, 1), rtol=1e-5)
    X, y = data.mixture(80_000, radius=3, spread=0.1, rng=0)
    np.testing.assert_allclose(X[y == 2].mean(0), [0, 3], atol=0.01)
    np.testing.assert_allclose(X[y == 2].std(0), 0.1, rtol=0.05)
    X, y = data.moons(1000, noise=0, rng=0)
    np.testing.assert_allclose(np.hypot(X[y == 0, 0] + 0.5, X[y == 0, 1] + 0.25), 1, rtol=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_separable_keeps_its_margin_and_turns_labels(seed):
    touching, y = data.separable(60, margin=0.0, rng=seed)
    X, same = data.separable(60, margin=0.3, rng=seed)
    np.testing.assert_array_equal(y, same)
    assert np.bincount(y).tolist() == [30, 30]
    moved = X - touching  # each point by the margin, straight away from the line
    normal = moved[y == 1][0] / 0.3
    np.testing.assert_allclose(moved, 0.3 * (2 * y - 1)[:, None] * normal, atol=1e-6)
    assert np.ptp([(X[y == 1] @ normal).min(), (X[y == 0] @ normal).max()]) >= 0.6 - 1e-6
    turned = [data.separable(60, 0.3, share, rng=seed)[1] != y for share in (0.1, 0.5, 1.0)]
    assert [t.sum() for t in turned] == [6, 30, 60] and not (turned[0] & ~turned[1]).any()


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (dict(margin=-1), "margin is -1"),
        (dict(label_noise=1.5), "label_noise is 1.5, expected a share"),
        (dict(n=1), "n is 1"),
    ],
)
def test_separable_names_what_is_wrong(bad, message):
    with pytest.raises(ValueError, match=message):
        data.separable(**bad)


def test_bad_input():
    with pytest.raises(ValueError, match="n is 2"):
        data.spirals(2, classes=3)
