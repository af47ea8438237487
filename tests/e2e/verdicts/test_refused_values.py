"""A value that is no sample is seen by satellite and channel; the rest of its message is used."""

from typing import Any

import pytest

from testbed.fleet import SimulatedSatellite
from testbed.running_platform import Platform, exported_times
from testbed.supervised import wait_until
from tests.e2e.verdicts.test_alerts import ask

SAMPLE_SETS = 3
SEEN_WITHIN_S = 60

pytestmark = pytest.mark.e2e


def spoil(body: dict[str, Any]) -> None:
    body["eps"]["battery_voltage"] = "3.9 V"
    body["comm"] = [1, 2]


def test_value_that_is_no_sample_is_named_by_satellite_and_channel(
    platform: Platform, satellites: str
) -> None:
    name = f"{satellites}0"
    SimulatedSatellite(satellite_id=name).send(SAMPLE_SETS, spoil)
    expected = {
        ("eps.battery_voltage", "text", SAMPLE_SETS, "3.9 V"),
        ("comm", "no_object", SAMPLE_SETS, "a list of 2"),
    }
    wait_until(
        lambda: expected == {
            (row["channel"], row["reason"], row["count"], row["last_value"])
            for row in ask(platform, f"passed-over/{name}")["values"]
        },
        "both are named with how often and the last one",
        within_s=SEEN_WITHIN_S,
        every_s=1,
    )  # fmt: skip
    wait_until(
        lambda: len(exported_times(satellites, "satellite_battery_soc").get(name, ())) == SAMPLE_SETS,
        "the rest of the messages was used",
        within_s=SEEN_WITHIN_S,
        every_s=1,
    )
    assert ask(platform, f"passed-over/{satellites}1")["values"] == []
