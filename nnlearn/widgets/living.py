"""Widgets that the page draws and the reader touches, with a kernel behind them or none."""

import base64
import html
import json
import re
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import ipywidgets
import numpy as np
import traitlets

from nnlearn.engine.primitive import plain
from nnlearn.layers.module import Module
from nnlearn.models.convnet import ConvNet
from nnlearn.widgets.explorer import Explorer

# In a stored output: which figure it is, and the values of its controls.
MIME = "application/vnd.nnlearn.figure+json"
GREYS = 15  # steps from paper to ink of the pictures that a page carries
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


def script(name: str) -> str:
    """What a page without a kernel runs: each figure of that kind comes to life in its picture's place."""
    return (
        f"(() => {{\n{bundle(name, 'host')}\n"
        f"""const wake = () => document.querySelectorAll('[data-figure="{name}"]').forEach((place) => """
        "{ try { mount(place, { render, alone }); } catch (error) { console.warn(error); } });\n"
        "document.readyState === 'loading' ? addEventListener('DOMContentLoaded', wake) : wake();\n})();\n"
    )


def kinds() -> dict[str, type["LivingExplorer"]]:
    """The living figures by their classes' names."""
    from nnlearn import widgets

    found = [getattr(widgets, name) for name in widgets.__all__]
    return {kind.__name__: kind for kind in found if hasattr(kind, "module")}


def modules() -> list[str]:
    """The modules of js/ that draw a figure."""
    return sorted({kind.module for kind in kinds().values()})


def assets() -> dict[str, str]:
    """The files that figures ask a page for, by their names."""
    return {name: text for kind in kinds().values() for name, text in kind.assets().items()}


def stored(output: Any, files: bool = True) -> "LivingExplorer | None":
    """The living figure of a notebook's stored output as it stood, or None where it holds none.

    Without `files` it is None too for a figure that reads some beside its page.
    """
    known = output.get("data", {}).get(MIME)
    kind = kinds()[known["widget"]] if known else None
    return kind(**known["values"]) if kind and (files or not kind.files) else None


class View(anywidget.AnyWidget):
    """A figure's other half, in the page: what it shows, and what the reader moves."""

    _esm = traitlets.Unicode().tag(sync=True)
    controls: traitlets.List[Any] = traitlets.List().tag(sync=True)
    values = traitlets.Dict().tag(sync=True)
    scene = traitlets.Dict().tag(sync=True)  # what stays while a frame follows another
    sentence = traitlets.Unicode().tag(sync=True)


class LivingExplorer(Explorer):
    """An `Explorer` that the page draws, by js/`module`.mjs. Beside an explorer's parts, a subclass gives

    - `describe(state)` -> str: the sentence, without drawing anything;
    - `scene()` -> what the view needs of the state, as JSON, and bytes;
    - `page()` -> what a page without a kernel needs to go on by itself, as JSON;
    - `receive(message)`, where the view asks for more than its controls.

    The picture is drawn only where it is stored, for readers without a browser's scripts.
    """

    module: ClassVar[str]
    files: ClassVar[tuple[str, ...]] = ()  # the names of its `assets`

    def __init__(self, **values: Any) -> None:
        self.view = View(_esm=f"{bundle(self.module)}\nexport default {{ render }};\n")
        super().__init__(**values)
        self.view.observe(lambda change: self._on_page(change["new"]), "values")
        self.view.on_msg(lambda _, message, __: self.receive(message))

    def describe(self, state: Any) -> str:
        raise NotImplementedError(f"{type(self).__name__} needs describe(state)")

    def scene(self) -> dict[str, Any]:
        raise NotImplementedError(f"{type(self).__name__} needs scene()")

    def page(self) -> dict[str, Any]:
        raise NotImplementedError(f"{type(self).__name__} needs page()")

    @classmethod
    def assets(cls) -> dict[str, str]:
        """What the page reads beside itself when it is asked for, by the names in `files`."""
        return {}

    def receive(self, message: dict[str, Any]) -> None:
        """What the view asks for; nothing where all that the reader does moves a control."""

    def contents(self) -> list[ipywidgets.Widget]:
        self.picture = _Painted(self)
        return [self.view]

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

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The live widget, the picture for pages that run nothing, and what those that do make of it."""
        self.draw(self.state)
        data, metadata = super()._repr_mimebundle_(**kwargs)
        data[MIME] = {"widget": type(self).__name__, "values": self.moved()}
        return data, metadata

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


class _Painted:
    """The picture of a living figure, drawn when somebody asks for it."""

    def __init__(self, explorer: LivingExplorer) -> None:
        self._explorer = explorer

    @property
    def value(self) -> bytes:
        self._explorer.draw(self._explorer.state)
        return self._explorer._paint()


def text_of(values: np.ndarray) -> str:
    """An array's bytes in base64: `bytes` of js/living.mjs takes them apart."""
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


def by_twos(greys: np.ndarray) -> str:
    """Whole numbers from 0 to GREYS, two a byte, for `greysOf` of js/weights.mjs."""
    pairs = greys.astype(np.uint8).reshape(-1, 2)
    return text_of(pairs[:, 0] << 4 | pairs[:, 1])


def convnet_tensors(net: ConvNet) -> dict[str, str]:
    """A network of two convolutions for js/convnet.mjs and js/slopes.mjs, in 32 bits."""
    one, two = net.convolutions
    parts = {"W1": one.W, "b1": one.b, "W2": two.W, "b2": two.b, "W": net.classify.W, "b": net.classify.b}
    return {name: text_of(plain(value).astype(np.float32)) for name, value in parts.items()}


def rounded(W: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """W ≈ q · scale, row by row, q whole numbers from −127 to 127.  (n, m) -> (n, m) int8, (n,) float32"""
    scale = np.abs(W).max(axis=1).astype(np.float32) / 127
    scale[scale == 0] = 1
    return np.rint(W / scale[:, None]).astype(np.int8), scale


def in_eight_bits(matrices: dict[str, np.ndarray], vectors: dict[str, np.ndarray]) -> dict[str, Any]:
    """Weights for `unpack` of js/weights.mjs, as JSON: matrices `rounded`, vectors in 32 bits."""
    pairs = [rounded(W) for W in matrices.values()]
    return {
        "tensors": [[name, *W.shape] for name, W in matrices.items()],
        "rounded": text_of(np.concatenate([q.ravel() for q, _ in pairs])),
        "scales": text_of(np.concatenate([scale for _, scale in pairs])),
        "vectors": {name: text_of(v.astype(np.float32)) for name, v in vectors.items()},
    }


def by_outputs(W: np.ndarray) -> np.ndarray:
    """A layer's weights with a row for each output: a linear layer's (n, m), a convolution's (m, c, 3, 3)."""
    return W.T if W.ndim == 2 else W.reshape(len(W), -1)


def packed(net: Module) -> dict[str, Any]:
    """A network of linear layers and convolutions for js/weights.mjs: its matrices in 8 bits."""
    state = net.state_dict()
    matrices = {name: by_outputs(W) for name, W in state.items() if W.ndim > 1}
    return in_eight_bits(matrices, {name: b for name, b in state.items() if b.ndim == 1})


def as_the_page_has_it(net: Any) -> Any:
    """The same network, every matrix rounded to 8 bits and back."""
    for p in net.parameters():
        if p.data.ndim > 1:
            q, scale = rounded(by_outputs(p.data))
            W = q * scale[:, None]
            p.data[...] = W.T if p.data.ndim == 2 else W.reshape(p.data.shape)
    return net


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
