"""The saliency explorer: its maps are the chapter's, and it says what the network says."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.widgets import SaliencyExplorer
from nnlearn.widgets.saliency import MAPS, NETWORKS


def test_the_map_is_the_function_s():
    x, y = (part[:3] for part in nn.data.mnist()[1])
    state = SaliencyExplorer(picture=2).state
    net = nn.adversarial.load_pair()[0]
    expected = nn.integrated_gradients(net, x[2:], state.target, steps=32)[0, 0]
    np.testing.assert_allclose(state.map, expected, atol=1e-5)
    assert state.truth == y[2] == state.target


@pytest.mark.parametrize("method", MAPS)
def test_every_map_has_the_picture_s_shape_in_every_network(method):
    explorer = SaliencyExplorer(method=method)
    for network in NETWORKS:
        explorer.set(network=network)
        assert explorer.state.map.shape == (28, 28) and np.isfinite(explorer.state.map).all()


def test_guided_leaves_the_network_as_it_was():
    explorer = SaliencyExplorer(method="guided")
    guided = explorer.state.map
    explorer.set(method="slope")
    assert not np.allclose(explorer.state.map, guided)


def test_a_map_that_is_interrupted_leaves_the_network_as_it_was(monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    explorer = SaliencyExplorer(picture=2)
    before = explorer.state.map
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("nnlearn.study.attribution.input_gradient", stop)
        explorer.set(method="guided")
    explorer.set(method="integrated")
    np.testing.assert_array_equal(explorer.state.map, before)


def test_an_attack_changes_the_plain_network_s_answer_and_a_class_can_be_asked_for():
    explorer = SaliencyExplorer(picture=2, eps=0.2)
    assert explorer.state.probability.argmax() != explorer.state.truth
    explorer.set(eps=0.0, target="4")
    assert explorer.state.target == 4 and "of 4" in explorer.sentence
