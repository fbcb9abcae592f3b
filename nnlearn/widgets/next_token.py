"""The next-token explorer: what a small GPT expects, and what temperature, top-k and top-p leave of it."""

from dataclasses import dataclass
from typing import Any

import ipywidgets
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

import nnlearn as nn
from nnlearn.figures import plot
from nnlearn.widgets.explorer import Explorer

COLUMNS, ROWS = 64, 2  # of letters in the picture: as many as the model can look back at
LONGEST, PROMPT = 80, 48  # characters that can be appended; letters of the prompt that are read
BARS = 18
SIGNS = str.maketrans({" ": "␣", "\n": "↵"})
SURPRISE = LinearSegmentedColormap.from_list("surprise", ["#FFFFFF", "#FBE3B5", plot.ORANGE])
BITS = 8.0  # of surprise: the darkest orange


@dataclass(frozen=True)
class State:
    """The text so far, and the two distributions of the character that comes next."""

    text: str
    prompt: int  # so many characters of it were given
    surprise: np.ndarray  # in bits, of each character (0 for the first)
    model: np.ndarray  # (V,) probabilities as the model gives them
    drawn: np.ndarray  # (V,) after temperature, top-k and top-p
    temperature: float
    top_k: int
    top_p: float


class Continuation:
    """A prompt and what was drawn after it so far; it grows token by token and reads none twice."""

    def __init__(self, model: Any, ids: np.ndarray, seed: int, **choice: Any) -> None:
        self.model, self.ids, self.choice = model, list(ids), choice
        self.rng = np.random.default_rng(seed)
        self.cache = [block.attention.new_cache(1, model.context) for block in model.blocks]
        self.logits = list(self._read(self.ids))

    @nn.no_grad()
    def _read(self, ids: list[int]) -> np.ndarray:
        return self.model(np.array([ids]), self.cache).data[0]

    def grow(self, length: int) -> None:
        """Append until there are `length` ids."""
        while len(self.ids) < length:
            self.ids.append(int(nn.text.sample(self.logits[-1], rng=self.rng, **self.choice)))
            self.logits.extend(self._read(self.ids[-1:]))


