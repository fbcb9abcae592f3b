"""Quantisation, pruning and distillation: by hand, against PyTorch, and with inputs that are refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nnlearn as nn
from nnlearn.engine.primitive import plain


def test_the_chapter_s_four_weights():
    q, s = nn.quantize([0.9, -0.5, 0.1, 0.3], 3)
    assert q.tolist() == [3, -2, 0, 1] and q.dtype == np.int8
    np.testing.assert_allclose(nn.dequantize(q, s), [0.9, -0.6, 0, 0.3], rtol=1e-6)


@given(st.integers(2, 8), st.sampled_from([None, 0, 1, (0, 1)]), st.integers(0, 100))
@settings(max_examples=40, deadline=None)
def test_no_error_is_above_half_a_step(bits, axis, seed):
    w = np.random.default_rng(seed).normal(size=(5, 3)).astype(np.float32)
    q, s = nn.quantize(w, bits, axis)
    assert abs(q).max() <= 2 ** (bits - 1) - 1
    assert (abs(nn.dequantize(q, s) - w) <= s * 0.5001).all()


@pytest.mark.parametrize(
    ("axis", "shape"), [(None, (1, 1)), (0, (1, 3)), (1, (5, 1))], ids=["all", "columns", "rows"]
)
def test_scales_keep_their_axes(axis, shape):
    assert nn.quantize(np.ones((5, 3)), 8, axis)[1].shape == shape


def test_zeros_stay_zeros_and_an_empty_array_stays_empty():
    q, s = nn.quantize(np.zeros((2, 3)), 4, 0)
    assert not q.any() and (s == 1).all()
    assert nn.quantize(np.zeros((0, 3)), 4)[0].shape == (0, 3)


def test_what_is_clipped_lands_on_the_end_of_the_grid():
    q, s = nn.quantize([4.0, 1.0, -4.0], 3, clip=0.5)
    assert q.tolist() == [3, 2, -3] and s.item() == pytest.approx(2 / 3)


def test_the_best_clip_is_the_best_of_those_tried():
    w = np.append(np.random.default_rng(0).normal(size=500), 12.0)
    errors = {
        c: ((nn.dequantize(*nn.quantize(w, 4, None, c)) - w) ** 2).sum() for c in np.linspace(0.2, 1, 9)
    }
    best = nn.best_clip(w, 4)
    assert best.item() == min(errors, key=errors.get) < 1
    columns = np.random.default_rng(1).normal(size=(50, 3))
    found = nn.best_clip(columns, 4, 0)
    assert found.shape == (1, 3) and found[0, 1] == nn.best_clip(columns[:, 1], 4).item()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bits": 1}, "bits is 1, expected a whole number from 2 to 8"),
        ({"bits": 4.5}, "bits is 4.5"),
        ({"clip": 0}, "clip is 0, expected more than 0"),
    ],
)
def test_quantize_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        nn.quantize([1.0], **options)


def test_quantize_refuses_what_is_not_finite():
    with pytest.raises(ValueError, match="not finite"):
        nn.quantize([1.0, np.nan])


@pytest.mark.parametrize("shape", [(0,), (1,), (3, 5), (2, 4)])
def test_four_bits_come_back_as_they_were(shape):
    q = np.random.default_rng(0).integers(-8, 8, shape).astype(np.int8)
    packed = nn.pack_int4(q)
    assert packed.nbytes == (q.size + 1) // 2
    np.testing.assert_array_equal(nn.unpack_int4(packed, shape), q)


def test_packing_refuses():
    with pytest.raises(ValueError, match="reaches from -9 to 1, expected -8 to 7"):
        nn.pack_int4(np.array([-9, 1]))
    with pytest.raises(ValueError, match="expected \\(2,\\)"):
        nn.unpack_int4(np.zeros(3, np.uint8), (4,))


@pytest.mark.parametrize("sparsity", [0, 0.3, 0.5, 1])
def test_a_mask_cuts_as_many_as_it_says_and_the_smallest(sparsity):
    w = np.random.default_rng(0).normal(size=(4, 5))
    mask = nn.magnitude_mask(w, sparsity)
    assert (~mask).sum() == round(sparsity * 20)
    assert abs(w[~mask]).max(initial=0) < abs(w[mask]).min(initial=9)


def test_of_equal_weights_the_first_go_and_other_sparsities_are_refused():
    assert nn.magnitude_mask([1.0, -1.0, 1.0, 1.0], 0.5).tolist() == [False, False, True, True]
    with pytest.raises(ValueError, match=r"sparsity is 1\.5, expected 0 to 1"):
        nn.magnitude_mask([1.0], 1.5)


def test_output_axes():
    assert nn.output_axes("convolutions.0.W", np.ones((2, 3, 3, 3))) == (1, 2, 3)
    assert nn.output_axes("tokens.W", np.ones((2, 3))) == nn.output_axes("positions.W", np.ones((2, 3))) == 1
    assert nn.output_axes("classify.W", np.ones((2, 3))) == 0


def test_distillation_at_one_from_a_sure_teacher_is_cross_entropy():
    z, y = np.random.default_rng(0).normal(size=(6, 4)), np.array([0, 1, 2, 3, 0, 1])
    assert nn.distillation_loss(z, 1e3 * np.eye(4)[y]) == pytest.approx(nn.cross_entropy(z, y))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 20.0])
def test_the_gradient_of_distillation(temperature):
    z, v = np.random.default_rng(1).normal(size=(2, 3, 4))
    assert nn.gradcheck(lambda z: nn.distillation_loss(z, v, temperature), z) < 1e-6
    student = nn.Tensor(z, requires_grad=True)
    (slope,) = nn.grad(nn.distillation_loss(student, v, temperature), [student])
    p, q = (nn.softmax(a / temperature) for a in (z, v))
    np.testing.assert_allclose(plain(slope), temperature * (p - q) / 3, atol=1e-12)


def test_distillation_refuses():
    with pytest.raises(ValueError, match="one shape"):
        nn.distillation_loss(np.ones((2, 3)), np.ones((3, 2)))
    with pytest.raises(ValueError, match="temperature is 0, expected more than 0"):
        nn.distillation_loss(np.ones((2, 3)), np.ones((2, 3)), 0)
