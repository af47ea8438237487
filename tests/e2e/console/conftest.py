"""Browsers for the tests of the console."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

import pytest
from playwright.sync_api import Browser, sync_playwright

from testbed.browser import Operator, operator, start_chromium


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return a running Chromium."""
    with sync_playwright() as playwright:
        started = start_chromium(playwright)
        yield started
        started.close()


@pytest.fixture
def sit_down(browser: Browser) -> Iterator[Callable[..., Operator]]:
    """Return what opens a browser window; afterwards no window may have complained."""
    with ExitStack() as windows:
        people: list[Operator] = []

        def open_window(**options: object) -> Operator:
            person = windows.enter_context(partial(operator, browser, **options)())  # type: ignore[arg-type]
            people.append(person)
            return person

        yield open_window
        assert [complaint for person in people for complaint in person.complaints] == []
