"""Variational autoencoders and diffusion, in as few lines as they need (chapter 19).

`python -m nnlearn.study.diffusion` trains the denoiser of digits and its judge on the bundled MNIST, pooled
to 14×14, each on pictures of its own, and a small denoiser of two moons; `load_denoiser`, `load_reader` and
`load_plane` give what it wrote. With `--shift 1000` it starts from other seeds, prints the same scores, and
writes nothing.
"""

import argparse

import numpy as np

from nnlearn.data.mnist_subset import mnist
from nnlearn.data.planes import moons
from nnlearn.engine.arithmetic import exp
from nnlearn.engine.primitive import Array, Result, no_grad, plain
from nnlearn.engine.random import RNG, generator
from nnlearn.functions.activations import silu
from nnlearn.functions.losses import cross_entropy, mse_loss
from nnlearn.layers.basic import Linear
from nnlearn.layers.module import Module
from nnlearn.models.convnet import ConvNet
from nnlearn.study.companions import keep, restore
from nnlearn.training.optim import Adam
from nnlearn.training.trainer import Trainer

NOBODY = 10  # the class that stands for "no class given"
SPLIT, WIDTH, STEPS, BATCH, RATE, SEED = 8000, 320, 14000, 128, 2e-3, 0
PLANE = 64, 3000  # width and training steps of the moons' denoiser
PITCH = np.exp(-np.log(1000) * np.arange(16) / 16)  # of the sines that tell the step

# -- the variational autoencoder's cost --------------------------------------------------------------


def gaussian_kl(mean: Array, log_variance: Array) -> Result:
    """KL(N(m, s²) ‖ N(0, 1)) = (m² + s² − 1 − ln s²) / 2, summed over the code.  (B, k), (B, k) -> (B,)

    Raises ValueError for two shapes that differ. Source: D. Kingma and M. Welling (2014), appendix B.
    """
    if mean.shape != log_variance.shape:
        raise ValueError(f"gaussian_kl: log_variance is {log_variance.shape}, expected mean's {mean.shape}")
    return 0.5 * (mean**2 + exp(log_variance) - 1 - log_variance).sum(axis=-1)


# -- noise in, noise out ---------------------------------------------------------------------------


def cosine_schedule(steps: int) -> np.ndarray:
    """ᾱ_t, the share of the signal's variance left after t steps: from 1 down to 0.0001.  -> (steps + 1,)

    Raises ValueError for fewer than one step. Source: A. Nichol and P. Dhariwal (2021).
    """
    if steps < 1:
        raise ValueError(f"cosine_schedule: steps is {steps}, expected at least 1")
    part = (np.arange(steps + 1) / steps + 0.008) / 1.008
    return np.clip(np.cos(part * np.pi / 2) ** 2 / np.cos(0.008 / 1.008 * np.pi / 2) ** 2, 1e-4, 1)


