"""The attention explorer: who looks at whom, how sharply, and what comes out."""

import functools
from dataclasses import dataclass
from typing import Any

import ipywidgets
import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from nnlearn.engine.primitive import no_grad
from nnlearn.engine.shapes import concatenate
from nnlearn.figures import plot
from nnlearn.functions.attention import scaled_dot_product_attention, sinusoidal_positions
from nnlearn.models.translator import Translator
from nnlearn.study import translation
from nnlearn.study.translation import WRITTEN
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import (
    Controls,
    choice,
    line,
    log_slider,
    raster,
    segments,
    slider,
    texts,
    toggle,
    write,
)  # fmt: skip
from nnlearn.widgets.living import text_of

TRANSLATOR, SAME, BACK, WORD = "date to ISO (trained)", "same letter", "one back", "letters of my kind"
LONGEST, READ = 34, 36  # signs of a text; signs that the translator reads, blanks included
SHADES = LinearSegmentedColormap.from_list("looks", ["white", plot.SKY, plot.BLUE])
VOWELS = "aeiouAEIOU"


def _ids(text: str, signs: str) -> np.ndarray:
    """The number of each sign; what is not among the signs is a blank."""
    return np.array([max(signs.find(sign), 0) for sign in text])


@functools.cache
def translator() -> tuple[Translator, str]:
    """The translator of dates that is shipped, and the signs it reads."""
    model, signs, _ = translation.load_small()
    return model, signs


@dataclass(frozen=True)
class State:
    """The two rows of signs, who looks at whom, and what each query gets."""

    queries: str
    keys: str
    weights: np.ndarray  # (T, S)
    names: list[str]  # of what may come out
    shares: np.ndarray  # (T, names)


@functools.lru_cache(maxsize=32)
def look(head: str, text: str, temperature: float, causal: bool, positions: bool) -> State:
    """What a head makes of a text, as the controls have it."""
    text = text[:LONGEST] or " "
    if head == TRANSLATOR:
        written, weights, shares, names = _translate(text, temperature, causal, positions)
        return State(written, text, weights, names, shares)
    weights, names = _weights(*_vectors(head, text, positions), temperature, causal), sorted(set(text))
    return State(
        text, text, weights, names, weights @ np.array([[s == name for name in names] for s in text])
    )


