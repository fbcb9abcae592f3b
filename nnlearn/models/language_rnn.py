"""A recurrent language model: one token in, the next one guessed, a memory carried along."""

from typing import Any

import numpy as np

from nnlearn.engine.random import RNG, generator
from nnlearn.engine.tape import no_grad
from nnlearn.layers.basic import GRU, LSTM, RNN, Embedding, Linear
from nnlearn.layers.module import Module
from nnlearn.text.sampling import sample

CELLS = {"rnn": RNN, "gru": GRU, "lstm": LSTM}


class CharRNN(Module):
    """Logits of the next token at each place.  ids: (B, T) -> (B, T, vocab_size)

    `cell` is "rnn", "gru" or "lstm"; `depth` of them lie on top of each other.
    """

    def __init__(
        self, vocab_size: int, width: int, depth: int = 1, cell: str = "lstm", rng: RNG = None
    ) -> None:
        if cell not in CELLS:
            raise ValueError(f"CharRNN: cell is {cell!r}, expected one of {', '.join(CELLS)}")
        rng = generator(rng)
        self.tokens = Embedding(vocab_size, width, rng=rng)
        self.cells = [CELLS[cell](width, width, rng=rng) for _ in range(depth)]
        self.output = Linear(width, vocab_size, rng=rng)

    def forward(self, ids: Any) -> Any:
        return self.step(ids)[0]

    def step(self, ids: Any, state: list | None = None) -> tuple[Any, list]:
        """The logits, and the memory after the last token, to be given back with the next ids."""
        x, after = self.tokens(ids), []
        for i, cell in enumerate(self.cells):
            x, last = cell(x, None if state is None else state[i])
            after.append(last)
        return self.output(x), after

    @no_grad()
    def generate(
        self,
        ids: Any,
        length: int,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        rng: RNG = None,
    ) -> np.ndarray:
        """Append `length` tokens, each drawn from the model's guess.  (T,) or (B, T) -> the same, longer"""
        rng, given = generator(rng), np.asarray(ids)
        out = np.atleast_2d(given)
        if out.shape[1] == 0:
            raise ValueError("generate: ids is empty; give at least one token to go on from")
        logits, state = self.step(out)
        for _ in range(length):
            drawn = sample(logits[:, -1], temperature, top_k, top_p, rng)[:, None]
            out = np.concatenate([out, drawn], axis=1)
            logits, state = self.step(drawn, state)
        return out if given.ndim == 2 else out[0]
