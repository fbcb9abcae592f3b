"""A fused function beside the same function composed of smaller ones: equal values, equal gradients."""

from collections.abc import Callable
from typing import Any

import numpy as np

from nnlearn import Tensor


def assert_fused_equals_composed(
    fused: Callable, composed: Callable, arrays: list[np.ndarray], options: dict[str, Any]
) -> None:
    """The same outputs, and for a random upstream gradient the same gradient of every array."""
    results = []
    for f in (fused, composed):
        leaves = [Tensor(a, requires_grad=True) for a in arrays]
        y = f(*leaves, **options)
        outputs = y if isinstance(y, tuple) else (y,)
        rng = np.random.default_rng(1)
        sum(((o * rng.standard_normal(o.shape)).sum() for o in outputs), Tensor(0.0)).backward()
        results.append([o.data for o in outputs] + [t.grad for t in leaves])
    for got, expected in zip(*results, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-11)
