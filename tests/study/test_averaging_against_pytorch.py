"""Per-example clipping held to PyTorch's, and a federated step to PyTorch's gradient of everything."""

import numpy as np

import nnlearn as nn
from tests.support.reference import torch


def test_each_gradient_is_clipped_as_pytorch_clips_it():
    g = np.random.default_rng(0).normal(size=(4, 7))
    total = 0
    for row in g:
        p = torch.zeros(7, dtype=torch.float64, requires_grad=True)
        p.grad = torch.tensor(row)
        torch.nn.utils.clip_grad_norm_([p], 1.5)
        total = total + p.grad.numpy()
    np.testing.assert_allclose(nn.private_mean(g, 1.5, 0), total / 4, rtol=1e-5)


def test_one_local_step_each_is_one_step_on_everything():
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(12, 5)), rng.integers(0, 3, 12)
    W = torch.zeros(5, 3, dtype=torch.float64, requires_grad=True)

    def step(rows):
        W.grad = None
        torch.nn.functional.cross_entropy(torch.tensor(X[rows]) @ W, torch.tensor(y[rows])).backward()
        return (W - 0.3 * W.grad).detach().numpy()

    parts = {"Ann": np.arange(7), "Ben": np.arange(7, 12)}
    clients = {name: {"W": step(rows)} for name, rows in parts.items()}
    found = nn.federated_average(clients, {name: len(rows) for name, rows in parts.items()})
    np.testing.assert_allclose(found["W"], step(np.arange(12)), atol=1e-12)
