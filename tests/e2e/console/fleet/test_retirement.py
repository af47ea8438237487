"""A satellite is retired on its page, is behind a filter of Fleet then, and is taken back."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from testbed.browser import Operator
from testbed.fleet import WARM_UP, SimulatedSatellite, low_battery

pytestmark = pytest.mark.e2e
PATIENCE_MS = 40_000


def test_a_retired_satellite_calls_nobody_and_comes_back(
    sit_down: Callable[..., Operator], satellites: str
) -> None:
    satellite = SimulatedSatellite(satellite_id=f"{satellites}RETIRED")
    name = satellite.satellite_id
    satellite.send(WARM_UP)
    satellite.send(8, low_battery)
    anna, boris = sit_down(), sit_down(theme="light")
    fleet = boris.open(f"/?satellite={name}")
    row = fleet.get_by_role("row", name=re.compile(name))
    expect(row.get_by_text("Critical").first).to_be_visible(timeout=PATIENCE_MS)

    page = anna.open(f"/satellites/{name}")
    say(page, "Retire…", "Retire", "Deorbited")
    expect(page.get_by_text("This satellite is retired")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("main")).to_contain_text("Anna: Deorbited")

    # Nobody reloads: Fleet lets it go, and names it where it is asked for; the address keeps that.
    expect(row).to_have_count(0, timeout=PATIENCE_MS)
    fleet.get_by_role("link", name=re.compile("^Retired: ")).click()
    expect(row).to_be_visible(timeout=PATIENCE_MS)
    expect(row.get_by_text("Critical")).to_have_count(0)
    fleet.reload()
    expect(row).to_be_visible(timeout=PATIENCE_MS)

    # Its alarm ended, says why, and calls nobody; what still comes raises none.
    satellite.send(8, low_battery)
    alerts = boris.open(f"/alerts?satellite={name}&state=suppressed&kind=limit")
    low = alerts.get_by_role("link", name=re.compile("Low battery")).first
    expect(low).to_be_visible(timeout=PATIENCE_MS)
    low.click()
    expect(alerts.locator("main")).to_contain_text("its satellite was retired", timeout=PATIENCE_MS)
    boris.open(f"/alerts?satellite={name}")
    expect(alerts.get_by_role("heading", name="No alerts")).to_be_visible(timeout=PATIENCE_MS)

    say(page, "Take back…", "Take back", "Heard again")
    expect(page.get_by_role("button", name="Retire…")).to_be_visible(timeout=PATIENCE_MS)
    boris.open(f"/?satellite={name}")
    expect(row).to_be_visible(timeout=PATIENCE_MS)


def say(page: Page, opens: str, sends: str, why: str) -> None:
    """Open a dialog, and send it with a name and a reason."""
    page.get_by_role("button", name=opens).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Your name").fill("Anna")
    dialog.get_by_label("Comment").fill(why)
    dialog.get_by_role("button", name=sends, exact=True).click()
    expect(dialog).to_have_count(0)
