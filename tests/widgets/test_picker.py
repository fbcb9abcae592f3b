"""The picker: what it shows is what the table says, for every question."""

from nnlearn.study.exhibits import INPUTS, OUTPUTS, pick
from nnlearn.widgets import Picker


def test_every_question_has_an_answer_of_the_table():
    picker = Picker()
    for comes_in in INPUTS:
        for goes_out in OUTPUTS:
            picker.set(comes_in=comes_in, goes_out=goes_out)
            assert picker.state.fits == tuple(pick(comes_in, goes_out))
            shown = picker.state.shown
            assert shown.network in picker.sentence and shown.where in picker.sentence
            assert picker.state.exact != picker.sentence.startswith("Nothing here leads")


def test_the_slider_walks_through_those_that_fit_and_rests_where_one_fits():
    picker = Picker(comes_in="words", goes_out="a class")
    shown = []
    for fit in range(1, 7):
        picker.set(fit=fit)
        shown.append(picker.state.shown)
    assert tuple(shown[: len(picker.state.fits)]) == picker.state.fits
    assert not picker.controls["fit"].disabled
    picker.set(comes_in="a picture", goes_out="boxes")
    assert picker.controls["fit"].disabled
