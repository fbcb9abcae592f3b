"""An expression, its graph and its tape: values flow forward, gradients flow back step by step."""

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import ipywidgets
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from nnlearn.engine import arithmetic as ops
from nnlearn.figures import drawings, plot
from nnlearn.functions import activations
from nnlearn.widgets.explorer import Explorer

EXAMPLES = (
    "x * tanh(w*x + b)",
    "x * x",
    "x*x + x",
    "tanh(w*x + b)",
    "(w*x + b - 1)**2",
    "log(1 + exp(w*x + b))",
    "(x + w) * (x + b)",
    "exp(-x**2) / (1 + b*b)",
)
OWN = "your own"
VARIABLES = ("x", "w", "b")
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": ops.exp, "log": ops.log, "sqrt": ops.sqrt, "sin": ops.sin, "cos": ops.cos, "tanh": ops.tanh,
    "sigmoid": activations.sigmoid, "relu": activations.relu, "softplus": activations.softplus,
}  # fmt: skip
OPERATORS: dict[type, tuple[str, Callable[..., Any]]] = {
    ast.Add: ("+", ops.add), ast.Sub: ("−", ops.subtract), ast.Mult: ("×", ops.multiply),
    ast.Div: ("÷", ops.divide), ast.Pow: ("**", ops.power), ast.USub: ("neg", ops.negative),
}  # fmt: skip
LONGEST, MOST = 60, 8  # letters of an expression, operations in it
ROWS = 14  # of the tape that is shown beside the graph


@dataclass(eq=False)
class Step:
    """A line of the tape: a variable, a constant, or an operation on earlier lines."""

    name: str  # "x", "2" or the operation's symbol
    inputs: list[int] = field(default_factory=list)
    function: Callable[..., Any] | None = None
    constant: float | None = None


@dataclass
class State:
    tape: list[Step]
    values: list[float]
    grads: list[float | None]
    sent: dict[tuple[int, int], float]  # (operation, which of its inputs) -> what it sent back
    now: int | None  # the operation that has just sent
    done: int
    operations: int
    problem: str
    expression: str
    overwrite: bool


def parse(text: str) -> list[Step]:
    """The tape of an expression in x, w and b: operands before the operations that use them.

    Raises ValueError that says what is wrong. Nothing is ever executed: Python reads the text into its syntax
    tree, and what is not arithmetic on the list above is refused.
    """
    text = text.strip()
    if not text:
        raise ValueError("The field is empty: type an expression such as x * x + w")
    if len(text) > LONGEST:
        raise ValueError(f"That is {len(text)} letters long; {LONGEST} fit")
    if "^" in text:
        raise ValueError("A power is written **, as in x**2")
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        raise ValueError(f"“{text}” cannot be read: is a bracket open, or an operator missing?") from None
    tape: list[Step] = []
    _record(tree, tape, {})
    operations = sum(step.function is not None for step in tape)
    if operations > MOST:
        raise ValueError(f"That takes {operations} operations; {MOST} fit into the picture")
    if not operations:
        raise ValueError("There is nothing to compute: use an operation, as in x * w")
    if not any(step.name in VARIABLES for step in tape):
        raise ValueError("There is no variable in it: use x, w or b")
    return tape


def _record(node: ast.expr, tape: list[Step], known: dict[str, int]) -> int:
    """Append what computes `node` to the tape; its place there. A variable is recorded once."""
    match node:
        case ast.Name(id=name):
            if name not in VARIABLES:
                raise ValueError(f"“{name}” is not known here: the variables are {', '.join(VARIABLES)}")
            if name not in known:
                known[name] = len(tape)
                tape.append(Step(name))
            return known[name]
        case ast.Constant(value=int() | float() as number) if (
            type(number) is not bool and abs(number) <= 1000
        ):
            tape.append(Step(short(float(number)), constant=float(number)))
            return len(tape) - 1
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return _record(ast.Constant(-number), tape, known)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _record(operand, tape, known)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            name, function, operands = *OPERATORS[ast.USub], [operand]
        case ast.BinOp(op=op, left=left, right=right) if type(op) in OPERATORS:
            name, function, operands = *OPERATORS[type(op)], [left, right]
        case ast.Call(func=ast.Name(id=called), args=[argument], keywords=[]) if called in FUNCTIONS:
            name, function, operands = called, FUNCTIONS[called], [argument]
        case ast.Call(func=ast.Name(id=called)) if called in FUNCTIONS:
            raise ValueError(f"{called} takes one argument, as in {called}(x)")
        case ast.Call(func=ast.Name(id=called)):
            raise ValueError(f"The function “{called}” is not known here: there are {', '.join(FUNCTIONS)}")
        case ast.Constant(value=int() | float() as number) if type(number) is not bool:
            raise ValueError("Numbers from −1000 to 1000 are enough here")
        case _:
            raise ValueError(
                f"“{ast.unparse(node)}” is no arithmetic: use x, w, b, numbers, + − * / ** and functions"
            )
    inputs = [_record(operand, tape, known) for operand in operands]
    tape.append(Step(name, inputs, function))
    return len(tape) - 1


