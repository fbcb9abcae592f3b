"""Published weights: files in Hugging Face's layout, from a folder or through the hub's own library."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from nnlearn.engine.primitive import Array, Result
from nnlearn.functions.activations import gelu, relu, sigmoid, silu, tanh
from nnlearn.layers.basic import LayerNorm
from nnlearn.layers.module import Module
from nnlearn.layers.transformer import TransformerBlock
from nnlearn.models.config import read_config, read_json
from nnlearn.training.saving import load

FILES = [  # all that is read of a model on the hub
    "config.json",
    "model.safetensors",
    "model.safetensors.index.json",
    "model-*.safetensors",
    "modules.json",
    "*_Pooling/config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "vocab.txt",
]
_tanh_gelu = partial(gelu, approximate="tanh")
ACTIVATIONS: dict[str, Callable[[Array], Result]] = {
    **dict.fromkeys(("gelu", "gelu_python"), gelu),
    **dict.fromkeys(
        ("gelu_new", "gelu_pytorch_tanh", "gelu_python_tanh", "gelu_fast", "gelu_accurate"), _tanh_gelu
    ),
    **dict.fromkeys(("silu", "swish"), silu),
    "relu": relu,
    "sigmoid": sigmoid,
    "tanh": tanh,
}
Names = Sequence[tuple[str, str]]  # (pattern, replacement) from our names to those in the files
# In a model's body but no parameters: masks and positions that the published library once stored.
_BUFFERS = re.compile(r"\.attn\.(masked_)?bias$|\.(position_ids|token_type_ids)$")


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


def read(
    source: str | Path, kind: str, defaults: Mapping[str, Any]
) -> tuple[Path, dict[str, Any], dict[str, np.ndarray]]:
    """The folder, the fields of config.json that `defaults` names, and the arrays of the model.

    Raises FileNotFoundError when a file is missing, ValueError for what is damaged or not supported.
    """
    place = folder(source)
    if not (place / "config.json").is_file():
        raise FileNotFoundError(f"from_pretrained: {place} has no config.json")
    return place, read_config(place / "config.json", kind, defaults), _arrays(place)


def _arrays(place: Path) -> dict[str, np.ndarray]:
    """Those of model.safetensors or, where there is none, of the shards that its index names."""
    if (place / "model.safetensors").is_file():
        return load(place / "model.safetensors")
    index = place / "model.safetensors.index.json"
    if not index.is_file():
        raise FileNotFoundError(
            f"from_pretrained: {place} has no model.safetensors, nor {index.name} with its shards; "
            "other formats are not read"
        )
    files = read_json(index).get("weight_map")
    if not isinstance(files, dict):
        raise ValueError(f"from_pretrained: {index} has no weight_map, which names the file of each array")
    shards = {file: load(place / file) for file in sorted(set(files.values()))}
    missing = [name for name, file in files.items() if name not in shards[file]]
    if missing:
        raise MissingWeights(
            f"from_pretrained: {missing[0]} is not in {files[missing[0]]}, where {index} has it"
        )
    return {name: shards[file][name] for name, file in files.items()}


def take(weights: dict[str, np.ndarray], name: str, names: Names, prefix: str) -> np.ndarray:
    """The array of our parameter `name` in float32, taken out of `weights`.

    All names in the files may begin with `prefix`. Raises MissingWeights if there is none, ValueError if it
    is of whole numbers: compressed weights are not read.
    """
    theirs = name
    for ours, replacement in names:
        theirs = re.sub(ours, replacement, theirs)
    old = theirs.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
    for candidate in (theirs, prefix + theirs, old, prefix + old):
        if candidate in weights:
            array = weights.pop(candidate)
            if array.dtype.kind != "f":
                raise ValueError(
                    f"from_pretrained: {candidate} is of type {array.dtype}, expected floating-point numbers"
                )
            return array.astype(np.float32, copy=False)
    raise MissingWeights(f"from_pretrained: the files hold no {theirs}, needed for {name}")


def require_taken(weights: Mapping[str, np.ndarray], body: str, tied: Mapping[str, np.ndarray]) -> None:
    """Raise ValueError for an array left over that changes what is computed.

    That is one whose name begins with the pattern `body`, or a `tied` one with values of its own.
    """
    for name, array in weights.items():
        if re.match(body, name) and not _BUFFERS.search(name):
            raise ValueError(f"from_pretrained: the files hold {name}, for which this model has no place")
        if name in tied and not np.array_equal(array, tied[name]):
            raise ValueError(
                f"from_pretrained: {name} has values of its own; supported is the same array at both ends "
                "(tie_word_embeddings)"
            )


def configure(
    model: Module, config: Mapping[str, Any], activation: str, eps: str
) -> Callable[[Array], Result]:
    """Set the activation of every block and the ε of every layer norm from those fields; the activation.

    Raises ValueError for an unknown activation.
    """
    function = ACTIVATIONS.get(config[activation])
    if function is None:
        raise ValueError(
            f"from_pretrained: config.json's {activation}: the activation is {config[activation]!r}, "
            f"known are {', '.join(ACTIVATIONS)}"
        )
    for _, module in model.named_modules():
        if isinstance(module, TransformerBlock):
            module.activation = function
        if isinstance(module, LayerNorm):
            module.eps = config[eps]
    return function


def read_pooling(place: Path) -> tuple[str, bool]:
    """How a sentence encoder makes one vector of a text: "mean" or "cls", and whether its length becomes 1.

    That is what modules.json says, the file of the sentence-transformers library; mean and 1 without it.
    Raises ValueError, by name, for what is not supported.
    """
    path = place / "modules.json"
    if not path.is_file():
        return "mean", True
    modules = {module["type"].rpartition(".")[2]: place / module["path"] for module in read_json(path, list)}
    unknown = modules.keys() - {"Transformer", "Pooling", "Normalize"}
    if unknown or "Pooling" not in modules:
        raise ValueError(
            f"from_pretrained: {path} lists {', '.join(modules)}; "
            "supported are Transformer, Pooling and Normalize"
        )
    config = read_json(modules["Pooling"] / "config.json")
    modes = [name for name, on in config.items() if name.startswith("pooling_mode_") and on]
    pooling = config.get("pooling_mode") or "+".join(modes).removeprefix("pooling_mode_")
    pooling = {"mean_tokens": "mean", "cls_token": "cls"}.get(pooling, pooling)
    if pooling not in ("mean", "cls"):
        raise ValueError(
            f"from_pretrained: {modules['Pooling'] / 'config.json'} says {pooling or 'no pooling_mode'}, "
            "supported are mean_tokens and cls_token"
        )
    return pooling, "Normalize" in modules
