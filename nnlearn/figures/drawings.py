"""Pictures that carry an idea: drawn once here, shown in the chapters with `nn.plot.show`."""

import itertools
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Ellipse, FancyBboxPatch, Rectangle

from nnlearn.figures import plot

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


def three_sets() -> Axes:
    """All examples as one bar in three parts, and what each part may decide."""
    ax = plot.axes(width=9, height=2.8, xlim=(0, 100), ylim=(0.3, 2.7))
    ax.set_axis_off()
    for left, width, colour, name, decides in (
        (0, 60, plot.BLUE, "training", "the weights,\nmeans and scales,\nchosen features"),
        (60, 20, plot.ORANGE, "validation", "width, depth,\nlearning rate,\nwhen to stop"),
        (80, 20, plot.GREEN, "test", "nothing:\none number\nat the end"),
    ):
        ax.barh(2.2, width - 0.6, 0.8, left + 0.3, color=colour)
        middle = {"ha": "center", "va": "center"}
        ax.text(left + width / 2, 2.2, f"{name}\n{width} %", color="white", weight="bold", **middle)
        ax.text(left + width / 2, 0.8, decides, **middle)
    ax.text(0, 1.5, "may decide", color=plot.GREY)
    return ax


def unrolled() -> Axes:
    """A recurrent layer with its loop, and the same layer once for each of four steps in time."""
    ax = plot.axes(width=9.4, height=3.4, xlim=(-1.2, 13.4), ylim=(-2.4, 2.4))
    ax.set_axis_off()
    ax.set_aspect("equal")
    for x, step in ((-0.1, "t"), (4.0, "1"), (6.7, "2"), (9.4, "3"), (12.1, "4")):
        box = FancyBboxPatch((x - 0.7, -0.55), 1.4, 1.1, boxstyle="round,pad=0.06,rounding_size=0.2")
        ax.add_patch(box)
        box.set(facecolor=_CELL, edgecolor=_EDGE, linewidth=2, zorder=3)
        ax.text(x, 0, f"$h_{step}$", ha="center", va="center", fontsize=16, zorder=4)
        for start, end in ((-1.75, -0.65), (0.65, 1.75)):
            _ahead(ax, (x, start), (x, end), plot.BLACK)
        ax.text(x, -2.1, f"$x_{step}$", ha="center", va="center", fontsize=15)
        ax.text(x + 0.15, -1.25, "$W_x$", color=plot.BLUE, fontsize=13)
    for x in (4.0, 6.7, 9.4):
        _ahead(ax, (x + 0.78, 0), (x + 1.92, 0), plot.VERMILION)
        ax.text(x + 1.35, 0.25, "$W_h$", color=plot.VERMILION, ha="center", fontsize=13)
    _ahead(ax, (0.65, 0.4), (0.65, -0.4), plot.VERMILION, connectionstyle="arc3,rad=-2.2")
    ax.text(1.65, 0.5, "$W_h$", color=plot.VERMILION, ha="center", fontsize=13)
    ax.text(2.45, -0.03, "=", ha="center", va="center", fontsize=24)
    return ax


