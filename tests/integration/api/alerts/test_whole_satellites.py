"""Clocks, silence and alerts of a whole satellite, from telemetry to alerts and fleet."""

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from kafka_inference_trigger.gathered.wrong_clocks import Run, saving
from telemetry_core.contract.messages import microseconds_of
from telemetry_core.postgres.database import open_pool
from telemetry_core.postgres.roles import as_service
from tests.integration.api.alerts.hearing import ENOUGH, LOW, Telemetry
from tests.integration.api.alerts.judging import START, acknowledge, alerts, instant, whole
from tests.integration.api.calls import get
from tests.integration.servers.running_api import RunningApi

pytestmark = pytest.mark.integration

YEAR_S = 31_536_000.0


def seconds_now() -> int:
    return int((datetime.now(UTC) - START).total_seconds())


def note(api: RunningApi, values: dict[tuple[str, str], float], first: int, last: int) -> None:
    """Save what the trigger does of messages received between two seconds after `START`."""
    first_us, last_us = (microseconds_of(START + timedelta(seconds=second)) for second in (first, last))
    with closing(open_pool(as_service(api.database, "kafka-inference-trigger"), max_connections=1)) as pool:
        saving(pool)(
            {
                ("SAT-001", *sign): Run(value=value, first_us=first_us, last_us=last_us)
                for sign, value in values.items()
            }
        )


@pytest.mark.parametrize(
    ("timestamp", "alert"),
    [("2125-01-01T00:00:00Z", "clock_jumped_ahead"), ("2000-01-01T00:00:05Z", "clock_jumped_back")],
)
def test_wrong_clock_is_an_alert_its_limits_reach_the_operator_and_it_is_no_silence(
    api: RunningApi, telemetry: Telemetry, timestamp: str, alert: str
) -> None:
    telemetry.send(0, LOW, timestamp=timestamp)
    satellite = whole(api)
    assert (satellite["state"], satellite["is_stale"], satellite["open_alerts"]) == ("critical", False, 2)
    assert abs(satellite["clock_behind_s"]) > YEAR_S
    found = {item["reason"]: item for item in alerts(api)}
    assert {(item["reason"], item["kind"], item["clock_behind_s"]) for item in found.values()} == {
        (alert, "satellite", satellite["clock_behind_s"]),
        ("low_battery", "limit", None),
    }
    details = {name: get(api, f"/api/v1/alerts/{item['alert_id']}").json() for name, item in found.items()}
    assert details[alert]["why"] is None
    (channel,) = details["low_battery"]["why"]["channels"]
    assert (channel["channel"], channel["actual"]) == ("battery_soc_percent", 12.5)
    assert acknowledge(api, found[alert]["alert_id"]).status_code == 201
    assert {item["reason"] for item in alerts(api, state="acknowledged")} == {alert}
    telemetry.send(301, ENOUGH)
    assert whole(api)["clock_behind_s"] is None
    assert {item["reason"]: item["state"] for item in alerts(api)} == {
        alert: "cleared",
        "low_battery": "returned",
    }


def test_clock_that_contradictions_tell_of_is_an_alert_and_its_limits_are_heard_as_ever(
    api: RunningApi, telemetry: Telemetry
) -> None:
    """What the trigger notes with its own login is an alert within a second, and once."""
    begun = seconds_now() - 70
    for second in range(60):
        telemetry.send(begun + second, ENOUGH)
    for second in range(15, 20):
        telemetry.send(begun + second, LOW, received_s=begun + second + 45)
    note(api, {("timestamp", "conflicting_duplicate"): 45.0}, begun + 64, begun + 65)
    telemetry.round_at(begun + 66)
    telemetry.round_at(begun + 68)
    found = {item["reason"]: item for item in alerts(api)}
    assert set(found) == {"clock_jumped_back", "low_battery"}
    clock = found["clock_jumped_back"]
    assert (clock["clock_behind_s"], clock["is_open"]) == (45.0, True)
    assert clock["started_at"] == instant(begun + 64)
    assert whole(api)["clock_behind_s"] == 45.0
    for second in (66, 300):
        telemetry.send(begun + second, ENOUGH)
    assert {item["is_open"] for item in alerts(api) if item["reason"] == "clock_jumped_back"} == {True}
    telemetry.send(begun + 366, ENOUGH)
    assert {item["state"] for item in alerts(api)} == {"returned"}


def test_clock_that_was_refused_for_its_time_is_told_by_its_message_alone(
    api: RunningApi, telemetry: Telemetry
) -> None:
    now = seconds_now()
    note(api, {("timestamp", "time_ahead"): -YEAR_S, ("eps", "low_battery"): 12.5}, now - 2, now - 1)
    telemetry.round_at(now)
    assert alerts(api) == []


def test_silence_is_an_alert_until_data_return_and_list_and_fleet_agree(
    api: RunningApi, telemetry: Telemetry
) -> None:
    telemetry.send(0, ENOUGH)
    telemetry.wait_until(100)
    (found,) = alerts(api)
    assert (found["kind"], found["reason"], found["subsystem"]) == ("satellite", "no_data", "satellite")
    satellite = whole(api)
    assert (satellite["state"], satellite["is_stale"], satellite["open_alerts"]) == ("off", True, 1)
    assert acknowledge(api, found["alert_id"]).status_code == 201
    telemetry.send(-3_600, ENOUGH, received_s=101)
    telemetry.wait_until(103)
    assert whole(api)["unacknowledged_alerts"] == 0
    assert [(item["alert_id"], item["state"]) for item in alerts(api)] == [
        (found["alert_id"], "acknowledged")
    ]
    telemetry.send(104, ENOUGH)
    telemetry.wait_until(106)
    assert [item["state"] for item in alerts(api)] == ["cleared"]


def test_recording_that_is_over_is_no_silence(api: RunningApi, telemetry: Telemetry) -> None:
    telemetry.send(0, ENOUGH, is_replayed=True)
    telemetry.wait_until(100)
    assert alerts(api) == []
