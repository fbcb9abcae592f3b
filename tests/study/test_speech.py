"""Spelling is read by its rules, a voice says what is read, networks and pieces speak, judges can tell."""

import numpy as np
import pytest

from nnlearn.study import speech

WORDS = speech.words(40, rng=0)
RECORDED = speech.record(WORDS[:30], rng=1)


@pytest.mark.parametrize(
    ("word", "read"),
    [
        ("mate", ["m", "A", "t", ""]),
        ("mat", ["m", "a", "t"]),
        ("celu", ["s", "e", "l", "u"]),
        ("calu", ["k", "a", "l", "u"]),
        ("nice", ["n", "I", "s", ""]),
        ("ricut", ["r", "i", "k", "u", "t"]),
        ("kirra", ["k", "i", "r", "", "a"]),
        ("matte", ["m", "a", "t", "", "e"]),  # two consonants: no long vowel
        ("losha", ["l", "o", "S", "", "a"]),
        ("loshe", ["l", "O", "S", "", ""]),
        ("me", ["m", "e"]),
    ],
)
def test_spelling_is_read_by_its_rules(word, read):
    assert speech.sounds_of(word) == read


@pytest.mark.parametrize("word", ["", "Mat", "hat", "box"])
def test_a_word_that_cannot_be_read_is_named(word):
    with pytest.raises(ValueError, match=f"word is '{word}'"):
        speech.sounds_of(word)


def test_words_differ_and_meet_every_rule():
    assert len(set(WORDS)) == 40 and WORDS == speech.words(40, rng=0)
    read = [speech.sounds_of(word) for word in WORDS]
    assert {name for one in read for name in one} >= {"", "A", "I", "O", "s", "k", "S", *"aeiou"}


def test_lengths_are_nought_where_nothing_is_said_and_longest_at_the_end():
    assert (speech.lengths("matte", rng=0) > 0).tolist() == [True, True, True, False, True]
    many = np.array([speech.lengths("mama", rng=k) for k in range(50)])
    assert many[:, 3].mean() > many[:, 1].mean() + 2
    assert many.std(axis=0).max() < 1.5


def test_spectra_come_back_as_sound():
    x = np.random.default_rng(0).normal(size=30 * speech.HOP)
    X = speech.stft(x)
    assert X.shape == (30, speech.WINDOW // 2 + 1)
    np.testing.assert_allclose(speech.istft(X), x, atol=1e-9)


def test_griffin_lim_comes_nearer_with_every_round():
    size = np.abs(speech.stft(RECORDED[0].x))
    errors = []
    for rounds in (0, 3, 30):
        found = np.abs(speech.stft(speech.griffin_lim(size, rounds, rng=0)))
        errors.append(np.linalg.norm(found - size) / np.linalg.norm(size))
    assert errors[0] > errors[1] > errors[2] and errors[2] < 0.25


def test_a_vowel_has_its_pitch_and_an_s_hisses_high():
    for voice, (pitch, _) in enumerate(speech.VOICES):
        x = speech.say("ma", np.array([9, 40]), voice, rng=0)
        assert len(x) == 49 * speech.HOP
        steady = x[15 * speech.HOP : 45 * speech.HOP]
        alike = np.correlate(steady, steady, "full")[len(steady) - 1 :]
        lag = int(np.argmax(alike[30:120])) + 30
        assert speech.RATE / lag == pytest.approx(pitch, rel=0.04)
    hiss = np.abs(speech.stft(speech.say("sa", np.array([20, 10]), rng=0))[4:15]).mean(axis=0)
    assert hiss[90:].mean() > 5 * hiss[:40].mean()


def test_recordings_are_as_long_as_their_frames():
    assert len(RECORDED) == 60 and {one.voice for one in RECORDED} == {0, 1}
    assert all(len(one.x) == one.frames.sum() * speech.HOP for one in RECORDED)
    assert all(np.isfinite(one.x).all() and 0.1 < np.abs(one.x).max() < 3 for one in RECORDED)


def test_pieces_of_a_recorded_word_are_that_word():
    pieces = speech.Pieces(RECORDED)
    for one in RECORDED[:6]:
        np.testing.assert_allclose(pieces(one.word, one.voice), np.abs(speech.stft(one.x)))
    with pytest.raises(ValueError, match="no recording has the letter 'k'"):
        speech.Pieces([one for one in RECORDED if "k" not in one.word])("ka")


def test_pieces_without_neighbours_take_the_first():
    alone = speech.Pieces(RECORDED, reach=0)
    np.testing.assert_array_equal(alone("tete")[: len(alone("te"))], alone("te"))


def test_a_speaker_learns_lengths_and_spectra():
    speaker = speech.Speaker(RECORDED, 0.01, steps=150, rng=0)
    one = RECORDED[5]
    size = speaker(one.word, one.voice)
    assert size.shape[1] == speech.WINDOW // 2 + 1 and (size >= 0).all()
    assert abs(len(size) - one.frames.sum()) < 12
    x = speech.griffin_lim(size, 10, rng=0)
    assert speech.distance(x, one.x) < speech.distance(x, RECORDED[20].x)


def test_distance_is_nought_for_itself_and_bends_time():
    x = speech.say("mano", np.array([9, 11, 9, 14]), rng=0)
    slow = speech.say("mano", np.array([12, 15, 11, 20]), rng=0)
    other = speech.say("fike", np.array([12, 15, 11, 0]), rng=0)
    assert speech.distance(x, x) == 0
    assert speech.distance(x, slow) < speech.distance(x, other) / 2


@pytest.mark.parametrize(("a", "b", "n"), [("", "ab", 2), ("kitten", "sitting", 3), ("abc", "abc", 0)])
def test_edits(a, b, n):
    assert speech.edits(a, b) == speech.edits(b, a) == n


def test_a_listener_hears_what_is_said():
    listener = speech.Listener(RECORDED, steps=500, rng=0)
    right = np.mean([speech.misheard(listener, one.x, one.word) for one in speech.record(WORDS[30:], rng=2)])
    swapped = np.mean(
        [speech.misheard(listener, one.x, WORDS[k % 7]) for k, one in enumerate(RECORDED[20:40])]
    )
    assert right < 0.4 < swapped
