"""Computed tomography in small: phantoms of ellipses, their scans, and ways back to a picture.

Lengths are in half-sides of the picture, which shows the square from −1 to 1.

    python -m nnlearn.study.tomography [--shift N]

trains the network without and with lesions over five seeds, and without them four times as long, tunes and
measures its rivals, writes `weights/tomography_study.json`, and keeps the first seed's three networks; with a
shift it prints.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.linalg import toeplitz
from scipy.signal import fftconvolve

from nnlearn.engine.primitive import Array, Result, no_grad, plain
from nnlearn.engine.random import RNG, generator
from nnlearn.functions.activations import relu
from nnlearn.functions.losses import mse_loss
from nnlearn.layers.basic import Conv2d, ConvTranspose2d
from nnlearn.layers.module import Module
from nnlearn.study.companions import keep, keep_study, restore
from nnlearn.study.gallery import widened
from nnlearn.training.optim import AdamW, cosine, warm_up
from nnlearn.training.trainer import Trainer

STUDY = Path(__file__).with_name("weights") / "tomography_study.json"
SEEDS, CHOOSER = range(5), 100
CUTS, VARIATIONS = (0.7, 1.0, 1.4, 2.0, 3.0), (0.0003, 0.001, 0.003)
STRENGTHS, RATES = (0.00003, 0.0001, 0.0003, 0.001), (0.001, 0.003, 0.01, 0.03)
SIDE, VIEWS, BINS = 48, 15, 48
NOISE, LESION = 0.01, 0.3  # of the sensors; how much brighter a lesion is
TRAIN, HELD, TEST, STEPS, LONGER = 2000, 100, 100, 500, 2000
# x, y, half-axes a and b, angle in degrees, brightness: Shepp and Logan (1974), with Toft's contrasts (1996).
SHEPP_LOGAN = np.array([
    (0, 0, 0.69, 0.92, 0, 1.0), (0, -0.0184, 0.6624, 0.874, 0, -0.8), (0.22, 0, 0.11, 0.31, -18, -0.2),
    (-0.22, 0, 0.16, 0.41, 18, -0.2), (0, 0.35, 0.21, 0.25, 0, 0.1), (0, 0.1, 0.046, 0.046, 0, 0.1),
    (0, -0.1, 0.046, 0.046, 0, 0.1), (-0.08, -0.605, 0.046, 0.023, 0, 0.1), (0, -0.606, 0.023, 0.023, 0, 0.1),
    (0.06, -0.605, 0.023, 0.046, 0, 0.1),
])  # fmt: skip


# -- phantoms and their scans: ellipses (n, k, 6), rows of x, y, a, b, degrees, brightness -------------------


def phantoms(n: int, lesions: bool = False, rng: RNG = None) -> np.ndarray:
    """Heads by chance: a skull, a brain, two ventricles, six patches, and a lesion in the last row.

    -> (n, 11, 6). A lesion is a small bright disc anywhere in the brain; without, its brightness is 0.
    """
    rng = generator(rng)
    E = np.zeros((n, 11, 6))
    a, b, turn = rng.uniform(0.62, 0.76, n), rng.uniform(0.78, 0.92, n), rng.uniform(-15, 15, n)
    for k, (inside, bright) in enumerate(((0, 1.0), (0.05, -0.7))):
        E[:, k, 2:] = np.stack([a - inside, b - inside, turn, np.full(n, bright)], axis=1)
    for k, side in ((2, -1), (3, 1)):
        E[:, k, 0] = side * rng.uniform(0.12, 0.24, n)
        E[:, k, 2], E[:, k, 3] = rng.uniform(0.07, 0.13, n), rng.uniform(0.2, 0.36, n)
        E[:, k, 4], E[:, k, 5] = turn - side * rng.uniform(5, 25, n), rng.uniform(-0.25, -0.15, n)
    E[:, 4:10, :2] = _inside(a[:, None], b[:, None], 0.6, (n, 6), rng)
    E[:, 4:10, 2:4] = rng.uniform(0.12, 0.3, (n, 6, 2))
    E[:, 4:10, 4], E[:, 4:10, 5] = rng.uniform(0, 180, (n, 6)), rng.uniform(-0.15, 0.2, (n, 6))
    E[:, 10, :2] = _inside(a, b, 0.75, (n,), rng)
    E[:, 10, 2:4] = rng.uniform(0.065, 0.095, (n, 1))
    E[:, 10, 5] = LESION if lesions else 0
    return E


def _inside(a: np.ndarray, b: np.ndarray, reach: float, shape: tuple, rng: np.random.Generator) -> np.ndarray:
    """Places spread evenly over an ellipse of `reach` times the half-axes.  -> (*shape, 2)"""
    r, angle = reach * np.sqrt(rng.random(shape)), 2 * np.pi * rng.random(shape)
    return np.stack([a * r * np.cos(angle), b * r * np.sin(angle)], axis=-1)


def with_lesion(E: np.ndarray, bright: float = LESION) -> np.ndarray:
    """The same heads, the last ellipse of each this bright: 0 takes it away.  (n, k, 6) -> (n, k, 6)"""
    E = E.copy()
    E[:, -1, 5] = bright
    return E


def picture(E: np.ndarray, fine: int = 4) -> np.ndarray:
    """Mean brightness in each pixel, from `fine`² points of it.  (n, k, 6) -> (n, 48, 48)"""
    at = (np.arange(SIDE * fine) + 0.5) / (SIDE * fine) * 2 - 1
    X, Y = np.meshgrid(at.astype(np.float32), -at.astype(np.float32))
    out = np.empty((len(E), SIDE, SIDE), np.float32)
    for i, ellipses in enumerate(E.astype(np.float32)):
        dense = np.zeros_like(X)
        for x, y, a, b, degrees, bright in ellipses[ellipses[:, 5] != 0]:
            c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
            u, v = (X - x) * c + (Y - y) * s, (Y - y) * c - (X - x) * s
            dense += bright * ((u / a) ** 2 + (v / b) ** 2 <= 1)
        out[i] = dense.reshape(SIDE, fine, SIDE, fine).mean(axis=(1, 3))
    return out


def angles(views: int = VIEWS) -> np.ndarray:
    """Directions spread over half a turn.  -> (views,)"""
    return np.arange(views) * np.pi / views


def scan(E: np.ndarray, views: int = VIEWS, noise: float = NOISE, rng: RNG = None) -> np.ndarray:
    """What the sensors count: brightness along rays, by a formula, and noise.  (n, k, 6) -> (n, views, 48)

    An ellipse gives 2 ρ a b √(α² − s²) / α², where s is how far the ray passes its centre and
    α² = a² cos² + b² sin² of the angle between. Averaged over each sensor's width. Source: A. Kak and
    M. Slaney, *Principles of computerized tomographic imaging* (1988), section 3.1.
    """
    x, y, a, b, degrees, bright = np.moveaxis(E, -1, 0)[..., None, None]  # each (n, k, 1, 1)
    turn, fine = angles(views)[:, None], 4
    s = (np.arange(BINS * fine) + 0.5) / (BINS * fine) * 2 - 1
    alpha2 = (a * np.cos(turn - np.deg2rad(degrees))) ** 2 + (b * np.sin(turn - np.deg2rad(degrees))) ** 2
    total = np.zeros((len(E), views, BINS * fine))
    for k in range(E.shape[1]):
        past = s - x[:, k] * np.cos(turn) - y[:, k] * np.sin(turn)
        chord = np.sqrt(np.clip(alpha2[:, k] - past**2, 0, None)) / alpha2[:, k]
        total += 2 * bright[:, k] * a[:, k] * b[:, k] * chord
    p = total.reshape(len(E), views, BINS, fine).mean(axis=-1)
    return (p + noise * generator(rng).normal(size=p.shape)).astype(np.float32)


# -- ways back: each takes scans (n, views, 48) and gives pictures (n, 48, 48) -------------------------------

Way = Callable[[np.ndarray], np.ndarray]


@cache
def rays(views: int = VIEWS, fine: int = 4) -> np.ndarray:
    """A, so that A x scans a picture: how much of each pixel each sensor sees.  -> (views · 48, 48²)"""
    at, width = (np.arange(SIDE * fine) + 0.5) / (SIDE * fine) * 2 - 1, 2 / BINS
    X, Y = np.meshgrid(at, -at)
    pixel = np.add.outer(np.arange(SIDE * fine) // fine * SIDE, np.arange(SIDE * fine) // fine)
    A = np.zeros((views, BINS, SIDE * SIDE), np.float32)
    for view, turn in zip(A, angles(views), strict=True):
        sensor = np.floor((X * np.cos(turn) + Y * np.sin(turn) + 1) / width).astype(int)
        seen = (sensor >= 0) & (sensor < BINS)
        np.add.at(view, (sensor[seen], pixel[seen]), (2 / SIDE / fine) ** 2 / width)
    return A.reshape(views * BINS, -1)


def ramp(cut: float = 1.0) -> np.ndarray:
    """The filter of back-projection, |f| times a Hann window that ends at `cut`.  -> (48, 48)

    1 is the highest frequency; above it, the window is wider than the data. The ramp is made in space, so
    that its mean comes out right. Source: A. Kak and M. Slaney (1988), section 3.3.

    Raises ValueError for a cut that is not above 0.
    """
    if not cut > 0:
        raise ValueError(f"ramp: cut is {cut}, expected above 0")
    n, width = np.arange(-BINS, BINS), 2 / BINS
    kernel = np.where(n % 2, -1 / (np.pi * np.where(n == 0, 1, n) * width) ** 2, 0.0)
    kernel[BINS] = 1 / (4 * width**2)
    f = np.abs(np.fft.fftfreq(2 * BINS)) / 0.5
    window = np.where(f <= cut, 0.5 + 0.5 * np.cos(np.pi * f / cut), 0)
    return toeplitz(np.fft.ifft(np.fft.fft(np.fft.ifftshift(kernel)) * window).real[:BINS] * width)


def back_projection(cut: float = 1.0, views: int = VIEWS) -> Way:
    """Filtered back-projection: filter each view, smear it back along its rays, add up.

    π / views · Σ over the views. Source: A. Kak and M. Slaney (1988), section 3.3.
    """
    back = np.pi / views * BINS / 2 / (2 / SIDE) ** 2 * (2 / BINS) ** 2 * rays(views).T
    back = (back.reshape(-1, views, BINS) @ ramp(cut).astype(np.float32)).reshape(SIDE * SIDE, -1)
    return lambda p: (p.reshape(len(p), -1) @ back.T).reshape(-1, SIDE, SIDE)


def ridge(p: np.ndarray, x: np.ndarray, strength: float) -> Way:
    """The linear way back that is best for these pictures: ridge regression from scan to picture."""
    P, X = p.reshape(len(p), -1).astype(float), x.reshape(len(x), -1).astype(float)
    mean, middle = P.mean(axis=0), X.mean(axis=0)
    gram = (P - mean).T @ (P - mean) + strength * len(P) * np.eye(P.shape[1])
    W = np.linalg.solve(gram, (P - mean).T @ (X - middle))
    return lambda p: (middle + (p.reshape(len(p), -1) - mean) @ W).reshape(-1, SIDE, SIDE).astype(np.float32)


def total_variation(strength: float, steps: int = 150, views: int = VIEWS) -> Way:
    """argmin over x ≥ 0 of ½‖A x − p‖² + strength · Σ |∇x|: few edges.

    By the steps of A. Chambolle and T. Pock (2011).
    """
    A = rays(views)
    size = np.sqrt(np.linalg.norm(A, 2) ** 2 * (balance := 8 / np.linalg.norm(A, 2) ** 2) + 8)
    B = A * np.float32(np.sqrt(balance))

    def way(p: np.ndarray) -> np.ndarray:
        p, lam = p.reshape(len(p), -1) * np.float32(np.sqrt(balance)), np.float32(strength * balance)
        x = np.zeros((len(p), SIDE, SIDE), np.float32)
        y, z, ahead, step = np.zeros_like(p), np.zeros((2, *x.shape), np.float32), x, np.float32(1 / size)
        for _ in range(steps):
            y = (y + step * (ahead.reshape(len(p), -1) @ B.T - p)) / (1 + step)
            z[0, :, :-1] += step * np.diff(ahead, axis=1)
            z[1, :, :, :-1] += step * np.diff(ahead, axis=2)
            z /= np.maximum(1, np.sqrt((z**2).sum(axis=0)) / lam)
            down = (y @ B).reshape(x.shape) - z[0] - z[1]
            down[:, 1:] += z[0, :, :-1]
            down[:, :, 1:] += z[1, :, :, :-1]
            new = np.maximum(x - step * down, 0)
            x, ahead = new, 2 * new - x
        return x

    return way


class Cleaner(Module):
    """x plus what convolutions add: halved, three 3×3, doubled.  (B, 1, H, W) -> (B, 1, H, W)

    H and W are even. Source: K. Jin, M. McCann, E. Froustey and M. Unser (2017), whose network is a U-Net.
    """

    def __init__(self, width: int = 32, rng: RNG = None) -> None:
        rng = generator(rng)
        self.halve = Conv2d(1, width, 4, stride=2, padding=1, rng=rng)
        self.middle = [Conv2d(width, width, 3, padding=d, dilation=d, rng=rng) for d in (1, 2, 1)]
        self.double = ConvTranspose2d(width, 1, 4, stride=2, padding=1, rng=rng)
        self.double.W.data[:] = 0  # so that it begins by adding nothing

    def forward(self, x: Array) -> Result:
        h = relu(self.halve(x))
        for layer in self.middle:
            h = h + relu(layer(h))
        return x + self.double(h)


def cleaned(net: Module, first: Way) -> Way:
    """Another way's pictures, gone over by a network."""

    @no_grad()
    def way(p: np.ndarray) -> np.ndarray:
        return plain(net(first(p)[:, None]))[:, 0]

    return way


