"""The numbers, pictures and alt texts of `nn.plot`."""

import numpy as np
import pytest

from nnlearn.figures import plot


@pytest.mark.parametrize(
    ("value", "spec", "text"),
    [
        (3, "g", "3"),
        (-0.5, "g", "−0.5"),
        (np.float32(-2.25), ".1f", "−2.2"),
        (np.int64(-7), "g", "−7"),
        (-0.0, "g", "0"),
        (-0.001, ".2f", "0.00"),
        (1234.5, ".3g", "1.23e3"),
        (-1e-7, "g", "−1e−7"),
        (1e10, ".0e", "1e10"),
        (100, "g", "100"),
    ],
)
def test_number_has_a_true_minus_and_no_sign_at_zero(value, spec, text):
    assert plot.number(value, spec) == text
