"""`nnlearn present`: a chapter's deck beside a live JupyterLab, so that a slider moves in the lecture itself.

One server, one origin: the deck is a page of the Jupyter server and reaches into the JupyterLab it frames.
Everything happens in a copy in a temporary folder: the course's own notebooks are never written to.
"""

import re
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated
from urllib.parse import quote

import typer

from nnlearn.course.lab import jupyter_server, require_free
from nnlearn.course.personal_copy import update_copy
from nnlearn.course.slides import build, chosen
from nnlearn.exercises.notebooks import course_folder


def present(
    chapter: Annotated[str, typer.Argument(metavar="CHAPTER", help="A number, a name or a notebook.")],
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the browser.")] = True,
    port: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=65535,
            help="The server's port. Without it: 8888, or a free one near.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Show a chapter's deck with its notebook live behind it; Ctrl-C stops it.

    L opens the notebook at the slide's own cell, with everything above it run; F8 comes back to the slide.
    You work in a copy that is thrown away at the end.
    """
    with TemporaryDirectory(prefix="nnlearn-present-", ignore_cleanup_errors=True) as folder:
        scratch = Path(folder).resolve()
        try:
            if port is not None:
                require_free(port)
            (notebook,) = chosen([chapter])
            deck = build(notebook, presented=True)
            update_copy(course_folder(), scratch / "course")
            (scratch / "course" / "chapters").mkdir(exist_ok=True)
            shutil.copy(notebook, scratch / "course" / "chapters" / notebook.name)
        except (ValueError, ModuleNotFoundError, OSError) as error:
            typer.echo(f"nnlearn present: {error}", err=True)
            raise typer.Exit(1) from None
        _serve(notebook.stem, deck, scratch, browser, port)


def _serve(name: str, deck: str, scratch: Path, browser: bool, port: int | None) -> None:
    """The deck, and JupyterLab on the copy of the course, until Ctrl-C."""
    page = f"/present/{quote(name)}.html"
    options = {
        "LabApp.default_url": page,
        "LabApp.workspaces_dir": scratch / "workspaces",
        "LabApp.expose_app_in_browser": True,  # the deck runs the cells and scrolls to them
    }
    server = jupyter_server(scratch / "course", browser, port, options)
    address = re.escape(server.base_url.rstrip("/") + page)
    server.web_app.add_handlers(".*", [(address, _handler(), {"deck": deck})])
    typer.echo(f"The deck is at {server.connection_url}{page[1:]}; Ctrl-C stops it.")
    server.start()


def _handler() -> type:
    """A page of the Jupyter server that asks for its token, as the others do."""
    from jupyter_server.base.handlers import JupyterHandler
    from tornado.web import authenticated

    class DeckHandler(JupyterHandler):
        def initialize(self, deck: str) -> None:
            self.deck = deck

        @authenticated
        def get(self) -> None:
            self.finish(self.deck)

    return DeckHandler
