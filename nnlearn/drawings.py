"""Pictures that carry an idea: drawn once here, shown in the chapters with `nn.plot.show`."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Ellipse, FancyBboxPatch

from nnlearn import plot

_CELL, _EDGE = "#F3E3C3", "#8A6D3B"  # the cell's body and its outline


def cell_and_unit() -> Axes:
    """A nerve cell above the unit that is kept of it, each part over its counterpart."""
    ax = plot.axes(width=9.4, height=5.3, xlim=(-1.2, 14.2), ylim=(-6.2, 3.7))
    ax.set_axis_off()
    ax.set_aspect("equal")
    for x, part in ((-0.3, "inputs"), (1.68, "weights"), (5.6, "sum"), (7.6, "threshold"), (12.2, "output")):
        ax.plot([x, x], [-5.2, 3.0], color="#D9D9D9", linewidth=1, linestyle=(0, (4, 4)), zorder=0)
        ax.text(x, -5.9, part, ha="center", color=plot.GREY, fontsize=12)
    _nerve_cell(ax)
    _unit(ax)
    return ax


def _nerve_cell(ax: Axes) -> None:
    """Dendrites on the left, soma at (5.6, 1), axon to the right."""
    curve = np.linspace(0, 1, 30)
    for y, ends in ((2.3, (2.9, 2.0)), (1.0, (1.35, 0.65)), (-0.3, (0.1, -0.9))):
        fork = np.array([3.5, y])
        _taper(ax, np.array([5.6, 1.0]), fork, curve, widths=(9, 5))
        for end in ends:
            _taper(ax, fork, np.array([2.0, end]), curve, widths=(5, 2.5))
    _taper(ax, np.array([5.9, 1.0]), np.array([8.4, 1.0]), curve, widths=(12, 5))
    ax.plot([7.2, 8.1], [1, 1], color=plot.ORANGE, linewidth=7, solid_capstyle="butt", zorder=3)
    ax.plot([8.1, 11.6], [1, 1], color=_EDGE, linewidth=3.5, zorder=1)
    for x in (8.45, 9.5, 10.55):
        sheath = FancyBboxPatch((x, 0.82), 0.72, 0.36, boxstyle="round,pad=0.06,rounding_size=0.2")
        ax.add_patch(sheath)
        sheath.set(facecolor="#E8EEF2", edgecolor=plot.GREY, linewidth=1.2, zorder=2)
    for y in (1.9, 1.0, 0.1):
        _taper(ax, np.array([11.5, 1.0]), np.array([12.9, y]), curve, widths=(3.5, 2.5))
        ax.add_patch(Circle((12.95, y), 0.15, color=_EDGE, zorder=3))
    ax.add_patch(Ellipse((5.6, 1.0), 1.9, 1.7, facecolor=_CELL, edgecolor=_EDGE, linewidth=2.2, zorder=3))
    ax.add_patch(Circle((5.55, 1.05), 0.38, facecolor=_EDGE, alpha=0.45, zorder=4))
    for y, sign, colour in ((2.97, "+", plot.BLUE), (1.42, "+", plot.BLUE), (-0.97, "−", plot.VERMILION)):
        ax.plot([-1.0, 1.6], [y, y], color=colour, linewidth=2)
        ax.add_patch(Circle((1.68, y), 0.2, color=colour, zorder=4))
        ax.text(
            1.68,
            y - 0.03,
            sign,
            color="white",
            ha="center",
            va="center",
            fontsize=11,
            weight="bold",
            zorder=5,
        )
    for x, y, name in (
        (1.68, 3.35, "synapses"), (3.9, 2.75, "dendrites"), (5.6, 2.15, "soma"),
        (7.7, 1.5, "initial segment"), (9.9, 0.2, "axon, in myelin"), (12.9, 2.25, "terminals"),
    ):  # fmt: skip
        ax.text(x, y, name, ha="center", fontsize=11.5)


def _taper(
    ax: Axes, start: np.ndarray, end: np.ndarray, curve: np.ndarray, widths: tuple[float, float]
) -> None:
    """A nerve fibre that leaves `start` level, arrives at `end` level and gets thinner on its way."""
    x = start[0] + (end[0] - start[0]) * curve
    y = start[1] + (end[1] - start[1]) * (3 * curve**2 - 2 * curve**3)
    for k, width in enumerate(np.linspace(*widths, len(curve) - 1)):
        ax.plot(x[k : k + 2], y[k : k + 2], color=_EDGE, linewidth=width, solid_capstyle="round", zorder=2)


def _unit(ax: Axes) -> None:
    """Inputs, weights, the sum, the step, the output: y = -3.5, under the cell's parts."""
    y0 = -3.5
    for y, k, colour in ((-2.3, 1, plot.BLUE), (y0, 2, plot.BLUE), (-4.7, 3, plot.VERMILION)):
        ax.annotate(
            "", (4.85, y0 + 0.35 * (y - y0)), (0.05, y), arrowprops={"arrowstyle": "-|>", "color": colour}
        )
        ax.add_patch(Circle((-0.3, y), 0.36, facecolor="white", edgecolor=colour, linewidth=2, zorder=3))
        ax.text(-0.3, y - 0.03, f"$x_{k}$", ha="center", va="center", zorder=4)
        ax.text(
            1.68, y0 + 0.78 * (y - y0), f"$w_{k}$", color=colour, ha="center", va="center", zorder=4,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
        )  # fmt: skip
    ax.add_patch(Circle((5.6, y0), 0.75, facecolor=_CELL, edgecolor=_EDGE, linewidth=2.2, zorder=3))
    ax.text(5.6, y0, r"$\Sigma + b$", ha="center", va="center", fontsize=13, zorder=4)
    ax.annotate("", (7.1, y0), (6.4, y0), arrowprops={"arrowstyle": "-|>", "color": plot.BLACK})
    ax.text(6.72, y0 + 0.25, "$z$", ha="center")
    box = FancyBboxPatch((7.15, y0 - 0.5), 0.95, 1.0, boxstyle="round,pad=0.05", facecolor="white", zorder=3)
    box.set(edgecolor=plot.ORANGE, linewidth=2.2)
    ax.add_patch(box)
    ax.plot([7.25, 7.62, 7.62, 8.0], y0 + np.array([-0.3, -0.3, 0.3, 0.3]), color=plot.BLACK, zorder=4)
    ax.text(7.62, y0 + 0.72, "$f$", ha="center")
    ax.annotate("", (11.8, y0), (8.2, y0), arrowprops={"arrowstyle": "-|>", "color": plot.BLACK})
    ax.text(12.2, y0 - 0.04, "$a$", ha="center", va="center", fontsize=14)


