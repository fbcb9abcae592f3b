"""The compression explorer: cut the smallest weights, round the others, see what the network still does."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from nnlearn.data.mnist_subset import mnist
from nnlearn.engine.primitive import no_grad
from nnlearn.figures import plot
from nnlearn.study import adversarial, austen
from nnlearn.study.compression import best_clip, dequantize, magnitude_mask, output_axes, quantize
from nnlearn.text.sampling import bits_per_character
from nnlearn.training.trainer import accuracy
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, choice, line, segments, slider

NETWORKS = {"digits: ConvNet": "classify.W", "Austen: GPT": "blocks.3.contract.W"}  # and the matrix shown
WAYS = ("one, to the largest weight", "one, best clip", "one per output", "one per 16 neighbours")
PICTURES, TOKENS, GROUP = 500, 1024, 16


@cache
def _network(name: str) -> tuple[Any, dict[str, np.ndarray]]:
    net = austen.load()[0] if name.endswith("GPT") else adversarial.load_pair()[0]
    return net, {key: array.copy() for key, array in net.state_dict().items()}


@cache
def _judged(name: str, *how: Any) -> float:
    """Bits per character on the first held-out tokens, or the share of the first test pictures read right.

    `how` is what `compress` takes; without it the network stays as it was.
    """
    net, state = _network(name)
    net.load_state_dict(compress(state, *how) if how else state)
    if name.endswith("GPT"):
        _, tokenizer, held_out, _ = austen.load()
        ids = held_out[: TOKENS + 1]
        return bits_per_character(net, ids, length=256) * TOKENS / len(tokenizer.decode(list(ids[1:])))
    _, (X, y) = mnist()
    with no_grad():
        return accuracy(net(X[:PICTURES]), y[:PICTURES])


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


@dataclass
class State:
    """What the picture shows."""

    weights: np.ndarray  # of one matrix, before and after
    rounded: np.ndarray
    before: float
    after: float
    bytes: tuple[float, float]
    gpt: bool


class CompressionExplorer(Explorer):
    """Choose how many weights go, and how many bits the others keep; watch bytes and quality."""

    size = (8.4, 3.9)

    def make_controls(self) -> Controls:
        return {
            "network": choice("network", NETWORKS),
            "bits": slider("bits a weight", 4, 2, 8),
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
        return State(state[shown], rounded, before, after, (whole, bytes_now), network.endswith("GPT"))

    def draw(self, state: State) -> str:
        reach = float(np.abs(state.weights).max())
        edges = np.linspace(-reach, reach, 80)
        height = np.histogram(state.weights, edges)[0]
        self.was.set_data((edges[1:] + edges[:-1]) / 2, height / height.max())
        values, count = np.unique(state.rounded, return_counts=True)
        if len(values) > 200:  # many scales: no grid to be seen
            count, _ = np.histogram(state.rounded, edges)
            values = (edges[1:] + edges[:-1]) / 2
        self.now.set_segments([[(v, 0), (v, n / count.max())] for v, n in zip(values, count, strict=True)])
        kilobytes = [n / 1000 for n in state.bytes]
        quality = [state.before, state.after]
        self.way_down.set_data(kilobytes, quality)
        self.first.set_data(kilobytes[:1], quality[:1])
        self.last.set_data(kilobytes[1:], quality[1:])
        self.set_still(self.histogram, xlim=(-1.05 * reach, 1.05 * reach))
        self.set_still(
            self.chart,
            xlim=(kilobytes[0] / 40, kilobytes[0] * 1.5),
            ylim=(0, max(4.0, 1.1 * state.after)) if state.gpt else (0, 1.05),
            title="bits per character" if state.gpt else "share read right",
        )
        smaller = f"{state.bytes[0] / state.bytes[1]:.1f} times smaller"
        if state.gpt:
            lost = f"a character costs {state.after:.2f} bits instead of {state.before:.2f}"
        else:
            lost = f"{state.after:.1%} of the digits are read right instead of {state.before:.1%}"
        return f"{kilobytes[1]:,.0f} kilobytes, {smaller}: {lost}."
