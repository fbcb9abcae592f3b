"""Sequences of signs: dates in words and figures, melodies."""

import numpy as np

from nnlearn.engine.random import RNG, generator

_MONTHS = "January February March April May June July August September October November December".split()
_UNITS = "first second third fourth fifth sixth seventh eighth ninth".split()
_TEENS = "tenth eleventh twelfth thir four fif six seven eigh nine".split()
_TEENS = [teen if teen.endswith("th") else f"{teen}teenth" for teen in _TEENS]
_DAYS = [*_UNITS, *_TEENS, "twentieth", *(f"twenty-{u}" for u in _UNITS), "thirtieth", "thirty-first"]


def dates(n: int = 1000, rng: RNG = None) -> list[tuple[str, str]]:
    """Days from 1900 to 2099, each in words and as ISO 8601: n pairs.

    The words vary: ("the third of March 2014", "2014-03-03"), ("3 mar 2014", "2014-03-03").
    """
    rng = generator(rng)
    start, end = np.datetime64("1900-01-01"), np.datetime64("2100-01-01")
    pairs = []
    for day in start + rng.integers(0, (end - start).astype(int), n):
        iso = str(day)
        year, month, number = iso[:4], _MONTHS[int(iso[5:7]) - 1], int(iso[8:])
        suffix = "th" if 10 < number < 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
        ways = (
            f"{number} {month} {year}",
            f"{month} {number}, {year}",
            f"{number}{suffix} of {month} {year}",
            f"{number} {month[:3].lower()} {year}",
            f"the {_DAYS[number - 1]} of {month} {year}",
            f"{month} the {_DAYS[number - 1]}, {year}",
        )
        pairs.append((ways[rng.integers(len(ways))], iso))
    return pairs


def melodies(n: int = 100, bars: int = 8, rng: RNG = None) -> np.ndarray:
    """Tunes in C major, four notes a bar, as MIDI note numbers (60 is middle C).  (n, 4 × bars)

    Each walks along the scale, repeats its first two bars in bars 5 and 6, pauses on G half-way, and ends on
    C: a model has something near and something far to learn. Raises ValueError for fewer than two bars.
    """
    if bars < 2:
        raise ValueError(f"melodies: bars is {bars}, expected at least 2")
    rng = generator(rng)
    scale = np.array([60, 62, 64, 65, 67, 69, 71, 72, 74, 76, 77, 79])
    steps = rng.choice([-2, -1, 0, 1, 2], p=[0.1, 0.35, 0.1, 0.35, 0.1], size=(n, 4 * bars))
    place = rng.choice([0, 2, 4, 7], size=n)
    tunes = np.empty((n, 4 * bars), dtype=np.int64)
    for t in range(4 * bars):
        tunes[:, t] = scale[place]
        place = np.abs(place + steps[:, t])
        place = np.where(place > 11, 22 - place, place)
    half = 4 * (bars // 2)
    tunes[:, half : half + 8] = tunes[:, : min(8, 4 * bars - half)]
    tunes[:, half - 1], tunes[:, -1] = 67, 60
    return tunes
