"""Changes of limits and switches of limit sets, as operators make them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from telemetry_core.contract.mission import Mission
from telemetry_core.limits.changes import LimitChange, SetSwitch
from tests.unit.alarm_server.messages import MISSION


def change(fields: Mapping[str, Any], *, version: int = 1, reason: str = "low_battery") -> LimitChange:
    return LimitChange(
        subsystem="eps",
        reason=reason,
        version=version,
        fields=fields,
        operator="Ada",
        comment="eclipse season",
        at=datetime(2026, 1, 1, tzinfo=UTC),
    )


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