def evaluate(tape: list[Step], variables: dict[str, float]) -> tuple[list[float], list[list[Callable]]]:
    """Forward: the value of every line, and its vector–Jacobian products, the package's own."""
    values: list[float] = []
    vjps: list[list[Callable]] = []
    with np.errstate(all="ignore"):
        for step in tape:
            if step.function is None:
                value, *rules = variables[step.name] if step.constant is None else step.constant, *()
            else:
                primitive = step.function.__wrapped__  # type: ignore[attr-defined]
                value, *rules = primitive(*(np.float64(values[i]) for i in step.inputs))
            values.append(float(value))
            vjps.append(rules)
    return values, vjps


def pull(
    tape: list[Step], vjps: list[list[Callable]], steps: int, overwrite: bool
) -> tuple[list[float | None], dict[tuple[int, int], float], int | None]:
    """Backward over so many operations from the end: gradients, what went along each edge, the last one."""
    grads: list[float | None] = [None] * len(tape)
    grads[-1] = 1.0
    sent: dict[tuple[int, int], float] = {}
    operations = [k for k, step in enumerate(tape) if step.function is not None][::-1][:steps]
    with np.errstate(all="ignore"):
        for k in operations:
            for slot, (i, vjp) in enumerate(zip(tape[k].inputs, vjps[k], strict=False)):
                if tape[i].constant is not None:
                    continue
                g = sent[k, slot] = float(vjp(np.float64(grads[k] or 0.0)))
                old = grads[i]
                grads[i] = g if overwrite or old is None else old + g
    return grads, sent, operations[-1] if operations else None


def short(number: float | None) -> str:
    """Three digits at most, a true minus sign."""
    if number is None:
        return ""
    if not np.isfinite(number):
        return "undefined"
    return f"{number + 0.0:.3g}".replace("-", "−") if abs(number) >= 5e-4 else "0"


