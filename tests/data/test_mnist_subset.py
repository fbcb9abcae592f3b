import numpy as np

from nnlearn import data
from nnlearn.data import mnist_subset


def test_twelve_thousand_to_train_on_and_two_to_test():
    (X, y), (X_test, y_test) = data.mnist()
    assert X.shape == (12_000, 1, 28, 28) and X_test.shape == (2_000, 1, 28, 28)
    assert X.dtype == np.float32 and y.dtype == np.int64 and y.shape == (12_000,) and y_test.shape == (2_000,)
    assert X.min() == 0 and X.max() == 1 and len(np.unique(X)) == 16
    assert np.bincount(y).min() > 1_000 and np.bincount(y_test).min() > 150
    # Every class looks as its mean does: the labels belong to the pictures.
    means = np.stack([X[y == k].mean(axis=0).ravel() for k in range(10)])
    nearest = ((X_test.reshape(2_000, 1, 784) - means) ** 2).sum(axis=-1).argmin(axis=-1)
    assert np.mean(nearest == y_test) > 0.75


def test_no_picture_is_on_both_sides():
    (X, _), (X_test, _) = data.mnist()
    assert not {x.tobytes() for x in X} & {x.tobytes() for x in X_test}


def test_made_from_the_whole_files(tmp_path, monkeypatch):
    rng = np.random.default_rng(1)
    monkeypatch.setattr(mnist_subset, "_SIZES", {"train": 5, "test": 3})
    pixels = {}
    for name, size in (("train", 9), ("t10k", 4)):
        pixels[name] = rng.integers(0, 256, (size, 784), dtype=np.uint8)
        (tmp_path / f"{name}-images-idx3-ubyte").write_bytes(bytes(16) + pixels[name].tobytes())
        (tmp_path / f"{name}-labels-idx1-ubyte").write_bytes(bytes(8) + bytes(range(size)))
    mnist_subset._make(tmp_path, tmp_path / "made.npz")
    with np.load(tmp_path / "made.npz") as made:
        assert made["test_labels"].shape == (3,)
        X, y = mnist_subset._unpack(made["train"]), made["train_labels"]
    expected = (pixels["train"][y] >> 4).reshape(-1, 1, 28, 28) / 15
    np.testing.assert_allclose(X, expected, atol=1e-7)
