"""Letters of many scripts, drawn from the DejaVu faces that come with matplotlib, each a little otherwise."""

import unicodedata
from functools import cache
from pathlib import Path

import numpy as np

from nnlearn.engine.random import RNG, generator

SIDE, _PAPER, _SIZE = 20, 64, 40.0  # pixels: of a picture, of the sheet it is cut from, of the type
_FACES = [
    f"DejaVu{family}{weight}"
    for family, slanted in (("Sans", "Oblique"), ("Serif", "Italic"), ("SansMono", "Oblique"))
    for weight in ("", "-Bold", f"-{slanted}")
]


def letters(script: str) -> str:
    """The letters of a script, "greek" for example, that all nine faces have; none with an accent.

    Raises ValueError for a script without a letter there.
    """
    found = _alphabets().get(script.upper())
    if not found:
        known = ", ".join(sorted(name.lower() for name, all in _alphabets().items() if len(all) >= 20))
        raise ValueError(
            f"letters: script is {script!r}, of which the faces have no letters; expected one of {known}"
        )
    return found


def glyphs(script: str, copies: int = 20, rng: RNG = None) -> np.ndarray:
    """Pictures of every letter of a script, 0 paper to 1 ink.  -> (letters, copies, 1, 20, 20) float32

    Copy k is set in face k mod 9, turned, sheared, stretched, moved and bent at random. The order is that of
    `letters`. Raises ValueError for a script without letters, or for no copies.
    """
    if copies < 1:
        raise ValueError(f"glyphs: copies is {copies}, expected 1 or more")
    rng = generator(rng)
    sheets = np.stack([_sheet(letter) for letter in letters(script)])  # (letters, 9, 64, 64)
    picked = sheets[:, np.arange(copies) % len(_FACES)].reshape(-1, _PAPER, _PAPER)
    return _redrawn(picked, rng).reshape(len(sheets), copies, 1, SIDE, SIDE)


@cache
def _fonts() -> list:
    from matplotlib import get_data_path
    from matplotlib.ft2font import FT2Font

    return [FT2Font(str(Path(get_data_path(), "fonts", "ttf", f"{name}.ttf"))) for name in _FACES]


@cache
def _alphabets() -> dict[str, str]:
    """Of each script, the first word of its letters' names in Unicode, the letters that all faces have."""
    found: dict[str, str] = {}
    for code in sorted(set.intersection(*(set(font.get_charmap()) for font in _fonts()))):
        letter = chr(code)
        name = unicodedata.name(letter, "")
        plain = " LETTER " in name and " WITH " not in name and not unicodedata.decomposition(letter)
        if plain and unicodedata.category(letter) in ("Lu", "Ll", "Lo"):
            script = name.split()[0]
            found[script] = found.get(script, "") + letter
    return found


@cache
def _sheet(letter: str) -> np.ndarray:
    """A letter in the middle of a sheet, in each of the faces.  -> (9, 64, 64), 0 to 1"""
    from matplotlib import ft2font

    unhinted = ft2font.LoadFlags.NO_HINTING if hasattr(ft2font, "LoadFlags") else ft2font.LOAD_NO_HINTING  # type: ignore[attr-defined]
    sheets = np.zeros((len(_FACES), _PAPER, _PAPER), np.float32)
    for sheet, font in zip(sheets, _fonts(), strict=True):
        font.set_size(_SIZE, 72)
        font.set_text(letter, 0.0, flags=unhinted)
        font.draw_glyphs_to_bitmap(antialiased=True)
        ink = np.array(font.get_image())
        rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
        ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1][:_PAPER, :_PAPER]
        top, left = (_PAPER - ink.shape[0]) // 2, (_PAPER - ink.shape[1]) // 2
        sheet[top : top + ink.shape[0], left : left + ink.shape[1]] = ink / np.float32(255)
    return sheets


def _redrawn(sheets: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each sheet seen through a random affine map and a smooth bend.  (n, 64, 64) -> (n, 20, 20)"""
    n, middle = len(sheets), (_PAPER - 1) / 2
    turn, shear = rng.normal(0, 0.2, n), rng.normal(0, 0.18, n)
    stretch = np.exp(rng.normal(0, 0.14, (2, n))) * 2.1  # sheet pixels for each pixel of the picture
    shift = rng.normal(0, 1.5, (2, n, 1, 1))
    u = np.arange(SIDE) - (SIDE - 1) / 2
    waves = np.cos(np.outer(np.arange(SIDE) + 0.5, np.arange(1, 4)) * np.pi / SIDE)  # (20, 3), slow waves
    bend = waves @ rng.normal(0, 0.8, (2, n, 3, 3)) @ waves.T
    y, x = stretch[0, :, None, None] * u[:, None], stretch[1, :, None, None] * u
    x = x + shear[:, None, None] * y
    cos, sin = np.cos(turn)[:, None, None], np.sin(turn)[:, None, None]
    rows = middle + cos * y - sin * x + shift[0] + bend[0]
    columns = middle + sin * y + cos * x + shift[1] + bend[1]
    return _bilinear(_soft(sheets), rows, columns).astype(np.float32)


def _soft(sheets: np.ndarray) -> np.ndarray:
    """Blurred by (1, 2, 1) / 4 both ways: a picture's pixel is two sheet pixels wide."""
    for axis in (1, 2):
        sheets = (np.roll(sheets, 1, axis) + 2 * sheets + np.roll(sheets, -1, axis)) / 4
    return sheets


def _bilinear(sheets: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Values between pixels; beyond the sheet there is paper.  (n, 64, 64), twice (n, h, w) -> (n, h, w)"""
    inside = (rows > 0) & (rows < _PAPER - 1) & (columns > 0) & (columns < _PAPER - 1)
    rows, columns = (np.clip(z, 0, _PAPER - 1.001) for z in (rows, columns))
    i, j = rows.astype(int), columns.astype(int)
    a, b, k = rows - i, columns - j, np.arange(len(sheets))[:, None, None]
    upper = (1 - b) * sheets[k, i, j] + b * sheets[k, i, j + 1]
    lower = (1 - b) * sheets[k, i + 1, j] + b * sheets[k, i + 1, j + 1]
    return inside * ((1 - a) * upper + a * lower)
