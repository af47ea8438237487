"""What happens is noticed, wherever an operator looks, and nothing that is shown misleads."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from testbed.browser import Operator
from testbed.fleet import WARM_UP, SimulatedSatellite, low_battery

pytestmark = pytest.mark.e2e
SOON_MS = 20_000
PROBLEM = '{"title": "Service Unavailable", "status": 503, "detail": "PostgreSQL is unavailable"}'


@pytest.fixture
def satellite(satellites: str) -> SimulatedSatellite:
    """Return a satellite that is judged already."""
    one = SimulatedSatellite(satellite_id=f"{satellites}NOTICED")
    one.send(WARM_UP)
    return one


def test_menu_and_title_count_a_new_alarm_on_any_view(
    sit_down: Callable[..., Operator], satellite: SimulatedSatellite
) -> None:
    page = sit_down().open("/pipeline")
    page.locator('[data-live="live"]').wait_for()
    satellite.send(8, low_battery)
    counted = page.get_by_role("link", name=re.compile(r"^Alerts \([\d,]+\+?\)$"))
    expect(counted).to_be_visible(timeout=SOON_MS)
    expect(page).to_have_title(re.compile(r"^\([\d,]+\+?\) Pipeline"))


def test_alarm_that_ended_before_anybody_looked_stays_in_fleet_and_leads_to_itself(
    sit_down: Callable[..., Operator], satellite: SimulatedSatellite
) -> None:
    satellite.send(8, low_battery)
    satellite.send(120)
    page = sit_down().open(f"/?satellite={satellite.satellite_id}")
    row = page.get_by_role("row").filter(has_text=satellite.satellite_id)
    returned = row.get_by_role("link", name=re.compile("returned, unacknowledged"))
    returned.click(timeout=30_000)
    expect(page.get_by_role("table", name="Alerts")).to_contain_text("Returned to normal, unacknowledged")


def test_satellite_in_a_breach_says_so_beside_the_age_of_its_telemetry(
    sit_down: Callable[..., Operator], satellite: SimulatedSatellite
) -> None:
    satellite.send(8, low_battery)
    page = sit_down().open(f"/satellites/{satellite.satellite_id}")
    expect(page.get_by_role("main")).to_contain_text("Critical", timeout=SOON_MS)
    page.get_by_role("link", name=re.compile("Open alerts: ")).click()
    expect(page.get_by_role("table", name="Alerts")).to_contain_text("battery_soc_percent 12.5 < 30")


def test_alarms_of_one_fault_are_one_row_that_unfolds(
    sit_down: Callable[..., Operator], satellite: SimulatedSatellite
) -> None:
    page = sit_down().open(f"/alerts?satellite={satellite.satellite_id}")
    satellite.send(20, low_battery)
    fold = page.get_by_role("button", name=re.compile("more began together$"))
    expect(fold).to_have_attribute("aria-expanded", "false", timeout=SOON_MS)
    rows = page.get_by_role("table", name="Alerts").get_by_role("row")
    expect(rows).to_have_count(2)
    fold.press("Enter")
    expect(fold).to_have_attribute("aria-expanded", "true")
    expect(fold).to_be_focused()
    expect(rows.filter(has_text="Anomaly").first).to_be_visible()
    expect(rows.filter(has_text="Limit breach: Low battery")).to_have_count(1)


def test_list_that_fails_does_not_look_as_if_it_were_loading(sit_down: Callable[..., Operator]) -> None:
    person = sit_down()

    def refuse(route: Route) -> None:
        route.fulfill(status=503, content_type="application/problem+json", body=PROBLEM)

    person.page.route(re.compile(r"/api/v1/alarms\?"), refuse)
    page = person.open("/alerts")
    failure = page.get_by_role("main").get_by_role("alert")
    expect(failure).to_contain_text("PostgreSQL is unavailable", timeout=SOON_MS)
    expect(page.locator('main [role="status"][aria-label]')).to_have_count(0)
    page.unroute(re.compile(r"/api/v1/alarms\?"))
    failure.get_by_role("button", name="Retry now").click()
    expect(failure).to_have_count(0, timeout=SOON_MS)


def test_span_changes_under_the_pointer_without_an_error(
    sit_down: Callable[..., Operator], satellite: SimulatedSatellite
) -> None:
    page = sit_down().open(f"/satellites/{satellite.satellite_id}?range=6h")
    page.locator(".u-over").first.hover()
    for range_ in ("5m", "1h", "15m", "1m", "6h"):
        choose_span(page, range_)
        page.wait_for_timeout(500)  # the chart is drawn; `sit_down` holds that nothing was thrown


def choose_span(page: Page, range_: str) -> None:
    """Choose by the keyboard: the pointer stays where it is."""
    choice = page.get_by_role("radio", name=range_, exact=True)
    choice.focus()
    choice.press("Space")
    expect(choice).to_be_checked()
