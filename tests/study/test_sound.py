"""Sounds: their pitch and formants are where they were put, spectrograms show them, files come back."""

import wave

import numpy as np
import pytest

from nnlearn.study import sound


def loudest(x: np.ndarray) -> float:
    """The frequency with most power, in Hz."""
    return float(
        np.fft.rfftfreq(len(x), 1 / sound.RATE)[np.abs(np.fft.rfft(x * np.hanning(len(x)))).argmax()]
    )


def test_resonance_is_largest_at_its_formants_and_one_at_rest():
    f = np.arange(0.0, 4000.0)
    loud = sound.resonance(f, [700, 1800, 2600])
    assert loud[0] == pytest.approx(1)
    tops = [k for k in range(1, 3999) if loud[k - 1] < loud[k] > loud[k + 1]]
    np.testing.assert_allclose(tops, [700, 1800, 2600], atol=30)


@pytest.mark.parametrize("vowel", "aeiou")
def test_a_vowel_has_its_pitch_and_its_formants(vowel):
    x = sound.speak(vowel, pitch=100, seconds=1.0, rng=0)
    assert len(x) == sound.RATE and np.abs(x).max() == pytest.approx(1)
    steady = x[3000:5000]
    alike = np.correlate(steady, steady, "full")[len(steady) - 1 :]
    period = int(np.argmax(alike[41:200])) + 41
    assert sound.RATE / period == pytest.approx(100, rel=0.06)
    assert (
        abs(loudest(steady) - sound.FORMANTS[vowel][0]) < 180
    )  # the partial nearest to it, or the one below


def test_a_glide_ends_where_the_other_word_begins():
    there, back = (sound.spectrogram(sound.speak(word, rng=0)) for word in ("ai", "ia"))
    assert (
        np.abs(there[3:9].mean(0) - back[-9:-3].mean(0)).mean()
        < np.abs(there[3:9].mean(0) - back[3:9].mean(0)).mean() / 2
    )


@pytest.mark.parametrize("word", ["", "ab", "A"])
def test_what_is_no_vowel_is_named(word):
    with pytest.raises(ValueError, match=f"speak: word is '{word}'"):
        sound.speak(word)


def test_recordings_say_every_word_and_who():
    people = sound.talkers(3, rng=0)
    assert (people[:, 0] > 50).all() and (people[:, 1] > 0.8).all()
    x, word, who = sound.recordings(people, times=2, rng=0)
    assert x.shape == (36, 3200)
    assert (np.bincount(word) == 6).all() and (np.bincount(who) == 12).all()
    again, _, _ = sound.recordings(people, times=2, rng=0)
    np.testing.assert_array_equal(x, again)


def test_a_spectrogram_is_bright_where_the_tone_is():
    t = np.arange(8000) / sound.RATE
    low, high = (sound.spectrogram(np.sin(2 * np.pi * f * t)) for f in (300, 3000))
    assert low.shape == (61, 24)
    assert (low.argmax(axis=1) < 8).all() and (high.argmax(axis=1) > 17).all()
    twice = sound.spectrogram(2 * np.sin(2 * np.pi * 300 * t))
    np.testing.assert_allclose(twice.max() - low.max(), 20 * np.log10(2), atol=0.01)
    with pytest.raises(ValueError, match="x has 100 samples, expected at least 256"):
        sound.spectrogram(np.zeros(100))


def test_a_note_has_its_frequency_and_dies_away():
    x = sound.note(69, 0.5)
    assert loudest(x) == pytest.approx(440, abs=3)
    assert np.abs(x[:500]).max() > 2 * np.abs(x[-500:]).max() and np.abs(x).max() <= 1.2


def test_files_come_back(tmp_path):
    x = 0.9 * np.sin(np.arange(1000) / 7)
    sound.write_wave(tmp_path / "a.wav", x)
    np.testing.assert_allclose(sound.read_wave(tmp_path / "a.wav"), x, atol=1e-4)
    with wave.open(str(tmp_path / "b.wav"), "wb") as file:  # two channels, twice the rate
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(2 * sound.RATE)
        file.writeframes(np.repeat(np.rint(np.repeat(x, 2) * 32767).astype("<i2"), 2).tobytes())
    np.testing.assert_allclose(sound.read_wave(tmp_path / "b.wav"), x, atol=1e-3)


def test_what_is_no_sound_is_named(tmp_path):
    (tmp_path / "note.wav").write_text("not a sound")
    with pytest.raises(ValueError, match=r"note\.wav is no WAV file"):
        sound.read_wave(tmp_path / "note.wav")
    (tmp_path / "empty.wav").touch()
    with pytest.raises(ValueError, match=r"empty\.wav is no WAV file"):
        sound.read_wave(tmp_path / "empty.wav")
    with wave.open(str(tmp_path / "eight.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8000)
        file.writeframes(b"abcd")
    with pytest.raises(ValueError, match="8 bits a sample, expected 16"):
        sound.read_wave(tmp_path / "eight.wav")
    with pytest.raises(FileNotFoundError):
        sound.read_wave(tmp_path / "none.wav")


def test_a_player_holds_the_sound():
    shown = sound.play(np.sin(np.arange(800) / 5))
    assert "audio" in shown._repr_html_() and len(shown.data) == 44 + 1600
