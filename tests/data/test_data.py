"""Data sets are what they say, splits do not leak, downloads fail clearly and leave nothing broken behind."""

import functools
import gzip
import hashlib
import http.server
import socket
import struct
import threading
from pathlib import Path

import numpy as np
import pytest
from sklearn import datasets

from nnlearn import data
from nnlearn.data import download

TABLES = {"iris": (150, 4), "wine": (178, 13), "breast_cancer": (569, 30)}


@pytest.mark.parametrize("name, shape", TABLES.items())
def test_bundled_tables(name, shape):
    X, y = getattr(data, name)()
    bunch = getattr(datasets, f"load_{name}")()
    assert X.shape == shape and X.dtype == np.float32 and y.dtype == np.int64
    np.testing.assert_allclose(X, bunch.data, rtol=1e-6)
    np.testing.assert_array_equal(y, bunch.target)
    features, classes = data.names(name)
    assert len(features) == shape[1] and len(classes) == y.max() + 1


def test_other_bundled_sets():
    X, y = data.diabetes()
    assert X.shape == (442, 10) and y.dtype == np.float32
    assert X[:, 0].min() == 19 and X[:, 0].max() == 79  # years
    assert data.names("diabetes")[1] == []
    flat, y = data.digits()
    images, _ = data.digits(images=True)
    assert flat.shape == (1797, 64) and images.shape == (1797, 1, 8, 8) and flat.min() == 0
    assert flat.max() == 1
    np.testing.assert_array_equal(images[7].ravel(), flat[7])
    photographs = data.photographs()
    assert photographs.shape == (2, 3, 427, 640) and photographs.dtype == np.float32
    temple = datasets.load_sample_image("china.jpg")
    np.testing.assert_allclose(photographs[0, 2, 10, 20] * 255, temple[10, 20, 2])
    assert 300_000 < len(data.manual()) < 700_000 and "assert_stmt" in data.manual()


def test_no_paragraph_of_the_manual_is_both_learned_and_judged():
    train, validation = data.manual_split()
    assert len(validation) == pytest.approx(len(train) / 9, rel=1e-4)
    paragraphs = (train + validation).split("\n\n")
    assert len(set(paragraphs)) == len(paragraphs) and set(paragraphs) == set(data.manual().split("\n\n"))
    with pytest.raises(ValueError, match="validation is 1"):
        data.manual_split(1)


GENERATORS = {
    "spirals": dict(n=99, classes=3),
    "moons": dict(n=100),
    "circles": dict(n=100),
    "xor": dict(n=100, noise=0.1),
    "plane": dict(n=100, noise=0.1),
    "hills": dict(n=100, noise=0.1),
    "separable": dict(n=100, label_noise=0.1),
    "mixture": dict(n=100, modes=5),
    "sine": dict(n=100),
    "mackey_glass": dict(n=100),
    "lorenz": dict(n=100),
    "dates": dict(n=100),
    "melodies": dict(n=100),
    "communities": dict(n=100),
}


@pytest.mark.parametrize("name", GENERATORS)
def test_generators_repeat_with_a_seed_and_differ_without(name):
    make = functools.partial(getattr(data, name), **GENERATORS[name])
    first, same, other = make(rng=3), make(rng=np.random.default_rng(3)), make(rng=4)
    for a, b in zip(first, same, strict=True):
        np.testing.assert_array_equal(a, b)
    assert any(not np.array_equal(a, b) for a, b in zip(first, other, strict=True))
    assert len(first[0] if isinstance(first, tuple) else first) == GENERATORS[name]["n"]


