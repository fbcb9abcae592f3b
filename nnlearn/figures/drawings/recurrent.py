"""Layers with a memory."""

import itertools

from matplotlib.axes import Axes

from nnlearn.figures import plot
from nnlearn.figures.kit import arrow, box, label, node, sheet


def unrolled() -> Axes:
    """A recurrent layer with its loop, and the same layer once for each of four steps in time."""
    ax = sheet((-1.2, 13.4), (-2.4, 2.0), unit=0.64)
    states = {}
    for x, step in ((-0.1, "t"), (4.0, "1"), (6.7, "2"), (9.4, "3"), (12.1, "4")):
        states[step] = box(ax, (x, 0), (1.5, 1.2), f"$h_{step}$", fontsize=16)
        arrow(ax, (x, -1.75), states[step])
        arrow(ax, states[step], (x, 1.75))
        label(ax, (x, -2.05), f"$x_{step}$", fontsize=15)
        label(ax, (x + 0.4, -1.15), "$W_x$", color=plot.BLUE, fontsize=13)
    for x, (now, then) in zip((5.35, 8.05, 10.75), itertools.pairwise("1234"), strict=True):
        arrow(ax, states[now], states[then], plot.VERMILION)
        label(ax, (x, 0.35), "$W_h$", color=plot.VERMILION, fontsize=13)
    arrow(ax, (0.65, 0.4), (0.65, -0.4), plot.VERMILION, connectionstyle="arc3,rad=-2.2")
    label(ax, (1.65, 0.6), "$W_h$", color=plot.VERMILION, fontsize=13)
    label(ax, (2.45, 0), "=", fontsize=24)
    return ax


def lstm_cell() -> Axes:
    """The cell's straight road along the top, and the three gates and the candidate below it."""
    ax = sheet((-1.7, 12.2), (-1.2, 4.7), unit=0.65)
    forget, add, write, read = (
        node(ax, at, sign, 0.36, fontsize=18)
        for at, sign in (((1.5, 3.6), "×"), ((4.9, 3.6), "+"), ((4.9, 2.2), "×"), ((9.0, 2.25), "×"))
    )
    for x, side, letter, function, name, goal in (
        (1.5, -0.35, "f", "σ", "forget", forget),
        (4.0, -0.35, "i", "σ", "input", write),
        (5.8, 0.35, "g", "tanh", "candidate", write),
        (9.0, -0.35, "o", "σ", "output", read),
    ):
        colour = plot.BLUE if function == "σ" else plot.ORANGE
        gate = box(ax, (x, 1.0), (1.22, 0.72), function, "white", colour, fontsize=14)
        arrow(ax, (x, -0.3), gate, plot.GREY)
        arrow(ax, gate, goal)
        label(ax, (x + side, 1.65), f"${letter}$", fontsize=15, color=colour)
        label(ax, (x, -0.75), name, color=colour)
    arrow(ax, (-0.8, 3.6), (11.8, 3.6), plot.VERMILION, linewidth=5)
    ax.plot([-0.8, 9.0], [-0.3, -0.3], color=plot.GREY, linewidth=2, zorder=1)
    arrow(ax, write, add)
    arrow(ax, (9.0, 3.5), read)
    arrow(ax, read, (11.0, 2.25))
    label(ax, (9.2, 3.05), "tanh", ha="left")
    for x, y, name in (
        (-1.3, 3.6, "$c_{t-1}$"), (-1.3, -0.3, "$x_t,$\n$h_{t-1}$"),
        (11.3, 4.15, "$c_t$"), (11.4, 2.25, "$h_t$"),
    ):  # fmt: skip
        label(ax, (x, y), name, fontsize=15)
    return ax
