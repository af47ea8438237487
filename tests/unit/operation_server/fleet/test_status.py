from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from operation_server.alerts.episodes import Episode, Sign
from operation_server.fleet.status import PartFacts, overview, state_of_part, state_of_satellite
from operation_server.http.responses import State
from telemetry_core.service.settings import load_mission


def episode(reason: str | None) -> Episode:
    sign = Sign(subsystem="eps", reason=reason)
    return Episode(satellite_id="SAT-001", sign=sign, is_open=True, started_ms=1, last_ms=2)


def facts(**changes: Any) -> PartFacts:
    values: dict[str, Any] = {
        "last_contact": None, "is_stale": False, "verdict": "nominal", "status": "completed",
        "unacknowledged": [], "acknowledged": [],
    }  # fmt: skip
    return PartFacts(**{**values, **changes})


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"unacknowledged": [episode(None), episode("low_battery")], "is_stale": True}, "critical"),
        ({"unacknowledged": [episode(None)], "is_stale": True}, "serious"),
        ({"acknowledged": [episode("low_battery")], "is_stale": True}, "caution"),
        ({"is_stale": True}, "off"),
        ({"status": "failed", "verdict": None}, "caution"),
        ({"status": None, "verdict": None}, "standby"),
        ({"verdict": "warming_up"}, "standby"),
        ({"verdict": "learning"}, "standby"),
        ({"verdict": "anomalous"}, "standby"),
        ({}, "normal"),
    ],
)
def test_only_fresh_telemetry_judged_nominal_is_normal(changes: dict[str, Any], state: State) -> None:
    assert state_of_part(facts(**changes)) == state


def test_satellite_is_as_bad_as_its_worst_part() -> None:
    assert state_of_satellite(["normal", "serious", "off"], is_stale=False) == "serious"


def test_silent_part_of_a_satellite_in_contact_is_waiting() -> None:
    assert state_of_satellite(["normal", "off"], is_stale=False) == "standby"
    assert state_of_satellite(["off", "off"], is_stale=True) == "off"


@pytest.mark.parametrize(
    ("interval_s", "ago_s", "is_stale"),
    [
        (1.0, 60, False),
        (1.0, 61, True),
        (None, 61, True),
        (120.0, 119, False),
        (120.0, 360, False),
        (120.0, 361, True),
    ],
)
def test_a_subsystem_is_silent_after_the_longest_gap_or_three_of_its_intervals(
    interval_s: float | None, ago_s: float, *, is_stale: bool
) -> None:
    now = datetime(2026, 5, 1, 12, tzinfo=UTC)
    mission = load_mission(Path(__file__).parents[4] / "missions" / "default.yaml")
    verdict = {
        "satellite_id": "SAT-001", "subsystem": "eps", "generated_at": now,
        "verdict": "nominal", "status": "completed", "anomaly_score": 0.1, "interval_s": interval_s,
    }  # fmt: skip
    contacts = {("SAT-001", "eps"): now - timedelta(seconds=ago_s)}
    found = overview(mission, contacts, [verdict], [], set(), {}, now=now)
    (eps,) = (part for part in found["satellites"][0]["subsystems"] if part["subsystem"] == "eps")
    assert (eps["is_stale"], eps["state"]) == (is_stale, "off" if is_stale else "normal")
