"""A recurrent language model: it reads token by token, keeps a state, and guesses the next token."""

import numpy as np
from numpy.typing import ArrayLike

from nnlearn.engine.primitive import Result, no_grad
from nnlearn.engine.random import RNG, generator
from nnlearn.layers.basic import GRU, LSTM, RNN, Embedding, Linear
from nnlearn.layers.module import Module
from nnlearn.models.generation import generate

CELLS = {"rnn": RNN, "gru": GRU, "lstm": LSTM}


class CharRNN(Module):
    """Logits of the next token at each place.  ids: (B, T) -> (B, T, vocab_size)

    The tokens may be characters, words or pieces of words. Each is embedded in `width` numbers, which pass
    through `depth` recurrent layers; `cell` says which: "rnn", "gru" or "lstm". Raises ValueError for any
    other.
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

    def forward(self, ids: ArrayLike) -> Result:
        return self.step(ids)[0]

    def step(self, ids: ArrayLike, state: list | None = None) -> tuple[Result, list]:
        """The logits, and every layer's state after the last token, to be given with the next ids.

        ids: (B, T) -> (B, T, vocab_size), one state a layer
        """
        x, after = self.tokens(ids), []
        for i, cell in enumerate(self.cells):
            x, last = cell(x, None if state is None else state[i])
            after.append(last)
        return self.output(x), after

    @no_grad()
    def generate(
        self,
        ids: ArrayLike,
        length: int,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        rng: RNG = None,
    ) -> np.ndarray:
        """Append `length` tokens, each drawn from the model's guess.  (T,) or (B, T) -> the same, longer

        `temperature`, `top_k` and `top_p` as in `nn.text.sample`. Raises ValueError when `ids` is empty.
        """
        state = None

        def guess(out: np.ndarray) -> Result:
            nonlocal state
            logits, state = self.step(out if state is None else out[:, -1:], state)
            return logits

        return generate(ids, length, guess, temperature, top_k, top_p, rng)
