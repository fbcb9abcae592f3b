"""The memory explorer: a pulse in two recurrent units, and the gradient that finds its way back to it."""

from dataclasses import dataclass
from typing import Any

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from nnlearn.figures import plot
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, line, move, slider

STEPS = 60
LIMITS = (1e-14, 1e14)  # of the gradient's axis
NOISE = np.random.default_rng(0).normal(size=(STEPS, 2))


@dataclass(frozen=True)
class State:
    """What is drawn: all states, and the length of the last one's gradient at each of them."""

    h: np.ndarray  # (STEPS + 1, 2), h[0] = 0 before the pulse
    gradient: np.ndarray  # (STEPS,): of h[1] … h[STEPS]


class MemoryExplorer(Explorer):
    """h_t = f(h_{t−1} W_h + x_t) for two units: what stays of a pulse, and how much gradient comes back.

    W_h turns the state by an angle and scales it by the spectral radius. The gradient is that of the first
    unit's last state with respect to every state before.
    """

    size = (9.6, 3.9)
    module = "memory"

    def make_controls(self) -> Controls:
        return {
            "radius": slider("spectral radius ρ", 0.95, 0.0, 1.6, 0.05),
            "rotation": slider("rotation (° a step)", 20, 0, 90, 5),
            "pulse": slider("pulse", 1.0, -2.0, 2.0, 0.1),
            "noise": slider("noise", 0.0, 0.0, 0.4, 0.05),
            "unit": ipywidgets.ToggleButtons(description="unit", options=["tanh", "linear"]),
        }

    def make_figure(self, figure: Figure) -> None:
        self.time = np.arange(STEPS + 1)
        forward, plane, back = figure.subplots(1, 3, width_ratios=[1.25, 0.8, 1.25])
        figure.subplots_adjust(left=0.065, right=0.985, bottom=0.15, top=0.9, wspace=0.32)
        self.states = [
            line(forward, color=plot.BLUE, label="unit 1"),
            line(forward, color=plot.ORANGE, label="unit 2"),
        ]
        forward.legend(handles=self.states, loc="lower right", fontsize=9)
        forward.set(xlim=(0, STEPS), xlabel="time", title="forwards: the state")
        self.path = line(plane, ".-", color=plot.GREY, linewidth=1, markersize=4)
        self.end = line(plane, "o", color=plot.VERMILION, markersize=9)
        plane.set(xlabel="unit 1", title="unit 2 against 1")
        self.back = [
            line(back, color=plot.VERMILION, label="gradient"),
            line(back, ":", color=plot.BLACK, linewidth=1.5, label="ρ to the lag", zorder=5),
        ]
        back.legend(handles=self.back, loc="upper right", fontsize=9)
        back.set(xlim=(0, STEPS), ylim=LIMITS, yscale="log", xlabel="time", title="backwards: its gradient")
        self.forward, self.plane = forward, plane

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
        return State(h, np.linalg.norm(g[::-1], axis=1))

    def draw(self, state: State) -> None:
        h, gradient, radius = state.h, state.gradient, self.values["radius"]
        largest = np.abs(h).max()
        reach = 1.2 if largest <= 1.2 else 10 ** np.ceil(np.log10(largest))  # linear units grow
        self.forward.set(ylim=(-reach, reach))
        self.plane.set(xlim=(-reach, reach), ylim=(-reach, reach))
        move(self.states, self.time, h.T)
        self.path.set_data(*h.T)
        self.end.set_data(*h[-1:].T)
        powers = radius ** (STEPS - self.time[1:]).astype(float)
        move(self.back, self.time[1:], np.maximum((gradient, powers), LIMITS[0] / 10))

    def describe(self, state: State) -> str:
        kept, arrives = np.linalg.norm(state.h[-1]), state.gradient[0]
        fate = "has vanished" if arrives < 1e-3 else "has exploded" if arrives > 1e3 else "gets through"
        unit, radius = self.values["unit"].capitalize(), self.values["radius"]
        return (
            f"{unit}, ρ = {radius:.2f}: {STEPS - 1} steps after the pulse the state has length {kept:.2g}. "
            f"Of a gradient of length 1 at the end, {arrives:.2g} arrives at the pulse: it {fate}."
        )

    def scene(self) -> dict[str, Any]:
        return {"h": self.state.h.tolist(), "gradient": self.state.gradient.tolist()}

    def page(self) -> dict[str, Any]:
        return {"noise": NOISE.tolist()}
