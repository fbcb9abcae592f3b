"""The command `nnlearn run`."""

from pathlib import Path
from typing import Annotated

import typer

GROUP = "Write chapters"


def run(notebooks: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, writable=True)]) -> None:
    """Run notebooks and store their outputs in them."""
    from nnlearn.course.notebooks import execute

    for path in notebooks:
        execute(path.absolute())
        typer.echo(f"{path}: run")
