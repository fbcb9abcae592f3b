"""GPT-2: a stack of transformer blocks that reads tokens and guesses the next.

Source: A. Radford et al. (2019), "Language Models are Unsupervised Multitask Learners"; for the blocks of
later models, H. Touvron et al. (2023), "LLaMA: Open and Efficient Foundation Language Models".
"""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from nnlearn.engine.primitive import Result, no_grad
from nnlearn.engine.random import RNG, generator
from nnlearn.functions.activations import gelu
from nnlearn.functions.linear import linear
from nnlearn.layers.basic import Dropout, Embedding
from nnlearn.layers.module import Module, in_use
from nnlearn.layers.transformer import NORMS, Cache, FeedForward, Norm, TransformerBlock
from nnlearn.models import hub
from nnlearn.models.generation import generate

gelu_tanh = partial(gelu, approximate="tanh")


class GPT(Module):
    """Logits of the next token at each place.  ids: (B, T) -> (B, T, vocab_size),  T ≤ context

    The blocks are GPT-2's; norm="rms", feed_forward="swiglu", rotary=True (in place of the table of
    positions), bias=False and fewer `kv_heads` make them Llama's, see `TransformerBlock`. Raises ValueError
    for more tokens than `context`, and for options that the blocks refuse.
    """

    def __init__(
        self,
        vocab_size: int,
        context: int,
        width: int,
        depth: int,
        heads: int,
        rng: RNG = None,
        dropout: float = 0.0,
        hidden: int | None = None,
        norm: Norm = "layer",
        feed_forward: FeedForward = "mlp",
        kv_heads: int | None = None,
        rotary: bool = False,
        bias: bool = True,
    ) -> None:
        rng, self.context, self.rotary = generator(rng), context, rotary
        self.tokens = Embedding(vocab_size, width, rng=rng)
        if not rotary:
            self.positions = Embedding(context, width, rng=rng)
        self.dropout = Dropout(dropout, rng)
        kind: dict = dict(hidden=hidden, norm=norm, feed_forward=feed_forward, kv_heads=kv_heads, bias=bias)
        self.blocks = [
            TransformerBlock(width, heads, True, dropout, gelu_tanh, rotary=rotary, rng=rng, **kind)
            for _ in range(depth)
        ]
        self.norm = NORMS[norm](width)
        for block in self.blocks:  # keeps the sum of 2 · depth branches the same size at any depth
            for layer in (block.attention.out, block.contract):
                layer.W.data = layer.W.data / math.sqrt(2 * depth)

    def forward(self, ids: ArrayLike, cache: list[Cache] | None = None) -> Result:
        T, start = np.shape(ids)[-1], cache[0].length if cache else 0
        if start + T > self.context:
            raise ValueError(f"GPT: ids reach to place {start + T}, but the context is {self.context} tokens")
        x = self.tokens(ids)  # (B, T, width)
        if not self.rotary:
            x = x + self.positions.W[start : start + T]
        x = self.dropout(x)
        for i, block in enumerate(self.blocks):
            x = block(x, cache=cache[i] if cache else None)
        return linear(self.norm(x), self.tokens.W.T)  # the same W reads tokens and writes them

    @no_grad()
    def generate(
        self,
        ids: ArrayLike,
        length: int,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        rng: RNG = None,
        cached: bool = True,
    ) -> np.ndarray:
        """Append `length` tokens, each drawn from the model's guess.  (T,) or (B, T) -> the same, longer

        With `cached`, keys and values of earlier tokens are kept, so that each step computes one token
        alone. Where the context is full, the model goes on with its last half. `temperature`, `top_k` and
        `top_p` as in `nn.text.sample`. Raises ValueError when `ids` is empty.
        """
        begin, cache = max(0, np.shape(ids)[-1] - self.context), None

        def guess(out: np.ndarray) -> Result:
            nonlocal begin, cache
            B, T = out.shape
            if T - begin > self.context:
                begin, cache = T - self.context // 2, None
            if cache is None and cached:
                cache = [block.attention.new_cache(B, self.context) for block in self.blocks]
            known = cache[0].length if cache else 0
            return self(out[:, begin + known :], cache)

        with in_use(self):
            return generate(ids, length, guess, temperature, top_k, top_p, rng)

    @classmethod
    def from_pretrained(cls, source: str | Path) -> GPT:
        """GPT-2 with published weights.

        `source` is a folder with config.json and model.safetensors, or the model's name on the hub. Raises
        what `nnlearn.models.hub` raises: OSError, ImportError or ValueError, and says what is missing.
        """
        _, config, weights = hub.read(source, "gpt2", CONFIG)
        model = cls(
            config["vocab_size"],
            config["n_positions"],
            config["n_embd"],
            config["n_layer"],
            config["n_head"],
            hidden=config["n_inner"],
        )
        hub.configure(model, config, "activation_function", "layer_norm_epsilon")
        model.load_state_dict(
            {name: hub.take(weights, name, NAMES, "transformer.") for name in model.state_dict()}
        )
        hub.require_taken(
            weights, r"(transformer\.)?(wte|wpe|h|ln_f)\.", {"lm_head.weight": model.tokens.W.data}
        )
        return model.eval()


CONFIG = {  # fields of config.json, and the values of those that it leaves out
    "vocab_size": 50257,
    "n_positions": 1024,
    "n_embd": 768,
    "n_layer": 12,
    "n_head": 12,
    "n_inner": None,  # 4 · n_embd
    "activation_function": "gelu_new",
    "layer_norm_epsilon": 1e-5,
}
NAMES = [  # our names, and the published ones that replace them
    (r"^tokens\.W", "wte.weight"),
    (r"^positions\.W", "wpe.weight"),
    (r"^norm\.", "ln_f."),
    (r"^blocks\.", "h."),
    (r"\.norm(\d)\.", r".ln_\1."),
    (r"\.attention\.qkv\.", ".attn.c_attn."),
    (r"\.attention\.out\.", ".attn.c_proj."),
    (r"\.expand\.", ".mlp.c_fc."),
    (r"\.contract\.", ".mlp.c_proj."),
    (r"\.(W|gamma)$", ".weight"),
    (r"\.(b|beta)$", ".bias"),
]
