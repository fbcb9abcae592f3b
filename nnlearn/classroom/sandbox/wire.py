"""Plain data as bytes: JSON for its tree, safetensors for its arrays. Reading it runs nothing.

Used on both sides of the sandbox's wall, so that each can read what the other wrote and nothing else.
"""

import json
from typing import Any

import numpy as np
from safetensors.numpy import load, save

DEEPEST = 50  # lists within lists
MOST = 32 * 2**20  # bytes of one message
MOST_ARRAYS = 10_000  # in one message


def pack(value: Any) -> bytes:
    """Arrays, numbers, texts, None; tuples, lists, dictionaries of them.  Raises ValueError for all else."""
    arrays: dict[str, np.ndarray] = {}
    tree = json.dumps(_fold(value, arrays, 0)).encode()
    data = save(arrays) if arrays else b""
    if len(arrays) > MOST_ARRAYS:
        raise ValueError(f"more than {MOST_ARRAYS} arrays")
    if len(tree) + len(data) > MOST:
        raise ValueError(f"more than {MOST // 2**20} MiB of data")
    return len(tree).to_bytes(4, "big") + tree + data


def unpack(data: bytes) -> Any:
    """What was packed.  Raises ValueError for any other bytes."""
    length = int.from_bytes(data[:4], "big")
    try:
        tree, packed = json.loads(data[4 : 4 + length]), data[4 + length :]
        if int.from_bytes(packed[:8], "little") > 200 * MOST_ARRAYS:  # the table of the arrays
            raise ValueError
        arrays = load(packed) if packed else {}
        return _unfold(tree, arrays, 0)
    except Exception as error:  # whatever a stranger has made of it
        raise ValueError(f"not a message: {type(error).__name__}") from None


def _fold(value: Any, arrays: dict[str, np.ndarray], depth: int) -> Any:
    if depth > DEEPEST:
        raise ValueError(f"lists within lists, more than {DEEPEST} deep")
    if isinstance(value, np.ndarray | np.generic | complex):
        array, name = np.asarray(value), str(len(arrays))
        if array.dtype.kind not in "biufc":
            raise ValueError(f"an array of type {array.dtype}")
        kind = "complex" if array.dtype.kind == "c" else "array"
        if kind == "complex":
            array = np.stack([array.real, array.imag], axis=-1)
        native = array.dtype.newbyteorder("=") if array.dtype.itemsize <= 8 else float  # no long doubles
        arrays[name] = np.array(array, native, order="C")
        return {kind: name}
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
    if isinstance(tree, list):
        raise ValueError("a bare list")
    if not isinstance(tree, dict):
        return tree

    def part(of: Any) -> Any:
        return _unfold(of, arrays, depth + 1)

    ((kind, parts),) = tree.items()
    match kind:
        case "array":
            return arrays[parts]
        case "complex":
            return arrays[parts][..., 0] + 1j * arrays[parts][..., 1]
        case "tuple":
            return tuple(map(part, parts))
        case "list":
            return list(map(part, parts))
        case "dict":
            return {part(name): part(value) for name, value in parts}
    raise ValueError(f"an unknown kind {kind!r}")
