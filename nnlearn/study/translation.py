"""How long a translator of dates must learn, with attention and through one vector.

`python -m nnlearn.study.translation` makes what `load` gives: about six minutes on one thread. With
`--shift 1000` it prints the same for other seeds, and keeps nothing; with `--small` it trains the translator
of the attention explorer, half a minute.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from nnlearn.data.sequences import dates
from nnlearn.engine.primitive import no_grad, plain
from nnlearn.engine.random import RNG
from nnlearn.functions.losses import cross_entropy
from nnlearn.models.translator import EncoderDecoder, Translator
from nnlearn.training.optim import Adam, Schedule, clip_grad_norm, cosine, warm_up
from nnlearn.training.saving import load_with_notes, save

FOLDER = Path(__file__).with_name("weights")
FILE, WEIGHTS = FOLDER / "translation_study.json", FOLDER / "date_translator.safetensors"
WRITTEN = "_-0123456789"
WIDTHS, RATES, SEEDS = (32, 64), (0.01, 0.03), range(5)
TRIAL, EVERY, LONGEST, ENOUGH, WARM = 300, 25, 1500, 0.99, 30
SMALL = 24  # the width of the translator that is shipped


def encode(texts: list[str], signs: str) -> np.ndarray:
    """The number of each sign, filled up on the left with blanks, number 0.  -> (n, longest)"""
    longest = max(map(len, texts))
    return np.array([[signs.index(sign) for sign in text.rjust(longest, "_")] for text in texts])


def numbers(n: int = 6000, rng: RNG = 0) -> tuple[np.ndarray, np.ndarray, str]:
    """Dates to read, dates to write (each with a blank before it), and the signs read; every day once."""
    pairs = {iso: words for words, iso in dates(n, rng)}
    read = "_" + "".join(sorted(set("".join(pairs.values()))))
    return encode(list(pairs.values()), read), encode(["_" + iso for iso in pairs], WRITTEN), read


@no_grad()
def exact(model: EncoderDecoder, x: np.ndarray, y: np.ndarray) -> float:
    """The share of texts in which every sign is right, written greedily.

    One pass will do: as long as all was right, what the model would read of its own is what y has.
    """
    return float((plain(model(x, y[:, :-1])).argmax(-1) == y[:, 1:]).all(axis=1).mean())


def learn(model: EncoderDecoder, x: np.ndarray, y: np.ndarray, steps: range, schedule: Schedule,
          optimizer: Adam, rng: np.random.Generator) -> None:  # fmt: skip
    """Steps of training on rows from 1500 on, 64 at a time."""
    for step in steps:
        rows, optimizer.lr = rng.choice(np.arange(1500, len(x)), 64), schedule(step)
        optimizer.zero_grad()
        cross_entropy(model(x[rows], y[rows, :-1]), y[rows, 1:]).backward()
        clip_grad_norm(optimizer.params, 1.0)
        optimizer.step()


def run(x: np.ndarray, y: np.ndarray, vocab: int, width: int, attention: bool, rate: float, seed: int,
        longest: int) -> dict[str, Any]:  # fmt: skip
    """Train until 99 in 100 dates of rows 1000 to 1500 come out right; rows 0 to 1000 are read at the end.

    The rate falls with 1 / √step: a schedule that need not know how long the training will be.
    """
    model, rng = Translator(vocab, len(WRITTEN), width, attention, rng=seed), np.random.default_rng(seed)
    optimizer, curve = Adam(model.parameters()), [0.0]
    schedule = warm_up(WARM, lambda step: rate * (WARM / (WARM + step)) ** 0.5)
    check = slice(1000, 1500)
    while curve[-1] < ENOUGH and EVERY * (len(curve) - 1) < longest:
        learn(model, x, y, range(EVERY * (len(curve) - 1), EVERY * len(curve)), schedule, optimizer, rng)
        curve.append(exact(model, x[check], y[check]))
    with no_grad():
        loss = float(plain(cross_entropy(model(x[check], y[check, :-1]), y[check, 1:])))
    steps = EVERY * (len(curve) - 1) if curve[-1] >= ENOUGH else None
    return {"seed": seed, "rate": rate, "steps": steps, "curve": curve, "loss": loss,
            "test": exact(model, x[:1000], y[:1000])}  # fmt: skip


def patient(shift: int, width: int = 64, steps: int = 2000) -> dict[str, Any]:
    """One bottleneck whose rate falls to zero at a time known before: what it can reach at all."""
    x, y, read = numbers(rng=shift)
    model = Translator(len(read), len(WRITTEN), width, attention=False, rng=shift)
    schedule = warm_up(WARM, cosine(RATES[0], steps - WARM))
    learn(model, x, y, range(steps), schedule, Adam(model.parameters()), np.random.default_rng(shift))
    return {"width": width, "steps": steps, "test": exact(model, x[:1000], y[:1000])}


def study(shift: int) -> dict[str, Any]:
    """Both translators at every width: the better of two rates on a seed apart, then five seeds."""
    start, (x, y, read) = time.process_time(), numbers(rng=shift)
    found: dict[str, Any] = {"shift": shift, "runs": []}
    for width in WIDTHS[::-1]:
        for attention in (False, True):
            task = (x, y, len(read), width, attention)
            losses = {rate: run(*task, rate, 100 + shift, TRIAL)["loss"] for rate in RATES}
            rate = min(losses, key=losses.__getitem__)
            print(f"width {width}, attention {attention}: losses {losses}", flush=True)
            for seed in SEEDS:
                one = run(*task, rate, seed + shift, LONGEST)
                found["runs"].append({"width": width, "attention": attention, **one})
                print(f"  seed {seed}: {one['steps']} steps, {one['curve'][-1]}, {one['test']}, "
                      f"{time.process_time() - start:.0f} s", flush=True)  # fmt: skip
    found["patient"] = patient(shift)
    found["seconds"] = round(time.process_time() - start)
    return found


def load() -> dict[str, Any]:
    """What the study found: a list of runs, each with its width, seed, rate, steps and curve."""
    return json.loads(FILE.read_text(encoding="utf-8"))


def train_small() -> None:
    """Train the translator that is shipped; write its weights, in half precision, and the signs it reads."""
    x, y, read = numbers()
    model = Translator(len(read), len(WRITTEN), SMALL, rng=0)
    schedule = warm_up(WARM, cosine(0.02, 600 - WARM))
    learn(model, x, y, range(600), schedule, Adam(model.parameters()), np.random.default_rng(0))
    half = {name: array.astype(np.float16) for name, array in model.state_dict().items()}
    save(half, WEIGHTS, {"signs": read, "exact": exact(model, x[:1000], y[:1000])})


def load_small() -> tuple[Translator, str, float]:
    """The shipped translator, the signs it reads, and its share of right ones among 1,000 unseen dates."""
    half, notes = load_with_notes(WEIGHTS)
    model = Translator(len(notes["signs"]), len(WRITTEN), SMALL, rng=0)
    model.load_state_dict({name: array.astype(np.float32) for name, array in half.items()})
    return model, notes["signs"], notes["exact"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--shift", type=int, default=0, help="moves every seed; the result is not kept")
    parser.add_argument("--small", action="store_true", help="train the explorer's translator instead")
    args = parser.parse_args()
    if args.small:
        train_small()
        raise SystemExit
    result = study(args.shift)
    if not args.shift:
        FILE.write_text(json.dumps(result, indent=1), encoding="utf-8")
