"""A convolutional generator of digits on demand, and the judge that reads what it makes (chapter 18).

`python -m nnlearn.study.digits_gan` trains both on the bundled MNIST and writes what `load_generator` and
`load_judge` give: about two minutes on one thread. With `--shift 1000` it starts from other seeds, prints the
same scores, and writes nothing.
"""

import argparse

import numpy as np

from nnlearn.data.mnist_subset import mnist
from nnlearn.engine.primitive import Array, Result, no_grad, plain
from nnlearn.engine.random import RNG, generator
from nnlearn.functions.activations import leaky_relu, relu, sigmoid
from nnlearn.functions.losses import cross_entropy
from nnlearn.layers.basic import BatchNorm, Conv2d, Linear
from nnlearn.layers.module import Module
from nnlearn.models.convnet import ConvNet
from nnlearn.study.companions import keep, restore
from nnlearn.study.gan import discriminator_loss, generator_loss
from nnlearn.training.optim import Adam
from nnlearn.training.trainer import Trainer

LATENT, ROUNDS, BATCH, RATE, SEED = 32, 3000, 32, 1e-3, 0
STEP = 0.1  # of the finite difference, in units of a pixel's range

# -- the two players -------------------------------------------------------------------------------


def pixel_shuffle(x: Array) -> Result:
    """Four channels become the 2×2 pixels of one that is twice as large.  (B, 4 C, H, W) -> (B, C, 2 H, 2 W)

    Raises ValueError when the channels cannot be grouped by four.  Source: W. Shi and others (2016).
    """
    if x.ndim != 4 or x.shape[1] % 4:
        raise ValueError(f"pixel_shuffle: x is {x.shape}, expected (B, C, H, W) with C a multiple of 4")
    B, C, H, W = x.shape
    return x.reshape(B, C // 4, 2, 2, H, W).transpose(0, 1, 4, 2, 5, 3).reshape(B, C // 4, 2 * H, 2 * W)


class DigitGenerator(Module):
    """Noise and a class -> a picture, by way of 7×7 and 14×14.  (B, LATENT), (B,) -> (B, 1, 28, 28)"""

    def __init__(self, rng: RNG = None) -> None:
        rng = generator(rng)
        self.start = Linear(LATENT + 10, 32 * 7 * 7, rng=rng)
        self.middle = Conv2d(32, 4 * 16, 3, padding=1, rng=rng)
        self.end = Conv2d(16, 4, 3, padding=1, rng=rng)
        self.norms = [BatchNorm(32), BatchNorm(16)]

    def forward(self, z: Array, y: np.ndarray) -> Result:
        one_hot = np.eye(10, dtype=np.float32)[y]
        x = self.start(np.concatenate([z, one_hot], axis=1)).reshape(len(z), 32, 7, 7)
        x = relu(self.norms[0](x))
        x = relu(self.norms[1](pixel_shuffle(self.middle(x))))  # (B, 16, 14, 14)
        return sigmoid(pixel_shuffle(self.end(x)))


class DigitDiscriminator(Module):
    """A picture and a class -> the logit of "real, and of this class".  (B, 1, 28, 28), (B,) -> (B,)"""

    def __init__(self, rng: RNG = None) -> None:
        rng = generator(rng)
        self.one = Conv2d(1, 16, 4, stride=2, padding=1, rng=rng)
        self.two = Conv2d(16, 32, 4, stride=2, padding=1, rng=rng)
        self.classes = Linear(32 * 7 * 7, 10, rng=rng)

    def forward(self, x: Array, y: np.ndarray) -> Result:
        x = leaky_relu(self.one(x), 0.2)
        x = leaky_relu(self.two(x), 0.2).reshape(len(x), -1)
        return self.classes(x)[np.arange(len(y)), y]


# -- their game ------------------------------------------------------------------------------------


def random_slope(at_x: Array, near_x: Array) -> Result:
    """mean((D(x + h u) − D(x))²) / (2 h²), u standard normal: R1 estimated by a finite difference."""
    return ((near_x - at_x) ** 2).mean() / (2 * STEP**2)


def play(
    images: np.ndarray, labels: np.ndarray, rounds: int = ROUNDS, penalty: float = 1.0, rng: RNG = None
) -> DigitGenerator:
    """A generator after so many rounds of the game, its weights averaged over the last few hundred.

    images (N, 1, 28, 28) from 0 to 1, labels (N,)
    """
    rng = generator(rng)
    G, D = DigitGenerator(rng), DigitDiscriminator(rng)
    for_G, for_D = (Adam(net.parameters(), RATE, betas=(0.5, 0.99)) for net in (G, D))
    average = [p.data.copy() for p in G.parameters()]
    for r in range(rounds):
        rows = rng.integers(len(images), size=BATCH)
        x, y = images[rows], labels[rows]
        near = x + STEP * rng.standard_normal(x.shape, dtype=np.float32)
        fake = G(_noise(BATCH, rng), y)
        for_G.lr = for_D.lr = RATE * (1 - r / rounds)
        at_x = D(x, y)
        loss = discriminator_loss(at_x, D(plain(fake), y)) + penalty * random_slope(at_x, D(near, y))
        for_D.zero_grad()
        loss.backward()
        for_D.step()
        for_G.zero_grad()
        generator_loss(D(fake, y)).backward()
        for_G.step()
        for mean, p in zip(average, G.parameters(), strict=True):
            mean += 0.005 * (p.data - mean)
    for mean, p in zip(average, G.parameters(), strict=True):
        p.data[...] = mean
    with no_grad():  # batch norm's running averages, for the averaged weights
        for _ in range(100):
            G(_noise(BATCH, rng), labels[rng.integers(len(labels), size=BATCH)])
    return G.eval()


def _noise(size: int, rng: np.random.Generator) -> np.ndarray:
    return rng.standard_normal((size, LATENT), dtype=np.float32)


# -- the judge -------------------------------------------------------------------------------------


def train_judge(images: np.ndarray, labels: np.ndarray, rng: RNG = None) -> ConvNet:
    """Chapter 12's network, three epochs on real digits."""
    rng = generator(rng)
    judge = ConvNet((1, 28, 28), 10, rng=rng)
    trainer = Trainer(judge, Adam(judge.parameters(), 2e-3), cross_entropy)
    trainer.fit((images, labels), epochs=3, rng=rng, progress=False)
    return judge.eval()


def features(judge: ConvNet, x: np.ndarray) -> np.ndarray:
    """The judge's last feature maps, each averaged over its places.  (N, 1, 28, 28) -> (N, 32)"""
    with no_grad():
        for convolution in judge.convolutions:
            x = judge.activation(judge.pool(convolution(x)))
        return plain(x).mean(axis=(2, 3))


def frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    """‖m_a − m_b‖² + tr(C_a + C_b − 2 (C_a C_b)^½), of the means and covariances of (N, d) and (M, d).

    0 where both have the same mean and covariance. Raises ValueError for fewer than two rows or other widths.
    Source: M. Heusel and others (2017).
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or min(len(a), len(b)) < 2:
        raise ValueError(f"frechet_distance: a {a.shape} and b {b.shape} must be (N, d) and (M, d), N, M > 1")
    C_a, C_b = np.atleast_2d(np.cov(a.T)), np.atleast_2d(np.cov(b.T))
    roots = np.sqrt(np.maximum(np.linalg.eigvals(C_a @ C_b).real, 0))
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(C_a) + np.trace(C_b) - 2 * roots.sum())


def score(G: DigitGenerator, judge: ConvNet, real: np.ndarray, size: int = 2000, rng: RNG = 0) -> dict:
    """Share of digits on demand that the judge reads as asked, and the Fréchet distance to real ones."""
    asked = np.arange(size) % 10
    with no_grad():
        made = plain(G(_noise(size, generator(rng)), asked))
        read = plain(judge(made)).argmax(axis=1)
    distance = frechet_distance(features(judge, made), features(judge, real))
    return {"as_asked": float((read == asked).mean()), "distance": round(distance, 4)}


# -- the trained networks --------------------------------------------------------------------------


def load_generator() -> DigitGenerator:
    """The generator that `python -m nnlearn.study.digits_gan` trained."""
    return restore(DigitGenerator(0), "digits_gan")


def load_judge() -> ConvNet:
    """The judge that it trained."""
    return restore(ConvNet((1, 28, 28), 10, rng=0), "digits_judge")


def train(shift: int = 0) -> None:
    """Train the judge and the generator, print their scores, and write their weights in half precision."""
    (images, labels), (test_images, test_labels) = mnist()
    judge = train_judge(images, labels, SEED + shift)
    with no_grad():
        right = (plain(judge(test_images)).argmax(axis=1) == test_labels).mean()
    print(f"the judge reads {right:.3f} of the test digits", flush=True)
    G = play(images, labels, rng=SEED + shift)
    print(score(G, judge, test_images))
    if not shift:
        keep(judge, "digits_judge")
        keep(G, "digits_gan")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Train chapter 18's generator of digits, and its judge.")
    parser.add_argument(
        "--shift", type=int, default=0, help="added to the seeds; if not 0, nothing is written"
    )
    train(parser.parse_args().shift)
