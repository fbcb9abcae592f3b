"""Object detection in small: scenes of digits, a network that answers in cells, boxes and their judgement.

A box is (x₀, y₀, x₁, y₁) in pixels, the far edges outside; boxes are rows of an array (n, 4).

    python -m nnlearn.study.detection [--shift N]

compares the network with a classifier that slides, over five seeds, also with other sizes of boxes and
without names, writes `weights/detection_study.json`, and keeps the first detector; with a shift it prints.
About five minutes of one core.
"""

import argparse
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nnlearn.data.mnist_subset import mnist
from nnlearn.engine.arithmetic import sum as total
from nnlearn.engine.primitive import Array, Result, no_grad, plain
from nnlearn.engine.random import RNG, generator
from nnlearn.functions.activations import relu, sigmoid, softmax
from nnlearn.functions.losses import binary_cross_entropy, cross_entropy
from nnlearn.layers.basic import Conv2d, MaxPool2d
from nnlearn.layers.module import Module
from nnlearn.models.convnet import ConvNet
from nnlearn.study.companions import keep, keep_study, restore
from nnlearn.training.optim import AdamW, cosine, warm_up
from nnlearn.training.trainer import Trainer

STUDY = Path(__file__).with_name("weights") / "detection_study.json"
SEEDS, CHOOSER, RATES = range(5), 100, (0.001, 0.003, 0.01, 0.03, 0.1)
SIDE, STRIDE, CLASSES = 40, 4, 10
CELLS = SIDE // STRIDE


# -- boxes ---------------------------------------------------------------------------------------------------


def iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union of every pair of boxes.  (n, 4), (m, 4) -> (n, m), from 0 to 1

    Boxes that only touch share nothing. Raises ValueError for what are not rows of four.
    """
    a, b = (_boxes("iou", name, box) for name, box in (("a", a), ("b", b)))
    low, high = np.maximum(a[:, None, :2], b[:, :2]), np.minimum(a[:, None, 2:], b[:, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    area = (a[:, 2:] - a[:, :2]).prod(axis=1)[:, None] + (b[:, 2:] - b[:, :2]).prod(axis=1)
    return shared / np.maximum(area - shared, 1e-12)


def non_max_suppression(boxes: np.ndarray, scores: np.ndarray, threshold: float = 0.5) -> np.ndarray:
    """Places of the boxes that stay, best first: each removes the worse ones that overlap it by more.

    (n, 4), (n,) -> (m,). Of equal scores the first counts as better.
    """
    boxes, order, kept = _boxes("non_max_suppression", "boxes", boxes), np.argsort(-scores, kind="stable"), []
    while len(order):
        best, order = order[0], order[1:]
        kept.append(best)
        order = order[iou(boxes[best][None], boxes[order])[0] <= threshold]
    return np.array(kept, dtype=int)


def average_precision(scores: np.ndarray, hits: np.ndarray, truths: int) -> float:
    """The area under precision over recall, as answers are taken in from the surest on.

    scores (n,), hits (n,) True where an answer found an object that no surer one had found; `truths` objects
    were there. Precision counts as the best that this or a larger recall has. Raises ValueError where there
    was nothing to be found. Source: M. Everingham et al., PASCAL VOC (2010 on).
    """
    if truths < 1:
        raise ValueError(f"average_precision: truths is {truths}, expected at least 1")
    hits = np.asarray(hits, dtype=bool)[np.argsort(-np.asarray(scores), kind="stable")]
    precision = hits.cumsum() / np.arange(1, len(hits) + 1)
    best_from_here = np.maximum.accumulate(precision[::-1])[::-1]
    return float(best_from_here[hits].sum() / truths)


def _boxes(where: str, name: str, boxes: np.ndarray) -> np.ndarray:
    boxes = np.asarray(boxes, dtype=float)
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"{where}: {name} has shape {boxes.shape}, expected (n, 4)")
    return boxes


# -- scenes --------------------------------------------------------------------------------------------------


class Scenes(NamedTuple):
    """Pictures, and what is in each: boxes (k, 4) and labels (k,)."""

    x: np.ndarray  # (n, 1, 40, 40)
    boxes: list[np.ndarray]
    labels: list[np.ndarray]


def small_digits(part: str = "train") -> tuple[np.ndarray, np.ndarray]:
    """MNIST's digits at half their size.  -> (n, 14, 14), (n,)

    Raises ValueError for a part other than "train" and "test".
    """
    if part not in ("train", "test"):
        raise ValueError(f"small_digits: part is {part!r}, expected 'train' or 'test'")
    X, y = mnist()[part == "test"]
    return X.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)), y


def scenes(n: int, part: str = "train", rng: RNG = None) -> Scenes:
    """Dark scenes with one to four digits that do not overlap, and half as many short strokes that are none.

    A box is as tight as the ink (above a quarter). The digits of "test" were written by other people.
    """
    rng, (pictures, y) = generator(rng), small_digits(part)
    x, boxes, labels = np.zeros((n, 1, SIDE, SIDE), np.float32), [], []
    for i in range(n):
        found: list[list[int]] = []
        chosen = rng.integers(0, len(y), rng.integers(1, 5))
        kept = []
        for k in chosen:
            rows, columns = (np.flatnonzero((pictures[k] > 0.25).any(axis=axis)) for axis in (1, 0))
            ink = pictures[k][rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            h, w = ink.shape
            for _ in range(20):
                top, left = rng.integers(0, SIDE - h + 1), rng.integers(0, SIDE - w + 1)
                box = [left, top, left + w, top + h]
                if not any(_near(box, other) for other in found):
                    x[i, 0, top : top + h, left : left + w] = ink
                    found.append(box)
                    kept.append(y[k])
                    break
        for _ in range(len(kept)):  # strokes: something is there, but no digit
            length, (top, left) = rng.integers(3, 6), rng.integers(0, SIDE - 6, 2)
            box = [left, top, left + 6, top + 6]
            if not any(_near(box, other) for other in found):
                tall = rng.random() < 0.5
                x[i, 0, top : top + (length if tall else 1), left : left + (1 if tall else length)] = 0.8
        boxes.append(np.array(found, dtype=float))
        labels.append(np.array(kept))
    x += rng.normal(0, 0.08, x.shape).astype(np.float32)
    return Scenes(x, boxes, labels)


def _near(a: list[int], b: list[int]) -> bool:
    return a[0] < b[2] + 1 and b[0] < a[2] + 1 and a[1] < b[3] + 1 and b[1] < a[3] + 1


# -- a network that answers in every cell at once ------------------------------------------------------------


def to_cells(boxes: list[np.ndarray], labels: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What each of the 10 × 10 cells should say: is a box's centre in it, which box, which class?

    -> (n, 10, 10), (n, 10, 10, 4), (n, 10, 10). A box is its centre's place in the cell, from 0 to 1, and the
    logarithms of its width and height in cells.
    """
    n = len(boxes)
    there = np.zeros((n, CELLS, CELLS), np.float32)
    where, what = np.zeros((n, CELLS, CELLS, 4), np.float32), np.zeros((n, CELLS, CELLS), np.int64)
    for i, (box, label) in enumerate(zip(boxes, labels, strict=True)):
        centre, size = (box[:, :2] + box[:, 2:]) / 2 / STRIDE, (box[:, 2:] - box[:, :2]) / STRIDE
        column, row = np.floor(centre).astype(int).T
        there[i, row, column], what[i, row, column] = 1, label
        where[i, row, column] = np.concatenate([centre % 1, np.log(size)], axis=1)
    return there, where, what


