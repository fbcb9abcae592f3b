"""Drawn faces hold what their numbers say, rates are counted, and the stored contest comes again."""

import numpy as np
import pytest
from scipy.stats import norm

import nnlearn as nn
from nnlearn.study import faces

rng = np.random.default_rng(0)


def drawn(who: np.ndarray, copies: int = 60) -> np.ndarray:
    """The mean of many pictures of each person."""
    return faces.photographs(who, copies, rng=1).mean(axis=(1, 2))


def test_people_are_dark_and_pale_in_the_share_asked_for():
    who = faces.people(40, dark=0.05, rng=0)
    assert who.shape == (40, len(faces.PARTS) + 1) and np.abs(who).max() <= 1
    assert ((who[:, -1] < 0) == (np.arange(40) < 2)).all() and (np.abs(who[:, -1]) >= 0.15).all()
    with pytest.raises(ValueError, match="people: dark is 2, expected a share from 0 to 1"):
        faces.people(4, dark=2)


def test_pictures_are_a_seed_s_own_and_no_two_alike():
    who = faces.people(3, rng=0)
    X = faces.photographs(who, 4, rng=1)
    assert X.shape == (3, 4, 1, 32, 32) and X.dtype == np.float32 and 0 <= X.min() < X.max() <= 1
    np.testing.assert_array_equal(X, faces.photographs(who, 4, rng=1))
    assert len(np.unique(X.reshape(12, -1), axis=0)) == 12


def test_the_tone_is_the_face_s_and_a_part_moves_what_it_names():
    who = np.zeros((4, len(faces.PARTS) + 1))
    who[:, -1] = 0.5, -0.5, 0.5, 0.5
    who[2, list(faces.PARTS).index("mouth height")] = 1
    who[3, list(faces.PARTS).index("nose width")] = 1
    pale, dark, mouth, nose = drawn(who)
    assert pale[13:20, 8:24].mean() > dark[13:20, 8:24].mean() + 0.3
    for other, rows in ((mouth, (18, 27)), (nose, (14, 22))):
        moved = np.abs(other - pale)
        where = np.average(np.arange(32), weights=moved.sum(axis=1))
        assert rows[0] < where < rows[1] and moved.max() > 0.03


def test_rates_are_those_of_two_gaussians():
    far = np.concatenate([rng.normal(0, 1, 20_000), rng.normal(2, 1, 40_000)])
    same = np.arange(60_000) < 20_000
    assert faces.equal_error_rate(far, same) == pytest.approx(norm.cdf(-1), abs=0.006)
    accepted = norm.cdf(norm.ppf(0.01) + 2)
    assert faces.true_accept_rate(far, same) == pytest.approx(accepted, abs=0.015)
    assert faces.equal_error_rate(np.array([0.0, 0, 1, 1]), np.array([True, True, False, False])) == 0


def test_pairs_are_all_pairs():
    X = rng.normal(size=(3, 2, 1, 4, 4))
    far, same = faces.pairs(lambda x: x.reshape(len(x), -1), X)
    assert len(far) == 15 and same.sum() == 3
    rows = X.reshape(6, -1)
    slow = [np.linalg.norm(rows[i] - rows[j]) for i in range(6) for j in range(i + 1, 6)]
    np.testing.assert_allclose(far, slow)
    np.testing.assert_array_equal(same, [i // 2 == j // 2 for i in range(6) for j in range(i + 1, 6)])


def test_pixels_do_not_see_brightness_and_eigenfaces_have_variance_one():
    X = faces.photographs(faces.people(20, rng=2), 4, rng=3)
    x = X.reshape(-1, 1, 32, 32)
    np.testing.assert_allclose(faces.pixels(0.5 * x + 0.2), faces.pixels(x), atol=1e-3)
    z = faces.eigenfaces(X, 6)(x)
    np.testing.assert_allclose(np.cov(z.T), np.eye(6), atol=1e-3)


def test_fisherfaces_and_networks_tell_strangers_apart_better_than_pixels():
    X, new = faces.photographs(faces.people(40, rng=4), 6, rng=5), faces.photographs(faces.people(20, rng=6), 4, rng=7)
    plain = faces.equal_error_rate(*faces.pairs(faces.pixels, new))
    linear = faces.fisherfaces(X, 0.1)
    net = faces.embedded(faces.by_prototypes(X, 0.003, steps=60))
    for way in (linear, net):
        assert faces.equal_error_rate(*faces.pairs(way, new)) < plain - 0.02
    length = np.linalg.norm(faces.by_names(X, 0.003, steps=3)(new[:, 0]), axis=1)
    np.testing.assert_allclose(length, 1, rtol=1e-4)


def test_groups_are_judged_apart():
    X = faces.photographs(faces.people(8, rng=8), 3, rng=9)
    truth = faces.people(8, rng=8)

    def way(x):  # knows everybody in the first half, nobody in the second
        name = np.repeat(np.arange(len(x) // 3), 3)[:, None] * 10.0
        return name if np.array_equal(x, X[:4].reshape(-1, 1, 32, 32)) else np.zeros((len(x), 1))

    found = faces.by_group(way, X, X)
    assert (truth[:4, -1] < 0).all() and found["dark eer"] == 0 and found["pale false"] == 1


def test_the_stored_contest_chose_from_inside_and_its_embedding_works():
    study = faces.load()
    for row in study["rows"][1:]:
        found = list(row["tried"].values())
        assert 0 < int(np.argmin(found)) < len(found) - 1, row["way"]
        assert len(row["eer"]) == len(row["accepted"]) == 5
    again = faces.equal_error_rate(*faces.pairs(faces.embedded(faces.load_embedder()), faces.faces("test", 0)))
    assert again == pytest.approx(study["rows"][-1]["eer"][0], abs=0.01)
    assert set(study["groups"]) == set(faces.MIXES) and nn.faces is faces