# -- how it is judged ----------------------------------------------------------------------------------------


def rmse(found: np.ndarray, x: np.ndarray) -> float:
    """Root of the mean squared error, in % of the skull's brightness.  Two of one shape -> one number"""
    return 100 * float(np.sqrt(((found - x) ** 2).mean()))


def share(found: np.ndarray, without: np.ndarray, x: np.ndarray, x_without: np.ndarray) -> np.ndarray:
    """How much of a lesion arrives: ⟨found − without, d⟩ / ⟨d, d⟩, with d = x − x_without.  -> (n,)

    Two pictures of each head, with the lesion and without, from scans of the same noise: 1 says that all of
    it is there, 0 that nothing is. Each argument (n, H, W). Raises ValueError where the truth has no lesion.
    """
    d = x - x_without
    size = (d * d).sum(axis=(1, 2))
    if not size.all():
        raise ValueError(
            f"share: {np.sum(size == 0)} of {len(size)} pairs do not differ, expected a lesion in each"
        )
    return ((found - without) * d).sum(axis=(1, 2)) / size


def spots(error: np.ndarray, radius: float = 0.08) -> np.ndarray:
    """How much each place of an error looks like a lesion: 1 for one where none is.  (n, H, W) -> the same

    The mean over a lesion's disc minus the mean over a ring around it.
    """
    middle = np.array([[(0, 0, radius, radius, 0, 1.0)], [(0, 0, 2 * radius, 2 * radius, 0, 1.0)]])
    disc, both = picture(middle)[:, 1:, 1:]  # the middle is a corner of four pixels: a pixel less on one side
    both -= disc
    form = disc / disc.sum() - both / both.sum()
    return fftconvolve(error, form[None, ::-1, ::-1], mode="same", axes=(1, 2)) / (
        LESION * (disc * form).sum()
    )


