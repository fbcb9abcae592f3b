"""Options that several commands have."""

import errno
import socket
from pathlib import Path
from typing import Annotated

import typer


def free(port: int | None) -> int | None:
    """The port, if it can be listened to.  Raises ValueError for one that cannot."""
    try:
        if port is not None:
            socket.create_server(("localhost", port)).close()
    except OSError as error:
        why = "is taken" if error.errno == errno.EADDRINUSE else "cannot be used: " + str(error).lower()
        raise ValueError(f"port {port} {why}; choose another --port, or none") from None
    return port


_PORT = "The server's port. Without it: 8888, or a free one near."
Port = Annotated[int | None, typer.Option(min=1, max=65535, help=_PORT, show_default=False, callback=free)]
Browser = Annotated[bool, typer.Option("--browser/--no-browser", help="Open the browser.")]
Grades = Annotated[Path, typer.Option(help="where grades are kept")]
