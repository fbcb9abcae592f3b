"""What chapter 21 compares: a vision transformer with its rivals, capsules with theirs, over five seeds.

    python -m nnlearn.study.shapes_study [--shift N]

writes `weights/shapes_study.json`; a shift moves every seed, and prints instead. Every contender is given
the same pictures, the same number of steps, and the same five learning rates; the rate is chosen on
validation pictures, with a seed that is not among the five that count. Four of them are also given four
times the steps, and choose their rate anew. Half an hour of one core.
"""

import argparse
import json
from collections.abc import Callable
from functools import partial
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import numpy as np

from nnlearn.data.bundled import digits
from nnlearn.data.examples import Set
from nnlearn.data.mnist_subset import mnist
from nnlearn.data.splits import split
from nnlearn.engine.primitive import Array, Result, no_grad
from nnlearn.functions.activations import relu
from nnlearn.functions.losses import cross_entropy
from nnlearn.layers.basic import Conv2d, Flatten, Linear
from nnlearn.layers.module import Module, Sequential, in_use
from nnlearn.models.convnet import ConvNet
from nnlearn.models.mlp import MLP
from nnlearn.models.vit import ViT
from nnlearn.study.capsules import CapsNet, margin_loss
from nnlearn.study.companions import keep_study
from nnlearn.training.optim import AdamW, cosine, warm_up
from nnlearn.training.trainer import Trainer, accuracy

STUDY = Path(__file__).with_name("weights") / "shapes_study.json"
SEEDS, CHOOSER, RATES = range(5), 100, (0.001, 0.003, 0.01, 0.02, 0.05)
SIZES, STEPS, LONG, BATCH, PATCH = (500, 2000, 8000), 600, 2400, 32, 7
CAPSULE_STEPS, CAPSULE_BATCH, ANGLES = 400, 64, (0, 15, 30)


# -- pictures as patches -----------------------------------------------------------------------------


def vit(seed: int, position_std: float = 0.02) -> ViT:
    """The chapter's vision transformer: 16 patches of 7×7, two blocks, 48 wide."""
    return ViT((1, 28, 28), 10, PATCH, 48, 2, 4, hidden=96, position_std=position_std, rng=seed)


def without_places(seed: int) -> ViT:
    """The same, told nothing of where a patch was: it sees a bag of patches."""
    net: Any = vit(seed)
    net.positions = np.zeros(net.positions.shape, np.float32)
    return net


PICTURE_MODELS: dict[str, Callable[[int], Module]] = {
    "ConvNet": lambda seed: ConvNet((1, 28, 28), 10, (8, 16), rng=seed),
    "ConvNet, patches shuffled": lambda seed: ConvNet((1, 28, 28), 10, (8, 16), rng=seed),
    "MLP": lambda seed: Sequential(Flatten(), MLP([784, 128, 10], rng=seed)),
    "ViT": vit,
    "ViT, loud places": lambda seed: vit(seed, 2.0),
    "ViT, no places": without_places,
}


def shuffle_patches(x: np.ndarray, size: int, order: np.ndarray) -> np.ndarray:
    """The squares of each picture put in another order, the same for all.  (B, C, H, W), same out"""
    B, C, H, W = x.shape
    rows, columns = H // size, W // size
    parts = (
        x.reshape(B, C, rows, size, columns, size).transpose(0, 2, 4, 1, 3, 5).reshape(B, -1, C, size, size)
    )
    parts = parts[:, order].reshape(B, rows, columns, C, size, size)
    return np.ascontiguousarray(parts.transpose(0, 3, 1, 4, 2, 5).reshape(x.shape))