def test_points_in_the_plane():
    for name, classes in (("spirals", 3), ("moons", 2), ("circles", 2), ("mixture", 8)):
        X, y = getattr(data, name)(240, rng=0)
        assert X.shape == (240, 2) and X.dtype == np.float32 and y.dtype == np.int64
        assert np.bincount(y).tolist() == [240 // classes] * classes
    X, y = data.xor(1000, rng=0)
    np.testing.assert_array_equal(y, (X[:, 0] > 0) ^ (X[:, 1] > 0))
    X, y = data.plane(1000, rng=0)
    np.testing.assert_allclose(y[:, 0], X.sum(axis=1) / 2, atol=1e-6)
    X, y = data.hills(1000, rng=0)
    np.testing.assert_array_equal(y[:, 0] > 0, (X[:, 0] > 0) == (X[:, 1] > 0))
    assert 0.95 < y.max() <= 1 and -1 <= y.min() < -0.95
    X, y = data.circles(1000, noise=0, factor=0.3, rng=0)
    np.testing.assert_allclose(np.hypot(*X.T), np.where(y == 1, 0.3, 1), rtol=1e-5)
    X, y = data.mixture(80_000, radius=3, spread=0.1, rng=0)
    np.testing.assert_allclose(X[y == 2].mean(0), [0, 3], atol=0.01)
    np.testing.assert_allclose(X[y == 2].std(0), 0.1, rtol=0.05)
    X, y = data.moons(1000, noise=0, rng=0)
    np.testing.assert_allclose(np.hypot(X[y == 0, 0] + 0.5, X[y == 0, 1] + 0.25), 1, rtol=1e-5)
    x, y = data.sine(1000, noise=0, rng=0)
    np.testing.assert_allclose(y, np.sin(2 * np.pi * x), atol=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_separable_keeps_its_margin_and_turns_labels(seed):
    touching, y = data.separable(60, margin=0.0, rng=seed)
    X, same = data.separable(60, margin=0.3, rng=seed)
    np.testing.assert_array_equal(y, same)
    assert np.bincount(y).tolist() == [30, 30]
    moved = X - touching  # each point by the margin, straight away from the line
    normal = moved[y == 1][0] / 0.3
    np.testing.assert_allclose(moved, 0.3 * (2 * y - 1)[:, None] * normal, atol=1e-6)
    assert np.ptp([(X[y == 1] @ normal).min(), (X[y == 0] @ normal).max()]) >= 0.6 - 1e-6
    turned = [data.separable(60, 0.3, share, rng=seed)[1] != y for share in (0.1, 0.5, 1.0)]
    assert [t.sum() for t in turned] == [6, 30, 60] and not (turned[0] & ~turned[1]).any()


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (dict(margin=-1), "margin is -1"),
        (dict(label_noise=1.5), "label_noise is 1.5, expected a share"),
        (dict(n=1), "n is 1"),
    ],
)
def test_separable_names_what_is_wrong(bad, message):
    with pytest.raises(ValueError, match=message):
        data.separable(**bad)


def test_series():
    x = data.mackey_glass(3000, rng=0)
    assert x.shape == (3000,) and 0.2 < x.min() < 0.5 and 1.2 < x.max() < 1.5  # the known attractor
    assert np.ptp(data.mackey_glass(300, delay=1, rng=0)) < 1e-3  # short delays settle
    path = data.lorenz(5000, rng=0)
    assert path.shape == (5000, 3) and 45 < path[:, 2].max() < 50 and abs(path[:, 0]).max() < 21
    again = data.lorenz(50, dt=0.01, rng=0)
    slope = (again[2:] - again[:-2]) / 0.02  # the equations hold along the path
    X, Y, Z = again[1:-1].T
    expected = np.stack([10 * (Y - X), X * (28 - Z) - Y, X * Y - 8 / 3 * Z], axis=1)
    np.testing.assert_allclose(slope, expected, atol=0.02 * np.abs(expected).max())


def test_dates():
    pairs = data.dates(2000, rng=0)
    assert len({words.translate(str.maketrans("0123456789", "#" * 10)) for words, _ in pairs}) > 500
    for words, iso in pairs:
        day = np.datetime64(iso)  # raises for a day there is not
        assert str(day.astype("datetime64[Y]")) in words
        month = "jan feb mar apr may jun jul aug sep oct nov dec".split()[int(iso[5:7]) - 1]
        assert month in words.lower()
    written = [words for words, iso in pairs if iso.endswith("-23")]
    assert any("23rd of" in w for w in written) and any("the twenty-third of" in w for w in written)
    assert any("12th of" in w for w, iso in pairs if iso.endswith("-12"))


