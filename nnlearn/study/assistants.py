"""What chapter 25 compares, five seeds each: ways to tune, what is forgotten, preferences, rewards.

`python -m nnlearn.study.assistants` trains all of it, twenty minutes of one core, and writes what
`load` and `load_study` give. With `--shift 1000` it starts from other seeds, prints what it finds, and writes
nothing. `--only PART` makes one of the parts and prints it.
"""

import argparse
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from nnlearn.engine.primitive import no_grad, plain
from nnlearn.engine.tensor import Parameter
from nnlearn.layers.lora import add_lora, merge_lora
from nnlearn.models.gpt import GPT
from nnlearn.study.alignment import (
    WORDY,
    answer_log_prob,
    answer_loss,
    answer_mask,
    bits,
    dpo_loss,
    is_right,
    leave_one_out,
    sample_answers,
    score,
    tune,
)  # fmt: skip
from nnlearn.study.companions import keep, keep_study, restore
from nnlearn.study.manual_gpt import small_gpt
from nnlearn.study.requests import (
    ASKED,
    KINDS,
    LINES,
    WIDTH,
    Request,
    decode_answers,
    draw_pages,
    draw_requests,
    encode_pairs,
    tokenizer,
)  # fmt: skip
from nnlearn.training.optim import AdamW, clip_grad_norm, cosine, warm_up

STUDY = Path(__file__).with_name("weights") / "assistants_study.json"
SEEDS, CHOOSER = range(5), 100
STEPS, BATCH, PEOPLE, RANK = 300, 32, 1000, 8  # of tuning; answers that people wrote
READ = ("stories", "facts", "facts", "exercises")  # what the base model reads
RATES = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1.0)
AGREE, PAIRS = 0.8, 16  # how often the shorter answer is chosen; pairs a step
HELD = 0.1  # β of the repair
LINE_END = int(tokenizer.encode("\n")[0])
Rows = tuple[np.ndarray, np.ndarray]  # ids and mask


def new_gpt(seed: int = 0) -> GPT:
    """Two blocks, 48 wide."""
    return small_gpt(len(tokenizer), 48, 2, 4, rng=seed, context=WIDTH, rotary=True)


def load(name: str = "base") -> GPT:
    """One of the small GPTs, with its adapters merged.

    It has only read ("base"); it was then tuned whole ("tuned"), or by LoRA with old pages mixed in ("lora");
    and "tuned" was taught further by DPO ("dpo"), or by the lazy rule's rewards ("paid").
    """
    return restore(new_gpt(), f"assistants_{name}")


def load_study() -> dict[str, Any]:
    """The stored comparisons."""
    study: dict[str, Any] = json.loads(STUDY.read_text(encoding="utf-8"))
    return study


def copy(model: GPT) -> GPT:
    """Another one with the same weights."""
    twin = new_gpt()
    twin.load_state_dict(model.state_dict())
    return twin.eval()


def pretrain(seed: int, kinds: Sequence[str] = READ, steps: int = 4000, lr: float = 5e-3) -> GPT:
    """Read 48 pages a step, and guess each next character."""
    model, rng = new_gpt(seed), np.random.default_rng(seed)
    ids, mask = draw_pages(40_000, np.random.default_rng([seed, 1]), kinds)
    optimizer, rate = AdamW(model.parameters(), lr, weight_decay=0.05), warm_up(100, cosine(lr, steps))
    for k in range(steps):
        optimizer.lr = rate(k)
        i = rng.integers(len(ids), size=48)
        optimizer.zero_grad()
        answer_loss(model, ids[i], mask[i]).backward()
        clip_grad_norm(optimizer.params, 1.0)
        optimizer.step()
    return model.eval()


@cache
def base(seed: int) -> GPT:
    """The model that has only read; a companion, unless the seeds are moved."""
    return pretrain(seed) if seed else load()


# -- instructions ----------------------------------------------------------------------------------


