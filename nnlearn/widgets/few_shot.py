"""The few-shot explorer: some letters of a script never trained on, a new drawing, and who is nearest."""

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from nnlearn.data.scripts import SIDE, glyphs, letters
from nnlearn.engine.primitive import no_grad, plain
from nnlearn.figures import plot
from nnlearn.study.few_shot import Embed, embedder, flat, load
from nnlearn.widgets.chance import uniform
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, choice, raster, segments, slider, text, texts, write
from nnlearn.widgets.living import GREYS, as_the_page_has_it, by_twos, packed
from nnlearn.widgets.strokes import centred, ink, strokes

SCRIPTS, EMBEDDINGS = ("georgian", "armenian", "cyrillic"), ("trained on letters", "random weights", "pixels")
WAYS, SHOTS, COPIES, DRAWS = 10, 5, 9, 41  # most letters and examples; pictures of a letter; draws of letters
BOX, OWN = 13.6, "★"  # the longer side of a drawing; the reader's sign


@cache
def _letters(script: str) -> np.ndarray:
    """Pictures as a page carries them, in few greys.  (letters, COPIES, 1, 20, 20)"""
    return np.rint(GREYS * glyphs(script, COPIES, 23)).astype(np.uint8)


@cache
def _network(name: str) -> Any:
    """At a page's weights, which are rounded to 8 bits, so that both see the same distances."""
    return as_the_page_has_it(load() if name == EMBEDDINGS[0] else embedder(0)).astype(np.float64)


@no_grad()
def _embed(name: str, pictures: np.ndarray) -> np.ndarray:
    """(…, 1, 20, 20) -> (…, d)"""
    embed: Embed = flat if name == EMBEDDINGS[2] else _network(name)
    return plain(embed(pictures.reshape(-1, 1, SIDE, SIDE))).reshape(*pictures.shape[:-3], -1)


def episode(script: str, way: int, draw: int) -> tuple[np.ndarray, np.ndarray]:
    """Letters of a script by their numbers, and pictures of each, the last to be asked about.

    -> (way,), (way, SHOTS + 1, 1, 20, 20). More letters are the same ones and others.
    """
    X = _letters(script)
    u = uniform(draw, len(X) * (1 + COPIES))
    chosen = np.argsort(u[: len(X)], kind="stable")[:way]
    copies = np.argsort(u[len(X) :].reshape(X.shape[:2])[chosen], axis=1, kind="stable")
    return chosen, X[chosen[:, None], copies[:, : SHOTS + 1]] / GREYS


@lru_cache(maxsize=64)
def _prototypes(script: str, embedding: str, way: int, shot: int, draw: int) -> np.ndarray:
    """The means of each letter's embedded examples.  (way, d)"""
    return _embed(embedding, episode(script, way, draw)[1][:, :shot]).mean(axis=1)


def drawn(path: str) -> np.ndarray | None:
    """What a path draws, as large and as central as a letter.  -> (1, 20, 20), or None if it draws nothing"""
    lines = strokes(path)
    return ink(centred(lines, SIDE, BOX), SIDE)[None] if lines else None


@dataclass(frozen=True)
class State:
    """What is drawn: the examples, the new drawing, and how near it is to each class."""

    support: np.ndarray  # (way, shot, 1, 20, 20)
    taught: list[np.ndarray]  # (1, 20, 20) examples of the reader's own sign, which comes last
    query: np.ndarray  # (1, 20, 20)
    letters: str
    distance: np.ndarray  # (way,), or one more: squared, to the prototypes
    reach: float  # the largest squared distance between any two of all these
    truth: int | None  # None: the reader has drawn it

    @property
    def answer(self) -> int:
        return int(self.distance.argmin())


