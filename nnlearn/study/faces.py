"""Face verification in small: drawn faces, an embedding, its rivals, and a group that was rarely seen.

    python -m nnlearn.study.faces [--shift N]

trains embeddings and rivals over five seeds and writes `weights/faces_study.json`; with a shift it prints.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from nnlearn.engine.primitive import Array, Result, no_grad, plain
from nnlearn.engine.random import RNG, generator
from nnlearn.layers.basic import Linear
from nnlearn.layers.module import Module
from nnlearn.models.convnet import ConvNet
from nnlearn.study.companions import keep, keep_study, restore
from nnlearn.study.contrastive import normalize
from nnlearn.study.few_shot import train_prototypes
from nnlearn.study.gallery import train, widened

STUDY = Path(__file__).with_name("weights") / "faces_study.json"
SEEDS, CHOOSER = range(5), 100
SIDE, WIDTH, CHANNELS = 32, 32, (8, 16)
PEOPLE, PICTURES, STEPS = 200, 8, 300  # to learn from
OTHERS, OF_EACH = 60, 6  # to choose with, and to test
RATES, COMPONENTS = (0.001, 0.003, 0.01), (10, 20, 40, 80)
SHRINKAGES = (0.003, 0.01, 0.03, 0.1)
RARE = 0.05
MIXES = {"half and half": 0.5, "dark rare": RARE, "pale rare": 1 - RARE}
# What a face has of its own: the middle and the half-range of each, in half-sides of the picture.
PARTS = {
    "width": (0.56, 0.08), "height": (0.76, 0.07), "chin": (0.0, 0.35), "hair": (0.0, 1.0),
    "hairline": (0.5, 0.12), "eyes apart": (0.24, 0.045), "eye height": (0.12, 0.06),
    "eye size": (0.085, 0.025), "brow height": (0.15, 0.04), "brow tilt": (-0.05, 0.25),
    "brow weight": (0.035, 0.015), "nose length": (0.3, 0.08), "nose width": (0.08, 0.03),
    "mouth height": (-0.4, 0.06), "mouth width": (0.2, 0.06), "lips": (0.045, 0.02),
}  # fmt: skip


# -- faces ---------------------------------------------------------------------------------------------------


def people(n: int, dark: float = 0.5, rng: RNG = None) -> np.ndarray:
    """Numbers from −1 to 1 for the parts of `n` people, and in the last column the tone.  -> (n, 17)

    The tone runs from −1 (black) to 1 (white); the first round(dark · n) people are dark, −0.45 to −0.15,
    the others pale, 0.15 to 0.45. Raises ValueError for a share outside 0 to 1.
    """
    if not 0 <= dark <= 1:
        raise ValueError(f"people: dark is {dark}, expected a share from 0 to 1")
    rng = generator(rng)
    tone = rng.uniform(0.15, 0.45, n) * np.where(np.arange(n) < round(dark * n), -1, 1)
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
    look, smile, open_, raised = (
        chance(-0.06, 0.06),
        chance(-0.5, 0.8),
        chance(0.55, 1.1),
        chance(-0.02, 0.04),
    )

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
    shade_dark, shade_light = tone * 0.35, 0.3 + 0.7 * tone
    for side in (-1, 1):
        ex, ey = x - side * part["eyes apart"] - look / 2, y - part["eye height"]
        paint(blob(ex, ey, part["eye size"] * 1.25, part["eye size"] * open_), shade_light)
        paint(blob(ex - look / 2, ey, part["eye size"] * 0.55, part["eye size"] * 0.6), shade_dark)
        by = ey - part["brow height"] - raised - side * part["brow tilt"] * ex
        paint(blob(ex, by, part["eye size"] * 1.45, part["brow weight"]), shade_dark)
    nx, ny = x - look, y - part["eye height"] + part["nose length"]
    paint(0.8 * blob(nx, ny, part["nose width"], 0.04 + 0 * nx), tone * 0.6)
    paint(
        0.3 * blob(nx - 0.03, ny - part["nose length"] / 2, 0.03 + 0 * nx, part["nose length"] / 2),
        tone * 0.5,
    )
    mx, my = x - look, y - part["mouth height"]
    paint(
        blob(mx, my - smile * (mx**2 / part["mouth width"] - 0.05), part["mouth width"], part["lips"]),
        tone * 0.5,
    )
    glasses = (chance(0, 1) < 0.25).astype(float)
    for side in (-1, 1):
        r = np.sqrt((x - side * part["eyes apart"]) ** 2 + (y - part["eye height"]) ** 2)
        paint(0.9 * glasses * np.exp(-(((r - 0.19) / 0.03) ** 2)), 0.1)
    direction, strength = chance(0, 2 * np.pi), chance(0.0, 0.35)
    picture *= 1 + strength * (x * np.cos(direction) + y * np.sin(direction))
    picture += 0.03 * rng.normal(size=picture.shape)
    return np.clip(picture, 0, 1).astype(np.float32).reshape(len(who), copies, 1, SIDE, SIDE)


# -- ways to compare: each takes pictures (n, 1, 32, 32) and gives vectors (n, d) ----------------------------

Way = Callable[[np.ndarray], np.ndarray]


def pixels(x: np.ndarray) -> np.ndarray:
    """Each picture as a row of mean 0 and variance 1: how it is lit counts less.  (n, 1, H, W) -> (n, H W)"""
    rows = x.reshape(len(x), -1)
    return (rows - rows.mean(axis=1, keepdims=True)) / (rows.std(axis=1, keepdims=True) + 1e-6)


def eigenfaces(X: np.ndarray, k: int) -> Way:
    """The `k` largest principal components, each scaled to variance 1.

    X (people, copies, 1, H, W) to learn from. Source: M. Turk and A. Pentland (1991).
    """
    from sklearn.decomposition import PCA

    components = PCA(k, whiten=True, svd_solver="full").fit(pixels(X.reshape(-1, *X.shape[2:])))
    return lambda x: components.transform(pixels(x))


def fisherfaces(X: np.ndarray, shrinkage: float) -> Way:
    """Linear discriminant analysis: directions in which people differ, and pictures of one person do not.

    X (people, copies, 1, H, W) to learn from. Source: P. Belhumeur, J. Hespanha and D. Kriegman (1997).
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    who = np.repeat(np.arange(len(X)), X.shape[1])
    directions = LinearDiscriminantAnalysis(solver="eigen", shrinkage=shrinkage)
    directions.fit(pixels(X.reshape(-1, *X.shape[2:])), who)
    return lambda x: directions.transform(pixels(x))


