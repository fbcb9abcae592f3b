"""From the nerve cell to the unit: the leaky integrate-and-fire cell, the step, the neuron f(w·x + b)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


def step(z: ArrayLike) -> np.ndarray:
    """1 where z > 0, else 0.  z: any shape -> the same shape

    At z = 0 exactly it is 0: a nerve cell whose current only just equals its rheobase never fires.
    """
    return np.heaviside(z, 0.0)


def neuron(
    x: ArrayLike, w: ArrayLike, b: float, activation: Callable[[np.ndarray], np.ndarray] = step
) -> np.ndarray:
    """f(w·x + b), one unit over a whole batch.  x: (..., n), w: (n,), b: a number -> (...)

    Raises ValueError where the shapes do not fit. Source: W. McCulloch and W. Pitts (1943) for the threshold,
    F. Rosenblatt (1958) for the weights.
    """
    x, w = np.asarray(x), np.asarray(w)
    if w.ndim != 1:
        raise ValueError(f"neuron: w must be one row of weights, of shape (n,), but it is {w.shape}")
    if np.ndim(b) != 0:
        raise ValueError(f"neuron: b must be one number (a neuron has one bias), but it is {np.shape(b)}")
    if x.ndim == 0:
        raise ValueError(f"neuron: x must hold {len(w)} inputs in its last axis, but it is a single number")
    if x.shape[-1] != len(w):
        raise ValueError(
            f"neuron: x has {x.shape[-1]} inputs in its last axis but w has {len(w)} weights (x is {x.shape})"
        )
    return activation(x @ w + b)


@dataclass(frozen=True)
class LIF:
    """τ dV/dt = −(V − E_L) + R I; where V reaches V_th: a spike, then V stays at V_reset for t_ref.

    The leaky integrate-and-fire cell. Times are in ms, potentials in mV, resistance in MΩ, currents in nA
    (MΩ · nA = mV), rates in Hz. Raises ValueError for values that no membrane has.
    Source: P. Dayan and L. F. Abbott (2001), section 5.4; the defaults but t_ref are those of figure 5.5.
    """

    tau: float = 10.0  # membrane time constant R·C, ms
    R: float = 10.0  # membrane resistance, MΩ
    E_L: float = -65.0  # resting (leak) potential, mV
    V_th: float = -50.0  # threshold, mV
    V_reset: float = -65.0  # potential after a spike, mV
    t_ref: float = 2.0  # refractory period, ms

    def __post_init__(self) -> None:
        for name, unit in (("tau", "ms"), ("R", "MΩ")):
            if not getattr(self, name) > 0:
                raise ValueError(f"LIF: {name} must be more than 0 {unit}, got {getattr(self, name)}")
        if not self.t_ref >= 0:
            raise ValueError(f"LIF: t_ref must be 0 ms or more, got {self.t_ref}")
        if not self.V_reset < self.V_th:
            raise ValueError(
                f"LIF: V_reset must be below V_th, or the cell never stops firing: "
                f"got V_reset = {self.V_reset} mV, V_th = {self.V_th} mV"
            )

    @property
    def rheobase(self) -> float:
        """(V_th − E_L) / R, in nA: constant currents above it make the cell fire, others never do."""
        return (self.V_th - self.E_L) / self.R

    def rate(self, current: ArrayLike) -> np.ndarray:
        """1 / (t_ref + τ ln((E_L + R I − V_reset) / (E_L + R I − V_th))), in Hz.  current: (...), nA -> (...)

        The closed form for constant currents; 0 at or below the rheobase.
        """
        excess = np.maximum(self.E_L + self.R * np.asarray(current, dtype=float) - self.V_th, 0.0)
        with np.errstate(divide="ignore", over="ignore"):  # no excess: the interval is infinite, the rate 0
            interval = self.t_ref + self.tau * np.log1p((self.V_th - self.V_reset) / excess)
            return 1000 / interval

    def simulate(self, current: ArrayLike, dt: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
        """(V, spikes) by Euler's method, from rest.  current: (..., T), nA -> (..., T) mV, (..., T) of bool

        Time is the last axis, `dt` ms a step; the other axes are cells that run side by side. At step k a
        cell is at V[..., k], has just spiked if spikes[..., k], and gets current[..., k] until step k + 1.
        Raises ValueError where `current` has no time axis or holds NaN, or `dt` is not above 0 and below tau.
        """
        current = np.asarray(current, dtype=float)
        if current.ndim == 0:
            raise ValueError(
                f"simulate: current must have time as its last axis, (T,) or (cells, T), got the number "
                f"{current}: np.full(T, {current}) keeps it on for T steps"
            )
        if not np.isfinite(current).all():
            raise ValueError("simulate: current holds NaN or infinity, expected currents in nA")
        if not 0 < dt < self.tau:
            raise ValueError(f"simulate: dt must be above 0 and below tau = {self.tau} ms, got {dt}")
        target = np.moveaxis(self.E_L + self.R * current, -1, 0)  # where V is heading, (T, ...)
        V, spikes = np.empty(target.shape), np.empty(target.shape, dtype=bool)
        v = np.full(target.shape[1:], float(self.E_L))
        ready = np.zeros(target.shape[1:])  # the step at which the refractory period is over
        for k in range(len(target)):
            spiked = v >= self.V_th
            v = np.where(spiked, self.V_reset, v)
            ready = np.where(spiked, k + round(self.t_ref / dt), ready)
            V[k], spikes[k] = v, spiked
            v = v + (k >= ready) * (dt / self.tau) * (target[k] - v)
        return np.moveaxis(V, 0, -1), np.moveaxis(spikes, 0, -1)
