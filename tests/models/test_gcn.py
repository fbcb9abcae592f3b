"""The graph convolutional network: one hop a layer, dropout in training alone, and it learns the club."""

import numpy as np
import pytest

import nnlearn as nn


def test_a_layer_looks_one_hop_further():
    row = np.column_stack([np.arange(5), np.arange(1, 6)])
    S, x = nn.normalized_adjacency(row, 6), np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    other = x.copy()
    other[5] += 1
    for layers in (1, 2, 3):
        net = nn.GCN((3, *[8] * (layers - 1), 2), rng=0)
        changed = np.abs(net(x, S).data - net(other, S).data).max(axis=1) > 0
        assert changed.nonzero()[0].min() == 5 - layers


def test_dropout_only_in_training():
    S, x = nn.normalized_adjacency([[0, 1]], 2), np.ones((2, 3), np.float32)
    net = nn.GCN((3, 16, 2), dropout=0.5, rng=0)
    assert not np.array_equal(net(x, S).data, net(x, S).data)
    net.eval()
    np.testing.assert_array_equal(net(x, S).data, net(x, S).data)


def test_two_labels_split_the_club():
    edges, side = nn.data.karate_club()
    S, who, known = nn.normalized_adjacency(edges, 34), np.eye(34, dtype=np.float32), [0, 33]
    net = nn.GCN((34, 16, 2), rng=0)
    optimizer = nn.AdamW(net.parameters(), lr=0.01, weight_decay=0.05)
    for _ in range(100):
        optimizer.zero_grad()
        nn.cross_entropy(net(who, S)[known], side[known]).backward()
        optimizer.step()
    assert (net(who, S).data.argmax(axis=1) == side).mean() > 0.9


def test_needs_two_sizes():
    with pytest.raises(ValueError, match="at least"):
        nn.GCN((3,))
