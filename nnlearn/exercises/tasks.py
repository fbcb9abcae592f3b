"""What the exercises ask: titles, points and signatures, read from the notebooks where they stand.

A task is a heading, `## 06.3 Huber with two corners (2 points)`; a cell with the
`grade_id` "06-3" for the answer; and, where the computer grades it, `check("06.3", huber)`.
"""

import ast
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from nnlearn.exercises import chapters
from nnlearn.exercises.ids import CHAPTER
from nnlearn.exercises.notebooks import course_folder

_HEADING = re.compile(rf"## ({CHAPTER}\.[1-9]\d*) (.+) \(([\d.]+) points?\)")
CHECK = re.compile(rf'check\("({CHAPTER}\.\d+)"(?:, (.+))?\)')


@dataclass(frozen=True)
class Task:
    """An exercise as its reader sees it.

    `checked` is the expression whose value is the answer; where it is the name of a function with a stub,
    `signature` is how that is called: "huber(prediction, target, delta)".
    """

    id: str
    title: str
    points: float
    question: str
    checked: str
    signature: str


def notebook_of(chapter: str) -> Path:
    """The notebook with a chapter's exercises ("06"). Raises LookupError where there is none.

    In a clone that is the one in `solutions/`, from which `exercises/` is made: there a learner writes.
    """
    folders = [*chapters.__path__, *(str(course_folder() / name) for name in ("solutions", "exercises"))]
    found = [path for folder in folders for path in Path(folder).glob(f"{chapter}_*.ipynb")]
    if not found:
        raise LookupError(f"exercises: no notebook {chapter}_….ipynb in {' or '.join(folders)}")
    return found[0]


@cache
def chapter_title(chapter: str) -> str:
    """ "Loss functions", from the notebook's first line, `# Exercises 5 · Loss functions`."""
    return _cells(chapter)[0][1].partition("\n")[0].partition(" · ")[2]


@cache
def chapter_tasks(chapter: str) -> dict[str, Task]:
    """The tasks of a chapter by id, in their order."""
    answers = {grade_id: source for grade_id, source, _ in _cells(chapter)}
    checks = [check for _, source, code in _cells(chapter) if code and (check := CHECK.fullmatch(source))]
    checked = {check[1]: check[2] or "" for check in checks}
    tasks = {}
    for _, source, _ in _cells(chapter):
        if heading := _HEADING.match(source):
            task, title, points = heading.groups()
            expression = checked.get(task, "")
            signature = _signature(answers[task.replace(".", "-")], expression)
            tasks[task] = Task(task, title, float(points), source, expression, signature)
    return tasks


@cache
def given_cells(chapter: str) -> tuple[str, ...]:
    """The code that is given with the tasks: imports and helpers."""
    given = [source for grade_id, source, code in _cells(chapter) if code and not grade_id]
    return tuple(source for source in given if not CHECK.fullmatch(source))


@cache
def _cells(chapter: str) -> list[tuple[str, str, bool]]:
    """(grade_id or "", source, is it code) of each cell."""
    notebook = json.loads(notebook_of(chapter).read_text(encoding="utf-8"))
    return [
        (
            c["metadata"].get("nbgrader", {}).get("grade_id", ""),
            "".join(c["source"]).strip(),
            c["cell_type"] == "code",
        )
        for c in notebook["cells"]
    ]


def _signature(source: str, checked: str) -> str:
    """How the function that is checked is called, if its stub is in the cell."""
    if f"def {checked}(" not in source:
        return ""
    (stub,) = (n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef) and n.name == checked)
    return f"{checked}({', '.join(argument.arg for argument in stub.args.args)})"
