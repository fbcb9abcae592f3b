"""Data that needs no network: bundled sets, and generators of our own. `download` has three well-known ones.

Sets come as `X, y`: X float32 with one example a row, y the labels (integers) or targets (float32).
Generators take `rng=`, a seed or a NumPy Generator. scikit-learn and pooch load when first needed.
"""

from typing import Any

import numpy as np

from .download import fashion_mnist as fashion_mnist
from .download import mnist as mnist
from .download import tiny_shakespeare as tiny_shakespeare
from .random import RNG, generator

Set = tuple[np.ndarray, np.ndarray]


# -- bundled with scikit-learn and with Python -----------------------------------------------------


def _bundled(name: str, **options: Any) -> Any:
    from sklearn import datasets

    return getattr(datasets, f"load_{name}")(**options)


def _table(name: str, **options: Any) -> Set:
    X, y = _bundled(name, return_X_y=True, **options)
    return X.astype(np.float32), y.astype(np.int64 if y.dtype.kind == "i" else np.float32)


def iris() -> Set:
    """Three species of iris, 50 flowers each: sepal and petal length and width in cm.  (150, 4), (150,)

    Source: R. A. Fisher (1936).
    """
    return _table("iris")


def wine() -> Set:
    """Chemical analysis of wines from three growers.  (178, 13), (178,)  Source: M. Forina et al. (1988)."""
    return _table("wine")


def breast_cancer() -> Set:
    """Measurements of cell nuclei; 0 malignant, 1 benign.  (569, 30), (569,)  Source: W. Street et al.
    (1993).
    """
    return _table("breast_cancer")


def diabetes() -> Set:
    """Ten measurements of a patient, and the disease's progression after a year.  (442, 10), (442,)

    Age in years, blood pressure in mm Hg and so on, not scaled.  Source: B. Efron et al. (2004).
    """
    return _table("diabetes", scaled=False)


def digits(images: bool = False) -> Set:
    """Handwritten digits of 8×8 pixels, 0 paper to 1 ink.  (1797, 64), or (1797, 1, 8, 8) as images; (1797,)

    Source: E. Alpaydin and C. Kaynak (1998).
    """
    X, y = _table("digits")
    return (X / 16).reshape((-1, 1, 8, 8) if images else (-1, 64)), y


def names(which: str) -> tuple[list[str], list[str]]:
    """The names of a bundled set's features and of its classes (none for regression)."""
    known = ("iris", "wine", "breast_cancer", "diabetes", "digits")
    if which not in known:
        raise ValueError(f"names: got {which!r}, expected one of {', '.join(known)}")
    bunch = _bundled(which)
    return [str(n) for n in bunch.feature_names], [str(n) for n in getattr(bunch, "target_names", [])]


def photographs() -> np.ndarray:
    """Two colour photographs, a temple and a flower, in [0, 1].  (2, 3, 427, 640)"""
    images = np.stack(_bundled("sample_images").images)
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2), dtype=np.float32) / 255


def manual() -> str:
    """Python's own reference manual, as plain English text: about 465,000 characters."""
    from pydoc_data.topics import topics

    return "\n\n".join(topics[name] for name in sorted(topics))


def manual_split(validation: float = 0.1) -> tuple[str, str]:
    """The manual for a language model: its first 90 % to train on, its last 10 % to be judged by.

    A fifth of the manual repeats paragraphs of other pages; here each stands once, so that nothing a model
    is judged by was in what it learned from.
    """
    if not 0 < validation < 1:
        raise ValueError(f"manual_split: validation is {validation}, expected a share between 0 and 1")
    text = "\n\n".join(dict.fromkeys(manual().split("\n\n")))
    cut = round((1 - validation) * len(text))
    return text[:cut], text[cut:]


# -- splitting and scaling -------------------------------------------------------------------------


