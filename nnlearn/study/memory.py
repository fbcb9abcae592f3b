"""How far back recurrent layers learn to remember, and how well they read, each at its own best rate.

    study = nn.memory.load()  # {"recall": rows, "reading": rows}, for chapters 13 and 14

`python -m nnlearn.study.memory` made what is loaded. Every rival gets the same budget: RATES are tried with
the seeds TUNING, and the rate with the smallest loss there is run with the seeds FRESH. With `--shift 1000`
every seed is moved, and the rows are only printed.
"""

import argparse
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from nnlearn.data.python_manual import manual_split
from nnlearn.data.splits import windows
from nnlearn.engine.primitive import no_grad
from nnlearn.functions.losses import cross_entropy, mse_loss
from nnlearn.layers.basic import GRU, LSTM, RNN, Linear
from nnlearn.models.language_rnn import CharRNN
from nnlearn.text.sampling import bits_per_character
from nnlearn.text.tokenizers import CharTokenizer
from nnlearn.training.optim import Adam, clip_grad_norm, cosine, warm_up
from nnlearn.training.trainer import Trainer, accuracy

STORED = Path(__file__).parent / "weights" / "memory_study.json"
RATES, TUNING, FRESH = (3e-3, 1e-2, 3e-2), (100, 101), (0, 1, 2, 3, 4)
LAYERS = {"RNN": RNN, "GRU": GRU, "LSTM": LSTM}
# A word before a layer's name: input weights at a tenth; as many weights as the LSTM; four times the batches.
QUIET, WIDE, LONG = "quiet", "wide", "long"


def copying(lag: int, rng: np.random.Generator, B: int) -> tuple[np.ndarray, np.ndarray]:
    """One of four symbols, then `lag` that mean nothing: which was the first?  -> (B, lag + 1, 8), (B,)"""
    symbols = rng.integers(4, 8, (B, lag + 1))
    symbols[:, 0] = rng.integers(0, 4, B)
    return np.eye(8, dtype=np.float32)[symbols], symbols[:, 0]


