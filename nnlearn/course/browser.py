"""A Chromium of this machine, driven by Playwright: it prints the book."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
HOW = (
    "no Chromium found: install it (Debian, Ubuntu: `apt-get install chromium`), "
    "or set NNLEARN_CHROMIUM to the path of Chromium or Chrome"
)


def find_chromium() -> str | None:
    """The path of a Chromium or Chrome: NNLEARN_CHROMIUM if it is set, otherwise the first one on PATH."""
    named = os.environ.get("NNLEARN_CHROMIUM")
    if named:
        return named if Path(named).is_file() else None
    found = (shutil.which(name) for name in (*NAMES, "/usr/bin/chromium"))
    return next((path for path in found if path), None)


@contextmanager
def launch_chromium() -> Iterator[Any]:
    """A running headless `playwright.sync_api.Browser`, closed at the end.

    Raises ValueError where no Chromium is found or it or Playwright fails, ModuleNotFoundError where
    Playwright is not installed.
    """
    from playwright.sync_api import Error, sync_playwright

    path = find_chromium()
    if path is None:
        raise ValueError(HOW)
    with ExitStack() as stack:
        try:
            playwright = stack.enter_context(sync_playwright())
        except Exception as error:  # of no class of its own: its program ended
            raise ValueError(
                f"Playwright does not start ({error}): `{sys.executable} -m playwright --version` says why"
            ) from error
        try:
            browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
            try:
                yield browser
            finally:
                browser.close()
        except Error as error:
            said = error.message.partition("\n")[0]
            raise ValueError(
                f"{path} failed ({said}): it wants room in {tempfile.gettempdir()}, and to start at all; "
                "NNLEARN_CHROMIUM names another"
            ) from error