def split(
    X: np.ndarray, y: np.ndarray, validation: float = 0.2, test: float = 0.2, rng: RNG = None
) -> tuple[Set, Set, Set]:
    """Shuffle, and part into (X, y) for training, validation and test. No example is on two sides.

    Labels are stratified: each part has every class in the same proportion. Examples that are equal stay
    together, or the test would ask what was trained on.
    """
    X, y = np.asarray(X), np.asarray(y)
    if len(X) != len(y):
        raise ValueError(f"split: X has {len(X)} examples but y has {len(y)}")
    if validation < 0 or test < 0 or validation + test >= 1:
        raise ValueError(f"split: validation={validation} and test={test} leave nothing to train on")
    groups: dict[bytes, list[int]] = {}
    for i, row in enumerate(X):
        groups.setdefault(row.tobytes(), []).append(i)
    members = list(groups.values())
    first = np.array([group[0] for group in members])
    stratum = y[first] if y.dtype.kind in "iub" else np.zeros(len(first), int)
    parts: tuple[list[int], ...] = ([], [], [])
    rng = generator(rng)
    for label in np.unique(stratum):
        order = rng.permutation(np.flatnonzero(stratum == label))
        cuts = np.rint(np.array([1 - validation - test, 1 - test]) * len(order)).astype(int)
        for part, chosen in zip(parts, np.split(order, cuts), strict=True):
            part += [i for g in chosen for i in members[g]]
    train_part, validation_part, test_part = (rng.permutation(np.array(part, dtype=int)) for part in parts)
    return (
        (X[train_part], y[train_part]),
        (X[validation_part], y[validation_part]),
        (X[test_part], y[test_part]),
    )


def standardize(train: np.ndarray, *others: np.ndarray) -> Any:
    """(x − mean) / standard deviation of each feature, both measured on `train` alone; the others follow.

    A feature that never changes is only centred.
    """
    mean, deviation = train.mean(0), train.std(0)
    deviation = np.where(deviation > 0, deviation, 1)
    scaled = tuple((x - mean) / deviation for x in (train, *others))
    return scaled if others else scaled[0]


def windows(ids: np.ndarray, length: int, stride: int = 1) -> Set:
    """Each stretch of `length` tokens, and the same stretch one token later.  (N,) -> (n, length), (n,
    length)

    Both are views into `ids`: no copy is made.
    """
    if len(ids) <= length:
        raise ValueError(
            f"windows: {len(ids)} tokens are too few for a window of {length} and its next token"
        )
    both = np.lib.stride_tricks.sliding_window_view(ids, length + 1)[::stride]
    return both[:, :-1], both[:, 1:]


# -- points in the plane ---------------------------------------------------------------------------


def _labels(n: int, classes: int) -> np.ndarray:
    if n < classes:
        raise ValueError(f"n is {n}, expected at least one point for each of the {classes} classes")
    return np.arange(n) % classes


def _plane(x: np.ndarray, y: np.ndarray, y_label: np.ndarray, noise: float, rng: np.random.Generator) -> Set:
    points = np.stack([x, y], axis=1) + noise * rng.standard_normal((len(x), 2))
    return points.astype(np.float32), y_label.astype(np.int64)


def spirals(n: int = 300, classes: int = 3, noise: float = 0.05, turns: float = 0.75, rng: RNG = None) -> Set:
    """Arms that wind around each other, out to radius 1.  (n, 2), (n,)"""
    rng, label = generator(rng), _labels(n, classes)
    r = np.sqrt(rng.uniform(0.01, 1, n))
    angle = 2 * np.pi * (label / classes + turns * r)
    return _plane(r * np.cos(angle), r * np.sin(angle), label, noise, rng)


def moons(n: int = 200, noise: float = 0.1, rng: RNG = None) -> Set:
    """Two half circles that reach into each other.  (n, 2), (n,)"""
    rng, label = generator(rng), _labels(n, 2)
    angle = np.pi * rng.random(n) + np.pi * label
    return _plane(np.cos(angle) + label - 0.5, np.sin(angle) + 0.5 * label - 0.25, label, noise, rng)


