"""Layers whose rows are nodes of a graph."""

from typing import Any

import numpy as np

from nnlearn.engine.primitive import Array, Result
from nnlearn.engine.random import RNG, generator
from nnlearn.engine.tensor import Parameter, Tensor
from nnlearn.functions.activations import leaky_relu
from nnlearn.functions.graph import segment_softmax, segment_sum, spmm
from nnlearn.layers.basic import Linear
from nnlearn.layers.init import Init, lecun_uniform, zeros
from nnlearn.layers.module import Module, require_positive


class GCNConv(Module):
    """S x W + b: every node a weighted sum of its neighbours.  x: (n, n_in), S: (n, n) -> (n, n_out)

    S comes from `normalized_adjacency`; x may be a sparse matrix of SciPy's too.
    Source: T. Kipf and M. Welling (2017).
    """

    def __init__(self, n_in: int, n_out: int, init: Init = lecun_uniform, rng: RNG = None) -> None:
        require_positive("GCNConv", n_in=n_in, n_out=n_out)
        self.W = Parameter(init((n_in, n_out), rng))
        self.b = Parameter(zeros((n_out,)))

    def forward(self, x: Array, S: Any) -> Result:
        if x.shape[-1] != self.W.shape[0]:
            raise ValueError(
                f"GCNConv: x {x.shape} must have {self.W.shape[0]} features: W is {self.W.shape}"
            )
        dense = isinstance(x, np.ndarray | Tensor)
        return spmm(S, x @ self.W if dense else spmm(x, self.W)) + self.b


class GATConv(Module):
    """Σ α_ij k_j + b over the neighbours j of i, weighed by attention.  x: (n, n_in) -> (n, n_out)

    With q = x W_q and k = x W_k, α is the softmax over j of a · leaky(q_i + k_j), slope 0.2; in `version` 1
    leaky(a · (q_i + k_j)). Messages go from source (M,) to target (M,), see `message_edges`. A node that
    hears nothing gets b. Raises ValueError for another version.
    Sources: P. Veličković and others (2018); S. Brody and others (2022) for version 2.
    """

    def __init__(self, n_in: int, n_out: int, version: int = 2, rng: RNG = None) -> None:
        require_positive("GATConv", n_in=n_in, n_out=n_out)
        if version not in (1, 2):
            raise ValueError(f"GATConv: version is {version}, expected 1 or 2")
        rng, self.version = generator(rng), version
        self.query, self.key = (Linear(n_in, n_out, bias=False, rng=rng) for _ in range(2))
        self.a = Parameter(lecun_uniform((n_out, 1), rng))
        self.b = Parameter(zeros((n_out,)))

    def forward(self, x: Array, source: np.ndarray, target: np.ndarray) -> Result:
        k = self.key(x)[source]
        alpha = segment_softmax(self.scores(x, source, target), target, len(x))
        return segment_sum(alpha * k, target, len(x)) + self.b

    def scores(self, x: Array, source: np.ndarray, target: np.ndarray) -> Result:
        """How strongly each target would look at each source, before the softmax.  (M, 1)"""
        q, k = self.query(x), self.key(x)
        if self.version == 1:
            return leaky_relu((q @ self.a)[target] + (k @ self.a)[source], 0.2)
        return leaky_relu(q[target] + k[source], 0.2) @ self.a
