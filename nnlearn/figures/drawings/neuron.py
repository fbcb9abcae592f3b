"""The nerve cell and its model."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from nnlearn.figures import plot
from nnlearn.figures.kit import EDGE, Point, arrow, box, label, node, sheet
from nnlearn.figures.layout import curve


def cell_and_unit() -> Axes:
    """A nerve cell above the unit that models it, each part over its counterpart."""
    ax = sheet((-1.2, 14.2), (-6.2, 3.7), unit=0.54)
    for x, part in ((-0.3, "inputs"), (1.68, "weights"), (5.6, "sum"), (7.6, "threshold"), (12.2, "output")):
        ax.plot([x, x], [-5.2, 3.0], color="#D9D9D9", linewidth=1, linestyle=(0, (4, 4)), zorder=0)
        label(ax, (x, -5.8), part, color=plot.GREY)
    _nerve_cell(ax)
    _unit(ax)
    return ax


def _nerve_cell(ax: Axes) -> None:
    """Dendrites on the left, the soma at (5.6, 1), the axon to the right."""
    soma = (5.6, 1.0)
    for y, ends in ((2.3, (2.9, 2.0)), (1.0, (1.35, 0.65)), (-0.3, (0.1, -0.9))):
        _fibre(ax, soma, (3.5, y), widths=(9, 5))
        for end in ends:
            _fibre(ax, (3.5, y), (2.0, end), widths=(5, 2.5))
    _fibre(ax, soma, (8.4, 1.0), widths=(12, 5))
    ax.plot([7.2, 8.1], [1, 1], color=plot.ORANGE, linewidth=7, solid_capstyle="butt", zorder=3)
    ax.plot([8.1, 11.6], [1, 1], color=EDGE, linewidth=3.5, zorder=1)
    for x in (8.8, 9.85, 10.9):
        box(ax, (x, 1), (0.84, 0.48), face="#E8EEF2", edge=plot.GREY)
    for y in (1.9, 1.0, 0.1):
        _fibre(ax, (11.5, 1.0), (12.9, y), widths=(3.5, 2.5))
        node(ax, (12.95, y), radius=0.13, face=EDGE)
    node(ax, soma, radius=0.9)
    node(ax, (5.55, 1.05), radius=0.36, face="#C4AE86", edge="#C4AE86")
    for y, sign, colour in ((2.97, "+", plot.BLUE), (1.42, "+", plot.BLUE), (-0.97, "−", plot.VERMILION)):
        ax.plot([-1.0, 1.6], [y, y], color=colour, linewidth=2)
        node(ax, (1.68, y), sign, 0.18, colour, colour, color="white", weight="bold", fontsize=11)
    for x, y, name in (
        (1.68, 3.45, "synapses"), (3.9, 2.85, "dendrites"), (5.6, 2.25, "soma"),
        (7.7, 1.6, "initial segment"), (9.9, 0.3, "axon, in myelin"), (12.9, 2.35, "terminals"),
    ):  # fmt: skip
        label(ax, (x, y), name, fontsize=11.5)


def _fibre(ax: Axes, start: Point, end: Point, widths: tuple[float, float]) -> None:
    """A fibre that leaves `start` level, arrives level at `end`, and gets thinner on its way."""
    line = curve([np.array(start), np.array(end)])
    pieces = np.stack([line[:-1], line[1:]], axis=1)
    thickness = np.linspace(*widths, len(pieces))
    ax.add_collection(LineCollection(pieces, linewidths=thickness, colors=EDGE, capstyle="round", zorder=2))


def _unit(ax: Axes) -> None:
    """Inputs, weights, the sum, the step, the output, each under its part of the cell."""
    y0 = -3.5
    total = node(ax, (5.6, y0), r"$\Sigma + b$", radius=0.75, fontsize=13)
    for y, k, colour in ((-2.3, 1, plot.BLUE), (y0, 2, plot.BLUE), (-4.7, 3, plot.VERMILION)):
        x = node(ax, (-0.3, y), f"$x_{k}$", radius=0.36, face="white", edge=colour)
        arrow(ax, x, total, colour, text=f"$w_{k}$", at=0.336)  # under the synapses
    threshold = box(ax, (7.62, y0), (1.05, 1.1), face="white", edge=plot.ORANGE)
    ax.plot([7.25, 7.62, 7.62, 8.0], y0 + np.array([-0.3, -0.3, 0.3, 0.3]), color=plot.BLACK, zorder=4)
    arrow(ax, total, threshold)
    arrow(ax, threshold, (11.9, y0))
    for x, dy, name in ((6.7, 0.35, "$z$"), (7.62, 0.85, "$f$"), (12.2, 0, "$a$")):
        label(ax, (x, y0 + dy), name, fontsize=13)
