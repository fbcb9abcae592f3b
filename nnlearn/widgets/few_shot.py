"""The few-shot explorer: some letters of a script never trained on, a new drawing, and who is nearest."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from nnlearn.data.scripts import SIDE, glyphs, letters
from nnlearn.engine.primitive import no_grad, plain
from nnlearn.figures import plot
from nnlearn.functions.activations import softmax
from nnlearn.study.few_shot import SCALE, Embed, embedder, episode, flat, load, prototype_logits
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, choice, raster, segments, slider, text, texts, write

SCRIPTS, EMBEDDINGS = ("georgian", "armenian", "cyrillic"), ("trained on letters", "random weights", "pixels")
WAYS, SHOTS, COPIES = 10, 5, 18


@cache
def _letters(script: str) -> np.ndarray:
    return glyphs(script, COPIES, 23)


@cache
def _embedding(name: str) -> Embed:
    if name == "pixels":
        return flat
    return load() if name == EMBEDDINGS[0] else embedder(0)


@dataclass(frozen=True)
class State:
    """What is drawn: the examples, the new drawing, and how near it is to each class."""

    support: np.ndarray  # (way, shot, 1, 20, 20)
    query: np.ndarray  # (1, 20, 20)
    letters: str
    distance: np.ndarray  # (way,)
    probability: np.ndarray  # (way,)
    truth: int


class FewShotExplorer(Explorer):
    """A column of examples for each letter, a new drawing of one of them, its distance to every prototype."""

    size = (9.6, 4.3)

    def make_controls(self) -> Controls:
        return {
            "script": choice("script", SCRIPTS),
            "embedding": choice("compared by", EMBEDDINGS),
            "way": slider("letters", 8, 2, WAYS),
            "shot": slider("examples of each", 3, 1, SHOTS),
            "draw": slider("draw others", 0, 0, 40),
            "asked": slider("ask about", 0, 0, WAYS - 1),
        }

    def make_figure(self, figure: Figure) -> None:
        asked = figure.add_axes((0.02, 0.3, 0.2, 0.5))
        shown = figure.add_axes((0.28, 0.34, 0.71, 0.58), xlim=(0, WAYS), ylim=(SHOTS, 0))
        bars = figure.add_axes((0.28, 0.02, 0.71, 0.29), xlim=(0, WAYS), ylim=(-0.5, 1.15))
        asked.set(xticks=[], yticks=[], title="a new drawing")
        shown.set_title("the examples, and how near")
        for ax in (shown, bars):
            ax.set_axis_off()
        self.query = raster(asked, cmap="Greys", vmin=0, vmax=1, extent=(0, SIDE, SIDE, 0))
        self.examples = raster(shown, cmap="Greys", vmin=0, vmax=1)
        shown.set_aspect("auto")
        self.bars = segments(bars, linewidths=24, capstyle="butt")
        self.names = texts(bars, WAYS, fontsize=14)
        self.verdict = text(asked, SIDE / 2, SIDE + 2.5, fontsize=12, clip_on=False)

    def compute(self, script: str, embedding: str, way: int, shot: int, draw: int, asked: int) -> State:
        X, rng = _letters(script), np.random.default_rng([draw, way])
        number = np.broadcast_to(np.arange(len(X))[:, None], X.shape[:2])  # which letter a picture shows
        support, query = episode(X, way, SHOTS, 1, rng)
        which, _ = episode(number, way, SHOTS, 1, np.random.default_rng([draw, way]))
        truth, support = asked % way, support[:, :shot]
        embed = _embedding(embedding)
        with no_grad():
            rows = np.concatenate([support.reshape(way * shot, 1, SIDE, SIDE), query[truth]])
            z = plain(embed(rows))
            logits = plain(prototype_logits(z[:-1].reshape(way, shot, -1), z[-1:]))[0]
        names = "".join(letters(script)[k] for k in which[:, 0])
        return State(support, query[truth, 0], names, -logits, softmax(SCALE * logits), truth)

    def draw(self, state: State) -> str:
        way, shot = state.support.shape[:2]
        self.query.set_data(state.query[0])
        rows = state.support[:, :, 0].transpose(1, 2, 0, 3).reshape(shot * SIDE, way * SIDE)
        self.examples.set(data=rows, extent=(0, way, SHOTS, SHOTS - shot))
        answer = int(state.probability.argmax())
        near = state.distance.min() / np.maximum(state.distance, 1e-9)  # 1 for the nearest
        self.bars.set_segments([[(k + 0.5, 0), (k + 0.5, share)] for k, share in enumerate(near)])
        colours: list[Any] = [plot.SKY] * way
        colours[answer] = plot.GREEN if answer == state.truth else plot.VERMILION
        self.bars.set_color(colours)
        write(self.names, ((k + 0.5, -0.28, letter) for k, letter in enumerate(state.letters)))
        self.verdict.set_text(f"{state.letters[state.truth]}, read as {state.letters[answer]}")
        rank = int((state.distance < state.distance[state.truth]).sum())
        place = "is nearest" if rank == 0 else f"is only number {rank + 1} in order of distance"
        return (
            f"A new {state.letters[state.truth]}: of {way} letters with {shot} "
            f"example{'s' if shot > 1 else ''} each, the right one {place}. Bars: the smallest squared "
            f"distance divided by each letter's."
        )