def brains(E: np.ndarray) -> np.ndarray:
    """Where a lesion might lie: four fifths of the brain.  (n, k, 6) -> (n, 48, 48) of bool"""
    brain = E[:, 1:2].copy()
    brain[..., 2:4] *= 0.8
    brain[..., 5] = 1
    return picture(brain) > 0.5


def judged(way: Way, E: np.ndarray, seed: Sequence[int]) -> dict[str, float]:
    """A way back on heads with a lesion, on the same without, and on the phantom of Shepp and Logan."""

    def look(E: np.ndarray) -> np.ndarray:
        return way(scan(E, rng=np.random.default_rng(seed)))

    healthy, ill, odd = with_lesion(E, 0), with_lesion(E), SHEPP_LOGAN[None]
    x, found = picture(healthy), look(healthy)
    arrives = share(look(ill), found, picture(ill), x)
    worst = np.where(brains(E), spots(found - x), 0).max(axis=(1, 2))
    numbers = {
        "rmse": rmse(found, x),
        "share": arrives.mean(),
        "spread": arrives.std(),
        "invented": (worst > 0.5).mean(),
        "shepp_logan": rmse(look(odd), picture(odd)),
    }
    return {name: round(float(value), 4) for name, value in numbers.items()}


# -- the contest ---------------------------------------------------------------------------------------------


