"""The roofline: what is counted holds on any machine; times are only known to be above nothing."""

import numpy as np
import pytest

from nnlearn.study import roofline


def test_the_cost_of_a_product():
    operations, fetched = roofline.product_cost(3, 10, 20)
    assert operations == 2 * 3 * 10 * 20 and fetched == 4 * (200 + 30 + 60)
    assert roofline.product_cost(1, 10, 20, weight_bytes=0.5)[1] == 100 + 4 * 30


def test_the_roof_rises_and_then_is_flat():
    np.testing.assert_allclose(roofline.attainable(np.array([0.5, 2.0, 10.0]), 12.0, 4.0), [2, 8, 12])


def test_measured_is_something():
    assert min(roofline.measure(size=8, megabytes=1)) > 0
    assert roofline.seconds(lambda: None, 1) > 0


def test_it_runs_as_often_as_asked():
    ran = []
    roofline.seconds(lambda: ran.append(1), 3)
    assert len(ran) == 3


def test_refuses():
    with pytest.raises(ValueError, match="repeats is 0, expected at least 1"):
        roofline.seconds(lambda: None, 0)
    with pytest.raises(ValueError, match="sizes are 0, 1, 1"):
        roofline.product_cost(0, 1, 1)
    with pytest.raises(ValueError, match="bandwidth 0"):
        roofline.attainable(1.0, 1.0, 0)
