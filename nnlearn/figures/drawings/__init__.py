"""Pictures that carry an idea: drawn once here, shown in the chapters with `nn.plot.show`."""

# ruff: noqa: F403
from nnlearn.figures.drawings.attention import *
from nnlearn.figures.drawings.convolution import *
from nnlearn.figures.drawings.graphs import *
from nnlearn.figures.drawings.maps import *
from nnlearn.figures.drawings.networks import *
from nnlearn.figures.drawings.neuron import *
from nnlearn.figures.drawings.recurrent import *
from nnlearn.figures.drawings.rewards import *
from nnlearn.figures.drawings.training import *
from nnlearn.figures.layout import *
from nnlearn.public import offer as _offer

__getattr__, __dir__, __all__ = _offer(__name__)
