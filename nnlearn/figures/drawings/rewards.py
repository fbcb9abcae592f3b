"""Boards of games, and maps of worlds that pay rewards."""

import numpy as np
from matplotlib.axes import Axes

from nnlearn.figures import plot

MARKS = {1: ("X", plot.VERMILION), -1: ("O", plot.BLUE)}


def game_board(ax: Axes, board: np.ndarray, share: np.ndarray | None = None, title: str = "") -> None:
    """A board with 1 as X and −1 as O; the free cells' `share`s in percent, the darker the more.

    (height, width), (height, width)
    """
    h, w = board.shape
    shade = np.where(board == 0, 0.0 if share is None else share, 0.0)
    ax.imshow(shade, cmap="Oranges", vmin=0, vmax=1.2)
    for i, j in np.ndindex(h, w):
        if board[i, j]:
            sign, colour = MARKS[int(board[i, j])]
            ax.text(j, i, sign, ha="center", va="center", fontsize=22, weight="bold", color=colour)
        elif share is not None:
            ax.text(j, i, f"{share[i, j]:.0%}", ha="center", va="center", fontsize=11)
    _cells(ax, h, w, title)


def grid_map(
    ax: Axes, signs: np.ndarray, value: np.ndarray, path: list[int] | None = None, title: str = ""
) -> None:
    """A map of cells with their values, walls in grey, start and goals by their letters, and a way as a line.

    signs (height, width) of single letters, value (height · width), path: numbers of cells
    """
    h, w = signs.shape
    shade = np.where(signs == "#", np.nan, value.reshape(h, w))
    ax.imshow(np.where(signs == "#", 1.0, np.nan), cmap="Greys", vmin=0, vmax=1.7)
    ax.imshow(shade, cmap="Oranges", vmin=0, vmax=1.6 * max(float(np.nanmax(shade)), 0.6))
    for i, j in np.ndindex(h, w):
        sign = str(signs[i, j])
        word = sign if sign in "SGg" else f"{shade[i, j]:.2f}"
        if signs[i, j] != "#":
            bold = "bold" if word in "SGg" else "normal"
            ax.text(j, i - 0.25, word, ha="center", va="center", fontsize=12, weight=bold)
    if path:
        rows, columns = np.divmod(np.array(path), w)
        x, y = columns + 0.36, rows + 0.3  # beside the numbers
        ax.plot(x, y, color=plot.BLUE, linewidth=2.2)
        look = {"arrowstyle": "-|>", "color": plot.BLUE, "linewidth": 2.2}
        ax.annotate("", (x[-1], y[-1]), (x[-2], y[-2]), arrowprops=look)
    _cells(ax, h, w, title)


def _cells(ax: Axes, h: int, w: int, title: str) -> None:
    ax.set(xticks=np.arange(w + 1) - 0.5, yticks=np.arange(h + 1) - 0.5, title=title)
    ax.set(xticklabels=[], yticklabels=[])
    ax.grid(True, color=plot.GREY, linewidth=0.8)
    ax.tick_params(length=0)
