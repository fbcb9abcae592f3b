"""nnlearn: neural networks in NumPy, small enough to read and fast enough to use.

    import nnlearn as nn

Functions work on plain arrays and, from chapter 08 on, on tensors that record what is done with them.
"""

# ruff: noqa: F403, I001
from typing import TYPE_CHECKING

from nnlearn.public import offer as _offer

from nnlearn.engine.primitive import Fused, no_grad, primitive
from nnlearn.engine.tape import grad
from nnlearn.engine.tensor import Parameter, Tensor
from nnlearn.engine.arithmetic import *
from nnlearn.engine.shapes import *
from nnlearn.engine.gradcheck import gradcheck
from nnlearn.engine.malloc import keep_freed_memory
from nnlearn.engine.random import generator, seed
from nnlearn.engine.shards import data_parallel, needs_whole_batch
from nnlearn.functions.activations import *
from nnlearn.functions.attention import *
from nnlearn.functions.convolution import *
from nnlearn.functions.dropout import *
from nnlearn.functions.graph import *
from nnlearn.functions.linear import *
from nnlearn.functions.losses import *
from nnlearn.functions.normalization import *
from nnlearn.functions.recurrent import *
from nnlearn.functions.scan import *
from nnlearn.layers import init
from nnlearn.layers.basic import *
from nnlearn.layers.experts import MixtureOfExperts, load_balancing_loss
from nnlearn.layers.graph import *
from nnlearn.layers.lora import LoRALinear, add_lora, merge_lora
from nnlearn.layers.module import Module, Sequential
from nnlearn.layers.state_space import StateSpace
from nnlearn.layers.transformer import MultiHeadAttention, SwiGLU, TransformerBlock
from nnlearn.training import optim
from nnlearn.training.optim import SGD, Adagrad, Adam, AdamW, RMSProp, clip_grad_norm
from nnlearn.training.saving import load, save
from nnlearn.training.trainer import Trainer, accuracy, batches
from nnlearn.models.bert import BERT
from nnlearn.models.convnet import ConvNet
from nnlearn.models.exchange import to_onnx
from nnlearn.models.gcn import GCN
from nnlearn.models.gpt import GPT
from nnlearn.models.language_rnn import CharRNN
from nnlearn.models.mlp import MLP
from nnlearn.models.translator import Transformer, Translator
from nnlearn.models.vit import ViT
from nnlearn.study.approximation import *
from nnlearn.study.attribution import *
from nnlearn.study.averaging import *
from nnlearn.study.compression import *
from nnlearn.study.counterexample import Counterexample, counterexample
from nnlearn.study.feedforward import *
from nnlearn.study.gan import *
from nnlearn.study.neuron import *
from nnlearn.study.perceptron import *
from nnlearn.study.slopes import *

__version__ = "0.1.0"

keep_freed_memory()

# Loaded when first used: they bring matplotlib, ipywidgets or scikit-learn with them.
if TYPE_CHECKING:
    from nnlearn import data, exercises, text, widgets
    from nnlearn.figures import drawings, plot
    from nnlearn.study import (
        adversarial,
        alignment,
        architectures,
        assistants,
        austen,
        bert_study,
        capsules,
        circuits,
        continual,
        contrastive,
        detection,
        diffusion,
        digits_gan,
        exhibits,
        faces,
        federated,
        feedback,
        few_shot,
        gallery,
        games,
        gpt_study,
        graph_study,
        little_data,
        manual_gpt,
        memory,
        meta_learning,
        mnist_study,
        pretraining,
        regularisers,
        reinforcement,
        requests,
        roofline,
        shapes_study,
        simulation,
        sound,
        speech,
        stories,
        sweep,
        tomography,
        tours,
        translation,
    )

__getattr__, __dir__, __all__ = _offer(__name__)
