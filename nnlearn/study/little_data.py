"""What chapter 23 compares, five seeds each: embeddings, first weights, ways not to forget, names.

`python -m nnlearn.study.little_data` trains all of it, fifteen minutes of one core, and writes what `load`
and `few_shot.load` give. With `--shift 1000` it starts from other seeds, prints what it finds, and writes
nothing. `--only PART` makes one of the parts and prints it.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from nnlearn.data.mnist_subset import mnist
from nnlearn.engine.primitive import no_grad, plain
from nnlearn.functions.activations import relu
from nnlearn.functions.losses import cross_entropy
from nnlearn.layers.basic import Linear
from nnlearn.layers.module import Module
from nnlearn.models.convnet import ConvNet
from nnlearn.models.mlp import MLP
from nnlearn.study import continual, contrastive, few_shot, meta_learning
from nnlearn.study.companions import keep, keep_study
from nnlearn.study.contrastive import normalize
from nnlearn.study.few_shot import Embed, alphabet, embedder, flat, train_prototypes
from nnlearn.training.optim import AdamW, cosine

STUDY = Path(__file__).with_name("weights") / "little_data_study.json"
SEEDS, CHOOSER, EPISODES = range(5), 50, 100
GAMES = ((5, 1), (20, 1), (20, 5))  # way, shot
TRAINED, CHOSEN_ON, NEW = ("latin", "greek"), ("cyrillic",), ("armenian", "georgian")


@cache
def letters(scripts: tuple[str, ...], seed: int, copies: int = 20) -> np.ndarray:
    """`alphabet`, drawn from the seed, and otherwise for scripts to train on than for others."""
    return alphabet(scripts, copies, np.random.default_rng([seed, len(scripts[0]), copies]))


@cache
def prototypical(seed: int, count: int = 244, copies: int = 20) -> ConvNet:
    """The embedding trained on so many of the letters, in so many copies."""
    net, kept = embedder(seed), np.random.default_rng(seed).permutation(244)[:count]
    train_prototypes(net, letters(TRAINED, seed, copies)[kept], rng=seed)
    return net


def scores(embed: Embed, seed: int, scripts: tuple[str, ...] = NEW, games: Any = GAMES) -> list[float]:
    """The accuracy in each of the games."""
    X = letters(scripts, seed)
    found = [few_shot.few_shot_accuracy(embed, X, way, shot, EPISODES, 3, seed) for way, shot in games]
    return [round(float(a), 4) for a in found]


# -- embeddings --------------------------------------------------------------------------------------


def blurred(times: int) -> Embed:
    """Pixels, each mixed with its neighbours so many times."""

    def embed(x: np.ndarray) -> np.ndarray:
        for _ in range(times):
            for axis in (2, 3):
                x = (np.roll(x, 1, axis) + 2 * x + np.roll(x, -1, axis)) / 4
        return flat(x)

    return embed


def turned_to_one(embed: Embed) -> Embed:
    """Each embedding divided by its length, so that distances are angles."""
    return lambda x: normalize(embed(x))


def views(net: ConvNet) -> dict[str, Embed]:
    """What a ConvNet may be asked for: its outputs, its last maps, and both divided by their lengths."""
    found: dict[str, Embed] = {"outputs": net, "maps": lambda x: flat(net.features(x))}
    return found | {f"{name}, angles": turned_to_one(embed) for name, embed in found.items()}


def train_classifier(net: Module, X: np.ndarray, seed: int, steps: int = 600) -> None:
    """Train an embedding and a linear layer on it to tell all letters of X apart."""
    head, rng = Linear(few_shot.WIDTH, len(X), rng=seed), np.random.default_rng(seed)
    optimizer = AdamW([*net.parameters(), *head.parameters()], 2e-3, weight_decay=1e-3)
    rows, rate = X.reshape(-1, *X.shape[2:]), cosine(2e-3, steps)
    for k in range(steps):
        optimizer.lr = rate(k)
        i = rng.integers(len(rows), size=100)
        optimizer.zero_grad()
        cross_entropy(head(relu(net(rows[i]))), i // X.shape[1]).backward()
        optimizer.step()


def chosen(candidates: dict[str, Embed]) -> tuple[str, Embed]:
    """The candidate that is best on the script that is chosen on."""
    tried = {name: scores(embed, CHOOSER, CHOSEN_ON, GAMES[1:2])[0] for name, embed in candidates.items()}
    best = max(tried, key=lambda name: tried[name])
    return best, candidates[best]


def embeddings(shift: int) -> dict[str, Any]:
    """Few-shot accuracy on scripts never seen: three that know nothing, a classifier, prototypes."""
    pixels = {f"blurred {k} times": blurred(k) for k in (0, 1, 2, 4)}
    pixels |= {f"{name}, angles": turned_to_one(embed) for name, embed in pixels.items()}
    how, best = chosen(pixels)
    found: dict[str, Any] = {
        "pixels": [],
        "pixels, at their best": [],
        "untrained": [],
        "classifier": [],
        "prototypes": [],
    }
    notes = {"pixels, at their best": how, "untrained": [], "classifier": []}
    for seed in (seed + shift for seed in SEEDS):
        X = letters(TRAINED, seed)
        found["pixels"].append(scores(flat, seed))
        found["pixels, at their best"].append(scores(best, seed))
        nets = {"untrained": embedder(seed), "classifier": embedder(seed), "prototypes": prototypical(seed)}
        train_classifier(nets["classifier"], X, seed)
        for name in ("untrained", "classifier"):
            how, embed = chosen(views(nets[name]))
            notes[name].append(how)  # type: ignore[attr-defined]
            found[name].append(scores(embed, seed))
        found["prototypes"].append(scores(nets["prototypes"], seed))
        if seed == 0:
            keep(nets["prototypes"], "little_data_letters")
    return {"games": GAMES, "found": found, "chosen": notes}


# -- first weights -----------------------------------------------------------------------------------


def first_weights(shift: int) -> dict[str, Any]:
    """Five-way, one-shot: what a few steps make of several first weights; prototypes of the same MLP."""
    kinds = ("random", "reptile", "first-order", "maml")

    def start(kind: str, seed: int) -> Sequence[np.ndarray]:
        if kind == "random":
            return meta_learning.first_weights(400, 5, rng=seed)
        return meta_learning.meta_train(letters(TRAINED, seed), kind, seed)

    def best_steps(weights: Sequence[np.ndarray]) -> tuple[float, int]:
        X, tried = letters(CHOSEN_ON, CHOOSER), {}
        for lr in (0.02, 0.1, 0.4, 1.0):
            for steps in (1, 5, 20):
                tried[lr, steps] = meta_learning.adapted_accuracy(weights, X, lr, steps, rng=CHOOSER)
        return max(tried, key=lambda key: tried[key])

    found: dict[str, list[float]] = {kind: [] for kind in (*kinds, "prototypes, same MLP", "pixels")}
    notes: dict[str, Any] = {}
    for kind in kinds:
        lr, steps = notes[kind] = best_steps(start(kind, CHOOSER))
        for seed in (seed + shift for seed in SEEDS):
            weights = start(kind, seed)
            accuracy = meta_learning.adapted_accuracy(weights, letters(NEW, seed), lr, steps, rng=seed)
            found[kind].append(round(accuracy, 4))
    for seed in (seed + shift for seed in SEEDS):
        net = MLP((400, meta_learning.HIDDEN, meta_learning.HIDDEN), rng=seed)
        embed = lambda x, net=net: net(flat(x))  # noqa: E731
        train_prototypes(_Rows(net), letters(TRAINED, seed), rng=seed)
        found["prototypes, same MLP"].append(scores(embed, seed, games=GAMES[:1])[0])
        found["pixels"].append(scores(flat, seed, games=GAMES[:1])[0])
    return {"found": found, "chosen": notes}


class _Rows(Module):
    """An MLP that is given pictures."""

    def __init__(self, net: MLP) -> None:
        self.net = net

    def forward(self, x: Any) -> Any:
        return self.net(flat(x))


# -- how many letters --------------------------------------------------------------------------------


def how_many(shift: int) -> dict[str, Any]:
    """Prototypes trained on few letters: 20-way, one-shot, on new drawings of them and on new scripts.

    Last: the fewest letters, with so many copies that there are as many pictures as of all.
    """
    found: dict[str, Any] = {"letters": [], "copies": [], "own": [], "new": []}
    for count, copies in ((20, 20), (60, 20), (244, 20), (20, 244)):
        own, new = [], []
        for seed in (seed + shift for seed in SEEDS):
            net, kept = (
                prototypical(seed, count, copies),
                np.random.default_rng(seed).permutation(244)[:count],
            )
            again = letters(TRAINED, seed + 500)[kept]
            own.append(round(few_shot.few_shot_accuracy(net, again, 20, 1, EPISODES, 3, seed), 4))
            new.append(scores(net, seed, games=GAMES[1:2])[0])
        for key, value in zip(found, (count, copies, own, new), strict=True):
            found[key].append(value)
    return found


# -- digits, five pictures each ----------------------------------------------------------------------


def cropped(X: np.ndarray) -> np.ndarray:
    """MNIST's digits lie in the middle 20×20 of 28×28.  (n, 1, 28, 28) -> (n, 1, 20, 20)"""
    return np.ascontiguousarray(X[:, :, 4:24, 4:24])


