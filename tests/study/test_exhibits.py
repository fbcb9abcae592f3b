"""The picker's table: its ends are known, its notebooks are there, and every page hangs in it."""

import pytest

from nnlearn.study.exhibits import EXHIBITS, INPUTS, OUTPUTS, pick
from tests.support import ROOT


@pytest.mark.parametrize("one", EXHIBITS, ids=lambda one: one.problem)
def test_an_exhibit_is_complete(one):
    assert one.comes_in in INPUTS and one.goes_out in OUTPUTS
    assert (ROOT / "chapters" / one.where).is_file()
    assert all(one), "something of it is not said"


def test_every_page_is_in_the_table_and_every_end_is_used():
    pages = {path.relative_to(ROOT / "chapters").as_posix() for path in ROOT.glob("chapters/*/[a-z]*.ipynb")}
    assert pages == {one.where for one in EXHIBITS if "/" in one.where}
    assert {one.comes_in for one in EXHIBITS} == set(INPUTS)
    assert {one.goes_out for one in EXHIBITS} == set(OUTPUTS)


def test_both_ends_count_and_what_comes_in_counts_more():
    assert [one.problem for one in pick("a picture", "boxes")] == ["object detection"]
    assert {one.comes_in for one in pick("a table", "an action")} == {"a table"}
    for comes_in in INPUTS:
        assert all(pick(comes_in, goes_out) for goes_out in OUTPUTS)


def test_an_unknown_end_is_named():
    with pytest.raises(ValueError, match="goes_out is 'a cake', expected one of a class"):
        pick("a picture", "a cake")
    with pytest.raises(ValueError, match="comes_in is 'milk'"):
        pick("milk", "a class")
