"""Small GPTs on Python's manual: four blocks compared, and loss against size and text (chapter 16).

    study = nn.gpt_study.load()  # {"blocks": rows, "text": rows, "width": rows}

`python -m nnlearn.study.gpt_study` made what is loaded. Every model has one block and reads STEPS batches of
16 × 64 characters. The last tenth of the training text chooses (a block's rate, and the moment at which a
model is judged); the held-out text judges, once for each of the seeds FRESH. With `--shift 1000` every seed
is moved, and the rows are only printed.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from nnlearn.data.splits import windows
from nnlearn.models.gpt import GPT
from nnlearn.study.manual_gpt import read_manual, small_gpt
from nnlearn.text.sampling import bits_per_character
from nnlearn.training.optim import AdamW, cosine, warm_up
from nnlearn.training.trainer import Trainer

STORED = Path(__file__).parent / "weights" / "gpt_study.json"
RATES, TUNING, FRESH = (4e-3, 8e-3, 1.6e-2), 100, (0, 1, 2, 3, 4)
CONTEXT, BATCH, STEPS, HEADS = 64, 16, 500, 4
RATE = 1e-2  # for all sizes
LLAMA: dict[str, Any] = {"norm": "rms", "feed_forward": "swiglu", "kv_heads": 2, "bias": False}
BLOCKS: dict[str, dict[str, Any]] = {
    "classic": {},
    "classic, rotary": {"rotary": True},
    "modern, not rotary": LLAMA,
    "modern": LLAMA | {"rotary": True},
}
SHARES, WIDTHS = (64, 16, 4, 1), (8, 16, 32, 64)  # 1 / 64 of the text and so on, at width 32


def size(model: GPT) -> int:
    return sum(p.data.size for p in model.parameters())


def of_equal_size(name: str, vocab_size: int, width: int, rng: Any = None) -> GPT:
    """One of BLOCKS, its mlp so wide that it has as many parameters as the classic one, or nearly."""

    def made(hidden: int | None, kind: dict[str, Any]) -> GPT:
        return small_gpt(vocab_size, width, 1, HEADS, rng=rng, context=CONTEXT, **kind | {"hidden": hidden})

    kind, classic = BLOCKS[name], size(made(None, {}))
    few = size(made(1, kind))
    for_each = size(made(2, kind)) - few  # hidden unit
    return made(1 + round((classic - few) / for_each), kind)


def learn(
    model: GPT, ids: np.ndarray, chooses: np.ndarray, judged: np.ndarray, lr: float, seed: int, times: int = 1
) -> tuple[float, float]:
    """Bits per character of the text that chooses and of the held-out one, at the best of `times` moments."""
    optimizer = AdamW(model.parameters(), lr=lr, weight_decay=0.1)
    trainer = Trainer(model, optimizer, clip=1.0, schedule=warm_up(50, cosine(lr, STEPS)))
    best = (float("inf"), float("inf"))
    for part in range(times):
        trainer.fit(
            windows(ids, CONTEXT),
            steps=STEPS // times,
            batch_size=BATCH,
            rng=np.random.default_rng([seed, part]),
            progress=False,
        )
        model.eval()
        chosen = bits_per_character(model, chooses, CONTEXT)
        if chosen < best[0]:
            best = chosen, bits_per_character(model, judged, CONTEXT)
    return best


def blocks(shift: int = 0) -> Iterator[dict[str, Any]]:
    """For each block its parameters, the bits of all rates, the rate chosen, the bits of fresh seeds."""
    tokenizer, ids, judged = read_manual()
    V, cut = len(tokenizer), len(ids) * 9 // 10
    for name in BLOCKS:
        tried = {}
        for lr in RATES:
            model = of_equal_size(name, V, 64, TUNING + shift)
            tried[lr] = learn(model, ids[:cut], ids[cut:], ids[cut:], lr, TUNING + shift)[0]
        lr = min(RATES, key=lambda rate: tried[rate])
        models = [(of_equal_size(name, V, 64, seed + shift), seed + shift) for seed in FRESH]
        bits = [learn(model, ids[:cut], ids[cut:], judged, lr, seed)[1] for model, seed in models]
        yield {
            "block": name, "parameters": size(model), "hidden": model.blocks[0].contract.W.shape[0],
            "tried": {str(rate): round(value, 3) for rate, value in tried.items()},
            "lr": lr, "bits": [round(value, 4) for value in bits],
        }  # fmt: skip


def sizes(what: str, shift: int = 0) -> Iterator[dict[str, Any]]:
    """For each share of the text, or each width, how much that is and the bits of fresh seeds."""
    tokenizer, ids, judged = read_manual()
    V, cut = len(tokenizer), len(ids) * 9 // 10
    for each in SHARES if what == "text" else WIDTHS:
        width, length = (32, cut // each) if what == "text" else (each, cut)
        bits = []
        for seed in FRESH:
            model = small_gpt(V, width, 1, HEADS, rng=seed + shift, context=CONTEXT)
            bits.append(learn(model, ids[:length], ids[cut:], judged, RATE, seed + shift, times=5)[1])
        yield {
            what: each, "characters": length, "parameters": size(model), "bits": [round(b, 4) for b in bits]
        }  # fmt: skip


def load() -> dict[str, list[dict[str, Any]]]:
    """The stored comparisons, a list of rows for each."""
    study: dict[str, list[dict[str, Any]]] = json.loads(STORED.read_text(encoding="utf-8"))
    return study


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the comparisons of chapter 16.")
    parser.add_argument("--shift", type=int, default=0, help="move every seed by this; print, do not store")
    shift = parser.parse_args().shift
    study: dict[str, list[dict[str, Any]]] = {}
    makers = {"blocks": blocks(shift), "text": sizes("text", shift), "width": sizes("width", shift)}
    for name, rows in makers.items():
        study[name] = []
        for row in rows:
            study[name].append(row)
            print(*row.values(), flush=True)
    if not shift:
        STORED.write_text(json.dumps(study, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
