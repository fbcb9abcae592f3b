"""Grade one notebook by itself: an instructor's dry run, GitHub Classroom, Gradescope."""

import json
import secrets
from pathlib import Path

import typer

from nnlearn.classroom import grading
from nnlearn.classroom.grading import COULD_NOT_RUN, Grade, Handed
from nnlearn.classroom.policy import Policy
from nnlearn.classroom.report import SIGNS
from nnlearn.classroom.submissions import collect_one
from nnlearn.exercises.spec import chapter_exercises, find_exercise
from nnlearn.training.saving import write


def grade(notebook: Path, policy: Policy, isolated: bool, gradescope: Path | None) -> bool:
    """Grade a notebook, print what came, and write Gradescope's results; True where everything passed.

    Raises ValueError for a file that is no notebook of exercises, or where it could not be run.
    """
    attempt = collect_one(notebook)
    exercises = chapter_exercises(attempt.chapter)
    secret = policy.secret or secrets.token_bytes(16)
    handed = Handed(
        "", attempt.chapter, "", "", attempt.read(), secret, tuple(exercises), attempt.former,
        isolated, policy.seconds, policy.packages,
    )  # fmt: skip
    grades = grading.grade_notebook(handed)
    if failed := [grade for grade in grades if grade.status == COULD_NOT_RUN]:
        raise ValueError(f"{notebook.name} could not be run here: {failed[0].message}")
    for grade in grades:
        exercise = find_exercise(grade.exercise)
        score = "to be read" if grade.score is None else f"{grade.score:g} of {grade.points:g}"
        typer.echo(f"{SIGNS.get(grade.status, '✗')} {exercise.id} {exercise.title}: {score}")
        if exercise.graded and grade.status != "passed":
            told = [grade.message, f"Hint: {grade.hint}" if grade.hint else "", *grade.details]
            typer.echo("".join(f"    {line}\n" for text in told for line in text.splitlines()), nl=False)
    scored = [grade for grade in grades if grade.score is not None]
    total, most = sum(g.score or 0.0 for g in scored), sum(g.points for g in scored)
    typer.echo(f"{total:g} of {most:g} points")
    if gradescope:
        write(gradescope, json.dumps(_results(grades), ensure_ascii=False, indent=1).encode())
    return all(grade.status in ("passed", "to read") for grade in grades)


def _results(grades: list[Grade]) -> dict:
    """Gradescope's format: https://gradescope-autograders.readthedocs.io/en/latest/specs"""
    tests = []
    for grade in grades:
        exercise = find_exercise(grade.exercise)
        test = {"name": f"{exercise.id} {exercise.title}", "max_score": grade.points}
        if grade.score is None:
            test |= {"output": "For a person to read.", "score": 0, "status": "passed"}
        else:
            told = [grade.brief, f"Hint: {grade.hint}" if grade.hint else "", *grade.details]
            status = "passed" if grade.status == "passed" else "failed"
            test |= {"score": grade.score, "status": status, "output": "\n".join(filter(None, told))}
        tests.append(test)
    return {"tests": tests, "output_format": "text"}