def lstm_cell() -> Axes:
    """The cell's straight road along the top, and the three gates and the candidate below it."""
    ax = plot.axes(width=9.0, height=4.2, xlim=(-1.7, 12.2), ylim=(-1.5, 4.7))
    ax.set_axis_off()
    ax.set_aspect("equal")
    middle: dict[str, Any] = {"ha": "center", "va": "center"}
    ax.plot([-0.8, 11.2], [3.6, 3.6], color=plot.VERMILION, linewidth=5, zorder=1)
    _ahead(ax, (11.0, 3.6), (11.8, 3.6), plot.VERMILION, linewidth=5, mutation_scale=26)
    ax.text(-1.3, 3.6, "$c_{t-1}$", fontsize=16, **middle)
    ax.text(11.3, 4.15, "$c_t$", fontsize=16, **middle)
    ax.plot([-0.8, 9.0], [-0.3, -0.3], color=plot.GREY, linewidth=2, zorder=1)
    ax.text(-1.3, -0.3, "$x_t,$\n$h_{t-1}$", fontsize=14, **middle)
    gates = (
        (1.5, "f", "σ", "forget"),
        (4.0, "i", "σ", "input"),
        (5.8, "g", "tanh", "candidate"),
        (9.0, "o", "σ", "output"),
    )
    for x, letter, function, name in gates:
        colour = plot.BLUE if function == "σ" else plot.ORANGE
        _ahead(ax, (x, -0.3), (x, 0.62), plot.GREY)
        box = FancyBboxPatch((x - 0.55, 0.7), 1.1, 0.6, boxstyle="round,pad=0.06,rounding_size=0.15")
        ax.add_patch(box)
        box.set(facecolor="white", edgecolor=colour, linewidth=2, zorder=3)
        ax.text(x, 1.0, function, fontsize=14, zorder=4, **middle)
        ax.text(x, -0.75, name, color=colour, **middle)
        ax.text(
            x + (0.35 if letter == "g" else -0.35), 1.65, f"${letter}$", fontsize=15, color=colour, **middle
        )
    roads = (
        ((1.5, 1.4), (1.5, 3.2)),
        ((4.0, 1.4), (4.7, 1.95)),
        ((5.8, 1.4), (5.1, 1.95)),
        ((4.9, 2.5), (4.9, 3.2)),
        ((9.0, 1.4), (9.0, 1.85)),
        ((9.0, 3.5), (9.0, 2.65)),
        ((9.4, 2.25), (11.0, 2.25)),
    )
    for start, end in roads:
        _ahead(ax, start, end, plot.BLACK)
    for x, y, sign in ((1.5, 3.6, "×"), (4.9, 2.2, "×"), (4.9, 3.6, "+"), (9.0, 2.25, "×")):
        ax.add_patch(Circle((x, y), 0.36, facecolor=_CELL, edgecolor=_EDGE, linewidth=2, zorder=3))
        ax.text(x, y - 0.03, sign, fontsize=18, zorder=4, **middle)
    ax.text(9.2, 3.05, "tanh", fontsize=12, va="center")
    ax.text(11.4, 2.25, "$h_t$", fontsize=16, **middle)
    return ax


def _ahead(ax: Axes, start: tuple[float, float], end: tuple[float, float], colour: str, **style: Any) -> None:
    look = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.8, "mutation_scale": 16, **style}
    ax.annotate("", end, start, arrowprops=look)


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
                ax.text(x, y - 0.62, f"b = {plot.number(bias)}", ha="center", va="center", fontsize=11)
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
            *(start + 1.15 * along), plot.number(w), color=colour, ha="center", va="center", fontsize=12,
            zorder=2, bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.2},
        )  # fmt: skip


