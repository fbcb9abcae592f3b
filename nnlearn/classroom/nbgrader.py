"""Write scores into nbgrader's gradebook, for those whose course lives there."""

import os
import sys
from pathlib import Path

from nnlearn.classroom.standing import Standing, counted, exercise_of
from nnlearn.classroom.store import Store
from nnlearn.exercises.ids import chapter_of
from nnlearn.exercises.tasks import notebook_of


def export(store: Store, gradebook: str) -> int:
    """Put each score where nbgrader keeps that of the exercise's check; returns how many were put.

    A chapter is the assignment and the notebook of that name, made by nbgrader from our solutions. Raises
    ValueError for a chapter that the gradebook does not know, before anything is written.
    """
    from nbgrader.api import Gradebook, MissingEntry

    lines = [line for line in counted(Standing(store).students) if line.score is not None]
    names = {
        name: notebook_of(name).stem for name in sorted({chapter_of(line.grade.exercise) for line in lines})
    }
    url = gradebook if "://" in gradebook else f"sqlite:///{gradebook}"
    # A new gradebook is stamped by the command `alembic`: it lies beside Python, where no PATH need lead.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    with Gradebook(url) as book:
        for name in names.values():
            try:
                book.find_notebook(name, name)
            except MissingEntry:
                raise ValueError(
                    f"{gradebook} has no assignment {name}: `nbgrader generate_assignment` makes it"
                ) from None
        for student in sorted({line.grade.student for line in lines}):
            book.update_or_create_student(student)
        for line in lines:
            grade, exercise = line.grade, exercise_of(line.grade)
            name = names[chapter_of(grade.exercise)]
            book.update_or_create_submission(name, grade.student)
            check = exercise.grade_id + "-check" * exercise.graded
            cell = book.find_grade(check, name, name, grade.student)
            cell.auto_score = grade.score
            cell.manual_score = line.mark.score if line.mark else None
            cell.needs_manual_grade = False
        book.db.commit()
    return len(lines)
