"""From text to numbers and back: tokenisers.

Every tokeniser has `encode(text) -> ids`, an integer array, `decode(ids) -> text` and `len(tokenizer)`,
the size of its vocabulary.
"""

import functools
import heapq
import json
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from nnlearn.text import tokenizer_files
from nnlearn.text.shared import checked, split

Pair = tuple[int, int]
END_OF_TEXT = "<|endoftext|>"


class CharTokenizer:
    """One token for each different character of `text`, numbered in sorted order.

    Raises ValueError when `text` is empty.
    """

    def __init__(self, text: str) -> None:
        if not text:
            raise ValueError(
                "CharTokenizer: text is empty; give the text whose characters are to be numbered"
            )
        self.tokens = sorted(set(text))
        self.ids = {character: i for i, character in enumerate(self.tokens)}

    def __len__(self) -> int:
        return len(self.tokens)

    def encode(self, text: str) -> np.ndarray:
        """The number of each character.  str of length T -> (T,)

        Raises ValueError for a character that has none.
        """
        try:
            return np.array([self.ids[character] for character in text], dtype=np.int64)
        except KeyError as unknown:
            raise ValueError(
                f"encode: the character {unknown} is not among the {len(self)} of the text "
                "this tokenizer was made from"
            ) from None

    def decode(self, ids: Iterable[int]) -> str:
        """The text again.  (T,) -> str of length T"""
        return "".join(self.tokens[i] for i in checked(ids, len(self)))


class BPETokenizer:
    """Byte-pair encoding: from the 256 bytes on, the commonest pair of neighbours becomes a token.

    `merges[k]` is the pair of ids joined in step k. Every text can be encoded: what was never seen is spelled
    in bytes. Same words, ids and files as GPT-2's.
    Source: P. Gage (1994); R. Sennrich et al. (2016); bytes: A. Radford et al. (2019).
    """

    def __init__(self, merges: Sequence[Pair], ids: dict[bytes, int], special: dict[str, int]) -> None:
        self.merges, self.ids, self.special = list(merges), ids, special
        self.tokens = {i: token for token, i in ids.items()} | {
            i: name.encode() for name, i in special.items()
        }
        self._rank = {pair: rank for rank, pair in enumerate(self.merges)}
        self._encode_word = functools.lru_cache(1 << 16)(self._merge_word)

    @classmethod
    def train(cls, text: str, vocab_size: int, special: Sequence[str] = (END_OF_TEXT,)) -> "BPETokenizer":
        """Learn merges from `text` until there are `vocab_size` tokens, the `special` ones included.

        Raises ValueError when `vocab_size` is too small for the bytes and the special tokens.
        """
        size = vocab_size - len(special)
        if size < 256:
            raise ValueError(
                f"train: vocab_size is {vocab_size}, but the 256 bytes and {len(special)} special tokens "
                f"need {256 + len(special)} already"
            )
        words = Counter(word for part in split(text, special)[::2] for word in _word_pattern().findall(part))
        merges, ids = _learn_merges(words, size)
        return cls(merges, ids, {name: len(ids) + i for i, name in enumerate(special)})

    def __len__(self) -> int:
        return len(self.tokens)

    def _merge_word(self, word: str) -> list[int]:
        """Join the pair that was learned first, until no pair is left that was learned."""
        ids = [self.ids[bytes([b])] for b in word.encode()]
        while len(ids) > 1:
            pair = min(pairwise(ids), key=lambda pair: self._rank.get(pair, sys.maxsize))
            if pair not in self._rank:
                break
            ids = _join(ids, pair, self.ids[self.tokens[pair[0]] + self.tokens[pair[1]]])
        return ids

    def encode(self, text: str) -> np.ndarray:
        """The ids of the tokens of `text`, word by word.  str -> (T,)"""
        ids: list[int] = []
        for i, part in enumerate(split(text, self.special)):
            if i % 2:
                ids.append(self.special[part])
            else:
                for word in _word_pattern().findall(part):
                    ids += self._encode_word(word)
        return np.array(ids, dtype=np.int64)

    def decode(self, ids: Iterable[int]) -> str:
        """The text again; bytes that do not make a whole character show as U+FFFD.  (T,) -> str"""
        return b"".join(self.tokens[i] for i in checked(ids, self.tokens)).decode(errors="replace")

    def save(self, directory: str | Path) -> None:
        """Write vocab.json and merges.txt, as GPT-2 has them."""
        directory, letters = Path(directory), _byte_letters()
        spelled = {i: "".join(letters[b] for b in token) for token, i in self.ids.items()}
        lines = [f"{spelled[left]} {spelled[right]}" for left, right in self.merges]
        vocabulary = {token: i for i, token in spelled.items()} | self.special
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "vocab.json").write_bytes(json.dumps(vocabulary, ensure_ascii=False).encode())
        (directory / "merges.txt").write_bytes("\n".join(["#version: 0.2", *lines, ""]).encode())

    @classmethod
    def load(cls, directory: str | Path) -> "BPETokenizer":
        """Read tokenizer.json or, where there is none, GPT-2's vocab.json and merges.txt.

        Special are the added tokens of tokenizer.json; in the older files, a token that is neither a byte nor
        the result of a merge. Raises FileNotFoundError when a file is missing, ValueError when the files do
        not fit together, or ask for what is not supported: the error names it.
        """
        vocabulary, pairs, special = tokenizer_files.read_bpe(Path(directory))
        byte_of = {letter: b for b, letter in _byte_letters().items()}
        spelled = {*byte_of, *map("".join, pairs)}
        if special is None:
            special = {token: i for token, i in vocabulary.items() if token not in spelled}
        spelled |= vocabulary.keys() - special.keys()
        try:
            merges = [(vocabulary[left], vocabulary[right]) for left, right in pairs]
            ids = {bytes(byte_of[letter] for letter in token): vocabulary[token] for token in spelled}
        except (KeyError, ValueError) as error:
            raise ValueError(
                f"{directory}: the vocabulary and the merges do not fit together ({error!r})"
            ) from None
        return cls(merges, ids, special)


