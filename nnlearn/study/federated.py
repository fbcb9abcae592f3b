"""Federated averaging on the digits of 8×8 pixels: clients that are alike, and clients with one digit each.

    study = nn.federated.load()  # {"shift": 0, "rows": […]}, for chapter 27

`python -m nnlearn.study.federated` made what is loaded. Every rival gets a search of its own: each of its
settings is tried on validation data with the seeds TUNING, and the best is run with the seeds FRESH on test
data. With `--shift 1000` every seed is moved, and the rows are only printed.
"""

import argparse
import functools
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nnlearn.data.bundled import digits
from nnlearn.data.examples import Set
from nnlearn.data.splits import split
from nnlearn.engine.primitive import Array, Result, no_grad, plain
from nnlearn.engine.tensor import Parameter
from nnlearn.functions.activations import relu, softmax
from nnlearn.functions.losses import cross_entropy
from nnlearn.models.mlp import MLP
from nnlearn.study.averaging import private_mean
from nnlearn.study.companions import keep_study
from nnlearn.training.trainer import accuracy

STORED = Path(__file__).parent / "weights" / "federated_study.json"
SIZES = (64, 32, 10)  # of the MLP that everybody trains
CLIENTS, ROUNDS = 10, 20
SKEWS = (0.0, 0.5, 0.8, 0.9, 1.0)
TUNING, FRESH = (100, 101, 102), tuple(range(10))
RATES = tuple(round(0.05 * 2 ** (k / 2), 3) for k in range(14))  # 0.05 to 4.5
RIVALS: dict[str, dict[str, tuple]] = {  # what is tried of each, all combinations
    "1 step": {"local_steps": (1,), "batch": (None,), "lr": RATES},
    "1 step, momentum": {
        "local_steps": (1,),
        "batch": (None,),
        "momentum": (0.4, 0.6, 0.8, 0.9),
        "lr": RATES,
    },
    "1 step, ten times the rounds": {
        "local_steps": (1,),
        "batch": (None,),
        "rounds": (10 * ROUNDS,),
        "lr": RATES,
    },
    "10 steps": {"local_steps": (10,), "lr": RATES},
    "50 steps": {"local_steps": (50,), "lr": RATES},
    "10 steps, server rate": {"local_steps": (10,), "server_lr": (0.5, 0.7, 1.4, 2.0, 2.8), "lr": RATES},
    "10 steps, momentum": {"local_steps": (10,), "momentum": (0.2, 0.4, 0.6, 0.8, 0.9), "lr": RATES},
    "10 steps, FedProx": {"local_steps": (10,), "prox": (0.0, 0.001, 0.01, 0.1, 1.0), "lr": RATES},
    "one machine": {"together": (True,), "local_steps": (10,), "batch": (32 * CLIENTS,), "lr": RATES},
}
NOISES = (0.0, 3.0, 10.0, 30.0, 100.0)  # noise multipliers
PRIVATE_RATES, PRIVATE_STEPS = tuple(0.25 * 2**k for k in range(9)), 30


def data(seed: int = 0) -> tuple[Set, Set, Set]:
    """The digits, parted for training (60 %), validation and test."""
    return split(*digits(), rng=seed)


