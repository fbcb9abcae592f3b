"""The games: rules, search and players against slow and independent ways to say the same."""

from collections.abc import Callable

import numpy as np
import pytest

import nnlearn as nn
from nnlearn.study import games
from nnlearn.study.games import (
    BoardGame,
    PolicyValueNet,
    against_everyone,
    connect_four,
    duel,
    game_loss,
    learn,
    load_network,
    load_study,
    make_network,
    mixed,
    network,
    nobody,
    playouts,
    puct,
    random_player,
    search,
    searcher,
    self_play,
    tic_tac_toe,
    win_or_block,
)

GAMES = {"tic-tac-toe": tic_tac_toe(), "connect four": connect_four()}
every_game = pytest.mark.parametrize("game", GAMES.values(), ids=GAMES)


def after(game: BoardGame, *actions: int) -> np.ndarray:
    boards = game.reset()
    for action in actions:
        boards, _, _ = game.step(boards, np.array([action]))
    return boards


# -- the rules -----------------------------------------------------------------------------------------


def test_there_are_as_many_lines_as_one_counts():
    assert len(tic_tac_toe().lines) == 8 and len(connect_four().lines) == 69


def has_line(board: np.ndarray, k: int) -> bool:
    """Somewhere k ones in a row, looked for by shifting the board."""
    found = False
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        run = board == 1
        for _ in range(k - 1):
            moved = np.zeros_like(run)
            source = run[max(down, 0) :, max(right, 0) : run.shape[1] + min(right, 0)]
            moved[: len(source), max(-right, 0) : max(-right, 0) + source.shape[1]] = source
            run = moved & (board == 1)
        found |= bool(run.any())
    return found


@every_game
def test_wins_are_what_a_slow_look_finds(game: BoardGame):
    rng = np.random.default_rng(0)
    boards, anyone, wins = game.reset(200), random_player(game, rng), 0
    while len(boards):
        boards, reward, over = game.step(boards, anyone(boards))
        slow = [has_line(-b.reshape(game.height, game.width), game.k) for b in boards]
        assert (reward == 1).tolist() == slow
        assert (over == ((reward == 1) | (boards != 0).all(axis=1))).all()
        wins, boards = wins + sum(slow), boards[~over]
    assert wins > 100


def test_discs_fall():
    board = after(connect_four(), 3, 3, 2)[0].reshape(6, 7)
    assert board[5, 3] == -1 and board[4, 3] == 1 and board[5, 2] == -1 and abs(board).sum() == 3
    full = after(connect_four(), 0, 0, 0, 0, 0, 0)
    assert connect_four().legal(full)[0].tolist() == [False] + [True] * 6


@every_game
def test_a_turned_board_is_as_good(game: BoardGame):
    rng = np.random.default_rng(1)
    boards = after(game, 3, 2, 0)
    for turn in game.symmetries:
        action = int(rng.choice(np.flatnonzero(game.legal(boards)[0])))
        moved = int(np.flatnonzero(turn[: game.actions] == action)[0])
        plain, reward, _ = game.step(boards, np.array([action]))
        turned, same, _ = game.step(boards[:, turn], np.array([moved]))
        np.testing.assert_array_equal(plain[:, turn], turned)
        assert reward == same
    assert len(np.unique(game.symmetries, axis=0)) == (2 if game.gravity else 8)


# -- the search ----------------------------------------------------------------------------------------


def slow_search(game: BoardGame, evaluate: games.Evaluate, board: np.ndarray, simulations: int) -> np.ndarray:
    """One tree of dictionaries, one simulation after the other."""
    tree = {(): [evaluate(board)[0][0], np.zeros(game.actions), np.zeros(game.actions)]}

    def simulate(path: tuple, board: np.ndarray) -> float:
        P, N, W = tree[path]
        a = int(np.where(game.legal(board)[0], puct(P, N, W), -np.inf).argmax())
        below, reward, over = game.step(board, np.array([a]))
        if over[0]:
            v = -reward[0]
        elif (*path, a) in tree:
            v = simulate((*path, a), below)
        else:
            prior, value = evaluate(below)
            tree[(*path, a)] = [prior[0], np.zeros(game.actions), np.zeros(game.actions)]
            v = value[0]
        N[a] += 1
        W[a] -= v
        return -v

    values = [simulate((), board) for _ in range(simulations)]
    return np.append(tree[()][1], np.mean(values))


