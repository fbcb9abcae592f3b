"""What a reader draws with the pointer: an SVG path, its ink, and the ink in the middle of the paper.

A page without a kernel has the same in js/pen.mjs.
"""

import re

import numpy as np

FULL, FADE, MOST = 0.7, 1.0, 600  # pixels; of a stroke: half its width, its soft edge; points read
MNIST = 28, 20 - 2 * FULL  # the paper's side, and what the longer side of a digit is made
_PAIR = re.compile(r"([ML])\s*(-?\d+(?:\.\d+)?)[\s,]+(-?\d+(?:\.\d+)?)")


def strokes(path: str) -> list[np.ndarray]:
    """The strokes of an SVG path, each (points, 2); only its M x y (begin) and L x y (line to) are read."""
    found: list[list[tuple[float, float]]] = []
    for sign, x, y in _PAIR.findall(path)[:MOST]:
        if sign == "M" or not found:
            found.append([])
        found[-1].append((float(x), float(y)))
    return [np.array(points) for points in found]


def ink(lines: list[np.ndarray], side: int = MNIST[0]) -> np.ndarray:
    """1 on a stroke, falling to 0 at its edge; pixel (i, j) lies at x = j + ½, y = i + ½.  -> (side, side)"""
    at = np.stack(np.meshgrid(*2 * [np.arange(side) + 0.5]), axis=-1)
    nearest = np.full((side, side), np.inf)
    for points in lines:
        for a, b in zip(points, [*points[1:], points[-1]], strict=True):
            along = b - a
            length = along @ along
            t = np.clip((at - a) @ along / length, 0, 1) if length else np.zeros((side, side))
            nearest = np.minimum(nearest, np.linalg.norm(at - a - t[..., None] * along, axis=-1))
    return np.clip((FULL + FADE - nearest) / FADE, 0, 1)


def centred(lines: list[np.ndarray], side: int = MNIST[0], box: float = MNIST[1]) -> list[np.ndarray]:
    """The strokes with their longer side `box` pixels and the ink's centre of mass in the middle."""
    if not lines:
        return lines
    every = np.concatenate(lines)
    low, size = every.min(axis=0), np.ptp(every, axis=0).max()
    scale = box / size if size > 1 else 1.0  # a dot stays a dot
    lines = [(points - low) * scale + (side - box) / 2 for points in lines]
    mass = ink(lines, side)
    places = np.arange(side) + 0.5
    centre = np.array([mass.sum(axis=0) @ places, mass.sum(axis=1) @ places]) / mass.sum()
    return [points + side / 2 - centre for points in lines]