class GraphExplorer(Explorer):
    """An expression in x, w and b as a graph and as a tape, and the backward pass over it step by step."""

    size = (9.8, 4.8)

    def make_controls(self) -> dict[str, ipywidgets.ValueWidget]:
        self.tape, self.good, self.problem = parse(EXAMPLES[0]), EXAMPLES[0], ""
        last = sum(step.function is not None for step in self.tape)
        example = ipywidgets.Dropdown(
            description="example", options=[*EXAMPLES, OWN], layout={"width": "300px"}
        )
        expression = ipywidgets.Text(
            value=EXAMPLES[0], description="expression", continuous_update=False, layout={"width": "300px"}
        )
        step = ipywidgets.IntSlider(description="backward step", value=last, min=0, max=last)
        self.play = ipywidgets.Play(min=0, max=last, interval=900, description="play the backward pass")
        ipywidgets.jslink((self.play, "value"), (step, "value"))
        overwrite = ipywidgets.Checkbox(description="overwrite instead of adding (the bug)", indent=False)
        example.observe(self._chosen, names="value")
        expression.observe(self._typed, names="value")
        sliders = {
            name: ipywidgets.FloatSlider(description=name, value=value, min=-3.0, max=3.0, step=0.1)
            for name, value in zip(VARIABLES, (2.0, 0.5, -0.5), strict=True)
        }
        return {"example": example, "expression": expression, **sliders, "step": step, "overwrite": overwrite}

    def arrange(self) -> ipywidgets.Widget:
        controls = list(self.controls.values())
        step = controls.index(self.controls["step"])
        column = ipywidgets.VBox(
            [*controls[:step], self.play, *controls[step:]], layout={"min_width": "310px"}
        )
        return ipywidgets.HBox([column, self._image], layout={"flex_flow": "row wrap", "grid_gap": "12px"})

    def _chosen(self, change: dict[str, Any]) -> None:
        if change["new"] != OWN:
            self.controls["expression"].value = change["new"]

    def _typed(self, change: dict[str, Any]) -> None:
        """Read the new expression, go to the end of its backward pass; a bad one leaves the graph alone."""
        text = change["new"]
        self.controls["example"].value = text if text in EXAMPLES else OWN
        try:
            self.tape = parse(text)
        except ValueError as problem:
            self.problem = str(problem)
            return
        self.problem, self.good = "", text.strip()
        last = sum(step.function is not None for step in self.tape)
        self.play.max = self.controls["step"].max = last
        self.controls["step"].value = last

    def make_figure(self, figure: Figure) -> None:
        figure.subplots_adjust(left=0.01, right=0.99, bottom=0.02, top=0.9, wspace=0.02)
        self.ax, self.list = figure.subplots(1, 2, width_ratios=(1.75, 1))
        for ax in (self.ax, self.list):
            ax.set_axis_off()
        self.list.set(xlim=(0, 1), ylim=(-ROWS, 0.6))
        for place, title in ((0.03, "tape"), (0.66, "value"), (0.97, "gradient")):
            self.list.text(place, 0.3, title, weight="bold", ha="left" if place < 0.1 else "right")
        self.title = self.ax.set_title("", animated=True)
        self.edges = LineCollection([], animated=True, zorder=1)
        self.ax.add_collection(self.edges, autolim=False)
        self.nodes = self.ax.scatter([], [], linewidth=2, animated=True, zorder=2)
        most = 3 * MOST + len(VARIABLES)
        self.symbols = self._texts(self.ax, most, fontsize=12.5, ha="center", va="center", zorder=3)
        self.below = self._texts(self.ax, most, fontsize=10.5, ha="center", va="top", zorder=3)
        self.pulled = self._texts(self.ax, most, fontsize=10.5, ha="center", va="top", color=plot.VERMILION)
        self.flows = self._texts(self.ax, most, fontsize=10.5, ha="center", va="center", color=plot.VERMILION)
        for flow in self.flows:
            flow.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1.0})
        self.rows = [
            self._texts(self.list, ROWS, fontsize=10.5, ha=ha, va="center")
            for ha in ("left", "right", "right")
        ]
        self.band = self.list.axhspan(0, 0, color=plot.ORANGE, alpha=0.25, linewidth=0, animated=True)

    @staticmethod
    def _texts(ax: Any, count: int, **look: Any) -> list:
        return [ax.text(0, 0, "", animated=True, **look) for _ in range(count)]

    def compute(self, **controls: Any) -> State:
        values, vjps = evaluate(self.tape, {name: controls[name] for name in VARIABLES})
        operations = sum(step.function is not None for step in self.tape)
        done = min(controls["step"], operations) if np.isfinite(values).all() else 0
        grads, sent, now = pull(self.tape, vjps, done, controls["overwrite"])
        return State(
            self.tape,
            values,
            grads,
            sent,
            now,
            done,
            operations,
            self.problem,
            self.good,
            controls["overwrite"],
        )

    def draw(self, state: State) -> str:
        constants = {k for k, step in enumerate(state.tape) if step.constant is not None}
        places, bends = drawings.layout([step.inputs for step in state.tape], constants)
        self._draw_graph(state, places, bends)
        self._draw_tape(state)
        self.title.set_text(f"{state.expression} = {short(state.values[-1])}")
        return self._problem_text(state) or self._story(state)

    def _draw_graph(self, state: State, places: np.ndarray, bends: dict) -> None:
        x, y = places.T
        margin = max(0.75, 0.6 - 0.1 * np.ptp(y))
        self.ax.set(xlim=(x.min() - 0.5, x.max() + 0.5), ylim=(y.min() - margin, y.max() + margin))
        reach = np.ptp([self.ax.get_xlim(), self.ax.get_ylim()], axis=1)
        pixel = reach / self.ax.bbox.size  # in units of the axes
        paths, colours, widths = [], [], []
        labels: list[tuple[np.ndarray, str]] = []
        for (k, slot), path in bends.items():
            twin = state.tape[k].inputs.count(state.tape[k].inputs[slot]) > 1
            curve = drawings.curve(path, (0.22 if slot else -0.22) if twin else 0.0)
            paths.append(curve)
            flows = (k, slot) in state.sent
            colours.append(plot.VERMILION if flows else "#B5B5B5")
            widths.append(3.0 if k == state.now else 1.8)
            if flows:
                labels.append(
                    (_free(curve, [place for place, _ in labels], pixel), short(state.sent[k, slot]))
                )
        self.edges.set_segments(paths)
        self.edges.set(color=colours, linewidth=widths)
        faces = ["#FFFFFF" if s.constant is not None else "#D9ECF7" if not s.inputs else "#F3E3C3"
                 for s in state.tape]  # fmt: skip
        rims = [plot.ORANGE if k == state.now else plot.GREY for k in range(len(state.tape))]
        self.nodes.set_offsets(places)
        self.nodes.set(
            sizes=[950 if len(s.name) < 4 else 1700 for s in state.tape], facecolor=faces, edgecolor=rims
        )
        unit = pixel[1] * 100 / 72  # of the vertical axis, for one point
        lines = [(s.name, "" if s.constant is not None else short(v), short(g))
                 for s, v, g in zip(state.tape, state.values, state.grads, strict=True)]  # fmt: skip
        for group, drop, texts in (
            (self.symbols, 0, [line[0] for line in lines]),
            (self.below, 22, [line[1] for line in lines]),
            (self.pulled, 35, [line[2] for line in lines]),
        ):
            _put(group, [(place - [0, drop * unit], text) for place, text in zip(places, texts, strict=True)])
        _put(self.flows, labels)

    def _draw_tape(self, state: State) -> None:
        names, count = [], 0
        for step in state.tape:
            count += step.function is not None
            names.append(step.name if step.function is None else f"v{count}")
        written = [k for k, step in enumerate(state.tape) if step.constant is None][:ROWS]
        cells: list[list] = [[], [], []]
        for row, k in enumerate(written):
            step, operands = state.tape[k], [names[i] for i in state.tape[k].inputs]
            text = f"{names[k]} = {_formula(step.name, operands)}" if step.function else names[k]
            for column, place, part in zip(
                cells, (0.03, 0.66, 0.97), (text, short(state.values[k]), short(state.grads[k])), strict=True
            ):
                column.append((np.array([place, -row - 0.6]), part))
        for group, column in zip(self.rows, cells, strict=True):
            _put(group, column)
        for text in self.rows[2]:
            text.set_color(plot.VERMILION)
        row = written.index(state.now) if state.now is not None else -5
        self.band.set(y=-row - 1.1, height=1.0)

    def _problem_text(self, state: State) -> str:
        if state.problem:
            stop = "" if state.problem.endswith("?") else "."
            return f"{state.problem}{stop} The graph still shows {state.expression}."
        bad = [k for k, v in enumerate(state.values) if not np.isfinite(v)]
        if bad:
            step = state.tape[bad[0]]
            inputs = " and ".join(short(state.values[i]) for i in step.inputs)
            return f"The operation {step.name} has no value (or one too large) at {inputs}: move a slider."
        if any(g is not None and not np.isfinite(g) for g in state.grads):
            return f"{state.expression} has a value here but no slope: an operation is infinitely steep."
        return ""

    def _story(self, state: State) -> str:
        if not state.done:
            return (
                f"Forward pass done: {state.operations} operations, the result is {short(state.values[-1])}. "
                f"The gradient starts with 1 at the output."
            )
        found = ", ".join(
            f"∂/∂{s.name} = {short(g)}"
            for s, g in zip(state.tape, state.grads, strict=True)
            if s.name in VARIABLES and g is not None
        )
        if state.done == state.operations:
            bug = " Overwritten where a value is used twice, they may be wrong." if state.overwrite else ""
            all_done = (
                f"All {state.done} operations have sent" if state.done > 1 else "The only operation has sent"
            )
            return f"{all_done} gradients back: {found}.{bug}"
        assert state.now is not None
        sender = state.tape[state.now]
        sends = " and ".join(
            f"{short(g)} to {state.tape[sender.inputs[slot]].name}"
            for (k, slot), g in state.sent.items()
            if k == state.now
        )
        return (
            f"Step {state.done} of {state.operations}: {sender.name} got {short(state.grads[state.now])} and "
            f"sends {sends or 'nothing to a constant'}. So far: {found or 'no variable reached'}."
        )


def _formula(name: str, operands: list[str]) -> str:
    return f"{operands[0]} {name} {operands[1]}" if len(operands) == 2 else f"{name}({operands[0]})"


def _free(line: np.ndarray, taken: list[np.ndarray], pixel: np.ndarray) -> np.ndarray:
    """A place near the middle of a line that is not under one of the labels there are."""
    places = [line[round(along * (len(line) - 1))] for along in (0.5, 0.66, 0.33)]
    for place in places:
        if not any((abs(place - other) < pixel * (44, 15)).all() for other in taken):
            return place
    return places[0]


def _put(texts: list, wanted: list) -> None:
    """Place and letter as many texts as are wanted; empty the others."""
    for k, text in enumerate(texts):
        text.set_visible(k < len(wanted))
        if k < len(wanted):
            text.set(position=wanted[k][0], text=wanted[k][1])
