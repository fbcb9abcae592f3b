"""Rounding to whole numbers and distillation give what PyTorch's functions give."""

import numpy as np

import nnlearn as nn
from tests.support.reference import library, torch

prune = library("torch.nn.utils.prune")


def test_quantize_is_pytorch_s():
    w = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
    for axis in (None, 0):
        q, s = nn.quantize(w, 8, axis)
        scale = torch.from_numpy(np.broadcast_to(s.ravel(), 4).astype(np.float64).copy())
        theirs = torch.fake_quantize_per_channel_affine(
            torch.from_numpy(w), scale.float(), torch.zeros(4, dtype=torch.int32), 1, -127, 127
        )
        np.testing.assert_allclose(nn.dequantize(q, s), theirs.numpy(), rtol=1e-6)


def test_distillation_loss_is_pytorch_s():
    z, v = np.random.default_rng(0).normal(size=(2, 5, 3))
    theirs = torch.nn.functional.cross_entropy(
        torch.from_numpy(z) / 4, torch.softmax(torch.from_numpy(v) / 4, dim=1)
    )
    np.testing.assert_allclose(nn.distillation_loss(z, v, 4.0), 16 * theirs.item(), rtol=1e-12)


def test_magnitude_mask_is_pytorch_s():
    layer = torch.nn.Linear(7, 5)
    w = layer.weight.detach().numpy().copy()
    prune.l1_unstructured(layer, "weight", amount=0.4)
    np.testing.assert_array_equal(nn.magnitude_mask(w, 0.4), layer.weight_mask.numpy().astype(bool))
