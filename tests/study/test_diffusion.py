"""Diffusion against formulas from elsewhere, and the stored networks against the bars."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.study import diffusion


def test_the_divergence_is_pytorchs():
    torch = pytest.importorskip("torch")
    m, v = np.random.default_rng(0).normal(size=(2, 4, 3))
    normal = torch.distributions.Normal
    q = normal(torch.tensor(m), torch.tensor(np.exp(v / 2)))
    expected = torch.distributions.kl_divergence(q, normal(0.0, 1.0)).sum(dim=1).numpy()
    np.testing.assert_allclose(diffusion.gaussian_kl(m, v), expected, rtol=1e-6)
    np.testing.assert_allclose(diffusion.gaussian_kl(nn.Tensor(m), nn.Tensor(v)).data, expected, rtol=1e-5)


def test_one_jump_is_many_steps():
    kept, rng = diffusion.cosine_schedule(20), np.random.default_rng(0)
    mean, variance = 3.0, 0.0
    for t in range(1, 16):
        a = kept[t] / kept[t - 1]
        mean, variance = np.sqrt(a) * mean, a * variance + 1 - a
    noise = rng.standard_normal((50_000, 1))
    jumped = diffusion.add_noise(np.full((50_000, 1), 3.0), np.full(50_000, 15), noise, kept)
    assert jumped.mean() == pytest.approx(mean, abs=0.03)
    assert jumped.var() == pytest.approx(variance, abs=0.03)


def test_the_last_step_gives_what_the_guess_implies():
    kept, (x, noise, fresh) = diffusion.cosine_schedule(10), np.random.default_rng(1).normal(size=(3, 4, 2))
    x_1 = diffusion.add_noise(x, np.ones(4, int), noise, kept)
    np.testing.assert_allclose(diffusion.denoise_step(x_1, 1, noise, fresh, kept), x, atol=1e-5)


def test_stored_networks_do_what_the_chapter_says():
    x, y = diffusion.small_digits()["test"]
    judge, net, asked = diffusion.load_reader(), diffusion.load_denoiser(), np.arange(100) % 10
    assert (diffusion.read(judge, x) == y).mean() > 0.95
    made = diffusion.sample(net, asked, 196, diffusion.cosine_schedule(100), 3.0, limit=1, rng=77)
    assert made.shape == (101, 100, 196) and (diffusion.read(judge, made[-1]) == asked).mean() > 0.9


def test_without_fresh_noise_each_step_is_the_leap_of_the_exercise():
    net, kept, y = diffusion.load_plane(), diffusion.cosine_schedule(20), np.array([0, 1, 1])
    path = diffusion.sample(net, y, 2, kept, 1.0, rng=5, fresh=False)
    for k in range(20):
        t = 20 - k
        now, then = kept[t], kept[t - 1]
        guess = diffusion.guided(net, path[k], t, y, 1.0)
        x_0 = (path[k] - np.sqrt(1 - now) * guess) / np.sqrt(now)
        expected = np.sqrt(then) * x_0 + np.sqrt(1 - then) * guess
        np.testing.assert_allclose(path[k + 1], expected, rtol=1e-4, atol=1e-3)
    np.testing.assert_array_equal(path, diffusion.sample(net, y, 2, kept, 1.0, rng=5, fresh=False))


def test_without_fresh_noise_the_limit_still_holds():
    net, kept = diffusion.load_plane(), diffusion.cosine_schedule(20)
    path = diffusion.sample(net, np.zeros(50, int), 2, kept, limit=0.5, rng=5, fresh=False)
    assert abs(path[-1]).max() <= 0.5 < abs(path[0]).max()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: diffusion.gaussian_kl(np.zeros((2, 3)), np.zeros((2, 1))), r"log_variance is \(2, 1\)"),
        (lambda: diffusion.cosine_schedule(0), "steps is 0, expected at least 1"),
        (
            lambda: diffusion.add_noise(np.zeros((2, 3)), np.zeros(2, int), np.zeros(3), np.ones(3)),
            "noise is",
        ),
        (lambda: diffusion.denoise_step(np.zeros((1, 1)), 0, 0, 0, np.ones(3)), "t is 0, expected 1 to 2"),
    ],
)
def test_errors_name_argument_got_and_expected(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()
