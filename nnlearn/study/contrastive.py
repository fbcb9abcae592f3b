"""Pictures of two digits and their names, "three seven": which belong together (chapter 23)."""

from collections.abc import Sequence

import numpy as np

from nnlearn.data.mnist_subset import mnist
from nnlearn.engine.arithmetic import sqrt
from nnlearn.engine.primitive import Array, Result, no_grad, plain
from nnlearn.engine.random import RNG, generator
from nnlearn.functions.activations import relu
from nnlearn.functions.losses import cross_entropy
from nnlearn.layers.basic import Embedding, Linear
from nnlearn.layers.module import Module
from nnlearn.models.convnet import ConvNet
from nnlearn.training.optim import AdamW, cosine

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
WIDTH, BATCH, STEPS, RATE = 64, 48, 600, 3e-3


def normalize(x: Array, eps: float = 1e-12) -> Result:
    """Each row divided by its length; a row of zeros stays.  (…, d) -> (…, d)"""
    return x / sqrt((x * x).sum(axis=-1, keepdims=True) + eps)


def contrastive_loss(a: Array, b: Array, temperature: float = 0.1) -> Result:
    """Mean of two cross-entropies of the cosines a_i · b_j / temperature: each row i is to find its own i.

    a, b: (n, d), row i of one belongs to row i of the other -> one number. Symmetric InfoNCE, the loss of
    CLIP. Raises ValueError for tables of different shapes, or a temperature that is not above 0.
    Source: A. Radford and others (2021).
    """
    if a.ndim != 2 or a.shape != b.shape:
        raise ValueError(f"contrastive_loss: a {a.shape} and b {b.shape} must be tables of the same shape")
    if not temperature > 0:
        raise ValueError(f"contrastive_loss: temperature is {temperature}, expected above 0")
    logits, own = normalize(a) @ normalize(b).T / temperature, np.arange(a.shape[0])
    return (cross_entropy(logits, own) + cross_entropy(logits.T, own)) / 2


def name_of(pair: int) -> str:
    """37 -> "three seven" """
    return f"{WORDS[pair // 10]} {WORDS[pair % 10]}"


def words_of(pairs: np.ndarray) -> np.ndarray:
    """The two words of each name: 0 to 9 on the left, 10 to 19 on the right.  (n,) -> (n, 2)"""
    return np.stack([pairs // 10, 10 + pairs % 10], axis=1)


def two_digits(part: int, pairs: np.ndarray, rng: RNG = None) -> np.ndarray:
    """A picture of each pair, two digits of MNIST side by side, halved.  (n,) 0 to 99 -> (n, 1, 14, 28)

    part 0 takes digits to train on, 1 digits of the test. Raises ValueError for a pair outside 0 to 99.
    """
    if len(pairs) and (pairs.min() < 0 or pairs.max() > 99):
        raise ValueError(f"two_digits: pairs go from {pairs.min()} to {pairs.max()}, expected 0 to 99")
    rng, (X, places) = generator(rng), _halved(part)
    halves = [[rng.choice(places[d]) for d in digits] for digits in (pairs // 10, pairs % 10)]
    return np.concatenate([X[np.array(half, int)] for half in halves], axis=3)


def _halved(part: int) -> tuple[np.ndarray, list[np.ndarray]]:
    if part not in _kept:
        X, y = mnist()[part]
        small = X.reshape(-1, 1, 14, 2, 14, 2).mean(axis=(3, 5))
        _kept[part] = small, [np.flatnonzero(y == d) for d in range(10)]
    return _kept[part]


_kept: dict[int, tuple[np.ndarray, list[np.ndarray]]] = {}


def held_out(seed: int, n: int = 30) -> tuple[np.ndarray, np.ndarray]:
    """Pairs to train on, and n that are kept back: each digit is kept back n / 10 times in each place."""
    rng = np.random.default_rng(seed)
    left, right = rng.permutation(10), rng.permutation(10)
    back = np.concatenate([10 * left + np.roll(right, k) for k in range(n // 10)])
    return np.setdiff1d(np.arange(100), back), np.sort(back)


class TwoEncoders(Module):
    """A ConvNet for pictures, an MLP on a bag of placed words for names; both give 64 numbers."""

    def __init__(self, words: int = 20, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.picture = ConvNet((1, 14, 28), WIDTH, (16, 32), rng=rng)
        self.words, self.hidden = Embedding(words, WIDTH, rng=rng), Linear(WIDTH, WIDTH, rng=rng)
        self.name = Linear(WIDTH, WIDTH, rng=rng)

    def names(self, ids: np.ndarray) -> Result:
        """(n, words in a name) -> (n, 64)"""
        return self.name(relu(self.hidden(self.words(ids).sum(axis=1))))


def train_encoders(
    net: TwoEncoders,
    pairs: np.ndarray,
    ids: np.ndarray,
    steps: int = STEPS,
    seed: int = 0,
    temperature: float = 0.1,
) -> list[float]:
    """Batches of different pairs, each picture to find its name and each name its picture; the losses.

    ids (100, words in a name): how each pair is called.
    """
    rng, losses = np.random.default_rng(seed), []
    optimizer, rate = AdamW(net.parameters(), RATE, weight_decay=1e-3), cosine(RATE, steps)
    for k in range(steps):
        optimizer.lr = rate(k)
        chosen = rng.permutation(pairs)[:BATCH]
        optimizer.zero_grad()
        loss = contrastive_loss(net.picture(two_digits(0, chosen, rng)), net.names(ids[chosen]), temperature)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@no_grad()
def found(
    net: TwoEncoders, pairs: Sequence[int], ids: np.ndarray, copies: int = 20, rng: RNG = None
) -> float:
    """The share of new pictures of these pairs whose name, of all hundred, is nearest."""
    asked = np.repeat(np.asarray(pairs), copies)
    a, b = (plain(normalize(z)) for z in (net.picture(two_digits(1, asked, rng)), net.names(ids)))
    return float(((a @ b.T).argmax(axis=1) == asked).mean())
