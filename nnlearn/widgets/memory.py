"""The memory explorer: a pulse in two recurrent units, and the gradient that finds its way back to it."""

from dataclasses import dataclass

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from nnlearn.figures import plot
from nnlearn.widgets.explorer import Explorer

STEPS = 60
LIMITS = (1e-14, 1e14)  # of the gradient's axis
NOISE = np.random.default_rng(0).normal(size=(STEPS, 2))


@dataclass(frozen=True)
class State:
    """What is drawn: all states, and the length of the last one's gradient at each of them."""

    h: np.ndarray  # (STEPS + 1, 2), h[0] = 0 before the pulse
    gradient: np.ndarray  # (STEPS,): of h[1] … h[STEPS]
    radius: float
    linear: bool


class MemoryExplorer(Explorer):
    """h_t = f(h_{t−1} W_h + x_t) for two units: what stays of a pulse, and how much gradient comes back.

    W_h turns the state by an angle and scales it by the spectral radius. The gradient is that of the first
    unit's last state with respect to every state before.
    """

    size = (9.6, 3.9)

    def make_controls(self) -> dict[str, ipywidgets.ValueWidget]:
        return {
            "radius": ipywidgets.FloatSlider(
                description="spectral radius ρ", value=0.95, min=0.0, max=1.6, step=0.05
            ),
            "rotation": ipywidgets.IntSlider(
                description="rotation (° a step)", value=20, min=0, max=90, step=5
            ),
            "pulse": ipywidgets.FloatSlider(description="pulse", value=1.0, min=-2.0, max=2.0, step=0.1),
            "noise": ipywidgets.FloatSlider(description="noise", value=0.0, min=0.0, max=0.4, step=0.05),
            "unit": ipywidgets.ToggleButtons(description="unit", options=["tanh", "linear"], value="tanh"),
        }

    def make_figure(self, figure: Figure) -> None:
        self.time = np.arange(STEPS + 1)
        forward, plane, back = figure.subplots(1, 3, width_ratios=[1.25, 0.8, 1.25])
        figure.subplots_adjust(left=0.065, right=0.985, bottom=0.15, top=0.9, wspace=0.32)
        self.states = [
            forward.plot([], [], color=colour, label=f"unit {k}", animated=True)[0]
            for k, colour in ((1, plot.BLUE), (2, plot.ORANGE))
        ]
        forward.legend(handles=self.states, loc="lower right", fontsize=9)
        forward.set(xlim=(0, STEPS), xlabel="time", title="forwards: the state")
        (self.path,) = plane.plot([], [], ".-", color=plot.GREY, linewidth=1, markersize=4, animated=True)
        (self.end,) = plane.plot([], [], "o", color=plot.VERMILION, markersize=9, animated=True)
        plane.set(xlabel="unit 1", title="unit 2 against 1")
        (self.power,) = back.plot(
            [], [], ":", color=plot.BLACK, linewidth=1.5, label="ρ to the lag", zorder=5, animated=True
        )
        (self.norm,) = back.plot([], [], color=plot.VERMILION, label="gradient", animated=True)
        back.legend(handles=[self.norm, self.power], loc="upper right", fontsize=9)
        back.set(xlim=(0, STEPS), ylim=LIMITS, yscale="log", xlabel="time", title="backwards: its gradient")
        self.forward, self.plane, self.reach = forward, plane, 0.0

    def compute(self, radius: float, rotation: int, pulse: float, noise: float, unit: str) -> State:
        angle, linear = np.deg2rad(rotation), unit == "linear"
        W = radius * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        x = noise * NOISE
        x[0] = [pulse, 0.0]
        h = np.zeros((STEPS + 1, 2))
        for t in range(STEPS):
            z = h[t] @ W + x[t]
            h[t + 1] = z if linear else np.tanh(z)
        slope = np.ones_like(h) if linear else 1 - h**2
        g = [np.array([1.0, 0.0])]
        for t in range(STEPS, 1, -1):
            g.append((g[-1] * slope[t]) @ W.T)
        return State(h, np.linalg.norm(g[::-1], axis=1), radius, linear)

    def _fit(self, h: np.ndarray) -> None:
        """Limits that hold the states: 1.2, or the next power of ten above a linear unit's."""
        largest = np.abs(h).max()
        reach = 1.2 if largest <= 1.2 else 10 ** np.ceil(np.log10(largest))
        if reach != self.reach:
            self.reach = reach
            self.forward.set_ylim(-reach, reach)
            self.plane.set(xlim=(-reach, reach), ylim=(-reach, reach))
            self.redraw_all()

    def draw(self, state: State) -> str:
        h, gradient = state.h, state.gradient
        self._fit(h)
        for line, values in zip(self.states, h.T, strict=True):
            line.set_data(self.time, values)
        self.path.set_data(*h.T)
        self.end.set_data(h[-1:, 0], h[-1:, 1])
        since = STEPS - self.time[1:]
        self.norm.set_data(self.time[1:], np.maximum(gradient, LIMITS[0] / 10))
        self.power.set_data(self.time[1:], np.maximum(state.radius ** since.astype(float), LIMITS[0] / 10))
        kept, arrives = np.linalg.norm(h[-1]), gradient[0]
        fate = "has vanished" if arrives < 1e-3 else "has exploded" if arrives > 1e3 else "gets through"
        name = "Linear" if state.linear else "Tanh"
        return (
            f"{name}, ρ = {state.radius:.2f}: {STEPS - 1} steps after the pulse the state has "
            f"length {kept:.2g}. Of a gradient of length 1 at the end, {arrives:.2g} arrives at the pulse: "
            f"it {fate}."
        )
