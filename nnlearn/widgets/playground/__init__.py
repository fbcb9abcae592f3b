"""The playground: choose data, a network and an optimiser, watch it learn, and take the code with you."""

from .code import code_of
from .run import Config, Run

__all__ = ["Config", "Run", "code_of"]
