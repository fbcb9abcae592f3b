"""The message-passing explorer: its numbers are those of the matrix, and depth does what the chapter says."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import nnlearn as nn
from nnlearn.widgets import MessagePassingExplorer
from nnlearn.widgets.messages import GRAPHS, ROUNDS, SCALES, State, study
from tests.support.figures import Standing, functions


def test_a_round_is_a_product_with_s():
    state = MessagePassingExplorer(round=5).state
    S = nn.normalized_adjacency(nn.data.karate_club()[0], 34)
    np.testing.assert_allclose(state.history[5], S @ state.history[4], rtol=1e-5, atol=1e-7)
    assert state.history[0][[0, 33]].tolist() == [-1, 1] and not state.history[0][1:33].any()


def test_two_labels_conquer_the_club_and_lose_it_again_unless_they_come_back():
    explorer = MessagePassingExplorer(round=3)
    assert explorer.state.right[3] > 0.9
    assert explorer.state.right[ROUNDS] == 0.5
    explorer.set(back=0.1)
    assert explorer.state.right[ROUNDS] > 0.9


def test_the_limit_is_the_root_of_the_degree():
    state = MessagePassingExplorer(round=ROUNDS).state
    d = np.bincount(nn.data.karate_club()[0].ravel()) + 1
    ratio = state.history[-1] / np.sqrt(d)
    assert np.ptp(ratio) < 0.05 * abs(ratio.mean())


def test_a_mean_makes_all_alike():
    explorer = MessagePassingExplorer(scale=SCALES[1], round=ROUNDS)
    last = explorer.state.history[-1]
    assert np.ptp(last) < 0.05 * np.abs(last).max() or np.abs(last).max() < 1e-3


@pytest.mark.parametrize("graph", GRAPHS)
def test_the_known_are_the_best_linked_of_each_side(graph):
    state = MessagePassingExplorer(graph=graph, known=2).state
    assert sorted(state.y[state.known]) == [0, 0, 1, 1]


def test_another_round_computes_nothing_new():
    explorer, sent = MessagePassingExplorer(), []
    explorer.view.observe(lambda change: sent.append(change["name"]), "scene")
    explorer.view.values = {**explorer.values, "round": 9}
    assert explorer.sentence.startswith("After 9 rounds ") and not sent
    explorer.view.values = {**explorer.values, "loops": False}
    assert sent == ["scene"]


def matrix(state: State) -> np.ndarray:
    source, target, weight = state.messages
    M = np.zeros((len(state.y), len(state.y)))
    M[target, source] = weight
    return M


# -- in a browser --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def modules(browser: Browser) -> Page:
    return functions(browser, "messages", "study", "reached")


SETTINGS = [
    {"graph": graph, "scale": scale, "loops": loops, "known": known, "back": back}
    for graph, scale, loops, (known, back) in itertools.product(
        GRAPHS, SCALES, (True, False), ((1, 0.0), (2, 0.05), (5, 0.5))
    )
]


def test_the_pages_rounds_are_numpys(modules: Page):
    found = modules.evaluate(
        """([page, some]) => some.map((settings) => {
            const found = nn.study(settings, page);
            return { ...found, history: [...found.history] };
        })""",
        [MessagePassingExplorer().page(), SETTINGS],
    )
    for settings, theirs in zip(SETTINGS, found, strict=True):
        state = study(**settings)
        for mine, name in zip(state.messages, ("source", "target", "weight"), strict=True):
            np.testing.assert_allclose(theirs[name], mine, rtol=1e-12)
        assert theirs["known"] == state.known.tolist()
        sizes = np.abs(state.history).max(axis=1, keepdims=True)
        shape = state.history.shape
        np.testing.assert_allclose(np.array(theirs["sizes"], float), sizes[:, 0], rtol=1e-9)
        np.testing.assert_allclose(np.reshape(theirs["history"], shape), state.history / sizes, atol=1e-9)
        np.testing.assert_array_equal(np.reshape(theirs["history"], shape) == 0, state.history == 0)
        np.testing.assert_allclose(theirs["right"], state.right, rtol=1e-12)
        np.testing.assert_allclose(theirs["apart"], state.apart, atol=1e-9)


@pytest.mark.parametrize("graph", GRAPHS)
def test_a_number_has_reached_whom_a_power_of_the_matrix_says(graph: str, modules: Page):
    for loops, back in itertools.product((True, False), (0.0, 0.1)):
        state = study(graph=graph, scale=SCALES[2], loops=loops, known=1, back=back)
        (source, target, _), M, n = state.messages, matrix(state), len(state.y)
        for node, rounds in itertools.product((0, n // 2), (0, 1, 3, 6)):
            held = [np.linalg.matrix_power(M, k)[:, node] > 0 for k in range(rounds + 1)]
            expected = np.any(held, axis=0) if back else held[-1]
            found = modules.evaluate(
                "([source, target, ...asked]) => nn.reached({ source, target }, ...asked)",
                [source.tolist(), target.tolist(), node, rounds, back > 0, n],
            )
            np.testing.assert_array_equal(found, expected)


def spot(reader: Standing, state: State, node: int) -> tuple[float, float]:
    """Where a node stands in the window."""
    box = reader.page.get_by_label("the graph: point at a node").bounding_box()
    assert box is not None
    x, y = MessagePassingExplorer(graph=state.graph).scene()["places"][node]
    high = box["height"] - 44
    wide = min(box["width"] - 44, 1.35 * high)
    left = (box["width"] - wide) / 2
    return box["x"] + left + wide * x, box["y"] + box["height"] - 22 - high * y


def told(state: State, node: int, at: int) -> list[str]:
    """What is said of a node that is pointed at, from NumPy's own numbers."""
    M, z = matrix(state), state.history[at]
    heard = z[M[node] > 0]
    counts = [
        (int((heard > 0).sum()), "+"),
        (int((heard < 0).sum()), "−"),
        (int((heard == 0).sum()), "nothing"),
    ]
    says = ", ".join(f"{k} {word}" for k, word in counts if k)
    reach = int((np.linalg.matrix_power(M, at)[node] > 0).sum())
    return [
        f"Node {node} holds {signed(z[node])}.",
        f"In round {at + 1} it gets {len(heard)} message{'s' * (len(heard) != 1)}",
        f"({says}), and will hold {signed(M[node] @ z)}.",
        f"mixed into those of {'all' if reach == len(z) else f'{reach} of the'} {len(z)} nodes",
    ]


