"""The compression explorer: cut the smallest weights, round the others, see what the network still does.

A page without a kernel has the digits' network alone.
"""

from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from nnlearn.data.mnist_subset import mnist
from nnlearn.engine.primitive import no_grad, plain
from nnlearn.figures import plot
from nnlearn.study import adversarial, austen
from nnlearn.study.compression import best_clip, dequantize, magnitude_mask, output_axes, quantize
from nnlearn.text.sampling import bits_per_character
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, choice, line, segments, slider
from nnlearn.widgets.living import GREYS, by_twos, text_of

NETWORKS = {"digits: ConvNet": "classify.W", "Austen: GPT": "blocks.3.contract.W"}  # and the matrix shown
DIGITS, AUSTEN = NETWORKS
WAYS = ("one, to the largest weight", "one, best clip", "one per output", "one per 16 neighbours")
BITS, CUTS = range(2, 9), [round(0.1 * k, 1) for k in range(10)]
PICTURES, TOKENS, GROUP, BINS, SHOWN = 500, 1024, 16, 79, 24  # SHOWN: of the digits that are read wrong


@cache
def _network(name: str) -> tuple[Any, dict[str, np.ndarray]]:
    """A network to put weights into, and its own. Digits in 64 bits: a page computes in those."""
    net = austen.load()[0] if name == AUSTEN else deepcopy(adversarial.load_pair()[0])
    state = {key: array.copy() for key, array in net.state_dict().items()}
    return (net if name == AUSTEN else net.astype(np.float64)), state


@cache
def _pictures() -> tuple[np.ndarray, np.ndarray]:
    """The first test digits in the greys that a page carries.  (PICTURES, 1, 28, 28), (PICTURES,)"""
    _, (X, y) = mnist()
    return np.rint(GREYS * X[:PICTURES].astype(float)) / GREYS, y[:PICTURES]


def _changed(name: str, how: tuple) -> Any:
    """The network, compressed; `how` is what `compress` takes, or nothing at all."""
    net, state = _network(name)
    net.load_state_dict(compress(state, *how) if how else state)
    return net


@cache
def _misread(*how: Any) -> dict[int, int]:
    """Which of the test digits are read wrong, and as what."""
    X, y = _pictures()
    with no_grad():
        answers = plain(_changed(DIGITS, how)(X)).argmax(axis=1)
    return {int(k): int(answers[k]) for k in np.flatnonzero(answers != y)}


@cache
def _bits(*how: Any) -> float:
    """Bits per character on the first held-out tokens."""
    _, tokenizer, held_out, _ = austen.load()
    ids = held_out[: TOKENS + 1]
    lost = bits_per_character(_changed(AUSTEN, how), ids, length=256)
    return lost * TOKENS / len(tokenizer.decode(list(ids[1:])))


def _judged(name: str, *how: Any) -> float:
    """Bits per character, or the share of the digits read right."""
    return _bits(*how) if name == AUSTEN else 1 - len(_misread(*how)) / PICTURES


def _scales(name: str, w: np.ndarray, bits: int, way: str) -> tuple[np.ndarray, np.ndarray]:
    if way == WAYS[1]:
        return quantize(w, bits, None, best_clip(w, bits))
    if way == WAYS[3]:
        return quantize(w.reshape(-1, GROUP), bits, 1)
    return quantize(w, bits, None if way == WAYS[0] else output_axes(name, w))


def compress(state: dict[str, np.ndarray], sparsity: float, bits: int, way: str) -> dict[str, np.ndarray]:
    """The same parameters, all but vectors cut and rounded."""
    small = {}
    for name, w in state.items():
        if w.ndim > 1:
            w = w * magnitude_mask(w, sparsity)
            w = dequantize(*_scales(name, w, bits, way)).reshape(w.shape)
        small[name] = w
    return small


def size(state: dict[str, np.ndarray], sparsity: float, bits: int, way: str) -> float:
    """Bytes: `bits` for each weight that is left, a bit for each to say which, 4 bytes a scale and a bias."""
    total = 0.0
    for name, w in state.items():
        if w.ndim == 1:
            total += 4 * w.size
            continue
        total += (w.size - round(sparsity * w.size)) * bits / 8 + (w.size / 8 if sparsity else 0)
        total += 4 * _scales(name, w, bits, way)[1].size
    return total


def heights(weights: np.ndarray, reach: float) -> np.ndarray:
    """How many weights lie in each of BINS equal parts from −reach to reach, the most being 1.  (BINS,)"""
    found = np.histogram(weights, np.linspace(-reach, reach, BINS + 1))[0]
    return found / found.max()