def adding(T: int, rng: np.random.Generator, B: int) -> tuple[np.ndarray, np.ndarray]:
    """T numbers, two of them marked, one early and one late: their sum.  -> (B, T, 2), (B, 1)

    Source: S. Hochreiter and J. Schmidhuber (1997), with the places of the marks as in chapter 14.
    """
    x = np.zeros((B, T, 2), np.float32)
    x[..., 0] = rng.uniform(size=(B, T))
    first, second = rng.integers(0, max(1, T // 4), B), rng.integers(T // 2, T, B)
    rows = np.arange(B)
    x[rows, first, 1] = x[rows, second, 1] = 1
    return x, (x[rows, first, 0] + x[rows, second, 0])[:, None]


def adding_early(T: int, rng: np.random.Generator, B: int) -> tuple[np.ndarray, np.ndarray]:
    """As `adding`, with both marks in the first quarter: nothing can be learned from the last steps."""
    x = np.zeros((B, T, 2), np.float32)
    x[..., 0] = rng.uniform(size=(B, T))
    rows, first, second = np.arange(B), rng.integers(0, T // 8, B), rng.integers(T // 8, T // 4, B)
    x[rows, first, 1] = x[rows, second, 1] = 1
    return x, (x[rows, first, 0] + x[rows, second, 0])[:, None]


TASKS = {
    "copying": (copying, 8, 4, cross_entropy),
    "adding": (adding, 2, 1, mse_loss),
    "adding early": (adding_early, 2, 1, mse_loss),
}


def learn(
    layer: str, bias: float | None, task: str, lag: int, lr: float, seed: int, steps: int = 400
) -> tuple[float, float]:
    """Train 32 units on `steps` batches of 32; the score and the loss on 500 new sequences.

    `layer` may have one of the words above before it ("quiet RNN"). `bias` is where the forget gate (LSTM) or
    the update gate (GRU) starts, None for a layer without gates. The score is the accuracy (copying) or the
    squared error as a share of 1/6, what always saying 1 costs.
    """
    draw, n, outputs, loss = TASKS[task]
    *word, kind = layer.split()
    rng, m = np.random.default_rng(seed), 68 if word == [WIDE] else 32
    cell, output = LAYERS[kind](n, m, rng=rng), Linear(m, outputs, rng=rng)
    if bias is not None:
        cell.b.data[m : 2 * m] = bias
    if word == [QUIET]:
        cell.W_x.data *= 0.1
    if word == [LONG]:
        steps *= 4
    optimizer = Adam([*cell.parameters(), *output.parameters()], lr=lr)
    for _ in range(steps):
        x, y = draw(lag, rng, 32)
        optimizer.zero_grad()
        loss(output(cell(x)[0][:, -1]), y).backward()
        clip_grad_norm(optimizer.params, 1.0)
        optimizer.step()
    x, y = draw(lag, rng, 500)
    with no_grad():
        answer = output(cell(x)[0][:, -1])
        cost = float(loss(answer, y))
    return (6 * cost if outputs == 1 else accuracy(answer, y)), cost


Case = tuple[str, int, str, float | None]


def cases() -> Iterator[Case]:
    """What is compared: task, lag, layer, bias."""
    for lag, usual in ((20, 3.0), (40, 3.7)):  # about ln(lag)
        yield "copying", lag, "RNN", None
        yield "copying", lag, f"{QUIET} RNN", None
        yield from (("copying", lag, "GRU", bias) for bias in (0.0, usual))
        yield from (("copying", lag, "LSTM", bias) for bias in (0.0, 1.0, usual, 8.0))
    yield "adding", 40, "RNN", None
    yield from (("adding", 40, f"{word} RNN", None) for word in (QUIET, WIDE, LONG))
    for layer, bias in (("GRU", 0.0), ("LSTM", 0.0), ("LSTM", 1.0), ("LSTM", 3.7)):
        yield "adding", 40, layer, bias
    for layer, bias in (("GRU", 0.0), ("LSTM", 0.0), ("LSTM", 3.7)):
        yield "adding early", 40, layer, bias


def recall(shift: int = 0, chosen: Iterable[Case] | None = None) -> Iterator[dict[str, Any]]:
    """For each case the losses of all rates, the rate chosen, and its scores with fresh seeds."""
    for task, lag, layer, bias in chosen or cases():
        tried = {lr: [learn(layer, bias, task, lag, lr, seed + shift)[1] for seed in TUNING] for lr in RATES}
        best = min(RATES, key=lambda lr: float(np.mean(tried[lr])))
        scores = [round(learn(layer, bias, task, lag, best, seed + shift)[0], 4) for seed in FRESH]
        losses = {str(lr): [float(f"{loss:.3g}") for loss in values] for lr, values in tried.items()}
        yield {
            "task": task, "lag": lag, "layer": layer, "bias": bias,
            "tried": losses, "lr": best, "scores": scores,
        }  # fmt: skip


def read(
    cell: str, vocab_size: int, ids: np.ndarray, judged: np.ndarray, lr: float, seed: int
) -> tuple[CharRNN, float]:
    """A model of width 128 that has read 1,000 batches of 8 × 32 characters; its bits a character."""
    model = CharRNN(vocab_size, 128, cell=cell, rng=seed)
    schedule = warm_up(20, cosine(lr, 1000))
    trainer = Trainer(model, Adam(model.parameters(), lr=lr), clip=1.0, schedule=schedule)
    trainer.fit(windows(ids, 32), steps=1000, batch_size=8, rng=seed, progress=False)
    return model, bits_per_character(model, judged)


def reading(shift: int = 0) -> Iterator[dict[str, Any]]:
    """For each layer the bits of all rates, the rate chosen, the held-out bits of fresh seeds.

    The last tenth of the training text chooses; the fresh seeds learn from all of it.
    """
    text, held_out = manual_split()
    tokenizer = CharTokenizer(text + "\ufffd")  # stands for what was never seen
    ids = tokenizer.encode(text)
    judged = tokenizer.encode("".join(c if c in tokenizer.ids else "\ufffd" for c in held_out))
    cut = len(ids) * 9 // 10
    for cell in ("rnn", "gru", "lstm"):
        tried = {
            lr: read(cell, len(tokenizer), ids[:cut], ids[cut:], lr, TUNING[0] + shift)[1] for lr in RATES
        }
        best = min(RATES, key=lambda lr: tried[lr])
        bits = [round(read(cell, len(tokenizer), ids, judged, best, seed + shift)[1], 3) for seed in FRESH]
        yield {
            "layer": cell.upper(), "tried": {str(lr): round(v, 3) for lr, v in tried.items()},
            "lr": best, "bits": bits,
        }  # fmt: skip


def load() -> dict[str, list[dict[str, Any]]]:
    """The stored comparison: {"recall": a row for each case, "reading": a row for each layer}."""
    study: dict[str, list[dict[str, Any]]] = json.loads(STORED.read_text(encoding="utf-8"))
    return study


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the comparisons of chapters 13 and 14.")
    parser.add_argument("--shift", type=int, default=0, help="move every seed by this; print, do not store")
    shift = parser.parse_args().shift
    study: dict[str, list[dict[str, Any]]] = {}
    for name, make in (("recall", recall), ("reading", reading)):
        study[name] = []
        for row in make(shift):
            study[name].append(row)
            print(*row.values(), flush=True)
    if not shift:
        STORED.write_text(json.dumps(study, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
