"""The search explorer: what a strategy finds for its budget, what it believes, and what is true."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from nnlearn.figures import plot
from nnlearn.study.architectures import (
    EPOCHS,
    FOLD,
    FOLDS,
    STRATEGIES,
    Search,
    load,
    multiply_adds,
    recipes,
)
from nnlearn.widgets.chance import numpys
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, choice, ladder, line, slider
from nnlearn.widgets.living import text_of

BUDGETS = (8, 16, 40, 80, 160, 320, 640, 1200)
NAMES = {
    "random": "at random",
    "evolution": "evolution",
    "halving": "successive halving",
}
SEEN = ("the validation pictures", "the test pictures")
SEEDS, FRESH = 100, (FOLDS - 2) * FOLD  # pictures that no search sees


@cache
def _work() -> np.ndarray:
    """Multiply-adds of every network, with a little noise so that equal ones do not hide each other."""
    return np.array([multiply_adds(recipe) for recipe in recipes()]) * np.exp(
        0.06 * np.random.default_rng(0).normal(size=len(recipes()))
    )


@dataclass(frozen=True)
class State:
    """A search that is over: whom it trained, what it found, and which pictures it saw."""

    search: Search
    found: int
    on_test: bool

    @property
    def fresh(self) -> np.ndarray:
        """Every network's share of fresh pictures, of whole ones, so that equal shares are equal.  (480,)"""
        return np.rint(self.search.fresh[:, -1] * FRESH) / FRESH

    @property
    def path(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Epochs spent, and of the best so far: what the search believes, and what is true. Each (n,)"""
        search, rows = self.search, list[tuple[float, float, float]]()
        for at, i, epochs in search.log:
            score = float(search.validation[i, -1])
            if epochs == EPOCHS[-1] and (not rows or score > rows[-1][1]):
                rows.append((at, score, float(search.fresh[i, -1])))
        spent, believed, true = np.array([*rows, (search.spent, *rows[-1][1:])]).T
        return spent, believed, true


class SearchExplorer(Explorer):
    """A search over 480 small networks: one point for each, those that were trained in colour."""

    size = (10.4, 4.4)
    module = "search"

    def make_controls(self) -> Controls:
        return {
            "strategy": choice("strategy", [(long, short) for short, long in NAMES.items()]),
            "budget": ladder("budget in epochs", BUDGETS, 160),
            "seen": choice("search on", SEEN),
            "seed": slider("seed", 29, 0, SEEDS - 1),
        }

    def make_figure(self, figure: Figure) -> None:
        cloud, course = figure.subplots(1, 2, width_ratios=(1.2, 1))
        figure.subplots_adjust(left=0.07, right=0.985, bottom=0.14, top=0.92, wspace=0.2)
        cloud.set(xscale="log", xlabel="multiply-adds for one picture", ylabel="right on fresh pictures")
        cloud.set(xlim=(60, 4e6), ylim=(0.05, 1), title="480 networks")
        small: dict[str, Any] = {"linestyle": "none", "marker": "o", "markersize": 3.5}
        self.all = line(cloud, color="#C4C4C4", label="never trained", **small)
        self.begun = line(cloud, color=plot.SKY, label="trained in part", **small | {"markersize": 4.5})
        self.done = line(cloud, color=plot.BLUE, label="trained to the end", **small | {"markersize": 5})
        self.star = line(cloud, "*", color=plot.VERMILION, markersize=17, label="found")
        cloud.legend(handles=[self.all, self.begun, self.done, self.star], loc="lower right")
        course.set(
            xscale="log", xlim=(7, 1400), ylim=(0.78, 0.98), xlabel="epochs spent", title="the best so far"
        )
        step: dict[str, Any] = {"drawstyle": "steps-post"}
        self.believed = line(course, color=plot.VERMILION, label="on what the search sees", **step)
        self.true = line(course, color=plot.BLUE, label="on fresh pictures", **step)
        self.best = line(course, color=plot.GREY, linestyle=":", label="the table's best, on fresh pictures")
        course.legend(handles=[self.believed, self.true, self.best], loc="lower right")

    def compute(self, strategy: str, budget: int, seen: str, seed: int) -> State:
        search = Search(load(), seed)
        if seen == SEEN[1]:
            search.validation = search.test
        return State(search, STRATEGIES[strategy](search, budget), seen == SEEN[1])

    def draw(self, state: State) -> None:
        search, i, true, work = state.search, state.found, state.fresh, _work()
        for artist, rows in (
            (self.all, search.trained == 0),
            (self.begun, (search.trained > 0) & (search.trained < EPOCHS[-1])),
            (self.done, search.trained == EPOCHS[-1]),
            (self.star, [i]),
        ):
            artist.set_data(work[rows], true[rows])
        spent, believed, fresh = state.path
        self.believed.set_data(spent, believed)
        self.true.set_data(spent, fresh)
        self.best.set_data([7, 1400], [true.max()] * 2)

    def describe(self, state: State) -> str:
        search, i, true = state.search, state.found, state.fresh
        seen = "the test pictures, on which it searched" if state.on_test else SEEN[0]
        report = "" if state.on_test else f", {search.test[i, -1]:.1%} of the test pictures"
        return (
            f"Found for {search.spent} epochs: {recipes()[i]}. It reads {search.validation[i, -1]:.1%} "
            f"of {seen}{report}, and {true[i]:.1%} of fresh ones; "
            f"{int((true > true[i]).sum())} of 480 read more."
        )

    def scene(self) -> dict[str, Any]:
        state, fresh = self.state, self.state.fresh
        return {
            "trained": state.search.trained.tolist(),
            "fresh": fresh.astype(np.float32).tobytes(),
            "work": _work().astype(np.float32).tobytes(),
            "path": [row.tolist() for row in state.path],
            "found": state.found,
            "best": float(fresh.max()),
        }

    def page(self) -> dict[str, Any]:
        return {
            "right": text_of(np.rint(load() * FOLD).astype(np.uint8)),
            "work": text_of(_work().astype(np.float32)),
            "states": [numpys(seed) for seed in range(SEEDS)],
            "test": SEEN[1],
        }
