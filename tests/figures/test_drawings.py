"""Every drawing: nothing is cut off, no two texts lie on each other, and it says what it was given."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.lines import Line2D
from matplotlib.transforms import Bbox

from nnlearn.figures import drawings, plot

W1, W2 = np.array([[1.0, -1.0, 0.5], [0.0, 1.0, -2.0]]), np.array([[2.0], [5.0], [-3.0]])
LAYERS = [(W1, np.array([-1.0, 0.0, 4.0])), (W2, np.array([4.0]))]
XOR = [
    (np.ones((2, 2)), np.array([-0.5, -1.5])),
    (np.array([[1.0], [-1.0]]), np.array([-0.5])),
]
GRIDS = {"x": np.array([[1, -2, 3], [4, 5, 6]]), "w": np.array([[1]]), "y": np.array([[1, -2, 3], [4, 5, 6]])}


def computation() -> Axes:
    return drawings.computation(
        {"x": (0, 0), "z": (3.2, 1), "L": (6.4, 0)}, {("x", "z"): "× 3", ("z", "L"): "× 2"},
        values={"x": "2", "z": "6", "L": "12"}, gradients={"L": "1", "z": "2"},
    )  # fmt: skip


def links() -> Axes:
    edges = np.array([[0, 1], [1, 2], [2, 3], [3, 4], [4, 5], [5, 0], [0, 3]])
    ax = plot.axes(width=5, height=4)
    drawings.links(ax, drawings.spring(edges, 6), edges, texts="abcdef")
    return ax


def board() -> Axes:
    ax = plot.axes(width=3, height=3)
    drawings.game_board(ax, np.array([[1, -1, 0], [0, 1, 0], [0, 0, -1]]), np.full((3, 3), 0.2), "a title")
    return ax


def grid() -> Axes:
    ax = plot.axes(width=4, height=4)
    signs, value = np.array([list("S.g"), list(".#."), list("..G")]), np.arange(9) / 9
    drawings.grid_map(ax, signs, value, [0, 3, 6, 7, 8], "a title")
    return ax


def pixels(draw: Callable) -> Axes:
    ax = plot.axes(width=3, height=3)
    draw(ax, np.array([[0.0, 1.0], [0.5, -2.0]]), "a title")
    return ax


DRAWINGS: dict[str, Callable] = {
    "cell_and_unit": drawings.cell_and_unit,
    "computation": computation,
    "filled_gaps": lambda: drawings.filled_gaps(
        [("a long sentence with one ____ in the middle of it", "gap", ["gap", "hole"], np.array([0.7, 0.2]))]
        * 4
    ),
    "game_board": board,
    "gpt": drawings.gpt,
    "grid_map": grid,
    "ink": lambda: pixels(drawings.ink),
    "links": links,
    "lstm_cell": drawings.lstm_cell,
    "network": lambda: drawings.network(LAYERS),
    "network with numbers": lambda: drawings.network(XOR, numbers=True),
    "number_grids": lambda: drawings.number_grids(GRIDS, {"x": (0, 1, 1)}, "∗"),
    "order_of_a_diamond": drawings.order_of_a_diamond,
    "reading_and_writing": drawings.reading_and_writing,
    "signed_map": lambda: pixels(drawings.signed_map),
    "sliding_windows": lambda: drawings.sliding_windows(7, {"plain": (1, 0, 1), "wide": (2, 1, 2)}),
    "tape_of_a_neuron": drawings.tape_of_a_neuron,
    "three_beginnings": drawings.three_beginnings,
    "three_sets": drawings.three_sets,
    "unrolled": drawings.unrolled,
    "who_looks_at_whom": lambda: drawings.who_looks_at_whom(["a", "name", "is"]),
}


def texts(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts if text.get_text()]


def test_every_drawing_is_tried():
    assert {name.split()[0] for name in DRAWINGS} == set(drawings.__all__) - {
        "graph",
        "layout",
        "curve",
        "spring",
        "wrong_backward",  # tests/study/test_counterexample.py
    }


@pytest.mark.parametrize("name", DRAWINGS)
def test_nothing_is_cut_off_and_no_text_lies_on_another(name):
    axs = np.atleast_1d(DRAWINGS[name]()).ravel()
    figure = axs[0].figure
    FigureCanvasAgg(figure).draw()
    x1, y1 = figure.bbox.max
    for artist in itertools.chain.from_iterable([*ax.patches, *ax.texts, *ax.lines] for ax in axs):
        if isinstance(artist, Line2D) and not len(artist.get_xdata()):
            continue
        extent = artist.get_window_extent()
        inside = extent.x0 > -1 and extent.y0 > -1 and extent.x1 < x1 + 1 and extent.y1 < y1 + 1
        assert inside, f"{artist} is cut off"
    written = [text for ax in axs for text in ax.texts if text.get_text()]
    for one, other in itertools.combinations(written, 2):
        overlap = Bbox.intersection(one.get_window_extent(), other.get_window_extent())
        assert overlap is None or min(overlap.size) < 3, f"{one} lies on {other}"


def test_a_network_s_arrows_have_the_sign_and_the_strength_of_its_weights():
    ax = drawings.network(LAYERS)
    arrows = [patch for patch in ax.patches if hasattr(patch, "get_arrowstyle")]
    weights = np.concatenate([W.ravel() for W, _ in LAYERS])
    assert len(arrows) == len(weights)
    for arrow, w in zip(arrows, weights, strict=True):
        colour = plot.BLUE if w > 0 else plot.VERMILION if w < 0 else plot.GREY
        assert plot.matplotlib.colors.same_color(arrow.get_edgecolor(), colour)
        assert arrow.get_linewidth() == 1 + min(abs(w), 3)
    assert {"$W_1$ (2, 3)", "$W_2$ (3, 1)", "$x_1$", "$h_3$", "$y$"} <= set(texts(ax))


def test_a_network_with_numbers_says_every_weight_and_bias():
    said = texts(drawings.network(XOR, numbers=True))
    assert sorted(t for t in said if t in ("1", "−1")) == ["1"] * 5 + ["−1"]
    assert [t for t in said if t.startswith("b")] == ["b = −0.5", "b = −1.5", "b = −0.5"]


def test_number_grids_say_every_number_and_frame_the_mark():
    ax = drawings.number_grids(GRIDS, {"x": (0, 1, 1)}, "∗")
    assert texts(ax).count("−2") == 2 and {"∗", "=", "x", "w", "y"} <= set(texts(ax))
    (frame,) = ax.patches
    (marked,) = [t for t in ax.texts if t.get_text() == "−2" and t.get_position()[0] < 3]
    extents = frame.get_path().get_extents()
    assert marked.get_position() == ((extents.x0 + extents.x1) / 2, (extents.y0 + extents.y1) / 2)


@pytest.mark.parametrize(
    ("case", "outputs"), [((1, 0, 1), 5), ((1, 1, 1), 7), ((2, 0, 1), 3), ((1, 0, 2), 3)]
)
def test_sliding_windows_count_the_outputs_and_draw_three_lines_to_each(case, outputs):
    (ax,) = np.atleast_1d(drawings.sliding_windows(7, {"case": case, "same": case}))[:1]
    assert ax.get_title(loc="left") == f"case: {outputs} outputs"
    lines = [line for line in ax.lines if line.get_marker() == "None"]
    assert len(lines) == 3 * outputs
    reached = {float(line.get_xdata()[0]) for line in lines}
    stride, padding, dilation = case
    assert min(reached) == -padding and max(reached) <= 6 + padding
    first = sorted(float(line.get_xdata()[0]) for line in lines[:3])
    assert np.diff(first).tolist() == [dilation, dilation]
    tops = [float(line.get_xdata()[1]) for line in lines[::3]]
    assert set(np.diff(tops)) == {stride}


def test_a_graph_writes_values_under_nodes_and_gradients_on_edges():
    ax = plot.axes()
    drawings.graph({"x": [], "w": [], "p": ["w", "x"]}, {"x": "3", "p": "6"}, {"x→p": "2"}, ax)
    at = {text.get_text(): text for text in ax.texts if text.get_text()}
    assert {"x", "w", "p", "3", "6", "2"} == set(at)
    assert at["3"].xy == pytest.approx(at["x"].get_position())
    middle = np.add(at["x"].get_position(), at["p"].get_position()) / 2
    assert at["2"].get_position() == pytest.approx(middle)


def test_the_tape_s_gradients_are_those_of_the_formula():
    said = [text.removeprefix("← ").split()[0] for text in texts(drawings.tape_of_a_neuron()) if text]
    slope = 1 - np.tanh(0.5 * 2 - 0.5) ** 2
    for gradient in (slope, 2 * slope, 0.5 * slope):
        assert f"{gradient:.3g}" in said
    assert f"{np.tanh(0.5):.3g}" in said and "−0.5" in said


def test_a_board_writes_its_marks_and_the_shares_of_free_cells_only():
    assert sorted(texts(board())) == sorted(["X", "O", "X", "O", *["20%"] * 5])


def test_a_grid_map_writes_letters_and_values_and_leaves_walls_bare():
    said = texts(grid())
    assert said[:3] == ["S", "0.11", "g"] and len(said) == 8 and said[-1] == "G"


def test_zero_is_white_in_a_map_with_signs_and_an_empty_map_is_no_error():
    (image,) = pixels(drawings.signed_map).images
    assert image.get_clim() == (-2, 2) and np.allclose(image.cmap(image.norm(0.0))[:3], 0.97, atol=0.03)
    ax = plot.axes()
    drawings.signed_map(ax, np.zeros((2, 2)))
    assert ax.images[0].get_clim() == (-1, 1)
