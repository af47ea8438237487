"""A part of the platform that is stopped is an alarm, and one that is back is none."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from alarm_server.platform.watch import START
from testbed.running_platform import Platform
from testbed.supervised import ALARM_SERVER, RELAY, wait_until

WITHIN_S = 30
START_S = 120

pytestmark = pytest.mark.e2e


def standing(platform: Platform, part: str) -> list[str]:
    """Return the alarms that say that a part is away."""
    found = platform.query(
        "SELECT alarm_id FROM ops.alarms WHERE kind = 'platform' AND subsystem = %s"
        " AND reason = 'unavailable' AND returned_at IS NULL",
        part,
    )
    return [alarm_id for (alarm_id,) in found]


def is_well(platform: Platform, name: str, part: str) -> bool:
    """Tell whether Pipeline shows a server, or a service, as there."""
    answer = requests.get(f"{platform.api_url}/pipeline", timeout=10)
    answer.raise_for_status()
    pipeline: dict[str, Any] = answer.json()
    if part in pipeline:
        return bool(pipeline[part]["state"] != "off")
    return {"service": name, "is_running": True} in pipeline["services"]["services"]


@pytest.mark.parametrize(
    ("name", "part"),
    [("triton-server", "triton"), ("rabbitmq", "rabbitmq"), (RELAY, RELAY)],
)
def test_a_stopped_part_is_an_alarm_within_30_s_and_returns_within_30_s(
    platform: Platform, name: str, part: str
) -> None:
    wait_until(
        lambda: not standing(platform, part), "nothing stands from earlier", within_s=START_S, every_s=1
    )
    wait_until(
        lambda: platform.supervised.running_s(ALARM_SERVER) > START.total_seconds(),
        "parts may not be starting any more",
        within_s=START_S,
        every_s=1,
    )
    stopped_at = datetime.now(UTC)
    with platform.supervised.stopped(name):
        (alarm_id,) = wait_until(
            lambda: standing(platform, part), f"{part} is an alarm", within_s=WITHIN_S, every_s=0.5
        )
    wait_until(lambda: is_well(platform, name, part), f"{name} is back", within_s=START_S, every_s=0.5)
    wait_until(
        lambda: alarm_id not in standing(platform, part), "it returned", within_s=WITHIN_S, every_s=0.5
    )
    answer = requests.get(f"{platform.api_url}/alarms/{alarm_id}", timeout=10)
    answer.raise_for_status()
    alarm = answer.json()
    assert (alarm["satellite_id"], alarm["kind"]) == ("platform", "platform")
    # A round that began just before may see it.
    assert datetime.fromisoformat(alarm["started_at"]) > stopped_at - timedelta(seconds=5)
