"""Face verification in small: drawn faces, an embedding, its rivals, and a group that was rarely seen.

    python -m nnlearn.study.faces [--shift N]

trains embeddings and rivals over five seeds and writes `weights/faces_study.json`; with a shift it prints.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from functools import cache, partial
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
PEOPLE, PICTURES, STEPS = 200, 8, 200  # to learn from
OTHERS, OF_EACH = 60, 6  # to choose with, and to test
RATES, COMPONENTS = (0.001, 0.003, 0.01), (5, 10, 20, 40, 80, 160)
RARE = 0.05
MIXES = {"half and half": 0.5, "darker rare": RARE, "lighter rare": 1 - RARE}
# What a face has of its own: the middle and the half-range of each, lengths in half-sides of the picture.
PARTS = {
    "width": (0.54, 0.07), "height": (0.74, 0.06), "jaw": (0.12, 0.1), "chin": (0.05, 0.05),
    "cheeks": (0.05, 0.05), "eyes apart": (0.22, 0.04), "eye height": (0.12, 0.05),
    "eye width": (0.105, 0.025),
    "eye opening": (0.05, 0.015), "iris": (0.2, 0.15), "brow height": (0.135, 0.03), "brow tilt": (0.0, 0.25),
    "brow weight": (0.032, 0.014), "brow ridge": (0.04, 0.04), "nose length": (0.32, 0.07),
    "nose width": (0.085, 0.025), "nose rise": (0.2, 0.06), "mouth height": (-0.41, 0.05),
    "mouth width": (0.19, 0.05), "lips": (0.055, 0.02), "lip shade": (0.65, 0.15), "hairline": (0.5, 0.13),
    "hair": (0.4, 0.35), "hair length": (0.0, 0.8), "beard": (0.0, 0.5), "mole x": (0.0, 0.35),
    "mole y": (-0.1, 0.45), "mole": (0.25, 0.35),
}  # fmt: skip
TONES = {"darker": (0.28, 0.42), "lighter": (0.62, 0.8)}  # the share of light that the skin gives back


# -- faces ---------------------------------------------------------------------------------------------------


def people(n: int, darker: float = 0.5, rng: RNG = None) -> np.ndarray:
    """Numbers from −1 to 1 for the PARTS of `n` people, and in the last column the tone of the skin.

    -> (n, 29). The first round(darker · n) people have darker skin, the others lighter, each evenly spread
    over its range of TONES; all else is drawn alike. Raises ValueError for a share outside 0 to 1.
    """
    if not 0 <= darker <= 1:
        raise ValueError(f"people: darker is {darker}, expected a share from 0 to 1")
    rng = generator(rng)
    parts, where = rng.uniform(-1, 1, (n, len(PARTS))), rng.random(n)
    low, high = np.where((np.arange(n) < round(darker * n))[:, None], *TONES.values()).T
    return np.column_stack([parts, low + where * (high - low)])


def photographs(
    who: np.ndarray, copies: int, rng: RNG = None, side: int = SIDE, aligned: bool = False
) -> np.ndarray:
    """Pictures of each person: moved, turned, lit from a side, smiling or not, some with glasses.

    (n, 29) -> (n, copies, 1, side, side), from 0 to 1. Nothing of that belongs to the person. A face is a
    height over the picture's plane; what it sends back is its shade times the light that falls on it (J.
    Lambert's law, 1760), and the sensor adds noise. With `aligned` every face lies in the same place, upright
    and of one size.
    """
    rng, n, each = generator(rng), len(who) * copies, np.repeat(who, copies, axis=0)
    part = {name: (middle + half * each[:, k]).astype(np.float32)[:, None, None]
            for k, (name, (middle, half)) in enumerate(PARTS.items())}  # fmt: skip
    tone = each[:, -1].astype(np.float32)[:, None, None]

    def chance(low: float, high: float) -> np.ndarray:
        return rng.uniform(low, high, (n, 1, 1)).astype(np.float32)

    at = ((np.arange(side) + 0.5) / side * 2 - 1).astype(np.float32)
    X, Y = np.meshgrid(at, -at)
    turn, size, right, up = chance(-0.15, 0.15), chance(0.9, 1.1), chance(-0.1, 0.1), chance(-0.1, 0.1)
    look = {"yaw": chance(-0.35, 0.35), "pitch": chance(-0.2, 0.2), "open": chance(0.6, 1.15),
            "raised": chance(-0.015, 0.035), "smile": chance(-0.25, 0.7), "gaze": chance(-0.02, 0.02),
            "glasses": (chance(0, 1) < 0.2).astype(np.float32)}  # fmt: skip
    if aligned:
        turn, size, right, up = 0 * turn, 0 * size + 1, 0 * right, 0 * up
    light = np.stack([chance(-0.7, 0.7), chance(-0.1, 0.6), np.ones_like(turn)])
    light /= np.sqrt((light**2).sum(axis=0))
    X, Y = X - right, Y - up
    X, Y = (X * np.cos(turn) + Y * np.sin(turn)) / size, (Y * np.cos(turn) - X * np.sin(turn)) / size
    x, y = X, Y
    for _ in range(4):  # the point of the face that a turned head shows here
        z = _height(x, y, part)
        x, y = X - z * np.sin(look["yaw"]), Y - z * np.sin(look["pitch"])
    z, step = _height(x, y, part, True), 0.02
    across = (_height(x + step, y, part, True) - z) / step + np.sin(look["yaw"])
    along = (_height(x, y + step, part, True) - z) / step + np.sin(look["pitch"])
    falls = (light[2] - light[0] * across - light[1] * along) / np.sqrt(1 + across**2 + along**2)
    lit = 0.35 + 0.8 * np.maximum(falls, 0)
    picture = chance(0.15, 0.7) * (1 + chance(-0.2, 0.2) * Y) + 0 * X
    hair = tone * (1 - part["hair"]) * 0.9 + 0.03
    soft = float(side)
    crown = _blob(x, y - 0.06, part["width"] * 1.13, part["height"] * 1.06, soft)
    below = 1 / (1 + np.exp(np.clip((part["hair length"] * 0.5 - 0.25 - y) * 20, -30, 30)))
    picture += crown * below * (hair * (0.55 + 0.3 * light[1]) - picture)
    inside = _blob(x, y, _width(y, part), part["height"], soft)
    picture += inside * (_shade(x, y, part, tone, hair, look, soft) * lit - picture)
    picture = picture * chance(0.9, 1.2) + 0.015 * rng.normal(size=picture.shape)
    return np.clip(picture, 0, 1).astype(np.float32).reshape(len(who), copies, 1, side, side)


def _hill(x: np.ndarray, y: np.ndarray, a: np.ndarray | float, b: np.ndarray | float) -> np.ndarray:
    return np.exp(-((x / a) ** 2) - (y / b) ** 2)


def _blob(x: np.ndarray, y: np.ndarray, a: Any, b: Any, soft: float) -> np.ndarray:
    """1 inside an ellipse of half-axes a and b, 0 outside, soft over about a pixel."""
    r = np.sqrt((x / a) ** 2 + (y / b) ** 2)
    return 1 / (1 + np.exp(np.clip((r - 1) * np.minimum(a, b) * 2 * soft, -30, 30)))


def _width(y: np.ndarray, part: dict[str, np.ndarray]) -> np.ndarray:
    return part["width"] * (1 - part["jaw"] * np.clip(-y / part["height"], 0, 1) ** 2)


def _height(x: np.ndarray, y: np.ndarray, part: dict[str, np.ndarray], rim: bool = False) -> np.ndarray:
    """How far a point of the face stands out of the picture's plane: half an egg, hills and hollows.

    Around the egg it is flat; with `rim` it goes on falling, so that light finds a slope at the very edge.
    """
    inner = 1 - (x / _width(y, part)) ** 2 - (y / part["height"]) ** 2
    z = 0.5 * np.sqrt(np.maximum(inner, 0.04)) - (1.25 * np.maximum(0.04 - inner, 0) if rim else 0)
    across, down = np.abs(x) - part["eyes apart"], y - part["eye height"]
    along = np.clip(-down / part["nose length"], 0, 1.3)
    end = 1 / (1 + np.exp(np.clip(-(down + part["nose length"]) * 35, -30, 30)))
    z += part["nose rise"] * along * end * np.exp(-((x / part["nose width"] / (0.5 + 0.6 * along)) ** 2))
    z += part["brow ridge"] * _hill(across, down - 0.12, 0.16, 0.06) - 0.06 * _hill(across, down, 0.12, 0.08)
    z += part["cheeks"] * _hill(across - 0.08, down + 0.24, 0.12, 0.12)
    mouth = y - part["mouth height"]
    z += 0.04 * _hill(x, mouth, part["mouth width"], part["lips"]) - 0.03 * _hill(x, mouth + 0.11, 0.14, 0.04)
    return z + part["chin"] * _hill(x, y + 0.85 * part["height"], 0.14, 0.09)


def _shade(
    x: np.ndarray, y: np.ndarray, part: dict[str, np.ndarray], tone: np.ndarray, hair: np.ndarray,
    look: dict[str, np.ndarray], soft: float,
) -> np.ndarray:  # fmt: skip
    """The share of light that each point of a face gives back."""
    shade = tone + 0 * x

    def paint(where: np.ndarray, with_: Any) -> None:
        shade[:] += where * (with_ - shade)

    mole = _blob(x - part["mole x"], y - part["mole y"], 0.035, 0.035, soft)
    paint(np.clip(part["mole"], 0, 1) * mole, tone * 0.2)
    nose = part["eye height"] - part["nose length"]
    beard = 1 / (
        1 + np.exp(np.clip((y - nose + 0.05 + 0.6 * (0.3 - np.abs(x)) * (np.abs(x) > 0.3)) * 25, -30, 30))
    )
    paint(np.clip(part["beard"], 0, 1) * beard, hair)
    for side in (-1, 1):
        ex, ey = x - side * part["eyes apart"], y - part["eye height"]
        open_ = part["eye opening"] * look["open"]
        eye = _blob(ex, ey, part["eye width"], open_, soft)
        paint(_blob(ex, ey - 0.3 * open_, part["eye width"] * 1.15, open_ * 1.1, soft), tone * 0.35)
        paint(eye, 0.35 + 0.5 * tone)
        paint(eye * _blob(ex - look["gaze"], ey, 0.05, 0.05, soft), tone * part["iris"])
        by = ey - part["brow height"] - look["raised"] - side * part["brow tilt"] * ex
        paint(
            0.9 * _blob(ex, by + 1.2 * ex**2, part["eye width"] * 1.35, part["brow weight"], soft), hair * 0.8
        )
        paint(
            0.6 * _blob(x - side * part["nose width"] * 0.6, y - nose + 0.01, 0.03, 0.022, soft), tone * 0.25
        )
    mx, my = x, y - part["mouth height"]
    wide = part["mouth width"] * (1 + 0.25 * look["smile"])
    bent = my - look["smile"] * (mx**2 / part["mouth width"] - 0.04)
    paint(_blob(mx, bent, wide, part["lips"], soft), tone * part["lip shade"])
    paint(0.8 * _blob(mx, bent, wide * 0.95, 0.014, soft), tone * 0.25)
    line = part["hairline"] + 0.08 * part["hair length"] * x - 0.9 * x**2
    paint(1 / (1 + np.exp(np.clip((line - y) * 2 * soft, -30, 30))), hair)
    for side in (-1, 1):
        r = np.sqrt((x - side * part["eyes apart"]) ** 2 + (1.15 * (y - part["eye height"])) ** 2)
        paint(0.9 * look["glasses"] * np.exp(-(((r - 0.17) / 0.025) ** 2)), 0.03)
    bridge = _blob(x, y - part["eye height"] - 0.03, 0.06, 0.016, soft)
    paint(0.9 * look["glasses"] * bridge, 0.03)
    return shade


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


def fisherfaces(X: np.ndarray, k: int) -> Way:
    """Linear discriminant analysis of `k` principal components: where people differ, and one person does not.

    X (people, copies, 1, H, W) to learn from. Source: P. Belhumeur, J. Hespanha and D. Kriegman (1997).
    """
    from sklearn.decomposition import PCA
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.pipeline import make_pipeline

    who = np.repeat(np.arange(len(X)), X.shape[1])
    directions = make_pipeline(PCA(k, svd_solver="full"), LinearDiscriminantAnalysis())
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
    """Darker and lighter skin apart, compared within the group; X and `held` have half of each, darker first.

    Equal error rates, and false accepts at the one distance that lets 1 % of the strangers in `held` in.
    """
    far, same = pairs(way, held)
    limit = np.quantile(far[~same], 0.01)
    found = {}
    for name, group in (("darker", X[: len(X) // 2]), ("lighter", X[len(X) // 2 :])):
        far, same = pairs(way, group)
        found[f"{name} eer"] = equal_error_rate(far, same)
        found[f"{name} false"] = float((far[~same] <= limit).mean())
    return found


# -- the contest ---------------------------------------------------------------------------------------------


@cache
def faces(part: str, seed: int, darker: float = 0.5, aligned: bool = False) -> np.ndarray:
    """Pictures of people of a seed's own: "train", "held" or "test".  -> (people, copies, 1, 32, 32)"""
    rng = np.random.default_rng([seed, ("train", "held", "test").index(part)])
    n, copies = (PEOPLE, PICTURES) if part == "train" else (OTHERS, OF_EACH)
    return photographs(people(n, darker, rng), copies, rng, aligned=aligned)