def shares(labels: np.ndarray, clients: int, skew: float, seed: int) -> list[np.ndarray]:
    """Rows of the data for each client, as many for each, none twice; a share `skew` of them has one label.

    Client k takes round(skew n) rows of label k, modulo the number of labels, and is dealt the others from
    what is left. n is what the rarest label allows at skew 1. Raises ValueError for a skew outside 0 to 1,
    and for fewer clients than 1 or so many that there is no row for each.
    """
    counts = np.bincount(labels)
    if not 0 <= skew <= 1:
        raise ValueError(f"shares: skew is {skew}, expected 0 to 1")
    if not 1 <= clients <= counts.min() * len(counts):
        raise ValueError(f"shares: clients is {clients}, expected 1 to {counts.min() * len(counts)}")
    n = min(counts.min() // -(-clients // len(counts)), len(labels) // clients)
    own, rng = round(skew * n), np.random.default_rng(seed)
    piles = [rng.permutation(np.flatnonzero(labels == c)) for c in range(len(counts))]
    parts = []
    for k in range(clients):
        c = k % len(counts)
        parts.append(piles[c][:own])
        piles[c] = piles[c][own:]
    rest = rng.permutation(np.concatenate(piles))
    return [np.append(part, rest[k * (n - own) : (k + 1) * (n - own)]) for k, part in enumerate(parts)]


def forward(params: Sequence[Array], x: Array) -> Result:
    """An MLP for each client, all at once.  W₁ (K, n_in, h), b₁ (K, h), …; x (K, B, n_in) -> (K, B, n_out)"""
    W1, b1, W2, b2 = params
    return relu(x @ W1 + b1[:, None]) @ W2 + b2[:, None]


def federate(train: Set, parts: Sequence[np.ndarray], judge: Set, *how: Any, **settings: Any) -> np.ndarray:
    """FedAvg: the accuracy on `judge` after each round of `train_server`.  -> (rounds,)"""
    X, y = judge
    return np.array([accuracy(predict(w, X), y) for w in train_server(train, parts, *how, **settings)])


def predict(w: Sequence[np.ndarray], X: np.ndarray) -> np.ndarray:
    """The logits of the server's network.  W₁, b₁, W₂, b₂; (B, 64) -> (B, 10)"""
    with no_grad():
        return plain(forward([a[None] for a in w], X[None]))[0]


def train_server(
    train: Set,
    parts: Sequence[np.ndarray],
    rounds: int = ROUNDS,
    local_steps: int = 10,
    lr: float = 0.5,
    batch: int | None = 32,
    server_lr: float = 1.0,
    momentum: float = 0.0,
    prox: float = 0.0,
    combine: Callable[[np.ndarray], np.ndarray] | None = None,
    seed: int = 0,
) -> Iterator[list[np.ndarray]]:
    """The server's weights W₁, b₁, W₂, b₂ after each round of federated averaging.

    In a round each client starts from the server's weights w, takes `local_steps` steps of size `lr` on
    batches drawn from its rows (None: on all of them), and sends the change of its weights. The server steps
    by `server_lr` times the mean of the changes, weighted by rows, with `momentum`. `combine` replaces that
    mean: it gets the changes (K, d) and gives (d,). `prox` is FedProx's μ, a pull μ (w_client − w) at every
    local step. Raises ValueError where `batch` is None and the clients differ in their number of rows.
    Sources: H. B. McMahan and others (2017), T. Li and others (2020).
    """
    (X, y), rng, K = train, np.random.default_rng(seed), len(parts)
    n = np.array([len(part) for part in parts])
    if batch is None and n.min() != n.max():
        raise ValueError(
            f"federate: clients have {n.tolist()} rows, expected as many each where batch is None"
        )
    rows = np.stack([np.resize(part, n.max()) for part in parts])
    w = [p.data.copy() for p in MLP(SIZES, rng=seed).parameters()]
    velocity = np.zeros(sum(a.size for a in w), np.float32)
    for _ in range(rounds):
        params = [Parameter(np.repeat(a[None], K, axis=0)) for a in w]
        for _ in range(local_steps):
            drawn = rng.integers(0, n[:, None], (K, batch)) if batch else np.tile(np.arange(n[0]), (K, 1))
            picked = np.take_along_axis(rows, drawn, 1)
            for p in params:
                p.grad = None
            (cross_entropy(forward(params, X[picked]), y[picked]) * K).backward()
            for p, a in zip(params, w, strict=True):
                p.data -= lr * (p.grad + prox * (p.data - a))
        changes = np.concatenate(
            [(p.data - a).reshape(K, -1) for p, a in zip(params, w, strict=True)], axis=1
        )
        velocity = momentum * velocity + (combine(changes) if combine else n / n.sum() @ changes)
        steps = np.split(server_lr * velocity, np.cumsum([a.size for a in w])[:-1])
        w = [(a + step.reshape(a.shape)).astype(np.float32) for a, step in zip(w, steps, strict=True)]
        yield w


def settings(name: str) -> Iterator[dict[str, Any]]:
    """All that is tried of a rival."""
    for values in itertools.product(*RIVALS[name].values()):
        yield dict(zip(RIVALS[name], values, strict=True))


def last(setting: dict[str, Any], seed: int, judge: int, skew: float) -> float:
    """The accuracy after the last round, on validation (judge 1) or test (judge 2), all from one seed."""
    parts = data(seed)
    clients = shares(parts[0][1], CLIENTS, skew, seed)
    setting = dict(setting)
    clients = [np.concatenate(clients)] if setting.pop("together", False) else clients
    return float(federate(parts[0], clients, parts[judge], seed=seed, **setting)[-1])


def train_privately(
    noise_multiplier: float, lr: float, seed: int, judge: int, steps: int = PRIVATE_STEPS, clip: float = 1.0
) -> float:
    """The accuracy of softmax regression after steps down private means of all examples' gradients."""
    parts = data(seed)
    (X, y), (new, labels) = ((np.c_[a, np.ones(len(a), np.float32)], b) for a, b in (parts[0], parts[judge]))
    W, truth, rng = (
        np.zeros((65, 10), np.float32),
        np.eye(10, dtype=np.float32)[y],
        np.random.default_rng(seed),
    )
    for _ in range(steps):
        residual = softmax(X @ W) - truth
        each = (X[:, :, None] * residual[:, None]).reshape(len(X), -1)  # the gradient of each example
        W -= lr * private_mean(each, clip, noise_multiplier, rng).reshape(W.shape)
    return accuracy(new @ W, labels)


def search(run: Callable[..., float], tried: list[dict[str, Any]], shift: int) -> dict[str, Any]:
    """The setting that is best on validation, and its accuracies on test."""
    with np.errstate(over="ignore", invalid="ignore"):  # a rate that is too high is an answer too
        scores = [np.mean([run(setting, seed + shift, 1) for seed in TUNING]) for setting in tried]
    best = tried[int(np.argmax(scores))]
    found = {"setting": best, "test": [round(run(best, seed + shift, 2), 4) for seed in FRESH]}
    print(found, flush=True)
    return found


def study(shift: int = 0) -> dict[str, Any]:
    """Search and run every rival at every skew, and private training at every noise."""
    private = [
        {"noise": noise}
        | search(
            lambda setting, *how, noise=noise: train_privately(noise, setting["lr"], *how),
            [{"lr": lr} for lr in PRIVATE_RATES],
            shift,
        )
        for noise in NOISES
    ]
    rows = [
        {"skew": skew, "rival": name}
        | search(functools.partial(last, skew=skew), list(settings(name)), shift)
        for skew, name in itertools.product(SKEWS, RIVALS)
    ]
    return {"shift": shift, "rows": rows, "private": private}


def load() -> dict[str, Any]:
    """What `study` found."""
    return json.loads(STORED.read_text(encoding="utf-8"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Search and compare the rivals of chapter 27.")
    parser.add_argument("--shift", type=int, default=0, help="added to every seed; the rows are only printed")
    keep_study(study(parser.parse_args().shift), STORED)
