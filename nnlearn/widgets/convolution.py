"""The convolution explorer: a kernel slides over a picture; each product and their sum are seen."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import ipywidgets
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nnlearn import data
from nnlearn.figures import plot
from nnlearn.functions import convolution
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, choice, line, raster, slider, text, toggle
from nnlearn.widgets.living import text_of
from nnlearn.widgets.playground.colours import SIGNED

OWN = "your own"
KERNELS: dict[str, list[float]] = {
    "vertical edges": [-1, 0, 1, -2, 0, 2, -1, 0, 1],
    "horizontal edges": [-1, -2, -1, 0, 0, 0, 1, 2, 1],
    "outline": [0, -1, 0, -1, 4, -1, 0, -1, 0],
    "blur": [0.11] * 9,
    "sharpen": [0, -1, 0, -1, 5, -1, 0, -1, 0],
    "emboss": [-2, -1, 0, -1, 1, 1, 0, 1, 2],
    "unchanged": [0, 0, 0, 0, 1, 0, 0, 0, 0],
}
PICTURES = ("flower", "temple", "digit 3", "digit 8")
SHAPE = ("picture", "stride", "padding", "dilation")
LIMIT = 9.0  # of a kernel's numbers
WEIGHTS = {f"w{i}{j}": f"w{'₁₂₃'[i - 1]}{'₁₂₃'[j - 1]}" for i in (1, 2, 3) for j in (1, 2, 3)}


@lru_cache
def load(name: str) -> np.ndarray:
    """The grey picture of that name in 256 steps from 0 to 1: a photograph made 64×64, or a digit of 8×8."""
    if name.startswith("digit"):
        X, y = data.digits(images=True)
        picture = X[np.flatnonzero(y == int(name[-1]))[0], 0]
    else:
        top, left, by = {"temple": (20, 50, 5), "flower": (60, 145, 5)}[name]
        photograph = data.photographs()[0 if name == "temple" else 1].mean(axis=0)
        crop = photograph[top : top + 64 * by, left : left + 64 * by]
        picture = convolution.avg_pool2d(crop[None, None], by)[0, 0]
    return np.rint(255 * picture.astype(float)) / 255


@dataclass(frozen=True)
class State:
    """What is drawn: the padded picture, the map, and what makes the sum at one place of it."""

    image: np.ndarray  # (H + 2 padding, W + 2 padding)
    kernel: np.ndarray  # (3, 3)
    patch: np.ndarray  # (3, 3)
    output: np.ndarray  # (H', W')
    at: tuple[int, int]


class ConvolutionExplorer(Explorer):
    """A 3×3 kernel slides over a photograph or a digit: patch × kernel, their sum, the map of all sums."""

    size = (11.8, 4.5)
    module = "convolution"

    def make_controls(self) -> Controls:
        controls = {
            "row": slider("row", 30, 0, 63),
            "column": slider("column", 4, 0, 63),
            "picture": choice("picture", PICTURES),
            "preset": choice("kernel", (*KERNELS, OWN)),
            "stride": slider("stride", 1, 1, 4),
            "padding": slider("padding", 1, 0, 3),
            "dilation": slider("dilation", 1, 1, 3),
            "paint": toggle("paint the map as the kernel slides"),
        }
        look = {"min": -LIMIT, "max": LIMIT, "step": 0.5}
        for (name, label), value in zip(WEIGHTS.items(), KERNELS["vertical edges"], strict=True):
            controls[name] = ipywidgets.BoundedFloatText(value, description=label, **look)
        controls["preset"].observe(self._fill_in, names="value")
        return controls

    def _fill_in(self, change: Any) -> None:
        """A kernel chosen by name goes into the nine fields."""
        if change["new"] in KERNELS:
            with self.held():
                for name, value in zip(WEIGHTS, KERNELS[change["new"]], strict=True):
                    self.controls[name].value = value

    def refresh(self) -> None:
        """The kernel's name follows its numbers and the sliders' ends the size of the map, then as always."""
        values = self.values
        now = [values[name] for name in WEIGHTS]
        same = [name for name, kernel in KERNELS.items() if np.allclose(kernel, now)]
        n = len(load(values["picture"])) + 2 * values["padding"] - 2 * values["dilation"]
        size = (n - 1) // values["stride"] + 1
        with self.held():
            if values["preset"] not in same:
                self.controls["preset"].value = same[0] if same else OWN
            for name in ("row", "column"):
                self.controls[name].max = size - 1
        super().refresh()

    def make_figure(self, figure: Figure) -> None:
        self.input = figure.add_axes((0.008, 0.03, 0.3265, 0.856))
        self.map = figure.add_axes((0.665, 0.03, 0.3265, 0.856))
        for ax in (self.input, self.map):
            ax.set_axis_off()
        self.image = raster(self.input, cmap="gray", vmin=0, vmax=1)
        self.output = raster(self.map, cmap="gray")
        self.edge = line(self.input, "--", color=plot.SKY, linewidth=1.6)
        look = {"color": plot.VERMILION, "solid_joinstyle": "miter"}
        self.cells = line(self.input, linewidth=2.2, **look)
        self.here = line(self.map, linewidth=2.6, **look)
        middle = figure.add_axes((0.338, 0.0, 0.324, 1.0), xlim=(0, 3.82), ylim=(0, 4.5))
        middle.set_axis_off()
        self.patch = Numbers(middle, 0.1, 2.38, "patch", "gray")
        self.kernel = Numbers(middle, 2.12, 2.38, "kernel", SIGNED)
        self.products = Numbers(middle, 0.1, 0.14, "products", SIGNED)
        middle.text(1.91, 3.18, "×", ha="center", va="center", fontsize=15)
        middle.text(2.12, 1.3, "add up to", fontsize=13, color=plot.GREY)
        self.sum = text(middle, 2.05, 0.78, ha="left", va="baseline", fontsize=25, weight="bold")
        self.sum.set_color(plot.VERMILION)
        self.map_title = self.map.set_title("")

    def compute(
        self, row: int, column: int, picture: str, preset: str, stride: int, padding: int, dilation: int,
        paint: bool, **weights: float,
    ) -> State:  # fmt: skip
        kernel = np.array(list(weights.values())).reshape(3, 3)
        image = np.pad(load(picture), padding)
        output = convolution.conv2d(image[None, None], kernel[None, None], None, stride, 0, dilation)[0, 0]
        at = min(row, output.shape[0] - 1), min(column, output.shape[1] - 1)
        i, j = at[0] * stride, at[1] * stride
        patch = image[i : i + 2 * dilation + 1 : dilation, j : j + 2 * dilation + 1 : dilation]
        return State(image, kernel, patch, output, at)

    def draw(self, state: State) -> None:
        picture, stride, p, dilation = (self.values[name] for name in SHAPE)
        i, j = state.at
        side = len(state.image) - 2 * p
        largest = max(1.0, np.abs(state.kernel).max())
        self._draw_picture(state.image, f"{picture}, {side}×{side}", p)
        self.cells.set_data(*_seen(j * stride, i * stride, dilation))
        self._draw_map(state)
        self.patch.show(state.patch, 0, 1)
        self.kernel.show(state.kernel, -largest, largest)
        self.products.show(state.patch * state.kernel, -largest, largest)
        self.sum.set_text(f"= {_number(float(state.output[state.at]))}")
        self.map_title.set_text("all sums: {}×{}".format(*state.output.shape))

    def describe(self, state: State) -> str:
        v, (i, j), (H, W) = self.values, state.at, state.output.shape
        side, total = len(state.image) - 2 * v["padding"], _number(float(state.output[state.at]))
        return (
            f"Stride {v['stride']}, padding {v['padding']}, dilation {v['dilation']}: the {v['picture']} of "
            f"{side}×{side} pixels gives a map of {H}×{W} sums. At row {i}, column {j}, patch and kernel "
            f"make nine products, which add up to {total}."
        )

    def scene(self) -> dict[str, Any]:
        image, output = self.state.image, self.state.output
        return {
            "image": image.astype(np.float32).tobytes(),
            "side": len(image),
            "map": output.astype(np.float32).tobytes(),
            "size": len(output),
            "shape": {name: self.values[name] for name in SHAPE},
        }

    def page(self) -> dict[str, Any]:
        pictures = {name: text_of(np.rint(255 * load(name)).astype(np.uint8)) for name in PICTURES}
        return {"pictures": pictures, "kernels": KERNELS, "own": OWN}

    def _draw_picture(self, image: np.ndarray, title: str, padding: int) -> None:
        n = len(image)
        self.image.set(data=image, extent=(0, n, n, 0))
        self.edge.set_data(*_square(padding, padding, n - 2 * padding) if padding else ([], []))
        self.input.set_title(f"{title} + {padding} of zeros" if padding else title)
        self.input.set(xlim=(-0.01 * n, 1.01 * n), ylim=(1.01 * n, -0.01 * n))

    def _draw_map(self, state: State) -> None:
        """Grey where a kernel has no minus; else orange above zero, blue below."""
        H, W = state.output.shape
        y, (i, j) = state.output, state.at
        reach = float(np.abs(y).max()) or 1.0
        signed = bool((state.kernel < 0).any())
        if self.values["paint"]:
            y = np.where(np.arange(H * W).reshape(H, W) <= i * W + j, y, np.nan)
        cmap, low = (SIGNED, -reach) if signed else ("gray", 0)
        self.output.set(data=y, extent=(0, W, H, 0), cmap=cmap, clim=(low, reach))
        self.map.set(xlim=(-0.01 * W, 1.01 * W), ylim=(1.01 * H, -0.01 * H))
        self.here.set_data(*_square(j, i, 1))


class Numbers:
    """Nine coloured squares with their numbers, in place; the lower left corner is at (x, y)."""

    def __init__(self, ax: Axes, x: float, y: float, title: str, cmap: str) -> None:
        side, limits = 1.6, {"xlim": ax.get_xlim(), "ylim": ax.get_ylim()}
        self.image = raster(ax, extent=(x, x + side, y, y + side), cmap=cmap, aspect="auto", zorder=1)
        ax.set(**limits)
        ax.text(x, y + side + 0.08, title, fontsize=12.5, weight="bold")
        places = [((k % 3 + 0.5) * side / 3, (2.47 - k // 3) * side / 3) for k in range(9)]
        self.texts = [text(ax, x + right, y + up, fontsize=12) for right, up in places]

    def show(self, values: np.ndarray, low: float, high: float) -> None:
        self.image.set(data=values, clim=(low, high))
        shades = self.image.cmap(self.image.norm(values.ravel()))[:, :3] @ [0.3, 0.59, 0.11]
        for cell, value, shade in zip(self.texts, values.ravel(), shades, strict=True):
            cell.set(text=_number(float(value)), color="white" if shade < 0.5 else plot.BLACK)


def _square(x: float, y: float, side: float) -> tuple[list[float], list[float]]:
    return [x, x + side, x + side, x, x], [y, y, y + side, y + side, y]


def _seen(x: int, y: int, dilation: int) -> tuple[list[float], list[float]]:
    """The outline of what the kernel sees: one square, or nine where it is dilated."""
    if dilation == 1:
        return _square(x, y, 3)
    squares = [_square(x + k % 3 * dilation, y + k // 3 * dilation, 1) for k in range(9)]
    return [v for a, _ in squares for v in (*a, np.nan)], [v for _, b in squares for v in (*b, np.nan)]


def _number(value: float) -> str:
    """Two decimals at most, one from 10 on."""
    return plot.number(round(value, 2 if abs(value) < 10 else 1))
