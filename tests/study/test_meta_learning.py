"""Meta-gradients: against numeric ones, against PyTorch's, and against what can be worked out by hand."""

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.study import meta_learning as meta

rng = np.random.default_rng(0)
A, B = rng.normal(size=(2, 4, 3))
LOSS, OUTER = (lambda w, Z=Z: (nn.tanh(Z @ w[0]) ** 2).sum() + (w[0] ** 2).sum() * 0.1 for Z in (A, B))


def test_steps_are_gradient_descent_and_leave_the_weights_as_they_were():
    w = rng.normal(size=3)
    kept = w.copy()
    found = meta.sgd_steps(lambda v: (v[0] ** 2).sum() / 2, [w], lr=0.1, steps=3)[0]
    np.testing.assert_allclose(found.data, 0.9**3 * w)
    np.testing.assert_array_equal(w, kept)
    np.testing.assert_array_equal(meta.sgd_steps(LOSS, [w], 0.1, 0)[0].data, w)


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_maml_s_gradient_is_the_numeric_one(steps):
    w, eps, numeric = rng.normal(size=3), 1e-6, np.zeros(3)
    for i in range(3):
        up, down = (
            OUTER(meta.sgd_steps(LOSS, [w + s * eps * np.eye(3)[i]], 0.2, steps)).item() for s in (1, -1)
        )
        numeric[i] = (up - down) / (2 * eps)
    np.testing.assert_allclose(
        meta.maml_gradient(LOSS, OUTER, [w], 0.2, steps)[0], numeric, rtol=1e-5, atol=1e-7
    )


def test_maml_s_gradient_is_pytorchs():
    torch = pytest.importorskip("torch")
    w = rng.normal(size=3)
    v = torch.tensor(w, requires_grad=True)
    losses = [
        lambda z, Z=Z: (torch.tanh(torch.tensor(Z) @ z) ** 2).sum() + (z**2).sum() * 0.1 for Z in (A, B)
    ]
    z = v
    for _ in range(2):
        z = z - 0.2 * torch.autograd.grad(losses[0](z), z, create_graph=True)[0]
    losses[1](z).backward()
    np.testing.assert_allclose(meta.maml_gradient(LOSS, OUTER, [w], 0.2, 2)[0], v.grad.numpy(), rtol=1e-8)


def test_first_order_is_the_slope_at_the_end_and_reptile_the_way_there():
    w = rng.normal(size=3)
    end = meta.sgd_steps(LOSS, [w], 0.2, 2)
    slope = nn.grad(OUTER(end), end)[0]
    np.testing.assert_allclose(meta.maml_gradient(LOSS, OUTER, [w], 0.2, 2, second_order=False)[0], slope)
    np.testing.assert_allclose(meta.reptile_gradient(LOSS, [w], 0.2, 2)[0], (w - end[0].data) / 0.2)
    z = nn.Tensor(w, requires_grad=True)
    np.testing.assert_allclose(
        meta.reptile_gradient(LOSS, [w], 0.2, 1)[0], nn.grad(LOSS([z]), [z])[0], rtol=1e-6
    )


def test_tasks_do_not_meet():
    X = rng.random((9, 6, 1, 4, 4)).astype(np.float32)
    x, y, q, t = meta.draw_tasks(X, 3, 5, 1, 2, rng=0)
    assert x.shape == (3, 5, 16) and y.shape == (3, 5) and q.shape == (3, 10, 16) and t.shape == (3, 10)
    start = [np.repeat(w, 3, axis=0) for w in meta.first_weights(16, 5, 8, rng=0)]
    together = meta.sgd_steps(meta.summed(x, y), start, 0.3, 2)
    alone = meta.sgd_steps(meta.summed(x[1:2], y[1:2]), [w[1:2] for w in start], 0.3, 2)
    for w, v in zip(together, alone, strict=True):
        np.testing.assert_allclose(w.data[1:2], v.data, atol=1e-6)


@pytest.mark.parametrize("way", ["maml", "first-order", "reptile"])
def test_a_few_rounds_make_a_better_start(way):
    bumps = 2 * rng.normal(size=(30, 1, 1, 4, 4)) * (np.arange(16).reshape(4, 4) < 4)
    X = (bumps + rng.normal(size=(30, 10, 1, 4, 4))).astype(np.float32)
    random = meta.adapted_accuracy(meta.first_weights(16, 5, rng=0), X, 0.1, 5, tasks=100, rng=1)
    trained = meta.adapted_accuracy(meta.meta_train(X, way, 0, rounds=60), X, 0.1, 5, tasks=100, rng=1)
    assert trained > random + 0.03


def test_errors_name_argument_got_and_expected():
    with pytest.raises(ValueError, match="way is 'mmal', expected 'maml', 'first-order' or 'reptile'"):
        meta.meta_train(np.zeros((9, 6, 1, 4, 4)), "mmal", 0)
    with pytest.raises(ValueError, match="steps is -1, expected 0 or more"):
        meta.sgd_steps(LOSS, [np.ones(3)], 0.1, -1)
