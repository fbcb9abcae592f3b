"""Layers of units and the weights between them."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from nnlearn.figures import plot
from nnlearn.figures.kit import CELL, arrow, label, node, sheet


def network(layers: Sequence[tuple[np.ndarray, np.ndarray]], numbers: bool = False) -> Axes:
    """The layers [(W, b), …] as columns of units and arrows.

    Weights above zero are blue, below zero orange, and at zero grey.
    With `numbers`, each arrow carries its weight and each unit its bias; without, the matrices their shapes.
    """
    sizes = [len(layers[0][0]), *(W.shape[1] for W, _ in layers)]
    tall = max(sizes)
    ax = sheet((-0.8, 3.4 * len(layers) + 0.8), (-1.3, 1.35 * tall - 0.55), unit=0.78)
    letters = ["x", *"h" * (len(layers) - 1), "y"]
    columns = []
    for k, (n, letter) in enumerate(zip(sizes, letters, strict=True)):
        face = CELL if k else "white"
        column = []
        for j in range(n):
            at = (3.4 * k, 1.35 * ((tall + n) / 2 - 1 - j))
            name = f"${letter}_{j + 1}$" if n > 1 else f"${letter}$"
            column.append(node(ax, at, name, 0.42, face, fontsize=14))
            if numbers and k:
                label(ax, (at[0], at[1] - 0.62), f"b = {plot.number(layers[k - 1][1][j])}", fontsize=11)
        columns.append(column)
    for k, (W, _) in enumerate(layers):
        for (i, j), w in np.ndenumerate(W):
            colour = plot.BLUE if w > 0 else plot.VERMILION if w < 0 else plot.GREY
            text = plot.number(w) if numbers else ""
            arrow(ax, columns[k][i], columns[k + 1][j], colour, 1 + min(abs(w), 3), text, at=0.33)
        if not numbers:
            label(ax, (3.4 * k + 1.7, -0.9), f"$W_{k + 1}$ {W.shape}")
    return ax
