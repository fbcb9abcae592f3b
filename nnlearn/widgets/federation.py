"""The federation explorer: clients, local steps, inequality and noise; what the common network then reads."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from matplotlib.figure import Figure

from nnlearn.data.examples import Set
from nnlearn.figures import plot
from nnlearn.study import federated
from nnlearn.study.averaging import private_mean
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, ladder, line, raster, slider

RATES = {1: 0.4, 2: 0.5, 5: 0.5, 10: 0.5, 20: 0.4, 50: 0.3}  # a rate that suits so many local steps
LONGEST = 2.0  # a client's change, where there is noise


@cache
def _data() -> tuple[Set, Set, Set]:
    return federated.data(0)


@cache
def _curve(clients: int, steps: int, skew: float, noise: float) -> np.ndarray:
    train, _, new = _data()
    combine = None
    if noise:
        rng = np.random.default_rng(0)

        def combine(changes: np.ndarray) -> np.ndarray:
            return private_mean(changes, LONGEST, noise, rng)

    parts = federated.shares(train[1], clients, skew, 0)
    batch = None if steps == 1 else 32
    return federated.federate(
        train, parts, new, federated.ROUNDS, steps, RATES[steps], batch, combine=combine
    )


@dataclass(frozen=True)
class State:
    """What is drawn: each client's share of each digit, and the accuracy after each round."""

    shares: np.ndarray  # (clients, 10)
    curve: np.ndarray  # (rounds,)
    one_step: np.ndarray  # the same with one local step and no noise
    digits: int  # that anybody has


class FederationExplorer(Explorer):
    """Choose clients, local steps, inequality and noise; see who has which digits, and what is learned."""

    size = (9.0, 4.0)

    def make_controls(self) -> Controls:
        return {
            "clients": slider("clients", 10, 2, 20),
            "steps": ladder("local steps", RATES, 10),
            "skew": slider("inequality", 0.0, 0.0, 1.0, 0.1, readout_format=".1f"),
            "noise": ladder("noise σ", (0.0, 0.03, 0.1, 0.3, 1.0), 0.0),
        }

    def make_figure(self, figure: Figure) -> None:
        self.owned, self.chart = figure.subplots(1, 2, width_ratios=(1, 1.5))
        figure.subplots_adjust(left=0.08, right=0.98, bottom=0.15, top=0.88, wspace=0.25)
        self.table = raster(self.owned, cmap="Blues", vmin=0, vmax=1)
        self.owned.set(xlabel="digit", ylabel="client", xticks=range(10), title="who has which digits")
        self.plain = line(self.chart, "--", color=plot.GREY, label="1 local step, no noise")
        self.now = line(self.chart, "o-", color=plot.BLUE, label="as chosen")
        self.chart.set(
            xlim=(0, federated.ROUNDS + 1), ylim=(0, 1), xlabel="round", title="share of new digits read"
        )
        self.chart.legend(loc="lower right")

    def compute(self, clients: int, steps: int, skew: float, noise: float) -> State:
        skew, (_, labels) = round(skew, 2), _data()[0]
        parts = federated.shares(labels, clients, skew, 0)
        counts = np.stack([np.bincount(labels[part], minlength=10) for part in parts])
        curve, one_step = (_curve(clients, *how) for how in ((steps, skew, noise), (1, skew, 0.0)))
        owned = counts / counts.sum(axis=1, keepdims=True)
        return State(owned, curve, one_step, int((counts.sum(axis=0) > 0).sum()))

    def draw(self, state: State) -> str:
        K = len(state.shares)
        self.table.set_data(state.shares)
        self.table.set_extent((-0.5, 9.5, K - 0.5, -0.5))
        self.set_still(self.owned, xlim=(-0.5, 9.5), ylim=(K - 0.5, -0.5), aspect="auto")
        rounds = np.arange(1, len(state.curve) + 1)
        self.now.set_data(rounds, state.curve)
        self.plain.set_data(rounds, state.one_step)
        missing = f" {10 - state.digits} digits are with nobody." if state.digits < 10 else ""
        return (
            f"After {len(rounds)} rounds {state.curve[-1]:.0%} of new digits are read; "
            f"with one local step and no noise {state.one_step[-1]:.0%}.{missing}"
        )
