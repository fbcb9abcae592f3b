"""Downloads are checked, fail clearly and leave nothing broken behind."""

import gzip
import hashlib
import http.server
import socket
import struct
import threading
from pathlib import Path

import numpy as np
import pytest

from nnlearn import data
from nnlearn.data import download


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
    for load in (data.whole_mnist, data.fashion_mnist):
        (X, y), (X_test, y_test) = load(tmp_path)
        assert X.shape == (3, 1, 28, 28) and X.dtype == np.float32 and y.tolist() == [7, 0, 9]
        np.testing.assert_allclose(X[:, 0] * 255, PIXELS, atol=1e-4)
        assert X_test.shape == (1, 1, 28, 28) and y_test.tolist() == [4]
    server.shutdown()
    server.server_close()
    assert data.whole_mnist(tmp_path)[0][1].tolist() == [7, 0, 9]
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
        data.whole_mnist(tmp_path)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        monkeypatch.setitem(download.SOURCES, "mnist", (url, checksums))
        with pytest.raises(OSError, match=r"Is there a network\? No chapter needs this set"):
            data.whole_mnist(tmp_path)
    assert kept(tmp_path) == []


@pytest.mark.parametrize(("url", "checksums"), download.SOURCES.values(), ids=download.SOURCES)
def test_checksums_are_well_formed(url, checksums):
    assert url.startswith("http") and url.endswith("/") and checksums
    for checksum in checksums.values():
        kind, _, digest = checksum.partition(":")
        assert len(bytes.fromhex(digest)) == hashlib.new(kind).digest_size