def add_noise(x: np.ndarray, t: np.ndarray, noise: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """x_t = √ᾱ_t x + √(1 − ᾱ_t) ε, at once from x_0.  x, noise (B, d), t (B,), kept (T + 1,) -> (B, d)

    Raises ValueError for noise of another shape. Source: J. Ho, A. Jain and P. Abbeel (2020), equation 4.
    """
    if noise.shape != x.shape:
        raise ValueError(f"add_noise: noise is {noise.shape}, expected x's {x.shape}")
    a = kept[t][:, None]
    return (np.sqrt(a) * x + np.sqrt(1 - a) * noise).astype(np.float32)


def denoise_step(
    x: np.ndarray, t: int, guess: np.ndarray, noise: np.ndarray, kept: np.ndarray, limit: float = np.inf
) -> np.ndarray:
    """x_{t−1} from x_t and the guessed noise: the mean of q(x_{t−1} | x_t, x_0), and fresh noise.  (B, d)

    The x_0 that the guess implies is cut off at ±limit. No noise enters in the last step, t = 1.
    Raises ValueError for a t that has no step before it. Source: J. Ho, A. Jain and P. Abbeel (2020).
    """
    if not 1 <= t < len(kept):
        raise ValueError(f"denoise_step: t is {t}, expected 1 to {len(kept) - 1}")
    now, before = kept[t], kept[t - 1]
    a = now / before
    x_0 = np.clip((x - np.sqrt(1 - now) * guess) / np.sqrt(now), -limit, limit)
    mean = (np.sqrt(before) * (1 - a) * x_0 + np.sqrt(a) * (1 - before) * x) / (1 - now)
    return (mean + np.sqrt((1 - before) / (1 - now) * (1 - a)) * noise).astype(np.float32)


class Denoiser(Module):
    """x_t, the step and the class -> the noise in x_t.  (B, d), (B,), (B,) -> (B, d)

    The class 10 stands for "any". Three residual layers of one width.
    """

    def __init__(self, d: int, width: int, rng: RNG = None) -> None:
        rng = generator(rng)
        self.start = Linear(d + 32 + 11, width, rng=rng)
        self.middle = [Linear(width, width, rng=rng) for _ in range(3)]
        self.end = Linear(width, d, rng=rng)

    def forward(self, x: Array, t: np.ndarray, y: np.ndarray) -> Result:
        angle = t[:, None] * PITCH
        told = [x, np.sin(angle), np.cos(angle), np.eye(11)[y]]
        h = silu(self.start(np.concatenate(told, axis=1).astype(np.float32)))
        for layer in self.middle:
            h = h + silu(layer(h)) * 0.5
        return self.end(h)


def train_denoiser(
    x: np.ndarray, y: np.ndarray, kept: np.ndarray, steps: int, width: int, rng: RNG = None
) -> Denoiser:
    """A denoiser after so many steps, its weights averaged.  x (N, d), y (N,), kept (T + 1,)"""
    rng = generator(rng)
    net = Denoiser(x.shape[1], width, rng)
    optimizer = Adam(net.parameters(), RATE)
    average = [p.data.copy() for p in net.parameters()]
    for k in range(steps):
        optimizer.lr = RATE * (1 + np.cos(np.pi * k / steps)) / 2
        rows, t = rng.integers(len(x), size=BATCH), rng.integers(1, len(kept), BATCH)
        noise = rng.standard_normal((BATCH, x.shape[1]), dtype=np.float32)
        told = np.where(rng.random(BATCH) < 0.1, NOBODY, y[rows])
        optimizer.zero_grad()
        mse_loss(net(add_noise(x[rows], t, noise, kept), t, told), noise).backward()
        optimizer.step()
        for mean, p in zip(average, net.parameters(), strict=True):
            mean += 0.005 * (p.data - mean)
    for mean, p in zip(average, net.parameters(), strict=True):
        p.data[...] = mean
    return net


def guided(net: Denoiser, x: np.ndarray, t: int, y: np.ndarray, guidance: float) -> np.ndarray:
    """(1 + w) ε(x, t, y) − w ε(x, t): classifier-free guidance, w = 0 for none.  (B, d)

    Source: J. Ho and T. Salimans (2022).
    """
    at = np.full(len(x), t)
    with no_grad():
        told = plain(net(x, at, y))
        if not guidance:
            return told
        return (1 + guidance) * told - guidance * plain(net(x, at, np.full(len(x), NOBODY)))


def sample(
    net: Denoiser, y: np.ndarray, d: int, kept: np.ndarray, guidance: float = 0.0, limit: float = np.inf,
    rng: RNG = None, fresh: bool = True,
) -> np.ndarray:  # fmt: skip
    """From noise, first, to samples, last.  y (B,), kept (T + 1,) -> (T + 1, B, d)

    Without `fresh` noise the way back is the deterministic one of J. Song, C. Meng and S. Ermon (2021).
    """
    rng = generator(rng)
    x = rng.standard_normal((len(y), d)).astype(np.float32)
    path = [x]
    for t in range(len(kept) - 1, 0, -1):
        guess = guided(net, x, t, y, guidance)
        if fresh:
            x = denoise_step(x, t, guess, rng.standard_normal(x.shape), kept, limit)
        else:
            x_0 = np.clip((x - np.sqrt(1 - kept[t]) * guess) / np.sqrt(kept[t]), -limit, limit)
            noise = (x - np.sqrt(kept[t]) * x_0) / np.sqrt(1 - kept[t])  # what x_0, once cut off, leaves
            x = add_noise(x_0, np.full(len(x), t - 1), noise, kept)
        path.append(x)
    return np.stack(path)


# -- two moons -------------------------------------------------------------------------------------


def two_moons() -> tuple[np.ndarray, np.ndarray]:
    """A thousand points around 0, and on which moon each lies.  (N, 2), (N,)"""
    x, y = moons(1000, noise=0.05, rng=0)
    return ((x - x.mean(axis=0)) / x.std()).astype(np.float32), y


def load_plane() -> Denoiser:
    """The denoiser of the two moons that `python -m nnlearn.study.diffusion` trained."""
    return restore(Denoiser(2, PLANE[0], 0), "diffusion_plane")


# -- digits ----------------------------------------------------------------------------------------


def small_digits() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """MNIST pooled to 14×14, from −1 to 1: for "train" 8,000, for "judge" 4,000, "test".  (N, 196), (N,)"""
    (x, y), (x_test, y_test) = mnist()

    def pool(x: np.ndarray) -> np.ndarray:
        return (2 * x.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)) - 1).reshape(-1, 196).astype(np.float32)

    order = np.random.default_rng(0).permutation(len(x))
    x, y = pool(x)[order], y[order]
    return {
        "train": (x[:SPLIT], y[:SPLIT]),
        "judge": (x[SPLIT:], y[SPLIT:]),
        "test": (pool(x_test), y_test),
    }


