"""Communities hold together as tightly as asked; the club and the packages are what they say."""

import numpy as np
import pytest

from nnlearn import data
from nnlearn.data import package_index


def test_communities():
    X, A, y = data.communities(400, classes=4, inside=0.2, between=0.01, rng=0)
    assert X.shape == (400, 16) and (A == A.T).all() and not A.diagonal().any()
    same = y[:, None] == y[None, :]
    assert A[same].mean() == pytest.approx(0.2, abs=0.02) and A[~same].mean() == pytest.approx(
        0.01, abs=0.002
    )


def test_the_club_is_zachary_s():
    edges, side = data.karate_club()
    assert (
        edges.shape == (78, 2) and (edges[:, 0] < edges[:, 1]).all() and len(np.unique(edges, axis=0)) == 78
    )
    degree = np.bincount(edges.ravel())
    assert degree[[0, 33, 32, 11]].tolist() == [16, 17, 12, 1] and side.sum() == 17
    assert side[[0, 8, 33]].tolist() == [0, 0, 1]


def test_the_packages_hang_together_and_keep_to_their_sections():
    X, edges, y, sections, words, names = data.package_graph()
    assert X.shape == (4329, 591) and edges.shape == (19064, 2) and len(sections) == 8 == len(np.unique(y))
    assert set(np.unique(X)) == {0, 1} and len(set(words)) == 591 and len(set(names)) == 4329
    assert (edges[:, 0] < edges[:, 1]).all() and len(np.unique(edges, axis=0)) == len(edges)
    reached = {0}
    neighbours = {k: set() for k in range(len(y))}
    for i, j in edges:
        neighbours[i].add(j)
        neighbours[j].add(i)
    new = {0}
    while new:
        new = set().union(*(neighbours[i] for i in new)) - reached
        reached |= new
    assert len(reached) == 4329
    assert (y[edges[:, 0]] == y[edges[:, 1]]).mean() > 0.6
    assert {"drawing", "vector"} <= {
        w for w, has in zip(words, X[names.index("inkscape")], strict=True) if has
    }


def test_made_from_a_package_index():
    blocks = [
        ("chess", "games", "libboard", "a game of strategy"),
        ("draughts", "games", "libboard", "a game of strategy"),
        ("board-art", "graphics", "chess (>= 1), libc6", "a game in pictures"),
        ("libboard", "libs", "", "a library"),
        ("chess-doc", "games", "chess", "the manual"), ("alone", "web", "", "a game of one"),
    ]  # fmt: skip
    fields = "Package: {}\nSection: {}\nDepends: {}\nDescription: {}"
    package_index.FEWEST_USES, kept = 2, package_index.FEWEST_USES
    try:
        made = package_index.make("\n\n".join(fields.format(*block) for block in blocks))
    finally:
        package_index.FEWEST_USES = kept
    assert made["names"].tolist() == ["board-art", "chess", "draughts"]
    assert made["edges"].tolist() == [[0, 1], [1, 2]] and made["words"].tolist() == ["game", "strategy"]
    assert made["section"].tolist() == [3, 0, 0] and made["word_starts"].tolist() == [0, 1, 3, 5]
