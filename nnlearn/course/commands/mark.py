"""The command `nnlearn mark`."""

from pathlib import Path
from typing import Annotated

import typer

from nnlearn.course.options import Grades

GROUP = "Grade"


def mark(
    student: Annotated[str, typer.Argument(help="the id in the tables")] = "",
    exercise: Annotated[str, typer.Argument(help="such as 04.10")] = "",
    score: Annotated[float | None, typer.Argument(help="points; without them a comment alone")] = None,
    comment: Annotated[
        str, typer.Option(help="what the student reads; a must where a score is changed")
    ] = "",
    store: Grades = Path("grades.sqlite"),
    port: Annotated[int, typer.Option(help="of the page; 0: any that is free")] = 0,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="only print the page's address")] = False,
) -> None:
    """Mark by hand: one exercise of one student, or all that is to be read, in a page that opens."""
    from nnlearn.classroom import marking
    from nnlearn.classroom.store import Store

    kept = Store(store, make=False)
    if not student:
        marking.serve(kept, port, not no_browser)
        return
    line = marking.mark(kept, student, exercise, score, comment)
    typer.echo(line)