def train_reader(x: np.ndarray, y: np.ndarray, rng: RNG = None) -> ConvNet:
    """Chapter 12's network for 14×14 digits, the judge.  x (N, 196), y (N,)"""
    rng = generator(rng)
    net = ConvNet((1, 14, 14), 10, rng=rng)
    trainer = Trainer(net, Adam(net.parameters(), 2e-3), cross_entropy)
    trainer.fit((x.reshape(-1, 1, 14, 14), y), epochs=8, rng=rng, progress=False)
    return net.eval()


def read(net: ConvNet, x: np.ndarray) -> np.ndarray:
    """The class that the judge reads.  (N, 196) -> (N,)"""
    with no_grad():
        return plain(net(x.reshape(-1, 1, 14, 14).astype(np.float32))).argmax(axis=1)


def load_denoiser() -> Denoiser:
    """The denoiser that `python -m nnlearn.study.diffusion` trained."""
    return restore(Denoiser(196, WIDTH, 0), "diffusion_denoiser")


def load_reader() -> ConvNet:
    """The judge that it trained."""
    return restore(ConvNet((1, 14, 14), 10, rng=0), "diffusion_reader")


def train(shift: int = 0) -> None:
    """Train the judge and the denoisers, print how digits are read, write all in half precision."""
    data, kept = small_digits(), cosine_schedule(100)
    plane = train_denoiser(*two_moons(), kept, PLANE[1], PLANE[0], rng=SEED + shift)
    judge = train_reader(*data["judge"], rng=SEED + shift)
    x, y = data["test"]
    print(f"the judge reads {(read(judge, x) == y).mean():.3f} of the test digits", flush=True)
    net = train_denoiser(*data["train"], kept, STEPS, WIDTH, rng=SEED + shift)
    asked = np.arange(1000) % 10
    for w in (0.0, 1.0, 3.0):
        made = sample(net, asked, 196, kept, w, limit=1, rng=1)[-1]
        print(f"guidance {w}: {(read(judge, made) == asked).mean():.3f} read as asked", flush=True)
    if not shift:
        keep(judge, "diffusion_reader")
        keep(net, "diffusion_denoiser")
        keep(plane, "diffusion_plane")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Train chapter 19's denoisers and their judge.")
    parser.add_argument(
        "--shift", type=int, default=0, help="added to the seeds; if not 0, nothing is written"
    )
    train(parser.parse_args().shift)
