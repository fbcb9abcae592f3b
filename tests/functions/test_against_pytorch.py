"""Every public function of the engine gives PyTorch's values, gradients and second derivatives.

One table, in `parity`: a public function without a line there fails the build.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import strategies as st

import nnlearn as nn
from tests.functions.parity import TABLE, WITHOUT_GRADIENT, Case, as_tuple, to_torch
from tests.support.corners import TAME, WILD, in_every_corner, with_one
from tests.support.reference import torch


def trials() -> Iterator:
    for name, cases in TABLE.items():
        for k, case in enumerate(cases):
            for shapes in case.shapes:
                for scale in case.scales:
                    label = f"{name}{k or ''}-{'·'.join(map(str, shapes))}-{scale:g}".replace(" ", "")
                    yield pytest.param(case, shapes, scale, id=label)


def close(ours, theirs, tolerance: float, what: str) -> None:
    """Equal up to tolerance, relative to the size of the whole array for entries near zero."""
    theirs = theirs.detach().numpy(force=True)
    assert ours.shape == theirs.shape, what
    largest = np.abs(theirs).max(initial=0)
    np.testing.assert_allclose(
        ours, theirs, rtol=tolerance, atol=tolerance * np.clip(largest, 1e-2, 1), err_msg=what
    )


@pytest.mark.parametrize(("case", "shapes", "scale"), list(trials()))
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_values_and_gradients_are_pytorchs(case: Case, shapes: tuple, scale: float, dtype: type) -> None:
    value_tolerance, gradient_tolerance = (1e-10, 1e-8) if dtype is np.float64 else (5e-5, 5e-4)
    rng = np.random.default_rng(0)
    arrays = [np.asarray(scale * case.draw(rng, s)).astype(dtype) for s in shapes]
    ours = [nn.Tensor(a, requires_grad=True) for a in arrays]
    theirs = [torch.tensor(a, dtype=torch.float64, requires_grad=True) for a in arrays]  # the truth for both
    y, expected, plain = as_tuple(case.f(*ours)), as_tuple(case.g(*theirs)), as_tuple(case.f(*arrays))
    upstream = [rng.standard_normal(e.shape).astype(dtype) for e in expected]
    for k, (a, p, e) in enumerate(zip(y, plain, expected, strict=True)):
        close(a.data, e, value_tolerance, f"value {k}")
        np.testing.assert_array_equal(p, a.data, err_msg="on plain arrays")
        assert not isinstance(p, nn.Tensor)
    sum(((a * u).sum() for a, u in zip(y, upstream, strict=True)), nn.Tensor(0.0)).backward()
    sum((e * to_torch(u)).sum() for e, u in zip(expected, upstream, strict=True)).backward()
    for k, (a, e) in enumerate(zip(ours, theirs, strict=True)):
        assert a.grad.dtype == dtype
        close(a.grad, e.grad, gradient_tolerance, f"gradient of input {k}")


AT_ONE = [trial for trial in trials() if trial.values[2] == 1]


@pytest.mark.parametrize(("case", "shapes", "_"), [trial for trial in AT_ONE if trial.values[0].once])
def test_fused_functions_refuse_a_second_derivative(case: Case, shapes: tuple, _: float) -> None:
    rng = np.random.default_rng(0)
    inputs = [nn.Tensor(case.draw(rng, shape), requires_grad=True) for shape in shapes]
    y = sum((a * rng.standard_normal(a.shape)).sum() for a in as_tuple(case.f(*inputs)))
    with pytest.raises(NotImplementedError, match="once only"):
        nn.grad(y, inputs, create_graph=True)


@pytest.mark.parametrize(("case", "shapes", "_"), [trial for trial in AT_ONE if not trial.values[0].once])
def test_second_derivatives_are_pytorchs(case: Case, shapes: tuple, _: float) -> None:
    rng = np.random.default_rng(0)
    arrays = [np.asarray(case.draw(rng, s)) for s in shapes]
    ours = [nn.Tensor(a, requires_grad=True) for a in arrays]
    theirs = [torch.tensor(a, requires_grad=True) for a in arrays]
    expected = as_tuple(case.g(*theirs))
    upstream = [rng.standard_normal(e.shape) for e in expected]
    y = sum((a * u).sum() for a, u in zip(as_tuple(case.f(*ours)), upstream, strict=True))
    first = nn.grad(y, ours, create_graph=True)
    z = sum((e * torch.from_numpy(u)).sum() for e, u in zip(expected, upstream, strict=True))
    first_expected = torch.autograd.grad(z, theirs, create_graph=True)
    weights = [rng.standard_normal(a.shape) for a in arrays]
    again = sum((g * g * w).sum() for g, w in zip(first, weights, strict=True))
    again_expected = sum(
        (g * g * torch.from_numpy(w)).sum() for g, w in zip(first_expected, weights, strict=True)
    )
    for t in ours:
        t.grad = None
    if isinstance(again, nn.Tensor) and again.requires_grad:
        again.backward()
    if again_expected.requires_grad:
        again_expected.backward()
    for k, (a, e) in enumerate(zip(ours, theirs, strict=True)):
        got = np.zeros(a.shape) if a.grad is None else a.grad
        close(got, torch.zeros(a.shape) if e.grad is None else e.grad, 1e-8, f"second derivative, input {k}")


# Where a function is right to differ from PyTorch, or overflows where PyTorch does not, NaN, infinity and
# huge values are not compared. Everywhere else they are, in values and gradients.
OURS = {
    "silu": "0 at −∞, its limit: PyTorch has −∞ · 0 = NaN",
    "max": "NaN takes the gradient, as in torch.max: torch.amax has 0/0 for all (test_corners)",
    "min": "as max",
    "var": "composed of two means: infinity spoils the gradient of all that it is the variance of",
    "std": "as var; and squares overflow, where PyTorch computes in float64",
    "binary_cross_entropy": "∞ − ∞ is NaN for +∞ here, for −∞ there",
    "l1_loss": "|e| has no slope at NaN, for either input: NaN here, 0 there",
    "layer_norm": "0 where the variance overflows, NaN there",
    "batch_norm": "∞ times an infinite gamma is ∞ here, NaN there",
    "group_norm": "as batch_norm",
    "conv2d": "infinite weights meet the padding's zeros here",
    "causal_convolution": "a Fourier transform spreads NaN and infinity over all steps",
    "lstm": "the gradient of an infinite state is NaN for earlier steps too",
    "scaled_dot_product_attention": "PyTorch's drops NaN for causal queries; ours overflows earlier",
    "multi_head_attention": "as scaled_dot_product_attention",
}


@pytest.mark.parametrize("name", TABLE)
@in_every_corner(examples=12)
def test_special_values_are_pytorchs(name: str, data) -> None:
    """One NaN, infinity, zero, denormal or huge number among the inputs. NaN itself has no slope."""
    case = data.draw(st.sampled_from(TABLE[name]))
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    rng, tolerance = np.random.default_rng(0), 5e-3 if dtype is np.float32 else 1e-6
    drawn = [np.asarray(case.draw(rng, s)).astype(dtype) for s in data.draw(st.sampled_from(case.shapes))]
    arrays = data.draw(with_one(TAME if name in OURS else TAME + WILD, drawn))
    ours = [nn.Tensor(a, requires_grad=True) for a in arrays]
    theirs = [torch.tensor(a, requires_grad=True) for a in arrays]
    with np.errstate(all="ignore"):
        y, expected = as_tuple(case.f(*ours)), as_tuple(case.g(*theirs))
        upstream = [np.asarray(rng.standard_normal(e.shape), dtype) for e in expected]
        for a, e, u in zip(y, expected, upstream, strict=True):
            same(a.data, e, tolerance)
            a.backward(u, retain_graph=True)
    slopes = torch.autograd.grad(expected, theirs, [torch.from_numpy(u) for u in upstream], allow_unused=True)
    for a, slope in zip(ours, slopes, strict=True):
        at_nan = np.isnan(a.data)
        same(np.where(at_nan, 0, a.grad), slope.masked_fill(torch.tensor(at_nan), 0), tolerance)


def same(ours, theirs, tolerance: float) -> None:
    """Equal, NaN and infinity included; entries near zero relative to the largest finite one."""
    theirs = theirs.detach().numpy()
    finite = np.abs(theirs[np.isfinite(theirs)]).max(initial=0)
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance * np.clip(finite, 1e-2, 1))


def test_every_public_function_has_a_line() -> None:
    homes = ("nnlearn.engine.arithmetic", "nnlearn.engine.shapes", "nnlearn.functions.")
    public = {name for name in dir(nn) if getattr(getattr(nn, name), "__module__", "").startswith(homes)}
    missing, gone = public - WITHOUT_GRADIENT - TABLE.keys(), (TABLE.keys() | OURS.keys()) - public
    assert not missing and not gone, f"add rows to TABLE for {missing}, remove those of {gone}"