def _learn_merges(counts: Counter[str], size: int) -> tuple[list[Pair], dict[bytes, int]]:
    """Merge the commonest pair until there are `size` tokens; of equally common ones the smallest ids.

    Each different word is merged once, with its count. A heap holds the pairs; an entry whose count is out
    of date goes back with the right one when it comes up.
    """
    tokens = [bytes([b]) for b in _byte_letters()]
    ids = {token: i for i, token in enumerate(tokens)}
    words = [[ids[bytes([b])] for b in word.encode()] for word in counts]
    weights, merges = list(counts.values()), []
    pairs: Counter[Pair] = Counter()
    where: defaultdict[Pair, set[int]] = defaultdict(set)
    for w, word in enumerate(words):
        for pair in pairwise(word):
            pairs[pair] += weights[w]
            where[pair].add(w)
    heap = [(-n, pair) for pair, n in pairs.items()]
    heapq.heapify(heap)
    while heap and len(tokens) < size:
        n, pair = heapq.heappop(heap)
        if -n != pairs[pair]:
            if pairs[pair] > 0:
                heapq.heappush(heap, (-pairs[pair], pair))
            continue
        merges.append(pair)
        token = tokens[pair[0]] + tokens[pair[1]]
        if token not in ids:
            ids[token] = len(tokens)
            tokens.append(token)
        for other in _merge_everywhere(pair, ids[token], words, weights, pairs, where):
            heapq.heappush(heap, (-pairs[other], other))
    return merges, ids


def _merge_everywhere(
    pair: Pair,
    new: int,
    words: list[list[int]],
    weights: list[int],
    pairs: Counter[Pair],
    where: defaultdict[Pair, set[int]],
) -> set[Pair]:
    """Join `pair` into `new` in the words that hold it and count their pairs again; returns the new pairs."""
    arisen = set()
    for w in where.pop(pair):
        old, word = words[w], _join(words[w], pair, new)
        for gone in pairwise(old):
            pairs[gone] -= weights[w]
        for come in pairwise(word):
            pairs[come] += weights[w]
            if new in come:
                arisen.add(come)
                where[come].add(w)
        words[w] = word
    del pairs[pair]
    return arisen


def _join(ids: list[int], pair: Pair, new: int) -> list[int]:
    """Replace each occurrence of the pair, from the left."""
    joined, i = [], 0
    while i < len(ids):
        if i + 1 < len(ids) and ids[i] == pair[0] and ids[i + 1] == pair[1]:
            joined.append(new)
            i += 2
        else:
            joined.append(ids[i])
            i += 1
    return joined


@functools.cache
def _byte_letters() -> dict[int, str]:
    """A visible letter for each byte, in the order of GPT-2's vocabulary.

    Printable bytes stand for themselves.
    """
    visible = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = [b for b in range(256) if b not in visible]
    return {b: chr(b) for b in visible} | {b: chr(256 + i) for i, b in enumerate(hidden)}


@functools.cache
def _word_pattern() -> re.Pattern[str]:
    """GPT-2's words: English contractions, or letters, digits or signs with the space before them, or space.

    Python's \\w and \\s count number letters (½, Ⅷ) and four control characters in; GPT-2's classes do not.
    A letter that is newer than this Python's Unicode tables counts as a sign.
    """
    numbers = "".join(
        c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c) in ("Nl", "No")
    )
    number, letter = rf"[\d{numbers}]", rf"[^\W\d_{numbers}]"
    space, sign = r"[^\S\x1c-\x1f]", r"(?:[^\s\w]|[_\x1c-\x1f])"
    return re.compile(
        rf"'(?:s|t|re|ve|m|ll|d)| ?{letter}+| ?{number}+| ?{sign}+|{space}+(?!(?:\S|[\x1c-\x1f]))|{space}+"
    )
