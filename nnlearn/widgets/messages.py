"""The message-passing explorer: two labels spread through a graph, round by round, until all are alike."""

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from nnlearn.data.graphs import communities, karate_club
from nnlearn.figures import plot
from nnlearn.figures.layout import spring
from nnlearn.functions.graph import message_edges
from nnlearn.study.graph_study import spread
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, choice, line, move, segments, slider, text, toggle

ROUNDS = 80
TIE = 1e-12  # of the largest number of a round: what is smaller is rounding
GRAPHS = ("the karate club", "two communities", "a ring")
SIDES = LinearSegmentedColormap.from_list("sides", [plot.BLUE, "white", plot.VERMILION])
SCALES = ("1/√(dᵢ dⱼ), symmetric", "1/dᵢ, the mean", "1, the sum")


@cache
def _graph(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Edges (E, 2), sides (n,) and places (n, 2)."""
    if name == GRAPHS[0]:
        edges, y = karate_club()
    elif name == GRAPHS[1]:
        _, A, y = communities(40, 2, inside=0.2, between=0.02, rng=1)
        edges = np.argwhere(np.triu(A))
    else:
        half = [10, 8, 6, 4, 2, 0, 1, 3, 5, 7, 9, 11]  # the first of each side stands in its middle
        order, angle = np.array([*half, *(12 + k for k in half)]), np.arange(24) * np.pi / 12
        edges, places = np.column_stack([order, np.roll(order, -1)]), np.zeros((24, 2))
        places[order] = 0.5 + 0.5 * np.column_stack([np.cos(angle), np.sin(angle)])
        return edges, np.arange(24) // 12, places
    return edges, y, spring(edges, len(y))


@cache
def _messages(name: str, scale: str, loops: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Source, target and weight of every message of a round.  (M,), (M,), (M,)"""
    edges, y, _ = _graph(name)
    source, target = message_edges(edges, len(y), loops)
    degree = np.bincount(target, minlength=len(y))
    weights = {SCALES[0]: 1 / np.sqrt(degree[source] * degree[target]), SCALES[1]: 1 / degree[target]}
    return source, target, weights.get(scale, np.ones(len(source)))


@dataclass(frozen=True)
class State:
    """What is drawn: the graph, its messages, who is known, and every round's numbers."""

    graph: str
    y: np.ndarray
    known: np.ndarray
    messages: tuple[np.ndarray, np.ndarray, np.ndarray]  # source, target, weight of each
    history: np.ndarray  # (ROUNDS + 1, n): below 0 side 0, above 0 side 1

    @property
    def right(self) -> np.ndarray:
        """Of the unknown nodes, the share on their own side, in every round."""
        unknown = np.setdiff1d(np.arange(len(self.y)), self.known)
        return (np.sign(self.history) == 2 * self.y - 1)[:, unknown].mean(axis=1)

    @property
    def apart(self) -> np.ndarray:
        """The numbers' spread in every round."""
        return np.array([spread(row[:, None]) for row in self.history])


@lru_cache(8)
def study(graph: str, known: int, back: float, scale: str, loops: bool) -> State:
    """What the controls but the round make of a graph, over all rounds."""
    edges, y, _ = _graph(graph)
    degree = np.bincount(edges.ravel(), minlength=len(y))
    loudest = [sorted(np.flatnonzero(y == side), key=lambda i: -degree[i])[:known] for side in (0, 1)]
    who, messages = np.concatenate(loudest), _messages(graph, scale, loops)
    source, target, weight = messages
    M, start = np.zeros((len(y), len(y))), np.zeros(len(y))
    M[target, source] = weight
    start[who] = 2 * y[who] - 1
    rounds = [start]
    for _ in range(ROUNDS):
        rounds.append((1 - back) * M @ rounds[-1] + back * start)
    history = np.array(rounds)
    history[np.abs(history) < TIE * np.abs(history).max(axis=1, keepdims=True)] = 0
    return State(graph, y, who, messages, history)


class MessagePassingExplorer(Explorer):
    """Known nodes hold −1 or +1, the others 0; each round everybody mixes what the neighbours say."""

    size = (10.2, 4.4)
    module = "messages"

    def make_controls(self) -> Controls:
        return {
            "round": slider("rounds", 3, 0, ROUNDS),
            "graph": choice("graph", GRAPHS),
            "known": slider("known of each side", 1, 1, 5),
            "back": slider("back to the start", 0.0, 0.0, 0.5, 0.05, readout_format=".2f"),
            "scale": choice("weight of a message", SCALES),
            "loops": toggle("also to itself", True),
        }

    def make_figure(self, figure: Figure) -> None:
        network, curves = figure.subplots(1, 2, width_ratios=(1.25, 1))
        figure.subplots_adjust(left=0.01, right=0.985, bottom=0.13, top=0.92, wspace=0.12)
        network.set(xlim=(-0.06, 1.06), ylim=(-0.06, 1.06))
        network.set_axis_off()
        self.links = segments(network, colors="#B5B5B5", linewidths=1)
        look: dict[str, Any] = {"cmap": SIDES, "vmin": -1, "vmax": 1, "zorder": 3}
        self.nodes = network.scatter([], [], s=190, c=[], edgecolors=plot.GREY, **look)
        self.rings = line(network, "o", markersize=20, markerfacecolor="none", color=plot.BLACK)
        self.signs = [text(network, fontsize=10) for _ in range(40)]
        self.curves = [line(curves, color=colour, label=name) for colour, name in (
            (plot.GREEN, "unknown nodes on their own side"),
            (plot.BLACK, "spread: 0 is all alike"))]  # fmt: skip
        self.now = line(curves, color=plot.GREY, linestyle=":", linewidth=1.4)
        curves.set(xlim=(0, ROUNDS), ylim=(-0.02, 1.3), xlabel="rounds")
        curves.legend(handles=self.curves, loc="upper right")

    def compute(self, round: int, **settings: Any) -> State:
        return study(**settings)  # the round only looks at another moment of the same

    def draw(self, state: State) -> None:
        edges, _, places = _graph(state.graph)
        at = self.values["round"]
        z = state.history[at]
        self.links.set_segments(list(places[edges]))
        self.nodes.set_offsets(places)
        self.nodes.set_array(z / max(np.abs(z).max(), 1e-300))
        self.rings.set_data(*places[state.known].T)
        self._write_signs(z, places)
        move(self.curves, np.arange(ROUNDS + 1), [state.right, np.minimum(state.apart, 1)])
        self.now.set_data([at, at], [0, 1])

    def describe(self, state: State) -> str:
        at, unknown = self.values["round"], len(state.y) - len(state.known)
        count, silent = int(np.rint(state.right[at] * unknown)), int((state.history[at] == 0).sum())
        return (
            f"After {at} round{'s' * (at != 1)} {count} of {unknown} unknown nodes lean to their own side, "
            f"{silent} hear nothing or a tie; the numbers' spread is {state.apart[at]:.2f}."
        )

    def scene(self) -> dict[str, Any]:
        state, (source, target, weight) = self.state, self.state.messages
        sizes = np.maximum(np.abs(state.history).max(axis=1), 1e-300)
        return {
            "places": _graph(state.graph)[2].tolist(),
            "known": state.known.tolist(),
            "source": source.tolist(),
            "target": target.tolist(),
            "weight": weight.tolist(),
            "sizes": sizes.tolist(),  # by which a round's numbers are divided: a sum outgrows 32 bits
            "history": (state.history / sizes[:, None]).astype(np.float32).tobytes(),
            "right": state.right.tolist(),
            "apart": state.apart.tolist(),
        }

    def page(self) -> dict[str, Any]:
        graphs = {}
        for name in GRAPHS:
            edges, y, places = _graph(name)
            graphs[name] = {"links": edges.tolist(), "y": y.tolist(), "places": places.round(4).tolist()}
        return {"graphs": graphs, "scales": SCALES, "rounds": ROUNDS, "tie": TIE}

    def _write_signs(self, z: np.ndarray, places: np.ndarray) -> None:
        dark = np.abs(z) > 0.6 * max(np.abs(z).max(), 1e-300)
        for k, artist in enumerate(self.signs):
            artist.set_visible(k < len(z) and z[min(k, len(z) - 1)] != 0)
            if k < len(z):
                sign = "+" if z[k] > 0 else "−"
                artist.set(
                    x=places[k, 0], y=places[k, 1], text=sign, color="white" if dark[k] else plot.BLACK
                )
