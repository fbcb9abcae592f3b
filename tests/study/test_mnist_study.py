"""What chapter 12 loads: that it is complete, and that a part of it comes out again."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.study import mnist_study


def test_stored_study_is_complete():
    study = mnist_study.load()
    cases = {(row["model"], row["size"], row["permuted"]) for row in study["digits"]}
    assert len(cases) == len(study["digits"]) == len(mnist_study.MODELS) * (len(mnist_study.SIZES) + 1)
    assert [row["kind"] for row in study["depth"]] == list(mnist_study.BLOCKS)
    assert [row["kind"] for row in study["places"]] == list(mnist_study.PLACES)
    assert all(np.shape(row["moved"]) == (len(mnist_study.SEEDS), 3) for row in study["places"])
    for row in [*study["digits"], *study["depth"]]:
        assert len(row.get("test", row.get("loss"))) == len(mnist_study.SEEDS)
        rates = mnist_study.RATES if "test" in row else mnist_study.DEEP_RATES
        assert len(row["tried"]) == len(rates) and row["lr"] in rates


def test_a_stored_row_comes_out_again():
    row = next(r for r in mnist_study.load()["digits"] if r["model"] == "MLP 11" and r["size"] == 500)
    again = mnist_study.learn("MLP 11", 500, seed=0, lr=row["lr"])["test"]
    assert again == pytest.approx(row["test"][0], abs=0.01)


@pytest.mark.parametrize("kind", ["skips", "plain, starts as a copy"])
def test_networks_that_start_shallow_do(kind):
    deep, shallow = mnist_study.deep(kind, 16, seed=0), mnist_study.deep(kind, 0, seed=0)
    shallow[0].W.data, shallow[-1].W.data = deep[0].W.data, deep[-1].W.data
    x = nn.data.digits(images=True)[0][:20]
    np.testing.assert_allclose(deep(x).data, shallow(x).data, atol=1e-5)


def test_a_plain_block_has_no_way_around():
    x = np.ones((1, 8, 4, 4))
    block = mnist_study.Block(8, "plain", rng=0)
    block.second.W.data[...] = 0
    assert np.array_equal(block(x).data, np.zeros_like(x))


def test_a_moved_row_comes_out_again():
    row = next(r for r in mnist_study.load()["places"] if r["kind"] == "ConvNet, global")
    assert mnist_study.read_moved("ConvNet, global", 0)[0] == pytest.approx(row["moved"][0], abs=0.1)


def test_a_gradient_comes_out_again():
    row = next(r for r in mnist_study.load()["depth"] if r["kind"] == "skips")
    gradient, loss = mnist_study.learn_deep("skips", 0, row["lr"])
    assert gradient == pytest.approx(row["gradient"][0], rel=1e-2)
    assert loss == pytest.approx(row["loss"][0], abs=0.05)


def test_jitter_moves_and_loses_nothing_in_the_middle():
    x = np.zeros((50, 1, 28, 28), np.float32)
    x[:, 0, 14, 14] = 1
    there = np.argwhere(mnist_study.jitter(x, 2, np.random.default_rng(0))[:, 0])
    assert len(there) == 50 and abs(there[:, 1:] - 14).max() == 2
