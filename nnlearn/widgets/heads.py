"""The head explorer: inside the GPT that read Austen, on the reader's own text."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from nnlearn.figures import plot
from nnlearn.functions.activations import softmax
from nnlearn.models.gpt import GPT
from nnlearn.study import austen, circuits
from nnlearn.text.tokenizers import BPETokenizer
from nnlearn.widgets.attention import SHADES
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, choice, raster, segments, slider, text, texts, write
from nnlearn.widgets.living import text_of
from nnlearn.widgets.next_token import SIGNS
from nnlearn.widgets.writer import WEIGHTS, Writer

LONGEST = 18  # tokens that are shown
START = "It is a truth universally acknowledged, that a single man"
CUTS = ("nothing", "this head", "its block's heads")


@cache
def gpt() -> tuple[GPT, BPETokenizer]:
    """The GPT that is shipped, and its tokenizer."""
    model, tokenizer, _, _ = austen.load()
    return model, tokenizer


@dataclass(frozen=True)
class State:
    """The tokens, every head's pattern, the lens at every place, bits with and without the cut."""

    words: list[str]
    patterns: np.ndarray  # (depth, heads, T, T)
    guesses: list[list[tuple[str, float]]]  # by layer and place, the likeliest token and its probability
    bits: float
    without: float


@lru_cache(16)
def look(text: str, cut: tuple[tuple[int, int], ...]) -> State:
    """What the GPT makes of a text while heads (block, head) are cut."""
    model, tokenizer = gpt()
    ids = np.array([tokenizer.encode(text)[:LONGEST]], dtype=np.int64)
    if ids.size == 0:
        ids = np.array([tokenizer.encode(" ")], dtype=np.int64)
    bits = _bits(ids)
    with circuits.cut_heads(model, cut):
        without = _bits(ids)
        patterns = circuits.attention_patterns(model, ids)[:, 0]
        chances = softmax(circuits.logit_lens(model, ids)[:, 0])
    names = [[tokenizer.decode([int(i)]) for i in layer] for layer in chances.argmax(axis=2)]
    most = chances.max(axis=2).tolist()
    guesses = [list(zip(*layer, strict=True)) for layer in zip(names, most, strict=True)]
    return State(_words(ids[0]), patterns, guesses, bits, without)


def _words(ids: Iterable[int]) -> list[str]:
    return [gpt()[1].decode([int(i)]) for i in ids]


def _bits(ids: np.ndarray) -> float:
    return float(circuits.surprise(gpt()[0], ids).mean()) if ids.shape[1] > 1 else 0.0


class HeadExplorer(Explorer):
    """A text: who looks at whom in a head; what each block expects next; what is missed without the head."""

    size = (9.8, 4.6)
    module = "heads"
    files = (WEIGHTS,)

    def make_controls(self) -> Controls:
        model, _ = gpt()
        heads = model.blocks[0].attention.heads
        return {
            "text": ipywidgets.Text(START, description="text"),
            "block": slider("block", 5, 1, len(model.blocks)),
            "head": slider("head", 1, 1, heads),
            "place": slider("token", 10, 0, LONGEST - 1),
            "cut": choice("cut", CUTS),
        }

    def make_figure(self, figure: Figure) -> None:
        looks = figure.add_axes((0.12, 0.05, 0.42, 0.76))
        lens = figure.add_axes((0.62, 0.13, 0.36, 0.68))
        self.map = raster(looks, cmap=SHADES, vmin=0, vmax=1, extent=(0, 1, 1, 0), aspect="auto")
        looks.set(xlim=(0, 1), ylim=(1, 0), xticks=[], yticks=[])
        self.rows = texts(looks, LONGEST, fontsize=10, ha="right", clip_on=False)
        steep: dict[str, Any] = {"va": "bottom", "rotation": 45, "rotation_mode": "anchor"}
        self.columns = texts(looks, LONGEST, fontsize=10, ha="left", clip_on=False, **steep)
        self.frame = segments(looks, colors=plot.VERMILION, linewidths=2)
        lens.set(xlim=(0, 1.35), ylim=(-0.6, 6.6), xlabel="probability", xticks=[0, 0.5, 1])
        lens.set_yticks(range(7), ["before", *(f"block {k}" for k in range(1, 7))])
        self.bars = segments(lens, colors=plot.GREEN, linewidths=16, capstyle="butt")
        self.names = texts(lens, 7, fontsize=12, ha="left")
        self.title = text(lens, 0.6, 7.0, fontsize=12, color=plot.VERMILION, clip_on=False)

    def compute(self, text: str, block: int, head: int, place: int, cut: str) -> State:
        heads = gpt()[0].blocks[0].attention.heads
        chosen = {CUTS[0]: [], CUTS[1]: [head - 1], CUTS[2]: range(heads)}[cut]
        return look(text, tuple((block - 1, h) for h in chosen))  # another head or place is of the same

    @property
    def at(self) -> int:
        """The token that is asked about."""
        return min(self.values["place"], len(self.state.words) - 1)

    @property
    def pattern(self) -> np.ndarray:
        """Who looks at whom in the head that is shown.  (T, T)"""
        return self.state.patterns[self.values["block"] - 1, self.values["head"] - 1]

    def draw(self, state: State) -> None:
        T, at = len(state.words), self.at
        shown = [word.translate(SIGNS) for word in state.words]
        middle = (np.arange(T) + 0.5) / T
        self.map.set_data(self.pattern)
        write(self.rows, ((-0.015, y, word) for y, word in zip(middle, shown, strict=True)))
        write(self.columns, ((x, -0.02, word) for x, word in zip(middle, shown, strict=True)))
        low, high = at / T, (at + 1) / T
        self.frame.set_segments([[(0, low), (1, low), (1, high), (0, high), (0, low)]])
        lens = [layer[at] for layer in state.guesses]
        self.bars.set_segments([[(0, k), (p, k)] for k, (_, p) in enumerate(lens)])
        write(self.names, ((p + 0.03, k, word.translate(SIGNS)) for k, (word, p) in enumerate(lens)))
        self.title.set_text(f"what comes after {shown[at]}?")

    def describe(self, state: State) -> str:
        at, looks = self.at, self.pattern[self.at]
        best, (word, chance) = int(looks.argmax()), state.guesses[-1][at]
        asks, sees, said = (w.translate(SIGNS) for w in (state.words[at], state.words[best], word))
        return (
            f"From “{asks}” this head looks most at “{sees}” ({looks[best]:.2f}). In the end the GPT expects "
            f"“{said}” with {chance:.0%}. The text costs {state.bits:.2f} bits per token, with this cut "
            f"{state.without:.2f}."
        )

    def scene(self) -> dict[str, Any]:
        return self._shown() | {"patterns": self.state.patterns.astype(np.float32).tobytes()}

    def _shown(self) -> dict[str, Any]:
        state = self.state
        return {
            "words": state.words,
            "heads": state.patterns.shape[:2],
            "guesses": state.guesses,
            "bits": state.bits,
            "without": state.without,
        }

    def page(self) -> dict[str, Any]:
        """The text as it stands; the weights come when another is asked for, from a file of the site."""
        scene = self._shown() | {"patterns": text_of(self.state.patterns.astype(np.float32))}
        return {"scene": scene, "weights": WEIGHTS, "longest": LONGEST, "cuts": CUTS}

    @classmethod
    def assets(cls) -> dict[str, str]:
        return Writer.assets()