def graph(
    inputs: Mapping[str, Sequence[str]], below: Mapping[str, str], edges: Mapping[str, str], ax: Axes
) -> None:
    """A graph, inputs left and output right.  inputs: {node: the nodes it is computed from}, those first.

    `below` is written under a node, `edges` on the edge "from→to".
    """
    names = list(inputs)
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
    places, bends = layout([[names.index(name) for name in inputs[node]] for node in names], set())
    x, y = places.T
    ax.set(xlim=(x.min() - 0.5, x.max() + 0.5), ylim=(y.min() - 0.8, y.max() + 0.6))
    ax.set_axis_off()
    for (k, slot), path in bends.items():
        source = inputs[names[k]][slot]
        twin = list(inputs[names[k]]).count(source) > 1
        line = curve(path, (0.22 if slot else -0.22) if twin else 0.0)
        ax.plot(*line.T, color="#B5B5B5", linewidth=2, zorder=1)
        label = {"ha": "center", "va": "center", "color": plot.VERMILION, "fontsize": 12}
        ax.text(*line[len(line) // 2], edges.get(f"{source}→{names[k]}", ""), bbox=box, **label)
    for name, (cx, cy) in zip(names, places, strict=True):
        face = _CELL if inputs[name] else "#D9ECF7"
        ax.text(
            cx, cy, name, ha="center", va="center", fontsize=13, zorder=3,
            bbox={"boxstyle": "round,pad=0.5", "facecolor": face, "edgecolor": plot.GREY, "linewidth": 1.6},
        )  # fmt: skip
        ax.annotate(
            below.get(name, ""),
            (cx, cy),
            (0, -20),
            textcoords="offset points",
            ha="center",
            va="top",
            bbox=box,
        )


def layout(
    inputs: Sequence[Sequence[int]], late: Collection[int]
) -> tuple[np.ndarray, dict[tuple[int, int], list[np.ndarray]]]:
    """Places (n, 2) of nodes, inputs left, output right; and {(node, slot): the bends of that edge}.

    `inputs[k]` are the nodes that k is computed from, all before k; `late` ones stand right before their use.
    An edge that skips columns gets an invisible place in each, so that it passes between nodes; columns are
    then ordered by the mean place of their neighbours.  Source: K. Sugiyama, S. Tagawa and M. Toda (1981).
    """
    column = [0] * len(inputs)
    for k, sources in enumerate(inputs):
        column[k] = 1 + max((column[i] for i in sources), default=-1)
    for k, sources in enumerate(inputs):
        for i in sources:
            if i in late:
                column[i] = column[k] - 1
    columns: list[list] = [[k for k in range(len(inputs)) if column[k] == c] for c in range(max(column) + 1)]
    neighbours: dict[Any, list] = {k: [] for k in range(len(inputs))}
    chains = {}
    for k, sources in enumerate(inputs):
        for slot, i in enumerate(sources):
            bends = [(k, slot, c) for c in range(column[i] + 1, column[k])]
            chains[k, slot] = [i, *bends, k]
            for bend in bends:
                neighbours[bend] = []
                columns[bend[2]].append(bend)
            for here, there in itertools.pairwise(chains[k, slot]):
                neighbours[here].append(there)
                neighbours[there].append(here)
    height = _heights(columns, neighbours)
    at = {p: np.array([float(c), -height[p]]) for c, places in enumerate(columns) for p in places}
    return np.array([at[k] for k in range(len(inputs))]), {
        edge: [at[p] for p in chain] for edge, chain in chains.items()
    }


def _heights(columns: list[list], neighbours: dict[Any, list]) -> dict[Any, float]:
    """Sweeps over the columns, each time ordering one by the mean height of its neighbours."""
    height = {p: float(row) for places in columns for row, p in enumerate(places)}
    for sweep in range(12):
        for places in columns[:: 1 if sweep % 2 else -1]:
            wish = {p: float(np.mean([height[q] for q in neighbours[p]])) for p in places}
            places.sort(key=wish.__getitem__)
            wishes, rows = np.array([wish[p] for p in places]), np.arange(len(places))
            apart = np.maximum.accumulate(wishes - rows) + rows
            height.update(zip(places, apart + wishes.mean() - apart.mean(), strict=True))
    return height


def curve(path: Sequence[np.ndarray], bow: float) -> np.ndarray:
    """Points along an edge: level where it passes a place, bowed where two edges join the same two nodes."""
    t = np.linspace(0, 1, 13)
    pieces = []
    for a, b in itertools.pairwise(path):
        x = a[0] + (b[0] - a[0]) * t
        y = a[1] + (b[1] - a[1]) * (3 * t**2 - 2 * t**3) + bow * np.sin(np.pi * t)
        pieces.append(np.column_stack([x, y]))
    return np.concatenate(pieces)


def tape_of_a_neuron() -> Axes:
    """tanh(w x + b) as a graph, values under its nodes and the gradients on its edges."""
    ax = plot.axes(width=9.4, height=4.0)
    inputs = {"$w$": [], "$x$": [], "$b$": [], "$v_1 = w\\,x$": ["$w$", "$x$"]}
    inputs |= {"$v_2 = v_1 + b$": ["$v_1 = w\\,x$", "$b$"], "$v_3 = \\tanh v_2$": ["$v_2 = v_1 + b$"]}
    value = {"w": 0.5, "x": 2.0, "b": -0.5, "v_1": 1.0, "v_2": 0.5, "v_3": np.tanh(0.5)}
    slope = 1 - value["v_3"] ** 2
    back = {"v_1": slope, "v_2": slope, "b": slope, "w": slope * value["x"], "x": slope * value["w"]}
    short = {name: name.strip("$").split(" ")[0] for name in inputs}
    edges = {f"{a}→{b}": f"{back[short[a]]:.3g}" for b, sources in inputs.items() for a in sources}
    graph(inputs, {n: plot.number(value[short[n]], ".3g") for n in inputs}, edges, ax)
    return ax


def order_of_a_diamond() -> np.ndarray:
    """Backward through y = x² + 3x² at x = 3 in a wrong and in a right order, side by side."""
    axs = plot.axes(1, 2, width=10.4, height=3.9)
    x, a, c, y = "$x$", "$a = x^2$", "$c = 3a$", "$y = a + c$"
    inputs: dict[str, list[str]] = {x: [], a: [x], c: [a], y: [a, c]}
    wrong = {y: "1st: sends 1", a: "2nd: sends 1·2x", c: "3rd: 3, too late", x: "gets 6"}
    right = {y: "1st: sends 1", c: "2nd: sends 3", a: "3rd: sends 4·2x", x: "gets 24"}
    graph(inputs, wrong, {}, axs[0])
    graph(inputs, right, {}, axs[1])
    axs[0].set_title("nearest first: wrong")
    axs[1].set_title("users before what they use: right")
    return axs


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


def number_grids(
    grids: Mapping[str, np.ndarray], marks: Mapping[str, tuple[int, int, int]], sign: str
) -> Axes:
    """Matrices of whole numbers side by side, {title: matrix}, `sign` between the first two and = after.

    `marks` frames squares: {title: (row, column, side)}.
    """
    gap = 1.5
    widths = [grid.shape[1] for grid in grids.values()]
    tall, wide = max(len(grid) for grid in grids.values()), sum(widths) + gap * (len(widths) - 1)
    ax = plot.axes(
        width=0.62 * wide, height=0.62 * (tall + 1.2), xlim=(-0.1, wide + 0.1), ylim=(-tall - 0.1, 1)
    )
    ax.set_axis_off()
    ax.set_aspect("equal")
    x = 0.0
    for k, (title, grid) in enumerate(grids.items()):
        reach, top = max(1.0, float(np.abs(grid).max())), (len(grid) - tall) / 2
        ax.imshow(
            grid, cmap=plot.DIVERGING, vmin=-2 * reach, vmax=2 * reach,
            extent=(x, x + grid.shape[1], top - len(grid), top),
        )  # fmt: skip
        for (i, j), value in np.ndenumerate(grid):
            ax.text(x + j + 0.5, top - i - 0.5, plot.number(value), ha="center", va="center", fontsize=14)
        if title in marks:
            i, j, side = marks[title]
            frame = Rectangle((x + j, top - i - side), side, side, fill=False, edgecolor=plot.VERMILION)
            ax.add_patch(frame)
            frame.set(linewidth=3, zorder=5)
        ax.text(x, top + 0.25, title, fontsize=13, weight="bold")
        x += grid.shape[1]
        if k < len(widths) - 1:
            middle = {"ha": "center", "va": "center", "fontsize": 18}
            ax.text(x + gap / 2, -tall / 2, sign if k == 0 else "=", **middle)
        x += gap
    ax.set(xlim=(-0.1, wide + 0.1), ylim=(-tall - 0.1, 1))
    return ax


def sliding_windows(n: int, cases: Mapping[str, tuple[int, int, int]]) -> np.ndarray:
    """A row of n inputs under a kernel of 3, for each {title: (stride, padding, dilation)}."""
    axs = plot.axes(1, len(cases), width=11, height=2.5, ylim=(-0.7, 1.9), xlim=(-1.7, n + 0.7))
    for ax, (title, (stride, padding, dilation)) in zip(axs, cases.items(), strict=True):
        ax.set_axis_off()
        count = (n + 2 * padding - 2 * dilation - 1) // stride + 1
        for j in range(count):
            place = j * stride - padding + dilation
            for k in range(3):
                colour = plot.VERMILION if j == 1 else "#C4C4C4"
                start = j * stride - padding + k * dilation
                ax.plot([start, place], [0, 1.2], color=colour, linewidth=2.2 if j == 1 else 1, zorder=j == 1)
            ax.plot(place, 1.2, "s", color=plot.ORANGE, markersize=11, zorder=3)
        ax.plot(range(n), [0] * n, "s", color=plot.BLUE, markersize=11, zorder=3)
        for x in [*range(-padding, 0), *range(n, n + padding)]:
            ax.plot(x, 0, "s", color="white", markeredgecolor=plot.GREY, markersize=11, zorder=3)
        ax.set_title(f"{title}: {count} outputs", fontsize=12)
    return axs


def reading_and_writing() -> np.ndarray:
    """Two translators of "3 May": all through one vector; and with a look at every place of the source."""
    axs = plot.axes(1, 2, width=9.0, height=3.1, xlim=(-0.6, 7.6), ylim=(-0.9, 3.4))
    read, written = "3 May", "05-"
    box = {"boxstyle": "round,pad=0.35", "linewidth": 1.8, "facecolor": "white"}
    look = {"ha": "center", "va": "center", "fontsize": 14, "family": "monospace"}
    for ax, looks in zip(axs, (False, True), strict=True):
        ax.set_axis_off()
        ax.set_title("attention: look back at any time" if looks else "bottleneck: one vector for all")
        for i, sign in enumerate(read):
            ax.text(i * 0.9, 0, sign.replace(" ", "␣"), bbox=box | {"edgecolor": plot.BLUE}, **look)
            if i:
                _hop(ax, (i * 0.9 - 0.62, 0), (i * 0.9 - 0.28, 0), plot.BLUE, 1.0)
        for i, sign in enumerate(written):
            x = 5.2 + i * 0.9
            ax.text(x, 2.6, sign, bbox=box | {"edgecolor": plot.VERMILION}, **look)
            if i:
                _hop(ax, (x - 0.62, 2.6), (x - 0.28, 2.6), plot.VERMILION, 1.0)
        _hop(ax, (3.9, 0.1), (5.0, 2.2), plot.BLACK, 1.0 if not looks else 0.25)
        if looks:
            for k, weight in enumerate((0.05, 0.05, 0.25, 0.3, 0.9)):
                _hop(ax, (k * 0.9, 0.4), (6.1, 2.2), plot.GREEN, weight)
    return axs


def _hop(ax: Axes, start: tuple[float, float], end: tuple[float, float], colour: str, weight: float) -> None:
    look = {
        "arrowstyle": "-|>",
        "color": colour,
        "linewidth": 0.8 + 2.2 * weight,
        "alpha": 0.25 + 0.75 * weight,
    }
    ax.annotate("", end, start, arrowprops=look)


def gpt() -> Axes:
    """A GPT from left to right: one stream, to which every block's two branches add."""
    ax = plot.axes(width=9.6, height=3.4, xlim=(0, 19.3), ylim=(-0.8, 5.2))
    ax.set_axis_off()
    ax.add_patch(FancyBboxPatch((4.55, -0.15), 8.7, 4.3, boxstyle="round,pad=0,rounding_size=0.3"))
    ax.patches[-1].set(facecolor="#F4F7FA", edgecolor=plot.GREY, linestyle="--", linewidth=1.2)
    ax.text(8.9, 4.45, "one block; L of them follow each other", ha="center", fontsize=12)
    arrow: dict[str, Any] = {"arrowstyle": "-|>", "linewidth": 5, "color": plot.SKY, "mutation_scale": 18}
    for start, end in ((3.6, 13.9), (15.35, 16.0), (17.5, 18.0)):
        ax.annotate("", (end, 1.0), (start, 1.0), arrowprops={**arrow, "shrinkA": 0, "shrinkB": 0})
    ax.text(8.9, 0.25, "the stream x: (B, T, C)", ha="center", color=plot.BLUE, fontsize=12)
    for x, name, colour in (
        (5.2, "attention:\nlooks back", "#F6CF7A"),
        (9.6, "MLP: each\nplace alone", "#8FD3BC"),
    ):
        _branch(ax, x, name, colour)
    for x, width, name in (
        (0.2, 1.35, "ids\n(B, T)"), (2.15, 1.45, "token\n+ place"), (13.9, 1.4, "norm"), (16.0, 1.5, "· Eᵀ"),
        (18.05, 1.1, "soft-\nmax"),
    ):  # fmt: skip
        _labelled(ax, (x, 0.4), (width, 1.2), name, "white")
    ax.annotate("", (2.15, 1.0), (1.6, 1.0), arrowprops={"arrowstyle": "-|>", "color": plot.GREY})
    ax.text(16.75, -0.25, "(B, T, V)", ha="center", fontsize=11, color=plot.GREY)
    ax.text(2.9, -0.25, "(B, T, C)", ha="center", fontsize=11, color=plot.GREY)
    return ax


def _branch(ax: Axes, x: float, name: str, colour: str) -> None:
    """Up from the stream through a norm and a layer, and back onto it."""
    line: dict[str, Any] = {
        "arrowstyle": "-|>",
        "color": plot.BLACK,
        "linewidth": 1.5,
        "shrinkA": 0,
        "shrinkB": 0,
    }
    ax.annotate("", (x + 0.25, 2.55), (x + 0.25, 1.1), arrowprops=line)
    _labelled(ax, (x - 0.4, 2.55), (1.3, 1.2), "norm", "white")
    ax.annotate("", (x + 1.3, 3.15), (x + 0.9, 3.15), arrowprops=line)
    _labelled(ax, (x + 1.3, 2.55), (2.05, 1.2), name, colour)
    ax.annotate("", (x + 2.9, 1.25), (x + 2.9, 2.55), arrowprops=line)
    ax.add_patch(
        Circle((x + 2.9, 1.0), 0.27, facecolor="white", edgecolor=plot.BLACK, linewidth=1.5, zorder=5)
    )
    ax.text(x + 2.9, 0.97, "+", ha="center", va="center", fontsize=14, weight="bold", zorder=6)


def _labelled(
    ax: Axes, corner: tuple[float, float], size: tuple[float, float], name: str, colour: str
) -> None:
    box = FancyBboxPatch(corner, *size, boxstyle="round,pad=0,rounding_size=0.15")
    ax.add_patch(box)
    box.set(facecolor=colour, edgecolor=plot.GREY, linewidth=1.2, zorder=4)
    x, y = corner[0] + size[0] / 2, corner[1] + size[1] / 2
    ax.text(x, y, name, ha="center", va="center", fontsize=11, zorder=5)


def three_beginnings() -> Axes:
    """A body and a new head, three times: frozen, fine-tuned, from scratch."""
    ax = plot.axes(width=9.4, height=3.5, xlim=(0, 15.2), ylim=(-0.2, 5.2))
    ax.set_axis_off()
    ways = (
        ("frozen", "copied", "never changes", plot.BLUE, "#D6E6F2"),
        ("fine-tuned", "copied", "trained on", plot.GREEN, "#D3EBE2"),
        ("from scratch", "random", "trained", plot.VERMILION, "#FBE3D3"),
    )
    for k, (way, start, then, colour, fill) in enumerate(ways):
        x = 0.4 + 5 * k
        boxes = (
            (0.7, 1.9, f"body: {start}\n{then}", fill),
            (3.1, 1.0, "head: random, trained", "#FBE3D3"),
        )
        for y, height, text, face in boxes:
            ax.add_patch(
                FancyBboxPatch(
                    (x, y),
                    4.2,
                    height,
                    boxstyle="round,pad=0.05",
                    facecolor=face,
                    edgecolor=colour,
                    linewidth=2,
                )
            )
            ax.text(x + 2.1, y + height / 2, text, ha="center", va="center", fontsize=12)
        ax.text(x + 2.1, 4.65, way, ha="center", color=colour, fontsize=15, weight="bold")
        ax.annotate("", (x + 2.1, 3.05), (x + 2.1, 2.65), arrowprops={"arrowstyle": "->", "color": plot.GREY})
        ax.text(x + 2.1, 0.1, "input", ha="center", color=plot.GREY, fontsize=12)
    return ax
