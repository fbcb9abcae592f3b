"""The gate explorer: one LSTM unit, its three gates in the reader's hands, beside a unit without gates."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nnlearn.figures import plot
from nnlearn.functions.activations import sigmoid
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, line, move, slider, toggle

STEPS, PULSE, ERASE = 80, 5, 60
NOISE = np.random.default_rng(0).normal(size=STEPS)
LIMITS = (1e-10, 10)  # of the gradient's axis
CUE = 8.0  # what the cue that comes with the pulse adds to the input gate's sum


@dataclass(frozen=True)
class State:
    """What is drawn, one number a step, and the forget gate while nothing erases."""

    x: np.ndarray
    gates: np.ndarray  # (3, STEPS): forget, input, output
    c: np.ndarray
    h: np.ndarray
    plain: np.ndarray  # the state of the unit without gates
    back: np.ndarray  # ∂c_T/∂c_t
    plain_back: np.ndarray  # ∂h_T/∂h_t
    keeps: float


class GateExplorer(Explorer):
    """c_t = f c_{t−1} + i tanh(x_t), h_t = o tanh(c_t): a pulse of 1 at step 5, noise at all others.

    The gates are σ(bias); a cue that comes with the pulse adds 8 to the input gate's sum, and erasing takes
    12 from the forget gate's at step 60. The unit without gates is h_t = tanh(w h_{t−1} + x_t), w = σ(bias)
    of the forget gate.
    """

    size = (9.6, 4.6)
    module = "gates"

    def make_controls(self) -> Controls:
        return {
            "forget": slider("forget gate's bias", 1.0, -2.0, 8.0, 0.25),
            "input": slider("input gate's bias", -6.0, -8.0, 4.0, 0.25),
            "output": slider("output gate's bias", 4.0, -6.0, 6.0, 0.25),
            "noise": slider("noise", 0.4, 0.0, 1.0, 0.1),
            "erase": toggle(f"erase at step {ERASE}"),
        }

    def make_figure(self, figure: Figure) -> None:
        (heard, cells), (gates, back) = figure.subplots(2, 2)
        figure.subplots_adjust(left=0.07, right=0.985, bottom=0.11, top=0.93, wspace=0.17, hspace=0.42)
        self.time = np.arange(STEPS)

        def lines(ax: Axes, *looks: tuple[str, str, str]) -> list[Line2D]:
            made = [line(ax, style, color=colour, label=label) for label, colour, style in looks]
            if len(made) > 1:
                ax.legend(handles=made, loc="lower right", ncols=3, fontsize=9, handlelength=1.4)
            return made

        (self.heard,) = lines(heard, ("x", plot.BLACK, "-"))
        red, blue, green, grey = (plot.VERMILION, "-"), (plot.BLUE, "-"), (plot.GREEN, "--"), (plot.GREY, ":")
        self.gates = lines(gates, ("forget", *red), ("input", *blue), ("output", *green))
        self.states = lines(cells, ("cell c", *red), ("h", *green), ("no gates", *grey))
        self.back = lines(back, ("cell c", *red), ("no gates", *grey))
        heard.set(ylim=(-3.2, 3.2), title="what comes in: a pulse at 5, then noise")
        gates.set(ylim=(-0.35, 1.1), title="the gates", xlabel="step", yticks=[0, 0.5, 1])
        cells.set(title="what is remembered")
        self.cells = cells
        back.set(ylim=LIMITS, yscale="log", title="gradient of the last step's memory", xlabel="step")
        for ax in (heard, gates, cells, back):
            ax.set(xlim=(0, STEPS - 1))

    def compute(self, forget: float, input: float, output: float, noise: float, erase: bool) -> State:
        x, sums = noise * NOISE, np.repeat([[forget], [input], [output]], STEPS, axis=1)
        x[PULSE] = 1.0
        sums[1, PULSE] += CUE
        if erase:
            sums[0, ERASE] -= 12.0
        f, i, o = gates = sigmoid(sums)
        w = float(sigmoid(np.array(forget)))
        c, plain = np.zeros(STEPS), np.zeros(STEPS)
        for t in range(STEPS):
            c[t] = f[t] * c[t - 1] + i[t] * np.tanh(x[t])  # c[−1] is still 0 at the first step
            plain[t] = np.tanh(w * plain[t - 1] + x[t])
        back = np.append(np.cumprod(f[:0:-1])[::-1], 1.0)
        plain_back = np.append(np.cumprod(w * (1 - plain[:0:-1] ** 2))[::-1], 1.0)
        return State(x, gates, c, o * np.tanh(c), plain, back, plain_back, w)

    def draw(self, state: State) -> None:
        self.heard.set_data(self.time, state.x)
        largest = np.abs(state.c).max()
        reach = 1.5 if largest <= 1.4 else 5 * np.ceil(largest / 5)
        self.cells.set(ylim=(-reach, reach))
        move(self.gates, self.time, state.gates)
        move(self.states, self.time, (state.c, state.h, state.plain))
        move(self.back, self.time, np.maximum((state.back, state.plain_back), LIMITS[0] / 10))

    def describe(self, state: State) -> str:
        written = state.c[PULSE]
        return (
            f"The forget gate stands at {state.keeps:.3f}: of the pulse, the cell held {written:z.2f} when "
            f"it was written and holds {state.c[-1]:z.2f} at the end. Of a gradient of 1 at the end, "
            f"{state.back[PULSE]:.2g} arrives at the pulse, without gates {state.plain_back[PULSE]:.2g}."
        )

    def scene(self) -> dict[str, Any]:
        return {name: np.asarray(value).tolist() for name, value in vars(self.state).items()}

    def page(self) -> dict[str, Any]:
        return {"noise": NOISE.tolist()}
