"""Inside a GPT: what each layer holds, where heads look, and what is missed without them (chapter 22).

`python -m nnlearn.study.circuits` trains GPTs of three small blocks, one, and a wide one on secret languages,
five of each, cuts their heads, and writes what `load` and `load_study` give. With `--shift 1000` it starts
from other seeds, prints the same figures, and writes nothing. Twenty minutes of one core.
"""

import argparse
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from nnlearn.engine.primitive import no_grad, plain
from nnlearn.engine.random import RNG, generator
from nnlearn.functions.losses import cross_entropy, log_softmax
from nnlearn.models.gpt import GPT
from nnlearn.study.companions import keep, restore
from nnlearn.training.optim import AdamW

STUDY = Path(__file__).with_name("weights") / "circuits_study.json"
SIGNS, PLACES, JUMP = 12, 48, 0.2  # of a secret language's pages
STEPS, BATCH, EVERY, SEEDS = 1500, 32, 50, range(5)
RATES = {(3, 64): 4e-3, (1, 64): 4e-3, (1, 192): 1e-3}  # (depth, width): three blocks, one, and a wide one
ENOUGH = 0.3  # from which induction score on a head counts as one

# -- looking inside --------------------------------------------------------------------------------


@no_grad()
def residual_stream(model: GPT, ids: np.ndarray) -> list[np.ndarray]:
    """Each token's row before the first block, and after each.  (B, T) -> depth + 1 of (B, T, width)

    Source of the name: N. Elhage and others (2021).
    """
    x = plain(model.tokens(ids))
    stream = [x if model.rotary else x + plain(model.positions.W)[: x.shape[1]]]
    for block in model.blocks:
        stream.append(plain(block(stream[-1])))
    return stream


@no_grad()
def attention_patterns(model: GPT, ids: np.ndarray) -> np.ndarray:
    """How much each token looks at each, in every head.  (B, T) -> (depth, B, heads, T, T)"""
    stream = residual_stream(model, ids)
    pairs = zip(model.blocks, stream, strict=False)
    return np.stack([plain(block.attention.weights(block.norm1(x))) for block, x in pairs])


@no_grad()
def logit_lens(model: GPT, ids: np.ndarray) -> np.ndarray:
    """The model's end, the last norm and the tokens' W, on every layer's stream.  -> (depth + 1, B, T, vocab)

    Source: nostalgebraist, "Interpreting GPT: the logit lens" (2020).
    """
    W = plain(model.tokens.W).T
    return np.stack([plain(model.norm(x)) @ W for x in residual_stream(model, ids)])


@no_grad()
def surprise(model: GPT, ids: np.ndarray) -> np.ndarray:
    """−log₂ of the probability of each token but the first, in bits.  (B, T) -> (B, T − 1)"""
    logs = plain(log_softmax(plain(model(ids[:, :-1]))))
    return -np.take_along_axis(logs, ids[:, 1:, None], axis=2)[..., 0] / np.log(2)


@contextmanager
def cut_heads(
    model: GPT, heads: Iterable[tuple[int, int]], typical: np.ndarray | None = None
) -> Iterator[None]:
    """While it lasts, heads (block, head) write nothing, or, with `typical` ids, their mean over those.

    A head writes its output (head width) through its own rows of `attention.out.W`; these are set to 0, and
    the mean's part is added to the bias. Raises ValueError for a head or a bias that is not there.

    Source: C. Olsson and others (2022): ablation; K. Wang and others (2023): by the mean.
    """
    chosen, depth = sorted(set(heads)), len(model.blocks)
    for block, head in chosen:
        if not (0 <= block < depth and 0 <= head < model.blocks[block].attention.heads):
            raise ValueError(
                f"cut_heads: heads has ({block}, {head}), expected a block below {depth} and a head below "
                f"{model.blocks[0].attention.heads}"
            )
    if typical is not None and chosen and model.blocks[0].attention.out.b is None:
        raise ValueError("cut_heads: with typical ids the mean goes to a bias, but the model has bias=False")
    means = {} if typical is None else {(l, h): _mean_output(model, typical, l, h) for l, h in chosen}
    before = [(p, p.data.copy()) for block in model.blocks for p in block.attention.out.parameters()]
    try:
        for block, head in chosen:
            out = model.blocks[block].attention.out
            rows = _rows(model, block, head)
            if means:
                assert out.b is not None
                out.b.data[...] += means[block, head] @ out.W.data[rows]
            out.W.data[rows] = 0
        yield
    finally:
        for p, data in before:
            p.data[...] = data