def pictures(seed: int, shuffled: bool = False) -> tuple[Set, Set, Set]:
    """MNIST for one seed: 8,000 to train on, 2,000 to choose with, and the 2,000 of the test."""
    (X, y), (T, t) = mnist()
    X, T = ((x - X.mean()) / X.std() for x in (X, T))
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(X))
    if shuffled:
        order = rng.permutation((X.shape[2] // PATCH) ** 2)
        X, T = shuffle_patches(X, PATCH, order), shuffle_patches(T, PATCH, order)
    train, held = chosen[: SIZES[-1]], chosen[-2000:]
    return (X[train], y[train]), (X[held], y[held]), (T, t)


def score(net: Module, data: Set) -> float:
    """The share read right, 500 pictures at a time."""
    X, y = data
    with no_grad(), in_use(net):
        parts = [
            accuracy(net(X[i : i + 500]), y[i : i + 500]) * len(X[i : i + 500]) for i in range(0, len(X), 500)
        ]
    return sum(parts) / len(X)


def train_pictures(name: str, size: int, seed: int, lr: float, steps: int = STEPS) -> tuple[Module, tuple]:
    """The network of that name after so many steps on the first `size` pictures; and `pictures(seed)`."""
    data = pictures(seed, name.endswith("shuffled"))
    net = PICTURE_MODELS[name](seed)
    schedule = warm_up(50, cosine(lr, steps - 50))
    trainer = Trainer(net, AdamW(net.parameters(), lr), schedule=schedule)
    X, y = data[0]
    trainer.fit((X[:size], y[:size]), steps=steps, batch_size=BATCH, rng=seed, progress=False)
    return net, data


def contest(case: tuple[str, int, int], shift: int = 0) -> dict[str, Any]:
    """One contender at one size and budget: its rate, and its accuracy on the test, seed by seed."""
    name, size, steps = case

    def run(seed: int, lr: float, part: int) -> float:
        net, data = train_pictures(name, size, seed + shift, lr, steps)
        return round(score(net, data[part]), 4)

    tried = [run(CHOOSER, lr, 1) for lr in RATES]
    lr = RATES[int(np.argmax(tried))]
    found = [run(seed, lr, 2) for seed in SEEDS]
    parameters = sum(p.data.size for p in PICTURE_MODELS[name](0).parameters())
    chosen = {"parameters": parameters, "tried": tried, "lr": lr, "test": found}
    return {"model": name, "size": size, "steps": steps, **chosen}


# -- capsules ----------------------------------------------------------------------------------------


class SameConvolutions(Module):
    """The capsules' two convolutions, and a linear layer in place of the capsules."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.first, self.second = Conv2d(1, 16, 3, padding=1, rng=rng), Conv2d(16, 64, 3, stride=2, rng=rng)
        self.classify = Linear(576, 10, rng=rng)

    def forward(self, x: Array) -> Result:
        return self.classify(relu(self.second(relu(self.first(x)))).reshape((len(x), 576)))


Loss = Callable[[Array, Any], Result]
CAPSULE_MODELS: dict[str, tuple[Callable[[int], Module], Loss]] = {
    "capsules, 3 iterations": (lambda seed: CapsNet(10, 3, seed), margin_loss),
    "capsules, 1 iteration": (lambda seed: CapsNet(10, 1, seed), margin_loss),
    "same convolutions": (SameConvolutions, cross_entropy),
    "ConvNet": (lambda seed: ConvNet((1, 8, 8), 10, (32, 64), rng=seed), cross_entropy),
    "ConvNet, turned copies": (lambda seed: ConvNet((1, 8, 8), 10, (32, 64), rng=seed), cross_entropy),
    "capsules, 3 iterations, turned copies": (lambda seed: CapsNet(10, 3, seed), margin_loss),
}


def turned(X: np.ndarray, degrees: np.ndarray) -> np.ndarray:
    """Each picture turned by its angle, positive against the clock.  (B, 1, H, W), (B,) -> same"""
    from scipy.ndimage import rotate

    made = [rotate(x[0], angle, reshape=False, order=1) for x, angle in zip(X, degrees, strict=True)]
    return np.stack(made)[:, None].astype(np.float32)


def train_capsules(name: str, seed: int, lr: float) -> tuple[Module, tuple[Set, Set, Set]]:
    """The network of that name after 400 steps on scikit-learn's digits; and the split of that seed.

    Turned copies: to every picture four more, turned by random angles up to 30°.
    """
    data = split(*digits(images=True), validation=0.2, test=0.25, rng=seed)
    (X, y), (make, loss) = data[0], CAPSULE_MODELS[name]
    if name.endswith("turned copies"):
        angles = np.random.default_rng(seed).uniform(-30, 30, 4 * len(X))
        X, y = np.concatenate([X, turned(np.tile(X, (4, 1, 1, 1)), angles)]), np.tile(y, 5)
    net = make(seed)
    optimizer, schedule = AdamW(net.parameters(), lr, weight_decay=1e-3), cosine(lr, CAPSULE_STEPS)
    trainer = Trainer(net, optimizer, loss, schedule=schedule)
    trainer.fit((X, y), steps=CAPSULE_STEPS, batch_size=CAPSULE_BATCH, rng=seed, progress=False)
    return net, data


def read_turned(net: Module, data: Set, seed: int) -> list[float]:
    """The share read right when each picture is turned by 0°, 15°, 30°, left or right by chance."""
    X, y = data
    sign = np.random.default_rng(seed).choice([-1, 1], len(X))
    return [round(score(net, (turned(X, sign * angle), y)), 4) for angle in ANGLES]


def capsule_contest(name: str, shift: int = 0) -> dict[str, Any]:
    """One contender: its rate, chosen on upright pictures, and what it reads of turned ones, seed by seed."""

    def run(seed: int, lr: float) -> tuple[Module, tuple[Set, Set, Set]]:
        return train_capsules(name, seed + shift, lr)

    tried = []
    for lr in RATES:
        net, data = run(CHOOSER, lr)
        tried.append(round(score(net, data[1]), 4))
    lr, found = RATES[int(np.argmax(tried))], []
    for seed in SEEDS:
        net, data = run(seed, lr)
        found.append(read_turned(net, data[2], seed + shift))
    parameters = sum(p.data.size for p in CAPSULE_MODELS[name][0](0).parameters())
    return {"model": name, "parameters": parameters, "tried": tried, "lr": lr, "test": found}


# -- all of it ---------------------------------------------------------------------------------------


def load() -> dict[str, Any]:
    """{"shift", "pictures", "longer", "capsules"}: what `contest` and `capsule_contest` return, as stored."""
    return json.loads(STUDY.read_text(encoding="utf-8"))


def main(shift: int, processes: int) -> None:
    """Make everything and write it; print it if the seeds are moved."""
    cases = [(name, size, STEPS) for name in PICTURE_MODELS for size in SIZES]
    cases += [(name, SIZES[-1], LONG) for name in ("ConvNet", "MLP", "ViT", "ViT, loud places")]
    with Pool(processes) as pool:
        capsules = pool.map(partial(capsule_contest, shift=shift), CAPSULE_MODELS, chunksize=1)
        rows = pool.map(partial(contest, shift=shift), cases, chunksize=1)
    kinds = {"pictures": STEPS, "longer": LONG}
    found = {kind: [row for row in rows if row["steps"] == steps] for kind, steps in kinds.items()}
    keep_study({"shift": shift, **found, "capsules": capsules}, STUDY)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shift", type=int, default=0, help="move every seed by this; print, do not store")
    parser.add_argument("--processes", type=int, default=2, help="how many to run at a time")
    given = parser.parse_args()
    main(given.shift, given.processes)
