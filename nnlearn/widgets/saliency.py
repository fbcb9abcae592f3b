"""The saliency explorer: one digit, one network, one map, and what an attack makes of all three."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from nnlearn.data.mnist_subset import mnist
from nnlearn.engine.primitive import no_grad, plain
from nnlearn.figures import plot
from nnlearn.functions.activations import relu, softmax
from nnlearn.models.convnet import ConvNet
from nnlearn.study import adversarial, attribution
from nnlearn.widgets.chance import numpys
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, choice, raster, segments, slider, texts, write
from nnlearn.widgets.living import convnet_tensors, text_of

NETWORKS = ("plain", "hardened", "random weights")
MAPS = ("integrated", "slope", "slope × input", "occlusion", "Grad-CAM", "guided", "edges", "ink")
ANSWER = "the answer"
PICTURES, PIXELS = 20, 28 * 28


@cache
def _pictures() -> tuple[np.ndarray, np.ndarray]:
    _, (X, y) = mnist()
    return X[:PICTURES], y[:PICTURES]


@cache
def _network(name: str) -> ConvNet:
    if name == NETWORKS[2]:
        return ConvNet((1, 28, 28), 10, adversarial.CHANNELS, rng=0)
    return adversarial.load_pair()[NETWORKS.index(name)]


def draw_map(name: str, net: ConvNet, x: np.ndarray, target: int) -> np.ndarray:
    """One of MAPS for one picture.  (1, 1, 28, 28) -> (28, 28)"""
    if name == "occlusion":
        return attribution.occlusion(net, x, target, window=5, stride=2)[0]
    if name == "Grad-CAM":
        found = attribution.grad_cam(net.features, lambda a: net.classify(net.flatten(a)), x, target)[0]
        return np.kron(found, np.ones((4, 4), found.dtype))
    if name == "integrated":
        return attribution.integrated_gradients(net, x, target, steps=32)[0, 0]
    if name == "edges":
        return np.hypot(*np.gradient(x[0, 0]))
    if name == "ink":
        return x[0, 0]
    try:  # the network is shared: interrupted too, it is itself again
        net.activation = attribution.guided_relu if name == "guided" else relu
        slope = attribution.input_gradient(net, x, target)
    finally:
        net.activation = relu
    return (slope * x if name == "slope × input" else slope)[0, 0]


def wiped_off(wiped: str) -> list[int]:
    """The pixels that a text names by their numbers, row by row; what is no pixel is passed over."""
    return sorted({int(word) for word in wiped.split() if word.isdecimal() and int(word) < PIXELS})


@dataclass(frozen=True)
class State:
    """What is drawn: the picture as the network gets it, the map, the probabilities."""

    x: np.ndarray  # (28, 28)
    map: np.ndarray  # (28, 28)
    probability: np.ndarray  # (10,)
    truth: int
    target: int


class SaliencyExplorer(Explorer):
    """A digit, attacked or wiped or neither; the map of a class in one of three networks; the answer."""

    size = (9.6, 3.9)
    module = "saliency"

    def make_controls(self) -> Controls:
        return {
            "picture": slider("picture", 2, 0, PICTURES - 1),
            "method": choice("map", MAPS),
            "network": choice("network", NETWORKS),
            "target": choice("explain", (ANSWER, *(str(k) for k in range(10)))),
            "eps": slider("attack ε", 0.0, 0.0, 0.3, 0.05, readout_format=".2f"),
            "wiped": ipywidgets.Text("", description="pixels wiped off"),
        }

    def make_figure(self, figure: Figure) -> None:
        seen, explained, answer = figure.subplots(1, 3, width_ratios=(1, 1, 1.1))
        figure.subplots_adjust(left=0.01, right=0.985, bottom=0.13, top=0.88, wspace=0.12)
        self.picture_of_x = raster(seen, cmap="Greys", vmin=0, vmax=1, extent=(0, 28, 28, 0))
        self.heat = raster(explained, cmap=plot.DIVERGING, vmin=-1, vmax=1, extent=(0, 28, 28, 0))
        for ax, title in ((seen, "what the network gets"), (explained, "orange for, purple against")):
            ax.set(xticks=[], yticks=[], title=title)
        self.bars = segments(answer, linewidths=13, capstyle="butt")
        self.names = texts(answer, 10, fontsize=12, ha="right")
        answer.set(xlim=(-0.12, 1.02), ylim=(9.6, -0.6), yticks=[], xlabel="probability", title="the answer")

    def compute(self, picture: int, method: str, network: str, target: str, eps: float, wiped: str) -> State:
        X, y = _pictures()
        net, x, truth = _network(network), X[[picture]], int(y[picture])
        if eps:
            x = adversarial.pgd(net, x, y[[picture]], eps, 10, rng=0)
        x = x.copy()
        x.reshape(-1)[wiped_off(wiped)] = 0
        with no_grad():
            probability = softmax(plain(net(x)))[0]
        explained = int(probability.argmax()) if target == ANSWER else int(target)
        return State(x[0, 0], draw_map(method, net, x, explained), probability, truth, explained)

    def draw(self, state: State) -> None:
        self.picture_of_x.set_data(state.x)
        self.heat.set_data(state.map / max(float(np.abs(state.map).max()), 1e-12))
        self.bars.set_segments([[(0, k), (p, k)] for k, p in enumerate(state.probability)])
        colours: list[Any] = [plot.SKY] * 10
        colours[state.target] = plot.ORANGE
        self.bars.set_color(colours)
        write(self.names, ((-0.03, k, str(k)) for k in range(10)))

    def describe(self, state: State) -> str:
        answer = int(state.probability.argmax())
        strokes = state.x > 0.5
        share = np.abs(state.map)[strokes].sum() / max(float(np.abs(state.map).sum()), 1e-12)
        wiped = len(wiped_off(self.values["wiped"]))
        told = f" Pixels wiped off: {wiped}." if wiped else ""
        return (
            f"A {state.truth}, read as {answer} with {state.probability[answer]:.0%}.{told} The map explains "
            f"the score of {state.target}; {share:.0%} of it lies on the {strokes.mean():.0%} of pixels "
            "with ink."
        )

    def scene(self) -> dict[str, Any]:
        state = self.state
        pictures = {name: getattr(state, name).astype(np.float32).tobytes() for name in ("x", "map")}
        rest = {"probability": state.probability.tolist(), "truth": state.truth, "target": state.target}
        return pictures | rest

    def page(self) -> dict[str, Any]:
        X, y = _pictures()
        return {
            "pictures": [text_of(np.rint(15 * x).astype(np.uint8)) for x in X],
            "truths": y.tolist(),
            "networks": {name: convnet_tensors(_network(name)) for name in NETWORKS},
            "start": numpys(0),
        }
