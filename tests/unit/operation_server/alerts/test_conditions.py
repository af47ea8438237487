"""When a satellite as a whole is alarmed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from operation_server.alerts.conditions import (
    CLOCK_JUMPED_AHEAD,
    CLOCK_JUMPED_BACK,
    NO_DATA,
    Heard,
    conditions,
    heard_of,
)
from operation_server.alerts.episodes import Episode, Sign
from telemetry_core.postgres.store import Row
from telemetry_core.service.settings import load_mission

MISSION = load_mission(Path(__file__).parents[4] / "missions" / "default.yaml")
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
NOW_MS = round(NOW.timestamp() * 1000)
LOW_BATTERY = Sign(subsystem="eps", reason="low_battery")


def heard(**changes: Any) -> Heard:
    values: dict[str, Any] = {"satellite_id": "SAT-001", "live_ms": NOW_MS - 100_000}
    return Heard(**{**values, **changes})


def judged(**behind: Any) -> Row:
    """What jobs tell of a satellite that was live 100 s ago."""
    live = {"satellite_id": "SAT-001", "job_id": f"kafka-SAT-001-{NOW_MS - 100_000}", "is_replayed": None}
    return live | {"behind_s": None, "behind_ms": None, "interval_s": None} | behind


def refused(
    subsystem: str, reason: str, value: float, first_ago_s: float, last_ago_s: float, name: str = "SAT-001"
) -> Row:
    """What messages tell that were refused for their time."""
    return {
        "satellite_id": name, "subsystem": subsystem, "reason": reason, "value": value,
        "first_ms": NOW_MS - round(first_ago_s * 1000), "last_ms": NOW_MS - round(last_ago_s * 1000),
    }  # fmt: skip


def signs(found: list[Episode]) -> list[Sign]:
    return [item.sign for item in found]


def contact(ago_s: float | None) -> dict[str, datetime]:
    return {} if ago_s is None else {"SAT-001": NOW - timedelta(seconds=ago_s)}


@pytest.mark.parametrize(
    ("changes", "contact_ago_s", "is_alarmed"),
    [
        ({}, 61, True),
        ({}, 60, False),
        ({}, -200, False),
        ({}, 6 * 3600, True),
        ({"live_ms": NOW_MS - 30_000}, 90, False),
        ({}, None, False),
        ({"is_replayed": True}, 90, False),
        ({"live_ms": None}, 90, False),
        ({"interval_s": 120.0, "live_ms": NOW_MS - 400_000}, 360, False),
        ({"interval_s": 120.0, "live_ms": NOW_MS - 400_000}, 361, True),
        ({"interval_s": 1.0}, 61, True),
    ],
    ids=["silent", "just heard", "fast clock", "dump of older data", "writer is late",
         "nothing known of contacts", "recording is over", "only a dump ever came",
         "between two samples", "three intervals silent", "fast one silent"],
)  # fmt: skip
def test_satellite_that_was_live_and_fell_silent_is_alarmed(
    changes: dict[str, Any], contact_ago_s: float | None, *, is_alarmed: bool
) -> None:
    found = conditions(MISSION, [heard(**changes)], contact(contact_ago_s), NOW)
    assert [item.sign for item in found] == [NO_DATA] * is_alarmed


def test_start_of_a_silence_hangs_on_live_samples_alone() -> None:
    starts = {
        conditions(MISSION, [heard()], contact(ago_s), NOW)[0].started_ms for ago_s in (70, 900, 6 * 3600)
    }
    assert starts == {NOW_MS - 100_000}


def test_clock_that_jumped_back_is_alarmed_with_the_limits_broken_under_it_and_is_no_silence() -> None:
    behind = {"low_battery": (NOW_MS - 9_000, NOW_MS - 1_000), "periodic_check": (NOW_MS - 20_000, NOW_MS)}
    satellites = heard_of(MISSION, [judged(behind_s=8.2e8, behind_ms=behind)], [])
    found = conditions(MISSION, satellites, contact(200), NOW)
    assert {(item.sign, item.started_ms, item.last_ms) for item in found} == {
        (CLOCK_JUMPED_BACK, NOW_MS - 20_000, NOW_MS),
        (LOW_BATTERY, NOW_MS - 9_000, NOW_MS - 1_000),
    }
    assert [item.clock_behind_s(NOW) for item in satellites] == [8.2e8]


def test_clock_alarm_ends_in_silence_when_nothing_follows() -> None:
    behind = {"periodic_check": (NOW_MS - 900_000, NOW_MS - 301_000)}
    satellites = heard_of(MISSION, [judged(behind_s=8.2e8, behind_ms=behind)], [])
    assert signs(conditions(MISSION, satellites, contact(2000), NOW)) == [NO_DATA]
    assert [item.clock_behind_s(NOW) for item in satellites] == [None]


@pytest.mark.parametrize(
    ("reason", "behind_s", "sign"),
    [
        ("time_ahead", -3.2e7, CLOCK_JUMPED_AHEAD),
        ("time_too_early", 1.8e9, CLOCK_JUMPED_BACK),
        ("conflicting_duplicate", 45.0, CLOCK_JUMPED_BACK),
    ],
)
def test_messages_refused_for_their_time_alarm_clock_and_limits_and_are_no_silence(
    reason: str, behind_s: float, sign: Sign
) -> None:
    rows = [refused("timestamp", reason, behind_s, 40, 2), refused("eps", "low_battery", 12.0, 30, 2)]
    satellites = heard_of(MISSION, [judged()], rows)
    found = conditions(MISSION, satellites, contact(200), NOW)
    assert {(item.sign, item.started_ms, item.last_ms, item.value, item.is_open) for item in found} == {
        (sign, NOW_MS - 40_000, NOW_MS - 2_000, behind_s, True),
        (LOW_BATTERY, NOW_MS - 30_000, NOW_MS - 2_000, 12.0, True),
    }
    assert [item.clock_behind_s(NOW) for item in satellites] == [behind_s]


@pytest.mark.parametrize(
    ("clock_ago_s", "limit_ago_s", "expected"),
    [(300, 300, [CLOCK_JUMPED_AHEAD, LOW_BATTERY]), (0, 301, [CLOCK_JUMPED_AHEAD]), (301, 301, [NO_DATA])],
)
def test_alarms_of_a_wrong_clock_end_five_minutes_after_the_last_message_that_tells_of_them(
    clock_ago_s: float, limit_ago_s: float, expected: list[Sign]
) -> None:
    rows = [
        refused("timestamp", "time_ahead", -3.2e7, 900, clock_ago_s),
        refused("eps", "low_battery", 12.0, 900, limit_ago_s),
    ]
    assert signs(conditions(MISSION, heard_of(MISSION, [judged()], rows), contact(2000), NOW)) == expected


def test_satellite_that_never_sent_a_time_within_range_is_alarmed_too() -> None:
    rows = [refused("timestamp", "time_ahead", -3.2e7, 9, 1, name="NEW")]
    (found,) = conditions(MISSION, heard_of(MISSION, [], rows), {}, NOW)
    assert found.key == ("NEW", CLOCK_JUMPED_AHEAD)


def test_clock_that_went_on_to_a_refused_time_is_one_alarm_and_the_newest_tells_how_wrong_it_is() -> None:
    behind = {"low_battery": (NOW_MS - 200_000, NOW_MS - 100_000)}
    rows = [
        refused("timestamp", "time_too_early", 1.8e9, 60, 3),
        refused("timestamp", "time_ahead", -500.0, 2, 1),
    ]
    satellites = heard_of(MISSION, [judged(behind_s=8.2e8, behind_ms=behind)], rows)
    found = {item.sign: item.value for item in conditions(MISSION, satellites, contact(200), NOW)}
    assert found == {LOW_BATTERY: None, CLOCK_JUMPED_BACK: 1.8e9, CLOCK_JUMPED_AHEAD: -500.0}
    assert [item.clock_behind_s(NOW) for item in satellites] == [-500.0]


def test_limit_of_an_earlier_mission_file_is_left_out() -> None:
    rows = [refused("timestamp", "time_ahead", -500.0, 2, 1), refused("eps", "of_before", 1.0, 2, 1)]
    assert signs(conditions(MISSION, heard_of(MISSION, [], rows), {}, NOW)) == [CLOCK_JUMPED_AHEAD]
