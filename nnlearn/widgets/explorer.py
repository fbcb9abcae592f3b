"""What every widget of the course is: controls, a computation, a figure in the page, and its sentence."""

import html
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import ipywidgets
import numpy as np
import traitlets
from matplotlib.figure import Figure

from nnlearn.figures import plot
from nnlearn.widgets.kit import Controls

# In a stored output: which figure it is, and the values of its controls.
MIME = "application/vnd.nnlearn.figure+json"
_JS = Path(__file__).with_name("js")
_IMPORT = re.compile(r'^import .* from "\./(\w+)\.mjs";\n', re.M)
_COMMENT = re.compile(r"^ *(//.*|/\*\*.*?\*/)\n", re.M)  # of whole lines


def bundle(*names: str) -> str:
    """The named modules of js/ and what they import as one text; their exports stay names.

    A notebook and a page that lies on a disk load no second module.
    """
    texts: dict[str, str] = {}

    def add(name: str) -> None:
        if name not in texts:
            text = (_JS / f"{name}.mjs").read_text(encoding="utf-8")
            for other in _IMPORT.findall(text):
                add(other)
            texts[name] = re.sub(r"^export ", "", _COMMENT.sub("", _IMPORT.sub("", text)), flags=re.M)

    for name in names:
        add(name)
    return "\n".join(texts.values())


class View(anywidget.AnyWidget):
    """A figure's other half, in the page: what it shows, and what the reader moves."""

    _esm = traitlets.Unicode().tag(sync=True)
    controls: traitlets.List[Any] = traitlets.List().tag(sync=True)
    values = traitlets.Dict().tag(sync=True)
    scene = traitlets.Dict().tag(sync=True)  # what stays while a frame follows another
    sentence = traitlets.Unicode().tag(sync=True)


