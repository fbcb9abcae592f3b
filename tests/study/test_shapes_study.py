"""The comparisons of chapter 21: what is compared with what, and whether the stored numbers come again."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.study import shapes_study


def test_shuffled_patches_are_the_same_patches():
    x = np.random.default_rng(0).normal(size=(3, 2, 6, 9))
    order = np.random.default_rng(1).permutation(6)
    moved = shapes_study.shuffle_patches(x, 3, order)
    np.testing.assert_array_equal(nn.patches(moved, 3), nn.patches(x, 3)[:, order])
    np.testing.assert_array_equal(shapes_study.shuffle_patches(moved, 3, np.argsort(order)), x)


def test_parts_share_no_picture():
    (X, _), (held, _), (T, _) = shapes_study.pictures(0)
    rows = np.concatenate([part.reshape(len(part), -1) for part in (X, held, T)])
    assert rows.shape == (12_000, 784) and len(np.unique(rows, axis=0)) > 11_990


def test_without_places_no_weight_of_them_is_left():
    net = shapes_study.without_places(0)
    assert not np.asarray(net.positions).any()
    assert not any(p is net.positions for p in net.parameters())


def test_turned_by_nothing_is_unchanged():
    X = np.random.default_rng(0).random((4, 1, 8, 8)).astype(np.float32)
    np.testing.assert_allclose(shapes_study.turned(X, np.zeros(4)), X, atol=1e-6)
    quarter = shapes_study.turned(X, np.full(4, 90.0))
    np.testing.assert_allclose(quarter[:, 0], np.rot90(X[:, 0], axes=(1, 2)), atol=1e-5)


def test_every_contender_is_stored_with_five_seeds():
    study = shapes_study.load()
    sizes = {(row["model"], row["size"]) for row in study["pictures"]}
    assert sizes == {(name, size) for name in shapes_study.PICTURE_MODELS for size in shapes_study.SIZES}
    assert [row["model"] for row in study["capsules"]] == list(shapes_study.CAPSULE_MODELS)
    assert study["shift"] == 0 and all(
        len(row["test"]) == 5 for part in ("pictures", "longer", "capsules") for row in study[part]
    )
    assert {(row["size"], row["steps"]) for row in study["longer"]} == {(8000, shapes_study.LONG)}
    for row in (*study["pictures"], *study["longer"], *study["capsules"]):
        assert row["lr"] == shapes_study.RATES[int(np.argmax(row["tried"]))]


@pytest.mark.parametrize("name", ["MLP"])
def test_a_stored_number_comes_again(name):
    row = next(r for r in shapes_study.load()["pictures"] if (r["model"], r["size"]) == (name, 500))
    net, data = shapes_study.train_pictures(name, 500, 0, row["lr"])
    assert shapes_study.score(net, data[2]) == pytest.approx(row["test"][0], abs=0.02)
