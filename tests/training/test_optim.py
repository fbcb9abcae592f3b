"""Optimisers, schedules and clipping follow PyTorch's, step by step."""

import numpy as np
import pytest

from nnlearn.engine.tensor import Parameter
from nnlearn.training import optim
from tests.support.reference import torch

SHAPES = [(3, 4), (4,), (), (300, 150)]  # the last is longer than one piece
CASES = [
    ("SGD", {"lr": 0.1}, "SGD", {}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}, "SGD", {}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}, "SGD", {}),
    ("Adagrad", {"lr": 0.1, "weight_decay": 0.01}, "Adagrad", {}),
    ("RMSProp", {"lr": 0.01, "alpha": 0.9, "weight_decay": 0.01}, "RMSprop", {}),
    ("Adam", {"lr": 0.01, "weight_decay": 0.01}, "Adam", {}),
    ("AdamW", {"lr": 0.01, "betas": (0.8, 0.95), "weight_decay": 0.1}, "AdamW", {}),
]
IDS = [f"{name}-{'-'.join(options)}" for name, options, *_ in CASES]


def start(rng, dtype=np.float64):
    values = [rng.standard_normal(shape).astype(dtype) for shape in SHAPES]
    return [Parameter(v.copy()) for v in values], [torch.nn.Parameter(torch.from_numpy(v)) for v in values]


@pytest.mark.parametrize("dtype, tolerance", [(np.float64, 1e-12), (np.float32, 2e-5)])
@pytest.mark.parametrize("name, options, reference, _", CASES, ids=IDS)
def test_follows_pytorch(name, options, reference, _, dtype, tolerance):
    """20 steps, a changed learning rate and parameters without gradients on the way."""
    rng = np.random.default_rng(0)
    ours, theirs = start(rng, dtype)
    a = getattr(optim, name)(ours, **options)
    b = getattr(torch.optim, reference)(theirs, **options)
    for t in range(20):
        a.zero_grad()
        b.zero_grad()
        if t == 10:
            a.lr /= 2
            b.param_groups[0]["lr"] /= 2
        for i, (p, q) in enumerate(zip(ours, theirs, strict=True)):
            if not (i == 1 and t in (0, 1, 7)):  # the bias misses three steps
                p.grad = rng.standard_normal(p.data.shape).astype(dtype)
                q.grad = torch.from_numpy(np.array(p.grad))
        a.step()
        b.step()
    for p, q in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(p.data, q.detach().numpy(), rtol=tolerance, atol=tolerance)
        assert p.data.dtype == dtype


@pytest.mark.parametrize("name, options, reference, _", CASES, ids=IDS)
def test_state_goes_on_as_if_uninterrupted(name, options, reference, _):
    def run(optimizer, params, rng, steps):
        for _ in range(steps):
            for p in params:
                p.grad = rng.standard_normal(p.data.shape)
            optimizer.step()

    make = getattr(optim, name)
    whole, _ = start(np.random.default_rng(1))
    run(make(whole, **options), whole, np.random.default_rng(2), 8)
    first, _ = start(np.random.default_rng(1))
    a, rng = make(first, **options), np.random.default_rng(2)
    run(a, first, rng, 3)
    second = [Parameter(p.data.copy()) for p in first]
    b = make(second, **options | {"lr": 99.0})
    b.load_state_dict(a.state_dict())
    run(b, second, rng, 5)
    for p, q in zip(whole, second, strict=True):
        np.testing.assert_array_equal(p.data, q.data)


def test_takes_over_an_array_that_was_put_in_place_of_its_own():
    p = Parameter(np.ones(3))
    sgd = optim.SGD([p], lr=1.0)
    p.data = np.full(3, 5.0)
    p.grad = np.ones(3)
    sgd.step()
    np.testing.assert_array_equal(p.data, np.full(3, 4.0))
    p.data = np.ones(3, np.float32)
    with pytest.raises(
        ValueError, match=r"\(3,\) float64 has become \(3,\) float32; make the optimiser after"
    ):
        sgd.step()


def test_a_learning_rate_may_be_a_numpy_number():
    p = Parameter(np.ones(3, np.float32))
    adam = optim.Adam([p], lr=np.float64(0.5))
    p.grad = np.ones(3, np.float32)
    adam.step()
    assert p.data.dtype == np.float32
    np.testing.assert_allclose(p.data, 0.5, rtol=1e-6)