def digits(shift: int) -> dict[str, Any]:
    """All ten digits from five pictures each: prototypes in several embeddings, and a ConvNet of its own."""
    (X, y), (T, t) = ((cropped(Z), z) for Z, z in mnist())
    names = ("pixels", "untrained", "ConvNet on the fifty", "letters")
    found: dict[str, list[float]] = {name: [] for name in names}
    for seed in (seed + shift for seed in SEEDS):
        rng = np.random.default_rng(seed)
        rows = np.stack([rng.permutation(np.flatnonzero(y == d))[:5] for d in range(10)])
        nets: dict[str, Embed] = {"pixels": flat}
        untrained, own = embedder(seed), ConvNet((1, 20, 20), 10, (16, 32), rng=seed)
        nets["untrained"] = lambda x, net=untrained: flat(net.features(x))  # type: ignore[misc]
        nets["letters"] = prototypical(seed)
        with no_grad():
            for name, embed in nets.items():
                c = plain(embed(X[rows.ravel()])).reshape(10, 5, -1)
                guess = plain(few_shot.prototype_logits(c, plain(embed(T)))).argmax(axis=1)
                found[name].append(round(float((guess == t).mean()), 4))
        optimizer = AdamW(own.parameters(), 2e-3, weight_decay=1e-3)
        for _ in range(150):
            optimizer.zero_grad()
            cross_entropy(own(X[rows.ravel()]), np.repeat(np.arange(10), 5)).backward()
            optimizer.step()
        with no_grad():
            found[names[2]].append(round(float((plain(own(T)).argmax(axis=1) == t).mean()), 4))
    return found


