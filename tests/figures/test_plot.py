"""What `nn.plot` writes and draws: pictures with their alt text, numbers, points and boundaries."""

import base64

import numpy as np
import pytest

from nnlearn.figures import plot

ALT = "A rising line, which says in eight words enough"


def test_show_stores_the_picture_with_its_alt_text(monkeypatch):
    shown = []
    monkeypatch.setattr(plot, "display", lambda data, metadata, raw: shown.append((data, metadata, raw)))
    ax = plot.axes(width=4, height=2, xlabel="x")
    plot.show(ax, ALT)
    ((data, metadata, raw),) = shown
    assert raw and base64.b64decode(data["image/png"]) == plot.png(ax.figure)
    assert data["text/plain"] == metadata["image/png"]["alt"] == ALT
    assert metadata["image/png"]["width"] == 360


@pytest.mark.parametrize("alt", ["", "A figure of seven words says little"])
def test_show_wants_an_alt_text_of_eight_words(alt):
    with pytest.raises(ValueError, match="show: alt must say what the figure shows in 8 words"):
        plot.show(plot.axes(), alt)


def test_show_finds_the_figure_of_many_axes(monkeypatch):
    shown = []
    monkeypatch.setattr(plot, "display", lambda data, **rest: shown.append(data["image/png"]))
    axs = plot.axes(2, 2, width=2, height=2)
    for ax in (axs, axs[1, 0], axs[0, 0].figure):
        plot.show(ax, ALT)
    assert len(set(shown)) == 1


@pytest.mark.parametrize(
    ("value", "spec", "text"),
    [
        (3, "g", "3"),
        (-0.5, "g", "−0.5"),
        (np.float32(-2.25), ".1f", "−2.2"),
        (np.int64(-7), "g", "−7"),
        (-0.0, "g", "0"),
        (-0.001, ".2f", "0.00"),
        (1234.5, ".3g", "1.23e3"),
        (-1e-7, "g", "−1e−7"),
        (1e10, ".0e", "1e10"),
        (100, "g", "100"),
    ],
)
def test_number_has_a_true_minus_and_no_sign_at_zero(value, spec, text):
    assert plot.number(value, spec) == text


def test_points_have_a_colour_and_a_marker_for_each_class():
    ax = plot.axes()
    X = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
    plot.points(ax, X, np.array([1, 0, 1]), names=["no", "yes"])
    no, yes = ax.collections
    assert np.array_equal(no.get_offsets(), X[1:2]) and np.array_equal(yes.get_offsets(), X[::2])
    assert not np.array_equal(no.get_facecolor(), yes.get_facecolor())
    assert len(no.get_paths()[0]) != len(yes.get_paths()[0])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["no", "yes"]


def test_points_says_which_shapes_it_wants():
    with pytest.raises(ValueError, match=r"X must be \(N, 2\) and y \(N,\), got \(3, 3\) and \(3,\)"):
        plot.points(plot.axes(), np.zeros((3, 3)), np.zeros(3))


def test_regions_have_the_class_of_the_point_they_cover():
    ax = plot.axes()
    plot.regions(ax, lambda X: (X[:, 1] > X[:, 0]).astype(int), xlim=(0, 1), ylim=(0, 2), n=11)
    (image,) = ax.images
    assert image.get_extent() == [0, 1, 0, 2] and image.origin == "lower"
    above, below = image.get_array()[10, 0], image.get_array()[0, 10]
    assert (above, below) == (1, 0)


def test_boundary_lies_where_the_unit_is_undecided_and_moves_no_limits():
    ax = plot.axes(xlim=(-1, 3), ylim=(-2, 5))
    w, b = np.array([2.0, -1.0]), 0.5
    plot.boundary(ax, w, b)
    (line,) = ax.lines
    for point in (line.get_xy1(), line.get_xy2()):
        assert np.dot(w, point) + b == pytest.approx(0)
    assert (ax.get_xlim(), ax.get_ylim()) == ((-1, 3), (-2, 5))


def test_no_weights_no_boundary():
    ax = plot.axes()
    plot.boundary(ax, np.zeros(2), 1.0)
    assert not ax.lines


def test_contours_are_finer_towards_the_lowest():
    ax = plot.axes()
    plot.contours(ax, lambda points: (points**2).sum(-1), xlim=(-1, 1), ylim=(-1, 1), bands=5)
    (bands,) = ax.collections
    steps = np.diff(bands.levels)
    assert bands.levels[-1] == pytest.approx(2) and len(steps) == 4
    assert (np.diff(steps) > 0).all()
