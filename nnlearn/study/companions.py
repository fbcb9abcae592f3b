"""What chapters load: small trained networks, in half precision, and what studies have found."""

import json
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from nnlearn.layers.module import Module
from nnlearn.training.saving import load, save

_FOLDER = Path(__file__).with_name("weights")
Net = TypeVar("Net", bound=Module)


def restore(net: Net, name: str) -> Net:
    """Fill a network with the weights kept under a name; it is in `eval` mode then."""
    state = load(_FOLDER / f"{name}.safetensors")
    net.load_state_dict({key: array.astype(np.float32) for key, array in state.items()})
    net.eval()
    return net


def keep(net: Module, name: str) -> None:
    """Write a network's weights under a name."""
    half = {key: array.astype(np.float16) for key, array in net.state_dict().items()}
    save(half, _FOLDER / f"{name}.safetensors")


def keep_study(study: dict[str, Any], path: Path) -> None:
    """Write what a study found; where its seeds were moved by a `shift`, print it instead."""
    text = json.dumps(study, indent=1) + "\n"
    if study["shift"]:
        print(text)
    else:
        path.write_text(text, encoding="utf-8")
