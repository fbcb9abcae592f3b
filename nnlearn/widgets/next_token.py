"""The next-token explorer: what a small GPT expects, and what temperature, top-k and top-p leave of it."""

import base64
import json
from dataclasses import dataclass
from typing import Any, ClassVar

import ipywidgets
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

import nnlearn as nn
from nnlearn.figures import plot
from nnlearn.models.gpt import GPT
from nnlearn.text.tokenizers import BPETokenizer, CharTokenizer
from nnlearn.widgets.chance import numpys
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, raster, slider, text, texts, write
from nnlearn.widgets.living import in_eight_bits

BARS = 12  # the likeliest tokens shown
SEEDS = 20
FONT = "DejaVu Sans Mono"
SIGNS = str.maketrans({" ": "␣", "\n": "↵"})
SURPRISE = LinearSegmentedColormap.from_list("surprise", ["#FFFFFF", "#FBE3B5", plot.ORANGE])
BITS = 8.0  # of surprise: the darkest orange


@dataclass(frozen=True)
class Page:
    """The text so far, and what may come next."""

    tokens: list[str]
    given: int  # how many of them are the reader's
    bits: np.ndarray  # the surprise of each (0 for the first)
    model: np.ndarray  # (V,) probabilities as the model gives them
    drawn: np.ndarray  # (V,) after temperature, top-k and top-p
    top: list[int]  # the likeliest, first


class Continuation:
    """A prompt and what was drawn after it so far; it grows token by token and reads none twice."""

    def __init__(self, model: Any, ids: np.ndarray, seed: int, picks: dict[int, int], **choice: Any) -> None:
        """`picks`: tokens that were chosen by hand, by their place."""
        self.model, self.ids, self.choice, self.picks = model, list(ids), choice, picks
        self.rng = np.random.default_rng(seed)
        self.cache = [block.attention.new_cache(1, model.context) for block in model.blocks]
        self.logits = list(self._read(self.ids))

    @nn.no_grad()
    def _read(self, ids: list[int]) -> np.ndarray:
        return self.model(np.array([ids]), self.cache).data[0]

    def grow(self, length: int) -> None:
        """Append until there are `length` ids."""
        while len(self.ids) < length:
            drawn = int(nn.text.sample(self.logits[-1], rng=self.rng, **self.choice))
            self.ids.append(self.picks.get(len(self.ids), drawn))
            self.logits.extend(self._read(self.ids[-1:]))