def levels(rounded: np.ndarray, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """The values that there are, and how often, the most being 1; parts where there are many."""
    values, count = np.unique(rounded, return_counts=True)
    if len(values) > 200:  # many scales: no grid to be seen
        return (np.arange(BINS) + 0.5) * 2 * reach / BINS - reach, heights(rounded, reach)
    return values, count / count.max()


@dataclass
class State:
    """What the picture shows."""

    weights: np.ndarray  # of one matrix, before and after
    rounded: np.ndarray
    before: float
    after: float
    bytes: tuple[float, float]
    gpt: bool
    misread: dict[int, int]  # digits by their numbers, and as what they are read

    @property
    def reach(self) -> float:
        return float(np.abs(self.weights).max())


class CompressionExplorer(Explorer):
    """Choose how many weights go, and how many bits the others keep; watch bytes and quality."""

    size = (8.4, 3.9)
    module = "compression"

    def make_controls(self) -> Controls:
        return {
            "network": choice("network", NETWORKS),
            "bits": slider("bits a weight", 4, BITS[0], BITS[-1]),
            "way": choice("scales", WAYS),
            "sparsity": slider("share of weights cut", 0.0, 0.0, 0.9, 0.1),
        }

    def make_figure(self, figure: Figure) -> None:
        self.histogram, self.chart = figure.subplots(1, 2)
        figure.subplots_adjust(left=0.06, right=0.98, bottom=0.16, top=0.88, wspace=0.3)
        self.was = line(self.histogram, color=plot.GREY, linewidth=1.5)
        self.now = segments(self.histogram, colors=plot.BLUE, linewidths=3)
        self.histogram.set(yticks=[], xlabel="weight", title="grey before, blue after", ylim=(0, 1.08))
        self.way_down = line(self.chart, color=plot.GREY, linestyle=":")
        self.first = line(self.chart, "o", color=plot.GREY, markersize=9)
        self.last = line(self.chart, "o", color=plot.VERMILION, markersize=11)
        self.chart.set(xscale="log", xlabel="kilobytes")

    def compute(self, network: str, bits: int, way: str, sparsity: float) -> State:
        sparsity = round(sparsity, 2)
        _, state = _network(network)
        shown = NETWORKS[network]
        rounded = compress({shown: state[shown]}, sparsity, bits, way)[shown]
        before, after = _judged(network), _judged(network, sparsity, bits, way)
        bytes_now = size(state, sparsity, bits, way)
        whole = float(sum(w.nbytes for w in state.values()))
        misread = {} if network == AUSTEN else _misread(sparsity, bits, way)
        return State(
            state[shown], rounded, before, after, (whole, bytes_now), network == AUSTEN, misread
        )  # fmt: skip

    def draw(self, state: State) -> None:
        reach, before = state.reach, heights(state.weights, state.reach)
        self.was.set_data((np.arange(BINS) + 0.5) * 2 * reach / BINS - reach, before)
        values, shares = levels(state.rounded, reach)
        self.now.set_segments([[(v, 0), (v, share)] for v, share in zip(values, shares, strict=True)])
        kilobytes = [n / 1000 for n in state.bytes]
        quality = [state.before, state.after]
        self.way_down.set_data(kilobytes, quality)
        self.first.set_data(kilobytes[:1], quality[:1])
        self.last.set_data(kilobytes[1:], quality[1:])
        self.histogram.set(xlim=(-1.05 * reach, 1.05 * reach))
        self.chart.set(
            xlim=(kilobytes[0] / 40, kilobytes[0] * 1.5),
            ylim=(0, max(4.0, 1.1 * state.after)) if state.gpt else (0, 1.05),
            title="bits per character" if state.gpt else "share read right",
        )

    def describe(self, state: State) -> str:
        smaller = f"{state.bytes[0] / state.bytes[1]:.1f} times smaller"
        if state.gpt:
            lost = f"a character costs {state.after:.2f} bits instead of {state.before:.2f}"
        else:
            lost = f"{state.after:.1%} of the digits are read right instead of {state.before:.1%}"
        return f"{state.bytes[1] / 1000:,.0f} kilobytes, {smaller}: {lost}."

    def scene(self) -> dict[str, Any]:
        state, (X, y) = self.state, _pictures()
        values, shares = levels(state.rounded, state.reach)
        wrong = list(state.misread.items())[:SHOWN]
        return {
            "of": self.values,
            "gpt": state.gpt,
            "reach": state.reach,
            "was": heights(state.weights, state.reach).tolist(),
            "levels": [values.tolist(), shares.tolist()],
            "cuts": cuts(state.weights),
            "kilobytes": [n / 1000 for n in state.bytes],
            "quality": [state.before, state.after],
            "read": PICTURES,
            "wrong": len(state.misread),
            "misread": [[int(y[k]), answer] for k, answer in wrong],
            "pictures": X[[k for k, _ in wrong]].astype(np.float32).tobytes(),
        }

    def page(self) -> dict[str, Any]:
        (X, y), state = _pictures(), _network(DIGITS)[1]
        return {
            "digits": {name: [w.shape, text_of(w.astype(np.float16))] for name, w in state.items()},
            "pictures": by_twos(np.rint(GREYS * X)),
            "truths": y.tolist(),
            "before": _judged(DIGITS),
            "misread": list(self.state.misread.items()),
        }


def cuts(weights: np.ndarray) -> list[float]:
    """Below which |w| the shares in CUTS lie."""
    rising = np.sort(np.abs(weights), axis=None)
    return [float(rising[round(share * weights.size)]) for share in CUTS]
