"""What is saved comes back; damage is noticed; a kill leaves the old file."""

import signal
import subprocess
import sys
from itertools import count

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from nnlearn.engine.tensor import Tensor
from nnlearn.training.saving import load, load_with_notes, save

ARRAYS = {
    "W": np.arange(12.0).reshape(3, 4),
    "b": np.ones(4, np.float32),
    "steps": np.array(7),
    "empty": np.zeros((0, 3), np.float32),
    "transposed": np.arange(6, dtype=np.float32).reshape(2, 3).T,
    "mask": np.array([True, False]),
}


def test_round_trip(tmp_path):
    path = tmp_path / "new" / "model.safetensors"
    save(ARRAYS | {"tensor": Tensor([1.0, 2.0])}, path, notes={"seed": 2**100, "losses": [0.5, None]})
    arrays, notes = load_with_notes(path)
    assert notes == {"seed": 2**100, "losses": [0.5, None]}
    assert arrays.keys() == ARRAYS.keys() | {"tensor"} and arrays["tensor"].tolist() == [1.0, 2.0]
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array)
        assert arrays[name].shape == array.shape and arrays[name].dtype == array.dtype
        assert load_file(path)[name].dtype == array.dtype
    assert [p.name for p in path.parent.iterdir()] == ["model.safetensors"]


def test_reads_files_of_other_libraries(tmp_path):
    save_file({"W": ARRAYS["W"]}, tmp_path / "other.safetensors")
    arrays, notes = load_with_notes(tmp_path / "other.safetensors")
    assert notes is None and arrays["W"].tolist() == ARRAYS["W"].tolist()


def test_byte_order_of_another_machine(tmp_path):
    path = tmp_path / "swapped.safetensors"
    arrays = {code: np.arange(5).astype(np.dtype(code).newbyteorder("S")) for code in "efdhiqHIQ"}
    save(arrays, path)
    for code, array in load(path).items():
        assert array.dtype == np.dtype(code) and array.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    "metadata", [{"checksum": "sha256:ab12"}, {"format": "pt"}, {"notes": "{fine-tuned"}]
)
def test_metadata_of_other_libraries(metadata, tmp_path):
    save_file({"W": ARRAYS["W"]}, tmp_path / "other.safetensors", metadata)
    arrays, notes = load_with_notes(tmp_path / "other.safetensors")
    assert arrays["W"].tolist() == ARRAYS["W"].tolist() and notes == metadata.get("notes")


def test_types_that_numpy_does_not_have(tmp_path):
    header = b'{"W":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]}}'
    path = tmp_path / "eight.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + b"\x38\x38")
    with pytest.raises(ValueError, match=r"holds W \(F8_E4M3\), a type that NumPy does not have"):
        load(path)


def flip(content: bytes) -> bytes:
    return content[:-5] + bytes([content[-5] ^ 1]) + content[-4:]


@pytest.mark.parametrize(
    "damage",
    [
        lambda c: c[: len(c) // 2],
        lambda c: c[:5],
        lambda c: b"",
        lambda c: b"<html>" + c,
        flip,
        lambda c: c + b"\0",
    ],
    ids=["half", "few bytes", "empty", "html", "one bit", "longer"],
)
def test_damaged_files(damage, tmp_path):
    path = tmp_path / "model.safetensors"
    save(ARRAYS, path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=r"model\.safetensors is damaged"):
        load(path)


def test_bad_input(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no file"):
        load(tmp_path / "absent")
    with pytest.raises(TypeError, match="'names' must be an array of numbers"):
        save({"names": np.array(["a"])}, tmp_path / "x")
    for code in {"g", "F"} - {code for code in "g" if np.dtype(code) == np.float64}:
        with pytest.raises(TypeError, match="'W' must be an array of numbers, in float64 or smaller"):
            save({"W": np.ones(2, code)}, tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


SAVES_AND_DIES = """
import os, signal, sys, numpy as np
from nnlearn.training import saving
left = int(sys.argv[2])
def dies(frame, event, _):
    global left
    if frame.f_code.co_filename != saving.__file__:
        return None
    left -= event == "line"
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return dies
sys.settrace(dies)
saving.save({"x": np.ones(100_000, np.float32)}, sys.argv[1])
sys.settrace(None)
"""


def test_a_kill_before_any_line_of_saving_leaves_a_whole_file(tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    save({"x": np.zeros(100_000, np.float32)}, path)
    for line in count():
        done = subprocess.run([sys.executable, "-c", SAVES_AND_DIES, path, str(line)])
        x = load(path)["x"]
        assert x.size == 100_000 and (x == x[0]).all()
        if done.returncode != -signal.SIGKILL:
            break
    assert done.returncode == 0 and line > 5 and x[0] == 1
