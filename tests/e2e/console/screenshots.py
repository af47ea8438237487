"""Pictures of every view into docs/screenshots: `python -m tests.e2e.console.screenshots`, platform up.

They show what is there; for pictures with faults, let `make demo` or a simulator run some minutes before.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import requests
from playwright.sync_api import sync_playwright

from testbed.browser import (
    CHECKOUT,
    DESKTOP,
    PHONE,
    Language,
    Theme,
    operator,
    start_chromium,
    web_url,
)
from tests.e2e.console.views import ON_PHONES, VIEWS

FOLDER: Final = CHECKOUT / "docs" / "screenshots"
SETTLE_MS: Final = 1_500
TIMEOUT_S: Final = 30


def main() -> None:
    """Take them all, or those of some views."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.console.screenshots", description=__doc__)
    parser.add_argument("views", nargs="*", help=f"of {', '.join(VIEWS)}; by default all")
    parser.add_argument("--satellite", help="by default the one in the worst state")
    options = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    names = existing_names(options.satellite)
    with sync_playwright() as playwright:
        browser = start_chromium(playwright)
        for view in options.views or VIEWS:
            for theme, language, size in pictures_of(view):
                width = "phone" if size == PHONE else f"{theme}-{language}"
                with operator(browser, theme=theme, language=language, size=size) as person:
                    page = person.open(VIEWS[view].format(**names))
                    page.locator("main h1").wait_for()
                    page.wait_for_timeout(SETTLE_MS)
                    target = FOLDER / f"{view}-{width}.png"
                    page.screenshot(path=target)
                    print(target.relative_to(Path.cwd()) if target.is_relative_to(Path.cwd()) else target)
        browser.close()


def pictures_of(view: str) -> list[tuple[Theme, Language, tuple[int, int]]]:
    """List theme, language and size of a view's pictures."""
    phone: list[tuple[Theme, Language, tuple[int, int]]] = (
        [("dark", "en", PHONE)] if view in ON_PHONES else []
    )
    return [("dark", "en", DESKTOP), ("light", "ko", DESKTOP), *phone]


def existing_names(satellite_id: str | None) -> Mapping[str, str]:
    """Find a satellite, an alert and a job that exist."""
    satellite = satellite_id or _get("fleet")["satellites"][0]["satellite_id"]
    alerts = _get(f"alerts?satellite_id={satellite}&kind=anomaly")["alerts"] or _get("alerts")["alerts"]
    jobs = _get(f"jobs?satellite_id={satellite}")["jobs"]
    return {"satellite": satellite, "alert": alerts[0]["alert_id"], "job": jobs[0]["job_id"]}


def _get(path: str) -> dict[str, list[dict[str, str]]]:
    answer = requests.get(f"{web_url()}/api/v1/{path}", timeout=TIMEOUT_S)
    answer.raise_for_status()
    found: dict[str, list[dict[str, str]]] = answer.json()
    return found


if __name__ == "__main__":
    main()
