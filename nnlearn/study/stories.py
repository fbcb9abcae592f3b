"""Answers that are pointed at: short stories of people, things and places, and networks that read them.

A story is a row of sentences of three words, and its last sentence is the question. Words are whole numbers,
see `WORDS`; 0 is none and fills the beginning of shorter stories. Source of the idea: J. Weston and others,
*Towards AI-complete question answering* (2015); the stories are our own.
"""

from functools import partial

import numpy as np

from nnlearn.engine.arithmetic import sum as total
from nnlearn.engine.primitive import Result
from nnlearn.engine.random import RNG, generator
from nnlearn.functions.activations import relu, softmax
from nnlearn.layers.basic import Embedding, Linear
from nnlearn.layers.init import normal
from nnlearn.layers.module import Module, require_positive

NAMES = tuple("Ada Ben Carla David Elsa Fatima George Hanna Igor Julia Karim Lena".split())
NEW_NAMES = ("Mina", "Noah", "Olga", "Pavel")  # in no story that a network learns from
PLACES = tuple("attic bakery cellar dairy forge garden hall island jetty kitchen".split())
NEW_PLACES = ("library", "market", "nursery", "office")
THINGS = ("apple", "book", "cup", "drum", "envelope", "flute")
WORDS = ("", "where", "is", "went", "took", "dropped", *NAMES, *NEW_NAMES, *PLACES, *NEW_PLACES, *THINGS)
NUMBER = {word: k for k, word in enumerate(WORDS)}
Sentence = tuple[str, str, str]


def stories(
    n: int,
    shortest: int = 6,
    longest: int = 12,
    names: tuple[str, ...] = NAMES,
    places: tuple[str, ...] = PLACES,
    rng: RNG = None,
) -> tuple[np.ndarray, np.ndarray]:
    """`n` stories, and for each the number of the sentence whose last word is the answer.

    -> (n, longest + 1, 3), (n,). Four people go about four places; a thing that lies where they are they may
    take, and drop elsewhere. There are `shortest` to `longest` sentences. Half of the questions, those in
    even rows, are for a thing that somebody took, half for a person. Raises ValueError for fewer than six
    sentences, four names or four places.
    """
    if not 6 <= shortest <= longest:
        raise ValueError(
            f"stories: {shortest} to {longest} sentences, expected 6 or more, the shortest first"
        )
    for name, some in (("names", names), ("places", places)):
        if len(some) < 4:
            raise ValueError(f"stories: {name} has {len(some)}, expected at least 4")
    rng = generator(rng)
    x, y = np.zeros((n, longest + 1, 3), np.int64), np.zeros(n, np.int64)
    for i in range(n):
        asked: list[str] = []
        while not asked:
            told, where = _tell(int(rng.integers(shortest, longest + 1)), names, places, rng)
            asked = [word for word in where if word in (names if i % 2 else THINGS)]
        word, start = asked[rng.integers(len(asked))], longest - len(told)
        x[i, start:] = [[NUMBER[one] for one in sentence] for sentence in [*told, ("where", "is", word)]]
        y[i] = start + where[word]
    return x, y


def _tell(
    length: int, names: tuple[str, ...], places: tuple[str, ...], rng: np.random.Generator
) -> tuple[list[Sentence], dict[str, int]]:
    """A story; and for each person and thing spoken of, the sentence that says where it is."""
    people, things = rng.choice(names, 4, replace=False), rng.choice(THINGS, 2, replace=False)
    rooms = rng.choice(places, 4, replace=False)
    told: list[Sentence] = []
    where: dict[str, int] = {}
    holder: dict[str, str] = {}
    while len(told) < length:
        who, thing = str(people[rng.integers(4)]), str(things[rng.integers(2)])
        here = told[where[who]][2] if who in where else ""
        if here and rng.random() < 0.5:
            if holder.get(thing) == who:
                del holder[thing]
                told.append((who, "dropped", thing))
                continue
            if thing not in holder and (thing not in where or told[where[thing]][2] == here):
                holder[thing], where[thing] = who, where[who]
                told.append((who, "took", thing))
                continue
        there = [str(room) for room in rooms if room != here]
        told.append((who, "went", there[rng.integers(len(there))]))
        where[who] = len(told) - 1
        where.update({one: len(told) - 1 for one, held_by in holder.items() if held_by == who})
    return told, where


