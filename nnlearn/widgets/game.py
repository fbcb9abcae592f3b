"""The game explorer: play tic-tac-toe against a network that taught itself, and see what it expects."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from nnlearn.engine.primitive import plain
from nnlearn.figures import plot
from nnlearn.study import games
from nnlearn.widgets.explorer import Explorer
from nnlearn.widgets.kit import Controls, choice, ladder, line, raster, segments, text, texts, toggle, write
from nnlearn.widgets.living import text_of

LEARNED, UNTRAINED, NOBODY = "the learned network", "an untrained network", "no network"
YOU, IT = "you", "it"
SIMULATIONS = (0, 8, 32, 128)
GAME = games.tic_tac_toe()


@cache
def _network(name: str) -> games.PolicyValueNet:
    """In double precision, so that a page that computes by itself finds the same."""
    _, net = games.load_network("tic_tac_toe") if name == LEARNED else games.make_network("tic_tac_toe", 0)
    net.astype(np.float64)
    return net


@dataclass(frozen=True)
class Thought:
    """What is expected at one position, by the player to move."""

    prior: np.ndarray  # (9,) as the network says at once
    share: np.ndarray  # (9,) of the search's visits; the prior where nothing is searched
    value: float  # −1 lost, 1 won


@cache
def think(board: tuple[int, ...], opponent: str, simulations: int) -> Thought:
    """The thought at a board, seen by who is to move."""
    boards = np.array([board], np.int8)
    evaluate = games.nobody(GAME) if opponent == NOBODY else games.network(GAME, _network(opponent))
    prior, value = evaluate(boards)
    if simulations == 0:
        return Thought(prior[0], prior[0], float(value[0]))
    visits, value = games.search(GAME, evaluate, boards, simulations)
    return Thought(prior[0], visits[0] / simulations, float(value[0]))


@dataclass(frozen=True)
class State:
    """A game as far as it has gone, and what is expected now."""

    moves: tuple[int, ...]  # of both, in turn
    won: str  # YOU, IT, "" for a draw, or "-" while the game goes on
    hopes: tuple[float, ...]  # what it expected for you, at each position so far
    thought: Thought | None  # at your position; None when the game is over


def play(yours: str, begins: str, opponent: str, simulations: int) -> State:
    """Your moves as digits, each answered; what is no free cell is passed over."""
    board, waiting, moves, hopes = GAME.reset(), list(yours), list[int](), list[float]()
    mine = begins == YOU
    while True:
        thought = think(tuple(board[0].tolist()), opponent, simulations)
        hopes.append(thought.value if mine else -thought.value)
        if mine:
            free = [k for k, move in enumerate(waiting) if move in "012345678" and board[0, int(move)] == 0]
            if not free:
                return State(tuple(moves), "-", tuple(hopes), thought)
            cell, waiting = int(waiting[free[0]]), waiting[free[0] + 1 :]
        else:
            cell = int(thought.share.argmax())
        board, reward, over = GAME.step(board, np.array([cell]))
        moves.append(cell)
        if over[0]:
            won = (YOU if mine else IT) if reward[0] else ""
            end = {YOU: 1.0, IT: -1.0, "": 0.0}[won]
            return State(tuple(moves), won, (*hopes, end), None)
        mine = not mine


def _signed(value: float) -> str:
    return f"{'−' if value < -0.005 else '+'}{abs(value):.2f}"


class GameExplorer(Explorer):
    """Tic-tac-toe against a network, a search, or both: its shares for your move, what it expects for you."""

    size = (9.0, 4.2)
    module = "game"

    def make_controls(self) -> Controls:
        return {
            "moves": ipywidgets.Text("0", description="your moves"),
            "begins": choice("who begins", (YOU, IT)),
            "opponent": choice("opponent", (LEARNED, UNTRAINED, NOBODY)),
            "simulations": ladder("simulations", SIMULATIONS, 32),
            "show": toggle("show what it would do in your place", True),
        }

    def make_figure(self, figure: Figure) -> None:
        board = figure.add_axes((0.02, 0.06, 0.42, 0.84))
        self.curve = figure.add_axes((0.55, 0.16, 0.42, 0.7))
        self.shade = raster(board, cmap="Oranges", vmin=0, vmax=1.2, extent=(0, 3, 3, 0))
        edges = segments(board, colors=plot.GREY, linewidths=1)
        edges.set_segments([[(k, 0), (k, 3)] for k in (1, 2)] + [[(0, k), (3, k)] for k in (1, 2)])
        board.set(xlim=(0, 3), ylim=(3, 0), xticks=[], yticks=[], title="X is you")
        self.marks = texts(board, 9, fontsize=30, weight="bold")
        self.shares = texts(board, 9, fontsize=12)
        self.hope = line(self.curve, "o-", color=plot.BLUE)
        self.now = text(self.curve, 8.8, -0.88, fontsize=12, ha="right")
        self.curve.axhline(0, color=plot.GREY, linewidth=0.8)
        self.curve.set(xlim=(-0.3, 9.3), ylim=(-1.1, 1.1), xlabel="moves played", yticks=(-1, 0, 1))
        self.curve.set_yticklabels(["it wins", "draw", "you win"])
        self.curve.set_title("what it expects")

    def compute(self, moves: str, begins: str, opponent: str, simulations: int, show: bool) -> State:
        return play(moves, begins, opponent, simulations)

    def signs(self, state: State) -> list[str]:
        """ "X", "O" or "" for each cell: X is you."""
        found = [""] * 9
        for k, cell in enumerate(state.moves):
            found[cell] = "X" if (k % 2 == 0) == (self.values["begins"] == YOU) else "O"
        return found

    def draw(self, state: State) -> None:
        signs, shown = self.signs(state), state.thought is not None and self.values["show"]
        share = state.thought.share if state.thought and shown else np.zeros(9)
        self.shade.set_data(share.reshape(3, 3))
        places = [(k % 3 + 0.5, k // 3 + 0.5) for k in range(9)]
        write(self.marks, ((x, y, s) for (x, y), s in zip(places, signs, strict=True) if s))
        for mark in self.marks:
            mark.set_color(plot.VERMILION if mark.get_text() == "X" else plot.BLUE)
        write(
            self.shares,
            (
                (x, y, f"{p:.0%}")
                for (x, y), s, p in zip(places, signs, share, strict=True)
                if shown and not s
            ),
        )
        self.hope.set_data(range(len(state.hopes)), state.hopes)
        self.now.set_text(f"now {_signed(state.hopes[-1])}")

    def describe(self, state: State) -> str:
        ends = {YOU: "You have won.", IT: "It has won.", "": "A draw."}
        if state.won in ends:
            return f"{ends[state.won]} Take a move back, or begin again."
        assert state.thought is not None
        best = int(state.thought.share.argmax())
        how = f"{self.values['simulations']} simulations" if self.values["simulations"] else "no search"
        return (
            f"Your turn. With {how} it expects {_signed(state.hopes[-1])} for you "
            f"(1: you win, −1: it wins), and would play cell {best + 1} in your place, with "
            f"{100 * state.thought.share[best]:.0f} %."
        )

    def scene(self) -> dict[str, Any]:
        state, thought = self.state, self.state.thought
        found: dict[str, Any] = {
            "signs": self.signs(state),
            "hopes": list(state.hopes),
            "over": thought is None,
        }
        shares = (thought.prior, thought.share) if thought else (np.zeros(9), np.zeros(9))
        return found | {"prior": shares[0].tolist(), "share": shares[1].tolist()}

    def page(self) -> dict[str, Any]:
        packed = {}
        for name in (LEARNED, UNTRAINED):
            state = _network(name).state_dict()
            packed[name] = {key: text_of(plain(value).astype(np.float32)) for key, value in state.items()}
        return {"networks": packed, "lines": GAME.lines.tolist()}