def network(layers: Sequence[tuple[np.ndarray, np.ndarray]], numbers: bool = False) -> Axes:
    """The layers [(W, b), …] as columns of units and arrows: blue for weights above zero, red below.

    With `numbers`, each arrow carries its weight and each unit its bias; without, the matrices their shapes.
    """
    sizes = [len(layers[0][0]), *(W.shape[1] for W, _ in layers)]
    tall = max(sizes)
    ax = plot.axes(
        width=3.0 * len(sizes), height=0.9 + 0.95 * tall,
        xlim=(-0.8, 3.4 * len(layers) + 0.8), ylim=(-1.3, 1.35 * tall - 0.55),
    )  # fmt: skip
    ax.set_axis_off()
    ax.set_aspect("equal")
    places = [
        np.column_stack([np.full(n, 3.4 * k), 1.35 * (tall - 1) / 2 - 1.35 * (np.arange(n) - (n - 1) / 2)])
        for k, n in enumerate(sizes)
    ]
    for k, (W, b) in enumerate(layers):
        for (i, j), w in np.ndenumerate(W):
            _arrow(ax, places[k][i], places[k + 1][j], w, numbers)
        middle = 3.4 * k + 1.7
        if numbers:
            for (x, y), bias in zip(places[k + 1], b, strict=True):
                ax.text(x, y - 0.62, f"b = {_number(bias)}", ha="center", va="center", fontsize=11)
        else:
            ax.text(middle, -0.9, f"$W_{k + 1}$ {W.shape}", ha="center", va="center", fontsize=12)
    for k, column in enumerate(places):
        letter = "x" if k == 0 else "y" if k == len(layers) else "h"
        for j, (x, y) in enumerate(column, start=1):
            fill = "white" if k == 0 else _CELL
            ax.add_patch(Circle((x, y), 0.42, facecolor=fill, edgecolor=_EDGE, linewidth=2, zorder=3))
            name = f"${letter}_{j}$" if len(column) > 1 else f"${letter}$"
            ax.text(x, y - 0.02, name, ha="center", va="center", fontsize=14, zorder=4)
    return ax


def _arrow(ax: Axes, start: np.ndarray, end: np.ndarray, w: float, number: bool) -> None:
    """From unit to unit, as strong as its weight."""
    along = (end - start) / np.linalg.norm(end - start)
    colour = plot.BLUE if w > 0 else plot.VERMILION
    style = {
        "arrowstyle": "-|>",
        "color": colour,
        "linewidth": 1 + min(abs(w), 3),
        "shrinkA": 0,
        "shrinkB": 0,
    }
    ax.annotate("", end - 0.45 * along, start + 0.42 * along, arrowprops=style, zorder=1)
    if number:
        ax.text(
            *(start + 1.15 * along), _number(w), color=colour, ha="center", va="center", fontsize=12,
            zorder=2, bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.2},
        )  # fmt: skip


def _number(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def computation(
    places: dict[str, tuple[float, float]],
    slopes: dict[tuple[str, str], str],
    values: dict[str, str],
    gradients: dict[str, str],
) -> Axes:
    """A computation as a graph: {node: place}, {(from, to): local slope}, and each node's value and gradient.

    Values, in blue, are found from left to right; gradients, in red, from right to left.
    """
    x, y = np.array(list(places.values())).T
    ax = plot.axes(
        width=0.8 * np.ptp(x) + 1.44, height=0.8 * np.ptp(y) + 1.52,
        xlim=(x.min() - 0.9, x.max() + 0.9), ylim=(y.min() - 0.8, y.max() + 1.1),
    )  # fmt: skip
    ax.set_axis_off()
    ax.set_aspect("equal")
    for (start, end), slope in slopes.items():
        a, b = np.array(places[start]), np.array(places[end])
        along = 0.66 * (b - a) / np.linalg.norm(b - a)
        ax.annotate("", b - along, a + along, arrowprops={"arrowstyle": "-|>", "color": plot.GREY})
        box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
        ax.text(*(a + b) / 2, slope, ha="center", va="center", fontsize=13, color=plot.GREY, bbox=box)
    for name, (x0, y0) in places.items():
        circle = Circle((x0, y0), 0.62, facecolor="white", edgecolor=plot.BLUE, linewidth=2, zorder=3)
        ax.add_patch(circle)
        ax.text(x0, y0 + 0.82, f"${name}$", ha="center", va="center", fontsize=15)
        for text, dy, colour in ((values, 0.2, plot.BLUE), (gradients, -0.24, plot.VERMILION)):
            ax.text(
                x0, y0 + dy, text.get(name, ""), ha="center", va="center", color=colour, fontsize=15, zorder=4
            )
    return ax
