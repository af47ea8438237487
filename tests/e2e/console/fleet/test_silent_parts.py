"""A subsystem and a channel that stop while their satellite is heard, as an operator sees them."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from testbed.browser import Operator
from testbed.fleet import SimulatedSatellite
from testbed.generator import whole_second_now

pytestmark = pytest.mark.e2e

GAP_S = 60
"""As long as the default mission lets anything pause; what came for less is not missed."""
SEEN_WITHIN_MS = 30_000


def without_parts(body: dict[str, Any]) -> None:
    """Leave out a subsystem, and the value of a channel."""
    del body["comm"]
    body["aocs"]["gyro_x"] = None


def send_live(satellite: SimulatedSatellite, seconds: int, change: Callable[[dict[str, Any]], None]) -> None:
    for _ in range(seconds):
        satellite.send(1, change)
        time.sleep(1)


def test_a_subsystem_and_a_channel_that_stop_are_alerts_until_they_come_again(
    sit_down: Callable[..., Operator], satellites: str
) -> None:
    satellite = SimulatedSatellite(satellite_id=f"{satellites}PARTS", generated_at=whole_second_now())
    send_live(satellite, GAP_S + 10, lambda _: None)
    page = sit_down().open(f"/alerts?satellite={satellite.satellite_id}&kind=stale")
    send_live(satellite, GAP_S + 10, without_parts)
    rows = page.get_by_role("table", name="Alerts").get_by_role("row")
    subsystem = rows.filter(has_text="Silence: No data").filter(has_text="comm")
    # They began together: the more severe one stands for both until it is unfolded.
    expect(subsystem).to_have_count(1, timeout=SEEN_WITHIN_MS)
    page.get_by_role("button", name="more began together").click()
    expect(rows.filter(has_text="Silence: No data of gyro_x")).to_have_count(1)
    satellite.send(1)
    expect(subsystem).to_contain_text("Returned to normal, unacknowledged", timeout=SEEN_WITHIN_MS)
