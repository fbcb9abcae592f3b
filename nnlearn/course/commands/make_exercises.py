"""The command `nnlearn make-exercises`."""

import typer

GROUP = "Write chapters"


def make_exercises() -> None:
    """Generate exercises/ from solutions/, for those who write them."""
    from nnlearn.course.notebooks import write_exercises

    for done in write_exercises():
        typer.echo(done)