class Heads(NamedTuple):
    """Scans (n, views, 48) and pictures (n, 48, 48)."""

    p: np.ndarray
    x: np.ndarray


def heads(n: int, lesions: bool, seed: Sequence[int]) -> Heads:
    """Phantoms, scanned and drawn; with `lesions` every other one has a lesion."""
    rng = np.random.default_rng(seed)
    E = phantoms(n, lesions, rng)
    E[::2, -1, 5] = 0
    return Heads(scan(E, rng=rng), picture(E))


def train(data: Heads, first: Way, lr: float, seed: int = 0, steps: int = STEPS) -> Cleaner:
    """Eight pictures a step, AdamW, a rate that rises and falls."""
    net = Cleaner(rng=seed)
    trainer = Trainer(
        net, AdamW(net.parameters(), lr), loss=mse_loss, schedule=warm_up(20, cosine(lr, steps - 20))
    )
    trainer.fit(
        (first(data.p)[:, None], data.x[:, None]), steps=steps, batch_size=8, rng=seed, progress=False
    )
    return net


def study(shift: int = 0) -> dict[str, Any]:
    """Every way back, its one setting chosen on heads apart; then five seeds, each with heads of its own."""
    rows: list[dict[str, Any]] = []

    def compare(name: str, grid: Sequence[float], make: Callable[[float, int], Way]) -> float:
        held = heads(HELD, name.endswith(", lesions"), (CHOOSER + shift, 1))
        chosen, tried = grid[0], dict[str, float]()
        if len(grid) > 1:
            chosen, tried = widened(grid, lambda value: -rmse(make(value, CHOOSER + shift)(held.p), held.x))
        found = []
        for seed in (one + shift for one in SEEDS):
            E = phantoms(TEST, True, np.random.default_rng((seed, 2)))
            found.append(judged(make(chosen, seed), E, (seed, 3)))
        row = {"way": name, "chosen": chosen, "tried": {key: round(-one, 4) for key, one in tried.items()}}
        rows.append(row | {what: [one[what] for one in found] for what in found[0]})
        print(rows[-1], flush=True)
        return chosen

    cut = compare("back-projection", CUTS, lambda cut, seed: back_projection(cut))
    compare("total variation", VARIATIONS, lambda strength, seed: total_variation(strength))
    first = back_projection(cut)
    rates = {}
    for kind in ("no lesions", "lesions"):
        data = cache(lambda seed, kind=kind: heads(TRAIN, kind == "lesions", (seed, 0)))

        def matrix(strength: float, seed: int, data: Callable[[int], Heads] = data) -> Way:
            return ridge(data(seed).p, data(seed).x, strength)

        def network(
            lr: float, seed: int, data: Callable[[int], Heads] = data, kind: str = kind, steps: int = STEPS
        ) -> Way:
            net = train(data(seed), first, lr, seed, steps)
            if seed == SEEDS[0]:
                keep(net, "tomography_longer" if steps > STEPS else f"tomography_{kind.replace(' ', '_')}")
            return cleaned(net, first)

        compare(f"ridge, {kind}", STRENGTHS, matrix)
        rates[kind] = compare(f"network, {kind}", RATES, network)
    data = cache(lambda seed: heads(TRAIN, False, (seed, 0)))
    compare("network, longer", (rates["no lesions"],), partial(network, data=data, steps=LONGER))
    return {"shift": shift, "rows": rows}


def load() -> dict[str, Any]:
    """What the study found: for each way back its setting, and by seed what `judged` says."""
    return json.loads(STUDY.read_text(encoding="utf-8"))


def load_cleaner(lesions: bool, longer: bool = False) -> Cleaner:
    """The network of the study's first seed, trained with lesions or without, or without four times as long.

    Raises ValueError for a longer training with lesions: there was none.
    """
    if lesions and longer:
        raise ValueError("load_cleaner: longer is True with lesions, expected without")
    name = "longer" if longer else "lesions" if lesions else "no_lesions"
    return restore(Cleaner(), f"tomography_{name}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--shift", type=int, default=0, help="moves every seed; the result is printed")
    keep_study(study(parser.parse_args().shift), STUDY)