@pytest.mark.filterwarnings("ignore:Using backward")  # PyTorch: the gradient refers to itself
@pytest.mark.parametrize("name, options, reference, _", CASES, ids=IDS)
def test_steps_after_backward_with_create_graph(name, options, reference, _):
    p, q = Parameter(np.ones(3)), torch.nn.Parameter(torch.ones(3, dtype=torch.float64))
    a, b = getattr(optim, name)([p], **options), getattr(torch.optim, reference)([q], **options)
    (p**3).sum().backward(create_graph=True)
    (q**3).sum().backward(create_graph=True)
    assert optim.clip_grad_norm([p], 1.0) == pytest.approx(27**0.5)
    torch.nn.utils.clip_grad_norm_([q], 1.0)
    a.step()
    b.step()
    np.testing.assert_allclose(p.data, q.detach(), rtol=1e-6)
    p.grad = np.ones(1)
    with pytest.raises(ValueError, match=rf"{name}: a gradient is \(1,\), its parameter \(3,\)"):
        a.step()


@pytest.mark.parametrize("max_norm", [0.5, 1e3])
def test_clip_grad_norm(max_norm):
    rng = np.random.default_rng(0)
    ours, theirs = start(rng)
    for p, q in zip(ours[:-1], theirs[:-1], strict=True):  # the last has no gradient
        p.grad = rng.standard_normal(p.data.shape)
        q.grad = torch.from_numpy(np.array(p.grad))
    norm = optim.clip_grad_norm(ours, max_norm)
    assert norm == pytest.approx(float(torch.nn.utils.clip_grad_norm_(theirs, max_norm)), rel=1e-12)
    for p, q in zip(ours[:-1], theirs[:-1], strict=True):
        np.testing.assert_allclose(p.grad, q.grad.numpy(), rtol=1e-5)  # PyTorch adds 1e-6 to the norm


def test_schedules():
    torch_lr = torch.optim.lr_scheduler
    scheduler = {
        "step": (
            optim.step_decay(0.4, every=3, factor=0.5),
            lambda o: torch_lr.StepLR(o, step_size=3, gamma=0.5),
        ),
        "cosine": (
            optim.cosine(0.4, steps=10, end=0.1),
            lambda o: torch_lr.CosineAnnealingLR(o, T_max=10, eta_min=0.1),
        ),
    }
    for ours, make in scheduler.values():
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.4)
        theirs = make(optimizer)
        for step in range(11):
            assert ours(step) == pytest.approx(theirs.get_last_lr()[0], rel=1e-9)
            optimizer.step()
            theirs.step()
    warm = optim.warm_up(4, optim.cosine(0.4, steps=10))
    assert [warm(s) for s in range(5)] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.4])
    assert warm(14) == pytest.approx(0) and warm(100) == pytest.approx(0)


P = Parameter(np.ones(2, np.float32))
BAD = [
    (lambda: optim.SGD([], lr=0.1), TypeError, "params must be parameters"),
    (lambda: optim.SGD([np.ones(2)], lr=0.1), TypeError, "params must be parameters"),
    (lambda: optim.SGD([P, P], lr=0.1), ValueError, "the same parameter twice"),
    (lambda: optim.SGD([P, Parameter(np.ones(2))], lr=0.1), TypeError, "float32 and float64"),
    (lambda: optim.SGD([P], lr=-1), ValueError, "lr is -1"),
    (lambda: optim.SGD([P], lr=float("nan")), ValueError, "lr is nan"),
    (lambda: optim.SGD([P], lr=1, nesterov=True), ValueError, "needs a momentum"),
    (lambda: optim.SGD([P], lr=1, momentum=1.5), ValueError, "momentum is 1.5"),
    (lambda: optim.AdamW([P], betas=(0.9, 1.0)), ValueError, r"betas\[1\] is 1.0"),
    (lambda: optim.RMSProp([P], alpha=-0.1), ValueError, "alpha is -0.1"),
    (lambda: optim.Adam([P]).load_state_dict({"mean": np.ones(2)}), ValueError, "expected mean, square"),
    (
        lambda: optim.Adam([P]).load_state_dict(optim.Adam([Parameter(np.ones(3, "f"))]).state_dict()),
        ValueError,
        r"shape \(3,\), expected \(2,\)",
    ),
]


@pytest.mark.parametrize("call, error, message", BAD, ids=[case[2] for case in BAD])
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()