class FewShotExplorer(Explorer):
    """A column of examples for each letter, a new drawing, its distance to every prototype."""

    size = (9.6, 4.3)
    module = "few_shot"

    def make_controls(self) -> Controls:
        return {
            "script": choice("script", SCRIPTS),
            "embedding": choice("compared by", EMBEDDINGS),
            "way": slider("letters", 8, 2, WAYS),
            "shot": slider("examples of each", 3, 1, SHOTS),
            "draw": slider("draw others", 0, 0, DRAWS - 1),
            "asked": slider("ask about", 1, 0, WAYS - 1),
            "drawing": ipywidgets.Text("", description="strokes"),
            "taught": ipywidgets.Text("", description="examples of a sign of your own"),
        }

    def make_figure(self, figure: Figure) -> None:
        asked = figure.add_axes((0.02, 0.3, 0.2, 0.5))
        self.shown = figure.add_axes((0.28, 0.34, 0.71, 0.58), ylim=(SHOTS, 0))
        self.lines = figure.add_axes((0.28, 0.02, 0.71, 0.31), ylim=(1.3, -0.02))
        asked.set(xticks=[], yticks=[], title="a new drawing")
        self.shown.set_title("the examples, and how far it is from their mean")
        for ax in (self.shown, self.lines):
            ax.set_axis_off()
        self.query = raster(asked, cmap="Greys", vmin=0, vmax=1, extent=(0, SIDE, SIDE, 0))
        self.examples = raster(self.shown, cmap="Greys", vmin=0, vmax=1)
        self.shown.set_aspect("auto")
        self.threads = segments(self.lines, linewidths=3)
        self.names = texts(self.lines, WAYS + 1, fontsize=14)
        self.verdict = text(asked, SIDE / 2, SIDE + 2.5, fontsize=12, clip_on=False)

    def compute(
        self, script: str, embedding: str, way: int, shot: int, draw: int, asked: int, drawing: str,
        taught: str,
    ) -> State:  # fmt: skip
        chosen, pictures = episode(script, way, draw)
        prototypes = _prototypes(script, embedding, way, shot, draw)
        names = "".join(letters(script)[k] for k in chosen)
        own = [picture for path in taught.split(";") if (picture := drawn(path)) is not None][:SHOTS]
        if own:
            prototypes = np.concatenate([prototypes, _embed(embedding, np.stack(own)).mean(axis=0)[None]])
            names += OWN
        query, truth = drawn(drawing), None
        if query is None:
            truth = asked % way
            query = pictures[truth, -1]
        distance = np.square(prototypes - _embed(embedding, query)).sum(axis=1)
        between = np.square(prototypes[:, None] - prototypes).sum(axis=2)
        reach = float(max(distance.max(), between.max()))
        return State(pictures[:, :shot], own, query, names, distance, reach, truth)

    def draw(self, state: State) -> None:
        columns = len(state.letters)
        rows = max(state.support.shape[1], len(state.taught))
        paper = np.zeros((rows * SIDE, columns * SIDE))
        for k, examples in enumerate([*state.support, state.taught]):
            for i, example in enumerate(reversed(examples), 1):
                paper[(rows - i) * SIDE :, k * SIDE :][:SIDE, :SIDE] = example[0]
        self.query.set_data(state.query[0])
        self.examples.set(data=paper, extent=(0, columns, SHOTS, SHOTS - rows))
        far = state.distance / state.reach
        self.threads.set_segments([[(k + 0.5, 0), (k + 0.5, y)] for k, y in enumerate(far)])
        colours: list[Any] = [plot.SKY] * columns
        right = plot.GREEN if state.answer == state.truth else plot.VERMILION
        colours[state.answer] = plot.BLUE if state.truth is None else right
        self.threads.set_color(colours)
        write(self.names, ((k + 0.5, y + 0.15, state.letters[k]) for k, y in enumerate(far)))
        for ax in (self.shown, self.lines):
            ax.set(xlim=(0, max(WAYS, columns)))
        who = "your drawing" if state.truth is None else state.letters[state.truth]
        self.verdict.set_text(f"{who}, read as {state.letters[state.answer]}")

    def describe(self, state: State) -> str:
        way, shot = state.support.shape[:2]
        among = f"of {way} letters with {shot} example{'s' if shot > 1 else ''} each"
        if state.taught:
            among += f" and your own sign {OWN} with {len(state.taught)}"
        near = np.argsort(state.distance, kind="stable")[:2]
        first, second = (f"{state.letters[k]} with {state.distance[k]:.3g}" for k in near)
        if state.truth is None:
            return (
                f"Your drawing: {among}, the nearest is, by squared distance, {first}; next comes {second}."
            )
        who, own = state.letters[state.truth], state.distance[state.truth]
        rank = int((state.distance < own).sum())
        if rank == 0:
            place = f"is nearest, with a squared distance of {own:.3g}; next comes {second}"
        else:
            place = f"is only number {rank + 1}, with a squared distance of {own:.3g}; nearest is {first}"
        return f"A new {who}: {among}, the right one {place}."

    def scene(self) -> dict[str, Any]:
        state = self.state
        pictures = {"support": state.support, "taught": np.array(state.taught), "query": state.query}
        return {name: values.astype(np.float32).tobytes() for name, values in pictures.items()} | {
            "shot": state.support.shape[1],
            "letters": state.letters,
            "distance": state.distance.tolist(),
            "reach": state.reach,
            "truth": state.truth,
        }

    def page(self) -> dict[str, Any]:
        return {
            "scripts": {name: [letters(name), by_twos(_letters(name))] for name in SCRIPTS},
            "copies": COPIES,
            "networks": {name: packed(_network(name)) for name in EMBEDDINGS[:2]},
        }