@every_game
def test_search_is_a_slow_search_of_each_board(game: BoardGame):
    net = PolicyValueNet(game.cells, game.actions, 16, rng=0)
    net.astype(np.float64)
    boards = np.concatenate([game.reset(), after(game, 0, 1, 2), after(game, 4, 3, 0, 2, 1)])
    visits, value = search(game, network(game, net), boards, 60)
    for row, board in enumerate(boards):
        slow = slow_search(game, network(game, net), board[None], 60)
        np.testing.assert_array_equal(visits[row], slow[:-1])
        assert value[row] == pytest.approx(slow[-1])


def test_search_sees_a_win_and_a_threat():
    game = tic_tac_toe()
    win = np.array([[1, 1, 0, -1, -1, 0, 0, 0, 0]])
    threat = np.array([[-1, -1, 0, 1, 0, 0, 0, 0, 1]])
    visits, value = search(game, nobody(game), np.concatenate([win, threat]), 200)
    assert visits.argmax(axis=1).tolist() == [2, 2]
    assert value[0] > 0.8 and visits.sum(axis=1).tolist() == [200, 200]


def test_noise_moves_the_visits_and_stays_with_what_is_legal():
    game, board = tic_tac_toe(), after(tic_tac_toe(), 4, 0)
    plain, _ = search(game, nobody(game), board, 30)
    noisy, _ = search(game, nobody(game), board, 30, noise=0.5, rng=0)
    assert (plain != noisy).any() and noisy[0, 4] == noisy[0, 0] == 0


# -- players -------------------------------------------------------------------------------------------


def slow_count(player: games.Player, first: bool) -> list[int]:
    """Every game, one by one, by recursion."""
    game, found = tic_tac_toe(), [0, 0, 0]

    def go(boards: np.ndarray, mine: bool) -> None:
        actions = player(boards) if mine else np.flatnonzero(game.legal(boards)[0])
        for action in actions:
            below, reward, over = game.step(boards, np.array([action]))
            if over[0]:
                found[1 if not reward[0] else 0 if mine else 2] += 1
            else:
                go(below, not mine)

    go(game.reset(), first)
    return found


@pytest.mark.parametrize("first", [True, False])
def test_against_everyone_plays_each_game_once(first: bool):
    lowest = lambda boards: (boards == 0).argmax(axis=1)  # noqa: E731
    assert against_everyone(tic_tac_toe(), lowest, first).tolist() == slow_count(lowest, first)


def test_the_learned_network_loses_no_game_of_tic_tac_toe():
    game, net = load_network("tic_tac_toe")
    for simulations in (0, 32):
        player = searcher(game, network(game, net), simulations)
        assert [against_everyone(game, player, first)[2] for first in (True, False)] == [0, 0]


def test_win_or_block_wins_and_else_blocks():
    game = connect_four()
    both = after(game, 0, 6, 0, 6, 0, 6)  # three each, one above the other
    assert win_or_block(game, 0)(np.concatenate([both, -both])).tolist() == [0, 6]
    threat = after(game, 0, 6, 0, 5, 0)
    assert win_or_block(game, 0)(threat).tolist() == [0]


def test_duel_counts_every_game_and_both_begin():
    game = tic_tac_toe()
    assert duel(game, random_player(game, 0), random_player(game, 1), 50, rng=0).sum() == 50
    good, bad = win_or_block(game, 0), random_player(game, 1)
    one, other = duel(game, good, bad, 200, opening=1, rng=0), duel(game, bad, good, 200, opening=1, rng=0)
    assert one[0] > 120 and other[2] > 120


# -- learning ------------------------------------------------------------------------------------------


def test_self_play_gives_boards_shares_and_results_that_fit():
    game = tic_tac_toe()
    boards, share, outcome = self_play(game, nobody(game), 20, 8, 0)
    np.testing.assert_allclose(share.sum(axis=1), 1)
    assert not share[~game.legal(boards)].any()
    assert set(np.unique(outcome)) <= {-1.0, 0.0, 1.0} and (outcome != 0).any()
    win = game.lines[:, :, None] * 0 + boards[:, game.lines].transpose(1, 2, 0)
    assert not (win == 1).all(axis=1).any(), "no board is asked about after its game's end"


