"""From one text to another: a GRU reads, a second one writes, with or without attention between them."""

from functools import partial

import numpy as np

from nnlearn.engine.arithmetic import tanh
from nnlearn.engine.primitive import Array, Result, no_grad
from nnlearn.engine.random import RNG, generator
from nnlearn.engine.shapes import concatenate
from nnlearn.functions.attention import scaled_dot_product_attention
from nnlearn.layers.basic import GRU, Embedding, Linear
from nnlearn.layers.init import normal
from nnlearn.layers.module import Module

_signs = partial(normal, std=0.5)  # few tokens, wide apart


class Translator(Module):
    """Logits of each next token of y, having read x.  x: (B, S), y: (B, T) -> (B, T, vocab_out)

    x is padded on the left with token 0, the blank, and y begins with one. Two GRUs read x, one from each
    end; what they hold in the end starts the GRU that writes. With `attention` each of its steps may look at
    every place of x as well. Source: I. Sutskever et al. (2014); D. Bahdanau et al. (2015).
    """

    def __init__(
        self, vocab_in: int, vocab_out: int, width: int, attention: bool = True, rng: RNG = None
    ) -> None:
        rng = generator(rng)
        self.source = Embedding(vocab_in, width // 2, init=_signs, rng=rng)
        self.target = Embedding(vocab_out, width // 2, init=_signs, rng=rng)
        self.forwards, self.backwards = (GRU(width // 2, width, rng=rng) for _ in range(2))
        self.start = Linear(2 * width, width, rng=rng)
        self.writer = GRU(width // 2, width, rng=rng)
        self.query = Linear(width, width, rng=rng) if attention else None
        self.key = Linear(2 * width, width, rng=rng) if attention else None
        self.output = Linear(3 * width if attention else width, vocab_out, rng=rng)

    def forward(self, x: np.ndarray, y: np.ndarray) -> Result:
        return self.write(y, *self.read(x))

    def read(self, x: np.ndarray) -> tuple[Result, Result, np.ndarray]:
        """What writing starts from.  (B, S) -> (B, S, 2 width), (B, width), (B, 1, S)

        Each place of x in its context, the writer's first state, and where x is not blank.
        """
        x = np.asarray(x)
        there, _ = self.forwards(self.source(x))
        back, _ = self.backwards(self.source(x[:, ::-1]))
        h = concatenate([there, back[:, ::-1]], axis=2)
        return h, tanh(self.start(concatenate([there[:, -1], back[:, -1]], axis=1))), (x > 0)[:, None]

    def write(self, y: np.ndarray, h: Array, state: Array, mask: np.ndarray) -> Result:
        """Logits of what follows each token of y.  (B, T) -> (B, T, vocab_out)"""
        s, _ = self.writer(self.target(y), state)
        if self.query is not None and self.key is not None:
            context = scaled_dot_product_attention(self.query(s), self.key(h), h, mask)
            s = concatenate([s, context], axis=2)
        return self.output(s)

    @no_grad()
    def translate(self, x: np.ndarray, length: int) -> np.ndarray:
        """The likeliest token at each step, which the next step reads.  (B, S) -> (B, length)"""
        seen, y = self.read(x), np.zeros((len(x), 1), dtype=np.int64)
        for _ in range(length):
            y = np.concatenate([y, self.write(y, *seen).data[:, -1:].argmax(-1)], axis=1)
        return y[:, 1:]

    @no_grad()
    def alignment(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """How much each step of writing looks at each place of x.  (B, S), (B, T) -> (B, T, S)

        Raises ValueError for a translator without attention.
        """
        if self.query is None or self.key is None:
            raise ValueError("alignment: this translator was made with attention=False and looks nowhere")
        h, state, mask = self.read(x)
        s, _ = self.writer(self.target(y), state)
        every_place = np.eye(h.shape[1], dtype=h.dtype)[None]
        return scaled_dot_product_attention(self.query(s), self.key(h), every_place, mask).data
