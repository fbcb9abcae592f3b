"""Attention, and the GPT that is made of it."""

import itertools

import numpy as np
from matplotlib.axes import Axes

from nnlearn.figures import plot
from nnlearn.figures.kit import Point, arrow, box, label, node, sheet


def reading_and_writing() -> np.ndarray:
    """Two translators of "3 May": all through one vector; and with a look at every place of the source."""
    axs = plot.axes(1, 2, width=9.0, height=2.6, xlim=(-0.6, 7.6), ylim=(-0.6, 3.2), aspect="equal")
    for ax, looks in zip(axs, (False, True), strict=True):
        ax.set_axis_off()
        ax.set_title("attention: look back at any time" if looks else "bottleneck: one vector for all")
        _row(ax, (0, 0), "3␣May", plot.BLUE)
        _row(ax, (5.2, 2.6), "05-", plot.VERMILION)
        _weighted(ax, (3.9, 0.1), (5.1, 2.22), plot.BLACK, 0.25 if looks else 1.0)
        for k, weight in enumerate((0.05, 0.05, 0.25, 0.3, 0.9) if looks else ()):
            _weighted(ax, (0.9 * k, 0.36), (6.1, 2.22), plot.GREEN, weight)
    return axs


def _row(ax: Axes, at: Point, text: str, colour: str) -> None:
    """A box for each character, each with an arrow to the next."""
    boxes = []
    for k, sign in enumerate(text):
        place = (at[0] + 0.9 * k, at[1])
        boxes.append(box(ax, place, (0.5, 0.62), sign, "white", colour, fontsize=14, family="monospace"))
    for here, there in itertools.pairwise(boxes):
        arrow(ax, here, there, colour)


def _weighted(ax: Axes, start: Point, end: Point, colour: str, weight: float) -> None:
    """An arrow as strong as its weight, from 0 to 1."""
    arrow(ax, start, end, colour, 0.8 + 2.2 * weight, alpha=0.25 + 0.75 * weight)


def gpt() -> Axes:
    """A GPT from left to right: one stream, to which every block's two branches add."""
    ax = sheet((0, 19.6), (-0.5, 5.0), unit=0.5)
    block = box(ax, (8.9, 2.0), (8.7, 4.3), "", "#F4F7FA", plot.GREY)
    block.set(linestyle="--", linewidth=1.2, zorder=0)
    label(ax, (8.9, 4.6), "one block; L of them follow each other")
    label(ax, (8.9, 0.35), "the stream x: (B, T, C)", color=plot.BLUE)
    _branch(ax, 5.45, "attention:\nlooks back", "#F6CF7A")
    _branch(ax, 9.75, "MLP: each\nplace alone", "#8FD3BC")
    ids, embedding, norm, scores, softmax = (
        box(ax, (x, 1), (1.4, 1.2), name, "white", plot.GREY, fontsize=11)
        for x, name in (
            (0.9, "ids\n(B, T)"), (2.9, "token\n+ place"), (14.6, "norm"), (16.7, "· Eᵀ"),
            (18.8, "soft-\nmax"),
        )
    )  # fmt: skip
    arrow(ax, ids, embedding, plot.GREY)
    for start, end in ((embedding, norm), (norm, scores), (scores, softmax)):
        arrow(ax, start, end, plot.SKY, linewidth=5)
    for x, shape in ((2.9, "(B, T, C)"), (16.7, "(B, T, V)")):
        label(ax, (x, -0.1), shape, color=plot.GREY, fontsize=11)
    return ax


def _branch(ax: Axes, x: float, name: str, colour: str) -> None:
    """Up from the stream through a norm and a layer, and back onto it."""
    norm = box(ax, (x, 3.15), (1.3, 1.2), "norm", "white", plot.GREY, fontsize=11)
    layer = box(ax, (x + 2.2, 3.15), (2.05, 1.2), name, colour, plot.GREY, fontsize=11)
    plus = node(ax, (x + 2.2, 1), "+", 0.3, "white", plot.BLACK, fontsize=14, weight="bold")
    arrow(ax, (x, 1), norm)
    arrow(ax, norm, layer)
    arrow(ax, layer, plus)