def study(shift: int = 0) -> dict[str, Any]:
    """Every way, its one setting chosen on people apart; then five seeds; then the mixes of skin."""
    seeds, chooser = [seed + shift for seed in SEEDS], CHOOSER + shift
    rows: list[dict[str, Any]] = []

    def compare(name: str, grid: Sequence[float], make: Callable[[np.ndarray, Any, int], Way]) -> list[Way]:
        drawn = partial(faces, aligned=name.endswith("aligned"))

        def judge(value: float) -> float:
            way = make(drawn("train", chooser), value, chooser)
            return -equal_error_rate(*pairs(way, drawn("held", chooser)))

        chosen, tried = widened(grid, judge) if grid else (0, {})
        ways = [make(drawn("train", seed), chosen, seed) for seed in seeds]
        found = [pairs(way, drawn("test", seed)) for way, seed in zip(ways, seeds, strict=True)]
        row: dict[str, Any] = {
            "way": name,
            "chosen": chosen,
            "tried": {key: round(-one, 4) for key, one in tried.items()},
        }
        row["eer"] = [round(equal_error_rate(*one), 4) for one in found]
        row["accepted"] = [round(true_accept_rate(*one), 4) for one in found]
        rows.append(row)
        print(row, flush=True)
        return ways

    compare("pixels", (), lambda X, value, seed: pixels)
    compare("eigenfaces", COMPONENTS, lambda X, k, seed: eigenfaces(X, int(k)))
    compare("Fisherfaces", COMPONENTS, lambda X, k, seed: fisherfaces(X, int(k)))
    compare("Fisherfaces, aligned", COMPONENTS, lambda X, k, seed: fisherfaces(X, int(k)))
    compare("a classifier's features", RATES, by_names)
    nets = {}

    def embedding(X: np.ndarray, lr: float, seed: int) -> Way:
        nets[seed] = by_prototypes(X, lr, seed)
        return embedded(nets[seed])

    compare("prototypes, aligned", RATES, embedding)
    balanced = compare("prototypes", RATES, embedding)
    if not shift:
        keep(nets[SEEDS[0]], "faces_embedder")
    groups = {}
    for mix, darker in MIXES.items():
        lr = rows[-1]["chosen"]
        found = []
        for seed, way in zip(seeds, balanced, strict=True):
            if darker != 0.5:
                way = embedded(by_prototypes(faces("train", seed, darker), lr, seed))
            found.append(by_group(way, faces("test", seed), faces("held", seed)))
        groups[mix] = {what: [round(one[what], 4) for one in found] for what in found[0]}
        print(mix, groups[mix], flush=True)
    return {"shift": shift, "rows": rows, "groups": groups}


def load() -> dict[str, Any]:
    """What the study found: for each way its setting and rates by seed; for each mix, rates by group."""
    return json.loads(STUDY.read_text(encoding="utf-8"))


def load_embedder() -> ConvNet:
    """The embedding of the study's first seed, learned from half and half."""
    return restore(embedder(), "faces_embedder")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--shift", type=int, default=0, help="moves every seed; the result is printed")
    keep_study(study(parser.parse_args().shift), STUDY)
