"""The command `nnlearn compare`."""

from typing import Annotated

import typer

GROUP = "Learn"
_ALL = "List every cell that prints."
_RUN = "Run your notebook first and store its outputs in it."


def compare(
    chapter: Annotated[str, typer.Argument(metavar="CHAPTER", help="A number, a name or your notebook.")],
    every: Annotated[bool, typer.Option("--all", help=_ALL)] = False,
    run: Annotated[bool, typer.Option("--run", help=_RUN)] = False,
) -> None:
    """Say whether your run of a chapter is normal, or which cell first is not, and what may explain it.

    What a cell printed is normal where other seeds or other machines give it, too. It is looked for in your
    copy of the course; nothing is changed, and nothing is run without --run.
    """
    from nnlearn.course.compare import examine

    if not examine(chapter, every, run, typer.echo):
        raise typer.Exit(1)
