"""nnlearn: neural networks in NumPy, small enough to read and fast enough to use.

    import nnlearn as nn

Functions work on plain arrays and, from chapter 07 on, on tensors that record what is done with them.
"""

# ruff: noqa: F403
import importlib
from typing import Any

from nnlearn import init, optim
from nnlearn.activations import *
from nnlearn.adversarial import *
from nnlearn.approximation import adapted_knots, fit_output, relu_network, step_network
from nnlearn.attention import *
from nnlearn.checks import gradcheck
from nnlearn.convolution import *
from nnlearn.feedforward import count_parameters, forward, linear_pieces, tent_network
from nnlearn.layers import (
    ELU,
    GELU,
    GRU,
    LSTM,
    RNN,
    Activation,
    AvgPool2d,
    BatchNorm,
    Conv2d,
    Dropout,
    Embedding,
    Flatten,
    LayerNorm,
    LeakyReLU,
    Linear,
    MaxPool2d,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from nnlearn.losses import *
from nnlearn.memory import keep_freed_memory
from nnlearn.module import Module, Sequential
from nnlearn.neuron import LIF, neuron, step
from nnlearn.normalization import *
from nnlearn.ops import *
from nnlearn.optim import SGD, Adagrad, Adam, AdamW, RMSProp, clip_grad_norm
from nnlearn.perceptron import margin, max_margin, perceptron_bound, perceptron_fit, perceptron_update
from nnlearn.random import generator, seed
from nnlearn.recurrent import *
from nnlearn.saving import load, save
from nnlearn.tensor import Parameter, Tensor, fused, grad, no_grad, primitive
from nnlearn.train import Trainer, accuracy
from nnlearn.transformer import MultiHeadAttention, TransformerBlock

__version__ = "0.1.0"

keep_freed_memory()

# Loaded when first used: they bring matplotlib, ipywidgets or scikit-learn with them.
_LAZY = frozenset(
    {"data", "drawings", "exercises", "manual_gpt", "models", "plot", "pretraining", "text", "widgets"}
)
_MODELS = frozenset({"BERT", "CharRNN", "ConvNet", "GPT", "MLP", "Translator"})


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return importlib.import_module(f"nnlearn.{name}")
    if name in _MODELS:
        return getattr(importlib.import_module("nnlearn.models"), name)
    raise AttributeError(f"module 'nnlearn' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(set(globals()) | _LAZY | _MODELS)
