"""How `debian_graph.npz` was made: from the package index of Debian 12, after `apt-get update`.

`python -m nnlearn.data.package_index debian_graph.npz` writes it again; updates of the
index move a few links.
"""

import re
import subprocess
import sys
from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

SECTIONS = ("games", "science", "sound", "graphics", "net", "video", "math", "web")
NO_PROGRAM = ("-dbg", "-doc", "-data", "-common")
MOST_USERS, MOST_WORDS, FEWEST_USES = 12, 600, 5
STOP = set("the and for with from that this are into using based".split())
FIELD = re.compile(r"^(Package|Section|Depends|Description|Description-en): ?(.*)$", re.M)


def read_index(text: str) -> dict[str, dict[str, str]]:
    """The fields of each package of the chosen sections, by its name."""
    blocks = (dict(FIELD.findall(block)) for block in text.split("\n\n"))
    every = {block["Package"]: block for block in blocks if "Package" in block}
    chosen = {n: b for n, b in sorted(every.items()) if b.get("Section") in SECTIONS}
    return {n: b for n, b in chosen.items() if not n.endswith(NO_PROGRAM)}


def links(index: dict[str, dict[str, str]]) -> set[tuple[int, int]]:
    """Pairs (i, j), i < j, of packages: one needs the other, or both need a third that few others need."""
    place, users, found = {name: i for i, name in enumerate(index)}, defaultdict(list), set()
    for name, block in index.items():
        needed = {re.split(r"[ (:|]", part.strip())[0] for part in block.get("Depends", "").split(",")}
        for other in needed - {"", name}:
            users[other].append(place[name])
            if other in place:
                found.add((min(place[name], place[other]), max(place[name], place[other])))
    for group in users.values():
        if len(group) <= MOST_USERS:
            found |= set(combinations(sorted(group), 2))
    return found


def words_of(block: dict[str, str]) -> list[str]:
    """The words of a package's one-line description."""
    return re.findall(r"[a-z]{3,}", (block.get("Description") or block.get("Description-en") or "").lower())


def make(text: str) -> dict[str, Any]:
    """The arrays of the file: the largest connected piece, renumbered."""
    from scipy.sparse import coo_array, csr_array
    from scipy.sparse.csgraph import connected_components

    index = read_index(text)
    names, pairs = np.array(list(index)), np.array(sorted(links(index)))
    A = coo_array((np.ones(len(pairs)), tuple(pairs.T)), shape=(len(names),) * 2)
    _, piece = connected_components(A, directed=False)
    inside = piece == np.bincount(piece).argmax()
    new = np.cumsum(inside) - 1
    edges, names = new[pairs[inside[pairs[:, 0]]]], np.array(names[inside].tolist())
    described = [words_of(index[name]) for name in names]
    counts = Counter(word for words in described for word in set(words))
    most = sorted(counts, key=lambda word: (-counts[word], word))[:MOST_WORDS]
    vocabulary = sorted(w for w in most if counts[w] >= FEWEST_USES and w not in STOP)
    column = {word: k for k, word in enumerate(vocabulary)}
    X = csr_array(np.array([[w in words for w in column] for words in map(set, described)]))
    return {
        "edges": edges.astype(np.int16),
        "section": np.array([SECTIONS.index(index[name]["Section"]) for name in names], np.int8),
        "sections": np.array(SECTIONS),
        "words": np.array(vocabulary),
        "word_ids": X.indices.astype(np.int16),
        "word_starts": X.indptr.astype(np.int32),
        "names": names,
    }


if __name__ == "__main__":
    dump = subprocess.run(["apt-cache", "dumpavail"], capture_output=True, text=True, check=True).stdout
    np.savez_compressed(Path(sys.argv[1]), **make(dump))
