"""nnlearn: neural networks in NumPy, small enough to read and fast enough to use.

    import nnlearn as nn

Functions work on plain arrays and, from chapter 07 on, on tensors that record what is done with them.
"""

import importlib

from nnlearn.neuron import LIF, neuron, step
from nnlearn.perceptron import (
    margin,
    max_margin,
    perceptron_bound,
    perceptron_fit,
    perceptron_update,
)

__version__ = "0.1.0"

# Loaded when first used: they bring matplotlib, ipywidgets or scikit-learn with them.
_LAZY = frozenset({"data", "drawings", "exercises", "plot", "widgets"})


def __getattr__(name: str):
    if name in _LAZY:
        return importlib.import_module(f"nnlearn.{name}")
    raise AttributeError(f"module 'nnlearn' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(set(globals()) | _LAZY)
