"""The regularisation explorer: a curve fitted to noisy points, and what width, L2, L1, dropout change."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from nnlearn.figures import plot
from nnlearn.widgets.chance import numpys
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, ladder, line, slider

WIDTHS = (1, 2, 3, 5, 8, 11, 15, 20, 30, 50, 100, 200)
STRENGTHS = (0.0, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1.0)
GRID = np.linspace(-1, 1, 201)
TRUTH = np.sin(2 * np.pi * GRID)
STEEPNESS = 12.0
FLOOR, TOP = 1e-4, 30.0  # of the errors shown
LEAST_L2 = 1e-9  # stands for none: of all exact fits, the one with the smallest weights
STEPS = 400  # of the descent that finds the L1 solution
DRAWS = 20


@dataclass(frozen=True)
class State:
    """Data, the curve fitted at the chosen width, and both errors at every width."""

    x: np.ndarray
    y: np.ndarray
    curve: np.ndarray
    train: np.ndarray  # (widths,)
    true: np.ndarray
    zeros: int


def features(x: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """tanh(12 (x − knot)), one hidden unit a column.  (n,), (N,) -> (n, N)"""
    return np.tanh(STEEPNESS * (x[:, None] - knots))


def ridge(phi: np.ndarray, y: np.ndarray, penalty: np.ndarray) -> np.ndarray:
    """The w with the smallest mean (y − φ w)² + Σ penalty w².  (n, N), (n,), (N,) -> (N,)

    In the form that inverts an n × n matrix: D⁻¹ φᵀ (φ D⁻¹ φᵀ + n I)⁻¹ y.
    """
    n, scaled = len(y), phi.T / penalty[:, None]
    return scaled @ np.linalg.solve(phi @ scaled + n * np.eye(n), y)


def sparse(phi: np.ndarray, y: np.ndarray, penalty: np.ndarray, l1: float) -> np.ndarray:
    """Columns w with the smallest mean (y − φ w)² + Σ penalty w² + l1 Σ |w|.  penalty: (N, K) -> (N, K)

    Accelerated steps with soft thresholding (A. Beck and M. Teboulle, 2009). Entries of `penalty` that are
    infinite hold their weight at zero. φ scaled by 1/√N has no singular value above √n, so the steps are
    safe.
    """
    n, allowed = len(y), np.isfinite(penalty)
    counts = allowed.sum(axis=0)
    ridge_part = np.where(allowed, penalty, 0)
    scale = allowed / np.sqrt(counts)
    rate = 0.5 / (1 + ridge_part.max(axis=0))
    w, ahead, pace = np.zeros_like(penalty), np.zeros_like(penalty), 1.0
    for _ in range(STEPS):
        error = phi @ (scale * ahead) - y[:, None]
        moved = ahead - rate * (2 / n * scale * (phi.T @ error) + 2 * ridge_part * ahead)
        new = np.sign(moved) * np.maximum(np.abs(moved) - rate * l1, 0)
        next_pace = (1 + np.sqrt(1 + 4 * pace**2)) / 2
        ahead, w, pace = new + (pace - 1) / next_pace * (new - w), new, next_pace
    return w


class RegularisationExplorer(Explorer):
    """Noisy points of a sine, hidden units with random knots, output weights fitted exactly."""

    size = (9.6, 4.2)
    module = "regularisation"

    def make_controls(self) -> Controls:
        return {
            "points": slider("points", 15, 5, 40),
            "noise": slider("noise", 0.3, 0, 1, 0.05),
            "width": ladder("hidden units", WIDTHS, 15),
            "l2": ladder("L2: λ", STRENGTHS, 0.0, zero="off"),
            "l1": ladder("L1: λ", STRENGTHS[:-1], 0.0, zero="off"),
            "dropout": slider("dropout p", 0, 0, 0.9, 0.05),
            "draw": slider("draw of noise and units", 3, 1, DRAWS),
        }

    def make_figure(self, figure: Figure) -> None:
        left, right = figure.subplots(1, 2, width_ratios=(1.35, 1))
        figure.subplots_adjust(left=0.06, right=0.985, bottom=0.14, top=0.91, wspace=0.2)
        left.plot(GRID, TRUTH, "--", color=plot.GREY)
        left.set(xlim=(-1.05, 1.05), ylim=(-2.5, 2.5), xlabel="x", ylabel="y", title="the fit")
        left.text(-1, -2.3, "dashed: the truth", color=plot.GREY, fontsize=11)
        self.dots = line(left, "o", color=plot.BLACK, zorder=4)
        self.curve = line(left, color=plot.VERMILION, zorder=3)
        right.set(
            xscale="log", yscale="log", xlim=(0.9, 230), ylim=(FLOOR / 1.5, TOP * 1.5),
            xlabel="hidden units", title="mean squared error",
        )  # fmt: skip
        right.set_xticks([1, 3, 8, 20, 50, 200], [1, 3, 8, 20, 50, 200])
        right.minorticks_off()
        self.as_many = line(right, ":", color=plot.GREY)
        self.train = line(right, "s-", color=plot.BLUE, markersize=4)
        self.true = line(right, "o-", color=plot.VERMILION, markersize=4)
        self.here = line(right, "o", color="none", markeredgecolor=plot.BLACK, markersize=13)
        right.text(1, 9, "against the truth", color=plot.VERMILION, fontsize=11)
        right.text(1, 2.2e-4, "at the points", color=plot.BLUE, fontsize=11)

    def compute(
        self, points: int, noise: float, width: int, l2: float, l1: float, dropout: float, draw: int
    ) -> State:
        rng = np.random.default_rng(draw)
        knots = rng.uniform(-1.1, 1.1, WIDTHS[-1])
        x = np.linspace(-1, 1, points)
        y = np.sin(2 * np.pi * x) + noise * rng.standard_normal(points)
        phi, on_grid = features(x, knots), features(GRID, knots)
        squares = (phi**2).mean(axis=0)
        W, penalty = np.zeros((2, WIDTHS[-1], len(WIDTHS)))
        for k, n in enumerate(WIDTHS):
            # Averaged over its masks, dropout on the inputs of a linear fit is this penalty
            penalty[:n, k] = max(l2, LEAST_L2) + dropout / (1 - dropout) * squares[:n] / n
            penalty[n:, k] = np.inf
            W[:n, k] = ridge(phi[:, :n] / np.sqrt(n), y, penalty[:n, k])
        if l1:
            W = sparse(phi, y, penalty, l1)
        scaled = W / np.sqrt(WIDTHS)
        train = ((phi @ scaled - y[:, None]) ** 2).mean(axis=0)
        curves = on_grid @ scaled
        true = ((curves - TRUTH[:, None]) ** 2).mean(axis=0)
        k = WIDTHS.index(width)
        return State(x, y, curves[:, k], train, true, zeros=int((W[:width, k] == 0).sum()))

    def draw(self, state: State) -> None:
        width = self.values["width"]
        k = WIDTHS.index(width)
        self.dots.set_data(state.x, state.y)
        self.curve.set_data(GRID, state.curve)
        self.as_many.set_data([len(state.x)] * 2, [FLOOR / 1.5, TOP * 1.5])
        self.train.set_data(WIDTHS, np.clip(state.train, FLOOR, TOP))
        self.true.set_data(WIDTHS, np.clip(state.true, FLOOR, TOP))
        self.here.set_data([width], [np.clip(state.true[k], FLOOR, TOP)])

    def describe(self, state: State) -> str:
        width = self.values["width"]
        k = WIDTHS.index(width)
        best = WIDTHS[int(np.argmin(state.true))]
        told = f", {state.zeros} of them with weight zero" if state.zeros else ""
        return (
            f"{len(state.x)} points, hidden units: {width}{told}. Mean squared error at the points "
            f"{state.train[k]:.2g}, against the truth {state.true[k]:.2g}. "
            f"At these settings the truth is met best with {best}."
        )

    def scene(self) -> dict[str, Any]:
        lists = {name: getattr(self.state, name).tolist() for name in ("x", "y", "curve", "train", "true")}
        return lists | {"zeros": self.state.zeros}

    def page(self) -> dict[str, Any]:
        return {"draws": [numpys(seed) for seed in range(1, DRAWS + 1)]}
