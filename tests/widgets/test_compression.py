"""The compression explorer: what it shows is what the functions give, and it leaves its networks whole."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.widgets import CompressionExplorer
from nnlearn.widgets.compression import NETWORKS, WAYS, compress, size

DIGITS, AUSTEN = NETWORKS


def test_one_scale_is_quantize():
    state = CompressionExplorer(bits=3).state
    np.testing.assert_array_equal(state.rounded, nn.dequantize(*nn.quantize(state.weights, 3)))


@pytest.mark.parametrize("way", WAYS)
def test_every_way_keeps_the_shapes_and_the_vectors(way):
    state = nn.adversarial.load_pair()[0].state_dict()
    small = compress(state, 0.5, 4, way)
    assert {name: w.shape for name, w in small.items()} == {name: w.shape for name, w in state.items()}
    np.testing.assert_array_equal(small["classify.b"], state["classify.b"])
    assert (small["classify.W"] == 0).mean() >= 0.5


def test_bytes_are_counted():
    state = {"layers.0.W": np.ones((32, 4), np.float32), "layers.0.b": np.ones(4, np.float32)}
    assert size(state, 0.0, 8, WAYS[0]) == 128 + 4 + 16
    assert size(state, 0.0, 4, WAYS[2]) == 64 + 4 * 4 + 16
    assert size(state, 0.5, 4, WAYS[3]) == 32 + 16 + 4 * 8 + 16


def test_eight_bits_read_like_thirty_two_and_two_bits_do_not():
    explorer = CompressionExplorer(bits=8, way=WAYS[2])
    assert abs(explorer.state.after - explorer.state.before) < 0.02
    explorer.set(bits=2, way=WAYS[0])
    assert explorer.state.after < 0.6
    before = explorer.state.before
    explorer.set(bits=8)
    assert explorer.state.before == before > 0.95


def test_the_gpt_pays_in_bits():
    explorer = CompressionExplorer(network=AUSTEN, bits=3, way=WAYS[0])
    assert explorer.state.after > explorer.state.before + 0.5 and "bits instead of" in explorer.sentence
