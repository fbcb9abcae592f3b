"""Every figure's style, and what the chapters' figures share.

One look for the whole course: colours that stay apart for colour-blind readers (M. Okabe and K. Ito, 2008),
letters that can be read from the back of a room. Importing this module makes it matplotlib's default, because
lines and texts take their looks when a chapter adds them, long after `axes` has returned.

    ax = nn.plot.axes(xlabel="input current (nA)", ylabel="firing rate (Hz)")
    ax.plot(current, rate)
    nn.plot.show(ax, "Firing rate against current: zero up to 1.5 nA, then rising steeply, then flattening")
"""

import base64
import io
import re
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib
import numpy as np
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

BLUE, VERMILION, GREEN, ORANGE = "#0072B2", "#D55E00", "#009E73", "#E69F00"
PURPLE, SKY, GREY, BLACK = "#CC79A7", "#56B4E9", "#6B6B6B", "#1A1A1A"
COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DIVERGING = "PuOr_r"  # purple below zero, orange above: apart for every kind of colour vision
SEQUENTIAL = "cividis"

Limits = tuple[float, float]

STYLE: dict[str, Any] = {
    "axes.prop_cycle": matplotlib.cycler(color=COLOURS),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlesize": 13,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 12,
    "font.size": 12,
    "grid.color": "#E4E4E4",
    "image.cmap": SEQUENTIAL,
    "legend.frameon": False,
    "legend.fontsize": 11,
    "lines.linewidth": 2.2,
    "lines.markersize": 6,
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": BLACK,
    "ytick.labelcolor": BLACK,
    "text.color": BLACK,
    "axes.labelcolor": BLACK,
}
matplotlib.rcParams.update(STYLE)

_DPI = 160  # pixels an inch in the stored picture: twice what a page shows, sharp on a slide


def axes(
    nrows: int = 1, ncols: int = 1, *, width: float = 8.0, height: float | None = None, **labels: Any
) -> Any:
    """One Axes, or an array of them (nrows × ncols), on a new figure of the course's style.

    `width` and `height` are in inches (height: 4 for one row, 3.2 for each of several). Further keywords go
    to `Axes.set` of every one: `xlabel=`, `ylabel=`, `title=`, `xlim=`, `yscale=` ….
    """
    height = height if height is not None else (4.0 if nrows == 1 else 3.2 * nrows)
    figure = Figure(figsize=(width, height), layout="constrained")
    made = figure.subplots(nrows, ncols)
    for ax in np.atleast_1d(made).flat:
        ax.set(**labels)
    return made


def show(ax: Axes | np.ndarray | Figure, alt: str) -> None:
    """Show the figure of `ax`, and store with it `alt`: what a reader who cannot see it needs to know.

    Raises ValueError where `alt` has fewer than eight words.
    """
    if len(alt.split()) < 8:
        raise ValueError(f"show: alt must say what the figure shows in 8 words or more, got {alt!r}")
    figure = ax if isinstance(ax, Figure) else np.atleast_1d(np.asarray(ax, dtype=object)).flat[0].figure
    data, metadata = picture(png(figure), alt, width=round(figure.get_figwidth() * 90))
    display(data, metadata=metadata, raw=True)


def png(figure: Figure, dpi: float = _DPI, compress_level: int = 9) -> bytes:
    """The figure as the bytes of a PNG file, the same for the same figure."""
    buffer = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(
        buffer,
        format="png",
        dpi=dpi,
        pil_kwargs={"compress_level": compress_level},
        metadata={"Software": None},
    )
    return buffer.getvalue()


def picture(data: bytes, alt: str, width: int) -> tuple[dict[str, str], dict[str, Any]]:
    """The PNG `data` as a Jupyter display bundle with its alt text: (data, metadata)."""
    bundle = {"image/png": base64.b64encode(data).decode(), "text/plain": alt}
    return bundle, {"image/png": {"alt": alt, "width": width}}


def points(ax: Axes, X: np.ndarray, y: np.ndarray, names: Sequence[str] | None = None, **style: Any) -> None:
    """Scatter two features X (N, 2), colour and marker by class y (N,); a legend if named."""
    if np.ndim(X) != 2 or np.shape(X)[1] != 2 or np.shape(y) != (len(X),):
        raise ValueError(f"points: X must be (N, 2) and y (N,), got {np.shape(X)} and {np.shape(y)}")
    for k, label in enumerate(np.unique(y)):
        here = y == label
        look = {
            "color": COLOURS[k % len(COLOURS)],
            "marker": MARKERS[k % len(MARKERS)],
            "s": 36,
            "edgecolor": "white",
            "linewidth": 0.6,
        }
        ax.scatter(*X[here].T, label=names[k] if names else None, zorder=3, **(look | style))
    if names:
        ax.legend()


def regions(
    ax: Axes, classify: Callable[[np.ndarray], np.ndarray], xlim: Limits, ylim: Limits, n: int = 200
) -> None:
    """Colour the plane by the class that `classify` gives the points (n·n, 2) of a grid: integers 0, 1, …."""
    x, y = np.meshgrid(np.linspace(*xlim, n), np.linspace(*ylim, n))
    classes = np.asarray(classify(np.column_stack([x.ravel(), y.ravel()]))).reshape(n, n)
    shades = ListedColormap(COLOURS[: max(2, int(classes.max()) + 1)])
    ax.imshow(
        classes, extent=(*xlim, *ylim), origin="lower", aspect="auto", interpolation="nearest",
        cmap=shades, vmin=0, vmax=shades.N - 1, alpha=0.18,
    )  # fmt: skip


def boundary(ax: Axes, w: np.ndarray, b: float, **style: Any) -> None:
    """The line w·x + b = 0 in the plane, as far as the axes reach now; nothing where w is zero."""
    if np.allclose(w, 0):
        return
    limits = ax.get_xlim(), ax.get_ylim()
    foot = -b * np.asarray(w) / np.dot(w, w)
    ax.axline(foot, foot + np.array([-w[1], w[0]]), **({"color": BLACK, "linewidth": 2} | style))
    ax.set(xlim=limits[0], ylim=limits[1])


def contours(
    ax: Axes, loss: Callable[[np.ndarray], np.ndarray], xlim: Limits, ylim: Limits, bands: int = 14
) -> None:
    """Shade the plane in bands of loss(points), points (n, n, 2) -> (n, n): finer towards the lowest."""
    grid = np.stack(np.meshgrid(np.linspace(*xlim, 150), np.linspace(*ylim, 150)), axis=-1)
    height = loss(grid)
    levels = height.min() + np.ptp(height) * np.linspace(0, 1, bands) ** 3
    ax.contourf(grid[..., 0], grid[..., 1], height, levels, cmap="Greys", alpha=0.5, zorder=0)
    ax.grid(False)


def number(value: float, spec: str = "g") -> str:
    """`value` as text, with a true minus sign: number(-0.5) is "−0.5".

    `spec` is precision and type as in an f-string: ".2f", ".3g". Zero never has a sign, and exponents are
    written as short as they can be: number(-1e-7) is "−1e−7".
    """
    return re.sub(r"e\+?(-?)0*", r"e\1", f"{float(value):z{spec}}").replace("-", "−")
