"""What training may see and what it may change."""

import textwrap
from collections.abc import Sequence

import numpy as np
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


def who_looks_at_whom(words: Sequence[str]) -> np.ndarray:
    """Two tables of which token looks at which: a decoder's triangle and an encoder's square."""
    T = len(words)
    axes = plot.axes(1, 2, width=8.6, height=3.6)
    for ax, seen, title in zip(
        axes,
        (np.tri(T), np.ones((T, T))),
        ("GPT (decoder): the left side", "BERT (encoder): both sides"),
        strict=True,
    ):
        ax.imshow(seen, cmap="Blues", vmin=0, vmax=1.6)
        ax.set(title=title, xticks=range(T), xticklabels=words, yticks=range(T), yticklabels=words)
        ax.set_xlabel("looks at")
        ax.grid(False)
    axes[0].set_ylabel("this token")
    return axes


def filled_gaps(gaps: Sequence[tuple[str, str, Sequence[str], np.ndarray]]) -> np.ndarray:
    """Four sentences with a gap: the words for it and their probabilities, the true one in green.

    gaps: (sentence, true word, words, probabilities) each.
    """
    axes = plot.axes(2, 2, width=9.6, height=4.8, xlim=(0, 1))
    for ax, (sentence, truth, words, p) in zip(axes.flat, gaps, strict=True):
        ax.barh(range(len(p)), p, color=[plot.GREEN if word == truth else plot.BLUE for word in words])
        ax.set_yticks(range(len(p)), words, fontsize=13)
        ax.set_title("\n".join(textwrap.wrap(f"{sentence}  [{truth}]", 52)), fontsize=10)
        ax.invert_yaxis()
    for ax in axes[1]:
        ax.set_xlabel("probability")
    return axes
