"""What chapter 07 loads: what a wrong matrix in the backward pass costs, over learning rates and depths.

    python -m nnlearn.study.feedback [--shift N]

writes `weights/feedback_study.json`; a shift moves every seed. Networks of one to three hidden layers of ten
ReLUs read the small digits: 1,000 steps, batches of 32, seven learning rates, ten seeds. All networks of a
kind are trained side by side, one in each place of the two leading axes. A minute of one core.
"""

import argparse
import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from nnlearn.data.bundled import digits
from nnlearn.data.splits import split

Part = tuple[np.ndarray, np.ndarray]

STUDY = Path(__file__).with_name("weights") / "feedback_study.json"
RATES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
SEEDS, WIDTH, STEPS, BATCH = range(10), 10, 1000, 32
# What stands where W.T belongs, behind every layer but the first; and does W2 stay as it is?
KINDS = {
    "right": ("W.T", False),
    "bug": ("W", False),
    "random": ("random", False),
    "frozen": ("nothing", False),
    "redrawn": ("redrawn", False),
    "turned": ("-W.T", False),
    "right, W2 frozen": ("W.T", True),
    "random, W2 frozen": ("random", True),
}
DEEP = list(KINDS)[:4]
CASES = [(kind, 1) for kind in KINDS] + [(kind, layers) for layers in (2, 3) for kind in DEEP]


def data(seed: int) -> tuple[Part, Part, Part]:
    """The digits of 8 × 8 pixels: three in five to learn from, one to validate, one to test."""
    images, labels = digits()
    return split(images.astype(float), labels, validation=0.2, test=0.2, rng=seed)


def train(
    kind: str, layers: int, seeds: Sequence[int] = SEEDS, rates: Sequence[float] = RATES, steps: int = STEPS
) -> np.ndarray:
    """Shares of validation and test digits read correctly.  -> (2, len(rates), len(seeds))"""
    parts = [data(seed) for seed in seeds]
    rngs = [np.random.default_rng(seed) for seed in seeds]
    lr = np.reshape(rates, (-1, 1, 1, 1))
    sizes = [64, *[WIDTH] * layers, 10]
    starts = [[he(r, n, m) for n, m in pairwise(sizes)] for r in rngs]
    W = [np.tile(np.stack(same), (len(rates), 1, 1, 1)) for same in zip(*starts, strict=True)]
    b = [np.zeros((len(rates), len(seeds), 1, m)) for m in sizes[1:]]
    R, redraw = [random_matrices(seed + 50, layers) for seed in seeds], np.random.default_rng(seeds[0] + 90)
    fixed = [np.zeros(0), *map(np.stack, zip(*R, strict=True))]
    matrix, frozen = KINDS[kind]
    for _ in range(steps):
        rows = [r.integers(0, len(part[0][0]), BATCH) for r, part in zip(rngs, parts, strict=True)]
        X = np.stack([part[0][0][k] for part, k in zip(parts, rows, strict=True)])
        Y = np.eye(10)[np.stack([part[0][1][k] for part, k in zip(parts, rows, strict=True)])]
        A = forward(X, W, b)
        dZ, slopes = (softmax(A[-1]) - Y) / BATCH, []
        for k in reversed(range(layers + 1)):
            slopes.append((k, A[k].swapaxes(-1, -2) @ dZ, dZ.sum(axis=-2, keepdims=True)))
            if k:
                back = feedback(matrix, W[k], fixed[k], redraw)
                dZ = (dZ @ back) * (A[k] > 0)
        for k, dW, db in slopes:
            b[k] -= lr * db
            if not (frozen and k == 1):
                W[k] -= lr * dW
    right = np.empty((2, len(rates), len(seeds)))
    for s, (_, *held_out) in enumerate(parts):
        for which, (X, labels) in enumerate(held_out):
            Z = forward(X, [w[:, s] for w in W], [c[:, s] for c in b])[-1]
            right[which, :, s] = (Z.argmax(axis=-1) == labels).mean(axis=-1)
    return right


def he(rng: np.random.Generator, n: int, m: int) -> np.ndarray:
    """Normal numbers with variance 2/n.  -> (n, m)"""
    return rng.normal(size=(n, m)) * np.sqrt(2 / n)


def random_matrices(seed: int, layers: int) -> list[np.ndarray]:
    """One for each layer but the first, drawn once and never changed.  -> layers × (10, 10)"""
    rng = np.random.default_rng(seed)
    return [he(rng, WIDTH, WIDTH) for _ in range(layers)]


def forward(X: np.ndarray, W: list[np.ndarray], b: list[np.ndarray]) -> list[np.ndarray]:
    """X, each hidden layer after its ReLU, and the logits."""
    A = [X]
    for w, c in zip(W[:-1], b, strict=False):
        A.append(np.maximum(A[-1] @ w + c, 0))
    return [*A, A[-1] @ W[-1] + b[-1]]


def softmax(Z: np.ndarray) -> np.ndarray:
    e = np.exp(Z - Z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def feedback(matrix: str, W: np.ndarray, fixed: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What stands where W.T belongs."""
    match matrix:
        case "W":
            return W
        case "random":
            return fixed
        case "redrawn":
            return he(rng, WIDTH, WIDTH)
        case "nothing":
            return np.zeros((WIDTH, WIDTH))
        case "-W.T":
            return -W.swapaxes(-1, -2)
    return W.swapaxes(-1, -2)


def load() -> dict[tuple[str, int], np.ndarray]:
    """By kind and hidden layers: shares of validation and test digits read correctly, (2, 7, 10)."""
    rows = json.loads(STUDY.read_text(encoding="utf-8"))["rows"]
    return {(row["kind"], row["layers"]): np.array(row["right"]) for row in rows}


def chosen(right: np.ndarray) -> tuple[float, np.ndarray]:
    """The rate with the best mean on the validation digits, and what each seed has on the test digits."""
    best = int(right[0].mean(axis=1).argmax())
    return RATES[best], right[1, best]


def main(shift: int) -> None:
    """Make everything and write it; print what was chosen if the seeds are moved."""
    seeds, rows = [seed + shift for seed in SEEDS], []
    for kind, layers in CASES:
        with np.errstate(all="ignore"):  # a rate that is too large overflows
            right = train(kind, layers, seeds)
        rate, test = chosen(right)
        rows.append({"kind": kind, "layers": layers, "right": np.round(right, 4).tolist()})
        error = test.std(ddof=1) / np.sqrt(len(test))
        print(f"{kind:18} {layers} hidden, η = {rate}: {test.mean():.3f} ± {error:.3f}", flush=True)
    if not shift:
        STUDY.write_text(json.dumps({"rows": rows}) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shift", type=int, default=0, help="move every seed by this; print, do not store")
    main(parser.parse_args().shift)
