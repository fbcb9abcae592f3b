"""The course's widgets, one module each: `nn.widgets.NeuronExplorer()` in a cell shows one."""

from nnlearn.widgets.activation import ActivationExplorer
from nnlearn.widgets.approximation import ApproximationExplorer
from nnlearn.widgets.backprop import BackpropStepper
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.gan import GANExplorer
from nnlearn.widgets.graph import GraphExplorer
from nnlearn.widgets.loss import LossExplorer
from nnlearn.widgets.neuron import NeuronExplorer
from nnlearn.widgets.optimisers import OptimiserRace
from nnlearn.widgets.perceptron import PerceptronPlayground
from nnlearn.widgets.playground import Playground

__all__ = [
    "ActivationExplorer",
    "ApproximationExplorer",
    "BackpropStepper",
    "Explorer",
    "GANExplorer",
    "GraphExplorer",
    "LossExplorer",
    "NeuronExplorer",
    "OptimiserRace",
    "PerceptronPlayground",
    "Playground",
]
