"""The command `nnlearn book`."""

from pathlib import Path
from typing import Annotated

import typer

GROUP = "Learn"


def book(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="for a reader (.epub), or for paper (.pdf)")],
    chapters: Annotated[
        list[str] | None, typer.Argument(help="which chapters (01 02); all without it")
    ] = None,
) -> None:
    """Write the course as a book, for an e-reader or for paper."""
    from nnlearn.course.book import export

    typer.echo(f"{out}  {export(out, chapters or [])} chapters")
