"""What one message says to alarms."""

import math
from dataclasses import replace

import pytest

from alarm_server.readings import Contact, Reader, Reading, Readings
from telemetry_core.contract.errors import InvalidTelemetryMessage
from telemetry_core.contract.mission import Mission
from telemetry_core.limits.changes import Limits
from tests.unit.alarm_server.messages import MISSION, NOW_US, SECOND_US, on_change_mission, record, soc

DAY_S = 86_400
LIVE_S = 900
NOTHING = Readings(contact=None, samples=())

SOURCES = frozenset({("", ""), ("eps", ""), ("eps", "battery_soc_percent")})
"""What messages of a state of charge bring."""


def read(one: object, mission: Mission = MISSION, **changes: object) -> Readings:
    return Reader(Limits.of(mission)).read(record(0, **soc(one), **changes))  # type: ignore[arg-type]


def by_reason(readings: Readings) -> dict[str, tuple[float, float]]:
    """When, in seconds after `NOW_US`, and the value, of each reason."""
    return {
        one.sign.rule.reason: ((one.sample.at_us - NOW_US) / SECOND_US, one.sample.value)
        for one in readings.samples
    }


def broken(readings: Readings) -> set[str]:
    return {one.sign.rule.reason for one in readings.samples if one.sign.rule.is_breached(one.sample.value)}


def test_a_live_message_says_its_limits_its_clock_and_that_it_was_heard() -> None:
    readings = Reader(Limits.of(MISSION)).read(
        record(0, received_s=2, **soc(12), aocs={"thruster_active": True})
    )

    assert by_reason(readings) == {
        "low_battery": (0, 12),
        "thruster_active": (0, 1),
        "clock_jumped_back": (2, 2),
        "clock_jumped_ahead": (2, 2),
    }
    assert broken(readings) == {"low_battery", "thruster_active"}
    assert readings.contact == Contact(
        satellite_id="SAT-1",
        generated_us=NOW_US,
        received_us=NOW_US + 2 * SECOND_US,
        is_replayed=False,
        sources=SOURCES | {("aocs", ""), ("aocs", "thruster_active")},
    )


@pytest.mark.parametrize("age_s", [LIVE_S + 1, 6 * 3_600, 365 * DAY_S])
def test_what_is_older_than_live_telemetry_says_nothing(age_s: int) -> None:
    assert read(12, received_s=age_s) == NOTHING
    assert read(12, received_s=LIVE_S) != NOTHING


@pytest.mark.parametrize("age_s", [LIVE_S + 1, 3 * 365 * DAY_S])
def test_a_replayed_message_of_any_age_says_its_limits_and_nothing_of_a_clock(age_s: int) -> None:
    readings = read(12, received_s=age_s, is_replayed=True)

    assert by_reason(readings) == {"low_battery": (0, 12)}
    assert readings.contact is not None
    assert readings.contact.is_replayed


@pytest.mark.parametrize(
    ("timestamp", "reason"),
    [
        ("1999-12-31T23:59:59Z", "clock_jumped_back"),
        # Not before all missions, but more than a year behind.
        ("2000-01-01T00:00:05Z", "clock_jumped_back"),
        ("2125-01-01T00:00:00Z", "clock_jumped_ahead"),
    ],
)
def test_a_wrong_clock_breaks_a_limit_and_those_of_its_values_at_the_reception(
    timestamp: str, reason: str
) -> None:
    readings = read(12, received_s=7, timestamp=timestamp)

    assert broken(readings) == {"low_battery", reason}
    assert {at_s for at_s, _ in by_reason(readings).values()} == {7}


@pytest.mark.parametrize(
    "timestamp", ["1999-01-01T00:00:00Z", "2000-01-01T00:00:05Z", "2125-01-01T00:00:00Z"]
)
def test_a_satellite_with_a_wrong_clock_is_heard_when_it_is_received(timestamp: str) -> None:
    received_us = NOW_US + 7 * SECOND_US

    assert read(12, received_s=7, timestamp=timestamp).contact == Contact(
        satellite_id="SAT-1",
        generated_us=received_us,
        received_us=received_us,
        is_replayed=False,
        sources=SOURCES,
    )


@pytest.mark.parametrize("lead_s", [200, 300])
def test_a_clock_that_is_ahead_by_what_is_allowed_is_right(lead_s: int) -> None:
    readings = read(12, received_s=-lead_s)

    assert broken(readings) == {"low_battery"}
    assert by_reason(readings)["low_battery"] == (0, 12)


def test_a_recording_with_a_time_before_all_missions_is_refused() -> None:
    with pytest.raises(InvalidTelemetryMessage, match="1999"):
        read(12, timestamp="1999-01-01T00:00:00Z", is_replayed=True)


def test_a_number_that_was_sent_as_text_breaks_its_limit() -> None:
    assert by_reason(read("12.0"))["low_battery"] == (0, 12)


@pytest.mark.parametrize("value", [None, "low", math.inf, 1e300, True, [12]])
def test_a_value_that_is_no_number_says_nothing(value: object) -> None:
    sample_set = record(0, eps={"battery_soc_percent": value, "battery_voltage": 3.7})

    assert "low_battery" not in by_reason(Reader(Limits.of(MISSION)).read(sample_set))


def test_a_channel_that_is_sent_on_change_holds_where_its_subsystem_was_sent() -> None:
    readings = Reader(Limits.of(on_change_mission())).read(record(0, eps={"battery_voltage": 3.7}))

    (held,) = [one for one in readings.samples if one.is_held]
    assert held.sign.rule.reason == "low_battery"
    assert not [
        one
        for one in Reader(Limits.of(on_change_mission())).read(record(0, comm={"rssi_dbm": -80})).samples
        if one.is_held
    ]
    assert not [
        one
        for one in Reader(Limits.of(MISSION)).read(record(0, eps={"battery_voltage": 3.7})).samples
        if one.is_held
    ]


@pytest.mark.parametrize(
    "value", [None, b"", b"{", b"[]", b'{"satellite_id": "a b"}', b'{"satellite_id": "S"}']
)
def test_what_is_no_message_is_refused(value: bytes | None) -> None:
    with pytest.raises(InvalidTelemetryMessage):
        Reader(Limits.of(MISSION)).read(replace(record(0, **soc(12)), value=value))


def test_readings_of_one_message_are_of_its_satellite() -> None:
    found: list[Reading] = list(
        Reader(Limits.of(MISSION)).read(record(0, satellite="SAT.2-b", **soc(12))).samples
    )

    assert {one.satellite_id for one in found} == {"SAT.2-b"}