def sentences(story: np.ndarray) -> list[str]:
    """A story in English, its question last.  (T + 1, 3) -> a list of strings"""
    told = [[WORDS[k] for k in row] for row in story if row[1]]
    *before, (_, _, asked) = told
    lines = [f"{who} {did}{' to' if did == 'went' else ''} the {what}." for who, did, what in before]
    return [*lines, f"Where is {'the ' if asked in THINGS else ''}{asked}?"]


# -- networks that point -------------------------------------------------------------------------------------


class Reader(Module):
    """Reads a story several times, each time with what it has found before.  (B, T + 1, 3) -> (B, T)

    m_i is a linear layer on the three words of sentence i, plus a vector for its distance from the question;
    u is a linear layer on the question. Each read but the last adds what it looks at, with a_i = softmax of
    the scores: u ← u + relu(V Σ a_i m_i). The scores are u · (K m_i) / √width, with K and V of each read's
    own; those of the last read point at the answer. There is room for `room` sentences: forward raises
    ValueError for more. Sources: S. Sukhbaatar and others (2015); O. Vinyals and others (2015) for pointing.
    """

    def __init__(self, reads: int = 2, width: int = 32, room: int = 18, rng: RNG = None) -> None:
        require_positive("Reader", reads=reads, width=width, room=room)
        rng, init = generator(rng), partial(normal, std=0.5)  # words that are far apart are found sooner
        self.words, self.when = Embedding(len(WORDS), width, init, rng), Embedding(room, width, init, rng)
        self.sentence, self.question = Linear(3 * width, width, rng=rng), Linear(3 * width, width, rng=rng)
        self.keys = [Linear(width, width, rng=rng) for _ in range(reads)]
        self.values = [Linear(width, width, rng=rng) for _ in range(reads - 1)]

    def looks(self, x: np.ndarray) -> list[Result]:
        """The scores of each read.  (B, T + 1, 3) -> as many (B, T) as there are reads"""
        (B, T, _), room = x[:, 1:].shape, len(self.when.W.data)
        if room < T:
            raise ValueError(f"Reader: x has {T} sentences, expected at most {room}")
        words = self.words(x).reshape((B, T + 1, -1))
        m = self.sentence(words[:, :T]) + self.when(np.arange(T)[::-1])
        u = self.question(words[:, T])
        nothing = np.where(x[:, :T, 1] == 0, -1e4, 0).astype(np.float32)
        found = []
        for k, keys in enumerate(self.keys):
            found.append(total(keys(m) * u[:, None], axis=2) / m.shape[2] ** 0.5 + nothing)
            if k < len(self.values):
                u = u + relu(self.values[k](total(softmax(found[k])[..., None] * m, axis=1)))
        return found

    def forward(self, x: np.ndarray) -> Result:
        return self.looks(x)[-1]


# -- rules, and the mark -------------------------------------------------------------------------------------


def last_place(x: np.ndarray) -> np.ndarray:
    """The last sentence in which somebody went somewhere.  (n, T + 1, 3) -> (n,)"""
    return _last(x[:, :-1, 1] == NUMBER["went"])


def shared_word(x: np.ndarray) -> np.ndarray:
    """The last sentence that shares a word with the question and names a place.  (n, T + 1, 3) -> (n,)

    Where none does, the last place named before the last sentence that shares a word.
    """
    shares = (x[:, :-1] == x[:, -1:, 2:]).any(axis=2)
    place = x[:, :-1, 1] == NUMBER["went"]
    both = shares & place
    before = place & (np.arange(shares.shape[1]) < _last(shares)[:, None])
    return np.where(both.any(axis=1), _last(both), _last(before))


def _last(true: np.ndarray) -> np.ndarray:
    return true.shape[1] - 1 - true[:, ::-1].argmax(axis=1)


def exact_match(pointed: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Whether the word pointed at is the answer, wherever it stands.  (n,), (n, T + 1, 3), (n,) -> (n,)"""
    rows = np.arange(len(x))
    return x[rows, pointed, 2] == x[rows, y, 2]
