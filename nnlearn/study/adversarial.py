"""Pictures changed a little, so that a network reads them wrongly (chapter 22).

`python -m nnlearn.study.adversarial` trains two ConvNets on the bundled MNIST, one on the pictures as they
are, one on pictures under attack, and writes what `load_pair` gives. With `--shift 1000` it starts from other
seeds, prints the same scores, and writes nothing. Ten minutes of one core.
"""

import argparse

import numpy as np

from nnlearn.data.mnist_subset import mnist
from nnlearn.engine.primitive import no_grad
from nnlearn.engine.random import RNG, generator
from nnlearn.engine.tape import grad
from nnlearn.engine.tensor import Tensor
from nnlearn.functions.losses import cross_entropy
from nnlearn.layers.module import Module
from nnlearn.models.convnet import ConvNet
from nnlearn.study.attribution import Model
from nnlearn.study.companions import keep, restore
from nnlearn.training.optim import Adam, cosine
from nnlearn.training.trainer import accuracy

EPS, EPOCHS, BATCH, RATE, CHANNELS, SEED = 0.2, 6, 64, 2e-3, (16, 32), 0
NAMES = ("plain", "hardened")


def loss_gradient(model: Model, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """∂ cross-entropy / ∂ x: where the loss rises.  x (B, …), y (B,) -> (B, …)"""
    z = Tensor(x, requires_grad=True)
    return grad(cross_entropy(model(z), y), [z])[0]


def fgsm(model: Model, x: np.ndarray, y: np.ndarray, eps: float) -> np.ndarray:
    """x + ε sign(∂ loss / ∂ x), within 0 to 1: every number moves by ε to where the loss rises.  (B, …)

    The fast gradient sign method. Raises ValueError for a negative ε. Source: I. Goodfellow, J. Shlens and
    C. Szegedy (2015).
    """
    if eps < 0:
        raise ValueError(f"fgsm: eps is {eps}, expected 0 or more")
    return np.clip(x + eps * np.sign(loss_gradient(model, x, y)), 0, 1).astype(x.dtype)


def pgd(
    model: Model, x: np.ndarray, y: np.ndarray, eps: float, steps: int = 20, rng: RNG = None
) -> np.ndarray:
    """Many small such steps from a random start, never farther than ε from x, within 0 to 1.  (B, …)

    Projected gradient descent; a step is 2.5 ε / steps long. Raises ValueError for a negative ε or less than
    one step. Source: A. Madry and others (2018).
    """
    if eps < 0 or steps < 1:
        raise ValueError(f"pgd: eps is {eps} and steps {steps}, expected 0 or more and at least 1")
    low, high = np.maximum(x - eps, 0), np.minimum(x + eps, 1)
    z = np.clip(x + generator(rng).uniform(-eps, eps, x.shape), low, high).astype(x.dtype)
    for _ in range(steps):
        step = 2.5 * eps / steps * np.sign(loss_gradient(model, z, y))
        z = np.clip(z + step, low, high).astype(x.dtype)
    return z


def train_convnet(x: np.ndarray, y: np.ndarray, eps: float, epochs: int, rng: RNG = None) -> ConvNet:
    """A ConvNet trained on pictures under attack; with eps = 0, as they are.  x (N, 1, H, W), y (N,)"""
    rng = generator(rng)
    net, steps = ConvNet(x.shape[1:], 10, CHANNELS, rng=rng), epochs * (len(x) // BATCH)
    optimizer, rate = Adam(net.parameters(), RATE), cosine(RATE, steps)
    for k in range(steps):
        optimizer.lr = rate(k)
        rows = rng.integers(len(x), size=BATCH)
        now = min(1, 2 * k / steps) * eps  # the attack grows for half of the time
        seen = pgd(net, x[rows], y[rows], now, 5, rng) if eps else x[rows]
        optimizer.zero_grad()
        cross_entropy(net(seen), y[rows]).backward()
        optimizer.step()
    return net


def read(net: Module, x: np.ndarray, y: np.ndarray) -> float:
    """The share of pictures that are read right."""
    with no_grad():
        return accuracy(net(x), y)


def load_pair() -> tuple[ConvNet, ConvNet]:
    """The ConvNet trained on pictures as they are, and the one trained under attack."""
    plain, hardened = (
        restore(ConvNet((1, 28, 28), 10, CHANNELS, rng=0), f"adversarial_{name}") for name in NAMES
    )
    return plain, hardened


def main(shift: int = 0) -> None:
    """Train both, print how they read attacked pictures, write both in half precision."""
    (X, y), (T, t) = mnist()
    for name, eps in zip(NAMES, (0.0, EPS), strict=True):
        net = train_convnet(X, y, eps, EPOCHS, SEED + shift)
        attacked = read(net, pgd(net, T, t, EPS, 20, 0), t)
        print(f"{name}: {read(net, T, t):.3f} read right, under attack {attacked:.3f}", flush=True)
        if not shift:
            keep(net, f"adversarial_{name}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Train chapter 22's two ConvNets.")
    parser.add_argument(
        "--shift", type=int, default=0, help="added to the seeds; if not 0, nothing is written"
    )
    main(parser.parse_args().shift)
