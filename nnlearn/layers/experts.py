"""A mixture of experts: many small networks, of which each token asks a few."""

import numpy as np

from nnlearn.engine.primitive import Array, Result, plain
from nnlearn.engine.random import RNG, generator
from nnlearn.engine.shapes import concatenate
from nnlearn.engine.tensor import Parameter
from nnlearn.functions.activations import relu, softmax
from nnlearn.functions.graph import segment_sum
from nnlearn.layers.basic import Linear
from nnlearn.layers.init import he_uniform, lecun_uniform
from nnlearn.layers.module import Module, require_positive


class MixtureOfExperts(Module):
    """Σ_e p_e(x) relu(x W_e) V_e over the `top_k` experts of the largest scores.  (..., width), same out

    p is the softmax of the chosen scores x R alone, so that with top_k 1 it is 1 and R has no gradient; only
    chosen experts are computed. W is (experts, width, hidden), V (experts, hidden, width), R the router's.
    Raises ValueError for a top_k that is not 1 to `experts`.
    Source: N. Shazeer and others (2017), without their noise.
    """

    def __init__(self, width: int, hidden: int, experts: int, top_k: int, rng: RNG = None) -> None:
        require_positive("MixtureOfExperts", width=width, hidden=hidden, experts=experts, top_k=top_k)
        if top_k > experts:
            raise ValueError(f"MixtureOfExperts: top_k is {top_k}, expected at most experts = {experts}")
        rng, self.top_k = generator(rng), top_k
        self.router = Linear(width, experts, bias=False, rng=rng)
        self.W = Parameter(np.stack([he_uniform((width, hidden), rng) for _ in range(experts)]))
        self.V = Parameter(np.stack([lecun_uniform((hidden, width), rng) for _ in range(experts)]))

    def forward(self, x: Array) -> Result:
        tokens = x.reshape((-1, x.shape[-1]))
        p, chosen = self.gates(tokens)
        parts, rows = [], []
        for e in range(len(self.W.data)):
            row = np.flatnonzero((chosen == e).any(axis=1))
            parts.append(relu(tokens[row] @ self.W[e]) @ self.V[e] * p[row, e][:, None])
            rows.append(row)
        y = segment_sum(concatenate(parts), np.concatenate(rows), len(tokens))
        return y.reshape(x.shape)

    def gates(self, tokens: Array) -> tuple[Result, np.ndarray]:
        """Each expert's weight, 0 if not asked, and who is asked.  (n, width) -> (n, experts), (n, top_k)"""
        scores = self.router(tokens)
        chosen = np.argsort(-plain(scores), axis=1, kind="stable")[:, : self.top_k]
        left_out = np.full(scores.shape, -np.inf, scores.dtype)
        np.put_along_axis(left_out, chosen, 0, axis=1)
        return softmax(scores + left_out, axis=1), chosen


def load_balancing_loss(scores: Array) -> Result:
    """E Σ_e f_e P_e: f the share of tokens whose first choice is e, P its mean probability.  (n, E) -> ()

    1 where all are asked alike, up to E where one is asked alone. Source: W. Fedus and others (2022).
    """
    first = plain(scores).argmax(axis=1)
    n, experts = scores.shape
    share = np.bincount(first, minlength=experts) / n
    return experts * (softmax(scores, axis=1).mean(axis=0) * share.astype(scores.dtype)).sum()
