"""Bundled sets are what scikit-learn and Python bring."""

import numpy as np
import pytest
from sklearn import datasets

from nnlearn import data

TABLES = {"iris": (150, 4), "wine": (178, 13), "breast_cancer": (569, 30)}


@pytest.mark.parametrize("name, shape", TABLES.items())
def test_bundled_tables(name, shape):
    X, y = getattr(data, name)()
    bunch = getattr(datasets, f"load_{name}")()
    assert X.shape == shape and X.dtype == np.float32 and y.dtype == np.int64
    np.testing.assert_allclose(X, bunch.data, rtol=1e-6)
    np.testing.assert_array_equal(y, bunch.target)
    features, classes = data.names(name)
    assert len(features) == shape[1] and len(classes) == y.max() + 1


def test_other_bundled_sets():
    X, y = data.diabetes()
    assert X.shape == (442, 10) and y.dtype == np.float32
    assert X[:, 0].min() == 19 and X[:, 0].max() == 79  # years
    assert data.names("diabetes")[1] == []
    flat, y = data.digits()
    images, _ = data.digits(images=True)
    assert flat.shape == (1797, 64) and images.shape == (1797, 1, 8, 8) and flat.min() == 0
    assert flat.max() == 1
    np.testing.assert_array_equal(images[7].ravel(), flat[7])
    photographs = data.photographs()
    assert photographs.shape == (2, 3, 427, 640) and photographs.dtype == np.float32
    temple = datasets.load_sample_image("china.jpg")
    np.testing.assert_allclose(photographs[0, 2, 10, 20] * 255, temple[10, 20, 2])


def test_bad_input():
    with pytest.raises(ValueError, match="expected one of iris"):
        data.names("mnist")
