"""Computations as graphs of what is computed from what."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from nnlearn.figures import plot
from nnlearn.figures.kit import CELL, PLATE, arrow, label, node, sheet
from nnlearn.figures.layout import curve, layout
from nnlearn.study.counterexample import Counterexample


def graph(
    inputs: Mapping[str, Sequence[str]], below: Mapping[str, str], edges: Mapping[str, str], ax: Axes
) -> None:
    """A graph, inputs left and output right.  inputs: {node: the nodes it is computed from}, those first.

    `below` is written under a node, `edges` on the edge "from→to".
    """
    names = list(inputs)
    places, bends = layout([[names.index(name) for name in inputs[node]] for node in names], set())
    x, y = places.T
    ax.set(xlim=(x.min() - 0.5, x.max() + 0.5), ylim=(y.min() - 0.8, y.max() + 0.6))
    ax.set_axis_off()
    for (k, slot), path in bends.items():
        source = inputs[names[k]][slot]
        twin = list(inputs[names[k]]).count(source) > 1
        line = curve(path, (0.22 if slot else -0.22) if twin else 0.0)
        ax.plot(*line.T, color="#B5B5B5", linewidth=2, zorder=1)
        tip = int(0.3 * len(line))
        arrow_style = {"arrowstyle": "-|>", "color": "#8A8A8A", "mutation_scale": 14}
        ax.annotate("", line[tip + 1], line[tip - 1], arrowprops=arrow_style, zorder=1)
        text = edges.get(f"{source}→{names[k]}", "")
        label(ax, line[len(line) // 2], text, color=plot.VERMILION, bbox=PLATE)
    for name, place in zip(names, places, strict=True):
        face = {"facecolor": CELL if inputs[name] else "#D9ECF7", "edgecolor": plot.GREY, "linewidth": 1.6}
        label(ax, place, name, fontsize=13, bbox={"boxstyle": "round,pad=0.5"} | face)
        under = {"xytext": (0, -20), "textcoords": "offset points", "ha": "center", "va": "top"}
        ax.annotate(below.get(name, ""), place, bbox=PLATE, **under)


def links(
    ax: Axes, places: np.ndarray, edges: np.ndarray, faces: Any = CELL, texts: Sequence[str] = (),
    size: float = 260, **look: Any,
) -> None:  # fmt: skip
    """Nodes at their places (n, 2), edges (E, 2) as lines between them, a colour and a text for each node."""
    lines = LineCollection(list(places[np.asarray(edges)]), colors="#B5B5B5", linewidths=1.2, zorder=1)
    ax.add_collection(lines)
    ax.scatter(*places.T, s=size, c=faces, zorder=2, **({"edgecolors": plot.GREY, "linewidths": 1.2} | look))
    for place, text in zip(places, texts, strict=False):
        label(ax, place, text, fontsize=10)
    ax.set_axis_off()
    ax.margins(0.08)


def tape_of_a_neuron() -> Axes:
    """tanh(w x + b) as a graph, values under its nodes and the gradients on its edges."""
    ax = plot.axes(width=9.4, height=4.0)
    w, x, b, v1, v2, v3 = "$w$", "$x$", "$b$", r"$v_1 = w\,x$", r"$v_2 = v_1 + b$", r"$v_3 = \tanh v_2$"
    inputs: dict[str, list[str]] = {w: [], x: [], b: [], v1: [w, x], v2: [v1, b], v3: [v2]}
    value = {w: 0.5, x: 2.0, b: -0.5, v1: 1.0, v2: 0.5, v3: np.tanh(0.5)}
    slope = 1 - value[v3] ** 2
    back = {w: slope * value[x], x: slope * value[w], b: slope, v1: slope, v2: slope}
    below = {name: plot.number(number, ".3g") for name, number in value.items()}
    below[v3] += "   (gradient 1)"
    edges = {
        f"{of}→{to}": "← " + plot.number(back[of], ".3g") for to, sources in inputs.items() for of in sources
    }
    graph(inputs, below, edges, ax)
    return ax


def order_of_a_diamond() -> np.ndarray:
    """Backward through y = x² + 3x² at x = 3 in a wrong and in a right order, side by side."""
    axs = plot.axes(1, 2, width=10.4, height=3.9)
    x, a, c, y = "$x$", "$a = x^2$", "$c = 3a$", "$y = a + c$"
    inputs: dict[str, list[str]] = {x: [], a: [x], c: [a], y: [a, c]}
    wrong = {y: "1st: sends 1", a: "2nd: sends 1·2x", c: "3rd: 3, too late", x: "gets 6"}
    right = {y: "1st: sends 1", c: "2nd: sends 3", a: "3rd: sends 4·2x", x: "gets 24"}
    titles = "nearest first: wrong", "users before what they use: right"
    for ax, title, order in zip(axs, titles, (wrong, right), strict=True):
        graph(inputs, order, {}, ax)
        ax.set_title(title)
    return axs


def wrong_backward(found: Counterexample) -> Axes:
    """A counterexample's program as a graph; under each input its derivative and what was said."""
    inputs, formulas = found.inputs, found.formulas
    if isinstance(found.wrong, Exception):
        said = [type(found.wrong).__name__] * len(found.right)
    else:
        said = ["nothing" if wrong is None else f"{wrong:g}" for wrong in found.wrong]
    below = {
        formulas[name]: f"slope {right}, said: {wrong}"
        for name, right, wrong in zip(inputs, found.right, said, strict=False)
    }
    ax = plot.axes(width=7.5, height=3.2)
    named = {formulas[name]: [formulas[of] for of in made] for name, made in inputs.items()}
    graph(named, below, {}, ax)
    return ax


def computation(
    places: Mapping[str, tuple[float, float]],
    slopes: Mapping[tuple[str, str], str],
    values: Mapping[str, str],
    gradients: Mapping[str, str],
) -> Axes:
    """A computation as a graph: {node: place}, {(from, to): local slope}, and each node's value and gradient.

    Values, in blue, are found from left to right; gradients, in orange, along the dashed arrows back.
    """
    x, y = np.array(list(places.values())).T
    ax = sheet((x.min() - 0.9, x.max() + 0.9), (y.min() - 0.8, y.max() + 1.1), unit=0.8)
    nodes = {}
    for name, (x0, y0) in places.items():
        nodes[name] = node(ax, (x0, y0), radius=0.62, face="white", edge=plot.BLUE)
        label(ax, (x0, y0 + 0.82), f"${name}$", fontsize=15)
        label(ax, (x0, y0 + 0.2), values.get(name, ""), color=plot.BLUE, fontsize=15)
        label(ax, (x0, y0 - 0.24), gradients.get(name, ""), color=plot.VERMILION, fontsize=15)
    for (start, end), slope in slopes.items():
        arrow(ax, nodes[start], nodes[end], plot.GREY, text=slope)
        bent: dict[str, Any] = {"connectionstyle": "arc3,rad=-0.28", "shrinkA": 1, "shrinkB": 1}
        arrow(ax, nodes[end], nodes[start], plot.VERMILION, linewidth=1.2, linestyle=(0, (4, 3)), **bent)
    return ax
