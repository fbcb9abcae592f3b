"""The command `nnlearn present`."""

from typing import Annotated

import typer

from nnlearn.course.options import Browser, Port

GROUP = "Lecture"


def present(
    chapter: Annotated[str, typer.Argument(metavar="CHAPTER", help="A number, a name or a notebook.")],
    browser: Browser = True,
    port: Port = None,
) -> None:
    """Show a chapter's deck with its notebook live behind it; Ctrl-C stops it.

    L opens the notebook at the slide's own cell, with everything above it run; F8 comes back to the slide.
    You work in a copy that is thrown away at the end.
    """
    from nnlearn.course.server import serve_deck

    serve_deck(chapter, browser, port)