class AttentionExplorer(Explorer):
    """A query looks at every key: its weights as lines and bars, all weights as a map, and the output."""

    size = (9.6, 4.6)
    module = "attention"

    def make_controls(self) -> Controls:
        return {
            "head": choice("head", (TRANSLATOR, SAME, BACK, WORD)),
            "text": ipywidgets.Text("the third of March 1998", description="text"),
            "query": slider("query number", 6, 0, 9),
            "temperature": log_slider("temperature (1: divided by √d)", 1.0, -1, 1.5, 0.1),
            "causal": toggle("causal mask"),
            "positions": toggle("positions", True),
        }

    def make_figure(self, figure: Figure) -> None:
        translator()
        lines = figure.add_axes((0.01, 0.30, 0.645, 0.62))
        bars = figure.add_axes((0.01, 0.04, 0.645, 0.22))
        everything = figure.add_axes((0.69, 0.50, 0.29, 0.39))
        out = figure.add_axes((0.745, 0.08, 0.235, 0.29))
        self.query_row, self.key_row = (
            texts(lines, LONGEST, fontsize=14, family="monospace", color=colour)
            for colour in (plot.VERMILION, plot.BLUE)
        )
        self.spot = line(lines, "s", color="#FBE3D3", markersize=23, zorder=1)
        self.links = segments(lines, colors=plot.BLUE, capstyle="round", zorder=2)
        self.bars = segments(bars, colors=plot.BLUE, linewidths=8, capstyle="butt")
        self.numbers = texts(bars, 6, fontsize=9.5, va="top")
        self.map = raster(everything, cmap=SHADES, vmin=0, vmax=1, extent=(0, 1, 0, 1), aspect="auto")
        rim: dict[str, Any] = {"fill": False, "edgecolor": plot.VERMILION, "linewidth": 2}
        self.frame = everything.add_patch(Rectangle((0, 0), 1, 0.1, **rim))
        everything.set(xticks=[], yticks=[], xlabel="keys", ylabel="queries", title="all weights")
        for side in ("top", "right"):
            everything.spines[side].set_visible(True)
        self.shares = segments(out, colors=plot.GREEN, linewidths=15, capstyle="butt")
        self.names = texts(out, 4, fontsize=12, ha="right", family="monospace")
        self.amounts = texts(out, 4, fontsize=12, ha="left")
        out.set(xlim=(0, 1.2), ylim=(3.6, -0.6), xticks=[], yticks=[], title="what comes out")
        lines.set(xlim=(0, 1), ylim=(0, 1))
        lines.set_title("query: who asks", color=plot.VERMILION)
        bars.set(xlim=(0, 1), ylim=(-0.35, 1))
        bars.invert_yaxis()
        bars.set_title("keys: who answers, and how much", color=plot.BLUE, y=0.86)
        for ax in (lines, bars, out):
            ax.set_axis_off()
        out.axis("on")
        out.grid(False)
        for spine in ("bottom", "left"):
            out.spines[spine].set_visible(False)

    def compute(self, query: int, **settings: Any) -> State:
        return look(**settings)

    @property
    def at(self) -> int:
        """The place of the query that is shown."""
        return min(self.values["query"], len(self.state.queries) - 1)

    def likeliest(self) -> list[tuple[str, float]]:
        """What comes out of the query that is shown, likeliest first."""
        shares = self.state.shares[self.at]
        return [(self.state.names[k], float(shares[k])) for k in np.argsort(-shares, kind="stable")[:4]]

    def draw(self, state: State) -> None:
        at, found = self.at, self.likeliest()
        T, S = state.weights.shape
        x_q, x_k, w = (np.arange(T) + 0.5) / T, (np.arange(S) + 0.5) / S, state.weights[at]
        write(self.query_row, ((x, 0.86, _visible(sign)) for x, sign in zip(x_q, state.queries, strict=True)))
        write(self.key_row, ((x, 0.08, _visible(sign)) for x, sign in zip(x_k, state.keys, strict=True)))
        self.spot.set_data([x_q[at]], [0.86])
        self.links.set_segments([[(x_q[at], 0.77), (x, 0.16)] for x in x_k])
        self.links.set(linewidths=0.5 + 13 * w, colors=[(*to_rgb(plot.BLUE), a) for a in 0.06 + 0.74 * w])
        self.bars.set_segments([[(x, 0), (x, v)] for x, v in zip(x_k, w, strict=True)])
        largest = [k for k in np.argsort(-w, kind="stable")[: len(self.numbers)] if w[k] >= 0.05]
        write(self.numbers, ((x_k[k], w[k] + 0.04, f"{w[k]:.2f}") for k in largest))
        self.map.set_data(state.weights)
        self.frame.set(y=1 - (at + 1) / T, height=1 / T)
        self.shares.set_segments([[(0, i), (v, i)] for i, (_, v) in enumerate(found)])
        write(self.names, ((-0.04, i, _visible(name)) for i, (name, _) in enumerate(found)))
        write(self.amounts, ((v + 0.03, i, f"{v:.2f}") for i, (_, v) in enumerate(found)))

    def refresh(self) -> None:
        """The slider has as many positions as there are queries, then as always."""
        settings = {name: value for name, value in self.values.items() if name != "query"}
        with self.held():
            self.controls["query"].max = len(look(**settings).queries) - 1
        super().refresh()

    def describe(self, state: State) -> str:
        at, w = self.at, state.weights[self.at]
        best = int(np.argmax(w))
        effective = float(np.exp(-np.sum(w * np.log(np.maximum(w, 1e-12)))))
        trained = self.values["head"] == TRANSLATOR
        asked = "writing" if trained else "asking for"
        (name, share), whole = (
            self.likeliest()[0],
            f" The whole translation: {state.queries}." if trained else "",
        )
        return (
            f"Query {at}, {asked} “{state.queries[at]}”, looks most at “{state.keys[best]}” "
            f"(place {best}, weight {w[best]:.2f}), and at about {effective:.1f} places in all. Out comes "
            f"“{name}” with {share:.2f}.{whole}"
        )

    def scene(self) -> dict[str, Any]:
        state = self.state
        return {
            "queries": state.queries,
            "keys": state.keys,
            "names": state.names,
            "weights": state.weights.astype(np.float32).tobytes(),
            "shares": state.shares.astype(np.float32).tobytes(),
        }

    def page(self) -> dict[str, Any]:
        model, signs = translator()
        return {
            "tensors": {
                name: text_of(value.astype(np.float32)) for name, value in model.state_dict().items()
            },
            "signs": signs,
            "written": WRITTEN,
            "context": READ,
            "letters": text_of(_letters().astype(np.float32)),
            "vowels": VOWELS,
            "heads": {"translator": TRANSLATOR, "same": SAME, "back": BACK},
            "longest": LONGEST,
        }


