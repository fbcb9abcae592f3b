"""What every widget of the course is: controls, a computation, a picture, and a sentence about it."""

import html
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import ipywidgets
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from nnlearn.figures import plot
from nnlearn.widgets.kit import Controls


class Explorer(ipywidgets.VBox):
    """Controls that change a picture. A subclass gives four parts, and none of them needs a browser:

    - `make_controls()` -> {name: control}: each with a label, as those in `kit`;
    - `make_figure(figure)` draws what stays: axes, empty lines, labels;
    - `compute(**values)` -> state: from the controls' values, whatever they are, never an exception;
    - `draw(state)` -> str: moves the lines and says in one sentence what is now to be seen.

    Artists made with `animated=True` (titles: `.set_animated(True)`) are drawn over all the others, which are
    then drawn only once: a picture whose every change is theirs is ready in a quarter of the time.

    `set(name=value, …)` moves controls as a reader would. Where no kernel runs, the cell shows the
    picture as it was stored, with the sentence as its alt text.
    """

    size = (7.6, 4.2)  # of the picture, in inches of 100 pixels
    encoding: ClassVar[dict[str, Any]] = {"format": "png", "compress_level": 1}  # of what the page is sent

    def __init__(self, **values: Any) -> None:
        self._held = False  # while several controls move at once
        self.controls = self.make_controls()
        self.figure = Figure(figsize=self.size, dpi=100)
        self._settings: dict[Axes, dict[str, Any]] = {}  # by `set_still`
        self.make_figure(self.figure)
        self._canvas = FigureCanvasAgg(self.figure)
        self._still: Any = None  # the pixels of what does not move
        super().__init__(self.contents())
        for control in self.controls.values():
            control.style.description_width = "initial"
            control.observe(lambda _: self._on_move(), names="value")
        self.refresh()
        self.set(**values)

    def make_controls(self) -> Controls:
        raise NotImplementedError(f"{type(self).__name__} needs make_controls()")

    def make_figure(self, figure: Figure) -> None:
        raise NotImplementedError(f"{type(self).__name__} needs make_figure(figure)")

    def compute(self, *args: Any, **values: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} needs compute(**values)")

    def draw(self, state: Any) -> str:
        raise NotImplementedError(f"{type(self).__name__} needs draw(state)")

    def contents(self) -> list[ipywidgets.Widget]:
        """What stands in the cell, one below the other."""
        fitting = {"max_width": "100%", "object_fit": "contain"}
        self.picture: Any = ipywidgets.Image(format=self.encoding["format"], layout=fitting)
        self._status = ipywidgets.HTML()
        return [self.arrange(), self._status]

    def arrange(self) -> ipywidgets.Widget:
        """The controls in as many columns as the page has room for, above the picture."""
        rows = {"flex_flow": "row wrap", "grid_gap": "0 24px"}
        controls = ipywidgets.Box([*self.controls.values()], layout=rows)
        return ipywidgets.VBox([controls, self.picture])

    @property
    def values(self) -> dict[str, Any]:
        """What the controls say now."""
        return {name: control.value for name, control in self.controls.items()}

    def set(self, **values: Any) -> None:
        """Move the named controls, all at once. Raises ValueError for a name that no control has."""
        for name in values:
            if name not in self.controls:
                raise ValueError(
                    f"{type(self).__name__} has no control {name!r}: there are {', '.join(self.controls)}"
                )
        with self.held():
            for name, value in values.items():
                self.controls[name].value = value
        self.refresh()

    @contextmanager
    def held(self) -> Iterator[None]:
        """While controls move together, the picture waits."""
        before, self._held = self._held, True
        try:
            yield
        finally:
            self._held = before

    def _on_move(self) -> None:
        if not self._held:
            self.refresh()

    def refresh(self) -> None:
        """Compute, draw, and send the picture and its sentence to the page."""
        self.state = self.compute(**self.values)
        self.sentence = self.draw(self.state)
        self.picture.value = self._paint()
        said = html.escape(self.sentence)
        self._status.value = f'<div role="status" aria-live="polite">{said}</div>'

    def redraw_all(self) -> None:
        """Call from `draw` when something that is not animated has changed."""
        self._still = None

    def set_still(self, ax: Axes, **settings: Any) -> None:
        """Set limits, titles and other parts that are not animated; redraw them only if they have changed."""
        known = self._settings.setdefault(ax, {})
        if known | settings != known:
            known.update(settings)
            ax.set(**settings)
            self.redraw_all()

    def _paint(self) -> bytes:
        """The picture, encoded: what moves, drawn over what does not."""
        moving = [artist for ax in self.figure.axes for artist in ax.get_children() if artist.get_animated()]
        if self._still is None or not moving:
            self.figure.set_canvas(self._canvas)
            self._canvas.draw()
            self._still = self._canvas.copy_from_bbox(self.figure.bbox)
        self._canvas.restore_region(self._still)
        for artist in sorted(moving, key=lambda artist: artist.get_zorder()):
            artist.draw(self._canvas.get_renderer())
        buffer = io.BytesIO()
        Image.fromarray(np.asarray(self._canvas.buffer_rgba())[..., :3]).save(buffer, **self.encoding)
        return buffer.getvalue()

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The live widget, and the picture for pages without a kernel."""
        data, metadata = plot.picture(plot.png(self.figure), self.sentence, width=round(self.size[0] * 100))
        live = super()._repr_mimebundle_(**kwargs) or {}
        data["application/vnd.jupyter.widget-view+json"] = live["application/vnd.jupyter.widget-view+json"]
        return data, metadata
