"""The command `nnlearn lab`."""

from pathlib import Path
from typing import Annotated

import typer

from nnlearn.course.options import Browser, Port

GROUP = "Learn"
_FOLDER = "Your copy of the course. Not needed in a clone; elsewhere ./nnlearn-course."


def lab(
    folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", help=_FOLDER, show_default=False)] = None,
    browser: Browser = True,
    port: Port = None,
) -> None:
    """Open the course in JupyterLab; Ctrl-C stops it.

    A clone of the repository opens as it is. From an installed package you work in a copy of your own: each
    call refreshes the notebooks you have not touched and keeps those you have changed (running one changes
    it), with a newer version laid beside yours. A notebook you delete comes back fresh.
    """
    from nnlearn.course import copy, server

    server.serve_course(copy.course_to_open(folder), browser, port)
