"""The writer: a GPT that has read Jane Austen goes on with your words, and shows what it doubts."""

import base64
import json
from dataclasses import dataclass
from typing import Any

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

import nnlearn as nn
from nnlearn.figures import plot
from nnlearn.models.gpt import GPT
from nnlearn.text.tokenizers import BPETokenizer
from nnlearn.widgets.kit import Controls, raster, slider, text, texts, write
from nnlearn.widgets.living import LivingExplorer, in_eight_bits
from nnlearn.widgets.next_token import BITS, SIGNS, SURPRISE, Continuation

# Tokens that can be written; of the prompt that are read; the likeliest shown.
LONGEST, PROMPT, BARS = 180, 60, 12
WEIGHTS = "austen-weights.js"  # 4 MB, for pages without a kernel
COLUMNS, ROWS = 62, 14  # of letters in the stored picture


@dataclass(frozen=True)
class Page:
    """The text so far, and what may come next."""

    tokens: list[str]
    given: int  # how many of them are the reader's
    bits: np.ndarray  # the surprise of each (0 for the first)
    model: np.ndarray  # (V,) probabilities as the model gives them
    drawn: np.ndarray  # (V,) after temperature and top-p
    top: list[int]  # the likeliest, first


class Writer(LivingExplorer):
    """A page of Austen that nobody wrote: turn the temperature, see every doubt, choose a word yourself."""

    size = (9.6, 5.0)
    module = "writer"
    files = (WEIGHTS,)

    def make_controls(self) -> Controls:
        return {
            "prompt": ipywidgets.Text("Emma", description="begin with"),
            "length": slider("tokens written", 120, 0, LONGEST),
            "temperature": slider("temperature", 0.8, 0.0, 2.0, 0.05),
            "top_p": slider("top-p", 0.95, 0.05, 1.0, 0.05),
            "seed": slider("seed", 1, 0, 20),
        }

    def make_figure(self, figure: Figure) -> None:
        self.gpt, self.tokenizer, _, _ = nn.austen.load()
        self.picks: dict[int, int] = {}  # tokens that the reader has chosen, by their place in the text
        self.begun = ""  # with this prompt
        self.read: tuple[str, Continuation] | None = None  # what was read so far, and of which settings
        page, bars = figure.add_axes((0.02, 0.04, 0.6, 0.86)), figure.add_axes((0.78, 0.06, 0.2, 0.84))
        page.set(xlim=(0, COLUMNS), ylim=(ROWS, 0), xticks=[], yticks=[])
        page.spines[:].set_visible(False)
        page.set_title("the darker, the more it surprised the model", fontsize=12)
        look: dict[str, Any] = {"vmin": 0, "vmax": BITS, "aspect": "auto"}
        self.ground = raster(page, cmap=SURPRISE, extent=(0, COLUMNS, ROWS, 0), **look)
        style = {"family": "DejaVu Sans Mono", "fontsize": 11.1, "ha": "left"}
        self.lines = [texts(page, ROWS, color=colour, **style) for colour in (plot.BLACK, plot.BLUE)]
        bars.set(xlim=(0, 1), ylim=(BARS - 0.4, -0.6), yticks=[])
        bars.set_title("what comes next?", fontsize=12)
        places = np.arange(BARS)
        self.raw = bars.barh(places, 0, 0.8, color="#CFCFCF", animated=True)
        self.kept = bars.barh(places, 0, 0.4, color=plot.BLUE, animated=True)
        self.names = [
            text(bars, -0.03, k, ha="right", family="DejaVu Sans Mono", fontsize=12) for k in range(BARS)
        ]

    def compute(self, prompt: str, length: int, temperature: float, top_p: float, seed: int) -> Page:
        known = self.tokenizer.encode(prompt)[-PROMPT:]
        known = known if len(known) else self.tokenizer.encode("\n")
        if prompt != self.begun:  # another text, whose places are others
            self.begun, self.picks = prompt, {}
        choice: dict[str, Any] = {"temperature": temperature, "top_p": top_p}
        settings = json.dumps([prompt, seed, choice, self.picks], sort_keys=True)
        if self.read is None or self.read[0] != settings:
            self.read = settings, Continuation(self.gpt, known, seed, self.picks, **choice)
        run, end = self.read[1], len(known) + length
        run.grow(end)
        ids, logits = np.array(run.ids[:end]), np.array(run.logits[:end])
        model = nn.text.next_token_probabilities(logits)
        bits = np.append(0, -np.log2(np.maximum(model[np.arange(end - 1), ids[1:]], 1e-300)))
        drawn = nn.text.next_token_probabilities(logits[-1], **choice)
        top = np.argsort(-model[-1], kind="stable")[:BARS].tolist()
        return Page([self.tokenizer.decode([i]) for i in ids], len(known), bits, model[-1], drawn, top)

    def describe(self, state: Page) -> str:
        said, likeliest = "".join(state.tokens)[-24:].translate(SIGNS), state.top[0]
        written = state.bits[state.given :]
        cost = f" The {len(written)} written took {written.mean():.1f} bits each." if len(written) else ""
        v, name = self.values, self.tokenizer.decode([likeliest]).translate(SIGNS)
        return (
            f"After “{said}” the model expects {name} with {state.model[likeliest]:.0%}; temperature "
            f"{v['temperature']:.2f} and top-p {v['top_p']:.2f} leave {(state.drawn > 0).sum()} of "
            f"{len(state.model)} tokens to draw from.{cost}"
        )

    def draw(self, state: Page) -> str:
        ground, rows = np.zeros((ROWS, COLUMNS)), [[" " * COLUMNS] * ROWS, [" " * COLUMNS] * ROWS]
        row = column = 0
        for k, (token, bits) in enumerate(zip(state.tokens, state.bits, strict=True)):
            for letter in token:
                if letter == "\n" or column == COLUMNS or (letter == " " and column > COLUMNS - 9):
                    row, column = row + 1, 0
                    if letter in "\n ":
                        continue
                if row < ROWS:
                    line = rows[k >= state.given]
                    line[row] = line[row][:column] + letter + line[row][column + 1 :]
                    ground[row, column] = bits
                column += 1
        self.ground.set_data(ground)
        for artists, lines in zip(self.lines, rows, strict=True):
            write(artists, ((0, k + 0.5, words.rstrip()) for k, words in enumerate(lines)))
        for k, i in enumerate(state.top):
            self.raw[k].set_width(state.model[i])
            self.kept[k].set_width(state.drawn[i])
            self.names[k].set_text(self.tokenizer.decode([i]).translate(SIGNS))
        return self.describe(state)

    # -- what the page is told, and asks for ------------------------------------------------------------

    def scene(self) -> dict[str, Any]:
        state = self.state
        p, drawn = state.model.tolist(), state.drawn.tolist()
        top = [[self.tokenizer.decode([i]), p[i], drawn[i], i] for i in state.top]
        tokens = [[token, float(bits)] for token, bits in zip(state.tokens, state.bits, strict=True)]
        return {"tokens": tokens, "given": state.given, "top": top}

    def page(self) -> dict[str, Any]:
        """The text as it stands; the weights come when they are asked for, from a file of the site."""
        return {
            "scene": self.scene(),
            "sentence": self.sentence,
            "weights": WEIGHTS,
            "context": self.gpt.context,
            "prompt": PROMPT,
        }

    @classmethod
    def assets(cls) -> dict[str, str]:
        gpt, tokenizer, _, _ = nn.austen.load()
        return {WEIGHTS: f"window.nnWeights = {packed(gpt, tokenizer)};\n"}

    def receive(self, message: dict[str, Any]) -> None:
        """A token chosen by the reader, or all of them forgotten; the next `length` shows it."""
        match message:
            case {"type": "pick", "at": int(at), "id": int(i)} if 0 <= i < len(self.tokenizer):
                self.picks[at] = i
            case {"type": "forget"}:
                self.picks = {}


def by_rows(name: str, W: np.ndarray) -> np.ndarray:
    """A matrix as the page multiplies with it: a row for each output, or for each token and place."""
    return W if name in ("tokens.W", "positions.W") else W.T


def packed(gpt: GPT, tokenizer: BPETokenizer) -> str:
    """A model and its tokenizer for js/gpt.mjs, as JSON: matrices in 8 bits, the rest in 32."""

    state = {name: np.asarray(value, np.float32) for name, value in gpt.state_dict().items()}
    matrices = {name: by_rows(name, W) for name, W in state.items() if W.ndim == 2}
    attention = gpt.blocks[0].attention
    return json.dumps(
        {
            "config": {
                "context": gpt.context,
                "width": gpt.tokens.W.shape[1],
                "depth": len(gpt.blocks),
                "heads": attention.heads,
                "eps": gpt.norm.eps,
            },
            **in_eight_bits(matrices, {name: v for name, v in state.items() if v.ndim == 1}),
            "tokens": [base64.b64encode(tokenizer.tokens[i]).decode() for i in range(len(tokenizer))],
            "merges": [list(pair) for pair in tokenizer.merges],
        },
        separators=(",", ":"),
    )
