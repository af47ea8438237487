"""A satellite whose on-board clock is far ahead: its clock and its broken limit are alerts at once."""

from datetime import timedelta
from typing import Any

import pytest

from testbed.fleet import SimulatedSatellite, low_battery
from testbed.generator import whole_second_now
from testbed.running_platform import Platform
from testbed.supervised import wait_until
from tests.e2e.verdicts.test_alerts import ask, in_fleet

SAMPLE_SETS = 3
SEEN_WITHIN_S = 20
READ_WITHIN_S = 10

pytestmark = pytest.mark.e2e


def open_alerts(platform: Platform, satellite_id: str) -> dict[str, dict[str, Any]]:
    """The satellite's open alerts by reason."""
    alerts = ask(platform, "alerts", satellite_id=satellite_id)["alerts"]
    return {alert["reason"]: alert for alert in alerts if alert["is_open"]}


def test_clock_a_year_ahead_and_the_limit_broken_under_it_are_alerts_within_seconds(
    platform: Platform, satellites: str
) -> None:
    name = f"{satellites}0"
    ahead = whole_second_now() + timedelta(days=365)
    SimulatedSatellite(satellite_id=name, generated_at=ahead).send(SAMPLE_SETS, low_battery)
    wait_until(
        lambda: set(open_alerts(platform, name)) == {"clock_jumped_ahead", "low_battery"},
        "the clock and the broken limit are alerts",
        within_s=SEEN_WITHIN_S,
    )
    found = open_alerts(platform, name)
    assert found["clock_jumped_ahead"]["clock_behind_s"] == pytest.approx(-365 * 86_400, abs=60)
    (channel,) = ask(platform, f"alerts/{found['low_battery']['alert_id']}")["why"]["channels"]
    assert (channel["channel"], channel["actual"]) == ("battery_soc_percent", 12.5)
    satellite = wait_until(
        lambda: (seen := in_fleet(platform, name)).get("open_alerts") == len(found) and seen,
        "the fleet was read again",
        within_s=READ_WITHIN_S,
    )
    assert (satellite["state"], satellite["is_stale"]) == ("critical", False)
