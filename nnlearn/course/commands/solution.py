"""The command `nnlearn solution`."""

from typing import Annotated

import typer

GROUP = "Learn"


def solution(
    exercise: Annotated[str, typer.Argument(help="its number, such as 07.6")],
) -> None:
    """Show our answer beside yours, once yours has passed or three different ones have not."""
    from nnlearn.course.answers import print_solution

    print_solution(exercise)
