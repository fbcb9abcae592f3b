"""A table of 480 small networks, trained once, and searches that look things up in it (chapter 21).

    python -m nnlearn.study.architectures [--shift N] [--pictures N] [--out FILE]

trains every network twice on 800 pictures of MNIST pooled to 14×14 and writes `weights/architectures.npz`,
which `load` reads; a shift moves the seeds, and prints instead, as other pictures do. With `--out` what they
give is kept as well: an array for `Search`. A quarter of an hour of one core.
"""

import argparse
import itertools
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nnlearn.data.mnist_subset import mnist
from nnlearn.engine.primitive import Array, Result, no_grad, plain
from nnlearn.engine.random import RNG, generator
from nnlearn.functions.activations import relu
from nnlearn.functions.losses import cross_entropy
from nnlearn.layers.basic import Conv2d, Linear, MaxPool2d
from nnlearn.layers.init import he_uniform
from nnlearn.layers.module import Module
from nnlearn.training.optim import Adam, cosine

TABLE = Path(__file__).with_name("weights") / "architectures.npz"
STEPS, LENGTH, WIDTHS = ("conv1", "conv3", "pool"), 4, (8, 16)
TRAIN, FOLDS, FOLD, RUNS = 800, 10, 200, 2
EPOCHS, BATCH, RATE = (1, 2, 4, 8), 32, 5e-3


class Recipe(NamedTuple):
    """A network in words: its steps in order, its channels, and whether a convolution adds its input."""

    steps: tuple[str, ...]
    width: int
    shortcuts: bool

    def __str__(self) -> str:
        return f"{' '.join(self.steps) or 'nothing'}, {self.width} wide{', shortcuts' * self.shortcuts}"


# -- the space ---------------------------------------------------------------------------------------


@cache
def recipes() -> tuple[Recipe, ...]:
    """All 480, in the order of the table's rows: up to four steps, at most three of them pooling."""
    words = [w for n in range(LENGTH + 1) for w in itertools.product(STEPS, repeat=n) if w.count("pool") < 4]
    return tuple(Recipe(*parts) for parts in itertools.product(words, WIDTHS, (False, True)))


@cache
def neighbours(i: int) -> tuple[int, ...]:
    """The rows one change away: a step replaced, inserted or removed, the other width, shortcuts or none."""
    steps, width, shortcuts = recipes()[i]
    words = set()
    for k in range(len(steps) + 1):
        words |= {(*steps[:k], new, *steps[k:]) for new in STEPS}  # inserted
        if k < len(steps):
            words |= {(*steps[:k], *new, *steps[k + 1 :]) for new in [(), *((s,) for s in STEPS)]}
    changed = [Recipe(word, width, shortcuts) for word in sorted(words - {steps})]
    changed += [Recipe(steps, sum(WIDTHS) - width, shortcuts), Recipe(steps, width, not shortcuts)]
    rows = {recipe: k for k, recipe in enumerate(recipes())}
    return tuple(rows[recipe] for recipe in changed if recipe in rows)