class Detector(Module):
    """Three convolutions; then every cell says: object?, its box (4), its class.  -> (B, 10, 10, 15)

    One pass for the whole picture. Source: J. Redmon et al., *You only look once* (2016), in small.
    """

    def __init__(self, width: int = 24, rng: RNG = None) -> None:
        rng = generator(rng)
        self.first, self.second = (
            Conv2d(1, width // 2, 3, padding=1, rng=rng),
            Conv2d(width // 2, width, 3, padding=1, rng=rng),
        )
        self.third, self.head = (
            Conv2d(width, 2 * width, 3, padding=1, rng=rng),
            Conv2d(2 * width, 5 + CLASSES, 3, padding=1, rng=rng),
        )
        self.pool = MaxPool2d(2)

    def forward(self, x: Array) -> Result:
        h = relu(self.third(relu(self.pool(self.second(relu(self.pool(self.first(x))))))))
        return self.head(h).transpose((0, 2, 3, 1))


def detection_loss(answer: Array, there: np.ndarray, where: np.ndarray, what: np.ndarray) -> Result:
    """Object or not in every cell; box and class only where there is one.  -> ()"""
    objects = np.nonzero(there)
    one = answer[objects]
    error = total((one[:, 1:5] - where[objects]) ** 2) / len(objects[0])
    found = binary_cross_entropy(answer[..., 0], there) * (there.size / len(objects[0]))
    return found + error + cross_entropy(one[:, 5:], what[objects])


class Found(NamedTuple):
    """The answers for one picture, surest first."""

    boxes: np.ndarray  # (k, 4)
    labels: np.ndarray  # (k,)
    scores: np.ndarray  # (k,)


@no_grad()
def detect(net: Detector, x: np.ndarray, least: float = 0.05, overlap: float = 0.3) -> list[Found]:
    """What the network finds in each picture, doubles removed.  (n, 1, 40, 40) -> n of Found"""
    answer = plain(net(x))
    sure, kinds = plain(sigmoid(answer[..., 0])), plain(softmax(answer[..., 5:]))
    found = []
    for i in range(len(x)):
        row, column = np.nonzero(sure[i] > least)
        cell = answer[i, row, column]
        centre = (np.column_stack([column, row]) + cell[:, 1:3]) * STRIDE
        half = np.exp(np.clip(cell[:, 3:5], -2, 2)) * STRIDE / 2
        scores, labels = (
            sure[i, row, column] * kinds[i, row, column].max(axis=1),
            kinds[i, row, column].argmax(axis=1),
        )
        found.append(_unique(np.concatenate([centre - half, centre + half], axis=1), labels, scores, overlap))
    return found


def _unique(boxes: np.ndarray, labels: np.ndarray, scores: np.ndarray, overlap: float) -> Found:
    kept = non_max_suppression(boxes, scores, overlap)
    return Found(boxes[kept], labels[kept], scores[kept])


# -- the rival: a classifier, slid ---------------------------------------------------------------------------

WINDOW = 14


def cut(x: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """The 14 × 14 window around each centre (picture, x, y).  (n, 1, 40, 40) -> (m, 1, 14, 14), 0 outside"""
    half = WINDOW // 2
    padded = np.pad(x, ((0, 0), (0, 0), (half, half), (half, half)))
    return np.stack(
        [padded[i, :, row : row + WINDOW, column : column + WINDOW] for i, column, row in centres]
    )


def windows_to_learn(data: Scenes, rng: RNG = None) -> tuple[np.ndarray, np.ndarray]:
    """A window around each digit, a little off; and three at chance for each: class 10 where none is near."""
    rng, centres, labels = generator(rng), [], []
    for i, (box, label) in enumerate(zip(data.boxes, data.labels, strict=True)):
        middle = (box[:, :2] + box[:, 2:]) / 2
        near = np.clip(np.rint(middle + rng.integers(-1, 2, middle.shape)), 0, SIDE).astype(int)
        far = rng.integers(0, SIDE + 1, (3 * len(box), 2))
        far = far[np.abs(far[:, None] - middle).max(axis=2).min(axis=1) > 3]
        centres += [(i, *place) for place in np.concatenate([near, far])]
        labels += [*label, *[CLASSES] * len(far)]
    return cut(data.x, np.array(centres)), np.array(labels)


def mean_sizes(data: Scenes) -> np.ndarray:
    """Mean width and height of each class's boxes.  -> (10, 2)"""
    boxes, labels = np.concatenate(data.boxes), np.concatenate(data.labels)
    return np.stack([(boxes[labels == k, 2:] - boxes[labels == k, :2]).mean(axis=0) for k in range(CLASSES)])


@no_grad()
def slide(
    net: Any, x: np.ndarray, sizes: np.ndarray, step: int = 2, least: float = 0.05, overlap: float = 0.3
) -> list[Found]:
    """A classifier of windows, asked at every other pixel; a box has its class's mean size."""
    places = np.arange(0, SIDE + 1, step)
    grid = np.stack(np.meshgrid(places, places), axis=-1).reshape(-1, 2)
    found = []
    for i in range(len(x)):
        windows = cut(x[i : i + 1], np.column_stack([np.zeros(len(grid), int), grid]))
        chance = plain(softmax(net(windows)))[:, :CLASSES]
        labels, scores = chance.argmax(axis=1), chance.max(axis=1)
        half = sizes[labels] / 2
        boxes = np.concatenate([grid - half, grid + half], axis=1)
        likely = scores > least
        found.append(_unique(boxes[likely], labels[likely], scores[likely], overlap))
    return found


def resized(found: list[Found], sizes: np.ndarray | Scenes) -> list[Found]:
    """The same answers about the same centres, each of its class's size; or, given scenes, of the true size.

    sizes (10, 2), or the scenes in which they were found: then a box has the size of the nearest digit.
    """
    out = []
    for i, (boxes, labels, scores) in enumerate(found):
        centre = (boxes[:, :2] + boxes[:, 2:]) / 2
        if isinstance(sizes, Scenes):
            true = sizes.boxes[i]
            far = np.abs(centre[:, None] - (true[:, :2] + true[:, 2:]) / 2).max(axis=2)
            half = (true[:, 2:] - true[:, :2])[far.argmin(axis=1)] / 2
        else:
            half = sizes[labels] / 2
        out.append(Found(np.concatenate([centre - half, centre + half], axis=1), labels, scores))
    return out


def unnamed(found: list[Found], data: Scenes) -> tuple[list[Found], Scenes]:
    """Both with class 0 throughout: then a hit may have any name."""
    return (
        [Found(boxes, np.zeros_like(labels), scores) for boxes, labels, scores in found],
        Scenes(data.x, data.boxes, [np.zeros_like(labels) for labels in data.labels]),
    )


def mean_average_precision(found: list[Found], data: Scenes, least: float = 0.5) -> float:
    """The mean over the classes of `average_precision`; a hit overlaps a digit of its class by `least`."""
    scores: list[list[float]] = [[] for _ in range(CLASSES)]
    hits: list[list[bool]] = [[] for _ in range(CLASSES)]
    for answer, boxes, labels in zip(found, data.boxes, data.labels, strict=True):
        free = np.ones(len(boxes), bool)
        for box, label, score in zip(*answer, strict=True):
            match = iou(box[None], boxes)[0] * (labels == label) * free
            hit = match.max(initial=0) >= least
            free[match.argmax()] &= not hit
            scores[label].append(float(score))
            hits[label].append(bool(hit))
    truths = np.bincount(np.concatenate(data.labels), minlength=CLASSES)
    return float(
        np.mean(
            [
                average_precision(np.array(scores[k]), np.array(hits[k]), int(truths[k]))
                for k in range(CLASSES)
                if truths[k]
            ]
        )
    )


# -- the contest ---------------------------------------------------------------------------------------------


def train_detector(data: Scenes, lr: float, seed: int = 0, steps: int = 800) -> Detector:
    """16 scenes a step, AdamW, a rate that rises and falls."""
    net, rng = Detector(rng=seed), np.random.default_rng(seed)
    optimizer, schedule = AdamW(net.parameters(), lr), warm_up(20, cosine(lr, steps - 20))
    targets = to_cells(data.boxes, data.labels)
    for step in range(steps):
        optimizer.lr, rows = schedule(step), rng.choice(len(data.x), 16, replace=False)
        optimizer.zero_grad()
        detection_loss(net(data.x[rows]), *(part[rows] for part in targets)).backward()
        optimizer.step()
    return net


def train_classifier(data: Scenes, lr: float, seed: int = 0, steps: int = 4000) -> ConvNet:
    """64 windows a step: five times the steps, for about the same seconds."""
    net = ConvNet((1, WINDOW, WINDOW), CLASSES + 1, (8, 16), rng=seed)
    trainer = Trainer(net, AdamW(net.parameters(), lr), schedule=warm_up(20, cosine(lr, steps - 20)))
    trainer.fit(windows_to_learn(data, seed), steps=steps, batch_size=64, rng=seed, progress=False)
    return net


OVERLAPS = (0.3, 0.5, 0.75)


def study(shift: int = 0) -> dict[str, Any]:
    """Both, each with its best rate on scenes apart; then five seeds on scenes of other people's digits."""

    def run(name: str, lr: float, seed: int, part: str) -> tuple[Any, dict[str, list[float]]]:
        rng = np.random.default_rng([seed + shift, 28])
        data, held = scenes(2000, "train", rng), scenes(200, part, rng)
        net: Any = (train_detector if name == "detector" else train_classifier)(data, lr, seed + shift)
        sizes = mean_sizes(data)
        found = detect(net, held.x) if name == "detector" else slide(net, held.x, sizes)
        ways = {
            "test": (found, held),
            "class sizes": (resized(found, sizes), held),
            "true sizes": (resized(found, held), held),
            "unnamed": unnamed(found, held),
        }
        return net, {
            what: [round(mean_average_precision(*way, least), 4) for least in OVERLAPS]
            for what, way in ways.items()
        }

    rows: list[dict[str, Any]] = []
    for name in ("detector", "sliding window"):
        tried = [run(name, lr, CHOOSER, "train")[1]["test"][1] for lr in RATES]
        lr = RATES[int(np.argmax(tried))]
        runs = [run(name, lr, seed, "test") for seed in SEEDS]
        rows.append({"model": name, "tried": tried, "lr": lr})
        rows[-1] |= {what: [marks[what] for _, marks in runs] for what in runs[0][1]}
        print(rows[-1], flush=True)
        if name == "detector" and not shift:
            keep(runs[0][0], "detector")
    return {"shift": shift, "overlaps": OVERLAPS, "rows": rows}


def load() -> dict[str, Any]:
    """What the study found: for each model its rate, and mean average precision by seed and overlap.

    "test" as it is; "class sizes" and "true sizes" with the boxes `resized`; "unnamed" without classes.
    """
    return json.loads(STUDY.read_text(encoding="utf-8"))


def load_detector() -> Detector:
    """The detector of the study's first seed."""
    return restore(Detector(), "detector")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--shift", type=int, default=0, help="moves every seed; the result is printed")
    keep_study(study(parser.parse_args().shift), STUDY)
