"""Arrays to a file and back, in the safetensors format: weights that other libraries read too.

nn.save(model.state_dict(), "model.safetensors")
model.load_state_dict(nn.load("model.safetensors"))
"""

import json
import os
import tempfile
import time
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nnlearn.engine.primitive import COMPUTED, plain

_TYPES = {"BOOL", "I8", "I16", "I32", "I64", "U8", "U16", "U32", "U64", "F16", "BF16", "F32", "F64"}


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
    except OSError as error:
        error.filename, error.filename2 = str(path), None  # a full disk names no file, and the other is ours
        raise
    finally:
        part.unlink(missing_ok=True)


def require_writable(folder: Path) -> None:
    """Raise OSError, before long work, where no file can be written into a folder that is there or to be."""
    place = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    try:
        tempfile.TemporaryFile(dir=place).close()
    except OSError as error:
        error.filename = str(folder)
        raise


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
    the old file as it was. Raises TypeError for what is not an array of numbers that NumPy has on every
    machine: bool, whole numbers, float16, float32, float64.
    """
    from safetensors.numpy import save as to_bytes

    storable = {name: _storable(name, array) for name, array in arrays.items()}
    metadata = {"checksum": str(_checksum(storable))} | (
        {} if notes is None else {"notes": json.dumps(notes)}
    )
    write(Path(path), to_bytes(storable, metadata=metadata))


def load(path: str | Path) -> dict[str, np.ndarray]:
    """The arrays of a safetensors file, by name; bfloat16 comes as float32.

    Raises FileNotFoundError when there is none, ValueError when it is damaged or holds a type that NumPy does
    not have, such as 8-bit floats.
    """
    return load_with_notes(path)[0]


def load_with_notes(path: str | Path) -> tuple[dict[str, np.ndarray], Any]:
    """The arrays of a file and its notes (None where it has none). Raises what `load` raises.

    A file of another library may hold a checksum or notes of another kind: then nothing is compared, and the
    notes come as text.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"load: there is no file {path}")
    try:
        with safe_open(path, framework="numpy") as file:
            names = list(file.keys())
            types = {name: file.get_slice(name).get_dtype() for name in names}
            if foreign := [f"{name} ({kind})" for name, kind in types.items() if kind not in _TYPES]:
                raise ValueError(
                    f"load: {path} holds {foreign[0]}, a type that NumPy does not have; "
                    "convert the file to float32 with the library that wrote it"
                )
            arrays = {n: _bfloat16(path, n) if types[n] == "BF16" else file.get_tensor(n) for n in names}
            metadata = file.metadata() or {}
    except SafetensorError as error:
        raise ValueError(
            f"load: {path} is damaged or no safetensors file ({error}); it has {path.stat().st_size} bytes. "
            "Fetch or write it again"
        ) from None
    checksum = metadata.get("checksum", "")
    if checksum.isdecimal() and int(checksum) != _checksum(arrays):
        raise ValueError(f"load: {path} is damaged: its values are not those that were saved. Write it again")
    notes = metadata.get("notes", "null")
    try:
        return arrays, json.loads(notes)
    except json.JSONDecodeError:
        return arrays, notes


def _storable(name: str, array: Any) -> np.ndarray:
    """The array as a file holds it: contiguous, in the machine's byte order."""
    array = np.asarray(plain(array))
    dtype = array.dtype.newbyteorder("=")
    if dtype not in COMPUTED and dtype != np.float16:
        raise TypeError(
            f"save: {name!r} must be an array of numbers, in float64 or smaller, got {array.dtype}; "
            f"convert it first, for example with .astype(np.float32)"
        )
    return np.asarray(array, dtype, order="C")


def _bfloat16(path: Path, name: str) -> np.ndarray:
    """An array in bfloat16, the upper half of float32, which NumPy does not have."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        entry = json.loads(file.read(size))[name]
        begin, end = entry["data_offsets"]
        file.seek(8 + size + begin)
        upper = np.frombuffer(file.read(end - begin), "<u2")
    return (upper.astype(np.uint32) << 16).view(np.float32).reshape(entry["shape"])


def _checksum(arrays: Mapping[str, np.ndarray]) -> int:
    total = 0
    for name in sorted(arrays):
        array = np.asarray(arrays[name], arrays[name].dtype.newbyteorder("<"))  # the same on every machine
        total = zlib.crc32(array.data if array.size else b"", zlib.crc32(name.encode(), total))
    return total