def circles(n: int = 200, noise: float = 0.05, factor: float = 0.5, rng: RNG = None) -> Set:
    """A circle of radius 1 (class 0) around one of radius `factor` (class 1).  (n, 2), (n,)"""
    rng, label = generator(rng), _labels(n, 2)
    angle, r = 2 * np.pi * rng.random(n), np.where(label == 1, factor, 1.0)
    return _plane(r * np.cos(angle), r * np.sin(angle), label, noise, rng)


def xor(n: int = 200, noise: float = 0.0, rng: RNG = None) -> Set:
    """The square [−1, 1]²: class 1 where exactly one coordinate is positive.  (n, 2), (n,)"""
    rng = generator(rng)
    x, y = rng.uniform(-1, 1, (2, n))
    return _plane(x, y, (x > 0) != (y > 0), noise, rng)


def mixture(n: int = 1000, modes: int = 8, radius: float = 2.0, spread: float = 0.05, rng: RNG = None) -> Set:
    """Gaussian blobs on a ring, and the blob of each point.  (n, 2), (n,)"""
    rng, label = generator(rng), _labels(n, modes)
    angle = 2 * np.pi * label / modes
    return _plane(radius * np.cos(angle), radius * np.sin(angle), label, spread, rng)


def plane(n: int = 200, noise: float = 0.0, rng: RNG = None) -> Set:
    """A tilted plane over [−1, 1]²: the target is (x + y) / 2 + noise.  (n, 2), (n, 1)"""
    rng = generator(rng)
    X = rng.uniform(-1, 1, (n, 2))
    y = X.mean(axis=1, keepdims=True) + noise * rng.standard_normal((n, 1))
    return X.astype(np.float32), y.astype(np.float32)


def hills(n: int = 200, noise: float = 0.0, rng: RNG = None) -> Set:
    """Two hills and two hollows over [−1, 1]²: the target is sin(πx) sin(πy) + noise.  (n, 2), (n, 1)"""
    rng = generator(rng)
    X = rng.uniform(-1, 1, (n, 2))
    y = np.sin(np.pi * X).prod(axis=1, keepdims=True) + noise * rng.standard_normal((n, 1))
    return X.astype(np.float32), y.astype(np.float32)


def separable(n: int = 100, margin: float = 0.2, label_noise: float = 0.0, rng: RNG = None) -> Set:
    """Two classes on the two sides of a random line, none nearer to it than `margin`.  (n, 2), (n,)

    Then a share `label_noise` of all labels is turned round. A seed's points only move apart as the margin
    grows, and only more labels turn as the noise grows.
    """
    if not margin >= 0:
        raise ValueError(f"separable: margin is {margin}, expected 0 or more")
    if not 0 <= label_noise <= 1:
        raise ValueError(f"separable: label_noise is {label_noise}, expected a share from 0 to 1")
    rng = generator(rng)
    label = rng.permutation(_labels(n, 2))
    angle, offset = rng.uniform(0, 2 * np.pi), rng.uniform(-0.3, 0.3)
    across = offset + (2 * label - 1) * (margin + rng.random(n))
    along = rng.uniform(-1, 1, n)
    x = across * np.cos(angle) - along * np.sin(angle)
    y = across * np.sin(angle) + along * np.cos(angle)
    turned = rng.permutation(n)[: round(label_noise * n)]
    label[turned] = 1 - label[turned]
    return _plane(x, y, label, 0.0, rng)


# -- curves and series -----------------------------------------------------------------------------


def sine(n: int = 100, noise: float = 0.1, rng: RNG = None) -> Set:
    """y = sin(2π x) + noise, x in [−1, 1].  (n, 1), (n, 1)"""
    rng = generator(rng)
    x = np.sort(rng.uniform(-1, 1, (n, 1)), axis=0)
    y = np.sin(2 * np.pi * x) + noise * rng.standard_normal((n, 1))
    return x.astype(np.float32), y.astype(np.float32)


