"""Initial weights have the spread their rule promises."""

import numpy as np
import pytest

from nnlearn.layers import init


@pytest.mark.parametrize("shape, fan_in, fan_out", [((300, 500), 300, 500), ((64, 32, 3, 5), 480, 960)])
def test_spread_of_initial_weights(shape, fan_in, fan_out):
    expected = {
        "xavier": 2 / (fan_in + fan_out),
        "he": 2 / fan_in,
        "lecun": 1 / fan_in,
    }
    for name, variance in expected.items():
        normal, uniform = (getattr(init, f"{name}_{kind}")(shape, rng=0) for kind in ("normal", "uniform"))
        assert normal.var() == pytest.approx(variance, rel=0.03) == uniform.var()
        assert abs(uniform).max() <= np.sqrt(3 * variance) * 1.0001
        assert normal.dtype == uniform.dtype == np.float32
        np.testing.assert_array_equal(normal, getattr(init, f"{name}_normal")(shape, rng=0))


@pytest.mark.parametrize("shape", [(20, 20), (30, 12), (12, 30)])
def test_orthogonal(shape):
    Q = init.orthogonal(shape, rng=0).astype(float)
    eye = Q.T @ Q if shape[0] >= shape[1] else Q @ Q.T
    np.testing.assert_allclose(eye, np.eye(min(shape)), atol=1e-6)
    assert Q.shape == shape


BAD = [
    (lambda: init.fans((3,)), r"shape is \(3,\)"),
    (lambda: init.orthogonal((3, 3, 3, 3)), "expected a matrix's"),
]


@pytest.mark.parametrize("call, message", BAD, ids=[message for _, message in BAD])
def test_bad_input(call, message):
    with pytest.raises((ValueError, TypeError, NotImplementedError), match=message):
        call()
