"""The playground: choose data, a network and an optimiser, watch it learn, and take the code with you."""

from nnlearn.widgets.playground.code import code_of
from nnlearn.widgets.playground.playground import Playground
from nnlearn.widgets.playground.run import Config, Run

__all__ = ["Config", "Playground", "Run", "code_of"]