def mackey_glass(n: int = 2000, delay: int = 17, rng: RNG = None) -> np.ndarray:
    """dx/dt = 0.2 x(t − τ) / (1 + x(t − τ)¹⁰) − 0.1 x, one value a unit of time; chaotic from τ ≈ 17 on.
    (n,)

    τ is `delay`. Ten Euler steps a unit, after a start of 1,000 units.  Source: M. Mackey and L. Glass
    (1977).
    """
    steps, warm_up = 10, 1000
    lag = delay * steps
    x = np.empty(lag + (warm_up + n) * steps)
    x[: lag + 1] = 1.2 + 0.1 * generator(rng).uniform(-1, 1)
    for t in range(lag, len(x) - 1):
        past = x[t - lag]
        x[t + 1] = x[t] + (0.2 * past / (1 + past**10) - 0.1 * x[t]) / steps
    return x[lag + warm_up * steps :: steps].astype(np.float32)


def lorenz(n: int = 2000, dt: float = 0.02, rng: RNG = None) -> np.ndarray:
    """dx/dt = 10 (y − x), dy/dt = x (28 − z) − y, dz/dt = x y − 8/3 z, every `dt`.  (n, 3)

    Fourth-order Runge–Kutta, after a start of 1,000 steps.  Source: E. Lorenz (1963).
    """

    def slope(p: np.ndarray) -> np.ndarray:
        x, y, z = p
        return np.array([10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z])

    p = np.array([0.0, 0.0, 25.0]) + generator(rng).uniform(-1, 1, 3)
    path = []
    for _ in range(1000 + n):
        a = slope(p)
        b = slope(p + dt / 2 * a)
        c = slope(p + dt / 2 * b)
        d = slope(p + dt * c)
        p = p + dt / 6 * (a + 2 * b + 2 * c + d)
        path.append(p)
    return np.array(path[1000:], dtype=np.float32)


# -- sequences of signs ----------------------------------------------------------------------------

_MONTHS = "January February March April May June July August September October November December".split()
_UNITS = "first second third fourth fifth sixth seventh eighth ninth".split()
_TEENS = "tenth eleventh twelfth thir four fif six seven eigh nine".split()
_TEENS = [teen if teen.endswith("th") else f"{teen}teenth" for teen in _TEENS]
_DAYS = [*_UNITS, *_TEENS, "twentieth", *(f"twenty-{u}" for u in _UNITS), "thirtieth", "thirty-first"]


def dates(n: int = 1000, rng: RNG = None) -> list[tuple[str, str]]:
    """Days from 1900 to 2099 in words, several ways, and as ISO 8601: ("the third of March 2014",
    "2014-03-03").
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

    Each walks along the scale, says its first two bars again in bars 5 and 6, pauses on G half-way, and
    ends on C: a model has something near and something far to learn.
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


# -- graphs ----------------------------------------------------------------------------------------


def communities(
    n: int = 200,
    classes: int = 4,
    inside: float = 0.1,
    between: float = 0.005,
    features: int = 16,
    signal: float = 0.5,
    rng: RNG = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A graph whose nodes know their own kind: features X, adjacency A, class y.  (n, features), (n, n), (n,)

    Nodes of one class are joined with probability `inside`, others with `between` (stochastic block model,
    P. Holland et al., 1983). Features are noise plus `signal` times the class's direction: weak alone,
    clear among neighbours.
    """
    rng, y = generator(rng), _labels(n, classes)
    chance = np.where(y[:, None] == y[None, :], inside, between)
    upper = np.triu(rng.random((n, n)) < chance, k=1)
    X = rng.standard_normal((n, features)) + signal * rng.standard_normal((classes, features))[y]
    return X.astype(np.float32), (upper | upper.T).astype(np.float32), y.astype(np.int64)
