"""The federation explorer: clients, local steps, inequality and noise; what the common network then reads."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from nnlearn.data.examples import Set
from nnlearn.figures import plot
from nnlearn.models.mlp import MLP
from nnlearn.study import federated
from nnlearn.study.averaging import private_mean
from nnlearn.widgets.chance import numpys
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, ladder, line, raster, slider
from nnlearn.widgets.living import text_of

RATES = {1: 0.4, 2: 0.5, 5: 0.5, 10: 0.5, 20: 0.4, 50: 0.3}  # a rate that suits so many local steps
LONGEST = 2.0  # a client's change, where there is noise


@cache
def _data() -> tuple[Set, Set, Set]:
    return federated.data(0)


def servers_of(clients: int, steps: int, skew: float, noise: float) -> Iterator[list[np.ndarray]]:
    """The server's weights after each round."""
    train = _data()[0]
    combine = None
    if noise:
        rng = np.random.default_rng(0)

        def combine(changes: np.ndarray) -> np.ndarray:
            return private_mean(changes, LONGEST, noise, rng)

    parts = federated.shares(train[1], clients, skew, 0)
    batch = None if steps == 1 else 32
    return federated.train_server(train, parts, federated.ROUNDS, steps, RATES[steps], batch, combine=combine)


@cache
def _recall(*how: Any) -> np.ndarray:
    """The share of each new digit that is read after each round of `servers_of`.  (rounds, 10)"""
    X, y = _data()[2]
    right = np.array([federated.predict(w, X).argmax(axis=1) == y for w in servers_of(*how)])
    return np.column_stack([right[:, y == digit].mean(axis=1) for digit in range(10)])


@dataclass(frozen=True)
class State:
    """What is drawn: each client's share of each digit, and what is read after each round."""

    shares: np.ndarray  # (clients, 10)
    curve: np.ndarray  # (rounds,)
    one_step: np.ndarray  # the same with one local step and no noise
    recall: np.ndarray  # (rounds, 10)

    @property
    def missing(self) -> int:
        """Digits that nobody has."""
        return int((self.shares.sum(axis=0) == 0).sum())


@cache
def _state(clients: int, steps: int, skew: float, noise: float) -> State:
    train, _, (_, y) = _data()
    parts = federated.shares(train[1], clients, skew, 0)
    owned = np.stack([np.bincount(train[1][part], minlength=10) / len(part) for part in parts])
    weight = np.bincount(y) / len(y)
    recall = _recall(clients, steps, skew, noise)
    return State(owned, recall @ weight, _recall(clients, 1, skew, 0.0) @ weight, recall)


class FederationExplorer(Explorer):
    """Choose clients, local steps, inequality and noise; see who has which digits, and what is learned."""

    size = (9.0, 4.0)
    module = "federation"

    def make_controls(self) -> Controls:
        return {
            "clients": slider("clients", 10, 2, 20),
            "steps": ladder("local steps", RATES, 10),
            "skew": slider("inequality", 0.0, 0.0, 1.0, 0.1, readout_format=".1f"),
            "noise": ladder("noise σ", (0.0, 0.03, 0.1, 0.3, 1.0), 0.0),
            "round": slider("round", federated.ROUNDS, 1, federated.ROUNDS),
        }

    def make_figure(self, figure: Figure) -> None:
        grid = figure.add_gridspec(2, 2, width_ratios=(1, 1.5), height_ratios=(10, 1))
        figure.subplots_adjust(left=0.08, right=0.98, bottom=0.15, top=0.9, wspace=0.2, hspace=0.1)
        self.owned, self.read = (figure.add_subplot(grid[k, 0]) for k in (0, 1))
        self.chart = figure.add_subplot(grid[:, 1])
        self.table, self.row = (raster(ax, cmap="Blues", vmin=0, vmax=1) for ax in (self.owned, self.read))
        self.owned.set(xticks=[], ylabel="client", title="who has which digits")
        self.read.set(xlabel="digit", xticks=range(10), yticks=[0], yticklabels=["read"])
        self.plain = line(self.chart, "--", color=plot.GREY, label="1 local step, no noise")
        self.now = line(self.chart, "o-", color=plot.BLUE, label="as chosen")
        self.here = line(self.chart, "o", color="none", markeredgecolor=plot.BLACK, markersize=12)
        self.chart.set(
            xlim=(0, federated.ROUNDS + 1),
            ylim=(0, 1),
            xticks=(1, 5, 10, 15, 20),
            xlabel="round",
            title="share of new digits read",
        )
        self.chart.legend(loc="lower right")

    def compute(self, clients: int, steps: int, skew: float, noise: float, round: int) -> State:
        return _state(clients, steps, float(f"{skew:.2f}"), noise)

    def draw(self, state: State) -> None:
        K, r = len(state.shares), self.values["round"]
        for ax, image, rows in (self.owned, self.table, K), (self.read, self.row, 1):
            image.set_extent((-0.5, 9.5, rows - 0.5, -0.5))
            ax.set(xlim=(-0.5, 9.5), ylim=(rows - 0.5, -0.5), aspect="auto")
        self.table.set_data(state.shares)
        self.row.set_data(state.recall[r - 1 : r])
        rounds = np.arange(1, len(state.curve) + 1)
        self.now.set_data(rounds, state.curve)
        self.plain.set_data(rounds, state.one_step)
        self.here.set_data([r], [state.curve[r - 1]])

    def describe(self, state: State) -> str:
        r = self.values["round"]
        had, missing = state.recall[r - 1], state.missing
        best, worst = had.argmax(), had.argmin()
        nobodys = f" {missing} digits are with nobody." if missing else ""
        return (
            f"After round {r} of {len(state.curve)}, {state.curve[r - 1]:.0%} of new digits are read; "
            f"with one local step and no noise {state.one_step[r - 1]:.0%}. "
            f"Read best: {best} ({had[best]:.0%}), worst: {worst} ({had[worst]:.0%}).{nobodys}"
        )

    def scene(self) -> dict[str, Any]:
        return {name: value.tolist() for name, value in vars(self.state).items()}

    def page(self) -> dict[str, Any]:
        (X, y), _, (new, labels) = _data()
        weights = np.concatenate([p.data.ravel() for p in MLP(federated.SIZES, rng=0).parameters()])
        whole = {"pixels": 16 * X, "labels": y, "new_pixels": 16 * new, "new_labels": labels}
        data = {name: text_of(array.astype(np.uint8)) for name, array in whole.items()}
        return data | {"weights": text_of(weights), "rates": RATES, "start": numpys(0)}
