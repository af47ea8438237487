"""Clocks, silence and alerts of a whole satellite over a real PostgreSQL."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from telemetry_core.postgres.database import Pool
from tests.integration.api.alerts.judging import START, acknowledge, alerts, judge, open_in_fleet, whole
from tests.integration.api.calls import get
from tests.integration.servers.running_api import RunningApi

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("end_time", [{}, {"end_time": 0}])
def test_alert_of_a_fast_on_board_clock_is_listed_at_once(
    api: RunningApi, api_pool: Pool, end_time: dict[str, Any]
) -> None:
    ahead = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=200)
    for second in range(3):
        judge(api_pool, second, "a", reason="low_battery", start=ahead)
    query = {name: datetime.now(UTC).isoformat() for name in end_time}
    assert {alert["kind"] for alert in alerts(api, **query)} == {"limit", "anomaly"}
    assert open_in_fleet(api) == 2
    earlier = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    assert alerts(api, end_time=earlier) == []


def test_clock_that_jumped_back_is_an_alert_and_its_limits_reach_the_operator(
    api: RunningApi, api_pool: Pool
) -> None:
    now = datetime.now(UTC)
    judge(api_pool, 0, "n", start=now - timedelta(seconds=90))
    behind = {"clock_behind_s": (now - datetime(2000, 1, 1, tzinfo=UTC)).total_seconds()}
    for second in range(30):
        judge(
            api_pool, 5 + second, "n", reason="low_battery,abnormal_temperature", lane="stored",
            metadata=behind, start=datetime(2000, 1, 1, tzinfo=UTC),
            created_at=now - timedelta(seconds=30 - second),
        )  # fmt: skip
    satellite = whole(api)
    assert (satellite["state"], satellite["is_stale"]) == ("critical", False)
    assert satellite["clock_behind_s"] == pytest.approx(behind["clock_behind_s"])
    found = {alert["reason"]: alert for alert in alerts(api)}
    assert set(found) == {"clock_jumped_back", "low_battery", "abnormal_temperature"}
    assert satellite["open_alerts"] == len(found)
    for alert in found.values():
        assert get(api, f"/api/v1/alerts/{alert['alert_id']}").json()["is_open"] is True
    assert acknowledge(api, found["clock_jumped_back"]["alert_id"]).status_code == 201
    assert {alert["reason"] for alert in alerts(api, state="acknowledged")} == {"clock_jumped_back"}
    judge(api_pool, 0, "n", start=now)
    assert (whole(api)["clock_behind_s"], alerts(api)) == (None, [])


def test_satellite_without_known_contact_is_not_alarmed_as_silent(api: RunningApi, api_pool: Pool) -> None:
    judge(api_pool, 0, "n")
    assert (whole(api)["open_alerts"], alerts(api)) == (0, [])


def test_silence_is_an_alert_until_data_return_and_a_dump_does_not_end_it(
    api: RunningApi, api_pool: Pool
) -> None:
    judge(api_pool, 0, "n")
    api.victoria.contacts["SAT-001"] = (START + timedelta(seconds=10)).timestamp()
    assert (whole(api)["state"], whole(api)["open_alerts"]) == ("off", 1)
    (found,) = alerts(api)
    assert (found["kind"], found["reason"], found["subsystem"]) == ("satellite", "no_data", "satellite")
    assert acknowledge(api, found["alert_id"]).status_code == 201
    judge(api_pool, -3600, "a", lane="stored", created_at=datetime.now(UTC))
    api.victoria.contacts["SAT-001"] = (START + timedelta(seconds=60)).timestamp()
    assert whole(api)["unacknowledged_alerts"] == 0
    assert [(alert["alert_id"], alert["state"]) for alert in alerts(api)] == [
        (found["alert_id"], "acknowledged")
    ]
    api.victoria.contacts["SAT-001"] = datetime.now(UTC).timestamp()
    assert (whole(api)["open_alerts"], alerts(api)) == (0, [])


def test_recording_that_is_over_is_no_silence(api: RunningApi, api_pool: Pool) -> None:
    judge(api_pool, 0, "n", metadata={"is_replayed": True})
    api.victoria.contacts["SAT-001"] = START.timestamp()
    assert (whole(api)["open_alerts"], alerts(api)) == (0, [])
