"""A real Chromium with the console in it: nothing in its own console may be an error or a warning."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import requests
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright

CHECKOUT: Final = Path(__file__).resolve().parents[1]
AXE: Final = CHECKOUT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM: Final = "/usr/bin/chromium"
ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESKTOP: Final = (1280, 720)
PHONE: Final = (390, 844)

Theme = Literal["dark", "light"]
Language = Literal["en", "ko"]

_WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_NETWORK = re.compile(r"^Failed to load resource")


def start_chromium(playwright: Playwright) -> Browser:
    """Start the system's Chromium; nothing is downloaded."""
    return playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))


def web_url() -> str:
    """Return where nginx listens: port 80, or 8088 if that is unavailable."""
    for url in ("http://localhost", "http://localhost:8088"):
        try:
            if requests.get(f"{url}/healthz", timeout=5).text == "ok\n":
                return url
        except requests.ConnectionError:
            continue
    raise AssertionError("nginx answers on neither port 80 nor 8088: see 'make status'")


@dataclass(slots=True, kw_only=True)
class Operator:
    """One person at one browser."""

    context: BrowserContext
    page: Page
    url: str
    #: Errors and warnings of the browser's console; failed requests stand apart.
    complaints: list[str] = field(default_factory=list)
    failed_requests: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Open an address of the console."""
        self.page.goto(self.url + path)
        return self.page

    def hear(self, message: ConsoleMessage) -> None:
        """Note what the browser's console complains of."""
        if message.type not in {"error", "warning"}:
            return
        heard = self.failed_requests if _NETWORK.match(message.text) else self.complaints
        heard.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")


@contextmanager
def operator(
    browser: Browser,
    *,
    theme: Theme = "dark",
    language: Language = "en",
    size: tuple[int, int] = DESKTOP,
) -> Iterator[Operator]:
    """Open a browser window of a size with a theme and a language; its storage is its own."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, timezone_id="Asia/Seoul", accept_downloads=True
    )
    context.add_init_script(
        f"localStorage.setItem('satellite-telemetry.theme', '{theme}');"
        f"localStorage.setItem('satellite-telemetry.language', '{language}');"
    )
    context.set_default_timeout(15_000)
    page = context.new_page()
    person = Operator(context=context, page=page, url=web_url())
    page.on("console", lambda message: person.hear(message))  # noqa: PLW0108 - it wants a function it may mark
    page.on("pageerror", lambda error: person.complaints.append(f"uncaught: {error}"))
    try:
        yield person
    finally:
        context.close()


def accessibility_findings(page: Page) -> list[str]:
    """Return what axe calls serious or critical under WCAG 2.2 AA."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate("tags => axe.run(document, {runOnly: tags})", _WCAG)
    return [
        f"{violation['id']}: {violation['help']}: {[node['target'] for node in violation['nodes']][:3]}"
        for violation in found["violations"]
        if violation["impact"] in {"serious", "critical"}
    ]
