"""From letters to sound: spelling rules, a voice made of sources and filters, and networks that learn both.

The spelling is a small one of our own with English habits, see `sounds_of`. The voice takes the resonances of
vowels from G. Peterson and H. Barney (1952), those of consonants from D. Klatt, *Software for a
cascade/parallel formant synthesizer* (1980), table III. A sound is an array of samples, `sound.RATE` a
second; a spectrum has WINDOW samples, one every HOP.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from nnlearn.engine.primitive import no_grad
from nnlearn.engine.random import RNG, generator
from nnlearn.functions.losses import mse_loss
from nnlearn.models.mlp import MLP
from nnlearn.study.gallery import train
from nnlearn.study.sound import FORMANTS, RATE, resonance, spectrogram
from nnlearn.training.optim import AdamW, cosine, warm_up
from nnlearn.training.trainer import Trainer

HOP, WINDOW = 64, 256
VOWELS, CONSONANTS = "aeiou", "mnlrsftkc"
LETTERS = " " + VOWELS + CONSONANTS + "h"  # a space is what stands beside a word
VOICES = ((110.0, 1.0), (190.0, 1.17))  # pitch in Hz, and size as in `sound.speak`
FLOOR = 0.02  # what is below it is silence


class Sound(NamedTuple):
    """Resonances at its start and at its end, how much voice and noise, the noise's place, and its length."""

    first: tuple[int, int, int]
    last: tuple[int, int, int]
    voice: float
    noise: float
    centre: float  # of the noise, in Hz
    width: float
    frames: int


def _vowel(first: str, last: str, frames: int) -> Sound:
    return Sound(FORMANTS[first], FORMANTS[last], 1.0, 0.0, 2000, 1000, frames)


def _consonant(
    place: tuple[int, int, int], voice: float, noise: float, centre: float, width: float, n: int
) -> Sound:
    return Sound(place, place, voice, noise, centre, width, n)


SOUNDS = {
    **{vowel: _vowel(vowel, vowel, 11) for vowel in VOWELS},
    "A": _vowel("e", "i", 17), "E": _vowel("i", "i", 17), "I": _vowel("a", "i", 17),
    "O": _vowel("o", "u", 17), "U": _vowel("i", "u", 17),
    "m": _consonant((480, 1270, 2130), 0.3, 0, 2000, 1000, 9),
    "n": _consonant((480, 1340, 2470), 0.3, 0, 2000, 1000, 9),
    "l": _consonant((310, 1050, 2880), 0.5, 0, 2000, 1000, 8),
    "r": _consonant((310, 1060, 1380), 0.5, 0, 2000, 1000, 8),
    "s": _consonant((320, 1390, 2530), 0, 0.5, 3700, 400, 12),
    "S": _consonant((300, 1840, 2750), 0, 0.6, 2400, 500, 12),
    "f": _consonant((340, 1100, 2080), 0, 0.15, 2000, 3000, 12),
    "t": _consonant((400, 1600, 2600), 0, 0.6, 3300, 700, 9),
    "k": _consonant((300, 1990, 2850), 0, 0.6, 1900, 400, 9),
}  # fmt: skip
NAMES = " " + "".join(SOUNDS)


def sounds_of(word: str) -> list[str]:
    """For each letter the sound that it is read as, or "" where it is silent.

    Of two like consonants the second is silent, and the h of sh; c is s before e and i, else k; at the end, a
    vowel before one consonant and an e is long (A, E, I, O, U), and the e silent. Raises ValueError for
    a word with other letters, or with an h that follows no s.
    """
    if not word or set(word) - set(LETTERS[1:]) or "h" in word.replace("sh", ""):
        raise ValueError(f"sounds_of: word is {word!r}, expected letters of {LETTERS[1:]!r}, h only after s")
    read = []
    for k, letter in enumerate(word):
        after, before = word[k + 1 : k + 2], word[k - 1 : k] if k else ""
        if letter == "h" or (letter in CONSONANTS and letter == before):
            read.append("")
        elif letter == "c":
            read.append("s" if after in ("e", "i") else "k")
        elif letter == "s" and after == "h":
            read.append("S")
        else:
            read.append(letter)
    body = word[:-1].removesuffix("h") if word.endswith("she") else word[:-1]
    if word[-1] == "e" and len(body) >= 2 and body[-1] in CONSONANTS and body[-2] in VOWELS:
        read[-1] = ""
        read[len(body) - 2] = body[-2].upper()
    return read


