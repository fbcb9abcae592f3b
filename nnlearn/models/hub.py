"""Published weights: files in Hugging Face's layout, from a folder or through the hub's own library."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from nnlearn.engine.primitive import Array, Result
from nnlearn.functions.activations import gelu, relu
from nnlearn.layers.basic import LayerNorm
from nnlearn.layers.module import Module
from nnlearn.layers.transformer import TransformerBlock
from nnlearn.training.saving import load

FILES = ["config.json", "*.safetensors", "*.safetensors.index.json", "vocab.json", "merges.txt", "vocab.txt"]
ACTIVATIONS: dict[str, Callable[[Array], Result]] = {
    "gelu": gelu,
    "relu": relu,
    "gelu_new": partial(gelu, approximate="tanh"),
}
ACTIVATIONS["gelu_pytorch_tanh"] = ACTIVATIONS["gelu_new"]


class MissingWeights(ValueError):
    """The files have no array for a parameter of the model."""


def folder(source: str | Path) -> Path:
    """The folder itself, or the one into which the hub's library downloads the model of that name.

    Raises ImportError without that library, OSError when it does not get the files.
    """
    if Path(source).is_dir():
        return Path(source)
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise ImportError(
            f"from_pretrained: there is no folder {source}. If that is a model's name on the hub, "
            'install what downloads it: pip install "nnlearn[pretrained]"'
        ) from None
    try:
        return Path(snapshot_download(str(source), allow_patterns=FILES))
    except Exception as error:  # the hub's library raises a dozen kinds, of several packages
        raise OSError(
            f"from_pretrained: there is no folder {source}, and downloading it from the hub failed "
            f"({type(error).__name__}). Is there a network? Is the name right, like 'openai-community/gpt2'?"
        ) from error


def read(source: str | Path, kind: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """config.json, and all arrays of the model's safetensors files, in float32.

    Raises FileNotFoundError when one of them is missing, ValueError for a model of another kind.
    """
    place = folder(source)
    if not (place / "config.json").is_file():
        raise FileNotFoundError(f"from_pretrained: {place} has no config.json")
    config = json.loads((place / "config.json").read_text("utf-8"))
    if config.get("model_type") != kind:
        raise ValueError(
            f"from_pretrained: {place} holds a model of type {config.get('model_type')}, not {kind}"
        )
    files = sorted(place.glob("*.safetensors"))
    if not files:
        raise FileNotFoundError(f"from_pretrained: {place} has no *.safetensors; other formats are not read")
    arrays = {name: array for file in files for name, array in load(file).items()}
    return config, {name: array.astype(np.float32, copy=False) for name, array in arrays.items()}


def find(
    weights: Mapping[str, np.ndarray], name: str, names: Sequence[tuple[str, str]], prefix: str
) -> np.ndarray:
    """The array of our parameter `name`, where all names in the files may begin with `prefix`.

    `names` are (pattern, replacement) from our names to theirs. Raises MissingWeights if there is none.
    """
    theirs = name
    for ours, replacement in names:
        theirs = re.sub(ours, replacement, theirs)
    old = theirs.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
    for candidate in (theirs, prefix + theirs, old, prefix + old):
        if candidate in weights:
            return weights[candidate]
    raise MissingWeights(f"from_pretrained: the files hold no {theirs}, needed for {name}")


def configure(model: Module, activation: str, eps: float) -> None:
    """Set the activation of every block and the ε of every layer norm.

    Raises ValueError for an unknown activation.
    """
    if activation not in ACTIVATIONS:
        raise ValueError(
            f"from_pretrained: the activation is {activation!r}, known are {', '.join(ACTIVATIONS)}"
        )
    for _, module in model.named_modules():
        if isinstance(module, TransformerBlock):
            module.activation = ACTIVATIONS[activation]
        if isinstance(module, LayerNorm):
            module.eps = eps
