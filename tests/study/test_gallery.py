"""The gallery's contest: what each network can see, the problems, and whether stored numbers come again."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.study import gallery

rng = np.random.default_rng(0)


def logits(net: nn.Module, x: np.ndarray) -> np.ndarray:
    with nn.no_grad():
        return np.asarray(net(x))


@pytest.mark.parametrize("size", [1, 3, 7])
def test_windows_are_numpy_s(size):
    x = rng.normal(size=(2, 7, 3))
    slid = np.lib.stride_tricks.sliding_window_view(x, size, axis=1)  # (2, T', 3, size)
    np.testing.assert_array_equal(gallery.windows(x, size), slid.swapaxes(2, 3).reshape(2, 8 - size, -1))


@pytest.mark.parametrize("size", [0, 8])
def test_a_window_that_does_not_fit_is_named(size):
    with pytest.raises(ValueError, match=f"windows: size is {size}, expected 1 to 7"):
        gallery.windows(np.zeros((1, 7, 1)), size)


def test_a_window_s_derivative():
    x = nn.Tensor(rng.normal(size=(2, 5, 2)), requires_grad=True)
    nn.gradcheck(lambda x: gallery.windows(x, 3), x)


def test_a_window_of_one_does_not_see_order_and_one_of_all_is_dense():
    x, order = rng.normal(size=(5, 24, 1)).astype(np.float32), rng.permutation(24)
    alone = gallery.Windowed(1, 1, 8, rng=0)
    np.testing.assert_allclose(logits(alone, x[:, order]), logits(alone, x), atol=1e-5)
    whole = gallery.Windowed(1, 24, 8, rng=0)
    h = nn.relu(whole.second(nn.relu(whole.first(x.reshape(5, 24)))))
    np.testing.assert_allclose(logits(whole, x), whole.last(nn.concatenate([h, h], axis=1)).data, atol=1e-5)


@pytest.mark.parametrize("name", gallery.NETWORKS)
def test_every_network_answers_and_has_about_the_same_size(name):
    net = gallery.NETWORKS[name](0)
    assert logits(net, rng.normal(size=(3, 24, 1)).astype(np.float32)).shape == (3, 2)
    assert 1200 <= sum(p.data.size for p in net.parameters()) <= 2000


@pytest.mark.parametrize("name", gallery.PROBLEMS)
def test_problems_are_fair_coins_and_a_seed_s_own(name):
    x, y = gallery.PROBLEMS[name](4000, 0)
    assert x.shape == (4000, 24, 1) and x.dtype == np.float32 and abs(y.mean() - 0.5) < 0.03
    again, _ = gallery.PROBLEMS[name](4000, 0)
    np.testing.assert_array_equal(x, again)


def test_what_a_set_cannot_know_and_what_clumps_share():
    x, y = gallery.motif(4000, 0)
    for part in (x.mean(axis=1), (x**2).mean(axis=1)):  # the same numbers in another order
        assert abs(part[y == 0].mean() - part[y == 1].mean()) < 0.02
    x, y = gallery.clumps(20_000, 0)
    assert np.abs(x.mean(axis=(1, 2))[y == 1].mean()) < 0.02
    for kind in (0, 1):
        np.testing.assert_allclose(x[y == kind].var(), 1, atol=0.02)


def test_memory_is_the_last_event_s_sign():
    x, y = gallery.memory(50, 0)
    for row, answer in zip(x[:, :, 0], y, strict=True):
        assert row[np.flatnonzero(row)[-1]] == 2 * answer - 1


def test_parts_are_drawn_apart_and_a_shuffle_moves_places_alone():
    drawn = gallery.parts("motif", 3)
    assert [len(y) for _, y in drawn] == [gallery.TRAIN, gallery.HELD, gallery.TEST]
    rows = np.concatenate([x[:, :, 0] for x, _ in drawn])
    assert len(np.unique(rows, axis=0)) == len(rows)
    for (x, y), (moved, same) in zip(drawn, gallery.parts("motif", 3, shuffled=True), strict=True):
        np.testing.assert_array_equal(np.sort(x, axis=1), np.sort(moved, axis=1))
        np.testing.assert_array_equal(y, same)
        assert not np.array_equal(x, moved)


def test_an_interval_is_scipy_s():
    from scipy import stats

    values = rng.normal(size=7)
    mean, half = gallery.interval(values)
    low, high = stats.t.interval(0.95, 6, values.mean(), stats.sem(values))
    np.testing.assert_allclose([mean - half, mean + half], [low, high])
    with pytest.raises(ValueError, match="interval: values has shape"):
        gallery.interval([1.0])


def test_a_grid_grows_until_its_best_lies_inside():
    best, tried = gallery.widened((1.0, 3.0), lambda value: -abs(np.log(value / 27)))
    assert best == 27 and list(tried) == ["1", "3", "9", "27", "81"]
    assert gallery.widened((1.0, 10.0), lambda value: value)[0] == 10_000  # at most three steps


def test_every_contender_is_stored_with_a_value_from_inside_its_grid():
    study = gallery.load()
    found = {(row["network"], row["problem"], row["shuffled"]) for row in study["rows"]}
    networks = {(n, p, s) for n in gallery.NETWORKS for p in gallery.PROBLEMS for s in (False, True)}
    assert found == networks | {(n, p, False) for n in ("logistic", "forest") for p in gallery.PROBLEMS}
    for row in study["rows"]:
        best = int(np.argmax(list(row["tried"].values())))
        assert row["network"] == "forest" or 0 < best < len(row["tried"]) - 1
        assert len(row["test"]) == 5
    assert study["shift"] == 0


def test_a_stored_number_comes_again():
    row = next(r for r in gallery.load()["rows"] if (r["network"], r["problem"]) == ("convolution", "motif"))
    data = gallery.parts("motif", 0)
    net = gallery.train(gallery.NETWORKS["convolution"](0), data[0], row["lr"], seed=0)
    assert gallery.score(net, data[2])[0] == pytest.approx(row["test"][0], abs=0.02)
