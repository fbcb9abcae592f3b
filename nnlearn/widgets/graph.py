"""An expression, its graph and its tape: values flow forward, gradients flow back step by step."""

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from nnlearn.engine import arithmetic as ops
from nnlearn.figures import drawings, plot
from nnlearn.functions import activations
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, choice, segments, slider, texts, toggle, write

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
COLUMNS = (
    (0.03, "left", "tape", plot.BLACK), (0.66, "right", "value", plot.BLACK),
    (0.97, "right", "gradient", plot.VERMILION),
)  # fmt: skip
FACES = ("#FFFFFF", "#D9ECF7", "#F3E3C3")  # of a constant, a variable, an operation


@dataclass(eq=False)
class Step:
    """A line of the tape: a variable, a constant, or an operation on earlier lines."""

    name: str  # "x", "2" or the operation's symbol
    inputs: list[int] = field(default_factory=list)
    function: Callable[..., Any] | None = None
    constant: float | None = None


@dataclass(frozen=True)
class State:
    """The values on the tape, and how far the gradients have come back."""

    tape: list[Step]
    values: list[float]
    grads: list[float | None]
    sent: dict[tuple[int, int], float]  # (operation, which of its inputs) -> what it sent back
    slopes: list[list[float]]  # of each line with respect to its inputs
    done: list[int]  # the operations that have sent, the last one at the end


def operations(tape: list[Step]) -> list[int]:
    """Where on the tape something is computed."""
    return [k for k, step in enumerate(tape) if step.function is not None]


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
    _record(tree, tape, {}, text)
    if (count := len(operations(tape))) > MOST:
        raise ValueError(f"That takes {count} operations; {MOST} fit into the picture")
    if not count:
        raise ValueError("There is nothing to compute: use an operation, as in x * w")
    if not any(step.name in VARIABLES for step in tape):
        raise ValueError("There is no variable in it: use x, w or b")
    return tape


def _record(node: ast.expr, tape: list[Step], known: dict[str, int], text: str) -> int:
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
            return _record(ast.Constant(-number), tape, known, text)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _record(operand, tape, known, text)
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
            part = ast.get_source_segment(text, node)
            raise ValueError(f"“{part}” is no arithmetic: use x, w, b, numbers, + − * / ** and functions")
    inputs = [_record(operand, tape, known, text) for operand in operands]
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
) -> tuple[list[float | None], dict[tuple[int, int], float], list[int]]:
    """Backward over the last `steps` operations: gradients, what went along each edge, which operations."""
    grads: list[float | None] = [None] * len(tape)
    grads[-1] = 1.0
    sent: dict[tuple[int, int], float] = {}
    done = operations(tape)[::-1][:steps]
    with np.errstate(all="ignore"):
        for k in done:
            for slot, (i, vjp) in enumerate(zip(tape[k].inputs, vjps[k], strict=False)):
                if tape[i].constant is not None:
                    continue
                g = sent[k, slot] = float(vjp(np.float64(grads[k] or 0.0)))
                old = grads[i]
                grads[i] = g if overwrite or old is None else old + g
    return grads, sent, done


def short(value: float | None) -> str:
    """Three digits at most; what is nearly zero is 0."""
    if value is None:
        return ""
    if not np.isfinite(value):
        return "undefined"
    return plot.number(value if abs(value) >= 5e-4 else 0, ".3g")


