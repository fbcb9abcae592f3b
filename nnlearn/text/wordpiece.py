"""BERT's tokenizer: words, split into the longest pieces that a vocabulary holds."""

import functools
import unicodedata
from bisect import bisect
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import numpy as np

from nnlearn.text import tokenizer_files
from nnlearn.text.shared import checked, split

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_IDEOGRAPHS = [  # BERT's "Chinese characters", as the tokenizers library has them
    *((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2A6DF), (0x2A700, 0x2B81F)),
    *((0x2B920, 0x2CEAF), (0x2F800, 0x2FA1F)),
]
# That library's tables are of Unicode 8, from 2015: accents, punctuation and controls that came later are
# letters to it. They lie between the first and the second code point, the third and the fourth, …
_LATER = [
    int(code, 16)
    for code in """
    5C8 5CA 61D 61E 7FD 7FE 890 8E3 9FD 9FF A76 A77 AFA B00 B53 B56 C04 C3D C77 C78 C84 C85 D00 D01 D3B
    D3D D81 D82 EBA EBB ECE ECF 180F 1887 1ABF 1AF1 1B4E 1B50 1B7D 1B80 1DF6 1DFC 2E43 2E64 A82C A82D
    A8C5 A8C6 A8FF A900 A9BD A9BE 10D24 10F8A 11070 11075 110C2 110CE 111C9 111CA 111CF 111D0 1123E
    11242 1133B 1133C 113BB 1145F 11660 1166D 116B9 116BA 1182F 12000 12FF1 16130 16D6D 16F50 16FE2
    16FE5 1CF00 1D129 1D25B 1D25D 1E000 1E6F6 1E944 1E960
    """.split()
]
_MARKS_THEN, _PUNCTUATION_THEN = "\u1734", "\u166d\U000111c9"  # these three have changed their category since


class WordPieceTokenizer:
    """BERT's tokens: words in lower case without accents, split into the longest pieces the vocabulary holds.

    "##" marks a piece that continues a word. `strip_accents` is as `lowercase` if left out;
    `chinese_characters` makes each a word; the `special` tokens are found in a text as they stand. Raises
    ValueError when the vocabulary lacks one that BERT needs.
    Source: M. Schuster and K. Nakajima (2012); J. Devlin et al. (2019).
    """

    def __init__(
        self,
        tokens: Sequence[str],
        lowercase: bool = True,
        strip_accents: bool | None = None,
        chinese_characters: bool = True,
        special: Collection[str] = SPECIAL,
    ) -> None:
        self.tokens, self.special, self.lowercase = list(tokens), tuple(special), lowercase
        self.strip_accents = lowercase if strip_accents is None else strip_accents
        self.chinese_characters = chinese_characters
        self.ids = {token: i for i, token in enumerate(self.tokens)}
        missing = [
            token for token in {**dict.fromkeys(SPECIAL), **dict.fromkeys(special)} if token not in self.ids
        ]
        if missing:
            raise ValueError(f"WordPieceTokenizer: the vocabulary lacks {', '.join(missing)}")

    @classmethod
    def load(cls, directory: str | Path, lowercase: bool | None = None) -> "WordPieceTokenizer":
        """Read tokenizer.json or, where there is none, BERT's vocab.txt, one token a line.

        `lowercase` is as the files say if left out: tokenizer.json, or vocab.txt's tokenizer_config.json.
        Raises FileNotFoundError when there is no vocabulary, ValueError, by name, for what is not supported.
        """
        tokens, options = tokenizer_files.read_word_piece(Path(directory))
        return cls(tokens, **options | ({} if lowercase is None else {"lowercase": lowercase}))

    def __len__(self) -> int:
        return len(self.tokens)

    def tokenize(self, text: str) -> list[str]:
        """The pieces, as strings."""
        pieces: list[str] = []
        for i, part in enumerate(split(text, self.special)):
            if i % 2:
                pieces.append(part)
            else:
                for word in self._words(part):
                    pieces += self._pieces(word)
        return pieces

    def _words(self, text: str) -> list[str]:
        """Split at space, and around each punctuation mark and Chinese character."""
        options = self.lowercase, self.strip_accents, self.chinese_characters
        return "".join(_plain(character, *options) for character in text).split()

    def _pieces(self, word: str) -> list[str]:
        pieces, start = [], 0
        while start < len(word) <= 100:
            prefix = "##" if start else ""
            end = next((e for e in range(len(word), start, -1) if prefix + word[start:e] in self.ids), None)
            if end is None:
                break
            pieces.append(prefix + word[start:end])
            start = end
        return pieces if start == len(word) else ["[UNK]"]

    def encode(self, text: str, second: str | None = None) -> np.ndarray:
        """[CLS] text [SEP], or [CLS] text [SEP] second [SEP].  str -> (T,)"""
        pieces = ["[CLS]", *self.tokenize(text), "[SEP]"]
        if second is not None:
            pieces += [*self.tokenize(second), "[SEP]"]
        return np.array([self.ids[piece] for piece in pieces], dtype=np.int64)

    def decode(self, ids: Iterable[int]) -> str:
        """The pieces joined to words, with a space between them: case, accents and spacing are gone."""
        return " ".join(self.tokens[i] for i in checked(ids, len(self))).replace(" ##", "")


@functools.lru_cache(1 << 16)
def _plain(character: str, lowercase: bool, strip_accents: bool, chinese_characters: bool) -> str:
    """What becomes of a character: nothing, a space, itself made plain, or that with spaces around it."""
    if character in "\t\n\r":
        return " "
    if character in "\0\ufffd" or _is_in(character, "Cc", "Cf", "Co", "Cs"):
        return ""
    plain = character
    if strip_accents and not _came_later(character):
        letters = unicodedata.normalize("NFD", character)
        plain = "".join(c for c in letters if not (_is_in(c, "Mn") or c in _MARKS_THEN))
    if lowercase:
        plain = "".join(c.lower() for c in plain)
    plain = "".join(f" {c} " if _is_punctuation(c) else c for c in plain)
    return f" {plain} " if chinese_characters and _is_ideograph(character) else plain


def _is_in(character: str, *categories: str) -> bool:
    """Whether Unicode 8 had the character in one of the categories: marks, punctuation or controls."""
    return unicodedata.category(character) in categories and not _came_later(character)


def _came_later(character: str) -> bool:
    return bisect(_LATER, ord(character)) % 2 == 1


def _is_punctuation(character: str) -> bool:
    """Every ASCII sign counts."""
    if character.isascii():
        return character.isprintable() and not character.isalnum() and character != " "
    return _is_in(character, "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po") or character in _PUNCTUATION_THEN


def _is_ideograph(character: str) -> bool:
    return any(low <= ord(character) <= high for low, high in _IDEOGRAPHS)
