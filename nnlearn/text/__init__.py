"""Text for language models: tokenizers, how the next token is chosen, and how well it was expected."""

# ruff: noqa: F403
from nnlearn.public import offer as _offer
from nnlearn.text.counting import *
from nnlearn.text.sampling import *
from nnlearn.text.tokenizers import *
from nnlearn.text.tokenizers import END_OF_TEXT as END_OF_TEXT
from nnlearn.text.wordpiece import *

__getattr__, __dir__, __all__ = _offer(__name__)
