"""The course's widgets, one module each: `nn.widgets.NeuronExplorer()` in a cell shows one."""

from nnlearn.widgets.activation import ActivationExplorer
from nnlearn.widgets.approximation import ApproximationExplorer
from nnlearn.widgets.attention import AttentionExplorer
from nnlearn.widgets.backprop import BackpropStepper
from nnlearn.widgets.convolution import ConvolutionExplorer
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.gan import GANExplorer
from nnlearn.widgets.gates import GateExplorer
from nnlearn.widgets.graph import GraphExplorer
from nnlearn.widgets.loss import LossExplorer
from nnlearn.widgets.memory import MemoryExplorer
from nnlearn.widgets.neuron import NeuronExplorer
from nnlearn.widgets.next_token import NextTokenExplorer
from nnlearn.widgets.optimisers import OptimiserRace
from nnlearn.widgets.perceptron import PerceptronPlayground
from nnlearn.widgets.playground import Playground
from nnlearn.widgets.regularisation import RegularisationExplorer
from nnlearn.widgets.transfer import TransferExplorer

__all__ = [
    "ActivationExplorer",
    "ApproximationExplorer",
    "AttentionExplorer",
    "BackpropStepper",
    "ConvolutionExplorer",
    "Explorer",
    "GANExplorer",
    "GateExplorer",
    "GraphExplorer",
    "LossExplorer",
    "MemoryExplorer",
    "NeuronExplorer",
    "NextTokenExplorer",
    "OptimiserRace",
    "PerceptronPlayground",
    "Playground",
    "RegularisationExplorer",
    "TransferExplorer",
]
