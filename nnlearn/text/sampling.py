"""How a language model's next token is chosen from its logits, and how well a text was expected."""

import math
from collections.abc import Callable

import numpy as np

from nnlearn.data.splits import windows
from nnlearn.engine.primitive import Array, Result, no_grad, plain
from nnlearn.engine.random import RNG, generator
from nnlearn.functions.losses import cross_entropy


def next_token_probabilities(
    logits: Array, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
) -> np.ndarray:
    """softmax(logits / temperature) over the tokens that may follow, 0 for the rest.  (..., V) -> (..., V)

    top_k keeps the k likeliest tokens; top_p the fewest that together have at least that probability
    (A. Holtzman et al., 2020). temperature 0 puts everything on the likeliest. Raises
    ValueError for a negative temperature, top_k below 1 or top_p outside 0 < p ≤ 1.
    """
    if temperature < 0:
        raise ValueError(f"temperature is {temperature}, expected 0 (always the likeliest token) or more")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k is {top_k}, expected at least 1 token to choose from")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p is {top_p}, expected a probability above 0 and at most 1")
    logits = np.asarray(plain(logits), dtype=np.float64)
    if temperature == 0:
        likeliest = np.expand_dims(logits.argmax(-1), -1)
        return (np.arange(logits.shape[-1]) == likeliest).astype(np.float64)
    p = np.exp((logits - logits.max(-1, keepdims=True)) / temperature)
    if top_k is not None and top_k < p.shape[-1]:
        np.put_along_axis(p, np.argpartition(p, -top_k)[..., :-top_k], 0, -1)
    p /= p.sum(-1, keepdims=True)
    if top_p is not None:
        order = np.argsort(-p, axis=-1, kind="stable")
        ordered = np.take_along_axis(p, order, -1)
        ordered[np.cumsum(ordered, -1) - ordered >= top_p] = 0  # what comes before is enough
        np.put_along_axis(p, order, ordered / ordered.sum(-1, keepdims=True), -1)
    return p


def sample(
    logits: Array,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    rng: RNG = None,
) -> np.ndarray:
    """Draw the next token by its probability, for each row of logits.  (..., V) -> (...)

    Raises ValueError as `next_token_probabilities` does.
    """
    cumulative = np.cumsum(next_token_probabilities(logits, temperature, top_k, top_p), axis=-1)
    threshold = generator(rng).random((*cumulative.shape[:-1], 1)) * cumulative[..., -1:]
    return (cumulative <= threshold).sum(-1)


def bits_per_character(model: Callable[[np.ndarray], Result], ids: np.ndarray, length: int = 128) -> float:
    """The mean of −log₂ p(next character) over a text, read in windows of `length`, each on its own.  (N,)

    `model(x)` gives logits (B, T, V) for ids (B, T). The windows do not overlap, each starts with an empty
    memory, and what is left over at the end (less than a window) is not judged.
    """
    x, y = windows(ids, length, stride=length)
    bits = 0.0
    with no_grad():
        for i in range(0, len(x), 64):
            bits += len(x[i : i + 64]) * float(cross_entropy(model(x[i : i + 64]), y[i : i + 64]))
    return bits / len(x) / math.log(2)
