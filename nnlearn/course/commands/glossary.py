"""The command `nnlearn glossary`."""

from typing import Annotated

import typer

GROUP = "Learn"


def glossary(
    word: Annotated[str | None, typer.Argument(help="a term, or a part of one; all without it")] = None,
) -> None:
    """Say in one line what a term means, and which chapter introduces it."""
    from nnlearn.course.glossary import look_up, show, terms

    show(look_up(word) if word else terms())
