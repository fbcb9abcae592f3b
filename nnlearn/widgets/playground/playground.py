"""The playground's controls, and what they do with a run and its picture."""

import base64
import html
import io
import time
import weakref
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, ClassVar

import ipywidgets
from matplotlib.figure import Figure
from PIL import Image

from nnlearn.figures import plot
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, choice
from nnlearn.widgets.playground.code import code_of
from nnlearn.widgets.playground.controls import DEEPEST, STRIDES, make_controls, offer
from nnlearn.widgets.playground.layout import HEIGHT, WIDTH
from nnlearn.widgets.playground.marks import unit_name
from nnlearn.widgets.playground.problems import FEATURES, features
from nnlearn.widgets.playground.run import Config, Run
from nnlearn.widgets.playground.view import Look, View

PATIENCE = 0.06  # seconds of training in one frame, however many steps were asked for
OUTPUT = "the output"


class Playground(Explorer):
    """Choose data, a network and an optimiser; watch every unit while it learns; take the code with you.

    Settings that decide how a run begins start it again; the learning rate, L1 and L2 change it on its way,
    and so does a weight set by hand. `Playground(data="xor", step=300)` shows a run after 300 steps.
    """

    size = (WIDTH / 100, HEIGHT / 100)
    # Encoded ten times as fast as PNG, and half as large.
    encoding: ClassVar[dict[str, Any]] = {"format": "jpeg", "quality": 93, "subsampling": 0}
    _playing: ClassVar[weakref.ref["Playground"] | None] = None

    # -- controls --------------------------------------------------------------------------------------

    def make_controls(self) -> Controls:
        return make_controls()

    def make_figure(self, figure: Figure) -> None:
        self.view = View(figure)
        self.run: Run | None = None
        self.offered: Run | None = None  # the run whose units can be chosen
        self._make_toolbar()
        self._make_hand()

    def _make_toolbar(self) -> None:
        look: dict[str, Any] = {"icon": "play", "tooltip": "train, or pause", "layout": {"width": "96px"}}
        self.play = ipywidgets.ToggleButton(False, description="Play", **look)
        # Ticks in the page: a frame is asked for only when the one before has arrived, and the kernel is free
        # between frames for cells, and for being interrupted.
        self.ticks = ipywidgets.Play(min=0, max=2**31 - 1, interval=30, layout={"display": "none"})
        ipywidgets.jslink((self.play, "value"), (self.ticks, "playing"))
        self.ticks.observe(self._on_tick, "value")
        self.play.observe(self._on_play, "value")
        self.stride = choice("steps a frame", STRIDES, value=5, layout={"width": "170px"})
        self.stride.style.description_width = "initial"
        hidden = {"width": "98%", "display": "none"}
        self.shown = ipywidgets.Textarea(description="code", rows=16, layout=hidden)
        self.saved = ipywidgets.HTML()
        self.buttons = {}
        for name, icon, tip, act in (
            ("Step", "step-forward", "as many steps as a frame has", self._on_step),
            ("Reset", "undo", "back to the first weights", self.reset),
            ("Show me the code", "code", "a cell that repeats this very run", self._on_code),
            ("Save picture", "download", "offer the picture as a file", self._on_save),
        ):
            button = ipywidgets.Button(description=name, icon=icon, tooltip=tip, layout={"width": "auto"})
            button.on_click(lambda _, act=act: act())
            self.buttons[name] = button

    def _make_hand(self) -> None:
        """Choosing a weight, and setting it."""
        self.in_hand = False  # the weight is marked once the reader has turned to it
        self.hand = {
            "layer": choice("layer", [("output", 0)]),
            "unit": choice("unit", [("1", 0)]),
            "source": choice("weight from", [("x", 0)]),
            "value": ipywidgets.FloatText(0.0, step=0.1, description="is"),
        }
        for control in self.hand.values():
            control.style.description_width = "initial"
            control.layout.width = "180px"
        self.units: dict[str, tuple[int, int]] = {}  # by their names, those that can be enlarged
        self.enlarge = choice("enlarge", [OUTPUT])
        self.enlarge.observe(lambda _: self._on_move(), "value")
        for name in ("layer", "unit", "source"):
            self.hand[name].observe(lambda _: self._on_pick(), "value")
        self.hand["value"].observe(self._on_weight, "value")

    def arrange(self) -> ipywidgets.Widget:
        c, wrap = self.controls, {"flex_flow": "row wrap", "grid_gap": "4px 14px", "align_items": "center"}
        toggles = [c[f"use {name}"] for name in FEATURES]
        inputs = ipywidgets.HBox([ipywidgets.Label("inputs"), *toggles], layout={"flex_flow": "row wrap"})
        groups = [
            [c["data"], c["noise"], c["test"], c["seed"], inputs],
            [c["depth"], *(c[f"width{k}"] for k in range(1, DEEPEST + 1)), c["activation"], c["init"]],
            [c["optimizer"], c["lr"], c["batch_size"], c["l1"], c["l2"]],
        ]
        tops = [ipywidgets.VBox(group, layout={"flex": "1 1 270px"}) for group in groups]
        box = ipywidgets.HBox
        return ipywidgets.VBox(
            [
                box([self.play, *list(self.buttons.values())[:2], self.stride, self.ticks], layout=wrap),
                box(tops, layout={"flex_flow": "row wrap", "grid_gap": "4px 14px"}),
                self.picture,
                box([self.enlarge, c["discrete"], c["show_test"]], layout=wrap),
                box([ipywidgets.Label("a weight by hand:"), *self.hand.values()], layout=wrap),
                box([*list(self.buttons.values())[2:], self.saved], layout=wrap),
                self.shown,
            ]
        )

    # -- from controls to a picture --------------------------------------------------------------------

    @property
    def config(self) -> Config:
        """The run that the controls describe."""
        v = self.values
        return Config(
            features=tuple(name for name in FEATURES if v[f"use {name}"]),
            widths=tuple(v[f"width{k}"] for k in range(1, v["depth"] + 1)),
            **{field.name: v[field.name] for field in fields(Config) if field.name in v},
        )

    def compute(self, **values: Any) -> Run:
        """The run as the controls now want it: the same one, changed on its way, or a new one."""
        config, run = self.config, self.run
        if run is None or start_of(config) != start_of(run.config) or (not run.steps and not run.changes):
            return Run(config)
        for name in ("lr", "l1", "l2"):
            if getattr(run, name) != getattr(config, name):
                run.change(name, getattr(config, name))
        return run

    def draw(self, state: Run) -> str:
        if state is not self.run:
            self.run, self.in_hand = state, False
            self.units = units_of(state)
        if self.view.show(state, self.look):
            self.redraw_all()
        return self._sentence(state)

    def refresh(self) -> None:
        """The picture first, then the choices that go with it, and the chosen weight as it is now."""
        super().refresh()
        assert self.run is not None
        with self.held():
            if self.offered is not self.run:
                self._offer_units(self.run)
            self.hand["value"].value = round(self.run.weight(*self.place), 3)

    @property
    def look(self) -> Look:
        marked = self.place if self.in_hand else None
        return Look(
            self.values["discrete"], self.values["show_test"], self.units.get(self.enlarge.value), marked
        )

    @property
    def place(self) -> tuple[int, int, int]:
        """The weight that can be set by hand: (layer, from, to)."""
        return self.hand["layer"].value, self.hand["source"].value, self.hand["unit"].value

    def _sentence(self, run: Run) -> str:
        c, right = run.config, run.accuracy()
        if run.trouble:
            return f"Stopped at step {run.steps:,} of {c.data}: {run.trouble}."
        (_, train, test), sizes = run.curve[-1], "-".join(str(n) for n in run.sizes)
        return (
            f"Step {run.steps:,} of {c.data}: training loss {train:.3g}, test loss {test:.3g}"
            + (f", {right:.0%} of the test points right" if right is not None else "")
            + f". Units {sizes}, {c.activation}, {c.optimizer} with learning rate {run.lr:g}, batches of "
            f"{c.batch_size}" + (f", L1 {run.l1:g}, L2 {run.l2:g}." if run.l1 or run.l2 else ".")
        )

    def _offer_units(self, run: Run) -> None:
        """Let the reader choose among the units and weights that this network has."""
        self.offered = run
        sizes = run.sizes
        for k in range(1, DEEPEST + 1):
            width = self.controls[f"width{k}"]
            width.disabled = k > len(run.config.widths)
            width.layout.display = "none" if width.disabled else ""
        offer(self.enlarge, [(name, name) for name in (OUTPUT, *self.units)])
        names = [*(str(k) for k in range(1, len(sizes) - 1)), "output"]
        offer(self.hand["layer"], [(name, k) for k, name in enumerate(names)])
        layer = self.hand["layer"].value
        offer(self.hand["unit"], [(str(i + 1), i) for i in range(sizes[layer + 1])])
        before = list(features(run.config.features)) if layer == 0 else range(1, sizes[layer] + 1)
        named = [(f"input {n}" if layer == 0 else f"unit {n}", i) for i, n in enumerate(before)]
        offer(self.hand["source"], [*named, ("bias", -1)])

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """As any explorer's, but the stored picture has a palette: a third of the size."""
        data, metadata = super()._repr_mimebundle_(**kwargs)
        picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).convert("RGB").quantize(256)
        small = io.BytesIO()
        picture.save(small, "png", optimize=True)
        data["image/png"] = base64.b64encode(small.getvalue()).decode()
        return data, metadata

    # -- training --------------------------------------------------------------------------------------

    def set(self, **values: Any) -> None:
        """Move the named controls; `step=` trains from the beginning up to that step.

        Raises ValueError for a name that no control has.
        """
        step = values.pop("step", None)
        super().set(**values)
        if step is not None:
            self.go_to(step)

    def go_to(self, step: int) -> None:
        """Train until `step` steps are done, from the beginning if they are passed already."""
        assert self.run is not None
        if step < self.run.steps:
            self.reset()
        while self.run.steps < step and not self.run.trouble:
            self.run.step(min(self.stride.value, step - self.run.steps))
        self.refresh()

    def tick(self) -> None:
        """One frame: some steps of training, as many as there is time for, and their picture."""
        assert self.run is not None
        end = time.perf_counter() + PATIENCE
        self.run.step(self.stride.value, until=lambda: time.perf_counter() > end)
        if self.run.trouble:
            self.play.value = False
        self.refresh()

    def reset(self) -> None:
        """Back to the first weights; what was changed on the way is forgotten."""
        self.run = None
        self.refresh()

    @property
    def code(self) -> str:
        """A cell that repeats this very run with `nnlearn`: the same losses, to the last digit."""
        assert self.run is not None
        return code_of(self.run)

    def export(self, path: str | Path) -> None:
        """Write the picture to a file; its ending says how: .png, .svg, .pdf, ….  200 points an inch."""
        self.figure.savefig(path, dpi=200)

    # -- what the page calls ---------------------------------------------------------------------------

    def _on_tick(self, change: dict[str, Any]) -> None:
        if not self.play.value:
            return
        try:
            self.tick()
        except KeyboardInterrupt:  # the kernel's stop button
            self.play.value = False

    def _on_play(self, change: dict[str, Any]) -> None:
        """Only one playground trains at a time: a cell run again leaves its old one behind."""
        self.play.description, self.play.icon = ("Pause", "pause") if change["new"] else ("Play", "play")
        self.announce = "off" if change["new"] else "polite"
        other = Playground._playing() if Playground._playing else None
        if change["new"]:
            if other is not None and other is not self:
                other.play.value = False
            Playground._playing = weakref.ref(self)
        else:
            self.refresh()

    def _on_step(self) -> None:
        self.play.value = False
        self.tick()

    def _on_code(self) -> None:
        self.play.value = False
        self.shown.value = self.code
        self.shown.layout.display = ""

    def _on_save(self) -> None:
        data = base64.b64encode(plot.png(self.figure, dpi=200)).decode()
        name = f"playground-{self.run.steps if self.run else 0}.png"
        self.saved.value = f'<a download="{name}" href="data:image/png;base64,{data}">{html.escape(name)}</a>'

    def _on_pick(self) -> None:
        if self._held or self.run is None:
            return
        self.in_hand = True
        with self.held():
            self._offer_units(self.run)
        self.refresh()

    def _on_weight(self, change: dict[str, Any]) -> None:
        if self._held or self.run is None:
            return
        self.in_hand = True
        self.run.set_weight(*self.place, max(-100.0, min(100.0, float(change["new"]))))
        self.refresh()


def units_of(run: Run) -> dict[str, tuple[int, int]]:
    """The units that can be enlarged, by name: (column, unit)."""
    units = {unit_name(run, k, i): (k, i) for k, n in enumerate(run.sizes) for i in range(n)}
    if run.problem.outputs == 1:
        units.popitem()  # it is the output
    return units


def start_of(config: Config) -> Config:
    """What of a configuration cannot change during a run."""
    return replace(config, lr=0.0, l1=0.0, l2=0.0)
