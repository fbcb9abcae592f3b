"""Companion networks come back as they were kept, to half precision."""

import numpy as np

import nnlearn as nn
from nnlearn.study import companions


def test_a_network_comes_back_to_half_precision(tmp_path, monkeypatch):
    monkeypatch.setattr(companions, "_FOLDER", tmp_path)
    net = nn.MLP([3, 4, 2], rng=0)
    companions.keep(net, "small")
    again = companions.restore(nn.MLP([3, 4, 2], rng=1), "small")
    for p, q in zip(net.parameters(), again.parameters(), strict=True):
        assert q.data.dtype == np.float32
        np.testing.assert_array_equal(q.data, p.data.astype(np.float16))
    assert not again.training
