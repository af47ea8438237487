"""A limit is tried on stored telemetry before it is saved."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from testbed.browser import Operator
from testbed.fleet import WARM_UP, SimulatedSatellite, low_battery
from testbed.kafka_topics import wait_until

pytestmark = pytest.mark.e2e
PATIENCE_MS = 60_000


def test_a_looser_limit_is_seen_to_raise_less_and_nothing_is_saved(
    sit_down: Callable[..., Operator], satellites: str
) -> None:
    satellite = SimulatedSatellite(satellite_id=f"{satellites}TRIED")
    satellite.send(WARM_UP)
    satellite.send(8, low_battery)
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
    expect(page.get_by_role("row", name=re.compile("low_battery"))).not_to_contain_text("< 1 %")
