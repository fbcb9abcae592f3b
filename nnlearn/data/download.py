"""Well-known sets to download once, by address and checksum: MNIST, Fashion-MNIST, tiny Shakespeare.

No chapter needs them; `mnist` is a subset that comes with the package.
"""

import gzip
from pathlib import Path

import numpy as np

from nnlearn.data.examples import Set

_MNIST = "https://ossci-datasets.s3.amazonaws.com/mnist/"
_FASHION = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
_IDX = [
    f"{part}-{kind}-idx{axes}-ubyte.gz"
    for part in ("train", "t10k")
    for kind, axes in (("images", 3), ("labels", 1))
]
SOURCES: dict[str, tuple[str, dict[str, str]]] = {
    "mnist": (
        _MNIST,
        {
            _IDX[0]: "sha256:440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            _IDX[1]: "sha256:3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            _IDX[2]: "sha256:8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            _IDX[3]: "sha256:f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        },
    ),
    "fashion_mnist": (
        _FASHION,
        {
            _IDX[0]: "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            _IDX[1]: "md5:25c81989df183df01b3e8a0aad5dffbe",
            _IDX[2]: "md5:bef4ecab320f06d8554ea6380940ec79",
            _IDX[3]: "md5:bb300cfdad3c16e7a12a480ee83cd310",
        },
    ),
    "tiny_shakespeare": (
        "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/",
        {"input.txt": "sha256:86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"},
    ),
}


def whole_mnist(folder: str | Path | None = None) -> tuple[Set, Set]:
    """70,000 handwritten digits, 0 paper to 1 ink: 60,000 to train on, 10,000 to test.

    X is (n, 1, 28, 28), y (n,). Downloaded once (11 MB) into `folder` or the user's cache.
    Source: Y. LeCun et al. (1998).
    """
    return _images("mnist", folder)


def fashion_mnist(folder: str | Path | None = None) -> tuple[Set, Set]:
    """70,000 pieces of clothing, in MNIST's form. Downloaded once (30 MB). Source: H. Xiao et al. (2017)."""
    return _images("fashion_mnist", folder)


def tiny_shakespeare(folder: str | Path | None = None) -> str:
    """1.1 million characters of Shakespeare's plays. Downloaded once.  Source: A. Karpathy (2015)."""
    (path,) = _download("tiny_shakespeare", folder)
    return path.read_text(encoding="utf-8")


def _images(name: str, folder: str | Path | None) -> tuple[Set, Set]:
    files = [gzip.decompress(path.read_bytes()) for path in _download(name, folder)]
    arrays = [np.frombuffer(content, np.uint8, offset=4 + 4 * content[3]) for content in files]
    X_train, y_train, X_test, y_test = arrays

    def images(pixels: np.ndarray) -> np.ndarray:
        return pixels.reshape(-1, 1, 28, 28).astype(np.float32) / 255

    return (images(X_train), y_train.astype(np.int64)), (images(X_test), y_test.astype(np.int64))


def _download(name: str, folder: str | Path | None) -> list[Path]:
    """The files of a set, fetched unless they are there; a file whose checksum is wrong is never kept."""
    import pooch

    url, checksums = SOURCES[name]
    place = Path(folder or pooch.os_cache("nnlearn")) / name
    pooch.get_logger().setLevel("WARNING")
    paths = []
    for file, checksum in checksums.items():
        try:
            paths.append(Path(pooch.retrieve(url + file, checksum, file, place, progressbar=True)))
        except ValueError as error:
            raise ValueError(
                f"{name}: {url + file} is not the file expected (its checksum differs), so it was not kept. "
                "The server's copy has changed or a proxy answered instead; try again or on another network"
            ) from error
        except OSError as error:
            raise OSError(
                f"{name}: {url + file} could not be downloaded ({type(error).__name__}). Is there a network? "
                f"No chapter needs this set; you can also put the file at {place / file} yourself"
            ) from error
    return paths
