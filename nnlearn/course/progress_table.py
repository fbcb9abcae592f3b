"""What of the exercises is solved, tried and still open, as a table, and what comes next."""

import time

import typer
from rich.console import Console
from rich.table import Table

from nnlearn.course.answers import due
from nnlearn.exercises.records import HONEST, can_be_kept, folder, recorded, wrong_answers
from nnlearn.exercises.spec import Exercise, chapter_exercises, chapter_modules
from nnlearn.exercises.tasks import chapter_title


def print_table() -> None:
    """Print a row for each chapter that has exercises, and a warning where no progress can be kept."""
    states = recorded()
    table = Table("chapter", "", "done", "tried, not yet", "open", "for a person to read")
    for chapter in chapter_modules():
        exercises = chapter_exercises(chapter).values()
        ids = [exercise.id for exercise in exercises if exercise.graded]
        words = [exercise.id for exercise in exercises if not exercise.graded]
        passed, tried, untouched = ([i for i in ids if states.get(i) == s] for s in ("passed", "tried", None))
        bar = "■" * len(passed) + "□" * (len(ids) - len(passed))
        columns = map("  ".join, (tried, untouched, words))
        table.add_row(f"{chapter} {chapter_title(chapter)}", bar, f"{len(passed)} of {len(ids)}", *columns)
    Console().print(table)
    done = [states.get(exercise.id) == "passed" for exercise in _graded()]
    typer.echo(f"{sum(done)} of {len(done)} are done.")
    for line in _next_steps(states):
        typer.echo(line)
    if not can_be_kept():
        typer.echo(
            f"Progress cannot be kept in {folder()}: set NNLEARN_HOME to a folder that can be written to.",
            err=True,
        )


def _graded() -> list[Exercise]:
    return [e for chapter in chapter_modules() for e in chapter_exercises(chapter).values() if e.graded]


def following(states: dict[str, str]) -> Exercise | None:
    """The first exercise that is not solved after the last one that is; None after the end."""
    graded = _graded()
    done = [k for k, exercise in enumerate(graded) if states.get(exercise.id) == "passed"]
    later = (e for e in graded[done[-1] + 1 if done else 0 :] if states.get(e.id) != "passed")
    return next(later, None)


def _next_steps(states: dict[str, str]) -> list[str]:
    """The exercise after the last one passed, where our answer may be looked at, what is to be reviewed."""
    graded, after = _graded(), following(states)
    hard = [e.id for e in graded if states.get(e.id) == "tried" and wrong_answers(e.id) >= HONEST]
    lines = [f"Next: {_name(after)}"] if after else []
    lines += [f"Our answer beside yours: nnlearn solution {i}" for i in hard[:3]]
    again = len(due(time.time()))
    return lines + ([f"To solve once more, so that it stays: {again} (nnlearn review)"] if again else [])


def _name(exercise: Exercise) -> str:
    return f"{exercise.id} {exercise.title}"