class NextTokenExplorer(Explorer):
    """A text that a small GPT continues, its doubt about each letter, and its guess of the next one."""

    size = (9.6, 5.0)
    module = "next_token"
    token: ClassVar[str] = "character"  # what a reader calls one
    most: ClassVar[tuple[int, int]] = 48, 80  # tokens of the prompt that are read, and that can be written
    letters: ClassVar[tuple[int, int]] = 32, 7  # in a line, and lines, of the stored picture

    def __init__(self, **values: Any) -> None:
        self.picks: dict[int, int] = {}  # tokens that the reader has chosen, by their place in the text
        self.begun = ""  # with this prompt
        self.read: tuple[str, Continuation] | None = None  # what was read so far, and of which settings
        super().__init__(**values)

    def load(self) -> tuple[GPT, CharTokenizer | BPETokenizer]:
        """The model and its tokenizer."""
        return nn.manual_gpt.load()[:2]

    def encoded(self, prompt: str) -> np.ndarray:
        """What the model can read of a prompt, its end if it is long."""
        known = "".join(c for c in prompt if c in self.tokenizer.ids)
        return self.tokenizer.encode(known[-self.most[0] :] or "\n")

    def make_controls(self) -> Controls:
        self.gpt, self.tokenizer = self.load()
        V = len(self.tokenizer)
        return {
            "prompt": ipywidgets.Text("The function returns ", description="begin with"),
            "length": slider("characters written", 60, 0, self.most[1]),
            "temperature": slider("temperature", 0.8, 0.0, 2.0, 0.05),
            "top_k": slider("top-k (all: right end)", V, 1, V),
            "top_p": slider("top-p", 1.0, 0.05, 1.0, 0.05),
            "seed": slider("seed", 1, 0, SEEDS),
        }

    def make_figure(self, figure: Figure) -> None:
        page, bars = figure.add_axes((0.02, 0.04, 0.6, 0.86)), figure.add_axes((0.78, 0.06, 0.2, 0.84))
        columns, rows = self.letters
        page.set(xlim=(0, columns), ylim=(rows, 0), xticks=[], yticks=[])
        page.spines[:].set_visible(False)
        page.set_title("the darker, the more it surprised the model", fontsize=12)
        look: dict[str, Any] = {"vmin": 0, "vmax": BITS, "aspect": "auto"}
        self.ground = raster(page, cmap=SURPRISE, extent=(0, columns, rows, 0), **look)
        style = {"family": FONT, "fontsize": 688 / columns, "ha": "left"}
        self.lines = [texts(page, rows, color=colour, **style) for colour in (plot.BLACK, plot.BLUE)]
        bars.set(xlim=(0, 1), ylim=(BARS - 0.4, -0.6), yticks=[])
        bars.set_title("what comes next?", fontsize=12)
        places = np.arange(BARS)
        self.raw = bars.barh(places, 0, 0.8, color="#CFCFCF")
        self.kept = bars.barh(places, 0, 0.4, color=plot.BLUE)
        self.names = [text(bars, -0.03, k, ha="right", family=FONT, fontsize=12) for k in range(BARS)]

    def compute(self, prompt: str, length: int, seed: int, **choice: Any) -> Page:
        known = self.encoded(prompt)
        if prompt != self.begun:  # another text, whose places are others
            self.begun, self.picks = prompt, {}
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
        doubt = -(state.model * np.log2(np.maximum(state.model, 1e-12))).sum()
        top_k = f", top-k {v['top_k']}" if "top_k" in v else ""
        return (
            f"After “{said}” the model expects {name} with {state.model[likeliest]:.0%}, and its doubt is "
            f"{doubt:.1f} bits. Temperature {v['temperature']:.2f}{top_k} and top-p {v['top_p']:.2f} leave "
            f"{(state.drawn > 0).sum()} of {len(state.model)} {self.token}s to draw from.{cost}"
        )

    def draw(self, state: Page) -> None:
        columns, lines = self.letters
        ground, rows = np.zeros((lines, columns)), [[" " * columns] * lines for _ in self.lines]
        row = column = 0
        for k, (token, bits) in enumerate(zip(state.tokens, state.bits, strict=True)):
            for letter in token:
                if letter == "\n" or column == columns or (letter == " " and column > columns - 9):
                    row, column = row + 1, 0
                    if letter in "\n ":
                        continue
                if row < lines:
                    line = rows[k >= state.given]
                    line[row] = line[row][:column] + letter + line[row][column + 1 :]
                    ground[row, column] = bits
                column += 1
        self.ground.set_data(ground)
        for artists, part in zip(self.lines, rows, strict=True):
            write(artists, ((0, k + 0.5, words.rstrip()) for k, words in enumerate(part)))
        for k, i in enumerate(state.top):
            self.raw[k].set_width(state.model[i])
            self.kept[k].set_width(state.drawn[i])
            self.names[k].set_text(self.tokenizer.decode([i]).translate(SIGNS))

    # -- what the page is told, and asks for ------------------------------------------------------------

    def scene(self) -> dict[str, Any]:
        state = self.state
        p, drawn = state.model.tolist(), state.drawn.tolist()
        top = [[self.tokenizer.decode([i]), p[i], drawn[i], i] for i in state.top]
        tokens = [[token, float(bits)] for token, bits in zip(state.tokens, state.bits, strict=True)]
        return {"tokens": tokens, "given": state.given, "top": top, "token": self.token}

    def page(self) -> dict[str, Any]:
        """The text as it stands, and the model."""
        return {
            "scene": self.scene(),
            "sentence": self.sentence,
            "prompt": self.most[0],
            "draws": [numpys(seed) for seed in range(SEEDS + 1)],
            **self.weights(),
        }

    def weights(self) -> dict[str, Any]:
        """The model, or where the page finds it."""
        return {"model": packed(self.gpt, self.tokenizer)}

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


def packed(gpt: GPT, tokenizer: CharTokenizer | BPETokenizer) -> dict[str, Any]:
    """A model and its tokenizer for js/gpt.mjs, for JSON: matrices in 8 bits, the rest in 32."""
    state = {name: np.asarray(value, np.float32) for name, value in gpt.state_dict().items()}
    matrices = {name: by_rows(name, W) for name, W in state.items() if W.ndim == 2}
    attention = gpt.blocks[0].attention
    config = {
        "context": gpt.context,
        "width": gpt.tokens.W.shape[1],
        "depth": len(gpt.blocks),
        "heads": attention.heads,
        "eps": gpt.norm.eps,
        "rotary": gpt.rotary,
    }
    if isinstance(tokenizer, CharTokenizer):
        words: dict[str, Any] = {"characters": tokenizer.tokens}
    else:
        words = {
            "tokens": [base64.b64encode(tokenizer.tokens[i]).decode() for i in range(len(tokenizer))],
            "merges": [list(pair) for pair in tokenizer.merges],
        }
    weights = in_eight_bits(matrices, {name: v for name, v in state.items() if v.ndim == 1})
    return {"config": config, **weights, **words}
