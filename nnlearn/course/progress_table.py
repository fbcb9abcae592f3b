"""What of the exercises is solved, tried and still open, as a table."""

import typer
from rich.console import Console
from rich.table import Table

from nnlearn.exercises.records import can_be_kept, folder, recorded
from nnlearn.exercises.spec import chapter_exercises, chapter_modules
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
    if not can_be_kept():
        typer.echo(
            f"Progress cannot be kept in {folder()}: set NNLEARN_HOME to a folder that can be written to.",
            err=True,
        )
