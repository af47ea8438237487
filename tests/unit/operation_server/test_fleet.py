from typing import Any

import pytest

from operation_server.episodes import Episode, Sign
from operation_server.fleet import PartFacts, state_of_part, state_of_satellite
from operation_server.states import State


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
