"""BERT: a stack of transformer blocks that reads in both directions and fills in what is masked.

Source: J. Devlin et al. (2019), "BERT: Pre-training of Deep Bidirectional Transformers".
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from nnlearn.engine.arithmetic import maximum
from nnlearn.engine.primitive import Array, Result
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
        self.activation: Callable[[Array], Result] = gelu
        self.pooling, self.normalized = "mean", True

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
        x = self.transform_norm(self.activation(self.transform(x)))
        return linear(x, self.tokens.W.T, self.bias)

    def pool(self, ids: ArrayLike, types: ArrayLike | None = None, mask: ArrayLike | None = None) -> Result:
        """One vector for the whole text, for a classifier to stand on.  (B, T) -> (B, width)

        It is tanh of a linear layer on the first token's vector.
        """
        return tanh(self.pooler(self(ids, types, mask)[:, 0]))

    def embed(self, ids: ArrayLike, types: ArrayLike | None = None, mask: ArrayLike | None = None) -> Result:
        """Sentence embeddings: x̄ / ‖x̄‖ with x̄ the mean over the tokens.  (B, T) -> (B, width)

        With `mask`, the mean is over the tokens at which it is True. A model whose files come with a
        modules.json does as that says: x̄ may be the first token's vector, and may keep its length.
        Source: N. Reimers and I. Gurevych (2019), "Sentence-BERT".
        """
        x = self(ids, types, mask)
        if self.pooling == "cls":
            x = x[:, 0]
        else:
            w = np.ones(x.shape[:2], x.dtype) if mask is None else np.asarray(mask, bool).astype(x.dtype)
            x = (x * w[..., None]).sum(1) / np.maximum(w.sum(1, keepdims=True), 1)
        return x / maximum((x * x).sum(-1, keepdims=True) ** 0.5, 1e-12) if self.normalized else x

    @classmethod
    def from_pretrained(cls, source: str | Path) -> BERT:
        """BERT with published weights.

        `source` is a folder with config.json and model.safetensors, or the model's name on the hub. `pool`
        and `fill` start from random weights where the files have none for them. Raises what
        `nnlearn.models.hub` raises: OSError, ImportError or ValueError, and says what is missing.
        """
        place, config, weights = hub.read(source, "bert", CONFIG)
        model = cls(
            config["vocab_size"],
            config["max_position_embeddings"],
            config["hidden_size"],
            config["num_hidden_layers"],
            config["num_attention_heads"],
            hidden=config["intermediate_size"],
            types=config["type_vocab_size"],
        )
        model.activation = hub.configure(model, config, "hidden_act", "layer_norm_eps")
        model.pooling, model.normalized = hub.read_pooling(place)
        state = model.state_dict()
        for name in state:
            try:
                state[name] = _theirs(weights, name)
            except hub.MissingWeights:
                if not name.startswith(("pooler", "transform", "bias")):
                    raise
        model.load_state_dict(state)
        tied = {"weight": model.tokens.W.data, "bias": model.bias.data}
        tied = {f"cls.predictions.decoder.{name}": array for name, array in tied.items()}
        hub.require_taken(weights, r"(bert\.)?(embeddings|encoder)\.", tied)
        return model.eval()


CONFIG = {  # fields of config.json, and the values of those that it leaves out
    "vocab_size": 30522,
    "max_position_embeddings": 512,
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "type_vocab_size": 2,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-12,
}
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


def _theirs(weights: dict[str, np.ndarray], name: str) -> np.ndarray:
    """Linear layers' W is (n_out, n_in) there, and queries, keys and values have one each."""
    parts = ("query", "key", "value") if ".qkv." in name else ("qkv",)
    arrays = [hub.take(weights, name.replace("qkv", part), NAMES, "bert.") for part in parts]
    array = np.concatenate(arrays)
    return array.T if name.endswith(".W") and name not in EMBEDDINGS else array
