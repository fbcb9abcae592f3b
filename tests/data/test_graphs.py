"""Communities hold together as tightly as asked."""

import pytest

from nnlearn import data


def test_communities():
    X, A, y = data.communities(400, classes=4, inside=0.2, between=0.01, rng=0)
    assert X.shape == (400, 16) and (A == A.T).all() and not A.diagonal().any()
    same = y[:, None] == y[None, :]
    assert A[same].mean() == pytest.approx(0.2, abs=0.02) and A[~same].mean() == pytest.approx(
        0.01, abs=0.002
    )
