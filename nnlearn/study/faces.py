"""Face verification in small: drawn faces, an embedding, its rivals, and a group that was rarely seen.

    python -m nnlearn.study.faces [--shift N]

trains embeddings and rivals over five seeds and writes `weights/faces_study.json`; with a shift it prints.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nnlearn.engine.primitive import Array, Result, no_grad, plain
from nnlearn.engine.random import RNG, generator
from nnlearn.layers.basic import Linear
from nnlearn.layers.module import Module
from nnlearn.models.convnet import ConvNet
from nnlearn.study.companions import keep, keep_study, restore
from nnlearn.study.few_shot import train_prototypes
from nnlearn.study.gallery import train, widened

STUDY = Path(__file__).with_name("weights") / "faces_study.json"
SEEDS, CHOOSER = range(5), 100
SIDE, WIDTH, CHANNELS = 32, 32, (16, 32)
PEOPLE, PICTURES, STEPS = 200, 10, 400
# What a face has of its own: the middle and the half-range of each, in half-sides of the picture.
PARTS = {
    "width": (0.56, 0.08), "height": (0.76, 0.07), "chin": (0.0, 0.35), "hair": (0.0, 1.0),
    "hairline": (0.5, 0.12), "eyes apart": (0.24, 0.045), "eye height": (0.12, 0.06), "eye size": (0.085, 0.025),
    "brow height": (0.15, 0.04), "brow tilt": (0.0, 0.3), "brow weight": (0.035, 0.015),
    "nose length": (0.3, 0.08), "nose width": (0.08, 0.03), "mouth height": (-0.4, 0.06),
    "mouth width": (0.2, 0.06), "lips": (0.045, 0.02),
}  # fmt: skip


# -- faces ---------------------------------------------------------------------------------------------------


def people(n: int, dark: float = 0.5, rng: RNG = None) -> np.ndarray:
    """Numbers from −1 to 1 for the parts of `n` people, and in the last column the tone.  -> (n, 17)

    The tone runs from −1 (black) to 1 (white); the first round(dark · n) people are dark, −0.7 to −0.2, the
    others pale, 0.2 to 0.7. Raises ValueError for a share outside 0 to 1.
    """
    if not 0 <= dark <= 1:
        raise ValueError(f"people: dark is {dark}, expected a share from 0 to 1")
    rng = generator(rng)
    tone = rng.uniform(0.2, 0.7, n) * np.where(np.arange(n) < round(dark * n), -1, 1)
    return np.column_stack([rng.uniform(-1, 1, (n, len(PARTS))), tone])


def photographs(who: np.ndarray, copies: int, rng: RNG = None) -> np.ndarray:
    """Pictures of each person: moved, turned, lit from a side, smiling or not, some with glasses.

    (n, 17) -> (n, copies, 1, 32, 32), from 0 to 1. Nothing of that belongs to the person.
    """
    rng = generator(rng)
    n = len(who) * copies
    part = {name: middle + half * np.repeat(who[:, k], copies)[:, None, None]
            for k, (name, (middle, half)) in enumerate(PARTS.items())}  # fmt: skip
    tone = 0.5 + 0.5 * np.repeat(who[:, -1], copies)[:, None, None]

    def chance(low: float, high: float) -> np.ndarray:
        return rng.uniform(low, high, (n, 1, 1))

    at = (np.arange(SIDE) + 0.5) / SIDE * 2 - 1
    X, Y = np.meshgrid(at, -at)
    turn, size = chance(-0.15, 0.15), chance(0.92, 1.08)
    X, Y = X - chance(-0.1, 0.1), Y - chance(-0.1, 0.1)
    x, y = (X * np.cos(turn) + Y * np.sin(turn)) / size, (Y * np.cos(turn) - X * np.sin(turn)) / size
    look, smile, open_, raised = chance(-0.06, 0.06), chance(-0.5, 0.8), chance(0.55, 1.1), chance(-0.02, 0.04)

    def blob(dx: np.ndarray, dy: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """1 inside an ellipse, 0 outside, soft over about a pixel."""
        r = np.sqrt((dx / a) ** 2 + (dy / b) ** 2)
        return 1 / (1 + np.exp(np.clip((r - 1) * np.minimum(a, b) * 2 * SIDE, -30, 30)))

    picture = 0.5 + 0.0 * x + chance(-0.25, 0.25)

    def paint(where: np.ndarray, shade: np.ndarray | float) -> None:
        picture[:] = picture * (1 - where) + where * shade

    down = np.clip(-y, 0, 1)
    wide = part["width"] * (1 - (0.25 + part["chin"] * 0.5) * down**2)
    head = blob(x, y, wide, part["height"])
    hair = tone * (0.5 + 0.25 * (part["hair"] + 1) * 0.6)
    paint(blob(x, y - 0.1, part["width"] * 1.12, part["height"] * 1.08), hair)
    paint(head * (1 / (1 + np.exp(-(part["hairline"] - y) * 2 * SIDE))), tone)
    shade_dark, shade_light = tone * 0.35, 0.5 + 0.5 * tone
    for side in (-1, 1):
        ex, ey = x - side * part["eyes apart"] - look / 2, y - part["eye height"]
        paint(blob(ex, ey, part["eye size"] * 1.25, part["eye size"] * open_), shade_light)
        paint(blob(ex - look / 2, ey, part["eye size"] * 0.55, part["eye size"] * 0.6), shade_dark)
        by = ey - part["brow height"] - raised - side * part["brow tilt"] * ex
        paint(blob(ex, by, part["eye size"] * 1.7, part["brow weight"]), shade_dark)
    nx, ny = x - look, y - part["eye height"] + part["nose length"]
    paint(0.8 * blob(nx, ny, part["nose width"], 0.04 + 0 * nx), tone * 0.6)
    paint(0.3 * blob(nx - 0.03, ny - part["nose length"] / 2, 0.03 + 0 * nx, part["nose length"] / 2), tone * 0.5)
    mx, my = x - look, y - part["mouth height"]
    paint(blob(mx, my - smile * (mx**2 / part["mouth width"] - 0.05), part["mouth width"], part["lips"]), tone * 0.5)
    glasses = (chance(0, 1) < 0.25).astype(float)
    for side in (-1, 1):
        r = np.sqrt((x - side * part["eyes apart"]) ** 2 + (y - part["eye height"]) ** 2)
        paint(0.9 * glasses * np.exp(-(((r - 0.19) / 0.03) ** 2)), 0.1)
    direction, strength = chance(0, 2 * np.pi), chance(0.0, 0.35)
    picture *= 1 + strength * (x * np.cos(direction) + y * np.sin(direction))
    picture += 0.03 * rng.normal(size=picture.shape)
    return np.clip(picture, 0, 1).astype(np.float32).reshape(len(who), copies, 1, SIDE, SIDE)
