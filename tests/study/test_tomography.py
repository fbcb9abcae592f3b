"""Scans against chords and areas, ways back against their promises, lesions counted, the stored contest."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.study import tomography

rng = np.random.default_rng(0)
DISC = np.array([[(0.2, -0.1, 0.5, 0.5, 0, 2.0)]])


def test_a_disc_s_scan_is_its_chords():
    p = tomography.scan(DISC, views=6, noise=0)[0]
    s = (np.arange(tomography.BINS) + 0.5) / tomography.BINS * 2 - 1
    for view, turn in zip(p, tomography.angles(6), strict=True):
        past = s - 0.2 * np.cos(turn) + 0.1 * np.sin(turn)
        chord = 2 * 2 * np.sqrt(np.clip(0.25 - past**2, 0, None))
        inside = np.abs(past) < 0.4  # at the rim, the width of a sensor counts
        np.testing.assert_allclose(view[inside], chord[inside], rtol=0.01)


def test_every_view_of_a_head_weighs_the_same_and_as_much_as_its_picture():
    E = tomography.phantoms(3, lesions=True, rng=0)
    weights = tomography.scan(E, noise=0).sum(axis=2) * 2 / tomography.BINS
    weigh = tomography.picture(E).sum(axis=(1, 2)) * (2 / tomography.SIDE) ** 2
    np.testing.assert_allclose(weights, np.broadcast_to(weigh[:, None], weights.shape), rtol=0.01)


def test_turning_a_head_turns_its_scan():
    E = np.array([[(0, 0, 0.3, 0.7, 0, 1.0)], [(0, 0, 0.3, 0.7, 36, 1.0)]])
    straight, turned = tomography.scan(E, views=10, noise=0)
    np.testing.assert_allclose(turned[2:], straight[:-2], atol=1e-6)


def test_rays_see_what_the_formula_says():
    E = tomography.phantoms(5, rng=1)
    by_pixels = tomography.picture(E).reshape(5, -1) @ tomography.rays().T
    exact = tomography.scan(E, noise=0).reshape(5, -1)
    assert np.abs(by_pixels - exact).mean() < 0.02 * exact.mean()


def test_with_many_views_back_projection_brings_the_head_back():
    E = tomography.phantoms(5, rng=2)
    x = tomography.picture(E)
    brain = tomography.brains(E)
    few, many = (
        tomography.back_projection(9.0, views)(tomography.scan(E, views, noise=0)) for views in (15, 120)
    )
    assert np.abs(many - x)[brain].mean() < 0.7 * np.abs(few - x)[brain].mean() < 0.014
    np.testing.assert_allclose(many[brain].mean(), x[brain].mean(), rtol=0.02)


def test_a_filter_without_an_end_is_named():
    with pytest.raises(ValueError, match="ramp: cut is 0, expected above 0"):
        tomography.ramp(0)


def test_ridge_finds_a_linear_way_where_there_is_one():
    p = rng.normal(size=(900, 4, 5))
    W = rng.normal(size=(20, tomography.SIDE**2))
    x = (p.reshape(900, -1) @ W).reshape(-1, tomography.SIDE, tomography.SIDE) + 3
    np.testing.assert_allclose(tomography.ridge(p, x, 1e-9)(p[:3]), x[:3], rtol=1e-3, atol=1e-3)
    assert np.ptp(tomography.ridge(p, x, 1e9)(p[:3]), axis=0).max() < 1e-4  # all strength: the mean picture


def test_total_variation_lowers_what_it_promises_to():
    p = tomography.scan(tomography.phantoms(2, rng=3), rng=4)

    def cost(x, strength):
        misfit = (x.reshape(len(x), -1) @ tomography.rays().T - p.reshape(len(p), -1)) ** 2
        down = np.diff(x, axis=1, append=x[:, -1:])
        right = np.diff(x, axis=2, append=x[:, :, -1:])
        return misfit.sum() / 2 + strength * np.sqrt(down**2 + right**2).sum()

    best = tomography.total_variation(1e-3, steps=250)(p)
    assert best.min() >= 0
    for other in (tomography.total_variation(1e-2, steps=250)(p), tomography.total_variation(1e-4, 250)(p)):
        assert cost(best, 1e-3) < cost(other, 1e-3)
    for _ in range(5):
        near = np.maximum(best + rng.normal(0, 0.005, best.shape), 0)
        assert cost(best, 1e-3) < cost(near, 1e-3)


def test_a_fresh_network_adds_nothing_and_a_trained_one_helps():
    data, first = tomography.heads(40, False, (0,)), tomography.back_projection(1.4)
    before = tomography.cleaned(tomography.Cleaner(rng=0), first)(data.p)
    np.testing.assert_array_equal(before, first(data.p))
    after = tomography.cleaned(tomography.train(data, first, 0.01, steps=40), first)(data.p)
    assert tomography.rmse(after, data.x) < 0.8 * tomography.rmse(before, data.x)


def test_lesions_are_where_they_are_said_to_be():
    E = tomography.phantoms(40, lesions=True, rng=5)
    x, without = tomography.picture(E), tomography.picture(tomography.with_lesion(E, 0))
    d = x - without
    assert (d >= -1e-6).all() and np.allclose(d.max(axis=(1, 2)), tomography.LESION, atol=1e-5)
    assert (tomography.phantoms(3, rng=5)[:, -1, 5] == 0).all()
    half = tomography.heads(6, True, (1,)).x - tomography.heads(6, False, (1,)).x
    assert (np.abs(half).max(axis=(1, 2)) > 0.1).tolist() == [False, True] * 3


def test_the_share_of_a_lesion_is_one_for_the_truth_and_linear_in_what_arrives():
    E = tomography.phantoms(4, lesions=True, rng=6)
    x, without = tomography.picture(E), tomography.picture(tomography.with_lesion(E, 0))
    found = without + 0.3 * (x - without)
    np.testing.assert_allclose(tomography.share(found, without, x, without), 0.3, rtol=1e-5)
    np.testing.assert_allclose(tomography.share(x + 0.1, without + 0.1, x, without), 1, rtol=1e-4)
    with pytest.raises(ValueError, match="share: 4 of 4 pairs do not differ"):
        tomography.share(x, x, x, x)


def test_a_spot_is_seen_at_its_place_and_a_flat_error_is_none():
    error = np.zeros((1, 48, 48))
    assert np.abs(tomography.spots(error + 1)[:, 8:-8, 8:-8]).max() < 1e-5
    one = tomography.picture(np.array([[(0.25, 0.5, 0.08, 0.08, 0, tomography.LESION)]]))
    seen = tomography.spots(one)[0]
    row, column = np.unravel_index(seen.argmax(), seen.shape)
    assert (row, column) == (12, 30) and seen.max() == pytest.approx(1, abs=1e-5)


def test_the_stored_contest_chose_from_inside_and_its_networks_work():
    rows = {row["way"]: row for row in tomography.load()["rows"]}
    for row in rows.values():
        found = list(row["tried"].values())
        assert row["way"] == "network, longer" or 0 < int(np.argmin(found)) < len(found) - 1
        assert all(len(row[what]) == 5 for what in ("rmse", "share", "invented", "shepp_logan"))
    E = tomography.phantoms(100, True, np.random.default_rng((0, 2)))
    first = tomography.back_projection(rows["back-projection"]["chosen"])
    kinds = {"no lesions": (False, False), "lesions": (True, False), "longer": (False, True)}
    for name, kind in ((f"network, {name}", kind) for name, kind in kinds.items()):
        again = tomography.judged(tomography.cleaned(tomography.load_cleaner(*kind), first), E, (0, 3))
        assert again["rmse"] == pytest.approx(rows[name]["rmse"][0], rel=0.02)
        assert again["share"] == pytest.approx(rows[name]["share"][0], abs=0.02)
    assert rows["network, longer"]["chosen"] == rows["network, no lesions"]["chosen"]
    with pytest.raises(ValueError, match="longer is True with lesions"):
        tomography.load_cleaner(True, longer=True)
    assert nn.tomography is tomography
