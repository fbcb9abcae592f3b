"""Faces drawn as promised, error rates by hand, ways to compare, the stored contest."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.study import faces

rng = np.random.default_rng(0)


def test_people_have_the_share_that_was_asked_for():
    who = faces.people(40, 0.25, rng=0)
    assert who.shape == (40, len(faces.PARTS) + 1) and np.abs(who[:, :-1]).max() <= 1
    low, high = faces.TONES["darker"]
    assert ((who[:10, -1] >= low) & (who[:10, -1] <= high)).all()
    assert (who[10:, -1] >= faces.TONES["lighter"][0]).all()
    with pytest.raises(ValueError, match="people: darker is 2, expected a share"):
        faces.people(3, 2)


def test_photographs_are_pictures_of_their_people():
    who = faces.people(6, rng=1)
    x = faces.photographs(who, 4, rng=2)
    assert x.shape == (6, 4, 1, 32, 32) and x.dtype == np.float32 and 0 <= x.min() < x.max() <= 1
    np.testing.assert_array_equal(x, faces.photographs(who, 4, rng=2))
    middle = x[..., 12:20, 12:20].mean(axis=(1, 2, 3, 4))
    assert middle[:3].max() < middle[3:].min()  # darker skin sends back less light


def test_a_part_changes_the_picture_where_it_lies():
    who = faces.people(1, rng=3)
    who[0, list(faces.PARTS).index("mole")] = -1
    other = who.copy()
    other[0, list(faces.PARTS).index("lip shade")] *= -1
    change = np.abs(
        faces.photographs(who, 1, rng=4, aligned=True) - faces.photographs(other, 1, rng=4, aligned=True)
    )[0, 0, 0]
    assert change[18:26].sum() > 0.9 * change.sum() > 0.1


def test_aligned_faces_differ_less():
    who = faces.people(1, 0, rng=5)
    spread = [
        faces.photographs(who, 40, rng=6, aligned=aligned)[0].std(axis=0).mean() for aligned in (False, True)
    ]
    assert spread[1] < spread[0]


def test_error_rates_by_hand():
    far = np.array([1.0, 2.0, 3.0, 4.0, 1.5, 5.0, 6.0, 7.0])
    same = np.array([True] * 4 + [False] * 4)
    assert faces.equal_error_rate(far, same) == pytest.approx(0.25)
    assert faces.true_accept_rate(far, same, 0.0) == pytest.approx(0.25)
    assert faces.true_accept_rate(far, same, 0.25) == pytest.approx(1)
    chance = rng.random(20_000)
    assert faces.equal_error_rate(chance, rng.random(20_000) < 0.5) == pytest.approx(0.5, abs=0.02)


def test_every_pair_is_counted_once():
    X = rng.normal(size=(3, 2, 1, 4, 4))
    far, same = faces.pairs(lambda x: x.reshape(len(x), -1), X)
    assert len(far) == 15 and same.sum() == 3
    assert far[0] == pytest.approx(np.linalg.norm(X[0, 0] - X[0, 1])) and same[0]


def test_pixels_do_not_see_how_bright_a_picture_is():
    x = rng.random((3, 1, 8, 8))
    np.testing.assert_allclose(faces.pixels(0.5 * x + 0.2), faces.pixels(x), atol=1e-4)


def test_fisherfaces_find_what_people_differ_in_and_eigenfaces_what_is_large():
    who = rng.normal(size=(40, 1, 64))
    who[..., 4:] = 0  # people differ in four pixels, pictures of one much more in four others
    X = who.repeat(6, axis=1) + 0.02 * rng.normal(size=(40, 6, 64))
    X[..., 8:12] += 2 * rng.normal(size=(40, 6, 4))
    X[..., 30:] += np.where(np.arange(34) % 2, 6, -6)  # so that mean and spread of a picture hardly change
    X = X.reshape(40, 6, 1, 8, 8)
    rates = [faces.equal_error_rate(*faces.pairs(make(X[:30], 12), X[30:]))
             for make in (faces.fisherfaces, faces.eigenfaces)]  # fmt: skip
    assert rates[0] < 0.1 and rates[0] < rates[1] / 2


def test_a_short_training_separates_new_people_better_than_none():
    X, test = (faces.faces(part, 7) for part in ("train", "test"))
    before, after = (
        faces.equal_error_rate(*faces.pairs(faces.embedded(net), test))
        for net in (faces.embedder(7), faces.by_prototypes(X, 0.003, 7, steps=40))
    )
    assert after < before - 0.08
    named = faces.by_names(X, 0.003, 7, steps=2)(test[:2, 0])
    np.testing.assert_allclose((named**2).sum(axis=1), 1, rtol=1e-4)


def test_groups_are_judged_at_one_threshold():
    found = faces.by_group(faces.pixels, faces.faces("test", 8), faces.faces("held", 8))
    assert set(found) == {f"{group} {what}" for group in ("darker", "lighter") for what in ("eer", "false")}
    assert all(0 <= value <= 1 for value in found.values())


def test_the_stored_contest_chose_from_inside_and_its_network_works():
    study = faces.load()
    rows = {row["way"]: row for row in study["rows"]}
    for row in rows.values():
        found = list(row["tried"].values())
        assert not found or 0 < int(np.argmin(found)) < len(found) - 1
        assert len(row["eer"]) == len(row["accepted"]) == 5
    assert set(study["groups"]) == set(faces.MIXES)
    again = faces.pairs(faces.embedded(faces.load_embedder()), faces.faces("test", 0))
    assert faces.equal_error_rate(*again) == pytest.approx(rows["prototypes"]["eer"][0], abs=0.01)
    assert nn.faces is faces
