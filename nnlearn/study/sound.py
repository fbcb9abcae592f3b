"""Sounds without a microphone: vowels made from resonances, notes, spectrograms, and files of sound read.

A sound is an array of samples from −1 to 1, `RATE` a second.
"""

import wave
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from nnlearn.engine.random import RNG, generator

RATE = 8000
# The first three resonances of a man's throat and mouth, in Hz. Source: G. Peterson and H. Barney (1952).
FORMANTS = {
    "a": (730, 1090, 2440),
    "e": (530, 1840, 2480),
    "i": (270, 2290, 3010),
    "o": (570, 840, 2410),
    "u": (300, 870, 2240),
}
BANDWIDTHS = (80, 100, 140)
WORDS = ("ai", "ia", "au", "ua", "iu", "ui")


def resonance(frequency: np.ndarray, formants: ArrayLike) -> np.ndarray:
    """How loud each frequency comes through the formants: the product of their resonance curves.

    |1 / (1 − (f / F)² + i f b / F²)| for each formant F of bandwidth b.  (n,), (k,) or (n, k) -> (n,)
    """
    f, F = np.asarray(frequency, float)[:, None], np.atleast_2d(formants)
    return np.abs(1 / (1 - (f / F) ** 2 + 1j * f * np.array(BANDWIDTHS[: F.shape[1]]) / F**2)).prod(axis=1)


def speak(
    word: str,
    pitch: float = 120.0,
    size: float = 1.0,
    seconds: float = 0.4,
    whisper: bool = False,
    rng: RNG = None,
) -> np.ndarray:
    """A word of vowels, gliding from each to the next.  -> (round(seconds · RATE),)

    `pitch` in Hz; `size` stretches all formants: 1 a man's mouth, 1.2 a woman's, 1.4 a child's. In a
    `whisper` noise takes the place of the voice. Raises ValueError for letters that are no vowels.
    """
    if not word or set(word) - FORMANTS.keys():
        raise ValueError(f"speak: word is {word!r}, expected vowels among {''.join(FORMANTS)}")
    rng, n = generator(rng), round(seconds * RATE)
    times, frames = np.linspace(0, 1, n), np.linspace(0, 1, 40)
    places = (np.arange(len(word)) + 0.5) / len(word)
    track = np.stack([np.interp(frames, places, [FORMANTS[v][k] for v in word]) for k in range(3)], axis=1)
    base = 40.0 if whisper else pitch  # a whisper: many close partials whose phases wander
    k = np.arange(1, int(RATE / 2 / (base * 1.05)))[:, None]
    loud = resonance(np.repeat(k * base, 40), np.tile(track * size, (len(k), 1))).reshape(len(k), 40)
    loud /= k ** (0.5 if whisper else 1.0)
    loud = np.stack([np.interp(times, frames, row) for row in loud])
    turns = k * np.cumsum(base * (1 + 0.1 * (0.5 - times))) / RATE + rng.random(
        (len(k), 1)
    )  # it falls a little
    if whisper:
        turns += np.cumsum(rng.normal(0, 0.02, turns.shape), axis=1)
    x = (loud * np.sin(2 * np.pi * turns)).sum(axis=0)
    x *= np.minimum(1, np.minimum(times, 1 - times) * 12)  # fades in and out
    return x / np.abs(x).max()


def talkers(n: int, rng: RNG = None) -> np.ndarray:
    """Pitch in Hz and size of `n` people, from deep and large to high and small.  -> (n, 2)"""
    rng = generator(rng)
    height = rng.random(n)
    return np.column_stack(
        [90 + 170 * height + rng.normal(0, 12, n), 0.95 + 0.4 * height + rng.normal(0, 0.03, n)]
    )


