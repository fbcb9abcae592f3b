"""The models of the chapters, each readable on one screen."""

from .bert import BERT
from .charrnn import CharRNN
from .gpt import GPT
from .translator import Translator
from .vision import MLP, ConvNet

__all__ = ["BERT", "GPT", "MLP", "CharRNN", "ConvNet", "Translator"]
