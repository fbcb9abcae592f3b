"""The graph convolutional network."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from nnlearn.engine.primitive import Array, Result
from nnlearn.engine.random import RNG, generator
from nnlearn.functions.activations import relu
from nnlearn.layers.basic import Dropout
from nnlearn.layers.graph import GCNConv
from nnlearn.layers.init import he_uniform
from nnlearn.layers.module import Module


class GCN(Module):
    """S (… relu(S x W₁ + b₁) …) W + b: one hop a layer.  x: (n, sizes[0]), S: (n, n) -> (n, sizes[-1])

    S comes from `normalized_adjacency`. `dropout` sets hidden values to 0 in training, with this probability.
    Raises ValueError for fewer than two sizes. Source: T. Kipf and M. Welling (2017).
    """

    def __init__(self, sizes: Sequence[int], dropout: float = 0.0, rng: RNG = None) -> None:
        if len(sizes) < 2:
            raise ValueError(f"GCN: sizes is {sizes}, expected at least (n_in, n_out)")
        rng = generator(rng)
        self.layers = [GCNConv(n_in, n_out, init=he_uniform, rng=rng) for n_in, n_out in pairwise(sizes)]
        self.dropout = Dropout(dropout, rng)

    def forward(self, x: Array, S: Any) -> Result:
        for layer in self.layers[:-1]:
            x = self.dropout(relu(layer(x, S)))
        return self.layers[-1](x, S)
