"""What passes between the sandbox and the grader: data comes through as it was, garbage does not."""

import numpy as np
import pytest

from nnlearn.classroom.sandbox import wire


@pytest.mark.parametrize(
    "value",
    [
        None, "text", 3, 2.5, float("inf"), True, (), [], {}, np.zeros((0, 3)), np.array(1.5),
        np.arange(3)[::-1], np.float32(2), 1 + 2j, np.array([1j]), np.array([2**63], dtype=np.uint64),
        np.arange(3, dtype=">i4"), {"a": (1, [np.ones(2), "x"]), "b": None}, [[1.0], [2.0, 3.0]],
    ],
    ids=str,
)  # fmt: skip
def test_data_comes_through_the_wall_as_it_was(value):
    back = wire.unpack(wire.pack(value))
    np.testing.assert_equal(back, value)
    assert (
        np.shape(back) == np.shape(value) if not isinstance(value, list | dict) else type(back) is type(value)
    )


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\x00", b"\xff\xff\xff\xff{}", b"\x00\x00\x00\x02{}", b"\x00\x00\x00\x02[]",
        (9).to_bytes(4, "big") + b'{"a": 1} ', (4).to_bytes(4, "big") + b"null" + b"\x80\x04.",
        (200_000).to_bytes(4, "big") + b"[" * 200_000,
        (13).to_bytes(4, "big") + b'{"array":"0"}', (16).to_bytes(4, "big") + b'{"list": [[[1]]]',
    ],
    ids=range(10),
)  # fmt: skip
def test_garbage_is_no_message(data):
    with pytest.raises(ValueError):
        wire.unpack(data)