def words(n: int, rng: RNG = None) -> list[str]:
    """`n` different made-up words of two or three syllables; about a third end in a silent e."""
    rng = generator(rng)
    found: dict[str, None] = {}
    onsets = [*CONSONANTS, "c", "sh"]
    while len(found) < n:
        word = ""
        for k in range(rng.integers(1, 3)):
            onset = onsets[rng.integers(len(onsets))]
            double = k and onset in "mnlrsft" and rng.random() < 0.3
            word += onset * (2 if double else 1) + VOWELS[rng.integers(5)]
        last = onsets[rng.integers(len(onsets))]
        if rng.random() < 0.35:
            word += last + "e"
        else:
            word += last + VOWELS[rng.integers(5)] + ("" if rng.random() < 0.4 else "mnlrst"[rng.integers(6)])
        found[word] = None
    return list(found)


def lengths(word: str, rng: RNG = None) -> np.ndarray:
    """How many frames each letter of a word takes; 0 for the silent.  -> (letters,)

    The last vowel is longer (Klatt's lengthening at the end of a phrase), and all vary by a frame.
    """
    rng, read = generator(rng), sounds_of(word)
    n = np.array([SOUNDS[one].frames if one else 0 for one in read], float)
    n[max(k for k, one in enumerate(read) if one.lower() in VOWELS and one)] *= 1.3
    return np.where(n > 0, np.rint(n + rng.integers(-1, 2, len(n))), 0).astype(int)


def stft(x: np.ndarray) -> np.ndarray:
    """Spectra of windows of WINDOW samples, one every HOP.  (frames · HOP,) -> (frames, WINDOW / 2 + 1)"""
    edge = (WINDOW - HOP) // 2
    parts = np.lib.stride_tricks.sliding_window_view(np.pad(x, edge), WINDOW)[::HOP]
    return np.fft.rfft(parts * np.hanning(WINDOW))


def istft(X: np.ndarray) -> np.ndarray:
    """The sound whose spectra come nearest to X.  (frames, WINDOW / 2 + 1) -> (frames · HOP,)

    x = Σ w · inverse(X) / Σ w², windows laid over each other. Source: D. Griffin and J. Lim (1984).
    """
    window, parts = np.hanning(WINDOW), np.fft.irfft(X, WINDOW)
    over, n = WINDOW // HOP, len(X)
    x, weight = np.zeros((2, n + over - 1, HOP))
    for k in range(over):  # the k-th quarter of every window at once
        piece = slice(k * HOP, (k + 1) * HOP)
        x[k : k + n] += (parts * window)[:, piece]
        weight[k : k + n] += window[piece] ** 2
    edge = (WINDOW - HOP) // 2
    return (x / np.maximum(weight, 1e-3)).ravel()[edge : edge + n * HOP]


def griffin_lim(size: np.ndarray, rounds: int = 30, rng: RNG = None) -> np.ndarray:
    """A sound whose spectra have nearly these absolute values.  (frames, bins) -> (frames · HOP,)

    Phases by chance; then, again and again: make the sound, take its spectra, keep their phases. Source: D.
    Griffin and J. Lim (1984).
    """
    x = istft(size * np.exp(2j * np.pi * generator(rng).random(size.shape)))
    for _ in range(rounds):
        x = istft(size * np.exp(1j * np.angle(stft(x))))
    return x


