"""nnlearn: neural networks in NumPy, small enough to read and fast enough to use.

    import nnlearn as nn

Functions work on plain arrays and, from chapter 07 on, on tensors that record what is done with them.
"""

import importlib
from typing import Any

from nnlearn.activations import *  # noqa: F403
from nnlearn.losses import *  # noqa: F403
from nnlearn.ops import *  # noqa: F403
from nnlearn.random import generator, seed
from nnlearn.tensor import Parameter, Tensor, fused, grad, gradcheck, no_grad, primitive

from nnlearn.neuron import LIF, neuron, step

__version__ = "0.1.0"
__all__ = ["Parameter", "Tensor", "fused", "generator", "grad", "gradcheck", "no_grad", "primitive", "seed"]

# Loaded when first used: they bring matplotlib, ipywidgets or scikit-learn with them.
_LAZY = frozenset({"data", "drawings", "exercises", "plot", "widgets"})


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return importlib.import_module(f"nnlearn.{name}")
    raise AttributeError(f"module 'nnlearn' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(set(globals()) | _LAZY)
