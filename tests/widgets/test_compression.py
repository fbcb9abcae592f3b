"""The compression explorer: what it shows is what the functions give; a page computes the same for digits."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import nnlearn as nn
from nnlearn.widgets import CompressionExplorer
from nnlearn.widgets.compression import AUSTEN, BITS, CUTS, PICTURES, SHOWN, WAYS, compress, size
from nnlearn.widgets.living import text_of
from tests.support.figures import Standing, functions


def test_one_scale_is_quantize():
    state = CompressionExplorer(bits=3).state
    np.testing.assert_array_equal(state.rounded, nn.dequantize(*nn.quantize(state.weights, 3)))


@pytest.mark.parametrize("way", WAYS)
def test_every_way_keeps_the_shapes_and_the_vectors(way):
    state = nn.adversarial.load_pair()[0].state_dict()
    small = compress(state, 0.5, 4, way)
    assert {name: w.shape for name, w in small.items()} == {name: w.shape for name, w in state.items()}
    np.testing.assert_array_equal(small["classify.b"], state["classify.b"])
    assert (small["classify.W"] == 0).mean() >= 0.5


def test_bytes_are_counted():
    state = {"layers.0.W": np.ones((32, 4), np.float32), "layers.0.b": np.ones(4, np.float32)}
    assert size(state, 0.0, 8, WAYS[0]) == 128 + 4 + 16
    assert size(state, 0.0, 4, WAYS[2]) == 64 + 4 * 4 + 16
    assert size(state, 0.5, 4, WAYS[3]) == 32 + 16 + 4 * 8 + 16


def test_eight_bits_read_like_thirty_two_and_two_bits_do_not():
    explorer = CompressionExplorer(bits=8, way=WAYS[2])
    assert abs(explorer.state.after - explorer.state.before) < 0.02
    explorer.set(bits=2, way=WAYS[0])
    assert explorer.state.after < 0.6
    before = explorer.state.before
    explorer.set(bits=8)
    assert explorer.state.before == before > 0.95


def test_the_gpt_pays_in_bits():
    explorer = CompressionExplorer(network=AUSTEN, bits=3, way=WAYS[0])
    assert explorer.state.after > explorer.state.before + 0.5 and "bits instead of" in explorer.sentence


def test_what_is_read_wrong_is_counted_and_shown():
    state = CompressionExplorer(bits=2, way=WAYS[3]).state
    _, y = nn.data.mnist()[1]
    assert state.after == pytest.approx(1 - len(state.misread) / PICTURES)
    assert all(answer != y[k] for k, answer in state.misread.items())
    scene = CompressionExplorer(bits=2, way=WAYS[0], sparsity=0.7).scene()
    assert len(scene["misread"]) == SHOWN < scene["wrong"] and len(scene["pictures"]) == SHOWN * 784 * 4


def test_below_its_edge_lies_the_share_that_is_cut():
    explorer = CompressionExplorer()
    w, scene = np.abs(explorer.state.weights), explorer.scene()
    for share, edge in zip(CUTS, scene["cuts"], strict=True):
        assert (w < edge).mean() == pytest.approx(share, abs=1e-3)


def test_a_page_loses_nothing_of_the_weights_and_is_small():
    for w in nn.adversarial.load_pair()[0].state_dict().values():
        np.testing.assert_array_equal(w, w.astype(np.float16))
    assert len(CompressionExplorer().as_html("")) < 340_000


# -- in a browser --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def modules(browser: Browser) -> Page:
    page = functions(browser, "compression", "Compressions", "compressed", "told", "bytes")
    page.evaluate("(page) => { window.all = new nn.Compressions(page); }", CompressionExplorer().page())
    return page


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("bits", BITS)
def test_the_page_cuts_and_rounds_as_numpy_does(bits: int, way: str, modules: Page):
    state = nn.adversarial.load_pair()[0].state_dict()
    for sparsity in (0.0, 0.3, 0.9):
        after = compress(state, sparsity, bits, way)
        expected = {name: text_of(w) for name, w in after.items() if w.ndim > 1}
        other = modules.evaluate(
            """([expected, ...how]) => Object.entries(expected).map(([name, text]) => {
                const { w, shape, order } = all.matrices[name];
                const found = nn.compressed(w, shape, order, ...how);
                const wanted = new Float32Array(nn.bytes(text).buffer);
                return found.filter((v, k) => v !== wanted[k]).length;
            })""",
            [expected, sparsity, bits, way],
        )
        assert other == [0, 0, 0]


SETTINGS: list[dict] = [
    {},
    {"bits": 8, "way": WAYS[2]},
    {"bits": 2, "sparsity": 0.9},
    {"bits": 3, "way": WAYS[1], "sparsity": 0.5},
    {"bits": 8, "way": WAYS[3], "sparsity": 0.1},
]


@pytest.mark.parametrize("values", SETTINGS, ids=str)
def test_the_page_reads_and_weighs_as_numpy_does(values: dict, modules: Page):
    explorer = CompressionExplorer(**values)
    found, answers = modules.evaluate(
        """(v) => {
            const net = all.net([v.sparsity, v.bits, v.way]);
            return [all.still(v), all.truths.map((_, k) => all.answer(net, k))];
        }""",
        explorer.values,
    )
    scene, truths = explorer.scene(), explorer.page()["truths"]
    wrong = {k: a for k, (a, truth) in enumerate(zip(answers, truths, strict=True)) if a != truth}
    assert wrong == explorer.state.misread
    for name in ("reach", "was", "cuts", "kilobytes"):
        np.testing.assert_allclose(found[name], scene[name], rtol=1e-9, err_msg=name)
    for mine, theirs in zip(found["levels"], scene["levels"], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-9)
    told = modules.evaluate("(scene) => nn.told(scene)", {k: v for k, v in scene.items() if k != "pictures"})
    assert told == explorer.sentence


def test_a_reader_cuts_rounds_and_goes_back(browser: Browser, tmp_path: Path):
    stored = CompressionExplorer()
    reader = Standing(stored, browser, tmp_path)
    page, status = reader.page, reader.status
    expect(status).to_have_text(stored.sentence)
    expect(page.get_by_label("network")).to_be_hidden()
    expect(page.get_by_text(f"read wrong: {len(stored.state.misread)} of 500")).to_be_visible()
    page.get_by_role("slider", name="bits a weight").press("Home")
    expect(status).to_have_text(CompressionExplorer(bits=2).sentence)
    weights = page.get_by_label("the weights of one matrix")
    for _ in range(3):
        weights.press("ArrowRight")
    expect(status).to_have_text(CompressionExplorer(bits=2, sparsity=0.3).sentence)
    quality = page.get_by_label("bytes and quality")
    quality.press("ArrowRight")
    quality.press("ArrowDown")
    expect(status).to_have_text(CompressionExplorer(bits=3, sparsity=0.2).sentence)
    box = weights.bounding_box()
    middle = box["x"] + 44 + (box["width"] - 54) / 2
    reader.drag((middle + 20, box["y"] + 100), (middle + 1, box["y"] + 100))
    expect(status).to_have_text(CompressionExplorer(bits=3).sentence)
    box = quality.bounding_box()
    page.mouse.click(box["x"] + box["width"] - 12, box["y"] + 30)  # the heaviest that was tried: the first
    expect(status).to_have_text(stored.sentence)
    assert not reader.complaints


def test_a_page_has_the_digits_alone_whatever_its_address_asks(browser: Browser, tmp_path: Path):
    address = "#compression?network=Austen:+GPT&bits=9&sparsity=2&way=none"
    reader = Standing(CompressionExplorer(), browser, tmp_path, address)
    reader.says(CompressionExplorer().sentence, "bits=9, sparsity=2, way=none, which there is not")
    narrow = Standing(CompressionExplorer(), browser, tmp_path, width=390)
    assert narrow.sideways() <= 0
    assert not reader.complaints and not narrow.complaints
