"""The command `nnlearn report`."""

from pathlib import Path
from typing import Annotated

import typer

from nnlearn.course.options import Grades

GROUP = "Grade"
_EXPECTED = "tell the right answers to everybody, whatever the dates say"


def report(
    store: Grades = Path("grades.sqlite"),
    out: Annotated[Path, typer.Option(help="the folder to write into")] = Path("report"),
    expected: Annotated[bool, typer.Option("--expected", help=_EXPECTED)] = False,
) -> None:
    """Write the tables, a page for each student and one for the class."""
    from nnlearn.classroom.report import write_report

    students = write_report(store, out, expected)
    typer.echo(f"{out / 'index.html'}, grades.csv, lms.csv and {students} students' pages")
