"""Plain data as bytes: JSON for its tree, safetensors for its arrays. Reading it runs nothing.

Used on both sides of the sandbox's wall, so that each can read what the other wrote and nothing else.
"""

import json
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

DEEPEST = 50  # lists within lists
MOST = 16 * 2**20  # bytes of one message


def pack(value: Any) -> bytes:
    """Arrays, numbers, texts, None; tuples, lists, dictionaries of them.  Raises ValueError for all else."""
    arrays: dict[str, np.ndarray] = {}
    tree = json.dumps(_fold(value, arrays, 0)).encode()
    data = save(arrays) if arrays else b""
    if len(tree) + len(data) > MOST:
        raise ValueError(f"more than {MOST // 2**20} MiB of data")
    return len(tree).to_bytes(4, "big") + tree + data


def unpack(data: bytes) -> Any:
    """What was packed.  Raises ValueError for bytes that are no such thing."""
    length = int.from_bytes(data[:4], "big")
    try:
        tree = json.loads(data[4 : 4 + length])
        arrays = load(data[4 + length :]) if len(data) > 4 + length else {}
        return _unfold(tree, arrays, 0)
    except (SafetensorError, ValueError, KeyError, TypeError, RecursionError, MemoryError) as error:
        raise ValueError(f"not a message: {type(error).__name__}") from None


def _fold(value: Any, arrays: dict[str, np.ndarray], depth: int) -> Any:
    if depth > DEEPEST:
        raise ValueError(f"lists within lists, more than {DEEPEST} deep")
    if isinstance(value, np.ndarray | np.generic | complex):
        array = np.array(value, order="C")
        if array.dtype.kind not in "biufc":
            raise ValueError(f"an array of type {array.dtype}")
        kind = "complex" if array.dtype.kind == "c" else "array"
        if kind == "complex":
            array = np.stack([array.real, array.imag], axis=-1)
        if array.dtype.itemsize > 8:  # a long double
            array = array.astype(float)
        arrays[str(len(arrays))] = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("="))).reshape(
            array.shape
        )
        return {kind: str(len(arrays) - 1)}
    if value is None or type(value) in (str, bool, int, float):
        return value
    if isinstance(value, tuple | list):
        name = "tuple" if isinstance(value, tuple) else "list"
        return {name: [_fold(part, arrays, depth + 1) for part in value]}
    if isinstance(value, dict):
        return {"dict": [[_fold(v, arrays, depth + 1) for v in pair] for pair in value.items()]}
    raise ValueError(f"an object of type {type(value).__name__}")


def _unfold(tree: Any, arrays: dict[str, np.ndarray], depth: int) -> Any:
    if depth > 2 * DEEPEST:
        raise ValueError("too deep")
    if not isinstance(tree, dict):
        if isinstance(tree, list):
            raise ValueError("a bare list")
        return tree
    ((kind, parts),) = tree.items()
    if kind == "array":
        return arrays[parts]
    if kind == "complex":
        pair = arrays[parts]
        return pair[..., 0] + 1j * pair[..., 1]
    values = [_unfold(part, arrays, depth + 1) for part in parts] if kind in ("tuple", "list") else []
    if kind == "tuple":
        return tuple(values)
    if kind == "list":
        return values
    if kind == "dict":
        return {_unfold(k, arrays, depth + 1): _unfold(v, arrays, depth + 1) for k, v in parts}
    raise ValueError(f"an unknown kind {kind!r}")
