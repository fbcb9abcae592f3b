"""Pictures and maps of their pixels, each in an axes of its own."""

import numpy as np
from matplotlib.axes import Axes

from nnlearn.figures import plot


def ink(ax: Axes, x: np.ndarray, title: str = "", color: str = plot.BLACK) -> None:
    """A picture from 0, paper, to 1, ink.  x (H, W)"""
    ax.imshow(x, cmap="Greys", vmin=0, vmax=1)
    _frame(ax, title, color)


def signed_map(ax: Axes, m: np.ndarray, title: str = "") -> None:
    """A map with signs: orange above 0, purple below, white at 0.  m (H, W)"""
    size = float(np.abs(m).max()) or 1.0
    ax.imshow(m, cmap=plot.DIVERGING, vmin=-size, vmax=size)
    _frame(ax, title, plot.BLACK)


def _frame(ax: Axes, title: str, color: str) -> None:
    ax.set(xticks=[], yticks=[])
    ax.set_title(title, fontsize=11, color=color)
    ax.grid(False)
