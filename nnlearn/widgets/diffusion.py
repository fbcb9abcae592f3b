"""The diffusion explorer: a cloud and a digit come out of noise, step by step."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from nnlearn.engine.primitive import no_grad, plain
from nnlearn.figures import plot
from nnlearn.functions.activations import softmax
from nnlearn.models.convnet import ConvNet
from nnlearn.study.diffusion import (
    Denoiser,
    cosine_schedule,
    guided,
    load_denoiser,
    load_plane,
    load_reader,
    sample,
    two_moons,
)
from nnlearn.widgets import chance
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, line, raster, slider, texts, write
from nnlearn.widgets.living import packed, text_of

STEPS, POINTS, SHOWN, REACH, SEEDS = 100, 160, 300, 3.0, 21
KEPT = cosine_schedule(STEPS)


@lru_cache(maxsize=1)
def networks() -> tuple[Denoiser, Denoiser, ConvNet]:
    """Of the two moons, of digits, and the judge."""
    return load_plane(), load_denoiser(), load_reader()


@lru_cache(maxsize=32)
def _cloud(guidance: float, seed: int) -> np.ndarray:
    """Every moment of the cloud, half of it asked for each moon.  (STEPS + 1, POINTS, 2)"""
    return sample(networks()[0], np.arange(POINTS) % 2, 2, KEPT, guidance, rng=seed)


@lru_cache(maxsize=32)
def _digit(guidance: float, label: int, seed: int) -> np.ndarray:
    """Every moment of the digit.  (STEPS + 1, 1, 196)"""
    return sample(networks()[1], np.array([label]), 196, KEPT, guidance, limit=1, rng=seed)


@dataclass(frozen=True)
class State:
    """What is drawn: one moment of the cloud, of the digit, and the digit that the network believes in."""

    points: np.ndarray  # (POINTS, 2)
    picture: np.ndarray  # (14, 14) x_t
    belief: np.ndarray  # (14, 14) the x_0 that the guessed noise implies
    left: int  # steps still to go
    asked: int
    shares: np.ndarray  # (10,) the judge's probabilities of the digits in the belief

    @property
    def read(self) -> int:
        """What the judge reads in the belief."""
        return int(self.shares.argmax())


class DiffusionExplorer(Explorer):
    """Two moons and a digit on their way out of noise; beside them the digit believed in, and its judge."""

    size = (11.6, 3.5)
    module = "diffusion"

    def make_controls(self) -> Controls:
        return {
            "step": slider("steps done", STEPS, 0, STEPS),
            "digit": slider("digit asked for", 3, 0, 9),
            "guidance": slider("guidance w", 3.0, 0.0, 4.0, 0.5),
            "seed": slider("seed", 0, 0, SEEDS - 1),
        }

    def make_figure(self, figure: Figure) -> None:
        places = ((0.01, 0.26), (0.285, 0.26), (0.56, 0.26), (0.85, 0.145))
        points, picture, belief, judge = (figure.add_axes((x, 0.04, w, 0.85)) for x, w in places)
        points.plot(*two_moons()[0][:SHOWN].T, ".", color=plot.GREY, markersize=2)
        self.moons = [line(points, "o", color=colour, markersize=3) for colour in (plot.BLUE, plot.VERMILION)]
        window = (-REACH, REACH)
        points.set(xlim=window, ylim=window, aspect="equal", title="a cloud")
        points.set(xticks=(-2, 0, 2), yticks=(-2, 0, 2))
        points.tick_params(labelleft=False, labelbottom=False)
        look: dict[str, Any] = {"cmap": "Greys", "vmin": -1, "vmax": 1, "extent": (0, 14, 14, 0)}
        self.images = [raster(ax, **look) for ax in (picture, belief)]
        for ax, title in ((picture, "a digit"), (belief, "what the network sees")):
            ax.set(xticks=[], yticks=[], title=title)
        judge.set(xlim=(0, 1.45), ylim=(9.5, -0.5), title="the judge reads")
        judge.set_axis_off()
        self.bars = judge.barh(range(10), 0, 0.7)
        self.digits, self.amounts = (texts(judge, 10, fontsize=11, ha=side) for side in ("right", "left"))

    @no_grad()
    def compute(self, step: int, digit: int, guidance: float, seed: int) -> State:
        x, t = _digit(guidance, digit, seed)[step], STEPS - step
        _, net, judge = networks()
        belief = x
        if t:
            noise = guided(net, x, t, np.array([digit]), guidance)
            belief = np.clip((x - np.sqrt(1 - KEPT[t]) * noise) / np.sqrt(KEPT[t]), -1, 1)
        belief = belief.reshape(14, 14)
        shares = plain(softmax(judge(belief[None, None].astype(np.float32))))[0]
        return State(_cloud(guidance, seed)[step], x.reshape(14, 14), belief, t, digit, shares)

    def draw(self, state: State) -> None:
        for k, dots in enumerate(self.moons):
            dots.set_data(*state.points[k::2].T)
        for image, x in zip(self.images, (state.picture, state.belief), strict=True):
            image.set_data(x)
        for digit, (bar, share) in enumerate(zip(self.bars, state.shares, strict=True)):
            bar.set_width(share)
            bar.set_color(plot.VERMILION if digit == state.asked else plot.BLUE)
        write(self.digits, ((-0.08, digit, str(digit)) for digit in range(10)))
        write(self.amounts, ((share + 0.05, k, f"{share:.2f}") for k, share in enumerate(state.shares)))

    def describe(self, state: State) -> str:
        return (
            f"{STEPS - state.left} of {STEPS} steps done, {np.sqrt(1 - KEPT[state.left]):.0%} of the noise's "
            f"width is left. Asked for a {state.asked}; in what it sees, the judge reads {state.read}."
        )

    def scene(self) -> dict[str, Any]:
        state = self.state
        arrays = {"points": state.points, "data": two_moons()[0][:SHOWN]}
        arrays |= {"picture": state.picture, "belief": state.belief}
        sent = {name: array.astype(np.float32).tobytes() for name, array in arrays.items()}
        return {**sent, "shares": state.shares.tolist(), "step": STEPS - state.left}

    def page(self) -> dict[str, Any]:
        plane, net, judge = networks()
        return {
            "plane": packed(plane),
            "digits": packed(net),
            "judge": packed(judge),
            "kept": KEPT.tolist(),
            "points": POINTS,
            "data": text_of(two_moons()[0][:SHOWN]),
            "seeds": [chance.numpys(seed) for seed in range(SEEDS)],
        }