def test_melodies():
    tunes = data.melodies(50, rng=0)
    assert tunes.shape == (50, 32) and set(np.unique(tunes % 12)) <= {0, 2, 4, 5, 7, 9, 11}
    np.testing.assert_array_equal(tunes[:, :8], tunes[:, 16:24])
    assert (tunes[:, -1] == 60).all() and (tunes[:, 15] == 67).all()
    assert data.melodies(5, bars=3, rng=0).shape == (5, 12)


def test_communities():
    X, A, y = data.communities(400, classes=4, inside=0.2, between=0.01, rng=0)
    assert X.shape == (400, 16) and (A == A.T).all() and not A.diagonal().any()
    same = y[:, None] == y[None, :]
    assert A[same].mean() == pytest.approx(0.2, abs=0.02) and A[~same].mean() == pytest.approx(
        0.01, abs=0.002
    )


def test_split_keeps_proportions_and_does_not_leak():
    X, y = data.iris()  # two of its flowers are equal
    parts = data.split(X, y, validation=0.2, test=0.2, rng=0)
    assert [len(part[0]) for part in parts] == pytest.approx([90, 30, 30], abs=1)
    for Xp, yp in parts:
        assert np.ptp(np.bincount(yp, minlength=3)) <= 2
        for row, label in zip(Xp, yp, strict=True):
            assert label in y[(X == row).all(1)]
    for seed in range(20):
        rows = [set(map(bytes, part[0])) for part in data.split(X, y, rng=seed)]
        assert not (rows[0] & rows[1] or rows[0] & rows[2] or rows[1] & rows[2])
        assert sum(len(part[0]) for part in data.split(X, y, rng=seed)) == 150
    train, validation, test = data.split(*data.diabetes(), validation=0, test=0.5, rng=0)
    assert (len(train[0]), len(validation[0]), len(test[0])) == (221, 0, 221)