# -- one task after the other ------------------------------------------------------------------------


def in_turn(shift: int) -> dict[str, Any]:
    """Plain, smaller steps, springs (equal, or by importance), replay: both settings."""
    grids: dict[str, list[dict[str, Any]]] = {
        "plain": [{}],
        "smaller steps": [{"lr": lr} for lr in (0.03, 0.1, 0.2)],
        "equal springs": [{"strength": 10.0**k, "uniform": True} for k in range(1, 6)],
        "EWC": [{"strength": 10.0**k} for k in range(1, 6)],
        "replay of 20": [{"memory": 20}],
        "replay of 100": [{"memory": 100}],
    }
    choosing, testing = continual.split_mnist("validation"), continual.split_mnist("test")
    found: dict[str, Any] = {}
    for setting in ("task", "class"):
        for name, grid in grids.items():

            def final(options: dict[str, Any], setting: str = setting) -> float:
                R = [
                    continual.learn_in_turn(*choosing, setting == "task", CHOOSER + k, **options)
                    for k in range(2)
                ]
                return float(np.mean([r[-1].mean() for r in R]))

            best = grid[0] if len(grid) == 1 else max(grid, key=final)
            tables = [
                continual.learn_in_turn(*testing, setting == "task", seed + shift, **best) for seed in SEEDS
            ]
            found[f"{setting}, {name}"] = {
                "options": best,
                "accuracy": [round(float(R[-1].mean()), 4) for R in tables],
                "forgetting": [round(continual.forgetting(R), 4) for R in tables],
                "table": np.mean(tables, axis=0).round(4).tolist(),
            }
    return found


