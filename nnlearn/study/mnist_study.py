"""What chapter 12 compares its network with: pictures, permuted pixels, depth and places, over five seeds.

    python -m nnlearn.study.mnist_study [--shift N]

writes `weights/mnist_study.json`; a shift moves every seed. Each contender, at each size of the
training set, is given the same learning rates and the same number of steps; the rate is chosen by the
accuracy on validation pictures, with a seed that is not among the five that count. Five minutes of one core.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import numpy as np

from nnlearn.data.bundled import digits
from nnlearn.data.mnist_subset import mnist
from nnlearn.data.splits import split
from nnlearn.engine.random import RNG, generator
from nnlearn.engine.tensor import Tensor
from nnlearn.functions.activations import relu
from nnlearn.functions.losses import cross_entropy
from nnlearn.layers import init
from nnlearn.layers.basic import Conv2d, Flatten, Linear, MaxPool2d
from nnlearn.layers.init import Init
from nnlearn.layers.module import Module, Sequential
from nnlearn.models.convnet import ConvNet
from nnlearn.models.mlp import MLP
from nnlearn.study.companions import keep_study
from nnlearn.training.optim import Adam, cosine
from nnlearn.training.trainer import Trainer, accuracy

STUDY = Path(__file__).with_name("weights") / "mnist_study.json"
SEEDS, SIZES = range(5), (500, 2000, 8000)
RATES, DEEP_RATES = (0.001, 0.003, 0.01), (0.0003, 0.001, 0.003, 0.01)
STEPS, BATCH, DEEP_STEPS, DEEP_BLOCKS = 400, 32, 150, 16
MODELS: dict[str, Callable[[int], Module]] = {
    "logistic regression": lambda seed: Sequential(Flatten(), MLP([784, 10], rng=seed)),
    "MLP 11": lambda seed: Sequential(Flatten(), MLP([784, 11, 10], rng=seed)),
    "MLP 128": lambda seed: Sequential(Flatten(), MLP([784, 128, 10], rng=seed)),
    "ConvNet": lambda seed: ConvNet((1, 28, 28), 10, (8, 16), rng=seed),
}


def identity(shape: Sequence[int], rng: RNG = None) -> np.ndarray:
    """Kernels (C, C, k, k) that copy each channel: 1 in the middle of the diagonal ones, else 0."""
    W = np.zeros(shape, np.float32)
    W[np.arange(shape[0]), np.arange(shape[0]), shape[2] // 2, shape[3] // 2] = 1
    return W


def he(gain: float) -> Init:
    """He's normal start, `gain` times as wide."""
    return lambda shape, rng=None: np.float32(gain) * init.he_normal(shape, rng)


# how the two convolutions of a block start, and whether the block adds its input
BLOCKS: dict[str, tuple[Init, Init, bool]] = {
    "plain": (he(1.0), he(1.0), False),
    "plain, gain 1.2": (he(1.2), he(1.2), False),
    "plain, starts as a copy": (identity, identity, False),
    "skips": (he(1.0), init.zeros, True),
}


class Block(Module):
    """relu(F(x)), with a skip relu(x + F(x)); F: convolution, ReLU, convolution.  (B, C, H, W) -> same"""

    def __init__(self, channels: int, kind: str, rng: RNG = None) -> None:
        rng, (first, second, self.skip) = generator(rng), BLOCKS[kind]
        self.first = Conv2d(channels, channels, 3, padding=1, init=first, rng=rng)
        self.second = Conv2d(channels, channels, 3, padding=1, init=second, rng=rng)

    def forward(self, x: Any) -> Any:
        F = self.second(relu(self.first(x)))
        return relu(x + F if self.skip else F)


def deep(kind: str, blocks: int, seed: int) -> Sequential:
    """One convolution, `blocks` blocks of two on 4×4 maps of 8 channels, one linear layer."""
    rng = np.random.default_rng(seed)
    stem = Conv2d(1, 8, 3, padding=1, init=init.he_normal, rng=rng)
    middle = [Block(8, kind, rng) for _ in range(blocks)]
    return Sequential(stem, MaxPool2d(2), relu, *middle, Flatten(), Linear(128, 10, rng=rng))


