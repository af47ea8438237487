"""Telemetry as others met it in the field: one alarm each, in the right state."""

from datetime import datetime
from typing import Any

import pytest

from telemetry_core.contract.messages import time_of
from telemetry_core.postgres.database import Pool
from tests.integration.alarms.running import Clock, events, hear, rows, started
from tests.unit.alarm_server.messages import NOW_US, SECOND_US, contextual_mission, record, soc

pytestmark = pytest.mark.integration


def moment(at_s: float) -> datetime:
    return time_of(NOW_US + round(at_s * SECOND_US))


def found(pool: Pool) -> list[tuple[str, datetime, datetime, datetime | None, int]]:
    return [
        (row["reason"], row["started_at"], row["last_at"], row["returned_at"], row["violations"])
        for row in rows(pool, "alarms")
        if not row["is_withdrawn"]
    ]


def test_a_value_that_flaps_at_its_limit_for_a_minute_is_one_alarm(theirs: Pool) -> None:
    server = started(theirs)
    for at_s in range(60):
        hear(server, record(at_s, **soc(31 if at_s % 2 else 29)))
    assert found(theirs) == [("low_battery", moment(0), moment(58), None, 30)]
    for at_s in range(60, 180):
        hear(server, record(at_s, **soc(31)))

    assert found(theirs) == [("low_battery", moment(0), moment(58), moment(118), 30)]
    (alarm,) = rows(theirs, "alarms")
    assert (alarm["activations"], alarm["chattering_since"]) == (30, moment(4))
    assert [event for _, event in events(theirs)] == ["raised", "chattering", "returned"]


def test_a_corrected_value_does_not_take_back_the_alarm_of_the_first(theirs: Pool) -> None:
    """What was sent first broke the limit; the next clear samples end it, and it stays in the history."""
    server = started(theirs)
    hear(server, *(record(at_s, **soc(12)) for at_s in range(5)))
    hear(server, *(record(at_s, received_s=10, **soc(94)) for at_s in range(5)))
    assert found(theirs) == [("low_battery", moment(0), moment(4), None, 5)]
    hear(server, *(record(at_s, **soc(94)) for at_s in range(5, 100)))

    assert found(theirs) == [("low_battery", moment(0), moment(4), moment(64), 5)]


def test_a_clock_set_back_to_2000_is_an_alarm_beside_that_of_the_values(theirs: Pool) -> None:
    clock = Clock()
    server = started(theirs, clock)
    for at_s in range(200):
        broken: dict[str, Any] = {**soc(12), "thermal": {"obc_temp": 75}}
        nominal: dict[str, Any] = {**soc(80), "thermal": {"obc_temp": 20}}
        wrong = f"2000-01-01T00:{at_s // 60:02d}:{at_s % 60:02d}Z"
        hear(server, record(at_s, **nominal) if at_s < 60 else record(at_s, timestamp=wrong, **broken))
        clock.now_s = at_s
        server.round()

    assert found(theirs) == [
        ("low_battery", moment(60), moment(199), None, 140),
        ("clock_jumped_back", moment(60), moment(199), None, 140),
        ("abnormal_temperature", moment(60), moment(199), None, 140),
    ]


def test_a_dump_that_comes_first_says_nothing(theirs: Pool) -> None:
    server = started(theirs)
    hear(server, *(record(at_s, received_s=at_s + 6 * 3_600, **soc(20)) for at_s in range(40)))
    hear(server, *(record(6 * 3_600 + at_s, **soc(80)) for at_s in range(40)))

    assert rows(theirs, "alarms") == []


def test_telemetry_ahead_of_its_reception_is_an_alarm_at_once(theirs: Pool) -> None:
    server = started(theirs)
    hear(server, *(record(at_s, received_s=at_s - 200, **soc(20)) for at_s in range(60)))

    assert found(theirs) == [("low_battery", moment(0), moment(59), None, 60)]


def test_a_hole_that_is_filled_later_leaves_one_alarm(theirs: Pool) -> None:
    server = started(theirs)
    broken = [record(at_s, **soc(12)) for at_s in range(0, 600, 10)]
    late = [record(at_s, received_s=600, **soc(12)) for at_s in range(200, 400, 10)]
    hear(server, *broken[:20], *broken[40:])
    hear(server, *late)

    ((*alarm, violations),) = found(theirs)
    assert alarm == ["low_battery", moment(0), moment(590), None]
    assert 40 <= violations <= 60


def test_a_hole_that_is_filled_with_nominal_samples_divides_the_alarm(theirs: Pool) -> None:
    server = started(theirs)
    broken = [record(at_s, **soc(12)) for at_s in range(0, 600, 10)]
    late = [record(at_s, received_s=600, **soc(80)) for at_s in range(200, 400, 10)]
    hear(server, *broken[:20], *broken[40:])
    hear(server, *late)

    assert [alarm[1:4] for alarm in found(theirs)] == [
        (moment(0), moment(190), moment(250)),
        (moment(400), moment(590), None),
    ]


def test_a_limit_of_one_mode_is_over_when_the_mode_is_also_across_a_restart(theirs: Pool) -> None:
    """The state of charge stays where it is; only above 4 V it is compared."""
    values = [(at_s, 4.1 if 30 <= at_s < 40 else 3.9) for at_s in range(0, 200, 2)]
    records = [
        record(at_s, eps={"battery_soc_percent": 12, "battery_voltage": volts}) for at_s, volts in values
    ]
    server = started(theirs, mission=contextual_mission())
    hear(server, *records[:20])
    assert found(theirs) == [("low_battery", moment(30), moment(38), None, 5)]

    again = started(theirs, look_back=records[:20], mission=contextual_mission())
    hear(again, *records[15:])
    assert found(theirs) == [("low_battery", moment(30), moment(38), moment(98), 5)]
