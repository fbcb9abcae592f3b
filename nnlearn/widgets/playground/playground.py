"""The playground's controls, and what they do with a run, its picture and the page."""

import base64
import io
import time
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from nnlearn.figures import plot
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls
from nnlearn.widgets.playground.code import code_of
from nnlearn.widgets.playground.controls import STRIDE, make_controls
from nnlearn.widgets.playground.layout import HEIGHT, WIDTH
from nnlearn.widgets.playground.problems import FEATURES, PROBLEMS
from nnlearn.widgets.playground.run import Config, Run
from nnlearn.widgets.playground.view import View

PATIENCE = 0.02  # seconds of training in one frame, however many steps were asked for
LOUDEST = 0.5  # the noise at the end of its slider


class Playground(Explorer):
    """Choose data, a network and an optimiser; watch every unit while it learns; take the code with you.

    Settings that decide how a run begins start it again, and so does a point of your own; the learning rate,
    L1 and L2 change it on its way, and so does a weight set by hand. `Playground(data="xor", step=300)`
    shows a run after 300 steps.
    """

    size = (WIDTH / 100, HEIGHT / 100)
    module = "playground"

    def __init__(self, **values: Any) -> None:
        self.run: Run | None = None
        self.points: tuple[tuple[float, float, float], ...] = ()  # the reader's own: x, y, label
        super().__init__(**values)

    def make_controls(self) -> Controls:
        return make_controls()

    def make_figure(self, figure: Figure) -> None:
        self.board = View(figure)

    # -- from controls to a run, a picture and a sentence ---------------------------------------------

    @property
    def config(self) -> Config:
        """The run that the controls describe."""
        v = self.values
        return Config(
            features=tuple(name for name in FEATURES if v[f"use {name}"]),
            widths=tuple(v[f"width{k}"] for k in range(1, v["depth"] + 1)),
            points=self.points,
            **{field.name: v[field.name] for field in fields(Config) if field.name in v},
        )

    def compute(self, **values: Any) -> Run:
        """The run as the controls now want it: the same one, changed on its way, or a new one."""
        config, run = self.config, self.run
        for k in range(1, len(self.controls)):
            if width := self.controls.get(f"width{k}"):
                width.disabled = k > len(config.widths)
        if run is None or start_of(config) != start_of(run.config) or (not run.steps and not run.changes):
            if run is not None and config.data != run.config.data:
                config, self.points = replace(config, points=()), ()  # they were among other points
            self.run = run = Run(config)
        for name in ("lr", "l1", "l2"):
            if getattr(run, name) != getattr(config, name):
                run.change(name, getattr(config, name))
        return run

    def draw(self, state: Run) -> None:
        self.board.show(state, self.values["discrete"], self.values["show_test"])

    def describe(self, state: Run) -> str:
        c, right = state.config, state.accuracy()
        if state.trouble:
            return f"Stopped at step {state.steps:,} of {c.data}: {state.trouble}."
        (_, train, test), sizes = state.curve[-1], "-".join(str(n) for n in state.sizes)
        return (
            f"Step {state.steps:,} of {c.data}: training loss {train:.3g}, test loss {test:.3g}"
            + (f", {right:.0%} of the test points right" if right is not None else "")
            + f". Units {sizes}, {c.activation}, {c.optimizer} with learning rate {state.lr:g}, batches of "
            f"{c.batch_size}" + (f", L1 {state.l1:g}, L2 {state.l2:g}." if state.l1 or state.l2 else ".")
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """As any living figure's, but the stored picture has a palette: a third of the size."""
        data, metadata = super()._repr_mimebundle_(**kwargs)
        picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).convert("RGB").quantize(256)
        small = io.BytesIO()
        picture.save(small, "png", optimize=True)
        data["image/png"] = base64.b64encode(small.getvalue()).decode()
        return data, metadata

    # -- what the page is told --------------------------------------------------------------------------

    def scene(self) -> dict[str, Any]:
        run = self.run
        assert run is not None
        parts = {
            name: {"X": plain(X), "y": plain(y)}
            for name, (X, y) in zip(("train", "test"), run.points, strict=True)
        }
        return parts | {
            "sizes": list(run.sizes),
            "features": list(run.config.features),
            "activation": run.config.activation,
            "loss": run.problem.loss,
            "classes": run.problem.classes,
            "colours": list(plot.COLOURS),
            "step": run.steps,
            "curve": [list(point) for point in run.curve],
            "trouble": run.trouble,
            "weights": run.weights().tobytes(),
        }

    def page(self) -> dict[str, Any]:
        """Every problem's points, quiet and as the noise moves them, and this run to go on from."""
        run = self.run
        assert run is not None
        problems = {}
        for name, problem in PROBLEMS.items():
            (X, y), (noisy, other) = (problem.make(noise, 0) for noise in (0.0, LOUDEST))
            moved = {} if problem.classes else {"dy": plain(other - y, 3)}
            rows = {"X": plain(X, 3), "dX": plain(noisy - X, 3), "y": plain(y, 3)} | moved
            problems[name] = rows | {"classes": problem.classes, "loss": problem.loss}
        scene = self.scene()
        slots = run.trainer.optimizer.state_dict()
        return {
            "problems": problems,
            "colours": scene["colours"],
            "values": self.values,
            "given": {name: scene[name] for name in ("train", "test", "step", "curve")}
            | {
                "first": plain(Run(run.config).weights()),
                "weights": plain(run.weights()),
                "slots": [plain(slot, 9) for name, slot in slots.items() if name not in ("steps", "lr")],
            },
        }

    def receive(self, message: dict[str, Any]) -> None:
        """Train, reset, set a weight, add a point, show the code: what the reader does in the page."""
        assert self.run is not None
        match message:
            case {"type": "tick", "n": int(n)}:
                try:
                    self.tick(n)
                except KeyboardInterrupt:  # the kernel's stop button
                    self.view.send({"type": "stopped"})
            case {"type": "reset"}:
                self.reset()
            case {"type": "weight", "layer": layer, "source": source, "unit": unit, "value": value}:
                self.run.set_weight(layer, source, unit, max(-100.0, min(100.0, float(value))))
                self._send_frame()
            case {"type": "point", "x": x, "y": y, "label": label}:
                self.points = (*self.points, (round(float(x), 3), round(float(y), 3), float(label)))
                self.refresh()
            case {"type": "code"}:
                self.view.send({"type": "code", "code": self.code})

    def _send_frame(self) -> None:
        run = self.run
        assert run is not None
        self.sentence = self.view.sentence = self.describe(run)
        points = [list(run.curve[-1])] if run.curve else []
        frame = {"type": "frame", "step": run.steps, "points": points, "trouble": run.trouble}
        self.view.send(frame, [run.weights().tobytes()])

    # -- training --------------------------------------------------------------------------------------

    def set(self, **values: Any) -> None:
        """Move the named controls; `step=` trains from the beginning up to that step.

        Raises ValueError for a name that no control has.
        """
        step = values.pop("step", None)
        super().set(**values)
        if step is not None:
            self.go_to(step)

    def moved(self) -> dict[str, Any]:
        return super().moved() | ({"step": self.run.steps} if self.run and self.run.steps else {})

    def go_to(self, step: int) -> None:
        """Train until `step` steps are done, from the beginning if they are passed already."""
        assert self.run is not None
        if step < self.run.steps:
            self.run = Run(self.run.config)
        while self.run.steps < step and not self.run.trouble:
            self.run.step(min(STRIDE, step - self.run.steps))
        self.state = None  # the page is told the whole of it
        self.refresh()

    def tick(self, n: int = STRIDE) -> None:
        """One frame: some steps of training, as many as there is time for."""
        assert self.run is not None
        end = time.perf_counter() + PATIENCE
        self.run.step(n, until=lambda: time.perf_counter() > end)
        self._send_frame()

    def reset(self) -> None:
        """Back to the first weights; what was changed on the way is forgotten, and points of your own."""
        self.run, self.points = None, ()
        self.refresh()

    @property
    def code(self) -> str:
        """A cell that repeats this very run with `nnlearn`: the same losses, to the last digit."""
        assert self.run is not None
        return code_of(self.run)

    def export(self, path: str | Path) -> None:
        """Write the picture to a file; its ending says how: .png, .svg, .pdf, ….  200 points an inch."""
        self.picture().savefig(path, dpi=200)


def plain(values: np.ndarray, digits: int = 6) -> list[Any]:
    """An array as the numbers of a JSON text, row by row; whole numbers stay whole."""
    flat = np.asarray(values).ravel()
    if flat.dtype.kind in "iu" or np.array_equal(flat, np.rint(flat)):
        return [int(v) for v in flat]
    return [round(float(v), digits) for v in flat]


def start_of(config: Config) -> Config:
    """What of a configuration cannot change during a run."""
    return replace(config, lr=0.0, l1=0.0, l2=0.0)