class Small(Module):
    """The network of a recipe, for pictures of 14×14 pixels.  (B, 1, 14, 14) -> (B, 10)"""

    def __init__(self, recipe: Recipe, rng: RNG = None) -> None:
        rng, self.shortcuts, channels, size = generator(rng), recipe.shortcuts, 1, 14
        self.steps: list[Any] = []
        for step in recipe.steps:
            if step == "pool":
                self.steps.append(MaxPool2d(2))
                size //= 2
            else:
                k = int(step[-1])
                self.steps.append(Conv2d(channels, recipe.width, k, padding=k // 2, init=he_uniform, rng=rng))
                channels = recipe.width
        self.classify = Linear(channels * size * size, 10, rng=rng)

    def forward(self, x: Array) -> Result:
        for step in self.steps:
            if isinstance(step, MaxPool2d):
                x = step(x)
            else:
                y = relu(step(x))
                x = y + x if self.shortcuts and y.shape == x.shape else y
        return self.classify(x.reshape((len(x), -1)))


def multiply_adds(recipe: Recipe) -> int:
    """How many multiplications, each with an addition, the network of a recipe does for one picture."""
    channels, size, total = 1, 14, 0
    for step in recipe.steps:
        if step == "pool":
            size //= 2
        else:
            total += int(step[-1]) ** 2 * channels * recipe.width * size * size
            channels = recipe.width
    return total + 10 * channels * size * size


# -- the table ---------------------------------------------------------------------------------------


def pictures(drawn: int = 0) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """MNIST pooled to 14×14: "train", 800, and "held", 2,000 others in ten folds of 200; more by `drawn`."""
    (x, y), _ = mnist()
    order = np.random.default_rng(drawn).permutation(len(x))[: TRAIN + FOLDS * FOLD]
    x, y = x[order].reshape(-1, 1, 14, 2, 14, 2).mean(axis=(3, 5)), y[order]
    x = ((x - x[:TRAIN].mean()) / x[:TRAIN].std()).astype(np.float32)
    return {"train": (x[:TRAIN], y[:TRAIN]), "held": (x[TRAIN:], y[TRAIN:])}


def learn(recipe: Recipe, seed: int, drawn: int = 0) -> np.ndarray:
    """The share of each fold read right after 1, 2, 4 and 8 epochs.  -> (4, folds)"""
    data, net = pictures(drawn), Small(recipe, seed)
    (x, y), (held, labels) = data["train"], data["held"]
    optimizer, order, found = Adam(net.parameters(), RATE), np.random.default_rng([seed, 1]), []
    schedule = cosine(RATE, EPOCHS[-1] * TRAIN // BATCH)
    for k, rows in enumerate(_rows(order)):
        optimizer.lr = schedule(k)
        optimizer.zero_grad()
        loss: Any = cross_entropy(net(x[rows]), y[rows])
        loss.backward()
        optimizer.step()
        if (k + 1) * BATCH / TRAIN in EPOCHS:
            with no_grad():
                parts = [plain(net(held[i : i + FOLD])).argmax(axis=1) for i in range(0, len(held), FOLD)]
            found.append((np.stack(parts) == labels.reshape(FOLDS, FOLD)).mean(axis=1))
    return np.stack(found)


def _rows(rng: np.random.Generator) -> Iterator[np.ndarray]:
    for _ in range(EPOCHS[-1]):
        yield from rng.permutation(TRAIN).reshape(-1, BATCH)


@cache
def load() -> np.ndarray:
    """The stored table, what `learn` found.  -> (480 recipes, 2 runs, 4 numbers of epochs, 10 folds)"""
    with np.load(TABLE) as stored:
        table = stored["right"] / FOLD
    table.setflags(write=False)
    return table


def _same(recipe: Recipe) -> Recipe:
    """The first recipe for the same network: without two convolutions nothing can be added to."""
    convolutions = [step for step in recipe.steps if step != "pool"]
    width = recipe.width if convolutions else WIDTHS[0]
    return Recipe(recipe.steps, width, recipe.shortcuts and len(convolutions) > 1)


def make(shift: int = 0, drawn: int = 0, out: str = "") -> None:
    """Train every network, and write the table; other seeds or pictures go to `out`, if anywhere.

    Prints the best rows and the place of chapter 12's pattern and of the stored table's best, in the mean and
    in each run.
    """
    from tqdm import tqdm

    done: dict[Recipe, np.ndarray] = {}
    for recipe in tqdm(recipes(), mininterval=10):
        if (one := _same(recipe)) not in done:
            done[one] = np.stack([learn(one, seed + shift, drawn) for seed in range(RUNS)])
    table = np.stack([done[_same(recipe)] for recipe in recipes()])
    mean = table[:, :, -1].mean(axis=(1, 2))
    for i in np.argsort(-mean)[:10]:
        print(f"{mean[i]:.3f} {recipes()[i]}")
    known = recipes().index(Recipe(("conv3", "pool", "conv3", "pool"), 16, False))
    for name, i in (
        ("the pattern", known),
        ("the stored best", int(load()[:, :, -1].mean(axis=(1, 2)).argmax())),
    ):
        places = [int((right > right[i]).sum()) + 1 for right in (mean, *table[:, :, -1].mean(axis=2).T)]
        print(f"{name}: place {places[0]}; in each run {places[1:]}")
    if out:
        np.save(out, table)
    if not shift and not drawn:
        np.savez_compressed(TABLE, right=np.rint(table * FOLD).astype(np.uint8))


# -- searches ----------------------------------------------------------------------------------------


class Search:
    """One search over a table: what it may see, and what it has spent.

    `train` looks up what training would have given, on the pictures of one fold, the validation. Another fold
    is the test; the pictures of the other eight are fresh: no search sees them. Of every network's two runs
    one is drawn.
    """

    def __init__(self, table: np.ndarray, rng: RNG = None) -> None:
        self.rng = generator(rng)
        fold, run = self.rng.permutation(table.shape[3]), self.rng.integers(table.shape[1], size=len(table))
        right = table[np.arange(len(table)), run]  # (recipes, numbers of epochs, folds)
        self.validation, self.test, self.fresh = (
            right[..., fold[0]],
            right[..., fold[1]],
            right[..., fold[2:]],
        )
        self.fresh = self.fresh.mean(axis=2)  # each of the three (recipes, numbers of epochs)
        self.spent, self.trained = 0, np.zeros(len(table), int)
        self.log: list[tuple[int, int, int]] = []  # spent so far, row, epochs

    def train(self, i: int, epochs: int = 8) -> float:
        """Validation accuracy of row i after so many epochs; those it has not had before are charged.

        Raises ValueError for a number of epochs that is not in the table.
        """
        if epochs not in EPOCHS:
            raise ValueError(f"train: epochs is {epochs}, expected one of {', '.join(map(str, EPOCHS))}")
        self.spent += max(epochs - self.trained[i], 0)
        self.trained[i] = max(epochs, self.trained[i])
        self.log.append((int(self.spent), int(i), epochs))
        return float(self.validation[i, EPOCHS.index(epochs)])

    @property
    def found(self) -> int:
        """Of the rows that were trained to the end, the first of the best on the validation pictures."""
        done = [i for _, i, epochs in self.log if epochs == EPOCHS[-1]]
        return max(done, key=lambda i: self.validation[i, -1])


def random_search(search: Search, budget: int) -> int:
    """Train networks in a random order until the budget of epochs is spent; the row found."""
    for i in search.rng.permutation(len(search.trained)):
        if search.spent + EPOCHS[-1] > budget:
            break
        search.train(i)
    return search.found


def evolution(search: Search, budget: int, population: int = 10, sample: int = 5) -> int:
    """Regularised evolution: change the best of a sample a little, let the oldest die; the row found.

    The first `population` rows are random. A child is a neighbour that has not been trained, if there is one.
    Source: E. Real and others (2019).
    """
    living: list[tuple[float, int]] = []
    while search.spent + EPOCHS[-1] <= budget and not search.trained.all():
        new = np.flatnonzero(search.trained == 0)
        if len(living) >= population:
            drawn = search.rng.choice(len(living), min(sample, len(living)), replace=False)
            _, parent = max(living[k] for k in drawn)
            near = [j for j in neighbours(parent) if not search.trained[j]]
            new = np.array(near) if near else new
        child = int(search.rng.choice(new))
        living = [*living, (search.train(child), child)][-population:]
    return search.found


def successive_halving(search: Search, budget: int) -> int:
    """Train many for one epoch, the better half for two, their better half for four …; the row found.

    As many begin as the budget allows. Source: K. Jamieson and A. Talwalkar (2016).
    """
    rows = search.rng.permutation(len(search.trained))
    while _price(len(rows)) > budget and len(rows) > 1:
        rows = rows[:-1]
    for epochs in EPOCHS:
        scores = np.array([search.train(i, epochs) for i in rows])
        if epochs < EPOCHS[-1]:
            rows = rows[np.argsort(-scores, kind="stable")][: max(len(rows) // 2, 1)]
    return search.found


def _price(n: int) -> int:
    """The epochs that halving costs when n networks begin."""
    left = [max(n >> k, 1) for k in range(len(EPOCHS))]
    return int(np.dot(left, np.diff([0, *EPOCHS])))


STRATEGIES = {"random": random_search, "evolution": evolution, "halving": successive_halving}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Train every network of chapter 21's table.")
    parser.add_argument("--shift", type=int, default=0, help="move every seed by this; print, do not store")
    parser.add_argument("--pictures", type=int, default=0, help="draw other pictures by this; do not store")
    parser.add_argument("--out", default="", help="keep the table in this file as well")
    given = parser.parse_args()
    make(given.shift, given.pictures, given.out)
