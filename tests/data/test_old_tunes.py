"""Old tunes: read as they are written, within an octave or two, and different from each other."""

import pytest

import nnlearn as nn
from nnlearn.data.old_tunes import read_abc


def test_letters_become_notes():
    assert read_abc("C2 G,1 c4 B3") == [(60, 2), (55, 1), (72, 4), (71, 3)]
    assert read_abc("") == []


@pytest.mark.parametrize("text, at", [("C2 H2", "H2"), ("C", "C"), ("C2,", ","), ("C0", "C0")])
def test_what_is_no_note_is_named(text, at):
    with pytest.raises(ValueError, match=f"'{at}' is no note"):
        read_abc(text)


def test_eighteen_tunes_of_some_length_and_all_different():
    tunes = nn.data.tunes()
    assert len(tunes) == 18 == len({tuple(notes) for notes in tunes.values()})
    for notes in tunes.values():
        assert 20 <= len(notes) <= 70 and all(55 <= midi <= 72 for midi, _ in notes)
        assert all(midi % 12 in (0, 2, 4, 5, 7, 9, 11) for midi, _ in notes), "C major"