def test_outcomes_are_the_results_for_the_player_to_move():
    game, last = tic_tac_toe(), []
    for seed in range(8):
        boards, _, outcome = self_play(game, nobody(game), 1, 8, seed)
        assert (outcome[1:] == -outcome[:-1]).all(), "the players take turns"
        last.append(outcome[-1])
        assert (np.diff((boards != 0).sum(axis=1)) == 1).all()
    assert set(last) == {0.0, 1.0}, "the last move wins, or fills the board"


def test_game_loss_is_the_formula():
    net = PolicyValueNet(9, 9, 8, rng=0)
    boards, share, z = after(tic_tac_toe(), 4), np.full((1, 9), 1 / 9), np.array([0.5])
    logits, v = net(boards)
    p = nn.softmax(logits.data)
    expected = (z - v.data) ** 2 - (share * np.log(p)).sum()
    assert game_loss(net, boards, share, z).item() == pytest.approx(expected.item(), rel=1e-5)


def test_learning_makes_fewer_games_lost():
    game, net = make_network("tic_tac_toe", 3)
    lost = lambda: sum(  # noqa: E731
        against_everyone(game, searcher(game, network(game, net)), first)[2] for first in (True, False)
    )
    before = lost()
    losses = list(learn(game, net, 6, games=32, simulations=16, rng=3))
    assert len(losses) == 6 and lost() < 0.5 * before


@every_game
def test_a_playout_says_how_a_random_game_ends_for_the_player_to_move(game):
    lead = game.reset()
    lead[0, [3, 4] if game.cells == 9 else [38, 39, 40]] = 1  # mine, one short of a line
    boards = np.concatenate([lead, -lead])
    found = np.mean([playouts(game, seed)(boards)[1] for seed in range(200)], axis=0)
    assert found[0] > 0.2 > -0.2 > found[1]  # random players win with such a lead, on either side
    values = playouts(game, 0)(game.reset(50))[1]
    assert set(values) <= {-1.0, 0.0, 1.0} and {-1.0, 1.0} <= set(values)
    np.testing.assert_array_equal(playouts(game, 0)(boards)[0], nobody(game)(boards)[0])


def test_a_playout_one_move_from_the_end_is_that_end():
    game = tic_tac_toe()
    board = np.array([[1, -1, 1, 1, -1, -1, -1, 1, 0]], np.int8)  # full then, and nobody has won
    win = np.array([[1, -1, -1, -1, 1, 1, -1, 1, 0]], np.int8)  # the diagonal is mine then
    assert playouts(game, 0)(board)[1] == 0 and playouts(game, 0)(win)[1] == 1


def test_mixed_takes_priors_from_one_and_values_from_the_other():
    game, net = make_network("connect_four", 1)
    known, blind, boards = network(game, net), nobody(game), game.reset(3)
    for prior, value in ((known, blind), (blind, known)):
        p, v = mixed(prior, value)(boards)
        np.testing.assert_array_equal(p, prior(boards)[0])
        np.testing.assert_array_equal(v, value(boards)[1])


def test_the_study_has_what_the_chapter_reads():
    study = load_study()
    assert [len(study[name]) for name in ("tic_tac_toe", "connect_four")] == [10, 5]
    assert (
        study["no_network"]["320 simulations"][2::3]
        != [0, 0]
        == study["no_network"]["1600 simulations"][2::3]
    )
    game, net = load_network("tic_tac_toe")
    assert games.measure_everyone(game, network(game, net)).items() <= study["tic_tac_toe"][0].items()
    assert all(sum(counts) == games.GAMES for k, counts in study["connect_four"][0].items() if k != "seed")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda g: g.step(after(g, 4), np.array([4])), r"action is \[4\], expected free places"),
        (lambda g: search(g, nobody(g), g.reset(), 0), "simulations is 0, expected at least 1"),
        (lambda g: duel(g, random_player(g), random_player(g), 3), "games is 3, expected an even number"),
        (lambda g: make_network("chess"), "name is 'chess', expected one of tic_tac_toe, connect_four"),
    ],
)
def test_bad_input_is_named(call: Callable, words: str):
    with pytest.raises(ValueError, match=words):
        call(tic_tac_toe())