class GraphExplorer(Explorer):
    """An expression in x, w and b as a graph and as a tape, and the backward pass over it step by step."""

    size = (9.8, 4.8)
    module = "graph"

    def __init__(self, **values: Any) -> None:
        self._read(EXAMPLES[0])
        super().__init__(**values)

    def make_controls(self) -> Controls:
        controls = {
            "example": choice("example", (*EXAMPLES, OWN)),
            "expression": ipywidgets.Text(EXAMPLES[0], description="expression"),
            "x": slider("x", 2.0, -3.0, 3.0, 0.1),
            "w": slider("w", 0.5, -3.0, 3.0, 0.1),
            "b": slider("b", -0.5, -3.0, 3.0, 0.1),
            "step": slider("backward step", len(operations(parse(EXAMPLES[0]))), 0, MOST),
            "overwrite": toggle("overwrite instead of adding (the bug)"),
        }
        controls["example"].observe(self._on_example, names="value")
        controls["expression"].observe(self._on_expression, names="value")
        return controls

    def _read(self, text: str) -> None:
        """The tape of a new expression; a bad one is only noted as `problem`."""
        self.problem = ""
        try:
            self.tape, self.expression = parse(text), text.strip()
        except ValueError as problem:
            self.problem = str(problem)

    def _on_example(self, change: dict[str, Any]) -> None:
        if change["new"] != OWN:
            self.controls["expression"].value = change["new"]

    def _on_expression(self, change: dict[str, Any]) -> None:
        """Go to the end of the new expression's backward pass; a bad one leaves the graph alone."""
        text = change["new"]
        self.controls["example"].value = text if text in EXAMPLES else OWN
        self._read(text)
        if not self.problem:
            self.controls["step"].value = len(operations(self.tape))

    def make_figure(self, figure: Figure) -> None:
        figure.subplots_adjust(left=0.01, right=0.99, bottom=0.02, top=0.9, wspace=0.02)
        self.ax, self.list = figure.subplots(1, 2, width_ratios=(1.75, 1))
        for ax in (self.ax, self.list):
            ax.set_axis_off()
        self.list.set(xlim=(0, 1), ylim=(-ROWS, 0.6))
        self.columns = []
        for place, ha, title, colour in COLUMNS:
            self.list.text(place, 0.3, title, weight="bold", ha=ha)
            self.columns.append(texts(self.list, ROWS, fontsize=10.5, ha=ha, color=colour))
        self.band = self.list.axhspan(0, 0, color=plot.ORANGE, alpha=0.25, linewidth=0)
        self.title = self.ax.set_title("")
        self.edges = segments(self.ax, zorder=1)
        self.nodes = self.ax.scatter([], [], linewidth=2, zorder=2)
        most = 3 * MOST + len(VARIABLES)
        self.symbols = texts(self.ax, most, fontsize=12.5)
        self.below = texts(self.ax, most, fontsize=10.5, va="top")
        self.pulled = texts(self.ax, most, fontsize=10.5, va="top", color=plot.VERMILION)
        ground = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
        self.flows = texts(self.ax, most, fontsize=10.5, color=plot.VERMILION, bbox=ground)

    def compute(self, **controls: Any) -> State:
        values, vjps = evaluate(self.tape, {name: controls[name] for name in VARIABLES})
        steps = controls["step"] if np.isfinite(values).all() else 0
        grads, sent, done = pull(self.tape, vjps, steps, controls["overwrite"])
        with np.errstate(all="ignore"):
            slopes = [[float(vjp(np.float64(1.0))) for vjp in rules] for rules in vjps]
        return State(self.tape, values, grads, sent, slopes, done)

    def draw(self, state: State) -> None:
        self._draw_graph(state)
        self._draw_tape(state)
        self.title.set_text(self._title(state))

    def describe(self, state: State) -> str:
        return self._trouble(state) or self._story(state)

    def _title(self, state: State) -> str:
        return f"{self.expression} = {short(state.values[-1])}"

    def scene(self) -> dict[str, Any]:
        state = self.state
        return {
            "names": [step.name for step in state.tape],
            "inputs": [step.inputs for step in state.tape],
            "constants": [k for k, step in enumerate(state.tape) if step.constant is not None],
            "values": [short(value) for value in state.values],
            "grads": [short(grad) for grad in state.grads],
            "slopes": [[short(slope) for slope in slopes] for slopes in state.slopes],
            "sent": [[*edge, short(grad)] for edge, grad in state.sent.items()],
            "done": len(state.done),
            "title": self._title(state),
        }

    def page(self) -> dict[str, Any]:
        limits = {"longest": LONGEST, "most": MOST}
        return {
            "examples": EXAMPLES,
            "own": OWN,
            "variables": VARIABLES,
            "functions": list(FUNCTIONS),
        } | limits

    def moved(self) -> dict[str, Any]:
        """An expression goes to the end of its backward pass: with it goes the step."""
        moved = super().moved()
        return moved | {"step": self.values["step"]} if "expression" in moved else moved

    def _draw_graph(self, state: State) -> None:
        constants = {k for k, step in enumerate(state.tape) if step.constant is not None}
        places, bends = drawings.layout([step.inputs for step in state.tape], constants)
        (left, low), (right, high) = places.min(axis=0), places.max(axis=0)
        self.ax.set(xlim=(left - 0.5, right + 0.5), ylim=(low - 0.75, high + 0.75))
        pixel = np.array([right - left + 1, high - low + 1.5]) / self.ax.bbox.size  # in units of the axes
        self._draw_edges(state, bends, pixel)
        self.nodes.set_offsets(places)
        self.nodes.set(
            sizes=[950 if len(step.name) < 4 else 1700 for step in state.tape],
            facecolor=[FACES[2 if step.function else step.constant is None] for step in state.tape],
            edgecolor=[plot.ORANGE if state.done[-1:] == [k] else plot.GREY for k in range(len(state.tape))],
        )
        point = pixel[1] * 100 / 72  # of the vertical axis
        for labels, drop, words in (
            (self.symbols, 0, [step.name for step in state.tape]),
            (self.below, 22, ["" if k in constants else short(v) for k, v in enumerate(state.values)]),
            (self.pulled, 35, [short(g) for g in state.grads]),
        ):
            write(labels, ((x, y - drop * point, word) for (x, y), word in zip(places, words, strict=True)))

    def _draw_edges(self, state: State, bends: dict, pixel: np.ndarray) -> None:
        curves: list[np.ndarray] = []
        flows: list[tuple[float, float, str]] = []
        for (k, slot), path in bends.items():
            inputs = state.tape[k].inputs
            twin = inputs.count(inputs[slot]) > 1
            curves.append(drawings.curve(path, (0.22 if slot else -0.22) if twin else 0.0))
            if (k, slot) in state.sent:
                flows.append((*_free(curves[-1], flows, pixel), short(state.sent[k, slot])))
        self.edges.set_segments(curves)
        self.edges.set(
            color=[plot.VERMILION if edge in state.sent else "#B5B5B5" for edge in bends],
            linewidth=[3.0 if state.done[-1:] == [k] else 1.8 for k, _ in bends],
        )
        write(self.flows, flows)

    def _draw_tape(self, state: State) -> None:
        shown = [k for k, step in enumerate(state.tape) if step.constant is None][:ROWS]
        names = [step.name for step in state.tape]
        for number, k in enumerate(operations(state.tape), 1):
            names[k] = f"v{number}"
        words = (
            [_line(names, state.tape, k) for k in shown],
            [short(state.values[k]) for k in shown],
            [short(state.grads[k]) for k in shown],
        )
        for labels, (x, *_), column in zip(self.columns, COLUMNS, words, strict=True):
            write(labels, ((x, -row - 0.6, word) for row, word in enumerate(column)))
        row = shown.index(state.done[-1]) if state.done else -5
        self.band.set(y=-row - 1.1, height=1.0)

    def _trouble(self, state: State) -> str:
        if self.problem:
            stop = "" if self.problem.endswith("?") else "."
            return f"{self.problem}{stop} The graph still shows {self.expression}."
        bad = [k for k, v in enumerate(state.values) if not np.isfinite(v)]
        if bad:
            step = state.tape[bad[0]]
            inputs = " and ".join(short(state.values[i]) for i in step.inputs)
            return f"The operation {step.name} has no value (or one too large) at {inputs}: move a slider."
        if any(g is not None and not np.isfinite(g) for g in state.grads):
            return f"{self.expression} has a value here but no slope: an operation is infinitely steep."
        return ""

    def _story(self, state: State) -> str:
        done, count = len(state.done), len(operations(state.tape))
        if not done:
            return (
                f"Forward pass done: {count} operations, the result is {short(state.values[-1])}. "
                f"The gradient starts with 1 at the output."
            )
        found = ", ".join(
            f"∂/∂{s.name} = {short(g)}"
            for s, g in zip(state.tape, state.grads, strict=True)
            if s.name in VARIABLES and g is not None
        )
        if done == count:
            overwritten = self.values["overwrite"]
            bug = " Overwritten where a value is used twice, they may be wrong." if overwritten else ""
            who = f"All {done} operations have" if done > 1 else "The only operation has"
            return f"{who} sent gradients back: {found}.{bug}"
        now = state.done[-1]
        sender = state.tape[now]
        sends = " and ".join(
            f"{short(g)} to {state.tape[sender.inputs[slot]].name}"
            for (k, slot), g in state.sent.items()
            if k == now
        )
        return (
            f"Step {done} of {count}: {sender.name} got {short(state.grads[now])} and "
            f"sends {sends or 'nothing to a constant'}. So far: {found or 'no variable reached'}."
        )


def _line(names: list[str], tape: list[Step], k: int) -> str:
    """A line of the tape as it is shown: x, or v2 = v1 + b."""
    name, operands = tape[k].name, [names[i] for i in tape[k].inputs]
    if not operands:
        return name
    formula = f"{operands[0]} {name} {operands[1]}" if len(operands) == 2 else f"{name}({operands[0]})"
    return f"{names[k]} = {formula}"


def _free(curve: np.ndarray, taken: list[tuple[float, float, str]], pixel: np.ndarray) -> np.ndarray:
    """A place near the middle of a curve that is not under one of the labels there are."""
    places = [curve[round(along * (len(curve) - 1))] for along in (0.5, 0.66, 0.33)]
    for place in places:
        if not any((abs(place - other[:2]) < pixel * (44, 15)).all() for other in taken):
            return place
    return places[0]
