"""The command `nnlearn release`."""

from pathlib import Path
from typing import Annotated

import typer

GROUP = "Grade"


def release(
    chapters: Annotated[list[str] | None, typer.Argument(help="such as 01 02; all if none is given")] = None,
    out: Annotated[Path, typer.Option(help="the folder to write into")] = Path("release"),
) -> None:
    """Write the students' notebooks and a sheet of points, points.csv."""
    from nnlearn.classroom.handout import write_handout

    typer.echo(f"{write_handout(chapters or [], out)} notebooks and points.csv in {out}")
