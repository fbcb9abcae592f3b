"""A class for the tests: submissions made from the solutions, with answers of one's own in their places."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from nnlearn.classroom.grading import Grade, Handed, grade_notebook, specification
from nnlearn.exercises.renumbering import former_name
from tests.support import ROOT

SECRET = b"a secret of the tests"


def solution(chapter: str, *exercises: str) -> NotebookNode:
    """A chapter's solutions; or with nothing in it but some exercises, and what all share."""
    (path,) = (ROOT / "solutions").glob(f"{chapter}_*.ipynb")
    notebook = nbformat.read(path, as_version=4)
    if exercises:
        kept = {f"{exercise.replace('.', '-')}{part}" for exercise in exercises for part in ("", "-check")}
        names = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebook.cells]
        cells = zip(notebook.cells, names, strict=True)
        notebook.cells = [c for c, name in cells if c.cell_type == "code" and (not name or name in kept)]
    return notebook


def answer_cell(notebook: NotebookNode, exercise: str) -> NotebookNode:
    name = exercise.replace(".", "-")
    return next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == name)


def submit(
    folder: Path, student: str, chapter: str, answers: Mapping[str, str] | None = None, *exercises: str
) -> Path:
    """Write a student's notebook: the solution, with other sources for some answers. Returns its file."""
    notebook = solution(chapter, *exercises)
    for exercise, source in (answers or {}).items():
        answer_cell(notebook, exercise).source = source
    return write(folder, student, chapter, notebook)


def write(folder: Path, student: str, chapter: str, notebook: NotebookNode) -> Path:
    (name,) = (path.name for path in (ROOT / "solutions").glob(f"{chapter}_*.ipynb"))
    (folder / student).mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, folder / student / name)
    return folder / student / name


def graded(file: Path, *exercises: str, secret: bytes = SECRET, **options: Any) -> list[Grade]:
    """The grades of some exercises of a notebook, in a real sandbox."""
    chapter, data = exercises[0][:2], file.read_bytes()
    handed = Handed(
        file.parent.name, chapter, hashlib.sha256(data).hexdigest(), specification(chapter), data, secret,
        exercises, former_name(file.stem) is not None, **options,
    )  # fmt: skip
    return grade_notebook(handed)
