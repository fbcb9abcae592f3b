"""The ratios as a picture: one row a workload and one mark a library, or curves over what grows."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from nnlearn.figures import plot

from .workloads import GROWTH


def draw(ratios: dict[str, dict[str, float]], path: Path, growth: bool) -> None:
    """Write how many times as long as nnlearn the others take, to a PNG file."""
    path.write_bytes(plot.png(_curves(ratios) if growth else _rows(ratios)))


def _curves(ratios: dict[str, dict[str, float]]) -> Figure:
    """A panel for each thing that grows: PyTorch's time over ours."""
    measured = {what: curve for what, curve in GROWTH.items() if curve.keys() & ratios.keys()}
    figure = np.atleast_1d(plot.axes(1, len(measured), width=3.2 * len(measured), height=3.4))[0].figure
    for ax, (what, curve) in zip(figure.axes, measured.items(), strict=True):
        sizes = [(int(name.split()[-1]), ratios[name]["PyTorch"]) for name in curve if name in ratios]
        ax.plot(*zip(*sizes, strict=True), "o-", color=plot.BLUE)
        ax.axhline(1, color=plot.BLACK)
        ax.set(
            xscale="log", xlabel=f"{next(iter(curve)).split(',')[0]}: {what}", ylabel="PyTorch's time / ours"
        )
        ax.set_xticks([n for n, _ in sizes], [str(n) for n, _ in sizes])
        ax.minorticks_off()
        ax.set_ylim(bottom=0)
    return figure


def _rows(ratios: dict[str, dict[str, float]]) -> Figure:
    libraries = list(
        dict.fromkeys(library for row in ratios.values() for library in row if library != "nnlearn")
    )
    ax = plot.axes(
        height=1.2 + 0.45 * len(ratios), xscale="log", xlabel="time for a training step, nnlearn = 1"
    )
    for k, library in enumerate(libraries):
        rows = [(row[library], -i) for i, row in enumerate(ratios.values()) if library in row]
        ax.plot(*zip(*rows, strict=True), plot.MARKERS[k], color=plot.COLOURS[k], markersize=9, label=library)
    ax.axvline(1, color=plot.BLACK)
    ax.set_yticks([-i for i in range(len(ratios))], list(ratios))
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return ax.figure
