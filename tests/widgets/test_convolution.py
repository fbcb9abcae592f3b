"""The convolution explorer's map, against SciPy's correlation; and what its controls do to one another."""

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, expect
from scipy.signal import correlate2d

from nnlearn.widgets import ConvolutionExplorer
from nnlearn.widgets.convolution import KERNELS, OWN, load
from tests.support.figures import Standing, functions


@pytest.mark.parametrize("setting", [(1, 0, 1), (2, 1, 1), (3, 2, 2), (1, 3, 3)], ids=str)
@pytest.mark.parametrize("picture", ["flower", "digit 3"])
def test_the_map_is_scipys_correlation(setting, picture):
    stride, padding, dilation = setting
    explorer = ConvolutionExplorer(
        picture=picture, preset="emboss", stride=stride, padding=padding, dilation=dilation
    )
    spread = np.zeros((2 * dilation + 1, 2 * dilation + 1))
    spread[::dilation, ::dilation] = np.reshape(KERNELS["emboss"], (3, 3))
    expected = correlate2d(np.pad(load(picture), padding), spread, "valid")[::stride, ::stride]
    np.testing.assert_allclose(explorer.state.output, expected, atol=1e-5)


@pytest.mark.parametrize("setting", [(1, 1, 1), (4, 3, 3)], ids=str)
def test_the_products_add_up_to_the_place_in_the_map(setting):
    stride, padding, dilation = setting
    explorer = ConvolutionExplorer(stride=stride, padding=padding, dilation=dilation, row=63, column=5)
    state = explorer.state
    assert (state.patch * state.kernel).sum() == pytest.approx(state.output[state.at], abs=1e-6)
    assert state.at[0] == len(state.output) - 1, "a place past the end is the last one"


def test_the_kernels_name_follows_its_numbers():
    explorer = ConvolutionExplorer(preset="outline")
    assert explorer.values["w22"] == 4 and explorer.values["w11"] == 0
    explorer.set(w22=5)
    assert explorer.values["preset"] == "sharpen"
    explorer.set(w22=2)
    assert explorer.values["preset"] == OWN


def test_a_drag_over_the_window_sends_the_map_once():
    explorer, sent = ConvolutionExplorer(), []
    explorer.view.observe(lambda change: sent.append(change["name"]), "scene")
    for column in range(10, 20):
        explorer.view.values = {**explorer.values, "column": column}
    assert explorer.values["column"] == 19 and not sent
    explorer.view.values = {**explorer.values, "w22": 4.5}
    assert sent == ["scene"]


# -- in a browser --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("picture", ["temple", "digit 8"])
@pytest.mark.parametrize("setting", [(1, 0, 1), (2, 1, 1), (4, 3, 3), (3, 2, 2)], ids=str)
def test_the_pages_map_is_numpys(picture: str, setting: tuple[int, int, int], browser: Browser):
    stride, padding, dilation = setting
    page = functions(browser, "convolution", "convolve", "padded")
    explorer = ConvolutionExplorer(
        picture=picture, stride=stride, padding=padding, dilation=dilation, w12=-0.5
    )
    pixels, state = load(picture), explorer.state
    found = page.evaluate(
        """([image, side, p, kernel, stride, dilation]) => {
            const wide = nn.padded(Float64Array.from(image), side, p);
            const { size, map } = nn.convolve(wide, side + 2 * p, kernel, stride, dilation);
            return [size, [...wide], [...map]];
        }""",
        [pixels.ravel().tolist(), len(pixels), padding, state.kernel.ravel().tolist(), stride, dilation],
    )
    assert found[0] == len(state.output)
    np.testing.assert_array_equal(found[1], state.image.ravel())
    np.testing.assert_allclose(found[2], state.output.ravel(), rtol=1e-12, atol=1e-12)


WATCH = """() => {
    const status = document.querySelector('[role=status]');
    window.seen = [];
    new MutationObserver(() => seen.push(status.textContent)).observe(status, { childList: true });
}"""


def test_a_reader_moves_the_window_and_the_numbers(browser: Browser, tmp_path: Path):
    reader = Standing(ConvolutionExplorer(picture="digit 3", padding=0), browser, tmp_path)
    page, status = reader.page, reader.status
    expect(status).to_have_text(ConvolutionExplorer(picture="digit 3", padding=0, row=5).sentence)
    below = page.get_by_label("the picture under the kernel").bounding_box()
    unit = below["width"] / 8
    x, y = below["x"], below["y"]
    reader.drag((x + 1.5 * unit, y + 1.5 * unit), (x + 3.5 * unit, y + 2.5 * unit))
    now = {"picture": "digit 3", "padding": 0, "row": 1, "column": 2}
    expect(status).to_have_text(ConvolutionExplorer(**now).sentence)
    page.get_by_label("the map of all sums").press("ArrowDown")
    now["row"] = 2
    expect(status).to_have_text(ConvolutionExplorer(**now).sentence)

    middle = page.get_by_label("kernel, row 2, column 2")
    middle.fill("-3")
    middle.press("Enter")
    expect(status).to_have_text(ConvolutionExplorer(**now, w22=-3).sentence)
    expect(page.get_by_label(re.compile("^kernel(?!,)"))).to_have_value(OWN)
    corner = page.get_by_label("kernel, row 1, column 1").bounding_box()
    x, y = corner["x"] + 20, corner["y"] + 20
    reader.drag((x, y), (x, y - 40))  # four halves
    expect(status).to_have_text(ConvolutionExplorer(**now, w22=-3, w11=1).sentence)

    page.get_by_label(re.compile("^kernel(?!,)")).select_option("blur")
    expect(middle).to_have_value("0.11")
    expect(status).to_have_text(ConvolutionExplorer(**now, preset="blur").sentence)
    page.get_by_label("stride").press("End")
    expect(status).to_contain_text("a map of 2×2 sums. At row 1, column 1,")
    page.evaluate(WATCH)
    reader.press("▶ Play")
    page.wait_for_function("seen.length >= 5")
    places = [re.search(r"row (\d), column (\d)", said).groups() for said in page.evaluate("seen")]
    assert "".join(i + j for i, j in places[:5]) in "00011011" * 2, (
        "row by row, and from the last to the first"
    )
    reader.press("❚❚ Pause")
    assert not reader.complaints


def test_an_address_gives_the_kernel_it_names(browser: Browser, tmp_path: Path):
    reader = Standing(
        ConvolutionExplorer(), browser, tmp_path, "#convolution?w22=4.5&picture=digit+8&stride=nine"
    )
    expect(reader.page.get_by_label("kernel, row 2, column 2")).to_have_value("4.5")
    reader.says("the digit 8 of 8×8 pixels", "stride=nine, which there is not")
