"""The saliency explorer: its maps are the chapter's, and it says what the network says; a page does too."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import nnlearn as nn
from nnlearn.widgets import SaliencyExplorer
from nnlearn.widgets.saliency import MAPS, NETWORKS
from tests.support.figures import Standing, functions


def test_the_map_is_the_function_s():
    x, y = (part[:3] for part in nn.data.mnist()[1])
    state = SaliencyExplorer(picture=2).state
    net = nn.adversarial.load_pair()[0]
    expected = nn.integrated_gradients(net, x[2:], state.target, steps=32)[0, 0]
    np.testing.assert_allclose(state.map, expected, atol=1e-5)
    assert state.truth == y[2] == state.target


@pytest.mark.parametrize("method", MAPS)
def test_every_map_has_the_picture_s_shape_in_every_network(method):
    explorer = SaliencyExplorer(method=method)
    for network in NETWORKS:
        explorer.set(network=network)
        assert explorer.state.map.shape == (28, 28) and np.isfinite(explorer.state.map).all()


def test_guided_leaves_the_network_as_it_was():
    explorer = SaliencyExplorer(method="guided")
    guided = explorer.state.map
    explorer.set(method="slope")
    assert not np.allclose(explorer.state.map, guided)


def test_a_map_that_is_interrupted_leaves_the_network_as_it_was(monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    explorer = SaliencyExplorer(picture=2)
    before = explorer.state.map
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("nnlearn.study.attribution.input_gradient", stop)
        explorer.set(method="guided")
    explorer.set(method="integrated")
    np.testing.assert_array_equal(explorer.state.map, before)


def test_an_attack_changes_the_plain_network_s_answer_and_a_class_can_be_asked_for():
    explorer = SaliencyExplorer(picture=2, eps=0.2)
    assert explorer.state.probability.argmax() != explorer.state.truth
    explorer.set(eps=0.0, target="4")
    assert explorer.state.target == 4 and "of 4" in explorer.sentence


def test_what_is_wiped_off_is_paper_and_counted():
    explorer = SaliencyExplorer(wiped="0 783 x 406 406 784 -1")
    assert (
        explorer.state.x.ravel()[[0, 406, 783]].tolist() == [0, 0, 0] and "wiped off: 3" in explorer.sentence
    )
    ink = SaliencyExplorer().state.x.ravel().nonzero()[0]
    explorer.set(wiped=" ".join(map(str, ink)))
    assert not explorer.state.x.any()


# -- in a browser --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def modules(browser: Browser) -> Page:
    page = functions(browser, "saliency", "explained", "unpacked", "attacked", "softmax")
    page.evaluate("(page) => { window.given = nn.unpacked(page); }", SaliencyExplorer().page())
    return page


@pytest.mark.parametrize("method", MAPS)
@pytest.mark.parametrize("network", NETWORKS)
def test_the_pages_map_is_numpys(method: str, network: str, modules: Page):
    explorer = SaliencyExplorer(picture=7, method=method, network=network, target="3", wiped="405 406 407")
    found = modules.evaluate(
        """(v) => {
            const { x, map, ...rest } = nn.explained(v, given, given.nets[v.network]);
            return { x: [...x], map: [...map], ...rest };
        }""",
        explorer.values,
    )
    state = explorer.state
    np.testing.assert_array_equal(found["x"], state.x.ravel())
    np.testing.assert_allclose(found["probability"], state.probability, atol=1e-6)
    assert (found["truth"], found["target"]) == (state.truth, 3)
    off = np.abs(np.reshape(found["map"], (28, 28)) - state.map) > 1e-5 * np.abs(state.map).max()
    # on blank paper pooled values are alike but for rounding, and so is which of them has the slope
    assert not off[state.x > 0].any() and off.mean() < 0.05


def test_a_step_of_the_pages_attack_is_numpys(modules: Page):
    """From the same start, one step moves all pixels alike but those whose slope is as good as none."""
    (X, y), net, eps = nn.data.mnist()[1], nn.adversarial.load_pair()[0], 0.2
    x = X[[4]]
    slope = nn.adversarial.loss_gradient(net, x, y[[4]])[0, 0].ravel()
    found = modules.evaluate(
        """([k, truth]) => {
            const net = given.nets.plain, seen = net.read(given.pictures[k]);
            return [...net.slopes(seen, nn.softmax(seen.logits).map((p, c) => p - Number(c === truth)))];
        }""",
        [4, int(y[4])],
    )
    inked = x.ravel() > 0
    np.testing.assert_allclose(np.array(found)[inked], slope[inked], atol=1e-5 * np.abs(slope).max())
    end = modules.evaluate(
        "([k, truth, eps]) => [...nn.attacked(given.nets.plain, given.pictures[k], truth, eps, given.start)]",
        [4, int(y[4]), eps],
    )
    assert np.abs(np.array(end) - x.ravel()).max() <= eps + 1e-6 and 0 <= min(end) and max(end) <= 1
    wanted = nn.adversarial.pgd(net, x, y[[4]], eps, 10, rng=0).ravel()
    assert np.abs(np.array(end) - wanted).mean() < 0.02
    losses = [
        nn.cross_entropy(net(np.float32(z).reshape(1, 1, 28, 28)), y[[4]]).item() for z in (end, wanted)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=0.05)


def test_a_reader_wipes_and_asks_for_a_class(browser: Browser, tmp_path: Path):
    stored = SaliencyExplorer()
    reader = Standing(stored, browser, tmp_path)
    page, now = reader.page, {}
    expect(reader.status).to_have_text(stored.sentence)
    paper = page.get_by_label("the digit: drag over it")
    box = paper.bounding_box()
    unit = box["width"] / 28
    reader.drag(
        (box["x"] + 10.5 * unit, box["y"] + 14.5 * unit), (box["x"] + 18.5 * unit, box["y"] + 14.5 * unit)
    )
    reader.says("Pixels wiped off: ")
    page.get_by_role("button", name="Restore").click()
    expect(reader.status).to_have_text(stored.sentence)
    paper.press("ArrowUp")
    paper.press(" ")
    now["wiped"] = str(406 - 28)
    expect(reader.status).to_have_text(SaliencyExplorer(**now).sentence)
    page.get_by_role("button", name="4: ").click()
    now["target"] = "4"
    expect(reader.status).to_have_text(SaliencyExplorer(**now).sentence)
    page.get_by_role("combobox").first.select_option("occlusion")
    now["method"] = "occlusion"
    expect(reader.status).to_have_text(SaliencyExplorer(**now).sentence)
    page.get_by_label("picture").press("ArrowRight")  # another picture begins whole
    expect(reader.status).to_have_text(SaliencyExplorer(picture=3, target="4", method="occlusion").sentence)
    assert not reader.complaints
