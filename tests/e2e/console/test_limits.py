"""A limit is tried on stored telemetry before it is saved; a satellite is switched to another limit set."""

import re
from collections.abc import Callable
from typing import Any, Final

import pytest
from playwright.sync_api import expect

from testbed.browser import Operator
from testbed.fleet import LOW_CHARGE_PERCENT, WARM_UP, SimulatedSatellite, low_battery
from testbed.running_platform import Platform
from testbed.supervised import wait_until
from tests.e2e.verdicts.test_alerts import ask

pytestmark = pytest.mark.e2e
PATIENCE_MS = 60_000
STORED_WITHIN_S = 60
OVER_WITHIN_S = 20
ALLOWED_PERCENT: Final = 25.0
"""Breaks the limit, and not that of `safe_mode`."""


def weak_battery(body: dict[str, Any]) -> None:
    body["eps"]["battery_soc_percent"] = ALLOWED_PERCENT


def low_battery_alarms(platform: Platform, satellite_id: str) -> list[dict[str, Any]]:
    alarms = ask(platform, "alarms", satellite_id=satellite_id)["alarms"]
    return [alarm for alarm in alarms if alarm["reason"] == "low_battery"]


def newest_charge(platform: Platform, satellite_id: str) -> float | None:
    """The newest charge of the battery that is stored."""
    query = {"channel": "battery_soc_percent", "strategy": "latest", "size": "1"}
    (channel,) = ask(platform, f"telemetry/{satellite_id}", **query)["channels"]
    charge: float | None = channel["max"][-1] if channel["max"] else None
    return charge


def test_a_looser_limit_is_seen_to_raise_less_and_nothing_is_saved(
    sit_down: Callable[..., Operator], platform: Platform, satellites: str
) -> None:
    satellite = SimulatedSatellite(satellite_id=f"{satellites}TRIED")
    satellite.send(WARM_UP)
    satellite.send(8, low_battery)
    wait_until(
        lambda: newest_charge(platform, satellite.satellite_id) == LOW_CHARGE_PERCENT,
        "its telemetry is stored",
        within_s=STORED_WITHIN_S,
    )
    page = sit_down().open("/limits")
    page.get_by_role("button", name="Change eps/low_battery").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Below (%)").fill("1")
    dialog.get_by_label("Last days").fill("0.05")
    dialog.get_by_label("Last days").press("Enter")
    table = dialog.get_by_role("table", name=re.compile("^Alarms of this limit"))
    alarms = table.get_by_role("row", name=re.compile("^Alarms"))
    expect(alarms).to_be_visible(timeout=PATIENCE_MS)
    before, after = (int(cell.inner_text()) for cell in alarms.get_by_role("cell").all())
    assert before > after
    dialog.get_by_label("Curve of").select_option(value=satellite.satellite_id)
    expect(dialog.get_by_role("img", name=re.compile(satellite.satellite_id))).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("table", name="Limits, by subsystem")).not_to_contain_text("< 1 %")


def test_a_satellite_is_switched_to_another_set_and_what_it_allows_is_over(
    sit_down: Callable[..., Operator], platform: Platform, satellites: str
) -> None:
    satellite = SimulatedSatellite(satellite_id=f"{satellites}SETS")
    name = satellite.satellite_id
    satellite.send(WARM_UP)
    satellite.send(8, weak_battery)
    wait_until(
        lambda: newest_charge(platform, name) == ALLOWED_PERCENT,
        "its telemetry is stored",
        within_s=STORED_WITHIN_S,
    )
    (alarm,) = low_battery_alarms(platform, name)
    assert alarm["returned_at"] is None
    operator = sit_down()
    page = operator.open("/limits")
    page.get_by_role("button", name="Switch a satellite's limit set").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Satellite").fill(name)
    dialog.get_by_label("Limit set", exact=True).select_option("safe_mode")
    dialog.get_by_label("Your name").fill("Ada")
    dialog.get_by_label("Comment").fill("safe mode was entered")
    dialog.get_by_role("button", name="Switch limit set").click()
    expect(dialog).to_be_hidden()
    row = page.get_by_role("row", name=re.compile(f"^{name}"))
    expect(row).to_contain_text("safe_mode")
    expect(row).to_contain_text("safe mode was entered")

    def is_over() -> bool:
        satellite.send(1, weak_battery)
        return all(one["returned_at"] for one in low_battery_alarms(platform, name))

    wait_until(is_over, "the alarm is over", within_s=OVER_WITHIN_S, every_s=1)
    page = operator.open(f"/satellites/{name}")
    expect(page.get_by_role("link", name="Limit set: safe_mode")).to_be_visible()
    page = operator.open(f"/alerts/{alarm['alarm_id']}")
    expect(page.locator("main")).to_contain_text("Limit set default → safe_mode")
    expect(page.locator("main")).to_contain_text("its limit was changed since")


def test_another_threshold_of_the_score_is_tried_on_stored_verdicts(
    sit_down: Callable[..., Operator], satellites: str
) -> None:
    satellite = SimulatedSatellite(satellite_id=f"{satellites}JUDGED")
    satellite.send(WARM_UP)
    satellite.send(8, low_battery)
    page = sit_down().open("/limits")
    page.get_by_role("button", name="Try a threshold …").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Subsystem").select_option("eps")
    dialog.get_by_label("Threshold").fill("0.95")
    dialog.get_by_label("Last days").fill("0.05")
    table = dialog.get_by_role("table", name=re.compile("^Anomalies of this subsystem"))

    def try_again() -> None:
        dialog.get_by_role("button", name="Try on stored verdicts").click()
        expect(table).to_be_visible(timeout=10_000)

    # Verdicts are stored a moment after their messages.
    wait_until(lambda: _passes(try_again), "a trial over stored verdicts", within_s=PATIENCE_MS / 1000)
    alarms = table.get_by_role("row", name=re.compile("^Alarms"))
    before, after = (int(cell.inner_text()) for cell in alarms.get_by_role("cell").all())
    assert before >= after
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def _passes(check: Callable[[], None]) -> bool:
    try:
        check()
    except AssertionError:
        return False
    return True
