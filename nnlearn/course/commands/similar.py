"""The command `nnlearn similar`."""

from pathlib import Path
from typing import Annotated

import typer

from nnlearn.course.options import Grades

GROUP = "Grade"


def similar(
    store: Grades = Path("grades.sqlite"),
    out: Annotated[Path, typer.Option(help="the page to write")] = Path("similar.html"),
) -> None:
    """Write a page of the answers that are most alike, for a person to look into."""
    from nnlearn.classroom.similarity import write_similar

    typer.echo(f"{out}: {write_similar(store, out)} pairs")
