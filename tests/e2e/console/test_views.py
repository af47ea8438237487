"""Every view, in both themes and languages: it fills itself, is accessible, and nothing complains."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import requests

from testbed.browser import PHONE, Language, Operator, Theme, accessibility_findings
from testbed.fleet import WARM_UP, SimulatedSatellite, low_battery
from testbed.running_platform import HTTP_TIMEOUT_S, Platform
from testbed.supervised import wait_until
from tests.e2e.console.views import ON_PHONES, VIEWS

pytestmark = pytest.mark.e2e
SCROLLED_SIDEWAYS = """
[...document.querySelectorAll('main [role="group"][tabindex]')]
  .filter(part => part.scrollWidth > part.clientWidth).map(part => part.getAttribute('aria-label'))
"""


def low_battery_and_no_number(body: dict[str, Any]) -> None:
    low_battery(body)
    body["comm"]["rssi_dbm"] = "none" + "-" * 96


@pytest.fixture(scope="module")
def names(platform: Platform) -> Iterator[Mapping[str, str]]:
    """Return a satellite with an alert, a job and a refused value, for the addresses of the views."""
    satellite = SimulatedSatellite(satellite_id="E2E-CONSOLE-VIEWS")
    satellite.send(WARM_UP)
    satellite.send(5, low_battery_and_no_number)

    def alert() -> str | None:
        answer = requests.get(
            f"{platform.api_url}/alerts",
            params={"satellite_id": satellite.satellite_id, "kind": "limit"},
            timeout=HTTP_TIMEOUT_S,
        )
        found = [item for item in answer.json()["alerts"] if item["verdict_count"] >= 5]
        return found[0]["alert_id"] if found else None

    alert_id = wait_until(alert, "the limit alarms", within_s=30, every_s=0.25)

    def refused() -> bool:
        address = f"{platform.api_url}/passed-over/{satellite.satellite_id}"
        return bool(requests.get(address, timeout=HTTP_TIMEOUT_S).json()["values"])

    wait_until(refused, "the refused value is named", within_s=30, every_s=0.5)
    job_id = platform.jobs(satellite.satellite_id)[0].job_id
    yield {"satellite": satellite.satellite_id, "alert": alert_id, "job": job_id}
    platform.forget(satellite.satellite_id)


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("view", VIEWS)
def test_view_is_filled_accessible_and_quiet(
    sit_down: Callable[..., Operator],
    names: Mapping[str, str],
    view: str,
    theme: Theme,
    language: Language,
) -> None:
    person = sit_down(theme=theme, language=language)
    page = person.open(VIEWS[view].format(**names))
    page.locator("main h1").wait_for()
    page.locator('[data-live="live"]').wait_for()
    page.locator('main [role="status"][aria-label]').first.wait_for(state="detached")
    assert page.locator('main [role="alert"]').count() == 0
    assert accessibility_findings(page) == []
    assert person.failed_requests == []
    assert page.evaluate("document.documentElement.lang") == language
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    heights = page.locator("nav .nav-link").evaluate_all("links => links.map(link => link.clientHeight)")
    assert len(set(heights)) == 1, "an entry of the menu wraps"


@pytest.mark.parametrize("view", ON_PHONES)
def test_view_fits_a_phone(sit_down: Callable[..., Operator], names: Mapping[str, str], view: str) -> None:
    page = sit_down(size=PHONE).open(VIEWS[view].format(**names))
    page.locator("main h1").wait_for()
    page.locator('main [role="status"][aria-label]').first.wait_for(state="detached")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.evaluate(SCROLLED_SIDEWAYS) == []
    assert accessibility_findings(page) == []


@pytest.mark.parametrize(
    "path",
    [
        "/jobs/no-such-job",
        "/satellites/NO-SUCH-SATELLITE?subsystem=nonsense&range=7y&from=yesterday",
        "/alerts/eps.anomaly.1.NO-SUCH-SATELLITE",
        "/alerts?state=%F0%9F%98%80&sort=drop%20table",
        "/no/such/view",
    ],
)
def test_an_address_that_names_nothing_is_answered_in_words(
    sit_down: Callable[..., Operator], path: str
) -> None:
    page = sit_down().open(path)
    page.locator("main h1").wait_for()
    page.locator('main [role="status"][aria-label]').first.wait_for(state="detached")
    assert page.locator("main").inner_text().strip()
