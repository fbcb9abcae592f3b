"""The command `nnlearn review`."""

from pathlib import Path
from typing import Annotated

import typer

GROUP = "Learn"


def review(
    out: Annotated[Path, typer.Option(help="the notebook to write")] = Path("review.ipynb"),
    count: Annotated[int, typer.Option(min=1, help="how many exercises at most")] = 4,
) -> None:
    """Write a notebook of exercises that you solved some days ago, to be solved again on other inputs."""
    from nnlearn.course.answers import write_review

    write_review(out, count)
