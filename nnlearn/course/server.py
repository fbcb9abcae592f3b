"""JupyterLab on the course: as a learner works in it, and behind a lecturer's deck.

The deck and its JupyterLab are one server, one origin: the deck is a page of the Jupyter server and reaches
into the JupyterLab it frames. That one works in a temporary copy: the course's own notebooks are never
written to.
"""

import hashlib
import os
import re
import shutil
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

import platformdirs
import typer
import zmq
from jupyter_server.base.handlers import JupyterHandler
from jupyterlab.labapp import LabApp
from tornado.web import authenticated

from nnlearn.course.copy import update_copy
from nnlearn.course.decks import build, chosen
from nnlearn.course.home import home
from nnlearn.exercises.notebooks import course_folder

_SETTINGS = Path(__file__).with_name("jupyter")  # JupyterLab's defaults for this server alone


def serve_course(root: Path, browser: bool = True, port: int | None = None) -> None:
    """JupyterLab on `root` until Ctrl-C, beside the learner's own open tabs elsewhere."""
    # The tabs of this course are its own.
    key = hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
    workspaces = platformdirs.user_state_path("nnlearn") / "workspaces" / key
    server = _server(root, browser, port, default_url="/course", workspaces_dir=workspaces)
    address = re.escape(server.base_url.rstrip("/") + "/course")
    show = partial(home, root, server.base_url)
    server.web_app.add_handlers(".*", [(address, _PageHandler, {"show": show})])
    _say("The course", server, "/course")
    _serve(server)


def serve_deck(chapter: str, browser: bool = True, port: int | None = None) -> None:
    """The deck of a chapter, and JupyterLab on a copy of the course, until Ctrl-C.

    Raises ValueError for a chapter that does not exist or was not run.
    """
    (notebook,) = chosen([chapter])
    deck = build(notebook, presented=True)
    with TemporaryDirectory(prefix="nnlearn-present-", ignore_cleanup_errors=True) as folder:
        course = Path(folder).resolve() / "course"
        update_copy(course_folder(), course)
        (course / "chapters").mkdir(exist_ok=True)
        shutil.copy(notebook, course / "chapters")
        page = f"/present/{quote(notebook.stem)}.html"
        # The deck runs the cells and scrolls to them: the application is exposed to it.
        options = {"workspaces_dir": course.with_name("workspaces"), "expose_app_in_browser": True}
        server = _server(course, browser, port, default_url=page, **options)
        address = re.escape(server.base_url.rstrip("/") + page)
        server.web_app.add_handlers(".*", [(address, _PageHandler, {"show": lambda: deck})])
        _say("The deck", server, page)
        _serve(server)


def _serve(server: Any) -> None:
    """Until it is stopped, and leave no thread behind for which the interpreter would wait without end.

    anyio's workers end with the task that first asked for one: never, if the end of the loop cuts it off.
    """
    try:
        server.start()
    finally:
        for thread in threading.enumerate():
            if thread.name == "AnyIO worker thread":
                thread.stop()  # type: ignore[attr-defined]


def _say(what: str, server: Any, page: str) -> None:
    """Where a browser finds it, on a line of its own."""
    token = server.identity_provider.token
    query = f"?token={token}" if token else ""
    typer.echo(f"{what} is at\n\n    {server.connection_url}{page[1:]}{query}\n\nCtrl-C stops it.")


class _PageHandler(JupyterHandler):
    """A page of the Jupyter server that asks for its token, as the others do."""

    def initialize(self, show: Callable[[], str]) -> None:
        self.show = show

    @authenticated
    def get(self) -> None:
        self.finish(self.show())


def _server(root: Path, browser: bool, port: int | None, **lab: Any) -> Any:
    """A server of JupyterLab on `root`, beside the user's own configuration, that waits to be started.

    Raises OSError where the user's folders cannot be written to.
    """
    paths = [str(_SETTINGS), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, paths))
    options = {
        "ServerApp.root_dir": root,
        "ServerApp.open_browser": browser,
        "ServerApp.answer_yes": True,  # Ctrl-C asks nothing
        "ServerApp.allow_root": True,  # in a container there is nobody else
        "ServerApp.log_level": "ERROR",  # warnings speak of what a learner cannot change
        "LabApp.log_level": "ERROR",
        "LabApp.extra_labextensions_path": _SETTINGS / "labextensions",  # ours
        "KernelManager.transport_encryption": "auto" if zmq.has("curve") else "disabled",
        "CourseDirectory.root": root,  # nbgrader's, where it is installed
        **{f"LabApp.{name}": value for name, value in lab.items()},
    }
    if port is not None:
        options |= {"ServerApp.port": port, "ServerApp.port_retries": 0}
    try:
        server = LabApp.initialize_server([f"--{name}={value}" for name, value in options.items()])
    except OSError as error:
        raise OSError(
            f"JupyterLab cannot write its own files ({error}): set HOME to a folder that can be written to"
        ) from error
    # What `_say` says is not said twice.
    server.log.addFilter(lambda record: "To access the server" not in record.getMessage())
    server.web_app.settings["page_config_hook"] = _for_learners
    return server


def _for_learners(_: Any, page: dict[str, Any]) -> dict[str, Any]:
    """What JupyterLab is told.

    Not JupyterLite's extensions, which it cannot load, nor nbgrader's, nor the icon in the browser's tab that
    says a kernel is busy: it is fetched anew for every frame of a figure that plays.
    """
    busy = "@jupyterlab/application-extension:faviconbusy"
    page["disabledExtensions"] = [*page["disabledExtensions"], busy]
    unwanted, found = ("@jupyterlite/", "@jupyter/nbgrader"), page["federated_extensions"]
    page["federated_extensions"] = [one for one in found if not one["name"].startswith(unwanted)]
    return page
