"""The ratios as a picture: one row a workload, one mark a library."""

from pathlib import Path

from nnlearn.figures import plot


def draw(ratios: dict[str, dict[str, float]], path: Path) -> None:
    """Write how many times as long as nnlearn the others take, to a PNG file."""
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
    path.write_bytes(plot.png(ax.figure))
