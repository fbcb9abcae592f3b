"""Layers on graphs against their formulas with dense matrices; renaming nodes; nodes without links."""

import numpy as np
import pytest

import nnlearn as nn
from tests.support.reference import torch

EDGES, N = np.array([[0, 1], [0, 2], [1, 2], [2, 3], [3, 5]]), 6  # node 4 has no link
X = np.random.default_rng(0).normal(size=(N, 3))
S = nn.normalized_adjacency(EDGES, N).astype(np.float64)


def parameters(layer):
    return {
        name: torch.tensor(p.data.astype(float), requires_grad=True) for name, p in layer.named_parameters()
    }


def compare(layer, ours, theirs, P):
    upstream = np.random.default_rng(1).normal(size=ours.shape)
    np.testing.assert_allclose(ours.data, theirs.detach().numpy(), rtol=1e-9, atol=1e-11)
    ours.backward(upstream)
    theirs.backward(torch.tensor(upstream))
    for name, p in layer.named_parameters():
        np.testing.assert_allclose(p.grad, P[name].grad.numpy(), rtol=1e-7, atol=1e-10, err_msg=name)


def test_convolution():
    layer = nn.GCNConv(3, 2, rng=0).astype(np.float64)
    P = parameters(layer)
    compare(layer, layer(X, S), torch.tensor(S.toarray()) @ torch.tensor(X) @ P["W"] + P["b"], P)


def test_convolution_of_sparse_features():
    from scipy.sparse import csr_array

    layer, few = nn.GCNConv(3, 2, rng=0), np.where(X > 0.5, X, 0)
    np.testing.assert_allclose(layer(csr_array(few), S).data, layer(few, S).data, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("version", [1, 2])
def test_attention(version):
    layer = nn.GATConv(3, 4, version, rng=0).astype(np.float64)
    P, source, target = parameters(layer), *nn.message_edges(EDGES, N)
    q, k = (torch.tensor(X) @ P[f"{name}.W"] for name in ("query", "key"))
    leaky = lambda e: torch.nn.functional.leaky_relu(e, 0.2)  # noqa: E731
    pairs = q[:, None] + k[None]
    e = leaky(pairs @ P["a"])[..., 0] if version == 1 else (leaky(pairs) @ P["a"])[..., 0]
    heard = torch.tensor(S.toarray() > 0)
    alpha = torch.softmax(e.masked_fill(~heard, -torch.inf), 1)
    compare(layer, layer(X, source, target), alpha @ k + P["b"], P)


def test_version_1_ranks_the_neighbours_alike_for_all_who_ask():
    rng, every = np.random.default_rng(3), np.indices((7, 7)).reshape(2, -1)
    x = rng.normal(size=(7, 5))
    ranks = {}
    for version in (1, 2):
        layer = nn.GATConv(5, 8, version, rng=0).astype(np.float64)
        scores = layer.scores(x, every[1], every[0]).data.reshape(7, 7)  # a row for each who asks
        ranks[version] = scores.argsort(axis=1)
    assert (ranks[1] == ranks[1][0]).all() and not (ranks[2] == ranks[2][0]).all()


def test_a_node_that_hears_nothing_gets_the_bias():
    layer = nn.GATConv(3, 2, rng=0)
    layer.b.data[:] = 7
    y = layer(X.astype(np.float32), np.array([0]), np.array([1])).data
    np.testing.assert_array_equal(np.delete(y, 1, axis=0), 7)
    assert np.isfinite(y).all()


def test_renaming_the_nodes_renames_the_results():
    p = np.random.default_rng(2).permutation(N)
    renamed = np.argsort(p)[EDGES]
    for layer in (nn.GATConv(3, 4, 1, rng=0), nn.GATConv(3, 4, 2, rng=0)):
        before, after = (layer(x, *nn.message_edges(e, N)).data for x, e in ((X, EDGES), (X[p], renamed)))
        np.testing.assert_allclose(after, before[p], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: nn.GATConv(3, 2, version=3), "version is 3, expected 1 or 2"),
        (lambda: nn.GCNConv(0, 2), "n_in"),
        (lambda: nn.GCNConv(4, 2, rng=0)(X, S), "4 features"),
        (lambda: nn.GCNConv(3, 2, rng=0)(X[:4], S), "do not fit"),
    ],
)
def test_says_what_was_wrong(call, words):
    with pytest.raises(ValueError, match=words):
        call()