def _rows(model: GPT, block: int, head: int) -> slice:
    attention = model.blocks[block].attention
    size = attention.out.W.shape[0] // attention.heads
    return slice(head * size, (head + 1) * size)


@no_grad()
def _mean_output(model: GPT, ids: np.ndarray, block: int, head: int) -> np.ndarray:
    """Of one head, over all tokens.  -> (head width,)"""
    attention = model.blocks[block].attention
    x = model.blocks[block].norm1(residual_stream(model, ids)[block])
    size = attention.out.W.shape[0] // attention.heads
    values = plain(attention.qkv(x))[..., -attention.kv_heads * size :]
    rows = _rows(model, block, head * attention.kv_heads // attention.heads)
    return (plain(attention.weights(x))[:, head] @ values[..., rows]).mean(axis=(0, 1))


# -- two kinds of head -----------------------------------------------------------------------------


def previous_token_score(patterns: np.ndarray) -> np.ndarray:
    """The mean weight on the place before.  patterns (depth, B, heads, T, T) -> (depth, heads)"""
    return np.diagonal(patterns, -1, axis1=-2, axis2=-1).mean(axis=(1, 3))


def follows_a_match(ids: np.ndarray) -> np.ndarray:
    """[b, t, s]: the token before place s is the token at t, and s ≤ t.  (B, T) -> (B, T, T) of bool"""
    T = ids.shape[1]
    after = np.zeros((len(ids), T, T), bool)
    after[:, :, 1:] = ids[:, :, None] == ids[:, None, :-1]
    return after & np.tri(T, dtype=bool)


def induction_score(patterns: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """The mean weight on places after an earlier copy of the token, where there is one.  -> (depth, heads)

    patterns (depth, B, heads, T, T), ids (B, T). Raises ValueError where no token comes twice.
    Source: C. Olsson and others (2022).
    """
    after = follows_a_match(ids)
    known = after.any(axis=2)  # (B, T)
    if not known.any():
        raise ValueError("induction_score: no token of ids comes twice, expected some that do")
    weight = (patterns * after[None, :, None]).sum(axis=-1)  # (depth, B, heads, T)
    return weight.transpose(0, 2, 1, 3)[:, :, known].mean(axis=-1)


# -- a small GPT that has to find out ----------------------------------------------------------------


def secret_pages(count: int, rng: RNG = None) -> tuple[np.ndarray, np.ndarray]:
    """Pages in secret languages: each has its own rule which sign follows which.  -> ids (count, 48), known

    Twelve signs. After each comes its follower, or, once in five, any sign. `known` (count, 48) is True where
    the rule was followed and could be known: after that sign it had been followed on this page before.
    """
    rng, page = generator(rng), np.arange(count)
    follower = rng.permuted(np.tile(np.arange(SIGNS), (count, 1)), axis=1)
    ids = np.empty((count, PLACES), int)
    known, met = np.zeros((count, PLACES), bool), np.zeros((count, SIGNS), bool)
    ids[:, 0] = rng.integers(0, SIGNS, count)
    for t in range(1, PLACES):
        before, jumps = ids[:, t - 1], rng.random(count) < JUMP
        ids[:, t] = np.where(jumps, rng.integers(0, SIGNS, count), follower[page, before])
        known[:, t] = ~jumps & met[page, before]
        met[page, before] |= ~jumps
    return ids, known


def new_gpt(depth: int, width: int = 64, rng: RNG = None) -> GPT:
    """The small GPT: in each block heads of 32, two of them where the width is 64."""
    return GPT(SIGNS, PLACES, width, depth, width // 32, rng=rng, hidden=width)


def train_gpt(depth: int, width: int = 64, rng: RNG = None) -> tuple[GPT, list[float]]:
    """Trained on `secret_pages`, by the signs that could be known; and its bits a sign every 50 steps."""
    rng = generator(rng)
    model, curve, rate = new_gpt(depth, width, rng), [], RATES[depth, width]
    optimizer = AdamW(model.parameters(), rate, betas=(0.9, 0.98), weight_decay=0.01)
    seen = []
    for k in range(STEPS):
        optimizer.lr = rate * min(1, (k + 1) / 50, 2 * (1 - k / STEPS))
        ids, known = secret_pages(BATCH, rng)
        optimizer.zero_grad()
        where = known[:, 1:]
        loss: Any = cross_entropy(model(ids[:, :-1])[where], ids[:, 1:][where])
        loss.backward()
        optimizer.step()
        seen.append(loss.item() / np.log(2))
        if (k + 1) % EVERY == 0:
            curve.append(round(float(np.mean(seen[-EVERY:])), 3))
    return model, curve


def known_bits(model: GPT, ids: np.ndarray, known: np.ndarray) -> float:
    """The mean surprise at the signs that could be known."""
    return float(surprise(model, ids)[known[:, 1:]].mean())


def cost_of_cutting(model: GPT, ids: np.ndarray, known: np.ndarray, mean: bool = False) -> np.ndarray:
    """Bits more a known sign, without each head alone.  -> (depth, heads)"""
    whole, shape = known_bits(model, ids, known), (len(model.blocks), model.blocks[0].attention.heads)
    cost = np.empty(shape)
    for which in np.ndindex(shape):
        with cut_heads(model, [which], ids if mean else None):
            cost[which] = known_bits(model, ids, known) - whole
    return cost


def examine(depth: int, width: int, seed: int) -> tuple[GPT, dict[str, Any]]:
    """Train one, and look at it on 256 new pages."""
    model, curve = train_gpt(depth, width, seed)
    ids, known = secret_pages(256, seed + 500)
    patterns, bits = attention_patterns(model, ids), known_bits(model, ids, known)
    scores = induction_score(patterns, ids)
    together = [(int(block), int(head)) for block, head in np.argwhere(scores > ENOUGH)]
    with cut_heads(model, together):
        all_cut = known_bits(model, ids, known) - bits
    found = {
        "bits": bits,
        "previous": previous_token_score(patterns),
        "induction": scores,
        "cost": cost_of_cutting(model, ids, known),
        "cost, mean kept": cost_of_cutting(model, ids, known, mean=True),
        "cost, all induction heads": all_cut,
        "curve": curve,
    }
    short = {name: np.round(np.asarray(value, float), 3).tolist() for name, value in found.items()}
    return model, {"depth": depth, "width": width, "seed": seed, **short}


def load() -> GPT:
    """The first of the GPTs with three blocks that the command trained."""
    return restore(new_gpt(3, rng=0), "circuits_gpt")


def load_study() -> list[dict[str, Any]]:
    """A row for each depth, width, seed: bits a known sign, both scores and both costs by head, the curve."""
    return json.loads(STUDY.read_text(encoding="utf-8"))


def main(shift: int = 0) -> None:
    """Train and examine all; print; write the study, and the first of the deepest in half precision."""
    rows = []
    for depth, width in RATES:
        for seed in SEEDS:
            model, row = examine(depth, width, seed + shift)
            rows.append(row)
            print({name: value for name, value in row.items() if name != "curve"}, flush=True)
            if not shift and (depth, seed) == (3, SEEDS[0]):
                keep(model, "circuits_gpt")
    if not shift:
        STUDY.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Train chapter 22's small GPTs, and cut their heads.")
    parser.add_argument(
        "--shift", type=int, default=0, help="added to the seeds; if not 0, nothing is written"
    )
    main(parser.parse_args().shift)
