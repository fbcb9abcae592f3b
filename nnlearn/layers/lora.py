"""LoRA: a frozen layer and a small update beside it that learns (chapter 25).

Source: E. Hu et al. (2021), "LoRA: Low-Rank Adaptation of Large Language Models".
"""

import math
from collections.abc import Collection
from typing import TypeVar

import numpy as np

from nnlearn.engine.primitive import Array, Result
from nnlearn.engine.random import RNG, generator
from nnlearn.engine.tensor import Parameter
from nnlearn.functions.linear import linear
from nnlearn.layers.basic import Linear
from nnlearn.layers.module import Module, require_positive

Net = TypeVar("Net", bound=Module)


class LoRALinear(Module):
    """y = x W + b + (alpha / r) (x A) B.  x: (..., n_in), A: (n_in, r), B: (r, n_out) -> (..., n_out)

    W and b are those of `layer`, and stay as they are: plain arrays, no parameters. A starts from
    U(±√(3 / n_in)) and B at 0, so that at first nothing changes. Raises ValueError for a rank that is not a
    whole number from 1 on, or larger than n_in or n_out.
    """

    def __init__(self, layer: Linear, rank: int, alpha: float | None = None, rng: RNG = None) -> None:
        require_positive("LoRALinear", rank=rank)
        self.W, self.b = layer.W.data, None if layer.b is None else layer.b.data
        n_in, n_out = self.W.shape
        if rank > min(n_in, n_out):
            raise ValueError(
                f"LoRALinear: rank is {rank}, expected at most {min(n_in, n_out)}: W is {self.W.shape}"
            )
        self.scale = (rank if alpha is None else alpha) / rank
        limit = math.sqrt(3 / n_in)
        self.A = Parameter(generator(rng).uniform(-limit, limit, (n_in, rank)).astype(self.W.dtype))
        self.B = Parameter(np.zeros((rank, n_out), self.W.dtype))

    def forward(self, x: Array) -> Result:
        return linear(x, self.W, self.b) + linear(linear(x, self.A), self.B) * self.scale

    def merged(self) -> Linear:
        """One layer that computes the same: its W is W + (alpha / rank) A B."""
        n_in, n_out = self.W.shape
        layer = Linear(n_in, n_out, self.b is not None)
        layer.W.data = self.W + self.scale * (self.A.data @ self.B.data)
        if layer.b is not None and self.b is not None:
            layer.b.data = self.b.copy()
        return layer


def add_lora(
    model: Module,
    rank: int,
    alpha: float | None = None,
    names: Collection[str] = ("qkv", "out", "expand", "contract"),
    rng: RNG = None,
) -> list[Parameter]:
    """Put a `LoRALinear` in the place of each layer that is called so; returns what an optimiser is given.

    Raises ValueError when the model has no such layer.
    """
    rng, added = generator(rng), []
    for _, module in list(model.named_modules()):
        for name, layer in list(vars(module).items()):
            if name in names and isinstance(layer, Linear):
                vars(module)[name] = new = LoRALinear(layer, rank, alpha, rng)
                added += new.parameters()
    if not added:
        raise ValueError(f"add_lora: the model has no linear layer called {' or '.join(names)}")
    return added


def merge_lora(model: Net) -> Net:
    """Put one ordinary layer in the place of each `LoRALinear`; the model is returned, as fast as before."""
    for _, module in list(model.named_modules()):
        for name, layer in list(vars(module).items()):
            if isinstance(layer, LoRALinear):
                vars(module)[name] = layer.merged()
    return model
