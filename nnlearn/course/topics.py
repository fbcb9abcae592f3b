"""The topics of the course, each with the cells in which it is met.

`topics.toml` names them; a cell of a notebook that deals with one is marked in its metadata,
`"topics": ["dropout"]`.
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

import nbformat

from nnlearn.exercises.notebooks import gallery_pages, notebooks

_LIST = Path(__file__).with_name("topics.toml")


@dataclass(frozen=True)
class Place:
    """A marked cell: its notebook's title, the heading it stands under, and its identifier."""

    notebook: str
    title: str
    section: str
    cell: str

    @property
    def label(self) -> str:
        return label(self.notebook, self.cell)


def label(notebook: str, cell: str) -> str:
    """What the site's page of a notebook calls one of its cells."""
    return f"cell-{notebook}-{cell}".lower().replace("_", "-")


def wanted() -> dict[str, list[str]]:
    """{group: topics}, as they are listed."""
    return tomllib.loads(_LIST.read_text(encoding="utf-8"))


def topics() -> dict[str, dict[str, list[Place]]]:
    """{group: {topic: the cells that deal with it, in the order of the course}}.

    Raises ValueError for a topic that no cell deals with, and for a mark that is none of the topics.
    """
    marked: dict[str, list[Place]] = {}
    for path in [*notebooks("chapters"), *gallery_pages()]:
        for topic, place in places(path):
            marked.setdefault(topic, []).append(place)
    groups = wanted()
    listed = [topic for group in groups.values() for topic in group]
    if missing := [topic for topic in listed if topic not in marked]:
        raise ValueError(f"no cell is marked with {', '.join(missing)}")
    if unknown := sorted(set(marked).difference(listed)):
        raise ValueError(f"{_LIST.name} has no {', '.join(unknown)}, which marks a cell")
    return {group: {topic: marked[topic] for topic in members} for group, members in groups.items()}


def places(path: Path) -> list[tuple[str, Place]]:
    """A notebook's marks: (topic, place)."""
    found, headings = [], [""]
    for cell in nbformat.read(path, as_version=4).cells:
        inside = re.findall(r"^#{1,3} (.+)$", cell.source, re.M) if cell.cell_type == "markdown" else []
        headings += inside[-1:]
        for topic in cell.metadata.get("topics", []):
            found.append((topic, Place(path.stem, headings[1], headings[-1], cell.id)))
    return found
