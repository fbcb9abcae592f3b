"""Networks as ONNX: its own evaluator gives what they give."""

import sys

import numpy as np
import pytest

import nnlearn as nn
from tests.support.reference import library

NETWORKS = {
    "MNIST": (nn.ConvNet((1, 28, 28), 10, rng=0), (1, 28, 28)),
    "not square, in colour, one convolution": (nn.ConvNet((3, 6, 10), 4, (5,), rng=1), (3, 6, 10)),
    "MLP": (nn.MLP((7, 5, 6, 3), rng=2), (7,)),
    "one layer": (nn.MLP((4, 2), rng=3), (4,)),
}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("batch", [1, 3])
def test_the_reference_evaluator_agrees(name, batch):
    onnx, reference = library("onnx"), library("onnx.reference")
    net, shape = NETWORKS[name]
    model = nn.to_onnx(net, shape)
    onnx.checker.check_model(model, full_check=True)
    x = np.random.default_rng(0).normal(size=(batch, *shape)).astype(np.float32)
    (theirs,) = reference.ReferenceEvaluator(model).run(None, {"x": x})
    np.testing.assert_allclose(theirs, net(x).data, atol=1e-5)


def test_other_models_and_activations_are_refused():
    with pytest.raises(TypeError, match="model is a Linear, expected a ConvNet or an MLP"):
        nn.to_onnx(nn.Linear(2, 2), (2,))
    with pytest.raises(ValueError, match="the activation is tanh, expected relu"):
        nn.to_onnx(nn.MLP((2, 2, 2), "tanh"), (2,))


def test_without_the_package_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r"pip install \"nnlearn\[onnx\]\""):
        nn.to_onnx(*NETWORKS["one layer"])
