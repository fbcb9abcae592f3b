"""The diffusion explorer: a cloud and a digit come out of noise, step by step."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from nnlearn.data.planes import moons
from nnlearn.figures import plot
from nnlearn.study.diffusion import (
    Denoiser,
    cosine_schedule,
    guided,
    load_denoiser,
    load_reader,
    read,
    sample,
    train_denoiser,
)
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, choice, line, player, raster, slider

STEPS, POINTS, SIDE = 100, 160, 3.0
KEPT = cosine_schedule(STEPS)


@lru_cache(maxsize=1)
def cloud() -> tuple[np.ndarray, np.ndarray]:
    """Two moons around 0: points (N, 2) and which moon, (N,)."""
    x, y = moons(1000, noise=0.05, rng=0)
    return ((x - x.mean(axis=0)) / x.std()).astype(np.float32), y


@lru_cache(maxsize=1)
def _networks() -> tuple[Denoiser, Denoiser, Any]:
    return train_denoiser(*cloud(), KEPT, 2500, 64, rng=0), load_denoiser(), load_reader()


@lru_cache(maxsize=32)
def _paths(guidance: float, label: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Every moment of the cloud (STEPS + 1, POINTS, 2) and of the digit (STEPS + 1, 1, 196)."""
    two, digits, _ = _networks()
    points = sample(two, np.arange(POINTS) % 2, 2, KEPT, guidance, rng=seed)
    return points, sample(digits, np.array([label]), 196, KEPT, guidance, limit=1, rng=seed)


@dataclass(frozen=True)
class State:
    """What is drawn: one moment of the cloud, of the digit, and the digit that the network believes in."""

    points: np.ndarray  # (POINTS, 2)
    picture: np.ndarray  # (14, 14) x_t
    belief: np.ndarray  # (14, 14) the x_0 that the guessed noise implies
    left: int  # steps still to go
    asked: int
    read: int  # what the judge reads in the belief


class DiffusionExplorer(Explorer):
    """Left two moons, in the middle a digit, both on the way out of noise; right the digit believed in."""

    size = (10.2, 3.7)
    announce = "off"

    def make_controls(self) -> Controls:
        step = slider("steps done", STEPS, 0, STEPS)
        self.play = player(step, 100, show_repeat=False)
        return {
            "step": step,
            "digit": slider("digit asked for", 3, 0, 9),
            "guidance": choice("guidance w", (0.0, 1.0, 3.0), value=3.0),
            "seed": slider("seed", 0, 0, 9),
        }

    def make_figure(self, figure: Figure) -> None:
        points, picture, belief = figure.subplots(1, 3)
        figure.subplots_adjust(left=0.04, right=0.985, bottom=0.1, top=0.9, wspace=0.15)
        points.plot(*cloud()[0][:300].T, ".", color=plot.GREY, markersize=2)
        self.moons = [line(points, "o", color=colour, markersize=3) for colour in (plot.BLUE, plot.VERMILION)]
        points.set(xlim=(-SIDE, SIDE), ylim=(-SIDE, SIDE), aspect="equal", title="a cloud")
        look: dict[str, Any] = {"cmap": "Greys", "vmin": -1, "vmax": 1, "extent": (0, 14, 14, 0)}
        self.images = [raster(ax, **look) for ax in (picture, belief)]
        for ax, title in ((picture, "a digit"), (belief, "what the network sees in it")):
            ax.set(xticks=[], yticks=[], title=title)

    def compute(self, step: int, digit: int, guidance: float, seed: int) -> State:
        points, pictures = _paths(guidance, digit, seed)
        x, t = pictures[step], STEPS - step
        _, net, judge = _networks()
        belief = x
        if t:
            noise = guided(net, x, t, np.array([digit]), guidance)
            belief = np.clip((x - np.sqrt(1 - KEPT[t]) * noise) / np.sqrt(KEPT[t]), -1, 1)
        reads = int(read(judge, belief)[0])
        return State(points[step], x.reshape(14, 14), belief.reshape(14, 14), t, digit, reads)

    def draw(self, state: State) -> str:
        for k, dots in enumerate(self.moons):
            dots.set_data(*state.points[k::2].T)
        for image, x in zip(self.images, (state.picture, state.belief), strict=True):
            image.set_data(x)
        return (
            f"{STEPS - state.left} of {STEPS} steps done, {np.sqrt(1 - KEPT[state.left]):.0%} of the noise's "
            f"width is left. Asked for a {state.asked}; in what it sees, the judge reads {state.read}."
        )
