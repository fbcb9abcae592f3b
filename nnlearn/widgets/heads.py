"""The head explorer: inside the GPT that read Austen, on the reader's own text."""

from dataclasses import dataclass
from functools import cache
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
from nnlearn.widgets.next_token import SIGNS

LONGEST = 18  # tokens that are shown
START = "It is a truth universally acknowledged, that a single man"
CUTS = ("nothing", "this head", "its block's heads")


@cache
def _gpt() -> tuple[GPT, BPETokenizer]:
    model, tokenizer, _, _ = austen.load()
    return model, tokenizer


@dataclass(frozen=True)
class State:
    """What is drawn: the tokens, a head's pattern, the lens at one place, bits with and without the cut."""

    words: list[str]
    at: int
    pattern: np.ndarray  # (T, T)
    guesses: list[tuple[str, float]]  # after each block, the likeliest token and its probability
    bits: float
    without: float


class HeadExplorer(Explorer):
    """A text: who looks at whom in a head; what each block expects next; what is missed without the head."""

    size = (9.8, 4.6)

    def make_controls(self) -> Controls:
        model, _ = _gpt()
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
        model, tokenizer = _gpt()
        ids = np.array([tokenizer.encode(text)[:LONGEST]], dtype=np.int64)
        if ids.size == 0:
            ids = np.array([tokenizer.encode(" ")], dtype=np.int64)
        at, heads = min(place, ids.shape[1] - 1), model.blocks[0].attention.heads
        chosen: dict[str, Any] = {
            CUTS[0]: [], CUTS[1]: [(block - 1, head - 1)], CUTS[2]: [(block - 1, h) for h in range(heads)],
        }  # fmt: skip
        bits = self._bits(ids)
        with circuits.cut_heads(model, chosen[cut]):
            without = self._bits(ids)
            pattern = circuits.attention_patterns(model, ids)[block - 1, 0, head - 1]
            chances = softmax(circuits.logit_lens(model, ids)[:, 0, at])
        guesses = [(tokenizer.decode([int(p.argmax())]), float(p.max())) for p in chances]
        return State([tokenizer.decode([int(i)]) for i in ids[0]], at, pattern, guesses, bits, without)

    @staticmethod
    def _bits(ids: np.ndarray) -> float:
        return float(circuits.surprise(_gpt()[0], ids).mean()) if ids.shape[1] > 1 else 0.0

    def draw(self, state: State) -> str:
        T = len(state.words)
        shown = [word.translate(SIGNS) for word in state.words]
        middle = (np.arange(T) + 0.5) / T
        self.map.set_data(state.pattern)
        write(self.rows, ((-0.015, y, word) for y, word in zip(middle, shown, strict=True)))
        write(self.columns, ((x, -0.02, word) for x, word in zip(middle, shown, strict=True)))
        low, high = state.at / T, (state.at + 1) / T
        self.frame.set_segments([[(0, low), (1, low), (1, high), (0, high), (0, low)]])
        self.bars.set_segments([[(0, k), (p, k)] for k, (_, p) in enumerate(state.guesses)])
        write(self.names, ((p + 0.03, k, word.translate(SIGNS)) for k, (word, p) in enumerate(state.guesses)))
        self.title.set_text(f"what comes after {shown[state.at]}?")
        best = int(state.pattern[state.at].argmax())
        word, chance = state.guesses[-1]
        return (
            f"From {shown[state.at]!r} this head looks most at {shown[best]!r} "
            f"({state.pattern[state.at, best]:.2f}). In the end the GPT expects {word!r} with {chance:.0%}. "
            f"The text costs {state.bits:.2f} bits per token, with this cut {state.without:.2f}."
        )