def test_standardize_measures_the_training_set_alone():
    rng = np.random.default_rng(0)
    train, test = rng.normal(5, 3, (100, 4)).astype("f"), rng.normal(9, 1, (50, 4)).astype("f")
    train[:, 3] = test[:, 3] = 7
    a, b = data.standardize(train, test)
    np.testing.assert_allclose(a.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(a.std(0), [1, 1, 1, 0], atol=1e-5)
    np.testing.assert_allclose(b[:, :3], (test - train.mean(0))[:, :3] / train.std(0)[:3], rtol=1e-5)
    assert a.dtype == np.float32 and data.standardize(train).shape == (100, 4)


def test_windows():
    X, y = data.windows(np.arange(10), length=3, stride=2)
    np.testing.assert_array_equal(X, [[0, 1, 2], [2, 3, 4], [4, 5, 6], [6, 7, 8]])
    np.testing.assert_array_equal(y, X + 1)


BAD = [
    (lambda: data.split(np.ones((3, 2)), np.ones(4)), "X has 3 examples but y has 4"),
    (lambda: data.split(np.ones((3, 2)), np.ones(3), validation=0.6, test=0.5), "nothing to train on"),
    (lambda: data.windows(np.arange(3), 3), "3 tokens are too few"),
    (lambda: data.names("mnist"), "expected one of iris"),
    (lambda: data.spirals(2, classes=3), "n is 2"),
    (lambda: data.melodies(2, bars=1), "bars is 1"),
]


@pytest.mark.parametrize("call, message", BAD, ids=[message for _, message in BAD])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# -- downloads -------------------------------------------------------------------------------------


def idx(array: np.ndarray) -> bytes:
    return gzip.compress(struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes())


PIXELS = np.arange(3 * 28 * 28).reshape(3, 28, 28).astype(np.uint8)
FILES = {
    "train-images-idx3-ubyte.gz": idx(PIXELS),
    "train-labels-idx1-ubyte.gz": idx(np.array([7, 0, 9], np.uint8)),
    "t10k-images-idx3-ubyte.gz": idx(PIXELS[:1]),
    "t10k-labels-idx1-ubyte.gz": idx(np.array([4], np.uint8)),
    "input.txt": b"First Citizen:\nBefore we proceed any further, hear me speak.\n",
}


class Handler(http.server.BaseHTTPRequestHandler):
    half = False

    def do_GET(self):
        content = FILES.get(self.path.rpartition("/")[2])
        if content is None:
            return self.send_error(404)
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if self.half else content)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    """Our own machine in the place of the sets' homes, with small files and their checksums."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        for name, (_, checksums) in download.SOURCES.items():
            small = {f: "sha256:" + hashlib.sha256(FILES[f]).hexdigest() for f in checksums}
            monkeypatch.setitem(
                download.SOURCES, name, (f"http://127.0.0.1:{httpd.server_port}/{name}/", small)
            )
        yield httpd
        httpd.shutdown()


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_download_once_then_from_disk(server, tmp_path):
    assert data.tiny_shakespeare(tmp_path).encode() == FILES["input.txt"]
    for load in (data.mnist, data.fashion_mnist):
        (X, y), (X_test, y_test) = load(tmp_path)
        assert X.shape == (3, 1, 28, 28) and X.dtype == np.float32 and y.tolist() == [7, 0, 9]
        np.testing.assert_allclose(X[:, 0] * 255, PIXELS, atol=1e-4)
        assert X_test.shape == (1, 1, 28, 28) and y_test.tolist() == [4]
    server.shutdown()
    server.server_close()
    assert data.mnist(tmp_path)[0][1].tolist() == [7, 0, 9]
    assert data.tiny_shakespeare(tmp_path).encode() == FILES["input.txt"]


def test_wrong_checksum(server, tmp_path, monkeypatch):
    url, _ = download.SOURCES["tiny_shakespeare"]
    monkeypatch.setitem(download.SOURCES, "tiny_shakespeare", (url, {"input.txt": "sha256:" + "0" * 64}))
    with pytest.raises(ValueError, match=r"not the file expected \(its checksum differs"):
        data.tiny_shakespeare(tmp_path)
    assert kept(tmp_path) == []


def test_half_a_file(server, tmp_path, monkeypatch):
    monkeypatch.setattr(Handler, "half", True)
    with pytest.raises(OSError, match="could not be downloaded"):
        data.tiny_shakespeare(tmp_path)
    assert kept(tmp_path) == []
    monkeypatch.setattr(Handler, "half", False)  # the next try succeeds
    assert data.tiny_shakespeare(tmp_path).encode() == FILES["input.txt"]
    assert kept(tmp_path) == ["input.txt"]


def test_a_damaged_copy_on_disk_is_fetched_anew(server, tmp_path):
    path = tmp_path / "tiny_shakespeare" / "input.txt"
    path.parent.mkdir()
    path.write_text("half a")
    assert data.tiny_shakespeare(tmp_path).encode() == FILES["input.txt"]


def test_no_network_and_no_such_file(server, tmp_path, monkeypatch):
    url, checksums = download.SOURCES["mnist"]
    monkeypatch.setitem(download.SOURCES, "mnist", (url, {"absent.gz": "sha256:" + "0" * 64}))
    with pytest.raises(OSError, match=r"could not be downloaded \(HTTPError"):
        data.mnist(tmp_path)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        monkeypatch.setitem(download.SOURCES, "mnist", (url, checksums))
        with pytest.raises(OSError, match=r"Is there a network\? No chapter needs this set"):
            data.mnist(tmp_path)
    assert kept(tmp_path) == []


def test_checksums_are_well_formed():
    for url, checksums in download.SOURCES.values():
        assert url.startswith("http") and url.endswith("/")
        for checksum in checksums.values():
            kind, _, digest = checksum.partition(":")
            assert len(bytes.fromhex(digest)) == hashlib.new(kind).digest_size
