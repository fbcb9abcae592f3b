"""Which network for which problem? Four small problems, five networks, two rivals that are none.

    python -m nnlearn.study.gallery [--shift N]

writes `weights/gallery_study.json`: every network on every problem, with the learning rate that was best on
validation data, over five seeds; and whether fifty times the examples repair a failure. With a shift every
seed moves, and the result is printed instead. About a quarter of an hour of one core.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import t as student

from nnlearn.data.examples import Set
from nnlearn.engine.arithmetic import max as largest
from nnlearn.engine.arithmetic import mean
from nnlearn.engine.primitive import Array, Result, no_grad
from nnlearn.engine.random import RNG, generator
from nnlearn.engine.shapes import concatenate
from nnlearn.functions.activations import relu
from nnlearn.functions.attention import sinusoidal_positions
from nnlearn.functions.losses import cross_entropy
from nnlearn.layers.basic import GRU, Linear
from nnlearn.layers.module import Module, require_positive
from nnlearn.layers.transformer import TransformerBlock
from nnlearn.study.companions import keep_study
from nnlearn.training.optim import AdamW, cosine, warm_up
from nnlearn.training.trainer import Trainer, accuracy

STUDY = Path(__file__).with_name("weights") / "gallery_study.json"
LENGTH, TRAIN, HELD, TEST = 24, 200, 400, 1000
SEEDS, CHOOSERS = range(5), (100, 101)
RATES = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)
STEPS, BATCH = 400, 32
PLENTY, LONGER = (
    10_000,
    3000,
)  # examples and steps; do they repair these failures: network, problem, shuffled?
FAILED = (("set", "motif", False), ("attention", "motif", False), ("convolution", "motif", True),
          ("recurrent", "motif", True))  # fmt: skip


# -- four problems: x (n, 24, 1), y 0 or 1 -------------------------------------------------------------------


def table(n: int, rng: RNG = None) -> Set:
    """24 columns, each with a meaning of its own; the answer is the sign of x₃ + x₉ + 2 x₁₄ x₂₀."""
    x = generator(rng).normal(size=(n, LENGTH)).astype(np.float32)
    return x[..., None], (x[:, 3] + x[:, 9] + 2 * x[:, 14] * x[:, 20] > 0).astype(np.int64)


def motif(n: int, rng: RNG = None) -> Set:
    """Noise, and somewhere in it +−+−+ or ++−−+: the same five numbers in another order."""
    rng = generator(rng)
    x, y = rng.normal(0, 0.5, (n, LENGTH)), rng.integers(0, 2, n)
    shapes = 1.2 * np.array([[1, -1, 1, -1, 1], [1, 1, -1, -1, 1]])
    start = rng.integers(0, LENGTH - 4, n)
    for i in range(5):
        x[np.arange(n), start + i] += shapes[y, i]
    return x[..., None].astype(np.float32), y


def memory(n: int, rng: RNG = None) -> Set:
    """Zeros, and three to eight events of +1 or −1 in them; the answer is the last event's sign."""
    rng = generator(rng)
    x = np.where(rng.random((n, LENGTH)) < 0.2, rng.choice([-1.0, 1.0], (n, LENGTH)), 0.0)
    x[np.arange(n), rng.integers(0, LENGTH, n)] = rng.choice([-1.0, 1.0], n)
    last = LENGTH - 1 - np.abs(x[:, ::-1]).argmax(axis=1)
    return x[..., None].astype(np.float32), (x[np.arange(n), last] > 0).astype(np.int64)


def clumps(n: int, rng: RNG = None) -> Set:
    """24 readings in no order, of mean 0 and variance 1: in one heap (0), or in two (1)."""
    rng = generator(rng)
    y, one = rng.integers(0, 2, n), rng.normal(size=(n, LENGTH))
    two = 0.9 * rng.choice([-1, 1], (n, LENGTH)) + np.sqrt(1 - 0.9**2) * one
    return np.where(y[:, None], two, one)[..., None].astype(np.float32), y


PROBLEMS: dict[str, Callable[[int, RNG], Set]] = {
    "table": table, "motif": motif, "memory": memory, "clumps": clumps,
}  # fmt: skip


# -- five networks: x (B, T, C) -> logits (B, classes) ---------------------------------------------------


def windows(x: Array, size: int) -> Result:
    """All windows of `size` neighbours, side by side.  (B, T, C) -> (B, T − size + 1, size · C)

    Raises ValueError for a size below 1 or above T.
    """
    T = x.shape[1]
    if not 1 <= size <= T:
        raise ValueError(f"windows: size is {size}, expected 1 to {T}, the length of x")
    return concatenate([x[:, i : T - size + 1 + i] for i in range(size)], axis=2)


