"""A small language with pages to read and requests to answer, each answer checked by a rule (chapter 25).

A page is `WIDTH` characters, line ends on the left until it is full. Pages of stories, of facts and of
exercises without answers are what a model reads first. A request ends with a line end at place `ASKED`; its
answer follows, and ends with a line end of its own.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from nnlearn.engine.random import RNG, generator
from nnlearn.text.tokenizers import CharTokenizer

ASKED, ROOM = 20, 11  # characters of a request, its line end included, and of an answer
WIDTH = ASKED + ROOM
ANIMALS = "bear crab crow duck frog goat hare lion mole moth newt puma seal swan toad wasp".split()
QUALITIES = "blue bold calm dark fast grey kind pale slow tall tiny wild".split()
VERBS = "find hear help lead like meet want".split()
KINDS = ("repeat", "reverse", "shout", "add", "recall")
PARTICIPLES = {"repeat": "repeated", "reverse": "reversed", "shout": "shouted"}
tokenizer = CharTokenizer(
    "\n .?" + "abcdefghijklmnopqrstuvwxyz" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + "0123456789"
)


class Request(NamedTuple):
    """What is asked, the right answer, and of which kind it is."""

    text: str
    answer: str
    kind: str


def word(rng: np.random.Generator) -> str:
    """Four letters that can be pronounced, hardly ever English."""
    k, sides = rng.integers(0, 1 << 30, 4), ("bcdfghklmnprstvwz", "aeiou")
    return "".join(
        letters[k[i] % len(letters)] for i, letters in enumerate(sides[:: 1 - 2 * int(k[0] % 2)] * 2)
    )


def _some(rng: np.random.Generator, names: Sequence[str], n: int = 1) -> list[str]:
    return [names[k] for k in rng.permutation(len(names))[:n]]


def draw_request(kind: str, rng: RNG = None) -> Request:
    """One request of a kind. Raises ValueError for a kind that is not among KINDS."""
    rng = generator(rng)
    if kind not in KINDS:
        raise ValueError(f"draw_request: kind is {kind!r}, expected one of {', '.join(KINDS)}")
    if kind == "add":
        a, b = rng.integers(0, 10, 2)
        return Request(f"add {a} and {b}.", str(a + b), kind)
    if kind == "recall":
        animal, quality = ANIMALS[rng.integers(len(ANIMALS))], QUALITIES[rng.integers(len(QUALITIES))]
        return Request(f"{animal} is {quality}. {animal}?", quality, kind)
    w = word(rng)
    return Request(f"{kind} {w}.", {"repeat": w, "reverse": w[::-1], "shout": w.upper()}[kind], kind)


def draw_requests(n: int, rng: RNG = None, kinds: Sequence[str] = KINDS) -> list[Request]:
    """n requests, the kinds in turn."""
    rng = generator(rng)
    return [draw_request(kinds[k % len(kinds)], rng) for k in range(n)]


# -- pages to read first ---------------------------------------------------------------------------


def _sentence(rng: np.random.Generator) -> str:
    (one, two), (quality,), (verb,) = _some(rng, ANIMALS, 2), _some(rng, QUALITIES), _some(rng, VERBS)
    return (
        f"two {quality} {one}s {verb} a {two}."
        if rng.integers(2)
        else f"a {quality} {one} {verb}s the {two}."
    )


def _fact(rng: np.random.Generator) -> str:
    request = draw_request(KINDS[rng.integers(len(KINDS))], rng)
    words, answer = request.text[:-1].split(), request.answer
    if request.kind == "add":
        return f"{words[1]} and {words[3]} make {answer}."
    if request.kind == "recall":
        return f"{request.text.rpartition(' ')[0]} so {words[-1]} is {answer}."
    return f"{words[1]} {PARTICIPLES[request.kind]} is {answer}."


def _exercise(rng: np.random.Generator) -> str:
    return draw_request(KINDS[rng.integers(len(KINDS))], rng).text


LINES: dict[str, Callable[[np.random.Generator], str]] = {
    "stories": _sentence, "facts": _fact, "exercises": _exercise,
}  # fmt: skip


def draw_page(kind: str, rng: RNG = None) -> str:
    """Lines of one kind, as many as fit, line ends on the left up to WIDTH characters."""
    rng, page = generator(rng), LINES[kind](generator(rng)) + "\n"
    while len(longer := page + LINES[kind](rng) + "\n") < WIDTH:
        page = longer
    return page.rjust(WIDTH, "\n")


def draw_pages(n: int, rng: RNG = None, kinds: Sequence[str] = tuple(LINES)) -> tuple[np.ndarray, np.ndarray]:
    """n pages and which of their tokens count: all but what fills up.  -> ids (n, WIDTH), mask (n, WIDTH)"""
    rng = generator(rng)
    texts = [draw_page(kinds[k % len(kinds)], rng) for k in rng.permutation(n)]
    ids = np.stack([tokenizer.encode(text) for text in texts])
    starts = np.array([len(text) - len(text.lstrip("\n")) for text in texts])
    return ids, np.arange(WIDTH) >= starts[:, None]


# -- requests as rows of ids -----------------------------------------------------------------------


def encode_requests(texts: Sequence[str]) -> np.ndarray:
    """Requests that all end at the same place.  -> ids (n, ASKED)

    Raises ValueError for one that is too long.
    """
    for text in texts:
        if len(text) >= ASKED:
            raise ValueError(f"encode_requests: {text!r} has {len(text)} characters, expected below {ASKED}")
    return np.stack([tokenizer.encode((text + "\n").rjust(ASKED, "\n")) for text in texts])


def encode_pairs(texts: Sequence[str], answers: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Requests with answers, and which tokens are the answers'.  -> ids (n, WIDTH), mask (n, WIDTH)

    The line end that closes an answer is part of it. Raises ValueError for an answer that is too long.
    """
    for answer in answers:
        if len(answer) >= ROOM:
            raise ValueError(
                f"encode_pairs: answer {answer!r} has {len(answer)} characters, expected below {ROOM}"
            )
    ends = np.stack([tokenizer.encode(answer.ljust(ROOM, "\n")) for answer in answers])
    mask = np.zeros((len(ends), WIDTH), bool)
    mask[:, ASKED:] = np.arange(ROOM) <= np.array([len(answer) for answer in answers])[:, None]
    return np.concatenate([encode_requests(texts), ends], axis=1), mask


def decode_answers(ids: np.ndarray) -> list[str]:
    """What stands after the request, up to the line end.  (n, WIDTH) -> n texts"""
    return [tokenizer.decode(row[ASKED:]).partition("\n")[0] for row in ids]
