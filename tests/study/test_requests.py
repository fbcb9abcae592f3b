"""The small world: every answer follows from its request, and rows keep their places."""

import numpy as np
import pytest

from nnlearn.study import requests
from nnlearn.study.requests import ASKED, KINDS, LINES, ROOM, WIDTH


def expected(text):
    words = text.rstrip(".?").replace(".", "").split()
    if words[0] == "add":
        return str(int(words[1]) + int(words[3]))
    if "?" in text:
        return words[2]
    return {"repeat": words[1], "reverse": words[1][::-1], "shout": words[1].upper()}[words[0]]


def test_answers_are_right_and_kinds_come_in_turn():
    drawn = requests.draw_requests(200, 1)
    assert [r.kind for r in drawn[:5]] == list(KINDS)
    for r in drawn:
        assert r.answer == expected(r.text) and len(r.text) < ASKED and len("it is " + r.answer) < ROOM


@pytest.mark.parametrize("kind", LINES)
def test_pages_fill_their_width_and_the_mask_leaves_out_what_fills_up(kind):
    ids, mask = requests.draw_pages(30, 2, (kind,))
    assert ids.shape == mask.shape == (30, WIDTH)
    for row, m in zip(ids, mask, strict=True):
        text = requests.tokenizer.decode(row)
        assert text.endswith("\n") and m.sum() == len(text.lstrip("\n"))
        assert kind != "exercises" or len(text.split("\n")) > 2


def test_pairs_put_answers_at_their_place_with_the_line_end_in_the_mask():
    ids, mask = requests.encode_pairs(["add 2 and 3.", "toad is blue. toad?"], ["5", "it is blue"])
    assert requests.decode_answers(ids) == ["5", "it is blue"]
    assert mask.sum(axis=1).tolist() == [2, 11] and not mask[:, :ASKED].any()
    assert requests.tokenizer.decode(ids[0][mask[0]]) == "5\n"


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="20 characters, expected below 20"):
        requests.encode_requests(["x" * 20])
    with pytest.raises(ValueError, match="11 characters, expected below 11"):
        requests.encode_pairs(["add 2 and 3."], ["x" * 11])
    with pytest.raises(ValueError, match="kind is 'sing', expected one of repeat"):
        requests.draw_request("sing")


def test_the_same_seed_draws_the_same():
    np.testing.assert_array_equal(requests.draw_pages(9, 3)[0], requests.draw_pages(9, 3)[0])
    assert requests.draw_requests(9, 3) == requests.draw_requests(9, 3) != requests.draw_requests(9, 4)
