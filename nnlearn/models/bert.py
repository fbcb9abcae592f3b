"""BERT: a stack of transformer blocks that reads in both directions and fills in what is masked.

Source: J. Devlin et al. (2019), "BERT: Pre-training of Deep Bidirectional Transformers".
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from nnlearn.engine.primitive import Result
from nnlearn.engine.random import RNG, generator
from nnlearn.engine.tensor import Parameter
from nnlearn.functions.activations import gelu, tanh
from nnlearn.functions.linear import linear
from nnlearn.layers.basic import Dropout, Embedding, LayerNorm, Linear
from nnlearn.layers.init import normal, zeros
from nnlearn.layers.module import Module
from nnlearn.layers.transformer import TransformerBlock
from nnlearn.models import hub


class BERT(Module):
    """What each token means in its place.  ids: (B, T) -> (B, T, width),  T ≤ context

    `types` tell the first text (0) from the second (1); `mask` (B, T) is False where a text is padded.
    Raises ValueError for more tokens than `context`.
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
        types: int = 2,
    ) -> None:
        rng, self.context = generator(rng), context
        self.tokens = Embedding(vocab_size, width, rng=rng)
        self.positions = Embedding(context, width, rng=rng)
        self.types = Embedding(types, width, rng=rng)
        self.norm, self.dropout = LayerNorm(width), Dropout(dropout, rng)
        self.blocks = [
            TransformerBlock(width, heads, dropout=dropout, norm_first=False, hidden=hidden, rng=rng)
            for _ in range(depth)
        ]
        self.pooler = Linear(width, width, init=normal, rng=rng)
        self.transform, self.transform_norm = Linear(width, width, init=normal, rng=rng), LayerNorm(width)
        self.bias = Parameter(zeros((vocab_size,)))

    def forward(
        self, ids: ArrayLike, types: ArrayLike | None = None, mask: ArrayLike | None = None
    ) -> Result:
        T = np.shape(ids)[-1]
        if T > self.context:
            raise ValueError(f"BERT: ids has {T} tokens, but the context is {self.context}")
        types = np.zeros(np.shape(ids), np.int64) if types is None else types
        mask = None if mask is None else np.asarray(mask, bool)[:, None, None, :]  # (B, heads, T, T)
        x = self.tokens(ids) + self.positions.W[:T] + self.types(types)
        x = self.dropout(self.norm(x))
        for block in self.blocks:
            x = block(x, mask)
        return x

    def fill(
        self,
        ids: ArrayLike,
        types: ArrayLike | None = None,
        mask: ArrayLike | None = None,
        places: ArrayLike | None = None,
    ) -> Result:
        """Logits of what stands at each place: the masked language model.  (B, T) -> (B, T, vocab_size)

        With `places` (B, T), True or False, only of the places that are True: (how many, vocab_size), in a
        fraction of the time.
        """
        x = self(ids, types, mask)
        x = x if places is None else x[np.asarray(places, bool)]
        x = self.transform_norm(gelu(self.transform(x)))
        return linear(x, self.tokens.W.T, self.bias)

    def pool(self, ids: ArrayLike, types: ArrayLike | None = None, mask: ArrayLike | None = None) -> Result:
        """One vector for the whole text, for a classifier to stand on.  (B, T) -> (B, width)

        It is tanh of a linear layer on the first token's vector.
        """
        return tanh(self.pooler(self(ids, types, mask)[:, 0]))

    @classmethod
    def from_pretrained(cls, source: str | Path) -> BERT:
        """BERT with published weights.

        `source` is a folder with config.json and model.safetensors, or the model's name on the hub. `pool`
        and `fill` start from random weights where the files have none for them. Raises what
        `nnlearn.models.hub` raises: OSError, ImportError or ValueError, and says what is missing.
        """
        config, weights = hub.read(source, "bert")
        model = cls(
            config["vocab_size"],
            config["max_position_embeddings"],
            config["hidden_size"],
            config["num_hidden_layers"],
            config["num_attention_heads"],
            hidden=config["intermediate_size"],
            types=config["type_vocab_size"],
        )
        hub.configure(model, config["hidden_act"], config["layer_norm_eps"])
        state = model.state_dict()
        for name in state:
            try:
                state[name] = _theirs(weights, name)
            except hub.MissingWeights:
                if not name.startswith(("pooler", "transform", "bias")):
                    raise
        model.load_state_dict(state)
        return model.eval()


NAMES = [  # our names, and the published ones that replace them
    (r"^tokens\.W", "embeddings.word_embeddings.weight"),
    (r"^positions\.W", "embeddings.position_embeddings.weight"),
    (r"^types\.W", "embeddings.token_type_embeddings.weight"),
    (r"^norm\.", "embeddings.LayerNorm."),
    (r"^blocks\.", "encoder.layer."),
    (r"\.norm1\.", ".attention.output.LayerNorm."),
    (r"\.norm2\.", ".output.LayerNorm."),
    (r"\.attention\.(query|key|value)\.", r".attention.self.\1."),
    (r"\.attention\.out\.", ".attention.output.dense."),
    (r"\.expand\.", ".intermediate.dense."),
    (r"\.contract\.", ".output.dense."),
    (r"^pooler\.", "pooler.dense."),
    (r"^transform\.", "cls.predictions.transform.dense."),
    (r"^transform_norm\.", "cls.predictions.transform.LayerNorm."),
    (r"^bias$", "cls.predictions.bias"),
    (r"\.(W|gamma)$", ".weight"),
    (r"\.(b|beta)$", ".bias"),
]
EMBEDDINGS = ("tokens.W", "positions.W", "types.W")


def _theirs(weights: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    """Linear layers' W is (n_out, n_in) there, and queries, keys and values have one each."""
    parts = ("query", "key", "value") if ".qkv." in name else ("qkv",)
    arrays = [hub.find(weights, name.replace("qkv", part), NAMES, "bert.") for part in parts]
    array = np.concatenate(arrays)
    return array.T if name.endswith(".W") and name not in EMBEDDINGS else array
