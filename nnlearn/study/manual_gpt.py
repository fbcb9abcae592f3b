"""A small GPT that has read Python's manual for ten minutes, and how it was made (chapter 16).

    model, tokenizer, notes = nn.manual_gpt.load()

`python -m nnlearn.study.manual_gpt train` made the weights; the same with `study` made what the chapter
compares them with, on the same text: a recurrent network, and this GPT on a short schedule. Sizes and blocks
are compared in `gpt_study`.
"""

import json
import math
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from nnlearn.data.python_manual import manual_split
from nnlearn.data.splits import windows
from nnlearn.engine.random import RNG
from nnlearn.functions.attention import sinusoidal_positions
from nnlearn.layers.module import Module
from nnlearn.models.gpt import GPT
from nnlearn.models.language_rnn import CharRNN
from nnlearn.text.tokenizers import CharTokenizer
from nnlearn.training.optim import AdamW, cosine, warm_up
from nnlearn.training.saving import load_with_notes, save
from nnlearn.training.trainer import Trainer

FOLDER = Path(__file__).parent / "weights"
WEIGHTS, STUDY = FOLDER / "manual_gpt.safetensors", FOLDER / "manual_gpt_study.json"
CONTEXT = 128


def small_gpt(
    vocab_size: int,
    width: int,
    depth: int,
    heads: int,
    dropout: float = 0.0,
    rng: RNG = None,
    context: int = CONTEXT,
    **kind: Any,
) -> GPT:
    """A GPT that starts as a narrow model must: matrices at ± 1 / √width, positions sinusoidal.

    GPT-2's 0.02 suits widths of a thousand; where it is 64, branches so quiet add almost nothing at first.
    `kind` goes to `GPT`, and says which block it is.
    """
    model = GPT(vocab_size, context, width, depth, heads, rng=rng, dropout=dropout, **kind)
    for p in model.parameters():
        if p.data.ndim == 2:
            p.data = p.data * np.float32(1 / (0.02 * math.sqrt(width)))
    if not model.rotary:
        model.positions.W.data = 0.4 * sinusoidal_positions(context, width)
    return model


def read_manual() -> tuple[CharTokenizer, np.ndarray, np.ndarray]:
    """The tokenizer, the ids to train on and the held-out ones: the split of chapters 13 and 14."""
    train, validation = manual_split()
    tokenizer = CharTokenizer(train)
    return tokenizer, tokenizer.encode(train), tokenizer.encode(validation)


def run(
    model: Module, ids: np.ndarray, held_out: np.ndarray, steps: int, lr: float, batch: int, every: int
) -> dict[str, Any]:
    """Train; the curve: {"characters": read so far, "bits": per held-out character, "seconds": of CPU}."""
    trainer = Trainer(
        model,
        AdamW(model.parameters(), lr=lr, weight_decay=0.1),
        clip=1.0,
        schedule=warm_up(100, cosine(lr, steps)),
    )
    begin = time.process_time()
    history = trainer.fit(
        windows(ids, CONTEXT),
        steps=steps,
        batch_size=batch,
        validation=windows(held_out, CONTEXT, stride=CONTEXT),
        every=every,
        rng=0,
        progress=sys.stderr.isatty(),
    )
    return {
        "parameters": sum(p.data.size for p in model.parameters()),
        "characters": [int(step) * batch * CONTEXT for step in history["step"]],
        "train": [round(loss / math.log(2), 4) for loss in history["loss"]],
        "bits": [round(loss / math.log(2), 4) for loss in history["val_loss"]],
        "seconds": round(time.process_time() - begin),
    }


def train() -> None:
    """Train the model that is shipped and write its weights, in half precision, with its notes."""
    tokenizer, ids, held_out = read_manual()
    size = {"width": 88, "depth": 3, "heads": 4}
    model = small_gpt(len(tokenizer), **size, dropout=0.1, rng=0)
    curve = run(model, ids, held_out, steps=11000, lr=3e-3, batch=16, every=500)
    half = {name: array.astype(np.float16) for name, array in model.state_dict().items()}
    save(half, WEIGHTS, {"characters": "".join(tokenizer.tokens), **size, "curve": curve})


def study() -> None:
    """Train what the chapter compares with, and write the curves."""
    tokenizer, ids, held_out = read_manual()
    gru = CharRNN(len(tokenizer), 208, cell="gru", rng=0)
    curves = {"gru": run(gru, ids, held_out, steps=11000, lr=3e-3, batch=16, every=500)}
    gpt = small_gpt(len(tokenizer), 88, 3, 4, rng=0)
    short = run(gpt, ids, held_out, steps=1000, lr=4e-3, batch=16, every=250)
    curves["short"] = {name: short[name] for name in ("characters", "bits")}
    STUDY.write_text(json.dumps(curves, indent=1) + "\n", encoding="utf-8")


def load() -> tuple[GPT, CharTokenizer, dict[str, Any]]:
    """The trained model, the tokenizer of its characters, and its notes with the curve of its training."""
    arrays, notes = load_with_notes(WEIGHTS)
    tokenizer = CharTokenizer(notes["characters"])
    model = GPT(len(tokenizer), CONTEXT, notes["width"], notes["depth"], notes["heads"])
    model.load_state_dict({name: array.astype(np.float32) for name, array in arrays.items()})
    return model.eval(), tokenizer, notes


def load_study() -> dict[str, Any]:
    """The curves of the models that are compared with it, by name."""
    return json.loads(STUDY.read_text(encoding="utf-8"))


if __name__ == "__main__":
    {"train": train, "study": study}[sys.argv[1]]()
