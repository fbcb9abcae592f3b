"""Data that needs no network: bundled sets, and generators of our own. `download` has three well-known ones.

Sets come as `X, y`: X float32 with one example a row, y the labels (integers) or targets (float32).
Generators take `rng=`, a seed or a NumPy Generator. scikit-learn and pooch load when first needed.
"""

# ruff: noqa: F403
from nnlearn.data.bundled import *
from nnlearn.data.download import *
from nnlearn.data.emotive_words import *
from nnlearn.data.graphs import *
from nnlearn.data.languages import *
from nnlearn.data.mnist_subset import *
from nnlearn.data.old_tunes import *
from nnlearn.data.planes import *
from nnlearn.data.python_manual import *
from nnlearn.data.scripts import *
from nnlearn.data.sequences import *
from nnlearn.data.series import *
from nnlearn.data.splits import *
from nnlearn.public import offer as _offer

__getattr__, __dir__, __all__ = _offer(__name__)
