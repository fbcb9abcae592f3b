"""What drawings are made of: a sheet, and on it labels, boxes, nodes and arrows."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Patch

from nnlearn.figures import plot

Point = Sequence[float] | np.ndarray

CELL, EDGE = "#F3E3C3", "#8A6D3B"  # the inside and the outline of nerve cells and units
PLATE = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}  # `bbox` of a label that lies on a line


def sheet(xlim: plot.Limits, ylim: plot.Limits, unit: float) -> Axes:
    """An empty sheet without axes, on which one unit is `unit` inches, across as well as up."""
    width, height = unit * (xlim[1] - xlim[0]), unit * (ylim[1] - ylim[0])
    ax = plot.axes(width=width, height=height, xlim=xlim, ylim=ylim, aspect="equal")
    ax.set_axis_off()
    return ax


def label(ax: Axes, at: Point, text: str, **lettering: Any) -> None:
    """A text with its middle at `at`."""
    ax.text(*at, text, **({"ha": "center", "va": "center", "zorder": 4} | lettering))


def box(
    ax: Axes, at: Point, size: Point, text: str = "", face: str = CELL, edge: str = EDGE, **lettering: Any
) -> Patch:
    """A rounded box of `size` (width, height) with its middle at `at`, and a text in it."""
    corner = np.subtract(at, np.divide(size, 2))
    patch = FancyBboxPatch(corner, *size, boxstyle="round,pad=0,rounding_size=0.15")
    return _inscribed(ax, patch, at, text, face, edge, lettering)


def node(
    ax: Axes, at: Point, text: str = "", radius: float = 0.4, face: str = CELL, edge: str = EDGE,
    **lettering: Any,
) -> Patch:  # fmt: skip
    """A circle around `at`, and a text in it."""
    return _inscribed(ax, Circle(at, radius), at, text, face, edge, lettering)


def _inscribed(
    ax: Axes, patch: Patch, at: Point, text: str, face: str, edge: str, lettering: dict[str, Any]
) -> Patch:
    patch.set(facecolor=face, edgecolor=edge, linewidth=2, zorder=3)
    label(ax, at, text, **lettering)
    return ax.add_patch(patch)


def arrow(
    ax: Axes, start: Point | Patch, end: Point | Patch, colour: str = plot.BLACK, linewidth: float = 1.6,
    text: str = "", at: float = 0.5, **style: Any,
) -> None:  # fmt: skip
    """An arrow between points, boxes and nodes, from edge to edge; a wider line gets a larger head.

    `text` lies on it, at the part `at` of the way from middle to middle.
    """
    (here, patch_a), (there, patch_b) = _anchor(start), _anchor(end)
    look = {"arrowstyle": "-|>", "mutation_scale": 10 + 3 * linewidth, "zorder": 2} | style
    line = FancyArrowPatch(here, there, patchA=patch_a, patchB=patch_b, linewidth=linewidth, **look)
    line.set_color(colour)
    ax.add_patch(line)
    if text:
        label(ax, here + at * (there - here), text, color=colour, bbox=PLATE)


def _anchor(end: Point | Patch) -> tuple[np.ndarray, Patch | None]:
    """The point that an arrow heads for, and the patch at whose rim it stops."""
    if not isinstance(end, Patch):
        return np.array(end), None
    rim = end.get_patch_transform().transform_path(end.get_path()).get_extents()
    return (rim.min + rim.max) / 2, end
