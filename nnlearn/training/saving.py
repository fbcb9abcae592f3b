"""Arrays to a file and back, in the safetensors format: weights that other libraries read too.

nn.save(model.state_dict(), "model.safetensors")
model.load_state_dict(nn.load("model.safetensors"))
"""

import json
import os
import time
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nnlearn.engine.primitive import plain


def write(path: Path, content: bytes) -> None:
    """Write a file in one step, and its folder if need be: a process killed on the way leaves the old file.

    Raises OSError, for example on a full disk, and leaves the old file too.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _replace(part: Path, path: Path) -> None:
    """Rename, and wait half a second for whoever reads the old file: Windows renames over no open file."""
    for pause in (0.05, 0.15, 0.3):
        try:
            return os.replace(part, path)
        except PermissionError:
            time.sleep(pause)
    os.replace(part, path)


def save(arrays: Mapping[str, Any], path: str | Path, notes: Any = None) -> None:
    """Write named arrays, and `notes` (what JSON can hold), whole or not at all.

    The file is written under another name and takes its place at the end: a process killed on the way leaves
    the old file as it was. Raises TypeError for what is not an array of numbers.
    """
    from safetensors.numpy import save as to_bytes

    plain = {name: np.asarray(_plain(name, array), order="C") for name, array in arrays.items()}
    metadata = {"checksum": str(_checksum(plain))} | ({} if notes is None else {"notes": json.dumps(notes)})
    write(Path(path), to_bytes(plain, metadata=metadata))


def load(path: str | Path) -> dict[str, np.ndarray]:
    """The arrays of a safetensors file, by name.

    Raises FileNotFoundError when there is none, ValueError when it is damaged.
    """
    return load_with_notes(path)[0]


def load_with_notes(path: str | Path) -> tuple[dict[str, np.ndarray], Any]:
    """The arrays of a file and its notes (None where it has none).

    Raises FileNotFoundError when there is none, ValueError when it is damaged.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"load: there is no file {path}")
    try:
        with safe_open(path, framework="numpy") as file:
            names = list(file.keys())
            half = {name for name in names if file.get_slice(name).get_dtype() == "BF16"}
            arrays = {n: _bfloat16(path, n) if n in half else file.get_tensor(n) for n in names}
            metadata = file.metadata() or {}
    except SafetensorError as error:
        raise ValueError(
            f"load: {path} is damaged or no safetensors file ({error}); it has {path.stat().st_size} bytes. "
            "Fetch or write it again"
        ) from None
    if "checksum" in metadata and int(metadata["checksum"]) != _checksum(arrays):
        raise ValueError(f"load: {path} is damaged: its values are not those that were saved. Write it again")
    return arrays, json.loads(metadata["notes"]) if "notes" in metadata else None


def _plain(name: str, array: Any) -> np.ndarray:
    array = np.asarray(plain(array))
    if array.dtype.kind not in "fiub":
        raise TypeError(f"save: {name!r} must be an array of numbers, got {array.dtype}")
    return array


def _bfloat16(path: Path, name: str) -> np.ndarray:
    """An array in bfloat16, the upper half of float32, which NumPy does not have."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        entry = json.loads(file.read(size))[name]
        begin, end = entry["data_offsets"]
        file.seek(8 + size + begin)
        upper = np.frombuffer(file.read(end - begin), np.uint16)
    return (upper.astype(np.uint32) << 16).view(np.float32).reshape(entry["shape"])


def _checksum(arrays: Mapping[str, np.ndarray]) -> int:
    total = 0
    for name in sorted(arrays):
        total = zlib.crc32(arrays[name].data if arrays[name].size else b"", zlib.crc32(name.encode(), total))
    return total