def embedder(seed: int = 0) -> ConvNet:
    """A ConvNet that gives 32 numbers for a face."""
    return ConvNet((1, SIDE, SIDE), WIDTH, CHANNELS, rng=seed)


def by_prototypes(X: np.ndarray, lr: float, seed: int = 0, steps: int = STEPS) -> ConvNet:
    """The embedding learned as in chapter 23: 16 people a step, one picture each against three others."""
    net = embedder(seed)
    train_prototypes(net, X, steps=steps, way=16, shot=1, queries=3, lr=lr, rng=seed)
    return net


class Named(Module):
    """The same embedding with a layer that names the people of the training.  (B, 1, H, W) -> (B, people)"""

    def __init__(self, names: int, seed: int = 0) -> None:
        self.embed, self.last = embedder(seed), Linear(WIDTH, names, rng=seed)

    def forward(self, x: Array) -> Result:
        return self.last(self.embed(x))


def by_names(X: np.ndarray, lr: float, seed: int = 0, steps: int = STEPS) -> Way:
    """What a classifier of the training people has learned, the layer that names them left out.

    As many pictures a step as `by_prototypes` sees; vectors are divided by their length.
    """
    net, who = Named(len(X), seed), np.repeat(np.arange(len(X)), X.shape[1])
    train(net, (X.reshape(-1, *X.shape[2:]), who), lr, steps, seed, batch=64)
    return lambda x: np.asarray(plain(normalize(embedded(net.embed)(x))))


def embedded(net: Module) -> Way:
    """A network as a way to compare."""

    @no_grad()
    def way(x: np.ndarray) -> np.ndarray:
        return np.asarray(plain(net(x)))

    return way


# -- how it is judged ----------------------------------------------------------------------------------------


