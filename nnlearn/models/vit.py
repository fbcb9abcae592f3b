"""The vision transformer: a picture read as a sequence of patches.

Source: A. Dosovitskiy et al. (2021), "An image is worth 16×16 words".
"""

from collections.abc import Sequence

import numpy as np

from nnlearn.engine.primitive import Array, Result
from nnlearn.engine.random import RNG, generator
from nnlearn.engine.shapes import broadcast_to, concatenate
from nnlearn.engine.tensor import Parameter
from nnlearn.functions.convolution import patches
from nnlearn.layers.basic import LayerNorm, Linear
from nnlearn.layers.init import normal, zeros
from nnlearn.layers.module import Module
from nnlearn.layers.transformer import TransformerBlock


class ViT(Module):
    """Patches as tokens, through transformer blocks; a class token asks.  (B, C, H, W) -> (B, classes)

    shape = (C, H, W) of one picture, cut into squares of `patch` pixels. Each becomes a token of `width`
    numbers by one linear map, and is told its place by a learned vector that starts from
    N(0, position_std²); in front stands a learned token of which, after `depth` blocks, the classes are
    read. Raises ValueError for a patch that does not divide H and W, and for sizes that `TransformerBlock`
    refuses.
    """

    def __init__(
        self,
        shape: Sequence[int],
        classes: int,
        patch: int,
        width: int = 64,
        depth: int = 4,
        heads: int = 4,
        dropout: float = 0.0,
        hidden: int | None = None,
        position_std: float = 0.02,
        rng: RNG = None,
    ) -> None:
        rng, self.patch = generator(rng), patch
        _, n, pixels = patches(np.zeros((1, *shape), np.float32), patch).shape
        self.embed = Linear(pixels, width, rng=rng)
        self.class_token = Parameter(zeros((1, 1, width)))
        self.positions = Parameter(normal((n + 1, width), rng, position_std))
        self.blocks = [
            TransformerBlock(width, heads, dropout=dropout, hidden=hidden, rng=rng) for _ in range(depth)
        ]
        self.norm, self.classify = LayerNorm(width), Linear(width, classes, rng=rng)

    def forward(self, x: Array) -> Result:
        tokens = self.embed(patches(x, self.patch))  # (B, n, width)
        first = broadcast_to(self.class_token, (len(x), 1, tokens.shape[2]))
        h = concatenate([first, tokens], axis=1) + self.positions
        for block in self.blocks:
            h = block(h)
        return self.classify(self.norm(h[:, 0]))
