"""The libraries the engine is compared with. In CI they have to be there; elsewhere their absence is a
reported skip.
"""

import importlib
import os
from typing import Any

import pytest


def library(name: str) -> Any:
    """The module of that name, for use at the top of a test file."""
    if os.environ.get("CI"):
        return importlib.import_module(name)
    return pytest.importorskip(name, reason=f'{name} is not installed: pip install "nnlearn[reference]"')


torch = library("torch")
torch.set_num_threads(1)  # the tests' arrays are small: more threads would only wait for each other
