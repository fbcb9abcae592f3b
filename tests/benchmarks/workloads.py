"""The course's own training steps, for every library: the same weights, batches, optimiser and threads.

A workload makes our model and its batches; `RIVALS[library]` holds, for each kind of model, a function
(model, batches, lr) -> step, where step(i) trains on batch i and returns its loss.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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


def mlp(width: int, steps: int) -> Workload:
    return Workload(
        "mlp",
        lambda: nn.MLP([64, width, width, 10], rng=0),
        lambda: rows((64,), 10, 64),
        steps,
    )


def convnet(size: int, channels: tuple[int, int], steps: int) -> Workload:
    return Workload(
        "convnet",
        lambda: nn.ConvNet((1, size, size), 10, channels, rng=0),
        lambda: rows((1, size, size), 10, 64),
        steps,
    )


def gpt(width: int, steps: int) -> Workload:
    return Workload(
        "gpt",
        lambda: nn.GPT(65, 64, width, depth=4, heads=4, rng=0),
        lambda: text(65, 64, 16),
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
}


def ours(model: nn.Module, batches: Batches, lr: float) -> Step:
    """The training step as the chapters write it."""
    optimizer = nn.Adam(model.parameters(), lr)

    def step(i: int) -> float:
        x, y = batches[i % len(batches)]
        optimizer.zero_grad()
        loss = nn.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


RIVALS: dict[str, dict[str, Callable[[Any, Batches, float], Step]]] = {
    "nnlearn": dict.fromkeys(("mlp", "convnet", "lstm", "gpt"), ours)
}
