"""From predictor to assistant: losses on answers, preferences, rewards by a rule, retrieval (chapter 25)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from nnlearn.engine.primitive import Array, Result, no_grad, plain
from nnlearn.engine.random import RNG
from nnlearn.engine.tensor import Parameter
from nnlearn.functions.activations import log_softmax, softplus
from nnlearn.layers.module import Module
from nnlearn.models.gpt import GPT
from nnlearn.study.requests import ASKED, ROOM, Request, decode_answers, encode_requests
from nnlearn.training.optim import AdamW, clip_grad_norm

WORDY = "it is "  # what the longer style of answers begins with


# -- what a model thinks of an answer --------------------------------------------------------------


def token_log_probs(model: Module, ids: np.ndarray) -> Result:
    """ln p of each token but the first, given those before it.  (B, T) -> (B, T − 1)"""
    rows, places = np.arange(len(ids))[:, None], np.arange(ids.shape[1] - 1)
    return log_softmax(model(ids[:, :-1]))[rows, places, ids[:, 1:]]


def answer_log_prob(model: Module, ids: np.ndarray, mask: np.ndarray) -> Result:
    """ln p(answer | request): the sum over the tokens where the mask is True.  (B, T), (B, T) -> (B,)

    Raises ValueError for a mask of another shape.
    """
    if mask.shape != ids.shape:
        raise ValueError(f"answer_log_prob: mask is {mask.shape}, expected ids' {ids.shape}")
    return (token_log_probs(model, ids) * mask[:, 1:].astype(np.float32)).sum(axis=1)


def answer_loss(model: Module, ids: np.ndarray, mask: np.ndarray) -> Result:
    """−ln p a token, over the tokens where the mask is True alone.  (B, T), (B, T) -> a number

    Raises ValueError for a mask of another shape, or one that is True nowhere after the first token.
    """
    count = int(mask[:, 1:].sum())
    if count == 0:
        raise ValueError("answer_loss: mask is True nowhere after the first token; no token is left to learn")
    return answer_log_prob(model, ids, mask).sum() * (-1 / count)


def bits(model: Module, ids: np.ndarray, mask: np.ndarray) -> float:
    """Bits a character, over the tokens where the mask is True."""
    with no_grad():
        return float(plain(answer_loss(model, ids, mask))) / float(np.log(2))


# -- answers, and whether they are right -----------------------------------------------------------


def sample_answers(model: GPT, texts: Sequence[str], temperature: float = 0.0, rng: RNG = None) -> np.ndarray:
    """Requests, and after them what the model writes.  -> ids (n, ASKED + ROOM)"""
    return model.generate(encode_requests(texts), ROOM, temperature, rng=rng)


def is_right(request: Request, answer: str) -> bool:
    """Whether it is the right answer, in either style."""
    return answer in (request.answer, WORDY + request.answer)


def score(model: GPT, requests: Sequence[Request], temperature: float = 0.0, rng: RNG = None) -> float:
    """The share of requests that are answered rightly; without a temperature by the likeliest tokens."""
    said = decode_answers(sample_answers(model, [r.text for r in requests], temperature, rng))
    return float(np.mean([is_right(r, answer) for r, answer in zip(requests, said, strict=True)]))


# -- learning --------------------------------------------------------------------------------------


def tune(
    parameters: Sequence[Parameter], loss: Callable[[int], Result], steps: int, lr: float
) -> list[float]:
    """Take `steps` steps of AdamW down `loss(step)`, the rate falling to 0; the losses are returned."""
    optimizer, losses = AdamW(parameters, lr, weight_decay=0.0), []
    for k in range(steps):
        optimizer.lr = lr * min(1, (k + 1) / 10) * (1 - k / steps)
        optimizer.zero_grad()
        value = loss(k)
        value.backward()
        clip_grad_norm(optimizer.params, 1.0)
        optimizer.step()
        losses.append(value.item())
    return losses


def dpo_loss(
    chosen: Array, rejected: Array, ref_chosen: Array, ref_rejected: Array, beta: float = 0.1
) -> Result:
    """−ln σ(β ((chosen − ref_chosen) − (rejected − ref_rejected))), the mean over pairs.  all (B,)

    Each is the ln p of whole answers, the last two under the reference model. Raises ValueError for shapes
    that differ, no pairs, or a β that is not positive. Source: R. Rafailov et al. (2023), equation 7.
    """
    shapes = [np.shape(a) for a in (chosen, rejected, ref_chosen, ref_rejected)]
    if len(set(shapes)) > 1 or chosen.size == 0:
        raise ValueError(
            f"dpo_loss: the four have shapes {shapes}, expected one shape with at least one pair"
        )
    if not beta > 0:
        raise ValueError(f"dpo_loss: beta is {beta}, expected a number above 0")
    margin = (chosen - ref_chosen) - (rejected - ref_rejected)
    return softplus(margin * -beta).mean()


def leave_one_out(rewards: np.ndarray) -> np.ndarray:
    """Each reward less the mean of the others in its row.  (B, K) -> (B, K)

    Raises ValueError for rows of fewer than two. Source: W. Kool, H. van Hoof and M. Welling (2019).
    """
    if rewards.ndim != 2 or rewards.shape[1] < 2:
        raise ValueError(f"leave_one_out: rewards is {rewards.shape}, expected (B, K) with K of at least 2")
    K = rewards.shape[1]
    return (rewards - rewards.mean(axis=1, keepdims=True)) * (K / (K - 1))


def answer_mask(ids: np.ndarray, line_end: int) -> np.ndarray:
    """True from place ASKED on, up to the first line end, it included.  (B, T) -> (B, T)"""
    ends = np.cumsum(ids[:, ASKED:] == line_end, axis=1)
    before = np.pad(ends, ((0, 0), (1, 0)))[:, :-1] == 0
    return np.concatenate([np.zeros((len(ids), ASKED), bool), before], axis=1)


# -- retrieval -------------------------------------------------------------------------------------


def tf_idf(texts: Sequence[str], corpus: Sequence[str]) -> np.ndarray:
    """Counts of the corpus's words, rare ones weighing more; rows of length 1.  -> (len(texts), words)

    A word in n of N texts weighs ln((1 + N) / (1 + n)) + 1. Raises ValueError for an empty corpus.
    Source: K. Spärck Jones (1972); the weights are scikit-learn's.
    """
    if not len(corpus):
        raise ValueError("tf_idf: corpus is empty, expected at least one text")
    known = [text.replace(".", " ").replace("?", " ").split() for text in corpus]
    words = sorted({w for text in known for w in text})
    weight = np.array([np.log((1 + len(known)) / (1 + sum(w in text for text in known))) + 1 for w in words])
    rows = [text.replace(".", " ").replace("?", " ").split() for text in texts]
    counts = np.array([[row.count(w) for w in words] for row in rows], float) * weight
    length = np.sqrt((counts**2).sum(axis=1, keepdims=True))
    return counts / np.where(length > 0, length, 1)


def retrieve(questions: Sequence[str], facts: Sequence[str]) -> list[str]:
    """For each question the fact whose words are most like it, by `tf_idf`."""
    nearest = (tf_idf(questions, facts) @ tf_idf(facts, facts).T).argmax(axis=1)
    return [facts[k] for k in nearest]
