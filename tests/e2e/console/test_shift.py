"""A shift on an alarm: seen as it comes, acted on, told to others by webhook, over, handed over."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from testbed.browser import Operator
from testbed.fleet import WARM_UP, SimulatedSatellite, low_battery
from testbed.running_platform import Platform
from testbed.supervised import wait_until
from tests.e2e.console.told import told_of_limits

pytestmark = pytest.mark.e2e
SOON_MS = 10_000


def test_an_alarm_is_acted_on_others_are_told_of_it_and_it_is_handed_over(
    sit_down: Callable[..., Operator], satellites: str, platform: Platform, tmp_path: Path
) -> None:
    anna = sit_down()
    satellite = SimulatedSatellite(satellite_id=f"{satellites}SHIFT")
    satellite.send(WARM_UP)
    with told_of_limits(satellites, platform.supervised, tmp_path) as receiver:
        # The list is open, and nobody reloads it.
        page = anna.open(f"/alerts?satellite={satellite.satellite_id}&kind=limit")
        expect(page.get_by_role("main")).to_contain_text("No alert")
        satellite.send(8, low_battery)
        page.get_by_role("link", name=re.compile("Low battery")).first.click(timeout=SOON_MS)
        expect(page.get_by_role("main")).to_contain_text("12.5")
        alarm_id = page.url.rpartition("/")[2].partition("?")[0]

        act(page, "Acknowledge", "Heater left on")
        act(page, "Assign", "Boris knows the heaters", assignee="Boris")
        act(page, "Add comment", "Heater is off since 09:12")
        act(page, "Shelve", "Charging until the next contact")
        act(page, "Unshelve", "Contact is here")
        line = panel(page, "Time line")
        for change in ("raised", "acknowledged", "assigned", "commented", "shelved", "unshelved"):
            expect(line).to_contain_text(change)

        # The fault is over: the alarm ends by itself, and whoever is told learns all three.
        satellite.send(120)
        expect(line).to_contain_text("returned to normal", timeout=30_000)
        say_what_it_was(page, "A false alarm")
        expect(line).to_contain_text("said what it was: A false alarm")
        told = wait_until(
            lambda: receiver.told if len(receiver.told) >= 3 else None, "the receiver is told", within_s=30
        )
    assert told == [(f"alarm.{event}", alarm_id) for event in ("raised", "acknowledged", "returned")]

    page = anna.open(f"/alerts?satellite={satellite.satellite_id}&kind=limit&state=cleared")
    row = page.get_by_role("row").filter(has_text="Low battery")
    expect(row.get_by_role("button", name="It was: A false alarm")).to_be_visible()
    expect_handed_over(anna, satellite.satellite_id)


def expect_handed_over(anna: Operator, satellite_id: str) -> None:
    """What the next shift reads: the alarm, and what Anna wrote."""
    page = anna.open("/shift")
    note = f"{satellite_id}: heater stays off"
    page.get_by_label("Your name").fill("Anna")
    page.get_by_label("Entry").fill(note)
    page.get_by_role("button", name="Write", exact=True).click()
    expect(panel(page, "Shift log")).to_contain_text(note)
    raised = panel(page, "Newest alarms raised").get_by_role("row").filter(has_text=satellite_id)
    expect(raised.filter(has_text="Low battery")).to_contain_text("Anna")


def panel(page: Page, title: str) -> Locator:
    return page.locator("section").filter(has=page.get_by_role("heading", name=re.compile(f"^{title}")))


def say_what_it_was(page: Page, word: str) -> None:
    """Two clicks; who says it is known from the action before."""
    page.get_by_role("button", name="Say what it was").click()
    page.get_by_role("button", name=word, exact=True).click()


def act(page: Page, action: str, comment: str, *, assignee: str | None = None) -> None:
    """Do what an operator may do with an alarm, and wait until it is done."""
    page.get_by_label("Action").select_option(label=action)
    page.get_by_label("Your name").fill("Anna")
    page.get_by_label("Comment").fill(comment)
    if assignee is not None:
        page.get_by_label("Assign to").fill(assignee)
    page.get_by_role("button", name=action, exact=True).click()
    expect(page.get_by_role("main")).to_contain_text(comment)
    expect(page.get_by_label("Comment")).to_have_value("")