@functools.cache
def _letters() -> np.ndarray:
    """A vector for each of 256 signs, in steps that float32 knows."""
    return np.random.default_rng(0).normal(size=(256, 32)).astype(np.float32).astype(float)


def _visible(sign: str) -> str:
    return sign.replace(" ", "␣")


def _weights(q: Any, k: Any, temperature: float, causal: bool, mask: np.ndarray | None = None) -> np.ndarray:
    """softmax(q kᵀ / (temperature √D)): with the identity as values, what comes out is the weights."""
    places = np.eye(k.shape[-2], dtype=k.dtype)
    if q.ndim == 3:
        places = places[None]
    return np.asarray(scaled_dot_product_attention(q / temperature, k, places, mask, causal))


def _vectors(head: str, text: str, positions: bool) -> tuple[np.ndarray, np.ndarray]:
    """Queries and keys (T, 32) of the heads that are set by hand."""
    p = sinusoidal_positions(len(text) + 1, 32).astype(float)
    if not positions:
        p[:] = p[0]
    if head == BACK:
        return 6 * np.concatenate([p[:1], p[:-2]]), 6 * p[:-1]
    if head == SAME:
        x = _letters()[[ord(sign) % 256 for sign in text]] + (p[:-1] if positions else 0)
        return x, x
    kinds = [0 if s in VOWELS else 1 if s.isalpha() else 2 if s.isdecimal() else 3 for s in text]
    x = 5 * np.eye(32)[kinds] + (0.8 * p[:-1] if positions else 0)
    return x, x


@no_grad()
def _translate(
    text: str, temperature: float, causal: bool, positions: bool
) -> tuple[str, np.ndarray, np.ndarray, list[str]]:
    """The date written, each step's weights (10, S) and its probabilities, as controls have it."""
    model, signs = translator()
    assert model.query is not None and model.key is not None
    x = _ids(text.rjust(READ, "_"), signs)[None]
    h, state, _ = model.read(x)
    h = h[:, READ - len(text) :]
    if not positions:  # every sign read alone: what it is, but not where
        h = model.read(x[:, READ - len(text) :].T)[0].reshape(1, len(text), -1)
    mask = np.tri(10, len(text), dtype=bool) if causal else np.ones((10, len(text)), bool)
    y, k = np.zeros((1, 1), int), model.key(h)
    for t in range(10):
        s, _ = model.writer(model.target(y), state)
        weights = _weights(model.query(s), k, temperature, False, mask[: t + 1])
        logits = model.output(concatenate([s, weights @ h], axis=2)).data[0]
        y = np.append(y, [[logits[-1].argmax()]], axis=1)
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    written = "".join(WRITTEN[i] for i in y[0, 1:])
    return written, weights[0], p / p.sum(axis=1, keepdims=True), list(WRITTEN)
