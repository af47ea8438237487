"""When a satellite as a whole is alarmed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from operation_server.conditions import CLOCK_JUMPED_BACK, NO_DATA, Heard, conditions
from operation_server.episodes import Sign
from telemetry_core.settings import load_mission

MISSION = load_mission(Path(__file__).parents[3] / "missions" / "default.yaml")
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
NOW_MS = round(NOW.timestamp() * 1000)
LOW_BATTERY = Sign(subsystem="eps", reason="low_battery")


def heard(**changes: Any) -> Heard:
    values: dict[str, Any] = {"satellite_id": "SAT-001", "live_ms": NOW_MS - 100_000, "is_replayed": False}
    return Heard(**{**values, **changes})


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
    ],
    ids=["silent", "just heard", "fast clock", "dump of older data", "writer is late",
         "nothing known of contacts", "recording is over", "only a dump ever came"],
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
    found = conditions(MISSION, [heard(behind_s=8.2e8, behind_ms=behind)], contact(200), NOW)
    assert [(item.sign, item.started_ms, item.last_ms) for item in found] == [
        (CLOCK_JUMPED_BACK, NOW_MS - 20_000, NOW_MS),
        (LOW_BATTERY, NOW_MS - 9_000, NOW_MS - 1_000),
    ]


def test_clock_alarm_ends_in_silence_when_nothing_follows() -> None:
    behind = {"periodic_check": (NOW_MS - 900_000, NOW_MS - 301_000)}
    found = conditions(MISSION, [heard(behind_s=8.2e8, behind_ms=behind)], contact(2000), NOW)
    assert [item.sign for item in found] == [NO_DATA]
