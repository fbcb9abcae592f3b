"""A kernel on its way over numbers."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from nnlearn.figures import plot
from nnlearn.figures.kit import box, label, sheet


def number_grids(
    grids: Mapping[str, np.ndarray], marks: Mapping[str, tuple[int, int, int]], sign: str
) -> Axes:
    """Matrices of whole numbers side by side, {title: matrix}, `sign` between the first two and = after.

    `marks` frames squares: {title: (row, column, side)}.
    """
    gap = 1.5
    tall = max(len(grid) for grid in grids.values())
    wide = sum(grid.shape[1] + gap for grid in grids.values()) - gap
    ax = sheet((-0.1, wide + 0.1), (-tall - 0.1, 1), unit=0.62)
    x = 0.0
    for k, (title, grid) in enumerate(grids.items()):
        reach, top = max(1.0, float(np.abs(grid).max())), (len(grid) - tall) / 2
        ax.imshow(
            grid, cmap=plot.DIVERGING, vmin=-2 * reach, vmax=2 * reach,
            extent=(x, x + grid.shape[1], top - len(grid), top),
        )  # fmt: skip
        if k:
            label(ax, (x - gap / 2, -tall / 2), sign if k == 1 else "=", fontsize=18)
        for (i, j), value in np.ndenumerate(grid):
            label(ax, (x + j + 0.5, top - i - 0.5), plot.number(value), fontsize=14)
        if title in marks:
            i, j, side = marks[title]
            frame = box(ax, (x + j + side / 2, top - i - side / 2), (side, side), "", "none", plot.VERMILION)
            frame.set(linewidth=3)
        label(ax, (x, top + 0.35), title, fontsize=13, weight="bold", ha="left")
        x += grid.shape[1] + gap
    return ax


def sliding_windows(n: int, cases: Mapping[str, tuple[int, int, int]]) -> np.ndarray:
    """A row of n inputs under a kernel of 3, for each {title: (stride, padding, dilation)}."""
    axs = plot.axes(1, len(cases), width=11, height=2.5, ylim=(-0.7, 1.9), xlim=(-1.7, n + 0.7))
    for ax, (title, (stride, padding, dilation)) in zip(axs, cases.items(), strict=True):
        ax.set_axis_off()
        places = np.arange(dilation - padding, n + padding - dilation, stride)
        for j, place in enumerate(places):
            look = {"color": plot.VERMILION} if j == 1 else {"color": "#C4C4C4", "linewidth": 1, "zorder": 1}
            for start in (place - dilation, place, place + dilation):
                ax.plot([start, place], [0, 1.2], **look)
        pads = [*range(-padding, 0), *range(n, n + padding)]
        for x, y, face, edge in (
            (places, 1.2, plot.ORANGE, plot.ORANGE), (range(n), 0, plot.BLUE, plot.BLUE),
            (pads, 0, "white", plot.GREY),
        ):  # fmt: skip
            ax.plot(x, [y] * len(x), "s", color=face, markeredgecolor=edge, markersize=11, zorder=3)
        ax.set_title(f"{title}: {len(places)} outputs", fontsize=12)
    return axs
