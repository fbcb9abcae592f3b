"""Text written by a language model: token by token, each drawn from the model's guess."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from nnlearn.engine.primitive import Result
from nnlearn.engine.random import RNG, generator


def generate(
    ids: ArrayLike,
    length: int,
    guess: Callable[[np.ndarray], Result],
    temperature: float,
    top_k: int | None,
    top_p: float | None,
    rng: RNG,
) -> np.ndarray:
    """Append `length` tokens.  ids: (T,) or (B, T) -> the same, longer, as int64

    `guess` gets all ids so far, (B, T'), and returns logits (B, …, vocab_size), the next token's last. Raises
    ValueError when `ids` is empty.
    """
    from nnlearn.text.sampling import sample  # `import nnlearn` is quicker without the tokenizers

    rng, given = generator(rng), np.asarray(ids)
    out = np.atleast_2d(given)
    out = out.astype(np.int64) if out.dtype.kind in "iu" else out  # uint8 would not hold token 256
    if out.shape[1] == 0:
        raise ValueError("generate: ids is empty; give at least one token to go on from")
    for _ in range(length):
        drawn = sample(guess(out)[:, -1], temperature, top_k, top_p, rng)
        out = np.concatenate([out, drawn[:, None]], axis=1)
    return out if given.ndim == 2 else out[0]