def pairs(way: Way, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every pair of pictures: how far apart, and whether of one person.  (people, copies, …) -> (m,), (m,)"""
    z = way(X.reshape(-1, *X.shape[2:])).astype(float)
    who = np.repeat(np.arange(len(X)), X.shape[1])
    i, j = np.triu_indices(len(z), 1)
    square = (z * z).sum(axis=1)
    far = np.sqrt(np.maximum(square[:, None] + square - 2 * z @ z.T, 0))
    return far[i, j], who[i] == who[j]


def roc(far: np.ndarray, same: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """False and true accept rates as the distance allowed grows.  (m,), (m,) -> (k,), (k,)"""
    from sklearn.metrics import roc_curve

    false, true, _ = roc_curve(same, -far)
    return false, true


def equal_error_rate(far: np.ndarray, same: np.ndarray) -> float:
    """Where as many strangers are accepted as people are turned away: false accepts = 1 − true accepts."""
    false, true = roc(far, same)
    k = int(np.argmax(false >= 1 - true))  # the first point past the crossing, and the one before it
    gap = (1 - true - false)[k - 1 : k + 1]
    return float(false[k - 1] + gap[0] / (gap[0] - gap[1]) * (false[k] - false[k - 1]))


def true_accept_rate(far: np.ndarray, same: np.ndarray, false_accepts: float = 0.01) -> float:
    """The share of people let in where `false_accepts` of the strangers are."""
    return float(np.interp(false_accepts, *roc(far, same)))


def by_group(way: Way, X: np.ndarray, held: np.ndarray) -> dict[str, float]:
    """Dark and pale people apart, compared within their group; X and `held` have half of each, dark first.

    Equal error rates, and false accepts at the one distance that lets 1 % of the strangers in `held` in.
    """
    far, same = pairs(way, held)
    limit = np.quantile(far[~same], 0.01)
    found = {}
    for name, group in (("dark", X[: len(X) // 2]), ("pale", X[len(X) // 2 :])):
        far, same = pairs(way, group)
        found[f"{name} eer"] = equal_error_rate(far, same)
        found[f"{name} false"] = float((far[~same] <= limit).mean())
    return found


# -- the contest ---------------------------------------------------------------------------------------------


@cache
def faces(part: str, seed: int, dark: float = 0.5) -> np.ndarray:
    """Pictures of people of a seed's own: "train", "held" or "test".  -> (people, copies, 1, 32, 32)"""
    rng = np.random.default_rng([seed, ("train", "held", "test").index(part)])
    n, copies = (PEOPLE, PICTURES) if part == "train" else (OTHERS, OF_EACH)
    return photographs(people(n, dark, rng), copies, rng)


def study(shift: int = 0) -> dict[str, Any]:
    """Every way, its one setting chosen on people apart; then five seeds; then the mixes of dark and pale."""
    seeds, chooser, rows = [seed + shift for seed in SEEDS], CHOOSER + shift, []

    def compare(name: str, grid: Sequence[float], make: Callable[[np.ndarray, Any, int], Way]) -> list[Way]:
        def judge(value: float) -> float:
            way = make(faces("train", chooser), value, chooser)
            return -equal_error_rate(*pairs(way, faces("held", chooser)))

        chosen, tried = widened(grid, judge) if grid else (0, {})
        ways = [make(faces("train", seed), chosen, seed) for seed in seeds]
        found = [pairs(way, faces("test", seed)) for way, seed in zip(ways, seeds, strict=True)]
        row = {"way": name, "chosen": chosen, "tried": {key: round(-one, 4) for key, one in tried.items()}}
        row["eer"] = [round(equal_error_rate(*one), 4) for one in found]
        row["accepted"] = [round(true_accept_rate(*one), 4) for one in found]
        rows.append(row)
        print(row, flush=True)
        return ways

    compare("pixels", (), lambda X, value, seed: pixels)
    compare("eigenfaces", COMPONENTS, lambda X, k, seed: eigenfaces(X, int(k)))
    compare("Fisherfaces", SHRINKAGES, lambda X, shrinkage, seed: fisherfaces(X, shrinkage))
    compare("a classifier's features", RATES, by_names)
    nets = {}

    def embedding(X: np.ndarray, lr: float, seed: int) -> Way:
        nets[seed] = by_prototypes(X, lr, seed)
        return embedded(nets[seed])

    balanced = compare("prototypes", RATES, embedding)
    if not shift:
        keep(nets[0], "faces_embedder")
    groups = {}
    for mix, dark in MIXES.items():
        lr = rows[-1]["chosen"]
        found = []
        for seed, way in zip(seeds, balanced, strict=True):
            if dark != 0.5:
                way = embedded(by_prototypes(faces("train", seed, dark), lr, seed))
            found.append(by_group(way, faces("test", seed), faces("held", seed)))
        groups[mix] = {what: [round(one[what], 4) for one in found] for what in found[0]}
        print(mix, groups[mix], flush=True)
    return {"shift": shift, "rows": rows, "groups": groups}


def load() -> dict[str, Any]:
    """What the study found: for each way its setting and rates by seed; for each mix, rates by group."""
    return json.loads(STUDY.read_text(encoding="utf-8"))


def load_embedder() -> ConvNet:
    """The embedding of the study's first seed, learned from half dark and half pale people."""
    return restore(embedder(), "faces_embedder")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--shift", type=int, default=0, help="moves every seed; the result is printed")
    keep_study(study(parser.parse_args().shift), STUDY)
