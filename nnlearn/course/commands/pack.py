"""The command `nnlearn pack`."""

from pathlib import Path
from typing import Annotated

import typer

GROUP = "Lecture"
_PYTHON = "A Python to pack for, such as 3.12; may be given again. Without it: the one that runs here."
_PLATFORM = "A system to pack for, such as windows-amd64; may be given again. Without it: all five."
_SITE = "Also the site, its decks and the book."
_SOLUTIONS = "Also the solutions, for instructors."
_FIND_LINKS = "Take wheels from this folder, such as another pack's, and ask no network."


def pack(
    out: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the pack goes: a stick, for example.")],
    python: Annotated[
        list[str] | None, typer.Option(metavar="VERSION", help=_PYTHON, show_default=False)
    ] = None,
    platform: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help=_PLATFORM, show_default=False)
    ] = None,
    site: Annotated[bool, typer.Option("--site/--without-site", help=_SITE)] = True,
    solutions: Annotated[bool, typer.Option("--solutions", help=_SOLUTIONS)] = False,
    find_links: Annotated[
        Path | None, typer.Option(metavar="DIR", exists=True, file_okay=False, help=_FIND_LINKS)
    ] = None,
) -> None:
    """Pack the course with all it needs, to install from a stick where there is no network, or years later.

    A double-click on its start file installs and opens it. The packages are of the versions that a clone pins
    in .ci/constraints.txt, elsewhere of those installed here, which are known to run; where one has no wheel
    for a system, another is taken, and named. Stopped, the same call goes on.
    """
    from nnlearn.course.pack import make_pack

    make_pack(out, python or [], platform or [], typer.echo, site, solutions, find_links)