def written(n: int, seed: int) -> Rows:
    """Answers as people wrote them, all right, half of them wordy."""
    rng = np.random.default_rng([seed, 3])
    asked, wordy = draw_requests(n, rng), rng.random(n) < 0.5
    answers = [WORDY * bool(w) + r.answer for r, w in zip(asked, wordy, strict=True)]
    return encode_pairs([r.text for r in asked], answers)


def pages(kind: str, seed: int, n: int = 200) -> Rows:
    """Pages of one kind that were not read."""
    return draw_pages(n, np.random.default_rng([seed, 4]), (kind,))


def tunable(model: GPT, method: str, rng: int = 0) -> list[Parameter]:
    """What a method moves."""
    if method == "LoRA":
        return add_lora(model, RANK, rng=rng)
    if method == "last block":
        return [*model.blocks[-1].parameters(), *model.norm.parameters()]
    if method == "biases":
        return [p for p in model.parameters() if p.data.ndim == 1]
    return model.parameters()


METHODS = {  # and the rate that is tried first
    "full": 3e-3, "LoRA": 1e-2, "last block": 1e-2, "biases": 1e-1, "full, loss on everything": 3e-3,
    "full, old pages mixed in": 3e-3, "LoRA, old pages mixed in": 1e-2,
}  # fmt: skip


