"""What training may see and what it may change."""

from matplotlib.axes import Axes

from nnlearn.figures import plot
from nnlearn.figures.kit import arrow, box, label, sheet


def three_sets() -> Axes:
    """All examples as one bar in three parts, and what each part may decide."""
    ax = sheet((0, 10), (-0.1, 3), unit=0.9)
    left = 0.0
    for tenths, colour, name, decides in (
        (6, plot.BLUE, "training", "the weights,\nmeans and scales,\nchosen features"),
        (2, plot.ORANGE, "validation", "width, depth,\nlearning rate,\nwhen to stop"),
        (2, plot.GREEN, "test", "nothing:\none number\nat the end"),
    ):
        middle = left + tenths / 2
        text = f"{name}\n{10 * tenths} %"
        box(ax, (middle, 2.4), (tenths - 0.1, 1), text, colour, colour, color="white", weight="bold")
        label(ax, (middle, 0.6), decides)
        left += tenths
    label(ax, (0, 1.5), "may decide", color=plot.GREY, ha="left")
    return ax


def three_beginnings() -> Axes:
    """A body and a new head, three times: frozen, fine-tuned, from scratch."""
    ax = sheet((0, 15.2), (-0.2, 5.2), unit=0.62)
    new = "#FBE3D3"
    for x, way, body, colour, face in (
        (2.5, "frozen", "copied\nnever changes", plot.BLUE, "#D6E6F2"),
        (7.5, "fine-tuned", "copied\ntrained on", plot.GREEN, "#D3EBE2"),
        (12.5, "from scratch", "random\ntrained", plot.VERMILION, new),
    ):
        below = box(ax, (x, 1.65), (4.3, 2), f"body: {body}", face, colour)
        above = box(ax, (x, 3.6), (4.3, 1.1), "head: random, trained", new, colour)
        arrow(ax, below, above, plot.GREY)
        label(ax, (x, 4.8), way, color=colour, fontsize=15, weight="bold")
        label(ax, (x, 0.2), "input", color=plot.GREY)
    return ax
