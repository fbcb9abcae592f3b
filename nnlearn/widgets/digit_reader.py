"""The digit reader: draw a digit, and see what each layer of a convolutional network makes of it."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from nnlearn import data
from nnlearn.engine.primitive import no_grad, plain
from nnlearn.figures import plot
from nnlearn.functions.activations import softmax
from nnlearn.study.digits_gan import load_judge
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, choice, raster, slider, texts, toggle, write
from nnlearn.widgets.living import convnet_tensors, text_of
from nnlearn.widgets.playground.colours import SIGNED
from nnlearn.widgets.strokes import MNIST, centred, ink, strokes

SIDE, BOX = MNIST
OWN, LIKELIEST = "your drawing", "the likeliest"
THREE = "M9 7L13 4L18 6L18 10L13 13L18 15L20 19L17 23L12 24L8 22"


def moved(image: np.ndarray, right: int, down: int) -> np.ndarray:
    """The picture so many pixels further; what leaves the paper is lost.  (28, 28), same out"""
    far = max(abs(right), abs(down))
    paper = np.pad(image, far)
    return paper[far - down : far - down + SIDE, far - right : far - right + SIDE]


@cache
def examples() -> np.ndarray:
    """The first test picture of each digit.  (10, 28, 28), in 256 steps from 0 to 1"""
    _, (T, t) = data.mnist()
    chosen = [np.flatnonzero(t == digit)[0] for digit in range(10)]
    return np.rint(255 * T[chosen, 0].astype(float)) / 255


@dataclass(frozen=True)
class State:
    """What is drawn: the picture, the maps of both layers, and how the answer comes about."""

    image: np.ndarray  # (28, 28)
    maps: list[np.ndarray]  # (16, 28, 28), (32, 14, 14): after the activation, before pooling
    logits: np.ndarray  # (10,)
    shares: np.ndarray  # (10,) their softmax
    evidence: np.ndarray  # (10, 7, 7): what each place adds to a logit, less its mean over the digits


@no_grad()
def read(image: np.ndarray) -> State:
    """A picture through the network.  (28, 28)

    The last layer is linear: logit_c = b_c + Σ_p e_cp, a sum over places p. What all digits share moves no
    probability and is taken away.
    """
    net, x, maps = load_judge(), image[None, None].astype(np.float32), []
    for convolution in net.convolutions:
        x = plain(convolution(x))
        maps.append(plain(net.activation(x))[0])
        x = plain(net.activation(net.pool(x)))
    logits = plain(net.classify(net.flatten(x)))[0]
    W = plain(net.classify.W).reshape(*x.shape[1:], -1)
    evidence = np.einsum("kij,kijc->cij", x[0], W)
    return State(image, maps, logits, plain(softmax(logits)), evidence - evidence.mean(axis=0))


class DigitReader(Explorer):
    """Draw a digit: the feature maps of a ConvNet, its ten answers, and where the evidence for each lies."""

    size = (11.6, 4.1)
    module = "reader"

    def make_controls(self) -> Controls:
        return {
            "picture": choice("picture", [OWN, *(f"test digit {digit}" for digit in range(10))]),
            "drawing": ipywidgets.Text(THREE, description="strokes"),
            "centred": toggle("centre it as MNIST does", True),
            "right": slider("move right", 0, -8, 8),
            "down": slider("move down", 0, -8, 8),
            "digit": choice("evidence for", [LIKELIEST, *map(str, range(10))]),
        }

    def make_figure(self, figure: Figure) -> None:
        places = ((0.005, 0.22), (0.235, 0.22), (0.465, 0.22), (0.80, 0.19))
        axes = [figure.add_axes((left, 0.08, width, 0.8)) for left, width in places]
        titles = ("what it sees", "16 maps of layer 1", "32 maps of layer 2", "")
        for ax, title in zip(axes, titles, strict=True):
            ax.set_title(title)
            ax.set_axis_off()
        look: dict[str, Any] = {"cmap": "gray", "vmin": 0, "vmax": 1}
        self.image, self.first, self.second = (raster(ax, **look) for ax in axes[:3])
        answers = figure.add_axes((0.71, 0.08, 0.075, 0.8), xlim=(0, 1.45), ylim=(9.5, -0.5))
        answers.set_axis_off()
        self.bars = answers.barh(range(10), 0, 0.7, color=plot.BLUE)
        self.digits, self.amounts = (texts(answers, 10, fontsize=11, ha=side) for side in ("right", "left"))
        self.where = raster(axes[3], cmap=SIGNED)
        self.heading = axes[3].set_title("")

    def compute(self, picture: str, drawing: str, centred: bool, right: int, down: int, digit: str) -> State:
        lines = strokes(drawing)
        own = picture == OWN
        image = ink(_centred(lines) if centred else lines) if own else examples()[int(picture[-1])]
        return read(moved(image, right, down))

    def asked(self, state: State) -> int:
        """The digit whose evidence is shown."""
        digit = self.values["digit"]
        return int(state.logits.argmax()) if digit == LIKELIEST else int(digit)

    def draw(self, state: State) -> None:
        shown = self.asked(state)
        self.image.set(data=state.image, extent=(0, 1, 0, 1))
        for artist, maps, across in ((self.first, state.maps[0], 4), (self.second, state.maps[1], 6)):
            artist.set(data=mosaic(maps, across), extent=(0, 1, 0, 1))
        for digit, (bar, share) in enumerate(zip(self.bars, state.shares, strict=True)):
            bar.set_width(share)
            bar.set_color(plot.VERMILION if digit == shown else plot.BLUE)
        write(self.digits, ((-0.08, digit, str(digit)) for digit in range(10)))
        write(self.amounts, ((share + 0.05, k, f"{share:.2f}") for k, share in enumerate(state.shares)))
        reach = float(np.abs(state.evidence).max()) or 1.0
        self.where.set(data=state.evidence[shown], clim=(-reach, reach), extent=(0, 1, 0, 1))
        self.heading.set_text(f"evidence for {shown}: {plot.number(state.evidence[shown].sum(), '.1f')}")

    def describe(self, state: State) -> str:
        first, second = np.argsort(-state.shares, kind="stable")[:2]
        shown = self.asked(state)
        total = plot.number(state.evidence[shown].sum(), ".1f")
        if not state.image.any():
            return (
                f"Nothing is drawn, and the network answers all the same: a {first}, with "
                f"{state.shares[first]:.2f}. It has no way to say that there is no digit."
            )
        return (
            f"It reads a {first} with {state.shares[first]:.2f}, next a {second} with "
            f"{state.shares[second]:.2f}. The evidence for {shown} adds up to {total}: orange "
            "speaks for it, blue against."
        )

    def scene(self) -> dict[str, Any]:
        state = self.state
        arrays = {"image": state.image, "first": state.maps[0], "second": state.maps[1]}
        arrays |= {"evidence": state.evidence}
        packed = {name: array.astype(np.float32).tobytes() for name, array in arrays.items()}
        return {**packed, "shares": state.shares.tolist(), "shown": self.asked(state)}

    def page(self) -> dict[str, Any]:
        pixels = np.rint(255 * examples()).astype(np.uint8)
        return {
            "tensors": convnet_tensors(load_judge()),
            "examples": [text_of(picture) for picture in pixels],
        }


_centred = centred  # `compute` has a control of that name


def mosaic(maps: np.ndarray, across: int) -> np.ndarray:
    """Maps side by side, each with its largest value white.  (K, n, n) -> (rows, columns)"""
    n = maps.shape[1] + 1
    rows = -(-len(maps) // across)
    found = np.full((rows * n - 1, across * n - 1), 0.35)
    for k, one in enumerate(maps):
        i, j = k // across * n, k % across * n
        found[i : i + n - 1, j : j + n - 1] = one / (one.max() or 1)
    return found