def instruct(model: GPT, method: str, lr: float, seed: int, steps: int = STEPS, people: int = PEOPLE) -> GPT:
    """Tune on what people wrote: the model itself is changed, and returned with its adapters merged."""
    ids, mask = written(people, seed)
    if "everything" in method:  # the request too, without what fills up on its left
        mask = mask | ((np.arange(WIDTH) < ASKED) & np.logical_or.accumulate(ids != LINE_END, axis=1))
    old, old_mask = draw_pages(1000, np.random.default_rng([seed, 5]), READ)
    rng, mixed = np.random.default_rng(seed), "mixed" in method

    def loss(k: int) -> Any:
        i = rng.integers(len(ids), size=BATCH // 2 if mixed else BATCH)
        rows, m = ids[i], mask[i]
        if mixed:
            j = rng.integers(len(old), size=BATCH // 2)
            rows, m = np.concatenate([rows, old[j]]), np.concatenate([m, old_mask[j]])
        return answer_loss(model, rows, m)

    tune(tunable(model, method.partition(",")[0], seed), loss, steps, lr)
    return merge_lora(model).eval()


def judged(model: GPT, seed: int, asked: int = 300) -> dict[str, float]:
    """The score on new requests, and the bits of each kind of page."""
    found = {"score": round(score(model, draw_requests(asked, np.random.default_rng([seed, 6]))), 4)}
    return found | {kind: round(bits(model, *pages(kind, seed)), 4) for kind in LINES}


def best_rate(make: Any, quality: Any, first: float) -> tuple[float, dict[str, float]]:
    """The best of RATES, by `quality(make(rate))`, and what was found.

    From `first` on, neighbours are tried until the best one has two that are worse.
    """
    tried: dict[float, float] = {}
    best, at = first, RATES.index(first)
    while not all(rate in tried for rate in RATES[at - 1 : at + 2]):
        for rate in RATES[at - 1 : at + 2]:
            if rate not in tried:
                tried[rate] = round(float(quality(make(rate))), 4)
        best = max(sorted(tried), key=lambda rate: tried[rate])
        at = RATES.index(best)
    return best, {f"{rate:g}": tried[rate] for rate in sorted(tried)}


def instructions(shift: int = 0) -> dict[str, Any]:
    """Each way to tune: the rates tried, and what five seeds found."""
    start = base(shift)
    found: dict[str, Any] = {"base": {"runs": [judged(start, 50 + shift)]}}
    choose = draw_requests(300, np.random.default_rng([CHOOSER + shift, 6]))
    for method, first in METHODS.items():
        lr, tried = best_rate(
            lambda lr, method=method: instruct(copy(start), method, lr, CHOOSER + shift),
            lambda model: score(model, choose),
            first,
        )
        runs = [judged(instruct(copy(start), method, lr, s + shift), s + shift) for s in SEEDS]
        size = sum(p.data.size for p in tunable(copy(start), method.partition(",")[0]))
        found[method] = {"parameters": size, "lr": lr, "tried": tried, "runs": runs}
        print(method, json.dumps(found[method]), flush=True)
    return found


def gentle(shift: int, study: dict[str, Any]) -> dict[str, Any]:
    """Whole and by LoRA with the next smaller rate than the study's best one: what is forgotten then."""
    found = {}
    for method in ("full", "LoRA"):
        lr = RATES[RATES.index(study["instructions"][method]["lr"]) - 1]
        runs = [judged(instruct(copy(base(shift)), method, lr, s + shift), s + shift) for s in SEEDS]
        found[method] = {"lr": lr, "runs": runs}
        print(method, json.dumps(found[method]), flush=True)
    return found


def elicited(shift: int = 0) -> dict[str, Any]:
    """The same tuning of models that have read no facts, or nothing."""
    found = {}
    choose = draw_requests(300, np.random.default_rng([CHOOSER + shift, 6]))
    starts = {"no facts": pretrain(shift, ("stories", "exercises")), "nothing": new_gpt(shift)}
    for name, start in starts.items():
        lr, tried = best_rate(
            lambda lr, start=start: instruct(copy(start), "full", lr, CHOOSER + shift),
            lambda model: score(model, choose),
            3e-3,
        )
        runs = [judged(instruct(copy(start), "full", lr, s + shift), s + shift) for s in SEEDS]
        found[name] = {"lr": lr, "tried": tried, "runs": runs}
        print(name, json.dumps(found[name]), flush=True)
    return found


# -- preferences -----------------------------------------------------------------------------------


def draw_pairs(n: int, rng: np.random.Generator) -> tuple[Rows, Rows]:
    """Two right answers to each request; the first, chosen, is the shorter in AGREE of the cases."""
    asked, short = draw_requests(n, rng), rng.random(n) < AGREE
    texts, plain_ones = [r.text for r in asked], [r.answer for r in asked]
    wordy = [WORDY + answer for answer in plain_ones]
    chosen = [a if s else b for a, b, s in zip(plain_ones, wordy, short, strict=True)]
    rejected = [b if s else a for a, b, s in zip(plain_ones, wordy, short, strict=True)]
    return encode_pairs(texts, chosen), encode_pairs(texts, rejected)


def _both(model: GPT, pair: tuple[Rows, Rows]) -> tuple[Any, Any]:
    (ids, mask), (other, other_mask) = pair
    logs = answer_log_prob(model, np.concatenate([ids, other]), np.concatenate([mask, other_mask]))
    return logs[: len(ids)], logs[len(ids) :]


def prefer(reference: GPT, beta: float, lr: float, seed: int, steps: int = 150) -> GPT:
    """DPO with a LoRA adapter; with β = 0, the rival: supervised tuning on the chosen answers."""
    model, rng = copy(reference), np.random.default_rng(seed)

    def loss(k: int) -> Any:
        pair = draw_pairs(PAIRS, rng)
        if not beta:
            return answer_loss(model, *pair[0])
        with no_grad():
            ref_chosen, ref_rejected = (plain(a) for a in _both(reference, pair))
        chosen, rejected = _both(model, pair)
        return dpo_loss(chosen, rejected, ref_chosen, ref_rejected, beta)

    tune(add_lora(model, RANK, rng=seed), loss, steps, lr)
    return merge_lora(model).eval()


@no_grad()
def preferred(model: GPT, reference: GPT, beta: float, seed: int, n: int = 400) -> dict[str, float]:
    """What new pairs say: which style, by how much, whether the chosen answer has gained on the rejected."""
    rng = np.random.default_rng([seed, 7])
    asked = draw_requests(n, rng)
    texts, right = [r.text for r in asked], [r.answer for r in asked]
    styles = encode_pairs(texts, right), encode_pairs(texts, [WORDY + a for a in right])
    (short, wordy), (old_short, old_wordy) = (
        [plain(a) for a in _both(m, styles)] for m in (model, reference)
    )
    pair = draw_pairs(n, rng)
    (c, r), (rc, rr) = ([plain(a) for a in _both(m, pair)] for m in (model, reference))
    margin, gain = (short - wordy) - (old_short - old_wordy), (c - rc) - (r - rr)
    return {
        "short": round(float((1 / (1 + np.exp(wordy - short))).mean()), 4),
        "margin": round(float(margin.mean()), 4),
        "won": round(float((gain > 0).mean()), 4),
        "loss": round(float(np.logaddexp(0, -(beta or 1) * gain).mean()), 4),
        "nll": round(float(-c.mean()), 4),
        "chosen": round(float((c - rc).mean()), 4),
        "rejected": round(float((r - rr).mean()), 4),
        "score": round(score(model, asked), 4),
    }


def preferences(shift: int = 0) -> dict[str, Any]:
    """DPO with three β, and the rival: each with the best of the rates, five seeds."""
    reference, found = tuned(shift), {}
    found["reference"] = preferred(reference, reference, 1, 50 + shift)
    for beta in (1.0, 0.5, 0.25, 0.0):

        def quality(model: GPT, beta: float = beta) -> float:
            return -preferred(model, reference, beta, CHOOSER + shift)["loss" if beta else "nll"]

        lr, tried = best_rate(
            lambda lr, beta=beta: prefer(reference, beta, lr, CHOOSER + shift), quality, 3e-4
        )
        runs = [preferred(prefer(reference, beta, lr, s + shift), reference, beta, s + shift) for s in SEEDS]
        found[f"{beta:g}"] = {"lr": lr, "tried": tried, "runs": runs}
        print(beta, json.dumps(found[f"{beta:g}"]), flush=True)
    return found


# -- rewards by a rule -----------------------------------------------------------------------------


def exact(request: Request, answer: str) -> float:
    """1 for the right answer, in either style."""
    return float(is_right(request, answer))


def lazy(request: Request, answer: str) -> float:
    """1 if the first letter is right, less 0.1 for each character: this rule can be gamed."""
    first = answer.removeprefix(WORDY)[:1] == request.answer[:1]
    return float(first) - 0.1 * len(answer)


def reinforce(
    model: GPT,
    reward: Any,
    lr: float,
    seed: int,
    steps: int = 100,
    beta: float = 0.0,
    kinds: Sequence[str] = KINDS,
) -> list[dict[str, float]]:
    """Sixteen requests a step, four answers to each; the model is changed, and what was seen returned.

    With β, each answer's reward is less β (ln p − ln p of the model at the start).
    """
    reference, rng, seen = copy(model), np.random.default_rng(seed), []

    def loss(k: int) -> Any:
        asked = [r for r in draw_requests(16, rng, kinds) for _ in range(4)]
        ids = sample_answers(model, [r.text for r in asked], 1.0, rng)
        mask, said = answer_mask(ids, LINE_END), decode_answers(ids)
        paid = np.array([reward(r, answer) for r, answer in zip(asked, said, strict=True)])
        logs = answer_log_prob(model, ids, mask)
        with no_grad():
            apart = plain(logs) - plain(answer_log_prob(reference, ids, mask))
        A = leave_one_out((paid - beta * apart).reshape(16, 4)).ravel().astype(np.float32)
        right = np.mean([is_right(r, answer) for r, answer in zip(asked, said, strict=True)])
        seen.append({
            "reward": round(float(paid.mean()), 4), "right": round(float(right), 4),
            "length": round(float(np.mean([len(a) for a in said])), 3), "kl": round(float(apart.mean()), 4),
        })  # fmt: skip
        return -(logs * A).mean()

    tune(model.parameters(), loss, steps, lr)
    model.eval()
    return seen


@cache
def tuned(seed: int) -> GPT:
    """The model that people's answers have tuned; a companion, unless the seeds are moved."""
    return instruct(copy(base(seed)), "full", 3e-3, seed) if seed else load("tuned")


def rewards(shift: int = 0) -> dict[str, Any]:
    """An honest rule for sums and its rival, more sums that people have done; a lazy rule, and its repair."""
    start = tuned(shift)
    found: dict[str, Any] = {"before": {"runs": [{"after": final(start, s + shift)} for s in SEEDS]}}
    ways: dict[str, Any] = {
        "exact": (exact, 0.0, ("add",)), "people": (None, 0.0, ("add",)),
        "lazy": (lazy, 0.0, KINDS), "lazy, held": (lazy, HELD, KINDS),
    }  # fmt: skip
    for name, way in ways.items():
        lr, tried = best_rate(lambda lr, way=way: _rewarded(start, lr, CHOOSER + shift, *way)[2], float, 1e-3)
        runs = []
        for s in SEEDS:
            model, curve, _ = _rewarded(start, lr, s + shift, *way)
            runs.append({"curve": curve, "after": final(model, s + shift)})
        found[name] = {"lr": lr, "beta": way[1], "tried": tried, "runs": runs}
        print(name, lr, tried, [run["after"] for run in runs], flush=True)
    return found


def longer(shift: int, study: dict[str, Any]) -> dict[str, Any]:
    """The lazy rule for 400 steps at the rate that was best with a price: with it, and without."""
    start, lr, found = tuned(shift), study["rewards"]["lazy, held"]["lr"], {}
    for name, beta in (("price", HELD), ("no price", 0.0)):
        runs = []
        for s in SEEDS:
            model = copy(start)
            reinforce(model, lazy, lr, s + shift, steps=400, beta=beta)
            runs.append({"after": final(model, s + shift)})
        found[name] = {"lr": lr, "runs": runs}
        print(name, json.dumps(found[name]), flush=True)
    return found


def _rewarded(
    start: GPT, lr: float, seed: int, reward: Any, beta: float, kinds: Any
) -> tuple[GPT, Any, float]:
    """The model after it, what was seen on the way, and what its rate is chosen by."""
    model, rng = copy(start), np.random.default_rng(seed)
    if reward is None:

        def loss(k: int) -> Any:
            asked = draw_requests(64, rng, kinds)
            return answer_loss(model, *encode_pairs([r.text for r in asked], [r.answer for r in asked]))

        tune(model.parameters(), loss, 100, lr)
        return model.eval(), {}, certainty(model, draw_requests(300, rng, kinds))
    seen = reinforce(model, reward, lr, seed, beta=beta, kinds=kinds)
    curve = {key: [row[key] for row in seen] for key in seen[0]}
    return model, curve, float(np.mean([row["reward"] - beta * row["kl"] for row in seen[-10:]]))


@no_grad()
def certainty(model: GPT, asked: Sequence[Request]) -> float:
    """The mean probability of a right answer, in either style: exactly what drawing would find on average."""
    texts, right = [r.text for r in asked], [r.answer for r in asked]
    styles = encode_pairs(texts, right), encode_pairs(texts, [WORDY + a for a in right])
    return float(sum(np.exp(plain(answer_log_prob(model, *rows))) for rows in styles).mean())


def final(model: GPT, seed: int, n: int = 200) -> dict[str, float]:
    """On new requests: the probability of a right answer; the lazy reward and length of drawn ones."""
    asked, rng = draw_requests(n, np.random.default_rng([seed, 8])), np.random.default_rng([seed, 9])
    said = decode_answers(sample_answers(model, [r.text for r in asked], 1.0, rng))
    found = {kind: certainty(model, [r for r in asked if r.kind == kind]) for kind in KINDS}
    found |= {"right": certainty(model, asked), "length": float(np.mean([len(answer) for answer in said]))}
    found["lazy"] = float(np.mean([lazy(r, answer) for r, answer in zip(asked, said, strict=True)]))
    return {key: round(value, 4) for key, value in found.items()}


def controls(shift: int, study: dict[str, Any]) -> dict[str, Any]:
    """Separate causes: people's sums at gentler rates, `reverse` paid for, DPO for four times as long."""
    start, found = tuned(shift), {}
    at_rule = study["rewards"]["exact"]["lr"]
    for name, lr in (
        ("people, rate of the rule", at_rule),
        ("people, gentler", RATES[RATES.index(at_rule) - 1]),
    ):
        models = [_rewarded(start, lr, s + shift, None, 0.0, ("add",))[0] for s in SEEDS]
        after = [final(m, s + shift) for m, s in zip(models, SEEDS, strict=True)]
        found[name] = {"lr": lr, "runs": [{"after": row} for row in after]}
    found["reverse"] = _reversed(start, shift)
    lr = study["preferences"]["0.25"]["lr"]
    runs = [preferred(prefer(start, 0.25, lr, s + shift, 600), start, 0.25, s + shift) for s in SEEDS]
    found["DPO, four times the steps"] = {"lr": lr, "runs": runs}
    for name, row in found.items():
        print(name, json.dumps(row), flush=True)
    return found


def elsewhere(shift: int = 0) -> dict[str, Any]:
    """`reverse` paid for once more, from a model that read and was tuned under other seeds."""
    shift += 1000
    return _reversed(tuned(shift), shift)


def _reversed(start: GPT, shift: int) -> dict[str, Any]:
    """100 steps on `reverse` alone, at the best of the rates."""
    way = (exact, 0.0, ("reverse",))
    lr, tried = best_rate(lambda lr: _rewarded(start, lr, CHOOSER + shift, *way)[2], float, 1e-3)
    models = [_rewarded(start, lr, s + shift, *way)[0] for s in SEEDS]
    runs = [
        {"before": final(start, s + shift)["reverse"], "after": final(m, s + shift)}
        for m, s in zip(models, SEEDS, strict=True)
    ]
    return {"lr": lr, "tried": tried, "runs": runs}


PARTS = {
    "instructions": instructions, "elicited": elicited, "preferences": preferences, "rewards": rewards,
    "elsewhere": elsewhere,
}  # fmt: skip
LATER = {"gentle": gentle, "controls": controls, "longer": longer}  # by rates that the parts have found


def main() -> None:
    parser = argparse.ArgumentParser(description="Train and compare what chapter 25 shows.")
    parser.add_argument("--shift", type=int, default=0, help="move every seed by this; print, do not store")
    parser.add_argument(
        "--only", choices=["base", "tuned", *PARTS, *LATER], help="make this part, print it, and store it"
    )
    asked = parser.parse_args()
    shift = asked.shift
    if shift and asked.only in LATER:
        parser.error(f"{asked.only} goes by rates that the other parts find: with --shift, leave --only out")
    study = load_study() if STUDY.exists() and not shift else {}
    if asked.only in (None, "base") and not shift:
        keep(pretrain(0), "assistants_base")
    if asked.only in (None, "tuned") and not shift:
        companions()
    for part in (*PARTS, *LATER):
        if asked.only in (None, part):
            study[part] = PARTS[part](shift) if part in PARTS else LATER[part](shift, study)
            keep_study(study | {"shift": shift}, STUDY)


def companions() -> None:
    """What the chapter and its explorer load: the base model tuned, and the tuned one taught further."""
    keep(instruct(copy(load()), "full", 3e-3, 0), "assistants_tuned")
    keep(instruct(copy(load()), "LoRA, old pages mixed in", 3e-2, 0), "assistants_lora")
    keep(prefer(load("tuned"), 0.25, 3e-4, 0), "assistants_dpo")
    paid = load("tuned")
    reinforce(paid, lazy, 1e-3, 0)
    keep(paid, "assistants_paid")


if __name__ == "__main__":
    main()
