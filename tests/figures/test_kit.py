"""Boxes, nodes and the arrows between them, measured in the finished figure."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.path import Path

from nnlearn.figures import plot
from nnlearn.figures.kit import arrow, box, label, node, sheet


@pytest.fixture
def ax() -> Axes:
    return sheet((-1, 9), (-2, 3), unit=0.5)


def draw(ax: Axes) -> None:
    FigureCanvasAgg(ax.figure).draw()


def outline(ax: Axes) -> np.ndarray:
    """The points (n, 2) of the last arrow's outline, in units of the sheet."""
    draw(ax)
    paths, _ = ax.patches[-1]._get_path_in_displaycoord()
    points = [point for path in paths for point, code in path.iter_segments() if code != Path.CLOSEPOLY]
    return ax.transData.inverted().transform(np.concatenate(points).reshape(-1, 2))


def test_a_unit_of_the_sheet_is_as_long_across_as_up(ax):
    draw(ax)
    pixels = np.diff(ax.transData.transform([[0, 0], [1, 1]]), axis=0)[0] / ax.figure.dpi
    assert pixels[0] == pytest.approx(pixels[1])
    assert pixels[0] == pytest.approx(0.5, rel=0.05)
    assert tuple(ax.figure.get_size_inches()) == (5, 2.5)


@pytest.mark.parametrize(
    "make", [lambda ax: box(ax, (2, 1), (3, 1.5), "in"), lambda ax: node(ax, (2, 1), "in")]
)
def test_a_text_stands_in_the_middle_and_above_what_it_names(ax, make):
    patch = make(ax)
    draw(ax)
    (text,) = ax.texts
    middle, around = text.get_window_extent(), patch.get_window_extent()
    assert (middle.x0 + middle.x1) / 2 == pytest.approx((around.x0 + around.x1) / 2, abs=1)
    assert (middle.y0 + middle.y1) / 2 == pytest.approx((around.y0 + around.y1) / 2, abs=1)
    assert text.get_zorder() > patch.get_zorder()


def test_a_box_is_as_large_as_it_is_told(ax):
    extents = box(ax, (2, 1), (3, 1.5)).get_path().get_extents()
    assert extents.extents == pytest.approx([0.5, 0.25, 3.5, 1.75])


def test_an_arrow_runs_from_rim_to_rim(ax):
    arrow(ax, node(ax, (0, 0), radius=0.5), box(ax, (6, 0), (2, 1)))
    x = outline(ax)[:, 0]
    assert 0.5 < x.min() < 0.7
    assert 4.8 < x.max() < 5.0


def test_an_arrow_aims_at_the_middle_of_what_it_stops_at(ax):
    arrow(ax, (0, 2), box(ax, (4, 0), (2, 2)))
    tip = max(outline(ax), key=lambda point: point[0])
    assert tip == pytest.approx([3, 0.5], abs=0.2)


def test_an_arrows_head_is_at_its_end_and_larger_on_a_wider_line(ax):
    wide = {}
    for linewidth in (1, 5):
        arrow(ax, (0, 0), (6, 0), linewidth=linewidth)
        points = outline(ax)
        wide[linewidth] = np.ptp(points[:, 1])
        widest = points[np.abs(points[:, 1]).argmax()]
        assert widest[0] > 5
    assert wide[5] > 1.5 * wide[1] > 0


def test_an_arrow_passes_under_boxes_and_over_the_sheet(ax):
    patch = box(ax, (2, 0), (1, 1))
    arrow(ax, (0, 0), (4, 0))
    assert patch.get_zorder() > ax.patches[-1].get_zorder()


def test_an_arrows_text_lies_on_it_and_interrupts_it(ax):
    arrow(ax, node(ax, (0, 0)), node(ax, (8, 2)), plot.BLUE, text="× 2", at=0.25)
    (text,) = [text for text in ax.texts if text.get_text()]
    assert text.get_position() == (2, 0.5)
    assert text.get_color() == plot.BLUE
    assert text.get_bbox_patch().get_facecolor() == (1, 1, 1, 1)


def test_a_label_is_centred_unless_told_otherwise(ax):
    label(ax, (1, 1), "centred")
    label(ax, (1, 1), "from here on", ha="left")
    draw(ax)
    here = ax.transData.transform((1, 1))[0]
    centred, left = (text.get_window_extent() for text in ax.texts)
    assert (centred.x0 + centred.x1) / 2 == pytest.approx(here, abs=1)
    assert left.x0 == pytest.approx(here, abs=1)