def learn_deep(kind: str, seed: int, lr: float, blocks: int = DEEP_BLOCKS) -> tuple[float, float]:
    """Norm of the first layer's gradient at the start; mean training loss of the last 50 of 150 steps."""
    train, _, _ = split(*digits(images=True), validation=0, test=0.2, rng=seed)
    model = deep(kind, blocks, seed)
    loss = cross_entropy(model(train[0][:256]), train[1][:256])
    assert isinstance(loss, Tensor)
    loss.backward()
    start = float(np.linalg.norm(next(iter(model.parameters())).grad))
    trainer = Trainer(model, Adam(model.parameters(), lr=lr))
    history = trainer.fit(train, steps=DEEP_STEPS, every=50, rng=seed, progress=False)
    return start, float(history["loss"][-1])


class Anywhere(Module):
    """Two convolutions without stride or bias; then each map's largest value, or, `flat`, all of its values.

    (B, 1, 12, 12) -> (B, 10)
    """

    def __init__(self, size: int, maps: int, flat: bool, rng: RNG = None) -> None:
        rng, self.flat = generator(rng), flat
        self.first = Conv2d(1, 8, 3, padding=1, bias=False, init=init.he_uniform, rng=rng)
        self.second = Conv2d(8, maps, size, padding=size // 2, bias=False, init=init.he_uniform, rng=rng)
        self.classify = Linear(maps * 144 if flat else maps, 10, rng=rng)

    def forward(self, x: Any) -> Any:
        x = relu(self.second(relu(self.first(x))))
        return self.classify(x.reshape(len(x.data), -1) if self.flat else x.max(axis=(2, 3)))


class Largest(Module):
    """The largest value of each map.  (B, C, H, W) -> (B, C)"""

    def forward(self, x: Any) -> Any:
        return x.max(axis=(2, 3))


def pooling(seed: int) -> Sequential:
    """The chapter's ConvNet on 12×12 pixels, with global pooling where it flattens."""
    rng = np.random.default_rng(seed)
    first, second = Conv2d(1, 8, 3, padding=1, rng=rng), Conv2d(8, 16, 3, padding=1, rng=rng)
    return Sequential(
        first, MaxPool2d(2), relu, second, MaxPool2d(2), relu, Largest(), Linear(16, 10, rng=rng)
    )


# what the chapter's networks are compared with when their input moves, and for how many epochs each trains
PLACES: dict[str, tuple[Callable[[int], Module], int]] = {
    "ConvNet, global": (pooling, 8),
    "anywhere, flat": (lambda seed: Anywhere(5, 32, True, seed), 4),
    "anywhere, 1×1": (lambda seed: Anywhere(1, 374, False, seed), 8),
}


def read_moved(kind: str, seed: int) -> tuple[list[float], int]:
    """Accuracy on held-out digits moved by 0, 1, 2 pixels; how often 6 and 9 are mistaken for each other."""
    X, y = digits(images=True)
    train, _, (D, d) = split(np.pad(X, [(0, 0), (0, 0), (2, 2), (2, 2)]), y, validation=0, test=0.2, rng=seed)
    make, epochs = PLACES[kind]
    model, steps = make(seed), epochs * -(-len(train[0]) // BATCH)
    trainer = Trainer(model, Adam(model.parameters(), lr=0.01), schedule=cosine(0.01, steps))
    trainer.fit(train, epochs=epochs, batch_size=BATCH, rng=seed, progress=False)
    found = []
    for r in range(3):
        ring = {(i, j) for i in (-r, 0, r) for j in (-r, 0, r) if r == 0 or (i, j) != (0, 0)}
        moved = [np.roll(D[:100], by, axis=(-2, -1)) for by in sorted(ring)]
        found.append(float(np.mean([accuracy(model(x), d[:100]) for x in moved])))
    output: Any = model(D)
    answers = output.data.argmax(axis=1)
    return found, int(((d == 6) & (answers == 9) | (d == 9) & (answers == 6)).sum())


def places(kind: str, shift: int = 0) -> dict[str, Any]:
    """One network whose input moves: its parameters, accuracies (5, 3), and 6 and 9 mistaken in all."""
    found = [read_moved(kind, seed + shift) for seed in SEEDS]
    parameters = sum(p.data.size for p in PLACES[kind][0](0).parameters())
    moved = [[round(a, 4) for a in row] for row, _ in found]
    return {"kind": kind, "parameters": parameters, "moved": moved, "swapped": sum(n for _, n in found)}


def jitter(x: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """Each picture moved at random by up to `most` pixels down and across.  (n, 1, 28, 28), same out"""
    paper = np.pad(x[:, 0], ((0, 0), (most, most), (most, most)))
    windows = np.lib.stride_tricks.sliding_window_view(paper, (28, 28), axis=(1, 2))
    down, across = rng.integers(0, 2 * most + 1, (2, len(x)))
    return windows[np.arange(len(x)), down, across][:, None]


def learn(
    name: str, size: int, seed: int, lr: float, permuted: bool = False, moved: int = 0
) -> dict[str, float]:
    """Accuracy on 2,000 validation pictures and on the 2,000 of the test, after 400 steps on `size` others.

    `permuted`: the pixels of all pictures are put in one random order. `moved`: each picture is first moved
    at random by up to so many pixels.
    """
    (X, y), (T, t) = mnist()
    if moved:
        rng = np.random.default_rng(seed)
        X, T = jitter(X, moved, rng), jitter(T, moved, rng)
    if permuted:
        order = np.random.default_rng(seed).permutation(784)
        X, T = (x.reshape(len(x), 784)[:, order].reshape(x.shape) for x in (X, T))
    chosen = np.random.default_rng(seed).permutation(len(X))
    train, held = chosen[:size], chosen[-2000:]
    model = MODELS[name](seed)
    trainer = Trainer(model, Adam(model.parameters(), lr=lr), schedule=cosine(lr, STEPS))
    trainer.fit((X[train], y[train]), steps=STEPS, batch_size=BATCH, rng=seed, progress=False)
    return {"validation": accuracy(model(X[held]), y[held]), "test": accuracy(model(T), t)}


def contest(case: tuple[str, int, bool], shift: int = 0) -> dict[str, Any]:
    """One contender at one size: its rate, chosen with seed 100, and its test accuracy, seed by seed."""
    name, size, permuted = case
    tried = [learn(name, size, 100 + shift, lr, permuted)["validation"] for lr in RATES]
    lr = RATES[int(np.argmax(tried))]
    found = [learn(name, size, seed + shift, lr, permuted)["test"] for seed in SEEDS]
    parameters = sum(p.data.size for p in MODELS[name](0).parameters())
    what = {"model": name, "size": size, "permuted": permuted, "parameters": parameters}
    return {**what, "tried": tried, "lr": lr, "test": [round(a, 4) for a in found]}


def depths(kind: str, shift: int = 0) -> dict[str, Any]:
    """The same for a kind of block, by the training loss."""
    tried = [learn_deep(kind, 100 + shift, lr)[1] for lr in DEEP_RATES]
    lr = DEEP_RATES[int(np.nanargmin(tried))]
    found = [learn_deep(kind, seed + shift, lr) for seed in SEEDS]
    gradients, losses = (np.array(numbers).round(6).tolist() for numbers in zip(*found, strict=True))
    return {"kind": kind, "tried": tried, "lr": lr, "gradient": gradients, "loss": losses}


def load() -> dict[str, Any]:
    """{"shift", "digits", "depth", "places"}: what `contest`, `depths` and `places` return, as stored."""
    return json.loads(STUDY.read_text(encoding="utf-8"))


def main(shift: int) -> None:
    """Make everything, two processes at a time, and write it; print it if the seeds are moved."""
    cases = [(name, size, False) for name in MODELS for size in SIZES]
    cases += [(name, SIZES[-1], True) for name in MODELS]
    with Pool(2) as pool:
        depth = pool.map_async(partial(depths, shift=shift), BLOCKS, chunksize=1)
        rows = pool.map(partial(contest, shift=shift), sorted(cases, key=lambda case: case[0]), chunksize=1)
        moved = pool.map(partial(places, shift=shift), PLACES, chunksize=1)
        study = {"shift": shift, "digits": rows, "depth": depth.get(), "places": moved}
    keep_study(study, STUDY)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shift", type=int, default=0, help="move every seed by this; print, do not store")
    main(parser.parse_args().shift)
