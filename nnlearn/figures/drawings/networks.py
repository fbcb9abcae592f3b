"""Layers of units and the weights between them."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from nnlearn.figures import plot
from nnlearn.figures.kit import PLATE, arrow, label, node, sheet


def network(layers: Sequence[tuple[np.ndarray, np.ndarray]], numbers: bool = False) -> Axes:
    """The layers [(W, b), …] as columns of units and arrows: blue for weights above zero, red below.

    With `numbers`, each arrow carries its weight and each unit its bias; without, the matrices their shapes.
    """
    sizes = [len(layers[0][0]), *(W.shape[1] for W, _ in layers)]
    tall = max(sizes)
    ax = sheet((-0.8, 3.4 * len(layers) + 0.8), (-1.3, 1.35 * tall - 0.55), unit=0.78)
    letters = ["x", *"h" * (len(layers) - 1), "y"]
    places, nodes = [], []
    for k, (n, letter) in enumerate(zip(sizes, letters, strict=True)):
        heights = 1.35 * ((tall - 1) / 2 - np.arange(n) + (n - 1) / 2)
        names = [f"${letter}_{j}$" for j in range(1, n + 1)] if n > 1 else [f"${letter}$"]
        face = {"face": "white"} if k == 0 else {}
        places.append([np.array([3.4 * k, y]) for y in heights])
        nodes.append(
            [node(ax, at, name, 0.42, fontsize=14, **face) for at, name in zip(places[k], names, strict=True)]
        )
    for k, (W, b) in enumerate(layers):
        for (i, j), w in np.ndenumerate(W):
            colour = plot.BLUE if w > 0 else plot.VERMILION
            arrow(ax, nodes[k][i], nodes[k + 1][j], colour, linewidth=1 + min(abs(w), 3))
            if numbers:
                way = places[k + 1][j] - places[k][i]
                at = places[k][i] + 1.15 * way / np.linalg.norm(way)
                label(ax, at, plot.number(w), color=colour, bbox=PLATE)
        if numbers:
            for (x, y), bias in zip(places[k + 1], b, strict=True):
                label(ax, (x, y - 0.62), f"b = {plot.number(bias)}", fontsize=11)
        else:
            label(ax, (3.4 * k + 1.7, -0.9), f"$W_{k + 1}$ {W.shape}")
    return ax
