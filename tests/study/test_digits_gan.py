import numpy as np
import pytest

import nnlearn as nn
from nnlearn.study import digits_gan
from tests.support.reference import torch


def test_pixel_shuffle_is_that_of_torch():
    x = np.random.default_rng(0).normal(size=(2, 12, 3, 5))
    ours = digits_gan.pixel_shuffle(nn.Tensor(x)).numpy()
    np.testing.assert_array_equal(ours, torch.nn.functional.pixel_shuffle(torch.tensor(x), 2).numpy())


def test_random_slope_is_on_average_r1():
    w, x = np.array([[3.0], [-4.0]]), np.ones((1, 2))
    near = x + digits_gan.STEP * np.random.default_rng(0).normal(size=(20000, 2))
    assert digits_gan.random_slope(x @ w, near @ w) == pytest.approx(12.5, rel=0.05)


def test_distance_of_two_bell_curves_and_of_rotated_ones():
    rng = np.random.default_rng(0)
    a = rng.normal(size=(500, 3)) * [1, 2, 3]
    assert digits_gan.frechet_distance(a, a) == pytest.approx(0, abs=1e-9)
    assert digits_gan.frechet_distance(a, a + np.array([3, 0, 4])) == pytest.approx(25)
    one, two = rng.normal(size=(50, 1)), 3 * rng.normal(size=(40, 1))  # in one dimension (σ − τ)² + (μ − ν)²
    expected = (one.std(ddof=1) - two.std(ddof=1)) ** 2 + (one.mean() - two.mean()) ** 2
    assert digits_gan.frechet_distance(one, two) == pytest.approx(expected)


def test_what_is_stored_makes_the_digits_asked_for():
    (test_images, test_labels) = nn.data.mnist()[1]
    judge = digits_gan.load_judge()
    with nn.no_grad():
        assert (judge(test_images).numpy().argmax(axis=1) == test_labels).mean() > 0.96
    scores = digits_gan.score(digits_gan.load_generator(), judge, test_images, size=500)
    assert scores["as_asked"] > 0.85
    assert scores["distance"] < 0.3


def test_a_short_game_moves_towards_the_pictures():
    images, labels = nn.data.mnist()[0]
    few = digits_gan.play(images[:200], labels[:200], rounds=30, rng=0)
    with nn.no_grad():
        made = few(np.zeros((2, digits_gan.LATENT), np.float32), np.array([1, 7])).numpy()
        raw = digits_gan.DigitGenerator(0).eval()(
            np.zeros((2, digits_gan.LATENT), np.float32), np.array([1, 7])
        )
    assert made.shape == (2, 1, 28, 28)
    assert abs(made.mean() - images.mean()) < abs(raw.numpy().mean() - images.mean())


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: digits_gan.pixel_shuffle(np.zeros((1, 3, 2, 2))), "multiple of 4"),
        (lambda: digits_gan.frechet_distance(np.zeros((3, 2)), np.zeros((3, 4))), r"a \(3, 2\) and b"),
    ],
)
def test_says_what_was_wrong(call, words):
    with pytest.raises(ValueError, match=words):
        call()
