"""Two players, one board, no teacher: self-play with tree search (chapter 24).

`python -m nnlearn.study.games` lets networks learn two games from nothing but the rules, ten of them
tic-tac-toe and five connect four, measures them, and writes the first of each and what was measured. With
`--shift 1000` it starts from other seeds, prints the same figures, and writes nothing.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from nnlearn.engine.primitive import Array, Result, no_grad, plain
from nnlearn.engine.random import RNG, generator
from nnlearn.functions.activations import log_softmax, relu, softmax, tanh
from nnlearn.layers.basic import Linear
from nnlearn.layers.module import Module
from nnlearn.study.companions import keep, keep_study, restore
from nnlearn.training.optim import AdamW

STUDY = Path(__file__).with_name("weights") / "games_study.json"
Evaluate = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]  # boards -> priors (N, A), values (N,)
Player = Callable[[np.ndarray], np.ndarray]  # boards (N, cells) -> actions (N,)

# -- the rules -----------------------------------------------------------------------------------------


class BoardGame:
    """`k` in a row wins, on a board of height × width. With `gravity` a disc falls down its column.

    A state is a row of cells as the player to move sees them: 1 mine, −1 the other's, 0 free.
    """

    def __init__(self, height: int, width: int, k: int, gravity: bool = False) -> None:
        self.height, self.width, self.k, self.gravity = height, width, k, gravity
        self.cells = height * width
        self.actions = width if gravity else self.cells
        self.lines = self._lines()  # (lines, k): the cells of each
        cells = np.arange(self.cells).reshape(height, width)
        turned = [cells, cells[:, ::-1]]
        if not gravity:
            turned += [c[::-1] for c in turned]
            turned += [c.T for c in turned] if height == width else []
        self.symmetries = np.array([c.ravel() for c in turned])  # (symmetries, cells)

    def _lines(self) -> np.ndarray:
        h, w, found = self.height, self.width, []
        for i, j in np.ndindex(h, w):
            for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
                line = [(i + n * down, j + n * right) for n in range(self.k)]
                if all(0 <= a < h and 0 <= b < w for a, b in line):
                    found.append([a * w + b for a, b in line])
        return np.array(found)

    def reset(self, n: int = 1) -> np.ndarray:
        """n empty boards: (n, cells)."""
        return np.zeros((n, self.cells), np.int8)

    def legal(self, boards: np.ndarray) -> np.ndarray:
        """Which actions the rules allow.  (N, cells) -> (N, actions)"""
        return boards[:, : self.actions] == 0

    def step(self, boards: np.ndarray, action: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The boards as the other player sees them, the mover's reward (1 for a win), terminated.

        (N, cells), (N,) -> (N, cells), (N,), (N,). Raises ValueError for an action that is not legal.
        """
        rows = np.arange(len(boards))
        action = np.asarray(action)
        if not self.legal(boards)[rows, action].all():
            raise ValueError(f"step: action is {action}, expected free places of {boards}")
        cell = action
        if self.gravity:
            columns = boards.reshape(-1, self.height, self.width)[rows, :, action]
            cell = ((columns == 0).sum(axis=1) - 1) * self.width + action
        after = boards.copy()
        after[rows, cell] = 1
        won = (after[:, self.lines] == 1).all(axis=2).any(axis=1)
        return -after, won.astype(np.float64), won | (after != 0).all(axis=1)


def tic_tac_toe() -> BoardGame:
    """Three in a row on 3×3."""
    return BoardGame(3, 3, 3)


def connect_four() -> BoardGame:
    """Four in a row on 6×7, with gravity."""
    return BoardGame(6, 7, 4, gravity=True)


# -- the network ---------------------------------------------------------------------------------------


