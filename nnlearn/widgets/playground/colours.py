"""From numbers to colours: blue below zero, orange above, one colour a class."""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_rgb

from nnlearn.figures import plot

CLASSES = np.array([to_rgb(colour) for colour in plot.COLOURS])
PAPER = np.array(to_rgb("#F7F6F3"))
SIGNED = LinearSegmentedColormap.from_list("signed", [plot.BLUE, "#9CC6DF", PAPER, "#F0B48A", plot.VERMILION])
_TABLE = SIGNED(np.linspace(0, 1, 256))[:, :3]


def signed(v: np.ndarray) -> np.ndarray:
    """Numbers in [−1, 1] as colours; what lies outside is clipped.  (...) -> (..., 3) in [0, 1]"""
    v = np.nan_to_num(v, nan=0.0)
    return _TABLE[np.clip(v * 127.5 + 127.5, 0, 255).astype(np.uint8)]


def probabilities(z: np.ndarray) -> np.ndarray:
    """softmax, also of numbers that are infinite or none at all.  (..., C), same out"""
    z = np.nan_to_num(z, nan=0.0, posinf=1e30, neginf=-1e30)
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def output_surface(z: np.ndarray, classes: int, discrete: bool) -> np.ndarray:
    """The answer everywhere: classes as sure as they are, or the number.  (P, outputs) -> (P, 3)"""
    if classes > 2:
        p = probabilities(z)
        p = np.eye(classes)[p.argmax(axis=-1)] if discrete else p
        return 0.3 * PAPER + 0.7 * p @ CLASSES[:classes]
    v = np.tanh(np.nan_to_num(z[:, 0]) / 2) if classes else np.clip(z[:, 0], -1, 1)
    if discrete:
        v = np.where(v > 0, 0.75, -0.75) if classes else np.round(v * 4) / 4
    return signed(0.85 * v)


def unit_surfaces(a: np.ndarray, bounded: bool) -> np.ndarray:
    """What each unit says everywhere, in its own range unless that is known.  (P, units) -> (P, units, 3)"""
    a = np.nan_to_num(a, nan=0.0, posinf=1e30, neginf=-1e30)
    return signed(a if bounded else a / np.maximum(np.abs(a).max(axis=0), 1e-6))


def class_surfaces(z: np.ndarray) -> np.ndarray:
    """Each class's probability everywhere, in the class's colour.  (P, C) -> (P, C, 3)"""
    p = probabilities(z)[..., None]
    return (1 - p) * PAPER + p * CLASSES[: z.shape[1]]


def of_targets(y: np.ndarray, classes: int) -> np.ndarray:
    """The colours of the points.  (N,) or (N, 1) -> (N, 3)"""
    y = np.asarray(y).reshape(len(y))
    return CLASSES[y.astype(int)] if classes else signed(y)
