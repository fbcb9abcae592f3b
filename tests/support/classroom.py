"""A class for the tests: submissions made from the solutions, with answers of one's own in their places."""

from collections.abc import Mapping
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from nnlearn.classroom.grading import Grade, Question, grade_question, specification, student_seed
from nnlearn.classroom.submissions import find_answer, read_cells
from nnlearn.exercises.spec import find_exercise
from tests.support import ROOT

SECRET = b"a secret of the tests"


def solution(chapter: str) -> NotebookNode:
    (path,) = (ROOT / "solutions").glob(f"{chapter}_*.ipynb")
    return nbformat.read(path, as_version=4)


def answer_cell(notebook: NotebookNode, exercise: str) -> NotebookNode:
    name = exercise.replace(".", "-")
    return next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == name)


def submit(folder: Path, student: str, chapter: str, answers: Mapping[str, str] | None = None) -> Path:
    """Write a student's notebook: the solution, with other sources for some answers. Returns its file."""
    notebook = solution(chapter)
    for exercise, source in (answers or {}).items():
        answer_cell(notebook, exercise).source = source
    return write(folder, student, chapter, notebook)


def write(folder: Path, student: str, chapter: str, notebook: NotebookNode) -> Path:
    (name,) = (path.name for path in (ROOT / "solutions").glob(f"{chapter}_*.ipynb"))
    (folder / student).mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, folder / student / name)
    return folder / student / name


def graded(file: Path, exercise: str, secret: bytes = SECRET) -> Grade:
    """The grade of one exercise of a notebook, in a real sandbox."""
    spec = find_exercise(exercise)
    student = file.parent.name
    answer = find_answer(read_cells(file), spec)
    seed = student_seed(secret, student, exercise)
    return grade_question(Question(student, exercise, "", specification(exercise[:2]), answer, seed))
