"""Missions with limit sets, and switches of them as operators make them."""

from datetime import UTC, datetime
from typing import Any

from telemetry_core.contract.mission import Mission
from telemetry_core.limits.changes import SetSwitch
from tests.unit.alarm_server.messages import MISSION


def switch(limit_set: str, *, version: int = 1, satellite: str = "SAT-1") -> SetSwitch:
    return SetSwitch(
        satellite_id=satellite,
        version=version,
        limit_set=limit_set,
        operator="Ada",
        comment="safe mode was entered",
        at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def with_sets(**sets: Any) -> Mission:
    """The default mission with these limit sets alone."""
    return Mission.model_validate({**MISSION.model_dump(mode="json"), "limit_sets": sets})
