"""The reference manual of Python 3.11 as a text to learn from, and how its file was made.

Each Python brings its own version along, and they differ in a third of their paragraphs; what one model has
learned and another is judged by must be the same everywhere. `python3.11 -m nnlearn.data.python_manual
python_manual.json.gz` wrote the file, with 3.11.7.
"""

import gzip
import json
import sys
from importlib.resources import files
from pathlib import Path


def manual() -> str:
    """The reference manual of Python 3.11, as plain English text: 465,126 characters.

    Source: the Python Software Foundation, PSF License Version 2.
    """
    return "\n\n".join(manual_sections().values())


def manual_sections() -> dict[str, str]:
    """The manual's sections by name, in the order of their names."""
    stored = files("nnlearn.data") / "python_manual.json.gz"
    return json.loads(gzip.decompress(stored.read_bytes()))


def manual_split(validation: float = 0.1) -> tuple[str, str]:
    """The manual for a language model: its first 90 % to train on, its last 10 % to be judged by.

    A fifth of the manual repeats paragraphs of other pages; here each stands once, so that nothing a model
    is judged by was in what it learned from. Raises ValueError unless 0 < validation < 1.
    """
    if not 0 < validation < 1:
        raise ValueError(f"manual_split: validation is {validation}, expected a share between 0 and 1")
    text = "\n\n".join(dict.fromkeys(manual().split("\n\n")))
    cut = round((1 - validation) * len(text))
    return text[:cut], text[cut:]


if __name__ == "__main__":
    from pydoc_data.topics import topics

    text = json.dumps({name: topics[name] for name in sorted(topics)})
    Path(sys.argv[1]).write_bytes(gzip.compress(text.encode(), mtime=0))
