"""The game explorer: what a page computes alone is NumPy's, and a reader can play there."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from nnlearn.study import games
from nnlearn.widgets import GameExplorer
from nnlearn.widgets.game import IT, LEARNED, NOBODY, SIMULATIONS, UNTRAINED, YOU, play, think
from tests.support.figures import Standing, functions

SOME = ["", "0", "48", "1027", "8 1 x 3", "777", "24613", "012345678", "hello"]


@pytest.mark.parametrize("moves", SOME)
@pytest.mark.parametrize("begins", [YOU, IT])
def test_a_game_is_legal_and_its_end_is_told(moves: str, begins: str):
    state = play(moves, begins, LEARNED, 8)
    assert len(set(state.moves)) == len(state.moves) <= 9
    assert len(state.hopes) == len(state.moves) + 1
    assert (state.thought is None) == (state.won != "-")
    assert all(-1 <= hope <= 1 for hope in state.hopes)


def test_your_moves_are_answered_and_what_is_taken_is_passed_over():
    game = play("4", YOU, LEARNED, 32)
    assert game.moves[0] == 4 and len(game.moves) == 2
    assert play(f"4{game.moves[1]}4x9", YOU, LEARNED, 32) == game


def test_nobody_beats_it():
    """Every game that a reader can play, with the default settings."""

    def go(moves: str) -> set[str]:
        state = play(moves, YOU, LEARNED, 32)
        if state.won != "-":
            return {state.won}
        return set().union(*(go(moves + str(k)) for k in range(9) if k not in state.moves))

    assert go("") <= {IT, ""}


def test_a_thought_is_the_search_of_the_board():
    board = (1, -1, 0, 0, 1, 0, 0, 0, -1)
    game, net = games.load_network("tic_tac_toe")
    net.astype(np.float64)
    evaluate = games.network(game, net)
    visits, value = games.search(game, evaluate, np.array([board]), 32)
    thought = think(board, LEARNED, 32)
    np.testing.assert_array_equal(thought.share * 32, visits[0])
    assert thought.value == value[0]
    np.testing.assert_array_equal(think(board, LEARNED, 0).share, evaluate(np.array([board]))[0][0])


def test_says_who_has_won():
    assert GameExplorer(moves="426", opponent=NOBODY, simulations=8).sentence.startswith("You have won.")
    widget = GameExplorer(moves="1", begins=YOU)
    assert widget.signs(widget.state).count("X") == widget.signs(widget.state).count("O") == 1


# -- in a browser --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def modules(browser: Browser) -> Page:
    page = functions(browser, "game", "evaluate", "search", "play", "bytes")
    page.evaluate(
        """(given) => {
            const floats = (text) => Float64Array.from(new Float32Array(nn.bytes(text).buffer));
            const each = (object, f) => Object.fromEntries(Object.entries(object).map(([k, v]) => [k, f(v)]));
            nn.lines = given.lines;
            nn.nets = each(given.networks, (packed) => each(packed, floats));
        }""",
        GameExplorer().page(),
    )
    return page


def positions() -> list[tuple[int, ...]]:
    """Some boards on which the game goes on, of every length."""
    game, rng = games.tic_tac_toe(), np.random.default_rng(0)
    boards, found = game.reset(6), []
    while len(boards):
        found += [tuple(board) for board in boards.tolist()]
        boards, _, over = game.step(boards, games.random_player(game, rng)(boards))
        boards = boards[~over]
    return found


@pytest.mark.parametrize("opponent", [LEARNED, UNTRAINED, NOBODY])
def test_the_pages_search_is_numpys(opponent: str, modules: Page):
    boards = positions()
    found = modules.evaluate(
        """([boards, name, simulations]) => boards.map((board) => {
            const { prior, value } = nn.evaluate(board, nn.nets[name]);
            return [prior, value, ...simulations.map((n) => nn.search(board, nn.nets[name], n, nn.lines))];
        })""",
        [boards, opponent, SIMULATIONS[1:]],
    )
    for board, (prior, value, *searched) in zip(boards, found, strict=True):
        at_once = think(board, opponent, 0)
        np.testing.assert_allclose(prior, at_once.prior, atol=1e-9)
        assert value == pytest.approx(at_once.value, abs=1e-9)
        for simulations, result in zip(SIMULATIONS[1:], searched, strict=True):
            thought = think(board, opponent, simulations)
            np.testing.assert_array_equal(result["visits"], thought.share * simulations)
            assert result["value"] == pytest.approx(thought.value, abs=1e-9)


@pytest.mark.parametrize("begins", [YOU, IT])
def test_the_pages_games_are_numpys(begins: str, modules: Page):
    found = modules.evaluate(
        "([some, begins, name]) => some.map((moves) => nn.play(moves, begins, nn.nets[name], 32, nn.lines))",
        [SOME, begins, LEARNED],
    )
    for moves, theirs in zip(SOME, found, strict=True):
        ours = play(moves, begins, LEARNED, 32)
        assert theirs["moves"] == list(ours.moves) and theirs["won"] == ours.won
        np.testing.assert_allclose(theirs["hopes"], ours.hopes, atol=1e-9)


def test_a_reader_plays(browser: Browser, tmp_path: Path):
    widget = GameExplorer()
    reader = Standing(widget, browser, tmp_path)
    page = reader.page
    expect(reader.status).to_have_text(widget.sentence)
    reader.press("New game")
    expect(reader.status).to_have_text(GameExplorer(moves="").sentence)
    page.get_by_role("button", name="cell 2: free").click()
    expect(reader.status).to_have_text(GameExplorer(moves="1").sentence)
    assert page.locator(".cell.X").count() == page.locator(".cell.O").count() == 1
    reader.press("Take back")
    expect(reader.status).to_have_text(GameExplorer(moves="").sentence)
    page.get_by_label("opponent").select_option(NOBODY)
    page.get_by_label("simulations").fill("1")  # the second rung: 8
    for cell in (5, 3, 7):
        page.get_by_role("button", name=f"cell {cell}: free").click()
    reader.says("You have won.")
    assert page.locator(".cell:enabled").count() == 0
    page.get_by_label("who begins").select_option(IT)
    expect(page.locator(".cell.O").first).to_be_visible()
    assert not reader.complaints and "begins=it" in page.url