# -- names -------------------------------------------------------------------------------------------


def names(shift: int) -> dict[str, Any]:
    """New pictures of pairs seen and kept back: names of words, names of one sign, and two classifiers."""
    words, signs = contrastive.words_of(np.arange(100)), np.arange(100)[:, None]
    found: dict[str, list[list[float]]] = {"names of words": [], "one sign each": [], "two classifiers": []}
    for seed in (seed + shift for seed in SEEDS):
        pairs, back = contrastive.held_out(seed)
        for name, ids, count in (("names of words", words, 20), ("one sign each", signs, 100)):
            net = contrastive.TwoEncoders(count, seed)
            contrastive.train_encoders(net, pairs, ids, seed=seed)
            found[name].append([round(contrastive.found(net, P, ids, rng=seed), 4) for P in (pairs, back)])
        found["two classifiers"].append(_two_classifiers(pairs, back, seed))
    return found


def _two_classifiers(pairs: np.ndarray, back: np.ndarray, seed: int) -> list[float]:
    """One ConvNet with ten outputs for each place: told what contrast has to find out."""
    net, rng = ConvNet((1, 14, 28), 20, (16, 32), rng=seed), np.random.default_rng(seed)
    optimizer = AdamW(net.parameters(), contrastive.RATE, weight_decay=1e-3)
    rate = cosine(contrastive.RATE, contrastive.STEPS)
    for k in range(contrastive.STEPS):
        optimizer.lr = rate(k)
        chosen = rng.permutation(pairs)[: contrastive.BATCH]
        z = net(contrastive.two_digits(0, chosen, rng))
        optimizer.zero_grad()
        (cross_entropy(z[:, :10], chosen // 10) + cross_entropy(z[:, 10:], chosen % 10)).backward()
        optimizer.step()
    right = []
    for P in (pairs, back):
        asked = np.repeat(P, 20)
        with no_grad():
            z = plain(net(contrastive.two_digits(1, asked, seed)))
        both = (z[:, :10].argmax(axis=1) == asked // 10) & (z[:, 10:].argmax(axis=1) == asked % 10)
        right.append(round(float(both.mean()), 4))
    return right


# -- all of it ---------------------------------------------------------------------------------------

PARTS: dict[str, Callable[[int], dict[str, Any]]] = {
    "embeddings": embeddings, "first_weights": first_weights, "how_many": how_many, "digits": digits,
    "in_turn": in_turn, "names": names,
}  # fmt: skip


def load() -> dict[str, Any]:
    """{"shift", and for each of PARTS what it returns}, as stored."""
    return json.loads(STUDY.read_text(encoding="utf-8"))


def main(shift: int = 0, only: str | None = None) -> None:
    """Make every part and write it; print it if the seeds are moved, or if it is only one."""
    study: dict[str, Any] = {"shift": shift}
    for name, part in PARTS.items():
        if only in (None, name):
            study[name] = part(shift)
            print(name, json.dumps(study[name]), flush=True)
    if only is None:
        keep_study(study, STUDY)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Make the comparisons of chapter 23.")
    parser.add_argument(
        "--shift", type=int, default=0, help="added to the seeds; if not 0, nothing is written"
    )
    parser.add_argument("--only", choices=PARTS, help="make one part, and print it")
    given = parser.parse_args()
    main(given.shift, given.only)
