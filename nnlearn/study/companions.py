"""Small trained networks that chapters load: kept in half precision, computed with in float32."""

from pathlib import Path
from typing import TypeVar

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
