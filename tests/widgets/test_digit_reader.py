"""The digit reader: what it shows is the network's own, in NumPy and on a page; what is drawn is read."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import nnlearn as nn
from nnlearn.study.digits_gan import load_judge
from nnlearn.widgets import DigitReader
from nnlearn.widgets.digit_reader import BOX, THREE, centred, examples, ink, mosaic, moved, read, strokes
from tests.support.figures import Standing, functions

PATHS = {
    "three": THREE,
    "a dot": "M 14 20",
    "two strokes": "M10 5L8 15L20 15M17 5L16 24",
    "in a corner": "M2 2L5 2L3.5 7",
    "past the edge": "M-5 10L40 10",
    "a line of no length": "M14 14L14 14L14 14",
    "nothing": "",
    "no path": "hello L M 3",
}
DRAWN = {
    0: "M14 5L10 7L8 12L9 19L13 23L18 20L20 13L18 7L14 5",
    1: "M14 4L14 24",
    2: "M8 8L12 4L17 5L18 10L8 23L20 23",
    3: THREE,
    4: "M10 5L8 15L20 15M17 5L16 24",
    5: "M19 4L9 4L8 13L14 11L19 15L17 22L8 23",
    6: "M17 4L10 10L8 18L12 24L18 22L18 17L13 15L9 17",
    7: "M7 5L20 5L11 24",
    8: "M14 13L9 9L13 4L18 7L14 13L9 18L13 24L19 20L14 13",
    9: "M18 9L13 5L9 9L12 13L18 10L17 24",
}


def test_a_stroke_is_as_wide_everywhere_and_ends_round():
    image = ink([np.array([[6.0, 14.0], [22.0, 14.0]])])
    assert (image[13:15, 6:22] == 1).all() and image.max() == 1
    np.testing.assert_allclose(image, image[::-1], atol=1e-12)
    np.testing.assert_allclose(image, image[:, ::-1], atol=1e-12)
    assert not image[:12].any() and not image[:, :4].any()


@pytest.mark.parametrize("name", [name for name in PATHS if not name.startswith("no")])
def test_centred_has_its_mass_in_the_middle_and_mnists_size(name):
    lines = centred(strokes(PATHS[name]))
    image, at = ink(lines), np.arange(28) + 0.5
    middle = image.sum(axis=0) @ at / image.sum(), image.sum(axis=1) @ at / image.sum()
    np.testing.assert_allclose(middle, 14, atol=0.5)  # within what the paper's edge may have cut off
    size = np.ptp(np.concatenate(lines), axis=0).max()
    assert size == pytest.approx(BOX) or size == 0


def test_what_is_no_path_leaves_the_paper_empty():
    for path in ("", "hello L M 3"):
        assert strokes(path) == centred(strokes(path)) == [] and not ink(strokes(path)).any()


@pytest.mark.parametrize("digit", DRAWN)
def test_reads_digits_that_are_drawn(digit):
    assert DigitReader(drawing=DRAWN[digit]).state.logits.argmax() == digit


def test_maps_and_evidence_add_up_to_the_networks_answer():
    net = load_judge()
    for image in (*examples()[:4], ink(strokes(THREE)), np.zeros((28, 28))):
        state = read(image)
        x = image[None, None].astype(np.float32)
        np.testing.assert_allclose(state.logits, net(x).data[0], rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(state.shares, nn.softmax(net(x).data[0]), atol=1e-6)
        assert [m.shape for m in state.maps] == [(16, 28, 28), (32, 14, 14)]
        assert all((m >= 0).all() for m in state.maps)
        b = net.classify.b.data
        centre = state.logits - b - (state.logits - b).mean()
        np.testing.assert_allclose(state.evidence.sum(axis=(1, 2)), centre, atol=1e-4)
        np.testing.assert_allclose(state.evidence.mean(axis=0), 0, atol=1e-6)


@pytest.mark.parametrize(("right", "down"), [(0, 0), (3, -2), (-8, 8)])
def test_moved_is_numpys_roll_without_what_comes_in_behind(right, down):
    image = np.random.default_rng(0).random((28, 28))
    rolled = np.roll(image, (down, right), axis=(0, 1))
    at = np.arange(28)
    inside = ((at >= down) & (at < 28 + down))[:, None] & ((at >= right) & (at < 28 + right))
    np.testing.assert_array_equal(moved(image, right, down), np.where(inside, rolled, 0))


def test_a_digit_far_from_the_middle_is_misread():
    """What the chapter says of flattening: the same strokes, elsewhere."""
    wrong = sum(DigitReader(drawing=DRAWN[d], right=8, down=-8).state.logits.argmax() != d for d in DRAWN)
    assert wrong >= 4


def test_says_so_where_nothing_is_drawn():
    for path in ("", "nonsense"):
        assert "no way to say that there is no digit" in DigitReader(drawing=path).sentence


def test_mosaic_shows_every_map_and_stands_dark_ones():
    maps = np.zeros((5, 3, 3))
    maps[4, 1, 2] = 7
    found = mosaic(maps, across=3)
    assert found.shape == (7, 11) and found[5, 6] == 1 and np.isfinite(found).all()


# -- in a browser --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def modules(browser: Browser) -> Page:
    return functions(browser, "reader", "strokes", "ink", "centred", "moved", "read", "bytes")


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_the_pages_ink_is_numpys(path: str, modules: Page):
    found = modules.evaluate(
        """(path) => {
            const drawn = nn.strokes(path), middle = nn.ink(nn.centred(drawn));
            return [[...nn.ink(drawn)], [...nn.moved(middle, 5, -3)]];
        }""",
        path,
    )
    lines = strokes(path)
    for mine, theirs in zip(found, (ink(lines), moved(ink(centred(lines)), 5, -3)), strict=True):
        np.testing.assert_allclose(mine, theirs.ravel(), atol=1e-9)


def test_the_pages_network_is_numpys(modules: Page):
    packed = DigitReader().page()["tensors"]
    for image in (*examples(), ink(strokes(THREE)), np.zeros((28, 28))):
        found = modules.evaluate(
            """([image, packed]) => {
                const floats = (text) => new Float32Array(nn.bytes(text).buffer);
                const tensors = Object.entries(packed).map(([name, text]) => [name, floats(text)]);
                const found = nn.read(Float64Array.from(image), Object.fromEntries(tensors));
                return Object.fromEntries(Object.entries(found).map(([name, values]) => [name, [...values]]));
            }""",
            [image.ravel().tolist(), packed],
        )
        state = read(image)
        expected = {"first": state.maps[0], "second": state.maps[1], "evidence": state.evidence}
        expected |= {"logits": state.logits, "shares": state.shares}
        for name, values in expected.items():  # the kernel's has float32's digits
            np.testing.assert_allclose(found[name], values.ravel(), rtol=1e-4, atol=1e-4, err_msg=name)


def test_a_reader_draws_and_is_read(browser: Browser, tmp_path: Path):
    widget = DigitReader()
    reader = Standing(widget, browser, tmp_path)
    page, status = reader.page, reader.status
    expect(status).to_have_text(widget.sentence)
    reader.press("Clear")
    expect(status).to_have_text(DigitReader(drawing="").sentence)
    pad = page.get_by_label("the pad").bounding_box()
    unit = pad["width"] / 28

    def draw(*points: tuple[float, float]) -> None:
        (x, y), *others = [(pad["x"] + x * unit, pad["y"] + y * unit) for x, y in points]
        page.mouse.move(x, y)
        page.mouse.down()
        for x, y in others:
            page.mouse.move(x, y, steps=8)
        page.mouse.up()

    draw((10, 5), (8, 15), (20, 15))
    draw((17, 5), (16, 24))
    reader.says("It reads a 4", "evidence for 4")
    page.get_by_role("button", name="9: ").click()
    reader.says("It reads a 4", "The evidence for 9 adds up to")
    expect(page.get_by_text("evidence for 9: ")).to_be_visible()
    reader.press("Undo")
    expect(status).not_to_contain_text("It reads a 4 ")
    page.get_by_label("picture", exact=False).first.select_option("test digit 6")
    expect(status).to_have_text(DigitReader(picture="test digit 6", digit="9").sentence)
    draw((14, 4), (14, 24))  # over a test picture: a drawing of one's own begins
    reader.says("It reads a 1")
    assert not reader.complaints
    assert "digit=9" in page.url and "drawing=M14" in page.url
