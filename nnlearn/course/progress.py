"""What of the exercises is solved, tried and still open: `nnlearn progress`."""

import typer
from rich.console import Console
from rich.table import Table

from nnlearn.exercises.record import recorded
from nnlearn.exercises.spec import chapter_exercises, chapter_modules, chapter_title


def progress() -> None:
    """Show which exercises are solved, tried or still open."""
    chapters = chapter_modules()
    if not chapters:
        typer.echo("There are no exercises yet.")
        return
    states = recorded()
    table = Table("chapter", "", "done", "tried, not yet", "open", title="Exercises", title_justify="left")
    for chapter in chapters:
        ids = list(chapter_exercises(chapter))
        passed, tried, untouched = ([i for i in ids if states.get(i) == s] for s in ("passed", "tried", None))
        bar = "■" * len(passed) + "□" * (len(ids) - len(passed))
        done = f"{len(passed)} of {len(ids)}"
        table.add_row(
            f"{chapter} {chapter_title(chapter)}", bar, done, "  ".join(tried), "  ".join(untouched)
        )
    Console().print(table)