def recordings(
    people: np.ndarray, times: int = 1, whisper: bool = False, noise: float = 0.05, rng: RNG = None
):
    """Every person says every word `times` over, in a noisy room.

    -> sounds (n, 3200), the word's number (n,), the person's number (n,); each time a little otherwise.
    """
    rng, sounds, said, who = generator(rng), [], [], []
    for person, (pitch, size) in enumerate(people):
        for label, word in enumerate(WORDS):
            for _ in range(times):
                pace = rng.uniform(0.28, 0.4)
                x = speak(word, pitch * rng.uniform(0.93, 1.07), size, pace, whisper, rng)
                start = rng.integers(0, round(0.4 * RATE) - len(x) + 1)
                x = np.pad(x, (start, round(0.4 * RATE) - len(x) - start))
                sounds.append(rng.uniform(0.3, 1) * x + noise * rng.normal(size=len(x)))
                said.append(label)
                who.append(person)
    return np.array(sounds, np.float32), np.array(said), np.array(who)


def spectrogram(x: np.ndarray, size: int = 256, step: int = 128, bands: int = 24) -> np.ndarray:
    """Loudness in decibels by time and band: windows of `size` samples, their spectra, summed over bands.

    (..., samples) -> (..., frames, bands). The bands widen upwards, as the ear's do (mel scale). Raises
    ValueError for a sound shorter than one window.
    """
    x = np.asarray(x)
    if x.shape[-1] < size:
        raise ValueError(f"spectrogram: x has {x.shape[-1]} samples, expected at least {size}")
    frames = np.lib.stride_tricks.sliding_window_view(x, size, axis=-1)[..., ::step, :]
    power = np.abs(np.fft.rfft(frames * np.hanning(size))) ** 2
    return (10 * np.log10(power @ _bands(size, bands) + 1e-6)).astype(np.float32)


def _bands(size: int, bands: int) -> np.ndarray:
    """Triangles on the mel scale.  -> (size // 2 + 1, bands)"""
    mel = np.linspace(0, 2595 * np.log10(1 + RATE / 2 / 700), bands + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    f = np.fft.rfftfreq(size, 1 / RATE)[:, None]
    up, down = (f - edges[:-2]) / (edges[1:-1] - edges[:-2]), (edges[2:] - f) / (edges[2:] - edges[1:-1])
    return np.clip(np.minimum(up, down), 0, None) + 1e-9


def note(midi: float, seconds: float, loud: float = 1.0) -> np.ndarray:
    """A plucked note: 440 · 2^((midi − 69)/12) Hz and partials, dying away.  -> (round(seconds · RATE),)"""
    t = np.arange(round(seconds * RATE)) / RATE
    f = 440 * 2 ** ((midi - 69) / 12)
    partials = [
        np.sin(2 * np.pi * k * f * t) * np.exp(-3 * k * t) / k for k in range(1, 6) if k * f < RATE / 2
    ]
    return loud * np.sum(partials, axis=0) * np.minimum(1, (t[-1] - t) * 100) / 2


def read_wave(path: str | Path) -> np.ndarray:
    """The samples of a WAV file of 16 bits, its channels averaged, at `RATE`.  -> (n,)

    Raises ValueError for what is no such file, and FileNotFoundError where there is none.
    """
    try:
        with wave.open(str(path), "rb") as file:
            channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            data = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise ValueError(f"read_wave: {path} is no WAV file that can be read: {error}") from None
    if width != 2:
        raise ValueError(f"read_wave: {path} has {8 * width} bits a sample, expected 16")
    x = np.frombuffer(data, "<i2").reshape(-1, channels).mean(axis=1) / 32768
    if rate == RATE or not len(x):
        return x
    return np.interp(np.arange(int(len(x) * RATE / rate)) * rate / RATE, np.arange(len(x)), x)


def write_wave(path: str | Path, x: np.ndarray) -> None:
    """Write samples as a WAV file of 16 bits and one channel."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.rint(np.clip(x, -1, 1) * 32767).astype("<i2").tobytes())


def play(x: np.ndarray) -> Any:
    """A player for the notebook.  (n,) -> what a cell shows"""
    from IPython.display import Audio

    x = np.asarray(x, float)
    return Audio(x / max(np.abs(x).max(), 1e-9), rate=RATE, normalize=False)
