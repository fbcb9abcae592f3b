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
LIMIT = 9.0  # of a kernel's numbers
_HERE = plot.VERMILION


@lru_cache
def load(name: str) -> np.ndarray:
    """The grey picture of that name, 0 to 1: a photograph made 64×64, or a digit of 8×8."""
    if name.startswith("digit"):
        X, y = data.digits(images=True)
        return X[np.flatnonzero(y == int(name[-1]))[0], 0]
    top, left, by = {"temple": (20, 50, 5), "flower": (60, 145, 5)}[name]
    photograph = data.photographs()[0 if name == "temple" else 1].mean(axis=0)
    crop = photograph[top : top + 64 * by, left : left + 64 * by]
    return convolution.avg_pool2d(crop[None, None], by)[0, 0]


@dataclass(frozen=True)
class State:
    """What is drawn: the padded picture, the map, and the nine products at one place of it."""

    name: str
    image: np.ndarray  # (H + 2 padding, W + 2 padding)
    kernel: np.ndarray  # (3, 3)
    patch: np.ndarray  # (3, 3)
    output: np.ndarray  # (H', W')
    at: tuple[int, int]
    stride: int
    padding: int
    dilation: int
    paint: bool


class ConvolutionExplorer(Explorer):
    """A 3×3 kernel slides over a photograph or a digit: patch × kernel, their sum, the map of all sums."""

    size = (11.8, 4.5)

    def make_controls(self) -> dict[str, ipywidgets.ValueWidget]:
        whole, narrow = ipywidgets.IntSlider, {"width": "104px"}
        controls: dict[str, ipywidgets.ValueWidget] = {
            "row": whole(description="row", value=30, min=0, max=63),
            "column": whole(description="column", value=4, min=0, max=63),
            "picture": ipywidgets.Dropdown(description="picture", options=PICTURES),
            "preset": ipywidgets.Dropdown(description="kernel", options=[*KERNELS, OWN]),
            "stride": whole(description="stride", value=1, min=1, max=4),
            "padding": whole(description="padding", value=1, min=0, max=3),
            "dilation": whole(description="dilation", value=1, min=1, max=3),
            "paint": ipywidgets.Checkbox(description="paint the map as the kernel slides", value=False),
        }
        for k, value in enumerate(KERNELS["vertical edges"]):
            controls[f"w{k // 3 + 1}{k % 3 + 1}"] = ipywidgets.BoundedFloatText(
                description=f"w{'₁₂₃'[k // 3]}{'₁₂₃'[k % 3]}",
                value=value, min=-LIMIT, max=LIMIT, step=0.5, layout=narrow,
            )  # fmt: skip
        controls["preset"].observe(self._fill_in, names="value")
        return controls

    def arrange(self) -> ipywidgets.Widget:
        """Where and how on the left, the kernel's numbers as a square on the right."""
        fields = list(self.controls.values())
        self.play = ipywidgets.Play(min=0, max=64 * 64 - 1, interval=150, description="slide the kernel")
        self.play.observe(lambda change: self._go_to(change["new"]), names="value")
        grid = ipywidgets.GridBox(fields[8:], layout={"grid_template_columns": "repeat(3, 110px)"})
        kernel = ipywidgets.VBox([self.controls["preset"], grid])
        column = {"width": "320px"}
        ways = ipywidgets.VBox([self.play, *fields[:2], self.controls["paint"]], layout=column)
        shape = ipywidgets.VBox([self.controls["picture"], *fields[4:7]], layout=column)
        rows = {"flex_flow": "row wrap", "grid_gap": "0 12px"}
        return ipywidgets.VBox([ipywidgets.Box([ways, shape, kernel], layout=rows), self._image])

    def _go_to(self, place: int) -> None:
        """The place-th of the map, row by row: what the play button counts."""
        H, W = self.state.output.shape
        self.set(row=place // W % H, column=place % W)

    def _fill_in(self, change: Any) -> None:
        """A kernel chosen by name goes into the nine fields."""
        if change["new"] in KERNELS:
            held, self._held = self._held, True
            for name, value in zip(self._weights(), KERNELS[change["new"]], strict=True):
                self.controls[name].value = value
            self._held = held

    def _weights(self) -> list[str]:
        return [f"w{i}{j}" for i in (1, 2, 3) for j in (1, 2, 3)]

    def refresh(self) -> None:
        """As ever, after the kernel's name has followed its numbers, and the sliders' ends the map's size."""
        held, self._held = self._held, True
        now = [self.controls[name].value for name in self._weights()]
        same = [name for name, kernel in KERNELS.items() if np.allclose(kernel, now)]
        if self.controls["preset"].value not in same:
            self.controls["preset"].value = same[0] if same else OWN
        values = self.values
        n = len(load(values["picture"])) + 2 * values["padding"] - 2 * values["dilation"]
        size = (n - 1) // values["stride"] + 1
        for name in ("row", "column"):
            self.controls[name].max = size - 1
        self.play.max = size * size - 1
        self._held = held
        super().refresh()

    def make_figure(self, figure: Figure) -> None:
        self.input = figure.add_axes((0.008, 0.03, 0.3265, 0.856))
        self.map = figure.add_axes((0.665, 0.03, 0.3265, 0.856))
        for ax in (self.input, self.map):
            ax.set_axis_off()
            ax.grid(False)
        shade = {"cmap": "gray", "interpolation": "nearest"}
        self.image = self.input.imshow(np.zeros((2, 2)), vmin=0, vmax=1, **shade)
        self.output = self.map.imshow(np.zeros((2, 2)), animated=True, **shade)
        (self.edge,) = self.input.plot([], [], "--", color=plot.SKY, linewidth=1.6)
        line = {"animated": True, "solid_joinstyle": "miter"}
        (self.cells,) = self.input.plot([], [], color=_HERE, linewidth=2.2, **line)
        (self.here,) = self.map.plot([], [], color=_HERE, linewidth=2.6, **line)
        middle = figure.add_axes((0.338, 0.0, 0.324, 1.0), xlim=(0, 3.82), ylim=(0, 4.5))
        middle.set_axis_off()
        self.patch = Numbers(middle, 0.1, 2.38, "patch", "gray")
        self.kernel = Numbers(middle, 2.12, 2.38, "kernel", plot.DIVERGING)
        self.products = Numbers(middle, 0.1, 0.14, "products", plot.DIVERGING)
        middle.text(1.91, 3.18, "×", ha="center", va="center", fontsize=15)
        middle.text(2.12, 1.3, "add up to", fontsize=13, color=plot.GREY)
        self.sum = middle.text(2.05, 0.78, "", fontsize=25, weight="bold", color=_HERE, animated=True)
        self.titles = [self.input.set_title(""), self.map.set_title("", animated=True)]
        self.shown: tuple = ()  # the picture's name and padding when it was last drawn

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
        return State(picture, image, kernel, patch, output, at, stride, padding, dilation, paint)

    def draw(self, state: State) -> str:
        n, p = len(state.image), state.padding
        H, W = state.output.shape
        largest = max(1.0, np.abs(state.kernel).max())
        if (state.name, p) != self.shown:
            self.shown = state.name, p
            self._draw_picture(state)
            self.redraw_all()
        self.cells.set_data(*_squares(state))
        self._draw_map(state)
        self.patch.show(state.patch, 0, 1)
        self.kernel.show(state.kernel, -largest, largest)
        self.products.show(state.patch * state.kernel, -largest, largest)
        total = _number(float(state.output[state.at]))
        self.sum.set_text(f"= {total}")
        self.titles[1].set_text(f"all sums: {H}×{W}")
        return (
            f"Stride {state.stride}, padding {p}, dilation {state.dilation}: the {state.name} of "
            f"{n - 2 * p}×{n - 2 * p} pixels gives a map of {H}×{W} sums. At row {state.at[0]}, column "
            f"{state.at[1]}, patch and kernel make nine products, which add up to {total}."
        )

    def _draw_picture(self, state: State) -> None:
        n, p = len(state.image), state.padding
        self.image.set_data(state.image)
        self.image.set_extent((0, n, n, 0))
        self.input.set(xlim=(-0.01 * n, 1.01 * n), ylim=(1.01 * n, -0.01 * n))
        self.edge.set_data(*_square(p, p, n - 2 * p) if p else ([], []))
        self.titles[0].set_text(f"{state.name}, {n - 2 * p}×{n - 2 * p}" + (f" + {p} of zeros" if p else ""))

    def _draw_map(self, state: State) -> None:
        """Grey where a kernel has no minus; else orange above zero, purple below."""
        H, W = state.output.shape
        y, (i, j) = state.output, state.at
        reach = float(np.abs(y).max()) or 1.0
        signed = bool((state.kernel < 0).any())
        if state.paint:
            y = np.where(np.arange(H * W).reshape(H, W) <= i * W + j, y, np.nan)
        self.output.set(
            data=y, cmap=plot.DIVERGING if signed else "gray", clim=(-reach if signed else 0, reach)
        )
        self.output.set_extent((0, W, H, 0))
        self.map.set(xlim=(-0.01 * W, 1.01 * W), ylim=(1.01 * H, -0.01 * H))
        self.here.set_data(*_square(j, i, 1))


class Numbers:
    """Nine coloured squares with their numbers, in place; the lower left corner is at (x, y)."""

    def __init__(self, ax: Axes, x: float, y: float, title: str, cmap: str) -> None:
        side = 1.6
        self.image = ax.imshow(
            np.zeros((3, 3)),
            extent=(x, x + side, y, y + side),
            cmap=cmap,
            aspect="auto",
            animated=True,
            zorder=1,
        )
        ax.set(xlim=(0, 3.82), ylim=(0, 4.5))
        ax.text(x, y + side + 0.08, title, fontsize=12.5, weight="bold")
        cell = side / 3
        self.texts = [
            ax.text(x + (k % 3 + 0.5) * cell, y + (2.47 - k // 3) * cell, "", ha="center", va="center",
                    fontsize=12, animated=True, zorder=3)
            for k in range(9)
        ]  # fmt: skip

    def show(self, values: np.ndarray, low: float, high: float) -> None:
        self.image.set(data=values, clim=(low, high))
        shades = self.image.cmap(self.image.norm(values.ravel()))[:, :3] @ [0.3, 0.59, 0.11]
        for text, value, shade in zip(self.texts, values.ravel(), shades, strict=True):
            text.set(text=_number(float(value)), color="white" if shade < 0.5 else plot.BLACK)


def _square(x: float, y: float, side: float) -> tuple[list[float], list[float]]:
    return [x, x + side, x + side, x, x], [y, y, y + side, y + side, y]


def _squares(state: State) -> tuple[list[float], list[float]]:
    """The outline of what the kernel sees: one square, or nine where it is dilated."""
    i, j = state.at[0] * state.stride, state.at[1] * state.stride
    if state.dilation == 1:
        return _square(j, i, 3)
    x: list[float] = []
    y: list[float] = []
    for k in range(9):
        a, b = _square(j + k % 3 * state.dilation, i + k // 3 * state.dilation, 1)
        x, y = [*x, *a, np.nan], [*y, *b, np.nan]
    return x, y


def _number(value: float) -> str:
    """Two decimals at most, a proper minus, and never −0."""
    text = f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text.replace("-", "−")
