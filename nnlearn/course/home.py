"""The first page of `nnlearn lab`: where one is, what comes next, the map, every chapter."""

import re
import time
from pathlib import Path
from typing import Any

from nnlearn.course import chapter_map
from nnlearn.course.answers import due
from nnlearn.course.progress_table import following
from nnlearn.exercises.ids import chapter_of
from nnlearn.exercises.notebooks import notebooks
from nnlearn.exercises.records import recorded
from nnlearn.exercises.spec import chapter_exercises, chapter_modules


def home(root: Path, base: str) -> str:
    """The page for the course in `root`, on a server whose addresses begin with `base`."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    states = recorded()
    # From our own files: the learner's may say anything.
    paths = [path for path in notebooks("chapters") if (root / "chapters" / path.name).exists()]
    chapters = [_chapter(path, states) for path in paths]
    shares = {path: one["done"] / (one["of"] or 1) for path, one in zip(paths, chapters, strict=True)}
    drawn = chapter_map.draw(paths, f"{base}lab/tree/chapters", ".ipynb", shares) if paths else ""
    loader = PackageLoader("nnlearn.course", "templates/home")
    pages = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return pages.get_template("index.html.j2").render(
        base=base,
        chapters=chapters,
        map=Markup(drawn),
        next=_next(root, states),
        again=len(due(time.time())),
    )


def _next(root: Path, states: dict[str, str]) -> dict[str, str] | None:
    """The exercise to go on with; None for who has solved none, or all, or has thrown its notebook away."""
    after = following(states)
    if after is None or "passed" not in states.values():
        return None
    stems = (path.stem for path in notebooks("exercises", chapter_of(after.id)))
    stem = next((stem for stem in stems if (root / "exercises" / f"{stem}.ipynb").exists()), None)
    return {"stem": stem, "id": after.id, "title": after.title} if stem else None


def _chapter(path: Path, states: dict[str, str]) -> dict[str, Any]:
    """What the page says of a chapter."""
    number = path.stem[:2]
    ids = (
        [e.id for e in chapter_exercises(number).values() if e.graded] if number in chapter_modules() else []
    )
    question = re.search(r"\*\*\*(.+?)\*\*\*", chapter_map.first_cell(path))
    return {
        "stem": path.stem,
        "number": number.lstrip("0"),
        "title": chapter_map.title(path),
        "question": question[1] if question else "",
        "done": sum(states.get(i) == "passed" for i in ids),
        "of": len(ids),
    }
