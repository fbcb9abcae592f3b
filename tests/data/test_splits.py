"""Splits keep proportions and do not leak; scaling and windows."""

import numpy as np
import pytest

from nnlearn import data


def test_split_keeps_proportions_and_does_not_leak():
    X, y = data.iris()  # two of its flowers are equal
    parts = data.split(X, y, validation=0.2, test=0.2, rng=0)
    assert [len(part[0]) for part in parts] == pytest.approx([90, 30, 30], abs=1)
    for Xp, yp in parts:
        assert np.ptp(np.bincount(yp, minlength=3)) <= 2
        for row, label in zip(Xp, yp, strict=True):
            assert label in y[(X == row).all(1)]
    for seed in range(20):
        rows = [set(map(bytes, part[0])) for part in data.split(X, y, rng=seed)]
        assert not (rows[0] & rows[1] or rows[0] & rows[2] or rows[1] & rows[2])
        assert sum(len(part[0]) for part in data.split(X, y, rng=seed)) == 150
    train, validation, test = data.split(*data.diabetes(), validation=0, test=0.5, rng=0)
    assert (len(train[0]), len(validation[0]), len(test[0])) == (221, 0, 221)


def test_standardize_measures_the_training_set_alone():
    rng = np.random.default_rng(0)
    train, test = rng.normal(5, 3, (100, 4)).astype("f"), rng.normal(9, 1, (50, 4)).astype("f")
    train[:, 3] = test[:, 3] = 7
    a, b = data.standardize(train, test)
    np.testing.assert_allclose(a.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(a.std(0), [1, 1, 1, 0], atol=1e-5)
    np.testing.assert_allclose(b[:, :3], (test - train.mean(0))[:, :3] / train.std(0)[:3], rtol=1e-5)
    assert a.dtype == np.float32 and data.standardize(train).shape == (100, 4)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, ">f4", np.uint8, np.int64])
@pytest.mark.parametrize("value", [0, 7, 0.1, 1e5, 1e-40])
def test_standardize_leaves_a_constant_feature_alone(value, dtype):
    train = np.full((1000, 2), value).astype(dtype)
    train[:, 1] = np.arange(1000) % 50
    unseen = train[:1] + np.ones(1, dtype)
    scaled, other = data.standardize(train, unseen)
    np.testing.assert_allclose(scaled[:, 0], 0, atol=1e-6 * max(1, value))
    np.testing.assert_allclose(other[:, 0], 1, rtol=2e-2)
    np.testing.assert_allclose([scaled[:, 1].mean(), scaled[:, 1].std()], [0, 1], atol=1e-5)


def test_standardize_takes_what_only_rounding_moves_as_constant():
    train = np.array([[0.1 + 0.2], [0.3], [0.3]])
    np.testing.assert_allclose(data.standardize(train, np.array([[1.3]]))[1], 1)
    with pytest.raises(ValueError, match="no examples"):
        data.standardize(train[:0])
    with pytest.raises(TypeError, match="standardize: train must be numbers"):
        data.standardize(train.astype(np.float16))


def test_windows():
    X, y = data.windows(np.arange(10), length=3, stride=2)
    np.testing.assert_array_equal(X, [[0, 1, 2], [2, 3, 4], [4, 5, 6], [6, 7, 8]])
    np.testing.assert_array_equal(y, X + 1)


BAD = [
    (lambda: data.split(np.ones((3, 2)), np.ones(4)), "X has 3 examples but y has 4"),
    (lambda: data.split(np.ones((3, 2)), np.ones(3), validation=0.6, test=0.5), "nothing to train on"),
    (lambda: data.windows(np.arange(3), 3), "3 tokens are too few"),
]


@pytest.mark.parametrize("call, message", BAD, ids=[message for _, message in BAD])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
