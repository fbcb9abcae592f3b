"""The browser the tests drive: a system's Chromium through Playwright, found once, in one place.

    from tests.support.browser import chromium_or_skip, launch_chromium

A machine without one skips the browser's tests and says how to install it; where the variable `CI` is set
that is a failure, so that a check nobody ran is never taken for a check that passed.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.support import IN_CI, WAIT

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


def chromium_or_skip() -> str:
    """The browser's path. Without one: a failure where `CI` is set, elsewhere a skip."""
    path = find_chromium()
    if path is None:
        if IN_CI:
            pytest.fail(HOW, pytrace=False)
        pytest.skip(HOW)
    return path


expect.set_options(timeout=1000 * WAIT)


def new_context(browser: Browser, **options: Any) -> BrowserContext:
    """A fresh profile that waits as long as a busy machine needs."""
    context = browser.new_context(**options)
    context.set_default_timeout(1000 * WAIT)
    return context


@contextmanager
def launch_chromium() -> Iterator[Browser]:
    """A running headless browser that is closed at the end, or a skip or failure as above."""
    path = chromium_or_skip()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()
