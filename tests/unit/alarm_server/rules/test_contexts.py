"""Rules that are compared in a context only: what a message says to their alarms."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from alarm_server.readings import Reader, Readings
from alarm_server.service import AlarmServer
from kafka_inference_trigger.rules import breaches
from telemetry_core.contract.messages import parse_telemetry_message
from telemetry_core.limits.changes import Limits
from tests.unit.alarm_server.memory_store import POOL
from tests.unit.alarm_server.messages import contextual_mission, record

MISSION = contextual_mission()


def eps(soc: float | None, volts: float | None) -> dict[str, Any]:
    return {"eps": {"battery_soc_percent": soc, "battery_voltage": volts}}


def read(soc: float | None, volts: float | None, **changes: Any) -> Readings:
    return Reader(Limits.of(MISSION)).read(record(0, **eps(soc, volts), **changes))


def in_context(readings: Readings) -> list[bool]:
    return [one.is_in_context for one in readings.samples if one.sign.rule.reason == "low_battery"]


@pytest.mark.parametrize(
    "changes",
    [{}, {"is_replayed": True}, {"timestamp": "2000-01-01T00:00:05Z"}, {"timestamp": "2125-01-01T00:00:00Z"}],
)
def test_a_message_is_compared_in_its_own_context(changes: dict[str, Any]) -> None:
    assert in_context(read(12, 3.9, **changes)) == [False]
    assert in_context(read(12, 4.1, **changes)) == [True]
    unknown = read(12, None, **changes)

    assert in_context(unknown) == []
    assert [sign.rule.reason for sign in unknown.uncompared] == ["low_battery"]


def test_a_sensor_that_is_off_outside_the_context_does_not_keep_its_alarm() -> None:
    (reading,) = [one for one in read(None, 3.9).samples if one.sign.rule.reason == "low_battery"]

    assert reading.is_held
    assert not reading.is_in_context
    assert in_context(read(None, 4.1)) == []


def test_a_message_without_the_subsystem_says_nothing_of_its_context() -> None:
    readings = Reader(Limits.of(MISSION)).read(record(0, comm={"rssi_dbm": -80}))

    assert in_context(readings) == []
    assert not readings.uncompared


@pytest.mark.parametrize("soc", [12.0, 50.0])
@pytest.mark.parametrize("volts", [3.9, 4.0, 4.1, None])
def test_inference_starts_where_an_alarm_would(soc: float, volts: float | None) -> None:
    one = record(0, **eps(soc, volts))
    broken = {
        reading.sign.rule.reason
        for reading in Reader(Limits.of(MISSION)).read(one).samples
        if reading.is_in_context and reading.sign.rule.is_breached(reading.sample.value)
    }
    message = parse_telemetry_message(one.value, mission=MISSION, received_us=one.received_us)

    assert {breach.rule.reason for breach in breaches(MISSION, message.samples)} == broken
    assert broken == ({"low_battery"} if soc == 12 and volts == 4.1 else set())


def test_a_context_that_is_unknown_is_said_once() -> None:
    server = AlarmServer(MISSION, POOL, partitions=dict, max_satellites=50)
    with capture_logs() as logs:
        for at_s in range(3):
            server.plan([record(at_s, **eps(12, None)), record(at_s, **eps(12, 4.1))])

    (said,) = [log["event"] for log in logs]
    assert "eps low_battery is not compared" in said
    assert "battery_voltage" in said
