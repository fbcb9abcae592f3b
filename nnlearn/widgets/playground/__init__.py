"""The playground: choose data, a network and an optimiser, watch it learn, and take the code with you."""

from .code import code_of
from .playground import Playground
from .run import Config, Run

__all__ = ["Config", "Playground", "Run", "code_of"]
