"""The command `nnlearn slides`."""

from pathlib import Path
from typing import Annotated

import typer

GROUP = "Lecture"
_PDF = "Also the slides as a PDF, and a handout: each slide above what is said to it."


def slides(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CHAPTER]...", help="Numbers, names or files; without any, all chapters."),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the decks go.")] = Path("decks"),
    pdf: Annotated[bool, typer.Option("--pdf", help=_PDF)] = False,
) -> None:
    """Build each chapter's deck, one HTML file that opens without a network."""
    from nnlearn.course.decks import write_decks
    from nnlearn.course.handouts import write_pdfs

    for path, size in (write_pdfs if pdf else write_decks)(names or [], out):
        typer.echo(f"{path}  {size / 1e6:.1f} MB")
