"""The command `nnlearn site`."""

from pathlib import Path
from typing import Annotated

import typer

GROUP = "Lecture"
_FORCE = "Write into a folder that is not empty; only its own files go."
_LITE = "Also a JupyterLab whose kernel runs in the reader's browser."
_PYODIDE = "With --lite: a Pyodide distribution for the site; without it the browser fetches one."


def site(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the site goes.")] = Path("site"),
    force: Annotated[bool, typer.Option("--force", help=_FORCE)] = False,
    lite: Annotated[bool, typer.Option("--lite", help=_LITE)] = False,
    pyodide: Annotated[
        Path | None, typer.Option(metavar="FILE", exists=True, dir_okay=False, help=_PYODIDE)
    ] = None,
) -> None:
    """Build the course as a website: read it in any browser, from a server or from the disk."""
    from nnlearn.course.site import publish

    typer.echo(f"{out / 'index.html'}  {publish(out, force, lite, pyodide)} files")
