"""The card of a check: outputs by their names, wrong numbers marked, large matrices as pictures."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from nnlearn.exercises import check, find_exercise
from nnlearn.exercises.card import LARGEST, MOST, side_by_side
from nnlearn.exercises.comparison import difference, wrong_elements
from nnlearn.exercises.spec import chapter_exercises, chapter_modules

RTOL, ATOL = 1e-5, 1e-7
MARKED = "font-weight:700'>"


def marked(card: str) -> list[str]:
    return re.findall(f"{MARKED}([^<]*)</td>", card)


def test_wrong_numbers_and_no_others_are_marked():
    want = np.array([[1.0, 2.0], [np.nan, -3.0]])
    have = np.array([[1.0 + 1e-9, 2.5], [np.nan, np.inf]])
    assert marked(side_by_side(want, have, RTOL, ATOL)) == ["2.5", "inf"]
    assert marked(side_by_side(np.arange(3), np.array([0, 1, 3]), RTOL, ATOL)) == ["3"]


@pytest.mark.parametrize("seed", range(20))
def test_an_element_is_wrong_where_the_sentence_says_so(seed):
    rng = np.random.default_rng(seed)
    want = rng.normal(size=(3, 4)) * 10.0 ** rng.integers(-9, 9, (3, 4))
    have = np.where(rng.random((3, 4)) < 0.3, want * (1 + 10.0 ** rng.integers(-8, 0, (3, 4))), want)
    count = wrong_elements(want, have, RTOL, ATOL).sum()
    said = difference(want, have, RTOL, ATOL)
    assert (f"{count} of 12 elements" in said) if count else not said


def test_outputs_stand_by_their_names():
    result = check("10.6", lambda truth, guess: (0.25, 0.75))
    assert "`recall`: the value should be" in result.message
    card = result._repr_html_()
    assert ">recall</td>" in card and ">precision</td>" in card and "0.25" in marked(card)
    assert result.case.expected.keys() == {"recall", "precision"}


def test_named_outputs_still_say_when_one_is_missing():
    assert "expected 2 values (a number, a number), got" in check("10.6", lambda truth, guess: 0.5).message
    assert "expected 2 values" in check("10.6", lambda truth, guess: (1, 2, 3)).message


def test_every_name_belongs_to_an_output():
    """What has names returns as many values, on every input."""
    from nnlearn.exercises.judge import run_answer

    named = [e for ch in chapter_modules() for e in chapter_exercises(ch).values() if e.outputs]
    assert len(named) >= 25
    for exercise in named:
        outcomes = run_answer(exercise, exercise.reference, exercise.make_cases(0))
        for name, outcome in outcomes.items():
            assert isinstance(exercise.named(outcome.value), dict), f"{exercise.id}, {name}"


def test_what_a_sentence_says_as_well_is_not_shown():
    assert not side_by_side(np.array(1.0), np.array(2.0), RTOL, ATOL)
    assert not side_by_side("higher", "lower", RTOL, ATOL)
    assert not side_by_side(np.zeros((2, 2, 2)), np.ones((2, 2, 2)), RTOL, ATOL)
    assert not side_by_side(np.ones((9, 9)) * 1j, np.ones((9, 9)), RTOL, ATOL)
    assert not side_by_side(np.zeros((0, 3)), np.ones((0, 3)), RTOL, ATOL)
    assert "<td" not in check("10.1", "lower")._repr_html_(), "nothing tells a prediction's answer"


def test_other_shapes_stand_beside_each_other():
    card = side_by_side(np.zeros((2, 3)), np.zeros(3), RTOL, ATOL)
    assert "shape (2, 3)" in card and "shape (3,)" in card and not marked(card)


def test_a_long_row_is_cut():
    card = side_by_side(np.arange(100.0), np.arange(100.0) + 1, RTOL, ATOL)
    assert card.count("monospace") == 2 * MOST and card.count("…") == 2


def test_a_large_matrix_is_a_picture_with_one_scale_for_both():
    want = np.zeros((10, 1000))
    want[0, 0], have = 5.0, np.zeros((10, 1000))
    have[9, 0], have[1, 0] = -10.0, np.nan
    pictures = [
        np.asarray(Image.open(io.BytesIO(base64.b64decode(text))))
        for text in re.findall(r"base64,([^']+)'", side_by_side(want, have, RTOL, ATOL))
    ]
    assert [p.shape for p in pictures] == [(10, LARGEST, 3)] * 2
    assert pictures[0][5, 5].tolist() == [255, 255, 255] and pictures[1][9, 0].tolist() == [0, 114, 178]
    halfway = pictures[0][0, 0].astype(int)
    assert abs(halfway - (np.array([213, 94, 0]) + 255) / 2).max() <= 1


def test_nothing_that_was_given_is_html():
    bad = "<script>alert(1)</script>"
    card = side_by_side({bad: np.ones(2), "b": "x"}, {bad: np.zeros(2), "b": bad}, RTOL, ATOL)
    assert "<script" not in card and "&lt;script&gt;" in card


def test_in_the_notebook_a_pass_says_what_comes_next(monkeypatch, tmp_path):
    monkeypatch.setenv("NNLEARN_HOME", str(tmp_path))
    assert not check("10.2", np.sqrt(2 / 200)).standing, "elsewhere the outcome is the same each time"
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "10_training.ipynb"))
    assert not check("10.1", "lower").standing
    graded = [e for e in chapter_exercises("10").values() if e.graded]
    assert check("10.1", "higher").standing == f"2 of {len(graded)} · next: 10.3 {graded[2].title}"
    for exercise in graded[2:]:
        (tmp_path / "progress-2" / f"{exercise.id}.passed").touch()
    assert check("10.1", "higher").standing == f"{len(graded)} of {len(graded)} · the chapter is done"
    (tmp_path / "progress-2" / "10.2.passed").unlink()
    assert "next: 10.2 " in check("10.1", "higher")._repr_html_()
    assert find_exercise("10.2").title in check("10.1", "higher").standing


def test_after_three_different_tries_the_way_to_ours_is_shown(monkeypatch, tmp_path):
    monkeypatch.setenv("NNLEARN_HOME", str(tmp_path))
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "10_training.ipynb"))
    assert [check("10.2", wrong).standing for wrong in (0.5, 0.5, 0.6)] == ["", "", ""]
    way = "3 different answers tried: `nnlearn solution 10.2` shows ours beside yours"
    assert check("10.2", 0.7).standing == way
    assert "<code>nnlearn solution 10.2</code>" in check("10.2", 0.7)._repr_html_()
    assert check("10.2", np.sqrt(2 / 200)).standing != way