def signed(value: float) -> str:
    return f"{'+' * int(value > 0)}{value:.3g}".replace("-", "−")


def test_a_node_that_is_pointed_at_tells_what_it_hears(browser: Browser, tmp_path: Path):
    reader = Standing(MessagePassingExplorer(), browser, tmp_path)
    state, hint = MessagePassingExplorer().state, reader.page.locator(".hint")
    expect(hint).to_contain_text("Point at a node or press it")
    for node in (0, 8, 26):
        reader.page.mouse.move(*spot(reader, state, node))
        for words in told(state, node, 3):
            expect(hint).to_contain_text(words)
    reader.page.mouse.move(3, 3)
    expect(hint).to_contain_text("Point at a node or press it")
    reader.page.mouse.click(*spot(reader, state, 11))
    reader.page.mouse.move(3, 3)
    expect(hint).to_contain_text("Node 11 holds")
    graph = reader.page.get_by_label("the graph: point at a node")
    graph.press("ArrowRight")
    for words in told(state, 12, 3):
        expect(hint).to_contain_text(words)
    graph.press("Escape")
    expect(hint).to_contain_text("Point at a node or press it")
    assert not reader.complaints


def test_who_hears_whom_on_the_ring_without_self_loops(browser: Browser, tmp_path: Path):
    settings: dict[str, Any] = {"graph": GRAPHS[2], "loops": False, "known": 2}
    reader = Standing(MessagePassingExplorer(**settings, round=2), browser, tmp_path)
    graph = reader.page.get_by_label("the graph: point at a node")
    graph.press("ArrowRight")  # the first press points at node 0
    hint, state = reader.page.locator(".hint"), MessagePassingExplorer(**settings).state
    expect(hint).to_contain_text("mixed into those of 3 of the 24 nodes")
    for words in told(state, 0, 2):
        expect(hint).to_contain_text(words)
    assert "its own included" not in hint.inner_text()


def test_a_reader_plays_drags_and_chooses(browser: Browser, tmp_path: Path):
    widget = MessagePassingExplorer(round=76)
    reader = Standing(widget, browser, tmp_path)
    expect(reader.status).to_have_text(widget.sentence)
    reader.press("▶ Play")
    expect(reader.status).to_have_text(MessagePassingExplorer(round=ROUNDS).sentence)
    expect(reader.page.get_by_role("button", name="▶ Play")).to_be_visible()
    curves = reader.page.get_by_label("all rounds: drag to a round")
    box = curves.bounding_box()
    assert box is not None
    middle = box["x"] + 44 + (box["width"] - 54) / 2, box["y"] + 150
    reader.drag((middle[0] + 60, middle[1]), middle)
    expect(reader.status).to_have_text(MessagePassingExplorer(round=40).sentence)
    curves.press("ArrowLeft")
    reader.says("After 39 rounds ")
    page, moved = reader.page, {"graph": GRAPHS[1], "scale": SCALES[1], "loops": False, "known": 2}
    page.get_by_role("combobox").first.select_option(GRAPHS[1])
    page.get_by_label("weight of a message").select_option(SCALES[1])
    page.get_by_label("also to itself").uncheck()
    page.get_by_label("known of each side").press("ArrowRight")
    page.get_by_label("back to the start").press("ArrowRight")
    expect(reader.status).to_have_text(MessagePassingExplorer(**moved, back=0.05, round=39).sentence)
    assert not reader.complaints


def test_a_finger_presses_a_node(browser: Browser, tmp_path: Path):
    reader = Standing(MessagePassingExplorer(), browser, tmp_path, width=390)
    state, hint = MessagePassingExplorer().state, reader.page.locator(".hint")
    touch = """([x, y]) => {
        const canvas = document.querySelector('.nn-messages canvas');
        const where = { clientX: x, clientY: y, pointerType: 'touch', bubbles: true };
        for (const kind of ['pointerdown', 'pointerup', 'pointerleave'])
            canvas.dispatchEvent(new PointerEvent(kind, where));
    }"""
    reader.page.evaluate(touch, list(spot(reader, state, 33)))
    expect(hint).to_contain_text("Node 33 holds")
    reader.page.evaluate(touch, list(spot(reader, state, 33)))
    expect(hint).to_contain_text("Point at a node or press it")
    assert not reader.complaints and reader.sideways() == 0
