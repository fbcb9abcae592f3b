"""The command `nnlearn questions`."""

from pathlib import Path
from typing import Annotated

import typer

GROUP = "Lecture"


def questions(
    out: Annotated[
        Path, typer.Argument(metavar="FILE", help="cards for Anki (.txt), or Moodle's bank (.xml)")
    ],
    chapters: Annotated[
        list[str] | None, typer.Argument(help="which chapters (01 02); all without it")
    ] = None,
) -> None:
    """Write the predictions and the questions under "Check yourself" for Anki or for Moodle."""
    from nnlearn.course.questions import export

    typer.echo(f"{out}  {export(out, chapters or [])} questions")
