"""The glossary: the tables under `### Terms`, each term with the chapter that introduces it."""

import difflib
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
import typer

from nnlearn.exercises.notebooks import notebooks

_ROW = re.compile(r"^\| *([^|\n]+?) *\| *([^|\n]+?) *\|$", re.M)


@dataclass(frozen=True)
class Term:
    """A standard term, what it means in one line, and the chapter that introduces it: "06_losses"."""

    name: str
    meaning: str
    chapter: str


def terms() -> list[Term]:
    """All terms, in the order of the alphabet."""
    found = [term for path in notebooks("chapters") for term in terms_of(path)]
    return sorted(found, key=lambda term: term.name.casefold())


def terms_of(path: Path) -> list[Term]:
    """A chapter's terms, in the order of its table."""
    cells = nbformat.read(path, as_version=4).cells
    text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    table = re.split(r"^#+ ", text.partition("### Terms\n")[2], maxsplit=1, flags=re.M)[0]
    return [Term(name, meaning, path.stem) for name, meaning in _ROW.findall(table)[2:]]


def look_up(word: str) -> list[Term]:
    """The term of that name, else those in which it occurs.  Raises ValueError, naming what is close."""
    every, wanted = terms(), word.strip().casefold()
    exact = [term for term in every if term.name.casefold() == wanted]
    found = exact or [term for term in every if wanted and wanted in term.name.casefold()]
    if not found:
        close = difflib.get_close_matches(wanted, [term.name.casefold() for term in every], n=3)
        said = f": did you mean {' or '.join(close)}?" if close else "; without a word, all terms are listed"
        raise ValueError(f"the glossary has no {word!r}{said}")
    return found


def show(found: list[Term]) -> None:
    """Print terms, each with its meaning and its chapter."""
    for term in found:
        typer.echo(f"{term.name} (chapter {term.chapter[:2]}): {term.meaning}")
