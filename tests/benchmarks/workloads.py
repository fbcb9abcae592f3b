"""The course's own training steps, for every library: the same weights, batches, optimiser and threads.

A workload makes our model and its batches; `RIVALS[library]` holds, for each kind of model, a function
(model, batches, lr) -> step, where step(i) trains on batch i and returns its loss.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

import nnlearn as nn

Batches = Sequence[tuple[np.ndarray, np.ndarray]]
Step = Callable[[int], float]


@dataclass(frozen=True)
class Workload:
    """One training step of the course: `make()` gives our model, `batches()` what it is trained on."""

    kind: str  # which of a rival's builders does the same
    make: Callable[[], nn.Module]
    batches: Callable[[], Batches]
    steps: int  # how many are timed in one go
    lr: float = 1e-3


def rows(shape: tuple[int, ...], classes: int, batch: int, count: int = 8) -> Batches:
    """Random inputs of a shape, and labels."""
    rng = np.random.default_rng(0)
    return [
        (rng.standard_normal((batch, *shape), dtype=np.float32), rng.integers(0, classes, batch))
        for _ in range(count)
    ]


def text(vocabulary: int, length: int, batch: int, count: int = 8) -> Batches:
    """Random tokens, and the ones that follow them."""
    ids = np.random.default_rng(0).integers(0, vocabulary, (count, batch, length + 1))
    return [(i[:, :-1].copy(), i[:, 1:].copy()) for i in ids]


def mlp(width: int, steps: int, batch: int = 64) -> Workload:
    return Workload(
        "mlp",
        lambda: nn.MLP([64, width, width, 10], rng=0),
        lambda: rows((64,), 10, batch),
        steps,
    )


def convnet(size: int, channels: tuple[int, int], steps: int) -> Workload:
    return Workload(
        "convnet",
        lambda: nn.ConvNet((1, size, size), 10, channels, rng=0),
        lambda: rows((1, size, size), 10, 64),
        steps,
    )


def gpt(
    width: int, steps: int, depth: int = 4, heads: int = 4, length: int = 64, batch: int = 16
) -> Workload:
    return Workload(
        "gpt",
        lambda: nn.GPT(65, length, width, depth, heads, rng=0),
        lambda: text(65, length, batch),
        steps,
    )


WORKLOADS = {
    "MLP, width 32": mlp(32, 200),
    "MLP, width 128": mlp(128, 100),
    "MLP, width 512": mlp(512, 30),
    "ConvNet, 8×8 digits": convnet(8, (16, 32), 20),
    "ConvNet, 28×28": convnet(28, (16, 32), 4),
    "LSTM, characters": Workload(
        "lstm", lambda: nn.CharRNN(65, 128, cell="lstm", rng=0), lambda: text(65, 64, 32), 6
    ),
    "GPT, width 64": gpt(64, 5),
    "GPT, width 128": gpt(128, 3),
    "GPT, 192 × 6, context 256": gpt(192, 1, depth=6, heads=6, length=256, batch=8),
}

GROWTH = {
    "width": {f"GPT, width {n}": gpt(n, 3) for n in (32, 64, 128, 256)},
    "length": {f"GPT, length {n}": gpt(64, 2, length=n) for n in (32, 64, 128, 256, 512)},
    "depth": {f"GPT, depth {n}": gpt(64, 2, depth=n) for n in (1, 2, 4, 8, 16)},
    "batch": {f"MLP, batch {n}": mlp(128, 50, n) for n in (8, 32, 128, 512)},
}
"""What grows, and the workloads along it."""
ALL = WORKLOADS | {name: workload for curve in GROWTH.values() for name, workload in curve.items()}


def ours(model: nn.Module, batches: Batches, lr: float, shards: int = 1) -> Step:
    """The training step as the chapters write it, or with its batch in shards."""
    optimizer = nn.Adam(model.parameters(), lr)

    def step(i: int) -> float:
        x, y = batches[i % len(batches)]
        optimizer.zero_grad()
        if shards > 1:
            value = nn.data_parallel(lambda x, y: nn.cross_entropy(model(x), y), x, y, shards=shards)
        else:
            loss = nn.cross_entropy(model(x), y)
            loss.backward()
            value = loss.item()
        optimizer.step()
        return value

    return step


RIVALS: dict[str, dict[str, Callable[[Any, Batches, float], Step]]] = {
    "nnlearn": dict.fromkeys(("mlp", "convnet", "lstm", "gpt"), ours),
    "nnlearn, 4 shards": dict.fromkeys(("convnet", "lstm", "gpt"), partial(ours, shards=4)),
}
