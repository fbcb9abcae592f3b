"""The browser the tests drive, found once, in one place.

    from tests.support.browser import chromium_or_skip, launch_chromium

A machine without one skips the browser's tests and says how to install it; where the variable `CI` is set
that is a failure, so that a check nobody ran is never taken for a check that passed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from nnlearn.course import browser
from tests.support import IN_CI, WAIT


def chromium_or_skip() -> str:
    """The browser's path. Without one: a failure where `CI` is set, elsewhere a skip."""
    path = browser.find_chromium()
    if path is None:
        if IN_CI:
            pytest.fail(browser.HOW, pytrace=False)
        pytest.skip(browser.HOW)
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
    chromium_or_skip()
    with browser.launch_chromium() as running:
        yield running
