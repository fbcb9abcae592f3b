"""What nodes of a graph tell their neighbours: gathered, added up, weighed (chapter 20)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from nnlearn.engine.arithmetic import exp
from nnlearn.engine.primitive import Array, Result, Rule, floating, plain, primitive
from nnlearn.engine.shapes import _put

# -- edges -----------------------------------------------------------------------------------------


def message_edges(edges: ArrayLike, n: int, self_loops: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Source and target of every message: each link both ways, each node to itself.  (E, 2) -> (M,), (M,)

    A link that is listed twice, or both ways, counts once; so does a self loop. Without `self_loops` there
    are none, listed or not. The messages come sorted by target. Raises TypeError for edges that are not whole
    numbers, ValueError for another shape or a node outside 0 … n − 1.
    """
    pairs = _pairs(edges, n)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    loops = np.arange(n if self_loops else 0)
    source = np.concatenate([pairs[:, 0], pairs[:, 1], loops])
    target = np.concatenate([pairs[:, 1], pairs[:, 0], loops])
    target, source = np.divmod(np.unique(target * n + source), max(n, 1))
    return source, target


def normalized_adjacency(edges: ArrayLike, n: int, self_loops: bool = True) -> Any:
    """S = D^−½ (A + I) D^−½, a sparse matrix of SciPy's.  (E, 2) -> (n, n) in float32

    A is 1 where two nodes are linked, D the diagonal of the row sums of A + I. Without `self_loops` A stands
    alone, and a node without a link has a row of zeros. Raises what `message_edges` raises.
    Source: T. Kipf and M. Welling (2017).
    """
    from scipy.sparse import csr_array

    source, target = message_edges(edges, n, self_loops)
    degree = np.bincount(target, minlength=n)
    weight = 1 / np.sqrt(degree[source] * degree[target])
    return csr_array((weight.astype(np.float32), (target, source)), shape=(n, n))


def _pairs(edges: ArrayLike, n: int) -> np.ndarray:
    pairs = np.asarray(edges)
    if pairs.size == 0:
        return np.zeros((0, 2), np.int64)
    if pairs.ndim != 2 or pairs.shape[1] != 2:
        raise ValueError(f"edges are {pairs.shape}, expected pairs of nodes: (E, 2)")
    if pairs.dtype.kind not in "iu":
        raise TypeError(f"edges must be whole numbers but are {pairs.dtype}")
    if pairs.min() < 0 or pairs.max() >= n:
        bad = pairs[(pairs < 0) | (pairs >= n)][0]
        raise ValueError(f"edges name node {bad}, but with n = {n} there are the nodes 0 to {n - 1}")
    return pairs.astype(np.int64)


# -- messages --------------------------------------------------------------------------------------


@primitive
def spmm(S: Any, x: Array) -> Rule:
    """S x, a fixed sparse matrix times a dense one; only x has a gradient, Sᵀ g.  (m, n), (n, d) -> (m, d)

    S is a matrix of SciPy's, or an array. Raises ValueError when the shapes do not fit.
    """
    if x.ndim not in (1, 2) or S.shape[1] != x.shape[0]:
        raise ValueError(f"spmm: S {S.shape} and x {x.shape} do not fit, expected (m, n) and (n, d)")
    return S @ plain(x), None, lambda g: spmm(S.T, g)


def segment_sum(x: Array, segment: ArrayLike, n: int) -> Result:
    """y_i, the sum of the rows x_e with segment[e] = i: scatter-add.  (E, …), (E,) -> (n, …)

    The transpose of gathering, y[segment], whose gradient it is. Raises TypeError for segments that are not
    whole numbers, ValueError for another shape or a segment outside 0 … n − 1.
    """
    segment = _checked("segment_sum", x, segment, n)
    x = x.astype(np.int64) if x.dtype == bool else x  # True and True are two
    return _put(x, segment, (n, *x.shape[1:]))


@primitive
def segment_softmax(scores: Array, segment: ArrayLike, n: int) -> Rule:
    """exp(s_e) / Σ exp(s_f), over all f of e's segment: a softmax over each.  (E, …), (E,) -> (E, …)

    Raises what `segment_sum` raises.
    """
    segment = _checked("segment_softmax", scores, segment, n)
    scores = floating(scores)
    top = np.full((n, *scores.shape[1:]), -np.inf, scores.dtype)
    np.maximum.at(top, segment, plain(scores))
    p = exp(scores - top[segment])
    p = p / segment_sum(p, segment, n)[segment]
    return p, lambda g: p * (g - segment_sum(p * g, segment, n)[segment])


def _checked(name: str, x: Array, segment: ArrayLike, n: int) -> np.ndarray:
    segment = np.asarray(segment)
    if segment.size == 0:
        segment = segment.astype(np.int64)
    if segment.dtype.kind not in "iu":
        raise TypeError(f"{name}: segment must be whole numbers but is {segment.dtype}")
    if segment.shape != x.shape[:1]:
        raise ValueError(f"{name}: segment is {segment.shape}, expected one for each row of {x.shape}")
    if segment.size and (segment.min() < 0 or segment.max() >= n):
        bad = segment[(segment < 0) | (segment >= n)][0]
        raise ValueError(f"{name}: segment {bad} is outside 0 to {n - 1} (n is {n})")
    return segment
