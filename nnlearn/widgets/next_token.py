"""The next-token explorer: what a small GPT expects, and what temperature, top-k and top-p leave of it."""

from dataclasses import dataclass
from typing import Any

import ipywidgets
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

import nnlearn as nn
from nnlearn.figures import plot
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, line, move, player, raster, slider, text, texts, write

COLUMNS, ROWS = 64, 2  # of letters in the picture: as many as the model can look back at
LONGEST, PROMPT = 80, 48  # characters that can be appended; letters of the prompt that are read
BARS = 18
FONT = "DejaVu Sans Mono"
SIGNS = str.maketrans({" ": "␣", "\n": "↵"})
SURPRISE = LinearSegmentedColormap.from_list("surprise", ["#FFFFFF", "#FBE3B5", plot.ORANGE])
BITS = 8.0  # of surprise: the darkest orange


@dataclass(frozen=True)
class State:
    """The text so far, and the two distributions of the character that comes next."""

    text: str
    prompt: int  # how many characters of it were given
    surprise: np.ndarray  # in bits, of each character (0 for the first)
    model: np.ndarray  # (V,) probabilities as the model gives them
    drawn: np.ndarray  # (V,) after temperature, top-k and top-p


class Continuation:
    """A prompt and what was drawn after it so far; it grows token by token and reads none twice."""

    def __init__(
        self, model: Any, ids: np.ndarray, seed: int, picks: dict[int, int] | None = None, **choice: Any
    ) -> None:
        """`picks`: tokens that were chosen by hand, by their place."""
        self.model, self.ids, self.choice, self.picks = model, list(ids), choice, picks or {}
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

    def make_controls(self) -> Controls:
        self.gpt, self.tokenizer, _ = nn.manual_gpt.load()
        V, length = len(self.tokenizer), slider("characters appended", 60, 0, LONGEST)
        self.play = player(length, 250, show_repeat=False)  # four characters a second
        return {
            "prompt": ipywidgets.Text("The function returns ", description="prompt"),
            "length": length,
            "temperature": slider("temperature", 0.8, 0.0, 2.0, 0.05),
            "top_k": slider("top-k (all: right end)", V, 1, V),
            "top_p": slider("top-p", 1.0, 0.05, 1.0, 0.05),
            "seed": slider("seed", 1, 0, 20),
        }

    def arrange(self) -> ipywidgets.Widget:
        """Two rows of controls over the picture."""
        rows = {"flex_flow": "row wrap", "grid_gap": "0 24px"}
        prompt, length, *others = self.controls.values()
        first = ipywidgets.Box([prompt, length, self.play], layout=rows)
        return ipywidgets.VBox([first, ipywidgets.Box(others, layout=rows), self.picture])

    def make_figure(self, figure: Figure) -> None:
        self.settings: Any = None
        page = figure.add_axes((0.025, 0.73, 0.95, 0.2))
        bars = figure.add_axes((0.075, 0.115, 0.545, 0.47))
        sums = figure.add_axes((0.71, 0.115, 0.265, 0.47))
        self._make_page(page)
        self._make_bars(bars)
        sums.set(xlim=(0, BARS + 0.5), ylim=(0, 1.04), xlabel="likeliest characters", title="added up")
        sums.set_xticks([1, 6, 12, 18])
        self.sums = [line(sums, color=colour, linewidth=width, drawstyle="steps-post")
                     for colour, width in ((plot.GREY, 1.6), (plot.BLUE, 2.2))]  # fmt: skip
        self.limit = sums.axhline(1, color=plot.VERMILION, linestyle="--", linewidth=1.4, animated=True)
        self.limit_name = text(sums, BARS + 0.5, color=plot.VERMILION, ha="right", va="top", fontsize=11)

    def _make_page(self, page: Any) -> None:
        """Letters in cells, each as orange as it was surprising."""
        page.set(xlim=(0, COLUMNS), ylim=(ROWS, 0), xticks=[], yticks=[])
        page.set_title("the text: the darker a letter's ground, the more it surprised the model")
        for side in page.spines.values():
            side.set_visible(False)
        look: dict[str, Any] = {"vmin": 0, "vmax": BITS, "aspect": "auto", "interpolation": None}
        self.ground = raster(page, cmap=SURPRISE, extent=(0, COLUMNS, ROWS, 0), **look)
        self.lines = [texts(page, ROWS, color=colour, family=FONT, fontsize=17, ha="left")
                      for colour in (plot.BLACK, plot.BLUE)]  # fmt: skip
        self.caret = line(page, color=plot.VERMILION, linewidth=2.5, clip_on=False)

    def _make_bars(self, ax: Any) -> None:
        self.raw, self.kept = (
            ax.bar(range(BARS), 0, width, color=colour, animated=True)
            for width, colour in ((0.86, "#CFCFCF"), (0.5, plot.BLUE))
        )
        self.names = texts(ax, BARS, va="top", family=FONT, fontsize=14)
        ax.set(
            xlim=(-0.6, BARS - 0.4), ylim=(0, 1), xticks=[], ylabel="probability", title="what comes next?"
        )
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
        surprise = np.append(0, -np.log2(given))
        return State(self.tokenizer.decode(self.run.ids[:end]), len(known), surprise, model[-1], drawn)

    def draw(self, state: State) -> str:
        self._draw_page(state)
        order = np.argsort(-state.model, kind="stable")
        raw, drawn = state.model[order], state.drawn[order]
        likeliest = [self.tokenizer.tokens[k].translate(SIGNS) for k in order[:BARS]]
        write(self.names, ((k, -0.045, name) for k, name in enumerate(likeliest)))
        for k, name in enumerate(self.names):
            self.raw[k].set_height(raw[k])
            self.kept[k].set_height(drawn[k])
            name.set_color(plot.BLACK if drawn[k] > 0 else "#B5B5B5")
        sums = np.pad(np.cumsum([raw, drawn], axis=1), ((0, 0), (1, 0)))
        move(self.sums, np.arange(BARS + 2), sums[:, : BARS + 2])
        top_p = self.values["top_p"]
        self.limit.set_ydata([top_p, top_p])
        name = f"top-p {top_p:.2f}" if top_p < 1 else ""
        self.limit_name.set(y=top_p - 0.02 if top_p > 0.3 else top_p + 0.12, text=name)
        doubt = -(raw * np.log2(np.maximum(raw, 1e-12))).sum()
        appended = state.surprise[state.prompt :]
        cost = f" The {len(appended)} appended took {appended.mean():.1f} bits each." if len(appended) else ""
        return (
            f"After “{state.text[-20:].translate(SIGNS)}” the model expects {likeliest[0]} with "
            f"{raw[0]:.0%}, and its doubt is {doubt:.1f} bits. Temperature {self.values['temperature']:.2f}, "
            f"top-k and top-p leave {(drawn > 0).sum()} of {len(raw)} characters to draw from.{cost}"
        )

    def _draw_page(self, state: State) -> None:
        shown = state.text.replace("\n", "↵")
        given, made = shown[: state.prompt], " " * state.prompt + shown[state.prompt :]
        for lines, words in zip(self.lines, (given, made), strict=True):
            parts = [words[row * COLUMNS : (row + 1) * COLUMNS] for row in range(ROWS)]
            write(lines, ((0, row + 0.5, part) for row, part in enumerate(parts)))
        ground = np.zeros(ROWS * COLUMNS)
        ground[: len(shown)] = state.surprise
        self.ground.set_data(ground.reshape(ROWS, COLUMNS))
        row, column = divmod(min(len(shown), ROWS * COLUMNS - 1), COLUMNS)
        column += len(shown) == ROWS * COLUMNS
        self.caret.set_data([column, column], [row + 0.1, row + 0.9])
