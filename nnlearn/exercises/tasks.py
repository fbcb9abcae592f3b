"""What the exercises ask, read where it stands: the notebooks in `exercises/`, as they are handed out.

A task is a heading, `## 05.3 Huber, with its corner in the right place (2 points)`; a cell with the
`grade_id` "05-3" for the answer; and, where the computer grades it, `check("05.3", huber)`.
"""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from nnlearn.exercises import chapters
from nnlearn.exercises.notebooks import course_folder

_HEADING = re.compile(r"## (\d\d\.[1-9]\d*) (.+) \(([\d.]+) points?\)")
_CHECK = re.compile(r'check\("(\d\d\.\d+)", (.+)\)')


@dataclass(frozen=True)
class Task:
    """An exercise as its reader sees it; `signature` is "huber(prediction, target, delta)", or "" if none."""

    id: str
    title: str
    points: float
    signature: str


def notebook_of(chapter: str) -> Path:
    """The notebook with a chapter's exercises ("05"). Raises LookupError where there is none."""
    folders = [*chapters.__path__, str(course_folder() / "exercises")]
    found = [path for folder in folders for path in Path(folder).glob(f"{chapter}_*.ipynb")]
    if not found:
        raise LookupError(f"exercises: no notebook {chapter}_….ipynb in {' or '.join(folders)}")
    return found[0]


@cache
def chapter_title(chapter: str) -> str:
    """ "Loss functions", from the notebook's first line, `# Exercises 5 · Loss functions`."""
    first = next(source for _, source in _cells(chapter))
    return first.partition("\n")[0].partition(" · ")[2]


@cache
def chapter_tasks(chapter: str) -> dict[str, Task]:
    """The tasks of a chapter by id, in their order."""
    cells = list(_cells(chapter))
    answers = dict(cells)
    checked = {found[1]: found[2] for _, source in cells if (found := _CHECK.fullmatch(source.strip()))}
    headings = [found for _, source in cells if (found := _HEADING.match(source))]
    return {
        task: Task(task, title, float(points), _signature(answers[_cell(task)], checked.get(task, "")))
        for task, title, points in (found.groups() for found in headings)
    }


def _cell(task: str) -> str:
    return task.replace(".", "-")


def _cells(chapter: str) -> Iterator[tuple[str, str]]:
    """(grade_id or "", source) of each cell."""
    for cell in json.loads(notebook_of(chapter).read_text(encoding="utf-8"))["cells"]:
        yield cell["metadata"].get("nbgrader", {}).get("grade_id", ""), "".join(cell["source"])


def _signature(source: str, checked: str) -> str:
    """How the function that is checked is called, if its stub is in the cell."""
    if f"def {checked}(" not in source:
        return ""
    (stub,) = (n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef) and n.name == checked)
    return f"{checked}({', '.join(argument.arg for argument in stub.args.args)})"