def _smooth(track: np.ndarray, n: int) -> np.ndarray:
    """A moving mean over n frames, the ends held.  (frames, k) -> (frames, k)"""
    padded = np.pad(track, ((n // 2, n // 2), (0, 0)), mode="edge")
    return np.stack([np.convolve(column, np.ones(n) / n, "valid") for column in padded.T], axis=1)


@lru_cache
def _buzz(pitch: float, hundreds: int) -> np.ndarray:
    """All harmonics of a pitch below RATE / 2, the k-th 1/k as loud.  -> (100 · hundreds · HOP,)"""
    k = np.arange(1, int(RATE / 2 / pitch))[:, None]
    time = np.arange(100 * hundreds * HOP) / RATE
    return (np.sin(2 * np.pi * k * pitch * time + k**2) / k).sum(axis=0)


def say(word: str, frames: np.ndarray, voice: int = 0, rng: RNG = None) -> np.ndarray:
    """A word as our voice says it: a buzz and a hiss, each through its filter.  -> (frames.sum() · HOP,)

    `frames` as from `lengths`. The resonances glide from sound to sound.
    """
    rng, (pitch, size) = generator(rng), VOICES[voice]
    places, loud, hiss = [], [], []
    for name, n in zip(sounds_of(word), frames, strict=True):
        if n:
            one = SOUNDS[name]
            places += list(np.linspace(one.first, one.last, n))
            level = np.tile([one.voice, one.noise], (n, 1))
            if name in "tk":
                level[: n - 4] = 0  # the mouth is shut, then it bursts open
            loud += list(level)
            hiss += [[one.centre, one.width]] * n
    total, f = len(loud), np.fft.rfftfreq(WINDOW, 1 / RATE)
    place, level, (centre, width) = (
        _smooth(np.array(places), 5) * size,
        _smooth(np.array(loud), 3),
        np.transpose(hiss),
    )
    mouth = resonance(np.tile(f, total), np.repeat(place, len(f), axis=0)).reshape(total, len(f))
    teeth = np.exp(-(((f - centre[:, None] * size**0.3) / width[:, None]) ** 2) / 2)
    noise = stft(rng.normal(0, 1, total * HOP))
    x = istft(
        stft(_buzz(pitch, 1 + total // 100)[: total * HOP]) * mouth * level[:, :1]
        + 2 * noise * teeth * level[:, 1:]
    )
    return x / 6


def loudness(x: np.ndarray) -> np.ndarray:
    """log(|spectrum| + FLOOR).  (frames · HOP,) -> (frames, WINDOW / 2 + 1)"""
    return np.log(np.abs(stft(x)) + FLOOR).astype(np.float32)


# -- what speaks: a network, and pieces of recordings ----------------------------------------------------


class Recording(NamedTuple):
    """A word as a voice said it: how many frames each letter took, and the samples."""

    word: str
    voice: int
    frames: np.ndarray
    x: np.ndarray


def record(some: Sequence[str], rng: RNG = None) -> list[Recording]:
    """Every voice says every word."""
    rng, found = generator(rng), []
    for word in some:
        for voice in range(len(VOICES)):
            frames = lengths(word, rng)
            found.append(Recording(word, voice, frames, say(word, frames, voice, rng)))
    return found


def neighbours(word: str, reach: int) -> np.ndarray:
    """Each letter and `reach` letters on either side, as numbers.  -> (letters, 2 reach + 1)"""
    padded = " " * reach + word + " " * reach
    codes = np.array([LETTERS.index(letter) for letter in padded])
    return np.lib.stride_tricks.sliding_window_view(codes, 2 * reach + 1)


def _letters(word: str, voice: int, reach: int) -> np.ndarray:
    """What the network reads for each letter: it and its neighbours, one-hot, and the voice."""
    seen = np.eye(len(LETTERS), dtype=np.float32)[neighbours(word, reach)].reshape(len(word), -1)
    return np.concatenate(
        [seen, np.tile(np.eye(len(VOICES), dtype=np.float32)[voice], (len(word), 1))], axis=1
    )


def _frames(read: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """The same for each frame, with where in its letter it stands: eight bumps, and how near to its ends."""
    at = np.concatenate([(np.arange(n) + 0.5) / max(n, 1) for n in frames])[:, None]
    n = np.repeat(frames, frames)[:, None]
    bumps = np.maximum(0, 1 - np.abs(7 * at - np.arange(8)))
    where = np.concatenate([bumps, np.exp(-at * n / 2), np.exp(-(1 - at) * n / 2)], axis=1).astype(np.float32)
    return np.concatenate([np.repeat(read, frames, axis=0), where], axis=1)


class Speaker:
    """Two dense networks: how many frames a letter takes, and how loud each frequency is in each frame.

    They see a letter with `reach` others on either side, and the voice. AdamW, squared errors. Idea: Y. Wang
    and others, *Tacotron* (2017), which finds the lengths by attention; here they are given, as in FastSpeech
    (Y. Ren and others, 2019).
    """

    def __init__(
        self,
        recordings: Sequence[Recording],
        lr: float,
        reach: int = 3,
        steps: int = 600,
        width: int = 96,
        rng: RNG = None,
    ) -> None:
        rng, self.reach = generator(rng), reach
        read = [_letters(one.word, one.voice, reach) for one in recordings]
        x = np.concatenate(
            [_frames(letters, one.frames) for letters, one in zip(read, recordings, strict=True)]
        )
        y = np.concatenate([loudness(one.x) for one in recordings])
        long = np.concatenate([one.frames for one in recordings])[:, None].astype(np.float32) / 10
        self.mean, self.spread = y.mean(axis=0), y.std()
        self.long = MLP((read[0].shape[1], 32, 1), "silu", rng=rng)
        self.loud = MLP((x.shape[1], width, width, y.shape[1]), "silu", rng=rng)
        for net, data in (
            (self.long, (np.concatenate(read), long)),
            (self.loud, (x, (y - self.mean) / self.spread)),
        ):
            schedule = warm_up(30, cosine(lr, steps - 30))
            trainer = Trainer(net, AdamW(net.parameters(), lr), mse_loss, schedule=schedule)
            trainer.fit(data, steps=steps, batch_size=128, rng=rng, progress=False)

    def __call__(self, word: str, voice: int = 0) -> np.ndarray:
        """|spectra| of a word.  -> (frames, WINDOW / 2 + 1)"""
        with no_grad():
            read = _letters(word, voice, self.reach)
            frames = np.maximum(np.rint(10 * np.asarray(self.long(read))[:, 0]), 0).astype(int)
            loud = np.asarray(self.loud(_frames(read, frames))) * self.spread + self.mean
        return np.maximum(np.exp(loud) - FLOOR, 0)


class Pieces:
    """Cut and paste: for each letter the recorded one whose neighbours are most alike, frames as they were.

    A neighbour d places away counts 1/4^d, up to `reach`, so that a nearer one outweighs all behind it; the
    first of equals is taken. Source of the idea: A. Hunt and A. Black, *Unit selection* (1996).
    """

    def __init__(self, recordings: Sequence[Recording], reach: int = 3) -> None:
        self.reach = reach
        self.seen = np.concatenate([neighbours(one.word, reach) for one in recordings])
        self.voice = np.concatenate([np.full(len(one.word), one.voice) for one in recordings])
        self.cut: list[np.ndarray] = []
        for one in recordings:
            self.cut += np.split(np.abs(stft(one.x)), np.cumsum(one.frames)[:-1])

    def __call__(self, word: str, voice: int = 0) -> np.ndarray:
        """|spectra| of a word.  -> (frames, WINDOW / 2 + 1). Raises ValueError for an unrecorded letter."""
        weight = 0.25 ** np.abs(np.arange(-self.reach, self.reach + 1))
        found = []
        for wanted in neighbours(word, self.reach):
            fit = (self.seen == wanted) @ weight
            fit[(self.voice != voice) | (self.seen[:, self.reach] != wanted[self.reach])] = -1
            if fit.max() < 0:
                raise ValueError(f"Pieces: no recording has the letter {LETTERS[wanted[self.reach]]!r}")
            found.append(self.cut[int(fit.argmax())])
        return np.concatenate(found)


# -- what judges ---------------------------------------------------------------------------------------------


def distance(x: np.ndarray, y: np.ndarray) -> float:
    """Mean difference of two sounds' spectrograms in decibels, one stretched in time to fit the other.

    The path with the least sum (dynamic time warping), over its number of steps. Bands below −40 dB count as
    that loud.
    """
    a, b = (np.maximum(spectrogram(one, WINDOW, HOP), -40) for one in (x, y))
    cost = np.abs(a[:, None] - b[None]).mean(axis=2).tolist()
    row = [(0.0, 0)] + [(np.inf, 0)] * len(b)  # sum and number of steps of the best path to each place
    for line in cost:
        last, row = row, [(np.inf, 0)]
        for j, one in enumerate(line):
            total, steps = min(last[j], last[j + 1], row[j])
            row.append((total + one, steps + 1))
    return row[-1][0] / row[-1][1]


def edits(a: Sequence, b: Sequence) -> int:
    """The fewest insertions, deletions and changes that turn a into b."""
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        last, row = row, [i]
        for j, right in enumerate(b, 1):
            row.append(min(last[j] + 1, row[-1] + 1, last[j - 1] + (left != right)))
    return row[-1]


class Listener:
    """A network that names the sound in each frame from 13 frames around it; it has learned from true sounds.

    Runs of four frames or more are a sound; what is shorter is not heard.
    """

    def __init__(
        self, recordings: Sequence[Recording], lr: float = 0.01, steps: int = 2000, rng: RNG = None
    ) -> None:
        rng, labels, sounds = generator(rng), [], []
        for one in recordings:
            read = [NAMES.index(name) if name else 0 for name in sounds_of(one.word)]
            labels.append(np.repeat(read, one.frames))
            sounds.append(one.x + rng.normal(0, 0.003, len(one.x)))
        seen = np.concatenate([self._see(x) for x in sounds])
        self.mean, self.spread = seen.mean(axis=0), seen.std(axis=0) + 1
        self.net = MLP((seen.shape[1], 64, len(NAMES)), rng=rng)
        train(self.net, ((seen - self.mean) / self.spread, np.concatenate(labels)), lr, steps, batch=128)

    def _see(self, x: np.ndarray) -> np.ndarray:
        """(frames · HOP,) -> (frames, 13 · 24)"""
        x = x / (np.abs(x).max() + 1e-9) / 2
        S = np.maximum(spectrogram(np.pad(x, (WINDOW - HOP) // 2), WINDOW, HOP), -40)
        return np.lib.stride_tricks.sliding_window_view(
            np.pad(S, ((6, 6), (0, 0)), "edge"), 13, axis=0
        ).reshape(len(S), -1)

    def __call__(self, x: np.ndarray) -> str:
        """The sounds that are heard, a letter of NAMES each."""
        with no_grad():
            named = np.asarray(self.net((self._see(x) - self.mean) / self.spread)).argmax(axis=1)
        starts = np.flatnonzero(np.diff(named, prepend=-1))
        runs = np.diff(starts, append=len(named))
        heard = [NAMES[named[k]] for k, n in zip(starts, runs, strict=True) if n >= 4]
        return "".join(one for k, one in enumerate(heard) if not k or heard[k - 1] != one)


def misheard(listener: Listener, x: np.ndarray, word: str) -> float:
    """Edits between what is heard and what was to be said, over the number of its sounds."""
    meant = "".join(sounds_of(word))
    return edits(listener(x), meant) / len(meant)