class Explorer(ipywidgets.VBox):
    """Controls that change a figure, which the page draws by js/`module`.mjs. A subclass gives

    - `make_controls()` -> {name: control}: each with a label, as those in `kit`;
    - `compute(**values)` -> state: from the controls' values, whatever they are, never an exception;
    - `describe(state)` -> str: one sentence that says what is now to be seen;
    - `scene()` -> what the view needs of the state, as JSON, and bytes;
    - `page()` -> what a page without a kernel needs to go on by itself, as JSON;
    - `receive(message)`, where the view asks for more than its controls;
    - `make_figure(figure)` and `draw(state)`: the picture that is stored, for readers without a browser's
      scripts: axes, empty lines and labels first, then what the state puts there.

    None of them needs a browser. `set(name=value, …)` moves controls as a reader would. Where no kernel runs,
    the cell shows the picture as it was stored, with the sentence as its alt text.
    """

    module: ClassVar[str]
    files: ClassVar[tuple[str, ...]] = ()  # the names of its `assets`
    size = (7.6, 4.2)  # of the picture, in inches of 100 pixels

    def __init__(self, **values: Any) -> None:
        self._held = False  # while several controls move at once
        self.controls = self.make_controls()
        self.view = View(_esm=f"{bundle(self.module)}\nexport default {{ render }};\n")
        super().__init__([self.view])
        for control in self.controls.values():
            control.observe(lambda _: self._on_move(), names="value")
        self.set(**values)
        self.view.observe(lambda change: self._on_page(change["new"]), "values")
        self.view.on_msg(lambda _, message, __: self.receive(message))

    def make_controls(self) -> Controls:
        raise NotImplementedError(f"{type(self).__name__} needs make_controls()")

    def compute(self, *args: Any, **values: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} needs compute(**values)")

    def describe(self, state: Any) -> str:
        raise NotImplementedError(f"{type(self).__name__} needs describe(state)")

    def scene(self) -> dict[str, Any]:
        raise NotImplementedError(f"{type(self).__name__} needs scene()")

    def page(self) -> dict[str, Any]:
        raise NotImplementedError(f"{type(self).__name__} needs page()")

    def make_figure(self, figure: Figure) -> None:
        raise NotImplementedError(f"{type(self).__name__} needs make_figure(figure)")

    def draw(self, state: Any) -> None:
        raise NotImplementedError(f"{type(self).__name__} needs draw(state)")

    @classmethod
    def assets(cls) -> dict[str, str]:
        """What the page reads beside itself when it is asked for, by the names in `files`."""
        return {}

    def receive(self, message: dict[str, Any]) -> None:
        """What the view asks for; nothing where all that the reader does moves a control."""

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
        """Compute, and tell the page what it now shows."""
        before = getattr(self, "state", None)
        self.state = self.compute(**self.values)
        self.sentence = self.describe(self.state)
        self._tell(whole=self.state is not before)

    def _tell(self, whole: bool) -> None:
        with self.view.hold_sync():
            self.view.controls = [described(name, control) for name, control in self.controls.items()]
            self.view.values = self.values
            self.view.sentence = self.sentence
            if whole:
                self.view.scene = self.scene()

    def _on_page(self, values: dict[str, Any]) -> None:
        """The reader has moved a control; what is no value of it is put back."""
        moved = {k: v for k, v in values.items() if k in self.controls and v != self.controls[k].value}
        if not moved:
            return
        try:
            self.set(**moved)
        except traitlets.TraitError:
            self._tell(whole=False)

    def picture(self) -> Figure:
        """What is stored for readers without a browser's scripts."""
        figure = Figure(figsize=self.size, dpi=100)
        self.make_figure(figure)
        self.draw(self.state)
        return figure

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The live widget, the picture for pages that run nothing, and what those that do make of it."""
        data, metadata = plot.picture(
            plot.png(self.picture()), self.sentence, width=round(self.size[0] * 100)
        )
        live = super()._repr_mimebundle_(**kwargs) or {}
        view = "application/vnd.jupyter.widget-view+json"
        figure = {"widget": type(self).__name__, "values": self.moved()}
        return data | {view: live[view], MIME: figure}, metadata

    def moved(self) -> dict[str, Any]:
        """What to give this class so that it opens as it stands now."""
        opened = {name: control.value for name, control in self.make_controls().items()}
        return {name: value for name, value in self.values.items() if value != opened[name]}

    def as_html(self, picture: str, folder: str = "", notebooks: str = "") -> str:
        """The figure for a page that has this module's `script`, and the picture it takes the place of.

        `folder` is where the page finds this figure's assets, `notebooks` where it finds the chapters'
        notebooks; "" where they are pages beside this one.
        """
        state: dict[str, Any] = {"controls": self.view.controls, "values": self.values}
        state |= {"page": self.page(), "folder": folder, "notebooks": notebooks}
        text = json.dumps(state, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
        return (
            f'<figure class="nn-figure" data-figure="{html.escape(self.module)}">{picture}'
            f'<script type="application/json">{text}</script></figure>'
        )


def described(name: str, control: Any) -> dict[str, Any]:
    """A control as the page's own: its kind, label, range or options."""
    known: dict[str, Any] = {"name": name, "label": control.description, "disabled": control.disabled}
    if isinstance(control, ipywidgets.Text):
        return known | {"kind": "text"}
    if isinstance(control, ipywidgets.Checkbox | ipywidgets.ToggleButton):
        return known | {"kind": "toggle"}
    if isinstance(control, ipywidgets.FloatLogSlider):
        powers = np.arange(control.min, control.max + control.step / 2, control.step)
        rungs = [float(control.base**power) for power in powers]
        return known | {"kind": "ladder", "options": [[f"{rung:.2g}", rung] for rung in rungs]}
    if hasattr(control, "options"):
        options = [
            list(option) if isinstance(option, tuple) else [option, option] for option in control.options
        ]
        kind = "ladder" if isinstance(control, ipywidgets.SelectionSlider) else "choice"
        return known | {"kind": kind, "options": options}
    known |= {"min": control.min, "max": control.max}
    if isinstance(control, ipywidgets.BoundedIntText | ipywidgets.BoundedFloatText):
        return known | {"kind": "number", "step": control.step}
    percent = str(getattr(control, "readout_format", "")).endswith("%")
    return known | {"kind": "slider", "step": control.step, "percent": percent}
