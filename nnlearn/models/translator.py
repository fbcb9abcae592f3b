"""From one text to another: an encoder reads, a decoder writes, with or without attention between them."""

from functools import partial

import numpy as np

from nnlearn.engine.arithmetic import tanh
from nnlearn.engine.primitive import Array, Result, no_grad, plain
from nnlearn.engine.random import RNG, generator
from nnlearn.engine.shapes import concatenate
from nnlearn.functions.activations import gelu, log_softmax
from nnlearn.functions.attention import scaled_dot_product_attention, sinusoidal_positions
from nnlearn.layers.basic import GRU, Embedding, LayerNorm, Linear
from nnlearn.layers.init import normal
from nnlearn.layers.module import Module, require_positive
from nnlearn.layers.transformer import MultiHeadAttention

_signs = partial(normal, std=0.5)  # few tokens, wide apart


class EncoderDecoder(Module):
    """Logits of each next token of y, having read x.  x: (B, S), y: (B, T) -> (B, T, vocab_out)

    A subclass says how to `read` x, once, and how to `write` on from what was read and from y so far. Token 0
    is the blank: it fills x up, and y begins with one. Source: I. Sutskever et al. (2014).
    """

    def read(self, x: np.ndarray) -> tuple[Array, ...]:
        """What writing needs of x; each part has B rows."""
        raise NotImplementedError(f"{type(self).__name__} has no read")

    def write(self, y: np.ndarray, *seen: Array) -> Result:
        """Logits of what follows each token of y.  (B, T) -> (B, T, vocab_out)"""
        raise NotImplementedError(f"{type(self).__name__} has no write")

    def forward(self, x: np.ndarray, y: np.ndarray) -> Result:
        return self.write(y, *self.read(x))

    @no_grad()
    def translate(self, x: np.ndarray, length: int, beams: int = 1) -> np.ndarray:
        """The likeliest translation found by beam search.  (B, S) -> (B, length)

        At each step every text keeps the `beams` likeliest beginnings; with one, that is greedy decoding.
        Raises ValueError for fewer than one.
        """
        require_positive("translate", length=length, beams=beams)
        B = len(x)
        seen = self.read(np.repeat(x, beams, axis=0))
        y = np.zeros((B * beams, 1), dtype=np.int64)
        score = np.where(np.arange(B * beams) % beams == 0, 0.0, -np.inf)  # all begin alike: one counts
        for _ in range(length):
            logp = plain(log_softmax(self.write(y, *seen)[:, -1]))
            V = logp.shape[-1]
            total = (score[:, None] + logp).reshape(B, beams * V)
            best = np.argsort(-total, axis=1, kind="stable")[:, :beams]
            score = np.take_along_axis(total, best, axis=1).ravel()
            parent = (np.arange(B)[:, None] * beams + best // V).ravel()
            y = np.concatenate([y[parent], best.reshape(-1, 1) % V], axis=1)
        return y[::beams, 1:]


class Translator(EncoderDecoder):
    """An encoder–decoder of GRUs, with attention or through one vector.

    x is filled up on the left. Two GRUs read it, one from each end, and both read the blanks first; what they
    hold in the end starts the GRU that writes. With `attention` each of its steps may look at every place of
    x as well. Source: D. Bahdanau et al. (2015).
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

    def read(self, x: np.ndarray) -> tuple[Array, ...]:
        """Each place of x in its context, the writer's first state, and where x is not blank.

        (B, S) -> (B, S, 2 width), (B, width), (B, 1, S)
        """
        x = np.asarray(x)
        rows, turned = np.arange(len(x))[:, None], backwards(x)
        there, _ = self.forwards(self.source(x))
        back, _ = self.backwards(self.source(x[rows, turned]))
        h = concatenate([there, back[rows, turned]], axis=2)
        return h, tanh(self.start(concatenate([there[:, -1], back[:, -1]], axis=1))), (x > 0)[:, None]

    def write(self, y: np.ndarray, *seen: Array) -> Result:
        """Logits of what follows each token of y.  (B, T) -> (B, T, vocab_out)"""
        h, state, mask = seen
        s, _ = self.writer(self.target(y), state)
        if self.query is not None and self.key is not None:
            context = scaled_dot_product_attention(self.query(s), self.key(h), h, plain(mask))
            s = concatenate([s, context], axis=2)
        return self.output(s)

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
        return plain(scaled_dot_product_attention(self.query(s), self.key(h), every_place, plain(mask)))


def backwards(x: np.ndarray) -> np.ndarray:
    """The place of the letter that comes t-th when x is read from its end, the blanks on the left first.

    (B, S) -> (B, S): [[0, 0, 7, 8, 9]] -> [[0, 1, 4, 3, 2]]. Applied twice, it restores x.
    """
    S = x.shape[1]
    blanks = np.argmax(x > 0, axis=1)[:, None]
    places = np.arange(S)
    return np.where(places < blanks, places, blanks + S - 1 - places)


class Transformer(EncoderDecoder):
    """An encoder–decoder of attention alone.  x: (B, S), y: (B, T) -> (B, T, vocab_out)

    x is filled up on the right. Each encoder block lets the places of x look at each other; each decoder
    block lets every place of y look at those before it, then at x. Source: A. Vaswani et al. (2017), with the
    norms before the layers (R. Xiong et al., 2020).
    """

    def __init__(
        self, vocab_in: int, vocab_out: int, width: int, heads: int = 4, depth: int = 1, rng: RNG = None
    ) -> None:
        require_positive("Transformer", depth=depth)
        rng = generator(rng)
        self.source = Embedding(vocab_in, width, init=_signs, rng=rng)
        self.target = Embedding(vocab_out, width, init=_signs, rng=rng)
        self.encoder = [_Block(width, heads, False, rng) for _ in range(depth)]
        self.decoder = [_Block(width, heads, True, rng) for _ in range(depth)]
        self.norm_read, self.norm_written = LayerNorm(width), LayerNorm(width)
        self.output = Linear(width, vocab_out, rng=rng)

    def read(self, x: np.ndarray) -> tuple[Array, ...]:
        """Each place of x in its context, and where x is not blank.  (B, S) -> (B, S, width), (B, 1, 1, S)"""
        mask = (np.asarray(x) > 0)[:, None, None]
        h = _placed(self.source, x)
        for block in self.encoder:
            h = block(h, mask)
        return self.norm_read(h), mask

    def write(self, y: np.ndarray, *seen: Array) -> Result:
        """Logits of what follows each token of y.  (B, T) -> (B, T, vocab_out)"""
        h, mask = seen
        s = _placed(self.target, y)
        for block in self.decoder:
            s = block(s, None, h, plain(mask))
        return self.output(self.norm_written(s))

    @no_grad()
    def alignment(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """How much each head of the last decoder block looks at x.  (B, S), (B, T) -> (B, heads, T, S)"""
        h, mask = self.read(x)
        s = _placed(self.target, y)
        for block in self.decoder[:-1]:
            s = block(s, None, h, plain(mask))
        last = self.decoder[-1]
        s = s + last.itself(last.norm1(s))
        return plain(last.other.weights(last.norm2(s), plain(mask), h))


def _placed(tokens: Embedding, ids: np.ndarray) -> Result:
    return tokens(ids) + sinusoidal_positions(np.shape(ids)[1], tokens.W.shape[1])


class _Block(Module):
    """x + attention to itself, then (in a decoder) + attention to the other text, then + an MLP."""

    def __init__(self, width: int, heads: int, decoder: bool, rng: np.random.Generator) -> None:
        self.norm1, self.norm3 = LayerNorm(width), LayerNorm(width)
        self.itself = MultiHeadAttention(width, heads, causal=decoder, rng=rng)
        if decoder:
            self.norm2, self.other = LayerNorm(width), MultiHeadAttention(width, heads, rng=rng)
        self.expand, self.contract = Linear(width, 4 * width, rng=rng), Linear(4 * width, width, rng=rng)

    def forward(
        self,
        x: Array,
        mask: np.ndarray | None = None,
        context: Array | None = None,
        visible: np.ndarray | None = None,
    ) -> Result:
        x = x + self.itself(self.norm1(x), mask)
        if context is not None:
            x = x + self.other(self.norm2(x), visible, context=context)
        return x + self.contract(gelu(self.expand(self.norm3(x))))
