"""What the tokenisers have in common."""

import re
from collections.abc import Collection, Iterable, Iterator

import numpy as np


def split(text: str, special: Iterable[str]) -> list[str]:
    """The text cut at special tokens: text, token, text, …, token, text.  Of two at one place the longer."""
    pattern = "|".join(map(re.escape, sorted(filter(None, special), key=len, reverse=True)))
    return re.split(f"({pattern})", text) if pattern else [text]


def checked(ids: Iterable[int], known: int | Collection[int]) -> Iterator[int]:
    """The ids as plain integers, an error for one the vocabulary does not have."""
    for i in np.asarray(ids).reshape(-1).tolist():
        if not (0 <= i < known if isinstance(known, int) else i in known):
            size = known if isinstance(known, int) else len(known)
            raise ValueError(f"decode: id {i} is not in the vocabulary of {size} tokens")
        yield i
