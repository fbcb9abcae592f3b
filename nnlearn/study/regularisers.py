"""What chapter 11 compares: seven regularisers and three simple rivals, on noisy digits, over ten draws.

    python -m nnlearn.study.regularisers [--shift N]

writes `weights/regularisers_study.json`; a shift moves every seed. Each contender has three tries and each
network may also stop early; the validation digits choose. `Network`, `train` and `judged` do what the
chapter's own do. Two to three minutes of one core.
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
from nnlearn.engine.random import RNG, generator
from nnlearn.functions.activations import relu, softmax
from nnlearn.functions.losses import cross_entropy
from nnlearn.layers import init
from nnlearn.layers.basic import BatchNorm, Dropout, LayerNorm, Linear
from nnlearn.layers.module import Module
from nnlearn.study.companions import keep_study
from nnlearn.training.optim import AdamW

Part = tuple[np.ndarray, np.ndarray]
Exam = tuple[Part, Part, Part]

STUDY = Path(__file__).with_name("weights") / "regularisers_study.json"
SEEDS = range(10)
RATES: list[dict[str, Any]] = [{"lr": lr} for lr in (0.001, 0.003, 0.01)]
TRIES: dict[str, list[dict[str, Any]]] = {
    "nothing": RATES,
    "batch norm": [{"norm": BatchNorm, **rate} for rate in RATES],
    "layer norm": [{"norm": LayerNorm, **rate} for rate in RATES],
    "shifts": [{"shift": True, **rate} for rate in RATES],
    "AdamW": [{"decay": v} for v in (0.3, 1, 3)],
    "L1": [{"l1": v} for v in (0.03, 0.1, 0.3)],
    "dropout": [{"p": v} for v in (0.35, 0.5, 0.65)],
}
RIVALS: dict[str, Sequence[float]] = {
    "nearest neighbours": (1, 5, 9),
    "ridge, pixels": (0.1, 1, 10),
    "ridge, random units": (0.1, 1, 10),
}
EXAMS = ("digits", "MNIST", "MNIST, moved")


def noisy_exam(X: np.ndarray, labels: np.ndarray, order: np.ndarray, k: int, wrong: int = 20) -> Exam:
    """The k-th hundred of `order` to train, 20 labels wrong; 300 to validate; the rest to test."""
    a, b, c = order[100 * k : 100 * k + 100], order[1000:1300], order[1300:]
    y = labels[a].copy()
    y[:wrong] = (y[:wrong] + 1 + np.arange(wrong) % 9) % 10
    return (X[a], y), (X[b], labels[b]), (X[c], labels[c])


def pooled(X: np.ndarray, moves: np.ndarray | int = 0) -> np.ndarray:
    """The middle 24×24 pixels, moved by `moves` (n, 2), each 3×3 averaged.  (n, 1, 28, 28) -> (n, 64)"""
    moves = np.broadcast_to(moves, (len(X), 2))
    paper = np.pad(X[:, 0], ((0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(paper, (24, 24), axis=(1, 2))
    found = windows[np.arange(len(X)), 3 + moves[:, 0], 3 + moves[:, 1]]
    return found.reshape(-1, 8, 3, 8, 3).mean(axis=(2, 4)).reshape(-1, 64)


def exam(name: str, k: int, shift: int = 0) -> Exam:
    """The k-th exam on the small digits, on MNIST, or on MNIST with each digit moved by up to 3 pixels."""
    rng = np.random.default_rng(shift)
    if name == "digits":
        X, labels = digits()
        return noisy_exam(X, labels, rng.permutation(len(X)), k)
    (M, m), (N, n) = mnist()
    order = np.concatenate([rng.permutation(12_000)[:1300], np.arange(12_000, 14_000)])
    moves = rng.integers(-3, 4, size=(14_000, 2)) if name == "MNIST, moved" else 0
    return noisy_exam(pooled(np.concatenate([M, N]), moves), np.concatenate([m, n]), order, k)


class Network(Module):
    """Linear, a norm if given, ReLU, dropout; twice; then linear.  (B, 64) -> (B, 10)"""

    def __init__(self, rng: RNG, p: float = 0.0, norm: Callable[[int], Module] | None = None) -> None:
        rng = generator(rng)
        sizes = ((64, 100), (100, 100), (100, 10))
        self.layers = [Linear(n, m, init=init.he_uniform, rng=rng) for n, m in sizes]
        self.norms = [norm(100) for _ in range(2)] if norm else []
        self.dropout = Dropout(p, rng=rng)

    def forward(self, x: Any) -> Any:
        for i, layer in enumerate(self.layers[:-1]):
            x = layer(x)
            x = self.norms[i](x) if self.norms else x
            x = self.dropout(relu(x))
        return self.layers[-1](x)


def shifted(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each picture moved by -1, 0 or 1 pixels down and across.  (B, 64)"""
    paper = np.pad(x.reshape(-1, 8, 8), ((0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(paper, (8, 8), axis=(1, 2))
    down, across = rng.integers(0, 3, (2, len(x)))
    return windows[np.arange(len(x)), down, across].reshape(len(x), 64)


def train(
    data: Part, seed: int, lr: float = 0.003, decay: float = 0, l1: float = 0, shift: bool = False,
    steps: int = 300, watch: Callable[[int, Network], None] | None = None, **network: Any,
) -> Network:  # fmt: skip
    """AdamW on batches of 25; after each step the soft threshold of L1, and `watch`."""
    rng = np.random.default_rng(seed)
    model = Network(rng, **network)
    optimizer = AdamW(model.parameters(), lr=lr, weight_decay=decay)
    for step in range(steps):
        batch = rng.choice(100, 25, replace=False)
        x, y = data[0][batch], data[1][batch]
        optimizer.zero_grad()
        loss: Any = cross_entropy(model(shifted(x, rng) if shift else x), y)
        loss.backward()
        optimizer.step()
        if l1:
            for layer in model.layers:
                W = layer.W.data
                W[...] = np.sign(W) * np.maximum(np.abs(W) - lr * l1, 0)
        if watch:
            watch(step + 1, model)
    model.eval()
    return model


def right(scores: np.ndarray, y: np.ndarray) -> float:
    """Share of the rows whose largest score is at the label."""
    return float((scores.argmax(axis=1) == y).mean())


def judged(parts: Exam, seed: int, tries: Sequence[dict[str, Any]]) -> list[list[float]]:
    """Training and test accuracy after 300 steps, stopped early, and of three averaged: (3, 2)"""
    (x, y), (xb, yb), (xc, yc) = parts
    last, early = [], []
    for options in tries:
        best: list[Any] = [np.inf, None]

        def look(step: int, model: Network, best: list[Any] = best) -> None:
            if step % 10 == 0:
                model.eval()
                loss: Any = cross_entropy(model(xb), yb)
                if float(loss.data) < best[0]:
                    best[:] = float(loss.data), model.state_dict()
                model.train()

        model = train((x, y), seed, watch=look, **options)
        last.append([softmax(model(part).data, -1) for part in (x, xb, xc)])
        model.load_state_dict(best[1])
        early.append([softmax(model(part).data, -1) for part in (x, xb, xc)])
    chosen = [max(scores, key=lambda s: right(s[1], yb)) for scores in (last, early)]
    chosen.append([sum(s[k] for s in early) / len(early) for k in range(3)])
    return [[right(s[0], y), right(s[2], yc)] for s in chosen]


def rival(parts: Exam, seed: int, name: str) -> list[float]:
    """Training and test accuracy of a simple rival, its one strength chosen by the validation digits."""
    (x, y), b, c = parts
    found = []
    if name == "nearest neighbours":

        def scores(at: np.ndarray, k: float) -> np.ndarray:
            far = ((at[:, None] - x) ** 2).sum(axis=2)
            near = np.argsort(far, axis=1, kind="stable")[:, : int(k)]
            return np.eye(10)[y[near]].sum(axis=1) + 1e-6 * np.eye(10)[y[near[:, 0]]]
    else:
        rng = np.random.default_rng(seed)
        W, bias = rng.normal(size=(64, 3000)) / np.sqrt(10), rng.normal(size=3000)

        def phi(at: np.ndarray) -> np.ndarray:
            pixels = np.hstack([at, np.ones((len(at), 1))])
            return pixels if name == "ridge, pixels" else np.tanh((at - 0.3) @ W + bias) / np.sqrt(3000)

        A, features = phi(x), {id(part[0]): phi(part[0]) for part in parts}

        def scores(at: np.ndarray, k: float) -> np.ndarray:
            return features[id(at)] @ (A.T @ np.linalg.solve(A @ A.T + k * np.eye(len(A)), np.eye(10)[y]))

    for strength in RIVALS[name]:
        tried = [scores(part[0], strength) for part in parts]
        found.append((right(tried[1], b[1]), right(tried[0], y), right(tried[2], c[1])))
    return list(max(found, key=lambda row: row[0])[1:])


def contest(case: tuple[str, str], shift: int = 0) -> dict[str, Any]:
    """One contender on one kind of digits: for each draw what `judged` or `rival` gives."""
    kind, name = case
    values: list[Any] = []
    for k in SEEDS:
        parts = exam(kind, k, shift)
        values.append(
            judged(parts, k + shift, TRIES[name]) if name in TRIES else rival(parts, k + shift, name)
        )
    return {"exam": kind, "name": name, "values": np.round(values, 4).tolist()}


def load() -> dict[str, dict[str, np.ndarray]]:
    """By exam and contender, training and test accuracy: (10, 3, 2) of a network, (10, 1, 2) of a rival."""
    rows = json.loads(STUDY.read_text(encoding="utf-8"))["rows"]
    return {
        kind: {r["name"]: np.reshape(r["values"], (len(SEEDS), -1, 2)) for r in rows if r["exam"] == kind}
        for kind in EXAMS
    }


def main(shift: int) -> None:
    """Make everything, two processes at a time, and write it; print it if the seeds are moved."""
    cases = [(kind, name) for kind in EXAMS[:2] for name in (*TRIES, *RIVALS)]
    cases += [(EXAMS[2], name) for name in ("nothing", "shifts")]
    with Pool(2) as pool:
        rows = pool.map(partial(contest, shift=shift), cases, chunksize=1)
    keep_study({"shift": shift, "rows": rows}, STUDY)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shift", type=int, default=0, help="move every seed by this; print, do not store")
    main(parser.parse_args().shift)