class Windowed(Module):
    """One small network looks through every window; then mean and maximum over the windows, and one layer.

    (B, T, C) -> (B, classes). With `size` 1 the order of T is not seen: a network for sets. With a small size
    it is a convolution. With T there is one window, and it is a dense network. Source: for sets M. Zaheer et
    al. (2017).
    """

    def __init__(self, channels: int, size: int, width: int, classes: int = 2, rng: RNG = None) -> None:
        require_positive("Windowed", channels=channels, size=size, width=width, classes=classes)
        rng, self.size = generator(rng), size
        self.first, self.second = Linear(size * channels, width, rng=rng), Linear(width, width, rng=rng)
        self.last = Linear(2 * width, classes, rng=rng)

    def forward(self, x: Array) -> Result:
        h = relu(self.second(relu(self.first(windows(x, self.size)))))
        return self.last(concatenate([mean(h, axis=1), largest(h, axis=1)], axis=1))


class Recurrent(Module):
    """A GRU reads from left to right; one layer on its last state.  (B, T, C) -> (B, classes)"""

    def __init__(self, channels: int, width: int, classes: int = 2, rng: RNG = None) -> None:
        rng = generator(rng)
        self.read, self.last = GRU(channels, width, rng=rng), Linear(width, classes, rng=rng)

    def forward(self, x: Array) -> Result:
        return self.last(self.read(x)[0][:, -1])


class Attentive(Module):
    """A transformer block over places that know where they are, then the mean.  (B, T, C) -> (B, classes)"""

    def __init__(self, channels: int, width: int, classes: int = 2, rng: RNG = None) -> None:
        rng = generator(rng)
        self.embed = Linear(channels, width, rng=rng)
        self.block = TransformerBlock(width, 2, causal=False, rng=rng)
        self.last = Linear(width, classes, rng=rng)

    def forward(self, x: Array) -> Result:
        h = self.embed(x)
        return self.last(mean(self.block(h + sinusoidal_positions(x.shape[1], h.shape[2])), axis=1))


NETWORKS: dict[str, Callable[[int], Module]] = {
    "dense": lambda seed: Windowed(1, LENGTH, 24, rng=seed),
    "convolution": lambda seed: Windowed(1, 5, 32, rng=seed),
    "set": lambda seed: Windowed(1, 1, 36, rng=seed),
    "recurrent": lambda seed: Recurrent(1, 20, rng=seed),
    "attention": lambda seed: Attentive(1, 12, rng=seed),
}


# -- the contest --------------------------------------------------------------------------------------------


def train(net: Module, data: Set, lr: float, steps: int = STEPS, seed: int = 0, batch: int = BATCH) -> Module:
    """The same for all: AdamW, a rate that rises and falls, `batch` examples a step."""
    schedule = warm_up(30, cosine(lr, steps - 30))
    trainer = Trainer(net, AdamW(net.parameters(), lr), schedule=schedule)
    trainer.fit(data, steps=steps, batch_size=batch, rng=seed, progress=False)
    return net


def parts(problem: str, seed: int, shuffled: bool = False, n: int = TRAIN) -> tuple[Set, Set, Set]:
    """`n` examples to train on, others to choose with, and to test: drawn apart, of a seed.

    With `shuffled` the 24 places stand in another order, one order for all examples.
    """
    rng = np.random.default_rng([seed, list(PROBLEMS).index(problem)])
    drawn = [PROBLEMS[problem](size, rng) for size in (n, HELD, TEST)]
    order = rng.permutation(LENGTH) if shuffled else np.arange(LENGTH)
    train, held, test = ((x[:, order], y) for x, y in drawn)
    return train, held, test


@no_grad()
def score(net: Module, data: Set) -> tuple[float, float]:
    """Accuracy, and mean cross-entropy."""
    logits = net(data[0])
    return accuracy(logits, data[1]), float(np.asarray(cross_entropy(logits, data[1])))


def widened(grid: Sequence[float], judge: Callable[[float], float]) -> tuple[float, dict[str, float]]:
    """The best value of a grid, and what each one reached; while the best is the last or the first, it grows.

    At most three steps of a factor 3 (or 10, if the grid's steps are larger) are added at either end.
    """
    factor = 10 if grid[1] / grid[0] > 5 else 3
    tried = {value: judge(value) for value in grid}
    for _ in range(3):
        best = max(sorted(tried), key=tried.__getitem__)
        if min(tried) < best < max(tried):
            break
        new = best * factor if best == max(tried) else best / factor
        tried[new] = judge(new)
    best = max(sorted(tried), key=tried.__getitem__)
    return best, {f"{value:.3g}": tried[value] for value in sorted(tried)}