class PolicyValueNet(Module):
    """Boards -> a logit for each action, and the result expected by the player to move, in (−1, 1).

    (N, cells) -> (N, actions), (N,)
    """

    def __init__(self, cells: int, actions: int, width: int, rng: RNG = None) -> None:
        rng = generator(rng)
        self.first = Linear(2 * cells, width, rng=rng)
        self.second = Linear(width, width, rng=rng)
        self.policy = Linear(width, actions, rng=rng)
        self.value = Linear(width, 1, rng=rng)

    def forward(self, boards: np.ndarray) -> tuple[Result, Result]:
        x = np.concatenate([boards == 1, boards == -1], axis=1).astype(self.first.W.data.dtype)
        h: Array = relu(self.second(relu(self.first(x))))
        return self.policy(h), tanh(self.value(h))[:, 0]


def network(game: BoardGame, net: PolicyValueNet) -> Evaluate:
    """What a search asks of a network: priors over the legal actions, and the value."""

    @no_grad()
    def evaluate(boards: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        logits, value = net(boards)
        logits = np.where(game.legal(boards), plain(logits), -np.inf)
        return plain(softmax(logits)), plain(value)

    return evaluate


def nobody(game: BoardGame) -> Evaluate:
    """A search without a network: every legal action alike, and no opinion."""

    def evaluate(boards: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        legal = game.legal(boards)
        return legal / legal.sum(axis=1, keepdims=True), np.zeros(len(boards))

    return evaluate


def playouts(game: BoardGame, rng: RNG = None) -> Evaluate:
    """A search without a network, in its usual form: the value is how one random game from here ends.

    Source: R. Coulom (2006), L. Kocsis and C. Szepesvári (2006): Monte Carlo tree search.
    """
    anyone, alike = random_player(game, rng), nobody(game)

    def evaluate(boards: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value, rows, now, sign = np.zeros(len(boards)), np.arange(len(boards)), boards, 1
        while len(rows):
            now, reward, over = game.step(now, anyone(now))
            value[rows] += sign * reward
            rows, now, sign = rows[~over], now[~over], -sign
        return alike(boards)[0], value

    return evaluate


def mixed(prior: Evaluate, value: Evaluate) -> Evaluate:
    """The priors of one, the values of another."""
    return lambda boards: (prior(boards)[0], value(boards)[1])


# -- the search ----------------------------------------------------------------------------------------


def puct(prior: np.ndarray, visits: np.ndarray, total: np.ndarray, c: float = 1.5) -> np.ndarray:
    """Q + c P √(1 + Σ N) / (1 + N), with Q = total / N, 0 where N is 0.  each (N, A), same out

    Source: D. Silver and others (2017), after C. Rosin (2011); the 1 under the root makes the first choice
    follow the prior.
    """
    Q = total / np.maximum(visits, 1)
    return Q + c * prior * np.sqrt(1 + visits.sum(axis=-1, keepdims=True)) / (1 + visits)


def search(
    game: BoardGame, evaluate: Evaluate, boards: np.ndarray, simulations: int,
    noise: float = 0.0, rng: RNG = None, c: float = 1.5,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Visits of each action, and what the player to move expects, by PUCT: a tree for each board at once.

    (N, cells) -> (N, actions), (N,). With `noise`, that share of the root's prior is a Dirichlet draw.
    Raises ValueError for fewer than one simulation. Source: D. Silver and others (2018).
    """
    if simulations < 1:
        raise ValueError(f"search: simulations is {simulations}, expected at least 1")
    n, A, size = len(boards), game.actions, simulations + 1
    visits, total, prior = (np.zeros((n, size, A)) for _ in range(3))
    child = np.full((n, size, A), -1)  # the node an action leads to
    state = np.zeros((n, size, game.cells), np.int8)
    legal = np.zeros((n, size, A), bool)
    over = np.full((n, size), np.nan)  # the result where a game has ended, for the player to move
    tree = np.arange(n)
    state[:, 0], legal[:, 0] = boards, game.legal(boards)
    prior[:, 0], _ = evaluate(boards)
    if noise:
        draw = generator(rng).gamma(0.6, 1, (n, A)) * legal[:, 0]
        prior[:, 0] = (1 - noise) * prior[:, 0] + noise * draw / draw.sum(axis=1, keepdims=True)
    for new in range(1, size):
        i, node, path, leaf = tree, np.zeros(n, int), [], np.zeros(n, int)
        while len(i):  # down, until each tree has reached a place that it has not seen, or a game's end
            score = puct(prior[i, node], visits[i, node], total[i, node], c)
            action = np.where(legal[i, node], score, -np.inf).argmax(axis=1)
            path.append((i, node, action))
            below = child[i, node, action]
            fresh = below < 0
            if fresh.any():
                j, parent, a = i[fresh], node[fresh], action[fresh]
                child[j, parent, a] = below[fresh] = new
                state[j, new], reward, ended = game.step(state[j, parent], a)
                legal[j, new] = game.legal(state[j, new])
                over[j[ended], new] = -reward[ended]  # the mover's win is a loss for who moves next
            leaf[i] = below
            on = ~fresh & np.isnan(over[i, below])
            i, node = i[on], below[on]
        value = over[tree, leaf]
        ask = np.flatnonzero(np.isnan(value))
        if len(ask):
            prior[ask, new], value[ask] = evaluate(state[ask, new])
        depth = np.zeros(n, int)
        for i, _, _ in path:
            depth[i] += 1
        for level, (i, node, action) in enumerate(path):  # up: what is good for one is bad for the other
            visits[i, node, action] += 1
            total[i, node, action] += np.where((depth[i] - level) % 2, -value[i], value[i])
    return visits[:, 0], total[:, 0].sum(axis=1) / simulations


# -- players -------------------------------------------------------------------------------------------


def searcher(game: BoardGame, evaluate: Evaluate, simulations: int = 0) -> Player:
    """Plays the action visited most; with 0 simulations the one that the prior likes best."""

    def play(boards: np.ndarray) -> np.ndarray:
        if simulations == 0:
            return evaluate(boards)[0].argmax(axis=1)
        return search(game, evaluate, boards, simulations)[0].argmax(axis=1)

    return play


def random_player(game: BoardGame, rng: RNG = None) -> Player:
    """Plays any legal action."""
    rng = generator(rng)
    return lambda boards: (rng.random((len(boards), game.actions)) * game.legal(boards)).argmax(axis=1)


def win_or_block(game: BoardGame, rng: RNG = None) -> Player:
    """Wins where it can at once, else blocks where the other could, else plays any legal action."""
    rng = generator(rng)

    def play(boards: np.ndarray) -> np.ndarray:
        legal = game.legal(boards)
        score = np.where(legal, rng.random(legal.shape), -1)
        for action in range(game.actions):
            rows = np.flatnonzero(legal[:, action])
            for seen, worth in ((boards[rows], 4), (-boards[rows], 2)):
                score[rows, action] += worth * game.step(seen, np.full(len(rows), action))[1]
        return score.argmax(axis=1)

    return play


def duel(
    game: BoardGame, one: Player, other: Player, games: int, opening: int = 0, rng: RNG = None
) -> np.ndarray:
    """How many games `one` wins, draws, loses; it begins half of them.  -> (3,)

    The first `opening` actions of each game are random, and the same for both halves. Raises ValueError for
    an odd number of games.
    """
    if games < 2 or games % 2:
        raise ValueError(f"duel: games is {games}, expected an even number from 2 on")
    found, start = np.zeros(3, int), game.reset(games // 2)
    anyone = random_player(game, rng)
    for _ in range(opening):
        start, _, over = game.step(start, anyone(start))
        start[over] = game.reset(int(over.sum()))  # too short a game begins again
    for first in (0, 1):
        boards, turn = start, 0
        while len(boards):
            mine = turn % 2 == first
            boards, reward, over = game.step(boards, (one if mine else other)(boards))
            found[0 if mine else 2] += int(reward.sum())
            found[1] += int((over & (reward == 0)).sum())
            boards, turn = boards[~over], turn + 1
    return found


def against_everyone(game: BoardGame, player: Player, first: bool) -> np.ndarray:
    """Every game there is against a player: how many it wins, draws, loses.  -> (3,)

    The other side plays every legal action in turn. A position that several games reach is asked about once.
    """
    found, boards, ways, turn = np.zeros(3, int), game.reset(), np.ones(1, int), 0
    while len(boards):
        mine = (turn % 2 == 0) == first
        if mine:
            boards, reward, over = game.step(boards, player(boards))
        else:
            rows, action = np.nonzero(game.legal(boards))
            boards, reward, over = game.step(boards[rows], action)
            ways = ways[rows]
        found[0 if mine else 2] += int(ways[reward > 0].sum())
        found[1] += int(ways[over & (reward == 0)].sum())
        boards, where = np.unique(boards[~over], axis=0, return_inverse=True)
        ways = np.bincount(where.ravel(), ways[~over], len(boards)).astype(int)
        turn += 1
    return found


# -- learning ------------------------------------------------------------------------------------------


def self_play(
    game: BoardGame, evaluate: Evaluate, games: int, simulations: int, rng: RNG = None,
    loose: int = 4,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Boards met, the shares of visits there, and how it ended for the player to move: 1, 0 or −1.

    -> (M, cells), (M, actions), (M,). Half of the games begin with one to three random moves, so that clumsy
    positions are met too; the first `loose` actions are drawn by their shares, later ones are the likeliest.
    """
    rng = generator(rng)
    anyone, boards = random_player(game, rng), game.reset(games)
    extra = rng.integers(1, 4, games) * (rng.random(games) < 0.5)
    for played in range(3):  # too few to end a game of three in a row
        more = extra > played
        boards[more] = game.step(boards[more], anyone(boards[more]))[0]
    alive, result, turn, met = np.arange(games), np.zeros(games), 0, []
    while len(alive):
        visits, _ = search(game, evaluate, boards, simulations, noise=0.25, rng=rng)
        share = visits / visits.sum(axis=1, keepdims=True)
        met.append((boards, share, alive, turn))
        chance = (share.cumsum(axis=1) > rng.random((len(share), 1))).argmax(axis=1)
        action = chance if turn < loose else visits.argmax(axis=1)
        boards, reward, over = game.step(boards, action)
        result[alive] += reward * (1 if turn % 2 == 0 else -1)
        boards, alive, turn = boards[~over], alive[~over], turn + 1
    outcome = [result[who] * (1 if turn % 2 == 0 else -1) for _, _, who, turn in met]
    return np.concatenate([m[0] for m in met]), np.concatenate([m[1] for m in met]), np.concatenate(outcome)


def game_loss(net: PolicyValueNet, boards: np.ndarray, share: np.ndarray, outcome: np.ndarray) -> Result:
    """−Σ_a π_a ln p_a + (z − v)², a mean over the batch: be like the search, and foresee the result."""
    logits, value = net(boards)
    return ((value - outcome) ** 2 - (log_softmax(logits) * share).sum(axis=1)).mean()


def learn(
    game: BoardGame, net: PolicyValueNet, rounds: int, *, games: int = 64, simulations: int = 32,
    steps: int = 80, batch: int = 128, lr: float = 3e-3, memory: int = 8, rng: RNG = None,
) -> Iterator[float]:  # fmt: skip
    """Play, learn from it, play better: yields the last loss of each round. Changes `net`.

    Each round learns from the games of the last `memory` rounds, every board turned or mirrored by chance.
    """
    rng, recent = generator(rng), list[tuple[np.ndarray, ...]]()
    optimizer = AdamW(net.parameters(), lr=lr, weight_decay=1e-3)
    for done in range(rounds):
        recent = [*recent, self_play(game, network(game, net), games, simulations, rng)][-memory:]
        boards, share, outcome = (np.concatenate(part) for part in zip(*recent, strict=True))
        optimizer.lr = lr * (1 - done / rounds)
        for _ in range(steps):
            rows = rng.integers(0, len(boards), batch)
            turn = game.symmetries[rng.integers(0, len(game.symmetries), batch)]
            seen = np.take_along_axis(boards[rows], turn, axis=1)
            wanted = np.take_along_axis(share[rows], turn[:, : game.actions], axis=1)
            optimizer.zero_grad()
            loss = game_loss(net, seen, wanted.astype(np.float32), outcome[rows].astype(np.float32))
            loss.backward()
            optimizer.step()
        yield loss.item()


# -- what the chapter loads ----------------------------------------------------------------------------

WIDTH = {"tic_tac_toe": 64, "connect_four": 128}
LEARNING: dict[str, dict[str, Any]] = {
    "tic_tac_toe": {"rounds": 60},
    "connect_four": {"rounds": 40, "steps": 80, "batch": 256, "lr": 2e-3, "memory": 20},
}
RUNS = {"tic_tac_toe": 10, "connect_four": 5}
SIMULATIONS, GAMES = 32, 200


def make_network(name: str, rng: RNG = None) -> tuple[BoardGame, PolicyValueNet]:
    """A game of `WIDTH` and a fresh network for it. Raises ValueError for another name."""
    if name not in WIDTH:
        raise ValueError(f"make_network: name is {name!r}, expected one of {', '.join(WIDTH)}")
    game = tic_tac_toe() if name == "tic_tac_toe" else connect_four()
    return game, PolicyValueNet(game.cells, game.actions, WIDTH[name], rng=rng)


def load_network(name: str) -> tuple[BoardGame, PolicyValueNet]:
    """A game and the network that has learned it: "tic_tac_toe" or "connect_four"."""
    game, net = make_network(name, 0)
    return game, restore(net, f"games_{name}")


def load_study() -> dict[str, Any]:
    """What `python -m nnlearn.study.games` has measured."""
    return json.loads(STUDY.read_text(encoding="utf-8"))


def measure_everyone(
    game: BoardGame, evaluate: Evaluate, numbers: tuple[int, ...] = (0, SIMULATIONS)
) -> dict[str, list[int]]:
    """Wins, draws, losses among all games against it: with it beginning, then second."""
    found = {}
    for simulations in numbers:
        player = searcher(game, evaluate, simulations)
        each = [against_everyone(game, player, first) for first in (True, False)]
        found[f"{simulations} simulations"] = [int(count) for counts in each for count in counts]
    return found


def measure_duels(game: BoardGame, net: PolicyValueNet, seed: int) -> dict[str, list[int]]:
    """Wins, draws, losses of the network against players that need none, and against its untrained self."""
    alone, with_search = (searcher(game, network(game, net), k) for k in (0, SIMULATIONS))
    _, untrained = make_network("connect_four", seed)
    without = nobody(game)
    pairs = {
        "alone, win or block": (alone, win_or_block(game, seed)),
        "win or block": (with_search, win_or_block(game, seed)),
        "untrained": (with_search, searcher(game, network(game, untrained), SIMULATIONS)),
        "no network": (with_search, searcher(game, without, SIMULATIONS)),
        "no network, 10 times the simulations": (with_search, searcher(game, without, 10 * SIMULATIONS)),
        "no network, against win or block": (searcher(game, without, SIMULATIONS), win_or_block(game, seed)),
    }
    return {
        name: duel(game, *players, GAMES, opening=4, rng=seed).tolist() for name, players in pairs.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Let networks learn two games by playing against themselves."
    )
    parser.add_argument(
        "--shift", type=int, default=0, help="added to every seed; with it nothing is written"
    )
    shift = parser.parse_args().shift
    study: dict[str, Any] = {"shift": shift, "tic_tac_toe": [], "connect_four": []}
    for name in WIDTH:
        for k in range(RUNS[name]):
            seed = shift + k
            game, net = make_network(name, seed)
            for _ in learn(game, net, rng=seed, **LEARNING[name]):
                pass
            if k == 0 and not shift:
                keep(net, f"games_{name}")
                net = load_network(name)[1]  # what is measured is what is kept, in half precision
            measured = (
                measure_everyone(game, network(game, net))
                if name == "tic_tac_toe"
                else measure_duels(game, net, seed)
            )
            study[name].append({"seed": seed, **measured})
            print(name, study[name][-1], flush=True)
    game = tic_tac_toe()
    study["no_network"] = measure_everyone(game, nobody(game), (10 * SIMULATIONS, 50 * SIMULATIONS))
    keep_study(study, STUDY)


if __name__ == "__main__":
    main()
