"""`nnlearn lab`: the course in JupyterLab; a clone as it is, elsewhere the learner's copy."""

import errno
import hashlib
import os
import socket
from pathlib import Path
from typing import Annotated, Any

import typer

from nnlearn.course.personal_copy import Changes, enclosing_copy, update_copy
from nnlearn.exercises.notebooks import course_folder, in_checkout

_SETTINGS = Path(__file__).with_name("jupyter")  # JupyterLab's defaults for this server alone


def lab(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DIR]",
            help="Your copy of the course. Not needed in a clone; elsewhere ./nnlearn-course.",
            show_default=False,
        ),
    ] = None,
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
    """Open the course in JupyterLab; Ctrl-C stops it.

    A clone of the repository opens as it is. From an installed package you work in a copy of your own: each
    call refreshes the notebooks you have not touched and keeps those you have changed (running one changes
    it), with a newer version laid beside yours. A notebook you delete comes back fresh.
    """
    try:
        if port is not None:
            require_free(port)
        root = _prepare(folder)
    except ValueError as error:
        typer.echo(f"nnlearn lab: {error}", err=True)
        raise typer.Exit(1) from None
    _serve(root, browser, port)


def require_free(port: int) -> None:
    """Raises ValueError for a port that cannot be listened to."""
    try:
        socket.create_server(("localhost", port)).close()
    except OSError as error:
        why = "is taken" if error.errno == errno.EADDRINUSE else "cannot be used: " + str(error).lower()
        raise ValueError(f"port {port} {why}; choose another --port, or none") from None


def _prepare(folder: Path | None) -> Path:
    """The folder to serve: the clone, or a copy brought up to date."""
    course = course_folder()
    if in_checkout() and (folder is None or folder.resolve() == course):
        return course
    if not (course / "chapters").is_dir():
        raise ValueError(f"this installation carries no chapters: there is no {course / 'chapters'}")
    copy = folder or enclosing_copy(Path.cwd()) or Path("nnlearn-course")
    try:
        changes = update_copy(course, copy)
    except OSError as error:
        where = error.filename or copy
        raise ValueError(
            f"the course cannot be copied to {copy}: {error.strerror or error} ({where})"
        ) from None
    for line in _report(copy.resolve(), changes):
        typer.echo(line)
    return copy.resolve()


def _report(copy: Path, changes: Changes) -> list[str]:
    counts = [f"{len(changes.added)} added"] * bool(changes.added)
    counts += [f"{len(changes.refreshed)} refreshed"] * bool(changes.refreshed)
    lines = [f"Your copy of the course is in {copy}; its files: {', '.join(counts) or 'up to date'}."]
    lines += [f"  {name}: yours is kept; the new one is {new}" for name, new in changes.beside.items()]
    lines += [f"  {name}: no longer part of the course; it stays" for name in changes.retired]
    return lines


def _serve(root: Path, browser: bool, port: int | None) -> None:
    """JupyterLab on `root` until Ctrl-C, beside the learner's own open tabs elsewhere."""
    import platformdirs

    # The tabs of this course: the first visit opens the first chapter, later ones what was open last.
    key = hashlib.sha256(str(root).encode()).hexdigest()[:16]
    workspaces = platformdirs.user_state_path("nnlearn") / "workspaces" / key
    first = min((root / "chapters").glob("[0-9][0-9]_*.ipynb"), default=None)
    start = f"/lab/tree/chapters/{first.name}" if first and not any(workspaces.glob("*")) else "/lab"
    server = jupyter_server(
        root, browser, port, {"LabApp.default_url": start, "LabApp.workspaces_dir": workspaces}
    )
    typer.echo(f"The course is at {server.connection_url}; Ctrl-C stops it.")
    server.start()


def jupyter_server(root: Path, browser: bool, port: int | None, options: dict[str, Any]) -> Any:
    """A server of JupyterLab on `root`, beside the user's own configuration, that waits to be started."""
    import zmq
    from jupyterlab.labapp import LabApp

    paths = [str(_SETTINGS), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, paths))
    options = {
        "ServerApp.root_dir": root,
        "ServerApp.open_browser": browser,
        "ServerApp.answer_yes": True,  # Ctrl-C asks nothing
        "ServerApp.allow_root": True,  # in a container there is nobody else
        "ServerApp.log_level": "ERROR",  # warnings speak of what a learner cannot change
        "LabApp.log_level": "ERROR",
        "LabApp.extra_labextensions_path": _SETTINGS / "labextensions",  # a link reaches the cell it names
        "KernelManager.transport_encryption": "auto" if zmq.has("curve") else "disabled",
        "CourseDirectory.root": root,  # nbgrader's, where it is installed
        **options,
    }
    if port is not None:
        options |= {"ServerApp.port": port, "ServerApp.port_retries": 0}
    server = LabApp.initialize_server([f"--{name}={value}" for name, value in options.items()])
    server.web_app.settings["page_config_hook"] = _without_lite
    return server


def _without_lite(_: Any, page: dict[str, Any]) -> dict[str, Any]:
    """What JupyterLab is told, without the extensions of JupyterLite, which it cannot load."""
    found = page["federated_extensions"]
    page["federated_extensions"] = [one for one in found if not one["name"].startswith("@jupyterlite/")]
    return page