def contest(network: str, problem: str, shuffled: bool = False, shift: int = 0) -> dict[str, Any]:
    """One network on one problem: a rate chosen on validation data, with seeds apart; then five seeds."""

    def run(seed: int, lr: float) -> tuple[Module, tuple[Set, Set, Set]]:
        data = parts(problem, seed + shift, shuffled)
        return train(NETWORKS[network](seed + shift), data[0], lr, seed=seed + shift), data

    def validated(lr: float) -> float:
        runs = [run(seed, lr) for seed in CHOOSERS]
        return round(float(np.mean([score(net, data[1])[0] for net, data in runs])), 4)

    lr, tried = widened(RATES, validated)
    test = [round(score(net, data[2])[0], 4) for net, data in (run(seed, lr) for seed in SEEDS)]
    parameters = sum(p.data.size for p in NETWORKS[network](0).parameters())
    return {"network": network, "problem": problem, "shuffled": shuffled, "parameters": parameters,
            "tried": tried, "lr": lr, "test": test}  # fmt: skip


def rivals(problem: str, shift: int = 0) -> list[dict[str, Any]]:
    """What needs no network: logistic regression, its strength chosen; and a forest of 200 trees."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression

    def score_of(model: Any, seed: int, part: int) -> float:
        data = [(x.reshape(len(x), -1), y) for x, y in parts(problem, seed + shift)]
        return round(float(model.fit(*data[0]).score(*data[part])), 4)

    makers: dict[str, tuple[Sequence[float], Callable[[Any, int], Any]]] = {
        "logistic": (
            (0.001, 0.01, 0.1, 1.0, 10.0, 100.0),
            lambda C, seed: LogisticRegression(C=C, max_iter=5000),
        ),
        "forest": (
            (1, 2, 4, 8, 16),
            lambda leaf, seed: RandomForestClassifier(200, min_samples_leaf=leaf, random_state=seed),
        ),
    }
    found = []
    for name, (grid, make) in makers.items():

        def validated(value: float, make: Callable = make) -> float:
            return round(float(np.mean([score_of(make(value, seed), seed, 1) for seed in CHOOSERS])), 4)

        if name == "forest":  # a leaf has at least one example: that end cannot grow
            tried = {f"{leaf}": validated(leaf) for leaf in grid}
            one: Any = int(max(tried, key=tried.__getitem__))
        else:
            one, tried = widened(grid, validated)
        test = [score_of(make(one, seed), seed, 2) for seed in SEEDS]
        found.append(
            {
                "network": name,
                "problem": problem,
                "shuffled": False,
                "tried": tried,
                "chosen": one,
                "test": test,
            }
        )
    return found


def repaired(network: str, problem: str, shuffled: bool, lr: float, shift: int = 0) -> dict[str, Any]:
    """The same network, at the rate that was chosen for few examples, with PLENTY and LONGER."""
    test = []
    for seed in (s + shift for s in SEEDS):
        data = parts(problem, seed, shuffled, PLENTY)
        net = train(NETWORKS[network](seed), data[0], lr, LONGER, seed)
        test.append(round(score(net, data[2])[0], 4))
    return {"network": network, "problem": problem, "shuffled": shuffled, "lr": lr, "test": test}


def study(shift: int = 0) -> dict[str, Any]:
    """Every network on every problem, as it is and shuffled; the rivals; and more examples."""
    rows = []
    for problem in PROBLEMS:
        rows += [
            contest(network, problem, shuffled, shift) for network in NETWORKS for shuffled in (False, True)
        ]
        rows += rivals(problem, shift)
        print(*rows[-12:], sep="\n", flush=True)
    rates = {(row["network"], row["problem"], row["shuffled"]): row["lr"] for row in rows if "lr" in row}
    plenty = [repaired(*which, rates[which], shift) for which in FAILED]
    return {"shift": shift, "rows": rows, "plenty": plenty}


def load() -> dict[str, Any]:
    """What the study found: {"shift": 0, "rows": [{"network", "problem", "test"}, …], "plenty": […]}."""
    return json.loads(STUDY.read_text(encoding="utf-8"))


def interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float]:
    """Mean and half the width of its interval, by Student's t.  (n,) -> two numbers

    mean ± t · s / √n, with t for n − 1 degrees of freedom. Raises ValueError for fewer than two values.
    """
    found = np.asarray(values, dtype=float)
    if found.ndim != 1 or len(found) < 2:
        raise ValueError(f"interval: values has shape {found.shape}, expected two or more in a row")
    half = student.ppf((1 + level) / 2, len(found) - 1) * found.std(ddof=1) / len(found) ** 0.5
    return float(found.mean()), float(half)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--shift", type=int, default=0, help="moves every seed; the result is printed")
    keep_study(study(parser.parse_args().shift), STUDY)
