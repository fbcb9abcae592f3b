"""How a language model's next token is chosen from its logits."""

from typing import Any

import numpy as np

from .random import RNG, generator
from .tensor import Tensor


def next_token_probabilities(
    logits: Any, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
) -> np.ndarray:
    """softmax(logits / temperature) over the tokens that may follow, 0 for the rest.  (..., V) -> (..., V)

    top_k keeps the k likeliest tokens; top_p the fewest that together have at least that probability
    (A. Holtzman et al., 2020). temperature 0 puts everything on the likeliest.
    """
    if temperature < 0:
        raise ValueError(f"temperature is {temperature}, expected 0 (always the likeliest token) or more")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k is {top_k}, expected at least 1 token to choose from")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p is {top_p}, expected a probability above 0 and at most 1")
    logits = np.asarray(logits.data if isinstance(logits, Tensor) else logits, dtype=np.float64)
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
    logits: Any,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    rng: RNG = None,
) -> np.ndarray:
    """Draw the next token by its probability, for each row of logits.  (..., V) -> (...)"""
    cumulative = np.cumsum(next_token_probabilities(logits, temperature, top_k, top_p), axis=-1)
    threshold = generator(rng).random((*cumulative.shape[:-1], 1)) * cumulative[..., -1:]
    return (cumulative <= threshold).sum(-1)