class NextTokenExplorer(Explorer):
    """A text that a small GPT continues, its doubt about each letter, and its guess of the next one."""

    size = (9.6, 5.0)

    def make_controls(self) -> dict[str, ipywidgets.ValueWidget]:
        self.gpt, self.tokenizer, _ = nn.manual_gpt.load()
        V = len(self.tokenizer)
        return {
            "prompt": ipywidgets.Text(
                description="prompt", value="The function returns ", continuous_update=True
            ),
            "length": ipywidgets.IntSlider(description="characters appended", value=60, min=0, max=LONGEST),
            "temperature": ipywidgets.FloatSlider(
                description="temperature", value=0.8, min=0.0, max=2.0, step=0.05
            ),
            "top_k": ipywidgets.IntSlider(description="top-k (all: right end)", value=V, min=1, max=V),
            "top_p": ipywidgets.FloatSlider(description="top-p", value=1.0, min=0.05, max=1.0, step=0.05),
            "seed": ipywidgets.IntSlider(description="seed", value=1, min=0, max=20),
        }

    def arrange(self) -> ipywidgets.Widget:
        """Two rows of controls over the picture; `play` appends four characters a second."""
        length = self.controls["length"]
        play = ipywidgets.Play(
            value=length.value, min=0, max=LONGEST, interval=250, description="play", show_repeat=False
        )
        ipywidgets.jslink((play, "value"), (length, "value"))
        rows = {"flex_flow": "row wrap", "grid_gap": "0 24px"}
        prompt, length, *others = self.controls.values()
        first = ipywidgets.Box([prompt, length, play], layout=rows)
        return ipywidgets.VBox([first, ipywidgets.Box(others, layout=rows), self._image])

    def make_figure(self, figure: Figure) -> None:
        self.settings: Any = None
        page = figure.add_axes((0.025, 0.73, 0.95, 0.2))
        self.bars = figure.add_axes((0.075, 0.115, 0.545, 0.47))
        self.sums = figure.add_axes((0.71, 0.115, 0.265, 0.47))
        self._make_page(page)
        self._make_bars(self.bars)
        self.sums.set(xlim=(0, BARS + 0.5), ylim=(0, 1.04), xlabel="likeliest characters", title="added up")
        self.sums.set_xticks([1, 6, 12, 18])
        look: dict[str, Any] = {"animated": True, "drawstyle": "steps-post"}
        (self.raw_sum,) = self.sums.plot([], [], color=plot.GREY, linewidth=1.6, **look)
        (self.drawn_sum,) = self.sums.plot([], [], color=plot.BLUE, **look)
        self.limit = self.sums.axhline(1, color=plot.VERMILION, linestyle="--", linewidth=1.4, animated=True)
        self.limit_name = self.sums.text(
            BARS + 0.5, 0.9, "", color=plot.VERMILION, ha="right", va="top", fontsize=11, animated=True
        )

    def _make_page(self, page: Any) -> None:
        """Letters in cells, each as orange as it was surprising."""
        page.set(xlim=(0, COLUMNS), ylim=(ROWS, 0), xticks=[], yticks=[])
        page.set_title("the text: the darker a letter's ground, the more it surprised the model")
        page.grid(False)
        for side in page.spines.values():
            side.set_visible(False)
        self.ground = page.imshow(
            np.zeros((ROWS, COLUMNS)), cmap=SURPRISE, vmin=0, vmax=BITS, aspect="auto",
            extent=(0, COLUMNS, ROWS, 0), animated=True,
        )  # fmt: skip
        font: dict[str, Any] = {
            "family": "DejaVu Sans Mono",
            "fontsize": 17,
            "va": "center",
            "animated": True,
        }
        self.lines = [
            [page.text(0, row + 0.5, "", color=colour, **font) for row in range(ROWS)]
            for colour in (plot.BLACK, plot.BLUE)
        ]
        (self.caret,) = page.plot([], [], color=plot.VERMILION, linewidth=2.5, animated=True, clip_on=False)

    def _make_bars(self, ax: Any) -> None:
        ax.set(
            xlim=(-0.6, BARS - 0.4), ylim=(0, 1), xticks=[], ylabel="probability", title="what comes next?"
        )
        self.raw: list[Rectangle] = []
        self.kept: list[Rectangle] = []
        self.names: list[Any] = []
        for k in range(BARS):
            for bars, width, colour in ((self.raw, 0.86, "#CFCFCF"), (self.kept, 0.5, plot.BLUE)):
                bar = Rectangle((k - width / 2, 0), width, 0, facecolor=colour, animated=True)
                bars.append(ax.add_patch(bar))
            name = ax.text(
                k, -0.045, "", ha="center", va="top", family="DejaVu Sans Mono", fontsize=14, animated=True
            )
            self.names.append(name)
        ax.text(0.98, 0.95, "grey: the model's guess", transform=ax.transAxes, ha="right", color=plot.GREY)
        ax.text(0.98, 0.86, "blue: drawn from", transform=ax.transAxes, ha="right", color=plot.BLUE)

    def compute(
        self, prompt: str, length: int, seed: int, temperature: float, top_k: int, top_p: float
    ) -> State:
        known = "".join(c for c in prompt if c in self.tokenizer.ids)[-PROMPT:] or "\n"
        choice: dict[str, Any] = {"temperature": temperature, "top_k": top_k, "top_p": top_p}
        if (known, seed, choice) != self.settings:
            self.settings = (known, seed, choice)
            self.run = Continuation(self.gpt, self.tokenizer.encode(known), seed, **choice)
        end = len(known) + length
        self.run.grow(end)
        logits = np.array(self.run.logits[:end])
        model = nn.text.next_token_probabilities(logits)
        given = model[np.arange(end - 1), self.run.ids[1:end]]
        drawn = nn.text.next_token_probabilities(logits[-1], **choice)
        text = self.tokenizer.decode(self.run.ids[:end])
        return State(
            text, len(known), np.append(0, -np.log2(given)), model[-1], drawn, temperature, top_k, top_p
        )

    def draw(self, state: State) -> str:
        self._draw_page(state)
        order = np.argsort(-state.model, kind="stable")
        raw, drawn = state.model[order], state.drawn[order]
        for k in range(BARS):
            self.raw[k].set_height(raw[k])
            self.kept[k].set_height(drawn[k])
            self.names[k].set_text(self.tokenizer.tokens[order[k]].translate(SIGNS))
            self.names[k].set_color(plot.BLACK if drawn[k] > 0 else "#B5B5B5")
        places = np.arange(BARS + 2)
        self.raw_sum.set_data(places, np.append(0, np.cumsum(raw))[: BARS + 2])
        self.drawn_sum.set_data(places, np.append(0, np.cumsum(drawn))[: BARS + 2])
        self.limit.set_ydata([state.top_p, state.top_p])
        self.limit_name.set_text(f"top-p {state.top_p:.2f}" if state.top_p < 1 else "")
        self.limit_name.set_y(state.top_p - 0.02 if state.top_p > 0.3 else state.top_p + 0.12)
        doubt = -(raw * np.log2(np.maximum(raw, 1e-12))).sum()
        left, first = int((drawn > 0).sum()), self.tokenizer.tokens[order[0]].translate(SIGNS)
        appended = state.surprise[state.prompt :]
        cost = f" The {len(appended)} appended took {appended.mean():.1f} bits each." if len(appended) else ""
        return (
            f"After “{state.text[-20:].translate(SIGNS)}” the model expects {first} with {raw[0]:.0%}, and "
            f"its doubt is {doubt:.1f} bits. Temperature {state.temperature:.2f}, top-k and top-p leave "
            f"{left} of {len(raw)} characters to draw from.{cost}"
        )

    def _draw_page(self, state: State) -> None:
        shown = state.text.replace("\n", "↵")
        given = shown[: state.prompt].ljust(COLUMNS * ROWS)
        made = (" " * state.prompt + shown[state.prompt :]).ljust(COLUMNS * ROWS)
        for lines, text in zip(self.lines, (given, made), strict=True):
            for row, line in enumerate(lines):
                line.set_text(text[row * COLUMNS : (row + 1) * COLUMNS])
        ground = np.zeros(ROWS * COLUMNS)
        ground[: len(shown)] = state.surprise
        self.ground.set_data(ground.reshape(ROWS, COLUMNS))
        row, column = divmod(min(len(shown), ROWS * COLUMNS - 1), COLUMNS)
        column += len(shown) == ROWS * COLUMNS
        self.caret.set_data([column, column], [row + 0.1, row + 0.9])
