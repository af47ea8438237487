"""A shift: a fault appears, an operator sees it, finds out why and acknowledges it; a colleague sees that."""

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from testbed.browser import Operator
from testbed.fleet import WARM_UP, SimulatedSatellite, low_battery

pytestmark = pytest.mark.e2e
TOLD_WITHIN_S = 2.0


def test_from_a_fault_that_appears_to_its_acknowledgement(
    sit_down: Callable[..., Operator], satellites: str
) -> None:
    satellite = SimulatedSatellite(satellite_id=f"{satellites}STORY")
    satellite.send(WARM_UP)
    anna, boris = sit_down(), sit_down(theme="light")

    # The satellite is there and nominal, and nobody reloads a page from here on.
    row = fleet_row(anna, satellite.satellite_id)
    expect(row).to_be_visible()
    expect(row.get_by_text("Critical")).to_have_count(0)

    # The battery runs low: the fleet says so by itself, in words.
    satellite.send(8, low_battery)
    expect(row.get_by_text("Critical").first).to_be_visible(timeout=20_000)

    # From there to the alert, and why.
    alerts = open_why(anna, satellite.satellite_id)
    address = alerts.url.removeprefix(anna.url)

    # Boris has the same alert open, and one window hears nothing of others: its live lines are refused.
    colleague = open_unacknowledged(boris, address)
    deaf = sit_down()
    refuse_live_lines(deaf.page)
    behind = open_unacknowledged(deaf, address)

    acknowledge(alerts, "Anna", "Heater left on; switching to safe mode")
    begun = time.monotonic()
    expect(colleague.locator("main")).to_contain_text("Heater left on", timeout=TOLD_WITHIN_S * 1000)
    assert time.monotonic() - begun < TOLD_WITHIN_S
    expect(colleague.get_by_role("button", name="Acknowledge")).to_have_count(0)

    # Who did not hear of it is refused, and learns who was first.
    acknowledge(behind, "Clara", "Looking into it")
    expect_refusal(behind, first="Anna")
    assert any("409" in failed for failed in deaf.failed_requests)

    # The fault is over: the alert clears by itself.
    satellite.send(120)
    expect(colleague.locator("main")).to_contain_text("Cleared", timeout=30_000)


def refuse_live_lines(page: Page) -> None:
    for line in ("verdicts/stream", "alarms/events"):
        page.route(f"**/{line}", lambda route: route.abort())


def fleet_row(operator: Operator, satellite_id: str) -> Locator:
    fleet = operator.open(f"/?satellite={satellite_id}")
    return fleet.get_by_role("row").filter(has_text=satellite_id)


def open_why(operator: Operator, satellite_id: str) -> Page:
    """From the list to the alert, which says what was measured and who judged."""
    alerts = operator.open(f"/alerts?satellite={satellite_id}&kind=limit")
    alerts.get_by_role("link", name=re.compile("Low battery")).first.click()
    alerts.get_by_role("heading", name="Why").wait_for()
    why = alerts.locator("main")
    expect(why).to_contain_text("battery_soc_percent 12.5 < 30")
    expect(why).to_contain_text("lstm_timeseries")
    return alerts


def open_unacknowledged(operator: Operator, address: str) -> Page:
    page = operator.open(address)
    page.get_by_role("button", name="Acknowledge").wait_for()
    return page


def expect_refusal(page: Page, *, first: str) -> None:
    refusal = page.get_by_role("alert").filter(has_text="Someone else acknowledged it first")
    expect(refusal).to_contain_text(first)


def acknowledge(page: Page, operator: str, comment: str) -> None:
    page.get_by_label("Your name").fill(operator)
    page.get_by_label("Comment").fill(comment)
    page.get_by_role("button", name="Acknowledge").click()
