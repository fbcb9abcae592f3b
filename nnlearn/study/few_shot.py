"""A few pictures of each class, of classes never seen: episodes, prototypes, embeddings (chapter 23)."""

from collections.abc import Callable
from typing import Any

import numpy as np

from nnlearn.data.scripts import SIDE, glyphs
from nnlearn.engine.primitive import Array, Result, Rule, floating, no_grad, plain, primitive
from nnlearn.engine.random import RNG, generator
from nnlearn.functions.losses import cross_entropy
from nnlearn.layers.module import Module
from nnlearn.models.convnet import ConvNet
from nnlearn.study.companions import restore
from nnlearn.training.optim import AdamW, cosine

Embed = Callable[[Any], Any]
WIDTH, CHANNELS, SCALE = (
    64,
    (16, 32),
    0.1,
)  # of the embedding, of its maps; what squared distances are multiplied by


def alphabet(scripts: tuple[str, ...], copies: int = 20, rng: RNG = None) -> np.ndarray:
    """The letters of several scripts in one table.  -> (letters, copies, 1, 20, 20)"""
    rng = generator(rng)
    return np.concatenate([glyphs(script, copies, rng) for script in scripts])


def episode(
    X: np.ndarray, way: int, shot: int, queries: int, rng: RNG = None
) -> tuple[np.ndarray, np.ndarray]:
    """Random classes, and different pictures of each to learn from and to be asked about.

    X (classes, copies, …) -> support (way, shot, …), query (way, queries, …). Raises ValueError where X has
    fewer classes than `way` or fewer copies than `shot + queries`.
    """
    if not 1 <= way <= X.shape[0]:
        raise ValueError(f"episode: way is {way}, expected 1 to {X.shape[0]}, the classes at hand")
    if shot < 1 or queries < 1 or shot + queries > X.shape[1]:
        raise ValueError(
            f"episode: shot {shot} and queries {queries} must be 1 or more, and at most {X.shape[1]} together"
        )
    rng = generator(rng)
    classes = rng.choice(X.shape[0], way, replace=False)
    copies = np.argsort(rng.random((way, X.shape[1])), axis=1)[:, : shot + queries]
    drawn = X[classes[:, None], copies]
    return drawn[:, :shot], drawn[:, shot:]


@primitive
def squared_distances(a: Array, b: Array) -> Rule:
    """d_ij = ‖a_i − b_j‖², never below 0.  a: (n, d), b: (m, d) -> (n, m)

    Raises ValueError when the two are not tables with rows of the same length.
    """
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise ValueError(f"squared_distances: a {a.shape} and b {b.shape} need rows of the same length")
    a, b = floating(a), floating(b)
    near = (a * a).sum(axis=1, keepdims=True) - 2 * (a @ b.T) + (b * b).sum(axis=1)
    return (
        np.maximum(near, 0),
        lambda g: 2 * (a * g.sum(axis=1, keepdims=True) - g @ b),
        lambda g: 2 * (b * g.sum(axis=0).reshape((len(b), 1)) - g.T @ a),
    )


def prototype_logits(support: Array, query: Array) -> Result:
    """−‖z − c_k‖², c_k the mean of class k.  support (way, shot, d), query (n, d) -> (n, way)

    Raises ValueError when the shapes do not fit. Source: J. Snell, K. Swersky and R. Zemel (2017).
    """
    if support.ndim != 3 or query.ndim != 2 or support.shape[2] != query.shape[1]:
        raise ValueError(
            f"prototype_logits: support is {support.shape} and query {query.shape}, "
            f"expected (way, shot, d) and (n, d)"
        )
    return -squared_distances(query, support.mean(axis=1))


def episode_logits(embed: Embed, support: np.ndarray, query: np.ndarray) -> Result:
    """`prototype_logits` of embedded pictures.  (way, shot, …), (way, queries, …) -> (way · queries, way)"""
    way, shot = support.shape[:2]
    both = np.concatenate([part.reshape(-1, *part.shape[2:]) for part in (support, query)])
    z = embed(both)
    return prototype_logits(z[: way * shot].reshape((way, shot, -1)), z[way * shot :])


def labels_of(query: np.ndarray) -> np.ndarray:
    """(way, queries, …) -> (way · queries,): 0, 0, …, 1, 1, …"""
    return np.repeat(np.arange(query.shape[0]), query.shape[1])


@no_grad()
def few_shot_accuracy(
    embed: Embed, X: np.ndarray, way: int, shot: int, episodes: int = 200, queries: int = 3, rng: RNG = None
) -> float:
    """The share of queries nearest to their own prototype, over random episodes of X (classes, copies, …)."""
    rng, right = generator(rng), 0.0
    for _ in range(episodes):
        support, query = episode(X, way, shot, queries, rng)
        guess = np.argmax(plain(episode_logits(embed, support, query)), axis=1)
        right += (guess == labels_of(query)).mean()
    return right / episodes


def flat(x: Any) -> Any:
    """Each picture as a row: the embedding that knows nothing.  (n, …) -> (n, d)"""
    return x.reshape((len(x), -1))


def embedder(seed: int) -> ConvNet:
    """A ConvNet that gives 64 numbers for a picture of a letter."""
    return ConvNet((1, SIDE, SIDE), WIDTH, CHANNELS, rng=seed)


def train_prototypes(
    net: Module, X: np.ndarray, steps: int = 600, way: int = 20, shot: int = 1, queries: int = 4,
    lr: float = 2e-3, rng: RNG = None,
) -> list[float]:  # fmt: skip
    """Train an embedding on random episodes of X (classes, copies, …); the losses."""
    rng, losses = generator(rng), []
    optimizer, rate = AdamW(net.parameters(), lr, weight_decay=1e-3), cosine(lr, steps)
    for k in range(steps):
        optimizer.lr = rate(k)
        support, query = episode(X, min(way, len(X)), shot, queries, rng)
        optimizer.zero_grad()
        loss = cross_entropy(SCALE * episode_logits(net, support, query), labels_of(query))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def load() -> ConvNet:
    """The embedding that `python -m nnlearn.study.little_data` has trained on Latin and Greek letters."""
    return restore(embedder(0), "little_data_letters")
