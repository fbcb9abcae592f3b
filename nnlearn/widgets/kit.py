"""What widgets are made of: labelled controls, and artists that `draw` fills, each in one line."""

from collections.abc import Iterable
from typing import Any

import ipywidgets
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.text import Text

Controls = dict[str, ipywidgets.ValueWidget]

# -- controls: the label first; what else ipywidgets knows goes in by its name -----------------------------


def slider(label: str, value: float, low: float, high: float, step: float = 1, **options: Any) -> Any:
    """A slider from `low` to `high`, over integers if `step` is one."""
    kind = ipywidgets.IntSlider if isinstance(step, int) else ipywidgets.FloatSlider
    return kind(description=label, value=value, min=low, max=high, step=step, **options)


def log_slider(label: str, value: float, low: float, high: float, step: float, **options: Any) -> Any:
    """A slider from 10^low to 10^high, in factors of 10^step."""
    return ipywidgets.FloatLogSlider(description=label, value=value, min=low, max=high, step=step, **options)


def ladder(label: str, rungs: Iterable[float], value: float, zero: str = "0") -> Any:
    """A slider over the given numbers; `zero` is what 0 is shown as."""
    named = [(f"{rung:g}" if rung else zero, rung) for rung in rungs]
    return ipywidgets.SelectionSlider(description=label, options=named, value=value)


def choice(label: str, names: Iterable[Any], **options: Any) -> Any:
    """A list of names, or of pairs (name, value); the first is chosen if no `value=` is given."""
    return ipywidgets.Dropdown(description=label, options=list(names), **options)


def toggle(label: str, value: bool = False, **options: Any) -> Any:
    """A box to tick."""
    return ipywidgets.Checkbox(description=label, value=value, **options)


# -- artists: empty until `draw` fills them ----------------------------------------------------------------


def line(ax: Axes, *style: str, **look: Any) -> Line2D:
    """A line or markers, as `ax.plot` makes them."""
    return ax.plot([], [], *style, **look)[0]


def segments(ax: Axes, **look: Any) -> LineCollection:
    """Many straight lines: links, or bars."""
    return ax.add_collection(LineCollection([], **look), autolim=False)


def raster(ax: Axes, **look: Any) -> AxesImage:
    """A picture of cells, one colour a number."""
    ax.grid(False)
    return ax.imshow(np.zeros((2, 2)), **({"interpolation": "nearest"} | look))


def text(ax: Axes, x: float = 0, y: float = 0, **look: Any) -> Text:
    """A piece of text, centred on (x, y)."""
    return ax.text(x, y, "", **({"ha": "center", "va": "center"} | look))


def texts(ax: Axes, count: int, **look: Any) -> list[Text]:
    """Pieces of text for `write` to place."""
    return [text(ax, **look) for _ in range(count)]


def move(lines: Iterable[Line2D], x: np.ndarray, rows: Iterable[np.ndarray]) -> None:
    """Each line through one row of values over x."""
    for artist, values in zip(lines, rows, strict=True):
        artist.set_data(x, values)


def write(artists: list[Text], words: Iterable[tuple[float, float, str]]) -> None:
    """Each (x, y, word) with one of the artists; the artists left over are hidden."""
    wanted = list(words)
    for k, artist in enumerate(artists):
        artist.set_visible(k < len(wanted))
        if k < len(wanted):
            x, y, word = wanted[k]
            artist.set(x=x, y=y, text=word)
